"""Environment variables on the command line: `--env NAME=VALUE`, or `--env NAME` for the value that it has here.

The second form keeps a secret out of the list of processes and the shell's history.
"""

from __future__ import annotations

import os

import click


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
    help="Environment variable for the kernel; NAME alone passes on the one here. Restarts keep it.",
)
"""Gives a command the parameter `env`: a dict, or `None`."""
