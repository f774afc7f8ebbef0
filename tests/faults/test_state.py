"""Faults of the disk and of the state directory: full, damaged, cut off, of a newer version, used by two. C3, C7, C9."""

from __future__ import annotations

import functools
import http.client
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

from tests.faults import FaultTestCase, counted, counting, rounds
from tests.live import PATIENCE_S, Json, Refused, Server, is_a, until

STATES = Path(__file__).parent / "states"


class Disk(FaultTestCase):
    """The journals cannot be written for a while."""

    def degrade_and_recover(self, session: str, fill: str, free: str) -> None:
        """`fill` and `free` are what the test does to the disk; in between everything that C9 says is looked at."""
        watcher = self.subscribe(session)
        self.server.call("execution.start", session=session, code=counting(600, 0.004), id="goes-on")
        watcher.until(is_a("output_added", "goes-on"))
        getattr(self, fill)()
        until(lambda: self.server.call("server.info")["degraded"], "server.info says so")
        self.assertEqual(self.server.health(), 503)
        told = self.refused("degraded", "execution.start", session=session, code="1")
        self.assertIn("nothing is lost", str(told))
        getattr(self, free)()
        until(lambda: not self.server.call("server.info")["degraded"], "it recovers by itself")
        self.assertEqual(self.server.health(), 200)
        self.assertEqual(watcher.finished("goes-on")["status"], "ok")
        self.assertEqual(watcher.printed("goes-on"), counted(600))
        self.assertEqual(self.server.run(session, "1", "after")["status"], "ok")
        self.assert_once(self.server.events(session))

    def test_c9_a_journal_that_cannot_be_written_is_told_and_loses_nothing(self) -> None:
        """The writer fails as on a full disk, until it does not."""
        self.full = self.server.root / "full"
        fault: Json = {"at": "webipy.io.storage.journal_file:JournalFile.write", "do": "full", "while": str(self.full)}
        self.server.start(faults=[fault])
        self.degrade_and_recover(self.server.session(), "say_full", "say_free")

    def say_full(self) -> None:
        """Writes fail from now on."""
        self.full.write_text("")

    def say_free(self) -> None:
        """They work again."""
        self.full.unlink()

    def test_c9_a_full_disk_is_told_and_loses_nothing(self) -> None:
        """A real one: the journals lie on a small tmpfs, where this user may mount one."""
        self.server.state.mkdir(mode=0o700)
        self.journals = self.server.state / "journals"
        self.journals.mkdir(mode=0o700)
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "none", self.journals], capture_output=True
        ).returncode:
            raise SkipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.journals)], check=True)
        self.server.start()
        self.degrade_and_recover(self.server.session(), "fill", "free")

    def fill(self) -> None:
        """Fills the disk to the last byte."""
        with open(self.journals / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass  # that it is full is what was wanted

    def free(self) -> None:
        """Gives the room back."""
        (self.journals / "ballast").unlink()


class Damage(FaultTestCase):
    """Files are changed while no server is there."""

    def setUp(self) -> None:
        super().setUp()
        self.server.start()
        self.other = str(self.server.call("session.create")["id"])
        self.session = str(self.server.call("session.create")["id"])
        for number in range(60):
            source = f"cell {number} " + "x" * 1000
            self.server.call("cell.insert", session=self.session, source=source)
        self.events = self.server.events(self.session)

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.server.state / "journals" / f"{self.session}.sqlite"

    def assert_other_lives(self) -> None:
        """The other session is untouched."""
        self.server.call("cell.insert", session=self.other, source="1")
        self.assertIn(self.other, [one["id"] for one in self.server.call("session.list")["sessions"]])

    def test_c3_flipped_bytes_are_found_by_the_chain_and_told_with_their_range(self) -> None:
        """What is served is what was written, or it is told as damage; other sessions do not notice."""
        self.server.stop()
        whole = self.journal.read_bytes()
        found_damage = 0
        # Each start of a server looks at many copies of the damaged journal at once: each is a session of its own.
        for _ in range(rounds(1, 10)):
            self.copies(whole, rounds(60, 100))
            self.server.start()
            for copy in self.flipped:
                try:
                    events = self.server.events(copy)
                    self.assertEqual(events, self.events, copy)
                except Refused as refused:
                    self.assertEqual(refused.name, "damaged", copy)
                    found_damage += 1
            self.assert_other_lives()
            self.server.stop()
        self.assertGreater(found_damage, 10)
        self.journal.write_bytes(whole)
        database = sqlite3.connect(self.journal)
        with database:
            database.execute("UPDATE events SET body = replace(body, 'cell 1', 'cell 7') WHERE seq BETWEEN 11 AND 13")
        database.close()
        self.server.start()
        told = self.refused("damaged", "session.get", session=self.session)
        self.assertIn("damaged at event 11 (to event 13)", str(told))
        self.assertIn("damaged at event 11 (to event 13)", self.server.log)
        self.assert_other_lives()

    def copies(self, whole: bytes, count: int) -> None:
        """Sessions whose journal is the first one's, with one bit flipped."""
        database = sqlite3.connect(self.server.state / "webipy.sqlite")
        self.flipped = []
        with database:
            for _ in range(count):
                name = f"{self.random.randrange(16**12):012x}"
                body = bytearray(whole)
                body[self.random.randrange(len(body))] ^= 1 << self.random.randrange(8)
                (self.journal.parent / f"{name}.sqlite").write_bytes(body)
                database.execute(
                    "INSERT INTO sessions VALUES (?, 'copy', NULL, '/', '2026-01-01T00:00:00.000000Z', 0)", (name,)
                )
                self.flipped.append(name)
        database.close()

    def test_c3_a_log_that_was_deleted_leaves_a_prefix_and_a_deleted_index_nothing(self) -> None:
        """Without -shm nothing is missing; without -wal what was in it is gone, and who has seen it is told so."""
        self.server.kill()
        Path(f"{self.journal}-shm").unlink()
        self.server.start()
        self.assertEqual(self.server.events(self.session), self.events)
        self.server.kill()
        Path(f"{self.journal}-wal").unlink()
        self.server.start()
        found = self.server.events(self.session)
        self.assertEqual(found, self.events[: len(found)])
        if len(found) < len(self.events):
            stale = self.subscribe(self.session, since=len(self.events))
            until(lambda: stale.fault is not None, "it is refused")
            self.assertIn("the newest event of this session is", str(stale.fault))
            stale.fault = None
        self.server.call("cell.insert", session=self.session, source="next")
        self.assert_other_lives()

    def change(self, body: bytes) -> None:
        """Puts other bytes in the place of event 5, under the living server."""
        database = sqlite3.connect(self.journal, timeout=30)
        with database:
            database.execute("UPDATE events SET body = ? WHERE seq = 5", (body,))
        database.close()

    def test_c4_a_reader_whose_events_cannot_be_read_is_not_left_waiting(self) -> None:
        """Its line is ended, so it comes back by itself; when the journal can be read again it gets everything."""
        self.server.kill()
        self.server.start()  # the newest events are not in memory any more
        database = sqlite3.connect(self.journal)
        ((whole,),) = database.execute("SELECT body FROM events WHERE seq = 5").fetchall()
        database.close()
        self.change(whole.replace(b"cell", b"sell"))
        watcher = self.subscribe(self.session)
        until(lambda: watcher.connections > 2, "it comes back")
        self.assertLess(watcher.seq, 5)
        self.assert_other_lives()
        self.change(whole)
        watcher.until_seq(len(self.events))
        self.assertEqual(watcher.events, self.events)

    def test_c9_a_journal_of_a_newer_format_is_refused_with_a_word_and_left_as_it_is(self) -> None:
        """And the other sessions open."""
        self.server.stop()
        database = sqlite3.connect(self.journal)
        with database:
            database.execute("UPDATE facts SET value = 2 WHERE name = 'format'")
            database.execute("DROP TABLE events")
        database.close()
        self.server.start()
        told = self.refused("damaged", "session.get", session=self.session)
        self.assertIn("it is of format 2, and this webipy reads format 1", str(told))
        self.assert_other_lives()
        self.server.stop()
        database = sqlite3.connect(self.journal)
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        database.close()
        self.assertNotIn("events", tables)


class OneServer(FaultTestCase):
    """A state directory has one server."""

    def test_c6_a_second_server_on_one_state_directory_says_who_holds_it(self) -> None:
        """In one sentence, before anything is touched; the first goes on, and after its kill -9 the next may start."""
        self.server.start()
        session = self.server.session()
        command = [sys.executable, "-m", "webipy.cli", "serve", "--port", "0", "--state", str(self.server.state)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(
            f"is in use by another webipy server (process {self.server.pid} at http://127.0.0.1:", second.stderr
        )
        self.assertEqual(self.server.run(session, "1", "first")["status"], "ok")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.run(session, "1", "next")["status"], "ok")

    def test_c6_a_state_directory_of_format_1_opens(self) -> None:
        """Everything that it can hold is still read: sessions, cells, executions, a kernel that is gone. It can be shared now."""
        session = self.opened("1")
        self.assertEqual(self.server.call("share.list", session=session), {"shares": []})
        self.server.call("share.link", session=session, verb="read")

    def test_c6_a_state_directory_of_format_2_opens(self) -> None:
        """The same, and its links."""
        session = self.opened("2")
        database = sqlite3.connect(self.server.state / "webipy.sqlite")
        (made,) = database.execute("SELECT created FROM shares").fetchall()
        database.close()
        listed = self.server.call("share.list", session=session)["shares"]
        self.assertLessEqual({share["created"] for share in listed}, {made[0]})  # it is over one day

    def opened(self, number: str) -> str:
        """Starts a server on the state of a format and looks at what is in every one; gives the session."""
        state = self.server.state
        (state / "journals").mkdir(parents=True, mode=0o700)
        for path in sorted((STATES / number).glob("*.sql")):
            name = path.stem if path.stem == "webipy" else f"journals/{path.stem}"
            database = sqlite3.connect(state / f"{name}.sqlite")
            database.executescript(path.read_text())
            database.close()
        self.server.start()
        (session,) = self.server.call("session.list")["sessions"]
        self.assertEqual((session["title"], session["kernel"]["state"]), ("Kept", "dead"))
        found = self.server.call("execution.get", session=session["id"], execution="kept")
        self.assertEqual((found["status"], found["outputs"][0]["text"]), ("ok", "kept\n"))
        self.server.call("kernel.restart", session=session["id"])
        self.assertEqual(self.server.run(session["id"], "1", "now")["status"], "ok")
        return str(session["id"])


class Syscalls(FaultTestCase):
    """The server dies at the n-th system call that writes a journal."""

    def test_c3_death_at_any_write_of_a_journal_leaves_a_whole_prefix(self) -> None:
        """What was acknowledged is there; strace kills at each of the first writes in turn."""
        if shutil.which("strace") is None:
            raise SkipTest("strace is not installed")
        for number in range(1, rounds(2, 40) + 1):
            server = Server()
            self.addCleanup(server.close)
            self.server = server
            server.start()
            session = str(server.call("session.create")["id"])
            inject = f"inject=pwrite64:signal=KILL:when={number}"
            tracing = [
                "strace",
                "-f",
                "-qq",
                "-p",
                str(server.pid),
                "-e",
                "trace=pwrite64",
                "-e",
                inject,
                "-o",
                "/dev/null",
            ]
            with subprocess.Popen(tracing, stderr=subprocess.PIPE) as tracer:
                until(functools.partial(_is_traced, server.pid), "strace is there")
                kept = 0
                try:
                    for cell in range(60):
                        server.call("cell.insert", session=session, source=str(cell))
                        kept += 1
                except (OSError, http.client.HTTPException):
                    pass  # the server has died, as it should
                tracer.kill()
            self.assertEqual(server.ended(), -9)
            server.start()
            sources = [event["source"] for event in server.events(session) if event["type"] == "cell_inserted"]
            self.assertEqual(sources, [str(cell) for cell in range(len(sources))])
            self.assertGreaterEqual(len(sources), kept)
            server.stop()


def _is_traced(pid: int) -> bool:
    """Whether strace has all threads of a process."""
    return all("TracerPid:\t0" not in (thread / "status").read_text() for thread in Path(f"/proc/{pid}/task").iterdir())
