"""Execute requests on their way to a kernel host, a bounded number in each turn of the reactor.

A run of ten thousand cells is ten thousand signed messages, half a second of work: they go out in portions, in the order in
which they were accepted, so that everybody else is answered in between. A few go at once.

Invariants: requests leave in the order of `add`; a command that speaks of requests (`flush` first) finds them at the host; one
that has ended meanwhile is not sent. What is lost with a connection is added again when the host answers the next one
(`restart`): the host runs each id once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import attrs

from webipy.core.kernel.executions import OpenExecution

PORTION = 100
"""Requests in one turn: some 4 ms."""


@attrs.define(eq=False)
class RequestQueue:
    """The execute requests of one session that have not been sent yet.

    Args:
        send: Sends a message to the kernel, as `webipy.server.sessions.kernel_connection.KernelConnection.send` does.
        later: Calls a function after so many seconds and gives what cancels that.
    """

    send: Callable[..., None]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    _waiting: deque[OpenExecution] = attrs.field(factory=deque)
    _stop_clock: Callable[[], None] | None = None

    def add(self, runs: Iterable[OpenExecution]) -> None:
        """Sends these after all that were added before: the first portion now, if nothing waits."""
        is_first = not self._waiting
        self._waiting.extend(runs)
        if is_first:
            self._portion()

    def restart(self, runs: Iterable[OpenExecution]) -> None:
        """Begins again with these: the host has answered, and may not have got what was sent before."""
        self.clear()
        self.add(runs)

    def flush(self) -> None:
        """Sends all now."""
        while self._waiting:
            self._send(self._waiting.popleft())
        self.clear()

    def clear(self) -> None:
        """Forgets all: there is no host."""
        self._waiting.clear()
        if self._stop_clock is not None:
            self._stop_clock()
            self._stop_clock = None

    def _portion(self) -> None:
        self._stop_clock = None
        for _ in range(min(PORTION, len(self._waiting))):
            self._send(self._waiting.popleft())
        if self._waiting:
            self._stop_clock = self.later(0, self._portion)

    def _send(self, run: OpenExecution) -> None:
        if not run.is_over:
            self.send("shell", "execute_request", run.request(), run.id, metadata=run.metadata)
