"""The blobs of one journal on the disk: values of outputs that are too large for an event. Everything here blocks.

    STATE/journals/<session>.blobs/<sha256>        one blob, whole; 0600
    STATE/journals/<session>.blobs/<sha256>.part   one that has not come to its end yet

Parts are written in order, each at its offset, before the transaction of the events that came with them: a server that is killed in
between gets them again and writes the same bytes to the same places. When the last one is there the file gets its name,
so what has the name of a blob is whole. `sync` waits until what was written is on the disk; the journal does that before it reports that
the events are durable.

A blob lives as long as an event refers to it; `keep_only` removes the others. Those that came and whose event is still to come
(`_fresh`) stay.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

import attrs

from webipy.core import errors
from webipy.core.kernel import blobs
from webipy.core.kernel.blobs import Part
from webipy.io.storage.private_files import sync_names

CHECK_BYTES = 1024 * 1024
"""Read at once when a blob is checked."""

_PART = ".part"


@attrs.define(eq=False)
class BlobStore:
    """The blobs of one journal. One thread may write while another one reads and a third one syncs.

    Args:
        folder: Where they are; made with the first of them.
    """

    folder: Path
    _fresh: set[str] = attrs.field(factory=set)
    _unsynced: set[str] = attrs.field(factory=set)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def open(self) -> None:
        """Counts what is there as new: it may have come just before the last server died."""
        self._fresh = {name.removesuffix(_PART) for name in self._names()}
        self._unsynced = set(self._fresh)

    def write(self, parts: Iterable[Part]) -> None:
        """Writes parts to their places.

        Raises:
            OSError: The disk is full or failing; the same parts may be written again.
        """
        for part in parts:
            self._fresh.add(part.blob)
            if not self.path(part.blob).exists():
                self._write(part)

    def _write(self, part: Part) -> None:
        self._make_folder()
        incomplete = self.folder / (part.blob + _PART)
        fd = os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if part.offset > os.fstat(fd).st_size:
                return  # the one before is missing: what is incomplete never gets its name
            view, at = memoryview(part.data), part.offset
            while view:
                written = os.pwrite(fd, view, at)
                view, at = view[written:], at + written
        finally:
            os.close(fd)
        if at == part.size:
            incomplete.rename(self.path(part.blob))
        with self._lock:
            self._unsynced.add(part.blob)

    def _make_folder(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)

    def take(self, name: str, source: str) -> None:
        """Makes a blob that lies elsewhere one of these, too: the same file, where the file system can do that.

        Args:
            name: The blob: the SHA-256 of its bytes, hex.
            source: The path of its file in another journal's folder; nothing happens when it is not there.

        Raises:
            OSError: The disk is full or failing.
        """
        self._fresh.add(name)
        self._make_folder()
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            try:
                os.link(source, self.path(name))
            except OSError as fault:
                if fault.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
                    raise
                incomplete = self.folder / (name + _PART)
                shutil.copyfile(source, incomplete)
                incomplete.chmod(0o600)
                incomplete.rename(self.path(name))
        with self._lock:
            self._unsynced.add(name)

    def refer(self, names: Iterable[str]) -> None:
        """Records that events in the journal refer to these blobs."""
        self._fresh.difference_update(names)

    def sync(self) -> None:
        """Syncs what was written, and its names, to the disk.

        Raises:
            OSError: The disk is failing; what is durable is not known.
        """
        with self._lock:
            names, self._unsynced = self._unsynced, set()
        if not names:
            return
        for name in names:
            for path in (self.path(name), self.folder / (name + _PART)):
                with contextlib.suppress(FileNotFoundError):
                    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                    try:
                        os.fsync(fd)
                    finally:
                        os.close(fd)
        with contextlib.suppress(FileNotFoundError):
            sync_names(self.folder)
            sync_names(self.folder.parent)

    # ---- reading

    def path(self, name: str) -> Path:
        """The path of a blob, whether it is there or not."""
        assert blobs.is_name(name)
        return self.folder / name

    def size(self, name: str) -> int:
        """The number of its bytes.

        Raises:
            errors.NotFound: It is not there, or not whole.
        """
        try:
            return self.path(name).stat().st_size
        except FileNotFoundError:
            raise _missing(name) from None

    def read(self, name: str, offset: int, limit: int) -> bytes:
        """Reads some bytes of a blob.

        Args:
            name: The blob.
            offset: The first byte, from 0.
            limit: How many bytes at most; fewer come at the end.

        Raises:
            errors.NotFound: It is not there, or not whole.
        """
        try:
            with open(self.path(name), "rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            raise _missing(name) from None

    def fault_of(self, name: str, size: int) -> str | None:
        """Checks a blob by reading all of it.

        Args:
            name: The blob.
            size: How many bytes it must have.

        Returns:
            What is wrong with it, as the rest of a sentence; `None` when it is whole.
        """
        digest = hashlib.sha256()
        try:
            with open(self.path(name), "rb") as file:
                while piece := file.read(CHECK_BYTES):
                    digest.update(piece)
                found = file.tell()
        except OSError:
            return "is missing"
        return None if (digest.hexdigest(), found) == (name, size) else "is changed"

    # ---- keeping and removing

    def size_bytes(self) -> int:
        """Bytes that all of them take on the disk."""
        total = 0
        for name in self._names():
            with contextlib.suppress(FileNotFoundError):
                total += (self.folder / name).stat().st_size
        return total

    @property
    def is_empty(self) -> bool:
        """Whether there are none."""
        return not self._names()

    def keep_only(self, wanted: set[str], *, is_over: bool = False) -> None:
        """Removes what no event refers to.

        Args:
            wanted: What events refer to.
            is_over: Whether nothing more comes, so that what has no event yet will have none.
        """
        if is_over:
            self._fresh.clear()
        for name in self._names():
            if name.removesuffix(_PART) not in wanted | self._fresh:
                (self.folder / name).unlink(missing_ok=True)

    def _names(self) -> list[str]:
        try:
            return [name for name in os.listdir(self.folder) if blobs.is_name(name.removesuffix(_PART))]
        except FileNotFoundError:
            return []


def _missing(name: str) -> errors.NotFound:
    return errors.NotFound("This part of an output is not on the disk (any more).", kind="blob", id=name)


def blobs_of(journal: Path) -> BlobStore:
    """The blobs of a journal, by its file."""
    return BlobStore(journal.with_suffix(".blobs"))
