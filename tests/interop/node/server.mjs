// The server under test, and what a party without an OAuth library needs of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

export const issuer = process.env.AVOUCH_ISSUER;
export const initialAccessToken = process.env.AVOUCH_INITIAL_ACCESS_TOKEN;
export const RESOURCE = 'https://api.example';
export const STATEMENT = 'application/token-introspection+jwt';

// Whoever waits for an answer that does not come has failed.
setTimeout(() => {
  console.error('five minutes are over');
  process.exit(1);
}, 300_000).unref();

/** Says that something was seen to hold. Whoever runs the script counts these lines. */
export const held = (what) => console.log(`held: ${what}`);

const wellKnown = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
export const metadata = await wellKnown.json();

const basic = ({ client_id, client_secret }) =>
  `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;

/** What the operator of the server hands out to whoever may register one resource server. */
export function limitedAccessToken(resource) {
  const wanted = ['--kinds', 'resource_servers', '--resource', resource, '--json'];
  const made = execFileSync(process.env.AVOUCH, ['initial-access-token', 'create', ...wanted]);
  return JSON.parse(made).initial_access_token;
}

/** Registers a party and gives what the server says of it. */
export async function register(members, approval = initialAccessToken) {
  const response = await fetch(metadata.registration_endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${approval}`,
    },
    body: JSON.stringify(members),
  });
  const registered = await response.json();
  assert.equal(response.status, 201, JSON.stringify(registered));
  return registered;
}

export const registerResourceServer = (members = {}) =>
  register({ grant_types: [], resource: RESOURCE, ...members });

/** A fresh access token for RESOURCE, which is served from then on. */
export async function freshToken() {
  await registerResourceServer();
  const client = await register({ grant_types: ['client_credentials'], scope: 'read' });
  const response = await fetch(metadata.token_endpoint, {
    method: 'POST',
    headers: { Authorization: basic(client) },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: RESOURCE }),
  });
  return (await response.json()).access_token;
}

/** Asks as a resource server what a token is worth. */
export function introspect(resourceServer, token, accept = STATEMENT) {
  return fetch(metadata.introspection_endpoint, {
    method: 'POST',
    headers: { Authorization: basic(resourceServer), Accept: accept },
    body: new URLSearchParams({ token }),
  });
}

/** The statement that a resource server gets about a token. */
export async function statementFor(resourceServer, token) {
  const response = await introspect(resourceServer, token);
  assert.equal(response.headers.get('content-type'), STATEMENT, `status ${response.status}`);
  return response.text();
}
