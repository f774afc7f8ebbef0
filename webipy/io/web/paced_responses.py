"""Large answers go out as fast as their reader takes them.

What is written to a request waits in its transport until the reader takes it, whole. So what is larger than a transport buffers is sent in pieces,
and the next piece is read when there is room: from a file, or from bytes that are there anyway and are not copied.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO, Final

import attrs
from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

PIECE_BYTES: Final = 64 * 1024
"""What a transport of Twisted's buffers anyway."""


def send(request: Request, body: bytes) -> None:
    """Sends bytes and finishes the request.

    Args:
        request: The request; the type of the answer is set.
        body: The answer.
    """
    send_file(request, BytesIO(body), len(body))


def send_file(request: Request, file: IO[bytes], size: int) -> None:
    """Sends a file, finishes the request and closes the file.

    Args:
        request: The request; the type of the answer is set.
        file: The file; it is sent from its position on.
        size: Bytes to send.
    """
    request.setHeader(b"Content-Length", b"%d" % size)
    if request.method == b"HEAD" or size <= PIECE_BYTES:
        with file:
            request.write(b"" if request.method == b"HEAD" else file.read(size))
        request.finish()
    else:
        sender = Sender(request, file)
        request.registerProducer(sender, True)
        sender.resumeProducing()


@implementer(IPushProducer)
@attrs.define(eq=False)
class Sender:
    """Sends a file in pieces.

    Rejected: reading in a thread: a piece is short, and mostly in the memory of the system.

    Args:
        request: Where to.
        file: What is left of it is sent.
    """

    request: Request
    file: IO[bytes]
    _is_paused: bool = False

    def pauseProducing(self) -> None:
        """The connection is full."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """The connection has room."""
        self._is_paused = False
        while not self._is_paused and not self.file.closed:
            piece = self.file.read(PIECE_BYTES)
            if piece:
                self.request.write(piece)
            else:
                self.file.close()
                self.request.unregisterProducer()
                self.request.finish()

    def stopProducing(self) -> None:
        """The connection is gone."""
        self.file.close()
