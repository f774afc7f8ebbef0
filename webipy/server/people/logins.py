"""Logins: whose a request is, decided in one place.

A credential is a token (command line, scripts: `Authorization: Bearer TOKEN`) or the two secrets of a browser's login: a cookie, which scripts
cannot read, and a key, which the page keeps for its own origin and sends itself. Neither is enough alone: a browser sends the cookie of a host to
every port of it, so any other local server may have seen it; the key is known to our own origin only. Where a browser can send no key (a download
that it carries out itself), a ticket replaces it (webipy.server.people.tickets), and in pages of JupyterLab a lab token
(webipy.server.people.lab_tokens). Beside the token of whoever runs the server there are script tokens, which people make for their programs
(webipy.server.people.script_tokens).

A browser gets both for a one-time code, which the server prints in the fragment of its address (fragments are not sent to servers nor
kept in their logs), or for the token typed into the sign-in form. A guest gets them for the link of a session and a name
(webipy.server.people.shares). Only SHA-256 digests are stored: of 256 random bits nothing can be guessed from them.

::

    code, token ──► sign_in ──► cookie + key ──► principal_of ──► Principal(login) ──► refresh, at every call
                                                                        └── revoke, expire, sign_out ──► LoginConnections.end

Invariants: `principal_of` is the only way to a `Principal`; all cookies of our name are tried, as another port may have planted one
beside ours; a request that a browser says comes from another origin is nobody's; digests are compared in constant time; a code works
once and only for a while. A hub, where there is one, is one more source of both kinds (webipy.server.people.hub_logins). A credential is checked
before a failed attempt is counted (webipy.server.people.failed_attempts). A login belongs to the
token that was in force when it was made: under another token it ends. A login ends in memory before that is written down.

Rejected: the cookie alone, with our own Origin (a local server that has seen the cookie sends any Origin); the key alone (whatever
reads the page's storage would have all of it).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.api.login_calls import LoginKind
from webipy.core.timestamps import seconds_between
from webipy.server.people.audit import Audit
from webipy.server.people.failed_attempts import FailedAttempts
from webipy.server.people.lab_tokens import LabTokens, LabTokenStore, NoStore
from webipy.server.people.script_tokens import OWNER, NoTokenStore, ScriptTokens, ScriptTokenStore, is_script_token
from webipy.server.people.shares import Share, Shares
from webipy.server.people.shares import digest as _digest
from webipy.server.people.tickets import Tickets

COOKIE_DAYS = 30
CODE_SECONDS = 24 * 3600
"""How long a one-time code works, if it has not been used before: a person may come back to the terminal the next day."""

MAX_CODES = 100
USED_SECONDS = 300
"""The use of a login is written down at most so often."""

TOKEN_LOGIN = "token"
"""The login of whoever comes by the token."""


class Browser(msgspec.Struct, frozen=True):
    """Where a login was made.

    Args:
        agent: The `User-Agent` header.
        address: The address that the request came from.
    """

    agent: str = ""
    address: str = ""


NOWHERE = Browser()
"""Nothing is known of it."""


@attrs.define(frozen=True, slots=True)
class Login:
    """A login of whoever runs the server, or of an account.

    Args:
        id: Its id, which no secret can be guessed from.
        digest: SHA-256 of its cookie.
        key: SHA-256 of its key.
        name: The person's name.
        browser: Where it was made.
        since: When it was made, RFC 3339 UTC with microseconds.
        used: When it was used last, the same.
        token: SHA-256 of the token that was in force when it was made; of an account's login nothing.
        account: Id of the account; `None`: it is of whoever runs the server.
        kind: What is signed in.
        stays: Whether a browser is to stay signed in.
    """

    id: str
    digest: bytes
    key: bytes
    name: str
    browser: Browser
    since: str
    used: str
    token: bytes
    account: str | None = None
    kind: LoginKind = "browser"
    stays: bool = True


@attrs.define(frozen=True, slots=True)
class LoginSecrets:
    """The two secrets of a new login, which are sent once and not stored; whether the browser keeps them when it is closed; a word to its person."""

    cookie: str
    key: str
    stays: bool = True
    notice: str = ""


class LoginStore(Protocol):
    """Where logins are stored."""

    def put_login(self, login: Login, days: int) -> Deferred[None]:
        """Stores a login, new or used again.

        Args:
            login: The login.
            days: How long a new one is valid.
        """

    def logins(self) -> Deferred[list[Login]]:
        """All logins that are valid now, the oldest first."""

    def remove_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets logins."""


class OtherLogins(Protocol):
    """Logins that somebody else answers for."""

    def of_token(self, token: str) -> Principal | None:
        """Who sends a token; `None`: nobody."""

    def of_cookie(self, cookie: bytes) -> tuple[Principal, bytes] | None:
        """Whose browser has a cookie, given its digest, and the digest of the key that belongs to it; `None`: nobody's."""

    def of_person(self, person: str) -> Principal | None:
        """The principal of a person (`Principal.person`) who may have script tokens; `None`: there is nobody (any more)."""

    def refresh(self, principal: Principal) -> Principal | None:
        """A principal as it is now; `None` when their login has ended."""

    def all(self) -> list[Login]:
        """The logins of browsers, the oldest first."""

    def end(self, logins: Iterable[str]) -> list[str]:
        """Ends logins of browsers, with their connections; returns the ids of those that there were."""


@attrs.define(frozen=True, slots=True)
class Credentials:
    """The credentials in a request; every field as the client wrote it.

    Args:
        authorization: The `Authorization` header.
        cookies: The values of all cookies of our name.
        key: The key of the login.
        origin: The `Origin` header.
        fetch_site: The `Sec-Fetch-Site` header.
        own_origins: The origins under which this request reached us.
        address: The address that it came from.
        ticket: The ticket in the address of a request that only reads.
        path: The path of that request, percent-decoded.
    """

    authorization: str | None
    cookies: tuple[str, ...]
    key: str | None
    origin: str | None
    fetch_site: str | None
    own_origins: frozenset[str]
    address: str = ""
    ticket: str | None = None
    path: bytes = b""


@attrs.define(eq=False)
class Codes:
    """The one-time codes that have not been used or expired."""

    seconds: Callable[[], float]
    _until: dict[bytes, float] = attrs.field(factory=dict)

    def add(self, code: str, seconds: float) -> None:
        """Adds a code; only the newest `MAX_CODES` are kept.

        Args:
            code: The code.
            seconds: How long it is valid.
        """
        self._until[_digest(code)] = self.seconds() + seconds
        while len(self._until) > MAX_CODES:
            del self._until[next(iter(self._until))]

    def use(self, code: str) -> bool:
        """Whether a code is valid; it is not from now on."""
        return self.seconds() <= self._until.pop(_digest(code), float("-inf"))

    def forget(self) -> None:
        """Makes all codes invalid."""
        self._until.clear()


@attrs.define(eq=False)
class Logins:
    """The logins of one server.

    Args:
        store: Where they are stored.
        token: The token of the person who runs the server.
        name: That person's name.
        seconds: A monotonic clock.
        new_secret: 256 new random bits as text.
        shares: The links, and the guests who came by them.
        others: The logins that somebody else answers for: a hub, accounts.
        codes_closed: Why no browser is signed in by a code or the token, a sentence; empty: they are.
        lab_token_store: Where lab tokens are kept.
        script_token_store: Where script tokens are kept.
    """

    store: LoginStore
    token: str
    name: str
    seconds: Callable[[], float]
    new_secret: Callable[[], str]
    shares: Shares
    others: list[OtherLogins] = attrs.field(factory=list)
    codes_closed: str = ""
    called: float = float("-inf")
    """When somebody who is signed in asked for something last."""
    lab_token_store: LabTokenStore = attrs.field(factory=NoStore)
    script_token_store: ScriptTokenStore = attrs.field(factory=NoTokenStore)
    audit: Audit = attrs.field(factory=Audit)
    """Who did what."""
    codes: Codes = attrs.field(init=False)
    failed_attempts: FailedAttempts = attrs.field(init=False)
    tickets: Tickets = attrs.field(init=False)
    lab_tokens: LabTokens = attrs.field(init=False)
    script_tokens: ScriptTokens = attrs.field(init=False)
    _logins: dict[str, Login] = attrs.field(factory=dict)
    _cookies: dict[bytes, str] = attrs.field(factory=dict)
    """Logins by the digest of their cookie."""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.codes = Codes(self.seconds)
        self.failed_attempts = FailedAttempts(self.seconds, lambda address: self.audit.failed_sign_in(address))
        self.tickets = Tickets(self.seconds, self.new_secret().encode())
        self.lab_tokens = LabTokens(self.lab_token_store, self.shares.now, self.new_secret)
        shares, store = self.shares, self.script_token_store
        clock = (shares.now, shares.later, shares.new_id)
        self.script_tokens = ScriptTokens(
            store, *clock, self.new_secret, shares.connections, partial(_person_of, self), self.token
        )

    async def load(self) -> None:
        """Reads the logins that outlived the server; those of another token end."""
        found, ours = await self.store.logins(), _digest(self.token)
        self._logins = {login.id: login for login in found if hmac.compare_digest(login.token, ours)}
        self._cookies = {login.digest: login.id for login in self._logins.values()}
        others = [login.id for login in found if login.id not in self._logins]
        if others:
            await self.store.remove_logins(others)
        await self.lab_tokens.load(self._logins.keys())
        await self.shares.load()
        await self.script_tokens.load()

    async def expire(self) -> None:
        """Ends the logins that have expired, and their connections."""
        before = set(self._logins)
        valid = {login.id for login in await self.store.logins()}
        self._forget(before - valid)

    # ---- who is it

    def principal_of(self, given: Credentials, *, is_use: bool = True) -> Principal | None:
        """The principal of a request; `None` when its credentials are not valid.

        Args:
            given: The credentials.
            is_use: Whether somebody works with them now; to sign in is no work yet.

        Raises:
            errors.Throttled: The token is wrong, after too many failed attempts.
            errors.NotAuthenticated: It is a script token that does not count (any more).
            errors.HubUnreachable, errors.NotPermitted: As `HubLogins.of_token`.
        """
        if given.authorization is not None:
            kind, _, token = given.authorization.partition(" ")
            is_token = kind.lower() in ("bearer", "token")
            if is_token and hmac.compare_digest(_digest(token.strip()), _digest(self.token)):
                return Principal(self.name, "own", TOKEN_LOGIN)
            if is_token and is_script_token(token.strip()):
                return self.script_tokens.shown(token.strip(), given.address, self.failed_attempts)
            for others in self.others if is_token else ():
                if (other := others.of_token(token.strip())) is not None:
                    return other
            for principal, _ in self._claimed(given):
                if is_token and self.lab_tokens.is_valid(token.strip(), principal.login):
                    self._use(principal.login)
                    return principal
            self.failed_attempts.record(given.address)
            return None
        for principal, key in self._claimed(given):
            if self._is_whole(given, principal.login, key):
                if is_use:
                    self._use(principal.login)
                return principal
        return None

    def lacks_key(self, given: Credentials) -> bool:
        """Whether a request has the cookie of a login, and not its key."""
        return given.authorization is None and any(True for _ in self._claimed(given))

    def _claimed(self, given: Credentials) -> Iterable[tuple[Principal, bytes]]:
        """Those whose cookies a request has, each with the digest of the key that belongs to it."""
        if given.fetch_site not in (None, "same-origin", "none"):
            return
        if given.origin is not None and given.origin not in given.own_origins:
            return
        for cookie in given.cookies:
            digest = _digest(cookie)
            login = self._logins.get(self._cookies.get(digest, ""))
            if login is not None:
                yield Principal(self.name, "own", login.id), login.key  # as they are called now
            elif (other := _other(self.others, digest)) is not None:
                yield other
            else:
                guest = self.shares.guest_of(digest)
                principal = self.shares.principal(guest.id) if guest is not None else None
                if guest is not None and principal is not None:
                    yield principal, guest.key

    def _is_whole(self, given: Credentials, login: str, key: bytes) -> bool:
        if given.key is not None:
            return hmac.compare_digest(_digest(given.key), key)
        if given.ticket is None:
            return False
        return self.tickets.is_valid(given.ticket, login, given.path) or self.lab_tokens.is_valid(given.ticket, login)

    def _use(self, login: str) -> None:
        """Records that a login was used now."""
        found, now = self._logins.get(login), self.shares.now()
        self.shares.calls.note(login, now)
        if found is not None and seconds_between(found.used, now) >= USED_SECONDS:
            self._logins[login] = attrs.evolve(found, used=now)
            noted = self.store.put_login(self._logins[login], COOKIE_DAYS)
            noted.addErrback(lambda failure: self._log.failure("the use of a login could not be noted", failure))

    def refresh(self, principal: Principal | None) -> Principal | None:
        """A principal as it is now: a guest with the right that their link grants at this moment; `None` when the login has ended."""
        self.called = self.seconds()
        if principal is not None and principal.scopes is not None:
            return self.script_tokens.refresh(principal)
        if principal is None or principal.login == TOKEN_LOGIN or principal.login in self._logins:
            return principal
        if principal.session is not None:
            self.shares.calls.note(principal.login, self.shares.now())
            return self.shares.principal(principal.login)
        return next((now for others in self.others if (now := others.refresh(principal)) is not None), None)

    # ---- signing in

    def new_code(self, seconds: float = CODE_SECONDS) -> str:
        """A one-time code for the address of the page; it works once, within so many seconds."""
        code = self.new_secret()
        self.codes.add(code, seconds)
        return code

    def check(self, code: str | None, token: str | None, address: str) -> None:
        """Returns when a code or the token is right, and uses up the code.

        Args:
            code: A one-time code; `None` for none.
            token: The server's token; `None` for none.
            address: The address that the request came from.

        Raises:
            errors.NotAuthenticated: Neither is right, or none counts here.
            errors.Throttled: Neither is right, after too many failed attempts of this address.
        """
        if self.codes_closed:
            raise errors.NotAuthenticated(self.codes_closed, reason="accounts")
        if code is not None:
            if self.codes.use(code):
                return
            self.failed_attempts.record(address)
            raise errors.NotAuthenticated("This link was used before or is too old. Get a fresh one with: webipy open")
        if token is None or not hmac.compare_digest(_digest(token), _digest(self.token)):
            self.failed_attempts.record(address)
            what = (
                "A script token signs no browser in."
                if is_script_token(token or "")
                else "This token is not the server's."
            )
            raise errors.NotAuthenticated(f"{what} Get a sign-in link with: webipy open")

    async def login(self, code: str | None, token: str | None, browser: Browser = NOWHERE) -> LoginSecrets:
        """Exchanges a code or the token for a new login.

        Args:
            code: A one-time code; `None` for none.
            token: The server's token; `None` for none.
            browser: Where the login is made.

        Returns:
            The secrets of the login.

        Raises:
            errors.NotAuthenticated, errors.Throttled: As `check`.
        """
        self.check(code, token, browser.address)
        return await self.enter(browser)

    async def enter(self, browser: Browser) -> LoginSecrets:
        """Makes a login, after `check`, and returns its secrets."""
        secrets, now = LoginSecrets(self.new_secret(), self.new_secret()), self.shares.now()
        digest, key = _digest(secrets.cookie), _digest(secrets.key)
        login = Login(self.shares.new_id(), digest, key, self.name, browser, now, now, _digest(self.token))
        await self.store.put_login(login, COOKIE_DAYS)
        self._logins[login.id] = login
        self._cookies[digest] = login.id
        return secrets

    def share_of(self, secret: str, address: str) -> Share:
        """The share of a link.

        Args:
            secret: The secret in the link.
            address: The address that the request came from.

        Raises:
            errors.NotAuthenticated: It is the secret of no share, or of one that has ended.
            errors.Throttled: The same, after too many failed attempts of this address.
        """
        share = self.shares.share_of(secret)
        if share is None:
            self.failed_attempts.record(address)
            raise errors.NotAuthenticated(
                "This link was taken back or is too old. Ask whoever sent it for another one."
            )
        return share

    async def join(self, secret: str, name: str, address: str = "") -> LoginSecrets:
        """Exchanges the secret of a link, and a name, for the login of a guest.

        Args:
            secret: The secret in the link.
            name: The guest's name, as they wrote it.
            address: The address that the request came from.

        Returns:
            The secrets of the login.

        Raises:
            errors.NotAuthenticated, errors.Throttled: As `share_of`.
            errors.InvalidParams, errors.Quota: As `Shares.join`.
        """
        secrets = LoginSecrets(self.new_secret(), self.new_secret())
        await self.shares.join(self.share_of(secret, address), name, secrets.cookie, secrets.key, address)
        return secrets

    # ---- ending logins

    def all(self) -> list[Login]:
        """All logins but those of guests (`Shares.guests`): first those of whoever runs the server, the oldest first."""
        return [*self._logins.values(), *(login for others in self.others for login in others.all())]

    async def revoke(self, logins: Iterable[str]) -> list[str]:
        """Ends logins and their connections; returns the ids of those that there were."""
        meant = list(logins)
        ended = self._forget(meant)
        if ended:
            await self.store.remove_logins(ended)
        return [*ended, *(login for others in self.others for login in others.end(meant))]

    def _forget(self, logins: Iterable[str]) -> list[str]:
        ended = [self._logins.pop(login) for login in list(logins) if login in self._logins]
        for login in ended:
            self._cookies.pop(login.digest, None)
            self.lab_tokens.end(login.id)
            self.shares.connections.end(login.id)
        return [login.id for login in ended]

    async def sign_out(self, login: str) -> None:
        """Ends one login, also that of a guest, and its connections."""
        if not await self.revoke([login]):
            await self.shares.leave(login)

    async def replace(self, given: Credentials, *, whole_too: bool = False) -> None:
        """Ends the logins that a browser had before it signed in: that of a guest, and one whose key it has lost.

        Args:
            given: What the browser has sent.
            whole_too: Whether the login that it came by ends, too: another one takes the place of its cookie.
        """
        whole = self.principal_of(attrs.evolve(given, authorization=None))
        for principal, _ in list(self._claimed(given)):
            if principal.session is not None or whole is None or (whole_too and principal.login == whole.login):
                await self.sign_out(principal.login)


def _person_of(logins: Logins, person: str, login: str) -> Principal | None:
    """The principal of a person at this moment; `None`: there is nobody (any more) who may have script tokens.

    Args:
        logins: The logins of the server.
        person: The person (`Principal.person`).
        login: The id of the login that the principal gets.
    """
    if person == OWNER:
        return Principal(logins.name, "own", login)
    logins.shares.calls.note(person, logins.shares.now())
    others = (one.of_person(person) for one in logins.others)
    found = logins.shares.principal(person) or next(filter(None, others), None)
    return None if found is None else attrs.evolve(found, login=login)


def _other(others: Iterable[OtherLogins], cookie: bytes) -> tuple[Principal, bytes] | None:
    """Whose cookie has this digest, and the digest of the key that belongs to it; `None`: none of them knows it."""
    return next((found for one in others if (found := one.of_cookie(cookie)) is not None), None)
