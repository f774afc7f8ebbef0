"""Script tokens: named credentials for programs, each of one person, with scopes and an end.

::

    token.create ──► webipy_SECRET, shown once ──► Authorization: Bearer ──► principal ──► Principal(of its person, now), with the scopes
                     digest stored                                              └── check (webipy.core.api.token_scopes), beside every `permit`

A token acts as its person may at this moment: the right of a guest is looked up in their link, whoever has no login any more has no token either. Its
scopes take something away from that. The start-up token of the server (webipy.io.storage.token_file) is none of these: it has no scopes and no end.

Of a token only the SHA-256 digest is stored: of 256 random bits nothing can be guessed from it. One that was revoked or has expired is remembered for
`REMEMBERED_DAYS`, so that a program that still sends it is answered with what has become of it.

Invariants: a token ends in memory, and its connections with it, before that is written down, and is written down before it is shown; a token that
another token has made is worth no more (`narrower`), ends no later, and is revoked with it; tokens of a guest end with the guest's login, those of
whoever runs the server with the start-up token that was in force when they were made.

Rejected: signed tokens that carry their scopes (they can be neither revoked nor listed); a table of the registry (an older server refuses a registry
of a newer format, and nobody would want that for some tokens).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import access
from webipy.core.api.access import Principal
from webipy.core.api.scopes import Scopes
from webipy.core.api.token_scopes import PathOf, Touched, check, narrower
from webipy.core.timestamps import rfc3339, seconds_between
from webipy.server.people.failed_attempts import FailedAttempts
from webipy.server.people.login_connections import LoginConnections

PREFIX: Final = "webipy_"
"""What every script token begins with, so that people and scanners for secrets recognise one."""

NOTED_SECONDS: Final = 300.0
"""The use of a token is written down at most so often."""

MOST_OF_PERSON: Final = 100
MOST_OF_GUEST: Final = 5
"""Valid tokens."""

REMEMBERED_DAYS: Final = 30
"""How long a token is remembered after it has ended."""

MOST_REMEMBERED: Final = 10_000
"""Tokens that are kept, valid and ended; some 400 bytes each. Ended ones go first."""

LONGEST_WAIT: Final = 3600.0
"""Seconds between two looks for expired tokens at most: the wall clock may have been set meanwhile."""

OWNER: Final = "owner"
"""The person of whoever runs the server (`Principal.person`)."""


@attrs.define(frozen=True, slots=True)
class ScriptToken:
    """What is kept of a token.

    Args:
        id: Its id, which is the id of its login, too.
        digest: SHA-256 of the token, in hexadecimal.
        person: Whose it is (`Principal.person`).
        name: What it is called.
        scopes: What it may be used for.
        created: RFC 3339 UTC with microseconds, as all times here.
        expires: When it expires; `None`: never.
        parent: Id of the token that has made it; `None`: a person has.
        start_up: SHA-256 of the start-up token that was in force, in hexadecimal, for tokens of whoever runs the server; `None` for others.
        used: When it was used last; `None`: never.
        address: Where it was used from last.
        ended: When it was revoked; `None`: it was not.
    """

    id: str
    digest: str
    person: str
    name: str
    scopes: Scopes
    created: str
    expires: str | None = None
    parent: str | None = None
    start_up: str | None = None
    used: str | None = None
    address: str = ""
    ended: str | None = None


class ScriptTokenStore(Protocol):
    """Where script tokens are kept."""

    def load(self) -> Deferred[list[ScriptToken]]:
        """All that were kept."""

    def keep(self, tokens: list[ScriptToken]) -> Deferred[None]:
        """Keeps these, in place of those before, so that a power cut does not undo it."""


class NoTokenStore:
    """Keeps nothing: the tokens end with the server."""

    def load(self) -> Deferred[list[ScriptToken]]:
        """Nothing."""
        return succeed([])

    def keep(self, tokens: list[ScriptToken]) -> Deferred[None]:
        """Does nothing."""
        return succeed(None)


PersonOf = Callable[[str, str], Principal | None]
"""Returns the principal of a person at this moment, with the id of a login; `None` when there is no such person (any more)."""


@attrs.define(eq=False)
class TokenTable:
    """The tokens that are remembered.

    Args:
        store: Where they are kept.
    """

    store: ScriptTokenStore
    _tokens: dict[str, ScriptToken] = attrs.field(factory=dict)
    """By their ids, the oldest first."""
    _ids: dict[str, str] = attrs.field(factory=dict)
    """Ids by digests."""
    _log = Logger()

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, token: str) -> ScriptToken | None:
        """The token of an id."""
        return self._tokens.get(token)

    def of_secret(self, secret: str) -> ScriptToken | None:
        """What is kept of a token."""
        return self._tokens.get(self._ids.get(_digest(secret), ""))

    def all(self) -> list[ScriptToken]:
        """All, also those that have ended, the oldest first."""
        return list(self._tokens.values())

    def put(self, token: ScriptToken) -> None:
        """Adds a token, or changes one."""
        self._tokens[token.id] = token
        self._ids[token.digest] = token.id

    def forget(self, token: str) -> None:
        """Removes the token of an id."""
        del self._ids[self._tokens.pop(token).digest]

    def keep(self) -> Deferred[None]:
        """Writes all down."""
        return self.store.keep(self.all())

    def keep_soon(self) -> None:
        """Writes all down; nobody waits for it."""
        self.keep().addErrback(lambda failure: self._log.failure("script tokens could not be written down", failure))


@attrs.define(eq=False)
class ScriptTokens:
    """The script tokens of one server.

    Args:
        store: Where they are kept.
        now: The time, RFC 3339 UTC with microseconds.
        later: Calls a function after so many seconds; returns a function that cancels the call.
        new_id: A new id.
        new_secret: 256 new random bits as text.
        connections: The connections of logins: those of a token that ends are closed, and tokens of a guest end with the guest.
        person_of: Returns the principal of a person.
        start_up: The start-up token of the server.
    """

    store: ScriptTokenStore
    now: Callable[[], str]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    connections: LoginConnections
    person_of: PersonOf
    start_up: str
    document_of: PathOf = lambda session: None
    """Returns the path of a session's document; set by what knows the sessions."""
    table: TokenTable = attrs.field(init=False)
    _stop_clock: Callable[[], None] = lambda: None

    def __attrs_post_init__(self) -> None:
        self.table = TokenTable(self.store)
        self.connections.add(self._end_guest)

    async def load(self) -> None:
        """Reads the tokens that outlived the server; those of another start-up token, and of guests who are gone, have ended."""
        for one in await self.table.store.load():
            if one.ended is None and not self._is_standing(one):
                one = attrs.evolve(one, ended=self.now())
            self.table.put(one)
        self._end_expired()

    def _is_standing(self, token: ScriptToken) -> bool:
        """Whether the person of a token is there, and the start-up token the same."""
        is_same = token.start_up is None or hmac.compare_digest(token.start_up, _digest(self.start_up))
        return is_same and self.person_of(token.person, token.id) is not None

    # ---- making and listing

    async def create(self, maker: Principal, name: str, scopes: Scopes, days: int | None) -> tuple[ScriptToken, str]:
        """Makes a token.

        Args:
            maker: Whose it is; by a token that may make tokens, the person of that one.
            name: What it is called.
            scopes: What it may be used for.
            days: For how many days it is valid; `None`: until it is revoked.

        Returns:
            What is kept of it, and the token itself.

        Raises:
            errors.InvalidParams: The name cannot be used.
            errors.AlreadyExists: A valid token of this person has the name.
            errors.TooLarge: The person has as many as one may have.
            errors.NotPermitted: It would be worth more than the token that makes it, or the person can have none.
        """
        parent = None if maker.scopes is None else self.table.get(maker.login)
        name = self._free_name(maker, name)
        if parent is not None and not narrower(scopes, parent.scopes):
            raise errors.NotPermitted(
                f"The token {parent.name!r} makes only tokens that may do no more than itself: give the new one the same limits, or tighter.",
                reason="scope",
            )
        if self.person_of(maker.person, "") is None:
            raise errors.NotPermitted("You are signed in by what makes no tokens.")
        now, secret, of_owner = self.now(), PREFIX + self.new_secret(), maker.person == OWNER
        made = ScriptToken(
            self.new_id(),
            _digest(secret),
            maker.person,
            name,
            scopes,
            now,
            _end_of(now, days, parent),
            None if parent is None else parent.id,
            _digest(self.start_up) if of_owner else None,
        )
        self.table.put(made)
        try:
            await self.table.keep()
        except BaseException:
            self.table.forget(made.id)
            raise
        self._end_expired()
        return made, secret

    def _free_name(self, maker: Principal, name: str) -> str:
        """The name of a new token, when its maker may have one more and the name is free."""
        name, ours = access.person_name(name), [one for one in self.of(maker.person) if self.is_valid(one)]
        if any(one.name == name for one in ours):
            raise errors.AlreadyExists(
                f"A token of yours is called {name!r}; revoke it first, or choose another name.", kind="token", id=name
            )
        most = MOST_OF_PERSON if maker.session is None else MOST_OF_GUEST
        if len(ours) >= most:
            raise errors.TooLarge(f"A person has at most {most} tokens; revoke some.", limit=most)
        return name

    def of(self, person: str) -> list[ScriptToken]:
        """The tokens of a person that were not revoked, the oldest first."""
        return [one for one in self.all() if one.person == person]

    def all(self) -> list[ScriptToken]:
        """All tokens that were not revoked, the oldest first."""
        return [one for one in self.table.all() if one.ended is None]

    def is_valid(self, token: ScriptToken) -> bool:
        """Whether a token counts: it was not revoked, and has not expired."""
        return token.ended is None and (token.expires is None or self.now() < token.expires)

    # ---- who is it

    def principal(self, secret: str, address: str) -> Principal | None:
        """Who sends a token.

        Args:
            secret: The token.
            address: The address that it is sent from.

        Returns:
            The principal; `None` when the token does not count: `ending` says why.
        """
        found = self.table.of_secret(secret)
        who = None if found is None else self._principal(found)
        if found is not None and who is not None:
            self._use(found, address)
        return who

    def shown(self, secret: str, address: str, failed: FailedAttempts) -> Principal:
        """Who sends a token, which must count.

        Args:
            secret: The token.
            address: The address that it is sent from.
            failed: Counts the attempts that fail.

        Raises:
            errors.NotAuthenticated: It does not count; the message says why.
            errors.Throttled: The same, after too many failed attempts of this address.
        """
        found = self.principal(secret, address)
        if found is None:
            failed.record(address)
            raise errors.NotAuthenticated(self.ending(secret), reason="token")
        return found

    def _principal(self, token: ScriptToken) -> Principal | None:
        who = self.person_of(token.person, token.id) if self.is_valid(token) else None
        if who is None:
            return None
        guest = token.person if who.session is not None else None
        return attrs.evolve(who, token=token.name, scopes=token.scopes, guest=guest)

    def refresh(self, principal: Principal) -> Principal | None:
        """The principal of a token as it is now; `None` when the token has ended."""
        found = self.table.get(principal.login)
        return None if found is None else self._principal(found)

    def check(self, principal: Principal | None, touched: Touched) -> None:
        """Returns when the scopes of the token that somebody came by include a call; whoever came by none is not limited here.

        Args:
            principal: Who calls.
            touched: What the call touches.

        Raises:
            errors.NotPermitted: They do not include it.
        """
        if principal is not None and principal.scopes is not None:
            check(principal.token or "", principal.scopes, touched, self.document_of)

    def ending(self, secret: str) -> str:
        """Why a token does not count, as a sentence."""
        found = self.table.of_secret(secret)
        make = "Make another one with: webipy token create NAME"
        if found is None:
            return f"There is no such script token on this server; it may have ended long ago. {make}"
        if found.ended is not None:
            return f"The script token {found.name!r} was revoked. {make}"
        if not self.is_valid(found):
            return f"The script token {found.name!r} has expired ({(found.expires or '')[:10]}). {make}"
        return f"Whoever made the script token {found.name!r} may not use this server any more."

    def _use(self, token: ScriptToken, address: str) -> None:
        """Records that a token was used now."""
        now = self.now()
        if token.used is None or seconds_between(token.used, now) >= NOTED_SECONDS:
            self.table.put(attrs.evolve(token, used=now, address=address))
            self.table.keep_soon()

    # ---- ending

    async def revoke(self, tokens: Iterable[str]) -> list[str]:
        """Revokes tokens, with those that they have made, and ends their connections.

        Args:
            tokens: Their ids.

        Returns:
            The ids of all that were revoked now.
        """
        ended = self._end(tokens)
        if ended:
            await self.table.keep()
        return ended

    def end_person(self, person: str, *, is_out: bool = True) -> None:
        """Ends the connections of somebody's tokens; programs come again, with what their person may do from now on.

        Args:
            person: Whose tokens they are (`Principal.person`).
            is_out: Whether they may not use this server any more: then the tokens end, too.
        """
        for one in self.of(person):
            self.connections.end(one.id)
        if is_out and self._end([one.id for one in self.of(person)]):
            self.table.keep_soon()

    def _end_guest(self, login: str) -> None:
        """Ends the tokens of a guest whose login has ended."""
        if self.table.get(login) is None and login != OWNER:
            self.end_person(login)

    def _end(self, tokens: Iterable[str]) -> list[str]:
        ended, waiting = [], list(tokens)
        while waiting:
            found = self.table.get(waiting.pop())
            if found is None or found.ended is not None:
                continue
            self.table.put(attrs.evolve(found, ended=self.now()))
            ended.append(found.id)
            waiting += [one.id for one in self.table.all() if one.parent == found.id]
            self.connections.end(found.id)
        return ended

    # ---- time

    def _end_expired(self) -> None:
        """Ends the connections of tokens that have expired, forgets those that ended long ago, and schedules the next look."""
        self._stop_clock()
        now = self.now()
        for one in [one for one in self.table.all() if one.expires is not None and one.expires <= now]:
            self.connections.end(one.id)
        for one in self.table.all():
            over = one.ended or (one.expires if not self.is_valid(one) else None)
            is_old = over is not None and seconds_between(over, now) > REMEMBERED_DAYS * 86_400
            if is_old or (over is not None and len(self.table) > MOST_REMEMBERED):
                self.table.forget(one.id)
        coming = [one.expires for one in self.table.all() if one.expires is not None and self.is_valid(one)]
        if len(self.table):
            wait = min([LONGEST_WAIT, *(seconds_between(now, one) for one in coming)])
            self._stop_clock = self.later(max(0.0, wait), self._end_expired)


def is_script_token(token: str) -> bool:
    """Whether a text has the form of a script token."""
    return token.startswith(PREFIX)


def _end_of(now: str, days: int | None, parent: ScriptToken | None) -> str | None:
    """When a new token expires: not after the one that makes it."""
    expires = None if days is None else rfc3339(datetime.fromisoformat(now) + timedelta(days=days))
    if parent is None or parent.expires is None:
        return expires
    return parent.expires if expires is None else min(expires, parent.expires)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
