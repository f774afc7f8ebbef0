"""Files below the root: listed, looked at, read, written, made. Everything here blocks.

Every function takes paths of the API, finds them by webipy.io.files.root_folder, and reports what goes wrong as one of
webipy.core.errors, in the user's words: webipy.io.files.os_failures. How files are written:
webipy.io.files.atomic_write; how they are moved, copied and deleted: webipy.io.files.moves.

Listing a folder of 100,000 names: one pass for the names and their types, sorted in pieces (a sort in one piece would
keep the interpreter, and the reactor with it, for a tenth of a second), kept until the folder changes; only the
entries of the page that is asked for are looked at more closely. A name that is no UTF-8 is listed with U+FFFD in it,
as `other`: no path can name it.
"""

from __future__ import annotations

import codecs
import errno
import heapq
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api.file_calls import FileKind
from webipy.core.ipynb.blob_folding import Folded, fold, value_of
from webipy.core.timestamps import rfc3339_of_ns
from webipy.io.files.atomic_write import MISSING, Draft, Sweeper, conflict, etag_of, write_all
from webipy.io.files.in_place import InPlace
from webipy.io.files.os_failures import map_os_errors, not_a_file, taken
from webipy.io.files.root_folder import FOLDER, Outside, Place, RootFolder, found, name_of, no_such, parts_of
from webipy.io.storage.durable import sync_folder
from webipy.server.ports.files import BlobFile, Body, FileRecord, Placing

MAX_READ_BYTES = 512 * 1024 * 1024
"""Of a file that is read in one piece; larger ones are read in parts, or by GET."""

PIECE_BYTES = 1024 * 1024
SORTED_AT_ONCE = 2048
"""Names that are sorted in one piece: 1 ms."""

KEPT_FROM = 1000
"""Names of a folder from which on its order is kept for the next page."""

READ_TRIES = 5

_DIGITS = re.compile("[0-9]+")


def record_of(path: str, there: os.stat_result, is_writable: bool) -> FileRecord:
    """Describes a file or folder.

    Args:
        path: Its path of the API.
        there: What stat(2) returns for it.
        is_writable: Whether the server may write it.
    """
    kind: FileKind = "other"
    if stat.S_ISDIR(there.st_mode):
        kind = "folder"
    elif stat.S_ISREG(there.st_mode):
        kind = "notebook" if path.lower().endswith(".ipynb") else "file"
    size = there.st_size if stat.S_ISREG(there.st_mode) else 0
    return FileRecord(path, kind, size, rfc3339_of_ns(there.st_mtime_ns), etag_of(there), is_writable)


def natural_key(name: str, is_folder: bool) -> str:
    """The key that a listing is sorted by: folders first, then without regard to case, numbers by their value, `a.py` before `a 2.py`.

    Args:
        name: The name of an entry.
        is_folder: Whether it is a folder.

    Returns:
        The key; it ends with NUL and the name.
    """
    if is_folder:
        return f"0{_DIGITS.sub(_by_value, name.casefold())}\0{name}"
    stem, dot, ending = name.casefold().rpartition(".")
    folded = f"{stem}\1{ending}" if dot else ending
    return f"1{_DIGITS.sub(_by_value, folded)}\0{name}"


def _by_value(digits: re.Match[str]) -> str:
    """A number as text that sorts by its value: how many digits it has comes first."""
    value = digits[0].lstrip("0") or "0"
    return f"{min(len(value), 9)}{value}"


class _Order(msgspec.Struct, frozen=True):
    """The names of a folder in order, and of which state of it."""

    state: tuple[int, int, int, int]
    keys: list[str]


@attrs.define(eq=False)
class FileTree:
    """Everything below the root.

    Args:
        root: The root.
        in_place: Writes files that cannot be replaced; `None`: they are not written.
    """

    root: RootFolder
    in_place: InPlace | None = None
    sweeper: Sweeper = attrs.field(factory=Sweeper)
    _order: _Order | None = None

    # ---- looking

    def entries(self, path: str, offset: int, limit: int) -> tuple[list[FileRecord], int]:
        """Lists a part of a folder.

        Args:
            path: The folder.
            offset: The number of the first entry, from 0.
            limit: How many entries at most.

        Returns:
            The entries, and how many the folder has.

        Raises:
            errors.NotFound, errors.FileFault: It cannot be listed.
        """
        parts = parts_of(path)
        with map_os_errors(path), self._folder(parts, path) as folder:
            keys = self._sorted(folder, parts)
            names = (key.rpartition("\0")[2] for key in keys[offset : offset + limit])
            entries = [self._entry(folder, parts, path, name) for name in names]
        return [entry for entry in entries if entry is not None], len(keys)

    def resolved(self, path: str) -> str:
        """The path that a path leads to, links followed.

        Raises:
            errors.NotFound, errors.FileFault: There is nothing, or nothing that can be named.
        """
        with map_os_errors(path), self.root.opened(parts_of(path), os.O_PATH) as fd:
            real = name_of(fd)[len(name_of(self.root.fd).rstrip(b"/")) :].lstrip(b"/")
        try:
            return real.decode()
        except UnicodeDecodeError:
            raise no_such(path) from None

    @contextmanager
    def _folder(self, parts: list[bytes], path: str) -> Iterator[int]:
        try:
            opened = self.root.open(parts, FOLDER)
        except NotADirectoryError:
            self.stat(path)  # a part before the last is none: that is nothing at all
            raise
        try:
            yield opened
        finally:
            os.close(opened)

    def _sorted(self, folder: int, parts: list[bytes]) -> list[str]:
        there = os.fstat(folder)
        state = (there.st_dev, there.st_ino, there.st_mtime_ns, there.st_ctime_ns)
        order = self._order
        if order is not None and order.state == state:
            return order.keys
        hidden = self.root.hidden_in(folder)
        keys = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and not (hidden and os.fsencode(entry.name) in hidden):
                    keys.append(natural_key(entry.name, self._is_folder(entry, parts)))
        pieces = [sorted(keys[at : at + SORTED_AT_ONCE]) for at in range(0, len(keys), SORTED_AT_ONCE)]
        keys = pieces[0] if len(pieces) == 1 else list(heapq.merge(*pieces))
        # A folder that changes twice within one tick of the clock looks the same: an order is kept of one that is at rest.
        at_rest = time.time_ns() - there.st_mtime_ns > 1_000_000_000
        self._order = _Order(state, keys) if at_rest and len(keys) >= KEPT_FROM else None
        return keys

    def _is_folder(self, entry: os.DirEntry[str], parts: list[bytes]) -> bool:
        if not entry.is_symlink():
            return entry.is_dir(follow_symlinks=False)
        there = self._behind(parts, os.fsencode(entry.name))
        return there is not None and stat.S_ISDIR(there.st_mode)

    def _behind(self, parts: list[bytes], name: bytes) -> os.stat_result | None:
        """What a link leads to; `None` for nothing, and for what is outside."""
        try:
            with self.root.opened([*parts, name], os.O_PATH) as fd:
                return os.fstat(fd)
        except OSError:
            return None

    def _entry(self, folder: int, parts: list[bytes], path: str, name: str) -> FileRecord | None:
        raw = os.fsencode(name)
        there = found(folder, raw)
        if there is None:
            return None  # deleted since the names were read
        shown = raw.decode("utf-8", "replace")
        whole = f"{path}/{shown}" if path else shown
        if stat.S_ISLNK(there.st_mode):
            there = self._behind(parts, raw) or there
        may = stat.S_ISREG(there.st_mode) or stat.S_ISDIR(there.st_mode)
        record = record_of(whole, there, may and os.access(raw, os.W_OK, dir_fd=folder))
        return record if shown == name else attrs.evolve(record, kind="other", size=0, is_writable=False)

    def stat(self, path: str) -> FileRecord:
        """Describes one file or folder.

        Raises:
            errors.NotFound, errors.FileFault: There is none, or none that may be seen.
        """
        parts = parts_of(path)
        with map_os_errors(path):
            try:
                with self.root.opened(parts, os.O_PATH) as fd:
                    return self._record(path, fd)
            except NotADirectoryError:
                raise no_such(path) from None
            except (FileNotFoundError, Outside):
                if not parts:
                    raise
                with self.root.place(parts, is_followed=False) as place:
                    there = place.found()
                if there is None or not stat.S_ISLNK(there.st_mode):
                    raise
                return record_of(path, there, False)  # a link to nowhere, or out

    @staticmethod
    def _record(path: str, fd: int) -> FileRecord:
        there = os.fstat(fd)
        may = stat.S_ISREG(there.st_mode) or stat.S_ISDIR(there.st_mode)
        return record_of(path, there, may and os.access(f"/proc/self/fd/{fd}", os.W_OK))

    # ---- reading

    def open_file(self, path: str) -> tuple[int, FileRecord]:
        """Opens a file for reading. Devices and fifos are not touched.

        Returns:
            The descriptor, which the caller closes, and what the file is.

        Raises:
            errors.NotFound, errors.FileFault: It cannot be opened.
        """
        parts = parts_of(path)
        with map_os_errors(path):
            try:
                with self.root.opened(parts, os.O_PATH) as fd:
                    record = self._record(path, fd)
                    if record.kind not in ("file", "notebook"):
                        raise not_a_file(path)
                    return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC), record
            except NotADirectoryError:
                raise no_such(path) from None

    def read(self, path: str, offset: int, limit: int | None) -> tuple[bytes, FileRecord]:
        """Reads a part of a file.

        Args:
            path: The file.
            offset: The first byte.
            limit: How many bytes at most; `None` for all the rest.

        Returns:
            The bytes, and the file as it was just before: when it is written meanwhile, its etag is another one.

        Raises:
            errors.TooLarge: The rest has more than `MAX_READ_BYTES`.
            errors.NotFound, errors.FileFault: It cannot be read.
        """
        fd, record = self.open_file(path)
        try:
            with map_os_errors(path):
                for _ in range(READ_TRIES):
                    size = max(0, record.size - offset)
                    if limit is None and size > MAX_READ_BYTES:
                        raise errors.TooLarge(
                            f"{path!r} has {record.size} bytes; read parts of it, or GET /files/{path}.",
                            limit_bytes=MAX_READ_BYTES,
                        )
                    body = read_range(fd, offset, size if limit is None else min(size, limit))
                    before, record = record, self._record(path, fd)
                    if before.etag == record.etag:
                        break
        finally:
            os.close(fd)
        return body, before

    def read_folded(self, path: str, limit: int) -> tuple[Folded, FileRecord]:
        """Reads a notebook file, with marks in place of long strings.

        Args:
            path: The file.
            limit: How many bytes it may have beside those strings.

        Returns:
            The content, and the file as it was just before.

        Raises:
            errors.TooLarge: There are more than `limit` bytes beside the strings.
            errors.NotFound, errors.FileFault: It cannot be read.
        """
        fd, record = self.open_file(path)
        try:
            with map_os_errors(path):
                for _ in range(READ_TRIES):
                    folded = _folded(fd, path, record.size, limit)
                    before, record = record, self._record(path, fd)
                    if before.etag == record.etag:
                        break
        finally:
            os.close(fd)
        if len(folded.body) > limit:
            raise _too_large(path, len(folded.body), limit)
        return folded, before

    # ---- writing

    def write(self, path: str, body: Body, if_match: str | None) -> FileRecord:
        """Replaces a file whole, or makes it.

        Args:
            path: The file.
            body: The content.
            if_match: The etag that the old file must have, `MISSING` for none, or `None` for whatever is there.

        Raises:
            errors.Conflict: Another file is there; nothing has changed.
            errors.NotFound, errors.FileFault: It cannot be written; nothing has changed.
        """
        with self.drafted(path, if_match) as draft:
            for piece in [body] if isinstance(body, bytes) else _spliced(body):
                write_all(draft.fd, piece)
            record = record_of(path, draft.put(if_match), True)
            return attrs.evolve(record, is_in_place=draft.is_in_place)

    @contextmanager
    def writable(self, path: str, if_match: str | None) -> Iterator[tuple[Place, os.stat_result | None]]:
        """Finds where a file is to be written; refuses at once what may not be replaced.

        Args:
            path: The file.
            if_match: As in `write`.

        Yields:
            Where it is, and what is there now.

        Raises:
            errors.Conflict, errors.NotFound, errors.FileFault: It may not be written.
        """
        parts = self.below(path)
        with map_os_errors(path), self.place(parts, path, is_followed=True) as place:
            old = place.found()
            _check_match(place, old, if_match)
            if old is not None:
                check_writable(place, old, path)
            self.sweeper.sweep(place.folder)
            yield place, old

    def check_place(self, path: str, source: str) -> Placing:
        """Finds what a file written to `path` would replace, links followed.

        Args:
            path: Where it would be written.
            source: The file that it would be made of.

        Returns:
            `free` for nothing, `source` for the file `source`, else `taken`.

        Raises:
            errors.NotFound, errors.FileFault: Nothing may be written there.
            PermissionError: Becomes an errors.FileFault.
        """
        with self.writable(path, None) as (place, old):
            if not os.access(b".", os.W_OK | os.X_OK, dir_fd=place.folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            if old is None:
                return "free"
            with self.root.opened(parts_of(source), os.O_PATH) as fd:
                return "source" if os.path.samestat(old, os.fstat(fd)) else "taken"

    @contextmanager
    def drafted(self, path: str, if_match: str | None) -> Iterator[Draft]:
        """Makes a draft of a file that may be written; it is discarded at the end unless it was put in place.

        Args:
            path: The file.
            if_match: As in `write`.

        Raises:
            errors.Conflict, errors.NotFound, errors.FileFault: It may not be written.
        """
        with self.writable(path, if_match) as (place, old):
            draft = Draft.begin(place.folder, place.name, old, self.in_place)
            try:
                yield draft
            finally:
                draft.close()

    @staticmethod
    def below(path: str, field: str = "path") -> list[bytes]:
        """The parts of a path that is not the root.

        Args:
            path: The path.
            field: The name of the param that it came in.

        Raises:
            errors.InvalidParams: It is the root, or no path.
            errors.NotFound: One of its names is hidden.
        """
        parts = parts_of(path, field)
        if not parts:
            raise errors.InvalidParams("The root itself cannot be written, moved or deleted.", field=field)
        return parts

    @contextmanager
    def place(self, parts: list[bytes], path: str, *, is_followed: bool) -> Iterator[Place]:
        """`RootFolder.place`, with a failure of its own for a folder that is missing.

        Args:
            parts: Of the path; at least one.
            path: The path.
            is_followed: Whether a link in the last place is followed.

        Raises:
            errors.NotFound: There is no such folder.
            errors.FileFault: The part before the last is no folder.
        """
        try:
            with self.root.place(parts, is_followed=is_followed) as place:
                yield place
        except NotADirectoryError:
            folder = path.rpartition("/")[0]
            raise errors.FileFault(f"{folder!r} is no folder.", reason="not_a_folder", path=folder) from None
        except FileNotFoundError:
            folder = path.rpartition("/")[0]
            raise (
                no_such(path)
                if not folder or self._has(folder)
                else errors.NotFound(f"There is no folder {folder!r} here; make it first.", kind="folder", id=folder)
            ) from None

    def _has(self, path: str) -> bool:
        try:
            self.stat(path)
        except errors.Failure:
            return False
        return True

    def create(self, path: str, kind: FileKind, body: bytes) -> FileRecord:
        """Makes a folder, or a file with this content.

        Args:
            path: Its path.
            kind: `file`, `notebook` or `folder`.
            body: The content of a file.

        Raises:
            errors.InvalidParams: The kind is another one, or `path` is the root.
            errors.AlreadyExists: Something is there.
            errors.NotFound, errors.FileFault: It cannot be made.
        """
        if kind == "other":
            raise errors.InvalidParams("Files, notebooks and folders can be made, nothing else.", field="kind")
        if kind == "folder":
            parts = self.below(path)
            with map_os_errors(path), self.place(parts, path, is_followed=False) as place:
                os.mkdir(place.name, dir_fd=place.folder)
                sync_folder(place.folder)
            return self.stat(path)
        try:
            return self.write(path, body, MISSING)
        except errors.Conflict:
            raise taken(path) from None


def read_range(fd: int, offset: int, size: int) -> bytes:
    """Reads a part of a file.

    Args:
        fd: The open file.
        offset: The first byte.
        size: How many bytes; fewer come at the end of the file.
    """
    pieces, end = [], offset + size
    while offset < end and (piece := os.pread(fd, min(PIECE_BYTES, end - offset), offset)):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def _folded(fd: int, path: str, size: int, limit: int) -> Folded:
    if os.pread(fd, 64, 0).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{":
        return fold(_pieces(fd, size))
    if size > limit:
        raise _too_large(path, size, limit)
    return Folded(read_range(fd, 0, size), {})  # no JSON: what looks like a string there is none


def _pieces(fd: int, size: int) -> Iterator[bytes]:
    offset = 0
    while offset < size and (piece := os.pread(fd, min(PIECE_BYTES, size - offset), offset)):
        yield piece
        offset += len(piece)


def _too_large(path: str, size: int, limit: int) -> errors.TooLarge:
    return errors.TooLarge(
        f"{path} has {size >> 20} MiB; a notebook that is opened has at most {limit >> 20}, large pictures and texts not counted.",
        limit_bytes=limit,
    )


def _spliced(segments: Sequence[bytes | BlobFile]) -> Iterator[bytes]:
    """The bytes of a file, with values from blobs between them."""
    for segment in segments:
        if isinstance(segment, bytes):
            yield segment
        elif os.path.exists(segment.path):
            yield from value_of(_blob(segment.path), segment.ref)
        else:  # the rest of the document is not to be lost for it
            yield b'"[this output is missing: its blob is not on the disk any more]"'


def _blob(path: str) -> Iterator[bytes]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while piece := os.read(fd, PIECE_BYTES):
            yield piece
    finally:
        os.close(fd)


def check_writable(place: Place, old: os.stat_result, path: str) -> None:
    """Refuses what cannot be replaced by a file, and files that are read-only.

    Args:
        place: Where it is.
        old: What is there.
        path: Its path of the API.

    Raises:
        errors.FileFault: It is a folder, a device, a fifo or a socket.
        OSError: It is read-only (EACCES, EROFS).
    """
    if not stat.S_ISREG(old.st_mode):
        raise not_a_file(path)
    if not os.access(place.name, os.W_OK, dir_fd=place.folder):
        is_read_only = os.fstatvfs(place.folder).f_flag & os.ST_RDONLY
        number = errno.EROFS if is_read_only else errno.EACCES
        raise OSError(number, os.strerror(number))


def _check_match(place: Place, old: os.stat_result | None, if_match: str | None) -> None:
    """Tells a conflict before anything is written; `Draft.put` is what makes sure."""
    if if_match is None:
        return
    if (old is None) != (if_match == MISSING) or (old is not None and etag_of(old) != if_match):
        raise conflict(place.name, old)
