"""`webipy serve`: `twistd -n webipy` in this process, with the words of a command of our own.

Twistd itself prints all options before what is wrong with one of them, and needs an option that turns its pid file off: a server in the foreground
is ended by ^C, and two of them in one folder would overwrite each other's.
"""

from __future__ import annotations

import sys

import click
from twisted.python import usage
from twisted.scripts._twistd_unix import ServerOptions
from twisted.scripts.twistd import runApp


def serve(options: list[str]) -> None:
    """Run the server until it is ended.

    Args:
        options: Those of `twistd webipy`.
    """
    if "--help" in options or "-h" in options:
        from webipy.server_options import Options  # imports much that plain `webipy --help` does without

        known = Options()
        known.synopsis = "Usage: webipy serve [options]"
        click.echo(str(known))
        return
    config = ServerOptions()
    try:
        config.parseOptions(["--nodaemon", "--pidfile=", "webipy", *options])
    except usage.UsageError as fault:
        click.echo(f"webipy serve: {fault}\nSee: webipy serve --help", err=True)
        sys.exit(2)
    runApp(config)
