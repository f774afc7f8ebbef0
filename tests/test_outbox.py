"""The outbox of a kernel host: numbers, what is kept, the window."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.kernel import wire
from webipy.core.kernel.outbox import MEMORY_MESSAGES, WINDOW_BYTES, WINDOW_MESSAGES, Outbox
from webipy.core.kernel.spool_records import Kept


class ListSpool:
    """A spool in memory, with room for so many messages."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.kept: deque[Kept] = deque()

    def __len__(self) -> int:
        return len(self.kept)

    def write(self, kept: Kept) -> bool:
        if len(self.kept) >= self.room:
            return False
        self.kept.append(kept)
        return True

    def read(self) -> Kept:
        return self.kept.popleft()


def output(content: bytes = b"{}") -> wire.Message:
    """Make something a kernel publishes."""
    return wire.new_message("stream", content, msg_id="o", session="k")


def kernel_message(msg_type: str) -> wire.Message:
    """A message of a kernel without content."""
    return wire.new_message(msg_type, b"{}", msg_id=msg_type, session="k")


def numbers(taken: list[Kept]) -> list[int]:
    """Tell which messages are sent."""
    return [kept.number for kept in taken]


class OutboxTests(SynchronousTestCase):
    """Numbers, keeping, the window."""

    def test_numbers_are_dense_from_one(self) -> None:
        """Each message gets the next number, whichever channel it is from."""
        outbox = Outbox(ListSpool())
        self.assertEqual([outbox.add(channel, output()) for channel in ("iopub", "shell", "host")], [1, 2, 3])
        self.assertEqual(numbers(outbox.next_to_send()), [1, 2, 3])
        self.assertEqual(outbox.next_to_send(), [])

    def test_what_is_not_acknowledged_is_sent_again(self) -> None:
        """A server that attaches gets everything after the number it has."""
        outbox = Outbox(ListSpool())
        for _ in range(5):
            outbox.add("iopub", output())
        outbox.next_to_send()
        outbox.acknowledge(2)
        outbox.rewind(3)
        self.assertEqual((outbox.acknowledged, numbers(outbox.next_to_send())), (3, [4, 5]))
        outbox.rewind(0)
        self.assertEqual(numbers(outbox.next_to_send()), [4, 5])

    def test_acknowledging_too_much_forgets_only_what_was_sent(self) -> None:
        """A number that was never sent cannot have arrived."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", output())
        outbox.acknowledge(99)
        self.assertFalse(outbox.is_empty)
        outbox.next_to_send()
        outbox.acknowledge(99)
        self.assertTrue(outbox.is_empty)
        self.assertEqual(outbox.add("iopub", output()), 2)

    def test_a_server_from_the_future_gets_the_next(self) -> None:
        """Attaching with a number that was never given begins with the next one."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", output())
        outbox.rewind(50)
        self.assertEqual(outbox.add("iopub", output()), 2)
        self.assertEqual(numbers(outbox.next_to_send()), [2])

    def test_the_window_counts_messages(self) -> None:
        """No more than the window is on the way; each acknowledgement lets as many follow."""
        outbox = Outbox(ListSpool())
        for _ in range(WINDOW_MESSAGES + 10):
            outbox.add("iopub", output())
        self.assertEqual(len(outbox.next_to_send()), WINDOW_MESSAGES)
        self.assertEqual(outbox.next_to_send(), [])
        outbox.acknowledge(3)
        self.assertEqual(numbers(outbox.next_to_send()), [WINDOW_MESSAGES + n for n in (1, 2, 3)])

    def test_the_window_counts_bytes_and_lets_one_pass(self) -> None:
        """A message larger than the window goes alone."""
        outbox, large = Outbox(ListSpool()), output(b" " * (WINDOW_BYTES + 1))
        for _ in range(3):
            outbox.add("iopub", large)
        for number in (1, 2, 3):
            self.assertEqual(numbers(outbox.next_to_send()), [number])
            outbox.acknowledge(number)

    def test_memory_is_bounded_by_the_spool(self) -> None:
        """What memory has no room for goes to the spool, in order, and comes back in order."""
        spool = ListSpool()
        outbox = Outbox(spool)
        total = 3 * MEMORY_MESSAGES
        for _ in range(total):
            outbox.add("iopub", output())
        self.assertEqual(len(spool), total - MEMORY_MESSAGES)
        self.assertEqual(drained(outbox), list(range(1, total + 1)))

    def test_what_is_in_memory_comes_before_what_the_spool_holds(self) -> None:
        """A farewell writes it there; the outbox keeps it."""
        spool = ListSpool()
        outbox = Outbox(spool)
        for _ in range(3):
            outbox.add("iopub", output())
        kept = outbox.in_memory()
        self.assertEqual([*numbers(kept), *numbers(list(spool.kept))], [1, 2, 3])
        kept.clear()
        self.assertEqual(numbers(outbox.next_to_send()), [1, 2, 3])

    def test_a_full_spool_is_told_and_loses_nothing(self) -> None:
        """Past the spool's room `is_full` holds until acknowledgements make room; what came anyway is kept."""
        outbox = Outbox(ListSpool(room=2))
        total = MEMORY_MESSAGES + 5
        for _ in range(total):
            outbox.add("iopub", output())
        self.assertTrue(outbox.is_full)
        self.assertEqual(drained(outbox), list(range(1, total + 1)))
        self.assertFalse(outbox.is_full)

    def test_a_spool_with_room_again_takes_the_overflow(self) -> None:
        """`settle` moves what waits for the spool."""
        spool = ListSpool(room=0)
        outbox = Outbox(spool)
        for _ in range(MEMORY_MESSAGES + 3):
            outbox.add("iopub", output())
        spool.room = 10
        outbox.settle()
        self.assertEqual((len(spool), outbox.is_full), (3, False))

    @examples(100)
    @given(
        st.lists(st.tuples(st.sampled_from("atkr"), st.integers(0, 40), st.integers(0, 3_000_000)), max_size=60),
        st.integers(0, 3),
    )
    def test_every_number_arrives_once_in_order(self, steps: list[tuple[str, int, int]], room: int) -> None:
        """Whatever the order of adding, sending, acknowledging and attaching again: no gap, no twin."""
        outbox, journal = Outbox(ListSpool(room)), list[int]()
        for step, count, size in steps:
            match step:
                case "a":
                    outbox.add("iopub", output(b" " * size))
                case "t":
                    journal += numbers(outbox.next_to_send())
                case "k":
                    outbox.acknowledge(count)
                case _:
                    outbox.rewind(max(outbox.acknowledged, len(journal) - count))
                    del journal[outbox.acknowledged :]
            self.assertEqual(journal, list(range(1, len(journal) + 1)))
        outbox.rewind(len(journal))
        self.assertEqual(journal + drained(outbox), list(range(1, outbox.next_number)))

    def test_what_is_followed_waits_for_what_follows(self) -> None:
        """`busy` alone is not urgent, an output is; what the window or a new server leaves to be sent is."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", kernel_message("status"))
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (True, False))
        outbox.add("iopub", output())
        self.assertTrue(outbox.is_urgent)
        outbox.next_to_send()
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (False, False))
        outbox.add("iopub", kernel_message("execute_result"))
        self.assertFalse(outbox.is_urgent)
        outbox.add("shell", kernel_message("execute_reply"))
        self.assertTrue(outbox.is_urgent)
        outbox.next_to_send()
        outbox.rewind(0)
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (True, True))
        for _ in range(WINDOW_MESSAGES):
            outbox.add("iopub", output())
        outbox.next_to_send()
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (True, True))

    def test_what_waits_too_long_waits_for_nothing_more(self) -> None:
        """The loop's alarm."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", kernel_message("execute_input"))
        outbox.hurry()
        self.assertTrue(outbox.is_urgent)


def drained(outbox: Outbox) -> list[int]:
    """Send and acknowledge until nothing is left; return the numbers."""
    came: list[int] = []
    while taken := outbox.next_to_send():
        came += numbers(taken)
        outbox.acknowledge(came[-1])
    return came
