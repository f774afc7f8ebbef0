"""How executions end, and when a question may be passed on: what a message has to wait for that came on another channel.

A reply (shell) waits for the kernel's `idle` (iopub), so that one message ends an execution and everything before it is its output. A
question (stdin) waits for what was published before it (`webipy.core.questions`). A kernel that does not send what is waited for is not
waited for endlessly: when it has been silent for a while, what is held goes on its way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from webipy.core.hosting import LastWords
from webipy.core.questions import Questions
from webipy.core.wire import Message
from webipy.host.life import Alarms, Life

LAST_WORDS_S: Final = 2.0  # of silence, after which a reply waits no more for `idle`, which every kernel should say
QUESTION_S: Final = 0.03  # of silence, after which a question waits no more, where no marker can tell its place
TAKING_S: Final = 0.02  # of processor time used in a silence: ZeroMQ's thread takes in a large message, and it is none


class Endings:
    """Holds replies and questions until what belongs before them has come.

    Args:
        life: The kernel.
        alarms: The loop's alarms.
        ask: Passes a question on.
        end: Passes a reply on, and lets the next request go.
    """

    def __init__(
        self, life: Life, alarms: Alarms, ask: Callable[[Message], None], end: Callable[[Message], None]
    ) -> None:
        self._life, self._alarms, self._ask_one, self._end_one = life, alarms, ask, end
        self._last_words, self._questions = LastWords(), Questions()
        self._used_s = 0.0
        self._silent_since = time.monotonic()

    def heard(self) -> None:
        """Take note that something was published, or may have been that nobody reads now."""
        self._silent_since = time.monotonic()

    def replied(self, request: str, reply: Message) -> None:
        """Take an execute_reply."""
        self._end(self._last_words.replied(request, reply))
        self._alarms.set("last words", LAST_WORDS_S, self._end_without_idle)

    def asked(self, question: Message) -> None:
        """Take a question."""
        self._ask(self._questions.asked(question))
        self._alarms.set("question", self._patience_s, self._ask_without_marker)

    def marked(self, request: str) -> None:
        """Take note that everything before the next question of a request has come."""
        self._ask(self._questions.marked(request))

    def done(self, request: str) -> None:
        """Take note that the kernel is done with an execution: nothing of it comes any more."""
        self._ask(self._questions.give_up(request))
        self._end(self._last_words.idle(request))

    def give_up(self) -> None:
        """Wait for nothing any more: the kernel has ended."""
        self._ask(self._questions.give_up())
        self._end(self._last_words.give_up())

    @property
    def _patience_s(self) -> float:
        """How long a question waits in silence: with the boot file a marker tells its place."""
        return LAST_WORDS_S if self._life.process.has_boot else QUESTION_S

    def _ask(self, questions: list[Message]) -> None:
        for question in questions:
            self._ask_one(question)

    def _end(self, replies: list[Message]) -> None:
        for reply in replies:
            self._end_one(reply)

    def _ask_without_marker(self) -> None:
        """Nothing was published for a while, and no marker either: the questions that wait have nothing more to wait for."""
        silent_s = time.monotonic() - self._silent_since
        if self._questions.are_held and silent_s < self._patience_s:
            self._alarms.set("question", self._patience_s - silent_s, self._ask_without_marker)
        else:
            self._ask(self._questions.give_up())

    def _end_without_idle(self) -> None:
        """The kernel did not say that it is idle and says nothing more: what it replied ends the execution all the same."""
        silent_s = time.monotonic() - self._silent_since
        used_s, self._used_s = time.process_time() - self._used_s, time.process_time()
        if used_s > TAKING_S:
            self._alarms.set("last words", LAST_WORDS_S, self._end_without_idle)
        elif silent_s < LAST_WORDS_S:
            self._alarms.set("last words", LAST_WORDS_S - silent_s, self._end_without_idle)
        else:
            self._end(self._last_words.give_up())
