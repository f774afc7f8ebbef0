"""What the scopes that a JupyterHub gives to somebody say of one server. Pure.

    access:servers!server=ada/lab      a scope, with a filter: the server `lab` of `ada`; `ada/` is the one without a name
    access:servers!user=ada            all servers of ada
    access:servers                     all servers of everybody

The hub tells the server which scopes let somebody in, any one of them, and of a token which scopes it has, with all that follow from others
expanded. So what remains is whether one of these contains one of those: the same name, and no filter, the same filter, or that of the user whose
server it is. A filter by group is not understood, as the hub does not say here who is in one: it lets nobody in.

Source: JupyterHub, "Available scopes" and "Scopes and user permissions" (horizontal filtering).
"""

from __future__ import annotations

from collections.abc import Iterable


def gives_access(wanted: Iterable[str], held: Iterable[str]) -> bool:
    """Whether somebody is let in.

    Args:
        wanted: The scopes that let in, any one of them; none lets nobody in.
        held: The scopes that somebody has.

    Returns:
        True when one that is held is, or contains, one that is wanted.
    """
    known = frozenset(held)
    return any(wide in known for scope in wanted for wide in _containing(scope))


def _containing(scope: str) -> list[str]:
    """The scopes that contain a scope, itself first."""
    name, _, narrowed = scope.partition("!")
    kind, _, value = narrowed.partition("=")
    found = [scope]
    if narrowed:
        found.append(name)
    if kind == "server" and value:
        found.append(f"{name}!user={value.partition('/')[0]}")
    return found
