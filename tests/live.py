"""One way to start a real server for tests, one client of it, and one way to wait.

Data flow: `Server` is a folder, and the `twistd webipy` processes that run on it one after the other: started, stopped, killed, started again.
A process is up when `server.json` names it. `Server.call` makes a call by POST, `Server.connect` opens a WebSocket. `until` waits for what
happens outside, `eventually` for what happens in the reactor of the tests, `Server.until` for an event of a session. `ServerCase` is a test with
a session of its own on the server that the tests of a process share.

Invariants: nothing sleeps to let something happen; what must come is waited for, with a patience that only a failure uses up, and the failure says
what did not come and what the server printed. A folder, its server and its kernel hosts are gone after `close`, at the latest when the process ends.

Rejected: a server for each test (0.9 s of processor time each); a server inside the process of the tests (it cannot be killed, and its faults
would be theirs).
"""

from __future__ import annotations

import atexit
import functools
import http.client
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase

from tests.blocking_websocket import BlockingWebSocket, Closed

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60.0
"""How long a test waits for what must come; only a failure ever waits so long."""

PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.05
"""Between two looks at what happens outside: short at first, since most is there soon; not for long, since a look costs processor time."""

TWISTD = (str(Path(sys.executable).with_name("twistd")), "--pidfile=", "-n", "webipy")
SERVE = (sys.executable, "-m", "webipy.cli", "serve")
"""Two commands that start a server: what a service runs, and what a person types."""

WAITS = "import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.01)\n"
"""Code that waits in a kernel for a file."""

Json = dict[str, Any]
Wanted = Callable[[Json], bool]
Found = TypeVar("Found")


def until(
    condition: Callable[[], Found | None], what: str | Callable[[], str], patience_s: float = PATIENCE_S
) -> Found:
    """Looks again and again until something outside has happened.

    Args:
        condition: Gives something true when it has.
        what: What is waited for, for the failure; a function is called only then.
        patience_s: For how long, seconds.

    Returns:
        What the condition gave.

    Raises:
        AssertionError: It did not happen.
    """
    end, pause_s = time.monotonic() + patience_s, PAUSE_S
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not happen: {what if isinstance(what, str) else what()}")
        time.sleep(pause_s)
        pause_s = min(1.3 * pause_s, LONGEST_PAUSE_S)
    return found


async def eventually(condition: Callable[[], Any], what: str) -> None:
    """Lets the reactor work until something has happened in it.

    Args:
        condition: Gives something true when it has.
        what: What is waited for, for the failure.

    Raises:
        AssertionError: It did not happen.
    """
    from twisted.internet import reactor  # here, because programs that have none import this module

    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"it did not happen: {what}")
        await deferLater(cast(Any, reactor), PAUSE_S)


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until_ended(pid: int) -> None:
    """Waits for the end of a process."""
    until(lambda: not is_alive(pid), f"the end of process {pid}")


def command_of(pid: int) -> bytes:
    """The command line of a process; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def rss_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class Refused(Exception):
    """A call was answered with a failure: its name, and the data of the error."""

    def __init__(self, error: Json, more: str = "") -> None:
        super().__init__(error["message"] + more)
        self.name: str = error["data"]["name"]
        self.facts: Json = error["data"]


def is_a(kind: str, execution: str | None = None) -> Wanted:
    """Looks for an event of a type, and of an execution if one is given."""
    return lambda event: event["type"] == kind and execution in (None, event.get("execution"))


class Connection(BlockingWebSocket):
    """A WebSocket that makes calls.

    Args:
        port: Where to connect, on this machine.
        headers: Of the handshake: who it is.
        receive_bytes: SO_RCVBUF; `None` for the system's.
        tls: What speaks TLS with the server; `None` for plain HTTP.

    Attributes:
        notified: Notifications that came while an answer was waited for.

    Raises:
        Closed: The server is not there.
        HandshakeRefused: The server answered with another status than 101.
    """

    def __init__(
        self,
        port: int,
        headers: Mapping[str, str],
        receive_bytes: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.notified: list[Json] = []
        connected = socket.socket()
        connected.settimeout(PATIENCE_S)
        if receive_bytes is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        try:
            connected.connect(("127.0.0.1", port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected = connected if tls is None else tls.wrap_socket(connected, server_hostname="127.0.0.1")
        except OSError as fault:
            connected.close()
            raise Closed from fault
        super().__init__(connected, headers, 1 << 18 if receive_bytes is None else 512)

    def cut(self) -> None:
        """Cuts the connection, from any thread."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was not connected, or is cut already
        self.socket.close()

    def message(self) -> Json:
        """The next message, decoded."""
        return cast(Json, json.loads(self.receive()))

    def call(self, method: str, **params: object) -> Any:
        """A call and its result; notifications that come first go to `notified`.

        Raises:
            Refused: It was answered with a failure.
            Closed: The server ended the connection.
        """
        number = self.send(method, **params)
        while True:
            reply = self.message()
            if reply.get("id") != number:
                self.notified.append(reply)
            elif "error" in reply:
                raise Refused(reply["error"])
            else:
                return reply["result"]

    def events(self) -> Iterator[Json]:
        """Events as they come."""
        while True:
            message = self.message()
            if message.get("method") == "events":
                yield from message["params"]["events"]


class Server:
    """A folder, and the servers that run on it one after the other. Nothing runs before `start`.

    Args:
        options: Options of each start of `twistd webipy`; the server has no spare kernels and a free port unless they say otherwise.
        state: The state folder; below `folder` unless given. Its path is short: that of a socket has 107 bytes.
        root: The folder whose files are served; below `folder` unless given.
        environment: Variables set beside those of this process.
        command: Starts a server when options are added to it.

    Attributes:
        folder: Holds all that a server leaves: `state`, `root`, `log`.
        is_up: Set while a server answers.
        port, token: Of the server that was started last.
        below: Its base URL without the slash at its end.
        tls: What speaks TLS with it, whatever its certificate; `None` for a server of plain HTTP.
        environment: What the next start has.
    """

    def __init__(
        self,
        *options: str,
        state: Path | None = None,
        root: Path | None = None,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = TWISTD,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wl")).resolve()
        self.state = state or self.folder / "state"
        self.root = root or self.folder / "root"
        self.root.mkdir(exist_ok=True)
        self.is_up = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.port, self.token, self.below = 0, "", ""
        self.tls: ssl.SSLContext | None = None
        self._options, self._command = options, command
        own = {
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(self.folder / "share"),  # nobody's own trash
            "JUPYTER_PATH": str(self.folder / "jupyter"),
            "IPYTHONDIR": str(
                self.folder / "ipython"
            ),  # a history of its own: all kernels of a machine in one file is more than it takes
        }
        self.environment = {**os.environ, **own, **(environment or {})}
        self.environment.pop(
            "PYTHONDONTWRITEBYTECODE", None
        )  # servers start by the hundred: compile their modules once

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self.process is not None
        return self.process.pid

    @property
    def origin(self) -> str:
        """The address without a slash at its end: without a path, unless the server has a base URL."""
        return f"http{'' if self.tls is None else 's'}://127.0.0.1:{self.port}{self.below}"

    @property
    def log(self) -> str:
        """Everything that the servers printed."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(
        self, *options: str, faults: Sequence[Json] = (), is_awaited: bool = True, tracer: Sequence[str] = ()
    ) -> float:
        """Starts a server.

        Args:
            options: Options of this start alone.
            faults: What to break; see tests/faults/faulty.py.
            is_awaited: Whether to wait until it answers.
            tracer: A command that goes before the server's and becomes it.

        Returns:
            The seconds until it answered; 0 when that was not awaited.
        """
        command = [*self._command]
        if faults:
            command = [sys.executable, "-m", "tests.faults.faulty", json.dumps(list(faults)), *TWISTD[1:]]
        usual = ["--port=0", "--spare-kernels=0", f"--state={self.state}", f"--root={self.root}"]
        began = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*tracer, *command, *usual, *self._options, *options],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self.wait_up(began) if is_awaited else 0.0

    def wait_up(self, began: float) -> float:
        """Waits until the server that was started answers; gives the seconds since `began`."""
        facts = until(self._announced, lambda: f"the server starts; its log: {self.log[-3000:]}")
        address = urlsplit(facts["url"])
        self.port, self.token, self.below = address.port or 0, facts["token"], address.path
        self.tls = trusting() if address.scheme == "https" else None
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
        """`kill -9`: its kernels go on."""
        assert self.process is not None
        self.is_up.clear()
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, as systemd and ^C do; gives the exit status."""
        assert self.process is not None
        self.is_up.clear()
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def ended(self) -> int:
        """Waits until the server has ended by itself; gives its status."""
        assert self.process is not None
        status = self.process.wait(PATIENCE_S)
        self.is_up.clear()
        return status

    def call(self, method: str, **params: object) -> Any:
        """A call by POST, on a connection of its own; gives its result.

        Raises:
            Refused: It was answered with a failure.
            OSError, http.client.HTTPException: The server died before it answered.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        reply = json.loads(self.request("POST", "/rpc", body)[1])
        if "error" in reply:
            is_ours = reply["error"]["data"]["name"] == "internal_error"
            raise Refused(reply["error"], f"\n{self.log[-5000:]}" if is_ours else "")
        return reply["result"]

    def request(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """A request by HTTP, on a connection of its own.

        Args:
            verb: Its method.
            path: Its path below the base URL, with the query.
            body: Its body.
            headers: Who asks; the owner of the server unless given.

        Returns:
            The status and the body of the answer.
        """
        line = (
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S + 30)
            if self.tls is None
            else http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S + 30, context=self.tls)
        )
        try:
            owner = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            line.request(verb, self.below + path, body, dict(owner if headers is None else headers))
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def health(self) -> int:
        """The status of /healthz."""
        return self.request("GET", "/healthz", headers={})[0]

    def link(self) -> str:
        """An address with a one-time code that was not used yet."""
        return str(self.call("server.launch_code")["url"])

    def connect(self, port: int | None = None, receive_bytes: int | None = None) -> Connection:
        """A WebSocket of the owner.

        Args:
            port: Of a proxy; `None` for the server itself.
            receive_bytes: SO_RCVBUF; `None` for the system's.
        """
        return Connection(port or self.port, {"Authorization": f"Bearer {self.token}"}, receive_bytes, self.tls)

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

    def events(self, session: str, since: int = 0) -> list[Json]:
        """All written events of a session after a seq; fails unless they are dense."""
        found: list[Json] = []
        while page := self.call("session.events", session=session, since=since + len(found), limit=10_000)["events"]:
            found += page
        assert [event["seq"] for event in found] == list(range(since + 1, since + len(found) + 1)), "seqs are dense"
        return found

    def until(self, session: str, wanted: Wanted, what: str, since: int = 0) -> list[Json]:
        """Waits for an event of a session, by long poll.

        Args:
            session: The session.
            wanted: Whether an event is the one.
            what: What is waited for, for the failure.
            since: The seq after which to look.

        Returns:
            The events after `since` up to the wanted one.

        Raises:
            AssertionError: It did not come.
        """
        end, found = time.monotonic() + PATIENCE_S, list[Json]()
        while time.monotonic() < end:
            page = self.call("session.events", session=session, since=since + len(found), wait_s=5)["events"]
            for event in page:
                found.append(event)
                if wanted(event):
                    return found
        raise AssertionError(f"it did not come: {what}; these did: {[event['type'] for event in found][-20:]}")

    def hosts(self) -> list[Json]:
        """What the kernel hosts that live say of themselves."""
        return self._living("hosts", b"webipy.kernelhost")

    def terminal_hosts(self) -> list[Json]:
        """What the terminal hosts that live say of themselves."""
        return self._living("terminals", b"webipy.terminalhost")

    def _living(self, folder: str, program: bytes) -> list[Json]:
        found = []
        for path in sorted(self.state.glob(f"{folder}/*/host.json")):
            try:
                facts = json.loads(path.read_bytes())
            except FileNotFoundError:
                continue  # it is just being removed
            if program in command_of(facts["pid"]):  # and no other process of that number
                found.append(facts)
        return found

    def end(self) -> None:
        """Ends the server, its hosts and their kernels at once; the folder stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        for facts in [*self.hosts(), *self.terminal_hosts()]:
            _kill(facts["pid"])

    def close(self) -> None:
        """Ends everything, and removes it."""
        self.end()
        shutil.rmtree(self.state, ignore_errors=True)  # kernels that are dying take their sockets away themselves
        shutil.rmtree(self.folder, ignore_errors=True)


def trusting() -> ssl.SSLContext:
    """TLS with whatever certificate there is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _kill(pid: int) -> None:
    """Kills a process that is no child, and waits until it has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return  # it has ended by itself in the meantime
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        select.select([process], [], [], PATIENCE_S)
    except ProcessLookupError:
        pass
    finally:
        os.close(process)


@functools.cache
def shared_server() -> Server:
    """The server that the tests of a process share, with kernelspecs that do not work: `missing`, `dies` and `torn`."""
    server = Server()
    atexit.register(server.close)
    write_kernelspec(server, "missing", "/nonexistent/kernel")
    write_kernelspec(server, "dies", sys.executable, "-c", "import sys; sys.exit('no such module: frobnicate')")
    (server.folder / "jupyter" / "kernels" / "torn").mkdir()
    (server.folder / "jupyter" / "kernels" / "torn" / "kernel.json").write_text('{"argv": [')
    return server


def write_kernelspec(server: Server, name: str, *argv: str) -> None:
    """Gives a server one more kernelspec.

    Args:
        server: The server.
        name: The name of the kernelspec, and its display name.
        argv: What it starts; the connection file comes after it.
    """
    folder = server.folder / "jupyter" / "kernels" / name
    folder.mkdir(parents=True)
    spec = {"argv": [*argv, "{connection_file}"], "display_name": name, "language": "x"}
    (folder / "kernel.json").write_text(json.dumps(spec))


class ServerCase(SynchronousTestCase):
    """A test with sessions of its own, closed after it, on the server that the tests of a process share. It may end the server and start it again.

    Attributes:
        server: The server.
        folder: The root of the server; other tests have files there, too.
        session: The session of most methods here: the one that was opened last.
        gate: A file that is not there; code in a kernel can wait for it (`WAITS`).
    """

    def setUp(self) -> None:
        self.server = self.make_server()
        if self.server.process is None or self.server.process.poll() is not None:
            self.server.start()
        self.folder = self.server.root
        self.gate = self.server.folder / f"{self.id()}.gate"
        self.session = ""
        self.sessions: list[str] = []
        self.addCleanup(self._close_sessions)

    def make_server(self) -> Server:
        """The server of this test, which may run already."""
        return shared_server()

    def own_server(self, *options: str, **places: Any) -> Server:
        """A server for this test alone, which does not run yet; see `Server`."""
        server = Server(*options, **places)
        self.addCleanup(server.close)
        return server

    def _close_sessions(self) -> None:
        if self.server.process is not None and self.server.process.poll() is None:
            there = {one["id"] for one in self.call("session.list")["sessions"]}
            for session in there.intersection(self.sessions):
                self.call("session.close", session=session)

    def open(self, kernelspec: str | None = "python3", **params: Any) -> str:
        """A new session; `params` are those of `session.create`."""
        named = {} if "path" in params else {"title": self.id()}
        made = self.call("session.create", kernelspec=kernelspec, **named, **params)
        self.session = str(made["id"])
        self.sessions.append(self.session)
        return self.session

    def call(self, method: str, **params: Any) -> Any:
        """A call by POST."""
        return self.server.call(method, **params)

    def start(self, code: str, **params: Any) -> str:
        """Starts an execution; gives its id."""
        return str(self.call("execution.start", session=self.session, code=code, **params)["execution"])

    def wait(self, execution: str) -> Json:
        """The execution when it has finished."""
        return self.server.wait(self.session, execution)

    def run_code(self, code: str, **params: Any) -> Json:
        """Runs code to its end."""
        return self.wait(self.start(code, **params))

    def printed(self, code: str) -> str:
        """What code prints."""
        return "".join(output["text"] for output in self.run_code(code)["outputs"] if output["output_type"] == "stream")

    def events(self, since: int = 0) -> list[Json]:
        """Events of the session that are written now."""
        return self.server.events(self.session, since)

    def until(self, wanted: Wanted, what: str, since: int = 0) -> list[Json]:
        """Events after `since` up to the one that is wanted."""
        return self.server.until(self.session, wanted, what, since)

    def until_type(self, kind: str, since: int = 0) -> Json:
        """The first event of a type."""
        return self.until(is_a(kind), kind, since)[-1]

    @property
    def kernel(self) -> Json:
        """The session's kernel."""
        return cast(Json, self.call("session.get", session=self.session)["kernel"])

    def refused(self, name: str, method: str, **params: Any) -> Refused:
        """A call that must fail with that name."""
        with self.assertRaises(Refused) as caught:
            self.call(method, **params)
        self.assertEqual(caught.exception.name, name, str(caught.exception))
        return cast(Refused, caught.exception)
