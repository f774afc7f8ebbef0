"""The order between the reply of an execution and its output: the reply passes when the kernel has published `idle` for the same request.

So one message ends an execution, and everything before it is its output: a server that stops between the two would never know the end.
"""

from __future__ import annotations

from typing import Final

from webipy.core.kernel.wire import Message

REMEMBERED_IDLES: Final = 1_000  # requests whose idle came before their reply; one at a time is usual


class ReplyGate:
    """The end of each execution: its reply, after everything that was published for it."""

    def __init__(self) -> None:
        self._replies: dict[str, Message] = {}
        self._idle: dict[str, None] = {}

    def replied(self, parent_id: str, reply: Message) -> list[Message]:
        """Take an execute_reply; it comes back when it may be passed on."""
        if parent_id in self._idle:
            del self._idle[parent_id]
            return [reply]
        self._replies[parent_id] = reply
        return []

    def idle(self, parent_id: str) -> list[Message]:
        """Take note that the kernel is done with a request; its reply comes back if it was here."""
        reply = self._replies.pop(parent_id, None)
        if reply is not None:
            return [reply]
        self._idle[parent_id] = None
        if len(self._idle) > REMEMBERED_IDLES:
            del self._idle[next(iter(self._idle))]
        return []

    def has(self, parent_id: str) -> bool:
        """Whether the reply of a request is here."""
        return parent_id in self._replies

    def release_all(self) -> list[Message]:
        """Give all replies that are kept: the kernel says no more."""
        kept = list(self._replies.values())
        self._replies.clear()
        return kept
