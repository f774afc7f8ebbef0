"""The spool of a kernel host: `webipy.core.kernel.spool_records` and `webipy.host.spool_file`."""

from __future__ import annotations

import os
import resource
import signal
import zlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_wire import messages
from webipy.core.kernel import wire
from webipy.core.kernel.spool_records import (
    FRAME,
    MAGIC,
    Damaged,
    Kept,
    decode_body,
    decode_frame,
    encode_record,
    number_message,
)
from webipy.host.spool_file import SpoolFile, write_segment


def kept(number: int, text: bytes = b"{}") -> Kept:
    """Make a message with its place."""
    return number_message(
        number, "iopub", wire.new_message("stream", text, msg_id=f"m{number}", session="k", buffers=(b"\x00",))
    )


def lost(reason: str) -> wire.Message:
    """Make the event that stands in for a damaged record."""
    return wire.new_message("output_lost", reason.encode(), msg_id="lost", session="host")


class Records(SynchronousTestCase):
    """One record, byte by byte."""

    @examples(100)
    @given(messages, st.integers(1, 2**63), st.sampled_from(sorted(wire.CHANNELS)))
    def test_what_is_encoded_is_decoded(self, message: wire.Message, number: int, channel: str) -> None:
        """Any message comes back whole, with its place."""
        one = number_message(number, channel, message)
        record = encode_record(one)
        self.assertEqual(decode_body(record[8:], *decode_frame(record[:8])), one)

    def test_the_layout_is_the_documented_one(self) -> None:
        """Length, checksum, number, channel, count, lengths, parts."""
        record = encode_record(kept(5))
        parts = wire.split(kept(5).message)
        body = (5).to_bytes(8, "big") + b"\x02" + len(parts).to_bytes(2, "big")
        body += b"".join(len(part).to_bytes(4, "big") for part in parts) + b"".join(parts)
        self.assertEqual(record[:4], len(body).to_bytes(4, "big"))
        self.assertEqual(record[8:], body)

    def test_a_record_cut_anywhere_is_damaged(self) -> None:
        """Every prefix of a record is recognized as not whole."""
        record = encode_record(kept(1))
        for end in range(len(record)):
            self.assertRaises(Damaged, lambda end=end: decode_body(record[8:end], *decode_frame(record[: min(8, end)])))

    def test_a_flipped_bit_is_damage(self) -> None:
        """Whichever bit of the body it is."""
        record = encode_record(kept(1))
        length, checksum = decode_frame(record[:8])
        for at in range(8, len(record)):
            for bit in range(8):
                changed = record[8:at] + bytes([record[at] ^ (1 << bit)]) + record[at + 1 :]
                self.assertRaises(Damaged, decode_body, changed, length, checksum)

    def test_parts_that_are_no_message_are_damaged(self) -> None:
        """With a good checksum: parts that do not fill the body, and parts of another kind."""
        whole = encode_record(kept(1))[8:]
        parts = [b"1"] * 5
        other = whole[:11] + b"".join(len(part).to_bytes(4, "big") for part in parts) + b"".join(parts)
        for body in (whole + b"x", whole[:9] + b"\0\5" + other[11:]):
            frame = FRAME.pack(len(body), zlib.crc32(body))
            self.assertRaises(Damaged, decode_body, body, *decode_frame(frame))

    @examples(100)
    @given(st.binary(max_size=200))
    def test_noise_is_damaged(self, noise: bytes) -> None:
        """Even with a good checksum, nothing but `Damaged` comes of bytes that are no record."""
        frame = FRAME.pack(len(noise), zlib.crc32(noise))
        self.assertRaises(Damaged, lambda: decode_body(noise, *decode_frame(frame)))


class Files(SynchronousTestCase):
    """Segments on disk."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.log: list[str] = []

    def spool(self, limit_bytes: int = 10**9, segment_bytes: int = 2000) -> SpoolFile:
        """Open a spool with small segments."""
        spool = SpoolFile(str(self.folder), lost, self.log.append, limit_bytes, segment_bytes)
        self.addCleanup(spool.close)
        return spool

    def names(self) -> list[str]:
        """List the segments."""
        return sorted(os.listdir(self.folder))

    def test_first_in_first_out_over_segments(self) -> None:
        """Reading and writing may take turns; what was read to its end is deleted."""
        spool, came = self.spool(), []
        for number in range(1, 61):
            self.assertTrue(spool.write(kept(number)))
            if number % 3 == 0:
                came.append(spool.read())
        self.assertGreater(len(self.names()), 2)
        self.assertEqual(len(spool), 40)
        came += [spool.read() for _ in range(len(spool))]
        self.assertEqual(came, [kept(number) for number in range(1, 61)])
        self.assertEqual((self.names(), len(spool)), ([], 0))

    def test_an_emptied_spool_is_used_again(self) -> None:
        """Numbers may have gone on in memory meanwhile."""
        spool = self.spool()
        spool.write(kept(1))
        spool.read()
        spool.write(kept(9))
        self.assertEqual(spool.read(), kept(9))

    def test_files_are_private(self) -> None:
        """Output is nobody else's business."""
        self.spool().write(kept(1))
        self.assertEqual(os.stat(self.folder / "spool-1").st_mode & 0o777, 0o600)

    def test_the_limit_holds(self) -> None:
        """Past the limit a write says no and changes nothing; reading makes room."""
        spool = self.spool(limit_bytes=6000)
        number = 1
        while spool.write(kept(number)):
            number += 1
        size = sum((self.folder / name).stat().st_size for name in self.names())
        self.assertLessEqual(size, 6000)
        came = [spool.read() for _ in range(len(spool) - 1)]
        self.assertTrue(spool.write(kept(number)))
        came += [spool.read() for _ in range(len(spool))]
        self.assertEqual([one.number for one in came], list(range(1, number + 1)))

    def test_a_full_disk_is_a_no(self) -> None:
        """A write that the disk takes only in part is undone; what was written before stays readable."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGXFSZ, handler)
        spool = self.spool(segment_bytes=10**6)
        spool.write(kept(1))
        size = (self.folder / "spool-1").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, before[1]))
        try:
            self.assertFalse(spool.write(kept(2, b'{"text":"' + b"x" * 500 + b'"}')))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        self.assertEqual((self.folder / "spool-1").stat().st_size, size)
        self.assertEqual(self.log, ["the spool cannot be written: File too large"])
        self.assertTrue(spool.write(kept(2)))
        self.assertEqual([spool.read(), spool.read()], [kept(1), kept(2)])

    def test_a_damaged_record_is_replaced_under_its_number(self) -> None:
        """A flipped byte costs that message, which is told, and no other."""
        spool = self.spool(segment_bytes=10**6)
        for number in (1, 2, 3):
            spool.write(kept(number))
        path = self.folder / "spool-1"
        content = bytearray(path.read_bytes())
        content[len(MAGIC) + len(encode_record(kept(1))) + 40] ^= 1
        path.write_bytes(content)
        came = [spool.read() for _ in range(3)]
        self.assertEqual([came[0], came[2]], [kept(1), kept(3)])
        self.assertEqual((came[1].number, came[1].channel, came[1].message.header.msg_type), (2, "host", "output_lost"))
        self.assertEqual(len(self.log), 1)

    def test_a_damaged_length_costs_the_rest_of_its_segment(self) -> None:
        """The numbers stay dense, and the next segment is whole."""
        spool = self.spool(segment_bytes=900)
        for number in range(1, 11):
            spool.write(kept(number))
        path = self.folder / "spool-1"
        content = bytearray(path.read_bytes())
        content[len(MAGIC)] = 0xFF
        path.write_bytes(content)
        came = [spool.read() for _ in range(10)]
        self.assertEqual([one.number for one in came], list(range(1, 11)))
        self.assertEqual(came[-1], kept(10))
        self.assertEqual({one.channel for one in came[: len(self.log)]}, {"host"})

    def test_a_segment_can_be_written_at_once(self) -> None:
        """What memory holds at the end is one more segment in the same format."""
        path = str(self.folder / "spool-0")
        write_segment(path, [kept(1), kept(2)])
        with open(path, "rb") as file:
            self.assertEqual(file.read(), MAGIC + encode_record(kept(1)) + encode_record(kept(2)))
