"""The line that a user of a console edits: prompt_toolkit, in a thread of its own with an event loop of its own.

The reactor asks (`ask`), the thread answers (`on_answer`, called in the reactor). Between the two the terminal belongs to the thread, and what the
reactor wants to show meanwhile goes through `above`, which writes it above the line that is edited. After the answer the terminal belongs to the
reactor again; what is still to be written then, `take_rest` gives it.

    reactor   ask ──────────────► above, above ──────────────────► take_rest, writes itself
    thread         shows the line,  writes above it,  the answer ─►

Invariants: one prompt at a time; whole lines are written above, in their order, none twice; a prompt that is withdrawn leaves nothing on the screen,
and its text is in the answer; however the console ends, the terminal is as it was (`end` waits for the thread).

Rejected: Twisted's asyncio reactor for this one command (the client would run on a reactor that nothing else is tested with; and Enter could not wait
for the kernel without mixing up what is typed meanwhile); prompt_toolkit's `patch_stdout` (writes after a pause of its own, so what comes next could
overtake it once the line is gone) and its `run_in_terminal` (gives the terminal its usual mode for a moment, in which ^C ends the console and ^D is
lost).
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Final

from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import Output
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.command.console_inquirer import Inquirer
from webipy.command.console_keys import KernelCompleter, Keys
from webipy.command.console_prompts import Answer, Asked, CodePrompt, Prompt, Prompts

WAITING_CHARACTERS: Final = 1_000_000
"""What waits to be written above the line; who brings more waits for the terminal."""


class Editor:
    """Edits lines in a thread.

    Args:
        call: Calls a function in the reactor; `reactor.callFromThread`.
        inquirer: Asks the kernel.
        history: What was typed before.
        ends: Where keys come from, and what is painted on.
        allow_colours: Whether colors are shown.
        on_fault: Called in the reactor when the terminal fails.

    Attributes:
        prompts: What is shown; it belongs to the thread.
    """

    prompts: Prompts

    def __init__(
        self,
        call: Callable[..., object],
        inquirer: Inquirer,
        history: History,
        ends: tuple[Input, Output],
        allow_colours: bool = True,
        on_fault: Callable[[Fault], object] = lambda fault: None,
    ) -> None:
        self._call, self._on_fault = call, on_fault
        self._input, self._output = ends
        self._make_prompts: Callable[[], Prompts] = lambda: Prompts(
            history,
            KernelCompleter(inquirer),
            Keys(inquirer, self._explain, allow_colours).bindings,
            allow_colours,
            self._show_above,
        )
        self._asked: Asked | None = None
        self._waiting: list[str] = []
        self._written = threading.Condition()
        self._is_up = threading.Event()
        self._is_over = False
        self._ended: Deferred[None] = Deferred()
        self._thread: threading.Thread | None = None

    # ---- in the reactor

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name="editor", daemon=True)
        self._thread.start()
        self._is_up.wait()

    @property
    def is_asking(self) -> Prompt | None:
        """What is asked now."""
        return self._asked.prompt if self._asked is not None else None

    def ask(self, prompt: Prompt, on_answer: Callable[[Answer], object]) -> None:
        """Shows a prompt; the terminal belongs to the editor until the answer.

        Args:
            prompt: What is wanted.
            on_answer: Called with the answer.
        """
        assert self._asked is None, "one prompt at a time"
        self._asked = asked = Asked(prompt, on_answer)
        if isinstance(prompt, CodePrompt):
            self.renumber(prompt.number)
        self._in_thread(self._questions.put_nowait, asked)

    def withdraw(self) -> None:
        """Takes the prompt back; its answer comes all the same."""
        if self._asked is not None:
            self._in_thread(self.prompts.withdraw, self._asked)

    def above(self, text: str) -> None:
        """Shows whole lines above the line that is edited."""
        with self._written:
            self._written.wait_for(lambda: self._is_over or sum(map(len, self._waiting)) < WAITING_CHARACTERS)
            self._waiting.append(text)
        self._in_thread(self._show_above)

    def take_rest(self) -> str:
        """What was to be shown above a line that is there no more."""
        with self._written:
            rest, self._waiting = "".join(self._waiting), []
            self._written.notify_all()
        return rest

    def renumber(self, number: int) -> None:
        """Shows that the next execution has another number."""
        self._in_thread(self.prompts.renumber, number)

    def use_lexer(self, lexer: Lexer | None) -> None:
        """Colors code from now on."""
        self.prompts.lexer = lexer

    def end(self) -> Deferred[None]:
        """Ends the thread; fires when the terminal is as it was."""
        if self._thread is None:
            self._ended.callback(None)
        elif not self._is_over:
            self.withdraw()
            self._in_thread(self._questions.put_nowait, None)
        return self._ended

    def _in_thread(self, function: Callable[..., object], *arguments: object) -> None:
        with self._written:  # the loop is not closed in between
            if not self._is_over:
                self._loop.call_soon_threadsafe(function, *arguments, context=self._context)

    def _answered(self, asked: Asked, answer: Answer) -> None:
        self._asked = None
        try:
            asked.on_answer(answer)
        except Exception:  # the terminal cannot be written
            self._on_fault(Fault())

    def _thread_ended(self, fault: Fault | None) -> None:
        if fault is not None:
            self._on_fault(fault)
        self._ended.callback(None)

    # ---- in the thread

    def _run(self) -> None:
        fault = None
        try:
            asyncio.run(self._serve_to_the_end())
        except BaseException:
            fault = Fault()
        self._is_up.set()
        self._call(self._thread_ended, fault)

    async def _serve_to_the_end(self) -> None:
        try:
            await self._serve()
        finally:
            with self._written:
                self._is_over = True
                self._written.notify_all()

    async def _serve(self) -> None:
        with create_app_session(self._input, self._output):
            self._loop = asyncio.get_running_loop()
            self._context = contextvars.copy_context()
            self._questions: asyncio.Queue[Asked | None] = asyncio.Queue()
            self.prompts = self._make_prompts()
            self._is_up.set()
            while (asked := await self._questions.get()) is not None:
                answer = await self.prompts.answer(asked)
                self._write(self.take_rest())
                self._call(self._answered, asked, answer)

    def _show_above(self) -> None:
        if self._waiting:
            self.prompts.above(lambda: self._write(self.take_rest()))

    def _explain(self, text: str) -> None:
        self.prompts.above(lambda: self._write(text))

    def _write(self, text: str) -> None:
        if text:
            self._output.write_raw(text)
            self._output.flush()
