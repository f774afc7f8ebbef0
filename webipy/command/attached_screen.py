"""What a terminal of the server has printed, and our own sentences, on the terminal of the user.

What was printed before the user came is shown without what asks the terminal something (webipy.core.terminals.terminal_questions). Its last line,
which is the prompt, waits for the sentence that the user has to see: `greet` puts it before that line. Where a program has the whole screen,
sentences are in the last line of it, and the cursor stays.

Invariant: nothing that the shell has printed is left out but questions of the past; `put_back` gives the terminal the modes that it had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.command.local_terminal import LocalTerminal
from webipy.command.streams import shown
from webipy.core.terminals.terminal_modes import TerminalModes
from webipy.core.terminals.terminal_questions import Questions

MOST_HELD: Final = 4096
"""Characters of a last line that waits."""

_TITLE_ASIDE: Final = "\x1b[22;0t"
_TITLE_BACK: Final = "\x1b[23;0t"
"""The title of the window is put aside, and taken back (XTWINOPS)."""


@attrs.define(eq=False)
class AttachedScreen:
    """The terminal of the user, with what is shown on it.

    Args:
        local: The terminal.
        greeting: The sentence that the user has to see.
        on_lost: Is called when the terminal cannot be written any more.
    """

    local: LocalTerminal
    greeting: str
    on_lost: Callable[[], None]
    _modes: TerminalModes = attrs.field(factory=TerminalModes)
    _questions: Questions = attrs.field(factory=Questions)
    _held: str | None = ""
    """The last line of what was printed before, which waits; `None` after the greeting."""
    _is_at_start: bool = True
    """Whether the cursor is at the beginning of a line."""

    def begin(self) -> None:
        """Puts the title of the window aside."""
        self._write(_TITLE_ASIDE)

    async def put_back(self) -> None:
        """Gives the terminal its modes and its title back, when it has shown everything."""
        was_full, undo = self._modes.is_full_screen, self._modes.undo().decode("utf-8", "replace")
        end = "" if self._is_at_start or was_full else "\r\n"
        await self._write(f"{undo}{end}{_TITLE_BACK}")

    def restart(self, restore: str) -> None:
        """What follows does not go on where the last output ended.

        Args:
            restore: What brings an empty terminal to the modes that it needs.
        """
        self._write(self._modes.undo().decode("utf-8", "replace"))
        self._modes = TerminalModes()
        self.print(restore)

    def print(self, text: str) -> Deferred[None]:
        """Shows what the shell prints.

        Args:
            text: What it prints.

        Returns:
            Fires when it is shown, or the terminal is gone.
        """
        self._modes.read(text.encode())
        if text:
            self._is_at_start = text.endswith("\n")
        return self._write(text)

    def print_past(self, text: str) -> None:
        """Shows what the shell has printed before the user came; the last line waits for `greet`.

        Args:
            text: What it has printed.
        """
        before, end, last = ((self._held or "") + self._questions.without(text)).rpartition("\n")
        if self._held is None or len(last) > MOST_HELD:
            end, last = end + last, ""
            self._held = None if self._held is None else ""
        self.print(before + end)
        self._held = None if self._held is None else last

    def greet(self) -> None:
        """Shows the greeting, once, and what waits for it."""
        rest = self._questions.rest()
        if self._held is not None:
            held, self._held = self._held, None
            if not self._modes.is_full_screen:
                self.note(self.greeting)
            self.print(held)
        self.print(rest)

    def note(self, text: str) -> None:
        """Shows a sentence.

        Args:
            text: The sentence; what is in it does not act on the terminal.
        """
        words, look = f"webipy: {shown(text)}", self._modes.look.decode()
        if self._modes.is_full_screen:
            rows = (self.local.size or (24, 80))[0]
            self._write(f"\x1b7\x1b[{rows};1H\x1b[0;7m{words}\x1b[0m\x1b[K\x1b8")
            return
        start = "" if self._is_at_start else "\r\n"
        self._write(f"{start}\x1b[0m{words}\r\n{look}")
        self._is_at_start = True

    async def note_after(self, text: str) -> None:
        """Shows a sentence after `put_back`, on the screen that the user had before.

        Args:
            text: The sentence.
        """
        await self._write(f"webipy: {shown(text)}\r\n")

    def _write(self, text: str) -> Deferred[None]:
        return self.local.write(text).addErrback(self._failed)

    def _failed(self, fault: Fault) -> None:
        fault.trap(OSError)
        self.on_lost()
