"""Delivers notifications by a webhook: a POST of JSON to an address of the owner's choice (webipy.io.notifications.posting).

The body has the fields of the notification, and `text`, which is what chat services show. `Idempotency-Key` is the id of the notification: the same
delivery comes again when the server does not know whether the first one arrived.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from webipy.io.notifications.posting import Poster
from webipy.server.ports.notifications import Notification


class _Body(msgspec.Struct):
    """What is sent; fields are added, and none is renamed."""

    id: str
    text: str
    session: str
    title: str
    executions: tuple[str, ...]
    status: str | None
    duration_s: float
    asked: str
    ended: str | None
    name: str
    url: str


class Webhook:
    """See `webipy.server.ports.notifications.Sender`.

    Args:
        url: The address.
        version: webipy's version.
        reactor: Twisted's.
    """

    def __init__(self, url: str, version: str, reactor: Any) -> None:
        self._url, self._poster = url, Poster(version, reactor)

    def send(self, notification: Notification, text: str, url: str) -> Deferred[None]:
        """Delivers one; see the port.

        Args:
            notification: The notification.
            text: What has happened, in words.
            url: The page of the session.
        """
        body = _Body(
            notification.id,
            text,
            notification.session,
            notification.title,
            notification.executions,
            notification.status,
            notification.duration_s,
            notification.asked,
            notification.ended,
            notification.name,
            url,
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{notification.id}"'}
        return Deferred.fromCoroutine(self._poster.post(self._url, headers, msgspec.json.encode(body)))
