"""The modes of a terminal, read from what it prints: what has to be sent first to an empty terminal that is shown the rest.

The beginning of a long output is forgotten. What it has switched on and not off (the alternate screen, bracketed paste, a colour, the title) still
holds for the rest. `TerminalModes` reads what is forgotten, and `restore` makes the control sequences that bring an empty terminal there. The text
on the
screen at that moment is not restored: it scrolls away, or the program draws it again.

`undo` is the way back: it leaves a terminal of somebody else as it was before.

Invariants: reading in pieces, however they are cut, has the result of reading at once; a sequence that is not known is left out; nothing that makes
a terminal answer is ever part of `restore`.

Source: ECMA-48; "XTerm Control Sequences" (CSI, DECSET, OSC 0 and 2). Rejected: a whole emulator in the host (its memory and time for each byte).
"""

from __future__ import annotations

import re
from typing import Final

MAX_SEQUENCE: Final = 4096
"""Bytes of a control sequence that is waited for; what is longer is none."""

MAX_TITLE: Final = 256
"""Characters of a title."""

MAX_COLOURS: Final = 16
"""Settings of the text's look in a row that are kept; more than a program sets without a reset are seldom."""

_KEPT: Final = frozenset(
    [1, 5, 6, 7, 9, 12, 25, 45, 47, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1047, 1048, 1049, 2004]
)
"""The private modes that are kept, by their numbers (DECSET)."""

_ON_AT_FIRST: Final = frozenset([7, 25])
_SEQUENCE: Final = re.compile(
    rb"\x1b\[(?P<private>[?!><]?)(?P<numbers>[0-9;:]*)(?P<between>[ ]?)(?P<final>[@-~])"
    rb"|\x1b\](?P<kind>[0-9]+);(?P<text>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|\x1b(?P<set>[()])(?P<letters>[0-9A-Za-z])"
    rb"|\x1b(?P<one>[=>c])"
    rb"|(?P<shift>[\x0e\x0f])"
)
_BEGUN: Final = re.compile(rb"\x1b(?:\[[?!><]?[0-9;:]*[ ]?|\][^\x07\x1b]*\x1b?|[()])?\Z")


class TerminalModes:
    """The modes after all that was read.

    Attributes:
        title: The title that was set last; empty for none.
    """

    def __init__(self) -> None:
        self.title = ""
        self._begun = b""
        self._reset()

    def _reset(self) -> None:
        self._modes: dict[int, bool] = {}
        self._insert = False
        self._keypad = False
        self._region = b""
        self._cursor = b""
        self._sets: dict[bytes, bytes] = {}
        self._shift = b"\x0f"
        self._look: list[bytes] = []
        self._keyboards = 0
        self._other_keys = False

    def read(self, printed: bytes) -> None:
        """Reads what the terminal prints next."""
        if not self._begun and b"\x1b" not in printed and b"\x0e" not in printed and b"\x0f" not in printed:
            return
        text, last = self._begun + printed, 0
        for found in _SEQUENCE.finditer(text):
            last = found.end()
            self._apply(found)
        at = text.rfind(b"\x1b", max(last, len(text) - MAX_SEQUENCE))
        if at > last and text[at - 1 : at] != b"\x1b" and text[at:] == b"\x1b":  # perhaps the end of a title's `ESC \`
            before = text.rfind(b"\x1b", max(last, at - MAX_SEQUENCE), at)
            at = before if before >= 0 and _BEGUN.match(text, before) else at
        self._begun = text[at:] if at >= 0 and _BEGUN.match(text, at) else b""

    def read_title(self, printed: bytes) -> None:
        """Reads the title alone, where no sequence but that of a title matters: much faster."""
        if self._begun or b"\x1b]" in printed or printed.endswith(b"\x1b"):
            self.read(printed)

    def _apply(self, found: re.Match[bytes]) -> None:
        if found["final"]:
            self._apply_csi(found["private"], found["numbers"], found["between"], found["final"])
        elif found["kind"]:
            if found["kind"] in (b"0", b"2"):
                self.title = found["text"].decode(errors="replace")[:MAX_TITLE]
        elif found["set"]:
            self._sets[found["set"]] = found["letters"]
        elif found["shift"]:
            self._shift = found["shift"]
        elif found["one"] == b"c":
            self._reset()
        else:
            self._keypad = found["one"] == b"="

    def _apply_csi(self, private: bytes, numbers: bytes, between: bytes, final: bytes) -> None:
        if final in b"hl":
            for number in numbers.split(b";")[:MAX_COLOURS]:
                self._set(private, number, final == b"h")
        elif private == b"!" and final == b"p":
            self._reset_softly()
        elif between == b" " and final == b"q":
            self._cursor = b"" if numbers == b"0" else numbers[:8]
        elif final == b"r" and not private:
            self._region = numbers[:16]
        elif final == b"m" and not private and not between:
            self._set_look(numbers[:64])
        elif final == b"m" and private == b">" and numbers.startswith(b"4"):
            self._other_keys = numbers.startswith(b"4;") and numbers != b"4;0"
        elif final == b"u" and private in (b">", b"<"):
            count = int(numbers) if numbers.isdigit() and len(numbers) < 3 else 1
            self._keyboards = (
                min(self._keyboards + 1, MAX_COLOURS) if private == b">" else max(self._keyboards - count, 0)
            )

    def _set(self, private: bytes, number: bytes, is_on: bool) -> None:
        if private == b"?" and number.isdigit() and len(number) < 6 and int(number) in _KEPT:
            self._modes.pop(int(number), None)  # the order in which they were set counts
            self._modes[int(number)] = is_on
        elif not private and number == b"4":
            self._insert = is_on

    def _reset_softly(self) -> None:
        """DECSTR: the modes of text, and not those of the screen or the mouse."""
        for number in (1, 6, 66):
            self._modes.pop(number, None)
        self._modes[25] = True
        self._insert, self._keypad, self._region, self._sets, self._shift, self._look = (
            False,
            False,
            b"",
            {},
            b"\x0f",
            [],
        )

    def _set_look(self, numbers: bytes) -> None:
        if numbers in (b"", b"0", b"00"):
            self._look = []
        elif numbers.startswith(b"0;"):
            self._look = [numbers]
        else:
            self._look = [*self._look, numbers][-MAX_COLOURS:]

    @property
    def look(self) -> bytes:
        """What gives text the look that it has now."""
        return b"\x1b[0m" + b"".join(b"\x1b[%bm" % numbers for numbers in self._look)

    @property
    def is_full_screen(self) -> bool:
        """Whether a program has the whole screen to itself (the alternate screen)."""
        return any(self._modes.get(number, False) for number in (47, 1047, 1049))

    def undo(self) -> bytes:
        """The control sequences that bring a terminal from these modes back to those of an empty one; the title and the text stay."""
        parts = []
        for number, is_on in reversed(self._modes.items()):
            if is_on != (number in _ON_AT_FIRST):
                parts.append(b"\x1b[?%d%b" % (number, b"l" if is_on else b"h"))
        parts += [b"\x1b[<%du" % self._keyboards] if self._keyboards else []
        parts += [b"\x1b[>4m"] * self._other_keys + [b"\x1b[4l"] * self._insert + [b"\x1b>"] * self._keypad
        parts += [b"\x1b7\x1b[r\x1b8"] if self._region else []  # setting the region moves the cursor
        parts += [b"\x1b[0 q"] if self._cursor else []
        parts += [b"\x1b%bB" % kind for kind, letters in self._sets.items() if letters != b"B"]
        parts += [b"\x0f"] if self._shift == b"\x0e" else []
        return b"".join(parts) + (b"\x1b[0m" if self._look else b"")

    def restore(self) -> bytes:
        """The control sequences that bring an empty terminal to these modes."""
        parts = [b"\x1b]2;%b\x07" % self.title.encode()] if self.title else []
        for number, is_on in self._modes.items():
            if is_on != (number in _ON_AT_FIRST):
                parts.append(b"\x1b[?%d%b" % (number, b"h" if is_on else b"l"))
        parts += [b"\x1b[4h"] * self._insert + [b"\x1b="] * self._keypad
        parts += [b"\x1b[%br" % self._region] if self._region else []
        parts += [b"\x1b[%b q" % self._cursor] if self._cursor else []
        parts += [b"\x1b%b%b" % pair for pair in self._sets.items() if pair[1] != b"B"]
        parts += [b"\x0e"] if self._shift == b"\x0e" else []
        parts += [b"\x1b[%bm" % numbers for numbers in self._look]
        return b"".join(parts) + self._begun
