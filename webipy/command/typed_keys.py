"""What is typed into a terminal of the server: in its order, at most once, with the answers that the user's terminal gives to programs.

    typed ──► keys together, some calls of `terminal.input` at once          answers of the terminal ──► a call each, which may be dropped

Invariant: what was sent and has no answer is never sent again; the user is told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, ConnectionLost, NoServer
from webipy.core import errors
from webipy.core.api import terminal_calls
from webipy.core.terminals.terminal_questions import parts_of

MOST_TYPED: Final = 16_384
"""Characters of one call."""

MOST_CALLS: Final = 8
"""Calls without an answer; what is typed meanwhile goes together."""


@attrs.define(frozen=True)
class DetachKey:
    """The key that detaches.

    Args:
        name: As it is called, such as `Ctrl-]`.
        spellings: What terminals send for it: the control character, and what the keyboard protocols of kitty and xterm have in its place.
    """

    name: str
    spellings: tuple[str, ...]

    @classmethod
    def of(cls, letter: str) -> DetachKey:
        """Ctrl and a key.

        Args:
            letter: A letter, or one of ``]\\^_``.
        """
        number = ord(letter.lower())
        spellings = (chr(number & 0x1F), f"\x1b[{number};5u", f"\x1b[27;5;{number}~")
        return cls(f"Ctrl-{letter.upper()}", spellings)

    def cut(self, typed: str) -> str | None:
        """What was typed before the key; `None` where it was not pressed."""
        at = min((at for one in self.spellings if (at := typed.find(one)) >= 0), default=-1)
        return None if at < 0 else typed[:at]


@attrs.define(eq=False)
class TypedKeys:
    """What is typed into one terminal.

    Args:
        client: The connection.
        terminal: The id of the terminal.
        note: Shows a sentence.
        on_room: Is called when what was typed was sent.
        is_connected: Whether there is a line to the server.
    """

    client: Client
    terminal: str
    note: Callable[[str], None]
    on_room: Callable[[], None]
    is_connected: bool = True
    _waiting: str = ""
    _calls: int = 0
    _is_noted: bool = False

    def type(self, text: str) -> int:
        """Types.

        Args:
            text: What the user's terminal has sent.

        Returns:
            How many characters wait to be sent.
        """
        for is_answer, part in parts_of(text):
            if is_answer:
                self._begin(self._answer(part), lambda fault: None)
            elif self.is_connected:
                self._waiting += part
            elif not self._is_noted:
                self._is_noted = True
                self.note("What you type is not sent until the server is back.")
        self._send()
        return len(self._waiting)

    def line_changed(self, is_there: bool) -> None:
        """The line to the server is lost, or is back."""
        self.is_connected, self._is_noted = is_there, False

    async def _answer(self, text: str) -> None:
        """Gives an answer of the terminal to the program; it counts only where this is the terminal that was typed into last."""
        asked = terminal_calls.TypeTerminal(terminal=self.terminal, text=text, automatic=True)
        if self.is_connected:
            await self.client.call("terminal.input", asked, terminal_calls.TerminalTyped)

    def _send(self) -> None:
        while self._waiting and self._calls < MOST_CALLS:
            text, self._waiting = self._waiting[:MOST_TYPED], self._waiting[MOST_TYPED:]
            self._calls += 1
            self._begin(self._input(text), self._not_sent)

    @staticmethod
    def _begin(call: Coroutine[Any, Any, None], failed: Callable[[Fault], None]) -> None:
        Deferred.fromCoroutine(call).addErrback(failed)

    async def _input(self, text: str) -> None:
        asked = terminal_calls.TypeTerminal(terminal=self.terminal, text=text)
        try:
            await self.client.call("terminal.input", asked, terminal_calls.TerminalTyped)
        finally:
            self._calls -= 1
        self._send()
        if len(self._waiting) < MOST_TYPED:
            self.on_room()

    def _not_sent(self, fault: Fault) -> None:
        self._waiting = ""
        self.on_room()
        if fault.check(ConnectionLost, NoServer):
            self.note("What you typed last may not have arrived.")
        elif fault.check(errors.NotFound) is None:  # that it is not there is said by who reads it
            self.note(str(fault.value))
