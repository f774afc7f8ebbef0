"""Terminals in the page: what is typed and what comes back, over lost lines, and how it looks."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase, PageServer
from tests.browser.test_access import axe_finds
from tests.live import until
from tests.terminals import SHELL

TEXT = "() => [...document.querySelectorAll('.xterm-rows > div')].map(row => row.textContent.trimEnd()).join('\\n')"
"""The lines that a terminal shows."""


class Terminals(PageCase):
    """One server for each test."""

    def make_server(self) -> PageServer:
        server = self.own_server()
        server.environment.update(SHELL)
        server.stop()
        server.start()
        return server

    def terminal(self) -> Page:
        """A tab with a new terminal, at its first prompt."""
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("button", name="New, other kinds").click()
        page.get_by_role("menuitem", name="Terminal", exact=True).click()
        page.wait_for_url(re.compile(r"\?terminal="))
        expect(page.locator(".xterm-helper-textarea")).to_be_focused()
        self.run_line(page, "PS1='$ '; echo rea''dy", "ready")
        return page

    def screen(self, page: Page) -> str:
        """What the terminal shows."""
        text: str = page.evaluate(TEXT)
        return text

    def see(self, page: Page, wanted: str) -> None:
        """Waits until the terminal shows something."""
        until(lambda: wanted in self.screen(page), lambda: f"{wanted!r} in {self.screen(page)!r}")

    def run_line(self, page: Page, line: str, wanted: str) -> None:
        """Types a line, and waits for what it prints."""
        page.keyboard.type(line)
        page.keyboard.press("Enter")
        self.see(page, wanted)

    def test_a_shell_is_typed_into(self) -> None:
        """Keys that the page has elsewhere go to the program; the tab has the title; the size is that of the window."""
        page = self.terminal()
        self.run_line(page, "stty size; tput cols", "")
        rows, cols = until(lambda: re.search(r"(\d+) (\d+)\n\2\n", self.screen(page)), "its size").groups()
        self.assertGreater(int(cols), 100)
        self.assertGreater(int(rows), 30)
        self.run_line(page, "printf '\\e]2;my title\\a'", "")
        expect(page).to_have_title(re.compile("my title"))
        self.run_line(page, "sh -c 'echo as''leep; exec sleep 1000'", "asleep")  # before that, ^C goes to the shell
        page.keyboard.press("Control+c")
        self.see(page, "^C")
        for key in ("Escape", "Control+k", "Control+,"):
            page.keyboard.press(key)
        self.run_line(page, "echo a''b | tr ab cd", "\ncd\n")
        expect(page.locator("dialog")).to_have_count(0)
        page.set_viewport_size({"width": 390, "height": 700})
        self.run_line(page, "clear; echo $(tput cols) col''umns", "columns")
        until(lambda: int(re.findall(r"(\d+) columns", self.screen(page))[-1]) < 60, "a phone's size")
        page.keyboard.press("Control+Shift+L")
        expect(page.locator(".top .brand")).to_be_focused()

    def test_it_goes_on_after_a_kill_9_of_the_server(self) -> None:
        """Each line once."""
        page = self.terminal()
        self.run_line(page, "clear; for i in $(seq 25); do echo line $i; sleep 0.05; done; echo o''ver", "line 3\n")
        self.server.kill()
        self.server.start()
        self.see(page, "over")
        lines = re.findall(r"line (\d+)\n", self.screen(page))
        self.assertEqual(lines, [str(number) for number in range(1, 26)])
        page.reload()
        self.see(page, "over")
        self.assertEqual(re.findall(r"line (\d+)\n", self.screen(page))[-25:], lines)

    def test_a_flood_leaves_the_page_alive(self) -> None:
        """20 MB go by, all of them, and a key is answered after them."""
        page = self.terminal()
        self.run_line(page, "head -c 20000000 /dev/zero | tr '\\0' 'x' | fold -w 99; echo; echo o''ver", "over")
        self.run_line(page, "echo still a''live", "still alive")
        self.server.call("terminal.list")

    def test_paste_copy_and_colours(self) -> None:
        """A paste is bracketed; what is selected is copied; colours pass the policy of the page."""
        page = self.terminal()
        self.run_line(page, "printf '\\e[31mred\\e[38;2;1;200;3mtrue\\e[m\\n'", "redtrue")
        colour = page.locator(".xterm-rows span", has_text=re.compile("^true$")).last
        self.assertNotEqual(
            colour.evaluate("e => getComputedStyle(e).color"),
            page.locator(".xterm-rows").evaluate("e => getComputedStyle(e).color"),
        )
        page.evaluate("navigator.clipboard.writeText('echo one\\necho two')")
        page.keyboard.press("Control+Shift+V")
        self.see(page, "echo two")
        self.assertNotIn("\none\n", self.screen(page))
        page.keyboard.press("Enter")
        self.see(page, "\none\ntwo\n")

    def test_the_end_is_said(self) -> None:
        """With a way to the next one."""
        page = self.terminal()
        page.keyboard.type("exit 3")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The shell bash ended with exit status 3.")).to_be_visible()
        page.get_by_role("button", name="New terminal").click()
        page.wait_for_url(re.compile(r"terminal=2"))

    def test_home_lists_and_closes(self) -> None:
        """What runs; axe finds nothing, in light and dark."""
        page = self.terminal()
        self.assertEqual(axe_finds(page), [])
        page.emulate_media(color_scheme="dark")
        self.assertEqual(axe_finds(page, ["color-contrast"]), [])
        page.goto(self.server.origin)
        tile = page.get_by_role("region", name="Terminals").get_by_role("listitem")
        expect(tile).to_have_count(1)
        self.assertEqual(axe_finds(page), [])
        tile.get_by_role("button", name=re.compile("Close the terminal")).click()
        page.get_by_role("button", name="Close terminal", exact=True).click()
        expect(tile).to_have_count(0)
        self.assertEqual(self.server.call("terminal.list")["terminals"], [])

    def test_open_here(self) -> None:
        """The menu of a folder starts one in it."""
        (self.server.root / "work").mkdir()
        self.sign_in()
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_role("button", name="Actions for work").click()
        page.get_by_role("menuitem", name="Open terminal here").click()
        page.wait_for_url(re.compile(r"\?terminal="))
        expect(page.locator(".xterm-helper-textarea")).to_be_focused()
        self.run_line(page, "pwd", f"{self.server.root}/work")
