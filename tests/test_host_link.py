"""webipy.io.kernels.host_link: the link against a real ROUTER that plays the kernel host, and the pidfd of a real process."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from typing import Any, cast

import attrs
import zmq
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from tests.fakes import message, printed, status
from tests.live import eventually
from webipy.core.kernel import bundles, wire
from webipy.core.kernel.host_protocol import Interrupt, Kill, ShutDown
from webipy.core.kernel.spool_records import number_message
from webipy.core.kernel.wire import Message
from webipy.io.kernels.host_link import ACKNOWLEDGE_BYTES, TURN_MESSAGES, HostLink, LinkFactory, ProcessWatch

reactor: Any = _reactor
KEY = "k" * 64


def turn(seconds: float = 0.001) -> Deferred[None]:
    """Some time of the reactor."""
    return deferLater(reactor, seconds, lambda: None)


@attrs.define(eq=False)
class Ear:
    """Keeps what the link tells."""

    batches: list[list[tuple[str, Message]]] = attrs.field(factory=list)
    number: int = 0
    told: list[Any] = attrs.field(factory=list)

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host answered."""
        self.told.append(("attached", is_gap, pid))

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Messages."""
        self.batches.append(batch)
        self.number = number

    def fenced(self) -> None:
        """A newer server."""
        self.told.append("fenced")

    def gone(self) -> None:
        """The end."""
        self.told.append("gone")

    def texts(self) -> list[str]:
        """The text of each stream message, in order."""
        return [
            json.loads(m.content)["text"] for batch in self.batches for _, m in batch if m.header.msg_type == "stream"
        ]

    def count(self) -> int:
        """How many messages came."""
        return sum(map(len, self.batches))


class LinkTestCase(TestCase):
    """A host that does what the test says."""

    timeout = 30

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="wl")  # short: a socket's path has 107 bytes
        self.addCleanup(shutil.rmtree, self.folder)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.linger = 0
        self.router.rcvhwm = self.router.sndhwm = 0
        self.router.bind(f"ipc://{self.folder}/host")
        self.addCleanup(self.context.term)
        self.addCleanup(self.router.close)
        self.factory = LinkFactory(reactor)
        self.addCleanup(self.factory.shutdown)
        self.ear = Ear()
        self.link: HostLink = self.make(since=0)
        self.peer = b""
        self.addCleanup(lambda: self.link.close())

    def make(self, since: int, start: int = 1) -> HostLink:
        """A link."""
        return HostLink(
            self.factory, f"ipc://{self.folder}/host", KEY, start, generation=7, since=since, receiver=self.ear
        )

    async def hear(self, key: str = KEY) -> tuple[str, Message]:
        """The next message that reaches the host: channel and message."""
        while not self.router.poll(0):
            await turn()
        self.peer, *frames = self.router.recv_multipart()
        _, channel, heard = wire.decode_link(key.encode(), frames)
        return channel, heard

    def say(self, number: int, channel: str, said: Message, key: str = KEY) -> None:
        """The host sends one message."""
        frames = wire.encode_link(key.encode(), wire.stamp(channel, number), said)
        self.router.send_multipart([self.peer, *frames])

    async def again(self, **other: int) -> Message:
        """Another link in place of the first one; gives its attach."""
        await self.hear()
        first = self.peer
        self.link.close()
        self.link = self.make(**{"since": 0, **other})
        while self.peer == first:
            _, heard = await self.hear()
        return heard

    async def until(self, count: int) -> None:
        """Until so many messages have come."""
        await eventually(lambda: self.ear.count() >= count, f"{count} messages")


class Speaking(LinkTestCase):
    """To the host and back."""

    async def test_it_attaches_with_its_generation_and_where_it_stopped(self) -> None:
        """The first thing a server sends."""
        channel, heard = await self.hear()
        self.assertEqual((channel, heard.header.msg_type), ("host", "attach"))
        self.assertEqual(json.loads(heard.content), {"generation": 7, "since": 0, "bundles": True})

    async def test_the_answer_is_told_with_whether_there_is_a_gap(self) -> None:
        """The host kept everything after `since`, or it did not."""
        await self.hear()
        self.say(0, "host", message("attached", {"first": 1, "next": 1}))
        self.say(0, "host", message("attached", {"first": 5, "next": 9, "pid": 77}))
        self.say(0, "host", message("fenced", {"generation": 8}))
        self.say(0, "host", message("pong", {}))
        self.say(5, "iopub", printed("x", "e")[1])
        await self.until(1)
        self.assertEqual(self.ear.told, [("attached", False, None), ("attached", True, 77), "fenced"])
        self.assertEqual(self.ear.number, 5)

    async def test_requests_commands_and_acknowledgements(self) -> None:
        """Signed, on their channel."""
        await self.hear()
        self.link.send("shell", message("execute_request", {"code": "1"}, msg_id="e1", buffers=(b"\x00",)))
        self.link.command(Interrupt())
        channel, heard = await self.hear()
        self.assertEqual((channel, heard.header.msg_id, heard.buffers), ("shell", "e1", (b"\x00",)))
        channel, heard = await self.hear()
        self.assertEqual((channel, heard.header.msg_type), ("host", "interrupt"))
        for number in (3, 4, 9):
            self.link.acknowledge(number)
        channel, heard = await self.hear()
        self.assertEqual((heard.header.msg_type, json.loads(heard.content)), ("acknowledge", {"number": 9}))

    async def test_many_bytes_are_acknowledged_at_once(self) -> None:
        """The host's window is of bytes, too: it does not wait for the clock."""
        await self.hear()
        self.say(2, "iopub", printed("x" * ACKNOWLEDGE_BYTES, "e")[1])
        await self.until(1)
        self.link.acknowledge(2)
        self.assertIsNone(self.link._acknowledging, "a clock runs")
        _, heard = await self.hear()
        self.assertEqual((heard.header.msg_type, json.loads(heard.content)), ("acknowledge", {"number": 2}))

    async def test_what_was_sent_last_goes_out_although_it_leaves(self) -> None:
        """A command and a close in one turn, with the last acknowledgement."""
        await self.hear()
        self.link.acknowledge(4)
        self.link.command(ShutDown())
        self.link.close()
        heard = [(await self.hear())[1].header.msg_type for _ in range(2)]
        self.assertEqual(sorted(heard), ["acknowledge", "shut_down"])
        self.link.command(Kill())
        self.link.close()
        await turn(0.02)
        self.assertEqual(self.router.poll(0), 0)


class Numbers(LinkTestCase):
    """Signatures, numbers and keys."""

    async def test_what_is_signed_wrongly_is_dropped_and_counted(self) -> None:
        """It never reaches the receiver, and what comes next does."""
        await self.hear()
        self.say(1, "iopub", printed("forged", "e")[1], key="x" * 64)
        self.router.send_multipart([self.peer, b"1 iopub", b"", b"{}"])
        self.router.send_multipart([self.peer, b""])
        self.say(1, "iopub", printed("real", "e")[1])
        await self.until(1)
        self.assertEqual((self.ear.texts(), self.link.refused), (["real"], 3))

    async def test_numbers_reach_the_receiver_once(self) -> None:
        """What is sent again after a new attach is not taken in twice."""
        await self.hear()
        for number in (1, 2, 2, 1, 3, 3, 4):
            self.say(number, "iopub", printed(f"{number}", "e")[1])
        await self.until(4)
        self.assertEqual((self.ear.texts(), self.ear.number), (["1", "2", "3", "4"], 4))

    async def test_what_is_taken_in_already_is_not_taken_again(self) -> None:
        """From the event after `since` on."""
        attach = await self.again(since=3)
        self.assertEqual(json.loads(attach.content), {"generation": 7, "since": 3, "bundles": True})
        for number in (2, 3, 4):
            self.say(number, "iopub", printed(f"{number}", "e")[1])
        await self.until(1)
        self.assertEqual(self.ear.texts(), ["4"])

    async def test_the_key_changes_at_the_restart(self) -> None:
        """What comes after it is signed with the new one, in both directions; the old one is refused then."""
        await self.hear()
        new = "n" * 64
        self.say(1, "iopub", printed("before", "e")[1])
        self.say(2, "host", message("kernel_restarting", {"start": 2, "key": new}))
        self.say(3, "iopub", printed("forged", "e")[1])
        self.say(3, "iopub", printed("after", "e")[1], key=new)
        await self.until(3)
        self.assertEqual((self.ear.texts(), self.link.refused), (["before", "after"], 1))
        self.link.command(Interrupt())
        _, heard = await self.hear(new)
        self.assertEqual(heard.header.msg_type, "interrupt")

    async def test_an_old_restart_that_is_sent_again_changes_nothing(self) -> None:
        """The server attached with the newest key, and reads of a start that was before."""
        await self.again(start=5)
        self.say(1, "host", message("kernel_restarting", {"start": 4, "key": "o" * 64}))
        self.say(2, "iopub", printed("x", "e")[1])
        await self.until(2)
        self.assertEqual(self.ear.texts(), ["x"])


class Bounded(LinkTestCase):
    """Law 12."""

    async def test_bounded_a_flood_does_not_keep_the_reactor(self) -> None:
        """20,000 messages at once: everything else has its turn in between, and none is lost."""
        await self.hear()
        many = 20_000
        for number in range(1, many + 1):
            self.say(number, "iopub", printed(f"{number}\n", "e")[1])
        most, turns = 0, 0
        while self.ear.count() < many:
            before = self.ear.count()
            await turn(0)
            most, turns = max(most, self.ear.count() - before), turns + 1
        self.assertEqual(self.ear.texts(), [f"{number}\n" for number in range(1, many + 1)])
        self.assertGreaterEqual(turns, len(self.ear.batches))
        self.assertLessEqual(most, TURN_MESSAGES)

    async def test_bounded_large_messages_are_few_in_a_turn(self) -> None:
        """30 of 1 MB are not one batch."""
        await self.hear()
        for number in range(1, 31):
            self.say(number, "iopub", printed("x" * 1_000_000, "e")[1])
        await self.until(30)
        self.assertLessEqual(max(map(len, self.ear.batches)), 3)

    async def test_what_comes_is_delivered_at_once(self) -> None:
        """A status alone, too: the host has waited for what follows it."""
        await self.hear()
        self.say(1, *status("busy", "e"))
        await self.until(1)
        self.say(2, "iopub", message("execute_input", {"code": "", "execution_count": 1}, parent="e"))
        self.say(3, "iopub", printed("x", "e")[1])
        await self.until(3)
        self.assertEqual([m.header.msg_type for _, m in self.ear.batches[0]], ["status"])

    async def test_a_bundle_is_one_batch(self) -> None:
        """With the number of its last message; what was here before is left out, and a forged one changes nothing."""
        await self.hear()
        said = [number_message(number, *printed(f"{number}", "e")) for number in (1, 2, 3, 4)]
        self.router.send_multipart([self.peer, *bundles.encode(b"x" * 64, said)])
        self.router.send_multipart([self.peer, *bundles.encode(KEY.encode(), said[:2])])
        await self.until(2)
        self.router.send_multipart([self.peer, *bundles.encode(KEY.encode(), said)])
        await self.until(4)
        self.assertEqual([len(batch) for batch in self.ear.batches], [2, 2])
        self.assertEqual((self.ear.texts(), self.ear.number, self.link.refused), (["1", "2", "3", "4"], 4, 1))


class Wakes(LinkTestCase):
    """ZeroMQ's file descriptor is edge-triggered, and to send takes away what it shows."""

    async def test_no_message_is_left_lying(self) -> None:
        """Thousands of small messages both ways, in all orders: each round waits for the last answer of the one before."""
        chance, number, asked = random.Random(11), 0, 0
        await self.hear()
        for _ in range(700):
            for _ in range(chance.randrange(1, 4)):
                self.link.send("shell", message("execute_request", {}, msg_id=f"e{asked}"))
                asked += 1
                if chance.random() < 0.5:
                    number += 1
                    self.say(number, *status("idle", "e"))
                if chance.random() < 0.3:
                    await turn(0)
            while self.router.poll(0):
                self.router.recv_multipart()
                number += 1
                self.say(number, "iopub", printed("x", "e")[1])
            await self.until(number)
        while self.router.poll(100):
            self.router.recv_multipart()
        self.assertEqual(self.ear.number, number)


class Processes(TestCase):
    """`ProcessWatch`."""

    timeout = 20

    def start(self) -> subprocess.Popen[bytes]:
        """A process that ends when its stdin does."""
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(lambda: cast(Any, process.stdin).close())
        return process

    async def test_the_end_of_a_process_is_told_once(self) -> None:
        """Without asking again and again."""
        process, told = self.start(), list[int]()
        ProcessWatch(reactor, process.pid, lambda: told.append(1))
        await turn(0.02)
        self.assertEqual(told, [])
        process.kill()
        while not told:
            await turn()
        await turn(0.02)
        self.assertEqual(told, [1])

    async def test_a_process_that_ended_before_is_told_too(self) -> None:
        """It was not waited for yet."""
        process, told = self.start(), list[int]()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        ProcessWatch(reactor, process.pid, lambda: told.append(1))
        while not told:
            await turn()

    async def test_a_closed_watch_tells_nothing(self) -> None:
        """And leaves no file open."""
        process, told = self.start(), list[int]()
        watch = ProcessWatch(reactor, process.pid, lambda: told.append(1))
        fd = watch.fileno()
        watch.close()
        watch.close()
        self.assertRaises(OSError, os.fstat, fd)
        process.kill()
        process.wait()
        await turn(0.02)
        self.assertEqual(told, [])

    def test_a_process_that_does_not_exist(self) -> None:
        """It cannot be watched."""
        process = subprocess.Popen(["true"])
        process.wait()
        self.assertRaises(ProcessLookupError, ProcessWatch, reactor, process.pid, lambda: None)
