"""webipy.__main__: the command where its script is not on the path."""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.live import PATIENCE_S, ROOT


class AsModule(SynchronousTestCase):
    """`python -m webipy`."""

    def test_it_is_the_webipy_command(self) -> None:
        """With its options, its failures and their exit status; its help says how it was called."""
        for given, status, words in (
            (["--version"], 0, "webipy "),
            (["--help"], 0, "Usage: python -m webipy "),
            (["nonsense"], 2, "No such command 'nonsense'"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "webipy", *given],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stdout + done.stderr)
