"""The two wires of a kernel host: Jupyter's (host and kernel) and the host link (server and host).

Both carry the same four JSON parts and any number of binary buffers; they differ in what stands in front.

Jupyter's wire, "Jupyter messaging 5.4, the wire protocol"::

    [identity ...] b"<IDS|MSG>" [signature] [header] [parent] [metadata] [content] [buffer ...]
                                 hex HMAC-SHA256 over the four JSON parts, in order

The host link::

    [stamp] [signature] [header] [parent] [metadata] [content] [buffer ...]
            32 raw bytes: HMAC-SHA256 over every other part, each preceded by its length as 8 bytes, big-endian

    stamp, server to host:  "shell" | "control" | "stdin" | "host"
    stamp, host to server:  NUMBER " " CHANNEL      NUMBER is decimal, dense from 1; 0 is an answer that is not kept

The link's signature covers what Jupyter's leaves open: the borders between parts, the buffers and the stamp, so
nobody can renumber a message, move a byte from one part to the next or swap a picture.

Data flow: parts come in, one frozen `Message` goes out, and back. The header and the parent are decoded, because
every reader needs them; `content` and `metadata` stay the bytes that arrived and are decoded at most once, by the one
reader that wants them. They are signed but not yet known to be JSON: code in a kernel chooses them. Whoever splices
them into another document passes them through `clean_content` first.

Invariants:

- `decode` and `decode_link` raise `BadFrame` and nothing else, whatever the parts hold.
- Nothing is parsed before its signature is verified.
- What one wire decodes, the other can encode: the limits are the same and both put six parts around the buffers.
- An empty key is refused: there are no unsigned messages here.

Rejected: decoding content into dictionaries (4 to 100 times the cost, and it re-encodes foreign JSON); Jupyter's own
signature on the link (it leaves out buffers and borders); one part holding everything (it copies large buffers).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from webipy.core import json_depth

DELIMITER: Final = b"<IDS|MSG>"
CHANNELS: Final = frozenset({"shell", "control", "iopub", "stdin", "host"})

MAX_PARTS: Final = 1024  # parts of one message, routing identities not counted; widgets send a few, never hundreds
MAX_PART_BYTES: Final = 64 * 1024 * 1024  # one part on the link, and of our own messages to a kernel
ANY_BYTES: Final = (
    sys.maxsize
)  # a part that a kernel sends: it is there already, and webipy.core.kernel.large_messages decides what becomes of it
MAX_HEADER_BYTES: Final = 64 * 1024  # header or parent, encoded; real ones have about 250 bytes
MAX_IDENTITIES: Final = 16  # routing parts before the delimiter; iopub has one topic, a router adds one each

_PARTS_BEFORE_BUFFERS: Final = 6
MAX_BUFFERS: Final = MAX_PARTS - _PARTS_BEFORE_BUFFERS
_SIGNATURE_BYTES: Final = 32
_JOINED_BYTES: Final = 16 * 1024  # parts that are copied into one before they are signed
_KEYS: Final = 256  # keys whose hashes are kept: one for each kernel
_BLOCK_BYTES: Final = 64  # of SHA-256
_PARENTS: Final = 16  # parents that are kept decoded: the messages of one execution all have the same
_length: Final = struct.Struct(">Q").pack
_STAMP: Final = re.compile(rb"(?:(0|[1-9][0-9]{0,18}) )?(shell|control|iopub|stdin|host)")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class BadFrame(Exception):
    """A multipart message that is not one of ours; the text names the fault and never quotes the content."""


class BadSignature(BadFrame):
    """The parts were not signed with this key, or were changed afterwards."""


class Malformed(BadFrame):
    """The parts break the format or one of the named limits."""


class TooDeep(Malformed):
    """JSON is nested deeper than `json_depth.MAX_DEPTH`."""


class Header(msgspec.Struct, frozen=True):
    """A message header ("Jupyter messaging 5.4, message header"); unknown fields are ignored.

    Attributes:
        msg_id: Unique id of the message; a reply's parent carries the request's.
        msg_type: What the message is, such as `execute_request`.
        session: The client id of the sender.
        username: Name of the user at the sender, for people to read.
        date: Creation time, ISO 8601; an empty string when the kernel gave none.
        version: Protocol version.
        subshell_id: The subshell a request is for (protocol 5.5); absent unless the sender gave it.
    """

    msg_id: str
    msg_type: str
    session: str = ""
    username: str = ""
    date: str = ""
    version: str = "5.3"
    subshell_id: str | None | msgspec.UnsetType = msgspec.UNSET


class Message(msgspec.Struct, frozen=True):
    """One whole message, without its place on a wire.

    Attributes:
        header: What the message is.
        parent: Header of the request it belongs to; None where the wire carries `{}`.
        metadata: Raw JSON as it arrived, not validated.
        content: Raw JSON as it arrived, not validated; see `clean_content`.
        buffers: Binary parts, in order.
    """

    header: Header
    parent: Header | None = None
    metadata: bytes = b"{}"
    content: bytes = b"{}"
    buffers: tuple[bytes, ...] = ()


_header_decoder: Final = msgspec.json.Decoder(Header)
_raw_decoder: Final = msgspec.json.Decoder(msgspec.Raw)
_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder: Final = msgspec.json.Encoder()


def new_message(
    msg_type: str,
    content: bytes,
    *,
    msg_id: str,
    session: str,
    parent: Header | None = None,
    date: str = "",
    username: str = "webipy",
    metadata: bytes = b"{}",
    buffers: tuple[bytes, ...] = (),
) -> Message:
    """Make a message of our own; ids and times come in as arguments.

    Args:
        msg_type: Type of the message, such as `kernel_info_request`.
        content: Encoded JSON object.
        msg_id: A new unique id.
        session: Our client id.
        parent: Header of the message this one answers.
        date: Creation time, ISO 8601 with zone.
        username: Name of the user it is sent for.
        metadata: Encoded JSON object.
        buffers: Binary parts.

    Returns:
        The message, ready for `encode` or `encode_link`.
    """
    header = Header(msg_id=msg_id, msg_type=msg_type, session=session, username=username, date=date)
    return Message(header, parent, metadata, content, buffers)


def encode(key: bytes, message: Message, identities: Iterable[bytes] = ()) -> list[bytes]:
    """Encode and sign a message for Jupyter's wire.

    Args:
        key: The key of the connection file, as bytes; not empty.
        message: What to send.
        identities: Routing parts to put before the delimiter.

    Returns:
        The parts of one multipart message.

    Raises:
        Malformed: The message is larger than the limits.

    Source: "Jupyter messaging 5.4, the wire protocol".
    """
    parts = split(message)
    return [*identities, DELIMITER, _sign(key, parts[:4]).hex().encode(), *parts]


def decode(key: bytes, frames: Sequence[bytes], max_part_bytes: int = MAX_PART_BYTES) -> Message:
    """Verify and decode one multipart message of Jupyter's wire.

    Args:
        key: The key of the connection file, as bytes; not empty.
        frames: All parts, with any routing identities before the delimiter; large ones may be memoryviews, and stay so.
        max_part_bytes: A larger part is refused.

    Returns:
        The message; its identities are dropped.

    Raises:
        BadSignature: It was not signed with `key`.
        Malformed: It breaks the format or a limit.

    Source: "Jupyter messaging 5.4, the wire protocol".
    """
    try:
        start = frames.index(DELIMITER, 0, MAX_IDENTITIES + 1)
    except ValueError:
        raise Malformed("there is no <IDS|MSG> delimiter") from None
    parts = frames[start + 2 :]
    if len(parts) < 4:
        raise Malformed(f"a message has at least 4 parts after its signature; this one has {len(parts)}")
    _check_limits(parts, max_part_bytes)
    expected = _sign(key, parts[:4]).hex().encode()
    if not hmac.compare_digest(expected, frames[start + 1]):
        raise BadSignature("the message is not signed with this kernel's key")
    return join(parts)


def stamp(channel: str, number: int | None = None) -> bytes:
    """Make the first part of a host link message.

    Args:
        channel: One of `CHANNELS`.
        number: The message's number, for host to server; None for server to host.

    Raises:
        ValueError: `channel` is none of `CHANNELS`.
    """
    if channel not in CHANNELS:
        raise ValueError(f"{channel!r} is not a channel")
    return channel.encode() if number is None else b"%d %s" % (number, channel.encode())


def encode_link(key: bytes, stamp: bytes, message: Message) -> list[bytes]:
    """Encode and sign a message for the host link.

    Args:
        key: The kernel's key, as bytes; not empty.
        stamp: The first part, made by `stamp`.
        message: What to send.

    Returns:
        The parts of one multipart message.

    Raises:
        Malformed: The message is larger than the limits, or the stamp is none.
    """
    if _STAMP.fullmatch(stamp) is None:
        raise Malformed("the stamp is not CHANNEL or NUMBER CHANNEL")
    parts = split(message)
    return [stamp, sign_link(key, stamp, parts), *parts]


def decode_link(key: bytes, frames: Sequence[bytes]) -> tuple[int, str, Message]:
    """Verify and decode one multipart message of the host link, from either side.

    Args:
        key: The kernel's key, as bytes; not empty.
        frames: All parts, without the identity a ROUTER puts in front.

    Returns:
        Number (0 when the stamp has none), channel and message.

    Raises:
        BadSignature: It was not signed with `key`.
        Malformed: It breaks the format or a limit.
    """
    if len(frames) < _PARTS_BEFORE_BUFFERS:
        raise Malformed(f"a host link message has at least 6 parts; this one has {len(frames)}")
    parts = frames[2:]
    _check_limits(parts)
    place = _STAMP.fullmatch(frames[0])
    if place is None:
        raise Malformed("the stamp is not CHANNEL or NUMBER CHANNEL")
    if len(frames[1]) != _SIGNATURE_BYTES or not hmac.compare_digest(sign_link(key, frames[0], parts), frames[1]):
        raise BadSignature("the message is not signed with this kernel's key")
    number, channel = place.groups()
    return int(number or 0), channel.decode(), join(parts)


def split(message: Message) -> list[bytes]:
    """Encode a message without signature: header, parent, metadata, content and the buffers.

    Raises:
        Malformed: The message is larger than the limits.
    """
    parent = b"{}" if message.parent is None else _encoder.encode(message.parent)
    parts = [_encoder.encode(message.header), parent, message.metadata, message.content, *message.buffers]
    _check_limits(parts)
    return parts


def join(parts: Sequence[bytes]) -> Message:
    """Decode what `split` made; the caller has verified where the parts come from.

    Raises:
        Malformed: A header is not a JSON object with `msg_id` and `msg_type`.
    """
    parent = None if parts[1] in (b"{}", b"null", b"") else _parent(parts[1])
    header = _header(parts[0], is_parent=False)
    assert header is not None  # only a parent may be empty
    return Message(header, parent, parts[2], parts[3], tuple(parts[4:]))


def clean_content(raw: bytes) -> bytes:
    """Make JSON from a kernel safe to splice into another JSON document.

    Strict JSON in valid UTF-8 comes back as it is. What common kernels get wrong is mended: NaN, the infinities and
    numbers beyond a double become null, lone surrogates and invalid UTF-8 become U+FFFD, raw control characters
    in strings are escaped.

    Args:
        raw: `content` or `metadata` of a decoded message.

    Returns:
        One JSON value: strict, valid UTF-8, nested at most `json_depth.MAX_DEPTH` levels deep.

    Raises:
        TooDeep: It is nested deeper.
        Malformed: It is not JSON.
    """
    if json_depth.is_too_deep(raw):
        raise TooDeep(f"the JSON is {json_depth.too_deep_reason()}")
    try:
        _raw_decoder.decode(raw)
        raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        raw = _mend(raw)
    return raw


def _mend(raw: bytes) -> bytes:
    """Re-encode lenient JSON strictly."""
    try:
        value = json.loads(
            raw.decode(errors="replace").removeprefix("\ufeff"),
            parse_constant=lambda _: None,
            parse_float=_finite,
            strict=False,
        )
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise Malformed("it is not JSON") from None
    return _SURROGATE.sub("\ufffd", text).encode()


def _finite(text: str) -> float | None:
    number = float(text)
    return number if abs(number) != float("inf") else None


def _sign(key: bytes, parts: Sequence[bytes]) -> bytes:
    """HMAC-SHA256 over parts, one after the other; in one go where they are small, because each step costs more than its bytes.

    The two hashes that have taken the key in are kept and copied: OpenSSL looks its algorithm up again for each HMAC, which costs more than a
    small message. Source: RFC 2104.
    """
    begun, outer = _keyed(key)
    inner = begun.copy()
    if sum(map(len, parts)) < _JOINED_BYTES:
        inner.update(b"".join(parts))
    else:
        for part in parts:
            inner.update(part)
    ended = outer.copy()
    ended.update(inner.digest())
    return ended.digest()


@lru_cache(_KEYS)
def _keyed(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The inner and the outer hash of an HMAC, with the key taken in."""
    if not key:
        raise ValueError("a kernel's key must not be empty")
    block = (key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def sign_link(key: bytes, stamp: bytes, parts: Sequence[bytes]) -> bytes:
    """The signature of a message on the host link.

    Args:
        key: The kernel's key, as bytes; not empty.
        stamp: Its first part.
        parts: What follows the signature.

    Returns:
        32 raw bytes: HMAC-SHA256 over the stamp and the parts, each preceded by its length.
    """
    signed = [_length(len(stamp)), stamp]
    for part in parts:
        signed += (_length(len(part)), part)
    return _sign(key, signed)


def _check_limits(parts: Sequence[bytes], max_part_bytes: int = MAX_PART_BYTES) -> None:
    """Refuse what is too large; `parts` are header, parent, metadata, content and the buffers."""
    if len(parts) + 2 > MAX_PARTS:
        raise Malformed(f"the message has more than {MAX_PARTS} parts")
    if max(len(parts[0]), len(parts[1])) > MAX_HEADER_BYTES:
        raise Malformed(f"a header is larger than {MAX_HEADER_BYTES} bytes")
    if max(map(len, parts)) > max_part_bytes:
        raise Malformed(f"a part is larger than {max_part_bytes} bytes")


@lru_cache(_PARENTS)
def _parent(raw: bytes) -> Header | None:
    return _header(raw, is_parent=True)


def _header(raw: bytes, *, is_parent: bool) -> Header | None:
    """Decode a header; the second try is for kernels that write null or a number where a string belongs."""
    try:
        return _header_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the exact decoder refused: the lenient one below decides
    try:
        fields = _object_decoder.decode(raw)
        strings = {name: _string(fields[name]) for name in Header.__struct_fields__ if name in fields}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("a header is not a JSON object of strings") from None
    if is_parent and not fields:
        return None
    present = {name: text for name, text in strings.items() if text is not None}
    try:
        return msgspec.convert(present, Header)
    except msgspec.ValidationError as fault:
        raise Malformed(f"a header is incomplete: {fault}") from None


def _string(raw: msgspec.Raw) -> str | None:
    value = msgspec.json.decode(raw, type=str | int | float | None)
    return None if value is None else str(value)
