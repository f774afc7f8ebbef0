"""Attacks by Web Push: a member names the address that the server calls, and what is kept in other people's browsers."""

from __future__ import annotations

import http.server
import threading
import time
from typing import Any

from tests.attack import Attack, Held
from tests.attack.accounts import PASSWORD, add
from tests.attack.ground import Ground, Who
from tests.attack.members import judged, outcome, token
from tests.fake_push import FakeBrowser
from tests.live import until

WAIT_S = 8.0
"""Longer than a page has to say that it has shown a notification."""


class Inner:
    """Something inside of the network, which counts who comes."""

    def __init__(self) -> None:
        self.came: list[str] = []
        inner = self

        class Receiver(http.server.BaseHTTPRequestHandler):
            """One request."""

            def handle(self) -> None:
                inner.came.append(self.client_address[0])

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Takes nobody any more."""
        self.server.shutdown()
        self.server.server_close()


def signed_in(ground: Ground, name: str) -> Who:
    """A member whose browser stays signed in."""
    add(ground, name)
    who = ground.signed_in({"account": name, "password": PASSWORD, "stay": True}, name)
    ground.call(who, "right.mine")
    return who


def endpoints(ground: Ground, port: int) -> list[str]:
    """Addresses that a server must not call for a member."""
    known = "fcm.googleapis.com"
    inner = f"127.0.0.1:{port}"
    return [
        f"https://{inner}/x",
        f"http://{inner}/x",
        f"https://localhost:{port}/x",
        f"https://[::1]:{port}/x",
        f"https://0x7f000001:{port}/x",
        f"https://2130706433:{port}/x",
        f"http://{known}:80/x",
        f"https://{known}:{port}/x",
        f"https://{known}@{inner}/x",
        f"https://{known}:x@{inner}/x",
        f"https://{known}\\@{inner}/x",
        f"https://{inner}/x#@{known}/",
        f"https://{inner}?@{known}/",
        f"https://{known}.{inner}/x",
        f"https://{known}%00.{inner}/x",
        f"https://{known}\r\nHost: {inner}/x",
        f"https://x.push.apple.com.{inner}/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/x",
        f"{ground.origin}/rpc",
    ]


def inner_addresses(ground: Ground) -> Held:
    """A member subscribes addresses inside of the network, ends another one's browser, and does it as a guest and by a token."""
    inner = Inner()
    try:
        ada, bo = signed_in(ground, "ada"), signed_in(ground, "bo")
        browser = FakeBrowser("https://push.invalid")
        found: dict[str, object] = {
            endpoint: outcome(ground, ada, "push.subscribe", **browser.params(endpoint=endpoint))
            for endpoint in endpoints(ground, inner.port)
        }
        expected: dict[str, object] = dict.fromkeys(found, "invalid_params")
        good = FakeBrowser("https://updates.push.services.mozilla.com").params()
        kept = ground.call(bo, "push.subscribe", **good)["browsers"][0]["id"]
        asked: list[tuple[str, Who, str, dict[str, Any], str]] = [
            ("another one's browser is ended", ada, "push.unsubscribe", {"id": kept}, "not_found"),
            ("by a guest", ground.runner, "push.subscribe", good, "not_permitted"),
            ("by a token", token(ground, ada), "push.subscribe", good, "not_permitted"),
            ("a wrong key", ada, "push.subscribe", {**good, "p256dh": "B" * 87}, "invalid_params"),
        ]
        for name, who, method, params, wanted in asked:
            found[name], expected[name] = outcome(ground, who, method, **params), wanted
        found["ada's browsers"] = len(ground.call(ada, "push.list")["browsers"])
        found["bo's browsers"] = len(ground.call(bo, "push.list")["browsers"])
        ground.call(ground.owner, "kernel.start", session=ground.session)
        ground.call(ground.owner, "right.grant", session=ground.session, whom="ada", verb="execute")
        run = ground.call(ada, "execution.start", session=ground.session, code="1", notify=True)["execution"]
        until(lambda: not ground.call(ada, "notification.list")["waiting"], f"{run} has ended")
        time.sleep(WAIT_S)  # in which a call would come
        found["calls inside"] = len(inner.came)
        ground.call(ada, "file.write", path="people/ada/worker.js", content="self.onfetch = () => {}")
        ticket = ground.call(ada, "ticket.make", address="/files/people/ada/worker.js")["address"]
        headers = {**ada.headers, "Service-Worker": "script"}
        found["a file as a service worker"] = ground.http("GET", ticket, headers=headers).status
        expected |= {"ada's browsers": 0, "bo's browsers": 1, "calls inside": 0, "a file as a service worker": 403}
        return judged(found, expected, "Web Push")
    finally:
        inner.close()


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack(
            "member-push",
            "the server calls an address inside of the network for a member",
            inner_addresses,
            limit_s=120,
        )
    ]
