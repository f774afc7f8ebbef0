"""The scopes of a script token, as they are stored and listed; what they mean for a call is in webipy.core.api.token_scopes."""

from __future__ import annotations

from typing import Final

import msgspec

MAX_METHODS: Final = 100
"""Methods and groups that one token names."""


class Scopes(msgspec.Struct, frozen=True, kw_only=True):
    """What a script token may be used for. Without any of these: for all that its person may do, but people, logins, links and tokens."""

    read: bool = False
    """Whether it only reads."""
    session: str | None = None
    """The id of the only session that it is for; null: any."""
    folder: str | None = None
    """The only folder that it is for, relative to the server's root, with the sessions whose documents are in it; null: any."""
    methods: tuple[str, ...] = ()
    """The methods, and groups such as `file.*`, that it may call; empty: all but those that manage people, logins, links and tokens."""
