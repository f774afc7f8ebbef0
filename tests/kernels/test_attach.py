"""`kernel.attach` as a user has it: a plain ipykernel that something else started, joined through a real server.

The kernels here are started by hand, which choose their TCP ports and write their connection files themselves.
Each test ends the kernels that it started.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import wait_until
from tests.kernels.test_cli_live import Server

DEADLINE_S = 60.0
DEATH_S = 15.0  # within which the end of an attached kernel is told

Json = dict[str, Any]
Wanted = Callable[[Json], bool]


def printed(event: Json) -> str:
    """The text that an event brings, if it brings some."""
    return str(event.get("output", {}).get("text", ""))


class Refused(Exception):
    """The server refused a call; the message is its own."""


class PlainKernel:
    """An ipykernel that webipy knows nothing of."""

    def __init__(self, test: SynchronousTestCase, folder: Path, name: str = "kernel") -> None:
        self.path = str(folder / f"{name}.json")
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ipykernel_launcher", "-f", self.path],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        test.addCleanup(self.kill)
        wait_until(self.has_told, "the kernel writes its connection file")

    def has_told(self) -> bool:
        """Whether the connection file is there, whole."""
        try:
            return bool(json.loads(Path(self.path).read_bytes()))
        except (FileNotFoundError, json.JSONDecodeError):
            return False

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


class AttachTests(SynchronousTestCase):
    """A server, a session, and kernels of others."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        self.folder = folder
        self.server = Server(Path(tempfile.mkdtemp(prefix="webipy-at-")), folder)
        self.addCleanup(self.server.remove)
        self.addCleanup(self.server.stop)
        self.session = self.call("session.create", title="Attached")["id"]
        self.seq = 0
        self.seen: list[Json] = []

    def call(self, method: str, **params: object) -> Any:
        """Call a method by POST.

        Raises:
            Refused: The answer is a failure.
        """
        told = self.server.ask(method, **params)
        if "error" in told:
            raise Refused(told["error"]["message"])
        return told["result"]

    def until(self, wanted: Wanted, patience_s: float = DEADLINE_S) -> Json:
        """The next event of the session that is wanted."""
        end = time.monotonic() + patience_s
        while (left_s := end - time.monotonic()) > 0:
            told = self.call("session.events", session=self.session, since=self.seq, limit=1, wait_s=min(left_s, 50))
            for event in told["events"]:
                self.seq = event["seq"]
                self.seen.append(event)
                if wanted(event):
                    return dict(event)
        raise self.failureException(f"it did not come; these did: {self.seen}")

    def until_a(self, kind: str, patience_s: float = DEADLINE_S) -> Json:
        """The next event of a type."""
        return self.until(lambda event: event["type"] == kind, patience_s)

    def attach(self, path: str) -> Any:
        """Join a kernel."""
        return self.call("kernel.attach", session=self.session, connection=path)["kernel"]

    def run_code(self, code: str) -> str:
        """Run code and return what it printed."""
        execution = self.call("execution.start", session=self.session, code=code)["execution"]
        return self.outcome(execution)[1]

    def outcome(self, execution: str) -> tuple[str, str]:
        """How an execution ended, and the text that it printed."""
        text = []
        while True:
            event = self.until(lambda event: event.get("execution") == execution)
            text.append(printed(event))
            if event["type"] == "execution_finished":
                return str(event["status"]), "".join(text)

    def kernel(self) -> Any:
        """The kernel as the session tells of it."""
        return self.call("session.get", session=self.session)["kernel"]

    def test_a_kernel_is_joined_used_interrupted_and_missed(self) -> None:
        """It runs code, completes, is interrupted by message; it is joined again after a crash of the server; its end is told within 15 s."""
        plain = PlainKernel(self, self.folder)
        told = self.attach(plain.path)
        self.assertEqual((told["display_name"], told["kernelspec"]), ("Attached kernel", "attached"))
        self.assertEqual(self.run_code("import os; x = 41; print(os.getpid())"), f"{plain.process.pid}\n")
        self.assertEqual((self.kernel()["language"], self.kernel()["pid"]), ("python", None))
        found = self.call("completion.get", session=self.session, code="os.getpi", cursor=8)
        self.assertIn("getpid", json.dumps(found))
        code = "import time\nprint('asleep', flush=True)\ntime.sleep(600)"
        sleeping = self.call("execution.start", session=self.session, code=code)["execution"]
        self.until(lambda event: event.get("execution") == sleeping and "asleep" in printed(event))
        self.call("kernel.interrupt", session=self.session)
        self.assertEqual(self.outcome(sleeping)[0], "error")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.run_code("print(x + 1)"), "42\n")
        started = time.monotonic()
        plain.process.send_signal(signal.SIGKILL)
        died = self.until_a("kernel_died", DEATH_S)
        self.assertLess(time.monotonic() - started, DEATH_S)
        self.assertEqual((died.get("expected", False), "heartbeat was silent" in died["reason"]), (False, True))

    def test_a_kernel_is_not_ended_by_what_it_did_not_ask_for(self) -> None:
        """Restart and kill are refused; another kernel in its place, the end of the session or of the server leave it alone."""
        plain = PlainKernel(self, self.folder)
        self.attach(plain.path)
        self.run_code("y = 7")
        for act in ("restart", "kill"):
            fault = self.assertRaises(Refused, self.call, f"kernel.{act}", session=self.session)
            self.assertIn("webipy did not start this kernel", str(fault))
        first = self.server.hosts()
        self.attach(plain.path)
        wait_until(lambda: not set(first) & set(self.server.hosts()), "the first host lets go")
        self.assertEqual(self.run_code("print(y)"), "7\n")
        self.call("session.close", session=self.session)
        wait_until(lambda: not self.server.hosts(), "the host lets go of a closed session's kernel")
        self.session, self.seq = self.call("session.create", title="Again")["id"], 0
        self.attach(plain.path)
        self.assertEqual(self.run_code("print(y)"), "7\n")
        (host,) = self.server.hosts()
        self.server.stop()
        self.assertNotIn(host, self.server.hosts())
        self.server.start()
        self.attach(plain.path)
        self.assertEqual(self.run_code("print(y)"), "7\n")

    def test_a_kernel_that_is_asked_to_end_ends(self) -> None:
        """By `shutdown_request`; its end is told as expected, and its host goes."""
        plain = PlainKernel(self, self.folder)
        self.attach(plain.path)
        self.run_code("pass")
        self.call("kernel.shut_down", session=self.session)
        died = self.until_a("kernel_died")
        self.assertEqual((died["expected"], died["reason"]), (True, "The kernel was shut down."))
        self.assertEqual(plain.process.wait(DEADLINE_S), 0)
        wait_until(lambda: not self.server.hosts(), "the host ends")

    def test_what_cannot_be_joined_is_told(self) -> None:
        """No such file, no connection file, no key, another scheme; and nobody there, within 10 s."""
        path = self.folder / "bad.json"
        refused = self.assertRaises(Refused, self.attach, str(path))
        self.assertIn("No such file", str(refused))
        self.assertIn("absolute path", str(self.assertRaises(Refused, self.attach, "bad.json")))
        self.assertIn("directory", str(self.assertRaises(Refused, self.attach, str(self.folder))))
        with socket.create_server(("127.0.0.1", 0)) as deaf:  # it accepts and never answers
            port = deaf.getsockname()[1]
            channels = ("shell", "iopub", "stdin", "control", "hb")
            good = {"transport": "tcp", "ip": "127.0.0.1", "key": "k", **{f"{name}_port": port for name in channels}}
            for fields, said in (
                ({"key": ""}, "empty key"),
                ({"signature_scheme": "hmac-md5"}, "signature scheme"),
                ({"shell_port": "x"}, "not a Jupyter connection file"),
            ):
                path.write_text(json.dumps({**good, **fields}))
                self.assertIn(said, str(self.assertRaises(Refused, self.attach, str(path))))
            self.assertIsNone(self.kernel())
            path.write_text(json.dumps(good))
            self.attach(str(path))
            died = self.until_a("kernel_died", DEATH_S)
        self.assertIn(f"Nobody answered at tcp://127.0.0.1:{port} within 10 s", died["reason"])
