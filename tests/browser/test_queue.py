"""Running many cells: in order, up to the first error, what was changed; and the queue that they wait in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase

WAIT = "import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.02)\nprint('through')"


class Queue(PageCase):
    """Runs of a notebook file with a kernel of its own."""

    def open_cells(self, *sources: str) -> Page:
        """A tab on a notebook with these code cells, in command mode on the first."""
        self.path = f"queue/{self._testMethodName}.ipynb"
        self.file = self.write_notebook(self.path, *(("code", source) for source in sources))
        page = self.open_file(self.path, kernel=True)
        page.locator(".cell").first.focus()
        return page

    def gate(self) -> str:
        """Code that waits until `open_gate`."""
        self.door = self.server.root / f"{self._testMethodName}.gate"
        return WAIT.format(gate=str(self.door))

    def choose(self, page: Page, name: str) -> None:
        """Chooses a way to run."""
        page.get_by_role("button", name="More ways to run").click()
        page.get_by_role("menuitem", name=name, exact=True).click()

    def ran(self, page: Page, cell: str, text: str) -> None:
        """Waits until a cell has put that out."""
        expect(page.locator(f"#cell-{cell} .out .text")).to_have_text(text)

    def test_all_cells_run_up_to_the_first_error(self) -> None:
        """Run all stops at an error and says what was not run; that can be run all the same."""
        page = self.open_cells("print('one')", "1 / 0", "print('three')")
        page.get_by_role("button", name="Run all cells").click()
        self.ran(page, "c0", "one")
        expect(page.locator("#cell-c1")).to_contain_text("ZeroDivisionError")
        expect(page.locator("#cell-c2 .meta")).to_contain_text("not run")
        note = page.locator(".toast", has_text="Stopped here. 1 later cell was not run.")
        note.get_by_role("button", name="Run it anyway").click()
        self.ran(page, "c2", "three")

    def test_above_below_and_what_was_changed(self) -> None:
        """The menu runs what stands above the selected cell, it and all below, and only what was changed since it ran."""
        page = self.open_cells("print('a')", "print('b')", "print('c')")
        page.keyboard.press("j")
        self.choose(page, "Run all above")
        self.ran(page, "c0", "a")
        expect(page.locator("#cell-c1 .out")).to_have_count(0)
        self.choose(page, "Run this one and all below")
        self.ran(page, "c1", "b")
        self.ran(page, "c2", "c")
        page.locator("#cell-c1 .src").click()
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.press("Control+a")
        self.put(page, "print('B')")
        page.keyboard.press("Escape")
        expect(page.locator("#cell-c1 .meta")).to_contain_text("edited")
        self.choose(page, "Run changed and new cells")
        self.ran(page, "c1", "B")
        expect(page.locator("#cell-c1 .meta")).not_to_contain_text("edited")
        expect(page.locator("#cell-c0 .count")).to_have_text("1")
        self.choose(page, "Run changed and new cells")
        expect(page.get_by_text("No cell was changed since it ran.")).to_be_visible()

    def test_waiting_runs_are_moved_and_taken_back(self) -> None:
        """The queue shows what waits, in order; one can go first, and one can be taken back."""
        page = self.open_cells(self.gate(), "print('b')", "print('c')", "print('d')")
        page.get_by_role("button", name="Run all cells").click()
        expect(page.locator("#cell-c0 .meta")).to_contain_text("s")
        page.get_by_role("button", name="What runs and waits").click()
        panel = page.get_by_role("dialog", name="What runs and waits")
        rows = panel.locator(".queue code")
        expect(rows).to_have_text(["import os, time", "print('b')", "print('c')", "print('d')"])
        panel.get_by_role("button", name="Run it earlier: print('c')").click()
        expect(rows).to_have_text(["import os, time", "print('c')", "print('b')", "print('d')"])
        panel.get_by_role("button", name="Take it out of the queue: print('d')").click()
        expect(rows).to_have_count(3)
        self.door.touch()
        self.ran(page, "c1", "b")
        expect(page.locator("#cell-c2 .count")).to_have_text("2")
        expect(page.locator("#cell-c1 .count")).to_have_text("3")
        expect(page.locator("#cell-c3 .meta")).to_contain_text("cancelled")

    def test_who_ran_a_cell_and_when_is_told(self) -> None:
        """The time of a run tells who started it, when, and how long it took."""
        page = self.open_cells("print(1)")
        page.keyboard.press("Control+Enter")
        self.ran(page, "c0", "1")
        self.finished(page.locator("#cell-c0"))
        title = str(page.locator("#cell-c0 .meta").get_attribute("title"))
        self.assertRegex(title, r"^Run( by \S+)? at \d\d:\d\d:\d\d, took \d+")

    def test_restart_and_run_all(self) -> None:
        """Restart and run all asks, and then everything has run in a fresh kernel."""
        page = self.open_cells("x = 'x' in globals(); print(x)", "print(x)")
        page.get_by_role("button", name="Run all cells").click()
        self.ran(page, "c1", "False")
        page.locator(".cell").first.focus()
        page.keyboard.press("Control+Enter")
        self.ran(page, "c0", "True")
        self.choose(page, "Restart and run all")
        page.get_by_role("dialog").get_by_role("button", name="Restart and run all").click()
        self.ran(page, "c0", "False")
        expect(page.locator("#cell-c1 .count")).to_have_text("2")
