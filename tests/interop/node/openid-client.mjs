// Works with a server as openid-client does: discovery, grant, introspection as JSON, as a signed
// JWT and as a nested one, revocation.
//
//   AVOUCH_ISSUER=URL AVOUCH_INITIAL_ACCESS_TOKEN=TOKEN node openid-client.mjs
import assert from 'node:assert/strict';
import { load } from './packages.mjs';

const client = await load('openid-client');
const jose = await load('jose');

const issuer = new URL(process.env.AVOUCH_ISSUER);
const initialAccessToken = process.env.AVOUCH_INITIAL_ACCESS_TOKEN;
const options = { execute: [client.allowInsecureRequests], algorithm: 'oauth2' }; // loopback
const RESOURCE = 'https://openid-client.example';

const held = (what) => console.log(`held: ${what}`);
const register = (metadata) =>
  client.dynamicClientRegistration(issuer, metadata, undefined, { initialAccessToken, ...options });
/** The configuration of a registered party that authenticates as it is registered to. */
const configured = async (registered, metadata = {}) => {
  const { client_id, client_secret } = registered.clientMetadata();
  return client.discovery(issuer, client_id, { client_secret, ...metadata },
    client.ClientSecretBasic(client_secret), options);
};

const plainRs = await configured(await register({ grant_types: [], resource: RESOURCE }));
const app = await configured(
  await register({ grant_types: ['client_credentials'], scope: 'read' }),
);
const granted = await client.clientCredentialsGrant(app, { scope: 'read', resource: RESOURCE });
held('registration and grant');

const unsigned = await client.tokenIntrospection(plainRs, granted.access_token);
assert.equal(unsigned.active, true);
held('introspection as JSON');

const signing = { introspection_signed_response_alg: 'ES256' };
const signedRs = await configured(
  await register({ grant_types: [], resource: RESOURCE, ...signing }), signing,
);
client.enableNonRepudiationChecks(signedRs);
const signed = await client.tokenIntrospection(signedRs, granted.access_token);
assert.equal(signed.active, true);
held('introspection as a signed JWT');

const { publicKey, privateKey } = await jose.generateKeyPair('RSA-OAEP-256', { extractable: true });
const jwk = { ...(await jose.exportJWK(publicKey)), use: 'enc', alg: 'RSA-OAEP-256', kid: 'mine' };
const nestedRs = await configured(
  await register({
    grant_types: [],
    resource: RESOURCE,
    ...signing,
    introspection_encrypted_response_alg: 'RSA-OAEP-256',
    introspection_encrypted_response_enc: 'A256GCM',
    jwks: { keys: [jwk] },
  }), signing,
);
client.enableNonRepudiationChecks(nestedRs);
client.enableDecryptingResponses(nestedRs, ['A256GCM'], {
  key: privateKey, alg: 'RSA-OAEP-256', kid: 'mine',
});
const nested = await client.tokenIntrospection(nestedRs, granted.access_token);
assert.equal(nested.active, true);
held('introspection as a nested JWT');

await client.tokenRevocation(app, granted.access_token);
for (const rs of [plainRs, signedRs, nestedRs]) {
  assert.deepEqual({ ...(await client.tokenIntrospection(rs, granted.access_token)) }, { active: false });
}
held('revocation');
