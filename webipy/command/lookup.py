"""Finds what a user names on the command line.

A session goes by its id, by any start of it that no other id has, by its title, or by its path. An exact name wins over the start of an id; a name
of several sessions is refused with the list of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from webipy.client.client import Client
from webipy.command.terminal import age, size_of, table
from webipy.core import errors
from webipy.core.api import calls


class Listed(calls.SessionList, frozen=True, kw_only=True):
    """What `webipy ls --json` prints: the sessions, and what their kernels use."""

    usage: list[calls.KernelUsage]


class Wrong(Exception):
    """The command line names something that does not exist; the message lists what exists."""


async def find_session(client: Client, name: str) -> calls.Session | None:
    """Finds a session by its id, the start of its id, its title or its path.

    Args:
        client: The connection.
        name: The text that the user has typed.

    Returns:
        The session; `None` when there is none.

    Raises:
        Wrong: Several sessions match.
    """
    sessions = (await client.call("session.list", {}, calls.SessionList, repeat=True)).sessions
    for matches in (
        [session for session in sessions if session.id == name],
        [session for session in sessions if name in (session.title, session.path)],
        [session for session in sessions if name and session.id.startswith(name)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            listed = sessions_table(matches, datetime.now(UTC))
            raise Wrong(f"{name!r} is the name of {len(matches)} sessions; choose one by its ID:\n{listed}")
    return None


async def the_session(client: Client, name: str) -> calls.Session:
    """As `find_session`, for a session that must exist.

    Args:
        client: The connection.
        name: The text that the user has typed.

    Raises:
        Wrong: No session matches, or several do.
    """
    found = await find_session(client, name)
    if found is None:
        raise Wrong(f"There is no session {name!r}; `webipy ls` lists the sessions.")
    return found


async def usage_of(client: Client, sessions: Sequence[calls.Session]) -> list[calls.KernelUsage]:
    """What the kernels of sessions use: of all at once where the user may ask so, else of one after the other; without those that are not theirs.

    Args:
        client: The connection.
        sessions: The sessions.
    """
    try:
        return (await client.call("kernel.usage", {}, calls.UsageList)).kernels
    except errors.NotPermitted:
        pass  # a member or a viewer, who sees some sessions
    found: list[calls.KernelUsage] = []
    for session in sessions:
        if session.kernel is not None:
            with suppress(errors.NotPermitted, errors.NotFound):
                found += (await client.call("kernel.usage", {"session": session.id}, calls.UsageList)).kernels
    return found


def sessions_table(sessions: list[calls.Session], now: datetime, usage: Sequence[calls.KernelUsage] = ()) -> str:
    """Sessions as a table for people.

    Args:
        sessions: The sessions, in the order of the rows.
        now: The time that ages are counted to; with a time zone.
        usage: The memory and processor time of kernels; empty leaves those columns out.
    """
    rows = []
    used = {one.session: one for one in usage}
    for session in sessions:
        kernel = session.kernel
        active = age((now - datetime.fromisoformat(session.last_activity)).total_seconds())
        words = (kernel.kernelspec, kernel.state, str(kernel.queued)) if kernel is not None else ("-", "-", "-")
        rows.append([session.id, session.title, *words, *_used(used.get(session.id), bool(usage)), active])
    uses = ["MEMORY", "CPU"] if usage else []
    return table(["ID", "TITLE", "KERNEL", "STATE", "QUEUED", *uses, "ACTIVE"], rows, shrinks=1)


def _used(usage: calls.KernelUsage | None, is_listed: bool) -> list[str]:
    if usage is None:
        return ["-", "-"] if is_listed else []
    return [size_of(usage.memory_bytes), "-" if usage.cpu is None else f"{usage.cpu:.0%}"]
