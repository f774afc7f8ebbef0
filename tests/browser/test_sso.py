"""Single sign-on in a real browser: from the button to home in two clicks, and what the page says when it does not work."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.accounts import ACCOUNT
from tests.browser.stage import PageCase, PageServer
from tests.fake_provider import CLIENT, SECRET
from tests.live import ROOT


class SignOnCase(PageCase):
    """A server and an identity provider of this test alone."""

    more: tuple[str, ...] = ()
    """More options of the server."""

    def make_server(self) -> PageServer:
        """Lets people in by the provider, or by the token."""
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.fake_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert program.stdout is not None
        for done in (program.stdout.close, program.wait, program.kill):
            self.addCleanup(done)
        self.program, issuer = program, program.stdout.readline().strip()
        secret = Path(tempfile.mkdtemp(dir=self.mktemp_folder())) / "secret"
        secret.touch(0o600)
        secret.write_text(SECRET)
        options = [f"--sso-issuer={issuer}", f"--sso-client-id={CLIENT}", f"--sso-client-secret-file={secret}"]
        return self.own_server(*options, "--sso-name=Uni", "--sso-allow=@example.org", *self.more)

    def mktemp_folder(self) -> Path:
        """A folder of this test."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir(parents=True)
        return folder

    def at_provider(self, where: str = "/") -> Page:
        """A tab that is at the provider."""
        page = self.new_page(self.new_context())
        page.goto(self.server.origin + where)
        page.get_by_role("button", name="Sign in with Uni").click()
        expect(page.get_by_role("link", name="Continue as Ada")).to_be_visible()
        return page


class SingleSignOn(SignOnCase):
    """Signing in, and what can stand in the way."""

    def test_two_clicks_from_the_button_to_home(self) -> None:
        """Where they wanted to be; their account has no password, and the list of people says how they sign in."""
        page = self.new_page(self.new_context())
        page.goto(self.server.origin + "/?in=people")
        page.get_by_label("Stay signed in on this browser").check()
        page.get_by_role("button", name="Sign in with Uni").click()
        page.get_by_role("link", name="Continue as Ada").click()
        expect(page.get_by_role("button", name=ACCOUNT)).to_be_visible()
        kept = [
            cookie["expires"] for cookie in page.context.cookies(self.server.origin) if "-sso-" not in cookie["name"]
        ]
        self.assertTrue(kept and min(kept) > 0, "the cookie is kept when the browser is closed")
        expect(page).to_have_url(f"{self.server.origin}/?in=people")
        page.get_by_role("button", name=ACCOUNT).click()
        page.get_by_role("menuitem", name="Your account…").click()
        dialog = page.get_by_role("dialog", name="Your account")
        expect(dialog).to_contain_text("You sign in with Uni, and have no password here.")
        expect(dialog.get_by_label("Password of before")).to_have_count(0)
        dialog.get_by_role("button", name="Make a code").click()
        expect(dialog.get_by_label("The code")).to_be_visible()
        self.sign_in()
        owner = self.new_page()
        owner.goto(self.server.origin)
        owner.get_by_role("button", name=ACCOUNT).click()
        owner.get_by_role("menuitem", name="People…").click()
        expect(owner.get_by_role("dialog", name="People").get_by_role("listitem")).to_contain_text(
            "signs in at 127.0.0.1:"
        )

    def test_a_name_that_is_taken_is_told(self) -> None:
        """In a note on the page, and the account is another one."""
        self.server.call("user.add", name="ada", display_name="Ada")
        page = self.at_provider()
        page.get_by_role("link", name="Continue as Ada").click()
        expect(page.get_by_text("The name ada is taken here, so you are ada-2.")).to_be_visible()

    def test_what_does_not_work_is_said_on_the_sign_in_page(self) -> None:
        """The person says no; an address of return is used again; the provider is down. The other ways stay."""
        page = self.at_provider()
        page.get_by_role("link", name="No").click()
        expect(page.get_by_role("alert")).to_contain_text("did not allow this sign-in")
        page.go_back()
        page.get_by_role("link", name="Continue as Ada").click()
        expect(page.get_by_role("alert")).to_contain_text("Begin again")
        page.get_by_role("button", name="Sign in with a token").click()
        expect(page.get_by_label("Token")).to_be_visible()
        page.get_by_role("button", name="Sign in with Uni").click()
        other = self.at_provider()
        self.program.kill()
        self.program.wait()
        other.get_by_role("link", name="Continue as Ada").click()
        expect(other.get_by_role("alert")).to_contain_text("Uni cannot be reached")
