"""How executions end, and when a question may be passed on: what a message has to wait for that came on another channel.

A reply (shell) waits for the kernel's `idle` (iopub), so that one message ends an execution and everything before it is its output. A
question (stdin) waits for what was published before it (`webipy.core.kernel.question_order`). A kernel that does not send what is waited for is not
waited for endlessly: when it has been silent for a while, what is held goes on its way. And an execution whose reply does not come at all
ends by what else is known of it (`webipy.core.kernel.request_progress`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec

from webipy.core.kernel.host_queue import Effect, HostQueue, is_interrupted
from webipy.core.kernel.question_order import Questions
from webipy.core.kernel.reply_gate import ReplyGate
from webipy.core.kernel.request_progress import Fate, Progress
from webipy.core.kernel.wire import Message
from webipy.host.endpoint import Author, log
from webipy.host.kernel_lifecycle import Alarms, KernelLifecycle

LAST_WORDS_S: Final = 2.0  # of silence, after which a reply waits no more for `idle`, which every kernel should publish
QUESTION_S: Final = 0.03  # of silence, after which a question waits no more, where no marker shows its place
DOUBT_S: Final = (
    2.0  # a request of which nothing came for so long is asked after; also how long an answer is waited for at a time
)
IDLE_S: Final = 0.05  # the reply is missing so long after `idle`: usually it comes before
STRUCK_S: Final = 1.0  # what an interrupt did not end in this time is asked after
DUE_S: Final = (
    0.3  # an interrupt waits so long for the begin of what it is for: the kernel may be in something else that hangs
)
UNANSWERED_S: Final = 10.0  # a kernel that published `idle` and is silent since answers nothing any more
REMEMBERED_OVER: Final = 1000  # executions that have ended without their reply: one that comes late is no second end
TAKING_S: Final = 0.02  # of processor time used in a silence: ZeroMQ's thread takes in a large message, and it is none


class ExecutionEnds:
    """Holds replies and questions until what belongs before them has come, and ends what gets no reply.

    Args:
        lifecycle: The kernel.
        requests: Its requests.
        author: Makes the replies that do not come.
        alarms: The loop's alarms.
        ask: Passes a question on.
        end: Passes a reply on, and lets the next request go; the flag is whether that one is interrupted, too.
        apply: Does the effects of requests.
    """

    def __init__(
        self,
        lifecycle: KernelLifecycle,
        requests: HostQueue,
        author: Author,
        alarms: Alarms,
        *,
        ask: Callable[[Message], None],
        end: Callable[[Message, bool], None],
        apply: Callable[[list[Effect]], None],
    ) -> None:
        self._lifecycle, self._requests, self._author, self._alarms = lifecycle, requests, author, alarms
        self._ask_one, self._end_one, self._apply = ask, end, apply
        self._reply_gate, self._questions = ReplyGate(), Questions()
        self._progress: Progress | None = None
        self._over: dict[str, None] = {}
        self._used_s = 0.0
        self._silent_since = time.monotonic()

    def observe_output(self) -> None:
        """Records that something was published, or may have been that nobody reads now."""
        self._silent_since = time.monotonic()

    def given(self, request: Message) -> None:
        """Records that the kernel was given an execute request."""
        has_boot = self._lifecycle.process.has_boot
        self._progress = Progress(request, tells_begin=has_boot, is_interrupted=is_interrupted(request))
        self._alarms.set("doubt", DOUBT_S, self._doubt)

    def replied(self, request: str, reply: Message) -> None:
        """Records an execute_reply, which waits for `idle`.

        Args:
            request: The id of the request that it answers.
            reply: The reply.
        """
        if request in self._over:
            log(f"the reply to {request} came after it was taken to have ended without")
            return
        self._end(self._reply_gate.replied(request, reply))
        self._alarms.set("last words", LAST_WORDS_S, self._end_without_idle)

    def asked(self, question: Message) -> None:
        """Records a question, which waits for what was published before it."""
        self._ask(self._questions.asked(question))
        self._alarms.set("question", self._patience_s, self._ask_without_marker)

    def marked(self, request: str) -> None:
        """Records that everything before the next question of a request has come."""
        self._ask(self._questions.marked(request))

    def published(self, request: str, message: Message, state: str) -> None:
        """Records a message that was published for an execution.

        Args:
            request: The id of its request.
            message: The message.
            state: The `execution_state` of a status; empty for other messages.
        """
        progress = self._progress if self._progress is not None and self._progress.msg_id == request else None
        msg_type = message.header.msg_type
        if progress is not None and progress.published(msg_type, state, message.content):
            self._lifecycle.interrupt()
        if msg_type == "status" and state != "busy":
            self._ask(self._questions.give_up(request))
            self._end(self._reply_gate.idle(request))
            if progress is not None and self._progress is progress:  # the reply is not here
                self._alarms.set("doubt", IDLE_S, self._doubt)

    def observe_own_request(self, question: str, msg_type: str, state: str) -> None:
        """Records an answer to a request of the host's own, or what was published for it.

        Args:
            question: The id of the host's request.
            msg_type: The type of the message.
            state: The `execution_state` of a status; empty for other messages.
        """
        what = "answer" if msg_type == "kernel_info_reply" else "idle" if state == "idle" else ""
        if self._progress is not None and what and self._progress.answered(question, what):
            self._judge(self._progress)

    def interrupt(self, execution: str | None = None) -> None:
        """Interrupts what runs, and if it has just ended, what comes next of its queue.

        Args:
            execution: The id of the one execution to interrupt, if it is the one that runs; `None` for whatever runs.
        """
        progress = self._progress
        if execution is not None and (progress is None or progress.msg_id != execution):
            return
        if progress is None or progress.interrupt(may_carry=execution is None):
            self._lifecycle.interrupt()
        else:
            self._alarms.set("due", DUE_S, lambda: self._interrupt_what_is_before(progress))
        if progress is not None:
            self._alarms.set("doubt", STRUCK_S, self._doubt)

    def give_up(self) -> None:
        """Stops waiting for anything: the kernel has ended."""
        self._alarms.clear("doubt", "due")
        self._ask(self._questions.give_up())
        self._end(self._reply_gate.release_all())

    @property
    def _patience_s(self) -> float:
        """How long a question waits in silence: with the boot file a marker shows its place."""
        return LAST_WORDS_S if self._lifecycle.process.has_boot else QUESTION_S

    def _ask(self, questions: list[Message]) -> None:
        for question in questions:
            self._ask_one(question)

    def _end(self, replies: list[Message]) -> None:
        for reply in replies:
            progress, is_missed = self._progress, False
            if progress is not None and reply.parent is not None and reply.parent.msg_id == progress.msg_id:
                self._progress, is_missed = None, progress.is_missed(reply)
                self._alarms.clear("doubt", "due")
            self._end_one(reply, is_missed)

    def _interrupt_what_is_before(self, progress: Progress) -> None:
        if self._progress is progress and not progress.has_begun:
            self._lifecycle.interrupt()

    def _doubt(self) -> None:
        """Asks the kernel something behind the execution that has not ended."""
        progress = self._progress
        if progress is None or self._reply_gate.has(progress.msg_id):
            return
        if progress.is_asked:
            if progress.is_idle and time.monotonic() - self._silent_since > UNANSWERED_S:
                self._end_without_reply(progress, "over")
                return
        elif not progress.is_doubtful:
            return
        else:
            progress.asked(self._lifecycle.ask("shell", "kernel_info_request", {}))
        self._alarms.set("doubt", DOUBT_S, self._doubt)

    def _judge(self, progress: Progress) -> None:
        """The kernel has answered what was asked behind an execution."""
        fate, silent_s = progress.fate(), time.monotonic() - self._silent_since
        if self._reply_gate.has(progress.msg_id):
            return
        if fate == "over" and not progress.is_idle and silent_s < LAST_WORDS_S:
            self._alarms.set("doubt", LAST_WORDS_S - silent_s, self._doubt)
        elif fate is not None:
            self._end_without_reply(progress, fate)

    def _end_without_reply(self, progress: Progress, fate: Fate) -> None:
        log(f"the kernel sent no reply to {progress.msg_id}: {fate}")
        self._over[progress.msg_id] = None
        if len(self._over) > REMEMBERED_OVER:
            del self._over[next(iter(self._over))]
        if fate == "never begun" and not progress.was_interrupted:
            self._progress = None
            self._alarms.clear("doubt", "due")
            self._apply(self._requests.lose("unanswered"))
        else:
            made = self._author.message("execute_reply", progress.reply())
            self._end([msgspec.structs.replace(made, parent=progress.request.header)])

    def _ask_without_marker(self) -> None:
        """Nothing was published for a while, and no marker either: the questions that wait have nothing more to wait for."""
        silent_s = time.monotonic() - self._silent_since
        if self._questions.are_held and silent_s < self._patience_s:
            self._alarms.set("question", self._patience_s - silent_s, self._ask_without_marker)
        else:
            self._ask(self._questions.give_up())

    def _end_without_idle(self) -> None:
        """The kernel published no `idle` and is silent: its reply ends the execution all the same."""
        silent_s = time.monotonic() - self._silent_since
        used_s, self._used_s = time.process_time() - self._used_s, time.process_time()
        if used_s > TAKING_S:
            self._alarms.set("last words", LAST_WORDS_S, self._end_without_idle)
        elif silent_s < LAST_WORDS_S:
            self._alarms.set("last words", LAST_WORDS_S - silent_s, self._end_without_idle)
        else:
            self._end(self._reply_gate.release_all())
