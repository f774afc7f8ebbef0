"""The clock of a reactor.

Twisted's reactors take the wall clock: what is called for later waits for a time of day. Set back by an hour, it would hold everything up for an
hour; set forward, every timeout would be over at once. Order is never by any clock, and what tells people the time does not ask the reactor.
"""

from __future__ import annotations

import time
from typing import Any


def count_time(reactor: Any) -> None:
    """Lets a reactor count time by the monotonic clock; nothing may have been called for later yet."""
    reactor.seconds = time.monotonic
