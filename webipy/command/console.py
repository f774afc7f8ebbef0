"""A console on a session: what `webipy console` does once it is connected.

It is a follower of the session, as a page is, and owns nothing that runs. The user types code, which becomes an execution of the session without a
cell, as with `webipy exec`; everybody sees it, and it is in the journal. What others run is shown, too, with their names.

    events of the session ──► take ──► stage (console_stage.py): on the terminal, or above the line that is edited
    keys ──► editor (console_editor.py) ──► code, an answer to input(), ^C, ^D ──► calls (console_executions.py)
    _next: what the terminal is for now: an answer that our code waits for, else its output, else a line of code

Invariants: an event is shown once, in its order; leaving ends nothing.

Rejected: cells of the document (a person who tries something beside a notebook does not write it).
"""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, ConnectionLost, Event, NoServer
from webipy.command.console_editor import Editor
from webipy.command.console_executions import OwnExecutions, OwnInputs
from webipy.command.console_history import ConsoleHistory
from webipy.command.console_keys import lexer_of
from webipy.command.console_prompts import Answer, AtEnd, CodePrompt, LinePrompt, Prompt, Typed, Withdrawn
from webipy.command.console_stage import Stage
from webipy.command.endings import ForeignCode, payloads_of
from webipy.command.exit_statuses import BY_SIGNAL, OK
from webipy.command.figures import Figures
from webipy.command.following import show_death
from webipy.command.program import Ended
from webipy.command.showing import SHOWN
from webipy.command.streams import StreamFault, shown
from webipy.command.terminal import text_of
from webipy.command.watching import note_of
from webipy.core import errors
from webipy.core.api import calls, history_calls
from webipy.core.events import events

REMEMBERED: Final = 1000
"""Inputs of the kernel's own history."""

HISTORY_S: Final = 60.0
"""How long a kernel that starts may take to tell its history."""

_HINTS: Final = (
    "Tab completes, Shift-Tab or F1 shows what a name is, Ctrl-R finds what was typed,\n"
    "Ctrl-O begins a line, Alt-Enter runs at once, ^C interrupts your code,\n"
    "^D leaves: the kernel goes on. More: webipy console --help"
)


class _LanguageInfo(msgspec.Struct):
    name: str = ""
    pygments_lexer: str | dict[str, Any] = ""


class _KernelInfo(msgspec.Struct):
    language_info: _LanguageInfo = msgspec.field(default_factory=_LanguageInfo)


@attrs.define(eq=False)
class Console:
    """The conversation of one user with one session.

    Args:
        client: The connection.
        session: The session, with a kernel.
        editor: Where the user types.
        stage: What the user sees.
        history: What was typed.
        again: The command that comes back to this session; empty when the session ends with the console.
        figures: Saves pictures; `None` for nowhere.
    """

    client: Client
    session: calls.Session
    editor: Editor
    stage: Stage
    history: ConsoleHistory
    again: str
    figures: Figures | None = None
    _own: OwnExecutions = attrs.field(init=False)
    _inputs: OwnInputs = attrs.field(init=False)
    _codes: dict[str, events.ExecutionQueued] = attrs.field(factory=dict)
    """What others have queued."""
    _foreground: str | None = None
    """The execution that has the terminal."""
    _count: int = 0
    _text: str = ""
    """What the next line of code begins with."""
    _ended: Deferred[int] = attrs.field(factory=Deferred)

    def __attrs_post_init__(self) -> None:
        self._own = OwnExecutions(self.client, self.session.id, self._note, self._let_go, self.fail)
        self._inputs = OwnInputs(self.client, self.session.id, self._own)

    async def converse(self) -> int:
        """Shows the session, and runs what is typed, until the user leaves; returns the exit status.

        Raises:
            errors.Failure, NoServer: The connection has ended for good.
        """
        kernel, screen = self.session.kernel, self.stage.screen
        assert kernel is not None
        self._count = kernel.execution_count
        name = f"webipy console: {self.session.title or self.session.id}, {kernel.display_name}"
        screen.line("stdout", shown(name))
        screen.line("stdout", screen.dim(_HINTS))
        self.editor.start()
        follower = await self.client.follow(self.session.id, self.session.seq, self._take)
        follower.ended.addErrback(self.fail)
        await self._learn_of_others()
        self.client.on_line = self._line_changed
        _learn(_learn_language(self.client, self.session, self.editor))
        _learn(_learn_history(self.client, self.session, self.history))
        self._next()
        return await self._ended

    def interrupt(self) -> bool:
        """^C as a signal: ends code of ours; returns whether there is some, or a line that it is for."""
        return self._own.interrupt(self._foreground) or self.editor.is_asking is not None

    def fail(self, fault: Fault) -> None:
        """Ends the conversation with a failure; one of the terminal is told by the exit status."""
        if fault.check(EOFError, OSError, StreamFault):
            fault = Fault(Ended("The terminal is gone; the code goes on.", BY_SIGNAL + signal.SIGHUP))
        if not self._ended.called:
            self._ended.errback(fault)

    async def _learn_of_others(self) -> None:
        """What others have queued, and what of it runs."""
        asked = calls.ListExecutions(session=self.session.id, at=self.session.seq)
        found = await self.client.call("execution.list", asked, calls.ExecutionList, repeat=True)
        queued = [events.decode(bytes(one)) for one in found.queued]
        self._codes |= {one.execution: one for one in queued if isinstance(one, events.ExecutionQueued)}
        first = next(iter(self._codes.values()), None)
        if first is not None and not first.silent:
            self._note(f"Code of {_name(first)} runs or waits; what you run comes after it.")

    # ---- what the terminal is for

    def _next(self) -> None:
        """Gives the terminal to what it is for now: an answer that our code waits for, its output, or a line of code."""
        if self._ended.called:
            return
        wanted, asked = self._wanted(), self.editor.is_asking
        if asked is not None:
            if type(asked) is not type(wanted) or (isinstance(wanted, LinePrompt) and wanted != asked):
                self.editor.withdraw()
        elif wanted is not None:
            self.stage.go_above()
            self.editor.ask(wanted, lambda answer: self._answered(wanted, answer))

    def _wanted(self) -> Prompt | None:
        line = self._inputs.wanted()
        return line or (CodePrompt(self._count + 1, self._text) if self._foreground is None else None)

    def _answered(self, prompt: Prompt, answer: Answer) -> None:
        self.stage.go_live()
        if self._ended.called:
            return
        if isinstance(prompt, LinePrompt):
            self._inputs.answer(prompt, answer)
        else:
            self._take_code(answer)
        self._next()

    def _take_code(self, answer: Answer) -> None:
        self._text = answer.text if isinstance(answer, Withdrawn) else ""
        if isinstance(answer, AtEnd):
            self._leave()
        elif isinstance(answer, Typed) and answer.text.strip():
            self.history.add_typed(answer.text)
            if self.history.fault:
                self._note(self.history.fault)
                self.history.fault = ""
            self._foreground = execution = uuid.uuid4().hex
            self._own.begin(execution, answer.text)

    def _leave(self) -> None:
        if not self._ended.called:
            back = f"The kernel goes on. Come back with: {self.again}"
            self._note(back if self.again else "The session is closed, unless somebody else uses it.")
            self._ended.callback(OK)

    def _let_go(self, execution: str) -> None:
        """The line of code comes back, whatever becomes of the execution."""
        if self._foreground == execution:
            self._foreground = None
            self._next()

    # ---- what happens in the session

    def _take(self, seq: int, event: Event) -> None:
        if self._ended.called:
            return
        match event:
            case events.ExecutionQueued() if event.execution not in self._own:
                self._codes[event.execution] = event
            case events.ExecutionStarted():
                self._started(event)
            case _ if isinstance(event, SHOWN):
                self.stage.apply(event)
            case events.ExecutionFinished():
                self._finished(event)
            case events.InputRequested():
                self._input_requested(event)
            case events.InputReplied():
                self._input_replied(event)
            case _:
                self._take_rest(event)

    def _started(self, event: events.ExecutionStarted) -> None:
        if event.execution_count is not None:
            self._set_count(event.execution_count)
        self._own.started(event)
        queued = self._codes.get(event.execution)
        if queued is not None and not queued.silent:
            self.stage.show_code(_name(queued), event.execution_count, queued.code)
            if queued.store_history:
                self.history.add_ran(queued.code)

    def _finished(self, event: events.ExecutionFinished) -> None:
        is_own, queued = self._own.finished(event), self._codes.pop(event.execution, None)
        if not is_own and (queued is None or queued.silent):
            return
        self.stage.settle()
        is_leaving = False
        for payload in payloads_of(event.payload):
            if payload.source == "page":
                self.stage.screen.line("stdout", text_of(payload.data))
            elif payload.source == "set_next_input" and is_own:
                self._text = payload.text
            elif payload.source == "ask_exit" and is_own:
                is_leaving = True
        if event.status not in ("ok", "error"):
            self._note(f"{event.status}: {event.reason}" if event.reason else event.status)
        if is_own and self.figures is not None:
            saving = _save_large(self.client, self.figures, (self.session.id, event.execution), self._note)
            Deferred.fromCoroutine(saving).addErrback(self._own.not_done)
        if is_leaving:
            self._leave()
        self._let_go(event.execution)

    def _input_requested(self, event: events.InputRequested) -> None:
        before, end, last = event.prompt.rpartition("\n")
        if self._inputs.requested(event):
            if end:
                self.stage.screen.write("stdout", before + end)
            self._next()
            return
        who = self._codes.get(event.execution or "")
        self._note(f"The code of {_name(who) if who is not None else 'somebody'} asks for a line: {last}")

    def _input_replied(self, event: events.InputReplied) -> None:
        asked = self._inputs.replied(event)
        if asked is not None and not event.withdrawn:
            self.stage.settle()
            last = asked.prompt.rpartition("\n")[2]
            self.stage.screen.line("stdout", f"[{shown(event.by or 'webipy')}] {last}{event.value or ''}")
        if asked is not None:
            self._next()

    def _take_rest(self, event: Event) -> None:
        match event:
            case events.KernelReady():
                self._set_count(0)
                _use_language(msgspec.json.decode(event.language_info, type=_LanguageInfo), self.session, self.editor)
            case events.MessageReceived():
                foreign = ForeignCode.of(event)
                if foreign is not None:
                    self.stage.show_code("another program", foreign.execution_count, foreign.code)
                    self._set_count(foreign.execution_count or self._count)
            case events.KernelDied():
                self.stage.settle()
                show_death(event, self.stage.screen)
        note = note_of(event)
        if note:
            self._note(note)
        if isinstance(event, events.SessionClosed):
            self._ended.callback(OK)

    def _set_count(self, count: int) -> None:
        self._count = count
        self.editor.renumber(count + 1)

    def _line_changed(self, is_there: bool) -> None:
        lost = "The connection to the server is lost; code that runs goes on. Connecting again..."
        self._note("The server is back." if is_there else lost)

    def _note(self, text: str) -> None:
        if not self._ended.called:
            self.stage.settle()
            self.stage.screen.note(text)


def _name(event: events.ExecutionQueued) -> str:
    return shown(event.by or "webipy")


async def _save_large(client: Client, figures: Figures, of: tuple[str, str], note: Callable[[str], object]) -> None:
    for path in await figures.save_large(client, *of):
        note(f"Saved {path}")


# ---- what a console can do without --------------------------------------------------------------------------------


def _learn(learning: Coroutine[Any, Any, None]) -> None:
    without = (errors.Failure, ConnectionLost, NoServer, msgspec.DecodeError)
    Deferred.fromCoroutine(learning).addErrback(lambda fault: fault.trap(*without))


async def _learn_language(client: Client, session: calls.Session, editor: Editor) -> None:
    asked = calls.OfSession(session=session.id)
    found = await client.call("kernel.describe", asked, calls.KernelDescription, repeat=True)
    if bytes(found.kernel_info) != b"null":
        _use_language(msgspec.json.decode(found.kernel_info, type=_KernelInfo).language_info, session, editor)


def _use_language(known: _LanguageInfo, session: calls.Session, editor: Editor) -> None:
    lexer, kernel = known.pygments_lexer, session.kernel
    name = lexer if isinstance(lexer, str) else str(lexer.get("name", ""))
    editor.use_lexer(lexer_of([name, known.name, kernel.language if kernel is not None else ""]))


async def _learn_history(client: Client, session: calls.Session, history: ConsoleHistory) -> None:
    asked = history_calls.GetHistory(session=session.id, n=REMEMBERED, timeout_s=HISTORY_S)
    found = await client.call("history.get", asked, history_calls.History, repeat=True)
    entries = [msgspec.json.decode(one) for one in found.history]
    history.add_remembered(entry[2] for entry in entries if len(entry) > 2 and isinstance(entry[2], str))
