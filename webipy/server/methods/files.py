"""The methods `file.*`: the files under the server's root.

Beyond the port `Files` they report which session has a file open, and the state of its kernel. When a file is renamed
or deleted, its session gets the new path, or an event that it is gone, after the disk was changed.

Watches belong to a connection and end with it. While its transport is full, one notification is kept for each folder,
however often it changes.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from webipy.core import errors
from webipy.core.api import calls, file_calls, rpc
from webipy.core.api.access import is_confined
from webipy.core.api.file_calls import File
from webipy.core.free_names import free_names
from webipy.server.methods.failures import OF_FILE
from webipy.server.methods.method import Connection, Methods, Needed, Services
from webipy.server.people.rights import holding_folder
from webipy.server.ports.confinement import confined, is_inside
from webipy.server.ports.files import FileRecord, Trashed
from webipy.server.sessions.session import Session

MAX_WATCHES = 200
"""Folders that one connection may watch."""

METHODS = Methods()
method = METHODS.method


def _needed_to_copy(params: file_calls.CopyFile) -> list[Needed]:
    """A copy that is named by the server stands beside what is copied."""
    return [] if params.to is not None else [(holding_folder(params.path), "write")]


# ---- looking ------------------------------------------------------------------------------------------------------


@method("file.list", "read", "account", paths={"path": "read"}, raises=OF_FILE)
async def file_list(services: Services, connection: Connection, params: file_calls.ListFiles) -> file_calls.FileList:
    """The content of a folder, in parts. What is hidden, and what leads out of the root, is not in it or cannot be opened (`other`)."""
    if is_confined(connection.principal) and services.rights.at(connection.principal, params.path) == "none":
        records, total = await _ways(services, connection, params)
    else:
        records, total = await services.world.files.list(params.path, params.offset, params.limit)
    open_at = sessions_by_path(services)
    entries = [file_struct(record, open_at.get(record.path)) for record in records]
    return file_calls.FileList(path=params.path, entries=entries, total=total)


async def _ways(
    services: Services, connection: Connection, params: file_calls.ListFiles
) -> tuple[list[FileRecord], int]:
    """Of a folder above what is shared with somebody: the way there, and nothing else of what it holds."""
    ways = services.rights.grants.ways(connection.principal, params.path) if connection.principal is not None else set()
    records = []
    with confined(None):  # each of them leads to what they may read, or is that
        for name in sorted(ways, key=str.casefold):
            try:
                records.append(await services.world.files.stat(f"{params.path}/{name}" if params.path else name))
            except (errors.NotFound, errors.FileFault):
                continue  # it was taken away by another program; the right stays for when it comes back
    records.sort(key=lambda record: record.kind != "folder")
    return records[params.offset : params.offset + params.limit], len(records)


@method("file.stat", "read", "paths", paths={"path": "read"}, raises=OF_FILE, example={"path": "numbers.csv"})
async def file_stat(services: Services, connection: Connection, params: file_calls.OfFile) -> File:
    """One file or folder."""
    return _as_result(services, await services.world.files.stat(params.path))


@method("file.find", "read", "account", example={"query": "may csv"})
async def file_find(services: Services, connection: Connection, params: file_calls.FindFiles) -> file_calls.FoundFiles:
    """Finds files and folders below the root by a few letters of their names. Hidden ones and what programs keep for themselves
    (`node_modules`, virtual environments, caches) are left out. A large root is looked at over several calls: call again until `is_complete`.
    """
    async with connection.heavy():
        found = await connection.until(services.world.files.find(params.query, params.limit))
    open_at = sessions_by_path(services)
    entries = [file_struct(record, open_at.get(record.path)) for record in found.records]
    return file_calls.FoundFiles(entries=entries, is_complete=found.is_complete)


@method("file.read", "read", "paths", paths={"path": "read"}, raises=OF_FILE, example={"path": "numbers.csv"})
async def file_read(services: Services, connection: Connection, params: file_calls.ReadFile) -> file_calls.FileContent:
    """Part of a file, as text where it is UTF-8; a part that would end within a character ends before it."""
    body, record = await services.world.files.read(params.path, params.offset, params.limit)
    content, encoding = _as_text(body, params.offset + len(body) < record.size)
    return file_calls.FileContent(
        content=content, encoding=encoding, offset=params.offset, size=record.size, etag=record.etag
    )


@method(
    "file.watch",
    "read",
    "account",
    paths={"path": "read"},
    raises=(*OF_FILE, errors.TooLarge),
    example={"path": "plots"},
)
async def file_watch(services: Services, connection: Connection, params: file_calls.WatchFolder) -> calls.Done:
    """Watches a folder: the notification `folder_changed` comes now and whenever something in it may have changed, at most five times a second."""
    if connection.send is None:
        raise errors.InvalidRequest("Notifications come over a WebSocket, and this call came by POST.")
    if params.path not in connection.watches and len(connection.watches) >= MAX_WATCHES:
        raise errors.TooLarge(f"One connection watches at most {MAX_WATCHES} folders.", limit=MAX_WATCHES)
    with confined(None):  # of a folder above what is shared, too: that it has changed is all that is told
        record = await services.world.files.stat(params.path)
        leads_to = await services.world.files.resolved(params.path)
    if not (services.rights.may_list(connection.principal, leads_to) and is_inside(leads_to)):
        raise errors.NotFound(f"There is no file {params.path!r} here.", kind="file", id=params.path)
    if record.kind != "folder":
        raise errors.FileFault(f"{params.path!r} is no folder.", reason="not_a_folder", path=params.path)
    services.rights.follow(connection)
    connection.watch(
        params.path, lambda changed: services.world.files.watch(params.path, changed), _changed(params.path)
    )
    return calls.Done()


@method("file.unwatch", "read", "account", paths={"path": "none"}, example={"path": "plots"})
async def file_unwatch(services: Services, connection: Connection, params: file_calls.WatchFolder) -> calls.Done:
    """Cancels the watch of a folder."""
    connection.unwatch(params.path)
    return calls.Done()


# ---- changing -----------------------------------------------------------------------------------------------------


@method(
    "file.write",
    "write",
    "paths",
    paths={"path": "write"},
    raises=(*OF_FILE, errors.AlreadyExists, errors.Conflict, errors.TooLarge),
    example={"path": "numbers.csv", "content": "day,value\n"},
)
async def file_write(services: Services, connection: Connection, params: file_calls.WriteFile) -> File:
    """Replaces a file whole, or makes it; a crash leaves the old one or the new one. `conflict` when it has another etag than `if_match`."""
    record = await services.world.files.write(params.path, _as_bytes(params), params.if_match)
    return _as_result(services, record)


@method(
    "file.create",
    "write",
    "paths",
    paths={"path": "entry"},
    raises=(*OF_FILE, errors.AlreadyExists, errors.KernelFailed, errors.UnknownKernelspec),
    example={"path": "new.ipynb"},
)
async def file_create(services: Services, connection: Connection, params: file_calls.CreateFile) -> File:
    """Makes an empty file, a folder, or a notebook with one empty cell."""
    body = b""
    if params.kind == "notebook":
        if not params.path.lower().endswith(".ipynb"):
            raise errors.InvalidParams("The name of a notebook ends with .ipynb.", field="path")
        body = await services.documents.empty(params.path, params.kernelspec)
    elif params.kernelspec is not None:
        raise errors.InvalidParams("Only a notebook has a kernelspec.", field="kernelspec")
    files = services.world.files
    if not params.unique:
        return _as_result(services, await files.create(params.path, params.kind, body))
    record = await _unique(params.path, params.kind == "folder", lambda path: files.create(path, params.kind, body))
    return _as_result(services, record)


@method(
    "file.rename",
    "write",
    "paths",
    paths={"path": "entry", "to": "entry"},
    raises=(*OF_FILE, errors.AlreadyExists, errors.Degraded),
    example={"path": "numbers.csv", "to": "days.csv"},
)
async def file_rename(services: Services, connection: Connection, params: file_calls.MoveFile) -> File:
    """Renames a file or folder, never over something. Open sessions keep their file, and files that are paired with it
    (`metadata.jupytext.formats`) are renamed, too, where the new path has a place for them.
    """
    record = await services.documents.rename(params.path, params.to, connection.name)
    services.copies.moved(params.path, record.path)
    return _as_result(services, record)


@method(
    "file.copy",
    "write",
    "paths",
    paths={"path": "read", "to": "entry"},
    needed=_needed_to_copy,
    raises=(*OF_FILE, errors.AlreadyExists, errors.TooLarge),
    example={"path": "numbers.csv"},
)
async def file_copy(services: Services, connection: Connection, params: file_calls.CopyFile) -> File:
    """Copies a file or folder, never over something; a folder appears when all of it is there."""
    return _as_result(services, await services.world.files.copy(params.path, params.to, params.entry))


@method(
    "file.delete",
    "write",
    "paths",
    paths={"path": "entry"},
    raises=(*OF_FILE, errors.Degraded),
    example={"path": "numbers.csv"},
)
async def file_delete(services: Services, connection: Connection, params: file_calls.DeleteFile) -> file_calls.Deleted:
    """Moves a file, a link (not what it leads to), or a folder into the trash; with `permanent` it is deleted for good. `file_fault` with the reason
    `no_trash` where there is no trash. Open sessions keep their documents and get `notebook_conflicted`. Rights that were given to it end, and do not
    come back with it.
    """
    if params.permanent:
        await services.world.files.delete(params.path, params.recursive)
        trashed = None
    else:
        trashed = trashed_struct(await services.world.trash.put(params.path, params.recursive))
    await services.documents.file_deleted(params.path, connection.name)
    return file_calls.Deleted(trashed=trashed)


# ---- the trash ----------------------------------------------------------------------------------------------------


@method("trash.list", "read", "account", raises=(errors.FileFault,))
async def trash_list(services: Services, connection: Connection, params: file_calls.ListTrash) -> file_calls.TrashList:
    """What was deleted below the root, and can be restored."""
    there = await services.world.trash.list(params.limit)
    return file_calls.TrashList(entries=[trashed_struct(one) for one in there])


@method(
    "trash.restore",
    "write",
    "paths",
    paths={"path": "entry", "to": "entry"},
    raises=(*OF_FILE, errors.AlreadyExists),
    example={"path": "old.txt", "id": "old.txt"},
)
async def trash_restore(services: Services, connection: Connection, params: file_calls.RestoreFile) -> File:
    """Restores something from the trash, never over something. A session that has it open keeps it as its file."""
    return _as_result(services, await services.world.trash.restore(params.path, params.id, params.to))


@method(
    "trash.delete",
    "write",
    "paths",
    paths={"path": "entry"},
    raises=OF_FILE,
    example={"path": "old.txt", "id": "old.txt"},
)
async def trash_delete(services: Services, connection: Connection, params: file_calls.OfTrashed) -> calls.Done:
    """Deletes something that is in the trash for good."""
    await services.world.trash.delete(params.path, params.id)
    return calls.Done()


# ---- results ------------------------------------------------------------------------------------------------------


def sessions_by_path(services: Services) -> dict[str, Session]:
    """The open sessions that have a file, by its path."""
    return services.documents.autosaves.by_path()


def file_struct(record: FileRecord, session: Session | None) -> File:
    """The result struct of a file.

    Args:
        record: The file.
        session: The session that has it open; `None` for none.
    """
    return File(
        name=posixpath.basename(record.path),
        path=record.path,
        kind=record.kind,
        size=record.size,
        modified=record.modified,
        etag=record.etag,
        is_writable=record.is_writable,
        session=session.id if session is not None else None,
        kernel_state=session.kernel.state if session is not None and session.kernel is not None else None,
    )


def trashed_struct(trashed: Trashed) -> file_calls.Trashed:
    """The result struct of something in the trash."""
    return file_calls.Trashed(
        id=trashed.id,
        path=trashed.path,
        kind=trashed.kind,
        size=trashed.size,
        deleted=trashed.deleted,
        location=trashed.location,
    )


def _as_result(services: Services, record: FileRecord) -> File:
    return file_struct(record, sessions_by_path(services).get(record.path))


def _changed(path: str) -> bytes:
    return rpc.notification("folder_changed", msgspec.json.encode(file_calls.FolderChanged(path=path)))


def _as_text(body: bytes, has_more: bool) -> tuple[str, Literal["utf-8", "base64"]]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError as fault:
        if has_more and fault.start > 0 and fault.reason == "unexpected end of data":
            return body[: fault.start].decode(), "utf-8"
        return base64.b64encode(body).decode(), "base64"


def _as_bytes(params: file_calls.WriteFile) -> bytes:
    try:
        if params.encoding == "base64":
            return base64.b64decode(params.content, validate=True)
        return params.content.encode()
    except (binascii.Error, ValueError) as fault:
        raise errors.InvalidParams(f"content is no {params.encoding}: {fault}.", field="content") from None


async def _unique(path: str, is_folder: bool, make: Callable[[str], Awaitable[FileRecord]]) -> FileRecord:
    """Makes something at `path`, or beside it under the next free name."""
    for name in free_names(path, is_folder):
        try:
            return await make(name)
        except errors.AlreadyExists:
            continue
    raise errors.AlreadyExists(f"There are too many like {path!r}; choose another name.", kind="file", id=path)
