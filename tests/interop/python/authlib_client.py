"""Walks from registration to revocation as Authlib's OAuth2Session does. Authlib does not register
and does not read statements: joserfc, of the same author, does.
"""

import os

if os.environ["AVOUCH_ISSUER"].startswith("http:"):
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from server import (
    ISSUER, RESOURCE, STATEMENT, held, metadata, published_keys, register_client,
    register_resource_server,
)

KEYS = KeySet.import_key_set(published_keys())


def session(registered):
    method = registered["token_endpoint_auth_method"]
    return OAuth2Session(
        registered["client_id"],
        registered["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )


def introspect(registered, token, accept=STATEMENT):
    answer = session(registered).introspect_token(
        metadata["introspection_endpoint"], token=token, headers={"Accept": accept}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == accept, answer.headers
    if accept == "application/json":
        return answer.json()
    claims = jwt.decode(answer.text, KEYS, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, registered["client_id"]), claims
    return claims["token_introspection"]


rs = register_resource_server()
elsewhere = register_resource_server(resource="https://elsewhere.example")
for method in ["client_secret_basic", "client_secret_post"]:
    client = register_client(token_endpoint_auth_method=method)
    asking = register_resource_server(token_endpoint_auth_method=method)
    granted = session(client).fetch_token(
        metadata["token_endpoint"],
        grant_type="client_credentials",
        scope="read",
        resource=RESOURCE,
    )
    token = granted["access_token"]
    assert (granted["scope"], granted["token_type"]) == ("read", "Bearer"), granted
    held(f"client credentials grant with {method}")

    told = introspect(asking, token)
    assert (told["active"], told["scope"]) == (True, "read"), told
    assert introspect(asking, token, "application/json") == told
    held(f"JSON and JWT agree with {method}")

    assert introspect(elsewhere, token) == {"active": False}
    held(f"a token for another is inactive, signed, with {method}")

    done = session(client).revoke_token(metadata["revocation_endpoint"], token=token)
    assert done.status_code == 200, done.text
    for party in [asking, rs]:
        assert introspect(party, token) == {"active": False}
    held(f"revocation with {method}")
