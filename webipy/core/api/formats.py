"""The formats of documents: which file is one, and what a document can be exported to.

A document is kept as nbformat 4.5 (`ipynb`) or as text that jupytext reads and writes; its format has jupytext's own
spelling, `SUFFIX:NAME`. The suffix of a file decides, and for those that several formats share the first lines of the
file do: a header that jupytext wrote (`jupytext:` with `format_name:`), or a cell marker.

Nothing here reads a file. A format is only a name: webipy.converter does the work.

`qmd:rmarkdown` is webipy's own name: Quarto's .qmd, read and written as R Markdown, since jupytext would need Quarto for it.

Not here: formats that jupytext gives to another program (pandoc's and marimo's).

Source: jupytext's documentation, "Notebooks as code" (percent, light, sphinx, hydrogen) and "Markdown formats".
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

ExportFormat = Literal["ipynb", "html", "slides", "pdf", "markdown", "latex", "rst", "asciidoc", "script", "py:percent"]
"""What a document can be exported to; see `webipy.core.api.notebook_calls.ExportNotebook`."""


class ExportOptions(msgspec.Struct, frozen=True):
    """How a document is shown: whether with its code, whether with the numbers of its cells, and in which of nbconvert's templates (null: ours)."""

    has_input: bool = True
    has_prompts: bool = True
    template: str | None = None


HEAD_BYTES: Final = 8192
"""So much of the start of a file decides its format."""

_MARKDOWN: Final = {
    ".md": "md:markdown",
    ".markdown": "markdown:markdown",
    ".rmd": "Rmd:rmarkdown",
    ".qmd": "qmd:rmarkdown",
}
_CODE: Final = {
    ".py": "py",
    ".r": "R",
    ".jl": "jl",
    ".scala": "scala",
    ".sh": "sh",
    ".m": "m",
    ".cs": "cs",
    ".fsx": "fsx",
    ".fs": "fs",
    ".ps1": "ps1",
    ".js": "js",
    ".ts": "ts",
    ".cpp": "cpp",
    ".rs": "rs",
    ".java": "java",
    ".lua": "lua",
    ".go": "go",
}
"""Suffixes of programs that open as notebooks, with the one that jupytext's format has."""

_HEADER_NAME: Final = re.compile(rb"^[^\w\n]*format_name:[^\S\n]*([a-z]{1,20})[^\S\n]*$", re.MULTILINE)
_MARKERS: Final = (
    ("percent", re.compile(rb"^(?:#|//|--|%)+ ?%%(?:\s|$)", re.MULTILINE)),
    ("light", re.compile(rb"^(?:#|//|--|%)+ ?\+(?:\s|$)", re.MULTILINE)),
)
KNOWN: Final = frozenset(
    ["percent", "light", "hydrogen", "sphinx", "nomarker", "spin", "markdown", "rmarkdown", "myst"]
)


PLAIN: Final = ExportOptions()


def suffix_of(path: str) -> str:
    """The suffix of the last part of a path, with its dot, in lower case; empty when it has none."""
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def format_of(path: str, head: bytes = b"") -> str | None:
    """The format that a file opens in as a notebook, or `None` when it does not.

    Args:
        path: Its path; only the suffix counts.
        head: Its first `HEAD_BYTES` bytes; empty when it does not exist yet.

    Returns:
        `ipynb`, or jupytext's name of a text format, such as `py:percent` or `md:markdown`. A program without any
        marker is `SUFFIX:percent`: one cell to begin with, and percent markers as soon as it has more.
    """
    suffix = suffix_of(path)
    if suffix == ".ipynb":
        return "ipynb"
    named = _HEADER_NAME.search(head[:HEAD_BYTES])
    name = named[1].decode() if named and named[1].decode() in KNOWN else None
    if suffix in _MARKDOWN:
        return f"md:{name}" if name == "myst" and suffix == ".md" else _MARKDOWN[suffix]
    if suffix in _CODE:
        found = name or next((marker for marker, pattern in _MARKERS if pattern.search(head[:HEAD_BYTES])), "percent")
        own = path.rpartition(".")[2] if suffix == ".r" else _CODE[suffix]  # the case of .R is in the header
        return f"{own}:{found}"
    return None
