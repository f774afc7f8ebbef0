"""What is shown of executions in a session: outputs under cells, open executions, the last without a cell; folded from events.

Under a cell stand the outputs of the execution that was started from it last (from the moment it was queued), or those that an event put there.
A record is kept while its execution is open, is shown under a cell, or is among the last that were started without one; others are dropped.

Invariants: it is given an event before the notebook is, so that the notebook says what was shown until then.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Displays, Fold
from webipy.core.session.execution_record import ExecutionRecord
from webipy.core.session.notebook import Notebook

LAST_WITHOUT_CELL = 100
"""Executions without a cell whose records are kept."""


@attrs.define(slots=True)
class ShownOutputs:
    """The outputs that one session shows.

    Args:
        notebook: The cells; its `changed` gets those under which something changes.
        limit: Characters that are kept at the end of each stream output under a cell, and a quarter of it at its start; `None` for all.
        limit_without_cell: The same for executions without a cell.
        records: The executions that are kept, in the order in which they run.
        put: Outputs that events put under cells, by these.
    """

    EVENTS: ClassVar[tuple[type, ...]] = (
        events.ExecutionQueued,
        events.ExecutionStarted,
        events.ExecutionFinished,
        events.ExecutionMoved,
        events.OutputAdded,
        events.OutputsCleared,
        events.OutputUpdated,
        events.CellOutputsSet,
        events.CellOutputsCleared,
        events.CellDeleted,
    )

    notebook: Notebook
    limit: int | None = None
    limit_without_cell: int | None = None
    records: dict[str, ExecutionRecord] = attrs.field(factory=dict)
    put: dict[str, events.CellOutputsSet] = attrs.field(factory=dict)
    _displays: Displays = attrs.field(factory=Displays)
    _without_cell: dict[str, None] = attrs.field(factory=dict)
    _updated: set[str] = attrs.field(factory=set)
    """Displays that were updated since the changed cells were asked for last: a second update costs nothing, in however many cells."""

    def is_shown(self, record: ExecutionRecord) -> bool:
        """Whether the cell of an execution shows its outputs."""
        cell = record.cell
        return cell is not None and self.notebook.execution_of(cell) == record.execution

    @property
    def has_changed(self) -> bool:
        """Whether cells may have changed since `changed_cells` was called last."""
        return bool(self.notebook.changed or self._updated)

    def changed_cells(self) -> set[str]:
        """The cells that have changed since the last call, in source, metadata or outputs; one that is there no more may be among them."""
        changed = self.notebook.changed | self._displays.cells(self._updated)
        self.notebook.changed, self._updated = set(), set()
        return changed

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        match event:
            case events.OutputAdded():
                self._add(event)
            case events.OutputsCleared() | events.ExecutionStarted():
                self._grow(event)
            case events.OutputUpdated():
                if self._displays.update(event):
                    self._updated.add(event.display_id)
            case events.ExecutionQueued():
                self._queue(event)
            case events.ExecutionFinished():
                record = self._grow(event)
                if record is not None and not self.is_shown(record) and event.execution not in self._without_cell:
                    del self.records[event.execution]
            case events.ExecutionMoved():
                self._move(event)
            case events.CellOutputsSet() if self.notebook.has(event.cell):
                self._put_away(event.cell)
                self.put[event.cell] = event
            case events.CellDeleted():
                self._put_away(event.cell)
            case events.CellOutputsCleared():
                for cell in self.notebook.ids() if event.cell is None else [event.cell]:
                    self._put_away(cell)
            case _:
                pass

    def _add(self, event: events.OutputAdded) -> None:
        record = self.records.get(event.execution or "")
        if record is None:
            return
        record.outputs.add(event)
        if self.is_shown(record):
            cell = record.cell or ""
            self.notebook.changed.add(cell)
            if event.display_id is not None:
                self._displays.of(event.display_id).cells.add(cell)

    def _grow(
        self, event: events.OutputsCleared | events.ExecutionStarted | events.ExecutionFinished
    ) -> ExecutionRecord | None:
        record = self.records.get(event.execution)
        if record is None:
            return None
        record.apply(event)
        if self.is_shown(record):
            self.notebook.changed.add(record.cell or "")
        return record

    def _queue(self, event: events.ExecutionQueued) -> None:
        limit = self.limit
        if event.cell is None:
            limit = self.limit_without_cell
            self._without_cell[event.execution] = None
            if len(self._without_cell) > LAST_WITHOUT_CELL:
                oldest = next(iter(self._without_cell))
                del self._without_cell[oldest]
                self._drop(oldest)
        elif self.notebook.has(event.cell):
            self._put_away(event.cell)
        self.records[event.execution] = ExecutionRecord(event.execution, event, outputs=Fold(limit, self._displays))

    def _put_away(self, cell: str) -> None:
        """Drops what a cell shows."""
        if self.put.pop(cell, None) is None:
            self._drop(self.notebook.execution_of(cell) or "")
        self.notebook.changed.add(cell)

    def _drop(self, execution: str) -> None:
        """Drops the record of an execution that is not shown any more; an open one stays."""
        record = self.records.get(execution)
        if record is not None and record.finished is not None:
            del self.records[execution]

    def _move(self, event: events.ExecutionMoved) -> None:
        moved = self.records.get(event.execution)
        if moved is None:
            return
        order = {execution: record for execution, record in self.records.items() if record is not moved}
        self.records = {}
        for execution, record in order.items():
            if execution == event.before:
                self.records[event.execution] = moved
            self.records[execution] = record
        self.records.setdefault(event.execution, moved)
