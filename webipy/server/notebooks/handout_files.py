"""The data of a hand-out: files and folders beside a notebook that its code reads, copied once into the folder of the copies.

::

    lesson.ipynb   data.csv   images/a.png ──► handed-out/lesson/data.csv, images/a.png       grants: each recipient, read
                                               handed-out/lesson/ada.ipynb  reads data.csv, as lesson.ipynb does

A copy runs in its own folder (webipy.server.notebooks.handouts), so what the notebook names by a path has to stand there, too. One copy is for all:
they read it, and thirty copies of a large file would be in nobody's interest.

Invariants: all of it is measured before anything is copied, and too much is refused as a whole; nothing that stands there is replaced; what begins
with a dot is not handed out; of a folder what is missing is added, so a second hand-out finishes one that was cut off; nothing is handed out that
would stand where the copies of people do.

Rejected: a folder for each person with the data in it (a class of thirty times the data; and who has a copy already would not get them); links to
the original (a link is followed by kernels alone, and ends when the original is moved).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api.access import RANK
from webipy.core.api.file_calls import FileKind
from webipy.core.api.grants import account_whom
from webipy.core.api.handout_calls import HandedFile
from webipy.server.people.directory import Entry
from webipy.server.people.rights import Rights
from webipy.server.ports.files import FileRecord
from webipy.server.ports.world import World

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_FILES: Final = 2000
"""Files and folders of one hand-out's data."""


class _Item(msgspec.Struct, frozen=True):
    """One file or folder that was named, and all that is in it, by their paths from the notebook's folder; each folder before what it holds."""

    name: str
    folders: tuple[str, ...]
    files: tuple[str, ...]


@attrs.define
class _Measure:
    """How much the data are."""

    count: int = 0
    size: int = 0

    def add(self, record: FileRecord) -> None:
        """Counts a file or folder.

        Raises:
            errors.TooLarge: It is too much.
        """
        self.count += 1
        self.size += record.size
        if self.count > MAX_FILES or self.size > MAX_BYTES:
            raise errors.TooLarge(
                f"Data that are handed out have at most {MAX_BYTES >> 20} MiB and {MAX_FILES:,} files. Share their folder instead, "
                "and let the notebook read it by its whole path.",
                limit_bytes=MAX_BYTES,
            )


@attrs.define(frozen=True)
class HandoutFiles:
    """Copies data for hand-outs.

    Args:
        world: The outside.
        rights: The rights of everybody.
    """

    world: World
    rights: Rights

    async def measure(self, path: str, folder: str, names: Sequence[str]) -> list[_Item]:
        """What is to be copied.

        Args:
            path: The path of the notebook.
            folder: The folder of its copies.
            names: Files and folders, as paths from the notebook's folder.

        Raises:
            errors.InvalidParams: One cannot be handed out.
            errors.NotFound: One is not there.
            errors.TooLarge: It is too much.
        """
        measure = _Measure()
        return [await self._item(path, folder, name, measure) for name in dict.fromkeys(names)]

    async def _item(self, path: str, folder: str, name: str, measure: _Measure) -> _Item:
        beside = posixpath.dirname(path)
        parts = name.split("/")
        if not all(parts) or any(part.startswith(".") for part in parts):
            raise _wrong(
                f"Name data by their path from the notebook's folder, such as data.csv or data; {name!r} is none."
            )
        source = posixpath.join(beside, name)
        if name.casefold().endswith(".ipynb"):
            raise _wrong(f"{name!r} is a notebook: hand it out by itself.")
        if (folder + "/").startswith(source + "/") or (source + "/").startswith(posixpath.dirname(folder) + "/"):
            raise _wrong(f"{name!r} has the copies of hand-outs: it is not handed out with them.")
        record = await self.world.files.stat(source)
        if record.kind == "other":
            raise _wrong(f"{name!r} is neither a file nor a folder.")
        found = await self._below(record, name, beside, measure)
        folders = tuple(one for one, kind in found if kind == "folder")
        return _Item(name, folders, tuple(one for one, kind in found if kind in ("file", "notebook")))

    async def _below(self, record: FileRecord, name: str, beside: str, measure: _Measure) -> list[tuple[str, FileKind]]:
        """The names and kinds of a file, or of a folder and all that is in it."""
        measure.add(record)
        found = [(name, record.kind)]
        if record.kind == "folder":
            records, _ = await self.world.files.list(posixpath.join(beside, name), 0, MAX_FILES + 1)
            for one in records:
                base = posixpath.basename(one.path)
                if not base.startswith("."):
                    found += await self._below(one, f"{name}/{base}", beside, measure)
        return found

    async def copy(
        self, path: str, folder: str, items: Sequence[_Item], to: Sequence[Entry], by: str
    ) -> list[HandedFile]:
        """Copies what was measured, and lets people read it.

        Args:
            path: The path of the notebook.
            folder: The folder of its copies, which is there.
            items: What is copied.
            to: The recipients.
            by: The name of who hands out.

        Returns:
            What became of each.

        Raises:
            errors.Failure: It could not be copied; what was copied stays, and a second hand-out goes on from there.
        """
        return [await self._copy(posixpath.dirname(path), folder, item, to, by) for item in items]

    async def _copy(self, beside: str, folder: str, item: _Item, to: Sequence[Entry], by: str) -> HandedFile:
        above = item.name.split("/")[:-1]
        made = False
        for name in [*("/".join(above[: index + 1]) for index in range(len(above))), *item.folders]:
            with suppress(errors.AlreadyExists):
                await self.world.files.create(posixpath.join(folder, name), "folder")
                made = made or name in item.folders
        for name in item.files:
            with suppress(errors.AlreadyExists):
                await self.world.files.copy(posixpath.join(beside, name), posixpath.join(folder, name))
                made = True
        place = posixpath.join(folder, item.name)
        for entry in to:
            whom = account_whom(entry.account)
            had = self.rights.grants.get(place, whom)
            if had is None or RANK[had.verb] < RANK["read"]:
                await self.rights.grant(place, whom, "read", by)
        return HandedFile(name=item.name, result="made" if made else "had", copy_path=place)


def _wrong(words: str) -> errors.InvalidParams:
    return errors.InvalidParams(words, field="files")
