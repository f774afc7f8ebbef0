"""The order between a kernel's questions and what it published before them.

A kernel asks on stdin and publishes on iopub: two sockets, and what was sent first on the one may come last. So a question is held
until what was published before it has come. A kernel with the boot file says where that is: it publishes a marker before each question.
Of other kernels nothing says it; there a moment of silence on iopub has to do.

A question is known by the request that it belongs to; of one request, the first question goes with the first marker, and so on.
"""

from __future__ import annotations

from typing import Final

from webipy.core.kernel.wire import Message

MARKER: Final = "webipy_marker"  # message type of what the boot file publishes before a question


class Questions:
    """Holds questions until their place among what is published has come."""

    def __init__(self) -> None:
        self._held: list[tuple[str, Message]] = []
        self._request = ""
        self._marks = 0

    @property
    def are_held(self) -> bool:
        """Whether a question waits."""
        return bool(self._held)

    def asked(self, question: Message) -> list[Message]:
        """Holds a question.

        Returns:
            The question, if it may be passed on now; else nothing.
        """
        request = "" if question.parent is None else question.parent.msg_id
        if request == self._request and self._marks:
            self._marks -= 1
            return [question]
        self._held.append((request, question))
        return []

    def marked(self, request: str) -> list[Message]:
        """Notes that everything before the next question of a request has come.

        Returns:
            That question, if it is held.
        """
        for place, (of, question) in enumerate(self._held):
            if of == request:
                del self._held[place]
                return [question]
        self._request, self._marks = request, self._marks + 1 if request == self._request else 1
        return []

    def give_up(self, request: str | None = None) -> list[Message]:
        """Releases what is held, of one request or of all: nothing more will mark its place."""
        given = [question for of, question in self._held if request in (None, of)]
        self._held = [(of, question) for of, question in self._held if request not in (None, of)]
        if request in (None, self._request):
            self._marks = 0
        return given
