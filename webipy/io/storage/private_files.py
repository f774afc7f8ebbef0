"""Files and folders that only their owner can read: the one way that the server writes tokens, keys and addresses."""

from __future__ import annotations

import os
from pathlib import Path

from webipy.host.private_files import write_private as replace_private
from webipy.io.storage.durable import sync_folder


def write_private(path: Path, body: bytes, *, is_durable: bool = False) -> None:
    """Writes a file that only its owner can read, whole or not at all.

    Args:
        path: The file.
        body: Its content.
        is_durable: Whether it survives a power cut.

    Raises:
        OSError: It cannot be written; the old file, if any, is whole.
    """
    replace_private(str(path), body, os.fsync if is_durable else None)
    if is_durable:
        sync_names(path.parent)


def make_private_folder(folder: Path) -> None:
    """Makes a folder, and those above it, unless they are there; those that are made survive a power cut."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in missing:
        sync_names(one.parent)


def sync_names(folder: Path) -> None:
    """Makes the names in a folder survive a power cut, where the file system can do that and this user may read the folder."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        return
    try:
        sync_folder(opened)
    finally:
        os.close(opened)
