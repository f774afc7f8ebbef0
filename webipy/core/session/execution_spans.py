"""Where the executions of a session stand in its journal, so that the events of one are read without all others; folded from events."""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec

from webipy.core import errors
from webipy.core.events import events
from webipy.core.events.events import AnyEvent


class Span(msgspec.Struct):
    """Where an execution stands in the journal.

    Args:
        queued: Seq of its first event.
        finished: Seq of the event that ends it; `None` while it is open.
        late: Seq of the newest output that came after its end, from threads and processes that live longer.
    """

    queued: int
    finished: int | None = None
    late: int = 0


@attrs.define(slots=True)
class ExecutionSpans:
    """The executions of one session by their ids, and where displays were updated.

    Args:
        updates: Seq of the newest update of each display.
    """

    EVENTS: ClassVar[tuple[type, ...]] = (
        events.ExecutionQueued,
        events.ExecutionFinished,
        events.OutputAdded,
        events.OutputsCleared,
        events.OutputUpdated,
    )

    updates: dict[str, int] = attrs.field(factory=dict)
    _all: dict[str, Span] = attrs.field(factory=dict)

    def find(self, execution: str) -> Span | None:
        """The span of an execution; `None` when there is none of that id."""
        return self._all.get(execution)

    def get(self, execution: str) -> Span:
        """The span of an execution.

        Raises:
            errors.NotFound: This session has none of that id.
        """
        try:
            return self._all[execution]
        except KeyError:
            raise errors.NotFound(
                f"This session has no execution {execution!r}.", kind="execution", id=execution
            ) from None

    def open_at(self, seq: int) -> dict[str, Span]:
        """The executions that were queued and had not finished when an event was written, by their ids, in that order."""
        return {
            execution: span
            for execution, span in self._all.items()
            if span.queued <= seq and (span.finished is None or span.finished > seq)
        }

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        match event:
            case events.OutputAdded() | events.OutputsCleared() if event.execution in self._all:
                span = self._all[event.execution]
                span.late = event.seq if span.finished is not None else 0
            case events.ExecutionQueued():
                self._all[event.execution] = Span(event.seq)
            case events.ExecutionFinished() if event.execution in self._all:
                self._all[event.execution].finished = event.seq
            case events.OutputUpdated():
                self.updates[event.display_id] = event.seq
            case _:
                pass
