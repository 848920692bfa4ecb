// Reads statements as npm `jose` does: signed with every algorithm, encrypted in every way, and
// none that it must not believe.
import assert from 'node:assert/strict';
import { encryption, signing } from './algorithms.mjs';
import { load } from './packages.mjs';
import { encrypted, recipient } from './recipient.mjs';
import {
  freshToken, held, issuer, metadata, registerResourceServer, statementFor,
} from './server.mjs';

const jose = await load('jose');
const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
const token = await freshToken();

/** What a statement says, to whoever expects it to be for this resource server. */
async function read(statement, { client_id, alg }, expected = {}) {
  const { payload } = await jose.jwtVerify(statement, keys, {
    issuer,
    audience: client_id,
    typ: 'token-introspection+jwt',
    algorithms: [alg],
    requiredClaims: ['iat', 'token_introspection'],
    ...expected,
  });
  return payload.token_introspection;
}

const signed = async (alg) =>
  ({ ...(await registerResourceServer({ introspection_signed_response_alg: alg })), alg });

for (const alg of signing('jose')) {
  const rs = await signed(alg);
  const told = await read(await statementFor(rs, token), rs);
  assert.equal(told.active, true);
  assert.equal(told.scope, 'read');
  assert.deepEqual(await read(await statementFor(rs, 'unknown'), rs), { active: false });
  held(`verifies ${alg}`);
}

async function decrypt(jwe, privateJwk, { alg, enc }) {
  const { plaintext, protectedHeader } = await jose.compactDecrypt(jwe, privateJwk, {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: [enc],
  });
  assert.equal(protectedHeader.cty, 'JWT');
  assert.equal(protectedHeader.kid, privateJwk.kid);
  return new TextDecoder().decode(plaintext);
}

for (const how of encryption('jose')) {
  const { privateJwk, publicJwk } = await recipient(how.alg, how.kind);
  const rs = { ...(await registerResourceServer(encrypted(how, publicJwk))), alg: 'ES256' };
  const jws = await decrypt(await statementFor(rs, token), privateJwk, how);
  assert.equal((await read(jws, rs)).active, true);
  held(`decrypts ${how.alg} ${how.kind} ${how.enc}`);
}

const mine = await signed('ES256');
const statement = await statementFor(mine, token);

/** The compact token with another last character but one in this part: the last may be padding. */
function changed(compact, part) {
  const parts = compact.split('.');
  const other = parts[part].at(-2) === 'A' ? 'B' : 'A';
  parts[part] = `${parts[part].slice(0, -2)}${other}${parts[part].at(-1)}`;
  return parts.join('.');
}

const theirs = await signed('ES256');
const stranger = jose.createLocalJWKSet({ keys: [] });
for (const [what, code, attempt] of [
  ['another signature', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED', () =>
    read(changed(statement, 2), mine)],
  ['other claims', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED', () =>
    read(changed(statement, 1), mine)],
  ['another algorithm than registered', 'ERR_JOSE_ALG_NOT_ALLOWED', () =>
    read(statement, { ...mine, alg: 'PS256' })],
  ['a statement for another', 'ERR_JWT_CLAIM_VALIDATION_FAILED', () =>
    read(statement, theirs)],
  ['another issuer', 'ERR_JWT_CLAIM_VALIDATION_FAILED', () =>
    read(statement, mine, { issuer: 'https://other.example' })],
  ['a statement as access token', 'ERR_JWT_CLAIM_VALIDATION_FAILED', () =>
    read(statement, mine, { typ: 'at+jwt' })],
  ['keys of another', 'ERR_JWKS_NO_MATCHING_KEY', () =>
    jose.jwtVerify(statement, stranger)],
]) {
  await assert.rejects(attempt, { code }, what);
  held(`refuses ${what}`);
}

const how = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' };
const { privateJwk, publicJwk } = await recipient(how.alg, 'X25519');
const sealed = await statementFor(await registerResourceServer(encrypted(how, publicJwk)), token);
const other = await jose.generateKeyPair(how.alg, { crv: 'X25519', extractable: true });
const otherJwk = { ...privateJwk, ...(await jose.exportJWK(other.privateKey)) };
for (const [what, jwe, key] of [
  ['another ciphertext', changed(sealed, 3), privateJwk],
  ['another tag', changed(sealed, 4), privateJwk],
  ['what is for the key of another', sealed, otherJwk],
]) {
  await assert.rejects(decrypt(jwe, key, how), { code: 'ERR_JWE_DECRYPTION_FAILED' }, what);
  held(`refuses ${what}`);
}
