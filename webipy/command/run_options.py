"""The options of `webipy run` that set parameters. It imports click and nothing else, so that `webipy --help` stays fast."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

_NAMED = frozenset(["-p", "-r", "--parameter", "--parameters", "--parameters_raw"])
_OPTION = re.compile(r"-[A-Za-z]|--")


_OPTIONS = (
    click.option("-b", "--parameters_base64", "base64", metavar="TEXT", multiple=True, help="The same in base64."),
    click.option(
        "-y", "--parameters_yaml", "yaml", metavar="TEXT", multiple=True, help="Set the parameters of a YAML map."
    ),
    click.option(
        "-f",
        "--params",
        "--parameters_file",
        "files",
        metavar="FILE",
        type=click.File("rb"),
        multiple=True,
        help="Set the parameters of a YAML or JSON file.",
    ),
    click.option(
        "-r",
        "--parameters_raw",
        "texts",
        metavar="NAME=TEXT",
        multiple=True,
        help="Set a parameter to a text, whatever it looks like.",
    ),
    click.option(
        "-p",
        "--parameter",
        "--parameters",
        "typed",
        metavar="NAME=VALUE",
        multiple=True,
        help="Set a parameter; VALUE is True, False, None, a number, JSON, or else a text.",
    ),
)
"""From the last to the first."""


class NamedValues(click.Command):
    """A command that takes `-p name value`, as papermill does, beside `-p name=value`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the command line."""
        return super().parse_args(ctx, joined(args))


def joined(args: list[str]) -> list[str]:
    """A command line in which names and values that stand apart are joined by `=`; what looks like an option is no value."""
    made: list[str] = []
    for arg in args:
        is_named = len(made) > 1 and made[-2] in _NAMED and made[-1].isidentifier()
        if is_named and not _OPTION.match(arg):
            made[-1] = f"{made[-1]}={arg}"
        else:
            made.append(arg)
    return made


def parameter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that set parameters, and pass them on as `given`."""
    from functools import wraps

    @wraps(command)
    def with_given(*args: Any, typed: Any, texts: Any, yaml: Any, files: Any, base64: Any, **options: Any) -> None:
        from webipy.command.values import Given

        bodies = [(file.name, file.read()) for file in files]
        command(*args, given=Given(typed, texts, yaml, bodies, base64), **options)

    decorated: Callable[..., None] = with_given
    for decorate in _OPTIONS:
        decorated = decorate(decorated)
    return decorated
