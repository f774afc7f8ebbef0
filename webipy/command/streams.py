"""The three standard streams of the command, whatever they are: closed, full, ended by `| head`, of a small character set.

    closed before the start   taken by /dev/null opened the wrong way round, as gnulib's `stdopen` does: a use fails with EBADF, and no file or
                              socket of ours can come to have the number of a stream
    character set             what it lacks is written as `\\u2026`, so that no letter can end the command; JSON has escapes of its own
    a write that fails        `StreamFault`, wherever it happens; `Program` makes a sentence and an exit status of it, once
    a reader that went away   the same; `Program` then ends as a program does that does not catch SIGPIPE
    non-blocking              (a terminal shared with such a program) is waited for
    what others have named    titles, paths, names of guests, errors: a character that a terminal would act on, or that turns text around, is
                              written as `\\x1b`, here and so in every command. Who paints a screen writes to `raw(stream)`, and answers for it
    data                      (a document that is exported) goes out as it is, except to a terminal: `write_as_is`

JSON has escapes of its own for all of these, so it is the same value for whoever reads it: `fitting_json`.

Standard error that is closed from the start swallows what is written to it.

Rejected: click's own handling of a broken pipe (status 1, and other faults are tracebacks); `SIGPIPE` left at its default (the end of a
socket would end the command, too, and nothing could be put in order).
"""

from __future__ import annotations

import errno
import io
import os
import re
import select
import sys
from typing import BinaryIO, Final, TextIO, cast

NAMES: Final = {0: "Standard input", 1: "Standard output", 2: "Standard error"}


class StreamFault(Exception):
    """A standard stream cannot be read or written.

    Args:
        fd: Which: 0, 1 or 2.
        fault: The error of the system call.
    """

    def __init__(self, fd: int, fault: OSError) -> None:
        what = "read" if fd == 0 else "written"
        why = "it is closed" if fault.errno == errno.EBADF else fault.strerror or str(fault)
        super().__init__(f"{NAMES[fd]} cannot be {what}: {why}.")
        self.fd = fd
        self.errno = fault.errno

    @property
    def is_reader_gone(self) -> bool:
        """Whether the other end of the pipe was closed."""
        return self.errno == errno.EPIPE


class _Descriptor(io.RawIOBase):
    """Writes to a descriptor, all of it; closing leaves it open."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._fd)

    def write(self, piece: object) -> int:
        """Writes the whole piece.

        Raises:
            StreamFault: It cannot.
        """
        left = memoryview(piece)  # type: ignore[arg-type]  # a buffer; RawIOBase names no type for it
        size = left.nbytes
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
            except OSError as fault:
                raise StreamFault(self._fd, fault) from None
        return size


_ACTS: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\r(?!\n)"
)
"""What a terminal acts on (ECMA-48: C0, DEL, C1), and what turns text around (Unicode bidirectional controls) or ends a line unseen."""


def shown(text: str) -> str:
    """A text of which a terminal does nothing but show it."""
    return _ACTS.sub(lambda found: _as_written(ord(found[0])), text)


def _as_written(number: int) -> str:
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


class ShownText(io.TextIOWrapper):
    """A stream of text that is shown and not acted on.

    Its bytes are under another name: click writes past a stream of ASCII when it finds them.
    """

    def __init__(self, binary: io.BufferedWriter, encoding: str, *, line_buffering: bool = False) -> None:
        super().__init__(binary, encoding, "backslashreplace", line_buffering=line_buffering)
        self.binary = binary

    @property
    def buffer(self) -> BinaryIO:
        """Not here.

        Raises:
            AttributeError: Always.
        """
        raise AttributeError("buffer")

    def write(self, text: str) -> int:
        """Writes the text as it is shown."""
        super().write(shown(text))
        return len(text)

    def write_raw(self, text: str) -> int:
        """Writes the text as it is."""
        return super().write(text)


class _Raw(io.TextIOBase):
    """Writes to a `ShownText` without escaping."""

    def __init__(self, stream: ShownText) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes the text as it is."""
        return self._stream.write_raw(text)

    def flush(self) -> None:
        """Writes what is held back."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typed as a variable, and read only
        """The character set."""
        return self._stream.encoding


def raw(stream: TextIO) -> TextIO:
    """The same stream for who paints a screen: what is written goes out as it is."""
    return cast(TextIO, _Raw(stream)) if isinstance(stream, ShownText) else stream


def write_as_is(body: bytes, *, to_terminal: bool = False) -> None:
    """Writes bytes to standard output unchanged, except to a terminal, where control characters are made visible.

    Args:
        body: The bytes.
        to_terminal: Whether a terminal gets them unchanged, too: only for bytes that webipy itself has made harmless.

    Raises:
        StreamFault: Standard output cannot be written.
    """
    stream = sys.stdout
    if stream.isatty() and not to_terminal:
        stream.write(body.decode("utf-8", "replace"))
    else:
        stream.flush()
        (stream.binary if isinstance(stream, ShownText) else stream.buffer).write(body)
    stream.flush()


def prepare() -> None:
    """Makes `sys.stdout` and `sys.stderr` as described above, and no number of a standard stream free."""
    for fd, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, flags)  # the lowest number that is free, and so this one
    sys.stdout = _text(1, sys.stdout)
    sys.stderr = _text(2, sys.stderr)


def _text(fd: int, before: TextIO | None) -> TextIO:
    encoding = before.encoding if before is not None else "utf-8"
    return ShownText(io.BufferedWriter(_Descriptor(fd)), encoding, line_buffering=fd == 2 or os.isatty(fd))


def give_up(fd: int) -> None:
    """Sends what is still written to a standard stream nowhere, so that no second failure follows."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)


def read_all() -> bytes:
    """All of standard input.

    Raises:
        StreamFault: It cannot be read.
    """
    stream = sys.stdin
    try:
        return stream.buffer.read() if stream is not None else os.read(0, 1)
    except OSError as fault:
        raise StreamFault(0, fault) from None


def fitting_json(text: str, stream: TextIO) -> str:
    """Escapes in JSON what the character set of a stream lacks and what a terminal would act on; the value stays the same.

    Args:
        text: JSON.
        stream: The stream that it is written to.
    """
    text = _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "".join(letter if letter.isascii() else _escaped(letter) for letter in text)
    return text


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
