"""The `webipy` command as a user has it: real processes, a real server, real kernels."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
import urllib.request

from tests.kernels.commands import CommandCase, environment, read_until
from tests.live import PATIENCE_S


class ExecTests(CommandCase):
    """`webipy exec`."""

    def test_output_comes_before_the_code_ends(self) -> None:
        """Output appears at once, standard output and standard error apart."""
        code = f"{self.wait}\nimport sys\nprint('first')\nprint('aside', file=sys.stderr)\nwait()\nprint('last')"
        process = self.begin("exec", code)
        assert process.stdout is not None and process.stderr is not None
        self.assertEqual(read_until(process.stdout, b"first\n"), b"first\n")
        self.assertEqual(read_until(process.stderr, b"aside\n"), b"aside\n")
        self.open_gate()
        self.assertEqual(self.finish(process), (0, "last\n", ""))

    def test_variables_stay_and_results_are_shown(self) -> None:
        """Code runs in the session `shell`, so that variables stay; pictures are a note."""
        self.assertEqual(self.ok(self.webipy("exec", "x = 41")), "")
        self.assertEqual(self.ok(self.webipy("exec", "print('no line end', end='')\nx + 1")), "no line end\n42\n")
        shown = self.ok(
            self.webipy("exec", "-", stdin="from IPython.display import Image\nImage(data=b'x' * 3000, format='png')")
        )
        self.assertEqual(shown, "<IPython.core.display.Image object>\n[image/png, 3 kB]\n")
        script = self.folder / "script.py"
        script.write_text("print(x * 2)")
        self.assertEqual(self.ok(self.webipy("exec", "-f", str(script))), "82\n")
        self.assertEqual(self.webipy("exec", "--fresh", "print(x)").returncode, 1)
        (listed,) = json.loads(self.ok(self.webipy("ls", "--json")))["sessions"]
        self.assertEqual((listed["title"], listed["kernel"]["kernelspec"]), ("shell", "python3"))

    def test_the_exit_status_tells_how_it_ended(self) -> None:
        """0 the code ran to its end; 1 it raised an error; 3 its kernel died; 4 no server can be reached."""
        self.assertEqual(self.webipy("exec", "1").returncode, 0)
        failed = self.webipy("exec", "1/0")
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        self.assertIn("ZeroDivisionError: division by zero\n", failed.stderr)
        self.assertNotIn("\x1b", failed.stderr)
        # A moment for the kernel's own network thread: what is still in a process that is killed was never said.
        code = "import os, time\nprint('last words', flush=True)\ntime.sleep(1)\nos.kill(os.getpid(), 9)"
        died = self.webipy("exec", code)
        self.assertEqual((died.returncode, died.stdout), (3, "last words\n"))
        self.assertIn("SIGKILL", died.stderr)
        again = self.webipy("exec", "print('new')")
        self.assertEqual((again.returncode, again.stdout), (0, "new\n"))
        self.assertIn("a new one starts, without the old variables", again.stderr)
        wrong = self.webipy("exec", "-s", "nowhere", "1")
        self.assertEqual(
            (wrong.returncode, wrong.stderr),
            (2, "webipy: There is no session 'nowhere'; `webipy ls` lists the sessions.\n"),
        )
        unknown = self.webipy("exec", "-s", "other", "-k", "cobol", "1")
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("cobol", unknown.stderr)

    def test_json_holds_the_whole_execution(self) -> None:
        """With --json the execution is printed at its end, and nothing else."""
        outcome = json.loads(self.ok(self.webipy("exec", "--json", "print('a')\n6 * 7")))
        self.assertEqual(outcome["status"], "ok")
        self.assertEqual([output["output_type"] for output in outcome["outputs"]], ["stream", "execute_result"])
        self.assertEqual(outcome["outputs"][1]["data"], {"text/plain": "42"})

    def test_input_reads_standard_input(self) -> None:
        """input() and getpass() read the lines of standard input; when there are no more, the code is interrupted."""
        code = "import getpass\na = input('Name: ')\nb = getpass.getpass('Key: ')\nprint([a, len(b)])"
        self.assertEqual(self.ok(self.webipy("exec", code, stdin="Ana Ä\nsecret\n")), "Name: Key: ['Ana Ä', 6]\n")
        ended = self.webipy("exec", "input('More: ')", stdin="")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("standard input has ended: interrupting", ended.stderr)
        self.assertIn("KeyboardInterrupt", ended.stderr)
        (listed,) = self.sessions()
        journal = json.dumps(self.server.call("session.events", session=listed["id"]))
        self.assertIn("Ana", journal)
        self.assertNotIn("secret", journal)

    def test_time_can_be_limited(self) -> None:
        """--timeout interrupts the code."""
        self.ok(self.webipy("exec", "import time"))
        for wait in ("time.sleep(600)", "import asyncio\nawait asyncio.sleep(600)"):
            ended = self.webipy("exec", "--timeout", "1.5", f"print('ready')\n{wait}")
            self.assertEqual(ended.returncode, 1)
            self.assertIn("The code has run for 1.5 s: interrupting.", ended.stderr)
            self.assertNotIn("The code goes on", ended.stderr)

    def test_a_restarted_server_goes_unnoticed_by_the_code(self) -> None:
        """The server is killed and started again in the middle of a run: nothing is lost, nothing is shown twice."""
        code = f"{self.wait}\nfor i in range(100): print('before', i)\nwait()\nfor i in range(100): print('after', i)"
        process = self.begin("exec", code)
        assert process.stdout is not None
        before = read_until(process.stdout, b"before 99\n").decode()
        self.server.kill()
        self.open_gate()
        self.server.start()
        status, after, err = self.finish(process)
        expected = [f"{word} {i}" for word in ("before", "after") for i in range(100)]
        self.assertEqual((before + after).splitlines(), expected)
        self.assertEqual(status, 0)
        self.assertEqual(
            err,
            "webipy: The connection to the server is lost; code that runs goes on. Connecting again...\nwebipy: The server is back.\n",
        )

    def test_a_closed_pipe_ends_the_command_and_not_the_run(self) -> None:
        """`webipy exec ... | head -1` ends; the run goes on."""
        process = self.begin("exec", f"{self.wait}\nprint('first')\nwait()\nprint('second')\nx = 5")
        assert process.stdout is not None and process.stderr is not None
        read_until(process.stdout, b"first\n")
        process.stdout.close()
        self.open_gate()
        self.assertEqual(process.wait(PATIENCE_S), -signal.SIGPIPE)
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(self.ok(self.webipy("exec", "x")), "5\n")


SCRIPT = """# -*- coding: latin-1 -*-
from __future__ import annotations
import sys
import beside_it
print(sys.argv, __file__ == sys.argv[1], sys.path[0] in __file__, __name__, "é")
def fails(n):
    raise ValueError(n)
1 + 1
ends = {"msg": lambda: sys.exit("a message"), "3": lambda: sys.exit(3), "none": sys.exit, "exit": lambda: exit(5), "fails": lambda: fails(7)}
if len(sys.argv) > 2:
    ends[sys.argv[2]]()
"""


class ScriptTests(CommandCase):
    """`webipy exec -f`."""

    def test_a_script_runs_as_python_runs_it(self) -> None:
        """Its arguments, file, folder and encoding are its own; how it ends is the exit status; afterwards all is as before."""
        path = self.folder / "a script.py"
        path.write_bytes(SCRIPT.replace("\n", "\r\n").encode("latin-1"))
        (self.folder / "beside_it.py").write_text("")

        def run(*ending: str) -> tuple[int, str]:
            outcome = self.webipy("exec", "-f", str(path), "--", str(path), *ending)
            self.assertEqual(outcome.stdout, f"{[str(path), str(path), *ending]} True True __main__ é\n")
            return outcome.returncode, outcome.stderr

        self.assertEqual(run("3"), (3, ""))
        self.assertEqual(run("none"), (0, ""))
        self.assertEqual(run("msg"), (1, "a message\n"))
        status, traceback = run("fails")
        self.assertEqual(status, 1)
        self.assertRegex(traceback, rf"File {path}:7, in fails\(n\)\n.*\n----> 7     raise ValueError\(n\)")
        after = "import sys; print([sys.argv[0].endswith('script.py'), '__file__' in globals(), ends['3'] is None, exit.__class__.__name__])\n1+1"
        outcome = self.ok(self.webipy("exec", after))
        self.assertEqual(outcome, "[False, False, False, 'ZMQExitAutocall']\n2\n")
        journal = self.server.call("session.events", session=self.sessions()[0]["id"])
        codes = [event["code"] for event in journal["events"] if event["type"] == "execution_queued"]
        self.assertIn(SCRIPT, codes)

    def test_what_is_no_plain_python_is_run_as_ipython_does(self) -> None:
        """Magics and `await` at the top level, as before."""
        path = self.folder / "cells.ipy"
        path.write_text("%env WEBIPY_TRIED=1\nimport asyncio, sys\nawait asyncio.sleep(0)\nsys.argv[1]")
        outcome = self.webipy("exec", "-f", str(path), "--", "--given")
        self.assertEqual((outcome.returncode, outcome.stdout), (0, "env: WEBIPY_TRIED=1\n'--given'\n"))

    def test_code_ends_with_a_status_of_its_own(self) -> None:
        """`sys.exit` in plain code, too."""
        self.assertEqual(self.webipy("exec", "import sys; sys.exit(7)").returncode, 7)


WIDGETS = """
import ipywidgets, matplotlib.pyplot as plot
from IPython.display import display
out, bar = ipywidgets.Output(), ipywidgets.IntProgress(max=4, description="step")
display(out, ipywidgets.HBox([bar, ipywidgets.Label("0/4")]))
for step in range(5):
    bar.value = step
with out:
    print("inside")
shown = display("first", display_id=True)
shown.update("second")
for part in range(3):
    print(f"\\r{part}/2", end="")
print()
plot.plot([1, 2]); plot.show()
"""


class ShownTests(CommandCase):
    """What a page shows, `webipy exec` shows."""

    def test_widgets_displays_bars_and_figures(self) -> None:
        """In their last state, where nothing can be written over; figures are saved on wish."""
        figures = self.folder / "figures"
        outcome = self.ok(self.webipy("exec", "--save-figures", str(figures), WIDGETS))
        (saved,) = figures.iterdir()
        self.assertEqual(saved.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        lines = outcome.splitlines()
        self.assertEqual(lines[:2], ["'first'", "2/2"])
        self.assertIn(f"[saved as {saved}]", lines)
        self.assertEqual(lines[-3:], ["inside", f"step |{'█' * 24}| 0/4", "'second'"])
        self.assertIn("Return the number of items in a container.", self.ok(self.webipy("exec", "len?")))

    def test_large_figures_are_saved_whole(self) -> None:
        """Those that the outputs only refer to: byte by byte what was shown, and once."""
        figures = self.folder / "large"
        code = (
            "import base64, hashlib, os\nbody = os.urandom(4_000_001)\nfor _ in range(2):\n"
            "    display({'image/png': base64.encodebytes(body).decode()}, raw=True)\nprint(hashlib.sha256(body).hexdigest())"
        )
        outcome = self.webipy("exec", "--fresh", "--save-figures", str(figures), code)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        (saved,) = figures.iterdir()
        self.assertIn(hashlib.sha256(saved.read_bytes()).hexdigest(), outcome.stdout)
        self.assertIn(f"webipy: Saved {saved}", outcome.stderr)

    def test_the_last_words_of_a_kernel_that_never_came_up(self) -> None:
        """What the process said before it ended is told with how it ended, though its run was lost before."""
        died = self.webipy("exec", "-s", "new", "-k", "broken", "1")
        self.assertEqual(died.returncode, 3)
        self.assertIn(
            "No module named no_such_module\nwebipy: The kernel ended with exit status 1 before it was ready.\n",
            died.stderr,
        )


class InterruptTests(CommandCase):
    """^C in `webipy exec`."""

    def test_the_first_interrupts_the_code(self) -> None:
        """^C interrupts the code, whose error is shown."""
        process = self.begin("exec", "import time\nprint('ready')\ntime.sleep(600)")
        assert process.stdout is not None
        read_until(process.stdout, b"ready\n")
        process.send_signal(signal.SIGINT)
        status, _, err = self.finish(process)
        self.assertEqual(status, 1)
        self.assertIn("Press ^C again to leave it running", err)
        self.assertIn("KeyboardInterrupt", err)

    def test_the_second_leaves_it_running(self) -> None:
        """A second ^C leaves the code running, says how to watch it, and exits with 130; attach then shows the rest."""
        stubborn = f"{self.wait}\nprint('ready')\ntry: wait()\nexcept KeyboardInterrupt: print('caught')\nwait()\nprint('end of it')"
        process = self.begin("exec", stubborn)
        assert process.stdout is not None
        read_until(process.stdout, b"ready\n")
        process.send_signal(signal.SIGINT)
        read_until(process.stdout, b"caught\n")
        process.send_signal(signal.SIGINT)
        status, out, err = self.finish(process)
        self.assertEqual((status, out), (130, ""))
        hint = err.splitlines()[-1]
        self.assertIn("The code goes on. Watch it with: webipy attach --state", hint)
        self.open_gate()
        watching = self.begin("attach", *hint.split(" attach ")[1].split()[2:])
        assert watching.stdout is not None
        seen = read_until(watching.stdout, b"end of it\n").decode()
        self.assertIn("> try: wait()\n", seen)
        self.assertTrue(seen.endswith("ready\ncaught\nend of it\n"), seen)
        watching.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(watching), (0, "", ""))

    def test_code_that_waits_in_line_is_taken_back(self) -> None:
        """^C on a run that has not begun cancels it and leaves alone what runs before it."""
        first = self.begin("exec", f"{self.wait}\nprint('ready')\nwait()\nprint('first is done')")
        assert first.stdout is not None
        read_until(first.stdout, b"ready\n")
        watching = self.begin("attach", "--json", "--all", "shell")
        second = self.begin("exec", "print('never')")
        assert watching.stdout is not None
        read_until(watching.stdout, b"never")
        second.send_signal(signal.SIGINT)
        status, out, err = self.finish(second)
        self.assertEqual((status, out), (1, ""))
        self.assertIn("cancelled", err)
        self.open_gate()
        self.assertEqual(self.finish(first), (0, "first is done\n", ""))


class AttachTests(CommandCase):
    """`webipy attach`."""

    def test_it_shows_what_others_run(self) -> None:
        """A watcher sees the code of others and its output while it comes."""
        self.ok(self.webipy("exec", "x = 'seen'"))
        watching = self.begin("attach", "--all", "shell")
        assert watching.stdout is not None
        read_until(watching.stdout, b"> x = 'seen'\n")
        running = self.begin("exec", f"{self.wait}\nprint(x)\nwait()")
        seen = read_until(watching.stdout, b"seen\n").decode()
        self.assertIn("> print(x)\n", seen)
        self.open_gate()
        self.assertEqual(self.finish(running), (0, "seen\n", ""))

    def test_it_ends_with_the_session(self) -> None:
        """When the session is closed, watching ends; with --json each event was one line of JSON."""
        self.ok(self.webipy("exec", "print(1)"))
        watching = self.begin("attach", "--json", "--since", "0", "shell")
        assert watching.stdout is not None
        start = read_until(watching.stdout, b"execution_finished")
        (listed,) = self.sessions()
        self.server.call("session.close", session=listed["id"])
        status, rest, err = self.finish(watching)
        self.assertEqual((status, err), (0, ""))
        events = [json.loads(line) for line in (start.decode() + rest).splitlines()]
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        self.assertEqual((events[0]["type"], events[-1]["type"]), ("session_created", "session_closed"))


class OtherTests(CommandCase):
    """The other commands."""

    def test_sessions_and_kernels_are_listed(self) -> None:
        """`ls` and `specs` print tables for people."""
        self.assertIn("There are no sessions", self.webipy("ls").stderr)
        self.ok(self.webipy("exec", "1"))
        heads, row = self.ok(self.webipy("ls")).splitlines()
        self.assertEqual(heads.split(), ["ID", "TITLE", "KERNEL", "STATE", "QUEUED", "MEMORY", "CPU", "ACTIVE"])
        self.assertEqual(row.split()[1:5], ["shell", "python3", "idle", "0"])
        self.assertRegex(row, r"\b\d\d(\.\d)? MB +(-|\d+%)")
        specs = self.webipy("specs")
        self.assertRegex(specs.stdout, r"(?m)^\*  python3 +python +Python 3")

    def test_logs_tell_why_a_kernel_ended(self) -> None:
        """The dump of a crash on standard output, what the host says on standard error, and what comes while it is followed."""
        self.assertEqual(self.webipy("exec", "import ctypes; ctypes.string_at(0)").returncode, 3)
        outcome = self.webipy("logs", "shell")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertIn("Fatal Python error: Segmentation fault", outcome.stdout)
        following = self.begin("logs", "shell", "--follow")
        assert following.stdout is not None
        read_until(following.stdout, b"Segmentation fault")
        self.webipy("exec", "import os; os.abort()")
        read_until(following.stdout, b"Aborted")

    def test_environment_variables_reach_the_kernel_and_stay(self) -> None:
        """With the folder as PWD; a restart keeps them, a kernel that runs with other ones is not taken."""
        look = "import os; print(os.environ['A_SECRET'], os.environ['PWD'] == os.getcwd())"
        given = ("--env", "A_SECRET=sesame")
        self.assertEqual(self.ok(self.webipy("exec", *given, look)), "sesame True\n")
        self.assertEqual(self.webipy("restart", "shell").returncode, 0)
        self.assertEqual(self.ok(self.webipy("exec", *given, look)), "sesame True\n")
        refused = self.webipy("exec", "--env", "A_SECRET=other", look)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("other environment variables", refused.stderr)

    def test_kernels_are_interrupted_restarted_and_killed(self) -> None:
        """The three ways to end code, each on the session of that name or the start of its ID."""
        running = self.begin("exec", "import time\nx = 1\nprint('ready')\ntime.sleep(600)")
        assert running.stdout is not None
        read_until(running.stdout, b"ready\n")
        (listed,) = self.sessions()
        self.assertEqual(self.webipy("interrupt", listed["id"][:8]).returncode, 0)
        self.assertEqual(self.finish(running)[0], 1)
        self.assertIn("The session runs no code.", self.webipy("interrupt", "shell").stderr)
        self.assertEqual(self.ok(self.webipy("exec", "x")), "1\n")
        self.assertEqual(self.webipy("restart", "shell").returncode, 0)
        self.assertIn("NameError", self.webipy("exec", "x").stderr)
        watching = self.begin("attach", "--json", "--all", "shell")
        assert watching.stdout is not None
        self.assertEqual(self.webipy("kill", "shell").returncode, 0)
        read_until(watching.stdout, b"kernel_died")

    def test_a_notebook_is_shared_that_is_not_open(self) -> None:
        """By its path: it is opened, once; what is neither a session nor a notebook is told as that."""
        notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.server.root / "report.ipynb").write_text(json.dumps(notebook))
        for _ in range(2):
            self.assertIn("#share=", self.webipy("share", "report.ipynb", "--can", "edit").stdout)
        (opened,) = self.sessions()
        self.assertEqual((opened["path"], opened["kernel"]), ("report.ipynb", None))
        self.assertEqual(self.ok(self.webipy("share", "report.ipynb", "--list")).count("can edit"), 2)
        refused = self.webipy("share", "gone.ipynb")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("no session 'gone.ipynb', and no such notebook", refused.stderr)

    def test_logins_are_listed_and_ended(self) -> None:
        """In words and as JSON; one by the start of its id, or all."""
        self.webipy("logins", "--all")  # those of other tests on this server
        self.assertIn("No browser is signed in", self.webipy("logins").stderr)
        for _ in range(3):
            origin, _, code = self.ok(self.webipy("open")).strip().partition("/#code=")
            body = json.dumps({"code": code}).encode()
            headers = {"Content-Type": "application/json", "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
            urllib.request.urlopen(urllib.request.Request(f"{origin}/login", body, headers), timeout=20).close()
        found = json.loads(self.ok(self.webipy("logins", "--json")))["logins"]
        self.assertEqual([(one["where"], one["address"]) for one in found], [("Firefox on Linux", "127.0.0.1")] * 3)
        self.assertEqual(self.ok(self.webipy("logins")).count("Firefox on Linux"), 3)
        self.assertIn("Signed out: 1 browser.", self.webipy("logins", "--revoke", found[0]["id"][:8]).stderr)
        refused = self.webipy("logins", "--revoke", found[0]["id"])
        self.assertEqual(refused.returncode, 1)
        self.assertIn("no login begins with", refused.stderr)
        ended = json.loads(self.webipy("logins", "--all", "--json").stdout)["ended"]
        self.assertEqual(sorted(ended), sorted(one["id"] for one in found[1:]))

    def test_any_method_can_be_called(self) -> None:
        """`call` prints the result as JSON, or the failure with its name and code."""
        self.assertEqual(json.loads(self.ok(self.webipy("call", "server.info")))["name"], "webipy")
        created = json.loads(self.ok(self.webipy("call", "session.create", "-", stdin='{"title": "Data"}')))
        self.assertEqual(created["title"], "Data")
        refused = self.webipy("call", "session.get", '{"session": "x"}')
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("webipy: not_found (-32003): ", refused.stderr)

    def test_open_prints_an_address_that_signs_in(self) -> None:
        """A fresh one-time address, of the start page or of a session."""
        url = self.ok(self.webipy("open")).strip()
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/#code=[\w-]{20,}$")
        self.ok(self.webipy("exec", "1"))
        self.assertRegex(self.ok(self.webipy("open", "shell")), r"/s/[0-9a-f]+#code=")

    def test_a_killed_server_is_reported(self) -> None:
        """A server that left its file behind and does not answer: exit status 4, and how to start one."""
        self.server.kill()
        outcome = self.webipy("ls")
        self.assertEqual(outcome.returncode, 4)
        self.assertRegex(
            outcome.stderr, r"^webipy: No webipy server answers at http://127\.0\.0\.1:\d+\. Start one: webipy serve\n$"
        )
        checked = self.webipy("doctor")
        self.assertEqual(checked.returncode, 1)
        self.assertIn("PROBLEM  server: ", checked.stdout)
        self.server.start()
        self.assertIn("ok       server: webipy ", self.webipy("doctor").stdout)

    def test_a_wrong_token_is_reported(self) -> None:
        """A server elsewhere needs its token."""
        url = self.server.origin
        wrong = self.folder / "wrong"
        wrong.write_text("x" * 40)
        outcome = self.webipy("ls", "--url", url, "--token-file", str(wrong))
        self.assertEqual(outcome.returncode, 4)
        self.assertIn("does not take this token", outcome.stderr)
        self.assertEqual(self.webipy("ls", "--url", url).returncode, 0)


class TerminalTests(CommandCase):
    """`webipy exec` in a terminal."""

    def in_terminal(self, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
        """Start a command in a terminal of its own; gives the user's end of it."""
        ours, its = pty.openpty()
        process = subprocess.Popen(
            self.arguments("exec", *arguments),
            env=environment(),
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(os.close, ours)
        os.close(its)
        return process, ours

    def test_colours_pass_and_nothing_else_does(self) -> None:
        """Colours are shown in a terminal; what would set its title or move the cursor is taken out."""
        _, terminal = self.in_terminal(r"print('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[1;1Hplain')")
        shown = read_until(terminal, b"plain")
        self.assertIn(b"\x1b[31mred\x1b[0m plain", shown)

    def test_a_password_is_not_shown(self) -> None:
        """What is typed for getpass() is not echoed; what is typed for input() is."""
        process, terminal = self.in_terminal(
            "import getpass\na = input('Name: ')\nb = getpass.getpass('Key: ')\nprint(len(a), len(b))"
        )
        shown = read_until(terminal, b"Name: ")
        os.write(terminal, b"ana\n")
        shown += read_until(terminal, b"Key: ")
        os.write(terminal, b"secret\n")
        shown += read_until(terminal, b"3 6\r\n")
        self.assertEqual(shown, b"Name: ana\r\nKey: \r\n3 6\r\n")
        self.assertEqual(process.wait(PATIENCE_S), 0)
