"""Tells browsers by Web Push: each has an address at the push service of its maker, which wakes it.

    notification ──► JSON, encrypted for the one browser ──POST, signed──► push service ──► service worker of the page, which shows it

`Topic` is the id of the notification: a push service that has not delivered the first message replaces it by the second one. The service worker
remembers which ids it has shown. The message names the page of the session by its address below the base URL, as the browser has it: the server need
not know how people reach it.

404 and 410 say that the browser has left. What needs `cryptography` or a client of HTTP is imported with the first subscription.

Invariants: nothing but a push service that is known or named is called (webipy.core.push_addresses), also when what is kept was written by a server
that knew more; a message has at most 4096 bytes, and all have one length.

Source: RFC 8030, sections 5.2 (TTL), 5.3 (Urgency), 5.4 (Topic) and 7.3 (what has gone).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred, DeferredLock

from webipy.core import errors, push_addresses
from webipy.core.push_addresses import KNOWN_SERVICES, PushService
from webipy.io.reactor import Run
from webipy.server.ports.notifications import Notification, Undelivered
from webipy.server.ports.web_push import Subscription

if TYPE_CHECKING:
    from webipy.io.notifications.posting import Poster
    from webipy.io.notifications.push_encryption import ServerKey

KEEP_SECONDS: Final = 7 * 86_400
"""So long a push service keeps a message for a browser that is off."""

TEXT_CHARACTERS: Final = 300
"""Of the text: with at most six bytes each in JSON, and the rest of the message, it has room in `push_encryption.TEXT_BYTES`."""

_GONE: Final = frozenset((404, 410))


class _Message(msgspec.Struct):
    """What the service worker gets; fields are added, and none is renamed."""

    id: str
    text: str
    session: str
    status: str | None


@attrs.define(eq=False)
class WebPush:
    """See `webipy.server.ports.web_push.PushSender`.

    Args:
        path: The file of the server's key.
        contact: Whom a push service writes to, `mailto:` or `https:`; empty: nobody.
        services: Push services that may be called, beside those of the usual browsers.
        version: webipy's version.
        run: Runs a function that blocks in a thread.
        reactor: Twisted's.
        now: The time, seconds since 1970.
    """

    path: Path
    contact: str
    services: tuple[PushService, ...]
    version: str
    run: Run
    reactor: Any
    now: Callable[[], float] = time.time
    _key: ServerKey | None = None
    _poster: Poster | None = None
    _turn: DeferredLock = attrs.field(factory=DeferredLock)

    def public_key(self) -> Deferred[str]:
        """The key that browsers subscribe with; see the port."""
        return self._server_key().addCallback(lambda key: key.public)

    def check(self, endpoint: str, key: str, secret: str) -> None:
        """Returns when a subscription may be sent to; see the port.

        Args:
            endpoint: The address at the push service.
            key: The public key of the browser.
            secret: Its secret.

        Raises:
            errors.InvalidParams: It may not.
        """
        push_addresses.origin_of(endpoint, (*KNOWN_SERVICES, *self.services))
        push_addresses.public_key(key)
        push_addresses.shared_secret(secret)

    def send(self, notification: Notification, to: Subscription, text: str) -> Deferred[None]:
        """Sends one; see the port.

        Args:
            notification: The notification.
            to: The browser.
            text: What has happened, in words.
        """
        return Deferred.fromCoroutine(self._send(notification, to, text))

    async def _send(self, sent: Notification, to: Subscription, text: str) -> None:
        from webipy.io.notifications.push_encryption import encrypted, filled

        try:
            origin = push_addresses.origin_of(to.endpoint, (*KNOWN_SERVICES, *self.services))
        except errors.InvalidParams as fault:
            raise Undelivered(fault.message.rstrip("."), is_final=True) from None
        try:
            server = await self._server_key()
        except (OSError, ValueError) as fault:
            raise Undelivered(f"the key of this server cannot be had: {fault}") from None
        message = _Message(sent.id, text[:TEXT_CHARACTERS], sent.session, sent.status)
        key, secret = push_addresses.public_key(to.key), push_addresses.shared_secret(to.secret)
        headers = {
            "TTL": str(KEEP_SECONDS),
            "Urgency": "normal",
            "Topic": sent.id[:32],
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Authorization": server.authorization(origin, self.contact, self.now()),
        }
        body = encrypted(filled(msgspec.json.encode(message)), key, secret)
        await self._posts().post(to.endpoint, headers, body, _GONE)

    def _posts(self) -> Poster:
        if self._poster is None:
            from webipy.io.notifications.posting import Poster

            self._poster = Poster(self.version, self.reactor)
        return self._poster

    def _server_key(self) -> Deferred[ServerKey]:
        return self._turn.run(lambda: Deferred.fromCoroutine(self._read_key()))

    async def _read_key(self) -> ServerKey:
        if self._key is None:
            self._key = await self.run(self._key_of_file)
        return self._key

    def _key_of_file(self) -> ServerKey:
        """Reads the key, or makes it; in a thread."""
        from webipy.io.notifications.push_encryption import ServerKey
        from webipy.io.storage.private_files import write_private

        try:
            kept = self.path.read_bytes()
        except FileNotFoundError:
            made = ServerKey()
            write_private(self.path, made.pem(), is_durable=True)
            return made
        try:
            return ServerKey(kept)
        except ValueError as fault:
            raise ValueError(f"{self.path} holds no key of Web Push: {fault}") from None
