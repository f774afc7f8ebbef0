"""Attacks at the door: who gets in, from where, and how often they may try.

`wrong-tries` is a stranger who guesses; the others are pages of other sites and names of other hosts.
"""

from __future__ import annotations

import json

from tests.attack import Attack, Held
from tests.attack.ground import Ground, NotLetIn, Who

EVIL_ORIGINS = ("null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1.evil.example", "file://", "")
EVIL_HOSTS = ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "2130706433", "", "127.0.0.1 evil")
CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.list", "params": {}}).encode()


def _statuses(found: list[int]) -> str:
    return ", ".join(f"{found.count(status)} x {status}" for status in sorted(set(found)))


def other_names(ground: Ground) -> Held:
    """DNS rebinding: our address under a name that is not ours, with the owner's token, over HTTP and WebSocket."""
    found = []
    for host in EVIL_HOSTS:
        headers = {**ground.owner.headers, "Host": host}
        found.append(ground.http("GET", "/", headers=headers).status)
        found.append(ground.post(Who("owner", headers), CALL).status)
        try:
            ground.wire(ground.owner, Host=host).close()
            found.append(101)
        except NotLetIn as refused:
            found.append(refused.status)
    return Held(all(status in (400, 421) for status in found), f"{len(EVIL_HOSTS)} foreign Hosts: {_statuses(found)}")


def other_origins(ground: Ground) -> Held:
    """A page of another site uses a guest's cookie: calls, handshakes, forms."""
    found = []
    for origin in EVIL_ORIGINS:
        who = Who("victim", {**ground.runner.headers, "Origin": origin})
        found.append(ground.post(who, CALL).status)
        form = {**who.headers, "Content-Type": "text/plain"}
        found.append(ground.http("POST", "/rpc", CALL, form).status)
        found.append(ground.http("GET", "/metrics", headers={**who.headers, "Sec-Fetch-Site": "cross-site"}).status)
        try:
            ground.wire(who).close()
            found.append(101)
        except NotLetIn as refused:
            found.append(refused.status)
    ok = all(status in (400, 401, 403) for status in found)
    return Held(ok, f"{len(EVIL_ORIGINS)} foreign Origins, 4 ways each: {_statuses(found)}")


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("door-other-names", "a name that an attacker points at this machine (DNS rebinding)", other_names),
        Attack("door-other-origins", "another site's page uses the cookie", other_origins),
    ]
