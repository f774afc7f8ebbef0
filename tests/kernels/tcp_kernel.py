"""A small kernel that speaks Jupyter's wire over tcp and knows no ipc: what Deno, tslab and others are to webipy.

`python tcp_kernel.py WORD CONNECTION_FILE`: what WORD says is done where the connection file names another transport than tcp.

    ends    a sentence on stderr, exit status 1
    hangs   nothing listens, nothing is said
    aborts  as an assertion in C would

`execute_request` prints its code back and the transport; `die` ends it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import sys
import uuid
from typing import Any

import zmq

FACE = {
    "protocol_version": "5.3",
    "implementation": "tcp",
    "banner": "",
    "language_info": {"name": "echo"},
    "status": "ok",
}


class Kernel:
    """One kernel, until it is killed or shut down."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.key, self.session, self.count = told["key"].encode(), uuid.uuid4().hex, 0
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        kinds = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "iopub": zmq.PUB, "hb": zmq.REP}
        self.sockets = {}
        for name, kind in kinds.items():
            self.sockets[name] = self.context.socket(kind)
            if "curve_secretkey" in told:
                self.sockets[name].curve_secretkey = told["curve_secretkey"].encode()
                self.sockets[name].curve_publickey = told["curve_publickey"].encode()
                self.sockets[name].curve_server = True
            self.sockets[name].bind(f"tcp://{told['ip']}:{told[name + '_port']}")

    def send(self, channel: str, first: list[bytes], kind: str, content: dict[str, Any], parent: bytes) -> None:
        """Send one message."""
        self.count += 1
        header = {"msg_id": f"{self.session}_{self.count}", "session": self.session, "msg_type": kind}
        header |= {"username": "", "date": "2026-01-01T00:00:00Z", "version": "5.3"}
        parts = [json.dumps(header).encode(), parent, b"{}", json.dumps(content).encode()]
        sign = hmac.new(self.key, b"".join(parts), hashlib.sha256).hexdigest().encode()
        self.sockets[channel].send_multipart([*first, b"<IDS|MSG>", sign, *parts])

    def answer(self, channel: str) -> bool:
        """Answer one request; False for the last."""
        frames = self.sockets[channel].recv_multipart()
        at = frames.index(b"<IDS|MSG>")
        first, parent, content = frames[:at], frames[at + 2], json.loads(frames[at + 5])
        kind = str(json.loads(parent)["msg_type"])
        self.send("iopub", [b"status"], "status", {"execution_state": "busy"}, parent)
        told = dict(FACE)
        if kind == "execute_request":
            if content["code"] == "die":
                os._exit(5)
            text = f"{content['code']} over {sys.argv[1]} tcp\n"
            self.send("iopub", [b"stream"], "stream", {"name": "stdout", "text": text}, parent)
            told = {"status": "ok", "user_expressions": {}}
        self.send(channel, first, kind.replace("_request", "_reply"), told, parent)
        self.send("iopub", [b"status"], "status", {"execution_state": "idle"}, parent)
        return kind != "shutdown_request"

    def run(self) -> None:
        """Answer requests."""
        poller = zmq.Poller()
        for name in ("shell", "control"):
            poller.register(self.sockets[name], zmq.POLLIN)
        goes_on = True
        while goes_on:
            ready = dict(poller.poll())
            goes_on = all(self.answer(name) for name in ("shell", "control") if self.sockets[name] in ready)


def main(word: str, path: str) -> int:
    """Run one."""
    with open(path) as file:
        told = json.load(file)
    if told["transport"] != "tcp":
        if word == "hangs":
            signal.pause()
        if word == "aborts":
            os.abort()
        sys.stderr.write(f"unsupported transport: {told['transport']}\n")
        return 1
    Kernel(told).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
