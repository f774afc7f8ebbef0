"""How documents are laid out in notebook files.

    fresh(document)                     as the nbformat library writes: sorted keys, one space of indent, texts as lists of lines
    changed(document, known, original)  the bytes that were there, with the least changes that make them hold `document`

For the second, the file is taken apart (`json_source.Outline`): the map, its `cells`, each cell that changed, its metadata and outputs. Only what
differs is written again, in the style of the file; everything else, white space included, keeps its bytes.

Source: nbformat 4.5; nbformat.v4.nbjson (`JSONWriter`) for the canonical layout.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import attrs
import msgspec

from webipy.core.ipynb import json_source, normal_form
from webipy.core.ipynb.cell_matching import match_cells
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.file_text import Text
from webipy.core.ipynb.json_source import Outline, Piece, Style

_NEVER_WRITTEN = ("orig_nbformat", "orig_nbformat_minor", "signature")
_NEVER_WRITTEN_IN_CELLS = ("trusted",)
"""What the nbformat library leaves out of files that it makes."""

IDS_SINCE = 5
"""The minor version of nbformat 4 since which cells have ids."""

_CODE_ONLY = ("execution_count", "outputs")


class Known(msgspec.Struct, frozen=True):
    """A file that is there.

    Args:
        text: Its JSON.
        document: What it holds.
        made_ids: Which ids of that are not in it.
        minor: Its version of the format.
        before: The same document with the ids that its cells have outside of the file, where those are known.
    """

    text: Text
    document: Document
    made_ids: frozenset[str]
    minor: int
    before: Document | None = None

    def named_as(self, document: Document) -> Document:
        """Its document, with the ids that the cells have in `document`."""
        if self.before is self.document:
            return self.document
        if self.before is not None and without_ids(self.before) == without_ids(self.document):
            return self.before
        return match_cells(document, self.document, self.made_ids)


def without_ids(document: Document) -> Document:
    """A document to compare by what is in it."""
    return attrs.evolve(document, cells=tuple(attrs.evolve(cell, id="") for cell in document.cells))


# ---- a new file


def fresh(document: Document, is_shown: bool = False) -> bytes:
    """Lays a document out as a new file, nbformat 4.5.

    Args:
        document: The document.
        is_shown: In place of outputs that cannot be shown, the sentences that say so are written.
    """
    style = Style()
    parts = [b"{", style.break_at(1), b'"cells": [']
    for number, cell in enumerate(document.cells):
        members = _members(cell, True, is_shown)
        if cell.metadata != b"{}":
            members["metadata"] = _without(cell.metadata, _NEVER_WRITTEN_IN_CELLS)
        parts += (
            b"," if number else b"",
            style.break_at(2),
            style.text(json_source.joined(sorted(members.items())), 2),
        )
    metadata = style.text(_without(document.metadata, _NEVER_WRITTEN), 1)
    parts += (style.break_at(1) if document.cells else b"", b"],", style.break_at(1), b'"metadata": ', metadata)
    parts += (b",", style.break_at(1), b'"nbformat": 4,', style.break_at(1), b'"nbformat_minor": 5\n}\n')
    return b"".join(parts)


def _without(metadata: bytes, names: tuple[str, ...]) -> bytes:
    members = json_source.members(metadata)
    if not any(name in members for name in names):
        return metadata
    return json_source.joined((name, bytes(value)) for name, value in members.items() if name not in names)


def _members(cell: DocumentCell, is_in_lines: bool, is_shown: bool = False) -> dict[str, bytes]:
    """The members of a cell, compact."""
    source = json_source.quoted(cell.source)
    members = {
        "cell_type": json_source.quoted(cell.cell_type),
        "id": json_source.quoted(cell.id),
        "metadata": cell.metadata,
        "source": json_source.lines_of(source) if is_in_lines else source,
    }
    if cell.attachments is not None and cell.cell_type != "code":
        members["attachments"] = normal_form.split_attachments(cell.attachments) if is_in_lines else cell.attachments
    if cell.cell_type == "code":
        outputs = (normal_form.filed(output, is_in_lines, is_shown) for output in cell.outputs)
        members["outputs"] = json_source.listed(outputs)
        members["execution_count"] = _count(cell.execution_count)
    return members


def _count(count: int | None) -> bytes:
    return b"null" if count is None else b"%d" % count


# ---- a file that is there


def changed(document: Document, known: Known, original: bytes, is_upgraded: bool) -> bytes:
    """Returns the file `original` with the least changes that make it hold `document`.

    Args:
        document: The document that the file is to hold.
        known: What the file holds now.
        original: The file, with what is not JSON in it.
        is_upgraded: It is to be nbformat 4.5, and to have the ids of all cells; else its version stays, and ids that are not in it are not written.
    """
    before = known.named_as(document)
    missing = {new.id for old, new in zip(known.document.cells, before.cells, strict=True) if old.id in known.made_ids}
    wanted = missing if is_upgraded else set()
    if before == document and not wanted and not (is_upgraded and known.minor < IDS_SINCE):
        return original
    text = known.text
    top = json_source.split_object(text.marked) or json_source.rebuilt_object(text.marked, Style(), 0)
    style = json_source.style_of(top, text.marked)
    has_ids = is_upgraded or known.minor >= IDS_SINCE
    layout = _Layout(style, {cell.id: cell for cell in before.cells}, wanted, has_ids)
    if document.cells != before.cells or wanted:
        layout.put_cells(top, before, document)
    if document.metadata != before.metadata:
        layout.patch_member(top, "metadata", before.metadata, document.metadata, 0)
    if is_upgraded and known.minor < IDS_SINCE:
        top.put("nbformat_minor", b"%d" % IDS_SINCE, layout.style, 0)
    return text.restored(top.rejoin())


def _is_map(raw: Piece | None) -> bool:
    return raw is not None and raw[:1] == b"{"


class _Layout(msgspec.Struct):
    """The changes of one file.

    Args:
        style: How the file is laid out.
        before: Its cells, by id.
        wanted: Cells that are to get their ids.
        has_ids: Whether new cells have ids in it.
    """

    style: Style
    before: dict[str, DocumentCell]
    wanted: set[str]
    has_ids: bool
    is_in_lines: bool = True
    order: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """The order of the names in a cell, by its type."""

    def put_cells(self, top: Outline, before: Document, document: Document) -> None:
        """Replaces the cells of the file by those of the document."""
        old = top.get("cells")
        is_list = old is not None and old[:1] == b"["
        outline = json_source.split_array(old if old is not None and is_list else b"[]")
        self._look(outline, before)
        places = {cell.id: number for number, cell in enumerate(before.cells)}
        chosen = [(places.get(cell.id), self._cell(cell, places.get(cell.id), outline)) for cell in document.cells]
        outline.fill(chosen, self.style, 1)
        top.inner["cells"] = outline

    def _look(self, outline: Outline, before: Document) -> None:
        """Finds out how the cells of the file are made."""
        seen: list[bool] = []
        for raw, cell in zip(outline.values, before.cells, strict=True):
            if cell.cell_type in self.order and seen:
                continue
            members = json_source.members(raw) if _is_map(raw) else {}
            if "source" not in members:
                continue
            self.order.setdefault(cell.cell_type, list(members))
            source = bytes(memoryview(members["source"])[:2])
            if source != b'""' and not seen:
                seen.append(source[:1] == b"[")
        self.is_in_lines = seen[0] if seen else True

    def _cell(self, cell: DocumentCell, place: int | None, outline: Outline) -> Piece:
        if place is None:
            return self._new(cell)
        raw, before = outline.values[place], self.before[cell.id]
        if cell == before and cell.id not in self.wanted:
            return raw
        if not _is_map(raw):
            return self._new(cell)
        cell_outline = json_source.split_object(raw) or json_source.rebuilt_object(raw, self.style, 2)
        return self._patched(cell_outline, before, cell)

    def _new(self, cell: DocumentCell) -> bytes:
        members = _members(cell, self.is_in_lines)
        if not self.has_ids:
            del members["id"]
        order = self.order.get(cell.cell_type) or next(iter(self.order.values()), [])
        if order == sorted(order):
            names = sorted(members)
        else:
            names = [name for name in order if name in members]
            names += [name for name in sorted(members) if name not in names]
        return self.style.text(json_source.joined((name, members[name]) for name in names), 2)

    def _patched(self, cell_outline: Outline, before: DocumentCell, cell: DocumentCell) -> bytes:
        style = self.style
        if cell.id in self.wanted:
            cell_outline.put("id", json_source.quoted(cell.id), style, 2, after="cell_type")
        if cell.cell_type != before.cell_type:
            cell_outline.put("cell_type", json_source.quoted(cell.cell_type), style, 2)
            for name in (*_CODE_ONLY, "attachments"):
                cell_outline.drop(name)
            before = attrs.evolve(before, attachments=None, outputs=(), execution_count=None)
        if cell.source != before.source:
            self._put_source(cell_outline, cell)
        if cell.metadata != before.metadata:
            self.patch_member(cell_outline, "metadata", before.metadata, cell.metadata, 2)
        if cell.attachments != before.attachments:
            self._put_attachments(cell_outline, cell)
        if cell.cell_type == "code":
            self._put_run(cell_outline, before, cell)
        return cell_outline.rejoin()

    def _put_source(self, cell_outline: Outline, cell: DocumentCell) -> None:
        old = cell_outline.get("source") or b""
        is_in_lines = self.is_in_lines if old in (b"", b'""', b"[]") else old[:1] == b"["
        source = json_source.quoted(cell.source)
        cell_outline.put(
            "source", self.style.text(json_source.lines_of(source) if is_in_lines else source, 3), self.style, 2
        )

    def _put_attachments(self, cell_outline: Outline, cell: DocumentCell) -> None:
        if cell.attachments is None:
            cell_outline.drop("attachments")
            return
        attached = normal_form.split_attachments(cell.attachments) if self.is_in_lines else cell.attachments
        cell_outline.put("attachments", self.style.text(attached, 3), self.style, 2)

    def _put_run(self, cell_outline: Outline, before: DocumentCell, cell: DocumentCell) -> None:
        is_code_now = before.cell_type != "code"
        if cell.execution_count != before.execution_count or is_code_now:
            cell_outline.put("execution_count", _count(cell.execution_count), self.style, 2)
        if cell.outputs == before.outputs and not is_code_now:
            return
        old = cell_outline.get("outputs")
        outline = json_source.split_array(old if old and old[:1] == b"[" else b"[]")
        chosen = list(self._outputs(outline, before, cell))
        outline.fill(chosen, self.style, 3)
        cell_outline.put("outputs", outline.rejoin(), self.style, 2)

    def _outputs(
        self, outline: Outline, before: DocumentCell, cell: DocumentCell
    ) -> Iterator[tuple[int | None, Piece]]:
        """The outputs of a cell, those that were there as they were."""
        at = 0
        places: dict[bytes, list[int]] = {}
        for place, output in enumerate(before.outputs):
            places.setdefault(output, []).append(place)
        for output in cell.outputs:
            known = places.get(output, [])
            nearest = bisect_left(known, at)
            if nearest < len(known):
                at = known[nearest] + 1
                yield known[nearest], outline.values[known[nearest]]
            else:
                yield None, self.style.text(normal_form.filed(output, self.is_in_lines), 4)

    def patch_member(self, outline: Outline, name: str, before: bytes, wanted: bytes, level: int) -> None:
        """Changes a member, a map, from `before` to `wanted`; what is the same in it, and what was not read, keeps its bytes."""
        style = self.style
        old = outline.get(name)
        if old is None or not _is_map(old):
            outline.put(name, style.text(wanted, level + 1), style, level)
            return
        inner = json_source.split_object(old) or json_source.rebuilt_object(old, style, level + 1)
        was, new = json_source.members(before), json_source.members(wanted)
        for key in [key for key in inner.names if key in was and key not in new]:
            inner.drop(key)
        for key, value in new.items():
            now, wants, then = inner.get(key), bytes(value), bytes(was.get(key, b""))
            if now is not None and wants == then:
                continue
            if _is_map(now) and _is_map(wants):
                self.patch_member(inner, key, then if _is_map(then) else b"{}", wants, level + 1)
            else:
                inner.put(key, style.text(wants, level + 2), style, level + 1)
        outline.put(name, inner.rejoin(), style, level)
