"""Authenticates with assertions that jwcrypto signed, at every endpoint and with every algorithm,
ML-DSA among them.
"""

import time
import uuid
from base64 import urlsafe_b64encode

from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from algorithms import asserting
from server import (
    ISSUER, RESOURCE, held, http, metadata, register_client, register_resource_server,
)
from signing_keys import signing_key

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def secret_key(secret):
    return JWK(kty="oct", k=urlsafe_b64encode(secret.encode()).decode().rstrip("="))


def ask(endpoint, party, key, alg, **parameters):
    """Sends a request with an assertion of its own."""
    end = int(time.time()) + 60
    name = party["client_id"]
    claims = {"iss": name, "sub": name, "aud": ISSUER, "exp": end, "jti": str(uuid.uuid4())}
    assertion = JWT({"alg": alg, "typ": "client-authentication+jwt"}, claims, algs=[alg])
    assertion.make_signed_token(key)
    data = {"client_assertion_type": BEARER, "client_assertion": assertion.serialize()}
    answer = http.post(metadata[f"{endpoint}_endpoint"], data=data | parameters, timeout=10)
    assert answer.status_code == 200, (alg, answer.text)
    return answer


for alg in asserting("jwcrypto"):
    members = {"token_endpoint_auth_signing_alg": alg}
    if alg.startswith("HS"):
        members["token_endpoint_auth_method"] = "client_secret_jwt"
    else:
        key = signing_key(alg)
        members["token_endpoint_auth_method"] = "private_key_jwt"
        members["jwks"] = {"keys": [key.export_public(as_dict=True)]}
    rs, client = register_resource_server(**members), register_client(**members)
    rs_key, client_key = (
        secret_key(party["client_secret"]) if "client_secret" in party else key
        for party in [rs, client]
    )
    grant = {"grant_type": "client_credentials", "resource": RESOURCE}
    token = ask("token", client, client_key, alg, **grant).json()["access_token"]
    assert ask("introspection", rs, rs_key, alg, token=token).json()["active"] is True
    ask("revocation", client, client_key, alg, token=token)
    assert ask("introspection", rs, rs_key, alg, token=token).json() == {"active": False}
    held(f"authenticates with {alg}")
