"""webipy.io.jupyter.lab_link: a real process that answers, or does not."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.live import eventually
from webipy.io.jupyter import lab_link
from webipy.io.jupyter.lab_link import ANSWER_SECONDS, IDLE_SECONDS, MISSING, LabFailed, LabLink, NotInstalled, asking
from webipy.io.jupyter.routes import Refusal

ANSWERS = """
import json, os, sys
print(json.dumps({"id": 0, "status": 200}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["ask"] == "die":
        os._exit(3)
    print("said", file=sys.stderr)
    status = asked["params"].get("status", 200)
    print(json.dumps({"id": asked["id"], "status": status, "value": [os.getpid(), asked["params"]]}), flush=True)
"""
MISSES = """print('{"id": 0, "status": 404}', flush=True)"""


def program(code: str) -> tuple[str, ...]:
    """A program in place of the lab process."""
    return (sys.executable, "-c", code)


class Processes(TestCase):
    """A process that lives."""

    timeout = 120

    def link(self, code: str) -> LabLink:
        """A link to a program."""
        from twisted.internet import reactor

        link = LabLink(reactor, program(code))
        self.addCleanup(self.ended, link)
        return link

    async def ended(self, link: LabLink) -> None:
        """Its process is reaped."""
        process = link._process
        link.end()
        await eventually(lambda: process is None or process._transport is None, "the end of the process")

    async def test_questions_are_answered_each_by_its_own(self) -> None:
        """By one process."""
        link = self.link(ANSWERS)
        found = await gatherResults([link.ask("x", number=number) for number in range(20)])
        self.assertEqual([params["number"] for _, params in found], list(range(20)))
        self.assertEqual(len({pid for pid, _ in found}), 1)

    async def test_a_refusal_has_its_status(self) -> None:
        """And the next question is answered."""
        link = self.link(ANSWERS)
        fault = await self.assertFailure(link.ask("x", status=409), LabFailed)
        self.assertEqual(fault.status, 409)
        await link.ask("x")

    async def test_a_process_that_dies_fails_its_questions(self) -> None:
        """And another one answers the next."""
        link = self.link(ANSWERS)
        before, _ = await link.ask("x")
        fault = await self.assertFailure(link.ask("die"), LabFailed)
        self.assertEqual(fault.status, 503)
        after, _ = await link.ask("x")
        self.assertNotEqual(before, after)

    async def test_where_nothing_is_installed(self) -> None:
        """Each question says so, and the next one looks again."""
        link = self.link(MISSES)
        await self.assertFailure(link.ask("x"), NotInstalled)
        link.command = program(ANSWERS)
        await eventually(lambda: link._process is None, "the end of the process")
        await link.ask("x")

    async def test_an_answer_that_is_too_long(self) -> None:
        """Ends the process."""
        self.patch(lab_link, "MOST_ANSWER_BYTES", 1000)
        await self.assertFailure(self.link(ANSWERS).ask("x", text="x" * 2000), LabFailed)

    async def test_too_many_questions(self) -> None:
        """Are refused."""
        self.patch(lab_link, "MOST_QUESTIONS", 1)
        link = self.link(ANSWERS)
        first = link.ask("x")
        await self.assertFailure(link.ask("x"), LabFailed)
        await first


class FakeTransport:
    """A process that says nothing."""

    pid = 5

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.signals: list[str] = []

    def write(self, data: bytes) -> None:
        """Takes a question."""
        self.written.append(data)

    def signalProcess(self, name: str) -> None:
        """Notes a signal."""
        self.signals.append(name)


class Times(SynchronousTestCase):
    """A process that is silent, by a clock of the test."""

    def setUp(self) -> None:
        clock: Any = Clock()
        self.clock = clock
        self.started: list[FakeTransport] = []
        self.protocols: list[Any] = []
        self.clock.spawnProcess = self.spawn
        self.link = LabLink(self.clock)

    def spawn(self, protocol: Any, *command: object, **given: object) -> FakeTransport:
        """Starts nothing."""
        self.started.append(FakeTransport())
        self.protocols.append(protocol)
        return self.started[-1]

    def test_it_ends_when_nobody_asks(self) -> None:
        """Each question puts that off; the next one starts another."""
        for number in (1, 2):
            asked = self.link.ask("x")
            self.protocols[0].outReceived(b'{"id": %d, "status": 200, "value": 5}\n' % number)
            self.assertEqual(self.successResultOf(asked), 5)
            self.clock.advance(IDLE_SECONDS - 1)
        self.assertEqual(self.started[0].signals, [])
        self.clock.advance(1)
        self.assertEqual(self.started[0].signals, ["KILL"])
        self.link.ask("x").addErrback(lambda _: None)
        self.assertEqual(len(self.started), 2)

    def test_it_ends_when_it_does_not_answer(self) -> None:
        """After its time."""
        self.link.ask("x").addErrback(lambda _: None)
        self.clock.advance(ANSWER_SECONDS)
        self.assertEqual(self.started[0].signals, ["KILL"])

    def test_where_no_process_can_be_started(self) -> None:
        """In the words of the system."""

        def spawn(*given: object, **more: object) -> object:
            raise OSError(11, "Resource temporarily unavailable")

        self.clock.spawnProcess = spawn
        fault = self.failureResultOf(self.link.ask("x"), LabFailed).value
        self.assertIn("temporarily unavailable", str(fault))

    def test_refusals(self) -> None:
        """What a route answers where there is no answer."""

        async def failing(fault: Exception) -> None:
            raise fault

        for fault, status, words in ((NotInstalled(), 404, MISSING), (LabFailed(409, "No."), 409, "No.")):
            refused = self.failureResultOf(Deferred.fromCoroutine(asking(failing(fault))), Refusal).value
            assert isinstance(refused, Refusal)
            self.assertEqual((refused.status, refused.message), (status, words))
