"""webipy.io.jupyter.events: what one client tells goes to all that listen."""

from __future__ import annotations

import json
from typing import Any

from tests.test_jupyter_routes import JupyterTestCase
from webipy.io.jupyter import events
from webipy.io.jupyter.events import EventsProtocol


class Listener(EventsProtocol):
    """A socket that keeps what it is told."""

    def __init__(self) -> None:
        self.noted: list[Any] = []

    def _give(self, message: bytes, is_binary: bool = False) -> None:
        self.noted.append(json.loads(message))


class Telling(JupyterTestCase):
    """`/api/events`."""

    def test_an_event_goes_to_all_that_listen(self) -> None:
        """With its time, as Jupyter's events have it."""
        listeners = [Listener(), Listener()]
        self.channels.clients.update(listeners)
        event = {"schema_id": "https://example.org/x", "version": "1", "data": {"action": "open"}}
        self.assertEqual(self.api("POST", "/api/events", json.dumps(event).encode()).status, 204)
        timed = {**event, "version": 2, "timestamp": "2026-03-01T00:00:00Z"}
        self.assertEqual(self.api("POST", "/api/events", json.dumps(timed).encode()).status, 204)
        odd = {**timed, "timestamp": "2026-03-01T00:00:00+06:00Z"}
        self.assertEqual(self.api("POST", "/api/events", json.dumps(odd).encode()).status, 204)
        for listener in listeners:
            first, second, third = listener.noted
            self.assertEqual((first["schema_id"], first["action"]), ("https://example.org/x", "open"))
            self.assertEqual(second["__timestamp__"], "2026-03-01T00:00:00Z")
            self.assertEqual(third["__timestamp__"], "2026-03-01T00:00:00+06:00Z")
            self.assertEqual((second["__schema__"], second["__schema_version__"]), ("https://example.org/x", "2"))

    def test_what_is_no_event(self) -> None:
        """Is refused, and told to nobody."""
        listener = Listener()
        self.channels.clients.add(listener)
        good = {"schema_id": "x", "version": "1", "data": {}}
        for body in (
            b"",
            b"{",
            b"[]",
            b"{}",
            json.dumps({**good, "timestamp": "today"}).encode(),
            json.dumps({**good, "timestamp": "2022-05-26 12:50:00"}).encode(),
            json.dumps({**good, "data": 5}).encode(),
        ):
            self.assertEqual(self.api("POST", "/api/events", body).status, 400, body)
        self.patch(events, "MOST_BYTES", 10)
        self.assertEqual(self.api("POST", "/api/events", json.dumps(good).encode()).status, 413)
        self.assertEqual(listener.noted, [])

    def test_it_listens_by_a_websocket(self) -> None:
        """And by nothing else."""
        self.assertEqual(self.api("GET", "/api/events/subscribe").status, 400)
        self.assertEqual(self.ask("GET", "/api/events/subscribe").status, 403)
