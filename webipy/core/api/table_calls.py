"""The params and the result of the method `table.read`: rows of a file of values between delimiters, such as CSV.

See webipy.core.api.file_calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import Result
from webipy.core.api.file_calls import OfFile

Delimiter = Literal[",", "\t", ";", "|"]


class ReadTable(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows of a file to return. Only files of up to 16 MiB are sorted and filtered (else failure `too_large`)."""

    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The number of the first row, from 0; a first line that names the columns is no row."""
    limit: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 200
    """The most rows that are returned."""
    delimiter: Delimiter | None = None
    """What stands between two values; null: it is found out."""
    sort: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The number of the column that rows are sorted by, from 0; null: as they stand in the file."""
    descending: bool = False
    """Whether the greatest value comes first; rows without a value come last either way."""
    filter: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """Only rows with a value that has this text in it, in whatever case; empty: all rows."""


class TablePart(Result, frozen=True, kw_only=True):
    """Some rows of a file."""

    columns: list[str]
    """The names of the columns; empty: the file has none."""
    rows: list[list[str]]
    """The values of each row; there are fewer rows than asked for when they are long."""
    offset: int
    """The number of the first of them, from 0."""
    total: int
    """How many rows there are; how many were found up to now, if `is_whole` is false."""
    is_whole: bool
    """Whether the whole file was counted; else the next call counts on."""
    can_order: bool
    """Whether the file is small enough to be sorted and filtered."""
    delimiter: str
    """What stands between two values."""
    encoding: Literal["utf-8", "windows-1252"]
    size: int
    """The size of the whole file, in bytes."""
    etag: str
