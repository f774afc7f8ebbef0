"""What the command shows in a terminal, and what it reads from one.

Whatever a kernel prints is untrusted: an escape sequence could set the title, write to the clipboard, move text under the user's eyes or make the
terminal answer with keys. So `Escapes` lets text through, the movements `\\n`, `\\r`, `\\b` and `\\t`, and colours when the stream is a terminal;
everything else is taken out, however it is cut into pieces (ECMA-48 section 5.4 for control sequences, 5.6 for control strings).

`Screen` writes outputs to the two streams and knows whether a line is open, so that a result does not stick to what was printed before it.
`Keyboard` reads lines in a thread of its own: a read cannot be taken back, so a line that nobody waits for any more is kept for who asks next.

Rejected: `sys.stdin` (its lock makes the interpreter hang or abort at exit while a thread waits in it); Twisted's stdio (makes the terminal
of the shell non-blocking, and cannot watch a file).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TextIO

import msgspec

from webipy.command.streams import fitting_json
from webipy.command.widths import cut, padded, width_of

NARROWEST: Final = 8
"""Columns that are left of one that is cut."""

MAX_SEQUENCE: Final = 4096
"""Characters of an unfinished sequence that are remembered; a longer one goes on being one, its start is forgotten."""

_CONTROL: Final = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SGR: Final = re.compile(r"\x1b\[[0-9;:]*m")
_STRING_START: Final = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])"
_SEQUENCE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # a control sequence
    rf"|{_STRING_START}[^\x07\x18\x1a\x1b\x9c\n]*(?:[\x07\x18\x1a\x9c]|\x1b\\|(?=\n|\x1b[^\\]))"  # a control string
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"  # any other escape sequence
)
_UNFINISHED: Final = re.compile(
    rf"(?:\x1b\[|\x9b)[0-?]*[ -/]*\Z|{_STRING_START}[^\x07\x18\x1a\x1b\x9c\n]*\x1b?\Z|\x1b[ -/]*\Z"
)
_BROKEN: Final = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*|[\s\S]")


class Escapes:
    """Takes out of a text, given in pieces, what a terminal would act on.

    Args:
        allow_colours: Whether colours and the like (SGR) pass.
    """

    def __init__(self, allow_colours: bool) -> None:
        self._allow_colours = allow_colours
        self._rest = ""

    def clean(self, text: str) -> str:
        """The harmless part of what was held back and of `text`; an unfinished sequence at the end is held back."""
        if not self._rest and _CONTROL.search(text) is None:
            return text
        text, self._rest = self._rest + text, ""
        parts: list[str] = []
        at = 0
        while (found := _CONTROL.search(text, at)) is not None:
            parts.append(text[at : found.start()])
            whole = _SEQUENCE.match(text, found.start())
            if whole is None and _UNFINISHED.match(text, found.start()) is not None:
                self._hold(text[found.start() :])
                return "".join(parts)
            if whole is None:
                whole = _BROKEN.match(text, found.start())
            assert whole is not None  # the last pattern matches anything
            if self._allow_colours and _SGR.fullmatch(whole[0]) is not None:
                parts.append(whole[0])
            at = whole.end()
        parts.append(text[at:])
        return "".join(parts)

    def _hold(self, unfinished: str) -> None:
        if len(unfinished) > MAX_SEQUENCE:
            end = "\x1b" if unfinished.endswith("\x1b") else ""
            unfinished = unfinished[:2] + end
        self._rest = unfinished


class _Output(msgspec.Struct):
    """An nbformat 4.5 output, as far as a terminal shows it."""

    output_type: str
    name: str = "stdout"
    text: str | list[str] = ""
    data: dict[str, Any] = {}
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []


_decode_output = msgspec.json.Decoder(_Output).decode


def _joined(text: object) -> str:
    """Text that nbformat allows to be a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def size_of(number: float) -> str:
    """A number of bytes for a person: `14 kB`."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def text_of(data: dict[str, Any]) -> str:
    """What a terminal shows of a MIME bundle: its plainest text, and a note for each picture."""
    parts: list[str] = []
    for kind in ("text/plain", "text/markdown", "text/latex", "application/json"):
        if kind in data:
            parts.append(
                _joined(data[kind]) if kind != "application/json" else msgspec.json.encode(data[kind]).decode()
            )
            break
    for kind, content in sorted(data.items()):
        text = _joined(content) if isinstance(content, str | list) else msgspec.json.encode(content).decode()
        if kind.startswith("image/"):
            size = len(text) if kind.endswith("+xml") else len(text) * 3 // 4
            parts.append(f"[{kind}, {size_of(size)}]")
    if not parts and data:
        kind, content = min(data.items())
        parts.append(f"[{kind}, {size_of(len(msgspec.json.encode(content)))}]")
    return "\n".join(parts)


class Screen:
    """Writes what a kernel says to the standard streams.

    Args:
        out: Standard output.
        err: Standard error.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._streams = {"stdout": out, "stderr": err}
        self._is_terminal = {name: stream.isatty() for name, stream in self._streams.items()}
        self._escapes = {name: Escapes(is_terminal) for name, is_terminal in self._is_terminal.items()}
        self._is_line_open = dict.fromkeys(self._streams, False)
        self._coloured: set[str] = set()

    def write(self, name: str, text: str) -> None:
        """Write untrusted text to `stdout` or `stderr` at once."""
        name = name if name in self._streams else "stdout"
        clean = self._escapes[name].clean(text)
        if "\x1b" in clean:
            self._coloured.add(name)
        if clean:
            self._write(name, clean)

    def line(self, name: str, text: str) -> None:
        """Write untrusted text on lines of its own."""
        self.close_line(name)
        self.write(name, text if text.endswith("\n") else text + "\n")

    def note(self, text: str) -> None:
        """Say something of our own, on standard error."""
        self.close_line("stderr")
        self.write("stderr", f"webipy: {text}\n")

    def close_line(self, name: str) -> None:
        """End the line that is open, if there is one."""
        if self._is_line_open[name]:
            self._write(name, "\n")

    def line_was_typed(self) -> None:
        """The user has pressed Enter, which the terminal has shown."""
        for name, is_terminal in self._is_terminal.items():
            if is_terminal:
                self._is_line_open[name] = False

    def output(self, raw: bytes) -> None:
        """Show one output: streams go to their own streams, errors to standard error, the rest as text."""
        try:
            output = _decode_output(raw)
        except msgspec.ValidationError:
            self.note("this output cannot be shown in a terminal")
            return
        if output.output_type == "stream":
            self.write(output.name, _joined(output.text))
        elif output.output_type == "error":
            self.line("stderr", "\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        else:
            self.line("stdout", text_of(output.data))

    def dim(self, text: str) -> str:
        """Text in a fainter colour, where standard output is a terminal."""
        return f"\x1b[2m{text}\x1b[0m" if self._is_terminal["stdout"] else text

    def finish(self) -> None:
        """Nothing more comes: put colours back."""
        for name in sorted(self._coloured):
            self._streams[name].write("\x1b[0m")
            self._streams[name].flush()

    def _write(self, name: str, text: str) -> None:
        stream = self._streams[name]
        stream.write(text)
        stream.flush()
        for other in self._streams:
            if other == name or (self._is_terminal[name] and self._is_terminal[other]):
                self._is_line_open[other] = not text.endswith("\n")


class Keyboard:
    """Lines of standard input.

    Args:
        call: Calls a function in the thread of whoever asks; `reactor.callFromThread`.
        fd: What is read.
    """

    def __init__(self, call: Callable[..., object], fd: int = 0) -> None:
        self._call = call
        self._fd = fd
        self._lines: list[str | None] = []
        self._wanted: Callable[[str | None], None] | None = None
        self._is_reading = False
        self._buffer = b""
        self.is_terminal = os.isatty(fd)

    def ask(self, told: Callable[[str | None], None]) -> None:
        """Call `told` with the next line, without its end, or with `None` when there is none any more."""
        self._wanted = told
        if self._lines:
            self._tell()
        elif not self._is_reading:
            self._is_reading = True
            threading.Thread(target=self._read, daemon=True).start()

    def withdraw(self) -> None:
        """The line is not wanted any more; it is kept for the next who asks."""
        self._wanted = None

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """While this is open, what is typed is not shown."""
        if not self.is_terminal:
            yield
            return
        before = termios.tcgetattr(self._fd)
        after = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        termios.tcsetattr(self._fd, termios.TCSADRAIN, after)
        try:
            yield
        finally:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, before)

    def _read(self) -> None:
        """Read one line; runs in a thread."""
        while b"\n" not in self._buffer:
            try:
                piece = os.read(self._fd, 65536)
            except OSError:
                piece = b""  # a terminal that has gone away has no more lines
            if not piece:
                break
            self._buffer += piece
        line, end, self._buffer = self._buffer.partition(b"\n")
        text = line.decode(errors="replace").removesuffix("\r") if line or end else None
        self._call(self._was_read, text)

    def _was_read(self, text: str | None) -> None:
        self._is_reading = False
        self._lines.append(text)
        self._tell()

    def _tell(self) -> None:
        if self._wanted is not None and self._lines:
            told, self._wanted = self._wanted, None
            told(self._lines.pop(0))


def age(seconds: float) -> str:
    """How long ago something was, for a person: `3 min ago`."""
    for limit, unit, size in ((60, "s", 1), (3600, "min", 60), (86400, "h", 3600)):
        if seconds < limit:
            return f"{max(int(seconds), 0) // size} {unit} ago"
    return f"{int(seconds) // 86400} d ago"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], shrinks: int | None = None) -> str:
    """Rows of untrusted text under their heads, in columns.

    Args:
        heads: The heads.
        rows: The rows, each as long as the heads.
        shrinks: The column that is cut where a terminal is narrower than the table; `None` for none.
    """
    escapes = Escapes(False)
    cells = [list(heads), *([escapes.clean(" ".join(cell.split())) for cell in row] for row in rows)]
    widths = [max(width_of(row[column]) for row in cells) for column in range(len(heads))]
    if shrinks is not None and sys.stdout.isatty():
        over = sum(widths) + 2 * (len(widths) - 1) - shutil.get_terminal_size().columns
        widths[shrinks] = min(widths[shrinks], max(widths[shrinks] - over, NARROWEST))
        for row in cells:
            row[shrinks] = cut(row[shrinks], widths[shrinks])
    lines = ("  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines)


def print_json(value: msgspec.Struct | bytes) -> None:
    """Print a result as JSON: indented in a terminal, on one line elsewhere."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    text = msgspec.json.format(body, indent=2 if sys.stdout.isatty() else -1).decode()
    sys.stdout.write(fitting_json(text, sys.stdout) + "\n")
    sys.stdout.flush()
