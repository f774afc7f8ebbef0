"""The params and results of the methods `right.*`: what people, groups and everybody with an account may do with a folder, a file or a session.

See webipy.core.api.calls; what a right is: webipy.core.api.grants.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.access import Verb
from webipy.core.api.calls import Params, Result

WhomKind = Literal["account", "group", "everybody"]
"""`everybody` is everybody who signs in with an account: no guest of a link is among them."""

GivenVerb = Literal["read", "write", "execute", "own"]
"""The rights that can be given; each includes those before it."""


class AtPlace(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a right is at: one of the two."""

    path: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    """The folder or file, relative to the server's root; empty: the root itself; null: that of `session`."""
    session: str | None = None
    """The id of an open session, for the file of its notebook, or for the session itself while it has none; null: `path` says it."""


class OfWhom(AtPlace, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose right it is."""

    kind: WhomKind = "account"
    """Whether it is of one account, a group, or everybody with an account."""
    whom: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Of an account its id or the name that it signs in with, of a group its name; empty for everybody."""


class GiveRight(OfWhom, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right to give. With `execute`, they run code as the person who runs the server, and can do what that person can."""

    verb: GivenVerb
    """The right; it takes the place of the one that they were given here before."""


class GivenRight(Result, frozen=True, kw_only=True):
    """A right that somebody was given."""

    kind: WhomKind
    """Whether it is of one account, a group, or everybody with an account."""
    whom: str
    """Of an account its id, of a group its name; empty for everybody."""
    name: str
    """The name that people know them by; of an account that is not there any more, its id."""
    verb: Verb
    """The right."""
    path: str | None
    """Where it was given: the file or folder itself, or a folder above it; null: the session itself, which has no file."""
    is_inherited: bool
    """Whether it was given at a folder above: it is changed and taken away there."""
    is_home: bool
    """Whether it is that of an account to its own folder, which cannot be taken away."""
    by: str
    """The name of who gave it."""
    since: str
    """When it was given, RFC 3339 in UTC."""


class RightList(Result, frozen=True, kw_only=True):
    """The rights that count at one place."""

    path: str | None
    """The file or folder, relative to the server's root; null: a session that has no file."""
    rights: list[GivenRight]
    """The rights, those of this very place first. Whoever runs the server, and admins, may do everything and are not among them."""


class SharedPlace(Result, frozen=True, kw_only=True):
    """A folder or file that was shared with the caller."""

    path: str
    """The folder or file, relative to the server's root."""
    kind: Literal["folder", "notebook", "file", "other"]
    """What it is."""
    verb: Verb
    """What the caller may do there."""
    by: str
    """The name of who shared it."""
    since: str
    """When it was shared, RFC 3339 in UTC."""


class MyRights(Result, frozen=True, kw_only=True):
    """What the caller has on this server."""

    home: str | None
    """Their own folder, relative to the server's root; null: whoever runs the server, admins and viewers have none."""
    shared: list[SharedPlace]
    """What was shared with them, the latest first."""


class KnownPerson(Result, frozen=True, kw_only=True):
    """Somebody who has an account."""

    account: str
    """The id of the account."""
    name: str
    """The name that they sign in with."""
    display_name: str
    """The name that others see."""
    groups: list[str]
    """The groups that they are in, by name."""


class PeopleAndGroups(Result, frozen=True, kw_only=True):
    """Whom something can be shared with."""

    people: list[KnownPerson]
    """The accounts, by name."""
    groups: list[str]
    """The groups that somebody is in, by name."""
