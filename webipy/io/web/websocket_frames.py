"""WebSocket frames as bytes: what stands before a message that a server sends, and a client's message in one small frame. Source: RFC 6455, section 5.2.

Autobahn knows all frames and the order in which they may come; here are the two that nearly all calls and answers are.
"""

from __future__ import annotations

import struct
from typing import Final

_WHOLE_TEXT: Final = 0x81
"""The first byte of a text message in one frame: FIN, no extension, opcode 1."""

_WHOLE_BINARY: Final = 0x82
"""The same of a binary message: opcode 2."""

_MASKED: Final = 0x80
_LENGTH_16: Final = 126
_MASK_BYTES: Final = 4


def frame_head(size: int, *, is_binary: bool = False) -> bytes:
    """What stands before a message that a server sends as one frame.

    Args:
        size: Bytes of the message.
        is_binary: Whether it is a binary message, and no text.
    """
    first = _WHOLE_BINARY if is_binary else _WHOLE_TEXT
    if size < _LENGTH_16:
        return bytes((first, size))
    return struct.pack(">BBH", first, _LENGTH_16, size) if size < 65536 else struct.pack(">BBQ", first, 127, size)


def text_of(data: bytes) -> bytes | None:
    """The text message of a client, if `data` is just one, in one frame of less than 64 KiB.

    Args:
        data: What came, from the start of a frame on.

    Returns:
        The message, unmasked, valid UTF-8; `None` for anything else.
    """
    if len(data) < 2 + _MASK_BYTES or data[0] != _WHOLE_TEXT or not data[1] & _MASKED:
        return None
    size, start = data[1] & ~_MASKED, 2
    if size == _LENGTH_16:
        size, start = int.from_bytes(data[2:4], "big"), 4
    begin = start + _MASK_BYTES
    is_short = size < _LENGTH_16
    if is_short != (start == 2) or len(data) != begin + size:
        return None
    mask = (data[start:begin] * (size // _MASK_BYTES + 1))[:size]
    message = (int.from_bytes(data[begin:], "little") ^ int.from_bytes(mask, "little")).to_bytes(size, "little")
    try:
        message.decode()
    except UnicodeDecodeError:
        return None
    return message
