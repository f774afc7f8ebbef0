"""The files of the audit log: lines of JSON, numbered, each chained to the one before with a key.

::

    audit/0000000001.jsonl      {"seq":1,...,"mac":"..."}   one line for each fact; the name is the number of the first line
    audit/head                  the number and the MAC of the last line that is on the disk, signed
    audit/key                   the key, unless it lies elsewhere (0600)

The MAC of a line is HMAC-SHA256 with the key over the MAC of the line before it and the line without its own. So a line that was changed, removed,
moved or put in is found by whoever has the key; the head shows lines that are missing at the end. Whoever has the key can write the whole log anew:
docs/security.md says what that means.

A file begins with a line `log_file`, with the MAC before it and the fingerprint of the key. The next one is begun after `MOST_FILE_BYTES`, in another
month, and with another key. Files that are too old are removed whole: a line `log_removed` says first up to which number, so that what is left can be
verified. A power cut can leave the last line unfinished: it is cut when the log is opened, and a line `log_recovered` says so; when the head names
lines that are not there, a line `log_missing` does, for good.

Invariants: everything here blocks, and runs in a thread; lines are only appended, with one fsync for each batch, and count after it; a batch that
cannot be written whole is taken back; the head is written after its lines, so it is never ahead of them.

Rejected: SQLite (a file that people and programs cannot read by line); a signature for each line (costs a thousand times as much).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import attrs
import msgspec

from webipy.core.api.audit_calls import AuditLine, AuditVerification, ListAudit
from webipy.io.storage.private_files import make_private_folder, sync_names, write_private

MOST_FILE_BYTES: Final = 8 << 20
MONTH: Final = 7
"""Characters of a time up to its month."""

MAC_CHARACTERS: Final = 64
NO_MAC: Final = "0" * MAC_CHARACTERS
"""What stands before the first line of all."""

KEY_BYTES: Final = 32
_TAIL: Final = len(',"mac":""}') + MAC_CHARACTERS


class Line(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A line as it is written; see `webipy.core.api.audit_calls.AuditLine`.

    Args:
        previous: Of `log_file`: the MAC of the line before it; of `log_removed`: that of the last line that is gone.
        until: Of `log_removed` and `log_missing`: the number of the last line that is not there.
        key: Of `log_file`: the fingerprint of the key.
    """

    seq: int
    time: str
    person: str = ""
    name: str = ""
    by: str = ""
    address: str = ""
    method: str
    session: str | None = None
    path: str | None = None
    to: str | None = None
    target: str = ""
    result: str = "ok"
    previous: str | None = None
    until: int | None = None
    key: str | None = None
    mac: str = ""


class _Head(msgspec.Struct):
    seq: int
    mac: str
    sign: str


class BadKey(Exception):
    """The file holds no key that could be used; the message says why, and what would be right."""


class End(msgspec.Struct, frozen=True):
    """Where the log ends.

    Args:
        seq: The number of the last line; 0 when there is none.
        mac: Its MAC.
    """

    seq: int = 0
    mac: str = NO_MAC


def read_key(path: Path) -> bytes:
    """The key in a file, which is made when it is missing.

    Raises:
        BadKey: It cannot be read or made, or is too short.
    """
    try:
        if not path.exists():
            make_private_folder(path.parent)
            write_private(path, secrets.token_hex(KEY_BYTES).encode() + b"\n", is_durable=True)
        key = path.read_bytes().strip()
    except OSError as fault:
        raise BadKey(f"{path} cannot be used: {fault.strerror}.") from None
    if len(key) < KEY_BYTES:
        raise BadKey(
            f"the key in {path} is too short: it has {KEY_BYTES} characters or more. Without the file, webipy makes one."
        )
    return key


def fingerprint(key: bytes) -> str:
    """What tells keys apart, and says nothing of them."""
    return hmac.digest(key, b"webipy audit key", hashlib.sha256).hex()[:16]


def mac_of(key: bytes, previous: str, body: bytes) -> str:
    """The MAC of a line.

    Args:
        key: The key.
        previous: The MAC of the line before it.
        body: The line without its own MAC, JSON.
    """
    return hmac.digest(key, previous.encode() + b"\n" + body, hashlib.sha256).hex()


def encoded(key: bytes, previous: str, line: Line) -> tuple[bytes, str]:
    """A line as it is written, and its MAC.

    Args:
        key: The key.
        previous: The MAC of the line before it.
        line: The line.
    """
    body = msgspec.json.encode(line)
    mac = mac_of(key, previous, body)
    return b'%b,"mac":"%b"}\n' % (body[:-1], mac.encode()), mac


def decoded(raw: bytes) -> tuple[Line, bytes] | None:
    """A line that was read, and what its MAC is made of; `None` when it is no line of the log.

    Args:
        raw: The line, without the end of line.
    """
    try:
        line = msgspec.json.decode(raw, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    body = raw[:-_TAIL] + b"}"
    is_form = raw == b'%b,"mac":"%b"}' % (body[:-1], line.mac.encode())
    return (line, body) if is_form and len(line.mac) == MAC_CHARACTERS else None


def files_in(folder: Path) -> list[Path]:
    """The files of a log, the oldest first."""
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdigit())


@attrs.define(eq=False)
class AuditFiles:
    """The files of one log, for writing; one thread uses it.

    Args:
        folder: Where they are.
        key: The key.
        now: The time, RFC 3339 UTC with microseconds.
    """

    folder: Path
    key: bytes
    now: Callable[[], str]
    end: End = attrs.field(factory=End)
    _fd: int = -1
    _path: Path | None = None
    _size: int = 0
    _month: str = ""

    # ---- opening

    def open(self) -> None:
        """Finds the end of the log, and mends what a power cut has left.

        Raises:
            OSError: The log cannot be read or written.
        """
        make_private_folder(self.folder)
        notes, is_known = self._mend(), (self.folder / "head").exists()
        head = read_head(self.folder, self.key)
        if not is_known and not self.end.seq:
            self._write_head()
        elif head is None:
            notes.append(self._note("log_missing", target="what was behind this line", until=self.end.seq))
        elif head.seq > self.end.seq:
            notes.append(self._note("log_missing", target=f"lines {self.end.seq + 1} to {head.seq}", until=head.seq))
            self.end = head
            self._leave()
        if notes:
            self._write(notes)

    def _mend(self) -> list[Line]:
        """Finds the last line, and cuts what a power cut has left after it; returns what is to be said of that."""
        notes: list[Line] = []
        for path in reversed(files_in(self.folder)):
            found, cut, is_ours = _last_of(path, self.key)
            if cut:
                notes.append(self._note("log_recovered", target=f"{cut} bytes of an unfinished line"))
            if found.seq:
                self.end = found
                if is_ours:
                    self._take(path)
                break
            if path.stat().st_size:
                path.rename(path.with_suffix(".damaged"))
            else:
                path.unlink()  # its first line was never finished
        return notes

    def _note(self, method: str, **more: object) -> Line:
        return msgspec.structs.replace(Line(seq=0, time=self.now(), method=method), **more)

    def _take(self, path: Path) -> None:
        """Goes on writing to a file."""
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._path, self._size = path, os.fstat(self._fd).st_size
        with path.open("rb") as file:
            first = decoded(file.readline().rstrip(b"\n"))
        self._month = "" if first is None else first[0].time[:MONTH]

    # ---- writing

    def append(self, facts: list[AuditLine]) -> None:
        """Writes facts, with one fsync.

        Args:
            facts: Without their numbers.

        Raises:
            OSError: They cannot be written; none of them is.
        """
        self._write([Line(**{name: getattr(fact, name) for name in AuditLine.__struct_fields__}) for fact in facts])

    def _write(self, lines: list[Line]) -> None:
        if self._fd < 0 or self._size >= MOST_FILE_BYTES or self._month != lines[0].time[:MONTH]:
            self._begin(lines[0].time)
        end, parts = self.end, []
        for line in lines:
            line.seq = end.seq + 1
            raw, mac = encoded(self.key, end.mac, line)
            parts.append(raw)
            end = End(line.seq, mac)
        self._put(b"".join(parts))
        self.end = end
        self._write_head()

    def _begin(self, time: str) -> None:
        """Begins a new file, with its first line."""
        self._leave()
        first = Line(
            seq=self.end.seq + 1, time=time, method="log_file", previous=self.end.mac, key=fingerprint(self.key)
        )
        raw, mac = encoded(self.key, self.end.mac, first)
        path = self.folder / f"{first.seq:010d}.jsonl"
        if path.exists():  # somebody has put it there
            path.rename(path.with_suffix(".damaged"))
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._fd, self._path, self._size, self._month = fd, path, 0, time[:MONTH]
        try:
            self._put(raw)
        except OSError:
            self._leave()
            path.unlink()
            raise
        sync_names(self.folder)
        self.end = End(first.seq, mac)

    def _put(self, raw: bytes) -> None:
        """Appends bytes so that a power cut does not take them; takes them back when that fails."""
        try:
            left = memoryview(raw)
            while left:
                left = left[os.write(self._fd, left) :]
            os.fsync(self._fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._size += len(raw)

    def _leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._path, self._size, self._month = -1, None, 0, ""

    def _write_head(self) -> None:
        head = _Head(self.end.seq, self.end.mac, _sign(self.key, self.end))
        with contextlib.suppress(OSError):  # the next one says it; the lines are there
            write_private(self.folder / "head", msgspec.json.encode(head), is_durable=True)

    def remove_before(self, time: str) -> int:
        """Removes the files whose last line is older than a time.

        Args:
            time: RFC 3339 UTC with microseconds.

        Returns:
            How many files were removed.
        """
        old: list[Path] = []
        last: Line | None = None
        for path in files_in(self.folder):
            line = _last_line(path)
            if path == self._path or line is None or line.time >= time:
                break
            old.append(path)
            last = line
        if last is not None:
            self._write(
                [self._note("log_removed", target=f"lines up to {last.seq}", until=last.seq, previous=last.mac)]
            )
            for path in old:
                path.unlink()
            sync_names(self.folder)
        return len(old)

    def close(self) -> None:
        """Closes the file."""
        self._leave()


def _sign(key: bytes, end: End) -> str:
    return hmac.digest(key, b"head %d %b" % (end.seq, end.mac.encode()), hashlib.sha256).hex()


def read_head(folder: Path, key: bytes) -> End | None:
    """Where the log ended when it was written last; `None` when the file is missing or is not signed by the key.

    Args:
        folder: The folder of the log.
        key: The key.
    """
    try:
        head = msgspec.json.decode((folder / "head").read_bytes(), type=_Head)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    end = End(head.seq, head.mac)
    return end if hmac.compare_digest(head.sign.encode(), _sign(key, end).encode()) else None


def _last_of(path: Path, key: bytes) -> tuple[End, int, bool]:
    """The last line of a file, how many bytes of an unfinished one were cut after it, and whether the file is whole so far and of this key."""
    raw = path.read_bytes()
    lines = raw[: raw.rfind(b"\n") + 1].split(b"\n")[:-1]
    while lines and not lines[-1].strip(b"\0"):
        lines.pop()  # a file system can leave zeros after a power cut
    kept = sum(len(line) + 1 for line in lines)
    if kept < len(raw):
        os.truncate(path, kept)
    found, first = (decoded(lines[at]) if lines else None for at in (-1, 0))
    is_ours = found is not None and first is not None and first[0].key == fingerprint(key)
    if found is None:
        found = next((read for line in reversed(lines) if (read := decoded(line)) is not None), None)
    end = End() if found is None else End(found[0].seq, found[0].mac)
    return end, len(raw) - kept, is_ours


def _last_line(path: Path) -> Line | None:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 64 * 1024))
        lines = file.read().splitlines()
    found = decoded(lines[-1]) if lines else None
    return None if found is None else found[0]


# ---- reading


def lines_of(folder: Path, wanted: ListAudit) -> list[AuditLine]:
    """Lines of a log, the newest first: one more than `limit` when there are more.

    Args:
        folder: The folder of the log.
        wanted: Which lines.
    """
    found: list[AuditLine] = []
    for path in reversed(files_in(folder)):
        if wanted.before is not None and int(path.stem) >= wanted.before:
            continue
        for raw in reversed(path.read_bytes().splitlines()):
            read = decoded(raw)
            if read is None:
                continue
            line = read[0]
            if wanted.since is not None and line.time < wanted.since:
                return found
            if _is_wanted(line, wanted):
                found.append(AuditLine(**{name: getattr(line, name) for name in AuditLine.__struct_fields__}))
                if len(found) > wanted.limit:
                    return found
    return found


def _is_wanted(line: Line, wanted: ListAudit) -> bool:
    noun, _, verb = (wanted.method or "").partition(".")
    is_method = line.method.startswith(f"{noun}.") if verb == "*" else line.method == wanted.method
    return (
        (wanted.before is None or line.seq < wanted.before)
        and (wanted.method is None or is_method)
        and (wanted.person is None or wanted.person in (line.person, line.name))
        and (wanted.session is None or wanted.session == line.session)
        and (not wanted.failed or line.result != "ok")
    )


# ---- verifying


class _Walk(msgspec.Struct):
    """What was found so far."""

    end: End
    lines: int = 0
    first: str | None = None
    last: str | None = None
    removed: int = 0
    """Up to which number lines were removed by the server."""
    starts: int = 1
    """The number of the first line that is there."""
    fault: tuple[str, int | None] | None = None
    unfinished: int = 0
    """Bytes of an unfinished line at the end."""
    asked: int = 0
    """The number of a line whose MAC is asked for."""
    mac: str = ""
    """That MAC."""


def verify(folder: Path, key: bytes, until: End | None = None) -> AuditVerification:
    """Looks at all lines of a log.

    Args:
        folder: The folder of the log.
        key: The key.
        until: Where the log ends, as the server that writes it knows; `None`: as the head says.

    Returns:
        What was found: the first fault, if there is one.
    """
    head = until or read_head(folder, key)
    walk = _Walk(End(), asked=0 if head is None else head.seq)
    for path, raw, is_last in _all_lines(folder):
        if until is not None and walk.end.seq >= until.seq > 0 and walk.lines:
            break
        walk.fault = _look(walk, key, path, raw, is_last)
        if walk.fault is not None:
            break
    if walk.fault is None:
        walk.fault = _look_at_ends(walk, head, is_there=(folder / "head").exists())
    fault, seq = walk.fault or ("", None)
    return AuditVerification(
        lines=walk.lines,
        whole=not fault,
        fault=fault,
        seq=seq,
        first=walk.first,
        last=walk.last,
        unfinished=walk.unfinished,
    )


def _all_lines(folder: Path) -> Iterator[tuple[Path, bytes, bool]]:
    """Every line with its file, and whether it is unfinished at the end of the last file."""
    files = files_in(folder)
    for path in files:
        raw = path.read_bytes()
        parts = raw.split(b"\n")
        tail = parts.pop()
        for part in parts:
            yield path, part, False
        if tail:
            is_last = path == files[-1]
            yield path, tail if is_last else b"", is_last


def _look(walk: _Walk, key: bytes, path: Path, raw: bytes, is_last: bool) -> tuple[str, int | None] | None:
    """Looks at one line; returns what is wrong with it."""
    if is_last:  # a line that is being written, or that a power cut has left: it is cut at the next start
        walk.unfinished = len(raw)
        return None
    wanted, read = walk.end.seq + 1, decoded(raw)
    if read is None:
        return (f"Line {wanted} was changed: there is no line of the log in its place ({path.name}).", wanted)
    line, body = read
    previous = walk.end.mac
    if not walk.lines:
        if line.method != "log_file" or line.previous is None:
            return ("The beginning of the log is missing: its first line begins no file.", line.seq)
        wanted, previous, walk.starts = line.seq, line.previous, line.seq
        if line.seq == 1 and line.previous != NO_MAC:
            return ("Line 1 was changed.", 1)
    if line.method == "log_file" and line.key != fingerprint(key):
        return (f"The lines from {line.seq} on are chained with another key.", line.seq)
    if line.seq != wanted:
        what = (
            f"Lines {wanted} to {line.seq - 1} are missing"
            if line.seq > wanted
            else f"Line {line.seq} stands where line {wanted} belongs"
        )
        return (f"{what} ({path.name}).", wanted)
    if not hmac.compare_digest(mac_of(key, previous, body), line.mac):
        return (f"Line {line.seq} was changed, or another one was before it ({path.name}).", line.seq)
    if line.method == "log_missing":
        return (f"Lines up to {line.until} were missing when the server started at {line.time}.", line.until)
    walk.removed = max(walk.removed, (line.until or 0) if line.method == "log_removed" else 0)
    walk.end = End(line.seq, line.mac)
    if line.seq == walk.asked:
        walk.mac = line.mac
    walk.lines += 1
    walk.first, walk.last = walk.first or line.time, line.time
    return None


def _look_at_ends(walk: _Walk, head: End | None, is_there: bool) -> tuple[str, int | None] | None:
    """Whether lines are missing at the beginning or at the end."""
    if head is None and (walk.lines or is_there):
        what = "is not signed by this key" if is_there else "is missing"
        return (f"The file that says where the log ends {what}: lines may be missing at its end.", None)
    if head is None or not head.seq:
        return None
    if head.seq > walk.end.seq:
        return (f"Lines {walk.end.seq + 1} to {head.seq} are missing at the end.", walk.end.seq + 1)
    if walk.starts > walk.removed + 1:
        return (f"Lines {walk.removed + 1} to {walk.starts - 1} are missing at the beginning.", walk.removed + 1)
    if head.seq >= walk.starts and not hmac.compare_digest(walk.mac, head.mac):
        return (f"Line {head.seq} is another one than the server wrote.", head.seq)
    return None
