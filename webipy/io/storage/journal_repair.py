"""Examines journals from outside the server: which there are, whether they are whole, and what can be saved of one
that is not.

`check` reads a journal without changing it, also while a server writes it. `repair` makes a new file of everything
that can still be read: an event that is gone or does not match its chain is replaced by an `output_lost` event with
the same seq, so that seqs stay dense and every reader sees the loss. The damaged file is kept beside it.

Source of the format: webipy.io.storage.journal_file. Everything here blocks.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import attrs
import msgspec

from webipy.core import errors
from webipy.core.events import events
from webipy.core.kernel import blobs
from webipy.io.storage.blob_store import blobs_of
from webipy.io.storage.journal_file import FORMAT, JournalFile, pack_prelude, seal, unpack_prelude
from webipy.server.ports.journals import Position

BATCH_ROWS = 1_000

LOST = "The journal was damaged here; what this event was cannot be known."


@attrs.define
class Check:
    """What a journal is found to be.

    Args:
        session: Its session's id.
        size_bytes: Its files on the disk.
        first_seq: The oldest event that is kept, by itself.
        last_seq: The newest.
        title: The session's title, as far as it can be read.
        faults: What is wrong, in sentences; empty when it is whole.
        damaged: Seqs of events that are missing or changed.
        is_prelude_damaged: Whether the events that stand for those that were cut are not what was written.
    """

    session: str
    size_bytes: int = 0
    first_seq: int = 1
    last_seq: int = 0
    title: str = ""
    faults: list[str] = attrs.field(factory=list)
    damaged: list[int] = attrs.field(factory=list)
    is_prelude_damaged: bool = False
    blobs: list[str] = attrs.field(factory=list)
    """Large values of outputs that are missing or changed, by the names of their files: nothing brings them back."""

    @property
    def can_be_mended(self) -> bool:
        """Whether a repair changes anything: of large outputs there is no second copy."""
        return len(self.faults) > len(self.blobs)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


class _Titled(msgspec.Struct):
    title: str = ""


def journals(state: Path) -> list[Path]:
    """The journal files of a state directory, by name."""
    return sorted((state / "journals").glob("*.sqlite"))


def check(path: Path, *, is_thorough: bool = True) -> Check:
    """Looks at one journal.

    Args:
        path: Its file.
        is_thorough: Read every event and compare it with its chain; else only the ends.
    """
    found = Check(path.stem)
    found.size_bytes = _size_of(path) + blobs_of(path).size_bytes()
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            _look(connection, found, is_thorough)
            if is_thorough:
                _look_at_blobs(connection, path, found)
        finally:
            connection.close()
    except (sqlite3.Error, ValueError) as fault:
        found.faults.append(f"It cannot be read: {fault}.")
    return found


def _size_of(path: Path) -> int:
    """Bytes of a journal with the files that SQLite has beside it; whoever closes it takes those away at any moment."""
    size = 0
    for file in path.parent.glob(f"{path.name}*"):
        with contextlib.suppress(FileNotFoundError):
            size += file.stat().st_size
    return size


def _look(connection: sqlite3.Connection, found: Check, is_thorough: bool) -> None:
    connection.execute("BEGIN")  # one view of it, whatever a server writes meanwhile
    facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
    if facts.get("format") != FORMAT:
        found.faults.append(f"It is of format {facts.get('format')}; this webipy reads format {FORMAT}.")
        return
    prelude = connection.execute("SELECT seq, chain, events FROM preludes").fetchone() or (0, 0, pack_prelude([]))
    (last,) = connection.execute("SELECT max(seq) FROM events").fetchone()
    found.first_seq, found.last_seq = prelude[0] + 1, max(last or 0, prelude[0])
    first = connection.execute("SELECT body FROM events WHERE seq = 1").fetchone()
    standing = _standing(prelude[2], found)
    body = first[0] if first else next(iter(standing), b"{}")
    found.title = msgspec.json.decode(body, type=_Titled).title
    if not is_thorough:
        return
    chain, found.damaged = _follow(connection, prelude[0], prelude[1], found.last_seq)
    if found.damaged:
        found.faults.append(f"{len(found.damaged)} events are missing or changed: {_ranges(found.damaged)}.")
    position = Position(facts["host"], facts["number"]) if "host" in facts else None
    if not found.damaged and "seal" in facts and facts["seal"] != seal(found.last_seq, chain, position):
        found.faults.append(f"Events after event {found.last_seq} are missing, or what it says of its end is damaged.")


def _look_at_blobs(connection: sqlite3.Connection, path: Path, found: Check) -> None:
    wanted: dict[str, int] = {}
    for table, column in (("events", "body"), ("preludes", "events")):
        for (body,) in connection.execute(f"SELECT {column} FROM {table} WHERE instr({column}, ?)", (blobs.MARK,)):
            wanted |= blobs.found_in(body) if isinstance(body, bytes) else {}
    folder = blobs_of(path)
    for name, size in sorted(wanted.items()):
        fault = folder.fault_of(name, size)
        if fault is not None:
            found.blobs.append(name)
            found.faults.append(f"The large output {name[:16]} {fault}.")


def _standing(packed: bytes, found: Check) -> list[bytes]:
    """The events that stand for those that were cut: as far as they can be read, when they are damaged."""
    try:
        return unpack_prelude(packed)
    except ValueError as fault:
        found.faults.append(f"{str(fault).capitalize()}.")
        found.is_prelude_damaged = True
    try:
        return [bytes(body) for body in msgspec.json.decode(packed[5:], type=list[msgspec.Raw])]
    except msgspec.DecodeError:
        return []


def _follow(connection: sqlite3.Connection, before: int, chain: int, last: int) -> tuple[int, list[int]]:
    """The chain at the end, and the seqs of events that do not match."""
    damaged: list[int] = []
    expected = before + 1
    rows = connection.execute("SELECT seq, body, chain FROM events WHERE seq > ? ORDER BY seq", (before,))
    for seq, body, stored in rows:
        damaged += range(expected, seq)
        is_after_gap = seq != expected
        if (
            not isinstance(body, bytes)
            or not isinstance(stored, int)
            or (zlib.crc32(body, chain) != stored and not is_after_gap)
        ):
            damaged.append(seq)
        chain, expected = stored if isinstance(stored, int) else 0, seq + 1
    damaged += range(expected, last + 1)
    return chain, damaged


def _ranges(seqs: list[int]) -> str:
    """Numbers as ranges for people, the first few."""
    ranges: list[list[int]] = []
    for seq in seqs:
        if ranges and seq == ranges[-1][1] + 1:
            ranges[-1][1] = seq
        else:
            ranges.append([seq, seq])
    listed = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in ranges[:10])
    return listed if len(ranges) <= 10 else f"{listed} and {len(ranges) - 10} more places"


def repair(path: Path, now: str) -> Check:
    """Makes a whole journal of what can be read of a damaged one, which is kept as `<name>.damaged`. Large outputs that are missing stay so.

    Args:
        path: The damaged journal; no server may use it.
        now: The time that the replaced events carry.

    Returns:
        What was found, before.

    Raises:
        errors.Damaged: Nothing of it can be read.
    """
    found = check(path)
    if not found.can_be_mended:
        return found
    made = JournalFile(path.with_suffix(".repaired"))
    made.path.unlink(missing_ok=True)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        made.open()
        _copy(source, made, found, now)
        source.close()
    except (sqlite3.Error, msgspec.DecodeError) as fault:
        raise errors.Damaged(
            f"Nothing of the journal {path.name} can be read: {fault}.", kind="session", id=path.stem
        ) from None
    finally:
        made.close()
    for suffix in ("", "-wal", "-shm"):
        old = Path(f"{path}{suffix}")
        if old.exists():
            old.replace(f"{path}.damaged{suffix}")
    made.path.replace(path)
    return found


def _copy(source: sqlite3.Connection, made: JournalFile, found: Check, now: str) -> None:
    prelude = source.execute("SELECT seq, events FROM preludes").fetchone()
    first = found.first_seq
    if prelude is not None:
        bodies = _standing(prelude[1], found)
        if found.is_prelude_damaged:
            bodies.append(events.encode(events.OutputLost(seq=prelude[0], time=now, reason=LOST)))
        made.begin_with_prelude(prelude[0], bodies)
    batch: list[bytes] = []
    for body in _bodies(source, first, found, now):
        batch.append(body)
        if len(batch) == BATCH_ROWS:
            first = made.write(first, batch, None) + 1
            batch = []
    facts = dict(source.execute("SELECT name, value FROM facts WHERE name IN ('host', 'number')").fetchall())
    made.write(first, batch, Position(facts["host"], facts["number"]) if len(facts) == 2 else None)


def _bodies(source: sqlite3.Connection, first: int, found: Check, now: str) -> Iterator[bytes]:
    damaged = set(found.damaged)
    for seq in range(first, found.last_seq + 1):
        row = None
        if seq not in damaged:
            row = source.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
        yield row[0] if row else events.encode(events.OutputLost(seq=seq, time=now, reason=LOST, count=1))
