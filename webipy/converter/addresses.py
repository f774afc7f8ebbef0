"""The pictures that a text shows by their addresses: Markdown's `![](address)` and `[label]: address`, and HTML's `<img src="address">`.

The server looks for them here, too; so this module imports nothing that is heavy. It reads no file: what an address means, and what is put in its
place, is the caller's work. In a code block of Markdown an address counts, too, so whoever puts something else in its place must be able to take it
back.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

_SHOWN = re.compile(
    r"""!\[(?:[^\[\]]|\[[^\[\]]*\]){0,2000}\]\(\s*(?:<(?P<a>[^<>\n]+)>|(?P<b>(?:[^()\s<>]|\([^()\s<>]*\))+))"""
    r"""|^[ ]{0,3}\[[^\]\n]{1,200}\]:[ \t]*(?:<(?P<c>[^>\n]+)>|(?P<d>\S+))"""
    r"""|<img\b[^<>]{0,4000}?\bsrc\s*=\s*(?:"(?P<e>[^"]+)"|'(?P<f>[^']+)'|(?P<g>[^\s"'>]+))""",
    re.IGNORECASE | re.MULTILINE,
)
_SUFFIXES = frozenset([".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".avif"])


def addresses(text: str) -> Iterator[str]:
    """The addresses in a text, as they stand there."""
    for found in _SHOWN.finditer(text):
        yield found[found.lastgroup or 0]


def replaced(text: str, other: Callable[[str], str | None]) -> str:
    """Replaces addresses in a text.

    Args:
        text: Markdown or HTML.
        other: Returns what stands in place of an address; `None` for one that stays.
    """

    def whole(found: re.Match[str]) -> str:
        group = found.lastgroup or 0
        new = other(found[group])
        if new is None:
            return found[0]
        first = found.start(group) - found.start()
        return f"{found[0][:first]}{new}{found[0][first + len(found[group]) :]}"

    return _SHOWN.sub(whole, text)


def path_of(address: str) -> str | None:
    """The path from the document's folder that an address means, or `None` when it means no picture below some folder.

    It begins with `..` where it leads out of the document's folder. Hidden files and folders are none.
    """
    path = unquote(html.unescape(address))
    if posixpath.splitext(path)[1].lower() not in _SUFFIXES:  # a#b.png is a file, a.png#b is a part of one
        path = unquote(re.split(r"[?#]", html.unescape(address))[0])
    if path.startswith("/") or ":" in path.split("/")[0] or "\0" in path or "\\" in path:
        return None
    path = posixpath.normpath(path)
    hidden = any(part.startswith(".") and part != ".." for part in path.split("/"))
    return None if hidden or posixpath.splitext(path)[1].lower() not in _SUFFIXES else path
