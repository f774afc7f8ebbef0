"""Copies of files that clients have made checkpoints of, in the state folder: one for each file.

::

    STATE/jupyter/checkpoints/DIGEST        the bytes of the file
    STATE/jupyter/checkpoints/DIGEST.json   its path, and when the checkpoint was made
    STATE/jupyter/checkpoints/passed-over   by session, the seq up to which checkpoints of its document are not listed any more, JSON

DIGEST is that of the path. Only files that are no notebooks have such copies: the history of a document has its checkpoints. A checkpoint moves
with its file when a client of this API renames that, and goes with it when a client deletes it.

Everything here blocks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from webipy.io.storage.private_files import make_private_folder, write_private

MOST_BYTES: Final = 1024 * 1024 * 1024
"""All copies together; the oldest ones make room."""

MOST_PASSED: Final = 10_000
"""Documents of which checkpoints were deleted."""


class Kept(msgspec.Struct):
    """What is known of a copy: the path of the file, and when the copy was made, RFC 3339 UTC."""

    path: str
    time: str


class KeptFiles(msgspec.Struct, eq=False):
    """The copies.

    Args:
        folder: Where they are.
    """

    folder: Path

    def put(self, path: str, body: bytes, time: str) -> None:
        """Keeps a copy of a file, in the place of an earlier one.

        Args:
            path: The file.
            body: Its content.
            time: When, RFC 3339 UTC.
        """
        make_private_folder(self.folder)
        write_private(self._place(path), body, is_durable=True)
        write_private(self._about(path), msgspec.json.encode(Kept(path, time)), is_durable=True)
        self._make_room(self._place(path))

    def find(self, path: str) -> Kept | None:
        """What is known of the copy of a file; `None` when there is none."""
        return _read(self._about(path))

    def body(self, path: str) -> bytes | None:
        """The content of the copy of a file; `None` when there is none."""
        try:
            return self._place(path).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, path: str) -> None:
        """Removes the copies of a file, or of all files in a folder."""
        for kept in self._below(path):
            self._drop(kept.path)

    def move(self, path: str, to: str) -> None:
        """Lets copies follow their files.

        Args:
            path: The path of a file or folder before.
            to: Its path now.
        """
        for kept in self._below(path):
            new = to + kept.path[len(path) :]
            write_private(self._about(new), msgspec.json.encode(Kept(new, kept.time)))
            self._place(kept.path).replace(self._place(new))
            self._about(kept.path).unlink(missing_ok=True)

    def pass_over(self, session: str, seq: int) -> None:
        """Records that checkpoints of a document are not listed any more.

        Args:
            session: The session of the document.
            seq: The seq of the last one.
        """
        passed = self._passed()
        passed.pop(session, None)
        passed[session] = seq
        while len(passed) > MOST_PASSED:
            del passed[next(iter(passed))]
        make_private_folder(self.folder)
        write_private(self.folder / "passed-over", msgspec.json.encode(passed))

    def passed_over(self, session: str) -> int:
        """The seq up to which checkpoints of a document are not listed; 0 for none."""
        return self._passed().get(session, 0)

    def _passed(self) -> dict[str, int]:
        try:
            return msgspec.json.decode((self.folder / "passed-over").read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _below(self, path: str) -> Iterator[Kept]:
        for about in list(self.folder.glob("*.json")):
            kept = _read(about)
            if kept is not None and (kept.path == path or kept.path.startswith(f"{path}/")):
                yield kept

    def _drop(self, path: str) -> None:
        self._about(path).unlink(missing_ok=True)
        self._place(path).unlink(missing_ok=True)

    def _make_room(self, newest: Path) -> None:
        """Drops the oldest copies until all of them have room."""
        copies = [about.with_suffix("") for about in self.folder.glob("*.json")]
        sizes = {}
        for copy in copies:
            with contextlib.suppress(FileNotFoundError):
                sizes[copy] = copy.stat()
        total = sum(one.st_size for one in sizes.values())
        for copy in sorted(sizes, key=lambda one: sizes[one].st_mtime):
            if total <= MOST_BYTES or copy == newest:
                continue
            total -= sizes[copy].st_size
            copy.with_suffix(".json").unlink(missing_ok=True)
            copy.unlink(missing_ok=True)

    def _place(self, path: str) -> Path:
        return self.folder / sha256(path.encode("utf-8", "surrogateescape")).hexdigest()

    def _about(self, path: str) -> Path:
        return self._place(path).with_suffix(".json")


def _read(about: Path) -> Kept | None:
    try:
        return msgspec.json.decode(about.read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
