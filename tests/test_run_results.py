"""webipy.server.notebooks.run_results and webipy.server.notebooks.run_report_writer: where the result of a run goes, and what is in it."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import message, printed
from tests.test_documents import notebook
from tests.test_plans import PlanTestCase


class Wanted(PlanTestCase):
    """What is refused before anything runs."""

    def test_where_no_result_can_go(self) -> None:
        """A name that is no notebook's, a folder that is not there, the notebook itself, a file that may not be replaced."""
        session = self.open()
        self.files.put("there.ipynb", notebook("x"))
        table = [
            ("invalid_params", {"to": "out.docx"}, ".ipynb is"),
            ("not_found", {"to": "nowhere/out.ipynb"}, ""),
            ("invalid_params", {"to": "a.ipynb", "overwrite": True}, "is the notebook itself"),
            ("already_exists", {"to": "there.ipynb"}, "exists already"),
        ]
        for name, plan, words in table:
            fault = self.refused(name, "notebook.run", self.client, session=session, id="r1", plan=plan)
            self.assertIn(words, fault.message)
        self.assertEqual(self.rig.host.executed(), [])

    def test_a_session_without_a_file_is_no_notebook(self) -> None:
        """A file is one that may not be replaced, unless that is wanted."""
        session = self.rig.session("python3")
        self.rig.me.call("cell.insert", session=session, source="1")
        plan = {"to": "a.ipynb"}
        self.refused("already_exists", "notebook.run", session=session, id="r1", plan=plan)
        self.rig.me.call("notebook.run", session=session, id="r1", plan={**plan, "overwrite": True})
        self.rig.turn()
        self.finish("r1-1")
        self.assertEqual(self.printed("a.ipynb"), ["r1-1\n"])


class Written(PlanTestCase):
    """What is in the result."""

    def test_the_layout_is_that_of_the_source(self) -> None:
        """The usual one, when the source has gone meanwhile; the result is written all the same."""
        body = notebook("1", "2")
        for is_there, indent in ((True, b"\n   "), (False, b"\n ")):
            self.files.put("a.ipynb", json.dumps(json.loads(body), indent=3).encode())
            session = self.open()
            self.rig.me.call("notebook.run", session=session, id=f"r{is_there}", plan={"to": f"{is_there}.ipynb"})
            self.rig.turn()
            if not is_there:
                self.rig.me.call("file.delete", path="a.ipynb", permanent=True)
            self.finish(f"r{is_there}-1", f"r{is_there}-2")
            self.assertEqual(self.rig.me.call("run.get", run=f"r{is_there}")["path"], f"{is_there}.ipynb")
            written = self.files.body(f"{is_there}.ipynb")
            self.assertTrue(written.startswith(b"{" + indent + b'"'), written[:20])

    def test_a_text_has_no_report(self) -> None:
        """There is no place for it, nor for outputs."""
        self.begin(self.open(), to="out.py")
        self.finish("r1-1", "r1-2")
        told = self.state()
        self.assertEqual((told["status"], told["path"]), ("ok", "out.py"))
        self.assertNotIn(b"papermill", self.files.body("out.py"))

    def test_there_are_too_many_like_it(self) -> None:
        """The reason is in the end of the run; nothing is replaced."""
        self.begin(self.open(), to="out.ipynb")
        write, asked = type(self.files).write, list[str]()

        def taken(files: Any, path: str, body: Any, if_match: str | None) -> Any:
            asked.append(path)
            if not files.entries.get(path):
                files.put(path, b"other")
            return write(files, path, body, if_match)

        self.patch(type(self.files), "write", taken)
        self.finish("r1-1", "r1-2")
        told = self.state()
        self.assertEqual((told["status"], told["path"]), ("ok", None))
        self.assertIn("too many files like out.ipynb", told["reason"])
        self.assertEqual({self.files.body(path) for path in asked}, {b"other"})

    def test_a_client_that_writes_the_result_finds_all_in_the_session(self) -> None:
        """The kernel is named in it, and widgets have their state, once however often it is looked at."""
        session = self.open()
        self.begin(session)
        model = {"_model_name": "XModel", "_model_module": "x", "_model_module_version": "2.0.0"}
        comm = {"comm_id": "m", "target_name": "jupyter.widget", "data": {"state": model, "buffer_paths": []}}
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}
        shown = ("iopub", message("display_data", {"data": view, "metadata": {}}, parent="r1-1"))
        self.rig.host.run("r1-1", ("iopub", message("comm_open", comm, parent="r1-1")), shown)
        self.rig.host.run("r1-2", printed("2", "r1-2"))
        self.rig.turn(50)
        services = self.rig.services
        body = self.rig.wait(Deferred.fromCoroutine(services.documents.as_ipynb(services.sessions.get(session))))
        metadata = json.loads(body)["metadata"]
        self.assertEqual(metadata["kernelspec"]["name"], "python3")
        self.assertIn("XModel", json.dumps(metadata["widgets"]))
