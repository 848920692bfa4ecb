// Authenticates as oauth4webapi does with assertions, at every endpoint and with every algorithm
// that it and the server have in common. What is sent again, or as refused-assertions.json says,
// is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { asserting } from './algorithms.mjs';
import { asserter, signingKey, signs } from './asserter.mjs';
import {
  as, grant, introspect, oauth, registerClient, registerResourceServer, revoke,
} from './oauth.mjs';
import { held } from './server.mjs';

for (const alg of asserting('oauth4webapi')) {
  const { metadata, auth } = await asserter(oauth, alg);
  const rs = await registerResourceServer(metadata);
  const client = await registerClient(metadata);
  const token = await grant(client, auth(client));
  assert.equal((await introspect(rs, token, auth(rs))).active, true);
  await revoke(client, token, auth(client));
  assert.deepEqual(await introspect(rs, token, auth(rs)), { active: false });
  held(`authenticates with ${alg}`);
}

const mine = await signingKey('ES256', 'mine');
const metadata = {
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [mine.publicJwk] },
};
const rs = await registerResourceServer(metadata);
const client = await registerClient(metadata);
const token = await grant(client, signs(oauth, mine));

/** At each endpoint, a good request with this authentication. */
const ENDPOINTS = {
  token: (auth, options, party = client) => grant(party, auth, options),
  introspection: (auth, options, party = rs) => introspect(party, token, auth, options),
  revocation: (auth, options, party = client) => revoke(party, 'unknown', auth, options),
};

/** Watches what the library sends and gets. */
function watched() {
  const seen = {};
  const watch = async (url, request) => {
    Object.assign(seen, { url, request: { ...request, body: new URLSearchParams(request.body) } });
    seen.response = await fetch(url, request);
    return seen.response.clone();
  };
  return { seen, options: { [oauth.customFetch]: watch } };
}

async function assertRefused(response, row) {
  const body = await response.json();
  assert.deepEqual([response.status, body.error], [row.status, row.error], row.what);
  assert(body.error_description.includes(row.says ?? ''), `${row.what}: ${body.error_description}`);
}

const REPLAYED = { status: 401, error: 'invalid_client', says: 'used before: make a new one' };
let used;
for (const [at, ask] of Object.entries(ENDPOINTS)) {
  const { seen, options } = watched();
  await ask(signs(oauth, mine), options);
  await assertRefused(await fetch(seen.url, seen.request), { what: `twice at ${at}`, ...REPLAYED });
  held(`refuses an assertion that was used at ${at}`);
  used = seen.request;
}
used.body.set('grant_type', 'client_credentials');
await assertRefused(await fetch(as.token_endpoint, used), { what: 'elsewhere', ...REPLAYED });
held('refuses an assertion that was used at another endpoint');

const table = JSON.parse(readFileSync(new URL('../refused-assertions.json', import.meta.url), 'utf8'));
const stranger = await signingKey('ES256', 'mine');
const now = () => Math.floor(Date.now() / 1000);

for (const row of table) {
  const change = (header, claims) => {
    Object.assign(header, row.header);
    Object.assign(claims, row.claims);
    for (const [name, ahead] of Object.entries(row.times ?? {})) claims[name] = now() + ahead;
    if (row.aud) claims.aud = row.aud.map((name) => as[name]);
    if (row.aud?.length === 1) [claims.aud] = claims.aud;
  };
  for (const ask of Object.values(ENDPOINTS)) {
    const { seen, options } = watched();
    const auth = signs(oauth, row.key === 'another' ? stranger : mine, change);
    const party = row.who === 'stranger' ? { client_id: 'stranger' } : undefined;
    await assert.rejects(ask(auth, options, party), row.what);
    await assertRefused(seen.response, row);
  }
  held(`refused: ${row.what}`);
}

const HS = { token_endpoint_auth_method: 'client_secret_jwt' };
const secretive = await registerResourceServer(HS);
const wrong = watched();
await assert.rejects(
  introspect(secretive, token, oauth.ClientSecretJwt('w'.repeat(43)), wrong.options),
);
await assertRefused(wrong.seen.response, { what: 'wrong secret', status: 401, error: 'invalid_client' });
held('refuses an assertion under another secret');
const shown = watched();
await assert.rejects(
  introspect(secretive, token, oauth.ClientSecretBasic(secretive.client_secret), shown.options),
);
await assertRefused(shown.seen.response, { what: 'shown', status: 401, error: 'invalid_client' });
held('refuses the secret of client_secret_jwt where it is shown');
