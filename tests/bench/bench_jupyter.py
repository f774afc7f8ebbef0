"""The socket of a Jupyter client: how much longer an execution takes over it than straight over ZeroMQ, and whether a flood comes whole.

`1+1` from sent to reply and `idle` seen, both ways in turn; a flood of flushed prints; what both cost the server.
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


class ChannelsSocket(BlockingWebSocket):
    """A WebSocket to the channels of a kernel.

    Args:
        port: Of the server.
        token: Of the server.
        kernel: The id of the kernel.
    """

    def __init__(self, port: int, token: str, kernel: str) -> None:
        self.path = f"/api/kernels/{kernel}/channels?session_id=bench&token={token}"
        super().__init__(socket.create_connection(("127.0.0.1", port), 60), {})

    def run(self, code: str) -> str:
        """Runs code until its reply and its `idle` are there; gives what it prints."""
        msg_id, seen, texts = uuid.uuid4().hex, set[str](), []
        header = {
            "msg_id": msg_id,
            "msg_type": "execute_request",
            "session": "bench",
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
        while seen != {"execute_reply", "idle"}:
            message: dict[str, Any] = json.loads(self.receive())
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])
            seen |= {message["msg_type"], message["content"].get("execution_state")} & {"execute_reply", "idle"}
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


def main() -> None:
    """Measures and prints."""
    server, direct = Server(), Direct()
    try:
        way = started(server)
        table("The socket of a Jupyter client", measured(server, direct, way))
        way.close()
    finally:
        direct.close()
        server.close()


if __name__ == "__main__":
    main()
