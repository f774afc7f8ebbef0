"""How a run of a notebook and its cells ended, as `webipy run --json` prints it."""

from __future__ import annotations

import msgspec

WORDS = {
    "ok": "every cell ended well",
    "error": "a cell failed",
    "lost": "its kernel died",
    "cancelled": "it was stopped",
    "timed_out": "it took longer than --timeout",
    "not_started": "its kernel did not start",
}
"""How a run ended, by its status."""


class CellEnd(msgspec.Struct, kw_only=True):
    """How a cell ended, for `--json`. With `may_fail` its failure is none of the run; with `is_exit` it has ended the run by `sys.exit(0)`."""

    cell: str
    execution: str
    status: str
    execution_count: int | None = None
    duration_s: float = 0.0
    reason: str = ""
    error: str = ""
    may_fail: bool = False
    is_exit: bool = False

    def fate(self) -> str:
        """The status, as far as the run is concerned."""
        return "ok" if self.status == "error" and (self.may_fail or self.is_exit) else self.status


class RunEnd(msgspec.Struct, kw_only=True):
    """How a run ended, for `--json`: `path` is the file with its result, `reason` is why the result is not where it was wanted."""

    run: str
    session: str
    path: str | None
    status: str
    cells: list[CellEnd]
    reason: str = ""
