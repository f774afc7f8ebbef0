"""webipy.core.kernel.executions and webipy.core.kernel.jupyter_messages, through webipy.core.kernel.kernel: runs, inputs and ends; scripted messages
in, whole lists of events out."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import message, printed, replied, run_of, status
from tests.test_kernel import BEGAN, BUSY, DEAD, IDLE, RAN, RESTARTING, KernelTestCase, ready, shown, text, told
from webipy.core.events import events
from webipy.core.events.events import (
    AnyEvent,
    ExecutionFinished,
    ExecutionMoved,
    ExecutionQueued,
    ExecutionStarted,
    InputReplied,
    InputRequested,
    KernelDied,
    KernelReady,
    MessageReceived,
    OutputAdded,
    OutputLost,
)
from webipy.core.events.stream_coalescer import StreamCoalescer
from webipy.core.kernel import executions
from webipy.core.kernel.executions import Executions
from webipy.core.kernel.kernel import death_reason, last_words
from webipy.core.kernel.wire import Message


class Runs(KernelTestCase):
    """One execution after the other."""

    def test_a_run(self) -> None:
        """Busy, started, output, idle, finished: in the order in which the kernel said it."""
        self.queue("e1", cell="c1")
        self.takes(run_of("e1", printed("hi\n", "e1")), BUSY, BEGAN, text("hi\n", cell="c1"), IDLE, RAN)
        self.assertEqual((self.kernel.state, self.kernel.execution_count), ("idle", 1))
        self.assertEqual(self.kernel.executions.open, {})

    def test_a_run_in_many_batches_has_the_same_end(self) -> None:
        """Each message in a batch of its own."""
        self.queue("e1")
        came: list[AnyEvent] = []
        for one in run_of("e1", printed("a", "e1"), printed("b", "e1")):
            came += self.kernel.receive([one]).events
        self.assertEqual(came, [BUSY, BEGAN, text("a"), text("b"), IDLE, RAN])

    def test_a_silent_run_starts_without_a_count(self) -> None:
        """Jupyter messaging 5.4: a silent request publishes no execute_input and counts nothing."""
        self.queue("e1", silent=True)
        batch = [
            status("busy", "e1"),
            printed("x", "e1"),
            status("idle", "e1"),
            ("shell", message("execute_reply", {"status": "ok", "execution_count": 0}, parent="e1")),
        ]
        self.takes(
            batch,
            ExecutionStarted(execution="e1"),
            BUSY,
            text("x"),
            IDLE,
            ExecutionFinished(execution="e1", status="ok", duration_s=0.0),
        )

    def test_what_the_kernel_is_asked(self) -> None:
        """The content of execute_request; a silent one stores no history."""
        run = self.kernel.executions.queue(
            ExecutionQueued(execution="e1", code="é", silent=True, stop_on_error=False, user_expressions={"a": "b"})
        )
        self.assertEqual(
            json.loads(run.request()),
            {
                "code": "é",
                "silent": True,
                "store_history": False,
                "user_expressions": {"a": "b"},
                "allow_stdin": True,
                "stop_on_error": False,
            },
        )

    def test_an_error_is_an_output_and_a_status(self) -> None:
        """The traceback is shown once, as the output."""
        self.queue("e1")
        content = {"ename": "E", "evalue": "v", "traceback": ["a", "b"]}
        self.takes(
            run_of("e1", ("iopub", message("error", content, parent="e1")), state="error"),
            BUSY,
            BEGAN,
            shown({"output_type": "error", **content}),
            IDLE,
            ExecutionFinished(execution="e1", status="error", duration_s=0.25, execution_count=1),
        )

    def test_an_error_that_only_the_reply_tells_is_shown(self) -> None:
        """The kernel published none: what went wrong is an output all the same, once, and of no silent execution."""
        error: dict[str, Any] = {"ename": "E", "evalue": "v", "traceback": ["a"]}
        failed = ExecutionFinished(execution="e1", status="error", duration_s=0.0, execution_count=1)
        self.queue("e1", cell="c1")
        self.takes([replied("e1", "error", **error)], shown({"output_type": "error", **error}, cell="c1"), failed)
        self.queue("e1")
        self.takes([replied("e1", "error")], failed)
        self.kernel.executions.queue(ExecutionQueued(execution="e1", code="", silent=True))
        self.takes([replied("e1", "error", **error)], failed)
        self.queue("e1")
        self.kernel.restore(shown({"output_type": "error", **error}))
        self.takes([replied("e1", "error", **error)], failed)
        self.queue("e1")
        published = ("iopub", message("error", error, parent="e1"))
        self.takes([published, replied("e1", "error", **error)], shown({"output_type": "error", **error}), failed)

    def test_an_error_of_any_shape_is_shown(self) -> None:
        """An exception may make its traceback itself."""
        for traceback, lines in ((5, ["5"]), (None, []), ("one", ["one"]), ([1, "b", None], ["1", "b", ""]), ({}, [])):
            content = {"ename": "E", "evalue": 7, "traceback": traceback}
            wanted = shown({"output_type": "error", "ename": "E", "evalue": "7", "traceback": lines}, None)
            self.takes([("iopub", message("error", content))], wanted)

    def test_what_gets_no_reply_is_lost_with_the_reason(self) -> None:
        """The kernel took it and never began with it."""
        self.queue("e1")
        lost = ExecutionFinished(
            execution="e1", status="lost", duration_s=0.0, reason="The kernel took it and never began with it."
        )
        self.takes([told("request_dropped", msg_id="e1", reason="unanswered")], lost)

    def test_an_aborted_reply_ends_as_aborted(self) -> None:
        """Old kernels say `aborted`, some say `abort`."""
        for execution, state in (("e1", "aborted"), ("e2", "abort")):
            self.queue(execution)
            self.takes(
                [replied(execution, state)],
                ExecutionFinished(execution=execution, status="aborted", duration_s=0.0, execution_count=1),
            )

    def test_payload_and_user_expressions_are_kept(self) -> None:
        """Those of the execute_reply, absent when empty."""
        self.queue("e1")
        values = {"a": {"status": "ok", "data": {"text/plain": "1"}, "metadata": {}}}
        payload = [{"source": "page", "data": {"text/plain": "help"}}]
        (event,) = self.kernel.receive([replied("e1", user_expressions=values, payload=payload)]).events
        decoded = events.decode(events.encode(event))
        assert isinstance(decoded, ExecutionFinished)
        assert isinstance(decoded.payload, Raw)
        assert isinstance(decoded.user_expressions, Raw)
        self.assertEqual(
            (json.loads(bytes(decoded.payload)), json.loads(bytes(decoded.user_expressions))), (payload, values)
        )
        self.queue("e2")
        (event,) = self.kernel.receive([replied("e2", user_expressions={}, payload=[])]).events
        self.assertEqual(event, ExecutionFinished(execution="e2", status="ok", duration_s=0.0, execution_count=1))

    def test_the_duration_is_the_kernels_own(self) -> None:
        """From busy to idle; a date that is none, or a clock that jumped back, gives 0."""
        for busy, idle, duration in (
            ("2026-03-01T09:30:00Z", "2026-03-01T09:31:01.5Z", 61.5),
            ("2026-03-01T10:30:00+01:00", "2026-03-01T09:30:02Z", 2.0),
            ("yesterday", "2026-03-01T09:30:02Z", 0.0),
            ("2026-03-01T09:30:02Z", "2026-03-01T09:30:00Z", 0.0),
        ):
            self.setUp()
            self.queue("e1")
            batch = [status("busy", "e1", date=busy), status("idle", "e1", date=idle), replied("e1")]
            (*_, finished) = self.kernel.receive(batch).events
            self.assertEqual(
                finished, ExecutionFinished(execution="e1", status="ok", duration_s=duration, execution_count=1)
            )

    def test_the_duration_of_a_restored_execution(self) -> None:
        """The journal has when its start was written; where the reply says when the kernel began, that counts."""
        for metadata, duration in ((b'{"started": "2026-03-01T09:29:59Z"}', 3.0), (b"{}", 2.0)):
            self.setUp()
            self.queue("e1")
            self.kernel.restore(ExecutionStarted(execution="e1", execution_count=1, time="2026-03-01T09:30:00Z"))
            content = {"status": "ok", "execution_count": 1}
            reply = message("execute_reply", content, parent="e1", metadata=metadata, date="2026-03-01T09:30:02Z")
            self.takes(
                [("shell", reply)],
                ExecutionFinished(execution="e1", status="ok", duration_s=duration, execution_count=1),
            )

    def test_results_of_silent_executions_are_for_who_asked(self) -> None:
        """In no event; the newest are kept up to a limit of bytes."""
        self.patch(executions, "PRIVATE_BYTES", 100)
        for name in ("e1", "e2", "e3"):
            self.queue(name, silent=True)
            (finished,) = self.kernel.receive([replied(name, user_expressions={"a": "x" * 40})]).events
            self.assertEqual(finished, ExecutionFinished(execution=name, status="ok", duration_s=0, execution_count=1))
        self.assertEqual(list(self.kernel.executions.private), ["e2", "e3"])
        self.assertEqual(json.loads(bytes(self.kernel.executions.private["e3"])), {"a": "x" * 40})
        self.queue("e4", silent=True)
        self.kernel.receive([replied("e4", user_expressions={"a": "x" * 200})])
        self.assertEqual(self.kernel.executions.private, {}, "what is larger than the limit is not kept")

    def test_the_accepted_event_takes_the_place_of_the_first(self) -> None:
        """It has the author and the cell that the request had; of an execution that is over, nothing is kept."""
        self.queue("e1")
        accepted = ExecutionQueued(execution="e1", code="1", seq=7, by="Ada")
        self.kernel.executions.accepted(accepted)
        self.assertIs(self.kernel.executions.open["e1"].queued, accepted)
        self.kernel.receive(run_of("e1"))
        self.kernel.executions.accepted(accepted)
        self.assertEqual(self.kernel.executions.open, {})

    def test_an_execution_begins_once(self) -> None:
        """A second execute_input changes nothing."""
        self.queue("e1")
        self.kernel.receive(run_of("e1")[:2])
        self.takes(run_of("e1", count=5)[1:2])

    def test_the_oldest_that_have_ended_are_forgotten(self) -> None:
        """Late output of these belongs to no execution; one that is open is never forgotten."""
        self.patch(executions, "KEPT_EXECUTIONS", 2)
        self.queue("open", "a", "b", "c")
        for name in "abc":
            self.kernel.receive(run_of(name))
        self.queue("e1")
        known = [name for name in ("open", "a", "b", "c", "e1") if self.kernel.executions.knows(name)]
        self.assertEqual(known, ["open", "b", "c", "e1"])

    def test_an_execution_ends_once(self) -> None:
        """A second reply changes nothing."""
        self.queue("e1")
        self.kernel.receive(run_of("e1"))
        self.takes([replied("e1")])

    def test_runs_of_others_are_not_ours(self) -> None:
        """A kernel may have other clients: their output belongs to no execution, and of their runs the code alone is an event."""
        code = MessageReceived(
            channel="iopub",
            msg_type="execute_input",
            content=Raw(b'{"code": "", "execution_count": 1}'),
            metadata=Raw(b"{}"),
        )
        self.takes(run_of("foreign", printed("x", "foreign")), BUSY, code, text("x", execution=None), IDLE)

    def test_completions_do_not_make_it_busy(self) -> None:
        """Code that runs does."""
        self.takes(
            [
                status("busy", "r1", parent_type="complete_request"),
                status("idle", "r1", parent_type="complete_request"),
            ]
        )

    def test_a_request_beside_running_code_does_not_make_it_idle(self) -> None:
        """The control channel and subshells answer while code runs: the kernel stays busy until the code is done."""
        self.queue("e1")
        self.kernel.receive(run_of("e1")[:2])
        for kind in ("kernel_info_request", "debug_request", "complete_request", "interrupt_request"):
            self.takes([status("busy", "r1", parent_type=kind), status("idle", "r1", parent_type=kind)])
            self.assertEqual(self.kernel.state, "busy", kind)
        self.takes(run_of("e1")[-2:], IDLE, RAN)

    def test_a_comm_message_makes_it_busy(self) -> None:
        """A widget's code is code."""
        batch = [status("busy", "r1", parent_type="comm_msg"), status("idle", "r1", parent_type="comm_msg")]
        self.takes(batch, BUSY, IDLE)


class Inputs(KernelTestCase):
    """`input()` and `getpass()`."""

    def ask(self, request: str = "r1", password: bool = False, parent: str | None = "e1") -> AnyEvent:
        """The kernel asks; gives the event."""
        content = {"prompt": "? ", "password": password}
        batch = [("stdin", message("input_request", content, parent=parent, msg_id=request))]
        (event,) = self.kernel.receive(batch).events
        return event

    def setUp(self) -> None:
        super().setUp()
        self.queue("e1")
        self.kernel.receive(run_of("e1")[:2])

    def test_a_question_and_its_answer(self) -> None:
        """The answer is in the journal."""
        self.assertEqual(self.ask(), InputRequested(request="r1", prompt="? ", execution="e1"))
        self.assertEqual(self.kernel.executions.answered("r1", "Ada"), InputReplied(request="r1", value="Ada"))
        self.assertEqual(self.kernel.executions.inputs, {})

    def test_a_password_is_never_journaled(self) -> None:
        """A password typed into `getpass` is in no event."""
        self.assertEqual(
            self.ask(password=True), InputRequested(request="r1", prompt="? ", execution="e1", password=True)
        )
        answer = self.kernel.executions.answered("r1", "hunter2")
        self.assertEqual(answer, InputReplied(request="r1"))
        self.assertNotIn(b"hunter2", events.encode(answer))

    def test_a_question_is_withdrawn_when_its_run_ends(self) -> None:
        """Interrupted: nobody waits for the line any more."""
        self.ask()
        self.takes(
            run_of("e1", state="error")[-2:],
            IDLE,
            InputReplied(request="r1", withdrawn=True),
            ExecutionFinished(execution="e1", status="error", duration_s=0.25, execution_count=1),
        )

    def test_a_question_that_comes_after_the_end_is_dropped(self) -> None:
        """The execution that asked is over, whatever the order of the channels: nobody could answer."""
        self.kernel.receive(run_of("e1")[-2:])
        asked = message("input_request", {"prompt": "? ", "password": False}, parent="e1", msg_id="r1")
        self.takes([("stdin", asked)])
        self.assertEqual(self.kernel.executions.inputs, {})

    def test_a_question_of_nobody_is_withdrawn_when_the_kernel_dies(self) -> None:
        """It belonged to no execution of ours."""
        self.assertEqual(self.ask("r2", parent="foreign"), InputRequested(request="r2", prompt="? "))
        taken = self.kernel.receive([told("kernel_died", start=1, exit_status=3)]).events
        self.assertIn(InputReplied(request="r2", withdrawn=True), taken)
        self.assertEqual(self.kernel.executions.inputs, {})


class Ends(KernelTestCase):
    """Death and restart."""

    def setUp(self) -> None:
        super().setUp()
        self.queue("e1", "e2")
        self.kernel.receive(run_of("e1")[:2])

    def lost(self, execution: str, reason: str, status: Any = "lost", count: int | None = None) -> ExecutionFinished:
        """The event of an execution that had no good end."""
        return ExecutionFinished(
            execution=execution, status=status, duration_s=0.0, reason=reason, execution_count=count
        )

    def test_a_death_ends_everything_that_is_open(self) -> None:
        """Running and queued alike are lost, and it is said why."""
        reason = "The kernel ended by itself with exit status 3."
        self.takes(
            [
                told("kernel_died", start=1, exit_status=3, tail="bye\n"),
                told("request_dropped", msg_id="e1", reason="kernel_died"),
                told("request_dropped", msg_id="e2", reason="kernel_died"),
            ],
            KernelDied(kernel="k1", reason=reason, exit_status=3, tail="bye\n"),
            self.lost("e1", f"{reason} Its last words: bye", count=1),
            self.lost("e2", f"{reason} Its last words: bye"),
            DEAD,
        )
        self.assertEqual((self.kernel.executions.open, self.kernel.pid), ({}, None))

    def test_the_reasons_of_a_death(self) -> None:
        """One sentence for a person."""
        self.assertEqual(
            [
                death_reason(3, None, False),
                death_reason(None, "SIGSEGV", False),
                death_reason(None, "SIGKILL", False),
                death_reason(None, "SIGKILL", True),
                death_reason(None, None, False),
            ],
            [
                "The kernel ended by itself with exit status 3.",
                "The kernel crashed (SIGSEGV).",
                "The kernel was killed (SIGKILL): by a person, or by the system because memory ran out.",
                "The kernel was shut down.",
                "The kernel is gone.",
            ],
        )

    def test_the_words_that_tell_most(self) -> None:
        """The last line, or the one in which Python says what was fatal; not all of a long one, and nothing of nothing."""
        dump = "Fatal Python error: Segmentation fault\n\nCurrent thread:\n  File x\n"
        self.assertEqual(last_words(dump), " Its last words: Fatal Python error: Segmentation fault")
        self.assertEqual(last_words("a\n\n b \n\n"), " Its last words: b")
        self.assertEqual((last_words(" \n"), len(last_words("x" * 9000))), ("", 317))

    def test_a_kernel_that_cannot_start_is_dead(self) -> None:
        """With the host's sentence and the last raw output."""
        reason = "The command nonesuch does not exist."
        self.takes(
            [told("start_failed", start=1, reason=reason, tail="sh: nonesuch")],
            KernelDied(kernel="k1", reason=reason, tail="sh: nonesuch"),
            self.lost("e1", f"{reason} Its last words: sh: nonesuch", count=1),
            self.lost("e2", f"{reason} Its last words: sh: nonesuch"),
            DEAD,
        )

    def restart(self, start: int = 2) -> list[tuple[str, Message]]:
        """What a host tells about a restart, as far as the next process."""
        return [
            told("kernel_died", start=1, signal="SIGKILL", expected=True),
            told("request_dropped", msg_id="e1", reason="kernel_restarted"),
            told("request_dropped", msg_id="e2", reason="kernel_restarted"),
            told("kernel_restarting", start=start, key="k"),
        ]

    def test_a_restart_ends_what_was_queued_before_it_and_runs_what_came_after(self) -> None:
        """The running one is lost, the queued one is aborted, the one that came after the restart was asked for waits for the new process."""
        self.assertEqual(self.kernel.restarting(), [RESTARTING])
        self.assertEqual(self.kernel.restarting(), [], "it is restarting already")
        self.queue("e3")
        self.takes(
            self.restart(),
            self.lost("e1", "The kernel was restarted while it ran.", count=1),
            self.lost("e2", "The kernel was restarted before it ran.", "aborted"),
        )
        self.assertEqual(list(self.kernel.executions.open), ["e3"])
        self.takes(
            ready(2),
            KernelReady(
                kernel="k1",
                start=2,
                seconds=0.512,
                language_info=Raw(b'{"name": "python"}'),
                implementation="ipython",
                banner="B",
                kernel_info=Raw(b'{"implementation": "ipython", "banner": "B", "language_info": {"name": "python"}}'),
            ),
            IDLE,
        )
        self.assertEqual((self.kernel.start, self.kernel.execution_count, self.kernel.pid), (2, 0, 4711))
        (*_, finished) = self.kernel.receive(run_of("e3")).events
        self.assertEqual(finished, ExecutionFinished(execution="e3", status="ok", duration_s=0.25, execution_count=1))

    def test_a_process_that_gets_ready_while_it_is_being_ended_is_not_taken_for_the_next_one(self) -> None:
        """A restart in the middle of a start: the kernel is not idle before the new process is ready."""
        self.kernel.restarting()
        self.kernel.receive(ready(1))
        self.assertEqual(self.kernel.state, "restarting")
        self.kernel.receive(self.restart())
        self.kernel.receive(ready(2))
        self.assertEqual(self.kernel.state, "idle")

    def test_a_restart_ends_what_never_reached_the_host(self) -> None:
        """Queued before the restart, and lost on the way to the host: it does not stay open."""
        self.kernel.restarting()
        self.takes(
            [told("kernel_restarting", start=2, key="k")],
            self.lost("e1", "The kernel was restarted.", count=1),
            self.lost("e2", "The kernel was restarted.", "aborted"),
        )

    def test_a_restart_that_another_server_asked_for_is_told(self) -> None:
        """This one did not know of it."""
        taken = self.kernel.receive([told("kernel_restarting", start=2, key="k")]).events
        self.assertEqual(taken[-1], RESTARTING)
        self.assertEqual(self.kernel.executions.open, {})

    def test_a_dead_kernel_can_be_restarted(self) -> None:
        """From `dead` over `restarting` to `idle`."""
        self.kernel.receive([told("kernel_died", start=1, exit_status=3)])
        self.assertEqual(self.kernel.restarting(), [RESTARTING])
        self.takes([told("kernel_restarting", start=2, key="k")])
        self.kernel.receive(ready(2))
        self.assertEqual(self.kernel.state, "idle")

    def test_a_kernel_that_dies_while_it_restarts_is_dead(self) -> None:
        """The new process cannot start."""
        self.kernel.restarting()
        self.kernel.receive(self.restart())
        self.takes([told("start_failed", start=2, reason="No.")], KernelDied(kernel="k1", reason="No."), DEAD)

    def test_a_busy_kernel_that_restarted_becomes_busy_again(self) -> None:
        """Nothing of the old process keeps the state of the new one."""
        self.kernel.restarting()
        self.kernel.receive([*self.restart(), *ready(2)])
        self.queue("e3")
        self.takes(
            run_of("e3"),
            BUSY,
            ExecutionStarted(execution="e3", execution_count=1),
            IDLE,
            ExecutionFinished(execution="e3", status="ok", duration_s=0.25, execution_count=1),
        )

    def test_the_host_is_gone(self) -> None:
        """And the kernel with it; said once."""
        self.assertEqual(
            self.kernel.lost("Gone."),
            [
                KernelDied(kernel="k1", reason="Gone."),
                self.lost("e1", "Gone.", count=1),
                self.lost("e2", "Gone."),
                DEAD,
            ],
        )
        self.assertEqual(self.kernel.lost("Gone."), [])

    def test_requests_that_were_dropped(self) -> None:
        """An execution ends with its reason; for others whoever waits is told."""
        taken = self.kernel.receive(
            [
                told("request_dropped", msg_id="e2", reason="aborted"),
                told("request_dropped", msg_id="r9", reason="kernel_restarted"),
            ]
        )
        reason = "An earlier execution failed, so this one was not run."
        self.assertEqual(taken.events, [self.lost("e2", reason, "aborted")])
        self.assertEqual(taken.dropped, [("r9", "kernel_restarted")])
        self.queue("e4")
        self.takes(
            [told("request_dropped", msg_id="e4", reason="cancelled")],
            self.lost("e4", "It was cancelled before it ran.", "cancelled"),
        )

    def test_lost_output_is_never_silent(self) -> None:
        """The host says how much."""
        self.takes(
            [told("output_lost", count=5, reason="The spool is full.")],
            OutputLost(reason="The spool is full.", count=5),
        )

    def test_events_of_a_newer_host_are_ignored(self) -> None:
        """A host may say more than this server knows."""
        self.takes([told("kernel_praised", by="all")])


class Restored(SynchronousTestCase):
    """What a server that comes back makes of the journal."""

    def setUp(self) -> None:
        self.executions = Executions(StreamCoalescer())

    def restore(self, *log: AnyEvent) -> None:
        """Applies events of the journal."""
        for event in log:
            self.executions.restore(event)

    def queued(self, *names: str) -> None:
        """Applies events of executions that were accepted."""
        self.restore(*(ExecutionQueued(execution=name, code="x", cell=f"cell {name}") for name in names))

    def test_what_is_open_is_open_again(self) -> None:
        """With its count, its start, and whether it has failed; what is over is not, but its output is still its own."""
        self.queued("a", "b", "c")
        error, plain = Raw(b'{"output_type":"error"}'), Raw(b'{"output_type":"stream"}')
        self.restore(
            ExecutionFinished(execution="a", status="ok", duration_s=0),
            ExecutionStarted(execution="b", execution_count=7, time="2026-03-01T09:30:00.000000Z"),
            OutputAdded(execution="b", output=error),
            OutputAdded(execution="c", output=plain),
            OutputAdded(execution="a", output=error),
        )
        b, c = self.executions.open.values()
        self.assertEqual((b.id, b.running, b.execution_count, b.has_failed, b.is_restored), ("b", True, 7, True, True))
        self.assertEqual(b.started_s, 1772357400.0)
        self.assertEqual((c.id, c.running, c.has_failed, c.is_restored), ("c", False, False, False))
        self.assertEqual(self.executions.waiting(), [c])
        self.assertEqual((self.executions.knows("a"), self.executions.cell_of("a")), (True, "cell a"))
        self.assertEqual((self.executions.knows("z"), self.executions.cell_of(None)), (False, None))

    def test_moves(self) -> None:
        """Before another one, to the end, and of what is not open: nothing."""
        self.queued("a", "b", "c")
        for execution, before, order in (("c", "b", "acb"), ("a", None, "cba"), ("z", "a", "cba")):
            self.restore(ExecutionMoved(execution=execution, before=before))
            self.assertEqual("".join(self.executions.open), order)
        self.assertEqual([run.moves for run in self.executions.open.values()], [1, 0, 1])

    def test_the_host_says_behind_whom(self) -> None:
        """The event says before whom; what is not open is moved nowhere."""
        self.queued("a", "b", "c")
        for execution, after, order in (("c", "a", "acb"), ("b", None, "bac"), ("b", "c", "acb"), ("z", None, "acb")):
            self.executions.moved(execution, after)
            self.assertEqual("".join(self.executions.open), order)
        moved = [
            (event.execution, event.before)
            for event in self.executions.new.flush()
            if isinstance(event, ExecutionMoved)
        ]
        self.assertEqual(moved, [("c", "b"), ("b", "a"), ("b", None)])

    def test_inputs(self) -> None:
        """One that waits waits again; an answer is kept while its execution is open, as the kernel may not have got it."""
        self.queued("a")
        self.restore(*(InputRequested(request=name, prompt="?", execution="a") for name in ("1", "2", "3")))
        self.restore(
            InputReplied(request="1", value="x"),
            InputReplied(request="2", withdrawn=True),
            InputReplied(request="unknown", value="x"),
        )
        self.assertEqual((list(self.executions.inputs), list(self.executions.answers)), (["3"], ["1"]))
        self.restore(ExecutionFinished(execution="a", status="ok", duration_s=0))
        self.assertEqual(self.executions.answers, {})

    def test_what_a_request_carries(self) -> None:
        """The run or the queue that it is of, for the host; a silent one is in no history."""
        for run, queue, metadata in (
            (None, None, {}),
            (None, "q", {"webipy": {"queue": "q"}}),
            ("r", "q", {"webipy": {"run": "r"}}),
        ):
            one = self.executions.queue(ExecutionQueued(execution="e", code="x", run=run, queue=queue))
            self.assertEqual(json.loads(one.metadata), metadata)
        for silent in (True, False):
            one = self.executions.queue(ExecutionQueued(execution="e", code="x", silent=silent))
            asked = json.loads(one.request())
            self.assertEqual((asked["code"], asked["silent"], asked["store_history"]), ("x", silent, not silent))
