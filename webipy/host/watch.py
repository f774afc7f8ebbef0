"""What the loop of a kernel host waits for, and when it lets output wait.

A turn of the loop costs as much as reading and sending several small messages. So while a kernel floods, its IOPUB is
looked at every `PACE_S` only, and each turn finds some; whatever else can be read, a reply of the kernel too, still
begins a turn at once. Output that comes alone is never delayed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import zmq

FLOOD_TURNS: Final = 16  # so many turns in a row that found output, each soon after the one before, are a flood
FLOOD_GAP_S: Final = 0.002
PACE_S: Final = 0.008  # a flood's output is read so often


class Pace:
    """Tells a flood of output from output that somebody waits for.

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
        """Take note of a turn that found output."""
        is_close = messages > 1 or (not self.is_flood and now_s - self._last_s < FLOOD_GAP_S)
        self._row = self._row + 1 if is_close else 0
        self._last_s = now_s


class Watch:
    """Waits for sockets and files.

    Attributes:
        pace: Tells when output can wait.
    """

    def __init__(self) -> None:
        self.pace = Pace()
        self._watched: list[Any] = []
        self._all, self._without_output = zmq.Poller(), zmq.Poller()

    def over(self, watched: Sequence[Any], output: Any) -> None:
        """Watch these from now on; `output`, which may be among them, is the one that may flood."""
        if watched == self._watched:
            return
        self._watched = list(watched)
        self._all, self._without_output = zmq.Poller(), zmq.Poller()
        for one in watched:
            self._all.register(one, zmq.POLLIN)
            if one is not output:
                self._without_output.register(one, zmq.POLLIN)

    def wait(self, seconds: float) -> dict[Any, int]:
        """Wait until something can be read, so long at most; gives all that can."""
        if self.pace.is_flood and seconds > 0:
            if self._without_output.poll(math.ceil(min(seconds, PACE_S) * 1000)):
                seconds = 0
            seconds = max(0.0, seconds - PACE_S)
        return dict(self._all.poll(math.ceil(seconds * 1000)))
