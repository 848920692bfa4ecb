"""Tokens bound to a key by DPoP (RFC 9449), with proofs that jwcrypto signs with every algorithm,
ML-DSA among them, and nonces as the server demands them.
"""

import base64
import hashlib
import time
import uuid

from jwcrypto.jwt import JWT

from algorithms import proving
from server import (
    RESOURCE, basic, held, http, metadata, register_client, register_resource_server,
)
from signing_keys import signing_key

TOKEN, INTROSPECTION = metadata["token_endpoint"], metadata["introspection_endpoint"]


def proof(key, alg, url, nonce, token):
    claims = {"htm": "POST", "htu": url, "iat": int(time.time()), "jti": str(uuid.uuid4())}
    if nonce:
        claims["nonce"] = nonce
    if token:
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest())
        claims["ath"] = digest.decode().rstrip("=")
    header = {"typ": "dpop+jwt", "alg": alg, "jwk": key.export_public(as_dict=True)}
    made = JWT(header, claims, algs=[alg])
    made.make_signed_token(key)
    return made.serialize()


def send(url, key, alg, *, bearing=None, auth=None, status=200, **data):
    """Sends a request with a proof: first without a nonce, which is refused, then with the nonce."""
    nonce = None
    for expected in [400 if auth else 401, status]:
        headers = {"DPoP": proof(key, alg, url, nonce, bearing)}
        if bearing:
            headers["Authorization"] = f"DPoP {bearing}"
        answer = http.post(url, data=data, headers=headers, auth=auth, timeout=10)
        assert answer.status_code == expected, (alg, answer.text)
        if nonce is None:
            assert answer.json()["error"] == "use_dpop_nonce", answer.text
            nonce = answer.headers["DPoP-Nonce"]
    return answer.json()


rs = register_resource_server(grant_types=["client_credentials"])
client = register_client(dpop_bound_access_tokens=True)
other = signing_key("ES256")
grant = {"grant_type": "client_credentials"}
for alg in proving("jwcrypto"):
    key = signing_key(alg)
    granted = send(TOKEN, key, alg, auth=basic(client), resource=RESOURCE, **grant)
    own = send(TOKEN, key, alg, auth=basic(rs), **grant)
    assert granted["token_type"] == own["token_type"] == "DPoP", (granted, own)
    asked = {"token": granted["access_token"]}
    told = send(INTROSPECTION, key, alg, bearing=own["access_token"], **asked)
    assert told["cnf"] == {"jkt": key.thumbprint()}, told
    stolen = send(INTROSPECTION, other, "ES256", bearing=own["access_token"], status=401, **asked)
    assert stolen["error"] == "invalid_token", stolen
    held(f"binds with {alg}")
