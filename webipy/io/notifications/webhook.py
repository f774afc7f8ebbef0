"""Delivers notifications by a webhook: a POST of JSON to an address of the owner's choice.

The body has the fields of the notification, and `text`, which is what chat services show. `Idempotency-Key` is the id of the notification: the same
delivery comes again when the server does not know whether the first one arrived. Any status of 2xx is an arrival; 408, 429 and 5xx, and no answer,
are tried again; other statuses are not. Redirects are not followed.

Invariant: the address is in no log and no message: with many services it is the secret.

Source: RFC 9110, sections 15.4 to 15.6; draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.protocol import Protocol
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    HTTPConnectionPool,
    RequestTransmissionFailed,
    ResponseFailed,
    _HTTP11ClientFactory,
)
from twisted.web.http_headers import Headers

from webipy.server.ports.notifications import Notification, Undelivered

CONNECT_SECONDS: Final = 5.0
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


class _QuietFactory(_HTTP11ClientFactory):
    noisy = False


class _QuietPool(HTTPConnectionPool):
    """Connections that log nothing."""

    _factory = _QuietFactory


class Webhook:
    """See `webipy.server.ports.notifications.Sender`.

    Args:
        url: The address.
        version: webipy's version.
        reactor: Twisted's.
    """

    def __init__(self, url: str, version: str, reactor: Any) -> None:
        self._url, self._version, self._reactor = url.encode("ascii"), version, reactor
        self._agent = Agent(reactor, connectTimeout=CONNECT_SECONDS, pool=_QuietPool(reactor, persistent=False))

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
        headers = Headers(
            {
                "Content-Type": ["application/json"],
                "Idempotency-Key": [f'"{sent.id}"'],
                "User-Agent": [f"webipy/{self._version}"],
            }
        )
        asked = self._agent.request(b"POST", self._url, headers, FileBodyProducer(BytesIO(msgspec.json.encode(body))))
        asked.addTimeout(ANSWER_SECONDS, self._reactor)
        try:
            answer = await asked
        except TimeoutError:
            raise Undelivered(f"no answer within {ANSWER_SECONDS:g} s") from None
        except (
            ConnectError,
            ConnectionClosed,
            DNSLookupError,
            ResponseFailed,
            RequestTransmissionFailed,
        ) as fault:
            raise Undelivered(f"it cannot be reached ({type(fault).__name__})") from None
        answer.deliverBody(_Unread())
        if not 200 <= answer.code < 300:
            is_final = answer.code < 500 and answer.code not in _AGAIN
            raise Undelivered(f"it answers with status {answer.code}", is_final=is_final)


class _Unread(Protocol):
    """Leaves a body unread, which may be without an end: the status has said all."""

    def connectionMade(self) -> None:
        """The body begins."""
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()
