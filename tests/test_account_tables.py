"""webipy.io.storage.account_tables: one contract for the fake and the real one."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

import attrs
from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from tests.fake_accounts import FakeAccounts
from webipy.io.reactor import TimedReactor
from webipy.io.storage.account_tables import SqliteAccounts
from webipy.io.storage.registry import SqliteRegistry
from webipy.server.people.accounts import Account, Identity, Invitation
from webipy.server.people.logins import Browser, Login
from webipy.server.people.people import Store

ADA = Account(
    "a1", "ada", "Ada Lovelace", "admin", frozenset({"math", "Räume"}), False, "$argon2id$x", "2026-03-01T09:30:00Z"
)
BO = Account("a2", "bo", "Bo", "viewer", frozenset(), True, None, "2026-03-01T09:31:00Z", "2026-03-02T00:00:00Z")
CY = Account(
    "a3",
    "cy",
    "Cy",
    "member",
    frozenset(),
    False,
    None,
    "2026-03-01T09:32:00Z",
    identity=Identity("https://login.example.org", "1001"),
)
INVITATION = Invitation("a2", b"\x01" * 32, "2026-03-08T09:30:00Z")
LOGIN = Login(
    "l1",
    b"\x00" * 32,
    b"\x10" * 32,
    "",
    Browser("Mozilla", "127.0.0.1"),
    ADA.created,
    ADA.created,
    b"",
    "a1",
    "browser",
    False,
)
COMMAND = attrs.evolve(LOGIN, id="l2", digest=b"\x02" * 32, key=b"", kind="command line", stays=True, since=BO.created)


class StoreContract:
    """What every implementation of `Store` holds to."""

    assertEqual: Any
    store: Store

    async def test_accounts(self) -> None:
        """Kept and changed; the oldest first."""
        self.assertEqual(await self.store.accounts(), ([], []))
        for account in (BO, ADA):
            await self.store.put_account(account)
        changed = attrs.evolve(
            BO, role="member", is_disabled=False, hash="h", display_name="Bo D", groups=frozenset({"x"})
        )
        await self.store.put_account(changed)
        self.assertEqual(await self.store.accounts(), ([ADA, changed], []))

    async def test_identities(self) -> None:
        """Kept with the account, and gone with it; the same number at another provider is somebody else."""
        other = attrs.evolve(CY, id="a4", name="di", identity=Identity("https://other.example", "1001"))
        for account in (CY, other):
            await self.store.put_account(account)
        self.assertEqual((await self.store.accounts())[0], [CY, other])
        changed = attrs.evolve(CY, display_name="Cy D", identity=None)
        await self.store.put_account(changed)
        self.assertEqual((await self.store.accounts())[0], [changed, other])
        await self.store.remove_account("a4")
        await self.store.put_account(attrs.evolve(other, id="a5"))
        self.assertEqual([one.id for one in (await self.store.accounts())[0]], ["a3", "a5"])

    async def test_an_account_has_one_invitation(self) -> None:
        """The newest."""
        await self.store.put_account(BO)
        newer = attrs.evolve(INVITATION, digest=b"\x03" * 32)
        for invitation in (INVITATION, newer):
            await self.store.put_invitation(invitation)
        self.assertEqual((await self.store.accounts())[1], [newer])
        await self.store.remove_invitation("a2")
        self.assertEqual((await self.store.accounts())[1], [])

    async def test_logins(self) -> None:
        """Of browsers and command lines; of one that is used again only that is written."""
        await self.store.put_account(ADA)
        for login in (COMMAND, LOGIN):
            await self.store.put_account_login(login)
        self.assertEqual(await self.store.account_logins(), [LOGIN, COMMAND])
        await self.store.put_account_login(attrs.evolve(LOGIN, used=BO.created))
        self.assertEqual(await self.store.account_logins(), [attrs.evolve(LOGIN, used=BO.created), COMMAND])
        await self.store.remove_account_logins(["l1", "nobody"])
        self.assertEqual(await self.store.account_logins(), [COMMAND])

    async def test_an_account_goes_with_all_that_belongs_to_it(self) -> None:
        """Its invitation and its logins."""
        for account in (ADA, BO):
            await self.store.put_account(account)
        await self.store.put_account_login(LOGIN)
        await self.store.put_invitation(attrs.evolve(INVITATION, account="a1"))
        await self.store.put_invitation(INVITATION)
        await self.store.remove_account("a1")
        self.assertEqual(await self.store.accounts(), ([BO], [INVITATION]))
        self.assertEqual(await self.store.account_logins(), [])


class Fake(StoreContract, TestCase):
    """The one of tests/fake_accounts.py."""

    def setUp(self) -> None:
        self.store: Store = FakeAccounts()


class Sqlite(StoreContract, TestCase):
    """The real one."""

    async def setUp(self) -> None:  # type: ignore[override]  # trial waits for it
        self.path = Path(self.mktemp())
        self.registry = SqliteRegistry(self.path, cast(TimedReactor, reactor))
        await self.registry.start()
        self.store: Store = SqliteAccounts(self.registry)

    async def tearDown(self) -> None:  # type: ignore[override]  # trial waits for it
        await self.registry.stop()

    async def test_an_identity_is_of_one_account(self) -> None:
        """Whatever the server believes."""
        await self.store.put_account(CY)
        await self.assertFailure(self.store.put_account(attrs.evolve(CY, id="a4")), sqlite3.IntegrityError)
        self.assertEqual((await self.store.accounts())[0], [CY])

    async def test_a_login_of_an_account_that_was_removed_meanwhile_is_not_stored(self) -> None:
        """So nothing of it comes back with the next server."""
        await self.assertFailure(self.store.put_account_login(LOGIN), sqlite3.IntegrityError)
        self.assertEqual(await self.store.account_logins(), [])
