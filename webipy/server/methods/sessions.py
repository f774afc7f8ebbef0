"""The methods `server.*`, `session.*`, `kernelspec.*` and `kernel.*`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import UnsetType
from twisted.internet.defer import CancelledError

from webipy.core import errors
from webipy.core.api import calls, token_scopes
from webipy.core.api.access import Principal, Verb, is_confined
from webipy.core.events import events
from webipy.core.kernel.host_protocol import Interrupt, Kernelspec, Kill, KnownWay, ShutDown
from webipy.core.kernel.kernel import death_reason
from webipy.core.session.guest_history import latest
from webipy.core.timestamps import rfc3339
from webipy.server.methods.failures import OF_CHANGE, OF_DOCUMENT, OF_KERNEL, OF_SESSION, OF_START
from webipy.server.methods.method import Connection, Methods, Needed, Services, shown
from webipy.server.methods.presence import take_part
from webipy.server.people.logins import CODE_SECONDS
from webipy.server.ports.confinement import CONFINEMENT
from webipy.server.sessions import guest_view
from webipy.server.sessions.feed import CHUNK_BYTES
from webipy.server.sessions.kernel_connection import NO_KERNEL
from webipy.server.sessions.session import Session, latest_snapshot
from webipy.server.sessions.sessions import check_ours

PROTOCOL = 1
"""Version of the API; additions do not change it."""

METHODS = Methods()
method = METHODS.method


# ---- server -------------------------------------------------------------------------------------------------------


@method("server.info", "none", "connection", raises=(errors.KernelFailed, errors.FileFault, errors.AlreadyExists))
async def server_info(services: Services, connection: Connection, params: calls.Nothing) -> calls.ServerInfo:
    """The server, and as whom the caller is logged in."""
    who = connection.principal
    specs = await services.world.launcher.specs() if who is not None else None
    return calls.ServerInfo(
        name="webipy",
        version=services.version,
        protocol=PROTOCOL,
        time=services.world.now(),
        principal=connection.name or None,
        root=services.sessions.root if who is not None and not guest_view.is_limited(who) else None,
        default_kernelspec=specs.default if specs is not None else None,
        degraded=any(session.journal.fault is not None for session in services.sessions.all()),
        verb=_verb_on_server(services, who),
        home=await services.homes.of(who),
        session=who.session if who is not None else None,
        owner=services.logins.name if who is not None else None,
        public_url=services.public_url if who is not None else None,
        started=services.started if who is not None else None,
        hub=services.hub_home if who is not None and not guest_view.is_guest(who) else None,
        account=who.account if who is not None else None,
        jupyterlab=who is not None and not guest_view.is_limited(who) and services.has_jupyterlab(),
    )


def _verb_on_server(services: Services, who: Principal | None) -> Verb | None:
    """The strongest right of somebody; that of a member is the one in their own folder, that of a viewer to look."""
    if who is None or not is_confined(who):
        return who.verb if who is not None else None
    return "own" if who.role == "member" else "read"


@method("server.describe", "own", "server", raises=(errors.KernelFailed,))
async def server_describe(services: Services, connection: Connection, params: calls.Nothing) -> calls.Installation:
    """Versions of the server and of what it stands on, for a report about a problem: no path, no name and no secret is among them."""
    specs = await services.world.launcher.specs()
    return calls.Installation(
        version=services.version,
        installed=services.installed(),
        kernelspecs=sorted(specs.found),
        sessions=len(services.sessions.all()),
    )


@method("server.sync", "read", "connection")
async def server_sync(services: Services, connection: Connection, params: calls.Nothing) -> calls.Done:
    """Answers when every event that was written before this call has been sent on this connection."""
    for feed in tuple(connection.feeds.values()):
        await connection.until(feed.sent(feed.source.written))
    return calls.Done()


@method("server.launch_code", "own", "server", raises=OF_SESSION, example={"session": "s1"})
async def server_launch_code(services: Services, connection: Connection, params: calls.OpenPage) -> calls.LaunchCode:
    """A one-time address of the page, for the caller's own browser; without a code where only a hub, or accounts, sign people in."""
    if params.session is not None:
        services.sessions.get(params.session)
    code = "" if services.logins.codes_closed else services.logins.new_code()
    expires = rfc3339(datetime.fromisoformat(services.world.now()) + timedelta(seconds=CODE_SECONDS))
    return calls.LaunchCode(
        code=code,
        url=services.page_url(params.session, f"code={code}" if code else ""),
        expires=expires,
    )


# ---- sessions -----------------------------------------------------------------------------------------------------


def _needed_to_create(params: calls.CreateSession) -> Iterator[Needed]:
    """The places that a call of session.create names; that it has a place for a session without a file is looked at in the method."""
    is_run = params.kernelspec is not None or params.env is not None
    if params.path is not None and params.copy:
        yield params.path, "read"
    elif params.path is not None:
        yield params.path, "execute" if is_run else "write" if params.create else "read"
    if params.cwd is not None:
        yield params.cwd, "execute" if is_run else "read"


@method(
    "session.create",
    "write",
    "account",
    needed=_needed_to_create,
    raises=(*OF_DOCUMENT, *OF_START),
    example={"path": "report.ipynb", "create": True, "kernelspec": "python3"},
)
async def session_create(services: Services, connection: Connection, params: calls.CreateSession) -> calls.Session:
    """Creates a session, or opens the one for `path` or `id`; with `kernelspec` it has that kernel afterwards."""
    if params.kernelspec is not None:
        await services.sessions.spec(params.kernelspec)  # a wrong name fails before anything is made
    session = await _opened(services, connection, params, await _folder_of_own(services, connection, params))
    await _check_own(services, connection, params, session)
    await services.temporary.opened(session, connection, params.temporary)
    if params.kernelspec is not None:
        await services.sessions.start_kernel(session, params.kernelspec, connection.name, params.env)
    elif params.env is not None:
        await services.sessions.change_env(session, params.env)
    return shown(services, connection, session)


async def _folder_of_own(services: Services, connection: Connection, params: calls.CreateSession) -> str | None:
    """The folder of a session without a file: the own one of a member.

    Raises:
        errors.NotPermitted: Who calls may make no session without a file.
    """
    principal = connection.principal
    if not is_confined(principal) or (params.path is not None and not params.copy):
        return None
    if params.client_path is not None:
        raise errors.NotPermitted("Clients of Jupyter's API are for whoever runs the server, and admins.", verb="own")
    home = await services.homes.of(principal)
    if home is None:
        raise errors.NotPermitted("A viewer makes no sessions of their own.", verb="write")
    return home


async def _check_own(services: Services, connection: Connection, params: calls.CreateSession, session: Session) -> None:
    """Gives a member a new session without a file, and checks that they may use the one that was found: an id, and a file under another name, may
    lead to a session that the call did not name.
    """
    made = CONFINEMENT.get()
    if made is not None and session.id in made.made:
        await services.rights.session_made(connection.principal, session.id)
    if connection.principal is None or is_confined(connection.principal):  # their login may have ended meanwhile
        is_run = params.kernelspec is not None or params.env is not None
        services.rights.permit(connection.principal, "execute" if is_run else "read", session.id)


async def _opened(services: Services, connection: Connection, params: calls.CreateSession, home: str | None) -> Session:
    """The session that is asked for, new or not."""
    path, title, cwd, by, once = params.path, params.title, params.cwd or home, connection.name, params.temporary
    if not isinstance(params.notebook, UnsetType):
        body = bytes(params.notebook)
        return await services.documents.open_body(body, title or "notebook", cwd, params.id, by, temporary=once)
    if path is None:
        name = params.client_path
        return await services.sessions.create(title, None, cwd, params.id, by, temporary=once, client_path=name)
    if params.copy:
        return await services.documents.open_copy(path, title, cwd, params.id, by, temporary=once)
    empty = await services.documents.empty(path, params.kernelspec) if params.create else None
    return await services.documents.open(path, empty, title, cwd, params.id, by, temporary=once)


@method("session.list", "read", "account")
async def session_list(services: Services, connection: Connection, params: calls.Nothing) -> calls.SessionList:
    """The open sessions that the caller may read; with a script token for one session or one folder those that it is for."""
    who = connection.principal
    scopes = who.scopes if who is not None else None
    return calls.SessionList(
        sessions=[
            shown(services, connection, session)
            for session in services.sessions.all()
            if token_scopes.covers(scopes, session.id, session.record.path)
            and services.rights.in_session(who, session.id) != "none"
        ]
    )


@method("session.get", "read", "session", raises=OF_SESSION)
async def session_get(services: Services, connection: Connection, params: calls.OfSession) -> calls.Session:
    """One session."""
    return shown(services, connection, services.sessions.get(params.session))


@method("session.rename", "write", "session", raises=OF_CHANGE, example={"title": "Second try"})
async def session_rename(services: Services, connection: Connection, params: calls.RenameSession) -> calls.Session:
    """Changes the title of a session."""
    session = services.sessions.get(params.session)
    await services.sessions.rename(session, params.title, connection.name)
    return shown(services, connection, session)


@method("session.close", "own", "session", raises=OF_DOCUMENT)
async def session_close(services: Services, connection: Connection, params: calls.CloseSession) -> calls.Done:
    """Saves the session's document, shuts its kernel down and closes the session. An attached kernel lives on; links into the session end.

    The journal is kept. It goes on when the document, or the session (`session.reopen`), is opened again.
    """
    session = services.sessions.get(params.session)
    await services.documents.close(session, connection.name, params.discard)
    await services.logins.shares.end_session(session.id)
    return calls.Done()


@method("session.keep", "write", "session", raises=OF_CHANGE)
async def session_keep(services: Services, connection: Connection, params: calls.OfSession) -> calls.Session:
    """Makes a temporary session an ordinary one, which only people close; one that is ordinary stays so."""
    session = services.sessions.get(params.session)
    session.check_writable()
    await services.temporary.keep(session, connection.name)
    return shown(services, connection, session)


@method("session.leave", "write", "session", raises=OF_SESSION)
async def session_leave(services: Services, connection: Connection, params: calls.OfSession) -> calls.Done:
    """Releases a session that this connection has opened with `temporary`; it is closed when it has no other user and nothing runs in it."""
    session = services.sessions.get(params.session)
    await services.temporary.leave(session, connection)
    return calls.Done()


@method("session.subscribe", "read", "session", raises=OF_CHANGE, example={"since": 30})
async def session_subscribe(services: Services, connection: Connection, params: calls.Subscribe) -> calls.Subscribed:
    """Subscribes to a session: all events after `since`, then new ones, come as `events` notifications; none is missing, none comes twice."""
    session = services.sessions.get(params.session)
    if params.keeps:
        await services.temporary.keep(session, connection.name)
    since = session.written if params.since is None else params.since
    if since > session.seq:
        raise errors.InvalidParams(
            f"since is {since}, but the newest event of this session is {session.seq}.", field="since", seq=session.seq
        )
    snapshot = None
    hidden = connection.hidden(session)
    first_seq = max(session.journal.first_seq, hidden + 1)
    if (params.snapshot or since + 1 < first_seq) and session.snapshots.is_better(since, first_seq):
        async with connection.heavy():
            since, bodies = await latest_snapshot(session)
            if hidden:
                bodies = await services.world.aside(lambda: _without(bodies, hidden))
            if guest_view.is_limited(connection.principal):
                bodies = [guest_view.body(one, connection.principal) for one in bodies]
        snapshot = calls.SnapshotEvents(seq=since, events=[msgspec.Raw(body) for body in bodies])
    connection.subscribe(session, since + 1)
    take_part(services, connection, session.id)
    verb = services.rights.in_session(connection.principal, session.id)
    return calls.Subscribed(first_seq=first_seq, seq=session.written, snapshot=snapshot, verb=verb)


def _without(snapshot: list[bytes], hidden: int) -> list[bytes]:
    return [events.encode(event) for event in latest(map(events.decode, snapshot), hidden)]


@method("session.unsubscribe", "read", "session")
async def session_unsubscribe(services: Services, connection: Connection, params: calls.OfSession) -> calls.Done:
    """Cancels the subscription of this connection."""
    connection.unsubscribe(params.session)
    return calls.Done()


@method("session.events", "read", "session", raises=OF_SESSION, example={"since": 14, "limit": 2})
async def session_events(services: Services, connection: Connection, params: calls.ReadEvents) -> calls.Events:
    """Returns events, and waits for them if there are none yet: for clients without a WebSocket."""
    session = services.sessions.get(params.session)
    first = max(params.since + 1, session.journal.first_seq, connection.hidden(session) + 1)
    if first > session.written and params.wait_s:
        news = session.news()
        stop_clock = services.world.later(params.wait_s, news.cancel)
        try:
            await connection.until(news)
        except CancelledError:
            pass  # nothing came in time, which the empty answer says
        finally:
            stop_clock()
    async with connection.heavy():
        bodies = await session.read(first, params.limit, 4 * CHUNK_BYTES) if first <= session.written else []
    if guest_view.is_limited(connection.principal):
        bodies = [guest_view.body(body, connection.principal) for body in bodies]
    return calls.Events(session=session.id, first=first, events=[msgspec.Raw(body) for body in bodies])


# ---- kernels ------------------------------------------------------------------------------------------------------


@method("kernelspec.list", "read", "connection", raises=(errors.KernelFailed,))
async def kernelspec_list(services: Services, connection: Connection, params: calls.Nothing) -> calls.KernelspecList:
    """The kernels that can be started here."""
    specs = await services.world.launcher.specs()
    is_limited = guest_view.is_limited(connection.principal)
    found = [
        calls.Kernelspec(
            name=s.name, display_name=s.display_name, language=s.language, note=_note(s, specs.ways.get(s.name))
        )
        for s in specs.found.values()
    ]
    return calls.KernelspecList(default=specs.default, kernelspecs=found, broken={} if is_limited else specs.broken)


def _note(spec: Kernelspec, way: KnownWay | None) -> str:
    """What people should know of how a kernel starts; it is known after the first start."""
    if way is None or (way.transport == "ipc" and (way.boot or spec.language.lower() != "python")):
        return ""
    if way.transport == "tcp" and way.is_encrypted:
        return "It is reached over loopback TCP, encrypted, because it does not start otherwise."
    if way.transport == "tcp":
        return "It is reached over loopback TCP, because it does not start otherwise: other users of this machine can read its output."
    return "It runs without webipy's boot file, which it cannot use: output may be lost when it prints faster than it is read."


@method("kernel.describe", "read", "session", raises=OF_SESSION)
async def kernel_describe(
    services: Services, connection: Connection, params: calls.OfSession
) -> calls.KernelDescription:
    """What the kernel said of itself when it became ready, also while it is busy."""
    ready = services.sessions.get(params.session).state.lifecycle.ready
    if ready is None:
        return calls.KernelDescription(kernel_info=msgspec.Raw(b"null"))
    if not isinstance(ready.kernel_info, UnsetType):
        return calls.KernelDescription(kernel_info=ready.kernel_info)
    known = {"status": "ok", "protocol_version": "5.3", "implementation": ready.implementation, "banner": ready.banner}
    more = {"implementation_version": "", "language_info": ready.language_info, "help_links": []}
    return calls.KernelDescription(kernel_info=msgspec.Raw(msgspec.json.encode({**known, **more})))


@method("kernel.usage", "read", "session", raises=OF_SESSION, example={"session": "s1"})
async def kernel_usage(services: Services, connection: Connection, params: calls.ReadUsage) -> calls.UsageList:
    """How much memory and processor time kernels use at this moment; they are measured for this call only."""
    return calls.UsageList(kernels=await services.usage.of(params.session))


@method("kernel.logs", "execute", "session", raises=(*OF_SESSION, errors.KernelNotReady))
async def kernel_logs(services: Services, connection: Connection, params: calls.ReadLogs) -> calls.KernelLogs:
    """The raw output of the kernel's process, such as the reason why it did not start, and the log of its host."""
    session = services.sessions.get(params.session)
    kernel, record = session.kernel, session.record.host
    if kernel is None or record is None:
        raise errors.KernelNotReady(NO_KERNEL)
    log = record.directory.rpartition("/")[2]
    since = (params.kernel_since, params.host_since) if params.log in (None, log) else (0, 0)
    found = await services.world.launcher.logs(record, *since, params.limit)
    if found is None:
        size = len(kernel.tail.encode())
        kept = calls.LogText(text="" if since[0] == size else kernel.tail, next=size)
        return calls.KernelLogs(log=log, kernel=kept, host=calls.LogText(text="", next=0))
    texts = [calls.LogText(text=part.text, next=part.next) for part in found]
    more = any(len(part.text.encode()) > params.limit // 2 for part in found)
    return calls.KernelLogs(log=log, kernel=texts[0], host=texts[1], more=more)


@method("kernel.start", "execute", "session", raises=OF_START, example={"kernelspec": "python3"})
async def kernel_start(services: Services, connection: Connection, params: calls.StartKernel) -> calls.Session:
    """Starts a kernel for the session; answers as soon as it is being started. Executions may be sent at once: they wait for it."""
    session = services.sessions.get(params.session)
    await services.sessions.start_kernel(session, params.kernelspec, connection.name, params.env)
    return shown(services, connection, session)


@method(
    "kernel.attach",
    "execute",
    "server",
    raises=OF_START,
    example={"connection": "/run/user/1000/jupyter/kernel-1.json"},
)
async def kernel_attach(services: Services, connection: Connection, params: calls.AttachKernel) -> calls.Session:
    """Joins a kernel that something else started, by its connection file. When it does not answer within 10 s, `kernel_died` follows."""
    session = services.sessions.get(params.session)
    await services.sessions.attach_kernel(session, params.connection, connection.name)
    return shown(services, connection, session)


@method("kernel.restart", "execute", "session", raises=OF_START)
async def kernel_restart(services: Services, connection: Connection, params: calls.OfSession) -> calls.Session:
    """Replaces the kernel process: variables and the queue are lost, its id stays. A dead kernel can be restarted too, an attached one cannot."""
    session = services.sessions.get(params.session)
    await services.sessions.restart_kernel(session, connection.name)
    return shown(services, connection, session)


@method("kernel.interrupt", "execute", "session", raises=OF_KERNEL, example={"execution": "e2"})
async def kernel_interrupt(
    services: Services, connection: Connection, params: calls.InterruptKernel
) -> calls.Interrupted:
    """Interrupts what runs, by signal or by message as the kernelspec says; an attached kernel always by message.

    Without `execution` an interrupt that comes too late for what runs is for what comes next of the same run or queue.
    """
    session = services.sessions.get(params.session)
    kernel = session.kernel_connection.live()
    first = next(iter(kernel.executions.open), None)
    if params.execution is not None and params.execution != first:
        return calls.Interrupted(interrupted=False)
    session.kernel_connection.command(Interrupt(params.execution))
    is_up = kernel.state in ("idle", "busy")  # what waits for a kernel that starts does not run yet
    return calls.Interrupted(interrupted=is_up and (first is not None or kernel.state == "busy"))


@method("kernel.shut_down", "execute", "session", raises=OF_KERNEL)
async def kernel_shut_down(services: Services, connection: Connection, params: calls.OfSession) -> calls.Done:
    """Shuts the kernel down; `kernel_died` with `expected` follows when it has ended. An attached kernel is asked to end, and released after 5 s.

    A kernel that died by itself counts as shut down from then on; it can still be restarted.
    """
    session = services.sessions.get(params.session)
    kernel = session.kernel
    if kernel is not None and kernel.state == "dead" and not kernel.is_over:
        if session.kernel_connection.has_host:
            session.kernel_connection.end_host()
        reason = death_reason(None, None, expected=True)
        await session.append(kernel.lost(reason, expected=True, even_dead=True), connection.name)
        return calls.Done()
    session.kernel_connection.live()
    session.kernel_connection.command(ShutDown())
    return calls.Done()


@method("kernel.kill", "execute", "session", raises=OF_KERNEL)
async def kernel_kill(services: Services, connection: Connection, params: calls.OfSession) -> calls.Done:
    """Kills the kernel at once, by SIGKILL; an attached one cannot be killed."""
    session = services.sessions.get(params.session)
    session.kernel_connection.live()
    check_ours(session, "kill")
    session.kernel_connection.command(Kill())
    return calls.Done()
