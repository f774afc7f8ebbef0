"""The palette, the settings, the side with outline, files and variables, and help that comes by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase

VALUES = """
import math, collections
numbers = list(range(1000))
text = "x" * 5000
big = 10 ** 9999
class Loud:
    def __repr__(self): return "I am " + "loud " * 50
class Slow:
    def __repr__(self):
        while True: pass
class Bad:
    def __repr__(self): raise RuntimeError("no")
loud, slow, bad = Loud(), Slow(), Bad()
def greet(name, *, loudly=False):
    "Says hello."
    return name
_private = 1
"""


class Palette(PageCase):
    """Everything can be found by a few letters."""

    def choose(self, page: Page, letters: str) -> None:
        """Finds something and takes the best."""
        page.keyboard.press("Control+Shift+P")
        field = page.get_by_role("combobox")
        expect(field).to_be_focused()
        page.keyboard.type(letters)
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(".palette")).to_have_count(0)

    def test_commands_headings_cells_and_files_are_found(self) -> None:
        """A few letters find a command with its key, a heading, code or a file; Enter takes the best, Esc gives up and gives the focus back."""
        more = [("markdown", f"## Part {n}\n\ntext") for n in range(3)]
        self.write_notebook("pal/one.ipynb", ("code", "first = 1"), *more, ("code", "needle_here = 2"))
        self.write_notebook("pal/other.ipynb", ("code", "elsewhere = 1"))
        page = self.open_file("pal/one.ipynb")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("combobox")).to_be_focused()
        page.keyboard.type("intker")
        best = page.get_by_role("option").first
        expect(best).to_contain_text("Interrupt the kernel")
        expect(best.locator(".kbd")).to_have_text(["I", "I"])
        expect(best).to_have_attribute("aria-selected", "true")
        page.keyboard.press("Escape")
        expect(page.locator(".palette")).to_have_count(0)
        expect(page.locator(".cell.sel")).to_be_focused()
        self.choose(page, "part 2")
        expect(page.locator("#cell-c3")).to_have_class(re.compile("sel"))
        self.choose(page, "needle")
        expect(page.locator("#cell-c4")).to_have_class(re.compile("sel"))
        self.choose(page, "insert text")
        expect(page.locator(".cell.edit.markdown")).to_have_count(1)
        self.choose(page, "other.ipynb")
        expect(page.locator(".src").first).to_have_text("elsewhere = 1")
        self.sessions.append(page.url.rsplit("/", 1)[-1])

    def test_settings_are_kept_in_this_browser(self) -> None:
        """Theme, size of code and line numbers change at once, and are the same after a reload."""
        page = self.notebook()
        self.put(page, "a = 1")
        before = page.locator(".cm-content").evaluate("one => getComputedStyle(one).fontSize")
        page.keyboard.press("Control+,")
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("Dark", exact=True).click()
        dialog.get_by_text("Larger", exact=True).click()
        dialog.get_by_role("switch", name="Line numbers").click()
        page.keyboard.press("Escape")
        page.reload()
        expect(page.locator(":root")).to_have_attribute("data-theme", "dark")
        expect(page.locator(".src.numbered, .cm-lineNumbers").first).to_be_visible()
        source = page.locator(".src, .cm-content").first
        self.assertNotEqual(source.evaluate("one => getComputedStyle(one).fontSize"), before)

    def test_the_keys_are_all_told(self) -> None:
        """The sheet of keys has each key of the table once."""
        page = self.notebook()
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
        for words in (
            "Find a command",
            "Settings",
            "Move the cells up",
            "Interrupt the kernel",
            "Split the cell at the caret",
        ):
            expect(sheet).to_contain_text(words)
        titles = sheet.locator("tr td:first-child").all_inner_texts()
        self.assertEqual(len(titles), len(set(titles)))


class Side(PageCase):
    """Outline, files and variables."""

    def test_the_outline_tells_where_one_is_and_what_runs(self) -> None:
        """Headings are marked while something under them runs and when it failed; a click goes there."""
        self.write_notebook(
            "side/outline.ipynb",
            ("markdown", "# One"),
            ("code", "input()"),
            ("markdown", "## Two"),
            ("code", "1/0"),
        )
        page = self.open_file("side/outline.ipynb", kernel=True)
        toc = page.locator(".toc")
        expect(toc.locator("li")).to_have_text(["One", "Two"])
        page.keyboard.press("j")
        page.keyboard.press("Control+Enter")
        expect(toc.locator("li").nth(0)).to_contain_text("runs")
        page.locator(".stdin input").fill("x")
        page.keyboard.press("Enter")
        expect(toc.locator("li").nth(0)).to_have_text("One")
        toc.get_by_role("button", name="Two").click()
        expect(toc.get_by_role("button", name="Two")).to_have_attribute("aria-current", "true")
        page.keyboard.press("j")
        page.keyboard.press("Control+Enter")
        expect(toc.locator("li").nth(1)).to_contain_text("failed")
        page.get_by_role("tab", name="Files").click()
        files = page.get_by_role("list", name="Files in side")
        expect(files.get_by_role("link", name="outline.ipynb")).to_have_attribute("aria-current", "page")

    def test_variables_are_listed_without_history_or_harm(self) -> None:
        """Names come with type, size and a short text after each run; no `__repr__` can hold the page up, and `_` and the count stay as they were."""
        page = self.notebook()
        self.finished(self.run_code(page, VALUES))
        page.get_by_role("tab", name="Variables").click()
        panel = page.locator(".variables")
        row = panel.locator(".variable").filter(has=page.locator(".name", has_text=re.compile("^numbers$")))
        expect(row.locator(".type")).to_have_text("list")
        expect(row.locator(".size")).to_have_text("1,000 items")
        expect(row.locator(".short")).to_have_text("[0, 1, 2, 3, 4, 5, …]")
        names = panel.locator(".name").all_inner_texts()
        self.assertIn("slow", names)
        self.assertNotIn("_private", names)
        self.assertEqual(names[-2:], ["collections", "math"])
        expect(panel).to_contain_text("about 10**9999")
        expect(panel).to_contain_text("<RuntimeError>")
        expect(panel).to_contain_text("(name, *, loudly=False)")
        panel.get_by_role("searchbox").fill("dict")
        expect(panel).to_contain_text("No variable has that")
        panel.get_by_role("searchbox").fill("")
        page.get_by_role("button", name="Add a code cell below").click()
        cell = self.run_code(page, "fresh = {'a': 1}")
        expect(panel.locator(".name").filter(has_text=re.compile("^fresh$"))).to_be_visible()
        expect(cell.locator(".count")).to_have_text("2")
        panel.get_by_title("Show what is known of greet").click()
        expect(page.locator(".pager")).to_contain_text("Says hello.")
        self.edit(page)
        page.keyboard.press("End")
        panel.locator(".variable").filter(has_text="fresh").hover()
        panel.get_by_role("button", name="Insert fresh into the cell").click()
        expect(page.locator(".cm-content")).to_have_text("fresh = {'a': 1}fresh")

    def test_variables_completion_and_help_come_while_a_cell_runs(self) -> None:
        """Told to this page alone: there is no event of them, so nobody else hears of what is asked."""
        page = self.notebook()
        session = self.sessions[-1]
        self.finished(self.run_code(page, VALUES))
        page.get_by_role("tab", name="Variables").click()
        panel = page.locator(".variables")
        expect(panel.locator(".name").filter(has_text=re.compile("^numbers$"))).to_be_visible()
        page.get_by_role("button", name="Add a code cell below").click()
        self.run_code(page, "while_it_runs = 'here'\ninput()")
        expect(page.locator(".stdin input")).to_have_count(1)
        panel.get_by_role("button", name="Ask again").click()
        expect(panel.locator(".name").filter(has_text=re.compile("^while_it_runs$"))).to_be_visible()
        expect(panel).not_to_contain_text("The kernel is running")
        page.get_by_role("button", name="Add a code cell below").click()
        page.keyboard.type("while_it_")
        page.keyboard.press("Tab")
        expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("while_it_runs")
        page.keyboard.press("Tab")
        expect(page.locator(".cm-content").last).to_have_text("while_it_runs")
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".cm-inspection")).to_contain_text("here")
        told = self.server.call("session.events", session=session, limit=10_000)["events"]
        self.assertEqual(len([one for one in told if one["type"] == "execution_queued"]), 2)
        self.assertNotIn("[0, 1, 2, 3, 4, 5", str(told))


class Help(PageCase):
    """Help while typing and under the pointer."""

    def test_signatures_and_hover(self) -> None:
        """A call is explained after its opening bracket until it is closed; a name under the pointer after half a second."""
        page = self.notebook()
        self.finished(self.run_code(page, VALUES))
        page.get_by_role("button", name="Add a code cell below").click()
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.type("greet(")
        tip = page.locator(".cm-inspection")
        expect(tip).to_contain_text("loudly=False")
        page.keyboard.type("'a', ")
        expect(tip).to_be_visible()
        page.keyboard.press("End")
        expect(tip).to_have_count(0)
        page.locator(".cm-line").get_by_text("greet").hover(position={"x": 8, "y": 8})
        expect(tip).to_contain_text("Says hello.")
        page.keyboard.press("Escape")
