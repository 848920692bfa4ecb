"""Authenticates as Authlib does with assertions, at every endpoint and with every algorithm that it
and the server have in common. Left to itself, Authlib names the endpoint as audience and lets an
assertion live for an hour: that is refused, as are the rows of refused-assertions.json.
"""

import json
import os
import time
from functools import cache
from pathlib import Path

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from algorithms import asserting
from server import (
    ISSUER, RESOURCE, STATEMENT, held, metadata, published_keys, register_client,
    register_resource_server,
)

KEYS = KeySet.import_key_set(published_keys())
TABLE = Path(__file__).parent.parent.joinpath("refused-assertions.json").read_text("utf-8")
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@cache
def rsa_key():
    return RSAKey.generate_key(2048)


def signing_key(alg):
    if alg in CURVES:
        return ECKey.generate_key(CURVES[alg])
    return OKPKey.generate_key("Ed25519") if alg.startswith("Ed") else rsa_key()


def session(registered, key, method):
    """Authenticates by an assertion wherever the library would with a secret."""
    using = OAuth2Session(
        registered["client_id"],
        key,
        token_endpoint_auth_method=method.name,
        revocation_endpoint_auth_method=method.name,
    )
    using.register_client_auth_method(method)
    return using


def asserted(made_by, alg, **changes):
    """A method for one request: the library gives every assertion the same `claims`, `jti` too."""
    soon = {"exp": int(time.time()) + 60}
    return made_by(ISSUER, claims=soon | changes.pop("claims", {}), alg=alg, **changes)


# At each endpoint, a good request.
def grant(using):
    answers = []
    using.register_compliance_hook("access_token_response", lambda got: answers.append(got) or got)
    try:
        using.fetch_token(
            metadata["token_endpoint"],
            grant_type="client_credentials",
            scope="read",
            resource=RESOURCE,
        )
    except OAuthError as error:  # who calls looks at the answer
        assert error.error == answers[0].json()["error"], error
    return answers[0]


def introspect(using, token="unknown"):
    return using.introspect_token(
        metadata["introspection_endpoint"], token=token, headers={"Accept": STATEMENT}
    )


def revoke(using, token="unknown"):
    return using.revoke_token(metadata["revocation_endpoint"], token=token)


def told(answer, registered):
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(answer.text, KEYS, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, registered["client_id"]), claims
    return claims["token_introspection"]


for alg in asserting("Authlib"):
    made_by = ClientSecretJWT if alg.startswith("HS") else PrivateKeyJWT
    members = {
        "token_endpoint_auth_method": made_by.name,
        "token_endpoint_auth_signing_alg": alg,
    }
    if made_by is PrivateKeyJWT:
        key = signing_key(alg)
        members["jwks"] = KeySet([key]).as_dict(private=False)
    rs, client = register_resource_server(**members), register_client(**members)

    def by(party):
        return session(party, party.get("client_secret") or key, asserted(made_by, alg))

    granted = grant(by(client))
    assert granted.status_code == 200, granted.text
    token = granted.json()["access_token"]
    assert told(introspect(by(rs), token), rs)["active"] is True
    assert revoke(by(client), token).status_code == 200
    assert told(introspect(by(rs), token), rs) == {"active": False}
    held(f"authenticates with {alg}")

mine, another = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
members = {
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": KeySet([mine]).as_dict(private=False),
}
client, rs = register_client(**members), register_resource_server(**members)
ENDPOINTS = [(grant, client), (introspect, rs), (revoke, client)]


def assert_refused(answer, what, status=401, error="invalid_client", says=""):
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), (what, answer.text)
    assert says in body["error_description"], (what, answer.text)


for ask, party in ENDPOINTS:
    at = ask.__name__
    by_default = session(party, mine, PrivateKeyJWT(alg="ES256"))
    assert_refused(ask(by_default), at, says=f"must be {ISSUER}, the issuer, and nothing else")
    held(f"{at}: the endpoint as audience is refused, and the answer says what to name")

    for_an_hour = session(party, mine, PrivateKeyJWT(ISSUER, alg="ES256"))
    assert_refused(ask(for_an_hour), at, says="exp may be at most 300 seconds ahead")
    held(f"{at}: an hour is refused, and the answer says what is not too long")

    again = session(party, mine, asserted(PrivateKeyJWT, "ES256"))
    assert ask(again).status_code == 200
    assert_refused(ask(again), at, says="used before: make a new one for each request")
    held(f"{at}: the second use of a jti is refused, and the answer says so")


def changed(row):
    """The method that makes what a row wants."""
    claims = row.get("claims", {})
    claims |= {name: int(time.time()) + ahead for name, ahead in row.get("times", {}).items()}
    if "aud" in row:
        named = [metadata[name] for name in row["aud"]]
        claims["aud"] = named if len(named) > 1 else named[0]
    return asserted(PrivateKeyJWT, "ES256", claims=claims, headers=row.get("header"))


for row in json.loads(TABLE):
    key = another if row.get("key") == "another" else mine
    for ask, party in ENDPOINTS:
        who = {"client_id": "stranger"} if row.get("who") == "stranger" else party
        answer = ask(session(who, key, changed(row)))
        assert_refused(answer, row, row["status"], row["error"], row.get("says", ""))
    held(f"refused: {row['what']}")
