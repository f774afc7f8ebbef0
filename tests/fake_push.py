"""A push service, and a browser that has subscribed there: what RFC 8030, 8188, 8291 and 8292 ask of them, in code that shares none with webipy."""

from __future__ import annotations

import http.server
import json
import secrets
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.internet.defer import Deferred, succeed

from webipy.core import errors
from webipy.server.ports.notifications import Notification, Undelivered
from webipy.server.ports.web_push import Subscription

SERVICE = "https://updates.push.services.mozilla.com"
"""A push service that is known."""


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class FakeBrowser:
    """A browser that has subscribed.

    Args:
        service: The origin of its push service.
        key: Its private key; `None`: a new one.
        secret: The secret that it shares; `None`: a new one.
    """

    def __init__(
        self, service: str, key: ec.EllipticCurvePrivateKey | None = None, secret: bytes | None = None
    ) -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self._secret = secret or secrets.token_bytes(16)
        self.path = f"/push/{secrets.token_urlsafe(12)}"
        self.endpoint = service.rstrip("/") + self.path
        self.p256dh = encode(self._point)
        self.auth = encode(self._secret)

    @property
    def _point(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def params(self, **more: Any) -> dict[str, Any]:
        """What the page says of it."""
        return {"endpoint": self.endpoint, "p256dh": self.p256dh, "auth": self.auth, **more}

    def decrypt(self, body: bytes) -> bytes:
        """The text of a message, without what fills it up."""
        salt, size, public = body[:16], int.from_bytes(body[16:20], "big"), body[21 : 21 + body[20]]
        record = body[21 + body[20] :]
        assert len(record) <= size and len(body) <= 4096
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)

        def derive(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
            return HKDF(hashes.SHA256(), length, salt, info).derive(material)

        shared = self._key.exchange(ec.ECDH(), sender)
        material = derive(shared, self._secret, b"WebPush: info\0" + self._point + public, 32)
        key = derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derive(material, salt, b"Content-Encoding: nonce\0", 12)
        text, end, padding = AESGCM(key).decrypt(nonce, record, None).rpartition(b"\x02")
        assert end and not padding.strip(b"\0")
        return text

    def message(self, body: bytes) -> dict[str, Any]:
        """The message, as the service worker reads it."""
        found: dict[str, Any] = json.loads(self.decrypt(body))
        return found


def verified(authorization: str, audience: str) -> tuple[dict[str, Any], str]:
    """The claims of a `vapid` header, and its key; it fails where a push service refuses it.

    Args:
        authorization: The header.
        audience: The origin of the push service.
    """
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "vapid", authorization
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
    claims: dict[str, Any] = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=audience)
    assert claims["exp"] - time.time() <= 24 * 3600
    return claims, parts["k"]


class FakePushService:
    """A push service on this machine, in a thread of its own: it takes what a server sends, and answers as it is told.

    A message with a topic takes the place of one with the same topic that is not yet fetched, as RFC 8030 has it; `came` has all that arrived.
    """

    def __init__(self) -> None:
        self.came: list[tuple[str, Any, bytes]] = []
        self.statuses: list[int] = []
        self.faults: list[str] = []
        service = self

        class Receiver(http.server.BaseHTTPRequestHandler):
            """One message."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(service.take(self.path, self.headers, body))
                self.send_header("Location", f"{service.origin}/inner")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, path: str, headers: Any, body: bytes) -> int:
        """Keeps a message; returns the status of the answer."""
        status = self.statuses.pop(0) if self.statuses else 201
        if status != 201:
            return status
        try:
            verified(headers["Authorization"], self.origin)
            assert (
                int(headers["TTL"]) > 0 and headers["Content-Encoding"] == "aes128gcm" and len(headers["Topic"]) <= 32
            )
        except (AssertionError, jwt.InvalidTokenError, KeyError, ValueError) as fault:
            self.faults.append(repr(fault))
            return 400
        self.came.append((path, headers, body))
        return 201

    def messages(self, browser: FakeBrowser) -> list[dict[str, Any]]:
        """What came for a browser, decrypted."""
        return [browser.message(body) for path, _, body in self.came if path == browser.path]

    def topics(self, browsers: Iterable[FakeBrowser]) -> dict[str, list[str]]:
        """The topics that came, by the paths of browsers."""
        return {one.path: [headers["Topic"] for path, headers, _ in self.came if path == one.path] for one in browsers}

    def close(self) -> None:
        """Takes no more."""
        self.server.shutdown()
        self.server.server_close()


class FakeWebPush:
    """Sends to memory; the first tries fail as a test says."""

    def __init__(self) -> None:
        self.key = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        self.sent: list[tuple[str, str, str]] = []
        self.faults: list[Undelivered] = []
        self.is_held = False

    def public_key(self) -> Deferred[str]:
        """See the port."""
        return succeed(self.key)

    def check(self, endpoint: str, key: str, secret: str) -> None:
        """See the port."""
        if not endpoint.startswith(SERVICE):
            raise errors.InvalidParams("no push service", field="endpoint")

    def send(self, notification: Notification, to: Subscription, text: str) -> Deferred[None]:
        """See the port."""
        self.sent.append((to.endpoint, notification.id, text))
        sent: Deferred[None] = Deferred()
        if self.faults:
            sent.errback(self.faults.pop(0))
        elif not self.is_held:
            sent.callback(None)
        return sent
