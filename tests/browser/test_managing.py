"""Several files at once on the home page: selected, moved, downloaded, deleted; whole folders uploaded; what runs in one row."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds


class Managing(PageCase):
    """One test a folder of its own."""

    def folder(self, *files: str) -> Path:
        """A new folder for this test, with files and (with a slash at the end) folders in it."""
        folder = self.server.root / self._testMethodName
        for name in ("", *files):
            path = folder / name
            if not name or name.endswith("/"):
                path.mkdir(parents=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(name)
        return folder

    def home(self, folder: Path) -> Page:
        """A signed-in tab on a folder."""
        self.sign_in()
        page = self.new_page()
        page.goto(f"{self.server.origin}/?in={folder.relative_to(self.server.root)}")
        expect(page.locator(".files")).to_be_visible()
        return page

    def names(self, page: Page) -> Locator:
        """The entries that are listed."""
        return page.locator(".files .entry")

    def chosen(self, page: Page) -> Locator:
        """The entries that are selected."""
        return page.locator(".files .chosen .entry")

    def link(self, page: Page, name: str) -> Locator:
        """The name of an entry."""
        return page.locator(".files").get_by_role("link", name=name, exact=True)

    def test_several_are_selected_and_deleted(self) -> None:
        """By Ctrl, Shift, the space bar, arrows, Ctrl-A and the box; deleted together, and brought back together."""
        folder = self.folder("a.txt", "b.txt", "c.txt", "d.txt", "sub/")
        page = self.home(folder)
        self.link(page, "a.txt").click(modifiers=["Control"])
        self.link(page, "c.txt").click(modifiers=["Shift"])
        expect(self.chosen(page)).to_have_text(["a.txt", "b.txt", "c.txt"])
        self.link(page, "b.txt").click(modifiers=["Control"])
        expect(self.chosen(page)).to_have_text(["a.txt", "c.txt"])
        self.assertEqual(axe_finds(page), [])
        page.keyboard.press("Escape")
        expect(self.chosen(page)).to_have_count(0)
        self.link(page, "b.txt").focus()
        self.press(page, "Shift+ArrowDown", "Shift+ArrowDown")
        expect(self.chosen(page)).to_have_text(["b.txt", "c.txt", "d.txt"])
        page.keyboard.press("Control+a")
        expect(self.chosen(page)).to_have_count(5)
        page.keyboard.press("Escape")
        self.link(page, "a.txt").focus()
        page.keyboard.press("Space")
        page.get_by_role("checkbox", name="Select sub").check()
        expect(page.get_by_role("toolbar", name="Selected files")).to_contain_text("2 selected")
        page.get_by_role("toolbar", name="Selected files").get_by_role("button", name="Delete").click()
        expect(self.names(page)).to_have_text(["b.txt", "c.txt", "d.txt"])
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        expect(self.names(page)).to_have_text(["sub", "a.txt", "b.txt", "c.txt", "d.txt"])
        page.get_by_label("Filter by name").fill("?.txt")
        page.get_by_role("checkbox", name="Select all").check()
        expect(self.chosen(page)).to_have_count(4)

    def test_entries_are_moved_and_copied(self) -> None:
        """By the dialog, by dragging onto a folder and onto the path; a notebook that is open moves along, and Undo moves back."""
        folder = self.folder("a.txt", "b.txt", "taken.txt", "sub/deep/", "sub/taken.txt")
        within = folder.name
        self.write_notebook(f"{within}/open.ipynb", ("code", "1"))
        session = str(self.server.call("session.create", path=f"{within}/open.ipynb")["id"])
        self.sessions.append(session)
        page = self.home(folder)
        for name in ("a.txt", "open.ipynb"):
            self.link(page, name).click(modifiers=["Control"])
        page.get_by_role("button", name="Move…").click()
        dialog = page.get_by_role("dialog", name="Move 2 entries")
        dialog.get_by_role("button", name="sub", exact=True).click()
        dialog.get_by_role("button", name="deep", exact=True).click()
        self.assertEqual(axe_finds(page), [])
        dialog.get_by_role("button", name=f"Move to “{within}/sub/deep”").click()
        expect(self.names(page)).to_have_text(["sub", "b.txt", "taken.txt"])
        self.assertEqual((folder / "sub/deep/a.txt").read_text(), "a.txt")
        self.assertEqual(self.server.call("session.get", session=session)["path"], f"{within}/sub/deep/open.ipynb")
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        expect(self.names(page)).to_have_text(["sub", "a.txt", "b.txt", "open.ipynb", "taken.txt"])
        self.link(page, "b.txt").drag_to(self.link(page, "sub"))
        expect(self.names(page)).to_have_text(["sub", "a.txt", "open.ipynb", "taken.txt"])
        self.assertTrue((folder / "sub/b.txt").exists())
        self.link(page, "taken.txt").drag_to(self.link(page, "sub"))
        expect(page.locator(".toast.bad")).to_contain_text("choose another name")
        self.link(page, "sub").click()
        expect(self.names(page)).to_have_text(["deep", "b.txt", "taken.txt"])
        self.link(page, "b.txt").drag_to(page.get_by_role("navigation", name="Folder").get_by_role("link", name=within))
        expect(self.names(page)).to_have_text(["deep", "taken.txt"])
        page.get_by_role("button", name="Actions for taken.txt").click()
        page.get_by_role("menuitem", name="Copy to…").click()
        dialog = page.get_by_role("dialog", name="Copy “taken.txt”")
        dialog.get_by_role("button", name="New folder").click()
        page.get_by_label("Name of the folder").fill("made")
        page.keyboard.press("Enter")
        dialog.get_by_role("button", name=f"Copy to “{within}/sub/made”").click()
        expect(page.get_by_text("is copied to")).to_be_visible()
        self.assertEqual((folder / "sub/made/taken.txt").read_text(), "sub/taken.txt")

    def test_folders_go_up_and_come_down_whole(self) -> None:
        """A folder of this disk with folders in it; as a zip archive it comes back, whole or in part."""
        folder = self.folder()
        source = Path(self.mktemp()).resolve() / "données 数据"
        (source / "in" / "deep").mkdir(parents=True)
        for name in ("one.csv", "in/two.csv", "in/deep/three.csv", ".hidden"):
            (source / name).write_text(name)
        page = self.home(folder)
        for again in (False, True):
            page.get_by_role("button", name="New, other kinds").click()
            with page.expect_file_chooser() as chooser:
                page.get_by_role("menuitem", name="Upload a folder…").click()
            chooser.value.set_files(source)
            if again:
                page.get_by_role("dialog").get_by_role("button", name="Upload into it").click()
            expect(page.get_by_text("is uploaded: 3 files. 1 hidden file was left out.")).to_have_count(1 + again)
        self.assertEqual((folder / source.name / "in/deep/three.csv").read_text(), "in/deep/three.csv")
        self.assertFalse((folder / source.name / ".hidden").exists())
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Actions for {source.name}").click()
            page.get_by_role("menuitem", name="Download").click()
        self.assertEqual(download.value.suggested_filename, f"{source.name}.zip")
        archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
        self.assertEqual(archive.read(f"{source.name}/in/two.csv"), b"in/two.csv")
        self.link(page, source.name).click()
        expect(self.names(page)).to_have_text(["in", "one.csv"])
        page.get_by_role("checkbox", name="Select all").check()
        with page.expect_download() as download:
            page.get_by_role("toolbar", name="Selected files").get_by_role("button", name="Download").click()
        archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
        self.assertEqual(sorted(archive.namelist()), ["in/", "in/deep/", "in/deep/three.csv", "in/two.csv", "one.csv"])

    def test_what_runs_is_one_row_that_folds(self) -> None:
        """Folded it stays folded; on a phone the files come first, are sorted by a menu, and nothing is wider than the page."""
        folder = self.folder("a.txt", "b.txt")
        (folder / "b.txt").write_text("longer than the other")
        self.new_session()
        page = self.home(folder)
        tiles = page.locator(".tiles .tile")
        expect(tiles.first).to_be_visible()
        page.get_by_role("button", name="Still running").click()
        expect(tiles).to_have_count(0)
        page.reload()
        expect(self.names(page)).to_have_count(2)
        expect(page.get_by_role("button", name="Still running")).to_have_attribute("aria-expanded", "false")
        page.get_by_role("button", name="Still running").click()
        expect(tiles.first).to_be_visible()
        page.set_viewport_size({"width": 390, "height": 780})
        files, running = (page.locator(one).bounding_box() for one in (".files-part", ".still"))
        assert files is not None and running is not None
        self.assertLess(files["y"], running["y"])
        page.get_by_role("button", name="Sort by").click()
        page.get_by_role("menuitemcheckbox", name="Size").click()
        expect(self.names(page)).to_have_text(["b.txt", "a.txt"])
        page.get_by_role("checkbox", name="Select a.txt").check()
        expect(page.get_by_role("toolbar", name="Selected files")).to_be_visible()
        self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
        page.evaluate("scrollTo(0, 0)")  # what the bar covers while it stays in sight has scrolled away
        self.assertEqual(axe_finds(page), [])

    def test_a_file_in_any_folder_is_found_by_its_name(self) -> None:
        """From the home page and from a notebook, by a few letters; what was opened lately comes first."""
        folder = self.folder("deep/er/other-figures.txt", "node_modules/figures-of-may.txt")
        within = folder.name
        for name in ("figures-of-may", "figures-of-june"):
            self.write_notebook(f"{within}/deep/er/{name}.ipynb", ("code", f"'{name}'"))
        page = self.home(self.folder_of_nothing())
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("figures june")
        expect(page.get_by_role("option").first).to_contain_text(f"{within}/deep/er/figures-of-june.ipynb")
        page.keyboard.press("Enter")
        expect(page.locator(".src")).to_have_text("'figures-of-june'")
        self.sessions.append(page.url.rpartition("/")[2])
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("figures-of")
        options = page.get_by_role("option").filter(has_text="deep/er/figures-of-")
        expect(options).to_have_count(2)
        expect(options.first).to_contain_text("figures-of-june.ipynb")
        expect(options.first).to_contain_text("opened lately")
        self.assertEqual(axe_finds(page), [])

    def folder_of_nothing(self) -> Path:
        """A folder that is empty."""
        empty = self.server.root / f"{self._testMethodName}-empty"
        empty.mkdir()
        return empty
