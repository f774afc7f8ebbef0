"""How wide text is on a terminal: how many of its columns a text takes.

A letter of East Asian width W or F and an emoji take two columns, a combining mark none (Unicode Standard Annex 11, and what `wcwidth` of common
terminals does). A sequence of emoji that are joined to one (ZWJ) counts as its parts: terminals differ there, and too wide is the harmless mistake.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ESCAPE: Final = re.compile(r"\x1b\[[0-9;:]*m")


TAB: Final = 8
"""Columns from one stop of tabs to the next."""


def width_of(text: str) -> int:
    """Columns of a text without line ends; colors (SGR) take none."""
    if text.isascii() and "\x1b" not in text:
        return len(text)
    return sum(_columns(letter) for letter in _ESCAPE.sub("", text))


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def cut(text: str, width: int) -> str:
    """Cuts a text to a number of columns, with `…` at its end; a text that is cut loses its colors.

    Args:
        text: The text, without line ends.
        width: The number of columns.
    """
    if width_of(text) <= width:
        return text
    kept, left = [], width - 1
    for letter in _ESCAPE.sub("", text):
        left -= _columns(letter)
        if left < 0:
            break
        kept.append(letter)
    return "".join(kept) + "…" if width > 0 else ""


def padded(text: str, width: int) -> str:
    """Fills a text with spaces up to a width.

    Args:
        text: The text, without line ends.
        width: The number of columns.
    """
    return text + " " * max(0, width - width_of(text))


@functools.lru_cache(maxsize=1024)
def rows_of(text: str, width: int) -> int:
    """The number of rows that a line takes in a terminal; an empty line takes one.

    Args:
        text: The line; it may hold colors and tabs.
        width: The number of columns of the terminal.
    """
    if width <= 0:
        return 1
    if text.isascii() and "\x1b" not in text and "\t" not in text:
        return max(1, -(-len(text) // width))
    return max(1, sum(1 for _ in _wrapped(text, width)))


def _wrapped(text: str, width: int) -> Iterator[int]:
    """The columns of each row that a terminal breaks a line into; a wide letter is not broken."""
    row = 0
    for letter in _ESCAPE.sub("", text):
        columns = TAB - row % TAB if letter == "\t" else _columns(letter)
        if row + columns > width and letter != "\t":  # a tab stops at the last column
            yield row
            row = 0
        row += columns
    if row:
        yield row
