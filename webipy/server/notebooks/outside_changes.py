"""Changes of a document's files by other programs, merged into the document.

::

    file  ──► read ──► merge(what it held, the document, what it holds) ───────────────┐
                                                                                       ├──► no conflict: events ─► journal
    text  ──► read ──► its sources before and now ──► merge(before, the document, now) ┘    conflict: `notebook_conflicted`

Invariants: runs under the lock of `webipy.server.notebooks.notebook_file`; the result of a merge is discarded when the document was edited
meanwhile (the methods return false), and the merge begins again; nothing here writes a file.

Rejected: merging a text by its lines (a cell that moved would collide with one that was edited beside it).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Coroutine
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api import formats
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.ipynb import merge, notebook_file
from webipy.core.ipynb.document import Document
from webipy.core.timestamps import seconds_between
from webipy.server.notebooks.file_reader import Reader
from webipy.server.notebooks.history import History
from webipy.server.notebooks.large_values import store_values
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook, without_outputs
from webipy.server.notebooks.pair_files import PairFile, PairFiles
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session

NEWER_SECONDS = 1.0
"""A file is newer than its text when it was written so long after it, at least: a checkout writes both at once."""


@attrs.define(eq=False)
class OutsideChanges:
    """Merges changes of one document's files by other programs.

    Args:
        session: The session of the document.
        world: The outside.
        codec: Reads and writes notebook files.
        history: Earlier states of the document.
        pair_files: The texts that are paired with the file.
        found_at: Makes another path that of the file; returns false when another session has it open already.
        base: What the file held when it was read or written last; `None` when this server has not seen that.
    """

    session: Session
    world: World
    codec: NotebookCodec
    history: History
    pair_files: PairFiles
    found_at: Callable[[str], Coroutine[Deferred[Any], Any, bool]]
    base: Document | None = None
    opened: notebook_file.Opened | None = None
    """The same as it was parsed, until the save that took it in has ended: what is written next is laid out after it."""
    is_plain: bool = False
    """Whether that file need not be parsed again (`ReadNotebook.is_plain`)."""
    _reader: Reader = attrs.field(
        init=False, default=attrs.Factory(lambda self: Reader(self.world, self.codec), takes_self=True)
    )

    async def etag(self, path: str) -> str | None:
        """The state of a file as it is now; `None` when there is none."""
        try:
            return (await self.world.files.stat(path)).etag
        except errors.NotFound:
            return None

    async def found(self, path: str, like: Document) -> ReadNotebook | None:
        """Reads the file as it is now.

        Args:
            path: The file, relative to the root.
            like: The document whose ids and outputs its cells get, where the file has none.

        Returns:
            The file; `None` when there is none.
        """
        origin = self.session.state.file_state
        try:
            if self.base is not None and origin.has((await self.world.files.stat(path)).etag):
                folded, record = await self.codec.read_again(path)
                if origin.has(record.etag):
                    is_parsed = self.opened is not None and self.opened.body == folded.body
                    return ReadNotebook(
                        folded.body,
                        record,
                        self.base,
                        origin.format,
                        [],
                        origin.minor,
                        folded.values,
                        opened=self.opened if is_parsed else None,
                        is_plain=self.is_plain and not folded.values,
                    )
            return await self._reader.read(path, self.base or like)
        except errors.NotFound:
            return None

    async def has_moved(self) -> bool:
        """Looks for the file under another name, which becomes that of the document; returns false when it is not found, or is open in another
        session."""
        path, etag = self.session.state.file_state.path, self.session.state.file_state.etag
        if path is None or etag is None:
            return False
        found = await self.world.files.seek(path, etag)
        if found is None or found.path == path or formats.format_of(found.path) is None:
            return False
        return await self.found_at(found.path)

    async def missing(self, path: str) -> None:
        """Finds a file that is not where it was, so that a save can begin again.

        Raises:
            errors.Conflict: It is nowhere below the root.
        """
        if path == self.session.state.file_state.path and not await self.has_moved():
            await self.conflict(path, None, [], "The file was deleted by another program.")

    async def changes(self, old: Document, new: Document) -> list[AnyEvent]:
        """The events that turn one document into another.

        Args:
            old: The document of the session now.
            new: The document that it becomes.
        """
        known = self.session.state.notebook
        versions = {gone.cell.id: gone.cell.version + 1 for gone in known.deleted.values()}
        versions |= {cell.id: cell.version for cell in known.cells()}
        return list(await self.world.aside(lambda: merge.changes(old, new, versions)))

    async def merge(self, seq: int, document: Document, found: ReadNotebook, by: str | None) -> bool:
        """Merges the file into the document.

        Args:
            seq: Seq of the last event in the document.
            document: The document.
            found: The file, read.
            by: Who asked for that; `None` for the server.

        Returns:
            False when the document was edited meanwhile, so that it must begin again.

        Raises:
            errors.Conflict: Both have changes of the same; `notebook_conflicted` reports it, too.
        """
        path, etag = found.record.path, found.record.etag
        base = self.base or (document if self.session.state.file_state.is_saved else await self.history.saved())
        if base is None:
            different = _different(document, found.document)
            if different:
                reason = "The file was changed by another program while the server was away."
                await self.conflict(path, etag, different, reason)
            base = document
        merged = await self._merged(path, etag, base, document, found.document)
        await store_values(self.session, self.world, found)
        new = await self.changes(document, merged)
        if self.session.state.file_state.edited > seq:
            return False
        self._reader.record(base, found)
        self.base, self.opened, self.is_plain = found.document, found.opened, found.is_plain
        is_whole = merged == found.document
        minor, repairs = found.minor, found.repairs
        pairs = self.session.state.file_state.pairs
        if new or not is_whole:
            new.append(events.NotebookReloaded(path=path, etag=etag, cells=_cells(new), minor=minor, repairs=repairs))
        if is_whole:
            until, format = self.session.seq + len(new), self.session.state.file_state.format
            new.append(events.NotebookSaved(path=path, etag=etag, until=until, format=format, minor=minor, pairs=pairs))
        await self.session.append(new, by)
        return True

    async def merge_pair_file(
        self, seq: int, document: Document, pair_file: PairFile, found: ReadNotebook, by: str | None
    ) -> None:
        """Merges a paired text into the document; does nothing when the document was edited meanwhile.

        Args:
            seq: Seq of the last event in the document.
            document: The document.
            pair_file: The text.
            found: The text, read.
            by: Who asked for that; `None` for the server.

        Raises:
            errors.Conflict: Both have changes of the same; `notebook_conflicted` reports it, too.
        """
        origin, etag = self.session.state.file_state, found.record.etag
        is_met, is_behind = pair_file.base is not None, pair_file.until < origin.edited
        if not is_met and not origin.is_saved:
            different = _different(without_outputs(document), without_outputs(found.document))
            await self.conflict(
                pair_file.path, etag, different, "The text that is paired with this notebook has other cells."
            )
        base = pair_file.base or document
        before, now, held = await self.pair_files.difference(pair_file, base, document, found)
        merged = await self._merged(pair_file.path, etag, before, document, now)
        new = await self.changes(document, merged)
        if origin.edited > seq:
            return
        pair_file.reader.record(document, found)
        is_reported = bool(new) or origin.conflict is not None
        until = pair_file.until if is_met and is_behind else self.session.seq + len(new) + is_reported
        pair_file.holds(found.body, etag, without_outputs(held), until)
        if is_reported:
            await self.session.append([*new, self._reloaded(pair_file, new)], by)
        if not is_met and new and await self._is_older(found):
            await self._undo(pair_file, merged, document, by)

    async def _undo(self, pair_file: PairFile, merged: Document, document: Document, by: str | None) -> None:
        """Undoes the merge of a text that is older than the file, so that its cells are in the history only; not when the document was edited
        since."""
        edited = self.session.state.file_state.edited
        back = await self.changes(merged, document)
        if self.session.state.file_state.edited == edited:
            text, file = (
                posixpath.basename(path) for path in (pair_file.path, self.session.state.file_state.path or "")
            )
            words = f"{text} is older than {file}, and differs: its cells are in the history."
            repairs = [*self.session.state.file_state.repairs, words]
            pair_file.until = self.session.seq + len(back) + 1
            await self.session.append([*back, self._reloaded(pair_file, back, repairs)], by)

    async def _is_older(self, found: ReadNotebook) -> bool:
        try:
            other = (await self.world.files.stat(self.session.state.file_state.path or "")).modified
        except errors.NotFound:
            return False
        return seconds_between(found.record.modified, other) > NEWER_SECONDS

    def _reloaded(
        self, pair_file: PairFile, new: list[AnyEvent], repairs: list[str] | None = None
    ) -> events.NotebookReloaded:
        origin = self.session.state.file_state
        return events.NotebookReloaded(
            path=origin.path or "",
            etag=origin.etag or "",
            cells=_cells(new),
            minor=origin.minor,
            repairs=origin.repairs if repairs is None else repairs,
            changed=pair_file.path,
            pairs=self.pair_files.etags(),
        )

    # ---- conflicts

    async def _merged(self, path: str, etag: str, base: Document, ours: Document, theirs: Document) -> Document:
        merged = await self.world.aside(lambda: merge.merge(base, ours, theirs))
        if merged.conflicts or merged.metadata_conflicts:
            names = ", ".join(sorted(merged.metadata_conflicts))
            parts = (("the same cells", merged.conflicts), (f"the metadata {names}", names))
            same = " and ".join(part for part, is_there in parts if is_there)
            reason = f"{same[:1].upper()}{same[1:]} were changed here and by another program."
            await self.conflict(path, etag, list(merged.conflicts), reason)
        return merged.document

    async def conflict(self, path: str, etag: str | None, cells: list[str], reason: str) -> None:
        """Reports that two changes conflict, or that the file is gone.

        Args:
            path: The file.
            etag: Its state now; `None` when it is gone.
            cells: Ids of the cells that both changed.
            reason: Why, in a sentence.

        Raises:
            errors.Conflict: Always.
        """
        conflict = events.NotebookConflicted(path=path, reason=reason, etag=etag, cells=cells[:1000])
        known = self.session.state.file_state.conflict
        if known is None or (known.etag, known.cells) != (conflict.etag, conflict.cells):
            await self.session.append([conflict], None)
        name = path if path == self.session.state.file_state.path else posixpath.basename(path)
        raise errors.Conflict(
            f"{name} is not saved: {reason} Choose one of both versions: yours, or that of the file.", etag=etag
        )


def _cells(new: list[AnyEvent]) -> int:
    """How many cells the events change."""
    return len({cell for event in new if isinstance(cell := getattr(event, "cell", None), str)})


def _different(mine: Document, theirs: Document) -> list[str]:
    """The cells that are not the same on both sides."""
    here, there = {cell.id: cell for cell in mine.cells}, {cell.id: cell for cell in theirs.cells}
    return [cell for cell in {**here, **there} if here.get(cell) != there.get(cell)]
