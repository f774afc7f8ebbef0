"""One HTTP connection: how long a request may take to come, and when the next one is looked at.

twisted.web's channel answers requests as fast as they come and writes the answers to the transport, which keeps what the reader has not taken;
it waits for the rest of a head or of a body as long as a byte comes each minute. Here

    a head is whole `HEAD_SECONDS` after its first byte, or the connection ends with 408;
    a head has at most `HEAD_BYTES`, or the connection ends with 414 (its address is too long) or 431;
    a body brings `BODY_BYTES` in `BODY_SECONDS`, unless the server itself leaves it unread, or the connection ends with 408;
    the next request of a connection is looked at once the reader has taken what was sent, but for the 64 KiB that a transport buffers;
    after `TURN_REQUESTS` that came together, all other connections have a turn.

So what a connection can cost is bounded, whoever is at its other end; large answers go out in pieces (webipy.io.web.paced_responses,
webipy.io.web.files_resource). How many there may be: webipy.io.web.anonymous_connections.

Source: RFC 9112, section 9.3.2 (pipelining); RFC 9110, sections 15.5.9 (408) and 15.5.15 (414); RFC 6585, section 5 (431).
"""

from __future__ import annotations

import socket
from typing import Any, Final, Protocol, cast

import msgspec
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request

from webipy.core import errors
from webipy.io.web.anonymous_connections import AnonymousConnections

HEAD_SECONDS: Final = 10.0
HEAD_BYTES: Final = HTTPChannel.totalHeadersSize
"""Of the request line and all fields together; of one line, too."""

BODY_SECONDS: Final = 30.0
BODY_BYTES: Final = 4096
"""In `BODY_SECONDS`: less than the slowest line that anybody would use has."""

TURN_REQUESTS: Final = 2
"""Requests of one connection that are answered before others have their turn."""

UNSENT_BYTES: Final = 128 * 1024
"""What the system keeps of what was sent on an anonymous connection, beyond what is on its way. Source: tcp(7), TCP_NOTSENT_LOWAT."""


class _Site(Protocol):
    anonymous: AnonymousConnections


class _Refusing(HTTPChannel):
    """A connection that says why it ends, once, when what comes is no request or too large a head."""

    _is_ended = False
    """Whether it was told that it ends: what comes then is not looked at."""

    @property
    def _line(self) -> Any:
        return self.transport

    def lineReceived(self, line: bytes) -> None:
        """A line of a head, unless the head is too large with it."""
        if self._is_ended:
            return
        if self._receivedHeaderSize + len(line) > HEAD_BYTES:
            self._end_long_head()
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line that is larger than a head may be."""
        self._end_long_head()

    def _end_long_head(self) -> None:
        if hasattr(self, "_command"):  # the request line came, so it is the fields
            why = f"The fields of a request's head have at most {HEAD_BYTES} bytes in all, cookies of other servers of this host included."
            self._end(b"431 Request Header Fields Too Large", errors.TooLarge(why, limit_bytes=HEAD_BYTES))
        else:
            why = f"The address of a request has at most {HEAD_BYTES} bytes; more goes into the body of a POST."
            self._end(b"414 URI Too Long", errors.TooLarge(why, limit_bytes=HEAD_BYTES))

    def _respondToBadRequestAndDisconnect(self) -> None:
        if not self._is_ended:  # several lines of one head may be wrong
            why = f"This is no request of HTTP/1.1: its first line or a field is wrong, or it has more than {self.maxHeaders} fields."
            self._end(b"400 Bad Request", errors.InvalidRequest(why))

    def _end(self, status: bytes, fault: errors.Failure) -> None:
        self._is_ended = True
        body = msgspec.json.encode({"message": fault.message, "data": {"name": fault.name, **fault.facts}})
        self._line.write(
            b"HTTP/1.1 %b\r\nServer: webipy\r\nConnection: close\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (status, len(body), body)
        )
        self.persistent = False
        self.setTimeout(None)
        self.loseConnection()
        self._abortingCall = self.callLater(self.abortTimeout, self.forceAbortClient)


class Channel(_Refusing):
    """One connection."""

    site: Any
    _limit: IDelayedCall | None = None
    _done: Request | None = None
    """A request that is answered, while the reader has not taken the answer."""
    _body_came = 0
    _in_turn = 0
    """Requests that were answered since others had a turn."""

    @property
    def _anonymous(self) -> AnonymousConnections:
        return cast(_Site, self.site).anonymous

    def connectionMade(self) -> None:
        """Counts it as anonymous."""
        super().connectionMade()
        self._anonymous.opened(self._line, str(getattr(self._line.getPeer(), "host", "")))
        self._keep_unsent(UNSENT_BYTES)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone."""
        self._set_limit(None)
        self._done = None
        self._anonymous.forget(self._line)
        super().connectionLost(reason)

    @property
    def is_anonymous(self) -> bool:
        """Whether no login was shown on it."""
        return self._line in self._anonymous

    def is_known(self) -> None:
        """It has shown a login: it is anonymous no more."""
        self._anonymous.forget(self._line)
        self._keep_unsent(0)

    def _keep_unsent(self, size: int) -> None:
        """Lets the system keep so much that was not sent yet; 0: as much as it likes, some megabytes, which is better for long ways."""
        line = getattr(self._line, "tcp", self._line)  # below TLS
        handle = getattr(line, "getHandle", None)
        if handle is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            handle().setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size)

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes in; a head that has begun has its time."""
        if self._is_ended:
            return
        if not self._busyReceiving:  # else what came behind a body is put back, in the middle of a turn
            self._in_turn = 0
        super().dataReceived(data)
        if self._limit is None and self._is_head_begun() and not self._is_ended:
            self._set_limit(HEAD_SECONDS)

    def _is_head_begun(self) -> bool:
        return not self._handlingRequest and bool(self.line_mode) and bool(self.requests or self._buffer)

    def allHeadersReceived(self) -> None:
        """The head is whole: a body has its time from now on."""
        self._set_limit(None)
        self._anonymous.progressed(self._line)
        super().allHeadersReceived()
        if self.length != 0:
            self._body_came = 0
            self._set_limit(BODY_SECONDS)

    def _send100Continue(self) -> None:
        if not getattr(self.requests[-1], "is_refused", False):
            super()._send100Continue()

    def allContentReceived(self) -> None:
        """The request is whole: it takes the time that it takes."""
        self._set_limit(None)
        super().allContentReceived()

    def requestDone(self, request: Request) -> None:
        """A request is answered: the next one is looked at once the reader has taken the answer."""
        self._in_turn += 1
        if self._waitingForTransport and self.persistent:
            self._done = request
        elif self._in_turn >= TURN_REQUESTS and self.persistent and (self._buffer or self._dataBuffer):
            self._done = request
            self.callLater(0, self._go_on)
        else:
            self._next(request)

    def resumeProducing(self) -> None:
        """The reader has taken what was sent."""
        super().resumeProducing()
        self._anonymous.progressed(self._line)
        self._go_on()

    def _go_on(self) -> None:
        self._in_turn = 0
        if self._done is not None and not self._waitingForTransport:
            done, self._done = self._done, None
            self._next(done)

    def _next(self, request: Request) -> None:
        self._anonymous.progressed(self._line)
        super().requestDone(request)

    def _set_limit(self, seconds: float | None) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._limit = None if seconds is None else self.callLater(seconds, self._over)

    def _over(self) -> None:
        self._limit = None
        if self.requests and getattr(self.requests[-1], "is_refused", False):
            self._line.abortConnection()  # it was answered, and the rest of its body does not come
        elif self._is_head_begun():
            self._end_late(f"The head of a request is whole within {HEAD_SECONDS:g} s.")
        elif self._is_getting_on(self.requests[-1]):
            self._set_limit(BODY_SECONDS)
        else:
            self._end_late(f"A body brings {BODY_BYTES} bytes in {BODY_SECONDS:g} s.")

    def _is_getting_on(self, request: Request) -> bool:
        before, self._body_came = self._body_came, getattr(request, "received", 0)
        return getattr(request, "is_held", False) or self._body_came - before >= BODY_BYTES

    def _end_late(self, why: str) -> None:
        self._end(b"408 Request Timeout", errors.Timeout(f"{why} This one did not; the connection ends."))

    def _end(self, status: bytes, fault: errors.Failure) -> None:
        self._set_limit(None)
        super()._end(status, fault)
