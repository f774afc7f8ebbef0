"""One session's document and its file, behind one door.

::

    save:  fold the new events ──► read the file ──► same etag as last time? ──► bytes (aside) ──► files.write(if_match)
                                       │ no                                     the same bytes: nothing is written
                                       └──► three-way merge ──► no conflict: its changes become events, and on with the save
                                                            └──► conflict: `notebook_conflicted`; nothing is written until somebody decides

Invariants: a file is replaced only when it is the one that was read; what another program wrote is in the journal (as
events) or beside the file (as a copy) before ours takes its place; `notebook_saved.until` names the event up to which
the file holds everything; reading, merging and writing never overlap; what a merge found is thrown away when somebody
edited meanwhile, and found again.

Rejected: writing the file first and the journal after (a crash between the two would lose what the journal does not
know); merging by lines of the JSON (an edit of an output would conflict with one of the text beside it).
"""

from __future__ import annotations

import posixpath

import attrs
import msgspec
from msgspec import Raw
from twisted.internet.defer import DeferredLock

from webipy.core import errors, events, formats, ipynb, merge
from webipy.core.document import Document, DocumentFold
from webipy.core.events import AnyEvent
from webipy.server.history import History
from webipy.server.paper import Paper, Read
from webipy.server.ports import Body, World
from webipy.server.reader import Reader
from webipy.server.session import Session
from webipy.server.values import bring_in

PORTION = 100
"""Events that are appended in one turn of the reactor."""

TRIES = 20
"""How often a save starts anew because the file or the document changed under it."""


@attrs.define(eq=False)
class Bound:
    """A document and its file.

    Args:
        base: What the file held when it was read or written last; `None` when this server has not seen that.
    """

    session: Session
    world: World
    paper: Paper
    history: History
    base: Document | None = None
    _fold: DocumentFold = attrs.field(factory=DocumentFold)
    _folded: Document | None = None
    _folded_at: int = 0
    _ready: events.KernelReady | None = None
    _reader: Reader = attrs.field(
        init=False, default=attrs.Factory(lambda self: Reader(self.world, self.paper), takes_self=True)
    )
    _door: DeferredLock = attrs.field(factory=DeferredLock)

    def path(self) -> str:
        """The path of the file.

        Raises:
            errors.InvalidRequest: The session has none.
        """
        if self.session.origin.path is None:
            raise errors.InvalidRequest("This session has no file yet: notebook.save with a path gives it one.")
        return self.session.origin.path

    # ---- the document

    async def current(self) -> tuple[int, Document]:
        """The document, and the seq as of which it is."""
        await self._door.acquire()
        try:
            return await self._document()
        finally:
            self._door.release()

    async def _document(self) -> tuple[int, Document]:
        if self._fold.seq + 1 < self.session.journal.first_seq:  # what is missing in between was cut
            self._fold, self._folded = DocumentFold(), None
        await self.session.each_event(self._fold.seq + 1, self.session.written, self._take)
        if self._folded is None or self._fold.changed > self._folded_at:
            self._folded = await self.world.aside(self._fold.document)
        self._folded_at = self._fold.seq
        return self._fold.seq, self._folded

    def _take(self, event: AnyEvent) -> None:
        self._fold.take(event)
        if isinstance(event, events.KernelReady):
            self._ready = event

    # ---- saving

    async def save(self, by: str | None, overwrite: str | None = None, is_upgraded: bool = False) -> None:
        """Writes the file, after taking in what another program has written.

        Args:
            overwrite: The etag of a file that may be replaced though both changed; `"missing"`: one that was deleted may be made again.
            is_upgraded: An `.ipynb` before nbformat 4.5 becomes one, with the ids of its cells.

        Raises:
            errors.Conflict: Both changed the same; `notebook_conflicted` tells it too.
            errors.FileFault and others: It cannot be read or written; `notebook_save_failed` tells it too.
        """
        await self._door.acquire()
        try:
            self.session.check_writable()
            for _ in range(TRIES):
                if await self._save(by, overwrite, is_upgraded):
                    return
            raise errors.Conflict(f"{self.path()} is being changed all the time by another program.", etag=None)
        except (errors.FileFault, errors.InvalidNotebook, errors.TooLarge, errors.KernelFailed) as fault:
            await self._tell_failed(fault)
            raise
        finally:
            self._door.release()

    async def _save(self, by: str | None, overwrite: str | None, is_upgraded: bool) -> bool:
        path = self.path()
        await self._document()
        await self._name_kernel()
        seq, document = await self._document()
        found = await self._found(path, document)
        if found is None:
            if self.session.origin.etag is not None and overwrite != "missing":
                await self._conflict(path, None, [], "The file was deleted by another program.")
        elif not self.session.origin.has(found.record.etag):
            if overwrite != found.record.etag:
                return await self._take_in(seq, document, found, by) and self.session.origin.is_saved
            await self._keep_beside(path, found)
        return await self._write(seq, document, found, by, is_upgraded)

    async def _found(self, path: str, like: Document) -> Read | None:
        origin = self.session.origin
        try:
            if self.base is not None and origin.has((await self.world.files.stat(path)).etag):
                folded, record = await self.paper.read_again(path)
                if origin.has(record.etag):
                    return Read(folded.body, record, self.base, origin.format, [], origin.minor, folded.values)
            return await self._reader.read(path, self.base or like)
        except errors.NotFound:
            return None

    async def _write(self, seq: int, document: Document, found: Read | None, by: str | None, is_upgraded: bool) -> bool:
        path, format = self.path(), self.session.origin.format
        minor = ipynb.MINOR if format == "ipynb" else None
        if found is not None and not is_upgraded:
            minor = found.minor
        if found is not None and found.document == document and minor == found.minor:
            record = attrs.evolve(found.record, is_in_place=self.session.origin.in_place)
        else:
            body = await self.paper.bytes_of(document, format, found, is_upgraded)
            try:
                record = await self.world.files.write(path, body, found.record.etag if found is not None else "missing")
            except errors.Conflict:
                return False
        self.base = document
        in_place = record.is_in_place
        saved = events.NotebookSaved(
            path=path, etag=record.etag, until=seq, format=format, minor=minor, in_place=in_place
        )
        await self.session.append([saved], by)
        return True

    async def _keep_beside(self, path: str, found: Read) -> None:
        """Keeps what another program wrote, before ours takes its place."""
        stem, suffix = posixpath.splitext(path)
        number = 1
        while True:
            try:
                beside = f"{stem} (other version {number}){suffix}"
                if (
                    found.values
                ):  # its bytes are not all here; who writes it meanwhile is found when ours takes its place
                    await self.world.files.copy(path, beside)
                else:
                    await self.world.files.write(beside, found.body, "missing")
                return
            except (errors.Conflict, errors.AlreadyExists):
                number += 1

    async def _name_kernel(self, with_language: bool = False) -> None:
        """Writes the kernel into the notebook's metadata, when it is another one than that which stands there."""
        kernel, ready = self.session.kernel, self._ready
        if kernel is None or ready is None or ready.kernel != kernel.id:
            return
        metadata = msgspec.json.decode(self.session.notebook.metadata, type=dict[str, Raw])
        named = metadata.get("kernelspec")
        try:
            name = msgspec.json.decode(named, type=dict[str, Raw]).get("name") if named is not None else None
        except msgspec.ValidationError:
            name = None
        is_named = name is not None and msgspec.json.decode(name) == kernel.kernelspec
        if is_named and ("language_info" in metadata or not with_language):
            return
        spec = {"display_name": kernel.display_name, "language": kernel.language, "name": kernel.kernelspec}
        if not is_named:
            metadata["kernelspec"] = Raw(msgspec.json.encode(spec))
        metadata["language_info"] = ready.language_info
        await self.session.append([events.NotebookMetadataSet(metadata=Raw(msgspec.json.encode(metadata)))], None)

    async def save_as(self, path: str, by: str) -> None:
        """Writes the document under another path, where nothing is yet.

        Raises:
            errors.AlreadyExists: Something is there.
        """
        await self._door.acquire()
        try:
            self.session.check_writable()
            seq, document = await self._document()
            format = formats.format_of(path)
            if format is None:
                raise errors.InvalidParams(f"{path} is no name of a notebook; .ipynb is.", field="path")
            body = await self.paper.bytes_of(document, format)
            try:
                record = await self.world.files.write(path, body, "missing")
            except errors.Conflict:
                raise errors.AlreadyExists(f"{path} exists already.", kind="file", id=path) from None
            self.base = document
            minor = ipynb.MINOR if format == "ipynb" else None
            saved = events.NotebookSaved(path=record.path, etag=record.etag, until=seq, format=format, minor=minor)
            await self.session.append([saved], by)
        finally:
            self._door.release()

    async def content(self, format: str, original: Read | None) -> Body:
        """What a file of this format holds for the document as it is now, with the kernel named in it, as near as possible to `original`."""
        await self._door.acquire()
        try:
            await self._document()
            await self._name_kernel(with_language=True)
            _, document = await self._document()
            return await self.paper.bytes_of(document, format, original)
        finally:
            self._door.release()

    # ---- what other programs write

    async def look(self) -> None:
        """Takes in what another program has written, if it has.

        Raises:
            errors.Conflict: Both changed the same; `notebook_conflicted` tells it too.
        """
        await self._door.acquire()
        try:
            for _ in range(TRIES):
                path = self.path()
                seq, document = await self._document()
                found = await self._found(path, document)
                if found is None:
                    await self._conflict(path, None, [], "The file was deleted by another program.")
                elif self.session.origin.is_at(found.record.etag) or await self._take_in(seq, document, found, None):
                    return
        except (errors.FileFault, errors.InvalidNotebook, errors.TooLarge, errors.KernelFailed) as fault:
            await self._tell_failed(fault)
            raise
        finally:
            self._door.release()

    async def _take_in(self, seq: int, document: Document, found: Read, by: str | None) -> bool:
        """Brings what another program wrote into the document; false when somebody edited meanwhile, so that it must begin anew."""
        path, etag = self.path(), found.record.etag
        base = self.base or (document if self.session.origin.is_saved else await self.history.saved())
        if base is None:
            different = _different(document, found.document)
            if different:
                reason = "The file was changed by another program while the server was away."
                await self._conflict(path, etag, different, reason)
            base = document
        merged = await self.world.aside(lambda: merge.merge(base, document, found.document))
        if merged.conflicts or merged.metadata_conflicts:
            names = ", ".join(sorted(merged.metadata_conflicts))
            same = " and ".join(
                part
                for part, is_there in (("the same cells", merged.conflicts), (f"the metadata {names}", names))
                if is_there
            )
            reason = f"{same[:1].upper()}{same[1:]} were changed here and by another program."
            await self._conflict(path, etag, list(merged.conflicts), reason)
        await bring_in(self.session, self.world, found)
        new = await self._changes(document, merged.document)
        if self.session.origin.edited > seq:
            return False
        self._reader.took(base, found)
        self.base = found.document
        touched = {cell for event in new if isinstance(cell := getattr(event, "cell", None), str)}
        is_whole = merged.document == found.document
        minor, repairs = found.minor, found.repairs
        if new or not is_whole:
            new.append(events.NotebookReloaded(path=path, etag=etag, cells=len(touched), minor=minor, repairs=repairs))
        if is_whole:
            until, format = self.session.seq + len(new), self.session.origin.format
            new.append(events.NotebookSaved(path=path, etag=etag, until=until, format=format, minor=minor))
        await self.session.append(new, by)
        return True

    async def _changes(self, old: Document, new: Document) -> list[AnyEvent]:
        known = self.session.notebook
        versions = {gone.cell.id: gone.cell.version + 1 for gone in known.deleted.values()}
        versions |= {cell.id: cell.version for cell in known.cells()}
        return list(await self.world.aside(lambda: merge.changes(old, new, versions)))

    async def _conflict(self, path: str, etag: str | None, cells: list[str], reason: str) -> None:
        conflict = events.NotebookConflicted(path=path, reason=reason, etag=etag, cells=cells[:1000])
        known = self.session.origin.conflict
        if known is None or (known.etag, known.cells) != (conflict.etag, conflict.cells):
            await self.session.append([conflict], None)
        raise errors.Conflict(
            f"{path} is not saved: {reason} Choose with notebook.save (overwrite) or notebook.reload.", etag=etag
        )

    async def _tell_failed(self, fault: errors.Failure) -> None:
        path, failed = self.session.origin.path, self.session.origin.failed
        if path is not None and (failed is None or failed.reason != fault.message):
            await self.session.append([events.NotebookSaveFailed(path=path, reason=fault.message)], None)

    # ---- becoming another state

    async def reload(self, path: str, by: str | None) -> None:
        """Takes a file as it is, in place of what is here; that stays in the history.

        Raises:
            errors.NotFound, errors.InvalidNotebook: There is no such file, or it is no notebook.
        """
        found = await self.paper.read(path, self.base)
        await self.become(found.document, by, found)

    async def become(self, state: Document, by: str | None, found: Read | None = None) -> int:
        """Makes the document another one: an earlier state of it, or what a file holds. Gives the seq of the last event."""
        await self._door.acquire()
        try:
            self.session.check_writable()
            if found is not None:
                await bring_in(self.session, self.world, found)
            while True:
                seq, document = await self._document()
                new = await self._changes(document, state)
                if self.session.origin.edited <= seq and await self._append_in_portions(new, by):
                    break
            if found is None:
                return self.session.seq
            self.base, record = found.document, found.record
            opened = events.NotebookOpened(
                path=record.path, etag=record.etag, format=found.format, repairs=found.repairs, minor=found.minor
            )
            return await self.session.append([opened], by)
        finally:
            self._door.release()

    async def _append_in_portions(self, new: list[AnyEvent], by: str | None) -> bool:
        """Appends many events without holding up the reactor; false when somebody edited in between, so that the rest may not fit any more."""
        expected = self.session.origin.edited
        for first in range(0, len(new), PORTION):
            if self.session.origin.edited != expected:
                return False
            written = self.session.append(new[first : first + PORTION], by)
            expected = self.session.origin.edited
            await written
        return True


def _different(mine: Document, theirs: Document) -> list[str]:
    """The cells that are not the same on both sides."""
    here, there = {cell.id: cell for cell in mine.cells}, {cell.id: cell for cell in theirs.cells}
    return [cell for cell in {**here, **there} if here.get(cell) != there.get(cell)]
