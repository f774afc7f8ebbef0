"""The scrollback of a terminal: the last of what it printed, by position.

    0 ···········  start ════════════════════ end
      forgotten,         kept: at most a limit
      its modes known    and what somebody still waits for

The host and the server keep one each, of the same bytes: the host's outlives the server, the server's serves readers. A position is the number of
bytes
that were printed before. A reader has a cursor, which is a position where a character begins.

Invariants: what is kept has no hole; `start` never goes back; `restore` and what is kept make the screen that all output makes, but for text
that has scrolled away.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from webipy.core.terminals.terminal_modes import TerminalModes

KEPT_BYTES: Final = 1024 * 1024
"""Bytes of output that are kept when nobody waits for them: about 10,000 lines."""

_SLACK_BYTES: Final = 64 * 1024  # it is trimmed when it has so many more
_LINE_BYTES: Final = 4096  # the end of a line is looked for so far
_PIECE_BYTES: Final = 4096  # what is printed in small pieces is kept in pieces of this size


class Scrollback:
    """The kept output of one terminal.

    Args:
        start: Position of the first byte.
        restore: What brings an empty terminal to its modes there.

    Attributes:
        end: Position behind the last byte.
    """

    def __init__(self, start: int = 0, restore: bytes = b"") -> None:
        self.start = self.end = start
        self._pieces: deque[bytes] = deque()
        self._modes = TerminalModes()
        self._modes.read(restore)

    @property
    def restore(self) -> bytes:
        """What brings an empty terminal to the modes that this one had at `start`."""
        return self._modes.restore()

    @property
    def title(self) -> str:
        """The title that the terminal had at `start`."""
        return self._modes.title

    def append(self, printed: bytes) -> None:
        """Adds what was printed next."""
        if self._pieces and len(self._pieces[-1]) + len(printed) <= _PIECE_BYTES:
            self._pieces[-1] += printed
        elif printed:
            self._pieces.append(printed)
        self.end += len(printed)

    def read(self, position: int, limit: int) -> bytes:
        """Bytes from a position on.

        Args:
            position: From `start` to `end`.
            limit: At most so many bytes.

        Returns:
            The bytes; empty at the end.
        """
        found, size, at = [], 0, self.end
        for piece in reversed(self._pieces):
            at -= len(piece)
            found.append(piece)
            if at <= position:
                break
        parts = []
        for piece in reversed(found):
            begin = max(0, position - at)
            part = piece[begin : begin + limit - size] if begin or len(piece) > limit - size else piece
            parts.append(part)
            size += len(part)
            at += len(piece)
            if size >= limit:
                break
        return b"".join(parts)

    def trim(self, needed: int) -> None:
        """Forgets the oldest output past `KEPT_BYTES`, up to the end of a line; in a line that is very long, up to the beginning of a character.

        Args:
            needed: A position; what is printed from there on is kept in any case.
        """
        if self.end - self.start <= KEPT_BYTES + _SLACK_BYTES:
            return
        goal = min(needed, self.end - KEPT_BYTES)
        if goal <= self.start:
            return
        line = self.read(goal - 1, _LINE_BYTES).find(b"\n")  # a line may end just before the goal
        if 0 <= line <= needed - goal:
            goal += line
        else:
            before = self.read(max(self.start, goal - 3), min(3, goal - self.start))
            goal -= len(before) - len(whole_characters(before))
        while self._pieces and self.start + len(self._pieces[0]) <= goal:
            self._forget(self._pieces.popleft())
        if goal > self.start:
            piece, cut = self._pieces.popleft(), goal - self.start
            self._pieces.appendleft(piece[cut:])
            self._forget(piece[:cut])

    def _forget(self, printed: bytes) -> None:
        self._modes.read(printed)
        self.start += len(printed)


def whole_characters(printed: bytes) -> bytes:
    """What is printed without the beginning of a character at its end, of which the rest is still to come.

    Source: RFC 3629, section 3.
    """
    for back in range(1, min(4, len(printed)) + 1):
        byte = printed[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4 if byte < 0xF8 else 1
            return printed[:-back] if length > back else printed
    return printed
