"""Notifications of real runs: by the command line, by a mail server that is away at first, and of a run whose session ends with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.faults.test_notifications import Inbox
from tests.live import PATIENCE_S, ROOT, Server, until
from webipy.command.exit_statuses import FAILED, OK, USAGE


class Notified(SynchronousTestCase):
    """`--notify`."""

    def setUp(self) -> None:
        self.inbox = Inbox()
        self.addCleanup(self.inbox.close)
        self.server = Server(f"--notify-webhook={self.inbox.url}")
        self.addCleanup(self.server.close)
        self.server.start()

    def command(self, *arguments: str) -> tuple[int, str]:
        """Runs the command line; gives its status and what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "webipy.cli", *arguments],
            env=self.server.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return done.returncode, done.stdout + done.stderr

    def test_commands_tell_of_their_ends(self) -> None:
        """Of code and of a notebook, good or bad; a session that ends with its run is told of all the same."""
        state = f"--state={self.server.state}"
        self.assertEqual(self.command("exec", state, "--notify", "print(1)")[0], OK)
        self.assertEqual(self.command("exec", state, "--notify", "1/0")[0], FAILED)
        self.assertEqual(self.command("exec", state, "print(2)")[0], OK)
        self.assertEqual(self.command("exec", state, "--fresh", "--notify", "1")[0], USAGE)
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells: list[dict[str, Any]] = [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": "1",
                "outputs": [],
                "execution_count": None,
            }
            for number in range(3)
        ]
        path = self.server.root / "may.ipynb"
        path.write_text(
            json.dumps({"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})
        )
        status, said = self.command("run", state, "--notify", str(path), "-o", str(Path(path.parent, "out.ipynb")))
        self.assertEqual(status, OK, said)
        until(lambda: len(self.inbox.bodies) == 3, lambda: f"three deliveries: {self.inbox.bodies}")
        statuses = [body["status"] for body in self.inbox.bodies]
        self.assertEqual(statuses, ["ok", "error", "ok"])
        self.assertEqual(len(self.inbox.bodies[2]["executions"]), 3)
        self.assertIn("may", self.inbox.bodies[2]["text"])
        self.assertNotIn(self.inbox.url, self.server.log)
