"""What tests of notebooks that people bring share: a page on a notebook of given cells, and the whole of such a page as a picture.

Data flow: cells of the gallery are written to a file, opened without a kernel, and shown in four forms: light, dark, on a phone and on paper. For a
picture the window becomes as high as the notebook, so that all of it is in sight.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser import gallery
from tests.browser.gallery_pages import Content
from tests.browser.stage import PageCase
from tests.live import until

FORMS = ("light", "dark", "phone", "print")
WIDE = 1280
PHONE = 390
SHEET = 688
"""The width of A4 between the margins of the page, in CSS pixels."""

BESIDE_PX = 240
"""What stands above and below the cells takes less."""

DRAWN = """() => {
    const roots = [document, ...[...document.querySelectorAll(".html")].map(one => one.shadowRoot ?? one)];
    const all = selector => roots.flatMap(root => [...root.querySelectorAll(selector)]);
    const frames = all(".frame-host");
    return document.fonts.status === "loaded"
        && [...document.querySelectorAll(".html")].every(one => one.shadowRoot !== null && one.shadowRoot.childElementCount > 0)
        && [...document.querySelectorAll(".md")].every(one => one.childElementCount > 0)
        && all("img").every(one => one.complete)
        && frames.every(one => one.querySelector(".shown") !== null);
}"""
"""Whether all that a notebook shows is drawn."""

HIGH = """() => {
    const cells = document.querySelector(".nb");
    return Math.ceil(cells.getBoundingClientRect().height - parseFloat(getComputedStyle(cells).paddingBottom));
}"""
TOPS = """() => [...document.querySelectorAll(".cell")].filter(one => one.checkVisibility())
    .map(one => one.getBoundingClientRect().top + scrollY)"""


class BroughtCase(PageCase):
    """A test with notebooks of the gallery; `went_out` has the addresses of other servers that were asked for."""

    def bring(self, *cells: dict[str, Any], metadata: dict[str, Any] | None = None) -> Page:
        """A page on a notebook of these cells, in a folder with the files that they name."""
        folder = f"brought/{self._testMethodName}"
        for name, content in gallery.FILES.items():
            file = self.server.root / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.write_notebook(f"{folder}/other.ipynb", ("markdown", "# Other\n\n" + "text\n\n" * 60 + "## Far below"))
        self.write_notebook(f"{folder}/brought.ipynb", *cells, metadata=metadata)
        return self.open_brought(folder)

    def bring_page(self, content: Content) -> Page:
        """A page on a notebook of the gallery."""
        if content.file is None:
            return self.bring(*content.cells, metadata=content.metadata)
        folder = f"brought/{self._testMethodName}"
        self.write_notebook(f"{folder}/brought.ipynb").write_text(json.dumps(content.file), "utf-8")
        return self.open_brought(folder)

    def open_brought(self, folder: str) -> Page:
        """A page on the notebook of a folder; what asks for another server is stopped."""
        self.went_out: list[str] = []

        def stop(route: Route) -> None:
            self.went_out.append(route.request.url)
            route.abort()

        self.context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), stop)
        return self.open_file(f"{folder}/brought.ipynb")

    def forms(self, page: Page) -> Iterator[str]:
        """Brings a page of the gallery into its forms, one after the other; gives their names."""
        page.locator(".cell").first.focus()
        yield "light"
        page.emulate_media(color_scheme="dark")
        yield "dark"
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": PHONE, "height": 780})
        yield "phone"
        page.set_viewport_size({"width": SHEET, "height": 1000})
        page.evaluate("() => { window.print = () => {} }")  # the dialog of the browser would wait for a person
        page.keyboard.press("Control+p")
        expect(page.locator("html.drawn")).to_have_count(1)
        page.emulate_media(color_scheme="light", media="print")
        yield "print"

    def whole(self, page: Page, form: str) -> tuple[bytes, list[float]]:
        """All of a notebook that is in one of the forms, as it is drawn now.

        Returns:
            A PNG file, and where each cell begins in it, in pixels.
        """
        if form == "print":  # frames that are not in the window are not painted
            high = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": SHEET, "height": max(1000, high)})
            until(lambda: page.evaluate(DRAWN), "all of the notebook")
            return page.screenshot(full_page=True, animations="disabled", caret="hide"), page.evaluate(TOPS)
        width = PHONE if form == "phone" else WIDE
        heights: list[int] = []

        def settled() -> bool:
            heights.append(page.evaluate(HIGH))
            page.set_viewport_size({"width": width, "height": heights[-1] + BESIDE_PX})
            return bool(page.evaluate(DRAWN)) and heights[-3:] == [heights[-1]] * 3

        page.set_viewport_size({"width": width, "height": 800})
        until(settled, "all of the notebook")
        page.mouse.move(0, 0)
        picture = page.screenshot(animations="disabled", caret="hide")
        return picture, page.evaluate(TOPS)
