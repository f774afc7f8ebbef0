"""webipy.host.watch: a flood is read at a pace, and nothing else waits."""

from __future__ import annotations

import os
import shutil
import tempfile
import time

import zmq
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.host_protocol import Pong
from webipy.host.endpoint import Author, Endpoint
from webipy.host.watch import FLOOD_GAP_S, FLOOD_TURNS, Pace, Watch


class Floods(SynchronousTestCase):
    """`Pace`."""

    def flooding(self) -> Pace:
        """A pace in a flood that has just begun."""
        pace = Pace()
        for turn in range(FLOOD_TURNS + 2):
            self.assertFalse(pace.is_flood)
            pace.found(1, turn * FLOOD_GAP_S / 2)
        return pace

    def test_output_without_gaps_is_a_flood(self) -> None:
        """After some turns in a row."""
        self.assertTrue(self.flooding().is_flood)

    def test_output_with_gaps_is_none(self) -> None:
        """However long it goes on."""
        pace = Pace()
        for turn in range(100):
            pace.found(1, turn * FLOOD_GAP_S * 2)
        self.assertFalse(pace.is_flood)

    def test_it_lasts_while_there_is_more_than_one_message_for_each_pace(self) -> None:
        """Time does not matter then: a busy machine has its own."""
        pace = self.flooding()
        for turn in range(10):
            pace.found(2, 1 + turn)
            self.assertTrue(pace.is_flood)
        pace.found(1, 12)
        self.assertFalse(pace.is_flood)


class Waits(SynchronousTestCase):
    """`Watch`."""

    def setUp(self) -> None:
        self.context = zmq.Context()
        self.addCleanup(self.context.term)
        self.output, self.prints = self.pair("inproc://output")
        self.other, self.speaks = self.pair("inproc://other")
        self.watch = Watch()
        self.watch.over([self.output, self.other], self.output)

    def pair(self, address: str) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        """Two sockets that are connected."""
        ends = self.context.socket(zmq.PAIR), self.context.socket(zmq.PAIR)
        ends[0].bind(address)
        ends[1].connect(address)
        for end in ends:
            self.addCleanup(end.close, 0)
        return ends

    def flood(self) -> None:
        """A flood has begun."""
        for _ in range(FLOOD_TURNS + 2):
            self.watch.pace.found(2, 0)

    def test_it_tells_what_can_be_read(self) -> None:
        """At once."""
        self.assertEqual(self.watch.wait(0), {})
        self.prints.send(b"x")
        self.assertEqual(list(self.watch.wait(10)), [self.output])

    def test_what_comes_while_something_is_sent_is_not_missed(self) -> None:
        """To send takes away what the socket's file descriptor tells."""
        self.assertEqual(self.watch.wait(0), {})
        self.speaks.send(b"x")
        self.other.send(b"y")
        self.watch.sent(self.other)
        self.assertEqual(list(self.watch.wait(10)), [self.other])

    def test_a_message_that_nobody_gets_is_recorded_too(self) -> None:
        """To send it has looked at the socket all the same."""
        folder = tempfile.mkdtemp(prefix="we")
        self.addCleanup(shutil.rmtree, folder)
        found: list[zmq.Socket[bytes]] = []
        endpoint = Endpoint(self.context, folder, Author(), b"key", found.append)
        self.addCleanup(endpoint.close)
        endpoint.answer(b"nobody", b"key", Pong())
        self.assertEqual(found, [endpoint.router])

    def test_what_was_not_read_is_told_again(self) -> None:
        """Until nothing is left."""
        self.speaks.send(b"1")
        self.speaks.send(b"2")
        self.assertEqual(list(self.watch.wait(10)), [self.other])
        self.other.recv()
        self.assertEqual(list(self.watch.wait(10)), [self.other])
        self.other.recv()
        self.assertEqual(self.watch.wait(0), {})

    def test_a_flood_is_gathered(self) -> None:
        """Output that is there already waits for the pace; what comes with it is told with it."""
        self.flood()
        self.prints.send(b"x")
        began = time.monotonic()
        self.assertEqual(list(self.watch.wait(10)), [self.output])
        self.assertGreater(time.monotonic() - began, 0.004)

    def test_nothing_else_waits_for_a_flood(self) -> None:
        """A file that can be read ends the pace."""
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        self.watch.over([self.output, self.other, read_end], self.output)
        self.flood()
        os.write(write_end, b"x")
        self.speaks.send(b"x")
        self.assertEqual(set(self.watch.wait(10)), {self.other, read_end})

    def test_an_alarm_that_is_due_is_not_missed(self) -> None:
        """Nothing is waited for then."""
        self.flood()
        self.assertEqual(self.watch.wait(0), {})

    def test_what_is_not_watched_any_more_is_not_told(self) -> None:
        """Such as output that must wait for room."""
        self.prints.send(b"x")
        self.watch.over([self.other], self.output)
        self.assertEqual(self.watch.wait(0), {})
