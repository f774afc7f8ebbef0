"""The loop of a terminal host: it reads the server, the pty, the signals and the clock.

Data flow, once per turn::

    server --Endpoint.read--> input, size, acknowledgement --> pty
    pty --TerminalProcess.read--> Scrollback --Endpoint.send--> server, a window ahead of its acknowledgement

Flow control: the pty is not read while more than a window is not acknowledged, so a program that prints faster than the slowest reader takes
it waits, as it would for a slow terminal, and nothing is dropped. Without a server the pty is read on and the oldest output is forgotten; but
when a server is lost (and has not let go), what it had not acknowledged is kept for `HOLD_S`: the next server finds all of it.

A flood is sent in pieces of some size, one every `PACE_S`; what a person waits for is sent at once.

Invariants: a byte is read from the pty once, and sent once to each server that attaches; input is written in the order in which it came, once.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from typing import Final

import msgspec
import zmq

from webipy.core.kernel import wire
from webipy.core.kernel.host_protocol import HOST_FILE, SOCKET, Acknowledge, Attach, Attached, Fenced, HostFile
from webipy.core.kernel.spool_records import number_message
from webipy.core.terminals.terminal_outbox import TerminalOutbox
from webipy.core.terminals.terminal_protocol import (
    TerminalEnded,
    TerminalHangUp,
    TerminalInput,
    TerminalInputAnswered,
    TerminalLaunch,
    TerminalOutput,
    TerminalSize,
    TerminalState,
)
from webipy.host.endpoint import Author, Endpoint, Received, log
from webipy.host.private_files import write_private
from webipy.host.process import boot_id, start_time
from webipy.host.terminal_process import ShellFailure, TerminalProcess

PACE_S: Final = 0.004  # between two messages of a flood
LITTLE_BYTES: Final = 256  # so much is no flood: somebody waits for it
HOLD_S: Final = 30.0  # how long a server that was lost is waited for
KILL_S: Final = 3.0  # from SIGHUP to SIGKILL
LEAVE_S: Final = 10.0  # how long the last acknowledgement is waited for after a hang-up
TEND_S: Final = 1.0
TURN_MESSAGES: Final = 200
CLOSED_S: Final = 0.05  # how often a shell is looked at that has closed its terminal
_REFUSED: Final = "The program in the terminal does not read what is typed, and 1 MiB waits already."


class TerminalHost:
    """One terminal host.

    Args:
        launch: The content of `launch.json`.
        folder: The host's directory.
        process: The shell; `None` when it could not be started.
        failure: Why not, one sentence.
    """

    def __init__(self, launch: TerminalLaunch, folder: str, process: TerminalProcess | None, failure: str) -> None:
        self._launch, self._folder, self._process = launch, folder, process
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._author = Author()
        self._endpoint = Endpoint(self._context, folder, self._author, launch.key.encode(), lambda _: None)
        self._poller = zmq.Poller()
        self._outbox = TerminalOutbox()
        self._ended: TerminalEnded | None = TerminalEnded(failure=failure) if process is None else None
        self._is_end_sent = self._is_end_acknowledged = False
        self._lost_at: float | None = None
        self._alone_since = time.monotonic()
        self._kill_at = self._leave_at = float("inf")
        self._sent_at = self._tend_at = self._look_at = 0.0
        self._wakeup = _wakeup()
        for one in (self._wakeup, self._endpoint.router, self._endpoint.monitor):
            self._poller.register(one, zmq.POLLIN)
        shell = None if process is None else process.pid
        _write_host_file(folder, self._endpoint.address, launch.key, shell)

    def run(self) -> None:
        """Runs turns until the shell has ended and the server knows it, or nobody can come any more."""
        while not self._is_over():
            self._watch_pty()
            ready = dict(self._poller.poll(self._wait_ms()))
            if self._wakeup in ready and signal.SIGTERM in os.read(self._wakeup, 4096):
                self._hang_up()
            if self._endpoint.router in ready or self._endpoint.monitor in ready:
                self._read_server()
            if self._process is not None:
                self._serve_pty(ready.get(self._process.pty, 0))
            if self._wakeup in ready:  # SIGCHLD
                self._look_at_shell()
            self._push()
            self._tend()
        if self._process is not None:
            self._process.close()
        self._endpoint.close()
        self._context.term()

    # ---- one turn

    def _watch_pty(self) -> None:
        if self._process is None:
            return
        is_read = self._may_read() and time.monotonic() >= self._look_at
        wanted = (zmq.POLLIN if is_read else 0) | (zmq.POLLOUT if self._process.waiting_bytes else 0)
        if wanted:
            self._poller.register(self._process.pty, wanted)
        elif self._process.pty in self._poller:
            self._poller.unregister(self._process.pty)

    def _may_read(self) -> bool:
        return self._ended is None and (not self._is_held or self._outbox.has_room)

    @property
    def _is_held(self) -> bool:
        """Whether output waits for a server: one is attached, or was until a moment ago."""
        if self._endpoint.has_server:
            return True
        return self._lost_at is not None and time.monotonic() - self._lost_at < HOLD_S

    def _wait_ms(self) -> int:
        until = min(self._tend_at, self._kill_at, self._leave_at)
        if self._endpoint.has_server and self._outbox.has_unsent:
            until = min(until, self._sent_at + PACE_S)
        now = time.monotonic()
        if now < self._look_at:
            until = min(until, self._look_at)
        return max(0, math.ceil((until - now) * 1000))

    def _serve_pty(self, events: int) -> None:
        process = self._process
        if process is None or self._ended is not None:
            return
        if events & zmq.POLLOUT:
            process.write_on()
        if events & (zmq.POLLIN | zmq.POLLERR) and self._may_read():
            printed = process.read()
            self._outbox.kept.append(printed)
            self._outbox.trim(self._is_held)
            if not printed:  # the terminal is closed: its shell has ended, or is about to
                self._look_at = time.monotonic() + CLOSED_S
                self._look_at_shell()

    def _look_at_shell(self) -> None:
        """Takes in that the shell has ended, and the last that was printed; what still runs in the background is hung up."""
        if self._process is None or self._ended is not None:
            return
        found = self._process.poll()
        if found is None:
            return
        while printed := self._process.read():
            self._outbox.kept.append(printed)
        self._ended = TerminalEnded(found.exit_status, found.signal)
        if self._process.pty in self._poller:
            self._poller.unregister(self._process.pty)

    def _push(self) -> None:
        """Sends what the window allows: a little at once, a flood in pieces."""
        endpoint, outbox = self._endpoint, self._outbox
        is_little = outbox.kept.end - outbox.sent <= LITTLE_BYTES
        is_due = is_little or time.monotonic() - self._sent_at >= PACE_S or self._ended is not None
        while endpoint.has_server and (outbox.has_piece or (is_due and outbox.has_unsent)):
            message = self._author.message(TerminalOutput.msg_type, TerminalOutput(outbox.sent))
            self._deliver(msgspec.structs.replace(message, buffers=(outbox.next_piece(),)))
            self._sent_at = time.monotonic()
        if endpoint.has_server and self._ended is not None and outbox.sent == outbox.kept.end and not self._is_end_sent:
            self._is_end_sent = True
            self._deliver(self._author.message(TerminalEnded.msg_type, self._ended))

    def _deliver(self, message: wire.Message) -> None:
        if not self._endpoint.send([number_message(self._outbox.next_number(), "host", message)]):
            self._lose()

    # ---- the server

    def _read_server(self) -> None:
        endpoint = self._endpoint
        had = endpoint.has_server
        endpoint.watch()
        for _ in range(TURN_MESSAGES):
            received = endpoint.read()
            if received is None:
                endpoint.let_go()
                break
            try:
                self._obey(received)
            except (msgspec.DecodeError, UnicodeDecodeError) as fault:
                endpoint.refuse(f"a malformed {received.message.header.msg_type}: {fault}")
        if had and not endpoint.has_server:
            self._lose()

    def _lose(self) -> None:
        self._lost_at = self._alone_since = time.monotonic()

    def _obey(self, received: Received) -> None:
        fence, name = self._endpoint.fence, received.message.header.msg_type
        content = received.message.content
        if name == Attach.msg_type:
            self._attach(received, msgspec.json.decode(content, type=Attach))
        elif received.identity != fence.current:
            self._endpoint.answer(received.identity, received.key, Fenced(fence.generation))
        elif name == Acknowledge.msg_type:
            self._acknowledge(msgspec.json.decode(content, type=Acknowledge).number)
        elif name == TerminalInput.msg_type:
            self._type(received, msgspec.json.decode(content, type=TerminalInput))
        elif name == TerminalSize.msg_type:
            size = msgspec.json.decode(content, type=TerminalSize)
            if self._process is not None and self._ended is None:
                self._process.resize(size.rows, size.cols)
        elif name == TerminalHangUp.msg_type:
            self._hang_up()
        else:
            self._endpoint.refuse(f"the unknown command {name[:80]!r}")

    def _attach(self, received: Received, asked: Attach) -> None:
        endpoint, fence = self._endpoint, self._endpoint.fence
        old_key = fence.key
        is_attached, replaced = fence.attach(received.identity, asked.generation, received.key)
        if not is_attached:
            endpoint.answer(received.identity, received.key, Fenced(fence.generation))
            return
        if replaced is not None:
            endpoint.answer(replaced, old_key, Fenced(fence.generation))
        self._outbox.rewind(asked.since)
        self._is_end_sent = self._is_end_acknowledged = False
        pid = self._process.pid if self._process is not None and self._ended is None else None
        endpoint.answer(received.identity, received.key, Attached(asked.since + 1, asked.since + 1, pid=pid))
        kept, sized = self._outbox.kept, self._process or self._launch
        restore = kept.restore.decode(errors="replace")
        state = TerminalState(kept.start, kept.end, restore, sized.rows, sized.cols, pid)
        endpoint.answer(received.identity, received.key, state)

    def _acknowledge(self, number: int) -> None:
        self._outbox.acknowledge(number)
        self._is_end_acknowledged = self._is_end_sent and self._outbox.is_done
        self._outbox.trim(self._is_held)

    def _type(self, received: Received, asked: TerminalInput) -> None:
        is_written = (
            self._process is not None
            and self._ended is None
            and self._process.write(asked.text.encode(errors="replace"))
        )
        refusal = "" if is_written else "The shell has ended." if self._ended is not None else _REFUSED
        self._endpoint.answer(received.identity, received.key, TerminalInputAnswered(asked.id, refusal))

    # ---- time and the end

    def _hang_up(self) -> None:
        now = time.monotonic()
        self._leave_at = min(self._leave_at, now + LEAVE_S)
        if self._process is not None and self._ended is None:
            self._process.hang_up()
            self._kill_at = min(self._kill_at, now + KILL_S)

    def _tend(self) -> None:
        """Once in a while: kills what did not end, and looks whether anybody can still come."""
        now = time.monotonic()
        if now >= self._kill_at:
            self._kill_at = float("inf")
            if self._process is not None and self._ended is None:
                self._process.hang_up(signal.SIGKILL)
        if now < self._tend_at:
            return
        self._tend_at = now + TEND_S
        self._look_at_shell()
        is_idle = self._process is None or self._process.is_idle
        if self._endpoint.has_server:
            self._alone_since = now
        elif self._leave_at < float("inf"):
            return
        elif not self._can_be_found:
            log(f"{self._folder} was removed, so no server can come any more: the terminal is closed")
            self._hang_up()
        elif is_idle and now - self._alone_since > self._launch.grace_s:
            log(f"no server for {self._launch.grace_s:g} s: the terminal is closed")
            self._hang_up()

    @property
    def _can_be_found(self) -> bool:
        return os.path.exists(os.path.join(self._folder, SOCKET)) and os.path.exists(self._launch.place or self._folder)

    def _is_over(self) -> bool:
        if self._ended is None:
            return False
        is_forgotten = not self._endpoint.has_server and not self._can_be_found
        return self._is_end_acknowledged or is_forgotten or time.monotonic() >= self._leave_at


def _write_host_file(folder: str, address: str, key: str, shell: int | None) -> None:
    """Writes what a server needs to find and trust this host."""
    began = start_time(os.getpid())
    assert began is not None  # this process is there
    host = HostFile(os.getpid(), began, boot_id(), address, key, 1, shell)
    write_private(os.path.join(folder, HOST_FILE), msgspec.json.encode(host))


def start(launch: TerminalLaunch, folder: str, umask: int) -> int:
    """Starts the shell and serves it until its end.

    Args:
        launch: What to start.
        folder: The host's directory.
        umask: The umask that the shell gets.

    Returns:
        The exit status.
    """
    process, failure = None, ""
    try:
        process = TerminalProcess(launch, umask)
    except ShellFailure as fault:
        failure = str(fault)
    try:
        host = TerminalHost(launch, folder, process, failure)
    except (OSError, zmq.ZMQError) as fault:
        sys.stderr.write(f"The endpoint in {folder} cannot be opened: {fault.strerror}.\n")
        return 1
    host.run()
    return 0


def _wakeup() -> int:
    """Lets signals wake the loop: their numbers come as bytes from the file that is returned."""
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    return read_end
