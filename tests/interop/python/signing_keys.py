"""Keys that jwcrypto makes to sign with."""

from functools import cache

from jwcrypto.jwk import JWK

CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@cache
def rsa_key():
    return JWK.generate(kty="RSA", size=2048)


def signing_key(alg):
    """One for this algorithm; of RSA always the same, which takes long to make."""
    if alg in CURVES:
        return JWK.generate(kty="EC", crv=CURVES[alg])
    if alg.startswith("Ed"):
        return JWK.generate(kty="OKP", crv="Ed25519")
    return JWK.generate(kty="AKP", alg=alg) if alg.startswith("ML-DSA") else rsa_key()
