// Verifies a statement with npm `jose`: node verify.mjs STATEMENT JWKS ISSUER AUDIENCE
// Prints the claims as JSON, or fails.
import { readFileSync } from 'node:fs';
import { load } from './packages.mjs';

const { createLocalJWKSet, jwtVerify } = await load('jose');

const [statement, jwks, issuer, audience] = process.argv.slice(2);
const keys = createLocalJWKSet(JSON.parse(readFileSync(jwks, 'utf8')));
const { payload } = await jwtVerify(readFileSync(statement, 'utf8').trim(), keys, {
  issuer,
  audience,
  typ: 'token-introspection+jwt',
  requiredClaims: ['iat', 'token_introspection'],
});
console.log(JSON.stringify(payload));
