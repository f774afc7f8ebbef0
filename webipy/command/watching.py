"""Watching a session: what `webipy attach` does once it is connected. It is a follower of the session, as a page is; it owns nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, Event
from webipy.command.endings import ForeignCode, show_payload
from webipy.command.exit_statuses import OK
from webipy.command.following import Inputs, show_death
from webipy.command.showing import SHOWN, Showing
from webipy.command.streams import fitting_json
from webipy.command.terminal import Keyboard, Screen
from webipy.core.api import calls
from webipy.core.events import events


@attrs.define(eq=False)
class Watch:
    """Everything that happens in a session.

    Args:
        screen: Where it is shown.
        inputs: Answers input, or shows its prompts.
        call_later: Calls a function after so many seconds.
        ended: Fires when the session is closed.
    """

    screen: Screen
    inputs: Inputs
    call_later: Callable[..., Any] | None = None
    ended: Deferred[None] = attrs.field(factory=Deferred)
    _codes: dict[str, str] = attrs.field(factory=dict)
    _showing: Showing = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._showing = Showing(self.screen, None, self.call_later)

    def show(self, event: Event) -> None:
        """Shows an event."""
        match event:
            case events.ExecutionQueued() if not event.silent:
                self._codes[event.execution] = event.code
            case events.ExecutionStarted():
                self._show_code(event)
            case _ if isinstance(event, SHOWN):
                self._showing.apply(event)
            case events.ExecutionFinished():
                self._codes.pop(event.execution, None)
                self._showing.settle()
                if not isinstance(event.payload, msgspec.UnsetType):
                    show_payload(event.payload, self.screen)
                if event.status not in ("ok", "error"):
                    self.screen.note(f"{event.status}: {event.reason}" if event.reason else event.status)
            case events.InputRequested():
                self._showing.settle()
                self.inputs.requested(event)
            case events.InputReplied():
                self.inputs.replied(event)
            case events.MessageReceived():
                foreign = ForeignCode.of(event)
                if foreign is not None:
                    self._show_lines(foreign.code)
            case _:
                self._take_rest(event)

    def _take_rest(self, event: Event) -> None:
        if isinstance(event, events.KernelDied):
            show_death(event, self.screen)
        note = note_of(event)
        if note:
            self.screen.note(note)
        if isinstance(event, events.SessionClosed):
            self.end()

    def end(self) -> None:
        """Ends the watch."""
        if not self.ended.called:
            self.ended.callback(None)

    def fail(self, fault: Fault) -> None:
        """Ends the watch with a failure."""
        if not self.ended.called:
            self.ended.errback(fault)

    def _show_code(self, event: events.ExecutionStarted) -> None:
        code = self._codes.get(event.execution)
        if code is not None:
            self._show_lines(code)

    def _show_lines(self, code: str) -> None:
        self.screen.line("stdout", self.screen.dim("\n".join(f"> {line}" for line in code.splitlines() or [""])))


def note_of(event: Event) -> str:
    """What to tell of an event of the session or its kernel, as one sentence; empty for events that are shown otherwise or not at all."""
    match event:
        case events.KernelStartRetried():
            return f"{event.reason} It is started once more, {event.how}."
        case events.KernelStateChanged(state="restarting"):
            return "The kernel restarts: variables are gone."
        case events.KernelStarted():
            return f"The kernel {event.display_name} starts."
        case events.OutputLost():
            return f"Output is missing: {event.reason}"
        case events.SessionClosed():
            return "The session was closed."
    return ""


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
    shown = Watch(screen, inputs, reactor.callLater)
    if since is None and session.kernel is not None and session.kernel.state == "busy" and not as_json:
        screen.note("Code is running; --all shows what it has printed so far.")

    def take(seq: int, event: Event) -> None:
        if as_json:
            sys.stdout.write(fitting_json(msgspec.json.encode(event).decode(), sys.stdout) + "\n")
            sys.stdout.flush()
        if not as_json:
            shown.show(event)
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
