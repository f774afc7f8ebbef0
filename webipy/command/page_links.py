"""Addresses of pages that commands print: as whoever gets them reaches the server."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import click

from webipy.client.client import Client
from webipy.command.connecting import Target
from webipy.core.api import calls


async def reached(client: Client, target: Target, url: str, session: str | None) -> str:
    """An address that the server has made, as it is reached.

    A server that was told a public URL has made it with that. Otherwise it begins with the address that the command itself reached the server at:
    through a tunnel, the server's own name for itself would lead nowhere.

    Args:
        client: The connection.
        target: The server.
        url: The address as the server has made it.
        session: The id of the session whose page it is; `None` for the start page.
    """
    about = await client.call("server.info", calls.Nothing(), calls.ServerInfo)
    if about.public_url is not None:
        return url
    page = f"s/{session}" if session is not None else ""
    return f"{target.find().url}/{page}#{urlsplit(url).fragment}"


def warn_if_local(url: str) -> None:
    """Says on standard error that an address leads others nowhere, when its host is this machine for whoever opens it.

    Args:
        url: An address that is meant for somebody else.
    """
    if not _is_loopback(urlsplit(url).hostname or ""):
        return
    click.echo(
        "webipy: This address works on this machine alone. To let others in, start the server with --lan (in your network)"
        " or with --public-url (behind a proxy); docs/deploying.md shows both.",
        err=True,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost" or host.endswith(".localhost")
