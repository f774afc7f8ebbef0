"""Reads what other programs write into the file of a document, once the file stands still.

A program that writes a text in two steps (empties it, then fills it) shows half of it in between. A text in which cells are missing is therefore
read again before they count as deleted: after `QUIET_SECONDS` without a change, and after `EMPTY_SECONDS` when no cell at all is left. A
wait that is too short does no harm that lasts: cells that come back get their ids and outputs again (webipy.core.ipynb.lost_cells).

Text grows in steps, too; that needs no wait, since what is added later is one more change. An .ipynb that is half written is no JSON: events
report that it cannot be read until it can.

Rejected: waiting at each change (every edit in an editor would come later); checking which program has the file open (another user's, another
machine's program cannot be seen).
"""

from __future__ import annotations

import attrs

from webipy.core.ipynb.document import Document
from webipy.core.ipynb.lost_cells import LostCells
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook
from webipy.server.ports.world import World, pause

QUIET_SECONDS = 0.5
"""A text that has lost cells has to stand still for so long."""

EMPTY_SECONDS = 3.0
"""The same for one that has lost all."""

LONGEST_SECONDS = 10.0
"""A text that is written all the time is taken as it is after so long."""


@attrs.define(eq=False)
class Reader:
    """Reads one file of one document.

    Args:
        world: The outside.
        codec: Reads and writes notebook files.
    """

    world: World
    codec: NotebookCodec
    _vanished: LostCells = attrs.field(factory=LostCells)

    async def read(self, path: str, like: Document, format: str | None = None) -> ReadNotebook:
        """Reads the file, with the ids and outputs of a document and of the cells that the file had before.

        Args:
            path: The file, relative to the root.
            like: The document.
            format: That of the file; `None`: as its name and its first lines say.

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
        """A document with the cells that the file has lost."""
        return self._vanished.restored(document)

    def record(self, before: Document, found: ReadNotebook) -> None:
        """Records a change of the file that was merged, so that cells that come back are known.

        Args:
            before: The document that the file held before.
            found: The file, read.
        """
        if found.format != "ipynb":
            self._vanished.record(before, found.document)


def _patience(found: Document, like: Document) -> float:
    """Seconds that a text has to stand still before it is merged."""
    there = {cell.id for cell in found.cells}
    if all(cell.id in there for cell in like.cells if cell.source.strip()):
        return 0.0
    return QUIET_SECONDS if any(cell.source.strip() for cell in found.cells) else EMPTY_SECONDS
