"""The people of a server: how they sign in to their accounts, what they may change, and when their logins end.

    name + password ──► turn (password_attempts) ──► check (a thread) ──► enter (account_logins)
    invitation + password ──► accept ──► enter
    code of the page ──► command_line_of_code ──► enter, for `webipy login`
    change, set_password, change_password, remove ──► the registry, and the end of the logins that may not stay

Invariants: whatever is wrong (no such name, no password, another password), the answer has the same words and takes the same time. What was true
before a wait is looked at again after it: a password that was changed meanwhile lets nobody in. A new password, being disabled or removed, or the
loss of the role admin, end the logins of the account in the same turn, with their connections. A password of any length is looked at for its length
first.

Rejected: to tell whether the name or the password was wrong (a list of names for whoever guesses); a password by e-mail (a server that needs mail
to be used by two people).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import attrs
import msgspec
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api.access import Role
from webipy.core.api.sign_in_names import name_key
from webipy.core.api.user_calls import MAX_PASSWORD, MAX_TYPED, MIN_PASSWORD
from webipy.server.people.account_logins import AccountLogins, AccountLoginStore
from webipy.server.people.accounts import Account, Accounts, AccountStore, Invitation
from webipy.server.people.failed_attempts import FailedAttempts
from webipy.server.people.logins import Browser, Codes, Logins, LoginSecrets
from webipy.server.people.password_attempts import PasswordAttempts
from webipy.server.people.script_tokens import ScriptTokens
from webipy.server.ports.passwords import Passwords
from webipy.server.ports.world import World

NO_ACCOUNTS = "the hub signs people in."
ACCOUNTS_ALONE = "Here everybody signs in with a name and a password. Whoever runs the server makes accounts with: webipy user add NAME"
CODE_SECONDS = 600.0
"""How long a code for `webipy login` counts."""

_WRONG = "This name and this password do not belong together. Check both; an admin of the server can send you an invitation to choose a new password."
_CLOSED = "There are no accounts here: "


class Store(AccountStore, AccountLoginStore, Protocol):
    """Where accounts and their logins are stored."""


class People(msgspec.Struct, eq=False):
    """The people of one server.

    Args:
        accounts: Their accounts.
        logins: Their logins.
        passwords: Hashes and checks passwords.
        attempts: When the next password is looked at.
        failed_attempts: Counts what is wrong, by address; the same ones as of all other credentials.
        new_secret: 256 new random bits as text.
        tokens: The script tokens: those of an account end with it, and their connections with the role of an admin.
    """

    accounts: Accounts
    logins: AccountLogins
    passwords: Passwords
    attempts: PasswordAttempts
    failed_attempts: FailedAttempts
    new_secret: Callable[[], str]
    tokens: ScriptTokens
    provider_name: str = ""
    """What people call the identity provider that signs them in, too; empty: none does."""
    closed: str = ""
    """Why there are no accounts here, as the end of a sentence; empty: there can be."""
    codes: dict[str, Codes] = msgspec.field(default_factory=dict)
    """The codes for `webipy login`, by account."""
    _log = Logger()

    async def load(self) -> None:
        """Reads the accounts and the logins."""
        await self.accounts.load()
        await self.logins.load()

    # ---- signing in

    async def sign_in(self, name: str, password: str, address: str) -> Account:
        """Returns the account of a name and a password.

        Args:
            name: The name to sign in with, as it was typed.
            password: The password.
            address: The address that it comes from.

        Raises:
            errors.NotAuthenticated: They do not belong together, or the account is disabled.
            errors.Throttled: Too many were wrong, or too many people sign in at once.
            errors.InvalidParams: The password is longer than one can be.
        """
        if len(password) > MAX_PASSWORD:
            raise _too_long()
        if self.closed:
            raise errors.NotAuthenticated(_CLOSED + self.closed)
        wrong = errors.NotAuthenticated(_WRONG + self._code_hint)
        key = name_key(name[: MAX_TYPED + 1])
        await self.attempts.turn(key, address)
        account = self.accounts.named(name[: MAX_TYPED + 1])
        before = account.hash if account is not None else None
        checked = await self.passwords.check(before, password, address)
        account = self.accounts.get(account.id) if account is not None else None
        if not checked.is_right or account is None or account.hash != before:
            self.attempts.record(key, address)
            self.failed_attempts.record(address)
            raise wrong
        if account.is_disabled:
            raise errors.NotAuthenticated("Your account is disabled here. Ask an admin of the server.")
        account = attrs.evolve(account, hash=checked.renewed or account.hash, signed_in=self.accounts.now())
        noted = self.accounts.put(account)
        await noted
        return self._still(account)

    @property
    def _code_hint(self) -> str:
        """How a command line is signed in by who has no password; whatever the name is, so that nobody learns which names there are."""
        if not self.provider_name:
            return ""
        return (
            f" Whoever signs in with {self.provider_name} has no password here: in the page, Your account makes a code, which this takes:"
            " webipy login URL --code"
        )

    def _still(self, account: Account) -> Account:
        """The account as it is after a wait; whoever was kept out meanwhile stays out.

        Raises:
            errors.NotAuthenticated: It is disabled, was removed, or has another password.
        """
        now = self.accounts.get(account.id)
        if now is None or now.is_disabled or now.hash != account.hash:
            raise errors.NotAuthenticated(_WRONG)
        return now

    async def enter(self, account: Account, browser: Browser, *, stays: bool) -> LoginSecrets:
        """Makes the login of a browser, after `sign_in` or `accept`.

        Args:
            account: Whose it is.
            browser: Where it is made.
            stays: Whether it is to stay signed in.

        Raises:
            errors.NotAuthenticated: The account is disabled, was removed, or has another password since then.
        """
        return await self.logins.enter(self._still(account), browser, stays=stays)

    def invited(self, secret: str, address: str) -> Account:
        """Whom an invitation is for.

        Args:
            secret: The secret in the link.
            address: The address that the request came from.

        Raises:
            errors.NotAuthenticated: It is for nobody, was used, or is too old.
            errors.Throttled: The same, after too many failed attempts of this address.
        """
        account = None if self.closed else self.accounts.invited(secret)
        if account is None:
            self.failed_attempts.record(address)
            raise errors.NotAuthenticated(
                "This invitation was used, was replaced by another one, or is too old. Ask an admin of the server for a new one."
            )
        return account

    async def accept(self, secret: str, display_name: str | None, password: str, address: str) -> Account:
        """Gives an account the password, and the name, that its person has chosen, and ends the invitation.

        Args:
            secret: The secret of the invitation.
            display_name: The name that others see; `None`: it stays.
            password: The password.
            address: The address that the request came from.

        Raises:
            errors.NotAuthenticated, errors.Throttled: As `invited`.
            errors.InvalidParams, errors.AlreadyExists: The password or the name cannot be chosen; the invitation still counts.
        """
        account = self.invited(secret, address)
        changed = self.accounts.checked(account, display_name, None, by_owner=False)
        hashed = await self._hashed(password, changed, address)
        account = self.invited(secret, address)  # it may have been used or ended meanwhile
        changed = self.accounts.checked(account, display_name, None, by_owner=False)
        self.logins.end_of(account.id)
        self.codes.pop(account.id, None)  # whoever had a login of before may have made one
        changed = attrs.evolve(changed, hash=hashed, signed_in=self.accounts.now())
        await self.accounts.put_password(changed)
        return self._still(changed)

    # ---- passwords

    async def _hashed(self, password: str, account: Account, row: str) -> str:
        """The hash of a password that may be chosen.

        Raises:
            errors.InvalidParams: It may not.
        """
        check_password(password, account)
        if await self.passwords.is_frequent(password):
            raise _bad_password("Many people have this password, so it is guessed first: choose another one.")
        return await self.passwords.hash(password, row)

    async def set_password(self, account: Account, password: str, *, besides: str = "") -> None:
        """Gives an account another password; its logins and its invitation end.

        Args:
            account: The account.
            password: The password.
            besides: Id of the login that stays; empty: none.

        Raises:
            errors.InvalidParams: The password cannot be chosen.
            errors.NotFound: The account was removed meanwhile.
        """
        hashed = await self._hashed(password, account, account.id)
        account = self.accounts.find(account.id)
        self.logins.end_of(
            account.id, besides
        )  # first in the registry's queue: when `put` is done, they are forgotten, too
        self.codes.pop(account.id, None)
        await self.accounts.put_password(attrs.evolve(account, hash=hashed))

    async def change_password(self, account: Account, old: str, new: str, login: str) -> None:
        """Gives an account another password, for whoever knows the one of before; all logins but theirs end.

        Args:
            account: The account.
            old: The password of before.
            new: The password from now on.
            login: Id of the login that asks.

        Raises:
            errors.InvalidParams: The old one is wrong, or the new one cannot be chosen.
            errors.Throttled: Too many old ones were wrong.
        """
        if account.hash is None and account.identity is not None:
            raise errors.InvalidParams(
                f"You sign in with {self.provider_name or account.identity.issuer}, and have no password here.",
                field="old",
            )
        if len(old) > MAX_PASSWORD:
            raise _too_long("old")
        check_password(new, account)
        row = f"login {login}"
        await self.attempts.turn(account.id, row)
        if not (await self.passwords.check(account.hash, old, row)).is_right:
            self.attempts.record(account.id, row)
            raise errors.InvalidParams("The old password is not right.", field="old")
        await self.set_password(account, new, besides=login)

    # ---- changes by admins

    async def add(
        self,
        names: tuple[str, str | None],
        role: Role,
        groups: Iterable[str],
        password: str | None,
        *,
        by_owner: bool,
    ) -> Account:
        """Makes an account.

        Args:
            names: The name to sign in with, and the one that others see; `None`: the same.
            role: What it is on the server.
            groups: The names of its groups.
            password: Its password; `None`: it has none yet.
            by_owner: Whether whoever runs the server makes it.

        Raises:
            errors.NotPermitted: There are no accounts here.
            errors.InvalidParams, errors.AlreadyExists, errors.TooLarge: As `Accounts.add`, or the password cannot be chosen; nothing was made.
            errors.NotFound: It was removed while it was made.
        """
        if self.closed:
            raise errors.NotPermitted(_CLOSED + self.closed)
        hashed = None
        if password is not None:
            name, display_name = names
            hashed = await self._hashed(password, _named(name, display_name), name)
        account = await self.accounts.add(*names, role, groups, by_owner=by_owner)
        if hashed is not None:
            account = attrs.evolve(
                self.accounts.find(account.id), hash=hashed
            )  # another admin may have changed it meanwhile
            await self.accounts.put(account)
        return account

    async def change(self, account: Account, changed: Account, *, by_owner: bool) -> None:
        """Changes an account; whoever may not stay is out at once.

        Args:
            account: As it is.
            changed: As it is to be; see `Accounts.checked`.
            by_owner: Whether whoever runs the server wants it.

        Raises:
            errors.NotPermitted: It is the last admin.
        """
        is_less = changed.is_disabled or (account.role == "admin" and changed.role != "admin")
        if is_less:
            self.accounts.check_admins(account, by_owner=by_owner)
        noted = self.accounts.put(changed)
        if is_less:
            self._end(account, is_out=changed.is_disabled)
        await noted

    def _end(self, account: Account, *, is_out: bool) -> None:
        self.codes.pop(account.id, None)
        self.logins.end_of(account.id)
        self.tokens.end_person(f"account {account.id}", is_out=is_out)

    async def remove(self, account: Account, *, by_owner: bool) -> None:
        """Forgets an account; its logins end.

        Args:
            account: The account.
            by_owner: Whether whoever runs the server wants it.

        Raises:
            errors.NotPermitted: It is the last admin.
        """
        self.accounts.check_admins(account, by_owner=by_owner)
        self._end(account, is_out=True)
        await self.accounts.remove(account)

    async def invite(self, account: Account, days: int) -> tuple[Invitation, str]:
        """Makes an invitation, and returns it with its secret.

        Args:
            account: Whom it is for.
            days: How long it counts.

        Raises:
            errors.NotPermitted: There are no accounts here, or this one is disabled.
        """
        if self.closed:
            raise errors.NotPermitted(_CLOSED + self.closed)
        if account.is_disabled:
            raise errors.NotPermitted(f"{account.name} is disabled: enable the account first.")
        return await self.accounts.invite(account, days)

    # ---- the command line

    def new_code(self, account: str) -> str:
        """A code with which `webipy login` signs in to an account; it works once, for `CODE_SECONDS`."""
        code = self.new_secret()
        self.codes.setdefault(account, Codes(self.attempts.seconds)).add(code, CODE_SECONDS)
        return code

    def of_code(self, code: str, address: str) -> Account:
        """The account of a code, which is used up.

        Args:
            code: The code.
            address: The address that the request came from.

        Raises:
            errors.NotAuthenticated: It was used or is too old.
            errors.Throttled: The same, after too many failed attempts of this address.
        """
        found = [name for name, codes in self.codes.items() if codes.use(code)]
        account = self.accounts.get(found[0]) if found else None
        if account is None or account.is_disabled:
            self.failed_attempts.record(address)
            raise errors.NotAuthenticated("This code was used before or is too old. Get a new one in the page.")
        return account


def make_people(store: Store, passwords: Passwords, logins: Logins, world: World) -> People:
    """Builds the people of a server; nothing is read yet.

    Args:
        store: Where accounts and their logins are stored.
        passwords: Hashes and checks passwords.
        logins: The logins of the server, which has the connections of all.
        world: The outside.
    """
    shares, new_secret = logins.shares, logins.new_secret
    accounts = Accounts(store, logins.name, world.now, world.new_id, new_secret)
    theirs = AccountLogins(store, accounts, world.now, world.new_id, new_secret, shares.connections)
    attempts = PasswordAttempts(world.clock, world.later)
    return People(accounts, theirs, passwords, attempts, logins.failed_attempts, new_secret, logins.script_tokens)


def check_password(password: str, account: Account) -> None:
    """Returns when a password has the length of one, and no name of its account in it.

    Args:
        password: The password.
        account: Whose it is to be.

    Raises:
        errors.InvalidParams: It has not.
    """
    if len(password) > MAX_PASSWORD:
        raise _too_long()
    if len(password) < MIN_PASSWORD:
        raise _bad_password(f"A password has at least {MIN_PASSWORD} characters; this has {len(password)}.")
    if len(set(password)) < 3:
        raise _bad_password("This password is one or two characters, repeated: choose another one.")
    bare = name_key(password)
    for name in (account.name, account.display_name):
        if len(name) >= 4 and name_key(name) in bare:
            raise _bad_password(f"A password does not contain the name of its account ({name}): choose another one.")


def _named(name: str, display_name: str | None) -> Account:
    """An account that is not yet there, for `check_password`."""
    return Account("", name, display_name or name, "member", frozenset(), False, None, "")


def _bad_password(words: str) -> errors.InvalidParams:
    return errors.InvalidParams(words, field="password")


def _too_long(field: str = "password") -> errors.InvalidParams:
    return errors.InvalidParams(f"A password has at most {MAX_PASSWORD} characters.", field=field)
