"""The certificate that a server shows, and everything that can be wrong with it.

    PEM files ──read──► Certificate ──check──► it may be used, or `BadCertificate` says what to do

A file is read whole, with its key, and is right or is refused: not PEM, a key of another certificate, a certificate that has ended, begins later,
or is for other names. The same questions are asked at the start and at each renewal.

Invariant: what `read` returns has a key that fits the first certificate of the chain.

Source: RFC 7468 (PEM); RFC 9525 (names of a service, wildcards only as the whole first label).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

MOST_BYTES: Final = 1 << 20
"""Of a PEM file: a chain has some kilobytes."""

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
"""The kinds of keys that TLS 1.2 and 1.3 use."""

_KEY_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


class BadCertificate(Exception):
    """A certificate cannot be used; the message is a sentence that says why, and what would be right."""


@attrs.frozen(slots=False)
class Certificate:
    """A certificate with its key.

    Args:
        chain: The certificate, and those that lead from it to an authority.
        key: The private key of the first.
    """

    chain: tuple[x509.Certificate, ...]
    key: Key = attrs.field(repr=False)

    @property
    def _own(self) -> x509.Certificate:
        return self.chain[0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The host names and IP addresses that it is for, in lower case; IPv6 addresses without brackets."""
        try:
            found = self._own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return ()
        hosts = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
        return (*hosts, *map(str, found.get_values_for_type(x509.IPAddress)))

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The names of single hosts among `names`, as a `Host` header has them."""
        return tuple(f"[{name}]" if ":" in name else name for name in self.names if "*" not in name)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, as browsers show it: 32 bytes in hex with colons."""
        return self._own.fingerprint(SHA256()).hex(":").upper()

    @property
    def begins(self) -> datetime:
        """From when on it counts."""
        return self._own.not_valid_before_utc

    @property
    def ends(self) -> datetime:
        """Until when it counts: it, or the first of its chain that ends."""
        return min(one.not_valid_after_utc for one in self.chain)

    def covers(self, name: str) -> bool:
        """Whether it is for a host.

        Args:
            name: A host name, or an IP address with or without brackets.
        """
        bare = name.strip("[]").lower()
        if is_address(bare):
            wanted = ipaddress.ip_address(bare)
            return any(is_address(one) and ipaddress.ip_address(one) == wanted for one in self.names)
        return any(one == bare or (one.startswith("*.") and bare.partition(".")[2] == one[2:]) for one in self.names)


def is_address(name: str) -> bool:
    """Whether a host is an IP address, without brackets."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def read(certificate: Path, key: Path | None) -> Certificate:
    """Reads a chain and its key.

    Args:
        certificate: PEM: the certificate of the server first, then those that lead to an authority.
        key: PEM: its private key, not encrypted; `None` when it stands in `certificate`, too.

    Raises:
        BadCertificate: They cannot be read, or do not belong together.
    """
    body = _content(certificate)
    chain = _chain(body, certificate)
    found = Certificate(chain, _key(body if key is None else _content(key), key or certificate, key is None))
    _fit(found, certificate, key or certificate)
    return found


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise BadCertificate(f"{path} cannot be read: {fault.strerror}.") from None
    if len(body) > MOST_BYTES:
        raise BadCertificate(f"{path} is larger than {MOST_BYTES >> 10} KiB; it is no PEM file of a certificate.")
    return body


def _chain(body: bytes, path: Path) -> tuple[x509.Certificate, ...]:
    if b"-----BEGIN CERTIFICATE-----" not in body:
        what = (
            "holds a key and no certificate"
            if _KEY_BLOCK.search(body)
            else "holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"
        )
        raise BadCertificate(f"{path} {what}. A file in DER becomes PEM by: openssl x509 -inform der -in FILE")
    try:
        return tuple(x509.load_pem_x509_certificates(body))
    except ValueError:
        raise BadCertificate(f"{path} holds a certificate that is damaged; copy it again.") from None


def _key(body: bytes, path: Path, is_beside: bool) -> Key:
    found = _KEY_BLOCK.search(body)
    if found is None:
        more = (
            "Name the file with the key with --tls-key" if is_beside else "It begins with -----BEGIN PRIVATE KEY-----"
        )
        raise BadCertificate(f"{path} holds no private key in PEM. {more}.")
    decrypt = f"decrypt it: openssl pkey -in {path} -out FILE"
    try:
        key = load_pem_private_key(found[0], None)
    except TypeError:  # what cryptography raises for a key with a password
        raise BadCertificate(
            f"The key in {path} has a password, which nobody could type at a renewal; {decrypt}"
        ) from None
    except ValueError:
        if b"ENCRYPTED" in found[0]:
            raise BadCertificate(
                f"The key in {path} has a password, which nobody could type at a renewal; {decrypt}"
            ) from None
        raise BadCertificate(f"{path} holds a key that is damaged; copy it again.") from None
    if not isinstance(
        key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
    ):
        raise BadCertificate(f"{path} holds a key of a kind that TLS does not use; make an EC or an RSA key.")
    return key


def _fit(found: Certificate, certificate: Path, key: Path) -> None:
    """Checks that the key is that of the first certificate."""
    own = _public(found.key.public_key())
    fitting = [_public(one.public_key()) == own for one in found.chain]
    if fitting[0]:
        return
    if any(fitting):
        raise BadCertificate(
            f"In {certificate} the certificate of the server must stand first, before those of authorities."
        )
    raise BadCertificate(
        f"The key in {key} is not that of the certificate in {certificate}; name the two that were made together."
    )


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]  # all public keys have it
    return encoded


def check(found: Certificate, now: datetime, names: Iterable[str]) -> None:
    """Checks that a certificate counts now, and for the names that the server is reached under.

    Args:
        found: The certificate.
        now: The time.
        names: Host names or IP addresses that it must be for.

    Raises:
        BadCertificate: It does not.
    """
    if now < found.begins:
        raise BadCertificate(
            f"The certificate counts only from {_day(found.begins)} on; is the clock of this machine right?"
        )
    if now >= found.ends:
        raise BadCertificate(f"The certificate has ended at {_day(found.ends)}; renew it.")
    if not found.names:
        raise BadCertificate(
            "The certificate names no host as its alternative name (subjectAltName), which browsers ask for."
        )
    missing = [name for name in names if not found.covers(name)]
    if missing:
        raise BadCertificate(f"The certificate is for {enumerated(found.names)}, not for {enumerated(missing)}.")


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def enumerated(names: Sequence[str], most: int = 6) -> str:
    """Names as the part of a sentence.

    Args:
        names: One or more.
        most: So many are named, and the rest is counted.
    """
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
