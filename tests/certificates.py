"""Certificates for tests: an authority, and what it signs, good or bad."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from webipy.io.tls.certificates import is_address

NAME = "notebooks.example"


@cache
def authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The authority that signs the others, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _sign("Authority of tests", (), key, None, 0, 10, True), key


def _sign(
    subject: str, names: Sequence[str], key: Any, signer: Any, begins_days: float, ends_days: float, is_authority: bool
) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]), datetime.now(UTC)
    issuer, with_key = (name, key) if signer is None else (signer[0].subject, signer[1])
    built = (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins_days, minutes=-5))
        .not_valid_after(now + timedelta(days=ends_days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(with_key.public_key()), critical=False)
    )
    if is_authority:
        built = built.add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), True)
    if names:
        hosts = [x509.IPAddress(ipaddress.ip_address(one)) if is_address(one) else x509.DNSName(one) for one in names]
        built = built.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return built.sign(with_key, SHA256())


def write_pair(
    folder: Path,
    *names: str,
    begins_days: float = 0,
    ends_days: float = 5,
    key: Any = None,
    password: bytes | None = None,
    stem: str = "server",
) -> tuple[Path, Path]:
    """Writes a certificate of the authority and its key, over those that are there.

    Args:
        folder: Where to.
        names: What it is for.
        begins_days: From when on it counts, from now.
        ends_days: When it ends, from now.
        key: Its private key; a new one unless given.
        password: What the key is encrypted with.
        stem: How the files are called.

    Returns:
        The files of the chain and of the key.
    """
    folder.mkdir(exist_ok=True, parents=True)
    own = key or ec.generate_private_key(ec.SECP256R1())
    made = _sign(NAME, names, own, authority(), begins_days, ends_days, False)
    chain, private = folder / f"{stem}.pem", folder / f"{stem}.key"
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    _replace(private, own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    _replace(chain, made.public_bytes(Encoding.PEM) + authority()[0].public_bytes(Encoding.PEM))
    return chain, private


def write_authority(folder: Path) -> Path:
    """Writes the authority's certificate, for those who trust it."""
    path = folder / "authority.pem"
    path.write_bytes(authority()[0].public_bytes(Encoding.PEM))
    return path


def _replace(path: Path, body: bytes) -> None:
    new = path.with_suffix(path.suffix + ".new")
    new.write_bytes(body)
    new.chmod(0o600)
    new.replace(path)
