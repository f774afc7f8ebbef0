"""`twistd webipy`: the only place that builds a server, from the options that `webipy.server_options` has read and checked.

Start: port bound (options) → privileges, daemonizing (twistd) → registry, journals, launcher → sessions restored, hosts attached → listening →
server.json written, address printed. Stop: listening ends, clients are notified, what is pending is written, hosts are left alone.

`STATE` (0700) holds webipy.sqlite, journals/, hosts/, terminals/, exports/, conversions/, audit/, client-cursors, token, script-tokens.json,
notifications.sqlite, push-key.pem, tls/, server.json and lock, all 0600. One server at a time uses it: the lock (flock) is taken with the options and
ends with the process, however that ends; daemonizing keeps it.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import time
import uuid
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from autobahn.twisted.resource import WebSocketResource
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, TimeoutError, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.logger import Logger

from webipy.announcement import (
    LOGGED_CODE_SECONDS,
    is_watched,
    print_address,
    print_line,
    print_login_address,
    print_reach,
    write_server_file,
)
from webipy.core import errors
from webipy.io.conversion.converter_process import LocalConverter
from webipy.io.conversion.export_store import ExportStore
from webipy.io.files.files import FileThreads, RootFiles, files_below
from webipy.io.files.trash import RootTrash, TrashBins, home_trash
from webipy.io.free_memory import Memory, share_one_arena
from webipy.io.installation import has_jupyterlab, installed
from webipy.io.jupyter.channels import ChannelsFactory, open_channels
from webipy.io.jupyter.tree import jupyter_tree
from webipy.io.kernels.launcher import LocalLauncher
from webipy.io.kernels.process_usage import LocalProcesses
from webipy.io.machine import aside, new_secret, now, raise_file_limit, username
from webipy.io.passwords import Argon2Passwords
from webipy.io.reactor import Run, count_time
from webipy.io.storage.account_tables import SqliteAccounts
from webipy.io.storage.audit_log import AuditFolder
from webipy.io.storage.grant_table import SqliteGrants
from webipy.io.storage.journal import SqliteArchive, SqliteJournals
from webipy.io.storage.lab_token_file import LabTokenFile
from webipy.io.storage.notification_store import SqliteNotifications
from webipy.io.storage.registry import SqliteRegistry, Unreadable
from webipy.io.storage.script_token_file import ScriptTokenFile
from webipy.io.storage.state_folder import note_holder
from webipy.io.terminals.terminal_launcher import LocalTerminals, start_terminals
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.io.web.byte_resources import OfSessions, byte_resources
from webipy.io.web.listening import is_root
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import PageSite
from webipy.io.web.site import build_site
from webipy.io.web.websocket import RpcFactory
from webipy.limits import Limits
from webipy.server.methods.api import Api
from webipy.server.methods.method import Services
from webipy.server.people.audit import Audit
from webipy.server.people.login_connections import LoginConnections
from webipy.server.people.logins import CODE_SECONDS, Logins
from webipy.server.people.people import ACCOUNTS_ALONE, NO_ACCOUNTS, People, make_people
from webipy.server.people.shares import Shares
from webipy.server.ports.world import World
from webipy.server.sessions.kernel_environment import environment_of
from webipy.server.sessions.kernel_pool import KernelPool
from webipy.server.sessions.retention import Retention
from webipy.server.sessions.sessions import Sessions
from webipy.server_options import DEFAULT_PORT, Options

if TYPE_CHECKING:
    from webipy.hub_parts import HubParts
    from webipy.sso_parts import SsoParts

KERNELS_SECONDS = 6.0
"""With --kernels-stop-with-server: how long their polite end is waited for."""

SPECS_SECONDS = 2.0
"""Kernelspecs are looked for before anybody asks; with sessions to bring back, these have the processor first."""

DRAIN_SECONDS = 8.0
"""Time to write and to leave at a stop; the whole stop stays under 10 s."""

LOGINS_SECONDS = 3600.0
"""How often logins are looked at that may have become too old."""

STATIC = Path(__file__).parent / "static"


class WebipyService(Service):
    """The server as twistd runs it."""

    _log = Logger()

    def __init__(self, options: Options, reactor: Any) -> None:
        self._options = options
        self._reactor = reactor
        self._registry = SqliteRegistry(options.state / "webipy.sqlite", reactor)
        self._journals = SqliteJournals(options.state / "journals", reactor)
        self._passwords = Argon2Passwords(reactor)
        self._notifications = SqliteNotifications(options.state / "notifications.sqlite", reactor)
        self._exports = ExportStore(options.state / "exports", reactor.callLater, reactor.callFromThread)
        self._launcher: LocalLauncher | None = None
        self._port: IListeningPort | None = None
        self._terminals: LocalTerminals | None = None
        self._clients: RpcFactory | None = None
        self._channels: ChannelsFactory | None = None
        self._sessions: Sessions | None = None
        self._spares: KernelPool | None = None
        self._services: Services | None = None
        self._hub: HubParts | None = None
        self._sso: SsoParts | None = None
        self._threads = FileThreads(reactor)
        self._processes = LocalProcesses(self._threads.run)
        self._converter = LocalConverter(
            options.state / "conversions",
            self._exports.keep,
            reactor,
            self._processes,
            STATIC,
            memory_bytes=options.limits.convert_mebibytes << 20,
        )
        self._memory = Memory(self._later, self._threads.run)
        self._files: RootFiles
        self._look_for_specs: IDelayedCall | None = None
        bound = options.socket.getsockname()
        name = "127.0.0.1" if bound[0] in ("0.0.0.0", "::") else bound[0]
        host, self._port_number = f"[{name}]" if ":" in name else name, bound[1]
        self.url = f"{'http' if options.tls is None else 'https'}://{host}:{bound[1]}{options.below.path.rstrip('/')}"
        self.public_url = None if options.public is None else options.public.url

    def startService(self) -> None:
        """Starts the server; a failure stops the reactor with a message."""
        super().startService()
        Deferred.fromCoroutine(self._start()).addErrback(self._cannot_start)

    def _cannot_start(self, failure: Any) -> None:
        """Ends the process with status 1, which twistd itself uses only before its reactor runs."""
        if failure.check(Unreadable):
            self._log.critical("webipy cannot start: {fault}", fault=failure.getErrorMessage())
        else:
            self._log.failure("webipy cannot start", failure)
        print_line(f"webipy cannot start: {failure.getErrorMessage()}")
        atexit.register(os._exit, 1)
        self._reactor.stop()

    async def _start(self) -> None:
        options, reactor = self._options, self._reactor
        note_holder(options.lock, self.url)
        generation = await self._registry.start()
        self._journals.start()
        self._launcher = self._start_launcher(generation)
        self._start_files()
        world = self._world(self._launcher)
        self._spares = KernelPool(world, str(options.root), options.spare_kernels, options.grace_s)
        self._sessions = sessions = Sessions(world, str(options.root), self._spares.take)
        logins = self._logins(world)
        people = _people(self._registry, self._passwords, logins, world, options)
        await people.load()  # first: script tokens may be theirs
        await logins.load()
        if options.hub is not None:
            from webipy.hub_parts import join_hub  # with a client of HTTP, which other servers do without

            self._hub = await join_hub(options.hub, world, logins, reactor, lets_guests_in=bool(options["share-links"]))
        elif options["require-login"]:
            await _require_login(logins, "" if options.sso is None else options.sso.rules.name)
        self._services = services = self._make_services(world, sessions, logins, people)
        logins.audit.start(f"webipy {version('webipy')}", options.limits.audit_days)
        api = Api(services)
        auth = _request_auth(options, services, self._hub, self._sso)
        self._clients = RpcFactory(auth, api, reactor, AnonymousConnections())
        self._expire_logins(logins, people)
        await services.restore()
        records = await self._registry.sessions()
        self._launcher.remove_others({record.host.directory for record in records if record.host is not None})
        self._listen(self._site(auth, api, self._clients, self._launcher), logins)
        _bound(services, options.limits)
        if self._hub is not None:
            self._hub.start(services)
        self._announce(logins, people)
        gc.freeze()  # what is here stays: without this a full collection looks at all of it, and nothing has its turn for 40 ms
        self._look_for_specs = reactor.callLater(SPECS_SECONDS if records else 0, self._find_specs, self._launcher)
        self._spares.start(sessions.is_starting)
        self._memory.start()
        resumed = Deferred.fromCoroutine(services.resume())
        resumed.addErrback(lambda failure: self._log.failure("documents and runs could not be resumed", failure))

    def _site(self, auth: RequestAuth, api: Api, clients: RpcFactory, launcher: LocalLauncher) -> PageSite:
        sessions, state = api.services.sessions, self._options.state
        of_sessions = OfSessions(
            lambda session, blob: sessions.get(session).journal.blob_path(blob),
            lambda session: sessions.get(session).record.title,
            partial(environment_of, sessions),
        )
        more = byte_resources(auth, of_sessions, self._exports, self._files, self._threads.run)
        self._channels = open_channels(clients, state, of_sessions.blob_path, self._threads.run)
        more |= jupyter_tree(auth, api, launcher.specs, self._channels, state, self._files, self._exports)
        more |= self._hub.resources(auth, STATIC) if self._hub is not None else {}
        more |= self._sso.resources(auth) if self._sso is not None else {}
        metrics = self._metrics(sessions)
        return build_site(auth, api, WebSocketResource(clients), STATIC, metrics, more, clients.anonymous)

    def _make_services(self, world: World, sessions: Sessions, logins: Logins, people: People) -> Services:
        facts = (version("webipy"), installed, self.public_url, has_jupyterlab)
        services = Services(world, sessions, logins, people, self._page_url, *facts)
        self._sso = _single_sign_on(self._options, services, self._reactor)
        services.notifications.store = self._notifications
        _tell_outside(services, self._options, self.public_url, self._threads.run, self._reactor)
        return services

    def _start_launcher(self, generation: int) -> LocalLauncher:
        options, files = self._options, raise_file_limit()
        launcher = LocalLauncher(
            options.state / "hosts", username(), options.grace_s, generation, self._reactor, files, options.kernel_nice
        )
        launcher.ready_s = options.kernel_start_s
        launcher.start()
        self._terminals = start_terminals(options.state / "terminals", launcher, now, options["no-terminals"])
        return launcher

    def _metrics(self, sessions: Sessions) -> Metrics:
        metrics = Metrics(
            sessions.all, Pulse(self._reactor), self._options.state / "hosts", self._threads.run, self._journals.folder
        )
        metrics.pulse.start()
        return metrics

    def _find_specs(self, launcher: LocalLauncher) -> None:
        def tell(failure: Any) -> None:
            failure.trap(errors.KernelFailed)
            if self.running:  # ^C and a service manager end the process that looks together with this one
                self._log.warn("{why}", why=failure.getErrorMessage())

        launcher.specs().addErrback(tell)

    def _start_files(self) -> None:
        root, state, hidden = self._options.root, self._options.state, (self._options.state, self._options.token_file)
        self._threads.start()
        self._files = files_below(root, hidden, self._reactor, self._threads.run, spool=state / "inplace")
        self._exports.start()
        self._converter.start()

    def _world(self, launcher: LocalLauncher) -> World:
        return World(
            journals=self._journals,
            registry=self._registry,
            grants=SqliteGrants(self._registry),
            launcher=launcher,
            now=now,
            new_id=lambda: uuid.uuid4().hex,
            later=self._later,
            files=self._files,
            converter=self._converter,
            clock=self._reactor.seconds,
            aside=aside,
            processes=self._processes,
            trash=RootTrash(TrashBins(self._files.tree, self._files.moves, home_trash()), self._threads.run),
            archive=SqliteArchive(self._journals),
            terminals=self._terminals,
        )

    def _logins(self, world: World) -> Logins:
        shares = Shares(self._registry, now, self._later, world.new_id, new_secret, LoginConnections())
        kept = LabTokenFile(self._options.state / "jupyter" / "lab-tokens.json", self._threads.run)
        options = self._options
        facts = (options.token, options.display_name, time.monotonic, new_secret, shares)
        tokens = ScriptTokenFile(options.state / "script-tokens.json", self._threads.run)
        log = AuditFolder(options.state / "audit", options.audit_key, now, self._threads.run, self._reactor)
        audit = Audit(log, now, self._later)
        return Logins(self._registry, *facts, lab_token_store=kept, script_token_store=tokens, audit=audit)

    def _listen(self, site: PageSite, logins: Logins) -> None:
        for clients in (self._clients, self._channels):
            assert clients is not None  # made just before
            logins.shares.connections.add(clients.end_login, clients.count)
            clients.startFactory()
        logins.shares.connections.add(site.end_login)
        bound, tls = self._options.socket, self._options.tls
        factory = site if tls is None else tls.factory(site, self._reactor)
        self._port = self._reactor.adoptStreamPort(bound.fileno(), bound.family, factory)
        bound.close()

    def _expire_logins(self, logins: Logins, people: People) -> None:
        people.logins.expire()
        expired = Deferred.fromCoroutine(logins.expire())
        expired.addErrback(lambda failure: self._log.failure("logins could not be looked at", failure))
        expired.addCallback(lambda _: self._later(LOGINS_SECONDS, lambda: self._expire_logins(logins, people)))

    def _later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        pending = self._reactor.callLater(seconds, call)

        def cancel() -> None:
            if pending.active():
                pending.cancel()

        return cancel

    def _page_url(self, session: str | None, fragment: str) -> str:
        page = f"{self.public_url or f'{self.url}/'}{f's/{session}' if session else ''}"
        return f"{page}#{fragment}" if fragment else page

    def _announce(self, logins: Logins, people: People) -> None:
        write_server_file(self._options, self.url)
        if (tls := self._options.tls) is not None:
            tls.start(self._threads.run, self._reactor, partial(write_server_file, self._options, self.url))
        self._log.info(
            "webipy {version} listens at {url}, kernels start in {root}",
            version=version("webipy"),
            url=self.url,
            root=self._options.root,
        )
        if self._options["port"] is None and (port := self._port_number) != DEFAULT_PORT:
            print_line(f"Port {DEFAULT_PORT} is in use by another program; taking {port} instead.")
        if is_root():
            print_line("webipy runs as root: whoever signs in, and every kernel, can do everything on this machine.")
        if (hub := self._options.hub) is not None:
            print_line(f"webipy serves {hub.place.user} at {self.public_url or self.url}; the hub signs people in.")
            return
        if logins.codes_closed:
            are_there = people.accounts.are_there() or self._sso is not None
            print_login_address(self._page_url(None, ""), are_there=are_there, provider=people.provider_name)
        else:
            code = logins.new_code(CODE_SECONDS if is_watched() else LOGGED_CODE_SECONDS)
            print_address(self._page_url(None, f"code={code}"), is_public=self.public_url is not None)
        if tls is not None:
            print_reach(tls, self._options.interface, self._port_number, self._options.below.path)

    async def _stop(self) -> None:
        (self._options.state / "server.json").unlink(missing_ok=True)
        self._memory.stop()
        if self._options.tls is not None:
            self._options.tls.stop()
        if self._hub is not None:
            self._hub.stop()
        if self._look_for_specs is not None and self._look_for_specs.active():
            self._look_for_specs.cancel()
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
        for clients in filter(None, (self._clients, self._channels)):
            clients.close_all()
        if self._services is not None:
            await self._services.stop()
        if self._spares is not None:
            self._spares.stop()
        if self._sessions is not None:
            sides = [session.kernel_connection for session in self._sessions.all()]
            if self._options["kernels-stop-with-server"]:
                ending = DeferredList([Deferred.fromCoroutine(side.end_kernel()) for side in sides], consumeErrors=True)
                ending.addTimeout(KERNELS_SECONDS, self._reactor).addErrback(self._kernels_remain)
                await ending
            for side in sides:
                side.detach()
        if self._services is not None:
            await self._services.terminals.leave(is_end=bool(self._options["kernels-stop-with-server"]))
        if self._launcher is not None:  # made after the registry and the journals have started
            await self._converter.stop()
            self._passwords.stop()
            if self._services is not None:
                await self._services.logins.audit.stop()
            self._files.stop()
            await self._threads.stop()
            await self._journals.stop()
            self._launcher.stop()
            await self._notifications.stop()
            await self._registry.stop()
        if self._options["private"] is not None:
            shutil.rmtree(self._options.state, ignore_errors=True)

    def _kernels_remain(self, failure: Any) -> None:
        failure.trap(TimeoutError)
        self._log.warn(
            "some kernels take longer than {seconds:g} s to end; they end by themselves", seconds=KERNELS_SECONDS
        )

    def stopService(self) -> Deferred[None]:
        """Stops within `DRAIN_SECONDS`; kernels go on."""
        super().stopService()
        stopped = Deferred.fromCoroutine(self._stop())
        stopped.addTimeout(DRAIN_SECONDS, self._reactor)
        return stopped.addErrback(lambda failure: self._log.failure("the server did not stop in order", failure))


def _single_sign_on(options: Options, services: Services, reactor: Any) -> SsoParts | None:
    """Builds the single sign-on, if the options want one, and begins to ask the provider for its description."""
    if options.sso is None:
        return None
    from webipy.sso_parts import make_sso  # with a client of HTTP, which other servers do without

    found = make_sso(options.sso, services, reactor)
    found.greet()
    return found


def _tell_outside(services: Services, options: Options, public_url: str | None, run: Run, reactor: Any) -> None:
    """Lets people be told outside of the page, too.

    Args:
        services: The services of the server.
        options: Its options.
        public_url: The address that people open; `None`: that is not known.
        run: Runs a function that blocks in a thread.
        reactor: Twisted's.
    """
    found, ours = services.notifications, version("webipy")
    found.senders = options.notify.senders(ours, reactor)
    found.web_push = options.notify.web_push(options.state, public_url, ours, run, reactor)


def _request_auth(options: Options, services: Services, hub: HubParts | None, sso: SsoParts | None) -> RequestAuth:
    hosts, is_behind_proxy, tls = frozenset(options.hosts), bool(options["behind-proxy"]), options.tls
    of_hub = None if hub is None else hub.logins
    auth = RequestAuth(services.logins, hosts, is_behind_proxy, options.below, options.public, of_hub, services.people)
    auth = attrs.evolve(auth, rights=services.rights, sso=None if sso is None else sso.sso)
    if tls is None:
        return auth
    takes_addresses = tls.is_own or bool(options["lan"])
    return attrs.evolve(
        auth, hosts=hosts | tls.hosts, is_tls=True, takes_addresses=takes_addresses, is_strict=tls.is_strict
    )


def _people(
    registry: SqliteRegistry, passwords: Argon2Passwords, logins: Logins, world: World, options: Options
) -> People:
    """Builds the accounts, which are one more source of a credential; there are none where a hub signs people in.

    Args:
        registry: Where they are stored.
        passwords: Hashes and checks passwords.
        logins: The logins of the server.
        world: The outside.
        options: The options of the server.
    """
    found = make_people(SqliteAccounts(registry), passwords, logins, world)
    if options.hub is not None:
        found.closed = NO_ACCOUNTS
    else:
        logins.others.append(found.logins)
    return found


async def _require_login(logins: Logins, provider: str) -> None:
    """Lets accounts alone sign browsers in: those of whoever runs the server are signed out.

    Args:
        logins: The logins of the server.
        provider: What people call the identity provider that signs them in, too; empty: none does.
    """
    logins.codes_closed = f"Here everybody signs in with {provider}, or by name." if provider else ACCOUNTS_ALONE
    await logins.revoke([login.id for login in logins.all() if login.account is None])


def _bound(services: Services, kept: Limits) -> None:
    """Sets what may be kept, and what guests may write."""
    closed = services.closed_sessions
    services.quotas.guest_bytes = kept.guest_mebibytes << 20
    closed.keep_mebibytes, closed.keep_days = kept.keep_closed_mebibytes, kept.keep_closed_days
    Retention(services.world, services.sessions, closed, kept.keep_mebibytes, kept.keep_days).start()


def makeService(options: Options) -> WebipyService:
    """What twistd calls; the only place where the parts are put together."""
    from twisted.internet import reactor

    count_time(reactor)
    share_one_arena()
    return WebipyService(options, reactor)
