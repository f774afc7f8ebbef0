"""Connections that have shown no login yet: how many there may be, and which one is closed when there is no room.

Whoever knows nothing can still open connections. So those that have not shown a login are counted, by network and all together, and a new one is
always let in: when there are too many, the one is closed that has progressed least recently. A connection progresses when it is opened, when the
head of a request is whole, when a request is answered, and when its reader has taken what was sent; a byte now and then is no progress. Once it shows
a login it is not counted any more: nobody who has one is turned away here, and on loopback, where all have one address, showing it takes some
milliseconds.

Invariants: of a network never more than `most_of_address`, of all never more than `most`; a connection that has shown a login is never closed here.

Rejected: to refuse the new one (who comes first with many would keep everybody else out); a limit for all connections of an address (a tunnel or a
proxy is one).
"""

from __future__ import annotations

from typing import Protocol

import attrs

from webipy.io.machine import most_files
from webipy.io.web.request_auth import network_of

MOST_OF_ADDRESS = 256
"""A browser opens six to a server; behind one address may be many browsers."""

MOST = 1024
"""Of all addresses together; a quarter of the files that the server may open, when that is less."""


class Transport(Protocol):
    """A connection of Twisted's."""

    def abortConnection(self) -> None:
        """Ends it at once."""


@attrs.define(eq=False)
class AnonymousConnections:
    """The connections of one server that have shown no login.

    Args:
        most_of_address: How many of one address there may be.
        most: How many there may be; by default, as the files that this process may open allow.
    """

    most_of_address: int = MOST_OF_ADDRESS
    most: int = attrs.field(factory=lambda: min(MOST, most_files() // 4))
    _networks: dict[Transport, str] = attrs.field(factory=dict)
    """The network of each, the one first that progressed least recently."""
    _by_network: dict[str, dict[Transport, None]] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._networks)

    def __contains__(self, transport: Transport) -> bool:
        return transport in self._networks

    def opened(self, transport: Transport, address: str) -> None:
        """Counts a new connection; when there are too many now, another one is closed.

        Args:
            transport: The connection.
            address: The IP address of its other end.
        """
        network = network_of(address)
        self._networks[transport] = network
        here = self._by_network.setdefault(network, {})
        here[transport] = None
        if len(here) > self.most_of_address:
            self._end(next(iter(here)))
        elif len(self._networks) > self.most:
            self._end(next(iter(self._networks)))

    def progressed(self, transport: Transport) -> None:
        """Records that a connection progressed; nothing happens when it is none of these."""
        network = self._networks.pop(transport, None)
        if network is not None:
            self._networks[transport] = network
            del self._by_network[network][transport]
            self._by_network[network][transport] = None

    def forget(self, transport: Transport) -> None:
        """Counts a connection no more: it has shown a login, or has ended."""
        network = self._networks.pop(transport, None)
        if network is not None:
            del self._by_network[network][transport]
            if not self._by_network[network]:
                del self._by_network[network]

    def _end(self, transport: Transport) -> None:
        self.forget(transport)
        transport.abortConnection()
