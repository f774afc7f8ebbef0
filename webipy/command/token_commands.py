"""The command line of `webipy token`; what it does is in webipy.command.tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from webipy.command.connecting import Target, run
from webipy.command.options import json_option, server_options
from webipy.command.program import Program

if TYPE_CHECKING:
    from webipy.client.client import Client

MAX_DAYS = 3660
"""As in webipy.core.api.token_calls, which is not imported here: it takes a while."""


@click.group(cls=Program)
def token() -> None:
    """Make, list and revoke tokens for scripts.

    A script token acts as the person who made it, within the limits that it is given. A script sends it as `Authorization: Bearer TOKEN`; this
    command takes it from a file, with --url and --token-file.
    """


@token.command()
@click.argument("name")
@click.option("--days", type=click.IntRange(1, MAX_DAYS), default=30, show_default=True, help="Days until it expires.")
@click.option("--no-end", is_flag=True, help="Let it be valid until it is revoked.")
@click.option("--read", is_flag=True, help="Let it only read.")
@click.option("--session", metavar="SESSION", help="Limit it to one session: its id, title or path.")
@click.option("--folder", metavar="FOLDER", help="Limit it to one folder, and to the sessions of its notebooks.")
@click.option(
    "--methods",
    metavar="GROUP",
    multiple=True,
    help="Limit it to some methods of the API, such as file.* or execution.start. Can be given more than once.",
)
@json_option
@server_options
def create(
    target: Target,
    name: str,
    days: int,
    no_end: bool,
    read: bool,
    session: str | None,
    folder: str | None,
    methods: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a token and print it, this once.

    The token alone is on standard output, so that a script can take it. NAME is what lists and the audit log call it. Without limits it may do what
    you may, but for people: it manages no sign-ins, links or tokens, unless --methods names them. Who may run code can do all that the server's user
    can, whatever else the limits say.

    \b
    Examples:
      webipy token create nightly --session report.ipynb > nightly.token
      webipy token create backup --read --no-end
      webipy token create upload --folder data --methods 'file.*'
      webipy ls --url https://HOST/ --token-file nightly.token
    """

    async def command(client: Client) -> int:
        from webipy.command import tokens

        wanted = tokens.Wanted(name, None if no_end else days, read, session, folder, methods)
        return await tokens.create(client, wanted, as_json)

    run(target, command)


@token.command("list")
@click.option("--everybody", is_flag=True, help="List the tokens of all people; for whoever runs the server.")
@json_option
@server_options
def list_tokens(target: Target, everybody: bool, as_json: bool) -> None:
    """List your tokens, with what each may do.

    The list also says when each expires, and when and from where it was used last.
    """

    async def command(client: Client) -> int:
        from webipy.command import tokens

        return await tokens.show(client, everybody, as_json)

    run(target, command)


@token.command()
@click.argument("name", required=False)
@click.option("--all", "is_all", is_flag=True, help="Revoke all your tokens.")
@click.option("--everybody", is_flag=True, help="NAME may be anybody's token; for whoever runs the server.")
@json_option
@server_options
def revoke(target: Target, name: str | None, is_all: bool, everybody: bool, as_json: bool) -> None:
    """Revoke a token at once, with all its connections.

    NAME is its name or its ID; the start of the ID is enough. Code that it has started goes on.

    \b
    Examples:
      webipy token revoke nightly
      webipy token revoke --all
      webipy token revoke --everybody 3f2a
    """
    if is_all == (name is not None):
        raise click.UsageError("Name one token, or give --all.")
    if is_all and everybody:
        raise click.UsageError("--all revokes your own tokens; name one token with --everybody.")

    async def command(client: Client) -> int:
        from webipy.command import tokens

        return await tokens.revoke(client, name, as_json, everybody)

    run(target, command)
