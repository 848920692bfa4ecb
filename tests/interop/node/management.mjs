// Manages registrations (RFC 7592). No library has calls for that: oauth4webapi sends the requests
// as those for a resource that is protected by the registration access token.
import assert from 'node:assert/strict';
import { asserter } from './asserter.mjs';
import {
  grant, introspect, oauth, plain, registerClient, registerResourceServer,
} from './oauth.mjs';
import { held } from './server.mjs';

/** Sends a request about a registration and gives the answer; a challenge is thrown. */
function ask(method, uri, token, body) {
  const headers = new Headers(body && { 'Content-Type': 'application/json' });
  return oauth.protectedResourceRequest(
    token, method, new URL(uri), headers, body && JSON.stringify(body), plain,
  );
}

async function answered(request, status) {
  const response = await request;
  assert.equal(response.status, status, await response.clone().text());
  return response.json();
}

/** What is registered, without what is about the answer alone. */
function record({
  client_secret, client_secret_expires_at, registration_access_token, ...rest
}) {
  return rest;
}

/** What an update repeats of it. */
function repeated({ client_id_issued_at, registration_client_uri, ...rest }) {
  return rest;
}

const DEAD = { name: 'WWWAuthenticateChallengeError', status: 401 };

async function manages(what, registered) {
  const { client_secret: secret, registration_client_uri: uri } = registered;
  const token = registered.registration_access_token;
  const read = await answered(ask('GET', uri, token), 200);
  assert.deepEqual(record(read), record(registered));
  assert.equal(read.client_secret, undefined);
  held(`${what} is read, but for the secret`);

  const { client_uri, ...rest } = repeated(record(read));
  assert.equal(client_uri, 'https://party.example/');
  const changed = { ...rest, client_name: 'Renamed', client_secret: secret };
  const updated = await answered(ask('PUT', uri, token, changed), 200);
  assert.equal(updated.client_name, 'Renamed');
  assert.equal(updated.client_uri, undefined);
  held(`${what} is replaced: what is left out is gone, the secret may be repeated`);

  const fresh = updated.registration_access_token;
  assert.notEqual(fresh, token);
  assert.deepEqual(record(await answered(ask('GET', uri, token), 200)), record(updated));
  assert.deepEqual(record(await answered(ask('GET', uri, fresh), 200)), record(updated));
  await assert.rejects(ask('GET', uri, token), DEAD);
  held(`the older token of ${what} ends when the fresh one is used`);

  const renewed = await answered(ask('POST', `${uri}/client_secret`, fresh), 201);
  assert.equal(renewed.client_id, registered.client_id);
  assert.notEqual(renewed.client_secret, secret);
  return { ...updated, client_secret: renewed.client_secret };
}

const ABOUT = { client_name: 'Named', client_uri: 'https://party.example/' };
const registered = await registerResourceServer({
  ...ABOUT, introspection_signed_response_alg: 'ES256',
});
let rs = await manages('a resource server', registered);
const client = await registerClient(ABOUT);
const managed = await manages('a client', client);

const token = await grant(managed);
await grant({ ...managed, client_secret: client.client_secret });
for (const { client_secret } of [registered, rs]) {
  assert.equal((await introspect({ ...rs, client_secret }, token)).active, true);
}
held('the new secret is good, and the older one for a while');

const { metadata, auth } = await asserter(oauth, 'PS256');
const body = { ...repeated(record(rs)), ...metadata, introspection_signed_response_alg: 'PS256' };
const shown = rs.client_secret;
rs = await answered(ask('PUT', rs.registration_client_uri, rs.registration_access_token, body), 200);
assert.equal((await introspect(rs, token, auth(rs))).active, true);
await assert.rejects(introspect(rs, token, oauth.ClientSecretBasic(shown)), DEAD);
held('an update changes how it authenticates and how its statements are signed');

const { registration_client_uri: uri, registration_access_token: last } = managed;
assert.equal((await ask('DELETE', uri, last)).status, 204);
for (const method of ['GET', 'DELETE']) await assert.rejects(ask(method, uri, last), DEAD);
held('a registration that was deleted is not there, and its token is dead');
for (const { client_secret } of [client, managed]) {
  await assert.rejects(grant({ ...managed, client_secret }), DEAD);
}
held('the secrets of a deleted client are dead');
assert.deepEqual(await introspect(rs, token, auth(rs)), { active: false });
held('the access tokens of a deleted client are inactive');
