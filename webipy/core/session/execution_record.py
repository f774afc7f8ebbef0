"""The record of one execution, folded from the events of its session: how it was queued, started and finished, and its outputs.

The command line, `execution.wait` and snapshots read executions by it.
"""

from __future__ import annotations

import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Fold


class ExecutionRecord(msgspec.Struct):
    """What the journal has of one execution, event by event.

    Args:
        execution: Its id.
        queued: Its first event; `None` until that is applied.
        started: The event of its start.
        finished: The event of its end.
        outputs: Its outputs, with the limits of that fold.
    """

    execution: str
    queued: events.ExecutionQueued | None = None
    started: events.ExecutionStarted | None = None
    finished: events.ExecutionFinished | None = None
    outputs: Fold = msgspec.field(default_factory=Fold)

    def apply(self, event: AnyEvent) -> None:
        """Applies one event of the session."""
        if isinstance(event, events.OutputUpdated):
            self.outputs.update(event)
        if getattr(event, "execution", None) != self.execution:
            return
        match event:
            case events.ExecutionQueued():
                self.queued = event
            case events.ExecutionStarted():
                self.started = event
            case events.ExecutionFinished():
                self.finished = event
            case events.OutputAdded():
                self.outputs.add(event)
            case events.OutputsCleared():
                self.outputs.clear(event)
            case _:
                pass

    @property
    def cell(self) -> str | None:
        """The cell that it was started from."""
        return None if self.queued is None else self.queued.cell

    @property
    def execution_count(self) -> int | None:
        """The kernel's number of the run; `None` before it has one."""
        counts = (event.execution_count for event in (self.finished, self.started) if event is not None)
        return next((count for count in counts if count is not None), None)

    def as_events(self, limit: int | None = None) -> list[AnyEvent]:
        """The fewest events that fold to the same; outputs have the seq and the time of the start, and `limit` as in `Fold.as_events`."""
        place = self.started or self.queued
        assert place is not None
        outputs = self.outputs.as_events(self.execution, self.cell, limit)
        shown = [msgspec.structs.replace(output, seq=place.seq, time=place.time) for output in outputs]
        return [event for event in (self.queued, self.started, *shown, self.finished) if event is not None]

    def as_set(self, cell: str, version: int | None) -> events.CellOutputsSet:
        """The event that puts its outputs under a cell, as they are shown and without their execution.

        Args:
            cell: The cell.
            version: Version of the source that they came from.
        """
        return events.CellOutputsSet(
            cell=cell, outputs=self.outputs.shown(), execution_count=self.execution_count or None, version=version
        )
