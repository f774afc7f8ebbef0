"""Attacks on memory and on the reactor: what is written to who does not read, and what costs the server much and the attacker little.

Each lasts some seconds, in which a bystander asks for /healthz and the owner makes calls.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.attack import Attack, Held
from tests.attack.ground import Ground

SECONDS = 4.0
"""How long one goes on."""

STATIC = Path(__file__).parents[2] / "webipy" / "static"
HOST = b"Host: 127.0.0.1\r\n"


def _spent(seconds: float = SECONDS) -> Iterator[None]:
    """Turns until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


@contextlib.contextmanager
def _lines(ground: Ground, count: int, head: bytes) -> Iterator[list[socket.socket]]:
    """So many connections on which `head` was sent, and nothing is read."""
    lines = []
    try:
        for _ in range(count):
            line = ground.raw()
            lines.append(line)
            line.setblocking(False)
            with contextlib.suppress(OSError):
                line.send(head)
        yield lines
    finally:
        for line in lines:
            line.close()


def unread_files(ground: Ground) -> Held:
    """A stranger asks for the largest files many times and reads nothing."""
    files = sorted(STATIC.iterdir(), key=lambda path: path.stat().st_size)[-3:]
    asked = b"".join(b"GET /static/%b HTTP/1.1\r\n%b\r\n" % (path.name.encode(), HOST) for path in files) * 100
    with ground.watched() as felt, _lines(ground, 20, asked):
        for _ in _spent():
            time.sleep(0.1)
    size = sum(path.stat().st_size for path in files) >> 20
    return felt.held(f"20 strangers ask 300 times each for files of {size} MB and read nothing")


def unread_description(ground: Ground) -> Held:
    """The same with what is made, and not read from a file."""
    asked = b"GET /rpc/openrpc.json HTTP/1.1\r\n%b\r\n" % HOST * 500
    with ground.watched() as felt, _lines(ground, 100, asked):
        for _ in _spent():
            time.sleep(0.1)
    return felt.held("100 strangers ask 500 times each for the description of the API and read nothing")


def dripped_heads(ground: Ground) -> Held:
    """Strangers open more connections than there is room for, and send a byte now and then."""
    with ground.watched() as felt, _lines(ground, 400, b"GET / HTTP/1.1\r\n") as lines:
        for _ in _spent():
            for line in lines:
                with contextlib.suppress(OSError):
                    line.send(b"X")
            time.sleep(0.2)
    return felt.held("400 strangers send a head byte by byte")


def bodies_of_strangers(ground: Ground) -> Held:
    """Strangers announce bodies of 16 MB and send them."""
    head = b"POST /rpc HTTP/1.1\r\n%bContent-Type: application/json\r\nContent-Length: 16000000\r\n\r\n" % HOST
    refused = 0
    with ground.watched() as felt:
        for _ in _spent():
            with contextlib.closing(ground.raw()) as line:
                line.sendall(head)
                refused += line.recv(20).startswith(b"HTTP/1.1 401")
                with contextlib.suppress(OSError):
                    line.sendall(b"x" * 100_000)
    held = felt.held(f"{refused} bodies of 16 MB announced by strangers, each refused after its head")
    return Held(held.ok and refused > 0, held.words)


def _attack(name: str, threat: str, run: Callable[[Ground], Held]) -> Attack:
    return Attack(f"cost-{name}", threat, run)


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        _attack("unread-files", "who does not read makes the server keep what it sends", unread_files),
        _attack("unread-description", "the same, of what the server makes itself", unread_description),
        _attack("dripped-heads", "connections of strangers that never ask anything (slowloris)", dripped_heads),
        _attack("bodies-of-strangers", "bodies of strangers, read or put on the disk", bodies_of_strangers),
    ]
