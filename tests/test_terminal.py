"""What the command shows: nothing that a kernel prints can do more to a terminal than print."""

from __future__ import annotations

import io
import itertools
import os
import pty
import re
import shutil
import sys
import termios
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.command.escapes import MAX_SEQUENCE, Escapes
from webipy.command.terminal import Keyboard, Screen, age, size_of, table, text_of
from webipy.command.widths import cut, rows_of, width_of

HARMLESS = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|[\n\r\b\t])*")
HARMLESS_OR_COLOURED = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]|[\n\r\b\t]|\x1b\[[0-9;:]*m)*")

PIECES = st.text(st.sampled_from("\x1b[]()PX^_m0;?>!\\ABc\n\r\b\t\x07\x18\x9b\x9c\x9d\x90 é漢\x7f"), max_size=30)

CORPUS = {
    "plain text, é漢": "plain text, é漢",
    "a\tb\rc\bd\ne": "a\tb\rc\bd\ne",
    "bell\x07 null\x00 form\x0c delete\x7f": "bell null form delete",
    "\x1b[2J\x1b[Hclear": "clear",
    "\x1b[?1049hother screen": "other screen",
    "\x1b[6nanswer": "answer",
    "\x1b[>4;2mkeys": "keys",
    "\x1b]0;title\x07text": "text",
    "\x1b]52;c;Y2xpcGJvYXJk\x1b\\text": "text",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1bP+q544e\x1b\\text": "text",
    "\x1b_Gf=100;AAAA\x1b\\text": "text",
    "\x1b(0charset\x1b(B": "charset",
    "\x1bcreset": "reset",
    "\x1b7\x1b8save": "save",
    "\x9b31mnot a colour\x9d0;title\x9ctext": "not a colourtext",
    "\x1b]0;no end\nnext line": "\nnext line",
    "\x1b[31": "",
    "\x1b[31\x1b[32mtwo": "two",
    "\x1b\x1b]0;x\x07y": "y",
}


def outcome(text: str, allow_colours: bool = False, cuts: tuple[int, ...] = ()) -> str:
    """The harmless part of a text that is given in pieces."""
    escapes = Escapes(allow_colours)
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return "".join(escapes.clean(text[start:end]) for start, end in itertools.pairwise(places))


class EscapesTests(SynchronousTestCase):
    """Escape sequences."""

    def test_everything_but_text_is_taken_out(self) -> None:
        """Titles, clipboards, cursors, questions, character sets: none of it reaches the terminal."""
        self.assertEqual({text: outcome(text) for text in CORPUS}, CORPUS)

    def test_colours_pass_in_a_terminal_only(self) -> None:
        """SGR sequences pass when they are allowed, and are taken out otherwise."""
        text = "\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mtrue\x1b[m"
        self.assertEqual(outcome(text, True), text)
        self.assertEqual(outcome(text, False), "red true")

    @examples(100)
    @given(PIECES)
    @example("\x1b[31m")
    def test_whatever_comes_is_harmless(self, text: str) -> None:
        """For any text, what is left holds no control but newline, return, backspace and tab (and colours)."""
        self.assertIsNotNone(HARMLESS.fullmatch(outcome(text)), outcome(text))
        self.assertIsNotNone(HARMLESS_OR_COLOURED.fullmatch(outcome(text, True)), outcome(text, True))

    @examples(100)
    @given(PIECES, st.lists(st.integers(0, 40), max_size=4))
    def test_pieces_make_no_difference(self, text: str, cuts: list[int]) -> None:
        """However a text is cut into pieces, the same is left of it."""
        self.assertEqual(outcome(text, True, tuple(cuts)), outcome(text, True))

    @examples(100)
    @given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
    def test_text_is_left_alone(self, text: str) -> None:
        """Text without controls stays as it is."""
        self.assertEqual(outcome(text), text)

    def test_a_sequence_without_end_takes_no_memory(self) -> None:
        """A control string may go on for ever: what is remembered of it is bounded, and its end is still found."""
        escapes = Escapes(True)
        self.assertEqual(escapes.clean("\x1b]0;"), "")
        for _ in range(100):
            self.assertEqual(escapes.clean("x" * 1000), "")
        self.assertLess(len(escapes._rest), MAX_SEQUENCE + 1001)
        self.assertEqual(escapes.clean("\x07after"), "after")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def screen(kind: type[io.StringIO] = io.StringIO) -> tuple[Screen, io.StringIO, io.StringIO]:
    """A screen and its two streams."""
    out, err = kind(), kind()
    return Screen(out, err), out, err


def output(**fields: Any) -> bytes:
    """The JSON of an output."""
    return msgspec.json.encode(fields)


class ScreenTests(SynchronousTestCase):
    """Outputs on the two streams."""

    def test_streams_go_to_their_own_streams(self) -> None:
        """stdout is stdout and stderr is stderr, without anything added."""
        shown, out, err = screen()
        shown.output(output(output_type="stream", name="stdout", text="a"))
        shown.output(output(output_type="stream", name="stderr", text=["b\n", "c"]))
        shown.output(output(output_type="stream", name="stdout", text="d\n"))
        self.assertEqual((out.getvalue(), err.getvalue()), ("ad\n", "b\nc"))

    def test_results_stand_on_lines_of_their_own(self) -> None:
        """A result does not stick to text without a line end."""
        shown, out, _ = screen()
        shown.output(output(output_type="stream", name="stdout", text="no end"))
        shown.output(output(output_type="execute_result", data={"text/plain": "42"}, metadata={}, execution_count=1))
        self.assertEqual(out.getvalue(), "no end\n42\n")

    def test_errors_go_to_standard_error(self) -> None:
        """The traceback, or the error itself where there is none."""
        shown, out, err = screen()
        shown.output(output(output_type="error", ename="E", evalue="v", traceback=["\x1b[31mline 1\x1b[0m", "line 2"]))
        shown.output(output(output_type="error", ename="E", evalue="v", traceback=[]))
        shown.output(output(output_type="error", ename="", evalue="", traceback=[]))
        self.assertEqual((out.getvalue(), err.getvalue()), ("", "line 1\nline 2\nE: v\nError\n"))

    def test_in_a_terminal_both_streams_share_the_line(self) -> None:
        """A note of ours begins a new line also when it was the other stream that left one open."""
        shown, out, _ = screen(Terminal)
        shown.write("stdout", "Name: ")
        shown.note("hello")
        self.assertEqual(out.getvalue(), "Name: \nwebipy: hello\n")

    def test_a_typed_line_closes_the_line(self) -> None:
        """After Enter the terminal stands at the start of a line."""
        shown, out, _ = screen(Terminal)
        shown.write("stdout", "Name: ")
        shown.line_was_typed()
        shown.note("hello")
        self.assertEqual(out.getvalue(), "Name: webipy: hello\n")

    def test_colours_are_put_back(self) -> None:
        """At the end a terminal that was coloured gets its colours back; otherwise nothing is written."""
        shown, out, _ = screen(Terminal)
        shown.write("stdout", "\x1b[31mred")
        shown.finish()
        self.assertEqual(out.getvalue(), "\x1b[31mred\x1b[0m")
        for kind in (Terminal, io.StringIO):
            shown, out, _ = screen(kind)
            shown.write("stdout", "plain")
            shown.finish()
            self.assertEqual(out.getvalue(), "plain")

    def test_an_output_that_is_none_is_reported(self) -> None:
        """What is no nbformat output is not shown and not silently left out."""
        shown, _, err = screen()
        shown.output(b'{"output_type": 3}')
        self.assertIn("cannot be shown", err.getvalue())

    def test_bundles_are_shown_as_their_plainest_text(self) -> None:
        """Plain text first, then Markdown, LaTeX, JSON; each picture is a note; anything else is a note, too."""
        table_of = {
            '{"text/plain": "p", "text/html": "<b>"}': "p",
            '{"text/plain": ["a", "b"]}': "ab",
            '{"text/markdown": "# m", "text/latex": "$x$"}': "# m",
            '{"application/json": {"a": [1]}}': '{"a":[1]}',
            '{"text/plain": "<Figure>", "image/png": "' + "A" * 4000 + '"}': "<Figure>\n[image/png, 3 kB]",
            '{"image/svg+xml": "<svg/>"}': "[image/svg+xml, 6 bytes]",
            '{"text/html": "<b>bold</b>"}': "[text/html, 13 bytes]",
            "{}": "",
        }
        self.assertEqual({bundle: text_of(msgspec.json.decode(bundle)) for bundle in table_of}, table_of)


class WordTests(SynchronousTestCase):
    """Words and tables."""

    def test_sizes(self) -> None:
        """Sizes are said in the unit that suits them."""
        sizes = {999: "999 bytes", 14_200: "14 kB", 3_000_000: "3 MB", 2_500_000_000: "2.5 GB"}
        self.assertEqual({number: size_of(number) for number in sizes}, sizes)

    def test_ages(self) -> None:
        """Ages are said in the unit that suits them."""
        ages = {-3.0: "0 s ago", 59.9: "59 s ago", 60: "1 min ago", 7300: "2 h ago", 90_000: "1 d ago"}
        self.assertEqual({seconds: age(seconds) for seconds in ages}, ages)

    def test_tables_hold_no_escapes_and_no_line_ends(self) -> None:
        """A title cannot break the table it stands in."""
        self.assertEqual(table(["ID", "TITLE"], [["1", "a\nb\x1b[31m"], ["22", ""]]), "ID  TITLE\n1   a b\n22")

    def test_columns_are_those_of_a_terminal(self) -> None:
        """East Asian letters and emoji take two columns, combining marks none; colors none."""
        widths = {"abc": 3, "漢字": 4, "e\u0301": 1, "😀": 2, "": 0, "\x1b[31mred\x1b[0m": 3, "ｱ": 1, "\u200b": 0}
        self.assertEqual({text: width_of(text) for text in widths}, widths)
        self.assertEqual(table(["ID", "T"], [["漢", "x"], ["abc", "y"]]), "ID   T\n漢   x\nabc  y")

    def test_text_is_cut_to_columns(self) -> None:
        """With a mark that something is missing; a wide letter is not cut in two."""
        self.assertEqual(
            [cut("漢字漢字", width) for width in (8, 7, 6, 1, 0)], ["漢字漢字", "漢字漢…", "漢字…", "…", ""]
        )
        self.assertEqual(cut("\x1b[31mlong text\x1b[0m", 5), "long…")

    def test_lines_are_broken_as_a_terminal_breaks_them(self) -> None:
        """A wide letter that does not fit goes to the next row."""
        rows = {("", 4): 1, ("abcd", 4): 1, ("abcde", 4): 2, ("漢字漢", 5): 2, ("a漢字", 4): 2, ("abc", 0): 1}
        self.assertEqual({case: rows_of(*case) for case in rows}, rows)

    def test_a_table_fits_a_narrow_terminal(self) -> None:
        """The column that may be cut is; the others are not."""
        self.patch(sys, "stdout", Terminal())
        self.patch(shutil, "get_terminal_size", lambda: os.terminal_size((24, 10)))
        self.assertEqual(
            table(["ID", "TITLE"], [["0123456789", "a long title of a session"]], 1).splitlines()[1],
            "0123456789  a long titl…",
        )


class KeyboardTests(SynchronousTestCase):
    """Lines of standard input, read in a thread."""

    def setUp(self) -> None:
        self.reading, self.writing = os.pipe()
        self.addCleanup(os.close, self.reading)
        self.called: list[tuple[Callable[..., None], Any]] = []
        self.arrived = threading.Semaphore(0)
        self.keyboard = Keyboard(self.call, self.reading)
        self.lines: list[str | None] = []

    def call(self, function: Callable[..., None], argument: Any) -> None:
        """Take a call from the thread, as `reactor.callFromThread` does."""
        self.called.append((function, argument))
        self.arrived.release()

    def turn(self) -> None:
        """Do what the reactor would do with the next call."""
        self.assertTrue(self.arrived.acquire(timeout=30))
        function, argument = self.called.pop(0)
        function(argument)

    def test_lines_come_one_by_one_and_then_the_end(self) -> None:
        """Each request gets one line without its end; after the last one they get `None`."""
        os.write(self.writing, "Ä\r\nlast".encode())
        os.close(self.writing)
        for _ in range(3):
            self.keyboard.ask(self.lines.append)
            self.turn()
        self.assertEqual(self.lines, ["Ä", "last", None])

    def test_a_line_that_is_not_wanted_any_more_is_kept(self) -> None:
        """A line that comes after its request was withdrawn answers the next request."""
        self.keyboard.ask(self.lines.append)
        self.keyboard.withdraw()
        os.write(self.writing, b"typed\n")
        self.turn()
        self.assertEqual(self.lines, [])
        self.keyboard.ask(self.lines.append)
        self.assertEqual(self.lines, ["typed"])
        os.close(self.writing)

    def test_what_is_typed_is_hidden_and_then_shown_again(self) -> None:
        """The terminal does not echo while a password is asked for, and does so afterwards, whatever happens."""
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, its)
        keyboard = Keyboard(self.call, its)

        def echoes() -> bool:
            return bool(termios.tcgetattr(its)[3] & termios.ECHO)

        self.assertTrue(keyboard.is_terminal and echoes())
        with self.assertRaises(ZeroDivisionError), keyboard.hidden():
            self.assertFalse(echoes())
            raise ZeroDivisionError
        self.assertTrue(echoes())
        with self.keyboard.hidden():
            self.assertFalse(self.keyboard.is_terminal)
        os.close(self.writing)
