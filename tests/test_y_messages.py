"""webipy.io.jupyter.y_messages: the bytes of programs that edit together."""

from __future__ import annotations

from hypothesis import given, strategies
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.io.jupyter import y_messages
from webipy.io.jupyter.y_messages import Malformed, Reader, State

NUMBERS = strategies.integers(0, 2**63 - 1)


class Messages(SynchronousTestCase):
    """Written and read."""

    @given(NUMBERS, strategies.binary())
    @examples(200)
    def test_what_is_written_is_read(self, number: int, rest: bytes) -> None:
        """A number, and what follows it."""
        reader = Reader(y_messages.written(number) + rest)
        self.assertEqual((reader.number(), reader.rest), (number, rest))

    def test_the_bytes_of_others(self) -> None:
        """As y-protocols writes them."""
        self.assertEqual(y_messages.sync(y_messages.STEP_1, b"\0"), b"\0\0\1\0")
        self.assertEqual(y_messages.sync(y_messages.UPDATE, b"x" * 200)[:4], b"\0\2\xc8\1")
        self.assertEqual(y_messages.raw(b'{"type":"save"}'), b'\x02\x0f{"type":"save"}')
        states = [State(300, 2, b'{"user":1}'), State(1, 0, b"null")]
        message = y_messages.awareness(states)
        self.assertEqual(message, b'\1\x14\2\xac\2\2\n{"user":1}\1\0\4null'.replace(b"\x14", bytes([len(message) - 2])))
        self.assertEqual(y_messages.states_of(message[1:]), states)

    @given(strategies.binary(max_size=60))
    @examples(300)
    def test_any_bytes(self, given: bytes) -> None:
        """Are read, or refused as malformed."""
        for read in (lambda: Reader(given).number(), lambda: Reader(given).part(), lambda: y_messages.states_of(given)):
            try:
                read()
            except Malformed:
                continue

    def test_too_many_states(self) -> None:
        """And too large ones."""
        many = [State(1, 1, b"{}")] * (y_messages.MOST_STATES + 1)
        for states in (many, [State(1, 1, b"x" * (y_messages.MOST_STATE + 1))]):
            with self.assertRaises(Malformed):
                y_messages.states_of(y_messages.awareness(states)[1:])
