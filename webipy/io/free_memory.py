"""Returns memory that is free in this process to the system.

A notebook of 20 MB is several times that while it is read, merged and written, in the reactor's thread and in others. glibc gives
each thread an arena of its own, keeps what is freed there, and can give back what lies at the end of the first arena only:
after some opens the server would stand at half a gigabyte with nothing open. So all threads share one arena, and from time
to time what is free in it is given back.

That takes some milliseconds, done in a thread; it is looked for every `LOOK_SECONDS`, by two cheap numbers: what the
process takes, and what of that the allocator has given out. Other C libraries than glibc are left to themselves.

Source: mallopt(3), malloc_trim(3), mallinfo2(3), proc(5). Rejected: MALLOC_ARENA_MAX in the environment (kernels would inherit it);
a fixed M_MMAP_THRESHOLD (each message of a megabyte would be mapped and cleared again).
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import time
from collections.abc import Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

LOOK_SECONDS: Final = 5.0

WORTH_BYTES: Final = 24 * 1024 * 1024
"""So much free memory is given back; less is soon taken again."""

LARGE_BYTES: Final = 100 * 1024 * 1024
COLLECTED_LOOKS: Final = 2
"""A process that is larger looks at each second look for what is garbage only because it refers to itself."""

COLLECTED_SHARE: Final = 0.001
"""The most of the time that may be spent so: while it lasts nothing else has its turn, and in a process with many objects it may last."""

_ARENA_MAX: Final = -8  # M_ARENA_MAX of malloc.h
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class _Numbers(ctypes.Structure):
    """struct mallinfo2 of malloc.h."""

    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS]


_libc = ctypes.CDLL(None)
IS_GLIBC: Final = hasattr(_libc, "mallinfo2") and hasattr(_libc, "malloc_trim")
if IS_GLIBC:
    _libc.mallinfo2.restype = _Numbers


def share_one_arena() -> None:
    """Lets all threads that are started from now on take their memory from one arena."""
    if IS_GLIBC:
        _libc.mallopt(_ARENA_MAX, 1)


def resident_bytes() -> int:
    """What this process takes of the machine's memory."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE


def _unused_bytes() -> int:
    """What this process takes beside what its C allocator has given out: free memory, and what does not change much."""
    numbers = _libc.mallinfo2()
    return resident_bytes() - int(numbers.uordblks) - int(numbers.hblkhd)


@attrs.define(eq=False)
class Memory:
    """Returns free memory to the system.

    Args:
        later: Calls a function after so many seconds; returns what cancels that.
        run: Runs a function that blocks in a thread.
        clock: Seconds that only go forward.
    """

    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    run: Callable[[Callable[[], int]], Deferred[int]]
    clock: Callable[[], float] = time.monotonic
    _least: int = 0
    """The least that was found unused since the start: at the first look, a large document may have come and gone already."""
    _cancel: Callable[[], None] = lambda: None
    _is_stopped: bool = False
    _looks: int = 0
    _collects: int = COLLECTED_LOOKS
    """The look at which it is next looked for garbage."""
    _log = Logger()

    def start(self) -> None:
        """Starts looking; what is unused now counts as what does not change."""
        if IS_GLIBC and not self._is_stopped:
            self._least = _unused_bytes()
            self._look_later()

    def stop(self) -> None:
        """Stops looking."""
        self._is_stopped = True
        self._cancel()

    def _look_later(self) -> None:
        if not self._is_stopped:
            self._cancel = self.later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._looks += 1
        if self._looks >= self._collects and resident_bytes() > LARGE_BYTES:
            began = self.clock()
            gc.collect()  # closed sessions refer to themselves, and may be large
            seconds = self.clock() - began
            self._collects = self._looks + max(COLLECTED_LOOKS, math.ceil(seconds / COLLECTED_SHARE / LOOK_SECONDS))
        unused = _unused_bytes()
        self._least = min(self._least, unused)
        if unused - self._least > WORTH_BYTES:
            trimmed = self.run(_trim)
            trimmed.addCallbacks(
                self._was_trimmed, lambda failure: self._log.failure("memory cannot be given back", failure)
            )
            trimmed.addCallback(lambda _: self._look_later())
        else:
            self._look_later()

    def _was_trimmed(self, unused: int) -> None:
        self._least = unused


def _trim() -> int:
    _libc.malloc_trim(0)
    return _unused_bytes()
