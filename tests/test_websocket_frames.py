"""Frames of a WebSocket as bytes: `webipy.io.web.websocket_frames`."""

from __future__ import annotations

import struct

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.io.web.websocket_frames import frame_head, text_of

MASK = b"\x37\xfa\x21\x3d"


def framed(message: bytes, first: int = 0x81, mask: bytes = MASK) -> bytes:
    """A frame of a client. Source: RFC 6455, sections 5.2 and 5.3."""
    size = len(message)
    head = bytes((first, 0x80 | size)) if size < 126 else struct.pack(">BBH", first, 0x80 | 126, size)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(message))


class Texts(SynchronousTestCase):
    """What comes."""

    @examples(100)
    @given(st.text(), st.binary(min_size=4, max_size=4))
    @example("", MASK)
    @example("x" * 125, MASK)
    @example("x" * 126, MASK)
    @example("x" * 65535, MASK)
    def test_a_whole_message_is_read(self, text: str, mask: bytes) -> None:
        """Whatever its mask is."""
        self.assertEqual(text_of(framed(text.encode(), mask=mask)), text.encode())

    def test_the_example_of_the_standard(self) -> None:
        """RFC 6455, section 5.7: a masked text message."""
        self.assertEqual(text_of(bytes.fromhex("818537fa213d7f9f4d5158")), b"Hello")

    def test_anything_else_is_not(self) -> None:
        """Autobahn knows what to do with it."""
        whole = framed(b'{"id":1}')
        for data in (
            b"",
            whole[:5],
            whole[:-1],
            whole + b"\x81",
            whole + whole,
            b"\x81\x05Hello",
            framed(b"x", 0x01),
            framed(b"x", 0x80),
            framed(b"x", 0x82),
            framed(b"x", 0x89),
            framed(b"x", 0xC1),
            framed(b"\xff"),
            b"\x81\xfe\x00\x02" + MASK + b"ab",
            b"\x81\xff" + struct.pack(">Q", 2) + MASK + b"ab",
        ):
            self.assertIsNone(text_of(data), data)


class Heads(SynchronousTestCase):
    """What goes out."""

    def test_the_length_has_three_forms(self) -> None:
        """RFC 6455, section 5.2."""
        self.assertEqual(frame_head(125), b"\x81\x7d")
        self.assertEqual(frame_head(126), b"\x81\x7e\x00\x7e")
        self.assertEqual(frame_head(65535), b"\x81\x7e\xff\xff")
        self.assertEqual(frame_head(65536), b"\x81\x7f" + (65536).to_bytes(8, "big"))
