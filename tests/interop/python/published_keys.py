"""Publishes keys that jwcrypto made at a jwks_uri, and reads the statements that come encrypted to
them.
"""

import json

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT

from algorithms import encryption
from publisher import Publisher
from server import (
    ISSUER, encrypted, fresh_token, held, published_keys, register_resource_server, statement_for,
)

ISSUER_KEYS = JWKSet.from_json(json.dumps(published_keys()))
token = fresh_token()

mine = JWKSet()
mine.add(JWK.generate(kty="OKP", crv="Ed25519", use="sig", kid="signature"))
mine.add(JWK.generate(kty="EC", crv="P-384", use="enc", kid="agreement"))
mine.add(JWK.generate(kty="RSA", size=2048, use="enc", kid="transport"))
publisher = Publisher(lambda: json.loads(mine.export(private_keys=False)))

for alg, kind, enc in encryption("jwcrypto"):
    if kind not in ["RSA", "P-384"] or enc != "A128CBC-HS256":
        continue
    rs = register_resource_server(**encrypted(alg, enc, jwks_uri=publisher.uri))
    opened = JWE(algs=[alg, enc])
    opened.deserialize(statement_for(rs, token))
    kid = json.loads(opened.objects["protected"])["kid"]
    assert kid == ("transport" if kind == "RSA" else "agreement"), kid
    opened.decrypt(mine.get_key(kid))
    statement = JWT(expected_type="JWS", check_claims={"iss": ISSUER, "aud": rs["client_id"]})
    statement.deserialize(opened.payload.decode(), ISSUER_KEYS)
    assert json.loads(statement.claims)["token_introspection"]["active"] is True
    held(f"decrypts {alg} with a published key")

assert publisher.asked == 1, publisher.asked
held("published keys are fetched once")
