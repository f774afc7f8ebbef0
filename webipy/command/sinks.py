"""Where outputs go: a terminal, which can be written over, or anything else, which cannot.

Outputs come as they come to a page: text of streams, and displays, some of which are *live*: they have a key and change later (a progress bar, what
was shown under a display id). What a page would show in the end is shown here as far as the place allows:

    terminal   the last screen of output is kept as blocks; when one changes, the rows from the first that differs on are written again. What has
               moved out of the top stays as it was; a live block that has gone there and changes is written again below
    elsewhere  text goes on at once. Only a line that is written over (`\\r`, `\\b`, the cursor going up) is kept back until a plain line follows it
               or something else comes, and then stands there as it was in the end. A live block is written at the end, or (if it was written
               when it came) again at the end when it has changed

Cursor movements of a kernel never reach a terminal (`escapes`): they are carried out in a `Sheet`, and the movements that are written are ours.

Invariants: on a terminal the cursor stands at the end of the last row that was painted; a row is painted with its own colors, reset at its end.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import Final, Protocol, TextIO

import attrs
import msgspec

from webipy.command.escapes import Escapes
from webipy.command.widths import rows_of
from webipy.core.events.terminal_text import Sheet

ROWS_KEPT: Final = 200
"""Rows that a place that is no terminal keeps back at most."""

CHARACTERS_KEPT: Final = 16_384
"""Characters of a row of which more is not written over; a screen has some 20,000."""

_OVERWRITES: Final = re.compile(r"[\r\b\x1b]")


class Sink(Protocol):
    """A place for outputs. `owner` is the execution that they are of; names and texts are untrusted."""

    @property
    def is_line_open(self) -> bool:
        """Whether the last line has no end yet."""

    def text(self, owner: str, name: str, text: str) -> None:
        """Adds text of a stream.

        Args:
            owner: The execution that the text is of.
            name: `stdout` or `stderr`.
            text: The text; untrusted.
        """

    def block(self, owner: str, text: str, key: str | None, is_shown: bool) -> None:
        """Adds lines of their own.

        Args:
            owner: The execution that they are of.
            text: The lines; untrusted.
            key: Makes them live: `change` replaces them by this key. `None` for lines that stay.
            is_shown: Whether a place that cannot be written over writes live lines now, too.
        """

    def change(self, key: str, text: str) -> None:
        """Replaces a live block.

        Args:
            key: The key of the block.
            text: The new lines; untrusted.
        """

    def clear(self, owner: str) -> None:
        """Removes the outputs of an execution, as far as the place allows."""

    def settle(self, *, is_line_closed: bool = False) -> None:
        """Keeps what is there as it is.

        Args:
            is_line_closed: Whether the user has pressed Enter, which ends the open line.
        """


class _Block(msgspec.Struct, eq=False):
    """Some rows of a terminal."""

    owner: str
    name: str
    """Of the stream; empty for lines of their own."""
    key: str | None = None
    lines: list[str] = msgspec.field(default_factory=lambda: [""])
    sheet: Sheet | None = None
    """Only where something was written over."""

    def write(self, text: str) -> None:
        """Adds text of the stream."""
        if self.sheet is None and (_OVERWRITES.search(text) is not None):
            self.sheet = Sheet()
            self.sheet.write("\n".join(self.lines))
        if self.sheet is None:
            first, *rest = text.split("\n")
            self.lines[-1] += first
            self.lines += rest
            return
        self.sheet.write(text)
        if max(map(len, (row.letters for row in self.sheet.rows[-2:]))) > CHARACTERS_KEPT:
            self.lines, self.sheet = self.sheet.lines(), None
            return
        self.lines = _without_blanks(self.sheet.lines())

    def drop(self, number: int) -> None:
        """Forgets its first rows."""
        if self.sheet is not None:
            before = len(self.sheet.rows)
            self.sheet.drop(number)
            number = before - len(self.sheet.rows)
        del self.lines[:number]


@attrs.define(eq=False)
class Terminal:
    """A terminal.

    Args:
        stream: What is written to; a fault is raised as it comes.
        allow_colours: Whether colors pass.
    """

    _stream: TextIO
    allow_colours: bool = True
    _blocks: list[_Block] = attrs.field(factory=list)
    _painted: list[str] = attrs.field(factory=lambda: [""])
    _escapes: dict[str, Escapes] = attrs.field(factory=dict)

    @property
    def is_line_open(self) -> bool:
        """Whether the last line has no end yet."""
        return self._painted[-1] != ""

    def text(self, owner: str, name: str, text: str) -> None:
        """Adds text of a stream.

        Args:
            owner: The execution that the text is of.
            name: `stdout` or `stderr`.
            text: The text; untrusted.
        """
        clean = self._cleaned(name, text).replace("\r\n", "\n")
        if not clean:
            return
        last = self._blocks[-1] if self._blocks else None
        if last is None or (last.owner, last.name) != (owner, name):
            last = _Block(owner, name)
            self._blocks.append(last)
        last.write(clean)
        self._paint()
        if len(self._painted[-1]) > CHARACTERS_KEPT:
            self.settle()

    def block(self, owner: str, text: str, key: str | None, is_shown: bool) -> None:
        """Adds lines of their own.

        Args:
            owner: The execution that they are of.
            text: The lines; untrusted.
            key: Makes them live; `None` for lines that stay.
            is_shown: Without effect: a terminal always shows them.
        """
        self._blocks.append(_Block(owner, "", key, self._lines(text)))
        self._paint()

    def change(self, key: str, text: str) -> None:
        """Replaces a live block; one that has left the screen is written again below.

        Args:
            key: The key of the block.
            text: The new lines; untrusted.
        """
        lines = self._lines(text)
        found = next((block for block in self._blocks if block.key == key), None)
        if found is None:
            found = _Block("", "", key)
            self._blocks.append(found)
        if found.lines != lines:
            found.lines = lines
            self._paint()

    def clear(self, owner: str) -> None:
        """Removes the outputs of an execution that are still on the screen."""
        self._blocks = [block for block in self._blocks if block.owner != owner]
        self._paint()

    def settle(self, *, is_line_closed: bool = False) -> None:
        """What is there stays as it is."""
        last = "" if is_line_closed else self._painted[-1][-1:]  # its last character shows that the line is open
        self._blocks = [_Block("", " ", None, [last])] if last else []
        self._painted = [last]

    def _cleaned(self, name: str, text: str) -> str:
        if name not in self._escapes:
            self._escapes[name] = Escapes(self.allow_colours, allow_moves=True)
        return self._escapes[name].clean(text)

    def _lines(self, text: str) -> list[str]:
        sheet = Sheet()
        sheet.write(Escapes(self.allow_colours, allow_moves=True).clean(text).replace("\r\n", "\n"))
        return sheet.lines()

    def _rows(self) -> tuple[list[str], list[int]]:
        """All rows of the blocks, of which the last one is where the cursor is and may be empty; and the row that each block begins in."""
        rows, starts = [""], []
        for block in self._blocks:
            is_apart = not block.name or block.sheet is not None  # it writes over itself, and not over others
            if is_apart and rows[-1]:
                rows.append("")
            starts.append(len(rows) - 1)
            rows[-1] += block.lines[0]
            rows += block.lines[1:]
            if not block.name:
                rows.append("")
        return rows, starts

    def _paint(self) -> None:
        """Writes what differs, and forgets what has moved out of the top."""
        (rows, starts), width = self._rows(), shutil.get_terminal_size().columns
        same = 0
        while same < min(len(rows), len(self._painted)) - 1 and rows[same] == self._painted[same]:
            same += 1
        if rows[same].startswith(self._painted[same]) and same == len(self._painted) - 1:
            written = "\n".join([rows[same][len(self._painted[same]) :], *rows[same + 1 :]])
        else:
            up = sum(rows_of(row, width) for row in self._painted[same:]) - 1
            written = f"\r\x1b[{up}A\x1b[J" if up else "\r\x1b[J"
            written += "\n".join(rows[same:])
        self._painted = rows
        self._forget(starts, width)
        if written:
            self._stream.write(written)
            self._stream.flush()

    def _forget(self, starts: list[int], width: int) -> None:
        """Lets go what has moved out of the top."""
        height = shutil.get_terminal_size().lines - 1
        heights = [rows_of(row, width) for row in self._painted[-height:]]
        while sum(heights) > height and len(heights) > 1:
            del heights[0]
        over = len(self._painted) - len(heights)
        if over <= 0:
            return
        ends = [*starts[1:], len(self._painted)]
        kept = []
        for block, start, end in zip(self._blocks, starts, ends, strict=True):
            if start < over < end or (start < over and block is self._blocks[-1]):
                block.drop(over - start)
                block.key = None  # when it changes, it is written again below
            if end > over or block is self._blocks[-1]:
                kept.append(block)
        self._blocks = kept
        self._painted = self._rows()[0]


@attrs.define(eq=False)
class Plain:
    """A file, a pipe, or a terminal that cannot move its cursor.

    Args:
        stream: What is written to; a fault is raised as it comes.
        allow_colours: Whether colors pass.
    """

    _stream: TextIO
    allow_colours: bool = False
    is_line_open: bool = False
    _escapes: Escapes = attrs.field(init=False)
    _open_line: str = ""
    _sheet: Sheet | None = None
    _is_return_held: bool = False
    _live: dict[str, tuple[str, str | None]] = attrs.field(factory=dict)
    """Of live blocks: the text now, and the one that was written."""

    def __attrs_post_init__(self) -> None:
        self._escapes = Escapes(self.allow_colours, allow_moves=True)

    def text(self, owner: str, name: str, text: str) -> None:
        """Adds text of a stream.

        Args:
            owner: The execution that the text is of.
            name: `stdout` or `stderr`.
            text: The text; untrusted.
        """
        clean = self._escapes.clean(text)
        if self._is_return_held:
            clean = "\r" + clean
        self._is_return_held = clean.endswith("\r")
        clean = clean.removesuffix("\r").replace("\r\n", "\n")
        if not clean:
            return
        overwritten = re.search(r"[\r\b]|\x1b\[[0-9;]*[ABCDGJK]", clean)
        if self._sheet is None and overwritten is not None:
            start = clean.rfind("\n", 0, overwritten.start()) + 1
            self._write(clean[:start])
            self._sheet, clean = Sheet(), clean[start:]
            self._sheet.write(self._open_line)
        if self._sheet is None:
            self._write(clean)
            return
        self._sheet.write(clean)
        is_plain = overwritten is None and clean.strip("\n") and self._sheet.at == 0
        is_plain = is_plain and self._sheet.row == len(self._sheet.rows) - 1
        if is_plain or len(self._sheet.rows) > ROWS_KEPT:
            self._write_sheet()

    def block(self, owner: str, text: str, key: str | None, is_shown: bool) -> None:
        """Adds lines of their own.

        Args:
            owner: The execution that they are of.
            text: The lines; untrusted.
            key: Makes them live; `None` for lines that stay.
            is_shown: Whether live lines are written now; they are written at the end when they have changed.
        """
        if key is not None:
            self._live.pop(key, None)
            self._live[key] = (text, text if is_shown else None)
        if is_shown:
            self._write_block(text)

    def change(self, key: str, text: str) -> None:
        """Keeps the new lines of a live block, for the end.

        Args:
            key: The key of the block.
            text: The new lines; untrusted.
        """
        _, written = self._live.get(key, ("", None))
        self._live[key] = (text, written)

    def clear(self, owner: str) -> None:
        """Keeps what was written, and drops the lines that were kept back."""
        self._sheet = None if not self._open_line else self._sheet

    def settle(self, *, is_line_closed: bool = False) -> None:
        """Writes what was kept back."""
        if self._is_return_held:
            self._is_return_held = False
            self.text("", "", "\r\x1b[0C")
        self._write_sheet()
        live, self._live = self._live, {}
        for text, written in live.values():
            if text != written and text:
                self._write_block(text)
        if is_line_closed:
            self._open_line, self.is_line_open = "", False

    def _write_block(self, text: str) -> None:
        self._write_sheet()
        clean = Escapes(self.allow_colours).clean(text)
        start = "\n" if self.is_line_open else ""
        self._write(start + clean + ("" if clean.endswith("\n") else "\n"))

    def _write_sheet(self) -> None:
        """Writes the lines that were kept back."""
        sheet, self._sheet = self._sheet, None
        if sheet is not None:
            start, lines = self._open_line, _without_blanks(sheet.lines())
            if start and lines[0].startswith(start):
                lines[0] = lines[0][len(start) :]
            elif start:
                lines[0] = f"\r{lines[0].ljust(len(start))}"
            self._write("\n".join(lines))

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()
            self._open_line = (self._open_line + text)[-CHARACTERS_KEPT:].rpartition("\n")[2].rpartition("\r")[2]
            self.is_line_open = not text.endswith("\n")


def _without_blanks(lines: list[str]) -> list[str]:
    """Lines without the spaces that others were written over with; the end of the last one counts, if it is not all blank."""
    return [*(line.rstrip() for line in lines[:-1]), lines[-1] if lines[-1].strip() else ""]


def sink_of(stream: TextIO, environment: Callable[[str], str | None]) -> Sink:
    """The place that a stream is.

    Args:
        stream: The stream.
        environment: Variables by name; NO_COLOR and TERM count.
    """
    has_colours = not environment("NO_COLOR")
    if stream.isatty() and environment("TERM") != "dumb":
        return Terminal(stream, has_colours)
    return Plain(stream, has_colours and stream.isatty())
