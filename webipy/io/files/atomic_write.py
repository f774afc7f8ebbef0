"""Files that appear whole: how the server writes every file below its root. Everything here blocks.

A `Draft` is a file under a hidden name, `.NAME.webipy-XXXXXXXX`, in the folder where it is to appear::

    begin ──► write … ──► dress (mode, owner, ACL of the file it replaces) ──► fsync ──► put ──► fsync of the folder

`put` takes the place of the old file in one step of the file system, so that at any time, and after any crash, the
name stands for the old file or for the new one, whole.

No change is overwritten unseen: who writes names the file that they mean (its etag). The draft and the file exchange
their names (RENAME_EXCHANGE), and only then is it looked at what came out: if that is not the file that was meant,
another program has written in between, the names are exchanged back, and the write fails with `Conflict`. To look
first and rename then would leave a gap between the two. A program that comes a second time, between the exchange and
its undoing, is found in the same way: names are exchanged until what comes out is what was put in. Where the file
system has no RENAME_EXCHANGE (some network ones) it is looked first, and the gap stays.

Servers that share a folder (one for each person of a hub, two on one root) take turns: who puts a draft in place holds the folder's lock
(flock(2) of the folder itself: no file is made). Without it, a server could read what another one puts there and takes back in the next
instant, write on top of that, and so undo a third one's change. A folder that some program keeps locked, or a file system without such
locks, is written without a turn, and the exchange finds what it can.

What cannot be replaced (a mount point) or has no room for a draft beside it (a folder without write right) is written in place
by webipy.io.files.in_place, and `Draft.is_in_place` says so.

An etag has inode, size, and the times of change of content and inode in ns: the second is new also when a program puts the first back. The
system's clock stands still for a tick (4 ms; less since Linux 6.13): so that a program that writes into our file within that tick, to the same size,
is seen, our file gets a time that the clock does not show (`inplace.set_apart`). Two writes of other programs within one tick, with our look between
them, cannot be distinguished; nor is a program seen that goes on writing into the old file after it was replaced. A file with several hard links is
replaced under this name only.

Drafts that a crash left behind are removed when something is next written to their folder and they are an hour old
(parts of uploads: a day).

Rejected: writing in place where there is another way (a reader sees half a file); a lock instead of the exchange (other programs do not look at
it); a lock file (a crash leaves it behind); O_TMPFILE (cannot take the place of a file that exists).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import msgspec

from webipy.core import errors
from webipy.core.session.file_state import is_same_file
from webipy.io.files.in_place import NOT_BESIDE, NOT_REPLACED, Changed, InPlace, set_apart
from webipy.io.files.root_folder import MAX_NAME_BYTES, exchange, found, rename_to_free
from webipy.io.storage.durable import sync_folder

MISSING = "missing"
"""For `if_match`: the file must not exist."""

DRAFT_SECONDS = 3600.0
UPLOAD_SECONDS = 86_400.0
SWEEPS_KEPT = 1000
"""Folders of which is remembered when they were last looked through for drafts."""

UNDO_TRIES = 100
"""How often names are exchanged before the write fails because another program writes all the time."""

TURN_SECONDS = 2.0
"""How long a folder's lock is waited for: other servers hold it for some microseconds, and a stopped one until it goes on."""

_TURN_POLL_SECONDS = 0.001
_DRAFT = re.compile(rb"\..*\.webipy-(?:[0-9a-f]{8}|(part)-[0-9a-f]{16})", re.DOTALL)
_COMMIT = threading.Lock()
"""Held while names change, so that two writers of this server take turns where folders have no locks, too."""


def etag_of(found: os.stat_result) -> str:
    """What changes whenever the content may have changed."""
    return f"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}-{found.st_ctime_ns:x}"


def names_content(etag: str, found: os.stat_result) -> bool:
    """Whether an etag is that of this content, whatever names and mode the file had then.

    Args:
        etag: An etag, as `etag_of` makes them.
        found: The file now.
    """
    return is_same_file(etag, etag_of(found))


def _content_of(found: os.stat_result) -> tuple[int, int, int]:
    """What stays when a file gets another name."""
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def _turn(folder: int) -> Iterator[None]:
    """Holds an open folder's lock, if it can be had, so that servers that share the folder take turns."""
    end = time.monotonic() + TURN_SECONDS
    is_held = False
    while not is_held:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_held = True
        except BlockingIOError:
            if time.monotonic() >= end:
                break
            time.sleep(_TURN_POLL_SECONDS)
        except OSError:
            break  # a file system without locks of folders (NFS)
    try:
        with _COMMIT:
            yield
    finally:
        if is_held:
            fcntl.flock(folder, fcntl.LOCK_UN)


def draft_name(name: bytes, ending: str | None = None) -> bytes:
    """Makes a hidden name that nobody has.

    Args:
        name: The name of the file that it stands beside.
        ending: What the hidden name ends with; random when not given.
    """
    tail = f".webipy-{ending or secrets.token_hex(4)}".encode()
    return b"." + name[: MAX_NAME_BYTES - 1 - len(tail)] + tail


def write_all(fd: int, body: bytes | memoryview) -> None:
    """Writes all of `body`.

    Args:
        fd: A file, open for writing.
        body: The bytes.
    """
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(fd, rest) :]


class Draft(msgspec.Struct, eq=False):
    """A file that is not there yet. Made by `begin`; ended by `put` or `discard`.

    Args:
        folder: Open folder where it is to appear; stays the caller's.
        name: Name that it is to have.
        temporary: Name that it has.
        fd: The file.
        is_kept: Whether `close` leaves it where it is, to be gone on with.
        in_place: Writes what cannot be replaced, if anything may.
        apart: Where it is, when not in the folder.
        is_in_place: Whether the file was written in place.
    """

    folder: int
    name: bytes
    temporary: bytes
    fd: int
    is_kept: bool = False
    in_place: InPlace | None = None
    apart: Path | None = None
    is_in_place: bool = False

    @classmethod
    def begin(cls, folder: int, name: bytes, old: os.stat_result | None, in_place: InPlace | None = None) -> Draft:
        """Makes an empty draft, with the mode, owner and ACL of the file that it is to replace.

        Args:
            folder: The open folder where it is to appear.
            name: The name that it is to have.
            old: The file that it is to replace; `None` for a new one.
            in_place: Writes what cannot be replaced; `None` where nothing may.

        Raises:
            OSError: It cannot be made.
        """
        temporary = draft_name(name)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(temporary, flags, 0o666 if old is None else 0o600, dir_fd=folder)
        except OSError as fault:
            if old is None or in_place is None or fault.errno not in NOT_BESIDE:
                raise
            fd, apart = in_place.begin()
            return cls(folder, name, b"", fd, in_place=in_place, apart=apart)
        draft = cls(folder, name, temporary, fd, in_place=in_place)
        if old is not None:
            try:
                draft._dress(old)
            except OSError:
                draft.discard()
                raise
        return draft

    def dress_as_old(self) -> None:
        """Copies the mode, owner and ACL of the file that it is to replace, if there is one now."""
        old = found(self.folder, self.name)
        if old is not None:
            self._dress(old)

    def _dress(self, old: os.stat_result) -> None:
        mine = os.fstat(self.fd)
        mode = stat.S_IMODE(old.st_mode)
        if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
            try:
                os.fchown(self.fd, old.st_uid, old.st_gid)
            except PermissionError:
                mode &= ~(stat.S_ISUID | stat.S_ISGID)  # those rights were the other owner's
        os.fchmod(self.fd, mode)
        with contextlib.suppress(OSError):  # only what the file system has and lets this user set
            self._copy_attributes()

    def _copy_attributes(self) -> None:
        fd = os.open(self.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.folder)
        try:
            for attribute in os.listxattr(fd):
                if attribute.startswith("user.") or attribute == "system.posix_acl_access":
                    os.setxattr(self.fd, attribute, os.getxattr(fd, attribute))
        finally:
            os.close(fd)

    def put(self, if_match: str | None) -> os.stat_result:
        """Takes the place of the old file.

        Args:
            if_match: The etag that the old one must have, `MISSING` for none, or `None` for whatever is there.

        Raises:
            errors.Conflict: It is another one; nothing has changed.
            OSError: It cannot be done; nothing has changed. The draft is gone in both cases.
        """
        try:
            set_apart(self.fd)
            os.fsync(self.fd)
            mine = os.fstat(self.fd)
            with _turn(self.folder):
                there = self._put_anyhow(if_match, mine)
        except BaseException:
            self.discard()
            raise
        if self.is_in_place:
            self.discard()
            return there
        os.close(self.fd)
        self.fd = -1
        sync_folder(self.folder)
        return there

    def _put_anyhow(self, if_match: str | None, mine: os.stat_result) -> os.stat_result:
        """In place of the old file, or into it where that cannot be; returns what is there then."""
        if self.apart is None:
            try:
                self._put(if_match, mine)
                there = os.fstat(self.fd)
                return there if _content_of(there) == _content_of(mine) else mine
            except OSError as fault:
                if self.in_place is None or fault.errno not in NOT_REPLACED:
                    raise
        assert self.in_place is not None
        old = found(self.folder, self.name)
        if old is None or (if_match is not None and etag_of(old) != if_match):
            raise conflict(self.name, old)
        try:
            there = self.in_place.write(self.folder, self.name, self.fd, old)
        except Changed as fault:
            raise conflict(self.name, fault.there) from None
        self.is_in_place = True
        return there

    def _put(self, if_match: str | None, mine: os.stat_result) -> None:
        folder, name, temporary = self.folder, self.name, self.temporary
        if if_match == MISSING:
            try:
                rename_to_free(folder, temporary, folder, name)
            except FileExistsError:
                raise conflict(name, found(folder, name)) from None
            return
        old = found(folder, name)
        if if_match is not None and (old is None or etag_of(old) != if_match):
            raise conflict(name, old)
        if old is None or if_match is None or not self._exchange():
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            return
        out = found(folder, temporary)
        assert out is not None
        if _content_of(out) != _content_of(old):
            self._undo(mine, out)
            raise conflict(name, found(folder, name))
        os.unlink(temporary, dir_fd=folder)

    def _exchange(self) -> bool:
        try:
            return exchange(self.folder, self.temporary, self.name)
        except FileNotFoundError:
            raise conflict(self.name, None) from None

    def _undo(self, mine: os.stat_result, out: os.stat_result) -> None:
        """Puts back what came out, until what comes out is what was put in."""
        put_in = mine
        for _ in range(UNDO_TRIES):
            try:
                exchange(self.folder, self.temporary, self.name)
            except FileNotFoundError:
                return  # who wrote in between has deleted the file since
            came = found(self.folder, self.temporary)
            assert came is not None
            if (came.st_dev, came.st_ino) == (put_in.st_dev, put_in.st_ino):
                return
            put_in, out = out, came
        raise OSError(errno.EBUSY, "another program writes this file all the time")

    def close(self) -> None:
        """Discards the draft unless it was put in place; a kept one stays in its folder."""
        if self.fd >= 0 and self.is_kept:
            os.close(self.fd)
            self.fd = -1
        elif self.fd >= 0:
            self.discard()

    def discard(self) -> None:
        """Removes the draft; the old file is as it was."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        with contextlib.suppress(FileNotFoundError):
            if self.apart is not None:
                self.apart.unlink()
            else:
                os.unlink(self.temporary, dir_fd=self.folder)


def conflict(name: bytes, there: os.stat_result | None) -> errors.Conflict:
    """Makes the failure of a write that meant another file.

    Args:
        name: The file's name, fsencoded.
        there: The file that is there; `None` when there is none.
    """
    quoted = name.decode("utf-8", "replace")
    if there is None:
        return errors.Conflict(f"{quoted!r} is not there any more: it was deleted or moved meanwhile.", etag=None)
    return errors.Conflict(
        f"{quoted!r} is not the file that was meant: it was written meanwhile. Read it again, then decide.",
        etag=etag_of(there),
    )


@attrs.define(eq=False)
class Sweeper:
    """Removes drafts that a crash left, folder by folder.

    Args:
        seconds: The wall clock, as the file system's.
        busy: Names of drafts that are at work however old they look: folders that are being copied.
    """

    seconds: Callable[[], float] = time.time
    busy: set[bytes] = attrs.field(factory=set)
    _swept: dict[tuple[int, int], float] = attrs.field(factory=dict)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def sweep(self, folder: int) -> None:
        """Removes old drafts from an open folder, unless that was done within the last hour."""
        there = os.fstat(folder)
        key, now = (there.st_dev, there.st_ino), self.seconds()
        with self._lock:
            last = self._swept.pop(key, float("-inf"))
            is_due = now - last >= DRAFT_SECONDS
            self._swept[key] = now if is_due else last
            while len(self._swept) > SWEEPS_KEPT:
                del self._swept[next(iter(self._swept))]
        if not is_due:
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                drafted = _DRAFT.fullmatch(os.fsencode(entry.name))
                if drafted is not None and drafted.group() not in self.busy:
                    limit = UPLOAD_SECONDS if drafted.group(1) else DRAFT_SECONDS
                    self._remove_old(folder, entry, now - limit)

    @staticmethod
    def _remove_old(folder: int, entry: os.DirEntry[str], before: float) -> None:
        with contextlib.suppress(OSError):  # somebody else's, or gone by itself: it stays what it is, hidden
            if entry.stat(follow_symlinks=False).st_mtime >= before:
                return
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.name, dir_fd=folder)
            else:
                os.unlink(entry.name, dir_fd=folder)
