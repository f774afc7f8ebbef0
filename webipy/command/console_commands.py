"""The command lines of `webipy console` and `webipy connection`; what they do is in webipy.command.console and webipy.command.connection_files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webipy.command import exit_statuses
from webipy.command.connecting import Target, run
from webipy.command.exit_statuses import OK
from webipy.command.options import env_option, json_option, server_options

if TYPE_CHECKING:
    from webipy.client.client import Client


@click.command(epilog=exit_statuses.OF_CONSOLE)
@click.argument("session", required=False)
@click.option(
    "-k", "--kernel", metavar="NAME", help="Kernel for a session that has none yet; `webipy specs` lists the kernels."
)
@env_option
@click.option(
    "--save-figures", metavar="DIR", help="Save the pictures of the outputs in this folder, and print their paths."
)
@click.option(
    "--pictures",
    type=click.Choice(["auto", "kitty", "iterm", "none"]),
    default="auto",
    show_default=True,
    help="How the terminal shows pictures; auto goes by the variables that the terminal sets.",
)
@click.option("--fresh", is_flag=True, help="Use a new session that is closed when you leave; needs no running server.")
@server_options
def console(
    target: Target,
    session: str | None,
    kernel: str | None,
    env: dict[str, str] | None,
    save_figures: str | None,
    pictures: str,
    fresh: bool,
) -> None:
    """Type code in a session and see what it prints. SESSION is its ID, its title, or the path of a notebook. [default: shell]

    The session is the one that browsers and `webipy exec` use, with the same variables: you see what others run in it, with their names, and they
    see what you run. What you type becomes no cell of a notebook. The kernel goes on when you leave, and the console goes on when the server is
    stopped and started again. With --kernel, a session is made for a title that there is none of.

    \b
    Keys:
      Enter              runs the code when it is whole, else begins a line
      Alt-Enter          runs it as it is; Ctrl-O begins a line
      Tab                completes a name
      Shift-Tab, F1      shows what a name is; once more shows all of it
      Up, Ctrl-R         what was typed before: here, and in the session
      ^C                 interrupts your code; a second ^C leaves it running
      ^D                 leaves; the kernel goes on

    What you type is kept in the file console_history of the state folder, which only you can read; what begins with a space is not.

    \b
    Examples:
      webipy console
      webipy console report.ipynb
      webipy console training -k python3
      webipy console --fresh
    """
    from twisted.internet import reactor

    from webipy.command.console_place import ConsoleCommand
    from webipy.command.local_terminal import check_terminal
    from webipy.command.private import found_or_private

    if fresh and session is not None:
        raise click.UsageError("--fresh makes a new session; it cannot be used together with SESSION.")
    check_terminal(sys.stdin, sys.stdout, "A console", "in a pipe, use: webipy exec -")
    if not fresh:
        target.find()
    with found_or_private(target, ["code"]) as (server, _):
        asked = ConsoleCommand(reactor, server, session, kernel, env, save_figures, pictures, fresh)
        run(server, asked.command, asked.interrupt, cancelled=OK, on_end=lambda number: False)


@click.command()
@click.argument("session")
@json_option
@server_options
def connection(target: Target, session: str, as_json: bool) -> None:
    """Print the path of the connection file of a session's kernel. SESSION is its ID, its title or its path.

    Programs that speak to a kernel themselves join it with this file, beside everybody else, on the machine of the server. What they run and print is
    shown and kept in the session; their code that waits is in the kernel alone, and lost with it. Only you can read the file. It is gone when the
    kernel ends; when the kernel is restarted, such a program has to join again. To use a session in a terminal, try: webipy console

    \b
    Examples:
      jupyter console --existing "$(webipy connection shell)"
      jupyter run --existing "$(webipy connection shell)" script.py
    """

    async def command(client: Client) -> int:
        from webipy.command.connection_files import connection_file
        from webipy.command.lookup import the_session
        from webipy.command.terminal import print_json

        found = await connection_file(client, await the_session(client, session))
        if as_json:
            print_json(found)
        else:
            click.echo(found.path)
        return OK

    run(target, command)
