"""What the loop of a kernel host waits for, and when it lets output wait.

A turn of the loop costs as much as reading and sending several small messages. So while a kernel floods, its IOPUB is
looked at every `PACE_S` only, and each turn finds some; whatever else can be read, a reply of the kernel too, still
begins a turn at once. Output that comes alone is never delayed.
"""

from __future__ import annotations

import math
import select
from collections.abc import Sequence
from typing import Any, Final, cast

from webipy.host.multipart import has_message

FLOOD_TURNS: Final = 16  # so many turns in a row that found output, each soon after the one before, are a flood
FLOOD_GAP_S: Final = 0.002
PACE_S: Final = 0.008  # a flood's output is read so often


class Pace:
    """Distinguishes a flood of output from output that somebody waits for.

    A flood begins with many turns in a row that found output, each soon after the one before, and goes on for as long
    as more than one message comes in the time of a pace.
    """

    def __init__(self) -> None:
        self._row = 0
        self._last_s = -math.inf

    @property
    def is_flood(self) -> bool:
        """Whether output is to be read at a pace."""
        return self._row > FLOOD_TURNS

    def found(self, messages: int, now_s: float) -> None:
        """Records a turn that found output.

        Args:
            messages: How many it found.
            now_s: The time, monotonic.
        """
        is_close = messages > 1 or (not self.is_flood and now_s - self._last_s < FLOOD_GAP_S)
        self._row = self._row + 1 if is_close else 0
        self._last_s = now_s


class Watch:
    """Waits for sockets and files.

    A ZeroMQ socket is waited for by its file descriptor, which shows only what comes after the socket was last looked at or sent to. So those
    sockets are asked first that were found readable and not `emptied` since, or `sent` to since; the others need no asking, which `zmq.Poller` does
    for each of them, twice in a wait.

    Invariants: a socket that may have a message is unsure, or its file descriptor shows it; only a read that found nothing makes a socket sure.

    Attributes:
        pace: Tells when output can wait.
    """

    def __init__(self) -> None:
        self.pace = Pace()
        self._watched: list[Any] = []
        self._output: Any = None
        self._by_file: dict[int, Any] = {}
        self._sockets: set[Any] = set()
        self._unsure: set[Any] = set()
        self._all, self._without_output = select.poll(), select.poll()

    def over(self, watched: Sequence[Any], output: Any) -> None:
        """Watches these from now on.

        Args:
            watched: ZeroMQ sockets and file descriptors.
            output: The one of them that may flood.
        """
        if watched == self._watched:
            return
        self._watched, self._output = list(watched), output
        self._by_file = {one if isinstance(one, int) else cast(int, one.fd): one for one in watched}
        self._sockets = {one for one in watched if not isinstance(one, int)}
        self._unsure = set(self._sockets)
        self._all, self._without_output = select.poll(), select.poll()
        for file, one in self._by_file.items():
            self._all.register(file, select.POLLIN)
            if one is not output:
                self._without_output.register(file, select.POLLIN)

    def sent(self, socket: Any) -> None:
        """Records that something is sent to a socket: what its file descriptor showed may be lost."""
        self._unsure.add(socket)

    def emptied(self, socket: Any) -> None:
        """Records that a read of a socket found nothing: its file descriptor shows the next message."""
        self._unsure.discard(socket)

    def wait(self, seconds: float) -> set[Any]:
        """Waits until something can be read, at most `seconds`.

        Returns:
            The sockets and file descriptors to read: all that have something, and perhaps a socket that has nothing.
        """
        if self.pace.is_flood and seconds > 0:
            found = self._ready(self._without_output, min(seconds, PACE_S), self._unsure - {self._output})
            if any(isinstance(one, int) or has_message(one) for one in found):
                seconds = 0
            seconds = max(0.0, seconds - PACE_S)
        return self._ready(self._all, seconds, self._unsure)

    def _ready(self, files: select.poll, seconds: float, unsure: set[Any]) -> set[Any]:
        ready = {one for one in unsure if has_message(one)} if unsure else set()
        self._unsure -= unsure
        for file, _ in files.poll(0 if ready else math.ceil(seconds * 1000)):
            ready.add(self._by_file[file])
        self._unsure |= ready
        self._unsure &= self._sockets
        return ready
