"""webipy.server.methods.method: the table's lines, and the connection that calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import msgspec
from twisted.internet.defer import CancelledError, Deferred

from tests.fakes import Client, RigTestCase
from webipy.core import errors
from webipy.core.api import cell_calls
from webipy.core.api.access import Principal
from webipy.server.methods import api
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.logins import Credentials


class Table(RigTestCase):
    """`Methods`."""

    def test_a_method_is_entered_with_what_its_annotations_say(self) -> None:
        """The table cannot say other than the function does."""
        methods = Methods()

        @methods.method("cell.frame", "write", "session")
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


async def entered(connection: Connection) -> None:
    """A part of a call that may be large."""
    async with connection.heavy():
        pass


class Reach(RigTestCase):
    """`Method.place` and `Method.needs`."""

    def test_where_a_call_is_confined_to(self) -> None:
        """A session, that of the caller, or nothing: then it is for the owner of the server alone."""
        guest = Principal("eve", "read", "g", "s9")
        in_session = METHODS["session.get"]
        self.assertEqual(in_session.place(in_session.params(session="s1"), None), "s1")
        own = METHODS["server.sync"]
        self.assertEqual((own.place(own.params(), guest), own.place(own.params(), None)), ("s9", None))
        everywhere = METHODS["session.list"]
        self.assertIsNone(everywhere.place(everywhere.params(), guest))
        beyond = [method for method in METHODS.values() if method.beyond]
        self.assertTrue(beyond)
        for method in beyond:
            example = {**method.example, "session": "s1"}
            params = msgspec.convert(example, method.params)
            within = not any(getattr(params, name) is not None for name in method.beyond)
            self.assertEqual(method.place(params, guest), "s1" if within else None, method.name)


class Ending(RigTestCase):
    """`Services.stop`."""

    def test_what_is_not_saved_is_saved_at_the_end(self) -> None:
        """The next server resumes runs and temporary sessions."""
        self.rig.disk.files.put("a.ipynb", b'{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}')
        session = self.rig.me.call("session.create", path="a.ipynb")["id"]
        self.rig.me.call("cell.insert", session=session, source="unsaved")
        self.assertNotIn(b"unsaved", self.rig.disk.files.body("a.ipynb"))
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.stop()))
        self.assertIn(b"unsaved", self.rig.disk.files.body("a.ipynb"))


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
            (self.successResultOf(told)["result"], client.sent),
            ({"first_seq": 1, "seq": 1, "snapshot": None, "verb": "own"}, []),
        )
        self.rig.turn()
        self.assertEqual(client.seqs(), [1])

    def test_without_a_way_for_notifications_it_is_told(self) -> None:
        """POST has none."""
        client = self.rig.client(can_notify=False)
        fault = self.refused("invalid_request", "session.subscribe", client, session=self.session)
        self.assertIn("by POST", fault.message)

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

    def test_the_latest_notification_about_each_subject_waits_for_room(self) -> None:
        """While the transport is full; nothing comes of a subject that is watched no longer, nor after the end."""
        client, calls = self.rig.client(), dict[str, Callable[[], None]]()
        ended: list[str] = []

        def watch(path: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
            def begin(call: Callable[[], None]) -> Callable[[], None]:
                calls[path] = call
                return lambda: ended.append(path)

            return begin

        for path in ("a", "b"):
            client.connection.watch(path, watch(path), path.encode())
        calls["a"]()
        client.connection.pause()
        for path in ("a", "b", "a"):
            calls[path]()
        client.connection.send_latest("c", b"1")
        client.connection.send_latest("c", b"2")
        client.connection.unwatch("b")
        self.assertEqual((client.sent, ended), ([b"a"], ["b"]))
        client.connection.resume()
        self.assertEqual(client.sent, [b"a", b"a", b"2"])
        client.connection.watch("a", watch("a"), b"a")
        self.assertEqual(ended, ["b", "a"])
        client.connection.leave()
        client.connection.watch("d", watch("d"), b"d")
        client.connection.send_latest("c", b"3")
        calls["a"]()
        self.assertEqual((client.sent, ended, sorted(calls)), ([b"a", b"a", b"2"], ["b", "a", "a"], ["a", "b"]))
        client.connection.unwatch("nothing")

    def test_what_a_connection_waits_for_ends_with_it(self) -> None:
        """Also what it begins to wait for after its end; what has come is waited for no more."""
        connection, done = Connection(None), Deferred[int]()
        waited = connection.until(done)
        done.callback(5)
        self.assertEqual(self.successResultOf(waited), 5)
        before = connection.until(Deferred[int]())
        connection.leave()
        after = connection.until(Deferred[int]())
        for waited in (before, after):
            self.failureResultOf(waited, CancelledError)

    def test_whoever_needs_to_know_is_told_of_its_end_once(self) -> None:
        """Each session by its own function."""
        connection, told = Connection(None), list[str]()
        for session in ("s", "t", "u"):
            connection.when_left(session, partial(told.append, session))
        connection.when_left("u", None)
        connection.leave()
        connection.leave()
        self.assertEqual(told, ["s", "t"])

    def test_without_a_budget_nothing_is_counted(self) -> None:
        """As for a connection that has not called yet; with one, bytes that wait count until they are sent."""
        connection = Connection(None)
        connection.hold(10)
        self.successResultOf(Deferred.fromCoroutine(entered(connection)))
        connection.budget = budget = self.rig.services.budgets.of(self.rig.me.connection.principal)
        connection.hold(10)
        self.assertEqual(budget.held, 10)
        connection.hold(-10)
        self.assertEqual(budget.held, 0)
        self.successResultOf(Deferred.fromCoroutine(entered(connection)))

    def test_a_guest_is_sent_what_guests_are_shown(self) -> None:
        """Nothing of the machine: here the folder that the kernel runs in."""
        url = self.rig.me.call("share.link", session=self.session, verb="read")["url"]
        secrets = self.rig.wait(
            Deferred.fromCoroutine(self.rig.services.logins.join(url.partition("#share=")[2], "Grace"))
        )
        credentials = Credentials(None, (secrets.cookie,), secrets.key, None, None, frozenset())
        principal = self.rig.services.logins.principal_of(credentials)
        client = Client(self.rig, Connection(principal))
        client.connection.send = client.sent.append
        client.connection.soon = lambda call: self.rig.clock.callLater(0, call)
        client.call("session.subscribe", session=self.session)
        self.rig.turn()
        mine = self.rig.client()
        mine.call("session.subscribe", session=self.session)
        self.rig.turn()
        self.assertIn(b'"cwd":"', mine.sent[-1])
        self.assertNotIn(b'"cwd":"/', client.sent[-1])

    def test_nobody_has_no_name(self) -> None:
        """Events need a name: only who is logged in writes any."""
        self.assertEqual((Connection(None).name, self.rig.me.connection.name), ("", "ada"))
        self.assertRaises(
            errors.InvalidRequest, Connection(None).subscribe, self.rig.services.sessions.get(self.session), 1
        )
