"""Where keys go: to what has the focus, and to nothing else.

`Wandering` types into everything that can be seen, at random and repeatably, and holds one law: a key changes the cell that has the focus, or makes
one; no other cell changes, moves or goes, and where no cell has the focus nothing changes at all.
"""

from __future__ import annotations

import os
import random
from typing import Any, Final

from playwright.sync_api import Error, Page, expect

from tests.browser.stage import PageCase

SEEDS: Final = tuple(int(seed) for seed in os.environ.get("WEBIPY_KEYS_SEEDS", "1,2").split(","))
STEPS: Final = int(os.environ.get("WEBIPY_KEYS_STEPS", "40"))

FRAME: Final = (
    "<style>td { padding: 2px }</style><table class='dataframe'><thead><tr><th></th><th>name</th><th>value</th></tr></thead>"
    "<tbody><tr><th>0</th><td>xylophone</td><td>12.5</td></tr><tr><th>1</th><td>drum</td><td>7.25</td></tr></tbody></table>"
)


def output(data: dict[str, Any]) -> dict[str, Any]:
    """A result as a file has it."""
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}


def printed(text: str) -> dict[str, Any]:
    """A text that was printed."""
    return {"output_type": "stream", "name": "stdout", "text": text}


CELLS: Final[tuple[tuple[str, str] | dict[str, Any], ...]] = (
    ("markdown", "# Title\n\nSome words, a [link](other.ipynb)\n\n- [ ] a task"),
    {
        "cell_type": "code",
        "source": "frame = 1\nframe",
        "outputs": [output({"text/html": FRAME, "text/plain": "frame"})],
    },
    {"cell_type": "code", "source": "print(log)", "outputs": [printed("".join(f"row {n}\n" for n in range(60)))]},
    {"cell_type": "code", "source": "tree", "outputs": [output({"application/json": {"a": [1, {"b": 2}]}})]},
    ("raw", "raw text\nof two lines"),
    {"cell_type": "code", "source": "short", "outputs": [printed("a line\n")]},
    {"cell_type": "code", "source": "framed", "outputs": [output({"text/html": "<input><script>1</script>"})]},
    ("code", ""),
)

STATE: Final = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    const roots = [document, ...[...document.querySelectorAll("*")].map(one => one.shadowRoot).filter(one => one !== null)];
    const marked = roots.some(root => root.getSelection()?.isCollapsed === false);
    const place = at?.closest(".cell .cm-content") ? "editor" : at?.matches(".cell[id]") && !marked ? "cell" : "other";
    const ids = list => [...list].map(one => one.closest(".cell").id.slice(5));
    return {
        place,
        cells: place === "editor" ? ids([at]) : ids(document.querySelectorAll(".cell.sel, .cell.among")),
        title: document.querySelector(".title, .title-field") === null ? "" : document.title,
        at: at === null ? "" : `${at.tagName}.${at.className} in ${at.closest(".cell")?.id ?? at.closest("[class]")?.className ?? ""}`,
    };
}"""
"""What has the focus, worked out here once more and from the document alone."""

AGREED: Final = """() => {
    const at = document.activeElement;
    const cell = at?.closest(".cell[id]");
    if (cell == null) return true;
    const writes = at.closest(".live, .cm-editor") !== null;
    return cell.matches(".sel") && cell.matches(".edit") === writes;
}"""
"""Whether the cell with the focus is the selected one, and is edited just when its editor has the focus."""

FOCUSABLE: Final = (
    ".cell[id], .cell .src, .cell a, .cell .view, .cell summary, .cell iframe, .cell [role=tree], .tabs button"
)
"""What a screen reader gives the focus to, without a key or a click."""

THINGS: Final = (
    *(".cell .src", ".cell .rendered", ".cell .gut", ".cell .meta", ".cell .out", ".cell .out td", ".cell .out .view"),
    *(
        ".cell .out .text",
        ".cell .out [role=tree]",
        ".cell .out [role=treeitem]",
        ".cell .out iframe",
        ".log-foot .counts",
    ),
    *(".find-bar input", "dialog .body", "dialog input", "dialog h2", ".toc a", ".tabs button", ".search-in input"),
    *(".title-field", ".foot-bar", ".top .saved", "#main", ".pager", ".cm-content", ".menu"),
)
"""What is clicked, dragged over and typed into, as far as it is there."""

OPENERS: Final = (
    *(".cell .grip", ".title", ".top .kernel", "[aria-label='Find in all cells']", ".find-command", ".bar .narrow"),
    *(".log-foot button[aria-pressed]", ".share-button"),
)
"""Buttons that only open something."""

LETTERS: Final = "abcdefghijklmnopqrstuvwxy -#"
"""All but Z, which takes back what was done to other cells."""


class Keys(PageCase):
    """Keys that once went astray, each for itself."""

    def opened(self, *cells: tuple[str, str] | dict[str, Any]) -> Page:
        """A tab on a notebook with these cells, in command mode on the first."""
        self.path = f"keys/{self._testMethodName}.ipynb"
        self.file = self.write_notebook(self.path, *cells)
        page = self.open_file(self.path)
        page.locator(".cell").first.focus()
        return page

    def sources(self) -> list[str]:
        """The sources that the server has."""
        return [str(cell["source"]) for cell in self.server.call("cell.list", session=self.sessions[-1])["cells"]]

    def test_tab_indents_in_text_and_raw_cells(self) -> None:
        """Tab indents and Shift-Tab dedents in every editor, and neither leaves it."""
        page = self.opened(("markdown", "- one"), ("raw", "two"), ("code", "three"))
        self.press(page, "Enter")
        expect(page.locator("#cell-c0 .cm-content")).to_be_focused()
        self.press(page, "End", "Enter", "Tab")
        page.keyboard.type("- xylophone")
        self.press(page, "Shift+Tab", "Shift+Tab")
        page.keyboard.type("d")
        self.press(page, "Escape", "j", "Enter")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        self.press(page, "Home", "Tab")
        page.keyboard.type("d")
        self.press(page, "Escape")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.sources(), ["- one\n- xylophoned", "    dtwo", "three"])

    def test_letters_over_selected_text_are_no_commands(self) -> None:
        """Text that is dragged over is there to be copied: letters do nothing to its cell, until Esc lets go of it."""
        page = self.opened(("code", "a = 1\nb = 2"), ("markdown", "some words"), ("code", "c"))
        box = page.locator("#cell-c0 .src").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 12)
        page.mouse.down()
        page.mouse.move(box["x"] + 50, box["y"] + 30, steps=4)
        page.mouse.up()
        self.press(page, "x", "d", "d", "b", "m")
        page.locator("#cell-c1 .rendered p").click(click_count=3)  # one more time in words
        self.press(page, "Escape", "j", "k")
        expect(page.locator(".cell.sel")).to_have_attribute("id", "cell-c1")
        self.press(page, "x")
        expect(page.locator(".cell")).to_have_count(2)
        self.assertEqual(self.sources(), ["a = 1\nb = 2", "c"])

    def test_values_are_copied_out_of_tables(self) -> None:
        """Ctrl-C of a value that is selected in a table copies the value; Ctrl-X of it cuts no cell."""
        html = output({"text/html": FRAME})
        page = self.opened({"cell_type": "code", "source": "frame", "outputs": [html]}, ("code", "c"))
        expect(page.locator(".table-box")).to_have_count(1)  # the table stands in its box, and is not moved any more
        page.get_by_text("xylophone").dblclick()
        self.press(page, "Control+c")
        self.copied(page, "xylophone")
        self.press(page, "Control+x", "x", "d", "d")
        page.get_by_text("drum").click()
        expect(page.locator("#cell-c0")).to_be_focused()
        self.press(page, "b")
        expect(page.locator(".cell")).to_have_count(3)
        self.assertEqual(self.sources(), ["frame", "", "c"])

    def test_escape_gives_up_a_new_name(self) -> None:
        """Esc leaves the field of the name; the file keeps its name, and what is typed next is no name."""
        page = self.opened(("code", "one"), ("code", "two"))
        page.get_by_title("Rename").click()
        page.keyboard.type("other")
        self.press(page, "Escape")
        expect(page.locator(".title-field")).to_have_count(0)
        expect(page.locator("#cell-c0")).to_be_focused()
        self.press(page, "j", "Enter")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        page.get_by_title("Rename").click()
        page.keyboard.type("other")
        self.press(page, "Escape")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        page.keyboard.type("#")
        self.press(page, "Escape")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.sources(), ["one", "two#"])
        self.assertTrue(self.file.exists())

    def test_the_caret_crosses_cells_and_stays_where_it_was(self) -> None:
        """Arrows go on into the next cell; after Ctrl-Enter and Esc, Enter finds the caret where it was; a quote stays single."""
        page = self.opened(("markdown", "one\ntwo"), ("code", "three\nfour"), ("raw", "five"))
        self.press(page, "j", "Enter")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        self.press(page, "Control+Home", "ArrowRight", "ArrowDown", "ArrowDown")
        expect(page.locator("#cell-c2 .cm-content")).to_be_focused()
        page.keyboard.type("!")
        self.press(page, "ArrowUp", "ArrowUp", "ArrowUp")
        expect(page.locator("#cell-c0 .cm-content")).to_be_focused()
        page.keyboard.type("!")
        self.press(page, "Escape", "Enter")
        expect(page.locator("#cell-c0 .cm-content")).to_be_focused()
        page.keyboard.type('"""')
        self.press(page, "ArrowDown")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        self.press(page, "Control+End", "Enter")
        page.keyboard.type('"""doc')
        self.press(page, "Control+k")
        expect(page.get_by_role("dialog")).to_be_visible()
        self.press(page, "x", "Escape")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        self.press(page, "Escape")
        expect(page.locator("#cell-c1")).to_be_focused()
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.sources(), ['one\ntw!"""o', 'three\nfour\n"""doc', "f!ive"])

    def test_what_gets_the_focus_is_selected(self) -> None:
        """However a cell gets the focus, by script, in an output or in a frame: it is the selected one, and keys are its commands."""
        html = output({"text/html": "<p>see <a href='#x'>there</a></p>"})
        frame = output({"text/html": "<button>press</button><script>1</script>"})
        page = self.opened(
            ("code", "one"),
            {"cell_type": "code", "source": "two", "outputs": [html]},
            {"cell_type": "code", "source": "three", "outputs": [frame]},
            ("code", "four"),
        )
        page.locator("#cell-c3").focus()
        expect(page.locator(".cell.sel")).to_have_attribute("id", "cell-c3")
        self.press(page, "Enter")
        expect(page.locator("#cell-c3 .cm-content")).to_be_focused()
        page.locator("#cell-c1 a").focus()
        expect(page.locator(".cell.sel")).to_have_attribute("id", "cell-c1")
        expect(page.locator(".cell.edit")).to_have_count(0)
        self.press(page, "Control+k")
        page.keyboard.type("select the first")
        self.press(page, "Enter")
        expect(page.locator("#cell-c0")).to_be_focused()
        self.press(page, "Control+k")
        page.keyboard.type("select the last cell")
        self.press(page, "Enter")
        expect(page.locator("#cell-c3")).to_be_focused()
        page.locator("#cell-c3").press("Enter")
        expect(page.locator("#cell-c3 .cm-content")).to_be_focused()
        page.frame_locator("#cell-c2 iframe").get_by_role("button").click()
        expect(page.locator(".cell.sel")).to_have_attribute("id", "cell-c2")
        expect(page.locator(".cell.edit")).to_have_count(0)
        self.assertEqual(self.sources(), ["one", "two", "three", "four"])

    def test_a_tall_cell_does_not_jump(self) -> None:
        """Going into a cell that is taller than the screen, and out of it, leaves it where it was."""
        page = self.opened(("code", "top"), ("code", "\n".join(f"line_{n} = {n}" for n in range(200))), ("code", "end"))
        main = page.locator("#main")
        main.evaluate("one => one.scrollTo(0, 1500)")
        page.locator("#main").hover()
        box = main.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 400, box["y"] + 400)
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        before = main.evaluate("one => one.scrollTop")
        self.press(page, "Escape")
        expect(page.locator("#cell-c1")).to_be_focused()
        after = [main.evaluate("one => one.scrollTop")]
        self.press(page, "Enter")
        expect(page.locator("#cell-c1 .cm-content")).to_be_focused()
        after.append(main.evaluate("one => one.scrollTop"))
        for at in (1500, *after):
            self.assertLess(abs(at - before), 40, after)


class Wandering(PageCase):
    """Random keys, clicks and drags, everywhere."""

    def wander(self, seed: int) -> None:
        """One notebook and one seed."""
        self.chance = random.Random(seed)
        path = f"keys/wander-{seed}.ipynb"
        self.write_notebook(path, *CELLS)
        page = self.open_file(path)
        page.locator(".cell").first.focus()
        self.session = self.sessions[-1]
        self.known = self.held()
        self.may_change: set[str] = set()
        self.story: list[str] = []
        for _ in range(STEPS):
            act = self.chance.choice(
                (self.click, self.click, self.drag, self.open_something, self.steps, self.focus, self.write, self.write)
            )
            act(page)
            self.agree(page)
            self.law(page)
        self.press_watched(page, "Escape")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.law(page)
        self.assertEqual(self.server.call("session.get", session=self.session)["path"], path)

    def held(self) -> dict[str, tuple[str, str]]:
        """The cells that the server has, in their order: types and sources by their ids."""
        cells = self.server.call("cell.list", session=self.session)["cells"]
        return {cell["id"]: (cell["cell_type"], cell["source"]) for cell in cells}

    def law(self, page: Page) -> None:
        """No cell changed but those that had the focus since the last time or the time before: what is typed takes a moment to the server."""
        now = self.held()
        story = "\n".join(self.story[-12:])
        for cell, was in self.known.items():
            if now.get(cell) != was:
                self.assertIn(cell, self.may_change, f"{was} is {now.get(cell)} after\n{story}")
        stayed = [cell for cell in now if cell in self.known]
        self.assertEqual(stayed, [cell for cell in self.known if cell in now], f"moved after\n{story}")
        self.known = now
        if page.locator(".saved").inner_text() == "Saved":
            self.may_change = set()

    def agree(self, page: Page) -> None:
        """Focus, selection and mode say the same of a cell that has the focus."""
        try:
            page.wait_for_function(AGREED, timeout=5000)
        except Error as error:
            story = "\n".join(self.story[-8:])
            raise AssertionError(f"the focus is at {page.evaluate(STATE)} after\n{story}") from error

    def focus(self, page: Page) -> None:
        """Gives something the focus, as a screen reader does: not while a dialog stands in front, which lets none do that."""
        found = page.locator(FOCUSABLE)
        count = found.count()
        if count == 0 or page.locator("dialog[open]").count():
            return
        one = found.nth(self.chance.randrange(count))
        self.story.append(f"focus on {one.evaluate('one => one.className || one.tagName')}")
        one.evaluate("one => one.focus({ preventScroll: true })")

    def press_watched(self, page: Page, key: str) -> None:
        """Presses a key, and notes whose it is."""
        state = page.evaluate(STATE)
        if state["place"] != "other":
            self.may_change |= set(state["cells"])
        self.story.append(f"{key!r} at {state['at']} ({state['place']} {state['cells']})")
        page.keyboard.press("Space" if key == " " else key)

    def some(self, page: Page, selectors: tuple[str, ...]) -> Any:
        """One of the things in sight that fit; none: null."""
        for _ in range(6):
            selector = self.chance.choice(selectors)
            found = page.locator(selector)
            count = found.count()
            if count:
                self.story.append(selector)
                return found.nth(self.chance.randrange(count))
        return None

    def click(self, page: Page) -> None:
        """Clicks something, once to three times."""
        thing = self.some(page, THINGS)
        if thing is None:
            return
        try:
            thing.click(click_count=self.chance.choice((1, 1, 1, 2, 3)), timeout=400)
        except Error:
            self.story.append("(it is covered)")

    def drag(self, page: Page) -> None:
        """Drags over something, as one selects text."""
        thing = self.some(page, THINGS[:12])
        box = None if thing is None else thing.bounding_box()
        if box is None or not 60 < box["y"] < 800:
            return
        page.mouse.move(box["x"] + 4, box["y"] + 6)
        page.mouse.down()
        page.mouse.move(box["x"] + min(60, box["width"]), box["y"] + min(14, box["height"]), steps=3)
        page.mouse.up()

    def open_something(self, page: Page) -> None:
        """Opens a menu, a dialog, a bar or a field."""
        thing = self.some(page, OPENERS)
        if thing is None:
            return
        try:
            thing.click(timeout=400)
        except Error:
            self.story.append("(it is covered)")
            self.press_watched(page, "Escape")

    def steps(self, page: Page) -> None:
        """Moves by keys. Enter only where it opens a cell: in a menu or a field it may do what is not about cells."""
        for _ in range(self.chance.randrange(1, 5)):
            key = self.chance.choice(
                ("Tab", "Shift+Tab", "Escape", "ArrowDown", "ArrowUp", "ArrowRight", "End", "Enter")
            )
            if key != "Enter" or page.evaluate(STATE)["place"] != "other":
                self.press_watched(page, key)

    def write(self, page: Page) -> None:
        """Types letters. The field of the name is left by Esc: a name that is taken on would be right."""
        for _ in range(self.chance.randrange(1, 6)):
            self.press_watched(page, self.chance.choice(LETTERS))
        if page.locator(".title-field").count():
            self.press_watched(page, "Escape")


for _seed in SEEDS:

    def _wanders(self: Wandering, seed: int = _seed) -> None:
        """No key goes astray."""
        self.wander(seed)

    setattr(Wandering, f"test_seed_{_seed}", _wanders)
