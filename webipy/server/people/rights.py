"""Rights: who may do what on this server, asked in one place for methods, addresses and streams alike.

::

    Principal ──permit──► whoever runs the server, admins: everything            (webipy.core.api.access)
                          a guest of a link: one session, one verb               (webipy.core.api.access)
                          a member or viewer: what grants give them              (webipy.core.api.grants)
    session ──► its place: the path of its notebook, or the session itself while it has none ──► verb
    path    ──► verb

Invariants:

- Deny by default: what is neither everybody's nor granted is refused, and a principal of an unknown kind has nothing. A member who may not even read
  something is told in the same words whether or not it is there.
- A right is looked up at the moment of each call, and again where a file is opened (webipy.server.ports.confinement): nothing remembers that somebody
  was let in. A right that ends does so in memory first, then on the disk; connections that follow what their person may not read any more are closed.
- Only who holds `own` at a place gives and takes rights there; nobody can take away an account's own folder but whoever holds `own` above it.
- Grants follow a file or folder that webipy moves, and end when webipy deletes it: what comes back from the trash has the rights of the folder that
  it comes to. Of what another program moves, the grants stay at the path.

Own folders are made by webipy.server.people.homes.

Rejected: rights that are kept with a session or connection (they would have to be found again at each change).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol
from weakref import WeakSet

import attrs

from webipy.core import errors
from webipy.core.api import access
from webipy.core.api.access import RANK, Principal, Verb
from webipy.core.api.grants import SESSION_MARK, Grant, Grants, account_whom, session_place
from webipy.server.ports.confinement import Confinement
from webipy.server.ports.grants import GrantStore

MAX_GRANTS = 10_000
"""Of one server; each change makes an index of all."""

MAX_EXPORTS = 1000
"""Exports of which it is known what they are of: more than are kept."""


class Follower(Protocol):
    """A connection, which may follow sessions and folders."""

    principal: Principal | None

    def followed(self) -> tuple[list[str], list[str]]:
        """The ids of the sessions and the paths of the folders that it follows."""

    def give_up(self) -> None:
        """Closes it; its client comes again, and follows what it still may."""


@attrs.define(eq=False)
class Rights:
    """The rights of everybody on one server.

    Args:
        store: Where grants are stored.
        now: The time, RFC 3339 UTC with microseconds.
        place_of: Returns the path of the file of an open session, or its own place while it has none; `None` for a session that is not open.
        refresh: Returns a principal as it is now; `None` when its login has ended.
    """

    store: GrantStore
    now: Callable[[], str]
    place_of: Callable[[str], str | None]
    refresh: Callable[[Principal | None], Principal | None] = lambda principal: principal
    grants: Grants = attrs.field(factory=Grants)
    _followers: WeakSet[Follower] = attrs.field(factory=WeakSet)
    _exports: dict[str, str] = attrs.field(factory=dict)
    """The sessions of exports, by the ids of these."""

    async def load(self) -> None:
        """Reads the grants that outlived the server."""
        self.grants = Grants(await self.store.grants())

    # ---- what somebody may do

    def at(self, principal: Principal | None, place: str) -> Verb:
        """What somebody may do at a place at this moment.

        Args:
            principal: Who it is.
            place: A path below the root, or the place of a session without a file.

        Returns:
            The strongest verb; `none` for a guest, whose right is in a session.
        """
        if principal is None or principal.session is not None:
            return "none"
        return self.grants.verb_at(principal, place) if access.is_confined(principal) else principal.verb

    def in_session(self, principal: Principal | None, session: str) -> Verb:
        """What somebody may do in a session at this moment.

        Args:
            principal: Who it is.
            session: The session's id.
        """
        if principal is None:
            return "none"
        if principal.session is not None:
            return principal.verb if principal.session == session else "none"
        if not access.is_confined(principal):
            return principal.verb
        place = self.place_of(session)
        return "none" if place is None else self.grants.verb_at(principal, place)

    def seen_in(self, principal: Principal | None, session: str) -> Principal | None:
        """A principal with the verb that they hold in a session.

        Args:
            principal: Who it is.
            session: The session's id.
        """
        if principal is None or not access.is_confined(principal):
            return principal
        return attrs.evolve(principal, verb=self.in_session(principal, session))

    def permit(self, principal: Principal | None, verb: Verb, session: str | None) -> None:
        """Returns when a principal may do something in a session, or on the server.

        Args:
            principal: Who it is; `None`: nobody is logged in.
            verb: The right that is needed.
            session: The id of the session that is touched; `None`: more than one, or the server.

        Raises:
            errors.NotAuthenticated: Nobody is logged in and the verb is not `none`.
            errors.NotPermitted: They may not.
        """
        if session is None or principal is None or not access.is_confined(principal):
            access.permit(principal, verb, session)
            return
        held = self.in_session(principal, session)
        if RANK[held] >= RANK[verb]:
            return
        if held == "none":
            raise errors.NotPermitted(
                f"There is no open session {session!r} that is shared with {principal.name}.", verb=verb
            )
        raise errors.NotPermitted(f"{principal.name} may {held} here, but this needs the right to {verb}.", verb=verb)

    def permit_at(self, principal: Principal | None, verb: Verb, path: str) -> None:
        """Returns when a principal may do something with a file or folder.

        Args:
            principal: Who it is; `None`: nobody is logged in.
            verb: The right that is needed.
            path: The file or folder, relative to the root; or the place of a session without a file.

        Raises:
            errors.NotAuthenticated: Nobody is logged in.
            errors.NotPermitted: They may not.
        """
        if principal is None or not access.is_confined(principal):
            access.permit(principal, verb, None)
            return
        held = self.at(principal, path)
        if RANK[held] >= RANK[verb]:
            return
        if held == "none":
            raise errors.NotPermitted(f"There is nothing at {path!r} that is shared with {principal.name}.", verb=verb)
        raise errors.NotPermitted(
            f"{principal.name} may {held} {path!r}, but this needs the right to {verb}.", verb=verb
        )

    def confinement(
        self,
        principal: Principal | None,
        strongest: Verb,
        needed: Iterable[tuple[str, Verb]] = (),
        own: Iterable[str] = (),
    ) -> Confinement | None:
        """What a call of somebody may reach of the files; `None` for everything. A script token for a folder reaches that folder, whoever's it is.

        Args:
            principal: Who calls.
            strongest: The verb that is needed at paths that the call does not name.
            needed: The paths that it names, with the verbs that it needs there.
            own: The file of the session that it is about, and those that are paired with it.
        """
        if principal is None or not is_fenced(principal):
            return None
        folder = principal.scopes.folder if principal.scopes is not None else None
        least: Verb = strongest if RANK[strongest] > RANK["none"] else "read"
        return Confinement(partial(self.at, principal), least, dict(needed), frozenset(own), folder=folder or "")

    def note_export(self, export: str, session: str) -> None:
        """Notes which session an export is of; who may read that may have it.

        Args:
            export: The id of the export.
            session: The id of the session.
        """
        self._exports[export] = session
        while len(self._exports) > MAX_EXPORTS:
            del self._exports[next(iter(self._exports))]

    def permit_export(self, principal: Principal, export: str) -> str | None:
        """Returns when a principal may have an export.

        Args:
            principal: Who it is.
            export: The id of the export.

        Returns:
            The id of the session that it is of; `None`: that is not known any more.

        Raises:
            errors.NotPermitted: They may not read that session.
        """
        session = self._exports.get(export)
        self.permit(principal, "read", session)
        return session

    def covers(self, path: str, other: str) -> bool:
        """Whether everybody who may write one path may write another one, too; whoever runs the server may.

        Args:
            path: Whoever may write it is looked at.
            other: The path that they may be led to.
        """
        return self.grants.covers(path, other)

    # ---- giving and taking

    async def grant(self, place: str, whom: str, verb: Verb, by: str) -> Grant:
        """Gives somebody a right, in place of the one that they were given at this place before; it counts at once.

        Args:
            place: A path below the root, or the place of a session without a file.
            whom: As `Grant.whom`.
            verb: The right.
            by: The name of who gives it.

        Raises:
            errors.TooLarge: There are `MAX_GRANTS` already.
            errors.NotPermitted: It is somebody's own folder, and this would lower their right.
        """
        before = self.grants.get(place, whom)
        if before is None and len(self.grants.all()) >= MAX_GRANTS:
            raise errors.TooLarge(
                f"One server has at most {MAX_GRANTS:,} rights; share a folder instead of each file.", limit=MAX_GRANTS
            )
        if before is not None and before.is_home and verb != "own":
            raise _of_home(before)
        made = Grant(place, whom, verb, by, self.now(), before is not None and before.is_home)
        await self.change([made], [])
        return made

    async def revoke(self, place: str, whom: str) -> None:
        """Takes a right away that was given at this place; it ends at once.

        Args:
            place: The place.
            whom: As `Grant.whom`.

        Raises:
            errors.NotFound: Nothing was given to them at this very place.
            errors.NotPermitted: It is their own folder.
        """
        found = self.grants.get(place, whom)
        if found is None:
            words = "It was given at no place of this name: a right that comes from a folder above is taken away there."
            raise errors.NotFound(words, kind="right", id=whom)
        if found.is_home:
            raise _of_home(found)
        await self.change([], [found.key])

    async def moved(self, old: str, new: str) -> None:
        """Moves the grants of a file or folder along with it.

        Args:
            old: Its path before.
            new: Its path now.
        """
        found = self.grants.within(old)
        stale = [grant.key for grant in self.grants.within(new)]  # of what was there before, by another program
        if found or stale:
            put = [attrs.evolve(grant, place=new + grant.place[len(old) :]) for grant in found]
            await self.change(put, [*stale, *(grant.key for grant in found)])

    async def deleted(self, place: str) -> None:
        """Ends the grants on a file or folder that was deleted, or a session without a file that is gone."""
        found = self.grants.within(place)
        if found:
            await self.change([], [grant.key for grant in found])

    async def forget(self, whom: str) -> None:
        """Ends all grants of somebody whose account, or of a group that, is not there any more; their folders stay."""
        found = [grant.key for grant in self.grants.all() if grant.whom == whom]
        if found:
            await self.change([], found)

    async def session_made(self, principal: Principal | None, session: str) -> None:
        """Gives who has made a session without a file the right to it.

        Args:
            principal: Who has made it.
            session: The session's id.
        """
        if principal is not None and principal.account is not None and access.is_confined(principal):
            await self.grant(session_place(session), account_whom(principal.account), "own", principal.name)

    async def change(self, put: Sequence[Grant], removed: Sequence[tuple[str, str]]) -> None:
        """Changes grants: in memory, for everybody who is connected, and on the disk.

        Args:
            put: Grants that are new, or take the place of others.
            removed: Place and whom of those that end; they end before the others are put.
        """
        self.grants = self.grants.changed(put, removed)
        self.recheck()
        await self.store.change_grants(put, removed)

    # ---- who follows what

    def follow(self, follower: Follower) -> None:
        """Watches over a connection: it is closed when it follows what its person may not read any more."""
        self._followers.add(follower)

    def recheck(self) -> None:
        """Closes the connections that follow what their people may not read any more: a right, an account or a path has changed."""
        for follower in list(self._followers):
            principal = self.refresh(follower.principal)
            if not access.is_confined(principal if principal is not None else follower.principal):
                continue
            sessions, folders = follower.followed()
            if any(self.in_session(principal, session) == "none" for session in sessions) or any(
                not self.may_list(principal, folder) for folder in folders
            ):
                follower.give_up()

    def may_list(self, principal: Principal | None, folder: str) -> bool:
        """Whether somebody may read a folder, or sees the way in it to what they may read.

        Args:
            principal: Who it is.
            folder: The folder.
        """
        if principal is None:
            return False
        return self.at(principal, folder) != "none" or not folder or bool(self.grants.ways(principal, folder))


def is_fenced(principal: Principal | None) -> bool:
    """Whether the files that somebody's calls open are looked at: they have only what grants give, or came by a script token for a folder."""
    scopes = principal.scopes if principal is not None else None
    return access.is_confined(principal) or (scopes is not None and scopes.folder is not None)


def _of_home(grant: Grant) -> errors.NotPermitted:
    return errors.NotPermitted(
        f"{grant.place!r} is somebody's own folder: it stays theirs as long as they have an account."
    )


def holding_folder(path: str) -> str:
    """The folder that holds a file or folder; for the place of a session, itself."""
    return path if path.startswith(SESSION_MARK) else path.rpartition("/")[0]
