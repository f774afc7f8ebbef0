"""People with accounts, as tests of rights need them: a principal and a connection, without a sign-in."""

from __future__ import annotations

from typing import Any

from tests.fakes import Client, Rig, make_rig
from webipy.core.api.access import Principal, Role
from webipy.server.methods.method import Connection
from webipy.server.people.directory import Entry
from webipy.server.people.logins import TOKEN_LOGIN


def principal(name: str, role: Role | None = "member", *groups: str) -> Principal:
    """Somebody with an account, whose id is `id-NAME`."""
    return Principal(
        name,
        "own" if role == "admin" else "none",
        TOKEN_LOGIN,  # a login that never ends
        account=f"id-{name.casefold()}",
        role=role,
        groups=frozenset(groups),
    )


def somebody(rig: Rig, name: str, role: Role | None = "member", *groups: str) -> Client:
    """A connection of somebody with an account."""
    client = Client(rig, Connection(principal(name, role, *groups)))
    client.connection.send = client.sent.append
    client.connection.soon = lambda call: rig.clock.callLater(0, call)
    return client


def known(rig: Rig, *names: str, groups: dict[str, set[str]] | None = None) -> None:
    """Enters accounts into the directory of a server.

    Args:
        rig: The server.
        names: Their names.
        groups: The groups of some, by name.
    """
    of = groups or {}
    entries = [Entry(f"id-{name.casefold()}", name.casefold(), name, frozenset(of.get(name, ()))) for name in names]
    rig.services.directory.entries = lambda: entries


def rig_of(*names: str) -> Rig:
    """A server with accounts of these names."""
    rig = make_rig()
    rig.disk.launcher.has_any_folder = True
    known(rig, *names)
    return rig


def give(rig: Rig, path: str, verb: str, whom: str = "", kind: str = "account", **more: Any) -> None:
    """Gives a right, as whoever runs the server."""
    rig.me.call("right.grant", path=path, kind="everybody" if not whom else kind, whom=whom, verb=verb, **more)
