"""A tab of Debian's Chromium that tells what a page costs, whoever serves it.

Data flow: Playwright drives, the DevTools protocol tells `TaskDuration` (the seconds that the page's main thread has worked), the bytes that came
over the line and, when it traces, which tasks the main thread had and when. Wall times on a busy machine say little, CPU
seconds, bytes and counts do. A stall is the longest time between two ticks of a timer in the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

WAIT_MS = 120_000
QUIET_S = 0.025
"""A page is settled when its main thread works less than this in half a second."""

FIRST_CELL = """(() => {
    if (window !== top) return;
    performance.setResourceTimingBufferSize(10000);
    const look = new MutationObserver(() => {
        if (document.querySelector("@CELL@") === null) return;
        look.disconnect();
        window.firstCell = performance.now();
    });
    look.observe(document, {childList: true, subtree: true});
})()"""

UNTIL = """name => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const before = all.filter(one => one.responseEnd <= window[name]);
    return [before.reduce((sum, one) => sum + one.transferSize, 0), before.length];
}"""
"""Bytes and requests (without the WebSocket) that had come when the first cell was put into the page (`firstCell`), or a key showed (`firstKey`)."""

FIRST_KEY = """() => {
    const content = document.querySelector(".cm-content");
    const before = content.textContent;
    const look = new MutationObserver(() => {
        if (content.textContent === before) return;
        look.disconnect();
        window.firstKey = performance.now();
    });
    look.observe(content, {childList: true, characterData: true, subtree: true});
}"""
"""Notes when the first key that is typed into an editor shows."""

STALLS = """() => {
    let last = performance.now();
    window.longest = 0;
    setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
    }, 4);
}"""

FRAMES = """() => {
    window.frames_ = 0;
    const next = () => { window.frames_++; requestAnimationFrame(next); };
    next();
}"""


class Tab:
    """A tab with a context and a DevTools session of its own, counting what it loads.

    Args:
        cell: The selector of a cell in the pages that it will show.
    """

    def __init__(self, browser: Browser, cell: str = ".cell") -> None:
        self.cell = cell
        self.context = browser.new_context(viewport={"width": 1280, "height": 860})
        self.context.set_default_timeout(WAIT_MS)
        self.context.add_init_script(FIRST_CELL.replace("@CELL@", cell))
        self.page: Page = self.context.new_page()
        self.tools: CDPSession = self.context.new_cdp_session(self.page)
        self.bytes = self.requests = self.framed = 0
        self._traced: list[dict[str, Any]] = []
        self._is_traced = False
        self.tools.on("Network.loadingFinished", self._loaded)
        self.tools.on("Network.webSocketFrameReceived", self._framed)
        self.tools.on("Tracing.dataCollected", lambda event: self._traced.extend(event["value"]))
        self.tools.on("Tracing.tracingComplete", self._trace_ended)
        self.tools.send("Network.enable")
        self.tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def _loaded(self, event: dict[str, Any]) -> None:
        self.requests += 1
        self.bytes += int(event["encodedDataLength"])

    def _framed(self, event: dict[str, Any]) -> None:
        self.framed += len(event["response"]["payloadData"])
        self.bytes += len(event["response"]["payloadData"])

    def _trace_ended(self, event: dict[str, Any]) -> None:
        self._is_traced = True

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
            if now - before < QUIET_S:
                return now
            before = now

    def heap_mb(self) -> float:
        """What the page's scripts hold in memory after a collection."""
        self.tools.send("HeapProfiler.collectGarbage")
        return float(self.tools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def go(self, address: str) -> None:
        """Opens a page and waits for its first cell."""
        self.page.goto(address)
        self.page.locator(self.cell).first.wait_for(state="visible", timeout=WAIT_MS)

    @contextmanager
    def tracing(self) -> Iterator[list[dict[str, Any]]]:
        """The trace events of the main threads and the marks of the page while the block runs; they are there when it is left."""
        self._traced.clear()
        self._is_traced = False
        wanted = {"includedCategories": ["toplevel", "blink.user_timing"], "excludedCategories": ["*"]}
        self.tools.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": wanted})
        yield self._traced
        self.tools.send("Tracing.end")
        while not self._is_traced:
            self.page.wait_for_timeout(50)

    def close(self) -> None:
        """Ends the tab."""
        self.context.close()
