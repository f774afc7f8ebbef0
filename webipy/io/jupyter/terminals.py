"""The routes of terminals: `/api/terminals`, and the WebSocket of each.

Source: jupyter_server_terminals 0.5, REST API. A terminal whose shell has ended is none any more, as Jupyter Server forgets it.
"""

from __future__ import annotations

import os

import msgspec

from webipy.core import errors
from webipy.core.api import calls, terminal_calls
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.jupyter.terminal_sockets import TerminalSockets
from webipy.io.web.websocket import RpcFactory


class _New(msgspec.Struct, frozen=True):
    name: str | None = None
    cwd: str | None = None


def _model(terminal: terminal_calls.Terminal) -> dict[str, object]:
    return {"name": terminal.id, "last_activity": terminal.last_activity}


async def _all(asked: Asked) -> list[terminal_calls.Terminal]:
    """The terminals whose shell runs.

    Raises:
        Refusal: 404, terminals are switched off.
    """
    found = await asked.ask("terminal.list", calls.Nothing(), terminal_calls.TerminalList)
    if not found.enabled:
        raise Refusal(404, "Terminals are switched off on this server.")
    return [one for one in found.terminals if one.ended is None]


async def list_all(asked: Asked) -> Answer:
    """All terminals."""
    return Answer([_model(one) for one in await _all(asked)])


async def create(asked: Asked) -> Answer:
    """A new one; its folder is absolute, or relative to the root. Where there is none of that name below the root, it starts in the root.

    Raises:
        Refusal: 400, the name cannot be one; 404, terminals are switched off.
    """
    await _all(asked)
    wanted = asked.body(_New)
    server = await asked.ask("server.info", calls.Nothing(), calls.ServerInfo)
    folder = wanted.cwd or ""
    if os.path.isabs(folder):
        folder = os.path.relpath(folder, server.root or "/")
    fields = {"id": wanted.name, "folder": folder}
    try:
        params = msgspec.convert(fields, terminal_calls.CreateTerminal)
    except msgspec.ValidationError as fault:
        raise Refusal(400, f"The terminal cannot be named {str(wanted.name)[:100]!r}: {fault}.") from None
    try:
        made = await asked.ask("terminal.create", params, terminal_calls.Terminal)
    except errors.InvalidParams as fault:
        if fault.facts.get("field") != "folder":
            raise
        in_root = msgspec.structs.replace(params, folder="")
        made = await asked.ask("terminal.create", in_root, terminal_calls.Terminal)
    return Answer(_model(made))


async def get(asked: Asked) -> Answer:
    """One of them.

    Raises:
        Refusal: 404, there is none of that name.
    """
    name = asked.parts["name"]
    found = next((one for one in await _all(asked) if one.id == name), None)
    if found is None:
        raise Refusal(404, f"Terminal not found: {name[:100]}")
    return Answer(_model(found))


async def delete(asked: Asked) -> Answer:
    """Closes one.

    Raises:
        Refusal: 404, there is none of that name.
    """
    await get(asked)
    await asked.ask("terminal.close", terminal_calls.OfTerminal(terminal=asked.parts["name"]), calls.Done)
    return Answer(status=204)


def routes(clients: RpcFactory) -> list[Route]:
    """The routes.

    Args:
        clients: All sockets of Jupyter clients.
    """
    return [
        Route("/api/terminals", {"GET": list_all, "POST": create}, method=""),
        Route("/api/terminals/{name}", {"GET": get, "DELETE": delete}, method=""),
        Route("/terminals/websocket/{name}", {}, method="", upgrade=TerminalSockets(clients, get).upgrade),
    ]
