"""Verifies a statement signed with ML-DSA (RFC 9964) with PyPI jwcrypto:
python ml_dsa.py STATEMENT JWKS ALGORITHM

Prints the claims as JSON, or fails.
"""

import json
import sys

from jwcrypto.jwk import JWKSet
from jwcrypto.jws import JWS

statement, jwks, algorithm = sys.argv[1:]
with open(jwks, encoding="utf-8") as file:
    keys = JWKSet.from_json(file.read())
with open(statement, encoding="utf-8") as file:
    compact = file.read().strip()
token = JWS()
token.allowed_algs = [algorithm]
token.deserialize(compact)
key = keys.get_key(token.jose_header["kid"])
assert key.thumbprint() == key.key_id, "the kid is the thumbprint, over alg, kty and pub"
token.verify(key)
print(json.dumps(json.loads(token.payload)))
