"""Which journals are in a folder, what belongs to each, how much room it takes, and how it is removed.

A journal is what begins with the id of its session and a dot: `SESSION.sqlite`, SQLite's log and index beside it, a damaged
copy that a repair has kept, and whatever else the journal puts beside itself under such a name, files and folders alike.
Ids have no dots, so no name belongs to two. Everything here blocks.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.session.file_state import FileState
from webipy.core.timestamps import rfc3339
from webipy.io.storage.journal_file import JournalFile
from webipy.server.ports.journals import JournalPart, KeptJournal
from webipy.server.ports.registry import ClosedSession, SessionRecord

SUFFIX = ".sqlite"

READ_EVENTS = 10_000
READ_BYTES = 4 * 1024 * 1024
"""What is read of a journal at once."""

_SUMMARIZED = tuple(
    f'{{"type":"{kind}'.encode() for kind in ("session_", "notebook_opened", "notebook_saved", "notebook_m")
)
"""How the events begin that a summary is made of."""


def journals(folder: Path) -> list[Path]:
    """The journals of a folder, by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def parts(path: Path) -> list[Path]:
    """All that belongs to a journal."""
    return sorted(path.parent.glob(f"{path.stem}.*"))


def kept(folder: Path) -> list[KeptJournal]:
    """The journals of a folder, with what they take; the folder is read once."""
    sizes: dict[str, int] = {}
    changed: dict[str, float] = {}
    names = set()
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    for entry in entries:
        session, _, ending = entry.name.partition(".")
        if f".{ending}" == SUFFIX:
            names.add(session)
        try:
            there = entry.stat()
            below = _within(Path(entry.path)) if entry.is_dir() else 0
        except FileNotFoundError:
            continue  # SQLite has put its log away, or the journal was removed, just now
        sizes[session] = sizes.get(session, 0) + there.st_size + below
        changed[session] = max(changed.get(session, 0.0), there.st_mtime)
    return [
        KeptJournal(name, sizes[name], rfc3339(datetime.fromtimestamp(changed[name], UTC)))
        for name in sorted(names)
        if name in sizes
    ]


def _within(folder: Path) -> int:
    return sum(_size(file) for file in folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def remove(path: Path) -> None:
    """Removes a journal with all that belongs to it; the database goes last, so that what is left of it is found again."""
    for part in sorted(parts(path), key=lambda part: part == path):
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)


def look(path: Path, first: int, limit: int, limit_bytes: int) -> JournalPart:
    """Reads events of a closed journal.

    Args:
        path: Its file.
        first: The seq of the first event; with one that was cut, the prelude comes, too.
        limit: How many events at most.
        limit_bytes: As in `JournalFile.read`.

    Raises:
        errors.NotFound: There is no such journal.
        errors.Damaged: It cannot be read.
    """
    file = JournalFile(path)
    file.look()
    try:
        standing = file.read_prelude() if first < file.first_seq else []
        first = max(first, file.first_seq)
        last = min(file.written, first + limit - 1)
        bodies = file.read(first, last, limit_bytes) if first <= last else []
        return JournalPart(file.first_seq, file.written, standing, bodies)
    finally:
        file.close()


class JournalSummary(msgspec.Struct):
    """The session of a journal, by its events."""

    id: str
    title: str = ""
    cwd: str = ""
    path: str | None = None
    created: str = ""
    file_state: FileState = msgspec.field(default_factory=FileState)

    def take(self, event: AnyEvent) -> None:
        """Applies the next event of the journal."""
        self.file_state.apply(event)
        match event:
            case events.SessionCreated():
                self.title, self.path, self.created, self.cwd = event.title, event.path, event.time, event.cwd or ""
            case events.SessionRenamed():
                self.title = event.title
            case events.SessionReopened():
                self.cwd = event.cwd or self.cwd
            case _:
                pass

    def closed(self, time: str) -> ClosedSession:
        """The session as a closed one; `time` is that of the last event."""
        path = self.file_state.path or self.path
        conflict = self.file_state.conflict
        is_gone = conflict is not None and conflict.etag is None
        record = SessionRecord(self.id, self.title, path, self.cwd, self.created)
        return ClosedSession(record, time, self.file_state.etag, is_gone)


def described(path: Path) -> ClosedSession:
    """Summarizes the session of a journal that nothing else knows of. Reads all of it, and decodes little.

    Raises:
        errors.NotFound: There is no such journal.
        errors.Damaged: It cannot be read.
    """
    summary, file = JournalSummary(path.stem), JournalFile(path)
    file.look()
    try:
        bodies, first = file.read_prelude(), file.first_seq
        while True:
            for body in bodies:
                event = events.decode_known(body) if body.startswith(_SUMMARIZED) else None
                if event is not None:
                    summary.take(event)
            if first > file.written:
                return summary.closed(_time_of(bodies[-1:]))
            bodies = file.read(first, min(file.written, first + READ_EVENTS - 1), READ_BYTES)
            first += len(bodies)
    finally:
        file.close()


class _Timed(msgspec.Struct):
    time: str = ""


def _time_of(bodies: list[bytes]) -> str:
    """When the last of some events was written."""
    return msgspec.json.decode(bodies[-1], type=_Timed).time if bodies else ""
