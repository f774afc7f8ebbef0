"""Answers that are read from the disk in threads, piece by piece, as fast as the connection takes them.

    source.next_piece() in a thread ──► request.write ──► the transport says when it has room for the next

A reader that stops costs what its source holds open. A source that fails ends the connection: less than was announced has gone out (or an answer in
chunks has no end), and that is how HTTP shows it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import attrs
import msgspec
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from webipy.io.reactor import Run
from webipy.io.web.requests import PageRequest

PIECE_BYTES = 64 * 1024


class Source(Protocol):
    """What an answer is read from. No two calls overlap."""

    def next_piece(self) -> bytes:
        """The next bytes, not many; none at the end. It blocks, and runs in a thread."""

    def close(self) -> None:
        """Ends it."""


class CutOff(Exception):
    """A file became shorter while it was sent."""


class Span(msgspec.Struct, frozen=True):
    """Bytes `first` up to, not including, `end`."""

    first: int
    end: int


@attrs.define(eq=False)
class FilePieces:
    """Part of a file.

    Args:
        fd: The file; closed at the end.
        span: The part.
        change: What is sent in place of a piece.
    """

    fd: int
    span: Span
    change: Callable[[bytes], bytes] = bytes
    _at: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._at = self.span.first

    def next_piece(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            CutOff: The file is shorter than it was.
        """
        while self._at < self.span.end:
            piece = os.pread(self.fd, min(PIECE_BYTES, self.span.end - self._at), self._at)
            if not piece:
                raise CutOff("it was cut off while it was sent")
            self._at += len(piece)
            changed = self.change(piece)
            if changed:
                return changed
        return b""

    def close(self) -> None:
        """Closes the file."""
        os.close(self.fd)


@implementer(IPushProducer)
@attrs.define(eq=False)
class PieceSender:
    """Sends what a source gives, and closes it.

    Args:
        request: Where to; its head is set.
        run: Runs a function that blocks in a thread.
        source: What is sent.
    """

    request: PageRequest
    run: Run
    source: Source
    _is_paused: bool = False
    _is_busy: bool = False
    _is_ended: bool = False
    _is_closed: bool = False
    _log = Logger()

    def start(self) -> None:
        """Begins."""
        self.request.notifyFinish().addBoth(lambda _: self.stopProducing())
        self.request.registerProducer(self, True)
        self._go_on()

    def pauseProducing(self) -> None:
        """The connection is full."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """The connection has room."""
        self._is_paused = False
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is gone, or all is sent."""
        self._is_ended = True
        self._go_on()

    def _go_on(self) -> None:
        if self._is_busy:
            return
        if self._is_ended:
            if not self._is_closed:
                self._is_closed = True
                self.source.close()
        elif not self._is_paused:
            self._is_busy = True
            self.run(self.source.next_piece).addCallbacks(self._came, self._cannot)

    def _came(self, piece: bytes) -> None:
        self._is_busy = False
        if self._is_ended:
            self._go_on()
        elif piece:
            self.request.write(piece)
            self._go_on()
        else:
            self.request.unregisterProducer()
            self.request.finish()  # which calls stopProducing

    def _cannot(self, failure: Failure) -> None:
        self._is_busy = False
        self._log.warn("{path} was not sent whole: {why}", path=self.request.path, why=failure.getErrorMessage())
        channel: Any = self.request.channel
        if channel is not None:
            self.request.unregisterProducer()
            channel.transport.abortConnection()
        self.stopProducing()
