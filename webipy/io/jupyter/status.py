"""The routes that tell of the server: `/api` and `/api/status`.

Source: jupyter_server 2.21, REST API.
"""

from __future__ import annotations

from collections.abc import Callable

from webipy.core.api import calls
from webipy.io.jupyter.routes import Answer, Asked, Route


async def version(asked: Asked) -> Answer:
    """The version of webipy; everybody may ask."""
    found = await asked.ask("server.info", calls.Nothing(), calls.ServerInfo)
    return Answer({"version": found.version})


def routes(sockets: Callable[[], int]) -> list[Route]:
    """The routes.

    Args:
        sockets: Returns how many sockets of Jupyter clients are open.
    """

    async def status(asked: Asked) -> Answer:
        """When the server started, when something last happened, and how many kernels and connections there are."""
        server = await asked.ask("server.info", calls.Nothing(), calls.ServerInfo)
        sessions = (await asked.ask("session.list", calls.Nothing(), calls.SessionList)).sessions
        kernels = [one for one in sessions if one.kernel is not None and one.kernel.state != "dead"]
        last = max([server.started or "", *(one.last_activity for one in sessions)])
        return Answer(
            {"started": server.started, "last_activity": last, "kernels": len(kernels), "connections": sockets()}
        )

    return [Route("/api", {"GET": version}, "none"), Route("/api/status", {"GET": status})]
