"""One reader of a terminal: a connection with a cursor, which gets every character once, in order.

A reader is sent at most `AHEAD_BYTES` more than it has acknowledged, in notifications of some size that end where a character does. What it has not
acknowledged is kept; when that is too much, the terminal is not read any more, and its program waits.

Source: RFC 3629 (UTF-8). Rejected: base64 (a third more bytes, and a decoder in each client); a queue for each reader.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import attrs
import msgspec

from webipy.core.api import rpc
from webipy.core.api.terminal_calls import TerminalText
from webipy.core.terminals.scrollback import Scrollback, whole_characters

AHEAD_BYTES: Final = 256 * 1024
"""Bytes that a reader is sent and has not acknowledged."""

CHUNK_BYTES: Final = 32 * 1024
"""Bytes of one notification."""


class ReadOutput(Protocol):
    """The terminal that is read."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def scrollback(self) -> Scrollback:
        """What is kept of its output."""

    @property
    def ended(self) -> str | None:
        """Why nothing more is printed; `None`: more may be."""

    def settle(self) -> None:
        """A reader needs less than before."""


@attrs.define(eq=False)
class TerminalReader:
    """One reader.

    Args:
        terminal: The terminal.
        send: Sends one notification over the transport.
        cursor: The position of the next byte to send.
        clock: Seconds that only go forward.
        is_paused: Whether the transport is full.
        acknowledged: The position behind what the reader has shown.
        progressed: When it acknowledged last, or was sent something after that.
        is_closed: Whether nothing more is sent.
    """

    terminal: ReadOutput
    send: Callable[[bytes], None]
    cursor: int
    clock: Callable[[], float]
    is_paused: bool = False
    acknowledged: int = attrs.field(init=False)
    progressed: float = attrs.field(init=False)
    is_closed: bool = False

    def __attrs_post_init__(self) -> None:
        self.acknowledged, self.progressed = self.cursor, self.clock()

    def wake(self) -> None:
        """Sends what is printed, as far as the reader may be ahead."""
        kept = self.terminal.scrollback
        while not self.is_paused and not self.is_closed and self.cursor < kept.end:
            room = self.acknowledged + AHEAD_BYTES - self.cursor
            if room <= 0:
                return
            raw = kept.read(self.cursor, min(CHUNK_BYTES, max(room, 4)))
            printed = (
                raw if self.terminal.ended is not None and self.cursor + len(raw) == kept.end else whole_characters(raw)
            )
            if not printed:
                return
            self._send(printed)

    def _send(self, printed: bytes) -> None:
        if self.cursor == self.acknowledged:
            self.progressed = self.clock()
        at, self.cursor = self.cursor, self.cursor + len(printed)
        text = TerminalText(terminal=self.terminal.id, at=at, end=self.cursor, text=printed.decode(errors="replace"))
        self.send(rpc.notification("terminal_output", msgspec.json.encode(text)))

    def acknowledge(self, position: int) -> None:
        """Takes in that the reader has shown what is before a position; a position that it was not sent counts as the last that it was."""
        if position > self.acknowledged and not self.is_closed:
            self.acknowledged, self.progressed = min(position, self.cursor), self.clock()
            self.wake()
            self.terminal.settle()

    def is_stalled(self, seconds: float) -> bool:
        """Whether it has acknowledged nothing of what it was sent for so many seconds."""
        return self.cursor > self.acknowledged and self.clock() - self.progressed > seconds

    def pause(self) -> None:
        """The transport is full: nothing more is sent."""
        self.is_paused = True

    def resume(self) -> None:
        """The transport has room again."""
        self.is_paused = False
        self.wake()

    def close(self) -> None:
        """Ends the reading: nothing more is sent, and nothing is kept for it."""
        self.is_closed = True
        self.terminal.settle()
