"""Certificates that PyPI's cryptography makes."""

import base64
import hashlib
import ipaddress
import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from jwcrypto.jwk import JWK

_folder = tempfile.TemporaryDirectory(prefix="avouch-interop-")
_authority = Path(os.environ["AVOUCH_CLIENT_AUTHORITY"])
NAMES = [
    x509.DNSName("shop.example"),
    x509.UniformResourceIdentifier("urn:example:shop"),
    x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
    x509.RFC822Name("it@shop.example"),
]
OTHER_NAMES = [x509.DNSName("other.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.8"))]


class Certificate:
    """One of this subject: by itself, or by the authority that the server trusts."""

    def __init__(self, subject, *, vouched, names=()):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name.from_rfc4514_string(subject)
        issuer, signing = subject, key
        if vouched:
            issuer = x509.load_pem_x509_certificate(_read("client-ca.pem")).subject
            signing = serialization.load_pem_private_key(_read("client-ca.key"), None)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = builder.sign(signing, hashes.SHA256())

        der = made.public_bytes(serialization.Encoding.DER)
        digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest())
        self.thumbprint = digest.decode().rstrip("=")  # RFC 8705 section 3.1
        jwk = json.loads(JWK.from_pyca(key.public_key()).export_public())
        self.jwks = {"keys": [jwk | {"x5c": [base64.b64encode(der).decode()]}]}
        pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.file = Path(_folder.name, f"{made.serial_number:x}.pem")
        self.file.write_bytes(pem)


def _read(name):
    return _authority.joinpath(name).read_bytes()
