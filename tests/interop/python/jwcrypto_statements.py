"""Reads statements as jwcrypto does: signed with every algorithm, encrypted in every way, and none
that it must not believe. Its keys are registered as the set it exports, with use, alg and kid.
"""

import json
from functools import cache

from jwcrypto.jwe import JWE, InvalidJWEData
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT, JWTInvalidClaimValue, JWTMissingKey

from algorithms import encryption, signing
from server import (
    ISSUER, changed, encrypted, fresh_token, held, published_keys, register_resource_server,
    statement_for,
)

KEYS = JWKSet.from_json(json.dumps(published_keys()))
token = fresh_token()


def read(statement, rs, alg, keys=KEYS, issuer=ISSUER):
    """What a statement says, to whoever expects it to be for this resource server."""
    verified = JWT(
        algs=[alg],
        expected_type="JWS",
        check_claims={
            "iss": issuer, "aud": rs["client_id"], "iat": None, "token_introspection": None,
        },
    )
    verified.deserialize(statement, keys)
    header = json.loads(verified.header)
    assert header["typ"] == "token-introspection+jwt", header
    return json.loads(verified.claims)["token_introspection"]


for alg in signing("jwcrypto"):
    rs = register_resource_server(introspection_signed_response_alg=alg)
    told = read(statement_for(rs, token), rs, alg)
    assert (told["active"], told["scope"]) == (True, "read"), told
    assert read(statement_for(rs, "unknown"), rs, alg) == {"active": False}
    held(f"verifies {alg}")


@cache
def key_of_kind(kind):
    if kind == "RSA":
        return JWK.generate(kty="RSA", size=2048)
    return JWK.generate(kty="OKP" if kind == "X25519" else "EC", crv=kind)


def recipient(alg, kind):
    """The key of a kind, as a private key for one algorithm, in a set."""
    made = key_of_kind(kind).export(as_dict=True)
    keys = JWKSet()
    keys.add(JWK(**made | {"use": "enc", "alg": alg, "kid": f"{alg} {kind}"}))
    return keys


def decrypt(sealed, keys, alg, enc):
    opened = JWE(algs=[alg, enc])
    opened.deserialize(sealed)
    header = json.loads(opened.objects["protected"])
    assert header["cty"] == "JWT", header
    opened.decrypt(keys.get_key(header["kid"]))
    return opened.payload.decode()


for alg, kind, enc in encryption("jwcrypto"):
    keys = recipient(alg, kind)
    jwks = keys.export(private_keys=False, as_dict=True)
    rs = register_resource_server(**encrypted(alg, enc, jwks=jwks))
    statement = decrypt(statement_for(rs, token), keys, alg, enc)
    assert read(statement, rs, "ES256")["active"] is True
    held(f"decrypts {alg} {kind} {enc}")

HOW = ("ECDH-ES+A256KW", "A256GCM")
mine = register_resource_server(introspection_signed_response_alg="ES256")
theirs = register_resource_server()
statement = statement_for(mine, token)
keys = recipient(HOW[0], "X25519")
jwks = keys.export(private_keys=False, as_dict=True)
sealed = statement_for(register_resource_server(**encrypted(*HOW, jwks=jwks)), token)
strangers = JWKSet()
strangers.add(JWK.generate(kty="EC", crv="P-256", kid="stranger"))
others = JWKSet()
others.add(JWK.generate(kty="OKP", crv="X25519", kid=f"{HOW[0]} X25519"))
# Where no key of the set verifies a signature, jwcrypto says that a key is missing.
for what, error, attempt in [
    ("another signature", JWTMissingKey, lambda:
        read(changed(statement, 2), mine, "ES256")),
    ("other claims", JWTMissingKey, lambda:
        read(changed(statement, 1), mine, "ES256")),
    ("another algorithm than registered", JWTMissingKey, lambda:
        read(statement, mine, "PS256")),
    ("a statement for another", JWTInvalidClaimValue, lambda:
        read(statement, theirs, "ES256")),
    ("another issuer", JWTInvalidClaimValue, lambda:
        read(statement, mine, "ES256", issuer="https://other.example")),
    ("keys of another", JWTMissingKey, lambda:
        read(statement, mine, "ES256", keys=strangers)),
    ("another tag", InvalidJWEData, lambda:
        decrypt(changed(sealed, 4), keys, *HOW)),
    ("what is for the key of another", InvalidJWEData, lambda:
        decrypt(sealed, others, *HOW)),
]:
    try:
        attempt()
    except error:
        held(f"refuses {what}")
    else:
        raise AssertionError(what)
