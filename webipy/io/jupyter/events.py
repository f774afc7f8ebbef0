"""The routes of events: `/api/events`, where clients tell what has happened in them, and its WebSocket `/api/events/subscribe`.

What one client tells goes to all that listen; nothing is kept. JupyterLab listens from its start on. The server itself tells nothing here: what
happens to notebooks and kernels stands in their journals.

Source: jupyter_server 2.21, services/events (REST API); jupyter_events, "event schemas".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.jupyter.sockets import SocketProtocol, take_over
from webipy.io.web.websocket import RpcFactory

MOST_BYTES: Final = 64 * 1024
"""What one event holds at most."""


class Event(msgspec.Struct):
    """What a client tells."""

    schema_id: str
    version: str | int
    data: dict[str, Any]
    timestamp: str | None = None


class EventsProtocol(SocketProtocol):
    """One socket of a client that listens."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Nothing is said here."""
        self.reading.end()

    def _notified(self, notification: bytes) -> None:
        """Nothing else is told here."""

    def tell(self, event: bytes) -> None:
        """Sends an event, JSON."""
        self._give(event)


class Events(msgspec.Struct, eq=False):
    """The events of clients.

    Args:
        factory: All sockets of Jupyter clients.
    """

    factory: RpcFactory

    async def emit(self, asked: Asked) -> Answer:
        """Tells an event to all that listen.

        Raises:
            Refusal: 400, it is none; 413, it is too large.
        """
        raw = asked.raw_body()
        if len(raw) > MOST_BYTES:
            raise Refusal(413, f"An event holds at most {MOST_BYTES >> 10} KiB.")
        try:
            event = msgspec.json.decode(raw, type=Event)
            at = event.timestamp or asked.api.services.world.now()
            _check_time(at)
        except (ValueError, RecursionError) as fault:
            raise Refusal(400, f"This is no event: {fault}.") from None
        meta = {"__timestamp__": at, "__schema__": event.schema_id, "__schema_version__": str(event.version)}
        body = msgspec.json.encode(
            {**meta, "__metadata_version__": 1, "schema_id": event.schema_id, "version": event.version, **event.data}
        )
        for client in tuple(self.factory.clients):
            if isinstance(client, EventsProtocol):
                client.tell(body)
        return Answer(status=204)

    async def upgrade(self, asked: Asked) -> None:
        """Takes the handshake of a client over."""

        def make(address: Any) -> EventsProtocol:
            protocol = EventsProtocol()
            protocol.factory, protocol.asked = self.factory, asked
            return protocol

        take_over(asked, make)


def _check_time(at: str) -> None:
    """Checks the time of an event: ISO 8601 with its offset, behind which clients of jupyter_events may put a `Z`.

    Raises:
        ValueError: It is none.
    """
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        time = datetime.fromisoformat(at.removesuffix("Z"))
    if time.tzinfo is None:
        raise ValueError("its timestamp has no offset, such as Z or +01:00")


def routes(factory: RpcFactory) -> list[Route]:
    """The routes.

    Args:
        factory: All sockets of Jupyter clients.
    """
    events = Events(factory)
    return [
        Route("/api/events", {"POST": events.emit}),
        Route("/api/events/subscribe", {}, upgrade=events.upgrade),
    ]
