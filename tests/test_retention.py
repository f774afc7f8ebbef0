"""webipy.server.sessions.retention: journals are cut, and nobody who looks at a session sees a difference."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import Rig, RigTestCase, printed
from webipy.server.sessions.retention import Retention


class RetentionTests(RigTestCase):
    """Cutting by size and by age."""

    def look(self, rig: Rig, keep_mebibytes: int = 1024, keep_days: float | None = None) -> None:
        """One round of the retention."""
        retention = Retention(
            rig.services.world, rig.services.sessions, rig.services.closed_sessions, keep_mebibytes, keep_days
        )
        rig.wait(Deferred.fromCoroutine(retention.round()))

    def fill(self) -> str:
        """A session with a cell that was edited and run twice, and some MiB of output."""
        session = self.rig.session("python3")
        self.rig.me.call("cell.insert", session=session, id="c", source="old")
        self.rig.me.call("cell.set_source", session=session, cell="c", source="new")
        for run in ("first", "second"):
            self.rig.me.call("execution.start", session=session, code="x", cell="c", id=run)
            self.rig.turn()
            self.rig.host.run(run, *[printed("o" * 500_000, run) for _ in range(6)])
            self.rig.turn()
        self.rig.me.call("execution.start", session=session, code="input()", id="third")
        self.rig.turn()
        return session

    def shown(self, rig: Rig, session: str) -> list[Any]:
        """What a client sees of the session."""
        cells = rig.me.call("cell.list", session=session)["cells"]
        runs = [rig.me.call("execution.get", session=session, execution=run) for run in ("second", "third")]
        kernel = rig.me.call("session.get", session=session)["kernel"]
        return [cells, *runs, {**kernel, "pid": None}]

    def test_a_journal_within_its_limits_is_left_alone(self) -> None:
        """By size and age."""
        self.fill()
        self.look(self.rig, keep_mebibytes=100, keep_days=1)
        self.assertEqual(self.rig.journal.first_seq, 1)

    def test_what_is_shown_stays(self) -> None:
        """Cells, the outputs under them, open executions and the kernel are the same before, after, and after the next server's start."""
        session = self.fill()
        before = self.shown(self.rig, session)
        self.look(self.rig, keep_mebibytes=2)
        self.assertGreater(self.rig.journal.first_seq, 1)
        self.assertEqual(self.rig.journal.trimmed, self.rig.journal.first_seq - 1)
        self.assertEqual(self.shown(self.rig, session), before)
        after = self.rig.crashed()
        self.assertEqual(self.shown(after, session), before)

    def test_old_events_go(self) -> None:
        """With an age, and then what comes later stays."""
        session = self.fill()
        last = self.rig.journal.written
        self.rig.clock.advance(2 * 86_400)
        self.rig.me.call("cell.set_source", session=session, cell="c", source="newer")
        self.look(self.rig, keep_days=1)
        self.assertEqual(self.rig.journal.first_seq, last + 1)

    def test_a_reader_from_before_the_cut_gets_a_snapshot(self) -> None:
        """Also one that did not ask for it: what it wants is gone."""
        session = self.fill()
        self.look(self.rig, keep_mebibytes=2)
        client = self.rig.client()
        told = client.call("session.subscribe", session=session, since=1)
        self.assertEqual(told["first_seq"], self.rig.journal.first_seq)
        self.assertEqual(told["snapshot"]["seq"], self.rig.journal.written)
        self.assertIn("second", [event.get("execution") for event in told["snapshot"]["events"]])

    def test_a_slow_reader_still_gets_every_event(self) -> None:
        """What a feed has to send is cut, but trimmed only after it was sent."""
        session = self.fill()
        client = self.rig.client()
        client.connection.pause()
        client.call("session.subscribe", session=session, since=3)
        self.rig.turn()
        self.look(self.rig, keep_mebibytes=2)
        self.assertEqual(self.rig.journal.trimmed, 3)
        client.connection.resume()
        self.rig.turn(50)
        self.assertEqual(client.seqs(), list(range(4, self.rig.journal.written + 1)))
        self.look(self.rig, keep_mebibytes=2)
        self.assertEqual(self.rig.journal.trimmed, self.rig.journal.first_seq - 1)
