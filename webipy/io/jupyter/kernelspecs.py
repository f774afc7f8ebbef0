"""The routes of kernelspecs: `/api/kernelspecs`, and the files beside a kernelspec at `/kernelspecs`.

A logo is a file of a package and may be an SVG with scripts: it goes out as files do (webipy.io.web.files_resource), under a policy that lets
nothing in it run as our page. No file outside the folder of the kernelspec is reached.

Source: jupyter_server 2.21, REST API; "Making kernels for Jupyter", kernel specs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

import msgspec
from twisted.internet.defer import Deferred

from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.media_types import MediaTypes
from webipy.io.reactor import Run
from webipy.io.web.files_resource import POLICY
from webipy.io.web.requests import credential
from webipy.server.people.logins import TOKEN_LOGIN
from webipy.server.ports.kernels import Specs

MAX_RESOURCE_BYTES: Final = 16 * 1024 * 1024
"""A larger file beside a kernelspec is not served: logos have some kilobytes."""

_TYPES: Final = MediaTypes()
KEPT: Final = "private, max-age=2592000"
"""For how long a browser keeps a logo, as Jupyter Server says: 30 days."""

_SCRIPTS: Final = ("kernel.js", "kernel.css")


class Kernelspecs(msgspec.Struct, eq=False):
    """The kernelspecs of this machine.

    Args:
        specs: The installed kernelspecs.
        run: Runs a function that blocks in a thread.
    """

    specs: Callable[[], Deferred[Specs]]
    run: Run

    async def list_all(self, asked: Asked) -> Answer:
        """All kernelspecs that can be started, and the name of the default one."""
        specs = await self.specs()
        found = list(specs.found.values())
        names = await self.run(lambda: [_resources(spec.resource_dir) for spec in found])
        token = shown_token(asked)
        models = {spec.name: _model(spec, files, asked.base, token) for spec, files in zip(found, names, strict=True)}
        return Answer({"default": specs.default or "", "kernelspecs": models})

    async def get(self, asked: Asked) -> Answer:
        """One kernelspec."""
        spec = await self._spec(asked.parts["name"])
        names = await self.run(lambda: _resources(spec.resource_dir))
        return Answer(_model(spec, names, asked.base, shown_token(asked)))

    async def resource(self, asked: Asked) -> Answer:
        """A file beside a kernelspec.

        Raises:
            Refusal: 404, there is none.
        """
        spec, path = await self._spec(asked.parts["name"]), asked.parts["path"]
        body = await self.run(lambda: _read(spec.resource_dir, path))
        if body is None:
            raise Refusal(404, f"Kernel spec resource not found: {path[:200]}")
        kind = _TYPES.of(path) or "application/octet-stream"
        kept = {"Cache-Control": KEPT} if path.endswith(".png") else {}
        return Answer(body=body, content_type=kind, headers={"Content-Security-Policy": POLICY.decode(), **kept})

    async def _spec(self, name: str) -> Kernelspec:
        known = (await self.specs()).found
        found = known.get(name) or known.get(name.lower())
        if found is None:
            raise Refusal(404, f"Kernel spec {name[:200]} not found")
        return found


def shown_token(asked: Asked) -> str:
    """The lab token of a request as a query, since the browser itself fetches the logos that a page of JupyterLab shows; empty for all others."""
    principal = asked.connection.principal
    token = (credential(asked.request, "authorization") or "").partition(" ")[2]
    is_page = principal is not None and principal.login != TOKEN_LOGIN and principal.token is None
    return f"?token={token}" if token and is_page else ""


def _model(spec: Kernelspec, files: Sequence[str], base: str, query: str) -> dict[str, object]:
    """A kernelspec as clients read it.

    Args:
        spec: The kernelspec.
        files: The files beside it that have a name of their own.
        base: The base URL without the slash at its end.
        query: What is appended to the addresses of files.
    """
    place = f"{base}/kernelspecs/{quote(spec.name)}/"
    return {
        "name": spec.name,
        "spec": {
            "argv": spec.argv,
            "env": spec.env,
            "display_name": spec.display_name,
            "language": spec.language,
            "interrupt_mode": spec.interrupt_mode,
            "metadata": spec.metadata,
        },
        "resources": {
            (file if file in _SCRIPTS else file.rpartition(".")[0]): place + quote(file) + query for file in files
        },
    }


def _resources(folder: str) -> list[str]:
    """The logos, and what else a kernelspec has for a page."""
    try:
        names = sorted(os.listdir(folder)) if folder else []
    except OSError:
        return []
    return [name for name in names if name in _SCRIPTS or (name.startswith("logo-") and "." in name)]


def _read(folder: str, path: str) -> bytes | None:
    """A file in a folder; `None` for what is not there, is outside of it, or is too large."""
    if not folder or "\0" in path:
        return None
    inside = os.path.realpath(folder)
    wanted = os.path.realpath(os.path.join(inside, path))
    if not wanted.startswith(inside + os.sep) or not os.path.isfile(wanted):
        return None
    try:
        with open(wanted, "rb") as file:
            body = file.read(MAX_RESOURCE_BYTES + 1)
    except OSError:
        return None
    return body if len(body) <= MAX_RESOURCE_BYTES else None


def routes(specs: Callable[[], Deferred[Specs]], run: Run) -> list[Route]:
    """The routes.

    Args:
        specs: The installed kernelspecs.
        run: Runs a function that blocks in a thread.
    """
    found = Kernelspecs(specs, run)
    return [
        Route("/api/kernelspecs", {"GET": found.list_all}, method="kernelspec.list", is_narrow=True),
        Route("/api/kernelspecs/{name}", {"GET": found.get}, method="kernelspec.list", is_narrow=True),
        Route("/kernelspecs/{name}/{path...}", {"GET": found.resource}, method="kernelspec.list", is_narrow=True),
    ]
