"""The events of a closed session, from the journal that is kept of it: for what has ended and is shown once more.

Rejected: to open the session again for it (that is a change, and others would see it).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from webipy.client.client import Client
from webipy.core.api.journal_calls import JournalEvents, ReadJournal
from webipy.core.events import events


async def events_of(client: Client, session: str) -> AsyncIterator[events.AnyEvent]:
    """All events that are kept of a closed session, from the first on; those that stand for what was cut come before.

    Raises:
        errors.NotFound, errors.Damaged: Nothing is kept of it, or that cannot be read.
    """
    since = 0
    while True:
        asked = ReadJournal(session=session, since=since)
        part = await client.call("journal.read", asked, JournalEvents, repeat=True)
        for body in [*(part.standing if not since else []), *part.events]:
            event = events.decode_known(bytes(body))
            if event is not None:
                yield event
        since = part.first + len(part.events) - 1
        if since >= part.last_seq or not part.events:
            return
