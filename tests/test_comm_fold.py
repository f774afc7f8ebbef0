"""webipy.core.kernel.comm_fold, webipy.core.kernel.output_capture, and webipy.core.kernel.kernel with an Output widget: the shared vectors,
snapshots, and what Output widgets take for themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events, outputs
from webipy.core.events.events import (
    AnyEvent,
    CommClosed,
    CommMessage,
    CommOpened,
    WidgetOutputAdded,
    WidgetOutputsCleared,
)
from webipy.core.kernel import comm_fold, jupyter_messages
from webipy.core.kernel.comm_fold import Comms
from webipy.core.kernel.kernel import Kernel
from webipy.core.kernel.output_capture import OutputCapture
from webipy.core.kernel.wire import Header, Message

VECTORS = Path(__file__).parent / "vectors" / "widgets.json"


def vectors() -> list[dict[str, Any]]:
    """The cases that the page is held to as well (web/test/rich-widgets.test.ts)."""
    cases: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))
    return cases


def plain(told: list[AnyEvent]) -> list[Any]:
    """Events as plain JSON."""
    return [json.loads(events.encode(event)) for event in told]


def folded(log: list[AnyEvent]) -> Comms:
    """The comms after these events."""
    comms = Comms()
    for event in log:
        comms.apply(event)
    return comms


def raw(value: Any) -> Raw:
    """The JSON of a value."""
    return Raw(json.dumps(value).encode())


def opened(comm: str, state: dict[str, Any], seq: int = 1, target: str = "jupyter.widget") -> CommOpened:
    """A comm that is opened with a state."""
    content = {"state": state, "buffer_paths": []}
    return CommOpened(seq=seq, comm=comm, target=target, content=raw(content), metadata=raw({}))


def said(comm: str, state: dict[str, Any], by: str | None = None, method: str = "update") -> CommMessage:
    """A message about its state."""
    return CommMessage(comm=comm, content=raw({"method": method, "state": state}), metadata=raw({}), by=by)


def printed(comm: str, text: str) -> WidgetOutputAdded:
    """Text that a widget has captured."""
    return WidgetOutputAdded(comm=comm, output=outputs.stream("stdout", text))


class Snapshots(SynchronousTestCase):
    """The fold of comms."""

    def test_the_vectors_are_told_as_they_say(self) -> None:
        """The page folds the events of each case, and its snapshot, to the same widgets."""
        for case in vectors():
            log = [events.decode(msgspec.json.encode(event)) for event in case["events"]]
            self.assertEqual(plain(folded(log).as_events()), case["snapshot"], case["name"])

    def test_a_snapshot_folds_to_itself(self) -> None:
        """`fold(log) == fold(snapshot(log[:k]) + log[k:])` for every k."""
        for case in vectors():
            log = [events.decode(msgspec.json.encode(event)) for event in case["events"]]
            for k in range(1, len(log) + 1):
                began: list[AnyEvent] = [log[0], *folded(log[:k]).as_events()] if k > 0 else []
                again = folded([*began, *log[k:]])
                self.assertEqual(values(again.as_events()), values(folded(log).as_events()), (case["name"], k))

    def test_a_dragged_slider_is_one_event(self) -> None:
        """However often it was moved."""
        log: list[AnyEvent] = [opened("c", {"value": 0})]
        for n in range(2000):
            log += [said("c", {"value": n}, by="ada"), said("c", {"value": n}, method="echo_update")]
        self.assertEqual((len(folded(log).as_events()), values(folded(log).as_events())), (1, {"c": {"value": 1999}}))

    def test_comms_of_other_targets_keep_their_last_messages(self) -> None:
        """Nobody but their two sides knows what they mean."""
        log: list[AnyEvent] = [opened("c", {}, target="other")]
        log += [said("c", {"n": n}) for n in range(comm_fold.LAST_OF_COMM + 5)]
        told = folded(log).as_events()
        self.assertEqual(plain(told), plain([log[0], *log[-comm_fold.LAST_OF_COMM + 1 :]]))

    def test_binary_values(self) -> None:
        """A value that is nothing but bytes stands in its buffers alone; a path that leads nowhere is dropped."""
        content = {"state": {"format": "png"}, "buffer_paths": [["value"], [], ["frames", 0]]}
        event = CommOpened(
            comm="c", target="jupyter.widget", content=raw(content), metadata=raw({}), buffers=["AA==", "AQ==", "Ag=="]
        )
        (kept,) = folded([event]).as_events()
        assert isinstance(kept, CommOpened)
        self.assertEqual(
            json.loads(bytes(kept.content)),
            {"state": {"format": "png"}, "buffer_paths": [["value"], ["frames", 0]]},
        )
        self.assertEqual(kept.buffers, ["AA==", "Ag=="])

    def test_an_echo_confirms_the_same_bytes_only(self) -> None:
        """What a client sent waits until the kernel echoes it, binary parts and all."""

        def sent(buffer: str, by: str | None, method: str) -> CommMessage:
            content = {"method": method, "state": {"n": 1}, "buffer_paths": [["value"]]}
            return CommMessage(comm="c", content=raw(content), metadata=raw({}), buffers=[buffer], by=by)

        began: list[AnyEvent] = [opened("c", {}), sent("AA==", None, "echo_update"), sent("AQ==", "ada", "update")]
        for echoed, waiting in (("Ag==", 1), ("AQ==", 0)):
            told = folded([*began, sent(echoed, None, "echo_update")]).as_events()
            self.assertEqual([type(event).__name__ for event in told[1:]], ["CommMessage"] * waiting, echoed)

    def test_what_a_client_sent_is_confirmed_when_the_kernel_rests(self) -> None:
        """At the first `idle` of a kernel that echoes it may not have received it: it counts, and an echo settles it; at the second it is settled."""
        idle = events.KernelStateChanged(state="idle")
        sent = said("c", {"value": 2}, by="ada")
        for log, value, waiting in (
            ([sent], 0, 1),
            ([sent, idle], 2, 0),
            ([sent, idle, said("c", {"value": 3})], 3, 0),
            ([said("c", {"value": 1}, method="echo_update"), sent], 1, 1),
            ([said("c", {"value": 1}, method="echo_update"), sent, idle], 2, 0),
            ([said("c", {"value": 1}, method="echo_update"), sent, idle, said("c", {"value": 4})], 2, 0),
            ([said("c", {"value": 1}, method="echo_update"), sent, idle, idle, said("c", {"value": 4})], 4, 0),
        ):
            began, *rest = folded([opened("c", {"value": 0}), *log]).as_events()
            assert isinstance(began, CommOpened)
            self.assertEqual((json.loads(bytes(began.content))["state"]["value"], len(rest)), (value, waiting), log)

    def test_a_clients_message_of_another_method_is_no_state(self) -> None:
        """It is for the kernel, such as a click on a button."""
        log: list[AnyEvent] = [opened("c", {"n": 1}), said("c", {"n": 2}, by="ada", method="custom")]
        self.assertEqual(plain(folded(log).as_events()), plain(folded(log[:1]).as_events()))

    def test_what_an_unknown_widget_captures_is_dropped(self) -> None:
        """Its events were cut, with those of others."""
        self.assertEqual(folded([printed("gone", "x"), events.SessionRenamed(title="t")]).as_events(), [])

    def test_widgets_of_ended_kernels_are_kept_up_to_a_number(self) -> None:
        """The oldest go first."""
        log: list[AnyEvent] = [opened(f"c{n}", {}) for n in range(comm_fold.LAST_ENDED + 2)]
        log.append(events.KernelStateChanged(state="restarting"))
        told = folded(log).as_events()
        self.assertEqual(len(told), comm_fold.LAST_ENDED)
        self.assertEqual(plain(told[:1]), plain(log[2:3]))

    def test_long_text_in_a_widget_is_cut_with_a_word(self) -> None:
        """With a limit its start and its end are told, and how much is not."""
        comms = Comms(limit=100)
        comms.apply(opened("o", {"outputs": []}))
        for n in range(100):
            comms.apply(printed("o", f"line {n}\n"))
        added = comms.as_events()[1]
        assert isinstance(added, WidgetOutputAdded)
        text = json.loads(bytes(added.output))["text"]
        self.assertTrue(text.startswith("line 0\n"))
        self.assertTrue(text.endswith("line 99\n"))
        self.assertRegex(text, r"\[\d+ characters are left out here\]")

    def test_messages_that_are_no_widgets_are_passed_over(self) -> None:
        """A comm may carry anything."""
        strange = CommMessage(comm="c", content=raw([1, 2]), metadata=raw({}))
        log: list[AnyEvent] = [opened("c", {"value": 0}), strange, said("unknown", {"value": 1})]
        self.assertEqual(plain(folded(log).as_events()), plain([opened("c", {"value": 0})]))


def values(told: list[AnyEvent]) -> dict[str, Any]:
    """What a snapshot says of each widget, whatever waits to be echoed."""
    shown: dict[str, Any] = {}
    for event in told:
        if isinstance(event, CommOpened):
            shown[event.comm] = dict(json.loads(bytes(event.content))["state"])
        elif isinstance(event, CommMessage):
            shown[event.comm] |= json.loads(bytes(event.content))["state"]
        elif isinstance(event, WidgetOutputAdded):
            shown[event.comm]["outputs"] = [*shown[event.comm].get("outputs", []), json.loads(bytes(event.output))]
    return shown


class Capturing(SynchronousTestCase):
    """The Output widgets of a kernel."""

    def setUp(self) -> None:
        """Two Output widgets."""
        self.captures = OutputCapture()
        for comm in ("o", "p"):
            self.captures.observe(opened(comm, {"_model_name": "OutputModel", "outputs": [], "msg_id": ""}))

    def capture(self, comm: str, request: str) -> None:
        """The kernel says that a widget captures a request; empty: none any more."""
        self.assertTrue(self.captures.observe(said(comm, {"msg_id": request})))

    def test_the_last_that_asked_captures(self) -> None:
        """`with` blocks can be nested: when the inner one ends, the outer one captures again."""
        self.assertIsNone(self.captures.captor("m"))
        self.capture("o", "m")
        self.capture("p", "m")
        self.assertEqual(self.captures.captor("m"), "p")
        self.capture("p", "")
        self.assertEqual((self.captures.captor("m"), self.captures.captor("n")), ("o", None))
        self.capture("o", "")
        self.assertIsNone(self.captures.captor("m"))
        self.assertIsNone(self.captures.captor(None))

    def test_the_kernel_is_told_when_the_block_has_ended(self) -> None:
        """Once, with all outputs; its echo of that is nobody's business."""
        self.capture("o", "m")
        self.captures.record(printed("o", "a"))
        self.captures.record(printed("o", "b"))
        self.assertEqual(self.captures.pending_updates(), [])
        self.capture("o", "")
        told = [jupyter_messages.decode(content, jupyter_messages.Comm) for content in self.captures.pending_updates()]
        text = {"output_type": "stream", "name": "stdout", "text": "ab"}
        self.assertEqual(
            [(one.comm_id, json.loads(bytes(one.data))) for one in told],
            [("o", {"method": "update", "state": {"outputs": [text]}, "buffer_paths": []})],
        )
        self.assertEqual(self.captures.pending_updates(), [])
        echo = said("o", {"outputs": [text]}, method="echo_update")
        self.assertEqual([self.captures.observe(echo), self.captures.observe(echo)], [False, True])

    def test_what_the_kernel_says_of_the_outputs_holds(self) -> None:
        """It has just said it, so it need not be told."""
        self.captures.record(printed("o", "a"))
        self.captures.observe(said("o", {"outputs": []}))
        self.assertEqual(self.captures.pending_updates(), [])
        self.captures.record(WidgetOutputsCleared(comm="o"))
        self.assertEqual(len(self.captures.pending_updates()), 1)

    def test_what_the_kernel_holds_is_where_captured_outputs_go_on(self) -> None:
        """From the opening, and from each update of its own."""

        def held() -> str:
            (content,) = self.captures.pending_updates()
            outputs = json.loads(content)["data"]["state"]["outputs"]
            return "".join(str(output["text"]) for output in outputs)

        text = {"output_type": "stream", "name": "stdout", "text": "before, "}
        self.captures.observe(opened("q", {"_model_name": "OutputModel", "outputs": [text], "msg_id": "m"}))
        self.assertEqual(self.captures.captor("m"), "q")
        self.captures.record(printed("q", "then"))
        self.capture("q", "")
        self.assertEqual(held(), "before, then")
        self.captures.observe(said("q", {"outputs": [text, text]}))
        self.captures.record(printed("q", "end"))
        self.assertEqual(held(), "before, before, end")

    def test_other_widgets_capture_nothing(self) -> None:
        """Only an Output widget does."""
        self.captures.observe(opened("s", {"_model_name": "IntSliderModel"}))
        self.captures.observe(said("s", {"msg_id": "m"}))
        self.captures.record(printed("s", "a"))
        self.assertEqual((self.captures.captor("m"), self.captures.pending_updates()), (None, []))

    def test_a_closed_widget_captures_nothing(self) -> None:
        """Nor does one of a kernel that has ended."""
        self.capture("o", "m")
        self.captures.observe(CommClosed(comm="o", content=raw({})))
        self.assertIsNone(self.captures.captor("m"))
        self.capture("p", "m")
        self.captures.forget()
        self.assertIsNone(self.captures.captor("m"))

    def test_a_server_that_starts_again_knows_them(self) -> None:
        """From the events of the journal; what clients said is not the kernel's word."""
        captures = OutputCapture()
        shown = events.OutputUpdated(display_id="d", data=raw({}), metadata=raw({}))
        log: list[AnyEvent] = [
            opened("o", {"_model_name": "OutputModel"}),
            said("o", {"msg_id": "x"}, by="ada"),
            printed("o", "a"),
            shown,
        ]
        log.append(said("o", {"msg_id": "m"}))
        for event in log:
            captures.restore(event)
        self.assertEqual((captures.captor("m"), captures.captor("x")), ("o", None))
        captures.restore(events.KernelDied(kernel="k", reason="gone"))
        self.assertIsNone(captures.captor("m"))

    def test_outputs_that_are_none_are_left_out(self) -> None:
        """A kernel can say anything of them."""
        for strange in ([1, {"output_type": "stream"}], "x", {"a": 1}):
            self.assertTrue(self.captures.observe(said("o", {"outputs": strange, "msg_id": 7})))
        self.captures.record(WidgetOutputsCleared(comm="o", wait=True))
        self.assertEqual(len(self.captures.pending_updates()), 1)


class KernelCaptures(SynchronousTestCase):
    """webipy.core.kernel.kernel, with an Output widget."""

    def test_what_a_widget_captures_is_no_output_of_the_execution(self) -> None:
        """Text, displays and clearing of the request that it captures; adjacent text is one event; the kernel is told when it rests."""
        kernel = Kernel(id="k", kernelspec="python3", display_name="P", language="python", url_without_key="")
        state = {"_model_name": "OutputModel", "outputs": [], "msg_id": ""}
        told = kernel.receive(
            [
                told_by_kernel(
                    "comm_open", {"comm_id": "o", "target_name": "jupyter.widget", "data": {"state": state}}
                ),
                told_by_kernel("status", {"execution_state": "busy"}),
                told_by_kernel("comm_msg", {"comm_id": "o", "data": {"method": "update", "state": {"msg_id": "m"}}}),
                told_by_kernel("stream", {"name": "stdout", "text": "a"}),
                told_by_kernel("stream", {"name": "stdout", "text": "b"}),
                told_by_kernel("clear_output", {"wait": True}),
                told_by_kernel("display_data", {"data": {}, "metadata": {}, "transient": {"display_id": "d"}}),
                told_by_kernel("stream", {"name": "stdout", "text": "of another request"}, parent="n"),
            ]
        )
        display = {"output_type": "display_data", "data": {}, "metadata": {}}
        self.assertEqual(
            [
                (type(event).__name__, json.loads(bytes(event.output)) if hasattr(event, "output") else None)
                for event in told.events[-4:]
            ],
            [
                ("WidgetOutputAdded", {"output_type": "stream", "name": "stdout", "text": "ab"}),
                ("WidgetOutputsCleared", None),
                ("WidgetOutputAdded", display),
                ("OutputAdded", {"output_type": "stream", "name": "stdout", "text": "of another request"}),
            ],
        )
        self.assertEqual(told.widget_updates, [])
        told = kernel.receive(
            [
                told_by_kernel("comm_msg", {"comm_id": "o", "data": {"method": "update", "state": {"msg_id": ""}}}),
                told_by_kernel("status", {"execution_state": "idle"}),
            ]
        )
        outputs_now = {"method": "update", "state": {"outputs": [display]}, "buffer_paths": []}
        self.assertEqual([json.loads(one) for one in told.widget_updates], [{"comm_id": "o", "data": outputs_now}])
        echo = {"method": "echo_update", "state": {"outputs": [display]}}
        self.assertEqual(kernel.receive([told_by_kernel("comm_msg", {"comm_id": "o", "data": echo})]).events, [])


def told_by_kernel(kind: str, content: dict[str, Any], parent: str = "m") -> tuple[str, Message]:
    """A published message of a kernel, about a request."""
    header = Header(msg_id="x", msg_type=kind)
    about = Header(msg_id=parent, msg_type="comm_msg")
    return "iopub", Message(
        header=header, parent=about, metadata=b"{}", content=json.dumps(content).encode(), buffers=()
    )
