"""The methods `notebook.read` and `notebook.merge`: for clients that keep a copy of a notebook and write it back whole.

The first time that a copy of a notebook without an open session is written, a temporary session is opened for it, so that what was there before is
in the history of the document.
"""

from __future__ import annotations

from msgspec import UNSET, Raw

from webipy.core import errors
from webipy.core.api import formats, notebook_calls
from webipy.core.ipynb import client_copy
from webipy.core.ipynb.notebook_file import Opened
from webipy.server.methods.failures import OF_DOCUMENT
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.notebooks.documents import check_name
from webipy.server.notebooks.notebook_codec import NotebookCodec

METHODS = Methods()
method = METHODS.method


@method(
    "notebook.read",
    "read",
    "paths",
    paths={"path": "read"},
    raises=OF_DOCUMENT,
    example={"path": "analysis.ipynb", "content": False},
)
async def notebook_read(
    services: Services, connection: Connection, params: notebook_calls.ReadNotebook
) -> notebook_calls.NotebookCopy:
    """A notebook as it is now, open or not, for a client that keeps a copy of it. Nothing is opened."""
    check_name(params.path)
    async with connection.heavy():
        handed = await services.copies.read(params.path, params.content)
    return notebook_calls.NotebookCopy(
        path=params.path,
        size=handed.record.size,
        is_writable=handed.record.is_writable,
        modified=handed.modified,
        text_hash=handed.text_hash,
        session=handed.session,
        repairs=handed.repairs,
        notebook=Raw(handed.body) if params.content else UNSET,
    )


@method(
    "notebook.merge",
    "write",
    "paths",
    paths={"path": "write"},
    raises=OF_DOCUMENT,
    example={"path": "copy.ipynb", "notebook": {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}},
)
async def notebook_merge(
    services: Services, connection: Connection, params: notebook_calls.MergeNotebook
) -> notebook_calls.NotebookMerged:
    """Merges a client's copy of a notebook into its document, and saves it; makes the file where there is none.

    Cells are matched by their ids. What the client changed since it read or wrote its copy last wins; what it only has older stays as it is in the
    document, and so do outputs that came meanwhile. What was there before is in the history.
    """
    check_name(params.path)
    async with connection.heavy():
        opened = await NotebookCodec(services.world).opened(bytes(params.notebook))
        is_new = await _create(services, connection, params.path, opened)
        session = None if is_new else await _merge(services, connection, params.path, opened)
    return notebook_calls.NotebookMerged(path=params.path, is_new=is_new, session=session, repairs=opened.repairs)


async def _create(services: Services, connection: Connection, path: str, opened: Opened) -> bool:
    """Makes the file of a notebook; false where there is one, or a session that has lost it."""
    if services.documents.autosaves.at(path) is not None:
        return False
    document, _ = client_copy.without_marks(opened.document)
    body = await NotebookCodec(services.world).bytes_of(document, formats.format_of(path) or "ipynb")
    try:
        await services.world.files.stat(path)
        return False
    except errors.NotFound:
        pass
    await services.closed_sessions.deleted(path)
    try:
        await services.world.files.write(path, body, "missing")
    except errors.Conflict:
        return False
    services.copies.written(path, opened.document, connection.name)
    return True


async def _merge(services: Services, connection: Connection, path: str, opened: Opened) -> str:
    session = await services.documents.open(path, None, None, None, None, connection.name, temporary=True)
    services.temporary.linger(session)
    session.check_writable()
    autosave = services.documents.of(session)
    await services.copies.merge(autosave, path, opened.document, opened.made_ids, connection.name)
    await autosave.save(connection.name)
    return session.id
