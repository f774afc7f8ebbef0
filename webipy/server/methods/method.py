"""Methods of the API: what one is, what it works on, and the connection that calls it.

A method is a function from a `Services`, a `Connection` and its params struct to its result struct. The decorator `method`
enters it into the table with its name and verb, and reads the two structs from its annotations, so that table and
function agree. The decorator also declares the reach of the method, by which the dispatcher decides who may call it (webipy.server.methods.rules):

    server       the server as such: for whoever runs it, and admins
    connection   only the connection that calls: for everybody who is signed in
    person       what belongs to the person who calls, who is no guest: for everybody else, who there has `own`
    account      a list of what the caller may read: for everybody with an account; the method leaves out what they may not
    session      the session in its params: for guests of that session, and accounts with a right to its notebook
    paths        the files that its params name: for accounts with a right to each of them
    place        something that has to be looked up first (`found`): for accounts with a right to the place where it is

Invariant: a method without a reach, or with a path among its params that no rule speaks of, cannot be entered: that is an error at import.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, Literal, TypeVar, get_args, get_type_hints

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api import calls, token_scopes
from webipy.core.api.access import Principal, Verb
from webipy.core.api.calls import Params, Result
from webipy.core.api.grants import session_place
from webipy.core.api.token_scopes import Touched
from webipy.server.methods.failures import Failures
from webipy.server.notebooks.client_copies import ClientCopies
from webipy.server.notebooks.documents import Documents
from webipy.server.notebooks.handouts import Handouts
from webipy.server.notebooks.rooms import Rooms
from webipy.server.notebooks.runs import Runs
from webipy.server.notebooks.temporary_sessions import TemporarySessions
from webipy.server.people.audit import NOWHERE, Origin
from webipy.server.people.budgets import GUEST, OWNER, Budget, Budgets
from webipy.server.people.directory import Directory, Entry
from webipy.server.people.homes import Homes
from webipy.server.people.logins import Logins
from webipy.server.people.people import People
from webipy.server.people.presence import Participant, Presence
from webipy.server.people.quotas import Quotas
from webipy.server.people.rights import Rights, holding_folder
from webipy.server.ports.world import World
from webipy.server.sessions import guest_view
from webipy.server.sessions.closed_sessions import ClosedSessions
from webipy.server.sessions.feed import Feed
from webipy.server.sessions.kernel_usage import Usage
from webipy.server.sessions.notifications import Notifications
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions
from webipy.server.terminals.terminal_reader import TerminalReader
from webipy.server.terminals.terminals import Terminals

MOST_OF_LOGIN: Final = OWNER.lines
"""Connections of one login of whoever runs the server, and its calls by POST: pages, and programs by the token."""

MOST_OF_GUEST: Final = GUEST.lines
"""The same of one guest: some pages, and those that are closing."""

_W = TypeVar("_W")


@attrs.define(eq=False)
class Services:
    """The services of one server, which the methods work on.

    Args:
        world: The outside.
        sessions: The open sessions.
        logins: The logins and shares.
        people: The accounts.
        page_url: Returns the address of the page for a session's id (or `None`), with a fragment.
        version: webipy's version.
        installed: Returns the versions of what webipy stands on, by name.
        public_url: The address that people open, with a slash at its end, when that is another one than the server's own.
        has_jupyterlab: Returns whether JupyterLab is installed beside webipy.
    """

    world: World
    sessions: Sessions
    logins: Logins
    people: People
    page_url: Callable[[str | None, str], str]
    version: str
    installed: Callable[[], dict[str, str]] = dict
    public_url: str | None = None
    has_jupyterlab: Callable[[], bool] = bool
    hub_home: str | None = None
    """The address of the page of a hub where people start and stop this server."""
    verbs: Mapping[str, Verb] = attrs.field(factory=dict)
    """The right that each method needs, by its name."""
    directory: Directory = attrs.field(init=False)
    rights: Rights = attrs.field(init=False)
    homes: Homes = attrs.field(init=False)
    closed_sessions: ClosedSessions = attrs.field(init=False)
    documents: Documents = attrs.field(init=False)
    copies: ClientCopies = attrs.field(init=False)
    rooms: Rooms = attrs.field(init=False)
    handouts: Handouts = attrs.field(init=False)
    presence: Presence = attrs.field(init=False)
    usage: Usage = attrs.field(init=False)
    temporary: TemporarySessions = attrs.field(init=False)
    runs: Runs = attrs.field(init=False)
    budgets: Budgets = attrs.field(init=False)
    quotas: Quotas = attrs.field(init=False)
    terminals: Terminals = attrs.field(init=False)
    notifications: Notifications = attrs.field(init=False)
    started: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.started = self.world.now()
        self.budgets = Budgets(self.world.clock, self.world.later)
        self.directory = Directory(self._known)
        self.rights = Rights(self.world.grants, self.world.now, self._place_of, self.logins.refresh)
        self.homes = Homes(self.rights, self.world.files)
        self.sessions.moves.add(lambda _: self.rights.recheck())
        self.closed_sessions = ClosedSessions(self.world, self.sessions, removed=self._removed)
        self.documents = Documents(self.world, self.sessions, self.closed_sessions, self.rights)
        self.copies = ClientCopies(self.world, self.documents)
        self.rooms = Rooms(self.world, self.sessions, self.documents)
        self.presence = Presence(self.world.later, self.world.clock)
        self.handouts = Handouts(self.world, self.rights, self.directory, self.documents, self.presence)
        self.quotas = Quotas(self.world.clock)
        self.sessions.appends.add(lambda session, by, size: self.quotas.charge(session.id, by, size))
        self.usage = Usage(self.world, self.sessions)
        self.temporary = TemporarySessions(self.world, self.sessions, self.documents, self.logins.shares)
        self.terminals = Terminals(self.world, self.sessions.root)
        self.runs = Runs(self.world, self.sessions, self.documents, self.temporary)
        self.notifications = Notifications(self.world, self.sessions, self.page_url, self._has_login)
        self.logins.shares.connections.add(self.notifications.browsers.end_login)
        self.logins.script_tokens.document_of = self._document_of

    def _document_of(self, session: str) -> str | None:
        """The path of the document of an open session: empty where it has none; `None`: there is no such session."""
        found = self.sessions.find(session)
        return None if found is None else found.record.path or ""

    def _has_login(self, login: str) -> bool:  # those of a hub are in memory alone: after a restart any counts
        return self.hub_home is not None or any(one.id == login for one in self.logins.all())

    def _known(self) -> list[Entry]:
        return [
            Entry(one.id, one.name, one.display_name, one.groups)
            for one in self.people.accounts.all()
            if not one.is_disabled
        ]

    def _place_of(self, session: str) -> str | None:
        found = self.sessions.find(session)
        return None if found is None else found.record.path or session_place(session)

    async def _removed(self, session: str) -> None:
        await self.rights.deleted(session_place(session))

    async def restore(self) -> None:
        """Brings back, as the server starts, what lives on: rights, sessions and terminals."""
        await self.rights.load()
        await self.sessions.restore()
        await self.terminals.restore()

    async def resume(self) -> None:
        """Resumes, after the server has started, what the last one has begun: documents, runs and temporary sessions."""
        await self.documents.resume()
        self.runs.resume()
        self.temporary.resume()
        await self.notifications.resume()

    async def stop(self) -> None:
        """Saves what is not saved, as the server ends; the next one resumes the rest."""
        self.rooms.close_all()
        self.notifications.stop()
        self.runs.stop()
        self.temporary.stop()
        await self.documents.autosaves.stop()


@attrs.define(eq=False)
class Connection:
    """A client's connection to the API: who calls, and how notifications are sent.

    Args:
        principal: Who acts; the transport has authenticated them.
        send: Sends one notification over the transport; `None` where that cannot be done (POST).
        soon: Calls a function in a later turn of the reactor.
        give_up: Closes the connection, because a journal that it subscribes to cannot be read; the client reconnects and resumes by seq.
    """

    principal: Principal | None
    send: Callable[[bytes], None] | None = None
    soon: Callable[[Callable[[], None]], object] = lambda call: call()
    give_up: Callable[[], None] = lambda: None
    feeds: dict[str, Feed] = attrs.field(factory=dict)
    origin: Origin = NOWHERE
    """Where its calls come from, for the audit log."""
    readers: dict[str, TerminalReader] = attrs.field(factory=dict)
    """What it reads of terminals, by their ids."""
    watches: dict[str, Callable[[], None]] = attrs.field(factory=dict)
    participants: dict[str, tuple[Participant, Callable[[], None]]] = attrs.field(factory=dict)
    budget: Budget | None = None
    """The budget of the login; `None` until a call is answered."""
    is_paused: bool = False
    is_gone: bool = False
    queue: str = ""
    """The name of the queue of this connection's executions, once there is one."""
    _leaving: dict[str, Callable[[], None]] = attrs.field(factory=dict)
    """Called when the connection is closed, by the session that each is about."""
    _held: dict[str, bytes] = attrs.field(factory=dict)
    _waits: set[Deferred[Any]] = attrs.field(factory=set)

    def hold(self, size: int) -> None:
        """Counts bytes of an answer that wait for the reader; a negative size counts them off."""
        if self.budget is not None:
            self.budget.hold(size)

    def heavy(self) -> AbstractAsyncContextManager[None]:
        """A context for the part of a call that may read or answer much: it waits for other such calls of the same login."""
        return self.budget.heavy(self) if self.budget is not None else nullcontext()

    def until(self, waited: Deferred[_W]) -> Deferred[_W]:
        """Waits for something, and cancels the wait when the connection is closed."""

        def over(outcome: _W) -> _W:
            self._waits.discard(waited)
            return outcome

        self._waits.add(waited)
        waited.addBoth(over)
        if self.is_gone:
            waited.cancel()
        return waited

    @property
    def row(self) -> str:
        """The row in which its calls wait for their turn: that of the login."""
        return self.principal.login if self.principal is not None else ""

    @property
    def name(self) -> str:
        """The principal's name, for events."""
        return self.principal.name if self.principal is not None else ""

    def hidden(self, session: Session) -> int:
        """Seq of the last event that the principal may not see: a guest sees a session from its last opening on, its owner all of it; and so does
        anybody who has it shared with them.
        """
        return max(0, session.state.lifecycle.reopened_seq - 1) if guest_view.is_limited(self.principal) else 0

    def followed(self) -> tuple[list[str], list[str]]:
        """The ids of the sessions and the paths of the folders that it follows."""
        return [*{*self.feeds, *self.participants}], list(self.watches)

    def subscribe(self, session: Session, cursor: int) -> None:
        """Starts a feed, in place of an earlier one; it sends from the next turn on, after the answer to this call.

        Args:
            session: The session.
            cursor: Seq of the first event.

        Raises:
            errors.InvalidRequest: The transport cannot carry notifications.
        """
        if self.send is None:
            raise errors.InvalidRequest("Events come over a WebSocket, and this call came by POST.")
        self._end_feed(session.id)
        send = self._send_shown if guest_view.is_limited(self.principal) else self.send
        feed = Feed(session, send, cursor, self.soon, self.is_paused, self.give_up)
        self.feeds[session.id] = feed
        self.soon(lambda: self._join(session, feed))

    def _send_shown(self, notification: bytes) -> None:
        if self.send is not None:
            self.send(guest_view.notification(notification, self.principal))

    @staticmethod
    def _join(session: Session, feed: Feed) -> None:
        if not feed.is_closed:
            session.feeds.add(feed)
            feed.wake()

    def take_part(self, session: str, participant: Participant, leave: Callable[[], None]) -> None:
        """Records that it is a participant of a session, until `unsubscribe`.

        Args:
            session: The session's id.
            participant: The participant.
            leave: Removes the participant.
        """
        self.participants[session] = participant, leave

    def unsubscribe(self, session: str) -> None:
        """Ends the feed of a session, and its part in the presence there, if there are any."""
        self._end_feed(session)
        _, leave = self.participants.pop(session, (None, None))
        if leave is not None:
            leave()

    def _end_feed(self, session: str) -> None:
        feed = self.feeds.pop(session, None)
        if feed is not None:
            feed.close()
            if isinstance(feed.source, Session):
                feed.source.feeds.discard(feed)

    def watch(self, path: str, begin: Callable[[Callable[[], None]], Callable[[], None]], notification: bytes) -> None:
        """Sends a notification whenever a folder has changed, until `unwatch`; while the transport is full, one is kept.

        Args:
            path: The folder, relative to the root.
            begin: Begins the watch, given a function that is called at each change; returns a function that cancels it.
            notification: The notification, JSON.
        """
        self.unwatch(path)
        if not self.is_gone:
            self.watches[path] = begin(lambda: self.send_latest(path, notification))

    def send_latest(self, about: str, notification: bytes) -> None:
        """Sends a notification; while the transport is full, the last one about each subject is kept.

        Args:
            about: The subject.
            notification: The notification, JSON.
        """
        if self.is_paused:
            self._held[about] = notification
        elif self.send is not None and not self.is_gone:
            self.send(notification)

    def unwatch(self, path: str) -> None:
        """Cancels the watch of a folder, if there is one."""
        self._held.pop(path, None)
        end = self.watches.pop(path, None)
        if end is not None:
            end()

    def pause(self) -> None:
        """The transport is full."""
        self.is_paused = True
        for feed in self.feeds.values():
            feed.pause()
        for reader in self.readers.values():
            reader.pause()

    def resume(self) -> None:
        """The transport has room again."""
        self.is_paused = False
        held, self._held = self._held, {}
        for about, notification in held.items():
            self.send_latest(about, notification)
        for feed in tuple(self.feeds.values()):
            feed.resume()
        for reader in tuple(self.readers.values()):
            reader.resume()

    def when_left(self, session: str, call: Callable[[], None] | None) -> None:
        """Sets what is called about a session when the connection is closed.

        Args:
            session: Id of the session.
            call: Called once; `None` for nothing.
        """
        self._leaving.pop(session, None)
        if call is not None:
            self._leaving[session] = call

    def leave(self) -> None:
        """Ends the feeds, watches and waits of a connection that is closed; executions and runs that it has begun go on."""
        self.is_gone = True
        for path in list(self.watches):
            self.unwatch(path)
        for session in [*self.feeds, *self.participants]:
            self.unsubscribe(session)
        self.readers.clear()
        left, self._leaving = self._leaving, {}
        for call in left.values():
            call()
        for waited in list(self._waits):
            waited.cancel()


Function = Callable[[Services, Connection, Any], Awaitable[Result]]
NO_PARAMS: Final[Mapping[str, object]] = {}
NO_PATHS: Final[Mapping[str, PathNeed]] = {}
Reach = Literal["server", "connection", "person", "account", "session", "paths", "place"]

PathNeed = Verb | Literal["entry", "session"]
"""What a path in the params needs: a verb there; `entry`, which makes, moves or deletes what has the path: `write` there and in the folder that holds
it; `session`, which is the id of another session: to read that."""

Needed = tuple[str, Verb]
"""A place, and the verb that a call needs there."""

PATH_FIELDS: Final = frozenset(
    ("path", "to", "cwd", "folder", "root", "file", "client_path", "connection", "outputs_from", "place")
)
"""Names of params that are paths, or lead somewhere else: a rule has to speak of them."""


@attrs.define(frozen=True)
class Method:
    """One line of the method table.

    Args:
        name: `noun.verb`.
        verb: The right that it needs.
        params: The struct of its params.
        result: The struct of its result.
        function: Carries a call out.
        reach: What a call can touch; see the module.
        beyond: Params that, when they are given, let a call reach beyond its session: no guest may give them.
        paths: The params that are paths, and what each needs; `a.b` is a field of a param.
        needed: Returns more places, and the verb that a call needs at each, by its params.
        found: Returns the place that a call is about, where it has to be looked up.
        stronger: Returns the verb that a call needs by its params, where some need a stronger one than `verb`.
        raises: The failures that say something of its work, each once; what any call may fail with (`OF_ANY_CALL`) is not among them.
        example: Params of a call that succeeds in the world of tests/api_examples.py; without `session`, where they stay in one.
    """

    name: str
    verb: Verb
    params: type[Params]
    result: type[Result]
    function: Function
    reach: Reach
    beyond: tuple[str, ...] = ()
    paths: Mapping[str, PathNeed] = attrs.field(factory=dict)
    needed: Callable[[Any], Iterable[Needed]] | None = None
    found: Callable[[Services, Any], Awaitable[str]] | None = None
    stronger: Callable[[Any], Verb] | None = None
    raises: Failures = ()
    example: Mapping[str, object] = attrs.field(factory=dict)

    def needs(self, params: Params) -> Verb:
        """The verb that a call needs."""
        return self.verb if self.stronger is None else self.stronger(params)

    def place(self, params: Params, principal: Principal | None) -> str | None:
        """The session that a call is confined to; `None` when it reaches beyond one.

        Args:
            params: The params of the call.
            principal: Who calls.
        """
        if self.reach == "connection":
            return principal.session if principal is not None else None
        if self.reach != "session" or any(getattr(params, name) is not None for name in self.beyond):
            return None
        session: str = params.session  # type: ignore[attr-defined]  # all that stay in a session have it
        return session

    def touched(self, params: Params, verb: Verb, place: str | None) -> Touched:
        """What a call touches, for the scopes of a script token.

        Args:
            params: The params of the call.
            verb: The verb that it needs.
            place: The session that it is confined to.
        """
        named = getattr(params, "id" if self.name == "session.create" else "session", None)
        paths = token_scopes.paths_in(self.name, params)
        return Touched(self.name, verb, place, paths, named, self.reach == "connection")

    def __attrs_post_init__(self) -> None:
        """Refuses a method whose rule does not say who may call it.

        Raises:
            TypeError: It has none, or one that leaves out a path.
        """
        fields = set(self.params.__struct_fields__)
        if self.reach not in get_args(Reach):
            raise TypeError(f"{self.name} has no reach: say what a call can touch.")
        if (self.reach == "session" and "session" not in fields) or (self.reach == "place") != (self.found is not None):
            raise TypeError(f"{self.name} does not say which session or place it is about.")
        if self.reach == "paths" and not self.paths and self.needed is None:
            raise TypeError(f"{self.name} does not say which of its params are paths.")
        unknown = {name.partition(".")[0] for name in self.paths} - fields
        silent = fields & PATH_FIELDS - {name.partition(".")[0] for name in self.paths}
        if unknown or (silent and self.needed is None and self.reach != "server"):
            raise TypeError(f"{self.name}: its rule does not fit its params: {', '.join(sorted(unknown | silent))}.")

    def places(self, params: Params) -> list[Needed]:
        """The places that a call names, with the verb that it needs at each.

        Args:
            params: The params of the call.
        """
        found = list(self.needed(params)) if self.needed is not None else []
        for name, need in self.paths.items():
            given: Any = params
            for part in name.split("."):
                given = getattr(given, part) if given is not None else None
            if given is None or need == "session":
                continue
            if need == "entry":
                found += [(holding_folder(given), "write"), (given, "write")]
            else:
                found.append((given, need))
        return found

    @property
    def doc(self) -> str:
        """What it does, for its users."""
        return self.function.__doc__ or ""


def shown(services: Services, connection: Connection, session: Session) -> calls.Session:
    """A session as the caller sees it, with the right that they have in it.

    Args:
        services: The services of the server.
        connection: The caller's.
        session: The session.
    """
    verb = services.rights.in_session(connection.principal, session.id)
    return msgspec.structs.replace(guest_view.session(session, connection.principal), verb=verb)


_F = TypeVar("_F", bound=Callable[..., Awaitable[Result]])


class Methods(msgspec.Struct):
    """Gathers the methods of one module."""

    table: dict[str, Method] = msgspec.field(default_factory=dict)

    def method(
        self,
        name: str,
        verb: Verb,
        reach: Reach,
        *,
        beyond: tuple[str, ...] = (),
        paths: Mapping[str, PathNeed] = NO_PATHS,
        needed: Callable[[Any], Iterable[Needed]] | None = None,
        found: Callable[[Services, Any], Awaitable[str]] | None = None,
        stronger: Callable[[Any], Verb] | None = None,
        raises: Failures = (),
        example: Mapping[str, object] = NO_PARAMS,
    ) -> Callable[[_F], _F]:
        """Enters the function below into the table.

        Args:
            name: The name of the method, `noun.verb`.
            verb: The right that a call needs.
            reach: What a call can touch; this and the rest as in `Method`.
            beyond: Params that let a call reach beyond its session.
            paths: The params that are paths, and what each needs.
            needed: Returns more places that a call names.
            found: Returns the place that a call is about.
            stronger: Returns the verb that a call needs, by its params.
            raises: The failures that say something of the method's work.
            example: Params of a call that succeeds.

        Returns:
            A decorator of a function from `Services`, `Connection` and params to a result.

        Raises:
            TypeError: The rule does not say who may call it.
        """

        def enter(function: _F) -> _F:
            kinds = get_type_hints(function)
            self.table[name] = Method(
                name,
                verb,
                kinds["params"],
                kinds["return"],
                function,
                reach,
                beyond,
                paths,
                needed,
                found,
                stronger,
                tuple(dict.fromkeys(raises)),
                example,
            )
            return function

        return enter
