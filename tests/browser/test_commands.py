"""What Jupyter's keys do beyond the everyday: undo of cell actions, sections, parts of cells, and the other set of keys."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase


class Commands(PageCase):
    """Commands by key and by mouse, on notebooks."""

    def opened(self, *cells: tuple[str, str] | dict[str, Any], kernel: bool = False) -> Page:
        """A tab on a notebook with these cells, in command mode on the first."""
        path = f"commands/{self._testMethodName}.ipynb"
        self.file = self.write_notebook(path, *cells)
        page = self.open_file(path, kernel)
        page.locator(".cell").first.focus()
        return page

    def shows(self, page: Page, *sources: str) -> None:
        """Waits until the page shows these cells."""
        expect(page.locator(".cell .src, .cell .rendered")).to_have_text(list(sources))

    def are(self, page: Page, *sources: str) -> None:
        """Waits until the page shows these cells and the file holds them."""
        self.shows(page, *sources)
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual([cell["source"].removeprefix("## ") for cell in self.read_notebook(self.file)], list(sources))

    def test_what_is_done_to_cells_is_undone_and_redone(self) -> None:
        """Z takes back moving, joining, another type, a new cell and replacing, one after the other; Shift-Z does them again."""
        page = self.opened(("code", "a"), ("code", "b"), ("code", "c"))
        self.press(page, "Alt+ArrowDown")
        self.shows(page, "b", "a", "c")
        self.press(page, "Shift+M")
        self.shows(page, "b", "a\n\nc")
        self.press(page, "b")
        self.shows(page, "b", "a\n\nc", "")
        page.keyboard.press("Control+h")
        page.get_by_label("Find", exact=True).fill("b")
        page.get_by_label("Replace with").fill("x")
        page.get_by_role("button", name="Replace all").click()
        self.shows(page, "x", "a\n\nc", "")
        page.get_by_label("Find", exact=True).press("Escape")
        for step in (("b", "a\n\nc", ""), ("b", "a\n\nc"), ("b", "a", "c"), ("a", "b", "c")):
            self.press(page, "z")
            self.shows(page, *step)
        self.press(page, "z")
        expect(page.get_by_text("There is nothing to undo.")).to_be_visible()
        for step in (("b", "a", "c"), ("b", "a\n\nc"), ("b", "a\n\nc", ""), ("x", "a\n\nc", "")):
            self.press(page, "Shift+Z")
            self.shows(page, *step)
        self.press(page, "Home", "Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        self.press(page, "End")
        self.put(page, "\ny")
        self.press(page, "ArrowUp", "End", "Control+Shift+Minus")
        self.shows(page, "x", "y", "a\n\nc", "")
        expect(page.locator(".cell.sel .src")).to_have_text("y")
        self.press(page, "Escape", "z")
        self.are(page, "x\ny", "a\n\nc", "")

    def test_sections_are_folded_and_get_headings(self) -> None:
        """Left folds a section, as the file then says, and arrows pass over it; Right opens it; Shift-A and Shift-B add a heading beside it."""
        two = "## Two\n\n```python\nfor x in y: pass\n```"
        page = self.opened(("markdown", "## One"), ("code", "a"), ("code", "b"), ("markdown", two), ("code", "c"))
        expect(page.locator("#cell-c3 code .k").first).to_have_text("for")  # code in a text has its colours
        self.press(page, "j", "ArrowLeft", "ArrowLeft")
        expect(page.get_by_text("2 cells are folded away.")).to_be_visible()
        expect(page.locator("#cell-c1")).to_be_hidden()
        self.press(page, "j")
        expect(page.locator("#cell-c3")).to_be_focused()
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.read_notebook(self.file)[0]["metadata"], {"jp-MarkdownHeadingCollapsed": True})
        page.keyboard.press("Control+f")
        page.get_by_label("Find", exact=True).fill("b")
        self.press(page, "Control+g")
        expect(page.locator("#cell-c2")).to_be_visible()
        self.press(page, "Escape", "Control+Shift+ArrowLeft")
        expect(page.locator(".cell:visible")).to_have_count(2)
        page.get_by_role("button", name="Unfold the section of cell 4").click()
        expect(page.locator("#cell-c4")).to_be_visible()
        self.press(page, "Control+Shift+ArrowRight", "Home", "Shift+B")
        expect(page.locator(".cm-content")).to_have_text("## ")
        self.put(page, "Between")
        self.press(page, "Escape")
        expect(page.locator(".saved")).to_have_text("Saved")
        sources = [cell["source"] for cell in self.read_notebook(self.file)]
        self.assertEqual(sources, ["## One", "a", "b", "## Between", two, "c"])

    def test_parts_of_cells_are_put_out_of_sight(self) -> None:
        """Shift-O lets outputs scroll, Shift-R puts them beside, the menu hides the code; the file says so as Jupyter does."""
        stream = {"output_type": "stream", "name": "stdout", "text": ["row\n"] * 39}
        cell = {"cell_type": "code", "source": "a", "outputs": [stream], "execution_count": 1}
        page = self.opened(cell, ("code", "b"))
        self.press(page, "Shift+O")
        expect(page.locator(".out.scrolled")).to_have_count(1)
        self.press(page, "Shift+R")
        source, output = page.locator("#cell-c0 .src").bounding_box(), page.locator("#cell-c0 .out").bounding_box()
        assert source is not None and output is not None
        self.assertGreater(output["x"], source["x"] + source["width"] - 1)
        self.press(page, "Shift+R")
        handle = page.get_by_role("button", name="Menu of cell 1")
        handle.click()
        page.get_by_role("menuitemcheckbox", name="Hide the code").click()
        expect(page.get_by_text("The code is hidden.")).to_be_visible()
        expect(page.locator(".saved")).to_have_text("Saved")
        wanted = {"scrolled": True, "jupyter": {"source_hidden": True}}
        self.assertEqual(self.read_notebook(self.file)[0]["metadata"], wanted)
        page.locator("#cell-c1").hover()
        page.get_by_role("button", name="New text cell after cell 1").click()
        expect(page.locator(".cell.markdown.edit")).to_have_attribute("aria-label", "Cell 2, text")
        self.press(page, "Escape")
        handle = page.get_by_role("button", name="Menu of cell 2")
        handle.click()
        expect(page.get_by_role("menuitem", name="Cut")).to_be_focused()
        self.press(page, "Escape")
        expect(page.get_by_role("menu")).to_have_count(0)
        expect(handle).to_be_focused()
        handle.click()
        page.get_by_role("menuitem", name="Delete").click()
        expect(page.locator(".cell")).to_have_count(2)

    def test_keys_of_colab(self) -> None:
        """With the keys of Colab, Ctrl-M begins a command in both modes and what follows it never gets into the text."""
        page = self.opened(("code", "one\ntwo"))
        self.press(page, "Control+Comma")
        page.get_by_text("Colab and VS Code").click()
        self.press(page, "Escape")
        expect(page.locator(".cell.sel")).to_be_focused()
        self.press(page, "Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        self.press(page, "Control+Home", "ArrowDown", "Control+m", "-")
        expect(page.locator(".cell.sel .src")).to_have_text("two")
        self.press(page, "Enter", "Control+m", "b")
        expect(page.locator(".cell")).to_have_count(3)
        self.press(page, "Control+m", "q", "Control+m", "d")
        self.shows(page, "one", "two")
        self.press(page, "Control+m", "h")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Ctrl")
        self.press(page, "Escape", "Control+m", "z")
        expect(page.locator(".cell")).to_have_count(3)

    def test_code_that_ran_comes_back_and_errors_lead_to_their_line(self) -> None:
        """Alt with the arrows walks through what ran; a traceback's link puts the caret into the line."""
        page = self.opened(
            ("code", "first = 1"), ("code", "def f():\n    return 1 / 0\nf()"), ("code", ""), kernel=True
        )
        self.press(page, "Shift+Enter", "Shift+Enter")
        expect(page.locator(".cell.failed")).to_have_count(1)
        self.press(page, "Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        self.put(page, "draft")
        self.press(page, "Alt+ArrowUp", "Alt+ArrowUp")
        expect(page.locator(".cm-content")).to_have_text("first = 1")
        self.press(page, "Alt+ArrowDown", "Alt+ArrowDown")
        expect(page.locator(".cm-content")).to_have_text("draft")
        page.get_by_role("button", name="line 2, in f()").click()
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        self.put(page, "# here")
        expect(page.locator("#cell-c1 .cm-line").nth(1)).to_have_text("# here    return 1 / 0")
        self.press(page, "Control+d")
        expect(page.locator("#cell-c1 .cm-line")).to_have_text(["def f():", "f()"])
