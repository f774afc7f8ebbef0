"""Notebook files as values: bytes in, documents out, and back.

Small work is done here, large work aside (off the reactor), and what needs a library (old versions of the format,
formats of plain text) in a process of its own, through the port `Converter`.
"""

from __future__ import annotations

import posixpath

import attrs

from webipy.core import errors, formats, ipynb, merge
from webipy.core.document import Document
from webipy.server.ports import FileRecord, World

MAX_FILE_BYTES = 256 * 1024 * 1024
"""A notebook file that is opened; larger ones hold data and belong beside the notebook."""


@attrs.define(frozen=True, slots=True)
class Read:
    """A file, read: its bytes, its etag, the document in it, and (`minor`) which version of nbformat 4 it is, if it is one."""

    body: bytes
    record: FileRecord
    document: Document
    format: str
    repairs: list[str]
    minor: int | None


@attrs.define(eq=False)
class Paper:
    """The files of documents, as values: bytes in, documents out, and back.

    Args:
        world: The outside.
    """

    world: World

    async def read(self, path: str, like: Document | None = None) -> Read:
        """Reads a file. `like` gives the cells their ids where the file has none, and their outputs where its format has none.

        Raises:
            errors.InvalidNotebook: It is no notebook; the message says where.
            errors.TooLarge, errors.NotFound, errors.FileFault: It cannot be read.
        """
        record = await self.world.files.stat(path)
        if record.size > MAX_FILE_BYTES:
            raise errors.TooLarge(
                f"{path} has {record.size >> 20} MiB; a notebook that is opened has at most {MAX_FILE_BYTES >> 20}.",
                limit_bytes=MAX_FILE_BYTES,
            )
        body, record = await self.world.files.read(path)
        format = formats.format_of(path, body[:4096]) or "ipynb"
        opened = await self._parsed(path, body, format)
        document = opened.document
        if like is not None:
            made = opened.made_ids if format == "ipynb" else None
            document = await self.world.aside(lambda: merge.align(like, opened.document, made))
            if format != "ipynb":
                document = with_outputs_of(like, document)
        return Read(body, record, document, format, opened.repairs, opened.minor if format == "ipynb" else None)

    async def _parsed(self, path: str, body: bytes, format: str) -> ipynb.Opened:
        if format != "ipynb":
            body = await self.world.converter.to_notebook(body, format, posixpath.basename(path))
        try:
            return await self.world.aside(lambda: ipynb.read(body))
        except ipynb.OldNotebook:
            newer = await self.world.converter.upgrade(body)
            opened = await self.world.aside(lambda: ipynb.read(newer))
            return attrs.evolve(opened, repairs=["It was written in an older version of the format.", *opened.repairs])

    async def bytes_of(
        self, document: Document, format: str, found: Read | None = None, is_upgraded: bool = False
    ) -> bytes:
        """What a file of this format holds for a document, as near as possible to what it holds now; see `ipynb.write`."""
        original = found.body if found is not None else None
        if format == "ipynb":
            before = found.document if found is not None else None
            try:
                return await self.world.aside(lambda: ipynb.write(document, original, before, is_upgraded))
            except ipynb.OldNotebook:
                original = None
        notebook = await self.world.aside(lambda: ipynb.write(document, None))
        if format == "ipynb":
            return notebook
        return await self.world.converter.from_notebook(notebook, format, original)


def with_outputs_of(source: Document, document: Document) -> Document:
    """A document with the outputs of another: formats of plain text keep none."""
    shown = {cell.id: cell for cell in source.cells}
    cells = tuple(
        attrs.evolve(cell, outputs=shown[cell.id].outputs, execution_count=shown[cell.id].execution_count)
        if cell.id in shown
        else cell
        for cell in document.cells
    )
    return attrs.evolve(document, cells=cells)
