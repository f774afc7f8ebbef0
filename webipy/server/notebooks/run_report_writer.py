"""Adds the report of a run to its document before the result is written.

See `webipy.core.session.run_reports`. Only the result of a copy has a report: a notebook that is run in place
belongs to its user, and only the marks of an earlier failure are removed. Formats of plain text have no place for it.
"""

from __future__ import annotations

from webipy.core.api import formats
from webipy.core.events.events import AnyEvent
from webipy.core.session import run_reports
from webipy.core.session.runs import OpenRun
from webipy.server.notebooks.documents import Documents
from webipy.server.sessions.session import Session

PORTION = 200
"""Events that are appended at once."""


async def add_report(documents: Documents, session: Session, run: OpenRun) -> None:
    """Adds it, once; when a server dies in between, the next one replaces what it has added.

    Args:
        documents: The documents of all sessions.
        session: The session of the run.
        run: The run, which has ended.

    Raises:
        errors.Degraded: The journal cannot be written.
    """
    to = run.started.to or session.record.path
    if to is not None and formats.format_of(to) != "ipynb":
        return
    if session.record.path is not None:
        await _append(session, run_reports.without_marks(session.state.notebook))
    else:
        record = run_reports.RunRecord(run.id)
        await session.each_event(run.started.seq, session.written, record.apply)
        new = run_reports.report(
            session.state.notebook, run, record, session.state.lifecycle.source, documents.world.new_id
        )
        await _append(session, new)
        if run.started.to is None:  # the client writes it, and it names its kernel all the same
            await documents.of(session).file.content("ipynb", None)


async def _append(session: Session, new: list[AnyEvent]) -> None:
    for first in range(0, len(new), PORTION):
        await session.append(new[first : first + PORTION], None)
