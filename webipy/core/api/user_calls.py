"""The params and results of the methods `user.*`, the accounts of a server, and `account.*`, the caller's own one.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.api.access import MAX_NAME, Role
from webipy.core.api.calls import Params, Result

MIN_PASSWORD = 8
MAX_PASSWORD = 1024
"""Characters of a password."""

MAX_GROUPS = 50
"""Of one account."""

INVITATION_DAYS = 7
"""How long an invitation counts unless an admin says otherwise."""

MAX_INVITATION_DAYS = 90
MAX_TYPED = 200
"""Characters of a name as it is typed; which names can be chosen: webipy.core.api.sign_in_names."""

Typed = Annotated[str, msgspec.Meta(max_length=MAX_TYPED)]
Groups = Annotated[list[Annotated[str, msgspec.Meta(max_length=MAX_NAME)]], msgspec.Meta(max_length=MAX_GROUPS)]


class User(Result, frozen=True, kw_only=True):
    """Somebody who has an account on this server."""

    id: str
    """The id of the account, which stays when its names change."""
    name: str
    """The name that they sign in with."""
    display_name: str
    """The name that others see: in shared notebooks, beside runs and in the history."""
    role: Role
    groups: list[str]
    """The groups that they are in, by name."""
    disabled: bool
    """Whether they are kept out; what they have made stays."""
    has_password: bool
    """Whether they have a password; without one they come by an invitation, or by the identity provider."""
    identity_provider: str | None = None
    """The address of the identity provider where they sign in; null: they do not."""
    invited_until: str | None
    """Until when their invitation can be used, RFC 3339 in UTC; null: there is none."""
    created: str
    """When the account was made, RFC 3339 in UTC."""
    signed_in: str | None
    """When they signed in last, RFC 3339 in UTC; null: never."""
    connections: int
    """How many pages and programs of theirs are connected now."""


class UserList(Result, frozen=True, kw_only=True):
    """The accounts of the server, by name."""

    users: list[User]
    """The accounts."""


class AddUser(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account to make."""

    name: Typed
    """The name to sign in with: 1 to 32 letters of one script, digits and `. _ -`. It is compared without regard to case."""
    display_name: Typed | None = None
    """The name that others see; null: the sign-in name."""
    role: Role = "member"
    groups: Groups = []
    """The groups that they are in, by name."""
    password: str | None = None
    """Their password, 8 to 1024 characters; null: they have none, and come by an invitation (`user.invite`)."""


class OfUser(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account."""

    user: Typed
    """The id of the account, or the name to sign in with."""


class SetUser(OfUser, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes of an account; what is null stays."""

    display_name: Typed | None = None
    role: Role | None = None
    """What the account is on the server from now on; null: what it was."""
    groups: Groups | None = None
    """The groups that they are in from now on, by name; null: those of before, as `join` and `leave` change them."""
    join: Groups = []
    """Groups that they are in from now on, besides those of before."""
    leave: Groups = []
    """Groups that they are in no longer; nothing happens with those that they are not in."""
    disabled: bool | None = None
    """Whether they are kept out: then all of their logins end at once."""


class SetPassword(OfUser, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new password of somebody else."""

    password: str
    """8 to 1024 characters."""


class PasswordChanged(Result, frozen=True, kw_only=True):
    """A password that counts from now on."""

    tokens: int
    """How many script tokens of the account go on working: a password does not end them, `token.revoke` does."""


class Invite(OfUser, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite: somebody who has an account, with or without a password."""

    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_INVITATION_DAYS)] = INVITATION_DAYS
    """The days that the invitation can be used."""


class Invitation(Result, frozen=True, kw_only=True):
    """An invitation: it works once, and takes the place of the one before it."""

    user: str
    """The id of the account."""
    url: str
    """The whole address, with its secret in the fragment: `…/#invite=SECRET`. No other result has it."""
    expires: str


class OwnAccount(Result, frozen=True, kw_only=True):
    """The account that the caller has signed in to."""

    id: str
    """The id of the account."""
    name: str
    """The name to sign in with."""
    display_name: str
    """The name that others see."""
    role: Role
    groups: list[str]
    """The groups that they are in, by name."""
    created: str
    has_password: bool = True
    """Whether they have a password."""
    identity_provider: str | None = None
    """What the identity provider is called where they sign in; null: they do not."""
    mail: str | None = None
    """The address that mails about their runs go to; null: they have set none."""
    sends_mail: bool = False
    """Whether this server sends such mails (`--smtp`)."""


class SetMail(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the caller wants mails."""

    address: Annotated[str, msgspec.Meta(max_length=1000)] | None
    """The address; null: nowhere."""


class Rename(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new name that others see."""

    display_name: Typed


class ChangePassword(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller's new password."""

    old: str
    """The password of before."""
    new: str
    """8 to 1024 characters."""


class SignInCode(Result, frozen=True, kw_only=True):
    """A code with which `webipy login` signs in as the caller: it works once, for some minutes."""

    code: str
    expires: str
