"""Files that cannot be replaced are written in place: what is a mount point, or lies in a folder without write right. Everything here blocks.

While such a file is written, a reader may see half of it: the file system allows nothing else. So that a crash in the middle
can be mended, the old content and the new one are first written, complete, to a record in the server's own folder::

    record (old, new) ──► fsync ──► the file is still the one that was meant ──► write in place ──► fsync ──► record removed

    STATE/inplace/XXXXXXXX.record:  "webipy in place 1\\n", one line of JSON (`_Head`), the old bytes, the new bytes

`mend`, when a server starts, finishes what is in a record, where the file is some of the old one and some of the new one: block by block,
as a crash leaves it. A file that is one of the two stays it; one that holds anything else was written by another program since: it stays,
too, and the record is kept as `.left`, with what was to be written. A write that fails (a full disk) puts the old content back.

Rejected: to write the new content only (a torn file would look like another program's); to truncate first (a reader would see an empty
file); to refuse (nothing else can be done for such a file, and Jupyter does it without a record).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import attrs
import msgspec
from twisted.logger import Logger

from webipy.io.files.root_folder import name_of

NOT_REPLACED = (errno.EBUSY, errno.EXDEV)
"""Errors of a rename over a mount point."""

NOT_BESIDE = (errno.EACCES, errno.EPERM, errno.EROFS)
"""Errors of a new file in a folder without write right."""

PIECE_BYTES = 1 << 20
_BLOCK = 4096
_MAGIC = b"webipy in place 1\n"


class _Head(msgspec.Struct):
    """Whose record it is: the absolute path of the file (fsencoded, as Latin-1), its inode, and how many bytes follow."""

    path: str
    inode: int
    old_bytes: int
    new_bytes: int


@attrs.define(eq=False)
class Changed(Exception):
    """The file is not the one that was meant; nothing was written."""

    there: os.stat_result | None


class InPlace(msgspec.Struct, eq=False):
    """Writes files in place.

    Args:
        folder: The server's own, for records and what is to be written.
    """

    folder: Path
    _log = Logger()

    def begin(self) -> tuple[int, Path]:
        """Makes a file of the server's own for the new content.

        Returns:
            Its descriptor and its path.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{secrets.token_hex(8)}.new"
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), path

    def write(self, folder: int, name: bytes, new: int, meant: os.stat_result) -> os.stat_result:
        """Writes the content of an open file into a file of an open folder.

        Args:
            folder: The folder.
            name: The file's name.
            new: The descriptor of the new content.
            meant: The file as it must be; any other is left alone.

        Returns:
            The file as it is then.

        Raises:
            Changed: It is another one.
            OSError: It cannot be done; the file is as it was.
        """
        try:
            fd = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            raise Changed(None) from None
        try:
            return self._write(fd, os.path.join(name_of(folder), name), new, meant)
        finally:
            os.close(fd)

    def _write(self, fd: int, path: bytes, new: int, meant: os.stat_result) -> os.stat_result:
        _check(fd, meant)
        sizes = os.fstat(fd).st_size, os.fstat(new).st_size
        record = self._recorded(_Head(path.decode("latin-1"), os.fstat(fd).st_ino, *sizes), fd, new)
        try:
            _check(fd, meant)
            _grow(fd, *sizes)
        except (OSError, Changed):
            record.unlink()
            raise
        try:
            _copy(new, 0, fd, sizes[1])
        except OSError:
            with record.open("rb") as kept:
                _copy(kept.fileno(), kept.seek(0, os.SEEK_END) - sum(sizes), fd, sizes[0])
            record.unlink()
            raise
        there = os.fstat(fd)
        record.unlink()
        return there

    def _recorded(self, head: _Head, old: int, new: int) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{secrets.token_hex(8)}.record"
        draft = path.with_suffix(".draft")
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            for piece in (
                _MAGIC + msgspec.json.encode(head) + b"\n",
                *_pieces(old, 0, head.old_bytes),
                *_pieces(new, 0, head.new_bytes),
            ):
                _write_all(fd, piece)
            os.fsync(fd)
            os.rename(draft, path)
        except OSError:
            draft.unlink()
            raise
        finally:
            os.close(fd)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return path

    # ---- after a crash

    def mend(self) -> None:
        """Finishes the writes that an earlier server had begun; never fails for one file."""
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            if path.suffix in (".new", ".draft"):
                path.unlink()
            elif path.suffix == ".record":
                try:
                    self._mend(path)
                except (OSError, ValueError, msgspec.DecodeError) as fault:
                    self._log.warn("{record} could not be looked at: {fault}", record=str(path), fault=str(fault))

    def _mend(self, record: Path) -> None:
        with record.open("rb") as kept:
            if kept.readline() != _MAGIC:
                raise ValueError("it is no record of a write in place")
            head = msgspec.json.decode(kept.readline(), type=_Head)
            path = head.path.encode("latin-1")
            fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                state = _found(fd, kept.fileno(), kept.tell(), head)
                if state == "torn":
                    _copy(kept.fileno(), kept.tell() + head.old_bytes, fd, head.new_bytes)
            finally:
                os.close(fd)
        target = os.fsdecode(path)
        if state == "torn":
            self._log.warn("{path} was being written in place when the server ended: it is whole now", path=target)
        if state != "other":
            record.unlink()
        else:
            left = record.rename(record.with_suffix(".left"))
            self._log.warn(
                "{path} was written by another program; what was to be written is in {left}",
                path=target,
                left=str(left),
            )


def _found(fd: int, record: int, start: int, head: _Head) -> Literal["whole", "torn", "other"]:
    """Whether a file is the old one or the new one, some blocks of each, or what another program wrote."""
    there = os.fstat(fd)
    if not stat.S_ISREG(there.st_mode) or there.st_size > max(head.old_bytes, head.new_bytes):
        return "other"
    is_old, is_new = there.st_size == head.old_bytes, there.st_size == head.new_bytes
    for at in range(0, there.st_size, _BLOCK):
        block = os.pread(fd, _BLOCK, at)
        old = os.pread(record, max(0, min(_BLOCK, head.old_bytes - at)), start + at)
        new = os.pread(record, max(0, min(_BLOCK, head.new_bytes - at)), start + head.old_bytes + at)
        is_old, is_new = is_old and block == old, is_new and block == new
        if not _fits(block, old) and not _fits(block, new):
            return "other"
    return "whole" if is_old or is_new else "torn"


def _fits(block: bytes, side: bytes) -> bool:
    """Whether a block of the file is one of a side: to its end, and with zeros behind it where the file had grown."""
    return block == side[: len(block)] if len(block) <= len(side) else block == side + bytes(len(block) - len(side))


def _check(fd: int, meant: os.stat_result) -> None:
    there = os.fstat(fd)
    if not stat.S_ISREG(there.st_mode) or _state(there) != _state(meant):
        raise Changed(there)


def _state(there: os.stat_result) -> tuple[int, int, int, int]:
    return there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns


def _grow(fd: int, old_bytes: int, new_bytes: int) -> None:
    """Gives a file the room that it needs, or leaves it as it is."""
    if new_bytes <= old_bytes:
        return
    try:
        os.posix_fallocate(fd, old_bytes, new_bytes - old_bytes)
    except OSError as fault:
        os.ftruncate(fd, old_bytes)
        if fault.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise


def set_apart(fd: int) -> None:
    """Sets the time of a file that was just written to one that no program gives it by writing: within the millisecond before, at random."""
    there = os.fstat(fd)
    with contextlib.suppress(OSError):  # another owner's file, or a file system without times: then it has the clock's
        os.utime(fd, ns=(there.st_atime_ns, there.st_mtime_ns - 1 - secrets.randbelow(999_999)))


def _copy(source: int, start: int, target: int, size: int) -> None:
    """Makes a file what `size` bytes of another one are, and waits until it is on the disk."""
    at = 0
    for piece in _pieces(source, start, size):
        rest = memoryview(piece)
        while rest:
            done = os.pwrite(target, rest, at)
            rest, at = rest[done:], at + done
    os.ftruncate(target, size)
    set_apart(target)
    os.fsync(target)


def _pieces(fd: int, start: int, size: int) -> Iterator[bytes]:
    end = start + size
    while start < end and (piece := os.pread(fd, min(PIECE_BYTES, end - start), start)):
        yield piece
        start += len(piece)


def _write_all(fd: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(fd, rest) :]
