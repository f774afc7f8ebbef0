"""What was deleted below the root and can be brought back: the trash of the desktop. Everything here blocks but `RootTrash`.

The freedesktop.org trash, so that file managers, `gio trash` and `trash-cli` show and restore the same things::

    $XDG_DATA_HOME/Trash            for files on the same file system as it
    TOP/.Trash/UID, TOP/.Trash-UID  on any other, TOP being where that is mounted
        files/report 2.ipynb        what was deleted, under a name that was free
        info/report 2.ipynb.trashinfo
            [Trash Info]
            Path=/home/ada/work/report.ipynb      escaped as in URLs; relative to TOP in the second kind
            DeletionDate=2026-03-01T10:30:00      local time

Something is only ever renamed into a trash and out of it, within one file system: no gigabytes are copied, everybody sees it in one
place or in the other, and what a folder holds goes along, hidden files too. Where no trash can be used, nothing is deleted, and
the call fails: the caller may then delete for good.

What is to be trashed is found by webipy.io.files.root_folder, as for every change; of the trash itself only names that are single and not hidden are
taken, and only what came from below the root is listed or brought back. The note is made first, with O_EXCL: it is what reserves the name.

Source: the Desktop Trash specification 1.0. Rejected: see docs/decisions/0026.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.free_names import free_names
from webipy.core.timestamps import rfc3339_of_ns
from webipy.io.files.atomic_write import write_all
from webipy.io.files.file_tree import FileTree, record_of
from webipy.io.files.moves import Moves
from webipy.io.files.os_failures import map_os_errors, taken
from webipy.io.files.root_folder import FOLDER, Place, found, name_of, parts_of, rename_to_free
from webipy.io.reactor import Run
from webipy.io.storage.durable import sync_folder
from webipy.server.ports.confinement import CONFINEMENT, binding, confined
from webipy.server.ports.files import FileRecord, Trashed

MAX_LOOKED_AT = 10_000
"""Notes of a trash that are read for a list."""

MAX_NOTE_BYTES = 16 * 1024
"""A path of 4,096 bytes, escaped, and a date."""

_NOTE = ".trashinfo"
_LONGEST = 200
"""Bytes of a name in the trash: there is room for a number and for the ending of its note."""

_ELSEWHERE = frozenset(
    {errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL, errno.ELOOP, errno.ENOSPC, errno.EDQUOT}
)
"""Errors of a trash that cannot be used for this, where another perhaps can."""


class _Bin(msgspec.Struct, frozen=True):
    """A trash that is open.

    Args:
        top: What paths in it are relative to; empty where they are absolute.
    """

    top: bytes
    files: int
    notes: int

    def path(self, note: bytes) -> bytes | None:
        """Where something came from, by its note; `None` for what is no note."""
        try:
            fd = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.notes)
        except OSError:
            return None  # it was emptied meanwhile, or is something else
        try:
            body = os.read(fd, MAX_NOTE_BYTES) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
        finally:
            os.close(fd)
        for line in body.split(b"\n"):
            if line.startswith(b"Path="):
                path = os.path.join(self.top, unquote_to_bytes(line[5:].strip()))
                return path if os.path.normpath(path) == path and os.path.isabs(path) else None
        return None

    def sync(self) -> None:
        """Makes changes of names in it survive a power cut."""
        sync_folder(self.files)
        sync_folder(self.notes)


class TrashBins(msgspec.Struct, eq=False):
    """The trash of what is below a root.

    Args:
        tree: Everything below the root.
        moves: Checks what may be deleted.
        home: The user's own trash; `None` for a user without a home.
    """

    tree: FileTree
    moves: Moves
    home: Path | None

    # ---- into the trash

    def put(self, path: str, recursive: bool) -> Trashed:
        """Moves a file, a link, or a folder into the trash.

        Args:
            path: Its path.
            recursive: Whether a folder may hold something.

        Raises:
            errors.NotFound, errors.FileFault: It cannot be moved there, with the reason `no_trash` where there is no trash for it.
        """
        with self.moves.to_delete(path) as (place, there):
            is_folder = stat.S_ISDIR(there.st_mode)
            _check_may(place)
            if is_folder and not recursive:
                _check_empty(place)
            fault: OSError | None = None
            for bin in self._bins(place.folder, is_made=True):
                try:
                    name = _take(bin, place, is_folder)
                except OSError as refused:
                    if refused.errno not in _ELSEWHERE:
                        raise
                    fault = refused
                    continue
                sync_folder(place.folder)
                where = os.fsdecode(os.path.join(name_of(bin.files), name.encode()))
                came = self._below(os.path.join(name_of(place.folder), place.name)) or path
                record = record_of(came, there, False)
                now = rfc3339_of_ns(os.stat(name + _NOTE, dir_fd=bin.notes).st_mtime_ns)
                return Trashed(name, came, record.kind, record.size, now, where)
        raise _no_trash(path, fault)

    # ---- out of it

    def restore(self, path: str, id: str, to: str | None) -> FileRecord:
        """Moves something back out of the trash, never over something.

        Args:
            path: The path that it was deleted from.
            id: Its name in the trash.
            to: Where it goes; `None` for where it was.

        Raises:
            errors.AlreadyExists: Something is there.
            errors.InvalidParams, errors.NotFound, errors.FileFault: It is not in the trash, or cannot be moved there.
        """
        target = path if to is None else to
        parts = self.tree.below(target, "path" if to is None else "to")
        with (
            self._trashed(path, id) as (bin, name),
            map_os_errors(target),
            self.tree.place(parts, target, is_followed=False) as place,
        ):
            try:
                rename_to_free(bin.files, name, place.folder, place.name)
            except FileExistsError:
                raise taken(target) from None
            os.unlink(name + _NOTE.encode(), dir_fd=bin.notes)
            bin.sync()
            sync_folder(place.folder)
        return self.tree.stat(target)

    def delete(self, path: str, id: str) -> None:
        """Deletes something in the trash for good.

        Args:
            path: The path that it was deleted from.
            id: Its name in the trash.

        Raises:
            errors.InvalidParams, errors.NotFound, errors.FileFault: It is not in the trash, or cannot be deleted.
        """
        with self._trashed(path, id) as (bin, name), map_os_errors(path):
            there = found(bin.files, name)
            if there is not None and stat.S_ISDIR(there.st_mode):
                shutil.rmtree(os.fsdecode(name), dir_fd=bin.files)
            else:
                os.unlink(name, dir_fd=bin.files)
            os.unlink(name + _NOTE.encode(), dir_fd=bin.notes)
            bin.sync()

    @contextmanager
    def _trashed(self, path: str, id: str) -> Iterator[tuple[_Bin, bytes]]:
        """The trash that something from `path` is in, and its name there."""
        self.tree.below(path)
        names = parts_of(id, "id")
        if len(names) != 1:
            raise errors.InvalidParams(
                f"{id[:200]!r} names nothing in the trash; it may have been restored or deleted for good.", field="id"
            )
        folder = self._nearest(path)
        try:
            for bin in self._bins(folder, is_made=False):
                came = bin.path(names[0] + _NOTE.encode())
                if came is not None and self._below(came) == path and found(bin.files, names[0]) is not None:
                    yield bin, names[0]
                    return
        finally:
            os.close(folder)
        raise errors.NotFound(f"The trash has no {id!r} from {path!r} (any more).", kind="file", id=path)

    def _nearest(self, path: str) -> int:
        """The folder of a path, or what there is still of it."""
        parts = parts_of(path)
        with confined(None):  # it only says which trash is looked into; a confined call may not reach the folder itself
            while parts:
                parts = parts[:-1]
                try:
                    return self.tree.root.open(parts, FOLDER)
                except OSError:
                    continue
            return self.tree.root.open([], FOLDER)

    # ---- looking

    def all(self, limit: int) -> list[Trashed]:
        """Lists what was deleted below the root, on its file system, and is still in the trash: the latest first, at most `limit`.

        A confined call gets what came from where it reaches, and is not told where it is now.
        """
        there: list[Trashed] = []
        by = CONFINEMENT.get()
        with confined(None), self.tree.root.opened([], FOLDER) as folder:
            for bin in self._bins(folder, is_made=False):
                with os.scandir(bin.notes) as notes:
                    names = [entry.name for _, entry in zip(range(MAX_LOOKED_AT), notes, strict=False)]
                found = (self._entry(bin, name) for name in names if name.endswith(_NOTE))
                there += [one for one in found if one is not None]
        if by is not None:
            there = [attrs.evolve(one, location="") for one in there if by.allows(one.path)]
        return sorted(there, key=lambda one: one.deleted, reverse=True)[:limit]

    def _entry(self, bin: _Bin, note: str) -> Trashed | None:
        name = os.fsencode(note.removesuffix(_NOTE))
        came, there = bin.path(os.fsencode(note)), found(bin.files, name)
        path = self._below(came) if came is not None else None
        if path is None or there is None:
            return None
        try:
            parts_of(name.decode())
            deleted = os.stat(note, dir_fd=bin.notes, follow_symlinks=False).st_mtime_ns
        except (UnicodeDecodeError, errors.Failure, FileNotFoundError):
            return None  # by a name that no path here can say, or emptied meanwhile
        record = record_of(path, there, False)
        where = os.fsdecode(os.path.join(name_of(bin.files), name))
        return Trashed(name.decode(), path, record.kind, record.size, rfc3339_of_ns(deleted), where)

    def _below(self, came: bytes) -> str | None:
        """A path of the system as one of the API; `None` for what is not below the root, or hidden there."""
        start = self.tree.root.real.rstrip(b"/") + b"/"
        if not came.startswith(start):
            return None
        try:
            path = came[len(start) :].decode()
            return path if parts_of(path) else None
        except (UnicodeDecodeError, errors.Failure):
            return None

    # ---- where it is

    def _bins(self, folder: int, *, is_made: bool) -> Iterator[_Bin]:
        """The trashes that what is in an open folder can go to; `is_made`: those that are missing are made."""
        device = os.fstat(folder).st_dev
        with ExitStack() as closing:
            home = _opened_home(self.home, is_made) if self.home is not None else None
            if home is not None:
                closing.callback(os.close, home)
                if os.fstat(home).st_dev == device:
                    bin = closing.enter_context(_bin(home, b"", is_made))
                    if bin is not None:
                        yield bin
            top = _top(folder)
            closing.callback(os.close, top)
            trash = _opened_top(top, is_made)
            if trash is not None:
                closing.callback(os.close, trash)
                bin = closing.enter_context(_bin(trash, name_of(top), is_made))
                if bin is not None:
                    yield bin


def home_trash() -> Path | None:
    """The trash of the user who runs this, which may not be there yet."""
    shared = os.environ.get("XDG_DATA_HOME", "")
    try:
        return (Path(shared) if os.path.isabs(shared) else Path.home() / ".local" / "share") / "Trash"
    except RuntimeError:
        return None  # a user of a system service may have no home


@attrs.define(eq=False)
class RootTrash:
    """See `webipy.server.ports.files.Trash`.

    Args:
        bins: The blocking part.
        run: Runs a function that blocks in a thread.
    """

    bins: TrashBins
    run: Run = attrs.field(converter=binding)

    def put(self, path: str, recursive: bool) -> Deferred[Trashed]:
        """Moves a file or folder into the trash.

        Args:
            path: Its path.
            recursive: Whether a folder may hold something.
        """
        return self.run(lambda: self.bins.put(path, recursive))

    def list(self, limit: int) -> Deferred[list[Trashed]]:
        """What is in it, the latest first."""
        return self.run(lambda: self.bins.all(limit))

    def restore(self, path: str, id: str, to: str | None) -> Deferred[FileRecord]:
        """Moves something back out of the trash.

        Args:
            path: The path that it was deleted from.
            id: Its name in the trash.
            to: Where it goes; `None` for where it was.
        """
        return self.run(lambda: self.bins.restore(path, id, to))

    def delete(self, path: str, id: str) -> Deferred[None]:
        """Deletes something in the trash for good.

        Args:
            path: The path that it was deleted from.
            id: Its name in the trash.
        """
        return self.run(lambda: self.bins.delete(path, id))


def _take(bin: _Bin, place: Place, is_folder: bool) -> str:
    """Moves something into a trash; returns its name there."""
    came = os.path.join(name_of(place.folder), place.name)
    path = os.path.relpath(came, bin.top) if bin.top else came
    now = datetime.now().astimezone().strftime("%Y-%m-%dT%H:%M:%S")
    note = b"[Trash Info]\nPath=%b\nDeletionDate=%b\n" % (quote_from_bytes(path).encode(), now.encode())
    for name in free_names(place.name[:_LONGEST].decode("utf-8", "ignore"), is_folder):
        try:
            _write_note(bin, name, note)
        except FileExistsError:
            continue
        try:
            rename_to_free(place.folder, place.name, bin.files, name.encode())
        except FileExistsError:  # without a note, by a program that makes none
            os.unlink(name + _NOTE, dir_fd=bin.notes)
            continue
        except BaseException:
            os.unlink(name + _NOTE, dir_fd=bin.notes)
            raise
        bin.sync()
        return name
    raise OSError(errno.EXDEV, "the trash has too many of this name")


def _write_note(bin: _Bin, name: str, note: bytes) -> None:
    writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name + _NOTE, writing, 0o600, dir_fd=bin.notes)
    try:
        write_all(fd, note)
        os.fsync(fd)
    except BaseException:
        os.unlink(name + _NOTE, dir_fd=bin.notes)
        raise
    finally:
        os.close(fd)


def _check_may(place: Place) -> None:
    """Refuses what could not be deleted either, before a trash is blamed for it."""
    if not os.access(f"/proc/self/fd/{place.folder}", os.W_OK | os.X_OK):
        is_read_only = os.fstatvfs(place.folder).f_flag & os.ST_RDONLY
        number = errno.EROFS if is_read_only else errno.EACCES
        raise OSError(number, os.strerror(number))


def _check_empty(place: Place) -> None:
    fd = os.open(place.name, FOLDER | os.O_NOFOLLOW, dir_fd=place.folder)
    try:
        if os.listdir(fd):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
    finally:
        os.close(fd)


def _no_trash(path: str, fault: OSError | None) -> errors.FileFault:
    number = fault.errno if fault is not None else None
    why = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the quota of this disk is used up",
        errno.EINVAL: "it holds the trash itself",
    }.get(number or 0, "this server may use none on its disk")
    return errors.FileFault(
        f"{path!r} cannot be put into the trash: {why}. It is as it was; `permanent` deletes it for good.",
        reason="no_trash",
        path=path,
    )


# ---- opening trashes -----------------------------------------------------------------------------------------------


def _opened_home(home: Path, is_made: bool) -> int | None:
    try:
        if is_made:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(home, FOLDER)
    except OSError:
        return None  # there is none, or none that may be used: reported when no other is found


def _top(folder: int) -> int:
    """The highest folder on the file system of an open one."""
    device = os.fstat(folder).st_dev
    top = os.open(b".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    while True:
        above = os.open(b"..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=top)
        there = os.fstat(above)
        if there.st_dev != device or os.path.samestat(there, os.fstat(top)):
            os.close(above)
            return top
        os.close(top)
        top = above


def _opened_top(top: int, is_made: bool) -> int | None:
    """The trash of this user at the top of a file system: in the one that all share, if there is such, else an own one."""
    shared = _folder_in(top, b".Trash", is_made=False)
    if shared is not None:
        try:
            if os.fstat(shared).st_mode & stat.S_ISVTX:  # else others could put a link in the place of ours
                own = _folder_in(shared, b"%d" % os.getuid(), is_made)
                if own is not None:
                    return own
        finally:
            os.close(shared)
    return _folder_in(top, b".Trash-%d" % os.getuid(), is_made)


def _folder_in(folder: int, name: bytes, is_made: bool) -> int | None:
    """A folder that is no link, made if it is missing; `None` where there is none."""
    try:
        if is_made and found(folder, name) is None:
            os.mkdir(name, 0o700, dir_fd=folder)
        return os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return None  # it may not be made, is a link or a file: then it is no trash


@contextmanager
def _bin(trash: int, top: bytes, is_made: bool) -> Iterator[_Bin | None]:
    """A trash by its folder; `None` where it is not whole, or belongs to somebody else."""
    is_ours = os.fstat(trash).st_uid == os.getuid()
    files = _folder_in(trash, b"files", is_made) if is_ours else None
    notes = _folder_in(trash, b"info", is_made) if files is not None else None
    try:
        yield _Bin(top, files, notes) if files is not None and notes is not None else None
    finally:
        for fd in (files, notes):
            if fd is not None:
                os.close(fd)
