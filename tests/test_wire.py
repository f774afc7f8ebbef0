"""The codec of both wires: `webipy.core.kernel.wire`."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.json_depth import MAX_DEPTH
from webipy.core.kernel import wire

KEY = b"key of the tests"
VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "wire.json").read_text())

headers = st.builds(wire.Header, msg_id=st.text(), msg_type=st.text(), session=st.text(), date=st.text())
json_parts = st.sampled_from([b"{}", b'{"a":1}', '{"é":[]}'.encode()]) | st.binary(max_size=40)
messages = st.builds(
    wire.Message,
    header=headers,
    parent=st.none() | headers,
    metadata=json_parts,
    content=json_parts,
    buffers=st.lists(st.binary(max_size=20), max_size=4).map(tuple),
)
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def a_message(**fields: Any) -> wire.Message:
    """Make a message with a parent and two buffers."""
    parent = wire.Header("m0", "execute_request", "s")
    message = wire.new_message(
        "stream", b'{"name":"stdout"}', msg_id="m1", session="k", parent=parent, buffers=(b"a", b"")
    )
    return msgspec.structs.replace(message, **fields)


class Vectors(SynchronousTestCase):
    """The vectors that every implementation shares."""

    def test_small_and_large_parts_are_signed_alike(self) -> None:
        """Whether they are joined before or not; by hand, as the protocol has it."""
        for size in (10, 100_000):
            made = wire.new_message("stream", b'"' + b"x" * size + b'"', msg_id="m", session="s")
            frames = wire.encode(b"key", made)
            self.assertEqual(frames[1], hmac.new(b"key", b"".join(frames[2:]), "sha256").hexdigest().encode())
            link = wire.encode_link(b"key", b"1 iopub", made)
            counted = b"".join(len(part).to_bytes(8, "big") + part for part in [link[0], *link[2:]])
            self.assertEqual(link[1], hmac.new(b"key", counted, "sha256").digest())

    def test_messages_decode_as_written(self) -> None:
        """Frames of both wires give the parts of the vector."""
        for case in VECTORS["messages"]:
            key = VECTORS["key"].encode()
            from_wire = wire.decode(key, [bytes.fromhex(part) for part in case["wire"]])
            number, channel, from_link = wire.decode_link(key, [bytes.fromhex(part) for part in case["link"]])
            self.assertEqual(f"{number} {channel}", case["link_stamp"])
            self.assertEqual(from_wire, from_link, case["name"])
            self.assertEqual(msgspec.to_builtins(from_wire.header), case["header"])
            self.assertEqual({} if from_wire.parent is None else msgspec.to_builtins(from_wire.parent), case["parent"])
            self.assertEqual(
                (from_wire.metadata.decode(), from_wire.content.decode()), (case["metadata"], case["content"])
            )
            self.assertEqual([part.hex() for part in from_wire.buffers], case["buffers"])

    def test_messages_encode_as_written(self) -> None:
        """The same messages give the same frames, to the byte."""
        for case in VECTORS["messages"]:
            key, frames = VECTORS["key"].encode(), [bytes.fromhex(part) for part in case["wire"]]
            message = wire.decode(key, frames)
            self.assertEqual(wire.encode(key, message, [b"topic"]), frames)
            link = wire.encode_link(key, case["link_stamp"].encode(), message)
            self.assertEqual([part.hex() for part in link], case["link"])

    def test_content_is_cleaned_as_written(self) -> None:
        """What kernels get wrong is mended the same way everywhere."""
        for case in VECTORS["clean"]:
            self.assertEqual(wire.clean_content(bytes.fromhex(case["raw"])).decode(), case["clean"])

    def test_what_is_not_json_is_refused_as_written(self) -> None:
        """Nothing that is not one JSON value passes."""
        for raw in VECTORS["refused"]:
            self.assertRaises(wire.Malformed, wire.clean_content, bytes.fromhex(raw))


class JupyterWire(SynchronousTestCase):
    """Jupyter messaging 5.4, the wire protocol."""

    def test_the_layout_is_jupyters(self) -> None:
        """Identities, delimiter, hex HMAC-SHA256 over the four JSON parts, the parts, the buffers."""
        frames = wire.encode(KEY, a_message(), [b"one", b"two"])
        self.assertEqual(frames[:3], [b"one", b"two", b"<IDS|MSG>"])
        digest = hmac.new(KEY, b"".join(frames[4:8]), hashlib.sha256).hexdigest().encode()
        self.assertEqual((frames[3], frames[8:]), (digest, [b"a", b""]))

    def test_an_empty_parent_is_none(self) -> None:
        """`{}` on the wire is no parent, and no parent is `{}` on the wire."""
        frames = wire.encode(KEY, a_message(parent=None))
        self.assertEqual(frames[3], b"{}")
        self.assertIsNone(wire.decode(KEY, frames).parent)
        for empty in (b"null", b"", b"{ }"):
            parts = [frames[2], empty, *frames[4:6]]
            signature = hmac.new(KEY, b"".join(parts), hashlib.sha256).hexdigest().encode()
            self.assertIsNone(wire.decode(KEY, [frames[0], signature, *parts, *frames[6:]]).parent, empty)

    def test_a_changed_json_part_is_refused(self) -> None:
        """Each of the four JSON parts and the signature are covered."""
        for index in range(1, 6):
            frames = wire.encode(KEY, a_message())
            frames[index] = frames[index][:-1] + bytes([frames[index][-1] ^ 1])
            self.assertRaises(wire.BadSignature, wire.decode, KEY, frames)

    def test_another_key_is_refused(self) -> None:
        """A message of another kernel does not pass."""
        self.assertRaises(wire.BadSignature, wire.decode, b"other", wire.encode(KEY, a_message()))

    def test_an_empty_key_is_refused(self) -> None:
        """There are no unsigned messages."""
        self.assertRaises(ValueError, wire.encode, b"", a_message())

    def test_faults_are_named(self) -> None:
        """A missing delimiter, missing parts, and an incomplete header each say so."""
        good = wire.encode(KEY, a_message())
        for frames, words in (
            ([b"x"] * 9, "no <IDS|MSG> delimiter"),
            (good[:4], "at least 4 parts"),
            (signed([b"{}", b"{}", b"{}", b"{}"]), "a header is incomplete: Object missing required field `msg_id`"),
            (signed([b"[]", b"{}", b"{}", b"{}"]), "not a JSON object of strings"),
        ):
            self.assertIn(words, str(self.assertRaises(wire.Malformed, wire.decode, KEY, frames)))

    def test_sloppy_headers_are_understood(self) -> None:
        """Kernels write null, numbers and fields of their own; the message still passes."""
        header = b'{"msg_id":7,"msg_type":"status","date":null,"version":5.3,"session":"s","extra":{"a":[1]}}'
        decoded = wire.decode(KEY, signed([header, b'{"extra":1,"msg_id":"m","msg_type":"t"}', b"{}", b"{}"]))
        self.assertEqual(decoded.header, wire.Header("7", "status", "s"))
        self.assertEqual(decoded.parent, wire.Header("m", "t"))

    def test_a_subshell_is_kept(self) -> None:
        """`subshell_id` passes, also as null; a header without it stays without it."""
        for subshell in ("sub", None):
            message = a_message(header=wire.Header("m", "execute_request", subshell_id=subshell))
            self.assertEqual(wire.decode(KEY, wire.encode(KEY, message)), message)
        self.assertNotIn(b"subshell", wire.encode(KEY, a_message())[2])

    def test_limits_hold_both_ways(self) -> None:
        """Too many parts, a part or a header too large: refused when encoding and when decoding."""
        many = a_message(buffers=(b"",) * (wire.MAX_PARTS - 6))
        self.assertEqual(wire.decode(KEY, wire.encode(KEY, many)), many)
        self.assertRaises(wire.Malformed, wire.encode, KEY, a_message(buffers=(b"",) * (wire.MAX_PARTS - 5)))
        self.assertRaises(wire.Malformed, wire.decode, KEY, [*wire.encode(KEY, many), b""])
        large = bytes(wire.MAX_PART_BYTES + 1)
        self.assertRaises(wire.Malformed, wire.encode_link, KEY, b"shell", a_message(content=large))
        self.assertRaises(wire.Malformed, wire.decode, KEY, [*wire.encode(KEY, a_message()), large])
        wide = wire.Header("m" * wire.MAX_HEADER_BYTES, "t")
        self.assertRaises(wire.Malformed, wire.encode, KEY, a_message(parent=wide))

    @examples(100)
    @given(messages, st.lists(st.binary(max_size=9).filter(lambda part: part != wire.DELIMITER), max_size=3))
    def test_what_is_encoded_is_decoded(self, message: wire.Message, identities: list[bytes]) -> None:
        """Any message survives the wire, whatever its identities are."""
        self.assertEqual(wire.decode(KEY, wire.encode(KEY, message, identities)), message)

    @examples(100)
    @given(st.lists(st.binary(max_size=60), max_size=9))
    @example([b"<IDS|MSG>"])
    @example([b"<IDS|MSG>", b"", b"", b"", b"", b""])
    def test_noise_is_a_bad_frame(self, frames: list[bytes]) -> None:
        """Nothing but `BadFrame` comes of arbitrary parts."""
        self.assertRaises(wire.BadFrame, wire.decode, KEY, frames)
        self.assertRaises(wire.BadFrame, wire.decode_link, KEY, frames)

    @examples(100)
    @given(st.lists(st.binary(max_size=60) | st.just(b'{"msg_id":"a","msg_type":"b"}'), min_size=4, max_size=6))
    @example([b"[" * 60_000, b"{}", b"{}", b"{}"])
    @example([b'{"msg_id":"\\ud800","msg_type":"\xff"}', b"{}", b"{}", b"{}"])
    @example([b'{"msg_id":1e999,"msg_type":true}', b"{}", b"{}", b"{}"])
    def test_well_signed_noise_is_a_bad_frame_or_a_message(self, parts: list[bytes]) -> None:
        """Even who has the key cannot make the codec raise anything else."""
        try:
            message = wire.decode(KEY, signed(parts))
        except wire.BadFrame:
            return
        self.assertEqual((message.metadata, message.content), (parts[2], parts[3]))


class HostLink(SynchronousTestCase):
    """The frames between server and host."""

    def test_the_layout_is_the_documented_one(self) -> None:
        """Stamp, raw HMAC over every other part with its length in front, the parts."""
        frames = wire.encode_link(KEY, b"17 iopub", a_message())
        covered = b"".join(len(part).to_bytes(8, "big") + part for part in [frames[0], *frames[2:]])
        self.assertEqual((frames[0], frames[1]), (b"17 iopub", hmac.digest(KEY, covered, "sha256")))
        self.assertEqual(wire.decode_link(KEY, frames), (17, "iopub", a_message()))

    def test_a_stamp_without_a_number_is_number_zero(self) -> None:
        """Server to host has channels only."""
        self.assertEqual(wire.stamp("shell"), b"shell")
        self.assertEqual(wire.stamp("host", 0), b"0 host")
        self.assertEqual(wire.decode_link(KEY, wire.encode_link(KEY, b"shell", a_message()))[:2], (0, "shell"))
        self.assertRaises(ValueError, wire.stamp, "heartbeat")

    def test_other_stamps_are_refused(self) -> None:
        """No signs, no leading zeros, no foreign digits, no other channels, no line ends."""
        for stamp in (
            b"",
            b"-1 iopub",
            b"01 iopub",
            b"+1 iopub",
            "\u0661 iopub".encode(),
            b"1  iopub",
            b"hb",
            b"shell\n",
            b"1",
        ):
            self.assertRaises(wire.Malformed, wire.encode_link, KEY, stamp, a_message())
            frames = wire.encode_link(KEY, b"shell", a_message())
            self.assertRaises(wire.Malformed, wire.decode_link, KEY, [stamp, *frames[1:]])

    def test_every_change_is_refused(self) -> None:
        """Bytes, buffers, the stamp, the borders between parts and their count are all covered."""
        good = wire.encode_link(KEY, b"17 iopub", a_message())
        changed = [[*good, b""], good[:-1], [b"18 iopub", *good[1:]], [*good[:6], b"", b"a"]]
        changed.append([*good[:4], good[4] + good[5][:1], good[5][1:], *good[6:]])
        changed += [[*good[:i], good[i] + b" ", *good[i + 1 :]] for i in range(1, len(good))]
        for frames in changed:
            self.assertRaises(wire.BadSignature, wire.decode_link, KEY, frames)

    @examples(100)
    @given(messages, st.integers(0, 10**18), st.sampled_from(sorted(wire.CHANNELS)))
    def test_what_is_encoded_is_decoded(self, message: wire.Message, number: int, channel: str) -> None:
        """Any message survives the link with its place."""
        frames = wire.encode_link(KEY, wire.stamp(channel, number), message)
        self.assertEqual(wire.decode_link(KEY, frames), (number, channel, message))


class CleanContent(SynchronousTestCase):
    """Content that may be spliced into another document."""

    def test_strict_json_is_not_touched(self) -> None:
        """The very bytes come back, spaces and all."""
        raw = b' {"a": [1, 2.50, "\\u00e9"]} '
        self.assertIs(wire.clean_content(raw), raw)

    def test_deep_nesting_is_refused(self) -> None:
        """A bomb of brackets is refused, also inside lenient JSON; up to the limit nothing is."""
        for depth in (MAX_DEPTH + 1, 954, 100_000):
            self.assertRaises(wire.TooDeep, wire.clean_content, b"[" * depth + b"]" * depth)
            self.assertRaises(wire.TooDeep, wire.clean_content, b"[NaN," * depth + b"0" + b"]" * depth)
        deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
        self.assertIs(wire.clean_content(deep), deep)
        self.assertIn(b"[null,", wire.clean_content(b"[NaN," * MAX_DEPTH + b"0" + b"]" * MAX_DEPTH))
        wide = b"[" + b"[]," * 10_000 + b"[]]"
        self.assertIs(wire.clean_content(wide), wide)

    @examples(100)
    @given(values)
    def test_what_python_writes_becomes_strict(self, value: Any) -> None:
        """Anything the standard library writes, NaN and lone surrogates included, is mended and never refused."""
        clean = wire.clean_content(json.dumps(value).encode())
        json.loads(clean.decode(), parse_constant=self.fail)

    @examples(100)
    @given(st.binary() | st.text(alphabet='{}[]",:\\u0d8eE+-. \n\tnulltrefaNI1').map(str.encode))
    def test_no_bytes_get_past(self, raw: bytes) -> None:
        """Whatever passes is one strict JSON value in valid UTF-8: nothing can be injected around it."""
        try:
            clean = wire.clean_content(raw)
        except wire.Malformed:
            return
        spliced = b'{"content":' + clean + b',"end":1}'
        msgspec.json.decode(spliced, type=dict[str, msgspec.Raw])
        self.assertEqual(list(json.loads(spliced.decode(), parse_constant=self.fail)), ["content", "end"])


def signed(parts: list[bytes]) -> list[bytes]:
    """Put a good signature in front of arbitrary parts."""
    return [wire.DELIMITER, hmac.new(KEY, b"".join(parts[:4]), hashlib.sha256).hexdigest().encode(), *parts]
