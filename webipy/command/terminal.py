"""What the command shows in a terminal, and what it reads from one.

`Screen` shows outputs on the two streams; what can be written over there, and how, is in sinks.py, what of a kernel's text passes in escapes.py.
`Keyboard` reads lines in a thread of its own: a read cannot be taken back, so a line that nobody waits for any more is kept for who asks next.

Rejected: `sys.stdin` (its lock makes the interpreter hang or abort at exit while a thread waits in it); Twisted's stdio (makes the terminal
of the shell non-blocking, and cannot watch a file).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TextIO

import click
import msgspec

from webipy.command.escapes import Escapes
from webipy.command.sinks import Sink, Terminal, sink_of
from webipy.command.streams import fitting_json, raw
from webipy.command.widths import cut, padded, width_of
from webipy.core.kernel import blobs

NARROWEST: Final = 8
"""Columns that are left of one that is cut."""


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


def text_of(data: dict[str, Any], saved: Sequence[str] = ()) -> str:
    """What a terminal shows of a MIME bundle: its plainest text, and a note for each picture.

    Args:
        data: The bundle: values by MIME type.
        saved: The files that its pictures were saved in.
    """
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
    return "\n".join([*parts, *(f"[saved as {path}]" for path in saved)])


def error_line(name: str, value: str) -> str:
    """What went wrong in one line, also for errors of kernels that give it no name or no reason.

    Args:
        name: The `ename` of the error.
        value: Its `evalue`.
    """
    return ": ".join(part for part in (name, value) if part.strip()) or "Error"


def plain_text(raw: bytes, saved: Callable[[dict[str, Any]], Sequence[str]] = lambda _: ()) -> str:
    """What a terminal shows of one output of any type, without a line end.

    Args:
        raw: The output, as nbformat 4.5 JSON.
        saved: Saves the pictures of a MIME bundle, and returns the paths of their files.
    """
    try:
        output = _decode_output(raw)
    except msgspec.ValidationError:
        return "[this output cannot be shown in a terminal]"
    if output.output_type == "stream":
        return _joined(output.text).removesuffix("\n")
    if output.output_type == "error":
        return "\n".join(output.traceback) or error_line(output.ename, output.evalue)
    return "\n".join(filter(None, [text_of(output.data, saved(output.data)), *large_values(raw)]))


def large_values(output: bytes) -> list[str]:
    """A note for each large value that an output only refers to."""
    return [
        f"[{kind}, {size_of(ref.size * 3 // 4 if kind.startswith('image/') and kind[-4:] != '+xml' else ref.size)}: large, see the page]"
        for kind, ref in sorted(blobs.refs_of(output).items())
    ]


class Screen:
    """Shows the output of a kernel on the standard streams.

    Args:
        out: Standard output.
        err: Standard error.
        environment: Variables by name.
    """

    def __init__(self, out: TextIO, err: TextIO, environment: Callable[[str], str | None] = os.environ.get) -> None:
        out, err = raw(out), raw(err)
        self._out = sink_of(out, environment)
        is_shared = isinstance(self._out, Terminal) and err.isatty() and _are_one(out, err)
        self._err = self._out if is_shared else sink_of(err, environment)
        self._is_coloured = isinstance(self._out, Terminal) and self._out.allow_colours

    @property
    def can_clear(self) -> bool:
        """Whether what was shown on standard output can be taken away again."""
        return isinstance(self._out, Terminal)

    def _sink(self, name: str) -> Sink:
        return self._err if name == "stderr" else self._out

    def write(self, name: str, text: str, owner: str = "") -> None:
        """Writes text of a stream at once.

        Args:
            name: `stdout` or `stderr`.
            text: The text; untrusted.
            owner: The execution that it is of; empty for none.
        """
        self._sink(name).text(owner, "stderr" if name == "stderr" else "stdout", text)

    def line(self, name: str, text: str, owner: str = "", key: str | None = None, *, is_shown: bool = True) -> None:
        """Writes text on lines of its own.

        Args:
            name: `stdout` or `stderr`.
            text: The text; untrusted.
            owner: The execution that it is of; empty for none.
            key: Makes the lines live: `change` replaces them by this key. `None` for lines that stay.
            is_shown: Whether a place that cannot be written over writes live lines now, too.
        """
        self._sink(name).block(owner, text.removesuffix("\n"), key, is_shown)

    def change(self, key: str, text: str) -> None:
        """Replaces live lines of standard output.

        Args:
            key: The key that the lines were written with.
            text: The new text; untrusted.
        """
        self._out.change(key, text.removesuffix("\n"))

    def clear(self, owner: str) -> None:
        """Removes the outputs of an execution, as far as the place allows."""
        for sink in {id(one): one for one in (self._out, self._err)}.values():
            sink.clear(owner)

    def note(self, text: str) -> None:
        """Shows a line of the command itself, on standard error."""
        self._err.block("", f"webipy: {text}", None, True)

    def close_line(self, name: str) -> None:
        """End the line that is open, if there is one."""
        if self._sink(name).is_line_open:
            self.write(name, "\n")

    def make_way(self) -> None:
        """Ends open lines and keeps what is shown, so that somebody else can write to the streams."""
        for name in ("stdout", "stderr"):
            self.close_line(name)
        self.settle()

    def line_was_typed(self) -> None:
        """The user has pressed Enter, which the terminal has shown."""
        for sink in (self._out, self._err):
            if isinstance(sink, Terminal):
                sink.settle(is_line_closed=True)

    def output(self, raw: bytes, owner: str = "") -> None:
        """Shows one output: streams on their own streams, errors on standard error, anything else as text.

        Args:
            raw: The output, as nbformat 4.5 JSON.
            owner: The execution that it is of; empty for none.
        """
        try:
            output = _decode_output(raw)
        except msgspec.ValidationError:
            self.note("this output cannot be shown in a terminal")
            return
        if output.output_type == "stream":
            self.write(output.name, _joined(output.text), owner)
        elif output.output_type == "error":
            self.line("stderr", "\n".join(output.traceback) or error_line(output.ename, output.evalue), owner)
        else:
            self.line("stdout", "\n".join(filter(None, [text_of(output.data), *large_values(raw)])), owner)

    def dim(self, text: str) -> str:
        """Text in a fainter colour, where standard output is a terminal."""
        if not self._is_coloured:
            return text
        return "\n".join(f"\x1b[2m{line}\x1b[0m" for line in text.split("\n"))

    def settle(self) -> None:
        """Keeps what is shown as it is, and writes what was kept back."""
        self._out.settle()
        if self._err is not self._out:
            self._err.settle()

    def finish(self) -> None:
        """Ends the output."""
        self.settle()


def _are_one(one: TextIO, other: TextIO) -> bool:
    """Whether two streams are the same terminal."""
    try:
        return os.fstat(one.fileno()).st_rdev == os.fstat(other.fileno()).st_rdev
    except (OSError, ValueError):  # they have no descriptors
        return True


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

    def ask(self, on_line: Callable[[str | None], None]) -> None:
        """Calls `on_line` with the next line, without its end, or with `None` at the end of the input."""
        self._wanted = on_line
        if self._lines:
            self._tell()
        elif not self._is_reading:
            self._is_reading = True
            threading.Thread(target=self._read, daemon=True).start()

    def withdraw(self) -> None:
        """Withdraws the question; a line that comes is kept for the next one."""
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
            with contextlib.suppress(termios.error):  # a terminal that has gone away shows nothing
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
            on_line, self._wanted = self._wanted, None
            on_line(self._lines.pop(0))


def age(seconds: float) -> str:
    """How long ago something was, for a person: `3 min ago`."""
    for limit, unit, size in ((60, "s", 1), (3600, "min", 60), (86400, "h", 3600)):
        if seconds < limit:
            return f"{max(int(seconds), 0) // size} {unit} ago"
    return f"{int(seconds) // 86400} d ago"


def local_time(time: str) -> str:
    """A time of RFC 3339 as people here read it, such as `2026-03-01 09:30`."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")


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


def print_list(
    found: msgspec.Struct,
    as_json: bool,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    shrinks: int,
    nothing: str,
) -> None:
    """Print what a method has listed: as JSON, as a table, or the sentence that there is nothing.

    Args:
        found: The result of the method.
        as_json: Whether to print JSON.
        heads: The heads of the table.
        rows: Its rows, each as long as the heads.
        shrinks: The column that is cut where a terminal is narrower than the table.
        nothing: What is said on stderr where there are no rows, a sentence.
    """
    if as_json:
        print_json(found)
    elif rows:
        click.echo(table(heads, rows, shrinks))
    else:
        click.echo(f"webipy: {nothing}", err=True)


def print_json(value: msgspec.Struct | bytes) -> None:
    """Print a result as JSON: indented in a terminal, on one line elsewhere."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    text = msgspec.json.format(body, indent=2 if sys.stdout.isatty() else -1).decode()
    sys.stdout.write(fitting_json(text, sys.stdout) + "\n")
    sys.stdout.flush()
