"""The SQLite journals: one file for each session, written by one thread, committed once for each turn of the reactor.

Data flow::

    append ──► pending ──(end of turn)──► writer thread: one transaction for each session ──► reactor: Deferreds fire, in order
                                             └─► sync thread: fdatasync of the write-ahead log, every 100 ms while there is something new
    read ──► reader thread: range of rows, checked ──► reactor

While the writer is at work, what is appended gathers and goes in one batch after it: the busier the disk, the larger
the batches.

The file (`STATE/journals/<session>.sqlite`), SQLite in WAL mode, `synchronous=NORMAL`::

    events(seq INTEGER PRIMARY KEY, body BLOB, chain INTEGER)    body: the JSON of the event as every subscriber gets it
                                                                 chain: CRC-32 of body, started with the chain of the row before (0 for seq 1)
    facts(name TEXT PRIMARY KEY, value)                          'format' = 1; 'host' and 'number': how far its host's messages are taken in;
                                                                 'seal': CRC-32 of the last seq, its chain, number and host: events that are
                                                                 missing at the end, and a position that was changed, show by it
    bases(seq INTEGER PRIMARY KEY, chain INTEGER, events BLOB)   at most one: a JSON list of events that stand for all up to seq, and the chain there

When a journal is cut, the base is written first and is what counts from then on; the rows it stands for are deleted after that, some
thousand at a time, so that other sessions are written in between.

Invariants: rows are dense from `first_seq`; a transaction holds events and the position that they led to; `written`
advances only after a commit and `durable_seq` only after an fdatasync that began after that commit; what does not
match its chain is told as damage, never passed on; what is wrong with one journal touches no other.

SQLite hides damage of its write-ahead log (a flipped byte ends the log there, and its integrity check says ok): hence
the chain.

A failed write (disk full, I/O error) keeps the batch, sets `fault`, and is tried again every second: nothing that was
acknowledged is lost, and nothing is acknowledged meanwhile. After a failed fdatasync the system may have dropped the
pages and say nothing the next time: `durable_seq` of that journal stands still until it is opened again.

Rejected: one database for all sessions (one writer lock, one file to damage); writing in the reactor thread (a disk
can stall); `synchronous=FULL` for each batch (10 ms on a disk, for each of them).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorFromThreads, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.server.ports import OpenedJournal, Position

FORMAT = 1
SYNC_SECONDS = 0.1
"""At most this long after its commit an event survives a power cut."""

RETRY_SECONDS = 1.0
ROWS_DELETED = 5_000
"""Rows that are deleted in one transaction when a journal is cut."""

CACHE_KIB = 512
"""SQLite page cache of one journal; rows are written once and seldom read."""

_T = TypeVar("_T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, chain INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bases (seq INTEGER PRIMARY KEY, chain INTEGER NOT NULL, events BLOB NOT NULL);
"""


class Reactor(IReactorTime, IReactorFromThreads):
    """What is needed of the reactor."""


@attrs.define(eq=False)
class _Batch:
    first: int
    bodies: list[bytes] = attrs.field(factory=list)
    position: Position | None = None
    told: list[Deferred[None]] = attrs.field(factory=list)


@attrs.define(eq=False)
class SqliteJournal:
    """The journal of one session; see `webipy.server.ports.Journal`."""

    path: Path
    _owner: SqliteJournals
    first_seq: int = 1
    written: int = 0
    durable_seq: int = 0
    fault: str | None = None
    has_sync_failed: bool = False
    _chain: int = 0
    _position: Position | None = None
    _pending: _Batch | None = None
    _writer: sqlite3.Connection | None = None
    _reader: sqlite3.Connection | None = None
    _wal: int = -1

    def append(self, first: int, bodies: list[bytes], position: Position | None) -> Deferred[None]:
        """Writes events `first` and on, and the position; fires when that is committed, in order."""
        if self._pending is None:
            self._pending = _Batch(first)
            self._owner.has_pending(self)
        batch = self._pending
        batch.bodies += bodies
        batch.position = position or batch.position
        told: Deferred[None] = Deferred()
        batch.told.append(told)
        return told

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """Written events from `first` on: at least one if there is one, until a limit is reached."""
        last = min(first + limit - 1, self.written)
        return self._owner.in_reader(lambda: self._read(first, last, limit_bytes))

    def base(self) -> Deferred[list[bytes]]:
        """The events that stand for those before `first_seq`; none when nothing was ever cut."""
        return self._owner.in_reader(self._read_base)

    async def cut(self, seq: int, bodies: list[bytes]) -> None:
        """Lets `bodies` stand for all events up to `seq`; these can still be read until they are trimmed."""
        await self._owner.in_writer(lambda: self._write_base(seq, bodies))
        self.first_seq = seq + 1

    async def trim(self, before: int) -> None:
        """Gives the room of the events back that a base stands for and that are older than event `before`."""
        oldest_kept = min(before, self.first_seq)
        while await self._owner.in_writer(lambda: self._delete_some(oldest_kept)):
            pass

    def take_pending(self) -> _Batch:
        """What is to be written now."""
        batch, self._pending = self._pending, None
        assert batch is not None
        return batch

    def put_back(self, batch: _Batch) -> None:
        """A batch could not be written: it goes in front of what has gathered since."""
        since, self._pending = self._pending, batch
        if since is not None:
            batch.bodies += since.bodies
            batch.position = since.position or batch.position
            batch.told += since.told

    @property
    def has_pending(self) -> bool:
        """Whether something is to be written."""
        return self._pending is not None

    # ---- in the writer thread

    def open(self) -> Position | None:
        """Opens or creates the file; runs in the writer thread.

        Raises:
            errors.Damaged: It cannot be read.
        """
        try:
            create_private(self.path)
            is_new = self.path.stat().st_size == 0
            self._writer = self._connect(is_new)
            return self._load(self._writer)
        except (sqlite3.Error, OSError) as fault:
            self.close()
            raise self._damage(str(fault)) from None
        except errors.Damaged:
            self.close()
            raise

    def _load(self, connection: sqlite3.Connection) -> Position | None:
        self._check_format(connection)
        connection.executescript(_SCHEMA)
        connection.execute("INSERT OR IGNORE INTO facts VALUES ('format', ?)", (FORMAT,))
        facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        (last,) = connection.execute("SELECT max(seq) FROM events").fetchone()
        base = connection.execute("SELECT max(seq), chain FROM bases").fetchone()
        self.first_seq, self.written = (base[0] or 0) + 1, max(last or 0, base[0] or 0)
        self._chain = base[1] or 0
        self.durable_seq = self.written
        if last:
            row = connection.execute("SELECT chain FROM events WHERE seq = ?", (last,)).fetchone()
            if row is None or not isinstance(row[0], int):
                raise self._damage(f"it is damaged at event {last}")
            self._chain = row[0]
        self._position = Position(facts["host"], facts["number"]) if "host" in facts else None
        if "seal" in facts and facts["seal"] != _seal(self.written, self._chain, self._position):
            raise self._damage(f"events after event {self.written} are missing, or what it says of its end is damaged")
        self._wal = os.open(f"{self.path}-wal", os.O_RDWR | os.O_CLOEXEC)
        return self._position

    def _check_format(self, connection: sqlite3.Connection) -> None:
        """Returns when this version may write; what a newer one made is left as it is."""
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone()
        found = known and connection.execute("SELECT value FROM facts WHERE name = 'format'").fetchone()
        if found and found[0] != FORMAT:
            raise self._damage(f"it is of format {found[0]}, and this webipy reads format {FORMAT}")

    def _damage(self, why: str) -> errors.Damaged:
        return errors.Damaged(
            f"The journal of session {self.path.stem} cannot be read: {why}.", kind="session", id=self.path.stem
        )

    def _connect(self, is_new: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        if is_new:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        return connection

    def write(self, batch: _Batch) -> int:
        """Writes one batch in one transaction and gives its last seq; runs in the writer thread."""
        assert self._writer is not None
        chain, rows = self._chain, []
        for seq, body in enumerate(batch.bodies, batch.first):
            chain = zlib.crc32(body, chain)
            rows.append((seq, body, chain))
        with _transaction(self._writer):
            self._writer.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
            last, position = batch.first + len(rows) - 1, batch.position or self._position
            facts: list[tuple[str, object]] = [("seal", _seal(last, chain, position))]
            if batch.position is not None:
                facts += [("host", batch.position.host), ("number", batch.position.number)]
            self._writer.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)
        self._chain, self._position = chain, position
        return last

    def _write_base(self, seq: int, bodies: list[bytes]) -> None:
        assert self._writer is not None
        with _transaction(self._writer):
            (chain,) = self._writer.execute("SELECT chain FROM events WHERE seq = ?", (seq,)).fetchone()
            self._writer.execute("DELETE FROM bases")
            self._writer.execute("INSERT INTO bases VALUES (?, ?, ?)", (seq, chain, b"[%b]" % b",".join(bodies)))

    def _delete_some(self, before: int) -> bool:
        assert self._writer is not None
        oldest = "SELECT seq FROM events WHERE seq < ? ORDER BY seq LIMIT ?"
        with _transaction(self._writer):
            deleted = self._writer.execute(
                f"DELETE FROM events WHERE seq IN ({oldest})", (before, ROWS_DELETED)
            ).rowcount
        self._writer.execute("PRAGMA incremental_vacuum")
        return deleted > 0

    def sync(self) -> None:
        """Brings what is committed to the disk; runs in the sync thread."""
        if self._wal >= 0:  # else it could not be opened
            os.fdatasync(self._wal)

    def close(self) -> None:
        """Closes the files; runs in a thread of its owner, when no other one uses them."""
        if self._wal >= 0:
            os.close(self._wal)
            self._wal = -1
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    # ---- in the reader thread

    def _read(self, first: int, last: int, limit_bytes: int) -> list[bytes]:
        try:
            if self._reader is None:
                self._reader = self._connect()
            return self._read_rows(self._reader, first, last, limit_bytes)
        except sqlite3.Error as fault:
            raise self._damage(str(fault)) from None
        finally:
            if self._writer is None:  # it is closed already, and a slow reader goes on
                self.close()

    def _read_base(self) -> list[bytes]:
        try:
            if self._reader is None:
                self._reader = self._connect()
            found = self._reader.execute("SELECT events FROM bases").fetchone()
            return [bytes(body) for body in msgspec.json.decode(found[0], type=list[msgspec.Raw])] if found else []
        except (sqlite3.Error, msgspec.DecodeError) as fault:
            raise self._damage(str(fault)) from None

    def _read_rows(self, connection: sqlite3.Connection, first: int, last: int, limit_bytes: int) -> list[bytes]:
        before = connection.execute(
            "SELECT chain FROM events WHERE seq = ?1 UNION ALL SELECT chain FROM bases WHERE seq = ?1", (first - 1,)
        ).fetchone()
        chain: int | None = before[0] if before else (0 if first == 1 else None)
        bodies: list[bytes] = []
        size = 0
        for seq, body, told in connection.execute(
            "SELECT seq, body, chain FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
        ):
            if seq != first + len(bodies) or not _is_whole(body, chain, told):
                break
            bodies.append(body)
            chain, size = told, size + len(body)
            if size >= limit_bytes:
                return bodies
        if first + len(bodies) <= last:
            raise self._damage(f"it is damaged {self._range_from(connection, first + len(bodies))}")
        return bodies

    def _range_from(self, connection: sqlite3.Connection, first: int) -> str:
        """How far the damage goes that begins at event `first`: to the last event that does not match the one before it."""
        before = connection.execute("SELECT chain FROM events WHERE seq = ?", (first - 1,)).fetchone()
        chain, expected, last = before[0] if before else None, first, first
        for seq, body, told in connection.execute(
            "SELECT seq, body, chain FROM events WHERE seq >= ? ORDER BY seq", (first,)
        ):
            if seq != expected or not _is_whole(body, chain, told):
                last = seq
            chain, expected = told, seq + 1
        last = self.written if expected <= self.written else last
        return f"at event {first}" if last == first else f"at event {first} (to event {last})"


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _seal(last: int, chain: int, position: Position | None) -> int:
    where = f"{position.number} {position.host}" if position is not None else "-"
    return zlib.crc32(f"{last} {chain} {where}".encode())


def _is_whole(body: object, chain: object, told: object) -> bool:
    if not isinstance(body, bytes) or not isinstance(told, int):
        return False
    return chain is None or (isinstance(chain, int) and zlib.crc32(body, chain) == told)


def create_private(path: Path) -> None:
    """Makes an empty file that only its owner can read, unless there is one; what SQLite puts beside it gets the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))


@attrs.define(eq=False)
class SqliteJournals:
    """All journals, and their three threads.

    Args:
        folder: Where the files are; made 0700 when missing.
        reactor: Fires the Deferreds.
    """

    folder: Path
    reactor: Reactor
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
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._writer, self._reader, self._syncer = (
            Worker(f"webipy journal {what}", self.reactor) for what in ("writer", "reader", "syncer")
        )

    async def stop(self) -> None:
        """Writes what is pending (once more what could not be written), brings it to the disk, and ends the threads."""
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
        journal = self._open[session] = SqliteJournal(self.folder / f"{session}.sqlite", self)
        return self._writer.run(lambda: OpenedJournal(journal, journal.open()))

    async def close(self, session: str) -> None:
        """Closes the journal of a session; it must not be appended to any more."""
        journal = self._open.pop(session)
        self._unsynced.pop(journal, None)
        await self._syncer.run(lambda: _sync_all([journal]))
        await self._writer.run(lambda: None)
        await self._reader.run(journal.close)

    def in_writer(self, work: Callable[[], _T]) -> Deferred[_T]:
        """Does some writing in the writer thread."""
        return self._writer.run(work)

    def in_reader(self, work: Callable[[], _T]) -> Deferred[_T]:
        """Does some reading in the reader thread."""
        return self._reader.run(work)

    def has_pending(self, journal: SqliteJournal) -> None:
        """Takes note that a journal has something to write at the end of this turn."""
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
            self._log.critical("cannot write journal {name}: {fault}", name=journal.path.name, fault=fault)
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
            self._log.info("journal {name} can be written again", name=journal.path.name)
            journal.fault = None
        journal.written = max(journal.written, last)
        self._unsynced[journal] = journal.written
        for told in batch.told:
            told.callback(None)

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
                "journal {name} cannot be brought to the disk: {fault}", name=journal.path.name, fault=str(fault)
            )
        for journal, seq in work.items():
            if not journal.has_sync_failed:
                journal.durable_seq = max(journal.durable_seq, seq)
        self._sync_soon()


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
        journal.close()


@attrs.define(eq=False)
class Worker:
    """One thread that does one thing after the other, and tells the reactor."""

    name: str
    reactor: Reactor
    _jobs: SimpleQueue[Callable[[], None] | None] = attrs.field(factory=SimpleQueue)
    _thread: threading.Thread = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], _T]) -> Deferred[_T]:
        """Does `work` in the thread; fires in the reactor with what it gave or raised."""
        told: Deferred[_T] = Deferred()

        def job() -> None:
            try:
                value = work()
            except Exception:
                self.reactor.callFromThread(told.errback, Failure())
            else:
                self.reactor.callFromThread(told.callback, value)

        self._jobs.put(job)
        return told

    def stop(self) -> None:
        """Ends the thread after what it has to do, and waits for that."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
