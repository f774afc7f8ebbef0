"""Script tokens as people use them: the command, a real server, real kernels, and a server that is killed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels.commands import COMMAND, CommandCase, environment
from tests.live import PATIENCE_S, Server


class TokenTests(CommandCase):
    """`webipy token`, and commands that send a token."""

    def made(self, name: str, *limits: str) -> Path:
        """A file with a new token, as `webipy token create NAME > FILE` writes it."""
        made = self.token("create", name, *limits)
        self.assertNotIn(made.stdout.strip(), made.stderr)
        path = self.folder / f"{name}.token"
        path.write_text(made.stdout)
        return path

    def token(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of `webipy token`, which must go well."""
        command = [*COMMAND, "token", verb, "--state", str(self.server.state), *words]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def by(self, token: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """A command that sends a token."""
        return by(self.server, token, *words)

    def test_a_token_for_one_session_runs_code_there_and_nowhere_else(self) -> None:
        """Until it is revoked; then the command says so, with the status of a refused token."""
        session = self.server.session(title="mine")
        other = self.server.session(title="other")
        token = self.made("nightly", "--session", "mine")
        self.assertEqual(self.ok(self.by(token, "exec", "-s", session, "print(6 * 7)")), "42\n")
        refused = self.by(token, "exec", "-s", other, "1")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("There is no session", refused.stderr)
        listed = json.loads(self.token("list", "--json").stdout)["tokens"]
        (mine,) = [one for one in listed if one["label"] == "nightly"]
        self.assertIsNotNone(mine["used"])
        self.assertIn("Revoked: 1 token.", self.token("revoke", "nightly").stderr)
        over = self.by(token, "exec", "-s", session, "1")
        self.assertEqual(over.returncode, 4)
        self.assertIn("'nightly' was revoked", over.stderr)

    def test_a_token_that_only_reads(self) -> None:
        """Lists, follows, exports; and runs nothing."""
        session = self.server.session(title="mine")
        token = self.made("look", "--read", "--no-end")
        self.assertIn("mine", self.ok(self.by(token, "ls")))
        refused = self.by(token, "exec", "-s", session, "1")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("'look' may only read, and execution.start changes something", refused.stderr)
        self.token("revoke", "--all")


class SurvivalTests(SynchronousTestCase):
    """A server that is killed."""

    def test_what_was_revoked_stays_revoked(self) -> None:
        """And what is valid counts with the next server."""
        server = Server()
        self.addCleanup(server.close)
        server.start()
        kept, gone = (server.call("token.create", label=label) for label in ("kept", "gone"))
        server.call("token.revoke", id=gone["id"])
        server.kill()
        server.start()
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.list", "params": {}}).encode()
        answers = [
            server.request(
                "POST", "/rpc", call, {"Authorization": f"Bearer {one['token']}", "Content-Type": "application/json"}
            )
            for one in (kept, gone)
        ]
        self.assertEqual([status for status, _ in answers], [200, 401])
        self.assertIn("'gone' was revoked", json.loads(answers[1][1])["message"])
        path = server.state / "script-tokens.json"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(kept["token"].encode(), path.read_bytes())
        self.assertNotIn(kept["token"], server.log)


def by(server: Server, token: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that reaches a server by its address, with a token from a file.

    Args:
        server: The server.
        token: The file.
        words: The command and its arguments.
    """
    address = ["--url", f"http://127.0.0.1:{server.port}", "--token-file", str(token)]
    command = [*COMMAND, words[0], *address, *words[1:]]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False)
