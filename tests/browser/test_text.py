"""Files that are edited as text: a notebook that is none any more is mended, and nobody's change is overwritten."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds
from tests.live import until


class Text(PageCase):
    """The page of one file."""

    def put(self, name: str, body: bytes) -> Path:  # type: ignore[override]  # a file here, code elsewhere
        """A file of this test."""
        path = self.server.root / self._testMethodName / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        return path

    def home(self) -> Page:
        """The folder of this test."""
        self.sign_in()
        page = self.new_page()
        page.goto(f"{self.server.origin}/?in={self._testMethodName}")
        return page

    def edited(self, name: str) -> Page:
        """A file, opened by the menu of its folder."""
        page = self.home()
        page.get_by_role("button", name=f"Actions for {name}").click()
        page.get_by_role("menuitem", name="Edit as text").click()
        expect(self.source(page)).to_be_focused()
        return page

    @staticmethod
    def source(page: Page) -> Locator:
        """The editor."""
        return page.locator(".text-source .cm-content")

    def state(self, page: Page, words: str) -> None:
        """What is said of the file."""
        expect(page.locator(".text-state")).to_have_text(words)

    def test_a_notebook_with_marks_of_a_conflict_is_mended(self) -> None:
        """It opens as text with the reason; the marks are found; when it is a notebook again it opens as one."""
        cell: dict[str, Any] = {
            "cell_type": "code",
            "id": "a",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": "kept",
        }
        whole = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        lines = json.dumps(whole, indent=1).split("\n")
        torn = ["<<<<<<< mine", *lines, "=======", *lines, ">>>>>>> theirs", ""]
        path = self.put("torn.ipynb", "\n".join(torn).encode())
        page = self.home()
        page.get_by_role("link", name="torn.ipynb").click()
        expect(page.get_by_text("This file is not a notebook.")).to_be_visible()
        expect(page.get_by_text("It holds the marks of a merge conflict.")).to_be_visible()
        self.source(page).click()
        page.get_by_role("button", name="Next conflict").click()
        for times, key in ((1, "Control+Shift+k"), (len(lines), "ArrowDown"), (len(lines) + 2, "Control+Shift+k")):
            for _ in range(times):
                page.keyboard.press(key)
        expect(page.get_by_text("It holds the marks of a merge conflict.")).to_have_count(0)
        page.keyboard.press("Control+s")
        page.wait_for_url(re.compile(r"/s/"))
        self.sessions.append(page.url.rpartition("/")[2])
        expect(page.locator(".cell")).to_contain_text("kept")
        self.assertEqual(json.loads(path.read_bytes()), whole)

    def test_a_text_is_edited_and_saved_as_it_was(self) -> None:
        """Ends of lines and a byte order mark stay; what is not saved is still there for whoever comes back."""
        path = self.put("a.txt", "\ufeffone\r\ntwo\r\n".encode())
        page = self.edited("a.txt")
        self.state(page, "Saved")
        page.keyboard.press("Control+End")
        page.keyboard.type("three")
        page.keyboard.press("Enter")
        self.state(page, "Not saved")
        page.get_by_role("link", name="Home").click()
        page.get_by_role("button", name="Actions for a.txt").click()
        page.get_by_role("menuitem", name="Edit as text").click()
        expect(self.source(page)).to_contain_text("three")
        self.state(page, "Not saved")
        page.get_by_role("button", name="Save").click()
        self.state(page, "Saved")
        self.assertEqual(path.read_bytes(), "\ufeffone\r\ntwo\r\nthree\r\n".encode())

    def test_a_change_of_another_program_is_told(self) -> None:
        """With nothing unsaved it appears; else somebody chooses, and the other version is kept."""
        path = self.put("a.md", b"one\n")
        page = self.edited("a.md")
        path.write_bytes(b"another\n")
        expect(self.source(page)).to_contain_text("another")
        page.keyboard.type("mine ")
        path.write_bytes(b"theirs\n")
        expect(page.get_by_text("Changed on disk by another program.")).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Changed on disk by another program.")).to_be_visible()
        self.assertEqual(path.read_bytes(), b"theirs\n")
        page.get_by_role("button", name="Keep mine").click()
        self.state(page, "Saved")
        self.assertIn(b"mine ", path.read_bytes())
        (other,) = (one for one in path.parent.iterdir() if one.name not in ("a.md",) and not one.name.startswith("."))
        self.assertEqual(other.read_bytes(), b"theirs\n")
        self.source(page).click()
        page.keyboard.type("more")
        self.state(page, "Not saved")
        path.write_bytes(b"theirs again\n")
        page.get_by_role("button", name="Take theirs").click()
        expect(self.source(page)).to_contain_text("theirs again")
        self.state(page, "Saved")

    def test_a_draft_outlives_a_reload_and_is_merged(self) -> None:
        """What is not saved is there after a reload; a change elsewhere in the file is merged, one in the same place is compared and chosen."""
        path = self.put("a.py", b"import os\n\n\ndef first():\n    return 1\n")
        page = self.edited("a.py")
        expect(page.locator(".text-foot")).to_contain_text("Python")
        expect(page.locator(".text-source .k").first).to_have_text("import")
        page.keyboard.type("# mine")
        page.keyboard.press("Enter")
        self.state(page, "Not saved")
        until(
            lambda: page.evaluate(
                """async () => {
                const opened = indexedDB.open("webipy-files", 1);
                const database = await new Promise(done => { opened.onsuccess = () => done(opened.result); });
                if (!database.objectStoreNames.contains("drafts")) return false;
                const asked = database.transaction("drafts").objectStore("drafts").getAll();
                const all = await new Promise(done => { asked.onsuccess = () => done(asked.result); });
                database.close();
                return all.some(one => one.text.startsWith("# mine\\n"));
            }"""
            ),
            "the draft in the browser's database",
        )
        page.reload()
        expect(self.source(page)).to_contain_text("# mine")
        self.state(page, "Not saved")
        path.write_bytes(b"import os\n\n\ndef first():\n    return 2\n")
        expect(self.source(page)).to_contain_text("return 2")
        expect(page.get_by_text("Its change is here now")).to_be_visible()
        page.keyboard.press("Control+s")
        self.state(page, "Saved")
        self.assertEqual(path.read_bytes(), b"# mine\nimport os\n\n\ndef first():\n    return 2\n")
        self.source(page).click()
        page.keyboard.press("Control+Home")
        page.keyboard.type("# and more ")
        path.write_bytes(b"# theirs\nimport os\n\n\ndef first():\n    return 2\n")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator(".cm-deletedChunk")).to_contain_text("# theirs")
        page.locator(".cm-deletedChunk").get_by_role("button", name="Take theirs").click()
        expect(page.locator(".cm-deletedChunk")).to_have_count(0)
        self.source(page).click()
        page.keyboard.press("Control+End")
        page.keyboard.type("# end")
        page.get_by_role("button", name="Save").click()
        self.state(page, "Saved")
        self.assertEqual(path.read_bytes(), b"# theirs\nimport os\n\n\ndef first():\n    return 2\n# end")

    def test_a_file_is_made_renamed_and_copied_where_it_is_edited(self) -> None:
        """A new file from the folder; its text keeps the encoding that it has; the menu renames, copies, finds and goes to a line."""
        latin = self.put("latin.txt", "gr\u00fc\u00df\n".encode("latin-1"))
        page = self.home()
        page.get_by_role("button", name="New, other kinds").click()
        page.get_by_role("menuitem", name="Text file…").click()
        page.get_by_label("Name of the file").fill("notes.md")
        page.keyboard.press("Enter")
        expect(self.source(page)).to_be_focused()
        page.keyboard.type("# Notes")
        page.get_by_role("button", name="Both").click()
        expect(page.locator(".file-read h1")).to_have_text("Notes")
        self.source(page).click()
        page.keyboard.press("Control+End")
        page.keyboard.type("2")
        expect(page.locator(".file-read h1")).to_have_text("Notes2")
        page.keyboard.press("Control+s")
        self.state(page, "Saved")
        page.get_by_role("button", name="File", exact=True).click()
        page.get_by_role("menuitem", name="Rename…").click()
        page.get_by_label("New name").fill("renamed.md")
        page.keyboard.press("Enter")
        expect(page.locator(".title")).to_have_text("renamed.md")
        self.assertEqual((latin.parent / "renamed.md").read_bytes(), b"# Notes2")
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("latin")
        page.keyboard.press("Enter")
        expect(page.locator(".text-foot")).to_contain_text("Windows-1252")
        self.source(page).click()
        page.keyboard.press("Control+End")
        page.keyboard.insert_text("\u00e9\u2192")
        page.keyboard.press("Control+s")
        expect(page.get_by_text("cannot be written in the encoding")).to_be_visible()
        page.keyboard.press("Backspace")
        page.keyboard.press("Control+s")
        self.state(page, "Saved")
        self.assertEqual(latin.read_bytes(), "gr\u00fc\u00df\n\u00e9".encode("latin-1"))
        page.get_by_role("button", name="File", exact=True).click()
        page.get_by_role("menuitem", name="Go to line…").click()
        expect(page.get_by_label("Go to line:")).to_be_focused()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="File", exact=True).click()
        page.get_by_role("menuitem", name="Duplicate").click()
        expect(page.locator(".title")).to_have_text("latin 2.txt")

    def test_files_of_other_kinds_are_shown_as_what_they_are(self) -> None:
        """Markdown as it reads, JSON as a tree, pictures in any size, sound to be played; a document is for another program."""
        self.put("a.md", b"# Title\n\n![dot](dot.svg)\n\n```python\nx = 1\n```\n\n<script>window.ran = 1</script>\n")
        self.put(
            "dot.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>',
        )
        self.put("a.json", b'{"first": {"deep": [1, 2, 3]}, "second": null}')
        samples = bytes(800)
        header = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
        header += b"\x01\x00\x01\x00" + (8000).to_bytes(4, "little") * 2 + b"\x01\x00\x08\x00data"
        self.put("a.wav", header + len(samples).to_bytes(4, "little") + samples)
        self.put("a.pdf", b"%PDF-1.4\n")
        page = self.home()
        page.get_by_role("link", name="a.md").click()
        expect(page.locator(".file-read h1")).to_have_text("Title")
        expect(page.get_by_alt_text("dot")).to_have_js_property("naturalWidth", 40)
        self.assertIsNone(page.evaluate("window.ran"))
        self.assertEqual(axe_finds(page), [])
        page.go_back()
        page.get_by_role("link", name="dot.svg").click()
        expect(page.get_by_text("40 \u00d7 20 pixels")).to_be_visible()
        page.get_by_role("button", name="Actual size").click()
        page.get_by_role("button", name="Larger").click()
        expect(page.get_by_role("img", name="dot.svg")).to_have_js_property("clientWidth", 50)
        self.assertEqual(axe_finds(page), [])
        page.get_by_role("button", name="Text", exact=True).click()
        expect(self.source(page)).to_contain_text("<rect")
        page.goto(f"{self.server.origin}/?open={self._testMethodName}/a.json")
        page.locator("summary", has_text="first").click()
        expect(page.locator(".json-tree")).to_contain_text("deep")
        page.goto(f"{self.server.origin}/?open={self._testMethodName}/a.wav")
        expect(page.locator("audio")).to_have_js_property("readyState", 4)
        page.goto(f"{self.server.origin}/?open={self._testMethodName}/a.pdf")
        with page.expect_download() as saved:
            page.get_by_role("main").get_by_role("button", name="Download").click()
        self.assertEqual(saved.value.suggested_filename, "a.pdf")

    def test_what_is_no_text_is_not_edited(self) -> None:
        """With the reason, and a way to get it."""
        self.put("a.bin", b"\xff\xfe\x00")
        page = self.home()
        page.get_by_role("button", name="Actions for a.bin").click()
        page.get_by_role("menuitem", name="Edit as text").click()
        expect(page.get_by_text("It is not text, so it cannot be shown here.")).to_be_visible()
        expect(page.get_by_role("button", name="Download")).to_be_visible()
