// Clients and resource servers that prove themselves with a certificate (RFC 8705), as oauth4webapi
// does it, at the endpoints in `mtls_endpoint_aliases`; and tokens bound to certificates.
import assert from 'node:assert/strict';
import { CALLERS } from './callers.mjs';
import { selfSigned, showing } from './certificates.mjs';
import {
  as, basic, grant, introspect, oauth, registerClient, registerResourceServer, revoke,
} from './oauth.mjs';
import { held, issuer } from './server.mjs';

for (const endpoint of ['token', 'introspection', 'revocation']) {
  const alias = new URL(as.mtls_endpoint_aliases[`${endpoint}_endpoint`]);
  assert.notEqual(alias.origin, new URL(issuer).origin);
}
held('certificates are asked for at other addresses');

const auth = oauth.TlsClientAuth();
const aliased = (party) => ({ ...party, use_mtls_endpoint_aliases: true });
const by = (certificate) => ({ [oauth.customFetch]: showing(certificate) });
const REFUSED = { name: 'WWWAuthenticateChallengeError', status: 401 };

for (const [what, { metadata, certificate, others }] of Object.entries(CALLERS)) {
  const rs = aliased(await registerResourceServer(metadata));
  const client = aliased(await registerClient({
    ...metadata, tls_client_certificate_bound_access_tokens: true,
  }));
  const own = by(certificate);
  const token = await grant(client, auth, own);
  const told = await introspect(rs, token, auth, own);
  assert.equal(told.active, true);
  await revoke(client, token, auth, own);
  assert.deepEqual(await introspect(rs, token, auth, own), { active: false });
  held(`${what} authenticates for grant, introspection and revocation`);

  assert.deepEqual(told.cnf, { 'x5t#S256': certificate.thumbprint });
  held(`a token is bound to the certificate with ${what}`);

  for (const [which, wrong] of Object.entries(others)) {
    const showingIt = by(wrong);
    await assert.rejects(grant(client, auth, showingIt), REFUSED);
    await assert.rejects(introspect(rs, token, auth, showingIt), REFUSED);
    await assert.rejects(revoke(client, token, auth, showingIt), REFUSED);
    held(`refused: ${which} for ${what}`);
  }
  const bare = { error: 'invalid_client', status: 400 };
  await assert.rejects(grant(client, auth), bare);
  await assert.rejects(introspect(rs, token, auth), bare);
  await assert.rejects(revoke(client, token, auth), bare);
  held(`refused: no certificate for ${what}`);
}

const rs = await registerResourceServer();
const secretive = aliased(await registerClient({
  tls_client_certificate_bound_access_tokens: true,
}));
await assert.rejects(grant(secretive), { error: 'invalid_request', status: 400 });
const anyone = selfSigned('/CN=anyone');
const bound = await grant(secretive, basic(secretive), by(anyone));
assert.deepEqual((await introspect(rs, bound)).cnf, { 'x5t#S256': anyone.thumbprint });
held('who has a secret gets bound tokens with any certificate, and none without');

const free = await grant(await registerClient());
assert.equal((await introspect(rs, free)).cnf, undefined);
held('without registering for it a token is not bound');
