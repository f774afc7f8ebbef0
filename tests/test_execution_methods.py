"""webipy.server.methods.executions: parts of outputs, cancelling in a bad moment, and messages that cannot be sent."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.fakes import RigTestCase, message, printed
from webipy.core.json_depth import MAX_DEPTH
from webipy.core.kernel import wire


class ExecutionTestCase(RigTestCase):
    """A session with a kernel."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")

    def call(self, method: str, **params: Any) -> Any:
        """A call for the session."""
        return self.rig.me.call(method, session=self.session, **params)

    def started(self, code: str = "1", **params: Any) -> str:
        """An execution that has reached the kernel."""
        run = str(self.call("execution.start", code=code, **params)["execution"])
        self.rig.turn()
        return run

    def refusal(self, name: str, method: str, **params: Any) -> Any:
        """A call that is refused."""
        return self.refused(name, method, session=self.session, **params)


class Outputs(ExecutionTestCase):
    """`output.read`."""

    def test_a_part_of_a_text(self) -> None:
        """In characters, with the size of the whole; an output that is no text, or not there, is not found."""
        run = self.started()
        shown = ("iopub", message("display_data", {"data": {"text/plain": "x"}, "metadata": {}}, parent=run))
        self.rig.host.run(run, printed("é1", run), printed("23", run), shown)
        self.rig.turn()
        part = self.call("output.read", execution=run, output=0, offset=1, limit=2)
        self.assertEqual(part, {"text": "12", "offset": 1, "size": 4})
        for output in (1, 2):
            fault = self.refusal("not_found", "output.read", execution=run, output=output)
            self.assertIn("is no text, or there is none", fault.message)
        self.refusal("not_found", "output.read", execution="ghost", output=0)

    def test_a_part_of_a_large_value(self) -> None:
        """In bytes, cut between two characters; only of a type that the output refers to."""
        text = "éa" * 10
        name = hashlib.sha256(text.encode()).hexdigest()
        run = self.started()
        metadata = {"webipy": {"blobs": {"text/html": {"sha256": name, "size": len(text.encode())}}}}
        content = {"data": {"text/plain": "x"}, "metadata": metadata}
        shown = json.dumps(content, separators=(",", ":")).encode()
        self.rig.host.run(run, ("iopub", message("display_data", shown, parent=run)))
        self.rig.turn()
        self.rig.journal.blobs[name] = text.encode()
        part = self.call("output.read", execution=run, output=0, mime="text/html", offset=1, limit=4)
        self.assertEqual(part, {"text": "aé", "offset": 2, "size": 30})
        for output, mime in ((0, "text/plain"), (1, "text/html")):
            fault = self.refusal("not_found", "output.read", execution=run, output=output, mime=mime)
            self.assertIn(f"refers to no {mime}", fault.message)


class Cancelling(ExecutionTestCase):
    """`execution.cancel`."""

    def test_a_host_that_says_nothing_has_not_cancelled(self) -> None:
        """What was sent may have begun: that is said, and nothing is taken for cancelled."""
        self.started()
        second = self.started()
        asked = self.rig.me.ask("execution.cancel", session=self.session, execution=second)
        self.rig.turn()
        self.assertNoResult(asked)
        self.rig.clock.advance(1000)
        self.rig.turn()
        self.assertEqual(self.successResultOf(asked)["error"]["data"]["name"], "not_waiting")
        self.assertEqual(self.call("execution.get", execution=second)["status"], "queued")


class Silent(ExecutionTestCase):
    """The results of expressions."""

    def test_those_of_a_silent_execution_go_with_its_kernel(self) -> None:
        """They are in no event; those of another execution are."""
        told = {"x": {"status": "ok", "data": {"text/plain": "1"}, "metadata": {}}}
        for silent in (True, False):
            run = self.started("", silent=silent, user_expressions={"x": "1"})
            reply = message(
                "execute_reply", {"status": "ok", "execution_count": 1, "user_expressions": told}, parent=run
            )
            for state in ("busy", "idle"):
                self.rig.host.emit(("iopub", message("status", {"execution_state": state}, parent=run)))
            self.rig.host.emit(("shell", reply))
            self.rig.turn()
            self.assertEqual(self.call("execution.get", execution=run)["user_expressions"], told)
        silent_run = self.started("", silent=True, user_expressions={"x": "1"}, id="quiet")
        self.rig.host.end()
        self.rig.turn()
        self.assertNotIn("user_expressions", self.call("execution.get", execution=silent_run))


class Messages(ExecutionTestCase):
    """`message.send` and comms: nothing that cannot be sent is written."""

    def test_what_cannot_be_sent(self) -> None:
        """No map, too deep, too many buffers, buffers that are not base64."""
        deep = current = {}  # type: dict[str, Any]
        for _ in range(MAX_DEPTH + 1):
            current["x"] = current = {}
        body = base64.b64encode(b"x").decode()
        table: list[tuple[dict[str, Any], str]] = [
            ({"content": [1]}, "content is a JSON map"),
            ({"metadata": [1]}, "metadata is a JSON map"),
            ({"content": deep}, "content is "),
            ({"metadata": deep}, "metadata is "),
            ({"buffers": [body] * (wire.MAX_BUFFERS + 1)}, f"at most {wire.MAX_BUFFERS}"),
            ({"buffers": ["?"]}, "base64"),
        ]
        before = list(self.rig.journal.bodies)
        for given, words in table:
            params = {"channel": "control", "msg_type": "debug_request", "content": {}, **given}
            self.assertIn(words, self.refusal("invalid_params", "message.send", **params).message)
        self.assertEqual(self.rig.journal.bodies, before)
        self.assertNotIn("debug_request", {sent.header.msg_type for _, sent in self.rig.host.requests.values()})

    def test_a_request_is_sent_and_its_reply_returned(self) -> None:
        """One that runs no code is no event."""
        before = self.rig.journal.written
        asked = self.rig.me.ask("message.send", session=self.session, channel="shell", msg_type="comm_info_request")
        self.rig.turn()
        (request,) = (
            name for name, (_, sent) in self.rig.host.requests.items() if sent.header.msg_type == "comm_info_request"
        )
        self.rig.host.emit(("shell", message("comm_info_reply", {"status": "ok", "comms": {}}, parent=request)))
        self.rig.turn()
        reply = self.successResultOf(asked)["result"]
        self.assertEqual((reply["msg_type"], reply["content"]), ("comm_info_reply", {"status": "ok", "comms": {}}))
        self.assertEqual(self.rig.journal.written, before)


class Open(ExecutionTestCase):
    """`execution.list`, and the header of a client's request."""

    def test_what_was_open_at_an_event(self) -> None:
        """As the events that queued them, also those that have finished since."""
        header = {"msg_id": "first", "session": "client", "date": 5.25, "subshell_id": None}
        first = self.started(id="first", request=header)
        at = self.call("execution.list")["queued"][-1]["seq"]
        second = self.started(id="second")
        (now,) = (self.call("execution.list", at=at)["queued"],)
        self.assertEqual([(one["execution"], one.get("request")) for one in now], [(first, header)])
        self.rig.host.run(first, printed("x", first))
        self.rig.turn()
        self.assertEqual(self.call("execution.list", at=at)["queued"], now)
        self.assertEqual([one["execution"] for one in self.call("execution.list")["queued"]], [second])
        self.assertEqual(self.call("execution.list", at=0)["queued"], [])

    def test_a_header_is_a_small_map(self) -> None:
        """Nothing else is written into the journal."""
        values: list[object] = [[], "x", 5, None, {"a": "x" * 5000}]
        for wrong in values:
            fault = self.refusal("invalid_params", "execution.start", code="1", request=wrong)
            self.assertEqual(fault.facts["field"], "request")


class Description(ExecutionTestCase):
    """`kernel.describe`."""

    def test_what_a_kernel_said_of_itself(self) -> None:
        """Whole, also while it is busy; nothing before it is ready."""
        self.started("while True: pass")
        self.assertEqual(self.call("kernel.describe")["kernel_info"]["banner"], "Fake 1")
        other = self.rig.me.call("session.create", kernelspec="python3")["id"]
        self.assertIsNone(self.rig.me.call("kernel.describe", session=other)["kernel_info"])
