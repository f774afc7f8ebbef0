"""The command line of `webipy hand-out`; what it does is in webipy.command.handing_out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from webipy.command.connecting import Target, run
from webipy.command.options import json_option, server_options

if TYPE_CHECKING:
    from webipy.client.client import Client


@click.command("hand-out")
@click.argument("notebook")
@click.option(
    "--to",
    "names",
    metavar="NAME",
    multiple=True,
    help="Who gets a copy: an account, group:NAME, or everybody. Can be given more than once.",
)
@click.option(
    "--may",
    type=click.Choice(["view", "edit", "run"]),
    default="run",
    show_default=True,
    help="The right of each to their copy.",
)
@click.option(
    "--data",
    metavar="FILE",
    multiple=True,
    help="A file or folder beside NOTEBOOK that it reads: the copies find it under the same name. Can be given more than once.",
)
@click.option("--list", "is_listed", is_flag=True, help="List who has a copy, and what they have done with it.")
@json_option
@server_options
def hand_out(
    target: Target,
    notebook: str,
    names: tuple[str, ...],
    may: str,
    data: tuple[str, ...],
    is_listed: bool,
    as_json: bool,
) -> None:
    """Give people a copy of NOTEBOOK each, to work in.

    Copies stand beside it, in handed-out/NAME/PERSON.ipynb. Each person may work in theirs and sees no other one; you see all. Who has a copy keeps
    it as it is: nothing is replaced, so that the same command hands out to who came later. With --list and --to it also lists who has none.

    A copy does not find what stands beside the original. With --data it does: one copy for all is made in handed-out/NAME, at most 256 MiB and 2,000
    files, and whoever has a copy may read it.

    \b
    Examples:
      webipy hand-out lesson.ipynb --to group:class
      webipy hand-out lesson.ipynb --to group:class --data data.csv --data images
      webipy hand-out lesson.ipynb --to ada --to bo --may edit
      webipy hand-out lesson.ipynb --list --to group:class
    """
    if not names and not is_listed:
        raise click.UsageError("Say who gets a copy: --to NAME, --to group:NAME or --to everybody; or use --list.")

    if is_listed and data:
        raise click.UsageError("--data hands something out; with --list nothing is handed out.")

    async def command(client: Client) -> int:
        from webipy.command import handing_out

        if is_listed:
            return await handing_out.show(client, notebook, names, as_json)
        return await handing_out.make(client, notebook, names, may, data, as_json)

    run(target, command)
