"""The params and results of the methods `share.*` and `presence.*`: links into a session, who came by them, who is there, and where.

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
"""How long a link counts unless whoever makes it says otherwise."""


class LinkSession(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The link to make. With `execute`, guests run code as the person who runs the server, and can do what that person can."""

    verb: Right
    """The right that the link gives in this session."""
    label: Annotated[str, msgspec.Meta(max_length=60)] = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] = DAYS
    """The days that the link can be used."""


class OfShare(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One link of a session."""

    share: str


class SetShare(OfShare, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the link gives from now on, also to who came by it."""

    verb: Right
    """The right that the link gives."""


class OfGuest(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One guest of a session."""

    guest: str
    """The id of their login, as share.list and `presence` have it."""


class SetGuest(OfGuest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one guest may do from now on."""

    verb: Right | None
    """The right of this guest, whatever the link gives; null: that of the link again."""


class ShareLink(Result, frozen=True, kw_only=True):
    """A new link."""

    share: str
    url: str
    """The whole address, with the secret of the link in its fragment: `…/s/SESSION#share=SECRET`. It begins with the public URL (`server.info`), or
    as the server is reached on its own machine. No other result has it."""
    expires: str


class Guest(Result, frozen=True, kw_only=True):
    """Somebody who came by a link."""

    login: str
    """The id of their login; it is the `person` of `presence`."""
    name: str
    """The name that they gave."""
    since: str
    """When they came, RFC 3339 in UTC with microseconds."""
    verb: Right | None = None
    """The right of this guest alone; null: they have that of the link."""


class Share(Result, frozen=True, kw_only=True):
    """A link into a session."""

    id: str
    """The id of the link."""
    verb: Right
    """The right that the link gives."""
    label: str
    created: str
    expires: str
    guests: list[Guest]
    """Who came by it."""


class ShareList(Result, frozen=True, kw_only=True):
    """The links of a session that can be used now, the oldest first."""

    shares: list[Share]
    """The links."""


# ---- presence -----------------------------------------------------------------------------------------------------


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A selection in the source of a cell; a caret is one whose ends are at the same place."""

    anchor: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]
    """The end that stays when the selection grows: UTF-16 units of the source before it."""
    head: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]
    """The end that moves, where the caret is: UTF-16 units of the source before it."""
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    """The version of the source that the positions are for."""


class View(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the middle of somebody's page."""

    cell: Annotated[str, msgspec.Meta(max_length=200)]
    part: Annotated[float, msgspec.Meta(ge=0, le=1)]
    """How far down the cell the middle of the page is: 0 at its top, 1 at its end."""


class SetPresence(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where this connection is. The call also says that somebody is there."""

    cell: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    """The id of the cell; null: in no cell."""
    selection: Selection | None = None
    view: View | None = None
    """What the page shows; pages send it while somebody follows them. Null: they say nothing of it."""
    follows: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    """The `person` of `presence` whom the page follows; null: nobody."""


Wish = Literal["write", "execute"]
"""What somebody can ask for."""


class AskRight(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller asks for."""

    verb: Wish = "write"
    """The right: to edit, or also to run code."""


class AnswerAsk(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant."""

    person: str
    """The `person` of `presence`."""


class AllowPerson(AnswerAsk, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one person may do here from now on. With `execute`, they run code as the person who runs the server, and can do what that person can."""

    verb: Right
    """The right."""


class LeadOthers(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the others are asked to follow."""

    on: bool = True
    """True: they are asked to follow the caller; false: nobody is asked any more."""


AskState = Literal["waiting", "declined"]


class Person(Result, frozen=True, kw_only=True):
    """Somebody who follows the session on one connection, and where they are."""

    id: str
    """The id of the connection."""
    person: str
    """Tells people apart: all connections of one person have it; `owner` is whoever runs the server, `account ID` somebody with an account,
    `hub NAME` another user of its hub; a guest has the id of their login.
    """
    name: str
    """The name, as `by` of events has it."""
    verb: Verb
    """The right that they have in the session."""
    is_guest: bool
    """Whether they came by a link."""
    cell: str | None
    """The id of the cell that they are in; null: in no cell."""
    selection: Selection | None
    is_idle: bool
    """Whether they have not moved for two minutes."""
    asks: AskState | None = None
    """They would like to do more: nobody has answered (`waiting`), or somebody who manages the session has said not now (`declined`); null: they do
    not ask. It ends when they are allowed to, when they take it back, and half a minute after they left.
    """
    asks_for: Wish | None = None
    """The right that they ask for; null: they do not ask."""
    view: View | None = None
    """What their page shows; null while nobody follows them."""
    follows: str | None = None
    """The `person` whom their page follows; null: nobody."""


class Presence(Result, frozen=True, kw_only=True):
    """The params of the notification `presence`: everybody who follows the session now.

    It comes when somebody comes, moves or leaves, or a right changes; at most every 60 ms, and never to whoever manages the session and is
    alone. It is in no journal.
    """

    session: str
    you: str
    """The id of the connection that this is sent to."""
    more: int
    """How many more there are that are not listed."""
    lead: str | None = None
    """The `person` whom everybody is asked to follow; null: nobody."""
    people: list[Person]
    """Who is there: those who ask for a right first, then the one who moved last."""
