"""The params and results of the methods `notebook.*` and of the queue, as in `webipy.core.api.calls`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.api.calls import ClientChosenId, OfSession, Params, Result
from webipy.core.api.formats import ExportFormat
from webipy.core.events.events import CellType, RunStatus

RelativePath = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
"""A path below the server's root, with `/` between its parts."""


class Conflict(Result, frozen=True, kw_only=True):
    """Why the file is not written: another program changed or deleted it."""

    reason: str
    """What does not go together, as one sentence for a person."""
    etag: str | None = None
    """The etag of the file that is there; null: it was deleted."""
    cells: list[str] = []
    """The ids of the cells that differ on both sides."""


class NotebookState(Result, frozen=True, kw_only=True):
    """The document of a session: its file, and whether the file holds everything."""

    session: str
    path: str | None
    format: str
    etag: str | None
    """The etag of the file, as it was last read or written; null: there is no file."""
    is_saved: bool
    """Whether the file holds everything."""
    saved_seq: int
    """The seq of the last event whose effect the file has."""
    seq: int
    """The seq of the newest event of the session."""
    cells: int
    """How many cells the document has."""
    metadata: Raw
    """The metadata of the document, a JSON map."""
    conflict: Conflict | None = None
    """Why the file is not written; null: there is no conflict."""
    save_failed: str | None = None
    """Why it could not be written last, as one sentence for a person; null: it could."""
    minor: int | None = None
    repairs: list[str] = []
    in_place: bool = False


class SaveNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to write the file."""

    path: RelativePath | None = None
    """The new path of the file, relative to the server's root; its suffix chooses the format, and the session keeps it. Null: the path that it has.
    """
    overwrite: str | None = None
    """After a conflict: the etag of the file that may be replaced (what it held is kept beside it as a copy), or `"missing"` to write a deleted file
    again; null: nothing is overwritten.
    """
    upgrade: bool = False
    """Whether an `.ipynb` of nbformat 4.0 to 4.4 becomes one of 4.5, with the ids of its cells."""


class SetNotebookMetadata(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new metadata of the notebook."""

    metadata: Raw
    """All the metadata, a JSON map."""


class RunPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server does at the end of a run, and when it ends it early, whether its caller is still there or not.

    The result is written whole and at once. A run that was stopped never replaces a file: what it has is written beside.
    """

    to: RelativePath | None = None
    overwrite: bool = False
    """Whether the result may replace a file that is there."""
    only_if_ok: bool = False
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    start_timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    grace_s: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    """Seconds that running code has to react to the interrupt, before its kernel is killed, if the session is the run's own."""
    attached: bool = False
    keep: bool = False
    """Whether a temporary session stays open after the run."""


class CheckRun(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notebook, and where the result of its run would be written."""

    path: RelativePath | None
    """The path of the notebook, relative to the server's root; null: it has no file."""
    to: RelativePath
    """The path that the result would get, relative to the server's root."""
    overwrite: bool = False
    """Whether the result may replace a file that is there."""


class StopRun(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The run to end early: what waits is taken back, and what runs is interrupted."""

    run: str
    grace_s: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """Seconds that running code has to react to the interrupt, before its kernel is killed, if the session is the run's own; null: as the plan says.
    """


class OfRun(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run that has a plan."""

    run: str


class RunState(Result, frozen=True, kw_only=True):
    """A run that has a plan."""

    run: str
    session: str
    source: str | None = None
    """The path of the notebook that was run, relative to the server's root; null: it has no file."""
    status: RunStatus | None = None
    """How it ended; null: it has not ended."""
    path: str | None = None
    """The path of the file that has the result, relative to the server's root; null: there is none."""
    reason: str = ""
    """Why there is no result in a file, as one sentence for a person; empty: there is one, or the run goes on."""
    started: str = ""
    """When it began, RFC 3339 in UTC with microseconds; empty: not known."""
    finished: str | None = None


class RunNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which code cells to run, in their order. The same `id` again is the same run.

    Cells are chosen by `cells`, or by `which`; of the latter, those with the tag `skip-execution` are left out. With a `plan` the server brings the
    run to its end, which `run_finished` reports.
    """

    cells: list[str] | None = None
    """The ids of the cells to run; null: `which` chooses."""
    which: Literal["all", "above", "below", "stale"] = "all"
    """All cells, those before `cell` (`above`), `cell` and those after it (`below`), or those whose source was changed since their last run
    (`stale`).
    """
    cell: str | None = None
    """The id of the cell that `above` and `below` count from; null: for these, an error."""
    stop_on_error: bool = True
    """Whether a failure keeps the rest of the run from running, unless it is that of a cell with the tag `raises-exception`."""
    parameters: dict[str, Raw] | UnsetType = UNSET
    """Values, by their names, that a new cell sets after the cell with the tag `parameters` (or first), in place of what an earlier run put there.
    `{"$numberDouble": "NaN"}` is a number that JSON lacks, as are `"Infinity"` and `"-Infinity"`. Left out: none.
    """
    id: ClientChosenId | None = None
    """The id of the run; null: the server makes one."""
    plan: RunPlan | None = None
    """What the server does at the end; null: it does nothing."""
    notify: bool = False
    """Whether the caller is told once when all of its executions have ended, as by `notification.ask`."""


class CellRun(Result, frozen=True, kw_only=True, omit_defaults=True):
    """A cell and the execution that runs it."""

    cell: str
    execution: str
    may_fail: bool = False
    """Whether its failure does not fail the run: it has the tag `raises-exception`."""


class NotebookRun(Result, frozen=True, kw_only=True):
    """The run is in the journal."""

    run: str
    executions: list[CellRun]
    """Its executions, in their order."""
    seq: int
    """The seq of the event that has the last of them."""


class QueuedExecution(Result, frozen=True, kw_only=True):
    """An execution that has not ended."""

    execution: str
    status: Literal["queued", "running"]
    """Whether it waits or runs."""
    code: str
    cell: str | None = None
    run: str | None = None
    by: str | None = None
    queued: str = ""
    """When it was queued, RFC 3339 in UTC with microseconds; empty: not known."""


class ExecutionQueue(Result, frozen=True, kw_only=True):
    """The queue of a session."""

    seq: int
    """The seq of the newest event: the queue is as it left it."""
    executions: list[QueuedExecution]
    """What has not ended: the one that runs first, then those that wait, in their order."""


class MoveExecution(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a queued execution waits."""

    execution: str
    before: str | None = None
    """The id of the execution that it is to wait just before; null: it waits last."""


class CancelRun(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to take back of what waits."""

    run: str | None = None
    """The id of the run; null: everything that waits."""


class RunCancelled(Result, frozen=True, kw_only=True):
    """The executions that were taken back."""

    executions: list[str]
    """Their ids, in their order."""


# ---- history --------------------------------------------------------------------------------------------------------


class ReadHistory(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which states of the document to return, the newest first."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200
    """The most states that are returned."""
    before: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Only states before the event with this seq; null: all."""


class TouchedCell(Result, frozen=True, kw_only=True):
    """A cell that a state of the document differs in from the one before, or that ran."""

    cell: str
    what: Literal["added", "changed", "moved", "removed", "ran"]
    """What happened to it."""


class HistoryPoint(Result, frozen=True, kw_only=True):
    """A state of the document worth going back to."""

    seq: int
    """The seq of the event after which the document was so."""
    time: str
    """When that event was written, RFC 3339 in UTC with microseconds."""
    kind: Literal["opened", "edited", "ran", "saved", "reloaded", "checkpoint", "conflict"]
    """What made it; `edited` stands for a row of edits by one person."""
    by: str | None = None
    name: str = ""
    """The name of a checkpoint, the path of a file that was opened, reloaded or saved, or the reason of a conflict; else empty."""
    cells: int = 0
    """How many cells it touched."""
    touched: list[TouchedCell] = []
    """The first of these cells."""


class HistoryPoints(Result, frozen=True, kw_only=True):
    """States of the document, the newest first."""

    points: list[HistoryPoint] = msgspec.field(name="moments")
    """The states."""
    first_seq: int
    """The seq of the oldest state that can be shown."""


class AtPoint(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A state of the document, by one of its three fields; without any of them: the state now."""

    seq: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The state after the event with this seq."""
    time: str | None = None
    """The state at this time, RFC 3339."""
    checkpoint: str | None = None
    """The state with this name."""


class RestoreNotebook(AtPoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state to restore, or one cell of it."""

    cell: str | None = None
    """The id of the only cell that becomes what it was; one that is gone comes back where it stood; null: the whole document."""


class NotebookAt(Result, frozen=True, kw_only=True):
    """A state of the document."""

    seq: int
    """The seq of the event after which the document was so."""
    time: str
    """When that event was written, RFC 3339 in UTC with microseconds."""
    notebook: Raw
    """The document, JSON of nbformat 4.5."""


class MakeCheckpoint(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name for the state of the document now."""

    checkpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """The name, 1 to 100 characters."""


class DiffNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two states to compare."""

    since: Annotated[int, msgspec.Meta(ge=1)]
    """The older state: after the event with this seq."""
    until: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The newer state: after the event with this seq; null: now."""


class CellChange(Result, frozen=True, kw_only=True):
    """How one cell differs."""

    cell: str
    change: Literal["added", "removed", "changed", "moved"]
    """What happened to it."""
    cell_type: CellType
    before: str | None = None
    """Its source in the older state; null: it was not there."""
    after: str | None = None
    """Its source in the newer state; null: it is not there."""
    outputs_changed: bool = False
    """Whether its outputs differ."""
    metadata_changed: bool = False
    """Whether its metadata differ."""


class NotebookDiff(Result, frozen=True, kw_only=True):
    """How two states of the document differ."""

    since: int
    """The seq of the older state."""
    until: int
    """The seq of the newer state."""
    cells: list[CellChange]
    """The cells that differ, in the order of the newer state (those removed where they stood)."""
    metadata_changed: bool = False
    """Whether the metadata of the notebook differ."""


# ---- copies of clients ----------------------------------------------------------------------------------------------


class ReadNotebook(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The notebook to read, and whether its content is wanted."""

    path: RelativePath
    """The path of the file, relative to the server's root."""
    content: bool = True
    """Whether the notebook itself is returned; else only what is known of it."""


class NotebookCopy(Result, frozen=True, kw_only=True):
    """A notebook as it is now, for a client that keeps a copy of it and writes it back whole."""

    path: str
    """The path of the file, relative to the server's root."""
    size: int
    """The bytes of the file on disk."""
    is_writable: bool
    """Whether the server may write the file."""
    modified: str
    """When somebody last wrote in the notebook, RFC 3339 in UTC; outputs that a kernel made do not count."""
    text_hash: str
    """SHA-256, hex, of what people write in the notebook: it changes with its sources and metadata, and not with outputs."""
    session: str | None = None
    """The id of its open session; null: there is none."""
    repairs: list[str] = []
    """What was repaired in it to read it, in sentences."""
    notebook: Raw | UnsetType = UNSET
    """The document with its outputs, JSON of nbformat 4.5; its metadata have the id of the copy as `webipy_copy`. Left out: it was not asked for."""


class MergeNotebook(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A copy of a notebook as a client has it now."""

    path: RelativePath
    """The path of the file, relative to the server's root."""
    notebook: Raw
    """The whole notebook, JSON of nbformat 4, with the `webipy_copy` in its metadata that it came with."""


class NotebookMerged(Result, frozen=True, kw_only=True):
    """The document after a copy was merged into it, and saved."""

    path: str
    """The path of the file, relative to the server's root."""
    is_new: bool
    """Whether the file was made."""
    session: str | None = None
    """The id of its session; null: the file was made and is not open."""
    repairs: list[str] = []
    """What was repaired in the notebook that was sent, in sentences."""


# ---- export ---------------------------------------------------------------------------------------------------------


class ExportNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The format to make of the document."""

    format: ExportFormat
    """The format."""
    input: bool = True
    """Whether it shows the code."""
    prompts: bool = True
    """Whether it shows the numbers of cells."""
    template: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,100}(?!\n)$")] | None = None
    """The name of a template that is installed beside nbconvert, for html, slides and pdf; null: webipy's own."""


class Exported(Result, frozen=True, kw_only=True):
    """Where the export can be fetched with the same login, for an hour: `GET url`."""

    url: str
    """The path of its address on this server."""
    name: str
    """The name of the file."""
    media_type: str
    """The MIME type of the file."""
    size: int
