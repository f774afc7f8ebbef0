"""webipy.io.files.file_search on a real folder, under a clock of its own."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.io.files import file_search
from webipy.io.files.file_search import FileSearch
from webipy.io.files.file_tree import FileTree
from webipy.io.files.root_folder import RootFolder


class Searches(SynchronousTestCase):
    """A folder with files in it."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).resolve()
        self.path.mkdir()
        root = RootFolder(self.path, (self.path / "state",))
        self.addCleanup(root.close)
        self.now, self.step = 0.0, 0.0
        self.search = FileSearch(FileTree(root), self.clock)

    def clock(self) -> float:
        """Each look at it takes a step."""
        self.now += self.step
        return self.now

    def put(self, *paths: str) -> None:
        """Makes files."""
        for path in paths:
            (self.path / path).parent.mkdir(parents=True, exist_ok=True)
            (self.path / path).touch()

    def found(self, query: str, limit: int = 50) -> list[str]:
        """The paths that are found."""
        return [record.path for record in self.search.find(query, limit).records]

    def test_the_best_names_come_first(self) -> None:
        """The whole name, its beginning, the beginning of a word, within it, in the folder, letters in their order."""
        names = ["a/train.py", "trainer.py", "my_train.py", "retrain.py", "train/x.py", "t_r_a_i_n.py", "t/r/a/i/n.py"]
        self.put(*names, "tra.py")
        ranked = [path for path in self.found("train") if path.endswith(".py")]
        self.assertEqual(ranked, names)
        self.assertEqual(self.found("TRAIN my"), ["my_train.py"])
        self.assertEqual(self.found("train", 2), ["train", "a/train.py"])
        self.put("naïve [1]*.txt", "Ünïcode.txt", "日本語.txt")
        self.assertEqual(self.found("ünï"), [])  # what was read is fresh
        self.now += 10
        self.assertEqual(self.found("]*."), ["naïve [1]*.txt"])
        self.assertEqual(self.found("ÜNÏ"), ["Ünïcode.txt"])
        self.assertEqual(self.found("本"), ["日本語.txt"])
        self.assertRaises(errors.InvalidParams, self.search.find, "a " * 9, 1)

    def test_what_nobody_looks_for_is_left_out(self) -> None:
        """Hidden files, the server's own, packages, environments, caches, links to folders and names that are no text."""
        self.put("keep/x.js", ".git/x.js", ".x.js", "state/x.js", "node_modules/p/x.js", "a/__pycache__/x.js")
        self.put("env/pyvenv.cfg", "env/x.js", "cache/CACHEDIR.TAG", "cache/x.js", "pyvenv.cfg")
        (self.path / "again").symlink_to("keep")
        (self.path / "x.js.link").symlink_to("keep/x.js")
        Path(os.fsdecode(os.fsencode(self.path) + b"/\xffx.js")).touch()
        self.assertEqual(self.found("x.js"), ["x.js.link", "keep/x.js"])
        (self.path / "keep" / "x.js").unlink()
        self.assertEqual(self.found("x.js"), ["x.js.link"])

    def test_a_large_root_is_read_over_several_calls(self) -> None:
        """Each reads on where the last one ended, and says that it has not seen all; old names answer until new ones are read."""
        self.put(*(f"d{at}/f{at}.txt" for at in range(10)))
        self.step = file_search.SLICE_SECONDS / 3
        counts = []
        for _ in range(20):
            result = self.search.find("f txt", 50)
            counts.append(len(result.records))
            if result.is_complete:
                break
        self.assertEqual((counts[-1], counts == sorted(counts)), (10, True))
        self.assertGreater(len(counts), 2)
        self.put("d0/f-new.txt")
        self.now += 1000
        seen = [len(self.found("f txt")) for _ in range(20)]
        self.assertEqual((seen[0], seen[-1]), (10, 11))
        self.search.forget()
        self.step = 0
        self.assertEqual(len(self.found("f txt")), 11)

    def test_names_have_a_limit(self) -> None:
        """Beyond it nothing is looked for, and that is the end of it."""
        self.put(*(f"d{at}/f.txt" for at in range(10)))
        with mock.patch.object(file_search, "MOST_NAMES", 12):
            result = self.search.find("f", 50)
        self.assertEqual((len(result.records), result.is_complete), (2, True))
