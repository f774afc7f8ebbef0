"""Files and folders below the root moved, copied and deleted. Everything here blocks.

What changes a whole folder does so in one step that everybody sees: a copy is made under a hidden name and gets its
own at the end; a deletion takes the name away first. So nobody sees half of either, and what a crash leaves behind is
hidden and removed later (webipy.io.files.atomic_write). Nothing is ever put over something that exists: RENAME_NOREPLACE.

Links are moved and deleted themselves; what they lead to stays. A copy of a link is one of what it leads to, so that who writes to
the copy changes nothing else; within a folder that is copied, links stay links. Hidden files of a folder go with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from webipy.core import errors
from webipy.core.free_names import free_names
from webipy.io.files.atomic_write import draft_name, write_all
from webipy.io.files.file_tree import PIECE_BYTES, FileTree
from webipy.io.files.os_failures import map_os_errors, not_a_file, taken, too_deep
from webipy.io.files.root_folder import FOLDER, Place, found, name_of, no_such, parts_of, rename_to_free
from webipy.io.storage.durable import sync_folder
from webipy.server.ports.files import FileRecord

MAX_DEPTH = 200
"""Folders in folders that are copied; each keeps two descriptors open meanwhile."""


class Moves(msgspec.Struct, eq=False):
    """Moves, copies and deletes.

    Args:
        tree: Everything below the root.
        is_stopping: Set when the server stops: long work ends.
    """

    tree: FileTree
    is_stopping: threading.Event = msgspec.field(default_factory=threading.Event)

    def rename(self, path: str, to: str) -> FileRecord:
        """Renames a file or folder, never over something.

        Args:
            path: Its path.
            to: Its new path.

        Raises:
            errors.InvalidParams: `to` is below `path`, or one of them is the root.
            errors.AlreadyExists: Something is at `to`.
            errors.NotFound, errors.FileFault: It cannot be renamed.
        """
        parts, to_parts = self.tree.below(path), self.tree.below(to, "to")
        check_not_within(path, to)
        if parts != to_parts:
            with map_os_errors(path), self.tree.place(parts, path, is_followed=False) as old:
                if old.found() is None:
                    raise no_such(path)
                self._check_ours(old, path)
                with map_os_errors(to), self.tree.place(to_parts, to, is_followed=False) as new:
                    self._rename(old, new, path, to)
        return self.tree.stat(to)

    @staticmethod
    def _rename(old: Place, new: Place, path: str, to: str) -> None:
        try:
            rename_to_free(old.folder, old.name, new.folder, new.name)
        except OSError as fault:
            if fault.errno == errno.EINVAL:  # "into itself", by way of a link
                raise into_itself(path, to) from None
            raise
        sync_folder(new.folder)
        sync_folder(old.folder)

    def _check_ours(self, place: Place, path: str) -> None:
        if self.tree.root.holds_hidden(place):
            raise errors.FileFault(
                f"{path!r} holds files that the server itself works with.", reason="denied", path=path
            )

    def copy(self, path: str, to: str | None, entry: bool = False) -> FileRecord:
        """Copies a file or folder.

        Args:
            path: Its path.
            to: The path of the copy; `None` for a free name beside it.
            entry: Whether a link is copied as a link, and not what it leads to.

        Raises:
            errors.InvalidParams, errors.AlreadyExists, errors.NotFound, errors.FileFault: It cannot be copied; nothing is left of the copy.
        """
        parts = self.tree.below(path)
        if to is not None:
            self.tree.below(to, "to")
            check_not_within(path, to)
        with map_os_errors(path), self.tree.place(parts, path, is_followed=not entry) as source:
            there = source.found()
            if there is None:
                raise no_such(path)
            self._check_ours(source, path)
            if to is not None:
                return self._copy_to(source, path, to)
            names = free_names(path, stat.S_ISDIR(there.st_mode))
            next(names)
            for name in names:
                with contextlib.suppress(errors.AlreadyExists):
                    return self._copy_to(source, path, name)
        raise taken(path)

    def _copy_to(self, source: Place, path: str, to: str) -> FileRecord:
        with map_os_errors(to), self.tree.place(parts_of(to, "to"), to, is_followed=False) as place:
            if place.found() is not None:
                raise taken(to)
            copied = os.path.normpath(os.path.join(name_of(source.folder), source.name))
            if (name_of(place.folder) + b"/").startswith(copied + b"/"):
                raise into_itself(path, to)
            self.tree.sweeper.sweep(place.folder)
            temporary = draft_name(place.name)
            self.tree.sweeper.busy.add(temporary)
            try:
                self._copy_entry(source.folder, source.name, place.folder, temporary, path)
                rename_to_free(place.folder, temporary, place.folder, place.name)
            except BaseException:
                _remove(place.folder, temporary)
                raise
            finally:
                self.tree.sweeper.busy.discard(temporary)
            sync_folder(place.folder)
        return self.tree.stat(to)

    def _copy_entry(self, folder: int, name: bytes, to_folder: int, to: bytes, path: str, depth: int = 0) -> None:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(there.st_mode):
            os.symlink(os.readlink(name, dir_fd=folder), to, dir_fd=to_folder)
        elif stat.S_ISDIR(there.st_mode):
            if depth > MAX_DEPTH:
                raise too_deep(path)
            os.mkdir(to, dir_fd=to_folder)
            with _opened(name, FOLDER | os.O_NOFOLLOW, folder) as inner, _opened(to, FOLDER, to_folder) as outer:
                with os.scandir(inner) as entries:
                    names = [os.fsencode(entry.name) for entry in entries]
                for child in names:
                    below = f"{path}/{child.decode('utf-8', 'replace')}"
                    self._copy_entry(inner, child, outer, child, below, depth + 1)
                os.fchmod(outer, stat.S_IMODE(there.st_mode) | stat.S_IRWXU)
        elif stat.S_ISREG(there.st_mode):
            self._copy_file(folder, name, to_folder, to)
        else:
            raise not_a_file(path)

    def _copy_file(self, folder: int, name: bytes, to_folder: int, to: bytes) -> None:
        reading = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with _opened(name, reading, folder) as source, _opened(to, writing, to_folder) as copied:
            if not stat.S_ISREG(os.fstat(source).st_mode):  # it has just taken the place of a file
                raise not_a_file(name.decode("utf-8", "replace"))
            at = 0
            while piece := os.pread(source, PIECE_BYTES, at):
                self.check_going_on()
                write_all(copied, piece)
                at += len(piece)
            os.fchmod(copied, stat.S_IMODE(os.fstat(source).st_mode) & 0o777)
            os.fsync(copied)

    def check_going_on(self) -> None:
        """Ends long work when the server stops.

        Raises:
            errors.FileFault: The server stops.
        """
        if self.is_stopping.is_set():
            raise errors.FileFault("The server stops; this was not finished.", reason="failed")

    def delete(self, path: str, recursive: bool) -> None:
        """Deletes a file, a link, or a folder. A folder that holds something is out of sight at once, and then taken apart.

        Args:
            path: Its path.
            recursive: Whether a folder may hold something.

        Raises:
            errors.NotFound, errors.FileFault: It cannot be deleted.
        """
        with self.to_delete(path) as (place, there):
            if not stat.S_ISDIR(there.st_mode):
                os.unlink(place.name, dir_fd=place.folder)
            elif not recursive:
                os.rmdir(place.name, dir_fd=place.folder)
            else:
                self._delete_tree(place)
            sync_folder(place.folder)

    @contextmanager
    def to_delete(self, path: str) -> Iterator[tuple[Place, os.stat_result]]:
        """Finds something that may be deleted.

        Yields:
            Where it is, and what it is.

        Raises:
            errors.NotFound, errors.FileFault: There is nothing, or it may not be deleted.
        """
        parts = self.tree.below(path)
        with map_os_errors(path), self.tree.place(parts, path, is_followed=False) as place:
            there = place.found()
            if there is None:
                raise no_such(path)
            self._check_ours(place, path)
            yield place, there

    def _delete_tree(self, place: Place) -> None:
        temporary = draft_name(place.name)
        os.rename(place.name, temporary, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        try:
            shutil.rmtree(os.fsdecode(temporary), dir_fd=place.folder)
        except OSError:  # the rest comes back to where it was
            rename_to_free(place.folder, temporary, place.folder, place.name)
            raise


def check_not_within(path: str, to: str) -> None:
    """Refuses to put a folder into itself.

    Args:
        path: The folder.
        to: Where it is to be put.

    Raises:
        errors.InvalidParams: `to` is below `path`.
    """
    if to.startswith(path + "/"):
        raise into_itself(path, to)


def into_itself(path: str, to: str) -> errors.InvalidParams:
    """Makes the failure for a folder that is put into itself.

    Args:
        path: The folder.
        to: Where it was to be put.
    """
    return errors.InvalidParams(f"{path!r} cannot be put into itself, at {to!r}.", field="to")


@contextmanager
def _opened(name: bytes, flags: int, folder: int) -> Iterator[int]:
    fd = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def _remove(folder: int, name: bytes) -> None:
    """Removes what was made of a copy."""
    there = found(folder, name)
    if there is None:
        return
    remove: Callable[..., None] = shutil.rmtree if stat.S_ISDIR(there.st_mode) else os.unlink
    remove(os.fsdecode(name), dir_fd=folder)
