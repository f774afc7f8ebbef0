"""`kill -9` of the server exactly between two of its steps: C1, C2, C6.

Each test starts a server that kills itself at one function (tests/faults/faulty.py), does what leads there, and lets
the next server go on.
"""

from __future__ import annotations

import functools
import http.client
import os
from typing import Any

from tests.faults import FaultTestCase
from tests.live import Json, is_a, until, until_ended

KILLED = -9
ACCEPTING = [
    ("webipy.io.storage.journal_file:JournalFile.write", False),  # before the commit
    ("webipy.io.storage.journal_file:JournalFile.write after", True),  # committed, and the reactor has not heard of it
    ("webipy.server.sessions.kernel_connection:RequestQueue._send", True),  # nobody has asked the kernel
    (
        "webipy.server.sessions.kernel_connection:RequestQueue._send after",
        True,
    ),  # it was asked, and the client was not told
]
"""Where a server dies that accepts an execution, and whether the next one has it."""


class CrashPoint(FaultTestCase):
    """One session with a warm kernel, and a mark that code leaves each time it runs."""

    def setUp(self) -> None:
        super().setUp()
        self.server.start()
        self.session = self.server.session()
        self.mark = self.server.root / "mark"
        self.code = f"open({str(self.mark)!r}, 'a').write('x')"

    def crash_at(self, place: str, method: str, **params: Any) -> None:
        """Goes on with a server that dies at `place` (`when` a call of it has, or is to be, made), and makes it die."""
        at, _, when = place.partition(" ")
        fault: Json = {"at": at, "do": "kill", "when": when or "before", "call": 1}
        if " lines " in place:
            fault["when"], fault["lines"] = "before", place.partition(" lines ")[2]
        self.server.kill()
        self.server.start(faults=[fault])
        if method:
            with self.assertRaises((OSError, http.client.HTTPException)):
                self.server.call(method, session=self.session, **params)
        self.assertEqual(self.server.ended(), KILLED)
        self.server.start()

    def assert_runs_once(self, name: str = "once", marks: int = 1) -> None:
        """The call is repeated, as a client does that got no answer: the code runs once."""
        for _ in range(2):
            self.server.call("execution.start", session=self.session, code=self.code, id=name)
        self.assertEqual(self.server.wait(self.session, name)["status"], "ok")
        self.assertEqual(self.server.run(self.session, "1", f"after-{name}")["status"], "ok")
        self.assertEqual(self.mark.read_text(), "x" * marks)
        self.assert_once(self.server.events(self.session))

    def test_c1_c2_around_the_acceptance_of_an_execution(self) -> None:
        """Before the commit nobody was told that it is accepted, and it may be asked again; from the commit on it runs, asked again or not."""
        for number, (place, is_kept) in enumerate(ACCEPTING):
            name = f"once{number}"
            self.crash_at(place, "execution.start", code=self.code, id=name)
            if is_kept:
                self.assertEqual(self.server.wait(self.session, name)["status"], "ok", place)
            else:
                self.refused("not_found", "execution.get", session=self.session, execution=name)
            self.assert_runs_once(name, number + 1)

    def test_c1_around_the_acceptance_of_a_run(self) -> None:
        """The whole run is there or nothing of it, and each cell runs once; the call that is repeated is the same run."""
        for number in range(3):
            cell = {"session": self.session, "id": f"c{number}", "after": f"c{number - 1}" if number else None}
            self.server.call("cell.insert", source=self.code, **cell)
        for number, (place, is_kept) in enumerate(ACCEPTING, 1):
            self.crash_at(place, "notebook.run", id=f"run{number}")
            found = [
                event["execution"] for event in self.server.events(self.session) if event.get("run") == f"run{number}"
            ]
            names = [f"run{number}-{n}" for n in (1, 2, 3)]
            self.assertEqual(found, names if is_kept else [], place)
            told = self.server.call("notebook.run", session=self.session, id=f"run{number}")
            self.assertEqual([one["execution"] for one in told["executions"]], names)
            for name in names:
                self.assertEqual(self.server.wait(self.session, name)["status"], "ok")
            self.assertEqual(self.mark.read_text(), "xxx" * number)
        self.assert_once(self.server.events(self.session))

    def test_c6_around_a_move_in_the_queue(self) -> None:
        """The host has moved it, or has not heard of it: the next server knows the order that is the host's, and it runs in that order."""
        places = [
            ("webipy.server.sessions.kernel_connection:KernelConnection.command before lines move", ["b", "c"]),
            ("webipy.core.kernel.executions:Executions.moved", ["c", "b"]),
            ("webipy.core.kernel.executions:Executions.moved after", ["c", "b"]),
        ]
        for number, (place, order) in enumerate(places):
            go = self.server.root / f"go{number}"
            waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(.01)"
            names = {short: f"{short}{number}" for short in "abc"}
            for short, code in (("a", waits), ("b", "1"), ("c", "1")):
                self.server.call("execution.start", session=self.session, code=code, id=names[short])
            self.subscribe(self.session).until(is_a("execution_started", names["a"]))
            self.crash_at(place, "execution.move", execution=names["c"], before=names["b"])
            wanted = [names[short] for short in ("a", *order)]
            queue = functools.partial(self._queue, wanted)
            until(queue, f"the order of the host: {wanted}")
            go.write_text("")
            for name in names.values():
                self.assertEqual(self.server.wait(self.session, name)["status"], "ok")
            started = [e["execution"] for e in self.server.events(self.session) if e["type"] == "execution_started"]
            self.assertEqual(started[-3:], wanted)

    def _queue(self, wanted: list[str]) -> bool:
        told = self.server.call("execution.queue", session=self.session)
        return [one["execution"] for one in told["executions"]] == wanted

    def test_c3_between_commit_and_acknowledge(self) -> None:
        """The host sends again what the journal has: nothing is there twice."""
        self.server.call("execution.start", session=self.session, code="print(1)\nprint(2)", id="prints")
        self.server.wait(self.session, "prints")
        go = self.server.root / "go"
        code = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(.01)\nprint('a'); print('b')"
        self.server.call("execution.start", session=self.session, code=code, id="later")
        self.subscribe(self.session).until(is_a("execution_started", "later"))
        self.server.kill()
        go.write_text("")
        fault = {"at": "webipy.io.kernels.host_link:HostLink.acknowledge", "do": "kill"}
        self.server.start(
            faults=[fault], is_awaited=False
        )  # it dies when the output comes: before or after it is ready
        self.assertEqual(self.server.ended(), KILLED)
        self.server.start()
        found = self.server.wait(self.session, "later")
        self.assertEqual([output["text"] for output in found["outputs"]], ["a\nb\n"])
        self.assert_once(self.server.events(self.session))

    def test_c6_between_an_answer_to_input_and_the_kernel(self) -> None:
        """The journal has the line, the kernel does not: the next server gives it, once."""
        self.server.call(
            "execution.start", session=self.session, code="print(input('? '))\nprint(input('! '))", id="asks"
        )
        watcher = self.subscribe(self.session)
        asked = watcher.until(is_a("input_requested", "asks"))
        place = "webipy.server.sessions.kernel_connection:KernelConnection.send_answer"
        self.crash_at(place, "input.reply", request=asked["request"], value="one")
        again = watcher.until(lambda event: event["type"] == "input_requested" and event["prompt"] == "! ")
        self.server.call("input.reply", session=self.session, request=again["request"], value="two")
        self.assertEqual(self.server.wait(self.session, "asks")["outputs"][0]["text"], "one\ntwo\n")

    def test_c6_between_a_restart_and_the_host(self) -> None:
        """It was journaled, and the host has not heard of it: the next server tells it, and the kernel restarts once."""
        self.server.run(self.session, "x = 1", "sets")
        self.crash_at(
            "webipy.server.sessions.kernel_connection:KernelConnection.command before lines restart", "kernel.restart"
        )
        watcher = self.subscribe(self.session)
        watcher.until(lambda event: event["type"] == "kernel_ready" and event["start"] == 2, "the second start")
        found = self.server.run(self.session, "x", "gone")
        self.assertEqual((found["status"], found["outputs"][0]["ename"]), ("error", "NameError"))
        self.assertEqual(sum(event["type"] == "kernel_ready" for event in self.server.events(self.session)), 2)

    def test_c2_between_the_launch_of_a_host_and_its_row(self) -> None:
        """Nobody knows that host: it ends by itself, and the session can be given a kernel."""
        self.session = self.server.call("session.create")["id"]
        mine = {fact["pid"] for fact in self.server.hosts()}
        self.server.kill()
        self.server.start(faults=[{"at": "webipy.core.kernel.kernel:Kernel.started", "do": "kill"}, self._before_row()])
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.server.call("kernel.start", session=self.session)
        self.assertEqual(self.server.ended(), KILLED)
        until(lambda: len(self.server.hosts()) == len(mine) + 1, "the host that nobody knows is up")
        (stray,) = {fact["pid"] for fact in self.server.hosts()} - mine
        self.server.start()
        until_ended(stray)
        self.assertIsNone(self.server.call("session.get", session=self.session)["kernel"])
        self.server.call("kernel.start", session=self.session)
        self.assert_runs_once()

    @staticmethod
    def _before_row() -> Json:
        return {"at": "webipy.io.storage.registry:SqliteRegistry.put", "do": "kill"}

    def test_c2_between_the_row_of_a_host_and_its_event(self) -> None:
        """The next server finds the host by its row, and tells of it."""
        self.session = self.server.call("session.create")["id"]
        self.crash_at("webipy.core.kernel.kernel:Kernel.started", "kernel.start")
        self.assert_runs_once()
        self.assertEqual([e["type"] for e in self.server.events(self.session)].count("kernel_started"), 1)

    def test_c2_between_the_event_of_a_close_and_its_row(self) -> None:
        """It is closed, for good, and its kernel ends."""
        (host,) = self.server.hosts()
        self.crash_at("webipy.io.storage.registry:SqliteRegistry.close_session", "session.close")
        self.refused("not_found", "session.get", session=self.session)
        self.assertEqual(self.server.call("session.list")["sessions"], [])
        until_ended(host["pid"])

    def test_c1_c3_between_two_steps_of_a_reopening(self) -> None:
        """Whatever the next server finds, the history goes on: nothing of it is lost or there twice, and an execution does not run again."""
        self.server.run(self.session, self.code, "once")
        before = self.server.events(self.session)
        for place in (
            "webipy.io.storage.journal_file:JournalFile.write",
            "webipy.io.storage.registry:SqliteRegistry.reopen",
            "webipy.io.storage.registry:SqliteRegistry.reopen after",
        ):
            self.server.call("session.close", session=self.session)
            self.crash_at(place, "session.reopen")
            found = self.server.call("session.reopen", session=self.session)
            self.assertIsNone(found["kernel"], place)
            self.assertEqual(self.server.events(self.session)[: len(before)], before, place)
        self.server.call("kernel.start", session=self.session)
        self.assert_runs_once()

    def test_c3_in_the_middle_of_the_deletion_of_a_journal(self) -> None:
        """What is left of it is still listed, and can be deleted."""
        self.server.call("session.close", session=self.session)
        self.crash_at("webipy.io.storage.journal_folder:remove", "journal.delete")
        (left,) = self.server.call("journal.list")["journals"]
        self.assertEqual((left["session"], left["is_open"]), (self.session, False))
        self.server.call("journal.delete", session=self.session)
        self.assertEqual(self.server.call("journal.list")["journals"], [])

    def test_c2_between_the_end_of_a_kernel_and_the_removal_of_its_folder(self) -> None:
        """Its death is told once."""
        (host,) = self.server.hosts()
        self.server.kill()
        os.kill(host["pid"], 9)
        until_ended(host["pid"])
        self.server.start(
            faults=[{"at": "webipy.io.kernels.host_remains:HostRemains.remove", "do": "kill"}], is_awaited=False
        )
        self.assertEqual(self.server.ended(), KILLED)
        self.server.start()
        self.assertEqual([e["type"] for e in self.server.events(self.session)].count("kernel_died"), 1)
        self.server.call("kernel.restart", session=self.session)
        self.assert_runs_once()
