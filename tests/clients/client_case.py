"""A test that runs a client of the Jupyter world, unchanged, against a real `twistd webipy` and real kernels."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from tests.clients import score
from tests.clients.packages import PYTHON_CLIENTS, SECONDS, bare, python_of
from tests.live import PATIENCE_S, ServerCase

ROOT = Path(__file__).resolve().parents[2]


class ClientCase(ServerCase):
    """Kernels that a client leaves are ended."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self._end_kernels)

    def _end_kernels(self) -> None:
        for kernel in self.asked("GET", "/api/kernels"):
            self.asked("DELETE", f"/api/kernels/{kernel['id']}")

    def asked(self, method: str, path: str) -> Any:
        """A request with the token; its JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, headers={"Authorization": f"token {self.server.token}"})
            body = connection.getresponse().read()
        finally:
            connection.close()
        return json.loads(body) if body else None

    def python(self, words: Sequence[str], typed: str = "", **environment: str) -> str:
        """Runs Python with the clients in the root of the server; gives what it prints.

        Args:
            words: What follows `python`.
            typed: Its standard input.
            environment: More variables.
        """
        return self.ran(python_of("python", PYTHON_CLIENTS), words, typed, **environment)

    def ran(self, python: Path, words: Sequence[str], typed: str = "", **environment: str) -> str:
        """Runs a Python in the root of the server; gives what it prints.

        Args:
            python: The Python.
            words: What follows it.
            typed: Its standard input.
            environment: More variables.
        """
        ran = subprocess.run(
            [str(python), "-W", "ignore", *words],
            env=bare(JUPYTER_RUNTIME_DIR=str(self.server.folder / "runtime"), **environment),
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        self.assertEqual(ran.returncode, 0, f"{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}")
        return ran.stdout

    def node(self, program: Path, *words: str) -> subprocess.Popen[str]:
        """Starts a program that uses @jupyterlab/services of the page's packages; it prints a line of JSON for each step.

        Args:
            program: The program; it gets the origin and the token of the server.
            words: More arguments.
        """
        modules = ROOT / "web" / "node_modules"
        node = shutil.which("node")
        if node is None or not (modules / "@jupyterlab" / "services").is_dir():
            raise SkipTest("node, or the packages of the page, are not installed: make test")
        folder = self.server.folder / "services"
        folder.mkdir(exist_ok=True)
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(modules.resolve())
        shutil.copy(program, folder)
        links = ["--preserve-symlinks", "--preserve-symlinks-main"]
        process = subprocess.Popen(
            [node, *links, program.name, self.server.origin, self.server.token, *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def steps_of(self, process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
        """Waits for the end of a program; gives its steps and their values, and what else it said."""
        out, err = process.communicate(timeout=SECONDS)
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return {line["step"]: line["value"] for line in lines}, err[-3000:]

    def check_steps(self, client: str, found: dict[str, Any], wanted: dict[str, Any], more: str = "") -> None:
        """Notes how many steps of a client were as they should be; fails unless all were.

        Args:
            client: Its name in the table.
            found: What it found, by step.
            wanted: What it should find.
            more: What a failure says, too.
        """
        score.note(client, sum(name in found and found[name] == value for name, value in wanted.items()), len(wanted))
        self.assertEqual(found, wanted, more)
