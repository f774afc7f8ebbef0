"""Grants: rights of people on folders and files, and the index that answers what somebody may do at a path.

A grant gives somebody (one account, a group, everybody who signs in with an account) a verb at a place: a folder or file below the root, or a session
without a file. The right at a path is the strongest verb that a grant on it, or on a folder above it, gives to the person::

    grants:  "shared" everybody read       "shared/lab" group lab write       "shared/lab/plan.ipynb" account 7 own
    at shared/lab/plan.ipynb:   account 7: own        somebody of lab: write        anybody else with an account: read

Invariants:

- What no grant gives, nobody has: an unknown path, a path that is none, and an account that nothing was given to have `none`.
- Grants only add. No grant takes away what another gives, so where a path is written in another case, or not as it stands here, there is less and
  never more.
- A viewer has at most `read`, whatever was given.
- A path with `.`, `..`, an empty part or a hidden name in it is no path: nothing is granted there.
- The place of a session begins with `//`, which no path does.
- An index never changes: a change of a grant makes a new one. So it may be asked in any thread.

Cost: as many lookups as the deepest grant has parts, not as many as the path has; and where there are grants, one for the account, and one for each
group of the person or for each group with a grant there, whichever are fewer. Nothing is remembered of an answer.

Rejected: rights that take away (who may do what could not be said without all grants in their order); rights on inodes (a file that is saved is
another inode); the rights of the file system (all kernels are one user).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import attrs
import msgspec

from webipy.core.api.access import RANK, Principal, Verb

EVERYBODY: Final = "everybody"
"""Whom a grant is for that is for everybody who signs in with an account; guests of links are not among them."""

SESSION_MARK: Final = "//"
_ACCOUNT, _GROUP = "account ", "group "
_BY_RANK: Final[tuple[Verb, ...]] = tuple(sorted(RANK, key=RANK.__getitem__))
"""The verb of each rank."""


def account_whom(account: str) -> str:
    """Whom a grant is for that is for one account."""
    return _ACCOUNT + account


def group_whom(group: str) -> str:
    """Whom a grant is for that is for a group."""
    return _GROUP + group


def session_place(session: str) -> str:
    """The place of a session that has no file."""
    return f"{SESSION_MARK}{session}"


def whoms(principal: Principal) -> tuple[str, ...]:
    """Whom all a grant may be for so that somebody has it; nothing for who has no account."""
    if principal.account is None or principal.session is not None:
        return ()
    return (account_whom(principal.account), EVERYBODY, *map(group_whom, principal.groups))


def is_path(place: str) -> bool:
    """Whether rights can be decided at a path as it is written: none of its parts is empty, hidden, `.` or `..`."""
    return not (place.startswith(("/", ".")) or place.endswith("/") or "//" in place or "/." in place)


def is_within(path: str, folder: str) -> bool:
    """Whether a path is that of a folder, or below it.

    Args:
        path: The path.
        folder: The folder; empty for the root.
    """
    return path == folder or not folder or path.startswith(f"{folder}/")


@attrs.define(frozen=True, slots=True)
class Grant:
    """A right that somebody was given.

    Args:
        place: The folder or file, relative to the root; or the place of a session without a file (`session_place`).
        whom: Whom it is for: `account_whom`, `group_whom` or `EVERYBODY`.
        verb: The right.
        by: The name of the person who gave it.
        since: When, RFC 3339 UTC with microseconds.
        is_home: Whether it is the grant on the account's own folder, which goes with the account alone.
    """

    place: str
    whom: str
    verb: Verb
    by: str
    since: str
    is_home: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: there is one for each place and whom."""
        return self.place, self.whom


class _Given(msgspec.Struct):
    """What is given at one place, as ranks of verbs."""

    everybody: int = 0
    accounts: dict[str, int] = msgspec.field(default_factory=dict)
    groups: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, whom: str, rank: int) -> None:
        """Adds a grant."""
        if whom.startswith(_ACCOUNT):
            self.accounts[whom[len(_ACCOUNT) :]] = rank
        elif whom.startswith(_GROUP):
            self.groups[whom[len(_GROUP) :]] = rank
        elif whom == EVERYBODY:
            self.everybody = rank

    def rank(self, account: str, groups: Collection[str]) -> int:
        """The rank of the strongest verb that an account has here, by itself, by one of its groups, or as everybody has it."""
        found = max(self.everybody, self.accounts.get(account, 0))
        theirs = self.groups
        if len(groups) < len(theirs):
            for name in groups:
                found = max(found, theirs.get(name, 0))
        elif theirs:
            for name, rank in theirs.items():
                if rank > found and name in groups:
                    found = rank
        return found


class Grants:
    """All grants, as an index that does not change.

    Args:
        grants: Each place and whom once; of two the latter counts.
    """

    __slots__ = ("_above", "_all", "_at", "_depth")

    def __init__(self, grants: Iterable[Grant] = ()) -> None:
        self._all: Mapping[tuple[str, str], Grant] = {grant.key: grant for grant in grants}
        self._at: dict[str, _Given] = {}
        self._above: dict[str, dict[str, set[str]]] = {}
        """By folder above a place, and by whom: the names in that folder that lead to the place."""
        self._depth = 0
        for grant in self._all.values():
            given = self._at.get(grant.place)
            if given is None:
                given = self._at[grant.place] = _Given()
            given.add(grant.whom, RANK[grant.verb])
            if grant.place.startswith(SESSION_MARK):
                continue
            parts = grant.place.split("/") if grant.place else []
            self._depth = max(self._depth, len(parts))
            for number, part in enumerate(parts):
                ways = self._above.setdefault("/".join(parts[:number]), {})
                ways.setdefault(grant.whom, set()).add(part)

    def all(self) -> list[Grant]:
        """All, in the order in which they were given."""
        return list(self._all.values())

    def get(self, place: str, whom: str) -> Grant | None:
        """The grant of a place to somebody; `None` when there is none on this very place.

        Args:
            place: The place.
            whom: Whom it is for.
        """
        return self._all.get((place, whom))

    def verb_at(self, principal: Principal, place: str) -> Verb:
        """What somebody may do at a place by the grants.

        Args:
            principal: Who it is; without an account they have no grants.
            place: A path, or the place of a session without a file.

        Returns:
            The strongest verb that is given there or above; `none` for none.
        """
        if principal.account is None or principal.session is not None:
            return "none"
        found = self._rank_at(principal.account, principal.groups, place)
        return "read" if principal.role == "viewer" and found > RANK["read"] else _BY_RANK[found]

    def _rank_at(self, account: str, groups: Collection[str], place: str) -> int:
        at = self._at
        if place.startswith(SESSION_MARK):
            given = at.get(place)
            return 0 if given is None else given.rank(account, groups)
        if not is_path(place):
            return 0
        given = at.get("")
        found = 0 if given is None else given.rank(account, groups)
        end = -1
        for _ in range(self._depth):
            end = place.find("/", end + 1)
            given = at.get(place if end < 0 else place[:end])
            if given is not None:
                found = max(found, given.rank(account, groups))
            if end < 0:
                break
        return found

    def ways(self, principal: Principal, folder: str) -> set[str]:
        """The names in a folder that lead to what was given to somebody.

        Args:
            principal: Who it is.
            folder: The folder, relative to the root.
        """
        above = self._above.get(folder, {})
        return {name for one in whoms(principal) for name in above.get(one, ())}

    def of(self, principal: Principal) -> list[Grant]:
        """The grants that somebody has, in the order in which they were given."""
        mine = set(whoms(principal))
        return [grant for grant in self._all.values() if grant.whom in mine]

    def at_or_above(self, place: str) -> list[Grant]:
        """The grants that count at a place: on the place itself and on folders above it."""
        is_session = place.startswith(SESSION_MARK)
        return [
            grant
            for grant in self._all.values()
            if grant.place == place
            or (not (is_session or grant.place.startswith(SESSION_MARK)) and is_within(place, grant.place))
        ]

    def within(self, place: str) -> list[Grant]:
        """The grants on a place and on all below it."""
        if place.startswith(SESSION_MARK):
            return [grant for grant in self._all.values() if grant.place == place]
        return [
            grant
            for grant in self._all.values()
            if not grant.place.startswith(SESSION_MARK) and is_within(grant.place, place)
        ]

    def changed(self, put: Iterable[Grant], removed: Iterable[tuple[str, str]]) -> Grants:
        """The grants after a change.

        Args:
            put: Grants that are new or take the place of others.
            removed: Place and whom of those that end; they end before the others are put.
        """
        gone = set(removed)
        return Grants([*(grant for grant in self._all.values() if grant.key not in gone), *put])

    def covers(self, path: str, other: str) -> bool:
        """Whether everybody who may write one path may write another one, too.

        Args:
            path: Whoever may write it is looked at.
            other: The path that they may be led to.
        """
        writers = {grant.whom for grant in self.at_or_above(path) if RANK[grant.verb] >= RANK["write"]}
        return all(self._rank_for(whom, other) >= RANK["write"] for whom in writers)

    def _rank_for(self, whom: str, place: str) -> int:
        """The rank of what all have at a place whom a grant may be for."""
        groups = (whom[len(_GROUP) :],) if whom.startswith(_GROUP) else ()
        return self._rank_at(whom[len(_ACCOUNT) :] if whom.startswith(_ACCOUNT) else "", groups, place)
