"""A session: the actor that joins one journal, one state and at most one kernel.

Every event takes one path::

    call (api) ─────────► Session decides ───────────► append: seq, time, fold, bytes ──► journal ──written──► tail ──► feeds
    host link ──► KernelConnection.received ──► Kernel.receive ──┘                               └──► the call is answered, the request goes
                                                                                                 to the kernel, the host is acknowledged

Invariants: `seq` is assigned here and is dense; the state and the kernel are always at `seq`, readers see at most
`written`; a call is answered and a request is sent only after their events are in the journal; an execution id is
accepted once, and the same call again gets the same result.

Another task may run at each `await`: state is changed before it (with the event) or checked again after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import attrs
import msgspec
from twisted.internet.defer import Deferred, succeed

from webipy.core import errors
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Fold
from webipy.core.kernel.blobs import Part
from webipy.core.kernel.kernel import Kernel
from webipy.core.session.execution_record import ExecutionRecord
from webipy.core.session.execution_spans import Span
from webipy.core.session.session_state import MAX_STREAM, SessionState
from webipy.server.ports.journals import Journal, Position
from webipy.server.ports.registry import SessionRecord
from webipy.server.ports.world import World
from webipy.server.sessions.feed import CHUNK_BYTES, CHUNK_EVENTS, FanOut, Feed, Tail
from webipy.server.sessions.kernel_connection import KernelConnection
from webipy.server.sessions.observers import Observers
from webipy.server.sessions.snapshots import Snapshots, encoded

MAX_CODE_CHARACTERS = 4 * 1024 * 1024
"""Code of one execution, in characters; as much as the source of a cell can hold."""

LOADED_EVENTS = 4 * CHUNK_EVENTS
LOADED_BYTES = 4 * CHUNK_BYTES
"""What is read of a journal at once while it is opened."""


@attrs.define(eq=False)
class Session:
    """One session. Made by `Sessions`, which owns them all.

    Args:
        record: The session, as the registry keeps it.
        world: The outside.
        journal: Its journal, opened.
        environment: Returns the environment variables of its kernels beside those of the server and the kernelspec.
        on_appended: Called when events were appended, with this session, who caused them, and their size in bytes.
        state: What its events make.
    """

    record: SessionRecord
    world: World
    journal: Journal
    _position: Position | None
    environment: Callable[[SessionRecord], dict[str, str]]
    on_appended: Callable[[Session, str | None, int], None] = lambda session, by, size: None
    state: SessionState = attrs.field(factory=SessionState)
    writes: Observers[[]] = attrs.field(factory=Observers)
    """Called when new events are in the journal."""
    seq: int = 0
    last_activity: str = ""
    is_closing: bool = False
    """Whether its kernel was ended to close it; what was running then has no result."""
    is_closed: bool = False
    feeds: set[Feed] = attrs.field(factory=set)
    tail: Tail = attrs.field(init=False)
    fan_out: FanOut = attrs.field(init=False)
    kernel_connection: KernelConnection = attrs.field(init=False)
    snapshots: Snapshots = attrs.field(factory=Snapshots)
    _ends: dict[str, list[Deferred[None]]] = attrs.field(factory=dict)
    _news: list[Deferred[None]] = attrs.field(factory=list)
    _notified: int = 0
    """Seq of the newest event that feeds were woken for."""

    def __attrs_post_init__(self) -> None:
        self.tail = Tail(self.record.id)
        self.fan_out = FanOut(self, self.feeds, self.world.clock, self.world.later)
        journal = self.journal
        self.kernel_connection = KernelConnection(
            self.record.id,
            self.world,
            self.append,
            self.is_accepted,
            self._position,
            journal.sweep,
            lambda: self.environment(self.record),
        )

    @property
    def id(self) -> str:
        """The session's id."""
        return self.record.id

    @property
    def kernel(self) -> Kernel | None:
        """The session's kernel, dead or alive."""
        return self.kernel_connection.kernel

    @property
    def written(self) -> int:
        """Seq of the newest event that may be shown."""
        return self.journal.written

    # ---- the one path of events

    def append(
        self,
        new: list[AnyEvent],
        by: str | None,
        position: Position | None = None,
        parts: Sequence[Part] = (),
        then: Callable[[], None] | None = None,
    ) -> Deferred[int]:
        """Appends events to the journal and folds them.

        Args:
            new: Events without seq and time.
            by: Who caused them; `None` for the kernel and the server.
            position: Which messages of the host they come from.
            parts: Parts of blobs that came with them.
            then: Called when all are in the journal, before feeds are woken: what the kernel waits for.

        Returns:
            Fires with the seq of the last event when all are in the journal.
        """
        first, time, bodies = self.seq + 1, self.world.now(), []
        for seq, event in enumerate(new, first):
            stamped = msgspec.structs.replace(event, seq=seq, time=time, by=by)
            self.state.apply(stamped)
            self._observe(stamped)
            bodies.append(events.encode(stamped))
            self.snapshots.account(seq, bodies[-1])
        self.seq += len(new)
        self.last_activity = time
        last = self.seq
        self.on_appended(self, by, sum(map(len, bodies)))
        written = self.journal.append(first, bodies, position, parts)
        return written.addCallback(self._was_written, first, bodies, last, then)

    def _was_written(self, _: None, first: int, bodies: list[bytes], last: int, then: Callable[[], None] | None) -> int:
        if then is not None:
            then()
        if bodies:
            self.tail.add(first, bodies)
        if last >= self.written > self._notified:  # else more was written with it, and is notified next
            self._notified = self.written
            self.fan_out.notify(is_last=self.is_closed)
            news, self._news = self._news, []
            for waiting in news:
                waiting.callback(None)
            self._resolve_ends()
            self.writes.notify()
        return last

    def _resolve_ends(self) -> None:
        for execution in list(self._ends):
            finished = self.state.spans.get(execution).finished
            if finished is not None and finished <= self.written:
                for waiting in self._ends.pop(execution):
                    waiting.callback(None)

    def _observe(self, event: AnyEvent) -> None:
        """Follows an event with what is no part of the state."""
        match event:
            case events.ExecutionQueued() if self.kernel is not None:
                self.kernel.executions.accepted(event)
            case events.SessionRenamed():
                self.record = attrs.evolve(self.record, title=event.title)
            case events.SessionClosed():
                self.is_closed = True
            case events.SessionReopened():
                self.is_closed, self.kernel_connection.kernel = False, None
            case _:
                pass

    def restore(self, event: AnyEvent) -> None:
        """Applies an event of the journal, as when it was made."""
        self.state.apply(event)
        self._observe(event)
        self.seq, self.last_activity = event.seq, event.time
        if isinstance(event, events.KernelStarted):
            self.kernel_connection.kernel = Kernel(
                event.kernel, event.kernelspec, event.display_name, event.language, event.url_without_key
            )
        elif self.kernel is not None:
            self.kernel.restore(event)

    def read(self, first: int, limit: int = CHUNK_EVENTS, limit_bytes: int = CHUNK_BYTES) -> Deferred[list[bytes]]:
        """Written events in a row: from memory where the newest are enough, else from the journal.

        Args:
            first: Seq of the first one.
            limit: Events at most.
            limit_bytes: Bytes at most; a larger first event is returned whole.

        Returns:
            Fires with the events, JSON.
        """
        recent = self.tail.bodies_from(first, limit, limit_bytes)
        return succeed(recent) if recent else self.journal.read(first, limit, limit_bytes)

    def news(self) -> Deferred[None]:
        """Fires when the next events are written."""
        written: Deferred[None] = Deferred(lambda d: self._news.remove(d) if d in self._news else None)
        self._news.append(written)
        return written

    async def until_written(self, seq: int) -> None:
        """Waits until an event is in the journal."""
        while self.written < seq:
            await self.news()

    def check_writable(self) -> None:
        """Returns when the session accepts calls that change it.

        Raises:
            errors.NotFound: The session is closed.
            errors.Degraded: The journal cannot be written now.
        """
        if self.is_closed:
            raise errors.NotFound(f"Session {self.id} is closed.", kind="session", id=self.id)
        if self.journal.fault is not None:
            raise errors.Degraded(
                f"The server cannot write its journal ({self.journal.fault}); nothing is lost, but it takes no new work until it can."
            )

    # ---- executions

    async def execute(self, queued: events.ExecutionQueued, by: str) -> int:
        """Accepts an execution; the request goes to the kernel after its event is written.

        Args:
            queued: The event that queues it.
            by: Who asked for it.

        Returns:
            The seq of the event; that of the first one for an execution that was accepted before.

        Raises:
            errors.AlreadyExists: The id names an execution of other code.
            errors.TooLarge: The code is over `MAX_CODE_CHARACTERS`.
            errors.KernelNotReady, errors.KernelDead, errors.Degraded, errors.NotFound: It cannot be run now.
        """
        span = self.state.spans.find(queued.execution)
        if span is not None:
            return await self._accepted_before(queued, span)
        self.check_writable()
        if len(queued.code) > MAX_CODE_CHARACTERS:
            raise errors.TooLarge(
                f"The code of one execution holds at most {MAX_CODE_CHARACTERS} characters.", limit=MAX_CODE_CHARACTERS
            )
        if queued.cell is not None:
            self.state.notebook.get(queued.cell)
        run = self.kernel_connection.live().executions.queue(queued)
        return await self.append([queued], by, then=lambda: self.kernel_connection.requests.add([run]))

    def is_accepted(self, execution: str) -> bool:
        """Whether the event that queued it is in the journal."""
        return self.state.spans.get(execution).queued <= self.written

    async def _accepted_before(self, queued: events.ExecutionQueued, span: Span) -> int:
        await self.until_written(span.queued)
        record = ExecutionRecord(queued.execution)
        await self.each_event(span.queued, span.queued, record.apply)
        assert record.queued is not None
        if record.queued.code != queued.code:
            raise errors.AlreadyExists(
                f"Execution {queued.execution} runs other code; choose another id.",
                kind="execution",
                id=queued.execution,
            )
        return span.queued

    async def ended(self, execution: str, timeout_s: float) -> None:
        """Waits until the event that finishes an execution is written.

        Args:
            execution: Id of the execution.
            timeout_s: Seconds that it waits.

        Raises:
            errors.Timeout: It has not finished within that time; it goes on.
        """
        span = self.state.spans.get(execution)
        if span.finished is not None and span.finished <= self.written:
            return
        ended: Deferred[None] = Deferred()
        waiting = self._ends.setdefault(execution, [])
        waiting.append(ended)

        def too_late() -> None:
            ended.errback(
                errors.Timeout(
                    f"Execution {execution} has not finished within {timeout_s:g} s; it goes on.", timeout_s=timeout_s
                )
            )

        stop_clock = self.world.later(timeout_s, too_late)
        try:
            await ended
        finally:
            stop_clock()
            if ended in waiting:  # it was too late, or the wait was cancelled
                waiting.remove(ended)

    async def load(self) -> None:
        """Applies the journal from its start, as this session is opened; of outputs in a row, all but the last concern only what is shown."""
        held: AnyEvent | None = None
        execution: bytes | None = None
        async for seq, body in self._bodies(0, self.journal.written, LOADED_EVENTS, LOADED_BYTES):
            self.snapshots.account(seq, body)
            before, execution = execution, events.execution_of_output(body)
            is_in_row = execution is not None and execution == before
            if held is not None:
                (self.state.outputs.apply if is_in_row else self.restore)(held)
            held = _decoded(body, self.id)
            if not is_in_row:
                await self.world.turns.pause()
            if seq <= self.journal.first_seq:  # all of a snapshot that stands for what was cut is applied
                self.state.history_points.clear()
        if held is not None:
            self.restore(held)
        self.seq = self.state.seq = self._notified = self.journal.written

    async def each_event(self, first: int, last: int, apply: Callable[[AnyEvent], None]) -> None:
        """Calls a function with written events in a row, read in chunks; for those that were cut, with the events that stand for them.

        Args:
            first: Seq of the first one.
            last: Seq of the last one; later ones than `written` are left out.
            apply: Called with each event.
        """
        async for _, body in self._bodies(first, last):
            event = _decoded(body, self.id)
            if event is not None:
                apply(event)
            await self.world.turns.pause()

    async def _bodies(
        self, first: int, last: int, limit: int = CHUNK_EVENTS, limit_bytes: int = CHUNK_BYTES
    ) -> AsyncIterator[tuple[int, bytes]]:
        if first < self.journal.first_seq:
            for body in await self.journal.prelude():
                yield self.journal.first_seq - 1, body
            first = self.journal.first_seq
        while first <= min(last, self.written):
            for body in (await self.read(first, limit, limit_bytes))[: last - first + 1]:
                yield first, body
                first += 1


async def execution_record(session: Session, execution: str, limit: int | None = None) -> ExecutionRecord:
    """The record of an execution up to now, with what came after its end, and what later executions showed in place of its displays.

    Waits until the event that queued it is written.

    Args:
        session: The session.
        execution: Id of the execution.
        limit: Characters that are kept of a longer text, at its start and its end (see `webipy.core.events.outputs.Fold`); `None` for all.

    Raises:
        errors.NotFound: The session has none of that id.
    """
    span = session.state.spans.get(execution)
    await session.until_written(span.queued)
    record = ExecutionRecord(execution, outputs=Fold(limit))
    last = last_seq(session, execution)
    await session.each_event(span.queued, last, record.apply)
    for update in sorted(session.state.spans.updates.get(display, 0) for display in record.outputs.displays()):
        if last < update <= session.written:
            await session.each_event(update, update, record.apply)
    return record


def last_seq(session: Session, execution: str) -> int:
    """The seq up to which events of an execution may stand in the journal.

    Args:
        session: The session.
        execution: Id of the execution.
    """
    span = session.state.spans.get(execution)
    return session.written if span.finished is None else max(span.finished, min(span.late, session.written))


def is_current(session: Session) -> bool:
    """Whether the state has all events, and the journal takes those that it does not have yet; else what is written is to be folded again."""
    is_stuck = session.journal.fault is not None and session.written < session.seq
    return session.state.seq == session.seq and not is_stuck


async def folded(session: Session, seq: int, limit: int | None = MAX_STREAM) -> SessionState:
    """The state after an event, folded again from the journal.

    Args:
        session: The session.
        seq: Seq of the event.
        limit: Characters of one stream output that it keeps; `None` for all.
    """
    state = SessionState(limit)
    await session.each_event(0, seq, state.apply)
    return state


async def current_state(session: Session) -> SessionState:
    """The state of a session to read in this turn: its own, or one folded from what is written where that is not current."""
    return session.state if is_current(session) else await folded(session, session.written)


async def latest_snapshot(session: Session) -> tuple[int, list[bytes]]:
    """A snapshot of all events that are written, and of those that wait to be.

    Returns:
        The seq of its last event, and its own events, JSON; all are written.
    """
    if not is_current(session):
        seq = session.written
        return seq, encoded(await folded(session, seq))
    seq, bodies = session.seq, encoded(session.state)
    await session.until_written(seq)
    return seq, bodies


def release(session: Session) -> None:
    """Frees what is large of a closed session; those who read it still read its journal."""
    session.state = session.state.remains()
    session.tail = Tail(session.record.id)
    session.snapshots = Snapshots()


def _decoded(body: bytes, session: str) -> AnyEvent | None:
    try:
        return events.decode_known(body)
    except msgspec.DecodeError as fault:
        raise errors.Damaged(
            f"The journal of session {session} cannot be read: {fault}.", kind="session", id=session
        ) from None
