"""Manages a registration (RFC 7592). Authlib has no calls for that: its OAuth2Session sends the
requests as those for a resource that is protected by the registration access token.
"""

from authlib.integrations.requests_client import OAuth2Session

from server import (
    RESOURCE, basic, held, http, metadata, register_client, register_resource_server,
)

ABOUT_THE_ANSWER = {"client_secret", "client_secret_expires_at", "registration_access_token"}
SET_BY_SERVER = {"client_id_issued_at", "registration_client_uri"}


def ask(method, uri, token, **request):
    holder = OAuth2Session(token={"access_token": token, "token_type": "Bearer"})
    return holder.request(method, uri, timeout=10, **request)


def without(registered, names):
    return {name: value for name, value in registered.items() if name not in names}


def introspect(rs, token):
    uri = metadata["introspection_endpoint"]
    return http.post(uri, data={"token": token}, auth=basic(rs), timeout=10).json()


def fetch_token(client_id, secret):
    data = {"grant_type": "client_credentials", "resource": RESOURCE}
    uri = metadata["token_endpoint"]
    return http.post(uri, data=data, auth=(client_id, secret), timeout=10)


def assert_dead(answer):
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token"), answer.text
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], answer.headers


rs = register_resource_server()
client = register_client(client_name="Named", contacts=["ops@party.example"])
uri, older = client["registration_client_uri"], client["registration_access_token"]
read = ask("GET", uri, older)
assert read.status_code == 200, read.text
assert without(read.json(), ABOUT_THE_ANSWER) == without(client, ABOUT_THE_ANSWER), read.text
assert "client_secret" not in read.json()
held("a registration is read, but for the secret")

changed = without(read.json(), ABOUT_THE_ANSWER | SET_BY_SERVER | {"contacts"})
changed |= {"client_name": "Renamed", "client_secret": client["client_secret"]}
updated = ask("PUT", uri, older, json=changed)
assert updated.status_code == 200, updated.text
assert updated.json()["client_name"] == "Renamed", updated.text
assert "contacts" not in updated.json()
held("a registration is replaced: what is left out is gone, the secret may be repeated")

fresh = updated.json()["registration_access_token"]
for token in [older, fresh]:
    again = ask("GET", uri, token).json()
    assert without(again, ABOUT_THE_ANSWER) == without(updated.json(), ABOUT_THE_ANSWER), again
assert_dead(ask("GET", uri, older))
held("the older token ends when the fresh one is used")

renewed = ask("POST", f"{uri}/client_secret", fresh)
assert renewed.status_code == 201, renewed.text
secrets = [client["client_secret"], renewed.json()["client_secret"]]
assert len(set(secrets)) == 2
tokens = []
for secret in secrets:
    granted = fetch_token(client["client_id"], secret)
    assert granted.status_code == 200, granted.text
    tokens.append(granted.json()["access_token"])
    assert introspect(rs, tokens[-1])["active"] is True
held("the new secret is good, and the older one for a while")

deleted = ask("DELETE", uri, fresh)
assert (deleted.status_code, deleted.text) == (204, ""), deleted.text
for method in ["GET", "DELETE"]:
    assert_dead(ask(method, uri, fresh))
held("a registration that was deleted is not there, and its token is dead")
for secret in secrets:
    refused = fetch_token(client["client_id"], secret)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client"), refused.text
held("the secrets of a deleted client are dead")
for token in tokens:
    assert introspect(rs, token) == {"active": False}
held("the access tokens of a deleted client are inactive")
