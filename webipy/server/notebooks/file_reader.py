"""Reads what other programs write into the file of a document, once it stands still.

A program that writes a text in two steps (empties it, then fills it) shows half of it in between. A text in which cells are missing is therefore
looked at again before they count as deleted: after `QUIET_SECONDS` without a change, and after `EMPTY_SECONDS` when nothing at all is left. What
is believed too early does no harm that lasts: cells that come back have their ids and outputs again (webipy.core.ipynb.lost_cells).

Text grows in steps, too; that needs no wait, since what is added later is one more change. An .ipynb that is half written is no JSON, and is told as
what cannot be read until it can.

Rejected: to wait at each change (every edit in an editor would come later); to look who has the file open (another user's, another machine's program
cannot be seen).
"""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred

from webipy.core.ipynb.document import Document
from webipy.core.ipynb.lost_cells import LostCells
from webipy.server.notebooks.notebook_codec import NotebookCodec, Read
from webipy.server.ports.world import World

QUIET_SECONDS = 0.5
"""A text that has lost cells has to stand still for so long."""

EMPTY_SECONDS = 3.0
"""The same for one that has lost all."""

LONGEST_SECONDS = 10.0
"""A text that is written all the time is taken as it is after so long."""


async def pause(world: World, seconds: float) -> None:
    """Returns after so many seconds."""
    over: Deferred[None] = Deferred()
    world.later(seconds, lambda: over.callback(None))
    await over


@attrs.define(eq=False)
class Reader:
    """Reads one file of one document.

    Args:
        world: The outside.
        codec: What files hold.
    """

    world: World
    codec: NotebookCodec
    _vanished: LostCells = attrs.field(factory=LostCells)

    async def read(self, path: str, like: Document, format: str | None = None) -> Read:
        """The file, in this format (`None`: as it says itself), with the ids and outputs of `like` and of the cells that it had before.

        Raises:
            errors.NotFound, errors.InvalidNotebook and others: As `NotebookCodec.read`.
        """
        known = self.known(like)
        found = await self.codec.read(path, known, format)
        waited = quiet = 0.0
        while found.format != "ipynb" and quiet < _patience(found.document, like) and waited < LONGEST_SECONDS:
            await pause(self.world, QUIET_SECONDS)
            waited, quiet = waited + QUIET_SECONDS, quiet + QUIET_SECONDS
            if (await self.world.files.stat(path)).etag != found.record.etag:
                found, quiet = await self.codec.read(path, known, format), 0.0
        return found

    def known(self, document: Document) -> Document:
        """The document with the cells that the file lost."""
        return self._vanished.restored(document)

    def took(self, before: Document, found: Read) -> None:
        """What the file held before, and what was read and taken in now."""
        if found.format != "ipynb":
            self._vanished.record(before, found.document)


def _patience(found: Document, like: Document) -> float:
    """How long a text has to stand still before it is believed."""
    there = {cell.id for cell in found.cells}
    if all(cell.id in there for cell in like.cells if cell.source.strip()):
        return 0.0
    return QUIET_SECONDS if any(cell.source.strip() for cell in found.cells) else EMPTY_SECONDS
