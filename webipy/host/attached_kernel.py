"""A kernel that something else started: joined by its connection file, and left as it was found.

`AttachedKernel` has the face of `webipy.host.process.KernelProcess`, so that `webipy.host.kernel_lifecycle` leads both kinds of
life. What differs: there is no process of ours, hence no signal, no raw output, no exit status and no restart. It
is interrupted and shut down by messages, and SIGKILL means here that the host lets go of it: the kernel lives on.

Its end is noticed by the heartbeat ("Jupyter messaging 5.4, heartbeat"): every second something is sent to its
heartbeat channel, which echoes it. A kernel is gone when ten beats in a row came to nothing while no other message of
it came. Beats are counted and not seconds, so that a host that was itself stopped for a while (SIGSTOP, a
machine that slept) does not take its own silence for the kernel's.

Rejected: ZeroMQ's monitor (whoever started the kernel may restart it at the same ports, and a connection that breaks
for a moment is no end); the pid (the kernel may be on another machine).
"""

from __future__ import annotations

import signal
from typing import Final

import zmq

from webipy.core.kernel.connection_file import Connection
from webipy.host.process import Exit

BEAT_S: Final = 1.0
SILENT_BEATS: Final = 2  # in a row; a kernel that was asked to end has ended
MISSED_BEATS: Final = 10  # in a row; jupyter_client takes less, but for kernels on the same machine only

_BEAT: Final = (b"", b"beat")  # the empty part is for kernels whose heartbeat is a REP
_SHUT_DOWN: Final = "The kernel was shut down."
_LET_GO: Final = "webipy let go of the kernel, which it had not started; the kernel lives on."
_NO_ANSWER: Final = (
    "Nobody answered at {address} within {seconds:g} s: the kernel of this connection file has ended, has another key "
    "by now, or is too busy with somebody else's code to answer."
)
_SILENT: Final = (
    "The attached kernel is gone: its heartbeat was silent for {seconds:g} s. If it is there again, attach "
    "it again by its connection file."
)


class AttachedKernel:
    """A kernel that webipy did not start; see `webipy.host.process.KernelProcess` for what is not described here.

    Args:
        connection: Where it listens, and its key.
    """

    pid: None = None
    has_boot = False
    is_ours = False
    is_unheard = False
    is_waiting = False
    curve = None
    unsent = None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._heart: zmq.Socket[bytes] | None = None
        self._missed = 0
        self._exit: Exit | None = None
        self.is_there = True

    def spawn(self, key: str) -> None:
        """Does nothing: it is joined; `key` is the link's, the kernel has its own."""

    def addresses(self) -> dict[str, str]:
        """The ZeroMQ addresses of its channels."""
        return self._connection.addresses()

    def wire_key(self, key: str) -> bytes:
        """Its own key, as bytes."""
        return self._connection.key.encode()

    def beat(self, context: zmq.Context[zmq.Socket[bytes]]) -> float | None:
        """Reads the echoes of the last beats and sends the next one.

        Returns:
            Seconds to the next beat; `None` when the kernel has ended.
        """
        if not self.is_there or self._exit is not None:
            return None
        if self._heart is None:
            self._heart = context.socket(zmq.DEALER)
            self._heart.linger = 0
            self._heart.connect(self.addresses()["hb"])
        self._missed += 1
        while self._heart.poll(0):
            self._heart.recv_multipart(zmq.NOBLOCK)
            self._missed = 0
        if self._missed > MISSED_BEATS:
            self._end(_SILENT.format(seconds=MISSED_BEATS * BEAT_S))
            return None
        self._heart.send_multipart(_BEAT, zmq.NOBLOCK)
        return BEAT_S

    def observe(self) -> None:
        """Records any message of it: it lives."""
        self._missed = 0

    def poll(self) -> Exit | None:
        """Returns once that it is gone, or was let go of."""
        ended, self._exit = self._exit, None
        if ended is not None:
            self.is_there = False  # not before it is reported, as a process is there until it is reaped
        return ended

    def signal(self, number: signal.Signals) -> None:
        """Lets go of it; it lives on. Only SIGKILL is asked of this: the others go as messages."""
        if number == signal.SIGKILL:
            self._end(_SHUT_DOWN if self._missed >= SILENT_BEATS else _LET_GO)

    def late(self, timeout_s: float) -> str:
        """The sentence for a kernel that did not answer in time."""
        return _NO_ANSWER.format(address=self.addresses()["shell"], seconds=timeout_s)

    def tail(self) -> str:
        """Its raw output: none, it goes elsewhere."""
        return ""

    def tend(self) -> None:
        """Does nothing: its log is elsewhere."""

    def _end(self, reason: str) -> None:
        if not self.is_there or self._exit is not None:
            return
        self._exit = Exit(None, None, reason)
        if self._heart is not None:
            self._heart.close()
            self._heart = None
