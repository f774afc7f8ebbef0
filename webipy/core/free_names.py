"""Names for what is made beside something that has the name already: `Untitled.ipynb`, `Untitled 2.ipynb`, `Untitled 3.ipynb`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_NAMES: Final = 10_000
"""So many are tried; a folder with more of one name wants another."""

_NUMBERED: Final = re.compile(r"(.*\S) ([1-9][0-9]{0,8})", re.DOTALL)


def free_names(path: str, is_folder: bool) -> Iterator[str]:
    """Yields `path` itself, then the numbered names after it, which count on from a number that it ends with.

    Args:
        path: Path with `/` between its parts; the folder is kept.
        is_folder: Whether a dot in the name is part of it, and not the beginning of its ending.
    """
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".") if "." in name and not is_folder else (name, "", "")
    yield path
    numbered, first = _NUMBERED.fullmatch(stem), 2
    if numbered is not None:
        stem, first = numbered[1], int(numbered[2]) + 1
    for number in range(first, first + MAX_NAMES):
        yield f"{folder}{slash}{stem} {number}{dot}{ending}"
