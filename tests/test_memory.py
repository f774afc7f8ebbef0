"""webipy.io.free_memory: what is free goes back to the system, and nothing is done for little.

Each measurement has a process of its own: how free memory lies in that of the tests depends on all tests before it.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import SkipTest

from twisted.internet.defer import Deferred, succeed
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
        program = f"from tests.test_memory import Measurement; print(Measurement().{name}())"
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

    def test_it_ends(self) -> None:
        """With the server."""
        measurement = Measurement()
        measurement.memory.stop()
        self.assertEqual(measurement.clock.getDelayedCalls(), [])
