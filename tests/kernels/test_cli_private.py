"""Commands where no server runs: each has one of its own, of which nothing is left, however the command ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.faults import IS_FULL
from tests.kernels.commands import COMMAND, WAIT, environment, read_until
from tests.kernels.test_cli_run import notebook
from tests.live import PATIENCE_S, until


class PrivateTests(SynchronousTestCase):
    """A folder for the user's files, one for the usual state, which stays empty, and one for what is temporary."""

    def setUp(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="wp"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.files, self.temporary, self.usual = (self.base / name for name in ("files", "tmp", "state"))
        for folder in (self.files, self.temporary, self.usual):
            folder.mkdir()

    def environment(self) -> dict[str, str]:
        """Where no server is found."""
        return {**environment(), "XDG_STATE_HOME": str(self.usual), "TMPDIR": str(self.temporary)}

    def webipy(self, *line: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        command = [*COMMAND, *line]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment(), cwd=self.files, timeout=2 * PATIENCE_S
        )

    def processes(self) -> list[int]:
        """Those that have to do with our folders."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str(self.base).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def nothing_is_left(self) -> None:
        """No process, no state."""
        until(lambda: not self.processes() and not list(self.temporary.iterdir()), "all of it is gone")
        self.assertEqual(list(self.usual.iterdir()), [])

    def test_a_run(self) -> None:
        """Its result is there when it ends, in whatever folder; one line says that it has a server of its own."""
        (self.files / "nb.ipynb").write_text(notebook("import os", "print(os.getcwd())"))
        (self.base / "results").mkdir()
        out = self.base / "results" / "out.ipynb"
        outcome = self.webipy("run", "nb.ipynb", "-o", str(out))
        self.assertEqual((outcome.returncode, outcome.stdout), (0, ""), outcome.stderr)
        self.assertEqual(outcome.stderr.count("No server runs"), 1)
        self.assertIn(str(self.files), out.read_text())
        self.nothing_is_left()

    def test_one_that_is_killed(self) -> None:
        """SIGKILL: what was there stays. SIGTERM: what has run is saved beside it."""
        out = self.files / "out.ipynb"
        gate = str(self.base / "gate")
        (self.files / "nb.ipynb").write_text(notebook(f"print('begun')\n{WAIT.format(gate=gate)}\nwait()", "2"))
        out.write_text("the last good one")
        for number in (signal.SIGKILL, signal.SIGTERM):
            process = subprocess.Popen(
                [*COMMAND, "run", "nb.ipynb", "-o", "out.ipynb", "--overwrite", "--show"],
                env=self.environment(),
                cwd=self.files,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert process.stdout is not None
            read_until(process.stdout, b"begun\n")
            os.kill(process.pid, number)
            status = process.wait(PATIENCE_S)
            process.stdout.close()
            self.assertEqual(status, -9 if number == signal.SIGKILL else 143)
            self.nothing_is_left()
            self.assertEqual(out.read_text(), "the last good one")
            is_saved = (self.files / "out (stopped).ipynb").exists()
            self.assertEqual(is_saved, number == signal.SIGTERM)

    def test_code_and_exports(self) -> None:
        """What leaves nothing: `exec` without --fresh wants a server, since its variables stay. A server that is named is never replaced."""
        if IS_FULL:
            outcome = self.webipy("exec", "--fresh", "print(6 * 7)")
            self.assertEqual((outcome.returncode, outcome.stdout), (0, "42\n"), outcome.stderr)
        (self.files / "nb.ipynb").write_text(notebook("x = 1"))
        outcome = self.webipy("export", "nb.ipynb", "--to", "script", "-o", "-")
        self.assertEqual((outcome.returncode, "x = 1" in outcome.stdout), (0, True), outcome.stderr)
        for line in (["exec", "1"], ["run", "nb.ipynb", "--state", str(self.usual / "other")]):
            outcome = self.webipy(*line)
            self.assertEqual((outcome.returncode, "No webipy server uses" in outcome.stderr), (4, True))
        self.nothing_is_left()
