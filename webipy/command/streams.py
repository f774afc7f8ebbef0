"""The three standard streams of the command, whatever they are: closed, full, ended by `| head`, of a small character set.

    closed before the start   taken by /dev/null opened the wrong way round, as gnulib's `stdopen` does: a use fails with EBADF, and no file or
                              socket of ours can come to have the number of a stream
    character set             what it lacks is written as `\\u2026`, so that no letter can end the command; JSON has escapes of its own
    a write that fails        `StreamFault`, wherever it happens; `Program` makes a sentence and an exit status of it, once
    a reader that went away   the same; `Program` then ends as a program does that does not catch SIGPIPE
    non-blocking              (a terminal shared with such a program) is waited for

Standard error that is closed from the start takes what is said and says nothing.

Rejected: click's own handling of a broken pipe (status 1, and other faults are tracebacks); `SIGPIPE` left at its default (the end of a
socket would end the command, too, and nothing could be put in order).
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Final, TextIO

NAMES: Final = {0: "Standard input", 1: "Standard output", 2: "Standard error"}


class StreamFault(Exception):
    """A standard stream cannot be read or written.

    Args:
        fd: Which: 0, 1 or 2.
        fault: What the system says.
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
    return io.TextIOWrapper(
        io.BufferedWriter(_Descriptor(fd)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=fd == 2 or os.isatty(fd),
    )


def give_up(fd: int) -> None:
    """Nothing more can be written there: what is still held back goes nowhere, and no second fault comes at the end."""
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
    """JSON that a stream can take: what its character set lacks is escaped as JSON has it."""
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "".join(letter if letter.isascii() else _escaped(letter) for letter in text)
    return text


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
