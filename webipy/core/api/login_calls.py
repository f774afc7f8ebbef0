"""The params and results of the methods `login.*` and `ticket.make`: who is signed in where, and files that the browser itself fetches.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.api.calls import Params, Result


class Login(Result, frozen=True, kw_only=True):
    """A browser that is signed in as whoever runs the server.

    Args:
        where: The browser and its system, as it says itself.
        address: The address that it signed in from.
        since: RFC 3339 UTC, as `used`, the time of its last request, to some minutes.
        connections: How many pages it has open now.
        here: Whether the call came by it.
    """

    id: str
    where: str
    address: str
    since: str
    used: str
    connections: int
    here: bool


class LoginList(Result, frozen=True, kw_only=True):
    """The browsers that are signed in, the one that was used last first. Guests are in share.list; who has the token is in no list."""

    logins: list[Login]


class RevokeLogin(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which logins end: the one of an `id`, all `others` than the one of this call, or `all`. Exactly one of these."""

    id: str | None = None
    others: bool = False
    all: bool = False


class Revoked(Result, frozen=True, kw_only=True):
    """The ids of the logins that were ended."""

    ended: list[str]


class MakeTicket(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address of this server that begins with /files/, /outputs/ or /exports/, with or without a query."""

    address: Annotated[str, msgspec.Meta(max_length=8192)]


class Ticket(Result, frozen=True, kw_only=True):
    """The address with a ticket: for this login's browser alone, to read this one path, until `expires` (RFC 3339 UTC)."""

    address: str
    expires: str
