"""webipy.server.sessions.feed: no gap, no twin, and nobody waits for a slow reader."""

from __future__ import annotations

import json
from collections.abc import Callable

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.server.sessions import feed
from webipy.server.sessions.feed import CHUNK_EVENTS, JOINED_BYTES, TAIL_BYTES, TURN_BYTES, Feed, Tail, notification


@attrs.define(eq=False)
class Log:
    """A session as a feed sees it; reads are answered when the test says so."""

    id: str = "s"
    bodies: list[bytes] = attrs.field(factory=list)
    tail: Tail = attrs.field(factory=lambda: Tail("s"))
    reads: list[tuple[Deferred[list[bytes]], int, int, int]] = attrs.field(factory=list)
    feeds: list[Feed] = attrs.field(factory=list)

    @property
    def written(self) -> int:
        """The newest seq."""
        return len(self.bodies)

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """A range, later."""
        told: Deferred[list[bytes]] = Deferred()
        self.reads.append((told, first, limit, limit_bytes))
        return told

    def answer(self) -> None:
        """Answers the oldest read."""
        told, first, limit, limit_bytes = self.reads.pop(0)
        found, size = list[bytes](), 0
        for body in self.bodies[first - 1 : first - 1 + limit]:
            found.append(body)
            size += len(body)
            if size >= limit_bytes:
                break
        told.callback(found)

    def write(self, count: int, size: int = 20) -> None:
        """Some events are written, in one batch."""
        first = self.written + 1
        new = [b'{"seq":%d,"x":"%b"}' % (seq, b"x" * size) for seq in range(first, first + count)]
        self.bodies += new
        self.tail.add(first, new)
        for one in self.feeds:
            one.wake()
        self.tail.trim(min((one.cursor for one in self.feeds), default=self.written + 1))


@attrs.define(eq=False)
class Reader:
    """A subscriber."""

    log: Log
    since: int = 0
    sent: list[bytes] = attrs.field(factory=list)
    later: list[Callable[[], None]] = attrs.field(factory=list)
    feed: Feed = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.feed = Feed(self.log, self.sent.append, self.since + 1, self.later.append)
        self.log.feeds.append(self.feed)

    def turn(self) -> None:
        """One turn of the reactor."""
        due, self.later[:] = list(self.later), []
        for call in due:
            call()

    def seqs(self) -> list[int]:
        """What was sent."""
        return [event["seq"] for body in self.sent for event in json.loads(body)["params"]["events"]]

    def settle(self) -> None:
        """Until nothing is left to do."""
        while self.later or self.log.reads:
            if self.log.reads:
                self.log.answer()
            self.turn()


class Live(SynchronousTestCase):
    """A reader that keeps up."""

    def test_events_are_sent_as_they_are_written(self) -> None:
        """One notification for each batch."""
        reader = Reader(Log())
        reader.log.write(2)
        reader.log.write(1)
        self.assertEqual(
            [json.loads(body) for body in reader.sent],
            [
                {
                    "jsonrpc": "2.0",
                    "method": "events",
                    "params": {"session": "s", "first": 1, "events": [json.loads(b) for b in reader.log.bodies[:2]]},
                },
                {
                    "jsonrpc": "2.0",
                    "method": "events",
                    "params": {"session": "s", "first": 3, "events": [json.loads(reader.log.bodies[2])]},
                },
            ],
        )
        self.assertEqual(reader.log.reads, [])

    def test_all_readers_get_the_very_same_bytes(self) -> None:
        """Encoded once for all of them."""
        log = Log()
        readers = [Reader(log) for _ in range(3)]
        log.write(5)
        self.assertEqual(len({id(reader.sent[0]) for reader in readers}), 1)

    def test_a_reader_that_joins_in_the_middle_of_a_batch_gets_the_rest_of_it(self) -> None:
        """From the event after `since` on."""
        log = Log()
        log.write(5)
        reader = Reader(log, since=3)
        reader.feed.wake()
        self.assertEqual(reader.seqs(), [4, 5])

    def test_a_reader_of_the_future_gets_nothing_yet(self) -> None:
        """The cursor stands after the newest event."""
        log = Log()
        log.write(5)
        reader = Reader(log, since=5)
        reader.feed.wake()
        self.assertEqual(reader.seqs(), [])
        log.write(1)
        self.assertEqual(reader.seqs(), [6])

    def test_a_closed_feed_sends_nothing(self) -> None:
        """Not even what it was reading."""
        log = Log(tail=Tail("other"))
        log.bodies = [b'{"seq":1}']
        reader = Reader(log)
        reader.feed.wake()
        reader.feed.close()
        log.answer()
        log.write(1)
        reader.settle()
        self.assertEqual(reader.sent, [])


class Behind(SynchronousTestCase):
    """A reader that does not keep up."""

    def test_a_paused_reader_costs_a_cursor_and_delays_nobody(self) -> None:
        """Nothing is sent to it, nothing is kept for it, the other gets everything at once."""
        log = Log()
        slow, quick = Reader(log), Reader(log)
        slow.feed.pause()
        for _ in range(50):
            log.write(3)
        self.assertEqual((slow.sent, slow.later, log.reads), ([], [], []))
        self.assertEqual(quick.seqs(), list(range(1, 151)))
        slow.feed.resume()
        slow.settle()
        self.assertEqual(slow.seqs(), list(range(1, 151)))

    def test_a_short_pause_needs_no_reading(self) -> None:
        """The tail has it."""
        reader = Reader(Log())
        reader.feed.pause()
        reader.log.write(10)
        reader.feed.resume()
        self.assertEqual((reader.seqs(), reader.log.reads), (list(range(1, 11)), []))

    def test_a_reader_far_behind_reads_the_journal(self) -> None:
        """What the tail has let go comes in chunks from the journal, the rest from the tail."""
        reader = Reader(Log())
        reader.feed.pause()
        for _ in range(90):
            reader.log.write(100, size=1000)
        reader.feed.resume()
        self.assertEqual([(first, limit) for _, first, limit, _ in reader.log.reads], [(1, CHUNK_EVENTS)])
        reader.settle()
        self.assertEqual(reader.seqs(), list(range(1, 9001)))

    def test_a_pause_while_it_reads_sends_no_more_than_that_chunk(self) -> None:
        """One feed holds at most one chunk."""
        reader = Reader(Log())
        reader.feed.pause()
        for _ in range(90):
            reader.log.write(100, size=1000)
        reader.feed.resume()
        reader.feed.pause()
        reader.settle()
        self.assertEqual(len(reader.sent), 1)
        self.assertLess(len(reader.sent[0]), feed.CHUNK_BYTES + 2000)

    def test_one_reader_does_not_take_a_whole_turn(self) -> None:
        """What one feed sends in one turn is limited; the rest goes in later turns."""
        log = Log()
        for _ in range(4):  # the tail keeps a block that is larger than itself
            log.write(1, size=TURN_BYTES // 2)
        log.tail = Tail("s")
        log.tail.add(1, log.bodies[:1])
        log.tail._blocks.extend(feed._Block(seq, [log.bodies[seq - 1]], 0) for seq in (2, 3, 4))
        reader = Reader(log)
        reader.feed.wake()
        self.assertEqual(reader.seqs(), [1, 2])
        reader.turn()
        self.assertEqual(reader.seqs(), [1, 2, 3, 4])

    def test_an_event_larger_than_a_chunk_is_sent_alone(self) -> None:
        """Every limit lets at least one event through."""
        log = Log()
        log.write(1, size=3 * TAIL_BYTES)
        log.write(1)
        reader = Reader(log)
        reader.feed.wake()
        reader.settle()
        self.assertEqual(reader.seqs(), [1, 2])

    def test_a_feed_that_cannot_read_ends(self) -> None:
        """Damage is told in the log and never passed on."""
        log = Log(tail=Tail("other"))
        log.bodies = [b'{"seq":1}']
        reader = Reader(log)
        reader.feed.wake()
        log.reads.pop()[0].errback(OSError("damaged"))
        self.assertTrue(reader.feed.is_closed)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)


class Sent(SynchronousTestCase):
    """`Feed.sent`."""

    def test_it_fires_when_the_event_was_given_to_the_transport(self) -> None:
        """And not before, however long the transport is full."""
        reader = Reader(Log())
        reader.feed.pause()
        reader.log.write(3)
        told = reader.feed.sent(3)
        self.assertNoResult(told)
        reader.feed.resume()
        self.successResultOf(told)

    def test_it_fires_at_once_for_what_was_sent(self) -> None:
        """Nothing to wait for."""
        reader = Reader(Log())
        reader.log.write(1)
        self.successResultOf(reader.feed.sent(1))

    def test_it_fires_when_the_feed_is_closed(self) -> None:
        """Nothing more will come."""
        reader = Reader(Log())
        told = reader.feed.sent(9)
        reader.feed.close()
        self.successResultOf(told)
        self.successResultOf(reader.feed.sent(9))


class Tails(SynchronousTestCase):
    """`Tail`."""

    def test_it_gives_what_it_has_from_anywhere_on(self) -> None:
        """Over its blocks, within both limits; nothing of what is gone or not there yet."""
        tail = Tail("s")
        for seq in (5, 8, 11):
            tail.add(seq, [b"%d" % one for one in range(seq, seq + 3)])
            tail.message_from(seq)  # what was sent is not joined to
        self.assertEqual(tail.bodies_from(6, 100, 100), [b"%d" % one for one in range(6, 14)])
        self.assertEqual(tail.bodies_from(7, 3, 100), [b"7", b"8", b"9"])
        self.assertEqual(tail.bodies_from(9, 100, 2), [b"9", b"10"])
        self.assertEqual((tail.bodies_from(4, 9, 9), tail.bodies_from(14, 9, 9)), ([], []))

    def test_it_lets_the_oldest_go(self) -> None:
        """`TAIL_BYTES`, and always the newest block."""
        tail = Tail("s")
        for seq in range(1, 100):
            tail.add(seq, [b"x" * (TAIL_BYTES // 10)])
            tail.trim(seq + 1)
        self.assertIsNone(tail.message_from(89))
        self.assertIsNotNone(tail.message_from(90))
        self.assertIsNone(tail.message_from(100))
        tail.add(100, [b"x" * 2 * TAIL_BYTES])
        tail.trim(101)
        self.assertIsNone(tail.message_from(99))
        self.assertIsNotNone(tail.message_from(100))

    def test_it_keeps_what_a_reader_has_yet_to_get(self) -> None:
        """Up to `LAGGING_BYTES`, and not for longer than that reader needs it."""
        tail = Tail("s")
        for seq in range(1, 11):
            tail.add(seq, [b"x" * TAIL_BYTES])
            tail.trim(1)
        self.assertIsNone(tail.message_from(2))
        self.assertIsNotNone(tail.message_from(3))
        tail.trim(6)
        self.assertIsNone(tail.message_from(5))
        self.assertIsNotNone(tail.message_from(6))

    def test_what_was_written_together_is_one_notification(self) -> None:
        """Unless it was sent already, or is large."""
        tail = Tail("s")
        tail.add(1, [b"1"])
        tail.add(2, [b"2", b"3"])
        self.assertEqual(tail.message_from(1), (notification("s", 1, [b"1", b"2", b"3"]), 4))
        tail.add(4, [b"4"])
        self.assertEqual(tail.message_from(1), (notification("s", 1, [b"1", b"2", b"3"]), 4))
        self.assertEqual(tail.message_from(2), (notification("s", 2, [b"2", b"3"]), 4))
        self.assertEqual(tail.message_from(4), (notification("s", 4, [b"4"]), 5))
        large = b"x" * JOINED_BYTES
        tail.add(5, [b"5"])
        tail.add(6, [large])
        self.assertEqual(tail.message_from(5), (notification("s", 5, [b"5"]), 6))
        self.assertEqual(tail.message_from(6), (notification("s", 6, [large]), 7))

    def test_a_notification_is_json(self) -> None:
        """Events are spliced in as they are."""
        self.assertEqual(
            json.loads(notification("s", 4, [b'{"seq":4}', b'{"seq":5}'])),
            {
                "jsonrpc": "2.0",
                "method": "events",
                "params": {"session": "s", "first": 4, "events": [{"seq": 4}, {"seq": 5}]},
            },
        )


class NoGapNoTwin(SynchronousTestCase):
    """Law 3."""

    def test_no_gap_no_twin(self) -> None:
        """Whatever the order of writes, pauses, reads and turns: each reader gets each event after `since` once, in order."""
        steps = st.lists(
            st.tuples(
                st.sampled_from(["write", "write", "big", "pause", "resume", "turn", "answer", "join"]),
                st.integers(0, 3),
            ),
            max_size=60,
        )

        @examples(200)
        @given(steps)
        def holds(drawn: list[tuple[str, int]]) -> None:
            log = Log()
            readers = [Reader(log)]
            for kind, number in drawn:
                reader = readers[number % len(readers)]
                if kind == "write":
                    log.write(number + 1)
                elif kind == "big":
                    log.write(3, size=TAIL_BYTES // 2)
                elif kind == "pause":
                    reader.feed.pause()
                elif kind == "resume":
                    reader.feed.resume()
                elif kind == "turn":
                    reader.turn()
                elif kind == "answer" and log.reads:
                    log.answer()
                elif kind == "join" and len(readers) < 4:
                    readers.append(Reader(log, since=max(0, log.written - number)))
                    readers[-1].feed.wake()
            for reader in readers:
                reader.feed.resume()
                reader.settle()
            for reader in readers:
                self.assertEqual(reader.seqs(), list(range(reader.since + 1, log.written + 1)), drawn)

        holds()
