"""The document of a session: saved by itself, changed by other programs, named, gone back to, and exported."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds


class Document(PageCase):
    """One notebook file for each test; no kernel is needed."""

    def letters(self, *sources: str) -> Page:
        """A tab on a notebook with these code cells, in command mode on the first."""
        self.path = f"document/{self._testMethodName}.ipynb"
        self.file = self.write_notebook(self.path, *(("code", source) for source in sources))
        page = self.open_file(self.path)
        page.locator(".cell").first.focus()
        return page

    def rewrite(self, at: int, source: str) -> None:
        """Changes one cell of the file as another program does."""
        body = json.loads(self.file.read_text("utf-8"))
        body["cells"][at]["source"] = source
        self.file.write_text(json.dumps(body, indent=1) + "\n", "utf-8")

    def type_into(self, page: Page, cell: str, text: str) -> None:
        """Replaces the text of a cell by typing, and leaves it."""
        page.locator(f"#cell-{cell} .src").click()
        expect(page.locator(f"#cell-{cell} .cm-content")).to_be_focused()
        page.keyboard.press("Control+a")
        self.put(page, text)
        page.keyboard.press("Escape")

    def item(self, page: Page, name: str) -> None:
        """Chooses an item of the document's menu."""
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name=name, exact=True).click()

    def conflict(self) -> Page:
        """A tab on a notebook whose first cell was changed here and, differently, by another program."""
        page = self.letters("first", "second")
        self.server.call("cell.set_source", session=self.sessions[0], cell="c0", source="mine")
        self.rewrite(0, "theirs")
        expect(page.get_by_text("Changed on disk by another program.")).to_be_visible()
        return page

    def test_what_is_typed_is_saved_by_itself(self) -> None:
        """A change is on the server at once and in the file soon after; the bar says each."""
        page = self.letters("old")
        self.type_into(page, "c0", "new = 1")
        expect(page.locator(".saved")).to_have_text("Saving…")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual([cell["source"] for cell in self.read_notebook(self.file)], ["new = 1"])

    def test_s_saves_now(self) -> None:
        """S in command mode and Ctrl-S anywhere save at once, and say so."""
        page = self.letters("old")
        self.type_into(page, "c0", "now")
        page.keyboard.press("s")
        expect(page.get_by_text(f"Saved as {self.path}")).to_be_visible()
        self.assertEqual([cell["source"] for cell in self.read_notebook(self.file)], ["now"])
        page.keyboard.press("Control+s")
        expect(page.get_by_text(f"Saved as {self.path}")).to_have_count(2)

    def test_what_another_program_changes_comes_in(self) -> None:
        """A change of the file that goes together with what is here is taken in, and everything counts as saved."""
        page = self.letters("first", "second")
        self.rewrite(1, "from outside")
        expect(page.locator("#cell-c1 .src")).to_have_text("from outside")
        expect(page.locator(".saved")).to_have_text("Saved")

    def test_a_conflict_is_compared_and_decided_for_mine(self) -> None:
        """When both changed the same cell nothing is written; the page shows what differs, and mine wins with theirs kept beside."""
        page = self.conflict()
        expect(page.locator(".saved")).to_contain_text("Not saved: changed by another program")
        page.get_by_role("button", name="Compare", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator(".diff-line.gone")).to_contain_text("mine")
        expect(dialog.locator(".diff-line.new")).to_contain_text("theirs")
        dialog.get_by_role("button", name="Keep mine").click()
        expect(page.locator(".saved")).to_have_text("Saved")
        expect(page.get_by_text("Changed on disk by another program.")).to_have_count(0)
        self.assertEqual(self.read_notebook(self.file)[0]["source"], "mine")
        beside = [one for one in self.file.parent.glob(f"{self._testMethodName}*") if one != self.file]
        self.assertEqual([self.read_notebook(one)[0]["source"] for one in beside], ["theirs"])

    def test_a_conflict_is_decided_for_theirs(self) -> None:
        """Take theirs makes the notebook what the file holds; what was here is in the history."""
        page = self.conflict()
        page.get_by_role("button", name="Take theirs").click()
        expect(page.locator("#cell-c0 .src")).to_have_text("theirs")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual(self.read_notebook(self.file)[0]["source"], "theirs")

    def test_a_notebook_is_renamed_by_its_title(self) -> None:
        """The title is the name of the file: changing it moves the file, and the session stays."""
        page = self.letters("a")
        page.get_by_title("Rename", exact=True).click()
        expect(page.locator("input:focus")).to_have_count(1)
        page.keyboard.insert_text("another name")
        page.keyboard.press("Enter")
        expect(page.locator(".title")).to_have_text("another name.ipynb")
        self.assertFalse(self.file.exists())
        self.assertTrue((self.file.parent / "another name.ipynb").exists())

    def test_a_session_gets_a_file(self) -> None:
        """A session without a file is saved as a notebook, and follows it from then on."""
        (self.server.root / "document").mkdir(exist_ok=True)
        page = self.notebook()
        self.put(page, "x = 1")
        page.keyboard.press("Escape")
        self.item(page, "Save as a notebook…")
        page.get_by_label("Path below the root").fill("document/given.ipynb")
        page.keyboard.press("Enter")
        expect(page.locator(".title")).to_have_text("given.ipynb")
        expect(page.locator(".saved")).to_have_text("Saved")
        given = self.server.root / "document" / "given.ipynb"
        self.assertEqual([cell["source"] for cell in self.read_notebook(given)], ["x = 1"])

    def test_the_history_shows_what_changed_and_goes_back(self) -> None:
        """A state can be named; the history shows what has changed since, and going back is a change that is saved too."""
        page = self.letters("first", "second")
        self.item(page, "Name this state…")
        page.get_by_label("Name", exact=True).fill("before the storm")
        page.keyboard.press("Enter")
        expect(page.get_by_text("This state is kept as “before the storm”.")).to_be_visible()
        self.type_into(page, "c0", "changed")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.item(page, "History…")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="before the storm").click()
        expect(dialog.locator(".diff-line.gone")).to_contain_text("first")
        expect(dialog.locator(".diff-line.new")).to_contain_text("changed")
        dialog.get_by_role("button", name="Go back to this state").click()
        expect(page.locator("#cell-c0 .src")).to_have_text("first")
        expect(page.locator(".saved")).to_have_text("Saved")
        self.assertEqual([cell["source"] for cell in self.read_notebook(self.file)], ["first", "second"])

    def test_the_history_names_cells_and_gives_one_back(self) -> None:
        """Each state says which cells it touched; one of them shows what became of it, and comes back alone."""
        page = self.letters("alpha = 1", "beta = 2", "gamma = 3")
        self.type_into(page, "c0", "alpha = 10")
        session = page.url.rpartition("/")[2]
        self.server.call("cell.delete", session=session, cell="c1")
        self.server.call("notebook.checkpoint", session=session, checkpoint="mark")
        self.server.call("cell.set_source", session=session, cell="c2", source="gamma = 30")
        expect(page.locator("#cell-c2 .src")).to_have_text("gamma = 30")
        self.item(page, "History…")
        dialog = page.get_by_role("dialog")
        touched = dialog.locator(".touched")
        expect(touched.get_by_role("button", name="removed:")).to_have_text("removed a cell that is gone ")
        expect(touched.get_by_role("button", name="changed: cell 1")).to_have_text("changed cell 1 alpha = 10")
        touched.get_by_role("button", name="changed: cell 1").click()
        expect(dialog.locator(".diff-line.gone")).to_contain_text("alpha = 1")
        expect(dialog.locator(".diff-line.new")).to_contain_text("alpha = 10")
        touched.get_by_role("button", name="removed:").click()
        expect(dialog.locator(".diff-line.gone")).to_contain_text("beta = 2")
        self.assertEqual(axe_finds(page), [])
        dialog.get_by_role("button", name="Restore this cell as it was before").click()
        expect(page.locator(".cell .src")).to_have_text(["alpha = 10", "beta = 2", "gamma = 30"])
        self.item(page, "History…")
        dialog.get_by_role("button", name="mark").click()
        dialog.get_by_role("listitem").filter(has_text="gamma = 30").get_by_role(
            "button", name="Restore this cell"
        ).last.click()
        expect(page.locator(".cell .src")).to_have_text(["alpha = 10", "beta = 2", "gamma = 3"])

    def test_a_notebook_is_exported(self) -> None:
        """Export makes the format on the server and hands it to the browser."""
        page = self.letters("print('exported')")
        with page.expect_download() as download:
            self.item(page, "Script")
        self.assertIn("print('exported')", download.value.path().read_text("utf-8"))
        self.assertTrue(download.value.suggested_filename.endswith(".py"))
