"""What a guest is shown of a session that was closed before: the document as it is, and what has happened since it was opened last.

A link lets somebody into the session as its owner has it open now. What was done in it earlier, by whom and with which code, is
in the journal and in its snapshots, but is not theirs to see. Of earlier executions that are still shown under a cell the outputs
remain, which are in the file, too.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent

_NO_DOCUMENT = (
    events.CheckpointMade,
    events.OutputLost,
    events.InputRequested,
    events.InputReplied,
    events.MessageReceived,
    events.MessageSent,
)


@attrs.define
class _Latest:
    """Args: hidden: Seq of the last event that is not shown."""

    hidden: int
    _executions: set[str] = attrs.field(factory=set)
    _comms: set[str] = attrs.field(factory=set)

    def visible(self, event: AnyEvent) -> AnyEvent | None:
        match event:
            case events.ExecutionQueued() if event.seq <= self.hidden:
                if event.cell is None:
                    self._executions.add(event.execution)
                return msgspec.structs.replace(event, code="", by=None, user_expressions={}) if event.cell else None
            case events.ExecutionFinished() if event.seq <= self.hidden and event.execution not in self._executions:
                return msgspec.structs.replace(event, payload=msgspec.UNSET, user_expressions=msgspec.UNSET)
            case events.CommOpened() if event.seq <= self.hidden:
                self._comms.add(event.comm)
        is_hidden = (
            getattr(event, "execution", None) in self._executions
            or getattr(event, "comm", None) in self._comms
            or (isinstance(event, _NO_DOCUMENT) and event.seq <= self.hidden)
        )
        return None if is_hidden else event


def latest(snapshot: Iterable[AnyEvent], hidden: int) -> list[AnyEvent]:
    """Filters a snapshot down to what a guest may see.

    Args:
        snapshot: Events of a snapshot, in their order.
        hidden: Seq of the last event that the guest may not see.

    Returns:
        The other events; of earlier executions under a cell, those without code, author and payload.
    """
    shown = map(_Latest(hidden).visible, snapshot)
    return [event for event in shown if event is not None]
