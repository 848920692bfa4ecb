"""Every algorithm the server advertises, but for those not-shared.json says a library does not know."""

import json
from pathlib import Path

from server import metadata

NOT_SHARED = json.loads(Path(__file__).parent.parent.joinpath("not-shared.json").read_text("utf-8"))
CURVES = ["P-256", "P-384", "P-521", "X25519"]


def shared(library, names):
    """The algorithms or curves a library knows; of the others, the reasons are printed."""
    for name in names:
        if name in NOT_SHARED[library]:
            print(f"not shared: {name} with {library}: {NOT_SHARED[library][name]}")
        else:
            yield name


def signing(library):
    """The signing algorithms a library shares with the server."""
    algs = list(shared(library, metadata["introspection_signing_alg_values_supported"]))
    assert algs
    return algs


def asserting(library):
    """The algorithms of client assertions a library shares with the server, the same everywhere."""
    advertised, *others = [
        metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        for endpoint in ["token", "introspection", "revocation"]
    ]
    assert all(other == advertised for other in others), others
    algs = list(shared(library, advertised))
    assert algs
    return algs


def proving(library):
    """The algorithms of DPoP proofs a library shares with the server."""
    algs = list(shared(library, metadata["dpop_signing_alg_values_supported"]))
    assert algs
    return algs


def encryption(library):
    """Each key management algorithm, with each kind of key, with each content encryption."""
    algs = list(shared(library, metadata["introspection_encryption_alg_values_supported"]))
    encs = list(shared(library, metadata["introspection_encryption_enc_values_supported"]))
    curves = list(shared(library, CURVES))
    assert algs and encs
    return [
        (alg, kind, enc)
        for alg in algs
        for kind in (["RSA"] if alg.startswith("RSA") else curves)
        for enc in encs
    ]
