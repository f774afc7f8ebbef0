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

Source: nbformat 4.5 (its JSON schema; nbformat.v4.nbjson for the canonical layout); JEP 62 for cell ids.

Rejected: the nbformat library (300 ms and 20 MB at start, respells numbers, lays every file out anew, holds the interpreter).
"""

from __future__ import annotations

import codecs
import re

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core import ipynb_layout, nboutput
from webipy.core.align import made_id
from webipy.core.document import Document, DocumentCell
from webipy.core.errors import InvalidNotebook
from webipy.core.events import CellType
from webipy.core.notebook import MAX_CELLS, MAX_SOURCE_UNITS

MAJOR = 4
MINOR = 5

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b')
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|[^u])")
_FAULT = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a map",
    "array": "a list",
}
_CHUNK = 1 << 20


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
    """

    document: Document
    repairs: list[str]
    major: int
    minor: int
    made_ids: frozenset[str] = frozenset()


class _Top(msgspec.Struct):
    nbformat: Raw | UnsetType = UNSET
    nbformat_minor: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    cells: Raw | UnsetType = UNSET


class _Cell(msgspec.Struct):
    cell_type: CellType
    source: str | list[str]
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
    return _read(body)[1]


def write(
    document: Document, original: bytes | None, before: Document | None = None, is_upgraded: bool = False
) -> bytes:
    """The file of a document: of the version of the format that `original` has, or of 4.5.

    Args:
        original: What the file holds now; `None` for a file that is made anew, as the nbformat library lays it out.
        before: The document in `original`, with the ids that its cells have outside of a file without ids; `None`: they are found out.
        is_upgraded: The file is to be of 4.5, with the ids of all cells in it.

    Raises:
        InvalidNotebook: `original` is no notebook.
        OldNotebook: `original` is one of a version before 4.
    """
    if original is None:
        return ipynb_layout.fresh(document)
    body, opened = _read(original)
    known = ipynb_layout.Known(body, opened.document, opened.made_ids, opened.minor, before)
    return ipynb_layout.changed(document, known, original, is_upgraded)


def empty(metadata: bytes | None = None) -> bytes:
    """A new notebook with one empty code cell.

    Args:
        metadata: That of the notebook, a JSON map, such as `{"kernelspec": {"name": ..., "display_name": ...}}`.

    Raises:
        InvalidNotebook: `metadata` is no JSON map.
    """
    cell = DocumentCell(made_id("code", "", 0, ()), "code", "")
    return ipynb_layout.fresh(Document((cell,), nboutput.metadata(metadata or b"{}")))


# ---- the whole file


def _read(body: bytes) -> tuple[bytes, Opened]:
    """The bytes that were read, after repairs, and what they say."""
    repairs: list[str] = []
    _check_encoding(body)
    if body.startswith(codecs.BOM_UTF8):
        body = body[len(codecs.BOM_UTF8) :]
        repairs.append("The file began with a byte order mark, which JSON does not have.")
    try:
        return body, _parsed(body, repairs)
    except msgspec.DecodeError as fault:
        repaired, said = _repaired(body)
        if not said:
            raise _no_json(body, fault) from None
    try:
        return repaired, _parsed(repaired, [*repairs, *said])
    except msgspec.DecodeError as fault:
        raise _no_json(repaired, fault) from None
    except RecursionError:
        raise _too_deep("") from None


def _check_encoding(body: bytes) -> None:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or body[:4] in (b"{\0\n\0", b"\0{\0\n", b'{\0"\0'):
        raise InvalidNotebook("The file is encoded in UTF-16; notebooks are in UTF-8.", where="")
    if b"\0" in body:
        place = body.index(b"\0")
        raise InvalidNotebook(
            f"The file holds NUL bytes (the first is byte {place}): it is no text, or it was damaged.", where=""
        )
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), _CHUNK):
            decoder.decode(body[at : at + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise InvalidNotebook("The file is not encoded in UTF-8, as notebooks are.", where="") from None


def _no_json(body: bytes, fault: msgspec.DecodeError) -> InvalidNotebook:
    if not body.strip():
        return InvalidNotebook("The file is empty: not even an empty notebook is in it.", where="")
    if body.lstrip()[:1] not in (b"{", b"["):
        return InvalidNotebook("The file is not JSON, as notebooks are.", where="")
    if "truncated" in str(fault):
        return InvalidNotebook("The file ends in the middle: its JSON is cut off.", where="")
    found = re.search(r"\(byte (\d+)\)", str(fault))
    line = f", line {body[: int(found[1])].count(10) + 1}" if found else ""
    conflict = " It holds the marks of a merge conflict." if re.search(rb"^<{7} ", body, re.MULTILINE) else ""
    return InvalidNotebook(f"The file is not valid JSON{line}.{conflict}", where="")


def _too_deep(where: str) -> InvalidNotebook:
    return InvalidNotebook(f"{where or 'The file'} is nested too deeply.", where=where)


def _repaired(body: bytes) -> tuple[bytes, list[str]]:
    """The same without what programs write that is not JSON, and sentences about it; no sentences: nothing was found."""
    parts: list[bytes] = []
    at = halves = numbers = 0
    for token in _TOKEN.finditer(body):
        text = token[0]
        if text[:1] != b'"':
            numbers += 1
            new = b"null"
        elif b"\\ud" in text or b"\\uD" in text:
            new = _whole_characters(text)
            halves += new != text
        else:
            continue
        parts += (body[at : token.start()], new)
        at = token.end()
    said = []
    if halves:
        said.append(f"Texts with halves of characters, replaced by \N{REPLACEMENT CHARACTER}: {halves}.")
    if numbers:
        said.append(f"Numbers that are NaN or Infinity, which JSON does not have, read as null: {numbers}.")
    return b"".join([*parts, body[at:]]), said


def _whole_characters(text: bytes) -> bytes:
    """A JSON string without halves of surrogate pairs."""
    parts: list[bytes] = []
    at = 0
    escapes = list(_ESCAPE.finditer(text))
    paired = False
    for number, escape in enumerate(escapes):
        unit = int(escape[1] or b"0", 16)
        if paired or not 0xD800 <= unit <= 0xDFFF:
            paired = False
            continue
        following = escapes[number + 1] if number + 1 < len(escapes) else None
        if unit < 0xDC00 and following and following.start() == escape.end():
            paired = 0xDC00 <= int(following[1] or b"0", 16) <= 0xDFFF
        if not paired:
            parts += (text[at : escape.start()], b"\\ufffd")
            at = escape.end()
    return b"".join([*parts, text[at:]])


def _parsed(body: bytes, repairs: list[str]) -> Opened:
    """What is in the bytes.

    Raises:
        msgspec.DecodeError: They are not JSON.
    """
    try:
        top = _decode_top(body)
    except RecursionError:
        raise _too_deep("") from None
    except msgspec.ValidationError:
        kind = nboutput.shape(body.lstrip())
        raise InvalidNotebook(f"This JSON is no notebook: it is {kind}, not a map.", where="") from None
    major, minor = _version(top, repairs)
    reading = _Cells(minor >= MINOR)
    cells, made = reading.read(_listed(top.cells, "cells"))
    metadata = nboutput.metadata(reading.or_else(top.metadata, b"{}", "metadata"))
    return Opened(Document(cells, metadata), [*repairs, *reading.sentences()], major, minor, made)


def _version(top: _Top, repairs: list[str]) -> tuple[int, int]:
    if isinstance(top.nbformat, UnsetType):
        raise InvalidNotebook("This JSON is no notebook: it does not say which version (nbformat).", where="nbformat")
    major = _number(top.nbformat, "nbformat")
    if major < MAJOR:
        raise OldNotebook(major)
    if major > MAJOR:
        raise InvalidNotebook(
            f"This notebook is in version {major} of the format; {MAJOR}.{MINOR} is the newest that is known here.",
            where="nbformat",
        )
    if isinstance(top.nbformat_minor, UnsetType):
        repairs.append("The minor version of the format (nbformat_minor) was missing; it was read as 0.")
        return major, 0
    return major, _number(top.nbformat_minor, "nbformat_minor")


def _number(raw: Raw, where: str) -> int:
    text = bytes(raw)
    if not text.isdigit() or len(text) > 6:
        raise nboutput.wrong(where, "a whole number", raw)
    return int(text)


def _listed(raw: Raw | UnsetType, where: str) -> list[Raw]:
    if isinstance(raw, UnsetType):
        raise InvalidNotebook(f"This JSON is no notebook: it has no `{where}`.", where=where)
    if nboutput.shape(raw) != "a list":
        raise nboutput.wrong(where, "a list", raw)
    return _decode_list(raw)


# ---- cells


@attrs.define(slots=True)
class _Cells:
    """Reads the cells of a file and gives those without an id one.

    Args:
        has_ids: The version of the format asks for ids.
    """

    has_ids: bool
    repaired: dict[str, list[str]] = attrs.field(factory=dict)
    """Places, by what was wrong there."""

    def sentences(self) -> list[str]:
        """What was repaired."""
        said = []
        for fault, places in self.repaired.items():
            more = f" and {len(places) - 3} more" if len(places) > 3 else ""
            said.append(f"{fault}: {', '.join(places[:3])}{more}.")
        return said

    def or_else(self, raw: Raw | UnsetType, otherwise: bytes, where: str) -> Raw:
        """A member, or what stands for it when it is missing or null."""
        if isinstance(raw, UnsetType) or bytes(memoryview(raw)[:4]) == b"null":
            self.repaired.setdefault("Missing", []).append(where)
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
                self.repaired.setdefault("The same id as an earlier cell", []).append(f"cells[{number}].id")
            if not cell.id or cell.id in seen:
                new = made_id(cell.cell_type, cell.source, copies[key], taken)
                cells[number] = attrs.evolve(cell, id=new)
                taken.add(new)
                made.add(new)
            seen.add(cells[number].id)
        return tuple(cells), frozenset(made)

    def _cell(self, raw: Raw, where: str) -> DocumentCell:
        try:
            cell = _decode_cell(raw)
        except msgspec.ValidationError as fault:
            raise _cell_fault(fault, where) from None
        except RecursionError:
            raise _too_deep(where) from None
        outputs: tuple[bytes, ...] = ()
        count = attached = None
        if cell.cell_type == "code":
            outputs, count = self._ran(cell, where)
        elif not isinstance(cell.attachments, UnsetType) and nboutput.shape(cell.attachments) != "null":
            attached = nboutput.attachments(cell.attachments, f"{where}.attachments")
        source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
        if len(source) > MAX_SOURCE_UNITS // 2 and len(source.encode("utf-16-le")) > 2 * MAX_SOURCE_UNITS:
            raise InvalidNotebook(
                f"{where}.source has more than {MAX_SOURCE_UNITS >> 20} Mi characters: it holds what belongs into a file.",
                where=f"{where}.source",
            )
        return DocumentCell(
            self._id(cell.id, f"{where}.id"),
            cell.cell_type,
            source,
            nboutput.metadata(self.or_else(cell.metadata, b"{}", f"{where}.metadata"), f"{where}.metadata"),
            attached,
            outputs,
            count,
        )

    def _ran(self, cell: _Cell, where: str) -> tuple[tuple[bytes, ...], int | None]:
        """The outputs and the execution count of a code cell."""
        raw = self.or_else(cell.outputs, b"[]", f"{where}.outputs")
        outputs = tuple(
            nboutput.output(output, f"{where}.outputs[{number}]")
            for number, output in enumerate(_listed(raw, f"{where}.outputs"))
        )
        if isinstance(cell.execution_count, UnsetType):
            self.or_else(UNSET, b"null", f"{where}.execution_count")
            return outputs, None
        count = nboutput.count(cell.execution_count, f"{where}.execution_count")
        return outputs, None if count == b"null" else int(count)

    def _id(self, raw: Raw | UnsetType, where: str) -> str:
        """The id of a cell; empty if there is none that may be one."""
        if isinstance(raw, UnsetType):
            if self.has_ids:
                self.or_else(raw, b"", where)
            return ""
        found = _decode_text(raw) if nboutput.shape(raw) == "text" else ""
        if _ID.fullmatch(found):
            return found
        self.repaired.setdefault("No id that a cell may have", []).append(where)
        return ""


def _cell_fault(fault: msgspec.ValidationError, where: str) -> InvalidNotebook:
    """msgspec's words about a cell in those of a person."""
    found = _FAULT.fullmatch(str(fault))
    said, place = (found[1], found[2] or "") if found else (str(fault), "")
    missing = re.fullmatch(r"Object missing required field `(\w+)`", said)
    if missing:
        return InvalidNotebook(f"{where} has no `{missing[1]}`.", where=f"{where}.{missing[1]}")
    if said.startswith("Invalid enum value "):
        said = f"is {said.removeprefix('Invalid enum value ')}: it can be code, markdown or raw"
    names = re.fullmatch(r"Expected `(.*)`, got `(.*)`", said)
    if names:
        wanted, got = (" or ".join(_WORDS.get(part, part) for part in name.split(" | ")) for name in names.groups())
        said = f"should be {wanted}, and is {got}"
    return InvalidNotebook(f"{where}{place} {said}.", where=f"{where}{place}")
