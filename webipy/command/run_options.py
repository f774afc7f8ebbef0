"""The options of `webipy run`. It imports click and nothing else, so that `webipy --help` stays fast."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import click

from webipy.command.options import env_option

_NAMED = frozenset(["-p", "-r", "--parameter", "--parameters", "--parameters_raw"])
_OPTION = re.compile(r"-[A-Za-z]|--")


_OPTIONS = (
    click.option("-b", "--parameters_base64", "base64", metavar="TEXT", multiple=True, help="As -y, in base64."),
    click.option(
        "-y", "--parameters_yaml", "yaml", metavar="TEXT", multiple=True, help="Set the parameters of a YAML mapping."
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
        help="Set a parameter to a text, without conversion.",
    ),
    click.option(
        "-p",
        "--parameter",
        "--parameters",
        "typed",
        metavar="NAME=VALUE",
        multiple=True,
        help="Set a parameter; VALUE is True, False, None, a number, JSON, or otherwise a text.",
    ),
)
"""From the last to the first."""


class NamedValues(click.Command):
    """A command that takes `-p name value`, as papermill does, beside `-p name=value`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the command line.

        Args:
            ctx: The context of click.
            args: The arguments.

        Returns:
            The arguments that are left over.
        """
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


_RESULT = (
    click.option(
        "--only-if-ok",
        is_flag=True,
        help="Write OUT only when every cell has succeeded; otherwise write the result beside it.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace OUT if it exists."),
    click.option(
        "-o",
        "--output",
        metavar="OUT",
        help="Run a copy of the notebook, and write it to OUT at the end; - is standard output.",
    ),
    click.argument("out", required=False),
)
"""Where the result goes; from the last to the first."""

_COURSE = (
    click.option(
        "--inspect",
        "--help-notebook",
        "is_inspected",
        is_flag=True,
        help="Show the parameters that the notebook declares, and run nothing.",
    ),
    click.option(
        "--notify",
        is_flag=True,
        help="Tell me when it has ended, wherever I am then: in a page, and as the server's --notify-webhook and --smtp say.",
    ),
    click.option("--follow", metavar="RUN", help="Show a run that was left, and start none."),
    click.option("--attached", is_flag=True, help="End the run when this command ends, for whatever reason."),
    click.option("--keep", is_flag=True, help="Leave the session open, with its kernel and its variables."),
    click.option("--show", is_flag=True, help="Show all outputs at once; errors are always shown."),
    click.option("--keep-going", is_flag=True, help="Go on after a cell that failed."),
    click.option(
        "--start-timeout",
        "start_timeout_s",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Time that the kernel may take to start. [default: the limit of the server]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Stop the run after so many seconds; the kernel is killed when the code does not react for 10 s.",
    ),
    env_option,
    click.option("--cwd", metavar="DIR", help="Working directory of the kernel. [default: the notebook's folder]"),
    click.option(
        "-k", "--kernel", metavar="NAME", help="Kernel of the run. [default: the one that the notebook names]"
    ),
)
"""How it is run; from the last to the first."""


def result_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options for the place of its result."""
    for decorate in _RESULT:
        command = decorate(command)
    return command


def course_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options for the course of the run."""
    for decorate in _COURSE:
        command = decorate(command)
    return command


def named(options: dict[str, Any], given: Any, as_json: bool) -> tuple[dict[str, Any], list[str]]:
    """Completes the options of a run: reads the parameters, and decides which of notebook and result is a standard stream.

    Args:
        options: The options as click has read them.
        given: The parameters, as a `values.Given`.
        as_json: Whether the end of the run is printed as JSON.

    Returns:
        The options for `NotebookCommand`, and the files that the run uses.

    Raises:
        click.UsageError: Options contradict each other, or a parameter is wrong.
    """
    from webipy.command import values

    try:
        parameters = values.read(given)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    out = options.pop("out")
    if out is not None and options["output"] is not None:
        raise click.UsageError("OUT is given twice: as an argument and with -o.")
    output = out if out is not None else options["output"]
    body = None
    if options["notebook"] == "-" and options["follow"] is None:
        body = sys.stdin.buffer.read()
        output = output or "-"
    if output == "-" and as_json:
        raise click.UsageError("--json and the notebook cannot both go to standard output; name a file with -o.")
    paths = [path for path in (options["notebook"], output) if path not in (None, "-")]
    return {**options, "output": output, "body": body, "parameters": parameters}, paths or ["input"]
