"""The loop of a kernel host: it reads the server, the kernel, the signals and the clock, and does what is decided.

Data flow, once per turn::

    server --Endpoint.read--> Commands.obey: commands, or HostQueue.receive --> kernel
    kernel --Channels.read--> Outbox.add, and HostQueue.replied --> kernel
    Outbox.take --Endpoint.send--> server

Every turn reads at most `TURN_MESSAGES` from each side, so an interrupt is served while the kernel floods. Nothing
waits: what takes time (a polite end, readiness, the last outputs of a dead kernel) is an alarm. Between two reads of
the kernel lies nothing that a server could hold up.

While a kernel floods, its IOPUB is read at a pace (`webipy.host.watch`), so that each turn finds some.

When the spool is full, a kernel that waits for its reader is made to wait: its IOPUB is not read. The output of others
is read and not kept, except `status`, and an `output_lost` event has the number of messages that are missing.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Collection
from typing import Any, Final

import msgspec
import zmq

from webipy.core.kernel import wire
from webipy.core.kernel.host_protocol import (
    Event,
    KernelDied,
    KernelRestarting,
    Launch,
    RequestDropped,
    RequestMoved,
    StartFailed,
)
from webipy.core.kernel.host_queue import Dropped, Effect, HostQueue, Moved
from webipy.core.kernel.large_messages import Large
from webipy.core.kernel.outbox import Outbox
from webipy.core.kernel.question_order import MARKER
from webipy.host.attached_kernel import AttachedKernel
from webipy.host.channels import KERNEL_CHANNELS, Channels
from webipy.host.commands import Commands
from webipy.host.endpoint import Author, Endpoint, log
from webipy.host.execution_ends import ExecutionEnds
from webipy.host.host_files import HostFiles
from webipy.host.kernel_lifecycle import Alarms, KernelLifecycle
from webipy.host.process import CannotStart, KernelProcess
from webipy.host.spool_file import SpoolFile
from webipy.host.watch import Watch

TURN_MESSAGES: Final = 200  # read from each side in one turn; about 10 ms of work
LEAVE_S: Final = 10.0  # how long the host waits for the last acknowledgement
REFILL_MS: Final = 1  # a flood goes on in the same turn when its next message comes within this time
COMPANY_S: Final = 0.001  # what another message follows as a rule waits so long for it
QUEUE_COMPANY_S: Final = 0.005  # the same while more code waits to run: nobody waits for one of its steps
TEND_S: Final = 1.0  # how often the spool is tried again and the log is cut


class _Status(msgspec.Struct, frozen=True):
    execution_state: str = "idle"


class Host:
    """One kernel host, from its endpoint's first moment to its own end.

    Args:
        launch: The content of `launch.json`.
        folder: The host's directory.
        process: The kernel's process, the first spawn was tried; or a kernel that something else started.
        fault: Why the first spawn failed, if it did.
    """

    def __init__(
        self, launch: Launch, folder: str, process: KernelProcess | AttachedKernel, fault: CannotStart | None
    ) -> None:
        self._launch, self._folder = launch, folder
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._author, self._alarms, self._watch = Author(), Alarms(), Watch()
        self.sent = self._watch.sent
        self._endpoint = Endpoint(self._context, folder, self._author, launch.key.encode(), self._watch.sent)
        self._outbox, self._requests = Outbox(SpoolFile(folder, self._author.lost, log)), HostQueue()
        self._large = Large(self._author.lost)
        self._lifecycle = KernelLifecycle(launch, folder, process, self._context, self._author, self._alarms, self)
        self._execution_ends = ExecutionEnds(
            self._lifecycle,
            self._requests,
            self._author,
            self._alarms,
            ask=self._pass_question_on,
            end=self._end_execution,
            apply=self._apply,
        )
        self._commands = Commands(
            self._endpoint, self._outbox, self._requests, self._lifecycle, self._execution_ends, self._apply
        )
        self._files = HostFiles(folder, self._endpoint, self._outbox, self._lifecycle)
        self._unkept = 0
        self._is_busy = False
        self._done = ""
        self._alone_since = time.monotonic()
        self._wakeup = _wakeup()
        self._watched: Channels | None = None
        self._is_iopub_watched: bool | None = None
        self._files.write()
        self._lifecycle.begin(fault)
        self._lifecycle.check()  # it may have ended before its end could wake this
        self._alarms.set("tend", TEND_S, self._tend)

    def run(self) -> None:
        """Runs turns until the kernel is gone for good and the server has everything, or nobody came back."""
        while not self._done:
            self._look()
            ready = self._watch.wait(self._alarms.wait_s())
            if self._endpoint.has_server:  # it was, all the time of this wait
                self._alone_since = time.monotonic()
            if self._wakeup in ready and signal.SIGTERM in os.read(self._wakeup, 4096):
                self._lifecycle.leave()
            if self._endpoint.router in ready or self._endpoint.monitor in ready:
                self._read_server(self._endpoint.monitor in ready)
            self._read_kernel(ready)
            if self._wakeup in ready or not self._lifecycle.process.is_ours:  # SIGCHLD wakes
                self._lifecycle.check()
            self._alarms.ring()
            self._commands.obey_later()
            self._push()
            self._leave_if_over()
        self._files.farewell(self._done)
        self._endpoint.close()
        self._context.term()

    # What happens to the kernel: the protocol `webipy.host.kernel_lifecycle.Audience`.

    def event(self, event: Event) -> int:
        """Numbers and keeps an event of the host.

        Returns:
            Its number.
        """
        if isinstance(event, KernelDied) and self._lifecycle.process.unsent is not None:
            for stream, text, gone in self._lifecycle.process.unsent.rest():
                if gone:
                    self._outbox.add("host", self._author.lost(f"{gone} characters that were printed last.", None))
                message = self._author.message("stream", {"name": stream, "text": text})
                request = self._requests.running
                parent = None if request is None else request.header
                self._outbox.add("iopub", msgspec.structs.replace(message, parent=parent))
        if isinstance(event, KernelDied | KernelRestarting | StartFailed):
            self._execution_ends.give_up()
        return self._outbox.add("host", self._author.event(event))

    def opened(self) -> None:
        """Sends the kernel what waited for it."""
        self._apply(self._requests.open())

    def closed(self, reason: str, *, is_dead: bool) -> None:
        """Reports which requests will have no reply.

        Args:
            reason: Why: `kernel_died` or `kernel_restarted`.
            is_dead: Whether no other start follows by itself.
        """
        self._is_busy = False
        self._apply(self._requests.close(reason, is_dead=is_dead))

    def respawned(self, key: str) -> None:
        """Reports the next start: its key is in the host file before anything is signed with it."""
        self._endpoint.renew(key.encode())
        self._files.renew()
        self._endpoint.restarted_at = self.event(KernelRestarting(self._lifecycle.start))

    # One turn.

    def _look(self) -> None:
        """Watches the sockets that there are now."""
        channels, is_read = self._lifecycle.channels, self._reads_iopub()
        if channels is not None and not is_read:
            self._execution_ends.observe_output()  # the kernel may have more output than can be kept now
        if channels is self._watched and is_read == self._is_iopub_watched:
            return
        self._watched, self._is_iopub_watched = channels, is_read
        sockets = channels.sockets if channels is not None else {}
        kernel = [socket for name, socket in sockets.items() if name != "iopub" or is_read]
        own = [self._wakeup, self._endpoint.router, self._endpoint.monitor]
        self._watch.over([*own, *kernel], sockets.get("iopub"))

    def _reads_iopub(self) -> bool:
        return not self._outbox.is_full or not self._lifecycle.process.has_boot or self._lifecycle.is_draining

    def _read_server(self, is_connection_changed: bool) -> None:
        endpoint = self._endpoint
        # A server may be attached before its connection is known.
        if is_connection_changed or not endpoint.is_connected:
            endpoint.watch()
            self._watch.emptied(endpoint.monitor)
        for _ in range(TURN_MESSAGES):
            received = endpoint.read()
            if received is None:
                self._watch.emptied(endpoint.router)
                endpoint.let_go()
                return
            try:
                self._commands.obey(received)
            except (msgspec.DecodeError, UnicodeDecodeError) as fault:
                self._endpoint.refuse(f"a malformed {received.message.header.msg_type}: {fault}")

    def _read_kernel(self, ready: Collection[Any]) -> None:
        channels, budget = self._lifecycle.channels, TURN_MESSAGES
        for channel in KERNEL_CHANNELS:
            if channels is None or channels.sockets[channel] not in ready:
                continue
            read = self._read_channel(channels, channel, budget)
            budget -= read
            if channel == "iopub" and read and budget:  # with nothing left of the budget there is more to read
                self._watch.pace.found(read, time.monotonic())

    def _read_channel(self, channels: Channels, channel: str, budget: int) -> int:
        """Reads the messages of one channel; returns how many."""
        read, has_output = 0, False
        while read < budget and self._lifecycle.channels is channels and (channel != "iopub" or self._reads_iopub()):
            try:
                message = channels.read(channel)
            except wire.BadFrame as fault:
                self._endpoint.refuse(f"a message from the kernel: {fault}")
                if isinstance(fault, wire.Malformed):
                    self._outbox.add("host", self._author.lost(f"The kernel sent what cannot be passed on: {fault}."))
                continue
            if message is None:
                # ZeroMQ reads few messages ahead; in a flood its thread is given the moment that it needs for the next ones.
                if channel == "iopub" and self._watch.pace.is_flood and channels.sockets[channel].poll(REFILL_MS):
                    continue
                self._watch.emptied(channels.sockets[channel])
                break
            read += 1
            if not self._lifecycle.observe(channel, message):
                has_output = channel == "iopub"
                for place, piece in self._large.taken_apart(channel, message):
                    self._forward(place, piece)
            elif message.parent is not None:
                self._execution_ends.observe_own_request(
                    message.parent.msg_id, message.header.msg_type, _state(message)
                )
        # The states of a question of the host's own are no output: they would break the silence that it asks about.
        if has_output:
            self._execution_ends.observe_output()
        return read

    def _forward(self, channel: str, message: wire.Message) -> None:
        """Numbers and keeps one message of the kernel, and lets the next request go."""
        msg_type, state = message.header.msg_type, _state(message)
        if channel == "iopub":
            if msg_type == "iopub_welcome":
                return
            if msg_type == MARKER and message.parent is not None:
                self._execution_ends.marked(message.parent.msg_id)
                return
            if msg_type == "status":
                self._is_busy = state == "busy"
            elif self._outbox.is_full and not self._lifecycle.process.has_boot:
                self._unkept += 1
                return
        if msg_type == "execute_reply" and message.parent is not None:
            self._execution_ends.replied(message.parent.msg_id, message)
            return
        if channel == "stdin":
            self._execution_ends.asked(message)
            return
        self._outbox.add(channel, message)
        if message.parent is None:
            return
        if channel in ("shell", "control"):
            self._apply(self._requests.replied(message.parent.msg_id, msg_type, message.content))
        elif channel == "iopub" and message.parent.msg_type == "execute_request":
            self._execution_ends.published(message.parent.msg_id, message, state)

    def _pass_question_on(self, question: wire.Message) -> None:
        self._outbox.add("stdin", question)

    def _end_execution(self, reply: wire.Message, is_missed: bool) -> None:
        """Passes a reply on, and lets the next request go: as interrupted, if an interrupt came too late for this one."""
        judged = self._large.judged(reply)
        self._outbox.add("shell", judged)
        if reply.parent is not None:
            of, msg_type = reply.parent.msg_id, reply.header.msg_type
            self._apply(self._requests.replied(of, msg_type, judged.content, is_missed=is_missed))

    def _push(self) -> None:
        """Sends the server what the window allows."""
        if self._unkept and not self._outbox.is_full:
            self._outbox.add("host", self._author.lost("The host's spool was full.", self._unkept))
            self._unkept = 0
        if not self._endpoint.has_server or not self._outbox.has_unsent:
            return
        if self._outbox.is_urgent:
            self._alarms.clear("company")
            self._endpoint.send(self._outbox.next_to_send())
        elif not self._alarms.has("company"):
            company_s = QUEUE_COMPANY_S if self._requests.has_waiting else COMPANY_S
            self._alarms.set("company", company_s, self._outbox.hurry)

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Dropped):
                self.event(RequestDropped(effect.msg_id, effect.reason))
            elif isinstance(effect, Moved):
                self.event(RequestMoved(effect.msg_id, effect.after))
            elif self._lifecycle.channels is not None:
                self._lifecycle.channels.send(effect.channel, effect.message)
                if effect.message is self._requests.running:
                    self._execution_ends.given(effect.message)

    # Time, files and the end.

    def _tend(self) -> None:
        """Tries a full spool again, cuts the kernel's log, and checks whether anyone needs this host."""
        self._outbox.settle()
        self._files.tend()
        self._lifecycle.process.tend()
        self._lifecycle.check()
        is_idle = self._requests.is_idle and not self._is_busy
        if is_idle and time.monotonic() - self._alone_since > self._lifecycle.grace_s:
            log(f"no server for {self._lifecycle.grace_s:g} s: {self._leaving()}")
            self._lifecycle.leave()
        if not self._endpoint.has_server and not self._files.can_be_found():
            log(f"{self._folder} was removed, so no server can come any more: {self._leaving()}")
            self._alone_since = -math.inf
            self._lifecycle.leave()
        self._alarms.set("tend", TEND_S, self._tend)

    def _leaving(self) -> str:
        return "the kernel is shut down" if self._lifecycle.process.is_ours else "the kernel is let go of"

    def _leave_if_over(self) -> None:
        if not self._lifecycle.is_over:
            return
        is_forgotten = time.monotonic() - self._alone_since > self._lifecycle.grace_s
        if self._outbox.is_empty or is_forgotten:
            self._leave()
        elif not self._alarms.has("leave"):
            self._alarms.set("leave", LEAVE_S, self._leave)

    def _leave(self) -> None:
        self._done = "The kernel was shut down." if self._lifecycle.process.is_ours else "The kernel was let go of."


def _wakeup() -> int:
    """Lets signals wake the loop: their numbers come as bytes from the file that is returned."""
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    return read_end


def _state(message: wire.Message) -> str:
    """The state in a status; empty for another message. One that cannot be read is no `busy`."""
    if message.header.msg_type != "status":
        return ""
    try:
        return msgspec.json.decode(message.content, type=_Status).execution_state
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "idle"
