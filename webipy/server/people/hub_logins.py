"""Hub logins: people for whom a JupyterHub answers.

A token of the hub is a credential like the server's own one: `Authorization: token TOKEN`. A browser that was at the hub's sign-in brings back such a
token, in the form of a code; it gets a login of two secrets, as everywhere (webipy.server.people.logins), and that login lives as long as its token.

::

    token ──► question ──► ask (the hub, once for all who wait) ──► _Vouched(name, asked) ──► of_token ──► Principal
    grant(token) ──► one-time code ──► enter ──► login (cookie + key) ──► of_cookie ──► Principal
                                                        └── the hub says no, sign-out ──► LoginConnections.end

What the hub said counts for `CHECK_SECONDS`; then it is asked again, before the next request, and by a timer for whoever has a connection
open. So who signs out at the hub, or loses the right, is out everywhere after that time. While the hub does not answer, what it said last counts for
`GRACE_SECONDS`, so that a hub that restarts throws nobody out; then nobody is let in.

Invariants: nobody is let in whom the hub did not let in within `GRACE_SECONDS`; a token is in memory only, and in no log; of cookies, keys and
codes only digests are kept. At most `MOST_AT_ONCE` questions are under way, whoever guesses.

Rejected: to keep tokens on the disk (who comes back to another server is signed in by the hub without a question); to ask at every request (a page
asks often).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Iterable

import attrs
import msgspec
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api.access import MAX_NAME, Principal, is_marked, person_name
from webipy.core.hub_scopes import gives_access
from webipy.server.people.login_connections import LoginConnections
from webipy.server.people.logins import Browser, Login, LoginSecrets
from webipy.server.people.shares import digest as _digest
from webipy.server.ports.hub import Hub, HubPlace

CHECK_SECONDS = 60.0
"""How long what the hub said of a token counts."""

GRACE_SECONDS = 600.0
"""How long it counts while the hub does not answer."""

RETRY_SECONDS = 5.0
"""How long a hub that did not answer is not asked again about the same token."""

CODE_SECONDS = 120.0
"""How long the code counts that leads a browser from the hub to its login."""

MOST_AT_ONCE = 8
MOST_TOKENS = 1000
"""Tokens that are remembered, right and wrong ones; some 500 bytes each."""

MOST_BROWSERS = 200
"""Logins; the one that was used least recently makes room."""

MOST_CODES = 100

_TOKEN = re.compile(r"[!-~]{1,1024}")


class _Vouched(msgspec.Struct, eq=False):
    """A token of which the hub was asked.

    Args:
        token: The token.
        login: The id of the login of programs that send it.
        name: What its user is called here; `None`: it is nobody's.
        hub_name: What another user than the owner is called at the hub.
        may_enter: Whether its user may use this server.
        asked: When the hub answered last; `None`: never.
        tried: When it was asked last.
    """

    token: str
    login: str
    name: str | None = None
    hub_name: str | None = None
    may_enter: bool = False
    asked: float | None = None
    tried: float = float("-inf")


@attrs.define(eq=False)
class HubLogins:
    """The logins that a hub answers for.

    Args:
        hub: The hub.
        scopes: The scopes that let somebody in, any one of them.
        place: Where people find the hub, and whose server this one is there.
        display_name: What that person is called here.
        own_token: The server's own token, about which no hub is asked.
        seconds: A monotonic clock.
        now: The time, RFC 3339 in UTC.
        new_secret: 256 new random bits as text.
        new_id: A new id.
        connections: The connections of all logins.
        version: The version of the hub, which it looks for in our answers; empty while it is not known.
    """

    hub: Hub
    scopes: Collection[str]
    place: HubPlace
    display_name: str
    own_token: str
    seconds: Callable[[], float]
    now: Callable[[], str]
    new_secret: Callable[[], str]
    new_id: Callable[[], str]
    connections: LoginConnections
    version: str = ""
    _vouched: dict[bytes, _Vouched] = attrs.field(factory=dict)
    """By the digest of the token; the one that was asked about last is last."""
    _programs: dict[str, bytes] = attrs.field(factory=dict)
    """The same by the id of the login: the digest of the token."""
    _browsers: dict[str, tuple[Login, bytes]] = attrs.field(factory=dict)
    """By the id of the login: it, and the digest of its token."""
    _cookies: dict[bytes, str] = attrs.field(factory=dict)
    _codes: dict[bytes, tuple[bytes, bytes, float]] = attrs.field(factory=dict)
    """By the digest of the code: those of the token and of the cookie that it counts with, and until when."""
    _waiting: dict[bytes, list[Deferred[None]]] = attrs.field(factory=dict)
    """Who waits for the answer about a token."""
    _room: DeferredSemaphore = attrs.field(factory=lambda: DeferredSemaphore(MOST_AT_ONCE))
    _log = Logger()

    # ---- asking the hub

    def question(self, authorization: str | None, cookies: Iterable[str]) -> str | None:
        """The token that the hub has to be asked about before it can be said who sends a request.

        Args:
            authorization: The `Authorization` header.
            cookies: The values of all cookies of our name.

        Returns:
            The token; `None` when nothing is to be asked.
        """
        if authorization is not None:
            token = token_in(authorization)
            is_own = token is not None and hmac.compare_digest(_digest(token), _digest(self.own_token))
            return token if token is not None and not is_own and not self._is_fresh(_digest(token)) else None
        for cookie in cookies:
            found = self._browsers.get(self._cookies.get(_digest(cookie), ""))
            if found is not None and not self._is_fresh(found[1]):
                return self._vouched[found[1]].token
        return None

    def _is_fresh(self, digest: bytes) -> bool:
        known, now = self._vouched.get(digest), self.seconds()
        if known is None:
            return False
        return (known.asked is not None and now < known.asked + CHECK_SECONDS) or now < known.tried + RETRY_SECONDS

    async def ask(self, token: str) -> None:
        """Asks the hub about a token; who asks about the same one meanwhile waits for the same answer.

        A hub that does not answer is no failure here: `of_token` and `of_cookie` fail where its answer is needed.
        """
        digest = _digest(token)
        if digest in self._waiting:
            waiter: Deferred[None] = Deferred()
            self._waiting[digest].append(waiter)
            await waiter
            return
        self._waiting[digest] = []
        try:
            await self._room.acquire()
            try:
                await self._ask(token, digest)
            finally:
                self._room.release()
        finally:
            for waiter in self._waiting.pop(digest):
                waiter.callback(None)

    async def _ask(self, token: str, digest: bytes) -> None:
        known = self._vouched.get(digest) or _Vouched(token, self.new_id())
        try:
            user = await self.hub.user_of(token)
        except errors.HubUnreachable as fault:
            self._log.warn("the hub does not say whose a token is: {fault}", fault=fault.message)
        else:
            known.asked = self.seconds()
            known.name = None if user is None else self._name_of(user.name)
            known.hub_name = None if user is None or user.name == self.place.user else user.name
            known.may_enter = user is not None and gives_access(self.scopes, user.scopes)
        known.tried = self.seconds()
        self._keep(digest, known)
        if not known.may_enter:
            self._end_token(digest)

    def _keep(self, digest: bytes, known: _Vouched) -> None:
        """Remembers what the hub said last; what was asked about longest ago makes room, first of what lets nobody in."""
        self._vouched.pop(digest, None)
        self._vouched[digest] = known
        self._programs[known.login] = digest
        if len(self._vouched) > MOST_TOKENS:
            in_use = {token for _, token in self._browsers.values()}
            others = [one for one in self._vouched if one not in in_use and one != digest]
            old = next((one for one in others if not self._vouched[one].may_enter), others[0])
            self._end_token(old)
            del self._programs[self._vouched.pop(old).login]

    def _name_of(self, name: str) -> str:
        """What a user of the hub is called here."""
        if name == self.place.user:
            return self.display_name
        try:
            shown = person_name(name[:MAX_NAME])
        except errors.InvalidParams:
            return "Hub user"
        return shown.replace("(", "").replace(")", "") if is_marked(shown) else shown

    async def check_connected(self) -> None:
        """Asks again about everybody who has a connection open and of whom the answer is too old."""
        for digest, known in tuple(self._vouched.items()):
            logins = [known.login, *self._of_token(digest)]
            if known.may_enter and not self._is_fresh(digest) and any(map(self.connections.count, logins)):
                await self.ask(known.token)
                if not self._counts(known):
                    self._end_token(digest)

    def _counts(self, known: _Vouched) -> bool:
        """Whether what the hub said last still counts."""
        return known.asked is not None and self.seconds() < known.asked + GRACE_SECONDS

    def _of_token(self, digest: bytes) -> list[str]:
        return [login for login, (_, token) in self._browsers.items() if token == digest]

    def _end_token(self, digest: bytes) -> None:
        """Ends all that came by a token."""
        self.end(self._of_token(digest))
        self.connections.end(self._vouched[digest].login)

    # ---- who is it

    def of_token(self, token: str) -> Principal | None:
        """Who sends a token of the hub; `None`: nobody.

        Raises:
            errors.HubUnreachable: The hub was asked and does not answer.
            errors.NotPermitted: The hub knows them, and they may not use this server.
        """
        known = self._vouched.get(_digest(token))
        return None if known is None else self._principal(known, known.login)

    def _principal(self, known: _Vouched, login: str) -> Principal | None:
        if not self._counts(known):
            raise errors.HubUnreachable(
                "The hub does not answer, so nobody can be let in by it now. Try again in a minute; whoever runs the hub sees it in its log."
            )
        if known.name is None:
            return None
        if not known.may_enter:
            raise errors.NotPermitted(
                f"{known.name} may not use this server of the hub: it belongs to {self.place.user}."
            )
        return Principal(known.name, "own", login, hub_name=known.hub_name)

    def of_cookie(self, cookie: bytes) -> tuple[Principal, bytes] | None:
        """Whose browser has a cookie, and the digest of the key that belongs to it; `None`: nobody's.

        Args:
            cookie: The digest of the cookie.

        Raises:
            errors.HubUnreachable, errors.NotPermitted: As `of_token`.
        """
        found = self._browsers.get(self._cookies.get(cookie, ""))
        if found is None:
            return None
        login, token = found
        principal = self._principal(self._vouched[token], login.id)
        self._browsers[login.id] = (attrs.evolve(login, used=self.now()), token)
        return None if principal is None else (principal, login.key)

    def of_person(self, person: str) -> Principal | None:
        """Nobody: tokens of people of a hub are made there."""
        return None

    def refresh(self, principal: Principal) -> Principal | None:
        """A principal as it is now; `None` when their login has ended."""
        if principal.login in self._browsers:
            return principal
        known = self._vouched.get(self._programs.get(principal.login, b""))
        return principal if known is not None and known.may_enter and self._counts(known) else None

    def all(self) -> list[Login]:
        """The logins of browsers, the oldest first."""
        return [login for login, _ in self._browsers.values()]

    # ---- signing in and out

    async def grant(self, token: str, cookie: str) -> str:
        """A one-time code for a token that a browser has brought from the hub.

        Args:
            token: The token.
            cookie: A secret that this browser has; the code counts with it only.

        Returns:
            The code; see `enter`.

        Raises:
            errors.NotAuthenticated, errors.NotPermitted, errors.HubUnreachable: The token lets nobody in.
        """
        await self.ask(token)
        if self.of_token(token) is None:
            raise errors.NotAuthenticated("The hub does not know the sign-in that it has just made. Sign in again.")
        code = self.new_secret()
        self._codes[_digest(code)] = (_digest(token), _digest(cookie), self.seconds() + CODE_SECONDS)
        while len(self._codes) > MOST_CODES:
            del self._codes[next(iter(self._codes))]
        return code

    def enter(self, code: str, cookies: Iterable[str], browser: Browser) -> LoginSecrets:
        """Exchanges a code for a new login.

        Args:
            code: The code, which counts once.
            cookies: What the browser sends where it keeps the secret that the code was made for.
            browser: Where the login is made.

        Returns:
            The secrets of the login.

        Raises:
            errors.NotAuthenticated: The code is wrong, too old, or another browser's.
        """
        token, kept, until = self._codes.pop(_digest(code), (b"", b"", float("-inf")))
        known = self._vouched.get(token)
        is_theirs = any(hmac.compare_digest(_digest(cookie), kept) for cookie in cookies) and self.seconds() <= until
        if not is_theirs or known is None or known.name is None or not known.may_enter:
            raise errors.NotAuthenticated("This sign-in was used before or took too long. Sign in at the hub again.")
        secrets, now = LoginSecrets(self.new_secret(), self.new_secret()), self.now()
        digest = _digest(secrets.cookie)
        login = Login(self.new_id(), digest, _digest(secrets.key), known.name, browser, now, now, token)
        self._browsers[login.id] = (login, token)
        self._cookies[digest] = login.id
        while len(self._browsers) > MOST_BROWSERS:
            self.end([min(self._browsers.values(), key=lambda one: one[0].used)[0].id])
        return secrets

    def leave(self, cookies: Iterable[str]) -> None:
        """Ends the logins that a browser had before, given all cookies of our name."""
        self.end([self._cookies.get(_digest(cookie), "") for cookie in cookies])

    def end(self, logins: Iterable[str]) -> list[str]:
        """Ends logins of browsers, with their connections; returns the ids of those that there were."""
        ended = [self._browsers.pop(login)[0] for login in tuple(logins) if login in self._browsers]
        for login in ended:
            self._cookies.pop(login.digest, None)
            self.connections.end(login.id)
        return [login.id for login in ended]


def token_in(authorization: str) -> str | None:
    """The token in an `Authorization` header; `None` when there is none that could be one."""
    kind, _, token = authorization.partition(" ")
    found = token.strip()
    return found if kind.lower() in ("bearer", "token") and _TOKEN.fullmatch(found) else None
