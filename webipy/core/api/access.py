"""Who may do what: principals, verbs, and the one question `permit`.

A method of the API names the verb that it needs; `permit` is called once, before every method. Verbs are ordered: who may own a session may also
run code in it, and who may run code may also write and read.

Whoever runs the server holds `own` for everything, and so does an admin. A guest came by the link of one session, holds one verb there, and
none anywhere else: not in another session, and not on the server, whose files and list of sessions are no part of any. A member or viewer
holds nothing by themselves: what they may do is what grants give them (webipy.core.api.grants), and `permit` lets them do nothing.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

import attrs

from webipy.core import errors
from webipy.core.api.scopes import Scopes

Verb = Literal["none", "read", "write", "execute", "own"]
Right = Literal["read", "write", "execute"]
"""What a link can give."""

Role = Literal["admin", "member", "viewer"]
"""What an account is on the server as a whole: an admin may do all that whoever runs the server may; members and viewers have rights for what is
theirs and what is shared with them, and a viewer never more than `read`."""

RANK: Final[dict[Verb, int]] = {"none": 0, "read": 1, "write": 2, "execute": 3, "own": 4}
"""How strong each verb is: it includes those that are weaker."""

MAX_NAME = 40
_JOINERS = "\u200c\u200d"
"""What some scripts, and pictures of several people, need between letters; other invisible characters are refused."""


@attrs.define(frozen=True, slots=True)
class Principal:
    """Who acts: a name, and the strongest verb they hold. It comes from the connection, never from params."""

    name: str
    verb: Verb
    login: str
    """The id of the login it came by, so that revoking the login ends its connections."""
    session: str | None = None
    """The only session where a guest holds the verb; `None`: it holds everywhere."""
    hub_name: str | None = None
    """The name at a hub of somebody who may do all that the owner may, and is another one; `None` for everybody else."""
    account: str | None = None
    """The id of the account that they signed in to; `None`: whoever runs the server, a guest, somebody of a hub."""
    role: Role | None = None
    """The role of that account; `None` without one."""
    groups: frozenset[str] = frozenset()
    """The groups of that account."""
    token: str | None = None
    """The name of the script token that they came by; `None`: by none."""
    scopes: Scopes | None = None
    """What that token may be used for: `token_scopes.check` asks, beside `permit`."""
    guest: str | None = None
    """The login of the guest whose script token it is; `None` for everybody else."""

    @property
    def person(self) -> str:
        """Tells people apart: all logins of whoever runs the server are one, as are all of an account, and of another user of a hub.

        Every guest is a person of their own.
        """
        if self.account is not None:
            return f"account {self.account}"
        if self.hub_name is not None:
            return f"hub {self.hub_name}"
        return "owner" if self.session is None else self.seat

    @property
    def seat(self) -> str:
        """The login whose budget and whose place among the guests of a link it uses: tokens of a guest share those of the guest."""
        return self.guest or self.login


def is_confined(principal: Principal | None) -> bool:
    """Whether somebody has only the rights that grants give: members and viewers, and an account of no known role."""
    return principal is not None and principal.account is not None and principal.role != "admin"


def holds(principal: Principal, verb: Verb) -> bool:
    """Whether somebody's right is strong enough.

    Args:
        principal: Whose right it is.
        verb: The right that is needed.

    Returns:
        True when the principal has this right or a stronger one, wherever that counts.
    """
    return RANK[principal.verb] >= RANK[verb]


def permit(principal: Principal | None, verb: Verb, session: str | None) -> None:
    """Returns when a principal may do something.

    Args:
        principal: Who it is; `None`: nobody is logged in.
        verb: The right that is needed.
        session: The id of the session that is touched; `None`: more than one, or the server.

    Raises:
        errors.NotAuthenticated: Nobody is logged in and the verb is not `none`.
        errors.NotPermitted: The principal lacks the verb, or holds it in another session only.
    """
    if verb == "none":
        return
    if principal is None:
        raise errors.NotAuthenticated(
            "Log in first: send the header Authorization: Bearer TOKEN, or open the address that the server printed."
        )
    if principal.session is not None and principal.session != session:
        raise errors.NotPermitted(
            f"{principal.name} came by the link of session {principal.session} and may do nothing outside of it.",
            verb=verb,
            session=principal.session,
        )
    if is_confined(principal):
        raise errors.NotPermitted(f"{principal.name} may not do this: it is for admins of the server.", verb=verb)
    if not holds(principal, verb):
        where = f" in session {session}" if session else ""
        raise errors.NotPermitted(
            f"{principal.name} may {principal.verb}{where}, but this needs the right to {verb}.", verb=verb
        )


def permit_person(principal: Principal | None) -> None:
    """Returns when somebody is signed in as a person of their own: who runs the server, has an account, or is of a hub.

    Args:
        principal: Who it is; `None`: nobody is logged in.

    Raises:
        errors.NotAuthenticated: Nobody is logged in.
        errors.NotPermitted: They are a guest, who is in one session alone.
    """
    if principal is None:
        raise errors.NotAuthenticated("Log in first.")
    if principal.session is not None:
        raise errors.NotPermitted(
            f"{principal.name} came by the link of session {principal.session} and may do nothing outside of it.",
            verb="own",
            session=principal.session,
        )


def person_name(given: str) -> str:
    """The name that somebody gave, without needless space.

    Raises:
        errors.InvalidParams: It is empty or too long, or has characters that cannot be seen or turn the text around.
    """
    name = " ".join(given.split())
    if not 1 <= len(name) <= MAX_NAME:
        raise errors.InvalidParams(f"A name has 1 to {MAX_NAME} characters; this has {len(name)}.", field="name")
    if any(unicodedata.category(letter)[0] == "C" and letter not in _JOINERS for letter in name):
        raise errors.InvalidParams("A name has no control characters.", field="name")
    if not any(unicodedata.category(letter)[0] in "LNS" for letter in name):
        raise errors.InvalidParams("A name has a letter or a number in it.", field="name")
    return name


_MARK = " (guest)"


def marked(name: str) -> str:
    """The name of a guest as everybody sees it, and as events have it: no guest can be taken for the owner."""
    return f"{name}{_MARK}"


def is_marked(name: str) -> bool:
    """Whether it is the name of a guest."""
    return name.endswith(_MARK)
