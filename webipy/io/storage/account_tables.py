"""The tables of accounts, of their invitations and of their logins, in the registry.

See `webipy.server.people.accounts.AccountStore` and `webipy.server.people.account_logins.AccountLoginStore`. Of passwords there are Argon2id hashes
here, of all other secrets SHA-256 digests. An account is removed with all that belongs to it, by the foreign keys of the tables.
"""

from __future__ import annotations

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core.api.access import Role
from webipy.io.storage.registry import SqliteRegistry
from webipy.server.people.accounts import Account, Identity, Invitation
from webipy.server.people.logins import Browser, Login

_PUT_ACCOUNT = """
INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, display_name = excluded.display_name, role = excluded.role, groups = excluded.groups,
    is_disabled = excluded.is_disabled, hash = excluded.hash, signed_in = excluded.signed_in, issuer = excluded.issuer, subject = excluded.subject
"""
_PUT_LOGIN = "INSERT INTO account_logins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET used = excluded.used"


class SqliteAccounts(msgspec.Struct, eq=False):
    """See the module.

    Args:
        registry: The database.
    """

    registry: SqliteRegistry

    async def accounts(self) -> tuple[list[Account], list[Invitation]]:
        """All accounts and invitations, the oldest first."""
        found = await self.registry.read("SELECT * FROM accounts ORDER BY created, id")
        invitations = await self.registry.read("SELECT * FROM invitations")
        return [_account(*row) for row in found], [Invitation(*row) for row in invitations]

    def put_account(self, account: Account) -> Deferred[None]:
        """Writes down an account, new or changed."""
        groups = msgspec.json.encode(sorted(account.groups)).decode()
        first = (account.id, account.name, account.display_name, account.role, groups, account.is_disabled)
        identity = (None, None) if account.identity is None else attrs.astuple(account.identity)
        row = (*first, account.hash, account.created, account.signed_in, *identity)
        return self.registry.write((_PUT_ACCOUNT, row))

    def remove_account(self, account: str) -> Deferred[None]:
        """Forgets an account, its invitation and its logins."""
        return self.registry.write(("DELETE FROM accounts WHERE id = ?", (account,)))

    def put_invitation(self, invitation: Invitation) -> Deferred[None]:
        """Writes down an invitation, in place of the one of the same account."""
        return self.registry.write(("INSERT OR REPLACE INTO invitations VALUES (?, ?, ?)", attrs.astuple(invitation)))

    def remove_invitation(self, account: str) -> Deferred[None]:
        """Forgets the invitation of an account."""
        return self.registry.write(("DELETE FROM invitations WHERE account = ?", (account,)))

    async def account_logins(self) -> list[Login]:
        """All logins of accounts, the oldest first."""
        found = await self.registry.read("SELECT * FROM account_logins ORDER BY since, id")
        return [
            Login(login, digest, key, "", Browser(agent, address), since, used, b"", account, kind, bool(stays))
            for login, account, digest, key, kind, stays, agent, address, since, used in found
        ]

    def put_account_login(self, login: Login) -> Deferred[None]:
        """Stores a new login, or the time at which one that there is was used. One of an account that was removed meanwhile is not stored."""
        browser = login.browser
        first = (login.id, login.account, login.digest, login.key, login.kind, login.stays, browser.agent)
        return self.registry.write((_PUT_LOGIN, (*first, browser.address, login.since, login.used)))

    def remove_account_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets logins."""
        return self.registry.write(*(("DELETE FROM account_logins WHERE id = ?", (login,)) for login in logins))


def _account(
    account: str, name: str, display_name: str, role: Role, groups: str, is_disabled: int, *rest: str | None
) -> Account:
    hashed, created, signed_in, issuer, subject = rest
    identity = None if issuer is None or subject is None else Identity(issuer, subject)
    named = frozenset(msgspec.json.decode(groups, type=list[str]))
    return Account(
        account, name, display_name, role, named, bool(is_disabled), hashed, created or "", signed_in, identity
    )
