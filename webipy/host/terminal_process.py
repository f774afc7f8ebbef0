"""The shell of a terminal and its pty: spawned, read, written, resized, hung up and reaped, without waiting for anything.

The shell leads a session of its own with the pty as its controlling terminal, so what a person types is a signal where it is one (^C), and the end of
this process hangs the shell up as the end of a connection does.

Source: pty(7), tty_ioctl(4), setsid(2).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import struct
import subprocess
import termios
from collections import deque
from typing import Final, NamedTuple

from webipy.core.terminals.terminal_protocol import TerminalLaunch

READ_BYTES: Final = 64 * 1024  # read in one turn; a pty gives 4 KiB at a time
INPUT_BYTES: Final = 1024 * 1024  # input that waits for a program which does not read; more is refused
_RESET_SIGNALS: Final = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)


class ShellExit(NamedTuple):
    """How the shell ended: one of both is None."""

    exit_status: int | None
    signal: str | None


class ShellFailure(Exception):
    """The shell cannot be started; the text is one sentence for the user."""


class TerminalProcess:
    """One shell on a pty.

    Args:
        launch: What to start.
        umask: The umask that the shell gets.

    Raises:
        ShellFailure: It cannot be started.
    """

    def __init__(self, launch: TerminalLaunch, umask: int) -> None:
        self.rows, self.cols = launch.rows, launch.cols
        self._waiting: deque[bytes] = deque()
        self.waiting_bytes = 0
        if not os.path.isdir(launch.cwd):
            raise ShellFailure(f"The folder {launch.cwd} that the terminal should start in does not exist.")
        self.pty, ours = os.openpty()
        try:
            os.set_blocking(self.pty, False)
            self.resize(launch.rows, launch.cols)
            _expect_utf8(ours)
            self._child = subprocess.Popen(
                launch.argv,
                cwd=launch.cwd,
                env=launch.env,
                stdin=ours,
                stdout=ours,
                stderr=ours,
                start_new_session=True,
                umask=umask,
                preexec_fn=_prepare,
            )
        except (OSError, subprocess.SubprocessError, ValueError) as fault:
            os.close(self.pty)
            reason = fault.strerror if isinstance(fault, OSError) else str(fault)
            raise ShellFailure(f"The shell {launch.argv[0]} cannot be started: {reason}.") from None
        finally:
            os.close(ours)

    @property
    def pid(self) -> int:
        """The process of the shell."""
        return self._child.pid

    @property
    def is_idle(self) -> bool:
        """Whether the shell itself waits for input: no other program is in the foreground."""
        try:
            return os.tcgetpgrp(self.pty) == self.pid
        except OSError:
            return True

    def read(self) -> bytes:
        """What was printed since the last read, at most about `READ_BYTES`; empty when there is nothing now, or never will be."""
        parts, size = [], 0
        while size < READ_BYTES:
            try:
                part = os.read(self.pty, READ_BYTES)
            except BlockingIOError:
                break
            except OSError as fault:
                if fault.errno != errno.EIO:  # nobody has the other end open any more
                    raise
                break
            if not part:
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def write(self, typed: bytes) -> bool:
        """Gives input to the terminal, as soon as it takes it.

        Returns:
            Whether there is room for it; if not, none of it is given.
        """
        if self.waiting_bytes + len(typed) > INPUT_BYTES:
            return False
        self._waiting.append(typed)
        self.waiting_bytes += len(typed)
        self.write_on()
        return True

    def write_on(self) -> None:
        """Writes input that waits, as far as the terminal takes it now."""
        while self._waiting:
            piece = self._waiting.popleft()
            try:
                written = os.write(self.pty, piece)
            except BlockingIOError:
                written = 0
            except OSError:  # the shell has ended
                self._waiting.clear()
                self.waiting_bytes = 0
                return
            self.waiting_bytes -= written
            if written < len(piece):
                self._waiting.appendleft(piece[written:])
                return

    def resize(self, rows: int, cols: int) -> None:
        """Sets the size of the terminal; its programs are told by SIGWINCH if it is another one.

        Args:
            rows: Lines.
            cols: Columns.
        """
        self.rows, self.cols = rows, cols
        fcntl.ioctl(self.pty, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def hang_up(self, number: signal.Signals = signal.SIGHUP) -> None:
        """Sends a signal to the shell and to what is in the foreground.

        Args:
            number: The signal.
        """
        groups = {self.pid}
        with contextlib.suppress(OSError):
            groups.add(os.tcgetpgrp(self.pty))
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
                os.killpg(group, signal.SIGCONT)

    def poll(self) -> ShellExit | None:
        """How the shell ended, if it has."""
        status = self._child.poll()
        if status is None:
            return None
        if status >= 0:
            return ShellExit(status, None)
        try:
            return ShellExit(None, signal.Signals(-status).name)
        except ValueError:
            return ShellExit(None, f"signal {-status}")

    def close(self) -> None:
        """Closes the pty: what still runs on it is hung up."""
        os.close(self.pty)


def _expect_utf8(terminal: int) -> None:
    """Lets the erase key take a whole character away (IUTF8)."""
    modes = termios.tcgetattr(terminal)
    modes[0] |= getattr(termios, "IUTF8", 0o40000)
    termios.tcsetattr(terminal, termios.TCSANOW, modes)


def _prepare() -> None:
    """Runs in the child before exec: the pty becomes its controlling terminal, signals are as usual."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in _RESET_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
