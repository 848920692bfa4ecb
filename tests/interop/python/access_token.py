"""Verifies a JWT access token with PyPI joserfc, as a resource server would:
python access_token.py TOKEN JWKS ISSUER AUDIENCE

Prints the claims as JSON, or fails.
"""

import json
import sys

from joserfc import jwt
from joserfc.jwk import KeySet

token, jwks, issuer, audience = sys.argv[1:]
with open(jwks, encoding="utf-8") as file:
    keys = KeySet.import_key_set(json.load(file))
with open(token, encoding="utf-8") as file:
    decoded = jwt.decode(file.read().strip(), keys, algorithms=["RS256"])
assert decoded.header["typ"] == "at+jwt", decoded.header
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": issuer},
    aud={"essential": True, "value": audience},
    exp={"essential": True},
    sub={"essential": True},
    client_id={"essential": True},
    iat={"essential": True},
    jti={"essential": True},
).validate(decoded.claims)
print(json.dumps(decoded.claims))
