"""Runs with a plan, brought to their end by the server: stopped in time, their result written, their session let go of.

::

    run_started ─► its executions end ──────────────────────────────► result written ─► run_finished ─► session let go of
                        ▲                                             (run_results.py)              (temporary_sessions.py)
    run_stopped ────────┘ what waits is cancelled, what runs is interrupted; after the grace the kernel is killed

Why a run is stopped: somebody asked, its time is over, its kernel did not start in time, nobody follows it any more.
The plan and the stop are events, so a server that starts goes on where the last one was. The client that asked for
the run may be killed at any moment: nothing here waits for it.

Invariants: a run ends once, and not before all of its executions have ended; a kernel is killed only in a session that
is the run's own (temporary), never with somebody else's variables: there a run that does not react is left, and told so.

Rejected: time limits and closing in the client (it is what gets killed); a process for each run (a second owner).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Literal

import attrs
from msgspec import Raw
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.events import events
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.executions import OpenExecution
from webipy.core.kernel.host_protocol import Cancel, Interrupt, Kill
from webipy.core.session.runs import OpenRun
from webipy.server.notebooks.documents import Documents
from webipy.server.notebooks.run_results import RunResults
from webipy.server.notebooks.temporary_sessions import LINGER_SECONDS, TemporarySessions
from webipy.server.ports.registry import RunRecord
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions

Cause = Literal["asked", "timed_out", "not_started", "left"]

STUBBORN = "Its code does not react to the interrupt and goes on running; the kernel is not this run's own, so it was not killed."


@attrs.define(eq=False)
class Attendant:
    """Brings one run to its end.

    Args:
        run: Its fold, which grows with the session.
        write: Writes its result and gives what is told of that.
    """

    session: Session
    run: OpenRun
    world: World
    write: Callable[[Session, OpenRun], Deferred[events.RunFinished]]
    _asleep: Deferred[None] | None = None
    _timers: list[Callable[[], None]] = attrs.field(factory=list)
    _pressed: set[str] = attrs.field(factory=set)
    _is_stubborn: bool = False
    _is_cancelled: bool = False
    _was_alone: bool = False
    _is_abandoned: bool = False

    async def attend(self) -> events.RunFinished | None:
        """Returns when it has ended; gives its last event, which is not yet appended, or `None` when its session was closed first."""
        self._set_clocks()
        try:
            while (left := self._open()) and not self._is_stubborn:
                if self.run.stopped is not None:
                    self._press(left)
                await self._news()
            while self.session.written < self.session.seq and not self.session.is_closed:
                await self._news()
        finally:
            self._stop_clocks()
        if self.session.is_closed or self._is_abandoned:
            return None
        finished = await self.write(self.session, self.run)
        if self._is_stubborn:
            reason = f"{STUBBORN} {finished.reason}".strip()
            return events.RunFinished(run=self.run.id, status=finished.status, path=finished.path, reason=reason)
        return finished

    def _open(self) -> list[OpenExecution]:
        kernel = self.session.kernel
        if kernel is None or self.session.is_closed:
            return []
        return [run for run in kernel.executions.open.values() if run.queued.run == self.run.id]

    async def _news(self) -> None:
        self._asleep = self.session.news()
        with suppress(CancelledError):
            await self._asleep

    def _wake(self) -> None:
        if self._asleep is not None and not self._asleep.called:
            self._asleep.cancel()

    # ---- time

    def _set_clocks(self) -> None:
        plan = self.run.started
        if plan.timeout_s is not None:
            self._later(plan.timeout_s - self._passed(plan.time), lambda: self._time_is_over(plan.timeout_s or 0))
        if plan.start_timeout_s is not None:
            self._later(plan.start_timeout_s - self._passed(plan.time), self._check_start)
        if plan.attached:
            self._later(LINGER_SECONDS / 2, self._look_for_followers)
        if self.run.stopped is not None:
            self._set_grace(self.run.stopped)

    def _stop_clocks(self) -> None:
        for stop_clock in self._timers:
            stop_clock()

    def abandon(self) -> None:
        """Leaves it as it is, for the next server: whatever happens now, such as the end of its kernel, is none of the run's own doing."""
        self._is_abandoned = True
        self._stop_clocks()

    def _passed(self, since: str) -> float:
        """Seconds since an event, by the clock on the wall; what that says in vain counts as none."""
        passed = datetime.fromisoformat(self.world.now()) - datetime.fromisoformat(since)
        return max(0.0, passed.total_seconds())

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(self.world.later(max(0.0, seconds), call))

    def _time_is_over(self, seconds: float) -> None:
        if self.run.stopped is None:
            said = f"The time of the run, {seconds:g} s, was over."
            self.stop("timed_out", self.run.started.grace_s, None, self._marks(said))

    def _check_start(self) -> None:
        kernel = self.session.kernel
        if kernel is not None and kernel.state == "starting" and self.run.stopped is None:
            self.stop("not_started", 0.0, None)

    def _look_for_followers(self) -> None:
        is_alone = not self.session.feeds
        if is_alone and self._was_alone and self.run.stopped is None:
            self.stop("left", self.run.started.grace_s, None)
        self._was_alone = is_alone
        self._later(LINGER_SECONDS / 2, self._look_for_followers)

    # ---- an early end

    def stop(
        self, cause: Cause, grace_s: float | None, by: str | None, marks: list[events.AnyEvent] | None = None
    ) -> Deferred[int]:
        """Begins to end it; fires when that is in the journal. A second time only shortens the grace."""
        stopped = events.RunStopped(run=self.run.id, cause=cause, grace_s=grace_s)
        written = self.session.append([*(marks or []), stopped], by)
        self._set_grace(stopped)
        self._wake()
        return written

    def _marks(self, reason: str) -> list[events.AnyEvent]:
        """What shows under the cell that runs why it was ended."""
        output = {
            "output_type": "error",
            "ename": "TimeoutError",
            "evalue": reason,
            "traceback": [f"TimeoutError: {reason}"],
        }
        raw = Raw(jupyter_messages.encode(output))
        return [
            events.OutputAdded(execution=run.id, output=raw, cell=run.queued.cell)
            for run in self._open()
            if run.running
        ]

    def _press(self, left: list[OpenExecution]) -> None:
        """Takes back what waits, and interrupts what runs, each once."""
        side = self.session.kernel_connection
        if not side.has_host:
            return  # its end is on its way, and ends what is open
        waiting = [run.id for run in left if not run.running]
        if waiting and not self._is_cancelled and all(self.session.is_accepted(run) for run in waiting):
            self._is_cancelled = True
            side.command(Cancel(msg_ids=waiting))
        running = next((run.id for run in left if run.running), None)
        if running is not None and running not in self._pressed:
            self._pressed.add(running)
            side.command(Interrupt(running))

    def _set_grace(self, stopped: events.RunStopped) -> None:
        if stopped.grace_s is not None:
            passed = self._passed(stopped.time) if stopped.time else 0.0
            self._later(stopped.grace_s - passed, self._lose_patience)

    def _lose_patience(self) -> None:
        """It has not ended: its kernel is killed, if that is the run's own."""
        session, record = self.session, self.session.record.host
        if not self._open():
            return
        if (
            session.is_temporary
            and record is not None
            and not record.is_attached
            and session.kernel_connection.has_host
        ):
            session.kernel_connection.command(Kill())
        else:
            self._is_stubborn = True
        self._wake()


@attrs.define(eq=False)
class Runs:
    """The runs with a plan of one server."""

    world: World
    sessions: Sessions
    documents: Documents
    temporary: TemporarySessions
    results: RunResults = attrs.field(init=False)
    _attendants: dict[str, Attendant] = attrs.field(factory=dict)
    _is_stopped: bool = False
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.results = RunResults(self.world, self.documents)

    def resume(self) -> None:
        """Attends to the runs that the last server has left."""
        for session in self.sessions.all():
            for run in list(session.runs.open.values()):
                self.attend(session, run)

    def stop(self) -> None:
        """Ends no run any more: the server ends, and the next one goes on."""
        self._is_stopped = True
        for attendant in self._attendants.values():
            attendant.abandon()

    def attend(self, session: Session, run: OpenRun) -> None:
        """Brings a run to its end, from now on."""
        attendant = Attendant(
            session, run, self.world, lambda session, run: Deferred.fromCoroutine(self.results.write(session, run))
        )
        self._attendants[run.id] = attendant
        self.temporary.hold(session, attendant)
        attending = Deferred.fromCoroutine(self._attend(session, attendant))
        attending.addErrback(lambda failure: self._log.failure("run {run}", failure, run=run.id))

    async def _attend(self, session: Session, attendant: Attendant) -> None:
        try:
            finished = await attendant.attend()
            if self._is_stopped:
                return
            if finished is None or session.is_closed:
                closed = events.RunFinished(run=attendant.run.id, status="cancelled", reason="The session was closed.")
                await self.world.registry.put_run(_record(session, attendant.run, closed, self.world.now()))
                return
            if finished.path is None:
                await self.temporary.keep(session, None, finished.reason)
            await session.append([finished], None)
            await self.world.registry.put_run(_record(session, attendant.run, finished, self.world.now()))
        finally:
            self._attendants.pop(attendant.run.id, None)
            if not self._is_stopped:
                await self.temporary.let_go(session, attendant)

    def planned(self, run: str) -> Attendant | None:
        """Who attends to an open run of that id."""
        return self._attendants.get(run)

    async def is_known(self, run: str) -> bool:
        """Whether there is or was a run of that id."""
        return run in self._attendants or await self.world.registry.run(run) is not None

    async def state(self, run: str) -> RunRecord:
        """A run that has a plan, open or ended.

        Raises:
            errors.NotFound: There is none of that id, or it was long ago.
        """
        attendant = self._attendants.get(run)
        if attendant is not None:
            return _record(attendant.session, attendant.run, None, None)
        found = await self.world.registry.run(run)
        if found is None:
            raise errors.NotFound(f"There is no run {run!r}.", kind="run", id=run)
        return found


def _record(session: Session, run: OpenRun, finished: events.RunFinished | None, now: str | None) -> RunRecord:
    """A run as the registry keeps it."""
    return RunRecord(
        run=run.id,
        session=session.id,
        source=session.record.path or session.source,
        status=finished.status if finished is not None else None,
        path=finished.path if finished is not None else None,
        reason=finished.reason if finished is not None else "",
        started=run.started.time,
        finished=now,
    )
