"""How a session and its kernel stand: the events that say so, the last of each kind, as they were made.

A snapshot repeats these events; what they say is read from them.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar

import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent

LAST_LOSSES = 100
LAST_CHECKPOINTS = 100

_KERNEL_EVENTS = (events.KernelStarted, events.KernelReady, events.KernelDied, events.KernelStateChanged)


class Lifecycle(msgspec.Struct):
    """How one session stands.

    Args:
        created: Its first event.
        renamed: The event that gave it its title, if one did after the first.
        reopened: The event that opened it last, if it was closed before.
        closed: The event that closed it, while it is closed.
        kernel: The last start of its kernel, and what came after it: the last event of each type.
        inputs: Prompts that wait, by their requests.
        checkpoints: The last checkpoints.
        losses: The last reports of lost output.
    """

    EVENTS: ClassVar[tuple[type, ...]] = (
        events.SessionCreated,
        events.SessionKept,
        events.SessionRenamed,
        events.SessionClosed,
        events.SessionReopened,
        *_KERNEL_EVENTS,
        events.InputRequested,
        events.InputReplied,
        events.CheckpointMade,
        events.OutputLost,
    )

    created: events.SessionCreated | None = None
    renamed: events.SessionRenamed | None = None
    reopened: events.SessionReopened | None = None
    closed: events.SessionClosed | None = None
    kernel: list[AnyEvent] = msgspec.field(default_factory=list)
    inputs: dict[str, events.InputRequested] = msgspec.field(default_factory=dict)
    checkpoints: deque[events.CheckpointMade] = msgspec.field(default_factory=lambda: deque(maxlen=LAST_CHECKPOINTS))
    losses: deque[events.OutputLost] = msgspec.field(default_factory=lambda: deque(maxlen=LAST_LOSSES))

    @property
    def is_temporary(self) -> bool:
        """Whether the session is closed when its purpose is over; see `webipy.server.notebooks.temporary_sessions`."""
        last = self.reopened or self.created
        return last is not None and last.temporary

    @property
    def source(self) -> str | None:
        """The file that its document was copied from."""
        return None if self.created is None else self.created.source

    @property
    def client_path(self) -> str | None:
        """What a client of Jupyter's API calls it; empty: it was made for its kernel alone."""
        return None if self.created is None else self.created.client_path

    @property
    def reopened_seq(self) -> int:
        """Seq of the event that opened it last; 0 while it is open for the first time."""
        return 0 if self.reopened is None else self.reopened.seq

    @property
    def ready(self) -> events.KernelReady | None:
        """The event by which its kernel became ready last."""
        return next((event for event in self.kernel if isinstance(event, events.KernelReady)), None)

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        match event:
            case events.KernelStarted():
                self.kernel = [event]
            case _ if isinstance(event, _KERNEL_EVENTS):
                self.kernel = [kept for kept in self.kernel if type(kept) is not type(event)]
                self.kernel.append(event)
            case events.InputRequested():
                self.inputs[event.request] = event
            case events.InputReplied():
                self.inputs.pop(event.request, None)
            case events.CheckpointMade():
                self.checkpoints.append(event)
            case events.OutputLost():
                self.losses.append(event)
            case _:
                self._apply_session(event)

    def _apply_session(self, event: AnyEvent) -> None:
        match event:
            case events.SessionCreated():
                self.created = event
            case events.SessionKept() if self.created is not None:
                self.created = msgspec.structs.replace(self.created, temporary=False)
                if self.reopened is not None:
                    self.reopened = msgspec.structs.replace(self.reopened, temporary=False)
            case events.SessionRenamed():
                self.renamed = event
            case events.SessionClosed():
                self.closed = event
            case events.SessionReopened():
                self.reopened, self.closed, self.kernel = event, None, []
            case _:
                pass
