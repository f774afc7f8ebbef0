"""The history points of a document: the states in its journal that are worth going back to.

A row of edits by one person is one point, which ends with another person's edit, with a run, or after
`PAUSE_SECONDS` without one; runs, saves, checkpoints and what other programs changed are points of their own. Saves
that follow edits by themselves would be as many as the edits, so only those that somebody asked for count.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Literal

import attrs
import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.session.file_state import EDITS
from webipy.core.timestamps import seconds_between

PAUSE_SECONDS = 120.0
"""Edits with a longer pause between are two points."""

KEPT_POINTS = 10_000
"""Older ones are reached by seq and time only."""

What = Literal["added", "changed", "moved", "removed", "ran"]
"""What happened to a cell."""

Kind = Literal["opened", "edited", "ran", "saved", "reloaded", "checkpoint", "conflict"]


@attrs.define(slots=True)
class HistoryPoint:
    """One history point: the state after event `seq`. `cells` are those that it touched, and what happened to each as a whole."""

    seq: int
    time: str
    kind: Kind
    by: str | None
    name: str = ""
    cells: dict[str, What] = attrs.field(factory=dict)


class HistoryPoints(msgspec.Struct):
    """The history points of one session, folded event by event."""

    EVENTS: ClassVar[tuple[type, ...]] = (
        *EDITS,
        events.NotebookOpened,
        events.NotebookReloaded,
        events.NotebookConflicted,
        events.NotebookSaved,
        events.SessionReopened,
        events.CheckpointMade,
        events.ExecutionQueued,
    )

    seq: int = 0
    all: deque[HistoryPoint] = msgspec.field(default_factory=lambda: deque(maxlen=KEPT_POINTS))
    checkpoints: dict[str, int] = msgspec.field(default_factory=dict)

    def clear(self) -> None:
        """Forgets all points, which were made of a snapshot: those before it were cut."""
        self.all.clear()
        self.checkpoints.clear()

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        self.seq = max(self.seq, event.seq)
        match event:
            case events.NotebookOpened():
                self._end_row()
                self._add(event, "opened", event.path)
            case events.SessionReopened():
                self._reopened(event)
            case events.NotebookReloaded():
                self._end_row()
                self._add(event, "reloaded", event.changed or event.path)
            case events.NotebookConflicted():
                self._add(event, "conflict", event.reason)
            case events.NotebookSaved() if event.by is not None:
                self._add(event, "saved", event.path)
            case events.CheckpointMade():
                self.checkpoints[event.name] = event.seq
                self._add(event, "checkpoint", event.name)
            case events.ExecutionQueued() if event.cell is not None:
                self._grow(event, "ran", event.cell)
            case _ if isinstance(event, EDITS):
                self._grow(event, "edited", getattr(event, "cell", ""))
            case _:
                pass

    def _add(self, event: AnyEvent, kind: Kind, name: str) -> None:
        self.all.append(HistoryPoint(event.seq, event.time, kind, event.by, name))

    def _reopened(self, event: events.SessionReopened) -> None:
        """Of openings in a row, without a change between, the last one counts."""
        last = self.all[-1] if self.all else None
        if last is not None and (last.kind, last.name) == ("opened", ""):
            self.all.pop()
        self._add(event, "opened", "")

    def _end_row(self) -> None:
        """The edits just before, written with the event that comes, are its own."""
        if self.all and self.all[-1].kind == "edited" and self.all[-1].seq == self.seq - 1:
            self.all.pop()

    def _grow(self, event: AnyEvent, kind: Kind, cell: str) -> None:
        last = self.all[-1] if self.all else None
        if last is None or (last.kind, last.by) != (kind, event.by) or _pause(last.time, event.time) > PAUSE_SECONDS:
            last = HistoryPoint(event.seq, event.time, kind, event.by)
            self.all.append(last)
        last.seq, last.time = event.seq, event.time
        if cell:
            last.cells[cell] = _together(last.cells.get(cell), _what(event))


def _what(event: AnyEvent) -> What:
    match event:
        case events.CellInserted():
            return "added"
        case events.CellDeleted():
            return "removed"
        case events.CellMoved():
            return "moved"
        case events.ExecutionQueued():
            return "ran"
        case _:
            return "changed"


def _together(before: What | None, now: What) -> What:
    """What two changes of a cell, one after the other, come to."""
    if before == "removed" and now == "added":
        return "changed"  # it came back
    if before in ("added", "changed") and now in ("changed", "moved"):
        return before
    return now


def _pause(before: str, after: str) -> float:
    try:
        return seconds_between(before, after)
    except ValueError:
        return 0.0
