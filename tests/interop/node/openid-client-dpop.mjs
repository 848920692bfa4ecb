// Tokens bound to a key by DPoP (RFC 9449), as openid-client asks for them and uses them. It brings
// the nonces that the server demands by itself.
import assert from 'node:assert/strict';
import { proving } from './algorithms.mjs';
import { load } from './packages.mjs';
import { RESOURCE, held, initialAccessToken, issuer, metadata } from './server.mjs';

const openid = await load('openid-client');

async function register(members) {
  const registered = await openid.dynamicClientRegistration(
    new URL(issuer), members, undefined, { initialAccessToken, algorithm: 'oauth2' },
  );
  const { client_id, ...rest } = registered.clientMetadata();
  const auth = openid.ClientSecretBasic(rest.client_secret);
  return new openid.Configuration(registered.serverMetadata(), client_id, rest, auth);
}

const rs = await register({ resource: RESOURCE, grant_types: ['client_credentials'] });
openid.enableNonRepudiationChecks(rs);
const client = await register({ grant_types: ['client_credentials'], scope: 'read' });

async function prover(configuration, alg = 'ES256') {
  const key = await openid.randomDPoPKeyPair(alg);
  const change = (header) => { header.alg = alg; }; // of EdDSA the library says the newer name
  return openid.getDPoPHandle(configuration, key, { [openid.modifyAssertion]: change });
}

let token;
for (const alg of proving('openid-client')) {
  const DPoP = await prover(client, alg);
  const parameters = { scope: 'read', resource: RESOURCE };
  const got = await openid.clientCredentialsGrant(client, parameters, { DPoP });
  assert.equal(got.token_type, 'dpop');
  token = got.access_token;
  const told = await openid.tokenIntrospection(rs, token);
  assert.deepEqual({ ...told.cnf }, { jkt: await DPoP.calculateThumbprint() });
  held(`binds with ${alg}`);
}

const DPoP = await prover(rs);
const { access_token: own } = await openid.clientCredentialsGrant(rs, undefined, { DPoP });
const ask = (options) => openid.fetchProtectedResource(
  rs, own, new URL(metadata.introspection_endpoint), 'POST', new URLSearchParams({ token }),
  new Headers({ accept: 'application/json' }), options,
);
const answer = await (await ask({ DPoP })).json();
assert.deepEqual([answer.active, answer.token_type], [true, 'DPoP']);
held('a resource server asks with a bound token of its own');
await assert.rejects(ask(), { name: 'WWWAuthenticateChallengeError', status: 401 });
await assert.rejects(ask({ DPoP: await prover(rs) }), { status: 401 });
held('refused: a bound token without its key');
