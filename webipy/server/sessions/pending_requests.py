"""Requests to a kernel that are no executions, such as completions, and wait for their replies.

A kernel that fails over a request, such as ipykernel over a debug request without its number, may say that it is done with it and never reply. Its
reply and that word come on sockets of their own, in any order: so a request fails when its reply has not come some time after the word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.events import events
from webipy.core.kernel.kernel import Received
from webipy.core.kernel.wire import Message

REPLY_SECONDS: Final = 2.0
"""How long a reply may come after the kernel has said that it is done with the request."""

NO_REPLY: Final = "The kernel has ended this request without a reply: it failed over it, or does not know it."


@attrs.define(eq=False)
class PendingRequests:
    """The pending requests of one session, by their ids. Each fires once: with the reply, or with why there is none.

    Args:
        later: Calls a function after so many seconds.
    """

    later: Callable[[float, Callable[[], None]], object]
    _waiting: dict[str, Deferred[Message]] = attrs.field(factory=dict)

    def expect(self, request: str) -> Deferred[Message]:
        """Adds a request; fires with its reply."""
        reply = self._waiting[request] = Deferred()
        return reply

    def forget(self, request: str) -> None:
        """Cancels a pending request."""
        self._waiting.pop(request, None)

    def resolve(self, batch: Received) -> None:
        """Resolves the requests that a batch of messages has replies to, or ends."""
        for request, message in batch.replies:
            waiting = self._waiting.pop(request, None)
            if waiting is not None:
                waiting.callback(message)
        for request, reason in batch.dropped:
            self.fail(request, errors.KernelDead(f"The kernel gave no answer to this ({reason.replace('_', ' ')})."))
        for request in batch.ended:
            if request in self._waiting:
                self._expire(request)
        if any(isinstance(event, events.KernelDied) for event in batch.events):
            self.fail_all("The kernel died before it answered.")

    def _expire(self, request: str) -> None:
        """Fails a request that gets no reply in the time that is left to it."""
        fault = errors.Timeout(NO_REPLY, timeout_s=REPLY_SECONDS)
        self.later(REPLY_SECONDS, lambda: self.fail(request, fault))

    def fail(self, request: str, fault: errors.Failure) -> None:
        """Fails a pending request.

        Args:
            request: Id of the request.
            fault: What it fails with.
        """
        waiting = self._waiting.pop(request, None)
        if waiting is not None:
            waiting.errback(fault)

    def fail_all(self, reason: str) -> None:
        """Fails all pending requests with errors.KernelDead, for this reason."""
        for request in list(self._waiting):
            self.fail(request, errors.KernelDead(reason))
