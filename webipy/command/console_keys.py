"""What the keys of a console do, and what it shows while somebody types: completions, documentation, colors.

Enter asks the kernel whether the code is whole, and waits for the answer, so that keys that were typed faster than it came are not mixed up with
them. Where the kernel cannot say (it runs code, is not there yet, or knows no such question) `looks_whole` decides.

Invariant: what the kernel tells is shown and never acted on (`Escapes`).

Source: the keys are those of IPython's own terminal where that has one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as TooLate
from typing import Any, Final

import msgspec
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_completions, has_focus, has_selection
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer, PygmentsLexer

from webipy.client.client import ConnectionLost, NoServer
from webipy.command.console_inquirer import JUDGE_S, Inquirer
from webipy.command.escapes import Escapes
from webipy.command.terminal import text_of
from webipy.core import errors

UNANSWERED: Final = (errors.Failure, ConnectionLost, NoServer, TooLate, asyncio.TimeoutError, CancelledError)
"""How a question to the kernel ends that has no answer."""

INDENT: Final = "    "
LINES: Final = 16
"""Of a documentation, shown at first; the same key again shows all of it."""

_OPENING, _CLOSING = "([{", ")]}"


def looks_whole(code: str) -> bool:
    """Whether code looks whole to somebody who does not know its language: a blank line ends what has several lines."""
    lines = code.split("\n")
    if len(lines) > 1:
        return not lines[-1].strip()
    depth = sum(code.count(one) for one in _OPENING) - sum(code.count(one) for one in _CLOSING)
    return depth <= 0 and not code.rstrip().endswith((":", "\\"))


def indent_of(line: str) -> str:
    """What the line after this one should begin with, where the kernel does not say."""
    begin = line[: len(line) - len(line.lstrip())]
    return begin + INDENT if line.rstrip().endswith((":", "{", "(", "[")) else begin


class KernelCompleter(Completer):
    """Completes names as the kernel knows them.

    Args:
        inquirer: Asks the kernel.
    """

    def __init__(self, inquirer: Inquirer) -> None:
        self._inquirer = inquirer

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Nothing: only the asynchronous form asks the kernel.

        Args:
            document: The code and its cursor.
            complete_event: Why it is completed.
        """
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Yields what may stand at the cursor.

        Args:
            document: The code and its cursor.
            complete_event: Why it is completed.
        """
        cursor = document.cursor_position
        try:
            found = await asyncio.wrap_future(self._inquirer.complete(document.text, cursor))
        except UNANSWERED:
            return
        kinds = _kinds(found.metadata)
        escapes = Escapes(False)
        for match in found.matches:
            if escapes.clean(match) == match:
                yield Completion(match, min(0, found.cursor_start - cursor), display_meta=kinds.get(match, ""))


class _Kind(msgspec.Struct):
    text: str = ""
    type: str = ""


class _Metadata(msgspec.Struct):
    types: list[_Kind] = msgspec.field(name="_jupyter_types_experimental", default_factory=list)


def _kinds(metadata: msgspec.Raw) -> dict[str, str]:
    """What the texts of a completion are, such as `function`, by text."""
    try:
        found = msgspec.json.decode(metadata, type=_Metadata)
    except msgspec.ValidationError:
        return {}
    escapes = Escapes(False)
    return {one.text: escapes.clean(one.type) for one in found.types if one.type != "<unknown>"}


def lexer_of(names: Iterable[str]) -> Lexer | None:
    """Colors code of the first language that Pygments knows; `None` where it knows none, or is not installed."""
    try:
        from pygments.lexers import find_lexer_class_by_name  # type: ignore[import-untyped]
        from pygments.util import ClassNotFound  # type: ignore[import-untyped]
    except ImportError:
        return None
    for name in filter(None, names):
        try:
            return PygmentsLexer(find_lexer_class_by_name(name))
        except ClassNotFound:
            continue
    return None


class Keys:
    """The keys of the line of code.

    Args:
        inquirer: Asks the kernel.
        write: Writes text above the line.
        allow_colours: Whether colors of a documentation pass.
    """

    def __init__(self, inquirer: Inquirer, write: Callable[[str], object], allow_colours: bool) -> None:
        self._inquirer = inquirer
        self._write = write
        self._allow_colours = allow_colours
        self._explained: tuple[str, int] | None = None
        self.bindings = KeyBindings()
        in_code = has_focus(DEFAULT_BUFFER)
        add: Any = self.bindings.add
        add("enter", filter=in_code)(self._enter)
        add("escape", "enter", filter=in_code)(self._run)
        add("c-o", filter=in_code)(self._break)
        add("tab", filter=in_code & Condition(_is_in_indent) & ~has_completions & ~has_selection)(self._indent)
        add("s-tab", filter=in_code & ~has_completions)(self._explain)
        add("f1", filter=in_code)(self._explain)

    def _enter(self, event: KeyPressEvent) -> None:
        """Runs what is whole; begins a new line in anything else. In a list of completions it takes the chosen one."""
        buffer = event.current_buffer
        if buffer.complete_state is not None:
            if buffer.complete_state.current_completion is None:
                buffer.cancel_completion()
            else:
                buffer.complete_state = None
                return
        document = buffer.document
        if document.text_after_cursor.strip() and "\n" in document.text_after_cursor:
            self._break(event)
            return
        indent = self._indent_after(document.text)
        if indent is None:
            self._run(event)
        else:
            buffer.insert_text(f"\n{indent}")

    def _indent_after(self, code: str) -> str | None:
        """What the next line begins with; `None` when the code is whole."""
        last = code.rpartition("\n")[2]
        if not code.strip():
            return None
        try:
            found = self._inquirer.judge(code).result(JUDGE_S)
        except UNANSWERED:
            return None if looks_whole(code) else indent_of(last)
        if found.status == "incomplete":
            return found.indent if found.indent.isspace() or not found.indent else indent_of(last)
        if found.status == "unknown" and not looks_whole(code):
            return indent_of(last)
        return None

    @staticmethod
    def _run(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @staticmethod
    def _break(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n" + indent_of(event.current_buffer.document.current_line_before_cursor))

    @staticmethod
    def _indent(event: KeyPressEvent) -> None:
        before = event.current_buffer.document.current_line_before_cursor
        event.current_buffer.insert_text(" " * (len(INDENT) - len(before.expandtabs()) % len(INDENT)))

    async def _explain(self, event: KeyPressEvent) -> None:
        """Shows what the kernel knows of the name at the cursor, above the line."""
        text = await self._documentation(event.current_buffer)
        if text:
            self._write(text)

    async def _documentation(self, buffer: Buffer) -> str:
        place = (buffer.text, buffer.cursor_position)
        try:
            found = await asyncio.wrap_future(self._inquirer.inspect(*place))
        except errors.Failure as failure:
            return f"webipy: {Escapes(False).clean(failure.message)}\n"
        except UNANSWERED:
            return ""
        text = text_of(msgspec.json.decode(found.data)) if found.found else ""
        if not text.strip():
            return "webipy: The kernel knows nothing of this name.\n"
        lines = Escapes(self._allow_colours).clean(text).rstrip().split("\n")
        is_all, self._explained = self._explained == place or len(lines) <= LINES, place
        if not is_all:
            lines = [*lines[:LINES], "... the same key again shows the rest"]
        return "\n".join(lines) + ("\x1b[0m\n" if self._allow_colours else "\n")


def _is_in_indent() -> bool:
    from prompt_toolkit.application.current import get_app

    return not get_app().current_buffer.document.current_line_before_cursor.strip()
