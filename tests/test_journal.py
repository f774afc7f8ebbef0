"""webipy.io.storage.journal: one contract for the fake and the real one, and what only a real disk can do to it."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest import SkipTest

from twisted.internet import defer, reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from tests.fakes import FakeJournals
from tests.live import eventually
from webipy.core import errors
from webipy.core.events import events
from webipy.io.reactor import TimedReactor
from webipy.io.storage import journal as module
from webipy.io.storage.journal import RETRY_SECONDS, SqliteArchive, SqliteJournal, SqliteJournals
from webipy.server.ports.journals import Archive, Journal, Journals, OpenedJournal, Position

CLOCK = cast(TimedReactor, reactor)
BODIES = [b'{"seq":%d}' % seq for seq in range(1, 11)]


def turn(seconds: float = 0.001) -> Deferred[None]:
    """Some time of the reactor."""
    return deferLater(CLOCK, seconds, lambda: None)


class JournalContract:
    """What every implementation of `Journals` and `Journal` holds to."""

    assertEqual: Any
    assertIsNone: Any
    assertGreaterEqual: Any
    timeout = 20

    assertRaises: Any
    journals: Journals
    archive: Archive

    async def again(self) -> None:
        """The server ends in order and the next one starts."""
        raise NotImplementedError

    async def test_a_new_journal_is_empty(self) -> None:
        """Its first event will have seq 1."""
        opened = await self.journals.open("s")
        found = opened.journal
        self.assertEqual(
            (found.first_seq, found.written, found.durable_seq, found.fault, opened.position), (1, 0, 0, None, None)
        )
        self.assertEqual(await found.read(1, 10, 1000), [])

    async def test_what_was_written_is_read(self) -> None:
        """By ranges: at least one if there is one, until a limit is reached, and never what is not written."""
        found = (await self.journals.open("s")).journal
        await found.append(1, BODIES, None)
        self.assertEqual(found.written, 10)
        table: list[tuple[int, int, int, list[bytes]]] = [
            (1, 100, 10_000, BODIES),
            (1, 3, 10_000, BODIES[:3]),
            (4, 3, 10_000, BODIES[3:6]),
            (10, 5, 10_000, BODIES[9:]),
            (1, 100, 1, BODIES[:1]),
            (1, 100, 2 * len(BODIES[0]), BODIES[:2]),
            (11, 5, 10_000, []),
            (50, 5, 10_000, []),
        ]
        for first, limit, limit_bytes, wanted in table:
            self.assertEqual(await found.read(first, limit, limit_bytes), wanted, (first, limit, limit_bytes))

    async def test_events_are_not_written_in_the_turn_that_appends_them(self) -> None:
        """`written` advances with the commit, and each Deferred fires in order, after it."""
        found = (await self.journals.open("s")).journal
        fired: list[tuple[int, int]] = []
        told = []
        for seq in range(1, 6):
            one = found.append(seq, BODIES[seq - 1 : seq], None)
            told.append(one.addCallback(lambda _, seq: fired.append((seq, found.written)), seq))
        self.assertEqual((found.written, fired), (0, []))
        await defer.gatherResults(told)
        self.assertEqual([seq for seq, _ in fired], [1, 2, 3, 4, 5])
        for seq, written in fired:
            self.assertGreaterEqual(written, seq)

    async def test_a_position_comes_with_its_events(self) -> None:
        """The newest one counts, with or without events."""
        found = (await self.journals.open("s")).journal
        found.append(1, BODIES[:1], Position("/h", 3))
        found.append(2, [], Position("/h", 5))
        await found.append(2, BODIES[1:2], None)
        await self.again()
        opened = await self.journals.open("s")
        self.assertEqual((opened.position, opened.journal.written), (Position("/h", 5), 2))

    async def test_a_journal_goes_on_where_it_stopped(self) -> None:
        """After the next server has opened it."""
        await (await self.journals.open("s")).journal.append(1, BODIES[:4], None)
        await self.again()
        found = (await self.journals.open("s")).journal
        self.assertEqual((found.first_seq, found.written), (1, 4))
        while found.durable_seq < 4:  # as soon as this disk has it, whoever wrote it
            await turn()
            self.pass_time(0.1)
        await found.append(5, BODIES[4:], None)
        self.assertEqual(await found.read(1, 100, 10_000), BODIES)

    async def test_what_was_appended_last_is_kept(self) -> None:
        """The server ends before it was told."""
        found = (await self.journals.open("s")).journal
        last = found.append(1, BODIES, None)
        if isinstance(self.journals, FakeJournals):
            await last
        await self.again()
        self.assertEqual(await (await self.journals.open("s")).journal.read(1, 100, 10_000), BODIES)

    async def test_a_prelude_stands_for_what_was_cut(self) -> None:
        """Cut events can be read until they are trimmed; the journal opens again with its prelude, and goes on."""
        found = (await self.journals.open("s")).journal
        await found.append(1, BODIES, None)
        self.assertEqual((found.first_seq, await found.prelude()), (1, []))
        await found.cut(6, [b'{"a":1}', b'{"b":2}'])
        self.assertEqual((found.first_seq, await found.prelude()), (7, [b'{"a":1}', b'{"b":2}']))
        self.assertEqual(await found.read(3, 2, 10_000), BODIES[2:4])
        await found.trim(5)
        self.assertEqual(await found.read(5, 10, 10_000), BODIES[4:])
        await found.trim(100)
        self.assertEqual(await found.read(7, 10, 10_000), BODIES[6:])
        await self.again()
        found = (await self.journals.open("s")).journal
        self.assertEqual((found.first_seq, found.written), (7, 10))
        self.assertEqual(await found.prelude(), [b'{"a":1}', b'{"b":2}'])
        await found.append(11, [b'{"seq":11}'], None)
        self.assertEqual(await found.read(7, 10, 10_000), [*BODIES[6:], b'{"seq":11}'])

    async def test_a_journal_may_be_cut_whole(self) -> None:
        """Then it holds its prelude alone, and the next event follows it."""
        found = (await self.journals.open("s")).journal
        await found.append(1, BODIES, None)
        await found.cut(10, [b"{}"])
        await found.trim(11)
        await self.again()
        found = (await self.journals.open("s")).journal
        self.assertEqual((found.first_seq, found.written), (11, 10))
        await found.append(11, [b'{"seq":11}'], None)
        self.assertEqual(await found.read(11, 10, 10_000), [b'{"seq":11}'])

    async def test_journals_do_not_touch_each_other(self) -> None:
        """Each session has its own."""
        one, two = (await self.journals.open("a")).journal, (await self.journals.open("b")).journal
        await defer.gatherResults([one.append(1, BODIES[:1], None), two.append(1, BODIES[5:6], Position("/h", 1))])
        self.assertEqual((await one.read(1, 9, 999), await two.read(1, 9, 999)), (BODIES[:1], BODIES[5:6]))

    async def test_durable_seq_follows(self) -> None:
        """It never passes `written`, and reaches it soon."""
        found = (await self.journals.open("s")).journal
        await found.append(1, BODIES, None)
        self.assertEqual(found.durable_seq, 0)
        while found.durable_seq < 10:
            await turn()
            self.pass_time(0.1)

    def pass_time(self, seconds: float) -> None:
        """Lets time pass where it is not the reactor's."""

    async def test_a_closed_journal_can_be_read_and_opened_again(self) -> None:
        """A slow reader is not cut off."""
        found = (await self.journals.open("s")).journal
        await found.append(1, BODIES, None)
        await self.journals.close("s")
        self.assertEqual(await found.read(1, 100, 10_000), BODIES)
        self.assertEqual((await self.journals.open("s")).journal.written, 10)

    async def test_journals_as_files(self) -> None:
        """What is there, what a closed one holds and says of itself, and how it goes."""
        created = events.SessionCreated(
            seq=1, time="2026-03-01T00:00:00Z", session="s", title="S", path="a.ipynb", cwd="/"
        )
        saved = events.NotebookSaved(seq=2, time="2026-03-02T00:00:00Z", path="b.ipynb", etag="e", until=1)
        bodies = [events.encode(created), events.encode(saved), events.encode(events.SessionClosed(seq=3, time="t"))]
        await (await self.journals.open("s")).journal.append(1, bodies, None)
        await self.journals.close("s")
        (kept,) = await self.archive.kept()
        self.assertEqual((kept.session, kept.size_bytes >= sum(map(len, bodies))), ("s", True))
        part = await self.archive.look("s", 2, 1, 10_000)
        self.assertEqual((part.first_seq, part.last_seq, part.bodies), (1, 3, bodies[1:2]))
        told = await self.archive.describe("s")
        self.assertEqual((told.record.title, told.path, told.etag, told.closed), ("S", "b.ipynb", "e", "t"))
        await self.archive.remove("s")
        self.assertEqual(await self.archive.kept(), [])
        with self.assertRaises(errors.NotFound):
            await self.archive.look("s", 1, 1, 10_000)


class Fake(JournalContract, TestCase):
    """The one of tests/fakes.py; the reactor is its clock."""

    def setUp(self) -> None:
        self.journals = self.archive = FakeJournals(cast(Any, reactor))
        self.addCleanup(lambda: [c.cancel() for c in cast(Any, reactor).getDelayedCalls()])

    async def again(self) -> None:
        """The same disk."""


class Sqlite(JournalContract, TestCase):
    """The real one."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.running: SqliteJournals | None = None
        self.begin()
        self.addCleanup(self.end)

    async def test_who_writes_to_a_closed_journal_is_told_and_the_others_go_on(self) -> None:
        """What was given before it was closed is written."""
        late, other = await self.open("late"), await self.open("other")
        before = late.append(1, BODIES[:1], None)
        await self.real.close("late")
        await before
        with self.assertRaises(errors.NotFound):
            await late.append(2, BODIES[1:2], None)
        await other.append(1, BODIES, None)
        self.assertEqual((other.written, (await self.open("late")).written), (10, 1))

    def begin(self) -> None:
        """A server starts."""
        self.running = self.real = SqliteJournals(self.folder, CLOCK)
        self.journals, self.archive = self.real, SqliteArchive(self.real)
        self.real.start()

    def end(self) -> Deferred[None]:
        """It ends in order."""
        ended, self.running = self.running, None
        return Deferred.fromCoroutine(ended.stop()) if ended is not None else defer.succeed(None)

    async def again(self) -> None:
        """It ends, and the next one starts."""
        await self.end()
        self.begin()

    async def open(self, session: str = "s") -> SqliteJournal:
        """A real journal."""
        opened: OpenedJournal = await self.real.open(session)
        assert isinstance(opened.journal, SqliteJournal)
        return opened.journal

    def change(self, sql: str, *values: object, session: str = "s") -> None:
        """Somebody changes the file from outside."""
        with sqlite3.connect(self.folder / f"{session}.sqlite") as connection:
            connection.execute(sql, values)
        connection.close()

    async def is_damaged(self, found: Journal, first: int, words: str) -> None:
        """Reading must fail with these words."""
        with self.assertRaises(errors.Damaged) as caught:
            await found.read(first, 100, 10_000)
        self.assertIn(words, caught.exception.message)

    # ---- batches

    async def test_one_commit_for_all_that_was_appended_in_a_turn(self) -> None:
        """Group commit: of 1,000 appends, and of what gathers while the writer is at work."""
        found = await self.open()
        written: list[int] = []
        original = SqliteJournal.write

        def write(one: SqliteJournal, batch: Any) -> int:
            written.append(len(batch.bodies))
            return original(one, batch)

        self.patch(SqliteJournal, "write", write)
        told = [found.append(seq, [b"{}"], None) for seq in range(1, 1001)]
        await told[0]
        told += [found.append(seq, [b"{}"], None) for seq in range(1001, 2001)]
        await defer.gatherResults(told)
        self.assertEqual((sum(written), len(written)), (2000, 2))

    # ---- damage

    async def test_a_changed_event_is_damage(self) -> None:
        """The chain tells; what stands before it can be read, nothing behind it passes unseen."""
        found = await self.open()
        await found.append(1, BODIES, None)
        self.change("UPDATE events SET body = ? WHERE seq = 5", b'{"seq":6}')
        self.assertEqual(await found.read(1, 4, 10_000), BODIES[:4])
        await self.is_damaged(found, 1, "damaged at event 5")
        await self.is_damaged(found, 5, "damaged at event 5")
        self.assertEqual(await found.read(6, 100, 10_000), BODIES[5:])

    async def test_a_missing_event_is_damage(self) -> None:
        """In the middle and at the end."""
        found = await self.open()
        await found.append(1, BODIES, None)
        self.change("DELETE FROM events WHERE seq = 10")
        await self.is_damaged(found, 8, "damaged at event 10")
        self.change("DELETE FROM events WHERE seq = 3")
        await self.is_damaged(found, 1, "damaged at event 3")

    async def test_events_that_changed_places_are_damage(self) -> None:
        """Each body is whole, the order is not."""
        found = await self.open()
        await found.append(1, BODIES, None)
        self.change(
            "UPDATE events SET body = CASE seq WHEN 2 THEN ? ELSE ? END WHERE seq IN (2, 3)", BODIES[2], BODIES[1]
        )
        await self.is_damaged(found, 1, "damaged at event 2")

    async def test_a_file_that_is_no_journal_is_damage(self) -> None:
        """And touches no other one."""
        other = await self.open("other")
        for number, body in enumerate((b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096)):
            (self.folder / f"bad{number}.sqlite").write_bytes(body)
            with self.assertRaises(errors.Damaged) as caught:
                await self.real.open(f"bad{number}")
            self.assertEqual(caught.exception.facts, {"kind": "session", "id": f"bad{number}"})
        await other.append(1, BODIES, None)

    async def test_a_journal_of_another_format_is_refused(self) -> None:
        """With a clear word, and unchanged."""
        await (await self.open()).append(1, BODIES, None)
        await self.end()
        self.change("UPDATE facts SET value = 2 WHERE name = 'format'")
        self.begin()
        with self.assertRaises(errors.Damaged) as caught:
            await self.real.open("s")
        self.assertIn("format 2", caught.exception.message)
        self.change("UPDATE facts SET value = 1 WHERE name = 'format'")
        self.assertEqual(await (await self.open()).read(1, 100, 10_000), BODIES)

    async def test_random_flips_are_found_or_harmless(self) -> None:
        """200 files with one flipped byte: what is read is what was written, or it is damage; no other answer."""
        import random

        rng = random.Random(7)
        large = [body + b" " * 20_000 for body in BODIES]
        await (await self.open()).append(1, large, None)
        await self.end()
        whole = (self.folder / "s.sqlite").read_bytes()
        self.begin()
        found_damage = 0
        for number in range(200):
            broken = bytearray(whole)
            at = rng.randrange(len(broken))
            broken[at] ^= 1 << rng.randrange(8)
            (self.folder / f"f{number}.sqlite").write_bytes(broken)
            try:
                found = await self.open(f"f{number}")
                self.assertEqual(await found.read(1, 100, 10_000_000), large, at)
            except errors.Damaged:
                found_damage += 1
            await self.real.close(f"f{number}") if f"f{number}" in self.real._open else None
        self.assertGreater(found_damage, 50)

    # ---- faults

    def fail_writes(self, *names: str, fault: Exception | None = None) -> Callable[[], None]:
        """Writes of these journals fail until the returned function is called."""
        failing = set(names)
        original = SqliteJournal.write

        def write(one: SqliteJournal, batch: Any) -> int:
            if one.file.path.stem in failing:
                raise fault or sqlite3.OperationalError("database or disk is full")
            return original(one, batch)

        self.patch(SqliteJournal, "write", write)
        self.patch(module, "RETRY_SECONDS", 0.01)
        return failing.clear

    async def test_a_failed_write_keeps_everything_and_is_tried_again(self) -> None:
        """Nothing is acknowledged meanwhile; afterwards all is there, in order."""
        found = await self.open()
        await found.append(1, BODIES[:2], None)
        mend = self.fail_writes("s")
        told = [found.append(3, BODIES[2:4], Position("/h", 1))]
        await eventually(lambda: found.fault is not None, "a fault")
        self.assertEqual((found.fault, found.written), ("database or disk is full", 2))
        told.append(found.append(5, BODIES[4:], Position("/h", 2)))
        for _ in range(20):
            await turn()
        for one in told:
            self.assertNoResult(one)
        mend()
        await defer.gatherResults(told)
        self.assertEqual((found.fault, found.written), (None, 10))
        self.assertEqual(await found.read(1, 100, 10_000), BODIES)
        await self.again()
        self.assertEqual((await self.real.open("s")).position, Position("/h", 2))

    async def test_a_failing_journal_does_not_hold_up_the_others(self) -> None:
        """Their calls are answered while it waits."""
        bad, good = await self.open("bad"), await self.open("good")
        mend = self.fail_writes("bad", fault=OSError(5, "Input/output error"))
        stuck = bad.append(1, BODIES[:1], None)
        await eventually(lambda: bad.fault is not None, "a fault")
        await good.append(1, BODIES[:1], None)
        both = [bad.append(2, BODIES[1:2], None), good.append(2, BODIES[1:2], None)]
        await both[1]
        self.assertNoResult(stuck)
        self.assertIsNone(good.fault)
        mend()
        await defer.gatherResults([stuck, both[0]])
        self.assertEqual((bad.written, good.written), (2, 2))

    async def test_a_server_that_stops_while_it_cannot_write_stops(self) -> None:
        """It tries once more and does not wait for ever; what was never acknowledged is not there."""
        found = await self.open()
        await found.append(1, BODIES[:2], None)
        mend = self.fail_writes("s")
        lost = found.append(3, BODIES[2:], None)
        await eventually(lambda: found.fault is not None, "a fault")
        await self.again()
        self.assertNoResult(lost)
        mend()
        self.assertEqual((await self.open()).written, 2)

    async def test_durable_seq_does_not_pretend(self) -> None:
        """After a failed fdatasync it stands still, also when the next one succeeds; another journal's goes on."""
        bad, good = await self.open("bad"), await self.open("good")
        original = SqliteJournal.sync
        fails = ["bad"]

        def sync(one: SqliteJournal) -> None:
            if one.file.path.stem in fails:
                raise OSError(5, "Input/output error")
            original(one)

        self.patch(SqliteJournal, "sync", sync)
        await defer.gatherResults([bad.append(1, BODIES[:1], None), good.append(1, BODIES[:1], None)])
        await eventually(lambda: good.durable_seq == 1, "a sync")
        fails.clear()
        await defer.gatherResults([bad.append(2, BODIES[1:2], None), good.append(2, BODIES[1:2], None)])
        await eventually(lambda: good.durable_seq == 2, "a sync")
        self.assertEqual((bad.durable_seq, bad.written), (0, 2))

    async def test_a_full_disk(self) -> None:
        """A real one: a small tmpfs, where this user may mount one."""
        folder = tempfile.mkdtemp(prefix="webipy-full-")
        self.addCleanup(os.rmdir, folder)
        if os.system(f"mount -t tmpfs -o size=1m tmpfs {folder} 2>/dev/null") != 0:
            raise SkipTest("no tmpfs can be mounted here")
        self.addCleanup(os.system, f"umount {folder}")
        self.patch(module, "RETRY_SECONDS", 0.01)
        full = SqliteJournals(Path(folder) / "journals", CLOCK)
        full.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(full.stop()))
        found = cast(SqliteJournal, (await full.open("s")).journal)
        ballast = Path(folder) / "ballast"
        await found.append(1, BODIES[:1], None)
        with open(ballast, "wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(b"x" * 4096)
        big = [b"{%b}" % (b"x" * 100_000) for _ in range(3)]
        told = found.append(2, big, None)
        await eventually(lambda: found.fault is not None, "a fault")
        self.assertIn("full", str(found.fault))
        self.assertEqual(await found.read(1, 10, 1000), BODIES[:1])
        ballast.unlink()
        await told
        self.assertEqual(await found.read(2, 10, 1_000_000), big)

    # ---- files

    async def test_files_are_private(self) -> None:
        """0600 in a folder of 0700, whatever the umask is."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.folder = Path(self.mktemp())
        await self.again()
        await (await self.open()).append(1, BODIES, None)
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.folder.iterdir()}
        self.assertEqual(modes, dict.fromkeys(("s.sqlite", "s.sqlite-wal", "s.sqlite-shm"), 384))

    async def test_closed_journals_hold_no_files(self) -> None:
        """A server that runs for months opens and closes many sessions."""
        for number in range(5):
            found = await self.open(f"s{number}")
            await found.append(1, BODIES, None)
            await self.real.close(f"s{number}")
            await found.read(1, 5, 1000)
            open_now = sum(f"s{number}.sqlite" in _target(fd) for fd in os.listdir("/proc/self/fd"))
            self.assertEqual(open_now, 0)

    def test_the_retry_is_slow_enough_for_a_log(self) -> None:
        """Once a second."""
        self.assertEqual(RETRY_SECONDS, 1.0)


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""  # it was the folder's own
