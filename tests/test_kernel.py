"""webipy.core.kernel.kernel and webipy.core.kernel.jupyter_messages: what a kernel sends, in scripted batches; whole lists of events out. Its runs
are in test_executions.py."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples, message, printed, run_of, status
from tests.test_outputs import folded
from webipy.core.events import events, outputs
from webipy.core.events.events import (
    AnyEvent,
    CommClosed,
    CommMessage,
    CommOpened,
    ExecutionFinished,
    ExecutionMoved,
    ExecutionQueued,
    ExecutionStarted,
    KernelReady,
    KernelStarted,
    KernelStartRetried,
    KernelStateChanged,
    MessageReceived,
    OutputAdded,
    OutputLost,
    OutputsCleared,
    OutputUpdated,
)
from webipy.core.events.stream_coalescer import MAX_MERGED_BYTES
from webipy.core.json_depth import MAX_DEPTH
from webipy.core.kernel.executions import KEPT_EXECUTIONS
from webipy.core.kernel.host_protocol import KnownWay
from webipy.core.kernel.inquiries import FEATURE, inquiry
from webipy.core.kernel.jupyter_messages import encode
from webipy.core.kernel.kernel import Kernel, Received
from webipy.core.kernel.wire import Message

BUSY, IDLE = KernelStateChanged(state="busy"), KernelStateChanged(state="idle")
DEAD, RESTARTING = KernelStateChanged(state="dead"), KernelStateChanged(state="restarting")
RAN = ExecutionFinished(execution="e1", status="ok", duration_s=0.25, execution_count=1)
BEGAN = ExecutionStarted(execution="e1", execution_count=1)


def new_kernel() -> Kernel:
    """A kernel that is being started."""
    return Kernel("k1", "python3", "Python 3", "python", "ipc:///k1")


def told(kind: str, **content: object) -> tuple[str, Message]:
    """An event of the host."""
    return "host", message(kind, content)


def ready(start: int = 1) -> list[tuple[str, Message]]:
    """The host's word that the kernel answered."""
    info = {"implementation": "ipython", "banner": "B", "language_info": {"name": "python"}}
    return [
        told("kernel_starting", start=start, pid=4711),
        told("kernel_ready", start=start, pid=4711, kernel_info=info, seconds=0.51249),
    ]


def text(letters: str, name: str = "stdout", execution: str | None = "e1", cell: str | None = None) -> OutputAdded:
    """The event of some text."""
    return OutputAdded(execution=execution, cell=cell, output=outputs.stream(name, letters))


def shown(output: object, execution: str | None = "e1", **more: Any) -> OutputAdded:
    """The event of any output."""
    return OutputAdded(execution=execution, output=Raw(encode(output)), **more)


class KernelTestCase(SynchronousTestCase):
    """A kernel that is ready, and helpers to compare whole lists."""

    def setUp(self) -> None:
        self.kernel = new_kernel()
        self.kernel.receive(ready())

    def queue(self, *executions: str, **fields: Any) -> None:
        """Accepts executions."""
        for execution in executions:
            self.kernel.executions.queue(ExecutionQueued(execution=execution, code="1", **fields))

    def takes(self, batch: list[tuple[str, Message]], *wanted: AnyEvent) -> None:
        """Takes a batch in and compares the events that come of it, all of them."""
        self.assertEqual(self.kernel.receive(batch).events, list(wanted))


class Output(KernelTestCase):
    """What executions put out."""

    def setUp(self) -> None:
        super().setUp()
        self.queue("e1", "e2")

    def test_adjacent_text_of_a_batch_is_one_event(self) -> None:
        """Merged within the stream and the execution, and not across anything else."""
        self.takes(
            [
                printed("a", "e1"),
                printed("b", "e1"),
                printed("w", "e1", "stderr"),
                printed("c", "e1"),
                printed("1", "e2"),
                printed("2", "e2"),
                ("iopub", message("clear_output", {"wait": True}, parent="e2")),
                printed("3", "e2"),
            ],
            text("ab"),
            text("w", "stderr"),
            text("c"),
            text("12", execution="e2"),
            OutputsCleared(execution="e2", wait=True),
            text("3", execution="e2"),
        )

    def test_text_is_joined_as_it_came(self) -> None:
        """JSON strings, not decoded: with escapes, letters outside of ASCII, other fields and any white space."""
        batch = [
            ("iopub", message("stream", b'{"name":"stdout","text":"a\\n\\"\\u00e9"}', parent="e1")),
            (
                "iopub",
                message(
                    "stream", '{"x": [{}], "text" : "\u00df\\ud83d\\ude00" ,"name": "stdout"}'.encode(), parent="e1"
                ),
            ),
            ("iopub", message("stream", b'{"name":"stdout","text":""}', parent="e1")),
        ]
        (event,) = self.kernel.receive(batch).events
        assert isinstance(event, OutputAdded)
        self.assertEqual(bytes(event.output).count(b"\\u00e9"), 1)
        self.assertEqual(json.loads(bytes(event.output))["text"], 'a\n"\u00e9\u00df\U0001f600')

    def test_text_that_is_no_text_is_lost_and_told(self) -> None:
        """Nothing that is not a JSON string gets between the others."""
        for content in (
            b'{"name":"stdout","text":1}',
            b'{"name":"stdout","text":"a"}x',
            b'{"name":"stdout"}',
            b'{"name":"stdout","text":["a"]}',
        ):
            (event,) = self.kernel.receive([("iopub", message("stream", content, parent="e1"))]).events
            self.assertIsInstance(event, OutputLost)

    def test_merged_text_has_a_limit(self) -> None:
        """A flood is some even events, and none of its text is lost."""
        piece = "x" * 1000
        taken = self.kernel.receive([printed(piece, "e1") for _ in range(1000)]).events
        sizes = [len(json.loads(bytes(e.output))["text"]) for e in taken if isinstance(e, OutputAdded)]
        self.assertEqual(sum(sizes), 1_000_000)
        self.assertLessEqual(max(sizes), MAX_MERGED_BYTES + 1000)
        self.assertLess(len(sizes), 6)

    def test_displays_and_results(self) -> None:
        """They become nbformat outputs; `transient` is not saved."""
        data = {"text/plain": "1", "image/png": "aGk="}
        content = {"data": data, "metadata": {"m": 1}, "transient": {"display_id": "d1"}}
        self.takes(
            [
                ("iopub", message("display_data", content, parent="e1")),
                (
                    "iopub",
                    message("execute_result", {"data": data, "metadata": {}, "execution_count": 3}, parent="e1"),
                ),
                ("iopub", message("display_data", {"data": data}, parent="e1")),
                ("iopub", message("update_display_data", content, parent="e2")),
                ("iopub", message("update_display_data", {"data": data, "metadata": {}}, parent="e2")),
            ],
            OutputAdded(
                execution="e1",
                display_id="d1",
                output=Raw(
                    b'{"output_type":"display_data","data":{"text/plain": "1", "image/png": "aGk="},"metadata":{"m": 1}}'
                ),
            ),
            OutputAdded(
                execution="e1",
                output=Raw(
                    b'{"output_type":"execute_result","execution_count":3,"data":{"text/plain": "1", "image/png": "aGk="},"metadata":{}}'
                ),
            ),
            OutputAdded(
                execution="e1",
                output=Raw(
                    b'{"output_type":"display_data","data":{"text/plain": "1", "image/png": "aGk="},"metadata":{}}'
                ),
            ),
            OutputUpdated(
                display_id="d1", data=Raw(b'{"text/plain": "1", "image/png": "aGk="}'), metadata=Raw(b'{"m": 1}')
            ),
        )

    def test_output_after_the_end_is_still_its_own(self) -> None:
        """A thread prints later."""
        self.kernel.receive(run_of("e1"))
        self.takes([printed("late\n", "e1")], text("late\n"))

    def test_output_without_a_parent_belongs_to_no_execution(self) -> None:
        """Such as a warning at the start of a kernel."""
        self.takes([printed("x", None)], text("x", execution=None))

    def test_a_kernel_is_believed_only_about_what_was_asked_of_it(self) -> None:
        """A kernel may claim anything as its parent."""
        self.takes(
            [printed("x", "forged"), ("iopub", message("clear_output", {}, parent="forged"))], text("x", execution=None)
        )

    def test_the_oldest_ended_executions_are_forgotten(self) -> None:
        """`KEPT_EXECUTIONS` are known; an older one loses only its late output."""
        self.kernel.receive(run_of("e1"))
        for n in range(KEPT_EXECUTIONS + 1):
            self.queue(f"x{n}")
            self.kernel.receive([told("request_dropped", msg_id=f"x{n}", reason="aborted")])
        self.assertFalse(self.kernel.executions.knows("e1"))
        self.assertTrue(self.kernel.executions.knows("e2"), "it is open")
        self.assertTrue(self.kernel.executions.knows("x0"))

    def test_an_open_execution_is_never_forgotten(self) -> None:
        """However many came after it: its output is its own until its end."""
        self.kernel.receive(run_of("e1")[:2])
        self.queue(*(f"x{n}" for n in range(KEPT_EXECUTIONS + 5)))
        self.takes([printed("x", "e1")], text("x"))

    def test_comms_carry_their_buffers(self) -> None:
        """As base64, with metadata."""
        content = {"comm_id": "c", "target_name": "t", "data": {"v": 1}}
        raw = Raw(b'{"v": 1}')
        self.takes(
            [
                ("iopub", message("comm_open", content, parent="e1", metadata=b'{"version":2}')),
                ("iopub", message("comm_msg", content, parent="e1", buffers=(b"\x00\x01", b""))),
                ("iopub", message("comm_close", content, parent="other")),
            ],
            CommOpened(comm="c", target="t", content=raw, metadata=Raw(b'{"version":2}'), execution="e1"),
            CommMessage(comm="c", content=raw, metadata=Raw(b"{}"), execution="e1", buffers=["AAE=", ""]),
            CommClosed(comm="c", content=raw),
        )

    def test_messages_of_other_types_are_passed_on_whole(self) -> None:
        """Debug events and those of tomorrow."""
        self.takes(
            [("iopub", message("debug_event", {"type": "event"}, parent="e1", buffers=(b"x",)))],
            MessageReceived(
                channel="iopub",
                msg_type="debug_event",
                content=Raw(b'{"type": "event"}'),
                metadata=Raw(b"{}"),
                execution="e1",
                buffers=["eA=="],
            ),
        )

    def test_code_that_another_program_runs_is_passed_on(self) -> None:
        """By the message that tells it; its output is of no execution, and the kernel is busy with it."""
        content = {"code": "x", "execution_count": 7}
        self.takes(
            [
                ("iopub", message("status", {"execution_state": "busy"}, parent="other")),
                ("iopub", message("execute_input", content, parent="other")),
                printed("y", "other"),
                ("iopub", message("status", {"execution_state": "idle"}, parent="other")),
            ],
            KernelStateChanged(state="busy"),
            MessageReceived(
                channel="iopub",
                msg_type="execute_input",
                content=Raw(b'{"code": "x", "execution_count": 7}'),
                metadata=Raw(b"{}"),
            ),
            text("y", execution=None),
            KernelStateChanged(state="idle"),
        )

    def test_the_welcome_of_a_publisher_is_no_event(self) -> None:
        """It concerns its subscriber only."""
        self.takes([("iopub", message("iopub_welcome", {}))])

    def test_replies_go_to_who_waits(self) -> None:
        """By the id of the request."""
        reply = message("complete_reply", {"matches": []}, parent="r1")
        self.assertEqual(self.kernel.receive([("shell", reply), ("control", reply)]).replies, [("r1", reply)] * 2)


class Beside(KernelTestCase):
    """What is no output of an execution."""

    def test_a_reply_to_no_request_is_dropped(self) -> None:
        """Nobody waits for it."""
        self.assertEqual(self.kernel.receive([("shell", message("complete_reply"))]), Received([], [], []))

    def test_an_inquiry_leaves_no_trace_but_its_comms(self) -> None:
        """What it prints and shows is dropped, its reply goes to who waits; an execution may have an id that looks like one."""
        of = inquiry("1")
        event = CommOpened(comm="c", target="t", content=Raw(b"{}"), metadata=Raw(b"{}"))
        opened = message("comm_open", {"comm_id": "c", "target_name": "t"}, parent=of)
        reply = message("execute_reply", {"status": "ok"}, parent=of)
        received = self.kernel.receive([printed("x", of), ("iopub", opened), ("shell", reply)])
        self.assertEqual(received, Received([event], [(of, reply)], []))
        self.queue(of)
        self.takes([printed("x", of)], text("x", execution=of))

    def test_other_states_of_the_kernel_change_nothing(self) -> None:
        """Jupyter messaging 5.4: a kernel says `starting` once."""
        self.queue("e1")
        self.takes([status("starting", "e1")])
        self.assertEqual((self.kernel.state, self.kernel.runs_code), ("idle", True))

    def test_when_a_request_would_wait(self) -> None:
        """While code runs, or is about to; never in a kernel that runs nothing."""
        kernel = new_kernel()
        kernel.executions.queue(ExecutionQueued(execution="e1", code="1"))
        self.assertFalse(kernel.runs_code, "it is not ready")
        kernel.receive(ready())
        self.assertTrue(kernel.runs_code, "it will begin at once")
        kernel.receive(run_of("e1")[:2])
        self.assertTrue(kernel.runs_code)
        kernel.receive(run_of("e1")[2:])
        self.assertFalse(kernel.runs_code)
        kernel.receive([status("busy", "r1", parent_type="comm_msg")])
        self.assertTrue(kernel.runs_code, "a widget's code is code")

    def test_the_host_reports_where_a_request_waits(self) -> None:
        """The order of what waits follows."""
        self.queue("e1", "e2", "e3")
        self.takes([told("request_moved", msg_id="e3", after="e1")], ExecutionMoved(execution="e3", before="e2"))
        self.assertEqual(list(self.kernel.executions.open), ["e1", "e3", "e2"])

    def test_a_start_that_is_tried_again(self) -> None:
        """Why, and how it is started next."""
        self.takes(
            [told("start_retried", start=1, reason="No.", how="over loopback TCP", tail="words")],
            KernelStartRetried(kernel="k1", reason="No.", how="over loopback TCP", tail="words"),
        )
        self.assertEqual(self.kernel.state, "idle")


class Malformed(KernelTestCase):
    """Kernels run the code of strangers."""

    def setUp(self) -> None:
        super().setUp()
        self.queue("e1")

    def test_content_that_is_not_json_is_lost_output(self) -> None:
        """It is told, and what comes next is taken in."""
        for raw in (b"", b"{", b"nonsense", b"\xff\xfe"):
            self.takes(
                [("iopub", message("stream", raw, parent="e1")), printed("x", "e1")],
                OutputLost(reason="The kernel sent a stream that is not JSON.", count=1),
                text("x"),
            )

    def test_content_of_another_shape_is_lost_output(self) -> None:
        """For every type that is read."""
        for channel, kind in (
            ("iopub", "stream"),
            ("iopub", "display_data"),
            ("iopub", "execute_result"),
            ("iopub", "update_display_data"),
            ("iopub", "error"),
            ("iopub", "status"),
            ("iopub", "execute_input"),
            ("iopub", "clear_output"),
            ("iopub", "comm_open"),
            ("iopub", "comm_msg"),
            ("stdin", "input_request"),
        ):
            for raw in (b"[]", b"5", b"null", b'"x"'):
                (event,) = self.kernel.receive([(channel, message(kind, raw, parent="e1"))]).events
                assert isinstance(event, OutputLost), (kind, raw, event)
                self.assertTrue(event.reason.startswith(f"The kernel sent a malformed {kind}: "), event.reason)

    def test_a_reply_that_cannot_be_read_ends_its_execution(self) -> None:
        """The kernel is done with it, whatever it says."""
        for raw in (b"nonsense", b"[]"):
            self.queue("e3")
            lost, finished = self.kernel.receive([("shell", message("execute_reply", raw, parent="e3"))]).events
            self.assertIsInstance(lost, OutputLost)
            self.assertEqual(finished, ExecutionFinished(execution="e3", status="error", duration_s=0.0))

    def test_a_display_whose_data_is_no_object_is_lost_output(self) -> None:
        """nbformat 4.5: `data` and `metadata` are objects; a reader that trusts them must not break."""
        for content in ({"data": 5}, {"data": None}, {"data": ["x"]}, {"data": {}, "metadata": 3}):
            for kind in ("display_data", "execute_result", "update_display_data"):
                body = {"transient": {"display_id": "d"}, **content}
                (event,) = self.kernel.receive([("iopub", message(kind, body, parent="e1"))]).events
                self.assertIsInstance(event, OutputLost, f"{kind} {content}")
        (event,) = self.kernel.receive(
            [("iopub", message("display_data", {"data": {}, "metadata": None}, parent="e1"))]
        ).events
        self.assertEqual(event, shown({"output_type": "display_data", "data": {}, "metadata": {}}))

    def test_content_that_is_nested_too_deep_is_lost_output(self) -> None:
        """Nobody could read it again."""
        deep = b'{"data": {"application/json": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}}"
        (event,) = self.kernel.receive([("iopub", message("display_data", deep, parent="e1"))]).events
        assert isinstance(event, OutputLost)
        self.assertTrue(event.reason.startswith("The kernel sent a display_data that cannot be kept: "), event.reason)

    def test_what_a_kernel_says_of_itself_may_be_anything(self) -> None:
        """It is ready all the same: its language stays unknown, and it answers no inquiries beside code."""
        for info, language, is_beside in (
            ({"language_info": {"name": "R"}, "supported_features": [FEATURE, 7]}, "R", True),
            ({"language_info": {"name": 7}, "supported_features": "all"}, "", False),
            ({"language_info": 7, "supported_features": {}}, "", False),
            ({}, "", False),
        ):
            kernel = Kernel("k1", "ir", "R", "", "ipc:///k1")
            kernel.receive([told("kernel_ready", start=1, pid=1, kernel_info=info, seconds=1)])
            self.assertEqual((kernel.state, kernel.language, kernel.answers_beside), ("idle", language, is_beside))

    def test_metadata_of_a_reply_may_be_anything(self) -> None:
        """When the kernel began with it is not known then."""
        for metadata in (b"nonsense", b"[]", b'{"started": 7}'):
            self.queue("e3")
            reply = message("execute_reply", {"status": "ok"}, parent="e3", metadata=metadata)
            self.takes([("shell", reply)], ExecutionFinished(execution="e3", status="ok", duration_s=0.0))

    def test_numbers_that_json_does_not_have_become_null(self) -> None:
        """NaN and the infinities, as Python's json writes them."""
        raw = b'{"data": {"application/json": [NaN, Infinity, -Infinity, 1.5]}, "metadata": {}}'
        (event,) = self.kernel.receive([("iopub", message("display_data", raw, parent="e1"))]).events
        body = json.loads(events.encode(event), parse_constant=self.fail)
        self.assertEqual(body["output"]["data"], {"application/json": [None, None, None, 1.5]})

    def test_text_that_is_not_unicode_is_mended(self) -> None:
        """Lone surrogates and broken UTF-8 become U+FFFD."""
        for raw in (
            b'{"name":"stdout","text":"a\\ud800b"}',
            b'{"name":"stdout","text":"a\xffb"}',
            b'{"name":"stdout","text":"a\xed\xa0\x80b"}',
        ):
            (event,) = self.kernel.receive([("iopub", message("stream", raw, parent="e1"))]).events
            letters = json.loads(events.encode(event))["output"]["text"]
            self.assertEqual((letters[0], letters[-1], letters.strip("ab").strip("\ufffd")), ("a", "b", ""))

    def test_nothing_that_a_kernel_sends_breaks_the_journal(self) -> None:
        """Whatever the content: every event can be written and read again."""

        @examples(300)
        @given(
            st.sampled_from(["iopub", "shell", "stdin", "control"]),
            st.sampled_from(
                ["stream", "display_data", "error", "status", "comm_open", "execute_reply", "input_request", "any"]
            ),
            st.one_of(
                st.binary(max_size=20),
                st.recursive(
                    st.one_of(st.none(), st.floats(), st.text(max_size=4), st.booleans()),
                    lambda inner: st.one_of(
                        st.lists(inner, max_size=3),
                        st.dictionaries(
                            st.sampled_from(["name", "text", "data", "metadata", "ename", "status", "comm_id", "x"]),
                            inner,
                            max_size=4,
                        ),
                    ),
                    max_leaves=6,
                ).map(lambda value: json.dumps(value).encode()),
            ),
        )
        def holds(channel: str, kind: str, raw: bytes) -> None:
            kernel = new_kernel()
            kernel.executions.queue(ExecutionQueued(execution="e1", code="1"))
            for event in kernel.receive([(channel, message(kind, raw, parent="e1"))]).events:
                body = events.encode(event)
                json.loads(body, parse_constant=self.fail)
                self.assertEqual(events.encode(events.decode(body)), body)

        holds()


class Birth(SynchronousTestCase):
    """Before the first answer."""

    def test_its_first_events(self) -> None:
        """Who it is, and that it is being started."""
        self.assertEqual(
            new_kernel().started(),
            [
                KernelStarted(
                    kernel="k1",
                    kernelspec="python3",
                    display_name="Python 3",
                    language="python",
                    url_without_key="ipc:///k1",
                ),
                KernelStateChanged(state="starting"),
            ],
        )

    def test_how_it_was_started(self) -> None:
        """As the host reports it: the way to take at the next start, and what its sockets are."""
        kernel = new_kernel()
        way = {"boot": "ipykernel", "transport": "tcp"}
        (born, idle) = kernel.receive(
            [told("kernel_ready", start=1, pid=1, kernel_info={}, seconds=1, way=way, is_encrypted=True)]
        ).events
        assert isinstance(born, KernelReady)
        self.assertEqual((born.transport, born.encrypted, idle), ("tcp", True, IDLE))
        self.assertEqual(kernel.way, KnownWay("ipykernel", "tcp", True))

    def test_an_execution_may_be_queued_before_it_is_ready(self) -> None:
        """It waits."""
        kernel = new_kernel()
        kernel.executions.queue(ExecutionQueued(execution="e1", code="1"))
        kernel.receive(ready())
        self.assertEqual(list(kernel.executions.open), ["e1"])


class Restore(SynchronousTestCase):
    """A kernel that comes back after the server did."""

    def test_a_kernel_restored_from_its_events_is_the_same(self) -> None:
        """At every step of a life: the fold of the events equals the kernel that made them (but for its pid, which no event tells)."""
        alive = new_kernel()
        journal: list[AnyEvent] = [*alive.started()]

        def queue(execution: str, **fields: Any) -> None:
            event = ExecutionQueued(execution=execution, code="1", **fields)
            alive.executions.queue(event)
            journal.append(event)

        def take(*batch: tuple[str, Message]) -> None:
            journal.extend(alive.receive(list(batch)).events)

        def compare() -> None:
            again = new_kernel()
            for event in journal[1:]:
                again.restore(events.decode(events.encode(event)))
            for field in ("state", "start", "execution_count"):
                self.assertEqual(getattr(again, field), getattr(alive, field), field)
            self.assertEqual(
                {e: (run.running, run.queued) for e, run in again.executions.open.items()},
                {e: (run.running, run.queued) for e, run in alive.executions.open.items()},
            )
            self.assertEqual(again.executions.inputs, alive.executions.inputs)

        steps = [
            lambda: take(*ready()),
            lambda: queue("e1", cell="c"),
            lambda: queue("e2"),
            lambda: take(*run_of("e1")[:2]),
            lambda: take(("stdin", message("input_request", {"prompt": "?"}, parent="e1", msg_id="r1"))),
            lambda: journal.append(alive.executions.answered("r1", "x")),
            lambda: take(*run_of("e1", printed("x", "e1"), count=7)[2:]),
            lambda: journal.extend(alive.restarting()),
            lambda: queue("e3"),
            lambda: take(told("kernel_restarting", start=2, key="k")),
            lambda: take(*ready(2)),
            lambda: take(*run_of("e3")),
            lambda: take(told("kernel_died", start=2, exit_status=1)),
        ]
        for step in steps:
            step()
            compare()

    def test_a_restored_kernel_ends_what_it_should_at_a_restart(self) -> None:
        """The server died between the call of restart and the host's word."""
        again = new_kernel()
        for event in (
            ExecutionQueued(execution="e1", code="1"),
            KernelStateChanged(state="restarting"),
            ExecutionQueued(execution="e2", code="1"),
        ):
            again.restore(event)
        taken = again.receive([told("kernel_restarting", start=2, key="k")]).events
        self.assertEqual([e.execution for e in taken if isinstance(e, ExecutionFinished)], ["e1"])
        self.assertEqual(list(again.executions.open), ["e2"])

    def test_how_messages_were_cut_into_batches_does_not_show(self) -> None:
        """All at once, one by one, or random splits: the same fold of outputs, the same end."""
        whole = [
            *ready(),
            *run_of("e1", printed("a", "e1"), printed("b", "e1"), printed("w", "e1", "stderr")),
            *run_of(
                "e2",
                printed("x", "e2"),
                ("iopub", message("clear_output", {"wait": True}, parent="e2")),
                printed("y", "e2"),
            ),
        ]

        def events_of(cuts: list[int]) -> list[AnyEvent]:
            kernel = new_kernel()
            for execution in ("e1", "e2"):
                kernel.executions.queue(ExecutionQueued(execution=execution, code="1"))
            bounds = [0, *sorted(cuts), len(whole)]
            came: list[AnyEvent] = []
            for start, end in pairwise(bounds):
                came += kernel.receive(whole[start:end]).events
            return came

        def told_of(came: list[AnyEvent]) -> tuple[Any, list[AnyEvent]]:
            return folded(*came), [event for event in came if not isinstance(event, OutputAdded)]

        @examples(60)
        @given(st.lists(st.integers(0, len(whole)), max_size=len(whole)))
        def holds(cuts: list[int]) -> None:
            self.assertEqual(told_of(events_of(cuts)), told_of(events_of([])))

        holds()
