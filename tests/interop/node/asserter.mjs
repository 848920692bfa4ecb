// Keys of clients, made by npm `jose`, and how oauth4webapi or openid-client (`library`, whose names
// for this are the same) authenticates with them.
import { load } from './packages.mjs';

const jose = await load('jose');
const isRsa = (alg) => alg.startsWith('RS') || alg.startsWith('PS');
let rsa; // one for all its algorithms: it takes long to make

/** A key pair to sign with: the private key with its `kid`, and the JWK to publish. */
export async function signingKey(alg, kid) {
  const generate = () => jose.generateKeyPair(alg, { extractable: true });
  const { privateKey } = await (isRsa(alg) ? (rsa ??= generate()) : generate());
  const privateJwk = await jose.exportJWK(privateKey);
  const { d, p, q, dp, dq, qi, ...publicJwk } = privateJwk;
  const key = await jose.importJWK(privateJwk, alg);
  return { key, kid, publicJwk: { ...publicJwk, use: 'sig', alg, kid } };
}

/** Signs assertions with a key; `change` may change header and claims before. */
export const signs = (library, { key, kid }, change) =>
  library.PrivateKeyJwt({ key, kid }, change && { [library.modifyAssertion]: change });

/** What to register to authenticate by assertions, and then how to. */
export async function asserter(library, alg) {
  const metadata = (method) =>
    ({ token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg });
  if (alg.startsWith('HS')) {
    return {
      metadata: metadata('client_secret_jwt'),
      auth: ({ client_secret }) => library.ClientSecretJwt(client_secret),
    };
  }
  const mine = await signingKey(alg, `mine for ${alg}`);
  // Of an Ed25519 key the libraries say the newer name, unless told (RFC 9864).
  const change = alg === 'EdDSA' ? (header) => { header.alg = alg; } : undefined;
  return {
    metadata: { ...metadata('private_key_jwt'), jwks: { keys: [mine.publicJwk] } },
    auth: () => signs(library, mine, change),
  };
}
