"""Running code and watching sessions from a terminal: what `webipy exec` and `webipy attach` do once they are connected.

Both are followers of a session, as a page is: they print the same events. `Run` watches one execution that it starts, from its acceptance to its
end; `Watch` shows everything that happens in a session. Neither owns anything: when they leave, the run goes on.

Order of a run: the session is found or made, with a living kernel; it is followed from the seq at which it stood; then the code is sent under
an id of our own. So no output can be missed, and a call that is repeated after the line was lost runs nothing twice.

`^C` in a run: the first one ends what was asked for (a run that waits is cancelled, one that runs is interrupted); the second one only leaves.
When code asks for input and standard input has ended, the run is interrupted, because nobody else is expected to answer.
"""

from __future__ import annotations

import re
import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Literal

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.command.lookup import Wrong, find_session, the_session
from webipy.command.scripts import Script
from webipy.command.terminal import Keyboard, Screen, print_json, text_of
from webipy.core import calls, errors, events
from webipy.io.client import Client, ConnectionLost, Event

OK, FAILED, LOST, LEFT = 0, 1, 3, 130
"""Exit statuses of `webipy exec`."""

SHELL = "shell"
"""Title of the session that code runs in unless the user says otherwise."""

STUBBORN_S = 10
"""How long a run that was interrupted by `--timeout` may take to end before it is left."""


class Left(Exception):
    """The user has left a run that goes on.

    Args:
        by_timeout: Whether it was left because it did not react to the interrupt of `--timeout`.
    """

    def __init__(self, by_timeout: bool) -> None:
        super().__init__("left")
        self.by_timeout = by_timeout


class Exit(msgspec.Struct, tag_field="output_type", tag="error"):
    """The output of code that has ended by `sys.exit`."""

    ename: Literal["SystemExit"]
    evalue: str = ""

    @classmethod
    def of(cls, output: msgspec.Raw) -> Exit | None:
        """The ending that an output tells of, if it does."""
        if b"SystemExit" not in bytes(output):
            return None
        try:
            return msgspec.json.decode(output, type=cls)
        except msgspec.ValidationError:
            return None

    @property
    def status(self) -> int:
        """The exit status, as Python makes one of it."""
        words = {"": 0, "None": 0, "True": 1, "False": 0}
        if self.evalue in words:
            return words[self.evalue]
        return int(self.evalue) & 0xFF if re.fullmatch(r"-?[0-9]{1,30}", self.evalue) else 1

    @property
    def message(self) -> str:
        """What is to be said; empty for nothing."""
        is_number = self.evalue in ("", "None", "True", "False") or re.fullmatch(r"-?[0-9]{1,30}", self.evalue)
        return "" if is_number else self.evalue


@attrs.define(eq=False)
class Inputs:
    """Answers `input()` and `getpass()` from the keyboard.

    Args:
        client: The connection.
        session: The session's id.
        screen: Where prompts go.
        keyboard: Where answers come from; `None` shows prompts only.
        at_end: Called when there are no more lines.
    """

    client: Client
    session: str
    screen: Screen
    keyboard: Keyboard | None
    at_end: Callable[[], None]
    _request: str = ""
    _echo: ExitStack = attrs.field(factory=ExitStack)

    def requested(self, event: events.InputRequested) -> None:
        """Running code waits for a line."""
        self._request = event.request
        if self.keyboard is not None and event.password:
            self._echo.enter_context(self.keyboard.hidden())  # before the prompt: who sees it may begin to type
        self.screen.write("stdout", event.prompt)
        if self.keyboard is not None:
            self.keyboard.ask(lambda line: self._typed(event, line))

    def replied(self, event: events.InputReplied) -> None:
        """The line was given elsewhere, or is not wanted any more."""
        if event.request == self._request:
            self.close()
            self.screen.write("stdout", f"{event.value or ''}\n")

    def close(self) -> None:
        """No line is wanted; what is typed is shown again."""
        self._request = ""
        self._echo.close()
        if self.keyboard is not None:
            self.keyboard.withdraw()

    def _typed(self, event: events.InputRequested, line: str | None) -> None:
        assert self.keyboard is not None
        self.close()
        if line is None:
            self.at_end()
            return
        if self.keyboard.is_terminal:
            if event.password:
                self.screen.close_line("stdout")
            else:
                self.screen.line_was_typed()
        reply = calls.ReplyInput(session=self.session, request=event.request, value=line)
        sent = Deferred.fromCoroutine(self.client.call("input.reply", reply, calls.Accepted))
        sent.addErrback(tell, self.screen)


def tell(fault: Fault, screen: Screen) -> None:
    """Say what went wrong with something that nobody waits for."""
    screen.note(fault.getErrorMessage())


def show_death(event: events.KernelDied, screen: Screen) -> None:
    """Say how a kernel ended, with the last it said."""
    if not event.expected:
        if event.tail.strip():
            screen.line("stderr", event.tail)
        screen.note(event.reason)


@attrs.define(eq=False)
class Stoppable(ABC):
    """What runs on the server for a command, and how its user ends it or leaves it.

    Args:
        client: The connection.
        session: The session that it runs in.
    """

    client: Client
    session: calls.Session
    _interrupts: int = attrs.field(default=0, init=False)

    def interrupt(self) -> None:
        """The user has pressed ^C."""
        self._interrupts += 1
        if self._interrupts > 1:
            self._end(Fault(Left(False)))
            return
        self._note("Interrupting. Press ^C again to leave it running.")
        self._stop()

    def time_out(self, timeout_s: float) -> None:
        """It has run for long enough."""
        self._interrupts += 1
        self._note(f"{timeout_s:g} s are over: interrupting.")
        self._stop()

    def leave(self) -> None:
        """It does not react: leave it."""
        self._end(Fault(Left(True)))

    async def _interrupt(self) -> None:
        of_session = calls.OfSession(session=self.session.id)
        await self.client.call("kernel.interrupt", of_session, calls.Done, repeat=True)

    def _input_ended(self) -> None:
        self._note("The code asks for input and standard input has ended: interrupting.")
        self._stop()

    @abstractmethod
    def _note(self, text: str) -> None:
        """Say something of our own."""

    @abstractmethod
    def _stop(self) -> None:
        """Begin to end it."""

    @abstractmethod
    def _end(self, ending: Fault) -> None:
        """Follow it no more."""


@attrs.define(eq=False)
class Run(Stoppable):
    """One execution, from its acceptance to its end.

    Args:
        client: The connection.
        session: The session that it runs in.
        execution: The execution's id, chosen by us: repeating the call is harmless.
        screen: Where its outputs go; `None` shows nothing.
        keyboard: Where its input comes from.
        notes: Where we say something of our own.
        finished: Fires with its end.
    """

    execution: str
    screen: Screen | None
    keyboard: Keyboard
    notes: Screen
    seq: int = 0
    exit_status: int | None = None
    """That of `sys.exit`, when the code has ended by it."""
    finished: Deferred[events.ExecutionFinished] = attrs.field(factory=Deferred)
    _has_started: bool = False
    _is_stopped: bool = False
    _has_died: bool = False
    _displays: set[str] = attrs.field(factory=set)
    _inputs: Inputs = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._inputs = Inputs(self.client, self.session.id, self.notes, self.keyboard, self._input_ended)

    async def start(self, code: str) -> None:
        """Follow the session from where it stands, and have the code accepted.

        Raises:
            errors.Failure: The server refuses.
        """
        follower = await self.client.follow(self.session.id, self.session.seq, self._take)
        follower.ended.addErrback(self._line_ended)
        asked = calls.StartExecution(session=self.session.id, code=code, id=self.execution)
        accepted = await self.client.call("execution.start", asked, calls.ExecutionAccepted, repeat=True)
        self.seq = accepted.seq

    def _note(self, text: str) -> None:
        self.notes.note(text)

    def close(self) -> None:
        """Nothing more is shown."""
        self._inputs.close()

    def _stop(self) -> None:
        """End it: cancel it while it waits; once it runs, or as soon as it does, interrupt it."""
        self._is_stopped = True
        ending = self._interrupt() if self._has_started else self._cancel()
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
        if self.finished.called:
            return
        match event:
            case events.KernelDied():
                self._has_died = True
                show_death(event, self.notes)
            case events.OutputLost():
                self.notes.note(f"Output is missing: {event.reason}")
            case events.InputReplied():
                self._inputs.replied(event)
            case events.OutputUpdated() if event.display_id in self._displays and self.screen is not None:
                self.screen.line("stdout", text_of(msgspec.json.decode(event.data)))
            case events.SessionClosed():
                self._end(Fault(ConnectionLost("The session was closed.")))
        if getattr(event, "execution", None) == self.execution:
            self._take_own(event)

    def _take_own(self, event: Event) -> None:
        match event:
            case events.ExecutionStarted():
                self._has_started = True
                if self._is_stopped:  # the kernel took it before the cancelling came
                    Deferred.fromCoroutine(self._interrupt()).addErrback(tell, self.notes)
            case events.OutputAdded() if (ending := Exit.of(event.output)) is not None:
                self.exit_status = ending.status
                if self.screen is not None and ending.message:
                    self.screen.line("stderr", ending.message)
            case events.OutputAdded() if self.screen is not None:
                self.screen.output(bytes(event.output))
                if event.display_id is not None:
                    self._displays.add(event.display_id)
            case events.InputRequested():
                self._inputs.requested(event)
            case events.ExecutionFinished():
                if event.status not in ("ok", "error") and not self._has_died:
                    self.notes.note(f"{event.status}: {event.reason}" if event.reason else event.status)
                self._end(event)


@attrs.define(eq=False)
class Watch:
    """Everything that happens in a session.

    Args:
        screen: Where it is shown.
        inputs: Answers input, or shows its prompts.
        ended: Fires when the session is closed.
    """

    screen: Screen
    inputs: Inputs
    ended: Deferred[None] = attrs.field(factory=Deferred)
    _codes: dict[str, str] = attrs.field(factory=dict)

    def take(self, seq: int, event: Event) -> None:
        """Show an event."""
        match event:
            case events.ExecutionQueued() if not event.silent:
                self._codes[event.execution] = event.code
            case events.ExecutionStarted():
                self._show_code(event)
            case events.OutputAdded():
                self.screen.output(bytes(event.output))
            case events.OutputUpdated():
                self.screen.line("stdout", text_of(msgspec.json.decode(event.data)))
            case events.ExecutionFinished():
                self._codes.pop(event.execution, None)
                if event.status not in ("ok", "error"):
                    self.screen.note(f"{event.status}: {event.reason}" if event.reason else event.status)
            case events.InputRequested():
                self.inputs.requested(event)
            case events.InputReplied():
                self.inputs.replied(event)
            case _:
                self._take_rest(event)

    def _take_rest(self, event: Event) -> None:
        match event:
            case events.KernelDied():
                show_death(event, self.screen)
            case events.KernelStartRetried():
                self.screen.note(f"{event.reason} It is started once more, {event.how}.")
            case events.KernelStateChanged(state="restarting"):
                self.screen.note("The kernel restarts: variables are gone.")
            case events.KernelStarted():
                self.screen.note(f"The kernel {event.display_name} starts.")
            case events.OutputLost():
                self.screen.note(f"Output is missing: {event.reason}")
            case events.SessionClosed():
                self.screen.note("The session was closed.")
                self.end()

    def end(self) -> None:
        """Nothing more happens."""
        if not self.ended.called:
            self.ended.callback(None)

    def fail(self, fault: Fault) -> None:
        """Nothing more can be seen."""
        if not self.ended.called:
            self.ended.errback(fault)

    def _show_code(self, event: events.ExecutionStarted) -> None:
        code = self._codes.get(event.execution)
        if code is not None:
            self.screen.line("stdout", self.screen.dim("\n".join(f"> {line}" for line in code.splitlines() or [""])))


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
    _run: Run | None = None

    def interrupt(self) -> bool:
        """^C: whether there is a run that it is for."""
        if self._run is not None:
            self._run.interrupt()
        return self._run is not None

    async def command(self, client: Client) -> int:
        """Run it; gives the exit status.

        Raises:
            Wrong: There is no such session, or its kernel is another one.
            errors.Failure: The server refuses.
        """
        session = await self._session(client)
        notes = Screen(sys.stderr if self.as_json else sys.stdout, sys.stderr)
        keyboard = Keyboard(self.reactor.callFromThread)
        run = Run(client, session, uuid.uuid4().hex, None if self.as_json else notes, keyboard, notes)
        self._run = run
        try:
            await self._announce(client, session)
            await run.start(self.code)
            finished = await self._end_of(run)
        except Left as left:
            place = session.path or session.id[:8]
            notes.note(
                f"It goes on running. Watch it with: webipy attach {self.options}{place} --since {max(run.seq - 1, 0)}"
            )
            return FAILED if left.by_timeout else LEFT
        finally:
            run.close()
            notes.finish()
        if self.as_json:
            asked = calls.OfExecution(session=session.id, execution=run.execution)
            print_json(await client.call("execution.get", asked, calls.Execution, repeat=True))
        if self.fresh:
            await client.call("session.close", calls.OfSession(session=session.id), calls.Done)
        if finished.status == "error" and run.exit_status is not None:
            return run.exit_status
        return OK if finished.status == "ok" else LOST if finished.status == "lost" else FAILED

    async def _announce(self, client: Client, session: calls.Session) -> None:
        """Tells a Python kernel that a script comes.

        Raises:
            Wrong: It has arguments, and the kernel speaks another language.
        """
        if self.script is None or session.kernel is None:
            return
        if session.kernel.language == "python":
            asked = calls.StartExecution(
                session=session.id,
                code=self.script.announcement(),
                id=uuid.uuid4().hex,
                silent=True,
                store_history=False,
                stop_on_error=False,
                allow_stdin=False,
            )
            await client.call("execution.start", asked, calls.ExecutionAccepted, repeat=True)
        elif len(self.script.arguments) > 1:
            raise Wrong(f"A script of {session.kernel.display_name} takes no arguments here; only those of Python do.")

    async def _end_of(self, run: Run) -> events.ExecutionFinished:
        """The end of a run, interrupted when its time is over."""
        if self.timeout_s is None:
            return await run.finished
        timers = [
            self.reactor.callLater(self.timeout_s, run.time_out, self.timeout_s),
            self.reactor.callLater(self.timeout_s + STUBBORN_S, run.leave),
        ]
        try:
            return await run.finished
        finally:
            for timer in timers:
                if timer.active():
                    timer.cancel()

    async def _session(self, client: Client) -> calls.Session:
        """The session to run in, with a living kernel."""
        if self.fresh:
            title = f"exec {self.code.strip().partition(chr(10))[0][:60]}".strip()
            made = calls.CreateSession(title=title, id=uuid.uuid4().hex)
            fresh = await client.call("session.create", made, calls.Session, repeat=True)
            return await with_kernel(client, fresh, self.kernel, self.env)
        if self.session is not None and self.kernel is None:
            return await with_kernel(client, await the_session(client, self.session), None, self.env)
        return await with_kernel(client, await self._named(client, self.session or SHELL), self.kernel, self.env)

    @staticmethod
    async def _named(client: Client, name: str) -> calls.Session:
        """The session of that title, made if there is none: under an id that follows from the title, so that two commands at once make one."""
        found = await find_session(client, name)
        number = 0
        while found is None:
            number += 1
            wanted = uuid.uuid5(uuid.NAMESPACE_OID, f"webipy exec {number} {name}").hex
            made = calls.CreateSession(title=name, id=wanted)
            with suppress(errors.AlreadyExists):  # a session of that id was closed
                found = await client.call("session.create", made, calls.Session, repeat=True)
        return found


async def with_kernel(
    client: Client, session: calls.Session, kernelspec: str | None, env: dict[str, str] | None = None
) -> calls.Session:
    """The session with a living kernel: its own, or a new one.

    Args:
        client: The connection.
        session: The session.
        kernelspec: The kernelspec that the kernel must be of; `None` for any, and for a new one for that of the last one or the default one.
        env: Environment variables for it; `None` for those that the session has.

    Raises:
        Wrong: Its kernel is another one.
        errors.Failure: No kernel can be started, or the living one has another environment.
    """
    kernel = session.kernel
    is_alive = kernel is not None and kernel.state != "dead"
    if kernel is not None and is_alive and kernelspec not in (None, kernel.kernelspec):
        raise Wrong(
            f"Session {session.title!r} has the kernel {kernel.kernelspec}, not {kernelspec}. Name another session with -s, or use --fresh."
        )
    if is_alive and env is None:
        return session
    if kernel is not None and not is_alive:
        sys.stderr.write("webipy: The kernel of this session had ended: a new one starts, without the old variables.\n")
    name = kernelspec or (kernel.kernelspec if kernel is not None else None)
    asked = calls.StartKernel(session=session.id, kernelspec=name, env=env)
    return await client.call("kernel.start", asked, calls.Session, repeat=True)


async def watch(reactor: Any, client: Client, session: calls.Session, since: int | None, as_json: bool) -> int:
    """Show what happens in a session until it is closed; ^C cancels this.

    Args:
        reactor: The reactor.
        client: The connection.
        session: The session.
        since: The seq after which to begin; `None` for now.
        as_json: Whether to print the events as they are, one a line.

    Returns:
        The exit status.
    """
    screen = Screen(sys.stdout, sys.stderr)
    keyboard = Keyboard(reactor.callFromThread)
    inputs = Inputs(
        client, session.id, screen, keyboard if keyboard.is_terminal and not as_json else None, lambda: None
    )
    shown = Watch(screen, inputs)
    if since is None and session.kernel is not None and session.kernel.state == "busy" and not as_json:
        screen.note("Code is running; --all shows what it has printed so far.")

    def take(seq: int, event: Event) -> None:
        if as_json:
            sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
            sys.stdout.flush()
        if not as_json:
            shown.take(seq, event)
        elif isinstance(event, events.SessionClosed):
            shown.end()

    try:
        follower = await client.follow(session.id, since, take)
        follower.ended.addErrback(shown.fail)
        await shown.ended
    finally:
        inputs.close()
        screen.finish()
    return OK
