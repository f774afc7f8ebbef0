"""Stories of executions, read from the journal."""

from __future__ import annotations

from webipy.core.story import ExecutionStory
from webipy.server.session import Session


async def story(session: Session, execution: str) -> ExecutionStory:
    """What the journal tells of an execution up to now; waits until that it was accepted is written.

    Raises:
        errors.NotFound: The session has none of that id.
    """
    span = session.span(execution)
    while session.written < span.queued:
        await session.news()
    told = ExecutionStory(execution)
    await session.each_event(span.queued, span.finished or session.written, told.take)
    return told
