"""Accounts, with a real server and real commands: `webipy user`, `webipy login`, and what a login opens."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from typing import Any

from tests.kernels.commands import COMMAND, CommandCase, environment
from tests.live import PATIENCE_S

PASSWORD = "nine green lamps"
OTHER = "seven brown kettles"


class Accounts(CommandCase):
    """From the first account to the end of a login."""

    def user(self, command: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`webipy user COMMAND`, by whoever runs the server."""
        return self.elsewhere("user", command, "--state", str(self.server.state), *arguments, stdin=stdin)

    def elsewhere(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command of somebody who has no state folder of this server."""
        home = str(self.folder / "home")
        settings = {**environment(), "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        return subprocess.run(
            [*COMMAND, *arguments], env=settings, input=stdin, capture_output=True, text=True, timeout=PATIENCE_S
        )

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """A request, as a browser makes it."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        line.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        answer = line.getresponse()
        found = answer.read()
        line.close()
        return answer.status, json.loads(found) if found else None

    def test_the_whole_way(self) -> None:
        """An admin is added, signs a command line in, works there, gets another password, and is out."""
        url = self.server.origin
        self.addCleanup(self.user, "remove", "eve")
        added = self.user("add", "eve", "--role", "admin", "--password-stdin", stdin=f"{PASSWORD}\n")
        self.assertEqual(added.returncode, 0, added.stderr)
        refused = self.user("add", "frank", "--password-stdin", stdin="password1\n")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("guessed first", refused.stderr)
        wrong = self.elsewhere("login", url, "--user", "eve", "--password-stdin", stdin=f"{OTHER}\n")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("do not belong together", wrong.stderr)
        self.assertEqual(self.elsewhere("user", "list", "--url", url).returncode, 4)
        entered = self.elsewhere("login", url, "--user", "EVE", "--password-stdin", stdin=f"{PASSWORD}\n")
        self.assertEqual(entered.returncode, 0, entered.stderr)
        listed = json.loads(self.ok(self.elsewhere("user", "list", "--json", "--url", url)))
        self.assertEqual([one["name"] for one in listed["users"]], ["eve"])
        self.assertIn("eve", self.ok(self.elsewhere("logins", "--url", url)))
        (kept,) = (self.folder / "home" / "webipy" / "logins").iterdir()
        self.assertEqual(os.stat(kept).st_mode & 0o777, 0o600)
        changed = self.user("passwd", "eve", "--password-stdin", stdin=f"{OTHER}\n")
        self.assertEqual(changed.returncode, 0, changed.stderr)
        out = self.elsewhere("ls", "--url", url)
        self.assertEqual(out.returncode, 4)
        self.assertIn("webipy login", out.stderr)
        self.assertEqual(self.elsewhere("logout").returncode, 0)
        self.assertEqual(self.elsewhere("logout").returncode, 1)

    def test_a_member_has_no_right_on_the_server(self) -> None:
        """They sign in, see their account, and nothing of the owner's."""
        self.addCleanup(self.user, "remove", "gus")
        self.user("add", "gus", "--password-stdin", stdin=f"{PASSWORD}\n")
        status, answer = self.post("/login", {"account": "gus", "password": PASSWORD, "host": "laptop"})
        self.assertEqual(status, 200, answer)
        bearer = {"Authorization": f"Bearer {answer['token']}"}
        call = {"jsonrpc": "2.0", "id": 1, "method": "account.get", "params": {}}
        self.assertEqual(self.post("/rpc", call, **bearer)[1]["result"]["name"], "gus")
        for method in ("user.list", "login.revoke"):
            told = self.post(
                "/rpc", {**call, "method": method, "params": {"id": "x"} if "login" in method else {}}, **bearer
            )[1]
            self.assertIn(told["error"]["data"]["name"], ("not_permitted", "not_found"))
        self.user("disable", "gus")
        self.assertEqual(self.post("/rpc", call, **bearer)[0], 401)
