"""The params and the result of the method `definition.get`: where a name is defined, and the source there.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import OfSession, Result

MAX_CODE_CHARACTERS = 200_000
"""Of the code that a name is looked up in; far more than a person writes into a cell."""


class GetDefinition(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name to look up: the one at the cursor. A dotted name counts up to the end of the word that the cursor is in.

    A kernel that runs code and cannot answer meanwhile is not asked (failure `kernel_busy`).
    """

    code: Annotated[str, msgspec.Meta(max_length=MAX_CODE_CHARACTERS)]
    """The code that has the name; at most 200,000 unicode characters."""
    cursor: Annotated[int, msgspec.Meta(ge=0)]
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 10


class Definition(Result, frozen=True, kw_only=True):
    """Where a name is defined."""

    status: Literal["found", "built_in", "no_source", "value", "unknown", "no_name", "unsupported"]
    """`found`; or `built_in` (compiled into the language or a library: there is no source to read), `no_source` (what defined it cannot be read),
    `value` (a variable: a kernel does not note who assigned it), `unknown` (the kernel has no such name), `no_name` (there is none at the cursor) or
    `unsupported` (kernels of this language cannot be asked).
    """
    name: str = ""
    """The name; empty: there is none."""
    kind: Literal["function", "class", "module", "variable", ""] = ""
    """What the name is; empty: not known."""
    type: str = ""
    """The type of the value of a variable; empty: not known."""
    place: Literal["file", "cell", "code"] | None = None
    """Where it is defined: in a `file`, in a `cell`, or in the `code` of the call; null: not found."""
    file: str | None = None
    """The path of the file as the kernel sees it; null: it is in no file."""
    path: str | None = None
    """The path of the file relative to the server's root, for the methods `file.*`; null: they do not reach it."""
    execution_count: int | None = None
    """The number of the execution of the cell; null: it is in no cell."""
    line: int = 0
    """The line to look at, from 1; 0: none."""
    source: str = ""
    """Some lines of the source around it; of `code` only the line itself."""
    first_line: int = 0
    """The number of the first line of `source`, from 1; 0: there is none."""
    lines: int = 0
    """How many lines the whole source has."""
