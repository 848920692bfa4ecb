"""Reads statements as joserfc does: signed with every algorithm, encrypted in every way, and none
that it must not believe. Its keys are registered as it makes them, without use and alg.
"""

from functools import cache

from joserfc import errors, jwe, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from algorithms import encryption, signing
from server import (
    ISSUER, changed, encrypted, fresh_token, held, published_keys, register_resource_server,
    statement_for,
)

KEYS = KeySet.import_key_set(published_keys())
token = fresh_token()


def read(statement, rs, alg, keys=KEYS, issuer=ISSUER):
    """What a statement says, to whoever expects it to be for this resource server."""
    verified = jwt.decode(statement, keys, algorithms=[alg])
    assert verified.header["typ"] == "token-introspection+jwt", verified.header
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": rs["client_id"]},
        iat={"essential": True},
        token_introspection={"essential": True},
    ).validate(verified.claims)
    return verified.claims["token_introspection"]


for alg in signing("joserfc"):
    rs = register_resource_server(introspection_signed_response_alg=alg)
    told = read(statement_for(rs, token), rs, alg)
    assert (told["active"], told["scope"]) == (True, "read"), told
    assert read(statement_for(rs, "unknown"), rs, alg) == {"active": False}
    held(f"verifies {alg}")


@cache
def key_of_kind(kind):
    if kind == "RSA":
        return RSAKey.generate_key(2048, auto_kid=True)
    maker = OKPKey if kind == "X25519" else ECKey
    return maker.generate_key(kind, auto_kid=True)


def decrypt(sealed, key, alg, enc):
    opened = jwe.decrypt_compact(sealed, key, algorithms=[alg, enc])
    header = opened.headers()
    assert (header["cty"], header["kid"]) == ("JWT", key.kid), header
    return opened.plaintext.decode()


for alg, kind, enc in encryption("joserfc"):
    key = key_of_kind(kind)
    jwks = KeySet([key]).as_dict(private=False)
    rs = register_resource_server(**encrypted(alg, enc, jwks=jwks))
    statement = decrypt(statement_for(rs, token), key, alg, enc)
    assert read(statement, rs, "ES256")["active"] is True
    held(f"decrypts {alg} {kind} {enc}")

HOW = ("ECDH-ES+A256KW", "A256GCM")
mine = register_resource_server(introspection_signed_response_alg="ES256")
theirs = register_resource_server()
statement = statement_for(mine, token)
keys = KeySet([key_of_kind("X25519")]).as_dict(private=False)
sealed = statement_for(register_resource_server(**encrypted(*HOW, jwks=keys)), token)
another = OKPKey.generate_key("X25519", {"kid": key_of_kind("X25519").kid})
strangers = KeySet([ECKey.generate_key("P-256", {"kid": "stranger"})])
for what, error, attempt in [
    ("another signature", errors.BadSignatureError, lambda:
        read(changed(statement, 2), mine, "ES256")),
    ("other claims", errors.BadSignatureError, lambda:
        read(changed(statement, 1), mine, "ES256")),
    ("another algorithm than registered", errors.UnsupportedAlgorithmError, lambda:
        read(statement, mine, "PS256")),
    ("a statement for another", errors.InvalidClaimError, lambda:
        read(statement, theirs, "ES256")),
    ("another issuer", errors.InvalidClaimError, lambda:
        read(statement, mine, "ES256", issuer="https://other.example")),
    ("keys of another", errors.InvalidKeyIdError, lambda:
        read(statement, mine, "ES256", keys=strangers)),
    ("another tag", errors.DecodeError, lambda:
        decrypt(changed(sealed, 4), key_of_kind("X25519"), *HOW)),
    ("what is for the key of another", errors.DecodeError, lambda:
        decrypt(sealed, another, *HOW)),
]:
    try:
        attempt()
    except error:
        held(f"refuses {what}")
    else:
        raise AssertionError(what)
