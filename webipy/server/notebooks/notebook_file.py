"""One session's document and its file, under one lock.

::

    save:  document of the state ──► read the file ──► same etag as last time? ──► bytes (aside) ──► files.write(if_match)
                                       │ no                                     the same bytes: nothing is written
                                       └──► three-way merge ──► no conflict: its changes become events, and on with the save
                                                            └──► conflict: `notebook_conflicted`; nothing is written until a person decides

Invariants: a file is replaced only when it is the one that was read; what another program wrote is in the journal (as
events) or beside the file (as a copy) before ours takes its place; `notebook_saved.until` names the event up to which
the file holds everything; reading, merging and writing never overlap; the result of a merge is discarded when the
document was edited meanwhile, and the merge begins again.

A document in a pair has more files, texts that hold its sources (webipy.server.notebooks.pair_files): a change of one of them by another program
is merged like a change of the file, before anything is written; they are written before the file is.

Rejected: writing the file first and the journal after (a crash between the two would lose what the journal does not
know); merging by lines of the JSON (an edit of an output would conflict with one of the text beside it).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import attrs
import msgspec
from msgspec import Raw
from twisted.internet.defer import Deferred, DeferredLock

from webipy.core import errors
from webipy.core.api import formats
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.ipynb import notebook_file
from webipy.core.ipynb.document import Document, DocumentMaker, leaves_out, with_cell
from webipy.server.notebooks.large_values import store_values
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook, without_outputs
from webipy.server.notebooks.outside_changes import OutsideChanges
from webipy.server.notebooks.pair_files import keep_beside, put
from webipy.server.ports.files import Body
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session, is_current

_T = TypeVar("_T")

PORTION = 100
"""Events that are appended in one turn of the reactor."""

MAX_ATTEMPTS = 20
"""How often a save begins again because the file or the document has changed meanwhile."""

_OF_OUTPUTS = (events.CellOutputsSet, events.CellOutputsCleared)


@attrs.define(eq=False)
class NotebookFile:
    """A document and its file.

    Args:
        session: Its session.
        world: The outside.
        codec: Reads and writes notebook files.
        outside: Merges what other programs write.
    """

    session: Session
    world: World
    codec: NotebookCodec
    outside: OutsideChanges
    _maker: DocumentMaker | None = None
    _made: Document | None = None
    _made_at: int = 0
    _lock: DeferredLock = attrs.field(factory=DeferredLock)

    @property
    def is_saved(self) -> bool:
        """Whether all files hold everything."""
        return self.session.state.file_state.is_saved and not self.outside.pair_files.are_behind()

    @property
    def has_moved(self) -> bool:
        """Whether somebody has changed a widget since the file was written, which holds the state of those that it shows."""
        state = self.session.state
        return state.file_state.format == "ipynb" and state.comms.moved > state.file_state.saved

    def path(self) -> str:
        """The path of the file.

        Raises:
            errors.InvalidRequest: The session has none.
        """
        if self.session.state.file_state.path is None:
            raise errors.InvalidRequest("This session has no file yet: save it under a name first.")
        return self.session.state.file_state.path

    # ---- the document

    async def current(self) -> tuple[int, Document]:
        """The document, and the seq of the last event in it."""
        await self._lock.acquire()
        try:
            return await self._document()
        finally:
            self._lock.release()

    async def _document(self) -> tuple[int, Document]:
        session = self.session
        if not is_current(session):
            return session.written, await self.outside.history.state(session.written)
        if self._maker is None or self._maker.state is not session.state:
            self._maker, self._made = DocumentMaker(session.state), None
        seq = session.seq
        state = session.state
        changed = max(state.file_state.changed, state.comms.changed)
        if self._made is None or changed > self._made_at or state.outputs.has_changed:
            self._made = await self.world.aside(self._maker.prepare(self.outside.base))
            self._maker.share()
            self._made_at = seq
        await session.until_written(seq)
        return seq, self._made

    # ---- saving

    async def save(self, by: str | None, overwrite: str | None = None, is_upgraded: bool = False) -> None:
        """Writes the file, after merging what another program has written.

        Args:
            by: Who saves; `None` for the server.
            overwrite: The etag of a file that may be replaced though both have changes; `"missing"`: a deleted file may be made again.
            is_upgraded: Whether an `.ipynb` before nbformat 4.5 becomes one, with the ids of its cells.

        Raises:
            errors.Conflict: Both have changes of the same; `notebook_conflicted` reports it, too.
            errors.FileFault and others: It cannot be read or written; `notebook_save_failed` reports it, too.
        """
        await self._lock.acquire()
        try:
            self.session.check_writable()
            for _ in range(MAX_ATTEMPTS):
                if await self._save(by, overwrite, is_upgraded):
                    break
            else:
                raise _never_settled(self.path())
            self.outside.pair_files.check()
        except (errors.FileFault, errors.InvalidNotebook, errors.TooLarge, errors.KernelFailed) as fault:
            await self._append_failed(fault)
            await self._write_pair_files()
            raise
        finally:
            self.outside.opened = None
            self._lock.release()

    async def _save(self, by: str | None, overwrite: str | None, is_upgraded: bool) -> bool:
        path = self.path()
        await self._document()
        await self._name_kernel()
        seq, document = await self._document()
        await self.outside.pair_files.restore_bases(seq, document)
        found = await self.outside.found(path, document)
        if found is None:
            if self.session.state.file_state.etag is not None and overwrite != "missing":
                await self.outside.missing(path)
                return False
        elif not self.session.state.file_state.has(found.record.etag):
            if overwrite != found.record.etag:
                return await self.outside.merge(seq, document, found, by) and self.is_saved
            await keep_beside(self.world, path, None if found.values else found.body)
        news = await self.outside.pair_files.news(seq, document)
        if news is not None:
            pair_file, text = news
            if overwrite != text.record.etag:
                await self.outside.merge_pair_file(seq, document, pair_file, text, by)
                return False
            await keep_beside(self.world, pair_file.path, text.body)
            pair_file.holds(text.body, text.record.etag, document, -1)
        if not await self.outside.pair_files.write(seq, document):
            return False
        return await self._write(seq, document, found, by, is_upgraded)

    async def _write_pair_files(self) -> None:
        """Writes the other files of a pair when the file itself cannot be written."""
        seq, document = await self._document()
        if self.outside.pair_files.are_behind() and await self.outside.pair_files.news(seq, document) is None:
            await self.outside.pair_files.write(seq, document)

    async def _write(
        self, seq: int, document: Document, found: ReadNotebook | None, by: str | None, is_upgraded: bool
    ) -> bool:
        path, format = self.path(), self.session.state.file_state.format
        minor = notebook_file.MINOR if format == "ipynb" else None
        if found is not None and not is_upgraded:
            minor = found.minor
        if found is not None and found.minor == minor and _is_same(found.document, document, format):
            record = attrs.evolve(found.record, is_in_place=self.session.state.file_state.in_place)
        else:
            body = await self.codec.bytes_of(document, format, found, is_upgraded)
            try:
                record = await put(self.world, path, body, found.record.etag if found is not None else None)
            except errors.Conflict:
                return False
            self.outside.is_plain = found.is_plain if found is not None else minor is not None
        self.outside.base = document
        in_place = record.is_in_place
        saved = events.NotebookSaved(
            path=path,
            etag=record.etag,
            until=seq,
            format=format,
            minor=minor,
            in_place=in_place,
            pairs=self.outside.pair_files.etags(),
        )
        await self.session.append([saved], by)
        return True

    async def _name_kernel(self, with_language: bool = False) -> None:
        named = _kernel_named(self.session, self.session.state.lifecycle.ready, with_language)
        if named:
            await self.session.append(named, None)

    async def save_as(self, path: str, by: str) -> None:
        """Writes the document to another path, where nothing is yet.

        Args:
            path: The path, relative to the root.
            by: Who saves.

        Raises:
            errors.InvalidParams: It is no name of a notebook.
            errors.AlreadyExists: Something is there.
        """
        await self._lock.acquire()
        try:
            self.session.check_writable()
            seq, document = await self._document()
            format = formats.format_of(path)
            if format is None:
                raise errors.InvalidParams(f"{path} is no name of a notebook; .ipynb is.", field="path")
            body = await self.codec.bytes_of(document, format)
            try:
                record = await self.world.files.write(path, body, "missing")
            except errors.Conflict:
                raise errors.AlreadyExists(f"{path} exists already.", kind="file", id=path) from None
            minor = notebook_file.MINOR if format == "ipynb" else None
            self.outside.base, self.outside.is_plain = document, minor is not None
            saved = events.NotebookSaved(path=record.path, etag=record.etag, until=seq, format=format, minor=minor)
            await self.session.append([saved], by)
        finally:
            self._lock.release()

    async def content(self, format: str, original: ReadNotebook | None) -> Body:
        """The content of a file for the document as it is now, with the kernel named in it.

        Args:
            format: The format of the file, as core.formats names it.
            original: The file whose layout is kept as far as possible; `None` for the usual layout.
        """
        await self._lock.acquire()
        try:
            await self._document()
            await self._name_kernel(with_language=True)
            _, document = await self._document()
            if leaves_out(document):
                document = await self.outside.history.result()
            return await self.codec.bytes_of(document, format, original)
        finally:
            self._lock.release()

    # ---- what other programs write

    async def look(self) -> None:
        """Merges what another program has written, if it has.

        Raises:
            errors.Conflict: Both have changes of the same; `notebook_conflicted` reports it, too.
        """
        await self._lock.acquire()
        try:
            for _ in range(MAX_ATTEMPTS):
                if await self._look():
                    break
            else:
                raise _never_settled(self.path())
            self.outside.pair_files.check()
        except (errors.FileFault, errors.InvalidNotebook, errors.TooLarge, errors.KernelFailed) as fault:
            await self._append_failed(fault)
            raise
        finally:
            self.outside.opened = None
            self._lock.release()

    async def _look(self) -> bool:
        """Merges one change, if there is one; returns whether there is none any more."""
        path = self.path()
        seq, document = await self._document()
        await self.outside.pair_files.restore_bases(seq, document)
        found, known = None, self.session.state.file_state
        if known.failed is not None or not known.is_at(await self.outside.etag(path)):
            found = await self.outside.found(path, document)
            if found is None and known.etag is not None:
                await self.outside.missing(path)
                return True
            if found is not None and not known.is_at(found.record.etag):
                await self.outside.merge(seq, document, found, None)
                return False
        news = await self.outside.pair_files.news(seq, document)
        if news is None:
            if known.failed is not None and self.is_saved and not self.outside.pair_files.fault():
                await self._write(seq, document, found, None, False)  # nothing is left to write: an event reports that
            return True
        await self.outside.merge_pair_file(seq, document, *news, None)
        return False

    async def _append_failed(self, fault: errors.Failure) -> None:
        path, failed = self.session.state.file_state.path, self.session.state.file_state.failed
        if path is not None and (failed is None or failed.reason != fault.message):
            await self.session.append([events.NotebookSaveFailed(path=path, reason=fault.message)], None)

    async def alone(self, work: Callable[[], Coroutine[Deferred[Any], Any, _T]]) -> _T:
        """Runs work under the lock, while nothing else reads or writes the files."""
        await self._lock.acquire()
        try:
            return await work()
        finally:
            self._lock.release()

    # ---- becoming another state

    async def reload(self, path: str, by: str | None) -> None:
        """Replaces the document with what a file holds; the history keeps what it was.

        Args:
            path: The file, relative to the root.
            by: Who reloads; `None` for the server.

        Raises:
            errors.NotFound, errors.InvalidNotebook: There is no such file, or it is no notebook.
        """
        found = await self.codec.read(path, self.outside.base)
        await self.become(found.document, by, found)
        if self.outside.pair_files.all():
            await self.look()

    async def become(
        self, state: Document, by: str | None, found: ReadNotebook | None = None, cell: str | None = None
    ) -> int:
        """Replaces the document with another state: an earlier one, or what a file holds.

        Args:
            state: The document that it becomes.
            by: Who does that; `None` for the server.
            found: The file that it was read from; `None` when it comes from no file.
            cell: The only cell that becomes so; `None` for all.

        Returns:
            The seq of the last event.

        Raises:
            errors.NotFound: That state has no such cell.
        """
        await self._lock.acquire()
        try:
            self.session.check_writable()
            if found is not None:
                await store_values(self.session, self.world, found)
            while True:
                seq, document = await self._document()
                wanted = state if cell is None else with_cell(document, state, cell)
                new = await self.outside.changes(document, wanted)
                if self.session.state.file_state.edited <= seq and await self._append_in_portions(new, by):
                    break
            if found is None:
                return self.session.seq
            self.outside.base, self.outside.is_plain, record = found.document, found.is_plain, found.record
            opened = events.NotebookOpened(
                path=record.path, etag=record.etag, format=found.format, repairs=found.repairs, minor=found.minor
            )
            return await self.session.append([opened], by)
        finally:
            self._lock.release()

    async def change(self, changed: Callable[[Document], Document], by: str | None) -> int:
        """Turns the document into what a function makes of it; outputs that came meanwhile stay.

        Args:
            changed: Returns the document that it becomes; called again, in another thread, when it was edited meanwhile.
            by: Who does that; `None` for the server.

        Returns:
            The seq of the last event.
        """
        await self._lock.acquire()
        try:
            self.session.check_writable()
            attempts = 0
            while True:
                seq, document = await self._document()
                wanted = await self.world.aside(partial(changed, document))
                new = await self.outside.changes(document, wanted)
                attempts += 1
                if self.session.seq > seq and any(isinstance(event, _OF_OUTPUTS) for event in new):
                    if attempts < MAX_ATTEMPTS:
                        continue
                    new = [event for event in new if not isinstance(event, _OF_OUTPUTS)]
                if self.session.state.file_state.edited <= seq and await self._append_in_portions(new, by):
                    return self.session.seq
        finally:
            self._lock.release()

    async def _append_in_portions(self, new: list[AnyEvent], by: str | None) -> bool:
        """Appends many events without holding up the reactor; returns false when the document was edited in between: the rest may not fit any
        more."""
        expected = self.session.state.file_state.edited
        for first in range(0, len(new), PORTION):
            if self.session.state.file_state.edited != expected:
                return False
            written = self.session.append(new[first : first + PORTION], by)
            expected = self.session.state.file_state.edited
            await written
        return True


def _never_settled(path: str) -> errors.Conflict:
    return errors.Conflict(f"{path} is being changed all the time by another program.", etag=None)


def _is_same(found: Document, document: Document, format: str) -> bool:
    """Whether two documents are the same in a format: a text has no outputs."""
    return found == document if format == "ipynb" else without_outputs(found) == without_outputs(document)


def _kernel_named(session: Session, ready: events.KernelReady | None, with_language: bool) -> list[AnyEvent]:
    """The event that writes the kernel into the notebook's metadata, when another one stands there."""
    kernel = session.kernel
    if kernel is None or ready is None or ready.kernel != kernel.id:
        return []
    metadata = msgspec.json.decode(session.state.notebook.metadata, type=dict[str, Raw])
    named = metadata.get("kernelspec")
    try:
        name = msgspec.json.decode(named, type=dict[str, Raw]).get("name") if named is not None else None
    except msgspec.ValidationError:
        name = None
    is_named = name is not None and msgspec.json.decode(name) == kernel.kernelspec
    if is_named and ("language_info" in metadata or not with_language):
        return []
    spec = {"display_name": kernel.display_name, "language": kernel.language, "name": kernel.kernelspec}
    if not is_named:
        metadata["kernelspec"] = Raw(msgspec.json.encode(spec))
    metadata["language_info"] = ready.language_info
    return [events.NotebookMetadataSet(metadata=Raw(msgspec.json.encode(metadata)))]
