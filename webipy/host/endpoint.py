"""The host's end of the link to the server: one ROUTER, its keys, and which server is obeyed.

Data flow: `read` verifies what came and returns it with the identity and the key it was signed with; `answer` and `send`
sign what goes out. The link itself (frames, numbers, keys, fencing) is described in docs/kernel-host.md.

Keys: a restart adds a key. What comes may be signed with any key since the newest one that was seen, because messages
that crossed the restart on their way are still signed with the old one. What goes to a server is signed with the
key which that server has; `send` puts the newest one into `kernel_restarting` and uses it from then on, so the
old key never signs anything after it.

A server that is gone is noticed by its connection (ZeroMQ's monitor) or by a send that has nowhere to go.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import zmq

from webipy.core.kernel import bundles, wire
from webipy.core.kernel.host_protocol import KernelRestarting, OutputLost, Typed, endpoint
from webipy.core.kernel.server_fence import ServerFence
from webipy.core.kernel.spool_records import Kept
from webipy.host.multipart import read_parts, send_parts

LOG_S: Final = 10.0  # refused messages are logged at most so often
MAX_KEYS: Final = 8  # keys accepted at a time: restarts that a server may be behind


def log(text: str) -> None:
    """Writes one line to the host's log, which is its stderr."""
    with contextlib.suppress(OSError):  # a full disk must not end the host, and there is nowhere else to write it
        sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
        sys.stderr.flush()


class Author:
    """Makes the host's own messages and recognizes what belongs to them."""

    def __init__(self) -> None:
        self._session = os.urandom(16).hex()
        self._count = 0

    def message(self, msg_type: str, content: object) -> wire.Message:
        """Makes a message with a new id and the time of now.

        Args:
            msg_type: Its type.
            content: Its content, anything that can be written as JSON.
        """
        self._count += 1
        now = time.time()
        date = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06d}Z"
        msg_id = f"{self._session}_{self._count}"
        return wire.new_message(msg_type, msgspec.json.encode(content), msg_id=msg_id, session=self._session, date=date)

    def event(self, event: Typed) -> wire.Message:
        """Makes the message that carries an event or an answer of the host."""
        return self.message(event.msg_type, event)

    def lost(self, reason: str, count: int | None = 1) -> wire.Message:
        """Makes the event for missing output.

        Args:
            reason: Why, one sentence.
            count: How many messages are missing; `None` where that is not known.
        """
        return self.event(OutputLost(reason, count))

    def wrote(self, header: wire.Header | None) -> bool:
        """Whether a parent header is one of ours."""
        return header is not None and header.msg_id.startswith(self._session)


class Received(NamedTuple):
    """One verified message from a server."""

    identity: bytes
    key: bytes
    channel: str
    message: wire.Message


class Endpoint:
    """The ROUTER that servers connect to.

    Args:
        context: ZeroMQ's context.
        folder: The host's directory; the socket is `host` in it.
        author: Makes the answers.
        key: The key of the first start, as bytes.
        on_sent: Called with the socket right before each message is sent.

    Raises:
        zmq.ZMQError: The address cannot be bound.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        folder: str,
        author: Author,
        key: bytes,
        on_sent: Callable[[zmq.Socket[bytes]], None],
    ) -> None:
        self._on_sent = on_sent
        self.address = endpoint(folder)
        self.fence = ServerFence()
        self._author = author
        self.restarted_at = 0  # number of the last kernel_restarting
        self.bundles = False  # whether the attached server takes several messages as one
        self._keys = [key]
        self._refused, self._logged_at = 0, -LOG_S
        self._connected: set[int] = set()
        self.router = context.socket(zmq.ROUTER)
        self.router.linger = 500
        self.router.sndhwm = 0  # the window bounds what is sent; without it a full queue would drop
        self.router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.router.setsockopt(zmq.ROUTER_HANDOVER, 1)
        self.router.setsockopt(zmq.MAXMSGSIZE, wire.MAX_PART_BYTES)
        self.router.monitor("inproc://connections", int(zmq.Event.ACCEPTED | zmq.Event.DISCONNECTED))
        self.monitor = context.socket(zmq.PAIR)
        self.monitor.linger = 0
        self.monitor.connect("inproc://connections")
        self.router.bind(self.address)

    @property
    def key(self) -> bytes:
        """The newest key."""
        return self._keys[0]

    @property
    def has_server(self) -> bool:
        """Whether a server is attached and connected."""
        return self.fence.current is not None

    @property
    def is_connected(self) -> bool:
        """Whether a connection is known, be it that of the attached server or not."""
        return bool(self._connected)

    def renew(self, key: bytes) -> None:
        """Takes a new key; the old ones are accepted until it is seen."""
        self._keys = [key, *self._keys][:MAX_KEYS]

    def read(self) -> Received | None:
        """Reads one message that is well signed, or None when there is none now."""
        while (frames := read_parts(self.router)) is not None:
            try:
                return self._verify(frames[0], frames[1:])
            except wire.BadFrame as fault:
                self.refuse(f"a message from a server: {fault}")
        return None

    def answer(self, identity: bytes, key: bytes, answer: Typed) -> None:
        """Sends an answer without a number; one to a server that is gone goes nowhere.

        Args:
            identity: The server's routing identity.
            key: What the answer is signed with: the key that the server has.
            answer: The answer.
        """
        frames = wire.encode_link(key, wire.stamp("host", 0), self._author.event(answer))
        self._send(identity, frames)

    def send(self, messages: Sequence[Kept]) -> bool:
        """Sends kept messages to the attached server, in order, as few bundles as they may be.

        Returns:
            Whether the server is still there.
        """
        if not self.bundles:
            return all(map(self._send_one, messages))
        return all(map(self._send_group, bundles.grouped(messages)))

    def _send_group(self, messages: Sequence[Kept]) -> bool:
        if not bundles.may_bundle(messages[0]):
            return self._send_one(messages[0])
        return self.fence.current is not None and self._deliver(bundles.encode(self.fence.key, messages))

    def _deliver(self, frames: list[bytes]) -> bool:
        """Sends a message to the attached server, if there is one; returns whether it is still there."""
        current = self.fence.current
        if current is not None and not self._send(current, frames):
            self.fence.current = None
        return self.fence.current is not None

    def _send_one(self, kept: Kept) -> bool:
        servers, message = self.fence, kept.message
        if servers.current is None:
            return False
        key = servers.key
        if kept.channel == "host" and message.header.msg_type == KernelRestarting.msg_type:
            restarting = msgspec.json.decode(message.content, type=KernelRestarting)
            restarting = msgspec.structs.replace(restarting, key=self.key.decode())
            message = msgspec.structs.replace(message, content=msgspec.json.encode(restarting))
            servers.key = self.key
        return self._deliver(wire.encode_link(key, wire.stamp(kept.channel, kept.number), message))

    def watch(self) -> None:
        """Records connections made and lost; `let_go` does what follows from that."""
        while (parts := read_parts(self.monitor)) is not None:
            event = parts[0]
            kind, connection = int.from_bytes(event[:2], sys.byteorder), int.from_bytes(event[2:6], sys.byteorder)
            if kind == zmq.Event.ACCEPTED:
                self._connected.add(connection)
            else:
                self._connected.discard(connection)

    def let_go(self) -> None:
        """Forgets a server that is gone. Its last messages may lie unread when its end is noticed: read them first."""
        if not self._connected:
            self.fence.current = None

    def refuse(self, what: str) -> None:
        """Counts a message that is dropped, and logs now and then."""
        self._refused += 1
        if time.monotonic() - self._logged_at >= LOG_S:
            self._logged_at = time.monotonic()
            log(f"refused {what} ({self._refused} refused in all)")

    def close(self) -> None:
        """Closes the sockets; what was sent a moment ago still goes out."""
        self.router.disable_monitor()
        self.monitor.close()
        self.router.close()

    def _verify(self, identity: bytes, frames: list[bytes]) -> Received:
        if frames and b" " in frames[0]:
            raise wire.Malformed("it has a number, which only a host sets")
        for index, key in enumerate(self._keys):
            try:
                _, channel, message = wire.decode_link(key, frames)
            except wire.BadSignature:
                continue
            del self._keys[index + 1 :]
            return Received(identity, key, channel, message)
        raise wire.BadSignature("the message is not signed with this kernel's key")

    def _send(self, identity: bytes, frames: list[bytes]) -> bool:
        self._on_sent(self.router)  # before: a message that fails has looked at the socket, too
        try:
            send_parts(self.router, [identity, *frames])
        except zmq.ZMQError as fault:
            if fault.errno != zmq.EHOSTUNREACH:
                raise
            return False
        return True
