"""Stories of executions, read from the journal."""

from __future__ import annotations

from webipy.core.events.outputs import Fold
from webipy.core.session.execution_record import ExecutionRecord
from webipy.server.sessions.session import Session


async def story(session: Session, execution: str, limit: int | None = None) -> ExecutionRecord:
    """What the journal tells of an execution up to now: what came of it after its end, and what later ones showed in place of its displays, too.

    Waits until that it was accepted is written.

    Args:
        limit: When given, of longer text the start and the end are kept: see `webipy.core.events.outputs.Fold`.

    Raises:
        errors.NotFound: The session has none of that id.
    """
    span = session.span(execution)
    while session.written < span.queued:
        await session.news()
    told = ExecutionRecord(execution, outputs=Fold(limit))
    last = last_of(session, execution)
    await session.each_event(span.queued, last, told.apply)
    for update in sorted(session.updates.get(display, 0) for display in told.outputs.displays()):
        if last < update <= session.written:
            await session.each_event(update, update, told.apply)
    return told


def last_of(session: Session, execution: str) -> int:
    """The seq up to which something of an execution may stand in the journal."""
    span = session.span(execution)
    return session.written if span.finished is None else max(span.finished, min(span.late, session.written))
