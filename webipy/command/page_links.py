"""Addresses of pages that commands print: as whoever gets them reaches the server."""

from __future__ import annotations

from urllib.parse import urlsplit

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
