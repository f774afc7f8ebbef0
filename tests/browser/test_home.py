"""The home page: the files below the root, and what is made from there."""

from __future__ import annotations

import json
import re

from playwright.sync_api import FilePayload, Page, WebSocketRoute, expect

from tests.browser.stage import PageCase
from tests.live import until


class Home(PageCase):
    """Files and folders, one test a folder of its own."""

    def home(self, folder: str = "") -> Page:
        """A signed-in tab on a folder."""
        self.sign_in()
        page = self.new_page()
        page.goto(f"{self.server.origin}/?in={folder}")
        expect(page.locator(".files")).to_be_visible()
        return page

    def folder(self) -> str:
        """A new folder for this test."""
        (self.server.root / self._testMethodName).mkdir()
        return self._testMethodName

    def here(self, page: Page) -> None:
        """Notes the session that the tab shows, so that it ends with the test."""
        page.wait_for_url(re.compile(r"/s/"))
        self.sessions.append(page.url.rpartition("/")[2])

    def act(self, page: Page, name: str, item: str) -> None:
        """Chooses an item from the menu of an entry."""
        page.get_by_role("button", name=f"Actions for {name}").click()
        page.get_by_role("menuitem", name=item, exact=True).click()

    def test_a_new_notebook_is_a_file_that_runs(self) -> None:
        """New notebook makes an .ipynb in the folder that is shown, with a kernel, the caret in its first cell."""
        folder = self.folder()
        page = self.home(folder)
        page.get_by_role("button", name="New notebook").click()
        self.here(page)
        expect(page.locator(".cm-content")).to_be_focused()
        expect(page.locator(".title")).to_have_text("Untitled.ipynb")
        cell = self.run_code(page, "6 * 7")
        self.finished(cell)
        self.assertEqual(self.shown(cell), "42")
        expect(page.locator(".saved")).to_have_text("Saved")
        [written] = self.read_notebook(self.server.root / folder / "Untitled.ipynb")
        self.assertEqual(written["source"], "6 * 7")
        self.assertEqual(written["outputs"][0]["data"]["text/plain"], ["42"])

    def test_what_is_pointed_at_in_a_menu_stays_there(self) -> None:
        """The kernels come while the menu is open and a row is pressed: what was read there is what is done."""
        held: list[tuple[WebSocketRoute, str | bytes]] = []
        asked: set[int] = set()

        def line(route: WebSocketRoute) -> None:
            server = route.connect_to_server()

            def to_server(message: str | bytes) -> None:
                call = json.loads(message)
                if call.get("method") == "kernelspec.list":
                    asked.add(call["id"])
                server.send(message)

            def to_page(message: str | bytes) -> None:
                if json.loads(message).get("id") in asked:
                    held.append((route, message))
                else:
                    route.send(message)

            route.on_message(to_server)
            server.on_message(to_page)

        self.sign_in()
        page = self.new_page()
        page.route_web_socket(re.compile("/rpc$"), line)
        page.goto(self.server.origin)
        page.get_by_role("button", name="New, other kinds").click()
        row = page.get_by_role("menuitem", name="Folder…", exact=True)
        row.hover()
        page.mouse.down()
        until(lambda: page.evaluate("1") and held, "the list of kernels")
        [(route, answer)] = held
        route.send(answer)
        expect(page.get_by_role("menuitem", name=re.compile("notebook$"))).not_to_have_count(0)
        page.mouse.up()
        expect(page.get_by_role("dialog", name="New folder")).to_be_visible()

    def test_folders_are_walked_and_a_notebook_opens(self) -> None:
        """A folder opens in place, the breadcrumb leads back; a notebook opens with what it holds, and its folder is one click away."""
        self.write_notebook("walk/deep/one.ipynb", ("markdown", "# Title"), ("code", "1"))
        page = self.home()
        page.get_by_role("link", name="walk", exact=True).click()
        page.get_by_role("link", name="deep", exact=True).click()
        expect(page.get_by_role("navigation", name="Folder")).to_have_text("Files/walk/deep")
        page.get_by_role("link", name="one.ipynb").click()
        self.here(page)
        expect(page.locator(".cell h1")).to_have_text("Title")
        page.get_by_role("link", name="deep", exact=True).click()
        row = page.get_by_role("row", name="one.ipynb")
        expect(row).to_be_visible()
        page.get_by_role("navigation", name="Folder").get_by_role("link", name="Files").click()
        expect(page.get_by_role("link", name="walk", exact=True)).to_be_visible()

    def test_what_other_programs_do_to_the_folder_is_shown(self) -> None:
        """A file that appears or goes by another program appears and goes here."""
        folder = self.folder()
        page = self.home(folder)
        expect(page.get_by_text("This folder is empty.")).to_be_visible()
        file = self.server.root / folder / "made.csv"
        file.write_text("a,b\n")
        expect(page.get_by_role("link", name="made.csv")).to_be_visible()
        file.unlink()
        expect(page.get_by_role("link", name="made.csv")).to_have_count(0)

    def test_files_are_renamed_copied_and_deleted(self) -> None:
        """The menu of an entry renames, duplicates and deletes; so do F2 and Delete. What is deleted comes back by the note that says so."""
        folder = self.folder()
        (self.server.root / folder / "data.csv").write_text("x")
        page = self.home(folder)
        self.act(page, "data.csv", "Rename…")
        field = page.get_by_label("New name")
        expect(field).to_be_focused()
        page.keyboard.insert_text("numbers")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="numbers.csv")).to_be_visible()
        self.act(page, "numbers.csv", "Duplicate")
        expect(page.locator(".files .entry")).to_have_count(2)
        page.get_by_role("link", name="numbers.csv", exact=True).focus()
        page.keyboard.press("Delete")
        expect(page.locator(".files .entry")).to_have_count(1)
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        expect(page.locator(".files .entry")).to_have_count(2)
        page.get_by_role("link", name="numbers.csv", exact=True).focus()
        page.keyboard.press("Delete")
        expect(page.locator(".files .entry")).to_have_count(1)
        names = [one.name for one in (self.server.root / folder).iterdir() if not one.name.startswith(".")]
        self.assertEqual(len(names), 1)
        self.assertNotEqual(names, ["numbers.csv"])

    def test_the_trash_gives_back_what_was_deleted(self) -> None:
        """A folder with all that it holds, from the list of the trash; there it can be deleted for good, too."""
        folder = self.folder()
        for name in ("kept", "gone"):
            (self.server.root / folder / name).mkdir()
            (self.server.root / folder / name / "deep.txt").write_text(name)
        page = self.home(folder)
        for name in ("kept", "gone"):
            self.act(page, name, "Delete")
            expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
        page.get_by_role("button", name="Trash: what was deleted here").click()
        trash = page.get_by_role("dialog", name="Trash")
        trash.get_by_role("button", name=f"Put back {folder}/kept").click()
        expect(trash.get_by_text(f"{folder}/kept")).to_have_count(0)
        trash.get_by_role("button", name=f"Delete {folder}/gone for good").click()
        page.get_by_role("button", name="Delete for good", exact=True).click()
        expect(trash.get_by_text(f"{folder}/gone")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="kept", exact=True)).to_be_visible()
        self.assertEqual((self.server.root / folder / "kept" / "deep.txt").read_text(), "kept")
        left = [one["path"] for one in self.server.call("trash.list")["entries"]]
        self.assertEqual([path for path in left if path.startswith(f"{folder}/")], [])

    def test_a_folder_is_made_and_a_taken_name_is_told(self) -> None:
        """New folder makes one; the same name again is refused in words."""
        folder = self.folder()
        page = self.home(folder)
        for _ in range(2):
            page.get_by_role("button", name="New, other kinds").click()
            page.get_by_role("menuitem", name="Folder…", exact=True).click()
            page.get_by_label("Name of the folder").fill("results")
            page.keyboard.press("Enter")
            expect(page.get_by_role("link", name="results")).to_be_visible()
        expect(page.locator(".toast.bad")).to_be_visible()

    def test_the_filter_and_the_arrows_find_a_file(self) -> None:
        """A slash goes to the filter, what is typed leaves only what has it in its name, arrows go through the list, Enter opens."""
        folder = self.folder()
        for name in ("alpha.csv", "beta.csv", "gamma.txt"):
            (self.server.root / folder / name).write_text(name)
        page = self.home(folder)
        expect(page.locator(".files .entry")).to_have_count(3)
        page.keyboard.press("/")
        page.keyboard.type("csv")
        expect(page.locator(".files .entry")).to_have_text(["alpha.csv", "beta.csv"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("link", name="beta.csv")).to_be_focused()
        page.get_by_label("Filter by name").fill("nothing like it")
        expect(page.get_by_text("No file here has that in its name.")).to_be_visible()

    def test_entries_are_sorted(self) -> None:
        """A click on a heading sorts by it, a second one the other way; folders stay first."""
        folder = self.folder()
        (self.server.root / folder / "zoo").mkdir()
        for name, size in (("a10.csv", 5), ("a9.csv", 500)):
            (self.server.root / folder / name).write_text("x" * size)
        page = self.home(folder)
        expect(page.locator(".files .entry")).to_have_text(["zoo", "a9.csv", "a10.csv"])
        page.get_by_role("button", name="Size").click()
        expect(page.locator(".files .entry")).to_have_text(["zoo", "a9.csv", "a10.csv"])
        page.get_by_role("button", name="Size").click()
        expect(page.locator(".files .entry")).to_have_text(["zoo", "a10.csv", "a9.csv"])

    def test_files_are_uploaded_and_downloaded(self) -> None:
        """A small file and one of several parts arrive whole; a name that is taken asks first; a download gives the same bytes."""
        folder = self.folder()
        page = self.home(folder)
        large = bytes(range(256)) * 40_000
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload").click()
        chooser.value.set_files(
            [
                FilePayload(name="small.txt", mimeType="text/plain", buffer=b"hello"),
                FilePayload(name="large.bin", mimeType="application/octet-stream", buffer=large),
            ]
        )
        expect(page.get_by_role("link", name="large.bin")).to_be_visible()
        expect(page.get_by_text("large.bin is uploaded.")).to_be_visible()
        self.assertEqual((self.server.root / folder / "small.txt").read_bytes(), b"hello")
        self.assertEqual((self.server.root / folder / "large.bin").read_bytes(), large)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload").click()
        chooser.value.set_files([FilePayload(name="small.txt", mimeType="text/plain", buffer=b"other")])
        page.get_by_role("dialog").get_by_role("button", name="Replace").click()
        expect(page.get_by_text("small.txt is uploaded.").nth(1)).to_be_visible()
        self.assertEqual((self.server.root / folder / "small.txt").read_bytes(), b"other")
        with page.expect_download() as download:
            self.act(page, "large.bin", "Download")
        self.assertEqual(download.value.path().read_bytes(), large)

    def test_an_open_notebook_shows_its_kernel(self) -> None:
        """The entry of a notebook that is open says what its kernel does."""
        self.write_notebook("marks/open.ipynb", ("code", "1"))
        session = str(self.server.call("session.create", path="marks/open.ipynb", kernelspec="python3")["id"])
        self.sessions.append(session)
        page = self.home("marks")
        expect(page.get_by_role("row", name="open.ipynb")).to_contain_text("ready")
        self.execute(session, "print('first'); print('step 1\\rstep 2'); print('last')")
        expect(page.locator(".tile", has_text="marks/open.ipynb").locator(".mini")).to_have_text("step 2\nlast")

    def test_files_and_sessions_are_found_by_a_few_letters(self) -> None:
        """Ctrl-K finds what runs and what lies in the folder; Ctrl-comma opens the settings."""
        self.write_notebook("letters/alpha.ipynb", ("code", "first = 1"))
        self.write_notebook("letters/beta.ipynb", ("code", "second = 2"))
        page = self.home("letters")
        expect(page.get_by_role("row", name="beta.ipynb")).to_be_visible()
        page.keyboard.press("Control+Comma")
        expect(page.get_by_role("dialog")).to_contain_text("Size of code")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        field = page.get_by_role("combobox")
        field.fill("bet")
        expect(page.get_by_role("option").first).to_contain_text("letters/beta.ipynb")
        field.press("Enter")
        expect(page.locator(".src")).to_have_text("second = 2")
        self.sessions.append(page.url.rsplit("/", 1)[-1])

    def test_a_folder_that_is_not_there_is_told(self) -> None:
        """An address of a folder that does not exist says so."""
        self.sign_in()
        page = self.new_page()
        page.goto(f"{self.server.origin}/?in=nowhere")
        expect(page.get_by_role("alert")).to_be_visible()

    def test_a_closed_notebook_keeps_its_history(self) -> None:
        """The dialog says so; opened again, a named state is there, and goes back."""
        folder = self.folder()
        self.write_notebook(f"{folder}/kept.ipynb", ("code", "first"))
        page = self.home(folder)
        page.get_by_role("link", name="kept.ipynb").click()
        self.here(page)
        session = self.sessions.pop()
        self.server.call("notebook.checkpoint", session=session, checkpoint="before")
        self.server.call("cell.set_source", session=session, cell="c0", source="second")
        expect(page.locator("#cell-c0 .src")).to_have_text("second")
        page.goto(f"{self.server.origin}/?in={folder}")
        tile = page.locator(".tile", has_text="kept.ipynb")
        tile.get_by_role("button", name="Close").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("The notebook and its history stay.")
        dialog.get_by_role("button", name="Close session").click()
        expect(tile).to_have_count(0)
        page.get_by_role("button", name="Closed sessions").click()
        page.get_by_role("button", name=f"Open {folder}/kept.ipynb again").click()
        self.here(page)
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="History…", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="before").click()
        expect(dialog.locator(".diff-line.gone")).to_contain_text("first")
        dialog.get_by_role("button", name="Go back to this state").click()
        expect(page.locator("#cell-c0 .src")).to_have_text("first")

    def test_what_is_kept_of_a_closed_session_is_deleted(self) -> None:
        """One without a notebook: listed, asked about, gone."""
        made = self.server.call("session.create", title="Scratch work")
        self.server.call("session.close", session=made["id"])
        page = self.home()
        page.get_by_role("button", name="Closed sessions").click()
        listed = page.get_by_role("list", name="Closed sessions, the latest first")
        expect(listed).to_contain_text("Scratch work")
        page.get_by_role("button", name="Delete what is kept of Scratch work").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(listed.get_by_text("Scratch work")).to_have_count(0)
