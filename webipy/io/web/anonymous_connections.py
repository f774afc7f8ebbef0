"""Connections that have shown no login yet: how many there may be, and which one goes when there is no room.

Whoever knows nothing can still open connections. So those that have not shown a login are counted, by address and all together, and a new one is
always let in: when there are too many, the one goes that has got on least recently. A connection gets on when it comes, when the head of a request
is whole, when a request is answered, and when its reader has taken what was sent; a byte now and then is no getting on. Once it shows a login it
is not counted any more: nobody who has one is turned away here, and on loopback, where all have one address, showing it takes some milliseconds.

Invariants: of an address never more than `most_of_address`, of all never more than `most`; a connection that has shown a login is never closed here.

Rejected: to refuse the new one (who comes first with many would keep everybody else out); a limit for all connections of an address (a tunnel or a
proxy is one).
"""

from __future__ import annotations

import ipaddress
from typing import Protocol

import attrs

MOST_OF_ADDRESS = 256
"""A browser opens six to a server; behind one address may be many browsers."""

MOST = 1024
"""Of all addresses together; a quarter of the files that the server may open, when that is less."""


class Line(Protocol):
    """A connection: a transport of Twisted's."""

    def abortConnection(self) -> None:
        """Ends it at once."""


@attrs.define(eq=False)
class Strangers:
    """The connections of one server that have shown no login.

    Args:
        most_of_address: How many of one address there may be.
        most: How many there may be.
    """

    most_of_address: int = MOST_OF_ADDRESS
    most: int = MOST
    _places: dict[Line, str] = attrs.field(factory=dict)
    """The place of each, the one first that got on least recently."""
    _by_place: dict[str, dict[Line, None]] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, line: Line) -> bool:
        return line in self._places

    def came(self, line: Line, address: str) -> None:
        """A connection was made; when there are too many now, one goes that is not it."""
        place = place_of(address)
        self._places[line] = place
        here = self._by_place.setdefault(place, {})
        here[line] = None
        if len(here) > self.most_of_address:
            self._end(next(iter(here)))
        elif len(self._places) > self.most:
            self._end(next(iter(self._places)))

    def got_on(self, line: Line) -> None:
        """A connection got on; nothing happens when it is none of these."""
        place = self._places.pop(line, None)
        if place is not None:
            self._places[line] = place
            del self._by_place[place][line]
            self._by_place[place][line] = None

    def forget(self, line: Line) -> None:
        """A connection has shown a login, or has ended."""
        place = self._places.pop(line, None)
        if place is not None:
            del self._by_place[place][line]
            if not self._by_place[place]:
                del self._by_place[place]

    def _end(self, line: Line) -> None:
        self.forget(line)
        line.abortConnection()


def place_of(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, which one machine has all of (RFC 4291, section 2.5.4)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
