"""A watch over the memory of a child: the process, and all that it has started, together.

A document from anywhere may let a converter, or the browser that prints it, take all that the machine has; a limit on the address space of each
process helps neither against many of them nor with a browser, which reserves more than it uses. So every `LOOK_SECONDS` the processes of
the child's session are looked at, in a thread, and when they have more than they may the owner of the child is notified, once.

What grows faster than that is held by the limits of the child itself. Rejected: cgroups (not ours to make); counting each process alone.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.io.reactor import Reactor
from webipy.server.ports.kernels import Processes, Used

LOOK_SECONDS = 0.5


@attrs.define(eq=False)
class ChildWatch:
    """Looks at a child from its start to its end.

    Args:
        reactor: Twisted's.
        processes: Measures what a session of the system uses.
        pid: The child, which leads a session.
        limit_bytes: What it may have.
        on_over: Called when it has more, once.
    """

    reactor: Reactor
    processes: Processes
    pid: int
    limit_bytes: int
    on_over: Callable[[], None]
    _next: IDelayedCall | None = None
    _is_over: bool = False
    _log = Logger()

    def start(self) -> None:
        """Starts looking."""
        self._later()

    def stop(self) -> None:
        """Stops looking; a look under way notifies nobody."""
        self._is_over = True
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _later(self) -> None:
        self._next = self.reactor.callLater(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self.processes.used([self.pid]).addCallbacks(self._seen, self._unseen)

    def _seen(self, used: dict[int, Used]) -> None:
        if self._is_over:
            return
        if self.pid in used and used[self.pid].memory_bytes > self.limit_bytes:
            self.stop()
            self.on_over()
        else:
            self._later()

    def _unseen(self, failure: Failure) -> None:
        self._log.failure("a child cannot be looked at", failure)
        if not self._is_over:
            self._later()
