"""webipy.io.jupyter.channels: the socket of a real kernel, and what clients do wrong with it."""

from __future__ import annotations

import json
from typing import Any

from tests.bench.bench_jupyter import ChannelsSocket
from tests.blocking_websocket import Closed
from tests.live import ServerCase

BOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [{"id": "c1", "cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}],
}


class Channels(ServerCase):
    """One socket."""

    def socket(self) -> ChannelsSocket:
        """A socket to the kernel of the session."""
        found = ChannelsSocket(self.server.port, self.server.token, self.kernel["id"])
        self.addCleanup(found.close)
        return found

    def execute(self, socket: ChannelsSocket, code: str, msg_id: str, **metadata: object) -> None:
        """Sends an execute_request."""
        header = {"msg_id": msg_id, "msg_type": "execute_request", "session": "bench", "date": 1.5}
        socket.text(json.dumps({"header": header, "metadata": metadata, "content": {"code": code}}).encode())

    def reply(self, socket: ChannelsSocket, msg_id: str) -> tuple[dict[str, Any], str]:
        """The reply to a request, and what was printed before it."""
        texts = ""
        while True:
            message = json.loads(socket.receive())
            if message["parent_header"].get("msg_id") == msg_id:
                texts += message["content"].get("text", "")
                if message["msg_type"] == "execute_reply":
                    return message, texts

    def test_a_request_that_is_sent_again_runs_once(self) -> None:
        """After a cut, on another socket of the same client; its parent is the whole header of the client."""
        self.open()
        first = self.socket()
        self.execute(first, "n = globals().get('n', 0) + 1; print(n)", "again.1")
        message, texts = self.reply(first, "again.1")
        self.assertEqual((texts, message["parent_header"]["date"]), ("1\n", 1.5))
        second = self.socket()
        self.execute(second, "n = globals().get('n', 0) + 1; print(n)", "again.1")
        self.execute(second, "print(n)", "after")
        self.assertEqual(self.reply(second, "after")[1], "1\n")
        with self.assertRaises(Closed) as closed:
            while True:
                first.receive()
        self.assertEqual(closed.exception.code, 1000)

    def test_a_run_belongs_to_the_cell_that_it_names(self) -> None:
        """Its output is in the document; a cell that is not there is none."""
        (self.folder / "belongs.ipynb").write_text(json.dumps(BOOK))
        self.open(path="belongs.ipynb")
        socket = self.socket()
        self.execute(socket, "print('in the cell')", "m1", cellId="c1")
        self.reply(socket, "m1")
        self.execute(socket, "print('in none')", "m2", cellId="ghost")
        self.assertEqual(self.reply(socket, "m2")[0]["content"]["status"], "ok")
        queued = [event for event in self.events() if event["type"] == "execution_queued"]
        self.assertEqual([event.get("cell") for event in queued], ["c1", None])

    def test_what_is_wrong_does_not_reach_the_kernel(self) -> None:
        """An unknown channel or type is passed over, a wrong content is answered, and what is no message closes the socket with 1007."""
        self.open()
        socket = self.socket()
        header = {"msg_id": "m1", "msg_type": "execute_request", "session": "bench"}
        for wrong in (
            {"header": header, "content": {"code": "1"}, "channel": "iopub"},
            {"header": header, "content": {"code": "1"}, "channel": "nothing"},
            {"header": {**header, "msg_type": "execute_reply"}, "content": {}},
        ):
            socket.text(json.dumps(wrong).encode())
        socket.text(json.dumps({"header": header, "content": {"code": 5}}).encode())
        self.assertEqual(self.reply(socket, "m1")[0]["content"]["ename"], "InvalidRequest")
        self.assertEqual([event for event in self.events() if event["type"] == "execution_queued"], [])
        socket.text(b"{}")
        with self.assertRaises(Closed) as closed:
            while True:
                socket.receive()
        self.assertEqual(closed.exception.code, 1007)
