"""Copies that are handed out, in a real browser: a group gets one each, one of them works in it, and whoever handed it out sees that."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.accounts import PASSWORD, sign_in
from tests.browser.stage import PageCase, PageServer
from tests.browser.test_access import axe_finds


class HandingOut(PageCase):
    """A lesson, and a class of two."""

    def make_server(self) -> PageServer:
        """Its accounts are those of this test alone."""
        return self.own_server()

    def by_name(self, name: str, path: str) -> Page:
        """A tab of somebody who signs in by name, on a notebook."""
        page = sign_in(self.new_page(self.new_context()), self.server.origin, name)
        self.home_is_ready(page)
        page.goto(f"{self.server.origin}/n/{path}")
        expect(page.locator(".cell").first).to_be_visible()
        return page

    def test_a_class_gets_copies_and_is_seen_working(self) -> None:
        """The second time nobody's is touched; the list shows who has theirs open, and opens it."""
        for name in ("bo", "cy"):
            self.server.call("user.add", name=name, display_name=name.title(), groups=["class"], password=PASSWORD)
        self.write_notebook(
            "unit/lesson.ipynb", ("markdown", "# Lesson"), ("code", "t = open('data.csv').read()"), ("code", "x = 1")
        )
        for name in ("data.csv", "more.csv"):
            (self.server.root / "unit" / name).write_text("a,b")
        page = self.open_file("unit/lesson.ipynb")
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="Hand out copies").click()
        dialog = page.get_by_role("dialog", name="Hand out lesson.ipynb")
        expect(dialog.get_by_text("Nobody has a copy yet.")).to_be_visible()
        dialog.get_by_text("Files that it reads: data.csv", exact=True).click()
        expect(dialog.get_by_label("data.csv")).to_be_checked()
        expect(dialog.get_by_label("more.csv")).not_to_be_checked()
        dialog.get_by_label("To whom").select_option("group:class")
        dialog.get_by_role("button", name="Hand out", exact=True).click()
        expect(dialog.get_by_role("status")).to_have_text("2 copies handed out.")
        expect(dialog.locator(".visitor")).to_have_count(2)
        dialog.get_by_role("button", name="Hand out", exact=True).click()
        expect(dialog.get_by_role("status")).to_contain_text(
            "2 people had one. Stood there already, and are as they were: data.csv."
        )
        handed = self.server.root / "unit" / "handed-out" / "lesson"
        self.assertEqual(sorted(path.name for path in handed.iterdir()), ["bo.ipynb", "cy.ipynb", "data.csv"])
        bo = self.by_name("bo", "unit/handed-out/lesson/bo.ipynb")
        bo.locator(".cell .src").last.click()
        expect(bo.locator(".cell").last.locator(".cm-content")).to_be_focused()
        bo.keyboard.press("Control+End")
        bo.keyboard.type(" + 41")
        row = dialog.locator(".visitor").filter(has_text="Bo")
        expect(row).to_contain_text("has it open now")
        expect(row).to_contain_text("changed")
        found = [f"{theme}: {one}" for theme in ("light", "dark") for one in self.axe(page, theme)]
        self.assertEqual(found, [])
        with page.context.expect_page() as opened:
            dialog.get_by_role("link", name="Open the copy of Bo").click()
        theirs = opened.value
        expect(theirs.locator(".cell").last).to_contain_text("x = 1 + 41")
        self.sessions.append(theirs.url.rpartition("/")[2])

    def axe(self, page: Page, theme: str) -> list[str]:
        """What axe finds in light or dark."""
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.wait_for_timeout(120)  # what fades has another contrast meanwhile
        return list(axe_finds(page))
