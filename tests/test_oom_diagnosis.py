"""webipy.host.oom_diagnosis: whether the system ended a process because memory ran out."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.host_protocol import Kernelspec, Launch
from webipy.host import oom_diagnosis
from webipy.host.oom_diagnosis import VMSTAT, OomDiagnosis, counters, memory_text
from webipy.host.process import Exit, KernelProcess


class Counting(SynchronousTestCase):
    """`OomDiagnosis`."""

    def setUp(self) -> None:
        self.file = Path(self.mktemp())
        self.now = 100.0

    def counted(self, number: int) -> None:
        """The system says that it has killed so many."""
        self.file.write_text(f"oom 9\noom_kill {number}\noom_group_kill 0\n")

    def test_a_rise_counts(self) -> None:
        """For some seconds: a process with much memory takes a moment to end."""
        self.counted(3)
        watched = OomDiagnosis([str(self.file)], lambda: self.now)
        self.assertFalse(watched.was_now())
        self.counted(4)
        watched.look()
        self.now += oom_diagnosis.RECENT_S
        self.assertTrue(watched.was_now())
        self.now += 0.1
        self.assertFalse(watched.was_now())

    def test_what_was_before_does_not_count(self) -> None:
        """Another kernel that was killed yesterday says nothing about this one."""
        self.counted(3)
        self.assertFalse(OomDiagnosis([str(self.file)]).was_now())

    def test_the_first_file_with_a_number_is_used(self) -> None:
        """A system has one or the other."""
        self.counted(3)
        other = Path(self.mktemp())
        other.write_text("oom_kill_disable 0\n")
        watched = OomDiagnosis(["/nowhere", str(other), str(self.file)])
        self.counted(4)
        self.assertTrue(watched.was_now())

    def test_without_a_number_nothing_is_said(self) -> None:
        """Nor when it goes away."""
        self.assertFalse(OomDiagnosis(["/nowhere"]).was_now())
        self.counted(3)
        watched = OomDiagnosis([str(self.file)])
        self.file.unlink()
        self.assertFalse(watched.was_now())

    def test_where_the_number_may_stand(self) -> None:
        """By what the process is told of its groups."""
        self.assertEqual(
            counters("5:cpu,memory:/user/a\n0::/user.slice/b\n"),
            ["/sys/fs/cgroup/memory/user/a/memory.oom_control", "/sys/fs/cgroup/user.slice/b/memory.events", VMSTAT],
        )
        self.assertEqual(counters("0::/\n"), ["/sys/fs/cgroup/memory.events", VMSTAT])
        self.assertEqual(counters()[-1], VMSTAT)
        with patch("builtins.open", side_effect=FileNotFoundError):
            self.assertEqual(counters(), [VMSTAT])

    def test_sizes_for_people(self) -> None:
        """As they say them."""
        self.assertEqual([memory_text(n) for n in (10, 411_600_000, 7_812_000_000)], ["1 MB", "412 MB", "7.8 GB"])


class Kernels(SynchronousTestCase):
    """What a kernel's process says of its end."""

    def setUp(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.file = Path(folder, "counts")
        self.file.write_text("oom_kill 0\n")
        self.patch(oom_diagnosis, "GROUPS", "/nowhere")
        self.patch(oom_diagnosis, "VMSTAT", str(self.file))
        spec = Kernelspec("sleep", ["/bin/sleep", "60"])
        self.process = KernelProcess(Launch("k", spec, "/", "00"), os.path.abspath(folder), 0o077)
        self.process.spawn("00")

    def ended(self) -> Exit:
        """Waits for the end."""
        pid = self.process.pid
        assert pid is not None
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        told = self.process.poll()
        assert told is not None and self.process.pid is None
        return told

    def test_killed_for_want_of_memory(self) -> None:
        """It says so, and how much it had at most."""
        self.file.write_text("oom_kill 1\n")
        pid = self.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        told = self.ended()
        self.assertEqual((told.exit_status, told.signal), (None, "SIGKILL"))
        self.assertRegex(told.reason, r"^The kernel stopped: out of memory \(\d+ MB\)\.$")

    def test_killed_by_somebody(self) -> None:
        """By whom, nobody can say."""
        pid = self.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(self.ended(), Exit(None, "SIGKILL"))

    def test_killed_by_its_host(self) -> None:
        """Whatever else the system kills then; the next start is another one."""
        self.process.tend()
        self.process.signal(signal.SIGKILL)
        self.file.write_text("oom_kill 1\n")
        self.assertEqual(self.ended(), Exit(None, "SIGKILL"))
        self.process.spawn("00")
        self.file.write_text("oom_kill 2\n")
        pid = self.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.assertIn("out of memory", self.ended().reason)
