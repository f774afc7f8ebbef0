"""What a kernel host decides: numbers, the window, one run per request, the queue, and which server it obeys.

Four small machines, values in and values out; the host's loop does what they say.

- `Outbox` gives every message that leaves the kernel a dense number and keeps it until the server acknowledges it.
  What is kept lies in three tiers, oldest first: memory (the only tier that is sent from), the spool (a file, through
  the port `Spool`), and overflow (memory again, used only while the spool refuses). Sending never gets further than a
  window ahead of the acknowledgement.
- `Requests` forwards each request id once. Execute requests for the main shell are held and given to the kernel one
  at a time, so that they outlive the server, can be cancelled and moved, and let completion overtake them. A failure drops what
  waits in the same queue: the rest of its run, or of what the same client has queued; nobody else's.
- `LastWords` keeps an execute_reply until the kernel has said `idle` for the same request, so that one message ends an
  execution and everything before it is its output: a server that stops between the two would never know the end.
- `Servers` knows the one server that is obeyed: the newest generation that attached.

Invariants: numbers are dense and never given twice; what is kept is `acknowledged + 1` to `next - 1`, without holes;
a request id leads to exactly one fate in its life: given to the kernel, or dropped with a reason, never both before
its kernel ends; execute requests are given in the order of their arrival, unless one is moved, which is told.

A place in the queue is told by what stands before it: what stands behind may be on its way from the server still.

Plain classes, without attrs: a host is counted in megabytes, and the library costs one.

Rejected: handing all execute requests to the kernel at once (a kernel's queue cannot be read or changed, dies with
the kernel, and makes completion wait); one window for bytes alone (small messages cost their headers, not their
bytes).
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection
from typing import Final, Protocol

import msgspec

from webipy.core.kernel.spool_records import Kept, keep
from webipy.core.kernel.wire import Message

MEMORY_BYTES: Final = (
    32 * 1024 * 1024
)  # kept in memory before the spool is used: what a server lags behind by in a short flood
MEMORY_MESSAGES: Final = 4_000  # the same, as a count: a small message costs about 1 KiB of Python objects
WINDOW_BYTES: Final = 8 * 1024 * 1024  # sent and not acknowledged; a server reads about 50 MB/s
WINDOW_MESSAGES: Final = 2_000  # the same, as a count
REMEMBERED_IDLES: Final = 1_000  # requests whose idle came before their reply; one at a time is usual
REMEMBERED_IDS: Final = 100_000  # request ids known as forwarded; hours of the fastest client
REMEMBERED_RUNS: Final = 1_000  # runs that have failed: what comes late of one is not run either


class Spool(Protocol):
    """Where kept messages go that memory has no room for: first in, first out."""

    def __len__(self) -> int:
        """Count the messages that were written and not read."""

    def write(self, kept: Kept) -> bool:
        """Append a message; False when there is no room, and then nothing was written."""

    def read(self) -> Kept:
        """Take the oldest message."""


_FOLLOWED: Final = frozenset({"status", "execute_input", "execute_result"})


def is_followed(channel: str, message: Message) -> bool:
    """Whether another message follows at once as a rule, so that this one can wait a moment for it.

    Code runs between `execute_input` and what comes of it, the reply comes after `execute_result`; `idle` belongs to a reply. Together they are
    one message on the way, one transaction and one notification instead of three.

    Args:
        channel: The channel that the kernel sent it on.
        message: The message.
    """
    return channel == "iopub" and message.header.msg_type in _FOLLOWED


class Outbox:
    """Numbers what leaves the kernel, keeps it until acknowledged, and says what may be sent now.

    Args:
        spool: The middle tier.

    Attributes:
        next_number: The number the next message gets.
        acknowledged: Everything up to here is the server's.
        sent: Highest number sent to the server that is attached now.
        is_urgent: Whether something that was not sent should not wait for what follows.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.next_number = 1
        self.acknowledged = 0
        self.sent = 0
        self.is_urgent = False
        self._memory: deque[Kept] = deque()
        self._memory_bytes = 0
        self._in_flight_bytes = 0
        self._overflow: deque[Kept] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the spool refuses: output should not be read from the kernel now."""
        return bool(self._overflow)

    @property
    def is_empty(self) -> bool:
        """Whether everything was acknowledged."""
        return self.acknowledged == self.next_number - 1

    @property
    def has_unsent(self) -> bool:
        """Whether something was not sent to the server that is attached now."""
        return self.sent < self.next_number - 1

    def add(self, channel: str, message: Message) -> int:
        """Keep a message and give it its number."""
        kept = keep(self.next_number, channel, message)
        self.next_number += 1
        self.is_urgent = self.is_urgent or not is_followed(channel, message)
        if not self.spool and not self._overflow and self._has_room(kept):
            self._remember(kept)
        elif self._overflow or not self.spool.write(kept):
            self._overflow.append(kept)
        return kept.number

    def acknowledge(self, number: int) -> None:
        """Forget everything up to `number`; one that was never sent is taken as the last that was."""
        self._forget(min(number, self.sent))

    def rewind(self, since: int) -> None:
        """Begin again for a server that has everything up to `since`."""
        self._forget(min(since, self.next_number - 1))
        self.sent = self.acknowledged
        self.is_urgent = True
        self._in_flight_bytes = 0

    def take(self) -> list[Kept]:
        """Take what may be sent now, in order; it counts as sent, and stays kept."""
        start = self.sent - self.acknowledged
        taken = []
        for kept in itertools.islice(self._memory, start, WINDOW_MESSAGES):
            if self._in_flight_bytes and self._in_flight_bytes + kept.size_bytes > WINDOW_BYTES:
                break
            self._in_flight_bytes += kept.size_bytes
            taken.append(kept)
        self.sent += len(taken)
        self.is_urgent = self.has_unsent  # what the window left waits for no other reason
        return taken

    def hurry(self) -> None:
        """Let what was not sent wait for nothing more."""
        self.is_urgent = True

    def settle(self) -> None:
        """Move overflow into the spool as far as it takes it."""
        while self._overflow and self.spool.write(self._overflow[0]):
            self._overflow.popleft()

    def in_memory(self) -> list[Kept]:
        """Copy what is kept in memory, before the spool's content; for a farewell."""
        return list(self._memory)

    def _forget(self, number: int) -> None:
        while self.acknowledged < number:
            kept = self._memory.popleft()
            self._memory_bytes -= kept.size_bytes
            if kept.number <= self.sent:
                self._in_flight_bytes -= kept.size_bytes
            self.acknowledged = kept.number
            self._refill()

    def _refill(self) -> None:
        """Bring the next messages into memory while it is less than half full, so that files are read in runs."""
        if self._memory and (self._memory_bytes > MEMORY_BYTES // 2 or len(self._memory) > MEMORY_MESSAGES // 2):
            return
        while self.spool or self._overflow:
            if self._memory and (self._memory_bytes > MEMORY_BYTES or len(self._memory) >= MEMORY_MESSAGES):
                break
            self._remember(self.spool.read() if self.spool else self._overflow.popleft())
        self.settle()

    def _has_room(self, kept: Kept) -> bool:
        return not self._memory or (
            len(self._memory) < MEMORY_MESSAGES and self._memory_bytes + kept.size_bytes <= MEMORY_BYTES
        )

    def _remember(self, kept: Kept) -> None:
        self._memory.append(kept)
        self._memory_bytes += kept.size_bytes


class Give(msgspec.Struct, frozen=True):
    """Send a request to the kernel."""

    channel: str
    message: Message


class Dropped(msgspec.Struct, frozen=True):
    """Tell the server that a request ends without a reply."""

    msg_id: str
    reason: str


class Moved(msgspec.Struct, frozen=True):
    """Tell the server that a request waits just behind `after` now, which waits or runs; None: before all others."""

    msg_id: str
    after: str | None


Effect = Give | Dropped | Moved


_FAILURES: Final = ("error", "aborted", "abort")  # IRkernel writes the last one after an interrupt


class _ExecuteRequest(msgspec.Struct, frozen=True):
    stop_on_error: bool = True


class _OfRun(msgspec.Struct, frozen=True):
    run: str | None = None
    queue: str | None = None
    interrupt: bool = False


class _Metadata(msgspec.Struct, frozen=True):
    webipy: _OfRun = _OfRun()


class _Reply(msgspec.Struct, frozen=True):
    status: str = "ok"


class Requests:
    """The requests of one kernel: each id once, execute requests one at a time.

    Attributes:
        is_open: Whether the kernel takes requests now; until `open` everything waits.
        is_dead: Whether requests are refused because there is no kernel.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.is_dead = False
        self._seen: set[str] = set()
        self._seen_order: deque[str] = deque()
        self._early: deque[Give] = deque()
        self._held: deque[Message] = deque()
        self._running: Message | None = None
        self._given: dict[str, None] = {}
        self._failed_runs: dict[str, None] = {}

    @property
    def running(self) -> Message | None:
        """The execute request that the kernel has."""
        return self._running

    @property
    def is_idle(self) -> bool:
        """Whether no code waits or runs; a kernel may leave requests of other kinds without a reply for ever."""
        return not (self._early or self._held or self._running)

    def receive(self, channel: str, message: Message) -> list[Effect]:
        """Take a request from the server; one that was here before has no effect."""
        msg_id = message.header.msg_id
        if msg_id in self._seen:
            return []
        self._remember(msg_id)
        if self.is_dead:
            return [Dropped(msg_id, "kernel_died")]
        if not self.is_open:
            self._early.append(Give(channel, message))
            return []
        return self._pass_on(channel, message)

    def open(self) -> list[Effect]:
        """Begin to give requests: the kernel is ready."""
        self.is_open, self.is_dead = True, False
        early, self._early = self._early, deque()
        return [effect for give in early for effect in self._pass_on(give.channel, give.message)]

    def replied(self, parent_id: str, msg_type: str, content: bytes, *, is_missed: bool = False) -> list[Effect]:
        """Take note of a reply on shell or control: the next execute request may go.

        Args:
            parent_id: The request that it answers.
            msg_type: Its message type.
            content: Its content.
            is_missed: Whether an interrupt came too late for that request: the next one of its queue is given as interrupted.
        """
        self._given.pop(parent_id, None)
        if self._running is None or self._running.header.msg_id != parent_id or msg_type != "execute_reply":
            return []
        finished, self._running = self._running, None
        dropped: list[Effect] = []
        if _failed(content) and _stops_on_error(finished.content):
            dropped = self._abort(finished)
        if is_missed and self._held and queue_of(self._held[0]) == queue_of(finished):
            self._held[0] = _as_interrupted(self._held[0])
        return [*dropped, *self._give_next()]

    def lose(self, reason: str) -> list[Effect]:
        """Drop the execute request that the kernel has: it will have no reply. What waits behind it does as after a failure."""
        assert self._running is not None
        lost, self._running = self._running, None
        dropped = self._abort(lost) if _stops_on_error(lost.content) else []
        return [Dropped(lost.header.msg_id, reason), *dropped, *self._give_next()]

    def cancel(self, msg_ids: Collection[str]) -> list[Effect]:
        """Drop those of the requests that wait; what the kernel has is not changed."""
        wanted = set(msg_ids)
        waiting = [*self._held, *(give.message for give in self._early)]
        self._early = deque(give for give in self._early if give.message.header.msg_id not in wanted)
        self._held = deque(held for held in self._held if held.header.msg_id not in wanted)
        return [Dropped(held.header.msg_id, "cancelled") for held in waiting if held.header.msg_id in wanted]

    def move(self, msg_id: str, before: str | None) -> list[Effect]:
        """Let an execute request that waits do so just before another one that does, or (None) behind all; else nothing."""
        queue = self._queue()
        places = {held.header.msg_id: place for place, held in enumerate(queue)}
        if msg_id not in places or msg_id == before or (before is not None and before not in places):
            return []
        moved = queue.pop(places[msg_id])
        place = len(queue) if before is None else places[before] - (places[before] > places[msg_id])
        queue.insert(place, moved)
        self._requeue(queue)
        first = None if self._running is None else self._running.header.msg_id
        return [Moved(msg_id, queue[place - 1].header.msg_id if place else first)]

    def close(self, reason: str, *, is_dead: bool) -> list[Effect]:
        """Drop every request that the kernel has or should have got: it ended.

        Args:
            reason: `kernel_died` or `kernel_restarted`.
            is_dead: Whether later requests are refused; else they wait for the next start.
        """
        running = [] if self._running is None else [self._running.header.msg_id]
        waiting = [held.header.msg_id for held in self._held] + [give.message.header.msg_id for give in self._early]
        dropped: list[Effect] = [Dropped(msg_id, reason) for msg_id in [*running, *self._given, *waiting]]
        self._running = None
        self._given.clear()
        self._held.clear()
        self._early.clear()
        self.is_open, self.is_dead = False, is_dead
        return dropped

    def _queue(self) -> list[Message]:
        """The execute requests that wait, in their order."""
        return [*self._held, *(give.message for give in self._early if _is_queued(give.channel, give.message))]

    def _requeue(self, queue: list[Message]) -> None:
        """Put them into another order; what waits among them for the kernel's start, and is none, keeps its place."""
        order = iter(queue)
        self._held = deque(next(order) for _ in self._held)
        self._early = deque(
            Give("shell", next(order)) if _is_queued(give.channel, give.message) else give for give in self._early
        )

    def _abort(self, failed: Message) -> list[Effect]:
        """Drop what waits behind a failure in the same queue: the rest of its run, or of what its client has queued."""
        run, queue = run_of(failed), queue_of(failed)
        waiting, self._held = self._held, deque()
        self._held.extend(held for held in waiting if queue_of(held) != queue)
        if run is not None:
            self._failed_runs[run] = None
        if len(self._failed_runs) > REMEMBERED_RUNS:
            del self._failed_runs[next(iter(self._failed_runs))]
        return [Dropped(held.header.msg_id, "aborted") for held in waiting if queue_of(held) == queue]

    def _pass_on(self, channel: str, message: Message) -> list[Effect]:
        if _is_queued(channel, message):
            if self._failed_runs and run_of(message) in self._failed_runs:
                return [Dropped(message.header.msg_id, "aborted")]
            self._held.append(message)
            return self._give_next()
        if message.header.msg_type.endswith("_request"):  # the others, such as comm_msg, have no reply
            self._given[message.header.msg_id] = None
        return [Give(channel, message)]

    def _give_next(self) -> list[Effect]:
        if self._running is not None or not self._held:
            return []
        self._running = self._held.popleft()
        return [Give("shell", self._running)]

    def _remember(self, msg_id: str) -> None:
        self._seen.add(msg_id)
        self._seen_order.append(msg_id)
        if len(self._seen_order) > REMEMBERED_IDS:
            self._seen.discard(self._seen_order.popleft())


def _is_queued(channel: str, message: Message) -> bool:
    """Whether a request waits its turn; one for a subshell is meant to run beside the main one."""
    is_main = not isinstance(message.header.subshell_id, str)
    return channel == "shell" and message.header.msg_type == "execute_request" and is_main


def run_of(request: Message) -> str | None:
    """The run of many requests that one is part of, from the member `webipy` of its metadata."""
    return _of(request).run


def queue_of(request: Message) -> tuple[str | None, str | None]:
    """What a failure ends with it: the rest of the same run, or, outside of a run, what the same client has queued."""
    of = _of(request)
    return (of.run, None) if of.run is not None else (None, of.queue)


def _of(request: Message) -> _OfRun:
    try:
        return msgspec.json.decode(request.metadata, type=_Metadata).webipy
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _OfRun()


def _as_interrupted(request: Message) -> Message:
    """Tell the kernel with the request that it was interrupted: ipykernel with the boot file ends it at its start."""
    said = _decoded_metadata(request)
    said["webipy"] = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(_of(request), interrupt=True)))
    return msgspec.structs.replace(request, metadata=msgspec.json.encode(said))


def _decoded_metadata(request: Message) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(request.metadata, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def is_interrupted(request: Message) -> bool:
    """Whether it is given as interrupted."""
    return _of(request).interrupt


def _failed(content: bytes) -> bool:
    try:
        return msgspec.json.decode(content, type=_Reply).status in _FAILURES
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False  # a reply nobody can read stops nothing


def _stops_on_error(content: bytes) -> bool:
    try:
        return msgspec.json.decode(content, type=_ExecuteRequest).stop_on_error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True  # the default of the messaging specification


class LastWords:
    """The end of each execution: its reply, after everything that was published for it."""

    def __init__(self) -> None:
        self._replies: dict[str, Message] = {}
        self._idle: dict[str, None] = {}

    def replied(self, parent_id: str, reply: Message) -> list[Message]:
        """Take an execute_reply; it comes back when it may be passed on."""
        if parent_id in self._idle:
            del self._idle[parent_id]
            return [reply]
        self._replies[parent_id] = reply
        return []

    def idle(self, parent_id: str) -> list[Message]:
        """Take note that the kernel is done with a request; its reply comes back if it was here."""
        reply = self._replies.pop(parent_id, None)
        if reply is not None:
            return [reply]
        self._idle[parent_id] = None
        if len(self._idle) > REMEMBERED_IDLES:
            del self._idle[next(iter(self._idle))]
        return []

    def has(self, parent_id: str) -> bool:
        """Whether the reply of a request is here."""
        return parent_id in self._replies

    def give_up(self) -> list[Message]:
        """Give all replies that are kept: the kernel says no more."""
        kept = list(self._replies.values())
        self._replies.clear()
        return kept


class Servers:
    """Which server is obeyed.

    Attributes:
        current: Routing identity of the server that attached last; None when none is.
        generation: Highest generation that ever attached.
        key: The key that server is known to have; messages to it are signed with this one.
    """

    def __init__(self) -> None:
        self.current: bytes | None = None
        self.generation = 0
        self.key = b""

    def attach(self, identity: bytes, generation: int, key: bytes) -> tuple[bool, bytes | None]:
        """Let a server attach.

        Returns:
            Whether it may, and the identity of the server it replaces, which must be told.
        """
        if generation < self.generation:
            return False, None
        replaced = self.current if self.current != identity else None
        self.current, self.generation, self.key = identity, generation, key
        return True, replaced
