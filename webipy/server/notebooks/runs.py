"""Runs with a plan, which the server brings to their end: stopped in time, their result written, their session released.

::

    run_started ─► its executions end ──────────────────────────────► result written ─► run_finished ─► session released
                        ▲                                             (run_results.py)              (temporary_sessions.py)
    run_stopped ────────┘ waiting executions are cancelled, the running one is interrupted; after the grace the kernel is killed

Why a run is stopped: a client asked, its time is over, its kernel did not start in time, no client subscribes to it any more.
The plan and the stop are events, so a server that starts goes on where the last one was. The client that asked for
the run may be killed at any moment: nothing here waits for it.

Invariants: a run ends once, and not before all of its executions have ended; a kernel is killed only in a session that
is the run's own (temporary), never with another user's variables: there a run that does not react is left, and its reason says so.

Rejected: time limits and closing in the client (it is what gets killed); a process for each run (a second owner).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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
from webipy.core.timestamps import seconds_between
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
class RunSupervisor:
    """Brings one run to its end.

    Args:
        session: Its session.
        run: The run, which the session folds.
        world: The outside.
        write: Writes its result; returns its last event.
    """

    session: Session
    run: OpenRun
    world: World
    write: Callable[[Session, OpenRun], Deferred[events.RunFinished]]
    _asleep: Deferred[None] | None = None
    _timers: list[Callable[[], None]] = attrs.field(factory=list)
    _interrupted: set[str] = attrs.field(factory=set)
    _is_stubborn: bool = False
    _is_cancelled: bool = False
    _was_alone: bool = False
    _is_abandoned: bool = False

    async def until_end(self) -> events.RunFinished | None:
        """Waits for the end of the run; returns its last event, not yet appended, or `None` when its session was closed first."""
        self._set_clocks()
        try:
            while (left := self._open()) and not self._is_stubborn:
                if self.run.stopped is not None:
                    self._cancel(left)
                await self._news()
            while self.session.written < self.session.seq and not self.session.is_closed:
                await self._news()
        finally:
            self._stop_clocks()
        if self.session.is_closed or self.session.is_closing or self._is_abandoned:
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
        """Leaves the run to the next server: what happens now, such as the end of its kernel, does not end it."""
        self._is_abandoned = True
        self._stop_clocks()

    def _passed(self, since: str) -> float:
        """Seconds since an event, by the wall clock; 0 when the clock was set back."""
        return max(0.0, seconds_between(since, self.world.now()))

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(self.world.later(max(0.0, seconds), call))

    def _time_is_over(self, seconds: float) -> None:
        if self.run.stopped is None:
            reason = f"The time of the run, {seconds:g} s, was over."
            self.stop("timed_out", self.run.started.grace_s, None, self._marks(reason))

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

    # ---- stopping

    def stop(
        self, cause: Cause, grace_s: float | None, by: str | None, marks: list[events.AnyEvent] | None = None
    ) -> Deferred[int]:
        """Begins to stop the run; a second call only shortens the grace.

        Args:
            cause: Why.
            grace_s: Seconds until its kernel is killed; `None` for never.
            by: Who stops it; `None` for the server.
            marks: Events that show the reason in the document.

        Returns:
            Fires when the events are in the journal.
        """
        stopped = events.RunStopped(run=self.run.id, cause=cause, grace_s=grace_s)
        written = self.session.append([*(marks or []), stopped], by)
        self._set_grace(stopped)
        self._wake()
        return written

    def _marks(self, reason: str) -> list[events.AnyEvent]:
        """The events that show the reason under the running cell."""
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

    def _cancel(self, left: list[OpenExecution]) -> None:
        """Cancels the waiting executions and interrupts the running one, each once."""
        kernel = self.session.kernel_connection
        if not kernel.has_host:
            return  # its end is on its way, and ends the open executions
        waiting = [run.id for run in left if not run.running]
        if waiting and not self._is_cancelled and all(self.session.is_accepted(run) for run in waiting):
            self._is_cancelled = True
            kernel.command(Cancel(msg_ids=waiting))
        running = next((run.id for run in left if run.running), None)
        if running is not None and running not in self._interrupted:
            self._interrupted.add(running)
            kernel.command(Interrupt(running))

    def _set_grace(self, stopped: events.RunStopped) -> None:
        if stopped.grace_s is not None:
            passed = self._passed(stopped.time) if stopped.time else 0.0
            self._later(stopped.grace_s - passed, self._kill)

    def _kill(self) -> None:
        """Kills the kernel of a run that has not ended, if it is the run's own."""
        session, record = self.session, self.session.record.host
        if not self._open():
            return
        if (
            session.state.lifecycle.is_temporary
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
    """The runs with a plan of one server.

    Args:
        world: The outside.
        sessions: The open sessions.
        documents: Their documents.
        temporary: The temporary sessions.
    """

    world: World
    sessions: Sessions
    documents: Documents
    temporary: TemporarySessions
    results: RunResults = attrs.field(init=False)
    _supervisors: dict[str, RunSupervisor] = attrs.field(factory=dict)
    _is_stopped: bool = False
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.results = RunResults(self.world, self.documents)

    def resume(self) -> None:
        """Supervises the runs that the last server has left."""
        for session in self.sessions.all():
            for run in list(session.state.runs.open.values()):
                self.supervise(session, run)

    def stop(self) -> None:
        """Leaves all runs to the next server."""
        self._is_stopped = True
        for supervisor in self._supervisors.values():
            supervisor.abandon()

    def supervise(self, session: Session, run: OpenRun) -> None:
        """Supervises a run until its end.

        Args:
            session: Its session.
            run: The run, which the session folds.
        """
        supervisor = RunSupervisor(
            session, run, self.world, lambda session, run: Deferred.fromCoroutine(self.results.write(session, run))
        )
        self._supervisors[run.id] = supervisor
        self.temporary.hold(session, supervisor)
        supervising = Deferred.fromCoroutine(self._supervise(session, supervisor))
        supervising.addErrback(lambda failure: self._log.failure("run {run}", failure, run=run.id))

    async def _supervise(self, session: Session, supervisor: RunSupervisor) -> None:
        try:
            finished = await supervisor.until_end()
            if self._is_stopped:
                return
            if finished is None or session.is_closed:
                closed = events.RunFinished(run=supervisor.run.id, status="cancelled", reason="The session was closed.")
                await self.world.registry.put_run(_record(session, supervisor.run, closed, self.world.now()))
                return
            if finished.path is None:
                await self.temporary.keep(session, None, finished.reason)
            await session.append([finished], None)
            await self.world.registry.put_run(_record(session, supervisor.run, finished, self.world.now()))
        finally:
            self._supervisors.pop(supervisor.run.id, None)
            if not self._is_stopped:
                await self.temporary.release(session, supervisor)

    def planned(self, run: str) -> RunSupervisor | None:
        """The supervisor of an open run of that id; `None` when there is none."""
        return self._supervisors.get(run)

    async def is_known(self, run: str) -> bool:
        """Whether there is or was a run of that id."""
        return run in self._supervisors or await self.world.registry.run(run) is not None

    async def state(self, run: str) -> RunRecord:
        """A run that has a plan, open or ended.

        Raises:
            errors.NotFound: There is none of that id, or it is not kept any more.
        """
        supervisor = self._supervisors.get(run)
        if supervisor is not None:
            return _record(supervisor.session, supervisor.run, None, None)
        found = await self.world.registry.run(run)
        if found is None:
            raise errors.NotFound(f"There is no run {run!r}.", kind="run", id=run)
        return found


def _record(session: Session, run: OpenRun, finished: events.RunFinished | None, now: str | None) -> RunRecord:
    """A run as the registry keeps it."""
    return RunRecord(
        run=run.id,
        session=session.id,
        source=session.record.path or session.state.lifecycle.source,
        status=finished.status if finished is not None else None,
        path=finished.path if finished is not None else None,
        reason=finished.reason if finished is not None else "",
        started=run.started.time,
        finished=now,
    )
