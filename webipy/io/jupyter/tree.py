"""Where the routes of a Jupyter Server stand in the tree: one resource for each name at its top."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from twisted.internet.defer import Deferred
from twisted.web.resource import IResource

import webipy
from webipy.io.conversion.export_store import ExportStore
from webipy.io.files.files import RootFiles
from webipy.io.files.uploads import Uploads
from webipy.io.jupyter import (
    checkpoints,
    collaboration,
    config_sections,
    contents,
    conversions,
    events,
    front_end,
    kernels,
    kernelspecs,
    lab_api,
    lab_files,
    lab_pages,
    sessions,
    status,
    terminals,
)
from webipy.io.jupyter.channels import ChannelsFactory
from webipy.io.jupyter.chunks import Chunks
from webipy.io.jupyter.joined_sessions import JoinedSessions
from webipy.io.jupyter.kept_files import KeptFiles
from webipy.io.jupyter.lab_files import LabFiles
from webipy.io.jupyter.lab_link import LabLink
from webipy.io.jupyter.lab_pages import LabPages
from webipy.io.jupyter.routes import JupyterRoutes, Route
from webipy.io.jupyter.trust import Trust
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import TOKEN_TOP
from webipy.server.methods.api import Api
from webipy.server.ports.kernels import Specs

PROGRAM = Path(webipy.__file__).parent / "static" / "jupyter.js"
"""What the build makes for pages of JupyterLab."""

FAVICONS = b"favicons"
"""What answers below `/static/favicons` (webipy.io.web.site)."""

OF_LAB = (b"lab", b"doc", b"tree", b"notebooks", b"edit", b"consoles", b"notebook", b"custom", b"lsp")
"""The first parts of the paths of JupyterLab's and Notebook's pages, and of what they load."""

TOPS = (b"api", b"kernelspecs", b"nbconvert", b"terminals", *OF_LAB)
"""The first parts of the paths of all routes."""


class TokenPath(JupyterRoutes):
    """`/token/TOKEN/api/kernels/...`: the sockets for programs that can put a token neither into a header nor into the query of their addresses.

    nbclient is one: its addresses of sockets are JUPYTER_GATEWAY_WS_URL and a path. No address below it is logged whole.
    """

    def token_of(self, target: bytes) -> str | None:
        """The second part of the path."""
        return unquote(target.partition(b"?")[0].split(b"/")[2].decode("latin-1")) if target.count(b"/") > 1 else None

    def _local(self, path: str) -> str:
        return "/" + path.partition("/")[2].partition("/")[2].partition("/")[2]


def _of_files(api: Api, state: Path, files: RootFiles, exports: ExportStore) -> list[Route]:
    """The routes of files and documents."""
    folder, run = state / "jupyter", files.run
    trust, kept = Trust(folder / "trusted"), KeptFiles(folder / "checkpoints")
    of_checkpoints = checkpoints.Checkpoints(run, kept, trust, api.services.world.now)
    of_files = contents.Contents(run, Chunks(Uploads(files.tree, run)).add, of_checkpoints, trust)
    return [
        *checkpoints.routes(of_checkpoints),
        *contents.routes(of_files),
        *conversions.routes(conversions.Conversions(exports.find, run)),
        *config_sections.routes(config_sections.ConfigSections(folder / "config", run)),
    ]


def _of_lab(auth: RequestAuth, api: Api, files: RootFiles, link: LabLink) -> list[Route]:
    """The routes of JupyterLab's and Notebook's pages."""
    of_lab, has_terminals = LabFiles(link, files.run), api.services.world.terminals is not None
    pages = LabPages(auth, of_lab, str(files.tree.root.path), has_terminals, PROGRAM)
    return [*lab_api.routes(link), *lab_files.routes(of_lab), *lab_pages.routes(pages)]


def jupyter_tree(
    auth: RequestAuth,
    api: Api,
    specs: Callable[[], Deferred[Specs]],
    channels: ChannelsFactory,
    state: Path,
    files: RootFiles,
    exports: ExportStore,
    lab: LabLink | None = None,
) -> dict[bytes, IResource]:
    """The resources, by the first part of their paths.

    Args:
        auth: Reads who sends a request.
        api: The method table.
        specs: The installed kernelspecs.
        channels: The sockets of kernels.
        state: The state folder; the routes have the folder `jupyter` in it.
        files: The files below the root.
        exports: What exports have made.
        lab: Asks the lab process; `None` for the one that there is.
    """
    known = kernels.Kernels(channels.sockets)
    routes = [
        *status.routes(channels.sockets),
        *kernelspecs.routes(specs, files.run),
        *kernels.routes(known),
        *sessions.routes(known, JoinedSessions(state / "jupyter" / "joined_sessions.json", files.run)),
        *channels.routes(),
        *_of_files(api, state, files, exports),
        *terminals.routes(channels),
        *events.routes(channels),
        *collaboration.routes(channels),
    ]
    root, home, reactor = str(files.tree.root.path), os.path.realpath(Path.home()), files.reactor
    routes += front_end.routes(
        front_end.FrontEnd(root, home, lambda: reactor.callLater(0, reactor.stop), lambda: routes)
    )
    routes += _of_lab(auth, api, files, lab or LabLink(reactor))
    tree = JupyterRoutes(auth, api, routes)
    return {**dict.fromkeys((*TOPS, FAVICONS), tree), TOKEN_TOP.encode(): TokenPath(auth, api, channels.routes())}
