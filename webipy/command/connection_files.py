"""The connection file of a session's kernel, for programs that speak to kernels themselves: what `webipy connection` prints.

The file is the one that the kernel host has written for the kernel (docs/kernel-host.md): in the host's private folder, with mode 0600, new with each
start of the kernel, and gone with the host. So nothing more has to be kept in step, and nobody can read it who could not before.

What such a program runs is seen by the host like everything that the kernel publishes: its code and its output are in the journal, without an
execution, because the host was not asked to run it.

Rejected: a copy in Jupyter's runtime folder (its key would be old after a restart, and it would outlive the kernel); a file for a kernel that another
program has started (that program has one).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from twisted.internet.defer import Deferred

from webipy.client.client import Client, Event
from webipy.command.program import Unable
from webipy.core.api import calls
from webipy.core.events import events

FILE: Final = "kernel.json"


class Found(msgspec.Struct, frozen=True):
    """What `webipy connection --json` prints.

    Args:
        path: The connection file.
        session: The session's id.
        kernel: The kernel's id.
    """

    path: str
    session: str
    kernel: str


async def connection_file(client: Client, session: calls.Session) -> Found:
    """The connection file of the kernel of a session; waits until the kernel is ready.

    Args:
        client: The connection.
        session: The session.

    Raises:
        Unable: There is no living kernel, or its file is not on this machine.
    """
    kernel = session.kernel
    if kernel is None or kernel.state == "dead":
        raise Unable(f"The session {session.title!r} has no kernel that runs; webipy restart starts one.")
    if kernel.state in ("starting", "restarting"):
        await _until_ready(client, session)
    path = Path(kernel.host) / FILE
    if not Path(kernel.host).is_dir():
        raise Unable(f"The kernel runs on the machine of the server; its connection file works there: {path}")
    if not path.exists():
        raise Unable("Another program has started this kernel; use the connection file that it gave.")
    return Found(str(path), session.id, kernel.id)


async def _until_ready(client: Client, session: calls.Session) -> None:
    """Waits for the first answer of a kernel that starts.

    Raises:
        Unable: It does not start.
    """
    ready: Deferred[None] = Deferred()

    def take(seq: int, event: Event) -> None:
        if ready.called:
            return
        if isinstance(event, events.KernelReady):
            ready.callback(None)
        elif isinstance(event, events.KernelDied | events.SessionClosed):
            ready.errback(Unable(getattr(event, "reason", "") or "The session was closed."))

    follower = await client.follow(session.id, session.seq, take)
    follower.ended.addErrback(lambda fault: None if ready.called else ready.errback(fault))
    await ready
