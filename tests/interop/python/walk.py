"""Works with a server as Authlib, joserfc and jwcrypto do: registration, grant, introspection as
JSON, JWT and nested JWT for every algorithm shared with them, revocation, and refusals.

    AVOUCH_ISSUER=URL AVOUCH_INITIAL_ACCESS_TOKEN=TOKEN python walk.py

Prints a line for each thing that held, and fails at the first that did not.
"""

import json
import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jws
from joserfc.jwk import KeySet
from jwcrypto import jwe, jwk
from jwcrypto.jws import JWS

ISSUER = os.environ["AVOUCH_ISSUER"]
MAY_REGISTER = {"Authorization": f"Bearer {os.environ['AVOUCH_INITIAL_ACCESS_TOKEN']}"}
RESOURCE = "https://python.example"
STATEMENT = "application/token-introspection+jwt"
SIGNATURES = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
]


def held(what):
    print(f"held: {what}", flush=True)


metadata = requests.get(f"{ISSUER}/.well-known/oauth-authorization-server", timeout=10).json()
assert metadata["issuer"] == ISSUER, metadata
KEYS = requests.get(metadata["jwks_uri"], timeout=10).json()
held("metadata and keys")


def try_to_register(**members):
    return requests.post(
        metadata["registration_endpoint"], json=members, headers=MAY_REGISTER, timeout=10
    )


def register(**members):
    response = try_to_register(**members)
    assert response.status_code == 201, response.text
    return response.json()


def session(registered, method="client_secret_basic"):
    return OAuth2Session(
        registered["client_id"],
        registered["client_secret"],
        token_endpoint_auth_method=method,
        introspection_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )


def introspect(registered, token, accept=None):
    headers = {"Accept": accept} if accept else None
    return session(registered).introspect_token(
        metadata["introspection_endpoint"], token=token, headers=headers
    )


def resource_server(**members):
    return register(grant_types=[], resource=RESOURCE, **members)


def check_statement(compact, registered):
    """The claims, as joserfc and jwcrypto both verify them."""
    verified = jws.deserialize_compact(
        compact, KeySet.import_key_set(KEYS), algorithms=SIGNATURES
    )
    header = verified.headers()
    assert header["typ"] == "token-introspection+jwt", header
    claims = json.loads(verified.payload)
    if header["alg"] in JWS_OF_JWCRYPTO:
        again = JWS()
        again.allowed_algs = [header["alg"]]
        again.deserialize(compact, jwk.JWKSet.from_json(json.dumps(KEYS)).get_key(header["kid"]))
        assert json.loads(again.payload) == claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, registered["client_id"]), claims
    return claims["token_introspection"]


# jwcrypto knows EdDSA by its older name only.
JWS_OF_JWCRYPTO = [name for name in SIGNATURES if name != "Ed25519"]

anybody = resource_server()
shop = register(grant_types=["client_credentials"], scope="read write")
token = session(shop).fetch_token(
    metadata["token_endpoint"],
    grant_type="client_credentials",
    scope="read",
    resource=RESOURCE,
)["access_token"]
held("registration and grant with Authlib")

unsigned = introspect(anybody, token)
assert unsigned.headers["Content-Type"] == "application/json"
assert unsigned.json()["active"] is True
held("introspection as JSON with Authlib")

for alg in SIGNATURES:
    rs = resource_server(introspection_signed_response_alg=alg)
    for asked, active in [(token, True), ("unknown", False)]:
        answer = introspect(rs, asked, STATEMENT)
        assert answer.headers["Content-Type"] == STATEMENT, answer.headers
        told = check_statement(answer.text, rs)
        assert told["active"] is active
        if not active:
            assert told == {"active": False}
    held(f"introspection signed with {alg}")


def recipient(alg, crv):
    kid = f"{alg} {crv or ''}"
    if crv is None:
        return jwk.JWK.generate(kty="RSA", size=2048, kid=kid, use="enc", alg=alg)
    kty = "OKP" if crv.startswith("X") else "EC"
    return jwk.JWK.generate(kty=kty, crv=crv, kid=kid, use="enc", alg=alg)


def nested(alg, enc, crv=None):
    key = recipient(alg, crv)
    rs = resource_server(
        introspection_signed_response_alg="ES256",
        introspection_encrypted_response_alg=alg,
        introspection_encrypted_response_enc=enc,
        jwks={"keys": [json.loads(key.export_public())]},
    )
    answer = introspect(rs, token, STATEMENT)
    assert answer.headers["Content-Type"] == STATEMENT, answer.text
    sealed = jwe.JWE(algs=[alg, enc])
    sealed.deserialize(answer.text, key)
    header = json.loads(sealed.objects["protected"])
    assert header["cty"] == "JWT", header
    assert check_statement(sealed.payload.decode(), rs)["active"] is True
    for accept in ["application/json", "*/*", None]:
        refused = introspect(rs, token, accept)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    held(f"introspection nested in {alg} {crv or ''} with {enc}")


# RSA-OAEP-384 and -512 are known to other hands.
OF_JWCRYPTO = {"RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"}
ENCRYPTIONS = metadata["introspection_encryption_enc_values_supported"]
for alg in sorted(OF_JWCRYPTO & set(metadata["introspection_encryption_alg_values_supported"])):
    curves = ["P-256", "P-384", "P-521", "X25519"] if alg.startswith("ECDH") else [None]
    for crv in curves:
        nested(alg, ENCRYPTIONS[0], crv)
for enc in ENCRYPTIONS:
    nested("RSA-OAEP-256", enc)


def refused(what, response, status, error):
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    held(f"refused: {what}")


refused("a client may not introspect", introspect(shop, token), 400, "unauthorized_client")
wrong = anybody | {"client_secret": "wrong"}
refused("a wrong secret", introspect(wrong, token), 401, "invalid_client")
refused("alg none", try_to_register(
    grant_types=[], resource=RESOURCE, introspection_signed_response_alg="none",
), 400, "invalid_client_metadata")
refused("RSA1_5", try_to_register(
    grant_types=[], resource=RESOURCE, introspection_encrypted_response_alg="RSA1_5",
), 400, "invalid_client_metadata")
refused("no token", introspect(anybody, ""), 400, "invalid_request")

done = session(shop).revoke_token(metadata["revocation_endpoint"], token=token)
assert done.status_code == 200, done.text
answer = introspect(anybody, token, STATEMENT)
assert check_statement(answer.text, anybody) == {"active": False}
held("revocation with Authlib")
