"""The copy of a document that a client keeps and writes back whole, as Jupyter's clients do.

::

    document ──► handed out ──► client edits its copy ──► model, whole ──► merged(what the copy was, document now, model) ──► document
                     └──► CopyState.of ─────────────────────────────────────┘

A model says what a client has, and not what it changed: that is the difference to what its copy was before (`CopyState`), part by part as in
webipy.core.ipynb.merge. What the client changed wins, for it is the last that somebody did; what it only had older stays as the document has it.
Outputs go the other way where both have changed: those of the document came from the kernel last. A cell that one side deleted and the other changed
stays. Everything that a model replaces is in the history of the document.

A copy is known by digests: it costs some hundred bytes for each cell, whatever its outputs weigh.

The client names its copy by an entry in the metadata of the notebook (`COPY`), the only place of a model that clients send back as they got it. It
never gets into a document.

Rejected: comparing the time of the last change (it says that somebody changed something, not what); the model as the newest state of everything (a
client that was open for an hour would take all outputs back that came meanwhile).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b, sha256
from typing import Final

import attrs
import msgspec
from msgspec import Raw

from webipy.core.ipynb import json_source, merge, normal_form
from webipy.core.ipynb.document import Document, DocumentCell

COPY: Final = "webipy_copy"
"""The name in the metadata of a notebook under which a client gets, and sends back, the id of its copy."""

TRUSTED: Final = "trusted"
"""A name in the metadata of cells that says something of the page that shows them, and never stands in a document."""

_OF_THE_KERNEL: Final = ("kernelspec", "language_info", "widgets")
"""Names in the metadata of a notebook that follow its kernel: they change without anybody writing."""

_OTHER: Final = "\0"
"""Stands for what a copy had where neither the model nor the document has it: something else."""


def _digest(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _text(cell: DocumentCell) -> bytes:
    return _digest(cell.cell_type.encode(), cell.source.encode("utf-8", "surrogatepass"))


def _run(cell: DocumentCell) -> bytes:
    return _digest(str(cell.execution_count).encode(), *cell.outputs)


def _attached(cell: DocumentCell) -> bytes:
    return _digest(b"" if cell.attachments is None else cell.attachments)


def _map(raw: bytes) -> dict[str, bytes]:
    return {name: _digest(bytes(value)) for name, value in json_source.members(raw).items()}


class CellState(msgspec.Struct, frozen=True):
    """Digests of the parts of a cell: type and source, outputs and count, attachments, each name of its metadata."""

    text: bytes
    run: bytes
    attachments: bytes
    metadata: Mapping[str, bytes]

    @classmethod
    def of(cls, cell: DocumentCell) -> CellState:
        """The state of a cell."""
        return cls(_text(cell), _run(cell), _attached(cell), _map(cell.metadata))


class CopyState(msgspec.Struct, frozen=True):
    """What a copy was when its client had it last.

    Args:
        cells: The state of each cell, by id, in their order.
        metadata: Digests of the names in the notebook's metadata.
    """

    cells: Mapping[str, CellState]
    metadata: Mapping[str, bytes]

    @classmethod
    def of(cls, document: Document) -> CopyState:
        """The state of a document."""
        return cls({cell.id: CellState.of(cell) for cell in document.cells}, _map(document.metadata))

    def distance(self, other: CopyState) -> int:
        """How many parts differ from another state; cells that only one has count as one, and a different order as one."""
        both = [cell for cell in self.cells if cell in other.cells]
        found = len(self.cells) + len(other.cells) - 2 * len(both)
        found += both != [cell for cell in other.cells if cell in self.cells]
        for cell in both:
            one, two = self.cells[cell], other.cells[cell]
            found += (one.text != two.text) + (one.run != two.run) + (one.attachments != two.attachments)
            found += one.metadata != two.metadata
        return found + (self.metadata != other.metadata)


def merged(was: CopyState | None, document: Document, model: Document) -> Document:
    """The document after a client has written its copy back.

    Args:
        was: The copy as the client had it before; `None` when that is not known: then the model counts as the change of what is there now.
        document: The document now.
        model: What the client has written.
    """
    if was is None:
        return _replaced(document, model)
    ours = {cell.id: cell for cell in document.cells}
    cells = tuple(_with_newer_run(cell, was.cells.get(cell.id), ours.get(cell.id)) for cell in model.cells)
    model = attrs.evolve(model, cells=cells)
    theirs = {cell.id: cell for cell in model.cells}
    origin = Document(
        tuple(_was(cell, state, theirs.get(cell), ours.get(cell)) for cell, state in was.cells.items()),
        _map_was(was.metadata, model.metadata, document.metadata),
    )
    return merge.merge(origin, model, document).document


def _replaced(document: Document, model: Document) -> Document:
    """The model, with the outputs that the document has under the same source where the model has none."""
    ours = {cell.id: cell for cell in document.cells}

    def kept(cell: DocumentCell) -> DocumentCell:
        mine = ours.get(cell.id)
        if mine is None or cell.outputs or _text(mine) != _text(cell):
            return cell
        return attrs.evolve(cell, outputs=mine.outputs, execution_count=mine.execution_count)

    return attrs.evolve(model, cells=tuple(map(kept, model.cells)))


def _with_newer_run(cell: DocumentCell, was: CellState | None, mine: DocumentCell | None) -> DocumentCell:
    """A cell of the model with the outputs of the document, unless only the client has changed them."""
    if mine is None or cell.cell_type != "code" or mine.cell_type != "code":
        return cell
    if was is not None and _run(mine) == was.run:
        return cell
    return attrs.evolve(cell, outputs=mine.outputs, execution_count=mine.execution_count)


def _was(id: str, state: CellState, theirs: DocumentCell | None, ours: DocumentCell | None) -> DocumentCell:
    """The cell that a copy had, as far as one side still has it; the rest is unlike both.

    Outputs alone do not bring back a cell that one side has deleted.
    """
    now = [cell for cell in (theirs, ours) if cell is not None]
    text = next(((one.cell_type, one.source) for one in now if _text(one) == state.text), ("raw", _OTHER))
    runs = [(one.outputs, one.execution_count) for one in now if len(now) == 1 or _run(one) == state.run]
    run = runs[0] if runs else ((_OTHER.encode(),), None)
    attachments = next((one.attachments for one in now if _attached(one) == state.attachments), _OTHER.encode())
    metadata = _map_was(state.metadata, *(one.metadata for one in now))
    return DocumentCell(id, text[0], text[1], metadata, attachments, run[0], run[1])


def _map_was(was: Mapping[str, bytes], *now: bytes) -> bytes:
    known = [{name: bytes(value) for name, value in json_source.members(raw).items()} for raw in now]
    found: dict[str, bytes] = {}
    for name, digest in was.items():
        values = (side[name] for side in known if name in side)
        found[name] = next((value for value in values if _digest(value) == digest), msgspec.json.encode(_OTHER))
    return json_source.joined(sorted(found.items()))


def as_json(document: Document) -> bytes:
    """A document as the JSON of nbformat 4.5 that clients work with: each text in one piece, a sentence in place of what cannot be shown."""
    cells = json_source.listed(map(_cell_as_json, document.cells))
    whole = (("cells", cells), ("metadata", document.metadata), ("nbformat", b"4"), ("nbformat_minor", b"5"))
    return json_source.joined(whole)


def _cell_as_json(cell: DocumentCell) -> bytes:
    members = [
        ("cell_type", json_source.quoted(cell.cell_type)),
        ("id", json_source.quoted(cell.id)),
        ("metadata", cell.metadata),
        ("source", json_source.quoted(cell.source)),
    ]
    if cell.attachments is not None:
        members.append(("attachments", cell.attachments))
    if cell.cell_type == "code":
        outputs = json_source.listed(normal_form.filed(one, False, True) for one in cell.outputs)
        members += [("execution_count", msgspec.json.encode(cell.execution_count)), ("outputs", outputs)]
    return json_source.joined(members)


def marked(body: bytes, copy: str) -> bytes:
    """The JSON of a notebook with the id of a copy in its metadata.

    Args:
        body: The notebook, nbformat JSON.
        copy: The id.
    """
    members = json_source.members(body)
    metadata = dict(json_source.members(members["metadata"]))
    metadata[COPY] = Raw(msgspec.json.encode(copy))
    members["metadata"] = Raw(json_source.joined((name, bytes(value)) for name, value in metadata.items()))
    return json_source.joined((name, bytes(value)) for name, value in members.items())


def without_marks(document: Document) -> tuple[Document, str | None]:
    """A document as a client wrote it, without what stands in it for the client alone; and the id of its copy.

    Args:
        document: The document.
    """
    names = {name: bytes(value) for name, value in json_source.members(document.metadata).items()}
    named = names.pop(COPY, None)
    copy = msgspec.json.decode(named) if named is not None else None
    cells = tuple(
        attrs.evolve(cell, metadata=_without(cell.metadata, (TRUSTED,))) if b"trusted" in cell.metadata else cell
        for cell in document.cells
    )
    metadata = document.metadata if named is None else json_source.joined(names.items())
    return Document(cells, metadata), copy if isinstance(copy, str) else None


def _without(raw: bytes, dropped: Iterable[str]) -> bytes:
    names = json_source.members(raw)
    return json_source.joined((name, bytes(value)) for name, value in names.items() if name not in dropped)


def text_hash(document: Document) -> str:
    """SHA-256, hex, of what people write in a document: not of outputs, of the ids of cells, and of what follows the kernel.

    It changes exactly when somebody has written something that a client's copy may lack.
    """
    digest = sha256()
    for cell in document.cells:
        digest.update(_digest(_text(cell), _attached(cell), cell.metadata))
    digest.update(_without(document.metadata, _OF_THE_KERNEL))
    return digest.hexdigest()
