"""Shares: links that let somebody into one session with one right, and the guests who came by them.

::

    share.link ──► secret, told once ──► /s/SESSION#share=SECRET ──► name ──► cookie, key ──► Principal(name, verb, login, session)
                   digest kept                                                digest kept

The fragment of an address is sent to no server and stands in no log. Of the secret and of every guest's cookie and key only the SHA-256
digest is kept: of 256 random bits nothing can be guessed from it.

Invariants: a guest's right is that of the share at this moment, not that of the moment when they came: it is looked up for every
call, so a share that is changed, revoked or over counts no more for whatever is under way; what is ended is ended here before it is
written down, and its connections with it; no share gives `own`.

Rejected: accounts with passwords (somebody has to make them, and a look at a notebook is not worth one); a token that carries its
right inside (it could not be revoked, nor changed).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import access
from webipy.core.api.access import Principal, Right

MAX_SHARES = 100
"""Of one session; an owner who makes more has lost sight of them."""

MAX_GUESTS = 200
"""Who come by one share: a lecture. A link that got around must not fill the memory; who comes then takes the place of one who is not here."""

JOINS_A_MINUTE = 300
"""By one share from one address: more than may come at all, as everybody behind a tunnel or a proxy has the same one; each costs a write."""

MOST_JOINS_KNOWN = 4096
"""Shares and addresses of which joins are remembered."""

LEFT_SECONDS = 60.0
"""Who has no connection, and has called nothing for so long, may lose their place; who never called anything may at once, the oldest first."""

LOOK_SECONDS = 3600.0
"""The longest time between two looks for shares that are over: the wall clock may have been set meanwhile."""


@attrs.define(frozen=True, slots=True)
class Share:
    """A link into a session.

    Args:
        digest: SHA-256 of its secret.
        label: For whom it is meant, in the owner's words.
        created: RFC 3339 UTC with microseconds, as `expires`.
    """

    id: str
    session: str
    digest: bytes
    verb: Right
    label: str
    created: str
    expires: str


@attrs.define(frozen=True, slots=True)
class Guest:
    """A login that came by a share.

    Args:
        digest: SHA-256 of its cookie.
        name: As they gave it; everybody sees it marked.
        key: SHA-256 of its key.
    """

    id: str
    share: str
    digest: bytes
    name: str
    since: str
    key: bytes


class ShareStore(Protocol):
    """Where shares and guests are kept. A share goes with its guests."""

    def shares(self) -> Deferred[tuple[list[Share], list[Guest]]]:
        """All of them, the oldest first."""

    def put_share(self, share: Share) -> Deferred[None]:
        """Writes a share down, new or changed."""

    def remove_share(self, share: str) -> Deferred[None]:
        """Forgets a share and its guests."""

    def add_guest(self, guest: Guest) -> Deferred[None]:
        """Writes a guest down."""

    def remove_guest(self, guest: str) -> Deferred[None]:
        """Forgets a guest."""


@attrs.define(eq=False)
class Shares:
    """The shares of one server.

    Args:
        now: The time, RFC 3339 UTC with microseconds.
        later: Calls a function after so many seconds and gives what cancels that.
        new_id: A new id.
        new_secret: 256 new random bits as text.
        on_end: Called with the id of each login that was ended.
        is_here: Whether a login has a connection.
    """

    store: ShareStore
    now: Callable[[], str]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    on_end: Callable[[str], None] = lambda login: None
    is_here: Callable[[str], bool] = lambda login: False
    _shares: dict[str, Share] = attrs.field(factory=dict)
    _guests: dict[str, Guest] = attrs.field(factory=dict)
    _logins: dict[bytes, str] = attrs.field(factory=dict)
    """Guests by the digest of their cookie."""
    _called: dict[str, str] = attrs.field(factory=dict)
    """When guests called last, since the server has started; of those who have not come back since they gave their name, nothing."""
    _joins: dict[tuple[str, str], tuple[int, str]] = attrs.field(factory=dict)
    """By share and address: how many came in a minute, and when it began."""
    _stop_clock: Callable[[], None] = lambda: None
    _log = Logger()

    async def load(self) -> None:
        """Reads the shares that outlived the server."""
        shares, guests = await self.store.shares()
        self._shares = {share.id: share for share in shares}
        self._guests = {guest.id: guest for guest in guests if guest.share in self._shares}
        self._logins = {guest.digest: guest.id for guest in self._guests.values()}
        self._look()

    # ---- for owners

    async def link(self, session: str, verb: Right, label: str, days: int) -> tuple[Share, str]:
        """A new share, and its secret.

        Raises:
            errors.TooLarge: The session has too many.
        """
        if len(self.of(session)) >= MAX_SHARES:
            raise errors.TooLarge(f"A session has at most {MAX_SHARES} links; revoke some.", limit=MAX_SHARES)
        secret, now = self.new_secret(), self.now()
        expires = (datetime.fromisoformat(now) + timedelta(days=days)).isoformat(timespec="microseconds")
        share = Share(self.new_id(), session, digest(secret), verb, label, now, expires.replace("+00:00", "Z"))
        await self.store.put_share(share)
        self._shares[share.id] = share
        self._look()
        return share, secret

    def of(self, session: str) -> list[Share]:
        """The shares of a session that count now, the oldest first."""
        return [share for share in self._shares.values() if share.session == session and self._counts(share)]

    def guests(self, share: str) -> list[Guest]:
        """Who came by a share, in their order."""
        return [guest for guest in self._guests.values() if guest.share == share]

    async def set(self, session: str, share: str, verb: Right) -> None:
        """Changes the right that a share gives, also to who came by it.

        Raises:
            errors.NotFound: The session has no such share.
        """
        changed = attrs.evolve(self._get(session, share), verb=verb)
        self._shares[share] = changed
        await self.store.put_share(changed)

    async def revoke(self, session: str, share: str) -> None:
        """Ends a share, and the logins that came by it.

        Raises:
            errors.NotFound: The session has no such share.
        """
        await self._end(self._get(session, share))

    async def end_session(self, session: str) -> None:
        """A session is closed: nobody can come to it any more."""
        for share in [share for share in self._shares.values() if share.session == session]:
            await self._end(share)

    def _get(self, session: str, share: str) -> Share:
        found = self._shares.get(share)
        if found is None or found.session != session:
            raise errors.NotFound(f"This session has no link {share!r}; share.list tells all.", kind="share", id=share)
        return found

    def _end(self, share: Share) -> Deferred[None]:
        self._shares.pop(share.id, None)
        if not self._shares:
            self._stop_clock()
        self._forget(self.guests(share.id))
        return self.store.remove_share(share.id)

    def _forget(self, guests: Iterable[Guest]) -> None:
        for guest in guests:
            del self._guests[guest.id], self._logins[guest.digest]
            self._called.pop(guest.id, None)
            self.on_end(guest.id)

    # ---- for guests

    def offered(self, secret: str) -> Share | None:
        """The share of a secret, if it counts now. All are compared, each in constant time."""
        given = digest(secret)
        found = [share for share in self._shares.values() if hmac.compare_digest(share.digest, given)]
        return found[0] if found and self._counts(found[0]) else None

    async def join(self, share: Share, name: str, cookie: str, key: str, address: str = "") -> None:
        """Lets somebody in by a share, whose browser gets that cookie and that key.

        Args:
            share: Which.
            name: As they gave it.
            cookie: The one half of their login.
            key: The other.
            address: Where they come from.

        Raises:
            errors.InvalidParams: This is no name.
            errors.Quota: Too many came from this address in the last minute, or as many as may come by this share are all here.
        """
        name = access.guest_name(name)
        self._count(share, address)
        guests = self.guests(share.id)
        if len(guests) >= MAX_GUESTS:
            left = self._left(guests)
            if left is None:
                words = f"{MAX_GUESTS} people are here by this link, which is all it takes. Try again when somebody has left."
                raise errors.Quota(words, what="guests", limit=MAX_GUESTS, used=len(guests), free_in_s=None)
            self._forget([left])
            await self.store.remove_guest(left.id)
        guest = Guest(self.new_id(), share.id, digest(cookie), name, self.now(), digest(key))
        self._guests[guest.id] = guest
        self._logins[guest.digest] = guest.id
        await self.store.add_guest(guest)

    def _count(self, share: Share, address: str) -> None:
        """Counts one who comes from an address."""
        now = self.now()
        count, since = self._joins.pop((share.id, address), (0, now))
        passed = _seconds(since, now)
        if not 0 <= passed < 60:
            count, since, passed = 0, now, 0.0
        self._joins[share.id, address] = (min(count + 1, JOINS_A_MINUTE), since)
        while len(self._joins) > MOST_JOINS_KNOWN:
            del self._joins[next(iter(self._joins))]
        if count >= JOINS_A_MINUTE:
            wait = round(60 - passed, 1)
            words = f"{count} people came by this link from your address within a minute; the next one is let in in {wait:g} s."
            raise errors.Quota(words, what="joins", limit=JOINS_A_MINUTE, used=count, free_in_s=wait)

    def _left(self, guests: list[Guest]) -> Guest | None:
        """Who may lose their place: of those who are not here, one who never came back, else who has been away longest."""
        now = self.now()
        away = [
            (self._called.get(guest.id, ""), guest.since, guest)
            for guest in guests
            if not self.is_here(guest.id)
            and (guest.id not in self._called or _seconds(self._called[guest.id], now) >= LEFT_SECONDS)
        ]
        return min(away, key=lambda one: one[:2])[2] if away else None

    async def leave(self, login: str) -> bool:
        """Ends the login of a guest; false when there is none."""
        guest = self._guests.get(login)
        if guest is not None:
            self._forget([guest])
            await self.store.remove_guest(guest.id)
        return guest is not None

    def guest_of(self, cookie: bytes) -> Guest | None:
        """Who has the cookie of that digest."""
        return self._guests.get(self._logins.get(cookie, ""))

    def principal(self, login: str) -> Principal | None:
        """A guest as they are now; `None` when their login has ended."""
        guest = self._guests.get(login)
        share = self._shares.get(guest.share) if guest is not None else None
        if guest is None or share is None or not self._counts(share):
            return None
        self._called[guest.id] = self.now()
        return Principal(access.marked(guest.name), share.verb, guest.id, share.session)

    def link_of(self, login: str) -> str | None:
        """The share that a login came by; `None` for who is no guest."""
        guest = self._guests.get(login)
        return guest.share if guest is not None else None

    # ---- time

    def _counts(self, share: Share) -> bool:
        return self.now() < share.expires

    def _look(self) -> None:
        """Ends the shares that are over, and looks again when the next one will be."""
        self._stop_clock()
        for share in [share for share in self._shares.values() if not self._counts(share)]:
            self._end(share).addErrback(lambda failure: self._log.failure("a share could not be forgotten", failure))
        if self._shares:
            until = datetime.fromisoformat(min(share.expires for share in self._shares.values()))
            seconds = (until - datetime.fromisoformat(self.now())).total_seconds()
            self._stop_clock = self.later(min(max(0.0, seconds), LOOK_SECONDS), self._look)


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


def digest(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
