"""One server and one browser for the tests of a process, and what a test says to them.

Data flow: `python -m twisted` runs `webipy` in a process of its own on a free port, with a state folder of its own; Chromium is driven by
Playwright; `call` speaks to the same method table over HTTP with the server's token, as the command line does. Both end when the test process ends,
and the kernels with them.

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
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import attrs
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect, sync_playwright
from twisted.trial.unittest import SynchronousTestCase

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ROOT = Path(__file__).resolve().parent.parent.parent
TWISTD = "from twisted.scripts.twistd import run; run()"
STATIC = ROOT / "webipy" / "static" / "index.html"
START_S = 30.0
"""A server is up within this time, on the slowest machine."""

PATIENCE_MS = 15_000
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

WATCH = """
if (window === top) {
  document.addEventListener("securitypolicyviolation", event => window.told(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  addEventListener("error", event => window.told(`error: ${event.message}`));
  addEventListener("unhandledrejection", event => window.told(`rejection: ${event.reason}`));
}
"""
"""Tells of what goes wrong in the page itself; sealed frames may fail as they like."""


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


@attrs.define
class Server:
    """A webipy server in a process of its own.

    Args:
        state: Its state folder; a server that is started again with the same one finds the same sessions.
        root: The folder its kernels start in.
        port: 0 takes a free one; it is kept for the next start.
    """

    state: Path
    root: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _spare: str | None = None

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it has printed its address.

        Raises:
            Missing: It did not come up; the message holds what it said.
        """
        log = self.state.with_suffix(".log")
        place = log.stat().st_size if log.exists() else 0
        options = [
            "--spare-kernels",
            "0",
            "--port",
            str(self.port),
            "--state",
            str(self.state),
            "--root",
            str(self.root),
            "--kernels-stop-with-server",
        ]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-c", TWISTD, "-n", "--pidfile=", "webipy", *options],
                cwd=ROOT,
                stdout=out,
                stderr=out,
                env={**os.environ, "XDG_DATA_HOME": str(self.state.parent / "share")},  # nobody's own trash
            )
        link = re.compile(r"http://127\.0\.0\.1:(\d+)/#code=(\S+)")
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            found = link.search(log.read_text("utf-8", "replace")[place:])
            if found is not None:
                self.port = int(found.group(1))
                return
            time.sleep(0.05)
        raise Missing(f"The server did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")

    def link(self) -> str:
        """An address with a one-time code that was not used yet."""
        return str(self.call("server.launch_code")["url"])

    def kill(self) -> None:
        """Ends it with SIGKILL: kernels go on."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it politely, its kernels with it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def token(self) -> str:
        """The token for scripts."""
        return (self.state / "token").read_text("utf-8").strip()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method as the command line does; fails the test when it is refused."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token()}"}
        request = urllib.request.Request(f"{self.origin}/rpc", body, headers)
        with urllib.request.urlopen(request, timeout=90) as answer:
            reply = json.load(answer)
        if "error" in reply:
            raise AssertionError(f"{method}: {reply['error']['message']}")
        return cast(dict[str, Any], reply["result"])

    def spare_session(self) -> str:
        """A session whose kernel has been starting since the last one was asked for; starts the next."""
        start = functools.partial(self.call, "session.create", kernelspec="python3")
        session = self._spare or str(start()["id"])
        self._spare = str(start()["id"])
        return session


@contextlib.contextmanager
def new_server() -> Iterator[Server]:
    """A server that is ended, and whose folders are removed, when the block is left."""
    folder = Path(tempfile.mkdtemp(prefix="webipy-browser-"))
    (folder / "root").mkdir()
    server = Server(folder / "state", folder / "root")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def the_server() -> Server:
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
    options = [f"--disable-features={','.join(FEATURES_OFF)}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to sandbox itself as root
    browser = the_playwright().chromium.launch(executable_path=path, args=options)
    atexit.register(browser.close)
    return browser


def enter(context: BrowserContext, origin: str, token: str) -> None:
    """Signs a context in as the page does: the cookie is the browser's, the key lies in the storage of the origin."""
    answer = context.request.post(f"{origin}/login", data={"token": token})
    if answer.status != 200:
        raise AssertionError(f"/login answered {answer.status}: {answer.text()}")
    page = context.new_page()
    page.goto(f"{origin}/healthz")
    page.evaluate("key => localStorage.setItem('webipy-key', key)", answer.json()["key"])
    page.close()


class PageCase(SynchronousTestCase):
    """A test with a fresh browser context."""

    def setUp(self) -> None:
        """Opens a context of its own."""
        expect.set_options(timeout=PATIENCE_MS)
        self.sessions: list[str] = []
        self.faults: list[str] = []
        self.faults_expected = re.compile("(?!)")  # a test that makes the page meet a fault on purpose says which
        self._contexts: list[BrowserContext] = []
        self._signed_in: list[BrowserContext] = []
        self._ending = contextlib.ExitStack()
        self.addCleanup(self._end)
        self.server = self.make_server()
        self.context = self.new_context()

    def _end(self) -> None:
        with self._ending:
            for context in self._contexts:
                context.close()
            for session in self.sessions:
                self.server.call("session.close", session=session)
        self.assertEqual([one for one in self.faults if not self.faults_expected.search(one)], [])

    def make_server(self) -> Server:
        """The server of this test: the shared one."""
        return the_server()

    def own_server(self) -> Server:
        """A server for this test alone, ended after it."""
        return self._ending.enter_context(new_server())

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
        """A tab."""
        return (context or self.context).new_page()

    def sign_in(self, context: BrowserContext | None = None) -> None:
        """Signs a context in by the token, once."""
        context = context or self.context
        if context not in self._signed_in:
            self._signed_in.append(context)
            enter(context, self.server.origin, self.server.token())

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

    def write_notebook(self, path: str, *cells: tuple[str, str] | dict[str, Any]) -> Path:
        """A notebook file below the root: cells as `(type, source)`, or as nbformat has them. Its cells are `c0`, `c1`, ..."""
        written = []
        for number, cell in enumerate(cells):
            if isinstance(cell, tuple):
                kind, source = cell
                cell = {"cell_type": kind, "source": source}
            own: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
            written.append({"id": f"c{number}", "metadata": {}, **own, **cell})
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        body = {"cells": written, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
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
        self.put(page, code)
        page.keyboard.press("Control+Enter")
        return page.locator(f"#{identity}")

    def copied(self, page: Page, text: str) -> None:
        """Waits until the clipboard holds that: nothing in the page tells when it has been written."""
        page.wait_for_function("text => navigator.clipboard.readText().then(now => now === text)", arg=text)

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
        return self.server.call("execution.wait", session=session, execution=started["execution"], timeout_s=60)
