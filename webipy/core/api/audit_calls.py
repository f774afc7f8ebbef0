"""The params and results of the methods `audit.*`: who did what, from where, and with which result.

See webipy.core.api.calls, webipy.core.api.audited_calls and webipy.server.people.audit.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.api.calls import Params, Result

MAX_LINES = 1000


class AuditLine(Result, frozen=True, kw_only=True):
    """One line of the audit log."""

    seq: int
    """Its number; lines have no gaps."""
    time: str
    """RFC 3339 in UTC with microseconds."""
    person: str = ""
    """Who it was: `owner`, `account ID`, `hub NAME`, or the id of a guest's login; empty: nobody who is known, or the server itself."""
    name: str = ""
    """What they were called then."""
    by: str = ""
    """What they used: `page`, `command`, `program` (the start-up token), `token NAME`, `jupyter`; empty: nothing, or not known."""
    address: str = ""
    """The address that it came from; of IPv6 the first 64 bits."""
    method: str
    """The method that was called, or another word: `edit`, `sign_in`, `sign_in_failed`, `sign_out`, `download`, `upload`, `server_started`, and what
    the log says of itself (`log_...`).
    """
    session: str | None = None
    """The id of the session that it was about; null: none."""
    path: str | None = None
    """The path of the file, or of the document of that session, relative to the server's root; null: none."""
    to: str | None = None
    """The other path, of what has two; null: none."""
    target: str = ""
    """What else it was about, such as `execution e1` or `label nightly`."""
    result: str = "ok"
    """`ok`, or the name of the failure."""


class ListAudit(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines are listed: those that have all that is given here, the newest first."""

    person: str | None = None
    """The person, or their name; null: everybody."""
    method: str | None = None
    """The method, or a group such as `file.*`; null: all."""
    session: str | None = None
    """The id of the session; null: all."""
    since: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    """Lines from this time on, RFC 3339; null: all that there are."""
    failed: bool = False
    """Whether only what has failed is listed."""
    before: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Lines with smaller numbers only; null: from the newest on."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LINES)] = 100
    """How many lines at most."""


class AuditLines(Result, frozen=True, kw_only=True):
    """Lines of the audit log, the newest first."""

    lines: list[AuditLine]
    """The lines."""
    before: int | None
    """What the next call gives as `before`; null: there are no more."""


class AuditVerification(Result, frozen=True, kw_only=True):
    """Whether the audit log is whole: no line was changed, removed, added or moved by somebody who has not the key."""

    lines: int
    """How many lines were looked at."""
    whole: bool
    """Whether all of them are as they were written, from the first one that was kept to the last one that was written."""
    fault: str
    """What is wrong first, as a sentence; empty: nothing."""
    seq: int | None
    """The number of the line where that is; null: nothing is wrong, or it is no line."""
    first: str | None
    """The time of the first line; null: there is none."""
    last: str | None
    """The time of the last line; null: there is none."""
    unfinished: int
    """Bytes of a line after the last one that was never finished, as by a power cut; the next start cuts them."""
