// Verifies a JWT access token with npm `jose`, as a resource server would:
// node access-token.mjs TOKEN JWKS ISSUER AUDIENCE
// Prints the claims as JSON, or fails.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The packages stand outside the source tree, in the folder this variable names.
const require = createRequire(`${process.env.AVOUCH_INTEROP_NODE}/`);
const { createLocalJWKSet, jwtVerify } = await import(pathToFileURL(require.resolve('jose')));

const [token, jwks, issuer, audience] = process.argv.slice(2);
const keys = createLocalJWKSet(JSON.parse(readFileSync(jwks, 'utf8')));
const { payload } = await jwtVerify(readFileSync(token, 'utf8').trim(), keys, {
  issuer,
  audience,
  typ: 'at+jwt',
  requiredClaims: ['exp', 'sub', 'client_id', 'iat', 'jti'],
});
console.log(JSON.stringify(payload));
