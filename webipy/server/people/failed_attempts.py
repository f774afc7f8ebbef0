"""Wrong tries: counted by the address that they come from, so that a guesser costs nobody else anything.

What is right is never asked here: every credential is looked at first, and only a wrong one is counted. So the honest one is in at
once, from the guesser's own address too; who guesses is told to wait, and learns nothing by not waiting. The log tells it once a minute.

Invariant: the table of addresses is bounded; the one that was quiet for longest is forgotten first.

Rejected: one count for all (sixty wrong tries of anybody locked everybody out for a minute); looking only after the count has let a
try pass (the same, for all behind one address).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.logger import Logger

from webipy.core import errors

TRIES_PER_MINUTE = 60
"""Of one address; the one after these is refused as `throttled`. With 256-bit credentials a try only costs the server time."""

WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 4096
"""Addresses that are remembered, about 100 bytes each."""


@attrs.define(eq=False)
class FailedAttempts:
    """The wrong tries of the last minute.

    Args:
        seconds: A monotonic clock.
    """

    seconds: Callable[[], float]
    _log = Logger()
    _counts: dict[str, tuple[int, float]] = attrs.field(factory=dict)
    """Of each address: how many, and since when; the one that tried last is last."""

    def wrong(self, address: str) -> None:
        """Counts a wrong try.

        Raises:
            errors.Throttled: This address has had its tries of this minute.
        """
        now = self.seconds()
        count, since = self._counts.pop(address, (0, now))
        if now >= since + WINDOW_SECONDS:
            count, since = 0, now
        self._counts[address] = (count + 1, since)
        if len(self._counts) > MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]
        if count == TRIES_PER_MINUTE:
            self._log.warn("{address} tries one wrong credential after the other", address=address)
        if count >= TRIES_PER_MINUTE:
            wait = round(since + WINDOW_SECONDS - now, 1)
            raise errors.Throttled(
                f"Too many wrong tries from your address; another wrong one is looked at in {wait:g} s. What is right gets in at once.",
                retry_after_s=wait,
            )
