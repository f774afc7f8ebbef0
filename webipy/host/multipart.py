"""The parts of a message in and out of a ZeroMQ socket, without waiting.

pyzmq's own `recv_multipart` and `send_multipart` do the same and take twice the time: they ask the socket after each part whether
there are more, and make an enumeration member for each flag. Messages have six parts or more, and a flood is thousands of them a second.
`zmq.Socket.send` itself, a wrapper, costs more than the sending; and `zmq.Again` four times as much as asking before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import zmq

_NOW: Final = int(zmq.NOBLOCK)
_NOW_AND_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)
_EVENTS: Final = int(zmq.EVENTS)
_POLLIN: Final = int(zmq.POLLIN)
_send: Final = zmq.backend.Socket.send

VIEW_BYTES: Final = 1024 * 1024  # a larger part is not copied out of ZeroMQ's memory


def has_message(socket: zmq.Socket[Any]) -> bool:
    """Whether a message can be read now. When none can, ZeroMQ's file descriptor shows the next one."""
    return bool(cast(int, socket.get(_EVENTS)) & _POLLIN)


def read_parts(socket: zmq.Socket[Any], *, as_views: bool = False) -> list[bytes] | None:
    """Reads one message.

    Args:
        socket: Where from.
        as_views: Return large parts as memoryviews of what ZeroMQ has read, so that they are in memory once.

    Returns:
        Its parts, with the routing identity first where the socket is a ROUTER.

    Raises:
        zmq.Again: There is none now.
    """
    if not has_message(socket):
        return None
    parts = []
    while True:
        part = socket.recv(_NOW, copy=False)
        parts.append(cast(bytes, part.buffer) if as_views and len(part) > VIEW_BYTES else part.bytes)
        if not part.more:  # the parts of a message arrive together
            return parts


def send_parts(socket: zmq.Socket[Any], parts: Sequence[bytes]) -> None:
    """Sends one message.

    Args:
        socket: Where to.
        parts: Its parts, with the routing identity first where the socket is a ROUTER.

    Raises:
        zmq.ZMQError: There is no room, or nobody to send it to; nothing of it was sent then.
    """
    for part in parts[:-1]:
        _send(socket, part, _NOW_AND_MORE)
    _send(socket, parts[-1], _NOW)
