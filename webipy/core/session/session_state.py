"""The state of a session: what its events make, each applied once, in its order.

::

    event ──► SessionState.apply ──┬──► outputs           what is shown of executions
                                   ├──► notebook          cells, their order and their text
                                   ├──► file_state        how much of the document its file holds
                                   ├──► runs, spans       plans that are open; where executions stand in the journal
                                   ├──► history_points    states worth going back to
                                   ├──► comms             widgets
                                   └──► lifecycle         the session, its kernel, prompts

Each part lists the types of events that it applies (`EVENTS`), so an event costs only the parts that it concerns. The session, its document
(`webipy.core.ipynb.document`) and its snapshots (`webipy.core.session.snapshot`) read the parts; nobody folds the same events beside them. The state
of a session that is opened again is made by the same calls, from a snapshot and the events after it; an earlier state, for the history, too.

Invariants: the state does not depend on how text was cut into events, nor on whether a snapshot stands for the first of them; memory is bounded by
what is shown, not by what was ever printed (with a `limit`).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from webipy.core.events.events import AnyEvent
from webipy.core.kernel.comm_fold import Comms
from webipy.core.session.execution_spans import ExecutionSpans
from webipy.core.session.file_state import FileState
from webipy.core.session.history_points import HistoryPoints
from webipy.core.session.lifecycle import Lifecycle
from webipy.core.session.notebook import Notebook
from webipy.core.session.runs import OpenRuns
from webipy.core.session.shown_outputs import ShownOutputs

MAX_STREAM = 8 * 1024 * 1024
"""Characters of one stream output that the file of an open document holds: it is written again and again, and what is more no editor opens."""

MAX_RESULT_STREAM = 256 * 1024 * 1024
"""The same in the result of a run, which is written once."""

SHOWN_CHARACTERS = 200_000
"""How much of the end of a stream output a reader is shown at least, where no document needs more: some thousand lines."""


@attrs.define(slots=True)
class SessionState:
    """What the events of one session make.

    Args:
        limit: Characters of one stream output that a document holds; `None` for all of them.
        seq: Seq of the last event in it.
    """

    limit: int | None = MAX_STREAM
    seq: int = 0
    notebook: Notebook = attrs.field(factory=Notebook)
    file_state: FileState = attrs.field(factory=FileState)
    runs: OpenRuns = attrs.field(factory=OpenRuns)
    spans: ExecutionSpans = attrs.field(factory=ExecutionSpans)
    history_points: HistoryPoints = attrs.field(factory=HistoryPoints)
    lifecycle: Lifecycle = attrs.field(factory=Lifecycle)
    outputs: ShownOutputs = attrs.field(init=False)
    comms: Comms = attrs.field(init=False)
    _applied_by: dict[type, list[Callable[[AnyEvent], None]]] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        end = None if self.limit is None else end_of(self.limit)
        self.outputs = ShownOutputs(self.notebook, end, None if end is None else SHOWN_CHARACTERS)
        self.comms = Comms(end)
        for part in (
            self.outputs,  # before the notebook, which says what was shown until then
            self.notebook,
            self.file_state,
            self.runs,
            self.spans,
            self.history_points,
            self.comms,
            self.lifecycle,
        ):
            for kind in part.EVENTS:
                self._applied_by.setdefault(kind, []).append(part.apply)

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        if event.seq > self.seq:
            self.seq = event.seq
        for apply in self._applied_by.get(type(event), ()):
            apply(event)

    def remains(self) -> SessionState:
        """What is left of it when the session is closed: no cells, no outputs; its journal has them. Its `seq` is 0."""
        return SessionState(
            self.limit, file_state=self.file_state, runs=self.runs, spans=self.spans, lifecycle=self.lifecycle
        )


def end_of(limit: int) -> int:
    """How many characters of a longer stream are kept at its end, of at most `limit`; at its start it is a quarter of that."""
    return limit * 3 // 4
