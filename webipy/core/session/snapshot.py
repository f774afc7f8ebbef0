"""Snapshots: the fewest events that fold to what a long row of them folds to.

A reader that is far behind is given a snapshot and then the tail, and a journal that is too long keeps one in place
of its oldest events. A snapshot is made of the same events as the journal, so readers need one fold and no second
format:

    fold(log) == fold(snapshot(log[:k]) + log[k:])        for every k; tests hold the page and the server to it

It is written from the state of the session (`webipy.core.session.session_state`), and read back into one by the same calls as any events.

What is kept: the title; the last start of the kernel and its state; the cells; the file they are saved in; names of
states; every execution that is open, shown under a cell or among the last that were started without one, with its
outputs; runs with a plan that are open; prompts that wait; comms as `webipy.core.kernel.comm_fold` folds them; the last losses.
What is left out: executions that were run again, text edits, closed comms, kernel messages without an event of their own.

With a `limit`, long text is cut to its start and its end; `omitted` says what is missing, and `output.read` returns it.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.session.notebook import NO_METADATA, Notebook, inserted
from webipy.core.session.session_state import SessionState
from webipy.core.session.shown_outputs import ShownOutputs


def snapshot_of(state: SessionState, limit: int | None = None) -> list[AnyEvent]:
    """The events that stand for all that a state was folded from.

    Args:
        state: The state.
        limit: How many characters of a stream output are kept at its end at least, and a quarter of it at its start; `None` for all that the
            state has.

    Returns:
        Events with their own seqs and times, those that stand for many with the seq of the state.
    """
    seq, cycle = state.seq, state.lifecycle
    first = (cycle.created, cycle.renamed, cycle.reopened, *cycle.kernel)
    shortest: list[AnyEvent] = [event for event in first if event is not None]
    shortest += _cells(state.notebook, seq)
    shortest += state.file_state.as_events(seq)
    shortest += cycle.checkpoints
    shortest += state.runs.as_events()
    for record in state.outputs.records.values():
        shortest += record.as_events(limit)
    shortest += _put_away(state.notebook, state.outputs, seq)
    shortest += _put(state.notebook, state.outputs)
    shortest += cycle.inputs.values()
    shortest += state.comms.as_events(limit)
    shortest += cycle.losses
    return [*shortest, cycle.closed] if cycle.closed is not None else shortest


def _cells(notebook: Notebook, seq: int) -> list[AnyEvent]:
    found: list[AnyEvent] = []
    if notebook.metadata != NO_METADATA:
        found.append(events.NotebookMetadataSet(seq=seq, metadata=Raw(notebook.metadata)))
    after: str | None = None
    for cell in notebook.cells():
        found.append(inserted(cell, after, seq))
        after = cell.id
    return found


def _put_away(notebook: Notebook, outputs: ShownOutputs, seq: int) -> list[AnyEvent]:
    """Cells whose outputs were put away while what was started from them still runs."""
    cells = {record.cell for record in outputs.records.values() if record.cell is not None}
    return [
        events.CellOutputsCleared(seq=seq, cell=cell.id)
        for cell in notebook.cells()
        if cell.id in cells and cell.execution is None and cell.id not in outputs.put
    ]


def _put(notebook: Notebook, outputs: ShownOutputs) -> list[AnyEvent]:
    """What events put under cells."""
    return [
        msgspec.structs.replace(outputs.put[cell.id], version=cell.ran_version)
        for cell in notebook.cells()
        if cell.id in outputs.put
    ]
