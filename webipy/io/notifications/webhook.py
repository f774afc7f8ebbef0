"""Delivers notifications by a webhook: a POST of JSON to an address of the owner's choice.

The body has the fields of the notification, and `text`, which is what chat services show. `Idempotency-Key` is the id of the notification: the same
delivery comes again when the server does not know whether the first one arrived. Any status of 2xx is an arrival; 408, 429 and 5xx, and no answer,
are tried again; other statuses are not. Redirects are not followed.

Invariant: the address is in no log and no message: with many services it is the secret.

Source: RFC 9110, sections 15.4 to 15.6; draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred

from webipy.io.http_client import HttpClient, NoAnswer
from webipy.server.ports.notifications import Notification, Undelivered

ANSWER_SECONDS: Final = 15.0
_AGAIN: Final = frozenset((408, 425, 429))


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
        self._url, self._version = url, version
        self._client = HttpClient(reactor, ANSWER_SECONDS)

    def send(self, notification: Notification, text: str, url: str) -> Deferred[None]:
        """Delivers one; see the port.

        Args:
            notification: The notification.
            text: What has happened, in words.
            url: The page of the session.
        """
        return Deferred.fromCoroutine(self._send(notification, text, url))

    async def _send(self, sent: Notification, text: str, url: str) -> None:
        body = _Body(
            sent.id,
            text,
            sent.session,
            sent.title,
            sent.executions,
            sent.status,
            sent.duration_s,
            sent.asked,
            sent.ended,
            sent.name,
            url,
        )
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f'"{sent.id}"',
            "User-Agent": f"webipy/{self._version}",
        }
        try:
            answer = await self._client.ask("POST", self._url, headers, msgspec.json.encode(body), reads_body=False)
        except NoAnswer as fault:
            if fault.kind == "slow":
                raise Undelivered(f"no answer within {ANSWER_SECONDS:g} s") from None
            raise Undelivered(f"it cannot be reached ({fault.fault})") from None
        if not 200 <= answer.status < 300:
            is_final = answer.status < 500 and answer.status not in _AGAIN
            raise Undelivered(f"it answers with status {answer.status}", is_final=is_final)
