"""Fuzzing: values that nobody would send, sent to everything that takes values from outside, and what must hold all the same.

`make fuzz` does it for some minutes (`ARGS="--minutes 10 --seed 7 calls"`), and tests/fuzz/test_fuzz.py for some seconds with a fixed seed.
Everything random comes from one seed, which is printed: the same seed makes the same run.

    calls      every method of the table, every field, every hostile value, as the owner, each guest and a stranger; then random calls
    sockets    WebSockets: valid and broken frames in random order, subscriptions, batches, cuts in the middle
    kernels    messages of a kernel, and frames on the host link, as a hostile kernel would send them
    notebooks  mutated notebooks, opened, read, changed and saved
    jupyter    the routes of a Jupyter Server with any method, path, query and body, and its sockets with any frame

What must hold (`Oracle`): no `internal_error`, no traceback in the log, no 5xx; no answer to somebody beyond their right, judged by the table's own
columns and by canaries that no answer to a guest may contain; every answer is strict JSON; the server answers others meanwhile and does not grow
without bound; every journal verifies in the end.

What has once been found stays in tests/fuzz/corpus, one file each, and is tried first by every run. A finding is printed as the lines of such a file.

Rejected: a fuzzer guided by coverage (it needs an instrumented build; a grammar of the table reaches every method at once); Hypothesis for the
calls (its shrinking needs a fresh server for each try).
"""

from __future__ import annotations

from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
"""What was found before."""

CANARY = "canary-3f9c1d"
"""Stands in what no guest may see: another session, files, its kernel's output."""


class Found(AssertionError):
    """Something did not hold; the message says what was sent and what came of it."""
