"""The routes of sessions: `/api/sessions`.

A session of Jupyter is a session here that has a kernel, under the same id. One with the path of a document has that document: it is opened as
`session.create` opens it, so that the page, the command and every Jupyter client see one document and one kernel. A path that names no document,
such as that of a console, is kept as the name of a session without a file. One that names a kernel of another session joins it
(webipy.io.jupyter.joined_sessions).

Source: jupyter_server 2.21, REST API. Decision 54.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Final

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api import calls, file_calls
from webipy.io.jupyter.joined_sessions import Joined, JoinedSessions
from webipy.io.jupyter.kernels import Kernels, end_kernel, in_folder_of, own_id, shown_id, until, with_kernels
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route

MOST_NAME = 200
MOST_PATH = 4096
"""Characters of a name and of a path."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

NO_SPEC = "The requested kernel is not available: {fault} Install it, or choose another one."


class WantedKernel(msgspec.Struct):
    """Which kernel a session is to have."""

    name: str | None = None
    id: str | None = None


class Named(msgspec.Struct):
    """A path in the form of former versions."""

    path: str | None = None
    name: str | None = None


class WantedSession(msgspec.Struct):
    """The body of a request that makes or changes a session; what else clients send is ignored."""

    path: str | None = None
    name: str | None = None
    type: str | None = None
    kernel: WantedKernel | None = None
    notebook: Named | None = None

    @property
    def place(self) -> str | None:
        """The path, in the form of this version or of former ones."""
        path = self.path if self.path is not None or self.notebook is None else self.notebook.path
        return None if path is None else path.strip("/")

    @property
    def document(self) -> str | None:
        """The notebook that is meant by `FOLDER/UUID`: JupyterLab asks for that first, under the name of its notebook, and sends the path later.

        It lets a session go whose path is another one in the first answer.
        """
        folder, _, name = (self.place or "").rpartition("/")
        if self.type != "notebook" or not self.name or "/" in self.name or _UUID.fullmatch(name) is None:
            return None
        return posixpath.join(folder, self.name)


@attrs.define(eq=False)
class JupyterSessions:
    """The sessions that have a kernel.

    Args:
        kernels: Their kernels.
        joined: The sessions that have joined a kernel of another.
    """

    kernels: Kernels
    joined: JoinedSessions

    def model(self, session: calls.Session, joined: Joined | None = None) -> dict[str, object]:
        """A session as clients read it.

        Args:
            session: The session that has the kernel.
            joined: The one that has joined it, which is then the one that is described.
        """
        if joined is not None:
            names = {"path": joined.path, "name": joined.name}
            return _model(shown_id(joined.id), names, joined.type, self.kernels.model(session))
        path = session.path or session.client_path or f"console-{shown_id(session.id)}"
        kind = "notebook" if path.lower().endswith(".ipynb") else "console" if session.path is None else "file"
        name = session.title if session.path is None else posixpath.basename(path)
        return _model(shown_id(session.id), {"path": path, "name": name}, kind, self.kernels.model(session))

    async def list_all(self, asked: Asked) -> Answer:
        """All sessions with a kernel, but those that were made for a kernel alone."""
        living = await with_kernels(asked)
        joined = [self.model(session, one) for one, session in await self._joined(living)]
        return Answer([*(self.model(one) for one in living if one.client_path != ""), *joined])

    async def _joined(self, living: Sequence[calls.Session]) -> list[tuple[Joined, calls.Session]]:
        """The sessions that have joined a kernel, each with the one that has the kernel."""
        by_kernel = {session.kernel.id: session for session in living if session.kernel is not None}
        return [(one, by_kernel[one.kernel]) for one in await self.joined.all(by_kernel)]

    async def get(self, asked: Asked) -> Answer:
        """One session."""
        session, joined = await self._found(asked)
        return Answer(self.model(session, joined))

    async def make(self, asked: Asked) -> Answer:
        """Opens the session of a path with a kernel; the one that is open for it is returned as it is.

        Raises:
            Refusal: 400, the body lacks a field, or there is no such kernel; 409, a document is to have the kernel of another session.
        """
        wanted = asked.body(WantedSession)
        if wanted.place is None:
            raise Refusal(400, "Missing field in JSON data: path")
        if wanted.type is None and wanted.notebook is None:
            raise Refusal(400, "Missing field in JSON data: type")
        if not wanted.place:
            raise Refusal(400, "The path of a session is not empty.")
        kernel = wanted.kernel or WantedKernel()
        if kernel.id is not None:
            return await self._made_with(asked, wanted, own_id(kernel.id))
        places = {wanted.place, wanted.document or wanted.place}
        for session in await with_kernels(asked):
            if places & {session.path, session.client_path}:
                return self._made(asked, session, None, wanted)
        try:
            return self._made(asked, await self._open(asked, wanted, kernel.name), None, wanted)
        except errors.UnknownKernelspec as fault:
            return Answer({"message": NO_SPEC.format(fault=fault.message), "short_message": fault.message}, 501)

    async def _made_with(self, asked: Asked, wanted: WantedSession, kernel: str) -> Answer:
        """The session of a kernel that runs: the one that has it, or one that joins it."""
        assert wanted.place is not None
        living = await with_kernels(asked)
        found = [session for session in living if session.kernel is not None and session.kernel.id == kernel]
        if not found:
            raise Refusal(400, "No such kernel")
        if {wanted.place, wanted.document or wanted.place} & {found[0].path, found[0].client_path}:
            return self._made(asked, found[0], None, wanted)
        for joined, session in await self._joined(living):
            if (joined.kernel, joined.path) == (kernel, wanted.place):
                return self._made(asked, session, joined)
        await _check_no_document(asked, wanted.document or wanted.place)
        name = (wanted.name or posixpath.basename(wanted.place))[:MOST_NAME]
        kind = (wanted.type or "notebook")[:MOST_NAME]
        joined = Joined(asked.api.services.world.new_id(), kernel, wanted.place[:MOST_PATH], name, kind)
        await self.joined.put(joined)
        return self._made(asked, found[0], joined)

    def _made(
        self, asked: Asked, session: calls.Session, joined: Joined | None, wanted: WantedSession | None = None
    ) -> Answer:
        model = self.model(session, joined)
        if wanted is not None and wanted.document is not None:
            model["path"] = wanted.place
        return Answer(model, 201, {"Location": f"{asked.base}/api/sessions/{model['id']}"})

    async def _open(self, asked: Asked, wanted: WantedSession, kernelspec: str | None) -> calls.Session:
        place = wanted.place
        assert place is not None
        kernelspec = kernelspec or (await asked.ask("kernelspec.list", calls.Nothing(), calls.KernelspecList)).default
        opened = calls.CreateSession(path=wanted.document or place, kernelspec=kernelspec)
        try:
            return await asked.ask("session.create", opened, calls.Session)
        except (errors.NotFound, errors.InvalidParams, errors.InvalidNotebook, errors.FileFault):
            pass  # no document is there: it is the name of a console, or of a file that is not of this server
        title = (wanted.name or posixpath.basename(place))[:MOST_NAME]
        made = calls.CreateSession(title=title, client_path=place, kernelspec=kernelspec)
        return await in_folder_of(asked, made, posixpath.dirname(place))

    async def change(self, asked: Asked) -> Answer:
        """Gives a session another name or another kernel.

        Raises:
            Refusal: 400, the kernel is none of this session; 404, there is no such session; 501, the kernelspec is not installed.
        """
        wanted = asked.body(WantedSession)
        session, joined = await self._found(asked)
        if joined is not None:
            return await self._changed(asked, session, joined, wanted)
        if wanted.kernel is not None and wanted.kernel.id is not None:
            if session.kernel is None or session.kernel.id != own_id(wanted.kernel.id):
                known = {one.kernel.id for one in await with_kernels(asked) if one.kernel is not None}
                is_known = own_id(wanted.kernel.id) in known
                raise Refusal(400, "This kernel belongs to another session." if is_known else "No such kernel")
        elif wanted.kernel is not None and wanted.kernel.name is not None:
            session = await self._replaced(asked, session, wanted.kernel.name)
        if wanted.name and session.path is None and wanted.name != session.title:
            renamed = calls.RenameSession(session=session.id, title=wanted.name[:MOST_NAME])
            session = await asked.ask("session.rename", renamed, calls.Session)
        return Answer(self.model(session))

    async def _changed(self, asked: Asked, session: calls.Session, joined: Joined, wanted: WantedSession) -> Answer:
        """Gives a session that has joined a kernel another path, name or type, or lets it join another kernel.

        Raises:
            Refusal: 400, there is no such kernel, or a new one is wanted.
        """
        kernel = wanted.kernel or WantedKernel()
        if kernel.id is not None:
            having = {one.kernel.id: one for one in await with_kernels(asked) if one.kernel is not None}
            if own_id(kernel.id) not in having:
                raise Refusal(400, "No such kernel")
            session = having[own_id(kernel.id)]
        elif kernel.name is not None:
            raise Refusal(
                400, "This session uses the kernel of another one: change the kernel there, or make a session."
            )
        assert session.kernel is not None
        joined = msgspec.structs.replace(
            joined,
            kernel=session.kernel.id,
            path=(wanted.place or joined.path)[:MOST_PATH],
            name=(wanted.name or joined.name)[:MOST_NAME],
            type=(wanted.type or joined.type)[:MOST_NAME],
        )
        await self.joined.put(joined)
        return Answer(self.model(session, joined))

    async def _replaced(self, asked: Asked, session: calls.Session, name: str) -> calls.Session:
        """The session with a new kernel in place of the one that it has."""
        of = calls.OfSession(session=session.id)
        specs = await asked.ask("kernelspec.list", calls.Nothing(), calls.KernelspecList)
        if name not in {spec.name for spec in specs.kernelspecs}:
            raise Refusal(501, NO_SPEC.format(fault=f"There is no kernelspec {name[:200]!r}."))
        if session.kernel is not None and session.kernel.state != "dead" and session.kernel.kernelspec == name:
            await asked.ask("kernel.shut_down", of, calls.Done)
            await until(asked, session, lambda one: one.kernel is None or one.kernel.state == "dead", 10.0)
        started = calls.StartKernel(session=session.id, kernelspec=name)
        return await asked.ask("kernel.start", started, calls.Session)

    async def end(self, asked: Asked) -> Answer:
        """Ends the kernel of a session. A session without a document is closed; a document stays open for others.

        One that has joined the kernel of another goes, and the kernel stays, unless it was started for nothing else.
        """
        session, joined = await self._found(asked)
        if joined is not None:
            await self.joined.remove(joined.id)
            others = await self._joined(await with_kernels(asked))
            if session.client_path != "" or any(one.kernel == joined.kernel for one, _ in others):
                return Answer(status=204)
        await end_kernel(asked, session)
        return Answer(status=204)

    async def _found(self, asked: Asked) -> tuple[calls.Session, Joined | None]:
        """The session in the path of a request: one that has a kernel, or one that has joined the kernel of another, which is the first then.

        Raises:
            Refusal: 404, there is none.
        """
        wanted, living = own_id(asked.parts["session"]), await with_kernels(asked)
        for session in living:
            if session.id == wanted:
                return session, None
        for joined, session in await self._joined(living):
            if joined.id == wanted:
                return session, joined
        raise Refusal(404, f"Session not found: session_id={asked.parts['session'][:200]!r}")


async def _check_no_document(asked: Asked, path: str) -> None:
    """A document has a kernel of its own: what its cells print belongs to its session, and outlives the client.

    Raises:
        Refusal: 409, the path names a document.
    """
    try:
        file = await asked.ask("file.stat", file_calls.OfFile(path=path), file_calls.File)
    except errors.Failure:
        return  # no file of this server
    if file.kind == "notebook":
        raise Refusal(
            409, f"{path[:200]} is a document, which has a kernel of its own: open it without the id of a kernel."
        )


def _model(id: str, names: Mapping[str, object], kind: str, kernel: dict[str, object]) -> dict[str, object]:
    model = {"id": id, **names, "type": kind, "kernel": kernel}
    return {**model, "notebook": names} if kind == "notebook" else model


def routes(kernels: Kernels, joined: JoinedSessions) -> list[Route]:
    """The routes.

    Args:
        kernels: The kernels.
        joined: The sessions that have joined a kernel of another.
    """
    sessions = JupyterSessions(kernels, joined)
    return [
        Route("/api/sessions", {"GET": sessions.list_all, "POST": sessions.make}),
        Route("/api/sessions/{session}", {"GET": sessions.get, "PATCH": sessions.change, "DELETE": sessions.end}),
    ]
