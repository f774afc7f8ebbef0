"""Files that are edited as text: a notebook that is none any more is mended, and nobody's change is overwritten."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase


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

    def test_what_is_no_text_is_not_edited(self) -> None:
        """With the reason, and a way to get it."""
        self.put("a.bin", b"\xff\xfe\x00")
        page = self.home()
        page.get_by_role("button", name="Actions for a.bin").click()
        page.get_by_role("menuitem", name="Edit as text").click()
        expect(page.get_by_text("It is not text in UTF-8, so it cannot be edited here.")).to_be_visible()
        expect(page.get_by_role("button", name="Download")).to_be_visible()
