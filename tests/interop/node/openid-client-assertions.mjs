// Authenticates as openid-client does with assertions, at every endpoint and with every algorithm
// that it and the server have in common.
import assert from 'node:assert/strict';
import { asserting } from './algorithms.mjs';
import { asserter, signingKey, signs } from './asserter.mjs';
import { load } from './packages.mjs';
import { RESOURCE, held, initialAccessToken, issuer } from './server.mjs';

const openid = await load('openid-client');
const options = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' }; // loopback

/** Registers; what comes back authenticates by `auth` of what was registered. */
async function register(metadata, auth) {
  const registered = await openid.dynamicClientRegistration(
    new URL(issuer), metadata, undefined, { initialAccessToken, ...options },
  );
  const { client_id, ...rest } = registered.clientMetadata();
  const configuration = new openid.Configuration(
    registered.serverMetadata(), client_id, rest, auth(rest),
  );
  openid.allowInsecureRequests(configuration);
  return configuration;
}

async function registerResourceServer(metadata, auth) {
  const rs = await register({ grant_types: [], resource: RESOURCE, ...metadata }, auth);
  openid.enableNonRepudiationChecks(rs);
  return rs;
}

const registerClient = (metadata, auth) =>
  register({ grant_types: ['client_credentials'], scope: 'read', ...metadata }, auth);

for (const alg of asserting('openid-client')) {
  const { metadata, auth } = await asserter(openid, alg);
  const rs = await registerResourceServer(metadata, auth);
  const client = await registerClient(metadata, auth);
  const parameters = { scope: 'read', resource: RESOURCE };
  const { access_token: token } = await openid.clientCredentialsGrant(client, parameters);
  assert.equal((await openid.tokenIntrospection(rs, token)).active, true);
  await openid.tokenRevocation(client, token);
  assert.deepEqual({ ...(await openid.tokenIntrospection(rs, token)) }, { active: false });
  held(`authenticates with ${alg}`);
}

const { metadata } = await asserter(openid, 'ES256');
const stranger = await signingKey('ES256', metadata.jwks.keys[0].kid);
const impostor = await registerResourceServer(metadata, () => signs(openid, stranger));
await assert.rejects(openid.tokenIntrospection(impostor, 'any'), { status: 401 });
held('refused: the key of another');
