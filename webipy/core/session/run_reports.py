"""What a run leaves in its document beside outputs: times and statuses where papermill has them, and where it failed, for people to see.

    metadata.papermill of the notebook    parameters, paths, times, whether a cell failed
    metadata.papermill of each cell       its times and its status: `completed`, `failed`, or `pending` for what was not run
    cells tagged papermill-error-cell-tag a mark at the top with a link, and one above the cell that failed; those of an earlier run are taken away

Cells that are not run, such as text, count as completed when the run came past them. Times are those of the journal. Tools that read results of
papermill read these.

Source: papermill 2.7, the metadata of its engines and the marks of its results.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import jupyter_messages
from webipy.core.session.notebook import Cell, Notebook
from webipy.core.session.runs import OpenRun
from webipy.core.timestamps import seconds_between

MARK = "papermill-error-cell-tag"
_ANCHOR = "papermill-error-cell"
_STYLE = 'style="color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; font-size:2em;"'

_EARLY = {
    "timed_out": "its time was over",
    "cancelled": "it was stopped",
    "not_started": "its kernel did not start",
    "lost": "its kernel died",
}
"""Why a run has ended that no cell has ended, for its mark."""


class _Tagged(msgspec.Struct):
    tags: list[str] = []


class _Output(msgspec.Struct):
    output_type: str = ""
    ename: str = ""
    evalue: str = ""


class RunRecord(msgspec.Struct):
    """What a report needs to know of the events of a run: when its executions began and ended, of which cells they are, and their errors.

    Args:
        run: The run's id.
    """

    run: str
    cells: dict[str, str] = msgspec.field(default_factory=dict)
    began: dict[str, str] = msgspec.field(default_factory=dict)
    ended: dict[str, events.ExecutionFinished] = msgspec.field(default_factory=dict)
    faults: dict[str, str] = msgspec.field(default_factory=dict)

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        match event:
            case events.ExecutionQueued() if event.run == self.run and event.cell is not None:
                self.cells[event.cell] = event.execution
            case events.ExecutionStarted():
                self.began[event.execution] = event.time
            case events.ExecutionFinished():
                self.ended[event.execution] = event
            case events.OutputAdded() if event.execution is not None:
                output = jupyter_messages.decode(event.output, _Output)
                if output.output_type == "error":
                    self.faults[event.execution] = f"{output.ename}: {output.evalue}".strip(": ")
            case _:
                pass


def without_marks(notebook: Notebook) -> list[AnyEvent]:
    """The events that delete the marks of an earlier run."""
    return [events.CellDeleted(cell=cell.id) for cell in notebook.cells() if _is_mark(cell)]


def report(
    notebook: Notebook, run: OpenRun, record: RunRecord, source: str | None, new_id: Callable[[], str]
) -> list[AnyEvent]:
    """The events that add the report of a run that is over; none where it is already there, as the last server left it.

    Args:
        notebook: The document.
        run: The run.
        record: The record of its events.
        source: Path of the notebook that the run is a copy of; `None` for none.
        new_id: Makes ids of cells.
    """
    cells = [cell for cell in notebook.cells() if not _is_mark(cell)]
    made = without_marks(notebook)
    at, is_over, failed = run.started.time, False, None
    for cell in cells:
        execution = record.cells.get(cell.id)
        end = record.ended.get(execution) if execution is not None else None
        if execution is not None and (end is None or execution not in record.began):
            is_over = True
        times = _papermill_pending() if is_over else _papermill_of(run, record, execution, at)
        made.append(_with_papermill(cell, times))
        if end is not None and not is_over:
            at = end.time
            is_failure = run.fate(end) in ("error", "lost")
            failed = (cell, end) if is_failure and failed is None else failed
            is_over = end.status != "ok" and _stops(run, end)
    is_bad = failed is not None or bool(run.exits) or run.status() != "ok"
    whole = _of_notebook(notebook, run, record, source, is_bad)
    if msgspec.json.decode(whole) == msgspec.json.decode(notebook.metadata):
        return []
    if failed is not None:
        made += _marks(cells, *failed, record, new_id)
    elif run.status() != "ok":
        words = _EARLY.get(run.status(), "not every cell was run")
        made.append(_mark(new_id(), None, f"<span {_STYLE}>This run ended early: {words}.</span>"))
    return [*made, events.NotebookMetadataSet(metadata=whole)]  # last of all: where it stands, the rest does


def _stops(run: OpenRun, end: events.ExecutionFinished) -> bool:
    """Whether a run goes no further than an execution that did not end well: then what comes after it was never begun."""
    return end.execution not in run.started.may_fail and not run.started.keep_going


def _papermill_of(run: OpenRun, record: RunRecord, execution: str | None, at: str) -> dict[str, Any]:
    """The member `papermill` of a cell that the run has reached; `at` is when it passed a cell that is not run."""
    began, end = at, at
    is_failure = False
    if execution is not None:
        finished = record.ended[execution]
        began, end = record.began[execution], finished.time
        is_failure = finished.status != "ok" and not (finished.status == "error" and execution in run.started.may_fail)
    status = "failed" if is_failure else "completed"
    return {"exception": is_failure, "status": status, **_times(began, end)}


def _papermill_pending() -> dict[str, Any]:
    return {"exception": None, "status": "pending", "start_time": None, "end_time": None, "duration": None}


def _times(began: str, end: str) -> dict[str, Any]:
    return {"start_time": _iso(began), "end_time": _iso(end), "duration": max(0.0, seconds_between(began, end))}


def _iso(time: str) -> str:
    """A time as papermill writes it."""
    return datetime.fromisoformat(time).isoformat()


def _with_papermill(cell: Cell, times: Mapping[str, Any]) -> events.CellMetadataSet:
    metadata = jupyter_messages.decode(cell.metadata, dict[str, Raw])
    metadata["papermill"] = Raw(jupyter_messages.encode(times))
    return events.CellMetadataSet(cell=cell.id, metadata=Raw(jupyter_messages.encode(metadata)))


def _of_notebook(notebook: Notebook, run: OpenRun, record: RunRecord, source: str | None, is_bad: bool) -> Raw:
    metadata = jupyter_messages.decode(notebook.metadata, dict[str, Raw])
    plan = run.started
    facts = {
        "default_parameters": {},
        "environment_variables": {},
        "exception": True if is_bad else None,
        "input_path": source,
        "output_path": plan.to,
        "parameters": {} if isinstance(plan.parameters, msgspec.UnsetType) else plan.parameters,
        "version": f"webipy {plan.version}".strip(),
        **_times(plan.time, max((end.time for end in record.ended.values()), default=plan.time)),
    }
    metadata["papermill"] = Raw(jupyter_messages.encode(facts))
    return Raw(jupyter_messages.encode(metadata))


def _marks(
    cells: list[Cell], cell: Cell, end: events.ExecutionFinished, record: RunRecord, new_id: Callable[[], str]
) -> list[AnyEvent]:
    """The mark at the top, and the one above the cell that failed."""
    count = end.execution_count if end.execution_count is not None else " "
    fault = record.faults.get(end.execution) or end.reason or end.status
    link = f'<a href="#{_ANCHOR}">In [{count}]</a>'
    top = f"<span {_STYLE}>This run failed in {link}: {html.escape(fault[:500])}</span>"
    above = f'<span id="{_ANCHOR}" {_STYLE}>The run failed in the next cell:</span>'
    place = cells.index(cell)
    first = _mark(new_id(), None, top)
    return [first, _mark(new_id(), cells[place - 1].id if place else first.cell, above)]


def _mark(cell: str, after: str | None, source: str) -> events.CellInserted:
    metadata = Raw(jupyter_messages.encode({"tags": [MARK]}))
    return events.CellInserted(cell=cell, after=after, cell_type="markdown", source=source, metadata=metadata)


def _is_mark(cell: Cell) -> bool:
    try:
        return MARK in jupyter_messages.decode(cell.metadata, _Tagged).tags
    except msgspec.DecodeError:
        return False  # metadata may be anything; these mark nothing
