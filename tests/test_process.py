"""webipy.host.process: what is quoted of the raw output of a kernel's process that ended."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.host_protocol import KERNEL_LOG, Kernelspec, Launch
from webipy.core.kernel.kernel import last_words
from webipy.host.process import DUMP_BYTES, TAIL_BYTES, KernelProcess

CRASH = "Fatal Python error: Segmentation fault"
STACK = '  File "/a/place/of/some/length/threading.py", line 1045 in _bootstrap_inner\n'


class Tail(SynchronousTestCase):
    """`KernelProcess.tail`."""

    def setUp(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.log = Path(folder, KERNEL_LOG)
        self.process = KernelProcess(Launch("k", Kernelspec("none", ["/bin/true"]), "/", "00"), folder, 0o077)

    def tail(self, text: str) -> str:
        """What is quoted of this output."""
        self.log.write_text(text)
        return self.process.tail()

    def test_nothing(self) -> None:
        """No file, an empty one."""
        self.assertEqual(self.process.tail(), "")
        self.assertEqual(self.tail(""), "")

    def test_the_last_of_it(self) -> None:
        """Whole when it is short, else the end."""
        self.assertEqual(self.tail("a\nb\n"), "a\nb\n")
        self.assertEqual(self.tail("x" * TAIL_BYTES + "end"), "x" * (TAIL_BYTES - 3) + "end")

    def test_a_crash_is_named_however_many_threads_there_are(self) -> None:
        """The stacks of all threads come after the line that names the crash, and the modules last."""
        for lines in (0, 10, TAIL_BYTES // len(STACK), 2 * TAIL_BYTES // len(STACK), (DUMP_BYTES - 500) // len(STACK)):
            tail = self.tail(f"earlier\n{CRASH}\n\n{STACK * lines}\nExtension modules: zmq (total: 1)\n")
            self.assertEqual(last_words(tail), f" Its last words: {CRASH}", lines)
            self.assertTrue(tail.endswith("Extension modules: zmq (total: 1)\n"))
            self.assertLess(len(tail), TAIL_BYTES + 100)

    def test_the_last_of_several_crashes(self) -> None:
        """A program that tells of one and goes on, and then of another."""
        tail = self.tail(f"Fatal Python error: Aborted\n{CRASH}\n{STACK * 200}")
        self.assertEqual(last_words(tail), f" Its last words: {CRASH}")

    def test_a_crash_of_an_earlier_start_is_not_quoted(self) -> None:
        """The log goes on from start to start."""
        self.log.write_text(f"{CRASH}\n{STACK * 200}")
        spec = Kernelspec("none", ["/bin/sh", "-c", "echo new"])
        process = KernelProcess(Launch("k", spec, "/", "00"), os.path.abspath(self.log.parent), 0o077)
        process.spawn("00")
        assert process.pid is not None
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        process.poll()
        self.assertEqual(process.tail(), "new\n")
