"""One execution, as the events of its session tell it."""

from __future__ import annotations

import attrs

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Fold


@attrs.define
class ExecutionRecord:
    """What the journal tells of one execution, gathered event by event."""

    execution: str
    queued: events.ExecutionQueued | None = None
    started: events.ExecutionStarted | None = None
    finished: events.ExecutionFinished | None = None
    outputs: Fold = attrs.field(factory=Fold)

    def apply(self, event: AnyEvent) -> None:
        """Takes one event of the session in."""
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

    def as_set(self, cell: str, version: int | None) -> events.CellOutputsSet:
        """Its outputs, as they are shown, as those of a cell, without their execution."""
        count = (self.finished and self.finished.execution_count) or (self.started and self.started.execution_count)
        return events.CellOutputsSet(
            cell=cell, outputs=self.outputs.shown(), execution_count=count or None, version=version
        )
