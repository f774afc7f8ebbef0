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
from collections.abc import Sequence
from typing import Final

import msgspec

from webipy.core import errors
from webipy.core.api import calls
from webipy.io.jupyter.joined_sessions import Joined, JoinedSessions
from webipy.io.jupyter.kernels import (
    ENDED_SECONDS,
    Kernels,
    end_kernel,
    having,
    in_folder_of,
    known_name,
    own_id,
    shown_id,
    until,
    with_kernels,
)
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

    @property
    def places(self) -> set[str]:
        """The paths of the session that is wanted."""
        return {place for place in (self.place, self.document) if place}


class JupyterSessions(msgspec.Struct, eq=False):
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
            joined: The names that it goes by, where they are not its own.
        """
        shown = joined or _names(session)
        names = {"path": shown.path, "name": shown.name}
        kernel = self.kernels.model(session)
        model: dict[str, object] = {"id": shown_id(shown.id), **names, "type": shown.type, "kernel": kernel}
        return {**model, "notebook": names} if shown.type == "notebook" else model

    async def list_all(self, asked: Asked) -> Answer:
        """All sessions with a kernel, but those that were made for a kernel alone."""
        living = await with_kernels(asked)
        joined = await self._joined(living)
        hidden = {one.id for one, _ in joined}
        own = [self.model(one) for one in living if one.client_path != "" and one.id not in hidden]
        return Answer([*own, *(self.model(session, one) for one, session in joined)])

    async def _joined(self, living: Sequence[calls.Session]) -> list[tuple[Joined, calls.Session]]:
        """The sessions that have joined a kernel, each with the one that has the kernel."""
        by_kernel = {session.kernel.id: session for session in living if session.kernel is not None}
        return [
            (_with_own(one, by_kernel[one.kernel]), by_kernel[one.kernel]) for one in await self.joined.all(by_kernel)
        ]

    async def _join(self, names: Joined, of_kernel: calls.Session) -> None:
        """Keeps the names of a session; a path and a name that are its own are not kept, so that they change with its document."""
        own = _names(of_kernel)
        if names.id == own.id:
            path, name = "" if names.path == own.path else names.path, "" if names.name == own.name else names.name
            names = msgspec.structs.replace(names, path=path, name=name)
        await self.joined.put(names)

    async def get(self, asked: Asked) -> Answer:
        """One session."""
        session, joined = await self._found(asked)
        return Answer(self.model(session, joined))

    async def make(self, asked: Asked) -> Answer:
        """Opens the session of a path with a kernel; the one that is open for it is returned as it is.

        The id of a kernel that does not run, such as that of former days, does not count.

        Raises:
            Refusal: 400, the body lacks a field.
        """
        wanted = asked.body(WantedSession)
        if wanted.place is None:
            raise Refusal(400, "Missing field in JSON data: path")
        if wanted.type is None and wanted.notebook is None:
            raise Refusal(400, "Missing field in JSON data: type")
        if not wanted.place:
            raise Refusal(400, "The path of a session is not empty.")
        kernel = wanted.kernel or WantedKernel()
        living = await with_kernels(asked)
        found = None if kernel.id is None else having(living, kernel.id)
        if found is not None:
            return await self._made_with(asked, wanted, found)
        for joined, session in await self._joined(living):
            if joined.path in wanted.places:
                return self._made(asked, session, joined, wanted)
        for session in living:
            if wanted.places & {session.path, session.client_path}:
                return self._made(asked, session, None, wanted)
        try:
            session = await self._open(asked, wanted, kernel.name)
        except errors.UnknownKernelspec as fault:
            return Answer({"message": NO_SPEC.format(fault=fault.message), "short_message": fault.message}, 501)
        own = _names(session)
        names = msgspec.structs.replace(own, type=(wanted.type or own.type)[:MOST_NAME])
        if names == own:
            return self._made(asked, session, None, wanted)
        await self._join(names, session)
        return self._made(asked, session, names, wanted)

    async def _made_with(self, asked: Asked, wanted: WantedSession, of_kernel: calls.Session) -> Answer:
        """The session of a kernel that runs: the one that has it, or one that joins it."""
        assert wanted.place is not None
        assert of_kernel.kernel is not None
        kernel = of_kernel.kernel.id
        if wanted.places & {of_kernel.path, of_kernel.client_path}:
            return self._made(asked, of_kernel, None, wanted)
        for joined, session in await self._joined(await with_kernels(asked)):
            if (joined.kernel, joined.path) == (kernel, wanted.place):
                return self._made(asked, session, joined)
        name = (wanted.name or posixpath.basename(wanted.place))[:MOST_NAME]
        kind = (wanted.type or "notebook")[:MOST_NAME]
        joined = Joined(asked.api.services.world.new_id(), kernel, wanted.place[:MOST_PATH], name, kind)
        await self._join(joined, of_kernel)
        return self._made(asked, of_kernel, joined)

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
        kernelspec = await known_name(asked, kernelspec)
        try:
            opened = calls.CreateSession(path=wanted.document or place, kernelspec=kernelspec)
            session = await asked.ask("session.create", opened, calls.Session)
            if session.kernel is None or not session.kernel.ended:
                return session
            return await self._started(asked, session, kernelspec)
        except (errors.NotFound, errors.InvalidParams, errors.InvalidNotebook, errors.FileFault):
            pass  # no document is there: it is the name of a console, or of a file that is not of this server
        title = (wanted.name or posixpath.basename(place))[:MOST_NAME]
        made = calls.CreateSession(title=title, client_path=place, kernelspec=kernelspec)
        return await in_folder_of(asked, made, posixpath.dirname(place))

    async def change(self, asked: Asked) -> Answer:
        """Gives a session another path, name or type, another kernel, or one that runs already.

        Raises:
            Refusal: 400, there is no such kernel; 404, there is no such session; 501, the kernelspec is not installed.
        """
        wanted = asked.body(WantedSession)
        session, joined = await self._found(asked)
        kernel = wanted.kernel or WantedKernel()
        has_own = joined is None or joined.id == session.id
        if kernel.id is None and kernel.name is not None:
            if not has_own:
                words = "This session uses the kernel of another one: change the kernel there, or make a session."
                raise Refusal(400, words)
            session = await self._replaced(asked, session, kernel.name)
        if joined is None and wanted.name and session.path is None and wanted.name != session.title:
            renamed = calls.RenameSession(session=session.id, title=wanted.name[:MOST_NAME])
            session = await asked.ask("session.rename", renamed, calls.Session)
        of_kernel = session if kernel.id is None else having(await with_kernels(asked), kernel.id)
        if of_kernel is None or of_kernel.kernel is None:
            raise Refusal(400, "No such kernel")
        now = joined or _names(session)
        wished = msgspec.structs.replace(
            now,
            kernel=of_kernel.kernel.id,
            path=(wanted.place or now.path)[:MOST_PATH],
            name=(wanted.name or now.name)[:MOST_NAME],
            type=(wanted.type or now.type)[:MOST_NAME],
        )
        if wished == now:
            return Answer(self.model(session, joined))
        await self._join(wished, of_kernel)
        if has_own and of_kernel.id != session.id:
            await end_kernel(asked, session, is_waited_for=False)
        return Answer(self.model(of_kernel, wished))

    async def _replaced(self, asked: Asked, session: calls.Session, name: str) -> calls.Session:
        """The session with a new kernel in place of the one that it has."""
        of = calls.OfSession(session=session.id)
        specs = await asked.ask("kernelspec.list", calls.Nothing(), calls.KernelspecList)
        if name not in {spec.name for spec in specs.kernelspecs}:
            raise Refusal(501, NO_SPEC.format(fault=f"There is no kernelspec {name[:200]!r}."))
        if session.kernel is not None and session.kernel.state != "dead" and session.kernel.kernelspec == name:
            await asked.ask("kernel.shut_down", of, calls.Done)
            return await self._started(asked, session, name)
        started = calls.StartKernel(session=session.id, kernelspec=name)
        return await asked.ask("kernel.start", started, calls.Session)

    async def _started(self, asked: Asked, session: calls.Session, name: str) -> calls.Session:
        """The session with a new kernel, once the one that was asked to end has ended."""
        await until(asked, session, lambda one: one.kernel is None or one.kernel.state == "dead", ENDED_SECONDS)
        started = calls.StartKernel(session=session.id, kernelspec=name)
        return await asked.ask("kernel.start", started, calls.Session)

    async def end(self, asked: Asked) -> Answer:
        """Ends the kernel of a session. A session without a document is closed; a document stays open for others.

        One that has joined the kernel of another goes, and the kernel stays, unless it was started for nothing else.
        """
        session, joined = await self._found(asked)
        if joined is not None:
            await self.joined.remove(joined.id)
        if joined is not None and joined.id != session.id:
            others = await self._joined(await with_kernels(asked))
            if session.client_path != "" or any(one.kernel == joined.kernel for one, _ in others):
                return Answer(status=204)
        await end_kernel(asked, session)
        return Answer(status=204)

    async def _found(self, asked: Asked) -> tuple[calls.Session, Joined | None]:
        """The session in the path of a request: one that has a kernel, and the names that it goes by, where it has others than its own.

        Raises:
            Refusal: 404, there is none.
        """
        wanted, living = own_id(asked.parts["session"]), await with_kernels(asked)
        for joined, session in await self._joined(living):
            if joined.id == wanted:
                return session, joined
        for session in living:
            if session.id == wanted:
                return session, None
        raise Refusal(404, f"Session not found: session_id={asked.parts['session'][:200]!r}")


def _names(session: calls.Session) -> Joined:
    """The names that a session has by itself."""
    assert session.kernel is not None
    path = session.path or session.client_path or f"console-{shown_id(session.id)}"
    kind = "notebook" if path.lower().endswith(".ipynb") else "console" if session.path is None else "file"
    name = session.title if session.path is None else posixpath.basename(path)
    return Joined(session.id, session.kernel.id, path, name, kind)


def _with_own(names: Joined, of_kernel: calls.Session) -> Joined:
    """The names of a session, with its own where nothing else is kept."""
    own = _names(of_kernel)
    return msgspec.structs.replace(names, path=names.path or own.path, name=names.name or own.name)


def routes(kernels: Kernels, joined: JoinedSessions) -> list[Route]:
    """The routes.

    Args:
        kernels: The kernels.
        joined: The sessions that have joined a kernel of another.
    """
    sessions = JupyterSessions(kernels, joined)
    of_all = {"GET": sessions.list_all, "POST": sessions.make}
    of_one = {"GET": sessions.get, "PATCH": sessions.change, "DELETE": sessions.end}
    return [
        Route("/api/sessions", of_all, method="session.create", is_narrow=True),
        Route("/api/sessions/{session}", of_one, method="session.create", is_narrow=True),
    ]
