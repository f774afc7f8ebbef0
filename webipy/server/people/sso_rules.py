"""What whoever runs the server wants of single sign-on: who may come in, and which claims name people, put them into groups, and make them admins.

    claims of the provider ──► read ──► Visitor(wanted name, shown name, groups, is_admin), or a refusal

Nobody is let in by accident: a rule has to name them. An e-mail address counts only when the provider says that it has verified it, and its domain
is compared whole. Pure: no account is looked at here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api.access import MAX_NAME
from webipy.core.api.sign_in_names import MARKS, MAX_SIGN_IN_NAME, group_name, shown_name, sign_in_name, skeleton
from webipy.server.people.accounts import Account

MOST_GROUPS: Final = 200
"""Of one person; those after them are left out."""

NAMELESS: Final = "user"
"""What somebody is called of whom the provider tells no name that can be chosen."""


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who comes from the identity provider, and may come in.

    Args:
        name: The name to sign in with that they would have here.
        shown: The name that others would see.
        groups: The groups that they are in; `None`: the provider is not asked.
        is_admin: Whether they are an admin; `None`: the provider is not asked.
    """

    name: str
    shown: str
    groups: frozenset[str] | None
    is_admin: bool | None


@attrs.frozen
class SsoRules:
    """See the module.

    Args:
        issuer: The address of the provider.
        name: What people call it.
        name_claims: Claims with the name to sign in with; the first that there is counts.
        groups_claim: The claim with the groups; empty: the provider is not asked.
        admin_group: Who is in it is an admin; empty: the provider is not asked.
        everybody: Whether everybody may come in whom the provider knows.
        domains: Domains of e-mail addresses whose people may come in, in lower case.
        groups: Groups whose people may come in.
    """

    issuer: str
    name: str
    name_claims: tuple[str, ...] = ("preferred_username", "email")
    groups_claim: str = ""
    admin_group: str = ""
    everybody: bool = False
    domains: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def lacks(self, claims: Mapping[str, object]) -> bool:
        """Whether something is needed that is not among claims, so that the provider has to be asked for more."""
        needs_mail = bool(self.domains) and ("email" not in claims or "email_verified" not in claims)
        needs_groups = bool(self.groups_claim) and _claim(claims, self.groups_claim) is None
        return (
            needs_mail or needs_groups or "name" not in claims or not any(name in claims for name in self.name_claims)
        )

    def read(self, claims: Mapping[str, object]) -> Visitor:
        """Who comes in.

        Args:
            claims: What the provider says of them.

        Raises:
            errors.NotPermitted: They may not.
        """
        groups = _texts(_claim(claims, self.groups_claim)) if self.groups_claim else []
        is_admin = self.admin_group in groups if self.admin_group else None
        if not (self.everybody or is_admin or self.groups.intersection(groups) or self._is_of_domain(claims)):
            raise self._refusal(claims)
        name = self._name(claims)
        named = frozenset(_group_names(groups)) if self.groups_claim else None
        return Visitor(name, _shown(claims.get("name"), name), named, is_admin)

    def _is_of_domain(self, claims: Mapping[str, object]) -> bool:
        mail, verified = claims.get("email"), claims.get("email_verified")
        return (
            (verified is True or verified == "true")
            and isinstance(mail, str)
            and mail.rpartition("@")[2].lower() in self.domains
        )

    def _refusal(self, claims: Mapping[str, object]) -> errors.NotPermitted:
        why = f"{self.name} knows you, but this server is not for everybody there"
        mail = claims.get("email")
        if self.domains and isinstance(mail, str) and mail.rpartition("@")[2].lower() in self.domains:
            why = f"{self.name} has not verified your e-mail address, which lets people in here"
        elif self.groups_claim and _claim(claims, self.groups_claim) is None:
            why = f"{self.name} does not say which groups you are in, which let people in here"
        return errors.NotPermitted(f"{why}. Ask whoever runs the server to let you in.")

    def _name(self, claims: Mapping[str, object]) -> str:
        given = next((one for name in self.name_claims if isinstance(one := _claim(claims, name), str) and one), "")
        return valid_name(given.partition("@")[0])

    def applied(self, account: Account, visitor: Visitor) -> Account:
        """An account with the role and the groups that the provider decides.

        Args:
            account: The account as it is.
            visitor: Its person, as the provider knows them now.
        """
        if visitor.groups is not None:
            account = attrs.evolve(account, groups=visitor.groups)
        if visitor.is_admin is not None and visitor.is_admin != (account.role == "admin"):
            account = attrs.evolve(account, role="admin" if visitor.is_admin else "member")
        return account


def free_names(accounts: Iterable[Account], owner: str, visitor: Visitor) -> tuple[str, str]:
    """The names of a new account: those that its person would have, or the next ones that nobody has.

    Args:
        accounts: The accounts that there are.
        owner: The name of whoever runs the server, which nobody else gets.
        visitor: The person.

    Returns:
        The name to sign in with, and the one that others see.
    """
    taken = {skeleton(name) for one in accounts for name in (one.name, one.display_name)} | {skeleton(owner)}
    short, number, name = visitor.name[: MAX_SIGN_IN_NAME - 5].rstrip(MARKS), 1, visitor.name
    while skeleton(name) in taken:
        number += 1
        name = f"{short}-{number}"
    shown = visitor.shown if skeleton(visitor.shown) not in taken else f"{visitor.shown} ({name})"
    return name, shown if len(shown) <= MAX_NAME else name


def valid_name(given: str) -> str:
    """A name to sign in with, as near to a given one as can be chosen.

    Args:
        given: What the provider calls somebody; any text.
    """
    letters = [one if _may_stand(one) else "." if one.isspace() else "" for one in unicodedata.normalize("NFKC", given)]
    name = "".join(letters)[:MAX_SIGN_IN_NAME].strip(MARKS)
    try:
        return sign_in_name(name)
    except errors.InvalidParams:
        return NAMELESS


def _shown(given: object, name: str) -> str:
    """The name that others see; that to sign in with where the provider tells none that can be chosen."""
    try:
        return shown_name(given[:MAX_NAME] if isinstance(given, str) else name)
    except errors.InvalidParams:
        return name


def _may_stand(letter: str) -> bool:
    return letter in MARKS or unicodedata.category(letter)[0] in "LMN"


def _claim(claims: Mapping[str, object], name: str) -> object:
    """A claim by its name, or by a path with dots, as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _texts(claim: object) -> list[str]:
    if isinstance(claim, str):
        return [claim]
    return [one for one in claim if isinstance(one, str)] if isinstance(claim, list) else []


def _group_names(groups: Iterable[str]) -> list[str]:
    """The groups whose names can be those of groups here."""
    found: list[str] = []
    for one in groups:
        try:
            found.append(group_name(one))
        except errors.InvalidParams:
            continue
    return found[:MOST_GROUPS]
