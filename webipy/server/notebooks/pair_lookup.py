"""Finds which files are a pair, before there is a session: when one of them is opened or renamed.

A text names the pair in its header, an .ipynb in its metadata; `main_of` finds the file that the session of a pair belongs to: the .ipynb, or the
first file that the formats name. A text without a header is looked for in the .ipynb of its name beside it.

Rejected: searching all notebooks for one that names a text (slow, and the text itself can name it).
"""

from __future__ import annotations

import posixpath

import msgspec

from webipy.core import errors
from webipy.core.api import formats
from webipy.core.ipynb import pairs
from webipy.server.notebooks.notebook_codec import NotebookCodec
from webipy.server.ports.world import World

EDGE_BYTES = 64 * 1024
"""At the start and the end of an .ipynb, where its metadata stand; only one that names formats there is read."""


class PairLookup(msgspec.Struct, eq=False):
    """Finds the pairs of files.

    Args:
        world: The outside.
    """

    world: World

    async def main_of(self, path: str) -> tuple[str, str | None]:
        """The file that the session of the document at `path` belongs to, and the formats that the header of a text names (`None` for none)."""
        if formats.format_of(path) in (None, "ipynb"):
            return path, None
        try:
            head, _ = await self.world.files.read(path, 0, formats.HEAD_BYTES)
        except errors.NotFound:
            return path, None
        named = pairs.formats_of_header(head)
        if named is not None:
            found = pairs.halves(path, named)
            main = next((half.path for half in found if half.format == "ipynb"), found[0].path if found else path)
            return main, named
        beside = f"{posixpath.splitext(path)[0]}.ipynb"
        metadata = await self._metadata(beside)
        is_paired = any(half.path == path for half in pairs.partners(beside, metadata))
        return (beside if is_paired else path), None

    async def moves(self, path: str, to: str, metadata: bytes | None) -> list[tuple[str, str]]:
        """The new paths of the other files of a pair when one is renamed; those that are not there, or have no place then, stay.

        Args:
            path: The path of the one now.
            to: Its new path.
            metadata: The metadata of its document, JSON; `None` when they are not known.

        Returns:
            Pairs of path now and new path.

        Raises:
            errors.AlreadyExists: Something is at a new path.
        """
        if metadata is None:
            main, named = await self.main_of(path)
            metadata = pairs.with_formats(b"{}", named) if named is not None else await self._metadata(main)
        before, after = ((pairs.Half(one, ""), *pairs.partners(one, metadata)) for one in (path, to))
        goals = {half.format: half.path for half in after}
        found = []
        for half in before[1:]:
            goal = goals.get(half.format)
            if goal is None or goal == half.path or not await self._is_there(half.path):
                continue
            if await self._is_there(goal):
                words = f"{half.path} is paired with {path} and would become {goal}, which exists already."
                raise errors.AlreadyExists(words, kind="file", id=goal)
            found.append((half.path, goal))
        return found

    async def _metadata(self, path: str) -> bytes:
        """The metadata of an .ipynb that may be in a pair; nothing for any other."""
        try:
            size = (await self.world.files.stat(path)).size
            head, _ = await self.world.files.read(path, 0, EDGE_BYTES)
            tail, _ = await self.world.files.read(path, max(0, size - EDGE_BYTES), EDGE_BYTES)
            if b'"formats"' not in head and b'"formats"' not in tail:
                return b"{}"
            return (await NotebookCodec(self.world).read(path)).document.metadata
        except errors.Failure:
            return b"{}"  # it is no notebook, or not there: then it is in no pair

    async def _is_there(self, path: str) -> bool:
        try:
            await self.world.files.stat(path)
        except errors.NotFound:
            return False
        return True
