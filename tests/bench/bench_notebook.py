"""Notebook files: how long a large one takes to read, to write and to compare, and how long other threads are held up by it.

The file has 2,000 cells and 10 MB: text, results and pictures as notebooks have them. A second thread notes when it gets its turn, as the reactor
would; without work it sees how long the machine alone lets it wait (on a busy one, long). Times of all and of the longest call into C, which no
other thread can interrupt, are those of this thread's processor, so that other programs count little.
"""

from __future__ import annotations

import base64
import random
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import attrs
import msgspec

from tests.bench.stack import table
from webipy.core.events.outputs import stream
from webipy.core.ipynb import merge, notebook_file
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.document import document as document_of
from webipy.core.session.session_state import SessionState

CELLS = 2_000
PICTURE_BYTES = 26_000
ROUNDS = 3


def notebook() -> Document:
    """A large document."""
    chance = random.Random(7)
    cells = []
    for number in range(CELLS):
        if number % 4 == 0:
            text = f"## Part {number}\n\nWhat follows is *measured*, not computed: {chance.random()}\n"
            cells.append(DocumentCell(f"cell-{number}", "markdown", text))
            continue
        printed = "".join(f"step {step} loss={chance.random()}\n" for step in range(20))
        outputs = [bytes(stream("stdout", printed))]
        if number % 10 == 1:
            picture = base64.b64encode(chance.randbytes(PICTURE_BYTES)).decode() + "\n"
            shown = {"image/png": picture, "text/plain": "<Figure size 640x480 with 1 Axes>"}
            outputs.append(msgspec.json.encode({"output_type": "display_data", "data": shown, "metadata": {}}))
        else:
            table_html = "<table>\n" + "".join(f"<tr><td>{chance.random()}</td></tr>\n" for _ in range(20)) + "</table>"
            shown = {"text/html": table_html, "text/plain": "   a\n0  1\n"}
            result = {"output_type": "execute_result", "data": shown, "metadata": {}, "execution_count": number}
            outputs.append(msgspec.json.encode(result))
        source = "\n".join(f"value_{line} = compute({line}, {number})" for line in range(8))
        cells.append(DocumentCell(f"cell-{number}", "code", source, b"{}", None, tuple(outputs), number))
    return notebook_file.read(notebook_file.write(Document(tuple(cells)), None)).document


def longest_wait(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of the work, and the longest that another thread had to wait for its turn meanwhile."""
    stop = threading.Event()
    gaps: list[float] = []

    def tick() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            time.sleep(0.0005)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    ticking = threading.Thread(target=tick)
    ticking.start()
    began = time.thread_time()
    work()
    taken = time.thread_time() - began
    stop.set()
    ticking.join()
    return taken, max(gaps)


def longest_call(work: Callable[[], object]) -> float:
    """Processor seconds of the longest single call into C: for so long no other thread can run, whatever else the machine does."""
    longest = began = 0.0

    def watch(frame: FrameType, event: str, argument: object) -> None:
        nonlocal longest, began
        if event == "c_call":
            began = time.thread_time()
        elif event == "c_return":
            longest = max(longest, time.thread_time() - began)

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return longest


def best(work: Callable[[], object]) -> tuple[float, float]:
    """The least of each in some rounds: what the work costs, without what the machine adds."""
    rounds = [longest_wait(work) for _ in range(ROUNDS)]
    return min(taken for taken, _ in rounds), min(wait for _, wait in rounds)


def main() -> None:
    """Measures and prints."""
    sys.setswitchinterval(0.001)
    document = notebook()
    body = notebook_file.write(document, None)
    changed = attrs.evolve(document.cells[1000], source="changed")
    other = attrs.evolve(document, cells=(*document.cells[:1000], changed, *document.cells[1001:]))
    log = merge.changes(Document(), document, {})

    def fold() -> None:
        state = SessionState()
        for event in log:
            state.apply(event)
        assert document_of(state) == document

    works: list[tuple[str, Callable[[], object], str]] = [
        ("nothing, for 0.2 s", lambda: time.sleep(0.2), ""),
        ("read", lambda: notebook_file.read(body), "< 300 / < 10"),
        ("write anew", lambda: notebook_file.write(document, None), "< 500 / < 10"),
        ("write, nothing changed", lambda: notebook_file.write(document, body), "< 500 / < 10"),
        ("write, one cell changed", lambda: notebook_file.write(other, body), "< 500 / < 10"),
        ("merge", lambda: merge.merge(document, other, document), ""),
        ("events of all cells", lambda: merge.changes(Document(), document, {}), ""),
        ("fold them", fold, ""),
    ]
    rows = [("file", f"{len(body) / 1e6:.1f} MB, {len(document.cells)} cells", "")]
    for name, work, reach in works:
        taken, wait = best(work)
        call = min(longest_call(work) for _ in range(ROUNDS))
        measured = f"{taken * 1e3:.0f} / {call * 1e3:.1f} / {wait * 1e3:.1f}"
        rows.append((f"{name}: all / longest call / wait, ms", measured, reach))
    table("notebook files", rows)


if __name__ == "__main__":
    main()
