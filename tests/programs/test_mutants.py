"""`make mutants`: runs of a few mutants of one small module."""

from __future__ import annotations

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.own_tests import ROOT


class Runs(SynchronousTestCase):
    """What the program prints."""

    def test_mutants_are_killed(self) -> None:
        """Some mutants of a module are noticed by its tests, and no file is changed."""
        path = ROOT / "webipy" / "core" / "kernel" / "connection_file.py"
        before = path.read_bytes()
        command = [sys.executable, "-m", "tests.mutants", "core.kernel.connection_file", "--limit", "4"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(
            run.stdout, r"core\.kernel\.connection_file: 4 mutants: [1-4] killed, \d survived, \d not reached"
        )
        self.assertEqual(path.read_bytes(), before)

    def test_a_name_that_stands_for_nothing(self) -> None:
        """It is said, and nothing runs."""
        command = [sys.executable, "-m", "tests.mutants", "core.nothing"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        self.assertEqual((run.returncode, run.stderr), (1, "There is no module webipy.core.nothing.\n"))
