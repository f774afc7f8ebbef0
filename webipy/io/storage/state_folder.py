"""The folder that a server keeps its state in: where it is, and which server uses it.

Invariant: one process at a time holds the lock of a folder. The lock (flock) ends with the process, however that ends, and survives a fork.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Final

DEFAULT_IN_WORDS: Final = "$XDG_STATE_HOME/webipy or ~/.local/state/webipy"
"""For the help texts of `--state`."""


class InUse(Exception):
    """Another process holds the lock of a state folder.

    Args:
        holder: That process, in words: its id, and the address that it listens at.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def find_state_folder(named: str | None = None) -> Path:
    """The folder that the user has named, or `$XDG_STATE_HOME/webipy`, or `~/.local/state/webipy`.

    Source: the XDG Base Directory Specification.

    Raises:
        RuntimeError: The name begins with `~` and a user who does not exist.
    """
    if named is not None:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "webipy"


def hold(folder: Path) -> int:
    """Takes the lock of a state folder.

    Returns:
        The descriptor of the lock; closing it releases the lock.

    Raises:
        InUse: Another process holds the lock.
        OSError: The lock cannot be made or taken.
    """
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        holder = os.pread(lock, 100, 0).decode("utf-8", "replace").strip() or "another process"
        os.close(lock)
        if fault.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise InUse(holder) from None
        raise
    return lock


def note_holder(lock: int, url: str) -> None:
    """Writes into the lock's file which process holds it; a full disk is no failure.

    Args:
        lock: The descriptor of the lock.
        url: The address that this process listens at.
    """
    with contextlib.suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} at {url}".encode(), 0)
