"""From a name to where it is defined, and back: by key, by the pointer, into cells and into the source of libraries."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds

TOOLS = "LIMIT = 3\n\n\ndef lend(tool):\n    return tool\n"

CELLS: tuple[tuple[str, str], ...] = (
    ("code", "import json\nimport lent as shelf"),
    ("code", "factor = 2\n\ndef scaled(value, by=factor):\n    return value * by"),
    ("markdown", "## Later\n\ntext"),
    ("code", "rate = 0.5"),
    ("code", "scaled(3)\njson.dumps(rate)\nshelf.lend(len)\nnothing_here"),
)

MARKS = """() => {
    window.marked = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...given) {
        marked.push(this.textContent);
        return animate.apply(this, given);
    };
}"""
"""Keeps the text of what is marked for a moment: the moment may be over before a test can look."""


class Definitions(PageCase):
    """F12, Ctrl-click, the dialog, and the way back."""

    def opened(self, kernel: bool = True) -> Page:
        """A tab on the cells above; with a kernel, all of them but the last have run."""
        path = f"{self._testMethodName}/names.ipynb"
        self.write_notebook(path, *CELLS)
        (self.server.root / self._testMethodName / "lent.py").write_text(TOOLS, "utf-8")
        page = self.open_file(path, kernel)
        if kernel:
            for cell in ("c0", "c1", "c3"):
                source = next(
                    one["source"]
                    for one in self.server.call("cell.list", session=self.sessions[-1])["cells"]
                    if one["id"] == cell
                )
                self.execute(self.sessions[-1], source, cell)
        return page

    def edit_last(self, page: Page, line: int, column: int) -> None:
        """Puts the caret into the last cell."""
        page.keyboard.press("End")
        expect(page.locator("#cell-c4")).to_have_class(re.compile("sel"))
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.press("Control+Home")
        for key, times in (("ArrowDown", line), ("ArrowRight", column)):
            for _ in range(times):
                page.keyboard.press(key)

    def at(self, page: Page, cell: str, line: str, before: str) -> None:
        """Waits until the caret is in a line of a cell, behind some text."""
        expect(page.locator(f"#cell-{cell}.edit .cm-content")).to_be_focused()
        script = """wanted => {
            const {focusNode, focusOffset} = getSelection();
            const line = (focusNode?.nodeType === 1 ? focusNode : focusNode?.parentElement)?.closest(".cm-line");
            if (!line) return false; // the editor has the focus and its caret is not drawn yet
            const range = document.createRange();
            range.setStart(line, 0);
            range.setEnd(focusNode, focusOffset);
            return line.textContent === wanted[0] && range.toString() === wanted[1];
        }"""
        page.wait_for_function(script, arg=[line, before])

    def word(self, page: Page, cell: str, word: str) -> tuple[float, float]:
        """The middle of a word of a cell on the screen."""
        script = """([cell, word]) => {
            const root = document.querySelector(`#cell-${cell} :is(.src, .cm-content)`);
            const walker = root && document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            for (let node = walker?.nextNode() ?? null; node !== null; node = walker.nextNode()) {
                const at = node.nodeValue.indexOf(word);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + word.length);
                const box = range.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }
        }"""
        x, y = page.wait_for_function(script, arg=[cell, word]).json_value()
        return float(x), float(y)

    def underlined(self, page: Page) -> str:
        """The text that is underlined."""
        return str(page.evaluate("[...(CSS.highlights.get('webipy-link') ?? [])].map(String).join()"))

    def told(self, page: Page, words: str) -> None:
        """Waits for a note."""
        expect(page.locator(".toast", has_text=words).last).to_be_visible()

    def dialog(self, page: Page) -> Locator:
        """The dialog with source, open."""
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("mark")).to_be_in_viewport()
        return dialog

    def test_by_key_to_a_cell_and_back(self) -> None:
        """F12 puts the caret where the name is defined, marks the line, and two steps back are two steps back; no kernel is needed for that."""
        page = self.opened(kernel=False)
        self.edit_last(page, 0, 3)
        page.evaluate(MARKS)
        page.keyboard.press("F12")
        self.at(page, "c1", "def scaled(value, by=factor):", "def ")
        page.wait_for_function("marked.includes('def scaled(value, by=factor):')")
        expect(page.locator("[role=status].vh")).to_have_text("Cell 2, line 3")
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("F12")
        self.at(page, "c1", "factor = 2", "")
        page.keyboard.press("F12")
        self.told(page, "This is where factor is defined.")
        page.keyboard.press("Control+Alt+-")
        self.at(page, "c1", "def scaled(value, by=factor):", "def scaled(value, by=fac")
        page.keyboard.press("Shift+F12")
        self.at(page, "c4", "scaled(3)", "sca")
        page.keyboard.press("Shift+F12")
        self.told(page, "There is no place to go back to.")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("F12")
        self.at(page, "c0", "import lent as shelf", "import lent as ")
        page.keyboard.press("F12")
        self.told(page, "only be found by a running kernel")

    def choose(self, page: Page, letters: str) -> None:
        """Takes a command of the palette."""
        page.keyboard.press("Control+Shift+P")
        page.get_by_role("combobox").fill(letters)
        expect(page.get_by_role("option").first).to_contain_text(letters)
        page.keyboard.press("Enter")

    def test_by_the_palette_and_in_folded_sections(self) -> None:
        """The palette has both ways; a cell that is folded away is unfolded."""
        page = self.opened(kernel=False)
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#cell-c3")).to_be_hidden()
        page.keyboard.press("Home")
        self.edit(page)
        page.keyboard.insert_text("print(rate)")
        page.keyboard.press("ArrowLeft")
        self.choose(page, "Go to where the name is defined")
        self.at(page, "c3", "rate = 0.5", "")
        self.choose(page, "Go back to where you came from")
        self.at(page, "c0", "print(rate)", "print(rate")
        page.keyboard.press("Escape")
        self.choose(page, "Go to where the name is defined")
        self.told(page, "Put the caret into a name first.")

    def test_by_the_pointer(self) -> None:
        """With Ctrl held a name that leads somewhere is underlined, in cells that are edited or not; a click goes there, and elsewhere adds a caret."""
        page = self.opened()
        page.keyboard.press("Control")
        page.keyboard.down("Control")
        page.mouse.move(*self.word(page, "c4", "scaled"))
        expect(page.locator(":root.follows")).to_have_count(1)
        self.assertEqual(self.underlined(page), "scaled")
        page.mouse.move(*self.word(page, "c4", "dumps"))
        self.assertEqual(self.underlined(page), "dumps")
        page.mouse.move(*self.word(page, "c3", "rate"))
        self.assertEqual(self.underlined(page), "")
        page.mouse.move(*self.word(page, "c4", "scaled"))
        page.keyboard.up("Control")
        expect(page.locator(":root.follows")).to_have_count(0)
        page.mouse.click(*self.word(page, "c4", "rate"))
        expect(page.locator("#cell-c4.edit .cm-content")).to_be_focused()
        page.keyboard.down("Control")
        page.mouse.click(*self.word(page, "c4", "rate"))
        page.keyboard.up("Control")
        self.at(page, "c3", "rate = 0.5", "")
        page.keyboard.down("Control")
        page.mouse.click(*self.word(page, "c4", "scaled"))
        page.keyboard.up("Control")
        self.at(page, "c1", "def scaled(value, by=factor):", "def ")
        page.keyboard.press("Control+End")
        page.keyboard.down("Control")
        page.mouse.click(*self.word(page, "c1", "2"))
        page.keyboard.up("Control")
        expect(page.locator("#cell-c1 .cm-cursor")).to_have_count(2)

    def test_a_library_shows_its_source(self) -> None:
        """The file, the lines around, the one that counts; it can be copied, Esc closes it, and the caret is where it was. Nothing counts as a run."""
        page = self.opened()
        self.edit_last(page, 1, 8)
        page.keyboard.press("F12")
        dialog = self.dialog(page)
        expect(dialog.get_by_role("heading")).to_have_text("Where json.dumps is defined")
        expect(dialog.locator("mark")).to_contain_text("def dumps(obj, *, skipkeys=False")
        expect(dialog.locator("mark .k").first).to_have_text("def")
        expect(dialog.locator(".definition-place")).to_contain_text(re.compile(r"json/__init__\.py\s+line \d+"))
        expect(dialog.locator(".definition-source")).to_be_focused()
        expect(dialog.get_by_role("link", name="Open the file")).to_have_count(0)
        dialog.get_by_role("button", name="Copy these lines").click()
        begin = "\ndef dumps(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True,\n        allow_nan"
        self.copied(page, re.compile(re.escape(begin)))
        dialog.get_by_role("button", name="Copy the path").click()
        self.told(page, "Copied")
        self.copied(page, re.compile(r"json/__init__\.py\Z"))
        page.keyboard.press("Escape")
        self.at(page, "c4", "json.dumps(rate)", "json.dum")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#cell-c4 .count")).to_have_text("4")

    def test_a_file_below_the_root_can_be_opened(self) -> None:
        """A file of the user has a link to it; axe finds nothing in the dialog, in light, in dark and on a phone."""
        page = self.opened()
        self.edit_last(page, 2, 8)
        page.keyboard.press("F12")
        dialog = self.dialog(page)
        expect(dialog.locator("mark")).to_have_text(re.compile(r"^def lend\(tool\):"))
        expect(dialog).to_contain_text("line 4; all of 5 are shown")
        for scheme, width in (("light", 1280), ("dark", 1280), ("dark", 390)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # both are what it takes
            page.set_viewport_size({"width": width, "height": 780})
            self.assertEqual(axe_finds(page), [], (scheme, width))
        self.assertTrue(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
        with page.expect_popup() as opened:
            dialog.get_by_role("link", name="Open the file").click()
        expect(opened.value.locator("body")).to_contain_text("def lend(tool):")

    def test_names_that_lead_nowhere_are_told(self) -> None:
        """What is built in, what nobody knows, and a place without a name: a sentence each, and the caret stays."""
        page = self.opened()
        self.edit_last(page, 2, 12)
        page.keyboard.press("F12")
        self.told(page, "len is built in: there is no source to read.")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("F12")
        self.told(page, "nothing_here is not defined in this notebook, and the kernel does not know it.")
        self.at(page, "c4", "nothing_here", "nothing_here")
        page.keyboard.press("Control+Home")
        for _ in range(9):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("F12")
        self.told(page, "Put the caret into a name first.")

    def test_a_kernel_that_runs_code_answers(self) -> None:
        """Names of the notebook are found without it, others by it while it runs."""
        page = self.opened()
        session = self.sessions[-1]
        self.edit_last(page, 0, 2)
        self.server.call("execution.start", session=session, code="input()", cell="c3")
        expect(page.locator(".stdin input")).to_have_count(1)
        expect(page.locator("#cell-c4 .cm-content")).to_be_focused()
        page.keyboard.press("F12")
        self.at(page, "c1", "def scaled(value, by=factor):", "def ")
        page.keyboard.press("Shift+F12")
        self.at(page, "c4", "scaled(3)", "sc")
        page.keyboard.press("ArrowDown")
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("F12")
        expect(self.dialog(page)).to_contain_text("def dumps")
        expect(page.locator(".stdin input")).to_have_count(1)
        page.keyboard.press("Escape")
        self.answer(session)

    def answer(self, session: str) -> None:
        """Lets the run that waits for a line go on."""
        asked = [
            one
            for one in self.server.call("session.events", session=session, limit=10_000)["events"]
            if one["type"] == "input_requested"
        ]
        self.server.call("input.reply", session=session, request=asked[-1]["request"], value="x")

    def test_a_cell_that_was_edited_since_it_ran_is_found(self) -> None:
        """What an object of the kernel says is brought back to the cell, wherever its lines are now."""
        page = self.opened()
        session = self.sessions[-1]
        made = "class Box:\n    def open(self):\n        return self\nboxes = [Box()]\nbox = boxes[0]"
        self.server.call("cell.set_source", session=session, cell="c3", source=made)
        self.execute(session, made, "c3")
        self.server.call(
            "cell.set_source", session=session, cell="c3", source="# more\n\n" + made.replace("return self", "return 1")
        )
        self.server.call("cell.set_source", session=session, cell="c4", source="box.open()")
        expect(page.locator("#cell-c4 .src")).to_have_text("box.open()")
        self.edit_last(page, 0, 6)
        page.keyboard.press("F12")
        self.at(page, "c3", "    def open(self):", "    def ")

    def test_readers_follow_names_among_the_cells(self) -> None:
        """Who may only look goes to the cell, and is told what it takes to ask the kernel."""
        page = self.opened()
        link = self.server.call("share.link", session=self.sessions[-1], verb="read")["url"]
        context = self.new_context()
        guest = self.new_page(context)
        guest.goto(link)
        guest.get_by_label("Your name").fill("Grace")
        guest.keyboard.press("Enter")
        expect(guest.locator("#cell-c4 .src")).to_be_visible()
        # Both stand above the cell, and move it when they come.
        expect(guest.get_by_role("button", name="Download a copy")).to_be_visible()
        expect(guest.locator("#cell-c2").get_by_role("heading", name="Later")).to_be_visible()
        guest.keyboard.press("Control")
        guest.keyboard.down("Control")
        guest.mouse.move(*self.word(guest, "c4", "scaled"))
        expect(guest.locator(":root.follows")).to_have_count(1)
        guest.mouse.click(*self.word(guest, "c4", "scaled"))
        expect(guest.locator("#cell-c1")).to_have_class(re.compile("sel"))
        guest.mouse.move(*self.word(guest, "c4", "dumps"))
        expect(guest.locator(":root.follows")).to_have_count(0)
        guest.keyboard.up("Control")
        expect(page.locator("#cell-c4")).to_be_visible()
