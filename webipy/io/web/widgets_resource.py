"""`/widgets/SESSION`: the JavaScript that draws the widgets of a session, from the packages of its kernel's environment.

    GET /widgets/SESSION?module=NAME           where the module may be: a JSON array (webipy.io.kernels.widget_packages.Source)
    GET /widgets/SESSION/nbextensions/NAME/…   a file of a package; so is /widgets/SESSION/labextensions/NAME/…

Who may read the session may read this, guests by a link of that session too: packages are no secret, and without them its widgets cannot be
shown. Nothing else of the machine can be read by it. The page hands what it gets to the sealed frame of the widget; itself it runs none of it,
and the answer has a policy by which no browser does. ETag is the SHA-256 of the content.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
from twisted.python.failure import Failure

from webipy.core.api.token_scopes import Touched
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.kernels import widget_packages
from webipy.io.reactor import Run
from webipy.io.web.files_resource import POLICY, etag_header, names_etag
from webipy.io.web.paced_responses import send
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import PageRequest, ReadResource

EnvironmentOf = Callable[[str], Awaitable[tuple[Kernelspec | None, Mapping[str, str]]]]


class WidgetsResource(ReadResource):
    """`/widgets`.

    Args:
        auth: Reads who sends a request.
        environment_of: The kernelspec and the variables of a session, by its id; raises errors.NotFound for one that is not open.
        run: Runs a function that blocks in a thread.
    """

    def __init__(self, auth: RequestAuth, environment_of: EnvironmentOf, run: Run) -> None:
        super().__init__()
        self._auth, self._environment_of, self._run = auth, environment_of, run

    async def _get(self, request: PageRequest, gone: list[Failure]) -> None:
        session, *parts = [part.decode("utf-8", "replace") for part in request.postpath or [b""]]
        self._auth.permit(request.who(self._auth), Touched("kernel.describe", "read", session))
        spec, more = await self._environment_of(session)
        module = (request.args or {}).get(b"module", [b""])[0].decode("utf-8", "replace")
        kind, body, etag = await self._run(lambda: _found(spec, more, module, "/".join(parts)))
        if gone:
            return
        request.setHeader(b"Cache-Control", b"private, no-cache")
        request.setHeader(b"Content-Security-Policy", POLICY)
        request.setHeader(b"Content-Type", kind)
        request.setHeader(b"ETag", etag_header(etag).encode())
        if names_etag(request.header("if-none-match"), etag):
            request.setResponseCode(304)
            request.finish()
        else:
            send(request, body)


def _found(spec: Kernelspec | None, more: Mapping[str, str], module: str, path: str) -> tuple[bytes, bytes, str]:
    """The type, the content and the SHA-256 of what is asked for; blocks."""
    env = {**os.environ, **(spec.env if spec is not None else {}), **more}
    folders: list[Path] = widget_packages.jupyter_folders(spec, env)
    if path:
        kind, body = b"application/octet-stream", widget_packages.read(folders, path)
    else:
        kind, body = b"application/json", msgspec.json.encode(widget_packages.sources(folders, module))
    return kind, body, hashlib.sha256(body).hexdigest()
