"""What a terminal is asked, and what it answers: on the way between a program and the terminal of who is attached, sans-io.

A program asks a terminal for its cursor, its kind, its colours, and the terminal answers as if somebody had typed. What was asked in output of the
past was answered then: `Questions` takes it out of what is shown again. What is typed is told apart from answers by `parts_of`.

Invariants: taken out are questions alone, however the text is cut into pieces; of answers and keys together nothing is lost, and their order stays. A
key may look like an answer (Shift-F3): then it counts as one, which is sent all the same where the person types.

Source: "XTerm Control Sequences"; the keyboard and graphics protocols of kitty. Rejected: waiting for the answers and dropping them (nobody knows how
many come, or when).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_SEQUENCE: Final = 4096
"""Characters of a sequence that is waited for; what is longer is shown as it is."""

_QUESTION: Final = re.compile(
    r"\x05|\x1bZ"  # ENQ, DECID
    r"|\x1b\[[?>=]?[0-9;]*c"  # device attributes
    r"|\x1b\[\??[0-9;]*n"  # status, place of the cursor
    r"|\x1b\[\??[0-9;]*\$p"  # whether a mode is on
    r"|\x1b\[[01]?x"  # parameters
    r"|\x1b\[>[0-9;]*q"  # name and version
    r"|\x1b\[\?u"  # flags of the keyboard
    r"|\x1b\[\?[0-9;]*S"  # graphics
    r"|\x1b\[(?:1[1345689]|2[01])(?:;[0-9]*)*t"  # the window
    r"|\x1b\](?:4|5|1[0-9]|21|52);[^\x07\x1b]*\?(?:\x07|\x1b\\)"  # colours, the clipboard
    r"|\x1bP[+$]q[^\x1b]*\x1b\\"  # settings, capabilities
    r"|\x1b_G[^\x1b]*\x1b\\"  # pictures, which are acknowledged
)
_BEGUN: Final = re.compile(r"\x1b(?:\[[?>=]?[0-9;]*\$?|\][0-9]{0,2}(?:;[^\x07\x1b]*\x1b?)?|[P_][^\x1b]*\x1b?)?\Z")
_ANSWER: Final = re.compile(
    r"\x1b\[[?>=]?[0-9;]*(?:\$y|[cnRt])"
    r"|\x1b\[\?[0-9;]*[uS]"
    r"|\x1b\[[IO]"
    r"|\x1b[P_][^\x1b]*\x1b\\"
    r"|\x1b\][^\x1b\x07]*(?:\x07|\x1b\\)"
)


class Questions:
    """Takes questions out of a text that is given in pieces."""

    def __init__(self) -> None:
        self._begun = ""

    def without(self, text: str) -> str:
        """What was held back, and a text, without questions; the beginning of a sequence at the end is held back."""
        whole = _QUESTION.sub("", self._begun + text)
        at = whole.rfind("\x1b", max(0, len(whole) - MAX_SEQUENCE))
        if at > 0 and whole[at:] == "\x1b":  # perhaps the end of an `ESC \`
            before = whole.rfind("\x1b", max(0, len(whole) - MAX_SEQUENCE), at)
            at = before if before >= 0 and _BEGUN.match(whole, before) else at
        if at < 0 or _BEGUN.match(whole, at) is None:
            self._begun = ""
            return whole
        self._begun = whole[at:]
        return whole[:at]

    def rest(self) -> str:
        """What is held back; nothing is, afterwards."""
        rest, self._begun = self._begun, ""
        return rest


def parts_of(typed: str) -> Iterator[tuple[bool, str]]:
    """Yields what a terminal has sent, in its order: whether it is an answer, and the text.

    Args:
        typed: What came at once.
    """
    at = 0
    for found in _ANSWER.finditer(typed):
        if found.start() > at:
            yield False, typed[at : found.start()]
        yield True, found[0]
        at = found.end()
    if at < len(typed):
        yield False, typed[at:]
