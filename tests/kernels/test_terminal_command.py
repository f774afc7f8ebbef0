"""`webipy terminal` as a user has it: a terminal, a real server, real shells."""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import os
import re
import signal
import struct
import subprocess
import termios
from pathlib import Path

from tests.kernels.commands import CommandCase, environment
from tests.kernels.test_console_live import CTRL_C, CTRL_D, ENTER, PATIENCE_S, Terminal
from tests.live import SERVE, Json, Server, until
from tests.terminals import SHELL

LEAVE = "\x1d"


@functools.cache
def shell_server() -> Server:
    """The server that the tests of a process share; its shells are bash without a profile."""
    server = Server(command=SERVE, environment=SHELL)
    atexit.register(server.close)
    return server


class TerminalCommandCase(CommandCase):
    """A server without terminals."""

    def setUp(self) -> None:
        self.server = shell_server()
        if self.server.process is None or self.server.process.poll() is not None:
            self.server.start()
        self.addCleanup(self.close_all)
        self.folder = self.server.root

    def close_all(self) -> None:
        """Closes the terminals."""
        for one in shell_server().call("terminal.list")["terminals"]:
            shell_server().call("terminal.close", terminal=one["id"])

    def line(self, *words: str) -> list[str]:
        """The command line of `webipy terminal ls`, say."""
        line = self.arguments("terminal", *words)
        at = line.index("--state")
        return [*line[:at], words[0], *line[at : at + 2], *words[1:]]

    def run_line(self, *words: str) -> tuple[int, str, str]:
        """Runs `webipy terminal …` to its end, without a terminal: its exit status, and what it printed on each stream."""
        done = subprocess.run(
            self.line(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=PATIENCE_S,
        )
        return done.returncode, done.stdout, done.stderr

    def opened(self, *words: str) -> Terminal:
        """The command in a terminal."""
        terminal = Terminal(self.line(*words))
        self.addCleanup(terminal.close)
        return terminal

    def shell(self, *words: str) -> Terminal:
        """A new terminal of the server, at a prompt."""
        found = self.opened("new", *words)
        found.until("Ctrl-] leaves it, and it goes on.")
        found.run("PS1='$ '; echo rea''dy", "ready")
        found.until("$ ")
        return found

    def listed(self) -> list[Json]:
        """The terminals of the server."""
        found: list[Json] = self.server.call("terminal.list")["terminals"]
        return found


class Using(TerminalCommandCase):
    """`new` and `attach`."""

    def test_a_shell_is_used_left_and_used_again(self) -> None:
        """Keys go to it, ^C too; it has the size of the terminal; what it printed is shown again, then the key, then the prompt."""
        first = self.shell("build")
        first.run("stty size; echo $TERM", "40 120\r\nxterm-256color")
        first.run("sh -c 'echo sl\"\"eeps; exec sleep 1000'", "sleeps")
        first.type(CTRL_C)
        first.until("$ ")
        first.run("echo mar''ked", "marked")
        first.until("$ ")
        first.type(LEAVE)
        first.until("webipy: The shell goes on. Come back with: webipy terminal attach")
        self.assertEqual(first.ended(), 0)
        self.assertEqual([(one["id"], one["ended"]) for one in self.listed()], [("build", None)])
        again = self.opened("attach", "build")
        shown = again.until("Ctrl-] leaves it, and it goes on.\r\n$ ")
        self.assertIn("marked\r\n", shown)
        again.run("echo st''ill", "still")

    def test_the_size_of_the_window(self) -> None:
        """The shell has it, also when it changes."""
        terminal = self.shell()
        fcntl.ioctl(terminal.its, termios.TIOCSWINSZ, struct.pack("HHHH", 22, 66, 0, 0))
        until(lambda: (self.listed()[0]["rows"], self.listed()[0]["cols"]) == (22, 66), "the new size")
        terminal.run("stty size", "22 66")

    def test_kill_9_of_the_server_loses_no_line(self) -> None:
        """60 of 60 lines of a loop, each once; what is typed meanwhile is said not to be sent; the shell is the same."""
        terminal = self.shell()
        terminal.run("n=$$; for i in $(seq 60); do echo line $i; sleep 0.02; done; echo o''ver", "line 10\r\n")
        self.server.kill()
        terminal.until("the shell goes on. Connecting again... Ctrl-] leaves.")
        terminal.type("lost")
        terminal.until("What you type is not sent until the server is back.")
        self.server.start()
        terminal.until("The server is back.")
        terminal.until("over")
        lines = re.findall(r"line (\d+)\r", terminal.text)
        self.assertEqual(lines, [str(number) for number in range(1, 61)])
        terminal.run("[ $n = $$ ] && echo sa''me", "same")
        self.assertNotIn("lost", terminal.text.partition("What you type")[2].partition("same")[0])

    def test_leaving_while_there_is_no_server(self) -> None:
        """The key works."""
        terminal = self.shell()
        self.server.kill()
        terminal.until("Connecting again...")
        terminal.type(LEAVE)
        terminal.until("The shell goes on.")
        self.assertEqual(terminal.ended(), 0)
        self.server.start()

    def test_a_flood_is_shown_whole(self) -> None:
        """More than is sent ahead; and it is shown again, before the line that tells the key."""
        terminal = self.shell()
        terminal.run("seq 60000; echo o''ver", "over")
        wanted = [str(number) for number in range(1, 60_001)]
        self.assertEqual(re.findall(r"(?<![^\r\n])(\d+)\r\n", terminal.text), wanted)
        terminal.until("$ ")
        terminal.type(LEAVE)
        self.assertEqual(terminal.ended(), 0)
        again = self.opened("attach")
        shown = again.until("Ctrl-] leaves it, and it goes on.\r\n$ ")
        self.assertEqual(re.findall(r"(?<![^\r\n])(\d+)\r\n", shown), wanted)

    def test_a_long_paste_arrives_once(self) -> None:
        """In its order."""
        terminal = self.shell()
        terminal.run("stty -echo; echo re''ads; cat > pasted; echo o''ver", "reads")
        text = "".join(f"{number:07d}\n" for number in range(20_000))
        left = memoryview((text.replace("\n", ENTER) + CTRL_D).encode())
        while left:  # the terminal takes what it has room for
            left = left[os.write(terminal.ours, left) :]
        terminal.until("over")
        self.assertEqual((self.folder / "pasted").read_text(), text)

    def test_the_modes_of_the_terminal_are_put_back(self) -> None:
        """Of a program that has the whole screen, and is left there; what it asked is answered once, and never again."""
        terminal = self.shell()
        terminal.run("printf '\\033[?1049h\\033[?2004h\\033[?25l\\033[6nfull'; cat", "full")
        terminal.type(LEAVE)
        terminal.until("The shell goes on.")
        self.assertEqual(terminal.ended(), 0)
        after = terminal.raw[terminal.raw.rindex("full") :]
        for mode in ("\x1b[?25h", "\x1b[?2004l", "\x1b[?1049l", "\x1b[23;0t"):
            self.assertIn(mode, after)
        self.assertIn("\x1b[6n", terminal.raw)
        again = self.opened("attach")
        again.until("full")
        again.type(LEAVE)
        again.until("The shell goes on.")
        self.assertEqual(again.ended(), 0)
        self.assertIn("\x1b[?1049h", again.raw)
        self.assertNotIn("\x1b[6n", again.raw)

    def test_the_end_of_the_shell(self) -> None:
        """Is told, with its exit status; it is listed until it is closed."""
        terminal = self.shell("ends")
        terminal.run("echo by''e; exit 7", "bye")
        terminal.until("webipy: The shell bash ended with exit status 7.")
        self.assertEqual(terminal.ended(), 7)
        again = self.opened("attach", "ends")
        self.assertIn("bye", again.until("webipy: The shell bash ended with exit status 7."))
        self.assertEqual(again.ended(), 7)
        self.assertRegex(self.run_line("ls")[1], r"\nends .* ended ")
        self.assertEqual(self.run_line("close", "--ended"), (0, "", "webipy: Closed: ends.\n"))
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.run_line("close", "--ended"), (0, "", "webipy: No shell has ended.\n"))

    def test_a_terminal_that_is_closed_elsewhere(self) -> None:
        """Ends the command."""
        terminal = self.shell("closed")
        self.assertEqual(self.run_line("close", "closed")[0], 0)
        terminal.until("webipy: The terminal was closed.")
        self.assertEqual(terminal.ended(), 1)

    def test_signals_leave_the_shell(self) -> None:
        """SIGTERM, SIGHUP, and a window that is closed."""
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            terminal = self.shell()
            terminal.process.send_signal(number)
            self.assertEqual(terminal.ended(), status)
        terminal = self.shell()
        terminal.hang_up()
        self.assertEqual(terminal.process.wait(PATIENCE_S), 129)
        self.assertEqual([one["ended"] for one in self.listed()], [None] * 3)

    def test_a_command_that_was_stopped_goes_on(self) -> None:
        """With SIGSTOP and SIGCONT; the shell that has stopped it may have changed the modes of the terminal."""
        terminal = self.shell()
        terminal.process.send_signal(signal.SIGSTOP)
        until(lambda: _state(terminal.process.pid) == "T", "it is stopped")
        termios.tcsetattr(terminal.its, termios.TCSANOW, terminal.modes)
        terminal.process.send_signal(signal.SIGCONT)
        until(lambda: not termios.tcgetattr(terminal.its)[3] & termios.ICANON, "keys come as they are pressed")
        terminal.run("echo st''ill", "still")

    def test_another_key_detaches(self) -> None:
        """Then Ctrl-] goes to the shell."""
        terminal = self.opened("new", "--detach-key", "ctrl-b")
        terminal.until("Ctrl-B leaves it, and it goes on.")
        terminal.run("PS1='$ '; cat -v", "cat -v")
        terminal.type(f"\x1d{ENTER}")
        terminal.until("^]")
        terminal.type("\x02")
        self.assertEqual(terminal.ended(), 0)

    def test_two_see_the_same(self) -> None:
        """Each what the other types."""
        one = self.shell()
        two = self.opened("attach")
        two.until("Ctrl-] leaves it, and it goes on.\r\n$ ")
        two.run("echo bo''th", "both")
        one.until("both")


class Lists(TerminalCommandCase):
    """`ls`, `new --detached`, `close`, and what cannot be done."""

    def test_from_a_script(self) -> None:
        """JSON, IDs alone on standard output, the folder of the shell."""
        (self.server.root / "sub").mkdir()
        self.assertEqual(
            self.run_line("ls"), (0, "", "webipy: There are no terminals. Start one: webipy terminal new\n")
        )
        self.assertEqual(self.run_line("new", "one", "--detached", "--folder", "sub"), (0, "one\n", ""))
        made = json.loads(self.run_line("new", "two", "--json")[1])
        self.assertEqual((made["id"], made["folder"]), ("two", ""))
        found = json.loads(self.run_line("ls", "--json")[1])["terminals"]
        self.assertEqual([(one["id"], one["folder"]) for one in found], [("one", "sub"), ("two", "")])
        self.assertRegex(
            self.run_line("ls")[1], r"^ID +TITLE +FOLDER +STATE +ACTIVE\none +\S.* sub +runs .*\ntwo +\S.* \. +runs "
        )
        status, out, _ = self.run_line("close", "one", "two", "--json")
        self.assertEqual((status, json.loads(out)), (0, {"closed": ["one", "two"]}))

    def test_what_cannot_be_done(self) -> None:
        """A sentence for each, and its exit status."""
        self.run_line("new", "there", "--detached")
        for words, status, said in (
            (("attach",), 2, "This needs a terminal to read from and to write to"),
            (("new",), 2, "This needs a terminal"),
            (("close", "none"), 2, "There is no terminal 'none'; `webipy terminal ls` lists them."),
            (("close",), 2, "Name a terminal, or give --ended."),
            (("new", "a/b", "--detached"), 1, "id"),
            (("new", "there", "--detached"), 1, "there"),
            (("new", "--detached", "--folder", "none"), 1, "none"),
            (("new", "--detached", "--folder", "/etc"), 2, "is not below the root of the server"),
            (("attach", "--detach-key", "ctrl-c"), 2, "cannot be the key"),
            (("attach", "--detach-key", "x"), 2, "cannot be the key"),
        ):
            found = self.run_line(*words)
            self.assertEqual((found[0], found[1]), (status, ""), found)
            self.assertIn(said, found[2])
        terminal = self.opened("attach", "none")
        terminal.until("There is no terminal 'none'")
        self.assertEqual(terminal.ended(), 2)

    def test_where_terminals_are_switched_off(self) -> None:
        """It is said."""
        server = Server("--no-terminals", command=SERVE)
        self.addCleanup(server.close)
        server.start()
        self.server = server
        for words in (("ls",), ("new", "--detached"), ("close", "--ended")):
            status, _, said = self.run_line(*words)
            self.assertEqual(status, 1)
            self.assertIn("--no-terminals", said)


def _state(pid: int) -> str:
    """The state of a process, a letter; see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
