"""One journal as a file: SQLite in WAL mode, `synchronous=NORMAL`, every row chained to the one before. Everything here
blocks.

`STATE/journals/<session>.sqlite`::

    events(seq INTEGER PRIMARY KEY, body BLOB, chain INTEGER)      body: the JSON of the event, as readers get it
                                                                   chain: CRC-32 of body, begun with the chain before (0 for seq 1)
    facts(name TEXT PRIMARY KEY, value)                            'format' = 1; 'host', 'number': how far its host is taken in;
                                                                   'seal': a checksum of the last seq, its chain and these two
    preludes(seq INTEGER PRIMARY KEY, chain INTEGER, events BLOB)  at most one: events that stand for all up to seq, and its chain

Values of outputs that are too large for a row lie beside it: webipy.io.storage.blob_store.

SQLite hides damage of its write-ahead log (a flipped byte ends the log there, and its integrity check says ok): hence
the chain, and the seal for a lost end. When a journal is cut, the prelude is written first and is what counts from
then on; the rows it stands for are deleted after that, some thousand at a time.

Invariants: rows are dense from `first_seq`; a transaction holds events and the position that they led to; what does
not match is reported as damage, never passed on.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import msgspec

from webipy.core import errors
from webipy.core.kernel import blobs
from webipy.core.kernel.blobs import Part
from webipy.io.storage.blob_store import BlobStore, blobs_of
from webipy.io.storage.private_files import sync_names
from webipy.server.ports.journals import Position

FORMAT = 1
PRELUDE_FORMAT = b"\x01"

ROWS_DELETED = 5_000
"""Rows that are deleted in one transaction when a journal is cut."""

PAGE_BYTES = 16384
"""SQLite's page: a large output is written page by page, twice."""

CACHE_KIB = 512
"""SQLite page cache of one journal; rows are written once and seldom read."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, chain INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preludes (seq INTEGER PRIMARY KEY, chain INTEGER NOT NULL, events BLOB NOT NULL);
"""


@attrs.define(eq=False)
class JournalFile:
    """The file of one journal. One thread may write while another one reads.

    Args:
        path: Where it is.
    """

    path: Path
    first_seq: int = 1
    written: int = 0
    position: Position | None = None
    blobs: BlobStore = attrs.field(init=False)
    _chain: int = 0
    _writer: sqlite3.Connection | None = None
    _reader: sqlite3.Connection | None = None
    _wal: int = -1
    _is_named: bool = False
    """Whether the names of the files survive a power cut."""

    def __attrs_post_init__(self) -> None:
        self.blobs = blobs_of(self.path)

    def open(self) -> None:
        """Opens or creates the file.

        Raises:
            errors.Damaged: It cannot be read.
        """
        try:
            create_private(self.path)
            is_new = self.path.stat().st_size == 0
            self._writer = self._connect(is_new)
            self._load(self._writer)
            self.blobs.open()
        except (sqlite3.Error, OSError) as fault:
            self.close()
            raise self._damage(str(fault)) from None
        except errors.Damaged:
            self.close()
            raise

    def look(self) -> None:
        """Opens the file of a closed session to read in it, and changes nothing; another program may do the same. Close it afterwards.

        Raises:
            errors.NotFound: There is none.
            errors.Damaged: It cannot be read.
        """
        if not self.path.is_file():
            raise errors.NotFound(f"There is no journal {self.path.stem}.", kind="journal", id=self.path.stem)
        try:
            self._reader = self._connect()
            self._check_format(self._reader)
            (last,) = self._reader.execute("SELECT max(seq) FROM events").fetchone()
            (cut,) = self._reader.execute("SELECT max(seq) FROM preludes").fetchone()
        except sqlite3.Error as fault:
            self.close()
            raise self._damage(str(fault)) from None
        self.first_seq, self.written = (cut or 0) + 1, max(last or 0, cut or 0)

    def _load(self, connection: sqlite3.Connection) -> None:
        self._check_format(connection)
        connection.executescript(_SCHEMA)
        connection.execute("INSERT OR IGNORE INTO facts VALUES ('format', ?)", (FORMAT,))
        facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        (last,) = connection.execute("SELECT max(seq) FROM events").fetchone()
        prelude = connection.execute("SELECT max(seq), chain FROM preludes").fetchone()
        self.first_seq, self.written = (prelude[0] or 0) + 1, max(last or 0, prelude[0] or 0)
        self._chain = prelude[1] or 0
        if last:
            row = connection.execute("SELECT chain FROM events WHERE seq = ?", (last,)).fetchone()
            if row is None or not isinstance(row[0], int):
                raise self._damage(f"it is damaged at event {last}")
            self._chain = row[0]
        self.position = Position(facts["host"], facts["number"]) if "host" in facts else None
        if "seal" in facts and facts["seal"] != seal(self.written, self._chain, self.position):
            raise self._damage(f"events after event {self.written} are missing, or what it says of its end is damaged")
        self._wal = os.open(f"{self.path}-wal", os.O_RDWR | os.O_CLOEXEC)

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
        """Opens the file, which is there: a reader whose journal was removed makes no new one."""
        address = f"{self.path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        try:
            if is_new:
                connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def write(self, first: int, bodies: list[bytes], position: Position | None, parts: Iterable[Part] = ()) -> int:
        """Writes parts of blobs, and then the events and the position in one transaction.

        Args:
            first: The seq of the first event; it follows the last one that is written.
            bodies: The events, JSON, in their order.
            position: How far the kernel host is taken in with them; `None` when that does not change.
            parts: Parts of blobs that came with them.

        Returns:
            The seq of the last event.

        Raises:
            sqlite3.Error, OSError: Nothing of the events is written; the same call may be made again.
        """
        assert self._writer is not None
        self.blobs.write(parts)
        chain, rows = self._chain, []
        for seq, body in enumerate(bodies, first):
            chain = zlib.crc32(body, chain)
            rows.append((seq, body, chain))
        with _transaction(self._writer):
            self._writer.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
            last, at = first + len(rows) - 1, position or self.position
            facts: list[tuple[str, object]] = [("seal", seal(last, chain, at))]
            if position is not None:
                facts += [("host", position.host), ("number", position.number)]
            self._writer.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)
        self._chain, self.position, self.written = chain, at, last
        for body in bodies:
            self.blobs.refer(blobs.found_in(body))
        return last

    def write_prelude(self, seq: int, bodies: list[bytes]) -> None:
        """Stores the events that stand for all events up to `seq`.

        Args:
            seq: The last event that they stand for.
            bodies: The events of the prelude, JSON.
        """
        assert self._writer is not None
        with _transaction(self._writer):
            (chain,) = self._writer.execute("SELECT chain FROM events WHERE seq = ?", (seq,)).fetchone()
            self._writer.execute("DELETE FROM preludes")
            self._writer.execute("INSERT INTO preludes VALUES (?, ?, ?)", (seq, chain, pack_prelude(bodies)))

    def begin_with_prelude(self, seq: int, bodies: list[bytes]) -> None:
        """Makes a new file begin after event `seq`.

        Args:
            seq: The last event that is left out.
            bodies: The events that stand for all that are left out, JSON.
        """
        assert self._writer is not None
        with _transaction(self._writer):
            self._writer.execute("INSERT INTO preludes VALUES (?, 0, ?)", (seq, pack_prelude(bodies)))
        self.first_seq, self.written = seq + 1, seq

    def delete_some(self, before: int) -> bool:
        """Deletes some of the events before `before`, oldest first.

        Returns:
            Whether there were any.
        """
        assert self._writer is not None
        oldest = "SELECT seq FROM events WHERE seq < ? ORDER BY seq LIMIT ?"
        with _transaction(self._writer):
            deleted = self._writer.execute(
                f"DELETE FROM events WHERE seq IN ({oldest})", (before, ROWS_DELETED)
            ).rowcount
        self._writer.execute("PRAGMA incremental_vacuum")
        return deleted > 0

    def sweep(self, *, is_over: bool) -> None:
        """Removes blobs that no event refers to any more; with `is_over` also those whose events would still be to come."""
        if self._writer is None or self.blobs.is_empty:
            return
        wanted: set[str] = set()
        rows = self._writer.execute("SELECT body FROM events WHERE instr(body, ?)", (blobs.MARK,))
        for (body,) in rows:
            wanted.update(blobs.found_in(body))
        for (packed,) in self._writer.execute("SELECT events FROM preludes"):
            wanted.update(blobs.found_in(packed))
        self.blobs.keep_only(wanted, is_over=is_over)

    def sync(self) -> None:
        """Waits until what is committed is on the disk; the first time also the names of the files.

        SQLite syncs those with `synchronous=FULL` only.
        """
        if self._wal < 0:
            return  # it could not be opened
        self.blobs.sync()  # an event is durable when its blobs are
        os.fdatasync(self._wal)
        if not self._is_named:
            sync_names(self.path.parent)
            self._is_named = True

    def close(self) -> None:
        """Closes the files; no thread may use them any more."""
        if self._wal >= 0:
            os.close(self._wal)
            self._wal, self._is_named = -1, False
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    # ---- read by any thread, one at a time

    def read(self, first: int, last: int, limit_bytes: int) -> list[bytes]:
        """Reads a range of events.

        Args:
            first: The seq of the first one.
            last: The seq of the last one.
            limit_bytes: The events that follow the one which reaches this sum are left out.

        Returns:
            The events, JSON, in their order: at least the first one.

        Raises:
            errors.Damaged: One of them is not what was written.
        """
        try:
            if self._reader is None:
                self._reader = self._connect()
            return self._read_rows(self._reader, first, last, limit_bytes)
        except sqlite3.Error as fault:
            raise self._damage(str(fault)) from None
        finally:
            if self._writer is None:  # it is closed already, and a slow reader goes on
                self.close()

    def read_prelude(self) -> list[bytes]:
        """The events that stand for those before `first_seq`.

        Raises:
            errors.Damaged: They cannot be read.
        """
        try:
            if self._reader is None:
                self._reader = self._connect()
            found = self._reader.execute("SELECT events FROM preludes").fetchone()
            return unpack_prelude(found[0]) if found else []
        except (sqlite3.Error, ValueError) as fault:
            raise self._damage(str(fault)) from None

    def _read_rows(self, connection: sqlite3.Connection, first: int, last: int, limit_bytes: int) -> list[bytes]:
        before = connection.execute(
            "SELECT chain FROM events WHERE seq = ?1 UNION ALL SELECT chain FROM preludes WHERE seq = ?1", (first - 1,)
        ).fetchone()
        chain: int | None = before[0] if before else (0 if first == 1 else None)
        bodies: list[bytes] = []
        size = 0
        for seq, body, stored in connection.execute(
            "SELECT seq, body, chain FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
        ):
            if seq != first + len(bodies) or not _is_whole(body, chain, stored):
                break
            bodies.append(body)
            chain, size = stored, size + len(body)
            if size >= limit_bytes:
                return bodies
        if first + len(bodies) <= last:
            raise self._damage(f"it is damaged {self._range_from(connection, first + len(bodies))}")
        return bodies

    def _range_from(self, connection: sqlite3.Connection, first: int) -> str:
        """How far the damage goes that begins at event `first`: to the last event that does not match the one before it."""
        before = connection.execute("SELECT chain FROM events WHERE seq = ?", (first - 1,)).fetchone()
        chain, expected, last = before[0] if before else None, first, first
        for seq, body, stored in connection.execute(
            "SELECT seq, body, chain FROM events WHERE seq >= ? ORDER BY seq", (first,)
        ):
            if seq != expected or not _is_whole(body, chain, stored):
                last = seq
            chain, expected = stored, seq + 1
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


def seal(last: int, chain: int, position: Position | None) -> int:
    """The checksum of how a journal ends.

    Args:
        last: The seq of its last event.
        chain: The chain of that event.
        position: How far its kernel host is taken in; `None` without one.

    Returns:
        CRC-32.
    """
    where = f"{position.number} {position.host}" if position is not None else "-"
    return zlib.crc32(f"{last} {chain} {where}".encode())


def pack_prelude(bodies: list[bytes]) -> bytes:
    """The events of a prelude with their checksum: a byte of format, CRC-32 (4 bytes, big-endian), a JSON list."""
    listed = b"[%b]" % b",".join(bodies)
    return PRELUDE_FORMAT + zlib.crc32(listed).to_bytes(4, "big") + listed


def unpack_prelude(packed: bytes) -> list[bytes]:
    """What `pack_prelude` was given; a bare JSON list, as it was written once, is taken as it is.

    Raises:
        ValueError: It is not what was written.
    """
    listed = packed
    if packed[:1] == PRELUDE_FORMAT:
        checksum, listed = packed[1:5], packed[5:]
        if zlib.crc32(listed).to_bytes(4, "big") != checksum:
            raise ValueError("the events that stand for those that were cut are damaged")
    return [bytes(body) for body in msgspec.json.decode(listed, type=list[msgspec.Raw])]


def _is_whole(body: object, chain: object, stored: object) -> bool:
    if not isinstance(body, bytes) or not isinstance(stored, int):
        return False
    return chain is None or (isinstance(chain, int) and zlib.crc32(body, chain) == stored)


def create_private(path: Path) -> None:
    """Makes an empty file that only its owner can read, unless there is one; what SQLite puts beside it gets the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
