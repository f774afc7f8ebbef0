"""What the page costs in a browser: bytes and requests until it can be used, and the renderer's CPU for floods, many cells and missed output.

Data flow: a server of its own (tests/browser/stage.py) and Debian's Chromium, driven by Playwright; the DevTools protocol tells
`TaskDuration`, the seconds that the page's main thread has worked, and which bytes came over the line. Wall times on a busy machine say little, so
CPU seconds, bytes and counts are what is compared; a stall is the longest time between two ticks of a timer in the page.

    python -m tests.bench.bench_page [opening|flood|cells|missed|typing|large ...]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.bench.stack import table
from tests.browser.stage import PATIENCE_MS, Server, new_server, the_browser

WAIT_MS = 120_000
FLOOD = "for i in range({lines}): print(f'line {{i:06d}} epoch {{i % 7}} loss 0.{{i % 997:04d}} and some more text')"
DONE = "done: the last line"

STALLS = """() => {
    let last = performance.now();
    window.longest = 0;
    setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
    }, 4);
}"""

TYPING = """() => {
    window.delays = [];
    addEventListener("keydown", event => {
        const pressed = event.timeStamp;
        requestAnimationFrame(() => setTimeout(() => window.delays.push(performance.now() - pressed)));
    }, true);
}"""

FRAMES = """() => {
    window.frames_ = 0;
    const next = () => { window.frames_++; requestAnimationFrame(next); };
    next();
}"""

FIRST_CELL = """(() => {
    if (window !== top) return;
    const look = new MutationObserver(() => {
        if (document.querySelector(".cell") === null) return;
        look.disconnect();
        window.firstCell = performance.now();
    });
    look.observe(document, {childList: true, subtree: true});
})()"""

UNTIL_FIRST = """() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const before = all.filter(one => one.responseEnd <= window.firstCell);
    return [before.reduce((sum, one) => sum + one.transferSize, 0), before.length];
}"""
"""Bytes and requests (without the WebSocket) that had come when the first cell was put into the page."""

Rows = list[tuple[str, str, str]]


class Tab:
    """A signed-in tab with its DevTools session, counting what it loads."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server = server
        self.context = browser.new_context(viewport={"width": 1280, "height": 860})
        self.context.set_default_timeout(WAIT_MS)
        self.context.request.post(f"{server.origin}/login", data={"token": server.token()})
        self.context.add_init_script(FIRST_CELL)
        self.page: Page = self.context.new_page()
        self.tools: CDPSession = self.context.new_cdp_session(self.page)
        self.bytes = self.requests = 0
        self.tools.on("Network.loadingFinished", self._loaded)
        self.tools.on("Network.webSocketFrameReceived", self._framed)
        self.tools.send("Network.enable")
        self.tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def _loaded(self, event: dict[str, Any]) -> None:
        self.requests += 1
        self.bytes += int(event["encodedDataLength"])

    def _framed(self, event: dict[str, Any]) -> None:
        self.bytes += len(event["response"]["payloadData"])

    def cpu(self) -> float:
        """Seconds that the main thread of the page has worked."""
        told = self.tools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))

    def settled(self) -> float:
        """Waits until the main thread does nothing for half a second; its CPU then."""
        before = self.cpu()
        while True:
            self.page.wait_for_timeout(500)
            now = self.cpu()
            if now - before < 0.025:
                return now
            before = now

    def open(self, session: str) -> None:
        """Opens a session and waits for its first cell."""
        self.page.goto(f"{self.server.origin}/s/{session}")
        expect(self.page.locator(".cell").first).to_be_visible(timeout=WAIT_MS)

    def close(self) -> None:
        """Ends the tab."""
        self.context.close()


@contextmanager
def tab(server: Server) -> Iterator[Tab]:
    """A tab that is closed afterwards."""
    one = Tab(server, the_browser())
    try:
        yield one
    finally:
        one.close()


def write(server: Server, name: str, cells: int, output: str = "one\ntwo\nthree\n", kernel: bool = False) -> str:
    """Writes a notebook, nine of ten cells code with an output, opens it on the server and gives its session."""
    body = [cell(number, output) for number in range(cells)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = {"cells": body, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (server.root / name).write_text(json.dumps(file), "utf-8")
    more = {"kernelspec": "python3"} if kernel else {}
    return str(server.call("session.create", path=name, **more)["id"])


def cell(number: int, output: str) -> dict[str, Any]:
    """A cell of such a notebook."""
    own: dict[str, Any] = {"id": f"c{number}", "metadata": {}}
    if number % 10 == 0:
        return {**own, "cell_type": "markdown", "source": f"## Part {number}\n\nSome *text* with `code`."}
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}]
    source = f"for i in range({number}):\n    total = total + i * 2\nprint(total, 'of', {number})"
    return {**own, "cell_type": "code", "source": source, "outputs": outputs, "execution_count": number}


def opening(server: Server) -> Rows:
    """A small notebook, until its first cell shows and until a key types."""
    session = write(server, "small.ipynb", 3)
    with tab(server) as one:
        one.open(session)
        first_cpu = one.cpu()
        loaded, requests = one.page.evaluate(UNTIL_FIRST)
        one.page.locator(".src").first.click()
        expect(one.page.locator(".cm-content")).to_be_focused()
        one.page.keyboard.type("x")
        expect(one.page.locator(".cm-content")).to_contain_text("x")
        typed = one.bytes
    return [
        ("bytes until the first cell, kB", f"{loaded / 1000:.0f}", "120"),
        ("requests until the first cell", str(requests), "8"),
        ("renderer CPU until the first cell, s", f"{first_cpu:.2f}", "0.5"),
        ("bytes until a key types, kB", f"{typed / 1000:.0f}", "250"),
    ]


def flood(server: Server, lines: int = 100_000) -> Rows:
    """Many printed lines in one cell, all kept."""
    session = write(server, "flood.ipynb", 2, kernel=True)
    with tab(server) as one:
        one.open(session)
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


def cells(server: Server) -> Rows:
    """Notebooks of many cells: opened until nothing is to do, and scrolled."""
    rows: Rows = []
    for number, settled_bar, first_bar in ((500, "1.5", ""), (10_000, "6", "1.0")):
        session = write(server, f"cells-{number}.ipynb", number)
        with tab(server) as one:
            one.open(session)
            first = one.cpu()
            settled = one.settled()
            one.page.mouse.move(700, 500)
            one.page.evaluate(FRAMES)
            begun = one.cpu()
            for _ in range(40):
                one.page.mouse.wheel(0, 600)
                one.page.wait_for_timeout(30)
            worked = one.cpu() - begun
            frames = int(one.page.evaluate("window.frames_"))
        rows += [
            (f"{number:,} cells: CPU until the first cell, s", f"{first:.2f}", first_bar),
            (f"{number:,} cells: CPU until settled, s", f"{settled:.2f}", settled_bar),
            (
                f"{number:,} cells: CPU of a frame while scrolling, ms ({frames} frames)",
                f"{worked / max(1, frames) * 1000:.1f}",
                "16",
            ),
        ]
        server.call("session.close", session=session)
    return rows


def missed(server: Server, lines: int = 50_000) -> Rows:
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
        one.open(session)
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


def typing(server: Server) -> Rows:
    """Keys pressed in one cell while another floods: from the press to the next frame."""
    session = write(server, "typing.ipynb", 3, kernel=True)
    with tab(server) as one:
        one.open(session)
        one.page.locator("#cell-c2 .src").click()
        expect(one.page.locator(".cm-content")).to_be_focused()
        one.page.keyboard.press("Control+End")
        one.settled()
        one.page.evaluate(TYPING)
        server.call("execution.start", session=session, code="import time\n" + FLOOD.format(lines=60_000), cell="c1")
        expect(one.page.locator("#cell-c1 .log-foot")).to_be_visible(timeout=WAIT_MS)
        for letter in "the quick brown fox jumps over the lazy dog " * 2:
            one.page.keyboard.press(letter if letter != " " else "Space")
        delays = sorted(float(delay) for delay in one.page.evaluate("window.delays"))
    rank = delays[min(len(delays) - 1, int(len(delays) * 0.95))]
    return [(f"typing under a flood, p95 of {len(delays)} keys, ms", f"{rank:.0f}", "30")]


def large(server: Server) -> Rows:
    """A notebook of 10 MB: its first screen does not wait for the whole."""
    session = write(server, "large.ipynb", 2000, output="a line of output that is not short at all\n" * 125)
    with tab(server) as one:
        began = time.perf_counter()
        one.open(session)
        first_s = time.perf_counter() - began
        first = one.cpu()
        settled = one.settled()
        size = one.bytes
    server.call("session.close", session=session)
    return [
        (f"10 MB: first cell shows, s ({size / 1e6:.1f} MB came)", f"{first_s:.2f}", ""),
        ("10 MB: renderer CPU until the first cell, s", f"{first:.2f}", "1.0"),
        ("10 MB: renderer CPU until settled, s", f"{settled:.2f}", ""),
    ]


PARTS: dict[str, Callable[[Server], Rows]] = {
    "opening": opening,
    "flood": flood,
    "cells": cells,
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
