"""The options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from webipy.command.connecting import Target


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a server, and pass them on as `target`."""
    from functools import wraps

    @wraps(command)
    def with_target(*args: Any, state: str | None, url: str | None, token_file: str | None, **options: Any) -> None:
        command(*args, target=Target(state, url, token_file), **options)

    decorated: Callable[..., None] = with_target
    for decorate in (
        click.option(
            "--token-file", metavar="FILE", help="File with the token that --url needs. [default: STATE/token]"
        ),
        click.option("--url", metavar="URL", help="A server elsewhere, such as http://127.0.0.1:9000."),
        click.option(
            "--state",
            metavar="DIR",
            help="State folder of the server. [default: $XDG_STATE_HOME/webipy or ~/.local/state/webipy]",
        ),
    ):
        decorated = decorate(decorated)
    return decorated


state_option = click.option(
    "--state",
    metavar="DIR",
    help="State folder of the server. [default: $XDG_STATE_HOME/webipy or ~/.local/state/webipy]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
