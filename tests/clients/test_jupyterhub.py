"""`webipy-singleuser` under a real JupyterHub with its own proxy, two users, and Chromium.

The hub has an environment of its own, `.venv/hub`, which `make clients` makes: nothing of it is imported here. It starts servers as processes of
the user who runs the tests.
"""

from __future__ import annotations

import atexit
import functools
import http.client
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect
from twisted.trial.unittest import SkipTest

from tests.browser.stage import PageCase, PageServer
from tests.browser.test_proxies import free_port
from tests.live import PATIENCE_S, until

HUB = Path(sys.prefix) / "hub"
PROXY = HUB / "node_modules" / ".bin" / "configurable-http-proxy"
ADMIN = "token-of-the-tests-at-the-hub"
LONG_S = 3 * PATIENCE_S
"""For what the hub, or the minute after which it is asked again, takes."""

CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "open sesame"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r} + "/{{username}}"
c.Spawner.cmd = {command!r}
c.Spawner.args = ["--debug", "--spare-kernels=0"]
c.Spawner.poll_interval = 1
c.Spawner.http_timeout = 120
c.Spawner.start_timeout = 120
c.Spawner.environment = {{"JUPYTERHUB_ACTIVITY_INTERVAL": "1"}}
c.JupyterHub.services = [{{"name": "tests", "api_token": {admin!r}}}]


def of_lab(spawner):
    spawner.default_url = "/lab" if spawner.user.name == "cy" else ""


c.Spawner.pre_spawn_hook = of_lab
scopes = ["admin:users", "admin:servers", "tokens", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"], "scopes": scopes}}]
c.JupyterHub.subdomain_host = {subdomain_host!r}
"""


class JupyterHub:
    """The hub, its proxy, and the servers that it starts.

    Args:
        domain: The hub's; each user has one below it. Empty: all are at one address.
    """

    def __init__(self, domain: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wh")).resolve()
        self.port, self.domain = free_port(), domain
        self.origin = f"http://{domain or '127.0.0.1'}:{self.port}"
        command = [sys.executable, "-c", "from webipy.start import singleuser; singleuser()"]
        config = CONFIG.format(
            port=self.port,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(PROXY),
            home=str(self.folder / "home"),
            command=[*command, *(["--allow-root"] if os.geteuid() == 0 else [])],
            admin=ADMIN,
            subdomain_host=self.origin if domain else "",
        )
        (self.folder / "jupyterhub_config.py").write_text(config)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [HUB / "bin" / "jupyterhub"], cwd=self.folder, env=kept, stdout=log, stderr=log
            )
        until(self._answers, lambda: f"the hub answers; its log: {self.log[-3000:]}", LONG_S)

    def host_of(self, name: str) -> str:
        """Where the server of somebody is, with its port; that of the hub for nobody."""
        return f"{name}.{self.domain}:{self.port}" if name and self.domain else self.origin.partition("//")[2]

    @property
    def log(self) -> str:
        """What the hub and the servers printed."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the hub ended: {self.log[-3000:]}")
        try:
            return self.ask("GET", "/hub/api/")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: object = None, token: str = ADMIN) -> tuple[int, Any]:
        """A request through the proxy, of the tests unless another token is given: status and JSON."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)
        try:
            told = None if body is None else json.dumps(body).encode()
            host = self.host_of(path.split("/")[2] if path.startswith("/user/") else "")
            headers = {"Host": host, "Authorization": f"token {token}", "Content-Type": "application/json"}
            line.request(method, path, told, headers)
            answer = line.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw.startswith((b"{", b"[")) else raw
        finally:
            line.close()

    def server_of(self, name: str) -> Any:
        """What the hub knows of somebody's server; `None` when it has none."""
        return self.ask("GET", f"/hub/api/users/{name}")[1].get("servers", {}).get("")

    def stop_server(self, name: str) -> None:
        """Stops somebody's server, and waits until it is gone."""
        self.ask("DELETE", f"/hub/api/users/{name}/server")
        until(lambda: self.server_of(name) is None, f"the end of the server of {name}", LONG_S)

    def start_server(self, name: str) -> None:
        """Starts somebody's server, and waits until it is ready."""
        self.ask("POST", f"/hub/api/users/{name}/server")
        until(
            lambda: (self.server_of(name) or {}).get("ready"), lambda: f"a server of {name}: {self.log[-3000:]}", LONG_S
        )

    def home(self, name: str) -> Path:
        """Somebody's home folder."""
        return self.folder / "home" / name

    def facts(self, name: str) -> Any:
        """What the server of somebody has written down of itself."""
        return json.loads((self.home(name) / ".local" / "state" / "webipy" / "server.json").read_bytes())

    def close(self) -> None:
        """Ends all of it."""
        for name in ("ada", "bo", "cy"):
            if (self.home(name) / ".local").exists():
                self.stop_server(name)
        self.process.terminate()
        self.process.wait(LONG_S)
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def the_hub(domain: str = "") -> JupyterHub:
    """The hub of a domain that the tests of this process share."""
    if os.environ.get("WEBIPY_CLIENTS") != "full":
        raise SkipTest("This takes a JupyterHub, and some minutes: make clients")
    if not (HUB / "bin" / "jupyterhub").exists() or not PROXY.exists():
        raise SkipTest("JupyterHub or its proxy is not installed: make clients")
    hub = JupyterHub(domain)
    atexit.register(hub.close)
    return hub


class HubCase(PageCase):
    """A hub, and its users."""

    domain = ""

    def setUp(self) -> None:
        """The hub is there before anything else."""
        self.hub = the_hub(self.domain)
        super().setUp()

    def make_server(self) -> PageServer:
        """None of its own: the hub starts them."""
        server = PageServer()
        self.addCleanup(server.close)
        return server

    def arrive(self, name: str, context: BrowserContext | None = None) -> Page:
        """Signs in at the hub, which leads to the server of that user."""
        page = self.new_page(context)
        page.goto(f"{self.hub.origin}/hub/login")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("open sesame")
        page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
        self.is_home(page, name)
        return page

    def is_home(self, page: Page, name: str) -> None:
        """Waits for the first page of somebody's server."""
        first = ("#jp-main-dock-panel", "lab") if name == "cy" else ('button:has-text("New notebook")', "")
        expect(page.locator(first[0]).first).to_be_visible(timeout=1000 * LONG_S)
        if name != "cy":
            self.home_is_ready(page)
        self.assertEqual(page.url, f"http://{self.hub.host_of(name)}/user/{name}/{first[1]}")

    def rpc(self, name: str, token: str, method: str = "server.info", **params: object) -> tuple[int, Any]:
        """A call to somebody's server through the proxy."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self.hub.ask("POST", f"/user/{name}/rpc", body, token)

    def own_token(self, name: str) -> str:
        """A new token of somebody at the hub."""
        return str(self.hub.ask("POST", f"/hub/api/users/{name}/tokens", {"note": "tests"})[1]["token"])

    def run_there(self, page: Page, code: str) -> None:
        """Makes a notebook and runs code in it."""
        page.get_by_role("button", name="New notebook").click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.finished(self.run_code(page, code))


class UnderAHub(HubCase):
    """What a user of a hub does."""

    def test_each_reaches_their_own_server_and_no_other(self) -> None:
        """Two people, each with a browser and a token: a cell runs at home, and the other one's server is shut to both."""
        ada = self.arrive("ada")
        self.run_there(
            ada, "import os; print('of', os.environ['JUPYTERHUB_USER'], 'JUPYTERHUB_API_TOKEN' in os.environ)"
        )
        expect(ada.locator(".out .text")).to_have_text("of ada False")
        bo = self.arrive("bo", self.new_context())
        self.faults_expected = re.compile("")  # pages of the hub
        bo.goto(f"{self.hub.origin}/user/ada/")
        expect(bo.get_by_text("403").first).to_be_visible()
        self.assertEqual(bo.get_by_role("button", name="New notebook").count(), 0)
        tokens = {name: self.own_token(name) for name in ("ada", "bo")}
        found = {(owner, name): self.rpc(owner, tokens[name])[0] for owner in tokens for name in tokens}
        self.assertEqual(found, {("ada", "ada"): 200, ("ada", "bo"): 403, ("bo", "ada"): 403, ("bo", "bo"): 200})
        self.assertEqual(self.rpc("ada", "made-up")[0], 401)
        self.assertEqual(self.rpc("ada", ADMIN)[1]["result"]["principal"], "tests")
        self.assertEqual(self.rpc("ada", tokens["ada"])[1]["result"]["principal"], "ada")
        until(
            lambda: (self.hub.server_of("ada") or {})["last_activity"] > self.hub.server_of("ada")["started"],
            "activity",
        )
        self.assertNotIn(tokens["ada"], self.hub.log)

    def test_the_hub_restarts_a_server(self) -> None:
        """Its kernel has ended with it; the page is signed in again by itself, and what was printed is there."""
        page = self.arrive("ada")
        self.run_there(page, "import os; print(os.getpid())")
        pid = int(page.locator(".out .text").inner_text())
        address = page.url
        self.hub.stop_server("ada")
        until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the kernel")
        self.hub.start_server("ada")
        page.goto(address)
        expect(page.locator(".out .text")).to_have_text(str(pid))
        self.assertEqual(page.url, address)

    def test_a_server_that_is_killed_leaves_its_kernels_to_the_next(self) -> None:
        """The hub sees that it is gone, and starts another one when it is asked for."""
        page = self.arrive("ada")
        self.run_there(page, "x = 41")
        address = page.url
        os.kill(self.hub.facts("ada")["pid"], signal.SIGKILL)
        until(lambda: self.hub.server_of("ada") is None, "the hub sees that the server is gone", LONG_S)
        self.hub.start_server("ada")
        page.goto(address)
        expect(page.locator(".cell.sel")).to_have_count(1)
        self.edit(page)
        cell = self.run_code(page, "print(x + 1)")
        self.finished(cell)
        expect(cell.locator(".out .text")).to_have_text("42")

    def test_jupyterlab_is_the_first_page_where_the_hub_says_so(self) -> None:
        """With the hub in its own menu: its page, and the way out."""
        if importlib.util.find_spec("jupyterlab") is None:
            raise SkipTest("jupyterlab is not installed: make clients")
        page = self.arrive("cy")
        page.goto(f"{self.hub.origin}/user/cy/")
        expect(page.get_by_role("button", name="New notebook")).to_be_visible()
        page.get_by_role("button", name="Account and sign-out").click()
        page.get_by_role("menuitem", name="at the hub").click()
        expect(page.get_by_role("button", name="Stop My Server")).to_be_visible()
        page.get_by_role("button", name="My Server", exact=True).click()
        expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=1000 * LONG_S)
        page.get_by_role("menuitem", name="File", exact=True).click()
        expect(page.get_by_role("menuitem", name="Hub Control Panel")).to_be_visible()
        page.get_by_role("menuitem", name="Log Out").click()
        expect(page.get_by_label("Username")).to_be_visible()

    def test_signing_out(self) -> None:
        """Here, which leads to the hub and signs out there, too; and at the hub, which ends what is open here."""
        self.faults_expected = re.compile("")  # pages of the hub
        page = self.arrive("bo")
        page.get_by_role("button", name="Account and sign-out").click()
        page.get_by_role("menuitem", name="Sign out of this browser").click()
        expect(page.get_by_label("Username")).to_be_visible()
        page.goto(f"{self.hub.origin}/user/bo/")
        expect(page.get_by_label("Username")).to_be_visible()
        page = self.arrive("bo")
        self.run_there(page, "print('before')")
        other = self.context.new_page()
        other.goto(f"{self.hub.origin}/hub/logout")
        expect(page.get_by_text("Your session has ended.")).to_be_visible(timeout=1000 * LONG_S)


class DomainForEach(HubCase):
    """A hub with `subdomain_host`: browsers take names below `localhost` for this machine."""

    domain = "hub.localhost"

    def test_each_is_at_an_address_of_their_own(self) -> None:
        """The sign-in leads there, a cell runs, and the page of one is another origin than that of the other, who is not let in."""
        ada = self.arrive("ada")
        self.run_there(ada, "import os; print('of', os.environ['JUPYTERHUB_USER'])")
        expect(ada.locator(".out .text")).to_have_text("of ada")
        bo = self.arrive("bo", self.new_context())
        self.assertNotEqual(ada.evaluate("origin"), bo.evaluate("origin"))
        self.faults_expected = re.compile("")  # pages of the hub
        bo.goto(f"http://{self.hub.host_of('ada')}/user/ada/")
        expect(bo.get_by_text("403").first).to_be_visible()
        tokens = {name: self.own_token(name) for name in ("ada", "bo")}
        found = {(owner, name): self.rpc(owner, tokens[name])[0] for owner in tokens for name in tokens}
        self.assertEqual(found, {("ada", "ada"): 200, ("ada", "bo"): 403, ("bo", "ada"): 403, ("bo", "bo"): 200})
        ada.reload()
        expect(ada.locator(".out .text")).to_have_text("of ada")
