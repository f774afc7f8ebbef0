"""Logins: who a connection is, decided in one place.

A credential is a token (command line, scripts: `Authorization: Bearer TOKEN`) or the two halves of a browser's login: a cookie, which
scripts cannot read, and a key, which the page keeps for its own origin and sends itself. Neither counts alone: a browser sends the
cookie of a host to every port of it, so any other local server may have seen it; the key is known to our own origin only. Where a
browser can send no key (a download that it carries out itself), a ticket stands for it (webipy.server.people.tickets).

A browser gets both for a one-time code, which the server prints in the fragment of its address (fragments are not sent to servers nor
kept in their logs), or for the token typed into the sign-in form. A guest gets them for the link of a session and a name
(webipy.server.people.shares). Only SHA-256 digests are kept: of 256 random bits nothing can be guessed from them.

::

    code, token ──► sign_in ──► cookie + key ──► principal_of ──► Principal(login) ──► still, at every call
                                                                        └── revoke, expire, sign_out ──► on_logout ──► connections end

Invariants: `principal_of` is the only way to a `Principal`; all cookies of our name are tried, as another port may have planted one
beside ours; a request that a browser says comes from another origin is nobody's; digests are compared in constant time; a code works
once and only for a while. What is right is looked at before what is wrong is counted (webipy.server.people.failed_attempts). A login belongs to the
token that was in force when it was made: under another token it is ended. What is ended is ended here before it is written down.

Rejected: the cookie alone, with our own Origin (a local server that has seen the cookie sends any Origin); the key alone (whatever
reads the page's storage would have all of it).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.server.people.failed_attempts import FailedAttempts
from webipy.server.people.shares import Share, Shares
from webipy.server.people.shares import digest as _digest
from webipy.server.people.tickets import Tickets

COOKIE_DAYS = 30
CODE_SECONDS = 24 * 3600
"""How long a one-time code works, if it has not been used before: a person may come back to the terminal the next day."""

MAX_CODES = 100
USED_SECONDS = 300
"""That a login was used is written down at most so often."""

TOKEN_LOGIN = "token"
"""The login of whoever comes by the token."""


@attrs.define(frozen=True, slots=True)
class Browser:
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
    """A login of whoever runs the server.

    Args:
        digest: SHA-256 of its cookie.
        key: SHA-256 of its key.
        since: RFC 3339 UTC with microseconds, as `used`.
        token: SHA-256 of the token that was in force when it was made.
    """

    id: str
    digest: bytes
    key: bytes
    name: str
    browser: Browser
    since: str
    used: str
    token: bytes


@attrs.define(frozen=True, slots=True)
class LoginSecrets:
    """The two secrets of a new login, told once."""

    cookie: str
    key: str


class Accounts(Protocol):
    """Where logins are kept."""

    def put_login(self, login: Login, days: int) -> Deferred[None]:
        """Keeps a new login for so many days, or notes when one that there is was used."""

    def logins(self) -> Deferred[list[Login]]:
        """Every login that is valid now, the oldest first."""

    def remove_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets logins."""


@attrs.define(frozen=True, slots=True)
class Credentials:
    """What a request says of who sends it; every field as the client wrote it.

    Args:
        authorization: The `Authorization` header.
        cookies: The values of all cookies of our name.
        key: The key of the page.
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
    """The one-time codes that can still be used."""

    seconds: Callable[[], float]
    _until: dict[bytes, float] = attrs.field(factory=dict)

    def add(self, code: str, seconds: float) -> None:
        """A new one, for so long; only the newest `MAX_CODES` are kept."""
        self._until[_digest(code)] = self.seconds() + seconds
        while len(self._until) > MAX_CODES:
            del self._until[next(iter(self._until))]

    def use(self, code: str) -> bool:
        """Whether a code counts; it does not from now on."""
        return self.seconds() <= self._until.pop(_digest(code), float("-inf"))

    def forget(self) -> None:
        """None that was made until now signs anybody in."""
        self._until.clear()


@attrs.define(eq=False)
class Logins:
    """The logins of one server.

    Args:
        accounts: Where they are kept.
        token: The token of the person who runs the server.
        name: That person's name.
        seconds: A monotonic clock.
        new_secret: 256 new random bits as text.
        shares: The links, and who came by them.
        on_logout: Called with the id of each login that was ended, whose connections are to end.
        connections: How many connections a login has now.
    """

    accounts: Accounts
    token: str
    name: str
    seconds: Callable[[], float]
    new_secret: Callable[[], str]
    shares: Shares
    on_logout: Callable[[str], None] = lambda login: None
    connections: Callable[[str], int] = lambda login: 0
    codes: Codes = attrs.field(init=False)
    failed_attempts: FailedAttempts = attrs.field(init=False)
    tickets: Tickets = attrs.field(init=False)
    _logins: dict[str, Login] = attrs.field(factory=dict)
    _cookies: dict[bytes, str] = attrs.field(factory=dict)
    """Logins by the digest of their cookie."""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.shares.on_end = lambda login: self.on_logout(login)
        self.codes = Codes(self.seconds)
        self.failed_attempts = FailedAttempts(self.seconds)
        self.tickets = Tickets(self.seconds, self.new_secret().encode())

    async def load(self) -> None:
        """Reads the logins that outlived the server; those of another token are ended."""
        found, ours = await self.accounts.logins(), _digest(self.token)
        self._logins = {login.id: login for login in found if hmac.compare_digest(login.token, ours)}
        self._cookies = {login.digest: login.id for login in self._logins.values()}
        others = [login.id for login in found if login.id not in self._logins]
        if others:
            await self.accounts.remove_logins(others)
        await self.shares.load()

    async def expire(self) -> None:
        """Ends the logins that were too old by now, and their connections with them."""
        before = set(self._logins)
        valid = {login.id for login in await self.accounts.logins()}
        self._forget(before - valid)

    # ---- who is it

    def principal_of(self, given: Credentials) -> Principal | None:
        """Who sends this request, or `None` when nobody is logged in by it.

        Raises:
            errors.Throttled: A wrong token, after too many of them.
        """
        if given.authorization is not None:
            kind, _, token = given.authorization.partition(" ")
            if kind.lower() in ("bearer", "token") and hmac.compare_digest(_digest(token.strip()), _digest(self.token)):
                return Principal(self.name, "own", TOKEN_LOGIN)
            self.failed_attempts.wrong(given.address)
            return None
        for principal, key in self._halves(given):
            if self._is_whole(given, principal.login, key):
                self._use(principal.login)
                return principal
        return None

    def is_half(self, given: Credentials) -> bool:
        """Whether a request has the cookie of a login, and lacks its key."""
        return given.authorization is None and any(True for _ in self._halves(given))

    def _halves(self, given: Credentials) -> Iterable[tuple[Principal, bytes]]:
        """Those whose cookies a request has, each with the digest of the key that belongs to it."""
        if given.fetch_site not in (None, "same-origin", "none"):
            return
        if given.origin is not None and given.origin not in given.own_origins:
            return
        for cookie in given.cookies:
            digest = _digest(cookie)
            login = self._logins.get(self._cookies.get(digest, ""))
            if login is not None:
                yield Principal(login.name, "own", login.id), login.key
            else:
                guest = self.shares.guest_of(digest)
                principal = self.shares.principal(guest.id) if guest is not None else None
                if guest is not None and principal is not None:
                    yield principal, guest.key

    def _is_whole(self, given: Credentials, login: str, key: bytes) -> bool:
        if given.key is not None:
            return hmac.compare_digest(_digest(given.key), key)
        return given.ticket is not None and self.tickets.holds(given.ticket, login, given.path)

    def _use(self, login: str) -> None:
        """Notes that a login was used now."""
        found, now = self._logins.get(login), self.shares.now()
        if found is not None and _seconds_between(found.used, now) >= USED_SECONDS:
            self._logins[login] = attrs.evolve(found, used=now)
            noted = self.accounts.put_login(self._logins[login], COOKIE_DAYS)
            noted.addErrback(lambda failure: self._log.failure("the use of a login could not be noted", failure))

    def refresh(self, principal: Principal | None) -> Principal | None:
        """A principal as it is now: a guest with the right that their link gives at this moment, or nobody when the login has ended."""
        if principal is None or principal.login == TOKEN_LOGIN:
            return principal
        if principal.session is not None:
            return self.shares.principal(principal.login)
        return principal if principal.login in self._logins else None

    # ---- signing in

    def new_code(self, seconds: float = CODE_SECONDS) -> str:
        """A one-time code for the address of the page; works once, for so long."""
        code = self.new_secret()
        self.codes.add(code, seconds)
        return code

    def check(self, code: str | None, token: str | None, address: str) -> None:
        """Returns when a code or the token is right; the code is used up by it.

        Raises:
            errors.NotAuthenticated: Neither is right.
            errors.Throttled: Neither is right, and this address has tried too often.
        """
        if code is not None:
            if self.codes.use(code):
                return
            self.failed_attempts.wrong(address)
            raise errors.NotAuthenticated("This link was used before or is too old. Get a fresh one with: webipy open")
        if token is None or not hmac.compare_digest(_digest(token), _digest(self.token)):
            self.failed_attempts.wrong(address)
            raise errors.NotAuthenticated("This token is not the server's. Get a sign-in link with: webipy open")

    async def login(self, code: str | None, token: str | None, browser: Browser = NOWHERE) -> LoginSecrets:
        """Exchanges a code or the token for a new login.

        Raises:
            errors.NotAuthenticated, errors.Throttled: As `check`.
        """
        self.check(code, token, browser.address)
        return await self.enter(browser)

    async def enter(self, browser: Browser) -> LoginSecrets:
        """A new login, for somebody who has shown what is right."""
        secrets, now = LoginSecrets(self.new_secret(), self.new_secret()), self.shares.now()
        digest, key = _digest(secrets.cookie), _digest(secrets.key)
        login = Login(self.shares.new_id(), digest, key, self.name, browser, now, now, _digest(self.token))
        await self.accounts.put_login(login, COOKIE_DAYS)
        self._logins[login.id] = login
        self._cookies[digest] = login.id
        return secrets

    def offered(self, secret: str, address: str) -> Share:
        """What the link with this secret is for.

        Raises:
            errors.NotAuthenticated: It is for nothing, or not any more.
            errors.Throttled: The same, and this address has tried too often.
        """
        share = self.shares.offered(secret)
        if share is None:
            self.failed_attempts.wrong(address)
            raise errors.NotAuthenticated(
                "This link was taken back or is too old. Ask whoever sent it for another one."
            )
        return share

    async def join(self, secret: str, name: str, address: str = "") -> LoginSecrets:
        """Exchanges the secret of a link, and a name, for the login of a guest.

        Raises:
            errors.NotAuthenticated, errors.Throttled: As `offered`.
            errors.InvalidParams, errors.Quota: As `Shares.join`.
        """
        secrets = LoginSecrets(self.new_secret(), self.new_secret())
        await self.shares.join(self.offered(secret, address), name, secrets.cookie, secrets.key, address)
        return secrets

    # ---- the end of it

    def all(self) -> list[Login]:
        """The logins of whoever runs the server, the oldest first; guests are `Shares.guests`."""
        return list(self._logins.values())

    async def revoke(self, logins: Iterable[str]) -> list[str]:
        """Ends logins, and their connections with them; gives those that there were."""
        ended = self._forget(logins)
        if ended:
            await self.accounts.remove_logins(ended)
        return ended

    def _forget(self, logins: Iterable[str]) -> list[str]:
        ended = [self._logins.pop(login) for login in list(logins) if login in self._logins]
        for login in ended:
            self._cookies.pop(login.digest, None)
            self.on_logout(login.id)
        return [login.id for login in ended]

    async def sign_out(self, login: str) -> None:
        """Ends one login, also that of a guest, and its connections with it."""
        if not await self.revoke([login]):
            await self.shares.leave(login)

    async def replace(self, given: Credentials) -> None:
        """Ends what a browser had before it signed in: the login of a guest, and one whose key it has lost."""
        whole = self.principal_of(attrs.evolve(given, authorization=None))
        for principal, _ in list(self._halves(given)):
            if principal.session is not None or whole is None:
                await self.sign_out(principal.login)


def _seconds_between(before: str, after: str) -> float:
    return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds()
