"""A request of which nobody can say yet who sends it: a hub is asked first.

    headers read ──a token that the hub has to be asked about──► held: what comes of the body waits, and the connection is not read
                                                                  │
                 where the body goes is decided ◄──the hub has answered, or does not──┘

Whatever is asked for, it is decided as if the answer had been there: how large a body may be, where it goes, what is refused. Of a body
what one reading of the socket brings is kept, some 64 KiB, as the connection is not read meanwhile.

Rejected: to ask where each route asks who it is (every route would wait, and bodies of somebody unknown would be read meanwhile).
"""

from __future__ import annotations

from collections.abc import Coroutine
from io import BytesIO
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure


class Holdable(Protocol):
    """A request that can be held."""

    channel: Any
    content: Any
    held: Held | None
    is_held: bool

    def gotLength(self, length: int | None) -> None:
        """Decides where the body goes."""

    def handleContentChunk(self, data: bytes) -> None:
        """Takes a part of the body."""

    def process(self) -> None:
        """Takes the end of the body."""


class Held:
    """What has come of a request that is held.

    Args:
        request: The request.
        length: Bytes of its body; `None` when they are not announced.
    """

    _log = Logger()

    def __init__(self, request: Holdable, length: int | None) -> None:
        self._request, self._length = request, length
        self._pieces = BytesIO()
        self.is_whole = False
        """Whether all of the body has come."""

    def hold(self, answer: Coroutine[Any, Any, None]) -> None:
        """Holds the request until a coroutine has ended."""
        Deferred.fromCoroutine(answer).addErrback(self._failed).addCallback(lambda _: self._let_go())

    def _failed(self, failure: Failure) -> None:
        self._log.failure("the hub could not be asked", failure)

    def came(self, piece: bytes) -> None:
        """Keeps a part of the body; no more of it is read for now."""
        self._pieces.write(piece)
        self._read(is_read=False)

    def _read(self, *, is_read: bool) -> None:
        self._request.is_held = not is_read
        transport = self._request.channel.transport if self._request.channel is not None else None
        if transport is not None:
            (transport.resumeProducing if is_read else transport.pauseProducing)()

    def _let_go(self) -> None:
        request = self._request
        request.held = None
        if request.channel is None:  # the client is gone
            return
        request.content, request.is_held = None, False
        request.gotLength(self._length)
        pieces = self._pieces.getvalue()
        if pieces:
            request.handleContentChunk(pieces)
            if not request.is_held:  # what takes the body may hold it itself now
                self._read(is_read=True)
        if self.is_whole:
            request.content.seek(0)
            request.process()
