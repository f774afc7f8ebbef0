"""webipy.core.api.rpc against the JSON-RPC 2.0 specification (sections 4 to 6), and against bytes of strangers."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core import errors
from webipy.core.api import rpc
from webipy.core.api.rpc import Call


def call(**fields: Any) -> bytes:
    """One request as bytes."""
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


class Parse(SynchronousTestCase):
    """`rpc.parse`."""

    def refusals(self, body: bytes) -> list[dict[str, Any]]:
        """The answers to the parts that are no calls."""
        return [json.loads(reply) for reply in rpc.parse(body).refused]

    def test_a_request_is_a_batch_of_one(self) -> None:
        """Section 4: method, params and id."""
        batch = rpc.parse(call(method="cell.list", params={"session": "s"}, id=7))
        self.assertEqual(batch, rpc.Batch([Call("cell.list", Raw(b'{"session": "s"}'), 7)], [], False))

    def test_params_may_be_left_out(self) -> None:
        """Section 4: params may be omitted."""
        self.assertEqual(rpc.parse(call(method="m", id=1)).calls, [Call("m", Raw(b"{}"), 1)])

    def test_every_kind_of_id_comes_back_as_it_was(self) -> None:
        """Section 4: the id is a string, a number or null."""
        for given_id in (0, -3, 1.5, "a", "", "🧪", None, 2**53):
            (parsed,) = rpc.parse(call(method="m", id=given_id)).calls
            self.assertEqual((parsed.id, parsed.is_notification), (given_id, False))
            assert not isinstance(parsed.id, msgspec.UnsetType)
            self.assertEqual(json.loads(rpc.result(parsed.id, {}))["id"], given_id)

    def test_a_request_without_id_is_a_notification(self) -> None:
        """Section 4.1."""
        (parsed,) = rpc.parse(call(method="m")).calls
        self.assertEqual((parsed.id, parsed.is_notification), (UNSET, True))

    def test_fields_of_others_are_ignored(self) -> None:
        """A request may carry more than we read."""
        self.assertEqual(rpc.parse(call(method="m", id=1, trace="x")).calls, [Call("m", Raw(b"{}"), 1)])

    def test_a_batch_keeps_its_order(self) -> None:
        """Section 6."""
        batch = rpc.parse(b"[%b, %b]" % (call(method="a", id=1), call(method="b")))
        self.assertEqual(([c.method for c in batch.calls], batch.is_list), (["a", "b"], True))

    def test_what_is_not_json_is_a_parse_error(self) -> None:
        """Section 5.1: -32700."""
        deep = b"[" * 100_000
        for body in (b"", b"  ", b"{", b"[1,", b"nonsense", b"{]", b'"\xff"', b'{"a": NaN}', b"\xef\xbb\xbf{}", deep):
            fault = self.assertRaises(errors.ParseError, rpc.parse, body)
            self.assertEqual((fault.code, fault.name), (-32700, "parse_error"), body[:20])

    def test_deep_nesting_is_refused_and_not_crashed_on(self) -> None:
        """A body may be one long run of opening brackets."""
        for body in (b'{"a":' * 50_000, b"[" * 50_000 + b"]" * 50_000):
            self.assertRaises(errors.ParseError, rpc.parse, body)

    def test_an_empty_batch_is_refused_whole(self) -> None:
        """Section 6: an empty array is an invalid request, answered by one object."""
        self.assertRaises(errors.InvalidRequest, rpc.parse, b"[]")

    def test_a_batch_has_a_limit(self) -> None:
        """`MAX_BATCH_CALLS` is told."""
        most = b"[" + b",".join([call(method="m", id=1)] * rpc.MAX_BATCH_CALLS) + b"]"
        self.assertEqual(len(rpc.parse(most).calls), rpc.MAX_BATCH_CALLS)
        fault = self.assertRaises(errors.InvalidRequest, rpc.parse, most[:-1] + b"," + call(method="m", id=1) + b"]")
        self.assertEqual(fault.facts, {"limit": rpc.MAX_BATCH_CALLS})

    def test_what_is_no_request_is_answered_with_its_id_if_it_has_one(self) -> None:
        """Section 5: if the id cannot be detected it is null."""
        for body, answered_id in (
            (b"1", None),
            (b'"x"', None),
            (b"null", None),
            (b"{}", None),
            (b'{"jsonrpc":"1.0","method":"m","id":4}', 4),
            (b'{"jsonrpc":"2.0","id":"a"}', "a"),
            (b'{"jsonrpc":"2.0","method":5,"id":6}', 6),
            (b'{"jsonrpc":"2.0","method":"m","id":{}}', None),
        ):
            (refusal,) = self.refusals(body)
            self.assertEqual((refusal["id"], refusal["error"]["code"]), (answered_id, -32600), body)

    def test_params_by_position_are_refused(self) -> None:
        """Names are the API."""
        for params in (b"[]", b"[1]", b"5", b"null", b'"s"'):
            (refusal,) = self.refusals(b'{"jsonrpc":"2.0","method":"m","id":1,"params":%b}' % params)
            self.assertEqual((refusal["id"], refusal["error"]["code"]), (1, -32602), params)
            self.assertEqual(refusal["error"]["data"], {"name": "invalid_params", "field": "params"})

    def test_a_fault_in_one_call_leaves_the_others(self) -> None:
        """Section 6, the example with 1, 2, 3 and real calls among them."""
        batch = rpc.parse(b'[1, %b, {"foo": "boo"}]' % call(method="m", id=1))
        self.assertEqual([c.method for c in batch.calls], ["m"])
        self.assertEqual([json.loads(r)["error"]["code"] for r in batch.refused], [-32600, -32600])

    def test_only_failures_escape_whatever_comes(self) -> None:
        """Random bytes, and random changes of a good message."""
        good = call(method="cell.edit", params={"changes": [[1, [2, "x"]]]}, id=1)

        @examples(300)
        @given(st.one_of(st.binary(max_size=80), st.tuples(st.integers(0, len(good) - 1), st.binary(max_size=3))))
        def holds(drawn: bytes | tuple[int, bytes]) -> None:
            body = drawn if isinstance(drawn, bytes) else good[: drawn[0]] + drawn[1] + good[drawn[0] + 1 :]
            try:
                batch = rpc.parse(body)
            except errors.Failure as fault:
                json.loads(rpc.failure(None, fault))
            else:
                for reply in batch.refused:
                    json.loads(reply)

        holds()


class Answers(SynchronousTestCase):
    """What goes back."""

    def test_a_result(self) -> None:
        """Section 5."""
        self.assertEqual(json.loads(rpc.result(3, {"a": [1]})), {"jsonrpc": "2.0", "id": 3, "result": {"a": [1]}})

    def test_a_failure_has_code_message_and_facts(self) -> None:
        """Section 5.1, with our `data`."""
        fault = errors.StaleVersion("Cell c is at version 4.", version=4)
        self.assertEqual(
            json.loads(rpc.failure("x", fault)),
            {
                "jsonrpc": "2.0",
                "id": "x",
                "error": {
                    "code": -32005,
                    "message": "Cell c is at version 4.",
                    "data": {"name": "stale_version", "version": 4},
                },
            },
        )

    def test_a_notification_has_no_id(self) -> None:
        """Section 4.1."""
        self.assertEqual(
            json.loads(rpc.notification("events", b'{"first":1}')),
            {"jsonrpc": "2.0", "method": "events", "params": {"first": 1}},
        )

    def test_answers_are_joined_as_the_call_came(self) -> None:
        """Section 6: a list for a batch, nothing when all were notifications."""
        self.assertEqual(rpc.join([b"1"], False), b"1")
        self.assertEqual(rpc.join([b"1"], True), b"[1]")
        self.assertEqual(rpc.join([b"1", b"2"], True), b"[1,2]")
        self.assertIsNone(rpc.join([], True))
        self.assertIsNone(rpc.join([], False))


class Failures(SynchronousTestCase):
    """The classes of webipy.core.errors."""

    def kinds(self) -> list[type[errors.Failure]]:
        """All of them."""
        return [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.Failure)]

    def test_every_class_has_a_code_and_a_name_of_its_own(self) -> None:
        """One class is one JSON-RPC code and one name."""
        codes, names = [k.code for k in self.kinds()], [k.name for k in self.kinds()]
        self.assertEqual((len(set(codes)), len(set(names))), (len(codes), len(names)))

    def test_codes_are_in_the_ranges_that_json_rpc_leaves(self) -> None:
        """Section 5.1: -32768 to -32600 are JSON-RPC's, -32099 to -32000 the server's."""
        for kind in self.kinds():
            reserved = kind.code in (-32700, -32600, -32601, -32602, -32603)
            self.assertTrue(reserved or -32099 <= kind.code <= -32000, kind.name)


class Large(SynchronousTestCase):
    """What a message may make of itself."""

    def test_a_list_of_millions_makes_no_millions(self) -> None:
        """It is refused, and no more of it was made than one call too many."""
        body = b"[" + b"0," * 1_000_000 + b"0]"
        tracemalloc.start()
        try:
            fault = self.assertRaises(errors.InvalidRequest, rpc.parse, body)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertEqual(fault.facts, {"limit": rpc.MAX_BATCH_CALLS})
        self.assertLess(most, 4_000_000)  # a text of it takes two

    def test_an_id_has_a_limit(self) -> None:
        """It is kept as long as its call."""
        told = json.loads(rpc.parse(call(method="m", id="x" * (rpc.MAX_ID + 1))).refused[0])
        self.assertEqual(told["error"]["data"], {"name": "invalid_request", "limit": rpc.MAX_ID})
        self.assertEqual(rpc.parse(call(method="m", id="x" * rpc.MAX_ID)).refused, [])
