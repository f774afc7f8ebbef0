"""A console without a terminal and without a server: webipy.command.console, webipy.command.console_stage, webipy.command.console_place,
webipy.command.console_commands and webipy.command.inline_pictures.

The client is told what to answer and gives out the events that a test makes; the line is one that a test types on. The real line is in
tests/test_console_editor.py, both with a real kernel in tests/kernels/test_console_live.py.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import io
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault
from twisted.trial.unittest import SynchronousTestCase

from tests.test_cli import ScriptedClient, a_kernel, invoke, outcome, session
from webipy.client.client import Event, NoServer
from webipy.command import connection_files, console_place
from webipy.command.console import Console
from webipy.command.console_history import ConsoleHistory
from webipy.command.console_place import ConsoleCommand, open_session
from webipy.command.console_prompts import Answer, AtEnd, Cancelled, CodePrompt, LinePrompt, Prompt, Typed, Withdrawn
from webipy.command.console_stage import Stage
from webipy.command.inline_pictures import drawn, form_of
from webipy.command.lookup import Wrong
from webipy.command.program import Ended, Unable
from webipy.command.streams import StreamFault
from webipy.core import errors
from webipy.core.api import calls, history_calls
from webipy.core.events import events


class ScriptedLine:
    """An editor on which a test types."""

    def __init__(self) -> None:
        self.prompt: Prompt | None = None
        self.on_answer: Any = None
        self.shown = ""
        self.number = 0
        self.is_withdrawn = False
        self.lexer: Any = None
        self.has_started = False

    def start(self) -> None:
        """It is there."""
        self.has_started = True

    @property
    def is_asking(self) -> Prompt | None:
        """What is asked."""
        return self.prompt

    def ask(self, prompt: Prompt, on_answer: Any) -> None:
        """Something is asked."""
        assert self.prompt is None and self.has_started
        self.prompt, self.on_answer, self.is_withdrawn = prompt, on_answer, False
        if isinstance(prompt, CodePrompt):
            self.number = prompt.number

    def withdraw(self) -> None:
        """Nothing is asked any more; the answer comes later."""
        self.is_withdrawn = True

    def above(self, text: str) -> None:
        """Something is shown above."""
        self.shown += text

    def take_rest(self) -> str:
        """All was shown."""
        return ""

    def renumber(self, number: int) -> None:
        """The next execution has another number."""
        self.number = number

    def use_lexer(self, lexer: Any) -> None:
        """Code has colors."""
        self.lexer = lexer

    def answer(self, answer: Answer | str) -> None:
        """The user answers."""
        assert self.prompt is not None, "nothing is asked"
        self.prompt = None
        self.on_answer(Typed(answer) if isinstance(answer, str) else answer)


class ConsoleCase(SynchronousTestCase):
    """A conversation that has begun."""

    listed: tuple[events.ExecutionQueued, ...] = ()

    def setUp(self) -> None:
        self.out, self.line, self.history = io.StringIO(), ScriptedLine(), ConsoleHistory(None)
        info = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
        self.client = ScriptedClient(
            execution__list=calls.ExecutionList(queued=[msgspec.Raw(events.encode(one)) for one in self.listed]),
            kernel__describe=calls.KernelDescription(kernel_info=msgspec.Raw(json.dumps(info).encode())),
            history__get=history_calls.History(history=[msgspec.Raw(b'[1, 1, "before = 1"]')]),
        )
        line: Any = self.line
        client: Any = self.client
        stage = Stage(self.out, line, None, None)
        self.console = Console(client, session(kernel=a_kernel("idle")), line, stage, self.history, "webipy console")
        self.statuses: list[Any] = []
        Deferred.fromCoroutine(self.console.converse()).addBoth(self.statuses.append)

    def give(self, *happened: Event) -> None:
        """Gives out events."""
        for event in happened:
            self.client.give(0, event)

    def run_code(self, code: str) -> str:
        """Types code, which begins to run; gives the id of its execution."""
        self.line.answer(code)
        execution = str(self.client.called[-1][1]["id"])
        self.give(events.ExecutionQueued(execution=execution, code=code, by="me"))
        self.give(events.ExecutionStarted(execution=execution, execution_count=2))
        return execution

    def finished(self, execution: str, **facts: Any) -> None:
        """An execution ends."""
        self.give(events.ExecutionFinished(**{"execution": execution, "status": "ok", "duration_s": 0.0, **facts}))

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The params of all calls of a method."""
        return [params for name, params in self.client.called if name == method]

    @staticmethod
    def output(execution: str | None, **output: Any) -> events.OutputAdded:
        """An output."""
        return events.OutputAdded(execution=execution, output=msgspec.Raw(json.dumps(output).encode()))

    @staticmethod
    def result(execution: str | None, number: int, bundle: Any) -> events.OutputAdded:
        """A result."""
        return ConsoleCase.output(
            execution, output_type="execute_result", data=bundle, metadata={}, execution_count=number
        )

    @staticmethod
    def printed(execution: str | None, text: str) -> events.OutputAdded:
        """Printed text."""
        return ConsoleCase.output(execution, output_type="stream", name="stdout", text=text)


class OwnTests(ConsoleCase):
    """What is typed here."""

    def test_code_runs_and_its_output_is_shown(self) -> None:
        """In the session, without a cell; the next line has the next number."""
        self.assertEqual(self.line.prompt, CodePrompt(2))
        execution = self.run_code("6 * 7")
        (started,) = self.asked("execution.start")
        self.assertEqual((started["code"], started["cell"], started["stop_on_error"]), ("6 * 7", None, False))
        self.assertIsNone(self.line.prompt)
        self.give(self.printed(execution, "half"))
        self.assertTrue(self.out.getvalue().endswith("half"))
        self.give(self.printed(execution, " a line"))
        self.give(self.result(execution, 2, {"text/plain": "42"}))
        self.finished(execution)
        self.assertTrue(self.out.getvalue().endswith("half a line\nOut[2]: 42\n"), self.out.getvalue())
        self.assertEqual(self.line.prompt, CodePrompt(3))
        self.assertEqual(self.history.get_strings(), ["before = 1", "6 * 7"])
        self.assertIsNotNone(self.line.lexer)

    def test_a_result_of_several_lines_begins_on_its_own(self) -> None:
        """As in IPython."""
        execution = self.run_code("x")
        self.give(
            self.result(execution, 2, {"text/plain": ["a\n", "b"]}), self.result(execution, 2, {"image/png": "AAAA"})
        )
        self.assertTrue(self.out.getvalue().endswith("Out[2]: \na\nb\n[image/png, 3 bytes]\n"), self.out.getvalue())

    def test_nothing_runs_for_an_empty_line(self) -> None:
        """Nor for one that was dropped by ^C."""
        self.line.answer("  ")
        self.line.answer(Cancelled())
        self.assertEqual(self.asked("execution.start"), [])
        self.assertEqual(self.line.prompt, CodePrompt(2))

    def test_leaving_ends_nothing(self) -> None:
        """It says that the kernel goes on, and how to come back."""
        self.line.answer(AtEnd())
        self.assertEqual(self.statuses, [0])
        self.assertIn("The kernel goes on. Come back with: webipy console", self.out.getvalue())
        self.assertNotIn("kernel.shut_down", self.client.methods())

    def test_exit_leaves_too(self) -> None:
        """Also when the code of another asks for it, only they leave."""
        payload = msgspec.Raw(b'[{"source": "ask_exit", "keepkernel": false}]')
        self.give(events.ExecutionQueued(execution="e9", code="exit"), events.ExecutionStarted(execution="e9"))
        self.finished("e9", payload=payload)
        self.assertEqual(self.statuses, [])
        self.finished(self.run_code("exit"), payload=payload)
        self.assertEqual(self.statuses, [0])

    def test_the_kernel_shows_pages_and_writes_the_next_line(self) -> None:
        """`len?` and `%load`."""
        payload = [
            {"source": "page", "data": {"text/plain": "Signature: len(obj)"}, "start": 0},
            {"source": "set_next_input", "text": "loaded = 1", "replace": True},
        ]
        self.finished(self.run_code("%load x.py"), payload=msgspec.Raw(json.dumps(payload).encode()))
        self.assertIn("Signature: len(obj)\n", self.out.getvalue())
        self.assertEqual(self.line.prompt, CodePrompt(3, "loaded = 1"))
        self.line.answer("loaded = 1")

    def test_code_that_is_refused_is_reported(self) -> None:
        """And the line comes back."""
        self.client.answers["execution.start"] = errors.Degraded("The disk is full.")
        self.line.answer("x")
        self.assertIn("webipy: The disk is full.\n", self.out.getvalue())
        self.assertEqual(self.line.prompt, CodePrompt(2))

    def test_a_kernel_that_has_ended_is_started_again(self) -> None:
        """When somebody types."""
        self.give(
            events.KernelDied(kernel="k", reason="The kernel was killed."), events.KernelStateChanged(state="dead")
        )
        self.assertIn("webipy: The kernel was killed.\n", self.line.shown)
        self.client.answers["execution.start"] = errors.KernelDead("The kernel of this session is not running.")
        self.client.answers["session.get"] = session(kernel=a_kernel("dead"))
        self.client.answers["kernel.start"] = session(kernel=a_kernel("starting"))
        self.line.answer("x")
        self.assertIn("a new one starts, without the old variables", self.out.getvalue())
        wanted = ["execution.start", "session.get", "kernel.start", "execution.start"]
        self.assertEqual(self.client.methods()[-4:], wanted)
        first, second = self.asked("execution.start")
        self.assertEqual(first, second)
        self.give(
            events.KernelReady(
                kernel="k", start=2, seconds=1.0, language_info=msgspec.Raw(b'{"name": "python", "pygments_lexer": {}}')
            )
        )
        self.assertEqual(self.line.number, 1)

    def test_a_lost_execution_says_why(self) -> None:
        """And the line comes back."""
        self.finished(self.run_code("x"), status="lost", reason="The kernel died while it ran.")
        self.assertIn("webipy: lost: The kernel died while it ran.\n", self.out.getvalue())
        self.assertEqual(self.line.prompt, CodePrompt(3))


class InterruptTests(ConsoleCase):
    """^C while code runs."""

    def test_it_interrupts_once_and_then_leaves_the_code_running(self) -> None:
        """The second time the line comes back; what the code prints is shown above it."""
        execution = self.run_code("loop()")
        self.assertTrue(self.console.interrupt())
        self.assertIn("Interrupting. Press ^C again to get the line back; the code goes on.", self.out.getvalue())
        self.assertEqual([one["execution"] for one in self.asked("kernel.interrupt")], [execution])
        self.assertIsNone(self.line.prompt)
        self.console.interrupt()
        self.assertEqual(len(self.asked("kernel.interrupt")), 1)
        self.assertEqual(self.line.prompt, CodePrompt(3))
        self.give(self.printed(execution, "goes on"))
        self.assertEqual(self.line.shown, "")
        self.give(self.printed(execution, " and on\n"))
        self.assertEqual(self.line.shown, "goes on and on\n")
        self.finished(execution)
        self.assertTrue(self.console.interrupt())
        self.assertEqual(len(self.asked("kernel.interrupt")), 1)
        self.assertEqual(self.statuses, [])

    def test_it_ends_a_console_that_has_not_begun(self) -> None:
        """The server does not answer, nothing runs and nothing is asked."""
        self.line.prompt = None
        self.assertFalse(self.console.interrupt())

    def test_code_that_waits_is_cancelled(self) -> None:
        """And interrupted when it begins all the same."""
        self.line.answer("x")
        execution = str(self.client.called[-1][1]["id"])
        self.client.answers["execution.cancel"] = errors.NotWaiting("It runs.")
        self.console.interrupt()
        self.assertEqual(self.client.methods()[-1], "execution.cancel")
        self.give(events.ExecutionStarted(execution=execution, execution_count=2))
        self.assertEqual([one["execution"] for one in self.asked("kernel.interrupt")], [execution])


class InputTests(ConsoleCase):
    """Code that asks for a line."""

    def ask(self, execution: str | None, prompt: str = "Name: ", request: str = "r1") -> None:
        """Code asks."""
        self.give(events.InputRequested(request=request, prompt=prompt, execution=execution))

    def test_the_line_is_typed_here(self) -> None:
        """The lines before the last one of a prompt stand above it."""
        execution = self.run_code("input()")
        self.ask(execution, "Who are you?\nName: ")
        self.assertTrue(self.out.getvalue().endswith("Who are you?\n"))
        self.assertEqual(self.line.prompt, LinePrompt("r1", "Name: ", False))
        self.line.answer("ana")
        self.assertEqual(self.asked("input.reply"), [{"session": "s1", "request": "r1", "value": "ana"}])
        self.give(events.InputReplied(request="r1", value="ana", by="me"))
        self.assertIsNone(self.line.prompt)
        self.finished(execution)
        self.assertEqual(self.line.prompt, CodePrompt(3))

    def test_somebody_else_may_answer(self) -> None:
        """Then the question goes away, and what they answered is shown."""
        execution = self.run_code("input()")
        self.ask(execution)
        self.give(events.InputReplied(request="r1", value="bob", by="Grace"))
        self.assertEqual(self.line.shown, "[Grace] Name: bob\n")
        self.assertTrue(self.line.is_withdrawn)
        self.line.answer(Withdrawn("hal"))
        self.assertIsNone(self.line.prompt)
        self.assertEqual(self.asked("input.reply"), [])

    def test_no_answer_interrupts_the_code(self) -> None:
        """^C and ^D."""
        for answer in (Cancelled(), AtEnd()):
            execution = self.run_code("input()")
            self.ask(execution)
            self.line.answer(answer)
            self.assertEqual(self.asked("kernel.interrupt")[-1]["execution"], execution)
            self.give(events.InputReplied(request="r1", withdrawn=True))
            self.finished(execution, status="error")
            self.assertIsInstance(self.line.prompt, CodePrompt)

    def test_code_that_was_left_running_asks_in_the_middle_of_a_line(self) -> None:
        """The line comes back afterwards as it was."""
        execution = self.run_code("input()")
        self.console.interrupt()
        self.console.interrupt()
        self.assertEqual(self.line.prompt, CodePrompt(3))
        self.ask(execution)
        self.assertTrue(self.line.is_withdrawn)
        self.line.answer(Withdrawn("half"))
        self.assertEqual(self.line.prompt, LinePrompt("r1", "Name: ", False))
        self.line.answer("ana")
        self.assertEqual(self.line.prompt, CodePrompt(3, "half"))

    def test_questions_of_others_are_told(self) -> None:
        """They are asked where the code was started."""
        self.give(events.ExecutionQueued(execution="e9", code="input()", by="Grace"))
        self.ask("e9")
        self.assertIn("The code of Grace asks for a line: Name: \n", self.line.shown)
        self.assertEqual(self.line.prompt, CodePrompt(2))
        self.give(events.InputReplied(request="r1", value="x", by="Grace"))
        self.ask(None, request="r2")
        self.assertIn("The code of somebody asks for a line: Name: \n", self.line.shown)


class OthersTests(ConsoleCase):
    """What others do in the session."""

    listed = (events.ExecutionQueued(execution="e0", code="early", by="Ada"),)

    def test_their_code_and_output_stand_above_the_line(self) -> None:
        """With their names; a line that is open waits for its end."""
        self.assertIn("Code of Ada runs or waits; what you run comes after it.", self.out.getvalue())
        self.give(
            events.ExecutionQueued(execution="e9", code="for x in y:\n    x", by="Grace\x1b[2J\u202e"),
            events.ExecutionQueued(execution="e10", code="hidden", silent=True),
            events.ExecutionStarted(execution="e9", execution_count=4),
            events.ExecutionStarted(execution="e10"),
            self.printed("e9", "one\ntw"),
        )
        label = "[Grace\\x1b[2J\\u202e] In [4]: "
        self.assertEqual(self.line.shown, f"{label}for x in y:\n{'...: '.rjust(len(label))}    x\none\n")
        self.assertEqual(self.line.number, 5)
        self.give(self.result("e9", 4, {"text/plain": "7"}))
        self.finished("e9")
        self.finished("e10")
        shown = re.sub(r"\x1b\[[0-9;]*m", "", self.line.shown)
        self.assertTrue(shown.endswith("one\ntw\nOut[4]: 7\n"), shown)
        self.assertEqual(self.history.get_strings()[-1], "for x in y:\n    x")

    def test_what_programs_run_that_have_joined_the_kernel_is_shown(self) -> None:
        """By its connection file; other messages of a kernel are not for people."""
        content = msgspec.Raw(b'{"code": "x", "execution_count": 7}')
        message = events.MessageReceived(
            channel="iopub", msg_type="execute_input", content=content, metadata=msgspec.Raw(b"{}")
        )
        self.give(message, self.printed(None, "aside\n"), self.result(None, 7, {"text/plain": "42"}))
        shown = re.sub(r"\x1b\[[0-9;]*m", "", self.line.shown)
        self.assertEqual(shown, "[another program] In [7]: x\naside\nOut[7]: 42\n")
        self.assertEqual(self.line.number, 8)
        for kind, body in (("debug_event", b"{}"), ("execute_input", b"[]")):
            self.give(msgspec.structs.replace(message, msg_type=kind, content=msgspec.Raw(body)))
        self.assertEqual(re.sub(r"\x1b\[[0-9;]*m", "", self.line.shown), shown)

    def test_their_output_while_ours_waits_is_on_the_terminal(self) -> None:
        """In order."""
        self.line.answer("mine")
        mine = str(self.client.called[-1][1]["id"])
        self.give(self.printed("e0", "theirs"))
        self.finished("e0")
        self.give(events.ExecutionStarted(execution=mine, execution_count=9), self.printed(mine, "mine\n"))
        self.assertTrue(self.out.getvalue().endswith("theirs\nmine\n"))

    def test_what_happens_to_kernel_and_line_is_told(self) -> None:
        """Above the line."""
        self.give(
            events.KernelStateChanged(state="restarting"), events.OutputLost(reason="The disk was full."),
        )  # fmt: skip
        client: Any = self.client
        client.on_line(False)
        client.on_line(True)
        self.assertEqual(
            self.line.shown,
            "webipy: The kernel restarts: variables are gone.\nwebipy: Output is missing: The disk was full.\n"
            "webipy: The connection to the server is lost; code that runs goes on. Connecting again...\n"
            "webipy: The server is back.\n",
        )

    def test_a_session_that_is_closed_ends_the_console(self) -> None:
        """Nothing can be typed there."""
        self.give(events.SessionClosed())
        self.assertIn("The session was closed.", self.line.shown)
        self.assertEqual(self.statuses, [0])
        self.give(self.printed(None, "late\n"))
        self.assertNotIn("late", self.line.shown)

    def test_a_terminal_that_is_gone_is_no_bug(self) -> None:
        """The exit status tells it, as after a SIGHUP."""
        self.console.fail(Fault(StreamFault(1, OSError(errno.EIO, "Input/output error"))))
        self.assertEqual((type(self.statuses[0].value), self.statuses[0].value.status), (Ended, 129))

    def test_a_connection_that_ends_for_good_is_a_failure(self) -> None:
        """Such as a login that was ended."""
        (follower,) = self.client.followed
        follower.end(errors.NotAuthenticated("The server has ended this login."))
        self.assertIsInstance(self.statuses[0].value, errors.NotAuthenticated)
        self.console.fail(Fault(NoServer("once more")))


class PlaceTests(SynchronousTestCase):
    """In which session a console is."""

    def open(self, name: str | None, kernel: str | None = None, **answers: Any) -> tuple[calls.Session, list[str]]:
        """The session, and what was called."""
        listed = [session("s1", "data", a_kernel("idle"))]
        client: Any = ScriptedClient(session__list=calls.SessionList(sessions=listed), **answers)
        found = outcome(open_session(client, name, kernel, None))
        return found, client.methods()

    def test_a_session_goes_by_its_name(self) -> None:
        """One with a kernel is as it is."""
        self.assertEqual(self.open("data")[1], ["session.list"])

    def test_without_a_name_it_is_that_of_exec(self) -> None:
        """Made when there is none, and kept once it has a kernel."""
        made = session("s2", "shell")
        found, called = self.open(None, session__create=made, kernel__start=made)
        self.assertEqual(called, ["session.list", "server.info", "session.create", "kernel.start", "session.keep"])
        self.assertEqual(found.id, "s2")

    def test_a_title_with_a_kernel_makes_one(self) -> None:
        """Without a kernel it is a mistake."""
        made = session("s2", "new")
        self.assertIn("session.create", self.open("new", "python3", session__create=made, kernel__start=made)[1])
        with self.assertRaisesRegex(Wrong, "With --kernel one is made"):
            self.open("nowhere")

    def test_a_notebook_is_opened(self) -> None:
        """With the kernel that it names; one that is not there is a mistake."""
        info = calls.ServerInfo(
            name="webipy", version="1", protocol=1, time="", principal="me", root="/root", default_kernelspec="python3"
        )
        opened = msgspec.structs.replace(session("s2", "a"), path="a.ipynb")
        with self.assertRaisesRegex(Wrong, "no session and no notebook"):
            self.open("a.ipynb", server__info=info, session__create=errors.NotFound("There is no file."))
        notebook: Any = type("State", (), {"metadata": msgspec.Raw(b'{"kernelspec": {"name": "ir"}}')})()
        _, called = self.open(
            "a.ipynb", server__info=info, session__create=opened, notebook__get=notebook, kernel__start=opened
        )
        self.assertEqual(called[-3:], ["session.create", "notebook.get", "kernel.start"])

    def test_a_console_needs_a_terminal(self) -> None:
        """In a pipe there is another command."""
        for arguments in (("console",), ("console", "x", "-k", "python3")):
            refused = invoke(*arguments, stdin="1\n")
            self.assertEqual(refused.exit_code, 2)
            self.assertIn("in a pipe, use: webipy exec -", refused.output)


class HeldConsole:
    """A conversation that is over at once."""

    def __init__(self, client: Any, session: calls.Session, *parts: Any) -> None:
        self.session, self.again = session, parts[3]

    async def converse(self) -> int:
        """Its status is that of a test."""
        HeldConsole.last = self
        return 7

    def interrupt(self) -> bool:
        """There is code."""
        return True

    last: HeldConsole


class CommandTests(SynchronousTestCase):
    """`webipy console`, with a conversation of the test in place of one in a terminal."""

    def setUp(self) -> None:
        async def end() -> None:
            """There is nothing to be ended."""

        self.patch(console_place, "Console", HeldConsole)
        self.patch(console_place, "Editor", lambda *parts: SimpleNamespace(end=end))
        self.patch(console_place, "Stage", lambda *parts: SimpleNamespace(settle=lambda: None))
        self.patch(console_place, "Keyboard", lambda call: SimpleNamespace(hidden=contextlib.nullcontext))
        for name in ("create_input", "create_output"):
            self.patch(console_place, name, lambda stream: None)
        self.patch(console_place, "raw", lambda stream: stream)

    def command(self, session: str | None = None, **options: Any) -> ConsoleCommand:
        """The command, as its line asks for it."""
        target: Any = SimpleNamespace(state_folder=Path(self.mktemp()), options="--state 'x y'")
        reactor: Any = SimpleNamespace(callFromThread=None, callLater=None)
        return ConsoleCommand(reactor, target, session, None, None, **options)

    def hold(self, command: ConsoleCommand, listed: list[calls.Session], **answers: Any) -> tuple[int, list[str]]:
        """Holds the conversation; gives the status and what was called."""
        client: Any = ScriptedClient(session__list=calls.SessionList(sessions=listed), **answers)
        return outcome(command.command(client)), client.methods()

    def test_a_conversation_with_a_session(self) -> None:
        """What is said at its end leads back to it: by its path, its title where that is the usual one, or its id."""
        shell, other = session("s1", "shell", a_kernel("idle")), session("s2", "data", a_kernel("idle"))
        document = msgspec.structs.replace(session("s3", "a", a_kernel("idle")), path="my a.ipynb")
        for name, words in ((None, ""), ("data", " s2"), ("s3", " 'my a.ipynb'")):
            command = self.command(name)
            self.assertFalse(command.interrupt())
            status, _ = self.hold(command, [shell, other, document])
            self.assertEqual((status, HeldConsole.last.again), (7, f"webipy console --state 'x y'{words}"))
            self.assertTrue(command.interrupt())

    def test_a_new_session_is_left_with_the_console(self) -> None:
        """And no way leads back to it, also when its kernel does not start."""
        made = session("s9", "console")
        answers: dict[str, Any] = {"session__create": made, "kernel__start": made}
        status, called = self.hold(self.command(fresh=True), [], **answers)
        self.assertEqual((status, HeldConsole.last.again, called[0]), (7, "", "session.create"))
        self.assertEqual(called[-1], "session.leave")
        with self.assertRaises(errors.KernelFailed):
            self.hold(
                self.command(fresh=True),
                [],
                session__create=made,
                kernel__start=errors.KernelFailed("It does not start."),
            )

    def test_how_pictures_are_shown(self) -> None:
        """As the terminal says, or as it was asked for."""
        self.patch(os, "environ", {"TERM": "xterm-kitty"})
        for asked, form in (("auto", "kitty"), ("kitty", "kitty"), ("iterm", "iterm"), ("none", None)):
            self.assertEqual(self.command(pictures=asked)._form(), form)

    def test_a_line_that_cannot_be(self) -> None:
        """A new session has no name yet."""
        refused = invoke("console", "--fresh", "data")
        self.assertEqual(refused.exit_code, 2)
        self.assertIn("--fresh makes a new session", refused.output)
        self.assertEqual(invoke("console", "--pictures", "sixel").exit_code, 2)


class ConnectionFileTests(SynchronousTestCase):
    """`webipy connection`."""

    def setUp(self) -> None:
        self.client = ScriptedClient()
        self.host = self.mktemp()

    def find(self, state: events.KernelState | None) -> Any:
        """What is found; the failure when there is none."""
        kernel = None if state is None else msgspec.structs.replace(a_kernel(state), host=self.host)
        client: Any = self.client
        found: list[Any] = []
        asked = connection_files.connection_file(client, session(kernel=kernel))
        Deferred.fromCoroutine(asked).addBoth(found.append)
        return found

    def test_a_kernel_that_is_not_there_has_none(self) -> None:
        """Each reason has its sentence."""
        for state in (None, "dead"):
            (fault,) = self.find(state)
            self.assertIn("has no kernel that runs", str(fault.value))
        (fault,) = self.find("idle")
        self.assertIn("runs on the machine of the server", str(fault.value))
        os.mkdir(self.host)
        (fault,) = self.find("busy")
        self.assertIn("Another program has started this kernel", str(fault.value))

    def test_a_kernel_that_starts_is_waited_for(self) -> None:
        """Its file may be written anew until it has answered."""
        os.mkdir(self.host)
        found = self.find("starting")
        self.assertEqual(found, [])
        with open(os.path.join(self.host, "kernel.json"), "w"):
            pass
        ready = events.KernelReady(kernel="k", start=1, seconds=1.0, language_info=msgspec.Raw(b"{}"))
        self.client.give(6, ready)
        self.client.give(7, ready)
        self.assertEqual(found[0].path, os.path.join(self.host, "kernel.json"))
        failing = self.find("starting")
        self.client.give(6, events.KernelDied(kernel="k", reason="It does not start."))
        self.assertIsInstance(failing[0].value, Unable)
        self.assertIn("It does not start.", str(failing[0].value))


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"dots" * 2000).decode()


class PictureTests(ConsoleCase):
    """Pictures in terminals that show them."""

    def test_terminals_are_known_by_what_they_set(self) -> None:
        """Inside tmux none is."""
        for variables, form in (
            ({"TERM": "xterm-kitty"}, "kitty"),
            ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
            ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"}, None),
            ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm"),
            ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm"),
            ({"TERM": "xterm-256color"}, None),
            ({}, None),
        ):
            self.assertEqual(form_of(dict[str, str](variables).get), form, variables)

    def test_a_picture_is_shown_and_nothing_else_passes(self) -> None:
        """It is decoded and encoded again; what is no picture stays a note."""
        kind, written = drawn({"image/png": PNG}, "kitty")
        self.assertEqual(kind, "image/png")
        pieces = re.findall(r"\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\", written)
        self.assertEqual("".join(piece for _, piece in pieces), PNG)
        self.assertEqual([keys for keys, _ in pieces], ["a=T,f=100,q=2,m=1", "m=1", "m=0"])
        self.assertEqual(drawn({"image/png": [PNG]}, "iterm")[1], f"\x1b]1337;File=inline=1;size=8008:{PNG}\x07")
        for content in ("AAAA", "\x1b]0;owned\x07", PNG + "\x1b", 7, None):
            self.assertEqual(drawn({"image/png": content}, "kitty"), ("", ""))
        self.assertEqual(drawn({"image/gif": base64.b64encode(b"GIF89a").decode()}, "kitty"), ("", ""))

    def test_it_stands_on_the_terminal_or_above_the_line(self) -> None:
        """In place of the note, after the text."""
        line: Any = self.line
        self.console.stage = Stage(self.out, line, None, None, "kitty")
        picture = drawn({"image/png": PNG}, "kitty")[1]
        bundle = {"text/plain": "<Figure>", "image/png": PNG}
        execution = self.run_code("figure")
        self.give(self.result(execution, 2, bundle))
        self.assertTrue(self.out.getvalue().endswith(f"Out[2]: <Figure>\n{picture}\n"))
        self.finished(execution)
        self.give(self.output(None, output_type="display_data", data=bundle, metadata={}))
        self.assertEqual(self.line.shown, f"<Figure>\n{picture}\n")
