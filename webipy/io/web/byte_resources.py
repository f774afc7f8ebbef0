"""What carries bytes beside the calls: files, exports, large values of outputs, and what sealed frames load.

Each has its own module and its own check of who asks; here they get what they need of the server.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.web.resource import IResource

from webipy.io.conversion.export_store import ExportStore
from webipy.io.files.files import RootFiles
from webipy.io.reactor import Run
from webipy.io.web.exports_resource import ExportsResource
from webipy.io.web.files_resource import FilesResource
from webipy.io.web.libraries_resource import LibrariesResource
from webipy.io.web.outputs_resource import OutputsResource
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.share_preview import SharePreview
from webipy.io.web.widgets_resource import EnvironmentOf, WidgetsResource


class OfSessions(msgspec.Struct, frozen=True):
    """What is asked about sessions.

    Args:
        blob_path: Where the blob of a session lies, by the ids of both.
        title: The title of a session.
        environment: What its kernel runs in.
    """

    blob_path: Callable[[str, str], str]
    title: Callable[[str], str]
    environment: EnvironmentOf


def byte_resources(
    auth: RequestAuth,
    sessions: OfSessions,
    exports: ExportStore,
    files: RootFiles,
    run: Run,
) -> dict[bytes, IResource]:
    """The resources, by the first part of their paths.

    Args:
        auth: Reads who sends a request.
        sessions: What is asked about sessions.
        exports: What exports have made.
        files: The files below the root.
        run: Runs a function that blocks in a thread.
    """
    return {
        b"exports": ExportsResource(exports, auth),
        b"files": FilesResource(auth, files),
        b"libraries": LibrariesResource(auth, sessions.environment, run),
        b"outputs": OutputsResource(auth, sessions.blob_path, run),
        b"share": SharePreview(auth, sessions.title),
        b"widgets": WidgetsResource(auth, sessions.environment, run),
    }
