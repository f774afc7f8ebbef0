"""One run of a notebook on the server, followed from a terminal: its cells, their outputs, and how it ends.

Data flow: `NotebookCommand` (notebooks.py) starts or joins a run; `Run` receives the events of its session, shows them (`Progress`, `Showing`), keeps
the end of each cell (`CellEnd`), and fires `finished` with the end of the run. A run whose session is closed is shown once more from the journal
that is kept of it (`events_of`).

Rejected: to open a closed session again to show its run (that is a change, and others would see it).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import cast

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, ConnectionLost, Event
from webipy.command.following import Inputs, Interruption, show_death
from webipy.command.progress import Progress, first_line
from webipy.command.run_ends import CellEnd
from webipy.command.showing import OWN, SHOWN, Showing
from webipy.command.terminal import Keyboard, Screen, error_line
from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.api.journal_calls import JournalEvents, ReadJournal
from webipy.core.events import events
from webipy.core.session.runs import EXITS

_STOPPED = {
    "timed_out": "The run takes longer than --timeout: stopping.",
    "not_started": "The kernel has not started in time: stopping.",
    "left": "The command that follows the run has ended: stopping.",
}


class _Output(msgspec.Struct):
    output_type: str = ""
    ename: str = ""
    evalue: str = ""


@attrs.define(eq=False)
class Run:
    """A run of a notebook, followed from its acceptance to its end.

    Args:
        client: The connection.
        session: The session that it runs in.
        id: The run's id, chosen by us: repeating the call is harmless.
        progress: Where it is shown.
        inputs: Answers input.
        ending: How it has ended, when that was known from the start; `None` for what has yet to end.
        finished: Fires when it has ended, with the event of its end; `None` for a run without a plan, which has no such event.
    """

    client: Client
    session: calls.Session
    id: str
    progress: Progress
    screen: Screen
    interruption: Interruption = attrs.field(init=False)
    inputs: Inputs = attrs.field(init=False)
    keyboard: Keyboard | None = None
    ending: events.RunFinished | None = None
    has_plan: bool = True
    ends: dict[str, CellEnd] = attrs.field(factory=dict)
    finished: Deferred[events.RunFinished | None] = attrs.field(factory=Deferred)
    seq: int = 0
    is_accepted: bool = False
    _sources: dict[str, str] = attrs.field(factory=dict)
    _order: dict[str, int] = attrs.field(factory=dict)
    _open: int = 0
    _is_stopped: bool = False
    _showing: Showing = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._showing = Showing(self.screen)
        session = self.session.id
        self.interruption = Interruption(self.client, session, self.progress.note, self._stop, self._end)
        self.inputs = Inputs(
            self.client, session, self.screen, self.keyboard, self.interruption.input_ended, self._stop
        )

    async def start(self, asked: notebook_calls.RunNotebook) -> None:
        """Has the notebook accepted, and follows it from its first event.

        Raises:
            errors.Failure: The server refuses.
        """
        accepted = await self.client.call("notebook.run", asked, notebook_calls.NotebookRun, repeat=True)
        self.is_accepted = True
        self.seq, self.progress.total = accepted.seq, len(accepted.executions)
        for number, one in enumerate(accepted.executions, 1):
            self._order[one.execution] = number
            self.ends[one.execution] = CellEnd(
                cell=one.cell, execution=one.execution, status="queued", may_fail=one.may_fail
            )
        self._open = len(accepted.executions)
        since = max(accepted.seq - self._open, 0)
        if since + 1 < self.session.first_seq:
            await self._catch_up()
        self._end_if_over()
        if self.finished.called:
            return
        follower = await self.client.follow(self.session.id, since, self._take)
        follower.ended.addErrback(self._end)

    async def replay(self) -> list[CellEnd]:
        """Shows what a run has made that has ended, and whose session is closed; returns the ends of its cells."""
        try:
            async for event in events_of(self.client, self.session.id):
                if isinstance(event, events.RunStarted) and event.run == self.id:
                    self.progress.total = event.executions
                if isinstance(event, events.ExecutionQueued) and event.run == self.id:
                    self._order[event.execution] = len(self._order) + 1
                    end = CellEnd(cell=event.cell or "", execution=event.execution, status="queued")
                    self.ends[event.execution] = end
                    self._open += 1
                if self.ends:  # what was before the run is none of it
                    self._take(event.seq, event)
        except (errors.NotFound, errors.Damaged) as fault:
            self.progress.note(f"The outputs of the run are not kept: {fault.message}")
        return list(self.ends.values())

    def _end_if_over(self) -> None:
        """Ends it when its cells have, where no event reports that."""
        if not self._open and (self.ending is not None or not self.has_plan):
            self._end(self.ending)

    async def _catch_up(self) -> None:
        """Asks for the ends of what ended so long ago that the journal no longer has the events."""
        of_session = calls.OfSession(session=self.session.id)
        queue = await self.client.call("execution.queue", of_session, notebook_calls.ExecutionQueue, repeat=True)
        open_now = {one.execution for one in queue.executions}
        for execution in [one for one in self.ends if one not in open_now]:
            asked = calls.OfExecution(session=self.session.id, execution=execution)
            found = await self.client.call("execution.get", asked, calls.Execution, repeat=True)
            self._sources[execution] = found.code
            for output in found.outputs:
                added = events.OutputAdded(execution=execution, output=output)
                if self.progress.shows:
                    self._showing.apply(added)
                self._output(added)
            self._finish(
                events.ExecutionFinished(
                    execution=execution,
                    status=cast(events.ExecutionStatus, found.status),
                    duration_s=found.duration_s or 0.0,
                    reason=found.reason,
                    execution_count=found.execution_count,
                )
            )

    def status(self) -> str:
        """How a run without a plan ended as a whole."""
        found = {end.fate() for end in self.ends.values()}
        if any(end.is_exit for end in self.ends.values()):  # what comes after it is not wanted
            found.discard("aborted")
        return next((status for status in ("lost", "error", "cancelled", "aborted") if status in found), "ok")

    def failed(self) -> list[tuple[int, CellEnd, str]]:
        """The cells that did not end well by their own doing: number, end, source."""
        return [
            (self._order[execution], end, self._sources.get(execution, ""))
            for execution, end in self.ends.items()
            if end.fate() in ("error", "lost")
        ]

    def _stop(self) -> None:
        """Take back what waits, and interrupt what runs."""
        self._is_stopped = True
        ending = self._ask_to_stop(None) if self.has_plan else self._stop_all()
        Deferred.fromCoroutine(ending).addErrback(lambda fault: self.progress.note(fault.getErrorMessage()))

    def terminate(self, grace_s: float) -> None:
        """Ends it, and its kernel with it when it does not react."""
        ending = Deferred.fromCoroutine(self._ask_to_stop(grace_s))
        ending.addErrback(lambda fault: self.progress.note(fault.getErrorMessage()))

    async def _ask_to_stop(self, grace_s: float | None) -> None:
        stop = notebook_calls.StopRun(session=self.session.id, run=self.id, grace_s=grace_s)
        with suppress(errors.NotFound):  # it has just ended
            await self.client.call("run.stop", stop, calls.Accepted, repeat=True)

    async def _stop_all(self) -> None:
        waiting = notebook_calls.CancelRun(session=self.session.id, run=self.id)
        await self.client.call("run.cancel", waiting, notebook_calls.RunCancelled, repeat=True)
        for execution in [execution for execution, end in self.ends.items() if end.status == "running"]:
            await self.interruption.send(execution)

    def _end(self, ending: events.RunFinished | Fault | None) -> None:
        if not self.finished.called:
            if isinstance(ending, Fault):
                self.finished.errback(ending)
            else:
                self.finished.callback(ending)

    def _take(self, seq: int, event: Event) -> None:
        if self.finished.called:
            return
        match event:
            case events.KernelDied():
                self.progress.clear()
                show_death(event, self.screen)
            case events.OutputLost():
                self.progress.note(f"Output is missing: {event.reason}")
            case events.InputReplied():
                self.inputs.replied(event)
            case events.RunStopped() if event.run == self.id and event.cause in _STOPPED:
                self.progress.note(_STOPPED[event.cause])
            case events.RunFinished() if event.run == self.id:
                self._end(event)
            case events.SessionClosed():
                self._end(Fault(ConnectionLost("The session was closed.")))
        is_own = getattr(event, "execution", None) in self._order
        if self.progress.shows and isinstance(event, SHOWN) and (is_own or not isinstance(event, OWN)):
            self._showing.apply(event)
        if is_own:
            self._take_own(event)

    def _take_own(self, event: Event) -> None:
        match event:
            case events.ExecutionQueued():
                self._sources[event.execution] = event.code
            case events.ExecutionStarted():
                self.ends[event.execution].status = "running"
                self.progress.began(self._order[event.execution], self._sources.get(event.execution, ""))
                if self._is_stopped and not self.has_plan:  # the kernel took it before the cancelling came
                    Deferred.fromCoroutine(self.interruption.send(event.execution)).addErrback(
                        lambda fault: self.progress.note(fault.getErrorMessage())
                    )
            case events.OutputAdded():
                self._output(event)
            case events.InputRequested():
                self.progress.clear()
                self._showing.settle()
                self.inputs.requested(event)
            case events.ExecutionFinished():
                self._showing.settle()
                self._finish(event)

    def _output(self, event: events.OutputAdded) -> None:
        output = msgspec.json.decode(event.output, type=_Output)
        is_error = output.output_type == "error"
        if not self.progress.shows:
            self.progress.output(bytes(event.output), is_error)
        if is_error and event.execution is not None:
            end = self.ends[event.execution]
            end.error = error_line(output.ename, output.evalue)
            end.is_exit = end.error in EXITS

    def _finish(self, event: events.ExecutionFinished) -> None:
        end = self.ends[event.execution]
        if end.status not in ("queued", "running"):
            return
        end.status, end.reason, end.duration_s = event.status, event.reason, event.duration_s
        end.execution_count = event.execution_count
        number, source = self._order[event.execution], self._sources.get(event.execution, "")
        if event.status not in ("aborted", "cancelled"):
            self.progress.ended(number, source, event.status, event.duration_s)
        self._open -= 1
        self._end_if_over()


def tell_cells(run: Run) -> None:
    """Shows which cells failed, and how many did not run."""
    for number, end, source in run.failed():
        what = "was lost" if end.status == "lost" else "failed"
        why = end.error if end.status == "error" else end.reason
        run.screen.note(f"Cell {number} of {len(run.ends)} {what} ({first_line(source, 60)}): {why or end.status}")
    if any(end.is_exit for end in run.ends.values()):
        run.screen.note("The notebook has ended itself by sys.exit().")
    left = sum(end.status in ("aborted", "cancelled") for end in run.ends.values())
    if left:
        run.screen.note(f"{left} {'cell was' if left == 1 else 'cells were'} not run.")
    if not run.ends:
        run.screen.note("The notebook has no code to run.")


async def events_of(client: Client, session: str) -> AsyncIterator[events.AnyEvent]:
    """The events that are kept of a closed session, from the first on; those that stand for events that were cut come before.

    Args:
        client: The connection.
        session: The id of the session.

    Raises:
        errors.NotFound: Nothing is kept of the session.
        errors.Damaged: The journal cannot be read.
    """
    since = 0
    while True:
        asked = ReadJournal(session=session, since=since)
        part = await client.call("journal.read", asked, JournalEvents, repeat=True)
        for body in [*(part.standing if not since else []), *part.events]:
            event = events.decode_known(bytes(body))
            if event is not None:
                yield event
        since = part.first + len(part.events) - 1
        if since >= part.last_seq or not part.events:
            return
