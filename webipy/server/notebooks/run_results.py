"""The result of a run: its document, written where its plan says, whole and at once.

A run with a `to` works in a session without a file, so nothing is touched until it has ended. Then::

    stopped, and a file is there ─────────► beside it, as `NAME (stopped)`         (the last good result stays)
    failed, and only_if_ok ───────────────► beside it, as `NAME (failed)`, whether there is a file or not
    overwrite, or nothing is there ───────► the file, by one exchange of names
    nothing was there, but something is now ► beside it (unless it holds the same: this server wrote it and then died)

A run without `to` is that of an open notebook, which is saved as usual. A document that cannot be written stays in the
session, and `RunFinished.reason` has the reason: nothing is lost.
"""

from __future__ import annotations

import posixpath

import msgspec

from webipy.core import errors
from webipy.core.api import formats
from webipy.core.events import events
from webipy.core.events.events import RunStatus
from webipy.core.free_names import free_names
from webipy.core.ipynb.document import Document
from webipy.core.session.runs import OpenRun
from webipy.server.notebooks.documents import Documents
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook
from webipy.server.notebooks.run_report_writer import add_report
from webipy.server.ports.files import Body
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session

MISSING = "missing"


class RunResults(msgspec.Struct, eq=False):
    """Writes the results of runs.

    Args:
        world: The outside.
        documents: The documents of all sessions.
    """

    world: World
    documents: Documents

    async def check(self, path: str | None, to: str, overwrite: bool) -> None:
        """Returns when a run could write its result; nothing is changed.

        Args:
            path: The notebook that is run, relative to the root; `None` when it has no file.
            to: Where the result goes.
            overwrite: Whether it may replace a file.

        Raises:
            errors.InvalidParams: `to` is no name of a notebook, or is the notebook itself.
            errors.AlreadyExists: Something is there, which is not to be overwritten.
            errors.NotFound, errors.FileFault: Its folder is not there, or it cannot be written.
        """
        if formats.format_of(to) is None:
            raise errors.InvalidParams(
                f"{to} is no name of a notebook: .ipynb is, and those of programs and of Markdown.", field="to"
            )
        if path is not None:
            await self.world.files.stat(path)
        placing = await self.world.files.check_place(to, path if path is not None else to)
        if placing == "source" and path is None:
            placing = "taken"
        if placing == "source":
            raise errors.InvalidParams(f"{to} is the notebook itself.", field="to")
        if placing == "taken" and not overwrite:
            raise errors.AlreadyExists(f"{to} exists already.", kind="file", id=to)

    async def write(self, session: Session, run: OpenRun) -> events.RunFinished:
        """Writes the result of a run that is over.

        Args:
            session: The session of the run.
            run: The run.

        Returns:
            The last event of the run, not yet appended; it has the reason when the result could not be written.
        """
        status, plan = run.status(), run.started
        path, reason = None, ""
        try:
            await add_report(self.documents, session, run)
            if plan.to is None:
                path = await self._save(session)
            else:
                body = await self._content(session, plan.to)
                path, reason = await self._write(body, plan, status, status in ("cancelled", "not_started"))
        except errors.Failure as fault:
            reason = fault.message
        return events.RunFinished(run=run.id, status=status, path=path, reason=reason)

    async def _save(self, session: Session) -> str | None:
        if session.state.file_state.path is None:
            return None
        await self.documents.of(session).save(None)
        return session.state.file_state.path

    async def _content(self, session: Session, to: str) -> Body:
        format, file = formats.format_of(to) or "ipynb", self.documents.of(session).file
        return await file.content(
            format, await self._original(session.state.lifecycle.source, format, (await file.current())[1])
        )

    async def _write(self, body: Body, plan: events.RunStarted, status: RunStatus, is_stopped: bool) -> tuple[str, str]:
        """Writes the result; returns its path, and why that is not where it was wanted."""
        to = plan.to or ""
        if plan.only_if_ok and status != "ok":
            path = await self._beside(to, " (stopped)" if is_stopped else " (failed)", body)
            return path, f"{to} was not written, because the run did not end well."
        if plan.overwrite and not is_stopped:
            return (await self.world.files.write(to, body, None)).path, ""
        try:
            return (await self.world.files.write(to, body, MISSING)).path, ""
        except errors.Conflict:
            pass
        if is_stopped:
            path = await self._beside(to, " (stopped)", body)
            return path, f"{to} stays as it was, because the run was stopped."
        if isinstance(body, bytes) and (await self.world.files.read(to))[0] == body:
            return to, ""
        path = await self._beside(to, "", body)
        return path, f"{to} was not there when the run began, and is another file now."

    async def _original(self, source: str | None, format: str, document: Document) -> ReadNotebook | None:
        """The file that the document was copied from, whose layout is kept."""
        if source is None or formats.format_of(source) != format:
            return None
        try:
            return await NotebookCodec(self.world).read(source, document)
        except errors.Failure:
            return None  # it was moved or deleted meanwhile: the layout is then the usual one

    async def _beside(self, to: str, mark: str, body: Body) -> str:
        """Writes the result under a free name like that of `to`; returns its path."""
        stem, suffix = posixpath.splitext(to)
        for name in free_names(f"{stem}{mark}{suffix}", False):
            try:
                return (await self.world.files.write(name, body, MISSING)).path
            except errors.Conflict:
                continue
        raise errors.AlreadyExists(f"There are too many files like {to}.", kind="file", id=to)
