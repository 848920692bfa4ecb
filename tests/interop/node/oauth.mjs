// oauth4webapi, set up to work with the server: what it discovered, and how it registers.
import { load } from './packages.mjs';
import { RESOURCE, initialAccessToken, issuer } from './server.mjs';

export const oauth = await load('oauth4webapi');

/** Without TLS it is told that this is loopback; with TLS it gets no such leave. */
export const plain = issuer.startsWith('https:') ? {} : { [oauth.allowInsecureRequests]: true };

export const as = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...plain }),
);

export async function register(metadata) {
  const options = { initialAccessToken, ...plain };
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, options);
  return oauth.processDynamicClientRegistrationResponse(response);
}

export const registerResourceServer = (metadata = {}) =>
  register({ grant_types: [], resource: RESOURCE, ...metadata });

export const registerClient = (metadata = {}) =>
  register({ grant_types: ['client_credentials'], scope: 'read write', ...metadata });

export const basic = ({ client_secret }) => oauth.ClientSecretBasic(client_secret);

/** An access token for RESOURCE. */
export async function grant(client, auth = basic(client), options = {}) {
  const response = await oauth.clientCredentialsGrantRequest(
    as, client, auth, { scope: 'read', resource: RESOURCE }, { ...plain, ...options },
  );
  return (await oauth.processClientCredentialsResponse(as, client, response)).access_token;
}

/** Asks for a JWT, and believes it only if its signature is good. */
export async function introspect(rs, token, auth = basic(rs), options = {}) {
  const asked = { requestJwtResponse: true, ...plain, ...options };
  const response = await oauth.introspectionRequest(as, rs, auth, token, asked);
  const answer = await oauth.processIntrospectionResponse(as, rs, response);
  await oauth.validateApplicationLevelSignature(as, response, plain);
  return answer;
}

export async function revoke(client, token, auth = basic(client), options = {}) {
  const response = await oauth.revocationRequest(as, client, auth, token, { ...plain, ...options });
  return oauth.processRevocationResponse(response);
}
