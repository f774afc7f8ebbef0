"""What all WebSockets of Jupyter clients have in common: a route lets them in, and notifications of the method table are spelled in their words.

`SocketProtocol` is admitted by its route, which has asked for the login and the right; `take_over` makes one out of the handshake.

Invariants: no socket is made for a request that has not passed a route.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec
from autobahn.twisted.resource import WebSocketResource
from msgspec import Raw

from webipy.io.jupyter.routes import Asked
from webipy.io.web.requests import hand_over
from webipy.io.web.websocket import RpcProtocol, enter

GONE: Final = 1000
"""Close code of a socket whose client should not come back."""

COME_BACK: Final = 1012
MALFORMED: Final = 1007


class Notification(msgspec.Struct):
    """A notification of the method table."""

    method: str
    params: Raw


class SocketProtocol(RpcProtocol):
    """One socket that has passed a route."""

    asked: Asked

    def onConnect(self, request: Any) -> str | None:
        """Accepts who has passed the route."""
        principal = self.asked.connection.principal
        assert principal is not None
        origin = self.asked.connection.origin
        self.asked = attrs.evolve(self.asked, connection=enter(self, principal, self._notified))
        self.asked.connection.origin = origin
        return None

    def _notified(self, notification: bytes) -> None:
        """Takes a notification, JSON."""
        raise NotImplementedError


class _Handshake(msgspec.Struct, eq=False):
    """What Autobahn asks for the protocol of one handshake."""

    make: Callable[[Any], SocketProtocol]

    def buildProtocol(self, address: Any) -> Any:
        """The protocol."""
        return self.make(address)


def take_over(asked: Asked, make: Callable[[Any], SocketProtocol]) -> None:
    """Makes a socket out of a handshake, if its connection is still there.

    Args:
        asked: The request.
        make: Makes the protocol, by the address of the other side.
    """
    if hand_over(asked.request):
        WebSocketResource(_Handshake(make)).render(asked.request)
