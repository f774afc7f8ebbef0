"""The socket of a Jupyter client: how much longer an execution takes over it than straight over ZeroMQ, and whether a flood comes whole.

`1+1` from sent to reply and `idle` seen, both ways in turn; a flood of flushed prints; a hundred clients on one kernel; what it costs the server.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from typing import Any

from tests.bench.bench_path import CALLS, FLOOD, FLOODING, ROUNDS, Row, compared, round_trips
from tests.bench.stack import Direct, Server, table
from tests.blocking_websocket import BlockingWebSocket
from tests.live import until

CLIENTS, LINES = 100, 500
"""How many clients share a kernel, and how many lines all of them are sent."""


class ChannelsSocket(BlockingWebSocket):
    """A WebSocket to the channels of a kernel.

    Args:
        port: Of the server.
        token: Of the server.
        kernel: The id of the kernel.
        client: The client's `session_id`.
    """

    def __init__(self, port: int, token: str, kernel: str, client: str = "bench") -> None:
        self.kernel, self.client = kernel, client
        self.path = f"/api/kernels/{kernel}/channels?session_id={client}&token={token}"
        super().__init__(socket.create_connection(("127.0.0.1", port), 60), {})

    def run(self, code: str) -> str:
        """Runs code until its reply and its `idle` are there; gives what it prints."""
        return self.printed(self.ask(code), {"execute_reply", "idle"})

    def ask(self, code: str) -> str:
        """Sends code; gives the id of the request."""
        msg_id = uuid.uuid4().hex
        header = {
            "msg_id": msg_id,
            "msg_type": "execute_request",
            "session": self.client,
            "username": "",
            "version": "5.3",
            "date": "",
        }
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        self.text(
            json.dumps(
                {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
            ).encode()
        )
        return msg_id

    def printed(self, msg_id: str, wanted: set[str]) -> str:
        """What a request prints, until all that is wanted has come.

        Args:
            msg_id: The id of the request.
            wanted: `execute_reply`, `idle`.
        """
        seen, texts = set[str](), []
        while seen != wanted:
            message: dict[str, Any] = json.loads(self.receive())
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])
            seen |= {message["msg_type"], message["content"].get("execution_state")} & wanted
        return "".join(texts)


def started(server: Server) -> ChannelsSocket:
    """A socket to a warm kernel."""
    made = server.call("session.create", kernelspec="python3")
    kernel = until(lambda: server.call("session.get", session=made["id"])["kernel"], "there is a kernel")
    way = ChannelsSocket(server.port, server.token, kernel["id"])
    way.run("1")
    return way


def measured(server: Server, direct: Direct, way: ChannelsSocket) -> list[Row]:
    """The rows of the table."""
    plain, ours = list[float](), list[float]()
    server_s = 0.0
    for _ in range(ROUNDS):
        plain += round_trips(direct)
        before = server.cpu_seconds()
        for _ in range(CALLS):
            began = time.perf_counter()
            way.run("1+1")
            ours.append(time.perf_counter() - began)
        server_s += server.cpu_seconds() - before
    began, before = time.perf_counter(), server.cpu_seconds()
    lines = way.run(FLOODING).splitlines()
    seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - before
    is_whole = lines == [str(number) for number in range(FLOOD)]
    return [
        compared("1+1", plain, ours, "<= 1.5 x"),
        compared("1+1", plain, ours, "<= 1.7 x", 95),
        ("  CPU of the server for it, ms", f"{server_s / len(ours) * 1000:.2f}", "<= 2"),
        (f"{FLOOD} flushed prints, s", f"{seconds:.1f}", ""),
        ("  whole and in order", str(is_whole), "True"),
        ("  CPU of the server, s", f"{cpu:.2f}", "<= 5"),
    ]


def crowded(server: Server, way: ChannelsSocket) -> list[Row]:
    """The rows of many clients on one kernel, all of which are sent what one of them runs."""
    others = [ChannelsSocket(server.port, server.token, way.kernel, f"client-{number}") for number in range(CLIENTS)]
    for one in others:
        one.run("1")  # each has joined
    wanted = "".join(f"{number}\n" for number in range(LINES))
    began, before = time.perf_counter(), server.cpu_seconds()
    request = way.ask(f"for i in range({LINES}): print(i, flush=True)")
    is_whole = all(one.printed(request, {"idle"}) == wanted for one in others)
    seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - before
    for one in others:
        one.close()
    return [
        (f"{LINES} prints to {CLIENTS} clients, s", f"{seconds:.1f}", ""),
        ("  whole and in order for each", str(is_whole), "True"),
        ("  CPU of the server for one print to one client, ms", f"{cpu / LINES / CLIENTS * 1000:.3f}", "<= 0.1"),
    ]


def main() -> None:
    """Measures and prints."""
    server, direct = Server(), Direct()
    try:
        way = started(server)
        table("The socket of a Jupyter client", [*measured(server, direct, way), *crowded(server, way)])
        way.close()
    finally:
        direct.close()
        server.close()


if __name__ == "__main__":
    main()
