"""The params and results of the methods `token.*`: script tokens, which act as the person who made them, reduced by their scopes.

See webipy.core.api.calls, webipy.core.api.token_scopes and webipy.server.people.script_tokens.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.api.calls import Params, Result
from webipy.core.api.scopes import MAX_METHODS, Scopes

MAX_DAYS = 3660
DEFAULT_DAYS = 30


class CreateToken(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token to make, and what it may be used for. What is not limited here is what its person may do, but people, logins, links and tokens."""

    label: str
    """What it is called, in lists and in the audit log; the valid tokens of one person have different labels."""
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] | None = DEFAULT_DAYS
    """For how many days it is valid; null: until it is revoked."""
    read: bool = False
    """Whether it only reads."""
    session: str | None = None
    """The id of the only session that it is for; null: any."""
    folder: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    """The only folder that it is for, relative to the server's root, with the sessions whose documents are in it; null: any."""
    methods: Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=MAX_METHODS)] = []
    """The methods, and groups such as `file.*`, that it may call; empty: all but those that manage people, logins, links and tokens."""


class NewToken(Result, frozen=True, kw_only=True):
    """A token that was made."""

    id: str
    """Its id, by which it is revoked."""
    label: str
    token: str
    """The token itself, which begins with `webipy_`. It is sent once and not stored."""
    expires: str | None
    """When it expires, RFC 3339 in UTC; null: it does not."""


class ListTokens(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose tokens are listed."""

    everybody: bool = False
    """Whether those of all people are listed, which needs the right `own` on the server; otherwise those of the caller."""


class Token(Result, frozen=True, kw_only=True):
    """A script token."""

    id: str
    """The id of the token."""
    label: str
    """What it is called."""
    person: str
    """The name of the person that it acts as."""
    scopes: Scopes
    """What it may be used for."""
    created: str
    """When it was made, RFC 3339 in UTC."""
    expires: str | None
    """When it expires, RFC 3339 in UTC; null: it does not."""
    used: str | None
    """When it was used last, RFC 3339 in UTC, correct to some minutes; null: never."""
    address: str
    """The address that it was used from last; empty: never used."""
    connections: int
    """How many connections it has open now."""
    is_valid: bool
    """Whether it counts; one that has expired is listed for some weeks."""


class TokenList(Result, frozen=True, kw_only=True):
    """Tokens, the newest first. Those that were revoked are not among them."""

    tokens: list[Token]
    """The tokens."""


class RevokeToken(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tokens are revoked: exactly one of `id` and `all`."""

    id: str | None = None
    """The id of the only token that is revoked; null: see `all`."""
    all: bool = False
    """Whether all of the caller are."""


class RevokedTokens(Result, frozen=True, kw_only=True):
    """The tokens that were revoked, with those that they had made."""

    ended: list[str]
    """Their ids."""
