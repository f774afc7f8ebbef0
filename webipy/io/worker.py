"""One thread that does one thing after the other: for what may be used by one thread only, such as a connection to SQLite."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from webipy.io.reactor import TimedReactor

_T = TypeVar("_T")


@attrs.define(eq=False)
class Worker:
    """A thread of its own; starts at once.

    Args:
        name: The thread's name, for debuggers.
        reactor: Fires the Deferreds.
    """

    name: str
    reactor: TimedReactor
    _jobs: SimpleQueue[Callable[[], None] | None] = attrs.field(factory=SimpleQueue)
    _thread: threading.Thread = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], _T]) -> Deferred[_T]:
        """Queues `work`; the Deferred fires in the reactor with what it returns or raises."""
        done: Deferred[_T] = Deferred()

        def job() -> None:
            try:
                value = work()
            except Exception:
                self.reactor.callFromThread(done.errback, Failure())
            else:
                self.reactor.callFromThread(done.callback, value)

        self._jobs.put(job)
        return done

    def stop(self) -> None:
        """Ends the thread after the queued work, and waits for that."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
