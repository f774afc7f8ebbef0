"""Script tokens beside the method table: files, outputs, metrics, every route of Jupyter's API, the WebSocket, and what is logged."""

from __future__ import annotations

import ast
import re
from typing import Any, TypeVar, cast

from twisted.logger import ILogObserver, globalLogPublisher

from tests.test_files_resource import FilesSiteTestCase
from tests.test_floors import modules
from tests.test_jupyter_routes import DOORS, JupyterTestCase
from tests.test_site import Answer
from tests.test_websocket import SocketTestCase, turn
from webipy.core.api.rpc import LOGIN_ENDED
from webipy.server.people.script_tokens import PREFIX

T = TypeVar("T")


class Rule(FilesSiteTestCase):
    """Where the question is asked."""

    def test_no_resource_asks_for_the_right_alone(self) -> None:
        """By `access.permit`: the rules of the dispatcher, the rights that they ask, `RequestAuth.permit` and routes of Jupyter's API do."""
        found = {
            name
            for name, tree in modules().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("access.permit", "permit")
        }
        asking = {
            "webipy.server.methods.rules",
            "webipy.server.people.rights",
            "webipy.io.web.request_auth",
            "webipy.io.jupyter.routes",
        }
        self.assertEqual(found - asking, {"webipy.server.methods.tokens"}, "ask RequestAuth.permit")


class Files(FilesSiteTestCase):
    """`/files`, `/metrics`, `/rpc` and `/login`."""

    def setUp(self) -> None:
        super().setUp()
        (self.path / "lab").mkdir()
        (self.path / "lab" / "a.txt").write_bytes(b"a")
        (self.path / "labs.txt").write_bytes(b"secret")
        self.rig.disk.files.put("lab/a.txt", b"a")
        self.rig.me.call("session.create", id="s1")

    def made(self, **limits: Any) -> dict[str, str]:
        """The header of a new token."""
        self.rig.me.call("token.revoke", all=True)
        return {"Authorization": f"Bearer {self.rig.me.call('token.create', label='ci', **limits)['token']}"}

    def statuses(self, path: str, **limits: Any) -> tuple[int, int]:
        """What becomes of reading and of writing a file."""
        token = self.made(**limits)
        return self.get(path, **token).status, self.put(path, b"new", **token).status

    def test_each_limit(self) -> None:
        """Reading, writing; inside and outside."""
        self.assertEqual(self.statuses("a.bin"), (200, 200))
        self.assertEqual(self.statuses("a.bin", read=True), (200, 403))
        self.assertEqual(self.statuses("a.bin", session="s1"), (403, 403))
        self.assertEqual(self.statuses("a.bin", methods=["execution.*"]), (403, 403))
        self.assertEqual(self.statuses("a.bin", methods=["file.read"]), (200, 403))
        self.assertEqual(self.statuses("lab/a.txt", folder="lab"), (200, 200))
        self.assertEqual(self.statuses("lab/new.txt", folder="lab", read=True), (404, 403))
        for path in (
            "labs.txt",
            "lab/../labs.txt",
            "lab/%2e%2e/labs.txt",
            "lab%2f..%2flabs.txt",
            "%2e/labs.txt",
            "a.bin",
            "",
        ):
            self.assertEqual(self.statuses(path, folder="lab"), (403, 403), path)
        self.assertEqual((self.path / "labs.txt").read_bytes(), b"secret")

    def test_a_link_in_the_folder_leads_nowhere_outside(self) -> None:
        """Read, written, looked at, packed and taken in parts; one to something in the folder may be followed."""
        lab = self.path / "lab"
        (lab / "in.txt").symlink_to("a.txt")
        (lab / "out.txt").symlink_to("../labs.txt")
        (lab / "up").symlink_to("..")
        (lab / "new.txt").symlink_to("../new.txt")
        self.assertEqual(self.statuses("lab/in.txt", folder="lab"), (200, 200))
        part = {"Content_Range": "bytes 0-2/6", "Upload_Id": "x" * 32}
        for path in ("lab/out.txt", "lab/up/labs.txt", "lab/up/lab/up/labs.txt", "lab/new.txt", "lab/up/new.txt"):
            token = self.made(folder="lab")
            found = [self.get(path, **token).status, self.put(path, b"new", **token).status]
            found += [self.get(f"{path}?upload=1", Upload_Id="x" * 32, **token).status]
            found += [self.put(path, b"new", **part, **token).status]
            self.assertEqual(found, [404] * 4, path)
        for path in ("lab/up?zip=1", "lab?zip=1&name=up", "lab?zip=1"):
            self.assertNotIn(b"secret", self.get(path, **self.made(folder="lab")).raw)
        self.assertEqual((self.path / "labs.txt").read_bytes(), b"secret")
        self.assertFalse((self.path / "new.txt").exists())
        self.assertEqual(self.hidden(), [])

    def test_entries_of_an_archive_stay_in_the_folder(self) -> None:
        """Also those that are named."""
        token = self.made(folder="lab")
        self.assertEqual(self.get("lab?zip=1", **token).status, 200)
        self.assertEqual(self.get("?zip=1", **token).status, 403)
        for name in ("../labs.txt", "..%2flabs.txt", "/labs.txt"):
            answer = self.get(f"lab?zip=1&name={name}", **token)
            self.assertNotIn(b"secret", answer.raw)
            self.assertNotEqual(answer.status, 200, name)

    def test_the_body_of_a_refused_write_is_not_kept(self) -> None:
        """Nor are its parts."""
        token = self.made(folder="lab")
        part = {"Content_Range": "bytes 0-2/6", "Upload_Id": "x" * 32}
        self.assertEqual(self.put("labs.txt", b"new", **part, **token).status, 403)
        self.assertEqual(self.hidden(), [])

    def test_metrics(self) -> None:
        """A part of the server as a whole."""
        for limits, status in (({}, 200), ({"read": True}, 200), ({"methods": ["server.*"]}, 200), ({"session": "s1"}, 403),
                               ({"folder": "lab"}, 403), ({"methods": ["file.*"]}, 403)):  # fmt: skip
            self.assertEqual(self.ask("GET", "/metrics", **self.made(**cast(Any, limits))).status, status, limits)

    def test_rpc_by_post(self) -> None:
        """With a word for what a token lacks, and for one that has ended."""
        call = b'{"jsonrpc":"2.0","id":1,"method":"session.rename","params":{"session":"s1","title":"x"}}'
        token = self.made(read=True)
        answer = self.ask("POST", "/rpc", call, Content_Type="application/json", **token)
        self.assertEqual(answer.json()["error"]["data"]["name"], "not_permitted")
        self.assertIn("'ci' may only read", answer.json()["error"]["message"])
        self.rig.me.call("token.revoke", all=True)
        for answer in (
            self.ask("POST", "/rpc", call, Content_Type="application/json", **token),
            self.get("a.bin", **token),
            self.ask("GET", "/metrics", **token),
        ):
            self.assertEqual(answer.status, 401)
            self.assertIn("'ci' was revoked", answer.json()["message"])

    def test_it_signs_nobody_in(self) -> None:
        """Neither typed into the form, nor as the header of a sign-in."""
        token = self.made(methods=["login.*", "token.*"])
        body = f'{{"token": "{token["Authorization"].split()[1]}"}}'.encode()
        answer = self.ask("POST", "/login", body, Content_Type="application/json")
        self.assertEqual((answer.status, "set-cookie" in answer.headers), (401, False))
        answer = self.ask("POST", "/login", b'{"code": "x"}', Content_Type="application/json", **token)
        self.assertEqual((answer.status, "set-cookie" in answer.headers), (401, False))

    def test_a_token_in_an_address_counts_on_routes_of_jupyter_only(self) -> None:
        """Files are fetched with a header."""
        token = self.made()["Authorization"].split()[1]
        self.assertEqual(self.ask("GET", f"/files/a.bin?token={token}").status, 401)


class Jupyter(JupyterTestCase):
    """Every route, by a token with each limit."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.disk.files.put("lab/a.txt", b"a")
        self.rig.disk.files.put("b.txt", b"b")
        self.rig.me.call("session.create", id="s1", kernelspec="python3")
        self.rig.me.call("session.create", id="s2", kernelspec="python3")
        self.rig.turn()

    def made(self, **limits: Any) -> str:
        """A new token."""
        self.rig.me.call("token.revoke", all=True)
        return str(self.rig.me.call("token.create", label="ci", **limits)["token"])

    def by(self, token: str, method: str, path: str, body: bytes = b"") -> Answer:
        """A request with a token."""
        return self.ask(method, path, body, Authorization=f"token {token}")

    def test_a_token_that_only_reads_changes_nothing(self) -> None:
        """Whatever the route, what is no GET is refused or does nothing."""
        token = self.made(read=True)
        before = self.world()
        for route in self.routes():
            if route.path in DOORS:
                continue
            path = re.sub(r"\{[^}]*\}", "s1", route.path)
            for method in route.functions:
                answer = self.by(
                    token,
                    method,
                    path,
                    b'{"type": "file", "format": "text", "content": "x", "path": "s1", "name": "x"}',
                )
                if method == "GET" and not path.startswith(
                    "/api/terminals"
                ):  # what is typed there is its owner's alone
                    self.assertNotEqual(answer.status, 403, (method, path))
                self.assertEqual(self.world(), before, (method, path))
        self.assertEqual(self.stopped, [])

    def world(self) -> Any:
        """What a request could have changed."""
        disk = self.rig.disk
        kept = sorted(str(path) for path in self.state.rglob("*")) if self.state.exists() else []
        return dict(disk.registry.records), dict(disk.files.entries), list(disk.launcher.hosts), kept

    def test_what_is_of_the_server_as_a_whole(self) -> None:
        """Its settings, its end, its status: not for a token for something."""
        whole = (
            "/api/status",
            "/api/config/x",
            "/lab/api/settings",
            "/lab/api/workspaces",
            "/api/nbconvert",
            "/api/spec.yaml",
        )
        for limits in ({"session": "s1"}, {"folder": "lab"}, {"methods": ["execution.*"]}):
            token = self.made(**cast(Any, limits))
            for path in whole:
                self.assertEqual(self.by(token, "GET", path).status, 403, (limits, path))
            self.assertEqual(self.by(token, "POST", "/api/shutdown").status, 403)
            self.assertEqual(self.by(token, "POST", "/api/events", b"{}").status, 403)
        self.assertEqual(self.stopped, [])

    def test_contents_of_a_folder(self) -> None:
        """By the limit of the token, whole and in parts."""
        token = self.made(folder="lab")
        self.assertEqual(self.by(token, "GET", "/api/contents/lab/a.txt").json()["content"], "a")
        self.assertEqual(self.by(token, "GET", "/api/contents/b.txt").status, 403)
        self.assertEqual(self.by(token, "GET", "/api/contents").status, 403)
        self.assertEqual(self.by(token, "GET", "/api/contents/lab/../b.txt").status, 404)
        model = b'{"type": "file", "format": "text", "content": "x"%s}'
        self.assertEqual(self.by(token, "PUT", "/api/contents/lab/new.txt", model % b"").status, 201)
        self.assertEqual(self.by(token, "PUT", "/api/contents/new.txt", model % b"").status, 403)
        self.assertEqual(self.by(token, "PUT", "/api/contents/new.txt", model % b', "chunk": 1').status, 403)
        self.assertEqual(self.by(token, "PATCH", "/api/contents/lab/a.txt", b'{"path": "a.txt"}').status, 403)
        self.assertEqual(self.by(token, "GET", "/api/contents/b.txt/checkpoints").status, 403)
        self.assertEqual(self.by(token, "POST", "/api/contents/b.txt/checkpoints").status, 403)

    def test_kernels_of_one_session(self) -> None:
        """No other kernel is there for it; sockets neither."""
        token = self.made(session="s1")
        listed = self.by(token, "GET", "/api/kernels").json()
        self.assertEqual(len(listed), 1)
        other = next(one["kernel"]["id"] for one in self.rig.me.call("session.list")["sessions"] if one["id"] == "s2")
        self.assertEqual(self.by(token, "DELETE", f"/api/kernels/{other}").status, 404)
        self.assertEqual(self.by(token, "POST", "/api/kernels", b"{}").status, 403)
        self.assertEqual(self.by(token, "GET", "/api/terminals").status, 403)
        upgrade = {"Upgrade": "websocket", "Authorization": f"token {token}"}
        self.assertEqual(self.ask("GET", f"/api/kernels/{other}/channels", **upgrade).status, 404)
        self.assertEqual(self.ask("GET", "/api/events/subscribe", **upgrade).status, 403)
        self.assertEqual(self.ask("GET", "/terminals/websocket/1", **upgrade).status, 403)

    def test_no_page_of_jupyterlab(self) -> None:
        """It would be given a token without limits: a program is shown the door."""
        answer = self.by(self.made(), "GET", "/lab")
        self.assertEqual(answer.status, 200)
        self.assertNotIn(b"jupyter-config-data", answer.body)

    def test_a_token_in_an_address_is_not_logged(self) -> None:
        """Neither the query nor the path of it."""
        logged: list[str] = []
        observer = cast(ILogObserver, lambda event: logged.append(str(event)))
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        token = self.made(session="s1")
        self.assertEqual(self.ask("GET", f"/api/status?token={token}").status, 403)
        self.assertEqual(self.ask("GET", f"/api/kernels?token={token}").status, 200)
        self.assertEqual(self.ask("GET", f"/token/{token}/api/kernels/none/channels", Upgrade="websocket").status, 404)
        self.rig.me.call("token.revoke", all=True)
        self.assertEqual(self.ask("GET", f"/api/kernels?token={token}").status, 403)
        self.assertEqual(self.ask("GET", f"/token/{token}/api/kernels/none/channels", Upgrade="websocket").status, 403)
        self.assertTrue(logged)
        self.assertNotIn(token, "".join(logged))
        self.assertNotIn(PREFIX, "".join(logged))


def noted(outcome: T, outcomes: list[T]) -> T:
    """Notes what came of something."""
    outcomes.append(outcome)
    return outcome


class Sockets(SocketTestCase):
    """The WebSocket of the API."""

    async def token(self, **limits: Any) -> tuple[str, str]:
        """A new token: its id and itself."""
        self.addCleanup(self.stop_clocks)
        line = await self.connect()
        made = (await line.call("token.create", label="ci", **limits))["result"]
        return made["id"], made["token"]

    def stop_clocks(self) -> None:
        """What waits for the end of tokens and links."""
        self.services.logins.script_tokens._stop_clock()
        self.services.logins.shares._stop_clock()

    async def test_it_ends_with_4401_at_once(self) -> None:
        """Nothing comes on it any more, and no new one is let in, with the reason."""
        session = await self.session()
        id, token = await self.token()
        header = {"Authorization": f"Bearer {token}"}
        line, owner = await self.connect(**header), await self.connect()
        await line.call("session.subscribe", session=session)
        await owner.call("token.revoke", id=id)
        code, _ = await line.closed
        self.assertEqual(code, LOGIN_ENDED)
        came = len(line.messages)
        self.grow(session, 3, 10)
        await turn(0.05)
        self.assertEqual(len(line.messages), came)
        self.assertIn("was revoked", await self.refusal(**header))
        self.assertIn("There is no such script token", await self.refusal(Authorization=f"Bearer {PREFIX}x"))

    async def test_limits_hold_for_each_call(self) -> None:
        """On an open connection, after calls that were allowed."""
        session = await self.session()
        _, token = await self.token(read=True, session=session)
        line = await self.connect(Authorization=f"Bearer {token}")
        self.assertEqual((await line.call("session.get", session=session))["result"]["id"], session)
        for method, params in (
            ("session.rename", {"session": session, "title": "x"}),
            ("file.list", {}),
            ("token.create", {"label": "x"}),
            ("token.list", {}),
            ("token.revoke", {"all": True}),
            ("login.list", {}),
            ("share.link", {"session": session, "verb": "read"}),
        ):
            answer = await line.call(method, **params)
            self.assertEqual(answer["error"]["data"]["name"], "not_permitted", method)

    async def test_tokens_of_a_guest_count_as_the_guest(self) -> None:
        """Many tokens bring no more connections."""
        self.addCleanup(self.stop_clocks)
        session = await self.session()
        owner = await self.connect()
        link = (await owner.call("share.link", session=session, verb="read"))["result"]["url"]
        guest = await self.connect(**await self.guest(link.partition("#share=")[2], "Grace"))
        tokens = [(await guest.call("token.create", label=f"t{number}"))["result"]["token"] for number in range(2)]
        lines = [await self.connect(Authorization=f"Bearer {token}") for token in tokens for _ in range(4)]
        closed: list[Any] = []
        for line in lines:
            line.closed.addCallback(noted, closed)
        await turn(0.1)
        self.assertEqual(len(closed), 1, "the guest has a page, and seven more")
