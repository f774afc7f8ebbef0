"""webipy.core.ipynb.notebook_file and webipy.core.ipynb.normal_form: real notebooks, notebooks of every shape and layout, and files that are none."""

from __future__ import annotations

import json
import random
import re
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import nbformat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests import real_notebooks
from tests.fakes import examples
from webipy.core import errors
from webipy.core.ipynb import notebook_file
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.layout import without_ids
from webipy.core.ipynb.notebook_file import OldNotebook, Opened, empty, known, read, write
from webipy.core.session import notebook

VECTORS = Path(__file__).parent / "vectors"
Json = dict[str, Any]

# ---- notebooks of every shape --------------------------------------------------------------------------------------

LETTERS = 'ab \n\r\té世🧪\\"/\u2028\x0b\x7f\x00'
TEXT = st.text(st.sampled_from(LETTERS), max_size=12)
NAMES = st.sampled_from(["a", "b", "k", "é", "id", "source"])
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**25), 10**25), st.floats(allow_nan=False, allow_infinity=False), TEXT
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
MAPS = st.dictionaries(NAMES, VALUES, max_size=3)
MULTILINE = st.one_of(TEXT, TEXT.map(lambda text: text.splitlines(keepends=True)))
BUNDLES = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "application/x-other"]),
    MULTILINE,
    max_size=2,
).flatmap(lambda texts: st.builds(lambda value: {**texts, "application/json": value}, VALUES))
COUNTS = st.one_of(st.none(), st.integers(0, 99))
OUTPUTS = st.one_of(
    st.builds(
        lambda name, text: {"output_type": "stream", "name": name, "text": text},
        st.sampled_from(["stdout", "stderr"]),
        MULTILINE,
    ),
    st.builds(
        lambda data, metadata: {"output_type": "display_data", "data": data, "metadata": metadata}, BUNDLES, MAPS
    ),
    st.builds(
        lambda data, count: {"data": data, "output_type": "execute_result", "metadata": {}, "execution_count": count},
        BUNDLES,
        COUNTS,
    ),
    st.builds(lambda text: {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]}, TEXT),
)
IDS = st.sampled_from(["a", "b", "c-1", "D_2", "0" * 64])


def shuffled(members: Json, seed: int) -> Json:
    """The same in another order, or (seed 0) sorted."""
    names = sorted(members)
    if seed:
        random.Random(seed).shuffle(names)
    return {name: members[name] for name in names}


@st.composite
def cells(draw: st.DrawFn) -> Json:
    """A cell as some program may write it."""
    cell: Json = {
        "cell_type": draw(st.sampled_from(["code", "markdown", "raw"])),
        "source": draw(MULTILINE),
        "metadata": draw(MAPS),
    }
    if draw(st.booleans()):
        cell["id"] = draw(IDS)
    if cell["cell_type"] == "code":
        cell |= {"outputs": draw(st.lists(OUTPUTS, max_size=3)), "execution_count": draw(COUNTS)}
    elif draw(st.booleans()):
        cell["attachments"] = draw(st.dictionaries(NAMES, BUNDLES, max_size=2))
    if draw(st.booleans()):
        cell["unknown"] = draw(VALUES)
    return cell


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A notebook file in some layout."""
    seed = draw(st.integers(0, 3))
    made = {
        "nbformat": 4,
        "nbformat_minor": draw(st.integers(0, 5)),
        "metadata": draw(MAPS),
        "cells": [shuffled(cell, seed) for cell in draw(st.lists(cells(), max_size=5))],
    }
    if draw(st.booleans()):
        made["unknown"] = draw(VALUES)
    separators = draw(st.sampled_from([None, (",", ":")]))
    indent = draw(st.sampled_from([None, 0, 1, 2, 4, "\t"]))
    text = json.dumps(
        shuffled(made, seed),
        indent=indent,
        ensure_ascii=draw(st.booleans()),
        separators=separators if indent is None else (",", ": "),
    )
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return (text + draw(st.sampled_from(["", "\n", "\r\n", "  \n\n"]))).encode()


@st.composite
def changed(draw: st.DrawFn, document: Document) -> Document:
    """Another document, made from this one by some edits."""
    made = list(document.cells)
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["insert", "delete", "move", "source", "metadata", "outputs", "type", "attach"]))
        at = draw(st.integers(0, max(0, len(made) - 1)))
        if kind == "insert" or not made:
            body = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [draw(cells())]})
            made.insert(at, attrs.evolve(read(body.encode()).document.cells[0], id=f"new-{number}"))
            continue
        cell = made.pop(at)
        if kind == "delete":
            continue
        is_code = cell.cell_type == "code"
        match kind:
            case "move":
                at = draw(st.integers(0, len(made)))
            case "source":
                cell = attrs.evolve(cell, source=draw(TEXT))
            case "metadata":
                cell = attrs.evolve(cell, metadata=read(notebook_of(metadata=draw(MAPS))).document.metadata)
            case "outputs" if is_code:
                (one,) = read(notebook_of(code(outputs=draw(st.lists(OUTPUTS, max_size=2))))).document.cells
                cell = attrs.evolve(cell, outputs=(*cell.outputs[1:], *one.outputs), execution_count=draw(COUNTS))
            case "attach" if not is_code:
                cell = attrs.evolve(
                    cell, attachments=draw(st.sampled_from([None, b"{}", b'{"a.png":{"image/png":"eA=="}}']))
                )
            case "type":
                cell = DocumentCell(cell.id, "raw" if is_code else "code", cell.source, cell.metadata)
        made.insert(at, cell)
    metadata = draw(st.sampled_from([document.metadata, b'{"a":1}']))
    return Document(tuple(made), metadata)


def notebook_of(*given_cells: Json, **members: Any) -> bytes:
    """A plain notebook file."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": given_cells, **members}).encode()


def twice_named(body: bytes) -> set[str]:
    """The ids that more than one cell of a file has."""
    ids = [str(cell.get("id")) for cell in json.loads(body).get("cells", ()) if isinstance(cell, dict)]
    return {one for one in ids if ids.count(one) > 1}


def code(**members: Any) -> Json:
    """A plain code cell."""
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "",
        "outputs": [],
        "execution_count": None,
        **members,
    }


def markdown(**members: Any) -> Json:
    """A plain text cell."""
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "", **members}


class Laws(SynchronousTestCase):
    """What holds for every notebook."""

    def test_a_document_that_did_not_change_leaves_its_file_as_it_is(self) -> None:
        """`write(read(x).document, x) == x`, byte for byte."""

        @examples(100)
        @given(files())
        def holds(body: bytes) -> None:
            self.assertEqual(write(read(body).document, body), body)

        holds()

    def test_what_is_written_is_what_is_read(self) -> None:
        """`read(write(d, x)).document == d`, for every change of every file; ids that are not in it are those of the same content.

        An id that an old file has twice names the first such cell; when that is deleted, it names the next one, whose bytes stay.
        """

        @examples(120)
        @given(st.data())
        def holds(data: st.DataObject) -> None:
            body = data.draw(files())
            new = data.draw(changed(read(body).document))
            written = write(new, body)
            opened = read(written)
            self.assertEqual(opened.minor, read(body).minor)
            self.assertEqual(without_ids(opened.document), without_ids(new))
            named = {cell.id for cell in opened.document.cells} - opened.made_ids - twice_named(body)
            self.assertEqual(named & {cell.id for cell in new.cells}, named)
            self.assertEqual(write(new, written, new), written)
            upgraded = read(write(new, body, None, is_upgraded=True))
            self.assertEqual((upgraded.document, upgraded.minor, upgraded.repairs), (new, 5, []))

        holds()

    def test_a_plain_file_whose_document_is_known_is_written_the_same_without_being_read(self) -> None:
        """`write(e, known(write(d, x), d)) == write(e, write(d, x))`; what was written after a plain file is one."""

        @examples(120)
        @given(st.data())
        def holds(data: st.DataObject) -> None:
            body = data.draw(files())
            opened = read(body)
            if not opened.is_plain:
                return
            first = data.draw(changed(opened.document))
            written = write(first, known(body, opened.document, opened.minor), opened.document)
            self.assertEqual(written, write(first, body, opened.document))
            self.assertTrue(read(written).is_plain)
            second = data.draw(changed(first))
            self.assertEqual(write(second, known(written, first, opened.minor), first), write(second, written, first))

        holds()

    def test_what_did_not_change_keeps_its_bytes(self) -> None:
        """The text of every cell that is the same, of every unknown member, and the layout stay."""

        @examples(100)
        @given(st.data())
        def holds(data: st.DataObject) -> None:
            body = data.draw(files())
            old = read(body)
            new = data.draw(changed(old.document))
            written = write(new, body, old.document)
            before, after = json.loads(body), json.loads(written)
            self.assertEqual(after.get("unknown"), before.get("unknown"))
            self.assertEqual([*after], [*before])
            raws = dict(zip((cell.id for cell in old.document.cells), before["cells"], strict=True))
            for cell, found in zip(new.cells, after["cells"], strict=True):
                if cell.id in raws:
                    self.assertEqual(found.get("unknown"), raws[cell.id].get("unknown"))
                if cell in old.document.cells and cell.id not in old.made_ids:
                    self.assertEqual(list(found.items()), list(raws[cell.id].items()))
            self.assertEqual(body.endswith(b"\n"), written.endswith(b"\n"))
            self.assertEqual(b"\r\n" in body, b"\r\n" in written)

        holds()

    def test_a_new_file_is_as_the_nbformat_library_writes_it(self) -> None:
        """Byte for byte, for the same content, in valid nbformat 4.5."""

        @examples(100)
        @given(files())
        def holds(body: bytes) -> None:
            document = read(body).document
            written = write(document, None)
            self.assertEqual(read(written).document, document)
            if re.search(rb"\de[-+]?\d", written):
                return  # the library respells such numbers, webipy does not
            self.assertEqual(written.decode(), by_nbformat(written))
            self.assertTrue(is_valid(written))

        holds()

    def test_ids_that_are_made_are_always_the_same(self) -> None:
        """Reading a file twice gives the same document, every id once."""

        @examples(100)
        @given(files())
        def holds(body: bytes) -> None:
            ids = [cell.id for cell in read(body).document.cells]
            self.assertEqual(read(body), read(body))
            self.assertEqual(len(set(ids)), len(ids))
            self.assertTrue(all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell) for cell in ids))

        holds()


def by_nbformat(body: bytes) -> str:
    """What the nbformat library writes for a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = nbformat.reads(body.decode(), as_version=4)
    return str(nbformat.v4.nbjson.writes(made)) + "\n"


def is_valid(body: bytes) -> bool:
    """Whether the nbformat library has nothing to say against it."""
    return bool(nbformat.validator.isvalid(json.loads(body)))


class RealNotebooks(SynchronousTestCase):
    """The test files of nbformat and nbconvert."""

    def opened(self) -> list[tuple[Path, bytes, Opened]]:
        """Those in version 4 that can be read."""
        found = []
        for path in real_notebooks.paths():
            body = path.read_bytes()
            try:
                found.append((path, body, read(body)))
            except OldNotebook:
                continue
            except errors.InvalidNotebook as fault:
                self.assertIn(path.name, ("invalid.ipynb", "test4plus.ipynb"), fault.message)
        return found

    def test_they_are_left_as_they_are(self) -> None:
        """Opened and saved, nothing in them changes."""
        found = self.opened()
        self.assertGreaterEqual(len(found), 30)
        for path, body, opened in found:
            self.assertEqual(write(opened.document, body), body, path.name)

    def test_they_are_written_anew_as_nbformat_does(self) -> None:
        """Byte for byte, where it takes them."""
        for path, _, opened in self.opened():
            if path.name == "invalid.ipynb":
                continue  # a cell in it has a type that there is not
            written = write(opened.document, None)
            self.assertEqual(written.decode(), by_nbformat(written), path.name)

    def test_an_edit_touches_its_cell_only(self) -> None:
        """One more line in one cell: the file differs in that cell alone, in every version of the format, and is valid."""
        for path, body, opened in self.opened():
            for number, cell in enumerate(opened.document.cells):
                edited = attrs.evolve(cell, source=cell.source + "\nedited")
                new = attrs.evolve(
                    opened.document,
                    cells=(*opened.document.cells[:number], edited, *opened.document.cells[number + 1 :]),
                )
                written = write(new, body)
                self.assertEqual(without_ids(read(written).document), without_ids(new), path.name)
                self.check_difference(path, body, written)
            if opened.document.cells and is_valid(body):
                self.assertTrue(is_valid(written), path.name)

    def check_difference(self, path: Path, body: bytes, written: bytes) -> None:
        """One hunk: only lines in a row differ, and no more than a source has."""
        old, new = body.splitlines(), written.splitlines()
        head = next(at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
        tail = next(at for at, (one, other) in enumerate(zip(old[::-1], new[::-1], strict=False)) if one != other)
        most = 4 if path.name == "notebook2.ipynb" else 2  # a source in it is cut where no line ends
        self.assertLessEqual(len(old) - head - tail, most, path.name)
        self.assertLessEqual(len(new) - head - tail, 5, path.name)


class Layouts(SynchronousTestCase):
    """tests/vectors/notebooks.json: a file, a change, and the file after it."""

    def test_the_changes_of_the_vectors_give_their_files(self) -> None:
        """Lines in, lines out."""
        cases = json.loads((VECTORS / "notebooks.json").read_text("utf-8"))
        self.assertGreaterEqual(len(cases), 8)
        for case in cases:
            before, after = "\n".join(case["before"]).encode(), "\n".join(case["after"]).encode()
            document = read(before).document
            made = {cell.id: cell for cell in document.cells}
            for edit in case["edits"]:
                cell = made.get(edit["id"], DocumentCell(edit["id"], "code", ""))
                made[edit["id"]] = attrs.evolve(
                    cell, **{name: value.encode() if name == "metadata" else value for name, value in edit.items()}
                )
            ids = case.get("order", list(made))
            metadata = case.get("metadata", document.metadata.decode()).encode()
            written = write(Document(tuple(made[cell] for cell in ids), metadata), before)
            self.assertEqual(written.decode().split("\n"), after.decode().split("\n"), case["name"])


class Reading(SynchronousTestCase):
    """What a file may be, and what is said about it."""

    def refused(self, body: bytes) -> tuple[str, object]:
        """The failure that a file gives."""
        fault = self.assertRaises(errors.InvalidNotebook, read, body)
        return fault.message, fault.facts["where"]

    def test_files_that_are_no_notebooks_are_refused_in_words(self) -> None:
        """What is wrong, and where."""
        cases = [
            (b"", "The file is empty: not even an empty notebook is in it.", ""),
            (b" \n", "The file is empty: not even an empty notebook is in it.", ""),
            (b"hello", "The file is not JSON, as notebooks are.", ""),
            (b'{"cells": [', "The file ends in the middle: its JSON is cut off.", ""),
            (b'{\n"cells": [}\n}', "The file is not valid JSON, line 2.", ""),
            (
                b'{\n<<<<<<< mine\n"a": 1\n=======\n>>>>>>> theirs\n}',
                "The file is not valid JSON, line 2. It holds the marks of a merge conflict.",
                "",
            ),
            (b"[]", "This JSON is no notebook: it is a list, not a map.", ""),
            (b'"x"', "This JSON is no notebook: it is text, not a map.", ""),
            (b"{}", "This JSON is no notebook: it does not say which version (nbformat).", "nbformat"),
            (b'{"nbformat":[4]}', "nbformat should be a whole number, and is a list.", "nbformat"),
            (b'{"nbformat":4,"nbformat_minor":5}', "This JSON is no notebook: it has no `cells`.", "cells"),
            (
                b'{"nbformat":5}',
                "This notebook is in version 5 of the format; 4.5 is the newest that is known here.",
                "nbformat",
            ),
            ("{}".encode("utf-16"), "The file is encoded in UTF-16; notebooks are in UTF-8.", ""),
            ('{"a":1}'.encode("utf-16-le"), "The file is encoded in UTF-16; notebooks are in UTF-8.", ""),
            (b'{"a":"\0"}', "The file holds NUL bytes (the first is byte 6): it is no text, or it was damaged.", ""),
            (b'{"a":"\xff"}', "The file is not encoded in UTF-8, as notebooks are.", ""),
            (b'{"a":"\xc3', "The file is not encoded in UTF-8, as notebooks are.", ""),
            (b'{"a":"\xed\xa0\x80"}', "The file is not encoded in UTF-8, as notebooks are.", ""),
            (
                b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
                "The file is nested too deeply: more than 700 levels.",
                "",
            ),
            (b'{"a":NaN,"b":}', "The file is not valid JSON, line 1.", ""),
            (
                b'{"a":NaN,"b":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
                "The file is nested too deeply: more than 700 levels.",
                "",
            ),
        ]
        for body, message, where in cases:
            self.assertEqual(self.refused(body), (message, where), body[:40])

    def test_what_has_no_cells_is_refused(self) -> None:
        """With the place."""
        self.assertEqual(self.refused(notebook_of(cells=3)), ("cells should be a list, and is a number.", "cells"))
        self.assertEqual(self.refused(notebook_of(cells={"a": 1}))[1], "cells")

    def test_wrong_values_are_read_as_what_they_may_mean(self) -> None:
        """And that is told, with their places; tests/test_tolerance.py tries them all."""
        display = {"output_type": "display_data", "data": {}, "metadata": {}}
        error = {"output_type": "error", "ename": "E", "evalue": 3, "traceback": "one\ntwo"}
        result = {"output_type": "execute_result", "data": {}, "metadata": [], "execution_count": "3"}
        cases: list[tuple[Json, str]] = [
            ({"cells": {}}, "Not a list, read as empty: cells."),
            ({"cells": [3]}, "No cell, shown as JSON: cells[0]."),
            ({"metadata": []}, "Not a map, read as empty: metadata."),
            ({"nbformat": "4"}, ""),
            (
                {"nbformat": 3, "cells": [code()]},
                "Not the version of a notebook with `cells`, read as 4: nbformat.",
            ),
            ({"nbformat_minor": None}, "Not the minor version of the format, read as 0: nbformat_minor."),
            ({"cells": [code(source=3)]}, "Not text: cells[0].source."),
            ({"cells": [code(source=["a", 3])]}, "Not text: cells[0].source."),
            (
                {"cells": [code(cell_type="heading")]},
                "The type 'heading' is not known, shown as raw: cells[0].cell_type.",
            ),
            ({"cells": [code(cell_type=None)]}, "No type of a cell, shown as raw: cells[0].cell_type."),
            ({"cells": [code(metadata=3)]}, "Not a map, read as empty: cells[0].metadata."),
            ({"cells": [code(outputs={})]}, "Cannot be shown, and stays as it is: cells[0].outputs."),
            (
                {"cells": [code(outputs=[display, {"output_type": "pyout"}])]},
                "Cannot be shown, and stays as it is: cells[0].outputs[1].",
            ),
            ({"cells": [code(outputs=[error])]}, "Not text: cells[0].outputs[0].evalue."),
            ({"cells": [code(outputs=[result])]}, "Not a map, read as empty: cells[0].outputs[0].metadata."),
            ({"cells": [code(execution_count=1.5)]}, "Not a whole number, read as none: cells[0].execution_count."),
            ({"cells": [markdown(attachments=[])]}, "Cannot be shown, and stays as it is: cells[0].attachments."),
            (
                {"cells": [markdown(attachments={"a": 1})]},
                "Cannot be shown, and stays as it is: cells[0].attachments['a'].",
            ),
        ]
        for members, said in cases:
            self.assertEqual(read(notebook_of(**members)).repairs[:1], [said] if said else [], members)

    def test_an_output_that_cannot_be_shown_says_why(self) -> None:
        """And is written again as it was, also into another file."""
        odd = {"output_type": "stream", "name": "stdout", "own": [1]}
        document = read(notebook_of(code(outputs=[odd]))).document
        (shown,) = (json.loads(output) for output in document.cells[0].outputs)
        said = "[This output cannot be shown. The output at cells[0].outputs[0] has no `text`.]"
        self.assertEqual((shown["output_type"], shown["data"]["text/plain"]), ("display_data", said))
        self.assertEqual(json.loads(write(document, None))["cells"][0]["outputs"], [odd])
        valid = notebook_file.shown(document)
        self.assertTrue(is_valid(valid))
        self.assertEqual(json.loads(valid)["cells"][0]["outputs"][0]["data"], {"text/plain": [said]})

    def test_values_that_may_be_meant_are_read(self) -> None:
        """An execution count in quotes or with a point, a traceback in one piece, a source with something else between its lines."""
        error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": "one\ntwo"}
        body = notebook_of(
            code(execution_count="3", outputs=[error]), code(id="b", execution_count=4.0, source=["a\n", None, "b"])
        )
        first, second = read(body).document.cells
        self.assertEqual((first.execution_count, second.execution_count, second.source), (3, 4, "a\nb"))
        self.assertEqual(json.loads(first.outputs[0])["traceback"], ["one", "two"])

    def test_what_is_nested_too_deeply_is_not_read_and_stays(self) -> None:
        """What stands beside it is read, and can be changed."""
        deep = b'[{"a":' * 300 + b"1e-05" + b"}]" * 300
        plain = notebook_of(code(metadata={"deep": 1, "k": 1}), metadata={"deep": 2, "k": 1})
        body = plain.replace(b'"deep": 1', b'"deep": ' + deep).replace(b'"deep": 2', b'"deep": ' + deep)
        opened = read(body)
        self.assertEqual(opened.repairs, ["Nested too deeply, and not read: cells[0].metadata.deep, metadata.deep."])
        cell = attrs.evolve(opened.document.cells[0], metadata=b'{"k":2}')
        self.assertEqual(write(Document((cell,), b'{"k":2}'), body), body.replace(b'"k": 1', b'"k": 2'))

    def test_old_versions_are_told_apart(self) -> None:
        """The nbformat library can turn them into new ones."""
        fault = self.assertRaises(OldNotebook, read, b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}')
        self.assertEqual(fault.major, 3)

    def test_later_minor_versions_are_read(self) -> None:
        """As far as they are like 4.5; the number stays."""
        body = notebook_of(code(), nbformat_minor=7)
        document = read(body).document
        written = write(attrs.evolve(document, metadata=b'{"a":1}'), body)
        self.assertEqual(json.loads(written)["nbformat_minor"], 7)

    def test_texts_may_be_strings_or_lists_of_lines(self) -> None:
        """Both are the same."""
        one = notebook_of(code(source="a\nb", outputs=[{"output_type": "stream", "name": "stdout", "text": "x\ny"}]))
        other = notebook_of(
            code(source=["a\n", "b"], outputs=[{"output_type": "stream", "name": "stdout", "text": ["x\n", "y"]}])
        )
        self.assertEqual(read(one).document, read(other).document)

    def test_numbers_keep_their_spelling(self) -> None:
        """In metadata and outputs, also when something beside them changes."""
        numbers = b'{"a": 1e-5, "b": 1.0, "c": 123456789012345678901234567890, "d": 1E400, "e": -0.0}'
        cell = b'{"cell_type": "raw", "id": "x", "metadata": {"numbers": %b}, "source": ""}' % numbers
        body = b'{"cells": [%b], "metadata": {"numbers": %b}, "nbformat": 4, "nbformat_minor": 5}' % (cell, numbers)
        document = read(body).document
        new = Document(
            (attrs.evolve(document.cells[0], source="y", metadata=b'{"k":1,' + document.cells[0].metadata[1:]),),
            document.metadata,
        )
        self.assertEqual(write(new, body).count(numbers), 2)
        self.assertIn(b'"c": 123456789012345678901234567890', write(new, None))
        self.assertIn(b'"a": 1e-5', write(new, None))

    def test_halves_of_characters_are_replaced(self) -> None:
        """`\\ud800` and its like, alone, are no text."""
        source = rb'"\ud800 \\ud800 \ud83d\ude00 \udc00\ud83d \uD83D\n"'
        body = (
            b'{"cells":[{"cell_type":"raw","id":"r","metadata":{},"source":%b}],"metadata":{},"nbformat":4,"nbformat_minor":5}'
            % source
        )
        opened = read(body)
        self.assertEqual(opened.document.cells[0].source, "\ufffd \\ud800 😀 \ufffd\ufffd \ufffd\n")
        self.assertEqual(opened.repairs, ["Texts with halves of characters, replaced by \ufffd: 1."])
        self.assertEqual(write(opened.document, body), body)
        new = attrs.evolve(opened.document, metadata=b'{"a":1}')
        written = write(new, body)
        self.assertEqual(read(written), attrs.evolve(opened, document=new))
        self.assertIn(source, written)

    def test_numbers_that_are_none_are_read_as_null(self) -> None:
        """Python writes NaN and Infinity where JSON has no such thing."""
        body = notebook_of(
            code(metadata={"a": [float("nan"), float("-inf"), "NaN, Infinity"]}), metadata={"b": float("inf")}
        )
        opened = read(body)
        self.assertEqual(opened.document.cells[0].metadata, b'{"a":[null,null,"NaN, Infinity"]}')
        self.assertEqual(opened.document.metadata, b'{"b":null}')
        self.assertEqual(
            opened.repairs, ["Numbers that are NaN or Infinity, which JSON does not have, read as null: 3."]
        )
        self.assertEqual(write(opened.document, body), body)

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        """It stays."""
        body = b"\xef\xbb\xbf" + notebook_of(code())
        opened = read(body)
        self.assertEqual(opened.repairs, ["The file began with a byte order mark, which JSON does not have."])
        self.assertEqual(write(opened.document, body), body)
        written = write(attrs.evolve(opened.document, metadata=b'{"a":1}'), body)
        self.assertEqual(written, body.replace(b'"metadata": {}, "cells"', b'"metadata": {"a": 1}, "cells"'))

    def test_missing_members_are_added_and_told(self) -> None:
        """In one sentence, however many there are."""
        bare = {"cell_type": "code", "source": "x"}
        opened = read(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [bare] * 4}).encode())
        self.assertEqual(len(opened.repairs), 1)
        self.assertTrue(
            opened.repairs[0].startswith("Missing: cells[0].outputs, cells[0].execution_count, cells[0].id and ")
        )

    def test_a_name_that_occurs_twice_counts_as_its_last(self) -> None:
        """As all JSON readers have it; a file like that can be changed, too."""
        body = (
            b'{"cells":[{"cell_type":"raw","id":"r","metadata":{"a":1,"a":2},"source":"x","source":"y"}],'
            b'"metadata":{},"metadata":{"b":1},"nbformat":4,"nbformat_minor":5,"x":1}'
        )
        document = read(body).document
        self.assertEqual(document.cells[0], DocumentCell("r", "raw", "y", b'{"a":2}'))
        self.assertEqual(write(document, body), body)
        new = Document((DocumentCell("r", "raw", "z", b'{"a":3}'),), b'{"b":2}')
        written = write(new, body)
        self.assertEqual(read(written).document, new)
        self.assertEqual(json.loads(written)["x"], 1)

    def test_a_notebook_holds_only_so_many_cells(self) -> None:
        """`MAX_CELLS`, and a source only so many characters."""
        self.patch(notebook_file, "MAX_CELLS", 3)
        self.assertEqual(
            self.refused(notebook_of(*[code()] * 4)), ("The notebook has 4 cells; at most 3 can be opened.", "cells")
        )
        self.patch(notebook_file, "MAX_SOURCE_UNITS", 4)
        self.assertEqual(self.refused(notebook_of(code(source="🧪🧪a")))[1], "cells[0].source")
        self.assertEqual(read(notebook_of(code(source="🧪🧪"))).document.cells[0].source, "🧪🧪")
        self.assertGreater(notebook.MAX_CELLS, 3)


class CellIds(SynchronousTestCase):
    """Cells have ids since nbformat 4.5 (JEP 62)."""

    def test_ids_are_made_of_the_content(self) -> None:
        """The same content elsewhere in the file, or in another, has the same id; copies have others."""
        body = notebook_of(
            *[{"cell_type": "raw", "metadata": {}, "source": source} for source in "abaa"], nbformat_minor=4
        )
        more = notebook_of(
            *[{"cell_type": "raw", "metadata": {}, "source": source} for source in "xaba"], nbformat_minor=4
        )
        ids = [cell.id for cell in read(body).document.cells]
        self.assertEqual([cell.id for cell in read(more).document.cells][1:], ids[:3])
        self.assertEqual(len(set(ids)), 4)
        self.assertTrue(all(re.fullmatch("[0-9a-f]{8}", cell) for cell in ids))
        self.assertEqual(read(body).repairs, [])
        self.assertEqual(read(body).made_ids, frozenset(ids))

    def test_a_file_before_4_5_stays_one(self) -> None:
        """It gets no ids, and its version stays, whatever changes; a new cell has none either."""
        for minor in range(5):
            body = notebook_of(
                *[{"cell_type": "raw", "metadata": {}, "source": source} for source in "ab"], nbformat_minor=minor
            )
            opened = read(body)
            self.assertEqual(write(opened.document, body), body)
            first, second = opened.document.cells
            changed_cells = (first, attrs.evolve(second, source="c"), DocumentCell("new", "code", "d"))
            written = json.loads(write(Document(changed_cells), body))
            self.assertEqual([cell["source"] for cell in written["cells"]], ["a", "c", "d"])
            self.assertEqual([cell for cell in written["cells"] if "id" in cell], [])
            self.assertEqual((written["nbformat"], written["nbformat_minor"]), (4, minor))
            self.assertTrue(is_valid(json.dumps(written).encode()))

    def test_it_becomes_4_5_when_that_is_wanted(self) -> None:
        """With the ids of all its cells, and nothing else changes; a second time changes nothing."""
        body = notebook_of(
            *[{"cell_type": "raw", "metadata": {}, "source": source} for source in "ab"], nbformat_minor=2
        )
        document = read(body).document
        named = Document((attrs.evolve(document.cells[0], id="known"), document.cells[1]))
        written = write(named, body, named, is_upgraded=True)
        self.assertEqual([cell["id"] for cell in json.loads(written)["cells"]], ["known", document.cells[1].id])
        self.assertEqual((json.loads(written)["nbformat"], json.loads(written)["nbformat_minor"]), (4, 5))
        self.assertTrue(is_valid(written))
        self.assertEqual(write(named, written, None, is_upgraded=True), written)

    def test_a_cell_that_was_rewritten_is_known_by_the_ids_outside_the_file(self) -> None:
        """Its other members stay, and so do its neighbors, however little of its source does."""
        raws: list[Json] = [
            {"cell_type": "raw", "metadata": {}, "source": source, "keep": source} for source in ("a", "b", "a")
        ]
        body = notebook_of(*raws, nbformat_minor=4)
        document = read(body).document
        before = Document(tuple(attrs.evolve(cell, id=name) for cell, name in zip(document.cells, "xyz", strict=True)))
        # the middle one now has the content that the id of the first was made from
        x, y, z = before.cells
        after = Document((attrs.evolve(x, source="entirely new"), attrs.evolve(y, source="a"), z))
        written = json.loads(write(after, body, before))
        self.assertEqual(
            [(cell["source"], cell["keep"]) for cell in written["cells"]],
            [("entirely new", "a"), ("a", "b"), ("a", "a")],
        )

    def test_ids_that_are_taken_or_not_allowed_are_replaced(self) -> None:
        """The first keeps it, and the repair is told."""
        body = notebook_of(code(id="a"), code(id="a"), code(id="not allowed"), code(id=5), code(id=""))
        opened = read(body)
        self.assertEqual(opened.document.cells[0].id, "a")
        self.assertEqual(len(opened.made_ids), 4)
        self.assertEqual(
            opened.repairs,
            [
                "No id that a cell may have: cells[2].id, cells[3].id, cells[4].id.",
                "The same id as an earlier cell: cells[1].id.",
            ],
        )
        self.assertEqual(write(opened.document, body), body)
        edited = write(attrs.evolve(opened.document, metadata=b'{"a":1}'), body)
        self.assertEqual(edited, body.replace(b'"metadata": {}, "cells"', b'"metadata": {"a": 1}, "cells"'))
        repaired = write(opened.document, body, None, is_upgraded=True)
        self.assertEqual(read(repaired).repairs, [])
        self.assertEqual(read(repaired).document.cells, opened.document.cells)

    def test_a_made_id_is_never_one_that_is_there(self) -> None:
        """Also when a file has it for another cell."""
        plain = {"cell_type": "raw", "metadata": {}, "source": "x"}
        (made,) = read(notebook_of(plain)).document.cells
        cells_read = read(notebook_of(plain, {**plain, "id": made.id, "source": "y"})).document.cells
        self.assertEqual(cells_read[1].id, made.id)
        self.assertNotEqual(cells_read[0].id, made.id)

    def test_ids_of_the_document_are_kept_though_the_file_has_none(self) -> None:
        """A document whose ids were made before the file was edited elsewhere still matches its cells."""
        before = notebook_of(
            {"cell_type": "raw", "metadata": {}, "source": "long enough\n", "keep": 1}, nbformat_minor=4
        )
        after = notebook_of(
            {"cell_type": "raw", "metadata": {}, "source": "long enough\nmore", "keep": 1}, nbformat_minor=4
        )
        (cell,) = read(before).document.cells
        edited = Document((attrs.evolve(cell, source="long enough\nmore"),))
        self.assertEqual(write(edited, after), after)
        again = json.loads(write(Document((attrs.evolve(cell, source="other\nmore"),)), after))
        self.assertEqual(again["cells"], [{"cell_type": "raw", "metadata": {}, "source": "other\nmore", "keep": 1}])


class Writing(SynchronousTestCase):
    """What is written, and what never is."""

    def test_a_new_notebook_is_one_empty_code_cell(self) -> None:
        """Valid, with the metadata that were given."""
        nbformat.validate(json.loads(empty()))
        made = json.loads(empty(b'{"kernelspec": {"name": "python3", "display_name": "Python 3"}}'))
        nbformat.validate(made)
        self.assertEqual(made["metadata"]["kernelspec"]["name"], "python3")
        self.assertEqual([cell["cell_type"] for cell in made["cells"]], ["code"])
        self.assertRaises(errors.InvalidNotebook, empty, b"[]")

    def test_a_notebook_without_cells_is_written(self) -> None:
        """As nbformat writes it, and into a file that had cells."""
        self.assertEqual(write(Document(), None).decode(), by_nbformat(write(Document(), None)))
        body = write(read(empty()).document, None)
        self.assertEqual(write(Document(), body), write(Document(), None))
        self.assertEqual(write(read(empty()).document, write(Document(), None)), body)

    def test_transient_parts_are_not_written(self) -> None:
        """Neither those of outputs, nor what nbformat leaves out of files."""
        shown = {"output_type": "display_data", "data": {}, "metadata": {}, "transient": {"display_id": "x"}}
        body = notebook_of(
            code(outputs=[shown], metadata={"trusted": True}), metadata={"signature": "s", "orig_nbformat": 3}
        )
        document = read(body).document
        self.assertEqual(write(document, body), body)
        written = write(document, None)
        for word in (b"transient", b"trusted", b"signature", b"orig_nbformat"):
            self.assertNotIn(word, written)

    def test_an_original_that_is_no_notebook_is_refused(self) -> None:
        """It is never written over unread."""
        self.assertRaises(errors.InvalidNotebook, write, Document(), b"hello")
        self.assertRaises(OldNotebook, write, Document(), b'{"nbformat": 3}')

    def test_files_with_everything_wrong_never_break_it(self) -> None:
        """Cut off or changed at any byte, a file is read or refused."""
        body = notebook_of(code(outputs=[{"output_type": "stream", "name": "stdout", "text": "é\n"}]), markdown())

        @examples(100)
        @given(st.integers(0, len(body)), st.binary(max_size=3), st.integers(0, 4))
        def holds(at: int, inserted: bytes, deleted: int) -> None:
            damaged = body[:at] + inserted + body[at + deleted :]
            try:
                opened = read(damaged)
            except (errors.InvalidNotebook, OldNotebook):
                return
            self.assertEqual(write(opened.document, damaged), damaged)

        holds()

    def test_cells_that_stand_beside_each_other_keep_what_is_between(self) -> None:
        """Irregular white space stays where nothing changed."""
        parts = [b'{"cell_type":"raw","id":"%b","metadata":{ },"source":""}' % name for name in (b"a", b"b", b"c")]
        body = b'{"cells":[ %b  ,%b ,\n\n %b\t],"metadata":{},"nbformat":4,"nbformat_minor":5}' % tuple(parts)
        cells_read = read(body).document.cells
        new = Document((cells_read[0], cells_read[1], DocumentCell("c", "raw", "new")))
        written = write(new, body)
        for one, other in pairwise((b"[ ", parts[0], b"  ,", parts[1], b" ,\n\n ", b"{")):
            self.assertIn(one + other, written)
