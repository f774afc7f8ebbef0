"""Where `webipy run` runs a notebook: the session, its kernel, and whether the result can go where it is wanted.

A session is opened as `temporary`: the server closes it when the run is over, or when this command ends before there is one. What the
notebook's own session is to others is none of that.
"""

from __future__ import annotations

import json
import sys
import uuid
from contextlib import suppress
from pathlib import Path

import attrs
import msgspec
from msgspec import Raw

from webipy.client.client import Client, ConnectionLost
from webipy.command.lookup import Wrong
from webipy.command.paths import below, below_new, root_of
from webipy.command.streams import write_as_is
from webipy.core import errors
from webipy.core.api import calls, notebook_calls


class _Kernelspec(msgspec.Struct, frozen=True):
    name: str | None = None


class _Metadata(msgspec.Struct, frozen=True):
    kernelspec: _Kernelspec = _Kernelspec()


@attrs.define(eq=False)
class Place:
    """Where a notebook is run.

    Args:
        client: The connection.
        notebook: The file, as the user named it.
        output: Where the result goes, as the user named it; `None` for the notebook itself, `-` for standard output.
        overwrite: Whether that may replace a file.
        body: The notebook itself, when it came by standard input.
        cwd: The working directory, as the user named it; `None` for the folder of the notebook.
        env: Environment variables of the kernel; `None` for none of its own.
    """

    client: Client
    notebook: str
    output: str | None
    overwrite: bool
    body: bytes | None = None
    cwd: str | None = None
    env: dict[str, str] | None = None
    path: str = ""
    to: str | None = None

    async def check(self) -> None:
        """Finds the notebook, and looks whether the result can be written where it is wanted; nothing is made.

        Raises:
            Wrong: It cannot.
            errors.Failure: There is no such file, or the server may not write there.
        """
        if self.body is None:
            await self._find()
        if self.output in (None, "-"):
            return
        assert self.output is not None
        self.to = below_new(await root_of(self.client), self.output)
        asked = notebook_calls.CheckRun(path=self.path or None, to=self.to, overwrite=self.overwrite)
        try:
            await self.client.call("run.check", asked, calls.Done, repeat=True)
        except errors.AlreadyExists:
            raise Wrong(f"{self.output} exists already; --overwrite replaces it.") from None
        except errors.InvalidParams as fault:
            ours = " Leave out -o to run it in place." if "itself" in fault.message else ""
            raise Wrong(fault.message + ours) from None

    async def _find(self) -> None:
        self.path = below(await root_of(self.client), self.notebook)

    async def open(self) -> calls.Session:
        """Opens a session with the notebook in it, or with a copy of it.

        Raises:
            Wrong: Standard input is no notebook, or the notebook is open with another working directory.
            errors.Failure: The server refuses.
        """
        own = uuid.uuid4().hex
        if self.body is not None:
            try:
                msgspec.json.decode(self.body, type=dict[str, Raw])
            except (msgspec.DecodeError, UnicodeDecodeError) as fault:
                raise Wrong(f"Standard input is no notebook: {fault}.") from None
            notebook, title = Raw(self.body), "standard input"
            opened = calls.CreateSession(notebook=notebook, title=title, id=own, cwd=self._folder(), temporary=True)
            return await self.client.call("session.create", opened, calls.Session, repeat=True)
        copy = self.output is not None
        opened = calls.CreateSession(path=self.path, id=own, copy=copy, cwd=self._folder(), temporary=True)
        session = await self.client.call("session.create", opened, calls.Session, repeat=True)
        if session.id != own and self.cwd is not None and session.cwd != self._folder():
            raise Wrong(f"The notebook is open with the working directory {session.cwd}; leave out --cwd, or use -o.")
        if session.id != own:  # what another program has written into the file meanwhile is run, too
            saving = notebook_calls.SaveNotebook(session=session.id)
            await self.client.call("notebook.save", saving, notebook_calls.NotebookState, repeat=True)
        return session

    def _folder(self) -> str | None:
        """The working directory that the server gets: a folder here by its whole path, else one below the root."""
        if self.cwd is None:
            return None
        folder = Path(self.cwd)
        return str(folder.resolve()) if folder.is_dir() else self.cwd

    async def with_kernel(self, session: calls.Session, wanted: str | None, options: str) -> calls.Session:
        """Gives the session a kernel: its living one, or a new one.

        Args:
            session: The session.
            wanted: The kernelspec; `None` for that of the notebook.
            options: The options that name the server, for messages.

        Returns:
            The session, with its kernel.

        Raises:
            Wrong: The session has another kernel than is wanted, or no kernelspec has that name.
        """
        kernel = session.kernel
        if kernel is not None and kernel.state != "dead":
            if wanted not in (None, kernel.kernelspec):
                raise Wrong(
                    f"The notebook is open with the kernel {kernel.kernelspec}, not {wanted}; end that with: "
                    f"webipy kill {options}{session.id[:8]}"
                )
            if self.env is not None:
                raise Wrong("The notebook is open with a kernel of its own; leave out --env, or use -o.")
            sys.stderr.write(
                f"webipy: The notebook is open: it runs in its kernel ({kernel.display_name}), with its variables.\n"
            )
            return session
        name = wanted or await own_kernelspec(self.client, session)
        asked = calls.StartKernel(session=session.id, kernelspec=name, env=self.env)
        try:
            return await self.client.call("kernel.start", asked, calls.Session, repeat=True)
        except errors.UnknownKernelspec as fault:
            raise Wrong(f"{fault.message} Choose one with --kernel.") from None

    # ---- a run that was started before

    async def state_of(self, run: str) -> notebook_calls.RunState | None:
        """What is known of a run of this notebook; `None` when it has no plan.

        Raises:
            Wrong: It is one of another notebook.
        """
        await self._find()
        try:
            state = await self.client.call(
                "run.get", notebook_calls.OfRun(run=run), notebook_calls.RunState, repeat=True
            )
        except errors.NotFound:
            return None
        if state.source not in (None, self.path):
            raise self._no_run(run)
        return state

    async def session_with(self, run: str) -> calls.Session:
        """The open session of this notebook, which has had that run.

        Raises:
            Wrong: There is none, or it has not.
        """
        sessions = (await self.client.call("session.list", calls.Nothing(), calls.SessionList, repeat=True)).sessions
        for session in sessions:
            if session.path == self.path:
                first = calls.OfExecution(session=session.id, execution=f"{run}-1")
                with suppress(errors.NotFound):
                    await self.client.call("execution.get", first, calls.Execution, repeat=True)
                    return session
        raise self._no_run(run)

    def _no_run(self, run: str) -> Wrong:
        return Wrong(f"This notebook has no run {run!r}.")


async def own_kernelspec(client: Client, session: calls.Session) -> str | None:
    """The kernelspec that the notebook of a session names; `None` when it names none.

    Args:
        client: The connection.
        session: The session.
    """
    asked = calls.OfSession(session=session.id)
    state = await client.call("notebook.get", asked, notebook_calls.NotebookState, repeat=True)
    try:
        return msgspec.json.decode(state.metadata, type=_Metadata).kernelspec.name
    except msgspec.DecodeError:
        return None  # metadata may be anything; this names none


async def deliver(client: Client, session: calls.Session, keep: bool) -> None:
    """Writes the notebook of a session to standard output, and closes the session.

    Args:
        client: The connection.
        session: The session.
        keep: Whether the session stays open.

    Raises:
        StreamFault: Standard output cannot be written.
    """
    asked = notebook_calls.AtPoint(session=session.id)
    state = await client.call("notebook.at", asked, notebook_calls.NotebookAt, repeat=True)
    body = json.dumps(json.loads(bytes(state.notebook)), indent=1, ensure_ascii=False)
    write_as_is(f"{body}\n".encode("utf-8", "surrogatepass"))
    if not keep:
        await client.call("session.close", calls.CloseSession(session=session.id), calls.Done)


async def leave(client: Client, session: calls.Session) -> None:
    """Leaves a session that was opened as `temporary`; the server closes it when nobody else uses it.

    Args:
        client: The connection.
        session: The session.
    """
    with suppress(errors.NotFound, ConnectionLost):  # it is closed, or will be
        await client.call("session.leave", calls.OfSession(session=session.id), calls.Done)
