"""The port to terminal hosts: starts them, finds them again, connects to them.

TerminalLauncher ──launch, find──► TerminalRecord ──connect──► KernelLink ──messages──► LinkReceiver
"""

from __future__ import annotations

from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from webipy.server.ports.kernels import KernelLink, LinkReceiver


class TerminalRecord(msgspec.Struct, frozen=True):
    """Where a terminal host lives.

    Args:
        terminal: The id of the terminal.
        directory: The host's private directory.
        started: When it was started, RFC 3339 in UTC.
        cwd: The folder that the shell was started in, absolute.
        shell: The name of the shell, such as `bash`.
        rows: Lines at the start.
        cols: Columns at the start.
    """

    terminal: str
    directory: str
    started: str
    cwd: str
    shell: str
    rows: int
    cols: int


class TerminalLauncher(Protocol):
    """Starts terminal hosts, and finds them again."""

    def launch(self, terminal: str, cwd: str, rows: int, cols: int) -> Deferred[TerminalRecord]:
        """Starts a host with the user's login shell.

        Args:
            terminal: The id of the new terminal.
            cwd: The folder that the shell starts in, absolute.
            rows: Lines of the terminal.
            cols: Columns of the terminal.

        Raises:
            errors.TerminalFailed: It cannot be started; the Deferred fails with it.
        """

    def find(self) -> Deferred[list[TerminalRecord]]:
        """The hosts of former servers that still live; what others left is removed."""

    def connect(self, record: TerminalRecord, receiver: LinkReceiver) -> KernelLink | None:
        """Attaches to a host.

        Args:
            record: The host.
            receiver: Receives its messages.

        Returns:
            The link; `None` when the host lives no more.
        """

    def stop(self) -> None:
        """Leaves all hosts; they live on."""

    def remove(self, record: TerminalRecord) -> Deferred[None]:
        """Removes what an ended host left."""
