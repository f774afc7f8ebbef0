"""Sessions that a command has opened: let go of."""

from __future__ import annotations

from contextlib import suppress

from webipy.core import calls, errors
from webipy.io.client import Client, ConnectionLost


async def leave(client: Client, session: calls.Session) -> None:
    """Lets go of a session that was opened with `temporary`, which the server closes when nobody uses it."""
    with suppress(errors.NotFound, ConnectionLost):  # it is closed, or will be
        await client.call("session.leave", calls.OfSession(session=session.id), calls.Done)
