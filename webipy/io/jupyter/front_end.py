"""The routes that front ends ask beside kernels and files: who the user is, what the API is, where a path is, and the end of the server.

Source: jupyter_server 2.21, services/api, services/shutdown, services/security (REST API).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import calls, file_calls
from webipy.core.api.file_calls import File
from webipy.io.jupyter.kernels import having, with_kernels
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route

REPORT_CHARACTERS: Final = 2000
"""What the log gets of a report of a browser."""

_BAD_PERMISSIONS: Final = 'permissions should be a JSON dict of {"resource": ["action",]}'


class FrontEnd(msgspec.Struct, eq=False):
    """What front ends ask.

    Args:
        root: The root, an absolute path of this machine.
        home: The home folder of whoever runs the server, an absolute path of this machine: tracebacks write it as `~`.
        stop: Stops the server.
        described: Returns all routes.
    """

    root: str
    home: str
    stop: Callable[[], None]
    described: Callable[[], Sequence[Route]]
    _log = Logger()

    async def me(self, asked: Asked) -> Answer:
        """Who asks, and which of some actions they may do: whoever gets here may do all.

        Raises:
            Refusal: 400, the permissions that are asked for are malformed.
        """
        given = asked.query("permissions")
        try:
            wanted = msgspec.json.decode(given or "{}", type=dict[str, list[str]])
        except (msgspec.DecodeError, RecursionError):
            raise Refusal(400, f"{_BAD_PERMISSIONS}, got {(given or '')[:200]!r}") from None
        name = asked.connection.name or "owner"
        initials = "".join(word[0] for word in name.split())[:2].upper()
        identity = {
            "username": name,
            "name": name,
            "display_name": name,
            "initials": initials,
            "avatar_url": None,
            "color": None,
        }
        return Answer({"identity": identity, "permissions": {**wanted, "updatable_fields": []}})

    async def change_me(self, asked: Asked) -> Answer:
        """Refuses: the name is an option of the server.

        Raises:
            Refusal: 501, always.
        """
        raise Refusal(501, "The name that others see is set where the server starts: --display-name NAME.")

    async def specification(self, asked: Asked) -> Answer:
        """All routes as an OpenAPI document (Swagger 2.0); JSON, which is YAML, too."""
        paths: dict[str, Any] = {}
        for route in self.described():
            methods = {
                method.lower(): {
                    "summary": (function.__doc__ or "").strip().partition("\n")[0],
                    "responses": {"default": {"description": "See the documentation of Jupyter Server's REST API."}},
                }
                for method, function in route.functions.items()
            }
            paths[route.path.replace("...}", "}")] = methods
        info = await asked.ask("server.info", calls.Nothing(), calls.ServerInfo)
        document = {
            "swagger": "2.0",
            "info": {"title": "Jupyter Server API of webipy", "version": info.version},
            "paths": paths,
        }
        return Answer(body=msgspec.json.encode(document), content_type="text/x-yaml")

    async def resolve_path(self, asked: Asked) -> Answer:
        """Where a path of this machine is below the root.

        Raises:
            Refusal: 400, there is no path.
        """
        path, kernel = asked.query("path"), asked.query("kernel")
        if path is None:
            raise Refusal(400, "Missing argument path")
        if path == "~" or path.startswith("~/"):
            path = self.home + path[1:]
        found = await self._below(asked, path)
        answer: dict[str, Any] = {"resolved": [] if found is None else [{"scope": "server", "path": found}]}
        if kernel:
            folder = await _folder_of(asked, kernel)
            if folder is None:
                answer["unresolved"] = [{"scope": "kernel", "reason": f"Kernel {kernel[:64]} could not be found"}]
            elif await self._below(asked, place := posixpath.normpath(posixpath.join(folder, path))) is not None:
                answer["resolved"].append({"scope": "kernel", "path": place})
        return Answer(answer)

    async def _below(self, asked: Asked, path: str) -> str | None:
        """The path of a file below the root; `None` for what is not there."""
        plain = posixpath.normpath(path)
        if plain.startswith("/"):
            root = self.root.rstrip("/")
            if plain != root and not plain.startswith(f"{root}/"):
                return None
            plain = plain[len(root) :]
        try:
            return (await asked.ask("file.stat", file_calls.OfFile(path=plain.strip("/").removeprefix(".")), File)).path
        except errors.Failure:
            return None

    async def report(self, asked: Asked) -> Answer:
        """Logs what a browser reports: that a page has tried what its policy forbids."""
        report = asked.raw_body()[:REPORT_CHARACTERS].decode("utf-8", "replace")
        self._log.warn("a browser reports: {report}", report=report)
        return Answer(body=b"")

    async def shut_down(self, asked: Asked) -> Answer:
        """Stops the server, when the answer is sent; kernels live on, and the next server finds them."""
        asked.request.notifyFinish().addBoth(lambda _: self.stop())
        return Answer(body=b"")


async def _folder_of(asked: Asked, kernel: str) -> str | None:
    """The folder that a kernel was started in; `None` when there is no such kernel."""
    found = having(await with_kernels(asked), kernel)
    return None if found is None else found.cwd


def routes(front_end: FrontEnd) -> list[Route]:
    """The routes.

    Args:
        front_end: What answers.
    """
    return [
        Route("/api/me", {"GET": front_end.me, "PATCH": front_end.change_me}, method=""),
        Route("/api/spec.yaml", {"GET": front_end.specification}),
        Route("/api/resolvePath", {"GET": front_end.resolve_path}, method=""),
        Route("/api/security/csp-report", {"POST": front_end.report}),
        Route("/api/shutdown", {"POST": front_end.shut_down}),
    ]
