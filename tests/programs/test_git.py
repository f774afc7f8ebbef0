"""`webipy diff` and `webipy merge`: typed by hand, and as drivers of a real git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.test_conflict_marks import Json, code, notebook, printed, sources

ROOT = Path(__file__).resolve().parent.parent.parent


class FolderTestCase(SynchronousTestCase):
    """A folder, and commands in it."""

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


class Commands(FolderTestCase):
    """What is typed."""

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


class Git(FolderTestCase):
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
