"""The line of a console: webipy.command.console_editor, webipy.command.console_keys, webipy.command.console_inquirer and the history of
webipy.command.console_history.

Real prompt_toolkit on a pipe and a painted text; the thread is real, too. What it calls in the reactor is done by the test, one call a turn.
"""

from __future__ import annotations

import io
import json
import os
import queue
import re
import stat
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault
from twisted.trial.unittest import SynchronousTestCase

from tests.live import until
from webipy.command import console_history
from webipy.command.console_editor import Editor
from webipy.command.console_history import ConsoleHistory
from webipy.command.console_inquirer import Inquirer
from webipy.command.console_keys import indent_of, lexer_of, looks_whole
from webipy.command.console_prompts import (
    Answer,
    AtEnd,
    Cancelled,
    CodePrompt,
    LinePrompt,
    Prompt,
    Typed,
    Withdrawn,
)
from webipy.core import errors
from webipy.core.api import calls

PATIENCE_S = 120
ENTER, ALT_ENTER, TAB, SHIFT_TAB, UP, CTRL_C, CTRL_D, CTRL_O, CTRL_R = (
    "\r", "\x1b\r", "\t", "\x1b[Z", "\x1b[A", "\x03", "\x04", "\x0f", "\x12",
)  # fmt: skip


class Kernel:
    """A kernel that answers at once; what it is asked is kept.

    Attributes:
        whole: What it says of code, by the code; `complete` for any other. An exception is raised.
    """

    def __init__(self) -> None:
        self.whole: dict[str, Any] = {}
        self.asked: list[Any] = []
        self.matches: list[str] = []
        self.documentation = ""

    @staticmethod
    def _done(answer: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    def judge(self, code: str) -> Future[Any]:
        """Whether code is whole."""
        self.asked.append(code)
        found = self.whole.get(code, calls.Completeness(status="complete"))
        return self._done(found)

    def complete(self, code: str, cursor: int) -> Future[Any]:
        """How a name goes on."""
        self.asked.append((code, cursor))
        kinds = [{"text": one, "type": "function"} for one in self.matches]
        metadata = msgspec.Raw(json.dumps({"_jupyter_types_experimental": kinds}).encode())
        start = cursor - len(code.split(".")[-1])
        return self._done(
            calls.Completion(matches=self.matches, cursor_start=start, cursor_end=cursor, metadata=metadata)
        )

    def inspect(self, code: str, cursor: int) -> Future[Any]:
        """What a name is."""
        self.asked.append((code, cursor))
        content = msgspec.Raw(json.dumps({"text/plain": self.documentation}).encode())
        found = calls.Inspection(found=bool(self.documentation), data=content, metadata=msgspec.Raw(b"{}"))
        return self._done(found)


class EditorCase(SynchronousTestCase):
    """An editor, its kernel, and a user who types on a pipe."""

    def setUp(self) -> None:
        self.calls: queue.Queue[tuple[Callable[..., object], tuple[Any, ...]]] = queue.Queue()
        self.kernel, self.history = Kernel(), InMemoryHistory()
        self.painted = io.StringIO()
        context = create_pipe_input()
        self.keys = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        output = Vt100_Output(self.painted, lambda: Size(24, 80), term="xterm", enable_cpr=False)
        kernel: Any = self.kernel
        self.faults: list[Fault] = []
        self.editor = Editor(
            self.call, kernel, self.history, (self.keys, output), allow_colours=False, on_fault=self.faults.append
        )
        self.editor.start()
        self.addCleanup(self.end)
        self.answers: list[Answer] = []

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """As `reactor.callFromThread`."""
        self.calls.put((function, arguments))

    def turn(self) -> None:
        """Does the next thing that was called."""
        function, arguments = self.calls.get(timeout=PATIENCE_S)
        function(*arguments)

    def end(self) -> None:
        """Ends the thread, and waits for it."""
        ended: list[Any] = []
        self.editor.end().addBoth(ended.append)
        while not ended:
            self.turn()

    def ask(self, prompt: Prompt | None = None) -> None:
        """Asks for a line."""
        self.editor.ask(prompt or CodePrompt(1), self.answers.append)

    def answer(self) -> Answer:
        """The answer to what was asked."""
        while not self.answers:
            self.turn()
        return self.answers.pop()

    def typed(self, keys: str, prompt: Prompt | None = None) -> Answer:
        """The answer of a user who presses these keys."""
        self.ask(prompt)
        self.keys.send_text(keys)
        return self.answer()

    @property
    def shown(self) -> str:
        """What was painted, without colors and movements."""
        return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", self.painted.getvalue())

    def until_shown(self, text: str) -> None:
        """Waits until something was painted."""
        until(lambda: text in self.shown, lambda: f"{text!r} in {self.painted.getvalue()!r}", PATIENCE_S)

    def until_edited(self, text: str) -> None:
        """Waits until the line of code is this."""
        line = self.editor.prompts.code.default_buffer
        until(lambda: line.text == text, lambda: f"{text!r}, and not {line.text!r}", PATIENCE_S)


class CodeTests(EditorCase):
    """Code is typed."""

    def test_a_line_is_given_out_at_enter(self) -> None:
        """With the number of the next execution before it."""
        self.assertEqual(self.typed(f"x = 41{ENTER}", CodePrompt(7)), Typed("x = 41"))
        self.assertIn("In [7]: ", self.shown)

    def test_the_kernel_decides_whether_code_is_whole(self) -> None:
        """What is not gets another line, indented as the kernel says."""
        self.kernel.whole["for i in x:"] = calls.Completeness(status="incomplete", indent="    ")
        self.kernel.whole["for i in x:\n    i"] = calls.Completeness(status="incomplete", indent="    ")
        keys = f"for i in x:{ENTER}i{ENTER}{ENTER}"
        self.assertEqual(self.typed(keys), Typed("for i in x:\n    i\n    "))
        self.assertIn("...: ", self.painted.getvalue())

    def test_wrong_code_runs_and_fails(self) -> None:
        """The kernel tells what is wrong with it when it runs."""
        self.kernel.whole["1 +* 2"] = calls.Completeness(status="invalid")
        self.assertEqual(self.typed(f"1 +* 2{ENTER}"), Typed("1 +* 2"))

    def test_a_kernel_that_cannot_tell_is_not_needed(self) -> None:
        """A blank line ends what has several lines."""
        for code in ("if a:", "if a:\n    b", "if a:\n    b\n    "):
            self.kernel.whole[code] = errors.KernelBusy("The kernel is running.")
        self.assertEqual(self.typed(f"if a:{ENTER}b{ENTER}{ENTER}"), Typed("if a:\n    b\n    "))
        self.kernel.whole["f("] = calls.Completeness(status="unknown")
        self.kernel.whole["f(\n    1)"] = calls.Completeness(status="complete")
        self.assertEqual(self.typed(f"f({ENTER}1){ENTER}"), Typed("f(\n    1)"))

    def test_what_looks_whole(self) -> None:
        """Open brackets, a colon and a backslash go on."""
        for code in ("x", "f(1)", "a\n", "if a:\n  b\n  "):
            self.assertTrue(looks_whole(code), code)
        for code in ("f(", "if a:", "x \\", "if a:\n  b"):
            self.assertFalse(looks_whole(code), code)
        self.assertEqual([indent_of(one) for one in ("if a:", "  x", "", "  f(")], ["    ", "  ", "", "      "])

    def test_keys_that_come_faster_than_the_kernel_answers_are_of_the_next_line(self) -> None:
        """Nothing is mixed up, and nothing is lost."""
        self.assertEqual(self.typed(f"a{ENTER}b = 2{ENTER}c"), Typed("a"))
        self.ask()
        self.assertEqual(self.answer(), Typed("b = 2"))
        self.assertEqual(self.typed(f"d{ENTER}"), Typed("cd"))

    def test_lines_can_be_begun_and_run_by_hand(self) -> None:
        """Ctrl-O begins a line, Alt-Enter runs what is not whole."""
        self.kernel.whole["a:\n    b"] = calls.Completeness(status="incomplete")
        self.assertEqual(self.typed(f"a:{CTRL_O}b{ALT_ENTER}"), Typed("a:\n    b"))
        self.assertEqual(self.kernel.asked, [])

    def test_what_is_pasted_is_one_input(self) -> None:
        """Lines of a paste do not run by themselves."""
        self.assertEqual(self.typed(f"\x1b[200~a = 1\nb = 2\x1b[201~{ENTER}"), Typed("a = 1\nb = 2"))
        self.assertEqual(self.kernel.asked, ["a = 1\nb = 2"])

    def test_a_name_is_completed(self) -> None:
        """By Tab, with what the kernel says; at the start of a line Tab indents."""
        self.kernel.matches = ["path"]
        self.ask()
        self.keys.send_text(f"os.pa{TAB}")
        self.until_edited("os.path")
        self.keys.send_text(ENTER)
        self.assertEqual(self.answer(), Typed("os.path"))
        self.assertIn(("os.pa", 5), self.kernel.asked)
        self.assertEqual(self.typed(f"{TAB}x{ENTER}"), Typed("    x"))

    def test_a_name_is_chosen_of_several(self) -> None:
        """Tab goes through them; Enter takes the one that is chosen, and runs nothing."""
        self.kernel.matches = ["path", "pardir"]
        self.ask()
        self.keys.send_text(f"os.pa{TAB}")
        self.until_shown("function")
        self.keys.send_text(f"{TAB}{TAB}{ENTER}!{ENTER}")
        self.assertEqual(self.answer(), Typed("os.pardir!"))

    def test_documentation_is_shown_above_the_line(self) -> None:
        """By Shift-Tab; what a terminal would act on is taken out, and the line goes on."""
        self.kernel.documentation = "Signature: f(x)\x1b]0;owned\x07\n" + "".join(f"row {n}\n" for n in range(40))
        self.ask()
        self.keys.send_text(f"f(1{SHIFT_TAB}")
        self.until_shown("the same key again shows the rest")
        self.assertIn("Signature: f(x)\nrow 0\n", self.painted.getvalue())
        self.assertNotIn("owned", self.painted.getvalue())
        self.assertNotIn("row 39", self.painted.getvalue())
        self.keys.send_text(SHIFT_TAB)
        self.until_shown("row 39")
        self.keys.send_text(f"){ENTER}")
        self.assertEqual(self.answer(), Typed("f(1)"))
        self.kernel.documentation = ""
        self.ask()
        self.keys.send_text(f"g{SHIFT_TAB}")
        self.until_shown("The kernel knows nothing of this name.")
        self.keys.send_text(ENTER)
        self.assertEqual(self.answer(), Typed("g"))

    def test_what_was_typed_before_is_found(self) -> None:
        """Up goes back, Ctrl-R searches."""
        for one in ("alpha = 1", "beta = 2", "gamma = 3"):
            self.history.append_string(one)
        self.assertEqual(self.typed(f"{UP}{UP}{ENTER}"), Typed("beta = 2"))
        self.assertEqual(self.typed(f"{CTRL_R}alp{ENTER}{ENTER}"), Typed("alpha = 1"))

    def test_colours_are_those_of_the_language(self) -> None:
        """A language that nobody knows has none."""
        self.assertIsNotNone(lexer_of(["", "python"]))
        self.assertIsNotNone(lexer_of(["no such thing", "r"]))
        self.assertIsNone(lexer_of(["", "no such thing"]))
        self.editor.use_lexer(lexer_of(["python"]))
        self.assertEqual(self.typed(f"def f(): pass{ENTER}"), Typed("def f(): pass"))


class EndTests(EditorCase):
    """How a prompt ends otherwise."""

    def test_keys_that_end_a_line(self) -> None:
        """^C drops it, ^D on an empty line is the end."""
        self.assertEqual(self.typed(f"half{CTRL_C}"), Cancelled())
        self.assertEqual(self.typed(CTRL_D), AtEnd())

    def test_code_that_is_withdrawn_comes_back(self) -> None:
        """Its text is in the answer, and can be what the next line begins with."""
        self.ask()
        self.keys.send_text("half")
        self.until_edited("half")
        self.editor.withdraw()
        self.assertEqual(self.answer(), Withdrawn("half"))
        self.assertEqual(self.typed(f" done{ENTER}", CodePrompt(1, "half")), Typed("half done"))

    def test_a_prompt_may_be_withdrawn_before_it_is_shown(self) -> None:
        """Its answer comes all the same, again and again."""
        for _ in range(20):
            self.ask()
            self.editor.withdraw()
            self.assertEqual(self.answer(), Withdrawn(""))
        self.assertEqual(self.typed(f"x{ENTER}"), Typed("x"))

    def test_answers_of_running_code(self) -> None:
        """Are plain lines: neither completed nor remembered; a password is not shown."""
        self.assertEqual(self.typed(f"ana{ENTER}", LinePrompt("r1", "Name: ", False)), Typed("ana"))
        self.assertIn("Name: ", self.painted.getvalue())
        self.assertEqual(self.typed(f"s3cret{ENTER}", LinePrompt("r2", "Key\x1b]0;x\x07: ", True)), Typed("s3cret"))
        self.assertNotIn("s3cret", self.painted.getvalue())
        self.assertNotIn("\x1b]0", self.painted.getvalue())
        self.assertEqual(self.typed(CTRL_D, LinePrompt("r3", "", False)), AtEnd())
        self.assertEqual(self.typed(f"{UP}{ENTER}"), Typed(""))
        self.assertEqual(self.kernel.asked, [])

    def test_a_terminal_that_fails_is_reported(self) -> None:
        """Whoever waits for the editor learns of it, and its end comes all the same."""
        with mock.patch.object(self.painted, "write", side_effect=OSError("gone")):
            self.ask()
            while not self.faults:
                self.turn()
        self.assertIsInstance(self.faults[0].value, OSError)
        self.editor.above("lost\n")
        self.editor.withdraw()

    def test_whoever_cannot_take_an_answer_has_a_fault(self) -> None:
        """Such as a terminal that is gone just then."""

        def fail(answer: Answer) -> None:
            raise OSError("gone")

        self.editor.ask(CodePrompt(1), fail)
        self.keys.send_text(ENTER)
        while not self.faults:
            self.turn()
        self.assertIsInstance(self.faults[0].value, OSError)
        self.assertEqual(self.typed(f"x{ENTER}"), Typed("x"))

    def test_the_end_of_the_keys_is_a_fault(self) -> None:
        """The terminal is gone."""
        self.ask()
        self.until_shown("In [1]: ")
        self.keys.close()
        while not self.faults:
            self.turn()
        self.assertIsInstance(self.faults[0].value, EOFError)


class AboveTests(EditorCase):
    """What is shown above the line."""

    def test_lines_stand_above_and_the_line_goes_on(self) -> None:
        """In their order, none twice."""
        self.ask()
        self.keys.send_text("half")
        self.until_edited("half")
        for number in range(50):
            self.editor.above(f"line {number}\n")
        self.until_shown("line 49\n")
        self.keys.send_text(f" done{ENTER}")
        self.assertEqual(self.answer(), Typed("half done"))
        lines = [one for one in self.painted.getvalue().split("\n") if "line " in one]
        self.assertEqual([one[one.index("line ") :] for one in lines], [f"line {number}" for number in range(50)])
        self.assertEqual(self.editor.take_rest(), "")

    def test_nothing_is_lost_around_a_line(self) -> None:
        """What comes just before it or just after it is shown once, here or by who has the terminal next."""
        for number in range(20):
            self.editor.above(f"before {number}\n")
            self.ask()
            self.editor.above(f"during {number}\n")
            self.keys.send_text(f"x{ENTER}")
            self.editor.above(f"after {number}\n")
            self.assertEqual(self.answer(), Typed("x"))
            self.painted.write(self.editor.take_rest())
        shown = [
            one
            for one in self.painted.getvalue().split("\n")
            if any(w in one for w in ("before ", "during ", "after "))
        ]
        wanted = [f"{word} {number}" for number in range(20) for word in ("before", "during", "after")]
        self.assertEqual(
            [next(w for w in ("before", "during", "after") if w in one) for one in shown],
            ["before", "during", "after"] * 20,
        )
        self.assertEqual([one[one.index(w.split()[0]) :] for one, w in zip(shown, wanted, strict=True)], wanted)

    def test_the_number_follows_the_kernel(self) -> None:
        """Others run code while somebody types."""
        self.ask(CodePrompt(3))
        self.until_shown("In [3]: ")
        self.editor.renumber(5)
        self.editor.above("theirs\n")
        self.until_shown("In [5]: ")
        self.keys.send_text(f"x{ENTER}")
        self.assertEqual(self.answer(), Typed("x"))


class InquirerTests(SynchronousTestCase):
    """Questions that go over to the reactor."""

    def setUp(self) -> None:
        self.calls: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self.called: list[str] = []
        self.answer: Deferred[Any] = Deferred()
        client: Any = self
        self.inquirer = Inquirer(client, "s1", lambda function, *rest: self.calls.append((function, rest)))

    async def call(self, method: str, params: Any, result: type[Any], *, repeat: bool = False) -> Any:
        """As a client does."""
        self.called.append(method)
        return await self.answer

    def turn(self) -> None:
        """Does what was called."""
        for function, arguments in self.calls:
            function(*arguments)

    def test_answers_and_failures_come_back(self) -> None:
        """As those of the future."""
        futures: list[Future[Any]] = [self.inquirer.judge("x"), self.inquirer.complete("x", 1)]
        self.turn()
        self.assertEqual(self.called, ["code.is_complete", "completion.get"])
        self.assertFalse(futures[0].done())
        self.answer.callback("whole")
        self.assertEqual(futures[0].result(0), "whole")
        self.answer = Deferred()
        self.calls.clear()
        failed = self.inquirer.inspect("x", 1)
        self.turn()
        self.answer.errback(errors.KernelBusy("busy"))
        self.assertIsInstance(failed.exception(0), errors.KernelBusy)

    def test_nobody_is_asked_for_nobody(self) -> None:
        """A question that was given up before its turn is not sent."""
        self.inquirer.judge("x").cancel()
        self.turn()
        self.assertEqual(self.called, [])


class HistoryTests(SynchronousTestCase):
    """What was typed in consoles."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "state" / "console_history"

    def test_it_is_kept_in_a_private_file(self) -> None:
        """Code of several lines is one input; what begins with a space is not kept."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        history = ConsoleHistory(self.path)
        for code in ("a = 1", "for x in y:\n    x", " secret = 2", "a = 1"):
            history.add_typed(code)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(history.get_strings()[2], " secret = 2")
        self.assertEqual(ConsoleHistory(self.path).get_strings(), ["a = 1", "for x in y:\n    x", "a = 1"])
        self.assertNotIn("secret", self.path.read_text())

    def test_what_the_kernel_remembers_is_newer(self) -> None:
        """And each input is there once; what others run comes last."""
        ConsoleHistory(self.path).add_typed("old")
        ConsoleHistory(self.path).add_typed("both")
        history = ConsoleHistory(self.path)
        history.add_remembered(["both", "ours", "both", " "])
        history.add_ran("theirs")
        self.assertEqual(history.get_strings(), ["old", "ours", "both", "theirs"])
        self.assertEqual(list(history.load_history_strings()), ["theirs", "both", "ours", "old"])
        history.append_string("given out by the editor")
        self.assertNotIn("theirs", self.path.read_text())
        self.assertNotIn("given out", self.path.read_text())

    def test_a_damaged_or_long_file(self) -> None:
        """Costs the lines that are damaged; a long one is cut."""
        self.path.parent.mkdir()
        self.path.write_bytes(b'"a"\n"half\n\xff\n"b"\n')
        self.assertEqual(ConsoleHistory(self.path).get_strings(), ["a", "b"])
        with mock.patch.object(console_history, "KEPT", 3):
            self.path.write_bytes(b"".join(b'"%d"\n' % number for number in range(7)))
            self.assertEqual(ConsoleHistory(self.path).get_strings(), ["4", "5", "6"])
        self.assertEqual(self.path.read_bytes(), b'"4"\n"5"\n"6"\n')

    def test_a_file_that_cannot_be_used_is_told_once(self) -> None:
        """The history of this console works all the same."""
        self.path.mkdir(parents=True)
        history = ConsoleHistory(self.path)
        self.assertIn("cannot be read", history.fault)
        history.fault = ""
        history.add_typed("x")
        self.assertIn("is not kept in", history.fault)
        self.assertEqual(history.get_strings(), ["x"])
        memory = ConsoleHistory(None)
        memory.add_typed("y")
        self.assertEqual((memory.get_strings(), memory.fault), (["y"], ""))
