"""The routes of sessions: `/api/sessions`.

A session of Jupyter is a session here that has a kernel, under the same id. One with the path of a document has that document: it is opened as
`session.create` opens it, so that the page, the command and every Jupyter client see one document and one kernel. A path that names no document,
such as that of a console, is kept as the name of a session without a file.

Source: jupyter_server 2.21, REST API. Decision 54.
"""

from __future__ import annotations

import posixpath

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api import calls
from webipy.io.jupyter.kernels import Kernels, end_kernel, in_folder_of, own_id, shown_id, until, with_kernels
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route

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


@attrs.define(eq=False)
class JupyterSessions:
    """The sessions that have a kernel.

    Args:
        kernels: Their kernels.
    """

    kernels: Kernels

    def model(self, session: calls.Session) -> dict[str, object]:
        """A session as clients read it."""
        path = session.path or session.client_path or f"console-{shown_id(session.id)}"
        kind = "notebook" if path.lower().endswith(".ipynb") else "console" if session.path is None else "file"
        name = session.title if session.path is None else posixpath.basename(path)
        model: dict[str, object] = {
            "id": shown_id(session.id),
            "path": path,
            "name": name,
            "type": kind,
            "kernel": self.kernels.model(session),
        }
        return {**model, "notebook": {"path": path, "name": name}} if kind == "notebook" else model

    async def list_all(self, asked: Asked) -> Answer:
        """All sessions with a kernel, but those that were made for a kernel alone."""
        return Answer([self.model(one) for one in await with_kernels(asked) if one.client_path != ""])

    async def get(self, asked: Asked) -> Answer:
        """One session."""
        return Answer(self.model(await self._session(asked)))

    async def make(self, asked: Asked) -> Answer:
        """Opens the session of a path with a kernel; the one that is open for it is returned as it is.

        Raises:
            Refusal: 400, the body lacks a field; 409, the kernel belongs to another session.
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
        for session in await with_kernels(asked):
            if wanted.place in (session.path, session.client_path):
                return self._made(asked, session)
        try:
            return self._made(asked, await self._open(asked, wanted, kernel.name))
        except errors.UnknownKernelspec as fault:
            return Answer({"message": NO_SPEC.format(fault=fault.message), "short_message": fault.message}, 501)

    async def _made_with(self, asked: Asked, wanted: WantedSession, kernel: str) -> Answer:
        """The session of a kernel that runs: a session has one kernel, and a kernel one session."""
        for session in await with_kernels(asked):
            if session.kernel is not None and session.kernel.id == kernel:
                if wanted.place in (session.path, session.client_path):
                    return self._made(asked, session)
                raise Refusal(409, "This kernel belongs to another session; open that one, or start a kernel.")
        raise Refusal(400, "No such kernel")

    def _made(self, asked: Asked, session: calls.Session) -> Answer:
        model = self.model(session)
        return Answer(model, 201, {"Location": f"{asked.base}/api/sessions/{model['id']}"})

    async def _open(self, asked: Asked, wanted: WantedSession, kernelspec: str | None) -> calls.Session:
        place = wanted.place
        assert place is not None
        kernelspec = kernelspec or (await asked.ask("kernelspec.list", calls.Nothing(), calls.KernelspecList)).default
        try:
            return await asked.ask(
                "session.create", calls.CreateSession(path=place, kernelspec=kernelspec), calls.Session
            )
        except (errors.NotFound, errors.InvalidParams, errors.InvalidNotebook, errors.FileFault):
            pass  # no document is there: it is the name of a console, or of a file that is not of this server
        title = (wanted.name or posixpath.basename(place))[:200]
        made = calls.CreateSession(title=title, client_path=place, kernelspec=kernelspec)
        return await in_folder_of(asked, made, posixpath.dirname(place))

    async def change(self, asked: Asked) -> Answer:
        """Gives a session another name or another kernel.

        Raises:
            Refusal: 400, the kernel is none of this session; 404, there is no such session; 501, the kernelspec is not installed.
        """
        wanted, session = asked.body(WantedSession), await self._session(asked)
        if wanted.kernel is not None and wanted.kernel.id is not None:
            if session.kernel is None or session.kernel.id != own_id(wanted.kernel.id):
                known = {one.kernel.id for one in await with_kernels(asked) if one.kernel is not None}
                is_known = own_id(wanted.kernel.id) in known
                raise Refusal(400, "This kernel belongs to another session." if is_known else "No such kernel")
        elif wanted.kernel is not None and wanted.kernel.name is not None:
            session = await self._replaced(asked, session, wanted.kernel.name)
        if wanted.name and session.path is None and wanted.name != session.title:
            renamed = calls.RenameSession(session=session.id, title=wanted.name[:200])
            session = await asked.ask("session.rename", renamed, calls.Session)
        return Answer(self.model(session))

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
        """Ends the kernel of a session. A session without a document is closed; a document stays open for others."""
        await end_kernel(asked, await self._session(asked))
        return Answer(status=204)

    async def _session(self, asked: Asked) -> calls.Session:
        wanted = own_id(asked.parts["session"])
        for session in await with_kernels(asked):
            if session.id == wanted:
                return session
        raise Refusal(404, f"Session not found: session_id={asked.parts['session'][:200]!r}")


def routes(kernels: Kernels) -> list[Route]:
    """The routes.

    Args:
        kernels: The kernels.
    """
    sessions = JupyterSessions(kernels)
    return [
        Route("/api/sessions", {"GET": sessions.list_all, "POST": sessions.make}),
        Route("/api/sessions/{session}", {"GET": sessions.get, "PATCH": sessions.change, "DELETE": sessions.end}),
    ]
