"""WebSockets: valid calls and broken frames in random order, on a real server.

A connection follows a session, edits, sends batches, pings, fragments, binary and oversized frames, and is cut anywhere, also in the middle of a
frame or a handshake.

What must hold: answers as tests/fuzz/calls.py judges them; a close code that RFC 6455 has for what was wrong; the server answers the next one.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random

from tests.attack.ground import NotLetIn, Wire
from tests.blocking_websocket import Closed
from tests.fuzz import Found
from tests.fuzz.calls import judge_body, random_body, random_call
from tests.fuzz.targets import ServerTarget

CLOSE_CODES = frozenset({None, 1000, 1001, 1002, 1003, 1007, 1009, 4401, 4429})
"""How a connection may end that sent something wrong (RFC 6455, section 7.4.1; docs/protocol.md)."""

BROKEN: tuple[tuple[int, bytes, bool], ...] = (
    (0x81, b"\xff\xfe", True),  # text that is no UTF-8
    (0x82, b"\0\1binary", True),
    (0x83, b"reserved opcode", True),
    (0x8B, b"reserved control", True),
    (0xC1, b"compressed", True),
    (0xF1, b"reserved bits", True),
    (0x81, b"unmasked", False),
    (0x80, b"goes on without a beginning", True),
    (0x89, b"p" * 126, True),  # a control frame that is too long
    (0x09, b"a ping in parts", True),
    (0x88, b"\x03", True),  # half a close code
    (0x88, (999).to_bytes(2, "big"), True),
    (0x88, (1000).to_bytes(2, "big") + b"\xff", True),
    (0x88, b"", True),
)
"""First byte, body, masked: each is wrong, or is an end."""


def one_life(target: ServerTarget, dice: random.Random) -> None:
    """One connection from its handshake to its end.

    Raises:
        Found: Something did not hold.
    """
    who = dice.choice(("viewer", "editor", "runner", "owner"))
    try:
        wire = target.ground.wire(target.who(who))
    except NotLetIn:
        target.renew()  # the session was closed, and its guests with it
        return
    try:
        for _ in range(dice.randrange(1, 15)):
            _one_step(target, wire, who, dice)
        if dice.random() < 0.5:
            _break(target, wire, who, dice)
    except Closed as closed:
        if closed.code not in CLOSE_CODES:
            raise Found(f"a connection was closed with {closed.code}: {closed}") from None
    finally:
        wire.close()


def _one_step(target: ServerTarget, wire: Wire, who: str, dice: random.Random) -> None:
    kind = dice.randrange(8)
    session = target.shared()
    said = random_call(who, target, dice)
    if kind == 0:
        wire.send(
            "session.subscribe", session=session, since=dice.choice((None, 0, 10**6)), snapshot=dice.random() < 0.5
        )
    elif kind == 1:
        for part in _parts(said.body, dice):
            wire.frame(*part)
    elif kind == 2:
        wire.text(random_body(said, target, dice).decode("utf-8", "replace").encode())
    elif kind == 3:
        wire.frame(0x89, dice.randbytes(dice.randrange(126)))
    elif kind == 4:
        wire.send("cell.insert", session=session, source="x")
    elif kind == 5:
        wire.frame(0x82, said.body)
    else:
        wire.text(said.body)
    number = wire.send("server.sync")
    while True:
        got = wire.receive()
        judge_body(who, said.body, got if b'"method":"' not in got[:60] else b'{"result":' + got + b"}")
        if _is_answer(got, number):
            return


def _is_answer(got: bytes, number: int) -> bool:
    return f'"id":{number}'.encode() in got.replace(b" ", b"")[:60]


def _parts(body: bytes, dice: random.Random) -> list[tuple[int, bytes]]:
    """A text message in some frames, with pings in between."""
    cuts = sorted({0, len(body), *(dice.randrange(len(body)) for _ in range(dice.randrange(5)))})
    pieces = [body[low:high] for low, high in itertools.pairwise(cuts)] or [b""]
    frames: list[tuple[int, bytes]] = []
    for at, piece in enumerate(pieces):
        frames.append(((0x80 if at == len(pieces) - 1 else 0) | (1 if at == 0 else 0), piece))
        if dice.random() < 0.3 and at < len(pieces) - 1:
            frames.append((0x89, b"between"))
    return frames


def _break(target: ServerTarget, wire: Wire, who: str, dice: random.Random) -> None:
    """Sends what is wrong, or half of something, and reads until the end; or leaves without a word."""
    kind = dice.randrange(4)
    if kind == 0:
        first, body, is_masked = dice.choice(BROKEN)
        wire.frame(first, body, is_masked=is_masked)
        wire.socket.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while True:
                judge_body(who, body, _result_of(wire.receive()))
    elif kind == 1:
        whole = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.list", "params": {}}).encode()
        wire.socket.sendall(bytes([0x81, 0x80 | len(whole)]) + bytes(4) + whole[: dice.randrange(len(whole))])
    elif kind == 2:
        wire.socket.sendall(bytes([0x81, 0xFF]) + (2**62).to_bytes(8, "big"))
        with contextlib.suppress(TimeoutError):
            wire.receive()
    else:
        raw = target.ground.raw()
        raw.sendall(
            dice.choice(
                (
                    b"GET /rpc HTTP/1.1\r\n",
                    b"\0" * 100,
                    b"POST /rpc HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
                    dice.randbytes(200),
                )
            )
        )
        raw.close()


def _result_of(got: bytes) -> bytes:
    return b'{"result":' + got + b"}" if b'"method":"' in got[:60] else got
