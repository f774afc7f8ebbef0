"""The progress of the execution that the kernel has, and when it is over though no reply came.

Every request should be answered, and not every kernel does: an interrupt that strikes a kernel between two steps of its own takes the
reply with it, or the request as a whole; a reply that cannot be written is never sent. So that one missing message does not hold up
all that wait, the host asks a question of its own on the same channel when it is in doubt. A kernel takes the requests of a channel one
after the other, and publishes in that order, too. So once both the answer and the `idle` of the question have come, nothing of what was asked
before is on its way any more::

    published idle, no reply                    over: its result is what was seen of it
    nothing was seen of it                      it never began
    began, not idle, and was interrupted        over, if it also stays silent: the kernel does something else by now
    began, not idle                             runs: some kernels answer while they run code

An interrupt is for what the kernel runs. One that comes when the request was given but not yet begun waits for its begin. Where the
reply says that it came too late to strike, it is carried over to the next one of the same queue.

Source: Jupyter messaging 5.4, execute and kernel status. Rejected: a time limit alone (a busy machine is slow, and code may run for days).
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from webipy.core.kernel.wire import Message

NO_REPLY: Final = "The kernel did not say how this ended; what it had printed is here."
NOT_BEGUN: Final = "It was interrupted before the kernel began with it."
NO_END: Final = "It was interrupted. The kernel did not say that it has ended, but answers other requests."

Fate = Literal["over", "never begun"]


class _Error(msgspec.Struct, frozen=True):
    ename: str = ""
    evalue: str = ""


class _Struck(msgspec.Struct, frozen=True):
    interrupted: bool = True


class _ReplyMetadata(msgspec.Struct, frozen=True):
    webipy: _Struck = _Struck()


class Progress:
    """What the kernel published of one execute request.

    Args:
        request: The request that was given to the kernel.
        tells_begin: Whether `busy` says that the kernel can be interrupted from now on; else `execute_input` does.
        is_interrupted: Whether it was interrupted before it was given: the request carries that to the kernel.
    """

    def __init__(self, request: Message, *, tells_begin: bool, is_interrupted: bool = False) -> None:
        self.request = request
        self.has_begun = False
        self.is_idle = False
        self.was_interrupted = is_interrupted
        self.may_carry = is_interrupted
        self._tells_begin = tells_begin
        self._is_due = False
        self._can_be_struck = False
        self._error: _Error | None = None
        self._question = ""
        self._missing: set[str] = set()

    @property
    def msg_id(self) -> str:
        """The id of the request."""
        return self.request.header.msg_id

    @property
    def is_asked(self) -> bool:
        """Whether a question of the host's own is on its way."""
        return bool(self._missing)

    @property
    def is_doubtful(self) -> bool:
        """Whether there is a reason to ask: it runs, as far as is known, unless it was interrupted."""
        return self.is_idle or not self.has_begun or self.was_interrupted

    def published(self, msg_type: str, state: str, content: bytes) -> bool:
        """Notes something published for it.

        Args:
            msg_type: Its message type.
            state: The `execution_state` of a status; else empty.
            content: Its content, JSON.

        Returns:
            Whether an interrupt that waited for the begin is to be sent now.
        """
        self.has_begun = True
        self._can_be_struck = self._can_be_struck or self._tells_begin or msg_type != "status"
        if msg_type == "status" and state == "idle":
            self.is_idle = True
        elif msg_type == "error":
            self._error = _decoded(content)
        is_now = self._is_due and self._can_be_struck
        self._is_due = self._is_due and not is_now
        return is_now

    def interrupt(self, *, may_carry: bool) -> bool:
        """Interrupt it.

        Args:
            may_carry: Whether the next one of its queue is meant, too, if it ends before the interrupt strikes.

        Returns:
            Whether the interrupt is to be sent now; else it is when the request begins.
        """
        self.was_interrupted = True
        self.may_carry = self.may_carry or may_carry
        self._is_due = not self._can_be_struck
        return self._can_be_struck

    def is_missed(self, reply: Message) -> bool:
        """Whether an interrupt came too late for it, and is meant for the next one."""
        return self.may_carry and (self._is_due or not _was_struck(reply.metadata))

    def asked(self, question: str) -> None:
        """Notes that a question was sent behind it."""
        self._question, self._missing = question, {"answer", "idle"}

    def answered(self, question: str, part: str) -> bool:
        """Notes part of the answer to a question.

        Args:
            question: Id of the question.
            part: `answer` or `idle`.

        Returns:
            Whether both parts are here now.
        """
        if question != self._question or not self._missing:
            return False
        self._missing.discard(part)
        return not self._missing

    def fate(self) -> Fate | None:
        """What became of it, after the kernel answered the question behind it; `None`: it runs."""
        if self.is_idle or (self.has_begun and self.was_interrupted):
            return "over"
        return None if self.has_begun else "never begun"

    def reply(self) -> dict[str, object]:
        """The content of the execute_reply that did not come, from what was seen."""
        rest: dict[str, object] = {
            "status": "error",
            "execution_count": None,
            "traceback": [],
            "payload": [],
            "user_expressions": {},
        }
        if self._error is not None:
            return {**rest, "ename": self._error.ename, "evalue": self._error.evalue}
        if self.was_interrupted:
            why = NO_REPLY if self.is_idle else NO_END if self.has_begun else NOT_BEGUN
            return {**rest, "ename": "KeyboardInterrupt", "evalue": why}
        return {**rest, "ename": "NoReply", "evalue": NO_REPLY}


def _decoded(content: bytes) -> _Error:
    try:
        return msgspec.json.decode(content, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Error()


def _was_struck(metadata: bytes) -> bool:
    """Whether an interrupt struck, as a kernel with the boot file replies; of others that is not known, and counts as yes."""
    try:
        return msgspec.json.decode(metadata, type=_ReplyMetadata).webipy.interrupted
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True
