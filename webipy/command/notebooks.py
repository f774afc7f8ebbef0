"""Running notebooks from a terminal: what `webipy run` does once it is connected.

The notebook is a file of the server. Without `-o` it is run in its session; with `-o` a copy of it is, in a session without a file,
so that nothing is touched before the end. Where the result goes is looked at before anything is made. The session is made for this
run (`temporary`), given a kernel, and run whole by one call under an id of our own, with a plan: what happens at the end, and when
it is to end early, is the server's business from then on. This is a follower, as a page is: the line may be cut, the server or
this command may be killed, the terminal may be closed, and the run is brought to its end; `--follow` comes back to it.

`^C`: the first one takes back what waits and interrupts what runs; the second one only leaves. SIGTERM stops the run, and does not
wait for code that does not react; SIGHUP leaves it.
"""

from __future__ import annotations

import signal
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from shlex import quote
from typing import Any, cast

import attrs
import msgspec
from msgspec import UNSET, Raw
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, ConnectionLost, Event
from webipy.command.parameter_listing import parameters_of, shown, unknown
from webipy.command.places import Place, deliver, leave
from webipy.command.program import Ended
from webipy.command.progress import Progress, first_line
from webipy.command.replays import events_of
from webipy.command.run_ends import WORDS, CellEnd, RunEnd
from webipy.command.running import FAILED, LEFT, LOST, OK, Inputs, Left, Stoppable, show_death
from webipy.command.showing import OWN, SHOWN, Showing
from webipy.command.streams import StreamFault
from webipy.command.terminal import Keyboard, Screen, print_json
from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.events import events
from webipy.core.session.runs import EXITS

NOT_STARTED, TIMED_OUT = 5, 124
"""Exit statuses of `webipy run`, besides those of `webipy exec`; 124 is that of timeout(1)."""

TERM_GRACE_S = 5.0
"""How long code may take to react after SIGTERM; service managers kill after 10 s at the earliest, and most later."""

_STOPPED = {
    "timed_out": "The time of the run is over: stopping.",
    "not_started": "The kernel has not started in time: stopping.",
    "left": "Nobody followed the run any more: stopping.",
}


class _Output(msgspec.Struct):
    output_type: str = ""
    ename: str = ""
    evalue: str = ""


@attrs.define(eq=False)
class Run(Stoppable):
    """A run of a notebook, followed from its acceptance to its end.

    Args:
        client: The connection.
        session: The session that it runs in.
        id: The run's id, chosen by us: repeating the call is harmless.
        progress: Where it is shown.
        inputs: Answers input.
        ending: How it has ended, when that was known from the start; `None` for what has yet to end.
        finished: Fires when it has ended, with the event that says so; `None` for a run without a plan, whose end nobody tells.
    """

    id: str
    progress: Progress
    screen: Screen
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
        self.inputs = Inputs(self.client, self.session.id, self.screen, self.keyboard, self._input_ended, self._stop)

    async def start(self, asked: notebook_calls.RunNotebook) -> None:
        """Has the notebook accepted, and follows it from its first event.

        Raises:
            errors.Failure: The server refuses.
        """
        told = await self.client.call("notebook.run", asked, notebook_calls.NotebookRun, repeat=True)
        self.is_accepted = True
        self.seq, self.progress.total = told.seq, len(told.executions)
        for number, one in enumerate(told.executions, 1):
            self._order[one.execution] = number
            self.ends[one.execution] = CellEnd(
                cell=one.cell, execution=one.execution, status="queued", may_fail=one.may_fail
            )
        self._open = len(told.executions)
        since = max(told.seq - self._open, 0)
        if since + 1 < self.session.first_seq:
            await self._catch_up()
        self._end_if_over()
        if self.finished.called:
            return
        follower = await self.client.follow(self.session.id, since, self._take)
        follower.ended.addErrback(self._end)

    async def replay(self) -> list[CellEnd]:
        """Shows what a run has made that has ended, and whose session is closed; gives the ends of its cells."""
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
            self.progress.note(f"What it has shown is not kept: {fault.message}")
        return list(self.ends.values())

    def _end_if_over(self) -> None:
        """Ends it when its cells have, where no event is to tell that."""
        if not self._open and (self.ending is not None or not self.has_plan):
            self._end(self.ending)

    async def _catch_up(self) -> None:
        """Asks for the ends of what ended so long ago that the journal no longer has the events."""
        of_session = calls.OfSession(session=self.session.id)
        told = await self.client.call("execution.queue", of_session, notebook_calls.ExecutionQueue, repeat=True)
        open_now = {one.execution for one in told.executions}
        for execution in [one for one in self.ends if one not in open_now]:
            asked = calls.OfExecution(session=self.session.id, execution=execution)
            found = await self.client.call("execution.get", asked, calls.Execution, repeat=True)
            self._sources[execution] = found.code
            for output in found.outputs:
                added = events.OutputAdded(execution=execution, output=output)
                if self.progress.shows:
                    self._showing.take(added)
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

    def _note(self, text: str) -> None:
        self.progress.note(text)

    def _stop(self) -> None:
        """Take back what waits, and interrupt what runs."""
        self._is_stopped = True
        ending = self._ask_to_stop(None) if self.has_plan else self._stop_all()
        Deferred.fromCoroutine(ending).addErrback(lambda fault: self.progress.note(fault.getErrorMessage()))

    def end_at_second(self) -> None:
        """It ends with this command, also when that is ended by a second ^C."""
        self._again = "end it at once"

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
            await self._interrupt(execution)

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
            self._showing.take(event)
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
                    Deferred.fromCoroutine(self._interrupt(event.execution)).addErrback(
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
            end.error = f"{output.ename}: {output.evalue}".strip(": ")
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


@attrs.define(eq=False)
class NotebookCommand:
    """What the command line of `webipy run` asks for.

    Args:
        reactor: The reactor.
        notebook: The file.
        output: Where the result of a run of a copy is written; `None` to run the notebook itself.
        overwrite: Whether that may replace a file.
        only_if_ok: Whether it does so only when every cell has ended well.
        parameters: What the notebook's parameters are set to.
        kernel: The kernelspec; `None` for that of the notebook, or the default one.
        timeout_s: When to stop it; `None` for never.
        start_timeout_s: How long its kernel may take to start; `None` for as long as the server gives it.
        keep_going: Whether cells after one that failed are run.
        show: Whether outputs are shown.
        keep: Whether a session that is made for the run stays open.
        attached: Whether the run ends with this command, however that ends.
        follow: A run that was started before, to go on with; `None` to start one.
        as_json: Whether to print how it ended as JSON, and nothing before.
        options: The options that name the server, for what we tell the user.
        body: The notebook, when it came by standard input.
        cwd: The working directory; `None` for the folder of the notebook.
        env: Environment variables of the kernel.
        is_inspected: Whether only the parameters that the notebook declares are to be shown.
    """

    reactor: Any
    notebook: str
    output: str | None
    overwrite: bool
    only_if_ok: bool
    parameters: Mapping[str, Raw]
    kernel: str | None
    timeout_s: float | None
    start_timeout_s: float | None
    keep_going: bool
    show: bool
    keep: bool
    attached: bool
    follow: str | None
    as_json: bool
    options: str
    body: bytes | None = None
    cwd: str | None = None
    env: dict[str, str] | None = None
    is_inspected: bool = False
    _run: Run | None = None
    _to: str | None = None
    _signal: int = 0

    def interrupt(self) -> bool:
        """^C: whether there is a run that it is for."""
        if self._run is not None:
            self._run.interrupt()
        return self._run is not None

    def end_by(self, number: int) -> bool:
        """SIGTERM or SIGHUP: whether there is a run that it is for."""
        run, is_first, self._signal = self._run, not self._signal, number
        if run is None or not run.is_accepted:
            return False
        is_stopped = number == signal.SIGTERM or self.attached
        if is_stopped and is_first:
            run.terminate(TERM_GRACE_S)
        if not is_stopped or not is_first:
            run.leave()
        return True

    async def command(self, client: Client) -> int:
        """Run it; gives the exit status.

        Raises:
            Wrong: There is no such file or run, or its kernel is another one.
            errors.Failure: The server refuses.
        """
        place = Place(client, self.notebook, self.output, self.overwrite, self.body, self.cwd, self.env)
        if self.follow is not None:
            return await self._follow(client, place, self.follow)
        await place.check()
        self._to = place.to
        session = await place.open()
        try:
            if self.is_inspected:
                return await self._inspect(client, session)
            if self.parameters:
                for words in unknown(await parameters_of(client, session), self.parameters):
                    sys.stderr.write(f"webipy: {words}\n")
            session = await place.with_kernel(session, self.kernel, self.options)
            return await self._followed(client, session, uuid.uuid4().hex[:12], place.path, None)
        finally:
            if self._run is None or not self._run.is_accepted:
                await leave(client, session)

    async def _inspect(self, client: Client, session: calls.Session) -> int:
        """Shows the parameters that the notebook declares."""
        known = await parameters_of(client, session)
        if self.as_json:
            print_json(msgspec.json.encode(known or []))
        elif known is not None:
            sys.stdout.write(f"{shown(known)}\n")
        if known is None:
            sys.stderr.write("webipy: No cell of the notebook has the tag parameters.\n")
        return OK if known is not None else FAILED

    async def _follow(self, client: Client, place: Place, run: str) -> int:
        state = await place.state_of(run)
        if state is None:
            return await self._followed(client, await place.session_with(run), run, place.path, None, has_plan=False)
        ending = None
        if state.status is not None:
            ending = events.RunFinished(run=run, status=state.status, path=state.path, reason=state.reason)
        try:
            of_session = calls.OfSession(session=state.session)
            session = await client.call("session.get", of_session, calls.Session, repeat=True)
        except errors.NotFound:
            if ending is None:
                raise
            ends = await self._replayed(client, state.session, run)
            return self._told(state.session, run, ending, ends, None)
        return await self._followed(client, session, run, place.path, ending)

    async def _replayed(self, client: Client, session: str, name: str) -> list[CellEnd]:
        """What the cells of a run have made whose session is closed."""
        closed = calls.Session(
            id=session,
            title="",
            path=None,
            cwd="",
            kernel=None,
            first_seq=1,
            seq=0,
            durable_seq=0,
            created="",
            last_activity="",
        )
        screen = Screen(sys.stderr if self.as_json else sys.stdout, sys.stderr)
        progress = Progress(self.reactor, screen, sys.stderr, self.show and not self.as_json)
        run = Run(client, closed, name, progress, screen)
        try:
            return await run.replay()
        finally:
            progress.close()

    async def _followed(
        self,
        client: Client,
        session: calls.Session,
        name: str,
        path: str,
        ending: events.RunFinished | None,
        *,
        has_plan: bool = True,
    ) -> int:
        """Starts or joins a run, and stays until its end."""
        is_taken = self.as_json or self.output == "-"
        screen = Screen(sys.stderr if is_taken else sys.stdout, sys.stderr)
        progress = Progress(self.reactor, screen, sys.stderr, self.show and not self.as_json)
        keyboard = Keyboard(self.reactor.callFromThread)
        run = self._run = Run(client, session, name, progress, screen, keyboard, ending=ending, has_plan=has_plan)
        if self.attached:
            run.end_at_second()
        try:
            await run.start(self._asked(run))
            finished = await run.finished
        except BaseException as fault:
            if run.is_accepted and not self.attached:
                with suppress(OSError, StreamFault):  # the terminal may be what is gone
                    self._tell_left(run, path)
            if not isinstance(fault, Left):
                raise
            raise Ended("The run goes on.", 128 + self._signal if self._signal else LEFT) from None
        finally:
            with suppress(OSError, StreamFault):
                run.inputs.close()
                progress.close()
        if finished is None:
            finished = await self._saved(client, run)
        if self.output == "-" and finished.path is None:
            await deliver(client, session, self.keep)
            finished = events.RunFinished(run=name, status=finished.status, path="standard output")
        return self._told(session.id, name, finished, list(run.ends.values()), run)

    def _asked(self, run: Run) -> notebook_calls.RunNotebook:
        plan = notebook_calls.RunPlan(
            to=self._to,
            overwrite=self.overwrite,
            only_if_ok=self.only_if_ok,
            timeout_s=self.timeout_s,
            start_timeout_s=self.start_timeout_s,
            attached=self.attached,
            keep=self.keep,
        )
        return notebook_calls.RunNotebook(
            session=run.session.id,
            id=run.id,
            stop_on_error=not self.keep_going,
            parameters=dict(self.parameters) if self.parameters else UNSET,
            plan=plan if run.has_plan else None,
        )

    def _tell_left(self, run: Run, path: str) -> None:
        run.progress.note(
            f"It goes on running. Follow it with: webipy run {self.options}{quote(path)} --follow {run.id}\n"
            f"        or watch the session: webipy attach {self.options}{run.session.id[:8]}"
        )

    @staticmethod
    async def _saved(client: Client, run: Run) -> events.RunFinished:
        """Saves what a run without a plan has made, which nobody else does."""
        saving = notebook_calls.SaveNotebook(session=run.session.id)
        saved = await client.call("notebook.save", saving, notebook_calls.NotebookState, repeat=True)
        status = cast(events.RunStatus, {"aborted": "error"}.get(run.status(), run.status()))
        return events.RunFinished(run=run.id, status=status, path=saved.path)

    # ---- the end

    def _told(self, session: str, name: str, finished: events.RunFinished, ends: list[CellEnd], run: Run | None) -> int:
        """Says how it ended, and gives the exit status."""
        if self.as_json:
            path, reason = finished.path, finished.reason
            print_json(RunEnd(run=name, session=session, path=path, status=finished.status, cells=ends, reason=reason))
        else:
            self._tell(finished, run)
        if self._signal:
            return 128 + self._signal
        is_elsewhere = finished.path is None or bool(finished.reason)
        return FAILED if finished.status == "ok" and is_elsewhere else _STATUSES[finished.status]

    def _tell(self, finished: events.RunFinished, run: Run | None) -> None:
        screen = run.screen if run is not None else Screen(sys.stdout, sys.stderr)
        if run is not None:
            tell_cells(run)
        else:
            screen.note(f"The run has ended before: {WORDS.get(finished.status, finished.status)}.")
        if run is not None and finished.status in ("timed_out", "not_started"):
            screen.note(f"{WORDS[finished.status][:1].upper()}{WORDS[finished.status][1:]}.")
        if finished.reason:
            screen.note(finished.reason)
        if finished.path is not None:
            screen.note(f"Saved {finished.path}")
        elif run is not None:
            screen.note(
                f"Its result is in the session only; open it with: webipy open {self.options}{run.session.id[:8]}"
            )


_STATUSES = {
    "ok": OK,
    "error": FAILED,
    "cancelled": FAILED,
    "lost": LOST,
    "timed_out": TIMED_OUT,
    "not_started": NOT_STARTED,
}


def tell_cells(run: Run) -> None:
    """Says which cells did not end well, and how many were not run."""
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
