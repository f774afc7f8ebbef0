"""A notebook document as a value, and how it is made of the state of a session.

    SessionState ──► DocumentMaker.prepare ──► the cells that changed, as they are now ──► (in another thread) Document

A `Document` is what a notebook file holds, without how the file spells it: every JSON part is in the normal form of
`webipy.core.ipynb.normal_form`, so two documents with the same content are equal byte for byte, however they came about:

    notebook_file.read(notebook_file.write(document, original)).document == document

Outputs are those shown under a cell (`webipy.core.session.shown_outputs`). Text of a stream is written as a terminal shows it in the end
(`terminal_text.resolved`), and of more than a limit of characters the start and the end, with a line in between that says what is left out: the
journal has it. The file of an open document has a smaller limit than the result of a run.

The metadata of the notebook have the state of the widgets that are shown (`webipy.core.kernel.widget_state`): a file is seen without its kernel, too.

Invariants: a document does not depend on how text was cut into events, nor on whether its state was folded from the whole log or from a
snapshot and the tail; making the document again costs only the cells that changed since; cells and outputs that are equal to those of a file
that is known (`like`) are the same objects, so that a notebook that was opened is in memory once.

Rejected: keeping outputs in normal form while they come in (a flood of displays would pay for what is never saved).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec
from msgspec import Raw

from webipy.core import errors
from webipy.core.errors import InvalidNotebook
from webipy.core.events.events import CellOutputsSet, CellType
from webipy.core.events.outputs import StreamText
from webipy.core.events.terminal_text import resolved
from webipy.core.ipynb import json_source, normal_form
from webipy.core.kernel import widget_state
from webipy.core.kernel.widget_state import Model
from webipy.core.session.notebook import NO_METADATA, Cell
from webipy.core.session.session_state import SessionState, end_of


@attrs.define(frozen=True, slots=True)
class DocumentCell:
    """A cell as a file holds it.

    Args:
        metadata: JSON map in normal form.
        attachments: The same, or `None`; code cells have none.
        outputs: Each in normal form; other cells than code cells have none.
        execution_count: The kernel's number of the run that made the outputs.
    """

    id: str
    cell_type: CellType
    source: str
    metadata: bytes = NO_METADATA
    attachments: bytes | None = None
    outputs: tuple[bytes, ...] = ()
    execution_count: int | None = None


@attrs.define(frozen=True, slots=True)
class Document:
    """A notebook: its cells in their order and its metadata (JSON map in normal form)."""

    cells: tuple[DocumentCell, ...] = ()
    metadata: bytes = NO_METADATA


def leaves_out(document: Document) -> bool:
    """Whether a document lacks text that the journal of its session has."""
    return any(_LEFT_OUT in output for cell in document.cells for output in cell.outputs)


def _formed_text(text: StreamText, limit: int | None) -> bytes:
    whole = _limited(text.head + "".join(text.parts), len(text.head), text.left_out, limit)
    return (
        b'{"name":'
        + json_source.quoted(text.name)
        + b',"output_type":"stream","text":'
        + json_source.quoted(whole)
        + b"}"
    )


def _limited(text: str, at: int, left_out: int, limit: int | None) -> str:
    """The text as a file holds it; `left_out` characters are missing after the first `at`."""
    tail_size = len(text) if limit is None else end_of(limit)
    head_size = tail_size // 4
    if not left_out and len(text) <= head_size + tail_size:
        return resolved(text)
    head = text[: at if left_out else head_size]
    tail = text[max(len(head), len(text) - tail_size) :]
    left_out += len(text) - len(head) - len(tail)
    return f"{resolved(head)}\n[{left_out:,} {_NOTICE}]\n{resolved(tail)}"


_NOTICE = "characters are left out here; the journal of the session has them"
_LEFT_OUT = _NOTICE.encode()


def _formed_as_put(raw: Raw) -> bytes:
    try:
        return normal_form.output(raw)
    except InvalidNotebook:  # nothing that a notebook can hold; what comes in is checked where it comes in
        return _NO_OUTPUT


_NO_OUTPUT = (
    b'{"data":{"text/plain":"[an output that notebooks cannot hold]"},"metadata":{},"output_type":"display_data"}'
)


class _Captured(msgspec.Struct, frozen=True):
    """A cell and what is shown under it as they were at one moment; nothing changes it later."""

    id: str
    cell_type: CellType
    source: str
    metadata: bytes
    attachments: bytes | None
    outputs: tuple[Raw | StreamText, ...]
    execution_count: int | None
    put: CellOutputsSet | None
    """The event that put the outputs there; `None` when an execution did."""


def with_cell(document: Document, other: Document, cell: str) -> Document:
    """A document with one cell as another state of it has it.

    Args:
        document: The document.
        other: The other state.
        cell: The id of the cell; one that the document does not have stands behind the cell that it stood behind.

    Raises:
        errors.NotFound: The other state has no such cell.
    """
    ids = [one.id for one in other.cells]
    if cell not in ids:
        raise errors.NotFound("The notebook had no such cell then.", kind="cell", id=cell)
    at = ids.index(cell)
    was, cells = other.cells[at], list(document.cells)
    now = {one.id: place for place, one in enumerate(cells)}
    if cell in now:
        cells[now[cell]] = was
    else:
        before = next((now[one] for one in reversed(ids[:at]) if one in now), -1)
        cells.insert(before + 1, was)
    return attrs.evolve(document, cells=tuple(cells))


@attrs.define(slots=True)
class DocumentMaker:
    """Makes the document of a state, again and again.

    Args:
        state: The state of the session; nobody else asks it for `ShownOutputs.changed_cells`.
    """

    state: SessionState
    _made: dict[str, DocumentCell] = attrs.field(factory=dict)
    """The cells that did not change since they were made."""
    _formed: dict[str, tuple[tuple[Raw | StreamText, ...], tuple[bytes, ...]]] = attrs.field(factory=dict)
    """By cell, the outputs that were formed last, and what they became."""
    _metadata: tuple[bytes, bytes] = (NO_METADATA, NO_METADATA)
    _views: dict[str, bytes] = attrs.field(factory=dict)
    """By cell, its outputs that show widgets."""
    _models: tuple[int, dict[str, Model]] = (0, {})
    """The widgets of the session as they were at that event."""
    _equal: list[tuple[CellOutputsSet, CellOutputsSet]] = attrs.field(factory=list)
    """Events of outputs that are in normal form already, and the same with the outputs of the document."""

    def prepare(self, like: Document | None = None) -> Callable[[], Document]:
        """Captures what has changed.

        Args:
            like: A document whose cells take the place of equal ones, as they are in memory already.

        Returns:
            Makes the document as the state is now, whatever the state becomes; for another thread, one at a time.
        """
        state, made = self.state, self._made
        for cell in state.outputs.changed_cells():
            made.pop(cell, None)
        ids = state.notebook.ids()
        captured = [self._captured(state.notebook.get(cell)) for cell in ids if cell not in made]
        if len(made) + len(captured) > len(ids):  # some were deleted
            there = set(ids)
            self._made = made = {cell: one for cell, one in made.items() if cell in there}
            self._formed = {cell: one for cell, one in self._formed.items() if cell in there}
            self._views = {cell: one for cell, one in self._views.items() if cell in there}
        raw, changed = state.notebook.metadata, state.comms.changed
        comms = state.comms.as_events() if changed > self._models[0] and state.file_state.format == "ipynb" else None

        def make() -> Document:
            known = {cell.id: cell for cell in like.cells} if like is not None and captured else {}
            for one in captured:
                found = known.get(one.id)
                new = self._make(one, () if found is None else found.outputs)
                made[one.id] = found if found is not None and found == new else new
            if comms is not None:
                self._models = changed, widget_state.models(comms)
            if raw is not self._metadata[0]:
                self._metadata = raw, _map(raw)
            return Document(tuple(made[cell] for cell in ids), self._with_widgets(self._metadata[1]))

        return make

    def _with_widgets(self, metadata: bytes) -> bytes:
        """The metadata of the notebook with the state of the widgets that it shows, so that they are there without a kernel."""
        whole = widget_state.with_state(metadata, b"".join(self._views.values()), self._models[1])
        return metadata if whole is metadata else _map(whole)

    def share(self) -> None:
        """Lets the state have outputs that it holds byte for byte as the document does from there; when the document that was prepared is made."""
        put = self.state.outputs.put
        for old, new in self._equal:
            if put.get(old.cell) is old:
                put[old.cell] = new
        self._equal = []

    def _captured(self, cell: Cell) -> _Captured:
        is_code = cell.cell_type == "code"
        put = self.state.outputs.put.get(cell.id) if is_code else None
        record = self.state.outputs.records.get(cell.execution or "") if is_code and put is None else None
        return _Captured(
            cell.id,
            cell.cell_type,
            cell.source,
            cell.metadata,
            None if is_code else cell.attachments,
            record.outputs.captured() if record is not None else () if put is None else tuple(put.outputs),
            record.execution_count if record is not None else None if put is None else put.execution_count,
            put,
        )

    def _make(self, cell: _Captured, like: tuple[bytes, ...]) -> DocumentCell:
        return DocumentCell(
            cell.id,
            cell.cell_type,
            cell.source,
            _map(cell.metadata),
            None if cell.attachments is None else _attached(cell.attachments),
            self._outputs(cell, like),
            cell.execution_count,
        )

    def _outputs(self, cell: _Captured, like: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """All outputs in normal form; those that are as they were last time are not formed again."""
        before, known = self._formed.get(cell.id, ((), ()))
        formed = []
        for number, one in enumerate(cell.outputs):
            if number < len(before) and before[number] is one:
                formed.append(known[number])
                continue
            new = _formed_text(one, self.state.limit) if isinstance(one, StreamText) else _formed_as_put(one)
            formed.append(like[number] if number < len(like) and like[number] == new else new)
        outputs, captured = tuple(formed), cell.outputs
        views = b"".join(one for one in outputs if widget_state.VIEW in one)
        if views:
            self._views[cell.id] = views
        else:
            self._views.pop(cell.id, None)
        if cell.put is not None and captured != before and all(map(_is_equal, captured, outputs)):
            shared = msgspec.structs.replace(cell.put, outputs=list(map(Raw, outputs)))
            self._equal.append((cell.put, shared))
            captured = tuple(shared.outputs)
        if outputs:
            self._formed[cell.id] = captured, outputs
        else:
            self._formed.pop(cell.id, None)
        return outputs


def _is_equal(raw: Raw | StreamText, formed: bytes) -> bool:
    return isinstance(raw, Raw) and memoryview(raw) == formed


def document(state: SessionState) -> Document:
    """The document of a state, made once."""
    return DocumentMaker(state).prepare()()


def _map(raw: bytes) -> bytes:
    try:
        return normal_form.metadata(raw)
    except InvalidNotebook:
        return NO_METADATA


def _attached(raw: bytes) -> bytes | None:
    try:
        return normal_form.attachments(raw)
    except InvalidNotebook:
        return None
