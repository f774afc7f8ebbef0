"""Running code from a terminal: what `webipy exec` does once it is connected.

It is a follower of a session, as a page is. `Run` watches one execution that it starts, from its acceptance to its end, and shows what it prints
(showing.py). It owns nothing: when it leaves, the run goes on.

Order of a run: the session is found or made, with a living kernel; it is followed from the seq at which it stood; then the code is sent under
an id of our own. So no output can be missed, and a call that is repeated after the line was lost runs nothing twice.

`^C` in a run: the first one ends what was asked for (a run that waits is cancelled, one that runs is interrupted); the second one only leaves.
When code asks for input and standard input has ended, the run is interrupted, because nobody else is expected to answer.
"""

from __future__ import annotations

import io
import sys
import uuid
from contextlib import suppress
from itertools import takewhile
from shlex import quote
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, ConnectionLost, Event, NoServer
from webipy.command.endings import Exit, show_payload
from webipy.command.escapes import Escapes
from webipy.command.exit_statuses import FAILED, LEFT, LOST, OK
from webipy.command.figures import Figures
from webipy.command.following import Inputs, Interruption, Left, show_death, tell
from webipy.command.lookup import Wrong, find_session, the_session
from webipy.command.places import leave
from webipy.command.program import Ended
from webipy.command.scripts import Script
from webipy.command.showing import OWN, SHOWN, Showing
from webipy.command.streams import StreamFault
from webipy.command.terminal import Keyboard, Screen, print_json
from webipy.command.widths import cut
from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.events import events

SHELL = "shell"
"""Title of the session that code runs in unless the user names another one."""

ANNOUNCED = "-script"
"""End of the id of an execution that only announces a script to the kernel."""

QUEUE_S = 0.5
"""After so many seconds a run that has not begun shows what it waits for."""

DEATH_S = 5
"""How long the end of a kernel is waited for after the end of a run that it has lost: its last words come with it."""

STUBBORN_S = 10
"""How long a run that was interrupted by `--timeout` may take to end before it is left."""


@attrs.define(eq=False)
class Run:
    """One execution, from its acceptance to its end.

    Args:
        client: The connection.
        session: The session that it runs in.
        execution: The execution's id, chosen by us: repeating the call is harmless.
        showing: Shows its outputs; `None` shows nothing.
        keyboard: Where its input comes from.
        notes: Where lines of the command itself go.
        finished: Fires with its end.
        notifies: Whether the server tells us of the end, wherever we are then.
        died: Fires when the death of its kernel has been shown, or did not come in time.
    """

    client: Client
    session: calls.Session
    execution: str
    showing: Showing | None
    keyboard: Keyboard
    notes: Screen
    notifies: bool = False
    interruption: Interruption = attrs.field(init=False)
    seq: int = 0
    exit_status: int | None = None
    """That of `sys.exit`, when the code has ended by it."""
    finished: Deferred[events.ExecutionFinished] = attrs.field(factory=Deferred)
    _has_started: bool = False
    _is_stopped: bool = False
    died: Deferred[None] = attrs.field(factory=Deferred)
    _lost_by: str = ""
    _inputs: Inputs = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        session = self.session.id
        self.interruption = Interruption(self.client, session, self.notes.note, self._stop, self._end)
        self._inputs = Inputs(
            self.client, session, self.notes, self.keyboard, self.interruption.input_ended, self._stop
        )

    async def start(self, code: str) -> None:
        """Follow the session from where it stands, and have the code accepted.

        Raises:
            errors.Failure: The server refuses.
        """
        follower = await self.client.follow(self.session.id, self.session.seq, self._take)
        follower.ended.addErrback(self._line_ended)
        asked = calls.StartExecution(session=self.session.id, code=code, id=self.execution, notify=self.notifies)
        accepted = await self.client.call("execution.start", asked, calls.ExecutionAccepted, repeat=True)
        self.seq = accepted.seq

    def close(self) -> None:
        """Nothing more is shown."""
        self._inputs.close()
        if self.showing is not None:
            self.showing.settle()

    def _stop(self) -> None:
        """End it: cancel it while it waits; once it runs, or as soon as it does, interrupt it."""
        self._is_stopped = True
        ending = self.interruption.send(self.execution) if self._has_started else self._cancel()
        Deferred.fromCoroutine(ending).addErrback(tell, self.notes)

    async def _cancel(self) -> None:
        of_execution = calls.OfExecution(session=self.session.id, execution=self.execution)
        try:
            await self.client.call("execution.cancel", of_execution, calls.Done)
        except errors.NotWaiting:
            pass  # it has just begun, and `_take_own` interrupts it, or it has ended

    def _line_ended(self, fault: Fault) -> None:
        self._end(fault)

    def _end(self, ending: events.ExecutionFinished | Fault) -> None:
        if not self.finished.called:
            self.finished.callback(ending)

    def _take(self, seq: int, event: Event) -> None:
        if self.finished.called and not isinstance(event, events.KernelDied):
            return
        match event:
            case events.KernelDied():
                self._show_death(event)
            case events.OutputLost():
                self.notes.note(f"Output is missing: {event.reason}")
            case events.InputReplied():
                self._inputs.replied(event)
            case events.SessionClosed():
                self._end(Fault(ConnectionLost("The session was closed.")))
        is_own = getattr(event, "execution", None) == self.execution
        if isinstance(event, SHOWN) and self.showing is not None:
            is_known = isinstance(event, events.WidgetOutputAdded) and self.showing.knows(event.comm)
            if is_own or is_known or not isinstance(event, OWN):
                self._show(event)
        if is_own:
            self._take_own(event)

    def _show(self, event: events.AnyEvent) -> None:
        assert self.showing is not None
        ending = Exit.of(event.output) if isinstance(event, events.OutputAdded) else None
        if ending is None:
            self.showing.apply(event)
        elif ending.message:
            self.notes.line("stderr", ending.message)

    def _take_own(self, event: Event) -> None:
        match event:
            case events.ExecutionStarted():
                self._has_started = True
                if self._is_stopped:  # the kernel took it before the cancelling came
                    Deferred.fromCoroutine(self.interruption.send(self.execution)).addErrback(tell, self.notes)
            case events.OutputAdded() if (ending := Exit.of(event.output)) is not None:
                self.exit_status = ending.status
            case events.InputRequested():
                if self.showing is not None:
                    self.showing.settle()
                self._inputs.requested(event)
            case events.ExecutionFinished():
                self._show_payload(event)
                self._lost_by = event.reason
                if event.status in ("aborted", "cancelled"):
                    self.notes.note(f"{event.status}: {event.reason}" if event.reason else event.status)
                self._end(event)

    def _show_death(self, event: events.KernelDied) -> None:
        if self.showing is not None:
            self.showing.settle()
        if not self.died.called:
            show_death(event, self.notes)
            self.died.callback(None)

    def show_lost(self) -> None:
        """It was lost, and nothing more is known of the end of its kernel."""
        if not self.died.called:
            self.notes.note(f"lost: {self._lost_by}" if self._lost_by else "lost")
            self.died.callback(None)

    def show_queue(self) -> None:
        """Shows what a run waits for that has not begun."""
        if not self._has_started and not self.finished.called:
            Deferred.fromCoroutine(self._show_queue()).addErrback(tell, self.notes)

    async def _show_queue(self) -> None:
        of_session = calls.OfSession(session=self.session.id)
        queue = await self.client.call("execution.queue", of_session, notebook_calls.ExecutionQueue, repeat=True)
        waiting = [one for one in queue.executions if not one.execution.endswith(ANNOUNCED)]
        before = list(takewhile(lambda one: one.execution != self.execution, waiting))
        if before and len(before) < len(waiting) and not self._has_started:
            others = "another run" if len(before) == 1 else f"{len(before)} other runs"
            code = cut(" ".join(Escapes(False).clean(before[0].code).split()), 60)
            self.notes.note(f"It waits behind {others} in this session, first of all: {code}")

    def _show_payload(self, event: events.ExecutionFinished) -> None:
        """What the kernel wants to be shown beside the outputs: the text of `len?`, the source that `%load` inserts."""
        if self.showing is not None and not isinstance(event.payload, msgspec.UnsetType):
            self.showing.settle()
            show_payload(event.payload, self.notes)


@attrs.define(eq=False)
class Execution:
    """What the command line of `webipy exec` asks for.

    Args:
        reactor: The reactor.
        code: What to run.
        session: Where: an id, title or path; `None` for the usual place.
        kernel: The kernelspec for a session that has no kernel; `None` for the default one.
        env: Environment variables for the session's kernel; `None` for those that it has.
        fresh: Whether to run in a session of its own, which is closed afterwards.
        timeout_s: When to interrupt it; `None` for never.
        as_json: Whether to print the execution as JSON at its end, and nothing before.
        options: The options that name the server, for what we tell the user.
        script: The script that the code is of, if it is one.
        figures: The folder that pictures are saved in; `None` for none.
        notifies: Whether the server tells us of the end, wherever we are then.
    """

    reactor: Any
    code: str
    session: str | None
    kernel: str | None
    env: dict[str, str] | None
    fresh: bool
    timeout_s: float | None
    as_json: bool
    options: str
    script: Script | None = None
    figures: str | None = None
    notifies: bool = False
    _album: Figures | None = None
    _run: Run | None = None
    _made: calls.Session | None = None
    """The session that was made for it."""

    def interrupt(self) -> bool:
        """^C: whether there is a run that it is for."""
        if self._run is not None:
            self._run.interruption.interrupt()
        return self._run is not None

    async def command(self, client: Client) -> int:
        """Runs the code; returns the exit status.

        Raises:
            Wrong: There is no such session, or its kernel is another one.
            errors.Failure: The server refuses.
        """
        notes = Screen(sys.stderr if self.as_json else sys.stdout, sys.stderr)
        try:
            session = await self._session(client)
            if (
                self._made is not None and not self.fresh
            ):  # it has a kernel now: it stays, whatever becomes of this command
                await client.call("session.keep", calls.OfSession(session=session.id), calls.Session, repeat=True)
            run = self._run = self._prepared(client, session, notes)
            await self._announce(run)
            await run.start(self.code)
        except Exception:
            await self._take_back(client)
            raise
        try:
            finished = await self._end_of(run)
        except Left as left:
            self._note_left(run, session)
            raise Ended("The code goes on.", FAILED if left.by_timeout else LEFT) from None
        except StreamFault:
            if self.fresh:  # nobody sees what it does, and nobody would close it
                await client.call("session.close", calls.OfSession(session=session.id), calls.Done)
            raise
        finally:
            run.close()
            notes.finish()
        return await self._finished(client, run, finished)

    def _prepared(self, client: Client, session: calls.Session, notes: Screen) -> Run:
        keyboard = Keyboard(self.reactor.callFromThread)
        return Run(client, session, uuid.uuid4().hex, self._showing(notes), keyboard, notes, self.notifies)

    async def _finished(self, client: Client, run: Run, finished: events.ExecutionFinished) -> int:
        """Does what is left after the end; returns the exit status."""
        if self._album is not None:
            for path in await self._album.save_large(client, run.session.id, run.execution):
                run.notes.note(f"Saved {path}")
        if self.as_json:
            asked = calls.OfExecution(session=run.session.id, execution=run.execution)
            print_json(await client.call("execution.get", asked, calls.Execution, repeat=True))
        if self.fresh:
            await leave(client, run.session)
        if finished.status == "error" and run.exit_status is not None:
            return run.exit_status
        return OK if finished.status == "ok" else LOST if finished.status == "lost" else FAILED

    def _note_left(self, run: Run, session: calls.Session) -> None:
        place = quote(session.path or session.id)
        since = max(run.seq - 1, 0)
        run.notes.note(f"The code goes on. Watch it with: webipy attach {self.options}{place} --since {since}")

    async def _take_back(self, client: Client) -> None:
        """Nothing runs: the session that was made for it goes away again, if nobody else has found it."""
        made, self._made = self._made, None
        if made is None:
            return
        of_session = calls.OfSession(session=made.id)
        with suppress(errors.Failure, ConnectionLost, NoServer):  # the first failure is the one to report
            now = await client.call("session.get", of_session, calls.Session, repeat=True)
            if self.fresh or (now.kernel is None and now.seq == made.seq):
                await client.call("session.close", of_session, calls.Done)

    def _showing(self, screen: Screen) -> Showing | None:
        """Shows the outputs; with `as_json` nothing is shown, and only pictures are saved."""
        figures = self._album = Figures(self.figures) if self.figures is not None else None
        if self.as_json:
            nowhere = io.StringIO()
            return Showing(Screen(nowhere, nowhere), figures) if figures is not None else None
        return Showing(screen, figures, self.reactor.callLater)

    async def _announce(self, run: Run) -> None:
        """Announces a script to a Python kernel.

        Raises:
            Wrong: It has arguments, and the kernel speaks another language.
        """
        kernel = run.session.kernel
        if self.script is None or kernel is None:
            return
        if kernel.language == "python":
            asked = calls.StartExecution(
                session=run.session.id,
                code=self.script.announcement(),
                id=f"{run.execution}{ANNOUNCED}",
                silent=True,
                store_history=False,
                stop_on_error=False,
                allow_stdin=False,
            )
            await run.client.call("execution.start", asked, calls.ExecutionAccepted, repeat=True)
        elif len(self.script.arguments) > 1:
            raise Wrong(f"A script of {kernel.display_name} takes no arguments here; only those of Python do.")

    async def _end_of(self, run: Run) -> events.ExecutionFinished:
        """The end of a run, interrupted when its time is over."""
        timers = [self.reactor.callLater(QUEUE_S, run.show_queue)]
        if self.timeout_s is not None:
            timers.append(self.reactor.callLater(self.timeout_s, run.interruption.time_out, self.timeout_s))
            lose_patience = run.interruption.kill if self.fresh else run.interruption.give_up
            timers.append(self.reactor.callLater(self.timeout_s + STUBBORN_S, lose_patience))
        try:
            finished = await run.finished
            if finished.status == "lost":
                timers.append(self.reactor.callLater(DEATH_S, run.show_lost))
                await run.died
            return finished
        finally:
            for timer in timers:
                if timer.active():
                    timer.cancel()

    async def _session(self, client: Client) -> calls.Session:
        """The session to run in, with a living kernel."""
        if self.fresh:
            title = f"exec {self.code.strip().partition(chr(10))[0][:60]}".strip()
            made = calls.CreateSession(title=title, id=uuid.uuid4().hex, temporary=True)
            fresh = self._made = await client.call("session.create", made, calls.Session, repeat=True)
            return await with_kernel(client, fresh, self.kernel, self.env)
        if self.session is not None and self.kernel is None:
            return await with_kernel(client, await the_session(client, self.session), None, self.env)
        return await with_kernel(client, await self._named(client, self.session or SHELL), self.kernel, self.env)

    async def _named(self, client: Client, name: str) -> calls.Session:
        """The session of that title; it may be made for this."""
        session, is_made = await named_session(client, name)
        self._made = session if is_made else None
        return session


async def named_session(client: Client, name: str) -> tuple[calls.Session, bool]:
    """The session of that title, made if there is none: under an id that follows from the title, so that two commands at once make one.

    Whoever has an account has one of their own: the id follows from the account, too.

    Until it has a kernel it is temporary: a command that is killed before leaves nothing.

    Args:
        client: The connection.
        name: The title, or another name of a session that is there.

    Returns:
        The session, and whether it was made.
    """
    found = await find_session(client, name)
    if found is not None:
        return found, False
    account = (await client.call("server.info", calls.Nothing(), calls.ServerInfo, repeat=True)).account
    of = "" if account is None else f" of {account}"
    number = 0
    while True:
        number += 1
        wanted = uuid.uuid5(uuid.NAMESPACE_OID, f"webipy exec{of} {number} {name}").hex
        made = calls.CreateSession(title=name, id=wanted, temporary=True)
        with suppress(errors.AlreadyExists):  # a session of that id was closed
            return await client.call("session.create", made, calls.Session, repeat=True), True


async def with_kernel(
    client: Client,
    session: calls.Session,
    kernelspec: str | None,
    env: dict[str, str] | None = None,
    *,
    is_silent: bool = False,
) -> calls.Session:
    """The session with a living kernel: its own, or a new one.

    Args:
        client: The connection.
        session: The session.
        kernelspec: The kernelspec that the kernel must be of; `None` for any, and for a new one for that of the last one or the default one.
        env: Environment variables for it; `None` for those that the session has.
        is_silent: Whether nothing is shown of the end of the old kernel.

    Raises:
        Wrong: Its kernel is another one.
        errors.Failure: No kernel can be started, or the living one has another environment.
    """
    kernel = session.kernel
    is_alive = kernel is not None and kernel.state != "dead"
    if kernel is not None and is_alive and kernelspec not in (None, kernel.kernelspec):
        raise Wrong(
            f"Session {session.title!r} has the kernel {kernel.kernelspec}, not {kernelspec}. Name another session, or use --fresh."
        )
    if is_alive and env is None:
        return session
    if kernel is not None and not is_alive and not is_silent:
        sys.stderr.write("webipy: The kernel of this session has ended: a new one starts, without the old variables.\n")
    name = kernelspec or (kernel.kernelspec if kernel is not None else None)
    asked = calls.StartKernel(session=session.id, kernelspec=name, env=env)
    return await client.call("kernel.start", asked, calls.Session, repeat=True)
