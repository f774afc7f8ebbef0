"""Notebook files: bytes to documents and back, with nothing in the file touched that did not change.

    read(body)                 bytes ──► Document, and what had to be repaired to get it
    write(document, original)  Document ──► bytes: as the nbformat library writes, or `original` with the least changes
    empty()                    a new notebook

Laws, for every notebook `x` that can be read:

    write(read(x).document, x) == x                     byte for byte
    read(write(d, x)).document == d                     for every document `d` (but for ids that are not in the file)
    write(d, x) differs from x only in the cells in which d differs, and keeps their keys, order and layout

What is read: nbformat 4.0 to 4.5, and later minor versions as far as they are like it. Cell ids, which there are since 4.5, are made from
the content of a cell where the file has none (or one that is taken or not allowed), always the same for the same file. They are not
written into it, and its version stays what it is, until somebody wants it to be 4.5 (`is_upgraded`); only new cells in a file of 4.5
bring theirs. Everything that is not understood (other keys, other media types) stays in the file.

One wrong value does not refuse a notebook: it is read as what it may mean, or as nothing, which `repairs` list, and it keeps its bytes as
long as nobody changes that part of the document. Refused is what has no cells, or is not JSON.

Source: nbformat 4.5 (its JSON schema; nbformat.v4.nbjson for the canonical layout); JEP 62 for cell ids.

Rejected: the nbformat library (300 ms and 20 MB at start, respells numbers, lays every file out again, holds the interpreter).
"""

from __future__ import annotations

import re

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core import json_depth
from webipy.core.errors import InvalidNotebook
from webipy.core.events.cell_text import MAX_SOURCE_UNITS
from webipy.core.events.events import CellType
from webipy.core.ipynb import file_text, json_source, layout, normal_form
from webipy.core.ipynb.cell_matching import made_id
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.file_text import Text
from webipy.core.session.notebook import MAX_CELLS

MAJOR = 4
MINOR = 5

_CELL_TYPES: dict[str, CellType] = {"code": "code", "markdown": "markdown", "raw": "raw"}
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class OldNotebook(Exception):
    """The file is in a version of the format before 4: the nbformat library can turn it into a newer one."""

    def __init__(self, major: int) -> None:
        super().__init__(f"nbformat {major}")
        self.major = major


@attrs.define(frozen=True, slots=True)
class Opened:
    """A notebook file, read.

    Args:
        document: What it holds.
        repairs: What was not as it should be, in sentences for a person.
        major: Its version of the format.
        minor: The same.
        made_ids: Ids of cells that the file does not have: they were made from the content.
        body: The bytes of the file.
        text: The JSON in them.
    """

    document: Document
    repairs: list[str]
    major: int
    minor: int
    made_ids: frozenset[str] = frozenset()
    body: bytes = attrs.field(default=b"", eq=False, repr=False)
    text: Text = attrs.field(default=Text(b"", b""), eq=False, repr=False)

    @property
    def is_plain(self) -> bool:
        """Whether the file is JSON with the ids of all cells in it: then whoever knows its document need not parse it (`known`)."""
        return not self.made_ids and self.minor >= MINOR and not self.text.mark


class _Top(msgspec.Struct):
    nbformat: Raw | UnsetType = UNSET
    nbformat_minor: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    cells: Raw | UnsetType = UNSET


class _Cell(msgspec.Struct):
    cell_type: Raw | UnsetType = UNSET
    source: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    attachments: Raw | UnsetType = UNSET
    outputs: Raw | UnsetType = UNSET
    execution_count: Raw | UnsetType = UNSET
    id: Raw | UnsetType = UNSET


_decode_top = msgspec.json.Decoder(_Top).decode
_decode_cell = msgspec.json.Decoder(_Cell).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


def read(body: bytes) -> Opened:
    """The document in a notebook file.

    Raises:
        InvalidNotebook: It is none; the message and `where` say why and where.
        OldNotebook: It is one of a version before 4.
    """
    text = file_text.text(body)
    try:
        opened = _parsed(text)
    except msgspec.DecodeError as fault:
        repaired = file_text.repaired(text)
        if repaired is text:
            raise file_text.no_json(text.body, fault) from None
        text, opened = repaired, _parsed_again(repaired)
    except RecursionError:  # whoever asks stands so deep itself that there is no room for what may be in a file
        raise _too_deep() from None
    return attrs.evolve(opened, body=body, text=text)


def known(body: bytes, document: Document, minor: int) -> Opened:
    """A plain file whose document is known, from when it was read or written; it is not parsed.

    Args:
        body: Its bytes.
        document: What it holds.
        minor: Its minor version of nbformat 4.
    """
    return Opened(document, [], MAJOR, minor, body=body, text=file_text.text(body))


def write(
    document: Document, original: bytes | Opened | None, before: Document | None = None, is_upgraded: bool = False
) -> bytes:
    """The file of a document: of the version of the format that `original` has, or of 4.5.

    Args:
        document: What it is to hold.
        original: What the file holds now, read already or not; `None` for a file that is made again, as the nbformat library lays it out.
        before: The document in `original`, with the ids that its cells have outside of a file without ids; `None`: they are found out.
        is_upgraded: The file is to be of 4.5, with the ids of all cells in it.

    Raises:
        InvalidNotebook: `original` is no notebook.
        OldNotebook: `original` is one of a version before 4.
    """
    if original is None:
        return layout.fresh(document)
    opened = original if isinstance(original, Opened) else read(original)
    there = layout.Known(opened.text, opened.document, opened.made_ids, opened.minor, before)
    return layout.changed(document, there, opened.body, is_upgraded)


def shown(document: Document) -> bytes:
    """A document as nbformat 4.5 that every program reads: a sentence stands in place of each output that cannot be shown."""
    return layout.fresh(document, is_shown=True)


def empty(metadata: bytes | None = None) -> bytes:
    """A new notebook with one empty code cell.

    Args:
        metadata: That of the notebook, a JSON map, such as `{"kernelspec": {"name": ..., "display_name": ...}}`.

    Raises:
        InvalidNotebook: `metadata` is no JSON map.
    """
    cell = DocumentCell(made_id("code", "", 0, ()), "code", "")
    return layout.fresh(Document((cell,), normal_form.metadata(metadata or b"{}")))


# ---- the whole file


def _parsed_again(repaired: Text) -> Opened:
    """What is in a text that was repaired."""
    try:
        return _parsed(repaired)
    except msgspec.DecodeError as fault:
        raise file_text.no_json(repaired.body, fault) from None
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> InvalidNotebook:
    return InvalidNotebook(f"The file is nested too deeply: more than {json_depth.IN_FILES} levels.", where="")


def _parsed(text: Text) -> Opened:
    """What is in the text.

    Raises:
        msgspec.DecodeError: It is not JSON.
    """
    if json_depth.is_too_deep(text.body, json_depth.IN_FILES):
        raise _too_deep()
    try:
        top = _decode_top(text.body)
    except msgspec.ValidationError:
        kind = normal_form.shape(text.body.lstrip())
        raise InvalidNotebook(f"This JSON is no notebook: it is {kind}, not a map.", where="") from None
    reading = _Cells()
    major = _major(top, reading)
    raws = _listed(top.cells, reading)
    minor = _minor(top, raws, reading)
    reading.has_ids = minor >= MINOR
    cells, made = reading.read(raws)
    metadata = normal_form.kept_metadata(reading.or_else(top.metadata, b"{}", "metadata"), "metadata", reading.report)
    return Opened(Document(cells, metadata), [*text.repairs, *reading.sentences()], major, minor, made)


def _major(top: _Top, reading: _Cells) -> int:
    """The version of the format.

    Raises:
        InvalidNotebook: It is none that is known here.
        OldNotebook: It is one before 4.
    """
    version = None if isinstance(top.nbformat, UnsetType) else normal_form.whole(top.nbformat)
    if version == MAJOR:
        return version
    if version is not None and version > MAJOR:
        raise InvalidNotebook(
            f"This notebook is in version {version} of the format; {MAJOR}.{MINOR} is the newest that is known here.",
            where="nbformat",
        )
    if _is_like_4(top):
        reading.report(f"Not the version of a notebook with `cells`, read as {MAJOR}", "nbformat")
        return MAJOR
    if version is not None:
        raise OldNotebook(version)
    if isinstance(top.nbformat, UnsetType):
        raise InvalidNotebook("This JSON is no notebook: it does not say which version (nbformat).", where="nbformat")
    raise normal_form.wrong("nbformat", "a whole number", top.nbformat)


def _is_like_4(top: _Top) -> bool:
    """Whether this can only be a notebook of version 4: before, there were no cells with a source outside of worksheets."""
    if isinstance(top.cells, UnsetType) or normal_form.shape(top.cells) != "a list":
        return False
    first = next((raw for raw in _decode_list(top.cells) if normal_form.shape(raw) == "a map"), None)
    return not isinstance(top.metadata, UnsetType) if first is None else "source" in json_source.members(first)


def _minor(top: _Top, raws: list[Raw], reading: _Cells) -> int:
    found = None if isinstance(top.nbformat_minor, UnsetType) else normal_form.whole(top.nbformat_minor)
    if found is not None:
        return found
    with_ids = [normal_form.shape(raw) == "a map" and "id" in json_source.members(raw) for raw in raws]
    minor = MINOR if with_ids and all(with_ids) else 0
    reading.report(f"Not the minor version of the format, read as {minor}", "nbformat_minor")
    return minor


def _listed(raw: Raw | UnsetType, reading: _Cells) -> list[Raw]:
    if isinstance(raw, UnsetType):
        raise InvalidNotebook("This JSON is no notebook: it has no `cells`.", where="cells")
    if normal_form.shape(raw) == "a list":
        return _decode_list(raw)
    if json_source.normal(raw) not in (b"{}", b'""'):
        raise normal_form.wrong("cells", "a list", raw)
    reading.report("Not a list, read as empty", "cells")
    return []


# ---- cells


class _Cells(msgspec.Struct):
    """Reads the cells of a file, and makes ids for those without one.

    Args:
        has_ids: The version of the format asks for ids.
    """

    has_ids: bool = False
    repaired: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Places, by what was wrong there."""

    def report(self, fault: str, where: str) -> None:
        """Notes what was wrong, and where."""
        self.repaired.setdefault(fault, []).append(where)

    def sentences(self) -> list[str]:
        """What was repaired."""
        sentences = []
        for fault, places in self.repaired.items():
            more = f" and {len(places) - 3} more" if len(places) > 3 else ""
            sentences.append(f"{fault}: {', '.join(places[:3])}{more}.")
        return sentences

    def or_else(self, raw: Raw | UnsetType, otherwise: bytes, where: str) -> Raw:
        """A member, or what stands for it when it is missing or null."""
        if isinstance(raw, UnsetType) or bytes(memoryview(raw)[:4]) == b"null":
            self.report("Missing", where)
            return Raw(otherwise)
        return raw

    def read(self, raws: list[Raw]) -> tuple[tuple[DocumentCell, ...], frozenset[str]]:
        """The cells, and the ids that were made."""
        if len(raws) > MAX_CELLS:
            raise InvalidNotebook(
                f"The notebook has {len(raws)} cells; at most {MAX_CELLS} can be opened.", where="cells"
            )
        cells = [self._cell(raw, f"cells[{number}]") for number, raw in enumerate(raws)]
        taken = {cell.id for cell in cells if cell.id}
        seen: set[str] = set()
        made: set[str] = set()
        copies: dict[tuple[CellType, str], int] = {}
        for number, cell in enumerate(cells):
            key = cell.cell_type, cell.source
            copies[key] = copies.get(key, -1) + 1
            if cell.id in seen:
                self.report("The same id as an earlier cell", f"cells[{number}].id")
            if not cell.id or cell.id in seen:
                new = made_id(cell.cell_type, cell.source, copies[key], taken)
                cells[number] = attrs.evolve(cell, id=new)
                taken.add(new)
                made.add(new)
            seen.add(cells[number].id)
        return tuple(cells), frozenset(made)

    def _cell(self, raw: Raw, where: str) -> DocumentCell:
        if normal_form.shape(raw) != "a map":
            self.report("No cell, shown as JSON", where)
            return DocumentCell("", "raw", bytes(raw).decode())
        cell = _decode_cell(raw)
        cell_type = self._cell_type(cell.cell_type, f"{where}.cell_type")
        outputs: tuple[bytes, ...] = ()
        count = attached = None
        if cell_type == "code":
            outputs, count = self._ran(cell, where)
        elif not isinstance(cell.attachments, UnsetType) and normal_form.shape(cell.attachments) != "null":
            attached = normal_form.kept_attachments(cell.attachments, f"{where}.attachments", self.report)
        place = f"{where}.metadata"
        return DocumentCell(
            self._id(cell.id, f"{where}.id"),
            cell_type,
            self._source(cell.source, f"{where}.source"),
            normal_form.kept_metadata(self.or_else(cell.metadata, b"{}", place), place, self.report),
            attached,
            outputs,
            count,
        )

    def _cell_type(self, raw: Raw | UnsetType, where: str) -> CellType:
        if isinstance(raw, UnsetType) or normal_form.shape(raw) != "text":
            self.report("No type of a cell, shown as raw", where)
            return "raw"
        found = _decode_text(raw)
        if found in _CELL_TYPES:
            return _CELL_TYPES[found]
        self.report(f"The type {found!r:.40} is not known, shown as raw", where)
        return "raw"

    def _source(self, raw: Raw | UnsetType, where: str) -> str:
        source = normal_form.kept_text(None if isinstance(raw, UnsetType) else raw, where, self.report)
        if len(source) > MAX_SOURCE_UNITS // 2 and len(source.encode("utf-16-le")) > 2 * MAX_SOURCE_UNITS:
            raise InvalidNotebook(
                f"{where} has more than {MAX_SOURCE_UNITS >> 20} Mi characters: it holds what belongs into a file.",
                where=where,
            )
        return source

    def _ran(self, cell: _Cell, where: str) -> tuple[tuple[bytes, ...], int | None]:
        """The outputs and the execution count of a code cell."""
        raw = self.or_else(cell.outputs, b"[]", f"{where}.outputs")
        if normal_form.shape(raw) != "a list":
            self.report("Cannot be shown, and stays as it is", f"{where}.outputs")
            raw = Raw(b"[]")
        outputs = tuple(
            normal_form.kept_output(output, f"{where}.outputs[{number}]", self.report)
            for number, output in enumerate(_decode_list(raw))
        )
        if isinstance(cell.execution_count, UnsetType):
            self.report("Missing", f"{where}.execution_count")
            return outputs, None
        count = normal_form.kept_count(cell.execution_count, f"{where}.execution_count", self.report)
        return outputs, None if count == b"null" else int(count)

    def _id(self, raw: Raw | UnsetType, where: str) -> str:
        """The id of a cell; empty if there is none that may be one."""
        if isinstance(raw, UnsetType):
            if self.has_ids:
                self.or_else(raw, b"", where)
            return ""
        found = _decode_text(raw) if normal_form.shape(raw) == "text" else ""
        if _ID.fullmatch(found):
            return found
        self.report("No id that a cell may have", where)
        return ""
