"""`webipy user`: the people who have an account on a server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TypeVar

import attrs
import click

from webipy.client.client import Client
from webipy.command.connecting import Target
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.lookup import Wrong
from webipy.command.page_links import reached, warn_if_local
from webipy.command.program import Unable
from webipy.command.terminal import local_time, print_json, print_list
from webipy.core import errors
from webipy.core.api import calls, user_calls
from webipy.core.api.calls import Result

R = TypeVar("R")


@attrs.define(frozen=True)
class Wanted:
    """The accounts that are to be made.

    Args:
        names: The names to sign in with.
        display_name: The name that others see; `None`: the same.
        role: What they are on the server.
        groups: Their groups.
        password: Their password; `None`: none yet.
    """

    names: tuple[str, ...]
    display_name: str | None
    role: str
    groups: tuple[str, ...]
    password: str | None = attrs.field(repr=False)


def password(from_stdin: bool, label: str = "Password") -> str:
    """A password, from the terminal or from the first line of standard input; never from the command line, which others can read.

    Args:
        from_stdin: Whether it comes by standard input.
        label: What the terminal asks for.

    Raises:
        Unable: There is no terminal to ask on, nothing came, or it is no text.
    """
    if from_stdin:
        try:
            given = sys.stdin.readline(user_calls.MAX_PASSWORD + 2).rstrip("\r\n")
            given.encode()
        except UnicodeError:
            raise Unable("The password on standard input is no text in UTF-8.") from None
        if not given:
            raise Unable("Standard input has no password.")
        return given
    if not sys.stdin.isatty():
        raise Unable("There is no terminal to ask for the password on; give it with --password-stdin.")
    return str(click.prompt(label, hide_input=True, err=True))


def new_password(from_stdin: bool) -> str:
    """A new password; a terminal asks twice.

    Args:
        from_stdin: Whether it comes by standard input.

    Raises:
        Unable: There is no terminal, nothing came, or the two differ.
    """
    given = password(from_stdin, "New password")
    if not from_stdin and password(from_stdin, "Once more") != given:
        raise Unable("The two passwords differ. Nothing was changed.")
    return given


async def _called(client: Client, method: str, params: dict[str, Any], kind: type[R]) -> R:
    """The result of a method that names an account.

    Raises:
        Wrong: There is no such account.
    """
    try:
        return await client.call(method, params, kind)
    except errors.NotFound as fault:
        raise Wrong(f"{fault.message.removesuffix('.')}; `webipy user list` lists them.") from None


class Invited(user_calls.Invitation, frozen=True, kw_only=True):
    """What `--invite --json` prints of each: the invitation, and whom it is for."""

    name: str


class InvitedList(Result, frozen=True, kw_only=True):
    """What `--invite --json` prints of several."""

    invitations: list[Invited]


async def add(client: Client, target: Target, wanted: Wanted, invited: bool, as_json: bool) -> int:
    """Makes accounts, and with `invited` prints their invitations. One that cannot be made keeps the others of several back no more than itself.

    Args:
        client: The connection.
        target: The server, as the user has named it.
        wanted: The accounts.
        invited: Whether their people choose a password by a link.
        as_json: Whether to print JSON.

    Returns:
        The exit status: `FAILED` when one of several could not be made.
    """
    if len(wanted.names) == 1:
        made = await _add(client, target, wanted, wanted.names[0], invited)
        return _print_added([made], as_json, False)
    found: list[user_calls.User | Invited] = []
    for name in wanted.names:
        try:
            found.append(await _add(client, target, wanted, name, invited))
        except (errors.InvalidParams, errors.AlreadyExists) as fault:
            click.echo(f"webipy: {name} was not added: {fault.message}", err=True)
        else:
            if isinstance(found[-1], Invited) and not as_json:
                click.echo(f"{found[-1].name}: {found[-1].url}")
    return max(_print_added(found, as_json, True), OK if len(found) == len(wanted.names) else FAILED)


async def _add(client: Client, target: Target, wanted: Wanted, name: str, invited: bool) -> user_calls.User | Invited:
    params = {
        "name": name,
        "display_name": wanted.display_name,
        "role": wanted.role,
        "groups": list(wanted.groups),
        "password": wanted.password,
    }
    try:
        made = await client.call("user.add", params, user_calls.User)
    except errors.AlreadyExists as fault:
        if fault.facts.get("kind") != "user":
            raise
        advice = f"`webipy user invite {name}` makes a link for a new password."
        raise errors.AlreadyExists(f"{fault.message} {advice}", **fault.facts) from None
    if not invited:
        return made
    return await _invited(client, target, made.id, made.name, user_calls.INVITATION_DAYS)


def _print_added(found: Sequence[user_calls.User | Invited], as_json: bool, are_several: bool) -> int:
    if as_json:
        several = InvitedList(invitations=[one for one in found if isinstance(one, Invited)])
        print_json(several if are_several else found[0])
    for one in found:
        if isinstance(one, user_calls.User):
            click.echo(f"webipy: {one.display_name} can sign in as {one.name} ({one.role}).", err=True)
        elif not as_json and not are_several:
            click.echo(one.url)
    links = [one for one in found if isinstance(one, Invited)]
    if links:
        until = local_time(links[0].expires)
        words = (
            f"Each link works once, until {until}. Send each to the person before it."
            if are_several
            else f"The link works once, until {until}. Send it to {links[0].name}."
        )
        click.echo(f"webipy: {words}", err=True)
        warn_if_local(links[0].url)
    return OK


async def show(client: Client, as_json: bool) -> int:
    """Prints the accounts.

    Args:
        client: The connection.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    found = await client.call("user.list", calls.Nothing(), user_calls.UserList)
    heads, rows = ["NAME", "SHOWN AS", "ROLE", "GROUPS", "STATE", "SIGNED IN"], [_row(one) for one in found.users]
    print_list(found, as_json, heads, rows, 1, "Nobody has an account. Make one with: webipy user add NAME")
    return OK


def _row(one: user_calls.User) -> list[str]:
    state = "disabled" if one.disabled else f"here ({one.connections})" if one.connections else ""
    if one.identity_provider is not None:
        state = f"{state} by {one.identity_provider.partition('://')[2]}".strip()
    elif not one.has_password:
        state = f"{state} no password".strip() if one.invited_until is None else f"{state} invited".strip()
    seen = "never" if one.signed_in is None else local_time(one.signed_in)
    return [one.name, one.display_name, one.role, ", ".join(one.groups), state, seen]


async def set_password(client: Client, name: str, given: str, as_json: bool) -> int:
    """Gives an account another password.

    Args:
        client: The connection.
        name: The name to sign in with, or the id.
        given: The password.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.
    """
    changed = {"user": name, "password": given}
    done = await _called(client, "user.set_password", changed, user_calls.PasswordChanged)
    if as_json:
        print_json(done)
    click.echo(f"webipy: {name} has the new password, and is signed out everywhere.", err=True)
    if done.tokens:
        many = "1 script token of theirs goes" if done.tokens == 1 else f"{done.tokens} script tokens of theirs go"
        how = "webipy token list --everybody shows the IDs, webipy token revoke --everybody ID ends one."
        click.echo(f"webipy: {many} on working: {how}", err=True)
    return OK


async def change(client: Client, name: str, done: str, as_json: bool, **changed: object) -> int:
    """Changes an account.

    Args:
        client: The connection.
        name: The name to sign in with, or the id.
        done: What is to be said of it, after the name.
        as_json: Whether to print JSON, too.
        changed: What changes, as `user.set` takes it.

    Returns:
        The exit status.
    """
    account = await _called(client, "user.set", {"user": name, **changed}, user_calls.User)
    if as_json:
        print_json(account)
    click.echo(f"webipy: {account.name} {done}.", err=True)
    return OK


async def regroup(client: Client, name: str, join: Sequence[str], leave: Sequence[str], as_json: bool) -> int:
    """Puts somebody into groups, and takes them out of others.

    Args:
        client: The connection.
        name: The name to sign in with, or the id.
        join: The names of the groups that they are in from now on.
        leave: The names of those that they are in no longer.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.

    Raises:
        Wrong: They are in no group that they are to leave. Nothing was changed.
    """
    listed = await client.call("user.list", calls.Nothing(), user_calls.UserList)
    before = next((one for one in listed.users if name in (one.id, one.name)), None)
    missing = [] if before is None else [group for group in leave if group not in before.groups]
    if before is not None and missing:
        theirs = f"theirs are: {', '.join(before.groups)}" if before.groups else "they are in none"
        raise Wrong(f"{before.name} is not in the group {missing[0]!r}; {theirs}. Nothing was changed.")
    params = {"user": name, "join": list(join), "leave": list(leave)}
    account = await _called(client, "user.set", params, user_calls.User)
    if as_json:
        print_json(account)
    groups = f"is in: {', '.join(account.groups)}" if account.groups else "is in no group"
    click.echo(f"webipy: {account.name} {groups}.", err=True)
    return OK


async def remove(client: Client, name: str, as_json: bool) -> int:
    """Removes an account.

    Args:
        client: The connection.
        name: The name to sign in with, or the id.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.
    """
    done = await _called(client, "user.remove", {"user": name}, calls.Done)
    if as_json:
        print_json(done)
    click.echo(f"webipy: {name} is removed, and signed out everywhere. What they have made stays.", err=True)
    return OK


async def invite(client: Client, target: Target, name: str, days: int, as_json: bool) -> int:
    """Prints the link of an invitation.

    Args:
        client: The connection.
        target: The server, as the user has named it.
        name: The name to sign in with, or the id.
        days: How long it counts.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    return _print_added([await _invited(client, target, name, name, days)], as_json, False)


async def _invited(client: Client, target: Target, account: str, name: str, days: int) -> Invited:
    made = await _called(client, "user.invite", {"user": account, "days": days}, user_calls.Invitation)
    url = await reached(client, target, made.url, None)
    return Invited(user=made.user, url=url, expires=made.expires, name=name)
