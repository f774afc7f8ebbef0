"""`webipy token`: script tokens, made, listed and revoked."""

from __future__ import annotations

import attrs
import click

from webipy.client.client import Client
from webipy.command.exit_statuses import OK
from webipy.command.lookup import the_session
from webipy.command.paths import path_below_root
from webipy.command.program import Unable
from webipy.command.terminal import local_time, print_json, print_list
from webipy.core.api import token_calls
from webipy.core.api.scopes import Scopes


@attrs.define(frozen=True)
class Wanted:
    """The token that is wanted.

    Args:
        name: What it is called.
        days: For how many days it is valid; `None`: until it is revoked.
        read: Whether it only reads.
        session: The only session that it is for, as the user has typed it; `None` for any.
        folder: The only folder that it is for, as the user has typed it; `None` for any.
        methods: The methods and groups that it may call; empty for all that are open to tokens.
    """

    name: str
    days: int | None
    read: bool
    session: str | None
    folder: str | None
    methods: tuple[str, ...]


async def create(client: Client, wanted: Wanted, as_json: bool) -> int:
    """Makes a token and prints it.

    Args:
        client: The connection.
        wanted: What it is for.
        as_json: Whether to print JSON.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such session or folder.
    """
    session = None if wanted.session is None else (await the_session(client, wanted.session)).id
    folder = None if wanted.folder is None else await path_below_root(client, wanted.folder)
    params = token_calls.CreateToken(
        label=wanted.name,
        days=wanted.days,
        read=wanted.read,
        session=session,
        folder=folder,
        methods=[one.strip() for given in wanted.methods for one in given.split(",")],
    )
    made = await client.call("token.create", params, token_calls.NewToken)
    if as_json:
        print_json(made)
        return OK
    click.echo(made.token)
    until = "until you revoke it" if made.expires is None else f"until {local_time(made.expires)}"
    click.echo(
        f"webipy: The token {made.label!r} is valid {until}. It is shown this once: keep it as a password.", err=True
    )
    click.echo(f"webipy: Revoke it with: webipy token revoke {made.id[:8]}", err=True)
    return OK


async def show(client: Client, everybody: bool, as_json: bool) -> int:
    """Prints tokens.

    Args:
        client: The connection.
        everybody: Whether those of all people are listed.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    found = await client.call("token.list", token_calls.ListTokens(everybody=everybody), token_calls.TokenList)
    heads = ["ID", "NAME", *(["PERSON"] if everybody else []), "MAY", "EXPIRES", "LAST USED"]
    rows = [_row(one, everybody) for one in found.tokens]
    nothing = "There are no script tokens. Make one with: webipy token create NAME"
    print_list(found, as_json, heads, rows, len(heads) - 3, nothing)
    return OK


def _row(token: token_calls.Token, everybody: bool) -> list[str]:
    used = "never" if token.used is None else f"{local_time(token.used)} from {token.address or 'here'}"
    if token.connections:
        used = f"connected now ({token.connections})"
    expires = "never" if token.expires is None else local_time(token.expires)
    person = [token.person] if everybody else []
    return [
        token.id[:8],
        token.label,
        *person,
        limits(token.scopes),
        expires if token.is_valid else f"{expires} (over)",
        used,
    ]


def limits(scopes: Scopes) -> str:
    """The limits of a token in words."""
    found = ["read only"] if scopes.read else []
    found += [f"session {scopes.session[:8]}"] if scopes.session is not None else []
    found += [f"folder {scopes.folder}"] if scopes.folder is not None else []
    found += [" ".join(scopes.methods)] if scopes.methods else []
    return ", ".join(found) or "everything"


async def revoke(client: Client, name: str | None, as_json: bool, everybody: bool = False) -> int:
    """Revokes one token or all of them.

    Args:
        client: The connection.
        name: The name of a token, its id, or the start of its id; `None` for all.
        as_json: Whether to print JSON, too.
        everybody: Whether it may be anybody's token.

    Returns:
        The exit status.

    Raises:
        Unable: No token has this name or id, or several have.
    """
    if name is None:
        params = token_calls.RevokeToken(all=True)
    else:
        wanted = token_calls.ListTokens(everybody=everybody)
        found = (await client.call("token.list", wanted, token_calls.TokenList)).tokens
        matches = [one for one in found if one.id == name] or [
            one for one in found if one.label == name and one.is_valid
        ]
        matches = matches or [one for one in found if name and one.id.startswith(name)]
        if len(matches) != 1:
            many = "several are" if matches else "none is"
            whose, more = ("all", " --everybody") if everybody else ("your", "")
            raise Unable(f"Of {whose} script tokens {many} called {name!r}; list them with: webipy token list{more}")
        params = token_calls.RevokeToken(id=matches[0].id)
    revoked = await client.call("token.revoke", params, token_calls.RevokedTokens)
    if as_json:
        print_json(revoked)
    count = len(revoked.ended)
    what = "There was no token." if not count else f"Revoked: {count} token{'s' if count > 1 else ''}."
    click.echo(f"webipy: {what} Code that they started goes on.", err=True)
    return OK
