"""Two browsers and a program work in one notebook while their connections are cut at random, and end with the same.

`WEBIPY_TOGETHER_SECONDS` lets them work longer, and `WEBIPY_TOGETHER_SEED` otherwise; a failure names the seed.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.stage import PageCase

SECONDS = float(os.environ.get("WEBIPY_TOGETHER_SECONDS", "6"))
"""How long they work; minutes are for a person who looks for something."""

SEED = int(os.environ.get("WEBIPY_TOGETHER_SEED", "20260301"))

MOST_CELLS = 12
"""With that many cells, the program deletes one instead of making one."""

SHOWN = """() => Array.from(document.querySelectorAll(".nb [role=list] .cell"), cell => {
    const editor = cell.querySelector(".cm-content");
    const lines = editor && Array.from(editor.querySelectorAll(".cm-line"), line => line.textContent);
    return [cell.id.slice("cell-".length), editor ? lines.join("\\n") : cell.querySelector(".src").textContent];
})"""
"""The cells that a page shows, each with its text."""


class Together(PageCase):
    """One notebook, three editors."""

    def setUp(self) -> None:
        """Begins the chance."""
        super().setUp()
        self.chance = random.Random(SEED)

    def cuttable(self, page: Page) -> list[WebSocketRoute]:
        """Lets the page's connections go through here; gives those that are open."""
        lines: list[WebSocketRoute] = []

        def opened(line: WebSocketRoute) -> None:
            line.connect_to_server()
            lines.append(line)

        page.route_web_socket("**/rpc", opened)
        return lines

    def test_all_end_with_the_same_document(self) -> None:
        """Each writes into random cells at random places; afterwards both pages, the server and the file hold the same cells and texts."""
        file = self.write_notebook("together.ipynb", ("code", "a = 1\nb = 2"), ("code", "c = 3"))
        session = str(self.server.call("session.create", path="together.ipynb")["id"])
        self.sessions.append(session)
        pages, lines = [], []
        for _ in range(2):
            context = self.new_context()
            self.sign_in(context)
            page = self.new_page(context)
            lines.append(self.cuttable(page))
            page.goto(f"{self.server.origin}/s/{session}")
            expect(page.locator(".cell.sel")).to_have_count(1)
            pages.append(page)
        end = time.monotonic() + SECONDS
        cuts = steps = 0
        while time.monotonic() < end:
            steps += 1
            who = self.chance.randrange(3)
            if who == 2:
                self.work_as_program(session)
            else:
                self.work_as_person(pages[who])
            if self.chance.random() < 0.15:
                cuts += 1
                open_lines = self.chance.choice(lines)
                while open_lines:
                    open_lines.pop().close(code=4000)
        self.assertGreater(cuts, 0)
        self.assert_same(session, pages, file, f"seed {SEED}, {steps} steps")

    def work_as_program(self, session: str) -> None:
        """Changes a text, or makes, moves or deletes a cell, by the API."""
        cells = self.server.call("cell.list", session=session)["cells"]
        chance = self.chance
        cell = chance.choice(cells)
        what = chance.random()
        if what < 0.6:
            at = chance.randrange(len(cell["source"]) + 1)
            source = cell["source"][:at] + chance.choice(["P", "Q\n", "\U0001f600"]) + cell["source"][at:]
            self.server.call("cell.set_source", session=session, cell=cell["id"], source=source)
        elif what < 0.75:
            self.server.call("cell.move", session=session, cell=cell["id"], after=None)
        elif len(cells) < MOST_CELLS:
            self.add_cell(session, "new\n", after=cell["id"])
        else:
            self.server.call("cell.delete", session=session, cell=cell["id"])

    def work_as_person(self, page: Page) -> None:
        """Types into a random cell at a random place, or splits, moves or makes one by keys."""
        chance, press = self.chance, page.keyboard.press
        press("Escape")
        for _ in range(chance.randrange(4)):
            press(chance.choice("jk"))
        what = chance.random()
        if what < 0.1:
            press("b")
        elif what < 0.2:
            press(chance.choice(["Alt+ArrowUp", "Alt+ArrowDown"]))
        press("Enter")
        press(chance.choice(["Control+Home", "Control+End", "Home", "ArrowLeft"]))
        page.keyboard.type(chance.choice(["x", "yz", "w w", "\U0001f389"]))
        if chance.random() < 0.4:
            press(chance.choice(["Enter", "Backspace", "Delete", "Control+z"]))

    def assert_same(self, session: str, pages: list[Page], file: Path, story: str) -> None:
        """Waits until nothing is under way, and compares."""
        for page in pages:
            page.keyboard.press("Escape")
            expect(page.locator(".foot-bar .ok")).to_be_visible()
            expect(page.locator(".saved")).to_contain_text("Saved")
        self.server.call("notebook.save", session=session)
        told: list[dict[str, Any]] = self.server.call("cell.list", session=session)["cells"]
        kept = [[cell["id"], cell["source"]] for cell in told]
        for page in pages:
            expect(page.locator(".nb [role=list] .cell")).to_have_count(len(kept))
            page.wait_for_function(f"kept => JSON.stringify(({SHOWN})()) === JSON.stringify(kept)", arg=kept)
        self.assertEqual([[cell["id"], cell["source"]] for cell in self.read_notebook(file)], kept, story)
