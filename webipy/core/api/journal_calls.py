"""The params and results of the methods `journal.*`: what is kept of sessions, open and closed. See webipy.core.api.calls."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Raw

from webipy.core.api.calls import Params, Result


class Journal(Result, frozen=True, kw_only=True):
    """The journal of a session: all that happened in it, and the history of its document."""

    session: str
    title: str
    """The title of the session; empty: the journal cannot be read."""
    path: str | None
    """The path of its document, relative to the server's root; null: it has none, or the document is not there any more."""
    size_bytes: int
    """The bytes that it takes on the disk."""
    last_activity: str
    """When something last happened in the session, RFC 3339 in UTC; of a closed session, when it was closed."""
    is_open: bool
    """Whether the session is open."""
    created: str = ""
    """When the session was made, RFC 3339 in UTC; empty: not known."""
    document: str | None = None
    """The path where its document is or was, relative to the server's root; null: it has none."""


class JournalList(Result, frozen=True, kw_only=True):
    """All journals, the one with the latest activity first."""

    journals: list[Journal]
    """The journals."""
    closed_bytes: int
    """The bytes that those of closed sessions take together."""
    limit_bytes: int | None = None
    """The bytes that those of closed sessions may take together; null: no limit."""
    limit_days: float | None = None
    """The days after which the journal of a closed session is deleted; null: never."""


class OfJournal(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The journal of a closed session."""

    session: str


class ReadJournal(OfJournal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events to return."""

    since: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The seq of the last event that the reader has; 0: it has none."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    """The most events that are returned."""


class JournalEvents(Result, frozen=True, kw_only=True):
    """Events of a closed session."""

    session: str
    first: int
    first_seq: int
    last_seq: int
    """The seq of the last event of the journal."""
    standing: list[Raw]
    """Where the oldest events were cut: events that stand for all before `first_seq`."""
    events: list[Raw]
    """The events from `first` on, in their order."""
