"""The outbox of a kernel host: numbers what leaves the kernel, and keeps it until the server acknowledges it.

What is kept lies in three tiers, oldest first: memory (the only tier that is sent from), the spool (a file, through the port `Spool`), and overflow
(memory again, used only while the spool refuses). Sending never gets further than a window ahead of the acknowledgement.

Invariants: numbers are dense and never given twice; what is kept is `acknowledged + 1` to `next_number - 1`, without holes.

A plain class, without attrs: a host is counted in megabytes, and the library costs one.

Rejected: one window for bytes alone (small messages cost their headers, not their bytes).
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import Final, Protocol

from webipy.core.kernel.spool_records import Kept, number_message
from webipy.core.kernel.wire import Message

MEMORY_BYTES: Final = (
    32 * 1024 * 1024
)  # kept in memory before the spool is used: what a server lags behind by in a short flood
MEMORY_MESSAGES: Final = 4_000  # the same, as a count: a small message costs about 1 KiB of Python objects
WINDOW_BYTES: Final = 8 * 1024 * 1024  # sent and not acknowledged; a server reads about 50 MB/s
WINDOW_MESSAGES: Final = 2_000  # the same, as a count


class Spool(Protocol):
    """Where kept messages go that memory has no room for: first in, first out."""

    def __len__(self) -> int:
        """Count the messages that were written and not read."""

    def write(self, kept: Kept) -> bool:
        """Append a message; False when there is no room, and then nothing was written."""

    def read(self) -> Kept:
        """Take the oldest message."""


_FOLLOWED: Final = frozenset({"status", "execute_input", "execute_result"})


def is_followed(channel: str, message: Message) -> bool:
    """Whether another message follows at once as a rule, so that this one can wait a moment for it.

    Code runs between `execute_input` and what comes of it, the reply comes after `execute_result`; `idle` belongs to a reply. Together they are
    one message on the way, one transaction and one notification instead of three.

    Args:
        channel: The channel that the kernel sent it on.
        message: The message.
    """
    return channel == "iopub" and message.header.msg_type in _FOLLOWED


class Outbox:
    """Numbers what leaves the kernel, keeps it until acknowledged, and limits what is sent ahead.

    Args:
        spool: The middle tier.

    Attributes:
        next_number: The number the next message gets.
        acknowledged: Everything up to here is the server's.
        sent: Highest number sent to the server that is attached now.
        is_urgent: Whether something that was not sent should not wait for what follows.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.next_number = 1
        self.acknowledged = 0
        self.sent = 0
        self.is_urgent = False
        self._memory: deque[Kept] = deque()
        self._memory_bytes = 0
        self._in_flight_bytes = 0
        self._overflow: deque[Kept] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the spool refuses: output should not be read from the kernel now."""
        return bool(self._overflow)

    @property
    def is_empty(self) -> bool:
        """Whether everything was acknowledged."""
        return self.acknowledged == self.next_number - 1

    @property
    def has_unsent(self) -> bool:
        """Whether something was not sent to the server that is attached now."""
        return self.sent < self.next_number - 1

    def add(self, channel: str, message: Message) -> int:
        """Numbers a message and keeps it until it is acknowledged.

        Args:
            channel: Where it came from: a channel of the kernel, or `host`.
            message: The message, unsigned.

        Returns:
            Its number.
        """
        kept = number_message(self.next_number, channel, message)
        self.next_number += 1
        self.is_urgent = self.is_urgent or not is_followed(channel, message)
        if not self.spool and not self._overflow and self._has_room(kept):
            self._remember(kept)
        elif self._overflow or not self.spool.write(kept):
            self._overflow.append(kept)
        return kept.number

    def acknowledge(self, number: int) -> None:
        """Drops everything up to `number`; one that was never sent counts as the last that was."""
        self._forget(min(number, self.sent))

    def rewind(self, since: int) -> None:
        """Begin again for a server that has everything up to `since`."""
        self._forget(min(since, self.next_number - 1))
        self.sent = self.acknowledged
        self.is_urgent = True
        self._in_flight_bytes = 0

    def next_to_send(self) -> list[Kept]:
        """Returns what may be sent now, in order; it counts as sent, and stays kept."""
        start = self.sent - self.acknowledged
        taken = []
        for kept in itertools.islice(self._memory, start, WINDOW_MESSAGES):
            if self._in_flight_bytes and self._in_flight_bytes + kept.size_bytes > WINDOW_BYTES:
                break
            self._in_flight_bytes += kept.size_bytes
            taken.append(kept)
        self.sent += len(taken)
        self.is_urgent = self.has_unsent  # what the window left waits for no other reason
        return taken

    def hurry(self) -> None:
        """Let what was not sent wait for nothing more."""
        self.is_urgent = True

    def settle(self) -> None:
        """Move overflow into the spool as far as it takes it."""
        while self._overflow and self.spool.write(self._overflow[0]):
            self._overflow.popleft()

    def in_memory(self) -> list[Kept]:
        """Copies what is kept in memory, before the spool's content; for the farewell file."""
        return list(self._memory)

    def _forget(self, number: int) -> None:
        while self.acknowledged < number:
            kept = self._memory.popleft()
            self._memory_bytes -= kept.size_bytes
            if kept.number <= self.sent:
                self._in_flight_bytes -= kept.size_bytes
            self.acknowledged = kept.number
            self._refill()

    def _refill(self) -> None:
        """Bring the next messages into memory while it is less than half full, so that files are read in runs."""
        if self._memory and (self._memory_bytes > MEMORY_BYTES // 2 or len(self._memory) > MEMORY_MESSAGES // 2):
            return
        while self.spool or self._overflow:
            if self._memory and (self._memory_bytes > MEMORY_BYTES or len(self._memory) >= MEMORY_MESSAGES):
                break
            self._remember(self.spool.read() if self.spool else self._overflow.popleft())
        self.settle()

    def _has_room(self, kept: Kept) -> bool:
        return not self._memory or (
            len(self._memory) < MEMORY_MESSAGES and self._memory_bytes + kept.size_bytes <= MEMORY_BYTES
        )

    def _remember(self, kept: Kept) -> None:
        self._memory.append(kept)
        self._memory_bytes += kept.size_bytes
