"""The outputs that a room shows: those of the session, brought into the shared document.

::

    document of the session ──cells whose outputs are others than those shown──► shared document          at most ten times a second

Invariants: of a cell that a program leads, or has changed, nothing is written (`is_held`); what is shown is in the journal when it is sent; all
outputs together are no larger than the programs can take at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.kernel import blobs
from webipy.core.session.notebook import Notebook
from webipy.server.notebooks.documents import Documents
from webipy.server.notebooks.shared_notebook import SharedNotebook
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session

SHOW_SECONDS: Final = 0.1
"""How often outputs are shown at most."""

MOST_TEXT: Final = 1024 * 1024
"""Characters of one text in the shared document; of a longer one the start and the end are shown."""

MOST_VALUE: Final = 4 * 1024 * 1024
"""Bytes of a value that lies beside the journal; a larger one is not shown."""

MOST_SHOWN: Final = 12 * 1024 * 1024
"""Bytes of all outputs: programs take messages of 16 MiB."""

_TOO_LARGE: Final = "[outputs of {:.1f} MB are not shown here, for all of them together are too large]"
_CUT: Final = "characters are not shown here, where programs edit together"
LACKING: Final = (b'"left_out":true', _CUT.encode())
"""What stands in outputs that lack something."""

_NONE: Final[tuple[tuple[bytes, ...], int | None]] = ((), None)


@attrs.define(eq=False)
class RoomOutputs:
    """The outputs that one room shows.

    Args:
        session: The session of the room.
        world: The outside.
        documents: The documents of all sessions.
        shared: The shared document.
        order: The ids of its cells.
        sent: Called when something was written.
    """

    session: Session
    world: World
    documents: Documents
    shared: SharedNotebook
    order: list[str]
    sent: Callable[[], None]
    is_held: Callable[[str], bool] = lambda cell: False
    is_over: bool = False
    _known: dict[str, tuple[tuple[bytes, ...], int | None, str]] = attrs.field(factory=dict)
    """What of the session was shown last, by cell."""
    _shown: dict[str, tuple[tuple[bytes, ...], int | None]] = attrs.field(factory=dict)
    """The same as it stands in the shared document, with large values."""
    _sizes: dict[str, int] = attrs.field(factory=dict)
    _is_due: bool = False
    _is_busy: bool = False
    _is_late: bool = False
    """Whether something has changed since the showing that is under way began."""
    _log = Logger()

    @property
    def notebook(self) -> Notebook:
        """The notebook of the session."""
        return self.session.state.notebook

    def place(self, cell: str) -> int | None:
        """The place of a cell in the shared document; `None` when it is not there, or the room is over."""
        return self.order.index(cell) if cell in self.order and not self.is_over else None

    def of(self, cell: str) -> tuple[tuple[bytes, ...], int | None]:
        """The outputs and the count that a cell shows, for a cell that is written anew."""
        return self._shown.get(cell, _NONE)

    def shows(self, cell: str, outputs: Sequence[bytes], count: int | None) -> bool:
        """Whether a cell of the session shows these outputs already.

        Args:
            cell: The id of the cell.
            outputs: The outputs, in normal form.
            count: The number of the run that they are of.
        """
        return self.of(cell) == (tuple(outputs), count)

    def distrust(self, cell: str) -> None:
        """A program has changed what a cell shows: it is looked at again."""
        self._known.pop(cell, None)

    def forget(self, cell: str) -> None:
        """Forgets a cell that is gone."""
        for known in (self._known, self._shown, self._sizes):
            known.pop(cell, None)

    def show_soon(self) -> None:
        """Shows what has changed in the session, a short time later."""
        if not self._is_due:
            self._is_due = True
            self.world.later(SHOW_SECONDS, self._begin)

    def _begin(self) -> None:
        self._is_due = False
        Deferred.fromCoroutine(self.show()).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("outputs of session {session} cannot be shown to programs", failure, session=self.session.id)

    async def show(self) -> None:
        """Shows what has changed in the session; one call at a time, the next one begins with what is there then."""
        if self._is_busy:
            self._is_late = True
            return
        self._is_busy, self._is_late = True, False
        try:
            if not self.is_over and not self.session.is_closed:
                _, document = await self.documents.of(self.session).file.current()
                await self._show_all(document)
        finally:
            self._is_busy = False
        if self._is_late:
            self.show_soon()

    async def _show_all(self, document: Document) -> None:
        for cell in document.cells:
            if cell.cell_type == "code" and self._is_behind(cell):
                outputs = [await self._whole(output) for output in cell.outputs]
                place = self.place(cell.id)
                if place is not None and self._is_behind(cell):
                    self._show(place, cell, self._fitting(cell.id, outputs))
                await self.world.turns.pause()
        self.sent()

    def _state(self, cell: str) -> str:
        return "running" if self.notebook.is_running(cell) else "idle"

    def _is_behind(self, cell: DocumentCell) -> bool:
        """Whether a cell does not show what the session says; not while a program has a say."""
        if self.is_held(cell.id):
            return False
        return self._known.get(cell.id) != (cell.outputs, cell.execution_count, self._state(cell.id))

    def _show(self, place: int, cell: DocumentCell, outputs: Sequence[bytes]) -> None:
        state = self._state(cell.id)
        if self.shared.value(place, "cell_type") == "code":
            self.shared.show(place, outputs, cell.execution_count, state)
            self._known[cell.id] = cell.outputs, cell.execution_count, state
            self._shown[cell.id] = tuple(outputs), cell.execution_count

    def _fitting(self, cell: str, outputs: list[bytes]) -> list[bytes]:
        """The outputs of a cell, or a word about them where all together are too large."""
        self._sizes[cell] = size = sum(map(len, outputs))
        if sum(self._sizes.values()) <= MOST_SHOWN:
            return outputs
        del self._sizes[cell]
        data, metadata = {"text/plain": _TOO_LARGE.format(size / 1e6)}, {blobs.METADATA: {"left_out": True}}
        return [msgspec.json.encode({"output_type": "display_data", "data": data, "metadata": metadata})]

    async def _whole(self, output: bytes) -> bytes:
        """An output with its large values in it, if they are not too large; a long text without its middle."""
        refs = blobs.refs_of(output)
        if refs and all(ref.size <= MOST_VALUE for ref in refs.values()):
            journal = self.session.journal
            try:
                found = {ref.sha256: await journal.read_blob(ref.sha256, 0, ref.size) for ref in refs.values()}
            except errors.NotFound:
                return output
            return blobs.with_values(output, found)
        if len(output) <= MOST_TEXT:
            return output
        value = msgspec.json.decode(output)
        text = value.get("text")
        if value.get("output_type") != "stream" or len(text) <= MOST_TEXT:
            return output
        middle = f"\n[{len(text) - MOST_TEXT:,} {_CUT}]\n"
        value["text"] = text[: MOST_TEXT // 4] + middle + text[-MOST_TEXT * 3 // 4 :]
        return msgspec.json.encode(value)
