"""Attacks on memory and on the reactor: what is written to who does not read, and what costs the server much and the attacker little.

Each lasts some seconds, in which a bystander asks for /healthz and the owner makes calls.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.attack import Attack, Held
from tests.attack.ground import Figures, Ground, Who, Wire
from tests.blocking_websocket import Closed
from tests.live import Refused

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


# ---- calls ----------------------------------------------------------------------------------------------------------


def _calls(method: str, count: int, **params: object) -> bytes:
    """A batch of the same call."""
    return json.dumps([{"jsonrpc": "2.0", "id": n, "method": method, "params": params} for n in range(count)]).encode()


def _document(ground: Ground, megabytes: int = 6) -> None:
    """Fills the shared session with cells of 20 kB, and some changes of each."""
    for number in range(50 * megabytes):
        cell = f"cell{number}"
        ground.call(ground.owner, "cell.insert", session=ground.session, id=cell, source=f"# {number}\n" + "x" * 20_000)
        ground.call(ground.owner, "cell.set_source", session=ground.session, cell=cell, source="y" * 20_000)


def _asked(ground: Ground, who: Who, message: bytes, wires: int = 4, most: int = 40) -> Figures:
    """Somebody sends a message over some connections, as often as its answers come, while a bystander measures."""
    with ground.watched() as felt, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(contextlib.closing(ground.wire(who))) for _ in range(wires)]
        threads = [threading.Thread(target=_ask, args=(line, message, most)) for line in lines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return felt


def _ask(line: Wire, message: bytes, most: int) -> None:
    end = time.monotonic() + SECONDS
    with contextlib.suppress(Closed, OSError):
        while time.monotonic() < end and most:
            most -= 1
            line.text(message)
            line.receive()


def batches(ground: Ground) -> Held:
    """A guest who may only view sends batches of a thousand calls that are answered with much."""
    felt = _asked(ground, ground.viewer, _calls("rpc.discover", 1000))
    return felt.held("a viewer sends batches of 1,000 rpc.discover over 4 connections")


def earlier_states(ground: Ground) -> Held:
    """A viewer asks for earlier states of a large document, and how they differ."""
    _document(ground)
    seq = int(ground.call(ground.owner, "session.get", session=ground.session)["seq"])
    states = json.loads(_calls("notebook.at", 10, session=ground.session, seq=seq))
    states += json.loads(_calls("notebook.diff", 10, session=ground.session, since=100, until=seq))
    felt = _asked(ground, ground.viewer, json.dumps(states).encode())
    return felt.held("a viewer asks for 10 states of 6 MB and 10 differences at once, over 4 connections")


def unread_states(ground: Ground) -> Held:
    """The same of a viewer who reads no answer."""
    _document(ground)
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "notebook.at", "params": {"session": ground.session}})
    with ground.watched() as felt, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(contextlib.closing(ground.wire(ground.viewer))) for _ in range(6)]
        for line in lines:
            for _ in range(200):
                line.text(message.encode())
        for _ in _spent():
            time.sleep(0.1)
    return felt.held("a viewer asks 1,200 times for a state of 6 MB and reads nothing")


def empty_changes(ground: Ground) -> Held:
    """A guest who may edit sends change sets that change nothing, for the largest cell there may be."""
    size, version = 4_000_000, 0
    ground.call(ground.owner, "cell.insert", session=ground.session, id="large", source="x" * size)
    params = {"session": ground.session, "cell": "large", "changes": [[size]] * 800}
    with (
        ground.watched() as felt,
        contextlib.closing(ground.wire(ground.editor)) as line,
        contextlib.suppress(Refused),  # the editor has used the time that it has
    ):
        for _ in _spent():
            version = line.call("cell.edit", version=version, **params)["version"]
    return felt.held(f"an editor makes {version} changes of nothing in a cell of 4 MB")


def millions(ground: Ground) -> Held:
    """A viewer sends lists of millions of things that are no calls."""
    felt = _asked(ground, ground.viewer, b"[" + b"0," * 4_000_000 + b"0]", wires=2)
    return felt.held("a viewer sends lists of 4,000,000 numbers over 2 connections")


def waits(ground: Ground) -> Held:
    """A viewer waits many times for what does not end, each time with a large message."""
    ground.call(ground.owner, "kernel.start", session=ground.session, kernelspec="python3")
    code = "import time; time.sleep(600)"
    ground.call(ground.owner, "execution.start", session=ground.session, code=code, id="long")
    params = {"session": ground.session, "execution": "long", "timeout_s": 600}
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "execution.wait", "params": params}).encode()
    with ground.watched() as felt, contextlib.closing(ground.wire(ground.viewer)) as line:
        for _ in range(150):
            line.text(message + b" " * 1_000_000)
        for _ in _spent():
            time.sleep(0.1)
    return felt.held("a viewer waits 150 times for an execution, with 1 MB around each call")


def half_messages(ground: Ground) -> Held:
    """A viewer begins a message of 16 MB on each connection that they may have, and sends nearly all of it."""
    with ground.watched() as felt, contextlib.ExitStack() as wires:
        lines = [wires.enter_context(contextlib.closing(ground.wire(ground.viewer))) for _ in range(8)]
        left = dict.fromkeys(lines, 15_000_000)
        for line in lines:
            line.socket.sendall(struct.pack(">BBQ", 0x81, 0x80 | 127, 16_000_000) + bytes(4))
            line.socket.setblocking(False)
        for _ in _spent():
            for line in lines:
                with contextlib.suppress(BlockingIOError):
                    left[line] -= line.socket.send(bytes(min(left[line], 1 << 18)))
            time.sleep(0.001)
    taken = sum(15_000_000 - size for size in left.values()) // 1_000_000
    return felt.held(f"a viewer begins 8 messages of 16 MB, of which the system took {taken} MB")


def _attack(name: str, threat: str, run: Callable[[Ground], Held]) -> Attack:
    return Attack(f"cost-{name}", threat, run, 120.0)


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        _attack("unread-files", "who does not read makes the server keep what it sends", unread_files),
        _attack("unread-description", "the same, of what the server makes itself", unread_description),
        _attack("dripped-heads", "connections of strangers that never ask anything (slowloris)", dripped_heads),
        _attack("bodies-of-strangers", "bodies of strangers, read or put on the disk", bodies_of_strangers),
        _attack("batches", "many calls in one message", batches),
        _attack("earlier-states", "long work of the server for a short call", earlier_states),
        _attack("unread-states", "answers that nobody reads", unread_states),
        _attack("empty-changes", "many changes of a large text", empty_changes),
        _attack("millions", "messages that become larger when they are read", millions),
        _attack("half-messages", "messages that never end", half_messages),
        _attack("waits", "calls that wait, and what they keep meanwhile", waits),
    ]
