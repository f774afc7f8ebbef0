"""webipy.server.sessions.session and webipy.server.sessions.kernel_connection: one actor, one path for every event."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import RigTestCase, message, printed, result_of, run_of, status
from webipy.core.kernel import wire
from webipy.server.methods.api import METHODS
from webipy.server.methods.executions import CANCEL_SECONDS
from webipy.server.methods.raw_messages import OWN_METHODS
from webipy.server.ports.journals import Position
from webipy.server.sessions.kernel_connection import POSITION_SECONDS
from webipy.server.sessions.pending_requests import REPLY_SECONDS
from webipy.server.sessions.session import Session, folded, is_current, latest_snapshot, release
from webipy.server.sessions.snapshots import encoded


class SessionTestCase(RigTestCase):
    """A session with a kernel that is ready."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")

    def start(self, code: str = "1", **params: Any) -> str:
        """Starts an execution; gives its id."""
        return str(self.rig.me.call("execution.start", session=self.session, code=code, **params)["execution"])

    def types(self) -> list[str]:
        """Types of the written events."""
        return [event["type"] for event in self.rig.journal.events()]

    def get(self, execution: str) -> dict[str, Any]:
        """The execution as a client sees it."""
        found: dict[str, Any] = self.rig.me.call("execution.get", session=self.session, execution=execution)
        return found

    @property
    def kernel(self) -> dict[str, Any]:
        """The kernel as a client sees it."""
        found: dict[str, Any] = self.rig.me.call("session.get", session=self.session)["kernel"]
        return found


class WriteFirst(SessionTestCase):
    """Law 5."""

    def test_write_first_a_call_is_answered_after_its_event_is_in_the_journal(self) -> None:
        """And the kernel is asked after that, too."""
        told = self.rig.me.ask("execution.start", session=self.session, code="1")
        before = self.rig.journal.written
        self.assertNoResult(told)
        self.assertEqual(self.rig.host.requests, {})
        self.rig.turn()
        reply = self.successResultOf(told)
        self.assertEqual(reply["result"]["seq"], before + 1)
        self.assertEqual(self.rig.journal.events()[before]["type"], "execution_queued")
        self.assertEqual(list(self.rig.host.requests), [reply["result"]["execution"]])

    def test_write_first_an_event_is_shown_after_it_is_in_the_journal(self) -> None:
        """Neither a feed nor a poll nor a list of cells sees it before."""
        watcher = self.rig.client()
        watcher.call("session.subscribe", session=self.session, since=None)
        self.rig.turn()
        seq = self.rig.journal.written
        self.rig.journal.broken = "the disk is full"
        told = self.rig.me.ask("cell.insert", session=self.session, source="x")
        self.rig.turn()
        self.assertNoResult(told)
        self.assertEqual(watcher.sent, [])
        self.assertEqual(self.rig.me.call("session.events", session=self.session, since=seq)["events"], [])
        self.assertEqual(self.rig.me.call("session.get", session=self.session)["seq"], seq)
        self.rig.journal.broken = None
        self.rig.clock.advance(1)
        self.rig.turn()
        self.assertEqual(result_of(self.successResultOf(told))["seq"], seq + 1)
        self.assertEqual(watcher.seqs(), [seq + 1])

    def test_what_is_written_together_is_shown_together(self) -> None:
        """In one notification, and without reading the journal again."""
        watcher = self.rig.client()
        watcher.call("session.subscribe", session=self.session, since=None)
        self.rig.turn()
        seq, reads = self.rig.journal.written, self.rig.journal.reads
        told = [self.rig.me.ask("cell.insert", session=self.session, source="x") for _ in range(3)]
        self.rig.turn()
        for one in told:
            self.successResultOf(one)
        self.assertEqual(watcher.seqs(), [seq + 1, seq + 2, seq + 3])
        self.assertEqual((len(watcher.sent), self.rig.journal.reads), (1, reads))

    def test_write_first_the_host_is_acknowledged_after_the_events_are_written(self) -> None:
        """With the position in the same transaction."""
        link = self.rig.host.link
        assert link is not None
        acknowledged = link.acknowledged
        self.rig.host.emit(printed("x", None))
        self.assertEqual(link.acknowledged, acknowledged)
        self.rig.turn()
        self.assertEqual(link.acknowledged, self.rig.host.kept[-1][0])
        self.assertEqual(self.rig.journal.position, Position(self.rig.host.record.directory, self.rig.host.kept[-1][0]))

    def test_a_batch_without_events_moves_the_position_too(self) -> None:
        """A host may forget it, a moment later or with the next events: a completion costs no transaction of its own."""
        events = len(self.rig.journal.bodies)
        self.rig.host.emit(status("idle", "r1", parent_type="complete_request"))
        self.rig.turn()
        self.rig.clock.advance(POSITION_SECONDS)
        self.rig.turn()
        self.assertEqual(len(self.rig.journal.bodies), events)
        link = self.rig.host.link
        assert link is not None
        self.assertEqual(link.acknowledged, self.rig.host.kept[-1][0])

    def test_a_position_that_waits_is_written_with_the_next_events(self) -> None:
        """And once."""
        link = self.rig.host.link
        assert link is not None
        before = link.acknowledged
        self.rig.host.emit(status("idle", "r1", parent_type="complete_request"))
        self.rig.turn()
        self.assertEqual(link.acknowledged, before)
        self.rig.host.emit(printed("x", None))
        self.rig.turn()
        self.assertEqual(link.acknowledged, self.rig.host.kept[-1][0])
        self.assertEqual(self.rig.journal.position, Position(self.rig.host.record.directory, self.rig.host.kept[-1][0]))


class Degraded(SessionTestCase):
    """The journal cannot be written."""

    def degrade(self) -> None:
        """A write fails."""
        self.rig.journal.broken = "database or disk is full"
        self.rig.host.emit(printed("x", None))
        self.rig.turn()

    def test_new_work_is_refused_and_what_is_written_can_be_read(self) -> None:
        """It says why."""
        execution = self.start()
        self.degrade()
        fault = self.refused("degraded", "execution.start", session=self.session, code="1")
        self.assertIn("database or disk is full", fault.message)
        table: list[tuple[str, dict[str, Any]]] = [
            ("cell.insert", {}),
            ("session.rename", {"title": "T"}),
            ("session.close", {}),
            ("kernel.restart", {}),
        ]
        for method, params in table:
            self.refused("degraded", method, session=self.session, **params)
        self.assertEqual(self.get(execution)["status"], "queued")
        self.assertTrue(self.rig.me.call("server.info")["degraded"])

    def test_nothing_is_lost_when_it_can_write_again(self) -> None:
        """Output that came meanwhile is written in order, then the host is acknowledged."""
        execution = self.start()
        self.degrade()
        link = self.rig.host.link
        assert link is not None
        acknowledged = link.acknowledged
        self.rig.host.run(execution, printed("hi", execution))
        self.rig.turn()
        self.assertEqual(link.acknowledged, acknowledged)
        self.rig.journal.broken = None
        self.rig.clock.advance(1)
        self.rig.turn()
        self.assertEqual(link.acknowledged, self.rig.host.kept[-1][0])
        self.assertEqual(self.get(execution)["status"], "ok")
        self.assertFalse(self.rig.me.call("server.info")["degraded"])
        self.start()


class Once(SessionTestCase):
    """Law 6."""

    def test_once_however_often_the_call_is_repeated(self) -> None:
        """The same id is the same execution: one event, one request, the same answer."""
        answers = [self.rig.me.call("execution.start", session=self.session, code="1", id="mine") for _ in range(3)]
        self.assertEqual(answers, [answers[0]] * 3)
        self.assertEqual(self.types().count("execution_queued"), 1)
        self.assertEqual(self.rig.host.executed(), ["mine"])

    def test_once_when_two_clients_call_in_the_same_turn(self) -> None:
        """Both get the same answer, after the event is written."""
        told = [
            client.ask("execution.start", session=self.session, code="1", id="mine")
            for client in (self.rig.me, self.rig.client(name="bob"))
        ]
        self.rig.turn()
        first, second = (result_of(self.successResultOf(one)) for one in told)
        self.assertEqual(first, second)
        self.assertEqual(self.rig.host.executed(), ["mine"])

    def test_an_id_names_one_code(self) -> None:
        """Other code under the same id is refused."""
        self.start(id="mine")
        fault = self.refused("already_exists", "execution.start", session=self.session, code="2", id="mine")
        self.assertEqual(fault.facts, {"name": "already_exists", "kind": "execution", "id": "mine"})

    def test_once_after_its_end(self) -> None:
        """A call that is repeated late does not run it again."""
        execution = self.start(id="mine")
        self.rig.host.run(execution)
        self.rig.turn()
        seq = self.rig.me.call("execution.start", session=self.session, code="1", id="mine")["seq"]
        self.assertEqual(self.rig.journal.events()[seq - 1]["execution"], "mine")
        self.assertEqual(self.rig.host.executed(), ["mine"])


class Executions(SessionTestCase):
    """What is told about them."""

    def test_an_execution_that_waits_runs_and_ends(self) -> None:
        """`execution.get` at each step."""
        execution = self.start("x", cell=None)
        self.assertEqual(self.get(execution)["status"], "queued")
        batch = run_of(execution, printed("a\n", execution), printed("b\n", execution))
        self.rig.host.emit(*batch[:3])
        self.rig.turn()
        self.assertEqual((self.get(execution)["status"], self.kernel["state"]), ("running", "busy"))
        self.rig.clock.advance(1)
        self.rig.host.emit(*batch[3:])
        self.rig.turn()
        self.assertEqual(
            self.get(execution),
            {
                "session": self.session,
                "id": execution,
                "status": "ok",
                "code": "x",
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "a\nb\n"}],
                "cell": None,
                "execution_count": 1,
                "duration_s": 0.25,
                "reason": "",
                "queued": "2026-03-01T09:30:00.000000Z",
                "started": "2026-03-01T09:30:00.000000Z",
                "finished": "2026-03-01T09:30:01.000000Z",
                "by": "ada",
                "run": None,
                "version": None,
            },
        )

    def test_an_execution_can_be_asked_for_while_it_is_being_accepted(self) -> None:
        """By another client that knows its id: it is told as soon as it is written."""
        self.rig.me.ask("execution.start", session=self.session, code="1", id="mine")
        told = self.rig.client().ask("execution.get", session=self.session, execution="mine")
        self.assertEqual(result_of(self.rig.wait(told))["status"], "queued")

    def test_outputs_are_its_own(self) -> None:
        """Two executions whose output comes in one batch."""
        one, two = self.start(), self.start()
        self.rig.host.run(one, printed("1", one), ("iopub", message("display_data", {"data": {}}, parent=one)))
        self.rig.host.run(two, printed("2", two), count=2)
        self.rig.turn()
        self.assertEqual(len(self.get(one)["outputs"]), 2)
        self.assertEqual([output["text"] for output in self.get(two)["outputs"]], ["2"])

    def test_text_is_told_as_the_page_and_the_file_show_it(self) -> None:
        """A progress bar as it stands in the end, whatever it was cut into; the text as it was written is in output.read."""
        execution = self.start(cell=None)
        parts = ["10%\r", "55%", "\r100%\n", "abd", "\bc\n"]
        self.rig.host.run(execution, *(printed(part, execution) for part in parts))
        self.rig.turn()
        self.assertEqual([output["text"] for output in self.get(execution)["outputs"]], ["100%\nabc\n"])
        waited = self.rig.me.call("execution.wait", session=self.session, execution=execution)
        self.assertEqual(waited["outputs"], self.get(execution)["outputs"])
        read = self.rig.me.call("output.read", session=self.session, execution=execution, output=0)
        self.assertEqual(read["text"], "".join(parts))

    def test_what_later_executions_show_in_its_displays_is_told(self) -> None:
        """`update_display` comes from other executions than the one that displayed, also before a server that is started again."""

        def shows(kind: str, text: str, parent: str) -> Any:
            content = {"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "d"}}
            return "iopub", message(kind, content, parent=parent)

        one, two, three = self.start(), self.start(), self.start()
        cleared = "iopub", message("clear_output", {"wait": True}, parent=one)
        self.rig.host.run(one, printed("gone", one), cleared, shows("display_data", "first", one))
        self.rig.host.run(two, shows("update_display_data", "second", two), count=2)
        self.rig.host.run(three, shows("update_display_data", "third", three), count=3)
        self.rig.turn()
        third = [{"output_type": "display_data", "data": {"text/plain": "third"}, "metadata": {}}]
        self.assertEqual((self.get(one)["outputs"], self.get(two)["outputs"]), (third, []))
        self.rig = self.rig.crashed()
        self.assertEqual(self.get(one)["outputs"], third)

    def test_wait_is_answered_when_it_has_finished(self) -> None:
        """And that is written."""
        execution = self.start()
        told = self.rig.me.ask("execution.wait", session=self.session, execution=execution, timeout_s=60)
        self.rig.turn()
        self.assertNoResult(told)
        self.rig.host.run(execution)
        self.assertNoResult(told)
        self.rig.turn()
        self.assertEqual(result_of(self.successResultOf(told))["status"], "ok")
        again = self.rig.me.call("execution.wait", session=self.session, execution=execution, timeout_s=0)
        self.assertEqual(again["status"], "ok")

    def test_wait_has_an_end(self) -> None:
        """It tells that the execution goes on."""
        execution = self.start()
        told = self.rig.me.ask("execution.wait", session=self.session, execution=execution, timeout_s=5)
        patient = self.rig.me.ask("execution.wait", session=self.session, execution=execution, timeout_s=50)
        self.rig.clock.advance(5)
        error = self.successResultOf(told)["error"]
        self.assertEqual((error["data"]["name"], error["data"]["timeout_s"]), ("timeout", 5))
        self.assertEqual(self.get(execution)["status"], "queued")
        self.rig.host.run(execution)
        self.rig.turn()
        self.assertEqual(result_of(self.successResultOf(patient))["status"], "ok")

    def test_an_execution_that_is_not_there(self) -> None:
        """By id."""
        for method in ("execution.get", "execution.wait", "execution.cancel"):
            fault = self.refused("not_found", method, session=self.session, execution="ghost")
            self.assertEqual(fault.facts["kind"], "execution")

    def test_code_has_a_limit(self) -> None:
        """And what fits is accepted."""
        from webipy.server.sessions.session import MAX_CODE_CHARACTERS

        self.refused("too_large", "execution.start", session=self.session, code="x" * (MAX_CODE_CHARACTERS + 1))
        self.start("x" * MAX_CODE_CHARACTERS)

    def test_code_of_a_cell_that_is_not_there_is_refused(self) -> None:
        """A typing mistake is told."""
        self.refused("not_found", "execution.start", session=self.session, code="1", cell="ghost")

    def test_cancel(self) -> None:
        """The host is told; its word ends the execution and is the answer. One that runs, or has ended, cannot be cancelled."""
        running, waiting = self.start(), self.start()
        self.rig.host.emit(*run_of(running)[:2])
        self.rig.turn()
        asked = self.rig.me.ask("execution.cancel", session=self.session, execution=waiting)
        self.rig.turn()
        self.assertEqual(self.rig.host.commands[-1], ("cancel", {"msg_id": waiting}))
        self.assertNoResult(asked)
        self.rig.host.tell("request_dropped", msg_id=waiting, reason="cancelled")
        self.rig.wait(asked)
        self.assertEqual(self.get(waiting)["status"], "cancelled")
        for execution in (running, waiting):
            self.refused("not_waiting", "execution.cancel", session=self.session, execution=execution)

    def test_cancel_comes_too_late(self) -> None:
        """The kernel has it already, though it has not said so yet: that is told, and the execution goes on."""
        execution = self.start()
        asked = self.rig.me.ask("execution.cancel", session=self.session, execution=execution)
        self.rig.turn()
        self.rig.clock.advance(CANCEL_SECONDS)
        self.assertEqual(self.rig.wait(asked)["error"]["data"]["name"], "not_waiting")
        self.assertEqual(self.get(execution)["status"], "queued")

    def test_output_after_its_end_is_told(self) -> None:
        """Of threads and processes that live longer; text that came in between of others is not its own."""
        first, second = self.start(), self.start()
        self.rig.host.run(first, printed("in time\n", first))
        self.rig.host.run(second, printed("other\n", second))
        self.rig.host.emit(printed("late\n", first))
        self.rig.turn()
        for execution, text in ((first, "in time\nlate\n"), (second, "other\n")):
            self.assertEqual("".join(output["text"] for output in self.get(execution)["outputs"]), text)
        told = self.rig.me.call("execution.wait", session=self.session, execution=first, timeout_s=1)
        self.assertEqual(told["outputs"], self.get(first)["outputs"])

    def test_a_queue_is_that_of_a_connection_or_has_a_name(self) -> None:
        """A name is one's own: another person's queue of that name is another one. It comes back with the journal."""
        bob = self.rig.client("execute", "bob")
        queues = []
        for client, params in (
            (self.rig.me, {}),
            (self.rig.me, {}),
            (bob, {}),
            (self.rig.client(), {}),
            (self.rig.me, {"queue": "mine"}),
            (self.rig.client(), {"queue": "mine"}),
            (bob, {"queue": "mine"}),
            (self.rig.client(can_notify=False), {}),
            (self.rig.client(can_notify=False), {}),
        ):
            told = client.call("execution.start", session=self.session, code="1", **params)
            _, request = self.rig.host.requests[told["execution"]]
            queues.append(json.loads(request.metadata)["webipy"]["queue"])
            self.assertEqual(self.rig.journal.events()[-1]["queue"], queues[-1])
        self.assertEqual((queues[0], queues[4], queues[7]), (queues[1], queues[5], queues[8]))
        self.assertEqual(len(set(queues)), 6)

    def test_an_interrupt_tells_whether_anything_ran(self) -> None:
        """Of one execution: whether that one did, and the host hears nothing else."""

        def interrupt(**params: str) -> bool:
            return bool(self.rig.me.call("kernel.interrupt", session=self.session, **params)["interrupted"])

        self.assertFalse(interrupt())
        first, second = self.start(), self.start()
        self.rig.host.commands.clear()
        self.assertEqual([interrupt(execution=one) for one in (second, "e0")], [False, False])
        self.assertEqual(self.rig.host.commands, [])
        self.assertEqual([interrupt(), interrupt(execution=first)], [True, True])
        self.assertEqual(
            [found for found in self.rig.host.commands if found[0] == "interrupt"],
            [("interrupt", {"msg_id": None}), ("interrupt", {"msg_id": first})],
        )

    def test_a_question_of_what_has_ended_is_not_asked(self) -> None:
        """Nobody waits for the answer: it was interrupted when it asked."""
        execution = self.start()
        self.rig.host.run(execution)
        self.rig.host.emit(("stdin", message("input_request", {"prompt": "? "}, parent=execution)))
        self.rig.turn()
        self.assertNotIn("input_requested", self.types())

    def test_an_execution_without_a_kernel_is_refused(self) -> None:
        """It is said what to do."""
        fault = self.refused("kernel_not_ready", "execution.start", session=self.rig.session(), code="1")
        self.assertIn("start one", fault.message)


class Death(SessionTestCase):
    """The kernel or its host ends."""

    def test_everything_open_ends_and_who_waits_is_told(self) -> None:
        """Executions are lost, requests fail, new ones are refused; the session lives."""
        self.rig.host.answer_beside()
        execution = self.start()
        waits = self.rig.me.ask("execution.wait", session=self.session, execution=execution, timeout_s=60)
        asks = self.rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
        self.rig.host.tell("kernel_died", start=1, exit_status=3, signal=None, tail="", expected=False)
        self.rig.turn()
        self.assertEqual(result_of(self.successResultOf(waits))["status"], "lost")
        self.assertEqual(self.successResultOf(asks)["error"]["data"]["name"], "kernel_dead")
        for method, params in (
            ("execution.start", {"code": "1"}),
            ("completion.get", {"code": "a", "cursor": 1}),
            ("kernel.interrupt", {}),
            ("kernel.kill", {}),
        ):
            self.refused("kernel_dead", method, session=self.session, **params)
        self.rig.me.call("cell.insert", session=self.session)
        self.assertEqual((self.kernel["state"], self.kernel["pid"]), ("dead", None))

    def test_one_that_died_is_shut_down(self) -> None:
        """Nobody restarts it: it has ended, as one has that was asked to end, and its last words stay."""
        self.rig.host.tell("kernel_died", start=1, exit_status=3, signal=None, tail="no memory", expected=False)
        self.rig.turn()
        self.rig.me.call("kernel.shut_down", session=self.session)
        self.rig.turn()
        for rig in (self.rig, self.rig.crashed()):
            self.rig = rig
            self.assertEqual((self.kernel["state"], self.kernel["ended"]), ("dead", True))
            self.refused("kernel_dead", "kernel.shut_down", session=self.session)
        died = [event for event in self.rig.journal.events() if event["type"] == "kernel_died"]
        self.assertEqual(
            [(one["tail"], one.get("expected", False)) for one in died], [("no memory", False), ("no memory", True)]
        )

    def test_the_host_ends(self) -> None:
        """The same, with its last word."""
        self.rig.host.answer_beside()
        execution = self.start()
        asks = self.rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
        self.rig.host.end("The kernel host ended. Its last word: out of memory")
        self.rig.turn()
        self.assertEqual(self.get(execution)["reason"], "The kernel host ended. Its last word: out of memory")
        self.assertEqual(self.successResultOf(asks)["error"]["data"]["name"], "kernel_dead")
        self.refused("kernel_dead", "execution.start", session=self.session, code="1")

    def test_another_server_takes_the_kernel_over(self) -> None:
        """This one lets go, and asks nothing of the kernel any more."""
        link = self.rig.host.link
        assert link is not None
        link.receiver.fenced()
        self.assertTrue(link.is_closed)
        self.refused("kernel_dead", "execution.start", session=self.session, code="1")

    def test_a_gap_is_told(self) -> None:
        """Never silent."""
        link = self.rig.host.link
        assert link is not None
        link.receiver.attached(True, None)
        self.rig.turn()
        self.assertEqual(self.types()[-1], "output_lost")


class Requests(SessionTestCase):
    """What is no execution: completions and the like."""

    def reply(self, msg_type: str, content: object) -> None:
        """The kernel answers the newest request."""
        request = list(self.rig.host.requests)[-1]
        self.rig.host.emit(("shell", message(msg_type, content, parent=request)))

    def asked(self) -> tuple[str, str, Any]:
        """The newest request: channel, type, content."""
        channel, sent = list(self.rig.host.requests.values())[-1]
        return channel, sent.header.msg_type, json.loads(sent.content)

    def test_each_request_is_translated_there_and_back(self) -> None:
        """A table: method, params, what the kernel is asked, what it says, what comes back."""
        table: list[tuple[str, dict[str, Any], str, Any, Any, Any]] = [
            (
                "completion.get",
                {"code": "🧪pri", "cursor": 4},
                "complete_request",
                {"code": "🧪pri", "cursor_pos": 4},
                {"matches": ["print"], "cursor_start": 1, "cursor_end": 4, "metadata": {"a": 1}, "status": "ok"},
                {"matches": ["print"], "cursor_start": 1, "cursor_end": 4, "metadata": {"a": 1}},
            ),
            (
                "inspection.get",
                {"code": "x", "cursor": 1, "detail": 1},
                "inspect_request",
                {"code": "x", "cursor_pos": 1, "detail_level": 1},
                {"found": True, "data": {"text/plain": "int"}, "metadata": {}},
                {"found": True, "data": {"text/plain": "int"}, "metadata": {}},
            ),
            (
                "code.is_complete",
                {"code": "if x:"},
                "is_complete_request",
                {"code": "if x:"},
                {"status": "incomplete", "indent": "    "},
                {"status": "incomplete", "indent": "    "},
            ),
            (
                "code.is_complete",
                {"code": "x"},
                "is_complete_request",
                {"code": "x"},
                {"status": "perhaps"},
                {"status": "unknown", "indent": ""},
            ),
            (
                "history.get",
                {"n": 5},
                "history_request",
                {"raw": True, "output": False, "n": 5, "unique": False, "hist_access_type": "tail"},
                {"history": [[1, 2, "x"]]},
                {"history": [[1, 2, "x"]]},
            ),
            (
                "history.get",
                {"pattern": "x*", "unique": True},
                "history_request",
                {
                    "raw": True,
                    "output": False,
                    "n": 100,
                    "unique": True,
                    "hist_access_type": "search",
                    "pattern": "x*",
                },
                {},
                {"history": []},
            ),
        ]
        for method, params, msg_type, asked, said, back in table:
            told = self.rig.me.ask(method, session=self.session, **params)
            self.assertEqual(self.asked(), ("shell", msg_type, asked))
            self.reply(msg_type.replace("request", "reply"), said)
            self.assertEqual(result_of(self.successResultOf(told)), back, method)

    def test_a_request_is_no_event(self) -> None:
        """It is nobody else's business."""
        events = len(self.rig.journal.bodies)
        told = self.rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
        self.reply("complete_reply", {"matches": []})
        self.rig.turn()
        self.successResultOf(told)
        self.assertEqual(len(self.rig.journal.bodies), events)

    def test_a_kernel_that_does_not_answer(self) -> None:
        """After `timeout_s` it is told, and a late answer harms nobody."""
        told = self.rig.me.ask("completion.get", session=self.session, code="a", cursor=1, timeout_s=2)
        self.rig.clock.advance(2)
        error = self.successResultOf(told)["error"]
        self.assertEqual((error["data"]["name"], error["data"]["timeout_s"]), ("timeout", 2.0))
        self.reply("complete_reply", {"matches": []})

    def test_an_answer_that_is_malformed(self) -> None:
        """It is the kernel's fault, and told as that."""
        answers: list[Any] = [b"nonsense", [], {"matches": 5}]
        for said in answers:
            told = self.rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
            self.reply("complete_reply", said)
            self.assertEqual(self.successResultOf(told)["error"]["data"]["name"], "kernel_failed", said)

    def test_a_request_that_the_host_dropped(self) -> None:
        """The kernel restarted before it answered."""
        told = self.rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
        self.rig.host.tell("request_dropped", msg_id=list(self.rig.host.requests)[-1], reason="kernel_restarted")
        self.assertEqual(self.successResultOf(told)["error"]["data"]["name"], "kernel_dead")

    def test_a_debug_request_is_sent_whole_and_journaled(self) -> None:
        """With its buffers, and the reply comes whole, to who sent it alone; what was sent stands in the journal before, with who it was."""
        told = self.rig.me.ask(
            "message.send",
            session=self.session,
            channel="control",
            msg_type="debug_request",
            content={"seq": 1},
            buffers=["AAE="],
        )
        self.assertEqual(self.rig.host.requests, {})
        self.rig.turn()
        sent_event = self.rig.journal.events()[-1]
        self.assertEqual(
            {name: sent_event[name] for name in ("type", "channel", "msg_type", "content", "by")},
            {
                "type": "message_sent",
                "channel": "control",
                "msg_type": "debug_request",
                "content": {"seq": 1},
                "by": "ada",
            },
        )
        channel, sent = list(self.rig.host.requests.values())[-1]
        self.assertEqual((channel, sent.content, sent.buffers), ("control", b'{"seq": 1}', (b"\x00\x01",)))
        before = len(self.rig.journal.bodies)
        reply = message("debug_reply", {"ok": 1}, parent=sent.header.msg_id, buffers=(b"\xff",))
        self.rig.host.emit(("control", reply))
        self.assertEqual(
            result_of(self.successResultOf(told)),
            {"msg_type": "debug_reply", "content": {"ok": 1}, "metadata": {}, "buffers": ["/w=="]},
        )
        self.assertEqual(len(self.rig.journal.bodies), before)

    def test_a_request_that_the_kernel_ends_without_a_reply(self) -> None:
        """It has failed over it; a reply that comes behind that word is the answer."""
        params = {"session": self.session, "channel": "control", "msg_type": "debug_request", "content": {}}
        for is_late in (True, False):
            told = self.rig.me.ask("message.send", **params)
            self.rig.turn()
            request = list(self.rig.host.requests)[-1]
            self.rig.host.emit(*(status(state, request, parent_type="debug_request") for state in ("busy", "idle")))
            self.rig.clock.advance(REPLY_SECONDS - 0.5)
            self.assertNoResult(told)
            if is_late:
                self.rig.host.emit(("control", message("debug_reply", {"ok": 1}, parent=request)))
                self.assertEqual(result_of(self.successResultOf(told))["content"], {"ok": 1})
            self.rig.clock.advance(1)
        self.assertIn("without a reply", self.successResultOf(told)["error"]["message"])

    def test_what_is_not_listed_cannot_be_sent(self) -> None:
        """Neither what has a method of its own, nor what nobody knows, nor on a channel where it does not belong; it is said what can be."""
        for msg_type in (*OWN_METHODS, "x_request", "execute", "debug_reply", "webipy_inquiry_request"):
            for channel in ("shell", "control"):
                fault = self.refused(
                    "invalid_params", "message.send", session=self.session, channel=channel, msg_type=msg_type
                )
                self.assertEqual(fault.facts["field"], "msg_type")
        self.refused("invalid_params", "message.send", session=self.session, channel="shell", msg_type="debug_request")
        self.assertEqual(self.rig.host.requests, {})
        for method in OWN_METHODS.values():
            self.assertIn(method, METHODS)

    def test_buffers_that_are_not_base64_are_refused(self) -> None:
        """By name of the field."""
        fault = self.refused(
            "invalid_params",
            "message.send",
            session=self.session,
            channel="control",
            msg_type="debug_request",
            buffers=["no base64!"],
        )
        self.assertEqual(fault.facts["field"], "buffers")


class Inputs(SessionTestCase):
    """`input()`."""

    def ask(self, password: bool = False) -> str:
        """Code asks for a line."""
        execution = self.start()
        self.rig.host.emit(*run_of(execution)[:2])
        content = {"prompt": "? ", "password": password}
        self.rig.host.emit(("stdin", message("input_request", content, parent=execution, msg_id="r1")))
        self.rig.turn()
        return "r1"

    def test_the_line_goes_to_the_kernel_after_it_is_written(self) -> None:
        """As input_reply, with the question as its parent."""
        request = self.ask()
        self.rig.me.call("input.reply", session=self.session, request=request, value="Ada")
        channel, sent = self.rig.host.requests[f"input-{request}"]
        assert sent.parent is not None
        self.assertEqual(
            (channel, sent.header.msg_type, json.loads(sent.content), sent.parent.msg_id),
            ("stdin", "input_reply", {"value": "Ada", "status": "ok"}, request),
        )
        self.assertEqual(self.rig.journal.events()[-1]["value"], "Ada")

    def test_the_first_answer_counts(self) -> None:
        """The second is told so, also in the same turn."""
        request = self.ask()
        told = [
            self.rig.client().ask("input.reply", session=self.session, request=request, value=value) for value in "ab"
        ]
        self.rig.turn()
        names = [self.successResultOf(one).get("error", {}).get("data", {}).get("name") for one in told]
        self.assertEqual(names, [None, "not_waiting"])

    def test_a_password_is_in_no_event(self) -> None:
        """It goes to the kernel only."""
        request = self.ask(password=True)
        self.rig.me.call("input.reply", session=self.session, request=request, value="hunter2")
        self.assertNotIn(b"hunter2", b"".join(self.rig.journal.bodies))
        self.assertIn(b"hunter2", self.rig.host.requests[f"input-{request}"][1].content)

    def test_a_question_that_nobody_asked(self) -> None:
        """By id."""
        fault = self.refused("not_waiting", "input.reply", session=self.session, request="ghost", value="x")
        self.assertEqual(fault.facts["kind"], "input")


class Comms(SessionTestCase):
    """Widgets."""

    def test_comms_are_events_and_messages(self) -> None:
        """Opened, sent to and closed by a client: first written, then sent."""
        opened = self.rig.me.call("comm.open", session=self.session, target="t", comm="c1", content={"a": 1})
        self.assertEqual(opened["comm"], "c1")
        self.rig.me.call("comm.send", session=self.session, comm="c1", content={"b": 2}, buffers=["AA=="])
        self.rig.me.call("comm.close", session=self.session, comm="c1")
        self.assertEqual(self.types()[-3:], ["comm_opened", "comm_message", "comm_closed"])
        self.assertEqual({event["by"] for event in self.rig.journal.events()[-3:]}, {"ada"})
        sent = [message for _, message in self.rig.host.requests.values()]
        self.assertEqual(
            [(m.header.msg_type, json.loads(m.content), m.buffers) for m in sent],
            [
                ("comm_open", {"comm_id": "c1", "target_name": "t", "data": {"a": 1}}, ()),
                ("comm_msg", {"comm_id": "c1", "data": {"b": 2}}, (b"\x00",)),
                ("comm_close", {"comm_id": "c1", "data": {}}, ()),
            ],
        )

    def test_what_cannot_be_sent_is_refused_before_it_is_written(self) -> None:
        """More buffers than a message has; as many as it has are sent."""
        most = ["AA=="] * wire.MAX_BUFFERS
        self.rig.me.call("comm.open", session=self.session, target="t", comm="c1", buffers=most)
        before, sent = len(self.rig.journal.bodies), dict(self.rig.host.requests)
        self.assertEqual(len(list(sent.values())[-1][1].buffers), wire.MAX_BUFFERS)
        tries: list[tuple[str, dict[str, Any]]] = [
            ("comm.open", {"target": "t"}),
            ("comm.send", {"comm": "c1"}),
            ("message.send", {"channel": "control", "msg_type": "debug_request"}),
        ]
        for method, params in tries:
            fault = self.refused("invalid_params", method, session=self.session, buffers=[*most, ""], **params)
            self.assertEqual((fault.facts["field"], str(wire.MAX_BUFFERS) in fault.message), ("buffers", True))
        for field in ("content", "metadata"):
            odd: dict[str, Any] = {"channel": "control", "msg_type": "debug_request", field: [1]}
            fault = self.refused("invalid_params", "message.send", session=self.session, **odd)
            self.assertEqual(fault.facts["field"], field)
        self.assertEqual((len(self.rig.journal.bodies), self.rig.host.requests), (before, sent))

    def test_a_comm_without_a_kernel_is_refused(self) -> None:
        """And leaves no event."""
        self.rig.host.end()
        self.rig.turn()
        events = len(self.rig.journal.bodies)
        self.refused("kernel_dead", "comm.send", session=self.session, comm="c1")
        self.assertEqual(len(self.rig.journal.bodies), events)


class Tabs(SessionTestCase):
    """Law 11, and many clients."""

    def test_closing_a_tab_stops_nothing(self) -> None:
        """The execution that it started goes on, and its output is kept."""
        tab = self.rig.client()
        tab.call("session.subscribe", session=self.session)
        execution = tab.call("execution.start", session=self.session, code="1")["execution"]
        tab.connection.leave()
        self.rig.host.run(execution, printed("hi", execution))
        self.rig.turn()
        self.assertEqual(self.get(execution)["status"], "ok")
        again = self.rig.client()
        again.call("session.subscribe", session=self.session)
        self.rig.turn()
        self.assertEqual(again.seqs(), list(range(1, self.rig.journal.written + 1)))

    def test_two_clients_see_the_same(self) -> None:
        """What one does the other sees, with who did it."""
        one, two = self.rig.client(), self.rig.client(name="bob")
        for client in (one, two):
            client.call("session.subscribe", session=self.session)
        two.call("cell.insert", session=self.session, source="x", id="c1")
        self.rig.turn()
        self.assertEqual(one.sent, two.sent)
        self.assertEqual(one.notified()[-1]["by"], "bob")

    def test_a_long_poll_is_answered_by_the_next_event(self) -> None:
        """Or empty, when nothing came in time."""
        seq = self.rig.journal.written
        told = self.rig.me.ask("session.events", session=self.session, since=seq, wait_s=10)
        self.assertNoResult(told)
        self.rig.me.call("cell.insert", session=self.session, id="c1")
        events = result_of(self.rig.wait(told))
        self.assertEqual((events["first"], [event["cell"] for event in events["events"]]), (seq + 1, ["c1"]))
        told = self.rig.me.ask("session.events", session=self.session, since=seq + 1, wait_s=10)
        self.rig.clock.advance(10)
        self.assertEqual(result_of(self.successResultOf(told))["events"], [])

    def test_events_can_be_read_in_pages(self) -> None:
        """`limit` and `since`."""
        everything = self.rig.me.call("session.events", session=self.session)["events"]
        paged: list[Any] = []
        while page := self.rig.me.call("session.events", session=self.session, since=len(paged), limit=2)["events"]:
            self.assertLessEqual(len(page), 2)
            paged += page
        self.assertEqual(paged, everything)
        self.assertEqual([event["seq"] for event in paged], list(range(1, len(paged) + 1)))

    def test_sync_is_answered_after_every_earlier_event(self) -> None:
        """`server.sync`."""
        client = self.rig.client()
        client.call("session.subscribe", session=self.session)
        self.rig.turn()
        client.connection.pause()
        self.rig.me.call("cell.insert", session=self.session, id="c1")
        told = client.ask("server.sync")
        self.rig.turn()
        self.assertNoResult(told)
        client.connection.resume()
        self.assertEqual(result_of(self.rig.wait(told)), {})
        self.assertEqual(client.seqs()[-1], self.rig.journal.written)


class Loading(SessionTestCase):
    """A session that is opened from its journal."""

    def test_it_has_the_state_that_the_session_had(self) -> None:
        """Its snapshot is the same, whatever came in a row; after a cut, too, and then without the history points before it."""
        for cell in ("c1", "c2"):
            self.rig.me.call("cell.insert", session=self.session, id=cell, source="x")
            self.start("x", cell=cell, id=f"of-{cell}")
        self.rig.turn()
        lines = (printed(f"{number}\n", "of-c1", ("stdout", "stderr")[number % 2]) for number in range(20))
        self.rig.host.emit(*run_of("of-c1", *lines))
        self.rig.host.emit(*run_of("of-c2")[:-1], printed("more", "of-c2"))
        self.rig.turn()
        session = self.rig.services.sessions.get(self.session)
        for is_cut in (False, True):
            if is_cut:
                place = session.written - 3
                whole = self.rig.wait(Deferred.fromCoroutine(folded(session, place, None)))
                self.rig.wait(Deferred.fromCoroutine(session.journal.cut(place, encoded(whole, None))))
            again = Session(session.record, session.world, session.journal, None, session.environment)
            self.rig.wait(Deferred.fromCoroutine(again.load()))
            self.assertEqual((again.seq, is_current(again)), (session.seq, True))
            self.assertEqual(encoded(again.state), encoded(session.state))
            self.assertEqual(again.state.spans.get("of-c1").finished, session.state.spans.get("of-c1").finished)
            points = [point.seq for point in again.state.history_points.all]
            self.assertEqual(all(seq > place for seq in points) if is_cut else bool(points), True)

    def test_a_state_that_is_not_current_is_folded_anew(self) -> None:
        """As when the session was closed, or its journal cannot be written: what is written counts."""
        self.rig.me.call("cell.insert", session=self.session, id="c1", source="x")
        session = self.rig.services.sessions.get(self.session)
        before = encoded(session.state)
        release(session)
        self.assertEqual((is_current(session), session.state.notebook.ids()), (False, []))
        seq, bodies = self.rig.wait(Deferred.fromCoroutine(latest_snapshot(session)))
        self.assertEqual((seq, bodies), (session.written, before))
