"""Publishes keys that jwcrypto made at a jwks_uri, and reads the statements that come encrypted to
them.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT

from algorithms import encryption
from server import (
    ISSUER, encrypted, fresh_token, held, published_keys, register_resource_server, statement_for,
)

ISSUER_KEYS = JWKSet.from_json(json.dumps(published_keys()))
token = fresh_token()

mine = JWKSet()
mine.add(JWK.generate(kty="OKP", crv="Ed25519", use="sig", kid="signature"))
mine.add(JWK.generate(kty="EC", crv="P-384", use="enc", kid="agreement"))
mine.add(JWK.generate(kty="RSA", size=2048, use="enc", kid="transport"))
asked = []


class Publisher(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(mine.export(private_keys=False).encode())

    def log_message(self, *_):
        pass


publisher = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
Thread(target=publisher.serve_forever, daemon=True).start()
jwks_uri = f"http://127.0.0.1:{publisher.server_port}/keys"

for alg, kind, enc in encryption("jwcrypto"):
    if kind not in ["RSA", "P-384"] or enc != "A128CBC-HS256":
        continue
    rs = register_resource_server(**encrypted(alg, enc, jwks_uri=jwks_uri))
    opened = JWE(algs=[alg, enc])
    opened.deserialize(statement_for(rs, token))
    kid = json.loads(opened.objects["protected"])["kid"]
    assert kid == ("transport" if kind == "RSA" else "agreement"), kid
    opened.decrypt(mine.get_key(kid))
    statement = JWT(expected_type="JWS", check_claims={"iss": ISSUER, "aud": rs["client_id"]})
    statement.deserialize(opened.payload.decode(), ISSUER_KEYS)
    assert json.loads(statement.claims)["token_introspection"]["active"] is True
    held(f"decrypts {alg} with a published key")

assert asked == ["/keys"], asked
held("published keys are fetched once")
