"""Three versions of a text or a notebook made into one, with what does not go together marked in it, as git does.

    merged_lines(base, ours, theirs)      lines, those in conflict between marks
    merged_document(base, ours, theirs)   a document: cells by `merge`; a source that both changed by its lines; what
                                          still does not go together stands there twice, between cells with the marks

In a running session two changes of one source are for people to settle (`merge`); who merges by git expects lines to be merged, and marks where
that fails. The result is a valid notebook in any case: marks are lines of a source, or raw cells of their own.

Law: every line, output and name that one side has and base has not is in the result, or in one of `sentences`.

Source: the marks of git merge (git-merge(1), "How conflicts are presented"); the algorithm is that of diff3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

import attrs
import msgspec

from webipy.core.ipynb import json_source, merge
from webipy.core.ipynb.cell_matching import made_id
from webipy.core.ipynb.document import Document, DocumentCell

OURS, BETWEEN, THEIRS = "<<<<<<< {}", "=======", ">>>>>>> {}"
MAX_LINES_EXACT = 2000
"""Of a text that is compared with care; in longer ones, lines that come often are not looked for."""

Outputs = Literal["both", "ours", "theirs"]
"""Which outputs of a cell stay when both sides ran it and got different ones."""


class Labels(msgspec.Struct, frozen=True):
    """The names of the two sides in the marks."""

    ours: str = "ours"
    theirs: str = "theirs"


class Result(msgspec.Struct):
    """A merged document.

    Args:
        sentences: What does not go together, for a person; none: all is merged.
    """

    document: Document
    sentences: list[str] = msgspec.field(default_factory=list)


def _printed(text: str) -> bytes:
    """An output, in normal form, that says this."""
    return b'{"name":"stderr","output_type":"stream","text":' + json_source.quoted(f"{text}\n") + b"}"


# ---- lines


def merged_lines(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], labels: Labels
) -> tuple[list[str], int]:
    """Merges the changes of both sides line by line.

    Args:
        base: Lines of the common ancestor, without their ends.
        ours: Lines of our side.
        theirs: Lines of their side.
        labels: The names of the sides in the marks.

    Returns:
        The lines, and how many conflicts are marked in them.
    """
    made: list[str] = []
    conflicts = at = left = right = 0
    for start, first, second, size in _same_in_all(base, ours, theirs):
        old, mine, other = base[at:start], ours[left:first], theirs[right:second]
        if mine in (old, other):
            made += other
        elif other == old:
            made += mine
        else:
            conflicts += 1
            made += (OURS.format(labels.ours), *mine, BETWEEN, *other, THEIRS.format(labels.theirs))
        made += base[start : start + size]
        at, left, right = start + size, first + size, second + size
    return made, conflicts


def _same_in_all(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Where lines are the same in all three: starts and length; an empty one at the end comes last."""
    rows = iter(_blocks(base, theirs))
    start, second, length = next(rows)
    for first_base, first, size in _blocks(base, ours):
        end = first_base + size
        at = first_base
        while at < end:
            while start + length <= at and length:
                start, second, length = next(rows)
            low, high = max(at, start), min(end, start + length)
            if low >= high:
                break
            yield low, first + low - first_base, second + low - start, high - low
            at = high
    yield len(base), len(ours), len(theirs), 0


def _blocks(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int]]:
    is_long = max(len(one), len(other)) > MAX_LINES_EXACT
    blocks = SequenceMatcher(None, one, other, autojunk=is_long).get_matching_blocks()
    return [(block.a, block.b, block.size) for block in blocks]


def merged_text(base: str, ours: str, theirs: str, labels: Labels) -> tuple[str, int]:
    """The same as `merged_lines`, for texts in one piece.

    Args:
        base: The common ancestor.
        ours: Our side.
        theirs: Their side.
        labels: The names of the sides in the marks.

    Returns:
        The text, and how many conflicts are marked in it.
    """
    lines, conflicts = merged_lines(base.split("\n"), ours.split("\n"), theirs.split("\n"), labels)
    return "\n".join(lines), conflicts


# ---- notebooks


def merged_document(
    base: Document, ours: Document, theirs: Document, labels: Labels, outputs: Outputs = "both"
) -> Result:
    """Merges the changes of both sides since `base`, with marks where they do not go together. Cells that are the same have the same ids
    (`match_cells`).

    Args:
        base: The common ancestor.
        ours: Our side.
        theirs: Their side.
        labels: The names of the sides in the marks.
        outputs: Which outputs stay where both sides have different ones.
    """
    found = merge.merge(base, ours, theirs)
    made = _Marking(labels, outputs, {cell.id for cell in (*base.cells, *ours.cells, *theirs.cells)})
    sides = [{cell.id: cell for cell in side.cells} for side in (base, ours, theirs)]
    for cell in found.document.cells:
        if cell.id in found.conflicts:
            made.settle(cell, *(side.get(cell.id) for side in sides))
        else:
            made.cells.append(cell)
    cells = tuple(made.cells)
    if found.metadata_conflicts:
        cells = (made.metadata_note(found.metadata_conflicts, ours.metadata, theirs.metadata), *cells)
    return Result(attrs.evolve(found.document, cells=cells), made.sentences)


class _Marking(msgspec.Struct):
    """Makes the cells of the result.

    Args:
        taken: Ids that cells have.
    """

    labels: Labels
    outputs: Outputs
    taken: set[str]
    cells: list[DocumentCell] = msgspec.field(default_factory=list)
    sentences: list[str] = msgspec.field(default_factory=list)

    def settle(
        self, now: DocumentCell, old: DocumentCell | None, mine: DocumentCell | None, other: DocumentCell | None
    ) -> None:
        """Adds a cell in which something does not go together."""
        if mine is None or other is None:
            deleted, kept = (
                (self.labels.ours, self.labels.theirs) if mine is None else (self.labels.theirs, self.labels.ours)
            )
            self._say(now, f"was deleted in {deleted} and changed in {kept}")
            self._twice(mine, other)
            return
        if mine.cell_type != other.cell_type:
            self._say(now, "was changed on both sides")
            self._twice(mine, other)
            return
        source, torn = merged_text(old.source if old is not None else "", mine.source, other.source, self.labels)
        outputs, count, is_run_torn = self._run(old, mine, other)
        evened = [
            side and attrs.evolve(side, source=source, outputs=outputs, execution_count=count)
            for side in (old, mine, other)
        ]
        cell, is_torn = merge.merged_cell(*evened)
        if is_torn or cell is None:
            self._say(now, "was changed on both sides in its metadata or attachments")
            self._twice(mine, other)
            return
        if torn:
            self._say(now, f"has {torn} conflict{'s' if torn > 1 else ''} in its source")
        if is_run_torn:
            self._say(now, "has other outputs on both sides")
        self.cells.append(cell)

    def _run(
        self, old: DocumentCell | None, mine: DocumentCell, other: DocumentCell
    ) -> tuple[tuple[bytes, ...], int | None, bool]:
        """The outputs and the execution count of both sides, and whether the outputs are in conflict."""
        before = (old.outputs, old.execution_count) if old is not None else ((), None)
        if (mine.outputs, mine.execution_count) == before:
            return other.outputs, other.execution_count, False
        if mine.outputs == other.outputs or (other.outputs, other.execution_count) == before or self.outputs == "ours":
            return mine.outputs, mine.execution_count, False
        if self.outputs == "theirs":
            return other.outputs, other.execution_count, False
        first, last = OURS.format(self.labels.ours), THEIRS.format(self.labels.theirs)
        shown = (_printed(first), *mine.outputs, _printed(BETWEEN), *other.outputs, _printed(last))
        return shown, mine.execution_count, True

    def _say(self, cell: DocumentCell, what: str) -> None:
        start = cell.source.strip().split("\n")[0][:60]
        self.sentences.append(f"The {cell.cell_type} cell {start!r} {what}.")

    def _twice(self, mine: DocumentCell | None, other: DocumentCell | None) -> None:
        """Adds the cell of both sides, with marks around."""
        self._mark(OURS.format(self.labels.ours))
        if mine is not None:
            self.cells.append(mine)
        self._mark(BETWEEN)
        if other is not None:
            self.cells.append(other if mine is None else attrs.evolve(other, id=self._new_id(other)))
        self._mark(THEIRS.format(self.labels.theirs))

    def _mark(self, text: str) -> None:
        mark = DocumentCell("", "raw", text)
        self.cells.append(attrs.evolve(mark, id=self._new_id(mark)))

    def _new_id(self, cell: DocumentCell) -> str:
        made = made_id(cell.cell_type, cell.source, 0, self.taken)
        self.taken.add(made)
        return made

    def metadata_note(self, names: list[str], ours: bytes, theirs: bytes) -> DocumentCell:
        """A cell that lists what of the metadata of the notebook does not go together; ours stays."""
        lines = []
        for side, label, mark in ((ours, self.labels.ours, OURS), (theirs, self.labels.theirs, THEIRS)):
            known = json_source.members(side)
            values = [
                f"{name}: {bytes(known[name]).decode()}" if name in known else f"{name}: deleted" for name in names
            ]
            lines.append((mark.format(label), values))
        (first, mine), (last, other) = lines
        self.sentences.append(
            f"The metadata {', '.join(names)} were changed on both sides; those of {self.labels.ours} stay."
        )
        text = "\n".join([f"{first} (metadata of the notebook)", *mine, BETWEEN, *other, last])
        note = DocumentCell("", "raw", text)
        return attrs.evolve(note, id=self._new_id(note))
