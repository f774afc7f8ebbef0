"""The parts of a message in and out of a ZeroMQ socket, without waiting.

pyzmq's own `recv_multipart` and `send_multipart` do the same and take twice the time: they ask the socket after each part whether
there are more, and make an enumeration member for each flag. Messages have six parts or more, and a flood is thousands of them a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import zmq

_NOW: Final = int(zmq.NOBLOCK)
_NOW_AND_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)


def read_parts(socket: zmq.Socket[Any]) -> list[bytes]:
    """Read one message.

    Raises:
        zmq.Again: There is none now.
    """
    parts = []
    while True:
        part = socket.recv(_NOW, copy=False)
        parts.append(part.bytes)
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
