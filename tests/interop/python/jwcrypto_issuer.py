"""Signs statements as jwcrypto does, with every algorithm, and has `avouch verify` check them."""

import json
import os
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT

from algorithms import signing
from server import changed, held

ISSUER = "https://as.example"
AUDIENCE = "rs"
RSA = JWK.generate(kty="RSA", size=2048).export(as_dict=True)
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def key_for(alg):
    named = {"alg": alg, "use": "sig", "kid": alg}
    if alg[:2] in ["RS", "PS"]:
        return JWK(**RSA | named)
    if alg in CURVES:
        return JWK.generate(kty="EC", crv=CURVES[alg], **named)
    if alg.startswith("ML-DSA"):
        return JWK.generate(kty="AKP", **named)
    return JWK.generate(kty="OKP", crv="Ed25519", **named)


def statement(key, **other):
    """A statement as it should be, but for the claims that are to be otherwise."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(time.time()),
        "token_introspection": {"active": True, "scope": "read", "aud": "https://rs.example"},
    }
    header = {"alg": key["alg"], "kid": key["kid"], "typ": "token-introspection+jwt"}
    made = JWT(header=header, claims=claims | other, algs=[key["alg"]])
    made.make_signed_token(key)
    return made.serialize()


keys = JWKSet()
for alg in signing("jwcrypto"):
    keys.add(key_for(alg))

with TemporaryDirectory() as name:
    folder = Path(name)
    (folder / "keys.json").write_text(keys.export(private_keys=False), "utf-8")

    def verify(compact):
        """The exit status of `avouch verify`, and the claims if it believes them."""
        done = subprocess.run(
            [
                os.environ["AVOUCH"], "verify", "--json", "--jwks", folder / "keys.json",
                "--issuer", ISSUER, "--audience", AUDIENCE, "-",
            ],
            input=compact, capture_output=True, text=True, timeout=60,
        )
        return done.returncode, json.loads(done.stdout)["claims"] if done.stdout else done.stderr

    for alg in signing("jwcrypto"):
        right = statement(keys.get_key(alg))
        status, claims = verify(right)
        assert status == 0, claims
        assert claims["token_introspection"]["scope"] == "read", claims
        for wrong in [changed(right, 1), changed(right, 2), statement(keys.get_key(alg), aud="x")]:
            status, complaint = verify(wrong)
            assert status == 1 and isinstance(complaint, str), complaint
        held(f"verifies {alg}")
