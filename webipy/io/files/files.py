"""The port `Files` on a real folder: webipy.io.files.file_tree and webipy.io.files.moves, in threads of their own.

No call of the file system is made in the reactor's thread: a network disk that does not answer stops a thread and not
the server. Four threads do what takes milliseconds; copies and deletions of whole folders, which can take minutes, are
two at a time, so that the others always find a thread. A copy ends early when the server stops.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from webipy.core.api.file_calls import FileKind
from webipy.core.ipynb.blob_folding import Folded
from webipy.io.files.archives import Surveyed, surveyed
from webipy.io.files.file_search import FileSearch
from webipy.io.files.file_tree import FileTree
from webipy.io.files.folder_watch import FolderWatch
from webipy.io.files.in_place import InPlace
from webipy.io.files.moved_files import seek
from webipy.io.files.moves import Moves
from webipy.io.files.root_folder import RootFolder
from webipy.io.files.tables import Tables
from webipy.io.reactor import Run
from webipy.server.ports.confinement import bind, binding
from webipy.server.ports.files import Body, FileRecord, FileRecords, FoundFiles, Placing, TableQuery, TableRows

THREADS = 4
LONG_AT_ONCE = 2
KEPT_SECONDS = 120
"""Names for a search are kept so long after the last one."""

_T = TypeVar("_T")


@attrs.define(eq=False)
class FileThreads:
    """The threads that wait for the disk.

    Args:
        reactor: Twisted's.
    """

    reactor: Any
    _pool: ThreadPool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._pool = ThreadPool(0, THREADS, "files")
        self._pool.threadFactory = partial(threading.Thread, daemon=True)  # type: ignore[assignment]  # typed as the class itself; a dead disk must not keep the process

    def start(self) -> None:
        """Lets threads start when there is something to do."""
        self._pool.start()

    def run(self, call: Callable[[], _T]) -> Deferred[_T]:
        """Runs what blocks."""
        return deferToThreadPool(self.reactor, self._pool, call)

    def stop(self) -> Deferred[None]:
        """Fires when what has begun is done."""
        stopped: Deferred[None] = Deferred()

        def wait() -> None:
            self._pool.stop()
            self.reactor.callFromThread(stopped.callback, None)

        threading.Thread(target=wait, name="files end", daemon=True).start()
        return stopped


@attrs.define(eq=False)
class RootFiles:
    """The files below a root; see `webipy.server.ports.files.Files`.

    Args:
        tree: The blocking part.
        run: Runs a function that blocks in a thread.
        watching: Knows who watches what.
        reactor: Twisted's.
    """

    tree: FileTree
    run: Run = attrs.field(converter=binding)
    watching: FolderWatch
    reactor: Any
    moves: Moves = attrs.field(init=False)
    tables: Tables = attrs.field(init=False)
    _searching: DeferredSemaphore = attrs.field(factory=lambda: DeferredSemaphore(1))
    _search: FileSearch = attrs.field(init=False)
    _forget: Any = None
    _long: DeferredSemaphore = attrs.field(factory=lambda: DeferredSemaphore(LONG_AT_ONCE))

    def __attrs_post_init__(self) -> None:
        self.moves = Moves(self.tree)
        self.tables = Tables(self.run, self.tree.open_file)
        self._search = FileSearch(self.tree)

    def list(self, path: str, offset: int, limit: int) -> Deferred[tuple[FileRecords, int]]:
        """Lists a part of a folder.

        Args:
            path: The folder.
            offset: The number of the first entry, from 0.
            limit: How many entries at most.
        """
        return self.run(lambda: self.tree.entries(path, offset, limit))

    def stat(self, path: str) -> Deferred[FileRecord]:
        """One file or folder."""
        return self.run(lambda: self.tree.stat(path))

    def resolved(self, path: str) -> Deferred[str]:
        """The path that a path leads to, links followed."""
        return self.run(lambda: self.tree.resolved(path))

    def seek(self, path: str, etag: str) -> Deferred[FileRecord | None]:
        """Finds a file that is not where it was.

        Args:
            path: Where it was.
            etag: Its etag there.

        Returns:
            The file; `None` when it is not found.
        """
        return self._long.run(self.run, bind(lambda: seek(self.tree, path, etag)))

    def find(self, query: str, limit: int) -> Deferred[FoundFiles]:
        """Finds files by a few letters of their names.

        Args:
            query: Words.
            limit: How many files at most.
        """
        if self._forget is not None and self._forget.active():
            self._forget.cancel()
        self._forget = self.reactor.callLater(KEPT_SECONDS, self._search.forget)
        return self._searching.run(self.run, bind(lambda: self._search.find(query, limit)))

    def read(self, path: str, offset: int = 0, limit: int | None = None) -> Deferred[tuple[bytes, FileRecord]]:
        """Reads a part of a file.

        Args:
            path: The file.
            offset: The first byte.
            limit: How many bytes at most; `None` for all the rest.
        """
        return self.run(lambda: self.tree.read(path, offset, limit))

    def survey(self, folder: str, names: Sequence[str]) -> Deferred[Surveyed]:
        """Finds what an archive of a folder is to hold.

        Args:
            folder: The folder.
            names: Those of its entries that are packed; none: the folder itself.
        """
        return self._long.run(self.run, bind(lambda: surveyed(self.tree, folder, names)))

    def rows(self, query: TableQuery) -> Deferred[TableRows]:
        """Reads some rows of a file of values between delimiters."""
        return Deferred.fromCoroutine(self.tables.rows(query))

    def read_folded(self, path: str, limit: int) -> Deferred[tuple[Folded, FileRecord]]:
        """Reads a notebook file, with marks in place of long strings.

        Args:
            path: The file.
            limit: How many bytes it may have beside those strings.
        """
        return self.run(lambda: self.tree.read_folded(path, limit))

    def write(self, path: str, body: Body, if_match: str | None) -> Deferred[FileRecord]:
        """Replaces a file whole, or makes it.

        Args:
            path: The file.
            body: The content.
            if_match: The etag that the old file must have, `missing` for none, or `None` for whatever is there.
        """
        return self.run(lambda: self.tree.write(path, body, if_match))

    def check_place(self, path: str, source: str) -> Deferred[Placing]:
        """Finds what a file written to `path` would replace.

        Args:
            path: Where it would be written.
            source: The file that it would be made of.
        """
        return self.run(lambda: self.tree.check_place(path, source))

    def create(self, path: str, kind: FileKind, body: bytes = b"") -> Deferred[FileRecord]:
        """Makes a folder, or a file with this content.

        Args:
            path: Its path.
            kind: `file`, `notebook` or `folder`.
            body: The content of a file.
        """
        return self.run(lambda: self.tree.create(path, kind, body))

    def rename(self, path: str, to: str) -> Deferred[FileRecord]:
        """Renames a file or folder, never over something.

        Args:
            path: Its path.
            to: Its new path.
        """
        return self.run(lambda: self.moves.rename(path, to))

    def copy(self, path: str, to: str | None, entry: bool = False) -> Deferred[FileRecord]:
        """Copies a file or folder.

        Args:
            path: Its path.
            to: The path of the copy; `None` for a free name beside it.
            entry: Whether a link is copied as a link, and not what it leads to.
        """
        return self._long.run(self.run, bind(lambda: self.moves.copy(path, to, entry)))

    def delete(self, path: str, recursive: bool) -> Deferred[None]:
        """Deletes a file or folder for good.

        Args:
            path: Its path.
            recursive: Whether a folder may hold something.
        """
        return self._long.run(self.run, bind(lambda: self.moves.delete(path, recursive)))

    def watch(self, path: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Watches a path.

        Args:
            path: A file or folder, or what is not there yet.
            changed: Called when something may have changed.

        Returns:
            What ends the watch.
        """
        return self.watching.watch(path, changed)

    def stop(self) -> None:
        """Ends watches and long work."""
        self.moves.is_stopping.set()
        if self._forget is not None and self._forget.active():
            self._forget.cancel()
        self.watching.stop()


def files_below(
    root: Path, hidden: tuple[Path, ...], reactor: Any, run: Run, *, spool: Path | None = None, is_notified: bool = True
) -> RootFiles:
    """The files below a root, with their watches.

    Args:
        spool: The server's own folder for files that are written in place; `None` where they are not written.
        root: The root; a folder.
        hidden: Files and folders that nobody may see; absolute.
        reactor: Twisted's.
        run: Runs a function that blocks in a thread.
        is_notified: Whether to use inotify.
    """
    opened = RootFolder(root, hidden)
    in_place = InPlace(spool) if spool is not None else None
    if in_place is not None:
        in_place.mend()
    return RootFiles(FileTree(opened, in_place), run, FolderWatch(opened, reactor, run, is_notified), reactor)
