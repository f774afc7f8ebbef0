"""The routes of checkpoints, and of trust: `/api/contents/PATH/checkpoints`, `/api/contents/PATH/trust`.

A notebook has its checkpoint in the history of its document, under the name `CHECKPOINT`: it can be seen and restored in the page, too, and
moves with the file. Of another file a copy is kept in the state folder (webipy.io.jupyter.kept_files). As in Jupyter, each has one: a new one
takes the place of the last.

A checkpoint of a notebook that a client deletes stays in the history; it is only not listed any more.

Source: jupyter_server 2.21, services/contents (REST API).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

import msgspec

from webipy.core import errors
from webipy.core.api import calls, file_calls, notebook_calls
from webipy.core.api.file_calls import File
from webipy.io.jupyter.content_models import checked_path, kind_of, location, missing
from webipy.io.jupyter.kept_files import KeptFiles
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.jupyter.trust import Trust
from webipy.io.jupyter.whole_files import read_whole
from webipy.io.reactor import Run

CHECKPOINT: Final = "Jupyter checkpoint"
"""The name of the checkpoint in the history of a document."""

ID: Final = "checkpoint"
"""The id of the one checkpoint that a file has."""


class Checkpoints(msgspec.Struct, eq=False):
    """The checkpoints of all files.

    Args:
        run: Runs a function that blocks in a thread.
        kept: The copies of files that are no notebooks.
        trust: Which outputs are trusted.
        now: Returns the time, RFC 3339 UTC.
    """

    run: Run
    kept: KeptFiles
    trust: Trust
    now: Callable[[], str]

    async def list_all(self, asked: Asked) -> Answer:
        """The checkpoints of a file, as a list: none or one."""
        path, session = await self._document(asked)
        found = await self._find(asked, path, session)
        return Answer([] if found is None else [found])

    async def make(self, asked: Asked) -> Answer:
        """Makes a checkpoint of a file as it is now."""
        path, session = await self._document(asked)
        if session is not None:
            params = notebook_calls.MakeCheckpoint(session=session, checkpoint=CHECKPOINT)
            await asked.ask("notebook.checkpoint", params, calls.Accepted)
        else:
            body, time = await read_whole(asked, await _file(asked, path)), self.now()
            await self.run(lambda: self.kept.put(path, body, time))
        found = await self._find(asked, path, session)
        return Answer(found, status=201, headers=location(asked.base, path, "checkpoints", ID))

    async def restore(self, asked: Asked) -> Answer:
        """Turns a file into what its checkpoint holds; of a notebook that is one more change, and the history stays whole."""
        path, session = await self._checked(asked)
        if session is not None:
            params = notebook_calls.RestoreNotebook(session=session, checkpoint=CHECKPOINT)
            await asked.ask("notebook.restore", params, calls.Accepted)
            await asked.ask("notebook.save", notebook_calls.SaveNotebook(session=session), notebook_calls.NotebookState)
        else:
            body = await self.run(lambda: self.kept.body(path)) or b""
            content = base64.b64encode(body).decode()
            await asked.ask("file.write", file_calls.WriteFile(path=path, content=content, encoding="base64"), File)
        return Answer(status=204)

    async def delete(self, asked: Asked) -> Answer:
        """Deletes a checkpoint."""
        path, session = await self._checked(asked)
        if session is not None:
            seq = (await self._point(asked, session)).seq
            await self.run(lambda: self.kept.pass_over(session, seq))
        else:
            await self.run(lambda: self.kept.remove(path))
        return Answer(status=204)

    async def trust_all(self, asked: Asked) -> Answer:
        """Trusts all outputs that a notebook has now."""
        path = checked_path(asked.parts["path"])
        params = notebook_calls.ReadNotebook(path=path)
        copy = await asked.ask("notebook.read", params, notebook_calls.NotebookCopy)
        assert not isinstance(copy.notebook, msgspec.UnsetType)
        notebook = bytes(copy.notebook)
        await self.run(lambda: self.trust.learn(notebook, is_all=True))
        return Answer(status=201, body=b"")

    async def _document(self, asked: Asked) -> tuple[str, str | None]:
        """The path that is asked for, and the session of the document there; `None` for a file that is none."""
        path = checked_path(asked.parts["path"])
        if kind_of(await _file(asked, path)) != "notebook":
            return path, None
        params = calls.CreateSession(path=path, temporary=True)
        try:
            return path, (await asked.ask("session.create", params, calls.Session)).id
        except (errors.InvalidNotebook, errors.TooLarge, errors.ConversionFailed):
            return path, None

    async def _checked(self, asked: Asked) -> tuple[str, str | None]:
        """The same, when there is the checkpoint that is asked for.

        Raises:
            Refusal: 404, there is none.
        """
        path, session = await self._document(asked)
        if asked.parts["checkpoint"] != ID or await self._find(asked, path, session) is None:
            raise Refusal(404, f"Checkpoint does not exist: {path[:200]}@{asked.parts['checkpoint'][:64]}")
        return path, session

    async def _find(self, asked: Asked, path: str, session: str | None) -> dict[str, object] | None:
        if session is None:
            kept = await self.run(lambda: self.kept.find(path))
            return None if kept is None else {"id": ID, "last_modified": kept.time}
        point = await self._last(asked, session)
        return None if point is None else {"id": ID, "last_modified": point.time}

    async def _last(self, asked: Asked, session: str) -> notebook_calls.HistoryPoint | None:
        params = notebook_calls.ReadHistory(session=session, limit=1000)
        points = (await asked.ask("notebook.history", params, notebook_calls.HistoryPoints)).points
        passed = await self.run(lambda: self.kept.passed_over(session))
        named = (point for point in points if point.kind == "checkpoint" and point.name == CHECKPOINT)
        return next((point for point in named if point.seq > passed), None)

    async def _point(self, asked: Asked, session: str) -> notebook_calls.HistoryPoint:
        point = await self._last(asked, session)
        assert point is not None
        return point


async def _file(asked: Asked, path: str) -> File:
    """A file.

    Raises:
        Refusal: 404, there is none; 400, it is a folder.
    """
    try:
        file = await asked.ask("file.stat", file_calls.OfFile(path=path), File)
    except errors.NotFound:
        raise missing(path) from None
    if file.kind == "folder":
        raise Refusal(400, f"{path[:200]} is a directory: only files have checkpoints.", "bad type")
    return file


def routes(checkpoints: Checkpoints) -> list[Route]:
    """The routes; they stand before those of files, whose paths may be anything.

    Args:
        checkpoints: The checkpoints.
    """
    all_of, one = "/api/contents/{path...}/checkpoints", "/api/contents/{path...}/checkpoints/{checkpoint}"
    return [
        Route(all_of, {"GET": checkpoints.list_all, "POST": checkpoints.make}, method="notebook.checkpoint"),
        Route(one, {"POST": checkpoints.restore, "DELETE": checkpoints.delete}, method="notebook.checkpoint"),
        Route("/api/contents/{path...}/trust", {"POST": checkpoints.trust_all}, method="notebook.checkpoint"),
    ]
