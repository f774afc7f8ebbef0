"""Accounts in a real browser: an invitation, a password, signing in by name, and the end of it."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.accounts import ACCOUNT, PASSWORD, accept, fill_first, sign_in
from tests.browser.stage import PageCase, PageServer

HOME = "New notebook"
OTHER = "nine green lamps"


class Accounts(PageCase):
    """From the first invitation on."""

    def make_server(self) -> PageServer:
        """Its accounts are those of this test alone."""
        return self.own_server()

    def menu(self, page: Page, row: str) -> Locator:
        """The dialog that a row of the account's menu opens."""
        page.get_by_role("button", name=ACCOUNT).click()
        page.get_by_role("menuitem", name=row).click()
        dialog = page.get_by_role("dialog", name=row.rstrip("…"))
        expect(dialog).to_be_visible()
        return dialog

    def owner(self) -> Page:
        """The home page of whoever runs the server."""
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        expect(page.get_by_role("button", name=HOME)).to_be_visible()
        return page

    def by_name(self, context: BrowserContext, password: str, *, name: str = "Ada") -> Page:
        """A tab that has sent the form."""
        return sign_in(self.new_page(context), self.server.origin, name, password)

    def add(self, people: Locator, name: str, shown: str, role: str) -> str:
        """Adds somebody; gives the link of the invitation."""
        people.get_by_label("Name to sign in with").fill(name)
        people.get_by_label("Name that others see").fill(shown)
        people.get_by_label("Role", exact=True).select_option(role)
        people.get_by_role("button", name="Add and invite").click()
        return people.get_by_label("The invitation").input_value()

    def choose(self, link: str, password: str) -> Page:
        """A tab of somebody who has followed an invitation."""
        return accept(self.new_page(self.new_context()), link, password)

    def test_from_an_invitation_to_the_end(self) -> None:
        """Ada is invited, chooses a password and a name, signs in elsewhere, changes the password, which ends the other sign-in, and is disabled."""
        owner = self.owner()
        people = self.menu(owner, "People…")
        link = self.add(people, "ada", "Ada Lovelace", "admin")
        expect(people.get_by_role("listitem")).to_contain_text(["ada · never signed in · invited"])
        first = self.choose(link, PASSWORD)
        expect(first.get_by_role("button", name=HOME)).to_be_visible()
        again = self.new_page(self.new_context())
        again.goto(link)
        expect(again.get_by_role("alert")).to_contain_text("This invitation was used")

        wrong = self.by_name(self.new_context(), OTHER)
        expect(wrong.get_by_role("alert")).to_contain_text("do not belong together")
        second = self.by_name(self.new_context(), PASSWORD)
        expect(second.get_by_role("button", name=HOME)).to_be_visible()

        account = self.menu(first, "Your account…")
        expect(account).to_contain_text("Signs in as “ada”")
        account.get_by_label("Current password").fill(PASSWORD)
        account.get_by_label("New password", exact=True).fill(OTHER)
        account.get_by_label("New password, once more").fill(OTHER)
        account.get_by_role("button", name="Change password").click()
        expect(second.get_by_text("Your session has ended.")).to_be_visible()
        first.keyboard.press("Escape")
        third = self.by_name(self.new_context(), OTHER)
        expect(third.get_by_role("button", name=HOME)).to_be_visible()

        people.get_by_role("button", name="Disable Ada Lovelace").click()
        for page in (first, third):
            expect(page.get_by_text("Your session has ended.")).to_be_visible()
        expect(people.get_by_role("listitem")).to_contain_text(["disabled"])
        late = self.by_name_after_all_are_disabled()
        expect(late.get_by_label("Token")).to_be_visible()

    def by_name_after_all_are_disabled(self) -> Page:
        """A tab of a stranger: nobody can sign in by name, so the form asks for the token."""
        page = self.new_page(self.new_context())
        page.goto(self.server.origin)
        return page

    def test_several_are_invited_at_once(self) -> None:
        """With a link for each, in one field; who cannot be added is named, and stays in the form."""
        people = self.menu(self.owner(), "People…")
        people.get_by_label("Name to sign in with").fill("bo, cy, c@, dana")
        people.get_by_role("textbox", name="Groups", exact=True).fill("lab")
        people.get_by_role("button", name="Add and invite").click()
        expect(people.get_by_role("alert")).to_contain_text("c@ was not added: A sign-in name has letters")
        expect(people.get_by_label("Name to sign in with")).to_have_value("c@")
        links = people.get_by_label("The invitations").input_value().splitlines()
        self.assertEqual([line.partition(": ")[0] for line in links], ["bo", "cy", "dana"])
        expect(people).to_contain_text("This address reaches this machine only")
        expect(people.locator(".user-acts")).to_have_count(3)
        page = self.choose(links[1].partition(": ")[2], PASSWORD)
        expect(page.get_by_role("button", name=HOME)).to_be_visible()
        expect(page.get_by_role("button", name="Account and sign-out: cy")).to_be_visible()

    def test_people_are_told_what_is_wrong(self) -> None:
        """A name that is taken, one that looks like it, a weak password: beside the form, and nothing is made."""
        people = self.menu(self.owner(), "People…")
        link = self.add(people, "paul", "Paul Klee", "admin")
        for name, words in (("PAUL", "already"), ("pau1", "looks like"), ("a b", "letters, digits")):
            people.get_by_label("Name to sign in with").fill(name)
            people.get_by_role("button", name="Add and invite").click()
            expect(people.get_by_role("alert")).to_contain_text(words)
        expect(people.get_by_role("listitem")).to_have_count(1)
        page = self.choose(link, "password1")
        expect(page.get_by_role("alert")).to_contain_text("Many people have this password")
        page.get_by_label("New password, once more").fill("another one")
        page.get_by_role("button", name="Choose and sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("differ")
        people.get_by_role("button", name="Remove Paul Klee").click()
        asked = self.page_of(people).get_by_role("dialog", name="Remove Paul Klee?")
        asked.get_by_role("button", name="Remove", exact=True).click()
        expect(people).to_contain_text("Nobody has an account yet")

    @staticmethod
    def page_of(locator: Locator) -> Page:
        """The page of an element."""
        return locator.page

    def test_a_member_has_a_folder_and_what_is_shared_with_them(self) -> None:
        """The page opens in their own folder, lists what was shared, by whom and for what, and leads there; nothing else is to be seen."""
        self.server.call("user.add", name="bo", role="member", password=PASSWORD)
        for folder in ("given", "kept"):
            self.server.call("file.create", path=folder, kind="folder")
        self.server.call("right.grant", path="given", whom="bo", verb="write")
        page = self.by_name(self.new_context(), PASSWORD, name="bo")
        shared = page.get_by_role("region", name="Shared with you")
        expect(shared.get_by_role("listitem")).to_contain_text(["can edit, shared by"])
        expect(page).to_have_url(f"{self.server.origin}/?in=people/bo")
        shared.get_by_role("link", name="given").click()
        expect(page).to_have_url(f"{self.server.origin}/?in=given")
        page.goto(f"{self.server.origin}/?in=kept")
        expect(page.get_by_text("There is nothing at 'kept' that is shared with bo.").first).to_be_visible()

    def share(self, page: Page, file: str, title: str) -> Locator:
        """The dialog that shares a file or folder of the list."""
        page.get_by_role("button", name=f"Actions for {file}", exact=True).click()
        page.get_by_role("menuitem", name="Share…").click()
        dialog = page.get_by_role("dialog", name=f"Share {title}")
        expect(dialog).to_be_visible()
        return dialog

    @staticmethod
    def give(dialog: Locator, whom: str, may: str) -> None:
        """Gives somebody a right."""
        dialog.get_by_label("Share with").select_option(whom)
        dialog.get_by_label("Right", exact=True).select_option(may)
        dialog.get_by_role("button", name="Share", exact=True).click()

    def test_a_folder_is_shared_changed_and_taken_back(self) -> None:
        """With a person and a group, each alone; who is to run code is asked about; what is below shows what comes from above, and from where."""
        self.server.call("user.add", name="bo", role="member", password=PASSWORD, groups=["lab"])
        for folder in ("data", "data/plots"):
            self.server.call("file.create", path=folder, kind="folder")
        member = self.by_name(self.new_context(), PASSWORD, name="bo")
        expect(member.get_by_role("button", name=HOME)).to_be_visible()
        owner = self.owner()
        dialog = self.share(owner, "data", "data")
        expect(dialog).to_contain_text("Nobody was given a right here by name.")
        self.give(dialog, "bo", "Can view")
        row = dialog.get_by_role("listitem").filter(has_text="bo")
        expect(row).to_contain_text("by ")
        member.reload()
        shared = member.get_by_role("region", name="Shared with you").get_by_role("listitem")
        expect(shared).to_contain_text(["can view, shared by"])

        row.get_by_label("Right of bo").select_option("Can run")
        expect(row.get_by_role("alert")).to_contain_text("acts as the user of this server")
        expect(row.get_by_role("link", name="JupyterHub")).to_have_attribute("href", "/?help=jupyterhub")
        row.get_by_role("button", name="No", exact=True).click()
        expect(row.get_by_label("Right of bo")).to_have_value("read")
        row.get_by_label("Right of bo").select_option("Can run")
        row.get_by_role("button", name="Let them run code").click()
        expect(row.get_by_role("alert")).to_have_count(0)
        self.give(dialog, "Group lab", "Can edit")
        expect(dialog.get_by_role("listitem")).to_have_count(2)
        expect(dialog.get_by_label("Share with").locator("option")).to_have_text(
            ["Share with", "Everybody with an account"]
        )
        dialog.get_by_role("button", name="Close").click()

        owner.get_by_role("link", name="data", exact=True).click()
        below = self.share(owner, "plots", "plots")
        expect(below.get_by_role("listitem")).to_contain_text(["bofrom dataCan run", "Group lab"])
        expect(below.get_by_role("button", name="Remove bo")).to_have_count(0)
        below.get_by_role("button", name="Close").click()
        owner.get_by_role("button", name="Share this folder").click()
        dialog = owner.get_by_role("dialog", name="Share data")
        dialog.get_by_role("button", name="Remove bo").click()
        expect(dialog.get_by_role("listitem")).to_have_count(1)
        dialog.get_by_role("button", name="Remove Group lab").click()
        expect(dialog).to_contain_text("Nobody was given a right here by name.")
        member.reload()
        expect(member.get_by_role("button", name=HOME)).to_be_visible()
        expect(member.get_by_role("region", name="Shared with you")).to_have_count(0)

    def test_a_member_shares_what_is_theirs_and_no_more(self) -> None:
        """Their own folder and a file in it; what others share with them they do not manage."""
        for name in ("bo", "cy"):
            self.server.call("user.add", name=name, role="member", password=PASSWORD)
        self.server.call("file.create", path="given", kind="folder")
        self.server.call("file.create", path="given/inside", kind="folder")
        self.server.call("right.grant", path="given", whom="bo", verb="execute")
        page = self.by_name(self.new_context(), PASSWORD, name="bo")
        expect(page).to_have_url(f"{self.server.origin}/?in=people/bo")
        self.server.call("file.create", path="people/bo/a.txt", kind="file")
        expect(page.get_by_role("button", name="Share this folder")).to_be_visible()
        dialog = self.share(page, "a.txt", "a.txt")
        expect(dialog.get_by_role("listitem")).to_contain_text(["bo"])
        expect(dialog.get_by_label("Share with").locator("option")).to_have_text(
            ["Share with", "Everybody with an account", "cy"]
        )
        self.give(dialog, "cy", "Can edit")
        expect(dialog.get_by_role("listitem")).to_have_count(2)
        dialog.get_by_role("button", name="Close").click()
        other = self.by_name(self.new_context(), PASSWORD, name="cy")
        expect(other.get_by_role("region", name="Shared with you")).to_contain_text("people/bo/a.txt")
        page.get_by_role("region", name="Shared with you").get_by_role("link", name="given").click()
        page.get_by_role("button", name="Actions for inside").click()
        expect(page.get_by_role("menuitem", name="Duplicate")).to_be_visible()
        expect(page.get_by_role("menuitem", name="Share…")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Share this folder")).to_have_count(0)
        page.get_by_role("button", name=ACCOUNT).click()
        expect(page.get_by_role("menuitem", name="Your account…")).to_be_visible()
        expect(page.get_by_role("menuitem", name="People…")).to_have_count(0)

    def test_groups_in_the_people_dialog(self) -> None:
        """A new one, somebody more, somebody less; and the last, with whom it ends."""
        for name in ("bo", "cy"):
            self.server.call("user.add", name=name)
        people = self.menu(self.owner(), "People…")
        groups = people.get_by_role("region", name="Groups")
        groups.get_by_label("Name of a new group").fill("class 7b")
        groups.get_by_label("Who is in it first").select_option("bo")
        groups.get_by_role("button", name="Make group").click()
        members = groups.get_by_role("list", name="In class 7b").get_by_role("listitem")
        expect(members).to_have_text(["bo"])
        groups.get_by_label("Whom to add to class 7b").select_option("cy")
        groups.get_by_role("button", name="Add", exact=True).click()
        expect(members).to_have_text(["bo", "cy"])
        groups.get_by_role("button", name="Take bo out of class 7b").click()
        expect(members).to_have_text(["cy"])
        self.assertEqual([one["groups"] for one in self.server.call("user.list")["users"]], [[], ["class 7b"]])
        groups.get_by_role("button", name="Take cy out of class 7b").click()
        expect(members).to_have_count(0)

    def test_the_login_is_the_account_s_alone(self) -> None:
        """Staying signed in is a cookie that the browser keeps; otherwise it is one that ends with the browser."""
        self.server.call("user.add", name="bo", role="admin", password=PASSWORD)
        for stay in (True, False):
            context = self.new_context()
            page = self.new_page(context)
            page.goto(self.server.origin)
            fill_first(page.get_by_label("Name"), "bo")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_label("Stay signed in").set_checked(stay)
            page.get_by_role("button", name="Sign in", exact=True).click()
            expect(page.get_by_role("button", name=HOME)).to_be_visible()
            (cookie,) = context.cookies()
            self.assertEqual(float(cookie["expires"]) > 0, stay)
