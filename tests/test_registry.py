"""webipy.io.storage.registry: one contract for the fake and the real one, and the file on the disk."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path
from typing import Any, Protocol, cast
from unittest import mock

import attrs
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from tests.fakes import FakeRegistry
from webipy.core.api.grants import Grant
from webipy.io.reactor import TimedReactor
from webipy.io.storage.account_tables import SqliteAccounts
from webipy.io.storage.grant_table import SqliteGrants
from webipy.io.storage.registry import _STEPS, FORMAT, NewerFormat, SqliteRegistry, Unreadable
from webipy.server.people.logins import Browser, Login, LoginStore
from webipy.server.people.shares import Guest, Share, ShareStore
from webipy.server.ports.kernels import HostRecord
from webipy.server.ports.registry import ClosedSession, Registry, RunRecord, SessionRecord

ONE = SessionRecord("s1", "One", "a.ipynb", "/tmp", "2026-03-01T09:30:00.000000Z")
TWO = SessionRecord("s2", "Two 🧪", None, "/", "2026-03-01T09:31:00.000000Z")
HOST = HostRecord("k1", "/hosts/k1-1", "python3", "Python 3", "python")


SHARE = Share("h1", "s1", b"\x01" * 32, "read", "For Grace", ONE.created, "2026-03-08T09:30:00.000000Z")
GUEST = Guest("g1", "h1", b"\x02" * 32, "Grace", TWO.created, b"\x12" * 32)
LOGIN = Login(
    "l1", b"\x00" * 32, b"\x10" * 32, "ada", Browser("Mozilla", "127.0.0.1"), ONE.created, ONE.created, b"\x11" * 32
)


class Both(Registry, LoginStore, ShareStore, Protocol):
    """The ports that one database serves."""


class RegistryContract:
    """What every implementation of `Registry`, `LoginStore` and `ShareStore` holds to."""

    assertEqual: Any
    registry: Both
    timeout = 20

    async def test_a_new_registry_is_empty(self) -> None:
        """Neither sessions nor logins."""
        self.assertEqual((await self.registry.sessions(), await self.registry.logins()), ([], []))

    async def test_sessions_come_back_whole_and_the_oldest_first(self) -> None:
        """With and without a path and a host."""
        await self.registry.put(TWO)
        with_host = SessionRecord(ONE.id, ONE.title, ONE.path, ONE.cwd, ONE.created, HOST)
        await self.registry.put(with_host)
        self.assertEqual(await self.registry.sessions(), [with_host, TWO])

    async def test_a_session_can_change(self) -> None:
        """Its title and its host; a host that is not given stays."""
        await self.registry.put(ONE)
        newer = HostRecord("k2", "/hosts/k2-1", "other", "Other", "r")
        for host in (HOST, newer):
            await self.registry.put(SessionRecord(ONE.id, "New", ONE.path, ONE.cwd, ONE.created, host))
        await self.registry.put(SessionRecord(ONE.id, "Newest", ONE.path, ONE.cwd, ONE.created))
        (found,) = await self.registry.sessions()
        self.assertEqual((found.title, found.host), ("Newest", newer))

    async def test_an_attached_kernel_is_remembered_as_one(self) -> None:
        """Until another host takes its place in the session."""
        attached = HostRecord("k3", "/hosts/k3-1", "attached", "Attached kernel", "", True)
        for host in (attached, HOST):
            with_host = SessionRecord(ONE.id, ONE.title, ONE.path, ONE.cwd, ONE.created, host)
            await self.registry.put(with_host)
            self.assertEqual(await self.registry.sessions(), [with_host])

    async def test_a_closed_session_is_not_listed(self) -> None:
        """Its path is free again."""
        await self.registry.put(ONE)
        await self.registry.close_session(ClosedSession(ONE))
        self.assertEqual(await self.registry.sessions(), [])
        again = SessionRecord("s3", "One", ONE.path, ONE.cwd, ONE.created)
        await self.registry.put(again)
        self.assertEqual(await self.registry.sessions(), [again])

    async def test_a_closed_session_is_kept_until_it_is_forgotten(self) -> None:
        """With the path of its document; what belongs to an open one is gone, also when it is opened again."""
        await self.registry.put(attrs.evolve(ONE, host=HOST))
        await self.registry.put(TWO)
        await self.registry.put_share(SHARE)
        one = ClosedSession(attrs.evolve(ONE, path="b.ipynb"), "2026-03-02T00:00:00Z", "e1", False, "d1")
        two = ClosedSession(attrs.evolve(TWO, env={}), "2026-03-03T00:00:00Z")
        for closed in (one, two):
            await self.registry.close_session(closed)
        self.assertEqual(await self.registry.closed(), [two, one])
        moved = attrs.evolve(ONE, path="c.ipynb")
        await self.registry.reopen(moved)
        self.assertEqual((await self.registry.sessions(), await self.registry.closed()), ([moved], [two]))
        self.assertEqual(await self.registry.shares(), ([], []))
        await self.registry.forget(TWO.id)
        await self.registry.forget("nobody")
        self.assertEqual(await self.registry.closed(), [])

    async def test_a_closed_session_loses_its_path_to_an_open_one(self) -> None:
        """To one that is new there, that comes there, or that is opened again there."""
        unknown = ClosedSession(SessionRecord("s4", "Four", "a.ipynb", "/", ""), "2026-03-01T00:00:00Z")
        await self.registry.close_session(unknown)
        self.assertEqual((await self.registry.closed())[0].path, "a.ipynb")
        await self.registry.put(ONE)
        self.assertEqual([(one.path, one.is_gone) for one in await self.registry.closed()], [(None, True)])
        await self.registry.close_session(ClosedSession(ONE, "2026-03-02T00:00:00Z"))
        await self.registry.reopen(SessionRecord("s4", "Four", "a.ipynb", "/", ""))
        self.assertEqual([one.record.id for one in await self.registry.closed() if one.is_gone], [ONE.id])

    async def test_a_closed_session_does_not_lose_its_path_to_itself(self) -> None:
        """A change that was under way while it was closed is written after that."""
        await self.registry.close_session(ClosedSession(ONE, "2026-03-01T00:00:00Z"))
        await self.registry.put(ONE)
        self.assertEqual([(one.path, one.is_gone) for one in await self.registry.closed()], [(ONE.path, False)])

    async def test_logins(self) -> None:
        """Kept, listed, forgotten."""
        later = attrs.evolve(LOGIN, id="l2", digest=b"\xff" * 32, since="2026-03-02T00:00:00Z")
        for login in (later, LOGIN):
            await self.registry.put_login(login, 30)
        self.assertEqual(await self.registry.logins(), [LOGIN, later])
        await self.registry.put_login(attrs.evolve(later, used="2026-03-03T00:00:00Z"), -1)
        await self.registry.remove_logins(["l1", "l3"])
        self.assertEqual(await self.registry.logins(), [attrs.evolve(later, used="2026-03-03T00:00:00Z")])

    async def test_shares_and_guests(self) -> None:
        """Kept, changed, forgotten; a share goes with its guests, and with its session."""
        await self.registry.put(ONE)
        second = attrs.evolve(SHARE, id="h2", digest=b"\x03" * 32, created="2026-03-02T00:00:00.000000Z")
        for share in (SHARE, second):
            await self.registry.put_share(share)
        other = attrs.evolve(GUEST, id="g2", digest=b"\x04" * 32)
        theirs = attrs.evolve(GUEST, id="g3", digest=b"\x05" * 32, share="h2")
        for guest in (GUEST, other, theirs):
            await self.registry.add_guest(guest)
        runs = attrs.evolve(SHARE, verb="execute")
        await self.registry.put_share(runs)
        await self.registry.remove_guest("g2")
        self.assertEqual(await self.registry.shares(), ([runs, second], [GUEST, theirs]))
        self.assertEqual(await self.registry.logins(), [], "guests are no logins of the owner")
        await self.registry.remove_share("h1")
        self.assertEqual(await self.registry.shares(), ([second], [theirs]))
        await self.registry.close_session(ClosedSession(ONE))
        self.assertEqual(await self.registry.shares(), ([], []))


class Fake(RegistryContract, TestCase):
    """The one of tests/fakes.py."""

    def setUp(self) -> None:
        self.registry: Both = FakeRegistry()


class Sqlite(RegistryContract, TestCase):
    """The real one."""

    async def setUp(self) -> None:  # type: ignore[override]  # trial waits for it
        self.path = Path(self.mktemp())
        self.real: SqliteRegistry | None = None
        self.generation = await self.begin()

    async def begin(self) -> int:
        """A server starts; gives its generation."""
        self.real = SqliteRegistry(self.path, cast(TimedReactor, reactor))
        self.registry: Both = self.real
        return await self.real.start()

    async def end(self) -> None:
        """It ends."""
        ended, self.real = self.real, None
        if ended is not None:
            await ended.stop()

    async def tearDown(self) -> None:  # type: ignore[override]  # trial waits for it
        await self.end()

    def change(self, sql: str) -> None:
        """Somebody changes the file from outside."""
        connection = sqlite3.connect(self.path)
        with connection:
            connection.execute(sql)
        connection.close()

    def forget_accounts(self) -> None:
        """Takes away what came with accounts."""
        for table in ("account_logins", "invitations", "accounts"):
            self.change(f"DROP TABLE {table}")

    async def test_everything_outlives_the_server_and_each_has_its_generation(self) -> None:
        """One more than that of the server before it."""
        await self.registry.put(SessionRecord(ONE.id, ONE.title, ONE.path, ONE.cwd, ONE.created, HOST))
        await self.registry.put_login(LOGIN, 1)
        await self.end()
        self.assertEqual(await self.begin(), self.generation + 1)
        self.assertEqual([record.host for record in await self.registry.sessions()], [HOST])
        self.assertEqual(await self.registry.logins(), [LOGIN])

    async def test_grants_outlive_the_server(self) -> None:
        """In their order; a change is all of it: what ends first, and then what is new."""
        first = Grant("shared", "everybody", "read", "ada", ONE.created)
        home = Grant("people/grace", "account 7", "own", "Grace", ONE.created, True)
        assert self.real is not None
        await SqliteGrants(self.real).change_grants([first, home], [])
        await self.end()
        await self.begin()
        assert self.real is not None
        table = SqliteGrants(self.real)
        self.assertEqual(await table.grants(), [first, home])
        moved, more = attrs.evolve(home, place="people/g"), attrs.evolve(first, verb="write")
        await table.change_grants([moved, more], [home.key])
        self.assertEqual(sorted(await table.grants(), key=lambda one: one.place), [moved, more])

    async def test_an_environment_is_kept_until_the_session_is_closed(self) -> None:
        """The next server has it, the last one that was put counts, and nothing of it stays behind."""
        for env in ({"A": "1", "B": "=x\n"}, {"B": ""}):
            await self.registry.put(attrs.evolve(ONE, env=env))
            (found,) = await self.registry.sessions()
            self.assertEqual(found.env, env)
            self.assertNotIn("B", repr(found))
        await self.registry.close_session(ClosedSession(ONE))
        connection = sqlite3.connect(self.path)
        self.assertEqual(connection.execute("SELECT count(*) FROM environments").fetchone(), (0,))
        connection.close()

    async def test_logins_end_after_their_days(self) -> None:
        """They are forgotten, not only hidden."""
        await self.registry.put_login(attrs.evolve(LOGIN, id="old", digest=b"old"), -1)
        await self.registry.put_login(LOGIN, 1)
        self.assertEqual(await self.registry.logins(), [LOGIN])
        await self.end()
        connection = sqlite3.connect(self.path)
        self.assertEqual(connection.execute("SELECT count(*) FROM logins").fetchone(), (1,))
        connection.close()

    async def test_a_newer_format_is_refused_and_left_as_it_is(self) -> None:
        """An older webipy does not touch what it does not understand."""
        await self.end()
        self.change(f"UPDATE facts SET value = {FORMAT + 1} WHERE name = 'format'")
        before = self.path.read_bytes()
        fault = await self.assertFailure(SqliteRegistry(self.path, cast(TimedReactor, reactor)).start(), NewerFormat)
        self.assertIn("newer webipy", str(fault))
        self.assertEqual(self.path.read_bytes(), before)

    async def test_an_older_format_is_moved_forward(self) -> None:
        """One of the first: what it has stays, and what it has not is made."""
        await self.registry.put(ONE)
        await self.end()
        self.change("DROP TABLE logins")
        self.change(
            "CREATE TABLE logins (digest BLOB PRIMARY KEY, name TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID"
        )
        self.change("INSERT INTO logins VALUES (x'00', 'ada', 9e9)")
        self.forget_accounts()
        self.change("DROP TABLE environments")
        self.change("DROP TABLE grants")
        self.change("DROP TABLE runs")
        self.change("DROP TABLE guests")
        self.change("DROP TABLE shares")
        self.change("DROP TABLE attached_hosts")
        self.change("UPDATE facts SET value = 1 WHERE name = 'format'")
        await self.begin()
        self.assertEqual(await self.registry.sessions(), [ONE])
        self.assertEqual(await self.registry.logins(), [], "a login that has no key opens nothing")
        await self.registry.put_login(LOGIN, 1)
        self.assertEqual(await self.registry.logins(), [LOGIN])
        await self.registry.put_share(SHARE)
        await self.end()
        await self.begin()
        self.assertEqual(await self.registry.shares(), ([SHARE], []))

    async def test_guests_of_before_there_were_keys_come_again(self) -> None:
        """Their links stay as they were; the logins of both kinds are asked for once more."""
        await self.registry.put(ONE)
        await self.registry.put_share(SHARE)
        await self.end()
        self.forget_accounts()
        for change in (
            "DROP TABLE logins",
            "CREATE TABLE logins (digest BLOB PRIMARY KEY, name TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID",
            "INSERT INTO logins VALUES (x'00', 'ada', 9e9)",
            "DROP TABLE grants",
            "ALTER TABLE guests DROP COLUMN verb",
            "ALTER TABLE guests DROP COLUMN key",
            "INSERT INTO guests VALUES ('g1', 'h1', x'02', 'Grace', '2026-03-01T00:00:00Z')",
            "UPDATE facts SET value = 5 WHERE name = 'format'",
        ):
            self.change(change)
        await self.begin()
        self.assertEqual(await self.registry.shares(), ([SHARE], []))
        self.assertEqual(await self.registry.logins(), [])
        await self.registry.add_guest(GUEST)
        self.assertEqual(await self.registry.shares(), ([SHARE], [GUEST]))

    async def test_accounts_of_before_single_sign_on_stay(self) -> None:
        """As they were, and with nobody who signs in to them elsewhere."""
        await self.end()
        row = "('a1', 'ada', 'Ada', 'admin', '[]', 0, 'h', '2026-03-01T00:00:00Z', NULL)"
        for change in (
            "DROP INDEX accounts_by_identity",
            "ALTER TABLE accounts DROP COLUMN issuer",
            "ALTER TABLE accounts DROP COLUMN subject",
            f"INSERT INTO accounts VALUES {row}",
            "UPDATE facts SET value = 8 WHERE name = 'format'",
        ):
            self.change(change)
        await self.begin()
        assert isinstance(self.registry, SqliteRegistry)
        [account] = (await SqliteAccounts(self.registry).accounts())[0]
        self.assertEqual((account.name, account.hash, account.identity), ("ada", "h", None))

    async def test_the_latest_runs_are_remembered(self) -> None:
        """How each ended, over a restart; the oldest beyond the limit are forgotten."""
        runs = [
            RunRecord(f"r{number}", "s", "a.ipynb", "ok", "b.ipynb", "", ONE.created, f"2026-01-01T00:00:0{number}Z")
            for number in range(4)
        ]
        with mock.patch("webipy.io.storage.registry.KEPT_RUNS", 3):
            for run in (runs[1], runs[0], runs[2], runs[3]):
                await self.registry.put_run(run)
        await self.end()
        await self.begin()
        self.assertEqual([await self.registry.run(run.run) for run in runs], [None, *runs[1:]])

    async def test_a_step_that_fails_leaves_the_format_as_it_was(self) -> None:
        """All steps or none: what a first part made is not there, and the version before opens it."""
        await self.registry.put(ONE)
        await self.end()
        with mock.patch("webipy.io.storage.registry._STEPS", (*_STEPS, "CREATE TABLE half (a); CREATE TABLE half (b)")):
            broken = SqliteRegistry(self.path, cast(TimedReactor, reactor))
            await self.assertFailure(broken.start(), sqlite3.OperationalError)
            broken._worker.stop()
        await self.begin()
        self.assertEqual(await self.registry.sessions(), [ONE])
        await self.end()
        connection = sqlite3.connect(self.path)
        self.assertEqual(connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall(), [])
        connection.close()

    async def test_a_file_that_is_no_database_is_told(self) -> None:
        """With its path, and what to do."""
        path = Path(self.mktemp())
        path.write_bytes(b"not a database" * 100)
        fault = await self.assertFailure(SqliteRegistry(path, cast(TimedReactor, reactor)).start(), Unreadable)
        self.assertIn(str(path), str(fault))

    async def test_the_files_are_private(self) -> None:
        """0600."""
        await self.registry.put(ONE)
        for path in self.path.parent.glob(self.path.name + "*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path.name)
