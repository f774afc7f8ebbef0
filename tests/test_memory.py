"""webipy.io.memory: what is free goes back to the system, and nothing is done for little."""

from __future__ import annotations

from collections.abc import Callable
from unittest import SkipTest

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from webipy.io.memory import IS_GLIBC, LOOK_SECONDS, Memory, resident_bytes

BLOCK = 60_000
"""Bytes; glibc maps what is much larger by itself, and gives it back at once."""


class MemoryTests(SynchronousTestCase):
    """In this very process."""

    def setUp(self) -> None:
        if not IS_GLIBC:
            raise SkipTest("this C library is left to itself")
        self.clock, self.trims = Clock(), 0
        self.memory = Memory(self.later, self.run_now)
        self.memory.start()
        self.clock.advance(LOOK_SECONDS)

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """By the clock of this test."""
        return self.clock.callLater(seconds, call).cancel

    def run_now(self, call: Callable[[], int]) -> Deferred[int]:
        """Counts."""
        self.trims += 1
        return succeed(call())

    def test_what_is_free_is_given_back(self) -> None:
        """Also where something that is in use lies at the end of it."""
        blocks = [bytes(BLOCK) for _ in range(2_000)]
        full, last = resident_bytes(), blocks[-1]
        del blocks
        self.clock.advance(LOOK_SECONDS)
        self.assertEqual(len(last), BLOCK)
        self.assertLess(resident_bytes(), full - 2_000 * BLOCK * 0.7)
        self.assertEqual(self.trims, 1)

    def test_nothing_is_done_when_nothing_is_free(self) -> None:
        """What is in use is no reason, and nor is little; a look is followed by the next."""
        blocks = [bytes(BLOCK) for _ in range(2_000)]
        for _ in range(3):
            self.clock.advance(LOOK_SECONDS)
        self.assertEqual((self.trims, len(self.clock.getDelayedCalls()), len(blocks)), (0, 1, 2_000))

    def test_it_ends(self) -> None:
        """With the server."""
        self.memory.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
