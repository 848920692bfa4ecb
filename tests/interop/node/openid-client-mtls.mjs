// Clients and resource servers that prove themselves with a certificate (RFC 8705), as openid-client
// does it, at the endpoints in `mtls_endpoint_aliases`; and tokens bound to certificates.
import assert from 'node:assert/strict';
import { CALLERS } from './callers.mjs';
import { showing } from './certificates.mjs';
import { load } from './packages.mjs';
import { RESOURCE, held, initialAccessToken, issuer } from './server.mjs';

const openid = await load('openid-client');

/** Registers; what comes back works as who shows this certificate. */
async function register(members) {
  const registered = await openid.dynamicClientRegistration(
    new URL(issuer), members, undefined, { initialAccessToken, algorithm: 'oauth2' },
  );
  const { client_id, ...rest } = registered.clientMetadata();
  return (certificate) => {
    const configuration = new openid.Configuration(
      registered.serverMetadata(), client_id, { ...rest, use_mtls_endpoint_aliases: true },
      openid.TlsClientAuth(),
    );
    configuration[openid.customFetch] = showing(certificate);
    openid.enableNonRepudiationChecks(configuration);
    return configuration;
  };
}

const parameters = { scope: 'read', resource: RESOURCE };
for (const [what, { metadata, certificate, others }] of Object.entries(CALLERS)) {
  const rs = await register({ grant_types: [], resource: RESOURCE, ...metadata });
  const client = await register({
    grant_types: ['client_credentials'], scope: 'read', ...metadata,
    tls_client_certificate_bound_access_tokens: true,
  });
  const { access_token: token } = await openid.clientCredentialsGrant(client(certificate), parameters);
  const told = await openid.tokenIntrospection(rs(certificate), token);
  assert.equal(told.active, true);
  await openid.tokenRevocation(client(certificate), token);
  assert.equal((await openid.tokenIntrospection(rs(certificate), token)).active, false);
  held(`${what} authenticates for grant, introspection and revocation`);

  assert.deepEqual({ ...told.cnf }, { 'x5t#S256': certificate.thumbprint });
  held(`a token is bound to the certificate with ${what}`);

  for (const [which, wrong] of Object.entries(others)) {
    const refused = { status: 401 };
    await assert.rejects(openid.clientCredentialsGrant(client(wrong), parameters), refused);
    await assert.rejects(openid.tokenIntrospection(rs(wrong), token), refused);
    await assert.rejects(openid.tokenRevocation(client(wrong), token), refused);
    held(`refused: ${which} for ${what}`);
  }
}
