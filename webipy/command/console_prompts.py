"""The prompts of a console: prompt_toolkit's two sessions, one for code and one for the lines that running code asks for.

Everything here happens in the thread of the editor (console_editor.py), but for the structs, which go over.

Invariant: a prompt that is withdrawn leaves nothing on the screen, whether it was there already or not, and its text is in the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec
from prompt_toolkit.completion import Completer
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.history import DummyHistory, History
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.lexers import DynamicLexer, Lexer
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.styles import Style

from webipy.command.escapes import Escapes

MENU_ROWS: Final = 6
"""Rows below the line that a list of completions has room in."""

_STYLE: Final = Style.from_dict({"in": "ansigreen", "in.number": "ansibrightgreen bold", "continuation": "ansigreen"})


class CodePrompt(msgspec.Struct, frozen=True):
    """Code is wanted.

    Args:
        number: Of the next execution.
        text: What the line begins with.
    """

    number: int
    text: str = ""


class LinePrompt(msgspec.Struct, frozen=True):
    """Running code wants a line.

    Args:
        request: The id of the question.
        text: What asks for the line; untrusted.
        is_password: Whether what is typed is not shown.
    """

    request: str
    text: str
    is_password: bool


class Typed(msgspec.Struct, frozen=True):
    """What was typed, without its line end."""

    text: str


class Cancelled(msgspec.Struct, frozen=True):
    """The user has pressed ^C."""


class AtEnd(msgspec.Struct, frozen=True):
    """The user has pressed ^D on an empty line."""


class Withdrawn(msgspec.Struct, frozen=True):
    """The prompt was withdrawn; what stood in it."""

    text: str


Prompt = CodePrompt | LinePrompt
Answer = Typed | Cancelled | AtEnd | Withdrawn


class _Cancelled(Exception):
    """^C in the line."""


class _AtEnd(Exception):
    """^D in the empty line."""


class _Withdrawn(Exception):
    """The reactor wants the terminal back."""


@attrs.define(eq=False)
class Asked:
    """What is asked now, and who gets the answer."""

    prompt: Prompt
    on_answer: Callable[[Answer], object]
    is_withdrawn: bool = False


class Prompts:
    """Shows prompts, one at a time.

    Args:
        history: What was typed before.
        completer: Completes code.
        bindings: The keys of the line of code.
        allow_colours: Whether colors of a question pass.
        on_shown: Called when a prompt is shown.

    Attributes:
        code: The session for code.
        number: Of the next execution.
        lexer: Colors code; `None` for no colors.
    """

    def __init__(
        self,
        history: History,
        completer: Completer,
        bindings: KeyBindings,
        allow_colours: bool,
        on_shown: Callable[[], object],
    ) -> None:
        self.number = 1
        self.lexer: Lexer | None = None
        self._allow_colours, self._on_shown = allow_colours, on_shown
        self.code: PromptSession[str] = PromptSession(
            self._message,
            multiline=True,
            history=history,
            completer=completer,
            complete_while_typing=False,
            key_bindings=bindings,
            lexer=DynamicLexer(lambda: self.lexer),
            prompt_continuation=self._continuation,
            reserve_space_for_menu=MENU_ROWS,
            enable_history_search=True,
            search_ignore_case=True,
            style=_STYLE,
            interrupt_exception=_Cancelled,
            eof_exception=_AtEnd,
        )
        self._line: PromptSession[str] = PromptSession(
            history=DummyHistory(), interrupt_exception=_Cancelled, eof_exception=_AtEnd
        )

    def above(self, write: Callable[[], object]) -> bool:
        """Writes above the prompt, if one is on the screen; returns whether one is.

        The terminal stays as the prompt has it: keys that come in the middle are keys of the prompt, and ^C is no signal.
        """
        for session in (self.code, self._line):
            app = session.app
            if app.is_running and not app.is_done:
                app.renderer.erase()
                write()
                app.renderer.reset()
                app.renderer.request_absolute_cursor_position()
                app.invalidate()
                return True
        return False

    async def answer(self, asked: Asked) -> Answer:
        """Shows a prompt; gives the answer of the user.

        Raises:
            EOFError: The terminal is gone.
        """
        prompt, session = asked.prompt, self._session(asked)
        given: dict[str, Any] = {"handle_sigint": False, "set_exception_handler": False}
        if isinstance(prompt, CodePrompt):
            given["default"] = prompt.text
        else:
            given["message"] = ANSI(Escapes(self._allow_colours).clean(prompt.text))
            given["is_password"] = prompt.is_password
        session.app.erase_when_done = False
        try:
            if asked.is_withdrawn:
                return Withdrawn(prompt.text if isinstance(prompt, CodePrompt) else "")
            return Typed(await session.prompt_async(pre_run=lambda: self._begun(asked), **given))
        except _Cancelled:
            return Cancelled()
        except _AtEnd:
            return AtEnd()
        except _Withdrawn:
            return Withdrawn(session.default_buffer.text)

    def withdraw(self, asked: Asked) -> None:
        """Takes a prompt back."""
        asked.is_withdrawn = True
        app = self._session(asked).app
        if app.is_running and not app.is_done:
            app.erase_when_done = True
            app.exit(exception=_Withdrawn())

    def renumber(self, number: int) -> None:
        """Shows that the next execution has another number."""
        self.number = number
        self.code.app.invalidate()

    def _session(self, asked: Asked) -> PromptSession[str]:
        return self.code if isinstance(asked.prompt, CodePrompt) else self._line

    def _begun(self, asked: Asked) -> None:
        """The prompt is shown; it may have been withdrawn just before."""
        if asked.is_withdrawn:
            self.withdraw(asked)
        else:
            asyncio.get_running_loop().call_soon(self._on_shown)

    def _message(self) -> StyleAndTextTuples:
        return [("class:in", "In ["), ("class:in.number", str(self.number)), ("class:in", "]: ")]

    @staticmethod
    def _continuation(width: int, number: int, is_wrapped: int) -> StyleAndTextTuples:
        return [("class:continuation", "" if is_wrapped else "...: ".rjust(width))]
