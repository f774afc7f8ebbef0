"""How many of the things that each client tries it reaches: the table that `make clients` ends with.

A test says what its client has reached (`note`) before it fails or passes, and why it does not reach the rest (`except_for`); `python -m
tests.clients` prints the table, and below it the reasons. Without it nothing is kept.
"""

from __future__ import annotations

import functools
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from twisted.trial.unittest import SkipTest

FILE: Final = "WEBIPY_SCORE"
"""The variable with the file that takes what is reached, a line of JSON each."""

ROWS: Final = {
    "@jupyterlab/services": "what a page asks; a kill -9 of the server",
    "VS Code": "finds a server, starts, runs, interrupts, resumes a busy kernel, restarts",
    "nbclient": "runs a notebook, with a gateway",
    "papermill": "runs a notebook with parameters, with a gateway",
    "jupyter_kernel_client": "executes, fails, restarts",
    "jupyter_kernel_client, its tests": "its own tests",
    "jupyter_kernel_test": "the tests of a kernel, over the socket",
    "jupyter-mcp-server": "makes, reads, edits, runs, moves, clears and deletes cells; a person edits between",
    "jupyter_nbmodel_client": "edits with another one and a person, runs a cell; a kill -9 of the server",
    "jupyter run --existing": "runs a script in the kernel of a session",
    "jupyter console --existing": "types into the kernel of a session",
    "JupyterLab, /lab": "opens, runs, asks, completes, interrupts, restarts; a reload and a kill -9 in a run: every line",
    "jupyter lab --gateway-url": "runs, interrupts, restarts; a kill -9 of webipy in a run: every line",
    "Jupyter Server's tests": "all of its own tests, and of its terminals, that ask a server something",
}
"""The clients, and what they try."""


Case = TypeVar("Case")


def note(client: str, reached: int, of: int) -> None:
    """Keeps what a client has reached.

    Args:
        client: One of `ROWS`.
        reached: How many steps, or tests, were as they should be.
        of: How many there are.
    """
    assert client in ROWS, client
    place = os.environ.get(FILE)
    if place:
        with open(place, "a", encoding="utf-8") as file:
            file.write(json.dumps([client, reached, of]) + "\n")


def except_for(client: str, what: str, reason: str) -> None:
    """Keeps what a client does not reach.

    Args:
        client: One of `ROWS`.
        what: What it tries.
        reason: Why it does not reach it, one sentence.
    """
    assert client in ROWS, client
    place = os.environ.get(FILE)
    if place:
        with open(place, "a", encoding="utf-8") as file:
            file.write(json.dumps({"client": client, "what": what, "reason": reason}) + "\n")


def whole(client: str, of: int) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """Decorates a test whose client has reached all of its steps when it passes, and none when it fails.

    Args:
        client: One of `ROWS`.
        of: How many steps there are.
    """

    def decorated(test: Callable[[Case], None]) -> Callable[[Case], None]:
        @functools.wraps(test)
        def run(case: Case) -> None:
            try:
                test(case)
            except SkipTest:
                raise
            except BaseException:
                note(client, 0, of)
                raise
            note(client, of, of)

        return run

    return decorated


def table(noted: Path) -> str:
    """The table.

    Args:
        noted: The file with what was reached.
    """
    sums: dict[str, tuple[int, int]] = {}
    for client, reached, of in _noted(noted, list):
        before = sums.get(client, (0, 0))
        sums[client] = (before[0] + reached, before[1] + of)
    rows = [(client, what, "{}/{}".format(*sums[client]) if client in sums else "-") for client, what in ROWS.items()]
    rows.append(("all", "", "{}/{}".format(*(sum(one[part] for one in sums.values()) for part in (0, 1)))))
    first, second = (max(len(row[part]) for row in rows) for part in (0, 1))
    return "\n".join(f"{client:{first}}  {what:{second}}  {found:>7}" for client, what, found in rows)


def reasons(noted: Path) -> str:
    """What is not reached, by client and reason: how many of each test's cases; empty when everything is.

    Args:
        noted: The file with what was reached.
    """
    found: dict[tuple[str, str], Counter[str]] = {}
    for one in _noted(noted, dict):
        names = found.setdefault((one["client"], one["reason"]), Counter())
        names[one["what"].partition("[")[0]] += 1
    lines: list[str] = []
    for (client, reason), names in sorted(found.items()):
        lines.append(f"{client}: {reason}")
        lines += [f"    {count:3}  {name}" for name, count in names.items()]
    return "\n".join(lines)


def _noted(noted: Path, kind: type) -> list[Any]:
    """The notes of one kind."""
    notes = map(json.loads, noted.read_text("utf-8").splitlines())
    return [note for note in notes if isinstance(note, kind)]
