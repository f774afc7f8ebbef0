"""webipy.core.ipynb.notebook_file and webipy.core.ipynb.normal_form on notebooks with one wrong value: they open, keep their bytes, and an edit
elsewhere is one hunk.

The generator takes a valid notebook that has one of every kind of cell and output, and puts in the place of each of its values, and of each of
its maps and lists, each kind of JSON value, or nothing. The nbformat library says which of them are to open: all that it
can read without validating. Exhaustive for that notebook; random for notebooks of other programs.
"""

from __future__ import annotations

import copy
import json
import random
import warnings
from collections.abc import Iterator
from typing import Any

import attrs
import nbformat
from nbformat import reader
from twisted.trial.unittest import SynchronousTestCase

from tests import real_notebooks
from tests.faults import IS_FULL
from webipy.core import errors
from webipy.core.ipynb import normal_form
from webipy.core.ipynb.document import Document
from webipy.core.ipynb.layout import without_ids
from webipy.core.ipynb.notebook_file import OldNotebook, read, write
from webipy.core.json_depth import MAX_DEPTH

Json = Any
Place = tuple[str | int, ...]

DELETED = object()
KINDS: tuple[Json, ...] = (None, 3, "x", ["x"], {"x": 1}, DELETED)
VALUES: tuple[Json, ...] = (*KINDS, True, -1, 2.5, "", "3", [], [None], {})

EVERY_KIND: Json = {
    "cells": [
        {"cell_type": "markdown", "id": "first", "metadata": {}, "source": ["# One\n", "cell before"]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "code",
            "metadata": {"tags": ["parameters"], "collapsed": False, "jupyter": {"source_hidden": False}},
            "outputs": [
                {"name": "stdout", "output_type": "stream", "text": ["a\n", "b"]},
                {
                    "data": {"application/json": {"a": [1]}, "image/png": "iVBORw0KGgo=", "text/plain": ["x"]},
                    "metadata": {"image/png": {"width": 3}},
                    "output_type": "display_data",
                },
                {
                    "data": {"text/html": ["<b>\n", "1"], "text/plain": "1"},
                    "execution_count": 1,
                    "metadata": {},
                    "output_type": "execute_result",
                },
                {"ename": "E", "evalue": "v", "output_type": "error", "traceback": ["one", "two"]},
            ],
            "source": ["x = 1\n", "x"],
        },
        {
            "attachments": {"a.png": {"image/png": "iVBORw0KGgo="}},
            "cell_type": "markdown",
            "id": "text",
            "metadata": {},
            "source": "![a](attachment:a.png)",
        },
        {"cell_type": "raw", "id": "raw", "metadata": {"format": "text/html"}, "source": ["<hr>"]},
        {"cell_type": "markdown", "id": "last", "metadata": {}, "source": ["# Two\n", "cell behind"]},
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"codemirror_mode": {"name": "ipython", "version": 3}, "name": "python"},
        "title": "t",
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


def places(value: Json, at: Place = ()) -> Iterator[Place]:
    """All places in a JSON value but the whole."""
    if at:
        yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*at, number))


def with_value(whole: Json, place: Place, value: Json) -> Json:
    """A copy with another value in one place, or without it."""
    made = copy.deepcopy(whole)
    within = made
    for step in place[:-1]:
        within = within[step]
    if value is DELETED:
        del within[place[-1]]
    else:
        within[place[-1]] = value
    return made


def text_of(notebook: Json) -> bytes:
    """The file of a notebook, as nbformat lays it out; NaN as Python writes it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode() + b"\n"


def opens_with_nbformat(body: bytes) -> bool:
    """Whether the nbformat library reads this as a notebook of version 4, without validating it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(reader.reads(body.decode())["nbformat"] == 4)
    except (AttributeError, KeyError, TypeError, ValueError, AssertionError, ImportError, nbformat.ValidationError):
        return False
    except Exception as fault:
        if type(fault).__name__ != "NBFormatError":
            raise
        return False


def hunks(before: bytes, after: bytes) -> int:
    """How many runs of lines differ, where lines are only replaced one by one, inserted or deleted in one place."""
    old, new = before.splitlines(), after.splitlines()
    head = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    removed, added = len(old) - head - tail, len(new) - head - tail
    return 0 if not removed and not added else 1 if max(removed, added) <= 4 else 2


def edited(document: Document, number: int) -> Document:
    """The document with one more line at the end of a cell."""
    cell = document.cells[number]
    cells = list(document.cells)
    cells[number] = attrs.evolve(cell, source=f"{cell.source}\nedited")
    return attrs.evolve(document, cells=tuple(cells))


class OneWrongValue(SynchronousTestCase):
    """Everything that nbformat reads opens."""

    def check(self, body: bytes, place: object, untouched: list[int]) -> None:
        """A file opens, is saved as it is, and an edit of another cell is one hunk."""
        opened = read(body)
        document = opened.document
        self.assertEqual(write(document, body), body, place)
        self.assertEqual(write(document, body, document), body, place)
        for number in untouched:
            written = write(edited(document, number), body, document)
            self.assertEqual(hunks(body, written), 1, place)
            again = read(written)
            self.assertEqual(without_ids(again.document), without_ids(edited(document, number)), place)
            self.assertEqual(again.repairs, opened.repairs, place)
        anew = read(write(document, None)).document
        self.assertEqual(without_ids(anew).cells, without_ids(document).cells, place)

    def test_each_value_of_a_notebook_may_be_wrong(self) -> None:
        """In one that has every kind of cell and output: all places and kinds of values, and more values with WEBIPY_FAULTS=full."""
        count = refused = 0
        for place in places(EVERY_KIND):
            for value in VALUES if IS_FULL else KINDS:
                body = text_of(with_value(EVERY_KIND, place, value))
                count += 1
                try:
                    opened = read(body)
                except (errors.InvalidNotebook, OldNotebook):
                    self.assertFalse(opens_with_nbformat(body), (place, value))
                    refused += 1
                    continue
                is_last_there = len(opened.document.cells) == len(EVERY_KIND["cells"])
                elsewhere = [4 if place[:2] != ("cells", 4) else 0] if is_last_there else []
                self.check(body, (place, value), elsewhere)
        self.assertGreater(count, 400)
        self.assertLess(refused, 20)

    def test_values_of_notebooks_of_other_programs_may_be_wrong(self) -> None:
        """Some at random; more of them with WEBIPY_FAULTS=full."""
        chance = random.Random(12)
        for path in real_notebooks.paths():
            try:
                whole = json.loads(path.read_bytes())
                read(path.read_bytes())
            except (ValueError, errors.InvalidNotebook, OldNotebook):
                continue
            if path.stat().st_size > 100_000:
                continue
            everywhere = list(places(whole))
            for place in chance.sample(everywhere, min(len(everywhere), 60 if IS_FULL else 4)):
                body = text_of(with_value(whole, place, chance.choice(VALUES)))
                try:
                    read(body)
                except (errors.InvalidNotebook, OldNotebook):
                    self.assertFalse(opens_with_nbformat(body), (path.name, place))
                    continue
                self.check(body, (path.name, place), [])

    def test_what_is_not_json_stays_where_nothing_changes(self) -> None:
        """NaN, Infinity, halves of characters and a byte order mark, in the cells beside, in the metadata and within the very map that changes."""
        whole = copy.deepcopy(EVERY_KIND)
        whole["metadata"]["odd"] = [float("nan"), float("-inf")]
        whole["cells"][1]["outputs"][1]["data"]["application/json"] = {"a": float("inf"), "b": "NaN"}
        whole["cells"][3]["source"] = ["HALF"]
        body = b"\xef\xbb\xbf" + text_of(whole).replace(b"HALF", rb"\udC00 NaN \ud83d\ude00 \uDabc")
        document = read(body).document
        self.check(body, "not JSON", [0, 1, 4])
        self.assertEqual(document.cells[3].source, "\ufffd NaN 😀 \ufffd")
        with_name = attrs.evolve(document, metadata=document.metadata.replace(b'"title":"t"', b'"title":"u"'))
        self.assertEqual(write(with_name, body, document), body.replace(b'"title": "t"', b'"title": "u"'))
        rewritten = write(edited(document, 3), body, document)
        self.assertEqual(read(rewritten).document.cells[3].source, "\ufffd NaN 😀 \ufffd\nedited")
        self.assertIn(b"-Infinity", rewritten)


class Edits(SynchronousTestCase):
    """What is wrong gives way to an edit of it, and of nothing else."""

    def edited(self, cells: list[Json], **changes: Json) -> list[Json]:
        """The cells of a file after its first one was changed."""
        body = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
        document = read(body).document
        first = attrs.evolve(document.cells[0], **changes)
        written = write(attrs.evolve(document, cells=(first, *document.cells[1:])), body)
        self.assertEqual(read(written).document.cells[0], first)
        made: list[Json] = json.loads(written)["cells"]
        self.assertEqual(made[1:], cells[1:])
        return made

    def test_a_cell_that_was_none_is_a_cell(self) -> None:
        """Once somebody edited what was shown of it."""
        other = {"cell_type": "raw", "id": "b", "metadata": {}, "source": "x"}
        (made, _) = self.edited([5, other], source="five")
        self.assertEqual((made["cell_type"], "".join(made["source"])), ("raw", "five"))

    def test_in_format_4_5_what_was_no_cell_is_one(self) -> None:
        """For a cell has an id there."""
        other = {"cell_type": "raw", "metadata": {}, "source": "x"}
        body = json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [5, other]}).encode()
        document = read(body).document
        first, second = json.loads(write(document, body, is_upgraded=True))["cells"]
        self.assertEqual((first["cell_type"], "".join(first["source"])), ("raw", "5"))
        self.assertEqual([first["id"], second["id"]], [cell.id for cell in document.cells])
        self.assertEqual(second, {**other, "id": second["id"]})

    def test_metadata_that_were_no_map_are_a_map(self) -> None:
        """Those that somebody set."""
        cell = {"cell_type": "raw", "id": "a", "metadata": "x", "source": "x"}
        (made,) = self.edited([cell], metadata=b'{"k":1}')
        self.assertEqual(made, {**cell, "metadata": {"k": 1}})

    def test_attachments_that_are_removed_are_gone(self) -> None:
        """With their name."""
        cell = {
            "attachments": {"a.png": {"image/png": "eA=="}},
            "cell_type": "raw",
            "id": "a",
            "metadata": {},
            "source": "x",
        }
        (made,) = self.edited([cell], attachments=None)
        self.assertEqual(made, {name: value for name, value in cell.items() if name != "attachments"})


class NormalForm(SynchronousTestCase):
    """webipy.core.ipynb.normal_form on what is no output."""

    def test_what_is_no_map_is_no_output(self) -> None:
        """A kernel's messages are looked at before, and so are files."""
        for raw in (b"5", b"[]", b"null"):
            fault = self.assertRaises(errors.InvalidNotebook, normal_form.output, raw)
            self.assertIn("should be a map", fault.message)

    def test_an_output_that_is_too_deep_to_be_kept_is_a_sentence(self) -> None:
        """And nothing of what it was."""
        told: list[str] = []
        deep = b'{"output_type":"odd","a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
        kept = json.loads(normal_form.kept_output(deep, "here", lambda fault, where: told.append(f"{fault}: {where}")))
        self.assertEqual((list(kept["data"]), told), (["text/plain"], ["Cannot be shown, and stays as it is: here"]))
