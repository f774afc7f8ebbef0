"""Everybody can use the page: axe-core finds nothing of WCAG A or AA on any page and state, and the keyboard alone is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import gallery
from tests.browser.stage import Missing, PageCase, PageServer
from tests.live import ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

RUN = """async rules => {
    const only = rules === null
        ? {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
        : {type: "rule", values: rules};
    const {violations} = await axe.run(document, {runOnly: only, iframes: false, elementRef: true, resultTypes: ["violations"]});
    const isAuthored = at => at.closest(".md [style], .md [color], .md [bgcolor]") !== null
        || (at.getRootNode() instanceof ShadowRoot && at.getRootNode().host.matches(".html"));
    const found = violations.map(one => one.id !== "color-contrast" ? one : {...one, nodes: one.nodes.filter(node => !isAuthored(node.element))});
    return found.filter(one => one.nodes.length > 0).map(one => `${one.id}: ${one.nodes.slice(0, 4).map(node => `${node.html.slice(0, 160)} ${
        node.any.concat(node.all).slice(0, 1).map(check => check.message)}`).join(" | ")}`);
}"""


def axe_finds(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds in the page as it is now. The colours that the author of a text or an output chose are no finding.

    Args:
        page: with anything open in it.
        rules: the names of rules; without them all of WCAG A and AA.

    Raises:
        Missing: axe is not installed.
    """
    if not page.evaluate("typeof axe === 'object'"):
        if not AXE.exists():
            raise Missing("axe-core is not installed: run `npm ci` in web/.")
        page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(RUN, rules)
    return found


SIGN_OUT = """() => fetch("/logout", {method: "POST", body: "{}", headers: {
    "content-type": "application/json", "x-webipy-key": localStorage.getItem("webipy-key")}})"""
"""What another tab of this browser does that signs out."""

CELLS: tuple[tuple[str, str], ...] = (
    (
        "markdown",
        "# Everything\n\nText with `code`, a [link](https://example.org), $x^2$, ![a picture](https://example.org/p.png)."
        "\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    ),
    ("code", "for n in range(60): print('line', n)"),
    ("code", "import sys\nprint('\\x1b[31mred\\x1b[0m \\x1b[32mgreen\\x1b[0m'); print('err', file=sys.stderr)"),
    (
        "code",
        "from IPython.display import display, HTML, JSON\ndisplay(JSON({'a': [1, 2]}))\nHTML('<table><thead><tr><th>n</th></tr></thead><tr><td>1</td></tr></table>')",
    ),
    ("raw", "raw text"),
    ("markdown", "## Second"),
    ("code", "def deep(n):\n    return 1 / n\ndeep(0)"),
)

ASKING = (
    gallery.code("HTML(library)", gallery.shown(text__html="<p>a map</p><script src=https://lib.example.org/lib.js></script>")),
    gallery.code("HTML(other)", gallery.shown(text__html=f"<p>another</p><script src=https://{'a-long-name-' * 4}x.example.org/lib.js></script>")),
    gallery.code(
        "HTML(saves)",
        gallery.shown(text__html="<a id=a download=table.csv href='data:,a,b'>a</a><script>document.getElementById('a').click()</script>"),
    ),
    gallery.code("HTML(leads)", gallery.shown(text__html="<script>open('https://elsewhere.example.org/' + 'long/'.repeat(40))</script>")),
    ("markdown", "![a picture](https://pictures.example.org/p.png)"),
)  # fmt: skip
"""Outputs that ask for what they may not do by themselves."""

SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("html:not(.paper) #main, dialog[open], dialog[open] .body, .wanted, .remote-picture")]
    .filter(one => one.scrollWidth > one.clientWidth + 1)
    .map(one => `${one.localName}.${one.className} scrolls sideways by ${one.scrollWidth - one.clientWidth} px`)"""


class Access(PageCase):
    """What a screen reader and a keyboard find."""

    def make_server(self) -> PageServer:
        """A server that can be killed."""
        return self.own_server()

    def setUp(self) -> None:
        """Nothing was found yet."""
        super().setUp()
        self.found: list[str] = []

    def check(self, page: Page, state: str, rules: list[str] | None = None) -> None:
        """Notes what axe finds in a state of the page."""
        self.found += [f"{state}: {one}" for one in axe_finds(page, rules)]

    def check_with(self, page: Page, state: str, opened: Callable[[], Any]) -> None:
        """The same for what `opened` opens and Esc closes."""
        opened()
        page.wait_for_timeout(120)  # what slides or fades in has another contrast meanwhile
        self.check(page, state)
        page.keyboard.press("Escape")

    def test_nothing_is_found_on_any_page_and_state(self) -> None:
        """Sign-in, home, a notebook in every state, every panel and dialog, light and dark, and on a phone."""
        page = self.new_page()
        page.goto(self.server.origin)
        expect(page.get_by_label("Token")).to_be_visible()
        self.check(page, "sign-in")
        self.write_notebook("access/all.ipynb", *CELLS)
        page = self.open_file("access/all.ipynb", kernel=True)
        page.get_by_role("button", name="Run all cells").click()
        expect(page.locator(".cell.failed")).to_have_count(1)
        self.check(page, "notebook")
        self.panels(page)
        self.dialogs(page)
        self.waiting(page)
        self.parts(page)
        page.emulate_media(color_scheme="dark")
        self.check(page, "dark", ["color-contrast"])
        page.get_by_role("button", name="Menu of cell 2").click()
        self.check(page, "cell menu, dark")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+,")
        self.check(page, "settings, dark", ["color-contrast"])
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": 390, "height": 780})
        self.check(page, "phone, dark")
        page.get_by_role("button", name="Outline and queue").last.click()
        self.check(page, "phone, drawer")
        home = self.new_page()
        home.goto(f"{self.server.origin}/?in=access")
        expect(home.get_by_text("all.ipynb").last).to_be_visible()
        self.check(home, "home")
        home.emulate_media(color_scheme="dark")
        self.check(home, "home, dark", ["color-contrast"])
        home.get_by_role("button", name="Actions for all.ipynb").click()
        self.check(home, "home, menu")
        home.keyboard.press("Escape")
        (self.server.root / "access" / "old.csv").write_text("x")
        home.get_by_role("link", name="old.csv").focus()
        home.keyboard.press("Delete")
        expect(home.get_by_role("button", name="Undo")).to_be_visible()
        home.get_by_role("button", name="Trash: what was deleted here").click()
        expect(home.get_by_role("button", name="Put back access/old.csv")).to_be_visible()
        self.check(home, "trash, dark")
        home.emulate_media(color_scheme="light")
        self.check(home, "trash", ["color-contrast"])
        home.keyboard.press("Escape")
        home.emulate_media(color_scheme="dark")
        self.troubles(page)
        self.endings(home)
        self.assertFalse(self.found, "\n".join(self.found))

    def panels(self, page: Page) -> None:
        """The side, the find bar, and menus."""
        page.get_by_role("tab", name="Variables").click()
        expect(page.locator(".variables .quiet, .variable").first).to_be_visible()
        self.check(page, "variables")
        page.get_by_role("tab", name="Files").click()
        expect(page.locator(".files-tab a").nth(1)).to_be_visible()
        self.check(page, "files")
        page.get_by_role("tab", name="Outline").click()
        page.locator(".cell").nth(0).focus()
        self.check_with(page, "find", lambda: page.keyboard.press("Control+h"))
        self.check_with(page, "menu", lambda: page.get_by_role("button", name="More", exact=True).click())
        self.check_with(page, "kernel menu", lambda: page.locator(".kernel").click())
        self.check_with(page, "run menu", lambda: page.get_by_role("button", name="More ways to run").click())
        page.locator(".cell").nth(0).focus()
        page.keyboard.press("Shift+ArrowDown")
        self.check(page, "two selected", ["color-contrast"])
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        self.check(page, "editing")
        page.keyboard.press("Escape")

    def parts(self, page: Page) -> None:
        """Outputs that scroll, a log that is searched, hidden code, a folded section, outputs beside."""
        page.keyboard.press("Escape")
        first = page.locator(".cell").nth(1)
        first.get_by_role("button", name="Search").click()
        first.get_by_role("searchbox").fill("line 1")
        expect(first.locator(".hit.now")).to_be_visible()
        page.locator(".cell").nth(2).locator(".meta").click()
        page.keyboard.press("Shift+O")
        expect(page.locator(".out.scrolled")).to_be_visible()
        page.keyboard.press("Shift+R")
        self.check(page, "searched, scrolled, beside")
        page.keyboard.press("Shift+R")
        page.get_by_role("button", name="Fold the section").last.click()
        expect(page.get_by_text("folded away")).to_be_visible()
        self.check(page, "folded")
        page.get_by_role("button", name="Unfold the section").last.click()
        expect(page.get_by_text("folded away")).to_have_count(0)

    def endings(self, page: Page) -> None:
        """A wrong address, a session that is none, a login that has ended."""
        for path, words in (
            ("/no/such", "There is nothing at this address."),
            ("/s/none", "There is no such session."),
        ):
            page.goto(f"{self.server.origin}{path}")
            expect(page.get_by_role("heading", name=words)).to_be_visible()
            self.check(page, path)
        page.goto(f"{self.server.origin}/")
        self.home_is_ready(page)
        page.evaluate(SIGN_OUT)
        expect(page.get_by_text("Your session has ended.")).to_be_visible()
        self.check(page, "session ended")

    def dialogs(self, page: Page) -> None:
        """Every dialog."""
        dialog = page.locator("dialog[open]")

        def shown(keys: list[str], words: str) -> Callable[[], None]:
            def go() -> None:
                for key in keys:
                    page.keyboard.press(key)
                expect(dialog).to_contain_text(words)

            return go

        page.locator(".cell").nth(1).focus()
        self.check_with(page, "palette", shown(["Control+k"], "Settings"))
        self.check_with(page, "settings", shown(["Control+,"], "Size of code"))
        self.check_with(page, "shortcuts", shown(["h"], "Cell commands"))
        self.check_with(page, "restart", shown(["0", "0"], "Variables are lost"))
        for item, words in (("History…", "States"), ("Name this state…", "go back to it")):
            page.get_by_role("button", name="More", exact=True).click()
            page.get_by_role("menuitem", name=item).click()
            expect(dialog).to_be_visible()
            self.check_with(page, item, lambda words=words: expect(dialog).to_be_visible())  # type: ignore[misc]
        expect(dialog).to_have_count(0)

    def waiting(self, page: Page) -> None:
        """A prompt, a queue, a toast."""
        page.keyboard.press("Escape")
        page.locator(".cell").nth(1).focus()
        page.keyboard.press("b")
        self.edit(page)
        page.keyboard.insert_text("input('Name: ')")
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".stdin input")).to_be_visible()
        page.get_by_role("button", name="Add a code cell below").click()
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.insert_text("2")
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".cell.queued")).to_have_count(1)
        self.check(page, "prompt and queue")

    def troubles(self, page: Page) -> None:
        """A conflict, a kernel that died, a server that is away."""
        page.set_viewport_size({"width": 1280, "height": 860})
        page.emulate_media(color_scheme="light")
        session = self.server.call("session.list")["sessions"][0]["id"]
        self.server.call("kernel.interrupt", session=session)
        expect(page.locator(".cell.queued, .cell.running")).to_have_count(0)
        self.server.call("execution.start", session=session, code="import os; os._exit(3)")
        expect(page.locator(".banner.bad")).to_be_visible()
        self.check(page, "kernel died")
        page.get_by_role("button", name="Kernel", exact=False).first.click()
        page.get_by_role("menuitem", name="Change kernel…").click()
        expect(page.locator("dialog[open]")).to_contain_text("Choose a kernel")
        self.check_with(page, "kernels", lambda: None)
        self.conflict(page, session)
        self.server.kill()
        expect(page.get_by_text("Reconnecting.", exact=True)).to_be_visible()
        self.check(page, "reconnecting")
        page.emulate_media(color_scheme="dark")
        self.check(page, "troubles, dark", ["color-contrast"])
        self.server.start()

    def conflict(self, page: Page, session: str) -> None:
        """The file and the page differ, and are compared."""
        file = self.server.root / "access" / "all.ipynb"
        expect(page.locator(".saved")).to_contain_text("Saved")
        file.write_text(file.read_text("utf-8").replace("raw text", "raw words"), "utf-8")
        self.server.call("cell.set_source", session=session, cell="c4", source="raw letters")
        expect(page.get_by_text("Changed on disk by another program.")).to_be_visible()
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("dialog[open]")).to_contain_text("raw words")
        self.check_with(page, "compare", lambda: None)
        page.locator(".banner").get_by_role("button", name="Keep mine").click()
        expect(page.locator(".saved")).to_contain_text("Saved")

    def test_what_outputs_ask_and_what_they_were_allowed(self) -> None:
        """Servers, files, links and pictures that are asked about, the settings that list what is allowed, and Print: wide, dark and on a phone."""
        self.context.route("https://*.example.org/**", lambda route: route.abort())
        page = self.open_file(self.write_notebook("asked.ipynb", *ASKING).name)
        asked = page.locator(".wanted")
        for words in ("load from lib.example.org", "load from a-long-name", "would save", "leads to"):
            expect(asked.filter(has_text=words)).to_have_count(1)
        expect(page.locator(".remote-picture")).to_have_count(1)
        self.in_all_forms(page, "questions")
        page.set_viewport_size({"width": 1280, "height": 860})
        for span in ("notebook", "always"):
            question = asked.filter(has_text="This output wants to load from").first
            question.get_by_label("How long it is allowed").select_option(span)
            question.get_by_role("button", name="Allow").click()
        expect(asked.filter(has_text="This output wants to load from")).to_have_count(0)
        self.in_all_forms(page, "allowed")
        page.locator(".cell").first.focus()
        page.keyboard.press("Control+Comma")
        servers = page.get_by_role("group", name="Servers that outputs may load from")
        expect(servers.get_by_role("listitem")).to_have_count(2)
        servers.get_by_role("button").last.scroll_into_view_if_needed()
        self.in_all_forms(page, "allowed servers")
        page.keyboard.press("Escape")
        page.evaluate("() => { window.print = () => {} }")  # the dialog of the browser would wait for a person
        page.keyboard.press("Control+p")
        expect(page.locator("html.drawn")).to_have_count(1)
        self.in_all_forms(page, "print")
        self.assertFalse(self.found, "\n".join(self.found))

    def in_all_forms(self, page: Page, state: str) -> None:
        """Notes what axe finds and what scrolls sideways: wide, on a phone, and both in the dark."""
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 860})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                self.check(page, f"{state}, {width} px, {scheme}")
                self.found += [f"{state}, {width} px: {one}" for one in page.evaluate(SIDEWAYS)]

    def test_the_keyboard_alone_is_enough(self) -> None:
        """From the top of the page Tab reaches everything with a ring that shows, never stays in the editor, and the cells are one stop."""
        self.write_notebook("access/keys.ipynb", ("code", "a = 1"), ("code", "b = 2"), ("markdown", "text"))
        page = self.open_file("access/keys.ipynb")
        expect(page.locator(".cell.sel")).to_be_focused()
        page.get_by_role("link", name="Home").focus()
        seen: list[str] = []
        hidden: list[str] = []
        for _ in range(40):
            page.keyboard.press("Tab")
            at = page.evaluate(
                """() => {
                    const one = document.activeElement;
                    const style = getComputedStyle(one);
                    const box = one.getBoundingClientRect();
                    const bar = one.matches(".cell.sel") && getComputedStyle(one, "::before").width === "3px"; // a cell has a bar instead
                    const ring = bar || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1.5;
                    const name = one.getAttribute("aria-label") || one.textContent.trim().slice(0, 30) || one.id;
                    return {name: `${one.tagName} ${name}`, ring: ring || one.tagName === "BODY" || style.boxShadow !== "none", seen: box.width > 0};
                }"""
            )
            if at["name"] in seen:
                break
            seen.append(at["name"])
            if not (at["ring"] and at["seen"]):
                hidden.append(at["name"])
        self.assertEqual(hidden, [], seen)
        for name in ("BUTTON Run all cells", "BUTTON Find a command", "DIV Cell 1, code", "PRE Source of cell 1"):
            self.assertTrue(any(one.startswith(name) for one in seen), (name, seen))  # a key may stand behind it
        self.assertNotIn("DIV Cell 2, code", seen)
        page.locator(".cell").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(".cell.sel")).to_be_focused()

    def test_motion_can_be_reduced(self) -> None:
        """Who asks for less motion gets none: no animation and no transition runs."""
        context = self.new_context(reduced_motion="reduce")
        session = self.new_session()
        page = self.open(session, context)
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.insert_text("input()")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".stdin input")).to_be_visible()
        self.assertEqual(page.evaluate("document.getAnimations().length"), 0)
