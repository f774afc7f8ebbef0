"""The attachments of cells that become one cell.

A text shows the files of its cell as `attachment:NAME` (nbformat 4.5). When cells are joined, equal files of one name are one; a name that another
file has already gets a number, in the text, too.

Data flow: `webipy.server.methods.cells` ──► `united(cells)` ──► texts, one JSON map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from webipy.core.ipynb import json_source

LINK: Final = "attachment:"
END: Final = r"""(?=[\s)"'>?#]|$)"""
"""What an address ends with, in Markdown and in HTML."""


def united(cells: Iterable[tuple[str, bytes | None]]) -> tuple[list[str], bytes | None]:
    """Puts the attachments of several cells together.

    Args:
        cells: The text of each cell, and its attachments: a JSON map, or `None`.

    Returns:
        The texts with the names that their attachments have now, and all attachments as one JSON map; `None` when there are none.
    """
    sources: list[str] = []
    together: dict[str, bytes] = {}
    for source, raw in cells:
        text = source
        for name, bundle in json_source.members(raw or b"{}").items():
            free = _free(name, bytes(bundle), together)
            together[free] = bytes(bundle)
            if free != name:
                text = _renamed(text, name, free)
        sources.append(text)
    return sources, json_source.joined(together.items()) if together else None


def _renamed(text: str, name: str, free: str) -> str:
    """A text that shows a file under another name."""
    spelled = "|".join(re.escape(one) for one in dict.fromkeys((name, quote(name))))
    return re.sub(f"{LINK}(?:{spelled}){END}", lambda _: f"{LINK}{quote(free)}", text)


def _free(name: str, bundle: bytes, taken: dict[str, bytes]) -> str:
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    count, free = 1, name
    while taken.get(free, bundle) != bundle:
        count += 1
        free = f"{stem}-{count}{dot}{suffix}"
    return free
