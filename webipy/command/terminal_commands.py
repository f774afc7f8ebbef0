"""The command line of `webipy terminal`; what it does is in webipy.command.terminals."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webipy.command import exit_statuses
from webipy.command.connecting import Target, run
from webipy.command.exit_statuses import OK
from webipy.command.options import json_option, server_options
from webipy.command.program import Program

if TYPE_CHECKING:
    from webipy.client.client import Client

NEEDED = "\x00@chijm["
"""Ctrl and one of these are keys that a shell cannot do without: Enter, Tab, Backspace, Esc, ^C."""

NEEDS_NONE = "`webipy terminal new --detached` needs none."
"""What does without a terminal to type in."""


def _key(context: click.Context, option: click.Parameter, given: str) -> str:
    """The letter of `ctrl-LETTER`."""
    start, letter = given[:-1].lower().replace("+", "-"), given[-1:].lower()
    if start != "ctrl-" or not ("a" <= letter <= "z" or letter in "]\\^_") or letter in NEEDED:
        words = "it is ctrl- and a letter or one of ] \\ ^ _, such as ctrl-b; not c, h, i, j or m, which a shell needs."
        raise click.BadParameter(f"{given!r} cannot be the key: {words}")
    return letter


key_option = click.option(
    "--detach-key",
    "key",
    metavar="KEY",
    default="ctrl-]",
    show_default=True,
    callback=_key,
    help="Key that leaves the terminal: ctrl- and a letter, or one of ] \\ ^ _.",
)


@click.group(cls=Program)
def terminal() -> None:
    """List, start, use and close shells on the server's machine.

    Each has a terminal, which is in the page, too: both see what is typed and printed. A shell goes on when nobody looks, and when the server is
    stopped, killed and started again. Terminals are for whoever runs the server.
    """


@terminal.command("ls")
@json_option
@server_options
def list_terminals(target: Target, as_json: bool) -> None:
    """List the terminals, the oldest first.

    One whose shell has ended is listed, with what it has printed, until it is closed.
    """

    async def command(client: Client) -> int:
        from webipy.command import terminals

        return await terminals.show(client, as_json)

    run(target, command)


@terminal.command(epilog=exit_statuses.OF_TERMINAL)
@click.argument("name", required=False)
@click.option("--folder", metavar="FOLDER", help="Folder that the shell starts in. [default: the server's root]")
@click.option("--detached", is_flag=True, help="Only start it, and print its ID; needs no terminal here.")
@key_option
@json_option
@server_options
def new(target: Target, name: str | None, folder: str | None, detached: bool, key: str, as_json: bool) -> None:
    """Start a terminal with your login shell, and use it here.

    NAME is its ID: at most 40 letters, digits, _ and -. [default: the next number]

    \b
    Examples:
      webipy terminal new
      webipy terminal new build --folder project
      webipy terminal new --detached
    """
    from webipy.command.local_terminal import check_terminal
    from webipy.command.terminals import AttachCommand, start
    from webipy.command.typed_keys import DetachKey

    if not detached and not as_json:
        check_terminal(sys.stdin, sys.stdout, "This", NEEDS_NONE)

    async def command(client: Client) -> int:
        from twisted.internet import reactor

        from webipy.command.terminal import print_json

        made = await start(client, name, folder)
        if as_json:
            print_json(made)
        elif detached:
            click.echo(made.id)
        else:
            return await AttachCommand(reactor, target.options, DetachKey.of(key)).attach(client, made)
        return OK

    run(target, command, cancelled=OK, on_end=lambda number: False)


@terminal.command(epilog=exit_statuses.OF_TERMINAL)
@click.argument("name", required=False)
@key_option
@server_options
def attach(target: Target, name: str | None, key: str) -> None:
    """Use a terminal here. NAME is its ID or its title. [default: the one that was used last]

    You see what it has printed before (the last MiB), and all keys go to its shell, but for Ctrl-], which leaves it. It gets the size of your
    terminal. When the connection is lost, or the server is stopped and started again, you go on where you were; what you type is never sent twice.

    \b
    Examples:
      webipy terminal attach
      webipy terminal attach build
      webipy terminal attach --url https://HOST/ 1 --detach-key ctrl-b
    """
    from webipy.command.local_terminal import check_terminal
    from webipy.command.terminals import AttachCommand, the_terminal
    from webipy.command.typed_keys import DetachKey

    check_terminal(sys.stdin, sys.stdout, "This", NEEDS_NONE)

    async def command(client: Client) -> int:
        from twisted.internet import reactor

        found = await the_terminal(client, name)
        return await AttachCommand(reactor, target.options, DetachKey.of(key)).attach(client, found)

    run(target, command, cancelled=OK, on_end=lambda number: False)


@terminal.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--ended", is_flag=True, help="Close all terminals whose shell has ended.")
@json_option
@server_options
def close(target: Target, names: tuple[str, ...], ended: bool, as_json: bool) -> None:
    """Close terminals, and hang up what runs in them.

    What they have printed is forgotten. NAME is an ID or a title.

    \b
    Examples:
      webipy terminal close build
      webipy terminal close --ended
    """
    if not names and not ended:
        raise click.UsageError("Name a terminal, or give --ended.")

    async def command(client: Client) -> int:
        from webipy.command import terminals

        return await terminals.close(client, names, ended, as_json)

    run(target, command)
