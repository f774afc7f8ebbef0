"""The directory: whom something can be shared with, by the names that people know."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from webipy.core import errors
from webipy.core.api.grants import EVERYBODY, account_whom, group_whom
from webipy.core.api.right_calls import WhomKind

_ACCOUNT, _GROUP = account_whom(""), group_whom("")


class Entry(msgspec.Struct, frozen=True):
    """An account.

    Args:
        account: Its id.
        name: The name that it signs in with.
        display_name: The name that others see.
        groups: The groups that it is in.
    """

    account: str
    name: str
    display_name: str
    groups: frozenset[str] = frozenset()


class Directory(msgspec.Struct, eq=False):
    """The accounts and groups of one server.

    Args:
        entries: Returns the accounts that are there now.
    """

    entries: Callable[[], list[Entry]] = list

    def all(self) -> list[Entry]:
        """The accounts, by name."""
        return sorted(self.entries(), key=lambda entry: entry.name.casefold())

    def groups(self) -> list[str]:
        """The groups that somebody is in, by name."""
        return sorted({group for entry in self.entries() for group in entry.groups}, key=str.casefold)

    def whom(self, kind: WhomKind, name: str) -> str:
        """Whom a grant is for (`Grant.whom`).

        Args:
            kind: What it is.
            name: Of an account its id or the name that it signs in with, of a group its name.

        Raises:
            errors.NotFound: There is no such account.
            errors.InvalidParams: A name is missing, or given for everybody.
        """
        if (kind == "everybody") != (name == ""):
            words = "Everybody has no name." if name else "Say whose right it is: the name of an account or a group."
            raise errors.InvalidParams(words, field="whom")
        if kind == "everybody":
            return EVERYBODY
        if kind == "group":
            return group_whom(name)
        folded = name.casefold()
        found = next((one for one in self.entries() if one.account == name or one.name.casefold() == folded), None)
        if found is None:
            raise errors.NotFound(f"Nobody signs in here as {name!r}.", kind="account", id=name)
        return account_whom(found.account)

    def described(self, whom: str) -> tuple[WhomKind, str, str]:
        """What a grant's `whom` is.

        Args:
            whom: Whom the grant is for.

        Returns:
            What it is, the id of the account or the name of the group, and the name that people know.
        """
        if whom == EVERYBODY:
            return "everybody", "", ""
        if whom.startswith(_GROUP):
            return "group", whom[len(_GROUP) :], whom[len(_GROUP) :]
        account = whom[len(_ACCOUNT) :]
        found = next((one for one in self.entries() if one.account == account), None)
        return "account", account, found.display_name if found is not None else account
