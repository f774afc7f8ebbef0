"""The page of a server below a base URL: all that it fetches, links to, keeps and hands out is below it, and nothing asks outside."""

from __future__ import annotations

import atexit
import functools
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload, Page, Request, expect

from tests.browser.stage import PageCase, PageServer
from tests.live import until

BELOW = "/a%40b/"
SLIDER = "import ipywidgets as w\ns = w.IntSlider(value=3)\ns"
SEALED = (
    "from IPython.display import HTML\n"
    'HTML(\'<p id="ran"></p><img src="dot.svg"><script>document.getElementById("ran").textContent = String(40 + 2)</script>\')'
)
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"><rect width="7" height="7"/></svg>'


@functools.cache
def the_server_below() -> PageServer:
    """The server of these tests, which is given its base URL in another spelling."""
    server = PageServer("--base-url=/a@b")
    atexit.register(server.close)
    server.start()
    return server


class Below(PageCase):
    """A person at work there."""

    def make_server(self) -> PageServer:
        """The one below a base URL."""
        return the_server_below()

    def watched(self, page: Page) -> list[str]:
        """The paths of all requests that a page makes outside of the base URL, from now on."""
        outside: list[str] = []

        def look(request: Request) -> None:
            path = urlsplit(request.url)
            if path.scheme in ("http", "https", "ws") and not path.path.startswith(BELOW):
                outside.append(path.path)

        page.on("request", look)
        page.on(
            "websocket", lambda line: outside.extend([] if urlsplit(line.url).path == f"{BELOW}rpc" else [line.url])
        )
        return outside

    def test_a_notebook_is_opened_run_and_reloaded(self) -> None:
        """From the printed link on: files, cells, formulas, sealed frames with files beside them, widgets; then the same after a reload."""
        self.write_notebook("below/a b.ipynb", ("markdown", "$x^2$ and [b](b.txt)"), ("code", SLIDER), ("code", SEALED))
        (self.server.root / "below" / "b.txt").write_text("beside")
        (self.server.root / "below" / "dot.svg").write_text(DOT)
        self.sessions.append(
            str(self.server.call("session.create", path="below/a b.ipynb", kernelspec="python3")["id"])
        )
        page = self.new_page()
        outside = self.watched(page)
        self.assertTrue(self.server.link().startswith(f"{self.server.origin}/#code="))
        page.goto(self.server.link())
        page.get_by_role("link", name="below", exact=True).click()
        page.get_by_role("link", name="a b.ipynb", exact=True).click()
        expect(page.locator(".cell")).to_have_count(3)
        self.assertEqual(urlsplit(page.url).path, f"{BELOW}s/{self.sessions[-1]}")
        for cell, source in (("c1", SLIDER), ("c2", SEALED)):
            self.execute(self.sessions[-1], source, cell)
        for _ in range(2):
            expect(page.locator(".katex").first).to_be_visible()
            widget, sealed = (page.locator(".cell").nth(cell).frame_locator("iframe.sealed") for cell in (1, 2))
            expect(widget.locator(".widget-readout")).to_have_text("3")
            expect(sealed.locator("#ran")).to_have_text("42")
            expect(sealed.locator("img")).to_have_js_property("naturalWidth", 7)
            self.assertEqual(
                page.get_by_role("link", name="b", exact=True).get_attribute("href"), f"{BELOW}?open=below/b.txt"
            )
            page.reload()
        self.assertEqual(outside, [])

    def test_files_go_up_and_come_down(self) -> None:
        """An upload, its page, its download by a ticket, its address typed; the guide; and signing out."""
        self.sign_in()
        page = self.new_page()
        outside = self.watched(page)
        page.goto(f"{self.server.origin}/")
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload").click()
        chooser.value.set_files([FilePayload(name="up é.txt", mimeType="text/plain", buffer=b"came up")])
        page.get_by_role("link", name="up é.txt", exact=True).click()
        expect(page.locator(".cm-content")).to_contain_text("came up")
        self.assertEqual((self.server.root / "up é.txt").read_bytes(), b"came up")
        page.goto(f"{self.server.origin}/files/up%20%C3%A9.txt?inline=1")
        expect(page.locator("body")).to_have_text("came up")
        self.assertTrue(urlsplit(page.url).path.startswith(f"{BELOW}files/"), page.url)
        page.goto(f"{self.server.origin}/?help=guide")
        expect(page.get_by_role("heading", name="Two commands")).to_be_visible()
        page.goto(f"{self.server.origin}/no/where")
        page.locator("a.btn.main").click()
        page.wait_for_url(f"**{BELOW}")
        self.assertEqual(outside, [])

    def test_a_link_lets_a_guest_in(self) -> None:
        """The one that the page makes; their login stays below the base URL, and so does what their browser keeps."""
        page = self.open(self.new_session())
        page.get_by_role("button", name="Share").click()
        page.get_by_role("button", name="Create link").click()
        link = page.get_by_label("The new link").input_value()
        self.assertTrue(link.startswith(f"{self.server.origin}/s/{self.sessions[-1]}#share="), link)
        context = self.new_context()
        guest = self.new_page(context)
        outside = self.watched(guest)
        guest.goto(link)
        guest.get_by_label("Your name").fill("Grace")
        guest.get_by_role("button", name="Join").click()
        expect(guest.locator(".cell").first).to_be_visible()
        guest.reload()
        expect(guest.locator(".cell").first).to_be_visible()
        self.assertEqual(
            [(one["name"], one["path"]) for one in context.cookies()], [(f"webipy-{self.server.port}", BELOW)]
        )
        kept = guest.evaluate(
            "() => Object.keys(localStorage).filter(name => name.startsWith('webipy-key') || name.startsWith('webipy-guest'))"
        )
        self.assertEqual(sorted(kept), [f"webipy-guest {BELOW}", f"webipy-key {BELOW}"])
        self.assertEqual(outside, [])

    def test_another_spelling_is_the_same_place(self) -> None:
        """And without the slash at its end it leads there."""
        page = self.new_page()
        page.goto(self.server.link().replace("/a%40b/", "/a@b"))
        self.home_is_ready(page)
        until(
            lambda: urlsplit(page.url).path == "/a@b/" and "#" not in page.url, "the code is taken out of the address"
        )
