"""The registry: sessions, their hosts, the logins, the shares and the grants, in one small SQLite database that survives a power cut.

`STATE/webipy.sqlite`, WAL, `synchronous=FULL`: every write here is rare and must be found again (that a kernel host
exists, that somebody is logged in). One thread owns the connection. Secrets are stored as SHA-256 digests only.

A newer webipy may find an older format and moves it forward, one step after the other and all of them or none; an older one
refuses a newer format with a clear word. (It must: it would not know that guests are no owners. So they are not among the
logins, either.)
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.io.reactor import TimedReactor
from webipy.io.storage.journal_file import create_private
from webipy.io.worker import Worker
from webipy.server.people.logins import Browser, Login
from webipy.server.people.shares import Guest, Share
from webipy.server.ports.kernels import HostRecord
from webipy.server.ports.registry import ClosedSession, RunRecord, SessionRecord

_FIRST = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, path TEXT, cwd TEXT NOT NULL, created TEXT NOT NULL, is_closed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hosts (
    session TEXT PRIMARY KEY REFERENCES sessions (id), kernel TEXT NOT NULL, directory TEXT NOT NULL,
    kernelspec TEXT NOT NULL, display_name TEXT NOT NULL, language TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attached_hosts (session TEXT PRIMARY KEY REFERENCES sessions (id), directory TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logins (digest BLOB PRIMARY KEY, name TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
"""
_SHARES = """
CREATE TABLE shares (
    id TEXT PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id), digest BLOB NOT NULL UNIQUE, verb TEXT NOT NULL,
    label TEXT NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE guests (
    id TEXT PRIMARY KEY, share TEXT NOT NULL REFERENCES shares (id) ON DELETE CASCADE, digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL, since TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX guests_by_share ON guests (share);
"""
_ENVIRONMENTS = """
CREATE TABLE environments (
    session TEXT NOT NULL REFERENCES sessions (id), name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (session, name)
) WITHOUT ROWID
"""

_RUNS = """
CREATE TABLE runs (
    run TEXT PRIMARY KEY, session TEXT NOT NULL, source TEXT, status TEXT NOT NULL, path TEXT, reason TEXT NOT NULL,
    started TEXT NOT NULL, finished TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_end ON runs (finished)
"""

KEPT_RUNS = 1000
"""Of so many runs it is remembered how they ended; `webipy run --follow` asks for it."""

_CLOSED = """
CREATE TABLE IF NOT EXISTS closings (
    session TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE, closed TEXT NOT NULL, etag TEXT, digest TEXT,
    is_gone INTEGER NOT NULL
) WITHOUT ROWID;
"""

_LOGINS = """
DROP TABLE logins;
CREATE TABLE logins (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key BLOB NOT NULL, name TEXT NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL,
    since TEXT NOT NULL, used TEXT NOT NULL, token BLOB NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
DELETE FROM guests;
ALTER TABLE guests ADD COLUMN key BLOB NOT NULL DEFAULT x''
"""
"""Logins of before have no key, so they count no more: whoever had one signs in once more."""

_ACCOUNTS = """
CREATE TABLE accounts (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, display_name TEXT NOT NULL, role TEXT NOT NULL, groups TEXT NOT NULL, is_disabled INTEGER NOT NULL,
    hash TEXT, created TEXT NOT NULL, signed_in TEXT
) WITHOUT ROWID;
CREATE TABLE invitations (
    account TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE, digest BLOB NOT NULL, expires TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE account_logins (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, digest BLOB NOT NULL UNIQUE, key BLOB NOT NULL,
    kind TEXT NOT NULL, stays INTEGER NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL, since TEXT NOT NULL, used TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX account_logins_by_account ON account_logins (account)
"""
"""Read and written by webipy.io.storage.account_tables; `groups` is a JSON list."""

_GRANTS = """
CREATE TABLE grants (
    place TEXT NOT NULL, whom TEXT NOT NULL, verb TEXT NOT NULL, given_by TEXT NOT NULL, since TEXT NOT NULL, is_home INTEGER NOT NULL,
    PRIMARY KEY (place, whom)
);
ALTER TABLE guests ADD COLUMN verb TEXT
"""
"""Grants are read and written by webipy.io.storage.grant_table. A guest without a verb of their own has that of the link."""

_IDENTITIES = """
ALTER TABLE accounts ADD COLUMN issuer TEXT;
ALTER TABLE accounts ADD COLUMN subject TEXT;
CREATE UNIQUE INDEX accounts_by_identity ON accounts (issuer, subject)
"""
"""Who signs in to an account by an identity provider; both are null where nobody does."""

_STEPS = (_FIRST, _SHARES, _ENVIRONMENTS, _RUNS, _CLOSED, _LOGINS, _ACCOUNTS, _GRANTS, _IDENTITIES)
"""What makes format 1, 2, ... out of the one before it."""

FORMAT = len(_STEPS)

_CHANGED = "ON CONFLICT (id) DO UPDATE SET title = excluded.title, path = excluded.path, cwd = excluded.cwd"

_HOSTS = """
SELECT session, kernel, directory, kernelspec, display_name, language, attached_hosts.session IS NOT NULL
FROM hosts LEFT JOIN attached_hosts USING (session, directory)
"""


def _row(record: SessionRecord) -> tuple[object, ...]:
    return record.id, record.title, record.path, record.cwd, record.created


def _endings(session: str) -> tuple[tuple[str, tuple[object, ...]], ...]:
    """What goes with a session that is closed: its shares with their guests, where its host was, and its environment."""
    tables = ("shares", "hosts", "attached_hosts", "environments")
    return tuple((f"DELETE FROM {table} WHERE session = ?", (session,)) for table in tables)


def _taken_over(record: SessionRecord) -> tuple[str, tuple[object, ...]]:
    """An open session has this path: the document of another, closed one is not there any more."""
    there = "SELECT id FROM sessions WHERE is_closed AND path = ? AND id != ?"
    return f"UPDATE closings SET is_gone = 1 WHERE session IN ({there})", (record.path, record.id)


class Unreadable(Exception):
    """The state cannot be read."""


class NewerFormat(Unreadable):
    """The state was written by a newer webipy."""


@attrs.define(eq=False)
class SqliteRegistry:
    """See `webipy.server.ports.registry.Registry`, `webipy.server.people.logins.LoginStore` and `webipy.server.people.shares.ShareStore`.

    Args:
        path: The database file.
        reactor: Fires the Deferreds.
    """

    path: Path
    reactor: TimedReactor
    _worker: Worker = attrs.field(init=False)
    _connection: sqlite3.Connection = attrs.field(init=False)

    def start(self) -> Deferred[int]:
        """Opens the database; fires with this server's generation, one more than that of the server before it.

        Fails with `Unreadable`, or more exactly `NewerFormat`.
        """
        self._worker = Worker("webipy registry", self.reactor)

        def work() -> int:
            self._connection, generation = _opened(self.path)
            return generation

        return self._worker.run(work)

    async def stop(self) -> None:
        """Closes the database and ends the thread."""
        await self._worker.run(self._connection.close)
        self._worker.stop()

    def read(self, query: str) -> Deferred[list[tuple[Any, ...]]]:
        """The rows of a query, for tables that another module reads and writes."""
        return self._worker.run(lambda: self._connection.execute(query).fetchall())

    def write(self, *statements: tuple[str, tuple[object, ...]]) -> Deferred[None]:
        """Carries out statements, with their values: all of them or none; fires when that survives a power cut."""

        def work() -> None:
            with self._connection:
                for sql, values in statements:
                    self._connection.execute(sql, values)

        return self._worker.run(work)

    # ---- sessions

    def sessions(self) -> Deferred[list[SessionRecord]]:
        """All sessions that are not closed."""

        def work() -> list[SessionRecord]:
            hosts = {
                session: HostRecord(kernel, directory, spec, display_name, language, bool(is_attached))
                for session, kernel, directory, spec, display_name, language, is_attached in self._connection.execute(
                    _HOSTS
                )
            }
            rows = self._connection.execute(
                "SELECT id, title, path, cwd, created FROM sessions WHERE NOT is_closed ORDER BY created"
            ).fetchall()
            env: dict[str, dict[str, str]] = {}
            for session, name, value in self._connection.execute("SELECT session, name, value FROM environments"):
                env.setdefault(session, {})[name] = value
            return [attrs.evolve(SessionRecord(*row), host=hosts.get(row[0]), env=env.get(row[0], {})) for row in rows]

        return self._worker.run(work)

    def put(self, record: SessionRecord) -> Deferred[None]:
        """Writes an open session down, new or changed; fires when it survives a power cut. A closed one loses its path to it."""
        statements: list[tuple[str, tuple[object, ...]]]
        statements = [
            (f"INSERT INTO sessions (id, title, path, cwd, created) VALUES (?, ?, ?, ?, ?) {_CHANGED}", _row(record))
        ]
        statements.append(_taken_over(record))
        host = record.host
        if host is not None:
            values = (record.id, host.kernel, host.directory, host.spec, host.display_name, host.language)
            statements.append(("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?)", values))
            if host.is_attached:
                attached = (record.id, host.directory)
                statements.append(("INSERT OR REPLACE INTO attached_hosts VALUES (?, ?)", attached))
        statements.append(("DELETE FROM environments WHERE session = ?", (record.id,)))
        for name, value in record.env.items():
            statements.append(("INSERT INTO environments VALUES (?, ?, ?)", (record.id, name, value)))
        return self.write(*statements)

    def close_session(self, closed: ClosedSession) -> Deferred[None]:
        """Marks a session as closed: its shares, its guests and its environment are forgotten. Notes what changed about a closed one."""
        record = closed.record
        row = (record.id, closed.closed, closed.etag, closed.digest, closed.is_gone)
        return self.write(
            (f"INSERT INTO sessions VALUES (?, ?, ?, ?, ?, 1) {_CHANGED}, is_closed = 1", _row(record)),
            ("INSERT OR REPLACE INTO closings VALUES (?, ?, ?, ?, ?)", row),
            *_endings(record.id),
        )

    def closed(self) -> Deferred[list[ClosedSession]]:
        """All closed sessions that have not been forgotten, the one that was closed last first."""

        def work() -> list[ClosedSession]:
            rows = self._connection.execute(
                "SELECT id, title, path, cwd, created, closed, etag, digest, is_gone FROM sessions LEFT JOIN closings ON session = id "
                "WHERE is_closed ORDER BY closed DESC, created DESC"
            ).fetchall()
            return [ClosedSession(SessionRecord(*row[:5]), row[5] or "", row[6], bool(row[8]), row[7]) for row in rows]

        return self._worker.run(work)

    def reopen(self, record: SessionRecord) -> Deferred[None]:
        """Marks a closed session as open, without a host; another closed one loses its path to it."""
        row = (record.title, record.path, record.cwd, record.id)
        return self.write(
            *_endings(record.id),
            ("DELETE FROM closings WHERE session = ?", (record.id,)),
            ("UPDATE sessions SET is_closed = 0, title = ?, path = ?, cwd = ? WHERE id = ?", row),
            _taken_over(record),
        )

    def forget(self, session: str) -> Deferred[None]:
        """Forgets a closed session."""
        closing = ("DELETE FROM closings WHERE session = ?", (session,))
        return self.write(*_endings(session), closing, _forgetting(session))

    # ---- runs

    def put_run(self, record: RunRecord) -> Deferred[None]:
        """Writes down how a run has ended; the oldest beyond `KEPT_RUNS` are forgotten."""
        oldest = "SELECT run FROM runs ORDER BY finished DESC LIMIT -1 OFFSET ?"
        return self.write(
            ("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(record)),
            (f"DELETE FROM runs WHERE run IN ({oldest})", (KEPT_RUNS,)),
        )

    def run(self, run: str) -> Deferred[RunRecord | None]:
        """The run of that id that has ended."""

        def work() -> RunRecord | None:
            row = self._connection.execute("SELECT * FROM runs WHERE run = ?", (run,)).fetchone()
            return RunRecord(*row) if row is not None else None

        return self._worker.run(work)

    # ---- logins

    def put_login(self, login: Login, days: int) -> Deferred[None]:
        """Stores a new login, or the time at which one that there is was used.

        Args:
            login: The login.
            days: For how many days a new one is kept.
        """
        browser, until = login.browser, time.time() + days * 86_400
        row = (login.id, login.digest, login.key, login.name, browser.agent, browser.address)
        change = "ON CONFLICT (id) DO UPDATE SET used = excluded.used"
        return self.write(
            (
                f"INSERT INTO logins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {change}",
                (*row, login.since, login.used, login.token, until),
            )
        )

    def logins(self) -> Deferred[list[Login]]:
        """Every login that is valid now, the oldest first; the others are forgotten."""

        def work() -> list[Login]:
            with self._connection:
                self._connection.execute("DELETE FROM logins WHERE expires < ?", (time.time(),))
            rows = self._connection.execute(
                "SELECT id, digest, key, name, agent, address, since, used, token FROM logins ORDER BY since"
            ).fetchall()
            return [
                Login(login, digest, key, name, Browser(agent, address), since, used, token)
                for login, digest, key, name, agent, address, since, used, token in rows
            ]

        return self._worker.run(work)

    def remove_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets logins."""
        return self.write(*(("DELETE FROM logins WHERE id = ?", (login,)) for login in logins))

    # ---- shares

    def shares(self) -> Deferred[tuple[list[Share], list[Guest]]]:
        """All shares and guests, the oldest first."""

        def work() -> tuple[list[Share], list[Guest]]:
            shares = self._connection.execute(
                "SELECT id, session, digest, verb, label, created, expires FROM shares ORDER BY created"
            ).fetchall()
            guests = self._connection.execute(
                "SELECT id, share, digest, name, since, key, verb FROM guests ORDER BY since"
            ).fetchall()
            return [Share(*row) for row in shares], [Guest(*row) for row in guests]

        return self._worker.run(work)

    def put_share(self, share: Share) -> Deferred[None]:
        """Writes a share down, new or with another right."""
        update = "ON CONFLICT (id) DO UPDATE SET verb = excluded.verb"
        return self.write((f"INSERT INTO shares VALUES (?, ?, ?, ?, ?, ?, ?) {update}", attrs.astuple(share)))

    def remove_share(self, share: str) -> Deferred[None]:
        """Forgets a share and its guests."""
        return self.write(("DELETE FROM shares WHERE id = ?", (share,)))

    def add_guest(self, guest: Guest) -> Deferred[None]:
        """Writes a guest down, new or with another right."""
        update = "ON CONFLICT (id) DO UPDATE SET verb = excluded.verb"
        return self.write((f"INSERT INTO guests VALUES (?, ?, ?, ?, ?, ?, ?) {update}", attrs.astuple(guest)))

    def remove_guest(self, guest: str) -> Deferred[None]:
        """Forgets a guest."""
        return self.write(("DELETE FROM guests WHERE id = ?", (guest,)))


def _opened(path: Path) -> tuple[sqlite3.Connection, int]:
    """The database in today's format, and this server's generation."""
    try:
        create_private(path)
    except OSError as fault:
        raise Unreadable(f"{path} cannot be opened: {fault.strerror}.") from None
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        return connection, _moved_forward(connection, path)
    except BaseException:
        connection.close()
        raise


def _moved_forward(connection: sqlite3.Connection, path: Path) -> int:
    """Brings the database into today's format; returns this server's generation."""
    found = _checked_format(connection, path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for step in _STEPS[found if found > 1 else 0 :]:  # format 1 has grown without a new number
            for statement in step.split(";"):
                connection.execute(statement)
        facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        generation = int(facts.get("generation", 0)) + 1
        connection.executemany(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)", [("format", FORMAT), ("generation", generation)]
        )
    return generation


def _checked_format(connection: sqlite3.Connection, path: Path) -> int:
    """The format that is there, 0 in a new file, when this version may write it; what a newer one made is left as it is."""
    try:
        has_facts = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone()
        found = has_facts and connection.execute("SELECT value FROM facts WHERE name = 'format'").fetchone()
    except sqlite3.DatabaseError as fault:
        raise Unreadable(f"{path} cannot be read: {fault}. Put it aside to start without its sessions.") from None
    if found and found[0] > FORMAT:
        raise NewerFormat(f"{path} was written by a newer webipy (format {found[0]}, this one reads {FORMAT}).")
    return int(found[0]) if found else 0


def listed(path: Path) -> dict[str, tuple[ClosedSession, bool]]:
    """What a registry knows of sessions, without a server or beside it: each, and whether it is open. Nothing when there is none that can be read.

    Args:
        path: The database file.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            rows = connection.execute(
                "SELECT id, title, path, cwd, created, closed, etag, digest, is_gone, is_closed FROM sessions "
                "LEFT JOIN closings ON session = id"
            ).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return {}
    return {
        row[0]: (ClosedSession(SessionRecord(*row[:5]), row[5] or "", row[6], bool(row[8]), row[7]), not row[9])
        for row in rows
    }


def forget(path: Path, session: str) -> None:
    """Forgets a closed session while no server runs.

    Args:
        path: The database file.
        session: The session's id.

    Raises:
        Unreadable: The registry cannot be written.
    """
    try:
        connection = sqlite3.connect(path)
        with connection:
            closing = ("DELETE FROM closings WHERE session = ?", (session,))
            for sql, values in (*_endings(session), closing, _forgetting(session)):
                connection.execute(sql, values)
        connection.close()
    except sqlite3.Error as fault:
        raise Unreadable(f"{path} cannot be written: {fault}.") from None


def _forgetting(session: str) -> tuple[str, tuple[object, ...]]:
    return "DELETE FROM sessions WHERE id = ? AND is_closed", (session,)
