"""The line breaks and comes back; keys, small screens and themes."""

from __future__ import annotations

import re

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.stage import PageCase, PageServer


def chord(page: Page, key: str) -> None:
    """Presses a key twice within a second, however slow the machine is: both presses in one turn of the page."""
    page.evaluate(
        """key => {
            for (const _ of [1, 2])
                document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}))
        }""",
        key,
    )


def try_now(page: Page) -> None:
    """Presses the button that connects at once, unless the page has come back by itself in this moment."""
    page.evaluate("[...document.querySelectorAll('button')].find(one => one.textContent.trim() === 'Try now')?.click()")


class Line(PageCase):
    """A server that goes away and comes back."""

    def make_server(self) -> PageServer:
        """A server that can be killed."""
        return self.own_server()

    def test_the_page_comes_back_by_itself_with_all_that_was_printed(self) -> None:
        """While the server is away the run goes on; afterwards every line is there, once, and the page says how many came."""
        page = self.notebook()
        gate = self.server.root / "gate"
        code = (
            f"import os, time\nprint('start')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\n"
            f"for i in range(2000): print('line', i)\nopen({str(gate) + '.done'!r}, 'w').close()"
        )
        cell = self.run_code(page, code)
        expect(cell.locator(".out .text")).to_have_text("start")
        self.server.kill()
        expect(page.get_by_text("Reconnecting.", exact=True)).to_be_visible()
        gate.touch()
        while not gate.with_name("gate.done").exists():
            page.wait_for_timeout(20)
        self.server.start()
        banner = page.locator(".banner.sea", has_text="The server was restarted.")
        expect(banner).to_contain_text("2,000 lines that came meanwhile. The kernel is still running.")
        expect(page.get_by_text("Reconnecting.", exact=True)).to_have_count(0)
        self.finished(cell)
        expect(cell.locator(".log-foot .counts")).to_contain_text("2,001 lines")
        expect(cell.locator(".catch")).to_contain_text("arrived while the connection was down")
        cell.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        lines = str(page.evaluate("navigator.clipboard.readText()")).splitlines()
        self.assertEqual(lines, ["start", *(f"line {i}" for i in range(2000))])

    def test_edits_made_while_the_server_is_away_are_kept_and_sent(self) -> None:
        """What is typed without a line is shown as unsent, and is on the server after it is back."""
        page = self.notebook()
        self.put(page, "before ")
        expect(page.locator(".saved")).to_contain_text("Saved on server")
        self.server.kill()
        expect(page.get_by_text("Reconnecting.", exact=True)).to_be_visible()
        self.put(page, "while it was away")
        expect(page.locator(".saved")).to_contain_text("Sending")
        self.server.start()
        expect(page.locator(".saved")).to_contain_text("Saved on server")
        [cell] = self.server.call("cell.list", session=self.sessions[0])["cells"]
        self.assertEqual(cell["source"], "before while it was away")
        expect(page.locator(".cm-content")).to_have_text("before while it was away")

    def test_a_long_outage_is_told_with_a_way_to_save_what_was_typed(self) -> None:
        """After two minutes the page says so, counts the edits that wait, and copies them."""
        self.context.clock.install()
        page = self.notebook()
        self.server.kill()
        expect(page.get_by_text("Reconnecting.", exact=True)).to_be_visible()
        self.put(page, "precious")
        self.context.clock.fast_forward("02:05")
        banner = page.get_by_role("alert")
        expect(banner).to_contain_text("The server has been out of reach for 2 minutes.")
        expect(banner).to_contain_text("1 edit waits in this browser.")
        banner.get_by_role("button", name="Copy edits").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), "precious")
        expect(banner.get_by_role("button", name="Try now")).to_be_visible()
        self.server.start()
        try_now(page)
        expect(page.locator(".saved")).to_contain_text("Saved on server")

    def test_a_page_that_was_closed_says_what_came_meanwhile(self) -> None:
        """Opening a session again shows how many lines came since it was last seen."""
        page = self.notebook()
        self.finished(self.run_code(page, "print('seen')"))
        page.goto("about:blank")
        session = self.sessions[0]
        self.execute(session, "for i in range(7): print(i)", "first")
        page.goto(f"{self.server.origin}/s/{session}")
        expect(page.locator(".catch")).to_have_text("Caught up: 7 lines arrived while this page was closed")


class Keys(PageCase):
    """Cells by keyboard."""

    def test_a_page_that_is_one_too_many_says_so(self) -> None:
        """The server closes its line with 4429; the page says why, and comes back when there is room."""
        crowd = [True]

        def line(route: WebSocketRoute) -> None:
            if crowd[0]:
                route.close(code=4429, reason="full")
            else:
                route.connect_to_server()

        session = self.new_session()
        self.sign_in()
        page = self.new_page()
        page.route_web_socket(re.compile("/rpc$"), line)
        page.goto(f"{self.server.origin}/s/{session}")
        expect(page.get_by_text("Too many pages are open.")).to_be_visible()
        expect(page.get_by_role("button", name="Try now")).to_be_visible()
        crowd[0] = False
        try_now(page)
        expect(page.locator(".cm-content")).to_be_focused()
        expect(page.get_by_text("Too many pages are open.")).to_have_count(0)

    def test_the_keys_of_jupyter_work(self) -> None:
        """A and B insert, D D deletes, Z brings back, M and Y change the type, J, K and arrows move, Enter and Esc change the mode."""
        page = self.notebook()
        self.put(page, "one")
        page.keyboard.press("Escape")
        expect(page.locator(".cell.sel")).to_be_focused()
        page.keyboard.press("b")
        expect(page.locator(".cell")).to_have_count(2)
        expect(page.locator(".cell.sel")).to_have_attribute("aria-label", "Cell 2, code")
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        self.put(page, "# two")
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        expect(page.locator(".cell").nth(1).locator("h1")).to_have_text("two")
        page.keyboard.press("a")
        expect(page.locator(".cell")).to_have_count(3)
        expect(page.locator(".cell.sel")).to_have_attribute("aria-label", "Cell 2, code")
        chord(page, "d")
        expect(page.locator(".cell")).to_have_count(2)
        page.keyboard.press("k")
        expect(page.locator(".cell.sel")).to_have_attribute("aria-label", "Cell 1, code")
        chord(page, "d")
        expect(page.locator(".cell")).to_have_count(1)
        page.keyboard.press("z")
        expect(page.locator(".cell")).to_have_count(2)
        expect(page.locator(".cell").first.locator(".src")).to_have_text("one")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("y")
        expect(page.locator(".cell").nth(1).locator(".src")).to_have_text("# two")
        page.keyboard.press("Control+Shift+ArrowUp")
        expect(page.locator(".cell").first.locator(".src")).to_have_text("# two")

    def test_the_keys_are_told(self) -> None:
        """H opens the sheet of keys, Esc closes it and gives the focus back."""
        page = self.notebook()
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_contain_text("Delete the cell")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.locator(".cell.sel")).to_be_focused()

    def test_the_last_cell_is_replaced_when_it_is_deleted(self) -> None:
        """A session is never left without a place to write."""
        page = self.notebook()
        self.put(page, "gone")
        page.keyboard.press("Escape")
        chord(page, "d")
        expect(page.locator(".cell")).to_have_count(1)
        expect(page.locator(".cell .src")).to_have_text("")


class Looks(PageCase):
    """Themes and small screens."""

    def test_the_theme_follows_the_system_until_one_is_chosen(self) -> None:
        """The toggle goes from the system's theme to light to dark, and is remembered."""
        page = self.new_page(self.context)
        self.sign_in()
        page.emulate_media(color_scheme="dark")
        page.goto(self.server.origin)
        ground = page.locator("body")
        expect(page.get_by_role("button", name="Theme: as the system")).to_be_visible()
        expect(ground).to_have_css("background-color", "rgb(19, 21, 23)")
        page.get_by_role("button", name="Theme: as the system").click()
        expect(ground).to_have_css("background-color", "rgb(250, 249, 246)")
        page.reload()
        expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
        expect(ground).to_have_css("background-color", "rgb(250, 249, 246)")

    def test_a_phone_has_all_that_is_needed_and_no_sideways_scrolling(self) -> None:
        """At 390 pixels there is a dock with run and stop, the outline opens over the cells, and nothing is wider than the screen."""
        session = self.new_session()
        self.add_cell(session, "# Heading", "markdown", cell="text")
        self.add_cell(session, "print('x' * 300)", cell="code", after="text")
        context = self.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        page = self.open(session, context)
        page.locator("#cell-code").click()
        page.locator(".dock").get_by_role("button", name="Run").click()
        expect(page.locator("#cell-code .out .text")).to_have_text("x" * 300)
        self.assertTrue(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
        page.locator(".dock").get_by_role("button", name="Outline and queue").click()
        expect(page.get_by_role("button", name="Heading")).to_be_visible()
        page.get_by_role("button", name="Heading").click()
        expect(page.locator(".side")).to_be_hidden()
        self.assertEqual(
            page.locator(".dock .btn").evaluate_all("all => all.every(one => one.clientHeight >= 40)"), True
        )

    def test_names_and_roles_are_there_for_screen_readers(self) -> None:
        """Cells are items of a list with one tab stop, and the end of a run is said."""
        page = self.notebook()
        cell = self.run_code(page, "1/0")
        expect(page.locator("[aria-live=polite]")).to_have_text("Cell 1 failed: ZeroDivisionError")
        expect(cell).to_have_attribute("aria-label", "Cell 1, code, failed")
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        expect(page.get_by_role("list", name="Cells").get_by_role("listitem")).to_have_count(2)
        expect(page.locator(".cell[tabindex='0']")).to_have_count(1)
        expect(page.locator(".cell").nth(1)).to_have_attribute("aria-label", re.compile("Cell 2, code"))


class Kept(PageCase):
    """What was written without a line outlives the page."""

    def make_server(self) -> PageServer:
        """A server that can be killed."""
        return self.own_server()

    def test_edits_survive_the_end_of_the_page_and_are_sent_when_it_is_opened_again(self) -> None:
        """Typed text, new cells and moves that the server never got are sent by the next page, on top of what others wrote meanwhile, once."""
        file = self.write_notebook("kept.ipynb", ("code", "one = 1"), ("code", "two = 2"), ("code", "three = 3"))
        page = self.open_file("kept.ipynb")
        session = page.url
        self.edit(page)
        page.keyboard.press("End")
        page.keyboard.type(" # before")
        expect(page.locator(".saved")).to_contain_text("Saved")
        self.server.kill()
        expect(page.get_by_text("Reconnecting.", exact=True)).to_be_visible()
        page.keyboard.type(" and after \U0001f600")
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.type("made = 'offline'")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Alt+ArrowUp")
        expect(page.locator(".saved")).to_contain_text("Sending")
        for _ in range(500):
            if page.evaluate(KEPT):
                break
            page.wait_for_timeout(20)
        page.close()
        self.server.start()
        self.server.call(
            "cell.set_source", session=session.rsplit("/", 1)[-1], cell="c0", source="# first\none = 1 # before"
        )
        again = self.new_page()
        again.goto(session)
        expect(again.get_by_text("kept in this browser")).to_be_visible()
        expect(again.locator(".saved")).to_contain_text("Saved")
        expect(again.locator(".src")).to_have_text(
            ["# first\none = 1 # before and after \U0001f600", "made = 'offline'", "three = 3", "two = 2"]
        )
        again.reload()
        expect(again.locator(".src").first).to_contain_text("after")
        self.server.call("notebook.save", session=session.rsplit("/", 1)[-1])
        self.assertEqual(
            [cell["source"] for cell in self.read_notebook(file)],
            ["# first\none = 1 # before and after \U0001f600", "made = 'offline'", "three = 3", "two = 2"],
        )


KEPT = """async () => {
    const open = indexedDB.open("webipy");
    await new Promise(resolve => { open.onsuccess = resolve; });
    const all = open.result.transaction("outbox").objectStore("outbox").getAll();
    await new Promise(resolve => { all.onsuccess = resolve; });
    open.result.close();
    return all.result.some(one => one.calls.some(call => call.method === "cell.move"));
}"""
"""Whether the browser's database holds the move, which was made last."""
