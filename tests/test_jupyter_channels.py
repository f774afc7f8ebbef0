"""webipy.io.jupyter.channels, webipy.io.jupyter.client_requests, webipy.io.jupyter.sockets and webipy.io.jupyter.terminal_sockets: sockets of
Jupyter clients, fed with messages; the network is not there. Over a network, with real kernels: tests/clients/test_channels.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from tests.fakes import message, printed, status
from tests.test_jupyter_kernels import KernelTestCase
from webipy.core.api import calls
from webipy.core.api.access import Principal
from webipy.core.api.terminal_calls import MAX_INPUT
from webipy.core.kernel import socket_messages
from webipy.core.kernel.socket_messages import V1
from webipy.core.terminals.terminal_protocol import TerminalEnded
from webipy.io.jupyter.channels import ChannelsProtocol
from webipy.io.jupyter.routes import Asked
from webipy.io.jupyter.sockets import SocketProtocol
from webipy.io.jupyter.terminal_sockets import TerminalProtocol
from webipy.server.methods.method import Connection
from webipy.server.people.logins import TOKEN_LOGIN

OPEN, CLOSED = SocketProtocol.STATE_OPEN, SocketProtocol.STATE_CLOSED


class Wire(StringTransport):
    """A transport that takes everything at once, or when `dataBuffer` is empty again."""

    dataBuffer = _tempDataBuffer = b""


class Noting(SocketProtocol):
    """A socket that keeps what it sends, and how it was closed."""

    def noted(self) -> Noting:
        """The socket, in its handshake."""
        self.sent: list[Any] = []
        self.closed: int | None = None
        self.transport = cast(Any, Wire())
        self.transport.registerProducer(self, True)  # the server's, which a socket takes the place of
        return self

    def _give(self, message: bytes, is_binary: bool = False) -> None:
        if self.can_send:
            self.sent.append(_spelled(message) if is_binary else json.loads(message))

    def sendCloseFrame(self, code: int | None = None, *more: object, **others: object) -> None:
        """Notes the code."""
        self.closed, self.state = code, CLOSED

    def hear(self, value: object) -> None:
        """A message of the client: bytes as they are, or what is made JSON."""
        self.onMessage(value if isinstance(value, bytes) else json.dumps(value).encode(), isinstance(value, bytes))


def _spelled(frame: bytes) -> dict[str, Any]:
    """A message of the newer spelling, as the older one has it."""
    parts = socket_messages._cut(frame, "<Q")
    header, parent, metadata, content = (json.loads(part) for part in parts[1:5])
    return {
        "channel": parts[0].decode(),
        "header": header,
        "msg_type": header["msg_type"],
        "parent_header": parent,
        "metadata": metadata,
        "content": content,
        "buffers": parts[5:],
    }


class NotingChannels(Noting, ChannelsProtocol):  # type: ignore[misc]  # Autobahn's types differ between its own bases
    """A socket of a kernel."""

    def of(self, msg_id: str) -> list[tuple[str, Any]]:
        """What was sent for a request: types, states and contents."""
        found = [one for one in self.sent if one["parent_header"].get("msg_id") == msg_id]
        return [(one["msg_type"], one["content"].get("execution_state", one["content"])) for one in found]


class NotingTerminal(Noting, TerminalProtocol):  # type: ignore[misc]  # see NotingChannels
    """A socket of a terminal."""


class SocketTestCase(KernelTestCase):
    """A kernel that is ready, and sockets."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")

    def asked(self, parts: Mapping[str, str], query: str = "", login: str = TOKEN_LOGIN) -> Asked:
        """A handshake that has passed its route."""
        request: Any = SimpleNamespace(uri=f"/x?{query}".encode(), path=b"/x")
        connection = Connection(Principal("ada", "own", login))
        return Asked(request, parts, self.rig.api, connection)

    def opened(self, socket: Noting, asked: Asked, *protocols: str) -> str | None:
        """Carries the handshake of a socket out; gives the subprotocol."""
        socket.factory, socket.asked = self.channels, asked
        chosen = socket.onConnect(SimpleNamespace(protocols=list(protocols)))
        socket.state = OPEN
        socket.onOpen()
        self.rig.turn()
        return chosen

    def socket(
        self, client: str = "c1", *protocols: str, session: str = "", login: str = TOKEN_LOGIN
    ) -> NotingChannels:
        """A socket of a kernel that is open."""
        found = NotingChannels()
        found.noted()
        asked = self.asked({}, f"session_id={client}" if client else "", login)
        of = calls.OfSession(session=session or self.session)
        found.session = self.rig.wait(Deferred.fromCoroutine(asked.ask("session.get", of, calls.Session)))
        self.opened(found, asked, *protocols)
        return found

    def request(self, socket: Noting, kind: str, content: object, msg_id: str = "m1", /, **more: object) -> None:
        """A client sends a message."""
        header = {"msg_id": msg_id, "msg_type": kind, "session": "c1", "username": "", "version": "5.3", "date": 1.5}
        channel = {"channel": "shell", "metadata": {}, "parent_header": {}}
        socket.hear({"header": header, "content": content, **channel, **more})
        self.rig.turn()

    def reply(self, kind: str, content: object, channel: str = "shell") -> None:
        """The kernel replies to the newest request."""
        request = list(self.rig.host.requests)[-1]
        self.rig.host.emit((channel, message(kind, content, parent=request)))
        self.rig.turn()


class Runs(SocketTestCase):
    """Executions, in both spellings."""

    def test_a_run_from_its_request_to_its_reply(self) -> None:
        """Everything of it has the header of the request as its parent; the newer spelling says the same."""
        for spelling in ((), (V1,)):
            socket = self.socket("c1", *spelling)
            msg_id = f"m{len(spelling)}"
            frame = self.v1("execute_request", {"code": "print(1)"}, msg_id) if spelling else None
            if frame is None:
                self.request(socket, "execute_request", {"code": "print(1)"}, msg_id)
            else:
                socket.hear(frame)
                self.rig.turn()
            self.rig.host.run(msg_id, printed("1\n", msg_id))
            self.rig.turn()
            said = socket.of(msg_id)
            self.assertEqual(
                [kind for kind, _ in said if kind != "execute_input"], ["status", "stream", "execute_reply", "status"]
            )
            self.assertEqual([content for kind, content in said if kind == "status"], ["busy", "idle"])
            self.assertIn(("stream", {"name": "stdout", "text": "1\n"}), said)
            self.assertEqual(socket.sent[-1]["parent_header"]["date"], 1.5)

    def v1(self, kind: str, content: object, msg_id: str) -> bytes:
        """A message of a client in the newer spelling."""
        header = {"msg_id": msg_id, "msg_type": kind, "session": "c1", "date": 1.5}
        parts = [b"shell", *(json.dumps(one).encode() for one in (header, {}, {}, content))]
        at, offsets = 8 * (len(parts) + 2), list[int]()
        for part in parts:
            offsets.append(at)
            at += len(part)
        numbers = [len(parts) + 1, *offsets, at]
        return b"".join(number.to_bytes(8, "little") for number in numbers) + b"".join(parts)

    def test_of_the_spellings_that_are_offered_the_newer_one_is_taken(self) -> None:
        """Or none."""
        for offered, taken in (((V1,), V1), (("other", V1), V1), (("other",), None), ((), None)):
            found = NotingChannels()
            found.noted()
            found.session = self.socket("").session
            self.assertEqual(self.opened(found, self.asked({}), *offered), taken)

    def test_a_request_that_is_sent_again_runs_once(self) -> None:
        """Under an id that can be one of an execution, or a digest of one that cannot."""
        for msg_id in ("m1", "with spaces and more/than.that"):
            for _ in range(2):
                self.request(self.socket(), "execute_request", {"code": "1"}, msg_id)
        self.assertEqual(len(self.rig.host.executed()), 2)

    def test_a_client_that_comes_back_is_sent_what_it_missed(self) -> None:
        """And nothing twice; one that is new gets what comes."""
        first = self.socket()
        self.request(first, "execute_request", {"code": "1"})
        self.rig.host.emit(status("busy", "m1"), printed("1", "m1"))
        self.rig.turn()
        first.onClose(True, 1000, "")
        self.rig.host.emit(printed("2", "m1"))
        self.rig.turn()
        second, other = self.socket(), self.socket("c2")
        self.rig.host.emit(printed("3", "m1"))
        self.rig.turn()
        for socket, texts in ((first, "1"), (second, "23"), (other, "3")):
            self.assertEqual("".join(content["text"] for kind, content in socket.of("m1") if kind == "stream"), texts)

    def test_a_page_is_shown_what_runs_already(self) -> None:
        """It has asked for none of it; a program is not."""
        self.rig.me.call("execution.start", session=self.session, code="1", id="e1")
        self.rig.host.emit(status("busy", "e1"), printed("1", "e1"))
        self.rig.turn()
        secrets = self.login()
        headers = {"cookie": secrets["Cookie"], "x-webipy-key": secrets["X_Webipy_Key"], "host": "localhost:8888"}
        browser = self.auth.principal_of(headers.get, "127.0.0.1")
        assert browser is not None
        page, program = self.socket("page", login=browser.login), self.socket("program")
        self.assertIn("1", [one["content"].get("text") for one in page.sent])
        self.assertEqual(program.sent, [])

    def test_an_older_socket_of_a_client_is_closed(self) -> None:
        """So that it does not come back; one without a name is left alone, and so is another client's."""
        first, nameless, other = self.socket(), self.socket(""), self.socket("c2")
        second = self.socket()
        self.socket("")
        self.assertEqual([one.closed for one in (first, nameless, other, second)], [1000, None, None, None])
        self.assertEqual(self.channels.sockets(), len(self.channels.clients))
        first.onClose(True, 1000, "")
        third = self.socket()
        self.assertEqual((second.closed, third.closed), (1000, None))

    def test_when_the_server_or_the_kernel_goes(self) -> None:
        """A client of a server that stops comes back by itself; one of a kernel that was ended does not."""
        socket = self.socket()
        self.rig.host.tell("kernel_died", start=1, exit_status=3, signal=None, tail="", expected=False)
        self.rig.turn()
        states = [one["content"]["execution_state"] for one in socket.sent if one["msg_type"] == "status"]
        self.assertEqual((states, socket.closed), (["dead"], None), "it can be restarted")
        self.rig.me.call("session.close", session=self.session)
        self.rig.turn(5)
        self.assertEqual(socket.closed, 1000)
        again = self.socket(session=self.rig.session("python3"))
        self.channels.close_all()
        self.assertEqual(again.closed, 1012)

    def test_a_large_value_is_sent_whole(self) -> None:
        """What the journal keeps as a file is read when it is sent, and what comes after waits for it."""
        socket, large = self.socket(), "x" * 3_000_000
        self.request(socket, "execute_request", {"code": "1"})
        asked: list[Deferred[bytes]] = []

        def read(session: str, blob: str) -> Deferred[bytes]:
            asked.append(Deferred())
            return asked[-1]

        self.channels.read_blob = read
        shown = "iopub", message("display_data", {"data": {"text/plain": large}, "metadata": {}}, parent="m1")
        self.rig.host.emit(status("busy", "m1"), shown, printed("after", "m1"))
        self.rig.turn(5)
        self.assertNotIn("stream", [kind for kind, _ in socket.of("m1")])
        for one in asked:
            one.callback(large.encode())
        self.rig.turn(5)
        kinds = dict(socket.of("m1"))
        self.assertEqual((len(asked), kinds["display_data"]["data"]["text/plain"] == large), (1, True))
        self.assertEqual(kinds["stream"]["text"], "after")

    def test_what_a_silent_request_has_asked_for_comes_with_its_reply(self) -> None:
        """Its user_expressions."""
        socket = self.socket()
        self.request(socket, "execute_request", {"code": "", "silent": True, "user_expressions": {"a": "1"}})
        result = {"a": {"status": "ok", "data": {"text/plain": "1"}, "metadata": {}}}
        reply = message(
            "execute_reply", {"status": "ok", "execution_count": 1, "user_expressions": result}, parent="m1"
        )
        self.rig.host.emit(status("busy", "m1"), ("shell", reply), status("idle", "m1"))
        self.rig.turn(5)
        self.assertEqual(dict(socket.of("m1"))["execute_reply"].get("user_expressions"), result)


class Inquiries(SocketTestCase):
    """Requests that are no executions: they are answered to who asked alone, between a busy and an idle of their own."""

    def test_each_request_is_translated_there_and_back(self) -> None:
        """A table: what a client asks, and what the kernel replies."""
        complete = {"status": "ok", "matches": ["import"], "cursor_start": 0, "cursor_end": 2, "metadata": {}}
        inspected = {"status": "ok", "found": True, "data": {"text/plain": "help"}, "metadata": {}}
        past = {"status": "ok", "history": [[1, 1, "x = 1"]]}
        table: list[tuple[str, Any, Any]] = [
            ("complete_request", {"code": "im", "cursor_pos": 2}, complete),
            ("inspect_request", {"code": "print", "cursor_pos": 3, "detail_level": 1}, inspected),
            ("is_complete_request", {"code": "for i in x:"}, {"status": "incomplete", "indent": "    "}),
            ("history_request", {"hist_access_type": "tail", "n": 3}, past),
            ("history_request", {"hist_access_type": "search", "pattern": "x*", "unique": True}, past),
            ("history_request", {"hist_access_type": "range", "session": -1, "start": 1, "stop": 2}, past),
            ("comm_info_request", {}, {"status": "ok", "comms": {}}),
        ]
        for number, (kind, content, said) in enumerate(table):
            socket, other = self.socket("c1"), self.socket("c2")
            self.request(socket, kind, content, f"q{number}")
            name = kind.replace("_request", "_reply")
            self.reply(name, said)
            kinds = [f"{one} {state}" if one == "status" else one for one, state in socket.of(f"q{number}")]
            self.assertEqual((kinds[0], kinds[-2:]), ("status busy", [name, "status idle"]), kind)
            answer = dict(socket.of(f"q{number}"))[name]
            known = {key: value for key, value in said.items() if key in answer}
            self.assertEqual({key: answer[key] for key in known}, known, kind)
            self.assertEqual(other.of(f"q{number}"), [])

    def test_a_request_that_only_the_control_channel_takes(self) -> None:
        """With its buffers, there and back."""
        socket = self.socket()
        self.request(socket, "debug_request", {"seq": 1}, channel="control")
        self.reply("debug_reply", {"ok": 1}, "control")
        self.assertEqual(dict(socket.of("m1"))["debug_reply"], {"ok": 1})
        self.assertEqual([one["channel"] for one in socket.sent if one["msg_type"] == "debug_reply"], ["control"])

    def test_the_description_of_a_kernel(self) -> None:
        """From the journal, also while it is busy, which is said; when it is not there yet, then."""
        socket = self.socket()
        self.request(socket, "kernel_info_request", {}, "k1")
        self.assertEqual(dict(socket.of("k1"))["kernel_info_reply"]["implementation"], "fake")
        self.request(socket, "execute_request", {"code": "1"})
        self.rig.host.emit(status("busy", "m1"))
        self.rig.turn()
        self.request(socket, "kernel_info_request", {}, "k2", channel="control")
        self.assertEqual([state for kind, state in socket.of("k2") if kind == "status"], ["busy", "idle", "busy"])
        young = str(self.rig.me.call("session.create", kernelspec="python3")["id"])
        waiting = self.socket("c9", session=young)
        self.request(waiting, "kernel_info_request", {}, "k3")
        self.assertEqual(waiting.of("k3"), [])
        self.rig.host.ready()
        self.rig.turn(5)
        self.assertEqual([kind for kind, _ in waiting.of("k3")][:2], ["status", "kernel_info_reply"])

    def test_messages_of_widgets(self) -> None:
        """They reach the kernel in their order; the client sees them done when the kernel has come to them."""
        socket = self.socket()
        for kind, content in (
            ("comm_open", {"comm_id": "w1", "target_name": "t", "data": {}}),
            ("comm_msg", {"comm_id": "w1", "data": {"a": 1}}),
            ("comm_close", {"comm_id": "w1", "data": {}}),
        ):
            self.request(socket, kind, content, kind)
            self.rig.turn()
            sent = [one.header.msg_type for _, one in self.rig.host.requests.values()]
            self.assertEqual(sent[-2:], [kind, "kernel_info_request"])
            self.assertEqual(socket.of(kind), [("status", "busy")])
            self.reply("kernel_info_reply", {"status": "ok"})
            self.assertEqual(socket.of(kind), [("status", "busy"), ("status", "idle")])
        self.request(socket, "comm_open", {"target_name": "t"}, "wrong")
        self.assertEqual(socket.of("wrong"), [("status", "idle")])

    def test_a_question_of_code_is_put_to_who_ran_it(self) -> None:
        """The answer names it, or it is the only one."""
        socket, other = self.socket("c1"), self.socket("c2")
        self.request(socket, "execute_request", {"code": "input()"})
        for number, parent in enumerate(({}, {"msg_id": "r1"})):
            asked = (
                "stdin",
                message("input_request", {"prompt": "? ", "password": False}, parent="m1", msg_id=f"r{number}"),
            )
            self.rig.host.emit(status("busy", "m1"), asked)
            self.rig.turn()
            self.assertEqual(dict(socket.of("m1"))["input_request"], {"prompt": "? ", "password": False})
            self.request(socket, "input_reply", {"value": "x"}, f"i{number}", channel="stdin", parent_header=parent)
            channel, sent = list(self.rig.host.requests.values())[-1]
            self.assertEqual(
                (channel, sent.header.msg_type, json.loads(sent.content)["value"]), ("stdin", "input_reply", "x")
            )
        self.assertNotIn("input_request", dict(other.of("m1")))
        before = len(self.rig.host.requests)
        self.request(other, "input_reply", {"value": "x"}, "i9", channel="stdin")
        self.assertEqual(len(self.rig.host.requests), before, "nobody waits for it")

    def test_interrupt_restart_and_shutdown(self) -> None:
        """By messages; a kernel that was made alone goes with its session."""
        socket = self.socket()
        self.request(socket, "interrupt_request", {}, "n1", channel="control")
        self.assertEqual(dict(socket.of("n1"))["interrupt_reply"], {"status": "ok"})
        self.request(socket, "shutdown_request", {"restart": True}, "n2", channel="control")
        self.assertEqual(dict(socket.of("n2"))["shutdown_reply"], {"status": "ok", "restart": True})
        self.assertEqual(self.rig.me.call("session.get", session=self.session)["kernel"]["state"], "restarting")
        kernel = self.sent("POST", "/api/kernels", {}).json()["id"]
        self.ready()
        alone = next(one for one in self.rig.me.call("session.list")["sessions"] if one["client_path"] == "")
        self.request(self.socket(session=alone["id"]), "shutdown_request", {}, "n3", channel="control")
        self.rig.turn(5)
        self.assertEqual(self.sent("GET", f"/api/kernels/{kernel}").status, 404)


class Faults(SocketTestCase):
    """What clients do wrong."""

    def test_what_does_not_reach_the_kernel(self) -> None:
        """Another channel or type is passed over, a wrong content answered, where it is a request."""
        socket = self.socket()
        for kind, content, more in (
            ("execute_request", {"code": "1"}, {"channel": "iopub"}),
            ("execute_request", {"code": "1"}, {"channel": "nothing"}),
            ("execute_reply", {}, {}),
            ("debug_request", {}, {"channel": "stdin"}),
            ("x_request", {}, {}),
        ):
            self.request(socket, kind, content, "w1", **more)
        self.assertEqual(socket.of("w1"), [])
        self.request(socket, "execute_request", {"code": 5}, "w2")
        self.assertEqual(dict(socket.of("w2"))["execute_reply"]["ename"], "InvalidRequest")
        self.request(socket, "debug_request", {}, "w3", channel="shell")
        self.assertEqual(dict(socket.of("w3"))["debug_reply"]["ename"], "invalid_params")
        self.assertEqual(self.rig.host.requests, {})

    def test_what_is_no_message_closes_the_socket(self) -> None:
        """With 1007: of either spelling."""
        for spelling in ((), (V1,)):
            for wrong in (b"", b"{}", b"[]", b"\xff", b"\0" * 40, b'{"header":{},"content":[]}'):
                socket = self.socket("", *spelling)
                socket.hear(wrong)
                self.rig.turn()
                self.assertEqual(socket.closed, 1007, wrong)

    def test_the_cell_that_a_request_names(self) -> None:
        """Is that of the document; one that is not there is none, and metadata that cannot be read name none."""
        self.notebook()
        session = str(self.rig.me.call("session.create", path="a.ipynb", kernelspec="python3")["id"])
        self.rig.host.ready()
        cell = str(self.rig.me.call("cell.insert", session=session, source="1")["cell"])
        socket = self.socket(session=session)
        metadata: list[Any] = [{"cellId": cell}, {"cellId": "ghost"}, {"cellId": 5}]
        for number, one in enumerate(metadata):
            self.request(socket, "execute_request", {"code": "1"}, f"e{number}", metadata=one)
        found = self.rig.me.call("session.events", session=session, since=0)["events"]
        cells = [event.get("cell") for event in found if event["type"] == "execution_queued"]
        self.assertEqual(cells, [cell, None, None])

    def test_a_client_under_many_names(self) -> None:
        """So many count; those beyond get nothing that is for them alone."""
        socket = self.socket("")
        for number in range(100):
            header = {"msg_id": f"m{number}", "msg_type": "kernel_info_request", "session": f"s{number}"}
            socket.hear({"header": header, "content": {}})
        self.rig.turn(5)
        self.assertEqual(len(socket._names), 64)


class Terminals(SocketTestCase):
    """Sockets of terminals."""

    def terminal(self) -> NotingTerminal:
        """A socket of a new terminal."""
        name = self.sent("POST", "/api/terminals").json()["name"]
        socket = NotingTerminal()
        socket.noted()
        self.opened(socket, self.asked({"name": name}))
        return socket

    def test_what_is_typed_and_what_is_shown(self) -> None:
        """The client waits for `setup`; sizes that no terminal has are passed over."""
        socket = self.terminal()
        self.assertEqual(socket.sent[0], ["setup", {}])
        host = self.rig.disk.terminals.hosts["1"]
        host.print(b"hello")
        host.push()
        self.rig.turn()
        self.assertIn(["stdout", "hello"], socket.sent)
        for said in (
            ["stdin", "ls\r"],
            ["set_size", 30, 90, 1, 1],
            ["set_size", 0, None],
            ["set_size"],
            ["stdin", 5],
            [],
            ["other"],
        ):
            socket.hear(said)
            self.rig.turn()
        self.assertEqual(socket.closed, None)
        found = self.rig.me.call("terminal.list")["terminals"][0]
        self.assertEqual((found["rows"], found["cols"]), (30, 90))

    def test_a_terminal_that_was_closed_meanwhile(self) -> None:
        """Is told, and the client does not come back; a long text goes in parts."""
        socket = self.terminal()
        socket.hear(["stdin", "x" * (MAX_INPUT + 1)])
        self.rig.turn(3)
        self.assertEqual(socket.closed, None)
        socket.asked = attrs.evolve(socket.asked, parts={"name": "none"})
        socket.hear(["stdin", "x"])
        self.rig.turn(3)
        self.assertEqual((socket.sent[-1], socket.closed), (["disconnect", 1], 1000))

    def test_the_handshakes_of_sockets(self) -> None:
        """They are taken over when there is a kernel, or a terminal, of that name; else 404."""
        StringTransport.protocol = None  # type: ignore[attr-defined]  # Autobahn puts its own there
        self.addCleanup(delattr, StringTransport, "protocol")
        self.channels.setProtocolOptions(
            openHandshakeTimeout=0, autoPingInterval=0
        )  # Autobahn counts in the reactor of the tests
        kernel = self.listed("kernels")[0]["id"]
        self.sent("POST", "/api/terminals")
        handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
        handshake["Sec_WebSocket_Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        for path, expected in (
            (f"/api/kernels/{kernel}/channels", 101),
            ("/api/kernels/none/channels", 404),
            ("/terminals/websocket/1", 101),
            ("/terminals/websocket/none", 404),
            ("/api/events/subscribe", 101),
        ):
            self.assertEqual(self.api("GET", path, **handshake).status, expected, path)

    def test_what_is_no_message(self) -> None:
        """Closes the socket."""
        for wrong in (b"{}", b"\xff", b"5", b"[" * 5000):
            socket = self.terminal()
            socket.hear(wrong)
            self.rig.turn()
            self.assertEqual(socket.closed, 1007, wrong)

    def test_the_end_of_a_shell(self) -> None:
        """Is told, and the client does not come back."""
        socket = self.terminal()
        self.rig.disk.terminals.hosts["1"].end(TerminalEnded(exit_status=0))
        self.rig.turn()
        self.assertEqual((socket.sent[-1], socket.closed), (["disconnect", 1], 1000))
