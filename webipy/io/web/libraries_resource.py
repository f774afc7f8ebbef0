"""`/libraries/SESSION`: files of the packages that a session's kernel has, for outputs that name them by a public address.

    GET /libraries/SESSION?address=https://cdn.bokeh.org/bokeh/release/bokeh-3.6.2.min.js

The page hands what it gets to a sealed frame. Who may read the session may read this: the files are published ones, found by
webipy.core.kernel.public_files alone; no other file of a package has an address here. Which kernelspec it is, the session
says, and never who asks. They go out as files do (webipy.io.web.files_resource), under a policy that lets nothing in them run as our page.
"""

from __future__ import annotations

import os

from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.api.token_scopes import Touched
from webipy.core.kernel.public_files import package_file
from webipy.io.kernels.package_folders import find_file
from webipy.io.reactor import Run
from webipy.io.web.files_resource import POLICY
from webipy.io.web.piece_sender import FilePieces, PieceSender, Span
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import PageRequest, ReadResource
from webipy.io.web.widgets_resource import EnvironmentOf


class LibrariesResource(ReadResource):
    """`/libraries`.

    Args:
        auth: Reads who sends a request.
        environment_of: The kernelspec and the variables of a session, by its id; raises errors.NotFound for one that is not open.
        run: Runs a function that blocks in a thread.
    """

    def __init__(self, auth: RequestAuth, environment_of: EnvironmentOf, run: Run) -> None:
        super().__init__()
        self._auth, self._environment_of, self._run = auth, environment_of, run

    async def _get(self, request: PageRequest, gone: list[Failure]) -> None:
        parts = [part.decode("utf-8", "replace") for part in request.postpath or []]
        session = parts[0] if len(parts) == 1 else ""
        self._auth.permit(request.who(self._auth), Touched("kernel.describe", "read", session))
        address = (request.args or {}).get(b"address", [b""])[0].decode("utf-8", "replace")
        file = package_file(address)
        spec, more = await self._environment_of(session)
        path = None
        if file is not None and spec is not None:
            env = {**os.environ, **spec.env, **more}
            path = await self._run(lambda: find_file(spec.argv, file, env))
        if path is None:
            raise errors.NotFound("The packages of this kernel have no such file.", kind="library", id=address[:200])
        fd, size = await self._run(lambda: _opened(path))
        if gone:
            os.close(fd)
            return
        request.setHeader(b"Cache-Control", b"private, max-age=3600")
        request.setHeader(b"Content-Security-Policy", POLICY)
        request.setHeader(b"Content-Type", b"application/octet-stream")
        request.setHeader(b"Content-Length", str(size).encode())
        if request.method == b"HEAD" or size == 0:
            os.close(fd)
            request.finish()
        else:
            PieceSender(request, self._run, FilePieces(fd, Span(0, size))).start()


def _opened(path: str) -> tuple[int, int]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise errors.NotFound("The packages of this kernel have no such file.", kind="library", id="") from None
    return fd, os.fstat(fd).st_size
