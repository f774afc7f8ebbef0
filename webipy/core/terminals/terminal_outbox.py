"""The outbox of a terminal host: what is sent to the server, a window ahead of its acknowledgement, and how far it is kept.

Positions are those of `webipy.core.terminals.scrollback`; a message has a number, dense for one server, so that the link can tell a repeated one.

Invariants: each byte is sent once to a server; what it has not acknowledged is kept while somebody waits for it; the numbers of a server begin
behind what
it said that it has.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from webipy.core.terminals.scrollback import Scrollback

WINDOW_BYTES: Final = 512 * 1024
"""Bytes that are sent, or wait to be, and are not acknowledged: with more of them the terminal is not read."""

PIECE_BYTES: Final = 32 * 1024
"""Bytes of one message."""


class TerminalOutbox:
    """What one terminal printed, on its way to a server.

    Attributes:
        kept: What is kept.
        number: The number of the last message.
        sent: Position behind what was sent.
        acknowledged: Position behind what the server has acknowledged.
    """

    def __init__(self) -> None:
        self.kept = Scrollback()
        self.number = self.sent = self.acknowledged = 0
        self._in_flight: deque[tuple[int, int]] = deque()

    @property
    def has_room(self) -> bool:
        """Whether more may be read from the terminal."""
        return self.kept.end - self.acknowledged < WINDOW_BYTES

    @property
    def has_unsent(self) -> bool:
        """Whether something may be sent."""
        return self.sent < self.kept.end and self.sent - self.acknowledged < WINDOW_BYTES

    @property
    def has_piece(self) -> bool:
        """Whether a whole message may be sent."""
        return self.kept.end - self.sent >= PIECE_BYTES and self.has_unsent

    @property
    def is_done(self) -> bool:
        """Whether everything that was sent is acknowledged."""
        return not self._in_flight

    def rewind(self, since: int) -> None:
        """Begins again for a server: all that is kept is sent.

        Args:
            since: The number of the last message that the server has.
        """
        self.number = since
        self.sent = self.acknowledged = self.kept.start
        self._in_flight.clear()

    def next_piece(self) -> bytes:
        """The next bytes to send; they count as sent."""
        piece = self.kept.read(self.sent, PIECE_BYTES)
        self.sent += len(piece)
        return piece

    def next_number(self) -> int:
        """The number of the message with what was sent last."""
        self.number += 1
        self._in_flight.append((self.number, self.sent))
        return self.number

    def acknowledge(self, number: int) -> None:
        """Takes in that the server needs the messages up to a number no more."""
        while self._in_flight and self._in_flight[0][0] <= number:
            self.acknowledged = self._in_flight.popleft()[1]

    def trim(self, is_held: bool) -> None:
        """Forgets old output.

        Args:
            is_held: Whether somebody waits for what is not acknowledged.
        """
        self.kept.trim(self.acknowledged if is_held else self.kept.end)
        if not is_held:
            self.acknowledged = max(self.acknowledged, self.kept.start)
            self.sent = max(self.sent, self.kept.start)
