"""The params and results of the methods `login.*` and `ticket.make`: who is signed in where, and files that the browser itself fetches.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import Params, Result

LoginKind = Literal["browser", "command line"]


class Login(Result, frozen=True, kw_only=True):
    """A browser or a command line that is signed in, as whoever runs the server or to an account."""

    id: str
    """The id of the login."""
    kind: LoginKind = "browser"
    """What is signed in: a browser, or the webipy command (`webipy login`)."""
    user: str | None = None
    """The id of the account; null: it is signed in as whoever runs the server."""
    name: str = ""
    """The name that others see of that person."""
    where: str
    """The browser and its system, as the browser says; of a command line the machine that it runs on."""
    address: str
    """The address that it signed in from."""
    since: str
    """When it signed in, RFC 3339 in UTC."""
    used: str
    """When its last request came, RFC 3339 in UTC, correct to some minutes."""
    connections: int
    """How many pages it has open now."""
    here: bool
    """Whether this call came by it."""


class LoginList(Result, frozen=True, kw_only=True):
    """Who is signed in, the one that was used last first. Guests are in share.list; who has the token is in no list."""

    logins: list[Login]
    """The logins."""


class RevokeLogin(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which logins end: exactly one of `id`, `others` and `all`."""

    id: str | None = None
    """The id of the only login that ends; null: see the other two."""
    others: bool = False
    """Whether all end but the one of this call."""
    all: bool = False
    """Whether all end."""


class Revoked(Result, frozen=True, kw_only=True):
    """The logins that were ended."""

    ended: list[str]
    """Their ids."""


class MakeTicket(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address that a ticket is for."""

    address: Annotated[str, msgspec.Meta(max_length=8192)]
    """An address of this server below /files/, /outputs/, /exports/ or /nbconvert/, with or without a query."""


class Ticket(Result, frozen=True, kw_only=True):
    """An address with a ticket: this login's browser alone may read it, and only this one path."""

    address: str
    """The address, with the ticket in its query."""
    expires: str
