"""Running notebooks from a terminal: what `webipy run` does once it is connected.

The notebook is a file of the server; it is opened in its session (or a new one), given a kernel, and run whole by one call under an
id of our own. From then on this is a follower, as a page is: the line may be cut, the server may be killed, the terminal may be
closed, and the run goes on; `--follow` comes back to it. At the end the document is saved, and the session is closed if it was made
for this run alone.

`^C`: the first one takes back what waits and interrupts what runs; the second one only leaves.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any, cast

import attrs
import msgspec
from msgspec import UNSET, Raw
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.command.lookup import Wrong
from webipy.command.paths import below, below_new
from webipy.command.progress import Progress, first_line
from webipy.command.running import FAILED, LEFT, LOST, OK, STUBBORN_S, Inputs, Left, Stoppable, show_death
from webipy.command.terminal import Keyboard, Screen, print_json
from webipy.core import calls, errors, events, file_calls, notebook_calls
from webipy.io.client import Client, ConnectionLost, Event

_EXITS = ("SystemExit", "SystemExit: 0", "SystemExit: None")
"""Errors by which code asks for a good end; papermill takes them so, too."""


class _Output(msgspec.Struct):
    output_type: str = ""
    ename: str = ""
    evalue: str = ""


class _Kernelspec(msgspec.Struct, frozen=True):
    name: str | None = None


class _Metadata(msgspec.Struct, frozen=True):
    kernelspec: _Kernelspec = _Kernelspec()


class CellEnd(msgspec.Struct, kw_only=True):
    """How a cell ended, for `--json`. With `may_fail` its failure is none of the run; with `is_exit` it has ended the run by `sys.exit(0)`."""

    cell: str
    execution: str
    status: str
    execution_count: int | None = None
    duration_s: float = 0.0
    reason: str = ""
    error: str = ""
    may_fail: bool = False
    is_exit: bool = False

    def fate(self) -> str:
        """The status, as far as the run is concerned."""
        return "ok" if self.status == "error" and (self.may_fail or self.is_exit) else self.status


class RunEnd(msgspec.Struct, kw_only=True):
    """How a run ended, for `--json`."""

    run: str
    session: str
    path: str
    status: str
    cells: list[CellEnd]


@attrs.define(eq=False)
class Run(Stoppable):
    """A run of a notebook, followed from its acceptance to its end.

    Args:
        client: The connection.
        session: The session that it runs in.
        id: The run's id, chosen by us: repeating the call is harmless.
        progress: Where it is shown.
        inputs: Answers input.
        finished: Fires when every execution has ended.
    """

    id: str
    progress: Progress
    screen: Screen
    inputs: Inputs = attrs.field(init=False)
    keyboard: Keyboard | None = None
    ends: dict[str, CellEnd] = attrs.field(factory=dict)
    finished: Deferred[None] = attrs.field(factory=Deferred)
    seq: int = 0
    _sources: dict[str, str] = attrs.field(factory=dict)
    _order: dict[str, int] = attrs.field(factory=dict)
    _open: int = 0
    _is_stopped: bool = False

    def __attrs_post_init__(self) -> None:
        self.inputs = Inputs(self.client, self.session.id, self.screen, self.keyboard, self._input_ended)

    async def start(self, asked: notebook_calls.RunNotebook) -> None:
        """Has the notebook accepted, and follows it from its first event.

        Raises:
            errors.Failure: The server refuses.
        """
        told = await self.client.call("notebook.run", asked, notebook_calls.NotebookRun, repeat=True)
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
        if not self._open:
            self._end(None)
            return
        follower = await self.client.follow(self.session.id, since, self._take)
        follower.ended.addErrback(self._end)

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
                self._output(events.OutputAdded(execution=execution, output=output))
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
        """How the run as a whole ended."""
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
        Deferred.fromCoroutine(self._stop_all()).addErrback(lambda fault: self.progress.note(fault.getErrorMessage()))

    async def _stop_all(self) -> None:
        waiting = notebook_calls.CancelRun(session=self.session.id, run=self.id)
        await self.client.call("run.cancel", waiting, notebook_calls.RunCancelled, repeat=True)
        if any(end.status == "running" for end in self.ends.values()):
            await self._interrupt()

    def _end(self, fault: Fault | None) -> None:
        if not self.finished.called:
            if fault is None:
                self.finished.callback(None)
            else:
                self.finished.errback(fault)

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
            case events.SessionClosed():
                self._end(Fault(ConnectionLost("The session was closed.")))
        if getattr(event, "execution", None) in self._order:
            self._take_own(event)

    def _take_own(self, event: Event) -> None:
        match event:
            case events.ExecutionQueued():
                self._sources[event.execution] = event.code
            case events.ExecutionStarted():
                self.ends[event.execution].status = "running"
                self.progress.began(self._order[event.execution], self._sources.get(event.execution, ""))
                if self._is_stopped:  # the kernel took it before the cancelling came
                    Deferred.fromCoroutine(self._interrupt()).addErrback(
                        lambda fault: self.progress.note(fault.getErrorMessage())
                    )
            case events.OutputAdded():
                self._output(event)
            case events.InputRequested():
                self.progress.clear()
                self.inputs.requested(event)
            case events.ExecutionFinished():
                self._finish(event)

    def _output(self, event: events.OutputAdded) -> None:
        output = msgspec.json.decode(event.output, type=_Output)
        is_error = output.output_type == "error"
        self.progress.output(bytes(event.output), is_error)
        if is_error and event.execution is not None:
            end = self.ends[event.execution]
            end.error = f"{output.ename}: {output.evalue}".strip(": ")
            end.is_exit = end.error in _EXITS

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
        if not self._open:
            self._end(None)


@attrs.define(eq=False)
class NotebookCommand:
    """What the command line of `webipy run` asks for.

    Args:
        reactor: The reactor.
        notebook: The file.
        output: Where a copy of it is made, which is run in its place; `None` for none.
        overwrite: Whether that copy may replace a file.
        parameters: What the notebook's parameters are set to.
        kernel: The kernelspec; `None` for that of the notebook, or the default one.
        timeout_s: When to interrupt it; `None` for never.
        keep_going: Whether cells after one that failed are run.
        show: Whether outputs are shown.
        keep: Whether a session that is made for the run stays open.
        follow: A run that was started before, to go on with; `None` to start one.
        as_json: Whether to print how it ended as JSON, and nothing before.
        options: The options that name the server, for what we tell the user.
    """

    reactor: Any
    notebook: str
    output: str | None
    overwrite: bool
    parameters: Mapping[str, Raw]
    kernel: str | None
    timeout_s: float | None
    keep_going: bool
    show: bool
    keep: bool
    follow: str | None
    as_json: bool
    options: str
    _run: Run | None = None

    def interrupt(self) -> bool:
        """^C: whether there is a run that it is for."""
        if self._run is not None:
            self._run.interrupt()
        return self._run is not None

    async def command(self, client: Client) -> int:
        """Run it; gives the exit status.

        Raises:
            Wrong: There is no such file or run, or its kernel is another one.
            errors.Failure: The server refuses.
        """
        path = await self._path(client)
        own = uuid.uuid4().hex
        opened = calls.CreateSession(path=path, id=own)
        session = await client.call("session.create", opened, calls.Session, repeat=True)
        if self.follow is None:
            if session.id != own:  # what another program has written into the file meanwhile is run, too
                saving = notebook_calls.SaveNotebook(session=session.id)
                await client.call("notebook.save", saving, notebook_calls.NotebookState, repeat=True)
            session = await self._with_kernel(client, session)
        screen = Screen(sys.stderr if self.as_json else sys.stdout, sys.stderr)
        progress = Progress(self.reactor, screen, sys.stderr, self.show and not self.as_json)
        keyboard = Keyboard(self.reactor.callFromThread)
        run = self._run = Run(client, session, self.follow or uuid.uuid4().hex[:12], progress, screen, keyboard)
        try:
            await self._check_followed(client, run)
            await run.start(self._asked(run))
            await self._end_of(run)
        except Left as left:
            self._tell_left(run, path)
            return FAILED if left.by_timeout else LEFT
        finally:
            run.inputs.close()
            progress.close()
        return await self._finished(client, run, path, session.id == own and not self.keep)

    def _asked(self, run: Run) -> notebook_calls.RunNotebook:
        return notebook_calls.RunNotebook(
            session=run.session.id,
            id=run.id,
            stop_on_error=not self.keep_going,
            parameters=dict(self.parameters) if self.parameters else UNSET,
        )

    async def _check_followed(self, client: Client, run: Run) -> None:
        """Refuses to start what is only to be followed."""
        if self.follow is None:
            return
        first = calls.OfExecution(session=run.session.id, execution=f"{self.follow}-1")
        try:
            await client.call("execution.get", first, calls.Execution, repeat=True)
        except errors.NotFound:
            raise Wrong(f"This notebook has no run {self.follow!r}.") from None

    def _tell_left(self, run: Run, path: str) -> None:
        run.progress.note(
            f"It goes on running. Follow it with: webipy run {self.options}{quote(path)} --follow {run.id}\n"
            f"        or watch the session: webipy attach {self.options}{run.session.id[:8]}"
        )

    async def _end_of(self, run: Run) -> None:
        """Waits for the end of a run, which is interrupted when its time is over."""
        timers = []
        if self.timeout_s is not None:
            timers = [
                self.reactor.callLater(self.timeout_s, run.time_out, self.timeout_s),
                self.reactor.callLater(self.timeout_s + STUBBORN_S, run.leave),
            ]
        try:
            await run.finished
        finally:
            for timer in timers:
                if timer.active():
                    timer.cancel()

    async def _finished(self, client: Client, run: Run, path: str, is_closed: bool) -> int:
        """Says how it ended, saves, and gives the exit status."""
        status = run.status()
        saving = notebook_calls.SaveNotebook(session=run.session.id)
        saved = await client.call("notebook.save", saving, notebook_calls.NotebookState, repeat=True)
        if self.as_json:
            ends = list(run.ends.values())
            print_json(RunEnd(run=run.id, session=run.session.id, path=saved.path or path, status=status, cells=ends))
        else:
            self._tell(run, saved.path or path)
        if is_closed:
            await client.call("session.close", calls.CloseSession(session=run.session.id), calls.Done)
        return OK if status == "ok" else LOST if status == "lost" else FAILED

    @staticmethod
    def _tell(run: Run, path: str) -> None:
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
        run.screen.note(f"Saved {path}")

    # ---- the file, its session and its kernel

    async def _path(self, client: Client) -> str:
        """The path of the notebook to run, which is the copy if one is wanted."""
        told = await client.call("server.info", calls.Nothing(), calls.ServerInfo, repeat=True)
        root = Path(told.root or "/")
        path = below(root, self.notebook)
        if self.output is None:
            return path
        to = below_new(root, self.output)
        if to == path:
            raise Wrong(f"{self.output} is the notebook itself; leave -o away to run it in place.")
        sessions = (await client.call("session.list", calls.Nothing(), calls.SessionList, repeat=True)).sessions
        for session in sessions:
            if session.path == to:
                raise Wrong(
                    f"{self.output} is open in session {session.id[:8]}; close that first, or choose another name."
                )
            if session.path == path:
                saving = notebook_calls.SaveNotebook(session=session.id)
                await client.call("notebook.save", saving, notebook_calls.NotebookState, repeat=True)
        await self._copy(client, path, to)
        return to

    async def _copy(self, client: Client, path: str, to: str) -> None:
        copying = file_calls.CopyFile(path=path, to=to)
        await client.call("file.stat", file_calls.OfFile(path=path), file_calls.File, repeat=True)
        if self.overwrite:
            with suppress(errors.NotFound):
                await client.call("file.delete", file_calls.DeleteFile(path=to, permanent=True), file_calls.Deleted)
        try:
            await client.call("file.copy", copying, file_calls.File)
        except errors.AlreadyExists:
            raise Wrong(f"{self.output} exists already; --overwrite replaces it.") from None

    async def _with_kernel(self, client: Client, session: calls.Session) -> calls.Session:
        kernel = session.kernel
        if kernel is not None and kernel.state != "dead":
            if self.kernel not in (None, kernel.kernelspec):
                raise Wrong(
                    f"The notebook is open with the kernel {kernel.kernelspec}, not {self.kernel}; end that with: "
                    f"webipy kill {self.options}{session.id[:8]}"
                )
            sys.stderr.write(
                f"webipy: The notebook is open: it runs in its kernel ({kernel.display_name}), with its variables.\n"
            )
            return session
        name = self.kernel or await self._own_kernelspec(client, session)
        asked = calls.StartKernel(session=session.id, kernelspec=name)
        try:
            return await client.call("kernel.start", asked, calls.Session, repeat=True)
        except errors.UnknownKernelspec as fault:
            raise Wrong(f"{fault.message} Choose one with --kernel.") from None

    @staticmethod
    async def _own_kernelspec(client: Client, session: calls.Session) -> str | None:
        """The kernelspec that the notebook names."""
        asked = calls.OfSession(session=session.id)
        state = await client.call("notebook.get", asked, notebook_calls.NotebookState, repeat=True)
        try:
            return msgspec.json.decode(state.metadata, type=_Metadata).kernelspec.name
        except msgspec.DecodeError:
            return None  # metadata may be anything; this names none
