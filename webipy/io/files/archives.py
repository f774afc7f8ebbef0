"""Folders and several files as one zip archive, which is made while it is sent. Everything here blocks.

    surveyed(tree, folder, names) ──► the paths, at most MAX_PACKED ──► Archive.next_piece() ... ──► the bytes of the archive

What is packed is what a listing shows: hidden files are not in it. Each file is opened by its path below the root like any other, so no link leads
out; a link to a file is packed as that file, a link to a folder is not followed. What cannot be packed stands in a text at the end of the archive,
with the reason: nothing is missing unseen.

Memory: the paths, and of each file that is done what the end of the archive says about it. Of a file at most `PIECE_BYTES` are held at once.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.9 (sizes that follow the data) and 4.4.4 (names in UTF-8); zipfile writes both.
"""

from __future__ import annotations

import os
import stat
import time
import zipfile
from collections.abc import Generator, Sequence
from typing import Final

import msgspec

from webipy.core import errors
from webipy.core.free_names import free_names
from webipy.io.files.file_tree import FileTree
from webipy.io.files.moves import MAX_DEPTH
from webipy.io.files.root_folder import parts_of

MAX_PACKED: Final = 50_000
"""Files and folders in one archive."""

PIECE_BYTES: Final = 64 * 1024
_LISTED_AT_ONCE: Final = 1000
_LEVEL: Final = 3
"""Of deflate: half the time of the usual one, for a few bytes more."""

_PACKED_TYPES = (
    "7z avif bz2 docx feather flac gif gz jpeg jpg mp3 mp4 npz ogg parquet pdf png pptx webm webp whl xlsx xz zip zst"
)
_PACKED_ALREADY: Final = frozenset(_PACKED_TYPES.split(" "))
"""Endings of files that deflate makes no smaller."""


class Surveyed(msgspec.Struct, frozen=True):
    """What is to be packed.

    Args:
        base: How many characters of each path are not in its name in the archive.
        paths: The files and folders, a folder before what is in it; folders end with a slash.
        left_out: Sentences about what cannot be packed.
    """

    base: int
    paths: list[str]
    left_out: list[str]


def surveyed(tree: FileTree, folder: str, names: Sequence[str]) -> Surveyed:
    """Finds what is to be packed.

    Args:
        tree: Everything below the root.
        folder: The folder.
        names: Those of its entries that are packed; none: the folder itself.

    Raises:
        errors.NotFound, errors.FileFault: There is no such folder, or no such entry in it.
        errors.InvalidParams: A name is no name.
        errors.TooLarge: It is more than `MAX_PACKED`.
    """
    base = len(folder) + 1 if names and folder else len(folder.rpartition("/")[0] + "/") if "/" in folder else 0
    found = Surveyed(base, [], [])
    for name in names:
        if len(parts_of(name, "name")) != 1:
            raise errors.InvalidParams("Each name is that of one entry of the folder.", field="name")
        path = f"{folder}/{name}" if folder else name
        _add(tree, path, tree.stat(path).kind, found, 0)
    if not names:
        _walk(tree, folder, found, 0)
    return found


def _add(tree: FileTree, path: str, kind: str, found: Surveyed, depth: int) -> None:
    if len(found.paths) + len(found.left_out) >= MAX_PACKED:
        raise errors.TooLarge(
            f"One archive has at most {MAX_PACKED:,} files and folders; download a part of them.", limit=MAX_PACKED
        )
    if kind != "folder":
        found.paths.append(path)
    elif _is_link(tree, path):
        found.left_out.append(f"{path}: it is a link to a folder.")
    elif depth > MAX_DEPTH:
        found.left_out.append(f"{path}: it holds folders in folders too deep.")
    else:
        _walk(tree, path, found, depth + 1)


def _walk(tree: FileTree, folder: str, found: Surveyed, depth: int) -> None:
    """Adds a folder and all that is in it; only that of the call itself fails when it cannot be read."""
    at = 0
    try:
        while True:
            entries, total = tree.entries(folder, at, _LISTED_AT_ONCE)
            if at == 0 and folder:
                found.paths.append(f"{folder}/")
            for entry in entries:
                _add(tree, entry.path, entry.kind, found, depth)
            at += _LISTED_AT_ONCE
            if at >= total:
                return
    except (errors.NotFound, errors.FileFault) as fault:
        if depth == 0:
            raise
        found.left_out.append(f"{folder}: {fault.message}")


def _is_link(tree: FileTree, path: str) -> bool:
    with tree.root.place(parts_of(path), is_followed=False) as place:
        there = place.found()
    return there is not None and stat.S_ISLNK(there.st_mode)


class _Sink:
    """Where zipfile writes to: it can only go forward."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        """Takes bytes."""
        self._bytes += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self, least: int = PIECE_BYTES) -> bytes:
        """What was written since the last call; nothing while that is less than so many bytes."""
        if len(self._bytes) < least:
            return b""
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


class Archive:
    """A zip archive, piece by piece.

    Args:
        tree: Everything below the root.
        found: What is packed.
    """

    def __init__(self, tree: FileTree, found: Surveyed) -> None:
        self._tree, self._found = tree, found
        self._pieces = self._packed()

    def next_piece(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            OSError: The disk cannot be read.
        """
        return next((piece for piece in self._pieces if piece), b"")

    def close(self) -> None:
        """Closes what is open."""
        self._pieces.close()

    def _packed(self) -> Generator[bytes]:
        sink = _Sink()
        left_out = list(self._found.left_out)
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for path in self._found.paths:
                try:
                    yield from self._of_file(archive, sink, path) if path[-1] != "/" else self._of_folder(archive, path)
                except (errors.NotFound, errors.FileFault) as fault:
                    left_out.append(f"{path}: {fault.message}")
            if left_out:
                names = set(archive.namelist())
                name = next(name for name in free_names("left-out.txt", False) if name not in names)
                text = "These files and folders are not in this archive:\n\n" + "\n".join(left_out) + "\n"
                archive.writestr(_entry(name, time.time()), text)
        yield sink.take(0)

    def _of_folder(self, archive: zipfile.ZipFile, path: str) -> Generator[bytes]:
        entry = _entry(path[self._found.base :], time.time())
        entry.external_attr = (stat.S_IFDIR | 0o755) << 16 | 0x10
        archive.writestr(entry, b"")
        yield b""

    def _of_file(self, archive: zipfile.ZipFile, sink: _Sink, path: str) -> Generator[bytes]:
        fd, record = self._tree.open_file(path)
        try:
            there = os.fstat(fd)
            entry = _entry(path[self._found.base :], there.st_mtime)
            entry.external_attr = there.st_mode << 16
            entry.file_size = left = record.size
            if path.rpartition(".")[2].lower() in _PACKED_ALREADY:
                entry.compress_type = zipfile.ZIP_STORED
            with archive.open(entry, "w") as packed:
                while left > 0 and (piece := os.read(fd, min(PIECE_BYTES, left))):
                    left -= len(piece)
                    packed.write(piece)
                    yield sink.take()
        finally:
            os.close(fd)
        yield sink.take()


def _entry(name: str, modified: float) -> zipfile.ZipInfo:
    """An entry; its time is within what the format can say: 1980 to 2107."""
    when = time.localtime(modified)
    date = when[:6] if 1980 <= when.tm_year <= 2107 else (1980, 1, 1, 0, 0, 0)
    entry = zipfile.ZipInfo(name, date)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
