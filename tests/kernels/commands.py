"""The `webipy` command as a user has it: processes, and the server that they speak to.

Nothing waits for a time to pass: code that must still be running at some moment waits for a file that the test makes (`gate`), and a test that must
see output before the end reads it from the pipe before it opens the gate.
"""

from __future__ import annotations

import atexit
import functools
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, cast

from twisted.trial.unittest import SynchronousTestCase

from tests.live import PATIENCE_S, ROOT, SERVE, Json, Server, write_kernelspec

COMMAND = [sys.executable, "-m", "webipy.cli"]

WAIT = """
import os, time
def wait():
    while not os.path.exists({gate!r}):
        time.sleep(0.01)
"""


def environment() -> dict[str, str]:
    """The environment of every process here: this checkout comes first."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def read_until(stream: IO[bytes] | int, wanted: bytes) -> bytes:
    """Read until `wanted` has come.

    Raises:
        AssertionError: It did not come; the message holds what came.
    """
    fd = stream if isinstance(stream, int) else stream.fileno()
    got, deadline = b"", time.monotonic() + PATIENCE_S
    while wanted not in got:
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(fd, 65536) if ready else b""
        assert piece, f"{wanted!r} did not come, but {got!r}"
        got += piece
    return got


def new_server() -> Server:
    """A server that `webipy serve` has started, with a kernelspec `broken`."""
    server = Server("--kernels-stop-with-server", command=SERVE)
    write_kernelspec(server, "broken", sys.executable, "-m", "no_such_module")
    return server


@functools.cache
def command_server() -> Server:
    """The server that the tests of a process share."""
    server = new_server()
    atexit.register(server.close)
    return server


def clear(server: Server) -> None:
    """Closes every session of a server, and removes every file below its root."""
    for session in server.call("session.list")["sessions"]:
        server.call("session.close", session=session["id"])
    for path in server.root.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


class CommandCase(SynchronousTestCase):
    """A test with a server that has no sessions and no files when it begins."""

    def setUp(self) -> None:
        self.server = command_server()
        if self.server.process is None or self.server.process.poll() is not None:
            self.server.start()
        self.addCleanup(clear, self.server)
        self.folder = self.server.root
        self.gate = str(self.folder / "gate")
        self.wait = WAIT.format(gate=self.gate)

    def sessions(self) -> list[Json]:
        """The open sessions."""
        return cast(list[Json], self.server.call("session.list")["sessions"])

    def open_gate(self) -> None:
        """Let the code go on that waits."""
        Path(self.gate).touch()

    def arguments(self, command: str, *arguments: str) -> list[str]:
        """The command line of a command that speaks to our server."""
        return [*COMMAND, command, "--state", str(self.server.state), *arguments]

    def webipy(self, command: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        line = self.arguments(command, *arguments)
        return subprocess.run(line, input=stdin, capture_output=True, text=True, env=environment(), timeout=PATIENCE_S)

    def begin(self, command: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and let it run."""
        process = subprocess.Popen(
            self.arguments(command, *arguments),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process: subprocess.Popen[bytes]) -> None:
        """End a command that a failed test has left running."""
        process.kill()
        process.communicate()

    def finish(self, process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
        """The exit status of a command, and what else it printed."""
        out, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out.decode(), err.decode()

    def ok(self, finished: subprocess.CompletedProcess[str]) -> str:
        """What a command printed that went well."""
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout
