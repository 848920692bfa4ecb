// Every algorithm the server advertises, but for those not-shared.json says a library does not know.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { metadata } from './server.mjs';

const NOT_SHARED = JSON.parse(readFileSync(new URL('../not-shared.json', import.meta.url), 'utf8'));
const CURVES = ['P-256', 'P-384', 'P-521', 'X25519'];

/** Whether a library knows an algorithm or curve; if not, the reason is printed. */
function isShared(library, name) {
  const reason = NOT_SHARED[library][name];
  if (reason === undefined) return true;
  console.log(`not shared: ${name} with ${library}: ${reason}`);
  return false;
}

/** The signing algorithms a library shares with the server. */
export function signing(library) {
  const advertised = metadata.introspection_signing_alg_values_supported;
  assert(advertised.length > 0);
  return advertised.filter((alg) => isShared(library, alg));
}

/** The algorithms of client assertions a library shares with the server, the same everywhere. */
export function asserting(library) {
  const [advertised, ...others] = ['token', 'introspection', 'revocation'].map((endpoint) =>
    metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`]);
  for (const other of others) assert.deepEqual(other, advertised);
  assert(advertised.length > 0);
  return advertised.filter((alg) => isShared(library, alg));
}

/** The algorithms of DPoP proofs a library shares with the server. */
export function proving(library) {
  const advertised = metadata.dpop_signing_alg_values_supported;
  assert(advertised.length > 0);
  return advertised.filter((alg) => isShared(library, alg));
}

/** Each key management algorithm, with each kind of key, with each content encryption. */
export function encryption(library) {
  const shared = (names) => names.filter((name) => isShared(library, name));
  const algs = shared(metadata.introspection_encryption_alg_values_supported);
  const encs = shared(metadata.introspection_encryption_enc_values_supported);
  const curves = shared(CURVES);
  assert(algs.length > 0 && encs.length > 0);
  const kinds = (alg) => (alg.startsWith('RSA') ? ['RSA'] : curves);
  return algs.flatMap((alg) =>
    kinds(alg).flatMap((kind) => encs.map((enc) => ({ alg, kind, enc }))));
}
