"""A short run of the fuzzer on a server in memory, always the same one; `make fuzz` is the long run, also on a real server."""

from __future__ import annotations

import random
from http.client import HTTPMessage

from twisted.trial.unittest import SynchronousTestCase

from tests.attack.ground import Answer
from tests.blocking_websocket import Closed
from tests.fuzz import CANARY, Found, calls, jupyter, kernels, notebooks, sockets
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

    def test_what_a_route_of_jupyter_may_not_answer_is_found(self) -> None:
        """A mistake of the server, a right too much, the canary, and a refusal or an answer that a client cannot read."""
        status, version, page = "/api/status", "/api", "/lab/{path}"
        refusal, json_headers = b'{"message": "no", "reason": null}', HTTPMessage()
        json_headers["Content-Type"] = "application/json"

        def judged(who: str, route: str, status: int, body: bytes) -> None:
            jupyter.judge(who, route, "GET", route.encode(), b"", Answer(status, json_headers, body))

        judged("owner", status, 200, b"{}")
        judged("owner", status, 501, refusal)
        judged("viewer", status, 403, refusal)
        judged("stranger", version, 200, b"{}")
        judged("stranger", page, 200, b"<p>")
        for who, route, code, body in (
            ("owner", status, 500, b'{"message": "The server made a mistake; its log has more."}'),
            ("owner", status, 502, refusal),
            ("owner", status, 404, b"nothing"),
            ("owner", status, 404, b"{}"),
            ("owner", status, 200, b'{"a": NaN}'),
            ("viewer", status, 200, b"{}"),
            ("stranger", status, 200, b"{}"),
            ("viewer", page, 200, CANARY.encode()),
        ):
            with self.assertRaises(Found, msg=f"{who} {route} {code} {body!r}"):
                judged(who, route, code, body)

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

    def test_the_surface_of_a_jupyter_server(self) -> None:
        """Some requests and some sockets."""
        target, dice = ServerTarget(), random.Random(SEED)
        try:
            jupyter.fuzz(target, lambda name, call: call(), dice, range(60))
        finally:
            wrong = target.close()
        self.assertEqual(wrong, [])
