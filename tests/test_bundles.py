"""Several messages of the host link as one: `webipy.core.kernel.bundles`."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_wire import messages
from webipy.core.kernel import bundles, wire
from webipy.core.kernel.bundles import MAX_BYTES, MAX_MESSAGES
from webipy.core.kernel.spool_records import Kept, number_message

KEY = b"key of the tests"
places = st.tuples(st.integers(1, 2**63), st.sampled_from(sorted(wire.CHANNELS)), messages)


def kept(number: int, channel: str = "iopub", size: int = 2) -> Kept:
    """A message with its place."""
    return number_message(number, channel, wire.new_message("stream", b" " * size, msg_id=f"m{number}", session="k"))


def sizes(kept_messages: list[Kept]) -> list[int]:
    """How many messages go together."""
    return [len(group) for group in bundles.grouped(kept_messages)]


def signed(body: bytes) -> list[bytes]:
    """A well signed bundle of what is none."""
    return [bundles.STAMP, wire.sign_link(KEY, bundles.STAMP, [body]), body]


class Groups(SynchronousTestCase):
    """What goes together."""

    def test_nothing_is_no_group(self) -> None:
        """Of none."""
        self.assertEqual(sizes([]), [])

    def test_small_ones_go_together(self) -> None:
        """In their order, up to a number."""
        many = [kept(number) for number in range(1, 2 * MAX_MESSAGES + 2)]
        self.assertEqual(sizes(many), [MAX_MESSAGES, MAX_MESSAGES, 1])
        self.assertEqual([one for group in bundles.grouped(many) for one in group], many)

    def test_a_bundle_is_small(self) -> None:
        """A large message goes by itself."""
        self.assertEqual(sizes([kept(1), kept(2, size=MAX_BYTES), kept(3), kept(4)]), [1, 1, 2])
        self.assertEqual([bundles.may_bundle(kept(1, size=size)) for size in (0, MAX_BYTES)], [True, False])

    def test_what_the_host_says_goes_by_itself(self) -> None:
        """It may change the key of what follows."""
        self.assertEqual(
            sizes([kept(1), kept(2), kept(3, "host"), kept(4, "host"), kept(5, "shell"), kept(6)]), [2, 1, 1, 2]
        )


class Parts(SynchronousTestCase):
    """On the wire."""

    @examples(50)
    @given(st.lists(places, min_size=1, max_size=5))
    def test_what_is_encoded_is_decoded(self, said: list[tuple[int, str, wire.Message]]) -> None:
        """Each message with its number and channel."""
        whole = [number_message(*one) for one in said]
        frames = bundles.encode(KEY, whole)
        self.assertTrue(bundles.is_bundle(frames))
        self.assertEqual(bundles.decode(KEY, frames), whole)

    def test_a_message_by_itself_is_none(self) -> None:
        """Nor is nothing."""
        self.assertFalse(bundles.is_bundle(wire.encode_link(KEY, b"1 iopub", kept(1).message)))
        self.assertFalse(bundles.is_bundle([]))

    def test_another_key_or_another_byte_is_refused(self) -> None:
        """Before anything is parsed."""
        stamp, signature, body = bundles.encode(KEY, [kept(1), kept(2)])
        for key, frames in (
            (b"another key", [stamp, signature, body]),
            (KEY, [stamp, signature, body + b"x"]),
            (KEY, [stamp, signature[:-1], body]),
        ):
            self.assertRaises(wire.BadSignature, bundles.decode, key, frames)

    def test_what_is_well_signed_and_no_bundle_is_malformed(self) -> None:
        """Too many parts, too few, a message without a place, and what is no list of messages."""
        whole = bundles.encode(KEY, [kept(1)])
        for frames in (
            [*whole, b""],
            whole[:2],
            bundles.encode(KEY, [kept(0)]),
            bundles.encode(KEY, [kept(1, "other")]),
            signed(whole[2][:-1]),
            signed(b"\xc1"),
            signed(msgspec.msgpack.encode([{"number": 1}])),
        ):
            self.assertRaises(wire.Malformed, bundles.decode, KEY, frames)
