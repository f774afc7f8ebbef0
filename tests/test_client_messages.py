"""webipy.core.kernel.client_messages: events in, Jupyter messages out."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel.client_messages import ClientMessages

HEADER = {
    "msg_id": "m-1",
    "msg_type": "execute_request",
    "session": "client",
    "username": "u",
    "date": "d",
    "version": "5.3",
}
OUT = Raw(b'{"output_type":"stream","name":"stdout","text":"hi"}')
ERROR = Raw(b'{"output_type":"error","ename":"E","evalue":"v","traceback":["t"]}')


class Case(SynchronousTestCase):
    """Messages of one kernel."""

    def setUp(self) -> None:
        self.messages = ClientMessages("s1", "k1")
        self.seq = 0

    def shown(self, *made: AnyEvent) -> list[tuple[str, str, Any, Any, str | None]]:
        """Channel, type, content, id of the parent, and for whom: of the messages of some events."""
        found = []
        for event in made:
            self.seq += 1
            known = {name: getattr(event, name) for name in event.__struct_fields__ if name not in ("seq", "time")}
            for one in self.messages.apply(type(event)(**known, seq=self.seq, time="now")):
                parent = json.loads(one.parent).get("msg_id")
                found.append((one.channel, one.msg_type, json.loads(one.content), parent, one.to))
        return found

    def queued(self, **more: Any) -> events.ExecutionQueued:
        """An execution of a client."""
        return events.ExecutionQueued(execution="e1", code="1", request=Raw(json.dumps(HEADER).encode()), **more)


class Executions(Case):
    """An execution."""

    def test_an_execution_from_its_start_to_its_end(self) -> None:
        """The parent is the client's own request; the reply is for the client alone."""
        done = events.ExecutionFinished(execution="e1", status="ok", duration_s=1.0, execution_count=3)
        found = self.shown(
            self.queued(),
            events.ExecutionStarted(execution="e1", execution_count=3),
            events.OutputAdded(execution="e1", output=OUT),
            done,
        )
        reply = {"status": "ok", "execution_count": 3, "user_expressions": {}, "payload": []}
        self.assertEqual(
            found,
            [
                ("iopub", "status", {"execution_state": "busy"}, "m-1", None),
                ("iopub", "execute_input", {"code": "1", "execution_count": 3}, "m-1", None),
                ("iopub", "stream", {"name": "stdout", "text": "hi"}, "m-1", None),
                ("shell", "execute_reply", reply, "m-1", "client"),
                ("iopub", "status", {"execution_state": "idle"}, "m-1", None),
            ],
        )

    def test_the_cell_of_an_execution_is_named(self) -> None:
        """In the metadata of what announces it, for pages that show the runs of others."""
        self.shown(self.queued(cell="c1"))
        announced = self.messages.apply(events.ExecutionStarted(execution="e1", execution_count=3))[1]
        self.assertEqual((announced.msg_type, announced.metadata), ("execute_input", b'{"cellId":"c1"}'))

    def test_the_same_events_make_the_same_messages(self) -> None:
        """By another server, too: ids and dates are those of the events."""
        other = ClientMessages("s1", "k1")
        event = events.OutputAdded(seq=7, time="t", execution="e1", output=OUT)
        for one in (self.messages, other):
            one.queue(self.queued())
        self.assertEqual(self.messages.apply(event), other.apply(event))
        self.assertEqual(json.loads(other.apply(event)[0].parent), HEADER)

    def test_how_an_execution_can_end(self) -> None:
        """An error has that of its output; what did not run is aborted; a lost one says why."""
        started = events.ExecutionStarted(execution="e1", execution_count=1)
        table: list[tuple[Any, str, dict[str, Any]]] = [
            (
                events.OutputAdded(execution="e1", output=ERROR),
                "error",
                {"status": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
            ),
            (started, "aborted", {"status": "aborted"}),
            (started, "cancelled", {"status": "aborted"}),
            (started, "lost", {"status": "error", "ename": "lost", "evalue": "why", "traceback": []}),
        ]
        for before, status, wanted in table:
            end = events.ExecutionFinished(execution="e1", status=status, duration_s=0, reason="why")  # type: ignore[arg-type]  # a table of them
            found = self.shown(self.queued(), before, end)
            self.assertEqual([one[2] for one in found if one[1] == "execute_reply"], [{**wanted, "execution_count": 0}])
            self.assertEqual(found[-1][2], {"execution_state": "idle"})

    def test_what_did_not_come_from_a_client(self) -> None:
        """Everybody sees it, and nobody gets a reply or a question."""
        found = self.shown(
            events.ExecutionQueued(execution="e2", code="1"),
            events.ExecutionStarted(execution="e2", execution_count=1),
            events.InputRequested(request="r", prompt="?", execution="e2"),
            events.ExecutionFinished(execution="e2", status="ok", duration_s=0),
        )
        self.assertEqual(
            [(one[1], one[3]) for one in found], [("status", "e2"), ("execute_input", "e2"), ("status", "e2")]
        )

    def test_silent_results_are_fetched(self) -> None:
        """They are in no event."""
        self.shown(self.queued(silent=True, user_expressions={"a": "1"}), events.ExecutionStarted(execution="e1"))
        made = self.messages.apply(events.ExecutionFinished(seq=9, execution="e1", status="ok", duration_s=0))
        self.assertEqual([one.execution for one in made], ["e1", None])


class Others(Case):
    """All the rest."""

    def test_outputs(self) -> None:
        """Displays, results, their updates, and clearing."""
        data, metadata = Raw(b'{"text/plain":"x"}'), Raw(b"{}")
        shown = Raw(b'{"output_type":"display_data","data":{"text/plain":"x"},"metadata":{}}')
        result = Raw(b'{"output_type":"execute_result","execution_count":2,"data":{},"metadata":{}}')
        found = self.shown(
            self.queued(),
            events.OutputAdded(execution="e1", output=shown, display_id="d"),
            events.OutputAdded(execution=None, output=result),
            events.OutputUpdated(display_id="d", data=data, metadata=metadata),
            events.OutputsCleared(execution="e1", wait=True),
        )
        plain = {"data": {"text/plain": "x"}, "metadata": {}, "transient": {"display_id": "d"}}
        self.assertEqual(
            [one[1:4] for one in found],
            [
                ("display_data", plain, "m-1"),
                ("execute_result", {"data": {}, "metadata": {}, "execution_count": 2, "transient": {}}, None),
                ("update_display_data", plain, None),
                ("clear_output", {"wait": True}, "m-1"),
            ],
        )

    def test_a_question_is_for_who_asked(self) -> None:
        """Its id is that of the prompt."""
        (found,) = self.shown(
            self.queued(), events.InputRequested(request="r", prompt="?", execution="e1", password=True)
        )
        self.assertEqual(found, ("stdin", "input_request", {"prompt": "?", "password": True}, "m-1", "client"))
        self.assertEqual(self.messages.inputs, {"r": "client"})
        self.shown(events.InputReplied(request="r", value="x"))
        self.assertEqual(self.messages.inputs, {})

    def test_comms_of_the_kernel(self) -> None:
        """With buffers; what another client sent is not shown."""
        nothing = Raw(b"{}")
        made = self.messages.apply(
            events.CommOpened(comm="c", target="t", content=nothing, metadata=nothing, buffers=["AQI="])
        )
        self.assertEqual(
            (json.loads(made[0].content), made[0].buffers),
            ({"comm_id": "c", "target_name": "t", "data": {}}, (b"\1\2",)),
        )
        self.assertEqual(
            self.messages.apply(events.CommMessage(comm="c", content=nothing, metadata=nothing, by="ada")), []
        )
        self.assertEqual([one[1] for one in self.shown(events.CommClosed(comm="c", content=nothing))], ["comm_close"])

    def test_an_execution_says_itself_that_the_kernel_is_busy(self) -> None:
        """With its parent: some clients take the first `busy` for that of their request. What another program runs has none of its own."""
        busy = events.KernelStateChanged(state="busy")
        begun = self.shown(self.queued(), busy, events.ExecutionStarted(execution="e1"))
        self.assertEqual([one[1:4] for one in begun][:1], [("status", {"execution_state": "busy"}, "m-1")])
        self.assertEqual(len(begun), 2)
        self.shown(events.ExecutionFinished(execution="e1", status="ok", duration_s=1.0))
        foreign = events.MessageReceived(channel="iopub", msg_type="x", content=Raw(b"{}"), metadata=Raw(b"{}"))
        self.assertEqual(
            [one[1:4] for one in self.shown(busy, foreign)],
            [("status", {"execution_state": "busy"}, None), ("x", {}, None)],
        )
        self.assertEqual(len(self.shown(busy, events.KernelStateChanged(state="idle"))), 1)

    def test_states_of_the_kernel(self) -> None:
        """Not between those of an execution; another kernel and a closed session end the socket."""
        states = [
            self.shown(events.KernelStateChanged(state=state)) for state in ("starting", "idle", "restarting", "dead")
        ]
        self.assertEqual([one[0][2]["execution_state"] for one in states], ["starting", "idle", "starting", "dead"])
        self.shown(self.queued(), events.ExecutionStarted(execution="e1"))
        self.assertEqual(self.shown(events.KernelStateChanged(state="idle")), [])
        self.assertFalse(self.messages.is_gone)
        self.shown(events.KernelStarted(kernel="k2", kernelspec="p", display_name="P", language="", url_without_key=""))
        self.assertTrue(self.messages.is_gone)
