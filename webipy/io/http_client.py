"""Asks other servers over HTTP: one request, one connection, one answer with a limit of time and of bytes.

What webipy calls by itself goes through here: a JupyterHub, an identity provider, a webhook, a push service::

    ask(method, address, headers, body) ──► a connection of its own ──► Answer(status, headers, body)
                                                    └── NoAnswer: slow, too large, unreachable

Redirects are answers like others and are not followed: they lead to where nobody has said that a secret may go. `https://` is checked against
the authorities of the system (or those of `SSL_CERT_FILE`), and against the name in the address. Which addresses may be asked is the caller's to say.

Invariants: everything that arrives counts, headers and the frames of chunks too, so that an endless answer ends at `most_bytes`; a connection is
used for one request and ends with its answer; nothing is asked twice. Nothing is logged, and no message has more of an address than its host.

This module is imported where one of these is configured, and not before: Twisted's client of HTTP takes memory that an idle server does without.

Rejected: Twisted's `readBody` (it reads what comes, whatever its size, and keeps the connection when nobody waits any more); connections that are
kept (calls are minutes apart); treq (cookies, redirects and files, none of which are wanted here).

Source: RFC 9110, sections 15 and 5.6; twisted.web.client.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, Literal, NoReturn

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    HTTPConnectionPool,
    RequestTransmissionFailed,
    ResponseDone,
    ResponseFailed,
    _HTTP11ClientFactory,
)
from twisted.web.error import SchemeNotSupported
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from webipy.io.reactor import Reactor

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
MOST_BYTES: Final = 512 * 1024


class Answer(msgspec.Struct, frozen=True):
    """What a server answers.

    Args:
        status: The status.
        headers: The headers, by their names in small letters; of several with one name the first.
        body: The body; empty when it was not to be read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """There is no answer.

    Args:
        kind: `slow`: not within the time; `large`: more than may arrive; `unreachable`: nobody is there, the connection breaks, or what comes is no
            HTTP.
        reason: What was wrong, as a part of a sentence without its full stop; it may have the host of the address.
        fault: The name of the fault, which says nothing of the address.
    """

    def __init__(self, kind: Literal["slow", "large", "unreachable"], reason: str, fault: str) -> None:
        super().__init__(reason)
        self.kind, self.reason, self.fault = kind, reason, fault


class HttpClient:
    """See the module.

    Args:
        reactor: Twisted's.
        answer_seconds: How long the whole answer may take.
        most_bytes: How much of an answer may arrive, headers included.
    """

    def __init__(self, reactor: Reactor, answer_seconds: float = ANSWER_SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._reactor, self._seconds, self._most = reactor, answer_seconds, most_bytes

    async def ask(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None, reads_body: bool = True
    ) -> Answer:
        """Sends one request.

        Args:
            method: The method of HTTP, such as `POST`.
            address: The whole address, `http://` or `https://`, in ASCII.
            headers: The headers, by name; in Latin-1.
            body: What is sent; `None`: nothing.
            reads_body: Whether the body of the answer is read; otherwise the connection ends when the status is known.

        Raises:
            NoAnswer: There is none.
        """
        pool = _Pool(self._reactor, self._most)
        agent = Agent(self._reactor, connectTimeout=CONNECT_SECONDS, pool=pool)
        sent = Headers({name: [value] for name, value in headers.items()})
        producer: Any = None if body is None else FileBodyProducer(BytesIO(body))

        async def answer() -> Answer:
            try:
                response: Any = await agent.request(method.encode(), address.encode("ascii"), sent, producer)
            except (ValueError, SchemeNotSupported) as fault:
                raise NoAnswer("unreachable", "its address is none that can be asked", type(fault).__name__) from None
            found = {
                name.decode("latin-1").lower(): values[0].decode("latin-1")
                for name, values in response.headers.getAllRawHeaders()
            }
            if not reads_body:
                return Answer(response.code, found, b"")
            body = _Body()
            response.deliverBody(body)
            return Answer(response.code, found, await body.done)

        def is_slow(_: object, seconds: float) -> NoReturn:
            raise NoAnswer("slow", f"it has not answered within {seconds:g} s", "TimeoutError")

        asked = Deferred.fromCoroutine(answer())
        asked.addTimeout(self._seconds, self._reactor, is_slow)
        try:
            return await asked
        except _CUT as cut:
            first = cut.reasons[0].value if isinstance(cut, _WRAPPED) else cut
            name = type(first).__name__
            if pool.is_too_large:
                raise NoAnswer("large", f"it sends more than {self._most // 1024} KiB", name) from None
            raise NoAnswer("unreachable", str(first).strip().rstrip(".")[:200] or name, name) from None
        finally:
            pool.close()


class _Body(Protocol):
    """Keeps a body."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.done: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """One more part."""
        self._parts.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Its end, as its length or that of the connection says."""
        if reason.check(ResponseDone, PotentialDataLoss):
            self.done.callback(b"".join(self._parts))
        else:
            self.done.errback(reason)


class _Bounded(HTTP11ClientProtocol):
    """A connection that ends when too much has arrived.

    Args:
        quiescent: Called by Twisted when it could be used again.
        pool: Whose it is.
    """

    def __init__(self, quiescent: Any, pool: _Pool) -> None:
        super().__init__(quiescent)
        self._pool, self._arrived, self._is_open = pool, 0, False

    def connectionMade(self) -> None:
        """It is there."""
        super().connectionMade()
        self._is_open = True

    def dataReceived(self, data: bytes) -> None:
        """Counts, and passes on what is within the limit."""
        self._arrived += len(data)
        if self._arrived > self._pool.most_bytes:
            self._pool.is_too_large = True
            self.close()
        else:
            super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone."""
        self._is_open = False
        super().connectionLost(reason)

    def close(self) -> None:
        """Ends the connection, whatever is still under way."""
        if self._is_open:
            assert self.transport is not None
            self.transport.abortConnection()  # type: ignore[attr-defined]  # TCP and TLS have it, the interface has not


class _Factory(_HTTP11ClientFactory):
    noisy = False  # Twisted logs two lines for each connection otherwise

    def __init__(self, quiescent: Any, metadata: Any, pool: _Pool) -> None:
        super().__init__(quiescent, metadata)
        self._pool = pool

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:
        """A bounded connection."""
        made = _Bounded(self._quiescentCallback, self._pool)
        self._pool.made = made
        return made


class _Pool(HTTPConnectionPool):
    """The connection of one request: of the addresses of a host, the first that connects.

    Args:
        reactor: Twisted's.
        most_bytes: How much may arrive.
    """

    is_too_large = False
    """Whether more has arrived than may."""

    def __init__(self, reactor: Any, most_bytes: int) -> None:
        super().__init__(reactor, persistent=False)
        self.most_bytes = most_bytes
        self.made: _Bounded | None = None

    def _factory(self, quiescent: Any, metadata: Any) -> _Factory:  # type: ignore[override]  # a class of Twisted's
        return _Factory(quiescent, metadata, self)

    def close(self) -> None:
        """Ends what is open: no connection outlives its answer."""
        if self.made is not None:
            self.made.close()


_WRAPPED: Final = (ResponseFailed, RequestTransmissionFailed)
_CUT: Final = (ConnectError, ConnectionClosed, DNSLookupError, ConnectTimeout, *_WRAPPED)
"""How a request to what is not there, or goes away, ends."""
