"""The certificate that a server makes for itself: `STATE/tls/certificate.pem` and `key.pem`, 0600, kept until its end is near.

No authority answers for it, so a browser warns once, and people compare its fingerprint, which the server prints. So it changes as seldom as can
be: it is made anew when its end is near, or when this machine has a name or an address that it is not for, and it keeps its key and the names it had.

Rejected: an authority of our own, to be installed in browsers (whoever gets its key could be any site to them); a certificate for ten years
(platforms refuse more than 825 days, and what is never renewed is never tried).

Source: RFC 5280; the times that platforms allow: CA/Browser Forum baseline requirements, section 6.3.2.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from webipy.io.storage.private_files import make_private_folder, write_private
from webipy.io.tls.certificates import BadCertificate, Certificate, is_address, read

FOLDER: Final = "tls"
"""Below the state folder."""

VALID_DAYS: Final = 397
RENEW_DAYS: Final = 30
"""So long before its end a certificate is made anew."""

MOST_LETTERS: Final = 253
"""Of a host name (RFC 1123, section 2.1)."""

_NAME: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE
)

MOST_NAMES: Final = 60
"""Of the names that a certificate had before, so many are kept: a laptop gets an address in every network."""


def files_in(state: Path) -> tuple[Path, Path]:
    """The files of the certificate and of its key, below a state folder."""
    return state / FOLDER / "certificate.pem", state / FOLDER / "key.pem"


def keep_or_make(state: Path, names: Iterable[str], now: datetime) -> Certificate:
    """The certificate of this server: the one it has, or a new one.

    Args:
        state: The state folder.
        names: Host names and IP addresses of this machine.
        now: The time.

    Raises:
        OSError: The files cannot be written.
    """
    wanted = list(dict.fromkeys(name for name in names if _is_name(name)))
    certificate, key = files_in(state)
    try:
        kept: Certificate | None = read(certificate, key)
    except BadCertificate:  # there is none, or it was damaged; it is worth nothing but its fingerprint
        kept = None
    if kept is not None and not is_old(kept, now) and all(kept.covers(name) for name in wanted):
        return kept
    before = [] if kept is None else [name for name in kept.names if name not in wanted]
    made = _make([*wanted, *before][:MOST_NAMES], now, None if kept is None else kept.key)
    make_private_folder(certificate.parent)
    write_private(key, made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), is_durable=True)
    write_private(certificate, made.chain[0].public_bytes(Encoding.PEM), is_durable=True)
    return made


def is_old(certificate: Certificate, now: datetime) -> bool:
    """Whether a certificate is to be made anew.

    Args:
        certificate: The one there is.
        now: The time.
    """
    return now < certificate.begins or now >= certificate.ends - timedelta(days=RENEW_DAYS)


def _is_name(name: str) -> bool:
    """Whether a certificate can be for it: an address, or a name of letters, digits, hyphens and dots."""
    return is_address(name) or (len(name) <= MOST_LETTERS and _NAME.fullmatch(name) is not None)


def _make(names: list[str], now: datetime, key: object) -> Certificate:
    own = key if isinstance(key, ec.EllipticCurvePrivateKey) else ec.generate_private_key(ec.SECP256R1())
    alternative = [
        x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name) for name in names
    ]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webipy, made by itself")])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    public = own.public_key()
    built = (
        x509.CertificateBuilder(subject, subject, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of others are behind
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(own, SHA256())
    )
    return Certificate((built,), own)
