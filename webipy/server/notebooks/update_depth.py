"""How deep an update of a shared document nests, before it is applied.

The library that holds shared documents decodes nested values, and frees nested lists and maps, by calls of itself, with no limit: some 20,000 levels
in one value, or some 50,000 lists in lists, are more than the stack of a process holds, and end it. So each update is read here first, from its first
byte to its last item, without calls of itself::

    update:   clients ──► items ──► what an item is, what it is in, what it holds
    value     [[[…]]]                          levels of brackets
    types     a list in a map in a list …      by the ids of what they are in, or of their neighbours there

What an item is in may be something that an earlier update has brought: how deep that is, whoever keeps the document knows (`Depth.levels` counts from
there). Texts are skipped in one step, so long ones cost nothing; many small items, as those of 5,000 new cells, cost some times what applying them
does (0.3 s).

Invariants: an update that passes nests at most `MOST_LEVELS` in itself, and its values as deep as any JSON here; bytes that are no update raise
`ValueError`, or go on to the library, which says so itself. Parts that no notebook has (XML, links between types) are refused.

Source: Yjs, "UpdateDecoder" and "Item"; yrs, "block" and "any"; lib0, "encoding" (`writeAny`).
Rejected: applying an update in a process of its own first (each letter that is typed would wait for that); a limit of its bytes (a notebook with
pictures is larger than what ends a process); a larger stack (what is freed is freed in any thread).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import msgspec

from webipy.core.json_depth import MAX_DEPTH

MOST_LEVELS: Final = 20
"""Levels of shared lists, maps and texts in each other; a notebook has four: a cell, its outputs, one of them, its text."""

TOO_DEEP: Final = (
    f"A shared notebook has at most {MOST_LEVELS} lists and maps in each other, and values of {MAX_DEPTH} levels"
)

ROOTS: Final = frozenset((b"cells", b"meta", b"state"))
"""The parts of a shared notebook, whose changes are told with the place of what has changed."""

_TYPE: Final = 7
_KNOWN_TYPES: Final = 3
"""List, map and text; what follows is XML and links."""

_SIZES: Final = {120: 0, 121: 0, 122: 8, 123: 8, 124: 4, 126: 0, 127: 0}
"""Bytes of values that are always as long, by their first byte."""

_LIST, _MAP, _NUMBER, _BYTES = 117, 118, 125, (116, 119)

_NO_END: Final = "This is no update: a number has no end"

_ON_THE_WAY: Final = -1

_Place = int | tuple[int, int, bool]
"""The level of what an item is in; or the id of that (`True`) or of a neighbour there (`False`)."""


class Depth(msgspec.Struct, frozen=True):
    """How deep an update nests.

    Args:
        levels: Levels of shared lists, maps and texts, from what was there before on; 0: it brings none.
        is_known: Whether all of it is in the parts that a shared notebook has, as far as it says.
        ends: The clocks that the clients have when all of it is applied.
    """

    levels: int
    is_known: bool
    ends: dict[int, int]


def depth_of(update: bytes) -> Depth:
    """How deep an update nests.

    Args:
        update: The update.

    Raises:
        ValueError: It nests too deeply, or is no update of a shared notebook.
    """
    try:
        return _Update(update).read()
    except (IndexError, UnicodeDecodeError) as fault:
        raise ValueError(f"This is no update: {fault}") from None


def clocks_of(state: bytes) -> dict[int, int]:
    """The clocks of clients in a state vector."""
    found, (count, at) = {}, _number(state, 0)
    for _ in range(count):
        client, at = _number(state, at)
        found[client], at = _number(state, at)
    return found


def _number(body: bytes, at: int) -> tuple[int, int]:
    """The number that stands somewhere, and where it ends."""
    byte = body[at]
    at += 1
    if byte < 128:
        return byte, at
    found, shift = byte & 127, 7
    while True:
        byte = body[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, at
        shift += 7
        if shift > 63:
            raise ValueError(_NO_END)


def _after_part(body: bytes, at: int) -> int:
    """Where bytes end that have their length before them."""
    size, at = _number(body, at)
    if at + size > len(body):
        raise ValueError("This is no update: a part is shorter than it says")
    return at + size


class _Client(msgspec.Struct):
    """The items of one client in an update.

    Args:
        clocks: Their first clocks, which grow.
        places: What each is in.
        types: The lists, maps and texts among them, by their number here; and their levels, as soon as they are known.
        end: The clock after the last one.
    """

    clocks: list[int] = msgspec.field(default_factory=list)
    places: list[_Place] = msgspec.field(default_factory=list)
    types: dict[int, int] = msgspec.field(default_factory=dict)
    end: int = 0

    def find(self, clock: int) -> int:
        """The number of the item that has a clock; -1: none here has."""
        return bisect_right(self.clocks, clock) - 1 if clock < self.end else -1


class _Update(msgspec.Struct):
    """An update that is read.

    Args:
        body: Its bytes.
    """

    body: bytes
    is_known: bool = True
    clients: dict[int, _Client] = msgspec.field(default_factory=dict)

    def read(self) -> Depth:
        """Reads all of it."""
        body = self.body
        count, at = _number(body, 0)
        for _ in range(count):
            items, at = _number(body, at)
            name, at = _number(body, at)
            clock, at = _number(body, at)
            if name in self.clients:
                raise ValueError("This is no update: a client stands in it twice")
            at = self._items(self.clients.setdefault(name, _Client()), clock, items, at)
        levels = max((self._level(one, place) for one in self.clients.values() for place in one.types), default=0)
        return Depth(levels, self.is_known, {name: client.end for name, client in self.clients.items()})

    # ---- items

    def _items(self, client: _Client, clock: int, count: int, at: int) -> int:
        """Reads the items of a client; returns where they end."""
        body, clocks, places = self.body, client.clocks, client.places
        for _ in range(count):
            info = body[at]
            kind = info & 31
            if kind in (0, 10):  # nothing that is there: it was deleted, or is left out
                size, at = _number(body, at + 1)
                clock += size
                continue
            place, at = self._place(info, at + 1)
            if kind == _TYPE:
                client.types[len(clocks)] = -1
            clocks.append(clock)
            places.append(place)
            size, at = self._content(kind, at)
            clock += size
        client.end = clock
        return at

    def _place(self, info: int, at: int) -> tuple[_Place, int]:
        """What an item is in, and where that ends."""
        body = self.body
        if info & 192:
            name, at = _number(body, at)
            clock, at = _number(body, at)
            if info & 192 == 192:
                at = _number(body, _number(body, at)[1])[1]
            return (name, clock, False), at
        kind, at = _number(body, at)
        place: _Place = 0
        if kind == 1:
            end = _after_part(body, at)
            self.is_known = self.is_known and body[_number(body, at)[1] : end] in ROOTS
            at = end
        else:
            name, at = _number(body, at)
            clock, at = _number(body, at)
            place = (name, clock, True)
        return place, _after_part(body, at) if info & 32 else at

    def _content(self, kind: int, at: int) -> tuple[int, int]:
        """How many clocks what an item holds takes, and where it ends."""
        body = self.body
        if kind == 4:
            end = _after_part(body, at)
            text = body[_number(body, at)[1] : end]
            return len(text) if text.isascii() else len(text.decode().encode("utf-16-le")) // 2, end
        if kind == 8:
            count, at = _number(body, at)
            return count, self._after_values(count, at)
        if kind == _TYPE:
            if body[at] >= _KNOWN_TYPES:
                raise ValueError("A shared notebook has lists, maps and texts, and nothing else")
            return 1, at + 1
        if kind == 1:
            return _number(body, at)
        if kind == 2:
            count, at = _number(body, at)
            for _ in range(count):
                at = _after_part(body, at)
            return count, at
        if kind in (3, 5):
            return 1, _after_part(body, at)
        if kind == 6:
            return 1, _after_part(body, _after_part(body, at))
        if kind == 9:
            return 1, self._after_values(1, _after_part(body, at))
        if kind == 11:
            is_one, at = _number(body, at)
            for _ in range(2 if is_one & 1 else 4):
                _, at = _number(body, at)
            return 1, at
        raise ValueError(f"This is no update: there is no content {kind}")

    def _after_values(self, count: int, at: int) -> int:
        """Where values end, as deep as they are."""
        body, left, is_map = self.body, [count], [False]  # how many are still to come, on each level
        while left:
            if not left[-1]:
                left.pop()
                is_map.pop()
                continue
            left[-1] -= 1
            if is_map[-1]:
                at = _after_part(body, at)
            kind = body[at]
            at += 1
            if kind in (_LIST, _MAP):
                members, at = _number(body, at)
                left.append(members)
                is_map.append(kind == _MAP)
                if len(left) > MAX_DEPTH + 1:
                    raise ValueError(TOO_DEEP)
            elif kind in _BYTES:
                at = _after_part(body, at)
            elif kind == _NUMBER:
                while body[at] > 127:
                    at += 1
                at += 1
            elif kind in _SIZES:
                at += _SIZES[kind]
            else:
                raise ValueError("This is no update: there is no such value")
        return at

    # ---- levels

    def _level(self, client: _Client, number: int) -> int:
        """The level of a list, map or text: 1 for one in what was there before."""
        found = client.types[number]
        if found < 0:
            found = client.types[number] = self._above(client, number) + 1
            if found > MOST_LEVELS:
                raise ValueError(TOO_DEEP)
        return found

    def _above(self, client: _Client, number: int) -> int:
        """The level of what an item is in: 0 for what was there before. It is noted for all on the way there."""
        way: list[tuple[_Client, int, bool]] = []
        while True:
            place = client.places[number]
            if isinstance(place, int):
                level, is_new = place, True
                break
            name, clock, is_in = place
            client.places[number] = _ON_THE_WAY
            way.append((client, number, is_in))
            near = self.clients.get(name)
            number = near.find(clock) if near is not None else -1
            if near is None or number < 0:
                level, is_new = 0, False
                break
            client = near
        if level == _ON_THE_WAY:
            raise ValueError("This is no update: something is in itself")
        for one, at, is_in in reversed(way):
            level += is_in and is_new
            is_new = True
            one.places[at] = level
        return level
