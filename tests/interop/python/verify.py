"""Verifies a statement with PyPI joserfc: python verify.py STATEMENT JWKS ISSUER AUDIENCE

Prints the claims as JSON, or fails.
"""

import json
import sys

from joserfc import jwt
from joserfc.jwk import KeySet

ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
]

statement, jwks, issuer, audience = sys.argv[1:]
with open(jwks, encoding="utf-8") as file:
    keys = KeySet.import_key_set(json.load(file))
with open(statement, encoding="utf-8") as file:
    token = jwt.decode(file.read().strip(), keys, algorithms=ALGORITHMS)
assert token.header["typ"] == "token-introspection+jwt", token.header
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": issuer},
    aud={"essential": True, "value": audience},
    iat={"essential": True},
    token_introspection={"essential": True},
).validate(token.claims)
print(json.dumps(token.claims))
