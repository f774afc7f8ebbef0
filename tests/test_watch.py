"""webipy.host.watch: a flood is read at a pace, and nothing else waits."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
import time

import zmq
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.host_protocol import Pong
from webipy.host.endpoint import Author, Endpoint
from webipy.host.multipart import read_parts, send_parts
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


def echoed(context: zmq.Context[zmq.Socket[bytes]], folder: str) -> None:
    """Sends what comes on two sockets back, until each has had an empty message."""
    sockets = [context.socket(zmq.DEALER) for _ in "ab"]
    poller = zmq.Poller()
    for socket, name in zip(sockets, "ab", strict=True):
        socket.bind(f"ipc://{folder}/{name}")
        poller.register(socket, zmq.POLLIN)
    while sockets:
        for socket, _ in poller.poll():
            parts = socket.recv_multipart()
            if parts == [b""]:
                poller.unregister(socket)
                sockets.remove(socket)
                socket.close(0)
            else:
                socket.send_multipart(parts)


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
        self.assertEqual(self.watch.wait(0), set())
        self.prints.send(b"x")
        self.assertEqual(list(self.watch.wait(10)), [self.output])

    def test_what_comes_while_something_is_sent_is_not_missed(self) -> None:
        """To send takes away what the socket's file descriptor tells."""
        self.assertEqual(self.watch.wait(0), set())
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
        self.assertEqual(self.watch.wait(0), set())

    def test_no_message_is_left_lying(self) -> None:
        """Thousands of small messages both ways on two sockets, read and sent in any order: whatever is still to come, a wait brings."""
        chance, ends, folder = random.Random(7), [], tempfile.mkdtemp(prefix="we")
        self.addCleanup(shutil.rmtree, folder)
        echo = threading.Thread(target=echoed, args=(self.context, folder), daemon=True)
        for name in "ab":
            end = self.context.socket(zmq.DEALER)
            self.addCleanup(end.close, 0)
            end.connect(f"ipc://{folder}/{name}")
            ends.append(end)
        echo.start()
        self.watch.over(ends, None)
        coming = sent = 0
        while sent < 5000 or coming:
            for end in ends:
                for _ in range(chance.randrange(3) if sent < 5000 else 0):
                    self.watch.sent(end)
                    send_parts(end, [b"to", b"and fro"])
                    coming, sent = coming + 1, sent + 1
            if not coming:
                continue
            ready = self.watch.wait(20)
            self.assertTrue(ready, f"{coming} messages are to come, and a wait brought none")
            for end in ready:
                for _ in range(chance.randrange(1, 6)):  # not always all of them
                    if read_parts(end) is None:
                        self.watch.emptied(end)
                        break
                    coming -= 1
        for end in ends:
            send_parts(end, [b""])
        echo.join(20)
        self.assertFalse(echo.is_alive())

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
        self.assertEqual(self.watch.wait(0), set())

    def test_what_is_not_watched_any_more_is_not_told(self) -> None:
        """Such as output that must wait for room."""
        self.prints.send(b"x")
        self.watch.over([self.other], self.output)
        self.assertEqual(self.watch.wait(0), set())
