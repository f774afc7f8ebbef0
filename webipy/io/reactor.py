"""The reactor: what the rooms of io need of it, and the clock that it counts by.

Twisted's reactors take the wall clock: what is called for later waits for a time of day. Set back by an hour, it would hold everything up for an
hour; set forward, every timeout would be over at once. Order is never by any clock, and what shows people the time does not ask the reactor.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReactorFromThreads, IReactorThreads, IReactorTime

Run = Callable[[Callable[[], Any]], Deferred[Any]]
"""Runs a function that blocks in a thread; the Deferred fires in the reactor with its result."""


class Reactor(IReactorTime, IReactorFDSet, IReactorThreads):
    """A reactor with timers, file descriptors and a pool of threads."""


class TimedReactor(IReactorTime, IReactorFromThreads):
    """A reactor with timers, which threads may call."""


def count_time(reactor: Any) -> None:
    """Lets a reactor count time by the monotonic clock; nothing may have been called for later yet."""
    reactor.seconds = time.monotonic
