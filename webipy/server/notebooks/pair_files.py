"""The other files of a document that is in a pair (webipy.core.ipynb.pairs): texts that hold its sources, in step with it.

::

    news:   stat ──► another etag? ──► read, once it stands still ──► its sources before and now ──► NotebookFile merges the change
    write:  only after edits ──► text (converter) ──► the same as in the file? nothing : files.write(if_match)

The last sources of a text are kept with the document as it was then, so a change of the text is a change of sources, whatever a text cannot hold.
When the two files are paired for the first time they may differ: then the text wins, as with jupytext, unless the other file is newer; the history
has what lost. A text that was there before, and neither names the pair nor has the same sources, is not part of it: a notebook from anywhere may
name any file.

Invariants: no text is reached that not everybody who may write the notebook could write themselves; all of it runs under the lock of
`NotebookFile`; a text is replaced only when it is the one that was read; a text that cannot be read or written holds up no other file, and events
report it; a path that is the document of another session is left alone.

Rejected: a session for each file that follows the other (two journals of one document, and each change an echo); writing a text when only outputs
have changed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from contextlib import suppress

import attrs

from webipy.core import errors
from webipy.core.ipynb import merge, pairs
from webipy.core.ipynb.cell_matching import match_cells
from webipy.core.ipynb.document import Document
from webipy.server.notebooks.file_reader import Reader
from webipy.server.notebooks.history import History
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook, with_outputs_of, without_outputs
from webipy.server.ports.files import Body, FileRecord
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session


@attrs.define(eq=False)
class PairFile:
    """One text of a pair.

    Args:
        path: Relative to the root.
        format: As core.formats names it, such as `py:percent`.
        reader: Reads it.
        etag: The state of the file that was read or written last; `None` when there is none.
        body: What it held then, UTF-8; `None` when that is not known.
        base: The document that it held then; `None` when the two were never in step.
        until: Seq of the last event whose edits are in it.
        fault: Why it is not in step.
    """

    path: str
    format: str
    reader: Reader
    etag: str | None = None
    body: bytes | None = None
    base: Document | None = None
    until: int = 0
    fault: errors.Failure | None = None
    _sources: Document | None = None

    def holds(self, body: bytes, etag: str, document: Document, until: int) -> None:
        """Records what the file holds now.

        Args:
            body: Its bytes, UTF-8.
            etag: Its state.
            document: The document that it holds, as far as a text can.
            until: Seq of the last event whose edits are in it.
        """
        self.body, self.etag, self.base, self.until, self._sources = body, etag, document, until, None

    async def sources(self, codec: NotebookCodec, base: Document) -> Document:
        """The document that is read from the text of the last state.

        Args:
            codec: Reads texts.
            base: The document that the text was written from, which gives the cells their ids.
        """
        if self._sources is None:
            body = self.body if self.body is not None else await codec.text_of(base, self.format)
            self._sources = match_cells(base, await codec.parsed_text(body, self.format, self.path))
        return self._sources


@attrs.define(eq=False)
class PairFiles:
    """The other files of one document.

    Args:
        session: The session of the document.
        world: The outside.
        codec: Reads and writes notebook files.
        history: Earlier states of the document.
        owner: Returns the title of another session whose document a file is; `None` when there is none.
        covers: Returns whether everybody who may write a path may write another one.
    """

    session: Session
    world: World
    codec: NotebookCodec
    history: History
    owner: Callable[[str], str | None] = lambda path: None
    covers: Callable[[str, str], bool] = lambda path, other: True
    _known: dict[str, PairFile] = attrs.field(factory=dict)
    _known_for: tuple[str | None, bytes] = (None, b"")

    def all(self) -> list[PairFile]:
        """The texts that the document's metadata and path name now.

        Whoever may write the notebook says which they are: a text that not all of these people may write is not one of them.
        """
        path, metadata = self.session.state.file_state.path, self.session.state.notebook.metadata
        return [one for one in self._named(path, metadata) if path is not None and self.covers(path, one.path)]

    def _named(self, path: str | None, metadata: bytes) -> list[PairFile]:
        if (path, metadata) == self._known_for:
            return list(self._known.values())
        named = pairs.partners(path, metadata) if path is not None else ()
        now: dict[str, PairFile] = {}
        for one in named:
            pair_file = self._known.get(one.path)
            now[one.path] = (
                pair_file if pair_file is not None and pair_file.format == one.format else self._new(one, named)
            )
        self._known, self._known_for = now, (path, metadata)
        return list(now.values())

    def _new(self, one: pairs.Half, named: tuple[pairs.Half, ...]) -> PairFile:
        """A text that was not named before; it inherits the state of one that has lost its name."""
        there = {other.path for other in named}
        pair_file = PairFile(one.path, one.format, Reader(self.world, self.codec))
        for old in self._known.values():
            if old.path not in there and old.format == one.format and old.base is not None and old.body is not None:
                pair_file.holds(old.body, "", old.base, old.until)
        return pair_file

    def etags(self) -> dict[str, str]:
        """The states of the files that are in step, by their paths."""
        return {
            pair_file.path: pair_file.etag for pair_file in self.all() if pair_file.etag and pair_file.fault is None
        }

    def are_behind(self) -> bool:
        """Whether a text lacks edits of the document."""
        edited = self.session.state.file_state.edited
        return any(
            pair_file.etag is not None and pair_file.base is not None and pair_file.until < edited
            for pair_file in self.all()
        )

    def fault(self) -> errors.Failure | None:
        """Why a text is not in step; `None` when all are."""
        return next((pair_file.fault for pair_file in self.all() if pair_file.fault is not None), None)

    def check(self) -> None:
        """Returns when all are in step.

        Raises:
            errors.FileFault: One is not; the message names it.
        """
        fault = self.fault()
        if fault is not None:
            raise fault

    async def restore_bases(self, seq: int, document: Document) -> None:
        """Restores the state of texts that an earlier server has written.

        Args:
            seq: Seq of the last event in the document.
            document: The document.
        """
        origin = self.session.state.file_state
        for pair_file in self.all():
            if pair_file.base is None and pair_file.path in origin.pairs:
                base, until = (document, seq) if origin.is_saved else (await self.history.saved(), origin.saved)
                pair_file.base, pair_file.until = None if base is None else without_outputs(base), until

    # ---- what other programs write

    async def are_news(self) -> bool:
        """Whether another program has changed a text."""
        for pair_file in self.all():
            etag = await self._etag(pair_file)
            if etag is not None and etag != self._known_etag(pair_file):
                return True
        return False

    def _known_etag(self, pair_file: PairFile) -> str | None:
        if pair_file.etag is None and pair_file.body is None:
            pair_file.etag = self.session.state.file_state.pairs.get(pair_file.path)
        return pair_file.etag

    async def _etag(self, pair_file: PairFile) -> str | None:
        try:
            return (await self.world.files.stat(pair_file.path)).etag
        except errors.Failure:
            return None

    async def news(self, seq: int, document: Document) -> tuple[PairFile, ReadNotebook] | None:
        """Reads a text that another program has changed.

        Args:
            seq: Seq of the last event in the document.
            document: The document.

        Returns:
            The text, and what it holds; `None` when no text has changed.
        """
        for pair_file in self.all():
            try:
                read = await self._news(pair_file, seq, document)
            except errors.Failure as fault:
                pair_file.fault = _named(pair_file, fault)
                continue
            if read is not None:
                return pair_file, read
        return None

    async def _news(self, pair_file: PairFile, seq: int, document: Document) -> ReadNotebook | None:
        title = self.owner(pair_file.path)
        if title is not None:
            raise errors.FileFault(f"it is the document of the session {title!r}", reason="failed", path=pair_file.path)
        pair_file.fault = None
        try:
            record = await self.world.files.stat(pair_file.path)
        except errors.NotFound:
            pair_file.etag, pair_file.until = None, -1  # it is made at the next save
            return None
        if record.etag == self._known_etag(pair_file):
            return None
        read = await pair_file.reader.read(pair_file.path, pair_file.base or document, pair_file.format)
        if pair_file.base is not None and read.body == pair_file.body:
            pair_file.etag = read.record.etag
            return None
        if pair_file.base is None and await self.codec.text_of(document, pair_file.format, read.body) == read.body:
            pair_file.holds(read.body, read.record.etag, without_outputs(document), seq)
            return None
        if pair_file.base is None and not self._is_agreed(pair_file, document, read):
            named = pairs.formats_in(self.session.state.notebook.metadata)
            words = f"it was there before and does not name this notebook. Put `formats: {named}` into its header, or give one of them another name"
            raise errors.FileFault(words, reason="failed", path=pair_file.path)
        return read

    def _is_agreed(self, pair_file: PairFile, document: Document, read: ReadNotebook) -> bool:
        """Whether a text that was there before belongs to the pair: its header names the pair, or it has the same sources as the document."""
        path, named = self.session.state.file_state.path, pairs.formats_of_header(read.body)
        if named is not None and path in {one.path for one in pairs.halves(pair_file.path, named)}:
            return True
        sources = [(cell.cell_type, cell.source.strip()) for cell in read.document.cells]
        return sources == [(cell.cell_type, cell.source.strip()) for cell in document.cells]

    async def difference(
        self, pair_file: PairFile, base: Document, document: Document, read: ReadNotebook
    ) -> tuple[Document, Document, Document]:
        """The change of a text, in terms of the document as it is now (see `pairs.difference`).

        Args:
            pair_file: The text.
            base: The document that it held before.
            document: The document now.
            read: The text, read.

        Returns:
            The document before the change and after it, to be merged, and the document that the text holds now.
        """
        before, held = await pair_file.sources(self.codec, base), with_outputs_of(document, base)

        def compared() -> tuple[Document, Document, Document]:
            now = match_cells(before, read.document)
            old, new = pairs.difference(pair_file.reader.known(held), before, now)
            return old, new, merge.merge(old, held, new).document

        return await self.world.aside(compared)

    # ---- writing

    async def write(self, seq: int, document: Document) -> bool:
        """Writes the texts that lack edits; why one cannot be written is in its `fault`.

        Args:
            seq: Seq of the last event in the document.
            document: The document.

        Returns:
            False when another program has written one meanwhile, so that a save must begin again.
        """
        for pair_file in self.all():
            if pair_file.fault is None and (
                pair_file.etag is None or pair_file.until < self.session.state.file_state.edited
            ):
                try:
                    await self._write(pair_file, seq, document)
                except errors.Conflict:
                    return False
                except errors.Failure as fault:
                    pair_file.fault = _named(pair_file, fault)
        return True

    async def _write(self, pair_file: PairFile, seq: int, document: Document) -> None:
        original = pair_file.body
        if original is None and pair_file.etag is not None:
            original, record = await self.world.files.read(pair_file.path)
            if record.etag != pair_file.etag:
                raise errors.Conflict(f"{pair_file.path} was written meanwhile.", etag=record.etag)
        body = await self.codec.text_of(document, pair_file.format, original)
        etag = pair_file.etag
        if etag is None or body != original:
            etag = (await put(self.world, pair_file.path, body, etag)).etag
        pair_file.holds(body, etag, without_outputs(document), seq)


async def put(world: World, path: str, body: Body, etag: str | None) -> FileRecord:
    """Writes a file, and makes the folders that it lies in, as a pair may name them.

    Args:
        world: The outside.
        path: The file, relative to the root.
        body: Its new content.
        etag: Its state before; `None` when there is none.

    Raises:
        errors.Conflict: It has another etag; nothing has changed.
    """
    try:
        return await world.files.write(path, body, etag or "missing")
    except errors.NotFound:
        if etag is not None:
            raise
    parts = posixpath.dirname(path).split("/")
    for end in range(1, len(parts) + 1):
        with suppress(errors.AlreadyExists):
            await world.files.create("/".join(parts[:end]), "folder")
    return await world.files.write(path, body, "missing")


def _named(pair_file: PairFile, fault: errors.Failure) -> errors.Failure:
    """The failure of a text, with its name in the message."""
    reason = fault.message.rstrip(".")
    name = posixpath.basename(pair_file.path)  # guests see names only
    words = f"{name}, which is paired with this notebook, is not in step: {reason}."
    return errors.FileFault(words, reason="failed", path=name)


async def keep_beside(world: World, path: str, body: bytes | None) -> None:
    """Keeps what another program wrote under another name, before ours replaces it.

    Args:
        world: The outside.
        path: The file, relative to the root.
        body: What the file holds; `None`: the file is copied (a write meanwhile is found when ours replaces it).
    """
    stem, suffix = posixpath.splitext(path)
    number = 1
    while True:
        try:
            beside = f"{stem} (other version {number}){suffix}"
            if body is None:
                await world.files.copy(path, beside)
            else:
                await world.files.write(beside, body, "missing")
            return
        except (errors.Conflict, errors.AlreadyExists):
            number += 1
