"""Writes that a power cut does not undo: names in folders. Everything here blocks."""

from __future__ import annotations

import errno
import os


def sync_folder(folder: int) -> None:
    """Makes changes of names survive a power cut, where the file system can do that for folders."""
    try:
        os.fsync(folder)
    except OSError as fault:
        if fault.errno not in (errno.EINVAL, errno.EBADF, errno.ENOSYS):
            raise
