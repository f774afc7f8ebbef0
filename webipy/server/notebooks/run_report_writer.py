"""Adds the report of a run, and the state of the widgets, to its document before the result is written.

See `webipy.core.session.run_reports` and `webipy.core.kernel.widget_state`. Only the result of a copy has a report: a notebook that is run in place
belongs to its user, and only the marks of an earlier failure are removed. Formats of plain text have no place for either.
"""

from __future__ import annotations

from msgspec import Raw

from webipy.core.api import formats
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import jupyter_messages, widget_state
from webipy.core.kernel.comm_fold import Comms
from webipy.core.session import run_reports
from webipy.core.session.runs import OpenRun
from webipy.server.notebooks.documents import Documents
from webipy.server.sessions.session import Session

PORTION = 200
"""Events that are appended at once."""


async def add_report(documents: Documents, session: Session, run: OpenRun) -> None:
    """Adds both, once; when a server dies in between, the next one replaces what it has added.

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
        await _append(session, run_reports.without_marks(session.notebook))
    else:
        record = run_reports.RunRecord(run.id)
        await session.each_event(run.started.seq, session.written, record.apply)
        new = run_reports.report(session.notebook, run, record, session.source, documents.world.new_id)
        await _append(session, new)
        if run.started.to is None:  # the client writes it, and it names its kernel all the same
            await documents.of(session).file.content("ipynb", None)
    await _append(session, await _with_widgets(documents, session))


async def _with_widgets(documents: Documents, session: Session) -> list[AnyEvent]:
    """The event that puts the state of widgets into the metadata of the notebook, if it shows any."""
    notebook = await documents.as_ipynb(session)
    if widget_state.VIEW not in notebook:
        return []
    comms = Comms()
    await session.each_event(0, session.written, comms.apply)
    state = widget_state.state_for(notebook, comms.as_events())
    metadata = jupyter_messages.decode(session.notebook.metadata, dict[str, Raw])
    if state is None or bytes(metadata.get("widgets", Raw(b""))) == bytes(state):
        return []
    metadata["widgets"] = state
    return [events.NotebookMetadataSet(metadata=Raw(jupyter_messages.encode(metadata)))]


async def _append(session: Session, new: list[AnyEvent]) -> None:
    for first in range(0, len(new), PORTION):
        await session.append(new[first : first + PORTION], None)
