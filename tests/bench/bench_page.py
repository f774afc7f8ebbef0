"""What the page costs in a browser: bytes and requests until it can be used, and the renderer's CPU for floods, many cells and missed output.

Data flow: a server of its own (tests/browser/stage.py) and a tab that measures (tests/bench/tab.py). The same beside JupyterLab and Notebook 7:
tests/bench/beside.py.

A key that is typed while a kernel floods is measured three ways, because the kernel, the server and the browser's own processes want the same cores:
the time until it shows; the CPU that the page's main thread spends from the press until it shows, which is what the page can be blamed for; and the
time in a page that holds a text field and nothing else, beside the same flood, which is what the machine does to any page.

    python -m tests.bench.bench_page [opening|flood|cells|growing|missed|typing|large ...]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import expect

from tests.bench.stack import table
from tests.bench.tab import FIRST_KEY, FRAMES, STALLS, UNTIL, WAIT_MS, Tab
from tests.browser.stage import PATIENCE_MS, PageServer, enter, new_server, the_browser

LINE = "print(f'line {{i:06d}} epoch {{i % 7}} loss 0.{{i % 997:04d}} and some more text')"
FLOOD = f"for i in range({{lines}}): {LINE}"
FLOOD_S = f"""import itertools, time
end = time.time() + {{seconds}}
for i in itertools.count():
    {LINE}
    if time.time() > end: break
"""
STEADY_S = f"""import time
end = due = time.time()
end += {{seconds}}
while time.time() < end:
    for i in range(400):
        {LINE}
    due += 0.02
    time.sleep(max(0, due - time.time()))
"""
"""20,000 lines a second: much to follow for a page, and not so much that kernel and server keep two cores busy by themselves."""

DONE = "done: the last line"

KEYS = "the quick brown fox jumps over the lazy dog " * 3
KEY_S = 0.08
"""A fast typist."""

TYPING = """() => {
    const is_watched = window.delays !== undefined;
    window.delays = [];
    if (!is_watched) addEventListener("keydown", event => {
        const pressed = event.timeStamp;
        performance.mark("pressed");
        requestAnimationFrame(() => setTimeout(() => {
            performance.mark("shown");
            window.delays.push(performance.now() - pressed);
        }));
    }, true);
}"""

FIELD = "<textarea rows=6 cols=60 autofocus></textarea>"

Rows = list[tuple[str, str, str]]


@contextmanager
def tab(server: PageServer) -> Iterator[Tab]:
    """A signed-in tab that is closed afterwards."""
    one = Tab(the_browser())
    try:
        enter(one.context, server.origin, server.token).close()
        yield one
    finally:
        one.close()


def address(server: PageServer, session: str) -> str:
    """Where a session is shown."""
    return f"{server.origin}/s/{session}"


def write(server: PageServer, name: str, cells: int, output: str = "one\ntwo\nthree\n", kernel: bool = False) -> str:
    """Writes a notebook, nine of ten cells code with an output, opens it on the server and gives its session."""
    (server.root / name).write_text(notebook([cell(number, output) for number in range(cells)]), "utf-8")
    more = {"kernelspec": "python3"} if kernel else {}
    return str(server.call("session.create", path=name, **more)["id"])


def notebook(cells: list[dict[str, Any]]) -> str:
    """A notebook file of these cells."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


def cell(number: int, output: str) -> dict[str, Any]:
    """A cell of such a notebook."""
    own: dict[str, Any] = {"id": f"c{number}", "metadata": {}}
    if number % 10 == 0:
        return {**own, "cell_type": "markdown", "source": f"## Part {number}\n\nSome *text* with `code`."}
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}]
    source = f"for i in range({number}):\n    total = total + i * 2\nprint(total, 'of', {number})"
    return {**own, "cell_type": "code", "source": source, "outputs": outputs, "execution_count": number}


def percentile(values: list[float], percent: int) -> float:
    """The value that so many in a hundred do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def opening(server: PageServer) -> Rows:
    """A small notebook, until its first cell shows and until a key types."""
    session = write(server, "small.ipynb", 3)
    with tab(server) as one:
        one.go(address(server, session))
        first_cpu = one.cpu()
        loaded, requests = one.page.evaluate(UNTIL, "firstCell")
        one.page.locator(".src").first.click()
        expect(one.page.locator(".cm-content")).to_be_focused()
        one.page.evaluate(FIRST_KEY)
        one.page.keyboard.type("x")
        one.page.wait_for_function("window.firstKey !== undefined", timeout=WAIT_MS)
        typed, _ = one.page.evaluate(UNTIL, "firstKey")
        typed += one.framed  # what came over the WebSocket meanwhile
    return [
        ("bytes until the first cell, kB", f"{loaded / 1000:.0f}", "80"),
        ("requests until the first cell", str(requests), "8"),
        ("renderer CPU until the first cell, s", f"{first_cpu:.2f}", "0.5"),
        ("bytes until a key types, kB", f"{typed / 1000:.0f}", "250"),
    ]


def flood(server: PageServer, lines: int = 100_000) -> Rows:
    """Many printed lines in one cell, all kept."""
    session = write(server, "flood.ipynb", 2, kernel=True)
    with tab(server) as one:
        one.go(address(server, session))
        server.call("execution.start", session=session, code="1", cell="c1")
        before = one.settled()
        one.page.evaluate(STALLS)
        server.call("execution.start", session=session, code=f"{FLOOD.format(lines=lines)}\nprint({DONE!r})", cell="c1")
        counts = one.page.locator("#cell-c1 .log-foot .counts")
        expect(counts).to_contain_text(f"{lines + 1:,} lines", timeout=WAIT_MS)
        after = one.settled()
        stall = float(one.page.evaluate("window.longest"))
    return [
        (f"{lines:,} lines: renderer CPU, s", f"{after - before:.2f}", "1.5"),
        (f"{lines:,} lines: longest stall, ms", f"{stall:.0f}", "150"),
    ]


def cells(server: PageServer) -> Rows:
    """Notebooks of many cells: opened until nothing is to do, and scrolled."""
    rows: Rows = []
    for number, settled_bar, first_bar in ((500, "1.5", ""), (10_000, "6", "1.0")):
        session = write(server, f"cells-{number}.ipynb", number)
        with tab(server) as one:
            one.go(address(server, session))
            first = one.cpu()
            settled = one.settled()
            frame, frames = scrolled(one)
        rows += [
            (f"{number:,} cells: CPU until the first cell, s", f"{first:.2f}", first_bar),
            (f"{number:,} cells: CPU until settled, s", f"{settled:.2f}", settled_bar),
            (f"{number:,} cells: CPU of a frame while scrolling, ms ({frames} frames)", f"{frame:.1f}", "16"),
        ]
        server.call("session.close", session=session)
    return rows


def scrolled(one: Tab) -> tuple[float, int]:
    """Scrolls on; the CPU of a frame, in milliseconds, and how many there were."""
    one.page.mouse.move(700, 500)
    one.page.evaluate(FRAMES)
    begun = one.cpu()
    for _ in range(40):
        one.page.mouse.wheel(0, 600)
        one.page.wait_for_timeout(30)
    worked = one.cpu() - begun
    frames = int(one.page.evaluate("window.frames_"))
    return worked / max(1, frames) * 1000, frames


def growing(server: PageServer) -> Rows:
    """One cell of ten thousand prints on and on: what a frame costs meanwhile."""
    session = write(server, "growing.ipynb", 10_000, kernel=True)
    with tab(server) as one:
        one.go(address(server, session))
        server.call("execution.start", session=session, code="1", cell="c1")
        one.settled()
        one.page.evaluate(FRAMES)
        begun = one.cpu()
        code = "import time\nfor i in range(150): print('step', i); time.sleep(0.02)"
        started = server.call("execution.start", session=session, code=code, cell="c1")
        server.call("execution.wait", session=session, execution=started["execution"], timeout_s=60)
        worked = one.cpu() - begun
        frames = int(one.page.evaluate("window.frames_"))
    server.call("session.close", session=session)
    figure = f"{worked / max(1, frames) * 1000:.1f}"
    return [(f"10,000 cells: CPU of a frame while one prints, ms ({frames} frames)", figure, "16")]


def missed(server: PageServer, lines: int = 50_000) -> Rows:
    """A line that was cut while a kernel printed on: what catching up costs."""
    session = write(server, "missed.ipynb", 2, kernel=True)
    with tab(server) as one:
        opened: list[Any] = []
        held = [False]

        def route(line: Any) -> None:
            if held[0]:
                line.close(code=4000)
                return
            line.connect_to_server()
            opened.append(line)

        one.page.route_web_socket("**/rpc", route)
        one.go(address(server, session))
        one.settled()
        held[0] = True
        opened.pop().close(code=4000)
        started = server.call("execution.start", session=session, code=FLOOD.format(lines=lines), cell="c1")
        server.call("execution.wait", session=session, execution=started["execution"], timeout_s=60)
        before = one.settled()
        held[0] = False
        one.page.evaluate("dispatchEvent(new Event('online'))")
        expect(one.page.locator("#cell-c1 .log-foot .counts")).to_contain_text(f"{lines:,} lines", timeout=WAIT_MS)
        after = one.settled()
    return [(f"reconnect after {lines:,} missed lines: renderer CPU, s", f"{after - before:.2f}", "1")]


def typing(server: PageServer) -> Rows:
    """Keys pressed in one cell while another floods, and in a bare field beside the same flood."""
    session = write(server, "typing.ipynb", 3, kernel=True)
    with tab(server) as one:
        one.go(address(server, session))
        one.page.locator("#cell-c2 .src").click()
        expect(one.page.locator(".cm-content")).to_be_focused()
        one.page.keyboard.press("Control+End")
        still, _ = typed(one)
        with flooding(server, session, STEADY_S):
            expect(one.page.locator("#cell-c1 .log-foot")).to_be_visible(timeout=WAIT_MS)
            steady, _ = typed(one)
        with flooding(server, session, FLOOD_S):
            shown, worked = typed(one)
    with tab(server) as one:
        one.page.goto("about:blank")
        one.page.set_content(FIELD)
        one.page.locator("textarea").click()
        with flooding(server, session, FLOOD_S):
            bare, _ = typed(one)
    return [
        (f"{len(worked)} keys typed under a flood: CPU of a key, p50, p95, ms", in_two(worked), "30"),
        ("  until it shows, p50, p95, ms", in_two(shown), "30"),
        ("  the same beside 20,000 lines a second", in_two(steady), "30"),
        ("  the same without a flood", in_two(still), ""),
        ("  the same in a bare text field beside the flood", in_two(bare), ""),
    ]


def in_two(values: list[float]) -> str:
    """The median and the 95th percentile."""
    return f"{percentile(values, 50):.0f}, {percentile(values, 95):.0f}"


@contextmanager
def flooding(server: PageServer, session: str, code: str) -> Iterator[None]:
    """A cell that prints for as long as the block types."""
    code = code.format(seconds=len(KEYS) * KEY_S + 3)
    started = server.call("execution.start", session=session, code=code, cell="c1")
    yield
    server.call("kernel.interrupt", session=session)
    server.call("execution.wait", session=session, execution=started["execution"], timeout_s=60)


def typed(one: Tab) -> tuple[list[float], list[float]]:
    """Types at a steady pace; for each key the milliseconds until it showed, and those that the main thread worked in between."""
    one.page.evaluate(TYPING)
    with one.tracing() as events:
        begun = time.perf_counter()
        for number, letter in enumerate(KEYS):
            one.page.wait_for_timeout(max(0.0, begun + number * KEY_S - time.perf_counter()) * 1000)
            one.page.keyboard.press(letter if letter != " " else "Space")
        one.page.wait_for_timeout(500)
    return [float(delay) for delay in one.page.evaluate("window.delays")], worked_between(events)


def worked_between(events: list[dict[str, Any]]) -> list[float]:
    """The CPU, in milliseconds, of the tasks between each `pressed` and the `shown` after it, on the thread of these marks."""
    marks = [one for one in events if one["cat"] == "blink.user_timing" and one["name"] in ("pressed", "shown")]
    marks.sort(key=lambda one: float(one["ts"]))
    thread = (marks[0]["pid"], marks[0]["tid"])
    tasks = [
        one for one in events if one["ph"] == "X" and "RunTask" in one["name"] and (one["pid"], one["tid"]) == thread
    ]
    found: list[float] = []
    for mark in (one for one in marks if one["name"] == "pressed"):
        shown = next((one for one in marks if one["name"] == "shown" and one["ts"] > mark["ts"]), None)
        if shown is None:
            break
        between = (one for one in tasks if one["ts"] < shown["ts"] and one["ts"] + one["dur"] > mark["ts"])
        found.append(sum(float(one.get("tdur", 0)) for one in between) / 1000)
    return found


def large(server: PageServer) -> Rows:
    """A notebook of 10 MB: its first screen does not wait for the whole."""
    session = write(server, "large.ipynb", 2000, output="a line of output that is not short at all\n" * 125)
    with tab(server) as one:
        began = time.perf_counter()
        one.go(address(server, session))
        first_s = time.perf_counter() - began
        first = one.cpu()
        settled = one.settled()
        size = one.bytes
        frame, frames = scrolled(one)
    server.call("session.close", session=session)
    return [
        (f"10 MB: first cell shows, s ({size / 1e6:.1f} MB came)", f"{first_s:.2f}", ""),
        ("10 MB: renderer CPU until the first cell, s", f"{first:.2f}", "1.0"),
        ("10 MB: renderer CPU until settled, s", f"{settled:.2f}", "6"),
        (f"10 MB: CPU of a frame while scrolling, ms ({frames} frames)", f"{frame:.1f}", "16"),
    ]


PARTS: dict[str, Callable[[PageServer], Rows]] = {
    "opening": opening,
    "flood": flood,
    "cells": cells,
    "growing": growing,
    "missed": missed,
    "typing": typing,
    "large": large,
}


def main() -> None:
    """Measures what is named, or all, and prints."""
    expect.set_options(timeout=PATIENCE_MS)
    rows: Rows = []
    with new_server() as server:
        for name in sys.argv[1:] or PARTS:
            rows += PARTS[name](server)
    table("The page", rows)


if __name__ == "__main__":
    main()
