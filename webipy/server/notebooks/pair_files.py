"""The other files of a document that is in a pair (webipy.core.ipynb.pairs): texts that hold its sources, in step with it.

::

    news:   stat ──► another etag? ──► read, once it stands still ──► what it said before and says now ──► NotebookFile merges the change
    write:  only after edits ──► text (converter) ──► the same as in the file? nothing : files.write(if_match)

What a half said last is kept with the document as it was then, so a change of it is a change of sources, whatever a text cannot hold. At the
first meeting the two files may differ: then the text counts, as with jupytext, unless the other file is newer; what does not count is in the history.
A text that was there before, and neither names the pair nor says the same, is not meant: a notebook from anywhere names what it likes.

Invariants: all of it runs under the lock of `NotebookFile`; a half is replaced only when it is the one that was read; a half that cannot be read or
written holds up no other file, and that is told; a path that is the document of another session is left alone.

Rejected: a session for each half that follows the other (two journals of one document, and each change an echo); to write a half when only outputs
changed.
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
from webipy.server.notebooks.notebook_codec import NotebookCodec, Read, with_outputs_of, without_outputs
from webipy.server.ports.files import Body, FileRecord
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session


@attrs.define(eq=False)
class PairFile:
    """One text of a pair.

    Args:
        etag: The state of the file that was read or written last; `None`: there is none.
        body: What it held then; `None`: not known.
        base: The document that it held then; `None`: the two have not met.
        until: The edits up to this event are in it.
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
    _said: Document | None = None

    def holds(self, body: bytes, etag: str, document: Document, until: int, says: Document | None = None) -> None:
        """The file holds this document now, as far as a text can."""
        self.body, self.etag, self.base, self.until, self._said = body, etag, document, until, says

    async def said(self, codec: NotebookCodec, base: Document) -> Document:
        """What the text said when it held `base`."""
        if self._said is None:
            body = self.body if self.body is not None else await codec.text_of(base, self.format)
            self._said = match_cells(base, await codec.said(body, self.format, self.path))
        return self._said


@attrs.define(eq=False)
class PairFiles:
    """The other files of one document.

    Args:
        owner: Whose document a file is already, if it is one of another session: its title.
    """

    session: Session
    world: World
    codec: NotebookCodec
    history: History
    owner: Callable[[str], str | None] = lambda path: None
    _known: dict[str, PairFile] = attrs.field(factory=dict)
    _known_for: tuple[str | None, bytes] = (None, b"")

    def all(self) -> list[PairFile]:
        """The halves by the document's metadata and path, as they are now."""
        path, metadata = self.session.file_state.path, self.session.notebook.metadata
        if (path, metadata) == self._known_for:
            return list(self._known.values())
        named = pairs.partners(path, metadata) if path is not None else ()
        now: dict[str, PairFile] = {}
        for one in named:
            half = self._known.get(one.path)
            now[one.path] = half if half is not None and half.format == one.format else self._new(one, named)
        self._known, self._known_for = now, (path, metadata)
        return list(now.values())

    def _new(self, one: pairs.Half, named: tuple[pairs.Half, ...]) -> PairFile:
        """A half that was not there; what is known of one that has another path now goes on."""
        there = {other.path for other in named}
        half = PairFile(one.path, one.format, Reader(self.world, self.codec))
        for old in self._known.values():
            if old.path not in there and old.format == one.format and old.base is not None and old.body is not None:
                half.holds(old.body, "", old.base, old.until)
        return half

    def etags(self) -> dict[str, str]:
        """The states of the files that are in step, by their paths."""
        return {half.path: half.etag for half in self.all() if half.etag and half.fault is None}

    def are_behind(self) -> bool:
        """Whether one that is there lacks edits."""
        edited = self.session.file_state.edited
        return any(half.etag is not None and half.base is not None and half.until < edited for half in self.all())

    def fault(self) -> errors.Failure | None:
        """Why one of them is not in step."""
        return next((half.fault for half in self.all() if half.fault is not None), None)

    def check(self) -> None:
        """Returns when all are in step.

        Raises:
            errors.FileFault: One is not; the message names it.
        """
        fault = self.fault()
        if fault is not None:
            raise fault

    async def ground(self, seq: int, document: Document) -> None:
        """Gives halves that an earlier server knew the document as the files held it then."""
        origin = self.session.file_state
        for half in self.all():
            if half.base is None and half.path in origin.pairs:
                base, until = (document, seq) if origin.is_saved else (await self.history.saved(), origin.saved)
                half.base, half.until = None if base is None else without_outputs(base), until

    # ---- what other programs write

    async def are_news(self) -> bool:
        """Whether one of them was changed by another program."""
        for half in self.all():
            etag = await self._etag(half)
            if etag is not None and etag != self._known_etag(half):
                return True
        return False

    def _known_etag(self, half: PairFile) -> str | None:
        if half.etag is None and half.body is None:
            half.etag = self.session.file_state.pairs.get(half.path)
        return half.etag

    async def _etag(self, half: PairFile) -> str | None:
        try:
            return (await self.world.files.stat(half.path)).etag
        except errors.Failure:
            return None

    async def news(self, seq: int, document: Document) -> tuple[PairFile, Read] | None:
        """One that another program has changed, read; `None` when there is none. `seq` is that of the document."""
        for half in self.all():
            try:
                read = await self._news(half, seq, document)
            except errors.Failure as fault:
                half.fault = _told(half, fault)
                continue
            if read is not None:
                return half, read
        return None

    async def _news(self, half: PairFile, seq: int, document: Document) -> Read | None:
        title = self.owner(half.path)
        if title is not None:
            raise errors.FileFault(f"it is the document of the session {title!r}", reason="failed", path=half.path)
        half.fault = None
        try:
            record = await self.world.files.stat(half.path)
        except errors.NotFound:
            half.etag, half.until = None, -1  # it is made at the next save
            return None
        if record.etag == self._known_etag(half):
            return None
        read = await half.reader.read(half.path, half.base or document, half.format)
        if half.base is not None and read.body == half.body:
            half.etag = read.record.etag
            return None
        if half.base is None and await self.codec.text_of(document, half.format, read.body) == read.body:
            half.holds(read.body, read.record.etag, without_outputs(document), seq)
            return None
        if half.base is None and not self._is_agreed(half, document, read):
            named = pairs.formats_in(self.session.notebook.metadata)
            words = f"it was there before and does not say that it is. Put `formats: {named}` into its header, or give one of them another name"
            raise errors.FileFault(words, reason="failed", path=half.path)
        return read

    def _is_agreed(self, half: PairFile, document: Document, read: Read) -> bool:
        """Whether a text that was there before is meant: its header names the pair, or it says the same as the document."""
        path, named = self.session.file_state.path, pairs.formats_of_header(read.body)
        if named is not None and path in {one.path for one in pairs.halves(half.path, named)}:
            return True
        says = [(cell.cell_type, cell.source.strip()) for cell in read.document.cells]
        return says == [(cell.cell_type, cell.source.strip()) for cell in document.cells]

    async def difference(
        self, half: PairFile, base: Document, document: Document, read: Read
    ) -> tuple[Document, Document, Document]:
        """What the text said and says now, in terms of the document as it is now (see `pairs.difference`), and the document that it holds now."""
        before, held = await half.said(self.codec, base), with_outputs_of(document, base)

        def compared() -> tuple[Document, Document, Document]:
            now = match_cells(before, read.document)
            old, new = pairs.difference(half.reader.known(held), before, now)
            return old, new, merge.merge(old, held, new).document

        return await self.world.aside(compared)

    # ---- writing

    async def write(self, seq: int, document: Document) -> bool:
        """Writes those that lack edits; false when another program was faster. What cannot be written is noted down in it."""
        for half in self.all():
            if half.fault is None and (half.etag is None or half.until < self.session.file_state.edited):
                try:
                    await self._write(half, seq, document)
                except errors.Conflict:
                    return False
                except errors.Failure as fault:
                    half.fault = _told(half, fault)
        return True

    async def _write(self, half: PairFile, seq: int, document: Document) -> None:
        original = half.body
        if original is None and half.etag is not None:
            original, record = await self.world.files.read(half.path)
            if record.etag != half.etag:
                raise errors.Conflict(f"{half.path} was written meanwhile.", etag=record.etag)
        body = await self.codec.text_of(document, half.format, original)
        etag = half.etag
        if etag is None or body != original:
            etag = (await put(self.world, half.path, body, etag)).etag
        half.holds(body, etag, without_outputs(document), seq)


async def put(world: World, path: str, body: Body, etag: str | None) -> FileRecord:
    """Writes a file that has this etag (`None`: there is none), and makes the folders that it lies in, as a pair may name them."""
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


def _told(half: PairFile, fault: errors.Failure) -> errors.Failure:
    """The failure of a half, which names it."""
    reason = fault.message.rstrip(".")
    name = posixpath.basename(half.path)  # guests see names only
    words = f"{name}, which is paired with this notebook, is not in step: {reason}."
    return errors.FileFault(words, reason="failed", path=name)


async def keep_beside(world: World, path: str, body: bytes | None) -> None:
    """Keeps what another program wrote, before ours takes its place.

    Args:
        body: What the file holds; `None`: it is copied, and who writes it meanwhile is found when ours takes its place.
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
