"""What the measurements stand on: a direct ZeroMQ client, a real server in a process of its own, and a bare WebSocket client.

Both clients block and do nothing else, so that what is measured is the way and not the client.
"""

from __future__ import annotations

import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq

from tests import live
from tests.live import ROOT, Json
from webipy.core.kernel import wire

KERNEL_FILE = ROOT / "webipy" / "kernel_programs/boot.py"
SLEEPING = "import time; time.sleep(60)"


class Direct:
    """A kernel and a client of it with nothing in between.

    Args:
        is_stock: Start plain ipykernel instead of webipy's boot file.
    """

    def __init__(self, is_stock: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="webipy-bench-"))
        self.key = uuid.uuid4().hex.encode()
        names = ("shell", "iopub", "stdin", "control", "hb")
        ports = {f"{name}_port": number for number, name in enumerate(names, 1)}
        facts = {
            "transport": "ipc",
            "ip": str(self.folder / "k"),
            "key": self.key.decode(),
            "signature_scheme": "hmac-sha256",
            **ports,
        }
        connection = self.folder / "kernel.json"
        connection.write_text(json.dumps(facts))
        start = ["-m", "ipykernel_launcher"] if is_stock else [str(KERNEL_FILE)]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([sys.executable, *start, "-f", str(connection)], stdout=log, stderr=log)
        self.context = zmq.Context()
        self.shell = self._socket(zmq.DEALER, 1)
        self.iopub = self._socket(zmq.SUB, 2)
        self.iopub.setsockopt(zmq.RCVHWM, 0)
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")
        for socket_, number in ((self.shell, 1), (self.iopub, 2)):
            socket_.connect(f"ipc://{self.folder}/k-{number}")
        self._until_heard()

    def _socket(self, kind: int, number: int) -> Any:
        made = self.context.socket(kind)
        made.setsockopt(zmq.LINGER, 0)
        made.setsockopt(zmq.RECONNECT_IVL, 10)
        return made

    def _until_heard(self) -> None:
        while True:
            self.send("kernel_info_request", {})
            if self.iopub.poll(500):
                break
        self.run("1")

    def send(self, msg_type: str, content: Json) -> str:
        """Sends a request on shell and gives its id."""
        msg_id = uuid.uuid4().hex
        message = wire.new_message(msg_type, json.dumps(content).encode(), msg_id=msg_id, session="bench")
        self.shell.send_multipart(wire.encode(self.key, message))
        return msg_id

    def run(self, code: str, on_output: Callable[[Json], None] | None = None) -> int:
        """Runs code until its idle has come; gives the number of messages that were read."""
        msg_id = self.send(
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False},
        )
        read = 0
        while True:
            message = wire.decode(self.key, self.iopub.recv_multipart())
            read += 1
            if message.parent is None or message.parent.msg_id != msg_id:
                continue
            if message.header.msg_type == "status" and b'"idle"' in message.content:
                break
            if on_output is not None and message.header.msg_type in ("stream", "display_data"):
                on_output(json.loads(message.content))
        self.shell.recv_multipart()
        return read

    def complete(self, code: str) -> None:
        """Asks for completions at the end of code and waits for them."""
        msg_id = self.send("complete_request", {"code": code, "cursor_pos": len(code)})
        while True:
            parent = wire.decode(self.key, self.shell.recv_multipart()).parent
            if parent is not None and parent.msg_id == msg_id:
                return

    def interrupt(self) -> float:
        """Interrupts code that sleeps; gives the seconds from the signal until its idle has come."""
        msg_id = self.send("execute_request", {"code": SLEEPING, "silent": False, "allow_stdin": False})
        self._until_status(msg_id, b'"busy"')
        time.sleep(0.05)
        began = time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self._until_status(msg_id, b'"idle"')
        taken = time.perf_counter() - began
        self.shell.recv_multipart()
        return taken

    def _until_status(self, msg_id: str, state: bytes) -> None:
        while True:
            message = wire.decode(self.key, self.iopub.recv_multipart())
            is_own = message.parent is not None and message.parent.msg_id == msg_id
            if is_own and message.header.msg_type == "status" and state in message.content:
                return

    def close(self) -> None:
        """Ends the kernel."""
        self.process.kill()
        self.process.wait()
        self.context.destroy(0)
        shutil.rmtree(self.folder, ignore_errors=True)


NO_HISTORY = "c.HistoryManager.enabled = False\n"
"""IPython's settings: a hundred kernels that write into one history file print complaints of it between the lines that are counted."""


class Server(live.Server):
    """A real server that has started, without spare kernels unless told otherwise."""

    def __init__(self, *options: str) -> None:
        super().__init__(*options)
        settings = self.folder / "ipython" / "profile_default" / "ipython_kernel_config.py"
        settings.parent.mkdir(parents=True)
        settings.write_text(NO_HISTORY)
        self.seconds_up = self.start()

    def cpu_seconds(self) -> float:
        """CPU time of the server process so far."""
        return cpu_seconds(self.pid)

    def turns(self) -> dict[str, float]:
        """The reactor's lateness so far: counts by upper bound in seconds, as /metrics has them, and `longest`."""
        lines = self.request("GET", "/metrics")[1].decode().splitlines()
        start = 'webipy_reactor_lateness_seconds_bucket{le="'
        found = {
            line[len(start) : line.index('"}')]: float(line.split()[-1]) for line in lines if line.startswith(start)
        }
        found["longest"] = next(float(line.split()[-1]) for line in lines if line.startswith("webipy_reactor_longest"))
        return found

    def host_pids(self) -> list[int]:
        """The kernel hosts of this server."""
        return [facts["pid"] for facts in self.hosts()]


class Client(live.Connection):
    """A client with a session: blocking, no checks, one frame a message."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.port, {"Authorization": f"Bearer {server.token}"})
        self.session = ""

    def open_session(self, kernelspec: str = "python3") -> None:
        """Makes a session with a warm kernel and subscribes to what comes from now on."""
        self.session = self.call("session.create", kernelspec=kernelspec)["id"]
        self.call("execution.start", session=self.session, code="1", id="warm")
        self.call("execution.wait", session=self.session, execution="warm")
        self.call("session.subscribe", session=self.session, since=None)

    def run(self, code: str, on_output: Callable[[Json], None] | None = None) -> int:
        """Runs code until it has finished; gives the number of events of it."""
        execution = uuid.uuid4().hex
        self.send("execution.start", session=self.session, code=code, id=execution)
        seen = 0
        for event in self.events():
            if event.get("execution") != execution:
                continue
            seen += 1
            if event["type"] == "output_added" and on_output is not None:
                on_output(event["output"])
            if event["type"] == "execution_finished":
                return seen
        return seen

    def complete(self, code: str) -> None:
        """Asks for completions at the end of code and waits for them."""
        self.call("completion.get", session=self.session, code=code, cursor=len(code))

    def interrupt(self) -> float:
        """Interrupts code that sleeps; gives the seconds from the call until its end has come."""
        execution = uuid.uuid4().hex
        self.send("execution.start", session=self.session, code=SLEEPING, id=execution)
        self._until(execution, "execution_started")
        time.sleep(0.05)
        began = time.perf_counter()
        self.send("kernel.interrupt", session=self.session)
        self._until(execution, "execution_finished")
        return time.perf_counter() - began

    def _until(self, execution: str, kind: str) -> None:
        for event in self.events():
            if event["type"] == kind and event.get("execution") == execution:
                return


def cpu_seconds(pid: int) -> float:
    """CPU time of the living threads of a process so far, seconds. Source: proc(5), schedstat, in nanoseconds where `stat` counts in hundredths."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def median_ms(seconds: list[float]) -> float:
    """The median, in milliseconds."""
    return statistics.median(seconds) * 1000


def percentile_ms(seconds: list[float], percent: int) -> float:
    """A percentile, in milliseconds."""
    return sorted(seconds)[min(len(seconds) - 1, len(seconds) * percent // 100)] * 1000


def table(title: str, rows: list[tuple[str, str, str]]) -> None:
    """Prints rows of name, measured, to reach."""
    print(f"\n{title}")
    print(f"  {'':46} {'measured':>24}   to reach")
    for name, measured, reach in rows:
        print(f"  {name:46} {measured:>24}   {reach}")
