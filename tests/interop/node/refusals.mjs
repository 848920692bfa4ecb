// Is refused as refusals.json says, in the eyes of oauth4webapi: the status, the error, and that
// the library takes the answer for what it is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { as, grant, oauth, plain } from './oauth.mjs';
import { encrypted, recipient } from './recipient.mjs';
import {
  RESOURCE, STATEMENT, freshToken, held, initialAccessToken, limitedAccessToken, register,
  registerResourceServer,
} from './server.mjs';

const table = JSON.parse(readFileSync(new URL('../refusals.json', import.meta.url), 'utf8'));

await freshToken(); // from here on RESOURCE is served
const how = { alg: 'ECDH-ES', enc: 'A128GCM' };
const { jwks, ...unreachable } = encrypted(how, undefined);
const clients = { grant_types: ['client_credentials'], scope: 'read' };
const parties = {
  rs: await registerResourceServer(),
  sealed_rs: await registerResourceServer(encrypted(how, (await recipient('ECDH-ES', 'P-256')).publicJwk)),
  // Nobody listens on the port for discarding what comes (RFC 863).
  unreachable_rs: await registerResourceServer({ ...unreachable, jwks_uri: 'http://127.0.0.1:9/' }),
  limited_rs: await register(
    { resource: 'https://limited.example' }, limitedAccessToken('https://limited.example'),
  ),
  client: await register(clients),
  other_client: await register(clients),
  stranger: { client_id: 'stranger', client_secret: 'secret' },
};
const token = await grant(parties.client);

const METHODS = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
  none: oauth.None,
};

/** What a party sends to have its registration as it is, but for what a row wants otherwise. */
function update({ metadata }, {
  client_secret, client_secret_expires_at, client_id_issued_at, registration_access_token,
  registration_client_uri, ...registered
}) {
  return JSON.stringify({ ...registered, ...metadata });
}

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
  // The library has no calls for it.
  management: (row, party) => {
    const path = row.call === 'POST' ? '/client_secret' : '';
    const { registration_access_token: own } = parties[row.token_of ?? row.who];
    const { registration_access_token: token = own } = row;
    return [
      fetch(`${party.registration_client_uri}${path}`, {
        method: row.call,
        headers: {
          'Content-Type': 'application/json',
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: row.call === 'PUT' ? update(row, party) : undefined,
      }),
      oauth.processDynamicClientRegistrationResponse,
    ];
  },
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
