"""The params and the results of the methods `variable.*`: the names that a person has made in a kernel, what they hold, and rows of tables.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import OfSession, Result


class ListVariables(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to wait for the variables of the kernel.

    The kernel makes the texts of the values. That may run code of classes that were defined there; its output goes nowhere.
    """

    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 20


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A name and what it holds."""

    name: str
    """The name."""
    type: str
    """The name of the type of the value."""
    group: Literal["value", "function", "module"]
    """What kind of thing the value is."""
    size: list[int] | None
    """Its length, or its shape; null: it has none."""
    text: str
    """The value as a short text."""


class VariableList(Result, frozen=True, kw_only=True):
    """The first few hundred variables, values before functions and modules."""

    status: Literal["listed", "unsupported"] = "listed"
    """Whether the kernel could be asked: `unsupported` for kernels of other languages."""
    variables: list[Variable] = []
    """The variables."""
    all: int = 0
    """How many variables there are."""


class ReadVariable(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows of a table to return. The table is known by the HTML that it was shown with.

    The kernel makes the texts of the values. That may run code of classes that were defined there; its output goes nowhere.
    """

    html: Annotated[str, msgspec.Meta(max_length=1_000_000)]
    """The `text/html` of the output that shows the table."""
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The number of the first row, from 0."""
    limit: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 200
    """The most rows that are returned; fewer are when they are long."""
    sort: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The number of the column that rows are sorted by, from 0; null: as they are in the table."""
    descending: bool = False
    """Whether the greatest value comes first; rows without a value come last either way."""
    filter: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """Only rows with a value that has this text in it, in whatever case; empty: all rows. Without effect if `can_filter` is false."""
    whole: bool = False
    """Whether a value is returned whole, up to 8 million characters; otherwise one of more than 2,000 is cut, and ends with `…`."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 20


class VariablePart(Result, frozen=True, kw_only=True):
    """Some rows of a table in the kernel."""

    status: Literal["shown", "gone", "unsupported"] = "unsupported"
    """`gone`: the kernel has no table that is shown like that, as it was changed or let go of; `unsupported` for kernels of other languages."""
    columns: list[str] = []
    """The names of the columns."""
    rows: list[list[str]] = []
    """The values of each row, as texts."""
    labels: list[str] = []
    """The name of each of these rows."""
    has_labels: bool = False
    """Whether rows have names of their own, and not their numbers."""
    total: int = 0
    """How many rows there are."""
    can_filter: bool = False
    """Whether the table is small enough to be filtered."""
