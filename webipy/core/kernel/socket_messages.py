"""The two spellings of a Jupyter message on a WebSocket, sans-io.

The older one is JSON text, `{header, parent_header, metadata, content, buffers: [], channel}`; where there are buffers, a binary frame, big-endian::

    u32 n    number of buffers + 1
    u32 * n  offsets from the start of the frame; the first is 4 * (n + 1)
    JSON     the message without its buffers, UTF-8
    buffers  one after the other

The newer one, the subprotocol `v1.kernel.websocket.jupyter.org`, is always binary, little-endian::

    u64 n    number of offsets
    u64 * n  offsets from the start of the frame; the first is 8 * (n + 1), the last is the length of the frame
    parts    channel, header, parent_header, metadata, content (UTF-8), buffers

Invariants: `decode` raises `Malformed` and nothing else, whatever comes; parts of a frame are never taken from outside of it; JSON of a message stays
the bytes that came, and its header is decoded once.

Source: Jupyter Server, "WebSocket kernel wire protocols"; RFC 8259. Rejected: a spelling of our own for our own clients (they have `/rpc`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import attrs
import msgspec
from msgspec import Raw

from webipy.core import json_depth
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.wire import MAX_BUFFERS, Malformed

V1: Final = "v1.kernel.websocket.jupyter.org"
"""The name of the newer spelling, as clients offer it."""

CHANNELS: Final = frozenset({"shell", "control", "stdin", "iopub"})
EMPTY: Final = b"{}"
_V1_PARTS: Final = 5
_MOST_OFFSETS: Final = MAX_BUFFERS + _V1_PARTS + 1


class _Header(msgspec.Struct, frozen=True):
    """What is read of a header; the rest is passed on."""

    msg_id: str
    msg_type: str
    session: str = ""
    subshell_id: str | None = None


class _Parent(msgspec.Struct, frozen=True):
    msg_id: str = ""


class _Text(msgspec.Struct, frozen=True):
    """A message of the older spelling. Some clients leave the channel out: they mean shell."""

    header: Raw
    channel: str | None = None
    parent_header: Raw = Raw(b"{}")
    metadata: Raw = Raw(b"{}")
    content: Raw = Raw(b"{}")


class ClientMessage(msgspec.Struct, frozen=True):
    """A message of a client.

    Args:
        channel: Where it is for, as the client wrote it.
        header: Its header, JSON.
        msg_id: Its id.
        msg_type: Its type.
        session: The client id of its sender.
        parent_id: The id of the message that it answers; empty: none.
        metadata: Its metadata, a JSON map.
        content: Its content, a JSON map.
        buffers: Its buffers.
        subshell: The subshell that it is for; `None` for none.
    """

    channel: str
    header: bytes
    msg_id: str
    msg_type: str
    session: str
    parent_id: str
    metadata: bytes
    content: bytes
    buffers: tuple[bytes, ...] = ()
    subshell: str | None = None


def decode(frame: bytes, *, is_v1: bool) -> ClientMessage:
    """Decodes a message of a client.

    Args:
        frame: What one WebSocket message holds.
        is_v1: Whether the client speaks the newer spelling.

    Raises:
        Malformed: It is none.
    """
    try:
        if is_v1:
            channel, header, parent, metadata, content, *buffers = _cut(frame, "<Q")
            return _message(channel.decode(), header, parent, metadata, content, tuple(buffers))
        if frame[:1] != b"\0":  # the number of buffers has a zero in front, and JSON has none
            return _from_text(frame, ())
        text, *buffers = _cut(frame, ">I")
        return _from_text(text, tuple(buffers))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as fault:
        raise Malformed(f"the message cannot be read: {fault}") from None


def _cut(frame: bytes, number: str) -> list[bytes]:
    """The parts of a binary frame."""
    width = struct.calcsize(number)
    (count,) = struct.unpack_from(number, frame) if len(frame) >= width else (0,)
    least, most = (_V1_PARTS + 1, _MOST_OFFSETS) if number == "<Q" else (1, MAX_BUFFERS + 1)
    if not least <= count <= most or len(frame) < width * (count + 1):
        raise Malformed("the frame has no offsets of its parts")
    offsets = list(struct.unpack_from(f"{number[0]}{count}{number[1]}", frame, width))
    if number == ">I":
        offsets.append(len(frame))
    bounds = [width * (count + 1), *offsets, len(frame)]
    if offsets[0] != bounds[0] or any(after < before for before, after in pairwise(bounds)):
        raise Malformed("the offsets of the frame are not those of its parts")
    return [frame[first:end] for first, end in pairwise(offsets)]


def _from_text(text: bytes, buffers: tuple[bytes, ...]) -> ClientMessage:
    text.decode()
    found = jupyter_messages.decode(text, _Text)
    parent, metadata, content = (
        EMPTY if bytes(part) == b"null" else bytes(part)
        for part in (found.parent_header, found.metadata, found.content)
    )
    channel = "shell" if found.channel is None else found.channel
    return _message(channel, bytes(found.header), parent, metadata, content, buffers)


def _message(
    channel: str, header: bytes, parent: bytes, metadata: bytes, content: bytes, buffers: tuple[bytes, ...]
) -> ClientMessage:
    for part in (header, metadata, content):
        if not part.lstrip().startswith(b"{") or json_depth.is_too_deep(part):
            raise Malformed("a part of the message is no map, or too deep")
        part.decode()
        jupyter_messages.decode(part, Raw)
    known = jupyter_messages.decode(header, _Header)
    parent_id = jupyter_messages.decode(parent, _Parent).msg_id if parent.strip() not in (b"", b"null") else ""
    return ClientMessage(
        channel,
        header,
        known.msg_id,
        known.msg_type,
        known.session,
        parent_id,
        metadata,
        content,
        buffers,
        known.subshell_id,
    )


@attrs.frozen
class ServerMessage:
    """A message to a client.

    Args:
        channel: The channel that it belongs to.
        msg_id: Its id.
        msg_type: Its type.
        header: Its header, JSON.
        parent: The header of the request that it belongs to, JSON.
        content: Its content, JSON.
        metadata: Its metadata, JSON.
        buffers: Its buffers.
        to: The client id of whom alone it is for; `None` for everybody.
        execution: The execution whose silent results the content still lacks; `None` where it is whole.
    """

    channel: str
    msg_id: str
    msg_type: str
    header: bytes
    parent: bytes
    content: bytes
    metadata: bytes = EMPTY
    buffers: tuple[bytes, ...] = ()
    to: str | None = None
    execution: str | None = None


def encode(message: ServerMessage, *, is_v1: bool) -> tuple[bytes, bool]:
    """Encodes a message to a client.

    Args:
        message: The message.
        is_v1: Whether the client speaks the newer spelling.

    Returns:
        What one WebSocket message holds, and whether it is a binary one.
    """
    if is_v1:
        channel = message.channel.encode()
        parts = [channel, message.header, message.parent, message.metadata, message.content, *message.buffers]
        return _joined(parts, "<Q", is_closed=True), True
    text = (
        b'{"channel":"%b","header":%b,"msg_id":%b,"msg_type":%b,"parent_header":%b,"metadata":%b,"content":%b,"buffers":[]}'
        % (
            message.channel.encode(),
            message.header,
            jupyter_messages.encode(message.msg_id),
            jupyter_messages.encode(message.msg_type),
            message.parent,
            message.metadata,
            message.content,
        )
    )
    return (_joined([text, *message.buffers], ">I", is_closed=False), True) if message.buffers else (text, False)


def _joined(parts: Sequence[bytes], number: str, *, is_closed: bool) -> bytes:
    """A binary frame of parts, whose last offset may be that of its end."""
    width, count = struct.calcsize(number), len(parts) + is_closed
    offsets, at = [], width * (count + 1)
    for part in parts:
        offsets.append(at)
        at += len(part)
    if is_closed:
        offsets.append(at)
    return struct.pack(f"{number[0]}{count + 1}{number[1]}", count, *offsets) + b"".join(parts)
