"""Trusts the server over TLS for the authority that it announced, and for nothing else."""

import os

import requests

from server import ISSUER, held, metadata

addresses = [url for name, url in metadata.items() if name.endswith(("_endpoint", "_uri"))]
assert len(addresses) == 5, addresses
assert ISSUER.startswith("https://")
assert all(url.startswith(f"{ISSUER}/") for url in addresses), addresses
held("every address is below the https issuer")

answer = requests.get(metadata["jwks_uri"], verify=os.environ["REQUESTS_CA_BUNDLE"], timeout=10)
assert answer.json()["keys"]
held("whoever knows the authority trusts the server")

stranger = requests.Session()
stranger.trust_env = False  # and so does not see REQUESTS_CA_BUNDLE
try:
    stranger.get(metadata["jwks_uri"], timeout=10)
except requests.exceptions.SSLError as error:
    assert "CERTIFICATE_VERIFY_FAILED" in str(error), error
    held("whoever does not know the authority refuses the server")
else:
    raise AssertionError("an authority that nobody knows was trusted")
