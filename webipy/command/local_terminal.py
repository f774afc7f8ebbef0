"""The terminal that the command runs in, given to somebody else: keys come as they are pressed, text goes out as it is.

    keys ──thread──► on_keys          write ──thread──► the terminal ──► the Deferred of the write

Reading and writing block, so each has a thread: a terminal that shows slowly, or is stopped, stops nothing else. Who types more than is taken waits.

Invariants: text is written in its order, and a write is done when the terminal has it; however `raw` is left, the terminal has the modes that it had.

Rejected: a non-blocking terminal (the mode belongs to all programs that have it open, such as the shell); webipy.command.terminal.Keyboard (lines).
"""

from __future__ import annotations

import codecs
import os
import queue
import select
import signal
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from twisted.internet.defer import Deferred

from webipy.command.lookup import Wrong

PIECE_BYTES: Final = 65_536
"""What is read at once."""

MOST_KEYS: Final = 65_536
"""Characters that are read ahead of who takes them."""

Keys = Callable[[str | None], int]
"""Takes what was typed, or `None` when the terminal is gone; returns how many characters wait to be sent."""


def check_terminal(stdin: TextIO | None, stdout: TextIO, what: str, instead: str) -> None:
    """Returns when somebody can type and see.

    Args:
        stdin: Standard input; `None` when it is closed.
        stdout: Standard output.
        what: What needs that, as the beginning of the message.
        instead: What does without, as its end.

    Raises:
        Wrong: One of the two is no terminal.
    """
    if stdin is None or not stdin.isatty() or not stdout.isatty():
        raise Wrong(f"{what} needs a terminal to read from and to write to; {instead}")


class LocalTerminal:
    """The terminal.

    Args:
        call: Calls a function in the thread of the reactor.
        encoding: Its character set.
        fds: What is read, and what is written.
    """

    def __init__(self, call: Callable[..., object], encoding: str, fds: tuple[int, int] = (0, 1)) -> None:
        self._call = call
        self._encoding = encoding
        self._in, self._out = fds
        self._to_write: queue.SimpleQueue[tuple[str, Deferred[None]] | None] = queue.SimpleQueue()
        self._room = threading.Event()
        self._wake_ours, self._wake_its = -1, -1
        self._reading: threading.Thread | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Its lines and columns; `None` where they are not known."""
        try:
            cols, rows = os.get_terminal_size(self._out)
        except OSError:
            return None
        return (rows, cols) if rows > 0 and cols > 0 else None

    @contextmanager
    def raw(self, on_size: Callable[[], None]) -> Iterator[None]:
        """While this is open, the terminal gives every key to us and does nothing else with it; also after a SIGSTOP and a SIGCONT.

        Args:
            on_size: Is called when its size may be another one.
        """
        before = termios.tcgetattr(self._in)
        taken = {number: signal.getsignal(number) for number in (signal.SIGWINCH, signal.SIGCONT)}
        threading.Thread(target=self._write_all, daemon=True).start()

        def take(*_: object) -> None:
            self._set_raw()
            self._call(on_size)

        try:
            for number in taken:
                signal.signal(number, take)
            self._set_raw()
            yield
        finally:
            for number, function in taken.items():
                signal.signal(number, function)
            self._stop_reading()
            self._to_write.put(None)
            with suppress(termios.error):  # a terminal that has gone away has no modes
                termios.tcsetattr(self._in, termios.TCSADRAIN, before)

    def _set_raw(self) -> None:
        with suppress(termios.error):
            tty.setraw(self._in, termios.TCSADRAIN)

    # ---- out

    def write(self, text: str) -> Deferred[None]:
        """Writes text as it is.

        Args:
            text: The text.

        Returns:
            Fires when the terminal has it. Fails with OSError when it is gone.
        """
        written: Deferred[None] = Deferred()
        self._to_write.put((text, written))
        return written

    def _write_all(self) -> None:
        while (wanted := self._to_write.get()) is not None:
            text, written = wanted
            left = memoryview(text.encode(self._encoding, "replace"))
            try:
                while left:
                    left = left[self._write_some(left) :]
            except OSError as fault:
                self._call(written.errback, fault)
            else:
                self._call(written.callback, None)

    def _write_some(self, left: memoryview) -> int:
        try:
            return os.write(self._out, left)
        except BlockingIOError:  # another program has made it non-blocking
            select.select([], [self._out], [])
            return 0

    # ---- in

    def read(self, on_keys: Keys) -> None:
        """Begins to read.

        Args:
            on_keys: Is called with what is typed, in the thread of the reactor.
        """
        self._wake_ours, self._wake_its = os.pipe()
        self._room.set()
        self._reading = threading.Thread(target=self._read_all, args=(on_keys,), daemon=True)
        self._reading.start()

    def make_room(self) -> None:
        """What was read was sent: more is read."""
        self._room.set()

    def _read_all(self, on_keys: Keys) -> None:
        decode = codecs.getincrementaldecoder(self._encoding)("replace").decode
        while self._room.wait():
            ready, _, _ = select.select([self._in, self._wake_ours], [], [])
            if self._wake_ours in ready:
                return
            try:
                piece = os.read(self._in, PIECE_BYTES)
            except BlockingIOError:
                continue
            except OSError:  # it is gone
                piece = b""
            if not piece:
                self._call(on_keys, None)
                return
            text = decode(piece)
            if text:
                self._room.clear()
                self._call(self._give, on_keys, text)

    def _give(self, on_keys: Keys, text: str) -> None:
        if on_keys(text) < MOST_KEYS:
            self._room.set()

    def _stop_reading(self) -> None:
        """Nothing that is typed from now on is taken away from who reads next."""
        if self._reading is not None:
            os.write(self._wake_its, b"x")
            self._room.set()
            self._reading.join()
            os.close(self._wake_ours)
            os.close(self._wake_its)
            self._reading = None
