"""The servers that this user's command line is signed in to: one file of mode 0600 for each, in a folder of mode 0700.

    webipy login URL ──► keep ──► ~/.config/webipy/logins/https%3A%2F%2Flab.example.json ──► find, for every command with --url

A file holds the address, the secret of the login and the name of the account, as JSON. It is written whole or not at all, and removed by `webipy
logout`. Without a file, a command takes the token of the state folder, as for a server of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import msgspec

from webipy.io.storage.private_files import make_private_folder, write_private


class KeptLogin(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one server."""

    url: str
    """Its address, as `checked_url` writes it."""
    token: str
    account: str
    """The name that was signed in with."""
    fingerprint: str | None = None
    """The SHA-256 of its certificate, when that alone is right."""


def folder() -> Path:
    """The folder of the files."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "webipy" / "logins"


def _file(url: str) -> Path:
    return folder() / f"{quote(url, safe='')}.json"


def find(url: str) -> KeptLogin | None:
    """The login of a server; `None`: there is none, or its file cannot be read.

    Args:
        url: The address of the server, as `checked_url` writes it.
    """
    try:
        found = msgspec.json.decode(_file(url).read_bytes(), type=KeptLogin)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.url == url else None


def keep(login: KeptLogin) -> None:
    """Keeps a login, in place of the one of the same server.

    Raises:
        OSError: It cannot be written.
    """
    make_private_folder(folder())
    os.chmod(folder(), 0o700)
    write_private(_file(login.url), msgspec.json.encode(login))


def forget(url: str) -> None:
    """Removes the login of a server, if there is one."""
    _file(url).unlink(missing_ok=True)


def all_of_them() -> list[KeptLogin]:
    """All logins that can be read, by their addresses."""
    try:
        names = sorted(folder().glob("*.json"))
    except OSError:
        return []
    found = []
    for name in names:
        try:
            found.append(msgspec.json.decode(name.read_bytes(), type=KeptLogin))
        except (OSError, msgspec.DecodeError):
            continue
    return found
