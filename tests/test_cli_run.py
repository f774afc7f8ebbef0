"""webipy.command.notebooks and webipy.command.progress: `webipy run` with a client that a test scripts, and how a run is shown."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.test_cli import ScriptedClient, Typist, outcome, session
from webipy.client.client import ConnectionLost, Event
from webipy.command import following, notebook_run
from webipy.command.lookup import Wrong
from webipy.command.paths import below_new
from webipy.command.progress import Progress, duration, first_line
from webipy.command.terminal import Screen
from webipy.core.api import calls, notebook_calls
from webipy.core.events import events


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


class PlaceTests(SynchronousTestCase):
    """Where a copy goes."""

    def test_a_new_file_goes_where_the_user_means(self) -> None:
        """Into the folder that is named, if that is below the root; from the root, if the user is elsewhere."""
        root = Path(self.mktemp()).resolve()
        (root / "sub").mkdir(parents=True)
        self.assertEqual(below_new(root, str(root / "sub" / "new.ipynb")), "sub/new.ipynb")
        self.assertEqual(below_new(root, "elsewhere/new.ipynb"), "elsewhere/new.ipynb")
        for name in ("/etc/new.ipynb", "../new.ipynb"):
            self.assertRaises(Wrong, below_new, root, name)


class WordTests(SynchronousTestCase):
    """Lines and times."""

    def test_the_first_line_that_says_something(self) -> None:
        """Harmless, and cut to what there is room for."""
        self.assertEqual(first_line("\n\n  x = 1  \ny", 20), "x = 1")
        self.assertEqual(first_line("a\x1b[31m b\x1b]0;t\x07\tc", 20), "a b c")
        self.assertEqual(first_line("abcdef", 4), "abc…")
        self.assertEqual(first_line("", 4), "")

    def test_times(self) -> None:
        """For a person."""
        self.assertEqual(
            [duration(s) for s in (0.04, 99.94, 100, 3725)], ["0.0 s", "99.9 s", "1 min 40 s", "1 h 2 min"]
        )


class ProgressTests(SynchronousTestCase):
    """What stands on the screen."""

    def show(self, stream: io.StringIO, show: bool = False) -> tuple[Progress, io.StringIO, Clock]:
        """A run of two cells on a stream."""
        out, clock = io.StringIO(), Clock()
        progress = Progress(clock, Screen(out, stream), stream, show)
        progress.total = 12
        return progress, out, clock

    def test_plain_lines_when_cells_end(self) -> None:
        """A file, a pipe: one line for each cell, and no more."""
        err = io.StringIO()
        progress, out, clock = self.show(err)
        progress.began(1, "x = 1")
        clock.advance(5)
        progress.output(b'{"output_type": "stream", "name": "stdout", "text": "hidden"}', False)
        progress.ended(1, "x = 1", "ok", 1.25)
        self.assertEqual((err.getvalue(), out.getvalue()), ("[ 1/12] ok 1.2 s       x = 1\n", ""))
        progress.close()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_a_line_that_is_written_over(self) -> None:
        """Each second on a terminal; what else is said takes it away, and it comes again."""
        err = Terminal()
        progress, _, clock = self.show(err)
        progress.began(1, "x = 1")
        clock.advance(1)
        progress.note("Something.")
        clock.advance(1)
        progress.ended(1, "x = 1", "ok", 2)
        screen = [
            "[ 1/12] running 0.0 s  x = 1",
            "\r\x1b[K[ 1/12] running 1.0 s  x = 1",
            "\r\x1b[Kwebipy: Something.\n",
        ]
        screen += ["[ 1/12] running 2.0 s  x = 1", "\r\x1b[K[ 1/12] ok 2.0 s       x = 1\n"]
        self.assertEqual(err.getvalue(), "".join(screen))
        clock.advance(5)
        self.assertEqual((err.getvalue(), clock.getDelayedCalls()), ("".join(screen), []))

    def test_outputs_between_lines(self) -> None:
        """With --show: the cell, what it prints, how it ended."""
        err = io.StringIO()
        progress, out, _ = self.show(err, show=True)
        progress.began(2, "print('a')")
        progress.output(b'{"output_type": "stream", "name": "stdout", "text": "a"}', False)
        progress.ended(2, "print('a')", "ok", 0.1)
        self.assertEqual(out.getvalue(), "a\n")
        self.assertEqual([line.split()[:2] for line in err.getvalue().splitlines()], [["[", "2/12]"]] * 2)


class RunTests(SynchronousTestCase):
    """A run that is followed."""

    def setUp(self) -> None:
        self.out, self.err, self.clock = io.StringIO(), io.StringIO(), Clock()
        outcome = notebook_calls.NotebookRun(
            run="r",
            executions=[notebook_calls.CellRun(cell=f"c{n}", execution=f"r-{n}") for n in (1, 2)],
            seq=9,
        )
        self.client = ScriptedClient(notebook__run=outcome)
        self.keyboard = Typist()

    def begin(self, first_seq: int = 1, *, has_plan: bool = False) -> notebook_run.Run:
        """A run that was accepted."""
        screen = Screen(self.out, self.err)
        progress = Progress(self.clock, screen, self.err, False)
        client: Any = self.client
        keyboard: Any = self.keyboard
        place = msgspec.structs.replace(session(), first_seq=first_seq)
        run = notebook_run.Run(client, place, "r", progress, screen, keyboard, has_plan=has_plan)
        outcome(run.start(notebook_calls.RunNotebook(session="s1", id="r")))
        return run

    def give(self, *happened: Event) -> None:
        """Give out events."""
        for seq, event in enumerate(happened, 8):
            self.client.give(seq, event)

    def finished(self, number: int, status: events.ExecutionStatus = "ok") -> events.ExecutionFinished:
        """The end of one."""
        return events.ExecutionFinished(execution=f"r-{number}", status=status, duration_s=1.0)

    def test_it_is_followed_from_its_first_event(self) -> None:
        """And ends when all of it has ended; what belongs to others changes nothing."""
        run = self.begin()
        self.assertEqual(self.client.followed[0].seq, 7)
        self.give(
            events.ExecutionQueued(execution="r-1", code="a"),
            events.ExecutionQueued(execution="r-2", code="b"),
            events.ExecutionFinished(execution="other", status="error", duration_s=0),
            events.ExecutionStarted(execution="r-1"),
            self.finished(1),
            self.finished(1),
        )
        self.assertNoResult(run.finished)
        self.give(self.finished(2))
        self.successResultOf(run.finished)
        self.assertEqual(run.status(), "ok")
        self.assertEqual(len(self.err.getvalue().splitlines()), 2)

    def test_how_it_ended(self) -> None:
        """The worst of its cells."""
        for status, whole in (("lost", "lost"), ("error", "error"), ("aborted", "aborted"), ("cancelled", "cancelled")):
            run = self.begin()
            ended: Any = status
            self.give(self.finished(1), self.finished(2, ended))
            self.assertEqual(run.status(), whole)
            self.assertEqual(len(run.failed()), int(status in ("lost", "error")))

    def test_failures_that_are_none(self) -> None:
        """Those of a cell that may fail, and `sys.exit(0)`, after which what was not run is not missed."""
        may_fail = [notebook_calls.CellRun(cell=f"c{n}", execution=f"r-{n}", may_fail=n == 1) for n in (1, 2)]
        self.client.answers["notebook.run"] = notebook_calls.NotebookRun(run="r", executions=may_fail, seq=9)
        run = self.begin()
        self.give(self.finished(1, "error"), self.finished(2))
        self.assertEqual((run.status(), run.failed()), ("ok", []))
        for evalue, whole in (("", "ok"), ("0", "ok"), ("None", "ok"), ("1", "error"), ("no", "error")):
            self.client.answers["notebook.run"] = notebook_calls.NotebookRun(
                run="r", executions=[msgspec.structs.replace(one, may_fail=False) for one in may_fail], seq=9
            )
            run = self.begin()
            error = {"output_type": "error", "ename": "SystemExit", "evalue": evalue, "traceback": []}
            self.give(
                events.OutputAdded(execution="r-1", output=Raw(json.dumps(error).encode())),
                self.finished(1, "error"),
                self.finished(2, "aborted"),
            )
            self.assertEqual((run.status(), len(run.failed())), (whole, int(whole == "error")), evalue)

    def test_a_run_of_nothing_has_ended(self) -> None:
        """Without following."""
        self.client.answers["notebook.run"] = notebook_calls.NotebookRun(run="r", executions=[], seq=9)
        run = self.begin()
        self.successResultOf(run.finished)
        self.assertEqual((run.status(), self.client.followed), ("ok", []))

    def test_what_the_journal_has_given_up_is_asked_for(self) -> None:
        """A run of long ago that is followed: what ended is asked, and the rest is followed."""
        queued = notebook_calls.QueuedExecution(execution="r-2", status="running", code="b")
        self.client.answers["execution.queue"] = notebook_calls.ExecutionQueue(seq=99, executions=[queued])
        self.client.answers["execution.get"] = calls.Execution(
            session="s1",
            id="r-1",
            status="error",
            code="a",
            outputs=[Raw(b'{"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["E: v"]}')],
            duration_s=2.0,
        )
        run = self.begin(first_seq=50)
        self.assertEqual(self.client.methods(), ["notebook.run", "execution.queue", "execution.get"])
        self.assertEqual((run.ends["r-1"].status, run.ends["r-1"].error), ("error", "E: v"))
        self.give(self.finished(2))
        self.successResultOf(run.finished)

    def test_interrupting(self) -> None:
        """The first ^C takes back what waits and interrupts what runs; the second leaves."""
        run = self.begin()
        self.give(events.ExecutionStarted(execution="r-1"))
        run.interruption.interrupt()
        self.assertEqual(self.client.methods()[1:], ["run.cancel", "kernel.interrupt"])
        run.interruption.interrupt()
        self.failureResultOf(run.finished, following.Left)

    def test_what_begins_while_it_is_stopped_is_interrupted(self) -> None:
        """The kernel took it before the cancelling came."""
        run = self.begin()
        run.interruption.interrupt()
        self.assertEqual(self.client.methods()[1:], ["run.cancel"])
        self.give(events.ExecutionStarted(execution="r-1"))
        self.assertEqual(self.client.methods()[2:], ["kernel.interrupt"])

    def test_a_run_with_a_plan_ends_when_the_server_says_so(self) -> None:
        """Its result is written then; what happens to it on the way is told."""
        run = self.begin(has_plan=True)
        self.give(self.finished(1), events.RunStopped(run="r", cause="timed_out"), self.finished(2, "error"))
        self.assertNoResult(run.finished)
        self.assertIn("run takes longer than --timeout", self.err.getvalue())
        ending = events.RunFinished(run="r", status="timed_out", path="out.ipynb")
        self.give(events.RunFinished(run="other", status="ok"), ending)
        self.assertEqual(self.successResultOf(run.finished), ending)

    def test_a_run_with_a_plan_is_stopped_by_the_server(self) -> None:
        """Which knows what of it runs; ^C gives it all the time it wants, SIGTERM does not."""
        run = self.begin(has_plan=True)
        run.interruption.interrupt()
        run.terminate(5)
        stops = [params for method, params in self.client.called if method == "run.stop"]
        self.assertEqual([stop["grace_s"] for stop in stops], [None, 5])

    def test_a_closed_session_ends_it(self) -> None:
        """Somebody closes it."""
        run = self.begin()
        self.give(events.SessionClosed())
        self.failureResultOf(run.finished, ConnectionLost)

    def test_a_death_and_missing_output_are_reported(self) -> None:
        """With the reason."""
        self.begin()
        self.give(
            events.KernelDied(kernel="k", reason="It crashed.", tail="last words"),
            events.OutputLost(reason="The disk was full."),
        )
        self.assertEqual(
            self.err.getvalue(), "last words\nwebipy: It crashed.\nwebipy: Output is missing: The disk was full.\n"
        )
