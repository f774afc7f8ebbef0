"""Quotas: how many bytes guests may write into journals in a day, each guest of a session, and four times that all its guests together.

::

    call of a guest ──► check: is there room? ──► the method ──► Session.append ──► charge: so many bytes more, by this name

A call fails before it has done anything, and one that has begun is carried out whole: bytes over the quota count against the next call. What was
used runs off evenly, so a guest who has used up the quota has a little room again soon, and all of it after a day. Bytes are counted in each
session by the name in the events, and the counts end with the server.

What a kernel prints is not counted: a guest who may run code may do all that whoever runs the server may.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from webipy.core import errors
from webipy.core.api import access

DAY_SECONDS = 86_400.0
OF_SESSION = 4
"""All guests of a session together may write so many times what one guest may."""

MOST_KNOWN = 10_000
"""Counts that are kept, by session and name; those that were charged longest ago go first."""

FREE = frozenset(
    [
        "execution.cancel",
        "run.stop",
        "run.cancel",
        "kernel.interrupt",
        "kernel.shut_down",
        "kernel.kill",
        "comm.close",
        "session.leave",
        "notebook.save",
    ]
)
"""Calls that end or save something: they need no quota."""


@attrs.define(eq=False)
class Quotas:
    """The quotas of one server.

    Args:
        seconds: A monotonic clock.
        guest_bytes: Bytes that one guest may write in a day.
    """

    seconds: Callable[[], float]
    guest_bytes: int = 256 << 20
    _used: dict[tuple[str, str], tuple[float, float]] = attrs.field(factory=dict)
    """By session and name (empty: all its guests): bytes in use, and when that was so."""

    def check(self, session: str, name: str) -> None:
        """Returns when a guest may write.

        Args:
            session: The session's id.
            name: The guest's name, as events have it.

        Raises:
            errors.Quota: The guest, or all guests of the session together, have used up the quota.
        """
        for who, most in ((name, self.guest_bytes), ("", OF_SESSION * self.guest_bytes)):
            used = self._now(session, who)
            if used >= most:
                free_in_s = int((used - most) * DAY_SECONDS / most) + 1
                whose = "You have" if who else "The guests of this session have"
                raise errors.Quota(
                    f"{whose} written {_mebibytes(used)} MiB here, of {_mebibytes(most)} in a day; there is room again in {free_in_s} s.",
                    what="journal_bytes",
                    limit=most,
                    used=int(used),
                    free_in_s=free_in_s,
                )

    def charge(self, session: str, by: str | None, size: int) -> None:
        """Counts bytes that were written; only those of guests.

        Args:
            session: The session's id.
            by: Who wrote them, as events name them; `None` for the kernel and the server.
            size: Bytes of the events.
        """
        if by is None or not access.is_marked(by):
            return
        for who in (by, ""):
            used = self._now(session, who) + size
            self._used.pop((session, who), None)
            self._used[session, who] = used, self.seconds()
        while len(self._used) > MOST_KNOWN:
            del self._used[next(iter(self._used))]

    def _now(self, session: str, who: str) -> float:
        used, at = self._used.get((session, who), (0.0, 0.0))
        most = self.guest_bytes * (1 if who else OF_SESSION)
        return max(0.0, used - (self.seconds() - at) * most / DAY_SECONDS)


def _mebibytes(size: float) -> str:
    return f"{size / (1 << 20):.0f}"
