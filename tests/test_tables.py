"""Rows of large files of values: found by their numbers, in any order, in portions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.io.files import tables
from webipy.io.files.tables import TABLES_KEPT, Tables
from webipy.server.ports.files import FileRecord, TableQuery, TableRows


class TablesTestCase(SynchronousTestCase):
    """Files in a folder."""

    def setUp(self) -> None:
        """No file yet."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.portions = 0
        self.tables = Tables(self.run_portion, self.open_file)

    def run_portion(self, call: Any) -> Deferred[Any]:
        """Does at once what a thread would do."""
        self.portions += 1
        return execute(call)

    def open_file(self, path: str) -> tuple[int, FileRecord]:
        """As a root does."""
        fd = os.open(self.folder / path, os.O_RDONLY)
        there = os.fstat(fd)
        return fd, FileRecord(path, "file", there.st_size, "", f"{there.st_ino}-{there.st_mtime_ns}", True)

    def read(self, path: str, **asked: Any) -> TableRows:
        """Some rows."""
        query = TableQuery(path, **{"limit": 10, **asked})
        return self.successResultOf(Deferred.fromCoroutine(self.tables.rows(query)))

    def put(self, name: str, body: str | bytes) -> str:
        """A file; gives its name."""
        (self.folder / name).write_bytes(body.encode() if isinstance(body, str) else body)
        return name


class Rows(TablesTestCase):
    """As they stand in the file."""

    def test_rows_are_found_by_their_numbers(self) -> None:
        """Anywhere in a file of many portions, whatever is quoted."""
        lines = [f'{n},"name\n{n}, ""q"""' if n % 7 == 0 else f"{n},plain {n}" for n in range(30_000)]
        path = self.put("a.csv", "id,name\n" + "\n".join(lines) + "\n")
        self.patch(tables, "PORTION_BYTES", 20_000)
        for first in (0, 1, 63, 64, 65, 14_000, 29_995):
            found = self.read(path, offset=first)
            ids = [row[0] for row in found.rows]
            self.assertEqual(ids, [str(n) for n in range(first, min(first + 10, 30_000))])
        self.assertEqual(self.read(path, offset=14_000).rows[0][1], 'name\n14000, "q"')
        self.assertEqual((found.columns, found.total, found.is_whole), (["id", "name"], 30_000, True))
        self.assertEqual(self.read(path, offset=30_000).rows, [])

    def test_a_call_looks_through_no_more_than_it_needs(self) -> None:
        """And a little; the next call counts on."""
        path = self.put("a.csv", "id,name\n" + "".join(f"{n},name\n" for n in range(20_000)))
        self.patch(tables, "PORTION_BYTES", 10_000)
        first = self.read(path)
        self.assertFalse(first.is_whole)
        self.assertLess(first.total, 10_000)
        self.assertLess(self.portions, 12)
        while not (found := self.read(path, limit=0)).is_whole:
            pass
        self.assertEqual((found.total, found.rows), (20_000, []))

    def test_the_last_row_needs_no_end(self) -> None:
        """And an empty file has none; long rows come fewer at a time."""
        self.assertEqual(self.read(self.put("a.csv", "a,b\n1,2\n3,4")).rows, [["1", "2"], ["3", "4"]])
        self.assertEqual(self.read(self.put("b.csv", "")).total, 0)
        self.assertEqual(self.read(self.put("c.csv", "a,b\n")).total, 0)
        self.assertEqual(self.read(self.put("d.csv", "1,2\n3,4\n")).columns, [])
        path = self.put("long.csv", "a,b\n" + "".join(f"{n},{'x' * 300_000}\n" for n in range(30)))
        found = self.read(path, limit=30)
        self.assertEqual((len(found.rows), found.total), (6, 30))
        self.assertEqual(self.read(path, offset=29).rows[0][0], "29")

    def test_rows_larger_than_a_portion_are_found(self) -> None:
        """One that never closes its quotation mark is taken as it stands."""
        self.patch(tables, "PORTION_BYTES", 1000)
        path = self.put(
            "a.csv", "a,b\n" + "".join(f'{n},"{"y" * 1500}\n{n}"\n' for n in range(80)) + '80,"open\n81,z\n'
        )
        self.assertEqual([row[0] for row in self.read(path, offset=78).rows], ["78", "79", "80", "81"])

    def test_a_file_that_changes_is_another_one(self) -> None:
        """What is known of files has a limit."""
        path = self.put("a.csv", "a\n1\n")
        self.assertEqual(self.read(path).rows, [["1"]])
        os.utime(self.folder / self.put("a.csv", "a\n1\n2\n"), ns=(1, 1))
        self.assertEqual(self.read(path).rows, [["1"], ["2"]])
        for n in range(TABLES_KEPT + 5):
            self.read(self.put(f"{n}.csv", "a,b\n1,2\n"))
        self.assertEqual(len(self.tables._known), TABLES_KEPT)

    def test_what_is_no_table_is_refused(self) -> None:
        """In words."""
        query = TableQuery(self.put("a.csv", b"a,b\0c\n"))
        fault = self.failureResultOf(Deferred.fromCoroutine(self.tables.rows(query)), errors.FileFault)
        self.assertIn("open it as text", str(fault.value))


class Orders(TablesTestCase):
    """Sorted and filtered."""

    def setUp(self) -> None:
        super().setUp()
        values = ["10", "9", "", "b", "A", "-1"]
        self.path = self.put("a.csv", "v,n\n" + "".join(f"{value},{n}\n" for n, value in enumerate(values)))

    def column(self, **asked: Any) -> list[str]:
        """The first values of all rows."""
        return [row[0] for row in self.read(self.path, **asked).rows]

    def test_numbers_come_before_texts_and_what_is_empty_last(self) -> None:
        """Either way."""
        self.assertEqual(self.column(sort=0), ["-1", "9", "10", "A", "b", ""])
        self.assertEqual(self.column(sort=0, is_descending=True), ["b", "A", "10", "9", "-1", ""])
        self.assertEqual(self.column(sort=0, offset=1, limit=2), ["9", "10"])
        self.assertEqual(self.column(sort=7), ["10", "9", "", "b", "A", "-1"])

    def test_rows_with_a_text_are_left(self) -> None:
        """In whatever case, sorted or not."""
        self.assertEqual(self.column(filter="a"), ["A"])
        found = self.read(self.path, filter="1", sort=0, is_descending=True)
        self.assertEqual(([row[0] for row in found.rows], found.total), (["10", "9", "-1"], 3))
        self.assertEqual(self.column(filter="nothing"), [])

    def test_many_rows_are_ordered_in_portions(self) -> None:
        """Each is there once."""
        numbers = [(n * 7919) % 30_011 for n in range(30_000)]
        self.path = self.put("many.csv", "v\n" + "".join(f"{n}\n" for n in numbers))
        self.patch(tables, "PORTION_BYTES", 100_000)
        self.patch(tables, "MERGED_AT_ONCE", 1000)
        found: list[str] = []
        while rows := self.column(sort=0, offset=len(found), limit=5000):
            found += rows
        self.assertEqual(found, [str(n) for n in sorted(numbers)])
        self.assertGreater(self.portions, 40)

    def test_a_file_that_is_too_large_for_it_says_so(self) -> None:
        """Its rows can still be read."""
        self.patch(tables, "MAX_ORDERED_BYTES", 10)
        self.assertFalse(self.read(self.path).can_order)
        query = TableQuery(self.path, limit=1, sort=0)
        self.failureResultOf(Deferred.fromCoroutine(self.tables.rows(query)), errors.TooLarge)
