"""Snapshots: the fewest events that fold to what a long row of them folds to.

A reader that is far behind is given a snapshot and then the tail, and a journal that is too long keeps one in place
of its oldest events. A snapshot is made of the same events as the journal, so readers need one fold and no second
format:

    fold(log) == fold(snapshot(log[:k]) + log[k:])        for every k; tests hold the page and the server to it

What is kept: the title; the last start of the kernel and its state; the cells; the file they are saved in; names of
states; every execution that is open, shown under a cell or among the last that were started without one, with its
outputs; runs with a plan that are open; prompts that wait; comms as `webipy.core.kernel.comm_fold` folds them; the last losses.
What is left out: executions that were run again, text edits, closed comms, kernel messages without an event of their own.

With a `limit`, long text is cut to its start and its end; `omitted` says what is missing, and `output.read` returns it.
"""

from __future__ import annotations

from collections import deque

import attrs
import msgspec
from msgspec import Raw

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Displays, Fold
from webipy.core.kernel.comm_fold import Comms
from webipy.core.session.execution_record import ExecutionRecord
from webipy.core.session.file_state import FileState
from webipy.core.session.notebook import NO_METADATA, Notebook, inserted

LAST_WITHOUT_CELL = 100
"""Executions from the command line that a snapshot keeps."""

LAST_LOSSES = 100
LAST_CHECKPOINTS = 100

_PUTS_AWAY = (events.CellDeleted, events.CellOutputsCleared, events.CellOutputsSet)

_OF_COMMS = (
    events.CommOpened,
    events.CommMessage,
    events.CommClosed,
    events.WidgetOutputAdded,
    events.WidgetOutputsCleared,
)
_KERNEL_EVENTS = (events.KernelStarted, events.KernelReady, events.KernelDied, events.KernelStateChanged)


@attrs.define(slots=True)
class Snapshot:
    """A growing snapshot.

    Args:
        limit: How much text of a stream output is kept; `None` for all of it.
    """

    limit: int | None = None
    seq: int = 0
    _created: AnyEvent | None = None
    _renamed: AnyEvent | None = None
    _closed: AnyEvent | None = None
    _reopened: events.SessionReopened | None = None
    _kernel: list[AnyEvent] = attrs.field(factory=list)
    _notebook: Notebook = attrs.field(factory=Notebook)
    _outputs: dict[str, events.CellOutputsSet] = attrs.field(factory=dict)
    """Outputs of cells that came from no execution."""
    _file_state: FileState = attrs.field(factory=FileState)
    _checkpoints: deque[AnyEvent] = attrs.field(factory=lambda: deque(maxlen=LAST_CHECKPOINTS))
    _records: dict[str, ExecutionRecord] = attrs.field(factory=dict)
    _displays: Displays = attrs.field(factory=Displays)
    _without_cell: deque[str] = attrs.field(factory=deque)
    _inputs: dict[str, AnyEvent] = attrs.field(factory=dict)
    _comms: Comms = attrs.field(init=False)
    _runs: dict[str, list[AnyEvent]] = attrs.field(factory=dict)
    """Runs with a plan that are open: how each was started, and stopped."""
    _losses: deque[AnyEvent] = attrs.field(factory=lambda: deque(maxlen=LAST_LOSSES))

    def __attrs_post_init__(self) -> None:
        self._comms = Comms(self.limit)

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        self.seq = max(self.seq, event.seq)
        self._file_state.apply(event)
        self._comms.apply(event)
        match event:
            case events.SessionCreated():
                self._created = event
            case events.SessionKept() if isinstance(self._created, events.SessionCreated):
                self._created = msgspec.structs.replace(self._created, temporary=False)
                if self._reopened is not None:
                    self._reopened = msgspec.structs.replace(self._reopened, temporary=False)
            case events.RunStarted() | events.RunStopped() | events.RunFinished():
                self._apply_run(event)
            case events.SessionRenamed():
                self._renamed = event
            case events.SessionClosed():
                self._closed = event
            case events.SessionReopened():
                self._reopened, self._closed, self._kernel = event, None, []
            case events.OutputLost():
                self._losses.append(event)
            case events.CheckpointMade():
                self._checkpoints.append(event)
            case events.InputRequested():
                self._inputs[event.request] = event
            case events.InputReplied():
                self._inputs.pop(event.request, None)
            case _ if isinstance(event, _OF_COMMS):
                pass
            case _ if isinstance(event, _KERNEL_EVENTS):
                self._apply_kernel(event)
            case _:
                self._apply_document(event)

    def as_events(self) -> list[AnyEvent]:
        """The snapshot: events with their own seqs and times, those that stand for many with the seq of the snapshot."""
        first = (self._created, self._renamed, self._reopened, *self._kernel)
        shortest = [event for event in first if event is not None]
        shortest += self._cell_events()
        shortest += self._file_state.as_events(self.seq)
        shortest += self._checkpoints
        for run in self._runs.values():
            shortest += run
        kept = self._kept()
        for record in kept:
            shortest += record.as_events()
        shortest += self._put_away(kept)
        shortest += self._output_events()
        shortest += self._inputs.values()
        shortest += self._comms.as_events()
        shortest += self._losses
        return [*shortest, self._closed] if self._closed is not None else shortest

    def _cell_events(self) -> list[AnyEvent]:
        found: list[AnyEvent] = []
        if self._notebook.metadata != NO_METADATA:
            found.append(events.NotebookMetadataSet(seq=self.seq, metadata=Raw(self._notebook.metadata)))
        after: str | None = None
        for cell in self._notebook.cells():
            found.append(inserted(cell, after, self.seq))
            after = cell.id
        return found

    def _output_events(self) -> list[AnyEvent]:
        return [
            msgspec.structs.replace(self._outputs[cell.id], version=cell.ran_version)
            for cell in self._notebook.cells()
            if cell.id in self._outputs
        ]

    def _put_away(self, kept: list[ExecutionRecord]) -> list[AnyEvent]:
        """Cells whose outputs were put away while what was started from them still runs."""
        cells = {record.cell for record in kept if record.cell is not None}
        return [
            events.CellOutputsCleared(seq=self.seq, cell=cell.id)
            for cell in self._notebook.cells()
            if cell.id in cells and cell.execution is None and cell.id not in self._outputs
        ]

    def _kept(self) -> list[ExecutionRecord]:
        return [record for execution, record in self._records.items() if self._is_kept(execution, record)]

    def _is_kept(self, execution: str, record: ExecutionRecord) -> bool:
        if record.finished is None or execution in self._without_cell:
            return True
        cell = record.cell
        return cell is not None and self._notebook.has(cell) and self._notebook.get(cell).execution == execution

    # ---- taking in

    def _apply_run(self, event: events.RunStarted | events.RunStopped | events.RunFinished) -> None:
        if isinstance(event, events.RunStarted):
            self._runs[event.run] = [event]
        elif isinstance(event, events.RunFinished):
            self._runs.pop(event.run, None)
        elif event.run in self._runs:
            self._runs[event.run].append(event)

    def _apply_kernel(self, event: AnyEvent) -> None:
        if isinstance(event, events.KernelStarted):
            self._kernel = [event]
            return
        self._kernel = [kept for kept in self._kernel if type(kept) is not type(event)]
        self._kernel.append(event)

    def _apply_document(self, event: AnyEvent) -> None:
        before = self._shown_under(event.cell) if isinstance(event, _PUTS_AWAY) else set()
        match event:
            case events.ExecutionQueued():
                self._queue(event)
            case events.ExecutionFinished() if event.execution in self._records:
                self._records[event.execution].apply(event)
                self._notebook.apply(event)
                self._forget([event.execution])
            case events.ExecutionStarted() | events.OutputAdded() | events.OutputsCleared():
                if event.execution in self._records:
                    self._records[event.execution].apply(event)
            case events.CellOutputsSet() if self._notebook.has(event.cell):
                self._notebook.apply(event)
                self._outputs[event.cell] = event
            case events.ExecutionMoved():
                self._move(event)
            case events.OutputUpdated():
                self._displays.update(event)
            case _:
                self._notebook.apply(event)
        self._forget_outputs(event)
        self._forget(before)

    def _forget_outputs(self, event: AnyEvent) -> None:
        match event:
            case events.CellDeleted() | events.ExecutionQueued():
                self._outputs.pop(event.cell or "", None)
            case events.CellOutputsCleared():
                for cell in list(self._outputs) if event.cell is None else [event.cell]:
                    self._outputs.pop(cell, None)
            case _:
                pass

    def _move(self, event: events.ExecutionMoved) -> None:
        moved = self._records.get(event.execution)
        if moved is None:
            return
        order = {execution: record for execution, record in self._records.items() if record is not moved}
        self._records = {}
        for execution, record in order.items():
            if execution == event.before:
                self._records[event.execution] = moved
            self._records[execution] = record
        self._records.setdefault(event.execution, moved)

    def _shown_under(self, cell: str | None) -> set[str]:
        """The executions that are shown under a cell (`None`: under all)."""
        if cell is None:
            return {shown.execution for shown in self._notebook.cells() if shown.execution is not None}
        execution = self._notebook.get(cell).execution if self._notebook.has(cell) else None
        return set() if execution is None else {execution}

    def _queue(self, event: events.ExecutionQueued) -> None:
        replaced = []
        if event.cell is None:
            self._without_cell.append(event.execution)
            if len(self._without_cell) > LAST_WITHOUT_CELL:
                replaced.append(self._without_cell.popleft())
        elif self._notebook.has(event.cell):
            replaced.append(self._notebook.get(event.cell).execution or "")
        self._records[event.execution] = ExecutionRecord(
            event.execution, event, outputs=Fold(self.limit, self._displays)
        )
        self._notebook.apply(event)
        self._forget(replaced)

    def _forget(self, executions: list[str] | set[str]) -> None:
        """Drops those that need not be kept any more."""
        for execution in executions:
            record = self._records.get(execution)
            if record is not None and not self._is_kept(execution, record):
                del self._records[execution]
