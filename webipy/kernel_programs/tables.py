"""Reads rows of a table (a DataFrame of pandas or polars) inside a Python kernel, as a person asks for them.

A program as `webipy.kernel_programs.variables` is one, with its rules: only the standard library, the syntax of Python 3.8, no name of the user.

Which table an output shows is known by what it shows: the value whose HTML is that of the output, among the results of the session (`Out`) and what
its names hold. So another table is never taken for the one in the output; where the value is gone or was changed, there is none.

Invariants: a value is never changed, and never copied as a whole: a sort orders one column, and rows are taken out by their places. What was found,
and the last order of its rows, is held weakly, so that a table which the user deletes is gone.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

MOST_CANDIDATES = 40
"""Tables whose HTML is compared."""

MOST_FILTERED = 5_000_000
"""Values of a table that is filtered: each is made a text for it."""

LONGEST = 2000
"""Characters of a value, where it is not asked for whole."""

LONGEST_WHOLE = 8_000_000
"""The same, where it is."""

MOST_AT_ONCE = 2_000_000
"""Characters of all rows of an answer, over which it has no further row."""


class Answer:
    """The result of the inquiry: a MIME bundle, and no text."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def __repr__(self) -> str:
        return "<table>"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"application/json": self._found}


def text(value: Any, longest: float = LONGEST) -> str:
    """The text of a value, without anything that JSON cannot carry.

    Args:
        value: The value.
        longest: How many characters it may have.
    """
    try:
        shown = str(value)
    except Exception as trouble:  # whatever the code of a class raises is no fault of the table
        shown = f"<{type(trouble).__name__}>"
    if value != value and shown == "nan":
        shown = "NaN"
    short = shown if len(shown) <= longest else shown[: int(longest) - 1] + "…"
    return short.encode("utf-8", "replace").decode("utf-8")


def texts(rows: Iterable[Any], longest: float) -> list[list[str]]:
    """The texts of rows, as many as one answer has.

    Args:
        rows: The values of each row.
        longest: How many characters a text may have.
    """
    found: list[list[str]] = []
    size = 0
    for row in rows:
        found.append([text(one, longest) for one in row])
        size += sum(map(len, found[-1]))
        if size > MOST_AT_ONCE:
            break
    return found


class Kind(NamedTuple):
    """What one library does otherwise than another. Places are numbers of rows, in the order that is shown."""

    has_labels: Callable[[Any], bool]
    """Whether the rows of a table have names."""

    matching: Callable[[Any, str], Any]
    """The places of the rows that have a value with a text in it."""

    ordered: Callable[[Any, int, bool, Any], Any]
    """The places of all rows, or of those given, sorted by a column, the greatest first or last."""

    part: Callable[[Any, Any], Any]
    """The rows at some places, or in a slice, as a table."""

    tuples: Callable[[Any], Iterable[Any]]
    """The values of each row."""

    labels: Callable[[Any, Sequence[int]], Iterable[Any]]
    """The names of the rows of a part, which have these places."""


def _pandas_matching(frame: Any, wanted: str) -> Any:
    """See `Kind.matching`."""
    found = None
    for at in range(len(frame.columns)):
        texts = frame.iloc[:, at].reset_index(drop=True).astype(str)
        here = texts.str.contains(wanted, case=False, regex=False).to_numpy(dtype=bool)
        found = here if found is None else found | here
    return [] if found is None else found.nonzero()[0]


def _pandas_ordered(frame: Any, at: int, descending: bool, places: Any) -> Any:
    """See `Kind.ordered`."""
    column = frame.iloc[:, at].reset_index(drop=True)
    if places is not None:
        column = column.iloc[places]
    try:
        ordered = column.sort_values(ascending=not descending, kind="stable", na_position="last")
    except TypeError:  # values that cannot be compared with each other
        ordered = column.astype(str).sort_values(ascending=not descending, kind="stable")
    return ordered.index.to_numpy()


def _polars_matching(frame: Any, wanted: str) -> Any:
    """See `Kind.matching`."""
    low = wanted.lower()
    return [at for at, row in enumerate(frame.iter_rows()) if any(low in text(one).lower() for one in row)]


def _polars_ordered(frame: Any, at: int, descending: bool, places: Any) -> Any:
    """See `Kind.ordered`."""
    column = frame.to_series(at)
    column = column if places is None else column[places]
    order = column.arg_sort(descending=descending, nulls_last=True).to_list()
    return order if places is None else [places[at] for at in order]


KINDS = {
    "pandas": Kind(
        has_labels=lambda frame: type(frame.index).__name__ != "RangeIndex",
        matching=_pandas_matching,
        ordered=_pandas_ordered,
        part=lambda frame, places: frame.iloc[places],
        tuples=lambda part: part.itertuples(index=False, name=None),
        labels=lambda part, places: part.index,
    ),
    "polars": Kind(
        has_labels=lambda frame: False,
        matching=_polars_matching,
        ordered=_polars_ordered,
        part=lambda frame, places: frame[places],
        tuples=lambda part: part.iter_rows(),
        labels=lambda part, places: places,
    ),
}
"""The libraries whose tables are read, by the names of their modules."""


class Table:
    """A DataFrame.

    Args:
        frame: The DataFrame.
        kind: What its library does otherwise than others.
    """

    def __init__(self, frame: Any, kind: Kind) -> None:
        self.frame, self.kind = frame, kind
        self.total = len(frame)
        self.columns = [text(name) for name in frame.columns]
        self.has_labels = kind.has_labels(frame)

    def places(self, sort: int, descending: bool, wanted: str) -> Any:
        """The places of rows in an order; `None` for all as they are.

        Args:
            sort: The column; -1 for none.
            descending: Whether the greatest comes first.
            wanted: A text that a value of each row has in it.
        """
        places = self.kind.matching(self.frame, wanted) if wanted else None
        return places if sort < 0 else self.kind.ordered(self.frame, sort, descending, places)

    def rows(self, places: Any, first: int, limit: int, longest: int) -> tuple[list[list[str]], list[str]]:
        """Some rows, and their names.

        Args:
            places: The places of all rows; `None` for all as they are.
            first: The first of them.
            limit: How many at most.
            longest: How many characters the text of a value has at most.
        """
        taken = slice(first, first + limit)
        part = self.kind.part(self.frame, taken if places is None else places[taken])
        values = texts(self.kind.tuples(part), longest)
        at = range(self.total)[taken] if places is None else places[taken]
        return values, [text(one) for one in itertools.islice(self.kind.labels(part, at), len(values))]


def view(value: Any) -> Any:
    """What reads a table; `None` for anything else."""
    for module, kind in KINDS.items():
        frame = getattr(sys.modules.get(module), "DataFrame", None)
        if frame is not None and isinstance(value, frame):
            return Table(value, kind)
    return None


def html_of(value: Any) -> str:
    """The HTML of a table, as an output has it."""
    try:
        return str(value._repr_html_() or "").strip()
    except Exception:  # a table that is being changed by the cell that runs
        return ""


def candidates(shell: Any) -> list[Any]:
    """The tables that the session has, the latest results first."""
    space = shell.user_ns
    results = space.get("_oh")
    of_results = list(results.values())[::-1] if isinstance(results, dict) else []
    found: dict[int, Any] = {}
    for value in itertools.chain(of_results, list(space.values())):
        if len(found) < MOST_CANDIDATES and id(value) not in found and view(value) is not None:
            found[id(value)] = value
    return list(found.values())


class Last:
    """What was asked for last: the table, held weakly, and the order of its rows."""

    table: Any = None
    order: tuple[Any, ...] = ()
    places: Any = None


def find(shell: Any, html: str) -> Any:
    """The table whose HTML this is; `None` when there is none (any more).

    Args:
        shell: IPython's shell.
        html: The HTML.
    """
    last = Last.table() if Last.table is not None else None
    tables = candidates(shell)
    known = [one for one in tables if one is last]
    for value in [*known, *(one for one in tables if one is not last)]:
        if html_of(value) == html.strip():
            return value
    return None


def rows(
    shell: Any, html: str, first: int, limit: int, sort: int, descending: int, wanted: str, whole: int = 0
) -> Answer:
    """Some rows of the table that an output shows.

    Args:
        shell: IPython's shell.
        html: The HTML of the output.
        first: The first row, from 0.
        limit: How many at most.
        sort: The column that rows are sorted by; -1 for none.
        descending: Whether the greatest value comes first; 0 or 1.
        wanted: A text that a value of each row has in it; empty for all rows.
        whole: Whether long values are whole; 0 or 1.
    """
    value = find(shell, html)
    if value is None:
        return Answer({"status": "gone"})
    table = view(value)
    can_filter = table.total * max(1, len(table.columns)) <= MOST_FILTERED
    order = (html, shell.execution_count, table.total, sort, descending, wanted if can_filter else "")
    if Last.table is None or Last.table() is not value or Last.order != order:
        Last.places = table.places(sort, bool(descending), order[-1])
        Last.table, Last.order = weakref.ref(value), order
    places = Last.places
    shown, labels = table.rows(places, first, limit, LONGEST_WHOLE if whole else LONGEST)
    return Answer(
        {
            "status": "shown",
            "columns": table.columns,
            "rows": shown,
            "labels": labels,
            "has_labels": table.has_labels,
            "total": table.total if places is None else len(places),
            "can_filter": can_filter,
        }
    )
