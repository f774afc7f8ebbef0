"""Accounts: the people who have a name of their own on a server, and what each is there.

    user.add ──► add ──► Account ──► in memory and in the registry
    user.set, remove ──► change, remove ──► webipy.server.people.people ends the logins of whoever may not stay

An account has an id, which never changes, and two names: the one to sign in with, and the one that others see. Neither can be taken for that of
another account, nor for the name of whoever runs the server (webipy.core.api.sign_in_names).

Invariants: everything is in memory, for it is looked at with every call; a change counts once the registry has it. Of a password there is only its
hash here, of an invitation only the digest of its secret. Whoever runs the server has no account and cannot lose the server: their token opens it
whatever the accounts are. So the last admin may be taken away by them alone, and by no account.

Rejected: the sign-in name as id (a person who marries would be another one in every right and log); the owner as an account (before the first
start there would have to be a password).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api.access import Role
from webipy.core.api.sign_in_names import group_name, name_key, shown_name, sign_in_name, skeleton
from webipy.core.api.user_calls import MAX_GROUPS
from webipy.core.timestamps import rfc3339
from webipy.server.people.shares import digest

MOST_ACCOUNTS = 1000


@attrs.define(frozen=True, slots=True)
class Identity:
    """Who somebody is at an identity provider. It never changes, and is nobody else's.

    Args:
        issuer: The address of the provider.
        subject: Their number there.
    """

    issuer: str
    subject: str = attrs.field(repr=False)


@attrs.define(frozen=True, slots=True)
class Account:
    """Somebody who has an account.

    Args:
        id: Its id.
        name: The name to sign in with.
        display_name: The name that others see.
        role: What it is on the server as a whole.
        groups: The names of its groups.
        is_disabled: Whether it lets nobody in.
        hash: The hash of its password; `None`: it has none.
        created: RFC 3339 UTC with microseconds, as `signed_in`.
        signed_in: When somebody signed in to it last; `None`: never.
        identity: Who signs in to it by an identity provider; `None`: nobody.
    """

    id: str
    name: str
    display_name: str
    role: Role
    groups: frozenset[str]
    is_disabled: bool
    hash: str | None = attrs.field(repr=False)
    created: str
    signed_in: str | None = None
    identity: Identity | None = None


@attrs.define(frozen=True, slots=True)
class Invitation:
    """A link by which somebody chooses the password of an account.

    Args:
        account: Id of the account; it has one at most.
        digest: SHA-256 of its secret.
        expires: RFC 3339 UTC with microseconds.
    """

    account: str
    digest: bytes
    expires: str


class AccountStore(Protocol):
    """Where accounts are stored. An account goes with its invitation and its logins."""

    def accounts(self) -> Awaitable[tuple[list[Account], list[Invitation]]]:
        """All of them, the oldest first."""

    def put_account(self, account: Account) -> Deferred[None]:
        """Writes down an account, new or changed."""

    def remove_account(self, account: str) -> Deferred[None]:
        """Forgets an account."""

    def put_invitation(self, invitation: Invitation) -> Deferred[None]:
        """Writes down an invitation, in place of the one of the same account."""

    def remove_invitation(self, account: str) -> Deferred[None]:
        """Forgets the invitation of an account."""


@attrs.define(eq=False)
class Accounts:
    """The accounts of one server.

    Args:
        store: Where they are stored.
        owner: The name of whoever runs the server.
        now: The time, RFC 3339 UTC with microseconds.
        new_id: A new id.
        new_secret: 256 new random bits as text.
        issuer: The identity provider by which people sign in; empty: by none.
    """

    store: AccountStore
    owner: str
    now: Callable[[], str]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    issuer: str = ""
    _accounts: dict[str, Account] = attrs.field(factory=dict)
    _keys: dict[str, str] = attrs.field(factory=dict)
    """Accounts by the keys of their sign-in names."""
    _invitations: dict[str, Invitation] = attrs.field(factory=dict)
    """By account."""

    async def load(self) -> None:
        """Reads the accounts."""
        accounts, invitations = await self.store.accounts()
        self._accounts = {account.id: account for account in accounts}
        self._keys = {name_key(account.name): account.id for account in accounts}
        self._invitations = {one.account: one for one in invitations if one.account in self._accounts}

    # ---- which there are

    def all(self) -> list[Account]:
        """All of them, by the names to sign in with."""
        return sorted(self._accounts.values(), key=lambda account: name_key(account.name))

    def get(self, account: str) -> Account | None:
        """The account of that id."""
        return self._accounts.get(account)

    def named(self, name: str) -> Account | None:
        """The account of a name to sign in with, however it is typed."""
        return self._accounts.get(self._keys.get(name_key(name), ""))

    def find(self, account: str) -> Account:
        """An account by its id or by the name to sign in with.

        Raises:
            errors.NotFound: There is none.
        """
        found = self._accounts.get(account) or self.named(account)
        if found is None:
            raise errors.NotFound(f"There is no account {account!r}.", kind="user", id=account)
        return found

    def are_there(self) -> bool:
        """Whether anybody can sign in by a name and a password."""
        return any(
            not account.is_disabled and (account.identity is None or account.hash is not None)
            for account in self._accounts.values()
        )

    # ---- changes

    async def add(
        self,
        name: str,
        display_name: str | None,
        role: Role,
        groups: Iterable[str],
        *,
        by_owner: bool,
        identity: Identity | None = None,
    ) -> Account:
        """Makes an account, without a password.

        Args:
            name: The name to sign in with, as it was typed.
            display_name: The name that others see; `None`: the same.
            role: What it is on the server.
            groups: The names of its groups.
            by_owner: Whether whoever runs the server makes it, who may make one for themselves.
            identity: Who signs in to it by an identity provider; `None`: nobody.

        Raises:
            errors.InvalidParams: A name cannot be chosen.
            errors.AlreadyExists: A name is taken, or looks like another one.
            errors.TooLarge: There are `MOST_ACCOUNTS` already.
        """
        if len(self._accounts) >= MOST_ACCOUNTS:
            raise errors.TooLarge(f"A server has at most {MOST_ACCOUNTS} accounts.", limit=MOST_ACCOUNTS)
        chosen = sign_in_name(name)
        self._check_free(chosen, None)
        shown = shown_name(chosen if display_name is None else display_name)
        self._check_shown(shown, None, by_owner)
        named = frozenset(map(group_name, groups))
        account = Account(self.new_id(), chosen, shown, role, named, False, None, self.now(), identity=identity)
        self._keep(account)  # at once: nobody else gets the name while it is written
        try:
            await self.store.put_account(account)
        except BaseException:
            self._drop(account)
            raise
        return account

    def _check_free(self, name: str, own: str | None) -> None:
        taken = self.named(name)
        if taken is not None and taken.id != own:
            raise errors.AlreadyExists(f"There is an account {taken.name!r} already.", kind="user", id=taken.id)
        self._check_looks(name, own, "name")

    def _check_shown(self, name: str, own: str | None, by_owner: bool) -> None:
        if not by_owner and skeleton(name) == skeleton(self.owner):
            raise errors.AlreadyExists(
                f"{self.owner} runs this server: choose a name that nobody takes for that one.", field="display_name"
            )
        self._check_looks(name, own, "display_name")

    def _check_looks(self, name: str, own: str | None, field: str) -> None:
        looks = skeleton(name)
        for account in self._accounts.values():
            if account.id != own and looks in (skeleton(account.name), skeleton(account.display_name)):
                raise errors.AlreadyExists(
                    f"{name!r} looks like {account.display_name!r} ({account.name}), who has an account: choose another name.",
                    field=field,
                )

    def _keep(self, account: Account) -> None:
        self._accounts[account.id] = account
        self._keys[name_key(account.name)] = account.id

    def _drop(self, account: Account) -> None:
        self._accounts.pop(account.id, None)
        self._keys.pop(name_key(account.name), None)
        self._invitations.pop(account.id, None)

    def checked(
        self, account: Account, display_name: str | None, groups: Iterable[str] | None, *, by_owner: bool
    ) -> Account:
        """An account with other names, which are free.

        Args:
            account: The account.
            display_name: The name that others see; `None`: it stays.
            groups: The names of its groups; `None`: they stay.
            by_owner: Whether whoever runs the server wants it, who may have an account of the same name.

        Raises:
            errors.InvalidParams: A name cannot be chosen.
            errors.AlreadyExists: The name is taken, or looks like another one.
        """
        if display_name is not None:
            shown = shown_name(display_name)
            self._check_shown(shown, account.id, by_owner)
            account = attrs.evolve(account, display_name=shown)
        return account if groups is None else attrs.evolve(account, groups=frozenset(map(group_name, groups)))

    async def put(self, account: Account) -> None:
        """Writes down an account that has changed; it counts from now on, and one that was removed stays so."""
        if account.id in self._accounts:
            self._accounts[account.id] = account
            await self.store.put_account(account)

    async def put_password(self, account: Account) -> None:
        """As `put`, of an account with another password: its invitation ends at once, so nobody else comes in by it while that is written down."""
        invitation = self._invitations.pop(account.id, None)
        await self.put(account)
        if invitation is not None:
            await self.store.remove_invitation(account.id)

    async def remove(self, account: Account) -> None:
        """Forgets an account; its name is free."""
        self._drop(account)
        await self.store.remove_account(account.id)

    def check_admins(self, account: Account, *, by_owner: bool) -> None:
        """Returns when an account may stop being an admin who can sign in.

        Args:
            account: The account.
            by_owner: Whether whoever runs the server wants it.

        Raises:
            errors.NotPermitted: It is the last one.
        """
        others = [one for one in self._accounts.values() if one.id != account.id and _is_admin(one, self.issuer)]
        if _is_admin(account, self.issuer) and not others and not by_owner:
            raise errors.NotPermitted(
                f"{account.name} is the last admin who can sign in. Make somebody else an admin first, or let whoever runs the server do this.",
                verb="own",
            )

    # ---- invitations

    async def invite(self, account: Account, days: int) -> tuple[Invitation, str]:
        """Makes an invitation, in place of the one before it.

        Args:
            account: Whose password is to be chosen by it.
            days: How long it counts.

        Returns:
            The invitation, and its secret.
        """
        secret, expires = self.new_secret(), rfc3339(datetime.fromisoformat(self.now()) + timedelta(days=days))
        invitation = Invitation(account.id, digest(secret), expires)
        await self.store.put_invitation(invitation)
        self._invitations[account.id] = invitation
        return invitation, secret

    def invitation(self, account: str) -> Invitation | None:
        """The invitation of an account, if it counts."""
        found = self._invitations.get(account)
        return found if found is not None and self.now() < found.expires else None

    def invited(self, secret: str) -> Account | None:
        """Whom an invitation is for, by its secret; it is compared with all, each in constant time."""
        given = digest(secret)
        found = [one for one in self._invitations.values() if hmac.compare_digest(one.digest, given)]
        account = self._accounts.get(found[0].account) if found and self.now() < found[0].expires else None
        return account if account is not None and not account.is_disabled else None


def regrouped(account: Account, join: Iterable[str], leave: Iterable[str]) -> frozenset[str]:
    """The groups of an account after a change that keeps all others: so two who change them at a time undo nothing of each other's.

    Args:
        account: The account.
        join: The names of the groups that it joins.
        leave: The names of those that it leaves, also of those that it is not in.

    Raises:
        errors.InvalidParams: A name cannot be chosen, or it joins and leaves the same group.
        errors.TooLarge: These are more than `MAX_GROUPS`.
    """
    joined, left = frozenset(map(group_name, join)), frozenset(map(group_name, leave))
    if joined & left:
        raise errors.InvalidParams(
            f"{account.name} cannot join and leave {min(joined & left)!r} at once: name it in one of the two.",
            field="leave",
        )
    groups = (account.groups | joined) - left
    if len(groups) > MAX_GROUPS:
        raise errors.TooLarge(f"An account is in at most {MAX_GROUPS} groups.", limit=MAX_GROUPS)
    return groups


def _is_admin(account: Account, issuer: str) -> bool:
    """Whether an account is one of an admin who can sign in, by a password or at the identity provider that is asked here."""
    signs_on = account.identity is not None and account.identity.issuer == issuer
    return account.role == "admin" and not account.is_disabled and (account.hash is not None or signs_on)
