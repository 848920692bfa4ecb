// Keys of a resource server, made by npm `jose`: one key pair of each kind, for every algorithm.
import { load } from './packages.mjs';

const jose = await load('jose');
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi'];
const made = new Map();

function keyOfKind(kind) {
  if (!made.has(kind)) {
    const pair = kind === 'RSA'
      ? jose.generateKeyPair('RSA-OAEP', { extractable: true })
      : jose.generateKeyPair('ECDH-ES', { extractable: true, crv: kind });
    made.set(kind, pair.then(({ privateKey }) => jose.exportJWK(privateKey)));
  }
  return made.get(kind);
}

/** The key to decrypt with, as private JWK, and the JWK to register. */
export async function recipient(alg, kind) {
  const privateJwk = { ...(await keyOfKind(kind)), use: 'enc', alg, kid: `${alg} ${kind}` };
  const publicJwk = Object.fromEntries(
    Object.entries(privateJwk).filter(([member]) => !PRIVATE.includes(member)),
  );
  return { privateJwk, publicJwk };
}

/** What a resource server registers to have its statements encrypted to this key. */
export const encrypted = ({ alg, enc }, publicJwk) => ({
  introspection_signed_response_alg: 'ES256',
  introspection_encrypted_response_alg: alg,
  introspection_encrypted_response_enc: enc,
  jwks: { keys: [publicJwk] },
});
