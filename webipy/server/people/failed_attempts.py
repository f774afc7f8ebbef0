"""Failed attempts to sign in, counted by the address that they come from, so that a guesser costs nobody else anything.

Every credential is checked first, and only a wrong one is counted here. So whoever has the right one is in at once, from the guesser's own
address too; a guesser is told to wait, and learns nothing by not waiting. The log reports an address once a minute.

Invariant: the table of addresses is bounded; the one that was quiet for longest is forgotten first.

Rejected: one count for all (sixty failed attempts of anybody locked everybody out for a minute); checking a credential only when its address
has attempts left (the same, for all behind one address).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.logger import Logger

from webipy.core import errors

ATTEMPTS_PER_MINUTE = 60
"""Of one address; the one after these fails with `throttled`. With 256-bit credentials an attempt only costs the server time."""

WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 4096
"""Addresses that are remembered, about 100 bytes each."""


@attrs.define(eq=False)
class FailedAttempts:
    """The failed attempts of the last minute.

    Args:
        seconds: A monotonic clock.
        on_failed: Called with the address of each.
    """

    seconds: Callable[[], float]
    on_failed: Callable[[str], None] = lambda address: None
    _log = Logger()
    _counts: dict[str, tuple[int, float]] = attrs.field(factory=dict)
    """By address: how many, and since when; the address of the last attempt is last."""

    def record(self, address: str) -> None:
        """Counts a failed attempt.

        Raises:
            errors.Throttled: This address has used up its attempts of this minute.
        """
        self.on_failed(address)
        now = self.seconds()
        count, since = self._counts.pop(address, (0, now))
        if now >= since + WINDOW_SECONDS:
            count, since = 0, now
        self._counts[address] = (count + 1, since)
        if len(self._counts) > MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]
        if count == ATTEMPTS_PER_MINUTE:
            self._log.warn("{address} tries one wrong credential after the other", address=address)
        if count >= ATTEMPTS_PER_MINUTE:
            wait = round(since + WINDOW_SECONDS - now, 1)
            raise errors.Throttled(
                f"Too many failed attempts from your address; wait {wait:g} s. The right link or token works at once.",
                retry_after_s=wait,
            )
