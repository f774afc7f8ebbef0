"""Stories of executions, read from the journal."""

from __future__ import annotations

from webipy.core.story import ExecutionStory
from webipy.server.session import Session


async def story(session: Session, execution: str) -> ExecutionStory:
    """What the journal tells of an execution up to now: what came of it after its end, and what later ones showed in place of its displays, too.

    Waits until that it was accepted is written.

    Raises:
        errors.NotFound: The session has none of that id.
    """
    span = session.span(execution)
    while session.written < span.queued:
        await session.news()
    told = ExecutionStory(execution)
    last = session.written if span.finished is None else max(span.finished, min(span.late, session.written))
    await session.each_event(span.queued, last, told.take)
    for update in sorted(session.updates.get(display, 0) for display in told.outputs.displays()):
        if last < update <= session.written:
            await session.each_event(update, update, told.take)
    return told
