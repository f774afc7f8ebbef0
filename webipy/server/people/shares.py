"""Shares: links that let guests into one session with one right, and the guests who came by them.

::

    share.link ──► secret, shown once ──► /s/SESSION#share=SECRET ──► name ──► cookie, key ──► Principal(name, verb, login, session)
                   digest stored                                              digests stored

The fragment of an address is sent to no server and stands in no log. Of the secret and of every guest's cookie and key only the SHA-256
digest is stored: of 256 random bits nothing can be guessed from it.

Invariants: a guest's right is their own, if they were given one, or that of the share, at this moment and not at that when they came: it is looked
up for every call, so a share that is changed, revoked or expired is so for calls under way, too; a share or login ends in memory, and its
connections with it, before that is written down; no share grants `own`.

Rejected: accounts with passwords (somebody has to make them, and a look at a notebook is not worth one); a token that carries its
right inside (it could not be revoked, nor changed).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import access
from webipy.core.api.access import Principal, Right
from webipy.core.timestamps import rfc3339, seconds_between
from webipy.server.people.login_connections import LoginConnections

MAX_SHARES = 100
"""Of one session; whoever makes more has lost sight of them."""

MAX_GUESTS = 200
"""Guests of one share: a lecture. A link that got around must not fill the memory; a further guest takes the place of one without a connection."""

JOINS_A_MINUTE = 300
"""By one share from one address: more than `MAX_GUESTS`, as everybody behind a tunnel or a proxy has the same address; each costs a write."""

MOST_JOINS_KNOWN = 4096
"""Shares and addresses of which joins are counted."""

LEFT_SECONDS = 60.0
"""A guest without a connection who has called nothing for so long may lose their place; one who never called anything may at once, the oldest
first."""

EXPIRY_SECONDS = 3600.0
"""The longest time between two checks for expired shares: the wall clock may have been set meanwhile."""


@attrs.define(frozen=True, slots=True)
class Share:
    """A link into a session.

    Args:
        id: Its id, which those see who manage the session.
        session: The session that it is a link into.
        digest: SHA-256 of its secret.
        verb: The right that it grants.
        label: For whom it is meant, in the words of whoever made it.
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
        id: Id of the login.
        share: Id of the share.
        digest: SHA-256 of its cookie.
        name: As they wrote it; everybody sees it marked.
        since: When they came, RFC 3339 UTC with microseconds.
        key: SHA-256 of its key.
        verb: The right of this guest; `None`: that of the share.
    """

    id: str
    share: str
    digest: bytes
    name: str
    since: str
    key: bytes
    verb: Right | None = None


class ShareStore(Protocol):
    """Where shares and guests are stored. A share goes with its guests."""

    def shares(self) -> Deferred[tuple[list[Share], list[Guest]]]:
        """All of them, the oldest first."""

    def put_share(self, share: Share) -> Deferred[None]:
        """Writes down a share, new or changed."""

    def remove_share(self, share: str) -> Deferred[None]:
        """Forgets a share and its guests."""

    def add_guest(self, guest: Guest) -> Deferred[None]:
        """Writes down a guest, new or changed."""

    def remove_guest(self, guest: str) -> Deferred[None]:
        """Forgets a guest."""


@attrs.define(eq=False)
class Joins:
    """How often guests have come by a share from an address."""

    _counts: dict[tuple[str, str], tuple[int, str]] = attrs.field(factory=dict)
    """By share and address: joins in a minute, and when it began."""

    def count(self, share: str, address: str, now: str) -> None:
        """Counts a join.

        Args:
            share: The share's id.
            address: The address that the guest comes from.
            now: The time, RFC 3339 UTC with microseconds.

        Raises:
            errors.Quota: Too many came from this address in the last minute.
        """
        count, since = self._counts.pop((share, address), (0, now))
        passed = seconds_between(since, now)
        if not 0 <= passed < 60:
            count, since, passed = 0, now, 0.0
        self._counts[share, address] = (min(count + 1, JOINS_A_MINUTE), since)
        while len(self._counts) > MOST_JOINS_KNOWN:
            del self._counts[next(iter(self._counts))]
        if count >= JOINS_A_MINUTE:
            wait = round(60 - passed, 1)
            words = f"{count} people came by this link from your address within a minute; the next one is let in in {wait:g} s."
            raise errors.Quota(words, what="joins", limit=JOINS_A_MINUTE, used=count, free_in_s=wait)


@attrs.define(eq=False)
class GuestCalls:
    """When the guests of a server called last: who has been away longest loses their place first, where one is needed."""

    _times: dict[str, str] = attrs.field(factory=dict)
    """By the login of each guest, RFC 3339 UTC with microseconds; empty: they have called nothing since the server has started."""

    def begin(self, login: str) -> None:
        """Begins with a guest, who has called nothing yet."""
        self._times[login] = ""

    def note(self, login: str, now: str) -> None:
        """Notes that somebody calls something now; a login that is no guest's is passed over.

        Args:
            login: The id of the login.
            now: The time, RFC 3339 UTC with microseconds.
        """
        if login in self._times:
            self._times[login] = now

    def forget(self, login: str) -> None:
        """Forgets a guest."""
        self._times.pop(login, None)

    def left(self, guests: Iterable[Guest], connections: LoginConnections, now: str) -> Guest | None:
        """The guest who may lose their place: of those without a connection, one who never came back, else who has been away longest.

        Args:
            guests: Those it may be.
            connections: Who has connections.
            now: The time, RFC 3339 UTC with microseconds.

        Returns:
            The guest; `None`: all of them are here.
        """
        away = []
        for guest in guests:
            called = self._times[guest.id]
            if not connections.count(guest.id) and (not called or seconds_between(called, now) >= LEFT_SECONDS):
                away.append((called, guest.since, guest))
        return min(away, key=lambda one: one[:2])[2] if away else None


@attrs.define(eq=False)
class Shares:
    """The shares of one server.

    Args:
        store: Where they are stored.
        now: The time, RFC 3339 UTC with microseconds.
        later: Calls a function after so many seconds; returns a function that cancels the call.
        new_id: A new id.
        new_secret: 256 new random bits as text.
        connections: The connections of logins: those of a login that ends are closed.
        closed: Why no links let anybody in, a sentence; empty: they do.
        calls: When the guests called last.
    """

    store: ShareStore
    now: Callable[[], str]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    connections: LoginConnections
    closed: str = ""
    calls: GuestCalls = attrs.field(factory=GuestCalls)
    _shares: dict[str, Share] = attrs.field(factory=dict)
    _guests: dict[str, Guest] = attrs.field(factory=dict)
    _logins: dict[bytes, str] = attrs.field(factory=dict)
    """Guests by the digest of their cookie."""
    _joins: Joins = attrs.field(factory=Joins)
    _stop_clock: Callable[[], None] = lambda: None
    _log = Logger()

    async def load(self) -> None:
        """Reads the shares that outlived the server."""
        shares, guests = await self.store.shares()
        self._shares = {share.id: share for share in shares}
        self._guests = {guest.id: guest for guest in guests if guest.share in self._shares}
        self._logins = {guest.digest: guest.id for guest in self._guests.values()}
        for login in self._guests:
            self.calls.begin(login)
        self._end_expired()

    # ---- for those who manage the session

    async def link(self, session: str, verb: Right, label: str, days: int) -> tuple[Share, str]:
        """Makes a share.

        Args:
            session: The session's id.
            verb: The right that it grants.
            label: For whom it is meant, in the words of whoever made it.
            days: How long it is valid.

        Returns:
            The share, and its secret.

        Raises:
            errors.TooLarge: The session has `MAX_SHARES` already.
            errors.NotPermitted: No links let anybody in here.
        """
        if self.closed:
            raise errors.NotPermitted(self.closed)
        if len(self.of(session)) >= MAX_SHARES:
            raise errors.TooLarge(f"A session has at most {MAX_SHARES} links; revoke some.", limit=MAX_SHARES)
        secret, now = self.new_secret(), self.now()
        expires = rfc3339(datetime.fromisoformat(now) + timedelta(days=days))
        share = Share(self.new_id(), session, digest(secret), verb, label, now, expires)
        await self.store.put_share(share)
        self._shares[share.id] = share
        self._end_expired()
        return share, secret

    def of(self, session: str) -> list[Share]:
        """The shares of a session that have not expired, the oldest first."""
        return [share for share in self._shares.values() if share.session == session and self._is_valid(share)]

    def guests(self, share: str) -> list[Guest]:
        """The guests of a share, in the order in which they came."""
        return [guest for guest in self._guests.values() if guest.share == share]

    async def set(self, session: str, share: str, verb: Right) -> None:
        """Changes the right that a share grants, also for its guests.

        Args:
            session: The session's id.
            share: The share's id.
            verb: The right that it grants from now on.

        Raises:
            errors.NotFound: The session has no such share.
        """
        changed = attrs.evolve(self._get(session, share), verb=verb)
        self._shares[share] = changed
        await self.store.put_share(changed)

    async def set_guest(self, session: str, login: str, verb: Right | None) -> None:
        """Changes the right of one guest.

        Args:
            session: The session's id.
            login: The guest's login.
            verb: The right that they have from now on, whatever the share grants; `None`: that of the share.

        Raises:
            errors.NotFound: No link into the session has such a guest.
        """
        guest = _guest_in(session, login, self._guests, self._shares)
        self._guests[login] = changed = attrs.evolve(guest, verb=verb)
        await self.store.add_guest(changed)

    async def remove_guest(self, session: str, login: str) -> None:
        """Ends the login of one guest; the link stays.

        Args:
            session: The session's id.
            login: The guest's login.

        Raises:
            errors.NotFound: No link into the session has such a guest.
        """
        _guest_in(session, login, self._guests, self._shares)
        await self.leave(login)

    async def revoke(self, session: str, share: str) -> None:
        """Ends a share and the logins of its guests.

        Args:
            session: The session's id.
            share: The share's id.

        Raises:
            errors.NotFound: The session has no such share.
        """
        await self._end(self._get(session, share))

    async def end_session(self, session: str) -> None:
        """Ends all shares of a session that is closed."""
        for share in [share for share in self._shares.values() if share.session == session]:
            await self._end(share)

    def _get(self, session: str, share: str) -> Share:
        found = self._shares.get(share)
        if found is None or found.session != session:
            raise errors.NotFound(
                f"This session has no link {share!r}; it may have been taken back.", kind="share", id=share
            )
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
            self.calls.forget(guest.id)
            self.connections.end(guest.id)

    # ---- for guests

    def share_of(self, secret: str) -> Share | None:
        """The share of a secret, if it has not expired. The secret is compared with all, each in constant time."""
        given = digest(secret)
        found = [share for share in self._shares.values() if hmac.compare_digest(share.digest, given)]
        return found[0] if found and self._is_valid(found[0]) and not self.closed else None

    async def join(self, share: Share, name: str, cookie: str, key: str, address: str = "") -> None:
        """Makes a login for a guest of a share.

        Args:
            share: The share.
            name: The guest's name, as they wrote it.
            cookie: The cookie of the login.
            key: The key of the login.
            address: The address that they come from.

        Raises:
            errors.InvalidParams: The name cannot be used.
            errors.Quota: Too many came from this address in the last minute, or the share has `MAX_GUESTS` guests with connections.
        """
        name = access.person_name(name)
        self._joins.count(share.id, address, self.now())
        guests = self.guests(share.id)
        if len(guests) >= MAX_GUESTS:
            left = self.calls.left(guests, self.connections, self.now())
            if left is None:
                words = f"{MAX_GUESTS} people are here by this link, which is all it takes. Try again when somebody has left."
                raise errors.Quota(words, what="guests", limit=MAX_GUESTS, used=len(guests), free_in_s=None)
            self._forget([left])
            await self.store.remove_guest(left.id)
        guest = Guest(self.new_id(), share.id, digest(cookie), name, self.now(), digest(key))
        self._guests[guest.id] = guest
        self._logins[guest.digest] = guest.id
        self.calls.begin(guest.id)
        await self.store.add_guest(guest)

    async def leave(self, login: str) -> bool:
        """Ends the login of a guest; returns whether there was one."""
        guest = self._guests.get(login)
        if guest is not None:
            self._forget([guest])
            await self.store.remove_guest(guest.id)
        return guest is not None

    def guest_of(self, cookie: bytes) -> Guest | None:
        """The guest whose cookie has this digest."""
        return self._guests.get(self._logins.get(cookie, ""))

    def principal(self, login: str) -> Principal | None:
        """The principal of a guest's login, with the right at this moment; `None` when the login has ended, or is no guest's."""
        guest = self._guests.get(login)
        share = self._shares.get(guest.share) if guest is not None else None
        if guest is None or share is None or not self._is_valid(share) or self.closed:
            return None
        return Principal(access.marked(guest.name), guest.verb or share.verb, guest.id, share.session)

    def link_of(self, login: str) -> str | None:
        """The share that a login came by; `None` for a login that is no guest's."""
        guest = self._guests.get(login)
        return guest.share if guest is not None else None

    # ---- time

    def _is_valid(self, share: Share) -> bool:
        return self.now() < share.expires

    def _end_expired(self) -> None:
        """Ends the expired shares, and schedules the next check."""
        self._stop_clock()
        for share in [share for share in self._shares.values() if not self._is_valid(share)]:
            self._end(share).addErrback(lambda failure: self._log.failure("a share could not be forgotten", failure))
        if self._shares:
            seconds = seconds_between(self.now(), min(share.expires for share in self._shares.values()))
            self._stop_clock = self.later(min(max(0.0, seconds), EXPIRY_SECONDS), self._end_expired)


def _guest_in(session: str, login: str, guests: Mapping[str, Guest], shares: Mapping[str, Share]) -> Guest:
    """The guest of a login, who has come by a link into a session.

    Raises:
        errors.NotFound: No link into the session has such a guest.
    """
    guest = guests.get(login)
    share = shares.get(guest.share) if guest is not None else None
    if guest is None or share is None or share.session != session:
        raise errors.NotFound("This guest is not here any more.", kind="guest", id=login)
    return guest


def digest(secret: str) -> bytes:
    """The SHA-256 digest of a secret, which is stored in its place."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
