"""The parts of a message in and out of a ZeroMQ socket, without waiting.

pyzmq's own `recv_multipart` and `send_multipart` do the same and take twice the time: they ask the socket after each part whether
there are more, and make an enumeration member for each flag. Messages have six parts or more, and a flood is thousands of them a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import zmq

_NOW: Final = int(zmq.NOBLOCK)
_NOW_AND_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)


VIEW_BYTES: Final = 1024 * 1024  # a larger part is not copied out of ZeroMQ's memory


def read_parts(socket: zmq.Socket[Any], *, as_views: bool = False) -> list[bytes]:
    """Read one message.

    Args:
        as_views: Give large parts as memoryviews of what ZeroMQ has read, so that they are in memory once.

    Raises:
        zmq.Again: There is none now.
    """
    parts = []
    while True:
        part = socket.recv(_NOW, copy=False)
        parts.append(cast(bytes, part.buffer) if as_views and len(part) > VIEW_BYTES else part.bytes)
        if not part.more:  # the parts of a message arrive together
            return parts


def send_parts(socket: zmq.Socket[Any], parts: Sequence[bytes]) -> None:
    """Send one message.

    Raises:
        zmq.ZMQError: There is no room, or nobody to send it to; nothing of it was sent then.
    """
    for part in parts[:-1]:
        socket.send(part, _NOW_AND_MORE)
    socket.send(parts[-1], _NOW)
