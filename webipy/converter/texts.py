"""Notebooks from older formats and from text, and back to text: nbformat and jupytext do it.

What is made of the same document is the same each time: cells get ids from what they hold (nbformat and jupytext draw them at random), so that a
file that another program wrote is compared with what was read before, cell by cell.

What goes back to text keeps the file that it came from. jupytext alone would rewrite its own version in the header, the ends of the
lines and blank lines that it counts otherwise; so what is written is the difference that jupytext sees between the file as it was read and the
notebook as it is now, laid over the file itself: the header by its keys (`webipy.converter.headers`), the rest by its lines (`lay_over`).

Quarto's .qmd is read and written as R Markdown, which has the same chunks, so that it needs no Quarto; its header gets nothing of jupytext's.

Source: nbformat 4.5 (cell ids: 1 to 64 of A-Z a-z 0-9 - _); jupytext, "The text representation".
"""

from __future__ import annotations

import hashlib
import json
import re
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import Any

from webipy.converter import headers
from webipy.converter.problems import Refused, first_line

MAX_LINES = 50_000
"""Of a text that is compared line by line; a longer one is written as jupytext writes it."""

MAX_LINES_EXACT = 2000
"""Of a text that is compared with care; in longer ones, lines that come often are not looked for."""

NOT_RUN = ("mermaid", "dot", "ojs")
"""Languages of chunks in Quarto's files that no kernel runs."""

_VERSION = re.compile(r"^([^\w\n]*jupytext_version:).*$", re.MULTILINE)


def convert(folder: Path, operation: str, format: str, name: str) -> dict[str, Any]:
    """Writes `output` of a folder from its `body`; returns the answer.

    Args:
        folder: The folder of the job.
        operation: `upgrade`, `to_notebook` or `from_notebook`.
        format: The text format, as `webipy.core.api.formats` names it.
        name: Name of the document, for messages.

    Raises:
        Refused: It is no notebook.
    """
    body = (folder / "body").read_bytes()
    if operation == "upgrade":
        output = upgrade(body)
    elif operation == "to_notebook":
        output = to_notebook(body, format, name)
    else:
        original = folder / "original"
        output = from_notebook(body, format, original.read_bytes() if original.exists() else None)
    (folder / "output").write_bytes(output)
    return {"name": name, "media_type": ""}


def upgrade(body: bytes) -> bytes:
    """A notebook of any older format as 4.5.

    Raises:
        Refused: It is no notebook.
    """
    import nbformat
    from nbformat import reader

    try:
        notebook = nbformat.convert(reader.reads(body.decode("utf-8")), 4)
        output = _encoded(notebook.metadata, notebook.cells)
    except UnicodeDecodeError as fault:
        raise Refused("invalid", f"This is no notebook: byte {fault.start} is not UTF-8.") from None
    except reader.NotJSONError:
        raise Refused("invalid", "This is no notebook: it is not JSON.") from None
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError, IndexError) as fault:
        raise Refused("invalid", f"This is no notebook of nbformat 1 to 4: {first_line(fault)}.") from None
    return output


def to_notebook(body: bytes, format: str, name: str) -> bytes:
    """A text as a notebook.

    Args:
        body: The text, UTF-8, with or without a byte order mark.
        format: Its format.
        name: Name of the document, for messages.

    Returns:
        nbformat 4.5 JSON.

    Raises:
        Refused: It is not UTF-8, or jupytext cannot read it.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Refused("invalid", f"{name} cannot be opened as a notebook: byte {fault.start} is not UTF-8.") from None
    if "\0" in text:
        raise Refused("invalid", f"{name} cannot be opened as a notebook: it holds a NUL, so it is no text.")
    try:
        notebook = _read(_with_plain_ends(text), format)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, AssertionError) as fault:
        raise Refused("invalid", f"{name} cannot be read as {format}: {first_line(fault)}.") from None
    return _encoded(notebook.metadata, notebook.cells)


def from_notebook(body: bytes, format: str, original: bytes | None) -> bytes:
    """A notebook as text, in the header, style and ends of lines of `original`.

    Args:
        body: nbformat 4.5 JSON.
        format: Format of the text.
        original: The text that is there; `None` for none.
    """
    from nbformat import reader

    new = written(reader.reads(body.decode("utf-8")), format)
    if original is None:
        return (_without_jupytext(new) if format.startswith("qmd:") else new).encode("utf-8")
    mark = "\ufeff" if original.startswith(b"\xef\xbb\xbf") else ""
    old = original.decode("utf-8-sig", "surrogateescape")
    ends = "\r\n" if old.count("\r\n") * 2 > old.count("\n") else "\n"
    plain = _with_plain_ends(old)
    read = written(_read(plain, format), format)
    version = _VERSION.search(plain)
    if version is not None:
        read, new = (_VERSION.sub(lambda _: version[0], text, count=1) for text in (read, new))
    is_open = bool(plain) and not plain.endswith("\n")
    text = changed(f"{plain}\n" if is_open else plain, read, new)
    text = mark + (text.removesuffix("\n") if is_open else text)
    return (text.replace("\n", ends) if ends != "\n" else text).encode("utf-8", "surrogateescape")


def written(notebook: Any, format: str) -> str:
    """Writes a notebook as jupytext does; metadata in the order of their names, because notebook files keep no other.

    Args:
        notebook: The document, which is changed.
        format: Format of the text.
    """
    import jupytext

    for key in ("jupytext", "kernelspec", "language_info"):
        if not isinstance(notebook.metadata.get(key, {}), dict):
            del notebook.metadata[key]
    for cell in notebook.cells:
        cell.metadata = type(cell.metadata)(sorted(cell.metadata.items()))
    text: str = jupytext.writes(notebook, _of_jupytext(format))
    return text if text.endswith("\n") else f"{text}\n"


def _of_jupytext(format: str) -> str:
    """A format as jupytext names it."""
    return f"Rmd:{format.removeprefix('qmd:')}" if format.startswith("qmd:") else format


def _read(text: str, format: str) -> Any:
    """A text as jupytext reads it. Quarto's chunks of diagrams and of what runs in the reader's browser are text here: no kernel runs them."""
    import jupytext

    notebook = jupytext.reads(text, _of_jupytext(format))
    if format.startswith("qmd:"):
        for cell in notebook.cells:
            language = cell.metadata.get("language")
            if cell.cell_type == "code" and language in NOT_RUN:
                cell.update(
                    cell_type="markdown",
                    source=f"```{{{language}}}\n{cell.source}\n```",
                    metadata=type(cell.metadata)(),
                )
                for name in ("outputs", "execution_count"):
                    cell.pop(name, None)
    return notebook


def _without_jupytext(text: str) -> str:
    """A new text whose header does not name jupytext's format."""
    import yaml

    parts = headers.apart(text)
    if parts is None:
        return text
    before, mark, header, rest = parts
    known = yaml.safe_load("\n".join(header)) or {}
    jupyter = {key: value for key, value in known.pop("jupyter", {}).items() if key != "jupytext"}
    known |= {"jupyter": jupyter} if jupyter else {}
    if not known:
        return rest.partition("\n")[2].lstrip("\n")
    lines = yaml.safe_dump(known, allow_unicode=True, sort_keys=False).splitlines()
    return headers.joined(before, mark, lines, rest)


def changed(original: str, read: str, new: str) -> str:
    """Applies the difference between `read` and `new` to a text that differs from `read` in style only.

    Args:
        original: The text that is there.
        read: The same as jupytext would have written it.
        new: The new text as jupytext writes it.
    """
    if read == new:
        return original
    parts = [headers.apart(text) for text in (original, read, new)]
    if parts[0] is None or parts[1] is None or parts[2] is None:
        return lay_over(original, read, new)
    before, mark, header, rest = parts[0]
    made = headers.changed(header, parts[1][2], parts[2][2])
    body = lay_over(rest, parts[1][3], parts[2][3])
    if made is header:
        return original[: len(original) - len(rest)] + body
    if made is None:  # it is not written line by line: then it is as jupytext writes it
        before, mark, made = parts[2][:3]
    return headers.joined(before, mark, made, body)


def lay_over(original: str, read: str, new: str) -> str:
    """Lays the difference between `read` and `new` over `original`. Where something changed in the very lines in which the style differs,
    `new` wins.

    Args:
        original: A text.
        read: The same in another style.
        new: The new text in that style.
    """
    if read == new:
        return original
    ours, middle, theirs = (text.splitlines(keepends=True) for text in (original, read, new))
    if max(len(ours), len(middle), len(theirs)) > MAX_LINES:
        return new
    changes = _hunks(middle, theirs)
    hunks = sorted([*changes, *_apart(_hunks(middle, ours), changes)], key=lambda hunk: hunk[:2])
    text: list[str] = []
    at = 0
    for first, end, lines in hunks:
        text += middle[at:first]
        text += lines
        at = end
    return "".join(text + middle[at:])


_Hunk = tuple[int, int, list[str]]
"""Lines `first` to `end` (half-open) become other lines."""


def _hunks(old: list[str], new: list[str]) -> list[_Hunk]:
    """What must be done to `old` to make it `new`."""
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) > MAX_LINES_EXACT)
    return [(a, b, new[c:d]) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal"]


def _apart(hunks: list[_Hunk], others: list[_Hunk]) -> list[_Hunk]:
    """Those of `hunks` that share no line and no place of insertion with one of `others`; both are in order."""
    found, at = [], 0
    for first, end, lines in hunks:
        while at < len(others) and others[at][1] < first:
            at += 1
        meets = False
        for a, b, _ in islice(others, at, None):
            if a > end:
                break
            meets = meets or (first < b and a < end) or first == end == a == b
        if not meets:
            found.append((first, end, lines))
    return found


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n")


def _encoded(metadata: Any, cells: list[Any]) -> bytes:
    """nbformat 4.5 JSON; each cell has an id from its content and from how many cells before it have the same."""
    seen: dict[str, int] = {}
    for cell in cells:
        cell.pop("id", None)
        content = json.dumps([cell.cell_type, cell.source], sort_keys=True)
        seen[content] = seen.get(content, 0) + 1
        cell["id"] = hashlib.sha256(f"{seen[content]} {content}".encode("utf-8", "replace")).hexdigest()[:12]
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8", "replace") + b"\n"
