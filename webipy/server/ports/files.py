"""The ports to files: those under the root (`Files`) and those that were deleted there (`Trash`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core.api.file_calls import FileKind
from webipy.core.ipynb.blob_folding import Folded
from webipy.core.kernel.blobs import Ref


@attrs.define(frozen=True, slots=True)
class FileRecord:
    """A file or folder under the root, as it was found.

    Args:
        path: Relative to the root, with `/` between its parts; `""` is the root.
        kind: Folder, notebook or another file.
        size: Bytes; 0 for what is no file.
        modified: RFC 3339 UTC with microseconds.
        etag: Changes whenever the content may have changed; opaque.
        is_writable: Whether this server may write it.
        is_in_place: Whether it was just written in place, because it cannot be replaced: a reader could see half of it meanwhile.
    """

    path: str
    kind: FileKind
    size: int
    modified: str
    etag: str
    is_writable: bool
    is_in_place: bool = False


FileRecords = list[FileRecord]


class FoundFiles(msgspec.Struct, frozen=True):
    """Files that were found by their names.

    Args:
        records: The files, the best ones first.
        is_complete: Whether all names below the root were looked at.
    """

    records: FileRecords
    is_complete: bool


@attrs.define(frozen=True, slots=True)
class TableQuery:
    """Which rows of a file of values between delimiters are wanted.

    Args:
        path: The file.
        offset: The number of the first row, from 0; the names of the columns are no row.
        limit: Rows at most.
        delimiter: What stands between two values; `None` to find it out.
        sort: The column that rows are sorted by, from 0; `None` for their order in the file.
        is_descending: Whether the greatest comes first.
        filter: A text that one value of each row has in it, in whatever case; empty for all rows.
    """

    path: str
    offset: int = 0
    limit: int = 0
    delimiter: str | None = None
    sort: int | None = None
    is_descending: bool = False
    filter: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether all rows are wanted in the order of the file."""
        return self.sort is None and not self.filter


class TableRows(msgspec.Struct, frozen=True):
    """Some rows of a file.

    Args:
        columns: The names of its columns; empty when it has none.
        rows: The values of the rows; fewer than were asked for when they are long.
        total: How many rows there are, or were found up to now.
        is_whole: Whether these are all.
        can_order: Whether the file is small enough to be sorted and filtered.
        delimiter: What stands between two values.
        encoding: How it is written.
        record: The file as it was read.
    """

    columns: list[str]
    rows: list[list[str]]
    total: int
    is_whole: bool
    can_order: bool
    delimiter: str
    encoding: str
    record: FileRecord


class BlobFile(msgspec.Struct, frozen=True):
    """A value that is copied into a file from its blob.

    Args:
        path: The blob, on this machine.
        ref: What it is.
    """

    path: str
    ref: Ref


Body = bytes | Sequence[bytes | BlobFile]
"""What a file is to hold."""

Placing = Literal["free", "taken", "source"]
"""What is at a place: nothing, another file, or the very file (by its inode) that is read."""


class Files(Protocol):
    """The files under the root.

    Every method fails with errors.NotFound for what is not there, hidden, or outside the root, with errors.InvalidParams for what is no path, and
    with errors.FileFault where the system refuses. Paths are relative to the root, with `/` between their parts.
    """

    def list(self, path: str, offset: int, limit: int) -> Deferred[tuple[FileRecords, int]]:
        """Entries of a folder: folders first, then by name.

        Args:
            path: The folder.
            offset: Entries that are skipped.
            limit: Entries at most.

        Returns:
            The entries, and how many the folder has.
        """

    def stat(self, path: str) -> Deferred[FileRecord]:
        """One file or folder."""

    def resolved(self, path: str) -> Deferred[str]:
        """The path that a path leads to, links followed."""

    def seek(self, path: str, etag: str) -> Deferred[FileRecord | None]:
        """Finds a file that may have been moved.

        Args:
            path: Where it was.
            etag: Its state there, which identifies it.

        Returns:
            The file where it is now; `None` when it is not found below the root.
        """

    def find(self, query: str, limit: int) -> Deferred[FoundFiles]:
        """Files below the root by a few letters of their names. A large root is looked at over several calls.

        Args:
            query: Words; each is in the path, at least its letters in their order.
            limit: Files at most.
        """

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> Deferred[tuple[bytes, FileRecord]]:
        """Some bytes of a file.

        Args:
            path: The file.
            offset: Bytes before the first one.
            limit: Bytes at most; `None` for all.

        Returns:
            The bytes, and the file as it was when they were read.
        """

    def rows(self, query: TableQuery) -> Deferred[TableRows]:
        """Some rows of a file of values between delimiters.

        Args:
            query: Which ones.

        Raises:
            errors.TooLarge: It is too large to be sorted or filtered.
        """

    def read_folded(self, path: str, limit: int) -> Deferred[tuple[Folded, FileRecord]]:
        """A notebook file with marks in place of long strings.

        Args:
            path: The file.
            limit: Bytes that it may have beside them.

        Raises:
            errors.TooLarge: It has more.
        """

    def write(self, path: str, body: Body, if_match: str | None) -> Deferred[FileRecord]:
        """Replaces a file whole, or makes it: at any time, and after any crash, it is the old one or the new one.

        A file that cannot be replaced is written in place (`FileRecord.is_in_place`): a reader may see half of it, and what a crash left torn is
        mended when the server starts.

        Args:
            path: The file; links are followed.
            body: Its new content.
            if_match: The etag that the file must have, `"missing"` for none, or `None` for whatever is there.

        Raises:
            errors.Conflict: It has another etag; nothing has changed.
        """

    def check_place(self, path: str, source: str) -> Deferred[Placing]:
        """What a file written to `path` would replace; nothing is changed. Links are followed, and it fails, as `write` does.

        Args:
            path: The place.
            source: The file whose content would be written there.
        """

    def create(self, path: str, kind: FileKind, body: bytes = b"") -> Deferred[FileRecord]:
        """Makes a folder or a file.

        Args:
            path: Where.
            kind: What.
            body: The content of a file.

        Raises:
            errors.AlreadyExists: Something is there.
        """

    def rename(self, path: str, to: str) -> Deferred[FileRecord]:
        """Gives a file or folder another path, never over something.

        Args:
            path: Its path now.
            to: Its new path.

        Raises:
            errors.AlreadyExists: Something is at the new path.
        """

    def copy(self, path: str, to: str | None, entry: bool = False) -> Deferred[FileRecord]:
        """Copies a file or folder.

        Args:
            path: What is copied.
            to: Where to; `None` for a free name beside it.
            entry: Whether a link is copied as a link; else what it leads to is.

        Raises:
            errors.AlreadyExists: Something is there.
        """

    def delete(self, path: str, recursive: bool) -> Deferred[None]:
        """Deletes a file or folder.

        Args:
            path: What is deleted.
            recursive: Whether a folder may hold something.
        """

    def watch(self, path: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Watches a file, or what is directly in a folder. What is not there can be watched: it may come.

        Args:
            path: What is watched.
            changed: Called when it may have changed, at most five times a second.

        Returns:
            Cancels the watch.

        Raises:
            errors.InvalidParams: It is no path.
        """


@attrs.define(frozen=True, slots=True)
class Trashed:
    """Something that was deleted and can be restored.

    Args:
        id: Its name in the trash.
        path: Where it was.
        kind: Folder, notebook or another file.
        size: Bytes.
        deleted: RFC 3339 UTC with microseconds.
        location: Where it is now on this machine.
    """

    id: str
    path: str
    kind: FileKind
    size: int
    deleted: str
    location: str


class Trash(Protocol):
    """What was deleted below the root and can be restored. Fails as `Files` does, and with errors.NotFound for what is not in it (any more)."""

    def put(self, path: str, recursive: bool) -> Deferred[Trashed]:
        """Moves a file or folder into the trash, in one step.

        Args:
            path: What is deleted.
            recursive: Whether a folder may hold something.

        Raises:
            errors.FileFault: It cannot be moved there (reason `no_trash`); nothing has changed.
        """

    def list(self, limit: int) -> Deferred[list[Trashed]]:
        """What is in it, the latest first."""

    def restore(self, path: str, id: str, to: str | None) -> Deferred[FileRecord]:
        """Moves something back, never over something.

        Args:
            path: Where it was.
            id: Its name in the trash.
            to: Where it goes; `None` for where it was.

        Raises:
            errors.AlreadyExists: Something is there.
        """

    def delete(self, path: str, id: str) -> Deferred[None]:
        """Deletes something that is in the trash for good.

        Args:
            path: Where it was.
            id: Its name in the trash.
        """
