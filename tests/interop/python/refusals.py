"""Is refused as refusals.json says, in the eyes of Authlib's OAuth2Session; registration and its
management by hand.
"""

import json
import os
from pathlib import Path

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from jwcrypto.jwk import JWK

from server import (
    RESOURCE, STATEMENT, encrypted, held, http, limited_access_token, metadata, register,
    register_client, register_resource_server, try_to_register,
)

TABLE = json.loads(Path(__file__).parent.parent.joinpath("refusals.json").read_text("utf-8"))

key = JWK.generate(kty="EC", crv="P-256", kid="mine").export_public(as_dict=True)
# Nobody listens on the port for discarding what comes (RFC 863).
nowhere = {"jwks_uri": "http://127.0.0.1:9/"}
PARTIES = {
    "rs": register_resource_server(),
    "sealed_rs": register_resource_server(**encrypted("ECDH-ES", "A128GCM", jwks={"keys": [key]})),
    "unreachable_rs": register_resource_server(**encrypted("ECDH-ES", "A128GCM", **nowhere)),
    "limited_rs": register(
        limited_access_token("https://limited.example"), resource="https://limited.example"
    ),
    "client": register_client(scope="read"),
    "other_client": register_client(),
    "stranger": {"client_id": "stranger", "client_secret": "secret"},
}


def session(row):
    party = PARTIES[row["who"]]
    method = row.get("method", "client_secret_basic")
    return OAuth2Session(
        party["client_id"],
        row.get("secret", party["client_secret"]),
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )


def fetch_token(at, **parameters):
    """The answer of the token endpoint, and the error Authlib makes of it."""
    answers = []
    at.register_compliance_hook("access_token_response", lambda got: answers.append(got) or got)
    try:
        at.fetch_token(
            metadata["token_endpoint"],
            **{"grant_type": "client_credentials", "resource": RESOURCE} | parameters,
        )
        raised = None
    except OAuthError as error:
        raised = error.error
    return answers[0], raised


answer, raised = fetch_token(session({"who": "client"}))
assert raised is None, raised
TOKEN = answer.json()["access_token"]


# What an update does not repeat.
SET_BY_SERVER = {
    "client_secret", "client_secret_expires_at", "client_id_issued_at", "registration_access_token",
    "registration_client_uri",
}


def manage(row):
    """Asks for something about the registration of a party."""
    party = PARTIES[row["who"]]
    own = PARTIES[row.get("token_of", row["who"])]["registration_access_token"]
    token = row.get("registration_access_token", own)
    update = None
    if row["call"] == "PUT":
        update = {name: party[name] for name in party.keys() - SET_BY_SERVER}
        update |= row.get("metadata", {})
    path = "/client_secret" if row["call"] == "POST" else ""
    return http.request(
        row["call"],
        party["registration_client_uri"] + path,
        json=update,
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def answer_to(row):
    """What the server says to a row of the table."""
    parameters = row.get("parameters", {})
    token = row.get("token", TOKEN)
    match row["at"]:
        case "introspection":
            return session(row).introspect_token(
                metadata["introspection_endpoint"],
                token=token,
                headers={"Accept": row.get("accept", STATEMENT)},
                body="&".join(f"{name}={value}" for name, value in parameters.items()),
            )
        case "token":
            answer, raised = fetch_token(session(row), **parameters)
            assert raised == row["error"], row
            return answer
        case "revocation":
            return session(row).revoke_token(metadata["revocation_endpoint"], token=token)
        case "registration":
            members = {"grant_types": [], "resource": RESOURCE} | row["metadata"]
            if "initial_access_token" in row:
                return try_to_register(members, row["initial_access_token"])
            return try_to_register(members)
        case "management":
            return manage(row)


for row in TABLE:
    answer = answer_to(row)
    body = answer.json()
    assert (answer.status_code, body["error"]) == (row["status"], row["error"]), (row, answer.text)
    assert isinstance(body["error_description"], str), row
    assert ("WWW-Authenticate" in answer.headers) == (row["status"] == 401), (row, answer.headers)
    held(f"refused: {row['what']}")
