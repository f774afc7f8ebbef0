"""webipy.io.free_memory: what is free goes back to the system, and nothing is done for little.

Each measurement has a process of its own: how free memory lies in that of the tests depends on all tests before it.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest import SkipTest

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from webipy.io import free_memory
from webipy.io.free_memory import IS_GLIBC, LOOK_SECONDS, Memory, resident_bytes

ROOT = Path(__file__).resolve().parent.parent
BLOCK = 60_000
"""Bytes; glibc maps what is much larger by itself, and gives it back at once."""


class Measurement:
    """Memory of this very process, with a clock of its own."""

    def __init__(self) -> None:
        self.clock, self.trims = Clock(), 0
        self.memory = Memory(self.later, self.run_now)
        self.memory.start()
        self.clock.advance(LOOK_SECONDS)

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """By the clock of this measurement."""
        return self.clock.callLater(seconds, call).cancel

    def run_now(self, call: Callable[[], int]) -> Deferred[int]:
        """Counts."""
        self.trims += 1
        return succeed(call())

    def freed(self) -> tuple[bool, int]:
        """Whether most of what was freed is the system's again, and how often memory was given back."""
        blocks = [bytes(BLOCK) for _ in range(2_000)]
        full, last = resident_bytes(), blocks[-1]
        del blocks
        self.clock.advance(LOOK_SECONDS)
        assert len(last) == BLOCK
        return resident_bytes() < full - 2_000 * BLOCK * 0.7, self.trims

    def freed_early(self) -> tuple[bool, int]:
        """The same for what was taken and freed before the first look."""
        self.memory.stop()
        self.memory = Memory(self.later, self.run_now)
        self.memory.start()
        return self.freed()

    def used(self) -> tuple[int, int]:
        """How often memory was given back while all of it is in use, and how many looks are to come."""
        blocks = [bytes(BLOCK) for _ in range(2_000)]
        for _ in range(3):
            self.clock.advance(LOOK_SECONDS)
        assert len(blocks) == 2_000
        return self.trims, len(self.clock.getDelayedCalls())


class MemoryTests(SynchronousTestCase):
    """In processes of their own."""

    def setUp(self) -> None:
        if not IS_GLIBC:
            raise SkipTest("this C library is left to itself")

    def measured(self, name: str) -> str:
        """What a method of `Measurement` gives in a new process."""
        program = f"from tests.test_free_memory import Measurement; print(Measurement().{name}())"
        return subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True).strip()

    def test_what_is_free_is_given_back(self) -> None:
        """Also where something that is in use lies at the end of it."""
        self.assertEqual(self.measured("freed"), "(True, 1)")

    def test_what_came_and_went_before_the_first_look_is_given_back(self) -> None:
        """A server that has just started may read a large document within seconds."""
        self.assertEqual(self.measured("freed_early"), "(True, 1)")

    def test_nothing_is_done_when_nothing_is_free(self) -> None:
        """What is in use is no reason, and nor is little; a look is followed by the next."""
        self.assertEqual(self.measured("used"), "(0, 1)")

    def test_garbage_is_looked_for_as_seldom_as_that_takes_long(self) -> None:
        """A collection of 9 ms at each second look, one of 98 ms each 100 s."""
        clock, now, times = Clock(), [0.0], []

        def collect(took: float) -> None:
            times.append(clock.seconds())
            now[0] += took

        self.patch(free_memory, "LARGE_BYTES", 0)
        found = Memory(lambda seconds, call: clock.callLater(seconds, call).cancel, succeed, lambda: now[0])  # type: ignore[arg-type]  # never run
        self.patch(free_memory, "WORTH_BYTES", 1 << 60)
        found.start()
        self.patch(gc, "collect", lambda: collect(0.009))
        clock.pump([LOOK_SECONDS] * 8)
        self.assertEqual(times, [10.0, 20.0, 30.0, 40.0])
        times.clear()
        self.patch(gc, "collect", lambda: collect(0.098))
        clock.pump([LOOK_SECONDS] * 50)
        self.assertEqual(times, [50.0, 150.0, 250.0])
        found.stop()

    def looking(self, unused: list[int], trimmed: Callable[[Callable[[], int]], Deferred[int]]) -> tuple[Memory, Clock]:
        """Memory whose unused bytes are those of a list, one for each look."""
        clock = Clock()

        def later(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
            pending = clock.callLater(seconds, call)
            return lambda: pending.cancel() if pending.active() else None

        self.patch(free_memory, "LARGE_BYTES", 1 << 60)
        self.patch(free_memory, "_unused_bytes", lambda: unused.pop(0))
        memory = Memory(later, trimmed)
        memory.start()
        return memory, clock

    def test_the_least_that_was_ever_unused_is_not_given_back(self) -> None:
        """What is over it by more than `WORTH_BYTES` is; what a trim leaves is the new least."""
        trims: list[int] = []

        def trim(_: object) -> Deferred[int]:
            trims.append(1)
            return succeed(15)

        self.patch(free_memory, "WORTH_BYTES", 10)
        _, clock = self.looking([20, 10, 20, 21, 25, 26, 0], trim)
        found = []
        for _ in range(6):
            clock.advance(LOOK_SECONDS)
            found.append(len(trims))
        self.assertEqual(found, [0, 0, 1, 1, 2, 2])

    def test_a_trim_that_fails_is_logged_and_not_the_last(self) -> None:
        """The thread pool may be at its end."""
        self.patch(free_memory, "WORTH_BYTES", 10)
        memory, clock = self.looking([0, 100, 100], lambda _: fail(RuntimeError("no threads")))
        for _ in range(2):
            clock.advance(LOOK_SECONDS)
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(len(clock.getDelayedCalls()), 1)
        memory.stop()

    def test_a_trim_that_outlives_the_server_is_followed_by_no_look(self) -> None:
        """And a start after the end begins nothing."""
        waiting: Deferred[int] = Deferred()
        self.patch(free_memory, "WORTH_BYTES", 10)
        memory, clock = self.looking([0, 100], lambda _: waiting)
        clock.advance(LOOK_SECONDS)
        memory.stop()
        waiting.callback(0)
        memory.start()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_other_c_libraries_are_left_to_themselves(self) -> None:
        """Nothing is looked at, and nothing is set."""
        self.patch(free_memory, "IS_GLIBC", False)
        self.patch(free_memory, "_libc", None)
        _, clock = self.looking([], succeed)  # type: ignore[arg-type]  # never run
        self.assertEqual(clock.getDelayedCalls(), [])
        free_memory.share_one_arena()

    def test_threads_share_one_arena(self) -> None:
        """M_ARENA_MAX of malloc.h is -8."""
        options: list[tuple[int, int]] = []
        self.patch(free_memory, "_libc", SimpleNamespace(mallopt=lambda *given: options.append(given)))
        free_memory.share_one_arena()
        self.assertEqual(options, [(-8, 1)])

    def test_it_ends(self) -> None:
        """With the server."""
        measurement = Measurement()
        measurement.memory.stop()
        self.assertEqual(measurement.clock.getDelayedCalls(), [])
