"""Files of values between delimiters: how they are written, and where their rows end."""

from __future__ import annotations

import csv
import io
import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.delimited import MAX_ROW_BYTES, Dialect, dialect_of, encoding_of, first_rows, has_header, number_of


def read(body: bytes) -> tuple[str, list[list[str]]]:
    """The delimiter of a small file, and its rows."""
    dialect = dialect_of(body, True)
    assert dialect is not None
    return dialect.delimiter, first_rows(dialect, body, True)


class Dialects(SynchronousTestCase):
    """What is found out of the first bytes."""

    def test_the_delimiter_is_the_one_that_all_rows_have(self) -> None:
        """Also where values have others in them."""
        self.assertEqual(read(b"a,b\n1,2\n"), (",", [["a", "b"], ["1", "2"]]))
        self.assertEqual(read(b"a;b\n1,5;2,5\n3,5;4\n"), (";", [["a", "b"], ["1,5", "2,5"], ["3,5", "4"]]))
        self.assertEqual(read(b"a\tb, c\n1\t2\n")[0], "\t")
        self.assertEqual(read(b"a|b\n1|2\n")[0], "|")
        self.assertEqual(read(b"one\ntwo\n"), (",", [["one"], ["two"]]))
        self.assertEqual(read(b""), (",", []))
        known = dialect_of(b"a;b\n", True, ",")
        self.assertEqual(known and known.delimiter, ",")

    def test_lines_end_in_three_ways(self) -> None:
        """A byte order mark is no part of the first name."""
        for body in (b"a,b\n1,2\n", b"a,b\r\n1,2\r\n", b"a,b\r1,2\r", b"\xef\xbb\xbfa,b\n1,2"):
            self.assertEqual(read(body)[1], [["a", "b"], ["1", "2"]])

    def test_the_encoding_is_known_by_the_bytes(self) -> None:
        """A character that is cut at the end is no sign of another one."""
        self.assertEqual(encoding_of("ä".encode(), True), "utf-8")
        self.assertEqual(encoding_of("aä".encode()[:-1], False), "utf-8")
        self.assertEqual(encoding_of("aä".encode()[:-1], True), "windows-1252")
        self.assertEqual(read("gr\u00fc\u00df,\u20ac\n".encode("cp1252"))[1], [["gr\u00fc\u00df", "\u20ac"]])
        self.assertIsNone(encoding_of(b"a\0b", True))
        self.assertIsNone(dialect_of("a,b".encode("utf-16"), True))


class Rows(SynchronousTestCase):
    """Where rows end, and what is in them."""

    def test_quoted_values_hold_lines_and_delimiters(self) -> None:
        """A quotation mark within a value is a character."""
        self.assertEqual(
            read(b'n,t\n1,"x\ny, ""z"""\n2,5" pipe\n')[1], [["n", "t"], ["1", 'x\ny, "z"'], ["2", '5" pipe']]
        )

    def test_a_mark_that_stays_open_costs_its_row_alone(self) -> None:
        """At the end of the file, or when too much would be in it."""
        self.assertEqual(read(b'a,b\n1,"open\n2,x\n')[1], [["a", "b"], ["1", "open"], ["2", "x"]])
        dialect = Dialect(",", "utf-8")
        long = b'1,"open\n' + b"x" * MAX_ROW_BYTES
        self.assertEqual(dialect.row(long, 0, False), 8)
        self.assertIsNone(dialect.row(b'1,"open\n', 0, False))

    def test_it_reads_what_others_write(self) -> None:
        """Rows as Python's csv writes them, with all that is hard in them."""
        chance = random.Random(1)
        for _ in range(200):
            rows = [
                ["".join(chance.choice('ab",;\n \t') for _ in range(chance.randrange(6))) for _ in range(3)]
                for _ in range(5)
            ]
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            self.assertEqual(first_rows(Dialect(",", "utf-8"), text.getvalue().encode(), True), rows)

    def test_the_first_row_names_the_columns_unless_it_has_numbers(self) -> None:
        """The first name may be missing, as pandas leaves it out for an index."""
        self.assertTrue(has_header([["", "a"], ["0", "1"]]))
        self.assertTrue(has_header([["a"], ["1"]]))
        self.assertFalse(has_header([["1", "2"], ["3", "4"]]))
        self.assertFalse(has_header([]))

    def test_numbers_are_read_as_people_write_them(self) -> None:
        """With signs around them."""
        found = [
            number_of(text)
            for text in ("1", "-1.5", "1,000", "1e3", "12 %", "\u22122", "1,5", "a", "", "1a", "2026-01-01")
        ]
        self.assertEqual(found, [1.0, -1.5, 1000.0, 1000.0, 12.0, -2.0, 1.5, None, None, None, None])
