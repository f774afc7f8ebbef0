"""Bundles: small messages of a kernel that go over the host link as one.

An execution of `1+1` is five messages that leave the host together. Alone each is seven parts for ZeroMQ, a signature on each side and a wake-up of
the server; in a bundle they share one of each::

    stamp       signature                                            messages
    "bundle"    as on the host link, over the two other parts        MessagePack: a list of maps, as `Kept` and its message have their fields

Data flow: the host bundles what it sends in one turn, for a server that has said in `attach` that it takes bundles; the link takes them apart.

Invariants: a bundle is small, and holds messages of the kernel alone: what the host says itself, such as a new key, has an effect on what follows;
the numbers in it are dense, as they are without it.

Rejected: one record of several messages in the outbox (what is acknowledged or spooled may end anywhere in a bundle); the records of a spool one
after the other (each costs a step for every part of it, and this is one for all).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from webipy.core.kernel import wire
from webipy.core.kernel.spool_records import Kept

STAMP: Final = b"bundle"
MAX_BYTES: Final = 64 * 1024
MAX_MESSAGES: Final = 50
"""What one bundle holds at most: a server reads it in one piece, in some 2 ms."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Kept]).decode


def may_bundle(kept: Kept) -> bool:
    """Whether a message goes in a bundle, be it alone there."""
    return kept.size_bytes <= MAX_BYTES and kept.channel != "host"


def grouped(messages: Sequence[Kept]) -> Iterator[Sequence[Kept]]:
    """Groups messages into bundles.

    Args:
        messages: What is to be sent, in order.

    Returns:
        The same messages in the same order: each group is one bundle, or one message that may not be in any.
    """
    start = size = 0
    for place, kept in enumerate(messages):
        is_apart = not may_bundle(kept) or not may_bundle(messages[start])
        if place > start and (is_apart or place - start == MAX_MESSAGES or size + kept.size_bytes > MAX_BYTES):
            yield messages[start:place]
            start, size = place, 0
        size += kept.size_bytes
    if messages:
        yield messages[start:]


def encode(key: bytes, messages: Sequence[Kept]) -> list[bytes]:
    """Encodes and signs a bundle.

    Args:
        key: The kernel's key, as bytes; not empty.
        messages: One or more, each with its number and channel.

    Returns:
        The parts of one multipart message.

    Raises:
        webipy.core.kernel.wire.Malformed: A message is larger than the limits.
    """
    body = _encode(messages)
    return [STAMP, wire.sign_link(key, STAMP, [body]), body]


def is_bundle(frames: Sequence[bytes]) -> bool:
    """Whether the parts of a message of the host link, without an identity, are those of a bundle."""
    return bool(frames) and frames[0] == STAMP


def decode(key: bytes, frames: Sequence[bytes]) -> list[Kept]:
    """Verifies and decodes a bundle.

    Args:
        key: The kernel's key, as bytes; not empty.
        frames: All parts, `STAMP` first.

    Returns:
        The messages, each with its number and channel, in order.

    Raises:
        webipy.core.kernel.wire.BadSignature: It was not signed with `key`.
        webipy.core.kernel.wire.Malformed: It breaks the format.
    """
    if len(frames) != 3:
        raise wire.Malformed("a bundle has three parts")
    stamp, signature, body = frames
    if not hmac.compare_digest(wire.sign_link(key, stamp, [body]), signature):
        raise wire.BadSignature("the bundle is not signed with this kernel's key")
    try:
        found = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise wire.Malformed(f"a bundle is damaged: {fault}") from None
    if not all(kept.number > 0 and kept.channel in wire.CHANNELS for kept in found):
        raise wire.Malformed("a message of a bundle has no place")
    return found
