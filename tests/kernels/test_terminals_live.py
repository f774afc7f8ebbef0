"""Terminals with real shells: they outlive connections and servers, and a reader gets each byte once."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
from typing import Any

from tests.live import Json, Server, ServerCase, is_alive, until, until_ended
from tests.terminals import SHELL, TerminalLine


class LiveTerminals(ServerCase):
    """One server for each test: terminals are closed with it."""

    def make_server(self) -> Server:
        return self.own_server(environment=SHELL)

    def terminal(self, **params: Any) -> TerminalLine:
        """A new terminal, and a reader of it, at its first prompt."""
        made = self.call("terminal.create", **params)
        line = TerminalLine(self.server, made["id"])
        line.type("PS1='$ '; stty -echo; echo rea''dy\r")
        line.until("ready\r\n")
        line.text = ""
        return line

    def only(self) -> Json:
        """The only terminal."""
        (found,) = self.call("terminal.list")["terminals"]
        one: Json = found
        return one

    def test_a_shell_runs_on_a_terminal_of_its_own(self) -> None:
        """A login shell, in the root, with the size that was asked for, and with nothing of the server in its environment."""
        (self.folder / "sub").mkdir()
        line = self.terminal(folder="sub", rows=30, cols=99)
        line.type(
            "stty size; tty; pwd; shopt login_shell; echo $TERM $COLORTERM; env | grep -ciE 'webipy_|jpy_'; echo e''nd\r"
        )
        text = line.until("end")
        self.assertIn("30 99\r\n/dev/pts/", text)
        self.assertIn(f"\r\n{self.folder / 'sub'}\r\nlogin_shell    \ton\r\nxterm-256color truecolor\r\n0\r\n", text)
        self.assertEqual(self.only()["folder"], "sub")
        for outside in ("..", "sub/../..", "/etc", "no"):
            self.refused("invalid_params", "terminal.create", folder=outside)

    def test_kill_9_of_the_server_loses_no_line_and_no_shell(self) -> None:
        """60 of 60 lines of a loop, each once, and the same process after it."""
        line = self.terminal()
        line.type("echo pid $$; for i in $(seq 60); do echo line $i; sleep 0.02; done; echo o''ver\r")
        line.until("line 10\r")
        self.server.kill()
        self.server.start()
        line.again()
        self.assertIsNone(line.reading["restore"])
        text = line.until("over")
        self.assertEqual(re.findall(r"line (\d+)", text), [str(number) for number in range(1, 61)])
        line.type("echo same $$\r")
        line.until("same ")
        pid = re.findall(r"pid (\d+)\r", line.text)
        self.assertEqual(re.findall(r"same (\d+)\r", line.until(f"same {pid[0]}\r")), pid)

    def test_a_flood_over_a_kill_9_is_whole(self) -> None:
        """3 MB, more than is kept: what the reader did not have waits for it."""
        line = self.terminal()
        line.type("seq 400000; echo over\r")
        line.until("20000\r")
        self.server.kill()
        self.server.start()
        line.again()
        self.assertEqual((line.reading["restore"], line.reading["skipped"]), (None, 0))
        numbers = re.findall(r"(\d+)\r\n", line.until("over"))
        self.assertEqual(numbers, [str(number) for number in range(1, 400001)])

    def test_what_nobody_reads_is_kept_up_to_a_limit(self) -> None:
        """The last MiB, from the beginning of a line, and how much is missing."""
        line = self.terminal()
        line.line.cut()
        self.call("terminal.input", terminal=line.terminal, text="seq 500000; echo over\r")
        until(lambda: self.only()["end"] > 3_000_000, "everything is printed")
        line.again()
        self.assertGreater(line.reading["skipped"], 1_000_000)
        text = line.until("over")
        numbers = [int(number) for number in re.findall(r"(\d+)\r\n", text)]
        self.assertEqual(numbers, list(range(numbers[0], 500001)))
        self.assertGreater(len(text), 1_000_000)

    def test_a_reader_that_does_not_read_holds_the_terminal(self) -> None:
        """The program waits, and nothing is dropped; ^C ends it, and takes what it wrote last (termios(3): NOFLSH is off)."""
        line = self.terminal()
        line.type("seq 3000000; echo over\r")
        while line.position < 100_000:
            line.read(acknowledges=False)
        first = until(lambda: self._still(), "the terminal stands still")
        self.assertLess(first, 2_000_000)
        line.type("\x03")
        line.line.send("terminal.acknowledge", terminal=line.terminal, position=line.position)
        line.type("echo sto''pped\r")
        text = line.until("stopped")
        *numbers, last = re.findall(r"(\d+)(?=\r\n)", text)
        self.assertEqual(numbers, [str(number) for number in range(1, len(numbers) + 1)])
        self.assertTrue(str(len(numbers) + 1).startswith(last), last)

    def _still(self) -> int:
        ends = {self.only()["end"] for _ in range(20)}
        return max(ends) if len(ends) == 1 else 0

    def test_characters_that_are_cut_arrive_whole(self) -> None:
        """Each byte of a text written alone; bytes that are no UTF-8 are shown as such."""
        line = self.terminal()
        code = (
            "import sys, time\n"
            "out = sys.stdout.buffer\n"
            "for byte in 'aé€😀z'.encode() * 20:\n"
            "    out.write(bytes([byte])); out.flush(); time.sleep(0.001)\n"
            "out.write(b'\\xff|over')\n"
        )
        path = self.folder / "cut.py"
        path.write_text(code)
        line.type(f"python3 {path}\r")
        self.assertIn("aé€😀z" * 20 + "\ufffd|over", line.until("over"))

    def test_random_sizes_and_texts(self) -> None:
        """What is typed comes back as it is, in any pieces, at any size."""
        seed = random.randrange(1 << 30)
        chance, line = random.Random(seed), self.terminal()
        line.type("stty raw -echo; echo r''aw; cat\r")
        line.until("raw\n")
        line.text, expected = "", ""
        for _ in range(60):
            if chance.random() < 0.3:
                self.call(
                    "terminal.resize", terminal=line.terminal, rows=chance.randint(1, 99), cols=chance.randint(1, 300)
                )
            piece = "".join(chance.choice("abc \x03\x1bé€😀\r\n") for _ in range(chance.choice([1, 3, 50, 900])))
            line.type(piece)
            expected += piece
        line.type("|end|")
        self.assertEqual(line.until("|end|"), expected + "|end|", seed)

    def test_an_alternate_screen_comes_back(self) -> None:
        """A reader that comes later gets the modes, though the beginning is forgotten."""
        line = self.terminal()
        line.type("printf '\\e[?1049h\\e[?2004h\\e[?25l\\e]2;my title\\a'; seq 400000; echo o''ver\r")
        line.until("over")
        again = TerminalLine(self.server, line.terminal)
        restore = again.reading["restore"]
        for wanted in ("\x1b[?1049h", "\x1b[?25l", "\x1b]2;my title\x07"):
            self.assertIn(wanted, restore)
        self.assertEqual(self.only()["title"], "my title")

    def test_the_end_of_a_shell_is_told(self) -> None:
        """With its exit status, and what it printed last; the host is gone then."""
        line = self.terminal()
        line.type("echo fare''well; exit 7\r")
        ended = line.until_ended()
        self.assertIn("farewell", line.text)
        self.assertEqual((ended["exit_status"], ended["ended"]), (7, "The shell bash ended with exit status 7."))
        until(lambda: not self.server.terminal_hosts(), "the host ends")
        self.refused("terminal_failed", "terminal.input", terminal=line.terminal, text="x")
        self.call("terminal.close", terminal=line.terminal)
        self.assertEqual(self.call("terminal.list")["terminals"], [])

    def test_close_hangs_up(self) -> None:
        """Shell, program and host end; other readers are told."""
        line = self.terminal()
        line.type("echo pid $$ told; sleep 1000\r")
        pid = int(re.findall(r"pid (\d+) told", line.until(" told"))[0])
        self.call("terminal.close", terminal=line.terminal)
        until_ended(pid)
        self.assertEqual(line.until_ended()["ended"], "The terminal was closed.")
        until(lambda: not list((self.server.state / "terminals").iterdir()), "nothing is left")

    def test_a_host_that_is_killed_is_told(self) -> None:
        """And its shell is hung up by the end of the pty."""
        line = self.terminal()
        (host,) = self.server.terminal_hosts()
        os.kill(host["pid"], signal.SIGKILL)
        self.assertIn("was killed", line.until_ended()["ended"])
        until_ended(host["kernel_pid"])

    def test_a_host_without_its_folder_ends(self) -> None:
        """As nobody can come to it any more."""
        self.terminal()
        (host,) = self.server.terminal_hosts()
        self.server.kill()
        shutil.rmtree(self.server.state / "terminals")
        until_ended(host["pid"])
        self.assertFalse(is_alive(host["kernel_pid"]))

    def test_terminals_can_be_switched_off(self) -> None:
        """Those of an earlier server end."""
        self.terminal()
        (host,) = self.server.terminal_hosts()
        self.server.stop()
        self.server.start("--no-terminals")
        self.assertEqual(self.call("terminal.list"), {"terminals": [], "enabled": False})
        self.refused("terminal_failed", "terminal.create")
        until_ended(host["pid"])

    def test_a_stop_leaves_terminals_unless_kernels_stop(self) -> None:
        """As it does kernels."""
        self.terminal()
        (host,) = self.server.terminal_hosts()
        self.server.stop()
        self.server.start("--kernels-stop-with-server")
        self.assertEqual(len(self.call("terminal.list")["terminals"]), 1)
        self.server.stop()
        until_ended(host["pid"])
