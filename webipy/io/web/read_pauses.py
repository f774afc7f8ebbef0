"""Whether a connection is read: not while too much of it waits, and not while a large message of it waits for its turn.

    message begins ──large──► the login's budget ──no room──► not read ──an earlier one is here, or gone──► read again

What is not read stays in the network: its sender feels it, and nobody else. Invariant: a turn that was taken is given back once, by the end of the
message or of the connection.

Rejected: to refuse large messages of guests (a page would send the same again), and a smaller limit for them (a cell may be large).
"""

from __future__ import annotations

import msgspec
from twisted.internet.interfaces import IPushProducer

from webipy.server.people.budgets import Budget, Intake


class Reading(msgspec.Struct, eq=False):
    """The reading of one connection.

    Args:
        transport: What is read.
        budget: Of the login that the connection came by.
    """

    transport: IPushProducer
    budget: Budget
    is_on: bool = True
    """Whether it is read."""
    is_choked: bool = False
    """Whether too much of it waits to be begun."""
    intake: Intake | None = None
    """The turn of a large message that comes in, or waits to."""

    def choke(self, is_choked: bool) -> None:
        """Too much of it waits now, or no longer."""
        self.is_choked = is_choked
        self._set()

    def begin(self) -> None:
        """A message has become a large one: it waits for its turn."""
        if self.intake is None:
            self.intake = self.budget.announce(self._set)
            self._set()

    def end(self) -> None:
        """The message is here, or will not come any more."""
        intake, self.intake = self.intake, None
        if intake is not None:
            self.budget.arrived(intake)

    def _set(self) -> None:
        is_on = not self.is_choked and (self.intake is None or self.intake.is_on)
        if is_on != self.is_on:
            self.is_on = is_on
            if is_on:
                self.transport.resumeProducing()
            else:
                self.transport.pauseProducing()
