"""Stories of executions, read from the journal."""

from __future__ import annotations

from webipy.core.story import ExecutionStory
from webipy.server.session import Session


async def story(session: Session, execution: str) -> ExecutionStory:
    """What the journal tells of an execution up to now, with what later ones showed in place of its displays.

    Waits until that it was accepted is written.

    Raises:
        errors.NotFound: The session has none of that id.
    """
    span = session.span(execution)
    while session.written < span.queued:
        await session.news()
    told = ExecutionStory(execution)
    last = span.finished or session.written
    await session.each_event(span.queued, last, told.take)
    for update in sorted(session.updates.get(display, 0) for display in told.outputs.displays()):
        if last < update <= session.written:
            await session.each_event(update, update, told.take)
    return told
