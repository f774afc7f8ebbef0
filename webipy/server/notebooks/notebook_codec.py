"""Notebook files as values: bytes in, documents out, and back.

Small work is done here, large work aside (off the reactor), and what needs a library (old versions of the format,
formats of plain text) in a process of its own, through the port `Converter`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

import attrs
import msgspec

from webipy.core.api import formats
from webipy.core.ipynb import blob_folding, notebook_file
from webipy.core.ipynb.blob_folding import Folded, Value
from webipy.core.ipynb.cell_matching import match_cells
from webipy.core.ipynb.document import Document
from webipy.core.kernel.blobs import Blob
from webipy.server.ports.files import BlobFile, Body, FileRecord
from webipy.server.ports.world import World

MAX_FILE_BYTES = 256 * 1024 * 1024
"""What a notebook file that is opened may have beside large values of outputs, which become blobs; more is data and belongs beside the notebook."""


class ReadNotebook(msgspec.Struct, frozen=True):
    """A notebook file that was read.

    Args:
        body: Its bytes, with marks in place of large values (see `webipy.core.ipynb.blob_folding`).
        record: The file as it was when it was read.
        document: The document in it.
        format: Its format, as core.formats names it.
        repairs: What was repaired in the document, in sentences.
        minor: Its version of nbformat 4; `None` when it is a text.
        values: The large values of its outputs that are in the file, by the names of their blobs.
        blobs: Those that are in memory, by the same names.
        opened: `body`, parsed; `None` when it was converted before it was parsed, or `document` was known.
        is_plain: Whether `body` need not be parsed to write the next file after it (`notebook_file.known`).
    """

    body: bytes
    record: FileRecord
    document: Document
    format: str
    repairs: list[str]
    minor: int | None
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)
    blobs: Mapping[str, Blob] = msgspec.field(default_factory=dict)
    opened: notebook_file.Opened | None = None
    is_plain: bool = False


def _nowhere(blob: str) -> str:
    raise AssertionError("a codec without a journal writes no documents")


class NotebookCodec(msgspec.Struct, eq=False):
    """The files of documents, as values: bytes in, documents out, and back.

    Args:
        world: The outside.
        blob_path: Where a blob of the session lies.
    """

    world: World
    blob_path: Callable[[str], str] = _nowhere

    async def read(self, path: str, like: Document | None = None, format: str | None = None) -> ReadNotebook:
        """Reads a file.

        Args:
            path: The file, relative to the root.
            like: A document that gives the cells their ids where the file has none, and their outputs where its format has none; `None` for none.
            format: That of the file; `None`: as its name and its first lines say.

        Raises:
            errors.InvalidNotebook: It is no notebook; the message says where.
            errors.TooLarge, errors.NotFound, errors.FileFault: It cannot be read.
        """
        folded, record = await self.world.files.read_folded(path, MAX_FILE_BYTES)
        format = format or formats.format_of(path, folded.body[:4096]) or "ipynb"
        opened, document, found = await self._opened(path, folded, format)
        for name in _misplaced(folded, document):
            folded = await self._unfolded(path, folded, name)
            opened, document, found = await self._opened(path, folded, format)
        if like is not None:
            made, read = opened.made_ids if format == "ipynb" else None, document
            document = await self.world.aside(lambda: match_cells(like, read, made))
            if format != "ipynb":
                document = with_outputs_of(like, document)
        minor = opened.minor if format == "ipynb" else None
        is_of_body = opened.body is folded.body  # else it was another format, or an old version of this one
        return ReadNotebook(
            folded.body,
            record,
            document,
            format,
            opened.repairs,
            minor,
            folded.values,
            found,
            opened if is_of_body else None,
            is_of_body and opened.is_plain,
        )

    async def read_again(self, path: str) -> tuple[Folded, FileRecord]:
        """Reads the bytes of a notebook file whose document is known."""
        folded, record = await self.world.files.read_folded(path, MAX_FILE_BYTES)
        if folded.values:
            _, document, _ = await self._opened(path, folded, formats.format_of(path, folded.body[:4096]) or "ipynb")
            for name in _misplaced(folded, document):
                folded = await self._unfolded(path, folded, name)
        return folded, record

    async def _opened(
        self, path: str, folded: Folded, format: str
    ) -> tuple[notebook_file.Opened, Document, dict[str, Blob]]:
        opened = await self._parsed(path, folded.body, format)
        document, found = await self.world.aside(lambda: blob_folding.from_file(opened.document, folded.values))
        return opened, document, found

    async def _unfolded(self, path: str, folded: Folded, name: str) -> Folded:
        """The same with a long string in place of its mark: it is no value of an output."""
        value = folded.values[name]
        raw, _ = await self.world.files.read(path, value.offset, value.length)
        body = folded.body.replace(blob_folding.mark_of(name), b'"%b"' % raw)
        return Folded(body, {other: kept for other, kept in folded.values.items() if other != name})

    async def parsed(self, body: bytes) -> Document:
        """The document in the JSON of a notebook.

        Raises:
            errors.InvalidNotebook: It is none; the message says where.
        """
        return (await self.opened(body)).document

    async def opened(self, body: bytes) -> notebook_file.Opened:
        """The JSON of a notebook, read.

        Raises:
            errors.InvalidNotebook: It is none; the message says where.
        """
        return await self._parsed("notebook", body, "ipynb")

    async def _parsed(self, path: str, body: bytes, format: str) -> notebook_file.Opened:
        if format != "ipynb":
            body = await self.world.converter.to_notebook(body, format, posixpath.basename(path))
        try:
            return await self.world.aside(lambda: notebook_file.read(body))
        except notebook_file.OldNotebook:
            newer = await self.world.converter.upgrade(body)
            opened = await self.world.aside(lambda: notebook_file.read(newer))
            return attrs.evolve(opened, repairs=["It was written in an older version of the format.", *opened.repairs])

    async def bytes_of(
        self, document: Document, format: str, found: ReadNotebook | None = None, is_upgraded: bool = False
    ) -> Body:
        """The content of a file for a document, as near as possible to what the file holds now; see `notebook_file.write`.

        Args:
            document: The document.
            format: The format of the file, as core.formats names it.
            found: The file as it was read; `None` when there is none.
            is_upgraded: Whether an `.ipynb` before nbformat 4.5 becomes one.
        """
        if format != "ipynb":
            return await self.text_of(document, format, found.body if found is not None else None)
        marked, refs = await self.world.aside(lambda: blob_folding.to_file(document))
        try:
            body = await self.world.aside(lambda: _written(marked, found, is_upgraded))
        except notebook_file.OldNotebook:
            body = await self.world.aside(lambda: notebook_file.write(marked, None))
        if not refs:
            return body
        parts = blob_folding.segments(body, refs)
        return [part if isinstance(part, bytes) else BlobFile(self.blob_path(part.sha256), part) for part in parts]

    async def text_of(self, document: Document, format: str, original: bytes | None = None) -> bytes:
        """A document as text, as near as possible to what the file holds now.

        Args:
            document: The document; its outputs are left out.
            format: The format, as core.formats names it.
            original: What the file holds, UTF-8; `None` when there is none.

        Returns:
            The text, UTF-8.
        """
        notebook = await self.world.aside(lambda: notebook_file.write(without_outputs(document), None))
        return await self.world.converter.from_notebook(notebook, format, original)

    async def parsed_text(self, body: bytes, format: str, path: str) -> Document:
        """The document in a text.

        Args:
            body: The text, UTF-8.
            format: Its format, as core.formats names it.
            path: Its file, for messages.

        Raises:
            errors.InvalidNotebook: It is none; the message says where.
        """
        return (await self._parsed(path, body, format)).document


def _written(marked: Document, found: ReadNotebook | None, is_upgraded: bool) -> bytes:
    """The file of a document, laid out after the one that is there; one that is plain is not parsed."""
    if found is None:
        return notebook_file.write(marked, None)
    before, _ = blob_folding.to_file(found.document)
    original: notebook_file.Opened | bytes = found.opened or found.body
    if found.opened is None and found.is_plain and found.minor is not None:
        original = notebook_file.known(found.body, before, found.minor)
    return notebook_file.write(marked, original, before, is_upgraded)


def _misplaced(folded: Folded, document: Document) -> list[str]:
    """The names of long strings that are no values of outputs, or not only."""
    if not folded.values:
        return []
    placed = blob_folding.placed(document)
    return [name for name in folded.values if folded.body.count(blob_folding.mark_of(name)) != placed.get(name, 0)]


def with_outputs_of(source: Document, document: Document) -> Document:
    """A document with the outputs of another: formats of plain text have none.

    Args:
        source: The document with the outputs.
        document: The document that gets them, in the cells of the same ids.
    """
    shown = {cell.id: cell for cell in source.cells}
    cells = tuple(
        attrs.evolve(cell, outputs=shown[cell.id].outputs, execution_count=shown[cell.id].execution_count)
        if cell.id in shown
        else cell
        for cell in document.cells
    )
    return attrs.evolve(document, cells=cells)


def without_outputs(document: Document) -> Document:
    """A document without outputs, as a text can hold it."""
    return attrs.evolve(
        document, cells=tuple(attrs.evolve(cell, outputs=(), execution_count=None) for cell in document.cells)
    )
