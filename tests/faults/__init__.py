"""Faults, injected into real parts, and what must hold all the same; docs/faults.md tells which test proves what.

The rig: `Stage` is a folder with a real `twistd webipy` that is started, killed and started again on the same state;
`Subscriber` is a client in a thread of its own that follows one session over any number of servers and connections and
checks that it gets each seq once, in order; `CuttingProxy` stands between them and cuts. `Stage.start(faults=...)` runs
the server under tests/faults/faulty.py, which breaks a named function of it.

Nothing here sleeps to let something happen: what must come is waited for, with a patience that only a failure uses up.
`rounds(quick, full)` is how often a random fault is tried: few times in `make test`, often in `make faults`.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from tests.blocking_websocket import BlockingWebSocket, Closed, HandshakeRefused

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 60.0
IS_FULL = os.environ.get("WEBIPY_FAULTS") == "full"
Json = dict[str, Any]


def rounds(quick: int, full: int) -> int:
    """How often to try: `quick` in `make test`, `full` in `make faults`."""
    return full if IS_FULL else quick


def until(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Looks again and again until `condition` gives something true, and gives that."""
    end = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not happen: {what}")
        time.sleep(0.005)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _has_ended(pid: int) -> bool:
    return not is_alive(pid)


def rss_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class Refused(Exception):
    """The server answered with a failure."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.name: str = error["data"]["name"]
        self.facts: Json = error["data"]


class Stage:
    """A state directory, and the servers that run on it one after the other.

    Args:
        state: The state directory; a fresh one unless given.
    """

    def __init__(self, state: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wf"))
        self.state = state or self.folder / "state"
        self.is_up = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.token = ""

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        """Everything the servers said."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def start(
        self, *options: str, faults: Sequence[Json] = (), is_awaited: bool = True, tracer: Sequence[str] = ()
    ) -> float:
        """Starts a server and gives the seconds until it answered.

        Args:
            options: More options of `twistd webipy`.
            faults: What to break; see tests/faults/faulty.py.
            is_awaited: Whether to wait until it answers; else 0 is given.
            tracer: A command that goes before the server's and becomes it.
        """
        twistd = ["--pidfile=", "-n", "webipy", "--port", "0", "--state", str(self.state), "--root", str(self.folder)]
        twistd.append("--spare-kernels=0")  # hosts are counted
        command = [str(Path(sys.executable).with_name("twistd"))]
        if faults:
            command = [sys.executable, "-m", "tests.faults.faulty", json.dumps(list(faults))]
        began = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([*tracer, *command, *twistd, *options], stdout=log, stderr=log, cwd=ROOT)
        return self.wait_up(began) if is_awaited else 0.0

    def wait_up(self, began: float) -> float:
        """Waits until the server that was started answers; gives the seconds since `began`."""
        facts = until(self._announced, f"the server starts; its log: {self.log[-3000:] if self.process else ''}")
        self.port, self.token = int(facts["url"].rpartition(":")[2]), facts["token"]
        seconds = time.monotonic() - began
        self.is_up.set()
        return seconds

    def _announced(self) -> Json | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with status {self.process.returncode}: {self.log[-3000:]}")
        try:
            facts = cast(Json, json.loads((self.state / "server.json").read_bytes()))
        except FileNotFoundError:
            return None
        return facts if facts["pid"] == self.process.pid else None

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.is_up.clear()
        self.process.kill()
        self.process.wait()

    def ended(self) -> int:
        """Waits until the server has ended by itself; gives its status."""
        assert self.process is not None
        status = self.process.wait(PATIENCE_S)
        self.is_up.clear()
        return status

    def stop(self) -> float:
        """SIGTERM; gives the seconds until the server had ended."""
        assert self.process is not None
        began = time.monotonic()
        self.is_up.clear()
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        return time.monotonic() - began

    def call(self, method: str, **params: object) -> Any:
        """A call by POST, on a connection of its own; gives its result.

        Raises:
            Refused: It was answered with a failure.
            OSError, http.client.HTTPException: The server died before it answered.
        """
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            line.request("POST", "/rpc", body, headers)
            reply = json.loads(line.getresponse().read())
        finally:
            line.close()
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["result"]

    def health(self) -> int:
        """The status of /healthz."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status
        finally:
            line.close()

    def session(self, is_warm: bool = True, **params: object) -> str:
        """A new session with a Python kernel; warm: the kernel has answered."""
        made = self.call("session.create", kernelspec="python3", **params)
        if is_warm:
            self.run(made["id"], "1", "warm")
        return str(made["id"])

    def run(self, session: str, code: str, execution: str) -> Json:
        """Runs code and gives the execution at its end."""
        self.call("execution.start", session=session, code=code, id=execution)
        return self.wait(session, execution)

    def wait(self, session: str, execution: str) -> Json:
        """Waits for the end of an execution."""
        return cast(Json, self.call("execution.wait", session=session, execution=execution, timeout_s=PATIENCE_S))

    def events(self, session: str) -> list[Json]:
        """All written events of a session; fails unless they are dense."""
        found: list[Json] = []
        while batch := self.call("session.events", session=session, since=len(found), limit=1000)["events"]:
            found += batch
        assert [event["seq"] for event in found] == list(range(1, len(found) + 1)), "seqs are dense"
        return found

    def host_facts(self) -> list[Json]:
        """What the kernel hosts say of themselves; those that live."""
        facts = [json.loads(path.read_bytes()) for path in sorted(self.state.glob("hosts/*/host.json"))]
        return [fact for fact in facts if is_alive(fact["pid"])]

    def close(self) -> None:
        """Ends server, hosts and kernels, and removes everything."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        for fact in self.host_facts():
            os.kill(fact["pid"], signal.SIGKILL)
            until(functools.partial(_has_ended, fact["pid"]), "a host ends")
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class Line(BlockingWebSocket):
    """One WebSocket.

    Args:
        port: Where to connect.
        token: The token.
        receive_bytes: SO_RCVBUF; `None` for the system's.

    Raises:
        Closed: The server is not there, or refused the handshake.
    """

    def __init__(self, port: int, token: str, receive_bytes: int | None = None) -> None:
        connected = socket.socket()
        connected.settimeout(PATIENCE_S)
        if receive_bytes is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        try:
            connected.connect(("127.0.0.1", port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            headers = {"Authorization": f"Bearer {token}"}
            super().__init__(connected, headers, 1 << 16 if receive_bytes is None else 512)
        except (OSError, HandshakeRefused) as fault:
            connected.close()
            raise Closed from fault

    def receive(self, within_s: float = float("inf")) -> bytes:
        """The next message; a server that is silent for too long counts as gone.

        Raises:
            Closed: The connection ended.
        """
        try:
            return super().receive(within_s)
        except OSError as fault:
            raise Closed from fault

    def call(self, method: str, **params: object) -> Any:
        """A call and its result; notifications that come meanwhile are thrown away."""
        number = self.send(method, **params)
        while True:
            reply = json.loads(self.receive())
            if reply.get("id") == number:
                if "error" in reply:
                    raise Refused(reply["error"])
                return reply["result"]

    def close(self) -> None:
        """Cuts it, from any thread."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was not connected, or is cut already
        self.socket.close()


class Subscriber:
    """Follows one session, over any number of servers and connections, in a thread of its own.

    Args:
        stage: Where the servers are.
        session: The session.
        since: The seq after which to begin.
        port: Where to connect; `None` for the server itself.
        receive_bytes: SO_RCVBUF.
    """

    def __init__(
        self, stage: Stage, session: str, since: int = 0, port: int | None = None, receive_bytes: int | None = None
    ) -> None:
        self.stage, self.session, self.seq = stage, session, since
        self.events: list[Json] = []
        self.connections = 0
        self.fault: str | None = None
        self.is_awake = threading.Event()
        self.is_awake.set()
        self._port, self._receive_bytes = port, receive_bytes
        self._changed = threading.Condition()
        self._line: Line | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_closed and self.fault is None:
            if not self.stage.is_up.wait(0.05):
                continue
            try:
                self._line = line = Line(self._port or self.stage.port, self.stage.token, self._receive_bytes)
                line.send("session.subscribe", session=self.session, since=self.seq)
                self.connections += 1
                while not self._is_closed:
                    self.is_awake.wait()
                    self._take(line.receive())
            except Closed:
                time.sleep(0.002)  # the pause of a client that connects again
            finally:
                if self._line is not None:
                    self._line.close()

    def _take(self, body: bytes) -> None:
        message = json.loads(body)
        with self._changed:
            if "error" in message:
                self.fault = f"refused: {message['error']}"
            for event in message["params"]["events"] if message.get("method") == "events" else ():
                if event["seq"] != self.seq + 1:
                    self.fault = f"event {event['seq']} came after {self.seq}"
                self.seq = event["seq"]
                self.events.append(event)
            self._changed.notify_all()

    def cut(self) -> None:
        """Cuts the connection."""
        if self._line is not None:
            self._line.close()

    def until(self, wanted: Callable[[Json], bool], what: str = "an event") -> Json:
        """Waits for an event; looks at those that came already first."""
        seen, end = 0, time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                for event in self.events[seen:]:
                    if wanted(event):
                        return event
                seen = len(self.events)
                if self.fault is not None:
                    raise AssertionError(self.fault)
                if not self._changed.wait(end - time.monotonic()):
                    raise AssertionError(f"it did not come: {what}; last: {[e['type'] for e in self.events[-8:]]}")

    def until_seq(self, seq: int) -> None:
        """Waits until it has got event `seq`."""
        self.until(lambda event: event["seq"] >= seq, f"event {seq}")

    def finished(self, execution: str) -> Json:
        """Waits for the end of an execution."""
        return self.until(is_a("execution_finished", execution), f"the end of {execution}")

    def printed(self, execution: str) -> str:
        """What an execution has printed so far."""
        return printed(self.events, execution)

    def close(self) -> None:
        """Ends; fails if it ever got a seq twice or missed one."""
        self._is_closed = True
        self.is_awake.set()
        self.cut()
        self._thread.join(PATIENCE_S)
        if self.fault is not None:
            raise AssertionError(self.fault)


class CuttingProxy:
    """Stands before the server and cuts each connection after some bytes on the way to the client, or swallows what both sides say.

    Args:
        stage: Where the server is; each new connection goes to the one of now.
        bytes_left: Called for each connection: after how many bytes it is cut, `None` for never.
    """

    def __init__(self, stage: Stage, bytes_left: Callable[[], int | None]) -> None:
        self._stage, self._bytes_left = stage, bytes_left
        self.cuts = 0
        self._hole = threading.Event()  # set: the connections of that time are dead without a word
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                far = socket.create_connection(("127.0.0.1", self._stage.port))
            except OSError:
                near.close()
                continue
            hole = self._hole
            threading.Thread(target=self._pump, args=(near, far, None, hole), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, self._bytes_left(), hole), daemon=True).start()

    def swallow(self) -> None:
        """Lets nothing through any more on the connections that there are: no byte, and no end of the other side. New ones are well."""
        self._hole, hole = threading.Event(), self._hole
        hole.set()

    def _pump(self, source: socket.socket, sink: socket.socket, left: int | None, hole: threading.Event) -> None:
        try:
            while body := source.recv(65536 if left is None else max(1, min(left, 65536))):
                if hole.is_set():
                    continue
                sink.sendall(body)
                if left is not None:
                    left -= len(body)
                    if left <= 0:
                        self.cuts += 1
                        break
        except OSError:
            pass  # the other thread has cut it
        for end in (source,) if hole.is_set() else (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # cut already
        source.close()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()


def is_a(kind: str, execution: str | None = None) -> Callable[[Json], bool]:
    """Looks for an event of a type, and of an execution if one is given."""
    return lambda event: event["type"] == kind and execution in (None, event.get("execution"))


def printed(events: Sequence[Json], execution: str) -> str:
    """The text that an execution printed, in the order of its events."""
    return "".join(
        event["output"]["text"]
        for event in events
        if event["type"] == "output_added"
        and event["execution"] == execution
        and event["output"]["output_type"] == "stream"
    )


def counting(count: int, pause_s: float = 0.0, is_flushed: bool = True) -> str:
    """Code that prints a counter."""
    body = f"print(i, flush={is_flushed})" + (f"; time.sleep({pause_s})" if pause_s else "")
    return f"import time\nfor i in range({count}): {body}"


def counted(count: int) -> str:
    """What `counting` prints."""
    return "".join(f"{number}\n" for number in range(count))


class FaultTestCase(SynchronousTestCase):
    """A test with a stage of its own."""

    timeout = 900
    seed = 20261123

    def setUp(self) -> None:
        self.random = random.Random(self.seed)
        self.stage = Stage()
        self.addCleanup(self.stage.close)

    def subscribe(self, session: str, **options: Any) -> Subscriber:
        """A subscriber whose ledger is checked at the end."""
        subscriber = Subscriber(self.stage, session, **options)
        self.addCleanup(subscriber.close)
        return subscriber

    def refused(self, name: str, method: str, **params: object) -> Refused:
        """A call that must fail with that name."""
        with self.assertRaises(Refused) as caught:
            self.stage.call(method, **params)
        self.assertEqual(caught.exception.name, name, str(caught.exception))
        told: Refused = caught.exception
        return told

    def assert_once(self, events: Sequence[Json]) -> None:
        """Every execution of these events was queued once and ended at most once, after it was queued."""
        for kind in ("execution_queued", "execution_started", "execution_finished"):
            ids = [event["execution"] for event in events if event["type"] == kind]
            self.assertEqual(len(ids), len(set(ids)), f"{kind} twice")
