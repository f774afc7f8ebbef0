"""What text looks like after a terminal has shown it: `\\r`, `\\b` and cursor moves carried out.

A progress bar writes its line again and again; a file keeps what stood there in the end, as the page shows it
(web/src/model/lines.ts; tests/vectors/lines.json holds both to it):

    \\n       down one line, to its start            ESC[nA B C D   up, down, right, left
    \\r       to the start of the line               ESC[nG         to column n
    \\b       one column left                        ESC[nK         erase to the end (0), from the start (1), the line (2)
                                                    ESC[nJ         erase to the end of the text (0), all of it (2, 3)

Colors stay: a column keeps the color it was written in (the `ESC[...m` since the last reset), and where two neighbors differ
those escapes are written again. Other escapes and control characters stay in front of the letter that they were written in front of.

Most texts need none of it and are returned as they are; most that do need it line by line. Only where the cursor goes up
is the whole text carried out, up to `LONGEST` characters of it; of a longer line only the last part is carried out: what a
person could see of it is there.
"""

from __future__ import annotations

import re

import attrs
import msgspec

LONGEST = 1024 * 1024
"""Characters that are carried out one after the other."""

MAX_COLOR = 256
"""Characters of the escapes that one color is made of; of more, the last count: each column holds one, and it is written again where it changes."""

MAX_COLUMN = 10_000
"""Moves to the right stop here."""

_UP = re.compile(r"(?:\x1b\[|\x9b)[0-9;]*[ABJ]")
_WITHIN = re.compile(r"[\r\b]|(?:\x1b\[|\x9b)[0-9;]*[CDGK]")
_PART = re.compile(
    r"(?P<color>(?:\x1b\[|\x9b)[0-9;:]*m)"
    r"|(?P<move>(?:\x1b\[|\x9b)(?P<number>[0-9]*+)[0-9;]*+(?P<kind>[ABCDGJK]))"
    r"|(?P<escape>(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]"
    r"|[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f])"
    r"|(?P<control>[\r\b\n])"
    r"|(?P<run>[^\x00-\x08\n\r\x0e-\x1f\x7f\x9b]+|[\x1b\x9b])"
)
_RESET = re.compile(r"(?:\x1b\[|\x9b)0*m")


def resolved(text: str) -> str:
    """The text as a terminal shows it in the end."""
    if not any(
        one in text for one in "\r\b\x1b\x9b"
    ):  # most texts: a search by expressions takes a hundred times as long
        return text
    if _WITHIN.search(text) is None and _UP.search(text) is None:
        return text
    if len(text) <= LONGEST and _UP.search(text) is not None:
        return Sheet().text_after(text)
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if "\b" not in line and "\x1b" not in line and "\x9b" not in line:
        return _overlaid(line.split("\r")) if "\r" in line else line
    if _WITHIN.search(line) is None:
        return line
    if len(line) > LONGEST:
        cut = line.rfind("\r", 0, -LONGEST)
        line = line[cut + 1 :] if cut >= 0 and len(line) - cut <= 2 * LONGEST else line[-LONGEST:]
    return Sheet().text_after(line)


def _overlaid(parts: list[str]) -> str:
    """Each part written over those before it."""
    shown = ""
    for part in reversed(parts):
        if len(part) > len(shown):
            shown += part[len(shown) :]
    return shown


@attrs.define(slots=True)
class _Row:
    """A line: its columns, and the color of each."""

    letters: list[str] = attrs.field(factory=list)
    colors: list[str] = attrs.field(factory=list)
    _text: str | None = None
    """The result of `text`, as long as nothing changes."""

    def put(self, at: int, letters: list[str], color: str) -> None:
        self._text = None
        missing = at - len(self.letters)
        if missing > 0:
            self.letters += " " * missing
            self.colors += [""] * missing
        self.letters[at : at + len(letters)] = letters
        self.colors[at : at + len(letters)] = [color] * len(letters)

    def text(self) -> str:
        """The line, without color at its start and its end."""
        if self._text is not None:
            return self._text
        parts, now = [], ""
        for letter, written in zip(self.letters, self.colors, strict=True):
            color = "" if _RESET.fullmatch(written) else written
            if color != now:
                parts.append(_change(now, color))
                now = color
            parts.append(letter)
        self._text = "".join([*parts, _change(now, "")])
        return self._text

    def erase(self, part: int, at: int) -> None:
        self._text = None
        if part == 1:
            self.put(0, [" "] * (at + 1), "")
        elif part in (0, 2):
            first = at if part == 0 else 0
            del self.letters[first:], self.colors[first:]


class Sheet(msgspec.Struct):
    """The lines that a terminal shows, and its cursor."""

    rows: list[_Row] = msgspec.field(default_factory=lambda: [_Row()])
    row: int = 0
    at: int = 0
    color: str = ""
    held: list[str] = msgspec.field(default_factory=list)
    """Escapes in front of the next letter."""

    def text_after(self, text: str) -> str:
        """What is shown after the text was written."""
        self.write(text)
        return self._text()

    def write(self, text: str) -> None:
        """Writes more."""
        for part in _PART.finditer(text):
            match part.lastgroup:
                case "color":
                    self._paint(part[0])
                case "move":
                    self._move(part["kind"], int(part["number"][:6] or -1))
                case "escape":
                    self.held.append(part[0])
                case "control":
                    self._control(part[0])
                case _:
                    self._put(list(part[0]))

    def _paint(self, escape: str) -> None:
        color = escape if _RESET.fullmatch(escape) else self.color.replace(escape, "") + escape
        while len(color) > MAX_COLOR:
            color = color[color.index("m") + 1 :]
        self.color = color

    def _put(self, letters: list[str]) -> None:
        letters[0] = "".join([*self.held, letters[0]])
        self.held.clear()
        self.rows[self.row].put(self.at, letters, self.color)
        self.at += len(letters)

    def _control(self, control: str) -> None:
        if control == "\b":
            self.at = max(0, self.at - 1)
            return
        self.at = 0
        if control == "\n":
            self.row += 1
            if self.row == len(self.rows):
                self.rows.append(_Row())

    def _move(self, kind: str, number: int) -> None:
        times = max(1, number)
        match kind:
            case "A":
                self.row = max(0, self.row - times)
            case "B":
                self.row = min(len(self.rows) - 1, self.row + times)
            case "C":
                self.at = min(max(MAX_COLUMN, self.at), self.at + times)
            case "D":
                self.at = max(0, self.at - times)
            case "G":
                self.at = min(MAX_COLUMN, times - 1)
            case "K":
                self.rows[self.row].erase(max(0, number), self.at)
            case _:
                self._erase(max(0, number))

    def _erase(self, part: int) -> None:
        if part == 0:
            self.rows[self.row].erase(0, self.at)
            del self.rows[self.row + 1 :]
        elif part in (2, 3):
            self.rows, self.row, self.at = [_Row()], 0, 0

    def lines(self) -> list[str]:
        """The lines as they are now, each with its own colors, from the start of one to its end."""
        return [row.text() for row in self.rows]

    def drop(self, number: int) -> None:
        """Forgets the first lines; the cursor stays in one of the others."""
        number = min(number, self.row)
        del self.rows[:number]
        self.row -= number

    def _text(self) -> str:
        parts: list[str] = []
        now = ""
        for number, row in enumerate(self.rows):
            if number:
                parts.append("\n")
            for letter, color in zip(row.letters, row.colors, strict=True):
                if color != now:
                    parts.append(_change(now, color))
                    now = color
                parts.append(letter)
        return "".join([*parts, _change(now, self.color), *self.held])


def _change(now: str, color: str) -> str:
    """The escapes that make one color of another."""
    if color.startswith(now):
        return color[len(now) :]
    return color if _RESET.match(color) else "\x1b[0m" + color
