"""`webipy share`: links into a session, made, listed and revoked; and rights of people by name.

The link begins with the server's public URL; where it was told none, with the address that the command itself reached it at. Whoever is elsewhere
needs one that reaches it from there: through a proxy that speaks HTTPS (`--public-url`), or a tunnel.
"""

from __future__ import annotations

import attrs
import click

from webipy.client.client import Client
from webipy.command.connecting import Target
from webipy.command.escapes import Escapes
from webipy.command.exit_statuses import OK
from webipy.command.lookup import Wrong, find_session, the_session
from webipy.command.page_links import reached, warn_if_local
from webipy.command.paths import path_below_root
from webipy.command.program import Unable
from webipy.command.terminal import local_time, print_json, table
from webipy.core import errors
from webipy.core.api import calls, people_calls, right_calls
from webipy.core.api.access import Right

RIGHTS: dict[str, Right] = {"view": "read", "edit": "write", "run": "execute"}
WORDS: dict[str, str] = {right: f"can {word}" for word, right in RIGHTS.items()} | {"own": "can manage"}


@attrs.define(frozen=True)
class Share:
    """What is wanted.

    Args:
        session: The session, as the user named it.
        can: The right of the link: a key of `RIGHTS`.
        days: How long it counts.
        label: For whom it is meant; empty for nobody in particular.
    """

    session: str
    can: str
    days: int
    label: str
    as_json: bool


async def make(client: Client, target: Target, wanted: Share) -> int:
    """Prints a new link; a notebook that is not open is opened for it.

    Args:
        client: The connection.
        target: The server.
        wanted: The session, the right and the time of the link.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such session or notebook.
    """
    session = await find_session(client, wanted.session) or await _opened(client, wanted.session)
    params = people_calls.LinkSession(session=session.id, verb=RIGHTS[wanted.can], days=wanted.days, label=wanted.label)
    made = await client.call("share.link", params, people_calls.ShareLink)
    link = await reached(client, target, made.url, session.id)
    if wanted.as_json:
        print_json(people_calls.ShareLink(share=made.share, url=link, expires=made.expires))
        return OK
    click.echo(link)
    if RIGHTS[wanted.can] == "execute":
        click.echo(
            "webipy: Whoever has this link can run any code as you, and can read and change all your files.", err=True
        )
    click.echo(f"webipy: Revoke the link with: webipy share {session.id} --revoke {made.share}", err=True)
    warn_if_local(link)
    return OK


async def _opened(client: Client, name: str) -> calls.Session:
    path = await path_below_root(client, name)
    try:
        return await client.call("session.create", calls.CreateSession(path=path), calls.Session)
    except errors.NotFound:
        raise Wrong(f"There is no session {name!r}, and no such notebook below the root of the server.") from None


class Shared(people_calls.ShareList, frozen=True, kw_only=True):
    """What `webipy share --list --json` prints: the links of a session, and the rights by name."""

    rights: list[right_calls.GivenRight]


async def show(client: Client, name: str, as_json: bool) -> int:
    """Prints who else can open something: the links of a session, and the rights that were given by name there and in the folders above.

    Args:
        client: The connection.
        name: The session, or the path of a notebook, another file or a folder, as the user has typed it.
        as_json: Whether to print JSON.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such session, file or folder, or there are several sessions.
    """
    session = await find_session(client, name)
    shares = people_calls.ShareList(shares=[])
    if session is not None:
        shares = await client.call("share.list", calls.OfSession(session=session.id), people_calls.ShareList)
        place = right_calls.AtPlace(session=session.id)
    else:
        place = right_calls.AtPlace(path=await path_below_root(client, name))
    try:
        rights = (await client.call("right.list", place, right_calls.RightList)).rights
    except errors.NotFound:
        raise _nothing(name) from None
    if as_json:
        print_json(Shared(shares=shares.shares, rights=rights))
        return OK
    tables = []
    if shares.shares:
        heads = ["ID", "RIGHT", "FOR", "UNTIL", "CAME BY IT"]
        tables.append(table(heads, [_row(share) for share in shares.shares], 4))
    if rights:
        tables.append(table(["NAME", "RIGHT", "GIVEN BY", "WHERE"], [_right_row(right) for right in rights], 3))
    if tables:
        click.echo("\n\n".join(tables))
    else:
        click.echo("webipy: It is shared with nobody, neither by a link nor by name.", err=True)
    return OK


def _row(share: people_calls.Share) -> list[str]:
    names = ", ".join(one.name for one in share.guests)
    return [share.id, WORDS[share.verb], share.label, local_time(share.expires), names]


def _right_row(right: right_calls.GivenRight) -> list[str]:
    name = {"everybody": "everybody", "group": f"group:{right.name}"}.get(right.kind, right.name)
    where = "own folder" if right.is_home else "here" if not right.is_inherited else right.path or "the whole root"
    return [name, WORDS.get(right.verb, right.verb), right.by, where]


def _whom(kind: right_calls.WhomKind, name: str) -> str:
    words = {"everybody": "Everybody with an account", "group": f"Whoever is in the group {name}"}.get(kind, name)
    return Escapes(False).clean(words)


def _nothing(name: str) -> Wrong:
    return Wrong(f"There is no session {name!r}, and no such file or folder below the root of the server.")


async def give(client: Client, name: str, whom: str, may: str, as_json: bool) -> int:
    """Gives somebody a right by name, or takes it away.

    Args:
        client: The connection.
        name: The session, or the path of a notebook or folder, as the user has typed it.
        whom: The name of an account, `group:NAME`, or `everybody`.
        may: The right: a key of `RIGHTS`, `own` or `nothing`.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such session, file or folder, or nobody of that name.
    """
    session = await find_session(client, name)
    path = None if session is not None else await path_below_root(client, name)
    kind: right_calls.WhomKind = "account"
    if whom == "everybody":
        kind, whom = "everybody", ""
    elif whom.startswith("group:"):
        kind, whom = "group", whom.removeprefix("group:")
    place = {"session": None if session is None else session.id, "path": path, "kind": kind, "whom": whom}
    try:
        if may == "nothing":
            await client.call("right.revoke", right_calls.OfWhom(**place), calls.Done)  # type: ignore[arg-type]
            click.echo(
                "webipy: The right has ended, also for pages that are open. Code that they started goes on.", err=True
            )
            return OK
        verb: right_calls.GivenVerb = "own" if may == "own" else RIGHTS[may]
        given = await client.call("right.grant", right_calls.GiveRight(verb=verb, **place), right_calls.GivenRight)  # type: ignore[arg-type]
    except errors.NotFound as fault:
        raise Wrong(fault.message) from None
    if as_json:
        print_json(given)
    click.echo(
        f"webipy: {_whom(kind, given.name)} {'owns' if verb == 'own' else WORDS[verb]} it from now on.", err=True
    )
    if kind == "group":
        groups = (await client.call("right.people", calls.Nothing(), right_calls.PeopleAndGroups)).groups
        if given.name not in groups:
            known = f"Groups are: {', '.join(groups)}." if groups else "There is no group yet."
            click.echo(f"webipy: Nobody is in the group {given.name!r} yet. {known}", err=True)
    if verb in ("execute", "own"):
        click.echo("webipy: Who may run code there can read and change all files of the user of this server.", err=True)
    return OK


async def revoke(client: Client, name: str, share: str, as_json: bool) -> int:
    """Revokes a link.

    Args:
        client: The connection.
        name: The session, as the user has typed it.
        share: The id of the link, or the start of it.
        as_json: Whether to print JSON, too.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such session, or there are several.
        Unable: No link, or several, begin so.
    """
    session = await the_session(client, name)
    found = await client.call("share.list", calls.OfSession(session=session.id), people_calls.ShareList)
    matches = [one.id for one in found.shares if share and one.id.startswith(share)]
    if len(matches) != 1:
        many = "several links begin" if matches else "there is no link that begins"
        raise Unable(f"In this session {many} with {share!r}; list them with: webipy share {name} --list")
    try:
        await client.call("share.revoke", people_calls.OfShare(session=session.id, share=matches[0]), calls.Done)
    except errors.NotFound:
        pass  # somebody else was faster, which comes to the same
    if as_json:
        print_json(people_calls.OfShare(session=session.id, share=matches[0]))
    click.echo("webipy: The link is revoked, and its guests are signed out. Code that they started goes on.", err=True)
    return OK
