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
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live import PATIENCE_S, Refused, Server, ServerCase, is_a, until


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
        until(self.has_told, "the kernel writes its connection file")

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


class AttachTests(ServerCase):
    """A session, and kernels of others."""

    def make_server(self) -> Server:
        """A server whose kernel hosts are counted."""
        return self.own_server("--kernels-stop-with-server")

    def setUp(self) -> None:
        super().setUp()
        self.open(None)

    def pids(self) -> list[int]:
        """The kernel hosts of the server."""
        return [facts["pid"] for facts in self.server.hosts()]

    def attach(self, path: str) -> Any:
        """Join a kernel."""
        return self.call("kernel.attach", session=self.session, connection=path)["kernel"]

    def test_a_kernel_is_joined_used_interrupted_and_missed(self) -> None:
        """It runs code, completes, is interrupted by message; it is joined again after a crash of the server; its end is told."""
        plain = PlainKernel(self, self.folder)
        told = self.attach(plain.path)
        self.assertEqual((told["display_name"], told["kernelspec"]), ("Attached kernel", "attached"))
        self.assertEqual(self.printed("import os; x = 41; print(os.getpid())"), f"{plain.process.pid}\n")
        self.assertEqual((self.kernel["language"], self.kernel["pid"]), ("python", None))
        found = self.call("completion.get", session=self.session, code="os.getpi", cursor=8)
        self.assertIn("getpid", json.dumps(found))
        # Linux may give the signal to another thread of the kernel, which nothing but the next step of its code notices: short sleeps.
        code = "import time\nprint('asleep', flush=True)\nfor _ in range(6000): time.sleep(0.1)"
        sleeping = self.start(code)
        self.until(is_a("output_added", sleeping), "it sleeps")
        self.call("kernel.interrupt", session=self.session)
        self.assertEqual(self.wait(sleeping)["status"], "error")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.printed("print(x + 1)"), "42\n")
        plain.process.send_signal(signal.SIGKILL)
        died = self.until_type("kernel_died")
        self.assertEqual((died.get("expected", False), "heartbeat was silent" in died["reason"]), (False, True))

    def test_a_kernel_is_not_ended_by_what_it_did_not_ask_for(self) -> None:
        """Restart and kill are refused; another kernel in its place, the end of the session or of the server leave it alone."""
        plain = PlainKernel(self, self.folder)
        self.attach(plain.path)
        self.run_code("y = 7")
        for act in ("restart", "kill"):
            fault = self.assertRaises(Refused, self.call, f"kernel.{act}", session=self.session)
            self.assertIn("webipy did not start this kernel", str(fault))
        first = self.pids()
        self.attach(plain.path)
        until(lambda: not set(first) & set(self.pids()), "the first host lets go")
        self.assertEqual(self.printed("print(y)"), "7\n")
        self.call("session.close", session=self.session)
        until(lambda: not self.pids(), "the host lets go of a closed session's kernel")
        self.open(None)
        self.attach(plain.path)
        self.assertEqual(self.printed("print(y)"), "7\n")
        (host,) = self.pids()
        self.server.stop()
        self.assertNotIn(host, self.pids())
        self.server.start()
        self.attach(plain.path)
        self.assertEqual(self.printed("print(y)"), "7\n")

    def test_a_kernel_that_is_asked_to_end_ends(self) -> None:
        """By `shutdown_request`; its end is told as expected, and its host goes."""
        plain = PlainKernel(self, self.folder)
        self.attach(plain.path)
        self.run_code("pass")
        self.call("kernel.shut_down", session=self.session)
        died = self.until_type("kernel_died")
        self.assertEqual((died["expected"], died["reason"]), (True, "The kernel was shut down."))
        self.assertEqual(plain.process.wait(PATIENCE_S), 0)
        until(lambda: not self.pids(), "the host ends")

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
            self.assertIsNone(self.kernel)
            path.write_text(json.dumps(good))
            self.attach(str(path))
            died = self.until_type("kernel_died")
        self.assertIn(f"Nobody answered at tcp://127.0.0.1:{port} within 10 s", died["reason"])
