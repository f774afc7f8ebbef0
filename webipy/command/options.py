"""The options that many commands share.

`--env NAME` takes the value that the variable has here, and so keeps a secret out of the list of processes and the shell's history.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, get_args

import click

from webipy.command.connecting import Target
from webipy.io.storage.state_folder import DEFAULT_IN_WORDS

_STATE_HELP = f"State folder of the server. [default: {DEFAULT_IN_WORDS}]"


class ExportFormats(click.Choice[str]):
    """The formats of `webipy export`: those of the API, imported when they are needed."""

    def __init__(self) -> None:  # not that of click, which needs the choices now
        self.case_sensitive = True

    @functools.cached_property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]  # an attribute in click
        """The names of the formats."""
        from webipy.core.api.formats import ExportFormat

        return get_args(ExportFormat)


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that name a server, and passes them as `target`."""
    from functools import wraps

    @wraps(command)
    def with_target(
        *args: Any, state: str | None, url: str | None, token_file: str | None, fingerprint: str | None, **options: Any
    ) -> None:
        command(*args, target=Target(state, url, token_file, fingerprint), **options)

    decorated: Callable[..., None] = with_target
    for decorate in (
        click.option(
            "--fingerprint",
            metavar="SHA256",
            help="With --url: the fingerprint that a server has printed which has made its certificate itself; no other is taken.",
        ),
        click.option(
            "--token-file", metavar="FILE", help="File with the token that --url needs. [default: STATE/token]"
        ),
        click.option(
            "--url", metavar="URL", help="Address of another server, such as https://HOST/lab/ or 127.0.0.1:9000."
        ),
        click.option(
            "--state",
            metavar="DIR",
            help=_STATE_HELP,
        ),
    ):
        decorated = decorate(decorated)
    return decorated


state_option = click.option(
    "--state",
    metavar="DIR",
    help=_STATE_HELP,
)


def by_name_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of `webipy share` that share by name: `whom` and `may`."""
    may = click.option(
        "--may",
        type=click.Choice(["view", "edit", "run", "own", "nothing"]),
        default="view",
        show_default=True,
        help="With --with: the right that they have from now on.",
    )
    whom = "Share by name instead: with an account, group:NAME, or everybody."
    return click.option("--with", "whom", metavar="NAME", help=whom)(may(function))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def _parsed(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str] | None:
    """What was given, by name; `None` when nothing was.

    Raises:
        click.BadParameter: A name is empty, or has no value here.
    """
    env = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not name:
            raise click.BadParameter(f"{one!r} has no name before the =; write NAME=VALUE, or NAME.")
        if not sign and name not in os.environ:
            raise click.BadParameter(f"{name} is not set here; write {name}=VALUE.")
        env[name] = value if sign else os.environ[name]
    return env or None


env_option = click.option(
    "--env",
    metavar="NAME[=VALUE]",
    multiple=True,
    callback=_parsed,
    help="Environment variable for the kernel; NAME alone takes the value from here. Restarts keep it.",
)
"""Gives a command the parameter `env`: a dict, or `None`."""
