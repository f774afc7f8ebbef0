"""Somebody who uses the server while it is attacked, and measures: `python -m tests.attack.bystander PORT TOKEN SESSION`.

It says `ready` when it is in, asks /healthz and makes a call as the owner over a WebSocket, again and again with a pause between, until its standard
input ends, and then prints one line of JSON: what 99 of 100 waited at most, in milliseconds, and how late its own pauses ended or
what it waited before the attack, which is what the machine is to blame for.
"""

from __future__ import annotations

import http.client
import json
import select
import sys
import time
from collections.abc import Callable

from tests.live import Connection

PAUSE_S = 0.01
QUIET = 20
"""Rounds before anybody attacks: what they take is the machine's to blame, too."""

WAIT_S = 30.0


def p99(waits: list[float]) -> float:
    """What 99 of 100 waited at most; of a few, the longest."""
    return sorted(waits)[min(len(waits) - 1, len(waits) * 99 // 100)] if waits else 0.0


def timed(call: Callable[[], object]) -> float:
    """The milliseconds that a call takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def ask_health(port: int) -> None:
    """Asks /healthz on a new connection.

    Raises:
        AssertionError: The server is not well.
    """
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    try:
        line.request("GET", "/healthz")
        assert line.getresponse().status == 200
    finally:
        line.close()


def ask_owner(line: Connection, session: str) -> None:
    """One round trip of an owner."""
    number = line.send("session.get", session=session)
    while json.loads(line.receive()).get("id") != number:
        pass


def main(port: int, token: str, session: str) -> None:
    """Measures until the standard input ends."""
    line = Connection(port, {"Authorization": f"Bearer {token}"})
    health: list[float] = []
    calls: list[float] = []
    late: list[float] = []
    refused = 0
    for _ in range(QUIET):
        late.append(timed(lambda: ask_health(port)))
        late.append(timed(lambda: ask_owner(line, session)))
    print("ready", flush=True)
    is_over = False
    while not is_over:
        began = time.perf_counter()
        is_over = bool(select.select([sys.stdin], [], [], PAUSE_S)[0])
        if not is_over:
            late.append((time.perf_counter() - began - PAUSE_S) * 1000)
        try:
            health.append(timed(lambda: ask_health(port)))
            calls.append(timed(lambda: ask_owner(line, session)))
        except (OSError, AssertionError, http.client.HTTPException) as fault:
            refused += 1
            print(f"bystander: {fault!r}", file=sys.stderr)
    told = {"health_ms": p99(health), "call_ms": p99(calls), "late_ms": p99(late)}
    print(json.dumps({**told, "samples": len(calls), "refused": refused}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
