"""Attempts to sign in with a password: how soon the next one for an account from an address is looked at.

A password is no 256 random bits: it can be guessed, and to look at one costs 50 ms. So whoever has sent `FREE_ATTEMPTS` wrong ones for a name
within a minute has the next ones looked at one a second, in their order, and at most `MOST_WAITING` of them wait. The right password is among those
that are looked at, so it gets in, from the guesser's own address some seconds later and from any other address at once: nobody can lock anybody out
by guessing.

    turn(name, address) ──► looked at ──► wrong: record ──► webipy.server.people.failed_attempts, for all names of the address

Invariant: the table is bounded; what was quiet for longest is forgotten first. Names that nobody has are counted as others are.

Rejected: to lock an account after so many wrong passwords (anybody could lock out anybody); to answer without a look at the password (the right one
would be refused, too).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core import errors

FREE_ATTEMPTS = 10
WINDOW_SECONDS = 60.0
PACE_SECONDS = 1.0
"""How far apart further attempts are looked at."""

MOST_WAITING = 8
MOST_KNOWN = 4096


class _Counted(msgspec.Struct):
    """Attempts for a name from an address.

    Args:
        wrong: How many were wrong since `since`.
        since: When the first of them came.
        next: When the next one is looked at.
        waiting: How many wait.
    """

    wrong: int = 0
    since: float = 0.0
    next: float = 0.0
    waiting: int = 0


@attrs.define(eq=False)
class PasswordAttempts:
    """The attempts of the last minute.

    Args:
        seconds: A monotonic clock.
        later: Calls a function after so many seconds; returns a function that cancels the call.
    """

    seconds: Callable[[], float]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    _counts: dict[tuple[str, str], _Counted] = attrs.field(factory=dict)
    """By the key of the name and the address; what was tried last is last."""

    async def turn(self, name: str, address: str) -> None:
        """Returns when an attempt may be looked at.

        Args:
            name: The key of the name.
            address: The address that it comes from.

        Raises:
            errors.Throttled: Too many wait already.
        """
        found = self._counts.get((name, address))
        now = self.seconds()
        if found is None or (now >= found.since + WINDOW_SECONDS and not found.waiting):
            return
        if found.wrong < FREE_ATTEMPTS:
            return
        if found.waiting >= MOST_WAITING:
            wait = round(max(PACE_SECONDS, found.next - now), 1)
            raise errors.Throttled(
                f"Too many wrong passwords for this name from your address; try again in {wait:g} s.",
                retry_after_s=wait,
            )
        found.next = max(found.next, now) + PACE_SECONDS
        found.waiting += 1
        waited: Deferred[None] = Deferred()
        cancel = self.later(found.next - now, lambda: waited.callback(None))
        try:
            await waited
        finally:
            cancel()
            found.waiting -= 1

    def record(self, name: str, address: str) -> None:
        """Counts a wrong password.

        Args:
            name: The key of the name.
            address: The address that it came from.
        """
        now = self.seconds()
        found = self._counts.pop((name, address), None)
        if found is None or (now >= found.since + WINDOW_SECONDS and not found.waiting):
            found = _Counted(since=now)
        found.wrong += 1
        self._counts[name, address] = found
        if len(self._counts) > MOST_KNOWN:
            del self._counts[next(iter(self._counts))]
