"""A class in browsers: an admin invites a teacher and five pupils; they look on, one is let in, all follow, and each works in a copy of their own."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.accounts import ACCOUNT, accept
from tests.browser.stage import PageCase, PageServer

PUPILS = ("amal", "bo", "cy", "dana", "eli")


class Class(PageCase):
    """One lesson. Everybody has a browser of their own."""

    def make_server(self) -> PageServer:
        """Its accounts are those of this test alone."""
        return self.own_server()

    def come(self, link: str) -> Page:
        """Somebody at home, who has followed an invitation and chosen a password."""
        page = accept(self.new_page(self.new_context()), link)
        expect(page.get_by_role("button", name=ACCOUNT)).to_be_visible()
        return page

    def test_a_lesson(self) -> None:
        """From the invitations to what the teacher sees of each."""
        teacher = self.come(self.invite_the_teacher())
        pupils = {name: self.come(self.invite(name)) for name in PUPILS}
        lesson = self.write_the_lesson(teacher)
        self.look_on(teacher, pupils, lesson)
        self.let_one_in(teacher, pupils)
        self.follow(teacher, pupils)
        self.work_alone(teacher, pupils)

    def invite_the_teacher(self) -> str:
        """The admin does it in the page."""
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("button", name=ACCOUNT).click()
        page.get_by_role("menuitem", name="People…").click()
        people = page.get_by_role("dialog", name="People")
        people.get_by_label("Name to sign in with").fill("tess")
        people.get_by_label("Name that others see").fill("Tess")
        people.get_by_label("Role", exact=True).select_option("member")
        people.get_by_role("button", name="Add and invite").click()
        return people.get_by_label("The invitation").input_value()

    def invite(self, name: str) -> str:
        """A pupil, as the command line does it for many."""
        self.server.call("user.add", name=name, display_name=name.title(), role="member", groups=["class"])
        return str(self.server.call("user.invite", user=name)["url"])

    def write_the_lesson(self, page: Page) -> str:
        """The teacher makes a notebook in her own folder, and lets the class view it; gives its address."""
        page.get_by_role("button", name="New notebook").click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.finished(self.run_code(page, "gravity = 9.81\nprint(f'g = {gravity}')"))
        self.sessions.append(page.url.rpartition("/s/")[2].partition("?")[0])
        page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog")
        named = dialog.get_by_role("region", name="People of this server")
        named.get_by_label("Share with").select_option("group:class")
        named.get_by_role("button", name="Share", exact=True).click()
        expect(named).to_contain_text("class")
        page.keyboard.press("Escape")
        return page.url

    def look_on(self, teacher: Page, pupils: dict[str, Page], lesson: str) -> None:
        """All five open it; what the teacher prints they see, and change nothing."""
        for page in pupils.values():
            page.goto(lesson)
            expect(page.locator(".cell .out").first).to_contain_text("g = 9.81")
            expect(page.get_by_text("You are viewing.")).to_be_visible()
        expect(teacher.locator(".people")).to_contain_text("6")

    def let_one_in(self, teacher: Page, pupils: dict[str, Page]) -> None:
        """Bo asks to run code, and is let; the others stay as they are."""
        pupils["bo"].get_by_role("button", name="Ask to run code").click()
        teacher.get_by_role("button", name="Allow Bo to run code").click()
        expect(pupils["bo"].get_by_text("You can run code now.")).to_be_visible()
        expect(pupils["cy"].get_by_text("You are viewing.")).to_be_visible()

    def follow(self, teacher: Page, pupils: dict[str, Page]) -> None:
        """The teacher asks all to follow."""
        teacher.locator(".people .avatar").first.click()
        teacher.get_by_role("menuitem", name="People here").click()
        teacher.get_by_role("button", name="Ask everybody to follow you").click()
        teacher.keyboard.press("Escape")
        for page in pupils.values():
            expect(page.locator(".follow-bar")).to_contain_text("Tess asks everybody to follow")
        teacher.get_by_role("button", name="Stop asking").click()
        expect(pupils["amal"].locator(".follow-bar")).to_have_count(0)

    def work_alone(self, teacher: Page, pupils: dict[str, Page]) -> None:
        """Each gets a copy, and runs it; the teacher sees who works, and opens one."""
        teacher.get_by_role("button", name="More", exact=True).click()
        teacher.get_by_role("menuitem", name="Hand out copies").click()
        dialog = teacher.get_by_role("dialog", name=re.compile("Hand out"))
        dialog.get_by_label("To whom").select_option("group:class")
        dialog.get_by_role("button", name="Hand out", exact=True).click()
        expect(dialog.get_by_role("status")).to_have_text("5 copies handed out.")
        for name, page in pupils.items():
            page.goto(self.server.origin)
            page.get_by_role("region", name="Shared with you").get_by_role("link", name=f"{name}.ipynb").click()
            expect(page.locator(".cell .out").first).to_contain_text("g = 9.81")
        bo = pupils["bo"]
        bo.get_by_role("button", name="Add a code cell below").click()
        self.finished(self.run_code(bo, "print('doubled by bo:', 2 * 9.81)"))
        row = dialog.locator(".visitor").filter(has_text="Bo")
        expect(row).to_contain_text("has it open now")
        with teacher.context.expect_page() as opened:
            dialog.get_by_role("link", name="Open the copy of Bo").click()
        expect(opened.value.locator(".cell .out").last).to_contain_text("doubled by bo: 19.62")
