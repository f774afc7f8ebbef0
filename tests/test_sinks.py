"""What can be written over, and what cannot: a terminal shows in the end what a page shows, a file holds it."""

from __future__ import annotations

import io
import os
import re
import shutil

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.command.sinks import Plain, Terminal, sink_of
from webipy.command.widths import width_of
from webipy.core.events.terminal_text import resolved

PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "bcd",
            "漢",
            "e\u0301",
            "\n",
            "\r",
            "\b",
            "\x1b[A",
            "\x1b[2K",
            "\x1b[31m",
            "\x1b[0m",
            " ",
            "12\r",
            "x\r\n",
        ]
    ),
    max_size=14,
)


class Emulator(io.StringIO):
    """A terminal as small as it gets: what we write to one, and nothing else."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        super().__init__()
        self.columns, self.height = columns, rows
        self.rows: list[list[str]] = [[]]
        self.row, self.at = 0, 0

    def isatty(self) -> bool:
        """It is one."""
        return True

    def write(self, text: str) -> int:
        """Shows a text."""
        for part in re.finditer(r"\x1b\[([0-9;]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]", text):
            match (part[2], part[0]):
                case ("A", _):
                    self.row = max(self.row - int(part[1]), len(self.rows) - self.height, 0)
                case ("J", _):
                    del self.rows[self.row + 1 :], self.rows[self.row][self.at :]
                case ("m", _):
                    pass
                case (None, "\r"):
                    self.at = 0
                case (None, "\n"):
                    self._down()
                case (None, letter):
                    self._put(letter)
                case other:
                    raise AssertionError(other)
        return len(text)

    def _down(self) -> None:
        self.row, self.at = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append([])

    def _put(self, letter: str) -> None:
        columns = width_of(letter)
        if columns and self.at + columns > self.columns:
            self._down()
        row = self.rows[self.row]
        if not columns:
            row[-1] += letter
            return
        row[self.at : self.at + columns] = [letter, *[""] * (columns - 1)]
        self.at += columns

    def shown(self) -> str:
        """All rows that were ever shown, and now are."""
        return "\n".join("".join(row).rstrip() for row in self.rows).rstrip("\n")


def plain(text: str) -> str:
    """What a text without colors looks like."""
    lines = resolved(re.sub(r"\x1b\[[0-9;]*m", "", text.replace("\r\n", "\n"))).split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


class TerminalTests(SynchronousTestCase):
    """A terminal."""

    def terminal(self, columns: int = 80, rows: int = 24) -> tuple[Terminal, Emulator]:
        """A terminal of a size, and what it shows."""
        self.patch(shutil, "get_terminal_size", lambda: os.terminal_size((columns, rows)))
        emulator = Emulator(columns, rows)
        return Terminal(emulator), emulator

    @examples(150)
    @given(PIECES)
    @example(["a", "\n", "bcd", "\x1b[A", "\r", "x"])
    def test_it_shows_what_a_page_shows(self, pieces: list[str]) -> None:
        """Whatever is written over, in whatever pieces it comes."""
        terminal, emulator = self.terminal()
        for piece in pieces:
            terminal.text("e", "stdout", piece)
        if "\x1b[A" not in pieces or not any("e\u0301" in piece or "漢" in piece for piece in pieces):
            self.assertEqual(emulator.shown(), plain("".join(pieces)))

    def test_progress_that_is_wider_than_the_terminal(self) -> None:
        """Every row that it takes is written over, also with wide letters."""
        for bar in ("x" * 95, "進" * 47 + "!"):
            terminal, emulator = self.terminal(columns=40)
            for number in range(5):
                terminal.text("e", "stderr", f"\r{number} {bar}")
            terminal.text("e", "stderr", "\n")
            self.assertEqual(emulator.shown().replace("\n", ""), f"4 {bar}")

    def test_what_has_moved_out_of_the_top_stays(self) -> None:
        """A long text is all there, and its end can still be written over."""
        terminal, emulator = self.terminal(rows=5)
        for number in range(50):
            terminal.text("e", "stdout", f"line {number}\n")
        terminal.text("e", "stdout", "10 %\r20 %\r")
        terminal.text("e", "stdout", "99 %")
        self.assertEqual(emulator.shown().splitlines(), [*(f"line {number}" for number in range(50)), "99 %"])

    def test_blocks_change_in_their_place(self) -> None:
        """A live block is written over where it stands; text after it stays."""
        terminal, emulator = self.terminal()
        terminal.text("e", "stdout", "begin")
        terminal.block("e", "0 %\n[    ]", "bar", False)
        terminal.text("e", "stdout", "more\n")
        terminal.change("bar", "100 %\n[####]")
        self.assertEqual(emulator.shown(), "begin\n100 %\n[####]\nmore")

    def test_a_block_that_has_gone_is_written_again(self) -> None:
        """Its last state is seen."""
        terminal, emulator = self.terminal(rows=4)
        terminal.block("e", "0 %", "bar", False)
        terminal.text("e", "stdout", "line\n" * 10)
        terminal.change("bar", "100 %")
        self.assertEqual(emulator.shown().splitlines(), ["0 %", *["line"] * 10, "100 %"])

    def test_cleared_outputs_go(self) -> None:
        """Those of that execution, and no others."""
        terminal, emulator = self.terminal()
        terminal.text("e1", "stdout", "stays\n")
        terminal.text("e2", "stdout", "goes\ngoes\n")
        terminal.clear("e2")
        terminal.text("e2", "stdout", "new\n")
        self.assertEqual(emulator.shown(), "stays\nnew")

    def test_one_stream_does_not_write_over_another(self) -> None:
        """A bar on stderr after an open line of stdout begins below it."""
        terminal, emulator = self.terminal()
        terminal.text("e", "stdout", "working... ")
        terminal.text("e", "stderr", "\r50 %\r100 %\n")
        self.assertEqual(emulator.shown(), "working...\n100 %")

    def test_a_typed_line_is_not_written_over(self) -> None:
        """What the user has typed stays behind the prompt."""
        terminal, emulator = self.terminal()
        terminal.text("e", "stdout", "Name: ")
        emulator.write("Ana\n")
        terminal.settle(is_line_closed=True)
        terminal.text("e", "stdout", "x\rHello\n")
        self.assertEqual(emulator.shown(), "Name: Ana\nHello")


class PlainTests(SynchronousTestCase):
    """A file or a pipe."""

    def told(self, *pieces: str) -> str:
        """What is written for these pieces."""
        out = io.StringIO()
        sink = Plain(out)
        for piece in pieces:
            sink.text("e", "stdout", piece)
        sink.settle()
        return out.getvalue()

    def test_text_goes_on_at_once(self) -> None:
        """Lines without an end, too: dots of progress and prompts."""
        out = io.StringIO()
        sink = Plain(out)
        for piece in ("a\nb", ".", "."):
            sink.text("e", "stdout", piece)
        self.assertEqual(out.getvalue(), "a\nb..")

    def test_what_is_written_over_is_there_once(self) -> None:
        """As it was in the end; a plain line after it brings it out."""
        cases = {
            ("\r  0%", "\r 50%", "\r100%\n", "done\n"): "100%\ndone\n",
            (
                "\router 0",
                "\n",
                "\rinner 1",
                "\x1b[A",
                "\router 1",
                "\n",
                "\r       ",
                "\r",
                "\x1b[A",
                "\n",
                "end\n",
            ): "outer 1\nend\n",
            ("abc\b\bZ",): "aZc",
            ("win\r\ndows\r", "\n"): "win\ndows\n",
            ("\x1b[31mred\x1b[0m\n",): "red\n",
            ("50 %", "\r60 %\n", "x\n"): "50 %\r60 %\nx\n",
            ("\r1\n\r2\n\r3",): "1\n2\n3",
        }
        self.assertEqual({case: self.told(*case) for case in cases}, cases)

    @examples(100)
    @given(PIECES)
    def test_nothing_is_lost_and_nothing_is_there_twice(self, pieces: list[str]) -> None:
        """What a terminal would show of what was written is what a page shows."""
        if not any("\x1b[A" in piece for piece in pieces):
            self.assertEqual(plain(self.told(*pieces)), plain("".join(pieces)))

    def test_live_blocks_come_at_the_end(self) -> None:
        """In their last state; one that was written and has not changed is not written twice."""
        out = io.StringIO()
        sink = Plain(out)
        sink.block("e", "0 %", "bar", False)
        sink.block("e", "first", "display a", True)
        sink.block("e", "same", "display b", True)
        sink.text("e", "stdout", "text")
        sink.change("bar", "100 %")
        sink.change("display a", "second")
        sink.settle()
        self.assertEqual(out.getvalue(), "first\nsame\ntext\n100 %\nsecond\n")

    def test_much_that_is_kept_back_comes_out(self) -> None:
        """What is kept back is bounded."""
        told = self.told(*(f"\r{number}\n" for number in range(1000)))
        self.assertEqual(told.splitlines(), [str(number) for number in range(1000)])


class ChoiceTests(SynchronousTestCase):
    """Which place a stream is."""

    def test_the_environment_counts(self) -> None:
        """NO_COLOR takes colors away, TERM=dumb all movements."""

        def told(**variables: str) -> str:
            emulator = Emulator()
            sink = sink_of(emulator, lambda name: variables.get(name))
            sink.text("e", "stdout", "\x1b[31mred\x1b[0m")
            sink.settle()
            return f"{type(sink).__name__} {sink.allow_colours}"  # type: ignore[attr-defined]  # both have it

        self.assertEqual(
            [told(), told(NO_COLOR="1"), told(TERM="dumb"), type(sink_of(io.StringIO(), lambda _: None)).__name__],
            ["Terminal True", "Terminal False", "Plain True", "Plain"],
        )
