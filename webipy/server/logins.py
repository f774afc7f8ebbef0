"""Logins: who a connection is, decided in one place.

A credential is a token (command line, scripts: `Authorization: Bearer TOKEN`) or a cookie (browsers). A browser gets
its cookie for a one-time code, which the server prints in the fragment of its address (fragments are not sent to
servers nor kept in their logs), or for the token typed into the sign-in form. A guest gets one for the link of a
session and a name (webipy.server.shares). Only SHA-256 digests are kept: of 256 random bits nothing can be guessed
from them.

Invariants: `principal_of` is the only way to a `Principal`; a cookie counts only with our own Origin, so another
site's page cannot use it (a request without any Origin cannot come from another site's script, and safe requests from
our own page carry none: those count as long as the browser does not say they are cross-site); digests are compared in
constant time; a code works once and only for a while.

Tries are throttled for all together: with 256-bit credentials a try only costs the server time.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.access import Principal
from webipy.server.shares import Share, Shares
from webipy.server.shares import digest as _digest

COOKIE_DAYS = 30
CODE_SECONDS = 24 * 3600
"""How long the printed address works, if it has not been used before: a person may come back to the terminal the next day."""

MAX_CODES = 100
TRIES_PER_MINUTE = 60


class Accounts(Protocol):
    """Where logins are kept."""

    def add_login(self, digest: bytes, name: str, days: int) -> Deferred[None]:
        """Keeps a new login for so many days."""

    def logins(self) -> Deferred[list[tuple[bytes, str]]]:
        """Digest and name of every login that is valid now."""

    def remove_login(self, digest: bytes) -> Deferred[None]:
        """Forgets a login."""


@attrs.define(frozen=True, slots=True)
class Credentials:
    """What a request says of who sends it; every field as the client wrote it.

    Args:
        authorization: The `Authorization` header.
        cookie: The value of our cookie.
        origin: The `Origin` header.
        fetch_site: The `Sec-Fetch-Site` header.
        own_origins: The origins under which this request reached us.
    """

    authorization: str | None
    cookie: str | None
    origin: str | None
    fetch_site: str | None
    own_origins: frozenset[str]


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
    """

    accounts: Accounts
    token: str
    name: str
    seconds: Callable[[], float]
    new_secret: Callable[[], str]
    shares: Shares
    on_logout: Callable[[str], None] = lambda login: None
    _cookies: dict[bytes, str] = attrs.field(factory=dict)
    _codes: dict[bytes, float] = attrs.field(factory=dict)
    _tries: list[float] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.shares.on_end = lambda login: self.on_logout(login)

    async def load(self) -> None:
        """Reads the logins that outlived the server."""
        self._cookies = dict(await self.accounts.logins())
        await self.shares.load()

    async def expire(self) -> None:
        """Ends the logins that were too old by now, and their connections with them."""
        before = set(self._cookies)
        valid = {digest for digest, _ in await self.accounts.logins()}
        for digest in before - valid:
            if self._cookies.pop(digest, None) is not None:
                self.on_logout(digest.hex())

    def principal_of(self, given: Credentials) -> Principal | None:
        """Who sends this request, or `None` when nobody is logged in by it."""
        if given.authorization is not None:
            kind, _, token = given.authorization.partition(" ")
            if kind.lower() in ("bearer", "token") and hmac.compare_digest(_digest(token.strip()), _digest(self.token)):
                return Principal(self.name, "own", "token")
            return None
        if given.cookie is None or not self._is_own(given):
            return None
        digest = _digest(given.cookie)
        name = self._cookies.get(digest)
        return Principal(name, "own", digest.hex()) if name is not None else self.shares.principal_of(digest)

    def still(self, principal: Principal | None) -> Principal | None:
        """A principal as it is now: a guest with the right that their link gives at this moment, or nobody when it has ended."""
        return principal if principal is None or principal.session is None else self.shares.principal(principal.login)

    @staticmethod
    def _is_own(given: Credentials) -> bool:
        if given.origin is not None:
            return given.origin in given.own_origins
        return given.fetch_site in (None, "same-origin", "none")

    def new_code(self) -> str:
        """A one-time code for the address of the page; works once, for `CODE_SECONDS`."""
        code = self.new_secret()
        self._codes[_digest(code)] = self.seconds() + CODE_SECONDS
        while len(self._codes) > MAX_CODES:
            del self._codes[next(iter(self._codes))]
        return code

    async def login(self, code: str | None, token: str | None) -> str:
        """Exchanges a code or the token for a new cookie.

        Raises:
            errors.NotAuthenticated: Neither is right.
            errors.Throttled: Too many wrong tries in the last minute.
        """
        self._throttle()
        if code is not None:
            expires = self._codes.pop(_digest(code), None)
            if expires is None or expires < self.seconds():
                self._tries.append(self.seconds())
                raise errors.NotAuthenticated(
                    "This link was used before or is too old. Get a fresh one with: webipy open"
                )
        elif token is None or not hmac.compare_digest(_digest(token), _digest(self.token)):
            self._tries.append(self.seconds())
            raise errors.NotAuthenticated("This token is not the server's. Get a sign-in link with: webipy open")
        cookie = self.new_secret()
        await self.accounts.add_login(_digest(cookie), self.name, COOKIE_DAYS)
        self._cookies[_digest(cookie)] = self.name
        return cookie

    def offered(self, secret: str) -> Share:
        """What the link with this secret is for.

        Raises:
            errors.NotAuthenticated: It is for nothing, or not any more.
            errors.Throttled: Too many wrong tries in the last minute.
        """
        self._throttle()
        share = self.shares.offered(secret)
        if share is None:
            self._tries.append(self.seconds())
            raise errors.NotAuthenticated(
                "This link was taken back or is too old. Ask whoever sent it for another one."
            )
        return share

    async def join(self, secret: str, name: str) -> str:
        """Exchanges the secret of a link, and a name, for a guest's new cookie.

        Raises:
            errors.NotAuthenticated, errors.Throttled: As `offered`.
            errors.InvalidParams, errors.TooLarge: As `Shares.join`.
        """
        return await self.shares.join(self.offered(secret), name)

    def _throttle(self) -> None:
        now = self.seconds()
        self._tries = [t for t in self._tries if t > now - 60]
        if len(self._tries) >= TRIES_PER_MINUTE:
            wait = round(self._tries[0] + 60 - now, 1)
            raise errors.Throttled(f"Too many wrong tries; the next one counts in {wait:g} s.", retry_after_s=wait)

    async def logout(self, cookie: str) -> None:
        """Ends the login of a cookie, and its connections with it."""
        digest = _digest(cookie)
        if await self.leave(cookie):
            return
        if self._cookies.pop(digest, None) is not None:
            await self.accounts.remove_login(digest)
            self.on_logout(digest.hex())

    async def leave(self, cookie: str) -> bool:
        """Ends the login of a guest's cookie; false when it is none."""
        return await self.shares.leave(_digest(cookie))
