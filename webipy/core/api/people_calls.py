"""The params and results of the methods `share.*` and `presence.set`: links into a session, who came by them, and where everybody is.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.access import Right, Verb
from webipy.core.api.calls import OfSession, Result
from webipy.core.events.cell_text import MAX_SOURCE_UNITS as MAX_UNITS

MAX_DAYS = 365
DAYS = 7
"""How long a link counts unless the owner says otherwise."""


class LinkSession(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link that gives whoever has it the right `verb` in this session for so many days.

    `execute` lets them run code as the person who runs the server, who can do what that person can. `label` is for the owner: whom it is meant for.
    """

    verb: Right
    label: Annotated[str, msgspec.Meta(max_length=60)] = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] = DAYS


class OfShare(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one link of a session."""

    share: str


class SetShare(OfShare, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the link gives from now on, also to who came by it."""

    verb: Right


class ShareLink(Result, frozen=True, kw_only=True):
    """A new link. `url` has its secret in its fragment, `/s/SESSION#share=SECRET`, and is told only here."""

    share: str
    url: str
    expires: str


class Guest(Result, frozen=True, kw_only=True):
    """Somebody who came by a link, with the name that they gave. `login` is the `person` of `presence`."""

    login: str
    name: str
    since: str


class Share(Result, frozen=True, kw_only=True):
    """A link into a session, and who came by it."""

    id: str
    verb: Right
    label: str
    created: str
    expires: str
    guests: list[Guest]


class ShareList(Result, frozen=True, kw_only=True):
    """The links of a session that count now, the oldest first."""

    shares: list[Share]


# ---- presence -----------------------------------------------------------------------------------------------------


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A selection in the source of a cell, or a caret where both ends are one place: UTF-16 units, in the source of that `version`."""

    anchor: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]
    head: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class SetPresence(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where this connection is: in a cell or in none, with a selection where its source is being edited. Also says that somebody is there."""

    cell: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    selection: Selection | None = None


class AnswerAsk(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told that they may not edit now: the `person` of `presence`."""

    person: str


AskState = Literal["waiting", "declined"]


class Person(Result, frozen=True, kw_only=True):
    """Somebody who follows the session on one connection, and where they are.

    `id` is that of the connection; connections of one `person` have that in common (`owner` for whoever runs the server). `name` is what `by`
    of events says. `is_idle` after two minutes without a move. `asks`: they would like to edit, and nobody has answered (`waiting`), or the owner
    has said not now (`declined`); it ends when they may, and when they leave.
    """

    id: str
    person: str
    name: str
    verb: Verb
    is_guest: bool
    cell: str | None
    selection: Selection | None
    is_idle: bool
    asks: AskState | None = None


class Presence(Result, frozen=True, kw_only=True):
    """The params of the notification `presence`: everybody who follows the session now, who moved last first, and `more` that are not listed.

    `you` is the id of the connection that this is sent to. It comes when somebody comes, moves or leaves, at most every 60 ms, never to somebody
    who is alone, and is in no journal. A right that changes is told by it, too.
    """

    session: str
    you: str
    more: int
    people: list[Person]
