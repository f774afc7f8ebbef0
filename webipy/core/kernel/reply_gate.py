"""The order between the reply of an execution and its output: the reply passes when the kernel has published `idle` for the same request.

So one message ends an execution, and everything before it is its output: a server that stops between the two would never know the end.
"""

from __future__ import annotations

from typing import Final

from webipy.core.kernel.wire import Message

REMEMBERED_IDLES: Final = 1_000  # requests whose idle came before their reply; one at a time is usual


class ReplyGate:
    """Holds the reply of each execution until everything that was published for it has passed."""

    def __init__(self) -> None:
        self._replies: dict[str, Message] = {}
        self._idle: dict[str, None] = {}

    def replied(self, parent_id: str, reply: Message) -> list[Message]:
        """Holds an execute_reply.

        Args:
            parent_id: Id of the request.
            reply: The reply.

        Returns:
            The reply, if it may pass now; else nothing.
        """
        if parent_id in self._idle:
            del self._idle[parent_id]
            return [reply]
        self._replies[parent_id] = reply
        return []

    def idle(self, parent_id: str) -> list[Message]:
        """Notes the `idle` of a request.

        Returns:
            The reply that was held for it, if there is one.
        """
        reply = self._replies.pop(parent_id, None)
        if reply is not None:
            return [reply]
        self._idle[parent_id] = None
        if len(self._idle) > REMEMBERED_IDLES:
            del self._idle[next(iter(self._idle))]
        return []

    def has(self, parent_id: str) -> bool:
        """Whether the reply of a request is held."""
        return parent_id in self._replies

    def release_all(self) -> list[Message]:
        """Releases all held replies: the kernel publishes nothing more."""
        kept = list(self._replies.values())
        self._replies.clear()
        return kept
