"""The request queue of a kernel host: forwards each request once, and execute requests to the kernel one at a time.

Execute requests for the main shell are held, so that they outlive the server, can be cancelled and moved, and let completion overtake them. A failure
drops what waits in the same queue: the rest of its run, or of what the same client has queued; nobody else's.

Invariants: a request id leads to exactly one fate in its life: forwarded to the kernel, or dropped with a reason, never both before its kernel ends;
execute requests are forwarded in the order of their arrival, unless one is moved, which is reported.

A place in the queue is named by what stands before it: what stands behind may be on its way from the server still.

Plain classes, without attrs: a host is counted in megabytes, and the library costs one.

Rejected: forwarding all execute requests to the kernel at once (a kernel's queue cannot be read or changed, dies with the kernel, and makes
completion wait).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Final

import msgspec

from webipy.core.kernel.wire import Message

REMEMBERED_IDS: Final = 100_000  # request ids known as forwarded; hours of the fastest client
REMEMBERED_RUNS: Final = 1_000  # runs that have failed: what comes late of one is not run either


class Forward(msgspec.Struct, frozen=True):
    """The effect: send a request to the kernel."""

    channel: str
    message: Message


class Dropped(msgspec.Struct, frozen=True):
    """The effect: report to the server that a request ends without a reply."""

    msg_id: str
    reason: str


class Moved(msgspec.Struct, frozen=True):
    """The effect: report to the server that a request stands just behind `after`, which waits or runs; `None`: before all others."""

    msg_id: str
    after: str | None


Effect = Forward | Dropped | Moved


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


class HostQueue:
    """The request queue of one kernel: each id once, execute requests one at a time.

    Attributes:
        is_open: Whether the kernel takes requests now; until `open` everything waits.
        is_dead: Whether requests are refused because there is no kernel.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.is_dead = False
        self._seen: set[str] = set()
        self._seen_order: deque[str] = deque()
        self._early: deque[Forward] = deque()
        self._held: deque[Message] = deque()
        self._running: Message | None = None
        self._forwarded: dict[str, None] = {}
        self._failed_runs: dict[str, None] = {}

    @property
    def running(self) -> Message | None:
        """The execute request that the kernel has."""
        return self._running

    @property
    def is_idle(self) -> bool:
        """Whether no code waits or runs; a kernel may leave requests of other kinds without a reply for ever."""
        return not (self._early or self._held or self._running)

    @property
    def has_waiting(self) -> bool:
        """Whether code waits behind the code that runs."""
        return bool(self._held)

    def receive(self, channel: str, message: Message) -> list[Effect]:
        """Accepts a request from the server; one that was here before has no effect.

        Args:
            channel: `shell`, `control` or `stdin`.
            message: The request.
        """
        msg_id = message.header.msg_id
        if msg_id in self._seen:
            return []
        self._remember(msg_id)
        if self.is_dead:
            return [Dropped(msg_id, "kernel_died")]
        if not self.is_open:
            self._early.append(Forward(channel, message))
            return []
        return self._forward(channel, message)

    def open(self) -> list[Effect]:
        """Opens the queue: the kernel is ready, and requests are forwarded."""
        self.is_open, self.is_dead = True, False
        early, self._early = self._early, deque()
        return [effect for give in early for effect in self._forward(give.channel, give.message)]

    def replied(self, parent_id: str, msg_type: str, content: bytes, *, is_missed: bool = False) -> list[Effect]:
        """Notes a reply on shell or control: the next execute request may go.

        Args:
            parent_id: Id of the request that it answers.
            msg_type: Its message type.
            content: Its content, JSON.
            is_missed: Whether an interrupt came too late for that request: the next one of its queue is forwarded as interrupted.
        """
        self._forwarded.pop(parent_id, None)
        if self._running is None or self._running.header.msg_id != parent_id or msg_type != "execute_reply":
            return []
        finished, self._running = self._running, None
        dropped: list[Effect] = []
        if _failed(content) and _stops_on_error(finished.content):
            dropped = self._abort(finished)
        if is_missed and self._held and queue_of(self._held[0]) == queue_of(finished):
            self._held[0] = _as_interrupted(self._held[0])
        return [*dropped, *self._forward_next()]

    def lose(self, reason: str) -> list[Effect]:
        """Drops the execute request that the kernel has: no reply will come. What waits behind it is dropped as after a failure."""
        assert self._running is not None
        lost, self._running = self._running, None
        dropped = self._abort(lost) if _stops_on_error(lost.content) else []
        return [Dropped(lost.header.msg_id, reason), *dropped, *self._forward_next()]

    def cancel(self, msg_ids: Collection[str]) -> list[Effect]:
        """Drop those of the requests that wait; what the kernel has is not changed."""
        wanted = set(msg_ids)
        waiting = [*self._held, *(give.message for give in self._early)]
        self._early = deque(give for give in self._early if give.message.header.msg_id not in wanted)
        self._held = deque(held for held in self._held if held.header.msg_id not in wanted)
        return [Dropped(held.header.msg_id, "cancelled") for held in waiting if held.header.msg_id in wanted]

    def move(self, msg_id: str, before: str | None) -> list[Effect]:
        """Moves a waiting execute request. Without effect when one of the two does not wait.

        Args:
            msg_id: The request.
            before: The waiting request that it is to stand before; `None`: behind all.
        """
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
        """Drops every request that the kernel has or should have got: the kernel ended.

        Args:
            reason: `kernel_died` or `kernel_restarted`.
            is_dead: Whether later requests are refused; else they wait for the next start.
        """
        running = [] if self._running is None else [self._running.header.msg_id]
        waiting = [held.header.msg_id for held in self._held] + [give.message.header.msg_id for give in self._early]
        dropped: list[Effect] = [Dropped(msg_id, reason) for msg_id in [*running, *self._forwarded, *waiting]]
        self._running = None
        self._forwarded.clear()
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
            Forward("shell", next(order)) if _is_queued(give.channel, give.message) else give for give in self._early
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

    def _forward(self, channel: str, message: Message) -> list[Effect]:
        if _is_queued(channel, message):
            if self._failed_runs and run_of(message) in self._failed_runs:
                return [Dropped(message.header.msg_id, "aborted")]
            self._held.append(message)
            return self._forward_next()
        if message.header.msg_type.endswith("_request"):  # the others, such as comm_msg, have no reply
            self._forwarded[message.header.msg_id] = None
        return [Forward(channel, message)]

    def _forward_next(self) -> list[Effect]:
        if self._running is not None or not self._held:
            return []
        self._running = self._held.popleft()
        return [Forward("shell", self._running)]

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
    """The run that a request belongs to, from the member `webipy` of its metadata."""
    return _of(request).run


def queue_of(request: Message) -> tuple[str | None, str | None]:
    """What a failure of the request drops: the rest of the same run, or, outside of a run, what the same client has queued."""
    of = _of(request)
    return (of.run, None) if of.run is not None else (None, of.queue)


def _of(request: Message) -> _OfRun:
    try:
        return msgspec.json.decode(request.metadata, type=_Metadata).webipy
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _OfRun()


def _as_interrupted(request: Message) -> Message:
    """Marks a request as interrupted: ipykernel with the boot file ends it at its start."""
    metadata = _decoded_metadata(request)
    metadata["webipy"] = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(_of(request), interrupt=True)))
    return msgspec.structs.replace(request, metadata=msgspec.json.encode(metadata))


def _decoded_metadata(request: Message) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(request.metadata, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def is_interrupted(request: Message) -> bool:
    """Whether the request is forwarded as interrupted."""
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
