"""The kernel host, with real kernels: what docs/kernel-host.md promises."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import STOCK, HostClient, RunningHost, Wanted, is_a, is_over, start_host
from tests.live import ROOT, is_alive, until, until_ended
from webipy.host.execution_ends import LAST_WORDS_S

FLOOD = "from IPython.display import display\nfor n in range({}): display({{'text/plain': str(n)}}, raw=True)"

LARGE = "for n in range({}):\n    display({{'text/plain': str(n), 'text/x': '-' * {}}}, raw=True)"


def fill_disk(host: RunningHost) -> None:
    """Let every file that the host writes be full at 256 KiB."""
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (256 * 1024, 256 * 1024))


class HostTestCase(SynchronousTestCase):
    """A test with hosts of its own."""

    def ready(self, **launch: Any) -> tuple[RunningHost, HostClient]:
        """Start a host and wait for its kernel."""
        host = start_host(self, **launch)
        client = HostClient(self, host)
        client.ready()
        return host, client


MUTE = ["python3", os.path.join(ROOT, "tests", "kernels", "mute_kernel.py"), "{connection_file}"]


class Mute(HostTestCase):
    """A kernel that does not say all that it should: every run ends all the same, and the next one runs."""

    def setUp(self) -> None:
        """A kernel that leaves out what the code says."""
        host = start_host(self, MUTE, env={"PYTHONPATH": str(ROOT)})
        self.client = HostClient(self, host)
        self.client.ready()

    def ended(self, code: str) -> Any:
        """The end of a run: content of the reply or of the event."""
        request = self.client.execute(code, stop_on_error=False)
        return self.client.until(ends(request))[-1].content

    def test_a_run_ends_by_what_was_seen_of_it(self) -> None:
        """Idle without a reply: with the error that was shown, or with a name that says what is missing. Nothing at all: it is lost."""
        self.assertEqual(self.ended("busy input reply idle")["status"], "ok")
        self.assertEqual(self.ended("busy input error idle")["ename"], "Odd")
        self.assertEqual(self.ended("busy input idle")["ename"], "NoReply")
        self.assertEqual(self.ended("idle")["ename"], "NoReply")
        self.assertEqual(self.ended("nothing")["reason"], "unanswered")
        self.assertEqual(self.ended("busy twice idle")["status"], "ok")

    def test_an_interrupt_ends_what_says_no_end(self) -> None:
        """The kernel runs it as far as is known, or has swallowed it, and answers other requests: the interrupt ends it, and its queue with it."""
        for code in ("busy input", "nothing", "busy input slow"):
            first, second = self.client.execute(code), self.client.execute("busy reply idle")
            self.client.command("interrupt")
            self.client.command("interrupt")
            came = self.client.until(ends(second))
            self.assertEqual([item.content["ename"] for item in came if ends(first)(item)], ["KeyboardInterrupt"], code)
            self.assertEqual(came[-1].content["reason"], "aborted", code)
        self.assertEqual(self.ended("busy reply idle")["status"], "ok")


def ends(request: str) -> Wanted:
    """Look for the end of a run: its reply, or the event that it has none."""
    return lambda item: (
        is_over(request)(item) or (item.msg_type == "request_dropped" and item.content["msg_id"] == request)
    )


class Running(HostTestCase):
    """Code runs, and what it does comes out."""

    def test_a_start_tells_of_itself(self) -> None:
        """`kernel_starting`, then `kernel_ready` with the kernel's own words, numbered from 1."""
        host = start_host(self)
        client = HostClient(self, host)
        attached = client.attach()
        self.assertEqual((attached["first"], attached["start"], attached["protocol"]), (1, 1, 1))
        came = client.until(is_a("kernel_ready"))
        ready = came[-1].content
        self.assertEqual((client.items[0].number, client.items[0].msg_type), (1, "kernel_starting"))
        self.assertEqual(ready["kernel_info"]["language_info"]["name"], "python")
        self.assertEqual((ready["start"], ready["pid"]), (1, host.file("host.json")["kernel_pid"]))
        self.assertGreater(ready["seconds"], 0)

    def test_code_runs_and_prints(self) -> None:
        """Streams, replies and states of a run come with its request as their parent."""
        _, client = self.ready()
        came = client.run("print('Grüße'); 6 * 7")
        request = came[0].parent
        self.assertEqual({item.parent for item in came}, {request})
        self.assertEqual("".join(item.text for item in came), "Grüße\n")
        result = [item.content["data"]["text/plain"] for item in came if item.msg_type == "execute_result"]
        self.assertEqual(result, ["42"])

    def test_the_reply_is_the_last_word_of_an_execution(self) -> None:
        """Everything an execution published has a lower number than its reply."""
        _, client = self.ready()
        for _ in range(20):
            came = client.run("print('x')")
            self.assertEqual([item.msg_type for item in came[-2:]], ["status", "execute_reply"])

    def test_the_first_output_is_never_lost(self) -> None:
        """Code that was sent before the kernel was up is run when it is, and all of its output comes."""
        host = start_host(self)
        client = HostClient(self, host)
        client.attach()
        request = client.execute("print('first')")
        came = client.until(is_over(request))
        self.assertIn("first\n", [item.text for item in came])

    def test_nothing_of_the_hosts_own_requests_is_forwarded(self) -> None:
        """Replies to the host's nudges stay with the host."""
        _, client = self.ready()
        types = {item.msg_type for item in client.items}
        self.assertEqual(types - {"kernel_starting", "kernel_ready", "status"}, set())

    def test_a_kernel_gives_way_as_it_was_told_to(self) -> None:
        """Its processes have the priority of `nice` below that of their host, after a restart too."""
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        _, client = self.ready(nice=4)
        asked = "import os; print(os.getpriority(os.PRIO_PROCESS, 0), os.getpriority(os.PRIO_PROCESS, os.getppid()))"
        self.assertEqual(client.printed(asked), f"{ours + 4} {ours}\n")
        client.command("restart")
        client.until(is_a("kernel_ready"))
        self.assertEqual(client.printed(asked), f"{ours + 4} {ours}\n")

    def test_unflushed_text_comes_soon(self) -> None:
        """Text without a line end and without a flush comes while the code still runs."""
        _, client = self.ready()
        request = client.execute("import time; print('now', end='')\nwhile True: time.sleep(0.01)")
        client.until(lambda item: item.text == "now")
        client.command("interrupt")
        client.until(is_over(request))

    def test_input_is_asked_and_answered(self) -> None:
        """`input()` asks on stdin; the reply goes in once, even if it is sent twice."""
        _, client = self.ready()
        request = client.execute("print(input('Name? '), input('Town? '))", allow_stdin=True)
        client.until(is_a("input_request"))
        client.send("stdin", "input_reply", {"value": "Ana"}, msg_id="reply-1")
        client.send("stdin", "input_reply", {"value": "Ana"}, msg_id="reply-1")
        asked = client.until(is_a("input_request"))[-1]
        self.assertEqual((asked.channel, asked.content["prompt"]), ("stdin", "Town? "))
        client.send("stdin", "input_reply", {"value": "Ulm"})
        came = client.until(is_over(request))
        self.assertEqual("".join(item.text for item in came), "Ana Ulm\n")

    def test_raw_output_is_decoded_whole(self) -> None:
        """Characters that are split between two writes to the file descriptor stay whole."""
        _, client = self.ready()
        code = "import os, time\nfor byte in 'é€.\\n'.encode(): os.write(1, bytes([byte])); time.sleep(0.05)"
        request = client.execute(code)
        text, has_ended = "", False
        while not (text.endswith(".\n") and has_ended):
            item = client.until(lambda _: True)[-1]
            text, has_ended = text + item.text, has_ended or is_over(request)(item)
        self.assertEqual(text, "é€.\n")

    def test_completion_overtakes_a_queue(self) -> None:
        """A completion that is asked for while runs wait is answered before them."""
        _, client = self.ready()
        first = client.execute("import time; time.sleep(0.5)")
        second = client.execute("second = 1")
        last = client.execute("third = 1")
        completion = client.send("shell", "complete_request", {"code": "import o", "cursor_pos": 8})
        came = client.until(is_a("execute_reply", last))
        order = [item.parent for item in came if item.channel == "shell"]
        self.assertEqual((set(order[:2]), order[2:]), ({first, completion}, [second, last]))


class Keeping(HostTestCase):
    """What left the kernel is kept until it is acknowledged."""

    def test_output_without_a_server_is_kept(self) -> None:
        """A server goes while code runs; the next one gets what came meanwhile."""
        host, client = self.ready()
        request = client.execute("import time\nfor n in range(5): print(n, flush=True); time.sleep(0.1)")
        client.until(lambda item: item.text == "0\n")
        seen = client.items[-1].number
        client.close()
        again = HostClient(self, host)
        self.assertEqual(again.attach(generation=2, since=seen)["first"], seen + 1)
        came = again.until(is_over(request))
        self.assertEqual("".join(item.text for item in came), "1\n2\n3\n4\n")
        self.assertEqual(again.items[0].number, seen + 1)

    def test_attaching_again_repeats_what_was_not_acknowledged(self) -> None:
        """The same messages come again with the same numbers, and nothing is missing."""
        host, client = self.ready()
        client.acknowledges = False
        before = client.run("print('x')")
        client.close()
        again = HostClient(self, host)
        again.attach(generation=2, since=before[0].number - 1)
        came = again.until(lambda item: item.number == before[-1].number)
        self.assertEqual([item for item in came if item.number], before)

    def test_a_flood_is_whole_while_the_server_does_not_read(self) -> None:
        """20,000 displays with a server that stops reading for two seconds: all come, in order."""
        _, client = self.ready()
        request = client.execute(FLOOD.format(20_000))
        client.until(is_a("display_data"))
        time.sleep(2)  # the claim is about a server that does not read
        client.until(is_over(request), patience_s=60)
        shown = [int(item.content["data"]["text/plain"]) for item in client.items if item.msg_type == "display_data"]
        self.assertEqual(shown, list(range(20_000)))

    def test_a_flood_without_any_server_goes_through_the_spool(self) -> None:
        """More than memory holds is written to disk, read back in order, and the file goes away."""
        host, client = self.ready()
        client.acknowledges = False
        request = client.execute(LARGE.format(4_500, 10_000))
        client.until(is_a("execute_input"))
        client.close()
        until(lambda: os.path.exists(os.path.join(host.folder, "spool-1")), "the spool is used")
        again = HostClient(self, host)
        again.attach(generation=2, since=0)
        again.until(is_over(request), patience_s=60)
        shown = [int(item.content["data"]["text/plain"]) for item in again.items if item.msg_type == "display_data"]
        self.assertEqual(shown, list(range(4_500)))
        self.assertEqual([name for name in os.listdir(host.folder) if name.startswith("spool")], [])

    def test_a_full_disk_makes_the_kernel_wait(self) -> None:
        """When the spool cannot be written the kernel stands still, and nothing is lost; its reply, long there, comes last all the same."""
        host, client = self.ready()
        fill_disk(host)
        client.acknowledges = False
        request = client.execute(LARGE.format(4_000, 10_000))
        client.until(is_a("execute_input"))
        client.close()
        until(lambda: "the spool cannot be written" in host.log(), "the spool is full")
        time.sleep(1.5 * LAST_WORDS_S)  # the claim is about a reply that waits so long
        again = HostClient(self, host)
        again.attach(generation=2, since=0)
        again.until(is_over(request), patience_s=60)
        shown = [int(item.content["data"]["text/plain"]) for item in again.items if item.msg_type == "display_data"]
        self.assertEqual(shown, list(range(4_000)))

    def test_a_full_disk_with_a_kernel_that_cannot_wait_is_told(self) -> None:
        """Of a stock kernel the host reads on, and says how many messages it could not keep."""
        host, client = self.ready(argv=STOCK)
        fill_disk(host)
        client.acknowledges = False
        path = os.path.join(host.folder, "shown")
        slowly = LARGE.format(1_000, 50_000) + "\n    time.sleep(0.002)"
        client.execute(f"import time\n{slowly}\nopen({path!r}, 'w').close()")
        client.until(is_a("execute_input"))
        client.close()
        until(lambda: os.path.exists(path), "everything was shown")
        until(lambda: "the spool cannot be written" in host.log(), "the spool was full")
        again = HostClient(self, host)
        again.attach(generation=2, since=0)
        wanted = {"output_lost", "execute_reply"}
        again.until(lambda _: wanted <= {item.msg_type for item in again.items})
        shown = [item for item in again.items if item.msg_type == "display_data"]
        lost = [item.content["count"] for item in again.items if item.msg_type == "output_lost"]
        self.assertEqual(len(shown) + sum(lost), 1_000)
        self.assertEqual(again.printed("print('on')"), "on\n")

    def test_binary_buffers_pass_both_ways(self) -> None:
        """Buffers of a comm message arrive as they were sent."""
        _, client = self.ready()
        code = "from comm import create_comm; c = create_comm(target_name='t', buffers=[b'\\x00\\xff', b'two'])"
        request = client.execute(code)
        opened = client.until(is_a("comm_open", request))[-1]
        self.assertEqual(opened.content["target_name"], "t")


class Once(HostTestCase):
    """Each request once, and runs in their order."""

    def test_a_repeated_request_runs_once(self) -> None:
        """However often a message id is sent, its code runs once."""
        _, client = self.ready()
        client.run("n = 0")
        for _ in range(5):
            client.execute("n += 1", msg_id="same")
        self.assertEqual(client.printed("print(n)"), "1\n")

    def test_a_queued_run_can_be_cancelled(self) -> None:
        """A cancelled request never reaches the kernel and is told as dropped; the others run."""
        _, client = self.ready()
        client.execute("import time; time.sleep(0.5); ran = ['first']")
        second = client.execute("ran.append('second')")
        client.execute("ran.append('third')")
        client.command("cancel", msg_id=second)
        dropped = client.until(is_a("request_dropped"))[-1]
        self.assertEqual(dropped.content, {"msg_id": second, "reason": "cancelled"})
        self.assertEqual(client.printed("print(ran)"), "['first', 'third']\n")

    def test_a_queued_run_can_be_moved(self) -> None:
        """It is run where it was moved to, and the server is told what it stands behind; many can be cancelled at once."""
        host, client = self.ready()
        gate = os.path.join(host.folder, "gate")
        running = client.execute(f"import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.01)\nran = []")
        names = [client.execute(f"ran.append({n})") for n in range(5)]
        client.command("move", msg_id=names[2], before=names[0])
        client.command("move", msg_id=names[0], before=None)
        client.command("move", msg_id=running, before=None)
        client.command("cancel", msg_ids=[names[3], names[4], running, "ghost"])
        came = client.until(lambda item: item.msg_type == "request_dropped" and item.content["msg_id"] == names[4])
        told = [item.content for item in came if item.msg_type in ("request_moved", "request_dropped")]
        self.assertEqual(
            told,
            [
                {"msg_id": names[2], "after": running},
                {"msg_id": names[0], "after": names[4]},
                {"msg_id": names[3], "reason": "cancelled"},
                {"msg_id": names[4], "reason": "cancelled"},
            ],
        )
        open(gate, "w").close()
        self.assertEqual(client.printed("print(ran)"), "[2, 1, 0]\n")

    def test_queued_runs_survive_the_server(self) -> None:
        """Runs that waited when the server went are run without it."""
        host, client = self.ready()
        client.execute("import time; time.sleep(0.3); print('one')")
        client.execute("print('two')")
        last = client.execute("print('three')")
        client.command("ping")
        client.answer("pong")
        client.close()
        again = HostClient(self, host)
        again.attach(generation=2, since=client.items[-1].number)
        again.until(is_over(last))
        text = "".join(item.text for item in client.items + again.items)
        self.assertEqual(text, "one\ntwo\nthree\n")

    def test_an_error_drops_what_waits(self) -> None:
        """After an error the runs that waited behind it are dropped as aborted; later ones run."""
        _, client = self.ready()
        failing = client.execute("import time; time.sleep(0.3); 1 / 0")
        waiting = [client.execute("print('never')"), client.execute("print('never')")]
        client.until(is_a("execute_reply", failing))
        client.until(lambda item: item.msg_type == "request_dropped" and item.content["msg_id"] == waiting[-1])
        dropped = [item.content for item in client.items if item.msg_type == "request_dropped"]
        self.assertEqual(dropped, [{"msg_id": one, "reason": "aborted"} for one in waiting])
        self.assertEqual(client.printed("print('later')"), "later\n")
        self.assertNotIn("never\n", [item.text for item in client.items])

    def test_an_error_in_a_run_of_many_drops_the_rest_of_that_run(self) -> None:
        """What is of another one, or of none, is run, also by a kernel that aborts its own queue."""
        _, client = self.ready()
        failing = client.execute("import time; time.sleep(0.3); 1 / 0", run="a")
        waiting = [client.execute("print('never')", run="a"), client.execute("print('b')", run="b")]
        client.execute("print('single')")
        client.until(is_a("execute_reply", failing))
        late = client.execute("print('never')", run="a")
        client.run("print('later')")
        dropped = [item.content for item in client.items if item.msg_type == "request_dropped"]
        self.assertEqual(dropped, [{"msg_id": one, "reason": "aborted"} for one in (waiting[0], late)])
        self.assertEqual("".join(item.text for item in client.items), "b\nsingle\nlater\n")

    def test_an_error_may_be_told_not_to_stop_anything(self) -> None:
        """With `stop_on_error` false the runs behind an error go on."""
        _, client = self.ready()
        client.execute("import time; time.sleep(0.3); 1 / 0", stop_on_error=False)
        self.assertEqual(client.printed("print('on')"), "on\n")


class Interrupting(HostTestCase):
    """Interrupts reach the code that runs, and nothing else."""

    def test_an_interrupt_ends_a_loop(self) -> None:
        """An endless loop ends with KeyboardInterrupt, and the kernel lives on with its variables."""
        _, client = self.ready()
        client.run("kept = 1")
        request = client.execute("print('in', flush=True)\nwhile True: pass")
        client.until(lambda item: item.text.startswith("in"))
        client.command("interrupt")
        came = client.until(is_over(request))
        self.assertIn("KeyboardInterrupt", [item.content["ename"] for item in came if item.msg_type == "error"])
        self.assertEqual(client.printed("print(kept)"), "1\n")

    def test_an_interrupt_may_be_a_message(self) -> None:
        """A kernelspec with `interrupt_mode` message gets a request on control; its reply is not forwarded."""
        _, client = self.ready(spec={"interrupt_mode": "message"})
        request = client.execute("import time; print('in', flush=True); time.sleep(60)")
        client.until(lambda item: item.text.startswith("in"))
        client.command("interrupt")
        client.until(is_over(request))
        client.run("1")
        self.assertNotIn("interrupt_reply", [item.msg_type for item in client.items])

    def test_an_interrupt_is_served_during_a_flood(self) -> None:
        """The host is not too busy with output to interrupt it."""
        _, client = self.ready()
        request = client.execute(FLOOD.format(10**9))
        client.until(is_a("display_data"))
        client.command("interrupt")
        client.until(is_over(request), patience_s=60)

    def test_an_interrupt_of_one_execution_leaves_the_others(self) -> None:
        """What is named and does not run is not interrupted, nor is what does."""
        _, client = self.ready()
        first = client.execute("print('on', flush=True)\nfor _ in range(10): import time; time.sleep(0.05)")
        second = client.execute("1")
        client.until(lambda item: item.text.startswith("on"))
        for other in (second, "nobody"):
            client.command("interrupt", msg_id=other)
        client.until(is_over(first))
        self.assertEqual(client.until(is_over(second))[-1].content["status"], "ok")

    def test_an_interrupt_that_comes_too_late_ends_the_next_of_its_queue(self) -> None:
        """It strikes no code where a cell has none, or has ended; what its run or its client has queued behind is meant, too, and nobody else's."""
        _, client = self.ready()
        for run in (None, "r1"):
            empty = [client.execute("" if n else "print('on', flush=True)", run=run) for n in range(200)]
            other = client.execute("1", queue="another")
            client.until(lambda item: item.text.startswith("on"))
            client.command("interrupt")
            came = client.until(is_over(other))
            self.assertEqual(came[-1].content["status"], "ok")
            failed = [item for item in came if item.msg_type == "execute_reply" and item.content["status"] == "error"]
            dropped = [item for item in came if item.msg_type == "request_dropped"]
            self.assertLessEqual(len(failed), 1)
            self.assertEqual(bool(dropped), bool(failed) and failed[0].parent != empty[-1])

    def test_an_interrupt_while_idle_is_harmless(self) -> None:
        """Nothing runs, so nothing happens."""
        _, client = self.ready()
        client.command("interrupt")
        client.command("interrupt")
        self.assertEqual(client.printed("print('well')"), "well\n")

    def test_an_interrupt_before_readiness_does_not_end_the_kernel(self) -> None:
        """A kernel that still starts would die of the signal; it is not sent."""
        client = HostClient(self, start_host(self))
        client.attach()
        client.command("interrupt")
        client.until(is_a("kernel_ready"))

    def test_interrupts_work_though_the_host_was_started_in_the_background(self) -> None:
        """A shell starts background jobs with SIGINT ignored; the kernel gets the default back."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            _, client = self.ready()
        finally:
            signal.signal(signal.SIGINT, before)
        request = client.execute("import time; print('in', flush=True); time.sleep(60)")
        client.until(lambda item: item.text.startswith("in"))
        client.command("interrupt")
        client.until(is_over(request))


class Restarting(HostTestCase):
    """A restart is a new process of the same kernel, with a new key."""

    def test_a_restart_forgets_variables_and_changes_the_key(self) -> None:
        """The events of a restart, the new key in the host's file, and a fresh interpreter."""
        host, client = self.ready()
        client.run("x = 1")
        old = host.file("host.json")
        client.command("restart")
        came = client.until(is_a("kernel_ready"))
        events = [item.msg_type for item in came if item.channel == "host"]
        self.assertEqual(events, ["kernel_died", "kernel_restarting", "kernel_starting", "kernel_ready"])
        self.assertTrue(came[[item.msg_type for item in came].index("kernel_died")].content["expected"])
        new = host.file("host.json")
        self.assertNotEqual(old["key"], new["key"])
        self.assertEqual((new["start"], new["kernel_pid"]), (2, came[-1].content["pid"]))
        self.assertEqual(client.printed("print('x' in globals())"), "False\n")

    def test_starts_are_counted_on_from_the_launch(self) -> None:
        """A host that follows another one of the same kernel goes on counting."""
        host = start_host(self, start=7)
        client = HostClient(self, host)
        self.assertEqual((client.attach()["start"], client.until(is_a("kernel_ready"))[-1].content["start"]), (7, 7))
        client.command("kill")
        client.until(is_a("kernel_died"))

    def test_requests_around_a_restart_are_told_or_run(self) -> None:
        """What was sent before is dropped with the reason; what was sent after it runs in the new process."""
        _, client = self.ready()
        before = [client.execute("import time; time.sleep(60)"), client.execute("print('before')")]
        client.command("restart")
        after = client.execute("print('after')")
        came = client.until(is_over(after))
        dropped = [item.content for item in came if item.msg_type == "request_dropped"]
        self.assertEqual(dropped, [{"msg_id": one, "reason": "kernel_restarted"} for one in before])
        self.assertEqual("".join(item.text for item in came), "after\n")

    def test_a_server_that_slept_through_a_restart_catches_up(self) -> None:
        """The host's file has the key; the kept events of the restart carry no older one."""
        host, client = self.ready()
        seen = client.items[-1].number
        client.acknowledges = False
        client.command("restart")
        client.until(is_a("kernel_ready"))
        client.close()
        again = HostClient(self, host)
        again.attach(generation=2, since=seen)
        again.until(is_a("kernel_ready"))
        self.assertEqual(again.printed("print('hello')"), "hello\n")

    def test_a_kernel_that_will_not_go_is_killed(self) -> None:
        """A restart ends even code that swallows the shutdown request."""
        host, client = self.ready()
        path = os.path.join(host.folder, "in")
        client.run("import ctypes")
        client.execute(f"open({path!r}, 'w').close(); ctypes.PyDLL(None).sleep(600)")  # holds the interpreter's lock
        until(lambda: os.path.exists(path), "the code runs")
        client.command("restart")
        client.until(is_a("kernel_ready"))
        self.assertEqual(client.printed("print('free')"), "free\n")


class Ending(HostTestCase):
    """Every end is told, with its cause."""

    def test_an_exit_is_told_with_its_status(self) -> None:
        """`os._exit(3)` is exit status 3, told after output that the host read only then; what waited is dropped."""
        host, client = self.ready()
        pid = int(host.file("host.json")["kernel_pid"])
        path = os.path.join(host.folder, "go")
        wait = f"import os, time\nprint('in', flush=True)\nwhile not os.path.exists({path!r}): time.sleep(0.01)\n"
        running = client.execute(wait + "print('last', flush=True); time.sleep(0.5); os._exit(3)", allow_stdin=False)
        waiting = client.execute("print('never')")
        client.until(lambda item: item.text.startswith("in"))
        host.process.send_signal(signal.SIGSTOP)
        with open(path, "w"):
            pass
        until_ended(pid)
        host.process.send_signal(signal.SIGCONT)
        came = client.until(lambda item: item.msg_type == "request_dropped" and item.content["msg_id"] == waiting)
        self.assertEqual("".join(item.text for item in came), "last\n")
        died = next(item.content for item in came if item.msg_type == "kernel_died")
        self.assertEqual((died["exit_status"], died["signal"], died["expected"]), (3, None, False))
        dropped = [item.content for item in came if item.msg_type == "request_dropped"]
        self.assertEqual(dropped, [{"msg_id": one, "reason": "kernel_died"} for one in (running, waiting)])

    def test_a_crash_in_c_is_told_with_its_stack(self) -> None:
        """A segmentation fault is SIGSEGV, and the tail shows where it was."""
        _, client = self.ready()
        client.execute("import ctypes; ctypes.string_at(0)")
        died = client.until(is_a("kernel_died"))[-1].content
        self.assertEqual((died["exit_status"], died["signal"]), (None, "SIGSEGV"))
        self.assertIn("Current thread", died["tail"])
        self.assertIn("string_at", died["tail"])

    def test_a_dead_kernel_refuses_and_restarts(self) -> None:
        """Requests to a dead kernel are dropped at once; a restart brings it back under the same host."""
        _, client = self.ready()
        client.execute("import os; os._exit(0)")
        client.until(is_a("request_dropped"))
        late = client.execute("1")
        dropped = client.until(is_a("request_dropped"))[-1].content
        self.assertEqual(dropped, {"msg_id": late, "reason": "kernel_died"})
        client.command("restart")
        client.until(is_a("kernel_ready"))
        self.assertEqual(client.printed("print('back')"), "back\n")

    def test_a_missing_command_is_told_in_a_sentence(self) -> None:
        """The start fails with the command and the kernelspec by name; the host stays."""
        host = start_host(self, argv=["no-such-kernel", "{connection_file}"], spec={"name": "odd"})
        client = HostClient(self, host)
        self.assertEqual(client.attach()["state"], "failed")
        failed = client.until(is_a("start_failed"))[-1].content
        self.assertEqual(failed["reason"], "The command no-such-kernel of kernelspec odd was not found.")
        client.command("restart")
        again = client.until(is_a("start_failed"))[-1].content
        self.assertEqual((again["start"], again["reason"]), (2, failed["reason"]))

    def test_a_missing_folder_is_told_in_a_sentence(self) -> None:
        """A kernel whose folder is gone does not start somewhere else."""
        client = HostClient(self, start_host(self, cwd="/no/such/folder"))
        client.attach()
        failed = client.until(is_a("start_failed"))[-1].content
        self.assertEqual(failed["reason"], "The folder /no/such/folder that the kernel should run in does not exist.")

    def test_a_kernel_that_ends_at_once_is_a_failed_start(self) -> None:
        """A kernel without its packages is told with its exit status and its last words."""
        argv = [sys.executable, "-c", "import sys; sys.exit('no module named wonder')"]
        client = HostClient(self, start_host(self, argv=argv))
        client.attach()
        failed = client.until(is_a("start_failed"))[-1].content
        self.assertEqual(failed["reason"], "The kernel ended with exit status 1 before it was ready.")
        self.assertIn("no module named wonder", failed["tail"])

    def test_a_kernel_that_never_answers_is_a_failed_start(self) -> None:
        """After the time that the launch gives it, it is ended and told."""
        argv = [sys.executable, "-c", "print('thinking', flush=True); import time; time.sleep(600)"]
        client = HostClient(self, start_host(self, argv=argv, ready_timeout_s=1))
        client.attach()
        failed = client.until(is_a("start_failed"))[-1].content
        self.assertEqual((failed["reason"], failed["tail"]), ("The kernel did not answer within 1 s.", "thinking\n"))

    def test_a_shut_down_is_polite_and_complete(self) -> None:
        """The kernel's own exit code runs, the death is expected, and the host goes when all is acknowledged."""
        host, client = self.ready()
        path = os.path.join(host.folder, "bye")
        client.run(f"import atexit; atexit.register(lambda: open({path!r}, 'w').close())")
        client.command("shut_down")
        died = client.until(is_a("kernel_died"))[-1].content
        self.assertEqual((died["exit_status"], died["expected"]), (0, True))
        self.assertTrue(os.path.exists(path))
        self.assertEqual(host.process.wait(30), 0)
        self.assertEqual(host.file("farewell.json")["acknowledged"], client.items[-1].number)

    def test_a_kill_is_at_once(self) -> None:
        """The process group gets SIGKILL, its children too."""
        host, client = self.ready()
        came = client.run("import subprocess; child = subprocess.Popen(['sleep', '600']); print(child.pid)")
        child = int("".join(item.text for item in came))
        client.command("kill")
        died = client.until(is_a("kernel_died"))[-1].content
        self.assertEqual((died["signal"], died["expected"]), ("SIGKILL", True))
        self.assertEqual(host.process.wait(30), 0)
        until_ended(child)

    def test_sigterm_to_the_host_shuts_down_politely(self) -> None:
        """What stops a machine stops a host in order."""
        host, client = self.ready()
        host.process.terminate()
        died = client.until(is_a("kernel_died"))[-1].content
        self.assertEqual((died["exit_status"], died["expected"]), (0, True))
        self.assertEqual(host.process.wait(30), 0)

    def test_the_kernel_dies_with_its_host(self) -> None:
        """`kill -9` of the host leaves no kernel behind."""
        host, _ = self.ready()
        pid = int(host.file("host.json")["kernel_pid"])
        self.assertTrue(is_alive(pid))
        host.kill()
        until_ended(pid)

    def test_an_idle_kernel_that_nobody_wants_ends(self) -> None:
        """Without a server for the time of grace the host ends, and leaves what nobody has in the spool."""
        host, client = self.ready(grace_s=1)
        client.acknowledges = False
        client.run("print('kept')")
        client.close()
        self.assertEqual(host.process.wait(30), 0)
        farewell = host.file("farewell.json")
        self.assertLess(farewell["acknowledged"], farewell["next"] - 1)
        with open(os.path.join(host.folder, "spool-0"), "rb") as spool:
            self.assertIn(b"kept", spool.read())

    def test_a_server_that_says_nothing_is_there_all_the_same(self) -> None:
        """However short the time of grace is: the process does not end while a server is attached."""
        host, client = self.ready(grace_s=0.2)
        with self.assertRaises(subprocess.TimeoutExpired):
            host.process.wait(2.5)
        self.assertEqual(client.printed("print('here')"), "here\n")

    def test_a_host_whose_folder_was_removed_ends(self) -> None:
        """Nobody can find it any more, so it does not wait for the time of grace; code that runs is ended too."""
        host, client = self.ready()
        pid = int(host.file("host.json")["kernel_pid"])
        client.execute("import time; time.sleep(600)")
        client.until(is_a("execute_input"))
        client.close()
        removed = f"{host.folder}-removed"
        self.addCleanup(shutil.rmtree, removed, ignore_errors=True)
        os.rename(host.folder, removed)  # at once: a removal file by file fails when the host writes one between
        self.assertEqual(host.process.wait(30), 0)
        self.assertFalse(is_alive(pid))

    def test_a_busy_kernel_that_nobody_wants_is_let_finish(self) -> None:
        """The time of grace is for idle kernels."""
        host, client = self.ready(grace_s=0.5)
        path = os.path.join(host.folder, "finished")
        client.execute(f"import time; time.sleep(2); open({path!r}, 'w').close()")
        client.until(is_a("execute_input"))
        client.close()
        self.assertEqual(host.process.wait(30), 0)
        self.assertTrue(os.path.exists(path))


class LastWords(HostTestCase):
    """What is printed right before the end."""

    def test_what_was_printed_right_before_the_end_comes(self) -> None:
        """Not flushed, and whatever ends the process; in another encoding's characters, more than a message holds, from children and to stderr."""
        ends = {
            "os._exit(3)": "print('before'); print('vor dem Ende: é€🧪', end='')",
            "os.kill(os.getpid(), 9)": "print('out'); print('err', file=sys.stderr)",
            "ctypes.string_at(0)": "sys.stdout.write('x' * 50_000); sys.stdout.write('y' * 150_000 + '\\n')",
            "os.abort()": "os.system('echo raw'); sys.stdout.flush(); print('after it')",
        }
        told = {
            "os._exit(3)": ("before\nvor dem Ende: é€🧪", ""),
            "os.kill(os.getpid(), 9)": ("out\n", "err\n"),
            "ctypes.string_at(0)": ("x" * 50_000 + "y" * 150_000 + "\n", ""),
            "os.abort()": ("raw\nafter it\n", ""),
        }
        _, client = self.ready()
        for end, code in ends.items():
            request = client.execute(f"import ctypes, os, sys\nprint('begun', flush=True)\n{code}\n{end}")
            came = client.until(is_a("kernel_died"))
            texts = [item for item in came if item.msg_type == "stream"]
            found = tuple("".join(i.text for i in texts if i.content["name"] == name) for name in ("stdout", "stderr"))
            self.assertEqual(found, ("begun\n" + told[end][0], told[end][1]), end)
            self.assertEqual({item.parent for item in texts}, {request})
            self.assertNotIn("output_lost", [item.msg_type for item in came])
            client.command("restart")
            client.until(is_a("kernel_ready"))

    def test_nothing_comes_twice(self) -> None:
        """What has come before the end is not told again; what is too much to be kept is told as missing."""
        _, client = self.ready()
        client.run("import os, sys, subprocess\nprint('a' * 1000); print('é' * 1000, file=sys.stderr)")
        client.run("if not os.fork(): print('child', flush=True); os._exit(0)\nos.wait()")
        client.execute("print('b', flush=True); import time; time.sleep(0.2); os.kill(os.getpid(), 9)")
        came = client.until(is_a("kernel_died"))
        self.assertEqual("".join(item.text for item in came), "b\n")
        client.command("restart")
        client.until(is_a("kernel_ready"))
        client.execute("import os; print('c' * 3_000_000); os._exit(0)")
        came = client.until(is_a("kernel_died"))
        (lost,) = [item.content for item in came if item.msg_type == "output_lost"]
        kept = len("".join(item.text for item in came))
        self.assertEqual(lost["reason"], f"{3_000_001 - kept} characters that were printed last.")


class Trust(HostTestCase):
    """Who is obeyed, and what is refused."""

    def test_a_newer_server_fences_the_older_one(self) -> None:
        """The older one is told, and nothing it sends afterwards has an effect."""
        host, old = self.ready()
        new = HostClient(self, host)
        new.attach(generation=2, since=old.items[-1].number)
        self.assertEqual(old.answer("fenced").content, {"generation": 2})
        old.execute("print('from the old one')")
        self.assertEqual(old.answer("fenced").content, {"generation": 2})
        self.assertEqual(new.printed("print('from the new one')"), "from the new one\n")

    def test_an_older_server_cannot_attach(self) -> None:
        """A generation below the highest one seen is refused with that number."""
        host, _ = self.ready()
        HostClient(self, host).attach(generation=5)
        late = HostClient(self, host)
        late.command("attach", generation=4, since=0)
        self.assertEqual(late.answer("fenced").content, {"generation": 5})

    def test_who_did_not_attach_is_refused(self) -> None:
        """A message from a stranger with the key has no effect."""
        host, client = self.ready()
        stranger = HostClient(self, host)
        stranger.execute("print('strange')")
        self.assertEqual(stranger.answer("fenced").content, {"generation": 1})
        self.assertEqual(client.printed("print('own')"), "own\n")

    def test_a_wrong_signature_is_ignored(self) -> None:
        """A message that is signed with another key is dropped and logged, and everything goes on."""
        host, client = self.ready()
        client.send("shell", "execute_request", {"code": "print('forged')"}, key=b"another key")
        self.assertEqual(client.printed("print('own')"), "own\n")
        self.assertIn("not signed with this kernel's key", host.log())

    def test_a_malformed_command_is_ignored(self) -> None:
        """Nonsense with a good signature is dropped and logged."""
        host, client = self.ready()
        client.send("host", "acknowledge", {"number": "three"})
        client.send("host", "dance", {})
        self.assertEqual(client.printed("print('on')"), "on\n")
        self.assertIn("refused a malformed acknowledge", host.log())

    def test_the_folder_must_be_private(self) -> None:
        """A folder that others can enter is refused with a sentence."""
        folder = tempfile.mkdtemp(prefix="wh")
        self.addCleanup(os.rmdir, folder)
        os.chmod(folder, 0o755)
        self.assertIn("must be a folder of this user with mode 0700", self.refusal(folder))

    def test_a_corrupt_launch_file_is_refused(self) -> None:
        """Exit status 2 and a sentence that names the file and the fault."""
        folder = tempfile.mkdtemp(prefix="wh")
        path = os.path.join(folder, "launch.json")
        self.addCleanup(os.rmdir, folder)
        self.assertIn(f"{path} cannot be read: No such file or directory.", self.refusal(folder))
        self.addCleanup(os.unlink, path)
        with open(path, "w") as file:
            file.write('{"kernel": 1}')
        self.assertIn(f"{path} does not describe a kernel: ", self.refusal(folder))

    def test_a_long_path_is_refused(self) -> None:
        """A socket's path has at most 107 bytes; the sentence tells the limit of the folder."""
        parent = tempfile.mkdtemp(prefix="wh")
        folder = os.path.join(parent, "x" * 100)
        os.mkdir(folder, 0o700)
        self.addCleanup(os.rmdir, parent)
        self.addCleanup(os.rmdir, folder)
        self.assertIn("is longer than 102 bytes", self.refusal(folder))

    def test_a_folder_has_one_host(self) -> None:
        """A second host for the same folder refuses, and the first goes on."""
        host, client = self.ready()
        self.assertIn(f"has a host already: process {host.process.pid}.", self.refusal(host.folder))
        self.assertEqual(client.printed("print('on')"), "on\n")

    def test_all_files_are_private(self) -> None:
        """Nothing in the folder can be read by others, whatever the umask of the starter was."""
        before = os.umask(0)
        try:
            host, client = self.ready()
        finally:
            os.umask(before)
        for name in ("host.json", "kernel.json", "kernel.log"):
            self.assertEqual(os.stat(os.path.join(host.folder, name)).st_mode & 0o777, 0o600, name)
        self.assertEqual(client.printed("import os; print(oct(os.umask(0)))"), "0o0\n")

    def test_the_kernel_sees_nothing_of_webipy(self) -> None:
        """Its environment and its path are those of the user."""
        self.patch(os, "environ", {**os.environ, "GREETING": "Hello", "JPY_PARENT_PID": "1"})
        _, client = self.ready(env={"GIVEN": "yes"}, spec={"env": {"JOINED": "${GREETING} you"}})
        names = ("GIVEN", "JOINED", "PYTHONPATH", "JPY_PARENT_PID")
        code = f"import os, sys; print([os.environ.get(name) for name in {names}], os.path.basename(sys.argv[0]))"
        self.assertEqual(client.printed(code), "['yes', 'Hello you', None, None] ipykernel_launcher.py\n")
        self.assertEqual(
            client.printed(f"print([path for path in sys.path if path.startswith({str(ROOT / 'webipy')!r})])"), "[]\n"
        )

    def refusal(self, folder: str) -> str:
        """Run a host that must refuse to start; return its sentence."""
        argv = [sys.executable, "-m", "webipy.kernelhost", folder]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        return done.stderr


class Entering(HostTestCase):
    """A kernel that was started before anybody needed it."""

    def test_it_goes_where_it_is_needed_before_anything_else(self) -> None:
        """Ready or not; nothing is told of how it went; the next start begins there."""
        for is_ready in (False, True):
            host, client = self.ready() if is_ready else self.early()
            folder = self.mktemp()
            os.mkdir(folder)
            there = os.path.realpath(folder)
            code = f"__import__('os').chdir({there!r}); print('said nowhere')"
            client.command("enter", cwd=there, code=code, grace_s=0.5)
            request = client.execute("import os; print(os.getcwd())")
            client.until(is_over(request))
            self.assertEqual("".join(item.text for item in client.items), f"{there}\n")
            self.assertIn({"cwd": there}, [i.content for i in client.items if i.msg_type == "kernel_entered"])
            client.command("restart")
            client.until(lambda item: item.msg_type == "kernel_ready" and item.content["start"] == 2)
            self.assertEqual(client.printed("import os; print(os.getcwd())"), f"{there}\n")
            client.close()
            self.assertEqual(host.process.wait(60), 0, "its own grace is over")

    def early(self) -> tuple[RunningHost, HostClient]:
        """A host whose kernel is being started."""
        host = start_host(self)
        client = HostClient(self, host)
        client.attach()
        return host, client
