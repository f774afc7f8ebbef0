"""`webipy console` and `webipy connection` as a user has them: a terminal, a real server, real kernels.

What the terminal shows is read without its colors and movements: the tests look for what a kernel printed and for prompts, not for where they stand.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import sys
import termios
import time
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from tests.kernels.commands import CommandCase, environment
from tests.kernels.test_ways import TCP_KERNEL
from tests.live import until

PATIENCE_S = 120.0
ENTER, ALT_ENTER, TAB, UP, CTRL_C, CTRL_D = "\r", "\x1b\r", "\t", "\x1b[A", "\x03", "\x04"

_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>]|\x1b\][^\x07]*\x07")


class Terminal:
    """A terminal with a console in it.

    Args:
        arguments: The command line.

    Attributes:
        text: What it has shown, without colors and movements.
    """

    def __init__(self, arguments: list[str]) -> None:
        self.ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.modes = termios.tcgetattr(its)
        self.process = subprocess.Popen(
            arguments,
            env={**environment(), "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.its, self.is_open = its, True
        self.raw, self.text, self.seen = "", "", 0

    def until(self, wanted: str) -> str:
        """Reads until something is shown that was not looked for before; gives what was shown up to it."""
        end = time.monotonic() + PATIENCE_S
        while (at := self.text.find(wanted, self.seen)) < 0:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{wanted!r} was not shown, but {self.text[self.seen :]!r}"
            self.raw += os.read(self.ours, 65536).decode(errors="replace")
            self.text = _SEQUENCE.sub("", self.raw)
        before, self.seen = self.text[self.seen : at + len(wanted)], at + len(wanted)
        return before

    def type(self, keys: str) -> None:
        """Presses keys."""
        os.write(self.ours, keys.encode())

    def run(self, code: str, shown: str) -> str:
        """Types code at a prompt and waits for something that it shows."""
        self.type(code + ENTER)
        return self.until(shown)

    def prompt(self, number: int) -> str:
        """Waits for a prompt."""
        return self.until(f"In [{number}]: ")

    def ended(self) -> int:
        """Waits until the console has ended; its terminal is as it was. Gives the exit status."""
        status = self.process.wait(PATIENCE_S)
        while select.select([self.ours], [], [], 0)[0]:
            self.raw += os.read(self.ours, 65536).decode(errors="replace")
        self.text = _SEQUENCE.sub("", self.raw)
        assert termios.tcgetattr(self.its) == self.modes, "the terminal is not as it was"
        return status

    def hang_up(self) -> None:
        """Closes the terminal, as its window does."""
        os.close(self.its)
        os.close(self.ours)
        self.is_open = False

    def close(self) -> None:
        """Ends everything."""
        self.process.kill()
        self.process.wait()
        if self.is_open:
            self.hang_up()


class ConsoleTests(CommandCase):
    """`webipy console`."""

    def console(self, *arguments: str) -> Terminal:
        """A console that shows its first prompt."""
        terminal = Terminal(self.arguments("console", *arguments))
        self.addCleanup(terminal.close)
        terminal.prompt(1)
        return terminal

    def test_a_conversation(self) -> None:
        """Results, output, errors, questions, completion and history; leaving ends nothing."""
        terminal = self.console()
        terminal.run("x = 41", "In [2]: ")
        terminal.run("x + 1", "Out[2]: 42")
        terminal.prompt(3)
        terminal.run("for n in range(2):", "...: ")
        terminal.type(f"print('row', n){ENTER}{ENTER}")
        terminal.until("row 0")
        terminal.until("row 1")
        terminal.prompt(4)
        terminal.run("1/0", "ZeroDivisionError: division by zero")
        terminal.prompt(5)
        terminal.run("name = input('Who? ')", "Who? ")
        terminal.type(f"Ana{ENTER}")
        terminal.prompt(6)
        terminal.run("import getpass; key = getpass.getpass('Key? ')", "Key? ")
        terminal.type(f"s3cret{ENTER}")
        terminal.prompt(7)
        terminal.run("print(name, len(key))", "Ana 6")
        terminal.prompt(8)
        terminal.type(f"x.bit_co{TAB}")
        terminal.until("unt")
        terminal.type(f"(){ENTER}")
        terminal.until("Out[8]: 3")
        terminal.prompt(9)
        terminal.type(f"{UP}{UP}{ENTER}")
        terminal.until("Ana 6")
        terminal.prompt(10)
        terminal.type(CTRL_D)
        terminal.until("The kernel goes on. Come back with: webipy console")
        self.assertEqual(terminal.ended(), 0)
        self.assertNotIn("s3cret", terminal.text)
        self.assertEqual(self.webipy("exec", "print(x)").stdout, "41\n")
        history = self.server.state / "console_history"
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        self.assertEqual(json.loads(history.read_text().splitlines()[0]), "x = 41")
        self.assertNotIn("s3cret", history.read_text())

    def test_an_interrupt_is_for_the_code(self) -> None:
        """^C ends the code and not the console; at the prompt it drops the line."""
        terminal = self.console()
        terminal.run("print('be' + 'gun'); import time; time.sleep(1000)", "begun")
        terminal.type(CTRL_C)
        terminal.until("Interrupting. Press ^C again to get the line back; the code goes on.")
        terminal.until("KeyboardInterrupt")
        terminal.prompt(2)
        terminal.type(f"half{CTRL_C}")
        terminal.prompt(2)
        terminal.run("'still ' + 'here'", "Out[2]: 'still here'")

    def test_code_is_left_running_and_what_it_prints_is_shown(self) -> None:
        """A second ^C gives the line back."""
        terminal = self.console()
        waits = f"print('be' + 'gun')\n      while not os.path.exists({self.gate!r}): time.sleep(0.01)\n      break"
        code = f"import os, time\ndef loop():\n  while True:\n    try:\n      {waits}\n"
        code += "    except KeyboardInterrupt: print('not ' + 'yet')\n  print('do' + 'ne')\n"
        self.assertEqual(self.webipy("exec", code).returncode, 0)
        terminal.prompt(2)
        terminal.run("loop()", "begun")
        terminal.type(CTRL_C)
        terminal.until("not yet")
        terminal.type(CTRL_C)
        terminal.prompt(3)
        self.open_gate()
        terminal.until("done")
        terminal.run("'af' + 'ter'", "Out[3]: 'after'")

    def test_what_is_typed_while_code_runs_is_what_the_next_line_begins_with(self) -> None:
        """It is not shown in the middle of the output."""
        terminal = self.console()
        terminal.type(f"\x1b[200~{self.wait}\nprint('be' + 'gun'); wait()\x1b[201~{ALT_ENTER}")
        terminal.until("begun")
        terminal.type(f"40 + 2{ENTER}'ty' + 'ped")
        self.open_gate()
        terminal.until("Out[2]: 42")
        self.assertNotIn("40 + 2", terminal.text[: terminal.text.index("In [2]: ")])
        terminal.prompt(3)
        terminal.type(f"'{ENTER}")
        terminal.until("Out[3]: 'typed'")

    def test_a_fresh_session_ends_with_the_console(self) -> None:
        """However that ends; others are left alone."""
        terminal = self.console("--fresh")
        terminal.run("6 * 7", "Out[1]: 42")
        terminal.prompt(2)
        self.assertEqual(len(self.sessions()), 1)
        terminal.type(CTRL_D)
        terminal.until("The session is closed, unless somebody else uses it.")
        self.assertEqual(terminal.ended(), 0)
        until(lambda: not self.sessions(), "the session is closed")
        ended = self.console("--fresh")
        ended.process.send_signal(signal.SIGTERM)
        self.assertEqual(ended.ended(), 143)
        until(lambda: not self.sessions(), "the session is closed")
        alone = self.console("--fresh")
        self.server.kill()
        alone.until("Connecting again...")
        alone.type(CTRL_D)
        self.assertEqual(alone.ended(), 0)
        self.server.start()

    def test_what_others_run_is_shown_above_the_line(self) -> None:
        """With their names; the line that is being typed goes on."""
        terminal = self.console()
        terminal.type("40 +")
        terminal.until("40 +")
        self.assertEqual(self.webipy("exec", "print('hel' + 'lo')\n6 * 7").stdout, "hello\n42\n")
        above = terminal.until("Out[1]: 42")
        self.assertRegex(above, r"\[[^\]\n]+\] In \[1\]: print\('hel' \+ 'lo'\)")
        self.assertIn("hello\r\n", above)
        terminal.prompt(2)
        terminal.type(f" 2{ENTER}")
        terminal.until("Out[2]: 42")

    def test_two_consoles_are_in_one_session(self) -> None:
        """Each sees what the other runs."""
        one = self.console()
        two = self.console()
        one.run("x = 'from ' + 'one'; print(x)", "from one")
        two.until("] In [1]: ")
        two.until("from one")
        two.prompt(2)
        two.run("x + ', by two'", "Out[2]: 'from one, by two'")
        one.until("Out[2]: 'from one, by two'")

    def test_a_notebook_has_its_own_session(self) -> None:
        """By its path; what is typed becomes no cell."""
        path = self.folder / "a.ipynb"
        path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        terminal = self.console(str(path))
        terminal.run("6 * 7", "Out[1]: 42")
        (session,) = self.sessions()
        self.assertEqual(session["path"], "a.ipynb")
        self.assertEqual(self.server.call("notebook.get", session=session["id"])["cells"], 0)
        terminal.prompt(2)
        terminal.run("exit", "The kernel goes on. Come back with: webipy console")
        self.assertEqual(terminal.ended(), 0)
        self.assertEqual(self.sessions()[0]["kernel"]["state"], "idle")

    def test_a_kernel_that_dies_is_replaced(self) -> None:
        """It is told how it died; the next line starts another one."""
        terminal = self.console()
        terminal.run("import os; os._exit(3)", "The kernel ended by itself with exit status 3.")
        terminal.until("]: ")
        terminal.run("'an' + 'other'", "a new one starts, without the old variables")
        terminal.until("Out[1]: 'another'")

    def test_the_server_is_killed_and_comes_back(self) -> None:
        """The console waits for it and goes on; nothing is lost and nothing is shown twice."""
        terminal = self.console()
        code = f"{self.wait}\nprint('fi' + 'rst'); wait(); print('la' + 'st')"
        terminal.type(f"\x1b[200~{code}\x1b[201~{ALT_ENTER}")
        terminal.until("first")
        self.server.kill()
        terminal.until("The connection to the server is lost; code that runs goes on. Connecting again...")
        self.open_gate()
        self.server.start()
        terminal.until("The server is back.")
        terminal.until("last")
        terminal.prompt(2)
        self.server.kill()
        terminal.until("Connecting again...")
        terminal.type(f"'typed ' + 'meanwhile'{ENTER}")
        self.server.start()
        terminal.until("The server is back.")
        terminal.until("Out[2]: 'typed meanwhile'")
        terminal.prompt(3)
        terminal.type(CTRL_D)
        self.assertEqual(terminal.ended(), 0)
        for once in ("first\r\n", "last\r\n", "Out[2]: 'typed meanwhile'"):
            self.assertEqual(terminal.text.count(once), 1, terminal.text)
        (session,) = self.sessions()
        started = [one for one in self.server.events(session["id"]) if one["type"] == "execution_started"]
        self.assertEqual(len(started), 2)

    def test_a_signal_ends_it_and_not_the_code(self) -> None:
        """The terminal is as it was before."""
        terminal = self.console()
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.ended(), 143)
        running = self.console()
        running.run("print('be' + 'gun'); import time; time.sleep(1000)", "begun")
        running.process.send_signal(signal.SIGHUP)
        self.assertEqual(running.ended(), 129)
        self.assertEqual(self.sessions()[0]["kernel"]["state"], "busy")

    def test_a_terminal_that_goes_away_ends_it(self) -> None:
        """At the prompt and while code runs; nothing else ends."""
        terminal = self.console()
        terminal.hang_up()
        self.assertEqual(terminal.process.wait(PATIENCE_S), 129)
        running = self.console()
        running.run("print('be' + 'gun'); import time; time.sleep(1000)", "begun")
        running.hang_up()
        self.assertEqual(running.process.wait(PATIENCE_S), 129)
        self.assertEqual(self.sessions()[0]["kernel"]["state"], "busy")

    def test_a_session_that_is_closed_ends_it(self) -> None:
        """By whoever closes it."""
        terminal = self.console()
        self.assertEqual(self.webipy("close", "shell").returncode, 0)
        terminal.until("The session was closed.")
        self.assertEqual(terminal.ended(), 0)


class ConnectionTests(CommandCase):
    """`webipy connection`: programs that speak to the kernel themselves."""

    def joined(self, path: str) -> BlockingKernelClient:
        """A client of jupyter_client that has joined by the file."""
        client = BlockingKernelClient(connection_file=path)
        client.load_connection_file()
        client.start_channels()
        self.addCleanup(client.stop_channels)
        client.wait_for_ready(timeout=PATIENCE_S)
        return client

    def outputs(self, session: str) -> str:
        """All text in the journal of a session."""
        found = [one["output"] for one in self.server.events(session) if one["type"] == "output_added"]
        return "".join(one.get("text", "") or json.dumps(one.get("data", "")) for one in found)

    def test_a_client_joins_beside_the_session(self) -> None:
        """It shares the variables, its output is in the journal, and the session goes on as before."""
        self.assertEqual(self.webipy("exec", "x = 41").returncode, 0)
        path = self.ok(self.webipy("connection", "shell")).rstrip("\n")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
        self.assertEqual(json.loads(self.ok(self.webipy("connection", "shell", "--json")))["path"], path)
        client = self.joined(path)
        seen: list[Any] = []
        reply = client.execute_interactive(
            "print('for', 'eign'); y = 1; x + y", timeout=PATIENCE_S, output_hook=seen.append
        )
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertIn("42", str([one["content"] for one in seen]))
        (session,) = self.sessions()
        until(lambda: "for eign" in self.outputs(session["id"]), "the output is in the journal")
        until(lambda: '"42"' in self.outputs(session["id"]), "the result is in the journal")
        codes = [one for one in self.server.events(session["id"]) if one["type"] == "message_received"]
        self.assertEqual([one["content"]["code"] for one in codes], ["print('for', 'eign'); y = 1; x + y"])
        until(lambda: self.sessions()[0]["kernel"]["state"] == "idle", "the kernel is idle again")
        self.assertEqual(self.ok(self.webipy("exec", "print(x + y)")), "42\n")
        asked = client.execute_interactive(
            "z = input('Foreign? ')",
            timeout=PATIENCE_S,
            stdin_hook=lambda message: client.input("yes"),
            allow_stdin=True,
        )
        self.assertEqual(asked["content"]["status"], "ok")
        self.assertEqual(self.ok(self.webipy("exec", "print(z)")), "yes\n")

    def test_jupyter_run_takes_the_file(self) -> None:
        """`jupyter run --existing FILE`; the kernel is there afterwards."""
        self.assertEqual(self.webipy("exec", "x = 41").returncode, 0)
        path = self.ok(self.webipy("connection", "shell")).rstrip("\n")
        script = self.folder / "script.py"
        script.write_text("print('from a', 'script', x)\nx += 1\n")
        line = [sys.executable, "-m", "jupyter_client.runapp", "--existing", path, str(script)]
        ran = subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=PATIENCE_S)
        self.assertIn("from a script 41\n", ran.stdout, ran.stderr)
        self.assertEqual(self.ok(self.webipy("exec", "print(x)")), "42\n")
        (session,) = self.sessions()
        until(lambda: "from a script 41" in self.outputs(session["id"]), "the output is in the journal")

    def test_a_kernel_that_knows_tcp_only(self) -> None:
        """The file says so, with the keys of an encrypted connection where the kernel can have one."""
        for name, metadata in (("tcp", {}), ("curve", {"supported_encryption": ["curve"]})):
            folder = self.server.folder / "jupyter" / "kernels" / name
            folder.mkdir(exist_ok=True)
            argv = [sys.executable, TCP_KERNEL, "ends", "{connection_file}"]
            spec = {"argv": argv, "display_name": name, "language": "x", "metadata": metadata}
            (folder / "kernel.json").write_text(json.dumps(spec))
            self.assertEqual(self.webipy("exec", "-s", name, "-k", name, "x").returncode, 0)
            path = self.ok(self.webipy("connection", name)).rstrip("\n")
            with open(path) as file:
                facts = json.load(file)
            self.assertEqual((facts["transport"], "curve_secretkey" in facts), ("tcp", name == "curve"))
            reply = self.joined(path).execute_interactive("hello", timeout=PATIENCE_S, output_hook=lambda message: None)
            self.assertEqual(reply["content"]["status"], "ok")
            session = next(one["id"] for one in self.sessions() if one["title"] == name)
            until(lambda: "hello" in self.outputs(session), "the output is in the journal")  # noqa: B023

    def test_the_file_is_of_this_kernel_only(self) -> None:
        """A restart writes it anew; it is gone with the kernel."""
        self.assertEqual(self.webipy("exec", "x = 41").returncode, 0)
        path = self.ok(self.webipy("connection", "shell")).rstrip("\n")
        with open(path) as file:
            before = json.load(file)
        self.assertEqual(self.webipy("restart", "shell").returncode, 0)
        self.assertEqual(self.ok(self.webipy("connection", "shell")).rstrip("\n"), path)
        with open(path) as file:
            after = json.load(file)
        self.assertNotEqual(before["key"], after["key"])
        self.joined(path)
        self.assertEqual(self.webipy("kill", "shell").returncode, 0)
        until(lambda: not os.path.exists(path), "the file is gone")
        until(lambda: self.sessions()[0]["kernel"]["state"] == "dead", "the kernel is gone")
        refused = self.webipy("connection", "shell")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("has no kernel that runs", refused.stderr)
