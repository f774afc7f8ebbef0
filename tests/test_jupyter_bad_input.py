"""Every route of a Jupyter Server with what no client should send: types, paths, ids, queries and messages. What is refused changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tests.fakes import message, status
from tests.test_documents import notebook, sources
from tests.test_jupyter_channels import SocketTestCase
from tests.test_jupyter_routes import DOORS
from tests.test_site import Answer
from webipy.io.jupyter.collaboration import Wanted
from webipy.io.jupyter.contents import WantedModel
from webipy.io.jupyter.conversions import Model
from webipy.io.jupyter.events import Event
from webipy.io.jupyter.kernels import StartKernel
from webipy.io.jupyter.lab_api import _Raw
from webipy.io.jupyter.routes import Route
from webipy.io.jupyter.sessions import WantedSession
from webipy.io.jupyter.terminals import _New

JSON: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "../x",
    "\0",
    "ä" * 5000,
    [],
    [1],
    {},
    {"a": {"b": 1}},
)
"""A value of each type, and some that are hostile."""

BROKEN: Final = (
    b"{", b"[]", b"5", b'"x"', b"null", b"true", b"\xff\xfe", b'{"path":"\xff"}', b'{"path":"\\ud800"}', b"[" * 5000, b'{"a":' * 5000,
    b"{'a':1}", b'{"a":1}{', b"\0", b'{"path":NaN}',
)  # fmt: skip
"""What is no JSON object."""

BODIES: Final[Mapping[str, tuple[type[msgspec.Struct], dict[str, Any]]]] = {
    "/api/kernels": (StartKernel, {"name": "python3"}),
    "/api/sessions": (
        WantedSession,
        {"path": "w.ipynb", "type": "notebook", "name": "w", "kernel": {"name": "python3"}},
    ),
    "/api/sessions/{session}": (WantedSession, {"path": "w.ipynb"}),
    "/api/contents/{path...}": (WantedModel, {"type": "file", "format": "text", "content": "x"}),
    "/nbconvert/{format}": (Model, {}),
    "/api/terminals": (_New, {}),
    "/api/events": (Event, {"schema_id": "x", "version": "1", "data": {}}),
    "/lab/api/settings/{name...}": (_Raw, {"raw": "{}"}),
    "/api/collaboration/session/{path...}": (Wanted, {"format": "json", "type": "notebook"}),
}
"""The shape of the bodies of a route, and one that is right."""

ANY_BODY: Final = frozenset({
    "/api/config/{section}", "/lab/api/workspaces/{name...}", "/api/security/csp-report", "/api/shutdown", "/api/me",
    "/api/kernels/{kernel}/interrupt", "/api/kernels/{kernel}/restart", "/api/contents/{path...}/trust",
    "/api/contents/{path...}/checkpoints", "/api/contents/{path...}/checkpoints/{checkpoint}",
})  # fmt: skip
"""Routes that take any object, that hand the text on, or that read no body."""

PATHS: Final = (
    "..", "../x", "../../etc/passwd", "a/../../x", "%2e%2e/x", "%2e%2e%2fx", "..%2f..%2fetc%2fpasswd", "%2Fetc%2Fpasswd", "..%5Cx", "a%00b",
    "%00", ".hidden", "plots/.hidden", "./a.txt", "plots/./a.png", "plots//a.png", "%FF%FE", "%ED%A0%80", "x%0D%0ASet-Cookie:%20a=b", "%",
    "%zz", "x" * 300, "x/" * 300 + "x", "~", "~root", "a.txt/x", "%E2%80%AE", "CON", "*", "a.txt%20", "none",
)  # fmt: skip
"""Paths that lead out of the root, that are hidden, that no file can have, and that are not there."""

QUERIES: Final = (
    "type=x", "type=", "format=x", "format=json", "content=2", "content=x", "hash=x", "hash=-1", "content=%FF", "type=notebook", "type=directory",
    "permissions=x", "permissions=[]", "permissions=%7B%22a%22:1%7D", "download=x", "bundles=(", "full_text=x", "kernel=none", "path=%00",
    "path=..%2F..%2Fetc%2Fpasswd", "&&&=&=", "%", "type=file&type=directory",
)  # fmt: skip


class BadInputCase(SocketTestCase):
    """A kernel that is ready, some files, and a picture of all that is there."""

    def setUp(self) -> None:
        super().setUp()
        self.files: Any = self.rig.disk.files
        self.files.put("plots/a.png", b"\xff\x00")
        self.files.put("a.txt", b"text")
        self.files.put("a.ipynb", notebook("x = 1", "y = 2"))
        self.kernel = self.listed("kernels")[0]["id"]

    def there(self) -> Any:
        """What a refused request must not change: the files, sessions, kernels and terminals, and what the kernel was told."""
        sessions = [(one["id"], one["path"], one["title"]) for one in self.rig.me.call("session.list")["sessions"]]
        terminals = [one["id"] for one in self.rig.me.call("terminal.list")["terminals"]]
        kernels = [(one["id"], one["name"], one["execution_state"]) for one in self.listed("kernels")]
        return (
            sessions,
            terminals,
            kernels,
            self.files.writes,
            list(self.rig.host.requests),
            list(self.rig.host.commands),
        )

    def check(self, answer: Answer, what: object) -> None:
        """An answer that a client can read: no fault of the server, and a refusal says in JSON what is wrong."""
        self.assertNotIn(answer.status, (0, 500), (what, answer.body))
        if answer.status >= 400:
            found = answer.json()
            self.assertLessEqual(
                {"message", "reason"}, set(found) | ({"reason"} if answer.status == 501 else set()), what
            )
            self.assertTrue(found["message"], what)
        self.assertNotIn("set-cookie", answer.headers, what)
        self.assertEqual(self.flushLoggedErrors(), [], what)

    def changing(self) -> Iterator[tuple[str, Route]]:
        """All routes that are no page, with each method that takes a body."""
        for route in self.routes():
            for method in route.functions:
                if route.path not in DOORS and method not in ("GET", "DELETE"):
                    yield method, route


class Bodies(BadInputCase):
    """Bodies."""

    def test_every_route_is_known(self) -> None:
        """One that takes a body has its shape here."""
        self.assertEqual({route.path for _, route in self.changing()}, {*BODIES, *ANY_BODY})

    def test_what_is_no_object(self) -> None:
        """Is 400 with every route that reads its body, and changes nothing."""
        before = self.picture()
        for method, route in self.changing():
            for body in BROKEN if not route.path.endswith("/restart") else ():
                answer = self.api(method, self.place(route), body)
                self.check(answer, (method, route.path, body[:40]))
                if route.path in BODIES:
                    self.assertEqual(answer.status, 400, (method, route.path, body[:40]))
        self.assertEqual(self.picture(), before)

    def picture(self) -> Any:
        """See `there`: without what routes do that read no body."""
        sessions, terminals, kernels, writes, requests, _ = self.there()
        return [one[:2] for one in sessions], terminals, [one[:2] for one in kernels], writes, requests

    def test_fields_of_other_types(self) -> None:
        """Are 400, and change nothing; of what has the right type, nothing is a fault of the server."""
        for method, route in self.changing():
            if route.path not in BODIES:
                continue
            kind, right = BODIES[route.path]
            for field in msgspec.structs.fields(kind):
                for value in JSON:
                    before = self.there()
                    body = {**right, field.name: value}
                    answer = self.api(method, self.place(route), json.dumps(body).encode())
                    what = (method, route.path, field.name, str(value)[:40])
                    self.check(answer, what)
                    if not fits(value, field.type):
                        self.assertEqual(answer.status, 400, what)
                    if answer.status >= 400:
                        self.assertEqual(self.there(), before, what)

    def place(self, route: Route) -> str:
        """The address of a route, of something that is there."""
        parts = {
            "kernel": self.kernel,
            "session": self.session,
            "path": "a.txt",
            "format": "html",
            "section": "x",
            "name": "x",
        }
        return re.sub(r"\{(\w+)[^}]*\}", lambda found: parts.get(found[1], "x"), route.path)


class Addresses(BadInputCase):
    """Addresses and queries."""

    def test_paths_that_leave_the_root(self) -> None:
        """Nothing is read or written there, nothing is a fault of the server, and nothing gets into a header."""
        root, inside = self.file_tree.root.path, self.there()
        around = sorted(one.name for one in root.parent.iterdir())
        text = json.dumps({"type": "file", "format": "text", "content": "x"}).encode()
        for route in self.routes():
            if route.path in DOORS or "{" not in route.path:
                continue
            for path in PATHS:
                place = re.sub(r"\{\w+\.*\}", path, route.path)
                for method in route.functions:
                    if method in ("GET", "DELETE"):
                        self.check(self.api(method, place), (method, place))
                    elif path != "none":
                        self.check(
                            self.api(method, place, text if "contents" in route.path else b"{}"), (method, place)
                        )
        self.assertEqual(sorted(one.name for one in root.parent.iterdir()), around)
        self.assertEqual(self.there()[4:], inside[4:])

    def test_where_contents_must_not_be(self) -> None:
        """404 for what is read, 400 for what is changed, as `checked_path` says; by every way that a client names a path."""
        text = {"type": "file", "format": "text", "content": "x"}
        for path in ("..", "../x", "%2e%2e/x", "..%2fx", "a/../../x", ".hidden", "plots/.x", "plots//a.png"):
            for rest in ("", "/checkpoints"):
                self.assertEqual(self.api("GET", f"/api/contents/{path}{rest}").status, 404, path)
            for method, body in (("PUT", text), ("POST", {}), ("PATCH", {"path": "b"}), ("DELETE", {})):
                answer = self.api(method, f"/api/contents/{path}", json.dumps(body).encode())
                self.assertEqual(answer.status, 400, (method, path, answer.body))
        for path in ("..", "../x", "a/../../x", ".x", "/../x"):
            for method, place, wrong in (
                ("POST", "", {"copy_from": path}), ("PATCH", "a.txt", {"path": path}), ("PUT", "b.txt", {**text, "path": path}),
                ("POST", path, {"copy_from": "a.txt"}),
            ):  # fmt: skip
                answer = self.api(method, f"/api/contents/{quote(place)}".rstrip("/"), json.dumps(wrong).encode())
                self.assertEqual(answer.status, 400, (method, wrong, answer.body))
        self.assertEqual(self.files.writes, 0)

    def test_queries(self) -> None:
        """Are refused with 400, or do not count: a type that is none is a file, as Jupyter Server has it."""
        before = self.there()
        for route in self.routes():
            if route.path in DOORS or "GET" not in route.functions:
                continue
            place = re.sub(r"\{\w+\.*\}", "a.txt", route.path)
            for query in QUERIES:
                self.check(self.api("GET", f"{place}?{query}"), (place, query))
        for query in (
            "format=x",
            "format=json",
            "content=2",
            "content=x",
            "hash=x",
            "type=directory",
            "format=x&type=x",
        ):
            self.assertEqual(self.api("GET", f"/api/contents/a.txt?{query}").status, 400, query)
        self.assertEqual(self.there(), before)

    def test_ids_of_nothing(self) -> None:
        """Are 404, whatever they look like."""
        for id in (
            "none",
            "0" * 32,
            "00000000-0000-0000-0000-000000000000",
            "..",
            "%00",
            "%FF",
            "x" * 5000,
            self.session,
            "a%2Fb",
            "1",
        ):
            for method, path in (
                ("GET", "/api/kernels/{}"), ("DELETE", "/api/kernels/{}"), ("POST", "/api/kernels/{}/interrupt"),
                ("POST", "/api/kernels/{}/restart"), ("GET", "/api/terminals/{}"), ("DELETE", "/api/terminals/{}"),
                ("GET", "/api/kernelspecs/{}"), ("GET", "/kernelspecs/{}/logo-64x64.png"),
            ):  # fmt: skip
                self.assertEqual(self.api(method, path.format(id)).status, 404, (method, path, id[:40]))
        for method in ("GET", "PATCH", "DELETE"):
            self.assertEqual(self.api(method, f"/api/sessions/{self.kernel}x", b"{}").status, 404)


class Models(BadInputCase):
    """Models of documents."""

    def test_an_old_model_is_saved_again_and_again(self) -> None:
        """What others did meanwhile stays: outputs, edits, and a cell that they added; what the client has changed comes in once."""
        session = self.rig.me.call("session.create", path="a.ipynb", kernelspec="python3")["id"]
        old = self.api("GET", "/api/contents/a.ipynb?hash=1").json()
        self.rig.me.call("cell.set_source", session=session, cell="c0", source="newer")
        self.rig.me.call("cell.insert", session=session, source="added")
        for time in (1, 2, 3):
            answer = self.api("PUT", "/api/contents/a.ipynb", json.dumps(old).encode())
            self.assertEqual(answer.status, 200, time)
            found = sources(self.files.body("a.ipynb"))
            self.assertEqual(sorted(found), ["added", "newer", "y = 2"], time)
        old["content"]["cells"][1]["source"] = "mine"
        for time in (1, 2):
            self.assertEqual(self.api("PUT", "/api/contents/a.ipynb", json.dumps(old).encode()).status, 200, time)
            self.assertEqual(sorted(sources(self.files.body("a.ipynb"))), ["added", "mine", "newer"], time)

    def test_documents_that_are_none(self) -> None:
        """Each field of a notebook, and of its cells, in every other type: refused with 400, or repaired; the document is never worse than before."""
        right = self.api("GET", "/api/contents/a.ipynb").json()
        book = right["content"]
        wrong = [{**book, name: value} for name in book for value in JSON]
        wrong += [{**book, "cells": [{**book["cells"][0], name: value}]} for name in book["cells"][0] for value in JSON]
        wrong += [{**book, "cells": [{**book["cells"][0], "outputs": [value]}]} for value in JSON]
        for content in wrong:
            answer = self.api("PUT", "/api/contents/a.ipynb", json.dumps({**right, "content": content}).encode())
            self.check(answer, str(content)[:200])
            self.assertIn(answer.status, (200, 400), str(content)[:200])
            now = self.api("GET", "/api/contents/a.ipynb")
            self.assertEqual((now.status, now.json()["type"]), (200, "notebook"), str(content)[:200])


class Messages(BadInputCase):
    """Messages on the socket of a kernel."""

    def header(self, **other: Any) -> dict[str, Any]:
        """The header of a request."""
        right = {
            "msg_id": "m",
            "msg_type": "execute_request",
            "session": "c1",
            "username": "",
            "version": "5.3",
            "date": "",
        }
        return {**right, **other}

    def test_fields_of_other_types(self) -> None:
        """Of the message, and of its header: the socket closes with 1007, or nothing comes of it; the kernel is asked nothing."""
        right = {
            "header": self.header(msg_type="x_request"),
            "parent_header": {},
            "metadata": {},
            "content": {"code": "1"},
            "channel": "shell",
        }
        for field in right:
            for value in JSON:
                self.tried({**right, field: value}, (field, value))
        for field in self.header():
            for value in JSON:
                self.tried({**right, "header": self.header(**{"msg_type": "x_request", field: value})}, (field, value))

    def tried(self, message: object, what: object) -> None:
        """A message on a socket of its own."""
        socket = self.socket("")
        socket.hear(message)
        self.rig.turn()
        self.assertIn(socket.closed, (None, 1007), what)
        self.assertEqual((self.rig.host.requests, self.flushLoggedErrors()), ({}, []), what)

    def test_types_and_channels(self) -> None:
        """Every type that there is on every channel where it does not belong, and types that are none, reach nothing and get no reply."""
        shell = ("execute", "complete", "inspect", "is_complete", "history")
        either = (
            "kernel_info",
            "interrupt",
            "shutdown",
            "comm_info",
            "connect",
            "debug",
            "usage",
            "create_subshell",
            "delete_subshell",
            "list_subshell",
        )
        types = {f"{name}_{end}" for name in (*shell, *either) for end in ("request", "reply")}
        types |= {
            "input_request",
            "input_reply",
            "stream",
            "status",
            "display_data",
            "error",
            "execute_input",
            "comm_open",
            "comm_msg",
            "comm_close",
        }
        types |= {"", "x", "x" * 5000, "shutdown_request ", "SHUTDOWN_REQUEST", "execute_request\0", "__class__"}
        allowed = {"shell": {f"{name}_request" for name in (*shell, *either)} | {"comm_open", "comm_msg", "comm_close"}}
        allowed["control"] = {f"{name}_request" for name in either}
        allowed["stdin"] = {"input_reply"}
        before, socket = self.rig.host.commands[:], self.socket()
        for channel in ("shell", "control", "stdin", "iopub", "hb", "", "Shell", "shell ", "\0", "x" * 5000):
            for kind in sorted(types - allowed.get(channel, set())):
                self.request(
                    socket,
                    kind,
                    {"code": "1", "restart": False, "comm_id": "c", "value": "x"},
                    f"{channel[:9]} {kind[:30]}",
                    channel=channel,
                )
                self.assertEqual(socket.closed, None, (channel, kind))
        self.assertEqual([one for one in socket.sent if one["parent_header"]], [])
        self.assertEqual((self.rig.host.requests, self.rig.host.commands), ({}, before))

    def test_contents_of_other_types(self) -> None:
        """Of requests that there are: each is answered with an error, or goes as it should; none is a fault of the server."""
        fields = {
            "execute_request": ("code", "silent", "store_history", "user_expressions", "allow_stdin", "stop_on_error"),
            "complete_request": ("code", "cursor_pos"),
            "inspect_request": ("code", "cursor_pos", "detail_level"),
            "is_complete_request": ("code",),
            "history_request": (
                "hist_access_type",
                "session",
                "start",
                "stop",
                "output",
                "raw",
                "n",
                "pattern",
                "unique",
            ),
            "comm_open": ("comm_id", "target_name", "data"),
            "comm_msg": ("comm_id", "data"),
            "comm_close": ("comm_id", "data"),
        }
        right = {"code": "1", "comm_id": "c", "hist_access_type": "range"}
        count = 0
        for kind, names in fields.items():
            for name in names:
                for value in JSON:
                    count += 1
                    socket = self.socket("")
                    self.request(socket, kind, {**right, name: value}, f"m{count}")
                    self.assertEqual((socket.closed, self.flushLoggedErrors()), (None, []), (kind, name, value))
        for number, wrong in enumerate(one for one in JSON if not isinstance(one, bool)):
            socket = self.socket()
            self.request(socket, "shutdown_request", {"restart": wrong}, f"s{number}")
            self.assertEqual(dict(socket.of(f"s{number}"))["shutdown_reply"]["ename"], "InvalidRequest", wrong)
        self.assertEqual([one for one in self.rig.host.commands if one[0] in ("shut_down", "restart")], [])

    def test_a_forged_parent(self) -> None:
        """An answer to code that asks: one without a prompt of its own, or with a parent that is none, reaches no prompt of another client."""
        socket, other = self.socket("c1"), self.socket("c2")
        self.request(socket, "execute_request", {"code": "input()"})
        asked = message("input_request", {"prompt": "? ", "password": False}, parent="m1", msg_id="r0")
        self.rig.host.emit(status("busy", "m1"), ("stdin", asked))
        self.rig.turn()
        before = dict(self.rig.host.requests)
        for number, parent in enumerate(
            ({}, None, {"msg_id": "m1"}, {"msg_id": "none"}, {"msg_id": ""}, {"msg_id": "r0 "}, {"x": 1})
        ):
            header = self.header(msg_id=f"f{number}", msg_type="input_reply", session="c2")
            self.request(other, "input_reply", {"value": "x"}, channel="stdin", parent_header=parent, header=header)
        for number, wrong in enumerate(JSON):
            if not isinstance(wrong, str):
                self.request(
                    socket,
                    "input_reply",
                    {"value": wrong},
                    f"w{number}",
                    channel="stdin",
                    parent_header={"msg_id": "r0"},
                )
        self.assertEqual((self.rig.host.requests, socket.closed, other.closed), (before, None, None))
        self.request(socket, "input_reply", {"value": "x"}, "right", channel="stdin", parent_header={"msg_id": "r0"})
        self.assertEqual(len(self.rig.host.requests), len(before) + 1)

    def test_a_socket_counts_as_the_clients_that_it_names(self) -> None:
        """A request with the name of another client is one of that client: who owns the server may do both. Its msg_id runs once."""
        for number in range(3):
            self.request(self.socket(f"c{number}"), "execute_request", {"code": "1"}, "same")
        self.assertEqual(len(self.rig.host.requests), 1)


def fits(value: object, kind: Any) -> bool:
    """Whether a value is one of a type; what is taken as it is fits always."""
    if kind == msgspec.Raw | msgspec.UnsetType:
        return True
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
