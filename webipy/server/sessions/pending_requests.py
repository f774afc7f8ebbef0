"""Who waits for which reply of a kernel: requests that are no executions, such as completions."""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.events import events
from webipy.core.kernel.kernel import Received
from webipy.core.kernel.wire import Message


@attrs.define(eq=False)
class PendingRequests:
    """Replies that are waited for, by the id of their request. Each fires once: with the reply, or with why there is none."""

    _waiting: dict[str, Deferred[Message]] = attrs.field(factory=dict)

    def expect(self, request: str) -> Deferred[Message]:
        """Fires with the reply to this request."""
        reply = self._waiting[request] = Deferred()
        return reply

    def forget(self, request: str) -> None:
        """Nobody waits for it any more."""
        self._waiting.pop(request, None)

    def take(self, taken: Received) -> None:
        """Tells what a batch of messages brought: replies, requests that will have none, the end of the kernel."""
        for request, message in taken.replies:
            waiting = self._waiting.pop(request, None)
            if waiting is not None:
                waiting.callback(message)
        for request, reason in taken.dropped:
            self.fail(request, errors.KernelDead(f"The kernel gave no answer to this ({reason.replace('_', ' ')})."))
        if any(isinstance(event, events.KernelDied) for event in taken.events):
            self.fail_all("The kernel died before it answered.")

    def fail(self, request: str, fault: errors.Failure) -> None:
        """Ends one wait."""
        waiting = self._waiting.pop(request, None)
        if waiting is not None:
            waiting.errback(fault)

    def fail_all(self, reason: str) -> None:
        """Ends all waits: the kernel is gone."""
        for request in list(self._waiting):
            self.fail(request, errors.KernelDead(reason))
