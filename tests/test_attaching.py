"""webipy.command.attaching, webipy.command.attached_screen, webipy.command.local_terminal, webipy.command.typed_keys, webipy.command.terminals
and webipy.command.terminal_commands: terminals of the server in that of the user, all in memory. With real ones:
tests/kernels/test_terminal_command.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from webipy.client.client import ConnectionLost
from webipy.command.attached_screen import MOST_HELD, AttachedScreen
from webipy.command.attaching import ACKNOWLEDGE_BYTES, ACKNOWLEDGE_S, Attachment
from webipy.command.lookup import Wrong
from webipy.command.program import Ended, Unable
from webipy.command.terminal_commands import _key
from webipy.command.terminals import NONE_HERE, the_terminal
from webipy.command.typed_keys import MOST_CALLS, MOST_TYPED, DetachKey, TypedKeys
from webipy.core import errors
from webipy.core.api import calls, terminal_calls

TIME = "2026-01-01T00:00:00.000000Z"


def terminal(**other: Any) -> terminal_calls.Terminal:
    """A terminal."""
    fields: dict[str, Any] = {
        "id": "1",
        "title": "bash",
        "cwd": "/home/ada",
        "folder": "",
        "started": TIME,
        "last_activity": TIME,
    }
    return terminal_calls.Terminal(**{**fields, "rows": 24, "cols": 80, "end": 0, **other})


class FakeLocal:
    """The terminal of the user: shows everything at once, and is told what is typed."""

    size: tuple[int, int] | None = (30, 90)

    def __init__(self) -> None:
        self.shown = ""
        self.is_raw = False
        self.is_gone = False
        self.rooms = 0
        self.keys: Callable[[str | None], int] = lambda typed: 0

    @contextmanager
    def raw(self, on_size: Callable[[], None]) -> Iterator[None]:
        """See `webipy.command.local_terminal.LocalTerminal`."""
        self.is_raw = True
        try:
            yield
        finally:
            self.is_raw = False

    def write(self, text: str) -> Deferred[None]:
        """Shows text."""
        if self.is_gone:
            return fail(OSError(5, "gone"))
        self.shown += text
        return succeed(None)

    def read(self, on_keys: Callable[[str | None], int]) -> None:
        """Keeps who is told what is typed."""
        self.keys = on_keys

    def make_room(self) -> None:
        """Counts."""
        self.rooms += 1


class FakeClient:
    """A connection: keeps calls, and answers those that it has answers for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.waiting: list[Deferred[Any]] = []
        self.on_notification: Callable[[str, bytes], None] = lambda method, params: None
        self.on_line: Callable[[bool], None] = lambda is_there: None
        self.on_gone: Callable[[BaseException], None] = lambda fault: None

    async def call(self, method: str, params: Any, result: Any, *, repeat: bool = False) -> Any:
        """See `webipy.client.client.Client`."""
        self.calls.append((method, params))
        answer = self.answers.get(method, calls.Done())
        if answer == "wait":
            answer = Deferred()
            self.waiting.append(answer)
            return await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def of(self, method: str) -> list[Any]:
        """The params of the calls of a method."""
        return [params for name, params in self.calls if name == method]

    def tell(self, method: str, params: msgspec.Struct) -> None:
        """A notification of the server."""
        self.on_notification(method, msgspec.json.encode(params))

    def print(self, at: int, text: str) -> None:
        """The terminal has printed."""
        end = at + len(text.encode())
        self.tell("terminal_output", terminal_calls.TerminalText(terminal="1", at=at, end=end, text=text))


class AttachCase(SynchronousTestCase):
    """A terminal that is attached."""

    def setUp(self) -> None:
        self.client, self.local, self.clock = FakeClient(), FakeLocal(), Clock()

    def attach(
        self, *, live: int = 0, first: int = 0, restore: str | None = "", skipped: int = 0, **other: Any
    ) -> Deferred[int]:
        """Attaches."""
        reading = terminal_calls.TerminalReading(
            terminal=terminal(end=live, **other), first=first, live=live, restore=restore, skipped=skipped
        )
        self.client.answers["terminal.subscribe"] = reading
        client: Any = self.client
        local: Any = self.local
        attached = Attachment(
            client, terminal(), local, DetachKey.of("]"), self.clock.callLater, "webipy terminal attach 1"
        )
        return Deferred.fromCoroutine(attached.stay())


class Showing(AttachCase):
    """What is shown."""

    def test_the_key_is_told_before_the_prompt(self) -> None:
        """Of what was printed before, questions are left out, also those that are cut; of what comes, nothing is."""
        self.attach(live=22)
        self.client.print(0, "one\r\n$ \x1b[6")
        self.assertNotIn("$", self.local.shown)
        self.client.print(10, "n\x1b[31mtwo\x1b[c")
        self.assertIn(
            "one\r\n\x1b[0mwebipy: Terminal 1, in /home/ada. Ctrl-] leaves it, and it goes on.\r\n", self.local.shown
        )
        self.assertTrue(self.local.shown.endswith("$ \x1b[31mtwo"), repr(self.local.shown))
        self.client.print(22, "\x1b[6n")
        self.assertTrue(self.local.shown.endswith("\x1b[6n"))

    def test_a_new_terminal(self) -> None:
        """Has printed nothing: the key first. It gets the size of that of the user."""
        self.attach()
        self.assertTrue(self.local.shown.endswith("leaves it, and it goes on.\r\n\x1b[0m"))
        (size,) = self.client.of("terminal.resize")
        self.assertEqual((size.rows, size.cols), (30, 90))

    def test_a_last_line_that_is_long_does_not_wait(self) -> None:
        """It is shown before the key."""
        self.attach(live=MOST_HELD + 10)
        self.client.print(0, "x" * (MOST_HELD + 1))
        self.assertIn("xxx", self.local.shown)
        self.client.print(MOST_HELD + 1, "y" * 9)
        self.assertIn("x\r\n\x1b[0mwebipy: Terminal 1", self.local.shown)

    def test_the_whole_screen_of_a_program(self) -> None:
        """Sentences stand in its last line, and the cursor stays; the key is told by none."""
        self.attach(live=8, restore="\x1b[?1049h")
        self.client.print(0, "vim vim ")
        self.assertNotIn("webipy:", self.local.shown)
        self.client.on_line(False)
        self.assertIn("\x1b7\x1b[30;1H\x1b[0;7mwebipy: The connection to the server is lost", self.local.shown)

    def test_what_is_shown_is_acknowledged(self) -> None:
        """Much of it at once, a little after some time; what is of another place or terminal is not shown."""
        self.attach()
        self.client.print(0, "x" * ACKNOWLEDGE_BYTES)
        self.assertEqual([one.position for one in self.client.of("terminal.acknowledge")], [ACKNOWLEDGE_BYTES])
        self.client.print(ACKNOWLEDGE_BYTES, "y")
        self.client.print(5, "other")
        self.clock.advance(ACKNOWLEDGE_S)
        self.assertEqual(
            [one.position for one in self.client.of("terminal.acknowledge")], [ACKNOWLEDGE_BYTES, ACKNOWLEDGE_BYTES + 1]
        )
        self.assertNotIn("other", self.local.shown)
        self.client.tell(
            "terminal_output",
            terminal_calls.TerminalText(terminal="2", at=ACKNOWLEDGE_BYTES + 1, end=99999, text="other"),
        )
        self.client.tell(
            "terminal_changed", terminal_calls.TerminalChanged(terminal=terminal(id="2", ended="It ended."))
        )
        self.client.on_notification("another", b"{}")
        self.assertNotIn("other", self.local.shown)

    def test_bytes_that_are_no_text_among_what_was_printed_before(self) -> None:
        """Their places are not known: all of the piece counts as before."""
        self.attach(live=3)
        self.client.tell(
            "terminal_output", terminal_calls.TerminalText(terminal="1", at=0, end=5, text="\ufffd\ufffd\ufffd\r\n")
        )
        self.assertIn("\ufffd\ufffd\ufffd\r\n\x1b[0mwebipy:", self.local.shown)

    def test_what_is_kept_no_more(self) -> None:
        """Is said, as what follows does not go on where the last output ended."""
        self.attach()
        self.client.print(0, "\x1b[?25l")
        later = terminal_calls.TerminalReading(
            terminal=terminal(end=5000), first=4000, live=5000, restore="\x1b[1m", skipped=3994
        )
        self.client.answers["terminal.subscribe"] = later
        self.client.on_line(False)
        self.client.on_line(True)
        self.assertIn("webipy: 4 kB of what was printed are not kept any more.\r\n", self.local.shown)
        self.assertIn("\x1b[?25h\x1b[1m", self.local.shown)
        asked = self.client.of("terminal.subscribe")
        self.assertEqual([(one.since, one.started) for one in asked], [(None, None), (6, TIME)])

    def test_a_reader_that_was_removed_reads_on(self) -> None:
        """As it has shown nothing for a minute."""
        self.attach()
        self.client.tell("terminal_changed", terminal_calls.TerminalChanged(terminal=terminal(), stalled=True))
        self.assertEqual(len(self.client.of("terminal.subscribe")), 2)


class Ending(AttachCase):
    """How it ends; the terminal of the user is as it was."""

    def test_the_key(self) -> None:
        """What was typed before it arrives, what follows does not; modes that are on are switched off."""
        left = self.attach()
        self.client.print(0, "\x1b[?2004h$ ")
        self.local.keys("ls\r\x1dmore")
        self.assertEqual(self.successResultOf(left), 0)
        self.assertEqual([one.text for one in self.client.of("terminal.input")], ["ls\r"])
        wanted = "\x1b[?2004l\r\n\x1b[23;0twebipy: The shell goes on. Come back with: webipy terminal attach 1\r\n"
        self.assertTrue(self.local.shown.endswith(wanted), repr(self.local.shown))
        self.assertFalse(self.local.is_raw)
        self.assertEqual((self.local.keys("late"), self.clock.getDelayedCalls()), (0, []))
        self.client.print(10, "late")
        self.client.on_line(False)
        self.assertNotIn("late", self.local.shown)

    def test_the_end_of_the_shell(self) -> None:
        """When all that it printed is shown; its exit status is that of the command, 1 where it has none."""
        for ended, status in ((0, 0), (7, 7), (None, 1)):
            self.setUp()
            left = self.attach()
            over = terminal(ended="It ended.", exit_status=ended, end=3)
            self.client.tell("terminal_changed", terminal_calls.TerminalChanged(terminal=over))
            self.assertNoResult(left)
            self.client.print(0, "bye")
            self.assertEqual(self.successResultOf(left), status)
            self.assertTrue(self.local.shown.endswith("bye\r\n\x1b[23;0twebipy: It ended.\r\n"), repr(self.local.shown))

    def test_one_that_has_ended_before(self) -> None:
        """Shows what it printed, and ends."""
        left = self.attach(live=3, ended="It ended.", exit_status=0)
        self.client.print(0, "bye")
        self.assertEqual(self.successResultOf(left), 0)

    def test_one_that_somebody_closes(self) -> None:
        """It is not there, and the rest does not come."""
        left = self.attach()
        self.client.answers["terminal.acknowledge"] = errors.NotFound("There is no terminal 1.")
        closed = terminal(ended="The terminal was closed.", end=100)
        self.client.tell("terminal_changed", terminal_calls.TerminalChanged(terminal=closed))
        self.assertEqual(self.successResultOf(left), 1)
        self.assertTrue(self.local.shown.endswith("webipy: The terminal was closed.\r\n"))

    def test_the_terminal_of_the_user_is_gone(self) -> None:
        """By its keys, or by what is written."""
        left = self.attach()
        self.local.keys(None)
        self.failureResultOf(left, Ended)
        left = self.attach()
        self.local.is_gone = True
        self.client.print(0, "x")
        self.failureResultOf(left, Ended)

    def test_the_connection_has_ended_for_good(self) -> None:
        """The failure is that of the command."""
        left = self.attach()
        self.client.on_gone(errors.NotAuthenticated("The server has ended this login."))
        self.client.on_gone(errors.NotAuthenticated("Again."))
        self.failureResultOf(left, errors.NotAuthenticated)
        left = self.attach()
        self.client.answers["terminal.subscribe"] = errors.NotPermitted("No.")
        self.client.on_line(False)
        self.failureResultOf(left, errors.NotPermitted)

    def test_a_terminal_without_a_size(self) -> None:
        """None is set."""
        self.local.size = None
        self.attach()
        self.assertEqual(self.client.of("terminal.resize"), [])


class Typing(SynchronousTestCase):
    """`TypedKeys` and `DetachKey`."""

    def setUp(self) -> None:
        self.client, self.notes, self.rooms = FakeClient(), [""], [0]
        client: Any = self.client
        self.keys = TypedKeys(client, "1", self.notes.append, lambda: self.rooms.append(1))

    def texts(self) -> list[tuple[str, bool]]:
        """What was typed, and whether as an answer."""
        return [(one.text, one.automatic) for one in self.client.of("terminal.input")]

    def test_keys_and_answers(self) -> None:
        """Each in a call, in their order."""
        self.assertEqual(self.keys.type("a\x1b[1;1Rb"), 0)
        self.assertEqual(sorted(self.texts()), [("\x1b[1;1R", True), ("ab", False)])

    def test_so_many_calls_at_once(self) -> None:
        """What is typed meanwhile goes together, in pieces of some size."""
        self.client.answers["terminal.input"] = "wait"
        for number in range(MOST_CALLS):
            self.keys.type(str(number))
        self.assertEqual(self.keys.type("x" * MOST_TYPED), MOST_TYPED)
        self.keys.type("y")
        self.client.waiting[0].callback(None)
        self.assertEqual(self.texts()[-1], ("x" * MOST_TYPED, False))
        self.client.waiting[1].callback(None)
        self.assertEqual(self.texts()[-1], ("y", False))
        self.assertEqual(len(self.texts()), MOST_CALLS + 2)

    def test_what_may_not_have_arrived_is_never_sent_again(self) -> None:
        """It is said, and what waited is dropped."""
        self.client.answers["terminal.input"] = "wait"
        for number in range(MOST_CALLS + 1):
            self.keys.type(str(number))
        self.client.waiting[0].errback(ConnectionLost("lost"))
        self.assertEqual(self.notes[1:], ["What you typed last may not have arrived."])
        self.client.waiting[1].callback(None)
        self.assertEqual(len(self.texts()), MOST_CALLS)
        self.client.waiting[2].errback(errors.TerminalFailed("It is full."))
        self.client.waiting[3].errback(errors.NotFound("There is none."))
        self.assertEqual(self.notes[2:], ["It is full."])

    def test_without_a_line_nothing_is_sent(self) -> None:
        """That is said once."""
        self.keys.line_changed(False)
        self.keys.type("a\x1b[0n")
        self.keys.type("b")
        self.assertEqual((self.texts(), len(self.notes)), ([], 2))
        self.keys.line_changed(True)
        self.keys.type("c")
        self.assertEqual(self.texts(), [("c", False)])

    def test_the_key_however_a_terminal_spells_it(self) -> None:
        """As a control character, and as the protocols of kitty and xterm have it."""
        key = DetachKey.of("]")
        self.assertEqual(key.name, "Ctrl-]")
        for spelling in ("\x1d", "\x1b[93;5u", "\x1b[27;5;93~"):
            self.assertEqual(key.cut(f"a{spelling}b\x1d"), "a")
        self.assertIsNone(key.cut("a]\x1b[93;6u"))
        self.assertEqual(DetachKey.of("b").cut("\x02"), "")

    def test_which_key_it_may_be(self) -> None:
        """Ctrl and a letter, or one of some signs; none that a shell needs."""
        option: Any = click.Option(["--detach-key"])
        context = click.Context(click.Command("x"))
        for given, letter in (("ctrl-]", "]"), ("Ctrl-B", "b"), ("ctrl+\\", "\\"), ("ctrl-^", "^"), ("ctrl-_", "_")):
            self.assertEqual(_key(context, option, given), letter)
        for given in (
            "",
            "b",
            "ctrl-",
            "ctrl-bb",
            "alt-b",
            "ctrl-c",
            "ctrl-m",
            "ctrl-h",
            "ctrl-i",
            "ctrl-j",
            "ctrl-[",
            "ctrl-1",
            "ctrl-é",
            "ctrl- ",
        ):
            self.assertRaises(click.BadParameter, _key, context, option, given)


class Screens(SynchronousTestCase):
    """`AttachedScreen` alone."""

    def test_names_do_not_act_on_the_terminal(self) -> None:
        """In its sentences; what the shell prints does."""
        local: Any = FakeLocal()
        screen = AttachedScreen(local, "in \x1b[2J", lambda: None)
        screen.greet()
        screen.greet()
        screen.print("\x1b[2J")
        self.assertEqual(local.shown, "\x1b[0mwebipy: in \\x1b[2J\r\n\x1b[0m\x1b[2J")


class Naming(SynchronousTestCase):
    """Which terminal is meant."""

    def named(
        self, name: str | None, *found: terminal_calls.Terminal, enabled: bool = True
    ) -> Deferred[terminal_calls.Terminal]:
        """The terminal of a name, where there are some."""
        client: Any = FakeClient()
        client.answers["terminal.list"] = terminal_calls.TerminalList(terminals=list(found), enabled=enabled)
        return Deferred.fromCoroutine(the_terminal(client, name))

    def test_by_its_id_or_its_title(self) -> None:
        """An id wins; a title of several is refused with their ids; without a name it is the one that was used last."""
        one, two = (
            terminal(id="1", title="vim"),
            terminal(id="2", title="bash", last_activity="2026-02-01T00:00:00.000000Z"),
        )
        three = terminal(id="3", title="vim", last_activity="2026-03-01T00:00:00.000000Z", ended="It ended.")
        vim = terminal(id="vim", title="x")
        for name, found, wanted in (
            ("2", (one, two), two),
            ("vim", (one, two), one),
            ("vim", (one, vim), vim),
            (None, (one, two, three), two),
        ):
            self.assertEqual(self.successResultOf(self.named(name, *found)), wanted)
        refused: list[tuple[str | None, tuple[terminal_calls.Terminal, ...], str]] = [
            ("vim", (one, two, three), "'vim' is the title of 2 terminals; choose one by its ID: 1, 3."),
            ("none", (one,), "There is no terminal 'none'; `webipy terminal ls` lists them."),
            (None, (three,), "No terminal runs. Start one: webipy terminal new"),
        ]
        for name, several, words in refused:
            self.assertEqual(str(self.failureResultOf(self.named(name, *several), Wrong).value), words)

    def test_who_has_none(self) -> None:
        """A member, or everybody where they are switched off."""
        self.assertEqual(str(self.failureResultOf(self.named("1", enabled=False), Unable).value), NONE_HERE)
