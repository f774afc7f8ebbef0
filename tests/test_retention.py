"""webipy.server.sessions.retention: journals are cut, and nobody who looks at a session sees a difference."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import FakeJournal, Rig, RigTestCase, printed
from webipy.core import errors
from webipy.server.sessions.retention import ROUND_SECONDS, Retention
from webipy.server.sessions.session import Session


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

    def started(self, keep_mebibytes: int) -> Retention:
        """A retention that runs by itself."""
        services = self.rig.services
        retention = Retention(services.world, services.sessions, services.closed_sessions, keep_mebibytes, None)
        retention.start()
        self.rig.turn(50)
        return retention

    def test_a_journal_that_grows_over_its_size_is_cut_at_once(self) -> None:
        """In a later turn, once however many events come meanwhile; and again when it has grown again."""
        self.started(4)
        cuts: list[int] = []
        cut = FakeJournal.cut

        async def noted(journal: FakeJournal, seq: int, bodies: list[bytes]) -> None:
            cuts.append(seq)
            await cut(journal, seq, bodies)

        self.patch(FakeJournal, "cut", noted)
        self.fill()
        self.rig.turn(100)
        self.assertEqual(len(cuts), 1)
        self.assertEqual(self.rig.journal.first_seq, cuts[0] + 1)
        for run in ("more", "most"):
            (session,) = self.rig.services.sessions.all()
            self.rig.me.call("execution.start", session=session.id, code="x", id=run)
            self.rig.turn()
            self.rig.host.run(run, *[printed("o" * 500_000, run) for _ in range(6)])
            self.rig.turn(50)
        self.assertGreater(len(cuts), 1)
        self.assertEqual(cuts, sorted(cuts))

    def test_every_hour_all_are_checked(self) -> None:
        """A round that fails is logged, and followed by the next; a journal that failed waits for that."""
        retention = self.started(1024)
        rounds: list[float] = []

        async def fail() -> None:
            rounds.append(self.rig.clock.seconds())
            raise OSError("the disk is away")

        self.patch(self.rig.services.closed_sessions.__class__, "enforce_limits", lambda _: fail())
        for _ in range(2):
            self.rig.clock.advance(ROUND_SECONDS)
            self.rig.turn(50)
        self.assertEqual(len(rounds), 2)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)
        retention.keep_mebibytes = 1
        calls: list[int] = []

        async def broken(journal: FakeJournal, seq: int, bodies: list[bytes]) -> None:
            calls.append(seq)
            raise OSError("the disk is full")

        self.patch(FakeJournal, "cut", broken)
        self.fill()
        self.rig.turn(100)
        self.assertEqual((len(calls), len(self.flushLoggedErrors(OSError))), (1, 1))

    def test_a_damaged_journal_does_not_keep_others_from_being_cut(self) -> None:
        """It is logged; the round goes on with the next one."""
        first, second = self.fill(), self.fill()
        check, checked = Retention.check, list[str]()

        async def damaged(retention: Retention, session: Session) -> None:
            checked.append(session.id)
            if session.id == first:
                raise errors.Damaged("It cannot be read.", kind="session", id=first)
            await check(retention, session)

        self.patch(Retention, "check", damaged)
        self.look(self.rig, keep_mebibytes=4)
        self.assertEqual(set(checked), {first, second})
        journals = self.rig.disk.journals.found
        self.assertEqual((journals[first].first_seq, journals[second].first_seq > 1), (1, True))

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
