"""Files in memory, and the converter that is not there: for tests of what happens around them, under a clock of their own."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, execute, fail, succeed

from webipy.converter import texts
from webipy.converter.problems import Refused
from webipy.core import errors
from webipy.core.api.file_calls import FileKind
from webipy.core.api.formats import PLAIN, ExportFormat, ExportOptions
from webipy.core.free_names import free_names
from webipy.core.ipynb.blob_folding import Folded, fold, value_of
from webipy.core.session.file_state import is_same_file
from webipy.io.files.file_tree import natural_key
from webipy.io.files.moves import check_not_within
from webipy.io.files.os_failures import not_a_file, taken
from webipy.io.files.root_folder import no_such, parts_of
from webipy.io.files.tables import Tables
from webipy.server.ports.confinement import allows
from webipy.server.ports.conversion import ExportedFile
from webipy.server.ports.files import (
    BlobFile,
    Body,
    FileRecord,
    FileRecords,
    FoundFiles,
    Placing,
    TableQuery,
    TableRows,
    Trashed,
)

TIME = "2026-01-01T00:00:00.000000Z"


@attrs.define
class _Entry:
    body: bytes | None
    """`None` for a folder."""
    etag: str


@attrs.define
class FakeFiles:
    """See webipy.server.ports.files.Files. `fault`, when set, is what every write fails with. A folder is there when something is in it."""

    entries: dict[str, _Entry] = attrs.field(factory=dict)
    watches: dict[str, list[Callable[[], None]]] = attrs.field(factory=dict)
    fault: errors.Failure | None = None
    full_at: str | None = None
    """Copies fail, as on a full disk, whose path has this in it."""
    writes: int = 0
    blobs: dict[str, bytes] = attrs.field(factory=dict)
    """What is read to be written into files, by path."""
    times: dict[str, str] = attrs.field(factory=dict)
    """When files were written, by path, where that matters."""
    _count: int = 0

    # ---- what other programs do

    def put(self, path: str, body: bytes) -> None:
        """Writes a file as another program does."""
        self._set(path, body)

    def take(self, path: str) -> None:
        """Deletes a file as another program does."""
        del self.entries[path]
        self._tell(path)

    def move(self, path: str, to: str) -> None:
        """Gives a file another path as another program does."""
        self._count += 1
        entry = self.entries.pop(path)
        content = entry.etag.rpartition("-")[0]  # a new name changes the time of the inode, and nothing else
        self.entries[to] = _Entry(entry.body, f"{content}-{self._count:x}")
        self._tell(path)
        self._tell(to)

    def body(self, path: str) -> bytes:
        """What a file holds."""
        body = self.entries[path].body
        assert body is not None
        return body

    def _set(self, path: str, body: bytes | None) -> FileRecord:
        self._count += 1
        self.entries[path] = _Entry(body, f"{self._count:x}-{len(body or b''):x}-{self._count:x}-{self._count:x}")
        self._tell(path)
        return self._record(path)

    def _tell(self, path: str) -> None:
        for changed in list(self.watches.get(path, [])) + list(self.watches.get(posixpath.dirname(path), [])):
            changed()

    def _within(self, path: str) -> list[str]:
        return [name for name in self.entries if name == path or name.startswith(f"{path}/")]

    def _record(self, path: str) -> FileRecord:
        parts_of(path)
        if path in self.entries and self.entries[path].body is not None:
            body = self.body(path)
            kind: FileKind = "notebook" if path.endswith(".ipynb") else "file"
            return FileRecord(path, kind, len(body), self.times.get(path, TIME), self.entries[path].etag, True)
        if path and not self._within(path):
            raise no_such(path)
        return FileRecord(path, "folder", 0, TIME, f"f{self._count}", True)

    def _reached(self, path: str) -> FileRecord:
        """As `_record`, for what the call may reach."""
        parts_of(path)
        if not allows(path):
            raise no_such(path)
        return self._record(path)

    def _check_free(self, path: str) -> None:
        parts_of(path)
        if not allows(path):
            raise no_such(path)
        folder = posixpath.dirname(path)
        if self._within(path):
            raise taken(path)
        if self._record(folder).kind != "folder":
            raise no_such(path)

    # ---- the port

    def rows(self, query: TableQuery) -> Deferred[TableRows]:
        """Rows of a file, read as from a disk."""
        return Deferred.fromCoroutine(Tables(lambda call: execute(call), self._open_file).rows(query))

    def _open_file(self, path: str) -> tuple[int, FileRecord]:
        record = self._reached(path)
        if record.kind == "folder":
            raise not_a_file(path)
        fd = os.memfd_create("file")
        os.write(fd, self.body(path))
        return fd, record

    def list(self, path: str, offset: int, limit: int) -> Deferred[tuple[FileRecords, int]]:
        """What is directly in a folder."""
        return execute(self._list, path, offset, limit)

    def _list(self, path: str, offset: int, limit: int) -> tuple[FileRecords, int]:
        if self._reached(path).kind != "folder":
            raise errors.FileFault(f"{path!r} is no folder.", reason="not_a_folder", path=path)
        start = f"{path}/" if path else ""
        names = {name[len(start) :].partition("/")[0] for name in self.entries if name.startswith(start)}
        found = [self._record(start + name) for name in names]
        found.sort(key=lambda record: natural_key(posixpath.basename(record.path), record.kind == "folder"))
        return found[offset : offset + limit], len(found)

    def stat(self, path: str) -> Deferred[FileRecord]:
        """One file or folder."""
        return execute(self._reached, path)

    def resolved(self, path: str) -> Deferred[str]:
        """Its path: there are no links."""
        return execute(lambda: self._reached(path).path)

    def find(self, query: str, limit: int) -> Deferred[FoundFiles]:
        """Files with the words in their path."""
        words = query.casefold().split()
        found = [
            path for path in self.entries if words and allows(path) and all(word in path.casefold() for word in words)
        ]
        return succeed(FoundFiles([self._record(path) for path in sorted(found, key=len)[:limit]], True))

    def seek(self, path: str, etag: str) -> Deferred[FileRecord | None]:
        """The file that has an etag."""
        found = next((name for name, entry in self.entries.items() if is_same_file(entry.etag, etag)), None)
        return succeed(None if found is None else self._record(found))

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> Deferred[tuple[bytes, FileRecord]]:
        """Bytes of a file."""
        return execute(self._read, path, offset, None if limit is None else offset + limit)

    def _read(self, path: str, offset: int, end: int | None) -> tuple[bytes, FileRecord]:
        record = self._reached(path)
        if record.kind == "folder":
            raise not_a_file(path)
        return self.body(path)[offset:end], record

    def read_folded(self, path: str, limit: int) -> Deferred[tuple[Folded, FileRecord]]:
        """A file with marks in place of long strings."""
        return execute(self._read_folded, path, limit)

    def _read_folded(self, path: str, limit: int) -> tuple[Folded, FileRecord]:
        body, record = self._read(path, 0, None)
        folded = fold(iter([body] if body else [])) if body[:1] == b"{" else Folded(body, {})
        if len(folded.body) > limit:
            raise errors.TooLarge(f"{path} is too large.", limit_bytes=limit)
        return folded, record

    def write(self, path: str, body: Body, if_match: str | None) -> Deferred[FileRecord]:
        """Replaces a file."""
        return execute(self._write, path, body if isinstance(body, bytes) else self._spliced(body), if_match)

    def _spliced(self, segments: Sequence[bytes | BlobFile]) -> bytes:
        return b"".join(
            one if isinstance(one, bytes) else b"".join(value_of(iter([self.blobs[one.path]]), one.ref))
            for one in segments
        )

    def _write(self, path: str, body: bytes, if_match: str | None) -> FileRecord:
        if self.fault is not None:
            raise self.fault
        if not allows(path):
            raise no_such(path)
        here = self.entries[path].etag if path in self.entries else None
        if if_match not in (None, here or "missing"):
            raise errors.Conflict(f"{path} is another one.", etag=here)
        if here is None:
            self._check_free(path)
        elif self.entries[path].body is None:
            raise not_a_file(path)
        self.writes += 1
        return self._set(path, body)

    def create(self, path: str, kind: FileKind, body: bytes = b"") -> Deferred[FileRecord]:
        """Makes a file or folder."""
        return execute(self._create, path, kind, body)

    def _create(self, path: str, kind: FileKind, body: bytes) -> FileRecord:
        self._check_free(path)
        return self._set(path, None if kind == "folder" else body)

    def rename(self, path: str, to: str) -> Deferred[FileRecord]:
        """Another path."""
        return execute(self._rename, path, to)

    def _rename(self, path: str, to: str) -> FileRecord:
        self._reached(path)
        parts_of(to)
        if path != to:
            check_not_within(path, to)
            self._check_free(to)
            for name in self._within(path):
                self.entries[to + name[len(path) :]] = self.entries.pop(name)
            self._tell(path)
            self._tell(to)
        return self._record(to)

    def check_place(self, path: str, source: str) -> Deferred[Placing]:
        """What is there."""
        return execute(self._check_place, path, source)

    def _check_place(self, path: str, source: str) -> Placing:
        if not self._within(path):
            self._check_free(path)
            return "free"
        if self._record(path).kind == "folder":
            raise not_a_file(path)
        return "source" if path == source else "taken"

    def copy(self, path: str, to: str | None, entry: bool = False) -> Deferred[FileRecord]:
        """A copy."""
        if self.full_at is not None and self.full_at in (to or ""):
            return fail(errors.FileFault("The disk is full.", reason="no_space", path=to))
        return execute(self._copy, path, to)

    def _copy(self, path: str, to: str | None) -> FileRecord:
        parts_of(to or "")
        is_folder = self._reached(path).kind == "folder"
        target = to or next(name for name in free_names(path, is_folder) if not self._within(name))
        check_not_within(path, target)
        self._check_free(target)
        for name in self._within(path):
            self._set(target + name[len(path) :], self.entries[name].body)
        return self._record(target)

    def delete(self, path: str, recursive: bool) -> Deferred[None]:
        """Deletes."""
        return execute(self._delete, path, recursive)

    def _delete(self, path: str, recursive: bool) -> None:
        self._reached(path)
        names = self._within(path)
        if names != [path] and not recursive:
            raise errors.FileFault(f"{path!r} is not empty.", reason="not_empty", path=path)
        for name in names:
            self.take(name)

    def watch(self, path: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Tells of every change at once."""
        parts_of(path)
        self.watches.setdefault(path, []).append(changed)
        return lambda: self.watches[path].remove(changed)


@attrs.define
class FakeTrash:
    """See webipy.server.ports.files.Trash. `fault`, when set, is what putting something in fails with."""

    files: FakeFiles
    kept: dict[str, tuple[Trashed, dict[str, _Entry]]] = attrs.field(factory=dict)
    fault: errors.Failure | None = None

    def put(self, path: str, recursive: bool) -> Deferred[Trashed]:
        """Into the trash."""
        return execute(self._put, path, recursive)

    def _put(self, path: str, recursive: bool) -> Trashed:
        if not path:
            raise errors.InvalidParams("The root stays.", field="path")
        record = self.files._reached(path)
        if self.fault is not None:
            raise self.fault
        entries = {name[len(path) :]: self.files.entries[name] for name in self.files._within(path)}
        self.files._delete(path, recursive)
        name = next(
            name for name in free_names(posixpath.basename(path), record.kind == "folder") if name not in self.kept
        )
        trashed = Trashed(name, path, record.kind, record.size, TIME, f"/trash/files/{name}")
        self.kept[name] = trashed, entries
        return trashed

    def list(self, limit: int) -> Deferred[list[Trashed]]:
        """What is in it."""
        return succeed([trashed for trashed, _ in reversed(self.kept.values()) if allows(trashed.path)][:limit])

    def _find(self, path: str, id: str) -> dict[str, _Entry]:
        parts_of(path)
        if len(parts_of(id, "id")) != 1:
            raise errors.InvalidParams(f"{id!r} is no name.", field="id")
        trashed, entries = self.kept.get(id, (None, {}))
        if trashed is None or trashed.path != path:
            raise errors.NotFound(f"The trash has no {id!r}.", kind="file", id=path)
        return entries

    def restore(self, path: str, id: str, to: str | None) -> Deferred[FileRecord]:
        """Out of it."""
        return execute(self._restore, path, id, path if to is None else to)

    def _restore(self, path: str, id: str, to: str) -> FileRecord:
        entries = self._find(path, id)
        self.files._check_free(to)
        del self.kept[id]
        for name, entry in entries.items():
            self.files.entries[to + name] = entry
            self.files._tell(to + name)
        return self.files._record(to)

    def delete(self, path: str, id: str) -> Deferred[None]:
        """For good."""
        return execute(self._forget, path, id)

    def _forget(self, path: str, id: str) -> None:
        self._find(path, id)
        del self.kept[id]


@attrs.define
class FakeConverter:
    """See webipy.server.ports.conversion.Converter: text is converted in this process, nothing else is.

    Args:
        converted: How often a text was.
        exported: What every export makes; `None`: it fails.
    """

    converted: int = 0
    exported: ExportedFile | None = None

    def upgrade(self, body: bytes) -> Deferred[bytes]:
        """Fails."""
        return fail(_no_converter())

    def to_notebook(self, body: bytes, format: str, name: str) -> Deferred[bytes]:
        """Text as a notebook."""
        self.converted += 1
        return execute(_converted, texts.to_notebook, body, format, name)

    def from_notebook(self, notebook: bytes, format: str, original: bytes | None) -> Deferred[bytes]:
        """A notebook as text."""
        self.converted += 1
        return execute(_converted, texts.from_notebook, notebook, format, original)

    def export(
        self,
        notebook: bytes,
        format: ExportFormat,
        name: str,
        images: Mapping[str, bytes],
        options: ExportOptions = PLAIN,
        guest: str = "",
    ) -> Deferred[ExportedFile]:
        """What was set, or a failure."""
        return succeed(self.exported) if self.exported is not None else fail(_no_converter())


def _converted(convert: Callable[..., bytes], *arguments: Any) -> bytes:
    try:
        return convert(*arguments)
    except Refused as fault:
        raise errors.InvalidNotebook(str(fault), where=fault.fact) from None


def _no_converter() -> errors.ConversionFailed:
    return errors.ConversionFailed("Nothing converts here.", format="", missing="converter")
