"""The page of a server that speaks TLS itself: a person signs in by the printed link, runs code, uploads, shares; plain HTTP leads there."""

from __future__ import annotations

import atexit
import functools
import os

from playwright.sync_api import BrowserContext, FilePayload, expect

from tests.browser.stage import PageCase, PageServer


@functools.cache
def the_server_of_a_network() -> PageServer:
    """The server of these tests."""
    server = PageServer("--lan", *(("--allow-root",) if os.geteuid() == 0 else ()))
    atexit.register(server.close)
    server.start()
    return server


class OwnTls(PageCase):
    """A browser that was told to go on in spite of the certificate."""

    def make_server(self) -> PageServer:
        """The one that speaks TLS."""
        return the_server_of_a_network()

    def new_context(self, **options: object) -> BrowserContext:
        """A context whose person has seen the warning, and has gone on."""
        return super().new_context(**{"ignore_https_errors": True, **options})

    def test_a_person_signs_in_runs_and_uploads(self) -> None:
        """By the address that others reach; the cookie is bound to this host, and a reload keeps it."""
        page = self.new_page()
        page.goto(self.server.link())
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload").click()
        chooser.value.set_files([FilePayload(name="up.txt", mimeType="text/plain", buffer=b"came up")])
        page.get_by_role("link", name="up.txt", exact=True).click()
        expect(page.locator(".cm-content")).to_contain_text("came up")
        names = {str(cookie["name"]): bool(cookie["secure"]) for cookie in self.context.cookies()}
        self.assertEqual(names, {f"__Host-webipy-{self.server.port}": True})
        session = self.new_session()
        page.goto(f"{page.url.partition('/s/')[0].split('?')[0].rstrip('/')}/s/{session}")
        expect(page.locator(".cm-content")).to_be_focused()
        cell = self.run_code(page, "print(6 * 7)")
        expect(cell.locator(".out")).to_contain_text("42")
        page.reload()
        expect(page.locator(".cell .out").first).to_contain_text("42")

    def test_plain_http_leads_to_https(self) -> None:
        """At the same port; the page that comes is the one that asks for a sign-in."""
        page = self.new_page()
        page.goto(f"http://127.0.0.1:{self.server.port}/")
        expect(page).to_have_url(f"https://127.0.0.1:{self.server.port}/")
        expect(page.get_by_label("Token")).to_be_visible()

    def test_a_link_for_others_has_an_address_that_they_reach(self) -> None:
        """Where this machine has one; the guest joins by it."""
        page = self.open(self.new_session())
        page.get_by_role("button", name="Share").click()
        page.get_by_role("button", name="Create link").click()
        link = page.get_by_label("The new link").input_value()
        self.assertEqual(link.partition("/s/")[0], self.server.link().partition("/#")[0])
        guest = self.new_page(self.new_context())
        guest.goto(link)
        guest.get_by_label("Your name").fill("Grace")
        guest.get_by_role("button", name="Join").click()
        expect(guest.locator(".cell").first).to_be_visible()
