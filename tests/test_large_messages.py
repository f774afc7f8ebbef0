"""webipy.core.kernel.large_messages, webipy.core.kernel.blobs and webipy.core.kernel.json_pieces: how large messages of a kernel are cut to what
one message of the link may hold. What a host makes of them is in test_large_host.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.kernel import blobs, json_pieces, large_messages, wire
from webipy.core.kernel.wire import Message

_CHARACTERS = st.sampled_from(["a", "\\", '"', "\n", "\x01", "é", "€", "😀", "\ud83d", "\ude00", "u", "d"])


def message(msg_type: str, content: object, *, ascii: bool = False) -> Message:
    """A message of a kernel."""
    parent = wire.Header("request", "execute_request")
    raw = json.dumps(content, ensure_ascii=ascii).encode()
    return wire.new_message(msg_type, raw, msg_id="m1", session="k", parent=parent)


def text_of(pieces: Iterable[Message]) -> str:
    """The text of stream messages, joined; each is JSON by itself."""
    return "".join(json.loads(piece.content)["text"] for piece in pieces)


class Text(SynchronousTestCase):
    """Text that is cut as JSON."""

    @examples(100)
    @given(st.text(_CHARACTERS, max_size=200), st.booleans(), st.integers(12, 40))
    def test_the_pieces_are_strings_by_themselves_and_together_the_text(
        self, text: str, ascii: bool, limit: int
    ) -> None:
        """No cut is inside a character, an escape or a pair of surrogates."""
        ascii = ascii or any("\ud800" <= one <= "\udfff" for one in text)
        encoded = json.dumps(text, ensure_ascii=ascii).encode()
        pieces = list(json_pieces.cut_text(memoryview(encoded)[1:-1], limit))
        for piece in pieces:
            self.assertLessEqual(len(piece), limit)
            json.loads(b'"' + bytes(piece) + b'"')
        self.assertEqual(b"".join(pieces), encoded[1:-1])
        whole = json.loads(encoded)
        if not any("\ud800" <= one <= "\udfff" for one in whole):
            self.assertEqual("".join(json.loads(b'"' + bytes(piece) + b'"') for piece in pieces), whole)

    def test_a_run_of_halves_of_characters_is_cut(self) -> None:
        """A kernel may print first halves only; cutting comes to an end."""
        encoded = json.dumps("\ud83d" * 100).encode()
        pieces = list(json_pieces.cut_text(memoryview(encoded)[1:-1], 20))
        self.assertEqual(b"".join(pieces), encoded[1:-1])
        self.assertTrue(all(0 < len(piece) <= 20 for piece in pieces))

    def test_a_large_stream_becomes_small_ones(self) -> None:
        """Each with the name and the parent of the large one."""
        text = "äöü\n" * 2_000_000
        whole = message("stream", {"name": "stderr", "text": text})
        self.assertTrue(large_messages.is_large(whole))
        pieces = [piece for _, piece in large_messages.texts(whole)]
        self.assertEqual(text_of(pieces), text)
        self.assertEqual({piece.parent for piece in pieces}, {whole.parent})
        self.assertEqual({json.loads(piece.content)["name"] for piece in pieces}, {"stderr"})
        self.assertFalse(any(map(large_messages.is_large, pieces)))

    def test_what_is_no_text_is_not_cut(self) -> None:
        """A stream message whose text is none goes another way."""
        taken = large_messages.Large(lambda reason: Message(wire.Header("m", "output_lost")))
        whole = message("stream", {"name": "stdout", "text": ["x" * 3_000_000]})
        self.assertEqual(list(taken.taken_apart("iopub", whole)), [("iopub", whole)])

    def test_a_large_prompt_is_shown_as_text_before(self) -> None:
        """The request has the end of it, and together they are the prompt."""
        text = "€" * 3_000_000
        taken = large_messages.Large(lambda reason: Message(wire.Header("m", "output_lost")))
        pieces = list(taken.taken_apart("stdin", message("input_request", {"prompt": text, "password": True})))
        request = pieces[-1][1]
        asked = json.loads(request.content)
        self.assertEqual(text_of(piece for _, piece in pieces[:-1]) + asked["prompt"], text)
        self.assertTrue(asked["password"])
        self.assertLess(len(request.content), 2 * large_messages.WORDS_BYTES)


class Replies(SynchronousTestCase):
    """Replies are never lost."""

    def test_a_large_reply_still_ends_its_execution(self) -> None:
        """Status, count and the start of the error stay; each expression says why it is missing."""
        fault = {"status": "error", "execution_count": 7, "ename": "ValueError", "evalue": "x" * 3_000_000}
        fault["traceback"] = ["y" * 3_000_000]
        reply, reason = large_messages.short_reply(message("execute_reply", fault))
        told = json.loads(reply.content)
        self.assertEqual([told["status"], told["execution_count"], told["ename"]], ["error", 7, "ValueError"])
        self.assertTrue(told["evalue"].startswith("x" * large_messages.WORDS_BYTES))
        self.assertIn("5.7 MiB", reason)
        good = {"status": "ok", "execution_count": 8, "user_expressions": {"a": {"data": "z" * 3_000_000}}}
        told = json.loads(large_messages.short_reply(message("execute_reply", good))[0].content)
        self.assertEqual([told["status"], told["user_expressions"]["a"]["status"]], ["ok", "error"])

    def test_a_reply_that_cannot_be_read_ends_its_execution(self) -> None:
        """As a failure, for nothing better is known."""
        broken = Message(wire.Header("m", "execute_reply"), content=b"[" * 3_000_000)
        self.assertEqual(json.loads(large_messages.short_reply(broken)[0].content)["status"], "error")

    def test_an_answer_over_the_limit_is_an_error(self) -> None:
        """Whoever waits for it is told its size."""
        told = json.loads(
            large_messages.short_answer(message("complete_reply", {"matches": ["x" * 20_000_000]})).content
        )
        self.assertEqual(told["status"], "error")
        self.assertIn("19.1 MiB", told["evalue"])

    def test_an_execution_whose_output_was_not_kept_has_failed(self) -> None:
        """A reply that says ok says error; one that failed by itself stays as it is."""
        reason = large_messages.too_large("display_data", 3 << 30)
        self.assertIn("3.0 GiB", reason)
        good = large_messages.failed_reply(message("execute_reply", {"status": "ok", "execution_count": 3}), reason)
        told = json.loads(good.content)
        self.assertEqual(
            [told["status"], told["execution_count"], told["ename"], told["evalue"]],
            ["error", 3, large_messages.TOO_LARGE, reason],
        )
        bad = message("execute_reply", {"status": "aborted"})
        self.assertIs(large_messages.failed_reply(bad, reason), bad)
        self.assertEqual(
            json.loads(large_messages.error_output(message("stream", {}), reason).content)["evalue"], reason
        )


class Displays(SynchronousTestCase):
    """Values of displays that become blobs."""

    def taken(self, msg_type: str, content: object, *, ascii: bool = False) -> tuple[dict[str, bytes], Message]:
        """The blobs that were put together from their parts, and the message that refers to them."""
        taken = large_messages.Large(lambda reason: Message(wire.Header("m", "output_lost")))
        *parts, (channel, rest) = taken.taken_apart("iopub", message(msg_type, content, ascii=ascii))
        found: dict[str, bytes] = {}
        for place, brought in parts:
            self.assertEqual((place, large_messages.is_large(brought)), ("host", False))
            part = blobs.decode_part(brought)
            self.assertEqual(part.offset, len(found.setdefault(part.blob, b"")))
            found[part.blob] += part.data
        self.assertEqual((channel, rest.header.msg_type, large_messages.is_large(rest)), ("iopub", msg_type, False))
        for name, blob in found.items():
            self.assertEqual(hashlib.sha256(blob).hexdigest(), name)
        return found, rest

    def test_the_largest_values_become_blobs(self) -> None:
        """What is small stays; what refers to the large one says its size."""
        picture = "iVBO" * 1_000_000
        data = {"image/png": picture, "text/plain": "<Figure>"}
        found, rest = self.taken("display_data", {"data": data, "metadata": {"a": 1}, "transient": {"display_id": "d"}})
        told = json.loads(rest.content)
        ((name, blob),) = found.items()
        self.assertEqual(blob.decode(), picture)
        self.assertEqual(told["data"], {"text/plain": "<Figure>"})
        self.assertEqual(told["transient"], {"display_id": "d"})
        self.assertEqual(
            told["metadata"], {"a": 1, "webipy": {"blobs": {"image/png": {"sha256": name, "size": len(picture)}}}}
        )
        self.assertEqual(blobs.refs_of(rest.content), {"image/png": blobs.Ref(name, len(picture))})
        self.assertEqual(blobs.found_in(rest.content), {name: len(picture)})

    def test_the_same_text_is_the_same_blob_however_it_is_escaped(self) -> None:
        """The blob is the text itself, not its JSON."""
        text = "é\n😀" * 500_000
        content = {"data": {"text/html": text}, "metadata": {}, "execution_count": 5}
        found, rest = self.taken("execute_result", content)
        self.assertEqual([blob.decode() for blob in found.values()], [text])
        self.assertEqual(self.taken("execute_result", content, ascii=True)[0], found)
        self.assertEqual(json.loads(rest.content)["execution_count"], 5)

    def test_json_stays_json_and_texts_keep_their_start(self) -> None:
        """A value that is no string is its JSON; a text for people is shown in part."""
        rows = [{"n": number, "text": "x" * 50} for number in range(50_000)]
        found, rest = self.taken(
            "update_display_data", {"data": {"application/json": rows, "text/plain": "y" * 3_000_000}}
        )
        told = json.loads(rest.content)
        refs = blobs.refs_of(rest.content)
        self.assertEqual(json.loads(found[refs["application/json"].sha256]), rows)
        self.assertEqual([refs["application/json"].json, refs["text/plain"].json], [True, False])
        self.assertTrue(told["data"]["text/plain"].startswith("y" * blobs.PREVIEW_CHARACTERS))
        self.assertIn("2.9 MiB in all", told["data"]["text/plain"])

    def test_an_error_keeps_its_start_and_all_of_its_traceback(self) -> None:
        """Many lines, and long ones."""
        lines = ["x" * 3_000_000, *(f"line {number} " + "y" * 5_000 for number in range(500))]
        found, rest = self.taken("error", {"ename": "E", "evalue": "x" * 3_000_000, "traceback": lines})
        self.assertEqual([blob.decode() for blob in found.values()], ["\n".join(lines)])
        told = json.loads(rest.content)
        self.assertEqual((told["ename"], len(told["traceback"])), ("E", large_messages.MAX_LINES))
        self.assertTrue(told["traceback"][-1].startswith("line 499 "))

    def test_what_is_no_text_is_mended(self) -> None:
        """Bytes that are no UTF-8, and halves of characters."""
        inner = memoryview(b"a\xff" + b'\\ud83d\\"' + b"b" * 30)
        self.assertEqual(b"".join(json_pieces.utf8_of(inner, 12)).decode(), 'a\ufffd?"' + "b" * 30)
        for text, mended in (("é".encode(), "é"), (b"\xff", "\ufffd")):
            self.assertEqual(b"".join(json_pieces.utf8_of(memoryview(text))).decode(), mended)
        self.assertEqual(json_pieces.text_of(b"\\x"), "\ufffd", "an escape that is none")

    @examples(100)
    @given(st.text(st.sampled_from("aé€😀"), max_size=30), st.integers(1, 12))
    def test_a_text_is_read_in_windows(self, text: str, limit: int) -> None:
        """Each reads a little more than it asks for; together they are the text, each character once."""
        body, read, at = text.encode(), "", 0
        while at < len(body):
            first, part = json_pieces.whole_text(body[at : at + limit + 3], limit)
            self.assertLess(first, 4)
            read, at = read + part, at + limit
        self.assertEqual(read, text)

    def test_sizes_for_people(self) -> None:
        """In the largest unit that fits, and never 0."""
        sizes = {0: "1 KiB", 1536: "2 KiB", (1 << 20) - 1: "1024 KiB", 1 << 20: "1.0 MiB", 3 << 29: "1.5 GiB"}
        self.assertEqual({size: json_pieces.size_text(size) for size in sizes}, sizes)


class References(SynchronousTestCase):
    """Blobs on the link and in outputs."""

    NAME = "0" * 64
    REF = blobs.Ref(NAME, 5)

    def test_no_value_becomes_a_blob_where_the_whole_may_stay(self) -> None:
        """However large it is for itself; else the largest ones, the first by name of two that are equal, until half is left."""
        data = {
            kind: Raw(json.dumps("x" * size).encode()) for kind, size in (("b", 40), ("a", 40), ("c", 4), ("d", 90))
        }
        self.assertEqual(blobs.large_values(data, 180, 180), {})
        self.assertEqual(list(blobs.large_values(data, 180, 100)), ["d", "a"])

    def test_the_start_of_a_text(self) -> None:
        """As many characters as a preview has, of any width, from as many pieces as it takes."""
        start = blobs.longer_start("", "é".encode() * (blobs.PREVIEW_CHARACTERS - 1))
        self.assertEqual(len(start), blobs.PREVIEW_CHARACTERS - 1)
        full = blobs.longer_start(start, "😀😀".encode())
        self.assertEqual(full, start + "😀")
        self.assertIs(blobs.longer_start(full, b"x"), full)
        self.assertIsNone(blobs.preview_of("text/html", "<p>", 9), "half of a page is no page")

    def test_a_part_without_a_place_in_a_blob_is_refused(self) -> None:
        """A host may send anything."""
        part = blobs.Part(self.NAME, 2, 5, b"abc")
        self.assertEqual(blobs.decode_part(blobs.encode_part(part)), part)
        for odd in (
            blobs.Part("../passwd", 2, 5, b"abc"),
            blobs.Part(self.NAME, 3, 5, b"abc"),
            blobs.Part(self.NAME, -1, 5, b"abc"),
            blobs.Part(self.NAME, 2, 5, b""),
        ):
            self.assertRaises(msgspec.DecodeError, blobs.decode_part, blobs.encode_part(odd))
        twice = msgspec.structs.replace(blobs.encode_part(part), buffers=(b"abc", b"abc"))
        self.assertRaises(msgspec.DecodeError, blobs.decode_part, twice)

    def test_metadata_of_others_under_our_name_are_no_references(self) -> None:
        """Whatever they are, they are kept, or replaced where they are no object."""
        self.assertEqual(blobs.refs_of(b'{"metadata":{}}'), {})
        for ours in (b'{"blobs":{"a":7}}', b'{"blobs":{"a":{"sha256":"x","size":5}}}', b'[{"blobs":{"a":7}}]'):
            self.assertEqual(blobs.refs_of(b'{"metadata":{"webipy":%b}}' % ours), {})
        output = b'{"metadata":{"webipy":{"blobs":{"a":{"sha256":"%b","size":-1}}}}}' % self.NAME.encode()
        self.assertEqual(blobs.refs_of(output), {}, "nothing has such a size")
        mixed = blobs.with_refs({"a": Raw(b"1"), "webipy": Raw(b'{"b":2}')}, {"text/plain": self.REF})
        written = b'{"b":2,"blobs":{"text/plain":{"sha256":"%b","size":5}}}' % self.NAME.encode()
        self.assertEqual(mixed, {"a": Raw(b"1"), "webipy": Raw(written)})
        odd = {"webipy": Raw(b"7")}
        self.assertEqual(blobs.with_refs(odd, {}), {"webipy": Raw(b'{"blobs":{}}')})
        self.assertEqual(blobs.without_refs(odd), odd)

    def test_references_go_without_a_trace(self) -> None:
        """`without_refs(with_refs(x, r)) == x`."""
        for metadata in ({}, {"a": Raw(b"1")}, {"webipy": Raw(b'{"b":2}'), "a": Raw(b"1")}):
            again = blobs.without_refs(blobs.with_refs(metadata, {"text/plain": self.REF}))
            self.assertEqual(again, metadata)

    def test_the_blobs_of_an_event(self) -> None:
        """By their names, without decoding; text of a stream refers to none, whatever is printed."""
        refs = b'{"blobs":{"a":{"sha256":"%b","size":5}}}' % self.NAME.encode()
        shown = b'{"type":"output_added","output":{"output_type":"display_data","metadata":{"webipy":%b}}}' % refs
        self.assertEqual(blobs.found_in(shown), {self.NAME: 5})
        printed = b'{"type":"output_added","output":{"output_type":"stream","x":%b}}' % refs
        self.assertEqual((blobs.found_in(printed), blobs.found_in(b"{}")), ({}, {}))
