"""Pictures in a terminal that can show them: what is written to it for one.

Two forms are known by the variables that such terminals set: that of kitty (ghostty, Konsole) and that of iTerm2 (WezTerm, mintty). Inside tmux and
screen no picture is shown, because those keep what they do not know from the terminal. Everywhere else a line says what the picture is (terminal.py).

Invariant: nothing of an output is written as it came. A picture is decoded, looked at for what it is, and encoded again, so that an output cannot
make the terminal do anything else.

Source: kitty's "Terminal graphics protocol"; iTerm2's "Inline Images Protocol".

Rejected: asking the terminal what it can (its answer comes between the keys); sixel (a picture would have to be decoded to its dots here).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final, Literal

Form = Literal["kitty", "iterm"]

MAX_BYTES: Final = 4_000_000
"""Of a picture that is shown."""

_CHUNK: Final = 4096
"""Characters of one piece of a picture, as kitty takes them."""

_BEGINNINGS: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
_KINDS: Final[dict[Form, tuple[str, ...]]] = {
    "kitty": ("image/png",),
    "iterm": ("image/png", "image/jpeg", "image/gif"),
}
_ITERM_PROGRAMS: Final = ("iTerm.app", "WezTerm", "mintty")


def form_of(environment: Callable[[str], str | None]) -> Form | None:
    """The form of pictures that the terminal knows; `None` when it knows none."""
    term, program = environment("TERM") or "", environment("TERM_PROGRAM") or ""
    if environment("TMUX") or term.startswith(("screen", "tmux")) or term == "dumb":
        return None
    if environment("KITTY_WINDOW_ID") or term in ("xterm-kitty", "xterm-ghostty") or environment("KONSOLE_VERSION"):
        return "kitty"
    if program in _ITERM_PROGRAMS or environment("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return None


def drawn(data: dict[str, Any], form: Form) -> tuple[str, str]:
    """What is written to a terminal to show the picture of a MIME bundle.

    Args:
        data: The bundle: values by MIME type.
        form: The form that the terminal knows.

    Returns:
        The MIME type of the picture, and what is written for it; both are empty when there is none that can be shown.
    """
    for kind in _KINDS[form]:
        body = _body(data.get(kind), _BEGINNINGS[kind])
        if body:
            return kind, _kitty(body) if form == "kitty" else _iterm(body)
    return "", ""


def _body(content: object, beginning: bytes) -> bytes:
    text = "".join(map(str, content)) if isinstance(content, list) else content
    if not isinstance(text, str) or len(text) > MAX_BYTES * 2:
        return b""
    try:
        body = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return body if body.startswith(beginning) and len(body) <= MAX_BYTES else b""


def _kitty(body: bytes) -> str:
    text = base64.b64encode(body).decode()
    pieces = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    parts = []
    for number, piece in enumerate(pieces):
        keys = "a=T,f=100,q=2," if number == 0 else ""
        parts.append(f"\x1b_G{keys}m={int(number < len(pieces) - 1)};{piece}\x1b\\")
    return "".join(parts)


def _iterm(body: bytes) -> str:
    return f"\x1b]1337;File=inline=1;size={len(body)}:{base64.b64encode(body).decode()}\x07"
