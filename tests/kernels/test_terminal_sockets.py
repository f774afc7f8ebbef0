"""webipy.io.jupyter.terminal_sockets: the socket of a terminal, with a real shell, and what clients do wrong with it."""

from __future__ import annotations

import json
import socket
import urllib.request
from typing import Any

from tests.blocking_websocket import BlockingWebSocket, Closed, HandshakeRefused
from tests.live import Server, ServerCase
from tests.terminals import SHELL


class TerminalSocket(BlockingWebSocket):
    """A client as JupyterLab has one.

    Args:
        server: The server.
        name: The name of the terminal.
        token: What it shows.
    """

    def __init__(self, server: Server, name: str, token: str | None = None) -> None:
        self.path = f"/terminals/websocket/{name}?token={server.token if token is None else token}"
        super().__init__(socket.create_connection(("127.0.0.1", server.port), 60), {})
        self.shown = ""

    def say(self, *message: object) -> None:
        """Sends one message."""
        self.text(json.dumps(message).encode())

    def next(self) -> list[Any]:
        """The next message."""
        message: list[Any] = json.loads(self.receive())
        if message[0] == "stdout":
            self.shown += message[1]
        return message

    def until(self, wanted: str) -> str:
        """Reads until a text is shown; gives all that was."""
        while wanted not in self.shown:
            self.next()
        return self.shown


class TerminalSockets(ServerCase):
    """One server for each test."""

    def make_server(self) -> Server:
        return self.own_server(environment=SHELL)

    def rest(self, method: str, path: str) -> Any:
        """Asks by HTTP."""
        asked = urllib.request.Request(f"{self.server.origin}{path}", method=method)
        asked.add_header("Authorization", f"token {self.server.token}")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def terminal(self) -> tuple[str, TerminalSocket]:
        """The name of a new terminal, and a client at its first prompt."""
        name = str(self.rest("POST", "/api/terminals")["name"])
        client = TerminalSocket(self.server, name)
        self.assertEqual(client.next(), ["setup", {}])
        client.say("stdin", "PS1='$ '; stty -echo; echo rea''dy\r")
        client.until("ready\r\n")
        return name, client

    def test_a_shell_is_typed_into_sized_and_ended(self) -> None:
        """As Jupyter's clients do; who comes later is shown what was printed."""
        name, client = self.terminal()
        client.say("set_size", 31, 97, 600, 800)
        client.say("stdin", "stty size; echo 'ü 漢'; echo e''nd\r")
        self.assertIn("31 97\r\nü 漢\r\nend", client.until("end"))
        other = TerminalSocket(self.server, name)
        self.assertIn("31 97", other.until("end"))
        other.say("stdin", "echo bo''th\r")
        client.until("both")
        other.until("both")
        client.say("stdin", "exit\r")
        for one in (client, other):
            while one.next() != ["disconnect", 1]:
                pass
            fault = self.assertRaises(Closed, one.receive)
            self.assertEqual(fault.code, 1000)
        self.assertEqual(self.rest("GET", "/api/terminals"), [])

    def test_it_goes_on_after_a_kill_9_of_the_server(self) -> None:
        """The same shell, and each of its lines."""
        name, client = self.terminal()
        client.say("stdin", "echo $$; for n in $(seq 60); do echo line$n.; sleep 0.02; done; echo e''nd\r")
        client.until("line5.")
        self.server.kill()
        self.server.start()
        again = TerminalSocket(self.server, name)
        shown = again.until("end\r\n")
        self.assertEqual([f"line{n}." for n in range(1, 61) if f"line{n}." not in shown], [])
        self.assertEqual(shown.count("line"), 60)

    def test_what_is_wrong_reaches_no_shell(self) -> None:
        """No token, no such terminal, no message, no size."""
        name, client = self.terminal()
        for wrong, token, status in ((name, "wrong", 403), (name, "", 403), ("none", None, 404), ("..", None, 404)):
            fault = self.assertRaises(HandshakeRefused, TerminalSocket, self.server, wrong, token)
            self.assertEqual(fault.status, status, (wrong, token))
        client.say("set_size", 40, 90)
        for message in (
            ["set_size", 0, 0],
            ["set_size", None, "x"],
            ["set_size", 10**9, 2],
            ["set_size"],
            ["stdin"],
            ["stdin", 1],
            ["other"],
            [],
        ):
            client.say(*message)
        client.say("stdin", "stty size; echo e''nd\r")
        self.assertIn("40 90\r\nend", client.until("end"))
        for broken in (b"x", b"{}", b"1", b"\xff", b"[" * 100_000):
            other = TerminalSocket(self.server, name)
            other.text(broken)
            while True:
                try:
                    other.receive()
                except Closed as closed:
                    self.assertEqual(closed.code, 1007, broken[:9])
                    break
        client.say("stdin", "echo al''ive\r")
        client.until("alive")
