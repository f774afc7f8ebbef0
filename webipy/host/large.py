"""What becomes of a large message of the kernel: pieces that the link can carry, or an execution that fails.

How a message is taken apart is `webipy.core.large`'s work; here is remembered which executions have failed because an output
of theirs could not be kept, until their reply comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from webipy.core import large
from webipy.core.wire import Message
from webipy.host.endpoint import Author

MAX_FAILED: Final = 1000  # executions that have failed so and have not ended; one at a time is usual

Piece = tuple[str, Message]


class Large:
    """Takes large messages apart.

    Args:
        author: Makes the host's own messages.
    """

    def __init__(self, author: Author) -> None:
        self._author = author
        self._failed: dict[str, str] = {}

    def taken_apart(self, channel: str, message: Message) -> Iterable[Piece]:
        """Give what is passed on in place of a message, with its channel, in order: itself, unless it is large."""
        if not large.is_large(message):
            return ((channel, message),)
        msg_type = message.header.msg_type
        if channel == "iopub":
            return self._published(message)
        if msg_type == "execute_reply":
            return self._replied(channel, message)
        if channel == "stdin":
            return _asked(message)
        answer = large.short_answer(message) if large.size_of(message) > large.MAX_ANSWER_BYTES else message
        return iter([(channel, answer)])

    def judged(self, reply: Message) -> Message:
        """Give an execute_reply as it is, or as a failure when an output of its execution could not be kept."""
        reason = self._failed.pop(reply.parent.msg_id, None) if reply.parent is not None else None
        return reply if reason is None else large.failed_reply(reply, reason)

    def _published(self, message: Message) -> Iterator[Piece]:
        msg_type, size = message.header.msg_type, large.size_of(message)
        if size <= large.MAX_OUTPUT_BYTES:
            if msg_type == "stream" and (pieces := large.pieces(message)) is not None:
                return (("iopub", piece) for piece in pieces)
            if size <= large.LINK_BYTES:
                return iter([("iopub", message)])
        return self._refused(message, large.too_large(msg_type, size))

    def _refused(self, message: Message, reason: str) -> Iterator[Piece]:
        """Fail the execution that the message belongs to, and show why in its place."""
        if message.parent is None:
            yield "host", self._author.lost(reason)
            return
        if len(self._failed) >= MAX_FAILED:
            del self._failed[next(iter(self._failed))]
        self._failed[message.parent.msg_id] = reason
        yield "iopub", large.error_output(message, reason)

    def _replied(self, channel: str, message: Message) -> Iterator[Piece]:
        reply, reason = large.short_reply(message)
        yield "host", self._author.lost(reason)
        yield channel, reply


def _asked(message: Message) -> Iterator[Piece]:
    """Show the text before a prompt as what it is, and ask with the end of it."""
    before, request = large.prompted(message)
    for piece in before:
        yield "iopub", piece
    yield "stdin", request
