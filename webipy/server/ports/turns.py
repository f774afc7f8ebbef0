"""Turns of the reactor, shared among those who ask for work.

Whatever a call costs, others have their turn: work is done in slices of `SLICE_SECONDS`. In one turn of the reactor it is begun as long as the slice
has time left; what comes later waits in its client's row, and the rows take turns, so a client that asks for much waits for itself::

    call ──has_room?── yes ──► now
                       no  ──► its client's row ──next turn, one of each row after the other──► then
    long work ──pause──► goes on at once, or waits in the row of its call

Invariants: what one client asks for is begun in its order; a row that waits is reached in as many pieces of work as there are rows; nothing here
runs while no work waits. One piece of work that is long itself is not cut: it calls `pause`, or runs aside (off the reactor).

Rejected: a turn between all calls (a batch of a thousand small ones would take a thousand turns); threads for calls (the state is the reactor's).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

import attrs
from twisted.internet.defer import Deferred

ROW: ContextVar[str] = ContextVar("row", default="")
"""The row of the current call; work of the server itself has a row of its own."""

SLICE_SECONDS: Final = 0.01
"""Half of what a turn of the reactor may take: the piece that crosses the end runs to its end."""


@attrs.define(eq=False)
class Turns:
    """The turns of one server.

    Args:
        clock: Seconds that only go forward.
        later: Calls a function after so many seconds.
    """

    clock: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    _end: float | None = None
    """When the slice of this turn is over; `None`: no work was asked for in this turn."""
    _rows: dict[str, deque[Callable[[], None]]] = attrs.field(factory=dict)

    def is_over(self) -> bool:
        """Whether the slice of this turn is used up; the first call in a turn begins it."""
        if self._end is None:
            self._end = self.clock() + SLICE_SECONDS
            self.later(0, self._turn)
            return False
        return self.clock() >= self._end

    def has_room(self, who: str) -> bool:
        """Whether work of this row can begin now: none of it waits, and the slice is not used up."""
        return who not in self._rows and not self.is_over()

    def soon(self, who: str, work: Callable[[], None]) -> None:
        """Queues work until it is its turn.

        Args:
            who: The row that it waits in.
            work: Called once.
        """
        self._rows.setdefault(who, deque()).append(work)
        if self._end is None:
            self.is_over()

    async def pause(self) -> None:
        """Returns at once while the slice of this turn has time left, else when it is the turn of the current call."""
        if self.is_over():
            turn: Deferred[None] = Deferred()
            self.soon(ROW.get(), lambda: turn.callback(None))
            await turn

    def _turn(self) -> None:
        self._end = None
        while self._rows and not self.is_over():
            who = next(iter(self._rows))
            row = self._rows.pop(who)
            work = row.popleft()
            if row:
                self._rows[who] = row  # behind the others
            work()
