"""webipy.server.people.budgets: what one login may use; time is a clock that the test moves."""

from __future__ import annotations

import json
import random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.test_costs import CostsTestCase
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.server.methods.api import Metered, answered
from webipy.server.methods.method import Connection
from webipy.server.people import budgets
from webipy.server.people.budgets import Allowance, Budget, Budgets

SMALL = Allowance(calls=3, held_bytes=100, seconds=2.0, rate=0.5, at_once=1, begins_bytes=10, lines=2)


class BudgetTests(SynchronousTestCase):
    """One login."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.budget = Budget(SMALL, self.clock.seconds, self.clock.callLater)

    def refused(self) -> tuple[object, str]:
        """Begins a call that is refused; when to try again, and why."""
        fault = self.assertRaises(errors.Throttled, self.budget.begin)
        return fault.facts["retry_after_s"], fault.message

    def test_calls_under_way(self) -> None:
        """As many as may be; one that has ended makes room."""
        for _ in range(3):
            self.budget.begin()
        after, why = self.refused()
        self.assertEqual((after, "3 calls" in why), (1, True))
        self.budget.end()
        self.budget.begin()

    def test_time_comes_back(self) -> None:
        """What was used is owed; the failure says when there is enough again, and then there is."""
        self.budget.spend(1.9)
        self.budget.begin()
        self.budget.spend(0.6)
        after, why = self.refused()
        self.assertEqual(after, 1.2)
        self.assertIn("try again in 1 s", why)
        self.clock.advance(1.1)
        self.budget.begin()
        self.clock.advance(1000)
        self.assertEqual(self.budget.seconds, 2.0)

    def test_what_is_owed_has_a_limit(self) -> None:
        """One call that takes for ever does not shut its login out for ever."""
        self.budget.spend(10_000)
        self.assertEqual(self.refused()[0], (2.0 + budgets.ENOUGH_SECONDS) / 0.5)

    def test_answers_that_are_not_read(self) -> None:
        """No call is begun while too much is kept."""
        self.budget.hold(101)
        self.assertIn("read them first", self.refused()[1])
        self.budget.hold(-1)
        self.budget.begin()

    def test_lines(self) -> None:
        """Connections and calls by POST together."""
        self.budget.enter()
        self.budget.enter()
        self.assertRaises(errors.Throttled, self.budget.enter)

    def test_large_calls_wait_for_each_other_and_for_what_is_kept(self) -> None:
        """One at once, in their order; the next when the answer of the one before is sent; who has gone waits no more."""
        callers = [Connection(None) for _ in range(5)]
        going: list[int] = []
        doors: dict[int, Deferred[None]] = {number: Deferred() for number in range(5)}

        async def large(number: int) -> None:
            async with self.budget.heavy(callers[number]):
                going.append(number)
                await doors[number]

        asked = [Deferred.fromCoroutine(large(number)) for number in range(5)]
        self.clock.advance(0)
        self.assertEqual(going, [0])
        self.budget.hold(50)
        doors[0].callback(None)
        self.clock.advance(0)
        self.assertEqual(going, [0])
        self.budget.hold(-50)
        self.clock.advance(0)
        self.assertEqual(going, [0, 1])
        callers[2].leave()
        self.failureResultOf(asked[2])
        doors[1].errback(ValueError())
        self.failureResultOf(asked[1], ValueError)
        self.clock.advance(0)
        self.assertEqual(going, [0, 1, 3])
        doors[3].callback(None)
        self.clock.advance(0)
        self.assertEqual(going, [0, 1, 3, 4])
        doors[4].callback(None)
        self.clock.advance(0)
        self.assertEqual((self.clock.getDelayedCalls(), self.budget._busy), ([], 0))

    def test_large_messages_come_in_by_turns(self) -> None:
        """So many at once; the next when one has ended, in their order; one that is given up in between leaves no gap."""
        turns: list[str] = []
        first = self.budget.announce(lambda: turns.append("first"))
        second, third, fourth = (
            self.budget.announce(lambda name=name: turns.append(name))  # type: ignore[misc]  # a default
            for name in ("second", "third", "fourth")
        )
        self.assertEqual([one.is_on for one in (first, second, third, fourth)], [True, False, False, False])
        self.budget.arrived(second)
        self.assertEqual(turns, [])
        self.budget.arrived(first)
        self.assertEqual((turns, third.is_on, fourth.is_on), (["third"], True, False))
        self.budget.arrived(fourth)
        self.budget.arrived(third)
        self.assertEqual(turns, ["third"])
        self.assertTrue(self.budget.announce(lambda: None).is_on)

    def test_random_large_calls_all_have_their_turn(self) -> None:
        """Whatever is kept, read, ended and cut in between: never more at once than may be, and in the end nothing is left."""
        for seed in range(50):
            self.random_calls(seed)

    def random_calls(self, seed: int) -> None:
        """One sequence."""
        rolls = random.Random(seed)
        self.setUp()
        self.budget.allowance = Allowance(99, 100, 2.0, 0.5, rolls.randint(1, 3), 10, 9)
        going: list[Deferred[None]] = []
        callers: list[Connection] = []

        async def large(connection: Connection) -> None:
            async with self.budget.heavy(connection):
                door: Deferred[None] = Deferred()
                going.append(door)
                self.assertLessEqual(len(going), self.budget.allowance.at_once, f"seed {seed}")
                await door

        kept = 0
        for _ in range(200):
            roll = rolls.random()
            if roll < 0.3:
                callers.append(Connection(None))
                Deferred.fromCoroutine(large(callers[-1])).addErrback(lambda _: None)
            elif roll < 0.6 and going:
                going.pop(rolls.randrange(len(going))).callback(None)
            elif roll < 0.7 and callers:
                rolls.choice(callers).leave()
            elif roll < 0.85:
                self.budget.hold(20 - kept)
                kept = 20
            else:
                self.budget.hold(-kept)
                kept = 0
            self.clock.advance(0)
        self.budget.hold(-kept)
        self.clock.advance(0)
        while going:
            going.pop().callback(None)
            self.clock.advance(0)
        self.assertEqual((self.budget._busy, len(self.budget._waiting), self.budget.held), (0, 0, 0), f"seed {seed}")


class MeteredTests(SynchronousTestCase):
    """Steps of a coroutine."""

    def test_every_step_is_counted_and_no_wait(self) -> None:
        """Also one that fails; what comes out is what the coroutine gives."""
        clock = Clock()
        spent: list[float] = []
        door: Deferred[int] = Deferred()
        shut: Deferred[int] = Deferred()

        async def steps() -> int:
            clock.rightNow += 1
            found = await door
            clock.rightNow += 2
            try:
                await shut
            except ValueError:
                clock.rightNow += 4
            return found

        async def metered() -> int:
            return await Metered(steps(), clock.seconds, spent.append)

        asked = Deferred.fromCoroutine(metered())
        clock.advance(100)
        door.callback(7)
        clock.advance(100)
        shut.errback(ValueError())
        self.assertEqual((self.successResultOf(asked), spent), (7, [1, 2, 4]))


class BudgetsTests(SynchronousTestCase):
    """All logins."""

    def test_each_login_has_its_own(self) -> None:
        """Whoever runs the server has more than a guest."""
        clock = Clock()
        found = Budgets(clock.seconds, clock.callLater)
        owner, guest = found.of(Principal("ada", "own", "a")), found.of(Principal("eve", "read", "b", "s"))
        self.assertIs(found.of(Principal("ada", "own", "a")), owner)
        self.assertEqual((owner.allowance, guest.allowance), (budgets.OWNER, budgets.GUEST))

    def test_the_table_is_bounded(self) -> None:
        """Those that nobody uses go; one that owes stays."""
        self.patch(budgets, "MOST_BUDGETS", 3)
        clock = Clock()
        found = Budgets(clock.seconds, clock.callLater)
        debtor = found.of(Principal("eve", "read", "debtor", "s"))
        debtor.spend(1000)
        for number in range(100):
            found.of(Principal("eve", "read", str(number), "s"))
        self.assertLessEqual(len(found._by_login), 4)
        self.assertIs(found.of(Principal("eve", "read", "debtor", "s")), debtor)


class CallsTests(CostsTestCase):
    """Calls of a server in memory."""

    def test_who_has_used_their_time_is_told_when_to_try_again(self) -> None:
        """Each call by itself, and nothing of it is carried out; then it is."""
        done = self.costly("server.info", 10.0)
        self.patch(budgets, "GUEST", Allowance(99, 1000, 20.0, 0.25, 1, 10, 9))
        guest = Connection(Principal("eve", "read", "g", "s"))
        body = json.dumps([{"jsonrpc": "2.0", "id": n, "method": "server.info"} for n in range(5)]).encode()

        def told() -> list[Any]:
            asked = answered(self.rig.api, body, guest)
            self.turns_of(asked)
            return [reply.get("error", {}).get("data") for reply in json.loads(self.successResultOf(asked) or b"")]

        first = told()
        self.assertEqual((first[:3], len(done)), ([None] * 3, 3))
        self.assertEqual([(fact["name"], fact["retry_after_s"] > 0) for fact in first[3:]], [("throttled", True)] * 2)
        self.rig.clock.advance(1000)
        self.assertEqual(told()[0], None)
        self.assertEqual(self.rig.services.budgets.of(guest.principal).calls, 0)

    def test_what_others_use_takes_nothing_away(self) -> None:
        """The owner's calls go on."""
        guest = Principal("eve", "read", "g", "s")
        self.rig.services.budgets.of(guest).spend(1000)
        self.assertEqual(self.rig.me.call("server.info")["version"], "1.2.3")
