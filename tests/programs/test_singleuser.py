"""`webipy-singleuser` as a hub starts it: a real process, beside a small hub (tests/fake_hub.py)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.fake_hub import PREFIX, SERVER_TOKEN, environment
from tests.live import PATIENCE_S, ROOT, Server, until, until_ended

SINGLEUSER = (sys.executable, "-c", "from webipy.start import singleuser; singleuser()", "--allow-root")


class Hub:
    """A hub as a program."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fake_hub"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    @property
    def api(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}/hub/api"

    def tell(self, **told: object) -> Any:
        """Tells it something; gives what it knows."""
        return json.loads(self.get("/control", json.dumps(told).encode())[2])

    def get(self, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
        """A request: status, `Location`, body."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            line.request("GET" if body is None else "POST", path, body)
            answer = line.getresponse()
            return answer.status, answer.getheader("Location") or "", answer.read()
        finally:
            line.close()

    def close(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class SingleUserTestCase(SynchronousTestCase):
    """A hub, and the server that it has started for ada."""

    def setUp(self) -> None:
        self.hub = Hub()
        self.addCleanup(self.hub.close)
        self.server = Server(command=SINGLEUSER, environment=environment(self.hub.api))
        self.addCleanup(self.server.close)

    def get(self, path: str, cookie: str = "") -> tuple[int, http.client.HTTPMessage, bytes]:
        """A request of a browser below the base URL."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        try:
            line.request("GET", path, headers={"Cookie": cookie})
            answer = line.getresponse()
            return answer.status, answer.msg, answer.read()
        finally:
            line.close()

    def sign_in(self) -> Mapping[str, str]:
        """Goes the way of a browser; gives the headers of its login."""
        _, headers, _ = self.get(f"{PREFIX}oauth_login?next=/s/abc")
        kept = headers["Set-Cookie"].partition(";")[0]
        _, back, _ = self.hub.get(headers["Location"])
        status, headers, _ = self.get(back, kept)
        self.assertEqual(status, 302)
        page, _, code = headers["Location"].partition("#code=")
        self.assertEqual(page, f"{PREFIX}s/abc")
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        told = {"Content-Type": "application/json", "Cookie": kept, "Origin": f"http://127.0.0.1:{self.server.port}"}
        line.request("POST", f"{PREFIX}login", json.dumps({"code": code}), told)
        answer = line.getresponse()
        self.assertEqual(answer.status, 200)
        key = json.loads(answer.read())["key"]
        line.close()
        return {"Cookie": (answer.getheader("Set-Cookie") or "").partition(";")[0], "X-Webipy-Key": key}

    def rpc(self, headers: Mapping[str, str], method: str = "server.info") -> tuple[int, Any]:
        """A call by POST."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode()
        status, answer = self.server.request("POST", "/rpc", body, {"Content-Type": "application/json", **headers})
        return status, json.loads(answer)


class SingleUser(SingleUserTestCase):
    """Its life."""

    def test_people_sign_in_at_the_hub_and_code_runs(self) -> None:
        """By a token of the hub and by a browser; kernels do not have the server's token; the hub hears of it."""
        self.server.start()
        self.assertEqual(self.server.below, PREFIX.rstrip("/"))
        self.assertEqual(self.rpc({})[0], 401)
        status, answer = self.rpc({"Authorization": "token ada-token"})
        self.assertEqual((status, answer["result"]["principal"], answer["result"]["owner"]), (200, "ada", "ada"))
        browser = self.sign_in()
        self.assertEqual(self.rpc(browser)[0], 200)
        session = self.server.session()
        code = "import os; print([name for name, value in os.environ.items() if 'server-token' in value], os.environ['JUPYTERHUB_USER'])"
        done = self.server.run(session, code, "env")
        self.assertEqual(done["outputs"][0]["text"], "[] ada\n")
        told = until(lambda: self.hub.tell()["activity"], "a report of activity")
        self.assertEqual(list(told[0]["servers"]), [""])
        self.assertNotIn(SERVER_TOKEN, self.server.log)
        self.assertNotIn("ada-token", self.server.log)

    def test_a_stop_leaves_nothing_and_a_crash_leaves_the_kernels(self) -> None:
        """SIGTERM ends kernels; `kill -9` does not, and the next server has them."""
        self.server.start()
        session = self.server.session()
        self.server.run(session, "x = 41", "first")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.rpc({"Authorization": "token ada-token"})[0], 200)
        done = self.server.run(session, "assert x == 41; import os; print(os.getpid())", "second")
        self.assertEqual(done["status"], "ok")
        pid = int(done["outputs"][0]["text"])
        self.assertEqual(self.server.stop(), -signal.SIGTERM)
        until_ended(pid)
        until(lambda: not list((self.server.state / "hosts").iterdir()), "the end of the kernel host")

    def test_a_hub_that_hangs_hangs_nothing(self) -> None:
        """503 in words after some seconds, and the page is there meanwhile."""
        self.server.start()
        self.hub.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.hub.process.send_signal, signal.SIGCONT)
        self.assertEqual(self.server.health(), 200)
        status, answer = self.rpc({"Authorization": "token ada-token"})
        self.assertEqual((status, answer["data"]["name"]), (503, "hub_unreachable"))

    def test_without_a_hub_it_says_what_to_start(self) -> None:
        """By hand, and as root without saying so."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
        outcome = subprocess.run(
            SINGLEUSER, env={**outside, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=PATIENCE_S
        )
        self.assertEqual(outcome.returncode, 2)
        self.assertIn("A JupyterHub starts this command", outcome.stderr)
