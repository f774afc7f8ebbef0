"""The executions of one kernel, from accepted to ended, and the inputs they wait for.

An execution is queued → running → one of ok, error, aborted, cancelled, lost. It ends with its execute_reply, which
the kernel host passes on only after everything the kernel published for it (docs/kernel-host.md), so every output of
it stands before `execution_finished`, and nothing about an end is ever held in memory alone. How long it took is read
from the kernel's own timestamps, which a slow or absent server does not change.

The order of `open` is that of the host's queue: what runs, then what waits. The host reports a move in the row of its other
messages, so the journal has it when and where it happened, whoever is killed in between; it names what the moved one
stands behind, because what was accepted since may not have reached it.

Invariants: an execution ends once; an input of an execution that ended is withdrawn; output is attributed
only to executions that were asked for here (a kernel may claim anything as its parent). Source: Jupyter messaging
5.4, execute and stdin.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.events.events import (
    AnyEvent,
    ExecutionFinished,
    ExecutionMoved,
    ExecutionQueued,
    ExecutionStarted,
    ExecutionStatus,
    InputReplied,
    InputRequested,
    OutputAdded,
)
from webipy.core.events.stream_coalescer import StreamCoalescer
from webipy.core.kernel import jupyter_messages

_ERROR = jupyter_messages.encode(jupyter_messages.ErrorOutput("", "", []))[: len(b'{"output_type":"error"')]
"""How the output of an error begins."""

KEPT_EXECUTIONS = 10_000
"""Ended executions whose late output (from threads) is still attributed to them; older ones lose only that."""

PRIVATE_BYTES = 4 * 1024 * 1024
"""Bytes of the results of silent executions that are kept in memory for their callers."""


class OpenExecution(msgspec.Struct):
    """An execution that has not ended. Times are POSIX seconds."""

    queued: ExecutionQueued
    running: bool = False
    started_s: float | None = None
    idle_s: float | None = None
    execution_count: int | None = None
    moves: int = 0
    """How often it was moved."""
    is_over: bool = False
    has_failed: bool = False
    """Whether an error is among its outputs."""
    is_restored: bool = False
    """Whether `started_s` is when that was journaled: the kernel's own time is not in the journal."""

    @property
    def id(self) -> str:
        """The execution's id, which is also the id of its execute_request."""
        return self.queued.execution

    @property
    def metadata(self) -> bytes:
        """The metadata of its execute_request: what it is queued with, for the host."""
        run, queue = self.queued.run, self.queued.queue
        names = {"run": run} if run is not None else {"queue": queue} if queue is not None else None
        return b"{}" if names is None else jupyter_messages.encode({"webipy": names})

    def request(self) -> bytes:
        """The content of its execute_request (Jupyter messaging 5.4)."""
        asked = self.queued
        return jupyter_messages.encode(
            {
                "code": asked.code,
                "silent": asked.silent,
                "store_history": asked.store_history and not asked.silent,
                "user_expressions": asked.user_expressions,
                "allow_stdin": asked.allow_stdin,
                "stop_on_error": asked.stop_on_error,
            }
        )


@attrs.define(slots=True)
class Executions:
    """The executions of one kernel.

    Args:
        new: Gathers the events.
    """

    new: StreamCoalescer
    open: dict[str, OpenExecution] = attrs.field(factory=dict)
    inputs: dict[str, InputRequested] = attrs.field(factory=dict)
    answers: dict[str, InputReplied] = attrs.field(factory=dict)
    """Answers in the journal whose execution is open, after a restart of the server: the kernel may not have got them."""
    private: dict[str, Raw] = attrs.field(factory=dict)
    """The `user_expressions` of the newest silent executions, which are in no event: they are for whoever has asked."""
    _cells: dict[str, str | None] = attrs.field(factory=dict)
    _asked_by: dict[str, str] = attrs.field(factory=dict)

    def knows(self, execution: str | None) -> bool:
        """Whether this execution was asked for here (and is not older than `KEPT_EXECUTIONS`)."""
        return execution in self._cells

    def cell_of(self, execution: str | None) -> str | None:
        """The cell an execution was started from."""
        return self._cells.get(execution) if execution is not None else None

    def queue(self, event: ExecutionQueued) -> OpenExecution:
        """Accepts an execution. Its request goes out after the event is in the journal."""
        run = self.open[event.execution] = OpenExecution(event)
        self._cells[run.id] = event.cell
        if len(self._cells) - len(self.open) > KEPT_EXECUTIONS:
            del self._cells[next(ended for ended in self._cells if ended not in self.open)]
        return run

    def accepted(self, event: ExecutionQueued) -> None:
        """Replaces its first event by the one that has its seq, time and author."""
        if event.execution in self.open:
            self.open[event.execution].queued = event

    def restore(self, event: AnyEvent) -> None:
        """Applies an event of the journal, as when it was made."""
        match event:
            case ExecutionQueued():
                self.queue(event)
            case ExecutionStarted() if event.execution in self.open:
                run = self.open[event.execution]
                run.running, run.started_s, run.execution_count = True, seconds(event.time), event.execution_count
                run.is_restored = True
            case OutputAdded() if event.execution in self.open and bytes(event.output).startswith(_ERROR):
                self.open[event.execution].has_failed = True
            case ExecutionMoved() if event.execution in self.open:
                self._move(event.execution, event.before)
            case ExecutionFinished():
                self.open.pop(event.execution, None)
                self._forget_answers()
            case InputRequested():
                self.inputs[event.request] = event
            case InputReplied():
                asked = self.inputs.pop(event.request, None)
                if asked is not None and asked.execution in self.open and event.value is not None:
                    self.answers[event.request] = event
                    self._asked_by[event.request] = asked.execution
            case _:
                pass

    def waiting(self) -> list[OpenExecution]:
        """The executions that wait, in their order."""
        return [run for run in self.open.values() if not run.running]

    def moved(self, execution: str, after: str | None) -> None:
        """Moves a waiting execution, as the host reports it.

        Args:
            execution: The moved one.
            after: The execution that it stands behind now; `None`: before all others.
        """
        if execution not in self.open:
            return
        others = [other for other in self.open if other != execution]
        place = others.index(after) + 1 if after in self.open and after != execution else 0
        before = others[place] if place < len(others) else None
        self._move(execution, before)
        self.new.add(ExecutionMoved(execution=execution, before=before))

    def _move(self, execution: str, before: str | None) -> None:
        run = self.open.pop(execution)
        run.moves += 1
        behind = [] if before not in self.open else list(self.open)[list(self.open).index(before) :]
        self.open[execution] = run
        for other in behind:
            self.open[other] = self.open.pop(other)

    # ---- what the kernel publishes for them

    def busy(self, execution: str | None, date: str) -> None:
        """Notes that the kernel began with it; a silent one publishes no more than that.

        Args:
            execution: Its id; `None` or an unknown one is ignored.
            date: Time of the kernel's message, ISO 8601.
        """
        run = self.open.get(execution) if execution is not None else None
        if run is not None:
            run.started_s = seconds(date)
            if run.queued.silent:
                self.begin(run.id, None)

    def idle(self, execution: str | None, date: str) -> None:
        """Notes that the kernel has published everything for it; the reply follows.

        Args:
            execution: Its id; `None` or an unknown one is ignored.
            date: Time of the kernel's message, ISO 8601.
        """
        run = self.open.get(execution) if execution is not None else None
        if run is not None:
            run.idle_s = seconds(date)

    def begin(self, execution: str, count: int | None) -> None:
        """Marks it as running.

        Args:
            execution: Its id.
            count: The kernel's execution count; `None` for a silent one.
        """
        run = self.open.get(execution)
        if run is not None and not run.running:
            run.running, run.execution_count = True, count
            self.new.add(ExecutionStarted(execution=run.id, execution_count=count))

    def replied(self, execution: str, date: str, reply: jupyter_messages.ExecuteReply, began: str = "") -> None:
        """Ends it with its reply.

        Args:
            execution: Its id; an unknown one is ignored.
            date: Time of the reply, ISO 8601.
            reply: Content of the reply.
            began: When the kernel began, ISO 8601, where the reply says so; else empty.
        """
        run = self.open.get(execution)
        if run is None:
            return
        if reply.status == "error" and not run.has_failed and not run.queued.silent:
            error = jupyter_messages.error(reply.ename, reply.evalue, reply.traceback)
            if error.ename or error.evalue or error.traceback:  # the kernel published none
                self.new.add(
                    OutputAdded(execution=run.id, cell=run.queued.cell, output=Raw(jupyter_messages.encode(error)))
                )
        ended_s = run.idle_s or seconds(date)
        if run.is_restored:
            run.started_s = seconds(began) or run.started_s
        duration = max(0.0, ended_s - run.started_s) if ended_s and run.started_s else 0.0
        expressions = Raw(jupyter_messages.encode(reply.user_expressions)) if reply.user_expressions else UNSET
        if run.queued.silent and expressions is not UNSET:
            _keep(self.private, run.id, expressions)
        self._end(
            run,
            _status(reply.status),
            duration_s=round(duration, 6),
            execution_count=reply.execution_count,
            payload=Raw(jupyter_messages.encode(reply.payload)) if reply.payload else UNSET,
            user_expressions=UNSET if run.queued.silent else expressions,
        )

    def failed(self, execution: str | None) -> None:
        """Notes that an error is among its outputs."""
        run = self.open.get(execution) if execution is not None else None
        if run is not None:
            run.has_failed = True

    def dropped(self, execution: str, reason: str) -> None:
        """Ends it without a reply, as the host reports it.

        Args:
            execution: Its id.
            reason: The host's reason, such as `aborted` or `kernel_died`.
        """
        run = self.open[execution]
        self._end(run, *_DROPPED.get((reason, run.running), ("lost", reason)))

    def end_all(
        self, which: Collection[str], *, running: ExecutionStatus, waiting: ExecutionStatus, reason: str
    ) -> None:
        """Ends those of `which` that are open, and withdraws every input that no open execution waits for then.

        Args:
            which: Ids.
            running: Status of those that run.
            waiting: Status of those that wait.
            reason: One sentence for a person.
        """
        for run in [run for run in self.open.values() if run.id in which]:
            self._end(run, running if run.running else waiting, reason)
        for request in [r for r, asked in self.inputs.items() if asked.execution not in self.open]:
            self._withdraw(request)

    # ---- inputs

    def asked(self, event: InputRequested) -> None:
        """Adds an input that code waits for."""
        self.inputs[event.request] = event
        self.new.add(event)

    def answered(self, request: str, value: str) -> InputReplied:
        """Answers an input.

        Args:
            request: Its id.
            value: The line that was typed.

        Returns:
            The event, which never holds a password.
        """
        asked = self.inputs.pop(request)
        return InputReplied(request=request, value=None if asked.password else value)

    def _forget_answers(self) -> None:
        for request in [r for r, execution in self._asked_by.items() if execution not in self.open]:
            del self.answers[request], self._asked_by[request]

    def _withdraw(self, request: str) -> None:
        del self.inputs[request]
        self.new.add(InputReplied(request=request, withdrawn=True))

    def _end(
        self,
        run: OpenExecution,
        status: ExecutionStatus,
        reason: str = "",
        *,
        duration_s: float = 0.0,
        execution_count: int | None = None,
        payload: Raw | UnsetType = UNSET,
        user_expressions: Raw | UnsetType = UNSET,
    ) -> None:
        del self.open[run.id]
        run.is_over = True
        self._forget_answers()
        for request in [r for r, asked in self.inputs.items() if asked.execution == run.id]:
            self._withdraw(request)
        self.new.add(
            ExecutionFinished(
                execution=run.id,
                status=status,
                duration_s=duration_s,
                reason=reason,
                execution_count=execution_count or run.execution_count,
                payload=payload,
                user_expressions=user_expressions,
            )
        )


_DROPPED: dict[tuple[str, bool], tuple[ExecutionStatus, str]] = {
    ("aborted", False): ("aborted", "An earlier execution failed, so this one was not run."),
    ("cancelled", False): ("cancelled", "It was cancelled before it ran."),
    ("unanswered", False): ("lost", "The kernel took it and never began with it."),
    ("unanswered", True): ("lost", "The kernel sent no reply."),
    ("kernel_restarted", False): ("aborted", "The kernel was restarted before it ran."),
    ("kernel_restarted", True): ("lost", "The kernel was restarted while it ran."),
    ("kernel_died", False): ("lost", "The kernel died before it ran."),
    ("kernel_died", True): ("lost", "The kernel died while it ran."),
}
"""How an execution ends by the host's reason for dropping its request, and whether it ran already."""


def _keep(private: dict[str, Raw], execution: str, expressions: Raw) -> None:
    private[execution] = expressions
    while sum(len(memoryview(one)) for one in private.values()) > PRIVATE_BYTES:
        del private[next(iter(private))]


def _status(reported: str) -> ExecutionStatus:
    if reported == "ok":
        return "ok"
    return "aborted" if reported in ("abort", "aborted") else "error"


def seconds(date: str) -> float | None:
    """The POSIX time of an ISO 8601 date, or `None` for what is none."""
    try:
        return datetime.fromisoformat(date).timestamp()
    except ValueError:
        return None
