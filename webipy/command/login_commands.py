"""The command `webipy logins`; what it does is in `logins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from webipy.command.connecting import Target, run
from webipy.command.options import json_option, server_options

if TYPE_CHECKING:
    from webipy.client.client import Client


@click.command()
@click.option("--revoke", metavar="ID", help="Sign one browser out; the start of its ID is enough.")
@click.option(
    "--all", "is_all", is_flag=True, help="Sign all browsers out, and revoke sign-in links that were not used."
)
@json_option
@server_options
def logins(target: Target, revoke: str | None, is_all: bool, as_json: bool) -> None:
    """List the browsers that are signed in, or sign them out.

    Each browser can do all that you can. A browser that is signed out loses its connections at once; running code goes on. `webipy share SESSION
    --list` lists guests. Programs that use the token are not listed: to shut them out, stop the server, delete its token file and start it again;
    this signs every browser out, too.

    \b
    Examples:
      webipy logins
      webipy logins --revoke 3f2a
      webipy logins --all
    """
    if is_all and revoke is not None:
        raise click.UsageError("--all and --revoke cannot be used together.")

    async def command(client: Client) -> int:
        from webipy.command import logins as command

        if is_all or revoke is not None:
            return await command.revoke(client, revoke, as_json)
        return await command.show(client, as_json)

    run(target, command)
