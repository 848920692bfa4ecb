// Verifies a JWT access token with npm `jose`, as a resource server would:
// node access-token.mjs TOKEN JWKS ISSUER AUDIENCE
// Prints the claims as JSON, or fails.
import { readFileSync } from 'node:fs';
import { load } from './packages.mjs';

const { createLocalJWKSet, jwtVerify } = await load('jose');

const [token, jwks, issuer, audience] = process.argv.slice(2);
const keys = createLocalJWKSet(JSON.parse(readFileSync(jwks, 'utf8')));
const { payload } = await jwtVerify(readFileSync(token, 'utf8').trim(), keys, {
  issuer,
  audience,
  typ: 'at+jwt',
  requiredClaims: ['exp', 'sub', 'client_id', 'iat', 'jti'],
});
console.log(JSON.stringify(payload));
