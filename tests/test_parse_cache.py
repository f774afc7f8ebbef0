"""The files in which parso remembers what it has parsed: webipy.kernel_programs.parse_cache, with the real parso."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
import threading
from pathlib import Path

from parso import cache
from twisted.trial.unittest import SynchronousTestCase

from webipy.kernel_programs import parse_cache

TREE = list(range(200_000))
"""Stands for a parsed file: large enough that it is written in several steps."""


class Files(SynchronousTestCase):
    """One folder."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wp"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("_load_from_file_system", "_save_to_file_system", "_remove_cache_and_update_lock", "parser_cache"):
            self.patch(cache, name, {} if name == "parser_cache" else getattr(cache, name))
        for mend in (parse_cache.read_whole_files, parse_cache.write_whole_files, parse_cache.tidy_without_faults):
            mend(cache)

    def save(self, name: str = "a.py", folder: Path | None = None) -> None:
        """Write what was parsed of a file."""
        item = cache._NodeCacheItem(TREE, [], 1.0)
        cache._save_to_file_system("h", name, item, cache_path=folder or self.folder)

    def load(self, name: str = "a.py", folder: Path | None = None) -> object:
        """Read it."""
        return cache._load_from_file_system("h", name, 0.0, cache_path=folder or self.folder)

    def files(self) -> list[Path]:
        """All that is there."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def test_what_was_written_is_read(self) -> None:
        """And nothing else is left in the folder."""
        self.assertIsNone(self.load())
        self.save()
        self.assertEqual(self.load(), TREE)
        self.assertEqual(len(self.files()), 1)

    def test_every_half_counts_as_not_there(self) -> None:
        """Whatever exception its half is."""
        self.save()
        (file,) = self.files()
        whole = file.read_bytes()
        for size in [0, 1, 2, 3, 10, 100, len(whole) // 2, len(whole) - 1]:
            file.write_bytes(whole[:size])
            self.assertIsNone(self.load(), size)
        for other in (b"text", pickle.dumps(3), b"cno_such_module\nName\n.", os.urandom(100)):
            file.write_bytes(other)
            self.assertIsNone(self.load(), other)
        self.save()
        self.assertEqual(self.load(), TREE)

    def test_a_reader_beside_a_writer_sees_whole_files(self) -> None:
        """Of the time before or after."""
        self.save()
        (file,) = self.files()
        whole, ends = file.read_bytes(), threading.Event()

        def write() -> None:
            while not ends.is_set():
                self.save()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(200):
                self.assertEqual(file.read_bytes(), whole)
        finally:
            ends.set()
            writer.join()
        self.assertEqual(self.files(), [file])

    def test_a_folder_that_cannot_be_is_no_fault(self) -> None:
        """A file in its place."""
        place = self.folder / "file"
        place.write_bytes(b"")
        self.save(folder=place)
        self.assertIsNone(self.load(folder=place))
        cache._remove_cache_and_update_lock(cache_path=place)

    def test_two_that_make_the_folder_at_once(self) -> None:
        """The one that comes late leaves its file out, without a fault."""

        def make(*_: object, **__: object) -> None:
            raise FileExistsError

        self.patch(os, "makedirs", make)
        self.save()
        self.assertEqual(self.files(), [])

    def test_it_is_mended_before_jedi_is_asked(self) -> None:
        """Once, and the answer is jedi's."""
        told: list[object] = []

        class Completer:
            def _jedi_matches(self, *asked: object) -> str:
                told.append((asked, cache._save_to_file_system.__name__))
                return "matches"

        parse_cache.keep_parsed_files_whole(Completer)
        self.assertEqual([Completer()._jedi_matches(1, 2), Completer()._jedi_matches(3)], ["matches", "matches"])
        self.assertEqual(told, [((1, 2), "save_whole"), ((3,), "save_whole")])
