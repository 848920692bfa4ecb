// What avouch is measured against: npm's oidc-provider, given every advantage (README.md says which).
//
//   node server.js SETUP
//
// SETUP is a JSON file that `bench peers` writes:
//
//   host, port     where to listen
//   clients        the resource servers' metadata, in the words of client registration
//   resource       the audience of all access tokens
//   scope, claims  what the answer about each token says, beside its subject s-00000000, s-00000001, …
//   tokens         how many there are
//   tokensFile     where they are written, one a line, in the order of their subjects

import { generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const DAY = 24 * 60 * 60;

const setup = JSON.parse(readFileSync(process.argv[2], 'utf8'));

// The store that comes with it holds 1,000 records. This one holds all, and does less for each: a
// look-up is one of a Map.
class Memory {
  constructor() {
    this.records = new Map();
  }

  async upsert(id, payload) {
    this.records.set(id, payload);
  }

  async find(id) {
    return this.records.get(id);
  }

  async destroy(id) {
    this.records.delete(id);
  }

  // Introspection asks for none of these; that they were asked for would be news.
  async consume() {
    throw new Error('consume is not written');
  }

  async findByUid() {
    throw new Error('findByUid is not written');
  }

  async findByUserCode() {
    throw new Error('findByUserCode is not written');
  }

  async revokeByGrantId() {
    throw new Error('revokeByGrantId is not written');
  }
}

function key(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg };
}

const provider = new Provider(`http://${setup.host}:${setup.port}`, {
  adapter: Memory,
  clients: setup.clients,
  jwks: {
    keys: [
      key('RS256', 'rsa', { modulusLength: 2048 }),
      key('ES256', 'ec', { namedCurve: 'P-256' }),
      key('Ed25519', 'ed25519'),
    ],
  },
  routes: { introspection: '/introspect', jwks: '/jwks.json' },
  // Without offline_access there are no refresh tokens, so that a token is looked for in one place
  // instead of three.
  scopes: ['openid'],
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    jwtIntrospection: { enabled: true },
    encryption: { enabled: true },
  },
  enabledJWA: {
    introspectionSigningAlgValues: ['RS256', 'ES256', 'Ed25519'],
    introspectionEncryptionAlgValues: ['RSA-OAEP-256'],
    introspectionEncryptionEncValues: ['A256GCM'],
  },
  extraTokenClaims: () => ({ ...setup.claims }),
});

// No grants: it then has none to look up.
async function issue() {
  const client = await provider.Client.find(setup.clients[0].client_id);
  const file = openSync(setup.tokensFile, 'w', 0o600);
  let lines = [];
  for (let number = 0; number < setup.tokens; number += 1) {
    const token = new provider.AccessToken({
      client,
      accountId: `s-${String(number).padStart(8, '0')}`,
      aud: setup.resource,
      scope: setup.scope,
      expiresIn: DAY,
    });
    lines.push(await token.save());
    if (lines.length === 10_000 || number + 1 === setup.tokens) {
      writeSync(file, `${lines.join('\n')}\n`);
      lines = [];
    }
  }
  closeSync(file);
}

provider.on('server_error', (_, error) => {
  console.error(error);
});

await issue();
// It listens when it is ready: that is what is waited for.
createServer(provider.callback()).listen(setup.port, setup.host);
