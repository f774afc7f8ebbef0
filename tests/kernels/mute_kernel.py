"""A kernel that leaves out what the code says: `python -m tests.kernels.mute_kernel CONNECTION_FILE`.

Code is a list of what it does about its request, in this order: `busy`, `input`, `error`, `reply`, `idle`; `twice` replies twice, and after `slow`
it publishes the `idle` of other requests a while after their replies.
It takes one request after the other and answers `kernel_info_request`; SIGINT does nothing to it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import uuid
from typing import Any

import zmq

from webipy.core.kernel import wire

SLOW_S = 0.1
INFO = {"status": "ok", "protocol_version": "5.3", "implementation": "mute", "language_info": {"name": "none"}}


class MuteKernel:
    """The kernel.

    Args:
        facts: What its connection file says.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.key = facts["key"].encode()
        self.is_slow = False
        kinds = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "hb": zmq.REP, "iopub": zmq.PUB}
        self.sockets = {name: context.socket(kind) for name, kind in kinds.items()}
        for name, socket in self.sockets.items():
            socket.bind(f"ipc://{facts['ip']}-{facts[f'{name}_port']}")

    def serve(self) -> None:
        """Take requests until it is killed."""
        poller = zmq.Poller()
        for name in ("shell", "control"):
            poller.register(self.sockets[name], zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                parts = socket.recv_multipart()
                self.answer(socket, parts[0], wire.decode(self.key, parts[1:]))

    def answer(self, socket: zmq.Socket[bytes], client: bytes, asked: wire.Message) -> None:
        """Do what the code says."""
        kind, does = asked.header.msg_type, ["busy", "reply", "idle"]
        if kind == "execute_request":
            does = json.loads(asked.content)["code"].split()
        for what in does:
            if what == "slow":
                self.is_slow = True
            if what == "idle" and self.is_slow and kind != "execute_request":
                time.sleep(SLOW_S)
            if what in ("busy", "idle"):
                self.publish("status", {"execution_state": what}, asked)
            elif what == "input":
                self.publish("execute_input", {"code": "", "execution_count": 1}, asked)
            elif what == "error":
                self.publish("error", {"ename": "Odd", "evalue": "odd", "traceback": []}, asked)
            elif kind != "execute_request" or what in ("reply", "twice"):
                for _ in range(1 + (what == "twice")):
                    content = INFO if kind == "kernel_info_request" else {"status": "ok", "execution_count": 1}
                    self.send(socket, [client], kind.replace("_request", "_reply"), content, asked)

    def publish(self, kind: str, content: dict[str, Any], asked: wire.Message) -> None:
        """Say something to all."""
        self.send(self.sockets["iopub"], [], kind, content, asked)

    def send(
        self, socket: zmq.Socket[bytes], to: list[bytes], kind: str, content: dict[str, Any], asked: wire.Message
    ) -> None:
        """Send one message."""
        encoded = json.dumps(content).encode()
        message = wire.new_message(kind, encoded, msg_id=uuid.uuid4().hex, session="mute", parent=asked.header)
        socket.send_multipart([*to, *wire.encode(self.key, message)])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(sys.argv[1]) as file:
        MuteKernel(json.load(file)).serve()
