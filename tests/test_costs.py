"""What calls may cost: turns of the reactor, sizes of answers, and what waits. Turns are counted with a clock that work moves; no time passes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import RigTestCase
from webipy.core.api.access import Principal
from webipy.core.events import events
from webipy.server.methods import api
from webipy.server.methods.api import METHODS, answered
from webipy.server.methods.method import Connection, Services
from webipy.server.ports.turns import SLICE_SECONDS, Turns


def batch(count: int, method: str = "server.info") -> bytes:
    """A batch of so many calls."""
    return json.dumps([{"jsonrpc": "2.0", "id": number, "method": method} for number in range(count)]).encode()


class CostsTestCase(RigTestCase):
    """A server in memory whose turns are counted."""

    def setUp(self) -> None:
        super().setUp()
        self.pending: list[Callable[[], None]] = []
        turns = Turns(lambda: self.rig.clock.seconds(), lambda seconds, call: self.pending.append(call))
        object.__setattr__(self.rig.services.world, "turns", turns)

    def spend(self, seconds: float) -> None:
        """Work takes so long, in the midst of a turn."""
        self.rig.clock.rightNow += seconds  # advance() would begin another turn

    def turns_of(self, asked: Deferred[Any]) -> list[float]:
        """Turns the reactor until it is answered; how long each turn was."""
        lengths: list[float] = []

        def pend() -> None:
            pending, self.pending[:] = self.pending[:], []
            for call in pending:
                call()

        while not asked.called:
            for part in (lambda: self.rig.turn(1), pend):  # each begins a slice, or goes on with one
                before = self.rig.clock.seconds()
                part()
                lengths.append(self.rig.clock.seconds() - before)
            self.assertLess(len(lengths), 10_000)
        return lengths

    def costly(self, name: str, seconds: float) -> list[int]:
        """Makes a method cost so much; gives where its calls are counted."""
        done: list[int] = []
        method = METHODS[name]

        async def function(services: Services, connection: Connection, params: Any) -> Any:
            self.spend(seconds)
            done.append(1)
            return await method.function(services, connection, params)

        self.patch(
            api,
            "METHODS",
            {**METHODS, name: type(method)(name, method.verb, method.params, method.result, function, method.reach)},
        )
        return done


class Slices(CostsTestCase):
    """The reactor has its turns."""

    def test_a_batch_leaves_turns_for_others(self) -> None:
        """A thousand calls of 3 ms: no turn takes longer than a slice and one call."""
        done = self.costly("server.info", 0.003)
        asked = answered(self.rig.api, batch(1000), self.rig.me.connection)
        first = len(done)
        lengths = self.turns_of(asked)
        self.assertLess(first, 6)
        self.assertEqual(len(done), 1000)
        self.assertLess(max(lengths), SLICE_SECONDS + 2 * 0.003)
        self.assertEqual(len(json.loads(self.successResultOf(asked) or b"")), 1000)

    def test_a_long_fold_leaves_turns_for_others(self) -> None:
        """Events of a journal that take long to fold are folded in slices, all of them, in order."""
        session = self.rig.services.sessions.get(self.rig.session())
        made = session.append([events.SessionRenamed(title=str(number)) for number in range(500)], "ada")
        self.rig.wait(made)
        seen: list[int] = []

        def take(event: events.AnyEvent) -> None:
            self.spend(0.002)
            seen.append(event.seq)

        lengths = self.turns_of(Deferred.fromCoroutine(session.each_event(1, session.written, take)))
        self.assertEqual(seen, list(range(1, session.written + 1)))
        self.assertLess(max(lengths), SLICE_SECONDS + 2 * 0.002)


class Description(CostsTestCase):
    """rpc.discover, which is long to make and asked for by anybody."""

    def test_it_is_made_once_and_aside(self) -> None:
        """The first who asks waits for another thread; nobody after that does."""
        api._document.cache_clear()
        made: list[Any] = []
        aside = self.rig.services.world.aside

        def counted(call: Callable[[], Any]) -> Deferred[Any]:
            made.append(call)
            return aside(call)

        object.__setattr__(self.rig.services.world, "aside", counted)
        stranger = self.rig.client(None)
        told = [json.dumps(stranger.call("rpc.discover")) for _ in range(3)]
        self.assertEqual((len(made), len(set(told))), (1, 1))


class Answers(CostsTestCase):
    """How large they become."""

    def test_the_answer_to_a_batch_has_a_limit(self) -> None:
        """When it is reached, each further call is answered with `too_large`, and not carried out."""
        self.patch(api, "MAX_ANSWER_BYTES", 2000)
        done = self.costly("server.info", 0)
        asked = answered(self.rig.api, batch(100), self.rig.me.connection)
        self.turns_of(asked)
        told = json.loads(self.successResultOf(asked) or b"")
        refused = [reply["error"]["data"] for reply in told if "error" in reply]
        self.assertEqual([reply["id"] for reply in told], list(range(100)))
        self.assertEqual(len(done) + len(refused), 100)
        self.assertEqual(refused, [{"name": "too_large", "limit_bytes": 2000}] * len(refused))
        self.assertLess(len(done), 30)

    def test_guests_have_less(self) -> None:
        """A fraction of what whoever runs the server has."""
        guest = Connection(Principal("eve", "read", "g", "s"))
        self.assertLess(api.answer_limit(guest), api.answer_limit(self.rig.me.connection))
        self.assertEqual(api.answer_limit(Connection(None)), api.answer_limit(guest))


class Waits(CostsTestCase):
    """Calls that wait."""

    def waiting(self) -> tuple[bytes, Deferred[bytes | None]]:
        """A call that waits for an execution, with a large message around it."""
        self.session = self.rig.session("python3")
        self.rig.me.call("execution.start", session=self.session, code="1", id="x")
        params = {"session": self.session, "execution": "x", "timeout_s": 1000}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "execution.wait", "params": params}).encode()
        return body + b" " * 100_000, Deferred()

    def test_a_wait_lets_go_of_its_message(self) -> None:
        """Nothing but the test has it any more."""
        body, _ = self.waiting()
        before = sys.getrefcount(body)
        asked = answered(self.rig.api, body, self.rig.me.connection)
        self.rig.turn()
        self.assertNoResult(asked)
        self.assertEqual(sys.getrefcount(body), before)
        self.rig.me.connection.leave()

    def test_a_wait_ends_with_its_connection(self) -> None:
        """Nobody waits any more, no clock runs for it, nothing is logged as a mistake; the execution goes on."""
        body, _ = self.waiting()
        clocks = len(self.rig.clock.getDelayedCalls())
        asked = answered(self.rig.api, body, self.rig.me.connection)
        self.rig.turn()
        session = self.rig.services.sessions.get(self.session)
        self.assertEqual(len(session._ends["x"]), 1)
        self.rig.me.connection.leave()
        self.assertIsNone(self.successResultOf(asked))
        self.assertEqual(session._ends["x"], [])
        self.assertEqual(len(self.rig.clock.getDelayedCalls()), clocks)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(
            self.rig.client().call("execution.get", session=self.session, execution="x")["status"], "queued"
        )

    def test_a_long_poll_ends_with_its_connection(self) -> None:
        """As one that waits for an execution."""
        session = self.rig.services.sessions.get(self.rig.session())
        client = self.rig.client(can_notify=False)
        asked = client.ask("session.events", session=session.id, since=session.seq, wait_s=60)
        self.rig.turn()
        client.connection.leave()
        self.assertTrue(asked.called)
        self.assertEqual(session._news, [])

    def test_who_has_gone_waits_for_nothing(self) -> None:
        """A call that begins to wait after that ends at once."""
        connection = Connection(None)
        connection.leave()
        waited: Deferred[None] = connection.until(Deferred())
        self.failureResultOf(waited)
