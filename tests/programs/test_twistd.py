"""Real `twistd webipy` processes: they start, say what is wrong, and stop."""

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
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live import PATIENCE_S, ROOT, TWISTD, Server, until


def twistd(*arguments: str) -> list[str]:
    """The command line of twistd in this Python."""
    program = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
    return [sys.executable, "-c", program, *arguments]


def new_state(test: Any) -> Path:
    """A short folder that is removed at the end; the state folder in it does not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="ws"))
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder / "state"


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

    def start(self, *options: str) -> Server:
        """A server that is ended at the end of the test at the latest."""
        server = Server(*options)
        self.addCleanup(server.close)
        server.start()
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
            "base-url",
            "public-url",
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
        """In order, by that signal as twistd ends, and its server.json goes with it."""
        server = self.start()
        self.assertEqual(server.call("server.info")["name"], "webipy")
        with urllib.request.urlopen(f"{server.origin}/healthz", timeout=PATIENCE_S) as answer:
            self.assertEqual(answer.read(), b"ok\n")
        self.assertEqual(server.stop(), -signal.SIGTERM, server.log)
        self.assertFalse((server.state / "server.json").exists())
        self.assertNotIn("Traceback", server.log)
        self.assertNotIn("did not stop in order", server.log)

    def test_a_second_server_on_the_same_state_is_refused(self) -> None:
        """And the first one goes on."""
        server = self.start()
        status, printed = self.run_to_the_end(f"--state={server.state}", "--port=0")
        self.assertEqual(status, 1, printed)
        self.assertIn("is in use by another webipy", printed)
        self.assertIn(server.origin, printed, "where it is")
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
        file = Path(self.mktemp())
        server = Server(command=(*TWISTD[:-1], f"--logfile={file.resolve()}", TWISTD[-1]))
        self.addCleanup(server.close)
        server.start()
        code = server.call("server.launch_code")["code"]
        for path in (f"/?token={server.token}", f"/#code={code}", f"/nope?token={server.token}"):
            try:
                urllib.request.urlopen(f"{server.origin}{path}", timeout=PATIENCE_S).close()
            except urllib.error.HTTPError as fault:
                fault.close()
        server.stop()
        log, printed = file.read_text(), server.log
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
        until(lambda: (state / "server.json").exists(), "server.json")
        pid = int(pidfile.read_text())
        self.addCleanup(_kill, pid)
        found = json.loads((state / "server.json").read_text())
        self.assertEqual(found["pid"], pid)
        with urllib.request.urlopen(f"{found['url']}/healthz", timeout=PATIENCE_S) as answer:
            self.assertEqual(answer.status, 200)
        self.assertNotIn(found["token"], log.read_text())
        os.kill(pid, signal.SIGTERM)
        until(lambda: not pidfile.exists(), "the end of the server")

    def test_a_journal_that_is_damaged_does_not_keep_it_from_starting(self) -> None:
        """The other sessions are there, and the log names the one that is not."""
        server = self.start()
        bad, good = (server.call("session.create", id=name)["id"] for name in ("bad", "good"))
        server.stop()
        (server.state / "journals" / f"{bad}.sqlite").write_bytes(b"nothing that anybody can read" * 500)
        server.start()
        self.assertEqual([s["id"] for s in server.call("session.list")["sessions"]], [good])
        self.assertIn("bad", server.log)

    def test_a_code_that_may_be_kept_in_a_log_counts_for_minutes(self) -> None:
        """Where the output is no terminal: it says so, and what prints a fresh one."""
        server = self.start()
        until(lambda: "Stop with Ctrl-C" in server.log, "all that it prints")  # server.json is there before
        printed = server.log
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
        server.stop()
        server.start(f"--port={server.port}")
        body = b'{"jsonrpc":"2.0","id":1,"method":"session.list"}'
        headers = {"Content-Type": "application/json", **browser, "Origin": server.origin}
        with urllib.request.urlopen(
            urllib.request.Request(f"{server.origin}/rpc", body, headers), timeout=PATIENCE_S
        ) as answer:
            self.assertEqual(json.load(answer)["result"], {"sessions": []})
        self.assertIsNone(_login(server, spare))


def _login(server: Server, code: str) -> dict[str, str] | None:
    """Exchanges a code for the headers of a browser, or `None` when it is refused."""
    headers = {"Content-Type": "application/json", "Origin": server.origin}
    request = urllib.request.Request(f"{server.origin}/login", json.dumps({"code": code}).encode(), headers)
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
