"""Account logins: the browsers and command lines that are signed in to accounts.

A browser has the two secrets of every login, a cookie and a key (webipy.server.people.logins); a command line has one secret, which it sends as
`Authorization: Bearer SECRET` and keeps in a file of mode 0600. Both belong to an account: what it may do is looked up at every call.

    enter ──► secrets ──► of_cookie, of_token ──► Principal(account, role, groups) ──► refresh, at every call
                                   └── disabled, removed, another password ──► end_of ──► LoginConnections.end

A browser that is to stay signed in has 30 days; any other login of a browser ends after 12 hours in which it asked for nothing, and its cookie with
the browser. A command line has 90 days from its last use.

Invariants: a login that has ended is in no table, and its connections are closed in the same turn; a new login always has new secrets; the registry
has digests alone.

Rejected: to keep account logins among those of the owner (those end with the token; and whoever forgets a condition would make everybody an owner).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core.api.access import Principal, Verb
from webipy.core.timestamps import seconds_between
from webipy.server.people.accounts import Account, Accounts
from webipy.server.people.login_connections import LoginConnections
from webipy.server.people.logins import COOKIE_DAYS, USED_SECONDS, Browser, Login, LoginSecrets
from webipy.server.people.shares import digest as _digest

IDLE_HOURS = 12
"""After so many hours without a request a browser that is not to stay signed in has to sign in again."""

COMMAND_LINE_DAYS = 90

MOST_OF_ACCOUNT = 100
"""Logins of one account; the one that was used least recently makes room."""


class AccountLoginStore(Protocol):
    """Where account logins are stored; they go with their account."""

    def account_logins(self) -> Awaitable[list[Login]]:
        """All of them, the oldest first."""

    def put_account_login(self, login: Login) -> Deferred[None]:
        """Stores a login, new or used again."""

    def remove_account_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets logins."""


@attrs.define(eq=False)
class AccountLogins:
    """The account logins of one server; see `webipy.server.people.logins.OtherLogins`.

    Args:
        store: Where they are stored.
        accounts: The accounts.
        now: The time, RFC 3339 UTC with microseconds.
        new_id: A new id.
        new_secret: 256 new random bits as text.
        connections: The connections of logins: those of a login that ends are closed.
    """

    store: AccountLoginStore
    accounts: Accounts
    now: Callable[[], str]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    connections: LoginConnections
    _logins: dict[str, Login] = attrs.field(factory=dict)
    _digests: dict[bytes, str] = attrs.field(factory=dict)
    """Logins by the digest of their cookie, or of the one secret of a command line."""
    _log = Logger()

    async def load(self) -> None:
        """Reads the logins that outlived the server."""
        found = await self.store.account_logins()
        self._logins = {login.id: login for login in found if self.accounts.get(login.account or "") is not None}
        self._digests = {login.digest: login.id for login in self._logins.values()}
        self.expire()

    def expire(self) -> None:
        """Ends the logins that have become too old, and their connections."""
        now = self.now()
        self.end([login.id for login in self._logins.values() if self._is_over(login, now)])

    def _is_over(self, login: Login, now: str) -> bool:
        if login.kind == "command line":
            return seconds_between(login.used, now) >= COMMAND_LINE_DAYS * 86_400
        if login.stays:
            return seconds_between(login.since, now) >= COOKIE_DAYS * 86_400
        return seconds_between(login.used, now) >= IDLE_HOURS * 3600

    # ---- who is it

    def of_token(self, token: str) -> Principal | None:
        """Who sends the secret of a command line; `None`: nobody."""
        login = self._logins.get(self._digests.get(_digest(token), ""))
        return self._principal(login) if login is not None and login.kind == "command line" else None

    def of_cookie(self, cookie: bytes) -> tuple[Principal, bytes] | None:
        """Whose browser has a cookie, and the digest of the key that belongs to it; `None`: nobody's.

        Args:
            cookie: The digest of the cookie.
        """
        login = self._logins.get(self._digests.get(cookie, ""))
        if login is None or login.kind != "browser":
            return None
        principal = self._principal(login)
        return (principal, login.key) if principal is not None else None

    def of_person(self, person: str) -> Principal | None:
        """The principal of a person (`Principal.person`), who has an account that lets them in; `None`: nobody."""
        account = self.accounts.get(person.removeprefix("account ")) if person.startswith("account ") else None
        return None if account is None or account.is_disabled else _principal_of(account, "")

    def _principal(self, login: Login) -> Principal | None:
        account = self._account(login, self.now())
        return None if account is None else _principal_of(account, login.id)

    def _account(self, login: Login, now: str) -> Account | None:
        """The account of a login, if the login lets somebody in at this moment."""
        account = self.accounts.get(login.account or "")
        return None if account is None or account.is_disabled or self._is_over(login, now) else account

    def refresh(self, principal: Principal) -> Principal | None:
        """A principal as it is now, with the role and the groups of this moment; `None` when their login has ended."""
        login, now = self._logins.get(principal.login), self.now()
        account = None if login is None else self._account(login, now)
        if login is None or account is None:
            return None
        self._use(login, now)
        return principal if _is_of(principal, account) else _principal_of(account, login.id)

    def _use(self, login: Login, now: str) -> None:
        """Records that a login was used now."""
        if seconds_between(login.used, now) < USED_SECONDS:
            return
        self._logins[login.id] = used = attrs.evolve(login, used=now)
        noted = self.store.put_account_login(used)
        noted.addErrback(lambda failure: self._log.failure("the use of a login could not be noted", failure))

    def all(self) -> list[Login]:
        """The logins, the oldest first."""
        return list(self._logins.values())

    def of(self, account: str) -> list[Login]:
        """The logins of an account, the oldest first."""
        return [login for login in self._logins.values() if login.account == account]

    # ---- signing in and out

    async def enter(self, account: Account, browser: Browser, *, stays: bool) -> LoginSecrets:
        """Makes the login of a browser, and returns its secrets.

        Args:
            account: Whose it is.
            browser: Where it is made.
            stays: Whether it is to stay signed in.
        """
        secrets = LoginSecrets(self.new_secret(), self.new_secret(), stays)
        digest, key, now = _digest(secrets.cookie), _digest(secrets.key), self.now()
        await self._keep(
            Login(self.new_id(), digest, key, "", browser, now, now, b"", account.id, "browser", stays=stays)
        )
        return secrets

    async def enter_command_line(self, account: Account, browser: Browser) -> str:
        """Makes the login of a command line, and returns its secret.

        Args:
            account: Whose it is.
            browser: Where it is made.
        """
        secret, now = self.new_secret(), self.now()
        await self._keep(
            Login(self.new_id(), _digest(secret), b"", "", browser, now, now, b"", account.id, "command line")
        )
        return secret

    async def _keep(self, login: Login) -> None:
        self._logins[login.id] = login
        self._digests[login.digest] = login.id
        theirs = self.of(login.account or "")
        if len(theirs) > MOST_OF_ACCOUNT:
            self.end([min(theirs[:-1], key=lambda one: one.used).id])
        await self.store.put_account_login(login)

    def end(self, logins: Iterable[str]) -> list[str]:
        """Ends logins with their connections; returns the ids of those that there were."""
        ended = [self._logins.pop(login) for login in tuple(logins) if login in self._logins]
        for login in ended:
            self._digests.pop(login.digest, None)
            self.connections.end(login.id)
        names = [login.id for login in ended]
        if names:
            forgotten = self.store.remove_account_logins(names)
            forgotten.addErrback(lambda failure: self._log.failure("logins could not be forgotten", failure))
        return names

    def end_of(self, account: str, besides: str = "") -> list[str]:
        """Ends the logins of an account; returns their ids.

        Args:
            account: Id of the account.
            besides: Id of the login that stays; empty: none.
        """
        return self.end([login.id for login in self.of(account) if login.id != besides])


def _principal_of(account: Account, login: str) -> Principal:
    """What somebody may do who has signed in to an account.

    Args:
        account: The account.
        login: The id of the login that they came by.
    """
    verb: Verb = "own" if account.role == "admin" else "none"
    return Principal(account.display_name, verb, login, account=account.id, role=account.role, groups=account.groups)


def _is_of(principal: Principal, account: Account) -> bool:
    """Whether a principal, made for a login of this account, is what would be made for it now: another one need not be made at every call."""
    return (
        principal.groups is account.groups
        and principal.role == account.role
        and principal.name == account.display_name
        and principal.account == account.id
    )
