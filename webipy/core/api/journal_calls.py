"""The params and results of the methods `journal.*`: what is kept of sessions, open and closed. See webipy.core.api.calls."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Raw

from webipy.core.api.calls import Params, Result


class Journal(Result, frozen=True, kw_only=True):
    """The journal of a session: all that happened in it, and the history of its document.

    `path` is that of its document; null when it has none, or it is not there any more (`document` says where it was). `title` is empty for
    a journal that cannot be read. `size_bytes` is what it takes on the disk; `last_activity` of a closed session is when it was closed.
    """

    session: str
    title: str
    path: str | None
    size_bytes: int
    last_activity: str
    is_open: bool
    created: str = ""
    document: str | None = None


class JournalList(Result, frozen=True, kw_only=True):
    """All journals, the one with the latest activity first, what those of closed sessions take together, and may take (`limit_bytes`)."""

    journals: list[Journal]
    closed_bytes: int
    limit_bytes: int | None = None
    limit_days: float | None = None


class OfJournal(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on the journal of a closed session."""

    session: str


class ReadJournal(OfJournal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events after seq `since`, at most `limit`."""

    since: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000


class JournalEvents(Result, frozen=True, kw_only=True):
    """Events of a closed session: `events` begin with seq `first` and end with `last_seq` at the latest.

    Where the oldest ones were cut, `standing` are those that stand for all before `first_seq`.
    """

    session: str
    first: int
    first_seq: int
    last_seq: int
    standing: list[Raw]
    events: list[Raw]
