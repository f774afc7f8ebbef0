"""The doors of the server, in a real browser: two servers on one host, a neighbour that has seen the cookie, and files that the browser itself fetches."""

from __future__ import annotations

import base64
import http.server
import json
import socket
import threading
import urllib.error
import urllib.request
from typing import Any, ClassVar

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.stage import PageCase, PageServer

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg=="
)
HOME = "New notebook"


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Another server of this host, on a port of its own: it keeps the cookies that it is sent, and plants some."""

    seen: ClassVar[list[str]] = []
    planted: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """A page, with cookies for all ports of the host."""
        self.seen.append(self.headers.get("Cookie", ""))
        self.send_response(200)
        for cookie in self.planted:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(b"<title>neighbour</title>")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Doors(PageCase):
    """Who comes in by which half."""

    def neighbour(self) -> str:
        """A server on another port; its origin."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbour)
        Neighbour.seen, Neighbour.planted = [], []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def home(self, server: PageServer) -> Page:
        """A tab that has come in by a link."""
        page = self.new_page()
        page.goto(server.link())
        expect(page.get_by_role("button", name=HOME)).to_be_visible()
        return page

    def test_two_servers_on_one_host_are_both_signed_in(self) -> None:
        """Neither signs the other out: not when it is opened, not when somebody signs out of it."""
        other = self.own_server()
        mine, theirs = self.home(self.server), self.home(other)
        for page in (mine, theirs, mine):
            page.reload()
            expect(page.get_by_role("button", name=HOME)).to_be_visible()
        names = sorted(str(cookie["name"]) for cookie in self.context.cookies())
        self.assertEqual(names, sorted([f"webipy-{self.server.port}", f"webipy-{other.port}"]))

    def test_a_neighbour_that_has_the_cookie_gets_nothing(self) -> None:
        """Chromium sends it the cookie, as it does to every port; replayed with any Origin, over HTTP and WebSocket, it opens nothing."""
        self.home(self.server)
        page = self.new_page()
        page.goto(self.neighbour())
        (cookie,) = {seen for seen in Neighbour.seen if seen}
        self.assertIn(f"webipy-{self.server.port}=", cookie)
        for origin in (
            {},
            {"Origin": self.server.origin},
            {"Origin": self.server.origin, "Sec-Fetch-Site": "same-origin"},
        ):
            headers = {"Cookie": cookie, "Content-Type": "application/json", **origin}
            call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.list"}).encode()
            for path, body in (("/rpc", call), ("/files/a", None), ("/metrics", None), ("/exports/a/b", None)):
                self.assertEqual(self.status(path, body, headers), 401, (path, origin))
            self.assertIn(b" 401 ", self.upgrade(headers))
        page.evaluate(
            "at => Promise.allSettled([fetch(`${at}/logout`, {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}'})])",
            self.server.origin,
        )
        self.home_again()

    def home_again(self) -> None:
        """This browser is still signed in."""
        page = self.new_page()
        page.goto(self.server.origin)
        expect(page.get_by_role("button", name=HOME)).to_be_visible()

    def status(self, path: str, body: bytes | None, headers: dict[str, str]) -> int:
        """What a request is answered with."""
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.server.origin}{path}", body, headers)) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as fault:
            fault.close()
            return fault.code

    def upgrade(self, headers: dict[str, str]) -> bytes:
        """What a WebSocket handshake is answered with."""
        lines = [
            "GET /rpc HTTP/1.1",
            f"Host: 127.0.0.1:{self.server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
        ]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with socket.create_connection(("127.0.0.1", self.server.port), 20) as line:
            line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
            return line.recv(100)

    def test_a_planted_cookie_does_not_keep_anybody_out(self) -> None:
        """Before and after signing in, for the whole host and for one path of it, which a browser sends first."""
        origin = self.neighbour()
        name = f"webipy-{self.server.port}"
        Neighbour.planted = [f"{name}=junk; Path=/rpc", f"{name}=junk; Path=/login", "webipy=junk; Path=/"]
        self.new_page().goto(origin)
        self.home(self.server)
        Neighbour.planted = [f"{name}=more; Path=/rpc", f"{name}=junk; Path=/s", f"{name}=junk; Path=/files"]
        self.new_page().goto(origin)
        self.home_again()

    def test_a_fresh_link_keeps_the_login(self) -> None:
        """In the tab that shows the page and in another one; both stay live."""
        page, cookies = self.home(self.server), self.context.cookies()
        page.goto(self.server.link())
        other = self.home(self.server)
        for one in (page, other):
            one.reload()
            expect(one.get_by_role("button", name=HOME)).to_be_visible()
        self.assertEqual(self.context.cookies(), cookies)

    def test_who_has_lost_the_key_is_told_and_signs_in_again(self) -> None:
        """And a tab that was waiting goes on by itself."""
        page = self.home(self.server)
        page.evaluate("localStorage.clear()")
        first, second = self.new_page(), self.new_page()
        for one in (first, second):
            one.goto(self.server.origin)
            expect(one.get_by_role("alert")).to_contain_text("lost its part of the sign-in")
        first.get_by_label("Token").fill(self.server.token)
        first.get_by_role("button", name="Sign in").click()
        for one in (first, second):
            expect(one.get_by_role("button", name=HOME)).to_be_visible()

    def test_a_login_of_an_older_version_is_told_why(self) -> None:
        """Its cookie has another name, and no key belongs to it."""
        self.context.add_cookies([{"name": "webipy", "value": "old", "url": self.server.origin, "httpOnly": True}])
        page = self.new_page()
        page.goto(self.server.origin)
        expect(page.get_by_role("alert")).to_contain_text("webipy was updated")


class Logins(PageCase):
    """Who is signed in, and the end of it."""

    def make_server(self) -> PageServer:
        """Its logins are those of this test alone."""
        return self.own_server()

    def opened(self, page: Page) -> Locator:
        """The dialog."""
        page.get_by_role("button", name="Account and sign-out").click()
        page.get_by_role("menuitem", name="Signed-in browsers").click()
        dialog = page.get_by_role("dialog", name="Signed-in browsers")
        expect(dialog.get_by_role("listitem").first).to_be_visible()
        return dialog

    def home(self, context: BrowserContext | None = None) -> Page:
        """A signed-in tab."""
        self.sign_in(context)
        page = self.new_page(context)
        page.goto(self.server.origin)
        expect(page.get_by_role("button", name=HOME)).to_be_visible()
        return page

    def test_another_browser_is_signed_out(self) -> None:
        """Its page says so at once; this one stays. Each row names the browser, and which is this one."""
        other = self.home(
            self.new_context(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        )
        page = self.home()
        dialog = self.opened(page)
        rows = dialog.get_by_role("listitem")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("this one")
        expect(rows.first).to_contain_text("open now, 1 page")
        expect(rows.last).to_contain_text("Firefox on Linux")
        rows.last.get_by_role("button", name="Sign out").click()
        expect(other.get_by_text("Your session has ended.")).to_be_visible()
        expect(rows).to_have_count(1)
        expect(dialog.get_by_role("button", name="Sign out all others")).to_be_disabled()

    def test_everywhere(self) -> None:
        """It is asked once more; then this browser sees the sign-in page, too."""
        other, page = self.home(self.new_context()), self.home()
        self.opened(page).get_by_role("button", name="Sign out everywhere").click()
        page.get_by_role("dialog", name="Sign out everywhere?").get_by_role(
            "button", name="Sign out everywhere"
        ).click()
        expect(page.get_by_label("Token")).to_be_visible()
        expect(other.get_by_text("Your session has ended.")).to_be_visible()
        self.assertEqual(self.server.call("login.list")["logins"], [])


class Tokens(PageCase):
    """Tokens for scripts, in the page."""

    def make_server(self) -> PageServer:
        """Its tokens are those of this test alone."""
        return self.own_server()

    def answer(self, token: str, method: str, **params: object) -> dict[str, Any]:
        """What a program with a token is answered."""
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        found: dict[str, Any] = json.loads(self.server.request("POST", "/rpc", call, headers)[1])
        return found

    def test_one_is_made_for_a_notebook_and_revoked(self) -> None:
        """It is shown once, works for a script, and ends at once."""
        self.write_notebook("a.ipynb", ("code", "1"))
        page = self.open_file("a.ipynb")
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="Tokens for scripts").click()
        dialog = page.get_by_role("dialog", name="Tokens for scripts")
        expect(dialog).to_contain_text("You have no tokens.")
        dialog.get_by_label("What the token is for").fill("nightly")
        dialog.get_by_role("checkbox", name="Only read").check()
        dialog.get_by_role("button", name="Make token").click()
        token = dialog.get_by_label("The new token").input_value()
        self.assertTrue(token.startswith("webipy_"))
        (session,) = self.answer(token, "session.list")["result"]["sessions"]
        refused = self.answer(token, "cell.insert", session=session["id"], source="1")
        self.assertEqual(refused["error"]["data"]["name"], "not_permitted")
        row = dialog.get_by_role("listitem")
        expect(row).to_contain_text("nightly")
        expect(row).to_contain_text(f"only read, session {session['id'][:8]}")
        row.get_by_role("button", name="Revoke nightly").click()
        expect(dialog).to_contain_text("You have no tokens.")
        self.assertIn("was revoked", self.answer(token, "session.list")["message"])

    def test_a_guest_makes_one_for_the_session(self) -> None:
        """No folder is offered; the token has the right of the link."""
        session = self.server.call("session.create", title="shared")["id"]
        link = self.server.call("share.link", session=session, verb="read")["url"]
        page = self.new_page(self.new_context())
        page.goto(link)
        page.get_by_label("Your name").fill("Grace")
        page.get_by_role("button", name="Join").click()
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="Tokens for scripts").click()
        dialog = page.get_by_role("dialog", name="Tokens for scripts")
        expect(dialog.get_by_role("option", name="One folder")).to_have_count(0)
        dialog.get_by_label("What the token is for").fill("mine")
        dialog.get_by_role("button", name="Make token").click()
        token = dialog.get_by_label("The new token").input_value()
        self.assertEqual(self.answer(token, "session.get", session=session)["result"]["title"], "shared")
        self.assertEqual(self.answer(token, "session.list")["error"]["data"]["name"], "not_permitted")


class AuditLog(PageCase):
    """The audit log, in the page of whoever runs the server."""

    def make_server(self) -> PageServer:
        """Its log is that of this test alone."""
        return self.own_server()

    def test_it_is_listed_filtered_and_verified(self) -> None:
        """What was done just now is there; a log that somebody has changed is told."""
        self.server.call("file.write", path="a.txt", content="x")
        self.server.request("GET", "/files/a.txt", headers={"Authorization": "Bearer wrong"})
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("button", name="Account and sign-out").click()
        page.get_by_role("menuitem", name="Audit log").click()
        dialog = page.get_by_role("dialog", name="Audit log")
        rows = dialog.get_by_role("listitem")
        expect(rows.filter(has_text="file.write")).to_contain_text("a.txt · a program, 127.0.0.1")
        dialog.get_by_label("Only what has failed").check()
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("sign_in_failed")
        expect(rows).to_contain_text("not_authenticated")
        dialog.get_by_label("Only what has failed").uncheck()
        dialog.get_by_label("What", exact=True).select_option("file.*")
        expect(rows).to_have_count(1)
        dialog.get_by_role("button", name="Verify").click()
        expect(dialog).to_contain_text("lines, whole.")
        (path,) = (self.server.state / "audit").glob("*.jsonl")
        path.write_bytes(path.read_bytes().replace(b"a.txt", b"b.txt"))
        dialog.get_by_role("button", name="Verify").click()
        expect(dialog).to_contain_text("The log is not whole. Line")


class Files(PageCase):
    """What the browser fetches itself."""

    def test_pictures_of_a_text_are_shown(self) -> None:
        """They come with the key, and are let go of when they are drawn."""
        (self.server.root / "p").mkdir(exist_ok=True)
        (self.server.root / "p" / "a b.png").write_bytes(PIXEL)
        self.write_notebook("p/pictures.ipynb", ("markdown", "![there](a%20b.png) ![not there](no.png)"))
        page = self.open_file("p/pictures.ipynb")
        expect(page.get_by_alt_text("there", exact=True)).to_have_js_property("naturalWidth", 5)
        expect(page.get_by_alt_text("not there")).to_have_js_property("naturalWidth", 0)

    def test_a_file_is_shown_and_again_after_reloading(self) -> None:
        """Clicked in the list it has a page; its own address can be typed by hand, also when the ticket in it has become old."""
        (self.server.root / "shown é.txt").write_text("these words", "utf-8")
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("link", name="shown é.txt").click()
        expect(page.get_by_role("textbox", name="Text of shown é.txt")).to_have_text("these words")
        typed = self.new_page()
        typed.goto(f"{self.server.origin}/files/shown%20%C3%A9.txt?inline=1&ticket=1.old")
        expect(typed.get_by_text("these words")).to_be_visible()
        typed.reload()
        expect(typed.get_by_text("these words")).to_be_visible()

    def test_a_file_is_saved(self) -> None:
        """By the menu, and by an address typed by hand; its address is no login, and opens no other file."""
        (self.server.root / "saved.bin").write_bytes(b"\x00\x01" * 1000)
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("button", name="Actions for saved.bin").click()
        with page.expect_download() as saved:
            page.get_by_role("menuitem", name="Download").click()
        self.assertEqual(saved.value.path().read_bytes(), b"\x00\x01" * 1000)
        self.assertEqual(saved.value.suggested_filename, "saved.bin")
        with page.expect_download() as typed:
            page.evaluate("location.assign('/files/saved.bin')")
        self.assertEqual(typed.value.path().read_bytes(), b"\x00\x01" * 1000)
        expect(page.get_by_text("saved among your downloads")).to_be_visible()
        stranger = self.new_page(self.new_context())
        stranger.goto(typed.value.url)
        expect(stranger.get_by_label("Token")).to_be_visible()
