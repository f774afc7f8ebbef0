"""Inquiries of a kernel: answered to whoever asked, told to nobody else, and journaled nowhere."""

from __future__ import annotations

import json
import random
from typing import Any

from twisted.internet.defer import Deferred, succeed

from tests.fakes import FakeHost, RigTestCase, make_rig, message, printed, replied, result_of, status
from tests.test_guests import guest
from webipy.core.kernel import inquiries
from webipy.core.kernel.inquiries import inquiry, is_inquiry
from webipy.kernel_programs import inquiries as program
from webipy.server.methods import inquiries as inquiry_methods

LISTED = {"variables": [{"name": "x", "type": "int", "group": "value", "size": None, "text": "1"}], "all": 1}
ASKED: dict[str, dict[str, Any]] = {
    "completion.get": {"code": "a", "cursor": 1},
    "inspection.get": {"code": "a", "cursor": 1},
    "code.is_complete": {"code": "a"},
    "history.get": {},
    "variable.list": {},
    "variable.read": {"html": "<table>"},
    "definition.get": {"code": "a", "cursor": 1},
}
"""Every inquiry there is."""


class Words(RigTestCase):
    """What the two sides call things."""

    def test_the_kernel_and_the_server_mean_the_same(self) -> None:
        """The one cannot import the other."""
        theirs = (program.FEATURE, program.INQUIRY)
        self.assertEqual(theirs, (inquiries.FEATURE, inquiries.REQUEST))
        self.assertEqual(inquiries.REPLY, program.INQUIRY.replace("request", "reply"))
        self.assertEqual((is_inquiry(inquiry("x")), is_inquiry("x"), is_inquiry(None)), (True, False, False))


class InquiryTestCase(RigTestCase):
    """A session with a kernel that is ready."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")

    @property
    def host(self) -> FakeHost:
        """The kernel's host."""
        return self.rig.host

    def ask(self, method: str, **more: Any) -> Deferred[dict[str, Any]]:
        """An inquiry that is on its way to the kernel."""
        asked = self.rig.me.ask(method, session=self.session, **{**ASKED[method], **more})
        self.rig.turn()
        return asked

    def newest(self) -> tuple[str, str, str, Any]:
        """The newest request: channel, type, id, content."""
        channel, sent = list(self.host.requests.values())[-1]
        return channel, sent.header.msg_type, sent.header.msg_id, json.loads(sent.content)

    def run_cell(self) -> str:
        """An execution that runs; gives its id."""
        run = str(self.rig.me.call("execution.start", session=self.session, code="1")["execution"])
        self.host.emit(status("busy", run))
        self.rig.turn()
        return run


class Beside(InquiryTestCase):
    """A kernel that answers while code runs."""

    def setUp(self) -> None:
        super().setUp()
        self.host.answer_beside()
        self.rig.turn()

    def test_each_goes_by_control_while_a_cell_runs(self) -> None:
        """All of them."""
        self.run_cell()
        for method in ASKED:
            self.ask(method)
            channel, kind, request, _ = self.newest()
            self.assertEqual(
                (channel, kind == "execute_request", is_inquiry(request)), ("control", False, True), method
            )

    def test_a_program_is_given_once(self) -> None:
        """When the kernel does not know it; what it tells comes back."""
        asked = self.ask("variable.list")
        _, _, request, content = self.newest()
        self.assertEqual((content["function"], content["arguments"], "source" in content), ("listed", [], False))
        missing = {"status": "error", "ename": "ModuleNotFoundError", "evalue": content["module"]}
        self.host.emit(("control", message(inquiries.REPLY, missing, parent=request)))
        self.rig.turn()
        _, _, request, content = self.newest()
        self.assertIn("def listed(", content["source"])
        told = {"status": "ok", "data": {"application/json": LISTED}}
        self.host.emit(("control", message(inquiries.REPLY, told, parent=request)))
        self.assertEqual(result_of(self.rig.wait(asked)), {"status": "listed", **LISTED})

    def test_what_a_kernel_refuses_is_a_failure(self) -> None:
        """With its reason; too many at once are told as busy."""
        for method in ("completion.get", "variable.list"):
            for ename, name in (
                ("RuntimeError", "kernel_failed"),
                ("NameError", "kernel_failed"),
                ("Busy", "kernel_busy"),
            ):
                asked = self.ask(method)
                _, kind, request, _ = self.newest()
                said = {"status": "error", "ename": ename, "evalue": "it is tired"}
                self.host.emit(("control", message(kind.replace("request", "reply"), said, parent=request)))
                self.assertEqual(self.rig.wait(asked)["error"]["data"]["name"], name, (method, ename))

    def test_the_next_server_knows_it(self) -> None:
        """It is in the journal, with the kernel's readiness; a restart of the kernel may change it."""
        rig = make_rig(disk=self.rig.disk)
        told = rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
        rig.turn()
        self.assertEqual(list(rig.host.requests.values())[-1][0], "control")
        rig.host.start += 1
        rig.host.ready()
        rig.turn()
        rig.me.ask("completion.get", session=self.session, code="a", cursor=1)
        rig.turn()
        self.assertEqual(list(rig.host.requests.values())[-1][0], "shell")
        self.assertNoResult(told)


class Behind(InquiryTestCase):
    """A kernel that answers when no code runs."""

    def test_while_code_runs_it_is_not_asked(self) -> None:
        """Neither while it runs nor while it is on its way; that is said at once, and in words for a person."""
        run = str(self.rig.me.call("execution.start", session=self.session, code="1")["execution"])
        for _ in range(2):
            for method, params in ASKED.items():
                fault = self.refused("kernel_busy", method, session=self.session, **params)
                self.assertEqual(fault.message, "The kernel is running; it answers when the cell has ended.")
            self.host.emit(status("busy", run))
            self.rig.turn()
        self.assertEqual(list(self.host.requests), [run])
        self.host.run(run)
        self.rig.turn()
        self.ask("completion.get")
        self.assertEqual(self.newest()[:2], ("shell", "complete_request"))

    def test_a_silent_execution_is_no_execution_of_the_session(self) -> None:
        """It changes no state, no count and no queue."""
        asked = self.ask("variable.list")
        _, kind, request, content = self.newest()
        self.assertEqual((kind, content["silent"], content["store_history"]), ("execute_request", True, False))
        before = self.rig.me.call("session.get", session=self.session)
        self.host.emit(status("busy", request), printed("loud", request))
        self.assertEqual(self.rig.me.call("session.get", session=self.session)["kernel"], before["kernel"])
        told = {"told": {"status": "ok", "data": {"application/json": LISTED}}}
        self.host.emit(status("idle", request), replied(request, count=7, user_expressions=told))
        self.assertEqual(result_of(self.rig.wait(asked))["variables"], LISTED["variables"])
        self.assertEqual(self.rig.me.call("session.get", session=self.session), before)


class Overheard(InquiryTestCase):
    """Nobody else hears of an inquiry."""

    def test_no_event_whatever_the_kernel_says(self) -> None:
        """All kinds of messages for an inquiry, in any order; only those of comms pass. Over a restart of the server, too."""
        rng = random.Random(11)
        kinds: list[tuple[str, str, dict[str, Any]]] = [
            ("iopub", "status", {"execution_state": "busy"}),
            ("iopub", "status", {"execution_state": "idle"}),
            ("iopub", "execute_input", {"code": "secret", "execution_count": 99}),
            ("iopub", "stream", {"name": "stdout", "text": "secret"}),
            ("iopub", "display_data", {"data": {"text/plain": "secret"}, "metadata": {}}),
            ("iopub", "execute_result", {"data": {"text/plain": "secret"}, "metadata": {}, "execution_count": 9}),
            ("iopub", "error", {"ename": "secret", "evalue": "", "traceback": []}),
            ("iopub", "update_display_data", {"data": {}, "metadata": {}, "transient": {"display_id": "secret"}}),
            ("iopub", "clear_output", {"wait": False}),
            ("iopub", "debug_event", {"secret": 1}),
            ("stdin", "input_request", {"prompt": "secret", "password": False}),
            ("shell", "execute_reply", {"status": "ok", "execution_count": 9, "user_expressions": {"a": "secret"}}),
            ("control", inquiries.REPLY, {"status": "ok", "data": {"application/json": "secret"}}),
        ]
        before = len(self.rig.journal.bodies)
        rig = self.rig
        for turn in range(60):
            kind = rng.choice(list(ASKED))
            rig.me.ask(kind, session=self.session, **ASKED[kind])
            rig.turn()
            request = list(rig.host.requests)[-1]
            for channel, msg_type, content in rng.sample(kinds, rng.randint(1, len(kinds))):
                rig.host.emit((channel, message(msg_type, content, parent=request)))
            rig.turn()
            if turn == 30:
                rig = make_rig(disk=rig.disk)
                rig.host.emit(printed("secret", request))
        rig.turn()
        self.assertEqual(rig.journal.events()[before:], [])
        rig.host.emit(("iopub", message("comm_msg", {"comm_id": "c", "data": {}}, parent=inquiry("x"))))
        rig.turn()
        self.assertEqual([event["type"] for event in rig.journal.events()[before:]], ["comm_message"])

    def test_an_execution_may_be_called_like_one(self) -> None:
        """A client chooses its ids; what is said for it is an event."""
        run = inquiry("mine")
        self.rig.me.call("execution.start", session=self.session, code="1", id=run)
        self.host.run(run, printed("seen", run))
        self.rig.turn()
        told = self.rig.me.call("execution.get", session=self.session, execution=run)
        self.assertEqual((told["status"], told["outputs"][0]["text"]), ("ok", "seen"))

    def answered(self, method: str, msg_type: str, content: object, **params: Any) -> tuple[Any, Any]:
        """Asks a kernel that answers with this content: what was asked of it, and the reply to the call."""
        asked = self.rig.me.ask(method, session=self.session, **params)
        self.rig.turn()
        name, (channel, sent) = list(self.host.requests.items())[-1]
        reply = message(msg_type, content, parent=name)
        self.host.emit((channel, reply))
        self.rig.turn()
        return json.loads(sent.content), self.successResultOf(asked)

    def test_the_history_is_its_end_or_what_matches(self) -> None:
        """As Jupyter has it; a reply that is malformed is the kernel's failure."""
        lines = [[1, 2, "x = 1"]]
        asked, reply = self.answered("history.get", "history_reply", {"status": "ok", "history": lines})
        self.assertEqual((asked["hist_access_type"], reply["result"]["history"]), ("tail", lines))
        asked, reply = self.answered("history.get", "history_reply", {"status": "ok", "history": []}, pattern="x*")
        self.assertEqual((asked["hist_access_type"], asked["pattern"]), ("search", "x*"))
        wanted = {"hist_access_type": "range", "session": -1, "start": 2, "stop": 4}
        asked, reply = self.answered(
            "history.get", "history_reply", {"status": "ok", "history": []}, of=-1, start=2, stop=4
        )
        self.assertEqual({name: asked[name] for name in wanted}, wanted)
        _, reply = self.answered("history.get", "history_reply", {"status": "ok", "history": 5})
        self.assertEqual(reply["error"]["data"]["name"], "kernel_failed")
        self.assertIn("malformed history_reply", reply["error"]["message"])

    def test_an_answer_that_cannot_be_read_is_the_kernels_failure(self) -> None:
        """It is not passed on; what cannot be asked of a kernel is said without asking it."""
        for answer in (b'{"status": 5}', b"5"):
            self.patch(inquiry_methods, "call_program", lambda *_, answer=answer: succeed(answer))
            fault = self.refused("kernel_failed", "variable.list", session=self.session)
            self.assertIn("cannot be read", fault.message)
        self.patch(inquiry_methods, "call_program", lambda *_: succeed(None))
        self.assertEqual(self.rig.me.call("variable.list", session=self.session)["status"], "unsupported")

    def test_expressions_of_a_silent_execution_are_for_who_asked(self) -> None:
        """In no event; told to whoever started it, and to nobody else of the session."""
        run = "quiet"
        more = {"silent": True, "user_expressions": {"key": "api_key"}}
        self.rig.me.call("execution.start", session=self.session, code="", id=run, **more)
        told = {"key": {"status": "ok", "data": {"text/plain": "s3cret"}, "metadata": {}}}
        self.host.emit(status("busy", run), status("idle", run), replied(run, user_expressions=told))
        self.rig.turn()
        self.assertNotIn(b"s3cret", b"".join(self.rig.journal.bodies))
        mine = self.rig.me.call("execution.wait", session=self.session, execution=run)
        self.assertEqual(mine["user_expressions"], told)
        for verb in ("read", "write", "execute"):
            theirs = guest(self.rig, self.session, verb).call("execution.get", session=self.session, execution=run)
            self.assertNotIn("user_expressions", theirs)
