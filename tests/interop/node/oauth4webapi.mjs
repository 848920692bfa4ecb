// Walks from registration to revocation as oauth4webapi does, and reads every statement that it
// and the server have in common. What is encrypted it leaves to a hook; here npm `jose` is in it.
import assert from 'node:assert/strict';
import { encryption, signing } from './algorithms.mjs';
import { as, basic, oauth, plain, register, registerResourceServer } from './oauth.mjs';
import { load } from './packages.mjs';
import { encrypted, recipient } from './recipient.mjs';
import { RESOURCE, held } from './server.mjs';

const jose = await load('jose');
held('discovery');

const rs = await registerResourceServer();
const client = await register({ grant_types: ['client_credentials'], scope: 'read write' });
assert.equal(client.token_endpoint_auth_method, 'client_secret_basic');
held('registration');

const { access_token: token, scope } = await oauth.processClientCredentialsResponse(
  as,
  client,
  await oauth.clientCredentialsGrantRequest(
    as, client, basic(client), { scope: 'read', resource: RESOURCE }, plain,
  ),
);
assert.equal(scope, 'read');
held('client credentials grant');

/** Asks for a JWT and verifies it, or for JSON. */
async function introspect(asking, asked, { jwt = true, auth = basic(asking), decrypt } = {}) {
  const options = { requestJwtResponse: jwt, ...plain };
  const response = await oauth.introspectionRequest(as, asking, auth, asked, options);
  const reading = decrypt && { [oauth.jweDecrypt]: decrypt };
  const answer = await oauth.processIntrospectionResponse(as, asking, response, reading);
  if (jwt) await oauth.validateApplicationLevelSignature(as, response, plain);
  return answer;
}

for (const asked of [token, 'unknown']) {
  const unsigned = await introspect(rs, asked, { jwt: false });
  assert.equal(unsigned.active, asked === token);
  assert.deepEqual(await introspect(rs, asked), unsigned);
}
held('JSON and JWT agree');

const poster = await registerResourceServer({ token_endpoint_auth_method: 'client_secret_post' });
const post = oauth.ClientSecretPost(poster.client_secret);
assert.equal((await introspect(poster, token, { auth: post })).active, true);
held('client_secret_post');

const elsewhere = await registerResourceServer({ resource: 'https://elsewhere.example' });
assert.deepEqual(await introspect(elsewhere, token), { active: false });
held('a token for another is inactive, signed');

for (const alg of signing('oauth4webapi')) {
  const asking = await registerResourceServer({ introspection_signed_response_alg: alg });
  assert.equal((await introspect(asking, token)).active, true);
  assert.deepEqual(await introspect(asking, 'unknown'), { active: false });
  held(`verifies ${alg}`);
}

for (const { alg, kind, enc } of encryption('oauth4webapi')) {
  const { privateJwk, publicJwk } = await recipient(alg, kind);
  const asking = await registerResourceServer(encrypted({ alg, enc }, publicJwk));
  let sealed = 0;
  const decrypt = async (jwe) => {
    const { plaintext } = await jose.compactDecrypt(jwe, privateJwk, {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: [enc],
    });
    sealed += 1;
    return new TextDecoder().decode(plaintext);
  };
  assert.equal((await introspect(asking, token, { decrypt })).active, true);
  assert.equal(sealed, 1);
  held(`decrypts ${alg} ${kind} ${enc}`);
}

const other = await registerResourceServer();
for (const [what, code, reader] of [
  ['a statement for another', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', other],
  ['another algorithm than registered', 'OAUTH_INVALID_RESPONSE',
    { ...rs, introspection_signed_response_alg: 'ES256' }],
]) {
  const response = await oauth.introspectionRequest(as, rs, basic(rs), token, plain);
  await assert.rejects(oauth.processIntrospectionResponse(as, reader, response), { code }, what);
  held(`refuses ${what}`);
}

const revoke = async () => oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, basic(client), token, plain),
);
await revoke();
assert.deepEqual(await introspect(rs, token), { active: false });
await revoke(); // what is gone can go again (RFC 7009 section 2.2)
held('revocation');
