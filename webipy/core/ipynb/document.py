"""A notebook document as a value, and how the events of a session make it.

    events of a session, or those of a snapshot ──► DocumentFold.apply ──► DocumentFold.document() ──► Document

A `Document` is what a notebook file holds, without how the file spells it: every JSON part is in the normal form of
`webipy.core.ipynb.normal_form`, so two documents with the same content are equal byte for byte, however they came about:

    notebook_file.read(notebook_file.write(document, original)).document == document

Outputs are those shown under a cell: of the execution that was started from it last (from the moment it was queued), or those that an event
put there. Only those are kept. Text of a stream is written as a terminal shows it in the end (`terminal_text.resolved`), and of
more than a limit of characters the start and the end, with a line in between that says what is left out: the journal has it. The file of an open
document has a smaller limit than the result of a run.

Invariants: a document does not depend on how text was cut into events, nor on whether it was folded from the whole log or from a
snapshot and the tail; taking the document again costs only the cells that changed since.

Rejected: keeping outputs in normal form while they come in (a flood of displays would pay for what is never saved).
"""

from __future__ import annotations

import attrs
import msgspec
from msgspec import Raw

from webipy.core.errors import InvalidNotebook
from webipy.core.events import events
from webipy.core.events.events import AnyEvent, CellType
from webipy.core.events.outputs import Displays, Fold, Stream
from webipy.core.events.terminal_text import resolved
from webipy.core.ipynb import json_source, normal_form
from webipy.core.session.notebook import NO_METADATA, Cell, Notebook

MAX_STREAM = 8 * 1024 * 1024
"""Characters of one stream output that the file of an open document holds: it is written again and again, and what is more no editor opens."""

MAX_RESULT_STREAM = 256 * 1024 * 1024
"""The same in the result of a run, which is written once."""

_decode_stream = msgspec.json.Decoder(Stream).decode
_encode = msgspec.json.Encoder().encode


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


@attrs.define(slots=True)
class _Shown:
    """What is shown under one cell: outputs of an execution, or outputs that were put there."""

    fold: Fold
    execution: str | None = None
    count: int | None = None
    put: list[Raw] = attrs.field(factory=list)
    has_output: bool = False
    displays: set[str] = attrs.field(factory=set)
    _formed: dict[int, tuple[Raw, bytes]] = attrs.field(factory=dict)

    def is_empty(self) -> bool:
        return self.count is None and not self.put and not self.has_output

    def outputs(self, limit: int) -> tuple[bytes, ...]:
        """All outputs in normal form, with at most so many characters of a stream; those that are as they were last time are not formed again."""
        formed: dict[int, tuple[Raw, bytes]] = {}
        for number, event in enumerate(self.fold.as_events("", None)):
            if not isinstance(event, events.OutputAdded):
                continue
            before = self._formed.get(number)
            if before is not None and before[0] is event.output:
                formed[number] = before
            else:
                formed[number] = (event.output, _formed(event, limit))
        self._formed = formed
        return tuple(map(_formed_as_put, self.put)) + tuple(normal for _, normal in formed.values())


def _formed(event: events.OutputAdded, limit: int) -> bytes:
    try:
        text = _decode_stream(event.output)
    except msgspec.ValidationError:
        return _formed_as_put(event.output)
    at, left_out = (event.omitted.at, event.omitted.characters) if event.omitted else (0, 0)
    whole = _limited(text.text, at, left_out, limit)
    return (
        b'{"name":'
        + json_source.quoted(text.name)
        + b',"output_type":"stream","text":'
        + json_source.quoted(whole)
        + b"}"
    )


def _tail(limit: int) -> int:
    """How much of a stream's end is kept; of its start it is a quarter of that."""
    return limit * 3 // 4


def _limited(text: str, at: int, left_out: int, limit: int) -> str:
    """The text as a file holds it; `left_out` characters are missing after the first `at`."""
    tail_size = _tail(limit)
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


@attrs.define(slots=True)
class DocumentFold:
    """A document that grows event by event.

    Args:
        seq: That of the last event taken.
        changed: That of the last one that changed what a file would hold.
        limit: Characters of one stream output that are kept.
    """

    seq: int = 0
    changed: int = 0
    limit: int = MAX_STREAM
    _notebook: Notebook = attrs.field(factory=Notebook)
    _shown: dict[str, _Shown] = attrs.field(factory=dict)
    """By cell."""
    _under: dict[str, str] = attrs.field(factory=dict)
    """The cell under which an execution is shown."""
    _displays: dict[str, set[str]] = attrs.field(factory=dict)
    """The cells that show something under a display id."""
    _updated: set[str] = attrs.field(factory=set)
    """Display ids of which all cells are known to have changed since they were made."""
    _known: Displays = attrs.field(factory=Displays)
    _made: dict[str, DocumentCell] = attrs.field(factory=dict)
    """The cells that did not change since they were made."""
    _metadata: tuple[bytes, bytes] = (NO_METADATA, NO_METADATA)

    def document(self) -> Document:
        """The document now."""
        cells = tuple(self._made.get(cell.id) or self._make(cell) for cell in self._notebook.cells())
        raw, formed = self._metadata
        if raw != self._notebook.metadata:
            raw, formed = self._notebook.metadata, _map(self._notebook.metadata)
            self._metadata = raw, formed
        return Document(cells, formed)

    def _make(self, cell: Cell) -> DocumentCell:
        shown = self._shown.get(cell.id) if cell.cell_type == "code" else None
        attached = cell.attachments if cell.cell_type != "code" else None
        made = DocumentCell(
            cell.id,
            cell.cell_type,
            cell.source,
            _map(cell.metadata),
            None if attached is None else _attached(attached),
            shown.outputs(self.limit) if shown is not None else (),
            shown.count if shown is not None else None,
        )
        self._made[cell.id] = made
        self._updated.clear()
        return made

    # ---- taking in

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        self.seq = max(self.seq, event.seq)
        match event:
            case events.OutputAdded() | events.OutputsCleared() | events.OutputUpdated():
                self._apply_output(event)
            case events.ExecutionQueued() | events.ExecutionStarted() | events.ExecutionFinished():
                self._apply_execution(event)
            case events.CellOutputsCleared():
                for cell in list(self._shown) if event.cell is None else [event.cell]:
                    self._put_away(cell)
            case events.CellOutputsSet() if self._notebook.has(event.cell):
                self._put_away(event.cell)
                self._show(event.cell, _Shown(self._fold(), count=event.execution_count, put=event.outputs))
            case events.CellDeleted():
                self._put_away(event.cell)
                self._change(event.cell)
            case events.CellInserted() | events.CellEdited() | events.CellTypeSet() | events.CellMetadataSet():
                self._change(event.cell)
            case events.CellMoved() | events.NotebookMetadataSet():
                self.changed = self.seq
            case _:
                return
        self._notebook.apply(event)

    def _change(self, cell: str) -> None:
        self._made.pop(cell, None)
        self.changed = self.seq

    def _show(self, cell: str, shown: _Shown) -> None:
        self._shown[cell] = shown
        if shown.execution is not None:
            self._under[shown.execution] = cell
        if not shown.is_empty():
            self._change(cell)

    def _put_away(self, cell: str) -> None:
        shown = self._shown.pop(cell, None)
        if shown is None:
            return
        if shown.execution is not None:
            self._under.pop(shown.execution, None)
        for display in shown.displays:
            self._displays[display].discard(cell)
            if not self._displays[display]:
                del self._displays[display]
        if not shown.is_empty():
            self._change(cell)

    def _apply_execution(
        self, event: events.ExecutionQueued | events.ExecutionStarted | events.ExecutionFinished
    ) -> None:
        if isinstance(event, events.ExecutionQueued):
            if event.cell is not None and self._notebook.has(event.cell):
                self._put_away(event.cell)
                self._show(event.cell, _Shown(self._fold(), event.execution))
            return
        cell = self._under.get(event.execution)
        if cell is None or event.execution_count is None or self._shown[cell].count == event.execution_count:
            return
        self._shown[cell].count = event.execution_count
        self._change(cell)

    def _fold(self) -> Fold:
        return Fold(_tail(self.limit), self._known)

    def _apply_update(self, event: events.OutputUpdated) -> None:
        showing = self._displays.get(event.display_id)
        if not showing:
            return
        self._known.update(event)
        self.changed = self.seq
        if event.display_id not in self._updated:  # else no cell was made since: a second update costs nothing
            self._updated.add(event.display_id)
            for cell in showing:
                self._made.pop(cell, None)

    def _apply_output(self, event: events.OutputAdded | events.OutputsCleared | events.OutputUpdated) -> None:
        if isinstance(event, events.OutputUpdated):
            self._apply_update(event)
            return
        cell = self._under.get(event.execution) if event.execution is not None else None
        if cell is None:
            return
        shown = self._shown[cell]
        if isinstance(event, events.OutputsCleared):
            shown.fold.clear(event)
            if event.wait or not shown.has_output:
                return
            shown.has_output = False
        else:
            shown.fold.add(event)
            shown.has_output = True
            if event.display_id is not None:
                shown.displays.add(event.display_id)
                self._displays.setdefault(event.display_id, set()).add(cell)
        self._change(cell)


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
