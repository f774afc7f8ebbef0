"""The ports to journals: the log of each session, open (`Journals`, `Journal`) and closed (`Archive`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from webipy.core.kernel.blobs import Part
from webipy.server.ports.registry import ClosedSession


class Position(msgspec.Struct, frozen=True):
    """Which messages of a host are in the journal: all up to `number`."""

    host: str
    number: int


class Journal(Protocol):
    """The log of one session."""

    first_seq: int
    written: int
    durable_seq: int
    fault: str | None
    """Why nothing can be written now, or `None`."""

    def append(
        self, first: int, bodies: list[bytes], position: Position | None, parts: Sequence[Part] = ()
    ) -> Deferred[None]:
        """Writes events, the position and parts of blobs in one transaction.

        Args:
            first: Seq of the first event.
            bodies: The events, JSON.
            position: Which messages of the host these events come from; `None` leaves it as it is.
            parts: Parts of blobs that these or later events refer to.

        Returns:
            Fires when the transaction is committed; several appends fire in their order.
        """

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """Written events in a row: at least one if there is one, until a limit is reached.

        Args:
            first: Seq of the first one.
            limit: Events at most.
            limit_bytes: Bytes at most; a larger first event is returned whole.
        """

    def prelude(self) -> Deferred[list[bytes]]:
        """The events that stand for those before `first_seq`; none when nothing was ever cut."""

    def read_blob(self, blob: str, offset: int, limit: int) -> Deferred[bytes]:
        """Some bytes of a blob.

        Args:
            blob: Its SHA-256, hex.
            offset: Bytes before the first one.
            limit: Bytes at most.

        Raises:
            errors.NotFound: It is not there, or not whole.
        """

    def take_blob(self, blob: str, path: str) -> Deferred[None]:
        """Makes a blob of another journal one of this, too; nothing happens when it is not there (any more).

        Args:
            blob: Its SHA-256, hex.
            path: Where it lies on this machine (`blob_path` of the other journal).
        """

    def has_blob(self, blob: str) -> Deferred[bool]:
        """Whether a blob is there, whole."""

    def blob_path(self, blob: str) -> str:
        """Where a blob lies on this machine, if it is there."""

    def sweep(self, *, is_over: bool = False) -> Deferred[None]:
        """Removes blobs that no event refers to; with `is_over` also those whose events would still be to come."""

    async def cut(self, seq: int, bodies: list[bytes]) -> None:
        """Replaces the oldest events; they can still be read until `trim` removes them.

        Args:
            seq: The last event that is replaced.
            bodies: The events that stand for all up to `seq`, JSON.
        """

    async def trim(self, before: int) -> None:
        """Removes the events that a prelude stands for and that are older than event `before`."""


class OpenedJournal(msgspec.Struct, frozen=True):
    """A journal and where its session stopped."""

    journal: Journal
    position: Position | None


class Journals(Protocol):
    """All journals."""

    def open(self, session: str) -> Deferred[OpenedJournal]:
        """Opens or creates the journal of a session.

        Raises:
            errors.Damaged: It cannot be read; the Deferred fails with it.
        """

    async def close(self, session: str) -> None:
        """Closes the journal of a session: nothing more is appended to it. Slow readers may go on."""


class KeptJournal(msgspec.Struct, frozen=True):
    """A journal on the disk.

    Args:
        session: Its session's id.
        size_bytes: Its size there, with all that belongs to it.
        changed: When it was last written to, RFC 3339 UTC.
    """

    session: str
    size_bytes: int
    changed: str


class JournalPart(msgspec.Struct, frozen=True):
    """Some events of a closed journal.

    Args:
        first_seq: The oldest event that is kept by itself.
        last_seq: The newest one.
        standing: The events that stand for those before `first_seq`.
        bodies: The events that were asked for.
    """

    first_seq: int
    last_seq: int
    standing: list[bytes]
    bodies: list[bytes]


class Archive(Protocol):
    """The journals on the disk, as files, among them those of closed sessions."""

    def kept(self) -> Deferred[list[KeptJournal]]:
        """All that are on the disk, be their sessions open or not."""

    def look(self, session: str, first: int, limit: int, limit_bytes: int) -> Deferred[JournalPart]:
        """Events of a closed session.

        Args:
            session: Its id.
            first: Seq of the first one.
            limit: Events at most.
            limit_bytes: Bytes at most; a larger first event is returned whole.

        Raises:
            errors.NotFound: There is no journal.
            errors.Damaged: It cannot be read.
        """

    def describe(self, session: str) -> Deferred[ClosedSession]:
        """A closed session as its journal describes it.

        Raises:
            errors.NotFound, errors.Damaged: As `look`.
        """

    async def remove(self, session: str) -> None:
        """Removes the journal of a closed session, with all that belongs to it."""
