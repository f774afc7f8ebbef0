"""The params and results of `history.get`, as in `webipy.core.api.calls`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Raw

from webipy.core.api.calls import OfSession, Result


class GetHistory(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries of the kernel's own history to return."""

    n: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 100
    """The most entries, the last ones."""
    pattern: str | None = None
    """A glob that the inputs must match; null: all."""
    unique: bool = False
    """Whether an input that comes more than once is returned only once."""
    of: int | None = None
    """A session of the kernel's history, whose lines `start` to `stop` are returned whatever `n` and `pattern` say: 0 is that of the running kernel,
    -1 the one before; null: all sessions."""
    start: int = 0
    """The first line of that session, from 0."""
    stop: int | None = None
    """The line before which to end; null: to the last one."""
    raw: bool = True
    """Whether inputs are as they were typed, before the kernel transformed them."""
    output: bool = False
    """Whether each input comes with its output."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10


class History(Result, frozen=True, kw_only=True):
    """Entries of the kernel's own history (Jupyter messaging 5.4, history_reply)."""

    history: list[Raw]
    """The entries, each `[kernel session, line number, input]`; with outputs, the input is a pair `[input, output]`."""
