"""The commands `webipy diff` and `webipy merge`: their command line. What they do is in command/comparing.py."""

from __future__ import annotations

import sys
from typing import Any

import click

from webipy.command import exit_statuses

GIT_ARGUMENTS = (7, 9)
"""How many arguments git gives to an external diff: a path and two versions, or with a new name and what was found about that."""


@click.command("diff")
@click.argument("files", nargs=-1, required=False)
@click.option("--text", "is_text", is_flag=True, help="Print one notebook as text: what git calls textconv.")
@click.option(
    "--git-setup", "is_setup", is_flag=True, help="Print the commands that make git use webipy for notebooks."
)
def diff(files: tuple[str, ...], is_text: bool, is_setup: bool) -> None:
    """Show how two notebooks differ, cell by cell.

    The exit status is 1 when they differ, and 2 when one cannot be read. The command needs no server. Files that are no notebooks are compared line
    by line.

    git can use it: in `git diff` as external diff; in `git log -p`, `git show` and `git blame` by --text.

    \b
    Examples:
      webipy diff old.ipynb new.ipynb
      webipy diff --git-setup            then type the printed commands in a repository
      webipy diff --git-setup | sh       the same at once
    """
    from webipy.command import comparing

    if is_setup:
        click.echo("\n".join(comparing.setup_lines()))
        return
    if is_text and len(files) != 1:
        raise click.UsageError("--text prints one notebook: webipy diff --text FILE.")
    if not is_text and len(files) == 1:
        click.echo(f"* Unmerged path {files[0]}")
        return
    if not is_text and len(files) not in (2, *GIT_ARGUMENTS):
        raise click.UsageError("Give two notebooks: webipy diff OLD NEW.")
    try:
        if is_text:
            status = comparing.print_text(files[0])
        elif len(files) == 2:
            status = comparing.diff(files[0], files[1], None)
        else:
            comparing.diff(files[1], files[4], files[0])
            status = exit_statuses.SAME
    except OSError as fault:
        click.echo(f"webipy: {fault.filename or 'The file'} cannot be read: {fault.strerror}.", err=True)
        status = exit_statuses.TROUBLE
    sys.exit(status)


@click.command("merge")
@click.argument("base")
@click.argument("ours")
@click.argument("theirs")
@click.argument("path", required=False)
@click.option(
    "-o", "--output", "out", metavar="OUT", help="Write the result there, not over OURS; - is standard output."
)
@click.option(
    "--outputs",
    type=click.Choice(["both", "ours", "theirs"]),
    default="both",
    show_default=True,
    help="Which outputs stay where both sides changed them.",
)
def merge(base: str, ours: str, theirs: str, path: str | None, out: str | None, outputs: Any) -> None:
    """Merge the changes of OURS and THEIRS since BASE, cell by cell.

    The result replaces OURS, as git requires of a merge driver; PATH is the name in messages. The result is always a valid notebook: a conflict in
    a source or in outputs has the marks of git inside; a cell with any other conflict appears twice, between raw cells with the marks. The command
    needs no server. `webipy diff --git-setup` prints how git can use it.

    \b
    Exit status:
      0    there are no conflicts
      1    there are conflicts, marked in the result
      129  a file cannot be read or written: git stops
    """
    from webipy.command import comparing

    try:
        status = comparing.merge_files(base, ours, theirs, out, path or ours, outputs)
    except OSError as fault:
        click.echo(f"webipy: {fault.filename or path or ours}: {fault.strerror}.", err=True)
        status = exit_statuses.FAILED_FOR_GIT
    sys.exit(status)
