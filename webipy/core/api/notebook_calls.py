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
    """Why the file is not written: another program changed it (`etag`; null: deleted it), `cells` differ on both sides."""

    reason: str
    etag: str | None = None
    cells: list[str] = []


class NotebookState(Result, frozen=True, kw_only=True):
    """The document of a session: its file, and whether that holds everything. Without a file, `path` is null.

    `minor` is the minor version of nbformat 4 that the file has; null: it is text, or there is none. `repairs` are
    sentences about what was wrong in it. `in_place`: it cannot be replaced, so it is written in place, and another program may see half of it.
    """

    session: str
    path: str | None
    format: str
    etag: str | None
    is_saved: bool
    saved_seq: int
    seq: int
    cells: int
    metadata: Raw
    conflict: Conflict | None = None
    save_failed: str | None = None
    minor: int | None = None
    repairs: list[str] = []
    in_place: bool = False


class SaveNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Writes the file now; with `path`, under that name, which is the session's from then on (its suffix chooses the format).

    After a conflict, `overwrite` is the etag of the file that may be replaced (what it held is kept beside it as a copy), or `"missing"` to write a
    deleted file again. With `upgrade`, an `.ipynb` of nbformat 4.0 to 4.4 becomes one of 4.5, with the ids of its cells; else it stays what it is.
    """

    path: RelativePath | None = None
    overwrite: str | None = None
    upgrade: bool = False


class SetNotebookMetadata(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replaces the metadata of the notebook, a JSON map."""

    metadata: Raw


class RunPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server does at the end of a run, and when it ends it early, whether its caller is still there or not.

    The result is written to `to` (null: to the notebook's own file), whole and at once: over a file that is there only with `overwrite`, and
    with `only_if_ok` only when every cell has ended well; a run that was stopped never replaces a file: what it has is written beside. The run is
    stopped after `timeout_s`, when its kernel is not ready after `start_timeout_s`, and with `attached` when nobody has followed its session
    for 10 s. Code that does not react to the interrupt within `grace_s` loses its kernel, if the session is the run's own. With `keep` a temporary
    session stays open.
    """

    to: RelativePath | None = None
    overwrite: bool = False
    only_if_ok: bool = False
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    start_timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    grace_s: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    attached: bool = False
    keep: bool = False


class CheckRun(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a run of the notebook `path` (null: of one that has no file) could write its result to `to`."""

    path: RelativePath | None
    to: RelativePath
    overwrite: bool = False


class StopRun(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ends a run early: what waits is taken back, what runs is interrupted, and (with `grace_s`) then killed if the session is the run's own."""

    run: str
    grace_s: Annotated[float, msgspec.Meta(ge=0)] | None = None


class OfRun(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one run that has a plan."""

    run: str


class RunState(Result, frozen=True, kw_only=True):
    """A run that has a plan: `status` is null until it has ended; `path` is the file with its result, `reason` says why there is none."""

    run: str
    session: str
    source: str | None = None
    status: RunStatus | None = None
    path: str | None = None
    reason: str = ""
    started: str = ""
    finished: str | None = None


class RunNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs code cells in their order: those of `cells`, or `which` of them (`above` and `below` count from `cell`: before it, and from it on).

    Of `which` those with the tag `skip-execution` are left out. With `stop_on_error` the rest of this run is not run after a failure, unless that of
    a cell with the tag `raises-exception`. `parameters` are names and values that a new cell sets, after the cell with the tag `parameters`
    (or first), in place of what an earlier run put there; `{"$numberDouble": "NaN"}` is a number that JSON lacks, as are `"Infinity"` and
    `"-Infinity"`. The same `id` again is the same run.
    With a `plan` the server brings the run to its end and tells it by `run_finished`.
    """

    cells: list[str] | None = None
    which: Literal["all", "above", "below", "stale"] = "all"
    cell: str | None = None
    stop_on_error: bool = True
    parameters: dict[str, Raw] | UnsetType = UNSET
    id: ClientChosenId | None = None
    plan: RunPlan | None = None


class CellRun(Result, frozen=True, kw_only=True, omit_defaults=True):
    """A cell and the execution that runs it. A failure of one that `may_fail` (it has the tag `raises-exception`) is none of the run."""

    cell: str
    execution: str
    may_fail: bool = False


class NotebookRun(Result, frozen=True, kw_only=True):
    """The executions of a run, in their order; `run` is in each one's `execution_queued`."""

    run: str
    executions: list[CellRun]
    seq: int


class QueuedExecution(Result, frozen=True, kw_only=True):
    """An execution that has not ended: the one that runs comes first, then those that wait, in their order."""

    execution: str
    status: Literal["queued", "running"]
    code: str
    cell: str | None = None
    run: str | None = None
    by: str | None = None
    queued: str = ""


class ExecutionQueue(Result, frozen=True, kw_only=True):
    """The queue of a session, as of event `seq`."""

    seq: int
    executions: list[QueuedExecution]


class MoveExecution(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lets a queued execution wait just before execution `before` (null: last of all)."""

    execution: str
    before: str | None = None


class CancelRun(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Takes back what of a run still waits (null: everything that waits)."""

    run: str | None = None


class RunCancelled(Result, frozen=True, kw_only=True):
    """The executions that were taken back."""

    executions: list[str]


# ---- history --------------------------------------------------------------------------------------------------------


class ReadHistory(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The moments of the document, the newest first: at most `limit`, all before seq `before` if given."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200
    before: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Moment(Result, frozen=True, kw_only=True):
    """A state of the document worth going back to. `kind`: `edited` stands for a row of edits by one person; `cells` counts the cells it touched."""

    seq: int
    time: str
    kind: Literal["opened", "edited", "ran", "saved", "reloaded", "checkpoint", "conflict"]
    by: str | None = None
    name: str = ""
    cells: int = 0


class Moments(Result, frozen=True, kw_only=True):
    """Moments, the newest first. `first_seq` is the oldest state that can be shown."""

    moments: list[Moment]
    first_seq: int


class AtMoment(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A state of the document: after event `seq`, at `time` (RFC 3339), or the checkpoint `checkpoint`; none of them: now."""

    seq: Annotated[int, msgspec.Meta(ge=1)] | None = None
    time: str | None = None
    checkpoint: str | None = None


class NotebookAt(Result, frozen=True, kw_only=True):
    """The document after event `seq`, as nbformat 4.5 JSON."""

    seq: int
    time: str
    notebook: Raw


class MakeCheckpoint(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Gives the state of the document now a name, 1 to 100 characters."""

    checkpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class DiffNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Compares the state after event `since` with that after event `until` (null: now)."""

    since: Annotated[int, msgspec.Meta(ge=1)]
    until: Annotated[int, msgspec.Meta(ge=1)] | None = None


class CellChange(Result, frozen=True, kw_only=True):
    """How one cell differs; `before` and `after` are its sources where it was and is."""

    cell: str
    change: Literal["added", "removed", "changed", "moved"]
    cell_type: CellType
    before: str | None = None
    after: str | None = None
    outputs_changed: bool = False
    metadata_changed: bool = False


class NotebookDiff(Result, frozen=True, kw_only=True):
    """The cells that differ, in the order of the newer state (those removed where they stood)."""

    since: int
    until: int
    cells: list[CellChange]
    metadata_changed: bool = False


# ---- export ---------------------------------------------------------------------------------------------------------


class ExportNotebook(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes another format of the document as it is now.

    Pages and texts are without code with `input` false, and without the numbers of cells with `prompts` false. `template` is one that is installed
    beside nbconvert, for html, slides and pdf.
    """

    format: ExportFormat
    input: bool = True
    prompts: bool = True
    template: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,100}(?!\n)$")] | None = None


class Exported(Result, frozen=True, kw_only=True):
    """Where the export can be fetched with the same login, for an hour: `GET url`."""

    url: str
    name: str
    media_type: str
    size: int
