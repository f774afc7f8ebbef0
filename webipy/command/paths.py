"""Finds what a user names on the command line among the files below a server's root.

A path means what it means in the user's shell, when there is such a file; the server then gets it as a path from its root. What is not there is
taken as a path from the root, as the page and `webipy ls` show them: the server may be another machine.
"""

from __future__ import annotations

from pathlib import Path

from webipy.client.client import Client
from webipy.command.lookup import Wrong
from webipy.core.api import calls


async def path_below_root(client: Client, named: str) -> str:
    """Translates a path of the user to one that the server understands.

    Args:
        client: The connection.
        named: The path as the user has typed it.

    Returns:
        The path from the server's root, with `/` between its parts.

    Raises:
        Wrong: The file exists, but not below the root.
    """
    return below(await root_of(client), named)


async def root_of(client: Client) -> Path | None:
    """The root of the server, absolute; `None`: it is not shown to the user of the command, who has an account or came by a link.

    Args:
        client: The connection.
    """
    info = await client.call("server.info", {}, calls.ServerInfo, repeat=True)
    return Path(info.root) if info.root is not None else None


def below(root: Path | None, named: str) -> str:
    """As `path_below_root`, for a known root.

    Args:
        root: The root of the server, absolute; `None`: it is not known, so a path counts from there whatever files are here.
        named: The path as the user has typed it.

    Raises:
        Wrong: The file exists, but not below the root.
    """
    path = Path(named)
    if root is None:
        return _from_root(path)
    if not path.exists() and not path.is_absolute():
        return path.as_posix()
    for absolute in (path.absolute(), path.resolve()):
        if absolute.is_relative_to(root) and ".." not in absolute.parts:
            return absolute.relative_to(root).as_posix()
    raise Wrong(f"{named} is not below the root of the server, {root}. Start one there: webipy serve --root FOLDER")


def _from_root(path: Path) -> str:
    if path.is_absolute() or ".." in path.parts:
        raise Wrong(f"{path} is not below the root of the server; name it as the page does, by its path from there.")
    return path.as_posix()


def below_new(root: Path | None, named: str) -> str:
    """As `below`, for a file that need not exist: the path counts from the working directory if its folder is below the root, else from the root.

    Args:
        root: The root of the server, absolute; `None`: it is not known.
        named: The path as the user has typed it.

    Raises:
        Wrong: The file would be outside the root.
    """
    path = Path(named)
    if root is None:
        return _from_root(path)
    for folder in (path.parent.absolute(), path.parent.resolve()):
        if folder.is_dir() and folder.is_relative_to(root) and ".." not in folder.parts:
            return (folder / path.name).relative_to(root).as_posix()
    if path.is_absolute() or ".." in path.parts:
        raise Wrong(f"{named} is not below the root of the server, {root}; choose a place there.")
    return path.as_posix()
