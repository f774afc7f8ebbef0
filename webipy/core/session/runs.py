"""The runs of one session that have a plan and have not ended: which executions they have, how those ended, and what comes of that.

A fold over events, sans-io. A run is over when none of its executions is open any more, which the kernel's own list says
(`webipy.core.kernel.executions`); here stands how they ended. A run that was stopped counts as stopped unless every cell had
ended well by then. As papermill has it, code may end a run well by `sys.exit(0)`, and a cell may fail that is expected to.
"""

from __future__ import annotations

from typing import ClassVar, Final

import attrs
import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent, RunStatus

_WORST: Final[tuple[tuple[str, RunStatus], ...]] = (
    ("lost", "lost"),
    ("error", "error"),
    ("cancelled", "cancelled"),
    ("aborted", "error"),
)
"""What a run is when one of its executions ended so, the worst first. `aborted` alone follows a failure elsewhere."""

EXITS: Final = ("SystemExit", "SystemExit: 0", "SystemExit: None")
"""Errors by which code asks for a good end; papermill takes them so, too."""


class _Output(msgspec.Struct):
    ename: str = ""
    evalue: str = ""


class OpenRun(msgspec.Struct):
    """One run.

    Args:
        started: Its plan.
        stopped: Why it is being ended early.
        ends: How its executions ended that have.
    """

    started: events.RunStarted
    stopped: events.RunStopped | None = None
    ends: dict[str, events.ExecutionFinished] = msgspec.field(default_factory=dict)
    exits: set[str] = msgspec.field(default_factory=set)
    """Executions that have ended the run by `sys.exit(0)`."""
    has_failed_start: bool = False

    @property
    def id(self) -> str:
        """The run's id."""
        return self.started.run

    def status(self) -> RunStatus:
        """How it ended as a whole; it must be over, or be left after it was stopped."""
        found = {self.fate(end) for end in self.ends.values()}
        if self.exits:  # what comes after it is not wanted
            found.discard("aborted")
        if found <= {"ok"} and (self.stopped is None or len(self.ends) == self.started.executions):
            return "ok"
        if self.has_failed_start:
            return "not_started"
        if self.stopped is not None:
            cause = self.stopped.cause
            return cause if cause in ("timed_out", "not_started") else "cancelled"
        return next(status for end, status in _WORST if end in found)

    def fate(self, end: events.ExecutionFinished) -> str:
        """How an execution ended, as far as the run is concerned."""
        is_fine = end.execution in self.started.may_fail or end.execution in self.exits
        return "ok" if end.status == "error" and is_fine else end.status


@attrs.define(slots=True)
class OpenRuns:
    """The runs of one session that are open, by their ids."""

    EVENTS: ClassVar[tuple[type, ...]] = (
        events.RunStarted,
        events.RunStopped,
        events.RunFinished,
        events.ExecutionQueued,
        events.ExecutionFinished,
        events.OutputAdded,
        events.KernelStarted,
        events.KernelReady,
        events.KernelDied,
    )

    open: dict[str, OpenRun] = attrs.field(factory=dict)
    _of: dict[str, str] = attrs.field(factory=dict)
    _is_kernel_ready: bool = False

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        if isinstance(event, events.OutputAdded):  # mostly of no run
            if event.execution in self._of and b"SystemExit" in bytes(event.output):
                self._apply_exit(self.open[self._of[event.execution]], event.execution, bytes(event.output))
            return
        match event:
            case events.RunStarted():
                self.open[event.run] = OpenRun(event)
            case events.RunStopped() if event.run in self.open:
                self.open[event.run].stopped = self.open[event.run].stopped or event
            case events.RunFinished():
                self.open.pop(event.run, None)
                self._of = {execution: run for execution, run in self._of.items() if run != event.run}
            case events.ExecutionQueued() if event.run in self.open:
                self._of[event.execution] = event.run or ""
            case events.ExecutionFinished() if event.execution in self._of:
                self.open[self._of.pop(event.execution)].ends[event.execution] = event
            case events.KernelStarted():
                self._is_kernel_ready = False
            case events.KernelReady():
                self._is_kernel_ready = True
            case events.KernelDied() if not self._is_kernel_ready:
                for run in self.open.values():
                    run.has_failed_start = True
            case _:
                pass

    def as_events(self) -> list[AnyEvent]:
        """The events that started the runs that are open, and those that stopped them."""
        both = ((run.started, run.stopped) for run in self.open.values())
        return [event for started, stopped in both for event in (started, stopped) if event is not None]

    @staticmethod
    def _apply_exit(run: OpenRun, execution: str, output: bytes) -> None:
        error = msgspec.json.decode(output, type=_Output)
        if f"{error.ename}: {error.evalue}".strip(": ") in EXITS:
            run.exits.add(execution)
