"""One kernel's life: starting, being ready, ending, starting again.

Each start reports these events in this order, and ends in exactly one of the last two::

    kernel_starting -> kernel_ready -> kernel_died
    (kernel_starting) -> start_failed            no process, ended before it was ready, or no answer in time

A start that comes to nothing is tried the next way that there is (`webipy.host.ways`) before it counts as failed; then
`start_retried` and another `kernel_starting` stand in between, of the same start.

Readiness: a subscription takes a moment to reach the kernel, and what is published before is gone. So the kernel is
asked for its `kernel_info` until both the reply and something published about it have arrived; only then are
requests given. Replies to the host's own requests are never forwarded.

The end: a dead process's last messages are still in the sockets. They are read until nothing came for a moment, and
only then the end is reported. An end that was asked for is polite first (`shutdown_request`), then SIGKILL.

A kernel that something else started (`webipy.host.attached_kernel`) is joined instead of spawned, has one start only, and does
not end with its host.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

import msgspec
import zmq

from webipy.core.kernel import wire
from webipy.core.kernel.host_protocol import (
    Event,
    KernelDied,
    KernelEntered,
    KernelReady,
    KernelStarting,
    Launch,
    StartFailed,
    StartRetried,
)
from webipy.host.attached_kernel import AttachedKernel
from webipy.host.channels import Channels
from webipy.host.endpoint import Author, log
from webipy.host.process import CannotStart, Exit, KernelProcess

NUDGE_S: Final = 1.0  # a kernel that did not answer is asked again after this, then after twice as long
NUDGE_AGAIN_S: Final = 0.05  # the kernel answered, but nothing came on its iopub yet
LISTEN_S: Final = 20.0  # one that does not listen by then, or in a third of the time it has, is tried another way
SILENT_IOPUB_S: Final = 3.0  # a kernel that answers but publishes nothing is taken as it is after this
RESTART_POLITELY_S: Final = 2.0
SHUT_DOWN_POLITELY_S: Final = 5.0
DRAIN_QUIET_S: Final = 0.03  # a dead kernel's sockets are empty when nothing came for so long
DRAIN_S: Final = 2.0  # and are given up after this

State = Literal["starting", "ready", "dead", "failed"]
Ending = Literal["", "restart", "exit", "late"]


class Alarms:
    """Named points in time and what to do then."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[float, Callable[[], None]]] = {}
        self._next = math.inf  # no alarm is due before

    def set(self, name: str, after_s: float, act: Callable[[], None]) -> None:
        """Sets or moves an alarm.

        Args:
            name: Its name.
            after_s: Seconds until it rings.
            act: What to do then.
        """
        at = time.monotonic() + after_s
        self._due[name] = (at, act)
        self._next = min(self._next, at)

    def clear(self, *names: str) -> None:
        """Takes alarms away, set or not."""
        for name in names:
            gone = self._due.pop(name, None)
            if gone is not None and gone[0] <= self._next:
                self._find_next()

    def has(self, name: str) -> bool:
        """Whether an alarm is set."""
        return name in self._due

    def wait_s(self) -> float:
        """Seconds to the next alarm, or to where one was that was moved; at most an hour."""
        return min(3600.0, max(0.0, self._next - time.monotonic()))

    def ring(self) -> None:
        """Does what is due."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = math.inf
        for name in [name for name, (at, _) in self._due.items() if at <= now]:
            _, act = self._due.pop(name, (0.0, _nothing))
            act()
        self._find_next()

    def _find_next(self) -> None:
        self._next = min((at for at, _ in self._due.values()), default=math.inf)


def _nothing() -> None:
    """Does nothing: the alarm was cleared by an earlier one of the same moment."""


class Audience(Protocol):
    """Observes the life of a kernel."""

    def event(self, event: Event) -> int:
        """Numbers and keeps an event of the host.

        Returns:
            Its number.
        """

    def opened(self) -> None:
        """The kernel is ready for requests."""

    def closed(self, reason: str, *, is_dead: bool) -> None:
        """The requests that have no reply will have none.

        Args:
            reason: Why: `kernel_died` or `kernel_restarted`.
            is_dead: Whether no other start follows by itself.
        """

    def sent(self, socket: zmq.Socket[bytes]) -> None:
        """Records that something was sent to one of the kernel's sockets."""

    def respawned(self, key: str) -> None:
        """The next process was started; `key` is the key of this start, hex."""


class KernelLifecycle:
    """One kernel over all its starts.

    Args:
        launch: What to start.
        folder: The host's directory.
        process: The kernel's process, spawned already for the first start; or a kernel that something else started.
        context: ZeroMQ's context.
        author: Makes the host's own requests.
        alarms: The loop's alarms.
        audience: Observes the kernel's life.
    """

    def __init__(
        self,
        launch: Launch,
        folder: str,
        process: KernelProcess | AttachedKernel,
        context: zmq.Context[zmq.Socket[bytes]],
        author: Author,
        alarms: Alarms,
        audience: Audience,
    ) -> None:
        self._launch, self._folder, self._context = launch, folder, context
        self._author, self._alarms, self._audience = author, alarms, audience
        self.process = process
        self.channels: Channels | None = None
        self.start = launch.start
        self.state: State = "starting"
        self.ending: Ending = ""
        self.is_over = False
        self.grace_s = launch.grace_s
        self._key = launch.key
        self._entering = ""
        self._spawned_at = time.monotonic()
        self._exit: Exit | None = None
        self._kernel_info = b""
        self._hears_iopub = False
        self._nudge_s = NUDGE_S
        self._given_up_s = 0.0
        self._last_tail = ""

    @property
    def is_draining(self) -> bool:
        """Whether the process has ended and its last messages are being read."""
        return self._exit is not None

    def begin(self, fault: CannotStart | None) -> None:
        """Reports a spawn that was tried just now, and connects to the kernel."""
        if fault is not None:
            self._fail(str(fault), "")
            return
        self.state, self._kernel_info, self._hears_iopub, self._nudge_s = "starting", b"", False, NUDGE_S
        self._entering = ""
        self._audience.event(KernelStarting(self.start, self.process.pid, self.process.is_waiting))
        key, addresses = self.process.wire_key(self._key), self.process.addresses()
        waits, curve = self.process.has_boot, self.process.curve
        self.channels = Channels(self._context, addresses, key, waits=waits, curve=curve, on_sent=self._audience.sent)
        if not self.process.is_waiting:
            self._nudge(is_first=True)

    def observe(self, channel: str, message: wire.Message) -> bool:
        """Records a message from the kernel.

        Args:
            channel: Where it came.
            message: The message.

        Returns:
            Whether it answers a request of the host's own, so that it is not forwarded.
        """
        if isinstance(self.process, AttachedKernel):
            self.process.observe()
        if self.is_draining:
            self._alarms.set("drained", DRAIN_QUIET_S, self._ended)
        if self.process.unsent is not None and message.header.msg_type == "stream" and channel == "iopub":
            self.process.unsent.observe(message.metadata, message.content)
        if not self._author.wrote(message.parent):
            return False
        if self.state == "starting":
            self._hears_iopub = self._hears_iopub or channel == "iopub"
            if message.header.msg_type == "kernel_info_reply" and not self._kernel_info:
                self._kernel_info = message.content
                self._nudge_s = NUDGE_AGAIN_S
                self._alarms.set("nudge", NUDGE_AGAIN_S, self._nudge)
                self._alarms.set("silent", SILENT_IOPUB_S, self._ready)
            if self._kernel_info and self._hears_iopub:
                self._ready()
        return True

    def check(self) -> None:
        """Checks whether the process has ended."""
        if self._exit is None and (ended := self.process.poll()) is not None:
            self._exit = ended
            self._alarms.clear("nudge", "silent", "late", "listens", "polite", "beat")
            self._alarms.set("drained", DRAIN_QUIET_S, self._ended)
            self._alarms.set("drained at last", DRAIN_S, self._ended)

    def enter(self, cwd: str, code: str, grace_s: float, env: dict[str, str] | None) -> None:
        """Gives the kernel what it was started in advance for.

        Args:
            cwd: The folder that it runs in from now on; later starts begin there.
            code: What brings this start there; it is run silently before anything else.
            grace_s: How long the host waits for a server from now on.
            env: Environment variables of later starts; `None` for those of `launch.json`.
        """
        self.grace_s = grace_s
        if isinstance(self.process, KernelProcess):
            was_waiting = self.process.is_waiting
            self.process.enter(cwd, env)
            if was_waiting:  # it starts now, for whoever needs it
                self._spawned_at = time.monotonic()
                self._nudge(is_first=True)
        if self.state == "ready" and code:
            self.ask("shell", "execute_request", _silent(code))
        elif self.state == "starting":
            self._entering = code
        self._audience.event(KernelEntered(cwd))

    def interrupt(self) -> None:
        """Interrupts what runs; before readiness nothing does, and a signal would end the kernel."""
        if self.state != "ready":
            return
        if self._launch.spec.interrupt_mode == "message":
            self.ask("control", "interrupt_request", {})
        else:
            self.process.signal(signal.SIGINT)

    def ask(self, channel: str, msg_type: str, content: dict[str, Any]) -> str:
        """Sends a request of the host's own behind all that the kernel was given on that channel.

        Args:
            channel: `shell` or `control`.
            msg_type: Its type, such as `kernel_info_request`.
            content: Its content.

        Returns:
            Its id.
        """
        asked = self._author.message(msg_type, content)
        if self.channels is not None:
            self.channels.send(channel, asked)
        return asked.header.msg_id

    def restart(self, env: dict[str, str] | None = None) -> None:
        """Ends the process politely, then by force, and starts the next one.

        Args:
            env: Environment variables of the next one; `None` for those of this one.
        """
        if not self.process.is_ours:
            log("a restart was refused: this kernel was started by something else")
            return
        if self.ending == "exit" or self.ending == "restart":
            return
        if isinstance(self.process, KernelProcess):
            self.process.enter(None, env)
        if not self.process.is_there and not self.is_draining:
            self._audience.closed("kernel_restarted", is_dead=False)
            self._next()
            return
        self._end_politely("restart", RESTART_POLITELY_S)

    def shut_down(self) -> None:
        """Ends the process politely, then by force, for good."""
        if self.ending == "exit" or self.is_over:
            return
        if not self.process.is_there and not self.is_draining:
            self.is_over = True
            return
        self._end_politely("exit", SHUT_DOWN_POLITELY_S)

    def kill(self) -> None:
        """Ends the process now, for good; a kernel that something else started is let go of and lives on."""
        self.ending = "exit"
        self.process.signal(signal.SIGKILL)
        self.is_over = not self.process.is_there and not self.is_draining

    def leave(self) -> None:
        """Prepares the end of the host, which nobody asked of the kernel: only one of ours ends with it."""
        if self.process.is_ours:
            self.shut_down()
        elif not self.is_over:
            self.kill()

    def _end_politely(self, ending: Ending, patience_s: float) -> None:
        self.ending = ending
        if not self.is_draining:
            self.ask("control", "shutdown_request", {"restart": ending == "restart"})
            patience_s = 0.0 if self.process.is_waiting else patience_s
            self._alarms.set("polite", patience_s, lambda: self.process.signal(signal.SIGKILL))

    def _beat(self) -> None:
        if isinstance(self.process, AttachedKernel) and (next_s := self.process.beat(self._context)) is not None:
            self._alarms.set("beat", next_s, self._beat)

    def _nudge(self, *, is_first: bool = False) -> None:
        """Asks the kernel whether it is ready, again and again; the first time limits for how long."""
        if is_first:
            patience_s = self._launch.ready_timeout_s
            self._alarms.set("late", patience_s, lambda: self._give_up(patience_s))
            if isinstance(self.process, KernelProcess) and not self.process.has_boot:
                ear_s = min(LISTEN_S, patience_s / 3)
                self._alarms.set("listens", ear_s, lambda: self._give_up(ear_s, only_unheard=True))
            self._beat()
        self.ask("shell", "kernel_info_request", {})
        if not self.process.is_ours:  # it may be busy with what somebody else runs: most kernels answer on control then
            self.ask("control", "kernel_info_request", {})
        self._alarms.set("nudge", self._nudge_s, self._nudge)
        if not self._kernel_info:
            self._nudge_s *= 2

    def _ready(self) -> None:
        self._alarms.clear("nudge", "silent", "late", "listens")
        try:
            info = wire.clean_content(self._kernel_info)
        except wire.Malformed:
            info = b"{}"  # it answered, so it lives; its content is unreadable
        self.state = "ready"
        seconds = round(time.monotonic() - self._spawned_at, 3)
        ready = KernelReady(self.start, self.process.pid, msgspec.Raw(info), seconds)
        if isinstance(self.process, KernelProcess):
            self.process.ways.is_known = True
            way, is_encrypted = self.process.ways.now, self.process.curve is not None
            ready = msgspec.structs.replace(ready, way=way, is_encrypted=is_encrypted)
        self._audience.event(ready)
        if self._entering:
            self.ask("shell", "execute_request", _silent(self._entering))
        self._audience.opened()

    def _give_up(self, after_s: float, *, only_unheard: bool = False) -> None:
        if only_unheard and not self.process.is_unheard:
            return
        self._given_up_s = after_s
        self._alarms.clear("nudge", "silent", "listens")
        self.ending = self.ending or "late"
        self.process.signal(signal.SIGKILL)

    def _ended(self) -> None:
        """Reports how the process ended, after its last messages."""
        self._alarms.clear("drained", "drained at last")
        assert self._exit is not None and self.channels is not None  # a process that ended was connected to
        ended, ending = self._exit, self.ending
        self._exit, self.ending = None, ""
        self.channels.close()
        self.channels = None
        if ending == "late" or (self.state == "starting" and not ending):
            has_hung = ending == "late"
            reason = self.process.late(self._given_up_s) if has_hung else _early(ended)
            is_hopeless = (
                not self.process.is_unheard if has_hung else bool(ended.reason)
            )  # a reason: there is no memory
            self._fail(reason, self.process.tail(), is_last=is_hopeless, has_hung=has_hung)
        else:
            self.state = "dead"
            died = KernelDied(
                ended.exit_status, ended.signal, self.process.tail(), bool(ending), ended.reason, self.start
            )
            self._audience.event(died)
            self._audience.closed(
                "kernel_restarted" if ending == "restart" else "kernel_died", is_dead=ending != "restart"
            )
        if ending == "restart":
            self._next()
        self.is_over = ending == "exit"

    def _fail(self, reason: str, tail: str, *, is_last: bool = True, has_hung: bool = False) -> None:
        """Reports that there is no kernel; unless `is_last`, tries the next way to start it before."""
        process, tail = self.process, tail or self._last_tail
        if isinstance(process, KernelProcess):
            if not is_last and process.ways.go_on(is_unheard=has_hung):
                how = process.ways.now.words
                log(f"{reason} It is tried again {how}. Its last words: {tail.strip()!r}")
                self._last_tail = tail
                self._audience.event(StartRetried(reason, how, tail, self.start))
                self._next(is_same=True)
                return
            process.ways.begin_again()
        self.state, self._last_tail = "failed", ""
        self._audience.event(StartFailed(reason, tail, self.start))
        self._audience.closed("kernel_died", is_dead=True)

    def _next(self, *, is_same: bool = False) -> None:
        """Starts the next process: with a new key, unless it is one more for the same start."""
        if not is_same:
            self.start += 1
            self._key = os.urandom(32).hex()
        self._spawned_at, fault = time.monotonic(), None
        try:
            self.process.spawn(self._key)
        except CannotStart as failed:
            fault = failed
        if not is_same:
            self._audience.respawned(self._key)
        self.begin(fault)


def _silent(code: str) -> dict[str, Any]:
    """The content of an execute_request that leaves no trace (Jupyter messaging 5.4)."""
    asked = {"code": code, "silent": True, "store_history": False, "user_expressions": {}}
    return {**asked, "allow_stdin": False, "stop_on_error": False}


def _early(ended: Exit) -> str:
    """Why a process that ended before it was ready ended, one sentence."""
    how = f"exit status {ended.exit_status}" if ended.signal is None else f"signal {ended.signal}"
    return ended.reason or f"The kernel ended with {how} before it was ready."
