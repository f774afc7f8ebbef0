"""webipy.core.session.run_reports and webipy.server.notebooks.run_report_writer: what a run leaves in its result, where tools that read
papermill's results look for it."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw

from tests.fakes import message, printed
from tests.test_plans import PlanTestCase
from tests.test_widget_state import STATE, opened
from webipy.core.events import events
from webipy.core.session import run_reports
from webipy.core.session.notebook import Notebook
from webipy.core.session.run_reports import MARK
from webipy.core.session.runs import OpenRun

KEYS = ["duration", "end_time", "exception", "start_time", "status"]


def document(*cells: tuple[str, list[str]]) -> bytes:
    """A notebook: sources of its cells with their tags, Markdown where a source begins with #."""
    made: list[dict[str, Any]] = []
    for number, (source, tags) in enumerate(cells):
        cell: dict[str, Any] = {"id": f"c{number}", "source": source, "metadata": {"tags": tags} if tags else {}}
        is_text = source.startswith("#")
        made.append(
            {**cell, "cell_type": "markdown"}
            if is_text
            else {**cell, "cell_type": "code", "outputs": [], "execution_count": None}
        )
    return json.dumps({"cells": made, "metadata": {"x": 1}, "nbformat": 4, "nbformat_minor": 5}).encode()


class ReportTests(PlanTestCase):
    """A text, a cell, a skipped one, one that may fail, a last one."""

    def setUp(self) -> None:
        super().setUp()
        cells = [
            ("# text", []),
            ("1", []),
            ("2", ["skip-execution"]),
            ("3", ["raises-exception"]),
            ("4", []),
            ("# end", []),
        ]
        self.files.put("a.ipynb", document(*cells))

    def result(self, path: str = "out.ipynb") -> Any:
        """The file."""
        return json.loads(self.files.body(path))

    def papermill(self, path: str = "out.ipynb") -> list[Any]:
        """Status and exception of each cell, by its source."""
        told = []
        for cell in self.result(path)["cells"]:
            found = cell["metadata"].get("papermill")
            told.append(None if found is None else (found["status"], found["exception"]))
        return told

    def run_first(self, state: str = "ok", **plan: Any) -> None:
        """Runs until the first execution has ended."""
        self.client.call(
            "notebook.run",
            session=self.open(),
            id="r1",
            plan={"to": "out.ipynb", **plan},
            parameters={"n": 1, "t": "x"},
        )
        self.rig.turn()
        self.finish("r1-1")
        self.rig.clock.advance(2)
        error = {"ename": "ValueError", "evalue": "<no>", "traceback": []}
        outputs = [("iopub", message("error", error, parent="r1-2"))] if state == "error" else []
        self.rig.host.run("r1-2", *outputs, state=state)
        self.rig.turn(50)

    def test_a_good_run(self) -> None:
        """All cells are completed, whether they are run or not; the notebook has the parameters, paths and times."""
        self.run_first()
        self.rig.host.run("r1-3", printed("r1-3\n", "r1-3"), state="error")
        self.rig.turn()
        self.finish("r1-4")
        made = self.result()
        self.assertEqual(self.papermill(), [("completed", False)] * 7)
        for cell in made["cells"]:
            told = cell["metadata"]["papermill"]
            self.assertEqual(sorted(told), KEYS)
            self.assertRegex(told["start_time"], r"^\d{4}-\d\d-\d\dT.*\+00:00$")
            self.assertGreaterEqual(told["duration"], 0)
        told = made["metadata"].pop("papermill")
        self.assertEqual(
            {
                key: told[key]
                for key in ("parameters", "input_path", "output_path", "exception", "environment_variables")
            },
            {
                "parameters": {"n": 1, "t": "x"},
                "input_path": "a.ipynb",
                "output_path": "out.ipynb",
                "exception": None,
                "environment_variables": {},
            },
        )
        self.assertEqual(made["metadata"]["x"], 1)
        self.assertTrue(told["version"].startswith("webipy"))
        self.assertEqual(
            sorted(told),
            sorted(
                [
                    *KEYS[:4],
                    "parameters",
                    "input_path",
                    "output_path",
                    "default_parameters",
                    "environment_variables",
                    "version",
                ]
            ),
        )

    def test_a_failed_run(self) -> None:
        """The cell is failed, those after it are pending; a mark at the top links to one above the cell, with what went wrong as text."""
        self.run_first(state="error")
        self.rig.host.tell("request_dropped", msg_id="r1-3", reason="aborted")
        self.rig.host.tell("request_dropped", msg_id="r1-4", reason="aborted")
        self.rig.turn(50)
        made = self.result()
        tagged = [number for number, cell in enumerate(made["cells"]) if MARK in cell["metadata"].get("tags", [])]
        self.assertEqual(tagged, [0, 3])
        self.assertEqual(self.papermill()[1:3] + self.papermill()[4:], [
            ("completed", False), ("completed", False), ("failed", True), *[("pending", None)] * 4,
        ])  # fmt: skip
        top, above = ("".join(made["cells"][number]["source"]) for number in tagged)
        self.assertIn('<a href="#papermill-error-cell">In [1]</a>: ValueError: &lt;no&gt;', top)
        self.assertIn('id="papermill-error-cell"', above)
        self.assertTrue(made["metadata"]["papermill"]["exception"])

    def test_a_run_that_was_stopped(self) -> None:
        """It says so at its top, although no cell has failed; what was not run is pending."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.finish("r1-1")
        self.client.call("run.stop", session=session, run="r1", grace_s=0)
        for execution in ("r1-2", "r1-3"):
            self.rig.host.tell("request_dropped", msg_id=execution, reason="cancelled")
        self.rig.turn(50)
        made = self.result()
        self.assertIn("This run ended early: it was stopped.", "".join(made["cells"][0]["source"]))
        self.assertEqual(
            self.papermill(),
            [None, ("completed", False), ("completed", False), ("completed", False), *[("pending", None)] * 3],
        )
        self.assertTrue(made["metadata"]["papermill"]["exception"])

    def test_marks_of_an_earlier_run_are_taken_away(self) -> None:
        """In a copy, and where a notebook is run in its place, which gets no report."""
        marked = document(("# old", [MARK]), ("1", []), ("# old", [MARK, "x"]))
        self.files.put("a.ipynb", marked)
        self.begin(self.open(), to="out.ipynb")
        self.finish("r1-1")
        self.assertEqual(self.papermill(), [("completed", False)])
        self.begin(self.open(copy=False), run="r2")
        self.finish("r2-1")
        self.assertEqual(self.papermill("a.ipynb"), [None])
        self.assertNotIn("papermill", self.result("a.ipynb")["metadata"])

    def test_a_report_is_added_once(self) -> None:
        """A server that ended between the report and the end of the run finds it there; metadata of any shape mark nothing."""
        notebook, run = Notebook(), OpenRun(events.RunStarted(run="r", executions=1, time="2026-03-01T09:30:00Z"))
        odd = Raw(b'{"tags":7}')
        notebook.apply(events.CellInserted(cell="a", after=None, cell_type="code", source="1", metadata=odd))
        record = run_reports.RunRecord("r")
        for event in (
            events.ExecutionQueued(execution="e", code="1", cell="a", run="r"),
            events.ExecutionStarted(execution="e", execution_count=1, time="2026-03-01T09:30:01Z"),
            events.ExecutionFinished(execution="e", status="ok", duration_s=1, time="2026-03-01T09:30:02Z"),
        ):
            record.apply(event)
        run.ends = dict(record.ended)
        made = run_reports.report(notebook, run, record, None, lambda: "m")
        self.assertEqual(
            [type(change) for change in made], [events.CellMetadataSet, events.NotebookMetadataSet], "and no mark"
        )
        for change in made:
            notebook.apply(change)
        self.assertEqual(run_reports.report(notebook, run, record, None, lambda: "m"), [])

    def test_widgets_are_saved_with_their_state(self) -> None:
        """So that programs without a kernel show them; in a copy and in its place."""
        self.files.put("a.ipynb", document(("1", [])))
        for run, path in (("r1", "out.ipynb"), ("r2", "a.ipynb")):
            session = self.open(copy=run == "r1")
            self.begin(session, run=run, to=path if run == "r1" else None)
            comm = json.loads(bytes(opened("m").content))
            content = {"comm_id": "m", "target_name": "jupyter.widget", "data": comm}
            view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}
            self.rig.host.run(
                f"{run}-1",
                ("iopub", message("comm_open", content, parent=f"{run}-1")),
                ("iopub", message("display_data", {"data": view, "metadata": {}}, parent=f"{run}-1")),
            )
            self.rig.turn(50)
            made = self.result(path)
            self.assertEqual(made["metadata"]["widgets"][STATE]["state"]["m"]["model_name"], "XModel")
