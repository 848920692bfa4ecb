// Walks from registration to revocation as openid-client does, and reads every statement that it
// and the server have in common, each kind of key chosen and each signature checked by itself.
import assert from 'node:assert/strict';
import { encryption, signing } from './algorithms.mjs';
import { load } from './packages.mjs';
import { encrypted, recipient } from './recipient.mjs';
import { RESOURCE, held, initialAccessToken, issuer } from './server.mjs';

const openid = await load('openid-client');
const jose = await load('jose');
const options = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' }; // loopback

/** Registers; what comes back is set up to work with the server as it was registered. */
async function register(metadata) {
  const registered = await openid.dynamicClientRegistration(
    new URL(issuer), metadata, undefined, { initialAccessToken, ...options },
  );
  const { client_id, ...rest } = registered.clientMetadata();
  const configuration = new openid.Configuration(
    registered.serverMetadata(), client_id, rest, openid.ClientSecretBasic(rest.client_secret),
  );
  openid.allowInsecureRequests(configuration);
  return configuration;
}

async function registerResourceServer(metadata = {}) {
  const rs = await register({ grant_types: [], resource: RESOURCE, ...metadata });
  openid.enableNonRepudiationChecks(rs);
  return rs;
}

const plainRs = await registerResourceServer();
const client = await register({ grant_types: ['client_credentials'], scope: 'read' });
held('discovery and registration');

const parameters = { scope: 'read', resource: RESOURCE };
const { access_token: token } = await openid.clientCredentialsGrant(client, parameters);
held('client credentials grant');

/** The same resource server without what was registered, and perhaps with another secret. */
function unprepared(secret) {
  const { client_id, client_secret } = plainRs.clientMetadata();
  const auth = openid.ClientSecretBasic(secret ?? client_secret);
  const configuration = new openid.Configuration(plainRs.serverMetadata(), client_id, {}, auth);
  openid.allowInsecureRequests(configuration);
  return configuration;
}

const told = { ...(await openid.tokenIntrospection(plainRs, token)) };
assert.equal(told.active, true);
assert.equal(told.scope, 'read');
assert.deepEqual({ ...(await openid.tokenIntrospection(unprepared(), token)) }, told);
held('JSON and JWT agree');

for (const alg of signing('openid-client')) {
  const rs = await registerResourceServer({ introspection_signed_response_alg: alg });
  assert.equal((await openid.tokenIntrospection(rs, token)).active, true);
  assert.equal((await openid.tokenIntrospection(rs, 'unknown')).active, false);
  held(`verifies ${alg}`);
}

for (const { alg, kind, enc } of encryption('openid-client')) {
  const { privateJwk, publicJwk } = await recipient(alg, kind);
  const rs = await registerResourceServer(encrypted({ alg, enc }, publicJwk));
  const key = await jose.importJWK(privateJwk, alg);
  openid.enableDecryptingResponses(rs, [enc], { key, alg, kid: privateJwk.kid });
  assert.equal((await openid.tokenIntrospection(rs, token)).active, true);
  held(`decrypts ${alg} ${kind} ${enc}`);
}

await assert.rejects(openid.tokenIntrospection(unprepared('wrong'), token), { status: 401 });
held('refused: a wrong secret');
await assert.rejects(openid.tokenIntrospection(client, token), {
  status: 400,
  error: 'unauthorized_client',
});
held('refused: a client that asks');

await openid.tokenRevocation(client, token);
assert.deepEqual({ ...(await openid.tokenIntrospection(plainRs, token)) }, { active: false });
held('revocation');
