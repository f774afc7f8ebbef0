"""What a command does for code that runs for it on a server: answers its input, interrupts it, or leaves it.

A command owns nothing that runs: it is a follower of the session, as a page is. `Inputs` sends the lines that `input()` asks for, `Interruption`
carries out `^C` and `--timeout`. `webipy exec`, `webipy run` and `webipy attach` share both.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client
from webipy.command.terminal import Keyboard, Screen
from webipy.core import errors
from webipy.core.api import calls
from webipy.core.events import events


class Left(Exception):
    """The user has left a run that goes on.

    Args:
        by_timeout: Whether it was left because it did not react to the interrupt of `--timeout`.
    """

    def __init__(self, by_timeout: bool) -> None:
        super().__init__("left")
        self.by_timeout = by_timeout


@attrs.define(eq=False)
class Inputs:
    """Answers `input()` and `getpass()` from the keyboard.

    Args:
        client: The connection.
        session: The session's id.
        screen: Where prompts go.
        keyboard: Where answers come from; `None` shows prompts only.
        at_end: Called when there are no more lines.
        refused: Called when the server does not take a line, for another reason than that nobody waits for it.
    """

    client: Client
    session: str
    screen: Screen
    keyboard: Keyboard | None
    at_end: Callable[[], None]
    refused: Callable[[], None] = lambda: None
    _request: str = ""
    _echo: ExitStack = attrs.field(factory=ExitStack)

    def requested(self, event: events.InputRequested) -> None:
        """Shows the prompt of code that waits for a line, and asks the keyboard."""
        self._request = event.request
        if self.keyboard is not None and event.password:
            self._echo.enter_context(self.keyboard.hidden())  # before the prompt: who sees it may begin to type
        self.screen.write("stdout", event.prompt)
        if self.keyboard is not None:
            self.keyboard.ask(lambda line: self._typed(event, line))

    def replied(self, event: events.InputReplied) -> None:
        """Shows a line that somebody else has sent, and withdraws the question."""
        if event.request == self._request:
            self.close()
            self.screen.write("stdout", f"{event.value or ''}\n")

    def close(self) -> None:
        """Withdraws the question; what is typed is shown again."""
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
        sent.addErrback(self._not_taken)

    def _not_taken(self, fault: Fault) -> None:
        tell(fault, self.screen)
        if fault.check(errors.Failure) and not fault.check(errors.NotWaiting):
            self.refused()


def tell(fault: Fault, screen: Screen) -> None:
    """Shows the failure of a call whose result nobody waits for.

    Args:
        fault: The failure.
        screen: The screen.
    """
    screen.note(fault.getErrorMessage())


def show_death(event: events.KernelDied, screen: Screen) -> None:
    """Shows how a kernel died, with its last raw output; an expected death is not shown.

    Args:
        event: The death.
        screen: The screen.
    """
    if not event.expected:
        if event.tail.strip():
            screen.line("stderr", event.tail)
        screen.note(event.reason)


@attrs.define(eq=False)
class Interruption:
    """How the user of a command ends what runs for it on the server, or leaves it.

    Args:
        client: The connection.
        session: The id of the session that it runs in.
        note: Shows a line about what happens.
        stop: Begins to end what runs.
        leave: Follows it no more; takes the reason.
    """

    client: Client
    session: str
    note: Callable[[str], object]
    stop: Callable[[], object]
    leave: Callable[[Fault], object]
    second: str = "leave it running"
    """What a second ^C does."""
    _count: int = 0

    def interrupt(self) -> None:
        """The user has pressed ^C: the first one ends what runs, the second one leaves it."""
        self._count += 1
        if self._count > 1:
            self.leave(Fault(Left(False)))
            return
        self.note(f"Interrupting. Press ^C again to {self.second}.")
        self.stop()

    def time_out(self, timeout_s: float) -> None:
        """Ends what has run for as long as it may.

        Args:
            timeout_s: That time, in seconds.
        """
        self._count += 1
        self.note(f"The code has run for {timeout_s:g} s: interrupting.")
        self.stop()

    def give_up(self) -> None:
        """Leaves what does not react."""
        self.leave(Fault(Left(True)))

    def kill(self) -> None:
        """Kills the kernel, which does not react and which nobody else uses."""
        self.note("The code does not react to the interrupt: its kernel is killed.")
        killing = Deferred.fromCoroutine(
            self.client.call("kernel.kill", calls.OfSession(session=self.session), calls.Done)
        )
        killing.addErrback(lambda fault: self.note(fault.getErrorMessage()))

    async def send(self, execution: str) -> None:
        """Interrupts one execution, and none that has started since.

        Args:
            execution: The id of the execution.
        """
        asked = calls.InterruptKernel(session=self.session, execution=execution)
        await self.client.call("kernel.interrupt", asked, calls.Interrupted, repeat=True)

    def input_ended(self) -> None:
        """Ends code that asks for input which cannot come any more."""
        self.note("The code asks for input and standard input has ended: interrupting.")
        self.stop()
