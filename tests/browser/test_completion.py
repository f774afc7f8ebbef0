"""The list of completions that opens while a name is typed."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase

VALUES = '''
class Wardrobe:
    """Holds coats."""
    def hang_coat(self, coat, *, gently=True):
        """Hangs a coat up."""
    def hang_hat(self, hat):
        """Puts a hat away."""
wardrobe = Wardrobe()
'''

READ_BEFORE = "with __import__('IPython').core.completer.provisionalcompleter(): _ = list(get_ipython().Completer.completions('pr', 2))"
"""Lets the kernel read the library's stubs, which takes it seconds at first."""


class Typing(PageCase):
    """What comes by itself, and what does not."""

    def typing(self) -> Page:
        """A tab with an empty cell under one that has run."""
        page = self.notebook()
        self.finished(self.run_code(page, VALUES))
        self.execute(self.sessions[-1], READ_BEFORE)
        page.get_by_role("button", name="Add a code cell below").click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.code = page.locator(".cm-content")
        self.list = page.locator(".cm-tooltip-autocomplete")
        self.beside = page.locator(".cm-completionInfo")
        return page

    def has(self, *lines: str) -> None:
        """The editor has these lines."""
        expect(self.code.locator(".cm-line")).to_have_text(list(lines))

    def test_the_list_opens_while_a_name_is_typed(self) -> None:
        """Behind letters and behind a dot, with what the kernel knows beside it; Enter, Tab and Esc are as they are known."""
        page = self.typing()
        page.keyboard.type("w")
        page.keyboard.type("ar")
        expect(self.list).to_contain_text("wardrobe")
        expect(self.beside).to_contain_text("Wardrobe")
        self.press(page, "Enter")
        self.has("wardrobe")
        page.keyboard.type(".")
        expect(self.list).to_contain_text("hang_coat")
        expect(self.beside).to_contain_text("Hangs a coat up.")
        self.press(page, "ArrowDown")
        expect(self.beside).to_contain_text("Puts a hat away.")
        page.keyboard.type("ha")
        expect(self.list.locator("[aria-selected]")).to_contain_text("hang_hat")
        self.press(page, "Tab")
        self.has("wardrobe.hang_hat")
        self.press(page, "Enter")
        page.keyboard.type("ward")
        expect(self.list).to_be_visible()
        self.press(page, "Escape")
        expect(self.list).to_have_count(0)
        expect(self.code).to_be_focused()
        page.keyboard.type("robe")
        self.press(page, "Enter")  # what stands there is no reason to keep the line from beginning
        page.keyboard.type("x = 1")
        self.has("wardrobe.hang_hat", "wardrobe", "x = 1")
        page.set_viewport_size({"width": 390, "height": 800})
        self.press(page, "Enter")
        page.keyboard.type("wardrobe.")
        expect(self.beside).to_contain_text("Hangs a coat up.")
        for box in (self.list.bounding_box(), self.beside.bounding_box()):
            assert box is not None
            self.assertGreaterEqual(box["x"], 0)
            self.assertLessEqual(box["x"] + box["width"], 390)

    def test_names_of_cells_complete_without_a_kernel(self) -> None:
        """What the cells bind is there before anything ran, also in what an f-string computes; a command ends it, and a text has no list."""
        self.write_notebook(
            "typing.ipynb",
            ("code", "import numpy as wardrobe\nwarm = 1\ndef f(warp): ..."),
            ("code", ""),
            ("markdown", ""),
        )
        page = self.open_file("typing.ipynb")
        shown = page.locator(".cm-tooltip-autocomplete")
        page.locator(".cell").first.focus()
        self.press(page, "j", "Enter")
        code = page.locator(".cm-content")
        expect(code).to_be_focused()
        page.keyboard.type("x = f'{wa")
        expect(shown.locator("li")).to_have_text(["wardrobe", "warmvariable"])
        expect(shown).to_be_visible()
        self.press(page, "Control+a", "Delete")
        page.keyboard.type("wa")
        expect(shown.locator("li")).to_have_count(2)
        self.press(page, "Escape", "Escape", "Control+k")
        page.keyboard.type("complete names")
        self.press(page, "Enter", "Control+,")
        expect(page.get_by_role("switch", name="Complete names while typing")).not_to_be_checked()
        self.press(page, "Escape", "j", "Enter")
        page.keyboard.type("wardrobe wa")  # of a text
        self.press(page, "Escape")
        expect(shown).to_have_count(0)
        expect(page.locator("#cell-c2")).to_be_focused()
