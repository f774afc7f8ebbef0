"""webipy.io.kernels.process_usage: what the sessions of the system use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from webipy.io.kernels.process_usage import LocalProcesses
from webipy.server.ports.kernels import Used

PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def at_once(call: Any) -> Any:
    """Runs what would run in a thread."""
    return succeed(call())


class Reading(SynchronousTestCase):
    """A system that is made up."""

    def setUp(self) -> None:
        self.proc = Path(self.mktemp())
        self.proc.mkdir()
        (self.proc / "meminfo").write_text("MemTotal: 1 kB\n")
        self.processes = LocalProcesses(at_once, str(self.proc))

    def process(self, pid: int, session: int, ticks: int, pages: int, pss: int | None = None, state: str = "S") -> None:
        """A process; its name tries to be two fields."""
        folder = self.proc / str(pid)
        folder.mkdir()
        fields = [state, "1", str(session), str(session), "0", "-1", "0", "0", "0", "0", "0"]
        fields += [str(ticks), "0", "0", "0", "20", "0", "1", "0", "0", "9999", str(pages), "0"]
        (folder / "stat").write_text(f"{pid} (a) S 1 b) {' '.join(fields)}\n")
        if pss is not None:
            (folder / "smaps_rollup").write_text(f"0-1 ---p\nRss: 99 kB\nPss: {pss} kB\nPss_Dirty: 1 kB\n")

    def test_one_process(self) -> None:
        """What it has in memory."""
        self.process(7, 7, 3 * TICKS, 10, pss=1)
        self.process(9, 9, 1, 1)
        self.assertEqual(self.processes.read({7}), {7: Used(10 * PAGE, 3.0, 1)})

    def test_several_share_pages(self) -> None:
        """Those count once; one that does not let itself be looked at counts whole."""
        self.process(7, 7, TICKS, 100, pss=60)
        self.process(8, 7, TICKS, 100, pss=40)
        self.process(9, 7, 0, 2)
        self.assertEqual(self.processes.read({7}), {7: Used(100 * 1024 + 2 * PAGE, 2.0, 3)})

    def test_a_rollup_without_its_line(self) -> None:
        """Of a system that knows no proportional set."""
        self.process(7, 7, 0, 5)
        self.process(8, 7, 0, 5)
        for pid in ("7", "8"):
            (self.proc / pid / "smaps_rollup").write_text("Rss: 99 kB\n")
        self.assertEqual(self.processes.read({7})[7].memory_bytes, 10 * PAGE)

    def test_what_has_ended(self) -> None:
        """A process that nobody has asked for its status yet, and one that goes while we look."""
        self.process(7, 7, 1, 1, state="Z")
        (self.proc / "8").mkdir()
        self.assertEqual(self.processes.read({7, 8}), {})

    def test_in_a_thread(self) -> None:
        """The same."""
        self.process(7, 7, 0, 1)
        self.assertEqual(self.successResultOf(self.processes.used({7})), {7: Used(PAGE, 0.0, 1)})


class Real(SynchronousTestCase):
    """This system."""

    def test_a_process_that_started_another(self) -> None:
        """Both are found, by the session alone."""
        code = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print('there', flush=True); sys.stdin.read()"
        leader = subprocess.Popen(
            [sys.executable, "-c", code], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert leader.stdout is not None and leader.stdin is not None
        self.addCleanup(leader.stdin.close)
        self.addCleanup(leader.stdout.close)
        self.addCleanup(leader.wait)
        self.addCleanup(os.killpg, leader.pid, 9)
        leader.stdout.readline()
        used = LocalProcesses(at_once).read({leader.pid})[leader.pid]
        self.assertEqual(used.processes, 2)
        self.assertTrue(2_000_000 < used.memory_bytes < 500_000_000, used)
