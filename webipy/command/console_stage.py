"""What a console shows, and where: on the terminal itself while code runs, above the line that is edited otherwise.

`Stage` has two screens for one fold of outputs (showing.py). On the live one what was printed can be written over (progress bars, displays); above
the line stand whole lines only, as in a file, since the cursor belongs to the editor. Only the console changes from one to the other.

Invariants: everything is shown once, in the order of the events; each change ends the line that is open, so that a prompt begins at the left.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from typing import Any, Final, TextIO, cast

import msgspec

from webipy.command.console_editor import Editor
from webipy.command.figures import Figures
from webipy.command.inline_pictures import Form, drawn
from webipy.command.showing import Showing
from webipy.command.streams import raw
from webipy.command.terminal import Screen
from webipy.core.events import events


class _Above(io.TextIOBase):
    """Writes whole lines above the line that is edited; the one that is open waits for its end."""

    def __init__(self, show: Callable[[str], object]) -> None:
        super().__init__()
        self._show = show
        self._open_line = ""

    def write(self, text: str) -> int:
        """Writes text; no movements are in it."""
        whole, end, rest = text.rpartition("\n")
        if end:
            self._show(self._open_line + whole + end)
            self._open_line = ""
        self._open_line += rest
        return len(text)

    def flush(self) -> None:
        """Nothing is held back but the open line."""

    def isatty(self) -> bool:
        """It is shown on a terminal."""
        return True


def _dumb(name: str) -> str | None:
    """The environment of what stands above the line: there the cursor cannot be moved."""
    return "dumb" if name == "TERM" else os.environ.get(name)


class Stage:
    """The screen of a console.

    Args:
        out: The terminal.
        editor: Writes above its line.
        figures: Where pictures are saved; `None` for nowhere.
        call_later: Calls a function after so many seconds.
        pictures: The form of pictures that the terminal shows; `None` for none.
    """

    def __init__(
        self,
        out: TextIO,
        editor: Editor,
        figures: Figures | None,
        call_later: Callable[..., Any] | None,
        pictures: Form | None = None,
    ) -> None:
        self._out, self._editor, self._pictures = raw(out), editor, pictures
        self._keeps_notes = figures is not None
        self._live = Screen(out, out)
        above = cast(TextIO, _Above(editor.above))
        self._above = Screen(above, above, _dumb)
        self._showing = Showing(self._live, figures, call_later)

    @property
    def screen(self) -> Screen:
        """Where lines go now."""
        return self._showing.screen

    def go_above(self) -> None:
        """The editor is about to have the terminal."""
        self._change(self._above)

    def go_live(self) -> None:
        """The editor has given the terminal back."""
        self._change(self._live)
        rest = self._editor.take_rest()
        if rest:
            self._write(rest)

    def apply(self, event: events.AnyEvent) -> None:
        """Shows what an event changes; a result has the number of its execution before it."""
        if not isinstance(event, events.OutputAdded) or _BUNDLE.search(bytes(event.output)) is None:
            self._showing.apply(event)
            return
        output = msgspec.json.decode(event.output, type=_Output)
        kind, picture = drawn(output.data, self._pictures) if self._pictures is not None else ("", "")
        if kind and not self._keeps_notes:
            del output.data[kind]
        if output.execution_count is not None:
            _label(output.data, output.execution_count)
        self._showing.apply(msgspec.structs.replace(event, output=msgspec.Raw(msgspec.json.encode(output))))
        if picture:
            self.settle()
            self._write(f"{picture}\n")

    def show_code(self, name: str, number: int | None, code: str) -> None:
        """Shows what somebody else runs.

        Args:
            name: Who; as it is shown.
            number: The number of the execution; `None` when it has none.
            code: The code; untrusted.
        """
        self.settle()
        label = f"[{name}] In [{number or ' '}]: "
        first, *rest = code.split("\n")
        lines = [label + first, *("...: ".rjust(len(label)) + line for line in rest)]
        self.screen.line("stdout", self.screen.dim("\n".join(lines)))

    def settle(self) -> None:
        """Keeps what is shown as it is, and begins a line."""
        self._showing.settle()
        self.screen.make_way()

    def _write(self, text: str) -> None:
        """Writes past the screen, which stands still."""
        if self.screen is self._above:
            self._editor.above(text)
        else:
            self._out.write(text)
            self._out.flush()

    def _change(self, screen: Screen) -> None:
        if screen is not self._showing.screen:
            self.settle()
            self._showing.screen = screen


_BUNDLE: Final = re.compile(rb'"output_type": ?"(?:display_data|execute_result)"')


class _Output(msgspec.Struct):
    output_type: str
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    execution_count: int | None = None


def _label(data: dict[str, Any], number: int) -> None:
    """Writes `Out[n]: ` before the text of a result, on a line of its own where the text has several."""
    if "text/plain" not in data:
        return
    text = data["text/plain"]
    text = "".join(map(str, text)) if isinstance(text, list) else str(text)
    label = f"\x1b[31mOut[\x1b[1;31m{number}\x1b[0;31m]: \x1b[0m"
    data["text/plain"] = label + ("\n" if "\n" in text else "") + text
