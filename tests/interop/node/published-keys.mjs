// Publishes keys that npm `jose` made at a jwks_uri, as a resource server with many uses for its
// keys would, and reads the statements that come encrypted to them.
import assert from 'node:assert/strict';
import { encryption } from './algorithms.mjs';
import { load } from './packages.mjs';
import { document, keySet, publish } from './publisher.mjs';
import { encrypted, recipient } from './recipient.mjs';
import {
  freshToken, held, introspect, issuer, metadata, registerResourceServer, statementFor,
} from './server.mjs';

const jose = await load('jose');
const issuerKeys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
const token = await freshToken();

const signature = await jose.generateKeyPair('Ed25519', { extractable: true });
const published = [
  { ...(await jose.exportJWK(signature.publicKey)), use: 'sig', alg: 'Ed25519', kid: 'signature' },
  { kty: 'tomorrow', kid: 'a kind of key that is not known yet', use: 'enc' },
];

let asked = 0;
const publisher = await publish({
  '/keys': (response) => {
    asked += 1;
    keySet(response, published);
  },
  '/empty': (response) => keySet(response, []),
  '/moved': (response) => response.writeHead(302, { Location: '/keys' }).end(),
  '/web-page': (response) => document(response, 'text/html', '<!doctype html>'),
  '/private': async (response) =>
    keySet(response, [(await recipient('RSA-OAEP', 'RSA')).privateJwk]),
});

function registerPublished(how, path) {
  const { jwks, ...members } = encrypted(how);
  return registerResourceServer({ ...members, jwks_uri: publisher.at(path) });
}

const cases = encryption('jose').filter(({ enc }) => enc === 'A256GCM');
for (const kind of ['RSA', 'X25519']) {
  // The owner adds a key, for every algorithm it can do: its use is the only hint.
  const { privateJwk, publicJwk: { alg: _, ...jwk } } = await recipient('several uses', kind);
  published.push(jwk);
  const before = asked;
  for (const how of cases.filter((how) => how.kind === kind)) {
    const rs = await registerPublished(how, '/keys');
    const jwe = await statementFor(rs, token);
    const opened = await jose.compactDecrypt(jwe, { ...privateJwk, alg: how.alg });
    assert.equal(opened.protectedHeader.kid, privateJwk.kid);
    const expected = { issuer, audience: rs.client_id };
    const { payload } = await jose.jwtVerify(opened.plaintext, issuerKeys, expected);
    assert.equal(payload.token_introspection.active, true);
    held(`decrypts ${how.alg} with a published key`);
  }
  assert.equal(asked, before + 1);
  held(`a new ${kind} key is fetched once`);
}

for (const path of ['/empty', '/moved', '/web-page', '/private']) {
  const rs = await registerPublished({ alg: 'RSA-OAEP', enc: 'A256GCM' }, path);
  const response = await introspect(rs, token);
  assert.deepEqual([response.status, (await response.json()).error], [500, 'server_error'], path);
  held(`no statement with what is at ${path}`);
}
publisher.close();
