"""webipy.server.methods.method: the table's lines, and the connection that calls."""

from __future__ import annotations

import json

from tests.fakes import RigTestCase
from webipy.core import errors
from webipy.core.api import cell_calls
from webipy.server.methods import api
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Connection, Methods, Services


class Table(RigTestCase):
    """`Methods`."""

    def test_a_method_is_entered_with_what_its_annotations_say(self) -> None:
        """The table cannot say other than the function does."""
        methods = Methods()

        @methods.method("cell.frame", "write")
        async def frame(
            services: Services, connection: Connection, params: cell_calls.OfCell
        ) -> cell_calls.CellAccepted:
            """Frames a cell."""
            return cell_calls.CellAccepted(cell=params.cell, seq=1, version=0)

        entered = methods.table["cell.frame"]
        self.assertEqual(
            (entered.name, entered.verb, entered.params, entered.result, entered.function, entered.doc),
            ("cell.frame", "write", cell_calls.OfCell, cell_calls.CellAccepted, frame, "Frames a cell."),
        )

    def test_the_table_holds_each_method_of_the_api_once(self) -> None:
        """Modules do not overwrite each other's methods."""
        parts = [
            part.METHODS.table for part in vars(api).values() if isinstance(getattr(part, "METHODS", None), Methods)
        ]
        self.assertGreater(len(parts), 3)
        self.assertEqual(sum(map(len, parts)) + 1, len(METHODS))


class Connections(RigTestCase):
    """`Connection`."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()

    def write(self, count: int = 1) -> None:
        """Some events."""
        for _ in range(count):
            self.rig.me.call("session.rename", session=self.session, title="T")

    def test_events_come_after_the_answer(self) -> None:
        """The first notification is sent in the turn after the call."""
        client = self.rig.client()
        told = client.ask("session.subscribe", session=self.session)
        self.assertEqual(
            (self.successResultOf(told)["result"], client.sent), ({"first_seq": 1, "seq": 1, "snapshot": None}, [])
        )
        self.rig.turn()
        self.assertEqual(client.seqs(), [1])

    def test_without_a_way_for_notifications_it_is_told(self) -> None:
        """POST has none."""
        client = self.rig.client(can_notify=False)
        fault = self.refused("invalid_request", "session.subscribe", client, session=self.session)
        self.assertIn("session.events", fault.message)

    def test_a_second_subscription_replaces_the_first(self) -> None:
        """One feed for each session and connection: no twin."""
        client = self.rig.client()
        client.call("session.subscribe", session=self.session)
        self.rig.turn()
        client.call("session.subscribe", session=self.session, since=0)
        self.rig.turn()
        self.write()
        self.assertEqual(client.seqs(), [1, 1, 2])
        self.assertEqual(len(self.rig.services.sessions.get(self.session).feeds), 1)

    def test_unsubscribe_ends_the_feed(self) -> None:
        """And a second one changes nothing."""
        client = self.rig.client()
        client.call("session.subscribe", session=self.session)
        for _ in range(2):
            client.call("session.unsubscribe", session=self.session)
        self.write()
        self.assertEqual((client.sent, self.rig.services.sessions.get(self.session).feeds), ([], set()))

    def test_a_connection_that_leaves_leaves_nothing_behind(self) -> None:
        """Even one that leaves between its subscription and the first event."""
        client = self.rig.client()
        client.call("session.subscribe", session=self.session)
        client.connection.leave()
        self.rig.turn()
        self.write()
        self.assertEqual((client.sent, client.connection.feeds), ([], {}))
        self.assertEqual(self.rig.services.sessions.get(self.session).feeds, set())

    def test_a_full_transport_stops_every_feed_of_the_connection(self) -> None:
        """Also those that are subscribed while it is full."""
        other = self.rig.session()
        client = self.rig.client()
        client.call("session.subscribe", session=self.session)
        client.connection.pause()
        client.call("session.subscribe", session=other)
        self.write()
        self.rig.turn()
        self.assertEqual(client.sent, [])
        client.connection.resume()
        self.rig.turn()
        sessions = [json.loads(body)["params"]["session"] for body in client.sent]
        self.assertEqual(set(sessions), {self.session, other})

    def test_nobody_has_no_name(self) -> None:
        """Events need a name: only who is logged in writes any."""
        self.assertEqual((Connection(None).name, self.rig.me.connection.name), ("", "ada"))
        self.assertRaises(
            errors.InvalidRequest, Connection(None).subscribe, self.rig.services.sessions.get(self.session), 1
        )
