"""A real `twistd webipy`, real kernel hosts and real ipykernels: what a person or a program meets, and what survives what.

Nothing waits for a time to pass: code that must still be running at some moment waits for a file that the test makes, and everything that the test
waits for is an event of the session's journal.
"""

from __future__ import annotations

import functools
import http.client
import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.live import PATIENCE_S, WAITS, ServerCase, is_a, is_alive, shared_server, until, until_ended
from webipy.core.api.rpc import MAX_MESSAGE_BYTES


class Running(ServerCase):
    """Code, its output and its questions."""

    def test_a_run_from_its_start_to_its_end(self) -> None:
        """Outputs of every kind, in order, folded; the events around them."""
        self.open()
        code = (
            "import sys\nprint('a'); print('b')\nsys.stderr.write('w')\nfrom IPython.display import display, HTML\n"
            "h = display(HTML('<i>'), display_id=True)\nh.update(HTML('<b>'))\n6 * 7"
        )
        found = self.run_code(code)
        self.assertEqual((found["status"], found["execution_count"], found["code"]), ("ok", 1, code))
        kinds = [
            (o["output_type"], o.get("text") or o["data"].get("text/html") or o["data"]["text/plain"])
            for o in found["outputs"]
        ]
        self.assertEqual(
            kinds, [("stream", "a\nb\n"), ("stream", "w"), ("display_data", "<b>"), ("execute_result", "42")]
        )
        types = [event["type"] for event in self.events()]
        self.assertEqual(types[:2], ["session_created", "kernel_started"])
        self.assertLess(
            types.index("execution_queued"), types.index("kernel_ready"), "it may be sent before the kernel is ready"
        )
        self.assertEqual([e["seq"] for e in self.events()], list(range(1, len(types) + 1)))

    def test_an_error_is_told_and_stops_what_is_queued_behind_it(self) -> None:
        """And only that: code that is sent afterwards runs."""
        self.open()
        failing = self.start(WAITS.format(gate=str(self.gate)) + "1 / 0")
        behind = self.start("print('never')")
        self.gate.touch()
        self.assertEqual([self.wait(e)["status"] for e in (failing, behind)], ["error", "aborted"])
        self.assertEqual(self.wait(failing)["outputs"][0]["ename"], "ZeroDivisionError")
        self.assertEqual(self.printed("print('still here')"), "still here\n")

    def test_output_is_shown_while_it_runs(self) -> None:
        """Before the run ends; an unflushed print too."""
        self.open()
        execution = self.start("print('early')\n" + WAITS.format(gate=str(self.gate)) + "print('late')")
        self.until(is_a("output_added"), "early output")
        self.assertEqual(self.call("execution.get", session=self.session, execution=execution)["status"], "running")
        self.gate.touch()
        self.assertEqual(self.wait(execution)["outputs"][0]["text"], "early\nlate\n")

    def test_a_question_and_a_password(self) -> None:
        """The line reaches the code; the password is in no file of the server."""
        self.open()
        execution = self.start(
            "import getpass\nname = input('name? ')\nword = getpass.getpass('word? ')\nprint(name, len(word))"
        )
        asked = self.until_type("input_requested")
        self.assertEqual((asked["prompt"], asked.get("password", False)), ("name? ", False))
        self.call("input.reply", session=self.session, request=asked["request"], value="Ada")
        asked = self.until_type("input_requested", since=asked["seq"])
        self.assertEqual((asked["prompt"], asked["password"]), ("word? ", True))
        self.call("input.reply", session=self.session, request=asked["request"], value="canary-hunter2")
        self.assertEqual(self.wait(execution)["outputs"][0]["text"], "Ada 14\n")
        self.refused("not_waiting", "input.reply", session=self.session, request=asked["request"], value="x")
        for path in (self.server.state).rglob("*"):
            if path.is_file() and not path.name.startswith("lock"):
                self.assertNotIn(b"canary-hunter2", path.read_bytes(), path.name)

    def test_interrupt_ends_what_runs_and_nothing_else(self) -> None:
        """The variables stay."""
        self.open()
        self.run_code("x = 5")
        execution = self.start("print('begun')\nimport time\nwhile True: time.sleep(0.01)")
        self.until(is_a("output_added"), "begun")
        self.call("kernel.interrupt", session=self.session)
        found = self.wait(execution)
        self.assertEqual((found["status"], found["outputs"][-1]["ename"]), ("error", "KeyboardInterrupt"))
        self.assertEqual(self.printed("print(x)"), "5\n")

    def test_a_restart_forgets_variables_and_keeps_the_session(self) -> None:
        """What ran is lost, what was queued is not run, what comes after runs in the new process."""
        self.open()
        self.run_code("x = 5")
        before = self.kernel
        running = self.start("import time\nprint('begun')\nwhile True: time.sleep(0.01)")
        self.until(is_a("output_added"), "begun")
        queued = self.start("print('never')")
        self.call("kernel.restart", session=self.session)
        after = self.start("print('x' in globals())")
        self.assertEqual(self.wait(after)["outputs"][0]["text"], "False\n")
        self.assertEqual([self.wait(e)["status"] for e in (running, queued)], ["lost", "aborted"])
        self.assertEqual((self.kernel["id"], self.kernel["start"]), (before["id"], 2))
        self.assertNotEqual(self.kernel["pid"], before["pid"])

    def test_completion_inspection_and_history(self) -> None:
        """Asked of the running kernel, with its own positions."""
        self.open()
        self.run_code("a_long_name = 1")
        found: dict[str, Any] = {}

        def is_known() -> bool:
            found.update(self.call("completion.get", session=self.session, code="🧪 = a_long", cursor=10, timeout_s=60))
            return "a_long_name" in found["matches"]

        until(is_known, "the kernel completes the name")  # it says nothing at times when the machine is loaded
        self.assertEqual((found["cursor_start"], found["cursor_end"]), (4, 10))
        told = self.call("inspection.get", session=self.session, code="print", cursor=3)
        self.assertIn("text/plain", told["data"])
        self.assertEqual(self.call("code.is_complete", session=self.session, code="if x:")["status"], "incomplete")
        self.assertIn("a_long_name = 1", json.dumps(self.call("history.get", session=self.session)))

    def test_user_expressions_and_payloads_come_back(self) -> None:
        """Also after the server has read them from its journal."""
        self.open()
        found = self.run_code("x = 2", user_expressions={"twice": "2 * x"})
        self.assertEqual(found["user_expressions"]["twice"]["data"], {"text/plain": "4"})
        execution = self.start("print?")
        self.wait(execution)
        (finished,) = (e for e in self.events() if e["type"] == "execution_finished" and e["execution"] == execution)
        self.assertEqual(finished["payload"][0]["source"], "page")

    def test_a_flood_is_whole(self) -> None:
        """50,000 prints: each line once, in order."""
        self.open()
        lines = self.printed("for n in range(50_000): print(n)").split()
        self.assertEqual(lines, [str(n) for n in range(50_000)])

    def test_a_websocket_sees_what_a_poll_sees(self) -> None:
        """History, then the live tail; two sockets get the same."""
        self.open()
        sockets = [self.server.connect() for _ in range(2)]
        for one in sockets:
            self.addCleanup(one.close)
            one.call("session.subscribe", session=self.session, since=0)
        self.run_code("for n in range(100): print(n, flush=True)")
        written = self.events()
        seen = [list(itertools.islice(one.events(), len(written))) for one in sockets]
        self.assertEqual(seen, [written] * 2)

    def test_code_of_strange_shape_is_run_as_it_is(self) -> None:
        """NUL and emoji in the source, large output in one piece."""
        self.open()
        self.assertEqual(self.printed("print('🧪é世' * 2)"), "🧪é世🧪é世\n")
        self.assertIn(self.run_code("x = '\x00'")["status"], ("ok", "error"))
        self.assertEqual(len(self.printed("print('x' * 3_000_000)")), 3_000_001)

    def test_a_body_over_the_limit_is_answered(self) -> None:
        """The client sends all of it before it reads: it still gets the 413, and not a connection that is reset."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        self.addCleanup(line.close)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.server.token}"}
        line.request("POST", "/rpc", b" " * (MAX_MESSAGE_BYTES + 1), headers)
        answer = line.getresponse()
        self.assertEqual((answer.status, json.load(answer)["data"]["name"]), (413, "too_large"))


@functools.cache
def other_session() -> str:
    """A session with a variable in its kernel, which all of `Dying` leaves alone."""
    session = shared_server().session(is_warm=False)
    shared_server().run(session, "x = 'untouched'", "first")
    return session


class Dying(ServerCase):
    """Bad kernels: each is told clearly, and the server and other sessions are untouched."""

    def setUp(self) -> None:
        super().setUp()
        self.other = other_session()
        self.addCleanup(self.check_other)

    def check_other(self) -> None:
        """The other session goes on."""
        self.session = self.other
        self.assertEqual(self.printed("print(x)"), "untouched\n")

    def test_code_that_ends_its_kernel(self) -> None:
        """`os._exit(3)`: the status is told, the run is lost, a restart brings the kernel back."""
        self.open()
        found = self.run_code("print('last words', flush=True)\nimport os\nos._exit(3)")
        self.assertEqual((found["status"], found["reason"]), ("lost", "The kernel ended by itself with exit status 3."))
        died = self.until_type("kernel_died")
        self.assertEqual((died["exit_status"], died.get("expected", False)), (3, False))
        self.assertEqual(self.kernel["state"], "dead")
        self.refused("kernel_dead", "execution.start", session=self.session, code="1")
        self.call("kernel.restart", session=self.session)
        self.assertEqual(self.printed("print('back')"), "back\n")

    def test_code_that_crashes_its_kernel(self) -> None:
        """A null pointer: the signal is told, with the last raw words of the process."""
        self.open()
        found = self.run_code("import ctypes\nctypes.string_at(0)")
        reason = "The kernel crashed (SIGSEGV). Its last words: Fatal Python error: Segmentation fault"
        self.assertEqual((found["status"], found["reason"]), ("lost", reason))
        died = self.until_type("kernel_died")
        self.assertEqual(died["signal"], "SIGSEGV")
        self.assertIn("string_at", died["tail"], "where it crashed")

    def test_code_that_crashes_its_kernel_beside_many_threads(self) -> None:
        """Their stacks come after the line that names the crash."""
        self.open()
        threads = "import ctypes, threading\nfor _ in range(60):\n    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        found = self.run_code(threads + "ctypes.string_at(0)")
        self.assertEqual(
            found["reason"], "The kernel crashed (SIGSEGV). Its last words: Fatal Python error: Segmentation fault"
        )
        self.assertIn("string_at", self.until_type("kernel_died")["tail"], "where it crashed")

    def test_a_kernel_that_is_killed(self) -> None:
        """From outside."""
        self.open()
        execution = self.start("print('begun')\nimport time\ntime.sleep(600)")
        self.until(is_a("output_added"), "begun")
        os.kill(self.kernel["pid"], signal.SIGKILL)
        self.assertIn("SIGKILL", self.wait(execution)["reason"])

    def test_a_kernel_host_that_is_killed(self) -> None:
        """Its kernel goes with it; what is open is lost, and a restart makes both anew."""
        self.open()
        execution = self.start("print('begun')\nimport time\ntime.sleep(600)")
        self.until(is_a("output_added"), "begun")
        kernel = self.kernel
        os.kill(json.loads((Path(kernel["host"]) / "host.json").read_text())["pid"], signal.SIGKILL)
        self.assertEqual(self.wait(execution)["status"], "lost")
        until_ended(kernel["pid"])
        self.call("kernel.restart", session=self.session)
        self.assertEqual(self.printed("print('back')"), "back\n")

    def test_a_kernelspec_whose_command_does_not_exist(self) -> None:
        """Told by name; what was queued is lost."""
        self.open("missing")
        died = self.until_type("kernel_died")
        self.assertIn("/nonexistent/kernel", died["reason"])
        self.assertEqual(self.kernel["state"], "dead")

    def test_a_kernelspec_whose_command_ends_at_once(self) -> None:
        """Its last words are told."""
        self.open("dies")
        died = self.until_type("kernel_died")
        self.assertIn("no such module: frobnicate", died["reason"] + died.get("tail", ""))

    def test_kernelspecs_that_cannot_be_used_are_told(self) -> None:
        """Unknown: the known ones are listed. Torn: why."""
        told = self.refused("unknown_kernelspec", "session.create", kernelspec="nope")
        self.assertIn("python3", told.facts["known"])
        self.refused("unknown_kernelspec", "session.create", kernelspec="torn")
        listed = self.call("kernelspec.list")
        self.assertIn("torn", listed["broken"])
        self.assertEqual(listed["default"], "python3")


class Surviving(ServerCase):
    """The server goes and comes; kernels and their output do not care."""

    def counting(self, gate: Path) -> str:
        """Code that prints a growing number until the gate is there."""
        return f"import os, time\nn = 0\nwhile not os.path.exists({str(gate)!r}):\n    print(n); n += 1; time.sleep(0.002)\nprint('end', n)"

    def lines(self, execution: str) -> list[str]:
        """Everything the execution has printed, line by line."""
        outputs = self.wait(execution)["outputs"]
        return "".join(o["text"] for o in outputs if o["output_type"] == "stream").splitlines()

    def meet_again(self, stop: Callable[[], object]) -> None:
        """Stops the server in the middle of a run with another one queued; the next server has every line of both."""
        self.open()
        execution = self.start(self.counting(self.gate))
        self.until(is_a("output_added"), "the first numbers")
        queued = self.start("print('queued', n)")
        pid, last = self.kernel["pid"], self.events()[-1]["seq"]
        before = self.events()[:last]
        stop()
        self.assertTrue(is_alive(pid), "the kernel goes on")
        self.gate.touch()  # it counts on, and ends, while no server is there
        self.server.start()
        lines = self.lines(execution)
        count = int(lines[-1].split()[1])
        self.assertEqual(lines, [*map(str, range(count)), f"end {count}"])
        self.assertEqual(self.lines(queued), [f"queued {count}"])
        after = self.events()
        self.assertEqual(after[:last], before, "what was written stays as it was")
        self.assertEqual([e["seq"] for e in after], list(range(1, len(after) + 1)))
        self.assertTrue(is_alive(pid))
        self.assertEqual(self.printed("print(n)"), f"{count}\n")

    def test_sigterm(self) -> None:
        """In order."""
        self.meet_again(self.server.stop)

    def test_sigkill(self) -> None:
        """Without a word, in the middle of the stream."""
        self.meet_again(self.server.kill)

    def test_a_call_that_is_repeated_at_the_next_server_runs_once(self) -> None:
        """The client did not get its answer."""
        self.open()
        counter = self.server.folder / "counter"
        code = f"open({str(counter)!r}, 'a').write('x')"
        self.start(code, id="once")
        self.server.kill()
        self.server.start()
        for _ in range(3):
            self.start(code, id="once")
        self.wait("once")
        self.run_code("1")
        self.assertEqual(counter.read_text(), "x")

    def test_a_kernel_that_died_meanwhile_is_told(self) -> None:
        """Its host says how."""
        self.open()
        execution = self.start(WAITS.format(gate=str(self.gate)) + "os._exit(7)")
        self.until(is_a("execution_started"), "the start")
        pid = self.kernel["pid"]
        self.server.kill()
        self.gate.touch()
        until_ended(pid)
        self.server.start()
        found = self.wait(execution)
        self.assertEqual((found["status"], found["reason"]), ("lost", "The kernel ended by itself with exit status 7."))
        self.call("kernel.restart", session=self.session)
        self.assertEqual(self.printed("print('back')"), "back\n")

    def test_a_host_that_was_killed_meanwhile_is_told(self) -> None:
        """What is open is lost, said plainly."""
        self.open()
        execution = self.start("print('begun')\nimport time\ntime.sleep(600)")
        self.until(is_a("output_added"), "begun")
        host = json.loads((Path(self.kernel["host"]) / "host.json").read_text())["pid"]
        self.server.kill()
        os.kill(host, signal.SIGKILL)
        until_ended(host)
        self.server.start()
        found = self.wait(execution)
        self.assertEqual((found["status"], found["outputs"][0]["text"]), ("lost", "begun\n"))
        self.assertIn("host", found["reason"])


class Ending(ServerCase):
    """Kernels that shall not survive, and secrets that shall not be seen."""

    def test_kernels_stop_with_the_server_when_asked_to(self) -> None:
        """`--kernels-stop-with-server`."""
        self.server = self.own_server("--kernels-stop-with-server")
        self.server.start()
        self.open()
        self.run_code("1")
        pid = self.kernel["pid"]
        self.server.stop()
        until_ended(pid)

    def test_closing_a_session_ends_its_kernel(self) -> None:
        """Its process, its host, and the folder of both."""
        self.open()
        self.run_code("1")
        kernel = self.kernel
        self.call("session.close", session=self.session)
        until_ended(kernel["pid"])
        until(lambda: not Path(kernel["host"]).exists(), "the end of the host's folder")
        self.assertTrue((self.server.state / "journals" / f"{self.session}.sqlite").exists())

    def test_shut_down_and_kill_are_expected_ends(self) -> None:
        """Told as such."""
        for method in ("kernel.shut_down", "kernel.kill"):
            self.open()
            self.run_code("1")
            self.call(method, session=self.session)
            died = self.until_type("kernel_died")
            self.assertTrue(died["expected"], died)

    def test_secrets_are_in_no_command_line_environment_or_log(self) -> None:
        """Neither the token nor the key of a kernel."""
        self.open()
        self.run_code("1")
        kernel = self.kernel
        host = Path(kernel["host"])
        key = json.loads((host / "host.json").read_text())["key"]
        self.assertEqual({(host / name).stat().st_mode & 0o777 for name in ("host.json", "launch.json")}, {0o600})
        self.assertEqual(host.stat().st_mode & 0o777, 0o700)
        for pid in (self.server.pid, kernel["pid"], json.loads((host / "host.json").read_text())["pid"]):
            for what in ("cmdline", "environ"):
                body = Path(f"/proc/{pid}/{what}").read_bytes()
                for secret in (self.server.token, key):
                    self.assertNotIn(secret.encode(), body, what)
        for secret in (self.server.token, key):
            self.assertNotIn(secret, self.server.log)
        self.assertNotIn(key, json.dumps(self.events()) + json.dumps(kernel))
