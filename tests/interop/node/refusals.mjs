// Is refused as refusals.json says, in the eyes of oauth4webapi: the status, the error, and that
// the library takes the answer for what it is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { load } from './packages.mjs';
import { encrypted, recipient } from './recipient.mjs';
import {
  RESOURCE, STATEMENT, freshToken, held, initialAccessToken, issuer, register, registerResourceServer,
} from './server.mjs';

const oauth = await load('oauth4webapi');
const table = JSON.parse(readFileSync(new URL('../refusals.json', import.meta.url), 'utf8'));
const plain = { [oauth.allowInsecureRequests]: true }; // loopback

const as = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...plain }),
);

await freshToken(); // from here on RESOURCE is served
const how = { alg: 'ECDH-ES', enc: 'A128GCM' };
const { jwks, ...unreachable } = encrypted(how, undefined);
const clients = { grant_types: ['client_credentials'], scope: 'read' };
const parties = {
  rs: await registerResourceServer(),
  sealed_rs: await registerResourceServer(encrypted(how, (await recipient('ECDH-ES', 'P-256')).publicJwk)),
  // Nobody listens on the port for discarding what comes (RFC 863).
  unreachable_rs: await registerResourceServer({ ...unreachable, jwks_uri: 'http://127.0.0.1:9/' }),
  client: await register(clients),
  other_client: await register(clients),
  stranger: { client_id: 'stranger', client_secret: 'secret' },
};
const { access_token: token } = await oauth.processClientCredentialsResponse(
  as,
  parties.client,
  await oauth.clientCredentialsGrantRequest(
    as, parties.client, oauth.ClientSecretBasic(parties.client.client_secret),
    { resource: RESOURCE }, plain,
  ),
);

const METHODS = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
  none: oauth.None,
};

/** A request as the library makes it, but for what a row wants otherwise; and who reads the answer. */
const ENDPOINTS = {
  introspection: (row, party, auth) => [
    oauth.introspectionRequest(as, party, auth, 'replaced', {
      ...plain,
      [oauth.customFetch]: (url, options) => {
        options.body.set('token', row.token ?? token);
        for (const [name, value] of Object.entries(row.parameters ?? {})) {
          options.body.set(name, value);
        }
        options.headers = { ...options.headers, accept: row.accept ?? STATEMENT };
        return fetch(url, options);
      },
    }),
    (response) => oauth.processIntrospectionResponse(as, party, response),
  ],
  token: (row, party, auth) => [
    oauth.clientCredentialsGrantRequest(
      as, party, auth, { resource: RESOURCE, ...row.parameters }, plain,
    ),
    (response) => oauth.processClientCredentialsResponse(as, party, response),
  ],
  revocation: (row, party, auth) => [
    oauth.revocationRequest(as, party, auth, 'replaced', {
      ...plain,
      [oauth.customFetch]: (url, options) => {
        options.body.set('token', row.token ?? token);
        return fetch(url, options);
      },
    }),
    oauth.processRevocationResponse,
  ],
  registration: (row) => [
    oauth.dynamicClientRegistrationRequest(
      as, { grant_types: [], resource: RESOURCE, ...row.metadata }, {
        ...plain,
        ...(row.initial_access_token === null
          ? {}
          : { initialAccessToken: row.initial_access_token ?? initialAccessToken }),
      },
    ),
    oauth.processDynamicClientRegistrationResponse,
  ],
};

for (const row of table) {
  const party = parties[row.who];
  const auth = METHODS[row.method ?? 'client_secret_basic'](row.secret ?? party?.client_secret ?? 'none');
  const [request, read] = ENDPOINTS[row.at](row, party, auth);
  const response = await request;
  const body = await response.clone().json();
  assert.deepEqual([response.status, body.error], [row.status, row.error], row.what);
  assert.equal(typeof body.error_description, 'string', row.what);
  if (row.status === 401) {
    // Told by the challenge (RFC 6749 section 5.2); the library does not look further.
    await assert.rejects(read(response), oauth.WWWAuthenticateChallengeError, row.what);
  } else if (row.status < 500) {
    await assert.rejects(read(response), { name: 'ResponseBodyError', ...body, status: row.status });
  } else {
    await assert.rejects(read(response), row.what);
  }
  held(`refused: ${row.what}`);
}
