"""Says to the hub that somebody works here, so that a server is not stopped as idle while it is used, and is when it is not.

What counts: code that runs, what kernels and terminals print, and whatever somebody who is signed in asks for. A page that is looked at asks once a
minute; one in a tab that nobody looks at does not. `LOOK_SECONDS` apart it is looked whether something happened since the last report, and reported
no more often than the hub wants. A report that the hub does not take is made again at the next look.

Source: JupyterHub, "Activity" and `POST /users/{name}/activity`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
from twisted.logger import Logger

from webipy.core import errors

LOOK_SECONDS = 30.0


@attrs.define(eq=False)
class Activity:
    """The reports of one server.

    Args:
        report: Says to the hub when somebody worked here last, RFC 3339 in UTC; fails with errors.HubUnreachable.
        last: Returns that moment as it is now.
        seconds: A monotonic clock.
        every_s: Seconds between two reports.
    """

    report: Callable[[str], Awaitable[None]]
    last: Callable[[], str]
    seconds: Callable[[], float]
    every_s: float
    _reported: str = ""
    _at: float = float("-inf")
    _log = Logger()

    async def look(self) -> None:
        """Reports, when it is time and something happened."""
        last = self.last()
        if last <= self._reported or self.seconds() < self._at + self.every_s:
            return
        try:
            await self.report(last)
        except errors.HubUnreachable as fault:
            self._log.warn("the hub was not told that somebody works here: {fault}", fault=fault.message)
        else:
            self._reported, self._at = last, self.seconds()
