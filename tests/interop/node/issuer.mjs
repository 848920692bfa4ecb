// Is an authorization server itself, made of npm `jose`, and has `avouch introspect` ask it: its
// statements, signed with every algorithm and encrypted in every way, are read, and what must not
// be believed is not.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encryption, signing } from './algorithms.mjs';
import { load } from './packages.mjs';
import { recipient } from './recipient.mjs';
import { STATEMENT, held } from './server.mjs';

const jose = await load('jose');

/** Every kind of key to sign with, as private JWK; RSA has one for all its algorithms. */
const signatureKeys = new Map();
const rsa = await jose.generateKeyPair('PS256', { extractable: true });
for (const alg of signing('jose')) {
  const isRsa = alg.startsWith('RS') || alg.startsWith('PS');
  const { privateKey } = isRsa ? rsa : await jose.generateKeyPair(alg, { extractable: true });
  signatureKeys.set(alg, { ...(await jose.exportJWK(privateKey)), alg, use: 'sig', kid: alg });
}
const published = [...signatureKeys.values()].map(({ d, p, q, dp, dq, qi, ...jwk }) => jwk);

/** What is answered to whom: a function from client_id to the JWT. */
const answers = new Map();
const json = (response, value) =>
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
const server = createServer(async (request, response) => {
  if (request.url === '/keys') return json(response, { keys: published });
  if (request.url !== '/introspect') {
    return json(response, {
      issuer, jwks_uri: `${issuer}/keys`, introspection_endpoint: `${issuer}/introspect`,
    });
  }
  const [id] = Buffer.from(request.headers.authorization.split(' ')[1], 'base64').toString().split(':');
  const body = await answers.get(id)(id);
  return response.writeHead(200, { 'Content-Type': STATEMENT }).end(body);
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

/** The claims of a statement for this resource server. */
const claims = (aud) => ({
  iss: issuer,
  aud,
  iat: Math.floor(Date.now() / 1000),
  token_introspection: { active: true, scope: 'read', aud: 'https://rs.example' },
});

/** A statement as it should be, but for what is to be otherwise. */
const statement = (alg, { header = {}, ...other } = {}) => (id) =>
  new jose.CompactSign(Buffer.from(JSON.stringify({ ...claims(id), ...other })))
    .setProtectedHeader({ alg, kid: alg, typ: 'token-introspection+jwt', ...header })
    .sign(signatureKeys.get(alg));

const folder = mkdtempSync(join(tmpdir(), 'avouch-interop-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
function file(name, text) {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return name;
}
file('secret', 'secret');
file('token', 'token');

/** Has the answer asked for by `avouch introspect`: its exit status and what it says. */
function ask(answer, further = []) {
  const id = `rs-${answers.size}`;
  answers.set(id, answer);
  const options = [
    '--issuer', issuer, '--client-id', id, '--secret-file', 'secret', '--token', 'token', '--json',
  ];
  return new Promise((resolve) => {
    execFile(
      process.env.AVOUCH, ['introspect', ...options, ...further], { cwd: folder },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

function assertBelieved({ code, stdout, stderr }) {
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).claims.token_introspection.scope, 'read');
}

for (const alg of signing('jose')) {
  assertBelieved(await ask(statement(alg)));
  held(`verifies ${alg}`);
}

async function opens({ alg, kind, enc }) {
  const { privateJwk, publicJwk } = await recipient(alg, kind);
  const key = ['--decryption-key', file(`${alg} ${kind} ${enc}.json`, JSON.stringify(privateJwk))];
  const nested = async (id) =>
    new jose.CompactEncrypt(Buffer.from(await statement('ES256')(id)))
      .setProtectedHeader({ alg, enc, kid: publicJwk.kid, cty: 'JWT' })
      .encrypt(publicJwk);
  assertBelieved(await ask(nested, key));
  held(`decrypts ${alg} ${kind} ${enc}`);
}
const queue = encryption('jose').values();
const fromQueue = async () => {
  for (const how of queue) await opens(how);
};
await Promise.all([fromQueue(), fromQueue(), fromQueue()]);

const hour = 3600;
const now = Math.floor(Date.now() / 1000);
const stranger = await jose.generateKeyPair('ES256', { extractable: true });
const secret = new TextEncoder().encode(JSON.stringify(published[0]));
const { privateJwk } = await recipient('ECDH-ES', 'P-256');
for (const [what, answer, further] of [
  ['a statement for another', statement('ES256', { aud: 'another' })],
  ['another issuer', statement('ES256', { iss: 'https://other.example' })],
  ['an old statement', statement('ES256', { iat: now - hour })],
  ['a statement of tomorrow', statement('ES256', { iat: now + hour })],
  ['an access token', statement('ES256', { header: { typ: 'at+jwt' } })],
  ['no type', statement('ES256', { header: { typ: undefined } })],
  ['a statement of nothing', statement('ES256', { token_introspection: undefined })],
  ['an unknown critical header', async (id) =>
    new jose.CompactSign(Buffer.from(JSON.stringify(claims(id))))
      .setProtectedHeader({
        alg: 'ES256', kid: 'ES256', typ: 'token-introspection+jwt', crit: ['x'], x: 1,
      })
      .sign(signatureKeys.get('ES256'), { crit: { x: true } })],
  ['the key of another', (id) =>
    new jose.SignJWT(claims(id))
      .setProtectedHeader({ alg: 'ES256', kid: 'ES256', typ: 'token-introspection+jwt' })
      .sign(stranger.privateKey)],
  ['a public key as secret', (id) =>
    new jose.SignJWT(claims(id))
      .setProtectedHeader({ alg: 'HS256', kid: published[0].kid, typ: 'token-introspection+jwt' })
      .sign(secret)],
  ['no signature', (id) => new jose.UnsecuredJWT(claims(id)).encode()],
  ['less than encrypted', statement('ES256'),
    ['--decryption-key', file('key.json', JSON.stringify(privateJwk))]],
]) {
  const { code, stdout, stderr } = await ask(answer, further);
  assert.equal(code, 1, `${what}: ${stdout}`);
  assert.equal(stdout, '', what);
  assert.match(stderr, /\S/, what);
  held(`refuses ${what}`);
}
server.closeAllConnections();
server.close();
