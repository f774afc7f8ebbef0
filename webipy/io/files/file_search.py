"""Files found by a few letters of their names, anywhere below the root. Everything here blocks.

    find(query) ──► the names of all files, read for at most SLICE_SECONDS a call ──► the best of those that have the letters

The first call of a large root does not see all of it: it says so, and the next one goes on where it ended. The names are kept while somebody
searches, and read again when they are old: what takes a second to read is a few seconds old at most.

Not looked into: hidden folders, links, the folders that programs make for themselves (`PASSED_OVER`, and those with a file of `MARKS` in them), and
what is beyond `MOST_NAMES`.

Rejected: an index on the disk (a second truth, written for every file); `locate` and inotify for all folders (not everywhere, and 8,192 watches).

Source: CACHEDIR.TAG is of the Cache Directory Tagging Specification, pyvenv.cfg of PEP 405.
"""

from __future__ import annotations

import heapq
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import attrs
import msgspec

from webipy.core import errors
from webipy.io.files.file_tree import FileTree
from webipy.io.files.root_folder import FOLDER
from webipy.server.ports.confinement import CONFINEMENT, confined
from webipy.server.ports.files import FileRecord, FoundFiles

SLICE_SECONDS: Final = 0.2
"""What one call reads at most."""

FRESH_SECONDS: Final = 2.0
"""Names that are older are read again, if that takes less than a third of their age."""

MOST_NAMES: Final = 200_000
MOST_WORDS: Final = 8
PASSED_OVER: Final = frozenset(("node_modules", "__pycache__", "site-packages"))
MARKS: Final = frozenset(("pyvenv.cfg", "CACHEDIR.TAG"))


class _Names(msgspec.Struct, eq=False):
    """The names below the root, as far as they are read.

    Args:
        began: When reading began, in seconds of a clock that only goes forward.
    """

    began: float
    paths: list[str] = msgspec.field(default_factory=list)
    folded: list[str] = msgspec.field(default_factory=list)
    """The same without regard to case."""
    waiting: deque[list[bytes]] = msgspec.field(default_factory=lambda: deque[list[bytes]]([[]]))
    """The folders that are not read yet, the upper ones first."""
    cost_s: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether all are read, or as many as are kept."""
        return not self.waiting or len(self.paths) >= MOST_NAMES

    def read(self, tree: FileTree, clock: Callable[[], float]) -> None:
        """Reads on for a while."""
        start = clock()
        while not self.is_whole and clock() - start < SLICE_SECONDS:
            folder = self.waiting.popleft()
            try:
                self._read_folder(tree, folder)
            except OSError:
                continue  # it has gone, or may not be read: nothing in it can be opened
        self.cost_s += clock() - start

    def _read_folder(self, tree: FileTree, folder: list[bytes]) -> None:
        with tree.root.opened(folder, FOLDER) as fd:
            hidden = tree.root.hidden_in(fd)
            with os.scandir(fd) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        if folder and any(name in MARKS for name, _ in found):
            return
        above = b"/".join(folder).decode()
        for name, is_folder in found:
            raw = os.fsencode(name)
            if len(self.paths) >= MOST_NAMES:
                return
            if name.startswith(".") or raw in hidden or name in PASSED_OVER or not _is_text(raw):
                continue
            path = f"{above}/{name}" if above else name
            self.paths.append(path)
            self.folded.append(path.casefold())
            if is_folder:
                self.waiting.append([*folder, raw])


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Word:
    """One word of a query.

    Args:
        word: Without regard to case.
    """

    def __init__(self, word: str) -> None:
        self._word = word
        letters = [re.escape(letter) for letter in word]
        self._letters = re.compile("".join([letters[0], *(f"[^{letter}]*{letter}" for letter in letters[1:])]))
        self._beginning = re.compile(rf"(?<![^\W_]){re.escape(word)}")

    def rank(self, path: str, name: str) -> int | None:
        """How well a path has the word, 0 is best; `None` when it has not even its letters in their order.

        Args:
            path: The path, without regard to case.
            name: Its last part.
        """
        if self._letters.search(path) is None:
            return None
        if name == self._word or name.rpartition(".")[0] == self._word:
            return 0
        if self._word in name:
            return 1 if name.startswith(self._word) else 2 if self._beginning.search(name) else 3
        if self._word in path:
            return 4
        return 5 if self._letters.search(name) else 6


@attrs.define(eq=False)
class FileSearch:
    """Finds files by their names. One call at a time.

    Args:
        tree: Everything below the root.
        clock: Seconds that only go forward.
    """

    tree: FileTree
    clock: Callable[[], float] = time.monotonic
    _names: _Names | None = None
    _next: _Names | None = None
    """Read in place of names that are old."""

    def find(self, query: str, limit: int) -> FoundFiles:
        """The files that have the letters of a query in their path; of several words each.

        Args:
            query: The words; none: nothing is found.
            limit: How many files at most.

        Returns:
            The best ones first, as they are now, and whether all names were looked at.

        Raises:
            errors.InvalidParams: There are too many words.
        """
        words = query.casefold().split()
        if len(words) > MOST_WORDS:
            raise errors.InvalidParams(f"A query has at most {MOST_WORDS} words.", field="query")
        with confined(None):  # the names are read for everybody; below, a confined call gets its own of them
            names = self._read()
        best = heapq.nsmallest(limit, self._ranked(names, [_Word(word) for word in words])) if words else []
        found = [record for *_, at in best if (record := self._record(names.paths[at])) is not None]
        return FoundFiles(found, names.is_whole)

    def forget(self) -> None:
        """Frees the names: nobody searches."""
        self._names = self._next = None

    def _read(self) -> _Names:
        now = self.clock()
        names = self._names = self._names or _Names(now)
        if not names.is_whole:
            names.read(self.tree, self.clock)
            return names
        if now - names.began > max(FRESH_SECONDS, 3 * names.cost_s):
            self._next = self._next or _Names(now)
            self._next.read(self.tree, self.clock)
            if self._next.is_whole:
                self._names, self._next = self._next, None
        return self._names

    @staticmethod
    def _ranked(names: _Names, words: list[_Word]) -> Iterator[tuple[int, int, int]]:
        """Of each path that has all words, and that the call reaches: how well, how long it is, and its number."""
        by = CONFINEMENT.get()
        for at, path in enumerate(names.folded):
            name = path[path.rfind("/") + 1 :]
            worst = 0
            for word in words:
                rank = word.rank(path, name)
                if rank is None:
                    break
                worst = max(worst, rank)
            else:
                if by is None or by.allows(names.paths[at]):
                    yield worst, len(path), at

    def _record(self, path: str) -> FileRecord | None:
        try:
            return self.tree.stat(path)
        except (errors.NotFound, errors.FileFault):
            return None  # it has gone since its name was read
