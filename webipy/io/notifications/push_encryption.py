"""What a push service is sent: a message that the browser alone can read, and a signature that says which server sends it.

    text ──AES-128-GCM, a key of its own for each message──► record      the push service sees its length, which is always the same
    origin, time ──ES256, the key of this server──► Authorization: vapid t=JWT, k=KEY

A browser takes messages only from the key that it was subscribed with. The server's key is made when it is first wanted, and kept in a file that its
user alone can read; without it no browser could be reached that has subscribed.

Source: RFC 8291 (encryption of messages), RFC 8188 (aes128gcm), RFC 8292 (VAPID), RFC 7518, section 3.4 (ES256).
Rejected: pywebpush (brings aiohttp and requests, a second and a third client of HTTP); http-ece and py-vapid (two packages for what are some forty
lines with `cryptography`, which is here anyway; the first has no wheel, and both keep what browsers no longer speak).
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

TEXT_BYTES: Final = 2048
"""Room for a text; each is filled up to it, so that its length says nothing."""

RECORD_BYTES: Final = 4096
"""The size of a record (RFC 8188, section 2.1): a whole message has one, and no push service takes more (RFC 8291, section 4)."""

JWT_SECONDS: Final = 12 * 3600
"""How long a signature counts; at most a day (RFC 8292, section 2)."""

_CURVE: Final = ec.SECP256R1()
_DELIMITER: Final = b"\x02"
"""Ends the text of the last record (RFC 8188, section 2)."""


def encrypted(
    text: bytes, key: bytes, secret: bytes, own: ec.EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """The body of a message.

    Args:
        text: At most `TEXT_BYTES` bytes.
        key: The public key of the browser, uncompressed.
        secret: The secret of the browser.
        own: The key of this message; `None`: a new one.
        salt: 16 random bytes; `None`: new ones.

    Source: RFC 8291, section 3.4.
    """
    own = own or ec.generate_private_key(_CURVE)
    salt = salt or os.urandom(16)
    public = _point(own)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key))
    material = _derived(shared, secret, b"WebPush: info\0" + key + public, 32)
    content_key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4) + len(public).to_bytes() + public
    return head + AESGCM(content_key).encrypt(nonce, text + _DELIMITER, None)


def filled(text: bytes) -> bytes:
    """JSON with spaces behind it, so that all have one length."""
    return text.ljust(TEXT_BYTES)


def _derived(material: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, salt, info).derive(material)


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def base64url(data: bytes) -> str:
    """As JWTs and browsers have it, without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class ServerKey:
    """The key that says which server sends a message.

    Args:
        pem: As `pem` returns it; `None`: a new one.

    Raises:
        ValueError: It is no such key.
    """

    def __init__(self, pem: bytes | None = None) -> None:
        if pem is None:
            self._key = ec.generate_private_key(_CURVE)
            return
        try:
            found = load_pem_private_key(pem, None)
        except (TypeError, UnsupportedAlgorithm) as fault:
            raise ValueError(str(fault)) from None
        if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name != _CURVE.name:
            raise ValueError("it is no private key of P-256")
        self._key = found

    def pem(self) -> bytes:
        """The key, PKCS #8 in PEM."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> str:
        """The public key as browsers take it, base64url."""
        return base64url(_point(self._key))

    def authorization(self, origin: str, contact: str, now: float) -> str:
        """The header `Authorization` of a message.

        Args:
            origin: The origin of the push service.
            contact: Whom the push service writes to, `mailto:` or `https:`; empty: nobody.
            now: The time, seconds since 1970.

        Source: RFC 8292, section 3.
        """
        claims: dict[str, object] = {"aud": origin, "exp": int(now) + JWT_SECONDS}
        if contact:
            claims["sub"] = contact
        head = {"typ": "JWT", "alg": "ES256"}
        signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"vapid t={signed}.{base64url(r.to_bytes(32) + s.to_bytes(32))}, k={self.public}"
