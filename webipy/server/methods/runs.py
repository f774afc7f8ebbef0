"""The methods `notebook.run`, `execution.queue`, `execution.move` and `run.cancel`: many cells at once, and the queue that they wait in.

A run is a row of executions that share the name of the run and were accepted in one piece: all their events are in one
append, so there is the whole run or nothing of it, whoever is killed. Execution number n of run R has the id `R-n`, so a call
that is repeated is recognised as by `execution.start`. A run takes the sources at the moment of the call; later edits
are for the next run.

The kernel host owns the queue. It reports what it has moved and cancelled, and only that is journaled. So `execution.move` and
`run.cancel` answer after the host's report, and their results leave out what came too late because the kernel had it already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from msgspec import UNSET, Raw, UnsetType
from twisted.internet.defer import CancelledError, Deferred

from webipy.core import errors
from webipy.core.api import notebook_calls
from webipy.core.api.calls import Accepted, OfSession
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.executions import Executions, OpenExecution
from webipy.core.kernel.host_protocol import Cancel, Move
from webipy.core.languages import parameters
from webipy.core.session.notebook import Cell, Notebook, replace_all
from webipy.server.methods.executions import patience_s
from webipy.server.methods.failures import OF_DOCUMENT, OF_SESSION, OF_WORK
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.sessions.session import Session

MAX_RUN_CHARACTERS = 64 * 1024 * 1024
"""The code of one run; a notebook of a thousand long cells has a fiftieth of it."""

CANCELLED_PER_SECOND = 1000
"""How many executions the host cancels in a second at least; the wait is so much longer than `patience_s`."""

INJECTED = "injected-parameters"
PARAMETERS = "parameters"
"""Tags of the cell that sets parameters and of the one that has their defaults. Source: papermill."""

SKIPPED = "skip-execution"
MAY_FAIL = "raises-exception"
"""Tags of a cell that is not run with the others, and of one whose failure stops nothing. Source: nbclient."""

METHODS = Methods()
method = METHODS.method


class _Tagged(msgspec.Struct):
    tags: list[str] = []


class _Part(msgspec.Struct, frozen=True):
    """A cell as it is run: its source, and the version of that."""

    cell: str
    source: str
    version: int
    may_fail: bool = False


# ---- running a notebook -------------------------------------------------------------------------------------------


@method(
    "notebook.run",
    "execute",
    "session",
    paths={"plan.to": "write"},
    raises=(*OF_WORK, *OF_DOCUMENT, errors.StaleVersion),
    example={"which": "all", "id": "run2"},
)
async def notebook_run(
    services: Services, connection: Connection, params: notebook_calls.RunNotebook
) -> notebook_calls.NotebookRun:
    """Accepts code cells to run, those that are not empty, as they are now; answers when all of them are in the journal."""
    session = services.sessions.get(params.session)
    run = params.id or services.world.new_id()
    if session.state.spans.find(f"{run}-1") is not None:
        return await _with_notification(services, connection, params, await _run_before(session, run))
    if params.plan is not None:
        if await services.runs.is_known(run):
            return notebook_calls.NotebookRun(run=run, executions=[], seq=session.written)
        await _check_plan(services, session, params.plan)
    session.check_writable()
    kernel = session.kernel_connection.live()
    chosen = {cell.id for cell in _chosen(session.state.notebook, params)}
    new, set_by = _parameters(services, session.state.notebook, kernel.language, params.parameters)
    parts = _parts(session.state.notebook, chosen, new, set_by)
    if sum(len(part.source) for part in parts) > MAX_RUN_CHARACTERS:
        raise errors.TooLarge(
            f"The code of one run holds at most {MAX_RUN_CHARACTERS} characters.", limit=MAX_RUN_CHARACTERS
        )
    queued = [_queued(run, number, part, params.stop_on_error) for number, part in enumerate(parts, 1)]
    runs = [kernel.executions.queue(one) for one in queued]
    cells = _as_results(session.state.notebook, queued)
    begun = _begun(services, session, params, run, cells)
    written = session.append([*new, *begun, *queued], connection.name)
    if begun:
        services.runs.supervise(session, session.state.runs.open[run])
        services.temporary.hand_over(session, connection)
    seq = await written
    session.kernel_connection.requests.add(runs)
    return await _with_notification(
        services, connection, params, notebook_calls.NotebookRun(run=run, executions=cells, seq=seq)
    )


async def _with_notification(
    services: Services,
    connection: Connection,
    params: notebook_calls.RunNotebook,
    run: notebook_calls.NotebookRun,
) -> notebook_calls.NotebookRun:
    """The result of the call; the caller is told of the end of the run, when they want that and something runs."""
    if params.notify and run.executions:
        executions = [one.execution for one in run.executions]
        await services.notifications.tell(connection.principal, services.sessions.get(params.session), executions)
    return run


def _as_results(notebook: Notebook, queued: Sequence[events.ExecutionQueued]) -> list[notebook_calls.CellRun]:
    may_fail = {cell.id for cell in notebook.cells() if MAY_FAIL in _tags(cell)}
    return [
        notebook_calls.CellRun(cell=one.cell or "", execution=one.execution, may_fail=one.cell in may_fail)
        for one in queued
    ]


async def _check_plan(services: Services, session: Session, plan: notebook_calls.RunPlan) -> None:
    """Refuses a plan whose result could not be written."""
    source = session.record.path or session.state.lifecycle.source
    if plan.to is None:
        return
    await services.runs.results.check(source, plan.to, plan.overwrite)


def _begun(
    services: Services,
    session: Session,
    params: notebook_calls.RunNotebook,
    run: str,
    cells: list[notebook_calls.CellRun],
) -> list[AnyEvent]:
    """The events by which a run with a plan begins."""
    plan = params.plan
    if plan is None:
        return []
    started = events.RunStarted(
        run=run,
        executions=len(cells),
        may_fail=[one.execution for one in cells if one.may_fail],
        to=plan.to,
        overwrite=plan.overwrite,
        only_if_ok=plan.only_if_ok,
        timeout_s=plan.timeout_s,
        start_timeout_s=plan.start_timeout_s,
        grace_s=plan.grace_s,
        attached=plan.attached,
        keep_going=not params.stop_on_error,
        parameters=UNSET
        if isinstance(params.parameters, UnsetType)
        else Raw(jupyter_messages.encode(params.parameters)),
        version=services.version,
    )
    return [events.SessionKept(), started] if plan.keep and session.state.lifecycle.is_temporary else [started]


def _queued(run: str, number: int, part: _Part, stop_on_error: bool) -> events.ExecutionQueued:
    return events.ExecutionQueued(
        execution=f"{run}-{number}",
        code=part.source,
        cell=part.cell,
        version=part.version,
        run=run,
        stop_on_error=stop_on_error and not part.may_fail,
    )


async def _run_before(session: Session, run: str) -> notebook_calls.NotebookRun:
    """The answer to a call that is repeated: the run as it was accepted."""
    number = 1
    while session.state.spans.find(f"{run}-{number + 1}") is not None:
        number += 1
    first, last = session.state.spans.get(f"{run}-1").queued, session.state.spans.get(f"{run}-{number}").queued
    await session.until_written(last)
    found: list[events.ExecutionQueued] = []
    await session.each_event(first, last, lambda e: found.append(e) if isinstance(e, events.ExecutionQueued) else None)
    of_run = [queued for queued in found if queued.run == run]
    if not of_run:
        raise errors.AlreadyExists(f"{run}-1 is an execution of something else; choose another id.", kind="run", id=run)
    return notebook_calls.NotebookRun(run=run, executions=_as_results(session.state.notebook, of_run), seq=last)


def _chosen(notebook: Notebook, params: notebook_calls.RunNotebook) -> list[Cell]:
    """The cells that a run is asked of, code or not."""
    cells = notebook.cells()
    if params.cells is not None:
        wanted = {notebook.get(cell).id for cell in params.cells}
        return [cell for cell in cells if cell.id in wanted]
    return [cell for cell in _of_which(notebook, cells, params) if SKIPPED not in _tags(cell)]


def _of_which(notebook: Notebook, cells: list[Cell], params: notebook_calls.RunNotebook) -> list[Cell]:
    if params.which in ("above", "below"):
        if params.cell is None:
            raise errors.InvalidParams(f"With which={params.which!r}, cell says from where.", field="cell")
        place = cells.index(notebook.get(params.cell))
        return cells[:place] if params.which == "above" else cells[place:]
    return [cell for cell in cells if params.which == "all" or cell.is_stale]


def _parts(notebook: Notebook, chosen: set[str], new: list[AnyEvent], set_by: _Part | None) -> list[_Part]:
    """What is run, in its order: the chosen cells with code, and the one that sets parameters where it stands or will stand."""
    parts: list[_Part] = []
    inserted = next((event for event in new if isinstance(event, events.CellInserted)), None)
    if inserted is not None and inserted.after is None and set_by is not None:
        parts.append(set_by)
    for cell in notebook.cells():
        if set_by is not None and cell.id == set_by.cell:
            parts.append(set_by)
        elif cell.id in chosen and cell.cell_type == "code" and cell.source.strip():
            parts.append(_Part(cell.id, cell.source, cell.version, MAY_FAIL in _tags(cell)))
        if inserted is not None and inserted.after == cell.id and set_by is not None:
            parts.append(set_by)
    return parts


# ---- parameters ---------------------------------------------------------------------------------------------------


def _parameters(
    services: Services, notebook: Notebook, language: str, given: dict[str, Raw] | UnsetType
) -> tuple[list[AnyEvent], _Part | None]:
    """The events that make a cell set parameters, and that cell as it will be; nothing when none are given."""
    if isinstance(given, UnsetType) or not given:
        return [], None
    source = parameters.source(language, {name: parameters.decode(name, raw) for name, raw in given.items()})
    tagged = [(cell, _tags(cell)) for cell in notebook.cells() if cell.cell_type == "code"]
    before = next((cell for cell, tags in tagged if INJECTED in tags), None)
    if before is not None and before.source == source:
        return [], _Part(before.id, source, before.version)
    if before is not None:
        changes = replace_all(before.source, source)
        notebook.check_edit(before.id, before.version, [changes])
        edited = events.CellEdited(cell=before.id, version=before.version + 1, changes=changes)
        return [edited], _Part(before.id, source, edited.version)
    after = next((cell.id for cell, tags in tagged if PARAMETERS in tags), None)
    notebook.check_place(after)
    cell = services.world.new_id()
    metadata = Raw(jupyter_messages.encode({"tags": [INJECTED]}))
    inserted = events.CellInserted(cell=cell, after=after, cell_type="code", source=source, metadata=metadata)
    return [inserted], _Part(cell, source, 0)


def _tags(cell: Cell) -> list[str]:
    try:
        return jupyter_messages.decode(cell.metadata, _Tagged).tags
    except msgspec.DecodeError:
        return []  # metadata may be anything; these tag nothing


# ---- the queue ----------------------------------------------------------------------------------------------------


@method("execution.queue", "read", "session", raises=OF_SESSION)
async def execution_queue(
    services: Services, connection: Connection, params: OfSession
) -> notebook_calls.ExecutionQueue:
    """The execution that runs and those that wait, in their order."""
    session = services.sessions.get(params.session)
    open_now = session.kernel.executions.open.values() if session.kernel is not None else ()
    queued = [
        notebook_calls.QueuedExecution(
            execution=run.id,
            status="running" if run.running else "queued",
            code=run.queued.code,
            cell=run.queued.cell,
            run=run.queued.run,
            by=run.queued.by,
            queued=run.queued.time,
        )
        for run in sorted(open_now, key=lambda run: not run.running)
    ]
    found = notebook_calls.ExecutionQueue(seq=session.seq, executions=queued)
    await session.until_written(found.seq)  # what a fault could still undo is shown to nobody
    return found


@method(
    "execution.move",
    "execute",
    "session",
    raises=(*OF_WORK, errors.NotWaiting),
    example={"execution": "e4", "before": "e3"},
)
async def execution_move(services: Services, connection: Connection, params: notebook_calls.MoveExecution) -> Accepted:
    """Moves a queued execution in the queue; answers when the host has moved it and that is in the journal."""
    session = services.sessions.get(params.session)
    session.check_writable()
    executions = session.kernel_connection.live().executions
    run = _waiting(session, executions, params.execution)
    if params.before is not None:
        _waiting(session, executions, params.before)
        if params.before == params.execution:
            raise errors.InvalidParams("An execution cannot wait before itself.", field="before")
    newest = max(session.state.spans.get(name).queued for name in (params.execution, params.before or params.execution))
    await session.until_written(newest)
    session.kernel_connection.live()
    moves = run.moves
    session.kernel_connection.command(Move(params.execution, params.before))
    await _until(lambda: run.moves > moves or run.running or run.is_over, services, session, patience_s(session))
    if run.moves == moves:
        raise errors.NotWaiting(
            f"Execution {params.execution} was not moved: it, or the one that it was to wait before, runs already.",
            kind="execution",
            id=params.execution,
        )
    seq = session.seq
    await session.until_written(seq)
    return Accepted(seq=seq)


def _waiting(session: Session, executions: Executions, execution: str) -> OpenExecution:
    session.state.spans.get(execution)
    run = executions.open.get(execution)
    if run is None or run.running:
        state = "has finished" if run is None else "runs already"
        raise errors.NotWaiting(f"Execution {execution} {state}.", kind="execution", id=execution)
    return run


@method("run.cancel", "execute", "session", raises=OF_WORK, example={"run": "run1"})
async def run_cancel(
    services: Services, connection: Connection, params: notebook_calls.CancelRun
) -> notebook_calls.RunCancelled:
    """Cancels the waiting executions of a run, or all; answers when they have ended. kernel.interrupt ends the one that runs."""
    session = services.sessions.get(params.session)
    waiting = session.kernel.executions.waiting() if session.kernel is not None else []
    wanted = [run for run in waiting if params.run is None or run.queued.run == params.run]
    if not wanted:
        return notebook_calls.RunCancelled(executions=[])
    session.check_writable()
    newest = max(session.state.spans.get(run.id).queued for run in wanted)
    await session.until_written(newest)
    since = session.written
    session.kernel_connection.live()
    session.kernel_connection.command(Cancel(msg_ids=[run.id for run in wanted]))
    most_s = patience_s(session) + len(wanted) / CANCELLED_PER_SECOND
    await _until(lambda: all(run.is_over or run.running for run in wanted), services, session, most_s)
    await session.until_written(session.seq)
    return notebook_calls.RunCancelled(executions=await _cancelled(session, since, {run.id for run in wanted}))


async def _cancelled(session: Session, since: int, wanted: set[str]) -> list[str]:
    """Those of the executions that were cancelled after event `since`, in their order."""
    found: list[str] = []

    def collect(event: AnyEvent) -> None:
        if isinstance(event, events.ExecutionFinished) and event.status == "cancelled" and event.execution in wanted:
            found.append(event.execution)

    await session.each_event(since + 1, session.written, collect)
    return found


async def _until(is_so: Callable[[], bool], services: Services, session: Session, seconds: float) -> None:
    """Returns when a condition holds, which is checked at each event of the session, or when time is over."""
    news: list[Deferred[None]] = []
    is_late = False

    def too_late() -> None:
        nonlocal is_late
        is_late = True
        for waiting in news:
            waiting.cancel()

    stop_clock = services.world.later(seconds, too_late)
    try:
        while not is_late and not is_so():
            news[:] = [session.news()]
            with suppress(CancelledError):
                await news[0]
    finally:
        stop_clock()
