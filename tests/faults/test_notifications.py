"""Notifications while the server is killed: none is missed, none comes twice. C12."""

from __future__ import annotations

import http.client
import http.server
import json
import random
import threading
import time
from typing import Any

from tests.fake_push import FakeBrowser, FakePushService
from tests.faults import FaultTestCase, rounds
from tests.live import Server, until
from webipy.server.sessions.notifications import AT_ONCE, PAGE_SECONDS

AT_A_TIME = 10
"""Executions that are started between two kills."""


class Inbox:
    """Takes deliveries of a webhook, in a thread of its own; of two with one key the second one counts as known."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self.executions: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.repeated = 0
        inbox = self

        class Receiver(http.server.BaseHTTPRequestHandler):
            """One delivery."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                inbox.take(self.headers["Idempotency-Key"], body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, key: str, body: dict[str, Any]) -> None:
        """Keeps a delivery."""
        if key in self.came:
            self.repeated += 1
            return
        self.came[key] = time.monotonic()
        self.bodies.append(body)
        self.executions += body["executions"]

    def missed(self) -> set[str]:
        """The executions that were asked for and not told of."""
        return set(self.asked) - set(self.executions)

    def close(self) -> None:
        """Takes no more."""
        self.server.shutdown()
        self.server.server_close()


class Killed(FaultTestCase):
    """SIGKILL at random moments, between asking, ending, delivering and noting."""

    def test_every_execution_is_told_of_once(self) -> None:
        """Also of those that have ended while no server was there; within two seconds of when the server is up again."""
        inbox = Inbox()
        self.addCleanup(inbox.close)
        server = Server(f"--notify-webhook={inbox.url}")
        self.addCleanup(server.close)
        server.start()
        session = server.session()
        chance, late = random.Random(9), list[float]()
        for number in range(rounds(4, 100)):
            started = [f"r{number}-{part}" for part in range(AT_A_TIME)]
            for execution in started:
                code = f"import time; time.sleep({chance.choice((0, 0, 0.02))})"
                server.call("execution.start", session=session, code=code, id=execution, notify=True)
            inbox.asked += started
            time.sleep(chance.uniform(0, 0.25))  # the moment of the kill is what is drawn
            server.kill()
            server.start()
            up = time.monotonic()
            until(lambda: not inbox.missed(), lambda: f"not told of {inbox.missed()}")
            late += [max(0.0, at - up) for at in list(inbox.came.values())[-AT_A_TIME:]]
        self.assertEqual(sorted(inbox.executions), sorted(inbox.asked))
        late.sort()
        self.assertLess(late[int(0.95 * len(late))], 2.0)
        page = server.connect()
        self.addCleanup(page.close)
        page.call("notification.listen")
        shown: set[str] = set()
        while len(shown) < len(inbox.asked):
            message = page.notified.pop(0) if page.notified else page.message()
            if message.get("method") == "notification":
                shown.add(message["params"]["id"])
        self.assertEqual(shown, {key.strip('"') for key in inbox.came})

    def test_browsers_are_told_once_by_id(self) -> None:
        """Web Push to two browsers of one person: each gets every notification, and a message that comes twice has the topic of the first."""
        push = FakePushService()
        self.addCleanup(push.close)
        browsers = [FakeBrowser(push.origin) for _ in range(2)]
        server = Server(f"--push-service={push.origin}")
        self.addCleanup(server.close)
        server.start()
        for browser in browsers:
            subscribe(server, browser)
        session = server.session()
        chance, asked = random.Random(11), set[str]()
        for number in range(rounds(3, 40)):
            for part in range(AT_A_TIME):
                execution = f"p{number}-{part}"
                server.call("execution.start", session=session, code="1", id=execution, notify=True)
                asked.add(server.call("notification.ask", session=session, execution=execution)["id"])
            time.sleep(PAGE_SECONDS + chance.uniform(-1, 1))  # the moment of the kill is what is drawn
            server.kill()
            server.start()
        until(
            lambda: all(set(topics) == asked for topics in push.topics(browsers).values()),
            lambda: f"not all came: {push.topics(browsers)}",
        )
        self.assertEqual(push.faults, [])
        for topics in push.topics(browsers).values():
            self.assertLessEqual(
                len(topics) - len(asked), rounds(3, 40) * AT_ONCE, "only what was under way comes twice"
            )


def subscribe(server: Server, browser: FakeBrowser) -> None:
    """Signs a browser in by the token, and subscribes it."""
    origin = {"Origin": server.origin, "Content-Type": "application/json"}
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        line.request("POST", "/login", json.dumps({"token": server.token}), origin)
        answer = line.getresponse()
        key = json.loads(answer.read())["key"]
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        call = {"jsonrpc": "2.0", "id": 1, "method": "push.subscribe", "params": browser.params()}
        line.request("POST", "/rpc", json.dumps(call), {**origin, "Cookie": cookie, "X-Webipy-Key": key})
        made = json.loads(line.getresponse().read())
        assert any(one["here"] for one in made["result"]["browsers"]), made
    finally:
        line.close()
