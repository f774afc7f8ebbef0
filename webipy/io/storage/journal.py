"""The SQLite journals: one file for each session, written by one thread, committed once for each turn of the reactor.

Data flow::

    append ──► pending ──(end of turn)──► writer thread: one transaction for each session ──► reactor: Deferreds fire, in order
                                             └─► sync thread: fdatasync of the write-ahead log, every 100 ms while there is something new
    read ──► reader thread: range of rows, checked ──► reactor

While the writer is at work, what is appended gathers and goes in one batch after it: the busier the disk, the larger
the batches.

Invariants: `written` advances only after a commit and `durable_seq` only after an fdatasync that began after that
commit (what is found at the opening is not durable yet: the server that wrote it may have been killed before its
fdatasync); Deferreds fire in the order of their appends; what is wrong with one journal touches no other. The file
itself: webipy.io.storage.journal_file.

A failed write (disk full, I/O error) keeps the batch, sets `fault`, and is tried again every second: nothing that was
acknowledged is lost, and nothing is acknowledged meanwhile. After a failed fdatasync the system may have dropped the
pages and report nothing the next time: `durable_seq` of that journal stands still until it is opened again.

Rejected: one database for all sessions (one writer lock, one file to damage); writing in the reactor thread (a disk
can stall); `synchronous=FULL` for each batch (10 ms on a disk, for each of them).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import attrs
import msgspec
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.kernel.blobs import Part
from webipy.io.reactor import TimedReactor
from webipy.io.storage import journal_folder
from webipy.io.storage.journal_file import JournalFile
from webipy.io.storage.private_files import make_private_folder
from webipy.io.worker import Worker
from webipy.server.ports.journals import JournalPart, KeptJournal, OpenedJournal, Position
from webipy.server.ports.registry import ClosedSession

SYNC_SECONDS = 0.1
"""At most this long after its commit an event survives a power cut."""

RETRY_SECONDS = 1.0
_T = TypeVar("_T")


class _Batch(msgspec.Struct, eq=False):
    first: int
    bodies: list[bytes] = msgspec.field(default_factory=list)
    position: Position | None = None
    parts: list[Part] = msgspec.field(default_factory=list)
    waiting: list[Deferred[None]] = msgspec.field(default_factory=list)


@attrs.define(eq=False)
class SqliteJournal:
    """The journal of one session; see `webipy.server.ports.journals.Journal`."""

    file: JournalFile
    _owner: SqliteJournals
    first_seq: int = 1
    written: int = 0
    durable_seq: int = 0
    fault: str | None = None
    has_sync_failed: bool = False
    is_closed: bool = False
    _pending: _Batch | None = None

    def append(
        self, first: int, bodies: list[bytes], position: Position | None, parts: Sequence[Part] = ()
    ) -> Deferred[None]:
        """Queues events for the transaction at the end of this turn.

        Args:
            first: The seq of the first event; it follows the last one that was appended.
            bodies: The events, JSON, in their order.
            position: How far the kernel host is taken in with them; `None` when that does not change.
            parts: Parts of blobs that came with them.

        Returns:
            Fires when they are committed, in the order of the calls; fails with errors.NotFound when the journal is closed.
        """
        if self.is_closed:  # whoever is still at work in the session gets a failure; the other journals go on
            session = self.file.path.stem
            return fail(errors.NotFound(f"Session {session} is closed.", kind="session", id=session))
        if self._pending is None:
            self._pending = _Batch(first)
            self._owner.has_pending(self)
        batch = self._pending
        batch.bodies += bodies
        batch.parts += parts
        batch.position = position or batch.position
        committed: Deferred[None] = Deferred()
        batch.waiting.append(committed)
        return committed

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """Reads events that are written.

        Args:
            first: The seq of the first one.
            limit: How many at most.
            limit_bytes: As in `JournalFile.read`.

        Returns:
            The events, JSON: at least one if there is one. Fails with errors.Damaged.
        """
        last = min(first + limit - 1, self.written)
        return self._owner.in_reader(lambda: self.file.read(first, last, limit_bytes))

    def prelude(self) -> Deferred[list[bytes]]:
        """The events that stand for those before `first_seq`; none when nothing was ever cut."""
        return self._owner.in_reader(self.file.read_prelude)

    async def cut(self, seq: int, bodies: list[bytes]) -> None:
        """Stores `bodies` in place of all events up to `seq`; these can still be read until they are trimmed.

        Args:
            seq: The last event that they stand for.
            bodies: The events of the prelude, JSON.
        """
        await self._owner.in_writer(lambda: self.file.write_prelude(seq, bodies))
        self.first_seq = seq + 1

    async def trim(self, before: int) -> None:
        """Deletes the events that a prelude stands for and that are older than event `before`."""
        oldest_kept = min(before, self.first_seq)
        has_deleted = False
        while await self._owner.in_writer(lambda: self.file.delete_some(oldest_kept)):
            has_deleted = True
        if has_deleted:
            await self.sweep()

    def read_blob(self, blob: str, offset: int, limit: int) -> Deferred[bytes]:
        """Reads some bytes of a blob.

        Args:
            blob: The SHA-256 of its bytes, hex.
            offset: The first byte, from 0.
            limit: How many bytes at most.

        Returns:
            The bytes. Fails with errors.NotFound.
        """
        return self._owner.in_reader(lambda: self.file.blobs.read(blob, offset, limit))

    def take_blob(self, blob: str, path: str) -> Deferred[None]:
        """Makes a blob of another journal one of this, too.

        Args:
            blob: The SHA-256 of its bytes, hex.
            path: Where it lies.
        """
        return self._owner.in_writer(lambda: self.file.blobs.take(blob, path))

    def has_blob(self, blob: str) -> Deferred[bool]:
        """Whether a blob is there, whole."""
        return self._owner.in_writer(self.file.blobs.path(blob).exists)

    def blob_path(self, blob: str) -> str:
        """The path of a blob on this machine, whether it is there or not."""
        return str(self.file.blobs.path(blob))

    def sweep(self, *, is_over: bool = False) -> Deferred[None]:
        """Removes blobs that no event refers to; with `is_over` also those whose events would still be to come."""
        return self._owner.in_writer(lambda: self.file.sweep(is_over=is_over))

    def take_pending(self) -> _Batch:
        """Takes what is to be written now."""
        batch, self._pending = self._pending, None
        assert batch is not None
        return batch

    def put_back(self, batch: _Batch) -> None:
        """Puts a batch that could not be written in front of what was appended since."""
        since, self._pending = self._pending, batch
        if since is not None:
            batch.bodies += since.bodies
            batch.parts += since.parts
            batch.position = since.position or batch.position
            batch.waiting += since.waiting

    @property
    def has_pending(self) -> bool:
        """Whether something is to be written."""
        return self._pending is not None

    # ---- in the threads of the owner

    def open(self) -> Position | None:
        """Opens or creates the file.

        Raises:
            errors.Damaged: It cannot be read.
        """
        self.file.open()
        self.first_seq, self.written = self.file.first_seq, self.file.written
        return self.file.position

    def write(self, batch: _Batch) -> int:
        """Writes one batch.

        Returns:
            Its last seq.
        """
        return self.file.write(batch.first, batch.bodies, batch.position, batch.parts)

    def sync(self) -> None:
        """Waits until what is committed is on the disk."""
        self.file.sync()


@attrs.define(eq=False)
class SqliteJournals:
    """All journals, and their three threads.

    Args:
        folder: Where the files are; made 0700 when missing.
        reactor: Fires the Deferreds.
    """

    folder: Path
    reactor: TimedReactor
    _pending: list[SqliteJournal] = attrs.field(factory=list)
    _open: dict[str, SqliteJournal] = attrs.field(factory=dict)
    _unsynced: dict[SqliteJournal, int] = attrs.field(factory=dict)
    _retries: dict[SqliteJournal, IDelayedCall] = attrs.field(factory=dict)
    _next_sync: IDelayedCall | None = None
    _is_writing: bool = False
    _is_syncing: bool = False
    _is_asked: bool = False
    _is_stopping: bool = False
    _writer: Worker = attrs.field(init=False)
    _reader: Worker = attrs.field(init=False)
    _syncer: Worker = attrs.field(init=False)
    _log = Logger()

    def start(self) -> None:
        """Starts the threads."""
        make_private_folder(self.folder)
        self._writer, self._reader, self._syncer = (
            Worker(f"webipy journal {what}", self.reactor) for what in ("writer", "reader", "syncer")
        )

    async def stop(self) -> None:
        """Writes what is pending (once more what could not be written), syncs it to the disk, and ends the threads."""
        self._is_stopping = True
        for journal in list(self._retries):
            self._retry(journal)
        while self._is_writing or self._pending:
            self._flush()
            await self._writer.run(lambda: None)
        if self._next_sync is not None:
            self._next_sync.cancel()
        await self._syncer.run(lambda: _sync_all(self._unsynced))
        await self._reader.run(lambda: None)
        await self._writer.run(lambda: _close_all(self._open.values()))
        for worker in (self._writer, self._reader, self._syncer):
            worker.stop()

    def open(self, session: str) -> Deferred[OpenedJournal]:
        """Opens or creates the journal of a session."""
        journal = self._open[session] = SqliteJournal(JournalFile(self.path_of(session)), self)
        return self._writer.run(lambda: OpenedJournal(journal, journal.open())).addCallback(self._opened, journal)

    def _opened(self, opened: OpenedJournal, journal: SqliteJournal) -> OpenedJournal:
        if journal.written:  # by a server that may have died before this was durable
            self._unsynced[journal] = journal.written
            self._sync_soon()
        return opened

    async def close(self, session: str) -> None:
        """Closes the journal of a session; it must not be appended to any more."""
        journal = self._open.pop(session)
        journal.is_closed = True
        while journal.has_pending and journal.fault is None:
            self._flush()
            await self._writer.run(lambda: None)
        self._unsynced.pop(journal, None)
        await self._syncer.run(lambda: _sync_all([journal]))
        await self._writer.run(lambda: None)
        await self._reader.run(journal.file.close)

    def path_of(self, session: str) -> Path:
        """The file of a journal."""
        return self.folder / f"{session}{journal_folder.SUFFIX}"

    def in_writer(self, work: Callable[[], _T]) -> Deferred[_T]:
        """Runs `work` in the writer thread."""
        return self._writer.run(work)

    def in_reader(self, work: Callable[[], _T]) -> Deferred[_T]:
        """Runs `work` in the reader thread."""
        return self._reader.run(work)

    def has_pending(self, journal: SqliteJournal) -> None:
        """Schedules the writing of a journal for the end of this turn."""
        self._pending.append(journal)
        if not self._is_writing and not self._is_asked:
            self._is_asked = True
            self.reactor.callLater(0, self._flush)

    def _flush(self) -> None:
        self._is_asked = False
        if self._is_writing or not self._pending:
            return
        work = [(journal, journal.take_pending()) for journal in self._pending]
        self._pending = []
        self._is_writing = True
        self._writer.run(lambda: _write_all(work)).addCallback(self._was_written, work).addErrback(self._failed)

    def _was_written(self, outcomes: list[int | Exception], work: list[tuple[SqliteJournal, _Batch]]) -> None:
        self._is_writing = False
        for (journal, batch), outcome in zip(work, outcomes, strict=True):
            if isinstance(outcome, int):
                self._committed(journal, batch, outcome)
            else:
                self._not_written(journal, batch, str(outcome))
        if self._pending:
            self._flush()
        self._sync_soon()

    def _not_written(self, journal: SqliteJournal, batch: _Batch, fault: str) -> None:
        """Keeps the batch for later; the other journals go on."""
        if journal.fault is None:
            self._log.critical("cannot write journal {name}: {fault}", name=journal.file.path.name, fault=fault)
        journal.fault = fault
        if journal.has_pending:
            self._pending.remove(journal)
        journal.put_back(batch)
        if not self._is_stopping:
            self._retries[journal] = self.reactor.callLater(RETRY_SECONDS, self._retry, journal)

    def _retry(self, journal: SqliteJournal) -> None:
        waiting = self._retries.pop(journal)
        if waiting.active():
            waiting.cancel()
        self.has_pending(journal)

    def _committed(self, journal: SqliteJournal, batch: _Batch, last: int) -> None:
        if journal.fault is not None:
            self._log.info("journal {name} can be written again", name=journal.file.path.name)
            journal.fault = None
        journal.written = max(journal.written, last)
        self._unsynced[journal] = journal.written
        for committed in batch.waiting:
            committed.callback(None)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("the journal's writer made a mistake", failure)

    def _sync_soon(self) -> None:
        if self._unsynced and not self._is_syncing and not self._is_stopping:
            self._is_syncing = True
            self._next_sync = self.reactor.callLater(SYNC_SECONDS / 2, self._sync)

    def _sync(self) -> None:
        self._next_sync = None
        work, self._unsynced = self._unsynced, {}
        self._syncer.run(lambda: _sync_all(work)).addCallback(self._was_synced, work).addErrback(self._failed)

    def _was_synced(self, faults: dict[SqliteJournal, OSError], work: dict[SqliteJournal, int]) -> None:
        self._is_syncing = False
        for journal, fault in faults.items():
            journal.has_sync_failed = True
            self._log.critical(
                "journal {name} cannot be brought to the disk: {fault}", name=journal.file.path.name, fault=str(fault)
            )
        for journal, seq in work.items():
            if not journal.has_sync_failed:
                journal.durable_seq = max(journal.durable_seq, seq)
        self._sync_soon()


class SqliteArchive(msgspec.Struct, frozen=True):
    """The journals as files; see `webipy.server.ports.journals.Archive`.

    Args:
        journals: The open ones, whose threads do the work.
    """

    journals: SqliteJournals

    def kept(self) -> Deferred[list[KeptJournal]]:
        """All that are on the disk."""
        return self.journals.in_reader(lambda: journal_folder.kept(self.journals.folder))

    def look(self, session: str, first: int, limit: int, limit_bytes: int) -> Deferred[JournalPart]:
        """Reads events of a closed session.

        Args:
            session: Its id.
            first: The seq of the first event.
            limit: How many events at most.
            limit_bytes: As in `JournalFile.read`.

        Returns:
            The events. Fails with errors.NotFound and errors.Damaged.
        """
        path = self.journals.path_of(session)
        return self.journals.in_reader(lambda: journal_folder.look(path, first, limit, limit_bytes))

    def describe(self, session: str) -> Deferred[ClosedSession]:
        """Summarizes a closed session by its journal."""
        return self.journals.in_reader(lambda: journal_folder.described(self.journals.path_of(session)))

    async def remove(self, session: str) -> None:
        """Removes the journal of a closed session."""
        await self.journals.in_writer(lambda: journal_folder.remove(self.journals.path_of(session)))


def _write_all(work: list[tuple[SqliteJournal, _Batch]]) -> list[int | Exception]:
    outcomes: list[int | Exception] = []
    for journal, batch in work:
        try:
            outcomes.append(journal.write(batch))
        except (sqlite3.Error, OSError) as fault:
            outcomes.append(fault)
    return outcomes


def _sync_all(journals: Iterable[SqliteJournal]) -> dict[SqliteJournal, OSError]:
    faults: dict[SqliteJournal, OSError] = {}
    for journal in journals:
        try:
            journal.sync()
        except OSError as fault:
            faults[journal] = fault
    return faults


def _close_all(journals: Iterable[SqliteJournal]) -> None:
    for journal in journals:
        journal.file.close()
