// Works with a server as oauth4webapi and jose do: registration, grant, introspection as JSON,
// JWT and nested JWT for every algorithm shared with them, revocation, and refusals.
//
//   AVOUCH_ISSUER=URL AVOUCH_INITIAL_ACCESS_TOKEN=TOKEN node oauth4webapi.mjs
//
// Prints a line for each thing that held, and fails at the first that did not.
import assert from 'node:assert/strict';
import { load } from './packages.mjs';

const oauth = await load('oauth4webapi');
const jose = await load('jose');

const issuer = new URL(process.env.AVOUCH_ISSUER);
const initialAccessToken = process.env.AVOUCH_INITIAL_ACCESS_TOKEN;
const plain = { [oauth.allowInsecureRequests]: true }; // loopback
const RESOURCE = 'https://interop.example';

// What Node 20 and the two packages can verify; the rest of ours is for other hands.
const SIGNATURES = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
  'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'];
const AGREEMENTS = { 'ECDH-ES': 0, 'ECDH-ES+A128KW': 0, 'ECDH-ES+A256KW': 0 };
const CURVES = ['P-256', 'P-384', 'P-521', 'X25519'];

const held = (what) => console.log(`held: ${what}`);

const as = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain }),
);
held('metadata');

async function register(metadata) {
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, {
    initialAccessToken,
    ...plain,
  });
  return oauth.processDynamicClientRegistrationResponse(response);
}

const client = await register({ grant_types: ['client_credentials'], scope: 'read write' });
const clientAuth = oauth.ClientSecretBasic(client.client_secret);
held('registration of a client');

const granted = await oauth.processClientCredentialsResponse(
  as,
  client,
  await oauth.clientCredentialsGrantRequest(
    as, client, clientAuth, { scope: 'read' , resource: RESOURCE }, plain,
  ).then(async (response) => {
    // The resource has to be served by somebody first.
    if (response.status === 200) return response;
    await register({ grant_types: [], resource: RESOURCE });
    return oauth.clientCredentialsGrantRequest(
      as, client, clientAuth, { scope: 'read', resource: RESOURCE }, plain,
    );
  }),
);
const token = granted.access_token;
held('client credentials grant');

async function introspect(rs, auth, asked, options = {}) {
  const response = await oauth.introspectionRequest(as, rs, auth, asked, { ...plain, ...options });
  return { response, copy: response.clone() };
}

for (const alg of SIGNATURES) {
  assert(as.introspection_signing_alg_values_supported.includes(alg), `${alg} is advertised`);
  const rs = await register({
    grant_types: [],
    resource: RESOURCE,
    introspection_signed_response_alg: alg,
  });
  const auth = oauth.ClientSecretBasic(rs.client_secret);
  for (const asked of [token, 'unknown']) {
    const { response: json } = await introspect(rs, auth, asked, { requestJwtResponse: false });
    const unsigned = await oauth.processIntrospectionResponse(as, { client_id: rs.client_id }, json);
    const { response } = await introspect(rs, auth, asked, { requestJwtResponse: true });
    const signed = await oauth.processIntrospectionResponse(as, rs, response);
    await oauth.validateApplicationLevelSignature(as, response, plain);
    assert.equal(signed.active, asked === token);
    assert.deepEqual(signed, unsigned, 'JSON and JWT agree');
  }
  held(`introspection signed with ${alg}`);
}

/** A fresh recipient for a key management algorithm, and its public key for registration. */
async function recipient(alg, crv) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true, crv });
  const jwk = { ...(await jose.exportJWK(publicKey)), use: 'enc', alg, kid: `${alg} ${crv ?? ''}` };
  return { privateKey, jwk };
}

async function nested(alg, enc, crv) {
  const { privateKey, jwk } = await recipient(alg, crv);
  const rs = await register({
    grant_types: [],
    resource: RESOURCE,
    introspection_signed_response_alg: 'ES256',
    introspection_encrypted_response_alg: alg,
    introspection_encrypted_response_enc: enc,
    jwks: { keys: [jwk] },
  });
  const auth = oauth.ClientSecretBasic(rs.client_secret);
  const { response, copy } = await introspect(rs, auth, token, { requestJwtResponse: true });
  const header = jose.decodeProtectedHeader(await copy.text());
  assert.deepEqual([header.alg, header.enc, header.cty, header.kid], [alg, enc, 'JWT', jwk.kid]);
  const answer = await oauth.processIntrospectionResponse(as, rs, response, {
    [oauth.jweDecrypt]: async (jwe) => {
      const { plaintext } = await jose.compactDecrypt(jwe, privateKey, {
        keyManagementAlgorithms: [alg],
        contentEncryptionAlgorithms: [enc],
      });
      return new TextDecoder().decode(plaintext);
    },
  });
  await oauth.validateApplicationLevelSignature(as, response, plain);
  assert.equal(answer.active, true);
  held(`introspection nested in ${alg} ${crv ?? ''} with ${enc}`);

  // Whoever is set up for encryption gets nothing less.
  const { response: refused } = await introspect(rs, auth, token, { requestJwtResponse: false });
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).error, 'invalid_request');
}

const encryptions = as.introspection_encryption_enc_values_supported;
for (const alg of as.introspection_encryption_alg_values_supported) {
  for (const crv of alg in AGREEMENTS ? CURVES : [undefined]) {
    await nested(alg, encryptions[0], crv);
  }
}
for (const enc of encryptions) await nested('RSA-OAEP-256', enc);

async function refused(what, status, error, request) {
  const response = await request;
  assert.equal(response.status, status, what);
  assert.equal((await response.json()).error, error, what);
  held(`refused: ${what}`);
}

const rs = await register({ grant_types: [], resource: RESOURCE });
const rsAuth = oauth.ClientSecretBasic(rs.client_secret);
await refused('a client may not introspect', 400, 'unauthorized_client',
  oauth.introspectionRequest(as, client, clientAuth, token, plain));
await refused('a wrong secret', 401, 'invalid_client',
  oauth.introspectionRequest(as, rs, oauth.ClientSecretBasic('wrong'), token, plain));
await refused('another method than registered', 401, 'invalid_client',
  oauth.introspectionRequest(as, rs, oauth.ClientSecretPost(rs.client_secret), token, plain));
await refused('no credentials', 400, 'invalid_client',
  oauth.introspectionRequest(as, rs, oauth.None(), token, plain));
await refused('a resource server gets no token', 400, 'unauthorized_client',
  oauth.clientCredentialsGrantRequest(as, rs, rsAuth, {}, plain));
await refused('an unknown resource', 400, 'invalid_target',
  oauth.clientCredentialsGrantRequest(as, client, clientAuth, { resource: 'https://x.example' }, plain));
for (const [what, metadata] of Object.entries({
  'alg none': { introspection_signed_response_alg: 'none' },
  'alg HS256': { introspection_signed_response_alg: 'HS256' },
  'RSA1_5': { introspection_encrypted_response_alg: 'RSA1_5' },
  'PBES2': { introspection_encrypted_response_alg: 'PBES2-HS256+A128KW' },
  'enc without alg': { introspection_encrypted_response_enc: 'A128GCM' },
  'encryption without a key': { introspection_encrypted_response_alg: 'RSA-OAEP-256' },
})) {
  await refused(`registration with ${what}`, 400, 'invalid_client_metadata',
    oauth.dynamicClientRegistrationRequest(
      as, { grant_types: [], resource: RESOURCE, ...metadata }, { initialAccessToken, ...plain },
    ));
}

await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, clientAuth, token, plain),
);
const { response: after } = await introspect(rs, rsAuth, token, { requestJwtResponse: true });
const answer = await oauth.processIntrospectionResponse(as, rs, after);
await oauth.validateApplicationLevelSignature(as, after, plain);
assert.deepEqual(answer, { active: false });
held('revocation');
