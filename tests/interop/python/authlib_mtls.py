"""Clients and resource servers that prove themselves with a certificate (RFC 8705). Authlib has no
name for it: its OAuth2Session sends the `client_id` alone (`none`), and the certificate is given to
requests, which it is made of.
"""

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from certificates import NAMES, OTHER_NAMES, Certificate
from server import (
    ISSUER, RESOURCE, STATEMENT, held, metadata, published_keys, register_client,
    register_resource_server,
)

KEYS = KeySet.import_key_set(published_keys())
ENDPOINTS = metadata["mtls_endpoint_aliases"]


def session(registered, certificate):
    made = OAuth2Session(
        registered["client_id"],
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
    )
    if certificate:
        made.cert = str(certificate.file)
    return made


def grant(client, certificate):
    granted = session(client, certificate).fetch_token(
        ENDPOINTS["token_endpoint"],
        grant_type="client_credentials",
        scope="read",
        resource=RESOURCE,
    )
    assert granted["token_type"] == "Bearer", granted
    return granted["access_token"]


def introspect(rs, token, certificate):
    return session(rs, certificate).introspect_token(
        ENDPOINTS["introspection_endpoint"], token=token, headers={"Accept": STATEMENT}
    )


def told(rs, token, certificate):
    answer = introspect(rs, token, certificate)
    assert answer.headers["Content-Type"] == STATEMENT, answer.text
    claims = jwt.decode(answer.text, KEYS, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, rs["client_id"]), claims
    return claims["token_introspection"]


def revoke(client, token, certificate):
    endpoint = ENDPOINTS["revocation_endpoint"]
    return session(client, certificate).revoke_token(endpoint, token=token)


SHOP = "CN=shop,O=Shop Ltd,C=DE"
shop = Certificate(SHOP, vouched=True, names=NAMES)
other = Certificate("CN=shop,O=Other Ltd,C=DE", vouched=True, names=OTHER_NAMES)
nobodys = Certificate(SHOP, vouched=False, names=NAMES)
alone = Certificate("CN=alone", vouched=False)


def named(name, value):
    members = {"token_endpoint_auth_method": "tls_client_auth", f"tls_client_auth_{name}": value}
    return members, shop, {"another name": other, "a certificate nobody stands for": nobodys}


CALLERS = {
    "a subject": named("subject_dn", SHOP),
    "a host name": named("san_dns", "shop.example"),
    "a URI": named("san_uri", "urn:example:shop"),
    "an IP address": named("san_ip", "192.0.2.7"),
    "a mail address": named("san_email", "it@shop.example"),
    "a registered certificate": (
        {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": alone.jwks},
        alone,
        {
            "another of the same name": Certificate("CN=alone", vouched=False),
            "one of an authority": shop,
        },
    ),
}

for what, (members, certificate, others) in CALLERS.items():
    rs = register_resource_server(**members)
    client = register_client(**members, tls_client_certificate_bound_access_tokens=True)
    token = grant(client, certificate)
    before = told(rs, token, certificate)
    assert before["active"], before
    assert revoke(client, token, certificate).status_code == 200
    assert told(rs, token, certificate) == {"active": False}
    held(f"{what} authenticates for grant, introspection and revocation")

    assert before["cnf"] == {"x5t#S256": certificate.thumbprint}, before
    held(f"a token is bound to the certificate with {what}")

    for which, wrong in others.items():
        for answer in [introspect(rs, token, wrong), revoke(client, token, wrong)]:
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer
        try:
            grant(client, wrong)
        except OAuthError as error:
            assert error.error == "invalid_client", error
        else:
            raise AssertionError(f"{which} for {what} got a token")
        held(f"refused: {which} for {what}")
