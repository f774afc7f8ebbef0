"""webipy.io.jupyter.routes, webipy.io.jupyter.status and webipy.io.jupyter.kernelspecs: the real routes in the real tree, fed with bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.logger import ILogObserver, globalLogPublisher
from twisted.web.resource import IResource

from tests.fakes import TOKEN
from tests.test_site import Answer, SiteTestCase
from webipy.core.api.rpc import MAX_MESSAGE_BYTES
from webipy.core.site_address import SitePath
from webipy.io.files.file_tree import FileTree
from webipy.io.files.files import RootFiles
from webipy.io.files.folder_watch import FolderWatch
from webipy.io.files.root_folder import RootFolder
from webipy.io.jupyter.channels import ChannelsFactory
from webipy.io.jupyter.lab_files import FOLDERS
from webipy.io.jupyter.lab_link import NotInstalled
from webipy.io.jupyter.lab_pages import PAGES
from webipy.io.jupyter.routes import MAX_MODEL_BYTES, JupyterRoutes, Route
from webipy.io.jupyter.tree import jupyter_tree
from webipy.io.storage.client_cursors import ClientCursors
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.server.ports.conversion import ExportedFile

DOORS = (*FOLDERS, *(f"/{page}/{{path...}}" for page in PAGES))
"""The routes of JupyterLab's pages and of what they load: who is nobody gets no secret there."""

LOGIN_NEEDED = "Forbidden: send the header Authorization: token TOKEN, or ?token=TOKEN."


class FakeLab:
    """A lab process that gives prepared answers, and notes what it was asked.

    Args:
        answers: By question; a failure is raised. What is not there is not installed.
    """

    def __init__(self, answers: Mapping[str, object] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def ask(self, question: str, **params: object) -> Deferred[Any]:
        """See `webipy.io.jupyter.lab_link.LabLink`."""
        self.asked.append((question, params))
        answer = self.answers.get(question, NotInstalled())
        return fail(answer) if isinstance(answer, Exception) else succeed(answer)


class JupyterTestCase(SiteTestCase):
    """A site with the routes of a Jupyter Server."""

    @cached_property
    def state(self) -> Path:
        """The state folder, which each server of a test has."""
        return Path(self.mktemp())

    def more_resources(self) -> Mapping[bytes, IResource]:
        """The routes."""
        specs, api = self.rig.disk.launcher.specs, self.rig.api
        reactor: Any = self.rig.clock
        cursors = ClientCursors(Path(self.mktemp()))
        self.addCleanup(cursors.close)
        self.channels = channels = ChannelsFactory(
            self.auth, api, reactor, AnonymousConnections(), cursors, lambda session, blob: succeed(b"")
        )
        root = Path(self.mktemp()).absolute()
        root.mkdir()
        self.file_tree = FileTree(RootFolder(root))
        files = RootFiles(self.file_tree, execute, FolderWatch(RootFolder(root), reactor, execute, False), reactor)
        self.stopped: list[int] = []
        self.export: ExportedFile | None = None
        reactor.stop = lambda: self.stopped.append(1)
        exports: Any = SimpleNamespace(find=lambda id, name: self.export)
        lab = self.lab()
        self.tree: Any = jupyter_tree(self.auth, api, specs, channels, self.state, files, exports, lab)
        return dict(self.tree)

    def lab(self) -> Any:
        """What stands for the lab process."""
        return FakeLab()

    def api(self, method: str, path: str, body: bytes = b"", /, **given: str) -> Answer:
        """A request with the token in its header."""
        return self.ask(method, path, body, **{"Authorization": f"token {TOKEN}", **given})

    def guest(self) -> dict[str, str]:
        """The headers of a guest who may run code in one session."""
        session = self.rig.session("python3")
        share = self.rig.me.call("share.link", session=session, verb="execute")
        secret = share["url"].rpartition("#share=")[2]
        secrets = self.rig.wait(Deferred.fromCoroutine(self.rig.services.logins.join(secret, "Grace")))
        return {"Cookie": f"webipy-8888={secrets.cookie}", "X_Webipy_Key": secrets.key}

    def routes(self) -> list[Route]:
        """All routes."""
        tree = self.tree[b"api"]
        assert isinstance(tree, JupyterRoutes)
        return list(tree.routes)


class Doors(JupyterTestCase):
    """Who gets in."""

    def test_whole_files_come_in_larger_bodies(self) -> None:
        """From an owner, where a body holds a file; what is larger is refused before it is read."""
        guest = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in self.guest().items())
        owner = f"Authorization: token {TOKEN}\r\n"
        for line, who, most in (
            ("PUT /api/contents/a.ipynb", owner, MAX_MODEL_BYTES),
            ("POST /nbconvert/html", owner, MAX_MODEL_BYTES),
            ("PUT /api/config/a", owner, MAX_MESSAGE_BYTES),
            ("PUT /api/contents/a.ipynb", guest, MAX_MESSAGE_BYTES),
        ):
            head = f"{line} HTTP/1.1\r\nHost: localhost:8888\r\n{who}Content-Length: "
            self.assertEqual(self.send(f"{head}{most}\r\n\r\n".encode()).status, 0, "waits for the body")
            answer = self.send(f"{head}{most + 1}\r\n\r\n".encode())
            self.assertEqual((answer.status, answer.json()["data"]["limit_bytes"]), (413, most))

    def test_every_route_asks_who_it_is(self) -> None:
        """Nobody, a wrong token, the token in each place, a guest, a browser without and with its key: the last row is what a right one gets."""
        guest, login = self.guest(), self.login()
        without_key = {"Cookie": login["Cookie"]}
        for route in self.routes():
            if route.path in DOORS:
                continue  # tests/test_lab_pages.py
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            self.rig.clock.advance(600)  # wrong tokens are counted for a while
            for method in route.functions:
                refused = [
                    self.ask(method, path).status,
                    self.ask(method, path, Authorization="token wrong").status,
                    self.ask(method, path, Authorization="Basic d3Jvbmc=").status,
                    self.ask(method, f"{path}?token=wrong").status,
                    self.ask(method, f"{path}?token=").status,
                    self.ask(method, path, **without_key).status,
                    self.ask(method, path, **login, Origin="http://evil.example").status,
                    self.ask(method, path, **guest).status,
                ]
                let_in = [
                    self.ask(method, path, Authorization=f"token {TOKEN}").status,
                    self.ask(method, path, Authorization=f"Bearer {TOKEN}").status,
                    self.ask(method, f"{path}?token={TOKEN}").status,
                    self.ask(method, path, **login).status,
                ]
                expected = 403 if route.verb != "none" else 200
                self.assertEqual(refused, [expected] * len(refused), route.path)
                self.assertNotIn(403, let_in, route.path)

    def test_only_api_is_open(self) -> None:
        """A route without a right is a decision: the files of installed packages, and the doors of pages."""
        open_ones = [route.path for route in self.routes() if route.verb == "none"]
        self.assertEqual(open_ones, ["/api", *DOORS])

    def test_the_token_in_an_address_counts_on_these_routes_only(self) -> None:
        """Everywhere else it is as if it were not there."""
        self.assertEqual(self.ask("GET", f"/api/status?token={TOKEN}").status, 200)
        self.assertEqual(self.ask("GET", f"/metrics?token={TOKEN}").status, 401)
        self.assertEqual(self.ask("GET", f"/nowhere?token={TOKEN}").status, 404)
        call = b'{"jsonrpc":"2.0","id":1,"method":"session.list"}'
        asked = self.ask("POST", f"/rpc?token={TOKEN}", call, Content_Type="application/json")
        self.assertEqual(asked.status, 401)

    def test_a_socket_asks_who_it_is(self) -> None:
        """With every kind of login, in both places of its address; an unknown kernel is 404, and what is no handshake 400."""
        self.rig.session("python3")
        kernel = self.rig.me.call("session.list")["sessions"][0]["kernel"]["id"]
        path = f"/api/kernels/{kernel}/channels"
        upgrade = {
            "Upgrade": "websocket",
            "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec_WebSocket_Version": "13",
        }
        login = self.login()
        for where, headers in (
            (path, {}),
            (path, {"Authorization": "token wrong"}),
            (f"{path}?token=wrong", {}),
            (f"/token/wrong{path}", {}),
            (f"/token/{path}", {}),
            (path, {"Cookie": login["Cookie"]}),
            (path, {**login, "Origin": "http://evil.example"}),
            (path, self.guest()),
        ):
            self.assertEqual(self.ask("GET", where, **upgrade, **headers).status, 403, where)
        token = {"Authorization": f"token {TOKEN}"}
        self.assertEqual(self.ask("GET", "/api/kernels/none/channels", **upgrade, **token).status, 404)
        self.assertEqual(self.ask("GET", path, **token).status, 400)

    def test_a_token_in_the_path_opens_sockets_only(self) -> None:
        """Other routes are not below it, and a refusal is not logged with it."""
        logged: list[str] = []
        observer = cast(ILogObserver, lambda event: logged.append(str(event)))
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        for rest in ("/api/kernels", "/api/status", "/kernelspecs/python3/kernel.js", ""):
            self.assertEqual(self.ask("GET", f"/token/{TOKEN}{rest}").status, 404, rest)
        self.assertEqual(self.ask("GET", f"/token/{TOKEN}/api/kernels/none/channels", Upgrade="websocket").status, 404)
        self.assertIn("/token/...", "".join(logged))
        self.assertNotIn(TOKEN, "".join(logged))

    def test_a_refusal_says_what_would_be_right(self) -> None:
        """As JSON, without a redirect."""
        answer = self.ask("GET", "/api/status")
        self.assertEqual((answer.status, answer.json()), (403, {"message": LOGIN_NEEDED, "reason": None}))
        self.assertEqual(answer.headers["content-type"], "application/json")

    def test_who_guesses_is_slowed_down(self) -> None:
        """Wrong tokens in addresses are counted like those in headers."""
        found = [self.ask("GET", f"/api/status?token={number}").status for number in range(200)]
        self.assertIn(429, found)
        self.assertEqual(self.api("GET", "/api/status").status, 200)


class Forms(JupyterTestCase):
    """What all routes have in common."""

    def test_unknown_paths_and_methods(self) -> None:
        """404 and 405, as JSON; 404 needs no login, as nothing is there."""
        for path in ("/api/nothing", "/api/kernelspecs/a/b", "/api//kernelspecs", "/api/statusx", "/kernelspecs"):
            answer = self.api("GET", path)
            self.assertEqual((answer.status, answer.json()["message"]), (404, "Not Found"), path)
        self.assertEqual(self.api("PATCH", "/api/status").status, 405)
        self.assertEqual(
            self.api("DELETE", "/api/kernelspecs").json(), {"message": "Method Not Allowed", "reason": None}
        )

    def test_a_slash_at_the_end_goes_away(self) -> None:
        """By a redirect that keeps the query and never leads to another host."""
        answer = self.ask("GET", "/api/status/?a=1")
        self.assertEqual((answer.status, answer.headers["location"]), (302, "../status?a=1"))
        self.assertEqual(self.ask("GET", "/api//evil.example//").headers["location"], "../../evil.example")

    def test_options_need_no_login(self) -> None:
        """A browser asks with them before it sends a token."""
        answer = self.ask("OPTIONS", "/api/status", Origin="http://other.example")
        self.assertEqual(answer.status, 204)
        self.assertEqual(
            answer.headers["access-control-allow-headers"], "accept, content-type, authorization, x-xsrftoken"
        )
        self.assertIn("PATCH", answer.headers["access-control-allow-methods"])
        self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertEqual(self.ask("OPTIONS", "/api/nothing").status, 404)

    def test_another_origin_may_read_with_the_token_only(self) -> None:
        """Shown in the header or in the address; a cookie or a wrong token gets no such header."""
        origin = {"Origin": "http://other.example"}
        name = "access-control-allow-origin"
        self.assertEqual(self.api("GET", "/api/status", **origin).headers[name], "http://other.example")
        self.assertEqual(
            self.ask("OPTIONS", f"/api/status?token={TOKEN}", **origin).headers[name], "http://other.example"
        )
        self.assertNotIn(name, self.ask("GET", "/api/status", **origin, Authorization="token wrong").headers)
        self.assertNotIn(name, self.ask("GET", "/api/status", **{**self.login(), **origin}).headers)
        self.assertNotIn(name, self.ask("GET", "/api", **origin).headers)

    def test_head_is_get_without_its_body(self) -> None:
        """With its length."""
        answer = self.api("HEAD", "/api")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["content-length"], str(len(self.api("GET", "/api").body)))

    def test_a_query_may_have_anything(self) -> None:
        """Some clients append the time to get past caches."""
        for query in ("?1764444", "?user=ada&1764444", "?no_track_activity=1", "?%ff=%zz&&=="):
            self.assertEqual(self.api("GET", f"/api/status{query}").status, 200)


class Below(JupyterTestCase):
    """A server below a base URL."""

    below = SitePath("/a%40b/")

    def test_routes_are_below_the_base_url(self) -> None:
        """So are the addresses in answers, and the token in those of requests counts."""
        self.assertEqual(self.ask("GET", f"/a@b/api/status?token={TOKEN}").status, 200)
        self.assertEqual(self.ask("GET", f"/api/status?token={TOKEN}").status, 404)
        made = self.api("POST", "/a%40b/api/kernels")
        self.assertEqual(made.headers["location"], f"/a%40b/api/kernels/{made.json()['id']}")
        path = f"/a%40b/token/{TOKEN}/api/kernels/none/channels"
        self.assertEqual(self.ask("GET", path, Upgrade="websocket").json()["message"], "Kernel does not exist: none")


class Status(JupyterTestCase):
    """`/api` and `/api/status`."""

    def test_api_has_the_version(self) -> None:
        """For everybody."""
        self.assertEqual(self.ask("GET", "/api").json(), {"version": "1.2.3"})

    def test_status_counts_kernels(self) -> None:
        """Those that live."""
        self.rig.session("python3")
        self.rig.session()
        found = self.api("GET", "/api/status").json()
        self.assertEqual((found["kernels"], found["connections"]), (1, 0))
        self.assertRegex(found["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertGreaterEqual(found["last_activity"], found["started"])


class Kernelspecs(JupyterTestCase):
    """`/api/kernelspecs` and `/kernelspecs`."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp()) / "spec"
        self.folder.mkdir(parents=True)
        (self.folder.parent / "secret.txt").write_text("secret")
        (self.folder / "logo-64x64.png").write_bytes(b"png")
        (self.folder / "logo-svg.svg").write_bytes(b"<svg/>")
        (self.folder / "kernel.js").write_bytes(b"js")
        (self.folder / "kernel.json").write_bytes(b"{}")
        (self.folder / "out.png").symlink_to(self.folder.parent / "secret.txt")
        launcher = self.rig.disk.launcher
        spec = launcher.known.found["python3"]
        fields = {name: getattr(spec, name) for name in spec.__struct_fields__}
        fields |= {"resource_dir": str(self.folder), "metadata": {"debugger": True}}
        launcher.known = attrs.evolve(launcher.known, found={**launcher.known.found, "python3": type(spec)(**fields)})

    def model(self) -> dict[str, Any]:
        """What clients see of the kernelspec `python3`."""
        return {
            "name": "python3",
            "spec": {
                "argv": ["fake", "-f", "{connection_file}"],
                "env": {},
                "display_name": "Fake python3",
                "language": "python",
                "interrupt_mode": "signal",
                "metadata": {"debugger": True},
            },
            "resources": {
                "kernel.js": "/kernelspecs/python3/kernel.js",
                "logo-64x64": "/kernelspecs/python3/logo-64x64.png",
                "logo-svg": "/kernelspecs/python3/logo-svg.svg",
            },
        }

    def test_all_are_listed(self) -> None:
        """With the default one; those that cannot be read are left out."""
        found = self.api("GET", "/api/kernelspecs?user=ada").json()
        self.assertEqual((found["default"], sorted(found["kernelspecs"])), ("python3", ["other", "python3"]))
        self.assertEqual(found["kernelspecs"]["python3"], self.model())
        self.assertEqual(found["kernelspecs"]["other"]["resources"], {})

    def test_one_is_found_by_its_name(self) -> None:
        """Another name is 404."""
        self.assertEqual(self.api("GET", "/api/kernelspecs/python3").json(), self.model())
        self.assertEqual(self.api("GET", "/api/kernelspecs/torn").status, 404)

    def test_files_beside_a_kernelspec(self) -> None:
        """A picture is kept by the browser; an SVG runs nothing; nothing outside of the folder is reached."""
        answer = self.api("GET", "/kernelspecs/python3/logo-64x64.png")
        self.assertEqual((answer.status, answer.headers["content-type"], answer.body), (200, "image/png", b"png"))
        self.assertEqual(answer.headers["cache-control"], "private, max-age=2592000")
        svg = self.api("GET", "/kernelspecs/python3/logo-svg.svg")
        self.assertEqual((svg.headers["content-type"], svg.body), ("image/svg+xml", b"<svg/>"))
        self.assertIn("sandbox", svg.headers["content-security-policy"])
        self.assertEqual(self.api("HEAD", "/kernelspecs/python3/kernel.js").body, b"")
        for path in (
            "none.png",
            "../secret.txt",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "out.png",
            "",
            "a%00b",
            "/etc/passwd",
        ):
            self.assertEqual(self.api("GET", f"/kernelspecs/python3/{path}").status, 404 if path else 302, path)
        self.assertEqual(self.api("GET", "/kernelspecs/other/logo-64x64.png").status, 404)
