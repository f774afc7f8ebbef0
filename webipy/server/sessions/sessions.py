"""All sessions: created, found, given a kernel, closed, and restored when the server returns.

A closed session keeps its row and its journal: it can be reopened, and its journal goes on (see
webipy.server.sessions.closed_sessions). Shares and the kernel end with the closing and do not come back.

A session lives in three places: its row in the registry (that it exists, and where its kernel host is), its journal
(everything that happened), and a `Session` in memory (the fold of the journal). At start the rows are read, each
journal is folded, and each host that still lives is attached to from the position in the journal; when a host is gone,
events report the end of its kernel and its executions.

Order when a kernel starts: host launched → row written (survives a power cut) → `kernel_started` journaled →
attached. A server that dies in between leaves a row that the next one attaches to, or a host that ends by itself when
no server comes. Order when a session is closed or reopened: first its journal, then its row; where they differ,
the journal is right.
"""

from __future__ import annotations

import os.path
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import attrs
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel.host_protocol import Kernelspec, Restart
from webipy.core.kernel.kernel import Kernel
from webipy.server.ports.confinement import note_made
from webipy.server.ports.kernels import HostRecord, Specs
from webipy.server.ports.registry import ClosedSession, SessionRecord
from webipy.server.ports.world import World
from webipy.server.sessions.kernel_connection import NO_KERNEL
from webipy.server.sessions.observers import Observers
from webipy.server.sessions.session import Session, release

CLOSED = "The session was closed."
REPLACED = "The kernel was replaced."
"""Why what ran in a kernel that was ended is lost."""


@attrs.define(eq=False)
class Sessions:
    """The sessions of one server.

    Args:
        world: The outside.
        root: Folder that kernels start in by default, absolute.
        take_spare: Returns the host of a kernel that was started in advance (`webipy.server.sessions.kernel_pool.KernelPool.take`).
        appends: Called when events were appended to a session, with who caused them, and their size in bytes.
        moves: Called when the file of a session has another path.
        lock: Held while sessions are opened and closed, and kernels started.
    """

    world: World
    root: str
    take_spare: Callable[[Kernelspec, str, Mapping[str, str]], Awaitable[HostRecord | None]] = attrs.field(
        default=lambda spec, cwd, env: succeed(None)
    )
    appends: Observers[Session, str | None, int] = attrs.field(factory=Observers)
    moves: Observers[Session] = attrs.field(factory=Observers)
    _open: dict[str, Session] = attrs.field(factory=dict)
    _unreadable: dict[str, errors.Failure] = attrs.field(factory=dict)
    lock: DeferredLock = attrs.field(factory=DeferredLock)
    _log = Logger()

    def all(self) -> list[Session]:
        """The open sessions, the one with the latest activity first."""
        return sorted(self._open.values(), key=lambda s: s.last_activity, reverse=True)

    def find(self, session: str) -> Session | None:
        """The open session of that id; `None` when there is none."""
        return self._open.get(session)

    def get(self, session: str) -> Session:
        """The open session of that id.

        Raises:
            errors.NotFound: There is none.
            errors.Damaged: Its journal could not be read when the server started.
        """
        try:
            return self._open[session]
        except KeyError:
            if session in self._unreadable:
                raise self._unreadable[session] from None
            raise errors.NotFound(
                f"There is no open session {session!r}; the page and `webipy ls` list those that are open.",
                kind="session",
                id=session,
            ) from None

    async def restore(self) -> None:
        """Restores every session of the registry and attaches to the hosts that live."""
        for record in await self.world.registry.sessions():
            try:
                await self._restore_one(record)
            except errors.Failure as fault:
                self._unreadable[record.id] = fault
                self._log.critical(
                    "session {session} cannot be opened: {fault}", session=record.id, fault=fault.message
                )

    async def _restore_one(self, record: SessionRecord) -> None:
        session = await self._load(record)
        if session.is_closed:  # the last server died between the event and the row
            await self.world.registry.close_session(_closed(session, None, self.world.now()))
            await self.world.journals.close(session.id)
            return
        self._open[record.id] = session
        kernel, host = session.kernel, record.host
        if host is None:
            await session.journal.sweep(is_over=True)
            return
        if kernel is None or kernel.id != host.kernel:  # the last server died between the row and the event
            kernel = Kernel(host.kernel, host.spec, host.display_name, host.language, host.url_without_key)
            await session.append(kernel.started(), None)
        if not session.kernel_connection.adopt(kernel, host) and kernel.state != "dead":
            await session.kernel_connection.finish()

    async def _load(self, record: SessionRecord) -> Session:
        opened = await self.world.journals.open(record.id)
        session = Session(
            record,
            self.world,
            opened.journal,
            opened.position,
            partial(_environment, self.root),
            self.appends.notify,
        )
        await session.load()
        return session

    async def create(
        self,
        title: str | None,
        path: str | None,
        cwd: str | None,
        wanted: str | None,
        by: str,
        *,
        temporary: bool = False,
        source: str | None = None,
        client_path: str | None = None,
    ) -> Session:
        """Creates a session, or returns the one that is open for the path, for the name of a client, or has the id.

        Args:
            title: Its title; `None` for the name of its file or the time.
            path: Its file, relative to the root; `None` for a session without one.
            cwd: The folder that its kernels run in, relative to the root; `None` for the root.
            wanted: Its id; `None` for a new one.
            by: Who creates it.
            temporary: Whether a new one is closed when its purpose is over.
            source: The file that its document is copied from.
            client_path: What a client of Jupyter's API calls it; `None` for a session that none has named.

        Raises:
            errors.InvalidParams: `cwd` is no folder.
            errors.AlreadyExists: A closed session has the id.
        """
        await self.lock.acquire()
        try:
            for session in self._open.values():
                if (path is not None and session.record.path == path) or session.id == wanted:
                    return session
                if client_path and session.record.path is None and session.state.lifecycle.client_path == client_path:
                    return session
            new_id = wanted or self.world.new_id()
            title = title or (os.path.basename(path) if path else None) or _title(self.world.now())
            record = SessionRecord(new_id, title, path, await _folder(self.world, self.root, cwd), self.world.now())
            created = events.SessionCreated(
                session=new_id,
                title=title,
                path=path,
                cwd=record.cwd,
                temporary=temporary,
                source=source,
                client_path=client_path,
            )
            return await self._create(record, created, by)
        finally:
            self.lock.release()

    async def _create(self, record: SessionRecord, created: events.SessionCreated, by: str) -> Session:
        session = await self._load(record)
        if session.seq:
            await self.world.journals.close(record.id)
            raise errors.AlreadyExists(
                f"A session with the id {record.id} was open before and is closed; reopen it, or choose another id.",
                kind="session",
                id=record.id,
            )
        await self.world.registry.put(record)
        await session.append([created], by)
        self._open[record.id] = session
        if record.path is None:
            note_made(record.id)
        return session

    async def reopen(
        self, closed: ClosedSession, path: str | None, cwd: str | None, by: str, *, temporary: bool = False
    ) -> Session:
        """Reopens a closed session, or returns the one that is open for the path already.

        Args:
            closed: The closed session.
            path: Where its document is now, relative to the root; `None` when it has none.
            cwd: The folder that its kernels run in, relative to the root; `None` for the one it had.
            by: Who reopens it.
            temporary: Whether it is closed again when its purpose is over.

        Raises:
            errors.NotFound: Its journal is gone.
            errors.Damaged: Its journal cannot be read.
            errors.InvalidParams: `cwd` is no folder.
        """
        await self.lock.acquire()
        try:
            for session in self._open.values():
                if session.id == closed.record.id or (path is not None and session.record.path == path):
                    return session
            was = os.path.join(self.root, closed.record.cwd)
            if cwd is None and await self.world.launcher.is_folder(was):
                cwd = was
            record = attrs.evolve(closed.record, cwd=await _folder(self.world, self.root, cwd), host=None)
            session = await self._load(record)
            if not session.seq:
                await self.world.journals.close(session.id)
                raise errors.NotFound(f"Session {session.id} has no journal.", kind="journal", id=session.id)
            session.record = attrs.evolve(session.record, path=path)
            await session.append(
                [events.SessionReopened(cwd=record.cwd, temporary=temporary), *_moved(session, path)], by
            )
            await self.world.registry.reopen(session.record)
            self._open[session.id] = session
            return session
        finally:
            self.lock.release()

    def is_free(self, session: str) -> bool:
        """Whether an id is neither that of an open session nor of one that could not be opened."""
        return session not in self._open and session not in self._unreadable

    async def rename(self, session: Session, title: str, by: str) -> None:
        """Gives a session another title.

        Args:
            session: The session.
            title: The title.
            by: Who renames it.
        """
        session.check_writable()
        await session.append([events.SessionRenamed(title=title)], by)
        await self.world.registry.put(session.record)

    async def has_moved(self, session: Session, path: str, by: str | None) -> None:
        """Records that the file of a session has another path; a title that was the name of the file follows. A closed session stays as it is.

        Args:
            session: The session.
            path: The path now, relative to the root.
            by: Who moved the file; `None` for another program.
        """
        await self.lock.acquire()
        try:
            if session.is_closed:
                return
            old = session.record.path
            session.record = attrs.evolve(session.record, path=path)
            self.moves.notify(session)
            if old is None or session.record.title == os.path.basename(old):
                await session.append([events.SessionRenamed(title=os.path.basename(path))], by)
            await self.world.registry.put(session.record)
        finally:
            self.lock.release()

    async def close(
        self, session: Session, by: str | None, digest: str | None = None, unless: Callable[[], bool] = lambda: False
    ) -> bool:
        """Closes a session: shuts its kernel down and closes its journal.

        Args:
            session: The session.
            by: Who closes it; `None` for the server.
            digest: SHA-256 of the content of its file, hex, if that is known.
            unless: Returns whether it stays open after all; called under the lock.

        Returns:
            Whether it was closed.
        """
        await self.lock.acquire()
        try:
            session.check_writable()
            if unless():
                return False
            session.is_closed = True
            del self._open[session.id]
            await _end_kernel(session, by, CLOSED)
            await session.append([events.SessionClosed()], by)
            await self.world.registry.close_session(_closed(session, digest, self.world.now()))
            await self.world.journals.close(session.id)
        finally:
            self.lock.release()
        for feed in tuple(session.feeds):
            feed.close_after(session.written)
        release(session)
        return True

    # ---- kernels

    def is_starting(self) -> bool:
        """Whether a kernel of some session is being started."""
        kernels = (session.kernel for session in self._open.values())
        return any(kernel is not None and kernel.state in ("starting", "restarting") for kernel in kernels)

    async def spec(self, name: str | None) -> Kernelspec:
        """The kernelspec of that name, or the default one (`None`).

        Raises:
            errors.UnknownKernelspec: There is none; the failure lists those there are.
        """
        specs = await self.world.launcher.specs()
        return _choose(specs, name)

    async def change_env(self, session: Session, env: Mapping[str, str], *, is_kept: bool = True) -> None:
        """Sets the environment variables of the later kernels of a session.

        Args:
            session: The session.
            env: All of them, by name.
            is_kept: Whether a living kernel goes on.

        Raises:
            errors.KernelNotReady: A living kernel, which would go on, has other variables.
        """
        if env == session.record.env:
            return
        if is_kept and session.kernel is not None and session.kernel.state != "dead":
            raise errors.KernelNotReady(
                "The kernel of this session runs with other environment variables: shut it down first, or use another session."
            )
        session.record = attrs.evolve(session.record, env=dict(env))
        await self.world.registry.put(session.record)

    async def start_kernel(
        self, session: Session, name: str | None, by: str, env: Mapping[str, str] | None = None
    ) -> None:
        """Starts a kernel for a session, unless it has a living one of that kernelspec.

        Args:
            session: The session.
            name: Name of the kernelspec; `None` for the living kernel's or the default one.
            by: Who starts it.
            env: Environment variables for this kernel and later ones; `None` for those that the session has.

        Raises:
            errors.UnknownKernelspec, errors.KernelFailed: It cannot be started.
            errors.KernelNotReady: There is a living one with another environment.
        """
        await self.lock.acquire()
        try:
            session.check_writable()
            await session.kernel_connection.settled()
            kernel = session.kernel
            if kernel is not None and kernel.state != "dead" and name in (None, kernel.kernelspec):
                if env is not None:
                    await self.change_env(session, env)
                return
            spec = await self.spec(name)
            if env is not None:
                await self.change_env(session, env, is_kept=False)
            await _end_kernel(session, by)
            is_plain = not session.record.env  # else it depends on them from its first moment on
            here = session.record.cwd, session.kernel_connection.environment()
            spare = await self.take_spare(spec, *here) if is_plain else None
            kernel_id = self.world.new_id() if spare is None else spare.kernel
            kernel = Kernel(kernel_id, spec.name, spec.display_name, spec.language, "")
            if spare is None:
                await self._launch(session, kernel, spec, by)
            else:
                await _join(self.world, session, kernel, spare, by)
        finally:
            self.lock.release()

    async def attach_kernel(self, session: Session, connection: str, by: str) -> None:
        """Gives a session the kernel of a connection file in place of the one that it has.

        Args:
            session: The session.
            connection: Path of the connection file on this machine.
            by: Who attaches it.

        Raises:
            errors.InvalidParams, errors.KernelFailed: It cannot be joined; the session keeps what it has.
        """
        await self.lock.acquire()
        try:
            session.check_writable()
            await session.kernel_connection.settled()
            host = await self.world.launcher.attach(self.world.new_id(), connection, 1)
            await _end_kernel(session, by)
            kernel = Kernel(host.kernel, host.spec, host.display_name, host.language, "")
            await _join(self.world, session, kernel, host, by)
        finally:
            self.lock.release()

    async def restart_kernel(self, session: Session, by: str) -> None:
        """Restarts a kernel, with the same id: in place while its host lives, else with a new host.

        Args:
            session: The session.
            by: Who restarts it.

        Raises:
            errors.KernelNotReady: The session never had a kernel, or something else started it.
        """
        await self.lock.acquire()
        try:
            session.check_writable()
            await session.kernel_connection.settled()
            kernel = session.kernel
            if kernel is None:
                raise errors.KernelNotReady(NO_KERNEL)
            check_ours(session, "restart")
            if session.kernel_connection.has_host and session.kernel_connection.is_leaving:
                await _end_kernel(session, by)
            if session.kernel_connection.has_host:
                await session.append(kernel.restarting(), by)
                if session.kernel_connection.has_host:
                    session.kernel_connection.command(Restart(env=session.kernel_connection.environment()))
                return
            spec = await self.spec(kernel.kernelspec)
            again = Kernel(kernel.id, spec.name, spec.display_name, spec.language, "", start=kernel.start + 1)
            await self._launch(session, again, spec, by)
        finally:
            self.lock.release()

    async def _launch(self, session: Session, kernel: Kernel, spec: Kernelspec, by: str) -> None:
        env = _environment(self.root, session.record)
        host: HostRecord = await self.world.launcher.launch(kernel.id, spec, session.record.cwd, kernel.start, env=env)
        await _join(self.world, session, kernel, host, by)


async def end_kernel_to_close(sessions: Sessions, session: Session, by: str | None) -> None:
    """Ends the kernel of a session that is to be closed: what ran there has its end, which the document gets before its last save.

    Args:
        sessions: The sessions of the server.
        session: The session.
        by: Who closes it; `None` for the server.
    """
    await sessions.lock.acquire()
    try:
        session.check_writable()
        session.is_closing = True
        await _end_kernel(session, by, CLOSED)
    finally:
        sessions.lock.release()


async def _end_kernel(session: Session, by: str | None, reason: str = REPLACED) -> None:
    """Ends the kernel of a session without waiting for its end."""
    kernel = session.kernel
    if kernel is None or not session.kernel_connection.has_host:
        return
    session.kernel_connection.end_host()
    session.kernel_connection.detach()
    if kernel.state != "dead":
        await session.append(kernel.lost(reason, expected=True), by)


async def _join(world: World, session: Session, kernel: Kernel, host: HostRecord, by: str) -> None:
    """Gives a session a kernel whose host was launched."""
    kernel.url_without_key = host.url_without_key
    session.record = attrs.evolve(session.record, host=host)
    await world.registry.put(session.record)
    begun: Deferred[int] = session.append(kernel.started(), by)
    is_there = session.kernel_connection.adopt(kernel, host)
    await begun
    if not is_there:  # it has ended since it was launched
        await session.kernel_connection.finish()


async def _folder(world: World, root: str, cwd: str | None) -> str:
    folder = os.path.normpath(os.path.join(root, cwd or "."))
    if not await world.launcher.is_folder(folder):
        raise errors.InvalidParams(f"cwd must be a folder on the server; {cwd!r} is none.", field="cwd")
    return folder


def _closed(session: Session, digest: str | None, time: str) -> ClosedSession:
    """The registry's record of a session that is closed now."""
    conflict, record = session.state.file_state.conflict, attrs.evolve(session.record, host=None, env={})
    is_gone = conflict is not None and conflict.etag is None
    return ClosedSession(record, time, session.state.file_state.etag, is_gone, digest)


def _moved(session: Session, path: str | None) -> list[AnyEvent]:
    """The events for a closed session whose file has another path now; a title that was the name of the file follows."""
    old = session.state.file_state.path
    if path is None or old is None or path == old:
        return []
    moved: list[AnyEvent] = [events.NotebookMoved(path=path)]
    if session.record.title == os.path.basename(old):
        moved.append(events.SessionRenamed(title=os.path.basename(path)))
    return moved


def check_ours(session: Session, act: str) -> None:
    """Returns when webipy started the kernel of a session.

    Args:
        session: The session.
        act: What is to be done to the kernel, as an infinitive for the message.

    Raises:
        errors.KernelNotReady: Something else started the kernel of this session.
    """
    if session.record.host is not None and session.record.host.is_attached:
        raise errors.KernelNotReady(
            f"webipy did not start this kernel, so it cannot {act} it; shut it down, and start a new one."
        )


def _environment(root: str, record: SessionRecord) -> dict[str, str]:
    """The environment variables of a session's kernels beside those of the server and the kernelspec.

    `JPY_SESSION_NAME` is the whole path of the notebook, as Jupyter Server has it: libraries look there for the name of their notebook.
    """
    here = {} if record.path is None else {"JPY_SESSION_NAME": os.path.join(root, record.path)}
    return {**here, **record.env}


def _title(now: str) -> str:
    """The title of a session that was created without one."""
    return f"Session {now[:16].replace('T', ' ')}"


def _choose(specs: Specs, name: str | None) -> Kernelspec:
    wanted = specs.default if name is None else name
    if wanted is not None and wanted in specs.found:
        return specs.found[wanted]
    known = sorted(specs.found)
    if wanted in specs.broken:
        raise errors.UnknownKernelspec(
            f"Kernelspec {wanted!r} cannot be used: {specs.broken[wanted]} Known: {', '.join(known) or 'none'}.",
            known=known,
        )
    if wanted is None:
        raise errors.UnknownKernelspec(
            "No kernelspec is installed; pip install ipykernel gives one for Python.", known=known
        )
    raise errors.UnknownKernelspec(
        f"There is no kernelspec {wanted!r}. Known: {', '.join(known) or 'none'}.", known=known
    )
