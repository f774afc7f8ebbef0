"""webipy.core.kernel.socket_messages: both spellings, and what is none."""

from __future__ import annotations

import json
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.kernel.socket_messages import ClientMessage, ServerMessage, decode, encode
from webipy.core.kernel.wire import Malformed

HEADER = {"msg_id": "m1", "msg_type": "comm_msg", "session": "s1", "date": 5.5, "subshell_id": "u"}
PARTS = [json.dumps(part).encode() for part in (HEADER, {"msg_id": "p1"}, {"a": 1}, {"é": [1]})]


def text(**more: Any) -> bytes:
    """A message as text."""
    names = ("header", "parent_header", "metadata", "content")
    parts = {name: json.loads(part) for name, part in zip(names, PARTS, strict=True)}
    return json.dumps({**parts, "channel": "shell", **more}).encode()


def framed(parts: list[bytes], width: str, *, closed: bool) -> bytes:
    """A binary frame."""
    size = struct.calcsize(width)
    at, offsets = size * (len(parts) + closed + 1), []
    for part in parts:
        offsets.append(at)
        at += len(part)
    offsets += [at] if closed else []
    return b"".join(struct.pack(width, number) for number in (len(offsets), *offsets)) + b"".join(parts)


class Spellings(SynchronousTestCase):
    """What clients send and are sent."""

    def check(self, found: ClientMessage, buffers: tuple[bytes, ...]) -> None:
        """It is the message of `PARTS`."""
        self.assertEqual(
            (found.channel, found.msg_id, found.msg_type, found.session), ("shell", "m1", "comm_msg", "s1")
        )
        self.assertEqual((found.parent_id, found.subshell, found.buffers), ("p1", "u", buffers))
        self.assertEqual([json.loads(part) for part in (found.header, found.metadata, found.content)],
                         [HEADER, {"a": 1}, {"é": [1]}])  # fmt: skip

    def test_what_a_client_sends(self) -> None:
        """As text, with buffers, and in the newer spelling."""
        self.check(decode(text(), is_v1=False), ())
        self.check(decode(framed([text(), b"x", b""], ">I", closed=False), is_v1=False), (b"x", b""))
        self.check(decode(framed([b"shell", *PARTS, b"x", b"yz"], "<Q", closed=True), is_v1=True), (b"x", b"yz"))

    def test_what_may_be_left_out(self) -> None:
        """No channel means shell; no parent, metadata or content are empty maps."""
        found = decode(b'{"header":{"msg_id":"a","msg_type":"b"},"parent_header":null}', is_v1=False)
        self.assertEqual((found.channel, found.parent_id, found.metadata, found.content), ("shell", "", b"{}", b"{}"))

    def test_what_a_client_is_sent(self) -> None:
        """Text where there are no buffers; binary is cut by its offsets."""
        message = ServerMessage("iopub", "m2", "stream", b'{"h":1}', b"{}", b'{"text":"\xc3\xa9"}')
        sent, is_binary = encode(message, is_v1=False)
        found = json.loads(sent)
        self.assertFalse(is_binary)
        self.assertEqual((found["header"], found["channel"], found["content"]["text"], found["msg_type"], found["buffers"]),
                         ({"h": 1}, "iopub", "é", "stream", []))  # fmt: skip
        loaded = ServerMessage("shell", "m2", "x", b"{}", b"{}", b"{}", buffers=(b"12", b"3"))
        sent, is_binary = encode(loaded, is_v1=False)
        count, *offsets = struct.unpack_from(">4I", sent)
        self.assertEqual((count, is_binary, sent[offsets[1] : offsets[2]], sent[offsets[2] :]), (3, True, b"12", b"3"))
        sent, is_binary = encode(loaded, is_v1=True)
        count, *offsets = struct.unpack_from("<9Q", sent)
        self.assertEqual((count, is_binary, offsets[0], offsets[-1]), (8, True, 72, len(sent)))
        self.assertEqual(sent[offsets[0] : offsets[1]], b"shell")


class Wrong(SynchronousTestCase):
    """What is no message."""

    def test_a_type_that_a_kernel_has_made_up(self) -> None:
        """Kernels may publish any type: it is a text in the JSON of the older spelling, whatever is in it."""
        kind = 'a"b\\c\n\u00e9'
        message = ServerMessage("iopub", "m2", kind, b"{}", b"{}", b"{}")
        self.assertEqual(json.loads(encode(message, is_v1=False)[0])["msg_type"], kind)

    def test_what_is_refused(self) -> None:
        """Each is `Malformed`, and nothing else."""
        deep = b"[" * 5000
        for wrong in (b"", b"[]", b"{", b"5", b"{}", b'{"header":5}', b'{"header":{"msg_id":1,"msg_type":"a"}}', b"\xff", deep,
                      text(content=[]), text(metadata=5), text(channel=5), text().replace(b'"a": 1', b'"a": ' + deep),
                      b"\0\0\0\1", b"\0\0\0\2" + struct.pack(">2I", 12, 4000) + text(), b"\0\0\xff\xff", b"\0" * 64,
                      framed([text()], ">I", closed=False)[:-1]):  # fmt: skip
            self.assertRaises(Malformed, decode, wrong, is_v1=False)
        good = framed([b"shell", *PARTS], "<Q", closed=True)
        for wrong in (b"", text(), good[:-1], good[:40], struct.pack("<Q", 1 << 60) + good[8:], good[:8] + b"\xff" * 8 + good[16:],
                      framed([b"shell", *PARTS[:3]], "<Q", closed=True), framed([b"\xff", *PARTS], "<Q", closed=True)):  # fmt: skip
            self.assertRaises(Malformed, decode, wrong, is_v1=True)

    @examples(300)
    @given(st.binary(max_size=200), st.integers(0, 400), st.booleans())
    def test_nothing_else_is_raised(self, noise: bytes, at: int, is_v1: bool) -> None:
        """A good frame with noise somewhere in it."""
        good = (
            framed([b"shell", *PARTS, b"x"], "<Q", closed=True) if is_v1 else framed([text(), b"x"], ">I", closed=False)
        )
        for frame in (noise, good[:at] + noise + good[at:], good[:at] + noise, b"\0\0\0" + noise):
            try:
                decode(frame, is_v1=is_v1)
            except Malformed:
                pass
