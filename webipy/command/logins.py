"""`webipy logins`: the browsers that are signed in, listed and signed out."""

from __future__ import annotations

import click

from webipy.client.client import Client
from webipy.command.exit_statuses import OK
from webipy.command.program import Unable
from webipy.command.terminal import local_time, print_json, print_list
from webipy.core.api import calls, login_calls


async def show(client: Client, as_json: bool) -> int:
    """Prints the browsers that are signed in.

    Args:
        client: The connection.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    found = await client.call("login.list", calls.Nothing(), login_calls.LoginList)
    heads, rows = ["ID", "WHO", "BROWSER", "FROM", "SINCE", "LAST USED"], [_row(login) for login in found.logins]
    print_list(found, as_json, heads, rows, 2, "No browser is signed in. Sign one in with: webipy open")
    return OK


def _row(login: login_calls.Login) -> list[str]:
    used = f"open now ({login.connections})" if login.connections else local_time(login.used)
    return [login.id[:8], login.name, login.where, login.address, local_time(login.since), used]


async def revoke(client: Client, login: str | None, as_json: bool) -> int:
    """Signs one browser or all browsers out.

    Args:
        client: The connection.
        login: The id of a login, or the start of one; `None` for all.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.

    Raises:
        Unable: No login, or several, begin so.
    """
    if login is None:
        params = login_calls.RevokeLogin(all=True)
    else:
        found = await client.call("login.list", calls.Nothing(), login_calls.LoginList)
        matches = [one.id for one in found.logins if login and one.id.startswith(login)]
        if len(matches) != 1:
            many = "several logins begin" if matches else "no login begins"
            raise Unable(f"Of the browsers that are signed in, {many} with {login!r}; list them with: webipy logins")
        params = login_calls.RevokeLogin(id=matches[0])
    revoked = await client.call("login.revoke", params, login_calls.Revoked)
    if as_json:
        print_json(revoked)
    count = len(revoked.ended)
    what = "No browser was signed in." if not count else f"Signed out: {count} browser{'s' if count > 1 else ''}."
    click.echo(f"webipy: {what} Code that they started goes on.", err=True)
    return OK
