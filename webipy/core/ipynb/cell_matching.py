"""Which cells of two documents are the same, when their ids do not identify them.

Files before nbformat 4.5, and text formats, have no cell ids: what is read from them has ids that were made from the content (`made_id`),
which say nothing about which cell it was before somebody edited it. `match_cells` finds that out by what stands in the cells and where they stand:

    1. an id that stands in the file is the same cell; what is equal at both ends of the documents, or between two
       cells that are known, belongs together, and so does what occurs once on both sides, in the same order;
    2. what is left with the same content elsewhere was moved;
    3. in what is left between two neighbors of 1, cells of one type whose sources are alike belong together, in their order.

What is not surely the same stays apart: a cell is then deleted and another inserted, and nothing is lost.

Rejected: `difflib.SequenceMatcher` over all cells (quadratic when many cells are equal, as empty ones are); to trust made ids that both sides
have (a cell that is edited keeps its id, and another one may get the content which that was made from).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b

import attrs

from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.session.cell_order import longest_rising
from webipy.core.session.notebook import MAX_CELLS

ALIKE = 0.5
"""The least share of two sources that is the same, in cells that belong together."""

_FEW = 32
"""Cells between two neighbors that are compared each with each."""

_LONG = 2000
"""Characters from which on sources are compared by their lines."""

_Key = tuple[str, str]


def made_id(cell_type: str, source: str, copy: int, taken: Container[str]) -> str:
    """Makes an id for a cell from its content: always the same, and none that is taken.

    Args:
        cell_type: `code`, `markdown` or `raw`.
        source: The source.
        copy: Number of the cell among those with the same content, from 0.
        taken: Ids that cells have.
    """
    content = f"{cell_type}\0{source}".encode()
    salt = copy
    while True:
        made = blake2b(content, digest_size=4, salt=salt.to_bytes(8, "big")).hexdigest()
        if made not in taken:
            return made
        salt += MAX_CELLS


def match_cells(origin: Document, other: Document, made: Container[str] | None = None) -> Document:
    """Returns `other` with the ids of `origin` in the cells that are surely the same.

    Args:
        origin: The document whose ids are kept.
        other: The document that was read.
        made: Ids in `other` that were made from the content, and identify nothing; `None`: all were.
    """
    if _contents(origin) == _contents(other):
        return other
    certain = {cell.id for cell in other.cells if made is not None and cell.id not in made}
    if len(certain) == len(other.cells):
        return other
    ours = [_key(cell, certain) for cell in origin.cells]
    theirs = [_key(cell, certain) for cell in other.cells]
    pairs = _paired(origin.cells, other.cells, ours, theirs)
    known = {cell.id for cell in origin.cells}
    taken = known | {cell.id for cell in other.cells}
    cells = list(other.cells)
    for number, cell in enumerate(other.cells):
        if cell.id in certain:
            continue
        if number in pairs:
            cells[number] = attrs.evolve(cell, id=origin.cells[pairs[number]].id)
        elif cell.id in known:
            new = made_id(cell.cell_type, cell.source, 1, taken)
            taken.add(new)
            cells[number] = attrs.evolve(cell, id=new)
    return attrs.evolve(other, cells=tuple(cells))


def _contents(document: Document) -> list[tuple[str, str, str]]:
    return [(cell.id, cell.cell_type, cell.source) for cell in document.cells]


def _key(cell: DocumentCell, certain: Container[str]) -> _Key:
    """What a cell is known by: its id, where that is certain, or its content."""
    return ("", cell.id) if cell.id in certain else (cell.cell_type, cell.source)


def _paired(
    ours: Sequence[DocumentCell], theirs: Sequence[DocumentCell], our_keys: list[_Key], their_keys: list[_Key]
) -> dict[int, int]:
    """Place in ours by place in theirs."""
    pairs: dict[int, int] = {}
    gaps = _unlike(our_keys, their_keys, pairs)
    places: dict[_Key, list[int]] = {}
    taken = set(pairs.values())
    for at in range(len(ours) - 1, -1, -1):
        if at not in taken:
            places.setdefault(our_keys[at], []).append(at)
    for at, key in enumerate(their_keys):
        if at not in pairs and places.get(key):
            pairs[at] = places[key].pop()
    taken = set(pairs.values())
    for left, right in gaps:
        free = [at for at in left if our_keys[at][0] and at not in taken]
        _pair_alike(free, [at for at in right if their_keys[at][0] and at not in pairs], ours, theirs, pairs)
    return pairs


def _unlike(ours: list[_Key], theirs: list[_Key], pairs: dict[int, int]) -> list[tuple[range, range]]:
    """Pairs what is equal, and returns what is left between equal neighbors."""
    left: list[tuple[range, range]] = []
    waiting = [(0, len(ours), 0, len(theirs))]
    while waiting:
        first, end, start, stop = waiting.pop()
        while first < end and start < stop and ours[first] == theirs[start]:
            pairs[start] = first
            first, start = first + 1, start + 1
        while first < end and start < stop and ours[end - 1] == theirs[stop - 1]:
            end, stop = end - 1, stop - 1
            pairs[stop] = end
        if first == end or start == stop:
            continue
        anchors = _single(ours, theirs, range(first, end), range(start, stop))
        if not anchors:
            left.append((range(first, end), range(start, stop)))
        for place, at in anchors:
            waiting.append((first, place, start, at))
            pairs[at] = place
            first, start = place + 1, at + 1
        if anchors:
            waiting.append((first, end, start, stop))
    return left


def _single(ours: list[_Key], theirs: list[_Key], left: range, right: range) -> list[tuple[int, int]]:
    """Places of what occurs once on both sides, as far as it is in the same order; else of what is there in the same order."""
    here, there = Counter(ours[left.start : left.stop]), Counter(theirs[right.start : right.stop])
    places = {ours[at]: at for at in left if here[ours[at]] == 1}
    both = [at for at in right if there[theirs[at]] == 1 and theirs[at] in places]
    if both:
        rising = longest_rising(both, [places[theirs[at]] for at in both])
        return [(places[theirs[at]], at) for at in rising]
    several: dict[_Key, list[int]] = {}
    for at in left:
        several.setdefault(ours[at], []).append(at)
    found, least = [], left.start
    for at in right:
        known = several.get(theirs[at], [])
        nearest = bisect_left(known, least)
        if nearest < len(known):
            found.append((known[nearest], at))
            least = known[nearest] + 1
    return found


def _pair_alike(
    left: list[int],
    right: list[int],
    ours: Sequence[DocumentCell],
    theirs: Sequence[DocumentCell],
    pairs: dict[int, int],
) -> None:
    left = left[:_FEW]
    for at in right[:_FEW]:
        cell = theirs[at]
        for number, place in enumerate(left):
            if ours[place].cell_type == cell.cell_type and _is_alike(ours[place].source, cell.source):
                pairs[at] = place
                del left[: number + 1]
                break


def _is_alike(one: str, other: str) -> bool:
    if max(len(one), len(other)) > _LONG:
        matcher = SequenceMatcher(None, one.splitlines()[:_LONG], other.splitlines()[:_LONG])
    else:
        matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
