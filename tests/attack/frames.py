"""Frames of WebSockets, right and wrong: the cases of RFC 6455, as suites of it have them, against the server's own protocol.

The server is no echo: a text message is answered by JSON-RPC (a parse error is an answer), a ping by a pong. A wrong frame ends the connection
with the code that the RFC has for it, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.attack import Attack, Held
from tests.attack.ground import Ground, Wire
from tests.blocking_websocket import Closed

Frame = tuple[int, bytes]
NO_CODE = None
"""The connection ends without a code, which section 7.1.7 leaves open for one who has said goodbye wrongly."""

PROTOCOL, NOT_UTF8, TOO_BIG = 1002, 1007, 1009
FIN, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 1, 2, 8, 9, 10
CALL = b'{"jsonrpc":"2.0","id":1,"method":"server.sync","params":{}}'


def good() -> Iterator[tuple[str, Sequence[Frame]]]:
    """What must be answered; the last message of each is a call."""
    yield "one frame", [(FIN | TEXT, CALL)]
    for size in (1, 2, 30):
        pieces = [CALL[at : at + size] for at in range(0, len(CALL), size)]
        yield f"fragments of {size}", _fragments(pieces)
        yield (
            f"fragments of {size} with pings between",
            [frame for one in _fragments(pieces) for frame in ((FIN | PING, b"x"), one)],
        )
    yield "empty fragments", [(TEXT, b""), (0, b""), (0, CALL), (FIN, b"")]
    yield "letters of many bytes in two fragments", [(TEXT, '"é💥'.encode()[:-2]), (FIN, '"é💥'.encode()[-2:] + b'"')]
    for size in (0, 1, 124, 125):
        yield f"a ping of {size}", [(FIN | PING, b"p" * size), (FIN | TEXT, CALL)]
    yield "ten pings", [*[(FIN | PING, b"%d" % n) for n in range(10)], (FIN | TEXT, CALL)]
    yield "pongs that nobody asked for", [(FIN | PONG, b""), (FIN | PONG, b"x" * 125), (FIN | TEXT, CALL)]
    for size in (125, 126, 127, 65_535, 65_536, 1_000_000):
        yield f"a message of {size}", [(FIN | TEXT, CALL + b" " * (size - len(CALL)))]
    yield "a binary message", [(FIN | BINARY, CALL)]
    yield "a message of nothing", [(FIN | TEXT, b"")]
    for text in (
        "κόσμε",
        "\u0000",
        "\u007f",
        "\u0080",
        "\u07ff",
        "\u0800",
        "\uffff",
        "\U00010000",
        "\U0010ffff",
        "\ufffe",
        "\ufdd0",
    ):
        yield f"U+{ord(text[0]):04X}", [(FIN | TEXT, f'"{text}"'.encode())]


def _fragments(pieces: list[bytes]) -> list[Frame]:
    last = len(pieces) - 1
    return [((FIN if at == last else 0) | (TEXT if at == 0 else 0), piece) for at, piece in enumerate(pieces)]


def bad() -> Iterator[tuple[str, Sequence[Frame], tuple[int | None, ...]]]:
    """What must end the connection, and how it may."""
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f"opcode {opcode}", [(FIN | opcode, b"x")], (PROTOCOL,)
    for bits in (0x10, 0x20, 0x40, 0x70):
        for opcode in (TEXT, PING, CLOSE):
            yield f"reserved bits {bits:x} on {opcode}", [(FIN | bits | opcode, b"")], (PROTOCOL, NO_CODE)
    yield "a long ping", [(FIN | PING, b"p" * 126)], (PROTOCOL,)
    yield "a long close", [(FIN | CLOSE, b"\x03\xe8" + b"r" * 124)], (PROTOCOL, NO_CODE)
    yield "a ping in parts", [(PING, b"p"), (FIN, b"q")], (PROTOCOL,)
    yield "a part without a beginning", [(FIN, b"x")], (PROTOCOL,)
    yield "parts without a beginning", [(0, b"x"), (FIN, b"y")], (PROTOCOL,)
    yield "a beginning in the middle", [(TEXT, b"x"), (FIN | TEXT, b"y")], (PROTOCOL,)
    yield "a close of one byte", [(FIN | CLOSE, b"\x03")], (PROTOCOL, NO_CODE)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield (
            f"a close with {code}",
            [(FIN | CLOSE, code.to_bytes(2, "big"))],
            (PROTOCOL, NO_CODE),
        )
    yield (
        "a close with a reason that is no UTF-8",
        [(FIN | CLOSE, b"\x03\xe8\xce\xba\xe1")],
        (PROTOCOL, NOT_UTF8, NO_CODE),
    )
    for body in (
        b"\xff",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xce\xba\xed\xbf\xbf",
        b"\x80",
        b"\xc2",
        b"\xf0\x9f\x92",
    ):
        yield f"text {body!r}", [(FIN | TEXT, body)], (NOT_UTF8,)
        yield (
            f"text {body!r} in parts",
            [(TEXT, b'"'), *[(0, body[at : at + 1]) for at in range(len(body))], (FIN, b'"')],
            (NOT_UTF8,),
        )


def rfc6455(ground: Ground) -> Held:
    """All cases, a connection each; the bystander of each kind is the next connection."""
    wrong, number = [], 0
    for name, frames in good():
        number += 1
        wire = ground.wire(ground.viewer)
        try:
            for first, body in frames:
                wire.frame(first, body)
            wire.receive()
        except (Closed, TimeoutError) as fault:
            wrong.append(f"{name}: {fault}")
        finally:
            wire.close()
    for name, frames, codes in bad():
        number += 1
        code = _end_of(ground.wire(ground.viewer), frames)
        if code not in codes:
            wrong.append(f"{name}: {code} and not {codes[0]}")
    number += 2
    if (code := _end_of(ground.wire(ground.viewer), [(FIN | TEXT, b"unmasked")], is_masked=False)) != PROTOCOL:
        wrong.append(f"a frame without a mask: {code}")
    if (code := _end_of(ground.wire(ground.viewer), [(FIN | CLOSE, (1000).to_bytes(2, "big"))])) != 1000:
        wrong.append(f"an end in order: {code}")
    return Held(
        not wrong,
        f"{number} cases of RFC 6455"
        + (f", {len(wrong)} not as it says: {'; '.join(wrong[:5])}" if wrong else ", all as it says"),
    )


def _end_of(wire: Wire, frames: Sequence[Frame], *, is_masked: bool = True) -> int | None:
    """The close code that frames are answered with; -1 when nothing ends."""
    wire.socket.settimeout(5)
    try:
        for first, body in frames:
            wire.frame(first, body, is_masked=is_masked)
        while True:
            wire.receive()
    except Closed as closed:
        return closed.code
    except TimeoutError:
        return -1
    finally:
        wire.close()


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [Attack("frames-rfc6455", "a frame that is taken otherwise than the standard says", rfc6455, limit_s=180)]
