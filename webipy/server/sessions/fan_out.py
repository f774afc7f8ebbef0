"""The fan-out of a session: when its feeds are woken after events were written.

::

    written ──► FanOut.notify ──few feeds, or the last time is long ago──► every feed: wake
                              ──many feeds──► a short time later, once ──┘

With few subscribers each commit of the journal is sent at once. With many, a hundred commits a second to a hundred subscribers are ten thousand
writes to sockets, which take more than all else. So all feeds are woken at most once in a pause that grows with their number, and what was written
meanwhile leaves together. The first event after a pause is sent at once: who types alone is not seen later.

Invariants: what is written is sent at the latest a pause after, whatever is written then; the end of a session is never held back.

Rejected: a pause for each feed (their notifications would begin at different events and could not be the same bytes); a pause by the time that the
last fan-out took (most of it is spent at the end of the turn, in the writes).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import attrs

from webipy.server.sessions.feed import Feed, Source

CROWD: Final = 20
"""With more feeds than this there are pauses."""

EACH_SECONDS: Final = 0.0003
"""The pause, for each feed: some thirty milliseconds for a hundred, a tenth of which goes into the writes."""


@attrs.define(eq=False)
class FanOut:
    """Wakes the feeds of one session.

    Args:
        source: The session.
        feeds: Its feeds.
        clock: Seconds that only go forward.
        later: Calls a function after so many seconds.
    """

    source: Source
    feeds: set[Feed]
    clock: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    _woken: float = -math.inf
    _is_due: bool = False

    def notify(self, *, is_last: bool = False) -> None:
        """Events were written.

        Args:
            is_last: Whether they are the last ones for now: they are sent at once.
        """
        if is_last or len(self.feeds) <= CROWD:
            self._wake()
        elif not self._is_due:
            left = self._woken + len(self.feeds) * EACH_SECONDS - self.clock()
            if left <= 0:
                self._wake()
            else:
                self._is_due = True
                self.later(left, self._end_pause)

    def _end_pause(self) -> None:
        self._is_due = False
        self._wake()

    def _wake(self) -> None:
        self._woken = self.clock()
        for feed in tuple(self.feeds):
            feed.wake()
        self.source.tail.trim(min((feed.cursor for feed in self.feeds), default=self.source.written + 1))
