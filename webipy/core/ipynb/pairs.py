"""Pairs: one notebook in several files, as jupytext names them in `metadata.jupytext.formats`.

    "ipynb,py:percent"                       a.ipynb            and a.py
    "notebooks//ipynb,scripts//py:light"     notebooks/a.ipynb  and scripts/a.py
    "nb///ipynb,src///py:percent"            nb/any/a.ipynb     and src/any/a.py
    "ipynb,.pct.py:percent,docs/x_/md"       a.ipynb, a.pct.py  and docs/x_a.md

Each format has the form `[ROOT//][FOLDER/]PREFIX/SUFFIX.EXTENSION:NAME`, where all but the extension may be missing. A file of the pair gives, by
its own format, what the others are called by theirs. A text holds the sources of the notebook and little else; `difference` returns what was
changed in it in terms of the whole document.

Invariants: paths are relative to the root and never lead out of it; a path that no format fits has no partners.

Rejected: jupytext's own functions for it (they look for its configuration on the disk, and core does not); pairs that only a configuration file names
(a notebook would be written into a second file that neither of them names).

Source: jupytext, "Paired notebooks" and `jupytext.formats`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs
import msgspec
from msgspec import Raw

from webipy.core.api import formats
from webipy.core.ipynb import json_source
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.merge import merged_map
from webipy.core.session.notebook import NO_METADATA

_NAMES: Final = {
    "notebook": "ipynb",
    "rmarkdown": "Rmd",
    "quarto": "qmd",
    "markdown": "md",
    "script": "auto",
    "c++": "cpp",
    "myst": "md:myst",
}
"""Other names of formats."""

_EXTENSIONS: Final = {"python": "py", "r": "R", "julia": "jl", "scala": "scala", "bash": "sh", "javascript": "js"}
"""Of `auto`, by the language of the kernel."""

_MARKDOWN: Final = {"md": "markdown", "markdown": "markdown", "Rmd": "rmarkdown", "qmd": "rmarkdown"}
_FORMATS: Final = re.compile(rb"^\W*formats:[ \t]*[\"']?([^\s\"']+)[\"']?[ \t]*$", re.MULTILINE)


class Half(msgspec.Struct, frozen=True):
    """A file of a pair.

    Args:
        path: Where it is, or is to be.
        format: As `formats.format_of` names it.
    """

    path: str
    format: str


class _Form(msgspec.Struct, frozen=True):
    """One format: how a file of it is called."""

    root: tuple[str, ...]
    folder: tuple[str, ...]
    prefix: str
    suffix: str
    extension: str
    name: str

    def format(self) -> str | None:
        """The name that webipy has for it; `None` where it reads no such files."""
        if self.extension == "ipynb":
            return "ipynb"
        kind = formats.format_of(f"a.{self.extension}")
        if kind is None:
            return None
        name = self.name or _MARKDOWN.get(self.extension, "light")
        if self.extension == "qmd":
            name = "rmarkdown"
        return f"{kind.partition(':')[0]}:{name}" if name in formats.KNOWN else None

    def stem_of(self, path: str) -> _Stem | None:
        """What is common to the names of the pair, from one of them; `None` where the path is no such name."""
        *folders, name = path.split("/")
        stem, _, extension = name.rpartition(".")
        start, end = self.prefix, self.suffix
        if extension != self.extension or not stem.startswith(start) or not stem[len(start) :].endswith(end):
            return None
        stem = stem[len(start) : len(stem) - len(end)]
        here = tuple(folders)
        if self.folder:
            if here[len(here) - len(self.folder) :] != self.folder or len(here) < len(self.folder):
                return None
            here = here[: len(here) - len(self.folder)]
        if not stem:
            return None
        if not self.root:
            return _Stem(here, None, stem)
        for at in range(len(here) - len(self.root), -1, -1):
            if here[at : at + len(self.root)] == self.root:
                return _Stem(here[:at], here[at + len(self.root) :], stem)
        return None

    def path_of(self, stem: _Stem) -> str | None:
        """The path of this file of the pair; `None` where it has none."""
        if bool(self.root) != (stem.below is not None):
            return None
        folders = [*stem.above, *self.root, *(stem.below or ())]
        for part in self.folder:
            if part == ".." and not folders:
                return None
            folders = folders[:-1] if part == ".." else [*folders, part]
        return "/".join([*folders, f"{self.prefix}{stem.name}{self.suffix}.{self.extension}"])


class _Stem(msgspec.Struct, frozen=True):
    above: tuple[str, ...]
    below: tuple[str, ...] | None
    name: str


def _form(text: str, language: str) -> _Form | None:
    text = _NAMES.get(text.lower(), text)
    root, folder = "", ""
    if "/" in text[1:]:
        folder, _, text = text.rpartition("/")
        root, is_rooted, rest = folder.rpartition("//")
        root, folder = (root, rest) if is_rooted else ("", folder)
    place, _, prefix = folder.rpartition("/")
    ending, _, name = text.partition(":")
    suffix, _, extension = ending.rpartition(".")
    if extension == "auto":
        extension = _EXTENSIONS.get(language.lower(), "")
    return _Form(_parts(root), _parts(place), prefix, suffix, extension, name) if extension else None


def _parts(folders: str) -> tuple[str, ...]:
    return tuple(part for part in folders.split("/") if part not in ("", "."))


def halves(path: str, named: str, language: str = "") -> tuple[Half, ...]:
    """The files of the pair that `path` is one of, in the order of the formats; none where it is in no pair.

    Args:
        path: Path of one file of the pair.
        named: The formats, as `metadata.jupytext.formats` has them.
        language: That of the kernel, for the format `auto`; where it is not known, that of the path's ending.
    """
    ending = path.rpartition(".")[2]
    language = language or next((name for name, one in _EXTENSIONS.items() if one == ending), "")
    forms = [form for one in named.split(",") if (form := _form(one.strip(), language)) is not None]
    for form in forms:
        stem = form.stem_of(path)
        if stem is not None:
            return tuple(_halves(forms, stem))
    return ()


def _halves(forms: list[_Form], stem: _Stem) -> Iterator[Half]:
    seen = set()
    for form in forms:
        path, format = form.path_of(stem), form.format()
        if path is not None and format is not None and path not in seen:
            seen.add(path)
            yield Half(path, format)


def partners(path: str, metadata: bytes) -> tuple[Half, ...]:
    """The other files of the pair that a document at `path` is in, by its metadata.

    Args:
        path: Path of the document.
        metadata: Metadata of the notebook, a JSON map.
    """
    named = formats_in(metadata)
    if named is None:
        return ()
    found = halves(path, named, _language(metadata))
    return tuple(half for half in found if half.path != path)


def formats_in(metadata: bytes) -> str | None:
    """The formats that the metadata of a notebook name; `None` for no pair."""
    named = _member(_member(metadata, "jupytext"), "formats")
    try:
        text = msgspec.json.decode(named, type=str) if named is not None else ""
    except msgspec.DecodeError:
        return None
    return text if "," in text else None


def formats_of_header(head: bytes) -> str | None:
    """The formats that the header of a text names, in its first lines; `None` for no pair."""
    found = _FORMATS.search(head[: formats.HEAD_BYTES])
    named = found[1].decode("utf-8", "replace") if found else ""
    return named if "," in named else None


def with_formats(metadata: bytes, named: str) -> bytes:
    """The metadata of a notebook, naming these formats.

    Args:
        metadata: Metadata of the notebook, a JSON map.
        named: The formats, as `metadata.jupytext.formats` has them.
    """
    mine = _members(_member(metadata, "jupytext"))
    mine["formats"] = json_source.quoted(named)
    whole = {**_members(metadata), "jupytext": json_source.joined(sorted(mine.items()))}
    return json_source.joined(sorted(whole.items()))


def without_representation(metadata: bytes) -> bytes:
    """The metadata that a text has for a notebook, without those that describe the text itself."""
    whole = _members(metadata)
    mine = _members(whole.pop("jupytext", None))
    mine.pop("text_representation", None)
    if mine:
        whole["jupytext"] = json_source.joined(sorted(mine.items()))
    return json_source.joined(sorted(whole.items()))


def _language(metadata: bytes) -> str:
    for map_name, name in (("kernelspec", "language"), ("language_info", "name")):
        value = _member(_member(metadata, map_name), name)
        try:
            if value is not None:
                return msgspec.json.decode(value, type=str)
        except msgspec.DecodeError:
            continue
    return ""


def _members(metadata: bytes | None) -> dict[str, bytes]:
    try:
        return {name: bytes(value) for name, value in json_source.members(metadata or b"{}").items()}
    except msgspec.DecodeError:
        return {}


def _member(metadata: bytes | Raw | None, name: str) -> bytes | None:
    return _members(bytes(metadata)).get(name) if metadata is not None else None


# ---- the changes of a text


def difference(held: Document, before: Document, now: Document) -> tuple[Document, Document]:
    """Compares a text before and now, in terms of the document: two documents that differ in what was changed in the text.

    Args:
        held: The document when the text was in step with it, with the outputs that it has now, and with cells that the text lost since.
        before: The text then, with the ids of `held`.
        now: The text now, with the ids of `before`.
    """
    whole = {cell.id: cell for cell in held.cells}
    old = {cell.id: cell for cell in before.cells}
    was = without_representation(before.metadata)

    def filled(text: Document) -> Document:
        cells = tuple(_filled(cell, whole.get(cell.id), old.get(cell.id)) for cell in text.cells)
        if formats_in(text.metadata) is None:  # no header: the notebook keeps its metadata
            return Document(cells, held.metadata)
        return Document(cells, merged_map(was, held.metadata, without_representation(text.metadata))[0])

    return filled(before), filled(now)


def _filled(cell: DocumentCell, held: DocumentCell | None, old: DocumentCell | None) -> DocumentCell:
    """A cell of a text with what the text cannot hold, and with the document's own spelling of what did not change."""
    if held is None:
        return cell
    if old is not None and (old.cell_type, old.source) == (cell.cell_type, cell.source):
        cell = attrs.evolve(cell, cell_type=held.cell_type, source=held.source)
    metadata = merged_map(old.metadata if old is not None else NO_METADATA, held.metadata, cell.metadata)[0]
    if cell.cell_type != "code":
        return attrs.evolve(cell, metadata=metadata, attachments=held.attachments, outputs=(), execution_count=None)
    outputs, count = (held.outputs, held.execution_count) if held.cell_type == "code" else ((), None)
    return attrs.evolve(cell, metadata=metadata, attachments=None, outputs=outputs, execution_count=count)
