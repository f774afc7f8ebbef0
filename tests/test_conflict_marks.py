"""What `webipy diff` and `webipy merge` do, and webipy.core.ipynb.conflict_marks; the commands themselves are in tests/programs/test_git.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.command import comparing
from webipy.command.comparing import Version
from webipy.core.ipynb import conflict_marks, notebook_file
from webipy.core.ipynb.conflict_marks import Labels, merged_lines

ROOT = Path(__file__).resolve().parent.parent
Json = Any
LABELS = Labels()
LINES = st.lists(st.sampled_from("abcdef"), max_size=8)


def code(source: str, id: str | None = "a", *outputs: Json, **members: Json) -> Json:
    """A code cell."""
    made: Json = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": list(outputs),
        "source": source,
    }
    return made | ({"id": id} if id is not None else {}) | members


def printed(text: str) -> Json:
    """Its output on stdout."""
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def notebook(*cells: Json, minor: int = 5, **metadata: Json) -> bytes:
    """A notebook file."""
    made = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}
    return json.dumps(made, indent=1, ensure_ascii=False).encode() + b"\n"


def version(body: bytes) -> Version:
    """A version of a file that holds this."""
    return Version(body, notebook_file.read(body))


def merged(base: bytes, ours: bytes, theirs: bytes, outputs: conflict_marks.Outputs = "both") -> tuple[Json, list[str]]:
    """The merged notebook, which is valid, and what does not go together."""
    body, sentences = comparing.merged(version(base), version(ours), version(theirs), outputs)
    nbformat.validate(json.loads(body))
    return json.loads(body), sentences


def sources(whole: Json) -> list[str]:
    """The sources of its cells."""
    return ["".join(cell["source"]) for cell in whole["cells"]]


class Lines(SynchronousTestCase):
    """Three versions of a text."""

    def test_changes_of_both_sides(self) -> None:
        """As a table; conflicts stand between marks."""
        cases = [
            ("abc", "abc", "abc", "abc", 0),
            ("abc", "xbc", "abc", "xbc", 0),
            ("abc", "xbc", "aby", "xby", 0),
            ("abc", "xbc", "xbc", "xbc", 0),
            ("abc", "bc", "abcd", "bcd", 0),
            ("abc", "axc", "ayc", "a<x=y>c", 1),
            ("abc", "ac", "ayc", "a<=y>c", 1),
            ("", "x", "y", "<x=y>", 1),
            ("abcde", "xbcdx", "ybcdy", "<x=y>bcd<x=y>", 2),
        ]
        for base, ours, theirs, wanted, torn in cases:
            lines, found = merged_lines(list(base), list(ours), list(theirs), LABELS)
            marks = {"<<<<<<< ours": "<", "=======": "=", ">>>>>>> theirs": ">"}
            self.assertEqual(("".join(marks.get(line, line) for line in lines), found), (wanted, torn))

    def test_no_line_vanishes(self) -> None:
        """What a side has and base has not is in the result; a side that changed nothing gives way."""

        @examples(200)
        @given(LINES, LINES, LINES)
        def holds(base: list[str], ours: list[str], theirs: list[str]) -> None:
            lines, torn = merged_lines(base, ours, theirs, LABELS)
            self.assertLessEqual((set(ours) | set(theirs)) - set(base), set(lines))
            self.assertEqual(merged_lines(base, base, theirs, LABELS), (theirs, 0))
            self.assertEqual(merged_lines(base, ours, base, LABELS), (ours, 0))
            if not torn:
                self.assertEqual(merged_lines(base, theirs, ours, LABELS), (lines, 0))

        holds()


class Merging(SynchronousTestCase):
    """Three versions of a notebook."""

    base = notebook(code("one", "a"), code("two\nlines", "b", printed("old")), code("three", "c"))

    def test_changes_of_different_cells_and_lines_go_together(self) -> None:
        """Whatever both sides insert, edit and delete."""
        ours = notebook(code("ONE", "a"), code("two\nlines", "b", printed("old")), code("new", "d"), code("three", "c"))
        theirs = notebook(code("one", "a"), code("two\nLINES", "b", printed("new")))
        whole, sentences = merged(self.base, ours, theirs)
        self.assertEqual((sources(whole), sentences), (["ONE", "two\nLINES", "new"], []))
        self.assertEqual("".join(whole["cells"][1]["outputs"][0]["text"]), "new")

    def test_a_source_that_does_not_go_together_has_marks(self) -> None:
        """Around the lines, in the cell."""
        ours = notebook(code("one", "a"), code("two\nours", "b", printed("old")), code("three", "c"))
        theirs = notebook(code("one", "a"), code("two\ntheirs", "b", printed("old")), code("three", "c"))
        whole, sentences = merged(self.base, ours, theirs)
        marked = "two\n<<<<<<< ours\nours\n=======\ntheirs\n>>>>>>> theirs"
        self.assertEqual(sources(whole), ["one", marked, "three"])
        self.assertEqual(sentences, ["The code cell 'two' has 1 conflict in its source."])

    def test_outputs_of_both_sides_stay_or_those_that_are_wanted(self) -> None:
        """An execution count alone is no conflict."""
        ours = notebook(
            code("one", "a"), code("two\nlines", "b", printed("ours"), execution_count=1), code("three", "c")
        )
        theirs = notebook(code("one", "a"), code("two\nlines", "b", printed("theirs")), code("three", "c"))
        whole, sentences = merged(self.base, ours, theirs)
        texts = ["".join(output["text"]) for output in whole["cells"][1]["outputs"]]
        self.assertEqual(texts, ["<<<<<<< ours\n", "ours", "=======\n", "theirs", ">>>>>>> theirs\n"])
        self.assertEqual(sentences, ["The code cell 'two' has other outputs on both sides."])
        sides: list[conflict_marks.Outputs] = ["ours", "theirs"]
        for side in sides:
            whole, sentences = merged(self.base, ours, theirs, side)
            self.assertEqual(("".join(whole["cells"][1]["outputs"][0]["text"]), sentences), (side, []))
        first, second = (
            notebook(code("one", "a"), code("two\nlines", "b", printed("old"), execution_count=n), code("three", "c"))
            for n in (1, 2)
        )
        self.assertEqual(merged(self.base, first, second)[1], [])

    def test_what_does_not_go_together_otherwise_stands_there_twice(self) -> None:
        """Between raw cells with the marks: deleted and changed, other types, other metadata."""
        gone = notebook(code("one", "a"), code("three", "c"))
        edited = notebook(code("one", "a"), code("two\nedited", "b", printed("old")), code("three", "c"))
        whole, sentences = merged(self.base, gone, edited)
        self.assertEqual(sources(whole), ["one", "<<<<<<< ours", "=======", "two\nedited", ">>>>>>> theirs", "three"])
        self.assertEqual(sentences, ["The code cell 'two' was deleted in ours and changed in theirs."])
        whole, sentences = merged(self.base, edited, gone)
        self.assertEqual(sources(whole), ["one", "<<<<<<< ours", "two\nedited", "=======", ">>>>>>> theirs", "three"])
        self.assertEqual(sentences, ["The code cell 'two' was deleted in theirs and changed in ours."])
        mine, other = (notebook(code("one", "a", metadata={"k": number})) for number in (1, 2))
        whole, sentences = merged(notebook(code("one", "a")), mine, other)
        self.assertEqual(sources(whole), ["<<<<<<< ours", "one", "=======", "one", ">>>>>>> theirs"])
        self.assertEqual([cell["metadata"] for cell in whole["cells"][1::2]], [{"k": 1}, {"k": 2}])
        self.assertEqual(sentences, ["The code cell 'one' was changed on both sides in its metadata or attachments."])
        text = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "one, as text"}
        ours, theirs = notebook(text, code("three", "c")), notebook(code("ONE", "a"), code("three", "c"))
        whole, _ = merged(notebook(code("one", "a"), code("three", "c")), ours, theirs)
        marks = ["<<<<<<< ours", "one, as text", "=======", "ONE", ">>>>>>> theirs", "three"]
        self.assertEqual(sources(whole), marks)
        self.assertEqual(len({cell["id"] for cell in whole["cells"]}), 6)

    def test_metadata_of_the_notebook_are_noted(self) -> None:
        """Ours stay, and a cell tells both."""
        base, ours, theirs = (notebook(code("x"), title=title, other=1) for title in ("t", "ours", "theirs"))
        whole, sentences = merged(base, ours, theirs)
        self.assertEqual(whole["metadata"]["title"], "ours")
        marked = '<<<<<<< ours (metadata of the notebook)\ntitle: "ours"\n=======\ntitle: "theirs"\n>>>>>>> theirs'
        self.assertEqual(sources(whole), [marked, "x"])
        self.assertEqual(len(sentences), 1)

    def test_files_without_ids_are_merged_and_stay_so(self) -> None:
        """Cells are known by what they hold; also when one side has become 4.5 meanwhile, by another program with ids of its own."""
        texts = [f"the source of cell {number}" for number in range(4)]

        def with_ids(*cells: str, minor: int = 4) -> bytes:
            return notebook(*(code(text, f"i{n}" if minor == 5 else None) for n, text in enumerate(cells)), minor=minor)

        base = with_ids(*texts)
        ours = with_ids(texts[0] + "!", *texts[1:])
        theirs = with_ids(*texts[:2], texts[2] + "?", texts[3])
        whole, sentences = merged(base, ours, theirs)
        self.assertEqual((sources(whole), sentences), ([texts[0] + "!", texts[1], texts[2] + "?", texts[3]], []))
        self.assertEqual((whole["nbformat_minor"], [cell for cell in whole["cells"] if "id" in cell]), (4, []))
        newer = with_ids(*texts[:2], texts[2] + "?", texts[3], minor=5)
        for one, other in ((ours, newer), (newer, ours)):
            whole, sentences = merged(base, one, other)
            self.assertEqual((sources(whole), sentences), ([texts[0] + "!", texts[1], texts[2] + "?", texts[3]], []))
            self.assertEqual((whole["nbformat_minor"], len({cell["id"] for cell in whole["cells"]})), (5, 4))

    def test_both_added_the_file(self) -> None:
        """There is no version before: what is the same on both sides is there once."""
        ours, theirs = notebook(code("same", "a"), code("ours", "b")), notebook(code("same", "a"), code("theirs", "c"))
        body, sentences = comparing.merged(
            Version(b"", comparing.read("/dev/null").opened), version(ours), version(theirs)
        )
        self.assertEqual((sorted(sources(json.loads(body))), sentences), (["ours", "same", "theirs"], []))
