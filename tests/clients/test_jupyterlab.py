"""JupyterLab and Notebook 7 in a real Chromium, on pages that webipy serves; `make clients` installs them."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect
from twisted.trial.unittest import SkipTest

from tests.browser.stage import PATIENCE_MS, PageCase, PageServer
from tests.clients import score
from tests.live import PATIENCE_S, WAITS, until

LINES = [f"line {number}" for number in range(60)]
LAB = "JupyterLab, /lab"
PRINTS = "for i in range(60):\n    print('line', i, flush=True)\n    time.sleep(0.05)"


def needs(package: str) -> None:
    """Skips where a package is missing, and where only the quick tests run.

    Raises:
        SkipTest: It is not installed.
    """
    if os.environ.get("WEBIPY_CLIENTS") != "full":
        raise SkipTest("a minute or two: make clients")
    if importlib.util.find_spec(package) is None:
        raise SkipTest(f"{package} is not installed: make clients")


class JupyterCase(PageCase):
    """A server of its own, with settings of JupyterLab that nobody has changed. What goes wrong in its pages fails the test."""

    package = "jupyterlab"

    def setUp(self) -> None:
        needs(self.package)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.patch(os, "environ", {**os.environ, "JUPYTER_CONFIG_DIR": folder.name})
        super().setUp()
        self.sign_in()

    def make_server(self) -> PageServer:
        """A server for this test alone."""
        return self.own_server()

    def watched(self, page: Page) -> Page:
        """The tab; what its console calls an error, and what is not found, are faults."""

        def said(message: Any) -> None:
            if message.type == "error":
                self.faults.append(f"console: {message.text}")

        page.on("console", said)
        page.on(
            "response",
            lambda answer: self.faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )
        return page

    def notebook_at(self, address: str, *cells: str) -> Page:
        """A tab with a notebook of these cells, its kernel ready."""
        self.write_notebook("sub/a.ipynb", *(("code", source) for source in cells))
        page = self.watched(self.new_page())
        page.goto(f"{self.server.origin}/{address}/sub/a.ipynb")
        self.ready(page, len(cells))
        return page

    def ready(self, page: Page, cells: int) -> None:
        """Waits until the notebook is shown, and its kernel has answered and is followed by the page."""
        expect(self.cells(page)).to_have_count(cells)
        expect(page.locator(".jp-Toolbar-kernelName").first).to_contain_text("Python 3")
        until(self.is_followed, "the kernel, with the page on its socket")
        expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
            "data-status", re.compile("idle|busy")
        )

    def is_followed(self) -> bool:
        """Whether there is one kernel, which has answered, and one page follows it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/api/kernels", headers={"Authorization": f"token {self.server.token}"})
            kernels = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return [(one["execution_state"] in ("idle", "busy"), one["connections"]) for one in kernels] == [(True, 1)]

    def cells(self, page: Page) -> Locator:
        """All cells."""
        return page.locator(".jp-Notebook .jp-Cell")

    def outputs(self, page: Page, number: int) -> Locator:
        """The outputs of a cell."""
        return self.cells(page).nth(number).locator(".jp-OutputArea-child:not(.jp-Stdin-prompt)")

    def run_cell(self, page: Page, number: int) -> None:
        """Runs a cell."""
        self.cells(page).nth(number).locator(".cm-content").click()
        page.keyboard.press("Control+Enter")

    def lines(self, page: Page, number: int) -> list[str]:
        """The lines that a cell has printed, as they are on the screen."""
        texts = self.cells(page).nth(number).locator(".jp-OutputArea-output").all_inner_texts()
        return [line for line in "\n".join(texts).splitlines() if line.startswith("line")]

    def has(self, page: Page, number: int, count: int) -> Callable[[], bool]:
        """Whether a cell has printed so many lines."""
        return lambda: len(self.lines(page, number)) >= count

    def accept(self, page: Page) -> None:
        """Presses the last button of a dialog."""
        page.locator(".jp-Dialog-button").last.click()

    def gate(self) -> Path:
        """A file that code in a kernel waits for."""
        return self.server.root / "gate"


class Lab(JupyterCase):
    """JupyterLab."""

    @score.whole(LAB, 7)
    def test_a_notebook_from_its_first_run_to_its_file(self) -> None:
        """Run, ask, complete, interrupt, restart, save: and nothing goes wrong in its console; webipy's page shows the same."""
        page = self.notebook_at(
            "lab/tree", "x = 41; print(x + 1)", "print('hello', input('who? '))", "import time; time.sleep(600)", ""
        )
        self.run_cell(page, 0)
        expect(self.outputs(page, 0)).to_contain_text("42")
        self.run_cell(page, 1)
        page.locator(".jp-Stdin-input").fill("Ada")
        page.keyboard.press("Enter")
        expect(self.outputs(page, 1).last).to_contain_text("hello Ada")
        self.run_cell(page, 2)
        expect(self.cells(page).nth(2).locator(".jp-InputPrompt")).to_contain_text("[*]")
        self.press(page, "Escape", "i", "i")
        expect(self.outputs(page, 2)).to_contain_text("KeyboardInterrupt")
        session = self.server.call("session.create", path="sub/a.ipynb")["id"]
        self.server.call(
            "completion.get", session=session, code="x.bit_l", cursor=7
        )  # JupyterLab waits one second for the first one
        self.cells(page).nth(3).locator(".cm-content").click()
        page.keyboard.type("x.bit_l")
        expect(page.locator(".jp-mod-completer-enabled").first).to_be_visible()  # until then the key indents
        page.keyboard.press("Tab")
        expect(page.locator(".jp-Completer-item").first).to_contain_text("bit_length")
        page.keyboard.press("Enter")
        expect(self.cells(page).nth(3).locator(".cm-content")).to_contain_text("x.bit_length")
        self.press(page, "Escape", "0", "0")
        self.accept(page)
        expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
        self.run_cell(page, 0)
        expect(self.cells(page).nth(0).locator(".jp-InputPrompt")).to_contain_text("[1]")
        page.keyboard.press("Control+s")
        file = self.server.root / "sub" / "a.ipynb"
        until(lambda: "bit_length" in self.read_notebook(file)[3]["source"], "the edit in the file")
        own = self.watched(self.context.new_page())
        own.goto(f"{self.server.origin}/n/sub/a.ipynb")
        expect(own.locator(".cell").nth(1)).to_contain_text("hello Ada")
        expect(own.locator(".cell").nth(2)).to_contain_text("KeyboardInterrupt")

    @score.whole(LAB, len(LINES))
    def test_a_page_that_is_loaded_again_in_the_middle_of_a_run_shows_all_of_it(self) -> None:
        """What was printed before, meanwhile and after; the prompt has its number at the end."""
        self.faults_expected = re.compile(
            "Comm not found"
        )  # widgets ask the kernel, give up while it runs, and complain when it answers
        page = self.notebook_at(
            "lab/tree", f"import time\n{PRINTS}\n{WAITS.format(gate=str(self.gate()))}print('line 60')"
        )
        self.run_cell(page, 0)
        until(self.has(page, 0, 10), "ten lines")
        page.reload()
        self.ready(page, 1)
        until(self.has(page, 0, 60), lambda: f"60 lines, and not {self.lines(page, 0)}")
        self.gate().touch()
        until(self.has(page, 0, 61), "the last line")
        self.assertEqual(self.lines(page, 0), [*LINES, "line 60"])
        expect(self.cells(page).nth(0).locator(".jp-InputPrompt")).to_contain_text("[1]")

    @score.whole(LAB, len(LINES))
    def test_a_server_that_is_killed_in_the_middle_of_a_run_loses_nothing(self) -> None:
        """The page goes on by itself with the next server, and the next run with it."""
        self.faults_expected = re.compile(
            "ERR_|WebSocket|rejection|Failed to fetch|NetworkError|connection to the Jupyter"
        )
        page = self.notebook_at("lab/tree", f"import time\n{PRINTS}", "6 * 7")
        self.run_cell(page, 0)
        until(self.has(page, 0, 10), "ten lines")
        self.server.kill()
        self.server.start()
        until(self.has(page, 0, 60), lambda: f"60 lines, and not {self.lines(page, 0)}")
        self.assertEqual(self.lines(page, 0), LINES)
        page.add_locator_handler(
            page.locator(".jp-Dialog"), lambda: self.accept(page)
        )  # JupyterLab says that the server was away
        self.run_cell(page, 1)
        expect(self.outputs(page, 1)).to_contain_text("42")

    @score.whole(LAB, 2)
    def test_there_and_back(self) -> None:
        """From the menu of a notebook in webipy's page to JupyterLab, and back from the menu of a notebook there: one document, one kernel."""
        self.write_notebook("sub/a b.ipynb", ("code", "x = 41; print(x + 1)"), ("code", "print(x + 2)"))
        own = self.watched(self.new_page())
        own.goto(f"{self.server.origin}/n/sub/a%20b.ipynb")
        expect(own.locator(".cell.sel")).to_have_count(1)
        own.keyboard.press("Control+Enter")
        expect(own.locator(".cell").first).to_contain_text("42")
        own.get_by_role("button", name="More", exact=True).click()
        with self.context.expect_page() as opened:
            own.get_by_role("menuitem", name="Open in JupyterLab", exact=True).click()
        page = self.watched(opened.value)
        self.ready(page, 2)
        expect(self.outputs(page, 0)).to_contain_text("42")
        self.run_cell(page, 1)
        expect(self.outputs(page, 1)).to_contain_text("43")
        page.keyboard.press("Control+s")
        self.cells(page).first.click(button="right")
        with self.context.expect_page() as returned:
            page.get_by_role("menuitem", name="Open in webipy", exact=True).click()
        back = self.watched(returned.value)
        expect(back.locator(".cell").nth(1)).to_contain_text("43")
        self.assertEqual(len(self.server.call("session.list")["sessions"]), 1)

    def test_what_others_run_is_shown(self) -> None:
        """A run of another client, in its cell."""
        page = self.notebook_at("lab/tree", "import time", PRINTS)
        session = self.server.call("session.create", path="sub/a.ipynb")["id"]
        for cell in ("c0", "c1"):
            self.server.call(
                "execution.start", session=session, cell=cell, code="import time" if cell == "c0" else PRINTS
            )
        until(self.has(page, 1, 60), lambda: f"60 lines, and not {self.lines(page, 1)}")
        self.assertEqual(self.lines(page, 1), LINES)

    def test_files_logos_and_terminals(self) -> None:
        """What the browser itself fetches is there: a picture in a text, the logo of a kernel, a download, an export; a terminal opens."""
        (self.server.root / "sub").mkdir()
        picture = b"<svg xmlns='http://www.w3.org/2000/svg' width='30' height='20'><rect width='30' height='20'/></svg>"
        (self.server.root / "sub" / "p.svg").write_bytes(picture)
        self.write_notebook("sub/a.ipynb", ("markdown", "![picture](p.svg)"))
        page = self.watched(self.new_page())
        page.goto(f"{self.server.origin}/lab")
        logo = page.locator(".jp-Launcher img").first
        until(lambda: logo.evaluate("image => image.naturalWidth") > 0, "the logo of a kernel")
        page.locator(".jp-LauncherCard[title*='erminal']").click()
        page.locator(".jp-Terminal .xterm-helper-textarea").focus()
        page.keyboard.type("echo $((40 + 2)) > typed\n")
        until(lambda: (self.server.root / "typed").exists(), "the shell's file")
        page.goto(f"{self.server.origin}/lab/tree/sub/a.ipynb")
        shown = page.locator(".jp-RenderedMarkdown img")
        until(lambda: shown.evaluate("image => image.naturalWidth") == 30, "the picture")
        with page.expect_download() as saved:
            page.locator(".lm-MenuBar-itemLabel", has_text="File").click()
            page.locator(".lm-Menu-itemLabel", has_text="Download").first.click()
        self.assertEqual(json.loads(saved.value.path().read_bytes())["nbformat"], 4)
        exported: list[str] = []
        self.context.on(
            "page", lambda tab: tab.on("download", lambda download: exported.append(download.suggested_filename))
        )
        page.locator(".lm-MenuBar-itemLabel", has_text="File").click()
        page.locator(".lm-Menu-itemLabel", has_text="Save and Export").hover()
        page.locator(".lm-Menu").last.locator(".lm-Menu-itemLabel", has_text="Markdown").click()
        until(lambda: page.evaluate("() => true") and exported, "the notebook as Markdown")
        self.assertEqual(exported, ["a.zip"])  # with its picture

    def test_nobody_and_guests(self) -> None:
        """Who is not signed in comes to the sign-in, and back; a guest is told that it is not for them."""
        stranger = self.new_context()
        page = stranger.new_page()
        page.goto(f"{self.server.origin}/lab/tree/none.txt")
        page.wait_for_url(re.compile(r"\?then="))
        page.locator("input:not([hidden])").first.fill(self.server.token)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/lab"))
        expect(page.locator("#jp-main-dock-panel")).to_be_visible()
        link = self.server.call("share.link", session=self.new_session(), verb="execute")["url"]
        guest = self.new_context().new_page()
        guest.goto(link)
        guest.locator("input:not([hidden])").first.fill("Grace")
        guest.keyboard.press("Enter")
        expect(guest.locator(".cell").first).to_be_visible()
        guest.goto(f"{self.server.origin}/lab")
        expect(guest.locator("h1")).to_have_text("Not for guests")


class Notebook(JupyterCase):
    """Notebook 7."""

    package = "notebook"

    def setUp(self) -> None:
        super().setUp()
        self.faults_expected = re.compile(
            "reading 'schema'"
        )  # a fault of Notebook 7.6 itself, with a Jupyter Server, too

    def test_a_notebook(self) -> None:
        """From the list of files; run, loaded again in the middle of a run, saved."""
        page = self.notebook_at("notebooks", f"import time\n{PRINTS}")
        self.run_cell(page, 0)
        until(self.has(page, 0, 10), "ten lines")
        page.reload()
        self.ready(page, 1)
        until(self.has(page, 0, 60), lambda: f"60 lines, and not {self.lines(page, 0)}")
        self.assertEqual(self.lines(page, 0), LINES)
        page.goto(f"{self.server.origin}/tree/sub")
        expect(page.locator(".jp-DirListing-item", has_text="a.ipynb")).to_be_visible(timeout=PATIENCE_MS)
