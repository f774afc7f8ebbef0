"""Signing in, running, and what two tabs and the command line share."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.stage import PageCase


class SignIn(PageCase):
    """How a browser gets in."""

    def test_the_printed_link_signs_in_and_leaves_no_code_in_the_address(self) -> None:
        """The code in the fragment is exchanged for a cookie that scripts cannot read; the address keeps no trace of it."""
        page = self.new_page()
        page.goto(self.server.link())
        expect(page.get_by_role("heading", name="Still running")).to_be_visible()
        self.assertNotIn("code", page.url)
        self.assertEqual(page.evaluate("document.cookie"), "")
        cookies = self.context.cookies()
        self.assertEqual([(one["httpOnly"], one["sameSite"]) for one in cookies], [(True, "Strict")])

    def test_a_link_works_once(self) -> None:
        """A code that was used is refused, in words that say what to do."""
        link = self.server.link()
        first = self.new_page()
        first.goto(link)
        expect(first.get_by_role("heading", name="Still running")).to_be_visible()
        other = self.new_page(self.new_context())
        other.goto(link)
        expect(other.get_by_role("alert")).to_contain_text("webipy open")
        expect(other.get_by_label("Token")).to_be_visible()

    def test_a_fresh_link_works_in_a_tab_that_asks_to_sign_in(self) -> None:
        """Opening a link in a tab that shows the page already changes only the fragment; it signs in all the same."""
        page = self.new_page()
        page.goto(self.server.origin)
        expect(page.get_by_label("Token")).to_be_visible()
        page.goto(self.server.link())
        expect(page.get_by_role("heading", name="Still running")).to_be_visible()
        self.assertNotIn("code", page.url)

    def test_a_wrong_code_is_refused(self) -> None:
        """Nobody gets in by a code that was never given out."""
        page = self.new_page()
        page.goto(f"{self.server.origin}/#code=wrong")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Token")).to_be_visible()
        self.assertEqual(self.context.cookies(), [])

    def test_the_token_signs_in_and_a_wrong_one_does_not(self) -> None:
        """The sign-in page takes the token; a wrong one is told and can be mended."""
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_label("Token").fill("not the token at all, really")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Token").fill(self.server.token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Still running")).to_be_visible()

    def test_signing_out_ends_the_other_tabs_too_and_one_returns_to_the_same_spot(self) -> None:
        """A login that ends is told in the tabs that used it; after signing in again they go on where they were."""
        page = self.notebook()
        self.finished(self.run_code(page, "print('before')"))
        home = self.new_page()
        home.goto(self.server.origin)
        home.get_by_role("button", name="Account and sign-out").click()
        home.get_by_role("menuitem", name="Sign out of this browser").click()
        expect(home.get_by_label("Token")).to_be_visible()
        expect(page.get_by_text("Your session has ended.")).to_be_visible()
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Token").fill(self.server.token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".out .text")).to_have_text("before")


class Running(PageCase):
    """Code runs and its output comes while it runs."""

    def test_numbers_arrive_before_the_run_ends(self) -> None:
        """Output is shown as it is printed, and the time counts meanwhile."""
        page = self.new_page()
        page.goto(self.server.link())
        page.get_by_role("button", name="New, other kinds").click()
        page.get_by_role("menuitem", name=re.compile("^Python 3.* session without a file")).click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.sessions.append(page.url.rsplit("/", 1)[-1])
        gate = self.server.root / "gate"
        code = f"import os, time\nfor i in range(5): print(i)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\nprint('done')"
        cell = self.run_code(page, code)
        expect(cell.locator(".out .text")).to_have_text("0\n1\n2\n3\n4")
        expect(cell).to_have_class(re.compile("running"))
        expect(cell).to_have_attribute("aria-label", "Cell 1, code, running")
        self.assertTrue(page.title().startswith("● "))
        gate.touch()
        expect(cell.locator(".out .text")).to_have_text("0\n1\n2\n3\n4\ndone")
        self.finished(cell)
        expect(cell.locator(".gut .count")).to_have_text("1")
        expect(page).to_have_title(re.compile("^(?!●)"))
        gate.unlink()

    def test_shift_enter_goes_to_the_next_cell_and_makes_one_at_the_end(self) -> None:
        """Shift-Enter runs and goes on, and what is typed at once goes into the new cell; a queued cell says its place."""
        page = self.notebook()
        self.put(page, "input()")
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".cell")).to_have_count(2)
        expect(page.locator(".stdin input")).to_be_focused()
        page.locator(".cm-content").click()
        self.put(page, "2")
        page.keyboard.press("Shift+Enter")
        self.put(page, "3")
        page.keyboard.press("Control+Enter")
        metas = page.locator(".cell .meta")
        expect(metas.nth(0)).to_contain_text("waiting for you")
        expect(metas.nth(1)).to_contain_text("next")
        expect(metas.nth(2)).to_contain_text("2nd in line")
        metas.nth(2).get_by_role("button", name="cancel").click()
        expect(metas.nth(2)).to_contain_text("cancelled")
        page.locator(".stdin input").fill("x")
        page.keyboard.press("Enter")
        expect(page.locator(".cell").nth(1).locator(".out .text")).to_have_text("2")

    def test_a_second_tab_shows_the_same(self) -> None:
        """Cells, their text, outputs and runs are the same in every tab, whoever makes them."""
        session = self.new_session()
        one, two = self.open(session), self.open(session)
        one.locator(".cm-content").click()
        expect(one.locator(".cm-content")).to_be_focused()
        self.finished(self.run_code(one, "print('from one')"))
        expect(two.locator(".out .text")).to_have_text("from one")
        expect(two.locator(".cell")).to_have_count(1)
        two.get_by_role("button", name="Add a text cell below").click()
        expect(two.locator(".cm-content")).to_be_focused()
        self.put(two, "# A heading")
        two.keyboard.press("Shift+Enter")
        expect(one.locator(".cell.markdown h1")).to_have_text("A heading")
        expect(one.locator(".toc")).to_contain_text("A heading")
        expect(one.locator(".cell")).to_have_count(3)

    def test_two_tabs_can_write_in_one_cell_at_once(self) -> None:
        """Edits of both are kept, and both end with the same text as the server."""
        session = self.new_session()
        one, two = self.open(session), self.open(session)
        for page in (one, two):
            page.locator(".src, .cm-content").first.click()
            expect(page.locator(".cm-content")).to_be_focused()
        for n in range(10):
            one.keyboard.insert_text(f"a{n} ")
            two.keyboard.insert_text(f"b{n} ")
        for page in (one, two):
            expect(page.locator(".saved")).to_contain_text("Saved on server")
            for n in range(10):
                expect(page.locator(".cm-content")).to_contain_text(re.compile(f"a{n} .*|b{n} .*"))
        source = self.server.call("cell.list", session=session)["cells"][0]["source"]
        expect(one.locator(".cm-content")).to_have_text(source.strip())
        expect(two.locator(".cm-content")).to_have_text(source.strip())
        self.assertEqual(sorted(source.split()), sorted([f"{k}{n}" for k in "ab" for n in range(10)]))

    def test_what_the_command_line_runs_is_shown_and_can_become_a_cell(self) -> None:
        """An execution without a cell stands under the cells, with its code, output and a way into a cell."""
        session = self.new_session()
        page = self.open(session)
        self.execute(session, "print('from the shell')")
        loose = page.locator(".loose-runs")
        expect(loose.locator(".src")).to_have_text("print('from the shell')")
        expect(loose.locator(".out .text")).to_have_text("from the shell")
        loose.get_by_role("button", name="Copy to a new cell").click()
        expect(page.locator(".cell.edit .cm-content")).to_have_text("print('from the shell')")

    def test_everything_is_there_after_a_reload(self) -> None:
        """A page that is opened again shows what was there, and continues with it."""
        page = self.notebook()
        self.finished(self.run_code(page, "x = 20; print('kept')"))
        page.reload()
        expect(page.locator(".out .text")).to_have_text("kept")
        page.locator(".cell").first.focus()
        self.edit(page)
        cell = self.run_code(page, "x + 22")
        expect(cell.locator(".out .text")).to_have_text("42")

    def test_a_session_is_renamed_and_closed(self) -> None:
        """The title is changed in the page; the home page lists the session and can close it."""
        page = self.notebook()
        page.get_by_title("Rename").click()
        page.get_by_label("Session title").fill("A better name")
        page.keyboard.press("Enter")
        expect(page).to_have_title("A better name · webipy")
        page.get_by_role("link", name="Home").click()
        tile = page.locator(".tile", has_text="A better name")
        expect(tile).to_contain_text("ready")
        tile.get_by_role("button", name="Close A better name").click()
        page.get_by_role("dialog").get_by_role("button", name="Close session").click()
        expect(tile).to_have_count(0)
        self.sessions.clear()

    def test_an_unknown_session_is_told(self) -> None:
        """An address of a session that does not exist says so, and shows the way home."""
        self.sign_in()
        page = self.new_page()
        page.goto(f"{self.server.origin}/s/nothing")
        expect(page.get_by_role("heading", name="There is no such session.")).to_be_visible()
        page.get_by_role("link", name="To the home page").click()
        self.home_is_ready(page)
        page.goto(f"{self.server.origin}/no/such/page")
        expect(page.get_by_role("heading", name="There is nothing at this address.")).to_be_visible()
        page.get_by_role("link", name="To the home page").click()
        self.home_is_ready(page)
