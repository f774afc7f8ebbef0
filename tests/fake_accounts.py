"""What accounts need, in memory: where they are stored, and what hashes passwords."""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred, succeed

from webipy.server.people.accounts import Account, Invitation
from webipy.server.people.logins import Login
from webipy.server.ports.passwords import Checked


@attrs.define(eq=False)
class FakeAccounts:
    """Accounts in memory; see `AccountStore` and `AccountLoginStore` in webipy.server.people."""

    people: dict[str, Account] = attrs.field(factory=dict)
    invitations: dict[str, Invitation] = attrs.field(factory=dict)
    browsers: dict[str, Login] = attrs.field(factory=dict)
    is_slow: Deferred[None] | None = None
    """What writing an account down waits for."""

    def accounts(self) -> Deferred[tuple[list[Account], list[Invitation]]]:
        """All of them."""
        found = sorted(self.people.values(), key=lambda account: (account.created, account.id))
        return succeed((found, list(self.invitations.values())))

    def put_account(self, account: Account) -> Deferred[None]:
        """Keeps one."""
        self.people[account.id] = account
        if self.is_slow is None:
            return succeed(None)
        waited: Deferred[None] = Deferred()
        self.is_slow.addCallback(lambda _: waited.callback(None))
        return waited

    def remove_account(self, account: str) -> Deferred[None]:
        """Forgets one, and all that belongs to it."""
        self.people.pop(account, None)
        self.invitations.pop(account, None)
        self.browsers = {name: login for name, login in self.browsers.items() if login.account != account}
        return succeed(None)

    def put_invitation(self, invitation: Invitation) -> Deferred[None]:
        """Keeps one."""
        self.invitations[invitation.account] = invitation
        return succeed(None)

    def remove_invitation(self, account: str) -> Deferred[None]:
        """Forgets one."""
        self.invitations.pop(account, None)
        return succeed(None)

    def account_logins(self) -> Deferred[list[Login]]:
        """All logins."""
        return succeed(sorted(self.browsers.values(), key=lambda login: (login.since, login.id)))

    def put_account_login(self, login: Login) -> Deferred[None]:
        """Keeps a login."""
        before = self.browsers.get(login.id, login)
        self.browsers[login.id] = attrs.evolve(before, used=login.used)
        return succeed(None)

    def remove_account_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets some."""
        for login in logins:
            self.browsers.pop(login, None)
        return succeed(None)


@attrs.define(eq=False)
class FakePasswords:
    """Hashes at once, unless it is `held`; see `Passwords`."""

    looked_at: list[tuple[str | None, str]] = attrs.field(factory=list)
    """The row and the hash of each password that was checked."""
    made: str = "v1"
    """By which parameters hashes are made now."""
    held: Deferred[None] | None = None
    """What a check waits for."""

    def hash(self, password: str, row: str) -> Deferred[str]:
        """A hash that can be read."""
        return succeed(f"{self.made}:{password}")

    def check(self, hashed: str | None, password: str, row: str) -> Deferred[Checked]:
        """Compares."""
        self.looked_at.append((hashed, row))
        version, _, right = (hashed or "").partition(":")
        is_right = hashed is not None and right == password
        found = Checked(is_right, f"{self.made}:{password}" if is_right and version != self.made else None)
        if self.held is None:
            return succeed(found)
        waited: Deferred[Checked] = Deferred()
        self.held.addCallback(lambda _: waited.callback(found))
        return waited

    def is_frequent(self, password: str) -> Deferred[bool]:
        """Knows two."""
        return succeed(password.lower() in ("password1", "sunshine"))
