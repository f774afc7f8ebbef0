"""The command line of `webipy audit`; what it does is in webipy.command.audits."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webipy.command.connecting import Target, run
from webipy.command.options import json_option, server_options
from webipy.command.program import Program

if TYPE_CHECKING:
    from webipy.client.client import Client

LEAST, MOST = 1, 100_000


@click.group(cls=Program, invoke_without_command=True)
@click.option("--person", metavar="NAME", help="Only what this person did.")
@click.option(
    "--method",
    metavar="METHOD",
    help="Only this method of the API, or a group such as file.*, or a word such as sign_in.",
)
@click.option("--session", metavar="ID", help="Only what was about this session.")
@click.option("--since", metavar="TIME", help="Only from then on: a date, a time, or an age such as 90m, 12h or 7d.")
@click.option("--failed", is_flag=True, help="Only what has failed.")
@click.option(
    "--limit", type=click.IntRange(LEAST, MOST), default=100, show_default=True, help="How many lines at most."
)
@json_option
@server_options
@click.pass_context
def audit(
    context: click.Context,
    target: Target,
    person: str | None,
    method: str | None,
    session: str | None,
    since: str | None,
    failed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Show who did what, from where, and with which result.

    The newest lines come first.

    Sign-ins, runs, edits, saves, file operations, shares, tokens, kernels, downloads: each has its line in the audit log of the server. What was
    typed or printed is not in it. With --url the server is asked, otherwise the files in the state folder are read; no server has to run.

    \b
    Examples:
      webipy audit --since 7d --failed
      webipy audit --person 'Grace (guest)'
      webipy audit --method 'file.*' --json
      webipy audit verify
    """
    if context.invoked_subcommand is not None:
        return
    from webipy.command import audits

    wanted = audits.Wanted(person, method, session, since, failed, limit)
    if target.url is None:
        sys.exit(audits.show_files(target, wanted, as_json))

    async def command(client: Client) -> int:
        return await audits.show(client, wanted, as_json)

    run(target, command)


@audit.command()
@click.option("--key", metavar="FILE", help="File with the key of the log. [default: STATE/audit/key]")
@json_option
@server_options
def verify(target: Target, key: str | None, as_json: bool) -> None:
    """Look whether the audit log is whole.

    It is when no line was changed, removed, added or moved.

    Whoever has the key could have written it all anew: keep it where only root can read it (`webipy serve --audit-key FILE`). The exit status is 1
    when the log is not whole.
    """
    from webipy.command import audits

    if target.url is None:
        sys.exit(audits.verify_files(target, key, as_json))
    if key is not None:
        raise click.UsageError(
            "--key reads the files on this machine; with --url the server verifies, with its own key."
        )

    async def command(client: Client) -> int:
        return await audits.verify(client, as_json)

    run(target, command)
