"""What guests may write into journals: so many bytes in a day, each of them, and four times that all guests of one session together.

::

    call of a guest ──► check: is there room? ──► the method ──► Session.append ──► charge: so many bytes more, by this name

A call is refused before it has done anything, and one that has begun is carried out whole: what it writes more than there was room for is paid by
the next. What was used runs off evenly, so a guest who wrote all there was has a little room again soon, and all of it after a day. It is
counted by the name that events tell, in each session, and forgotten with the server.

What a kernel prints is not counted: who may run code may do all that whoever runs the server may.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from webipy.core import errors
from webipy.core.api import access

DAY_SECONDS = 86_400.0
OF_SESSION = 4
"""So many times what one guest may write, all guests of a session may."""

MOST_KNOWN = 10_000
"""Names and sessions that are remembered; those that were charged longest ago are forgotten."""

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
"""Calls that end something, or keep it: always carried out."""


@attrs.define(eq=False)
class Quotas:
    """Counts.

    Args:
        seconds: A monotonic clock.
        guest_bytes: What one guest may write in a day.
    """

    seconds: Callable[[], float]
    guest_bytes: int = 256 << 20
    _used: dict[tuple[str, str], tuple[float, float]] = attrs.field(factory=dict)
    """By session and name (empty: all its guests): bytes that were used, and when that was so."""

    def check(self, session: str, name: str) -> None:
        """Returns when a guest may write.

        Raises:
            errors.Quota: They, or all guests of the session together, have had what they may.
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
        """Somebody has written so many bytes; only guests pay."""
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
