"""What was started in a console and runs in the session: its executions, and the lines that they ask for.

Invariants: an execution has an id of ours, so a call that is repeated after the line was lost runs nothing twice; only what was started here is
interrupted here, and only its questions are answered here; a failure drops nothing that waits, since each line was typed by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client
from webipy.command.console_prompts import Answer, LinePrompt, Typed, Withdrawn
from webipy.command.following import Interruption
from webipy.command.running import with_kernel
from webipy.core import errors
from webipy.core.api import calls
from webipy.core.events import events


class _Own(msgspec.Struct, eq=False):
    interruption: Interruption
    has_started: bool = False
    is_stopped: bool = False


@attrs.define(eq=False)
class OwnExecutions:
    """The executions that were started here and have not ended.

    Args:
        client: The connection.
        session: The session's id.
        note: Shows a line about what happens.
        let_go: Called with the id of an execution when the user wants the line back, or when it was not accepted.
        fail: Called when the connection has ended for good.
    """

    client: Client
    session: str
    note: Callable[[str], object]
    let_go: Callable[[str], object]
    fail: Callable[[Fault], object]
    _open: dict[str, _Own] = attrs.field(factory=dict)

    def __contains__(self, execution: str | None) -> bool:
        return execution in self._open

    def begin(self, execution: str, code: str) -> None:
        """Has code accepted.

        Args:
            execution: The id of its execution, a new one.
            code: The code.
        """
        interruption = Interruption(
            self.client,
            self.session,
            self.note,
            lambda: self._stop(execution),
            lambda fault: self.let_go(execution),
            "get the line back; the code goes on",
        )
        self._open[execution] = _Own(interruption)
        Deferred.fromCoroutine(self._begin(execution, code)).addErrback(self._not_accepted, execution)

    def started(self, event: events.ExecutionStarted) -> None:
        """An execution begins to run."""
        own = self._open.get(event.execution)
        if own is not None:
            own.has_started = True
            if own.is_stopped:  # the kernel took it before the cancelling came
                Deferred.fromCoroutine(own.interruption.send(event.execution)).addErrback(self.not_done)

    def finished(self, event: events.ExecutionFinished) -> bool:
        """An execution has ended; returns whether it was one of ours."""
        return self._open.pop(event.execution, None) is not None

    def interrupt(self, execution: str | None) -> bool:
        """The user has pressed ^C: the first one ends an execution, the second one lets it go. Returns whether it is one of ours."""
        own = self._open.get(execution or "")
        if own is not None:
            own.interruption.interrupt()
        return own is not None

    def not_done(self, fault: Fault) -> None:
        """Shows why a call failed whose result nobody waits for; that nobody waited for a line any more is no failure."""
        if not fault.check(errors.NotWaiting):
            self.note(fault.getErrorMessage())

    async def _begin(self, execution: str, code: str) -> None:
        asked = calls.StartExecution(session=self.session, code=code, id=execution, stop_on_error=False)
        try:
            await self.client.call("execution.start", asked, calls.ExecutionAccepted, repeat=True)
        except errors.KernelDead:
            await self._renew_kernel()
            await self.client.call("execution.start", asked, calls.ExecutionAccepted, repeat=True)

    async def _renew_kernel(self) -> None:
        """Starts a kernel in place of the one that has ended, unless somebody else has."""
        now = await self.client.call("session.get", calls.OfSession(session=self.session), calls.Session, repeat=True)
        if now.kernel is None or now.kernel.state == "dead":
            self.note("The kernel of this session has ended: a new one starts, without the old variables.")
            await with_kernel(self.client, now, None, is_silent=True)

    def _not_accepted(self, fault: Fault, execution: str) -> None:
        if not fault.check(errors.Failure):
            self.fail(fault)
            return
        self.note(fault.getErrorMessage())
        del self._open[execution]
        self.let_go(execution)

    def _stop(self, execution: str) -> None:
        """Ends it: cancels it while it waits; interrupts it when it runs, or as soon as it does."""
        own = self._open[execution]
        own.is_stopped = True
        ending = own.interruption.send(execution) if own.has_started else self._cancel(execution)
        Deferred.fromCoroutine(ending).addErrback(self.not_done)

    async def _cancel(self, execution: str) -> None:
        of_execution = calls.OfExecution(session=self.session, execution=execution)
        try:
            await self.client.call("execution.cancel", of_execution, calls.Done, repeat=True)
        except errors.NotWaiting:
            pass  # it has just begun, and `started` interrupts it, or it has ended


@attrs.define(eq=False)
class OwnInputs:
    """The lines that our executions ask for.

    Args:
        client: The connection.
        session: The session's id.
        executions: Those that were started here.
    """

    client: Client
    session: str
    executions: OwnExecutions
    _waiting: dict[str, events.InputRequested] = attrs.field(factory=dict)

    def wanted(self) -> LinePrompt | None:
        """The prompt for the line that is asked for now; `None` when none is."""
        for request, event in self._waiting.items():
            return LinePrompt(request, event.prompt.rpartition("\n")[2], event.password)
        return None

    def requested(self, event: events.InputRequested) -> bool:
        """Code asks for a line; returns whether it is code of ours."""
        is_own = event.execution in self.executions
        if is_own:
            self._waiting[event.request] = event
        return is_own

    def replied(self, event: events.InputReplied) -> events.InputRequested | None:
        """A line was given, or is not wanted any more; returns the question if it still waited here."""
        return self._waiting.pop(event.request, None)

    def answer(self, prompt: LinePrompt, answer: Answer) -> None:
        """Sends what the user has typed; ^C and ^D interrupt the code.

        Args:
            prompt: What was asked.
            answer: The answer; a withdrawn prompt is asked again if its question still waits.
        """
        if isinstance(answer, Withdrawn):
            return
        event = self._waiting.pop(prompt.request, None)
        if event is None:
            return  # somebody else was faster
        if not isinstance(answer, Typed):
            self.executions.interrupt(event.execution)
            return
        reply = calls.ReplyInput(session=self.session, request=prompt.request, value=answer.text)
        sent = Deferred.fromCoroutine(self.client.call("input.reply", reply, calls.Accepted, repeat=True))
        sent.addErrback(self.executions.not_done)
