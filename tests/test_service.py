"""webipy.service: every bad option is told in one sentence before anything starts; real `twistd webipy` processes start and stop.

What a server does with kernels is in tests/kernels/test_server_live.py, which uses `Server` from here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import wait_until
from webipy import service
from webipy.service import Options

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60.0
"""How long a test waits for what must come; only a failure ever waits so long."""


def twistd(*arguments: str) -> list[str]:
    """The command line of twistd in this Python."""
    program = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
    return [sys.executable, "-c", program, *arguments]


REACHED = ["--behind-proxy", "--allow-host", "notebooks.example", "--allow-root"]
"""What lets other machines reach a server, whoever runs it."""


class Refusal(Exception):
    """A call was answered with a failure."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.name = error["data"]["name"]
        self.facts = error["data"]


class Server:
    """One `twistd webipy` process on a free port, with a state folder of its own or a given one; without spare kernels unless told otherwise.

    Args:
        state: The folder; a short one, because a socket's path has 107 bytes.
        environment: Variables set beside those of this process.
    """

    def __init__(self, state: Path, *options: str, environment: dict[str, str] | None = None) -> None:
        self.state = state
        self.log = state.parent / "server.log"
        command = twistd(
            "--pidfile=",
            f"--logfile={self.log}",
            "-n",
            "webipy",
            "--port=0",
            "--spare-kernels=0",
            f"--state={state}",
            *options,
        )
        self.out = open(state.parent / "server.out", "ab")  # noqa: SIM115 - it lives as long as the process
        self.process = subprocess.Popen(
            command,
            cwd=state.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.out,
        )
        wait_until(self._is_ready, "server.json of this process")
        found = json.loads((state / "server.json").read_text())
        self.url, self.token = found["url"], found["token"]

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended: {self.printed()}")
        try:
            return bool(json.loads((self.state / "server.json").read_text())["pid"] == self.process.pid)
        except FileNotFoundError:
            return False

    def printed(self) -> str:
        """What it printed and logged."""
        log = self.log.read_text() if self.log.exists() else ""
        return (self.state.parent / "server.out").read_text() + log

    def call(self, method: str, **params: Any) -> Any:
        """Makes a call by POST.

        Raises:
            Refusal: It was answered with a failure.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/rpc", body, headers), timeout=PATIENCE_S
        ) as answer:
            reply = json.load(answer)
        if "error" in reply:
            if reply["error"]["code"] == -32603:
                raise AssertionError(f"{method}: {reply['error']['message']} {self.printed()[-5000:]}")
            raise Refusal(reply["error"])
        return reply["result"]

    def terminate(self) -> float:
        """SIGTERM, as systemd and Ctrl-C do; gives the seconds until it has ended."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.out.close()
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        self.out.close()


def new_state(test: Any) -> Path:
    """A short folder that is removed at the end; the state folder in it does not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="ws"))
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder / "state"


class BadOptions(SynchronousTestCase):
    """`Options`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def parse(self, *arguments: str) -> Options:
        """Reads a command line with a state folder of its own."""
        options = Options()
        try:
            options.parseOptions(["--state", str(self.folder / "state"), *arguments])
        except usage.UsageError:
            if hasattr(options, "lock"):
                os.close(options.lock)
            raise
        self.addCleanup(options.socket.close)
        self.addCleanup(os.close, options.lock)
        return options

    def refused(self, words: str, *arguments: str) -> str:
        """A command line that must be refused with these words; gives the whole sentence."""
        with self.assertRaises(usage.UsageError) as caught:
            self.parse(*arguments)
        sentence = str(caught.exception)
        self.assertIn(words, sentence)
        return sentence

    def busy_port(self) -> int:
        """A port where somebody listens."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        return int(taken.getsockname()[1])

    def test_each_bad_option_is_reported_with_what_would_be_right(self) -> None:
        """A table: words of the sentence, options."""
        short, binary, plain = self.folder / "short", self.folder / "binary", self.folder / "file"
        short.write_text("secret\n")
        binary.write_bytes(b"\xff\xfe" * 20)
        weak, seen = self.folder / "weak", self.folder / "seen"
        weak.write_text("passwordpasswordpassword\n")
        seen.write_text("a-token-of-more-than-twenty-characters\n")
        for one in (short, binary, weak):
            one.chmod(0o600)
        plain.write_text("")
        missing = self.folder / "missing"
        table: list[tuple[str, list[str]]] = [
            ("--spare-kernels: 'many' is no number from 0 to 20", ["--spare-kernels", "many"]),
            ("--spare-kernels: ", ["--spare-kernels", "21"]),
            ("--kernel-nice: '-5' is no number from 0 to 19", ["--kernel-nice", "-5"]),
            ("--kernel-nice: ", ["--kernel-nice", "20"]),
            ("--kernel-start-timeout: ", ["--kernel-start-timeout", "soon"]),
            ("--root: ", ["--root", str(missing)]),
            ("no folder. Make it first", ["--root", str(plain)]),
            ("--root: ", ["--root", "~nosuchuser/x"]),
            ("--state: ", ["--state", str(plain)]),
            ("--state: ", ["--state", str(plain / "below")]),
            ("--state: ", ["--state", "~nosuchuser/x"]),
            ("'http' is no port; use a number from 0 to 65535", ["--port", "http"]),
            ("is no port", ["--port", "65536"]),
            ("is no port", ["--port", "-1"]),
            ("is no port", ["--port", "٣"]),
            ("is no port", ["--port", ""]),
            ("would let other machines run code here", ["--interface", "0.0.0.0"]),
            ("--behind-proxy", ["--interface", "::"]),
            ("is no IP address; 127.0.0.1 is one", ["--interface", "nowhere"]),
            ("is no IP address", ["--interface", ""]),
            ("--allow-host NAME; it answers to no other", ["--interface", "203.0.113.1", "--behind-proxy"]),
            ("Cannot listen on 203.0.113.1 port 0", [*REACHED, "--interface", "203.0.113.1", "--port", "0"]),
            ("too short; use 20 characters", ["--token-file", str(short)]),
            ("it is not text", ["--token-file", str(binary)]),
            ("easy to guess: it has 7 different", ["--token-file", str(weak)]),
            (f"chmod 600 {seen}", ["--token-file", str(seen)]),
            ("no file that is kept", ["--token-file", "/dev/null"]),
            ("--token-file: ", ["--token-file", str(missing / "token")]),
            ("--token-file: ", ["--token-file", str(self.folder)]),
            ("--token-file: ", ["--token-file", "~nosuchuser/x"]),
            ("is no number of hours", ["--grace", "soon"]),
            ("is no number of hours", ["--grace", "0"]),
            ("is no number of hours", ["--grace", "nan"]),
            ("is no number of hours", ["--grace", "inf"]),
            ("--keep-mib", ["--keep-mib", "-5"]),
            ("--keep-days", ["--keep-days", "never"]),
            ("--nonsense", ["--nonsense"]),
        ]
        for words, arguments in table:
            sentence = self.refused(words, *arguments)
            self.assertNotIn("Traceback", sentence)
            self.assertNotIn("Errno", sentence, arguments)

    def test_root_is_reached_by_others_only_when_that_is_said(self) -> None:
        """On loopback it is nobody's business; behind a proxy it must be meant."""
        self.patch(os, "geteuid", lambda: 0)
        proxied = ["--behind-proxy", "--allow-host", "notebooks.example", "--port", "0"]
        for interface in ("127.0.0.1", "0.0.0.0"):
            sentence = self.refused("--allow-root", "--interface", interface, *proxied)
            self.assertIn("user of its own", sentence)
        self.parse("--interface", "127.0.0.1", "--allow-root", *proxied)

    def test_others_than_root_need_not_say_so(self) -> None:
        """Behind a proxy, or on loopback."""
        self.patch(os, "geteuid", lambda: 1000)
        self.parse("--behind-proxy", "--port", "0")

    def test_a_port_in_use_is_reported(self) -> None:
        """With another way."""
        port = self.busy_port()
        self.refused(
            f"{port} is in use by another program (perhaps another webipy). Choose another, or --port 0",
            "--port",
            str(port),
        )

    def test_the_default_port_gives_way_to_the_next_free_one(self) -> None:
        """And when none of them is free it is told."""
        port = self.busy_port()
        self.patch(service, "DEFAULT_PORT", port)
        chosen = self.parse().socket.getsockname()[1]
        self.assertTrue(port < chosen < port + service.PORTS_TRIED, (port, chosen))
        self.patch(service, "PORTS_TRIED", 1)
        self.folder = self.folder / "other"
        self.folder.mkdir()
        self.refused("are all taken; name another with --port")

    def test_port_0_takes_a_free_one(self) -> None:
        """It listens before anything is printed."""
        port = self.parse("--port", "0").socket.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass

    def test_a_state_folder_of_another_user_is_refused(self) -> None:
        """Whoever runs it."""
        state = self.folder / "state"
        state.mkdir()
        if os.getuid() == 0:
            os.chown(state, 65534, 65534)
        else:
            self.patch(os, "getuid", lambda: state.stat().st_uid + 1)
        self.refused("belongs to another user. Name a folder of your own")

    def test_a_state_folder_that_others_can_read_is_closed(self) -> None:
        """0700, also one that was there."""
        state = self.folder / "state"
        state.mkdir(mode=0o755)
        self.parse("--port", "0")
        self.assertEqual(stat.S_IMODE(state.stat().st_mode), 0o700)

    def test_two_servers_do_not_share_a_state_folder(self) -> None:
        """The second is told of the first; what they would do to the journals is worse."""
        self.parse("--port", "0")
        self.refused("is in use by another webipy", "--port", "0")

    def test_the_token_is_made_once_and_private(self) -> None:
        """256 bits; a file of one's own is read."""
        first = self.parse("--port", "0")
        path = self.folder / "state" / "token"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertGreaterEqual(len(first.token), 43)
        mine = self.folder / "mine"
        mine.write_text("  a-token-of-more-than-twenty-characters \n")
        mine.chmod(0o600)
        os.close(first.lock)
        first.lock = os.open(os.devnull, os.O_RDONLY)
        self.assertEqual(
            self.parse("--port", "0", "--token-file", str(mine)).token, "a-token-of-more-than-twenty-characters"
        )

    def test_good_options(self) -> None:
        """What they come to."""
        options = self.parse(
            "--port", "0", "--interface", "::1", "--root", str(self.folder), "--grace", "0.5", "--allow-host", "A.example", "--allow-host", "b"
        )  # fmt: skip
        self.assertEqual(
            (options.grace_s, options.hosts, options.root), (1800, {"a.example", "b"}, self.folder.resolve())
        )
        self.assertEqual(options.socket.getsockname()[0], "::1")


class Processes(SynchronousTestCase):
    """Real ones."""

    def run_to_the_end(self, *arguments: str) -> tuple[int, str]:
        """Runs twistd until it ends by itself; gives its status and what it printed."""
        command = twistd("--pidfile=", "-n", "webipy", *arguments)
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return done.returncode, done.stdout + done.stderr

    def start(self, state: Path | None = None, *options: str) -> Server:
        """A server that is killed at the end of the test at the latest."""
        server = Server(state or new_state(self), *options)
        self.addCleanup(lambda: server.kill() if server.process.poll() is None else None)
        return server

    def test_a_bad_option_ends_twistd_with_its_sentence(self) -> None:
        """Status 1, no traceback, nothing left behind."""
        state = new_state(self)
        status, printed = self.run_to_the_end(f"--state={state}", "--root=/nonexistent")
        self.assertEqual(status, 1, printed)
        self.assertIn("--root: /nonexistent is no folder", printed)
        self.assertNotIn("Traceback", printed)
        self.assertFalse(state.exists())

    def test_help_and_version_start_nothing(self) -> None:
        """Every option is described."""
        status, printed = self.run_to_the_end("--help")
        self.assertEqual(status, 0)
        for option in (
            "port",
            "interface",
            "root",
            "state",
            "token-file",
            "grace",
            "allow-host",
            "behind-proxy",
            "allow-root",
            "kernels-stop-with-server",
        ):
            self.assertIn(f"--{option}", printed)
        status, printed = self.run_to_the_end("--version")
        self.assertEqual((status, printed.split()[0]), (0, "webipy"))

    def test_a_port_in_use_ends_twistd(self) -> None:
        """Named."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            status, printed = self.run_to_the_end(f"--state={new_state(self)}", f"--port={port}")
        self.assertEqual(status, 1)
        self.assertIn(f"{port} is in use by another program", printed)

    def test_it_starts_answers_and_stops(self) -> None:
        """Within 10 s of SIGTERM, by that signal as twistd ends, and its server.json goes with it."""
        server = self.start()
        self.assertEqual(server.call("server.info")["name"], "webipy")
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=PATIENCE_S) as answer:
            self.assertEqual(answer.read(), b"ok\n")
        seconds = server.terminate()
        self.assertLess(seconds, 10)
        self.assertEqual(server.process.returncode, -signal.SIGTERM, server.printed())
        self.assertFalse((server.state / "server.json").exists())
        self.assertNotIn("Traceback", server.printed())

    def test_a_second_server_on_the_same_state_is_refused(self) -> None:
        """And the first one goes on."""
        server = self.start()
        status, printed = self.run_to_the_end(f"--state={server.state}", "--port=0")
        self.assertEqual(status, 1, printed)
        self.assertIn("is in use by another webipy", printed)
        self.assertIn(server.url, printed, "where it is")
        server.call("session.list")

    def test_the_files_of_a_server_are_private(self) -> None:
        """Folders 0700, files 0600, whatever the umask."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        server = self.start()
        server.call("session.create")
        for path in [server.state, *server.state.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, path)

    def test_neither_token_nor_code_is_in_the_log(self) -> None:
        """The printed address holds a code: it goes to the terminal only."""
        server = self.start()
        code = server.call("server.launch_code")["code"]
        for path in (f"/?token={server.token}", f"/#code={code}", f"/nope?token={server.token}"):
            try:
                urllib.request.urlopen(f"{server.url}{path}", timeout=PATIENCE_S).close()
            except urllib.error.HTTPError as fault:
                fault.close()
        server.terminate()
        log = server.log.read_text()
        printed = (server.state.parent / "server.out").read_text()
        self.assertIn("#code=", printed)
        self.assertIn("listens at", log)
        for secret in (server.token, code, printed.partition("#code=")[2].split()[0]):
            self.assertNotIn(secret, log)
        self.assertNotIn(server.token, printed)

    def test_a_state_of_a_newer_webipy_is_refused(self) -> None:
        """With a sentence, a status that is not 0, and nothing changed."""
        state = new_state(self)
        state.mkdir(mode=0o700)
        connection = sqlite3.connect(state / "webipy.sqlite")
        with connection:
            connection.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID")
            connection.execute("INSERT INTO facts VALUES ('format', 99)")
        connection.close()
        status, printed = self.run_to_the_end(f"--state={state}", "--port=0")
        self.assertIn("was written by a newer webipy (format 99", printed)
        self.assertEqual(status, 1, printed)
        self.assertNotIn("did not stop in order", printed)

    def test_it_runs_in_the_background_with_a_pidfile_and_a_log(self) -> None:
        """As twistd does for every service: --pidfile, --logfile, no -n."""
        state = new_state(self)
        pidfile, log = state.parent / "webipy.pid", state.parent / "webipy.log"
        command = twistd(
            f"--pidfile={pidfile}", f"--logfile={log}", "webipy", "--port=0", f"--state={state}", "--root=/"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        started = subprocess.run(
            command, env=environment, cwd=state.parent, capture_output=True, text=True, timeout=PATIENCE_S
        )
        self.assertEqual(started.returncode, 0, started.stderr)
        wait_until(lambda: (state / "server.json").exists(), "server.json")
        pid = int(pidfile.read_text())
        self.addCleanup(_kill, pid)
        found = json.loads((state / "server.json").read_text())
        self.assertEqual(found["pid"], pid)
        with urllib.request.urlopen(f"{found['url']}/healthz", timeout=PATIENCE_S) as answer:
            self.assertEqual(answer.status, 200)
        self.assertNotIn(found["token"], log.read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not pidfile.exists(), "the end of the server")

    def test_a_journal_that_is_damaged_does_not_keep_it_from_starting(self) -> None:
        """The other sessions are there, and the log names the one that is not."""
        server = self.start()
        bad, good = (server.call("session.create", id=name)["id"] for name in ("bad", "good"))
        server.terminate()
        (server.state / "journals" / f"{bad}.sqlite").write_bytes(b"nothing that anybody can read" * 500)
        again = self.start(server.state)
        self.assertEqual([s["id"] for s in again.call("session.list")["sessions"]], [good])
        self.assertIn("bad", again.log.read_text())

    def test_a_code_that_may_be_kept_in_a_log_counts_for_minutes(self) -> None:
        """Where the output is no terminal: it says so, and what prints a fresh one."""
        printed = self.start().printed()
        self.assertIn("only for 10 minutes", printed)
        self.assertIn("`webipy open` prints a fresh one", printed)
        self.assertEqual("webipy runs as root" in printed, os.geteuid() == 0)

    def test_a_cookie_outlives_the_server(self) -> None:
        """And a code does not."""
        server = self.start()
        code = server.call("server.launch_code")["code"]
        spare = server.call("server.launch_code")["code"]
        browser = _login(server, code)
        assert browser is not None
        server.terminate()
        again = self.start(server.state, f"--port={server.url.rpartition(':')[2]}")
        body = b'{"jsonrpc":"2.0","id":1,"method":"session.list"}'
        headers = {"Content-Type": "application/json", **browser, "Origin": again.url}
        with urllib.request.urlopen(
            urllib.request.Request(f"{again.url}/rpc", body, headers), timeout=PATIENCE_S
        ) as answer:
            self.assertEqual(json.load(answer)["result"], {"sessions": []})
        self.assertIsNone(_login(again, spare))


def _login(server: Server, code: str) -> dict[str, str] | None:
    """Exchanges a code for the headers of a browser, or `None` when it is refused."""
    headers = {"Content-Type": "application/json", "Origin": server.url}
    request = urllib.request.Request(f"{server.url}/login", json.dumps({"code": code}).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
            return {"Cookie": cookie, "X-Webipy-Key": json.load(answer)["key"]}
    except urllib.error.HTTPError as fault:
        fault.close()
        return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended, as it should
