"""Takes out of a text what a terminal would act on.

Whatever a kernel prints is untrusted: an escape sequence could set the title, write to the clipboard, move text under the user's eyes or make the
terminal answer with keys. So `Escapes` lets text through, the movements `\\n`, `\\r`, `\\b` and `\\t`, and colors when the stream is a terminal;
everything else is taken out, however it is cut into pieces (ECMA-48 section 5.4 for control sequences, 5.6 for control strings).

Movements of the cursor pass only to who carries them out himself (`webipy.core.events.terminal_text.Sheet`), never to a terminal.
"""

from __future__ import annotations

import re
from typing import Final

MAX_SEQUENCE: Final = 4096
"""Characters of an unfinished sequence that are remembered; a longer one goes on being one, its start is forgotten."""

_CONTROL: Final = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SGR: Final = re.compile(r"\x1b\[[0-9;:]*m")
_MOVE: Final = re.compile(r"\x1b\[[0-9;]*[ABCDGJK]")
_STRING_START: Final = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])"
_SEQUENCE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # a control sequence
    rf"|{_STRING_START}[^\x07\x18\x1a\x1b\x9c\n]*(?:[\x07\x18\x1a\x9c]|\x1b\\|(?=\n|\x1b[^\\]))"  # a control string
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"  # any other escape sequence
)
_UNFINISHED: Final = re.compile(
    rf"(?:\x1b\[|\x9b)[0-?]*[ -/]*\Z|{_STRING_START}[^\x07\x18\x1a\x1b\x9c\n]*\x1b?\Z|\x1b[ -/]*\Z"
)
_BROKEN: Final = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*|[\s\S]")


class Escapes:
    """Takes out of a text, given in pieces, what a terminal would act on.

    Args:
        allow_colours: Whether colours and the like (SGR) pass.
        allow_moves: Whether moves of the cursor, and what erases, pass: those that a `Sheet` carries out.
    """

    def __init__(self, allow_colours: bool, allow_moves: bool = False) -> None:
        self._allow_colours = allow_colours
        self._allow_moves = allow_moves
        self._rest = ""

    def clean(self, text: str) -> str:
        """The harmless part of what was held back and of `text`; an unfinished sequence at the end is held back."""
        if not self._rest and _CONTROL.search(text) is None:
            return text
        text, self._rest = self._rest + text, ""
        parts: list[str] = []
        at = 0
        while (found := _CONTROL.search(text, at)) is not None:
            parts.append(text[at : found.start()])
            whole = _SEQUENCE.match(text, found.start())
            if whole is None and _UNFINISHED.match(text, found.start()) is not None:
                self._hold(text[found.start() :])
                return "".join(parts)
            if whole is None:
                whole = _BROKEN.match(text, found.start())
            assert whole is not None  # the last pattern matches anything
            if self._passes(whole[0]):
                parts.append(whole[0])
            at = whole.end()
        parts.append(text[at:])
        return "".join(parts)

    def _passes(self, sequence: str) -> bool:
        is_colour = self._allow_colours and _SGR.fullmatch(sequence) is not None
        return is_colour or (self._allow_moves and _MOVE.fullmatch(sequence) is not None)

    def _hold(self, unfinished: str) -> None:
        if len(unfinished) > MAX_SEQUENCE:
            end = "\x1b" if unfinished.endswith("\x1b") else ""
            unfinished = unfinished[:2] + end
        self._rest = unfinished
