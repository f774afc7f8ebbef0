"""webipy.io.web.http_channel, webipy.io.web.paced_responses, the limits of webipy.io.web.requests: what a connection may cost, on a
transport as slow as the test says."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.fakes import TOKEN
from tests.test_site import SiteTestCase
from webipy.core.api.rpc import MAX_MESSAGE_BYTES
from webipy.io.web.http_channel import BODY_BYTES, BODY_SECONDS, HEAD_BYTES, HEAD_SECONDS, TURN_REQUESTS
from webipy.io.web.paced_responses import PIECE_BYTES
from webipy.io.web.requests import ANONYMOUS_BODY_BYTES

LARGE = b"x" * (5 * 1024 * 1024)
GET = b"GET /static/large.js HTTP/1.1\r\nHost: localhost:8888\r\n\r\n"


class Reader(StringTransport):
    """A transport that buffers as Twisted's do, for a reader who takes what the test says."""

    is_aborted = False

    def __init__(self) -> None:
        super().__init__()
        self.unsent = 0
        self.most_unsent = 0

    def write(self, data: bytes) -> None:
        super().write(data)
        self.unsent += len(data)
        self.most_unsent = max(self.most_unsent, self.unsent)
        if self.unsent > PIECE_BYTES and self.producer is not None:
            cast(Any, self.producer).pauseProducing()

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def take(self) -> None:
        """The reader takes all there is."""
        self.unsent = 0
        if self.producer is not None:
            cast(Any, self.producer).resumeProducing()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.producer, self.streaming = producer, streaming

    def unregisterProducer(self) -> None:
        self.producer = None

    def abortConnection(self) -> None:
        self.is_aborted = True


class ChannelTestCase(SiteTestCase):
    """Connections to a site in memory."""

    more_files: Mapping[str, bytes] = {"large.js": LARGE}

    def connect(self, host: str = "127.0.0.1") -> tuple[Any, Reader]:
        """A connection and its transport."""
        protocol = self.site.buildProtocol(IPv4Address("TCP", host, 5))
        assert protocol is not None
        reader = Reader()
        reader.peerAddr = IPv4Address("TCP", host, 5)
        protocol.makeConnection(cast(Any, reader))
        return protocol, reader


class Pipelines(ChannelTestCase):
    """Many requests on one connection."""

    def test_a_reader_that_does_not_read_costs_what_a_transport_buffers(self) -> None:
        """300 requests for a large file in 16 kB: two pieces of one answer are there, and the second answer is not begun."""
        line, reader = self.connect()
        line.dataReceived(GET * 300)
        self.rig.turn()
        self.assertLessEqual(reader.most_unsent, 3 * PIECE_BYTES)
        self.assertEqual(reader.value().count(b"HTTP/1.1 200"), 1)

    def test_whoever_reads_gets_all_of_it_in_order(self) -> None:
        """Every answer whole, at no moment more than some pieces."""
        line, reader = self.connect()
        line.dataReceived(GET * 3)
        for _ in range(3 * len(LARGE) // PIECE_BYTES + 10):
            reader.take()
        self.assertEqual(reader.value().count(LARGE), 3)
        self.assertLessEqual(reader.most_unsent, 3 * PIECE_BYTES)

    def test_small_answers_wait_for_the_reader_too(self) -> None:
        """Thousands of small requests leave no more than a transport buffers; the rest is answered when there is room."""
        line, reader = self.connect()
        line.dataReceived(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
        self.assertLess(reader.most_unsent, 2 * PIECE_BYTES)
        self.assertLess(reader.value().count(b"HTTP/1.1 200"), 200)
        for _ in range(100):
            reader.take()
            self.rig.turn(20)
        self.assertEqual(reader.value().count(b"HTTP/1.1 200"), 1000)

    def test_others_have_a_turn_between_requests_that_came_together(self) -> None:
        """After some answers the rest waits for the next turn; what waits when the connection goes is not answered."""
        line, reader = self.connect()
        line.dataReceived(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        self.assertEqual(reader.value().count(b"HTTP/1.1 200"), TURN_REQUESTS)
        other, there = self.connect()
        other.dataReceived(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(there.value().count(b"HTTP/1.1 200"), 1)
        self.rig.turn()
        self.assertEqual(reader.value().count(b"HTTP/1.1 200"), 50)
        other.dataReceived(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        other.connectionLost(Failure(ConnectionLost()))
        self.rig.turn()
        self.assertEqual(there.value().count(b"HTTP/1.1 200"), 1 + TURN_REQUESTS)

    def test_what_comes_behind_a_body_waits_as_well(self) -> None:
        """It is put back to be read again, which is no turn of its own."""
        line, reader = self.connect()
        body = b'{"code":"wrong"}'
        head = (
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        )
        line.dataReceived((head % len(body) + body) * 20)
        self.assertEqual(reader.value().count(b"HTTP/1.1 4"), TURN_REQUESTS)
        self.rig.turn()
        self.assertEqual(reader.value().count(b"HTTP/1.1 4"), 20)

    def test_a_reader_that_goes_leaves_nothing_open(self) -> None:
        """The file is closed, and nobody is left among the strangers."""
        line, reader = self.connect()
        line.dataReceived(GET * 3)
        cast(Any, reader.producer).stopProducing()
        line.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((len(self.site.anonymous), self.rig.clock.getDelayedCalls()), (0, []))

    def test_the_description_is_sent_in_pieces_too(self) -> None:
        """As every body that is larger than a transport buffers."""
        line, reader = self.connect()
        line.dataReceived(b"GET /rpc/openrpc.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        self.assertLessEqual(reader.most_unsent, 3 * PIECE_BYTES)
        self.assertEqual(reader.value().count(b"HTTP/1.1 200"), 1)


class Deadlines(ChannelTestCase):
    """How long a request may take to come."""

    def test_a_head_is_whole_in_time(self) -> None:
        """However its bytes are spread; 408 says so, and the connection ends."""
        line, reader = self.connect()
        for byte in (GET[:20] + b"X-A: b\r\n" * 100)[: int(HEAD_SECONDS) - 1]:
            line.dataReceived(bytes([byte]))
            self.rig.clock.advance(1)
        self.assertEqual(reader.value(), b"")
        self.rig.clock.advance(1)
        self.assertTrue(reader.value().startswith(b"HTTP/1.1 408 "))
        self.assertIn(b"whole within 10 s", reader.value())
        self.assertTrue(reader.disconnecting)

    def test_a_head_that_is_whole_has_no_limit_any_more(self) -> None:
        """Nor has a connection that waits for its next request, or one that answers."""
        line, reader = self.connect()
        line.dataReceived(GET[:-2])
        self.rig.clock.advance(HEAD_SECONDS / 2)
        line.dataReceived(GET[-2:])
        self.rig.clock.advance(10 * HEAD_SECONDS)
        self.assertFalse(reader.disconnecting)
        for _ in range(100):
            reader.take()
        self.rig.clock.advance(10 * HEAD_SECONDS)
        self.assertFalse(reader.disconnecting)
        line.dataReceived(b"G")
        self.rig.clock.advance(HEAD_SECONDS)
        self.assertTrue(reader.disconnecting)

    def test_a_head_behind_another_request_has_the_same_time(self) -> None:
        """From the moment on when it is looked at."""
        line, reader = self.connect()
        line.dataReceived(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea")
        self.rig.clock.advance(HEAD_SECONDS)
        self.assertIn(b"HTTP/1.1 408 ", reader.value())

    def test_a_head_that_is_too_long_is_told(self) -> None:
        """However its bytes are spread, and once; what comes behind it is not looked at."""
        fields = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"Cookie: other=" + b"x" * HEAD_BYTES + b"\r\n\r\n"
        many = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"Cookie: other=%b\r\n" % (b"x" * 80) * 200 + b"\r\n"
        address = b"GET /healthz?" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        endless = b"GET /healthz?" + b"x" * 10 * HEAD_BYTES
        for status, head in ((b"431", fields), (b"431", many), (b"414", address), (b"414", endless)):
            for size in (len(head), 4096, 997):
                line, reader = self.connect()
                for start in range(0, len(head), size):
                    line.dataReceived(head[start : start + size])
                line.dataReceived(GET)
                self.rig.clock.advance(HEAD_SECONDS)
                self.assertTrue(reader.value().startswith(b"HTTP/1.1 %b " % status), reader.value()[:80])
                self.assertEqual(reader.value().count(b"HTTP/1.1 "), 1)
                self.assertIn(b'"limit_bytes":%d' % HEAD_BYTES, reader.value())
                self.assertTrue(reader.disconnecting)

    def test_what_is_no_request_is_told(self) -> None:
        """Once, whatever else is wrong."""
        first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
        for head in (b"hello\r\n\r\n", first + b"no colon\r\n" * 3 + b"\r\n", first + b"A: b\r\n" * 600 + b"\r\n"):
            for size in (len(head), 7):
                line, reader = self.connect()
                for start in range(0, len(head), size):
                    line.dataReceived(head[start : start + size])
                line.dataReceived(GET)
                self.rig.clock.advance(HEAD_SECONDS)
                self.assertTrue(reader.value().startswith(b"HTTP/1.1 400 Bad Request\r\n"), reader.value()[:80])
                self.assertEqual(reader.value().count(b"HTTP/1.1 "), 1)
                self.assertIn(b"no request of HTTP/1.1", reader.value())
                self.assertTrue(reader.disconnecting)

    def test_a_head_that_came_too_late_is_not_answered_again(self) -> None:
        """Its rest is not looked at."""
        line, reader = self.connect()
        line.dataReceived(GET[:20])
        self.rig.clock.advance(HEAD_SECONDS)
        line.dataReceived(GET[20:] + GET)
        self.rig.clock.advance(HEAD_SECONDS)
        self.assertEqual(reader.value().count(b"HTTP/1.1 "), 1)

    def test_a_body_gets_on(self) -> None:
        """As long as it brings enough in each span of time it may take as long as it likes; then 408."""
        line, reader = self.connect()
        head = b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nContent-Length: 1000000\r\n\r\n"
        line.dataReceived(head % TOKEN.encode())
        for _ in range(20):
            self.rig.clock.advance(BODY_SECONDS - 1)
            line.dataReceived(b" " * BODY_BYTES)
            self.rig.clock.advance(1)
        self.assertFalse(reader.disconnecting)
        line.dataReceived(b" " * (BODY_BYTES - 1))
        self.rig.clock.advance(BODY_SECONDS)
        self.assertIn(b"HTTP/1.1 408 ", reader.value())
        self.assertTrue(reader.disconnecting)

    def test_a_body_that_was_refused_is_not_answered_again(self) -> None:
        """When the rest of it does not come, the connection is cut."""
        line, reader = self.connect()
        line.dataReceived(b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
        self.rig.clock.advance(BODY_SECONDS)
        self.assertEqual((reader.value().count(b"HTTP/1.1 "), reader.is_aborted), (1, True))


class Cut(ChannelTestCase):
    """Pieces of any size."""

    def test_the_same_comes_back_however_requests_are_cut(self) -> None:
        """Random cuts, a reader that takes at random moments."""
        wanted = (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5 + GET) * 2
        for seed in range(10):
            rolls = random.Random(seed)
            line, reader = self.connect()
            at = 0
            while at < len(wanted):
                size = rolls.randint(1, 60)
                line.dataReceived(wanted[at : at + size])
                at += size
                if rolls.random() < 0.3:
                    reader.take()
            for _ in range(400):
                reader.take()
            came = reader.value()
            self.assertEqual((came.count(b"HTTP/1.1 200"), came.count(LARGE)), (12, 2), f"seed {seed}")
            line.connectionLost(Failure(ConnectionLost()))


class Bodies(ChannelTestCase):
    """Of somebody who has no login."""

    def begin(self, head: bytes) -> tuple[bytes, Reader]:
        """Sends a head; gives what came back before any body."""
        line, reader = self.connect()
        line.dataReceived(head.replace(b"\n", b"\r\n"))
        return reader.value(), reader

    def test_the_body_of_a_stranger_is_refused_after_the_head(self) -> None:
        """401 before it is read, and no invitation to send it."""
        for head in (
            b"POST /rpc HTTP/1.1\nHost: localhost\nContent-Length: %d\n\n" % (ANONYMOUS_BODY_BYTES + 1),
            b"POST /nowhere HTTP/1.1\nHost: localhost\nContent-Length: %d\n\n" % MAX_MESSAGE_BYTES,
            b"POST /login HTTP/1.1\nHost: localhost\nExpect: 100-continue\nContent-Length: 1000000\n\n",
        ):
            came, _ = self.begin(head)
            self.assertTrue(came.startswith(b"HTTP/1.1 401 "), came[:100])
            self.assertNotIn(b"100 Continue", came)

    def test_a_body_of_unknown_length_is_cut_off_at_what_a_sign_in_needs(self) -> None:
        """And stays in memory."""
        line, reader = self.connect()
        line.dataReceived(b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.dataReceived(b"%x\r\n%b\r\n" % (ANONYMOUS_BODY_BYTES, b" " * ANONYMOUS_BODY_BYTES))
        self.assertEqual(reader.value(), b"")
        line.dataReceived(b"1\r\n \r\n")
        self.assertTrue(reader.value().startswith(b"HTTP/1.1 401 "))

    def test_whoever_has_a_login_is_invited(self) -> None:
        """To send what is not too large."""
        head = b"POST /rpc HTTP/1.1\nHost: localhost\nAuthorization: Bearer %b\nExpect: 100-continue\nContent-Length: 1000000\n\n"
        came, _ = self.begin(head % TOKEN.encode())
        self.assertEqual(came, b"HTTP/1.1 100 Continue\r\n\r\n")


class Crowds(ChannelTestCase):
    """Connections of strangers."""

    def test_a_new_connection_takes_the_place_of_the_one_that_got_on_least(self) -> None:
        """Somebody who drips bytes has not got on; somebody who asked has."""
        self.site.anonymous.most_of_address = 3
        first, dripping = self.connect()
        second, asking = self.connect()
        _, third = self.connect()
        second.dataReceived(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first.dataReceived(b"GET /")
        _, fourth = self.connect()
        readers = (dripping, asking, third, fourth)
        self.assertEqual([reader.is_aborted for reader in readers], [True, False, False, False])

    def test_whoever_shows_a_login_is_counted_no_more(self) -> None:
        """So however many strangers come, it stays."""
        self.site.anonymous.most_of_address = 2
        line, mine = self.connect()
        ask = b"POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nAuthorization: Bearer %b\r\nContent-Length: 2\r\n\r\n{}"
        line.dataReceived(ask % TOKEN.encode())
        for _ in range(10):
            self.connect()
        self.assertFalse(mine.is_aborted)
        self.assertEqual(len(self.site.anonymous), 2)

    def test_a_wrong_token_is_no_login(self) -> None:
        """It stays among the strangers."""
        line, _ = self.connect()
        line.dataReceived(b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer nonsense\r\n\r\n")
        self.assertEqual(len(self.site.anonymous), 1)
