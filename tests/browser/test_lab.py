"""A lab in browsers: two members, one by single sign-on, a folder that they share, a script with a token; and who did what is told afterwards."""

from __future__ import annotations

import subprocess

from playwright.sync_api import Page, expect

from tests.browser.accounts import ACCOUNT, accept
from tests.browser.test_sso import SignOnCase
from tests.kernels.commands import COMMAND, environment


class Lab(SignOnCase):
    """Ada and Bo work in one folder."""

    more = ("--sso-groups-claim=groups",)

    def signed_on(self) -> Page:
        """Ada, who has no password here, and is in the groups that her institution tells."""
        page = self.at_provider()
        page.get_by_role("link", name="Continue as Ada").click()
        expect(page.get_by_role("region", name="Shared with you")).to_be_visible()
        return page

    def invited(self, name: str, shown: str) -> Page:
        """A member who has followed an invitation of the owner, at home in a browser of their own."""
        self.server.call("user.add", name=name, display_name=shown, role="member", groups=["lab"])
        link = str(self.server.call("user.invite", user=name)["url"])
        page = accept(self.new_page(self.new_context()), link)
        expect(page.get_by_role("region", name="Shared with you")).to_be_visible()
        return page

    def webipy(self, token: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A script of Ada's, on a machine that has nothing but the address and a token."""
        file = self.server.folder / "nightly.token"
        file.write_text(token, "utf-8")
        file.chmod(0o600)
        where = ("--url", self.server.origin, "--token-file", str(file))
        return subprocess.run(
            [*COMMAND, *words[:1], *where, *words[1:]],
            env={**environment(), "HOME": str(self.server.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_two_members_share_a_folder_and_a_script_runs_there(self) -> None:
        """What one makes the other sees at once and runs; the script reaches what its token names; each act has its person."""
        self.server.call("file.create", path="oscillator", kind="folder")
        self.server.call("right.grant", path="oscillator", kind="group", whom="lab", verb="execute")
        ada, bo = self.signed_on(), self.invited("bo", "Bo Diaz")
        session = self.make_a_notebook(ada)
        self.see_and_run(ada, bo, session)
        self.kept_apart(bo)
        self.run_a_script(ada, session)
        self.told_who(session)

    def make_a_notebook(self, page: Page) -> str:
        """Ada makes a notebook in the folder."""
        page.get_by_role("region", name="Shared with you").get_by_role("link", name="oscillator").click()
        page.get_by_role("button", name="New notebook").click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.finished(self.run_code(page, "length = 2.5\nprint(f'{length:.2f} m')"))
        return page.url.rpartition("/s/")[2].partition("?")[0]

    def see_and_run(self, ada: Page, bo: Page, session: str) -> None:
        """Bo opens it, sees what Ada's run printed, and runs a cell that Ada sees."""
        self.sessions.append(session)
        bo.goto(f"{self.server.origin}/s/{session}")
        expect(bo.locator(".cell .out").first).to_contain_text("2.50 m")
        bo.get_by_role("button", name="Add a code cell below").click()
        self.finished(self.run_code(bo, "print('twice:', 2 * length)"))
        expect(ada.locator(".cell .out").last).to_contain_text("twice: 5.0")
        expect(ada.locator(".people")).to_be_visible()

    def kept_apart(self, bo: Page) -> None:
        """Bo does not see what is Ada's own."""
        page = self.new_page(bo.context)
        page.goto(f"{self.server.origin}/?in=people/ada")
        expect(page.get_by_text("There is nothing at 'people/ada' that is shared with Bo Diaz.").first).to_be_visible()

    def run_a_script(self, ada: Page, session: str) -> None:
        """Ada makes a token for this one notebook; a script runs in it, reaches nothing else, and is out when the token is revoked."""
        home = self.new_page(ada.context)
        home.goto(self.server.origin)
        home.get_by_role("button", name=ACCOUNT).click()
        home.get_by_role("menuitem", name="Tokens for scripts").click()
        dialog = home.get_by_role("dialog", name="Tokens for scripts")
        dialog.get_by_label("What the token is for").fill("nightly")
        dialog.get_by_label("What it may be used for").select_option(label="One folder")
        dialog.get_by_label("Folder", exact=True).fill("oscillator")
        dialog.get_by_role("button", name="Make token").click()
        token = dialog.get_by_label("The new token").input_value()
        ran = self.webipy(token, "exec", "--session", session, "print('by a script:', length)")
        self.assertEqual((ran.returncode, ran.stdout), (0, "by a script: 2.5\n"), ran.stderr)
        elsewhere = self.webipy(token, "exec", "print(1)")
        self.assertNotEqual(elsewhere.returncode, 0)
        self.assertIn("token", elsewhere.stderr)
        dialog.get_by_role("button", name="Revoke nightly").click()
        expect(dialog).to_contain_text("You have no tokens.")
        refused = self.webipy(token, "exec", "--session", session, "print(1)")
        self.assertIn("revoked", refused.stderr)

    def told_who(self, session: str) -> None:
        """The owner reads in the page who ran what, and by which way."""
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("button", name=ACCOUNT).click()
        page.get_by_role("menuitem", name="Audit log").click()
        dialog = page.get_by_role("dialog")
        for who, by in (("Ada Lovelace", "token nightly"), ("Bo Diaz", "page")):
            lines = dialog.get_by_role("listitem").filter(has_text=who).filter(has_text="execution.start")
            expect(lines.filter(has_text=by).first).to_be_visible()
        dialog.get_by_role("button", name="Verify").click()
        expect(dialog).to_contain_text("whole")
