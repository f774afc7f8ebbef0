"""webipy.server.ports.turns: counted with a clock that work itself moves."""

from __future__ import annotations

import random
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from webipy.server.ports.turns import SLICE_SECONDS, Turns


class TurnsTests(SynchronousTestCase):
    """Slices."""

    def setUp(self) -> None:
        self.now = 0.0
        self.pending: list[Callable[[], None]] = []
        self.turns = Turns(lambda: self.now, lambda seconds, call: self.pending.append(call))
        self.done: list[str] = []

    def work(self, name: str, seconds: float) -> None:
        """Work that takes so long."""
        self.now += seconds
        self.done.append(name)

    def turn(self) -> list[str]:
        """One turn of the reactor; what was done in it."""
        before = len(self.done)
        pending, self.pending[:] = self.pending[:], []
        for call in pending:
            call()
        return self.done[before:]

    def test_what_is_small_is_done_at_once(self) -> None:
        """As long as the slice has time left."""
        self.assertTrue(all(self.turns.has_room("a") for _ in range(1000)))

    def test_a_slice_ends(self) -> None:
        """What comes after it waits for the next turn, behind what its caller asked for before."""
        self.assertTrue(self.turns.has_room("a"))
        self.work("1", SLICE_SECONDS)
        self.assertFalse(self.turns.has_room("a"))
        self.turns.soon("a", lambda: self.work("2", SLICE_SECONDS))
        self.turns.soon("a", lambda: self.work("3", 0))
        self.assertEqual(self.turn(), ["2"])
        self.assertFalse(self.turns.has_room("a"))
        self.assertEqual(self.turn(), ["3"])
        self.turn()
        self.assertTrue(self.turns.has_room("a"))
        self.turn()
        self.assertEqual(self.pending, [])

    def test_rows_take_turns(self) -> None:
        """Who asks for a thousand pieces of work waits for themselves, not others for them."""
        for number in range(1000):
            self.turns.soon("greedy", lambda number=number: self.work(f"g{number}", SLICE_SECONDS))  # type: ignore[misc]  # bound at once
        self.turn()
        self.turns.soon("modest", lambda: self.work("m", 0.001))
        self.assertEqual(self.turn() + self.turn(), ["g1", "m", "g2"])

    def test_long_work_goes_on_in_later_turns(self) -> None:
        """A loop that asks is cut where its slice is over."""

        async def long() -> None:
            for number in range(10):
                self.work(str(number), SLICE_SECONDS / 2)
                await self.turns.pause()

        self.turns.is_over()
        told = Deferred.fromCoroutine(long())
        counts = [len(self.done)]
        while not told.called:
            counts.append(len(self.turn()))
        self.assertEqual((sum(counts), max(counts)), (10, 2))

    def test_random_work_keeps_its_order_and_its_slices(self) -> None:
        """Of each caller in order, all of it, and no turn longer than a slice and one piece."""
        for seed in range(30):
            self.setUp()
            rolls = random.Random(seed)
            asked: dict[str, list[str]] = {who: [] for who in "abc"}
            for number in range(200):
                who, seconds = rolls.choice("abc"), rolls.random() * SLICE_SECONDS
                name = f"{who}{number}"
                asked[who].append(name)
                if self.turns.has_room(who):
                    self.work(name, seconds)
                else:
                    self.turns.soon(who, lambda name=name, seconds=seconds: self.work(name, seconds))  # type: ignore[misc]  # bound at once
                if rolls.random() < 0.2:
                    began = self.now
                    self.turn()
                    self.assertLess(self.now - began, 2 * SLICE_SECONDS, f"seed {seed}")
            while self.pending:
                self.turn()
            for who, names in asked.items():
                self.assertEqual([name for name in self.done if name[0] == who], names, f"seed {seed}")
