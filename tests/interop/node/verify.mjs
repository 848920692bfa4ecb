// Verifies a statement with npm `jose`: node verify.mjs STATEMENT JWKS ISSUER AUDIENCE
// Prints the claims as JSON, or fails.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The packages stand outside the source tree, in the folder this variable names.
const require = createRequire(`${process.env.AVOUCH_INTEROP_NODE}/`);
const { createLocalJWKSet, jwtVerify } = await import(pathToFileURL(require.resolve('jose')));

const [statement, jwks, issuer, audience] = process.argv.slice(2);
const keys = createLocalJWKSet(JSON.parse(readFileSync(jwks, 'utf8')));
const { payload } = await jwtVerify(readFileSync(statement, 'utf8').trim(), keys, {
  issuer,
  audience,
  typ: 'token-introspection+jwt',
  requiredClaims: ['iat', 'token_introspection'],
});
console.log(JSON.stringify(payload));
