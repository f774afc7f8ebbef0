"""Stores large values of outputs as blobs in a session's journal: from a file that is read, or from another session.

Order: blobs first, events that refer to them after. A blob that is stored twice has the same name, and one that no event refers to is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Raw

from webipy.core import errors
from webipy.core.ipynb import blob_folding
from webipy.core.ipynb.blob_folding import Value
from webipy.core.ipynb.document import Document
from webipy.core.kernel import blobs, json_pieces
from webipy.core.kernel.blobs import Blob, Part
from webipy.server.notebooks.notebook_codec import ReadNotebook
from webipy.server.ports.files import FileRecord
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session


async def store_values(session: Session, world: World, found: ReadNotebook) -> None:
    """Stores the large values of a file as blobs, before any event refers to them.

    Args:
        session: The session whose journal they go to.
        world: The outside.
        found: The file, read.

    Raises:
        errors.Conflict: Another program has written the file meanwhile.
    """
    await store_blobs(session, found.blobs)
    for name, value in found.values.items():
        if not await session.journal.has_blob(name):
            await _store_value(session, world, found.record, name, value)


async def store_blobs(session: Session, found: Mapping[str, Blob]) -> None:
    """Stores large values that are in memory as blobs, before any event refers to them.

    Args:
        session: The session whose journal they go to.
        found: The values, by the names of their blobs.
    """
    for blob in found.values():
        for part in blob.parts():
            await session.append([], None, None, [part])


async def _store_value(session: Session, world: World, record: FileRecord, name: str, value: Value) -> None:
    at, offset, end = value.offset, 0, value.offset + value.length
    while at < end:
        raw, now = await world.files.read(record.path, at, blob_folding.READ_BYTES)
        if now.etag != record.etag:
            raise errors.Conflict(f"{record.path} was written while it was read; try again.", etag=now.etag)
        piece = blob_folding.first_of(raw[: end - at], is_last=at + len(raw) >= end)
        at += len(piece)
        for text in json_pieces.utf8_of(piece):
            await session.append([], None, None, [Part(name, offset, value.size, text)])
            offset += len(text)


async def with_values(
    session: Session, world: World, document: Document, written: Callable[[Document], bytes], limit_bytes: int
) -> bytes:
    """A document as nbformat 4.5 with its large values in it; the largest are left out when there are too many.

    Args:
        session: The session whose journal has its blobs.
        world: The outside.
        document: The document.
        written: Writes a document as nbformat 4.5 JSON.
        limit_bytes: Bytes of large values at most, all together.

    Returns:
        The notebook, nbformat 4.5 JSON.
    """
    marked, refs = await world.aside(lambda: blob_folding.to_file(document, limit_bytes))
    body = await world.aside(lambda: written(marked))
    parts: list[bytes] = []
    for part in blob_folding.segments(body, refs):
        if isinstance(part, bytes):
            parts.append(part)
            continue
        try:
            read = await session.journal.read_blob(part.sha256, 0, part.size)
        except errors.NotFound:
            read = b'"[this output is missing]"' if part.json else b"[this output is missing]"
        parts += blob_folding.value_of(iter([read]), part)
    return b"".join(parts)


async def copy_blobs(session: Session, document: Document, source: Session) -> None:
    """Copies the blobs that a document refers to from another session, before any event refers to them here.

    Args:
        session: The session whose journal they go to.
        document: The document.
        source: The session whose journal has them.
    """
    for name in blob_folding.placed(document):
        await session.journal.take_blob(name, source.journal.blob_path(name))


async def copy_values(session: Session, outputs: Iterable[Raw], source: Session) -> None:
    """Copies the blobs that outputs refer to from another session, before any event refers to them here.

    Args:
        session: The session whose journal they go to.
        outputs: The outputs, nbformat.
        source: The session whose journal has them.
    """
    for name in {name for output in outputs for name in blobs.found_in(bytes(output))}:
        await session.journal.take_blob(name, source.journal.blob_path(name))
