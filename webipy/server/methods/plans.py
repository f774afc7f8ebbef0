"""The methods on runs that have a plan: `run.check`, `run.stop` and `run.get`; they are started by `notebook.run`."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.api.grants import session_place
from webipy.server.methods.failures import OF_CHANGE, OF_FILE
from webipy.server.methods.method import Connection, Methods, Services

METHODS = Methods()
method = METHODS.method


@method(
    "run.check",
    "write",
    "paths",
    paths={"path": "read", "to": "write"},
    raises=(*OF_FILE, errors.AlreadyExists),
    example={"path": "analysis.ipynb", "to": "result.ipynb"},
)
async def run_check(services: Services, connection: Connection, params: notebook_calls.CheckRun) -> calls.Done:
    """Checks whether a run could write its result where that is wanted, before anything is made; changes nothing."""
    await services.runs.results.check(params.path, params.to, params.overwrite)
    return calls.Done()


@method("run.stop", "execute", "session", raises=OF_CHANGE, example={"run": "run1", "grace_s": 5})
async def run_stop(services: Services, connection: Connection, params: notebook_calls.StopRun) -> calls.Accepted:
    """Begins to stop a run; answers when that is in the journal, and `run_finished` reports the end. A second call only shortens the grace."""
    session = services.sessions.get(params.session)
    supervisor = services.runs.planned(params.run)
    if supervisor is None or supervisor.session is not session:
        raise errors.NotFound(f"This session has no open run {params.run!r}.", kind="run", id=params.run)
    session.check_writable()
    return calls.Accepted(seq=await supervisor.stop("asked", params.grace_s, connection.name))


async def _place_of_run(services: Services, params: notebook_calls.OfRun) -> str:
    """The place of a run: that of its session, if that is open, or of the notebook that was run."""
    found = await services.runs.state(params.run)
    session = services.sessions.find(found.session)
    path = session.record.path if session is not None else found.source
    return path if path is not None else session_place(found.session)


@method("run.get", "read", "place", found=_place_of_run, raises=(errors.NotFound,), example={"run": "run1"})
async def run_get(services: Services, connection: Connection, params: notebook_calls.OfRun) -> notebook_calls.RunState:
    """A run that has a plan: where it is, and how it has ended; of the latest 1,000 also after their sessions were closed."""
    found = await services.runs.state(params.run)
    return notebook_calls.RunState(
        run=found.run,
        session=found.session,
        source=found.source,
        status=found.status,
        path=found.path,
        reason=found.reason,
        started=found.started,
        finished=found.finished,
    )
