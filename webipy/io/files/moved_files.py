"""Where a file is that is not where it was: the same file, by its etag, under another name below the root. Everything here blocks.

A program that renames or moves a file keeps its inode, which stands in the etag and which reading a folder gives for
nothing (a new name changes the time of change of the inode, which does not count here); only what has the inode is
looked at closer. The folder where the file was comes first, then all others, the upper ones first. Links are not
followed, and what is hidden is passed over. A root with very many files is not searched to its end: then the file
counts as deleted, until it is opened where it is now.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from typing import Final

from webipy.io.files.atomic_write import names_content
from webipy.io.files.file_tree import FileTree, record_of
from webipy.io.files.root_folder import FOLDER, parts_of
from webipy.server.ports.files import FileRecord

MOST_ENTRIES: Final = 200_000
"""Names that are looked at; a second or two of a local disk."""


def seek(tree: FileTree, path: str, etag: str) -> FileRecord | None:
    """Finds a file that is not where it was.

    Args:
        tree: Everything below the root.
        path: Where it was.
        etag: Its etag there.

    Returns:
        The file; `None` when it is not found.
    """
    inode = int(etag.partition("-")[0], 16)
    folders, seen, left = deque([parts_of(path)[:-1], []]), set[tuple[bytes, ...]](), MOST_ENTRIES
    while folders and left > 0:
        folder = folders.popleft()
        if tuple(folder) in seen:
            continue
        seen.add(tuple(folder))
        try:
            found, below, looked = _look(tree, folder, inode, etag)
        except OSError:
            continue  # it has gone, or may not be read: the file is not in it for us
        if found is not None:
            return found
        folders += below
        left -= looked
    return None


def _look(
    tree: FileTree, folder: list[bytes], inode: int, etag: str
) -> tuple[FileRecord | None, list[list[bytes]], int]:
    """The file if it is in a folder, the folders in that, and how many names were looked at."""
    with tree.root.opened(folder, FOLDER) as fd:
        hidden, below, looked = tree.root.hidden_in(fd), [], 0
        with os.scandir(fd) as entries:
            for entry in entries:
                looked += 1
                name = os.fsencode(entry.name)
                if name.startswith(b".") or name in hidden:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    below.append([*folder, name])
                elif entry.inode() == inode:
                    there = os.stat(name, dir_fd=fd, follow_symlinks=False)
                    whole = b"/".join([*folder, name])
                    if stat.S_ISREG(there.st_mode) and names_content(etag, there) and _is_text(whole):
                        return record_of(whole.decode(), there, True), below, looked
        return None, below, looked


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
