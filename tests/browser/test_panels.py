"""The palette, the settings, the side with outline, files and variables, and help that comes by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds

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

    def test_keys_are_changed(self) -> None:
        """A command gets the key of another one, which loses it; a browser's key is refused; all of it is kept, and taken back."""
        page = self.notebook()
        self.press(page, "Escape", "h")
        sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
        sheet.get_by_role("button", name="Change keys").click()
        sheet.get_by_label("Filter by command or key").fill("a code cell below")
        sheet.get_by_role("button", name="Add a key: Insert a code cell below", exact=True).click()
        expect(sheet.get_by_role("textbox", name="Press the new key")).to_be_focused()
        said = sheet.get_by_role("status")
        self.press(page, "F5")
        expect(said).to_contain_text("The browser has a use of its own")
        expect(sheet.get_by_role("button", name="Use it")).to_be_disabled()
        self.press(page, "m")
        expect(said).to_have_text(
            "It works after Esc, not while you edit. M is a key of “Make it a text cell”, which loses it."
        )
        self.assertEqual(axe_finds(page), [])
        self.press(page, "Tab", "Enter")
        expect(sheet.locator(".key-row", has_text="Insert a code cell below and edit it").locator("kbd")).to_have_count(
            0
        )
        expect(sheet.locator(".key-row").first.locator("kbd")).to_have_text(["B", "M"])
        self.press(page, "Escape")
        expect(page.locator(".cell.sel")).to_be_focused()
        self.press(page, "m")
        expect(page.locator(".cell.code")).to_have_count(2)
        page.reload()
        expect(page.locator(".cell.sel")).to_be_focused()
        self.press(page, "m")
        expect(page.locator(".cell.code")).to_have_count(3)
        self.press(page, "h")
        sheet.get_by_role("button", name="Change keys").click()
        sheet.get_by_role("button", name="Remove B: Insert a code cell below").click()
        expect(sheet.get_by_role("button", name="Reset the keys: Make it a text cell")).to_be_visible()
        sheet.get_by_role("button", name="Reset all").click()
        expect(sheet.get_by_role("button", name="Reset all")).to_be_disabled()
        self.press(page, "Escape", "m")
        expect(page.locator(".cell.markdown")).to_have_count(1)


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
        page.keyboard.press("Tab")  # the only completion is inserted
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


class SidePanel(PageCase):
    """It gives way, and is as wide as it is wanted."""

    def test_the_side_panel_hides_and_resizes_and_cells_take_the_width(self) -> None:
        """By its button and its key, also while editing; the edge is dragged and moved by arrows; all of it is remembered."""
        page = self.notebook()
        side, edge, cells = page.locator("aside.side"), page.get_by_role("separator"), page.locator(".nb")

        def width(what: Locator) -> float:
            box = what.bounding_box()
            assert box is not None
            return box["width"]

        page.keyboard.press("Control+b")
        expect(side).to_be_hidden()
        expect(page.locator(".cm-content")).to_be_focused()
        page.reload()
        expect(page.locator(".cell").first).to_be_visible()
        expect(side).to_be_hidden()
        page.get_by_role("button", name="Outline and queue").click()
        expect(side).to_be_visible()
        edge.focus()
        self.press(page, "ArrowRight", "ArrowRight")
        expect(edge).to_have_attribute("aria-valuenow", "280")
        self.assertEqual(width(side), 280)
        box = edge.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 4, 300)
        page.mouse.down()
        page.mouse.move(400, 300, steps=3)
        page.mouse.up()
        expect(edge).to_have_attribute("aria-valuenow", "400")
        page.set_viewport_size({"width": 1800, "height": 860})
        narrow = width(cells)
        page.keyboard.press("Control+Comma")
        page.get_by_role("switch", name="Use the full width of the window").click()
        page.keyboard.press("Escape")
        self.assertGreater(width(cells), narrow + 300)
        page.reload()
        expect(edge).to_have_attribute("aria-valuenow", "400")
        self.assertEqual(axe_finds(page), [])
        page.get_by_role("button", name="Hide the side panel").click()
        expect(side).to_be_hidden()
        page.set_viewport_size({"width": 390, "height": 780})
        page.locator(".top").get_by_role("button", name="Outline and queue").click()
        expect(side).to_be_visible()
        self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), 390)


class HelpDialog(PageCase):
    """What webipy is, how it is used, and what to say when it fails."""

    def test_help_has_the_guide_the_pages_of_the_language_and_a_report(self) -> None:
        """From a notebook and from the home page; the guide is read without another server, and leads from text to text."""
        page = self.notebook()
        page.get_by_role("button", name="Help", exact=True).click()
        dialog = page.get_by_role("dialog", name="Help")
        expect(dialog.get_by_role("link", name="NumPy Reference")).to_be_visible()
        expect(dialog.locator(".report")).to_contain_text("Python: CPython")
        expect(dialog.locator(".report")).to_contain_text("Kernel: python3, idle; 1 cells")
        self.assertNotIn(str(self.server.root), dialog.inner_text())
        self.assertEqual(axe_finds(page), [])
        dialog.get_by_role("button", name="Copy the report").click()
        self.copied(page, dialog.locator(".report").inner_text())
        with self.context.expect_page() as opened:
            dialog.get_by_role("link", name="Guide").click()
        guide = opened.value
        expect(guide.get_by_role("heading", name="A walk through")).to_be_visible()
        guide.get_by_role("main").get_by_role("link", name="docs/security.md").first.click()
        expect(guide.get_by_role("link", name="Security", exact=True)).to_have_attribute("aria-current", "page")
        expect(guide.get_by_role("main").get_by_role("heading").first).to_be_visible()
        guide.get_by_role("link", name="The API").click()
        expect(guide.get_by_role("heading", name="session.create")).to_be_visible()
        guide.set_viewport_size({"width": 390, "height": 780})
        self.assertEqual(axe_finds(guide), [])
        self.assertEqual(guide.evaluate("document.documentElement.scrollWidth"), 390)
        dialog.get_by_role("button", name="Keys").click()
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
