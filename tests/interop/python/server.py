"""The server under test, and what a party without an OAuth library needs of it."""

import json
import os
import signal
import subprocess

import requests

signal.alarm(300)  # whoever waits for an answer that does not come has failed

ISSUER = os.environ["AVOUCH_ISSUER"]
INITIAL_ACCESS_TOKEN = os.environ["AVOUCH_INITIAL_ACCESS_TOKEN"]
RESOURCE = "https://api.example"
STATEMENT = "application/token-introspection+jwt"

http = requests.Session()
metadata = http.get(f"{ISSUER}/.well-known/oauth-authorization-server", timeout=10).json()
assert metadata["issuer"] == ISSUER, metadata


def published_keys():
    return http.get(metadata["jwks_uri"], timeout=10).json()


def held(what):
    """Says that something was seen to hold. Whoever runs the script counts these lines."""
    print(f"held: {what}", flush=True)


def try_to_register(members, initial_access_token=INITIAL_ACCESS_TOKEN):
    headers = {}
    if initial_access_token is not None:
        headers["Authorization"] = f"Bearer {initial_access_token}"
    return http.post(metadata["registration_endpoint"], json=members, headers=headers, timeout=10)


def limited_access_token(resource):
    """What the operator of the server hands out to whoever may register one resource server."""
    wanted = ["--kinds", "resource_servers", "--resource", resource, "--json"]
    made = subprocess.run(
        [os.environ["AVOUCH"], "initial-access-token", "create", *wanted],
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(made.stdout)["initial_access_token"]


def register(initial_access_token=INITIAL_ACCESS_TOKEN, **members):
    """Registers a party and gives what the server says of it."""
    response = try_to_register(members, initial_access_token)
    assert response.status_code == 201, response.text
    return response.json()


def register_resource_server(**members):
    return register(**{"grant_types": [], "resource": RESOURCE} | members)


def register_client(**members):
    return register(**{"grant_types": ["client_credentials"], "scope": "read write"} | members)


def basic(registered):
    return registered["client_id"], registered["client_secret"]


def fresh_token():
    """An access token for RESOURCE, which is served from then on."""
    register_resource_server()
    response = http.post(
        metadata["token_endpoint"],
        data={"grant_type": "client_credentials", "scope": "read", "resource": RESOURCE},
        auth=basic(register_client()),
        timeout=10,
    )
    return response.json()["access_token"]


def statement_for(resource_server, token):
    """The statement that a resource server gets about a token."""
    response = http.post(
        metadata["introspection_endpoint"],
        data={"token": token},
        headers={"Accept": STATEMENT},
        auth=basic(resource_server),
        timeout=10,
    )
    assert response.headers["Content-Type"] == STATEMENT, response.text
    return response.text


def encrypted(alg, enc, **keys):
    """What a resource server registers to have its statements encrypted."""
    return {
        "introspection_signed_response_alg": "ES256",
        "introspection_encrypted_response_alg": alg,
        "introspection_encrypted_response_enc": enc,
        **keys,
    }


def changed(compact, part):
    """The compact token with another last character but one in this part: the last may be padding."""
    parts = compact.split(".")
    text = parts[part]
    parts[part] = text[:-2] + ("B" if text[-2] == "A" else "A") + text[-1]
    return ".".join(parts)
