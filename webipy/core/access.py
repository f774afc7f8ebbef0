"""Who may do what: principals, verbs, and the one question `permit`.

A method of the API names the verb it needs; `permit` is asked once, before every method. Verbs are ordered: who may
own a session may also run code in it, who may run code may also write and read.

Today every login is the person who runs the server, so a principal's rights hold for all sessions; `permit` takes the
session's id so that rights on a single session change nothing for its caller.
"""

from __future__ import annotations

from typing import Literal

import attrs

from webipy.core import errors

Verb = Literal["none", "read", "write", "execute", "own"]

_RANK: dict[Verb, int] = {"none": 0, "read": 1, "write": 2, "execute": 3, "own": 4}


@attrs.define(frozen=True, slots=True)
class Principal:
    """Who acts: a name, and the strongest verb they hold. It comes from the connection, never from params."""

    name: str
    verb: Verb
    login: str
    """The id of the login it came by, so that revoking the login ends its connections."""


def permit(principal: Principal | None, verb: Verb, session: str | None) -> None:
    """Returns when `principal` may do what needs `verb` on `session` (`None`: on the server).

    Raises:
        errors.NotAuthenticated: Nobody is logged in and the verb is not `none`.
        errors.NotPermitted: The principal lacks the verb.
    """
    if verb == "none":
        return
    if principal is None:
        raise errors.NotAuthenticated(
            "Log in first: send the header Authorization: Bearer TOKEN, or open the address that the server printed."
        )
    if _RANK[principal.verb] < _RANK[verb]:
        where = f" in session {session}" if session else ""
        raise errors.NotPermitted(
            f"{principal.name} may {principal.verb}{where}, but this needs the right to {verb}.", verb=verb
        )
