"""Publishes the keys of a client at a jwks_uri and changes them while it authenticates as Authlib
does.
"""

import os
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, KeySet

from publisher import Publisher
from server import ISSUER, RESOURCE, held, metadata, register_client, register_resource_server

first, second, never = (ECKey.generate_key("P-384", auto_kid=True) for _ in range(3))
published = [first]
publisher = Publisher(lambda: KeySet(published).as_dict(private=False))
register_resource_server()
client = register_client(
    token_endpoint_auth_method="private_key_jwt", jwks_uri=publisher.uri
)


def grant(key):
    """Gets a token, with an assertion that the key signed."""
    using = OAuth2Session(
        client["client_id"], key, token_endpoint_auth_method="private_key_jwt"
    )
    soon = {"exp": int(time.time()) + 60}
    header = {"kid": key.kid}
    using.register_client_auth_method(PrivateKeyJWT(ISSUER, soon, header, alg="ES384"))
    return using.fetch_token(
        metadata["token_endpoint"], grant_type="client_credentials", resource=RESOURCE
    )


for _ in range(2):
    assert grant(first)["access_token"]
assert publisher.asked == 1, publisher.asked
held("published keys are fetched once")

published.append(second)
for key in [second, first]:
    assert grant(key)["access_token"]
assert publisher.asked == 2, publisher.asked
held("an unknown kid makes the server look again")

for _ in range(5):
    try:
        grant(never)
    except OAuthError as error:
        assert error.error == "invalid_client", error
    else:
        raise AssertionError("a key that is not published")
assert publisher.asked == 2, publisher.asked
held("a kid that is never published is refused, and not looked for again at once")
