"""Terminal text as HTML: what ECMA-48 says of colors and weights, links, and nothing else that a program writes to steer a terminal.

    ESC[1;31m … ESC[0m                     bold, red             class ansi-bold, ansi-red-intense-fg as in nbconvert's style sheets
    ESC[38;5;208m, ESC[38;2;255;135;0m     256 colors, 24 bits   style
    ESC]8;;ADDRESS ESC\\ … ESC]8;; ESC\\      a link                <a href>, of the web and of mail alone
    \\r, \\b, moves of the cursor             carried out           webipy.core.events.terminal_text

It takes the place of nbconvert's own filter, which knows neither links nor faint, italic and struck text, shows the names of windows that programs
set, and takes time with the square of what a log is long.

Source: ECMA-48, 8.3.117 (SGR); "Hyperlinks in terminal emulators" (OSC 8). The page: web/src/model/ansi.ts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import attrs

from webipy.core.events.terminal_text import resolved

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)(?P<sgr>[0-9;:]*)m"
    r"|\x1b\]8;[^;\x07\x1b]*;(?P<address>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|\Z)"
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f\x9b]"
)
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]{1,2048}", re.IGNORECASE)
_WITH_SPACE = re.compile(r"([34]8):2:[0-9]*:")
"""`38:2::r:g:b`, with the space of colors that nobody uses."""

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

_FLAGS: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"inverse": True},
    8: {"hidden": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"inverse": False},
    28: {"hidden": False},
    29: {"strike": False},
    39: {"ink": None},
    49: {"ground": None},
}

Color = int | tuple[int, int, int]
"""One of the 16 that a style sheet names, or red, green and blue."""


@attrs.define(frozen=True)
class Style:
    """How text looks."""

    ink: Color | None = None
    ground: Color | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False
    hidden: bool = False
    strike: bool = False

    def opening(self) -> str:
        """The tag that begins text of this style; nothing for plain text."""
        ink, ground = self.ink, self.ground
        if self.bold and isinstance(ink, int) and ink < 8:
            ink += 8
        classes = []
        styles = []
        if self.inverse:
            ink, ground = ground, ink
            classes += ["ansi-default-inverse-fg"] * (ink is None) + ["ansi-default-inverse-bg"] * (ground is None)
        if ground is not None and ink is None and not self.inverse:
            styles.append(f"color: {_ink_on(ground)}")  # the page's own may be light or dark
        for color, place, name in ((ink, "fg", "color"), (ground, "bg", "background-color")):
            if isinstance(color, int):
                classes.append(f"ansi-{_NAMES[color % 8]}{'-intense' if color > 7 else ''}-{place}")
            elif color is not None:
                styles.append(f"{name}: rgb{color}")
        classes += [f"ansi-{name}" for name in ("bold", "dim", "underline") if getattr(self, name)]
        styles += ["font-style: italic"] * self.italic + ["text-decoration: line-through"] * self.strike
        styles += ["visibility: hidden"] * self.hidden
        named = f' class="{" ".join(classes)}"' if classes else ""
        styled = f' style="{"; ".join(styles)}"' if styles else ""
        return f"<span{named}{styled}>" if named or styled else ""


PLAIN = Style()


def _ink_on(ground: Color) -> str:
    """Black or white, whatever can be read on a ground; of the named ones only black itself is a dark one."""
    if isinstance(ground, int):
        return "white" if ground % 8 == 0 else "black"
    red, green, blue = ground
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else "white"


def to_html(text: Any) -> str:
    """Terminal text as HTML, for a `<pre>`."""
    return "".join(_parts(resolved(str(text))))


def _parts(text: str) -> Iterator[str]:
    style, opening, link, at = PLAIN, "", "", 0
    for found in _ESCAPE.finditer(text):
        if found.start() > at:
            yield _marked(text[at : found.start()], opening, link)
        at = found.end()
        if found["sgr"] is not None:
            style = after(style, found["sgr"])
            opening = style.opening()
        elif found["address"] is not None:
            address = found["address"]
            link = f'<a href="{html.escape(address)}">' if _LINK.fullmatch(address) else ""
    if at < len(text):
        yield _marked(text[at:], opening, link)


def _marked(text: str, opening: str, link: str) -> str:
    inside = f"{link}{html.escape(text, quote=False)}{'</a>' if link else ''}"
    return f"{opening}{inside}</span>" if opening else inside


def after(style: Style, parameters: str) -> Style:
    """The style after the parameters of one SGR sequence.

    Args:
        style: The style before.
        parameters: Numbers between semicolons or colons; none for a reset.
    """
    codes = [int(code[:9]) if code else 0 for code in re.split("[;:]", _WITH_SPACE.sub(r"\1;2;", parameters))]
    rest = iter(codes)
    for code in rest:
        if code == 0:
            style = PLAIN
        elif code in (38, 48):
            color = _extended(rest)
            style = attrs.evolve(style, ink=color) if code == 38 else attrs.evolve(style, ground=color)
        elif code in _FLAGS:
            style = attrs.evolve(style, **_FLAGS[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = attrs.evolve(style, ink=code - 30 if code < 40 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = attrs.evolve(style, ground=code - 40 if code < 50 else code - 92)
    return style


def _extended(codes: Iterator[int]) -> Color | None:
    """The color behind 38 or 48."""
    kind = next(codes, 0)
    if kind == 5:
        return palette(next(codes, 0))
    if kind == 2:
        red, green, blue = (min(255, next(codes, 0)) for _ in range(3))
        return red, green, blue
    return None


def palette(number: int) -> Color:
    """One of the 256 colors of a terminal: 16 that style sheets name, a cube of 6 x 6 x 6, 24 greys."""
    number = min(255, number)
    if number < 16:
        return number
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return grey, grey, grey
    red, green, blue = (0 if part == 0 else 55 + 40 * part for part in _cube(number - 16))
    return red, green, blue


def _cube(number: int) -> tuple[int, int, int]:
    return number // 36, number // 6 % 6, number % 6
