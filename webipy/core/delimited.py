"""Files of values between delimiters (CSV, TSV): how one is written, where its rows end, and what their cells are. No input and no output.

    the first bytes ──► `dialect_of`: delimiter, encoding, ends of lines
    some bytes ──► `Dialect.row`: the next whole row ──► `cells`

A row ends at the end of a line that is not within quotes. A quotation mark opens a quoted cell only at the beginning of a cell; one that is never
closed is a character like others, so that a single wrong cell does not swallow the rest of the file.

Source: RFC 4180, read as leniently as spreadsheets do.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

import msgspec

DELIMITERS = (",", "\t", ";", "|")
MAX_ROW_BYTES = 4 * 1024 * 1024
"""A quoted cell that is not closed within so many bytes is taken as it stands."""

HEAD_ROWS = 30
_ENCODINGS = {"utf-8": "utf-8", "windows-1252": "cp1252"}

csv.field_size_limit(2 * MAX_ROW_BYTES)

_NUMBER = re.compile(r"[-+\u2212]?[\d,._\s']*\d[\d,._\s']*(?:[eE][-+]?\d+)?\s*%?")


_DECIMAL_COMMA = re.compile(r"[-+]?\d+,(?:\d{1,2}|\d{4,})")


class Rows(msgspec.Struct, frozen=True):
    """Where rows of a dialect end, in bytes.

    Args:
        one: A whole row whose quoted cells are all closed.
        lenient: A row in which a quotation mark may stay open.
        many: As many whole rows as `AT_ONCE`.
    """

    one: re.Pattern[bytes]
    lenient: re.Pattern[bytes]
    many: re.Pattern[bytes]


AT_ONCE = 64


@cache
def _rows(delimiter: str, end: str) -> Rows:
    mark, feed = re.escape(delimiter.encode()), re.escape(end.encode())
    plain = b"[^%b%b]*+" % (mark, feed)
    quoted = b'"[^"]*+(?:""[^"]*+)*+"%b' % plain

    def row(cell: bytes) -> bytes:
        return b"(?>%b(?:%b%b)*+%b)" % (cell, mark, cell, feed)

    closed, any_cell = b'(?>%b|(?!")%b)' % (quoted, plain), b"(?>%b|%b)" % (quoted, plain)
    whole = row(closed)
    return Rows(re.compile(whole), re.compile(row(any_cell)), re.compile(b"(?:%b){%d}" % (whole, AT_ONCE)))


class Dialect(msgspec.Struct, frozen=True):
    """How a file is written.

    Args:
        delimiter: What stands between two cells.
        encoding: `utf-8` or `windows-1252`.
        end: What ends a line, but for a carriage return before it.
        start: Bytes before the first row.
    """

    delimiter: str
    encoding: str
    end: str = "\n"
    start: int = 0

    @property
    def rows(self) -> Rows:
        """Where its rows end."""
        return _rows(self.delimiter, self.end)

    def row(self, piece: bytes, at: int, is_last: bool) -> int | None:
        """Finds the end of a row.

        Args:
            piece: Bytes of the file.
            at: Where the row begins.
            is_last: Whether nothing comes after them.

        Returns:
            The place behind the row; `None` when more bytes are needed.
        """
        found = self.rows.one.match(piece, at)
        if found is None and (is_last or len(piece) - at > MAX_ROW_BYTES):
            found = self.rows.lenient.match(piece, at)
        if found is not None:
            return found.end()
        return len(piece) if is_last and at < len(piece) else None

    def cells(self, row: bytes) -> list[str]:
        """The cells of a row."""
        text = row.decode(_ENCODINGS[self.encoding], "replace").removesuffix(self.end).removesuffix("\r")
        lines = text.split("\n") if self.end == "\n" else [text]
        parts = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
        read = list(csv.reader(parts, delimiter=self.delimiter))
        if not read:
            return []
        return read[0] if len(read) == 1 else text.split(self.delimiter)


def encoding_of(head: bytes, is_whole: bool) -> str | None:
    """The encoding of a file.

    Args:
        head: Its first bytes.
        is_whole: Whether they are all.

    Returns:
        `utf-8` or `windows-1252`; `None` when it is in neither.
    """
    if b"\0" in head:
        return None
    try:
        head.decode()
    except UnicodeDecodeError as fault:
        is_cut = not is_whole and fault.reason == "unexpected end of data" and len(head) - fault.start < 4
        return "utf-8" if is_cut else "windows-1252"
    return "utf-8"


def dialect_of(head: bytes, is_whole: bool, delimiter: str | None = None, preferred: str = ",") -> Dialect | None:
    """How a file is written, by its beginning.

    Args:
        head: Its first bytes.
        is_whole: Whether they are all.
        delimiter: The delimiter, if it is known.
        preferred: The one that the name of the file suggests.

    Returns:
        The dialect; `None` when the file is no text in a known encoding.
    """
    encoding = encoding_of(head, is_whole)
    if encoding is None:
        return None
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    end = "\r" if b"\r" in head and b"\n" not in head else "\n"
    candidates = [delimiter] if delimiter is not None else [preferred, *(one for one in DELIMITERS if one != preferred)]
    dialects = [Dialect(one, encoding, end, start) for one in candidates]
    return max(dialects, key=lambda one: _fit(first_rows(one, head, is_whole)))


def first_rows(dialect: Dialect, head: bytes, is_whole: bool) -> list[list[str]]:
    """The cells of the first rows.

    Args:
        dialect: How the file is written.
        head: Its first bytes.
        is_whole: Whether they are all.
    """
    found: list[list[str]] = []
    at: int | None = dialect.start
    while at is not None and len(found) < HEAD_ROWS:
        end = dialect.row(head, at, is_whole)
        if end is not None:
            found.append(dialect.cells(head[at:end]))
        at = end
    return found


def _fit(rows: Sequence[Sequence[str]]) -> float:
    """How well a delimiter fits: rows that have as many cells as most have, if these are more than one."""
    widths = Counter(len(row) for row in rows if row)
    if not widths:
        return 0.0
    width, count = widths.most_common(1)[0]
    return count / sum(widths.values()) + min(width, 50) / 1000 if width > 1 else 0.0


def number_of(text: str) -> float | None:
    """The number that a cell shows; `None` for anything else."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    comma = _DECIMAL_COMMA.fullmatch(text.strip())
    plain = re.sub(r"[\s,_'%]", "", text if comma is None else text.replace(",", ".")).replace("\u2212", "-")
    try:
        return float(plain)
    except ValueError:
        return None


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of some rows names the columns: none of its cells is empty or a number, unless it is the only row."""
    return bool(rows) and all(cell.strip() != "" and number_of(cell) is None for cell in rows[0][1:] or rows[0])
