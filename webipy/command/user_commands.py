"""The command line of `webipy user`, `webipy login` and `webipy logout`; what they do is in webipy.command.users and webipy.command.signing_in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from webipy.command.connecting import Target, checked_fingerprint, checked_url, run
from webipy.command.options import json_option, server_options
from webipy.command.program import Program

if TYPE_CHECKING:
    from webipy.client.client import Client

ROLES = ("admin", "member", "viewer")
MAX_DAYS = 90
"""As in webipy.core.api.user_calls, which is not imported here: it takes a while."""

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, without asking."
)


@click.group(cls=Program)
def user() -> None:
    """Add and manage the people who sign in to this server by name.

    \b
    A group on one server:
      webipy user add ada --role admin --invite
      webipy user add bo --name 'Bo Diaz' --group lab --invite
      webipy user add cy dana eli --group 'class 7b' --invite
      webipy user group bo --add 'class 7b'
      webipy user list
    """


@user.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--name", "display_name", metavar="TEXT", help="The name that others see. [default: NAME]")
@click.option("--role", type=click.Choice(ROLES), default="member", show_default=True, help="What they may do.")
@click.option("--group", "groups", metavar="GROUP", multiple=True, help="A group. Can be given more than once.")
@click.option("--invite", is_flag=True, help="Print a link by which they choose their password themselves.")
@password_option
@json_option
@server_options
def add(
    target: Target,
    names: tuple[str, ...],
    display_name: str | None,
    role: str,
    groups: tuple[str, ...],
    invite: bool,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add somebody who signs in as NAME.

    Asks for the password on the terminal, twice. With --invite it asks for none: send the link to them; several people can be added so at once,
    and each line has a name and its link. An admin may do everything that you may, and so everything that the user of the server can.

    \b
    Examples:
      webipy user add ada --role admin
      webipy user add bo --invite
      webipy user add bo cy dana --group lab --invite > links.txt
      webipy user add cy --password-stdin < password.txt
    """
    from webipy.command import users

    if invite and password_stdin:
        raise click.UsageError("--invite and --password-stdin cannot be used together.")
    if len(names) > 1 and display_name is not None:
        raise click.UsageError("--name is the name of one person; add each alone, or leave it out.")
    if len(names) > 1 and not invite:
        raise click.UsageError("Several people cannot have one password; with --invite each chooses their own.")
    target.find()
    wanted = users.Wanted(names, display_name, role, groups, None if invite else users.new_password(password_stdin))

    async def command(client: Client) -> int:
        return await users.add(client, target, wanted, invite, as_json)

    run(target, command)


@user.command("list")
@json_option
@server_options
def list_users(target: Target, as_json: bool) -> None:
    """List the people who have an account."""

    async def command(client: Client) -> int:
        from webipy.command import users

        return await users.show(client, as_json)

    run(target, command)


@user.command()
@click.argument("name")
@password_option
@json_option
@server_options
def passwd(target: Target, name: str, password_stdin: bool, as_json: bool) -> None:
    """Give somebody another password. They are signed out everywhere at once."""
    from webipy.command import users

    target.find()
    password = users.new_password(password_stdin)

    async def command(client: Client) -> int:
        return await users.set_password(client, name, password, as_json)

    run(target, command)


def _change(target: Target, name: str, done: str, as_json: bool, **change: object) -> None:
    async def command(client: Client) -> int:
        from webipy.command import users

        return await users.change(client, name, done, as_json, **change)

    run(target, command)


@user.command()
@click.argument("name")
@json_option
@server_options
def disable(target: Target, name: str, as_json: bool) -> None:
    """Keep somebody out: they are signed out everywhere at once. What they have made stays."""
    _change(target, name, "is disabled, and signed out everywhere", as_json, disabled=True)


@user.command()
@click.argument("name")
@json_option
@server_options
def enable(target: Target, name: str, as_json: bool) -> None:
    """Let somebody in again who was disabled."""
    _change(target, name, "can sign in again", as_json, disabled=False)


@user.command()
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@json_option
@server_options
def role(target: Target, name: str, role: str, as_json: bool) -> None:
    """Make somebody an admin, a member or a viewer."""
    _change(target, name, f"is {'an' if role == 'admin' else 'a'} {role} now", as_json, role=role)


@user.command()
@click.argument("name")
@click.option(
    "--add", "join", metavar="GROUP", multiple=True, help="Put them into a group. Can be given more than once."
)
@click.option(
    "--remove", "leave", metavar="GROUP", multiple=True, help="Take them out of a group. Can be given more than once."
)
@json_option
@server_options
def group(target: Target, name: str, join: tuple[str, ...], leave: tuple[str, ...], as_json: bool) -> None:
    """Put somebody into groups, or take them out.

    What is shared with a group counts for them at once, or not any longer.
    A group is there as long as somebody is in it; `webipy user list` shows who is in which.

    \b
    Examples:
      webipy user group bo --add lab
      webipy user group bo --add 'class 7b' --remove 'class 7a'
    """
    if not (join or leave):
        raise click.UsageError("Say what changes: --add GROUP or --remove GROUP.")

    async def command(client: Client) -> int:
        from webipy.command import users

        return await users.regroup(client, name, join, leave, as_json)

    run(target, command)


@user.command()
@click.argument("name")
@json_option
@server_options
def remove(target: Target, name: str, as_json: bool) -> None:
    """Remove somebody. They are signed out everywhere at once; what they have made stays."""

    async def command(client: Client) -> int:
        from webipy.command import users

        return await users.remove(client, name, as_json)

    run(target, command)


@user.command()
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, MAX_DAYS), default=7, show_default=True, help="Number of days that the link works."
)
@json_option
@server_options
def invite(target: Target, name: str, days: int, as_json: bool) -> None:
    """Print a link by which somebody chooses a password.

    It works once. Whoever has forgotten their password gets one, too: the old password counts until they have chosen a new one.
    """

    async def command(client: Client) -> int:
        from webipy.command import users

        return await users.invite(client, target, name, days, as_json)

    run(target, command)


# ---- this command line ---------------------------------------------------------------------------------------------


@click.command()
@click.argument("url")
@click.option("--user", "name", metavar="NAME", help="The name to sign in with, without asking.")
@click.option(
    "--code", "by_code", is_flag=True, help="Ask for a code of the page (Your account) in place of a password."
)
@click.option("--fingerprint", metavar="SHA256", help="The certificate that alone is right, as the server prints it.")
@password_option
def login(url: str, name: str | None, by_code: bool, fingerprint: str | None, password_stdin: bool) -> None:
    """Sign this command line in to the server at URL.

    You need an account there. Afterwards every command works there with --url URL. The login is kept in a file that only you can read
    (~/.config/webipy/logins), for 90 days from its last use; `webipy logout` ends it.

    \b
    Examples:
      webipy login https://lab.example.org/
      webipy login https://lab.example.org/ --code
      webipy ls --url https://lab.example.org/
    """
    from webipy.command import signing_in, users

    if by_code and (password_stdin or name is not None):
        raise click.UsageError("--code needs neither a name nor a password.")
    where, pinned = checked_url(url), checked_fingerprint(fingerprint)
    signing_in.check_reach(where)
    signing_in.check_server(where, pinned, by_code)
    if by_code:
        form = {"code": click.prompt("Code", err=True).strip()}
    else:
        account = name if name is not None else click.prompt("Name", err=True)
        form = {"account": account, "password": users.password(password_stdin)}
    raise SystemExit(signing_in.login(where, form, pinned))


@click.command()
@click.argument("url", required=False)
def logout(url: str | None) -> None:
    """Sign this command line out of the server at URL.

    Without URL it is the only server that it is signed in to.
    """
    from webipy.command import signing_in

    raise SystemExit(signing_in.logout(None if url is None else checked_url(url)))
