"""The cells of a notebook: everything that is done with them by keys, buttons and the mouse, and what the file then holds."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.stage import PageCase
from tests.live import until

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Cells(PageCase):
    """Cell operations, on notebooks that need no kernel."""

    def letters(self, *sources: str) -> Page:
        """A tab on a notebook with these code cells, in command mode on the first."""
        self.path = f"cells/{self._testMethodName}.ipynb"
        self.file = self.write_notebook(self.path, *(("code", source) for source in sources))
        page = self.open_file(self.path)
        page.locator(".cell").first.focus()
        return page

    def are(self, page: Page, *sources: str) -> None:
        """Waits until the page shows these cells, in this order, and the file holds them too."""
        expect(page.locator(".cell .src, .cell .rendered")).to_have_text(list(sources))
        expect(page.locator(".saved")).to_have_text("Saved")

    def held(self) -> list[tuple[str, str]]:
        """The types and sources that the file holds."""
        return [(cell["cell_type"], cell["source"]) for cell in self.read_notebook(self.file)]

    def test_deleted_cells_come_back_with_their_outputs(self) -> None:
        """D D deletes what is selected, Z brings it back to where it stood, with what it had put out."""
        self.path = "cells/back.ipynb"
        self.file = self.write_notebook(self.path, ("code", "a"), ("code", "print('kept')"), ("code", "c"))
        page = self.open_file(self.path, kernel=True)
        self.execute(self.sessions[0], "print('kept')", "c1")
        page.locator(".cell").first.focus()
        self.press(page, "j", "Shift+J", "d", "d")
        self.are(page, "a")
        self.assertEqual(self.held(), [("code", "a")])
        self.press(page, "z")
        self.are(page, "a", "print('kept')", "c")
        expect(page.locator("#cell-c1 .out .text")).to_have_text("kept")
        expect(page.locator("#cell-c1 .count")).to_have_text("1")

    def without_editor(self) -> list[Route]:
        """Holds the code of the editor back, as a slow line does; what waits is in the list."""
        held: list[Route] = []

        def slowly(route: Route) -> None:
            answer = route.fetch()
            if "cm-scroller" in answer.text():
                held.append(route)
            else:
                route.fulfill(response=answer)

        self.context.route("**/static/*.js", slowly)
        return held

    def let_editor_come(self, page: Page, held: list[Route]) -> None:
        """Ends the slow line, once the page has asked for the editor."""
        until(lambda: bool(page.evaluate("1") and held), "the page asks for the editor")
        for route in held:
            route.continue_()

    def click_at(self, page: Page, cell: str, offset: int) -> None:
        """Clicks before a character of the source of a cell that is not edited yet."""
        x, y = page.evaluate(
            """([cell, offset]) => {
              const nodes = document.createTreeWalker(document.querySelector(`#${cell} .src`), NodeFilter.SHOW_TEXT);
              let left = offset;
              while (nodes.nextNode().length <= left) left -= nodes.currentNode.length;
              const range = document.createRange();
              range.setStart(nodes.currentNode, left);
              range.setEnd(nodes.currentNode, left + 1);
              const box = range.getBoundingClientRect();
              return [box.left + 1, box.top + box.height / 2];
            }""",
            [f"cell-{cell}", offset],
        )
        page.mouse.click(x, y)

    def test_the_caret_is_where_the_click_was_before_the_editor_has_come(self) -> None:
        """In a line further down, also after the page was scrolled meanwhile; a later click counts from when it was."""
        text = "".join(f"line_{number} = {number}\n" for number in range(40)) + "last"
        held = self.without_editor()
        page = self.letters(text, "two")
        third = text.index("line_3")
        self.click_at(page, "c0", third + 4)
        self.press(page, "a")
        self.click_at(page, "c0", third + 20)
        self.press(page, "b", "c")
        page.mouse.wheel(0, 200)
        page.wait_for_function("document.querySelector('.live').getBoundingClientRect().top < 0")
        self.let_editor_come(page, held)
        expect(page.locator(".cm-content")).to_be_focused()
        self.press(page, "d")
        page.keyboard.press("Escape")
        wanted = text[: third + 4] + "a" + text[third + 4 : third + 20] + "bcd" + text[third + 20 :]
        expect(page.locator("#cell-c0 .src")).to_have_text(wanted)

    def test_the_caret_is_where_the_click_was_in_text_before_the_editor_has_come(self) -> None:
        """A double click on drawn Markdown opens its source where it was."""
        self.path = "cells/drawn.ipynb"
        self.file = self.write_notebook(self.path, ("markdown", "one\n\ntwo\n\nthree\n\nfour"))
        held = self.without_editor()
        page = self.open_file(self.path)
        page.get_by_text("four").dblclick()
        expect(page.locator(".live .src")).to_be_visible()
        self.let_editor_come(page, held)
        expect(page.locator(".cm-content")).to_be_focused()
        self.press(page, "x")
        self.assertNotIn("xone", page.locator(".cm-content").inner_text())

    def test_what_is_typed_before_the_editor_has_come_is_text(self) -> None:
        """On a slow line a click and keys after it move the caret and write, and are no commands for the cell."""
        held = self.without_editor()
        page = self.letters("one", "two")
        page.locator("#cell-c0 .src").click()
        self.press(
            page, "End", "x", "d", "d", "Space", "5", "z", "Backspace", "Home", "ArrowRight", "!", "Shift+End", "#"
        )
        expect(page.locator(".cell")).to_have_count(2)
        self.let_editor_come(page, held)
        expect(page.locator(".cm-content")).to_have_text("o!#")
        self.press(page, "Control+z")
        expect(page.locator(".cm-content")).to_have_text("o!nexdd 5")
        page.keyboard.press("Escape")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual([source for _, source in self.held()], ["o!nexdd 5", "two"])

    def test_cells_are_split_and_merged(self) -> None:
        """Ctrl-Shift-minus splits where the caret is; Shift-M merges the selected cells, or the one with the one below."""
        page = self.letters("one\ntwo\nthree", "four")
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        self.press(page, "Control+Home", "ArrowDown", "Control+Shift+Minus")
        self.are(page, "one", "two\nthree", "four")
        self.press(page, "Shift+ArrowDown", "Shift+M")
        self.are(page, "one", "two\nthree\n\nfour")
        self.press(page, "k", "Shift+M")
        self.are(page, "one\n\ntwo\nthree\n\nfour")
        self.assertEqual(self.held(), [("code", "one\n\ntwo\nthree\n\nfour")])

    def test_cells_are_moved_by_keys_and_by_the_mouse(self) -> None:
        """Alt with an arrow moves the selected cells; the handle drags them to where the line is."""
        page = self.letters("a", "b", "c", "d")
        self.press(page, "Alt+ArrowDown")
        self.are(page, "b", "a", "c", "d")
        self.press(page, "Shift+ArrowDown", "Alt+ArrowUp")
        self.are(page, "a", "c", "b", "d")
        grip = page.locator("#cell-c3 .grip")
        page.locator("#cell-c3").hover()
        box, first = grip.bounding_box(), page.locator("#cell-c0").bounding_box()
        assert box is not None and first is not None
        page.mouse.move(box["x"] + 8, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] + 20, first["y"] + 30, steps=5)
        page.mouse.move(box["x"] + 20, first["y"] + 2, steps=5)
        expect(page.locator(".drop-line")).to_be_visible()
        page.wait_for_function("parseFloat(document.querySelector('.drop-line')?.style.top ?? 1e9) < 160")
        page.mouse.up()
        self.are(page, "d", "a", "c", "b")
        self.assertEqual([source for _, source in self.held()], ["d", "a", "c", "b"])

    def test_types_and_headings(self) -> None:
        """M, R and Y change the type; a digit makes a heading of that level."""
        page = self.letters("some words", "print()")
        self.press(page, "2")
        expect(page.locator(".cell h2")).to_have_text("some words")
        expect(page.locator(".toc")).to_contain_text("some words")
        self.press(page, "j", "r")
        expect(page.locator(".cell.raw")).to_have_count(1)
        self.press(page, "y")
        expect(page.locator(".cell.raw")).to_have_count(0)
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.held(), [("markdown", "## some words"), ("code", "print()")])

    def test_cells_are_cut_copied_and_pasted(self) -> None:
        """X, C and V work on all selected cells; Shift-V pastes above; another notebook can paste them too."""
        page = self.letters("a", "b", "c")
        self.press(page, "Shift+J", "x", "v")
        self.are(page, "c", "a", "b")
        self.press(page, "c", "Shift+V")
        self.are(page, "c", "a", "b", "b")
        printed = {"output_type": "stream", "name": "stdout", "text": ["shown\n"]}
        picture = {"image/png": PIXEL}
        self.write_notebook(
            "cells/shown.ipynb",
            {"cell_type": "code", "source": "print('shown')", "outputs": [printed], "execution_count": 3},
            {"cell_type": "markdown", "source": "![](attachment:a.png)", "attachments": {"a.png": picture}},
        )
        page = self.open_file("cells/shown.ipynb")
        page.locator(".cell").first.focus()
        self.press(page, "Control+a", "c")
        other = self.write_notebook("cells/other.ipynb", ("code", "other"))
        page = self.open_file("cells/other.ipynb")
        page.locator(".cell").first.focus()
        self.press(page, "v")
        expect(page.locator(".cell .out")).to_contain_text("shown")
        expect(page.locator(".cell .rendered img")).to_have_count(1)
        expect(page.locator(".saved")).to_have_text("Saved")
        _, code, text = self.read_notebook(other)
        self.assertEqual(code["source"], "print('shown')")
        self.assertEqual(["".join(output["text"]) for output in code["outputs"]], ["shown\n"])
        self.assertEqual(text["attachments"], {"a.png": picture})

    def test_the_system_clipboard_gives_and_takes_cells(self) -> None:
        """Ctrl-C gives the sources as text; Ctrl-V makes cells of Jupyter's JSON, and a code cell of any other text."""
        page = self.letters("a", "b")
        self.press(page, "Control+a", "Control+c")
        self.copied(page, "a\n\nb")
        cells = {
            "cells": [
                {"cell_type": "markdown", "source": ["# From\n", "elsewhere"]},
                {"cell_type": "code", "source": "1"},
            ]
        }
        page.evaluate("text => navigator.clipboard.writeText(text)", json.dumps(cells))
        self.press(page, "Control+v")
        expect(page.locator(".cell h1")).to_have_text("From")
        expect(page.locator(".cell")).to_have_count(4)
        page.evaluate("navigator.clipboard.writeText('plain = text')")
        self.press(page, "Control+v")
        expect(page.locator(".cell.sel .src")).to_have_text("plain = text")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.held()[2:], [("markdown", "# From\nelsewhere"), ("code", "1"), ("code", "plain = text")])

    def test_links_lead_to_cells(self) -> None:
        """By the path of the notebook and the id of the cell, far down, in another tab and in the same; the menu of a cell copies one."""
        page = self.letters(*(f"value_{n} = {n}" for n in range(300)))
        page.locator("#cell-c1").hover()
        page.get_by_role("button", name="Menu of cell 2", exact=True).click()
        page.get_by_role("menuitem", name="Copy link to cell").click()
        link = f"{self.server.origin}/n/{self.path}#cell-id="
        self.copied(page, f"{link}c1")
        other = self.context.new_page()
        other.goto(f"{link}c280")
        expect(other.locator(".cell.sel")).to_have_attribute("id", "cell-c280")
        expect(other.locator("#cell-c280")).to_be_in_viewport()
        expect(other.locator("#cell-c280")).to_be_focused()
        other.evaluate("location.hash = 'cell-id=c20'")
        expect(other.locator(".cell.sel")).to_have_attribute("id", "cell-c20")
        expect(other.locator("#cell-c20")).to_be_in_viewport()
        other.go_back()
        expect(other.locator("#cell-c280")).to_be_in_viewport()

    def test_outputs_and_line_numbers(self) -> None:
        """O hides the outputs and notes it in the file as Jupyter does, L numbers the lines of the cell, Shift-L those of all."""
        stream = {"output_type": "stream", "name": "stdout", "text": ["shown\n"]}
        cell = {"cell_type": "code", "source": "a\nb", "outputs": [stream], "execution_count": 1}
        file = self.write_notebook("cells/out.ipynb", cell, ("code", "c"))
        page = self.open_file("cells/out.ipynb")
        page.locator(".cell").first.focus()
        page.keyboard.press("o")
        expect(page.get_by_text("Outputs are hidden.")).to_be_visible()
        expect(page.locator(".out")).to_have_count(0)
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.read_notebook(file)[0]["metadata"], {"jupyter": {"outputs_hidden": True}})
        page.keyboard.press("o")
        expect(page.locator(".out .text")).to_have_text("shown")
        page.keyboard.press("l")
        expect(page.locator(".src.numbered")).to_have_attribute("data-lines", "1\n2")
        page.keyboard.press("Enter")
        expect(page.locator(".cm-lineNumbers")).to_contain_text("2")
        self.press(page, "Escape", "Shift+L")
        expect(page.locator(".src.numbered")).to_have_count(2)

    def test_several_cells_are_selected(self) -> None:
        """Shift with arrows and with the mouse selects a row of cells, Escape lets go, Ctrl-A takes all."""
        page = self.letters("a", "b", "c", "d")
        self.press(page, "Shift+ArrowDown", "Shift+ArrowDown")
        expect(page.locator(".cell.among")).to_have_count(3)
        expect(page.get_by_text("3 cells selected")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".cell.among")).to_have_count(0)
        page.locator("#cell-c3 .src").click(modifiers=["Shift"])
        expect(page.locator(".cell.among")).to_have_count(2)
        page.keyboard.press("Control+a")
        expect(page.locator(".cell.among")).to_have_count(4)

    def test_find_and_replace(self) -> None:
        """F finds in all cells and goes from match to match; Ctrl-H replaces one or all, by pattern if wanted."""
        page = self.letters("alpha = 1", "beta = alpha", "Alpha")
        page.keyboard.press("f")
        page.get_by_label("Find", exact=True).fill("alpha")
        expect(page.locator(".find-count")).to_have_text("1 of 3")
        page.get_by_role("button", name="Match case").click()
        expect(page.locator(".find-count")).to_have_text("1 of 2")
        page.get_by_role("button", name="Next match").click()
        expect(page.locator(".cell.sel .src")).to_have_text("beta = alpha")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+h")
        page.get_by_label("Find", exact=True).fill(r"(\w+) = (\w+)")
        page.get_by_role("button", name="Regular expression").click()
        page.get_by_label("Replace with").fill("$2 = $1")
        page.get_by_role("button", name="Replace all").click()
        self.are(page, "1 = alpha", "alpha = beta", "Alpha")
        self.assertEqual([source for _, source in self.held()], ["1 = alpha", "alpha = beta", "Alpha"])

    def test_outputs_are_found_too(self) -> None:
        """In tables, in the hidden rows of a log and in errors; replacing leaves them alone and sees what is around a match."""
        html = "<style>td { color: red }</style><table><tr><td>needle</td><td>hay</td></tr></table>"
        outputs: list[dict[str, Any]] = [
            {"output_type": "display_data", "data": {"text/html": html, "text/plain": "t"}, "metadata": {}},
            {
                "output_type": "stream",
                "name": "stdout",
                "text": "".join(f"row {n} {'needle' if n == 900 else 'hay'}\n" for n in range(1000)),
            },
            {
                "output_type": "error",
                "ename": "ValueError",
                "evalue": "no needle",
                "traceback": ["ValueError: no needle"],
            },
        ]
        self.write_notebook(
            "found.ipynb",
            ("code", "needle = 1\nx = needle"),
            {"cell_type": "code", "source": "show()", "outputs": outputs},
        )
        page = self.open_file("found.ipynb")
        expect(page.locator("#cell-c1 .log")).to_be_visible()
        page.locator(".cell").first.focus()
        page.keyboard.press("f")
        page.get_by_label("Find", exact=True).fill("needle")
        count = page.locator(".find-count")
        expect(count).to_have_text("1 of 2")
        page.get_by_role("button", name="Outputs", exact=True).click()
        expect(count).to_have_text("1 of 5")
        marked = "() => [...CSS.highlights.get('found')].map(one => one.startContainer.getRootNode().nodeName).sort()"
        until(lambda: "#document-fragment" in page.evaluate(marked), "a hit in an output is marked")
        page.get_by_label("Find", exact=True).focus()
        self.press(page, "Enter", "Enter", "Enter")
        expect(count).to_have_text("4 of 5")
        expect(page.locator(".cell.sel")).to_have_attribute("id", "cell-c1")
        expect(page.locator("#cell-c1 .log .hit.now")).to_have_text("row 900 needle")
        expect(page.locator("#cell-c1 .log .hit.now")).to_be_in_viewport()
        self.press(page, "Control+h")
        page.get_by_label("Find", exact=True).fill(r"(?<== )n(\w+)$")
        self.press(page, "Alt+r")
        page.get_by_label("Replace with").fill(r"[$1]\n")
        page.get_by_role("button", name="Replace all").click()
        self.are(page, "needle = 1\nx = [eedle]\n", "show()")

    def test_pictures_are_pasted_and_dropped_into_text(self) -> None:
        """A picture from the clipboard stands where the caret was, a dropped one at the end; both are in the file; Z takes them back."""
        file = self.write_notebook("cells/paste.ipynb", ("markdown", "before after"), ("code", "1"))
        page = self.open_file("cells/paste.ipynb")
        page.locator(".cell").first.focus()
        self.press(page, "Enter", "Home", *["ArrowRight"] * 7)
        expect(page.locator(".cm-content")).to_be_focused()
        give = """([where, kind]) => {
            const canvas = Object.assign(document.createElement("canvas"), {width: 3, height: 2});
            canvas.toBlob(blob => {
                const data = new DataTransfer();
                data.items.add(new File([blob], "my dot.png", {type: "image/png"}));
                const facts = {bubbles: true, cancelable: true, clipboardData: data, dataTransfer: data};
                const event = kind === "paste" ? new ClipboardEvent(kind, facts) : new DragEvent(kind, facts);
                document.querySelector(where).dispatchEvent(event);
            });
        }"""
        page.evaluate(give, [".cm-content", "paste"])
        expect(page.locator(".cm-content")).to_have_text("before ![my dot](attachment:my%20dot.png)after")
        self.put(page, "!")
        self.press(page, "Escape")
        expect(page.get_by_role("img", name="my dot")).to_have_js_property("naturalWidth", 3)
        expect(page.locator(".cell")).to_have_count(2)
        page.evaluate(give, [".cell.markdown .rendered", "drop"])
        expect(page.get_by_role("img", name="my dot-2")).to_have_js_property("naturalWidth", 3)
        expect(page.locator(".saved")).to_have_text("Saved")
        cells = self.read_notebook(file)
        self.assertEqual(len(cells), 2)
        self.assertEqual(
            cells[0]["source"],
            "before ![my dot](attachment:my%20dot.png)!after\n\n![my dot-2](attachment:my%20dot-2.png)",
        )
        self.assertEqual(sorted(cells[0]["attachments"]), ["my dot-2.png", "my dot.png"])
        self.press(page, "z", "z")
        expect(page.locator(".cell .rendered")).to_have_text(["before !after"])  # what was typed stays

    def test_pictures_of_text_cells(self) -> None:
        """A text cell shows its attachments, and pictures that lie beside the notebook."""
        dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
        text = {"cell_type": "markdown", "source": "![in](attachment:my%20dot.png) ![by](pics/dot.png)"}
        file = self.write_notebook("cells/pictures.ipynb", {**text, "attachments": {"my dot.png": {"image/png": dot}}})
        (file.parent / "pics").mkdir()
        import base64

        (file.parent / "pics" / "dot.png").write_bytes(base64.b64decode(dot))
        page = self.open_file("cells/pictures.ipynb")
        for name in ("in", "by"):
            picture = page.get_by_role("img", name=name, exact=True)
            expect(picture).to_be_visible()
            page.wait_for_function("image => image.naturalWidth === 1", arg=picture.element_handle())

    def test_odd_characters_are_seen_and_kept(self) -> None:
        """Ends of lines with a carriage return stay whole whatever is typed; what hides has a sign, edited or not, and its name."""
        odd = "x = 1\ry = '\u202e\x0c\x00\u2028\xa0p\u0430y'"
        self.path = "cells/odd.ipynb"
        self.file = self.write_notebook(self.path, ("code", "a = 1\r\nb = 2\r\nprint(a + b)"), ("code", odd))
        page = self.open_file(self.path, kernel=True)
        signs = ["CR", "U+202E", "FF", "NUL", "U+2028", None, None]
        marks = page.locator("#cell-c1 .odd")
        expect(marks).to_have_count(len(signs))
        self.assertEqual(marks.evaluate_all("all => all.map(one => one.dataset.sign ?? null)"), signs)
        self.assertEqual(page.locator("#cell-c1 .src").evaluate("source => source.textContent"), odd)
        expect(marks.nth(1)).to_have_attribute("title", re.compile("right-to-left override.*U.202E"))
        expect(marks.nth(6)).to_have_attribute("title", re.compile("Cyrillic letter"))

        page.locator("#cell-c0 .src").click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.press(page, "Control+Home", "End", "0", "Enter", "a", "ArrowDown", "End", "ArrowRight", "ArrowLeft", "1")
        self.press(
            page, "Control+End", "Home", "Backspace", ";", "ArrowUp", "Home", "Shift+ArrowRight", "Control+Enter"
        )
        expect(page.locator("#cell-c0 .out .text")).to_have_text("31")

        page.locator("#cell-c1 .src").click()
        expect(page.locator(".cm-content .odd")).to_have_count(len(signs))
        self.press(page, "Control+End", "#")
        expect(page.locator(".saved")).to_have_text("Saved")
        sources = [source for _, source in self.held()]
        self.assertEqual(sources, ["a = 10\r\na\r\nb = 21;print(a + b)", odd + "#"])
