"""The file of a document: where it is, and how much of the document it holds, folded from events.

The document is the journal; the file follows it. `saved` is the seq up to which the file holds everything, so the
document is saved when nothing it consists of was changed after that.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from webipy.core.events.events import (
    AnyEvent,
    CellAttachmentsSet,
    CellDeleted,
    CellEdited,
    CellInserted,
    CellMetadataSet,
    CellMoved,
    CellOutputsCleared,
    CellOutputsSet,
    CellTypeSet,
    ExecutionFinished,
    ExecutionQueued,
    ExecutionStarted,
    NotebookConflicted,
    NotebookMetadataSet,
    NotebookMoved,
    NotebookOpened,
    NotebookReloaded,
    NotebookSaved,
    NotebookSaveFailed,
    OutputAdded,
    OutputsCleared,
    OutputUpdated,
)

_OF_EXECUTIONS = (
    OutputAdded,
    OutputsCleared,
    OutputUpdated,
    ExecutionQueued,
    ExecutionStarted,
    ExecutionFinished,
    CellOutputsCleared,
    CellOutputsSet,
)
"""Events by which what is shown under cells changes."""

EDITS = (
    CellInserted,
    CellDeleted,
    CellMoved,
    CellEdited,
    CellTypeSet,
    CellMetadataSet,
    CellAttachmentsSet,
    NotebookMetadataSet,
)
"""Events by which people change a document; all else that a file holds comes from executions."""


def is_same_file(one: str | None, other: str | None) -> bool:
    """Whether two etags are of one file with one content, whatever its name and mode: those change the time of the inode, the last part of an etag.

    A change of the content that puts size and time back is not seen here: this says whose file it is, not whether it must be read again.

    Args:
        one: An etag; `None` when there is no file.
        other: The other etag.
    """
    return one is not None and other is not None and one.split("-")[:3] == other.split("-")[:3]


@attrs.define(slots=True)
class FileState:
    """The file of one session's document.

    Args:
        path: Relative to the server's root; `None` for a session without a file.
        format: `ipynb`, or a text format as jupytext names it.
        minor: The minor version of nbformat 4 that the file has; `None`: not known, or it is text.
        repairs: What was wrong in the file when it was read last, in sentences.
        etag: The state of the file that was read or written last.
        in_place: The file cannot be replaced and is written in place.
        pairs: The texts that are paired with the file and in step, by their paths, with their etags.
        saved: The file holds what the events up to this seq make.
        conflict: Why the file is not written, until somebody decides.
        failed: Why it could not be written the last time.
        edited: Seq of the last event by which somebody changed the document.
        changed: Seq of the last event that changed what a file holds, outputs included.
    """

    EVENTS: ClassVar[tuple[type, ...]] = (
        *EDITS,
        *_OF_EXECUTIONS,
        NotebookOpened,
        NotebookSaved,
        NotebookReloaded,
        NotebookConflicted,
        NotebookSaveFailed,
        NotebookMoved,
    )

    path: str | None = None
    format: str = "ipynb"
    minor: int | None = None
    repairs: list[str] = attrs.field(factory=list)
    etag: str | None = None
    in_place: bool = False
    pairs: dict[str, str] = attrs.field(factory=dict)
    saved: int = 0
    conflict: NotebookConflicted | None = None
    failed: NotebookSaveFailed | None = None
    edited: int = attrs.field(default=0, eq=False)
    changed: int = attrs.field(default=0, eq=False)
    _from_cells: set[str] = attrs.field(factory=set, eq=False)

    @property
    def is_saved(self) -> bool:
        """Whether the file holds everything."""
        return self.path is not None and self.changed <= self.saved

    def is_at(self, etag: str | None) -> bool:
        """Whether the file with this etag (`None`: no file) is known; one that was deleted and came back as it was is news."""
        was_deleted = self.conflict is not None and self.conflict.etag is None
        return self.has(etag) and not (was_deleted and etag is not None)

    def has(self, etag: str | None) -> bool:
        """Whether the file with this etag is the one that was read or written last. Etags of earlier servers have no time of change of the inode."""
        known = self.etag
        if known is None or etag is None or known.count("-") != 2:
            return known == etag
        return etag == known or etag.startswith(f"{known}-")

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        if isinstance(event, _OF_EXECUTIONS):
            self._apply_shown(event)
            return
        match event:
            case NotebookOpened():
                self.path, self.format, self.etag, self.saved = event.path, event.format, event.etag or None, event.seq
                self.minor, self.repairs, self.conflict, self.failed = event.minor, event.repairs, None, None
            case NotebookSaved():
                self.path, self.format, self.etag, self.saved = (
                    event.path,
                    event.format,
                    event.etag or None,
                    event.until,
                )
                self.minor, self.in_place, self.conflict, self.failed = event.minor, event.in_place, None, None
                self.pairs = event.pairs
            case NotebookReloaded():
                self.path, self.etag, self.minor, self.conflict = event.path, event.etag or None, event.minor, None
                self.repairs = event.repairs
                self.pairs = self.pairs if event.pairs is None else event.pairs
            case NotebookConflicted():
                self.conflict = event
            case NotebookSaveFailed():
                self.failed = event
            case NotebookMoved():
                self.path = event.path
            case _ if isinstance(event, EDITS):
                self.edited = self.changed = event.seq
            case _:
                pass

    def _apply_shown(self, event: AnyEvent) -> None:
        match event:
            case OutputAdded() | OutputsCleared() | ExecutionStarted() if event.execution in self._from_cells:
                pass
            case ExecutionQueued() if event.cell is not None:
                self._from_cells.add(event.execution)
            case ExecutionFinished() if event.execution in self._from_cells:
                self._from_cells.remove(event.execution)
            case OutputUpdated() | CellOutputsCleared() | CellOutputsSet():
                pass
            case OutputAdded() if event.cell is not None:
                pass
            case _:
                return
        self.changed = event.seq

    def as_events(self, seq: int) -> list[AnyEvent]:
        """The fewest events that fold to the same; those that stand for many have the seq `seq`."""
        if self.path is None:
            return []
        path, etag, format, minor, in_place = self.path, self.etag or "", self.format, self.minor, self.in_place
        shortest: list[AnyEvent] = [
            NotebookOpened(seq=seq, path=path, etag=etag, format=format, minor=minor, repairs=self.repairs),
            NotebookSaved(
                seq=seq,
                path=path,
                etag=etag,
                until=self.saved,
                format=format,
                minor=minor,
                in_place=in_place,
                pairs=self.pairs,
            ),
        ]
        return shortest + [event for event in (self.conflict, self.failed) if event is not None]
