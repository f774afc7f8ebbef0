"""Faults of kernel hosts and kernels: killed, stopped, ended while no server is there, impossible to start. C2, C4, C6."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import resource
import signal
import time
from pathlib import Path
from unittest import SkipTest

from tests.faults import FaultTestCase, counted, counting, rounds
from tests.live import is_a, until, until_ended

LINES = 5_000
CELLS = (
    "x = 1",
    "print(1)",
    "1 + 1",
    "",
    "import time; time.sleep(0.002)",
    "sum(range(20_000))",
    "await __import__('asyncio').sleep(0.01)",
)
GRACE_HOURS = "0.0002"
"""Under a second."""

SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(60)"


class Hosts(FaultTestCase):
    """Two sessions: what happens to one does not happen to the other."""

    def setUp(self) -> None:
        super().setUp()
        self.server.start()
        self.session = self.server.session()
        (self.host,) = self.server.hosts()

    def test_c2_kill_9_of_a_host_ends_what_was_open_as_lost_and_nothing_else(self) -> None:
        """The reason is told; kernel.restart brings the kernel back under its id."""
        other = self.server.session()
        self.server.call("execution.start", session=other, code=counting(400, 0.005), id="other")
        self.server.call("execution.start", session=self.session, code=SLOW, id="runs")
        self.server.call("execution.start", session=self.session, code="1", id="waits")
        watcher = self.subscribe(self.session)
        watcher.until(is_a("output_added", "runs"))
        kernel = self.server.call("session.get", session=self.session)["kernel"]
        os.kill(self.host["pid"], signal.SIGKILL)
        for execution in ("runs", "waits"):
            finished = watcher.finished(execution)
            self.assertEqual(finished["status"], "lost")
            self.assertIn("The kernel host ended", finished["reason"])
        until_ended(kernel["pid"])
        self.refused("kernel_dead", "execution.start", session=self.session, code="1")
        again = self.server.call("kernel.restart", session=self.session)["kernel"]
        self.assertEqual(again["id"], kernel["id"])
        self.assertEqual(self.server.run(self.session, "1+1", "after")["outputs"][0]["data"]["text/plain"], "2")
        found = self.server.wait(other, "other")
        self.assertEqual((found["status"], found["outputs"][0]["text"]), ("ok", counted(400)))

    def test_c2_a_kernel_that_dies_is_told_with_the_reason(self) -> None:
        """By a signal, by a crash in C, by its own exit; the host stays and restart works."""
        table = [
            ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
            ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
            ("import ctypes; ctypes.string_at(0)", "last words: Fatal Python error: Segmentation fault"),
            ("import os; os._exit(3)", "exit status 3"),
        ]
        for number, (code, word) in enumerate(table):
            found = self.server.run(self.session, f"print('before')\n{code}", f"dies{number}")
            self.assertEqual(found["status"], "lost")
            self.assertEqual(found["outputs"][0]["text"], "before\n")
            self.assertIn(word, found["reason"])
            self.server.call("kernel.restart", session=self.session)
            self.assertEqual(self.server.run(self.session, "1", f"lives{number}")["status"], "ok")
        self.assertEqual(self.server.hosts()[0]["pid"], self.host["pid"])

    def test_c2_random_interrupts_in_runs_of_short_cells_hold_up_nothing(self) -> None:
        """Each cell ends once; an interrupt ends what runs, and what the same client has queued behind it; the kernel goes on."""
        chance, interrupts = random.Random(16), 0
        watcher = self.subscribe(self.session)
        for number in range(10_000):
            if interrupts >= rounds(12, 1_000):
                break
            ids = [f"{number}-{n}" for n in range(60)]
            for one in ids:
                cell, queue = chance.choice(CELLS), f"q{number % 2}"
                self.server.call("execution.start", session=self.session, code=cell, id=one, queue=queue)
            other = f"other{number}"
            self.server.call("execution.start", session=self.session, code="6 * 7", id=other, queue="other")
            for _ in range(chance.randint(1, 3)):
                interrupts += 1
                self.server.call("kernel.interrupt", session=self.session)
                time.sleep(chance.choice([0, chance.uniform(0, 0.05)]))  # not awaited: any moment is one to try
            for one in [*ids, other]:
                watcher.finished(one)
            # An interrupt that names nothing strikes what runs, which may be the other's by then; what the other has queued is left alone.
            self.assertIn(self.server.wait(self.session, other)["status"], ("ok", "error"))
            self.assertEqual(self.server.run(self.session, "1", f"lives{number}")["status"], "ok")
        ends = [event["execution"] for event in watcher.events if event["type"] == "execution_finished"]
        self.assertEqual(len(ends), len(set(ends)))

    def test_c3_output_of_a_run_is_there_when_it_has_ended_and_late_output_comes_later(self) -> None:
        """Of processes, in its place; of a thread and of a process that live longer, under the same execution."""
        lines = "".join(f"{n}\n" for n in range(1, 2001))
        for number in range(rounds(5, 40)):
            code = "import subprocess\nprint('a')\nsubprocess.run(['seq', '2000'])\nprint('b', end='')"
            found = self.server.run(self.session, code, f"seq{number}")
            self.assertEqual("".join(output["text"] for output in found["outputs"]), f"a\n{lines}b")
        gate = str(self.server.root / "gate")
        wait = f"import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.01)"
        code = f"import threading\ndef late():\n    exec({wait!r})\n    print('late')\nthreading.Thread(target=late).start()\nprint('now')"
        self.assertEqual(self.server.run(self.session, code, "thread")["outputs"][0]["text"], "now\n")
        Path(gate).touch()

        def told() -> bool:
            found = self.server.call("execution.get", session=self.session, execution="thread")
            return "".join(output["text"] for output in found["outputs"]) == "now\nlate\n"

        until(told, "what the thread printed is an output of its execution")

    def test_c4_c10_a_process_that_is_stopped_for_a_while_is_not_taken_for_dead(self) -> None:
        """Kernel, host and server in turn, in a flood: no false death, and everything comes in the end."""
        watcher = self.subscribe(self.session)
        kernel = self.server.call("session.get", session=self.session)["kernel"]["pid"]
        for number, pid in enumerate((kernel, self.host["pid"], self.server.pid)):
            name = f"stop{number}"
            self.server.call("execution.start", session=self.session, code=counting(LINES), id=name)
            watcher.until(is_a("output_added", name))
            os.kill(pid, signal.SIGSTOP)
            until(functools.partial(_is_stopped, pid), "it is stopped")
            if pid != self.server.pid:
                state = self.server.call("session.get", session=self.session)["kernel"]["state"]
                self.assertIn(state, ("busy", "idle"))
            os.kill(pid, signal.SIGCONT)
            self.assertEqual(watcher.finished(name)["status"], "ok")
            self.assertEqual(watcher.printed(name), counted(LINES))
        self.assertNotIn("kernel_died", [event["type"] for event in watcher.events])


class Short(FaultTestCase):
    """Memory runs out for a server and all that it started, and for nothing else on this machine."""

    MOST_BYTES = 400_000_000

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make_group()
        self.addCleanup(self.group.rmdir)
        self.addCleanup(self.server.close)  # before the group goes
        enter = f'echo $$ > {self.group}/cgroup.procs && exec "$@"'
        self.server.start(tracer=["sh", "-c", enter, "sh"])
        self.session = self.server.session()

    def make_group(self) -> Path:
        """A group of processes with little memory, below our own."""
        own = [line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines()]
        for controllers, path in own:
            if controllers == "" or "memory" in controllers.split(","):
                above, limit = ("", "memory.max") if controllers == "" else ("/memory", "memory.limit_in_bytes")
                group = Path(f"/sys/fs/cgroup{above}{path}", f"webipy-{os.getpid()}")
                with contextlib.suppress(OSError):
                    group.mkdir()
                    if (group / limit).exists():
                        (group / limit).write_text(str(self.MOST_BYTES))
                        return group
                    group.rmdir()
        raise SkipTest("no group with a limit of memory can be made here")

    def test_c2_a_kernel_that_takes_too_much_memory_is_told_as_that(self) -> None:
        """The system kills it; server and host live on, and so does the next kernel."""
        found = self.server.run(self.session, "whole = [bytearray(10_000_000) for _ in range(100)]", "greedy")
        self.assertEqual(found["status"], "lost")
        self.assertRegex(found["reason"], r"out of memory \(\d{3} MB\)")
        self.server.call("kernel.restart", session=self.session)
        self.assertEqual(self.server.run(self.session, "1+1", "after")["status"], "ok")
        self.server.call("session.close", session=self.session)
        self.server.stop()
        until(lambda: not (self.group / "cgroup.procs").read_text().strip(), "all have left the group")


class EndsAlone(FaultTestCase):
    """A host that ends by itself while no server is there, because its grace is over."""

    def setUp(self) -> None:
        super().setUp()
        self.server.start("--grace", GRACE_HOURS)
        self.session = self.server.session()

    def end_alone(self, number: int) -> Path:
        """The kernel prints while no server is there, and the host ends; gives the folder of what it left."""
        name, go = f"alone{number}", self.server.root / f"go{number}"
        waiting = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(.01)"
        self.server.call("execution.start", session=self.session, code=f"{waiting}\n{counting(300)}", id=name)
        self.subscribe(self.session).until(is_a("execution_started", name))
        (host,) = self.server.hosts()
        self.server.kill()
        go.write_text("")
        until_ended(host["pid"])
        (farewell,) = self.server.state.glob("hosts/*/farewell.json")
        return farewell.parent

    def test_c6_what_a_host_left_that_ended_alone_is_taken_in(self) -> None:
        """What finished meanwhile has finished, with all its output; then the kernel's end is told."""
        folder = self.end_alone(0)
        self.server.start()
        found = self.server.wait(self.session, "alone0")
        self.assertEqual((found["status"], found["outputs"][0]["text"]), ("ok", counted(300)))
        events = self.server.events(self.session)
        self.assertNotIn("output_lost", [event["type"] for event in events])
        self.assertEqual([event["type"] for event in events].count("kernel_died"), 1)
        self.assert_once(events)
        self.assertFalse(folder.exists())
        self.server.call("kernel.restart", session=self.session)
        self.assertEqual(self.server.run(self.session, "1", "after")["status"], "ok")

    def test_c3_a_damaged_or_cut_off_spool_gives_its_whole_part_and_tells_of_the_gap(self) -> None:
        """Cut off at a random byte, or one byte changed: a prefix, then `output_lost`, and numbers go on."""
        for number in range(rounds(2, 20)):
            spool = self.end_alone(number) / "spool-0"
            body = bytearray(spool.read_bytes())
            at = self.random.randrange(100, len(body))
            if number % 2:
                body[at] ^= 1 << self.random.randrange(8)
            else:
                del body[at:]
            spool.write_bytes(body)
            self.server.start("--grace", GRACE_HOURS)
            found = self.server.wait(self.session, f"alone{number}")
            text = found["outputs"][0]["text"] if found["outputs"] else ""
            self.assertTrue(counted(300).startswith(text), text)
            self.assertIn(found["status"], ("ok", "lost"))
            events = [e["type"] for e in self.server.events(self.session)]
            self.assertEqual(events.count("output_lost"), number + 1)
            self.server.call("kernel.restart", session=self.session)
            self.assertEqual(self.server.run(self.session, "1", f"after{number}")["status"], "ok")


class CannotStart(FaultTestCase):
    """The system gives no process or no file."""

    def test_c9_no_process_for_a_kernel_is_told_and_passes(self) -> None:
        """EAGAIN of fork: a clear failure, sessions untouched, and it works when the system can again."""
        full = self.server.root / "full"
        faults = [
            {"at": "subprocess:Popen", "do": "EAGAIN", "while": str(full)},
            {"at": "webipy.io.kernels.kernelspec_cache:getProcessOutputAndValue", "do": "EAGAIN", "while": str(full)},
        ]
        full.write_text("")
        self.server.start(faults=faults)
        for _ in range(2):
            told = self.refused("kernel_failed", "kernelspec.list")
            self.assertIn("Resource temporarily unavailable", str(told))
        full.unlink()
        session = self.server.call("session.create")["id"]
        self.server.call("kernelspec.list")
        full.write_text("")
        told = self.refused("kernel_failed", "kernel.start", session=session)
        self.assertIn("Resource temporarily unavailable", str(told))
        full.unlink()
        self.server.call("kernel.start", session=session)
        self.assertEqual(self.server.run(session, "1", "one")["status"], "ok")

    def test_c9_no_file_descriptors_left_harms_no_one_who_is_there(self) -> None:
        """EMFILE: who is connected goes on, new kernels are refused with the reason; when there is room all works."""
        self.server.start()
        session = self.server.session()
        watcher = self.subscribe(session)
        watcher.until(is_a("execution_finished", "warm"))
        other = self.server.call("session.create")["id"]
        used = max(int(name) for name in os.listdir(f"/proc/{self.server.pid}/fd"))
        before = resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE)
        self.server.call("execution.start", session=session, code=counting(500, 0.004), id="goes-on")
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (used + 2, before[1]))
        told = self.refused("kernel_failed", "kernel.start", session=other)
        self.assertIn("Too many open files", str(told))
        self.assertEqual(watcher.finished("goes-on")["status"], "ok")
        self.assertEqual(watcher.printed("goes-on"), counted(500))
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, before)
        self.server.call("kernel.start", session=other)
        self.assertEqual(self.server.run(other, "1", "one")["status"], "ok")


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
