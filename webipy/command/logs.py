"""What `webipy logs` does once it is connected: the raw output of a session's kernel, and the log of its host, as they come."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet.task import deferLater

from webipy.client.client import Client
from webipy.command.terminal import Screen, print_json
from webipy.core import errors
from webipy.core.api import calls

LOOK_S = 0.5
"""How often `--follow` asks for more."""


async def show_logs(reactor: Any, client: Client, session: calls.Session, *, follows: bool, as_json: bool) -> int:
    """Shows the logs of a kernel and its host; ^C cancels this.

    Args:
        reactor: The reactor.
        client: The connection.
        session: The session.
        follows: Whether to go on with what is added, until the session is closed.
        as_json: Whether to print one JSON object with all that is there.

    Returns:
        The exit status.
    """
    screen = Screen(sys.stdout, sys.stderr)
    asked = calls.ReadLogs(session=session.id)
    try:
        while True:
            found = await client.call("kernel.logs", asked, calls.KernelLogs, repeat=True)
            if as_json:
                print_json(found)
                return 0
            for name, part in (("stdout", found.kernel), ("stderr", found.host)):
                if part.text:
                    screen.write(name, part.text)
            is_all = not found.kernel.text and not found.host.text
            asked = calls.ReadLogs(
                session=session.id, log=found.log, kernel_since=found.kernel.next, host_since=found.host.next
            )
            if not follows and (is_all or not found.more):
                return 0
            if is_all:
                await deferLater(reactor, LOOK_S)
    except errors.NotFound:
        screen.note("The session was closed.")
        return 0
    finally:
        screen.finish()
