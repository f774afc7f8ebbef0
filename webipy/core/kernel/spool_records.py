"""The records of a kernel host's spool: kept messages as bytes, and back.

A spool is one or more segment files, `spool-1`, `spool-2` and so on; read in order of their numbers they are one stream
of records. A segment, byte by byte (all numbers unsigned, big-endian)::

    0   16  "webipy spool 1\\r\\n"                      once, at the start of a segment
    then, for each record:
    0    4  length of the body in bytes
    4    4  CRC-32 of the body
    8       body:
            0    8  number of the message
            8    1  channel: 0 shell, 1 control, 2 iopub, 3 stdin, 4 host
            9    2  count of parts
           11       for each part 4 bytes of length; then all parts, one after the other:
                    header, parent, metadata, content, and the buffers

Records are not signed: the key may change between keeping and sending, and the directory is private. A record that
was cut off by a crash or a full disk fails its length or its checksum; everything before it is whole. The numbers of
consecutive records are dense. A reader of several segments skips a number that it has already.

Rejected: SQLite (its import and page cache cost more memory than the rest of the host), one JSON line per record
(output may be 64 MiB of binary), a file that only grows (a long flood with a slow server would fill the disk).
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import msgspec

from webipy.core.kernel import wire

MAGIC: Final = b"webipy spool 1\r\n"
FRAME: Final = struct.Struct(">II")
MAX_BODY_BYTES: Final = 1024 * 1024 * 1024  # one record; above any sum of parts that the host accepts

_CHANNELS: Final = ("shell", "control", "iopub", "stdin", "host")
_PLACE: Final = struct.Struct(">QBH")


class Damaged(Exception):
    """A record is cut off, or its bytes changed after it was written."""


class Kept(msgspec.Struct, frozen=True):
    """One message that left the kernel, with its place.

    Attributes:
        number: Dense from 1.
        channel: Where it came from; `host` for the host's own events.
        message: The message, unsigned.
        size_bytes: What it counts against limits: its JSON and buffers, plus a flat share for its headers.
    """

    number: int
    channel: str
    message: wire.Message
    size_bytes: int


HEADERS_BYTES: Final = 768  # flat share of a message's headers in memory, measured with CPython 3.11


def number_message(number: int, channel: str, message: wire.Message) -> Kept:
    """Numbers a message and counts its size.

    Args:
        number: Dense from 1.
        channel: Where it came from: a channel of the kernel, or `host`.
        message: The message, unsigned.
    """
    size = len(message.content) + len(message.metadata) + sum(map(len, message.buffers)) + HEADERS_BYTES
    return Kept(number, channel, message, size)


def encode_record(kept: Kept) -> bytes:
    """Encode one record, ready to be appended to a segment."""
    parts = wire.split(kept.message)
    lengths = struct.pack(f">{len(parts)}I", *map(len, parts))
    place = _PLACE.pack(kept.number, _CHANNELS.index(kept.channel), len(parts))
    body = b"".join([place, lengths, *parts])
    return FRAME.pack(len(body), zlib.crc32(body)) + body


def decode_frame(frame: bytes) -> tuple[int, int]:
    """Read the 8 bytes in front of a record's body.

    Returns:
        Length of the body in bytes, and its checksum.

    Raises:
        Damaged: They are cut off, or the length is out of range.
    """
    if len(frame) != FRAME.size:
        raise Damaged("a record is cut off")
    length, checksum = FRAME.unpack(frame)
    if not _PLACE.size <= length <= MAX_BODY_BYTES:
        raise Damaged("a record's length is out of range")
    return length, checksum


def decode_body(body: bytes, length: int, checksum: int) -> Kept:
    """Verify and decode one record's body.

    Args:
        body: The bytes after the frame.
        length: Length from the frame, in bytes.
        checksum: CRC-32 from the frame.

    Raises:
        Damaged: It is cut off, fails its checksum or is not a message.
    """
    if len(body) != length or zlib.crc32(body) != checksum:
        raise Damaged("a record is cut off or fails its checksum")
    number, channel, count = _PLACE.unpack_from(body)
    start = _PLACE.size + 4 * count
    if channel >= len(_CHANNELS) or count < 4 or start > length:
        raise Damaged("a record has no place")
    parts = []
    for size in struct.unpack_from(f">{count}I", body, _PLACE.size):
        parts.append(body[start : start + size])
        start += size
    if start != length:
        raise Damaged("a record's parts do not fill it")
    try:
        return number_message(number, _CHANNELS[channel], wire.join(parts))
    except wire.BadFrame as fault:
        raise Damaged(str(fault)) from None
