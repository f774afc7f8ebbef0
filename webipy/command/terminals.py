"""`webipy terminal`: the terminals of the server, listed, started, shown and closed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import attrs
import click
import msgspec

from webipy.client.client import Client
from webipy.command.attaching import Attachment, fitting_size
from webipy.command.exit_statuses import OK
from webipy.command.local_terminal import LocalTerminal
from webipy.command.lookup import Wrong
from webipy.command.paths import path_below_root
from webipy.command.program import Unable
from webipy.command.terminal import age, print_json, print_list
from webipy.command.typed_keys import DetachKey
from webipy.core import errors
from webipy.core.api import calls, terminal_calls

NONE_HERE = "There are no terminals here: they are for whoever runs the server, and --no-terminals switches them off."


class ClosedTerminals(msgspec.Struct, frozen=True):
    """What `webipy terminal close --json` prints."""

    closed: list[str]


async def all_of(client: Client) -> list[terminal_calls.Terminal]:
    """The terminals of the server, the oldest first.

    Raises:
        Unable: There are none for who asks.
    """
    found = await client.call("terminal.list", {}, terminal_calls.TerminalList, repeat=True)
    if not found.enabled and not found.terminals:
        raise Unable(NONE_HERE)
    return found.terminals


async def the_terminal(client: Client, name: str | None) -> terminal_calls.Terminal:
    """The terminal that a user names: by its ID, or by its title where no other one has that.

    Args:
        client: The connection.
        name: The text that the user has typed; `None` for the one that was used last.

    Raises:
        Wrong: There is none, or several have the title.
        Unable: There are none for who asks.
    """
    terminals = await all_of(client)
    if name is None:
        running = [one for one in terminals if one.ended is None]
        if not running:
            raise Wrong("No terminal runs. Start one: webipy terminal new")
        return max(running, key=lambda one: one.last_activity)
    matches = [one for one in terminals if one.id == name] or [one for one in terminals if one.title == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(one.id for one in matches)
        raise Wrong(f"{name!r} is the title of {len(matches)} terminals; choose one by its ID: {ids}.")
    raise Wrong(f"There is no terminal {name!r}; `webipy terminal ls` lists them.")


async def show(client: Client, as_json: bool) -> int:
    """Prints the terminals.

    Args:
        client: The connection.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    terminals = await all_of(client)
    now = datetime.now(UTC)
    rows = [
        [
            one.id,
            one.title,
            one.cwd if one.folder is None else one.folder or ".",
            "runs" if one.ended is None else "ended",
            age((now - datetime.fromisoformat(one.last_activity)).total_seconds()),
        ]
        for one in terminals
    ]
    listed = terminal_calls.TerminalList(terminals=terminals, enabled=True)
    nothing = "There are no terminals. Start one: webipy terminal new"
    print_list(listed, as_json, ["ID", "TITLE", "FOLDER", "STATE", "ACTIVE"], rows, 1, nothing)
    return OK


async def start(client: Client, name: str | None, folder: str | None) -> terminal_calls.Terminal:
    """Starts a terminal, in the size of that of the user.

    Args:
        client: The connection.
        name: Its id; `None` for the next number.
        folder: Where its shell starts, as the user has typed it; `None` for the root.

    Raises:
        Wrong: There is no such folder below the root.
        errors.Failure: The server refuses.
    """
    at = "" if folder is None else await path_below_root(client, folder)
    rows, cols = fitting_size(LocalTerminal(lambda *_: None, "utf-8")) or (24, 80)
    params = terminal_calls.CreateTerminal(folder="" if at == "." else at, rows=rows, cols=cols, id=name)
    return await client.call("terminal.create", params, terminal_calls.Terminal)


async def close(client: Client, names: tuple[str, ...], is_ended: bool, as_json: bool) -> int:
    """Closes terminals.

    Args:
        client: The connection.
        names: Those that the user names.
        is_ended: Whether all are closed whose shell has ended.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.

    Raises:
        Wrong: One that is named is not there; then none is closed.
    """
    found = [await the_terminal(client, name) for name in names]
    if is_ended:
        found += [one for one in await all_of(client) if one.ended is not None]
    closed = list(dict.fromkeys(one.id for one in found))
    for id in closed:
        await client.call("terminal.close", terminal_calls.OfTerminal(terminal=id), calls.Done)
    if as_json:
        print_json(ClosedTerminals(closed))
    else:
        words = f"Closed: {', '.join(closed)}." if closed else "No shell has ended."
        click.echo(f"webipy: {words}", err=True)
    return OK


@attrs.define(eq=False)
class AttachCommand:
    """What the command line of `webipy terminal attach`, and of `new`, asks for.

    Args:
        reactor: The reactor.
        options: The options that name the server, for the command that attaches again.
        key: What detaches.
    """

    reactor: Any
    options: str
    key: DetachKey

    async def attach(self, client: Client, terminal: terminal_calls.Terminal) -> int:
        """Shows a terminal until the user leaves it; returns the exit status.

        Args:
            client: The connection.
            terminal: The terminal.

        Raises:
            errors.Failure: The server refuses.
        """
        client.patience_s = None
        sys.stdout.flush()
        local = LocalTerminal(self.reactor.callFromThread, sys.stdout.encoding or "utf-8")
        again = f"webipy terminal attach {self.options}{terminal.id}"
        try:
            return await Attachment(client, terminal, local, self.key, self.reactor.callLater, again).stay()
        except errors.NotFound:
            raise Unable(f"The terminal {terminal.id} was closed.") from None
