"""The queue of a kernel host and the server's fold of it: `webipy.core.kernel.host_queue.HostQueue` against
`webipy.core.kernel.executions.Executions`.

Both ends are the real ones; between them are two rows of messages, which are delivered, lost with a crash, and sent again, as the link does it.
"""

from __future__ import annotations

import json
import random
from collections import deque
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples, message, replied, status
from webipy.core.events.events import AnyEvent, ExecutionFinished, ExecutionMoved, ExecutionQueued
from webipy.core.kernel import wire
from webipy.core.kernel.host_queue import Dropped, Effect, Forward, HostQueue, Moved, is_interrupted
from webipy.core.kernel.kernel import Kernel

Sent = tuple[str, Any]


@attrs.define(eq=False)
class Pair:
    """A server and a host.

    Attributes:
        kernel: The server's fold.
        journal: The events of the server, in order.
        down: What is on its way to the host: requests and commands. A crash of the server loses it.
        up: What the host has for the server; it keeps that until the server has it.
    """

    random: random.Random
    kernel: Kernel = attrs.field(factory=lambda: Kernel("k", "python3", "P", "python", ""))
    requests: HostQueue = attrs.field(factory=HostQueue)
    journal: list[AnyEvent] = attrs.field(factory=list)
    down: deque[Sent] = attrs.field(factory=deque)
    up: deque[tuple[str, wire.Message]] = attrs.field(factory=deque)
    given: list[str] = attrs.field(factory=list)
    number: int = 0

    def accept(self) -> None:
        """A client starts an execution, alone or as part of a run."""
        self.number += 1
        run = self.random.choice([None, "a", "b"])
        self.write([ExecutionQueued(execution=f"e{self.number}", code="1", run=run)])

    def write(self, new: list[AnyEvent]) -> None:
        """The server takes events of its own in."""
        self.journal += new
        for event in new:
            assert isinstance(event, ExecutionQueued)
            self.down.append(("request", self.kernel.executions.queue(event)))

    def ask(self, name: str) -> None:
        """A client moves or cancels something that waits, as far as the server knows."""
        waiting = [run.id for run in self.kernel.executions.waiting()]
        if waiting and name == "move":
            self.down.append(("move", (self.random.choice(waiting), self.random.choice([None, *waiting]))))
        elif waiting:
            self.down.append(("cancel", self.random.sample(waiting, self.random.randint(1, len(waiting)))))

    def deliver_down(self) -> None:
        """The host gets the next thing."""
        if not self.down:
            return
        kind, what = self.down.popleft()
        if kind == "request":
            sent = wire.new_message(
                "execute_request", what.request(), msg_id=what.id, session="s", metadata=what.metadata
            )
            self.do(self.requests.receive("shell", sent))
        elif kind == "move":
            self.do(self.requests.move(*what))
        else:
            self.do(self.requests.cancel(what))

    def do(self, effects: list[Effect]) -> None:
        """What the host's loop does with the effects."""
        for effect in effects:
            match effect:
                case Dropped():
                    told = {"msg_id": effect.msg_id, "reason": effect.reason}
                    self.up.append(("host", message("request_dropped", told)))
                case Moved():
                    self.up.append(("host", message("request_moved", {"msg_id": effect.msg_id, "after": effect.after})))
                case Forward():
                    self.given.append(effect.message.header.msg_id)

    def deliver_up(self, at_most: int = 1) -> None:
        """The server gets the next messages, as one batch."""
        batch = [self.up.popleft() for _ in range(min(at_most, len(self.up)))]
        self.journal += self.kernel.receive(batch).events

    def reply(self, state: str) -> None:
        """The kernel has run what it has."""
        running = self.running
        if running is not None:
            began = ("iopub", message("execute_input", {"code": "", "execution_count": 1}, parent=running))
            self.up += [status("busy", running), began, status("idle", running), replied(running, state)]
            self.do(self.requests.replied(running, "execute_reply", json.dumps({"status": state}).encode()))

    @property
    def running(self) -> str | None:
        """What the kernel has."""
        held = self.requests._running
        return None if held is None else held.header.msg_id

    def crash(self) -> None:
        """kill -9 of the server: the next one folds the journal, attaches, and offers again what waits."""
        self.down.clear()
        self.kernel = Kernel("k", "python3", "P", "python", "")
        for event in self.journal:
            self.kernel.restore(event)
        self.down += [("request", run) for run in self.kernel.executions.waiting()]

    def queue(self) -> list[str]:
        """The host's queue, with what runs first."""
        return [*([self.running] if self.running else []), *(held.header.msg_id for held in self.requests._queue())]


class TheQueue(SynchronousTestCase):
    """One order, known at both ends."""

    @given(st.text("aaaammcdddduuopefx", min_size=30, max_size=90), st.integers(0, 2**32))
    @examples(400)
    def test_the_server_knows_the_order_of_the_host_whoever_was_killed(self, steps: str, seed: int) -> None:
        """Under any order of accepting, moving, cancelling, failing, delivering and crashing: in the end both have the same queue,
        everything that was accepted is in it or has ended, and everything ran in the order that the journal tells.
        """
        pair = Pair(random.Random(seed))
        for step in steps:
            match step:
                case "a":
                    pair.accept()
                case "m":
                    pair.ask("move")
                case "c":
                    pair.ask("cancel")
                case "d":
                    pair.deliver_down()
                case "u":
                    pair.deliver_up(pair.random.randint(1, 4))
                case "o":
                    pair.do(pair.requests.open())
                case "p" | "e" | "f":
                    pair.reply("ok" if step == "p" else "error")
                case _:
                    pair.crash()
        self.settle(pair)
        self.assertEqual(list(pair.kernel.executions.open), pair.queue())
        ended = {event.execution for event in pair.journal if isinstance(event, ExecutionFinished)}
        accepted = {f"e{n}" for n in range(1, pair.number + 1)}
        self.assertEqual(accepted - ended, set(pair.queue()))
        again = Kernel("k", "python3", "P", "python", "")
        for event in pair.journal:
            again.restore(event)
        self.assertEqual(list(again.executions.open), pair.queue())

    @staticmethod
    def settle(pair: Pair) -> None:
        """Everything that is on its way arrives."""
        while pair.down or pair.up:
            pair.deliver_down()
            pair.deliver_up(100)

    def test_a_move_to_the_end_is_before_what_the_host_has_not_got_yet(self) -> None:
        """An execution that is accepted while the move is on its way stands behind the moved one, at both ends."""
        pair = Pair(random.Random(0))
        for _ in range(3):
            pair.accept()
        self.settle(pair)
        pair.down.append(("move", ("e1", None)))
        pair.accept()
        pair.deliver_down()
        pair.deliver_up()
        self.assertEqual(pair.journal[-1], ExecutionMoved(execution="e1", before="e4"))
        self.settle(pair)
        self.assertEqual((list(pair.kernel.executions.open), pair.queue()), (["e2", "e3", "e1", "e4"],) * 2)


class Runs(SynchronousTestCase):
    """Stop on error, by run."""

    def requests(self, *runs: str | None) -> HostQueue:
        """A kernel that is ready, with the requests 1, 2, ... of these runs."""
        requests = HostQueue()
        requests.open()
        for number, run in enumerate(runs, 1):
            self.receive(requests, number, run)
        return requests

    def receive(
        self, requests: HostQueue, number: int, run: str | None, stop: bool = True, queue: str | None = None
    ) -> list[Effect]:
        """A request."""
        metadata = json.dumps({"webipy": {"run": run, "queue": queue}, "cellId": "c"}).encode()
        content = json.dumps({"code": "1", "stop_on_error": stop}).encode()
        return requests.receive(
            "shell", wire.new_message("execute_request", content, msg_id=str(number), session="s", metadata=metadata)
        )

    def fail(self, requests: HostQueue, number: int) -> list[str]:  # type: ignore[override]  # the kernel's failure, not the test's
        """One fails; gives what is dropped and what goes next, by id."""
        effects = requests.replied(str(number), "execute_reply", b'{"status": "error"}')
        return [
            e.msg_id if isinstance(e, Dropped) else f"+{e.message.header.msg_id}"
            for e in effects
            if not isinstance(e, Moved)
        ]

    def test_a_failure_stops_its_own_run_only(self) -> None:
        """Other runs, and what is part of none, go on."""
        requests = self.requests("a", "a", "b", None, "a")
        self.assertEqual(self.fail(requests, 1), ["2", "5", "+3"])
        self.assertEqual(self.fail(requests, 3), ["+4"])

    def test_what_comes_late_of_a_run_that_failed_is_not_run(self) -> None:
        """A long run is on its way for a while."""
        requests = self.requests("a")
        self.assertEqual(self.fail(requests, 1), [])
        self.assertEqual(self.receive(requests, 2, "a"), [Dropped("2", "aborted")])
        self.assertEqual(len(self.receive(requests, 3, "b")), 1)

    def test_a_failure_of_no_run_stops_what_its_client_has_queued(self) -> None:
        """Jupyter's rule, for each client by itself; one that names no queue shares that with others who name none. Runs go on."""
        requests = self.requests()
        for number, (run, queue) in enumerate(
            [(None, "ada"), ("r", None), (None, "bob"), (None, "ada"), (None, None), ("r", "ada"), (None, None)], 1
        ):
            self.receive(requests, number, run, queue=queue)
        self.assertEqual(self.fail(requests, 1), ["4", "+2"])
        self.assertEqual(self.fail(requests, 2), ["6", "+3"])
        self.assertEqual(self.fail(requests, 3), ["+5"])
        self.assertEqual(self.fail(requests, 5), ["7"])

    def test_an_interrupt_that_came_too_late_goes_on_to_the_next_of_its_queue(self) -> None:
        """What else its metadata say stays; another's execution is not interrupted, and nothing is if nothing waited."""
        requests = self.requests("r", "r", None)
        given = requests.replied("1", "execute_reply", b'{"status": "ok"}', is_missed=True)
        (give,) = given
        assert isinstance(give, Forward)
        self.assertTrue(is_interrupted(give.message))
        wanted = {"webipy": {"run": "r", "queue": None, "interrupt": True}, "cellId": "c"}
        self.assertEqual(json.loads(give.message.metadata), wanted)
        (give,) = requests.replied("2", "execute_reply", b'{"status": "ok"}', is_missed=True)
        assert isinstance(give, Forward)
        self.assertFalse(is_interrupted(give.message))
        self.assertEqual(requests.replied("3", "execute_reply", b"{}", is_missed=True), [])

    def test_what_has_no_reply_is_dropped_and_the_next_goes(self) -> None:
        """It counts as a failure, as its request says."""
        for stop, wanted in ((True, ["1", "2", "+3"]), (False, ["1", "+2"])):
            requests = self.requests()
            for number, run in enumerate(("r", "r", None), 1):
                self.receive(requests, number, run, stop)
            effects = requests.lose("unanswered")
            told = [
                e.msg_id if isinstance(e, Dropped) else f"+{e.message.header.msg_id}"
                for e in effects
                if not isinstance(e, Moved)
            ]
            self.assertEqual(told, wanted)

    def test_without_stop_on_error_a_run_goes_on(self) -> None:
        """The next one of it is given."""
        requests = HostQueue()
        requests.open()
        for number in (1, 2):
            self.receive(requests, number, "a", stop=False)
        self.assertEqual(self.fail(requests, 1), ["+2"])

    def test_metadata_of_another_shape_is_no_run(self) -> None:
        """Whatever a client puts there."""
        requests = HostQueue()
        requests.open()
        for number, metadata in enumerate(
            (b"{}", b"[]", b'{"webipy": 5}', b'{"webipy": {"run": 5}}', b"\xff", b"[" * 5000)
        ):
            sent = wire.new_message("execute_request", b"{}", msg_id=f"{number}", session="s", metadata=metadata)
            requests.receive("shell", sent)
        self.assertEqual(self.fail(requests, 0), ["1", "2", "3", "4", "5"])

    def test_runs_that_failed_long_ago_are_forgotten(self) -> None:
        """Memory is bounded."""
        from webipy.core.kernel.host_queue import REMEMBERED_RUNS

        requests = self.requests()
        for number in range(REMEMBERED_RUNS + 1):
            self.receive(requests, number, f"r{number}")
            self.fail(requests, number)
        self.assertEqual(self.receive(requests, -1, "r1"), [Dropped("-1", "aborted")])
        self.assertEqual(len(self.receive(requests, -2, "r0")), 1)


class Moves(SynchronousTestCase):
    """`move` of the host."""

    def queue(self, requests: HostQueue) -> list[str]:
        """What waits."""
        return [held.header.msg_id for held in requests._queue()]

    def test_moving(self) -> None:
        """Before another one or behind all; it is told what it stands behind now, which may be what runs."""
        requests = Runs().requests(None, None, None, None)
        for msg_id, before, after, order in (
            ("4", "2", "1", "423"),
            ("4", None, "3", "234"),
            ("2", "4", "3", "324"),
            ("2", "4", "3", "324"),
        ):
            self.assertEqual(requests.move(msg_id, before), [Moved(msg_id, after)])
            self.assertEqual(self.queue(requests), list(order))

    def test_before_the_kernel_is_ready(self) -> None:
        """What waits for it beside code keeps its place."""
        requests = HostQueue()
        for msg_id, kind in (
            ("1", "execute_request"),
            ("c", "comm_msg"),
            ("2", "execute_request"),
            ("3", "execute_request"),
        ):
            requests.receive("shell", wire.new_message(kind, b"{}", msg_id=msg_id, session="s"))
        self.assertEqual(requests.move("3", "1"), [Moved("3", None)])
        self.assertEqual(self.queue(requests), ["3", "1", "2"])
        given = [effect.message.header.msg_id for effect in requests.open() if isinstance(effect, Forward)]
        self.assertEqual(given, ["3", "c"])

    def test_what_cannot_be_moved(self) -> None:
        """What runs, what is not there, and before what does not wait: nothing happens and nothing is told."""
        requests = Runs().requests(None, None, None)
        for msg_id, before in (("1", None), ("x", None), ("3", "1"), ("3", "x"), ("3", "3")):
            self.assertEqual(requests.move(msg_id, before), [], (msg_id, before))
        self.assertEqual(self.queue(requests), ["2", "3"])
