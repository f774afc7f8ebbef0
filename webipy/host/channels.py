"""The ZeroMQ sockets between a host and one start of its kernel.

SHELL, CONTROL and STDIN are DEALERs with one same routing id, because a kernel sends its input requests on STDIN to the
routing id that its request on SHELL came from. IOPUB is a SUB to everything. The sockets connect before the kernel
binds and try again every 10 ms. Nothing here ever blocks.

How much IOPUB reads ahead depends on the kernel. One that was started with the boot file waits for a slow reader
(`XPUB_NODROP`), so a short queue
bounds the memory of the host. (To lower its limit later, when messages are large, is no way: ZeroMQ may then wait for
ever for a reader that has read everything.) Others drop messages at their own high-water mark, so here the queue is
endless: the host reads what it can, and reports what it could not keep.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

import zmq

from webipy.core.kernel import wire
from webipy.host.multipart import read_parts, send_parts
from webipy.host.process import Curve

KERNEL_CHANNELS: Final = ("control", "shell", "stdin", "iopub")
READ_AHEAD: Final = 8  # messages of a kernel that waits; ZeroMQ counts no bytes, and one may have a GiB
_RECONNECT_MS: Final = 10


class Channels:
    """The four sockets to one start of a kernel.

    Args:
        context: ZeroMQ's context.
        addresses: Where the kernel binds each channel.
        key: The key of this start, as bytes.
        waits: Whether the kernel waits for a slow reader instead of dropping.
        curve: The keys of an encrypted connection, if it is one.
        on_sent: Called with each socket right before something is sent to it.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        addresses: Mapping[str, str],
        key: bytes,
        *,
        waits: bool,
        curve: Curve | None = None,
        on_sent: Callable[[zmq.Socket[bytes]], None],
    ) -> None:
        self._key = key
        self._on_sent = on_sent
        self.sockets: dict[str, zmq.Socket[bytes]] = {}
        identity = os.urandom(16).hex().encode()
        for channel in KERNEL_CHANNELS:
            socket = context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
            socket.linger = 0
            socket.sndhwm = 0
            socket.rcvhwm = READ_AHEAD if waits and channel == "iopub" else 0
            socket.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MS)
            if curve is not None:
                public, secret = curve.public.encode(), curve.secret.encode()
                socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = public, public, secret
            if channel == "iopub":
                socket.setsockopt(zmq.SUBSCRIBE, b"")
            else:
                socket.setsockopt(zmq.ROUTING_ID, identity)
            socket.connect(addresses[channel])
            self.sockets[channel] = socket

    def send(self, channel: str, message: wire.Message) -> None:
        """Sends a request to the kernel; it waits in memory while the kernel does not read.

        Args:
            channel: One of `shell`, `control` and `stdin`.
            message: The request.
        """
        self._on_sent(self.sockets[channel])
        send_parts(self.sockets[channel], wire.encode(self._key, message))

    def read(self, channel: str) -> wire.Message | None:
        """Reads one message, or None when there is none now.

        Raises:
            webipy.core.kernel.wire.BadFrame: It is not one of this kernel's.
        """
        frames = read_parts(self.sockets[channel], as_views=True)
        return None if frames is None else wire.decode(self._key, frames, wire.ANY_BYTES)

    def close(self) -> None:
        """Closes the sockets; what was not read is lost."""
        for socket in self.sockets.values():
            socket.close()
