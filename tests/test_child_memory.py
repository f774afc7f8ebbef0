"""webipy.io.kernels.child_memory: a child that takes too much memory is told of once, and nobody after its end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from webipy.io.kernels.child_memory import LOOK_SECONDS, ChildWatch
from webipy.server.ports.kernels import Used


class Told:
    """Processes of which somebody else tells."""

    def __init__(self) -> None:
        self.asked: list[Deferred[dict[int, Used]]] = []

    def used(self, leaders: Collection[int]) -> Deferred[dict[int, Used]]:
        """Waits to be told."""
        assert list(leaders) == [7]
        self.asked.append(Deferred())
        return self.asked[-1]


class WatchTests(SynchronousTestCase):
    """`ChildWatch`."""

    def setUp(self) -> None:
        self.clock, self.told, self.over = Clock(), Told(), 0
        self.watch = ChildWatch(cast(Any, self.clock), self.told, 7, 1000, self.is_over)
        self.watch.start()

    def is_over(self) -> None:
        """Counts."""
        self.over += 1

    def tell(self, memory: int) -> None:
        """A look that finds so much."""
        self.clock.advance(LOOK_SECONDS)
        self.told.asked[-1].callback({7: Used(memory, 0.0, 3)} if memory else {})

    def test_it_is_told_of_once(self) -> None:
        """What is at the limit is not over it; one that has ended is not looked at."""
        self.tell(1000)
        self.tell(0)
        self.assertEqual(self.over, 0)
        self.tell(1001)
        self.assertEqual((self.over, self.clock.getDelayedCalls()), (1, []))

    def test_after_the_end_nobody_is_told(self) -> None:
        """Of a look under way, too."""
        self.clock.advance(LOOK_SECONDS)
        self.watch.stop()
        self.told.asked[-1].callback({7: Used(5000, 0.0, 1)})
        self.assertEqual((self.over, self.clock.getDelayedCalls()), (0, []))

    def test_a_look_that_fails_is_logged_and_repeated(self) -> None:
        """The system may be short of descriptors for a moment."""
        self.clock.advance(LOOK_SECONDS)
        self.told.asked[-1].errback(OSError("too many open files"))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.tell(5000)
        self.assertEqual(self.over, 1)
