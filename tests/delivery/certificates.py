"""Certificates made for one test: by an authority that it trusts or does not, in date or not."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; a test trusts it by pointing SSL_CERT_FILE at ``file``."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        own = cls(
            folder, key, _signed("Test authority", key, key, "Test authority", authority=True)
        )
        own.file.write_bytes(own.certificate.public_bytes(serialization.Encoding.PEM))
        return own

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def server_context(self, address: str, valid_for: timedelta = DAY) -> ssl.SSLContext:
        """What a server at ``address`` shows; it has expired where ``valid_for`` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        shown = _signed("Server", key, self.key, "Test authority", address, valid_for)
        return _context(self.folder, key, shown)


def self_signed_context(folder: Path, address: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    return _context(folder, key, _signed("Server", key, key, "Server", address))


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    signed_by: str,
    address: str = "127.0.0.1",
    valid_for: timedelta = DAY,
    *,
    authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(signed_by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + valid_for)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _context(
    folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> ssl.SSLContext:
    pem = serialization.Encoding.PEM
    file = folder / f"server-{certificate.serial_number}.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
