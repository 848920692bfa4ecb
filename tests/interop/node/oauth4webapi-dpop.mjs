// Tokens bound to a key by DPoP (RFC 9449), as oauth4webapi asks for them and uses them. A nonce
// that the server demands is kept by the library's handle; what was refused for it is sent again.
import assert from 'node:assert/strict';
import { proving } from './algorithms.mjs';
import {
  as, basic, grant, introspect, oauth, plain, registerClient, registerResourceServer,
} from './oauth.mjs';
import { STATEMENT, held } from './server.mjs';

const demanded = new Set();

/** Sends it again, once, if a nonce is demanded. */
async function insisting(where, send) {
  try {
    return await send();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    demanded.add(where);
    return send();
  }
}

/** A key, and what proves that it is held; `change` may change header and claims before. */
async function prover(alg = 'ES256') {
  const key = await oauth.generateKeyPair(alg);
  const exact = (header) => { header.alg = alg; }; // of EdDSA the library says the newer name
  const handle = (change = exact) => oauth.DPoP({}, key, { [oauth.modifyAssertion]: change });
  return { handle, jkt: await handle().calculateThumbprint() };
}

/** Asks for a token for `client`, in its own name if it is a resource server. */
async function get(client, DPoP, options = {}) {
  const parameters = client.resource ? {} : { resource: 'https://api.example', scope: 'read' };
  return insisting('token', async () => {
    const asked = { DPoP, ...plain, ...options };
    const response = await oauth.clientCredentialsGrantRequest(
      as, client, basic(client), parameters, asked,
    );
    return oauth.processClientCredentialsResponse(as, client, response);
  });
}

const rs = await registerResourceServer();
const client = await registerClient();

for (const alg of proving('oauth4webapi')) {
  const { handle, jkt } = await prover(alg);
  const got = await get(client, handle());
  assert.equal(got.token_type, 'dpop');
  const told = await introspect(rs, got.access_token);
  assert.deepEqual([told.active, told.token_type, told.cnf], [true, 'DPoP', { jkt }]);
  held(`binds with ${alg}`);
}

const free = await introspect(rs, await grant(client));
assert.deepEqual([free.token_type, free.cnf], ['Bearer', undefined]);
held('without a proof a token is not bound');

const { handle, jkt } = await prover();
const bound = await registerClient({ dpop_bound_access_tokens: true });
const { access_token: token } = await get(bound, handle());
assert.deepEqual((await introspect(rs, token)).cnf, { jkt });
await assert.rejects(grant(bound), { error: 'invalid_request', status: 400 });
held('a client registered for bound tokens gets no other');

const asking = await registerResourceServer({ grant_types: ['client_credentials'] });

/** Asks what `token` is worth, with a token instead of a secret. */
async function ask(own, DPoP, options = {}) {
  return insisting('introspection', async () => {
    const response = await oauth.protectedResourceRequest(
      own, 'POST', new URL(as.introspection_endpoint), new Headers({ accept: STATEMENT }),
      new URLSearchParams({ token }), { DPoP, ...plain, ...options },
    );
    const answer = await oauth.processIntrospectionResponse(as, asking, response);
    await oauth.validateApplicationLevelSignature(as, response, plain);
    return answer;
  });
}

const bearer = await get(asking, undefined);
assert.deepEqual([bearer.token_type, bearer.scope], ['bearer', 'introspect']);
assert.deepEqual((await ask(bearer.access_token)).cnf, { jkt });
held('a resource server asks with a token of its own');

const mine = await prover();
const got = await get(asking, mine.handle());
assert.equal(got.token_type, 'dpop');
const own = got.access_token;
assert.deepEqual((await ask(own, mine.handle())).cnf, { jkt });
held('a resource server asks with a bound token of its own');

/** That the request is refused with this error in a challenge for a token of this scheme. */
async function refused(what, request, scheme, error) {
  await assert.rejects(request, ({ name, status, cause }) => {
    assert.deepEqual([name, status], ['WWWAuthenticateChallengeError', 401], what);
    assert.equal(cause.find((challenge) => challenge.scheme === scheme)?.parameters.error, error, what);
    return true;
  }, what);
  held(`refused: ${what}`);
}

/** Sends through fetch what `change` makes of the proof in the header. */
const proofs = (change) => ({
  [oauth.customFetch]: (url, options) => {
    const headers = new Headers(options.headers);
    const proof = change(headers.get('dpop'));
    if (proof) headers.set('dpop', proof);
    else headers.delete('dpop');
    return fetch(url, { ...options, headers });
  },
});

const different = (claims) => mine.handle((header, payload) => { Object.assign(payload, claims); });
const ago = (seconds) => Math.floor(Date.now() / 1000) - seconds;
await refused('a bound token as Bearer', ask(own), 'bearer', 'invalid_token');
await refused('a token that is not bound as DPoP', ask(bearer.access_token, mine.handle()), 'dpop', 'invalid_token');
await refused('no proof', ask(own, mine.handle(), proofs(() => null)), 'dpop', 'invalid_dpop_proof');
await refused('a proof of another key', ask(own, handle()), 'dpop', 'invalid_token');
for (const [what, claims] of [
  ['a proof for another token', { ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' }],
  ['a proof for another endpoint', { htu: as.token_endpoint }],
  ['a proof for another method', { htm: 'GET' }],
  ['a proof of yesterday', { iat: ago(86_400) }],
]) {
  await refused(what, ask(own, different(claims)), 'dpop', 'invalid_dpop_proof');
}
let used;
const handed = mine.handle();
await ask(own, handed, proofs((proof) => used = proof));
const again = ask(own, handed, proofs(() => used));
await refused('a proof again', again, 'dpop', 'invalid_dpop_proof');

const spender = mine.handle();
await get(client, spender, proofs((proof) => used = proof));
for (const [what, DPoP, options] of [
  ['a proof for another endpoint at the token endpoint',
    different({ htu: as.introspection_endpoint }), {}],
  ['a proof of yesterday at the token endpoint', different({ iat: ago(86_400) }), {}],
  ['a proof again at the token endpoint', spender, proofs(() => used)],
]) {
  await assert.rejects(get(client, DPoP, options), { error: 'invalid_dpop_proof', status: 400 }, what);
  held(`refused: ${what}`);
}

for (const where of demanded) held(`a nonce is demanded at ${where}`);
