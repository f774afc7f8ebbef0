"""Rows of files of values between delimiters, by their numbers, however large the file is. Everything here blocks, in portions.

    a file ──► `Table.go_on`: a mark for every 64 rows or so, some MiB at a time ──► `Table.rows`: read from the mark before
          └──► `Table.order_on`, where it is not too large: another order of its rows, or some of them, made in portions, too

What is known of a file is kept for the next call, by its etag: a file that has changed is another one. No row is kept, only where it begins.

Invariants: one portion takes some tens of milliseconds; no list is sorted in one piece, which would keep the interpreter, and the reactor with it;
the file that is read is the one that was opened, also when it is replaced meanwhile.

Rejected: the whole file in the page (a table of 100 MB over a slow line); SQLite (all of it is written once more before the first row shows).
"""

from __future__ import annotations

import heapq
import os
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import attrs

from webipy.core import errors
from webipy.core.delimited import AT_ONCE, MAX_ROW_BYTES, Dialect, dialect_of, first_rows, has_header, number_of
from webipy.io.reactor import Run
from webipy.server.ports.files import FileRecord, TableQuery, TableRows

PORTION_BYTES = 2 * 1024 * 1024
"""Looked through in one go."""

HEAD_BYTES = 64 * 1024
SLACK_PORTIONS = 4
"""Portions that a call looks through beyond what it was asked for."""

MAX_ORDERED_BYTES = 16 * 1024 * 1024
"""Of a file that can be sorted and filtered; in a larger one that takes too long."""

MAX_ANSWER_BYTES = 2 * 1024 * 1024
"""Of the rows of one answer; there are fewer when they are long."""

ROW_BYTES = 4096
"""Read at first for a single row."""

MERGED_AT_ONCE = 20_000
ORDERS_KEPT = 2
TABLES_KEPT = 8
SORTED_AT_ONCE = 2048

Key = tuple[bool, float, str, int]
"""Of a row in an order: whether its cell is a text, its number, its text, and where it begins."""


def _offsets() -> array[int]:
    return array("Q")


@attrs.define(eq=False)
class Ordering:
    """The rows of a table in another order, or some of them.

    Args:
        query: What is asked for.
    """

    query: TableQuery
    offsets: array[int] = attrs.field(factory=_offsets)
    at: int = 0
    is_read: bool = False
    is_whole: bool = False
    _blank: array[int] = attrs.field(factory=_offsets)
    _pieces: list[list[Key]] = attrs.field(factory=list)
    _merged: Iterator[Key] | None = None

    def take(self, cells: list[str], offset: int) -> None:
        """Takes a row in, if it belongs to it.

        Args:
            cells: Its cells.
            offset: Where it begins.
        """
        wanted = self.query.filter.casefold()
        if wanted and wanted not in "\0".join(cells).casefold():
            return
        if self.query.sort is None:
            self.offsets.append(offset)
            return
        cell = cells[self.query.sort].strip() if self.query.sort < len(cells) else ""
        if cell == "":
            self._blank.append(offset)
            return
        number = number_of(cell)
        if not self._pieces or len(self._pieces[-1]) >= SORTED_AT_ONCE:
            self._pieces.append([])
        self._pieces[-1].append((number is None, number or 0.0, "" if number is not None else cell.casefold(), offset))

    def merge(self) -> None:
        """A part of the work at the end, when all rows are taken in: numbers come before texts, and what is empty is last either way."""
        if self._merged is None:
            for piece in self._pieces:
                piece.sort()
            self._merged = heapq.merge(*self._pieces)
        taken = list(islice(self._merged, MERGED_AT_ONCE))
        self.offsets.extend(one[-1] for one in taken)
        if len(taken) < MERGED_AT_ONCE:
            if self.query.is_descending:
                self.offsets.reverse()
            self.offsets.extend(self._blank)
            self._pieces, self._merged, self.is_whole = [], None, True


@attrs.define(eq=False)
class Table:
    """What is known of one file.

    Args:
        dialect: How it is written.
        size: Its bytes.
        columns: The names of its columns; empty when its first row is a row like others.
        first: Where its first row begins, behind the names.
    """

    dialect: Dialect
    size: int
    columns: list[str]
    first: int
    at: int = attrs.field(init=False)
    """Up to where it was looked through."""
    count: int = 0
    """Rows up to there."""
    orders: OrderedDict[TableQuery, Ordering] = attrs.field(factory=OrderedDict)
    _marked_rows: array[int] = attrs.field(factory=_offsets)
    _marked_offsets: array[int] = attrs.field(factory=_offsets)

    def __attrs_post_init__(self) -> None:
        self.at = self.first

    @property
    def is_whole(self) -> bool:
        """Whether all of it was looked through."""
        return self.at >= self.size

    def go_on(self, fd: int) -> None:
        """Looks through the next portion.

        Args:
            fd: The file.
        """
        piece, is_last = self._piece(fd, self.at, PORTION_BYTES)
        at, many = 0, self.dialect.rows.many
        while (found := many.match(piece, at)) is not None:
            self._mark(at)
            self.count += AT_ONCE
            at = found.end()
        is_marked = False
        while is_last or at == 0:  # what is left at the end, or rows so long that there are not that many in a portion
            end = self.dialect.row(piece, at, is_last)
            if end is None:
                break
            if not is_marked:
                self._mark(at)
                is_marked = True
            self.count += 1
            at = end
            if not is_last and at > len(piece) // 2:
                break
        self.at = self.size if is_last else self.at + at

    def _mark(self, at: int) -> None:
        self._marked_rows.append(self.count)
        self._marked_offsets.append(self.at + at)

    def _piece(self, fd: int, at: int, size: int) -> tuple[bytes, bool]:
        """Some bytes with at least one whole row, and whether nothing comes after them."""
        piece = os.pread(fd, size, at)
        while piece and at + len(piece) < self.size and self.dialect.row(piece, 0, False) is None:
            more = os.pread(fd, MAX_ROW_BYTES, at + len(piece))
            if not more:
                break
            piece += more
        return piece, not piece or at + len(piece) >= self.size

    def rows(self, fd: int, first: int, limit: int) -> list[list[str]]:
        """The cells of some rows, which were looked through.

        Args:
            fd: The file.
            first: The number of the first one, from 0.
            limit: How many at most.
        """
        mark = bisect_right(self._marked_rows, first) - 1
        if mark < 0:
            return []
        skipped = first - self._marked_rows[mark]
        found: list[list[str]] = []
        size = 0
        for _offset, row in islice(self._read(fd, self._marked_offsets[mark]), skipped, skipped + limit):
            size += len(row)
            if found and size > MAX_ANSWER_BYTES:
                break
            found.append(self.dialect.cells(row))
        return found

    def rows_of(self, fd: int, offsets: Iterable[int]) -> list[list[str]]:
        """The cells of the rows that begin at these places.

        Args:
            fd: The file.
            offsets: The places.
        """
        found: list[list[str]] = []
        size = 0
        for offset in offsets:
            _, row = next(self._read(fd, offset, ROW_BYTES))
            size += len(row)
            if found and size > MAX_ANSWER_BYTES:
                break
            found.append(self.dialect.cells(row))
        return found

    def _read(self, fd: int, offset: int, size: int = HEAD_BYTES) -> Iterator[tuple[int, bytes]]:
        """The rows from a place on, each with where it begins."""
        while offset < self.size:
            piece, is_last = self._piece(fd, offset, size)
            at, end = 0, self.dialect.row(piece, 0, is_last)
            if end is None:
                return  # the file was cut off
            while end is not None:
                yield offset + at, piece[at:end]
                at, end = end, self.dialect.row(piece, end, is_last)
            offset += at

    def order_on(self, fd: int, order: Ordering) -> None:
        """A portion of the work for another order.

        Args:
            fd: The file.
            order: The order.
        """
        if order.is_read:
            order.merge()
            return
        begin = max(order.at, self.first)
        for offset, row in self._read(fd, begin):
            if offset >= begin + PORTION_BYTES // 8:
                order.at = offset
                return
            order.take(self.dialect.cells(row), offset)
        order.is_read = True
        order.is_whole = order.query.sort is None


@attrs.define(eq=False)
class Tables:
    """The tables of a root.

    Args:
        run: Runs a function that blocks in a thread.
        open_file: Opens a file below the root.
    """

    run: Run
    open_file: Callable[[str], tuple[int, FileRecord]]
    _known: OrderedDict[tuple[str, str, str], Table] = attrs.field(factory=OrderedDict)

    async def rows(self, query: TableQuery) -> TableRows:
        """Some rows of a file.

        Args:
            query: Which ones.

        Raises:
            errors.NotFound, errors.FileFault: It cannot be read, or is no table.
            errors.TooLarge: It is too large to be sorted or filtered.
        """
        fd, record = await self.run(lambda: self.open_file(query.path))
        try:
            table = await self.run(lambda: self._table(fd, record, query))
            if query.is_plain:
                return await self._plain(fd, record, table, query)
            return await self._ordered(fd, record, table, query)
        finally:
            os.close(fd)

    def _table(self, fd: int, record: FileRecord, query: TableQuery) -> Table:
        key = (record.path, record.etag, query.delimiter or "")
        known = self._known.pop(key, None)
        if known is None:
            known = _begin(fd, record, query)
        self._known[key] = known
        while len(self._known) > TABLES_KEPT:
            self._known.popitem(last=False)
        return known

    async def _plain(self, fd: int, record: FileRecord, table: Table, query: TableQuery) -> TableRows:
        slack = SLACK_PORTIONS
        while not table.is_whole and (table.count < query.offset + query.limit or slack > 0):
            slack -= table.count >= query.offset + query.limit
            await self.run(lambda: table.go_on(fd))
        rows = await self.run(lambda: table.rows(fd, query.offset, query.limit))
        return _answer(record, table, rows, table.count, table.is_whole)

    async def _ordered(self, fd: int, record: FileRecord, table: Table, query: TableQuery) -> TableRows:
        if table.size > MAX_ORDERED_BYTES:
            raise errors.TooLarge(
                f"Files of up to {MAX_ORDERED_BYTES // 2**20} MiB can be sorted and filtered; read this one with code.",
                limit_bytes=MAX_ORDERED_BYTES,
            )
        key = attrs.evolve(query, offset=0, limit=0)
        order = table.orders.pop(key, None) or Ordering(key)
        table.orders[key] = order
        while len(table.orders) > ORDERS_KEPT:
            table.orders.popitem(last=False)
        while not order.is_whole:
            await self.run(lambda: table.order_on(fd, order))
        wanted = order.offsets[query.offset : query.offset + query.limit]
        rows = await self.run(lambda: table.rows_of(fd, wanted))
        return _answer(record, table, rows, len(order.offsets), True)


def _begin(fd: int, record: FileRecord, query: TableQuery) -> Table:
    """Looks at the beginning of a file."""
    head = os.pread(fd, HEAD_BYTES, 0)
    is_whole = len(head) >= record.size
    preferred = "\t" if record.path.lower().endswith((".tsv", ".tab")) else ","
    dialect = dialect_of(head, is_whole, query.delimiter, preferred)
    if dialect is None:
        raise errors.FileFault(
            f"{record.path!r} is no table of text in UTF-8 or Windows-1252; open it as text.",
            reason="not_a_table",
            path=record.path,
        )
    rows = first_rows(dialect, head, is_whole)
    if not has_header(rows):
        return Table(dialect, record.size, [], dialect.start)
    return Table(dialect, record.size, rows[0], dialect.row(head, dialect.start, is_whole) or dialect.start)


def _answer(record: FileRecord, table: Table, rows: list[list[str]], total: int, is_whole: bool) -> TableRows:
    return TableRows(
        columns=table.columns,
        rows=rows,
        total=total,
        is_whole=is_whole,
        can_order=table.size <= MAX_ORDERED_BYTES,
        delimiter=table.dialect.delimiter,
        encoding=table.dialect.encoding,
        record=record,
    )
