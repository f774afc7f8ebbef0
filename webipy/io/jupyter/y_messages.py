"""The messages of programs that edit one document together: their bytes, and what is in them.

::

    0 sync        0 what I have (a state vector)   1 what you lack (an update)   2 what I have changed (an update)
    1 awareness   who is there, and where: for each program its number, a clock that only grows, and a JSON value (`null`: it is gone)
    2 raw         a word: `save` with the number of the request; the answer is JSON
    3 query       asks for the awareness of all

Numbers are varints, seven bits a byte, the lowest first; strings and updates have their length in bytes before them. Nothing here looks into updates.

Source: y-protocols, PROTOCOL.md; y-websocket; jupyter-server-ydoc 3.0, "handlers" (raw messages).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs
import msgspec

SYNC: Final = 0
AWARENESS: Final = 1
RAW: Final = 2
QUERY: Final = 3

STEP_1: Final = 0
STEP_2: Final = 1
UPDATE: Final = 2

MOST_STATES: Final = 64
"""Programs in one message of awareness."""

MOST_STATE: Final = 64 * 1024
"""Bytes of what one program says of itself."""

_NUMBER_BITS: Final = 63


class Malformed(Exception):
    """Bytes that are no message."""


class Reader(msgspec.Struct):
    """Reads what stands one after the other in some bytes.

    Args:
        rest: The bytes that are not read yet.
    """

    rest: bytes

    def number(self) -> int:
        """The next number.

        Raises:
            Malformed: There is none.
        """
        found = 0
        for place, byte in enumerate(self.rest[: _NUMBER_BITS // 7]):
            found |= (byte & 127) << (7 * place)
            if byte < 128:
                self.rest = self.rest[place + 1 :]
                return found
        raise Malformed("A number has no end")

    def part(self) -> bytes:
        """The next bytes that have their length before them.

        Raises:
            Malformed: They are not all there.
        """
        size = self.number()
        if size > len(self.rest):
            raise Malformed("A part is shorter than it says")
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


@attrs.frozen
class State:
    """What one program says of itself.

    Args:
        client: Its number.
        clock: Grows with each state.
        json: The state; `null`: it is gone.
    """

    client: int
    clock: int
    json: bytes


def written(number: int) -> bytes:
    """A number as bytes."""
    found = bytearray()
    while number > 127:
        found.append(128 | number & 127)
        number >>= 7
    found.append(number)
    return bytes(found)


def sync(step: int, body: bytes) -> bytes:
    """A message of the sync protocol.

    Args:
        step: `STEP_1`, `STEP_2` or `UPDATE`.
        body: A state vector or an update.
    """
    return bytes((SYNC, step)) + written(len(body)) + body


def awareness(states: Iterable[State]) -> bytes:
    """The message that has these states."""
    every = [written(one.client) + written(one.clock) + written(len(one.json)) + one.json for one in states]
    body = written(len(every)) + b"".join(every)
    return bytes((AWARENESS,)) + written(len(body)) + body


def raw(body: bytes) -> bytes:
    """A raw message with some JSON."""
    return bytes((RAW,)) + written(len(body)) + body


def states_of(body: bytes) -> list[State]:
    """The states in a message of awareness.

    Args:
        body: What follows the kind of the message.

    Raises:
        Malformed: It has none, too many, or too large ones.
    """
    inner = Reader(Reader(body).part())
    count = inner.number()
    if count > MOST_STATES:
        raise Malformed("A message of awareness has too many states")
    found = [State(inner.number(), inner.number(), inner.part()) for _ in range(count)]
    if any(len(one.json) > MOST_STATE for one in found):
        raise Malformed("A state is too large")
    return found
