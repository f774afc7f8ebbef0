"""One server and one browser for the tests of a process, and what a test says to them.

Data flow: `PageServer` is a server as all tests have it (tests/live.py); Chromium is driven by Playwright; `call` speaks to the same method
table over HTTP with the server's token, as the command line does. Both end when the test process ends, and the kernels with them.

Invariants: a test's browser context holds no cookie of another test; sessions that a test made are closed after it.

Rejected: a server for each test (two seconds each); Playwright's own browsers (a download, and not what people have).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright import sync_api
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect, sync_playwright
from twisted.trial.unittest import SynchronousTestCase

from tests.live import PATIENCE_S, ROOT, Server, until

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STATIC = ROOT / "webipy" / "static" / "index.html"
PATIENCE_MS = int(1000 * PATIENCE_S)
"""What a test waits for comes within this time; a kernel start is the longest of it."""

OWN_PAGES = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess")
"""What Chromium would load for every new context beside the page: pages of its own for an address bar that no test opens, which cost as much as
webipy's page, and a process that nobody uses."""

FEATURES_OFF = (
    *OWN_PAGES,
    # Playwright's own list, which ours takes the place of: the last `--disable-features` counts.
    *(
        "AvoidUnnecessaryBeforeUnloadCheckSync",
        "DestroyProfileOnBrowserClose",
        "HttpsUpgrades",
        "MediaRouter",
        "PaintHolding",
    ),
    *(
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "ThirdPartyStoragePartitioning",
        "OptimizationHints",
        "AimEnabled",
    ),
    *("AvoidCorsURLLoaderRestartOnRedirect", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
)

IN_ONE_PROCESS = ("--disable-gpu", "--in-process-gpu")
"""Draws without a graphics processor, which no test machine has, and without a process that stands for one: a quarter less processor time."""

WATCH = """
if (window === top) {
  document.addEventListener("securitypolicyviolation", event => window.told(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  addEventListener("error", event => window.told(`error: ${event.message}`));
  addEventListener("unhandledrejection", event => window.told(`rejection: ${event.reason}`));
}
"""
"""Tells of what goes wrong in the page itself; sealed frames may fail as they like."""


GONE = "Target page, context or browser has been closed"
LOOKS = 20
"""So often one expectation looks; a page that is really closed says so as often, and at once."""


def _look_again(method: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(method)
    def look(*args: Any, **named: Any) -> None:
        for left in reversed(range(LOOKS)):
            try:
                return method(*args, **named)
            except AssertionError as fault:
                if GONE not in str(fault) or not left:
                    raise

    return look


def look_again_where_a_frame_was_replaced() -> None:
    """Lets `expect` look again when a frame went while Playwright looked into it.

    A sealed frame has a process of its own, and is replaced when its output changes or may load more. Playwright takes the end of the old one's
    process for the end of the page, and gives up at once instead of looking into the new one.
    """
    expectations = sync_api.LocatorAssertions  # type: ignore[attr-defined]  # it is there, and not in the list of names
    for name in dir(expectations):
        if name.startswith(("to_", "not_to_")):
            setattr(expectations, name, _look_again(getattr(expectations, name)))


look_again_where_a_frame_was_replaced()


class Missing(Exception):
    """The tests cannot run here; the message says what to install or to build."""


def find_browser() -> str:
    """The path of a Chromium.

    Raises:
        Missing: There is none on the PATH.
    """
    for name in BROWSERS:
        path = shutil.which(name)
        if path is not None:
            return path
    raise Missing(f"The browser tests need one of {', '.join(BROWSERS)} on the PATH. Debian: apt install chromium")


class PageServer(Server):
    """A server on a free port, which it keeps when it is started again; its kernels end with it."""

    def __init__(self, *options: str) -> None:
        super().__init__("--kernels-stop-with-server", *options)
        self._spare: str | None = None

    def start(self, *options: str, **more: Any) -> float:
        """Starts a server; see `Server.start`."""
        return super().start(f"--port={self.port}", *options, **more)

    def spare_session(self) -> str:
        """A session whose kernel has been starting since the last one was asked for; starts the next."""
        session = self._spare or self.session(is_warm=False)
        self._spare = self.session(is_warm=False)
        return session


@contextlib.contextmanager
def new_server(*options: str) -> Iterator[PageServer]:
    """A server that is ended, and whose folders are removed, when the block is left."""
    server = PageServer(*options)
    try:
        server.start()
        yield server
    finally:
        server.close()


@functools.cache
def the_server() -> PageServer:
    """The server that the tests of this process share."""
    if not STATIC.exists():
        raise Missing("The page is not built: run `npm ci && npm run build` in web/.")
    ending = contextlib.ExitStack()
    atexit.register(ending.close)
    return ending.enter_context(new_server())


@functools.cache
def the_playwright() -> Playwright:
    """What drives the browsers of this process."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright


@functools.cache
def the_browser() -> Browser:
    """The browser that the tests of this process share."""
    path = find_browser()
    options = [f"--disable-features={','.join(FEATURES_OFF)}", *IN_ONE_PROCESS]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to sandbox itself as root
    browser = the_playwright().chromium.launch(executable_path=path, args=options)
    atexit.register(browser.close)
    return browser


def enter(context: BrowserContext, origin: str, token: str) -> Page:
    """Signs a context in as the page does: the cookie is the browser's, the key lies in the storage of the origin.

    Args:
        context: A context without cookies.
        origin: Of the server, with its base URL.
        token: Of the server.

    Returns:
        The tab that it took, on a page of the origin. To close it and open another costs a process.

    Raises:
        AssertionError: The server does not let it in.
    """
    answer = context.request.post(f"{origin}/login", data={"token": token})
    if answer.status != 200:
        raise AssertionError(f"/login answered {answer.status}: {answer.text()}")
    page = context.new_page()
    page.goto(f"{origin}/healthz")
    below = f"{urlsplit(origin).path}/"
    name = "webipy-key" if below == "/" else f"webipy-key {below}"
    page.evaluate("([name, key]) => localStorage.setItem(name, key)", [name, answer.json()["key"]])
    return page


class PageCase(SynchronousTestCase):
    """A test with a fresh browser context."""

    def setUp(self) -> None:
        """Opens a context of its own."""
        expect.set_options(timeout=PATIENCE_MS)
        self.sessions: list[str] = []
        self.faults: list[str] = []
        self.faults_expected = re.compile("(?!)")  # a test that makes the page meet a fault on purpose says which
        self._contexts: list[BrowserContext] = []
        self._signed_in: dict[BrowserContext, list[Page]] = {}
        self._ending = contextlib.ExitStack()
        self.addCleanup(self._end)
        self.server = self.make_server()
        self.context = self.new_context()

    def _end(self) -> None:
        with self._ending:
            for context in self._contexts:
                context.unroute_all(behavior="ignoreErrors")  # what a page still fetches is answered to nobody
                context.close()
            for session in self.sessions:
                self.server.call("session.close", session=session)
        self.assertEqual([one for one in self.faults if not self.faults_expected.search(one)], [])

    def make_server(self) -> PageServer:
        """The server of this test: the shared one."""
        return the_server()

    def own_server(self, *options: str) -> PageServer:
        """A server for this test alone, ended after it."""
        return self._ending.enter_context(new_server(*options))

    def new_context(self, **options: Any) -> BrowserContext:
        """A browser context without cookies, closed after the test. What goes wrong in its pages fails the test."""
        context = the_browser().new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        faults = self.faults

        def told(fault: str) -> None:
            faults.append(fault)

        context.expose_function("told", told)
        context.add_init_script(WATCH)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        return context

    def new_page(self, context: BrowserContext | None = None) -> Page:
        """A tab; of a context that has just been signed in, the one that this took."""
        context = context or self.context
        entered = self._signed_in.get(context)
        return entered.pop() if entered else context.new_page()

    def sign_in(self, context: BrowserContext | None = None) -> None:
        """Signs a context in by the token, once."""
        context = context or self.context
        if context not in self._signed_in:
            self._signed_in[context] = [enter(context, self.server.origin, self.server.token)]

    def new_session(self) -> str:
        """A session with a Python kernel, titled as the test is named."""
        session = self.server.spare_session()
        self.sessions.append(session)
        self.server.call("session.rename", session=session, title=self._testMethodName)
        return session

    def open(self, session: str, context: BrowserContext | None = None) -> Page:
        """A signed-in tab on that session, ready."""
        self.sign_in(context)
        page = self.new_page(context)
        page.goto(f"{self.server.origin}/s/{session}")
        expect(page.locator(".cell").first).to_be_visible()
        return page

    def write_notebook(
        self, path: str, *cells: tuple[str, str] | dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Path:
        """A notebook file below the root: cells as `(type, source)`, or as nbformat has them. Its cells are `c0`, `c1`, ..."""
        written = []
        for number, cell in enumerate(cells):
            if isinstance(cell, tuple):
                kind, source = cell
                cell = {"cell_type": kind, "source": source}
            own: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
            written.append({"id": f"c{number}", "metadata": {}, **own, **cell})
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        body = {
            "cells": written,
            "metadata": {"kernelspec": spec, **(metadata or {})},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        file = self.server.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
        return file

    def read_notebook(self, file: Path) -> list[dict[str, Any]]:
        """The cells that a notebook file holds now, their sources as one text each."""
        cells = cast(list[dict[str, Any]], json.loads(file.read_text("utf-8"))["cells"])
        return [{**cell, "source": "".join(cell["source"])} for cell in cells]

    def open_file(self, path: str, kernel: bool = False) -> Page:
        """A signed-in tab on the notebook `path`, ready, in command mode on its first cell."""
        more = {"kernelspec": "python3"} if kernel else {}
        session = str(self.server.call("session.create", path=path, **more)["id"])
        self.sessions.append(session)
        page = self.open(session)
        expect(page.locator(".cell.sel")).to_have_count(1)
        return page

    def notebook(self) -> Page:
        """A signed-in tab on a new session, the caret in its one empty cell."""
        page = self.open(self.new_session())
        expect(page.locator(".cm-content")).to_be_focused()
        return page

    def press(self, page: Page, *keys: str) -> None:
        """Presses keys one after the other."""
        for key in keys:
            page.keyboard.press(key)

    def put(self, page: Page, code: str) -> None:
        """Puts code where the caret is, as pasting does: the editor adds no indentation of its own."""
        page.keyboard.insert_text(code)

    def edit(self, page: Page) -> None:
        """Goes back into the selected cell and selects all of its text."""
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_be_focused()
        page.keyboard.press("Control+a")

    def run_code(self, page: Page, code: str) -> Locator:
        """Runs code in the cell that has the caret, which leaves the editor as Ctrl-Enter does; gives that cell."""
        cell = page.locator(".cell.edit")
        identity = str(cell.get_attribute("id"))
        expect(cell.locator(".cm-content")).to_be_focused()  # what is put in before the editor is there gets lost
        self.put(page, code)
        page.keyboard.press("Control+Enter")
        return page.locator(f"#{identity}")

    def copied(self, page: Page, text: str | re.Pattern[str]) -> None:
        """Waits until the clipboard holds that, or something that has the pattern: nothing in the page tells when it has been written."""

        def is_there() -> bool:
            found = str(page.evaluate("() => navigator.clipboard.readText()"))
            return found == text if isinstance(text, str) else text.search(found) is not None

        until(is_there, f"{text!r} in the clipboard")

    def home_is_ready(self, page: Page) -> None:
        """Waits until the home page has its line. Before, it may still ask to sign in, or go to a hub for its key and be loaded again."""
        button = page.get_by_role("button", name="New notebook")
        expect(button).to_be_visible()
        expect(button).to_be_enabled()

    def finished(self, cell: Locator) -> None:
        """Waits until the cell's run has ended."""
        expect(cell.locator(".meta .st")).to_have_count(1)
        expect(cell.locator(".meta .run")).to_have_count(0)

    def shown(self, cell: Locator) -> str:
        """The text of a cell's outputs, without the buttons."""
        return "\n".join(cell.locator(".out .text, .out .md, .out .tb summary").all_inner_texts())

    def add_cell(
        self, session: str, source: str, kind: str = "code", cell: str | None = None, after: str | None = None
    ) -> str:
        """Adds a cell as another client does."""
        more = {} if cell is None else {"id": cell}
        return str(
            self.server.call("cell.insert", session=session, after=after, cell_type=kind, source=source, **more)["cell"]
        )

    def execute(self, session: str, code: str, cell: str | None = None) -> dict[str, Any]:
        """Runs code as another client does, and waits for its end."""
        started = self.server.call("execution.start", session=session, code=code, cell=cell)
        return self.server.wait(session, started["execution"])
