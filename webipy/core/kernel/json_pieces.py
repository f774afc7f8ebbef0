"""Text that stands in JSON, cut into pieces without being decoded.

A text of any size costs its own memory once, and that of one piece: where it stands between the quotes of a JSON string it is
cut between two characters, which may be escaped, may have several bytes, and may be a pair of escapes.

Invariants: each piece is the inside of a JSON string by itself; joined they are what was cut; no piece is empty unless all is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import msgspec

PART_BYTES: Final = 1024 * 1024  # of one piece
LONGEST: Final = 12  # bytes of one character: a pair of escapes

_BACKSLASH, _QUOTE, _LOW = ord("\\"), ord('"'), 0x80
_ESCAPE_BYTES = 6  # \\uXXXX
_WIDEST = 4  # bytes of one character in UTF-8

_decode_text = msgspec.json.Decoder(str).decode


def cut_text(inner: memoryview, limit: int = PART_BYTES) -> Iterator[memoryview]:
    """Cuts what stands between the quotes of a JSON string into pieces that are valid by themselves.

    Args:
        inner: UTF-8.
        limit: Most bytes of a piece; `LONGEST` or more.
    """
    start = 0
    while len(inner) - start > limit:
        end = _border(inner, start + limit)
        yield inner[start:end]
        start = end
    yield inner[start:]


def _border(inner: memoryview, end: int) -> int:
    """The last place up to `end` between two characters."""
    while inner[end] & 0xC0 == _LOW:  # inside a character of several bytes
        end -= 1
    place = _escape_over(inner, end)
    if place is not None:
        end = place
    return end - _ESCAPE_BYTES if _is_high(inner, end) else end  # the second half of a pair must follow the first


def _escape_over(inner: memoryview, end: int) -> int | None:
    """Where the escape begins that `end` is inside of, if it is."""
    for place in range(end - 1, max(end - _ESCAPE_BYTES, -1), -1):
        if inner[place] == _BACKSLASH:
            first = place
            while first > 0 and inner[first - 1] == _BACKSLASH:
                first -= 1
            begins = place if (place - first) % 2 == 0 else place - 1
            length = _ESCAPE_BYTES if inner[begins + 1] == ord("u") else 2
            return begins if begins + length > end else None
    return None


def _is_high(inner: memoryview, end: int) -> bool:
    """Whether the escape just before `end` is the first half of a surrogate pair."""
    before = bytes(inner[max(0, end - _ESCAPE_BYTES) : end])
    if len(before) < _ESCAPE_BYTES or before[:2] != b"\\u" or before[2:4].lower() not in (b"d8", b"d9", b"da", b"db"):
        return False
    return _escape_over(inner, end - 1) == end - _ESCAPE_BYTES


def inner_of(text: msgspec.Raw | memoryview) -> memoryview | None:
    """What stands between the quotes of a JSON string; `None` when it is another value."""
    view = memoryview(text)
    return view[1:-1] if view[0] == _QUOTE else None


def last_of(inner: memoryview, limit: int) -> int:
    """Where the last piece of at most `limit` bytes begins.

    Args:
        inner: What stands between the quotes of a JSON string, UTF-8.
        limit: Most bytes of the last piece.

    Returns:
        Its offset in bytes; 0 when all of it is one piece.
    """
    return _border(inner, len(inner) - limit) if len(inner) > limit else 0


def utf8_of(inner: memoryview, limit: int = PART_BYTES) -> Iterator[bytes]:
    """Decodes a JSON string in pieces, to UTF-8 without escapes. What is no text (halves of characters, bytes that are not UTF-8) becomes
    U+FFFD or `?`.

    Args:
        inner: What stands between the quotes of a JSON string, UTF-8.
        limit: Most bytes of a piece before it is decoded.
    """
    for piece in map(bytes, cut_text(inner, limit)):
        if b"\\" not in piece and (piece.isascii() or _is_utf8(piece)):
            yield piece
        else:
            yield text_of(piece).encode()


def text_of(piece: bytes) -> str:
    """The text that stands as `piece` between the quotes of a JSON string; mended where it is none."""
    quoted = b'"%b"' % piece
    try:
        return _decode_text(quoted)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        text: str = json.loads(quoted.decode(errors="replace"), strict=False)
    except ValueError:
        return "\ufffd"
    return text.encode("utf-8", "replace").decode()


def whole_text(read: bytes, limit: int) -> tuple[int, str]:
    """Decodes the characters that begin in the first `limit` bytes of some UTF-8.

    Args:
        read: UTF-8 that may begin and end inside a character.
        limit: Bytes.

    Returns:
        How many bytes at the start belong to an earlier character, and the text after them.
    """
    rest = len(read) if len(read) < _WIDEST else 0  # nothing but the end of a character; more than that is no UTF-8
    first = next((at for at in range(min(_WIDEST, len(read))) if read[at] & 0xC0 != _LOW), rest)
    end = min(limit, len(read))
    while end < len(read) and read[end] & 0xC0 == _LOW:
        end += 1
    return first, read[first:end].decode(errors="replace")


def _is_utf8(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def size_text(size_bytes: int) -> str:
    """A size for a person: `1.0 GiB`, `70.0 MiB`, `12 KiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{max(1, round(size_bytes / 1024))} KiB"
