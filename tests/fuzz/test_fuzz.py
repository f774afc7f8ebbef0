"""A short run of the fuzzer on a server in memory, always the same one; `make fuzz` is the long run, also on a real server."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from tests.blocking_websocket import Closed
from tests.fuzz import CANARY, Found, calls, kernels, notebooks, sockets
from tests.fuzz.calls import Said
from tests.fuzz.targets import MemoryTarget, ServerTarget
from webipy.server.methods.api import METHODS

SEED = 20260301


class ShortRuns(SynchronousTestCase):
    """Nothing is found."""

    def setUp(self) -> None:
        self.dice = random.Random(SEED)
        self.target = MemoryTarget(SEED)

    def tearDown(self) -> None:
        self.assertEqual(self.target.close(), [])

    def test_what_was_found_before(self) -> None:
        """The corpus."""
        for who, body in calls.corpus():
            body = body.replace(b"SHARED", self.target.shared().encode())
            calls.judge_body(who, body, self.target.ask(who, body))
        for number, body in enumerate(notebooks.seeds()):
            notebooks.try_notebook(self.target, body, number)

    def test_calls(self) -> None:
        """One in 499 calls of the table, for each of them all, and random ones."""
        for who in calls.RIGHTS:
            for said in calls.table(who, self.target, self.dice, every=499):
                calls.judge(said, self.target, self.target.ask(who, said.body))
            for _ in range(60):
                said = calls.random_call(who, self.target, self.dice)
                calls.judge(said, self.target, self.target.ask(who, said.body))
                body = calls.random_body(said, self.target, self.dice)
                calls.judge_body(who, body, self.target.ask(who, body))

    def test_every_method_answers_plausible_calls(self) -> None:
        """The grammar knows each field of each method: what is plausible is not refused as `invalid_params` for its type."""
        for method in METHODS.values():
            replies = []
            for _ in range(20):  # so that it does not rest on what the dice say for one method
                said = calls.plausible_call("owner", method, self.target.known(), self.dice)
                replies.append(self.target.ask("owner", said.body) or b"")
                calls.judge(said, self.target, replies[-1])
            self.assertFalse(all(b'"invalid_params"' in reply for reply in replies), replies[-1])

    def test_kernels(self) -> None:
        """Messages of a hostile kernel, and broken frames."""
        self.target.rig.me.call("execution.start", session=self.target.shared(), code="1", id="fuzzed")
        for said in kernels.said_by_kernel(self.dice, every=97):
            kernels.say(self.target, *said, self.dice)
        real = kernels.real_frames()
        for _ in range(300):
            kernels.say(self.target, *kernels.random_message(self.dice), self.dice)
            frames = kernels.broken_frames(self.dice.choice(real), self.dice)
            kernels.try_codec(kernels.signed(kernels.KEY, frames) if self.dice.random() < 0.7 else frames)
        kernels.look(self.target)

    def test_notebooks(self) -> None:
        """Mutants."""
        seeds = notebooks.seeds()
        for number in range(60):
            notebooks.try_notebook(self.target, notebooks.mutant(self.dice.choice(seeds), self.dice), number)


class OracleTests(SynchronousTestCase):
    """What does not hold is found."""

    def setUp(self) -> None:
        self.target = MemoryTarget()

    def test_a_mistake_and_a_right_too_much_are_found(self) -> None:
        """An internal error, an answer to a guest beyond their right or with the canary, one that is no JSON."""
        shared = self.target.shared()
        mine = Said("viewer", "session.get", {"session": f'"{shared}"'})
        self.assertEqual(calls.judge(mine, self.target, b'{"result": {}}'), "ok")
        bad: list[tuple[Said, bytes | None]] = [
            (mine, b'{"error": {"data": {"name": "internal_error"}}}'),
            (mine, b'{"result": "%b"}' % CANARY.encode()),
            (mine, b'{"result": NaN}'),
            (mine, b"{"),
            (mine, None),
            (Said("viewer", "session.get", {"session": '"other"'}), b'{"result": {}}'),
            (Said("viewer", "cell.insert", mine.params), b'{"result": {}}'),
            (Said("stranger", "session.list", {}), b'{"result": {}}'),
            (Said("runner", "file.list", {"path": '""'}), b'{"result": {}}'),
        ]
        for said, reply in bad:
            with self.assertRaises(Found, msg=f"{said} {reply!r}"):
                calls.judge(said, self.target, reply)

    def test_the_same_seed_makes_the_same_calls(self) -> None:
        """A run can be had again."""
        rows = [
            [said.body for said in calls.table("owner", self.target, random.Random(7), every=997)] for _ in range(2)
        ]
        self.assertEqual(rows[0], rows[1])
        self.assertGreater(len(rows[0]), 20)


class RealServerTests(SynchronousTestCase):
    """A few lives on a real server."""

    def test_sockets_and_calls(self) -> None:
        """Connections that break, calls over others, and a server that is well in the end and verifies."""
        target, dice = ServerTarget(), random.Random(SEED)
        try:
            for _ in range(12):
                sockets.one_life(target, dice)
            for who in ("viewer", "runner", "owner"):
                for _ in range(15):
                    said = calls.random_call(who, target, dice)
                    reply = target.ask(who, said.body)
                    if reply is not None:
                        calls.judge(said, target, reply)
            kernels.real_link(target, dice, 30)
        except Closed as closed:
            self.fail(f"closed: {closed}")
        finally:
            wrong = target.close()
        self.assertEqual(wrong, [])
