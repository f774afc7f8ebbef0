"""`webipy hand-out`: a copy of a notebook for each of several people, and who has done what with theirs.

The server is asked for one copy after the other, so that each is answer as soon as it is made, and what fails keeps nobody back.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

import click

from webipy.client.client import Client
from webipy.command.escapes import Escapes
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.lookup import Wrong
from webipy.command.paths import path_below_root
from webipy.command.sharing import RIGHTS, WORDS
from webipy.command.terminal import local_time, print_json, print_list
from webipy.core import errors
from webipy.core.api.handout_calls import (
    Copied,
    HandedFile,
    HandoutCopy,
    HandoutList,
    HandoutMade,
    MakeHandout,
    OfHandout,
    Recipient,
)


def recipient(name: str) -> Recipient:
    """Whom a word of the command line means: an account, `group:NAME`, or `everybody`."""
    if name == "everybody":
        return Recipient(kind="everybody")
    if name.startswith("group:"):
        return Recipient(kind="group", whom=name.removeprefix("group:"))
    return Recipient(whom=name)


async def _listed(client: Client, notebook: str, names: Sequence[str]) -> tuple[str, HandoutList]:
    """The path of a notebook below the root, and who has a copy or is named.

    Raises:
        Wrong: There is no such notebook, account or group.
    """
    path = await path_below_root(client, notebook)
    params = OfHandout(path=path, recipients=[recipient(name) for name in names])
    try:
        return path, await client.call("handout.list", params, HandoutList)
    except errors.NotFound as fault:
        raise Wrong(fault.message) from None


async def _beside(client: Client, path: str, named: str) -> str:
    """The path of data from the folder of a notebook.

    Raises:
        Wrong: They are elsewhere.
    """
    folder, found = posixpath.dirname(path), posixpath.normpath(await path_below_root(client, named))
    if not folder or found.startswith(folder + "/"):
        return found.removeprefix(folder + "/")
    if Path(named).exists():
        raise Wrong(f"{named} is not in the folder of the notebook, {folder}, so its copies would not find it there.")
    return named


async def make(
    client: Client, notebook: str, names: Sequence[str], may: str, data: Sequence[str], as_json: bool
) -> int:
    """Hands a notebook out, and prints what became of each copy.

    Args:
        client: The connection.
        notebook: Its path, as the user has typed it.
        names: Who gets a copy: accounts, `group:NAME`, `everybody`.
        may: The right of each: a key of `RIGHTS`.
        data: Files and folders that it reads, as the user has typed them.
        as_json: Whether to print JSON.

    Returns:
        The exit status: `FAILED` when a copy could not be made.

    Raises:
        Wrong: There is no such notebook, account or group.
    """
    path, found = await _listed(client, notebook, names)
    copies: list[Copied] = []
    along = [await _beside(client, path, one) for one in data]
    handed: list[HandedFile] = []
    for one in [one for one in found.copies if one.is_recipient]:
        params = MakeHandout(path=path, recipients=[Recipient(whom=one.account)], verb=RIGHTS[may], files=along)
        try:
            answer = await client.call("handout.make", params, HandoutMade)
        except errors.NotFound as fault:
            raise Wrong(fault.message) from None
        copies += answer.copies
        if not handed:
            handed = answer.files
            for item in handed if not as_json else ():
                click.echo(_file_line(item))
        if not as_json:
            for copy in answer.copies:
                click.echo(_line(copy), err=copy.result == "failed")
    if as_json:
        print_json(HandoutMade(folder=found.folder, copies=copies, files=handed))
    if RIGHTS[may] == "execute" and any(copy.result == "made" for copy in copies):
        words = "webipy: Who may run code in their copy can read and change all files of the user of this server."
        click.echo(words, err=True)
    return FAILED if any(copy.result == "failed" for copy in copies) else OK


def _file_line(item: HandedFile) -> str:
    had = " (stood there already; it is as it was)" if item.result == "had" else ""
    return Escapes(False).clean(f"{item.name}: {item.copy_path}{had}")


def _line(copy: Copied) -> str:
    match copy.result:
        case "made":
            return Escapes(False).clean(f"{copy.name}: {copy.copy_path}")
        case "had":
            return Escapes(False).clean(f"{copy.name}: {copy.copy_path} (had it already; it is as it was)")
    return Escapes(False).clean(f"webipy: {copy.name} has no copy: {copy.reason}")


async def show(client: Client, notebook: str, names: Sequence[str], as_json: bool) -> int:
    """Prints who has a copy of a notebook, and what they have done with it.

    Args:
        client: The connection.
        notebook: Its path, as the user has typed it.
        names: Who is listed, too, when they have none.
        as_json: Whether to print JSON.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such notebook, account or group.
    """
    _, found = await _listed(client, notebook, names)
    heads = ["NAME", "RIGHT", "STATE", "HANDED OUT", "CHANGED", "COPY"]
    print_list(found, as_json, heads, [_row(one) for one in found.copies], 5, "Nobody has a copy of this notebook.")
    return OK


STATES = {
    "none": "has none",
    "gone": "file is gone",
    "untouched": "not opened",
    "opened": "opened",
    "changed": "changed",
}


def _row(one: HandoutCopy) -> list[str]:
    state = f"{STATES[one.state]}, open now" if one.is_here else STATES[one.state]
    times = [local_time(time) if time is not None else "" for time in (one.handed_out, one.changed)]
    right = next((words for verb, words in WORDS.items() if verb == one.verb), "")
    return [one.name, right, state, *times, one.copy_path or ""]
