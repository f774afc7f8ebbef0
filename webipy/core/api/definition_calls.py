"""The params and the result of the method `definition.get`: where a name is defined, and the source there.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import OfSession, Result

MAX_CODE = 200_000
"""Characters of code that a name is looked up in; far more than a person writes into a cell."""


class GetDefinition(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the name at `cursor` (unicode characters) in `code` is defined. A dotted name counts up to the end of the word that the cursor is in.

    A kernel that runs code and answers nothing meanwhile is not asked (failure `kernel_busy`).
    """

    code: Annotated[str, msgspec.Meta(max_length=MAX_CODE)]
    cursor: Annotated[int, msgspec.Meta(ge=0)]
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 10


class Definition(Result, frozen=True, kw_only=True):
    """Where `name` is defined.

    `status` is `found`; or `built_in` (compiled into the language or a library: there is no source to read), `no_source` (what defined it cannot be
    read), `value` (a variable that holds a value of `type`: a kernel does not note who assigned it), `unknown` (the kernel has no such name),
    `no_name` (there is none at the cursor) or `unsupported` (kernels of this language cannot be asked).

    When found, `place` is a `file`, which `file` names as the kernel sees it and `path` as the methods `file.*` do, where they reach it; a `cell`,
    the one that ran as `execution_count`; or the `code` that was asked about. `source` are some of its `lines` lines, from `first_line` on, and
    `line` (from 1) is the one to look at; of `code` there is only the line.
    """

    status: Literal["found", "built_in", "no_source", "value", "unknown", "no_name", "unsupported"]
    name: str = ""
    kind: Literal["function", "class", "module", "variable", ""] = ""
    type: str = ""
    place: Literal["file", "cell", "code"] | None = None
    file: str | None = None
    path: str | None = None
    execution_count: int | None = None
    line: int = 0
    source: str = ""
    first_line: int = 0
    lines: int = 0
