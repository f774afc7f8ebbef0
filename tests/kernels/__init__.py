"""Tests against real kernels through real kernel hosts, and the small blocking client that they use.

`start_host` runs `python -m webipy.kernelhost` in a private folder and takes it away when the test ends. `HostClient`
speaks the host link as docs/kernel-host.md describes it, over a plain ZeroMQ socket.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import msgspec
import zmq
from twisted.trial.unittest import SynchronousTestCase

from tests.live import PATIENCE_S, ROOT
from webipy.core.kernel import wire

IPYKERNEL = ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
STOCK = ["python3", "-c", "from ipykernel import kernelapp; kernelapp.launch_new_instance()", *IPYKERNEL[3:]]


class Item(msgspec.Struct, frozen=True):
    """One message from the host."""

    number: int
    channel: str
    msg_type: str
    content: Any
    parent: str | None
    msg_id: str

    @property
    def text(self) -> str:
        """The text of a stream message, else nothing."""
        return str(self.content["text"]) if self.msg_type == "stream" else ""


Wanted = Callable[[Item], bool]


def is_a(msg_type: str, parent: str | None = None) -> Wanted:
    """Look for a message of a type, and of a request if one is given."""
    return lambda item: item.msg_type == msg_type and parent in (None, item.parent)


def is_over(request: str) -> Wanted:
    """Look for the reply of an execution, which is the last of all that belongs to it."""
    return is_a("execute_reply", request)


class HostClient:
    """A server, as far as a host can see: one DEALER, blocking.

    Attributes:
        items: All numbered messages that came, in order.
        answers: All messages without a number.
    """

    def __init__(self, test: SynchronousTestCase, host: RunningHost, key: bytes | None = None) -> None:
        self._test, self._key = test, key or host.key()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.rcvhwm = self._socket.sndhwm = 0
        self._socket.connect(f"ipc://{host.folder}/host")
        self._host, self._sent, self._is_closed = host, 0, False
        self._session = os.urandom(4).hex()
        self.acknowledges = True
        self.items: list[Item] = []
        self.answers: list[Item] = []
        test.addCleanup(self.close)

    def close(self) -> None:
        """Go away without a word, as a server that was killed."""
        if not self._is_closed:
            self._is_closed = True
            self._socket.close()
            self._context.term()

    def send(
        self,
        channel: str,
        msg_type: str,
        content: dict[str, Any],
        msg_id: str = "",
        key: bytes = b"",
        metadata: bytes = b"{}",
    ) -> str:
        """Send one message; return its id."""
        self._sent += 1
        msg_id = msg_id or f"{self._session}-{self._sent}"
        message = wire.new_message(
            msg_type, msgspec.json.encode(content), msg_id=msg_id, session=self._session, metadata=metadata
        )
        self._socket.send_multipart(wire.encode_link(key or self._key, wire.stamp(channel), message))
        return msg_id

    def command(self, name: str, **content: Any) -> str:
        """Send a command to the host itself."""
        return self.send("host", name, content)

    def execute(
        self, code: str, msg_id: str = "", run: str | None = None, queue: str | None = None, **options: Any
    ) -> str:
        """Send an execute request, which may be part of a run of many, or of what one client has queued; return its id."""
        metadata = msgspec.json.encode({"webipy": {"run": run, "queue": queue}})
        content = {"code": code, "silent": False, **options}
        return self.send("shell", "execute_request", content, msg_id, metadata=metadata)

    def attach(self, generation: int = 1, since: int = 0) -> Any:
        """Attach and return the content of the answer."""
        self.command("attach", generation=generation, since=since)
        return self.answer("attached").content

    def ready(self) -> Item:
        """Attach and wait until the kernel is ready."""
        self.attach()
        return self.until(is_a("kernel_ready"))[-1]

    def receive(self, timeout_s: float = PATIENCE_S) -> Item | None:
        """Receive one message, or None when none came in time."""
        if not self._socket.poll(int(timeout_s * 1000)):
            return None
        number, channel, message = wire.decode_link(self._key, self._socket.recv_multipart())
        parent = None if message.parent is None else message.parent.msg_id
        content = json.loads(wire.clean_content(message.content))
        item = Item(number, channel, message.header.msg_type, content, parent, message.header.msg_id)
        if item.msg_type == "kernel_restarting":
            self._key = str(content["key"]).encode()
        if not number:
            self.answers.append(item)
            return item
        if self.items:
            self._test.assertEqual(number, self.items[-1].number + 1, "numbers are dense")
        self.items.append(item)
        if self.acknowledges:
            self.command("acknowledge", number=number)
        return item

    def until(self, wanted: Wanted, patience_s: float = PATIENCE_S) -> list[Item]:
        """Receive until a message is wanted; return all that came, the wanted one last."""
        end, came = time.monotonic() + patience_s, list[Item]()
        while time.monotonic() < end:
            item = self.receive(max(0.0, end - time.monotonic()))
            if item is not None:
                came.append(item)
                if wanted(item):
                    return came
        seen = [(item.number, item.channel, item.msg_type, str(item.content)[:200]) for item in came]
        raise self._test.failureException(f"it did not come; these did: {seen}; log: {self._host.log()}")

    def answer(self, name: str) -> Item:
        """Wait for an answer without a number."""
        return self.until(lambda item: item.number == 0 and item.msg_type == name)[-1]

    def run(self, code: str, **options: Any) -> list[Item]:
        """Run code and return all that came up to its reply."""
        return self.until(is_over(self.execute(code, **options)))

    def printed(self, code: str) -> str:
        """Run code and return what it printed; late output of what ran before is not its own."""
        request = self.execute(code)
        return "".join(item.text for item in self.until(is_over(request)) if item.parent == request)


class RunningHost:
    """A host process in a folder of its own."""

    def __init__(self, test: SynchronousTestCase, launch: dict[str, Any]) -> None:
        self.folder = tempfile.mkdtemp(prefix="wh")  # short: a socket's path has 107 bytes, trial's folders are deep
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        with open(os.path.join(self.folder, "launch.json"), "w") as file:
            json.dump(launch, file)
        self._key = str(launch["key"]).encode()
        with open(os.path.join(self.folder, "host.log"), "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "webipy.kernelhost", self.folder],
                env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": os.path.join(self.folder, "ipython")},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        test.addCleanup(self.kill)

    def kill(self) -> None:
        """End the host as `kill -9` does; its kernel goes with it."""
        self.process.kill()
        self.process.wait()

    def key(self) -> bytes:
        """The key of now: that of the host's file, or of the launch while there is none."""
        try:
            return str(self.file("host.json")["key"]).encode()
        except FileNotFoundError:
            return self._key

    def file(self, name: str) -> Any:
        """Read one of the host's JSON files."""
        with open(os.path.join(self.folder, name)) as file:
            return json.load(file)

    def log(self) -> str:
        """Read the host's log."""
        with open(os.path.join(self.folder, "host.log")) as file:
            return file.read()


def start_host(test: SynchronousTestCase, argv: list[str] | None = None, **launch: Any) -> RunningHost:
    """Start a host with an ipykernel, or with another command; other fields of launch.json by name."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python", "argv": argv or IPYKERNEL}
    spec.update(launch.pop("spec", {}))
    fields = {"kernel": "k1", "spec": spec, "cwd": tempfile.gettempdir(), "key": os.urandom(32).hex()}
    return RunningHost(test, {**fields, **launch})
