"""`webipy diff` and `webipy merge`, and webipy.core.ipynb.conflict_marks: by hand, and as drivers of a real git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SkipTest, SynchronousTestCase

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


class Commands(SynchronousTestCase):
    """What is typed."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()

    def put(self, name: str, body: bytes) -> str:
        """A file."""
        (self.folder / name).write_bytes(body)
        return name

    def webipy(self, *words: str) -> tuple[int, str, str]:
        """Status, output and errors of a command."""
        command = [sys.executable, "-m", "webipy.cli", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=environment, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def test_a_difference_is_told_cell_by_cell(self) -> None:
        """With what changed in sources, outputs and metadata; status 1, and 0 without any."""
        old = self.put(
            "old.ipynb", notebook(code("same", "a"), code("x = 1\ny", "b", printed("1\n")), code("gone", "c"), k=1)
        )
        new = self.put(
            "new.ipynb", notebook(code("same", "a"), code("x = 2\ny", "b", printed("2\n"), execution_count=3), k=2)
        )
        wanted = [
            "--- old.ipynb", "+++ new.ipynb", "@@ cell 2: code [ ] to [3], changed @@", "-x = 1", "+x = 2", " y", " --- output: stdout",
            "-1", "+2", "@@ cell 3: code, removed @@", "-gone", "@@ metadata of the notebook, changed @@", "@@ -1 +1 @@", "-k: 1", "+k: 2",
        ]  # fmt: skip
        self.assertEqual(self.webipy("diff", old, new), (1, "\n".join(wanted) + "\n", ""))
        self.assertEqual(self.webipy("diff", old, old), (0, "", ""))
        self.assertEqual(self.webipy("diff", "none.ipynb", old)[0], 2)

    def test_what_is_no_notebook_is_compared_and_merged_as_text(self) -> None:
        """Two files that are cut, or have marks of a conflict in them."""
        base, ours, theirs = (self.put(name, b'{"cells": [\n%b\n' % name.encode()) for name in "abc")
        status, said, _ = self.webipy("diff", base, ours)
        self.assertEqual((status, "-a\n+b\n" in said), (1, True))
        status, _, told = self.webipy("merge", base, ours, theirs, "name.ipynb")
        self.assertEqual(status, 1)
        self.assertIn("name.ipynb: Not a notebook in all three versions", told)
        self.assertIn(b"<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n", (self.folder / "b").read_bytes())

    def test_help_and_wrong_arguments(self) -> None:
        """Told in words."""
        self.assertIn("cell by cell", self.webipy("diff", "--help")[1])
        for words in (("diff",), ("diff", "a", "b", "c"), ("diff", "--text")):
            self.assertEqual(self.webipy(*words)[0], 2, words)
        self.assertEqual(self.webipy("merge", "none", "none", "none")[0], 129)


class Git(Commands):
    """A real repository, set up as `webipy diff --git-setup` says."""

    def setUp(self) -> None:
        super().setUp()
        if shutil.which("git") is None:
            raise SkipTest("git is not installed")
        self.git("init", "-q", "-b", "main")
        _, lines, _ = self.webipy("diff", "--git-setup")
        subprocess.run(["sh", "-e"], input=lines, text=True, cwd=self.folder, check=True, env=self.environment())
        self.commit(notebook(code("one", "a"), code("two", "b"), code("three", "c")))

    @staticmethod
    def environment() -> dict[str, str]:
        """Nothing of the user's own settings."""
        names = {
            "GIT_AUTHOR_NAME": "x",
            "GIT_AUTHOR_EMAIL": "x@x",
            "GIT_COMMITTER_NAME": "x",
            "GIT_COMMITTER_EMAIL": "x@x",
        }
        alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(ROOT)}
        return {**os.environ, **names, **alone}

    def git(self, *words: str) -> tuple[int, str]:
        """Status and output of git."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, env=self.environment(), timeout=300
        )
        return done.returncode, done.stdout + done.stderr

    def commit(self, body: bytes) -> None:
        """The notebook of the repository, as it is from now on."""
        self.put("n.ipynb", body)
        self.assertEqual(self.git("add", ".")[0], 0)
        self.assertEqual(self.git("commit", "-q", "-m", "x")[0], 0)

    def branches(self, ours: bytes, theirs: bytes) -> tuple[int, str]:
        """Merges two changes of the first commit."""
        self.git("switch", "-q", "-c", "other")
        self.commit(theirs)
        self.git("switch", "-q", "main")
        self.commit(ours)
        return self.git("merge", "-m", "merged", "other")

    def found(self) -> Json:
        """The notebook that is there now, which is valid."""
        whole = json.loads((self.folder / "n.ipynb").read_bytes())
        nbformat.validate(whole)
        return whole

    def test_git_shows_and_merges_notebooks(self) -> None:
        """Beside each other: both changes are there. `git diff` and `git log -p` tell cells and not JSON."""
        ours = notebook(code("ONE", "a"), code("two", "b"), code("three", "c"))
        theirs = notebook(code("one", "a"), code("two", "b"), code("THREE", "c"))
        status, said = self.branches(ours, theirs)
        self.assertEqual((status, sources(self.found())), (0, ["ONE", "two", "THREE"]), said)
        self.assertEqual(self.git("status", "--short"), (0, ""))
        told = self.git("diff", "HEAD^", "HEAD")[1]
        self.assertIn("--- a/n.ipynb\n+++ b/n.ipynb\n@@ cell 3: code, changed @@\n-three\n+THREE\n", told)
        logged = self.git("log", "-p", "-1", "other")[1]
        self.assertIn("-three\n+THREE", logged)
        self.assertNotIn("cell_type", logged)

    def test_a_conflict_is_one_for_git_and_a_valid_notebook(self) -> None:
        """Status 1; git lists the file, and it opens in webipy and Jupyter."""
        status, said = self.branches(notebook(code("OURS", "a")), notebook(code("THEIRS", "a")))
        self.assertEqual(status, 1)
        self.assertIn("CONFLICT", said)
        self.assertEqual(self.git("status", "--short")[1].split(), ["UU", "n.ipynb"])
        (source,) = (text for text in sources(self.found()) if "OURS" in text)
        self.assertEqual(source, "<<<<<<< ours\nOURS\n=======\nTHEIRS\n>>>>>>> theirs")
        self.assertIn("++<<<<<<< ours\n +OURS\n++=======\n+ THEIRS\n", self.git("diff")[1])

    def test_files_that_are_new_and_gone(self) -> None:
        """git gives /dev/null for the version that there is not."""
        self.put("new.ipynb", notebook(code("new")))
        self.git("add", ".")
        self.git("rm", "-q", "n.ipynb")
        told = self.git("diff", "--cached")[1]
        self.assertIn("--- /dev/null\n+++ b/new.ipynb\n@@ cell 1: code, added @@\n+new\n", told)
        self.assertIn("--- a/n.ipynb\n+++ /dev/null\n@@ cell 1: code, removed @@\n-one\n", told)
