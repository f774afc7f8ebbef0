"""The routes of kernels: `/api/kernels`.

A kernel of Jupyter is the kernel of a session here, under the same id, which stays when the kernel is restarted and when the server is. One that
is started here for a notebook that has none is that notebook's, so that what a program runs in it can belong to a cell. Any other one belongs to a
session of its own, which has no file, is in no list of `/api/sessions`, and is closed with its kernel. A kernel that was asked to end is gone at
once; one that died stays in the list as `dead`, so that it can be restarted.

Ids are shown as UUIDs with their hyphens, because routes of Jupyter Server, which may stand in front of this one, take no others.

Source: jupyter_server 2.21, REST API. Decision 54.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from webipy.core import errors
from webipy.core.api import calls
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route

STARTED_SECONDS: Final = 60.0
"""How long the answer to a restart waits for the kernel, which goes on starting afterwards."""

ENDED_SECONDS: Final = 10.0
"""How long the answer to a shutdown waits for the end of the kernel."""

WAIT_SECONDS: Final = 5.0
"""How long one look at the events of a session waits."""

_HEX: Final = re.compile(r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})")


def shown_id(own: str) -> str:
    """An id as clients see it: a UUID with its hyphens, or what is no UUID as it is."""
    return _HEX.sub(r"\1-\2-\3-\4-\5", own) if _HEX.fullmatch(own) else own


def own_id(shown: str) -> str:
    """The id behind one that a client sends."""
    bare = shown.replace("-", "").lower()
    return bare if _HEX.fullmatch(bare) else shown


class StartKernel(msgspec.Struct):
    """The body of a request that starts a kernel; what else clients send is ignored."""

    name: str | None = None
    path: str | None = None
    env: dict[str, str] | None = None


class Kernels(msgspec.Struct, eq=False):
    """The kernels of all sessions.

    Args:
        sockets: Returns how many sockets of Jupyter clients are connected to the kernel of that id.
    """

    sockets: Callable[[str], int]

    def model(self, session: calls.Session) -> dict[str, object]:
        """The kernel of a session as clients read it."""
        kernel = session.kernel
        assert kernel is not None
        return {
            "id": shown_id(kernel.id),
            "name": kernel.kernelspec,
            "last_activity": session.last_activity,
            "execution_state": kernel.state,
            "connections": self.sockets(kernel.id),
        }

    async def list_all(self, asked: Asked) -> Answer:
        """All kernels that were not asked to end."""
        return Answer([self.model(session) for session in await with_kernels(asked)])

    async def start(self, asked: Asked) -> Answer:
        """Starts a kernel: that of the notebook that a path names, if it has none; else one in a session of its own, in the folder of the path."""
        wanted = asked.body(StartKernel)
        name = await known_name(asked, wanted.name)
        session = await _of_notebook(asked, name, wanted)
        if session is not None:
            return self._started(asked, session)
        made = calls.CreateSession(
            title=f"Kernel {name}", kernelspec=name, env=wanted.env or None, client_path="", cwd=None
        )
        if wanted.path:
            session = await in_folder_of(asked, made, wanted.path)
        else:
            session = await asked.ask("session.create", made, calls.Session)
        return self._started(asked, session)

    def _started(self, asked: Asked, session: calls.Session) -> Answer:
        model = self.model(session)
        return Answer(model, 201, {"Location": f"{asked.base}/api/kernels/{model['id']}"})

    async def get(self, asked: Asked) -> Answer:
        """One kernel."""
        return Answer(self.model(await session_of(asked)))

    async def end(self, asked: Asked) -> Answer:
        """Ends a kernel; a session that was made for it alone is closed."""
        session = await session_of(asked)
        await end_kernel(asked, session)
        return Answer(status=204)

    async def interrupt(self, asked: Asked) -> Answer:
        """Interrupts what runs."""
        session = await session_of(asked)
        await asked.ask("kernel.interrupt", calls.InterruptKernel(session=session.id), calls.Interrupted)
        return Answer(status=204)

    async def restart(self, asked: Asked) -> Answer:
        """Restarts a kernel under the same id, and answers when it is ready.

        Raises:
            Refusal: 404, there is no such kernel; 500, it did not start again.
        """
        session = await session_of(asked)
        session = await asked.ask("kernel.restart", calls.OfSession(session=session.id), calls.Session)
        session = await until(asked, session, lambda one: not is_starting(one), STARTED_SECONDS)
        if session.kernel is None or session.kernel.state == "dead":
            raise Refusal(500, "The kernel did not start again; webipy logs has its last words.")
        return Answer(self.model(session))


async def _of_notebook(asked: Asked, name: str, wanted: StartKernel) -> calls.Session | None:
    """The session of the notebook that a path names, with its kernel started: what a program runs there belongs to its cells.

    Args:
        asked: The request.
        name: The name of the kernelspec.
        wanted: What was asked for.

    Returns:
        The session; `None` when the path names no notebook, or one that has a kernel.
    """
    path = (wanted.path or "").strip("/")
    if not path.lower().endswith(".ipynb"):
        return None
    try:
        session = await asked.ask("session.create", calls.CreateSession(path=path), calls.Session)
    except (errors.NotFound, errors.InvalidParams, errors.InvalidNotebook, errors.FileFault, errors.TooLarge):
        return None
    if session.kernel is not None and session.kernel.state != "dead":
        return None
    started = calls.CreateSession(path=path, kernelspec=name, env=wanted.env or None)
    return await asked.ask("session.create", started, calls.Session)


async def with_kernels(asked: Asked) -> list[calls.Session]:
    """The sessions whose kernels were not asked to end, in the order in which they were created."""
    found = (await asked.ask("session.list", calls.Nothing(), calls.SessionList)).sessions
    living = [one for one in found if one.kernel is not None and not one.kernel.ended]
    return sorted(living, key=lambda one: one.created)


def having(living: Sequence[calls.Session], kernel: str) -> calls.Session | None:
    """The session that has a kernel; `None` when none has.

    Args:
        living: The sessions that are looked at.
        kernel: The id of the kernel, as a client sends it.
    """
    wanted = own_id(kernel)
    return next((one for one in living if one.kernel is not None and one.kernel.id == wanted), None)


async def session_of(asked: Asked) -> calls.Session:
    """The session of the kernel in the path of a request.

    Raises:
        Refusal: 404, there is no such kernel.
    """
    found = having(await with_kernels(asked), asked.parts["kernel"])
    if found is not None:
        return found
    raise Refusal(404, f"Kernel does not exist: {asked.parts['kernel'][:200]}")


async def end_kernel(asked: Asked, session: calls.Session, *, is_waited_for: bool = True) -> None:
    """Ends the kernel of a session; a session without a document, which only the kernel was for, is closed with it.

    Args:
        asked: The request.
        session: The session.
        is_waited_for: Whether the end of the kernel of a document is waited for.
    """
    if session.client_path is not None and session.path is None:
        await asked.ask("session.close", calls.CloseSession(session=session.id, discard=True), calls.Done)
        return
    if session.kernel is not None and not session.kernel.ended:
        await asked.ask("kernel.shut_down", calls.OfSession(session=session.id), calls.Done)
        if is_waited_for:
            await until(asked, session, lambda one: one.kernel is None or one.kernel.state == "dead", ENDED_SECONDS)


async def until(
    asked: Asked, session: calls.Session, wanted: Callable[[calls.Session], bool], seconds: float
) -> calls.Session:
    """Waits until a session is as wanted, or for so long.

    Args:
        asked: The request.
        session: The session as it was.
        wanted: Whether it is as wanted.
        seconds: How long.

    Returns:
        The session as it is then.
    """
    clock = asked.api.services.world.clock
    end = clock() + seconds
    while not wanted(session) and clock() < end:
        wait_s = max(0.0, min(WAIT_SECONDS, end - clock()))
        await asked.ask(
            "session.events",
            calls.ReadEvents(session=session.id, since=session.seq, limit=1, wait_s=wait_s),
            calls.Events,
        )
        session = await asked.ask("session.get", calls.OfSession(session=session.id), calls.Session)
    return session


def is_starting(session: calls.Session) -> bool:
    """Whether the kernel of a session is on its way."""
    return session.kernel is not None and session.kernel.state in ("starting", "restarting")


async def in_folder_of(asked: Asked, made: calls.CreateSession, path: str) -> calls.Session:
    """Makes a session in the folder that a path names or lies in; in the root where there is no such folder.

    Args:
        asked: The request.
        made: The session that is made.
        path: The path, relative to the root.

    Raises:
        Refusal: 400, not even the root is there.
    """
    for folder in dict.fromkeys((path.strip("/"), posixpath.dirname(path.strip("/")), "")):
        if posixpath.isabs(folder) or ".." in folder.split("/"):
            continue
        try:
            return await asked.ask("session.create", msgspec.structs.replace(made, cwd=folder or None), calls.Session)
        except errors.InvalidParams as fault:
            if fault.facts.get("field") != "cwd":
                raise
    raise Refusal(400, f"There is no folder for {path[:200]}.")


async def known_name(asked: Asked, name: str | None) -> str:
    """The name of a kernelspec, or of the default one; `python`, which old notebooks name, is `python3` where nothing has that name.

    Args:
        asked: The request.
        name: The name that a client sends.
    """
    if name and name != "python":
        return name
    found = await asked.ask("kernelspec.list", calls.Nothing(), calls.KernelspecList)
    if name in {spec.name for spec in found.kernelspecs}:
        return name or ""
    return (name and "python3") or found.default or ""


def routes(kernels: Kernels) -> list[Route]:
    """The routes.

    Args:
        kernels: The kernels.
    """
    return [
        Route("/api/kernels", {"GET": kernels.list_all, "POST": kernels.start}, method=""),
        Route("/api/kernels/{kernel}", {"GET": kernels.get, "DELETE": kernels.end}, method=""),
        Route("/api/kernels/{kernel}/interrupt", {"POST": kernels.interrupt}, method=""),
        Route("/api/kernels/{kernel}/restart", {"POST": kernels.restart}, method=""),
    ]
