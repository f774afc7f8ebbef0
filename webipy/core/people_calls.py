"""The params and results of the methods `share.*`: links into a session, and the people who came by them. See webipy.core.calls."""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.access import Right
from webipy.core.calls import OfSession, Result

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
