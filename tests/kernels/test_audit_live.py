"""The audit log of a real server: the command, a server that is killed, a log that somebody has changed, and a key elsewhere."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels.commands import COMMAND, environment
from tests.live import PATIENCE_S, Server, until


class AuditTests(SynchronousTestCase):
    """`webipy audit`."""

    def setUp(self) -> None:
        self.server = Server("--kernels-stop-with-server")
        self.addCleanup(self.server.close)

    def webipy(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command that reads the state folder of the server."""
        command = [*COMMAND, *words, "--state", str(self.server.state)]
        return subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    def lines(self, *filters: str) -> list[dict[str, Any]]:
        """The lines that the command lists, the oldest first."""
        found = self.webipy("audit", "--json", *filters)
        self.assertEqual(found.returncode, 0, found.stderr)
        return list(json.loads(found.stdout)["lines"])[::-1]

    def verified(self, *more: str) -> tuple[int, str]:
        """What is said of the whole."""
        found = self.webipy("audit", "verify", *more)
        self.assertEqual(found.stderr, "")
        return found.returncode, found.stdout

    def test_who_did_what_over_a_server_that_was_killed(self) -> None:
        """Runs, files, tokens, each once; the log is whole before, after, and beside the next server."""
        server = self.server
        server.start()
        session = server.session(title="x")
        server.run(session, "1", "e1")
        server.call("file.write", path="a.txt", content="secret words")
        token = server.call("token.create", label="nightly")["token"]
        status, _ = server.request("GET", "/files/a.txt", headers={"Authorization": f"Bearer {token}"})
        self.assertEqual(status, 200)
        self.assertEqual(server.request("GET", "/files/a.txt", headers={"Authorization": "Bearer wrong"})[0], 401)
        until(lambda: [line for line in self.lines() if line["method"] == "sign_in_failed"], "the last line")
        server.kill()
        found = [(line["method"], line["by"], line["path"], line["result"]) for line in self.lines()]
        for line in (
            ("execution.start", "program", None, "ok"),
            ("file.write", "program", "a.txt", "ok"),
            ("download", "token nightly", "a.txt", "ok"),
            ("sign_in_failed", "", None, "not_authenticated"),
        ):
            self.assertIn(line, found)
        self.assertEqual([line["method"] for line in self.lines("--failed")], ["sign_in_failed"])
        self.assertEqual({line["session"] for line in self.lines("--method", "execution.*")}, {session})
        raw = b"".join(path.read_bytes() for path in (server.state / "audit").glob("*.jsonl"))
        for word in (b"secret words", token.encode(), server.token.encode()):
            self.assertNotIn(word, raw)
        status, said = self.verified()
        self.assertEqual((status, "lines, whole" in said), (0, True), said)
        server.start()
        self.assertTrue(server.call("audit.verify")["whole"])
        server.stop()
        self.assertEqual([line["method"] for line in self.lines()][-1], "server_stopped")
        self.assertEqual(self.verified()[0], 0)
        self.assertIn("server_started", self.webipy("audit").stdout)

    def test_a_line_that_was_changed_is_named(self) -> None:
        """With the status 1; a server goes on all the same."""
        self.server.start()
        for number in range(3):
            self.server.call("file.write", path=f"{number}.txt", content="")
        self.server.stop()
        (path,) = (self.server.state / "audit").glob("*.jsonl")
        path.write_bytes(path.read_bytes().replace(b"1.txt", b"7.txt"))
        status, said = self.verified()
        self.assertEqual(status, 1)
        self.assertIn("The audit log is not whole. Line 4 was changed", said)
        self.server.start()
        self.server.call("file.write", path="after.txt", content="")
        self.assertFalse(self.server.call("audit.verify")["whole"])
        until(lambda: [line for line in self.lines() if line["path"] == "after.txt"], "the log goes on")

    def test_the_key_may_lie_elsewhere(self) -> None:
        """It is made there, and verifying needs it."""
        key = self.server.folder / "audit.key"
        self.server.start("--audit-key", str(key))
        self.assertEqual((key.stat().st_mode & 0o777, (self.server.state / "audit" / "key").exists()), (0o600, False))
        self.server.stop()
        self.assertEqual(self.verified("--key", str(key))[0], 0)
        missing = self.webipy("audit", "verify")
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("There is no key in", missing.stderr)
