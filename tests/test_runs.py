"""webipy.server.methods.runs: notebooks as runs, and the queue."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.fakes import message, result_of, run_of
from tests.test_session import SessionTestCase
from webipy.server.methods import runs
from webipy.server.methods.executions import CANCEL_SECONDS


class RunTestCase(SessionTestCase):
    """A session with a kernel that is ready and some cells."""

    def cell(self, cell: str, source: str, cell_type: str = "code", **params: Any) -> None:
        """A cell at the end."""
        cells = self.rig.me.call("cell.list", session=self.session)["cells"]
        after = cells[-1]["id"] if cells else None
        self.rig.me.call(
            "cell.insert", session=self.session, id=cell, source=source, cell_type=cell_type, after=after, **params
        )

    def run_notebook(self, **params: Any) -> Any:
        """notebook.run."""
        return self.rig.me.call("notebook.run", session=self.session, **params)

    def queue(self) -> list[str]:
        """Ids of execution.queue."""
        told = self.rig.me.call("execution.queue", session=self.session)
        return [execution["execution"] for execution in told["executions"]]

    def queued(self) -> list[dict[str, Any]]:
        """The events of what was queued."""
        return [event for event in self.rig.journal.events() if event["type"] == "execution_queued"]

    def finish(self, execution: str, state: str = "ok") -> None:
        """The kernel runs one."""
        self.rig.host.run(execution, state=state)
        self.rig.turn()


class NotebookRuns(RunTestCase):
    """`notebook.run`."""

    def setUp(self) -> None:
        super().setUp()
        for cell, source, kind in (
            ("a", "1", "code"),
            ("text", "# hello", "markdown"),
            ("empty", " \n", "code"),
            ("b", "2", "code"),
            ("c", "3", "code"),
        ):
            self.cell(cell, source, kind)

    def cells(self, told: Any) -> list[str]:
        """The cells of a run."""
        return [one["cell"] for one in told["executions"]]

    def test_all_cells_in_one_piece(self) -> None:
        """Code cells that are not empty, in their order, all in one append; the kernel is asked in the same order."""
        before = self.rig.journal.written
        told = self.run_notebook(id="r1")
        self.assertEqual(
            told,
            {
                "run": "r1",
                "executions": [
                    {"cell": "a", "execution": "r1-1"},
                    {"cell": "b", "execution": "r1-2"},
                    {"cell": "c", "execution": "r1-3"},
                ],
                "seq": before + 3,
            },
        )
        self.assertEqual(
            [(e["execution"], e["code"], e["cell"], e["run"], e["version"], e["by"]) for e in self.queued()],
            [(f"r1-{n}", str(n), cell, "r1", 0, "ada") for n, cell in enumerate("abc", 1)],
        )
        self.rig.turn()
        self.assertEqual(self.rig.host.executed(), ["r1-1", "r1-2", "r1-3"])
        _, sent = self.rig.host.requests["r1-2"]
        self.assertEqual(json.loads(sent.metadata), {"webipy": {"run": "r1"}})
        self.assertTrue(json.loads(sent.content)["stop_on_error"])

    def test_one_append(self) -> None:
        """A crash before it is written leaves nothing of the run, one after it leaves all of it."""
        told = self.rig.me.ask("notebook.run", session=self.session, id="r1")
        self.assertNoResult(told)
        rig = self.rig.crashed()
        self.assertEqual(rig.me.call("execution.queue", session=self.session)["executions"], [])
        self.rig = rig
        self.run_notebook(id="r1")
        self.rig = self.rig.crashed()
        self.assertEqual(self.queue(), ["r1-1", "r1-2", "r1-3"])
        self.rig.turn()
        self.assertEqual(self.rig.host.executed(), ["r1-1", "r1-2", "r1-3"])

    def test_the_same_id_is_the_same_run(self) -> None:
        """Whatever was edited meanwhile, also in the same turn and after a crash; nothing is asked twice."""
        asked = [self.rig.me.ask("notebook.run", session=self.session, id="r1") for _ in range(2)]
        first, second = (result_of(self.rig.wait(one)) for one in asked)
        self.assertEqual(first, second)
        self.rig.me.call("cell.set_source", session=self.session, cell="a", source="other")
        self.assertEqual(self.run_notebook(id="r1"), first)
        self.rig = self.rig.crashed()
        self.assertEqual(self.run_notebook(id="r1", which="stale"), first)
        self.rig.turn()
        self.assertEqual(self.rig.host.executed(), ["r1-1", "r1-2", "r1-3"])

    def test_an_id_that_something_else_has_is_refused(self) -> None:
        """An execution of that name."""
        self.start(id="r1-1")
        self.refused("already_exists", "notebook.run", session=self.session, id="r1")

    def test_which_cells(self) -> None:
        """Chosen ones in the order of the notebook; above and below a cell."""
        for params, cells in (
            ({"cells": ["c", "a", "text"]}, ["a", "c"]),
            ({"cells": []}, []),
            ({"which": "above", "cell": "b"}, ["a"]),
            ({"which": "below", "cell": "b"}, ["b", "c"]),
            ({"which": "above", "cell": "a"}, []),
        ):
            self.assertEqual(self.cells(self.run_notebook(**params)), cells, params)
        self.refused("invalid_params", "notebook.run", session=self.session, which="above")
        self.refused("not_found", "notebook.run", session=self.session, which="below", cell="ghost")
        self.refused("not_found", "notebook.run", session=self.session, cells=["a", "ghost"])

    def test_cells_that_are_skipped_and_cells_that_may_fail(self) -> None:
        """By their tags, as nbclient has them: a cell that is asked for by its id is run all the same."""
        self.rig.me.call("cell.set_metadata", session=self.session, cell="a", metadata={"tags": ["skip-execution"]})
        self.rig.me.call(
            "cell.set_metadata", session=self.session, cell="b", metadata={"tags": ["raises-exception", "x"]}
        )
        told = self.run_notebook(id="r1")
        made = [{"cell": "b", "execution": "r1-1", "may_fail": True}, {"cell": "c", "execution": "r1-2"}]
        self.assertEqual(told["executions"], made)
        self.assertEqual(self.run_notebook(id="r1"), told)
        self.assertEqual(self.cells(self.run_notebook(which="below", cell="a")), ["b", "c"])
        self.assertEqual(self.cells(self.run_notebook(cells=["a", "b"])), ["a", "b"])
        self.rig.turn()
        stops = [json.loads(self.rig.host.requests[name][1].content)["stop_on_error"] for name in ("r1-1", "r1-2")]
        self.assertEqual(stops, [False, True])

    def test_stale_cells(self) -> None:
        """Those that never ran, those that were edited since, and those that were not run to an end of their own."""
        self.assertEqual(self.cells(self.run_notebook(which="stale", id="r1")), ["a", "b", "c"])
        self.rig.turn()
        self.finish("r1-1")
        self.rig.host.run("r1-2", state="error")
        self.rig.host.tell("request_dropped", msg_id="r1-3", reason="aborted")
        self.rig.turn()
        self.assertEqual(self.cells(self.run_notebook(which="stale", id="r2")), ["c"])
        self.rig.me.call("cell.set_source", session=self.session, cell="a", source="10")
        self.start("other code", cell="b")
        self.assertEqual(self.cells(self.run_notebook(which="stale", id="r3")), ["a", "b"])
        self.rig = self.rig.crashed()
        self.assertEqual(self.cells(self.run_notebook(which="stale", id="r4")), [])

    def test_the_version_is_that_of_the_source(self) -> None:
        """Also of a single execution of the cell's own source, and only of that."""
        self.rig.me.call("cell.set_source", session=self.session, cell="a", source="10")
        own, other = self.start("10", cell="a", id="own"), self.start("11", cell="a", id="other")
        self.assertEqual((self.get(own)["version"], self.get(other)["version"]), (1, None))
        self.assertEqual(self.cells(self.run_notebook(cells=["a"], id="r1")), ["a"])
        found = self.get("r1-1")
        self.assertEqual((found["version"], found["run"], found["by"]), (1, "r1", "ada"))

    def test_without_a_kernel(self) -> None:
        """It is said what to do, and nothing is accepted; so is a run that is too large."""
        fault = self.refused("kernel_not_ready", "notebook.run", session=self.rig.session())
        self.assertIn("start one", fault.message)
        self.patch(runs, "MAX_RUN_CHARACTERS", 1 << 20)
        for number in range(2):
            self.cell(f"large{number}", "x" * (1 << 19))
        self.refused("too_large", "notebook.run", session=self.session)

    def test_a_run_of_nothing(self) -> None:
        """Is a run without executions."""
        before = self.rig.journal.written
        self.assertEqual(self.run_notebook(id="r", cells=["text"]), {"run": "r", "executions": [], "seq": before})

    def test_ten_thousand_cells(self) -> None:
        """Everything is accepted in one piece, and reaches the host in its order; what is started afterwards comes after it."""
        session = self.rig.services.sessions.get(self.session)
        from webipy.core.events.events import AnyEvent, CellInserted

        new: list[AnyEvent] = [
            CellInserted(cell=f"n{n}", after=f"n{n - 1}" if n else "c", cell_type="code", source=f"x = {n}")
            for n in range(9_990)
        ]
        self.rig.wait(session.append(new, None))
        began = time.process_time()
        told = self.rig.me.ask("notebook.run", session=self.session, id="long")
        self.assertEqual(len(result_of(self.rig.wait(told))["executions"]), 9_993)
        last = self.start("last", id="last")
        self.rig.turn()
        self.assertEqual(self.rig.host.executed(), [*(f"long-{n}" for n in range(1, 9_994)), last])
        self.assertLess(time.process_time() - began, 10)


class Parameters(RunTestCase):
    """Parameters of a run, as papermill has them."""

    INJECTED = '# Parameters\nn = 3\nname = "a\\"b"'

    def sources(self) -> list[tuple[str, list[str]]]:
        """Sources and tags of the cells."""
        cells = self.rig.me.call("cell.list", session=self.session)["cells"]
        return [(cell["source"], cell.get("metadata", {}).get("tags", [])) for cell in cells]

    def inject(self, **params: Any) -> list[str]:
        """A run with parameters; gives the code that it runs."""
        told = self.run_notebook(parameters={"n": 3, "name": 'a"b'}, **params)
        return [self.get(one["execution"])["code"] for one in told["executions"]]

    def test_after_the_cell_with_the_defaults(self) -> None:
        """A new cell with the tag `injected-parameters` stands there and runs there."""
        self.cell("one", "1")
        self.cell("defaults", "n = 1", metadata={"tags": ["parameters"]})
        self.cell("two", "2")
        self.assertEqual(self.inject(), ["1", "n = 1", self.INJECTED, "2"])
        self.assertEqual(
            self.sources(),
            [("1", []), ("n = 1", ["parameters"]), (self.INJECTED, ["injected-parameters"]), ("2", [])],
        )

    def test_first_where_no_cell_has_defaults(self) -> None:
        """Metadata of another shape tag nothing."""
        self.cell("one", "1", metadata={"tags": "parameters"})
        self.assertEqual(self.inject(), [self.INJECTED, "1"])
        self.assertEqual([source for source, _ in self.sources()], [self.INJECTED, "1"])

    def test_in_place_of_an_earlier_one(self) -> None:
        """Its source is edited, and left alone when it is the same."""
        self.cell("one", "1")
        self.inject()
        told = self.run_notebook(parameters={"n": 4}, id="r2")
        self.assertEqual(
            [self.get(one["execution"])["code"] for one in told["executions"]], ["# Parameters\nn = 4", "1"]
        )
        self.assertEqual((self.get("r2-1")["version"], len(self.sources())), (1, 2))
        edits = self.types().count("cell_edited")
        self.run_notebook(parameters={"n": 4}, id="r3")
        self.assertEqual((self.types().count("cell_edited"), self.get("r3-1")["version"]), (edits, 1))

    def test_they_are_set_whichever_cells_are_run(self) -> None:
        """The cell that sets them is part of the run, where it stands."""
        self.cell("one", "1")
        self.cell("two", "2")
        self.assertEqual(self.inject(cells=["two"]), [self.INJECTED, "2"])
        self.assertEqual(self.inject(which="above", cell="two"), [self.INJECTED, "1"])

    def test_a_repeated_call_injects_nothing(self) -> None:
        """The same id again is the same run."""
        self.cell("one", "1")
        first = self.run_notebook(parameters={"n": 4}, id="r")
        self.assertEqual(self.run_notebook(parameters={"n": 5}, id="r"), first)
        self.assertEqual(len(self.sources()), 2)

    def test_numbers_that_json_lacks(self) -> None:
        """A map of one key stands for each; other maps are maps."""
        kinds = ("NaN", "Infinity", "-Infinity", "1")
        told = [{"$numberDouble": kind} for kind in kinds] + [{"$numberDouble": "NaN", "a": 1}]
        self.run_notebook(parameters={"n": told})
        source = self.queued()[0]["code"].partition("n = ")[2]
        inside = ", ".join(["float('nan')", "float('inf')", "float('-inf')", '{"$numberDouble": "1"}'])
        self.assertEqual(source, f'[{inside}, {{"$numberDouble": "NaN", "a": 1}}]')

    def test_what_cannot_be_a_parameter(self) -> None:
        """Names that are none and languages without a form; nothing is accepted."""
        before = self.rig.journal.written
        for name in ("", "1x", "a b", "a=1;b", "class", "x\n"):
            self.refused("invalid_params", "notebook.run", session=self.session, parameters={name: 1})
        kernel = self.rig.services.sessions.get(self.session).kernel
        assert kernel is not None
        kernel.language = "cobol"
        fault = self.refused("invalid_params", "notebook.run", session=self.session, parameters={"n": 1})
        self.assertIn("cobol", fault.message)
        self.assertEqual(self.rig.journal.written, before)


class Queue(RunTestCase):
    """`execution.queue`, `execution.move` and `run.cancel`."""

    def setUp(self) -> None:
        super().setUp()
        for cell in "abc":
            self.cell(cell, cell)
        self.run_notebook(id="r")
        self.start("single", id="s")
        self.rig.host.emit(*run_of("r-1")[:2])
        self.rig.turn()

    def test_the_queue(self) -> None:
        """What runs, then what waits, with who has asked for it and when."""
        told = self.rig.me.call("execution.queue", session=self.session)
        self.assertEqual(told["seq"], self.rig.journal.written)
        self.assertEqual(
            told["executions"][0],
            {
                "execution": "r-1",
                "status": "running",
                "code": "a",
                "cell": "a",
                "run": "r",
                "by": "ada",
                "queued": "2026-03-01T09:30:00.000000Z",
            },
        )
        self.assertEqual(
            [(one["execution"], one["status"], one["run"]) for one in told["executions"][1:]],
            [("r-2", "queued", "r"), ("r-3", "queued", "r"), ("s", "queued", None)],
        )
        before = told["executions"]
        self.rig = self.rig.crashed()
        self.assertEqual(self.rig.me.call("execution.queue", session=self.session)["executions"], before)
        self.assertEqual(self.rig.me.call("execution.queue", session=self.rig.session())["executions"], [])

    def test_what_is_asked_for_is_shown_when_it_is_written(self) -> None:
        """After a crash nobody has seen what is gone."""
        start = self.rig.me.ask("execution.start", session=self.session, id="late", code="1")
        asked = self.rig.me.ask("execution.queue", session=self.session)
        self.assertNoResult(start)
        self.assertNoResult(asked)
        told = result_of(self.rig.wait(asked))
        self.assertEqual((told["seq"], told["executions"][-1]["execution"]), (self.rig.journal.written, "late"))
        self.rig.me.ask("execution.start", session=self.session, id="lost", code="2")
        late = self.rig.me.ask("execution.queue", session=self.session)
        self.rig = self.rig.crashed()
        self.assertNoResult(late)
        self.assertEqual(self.queue(), ["r-1", "r-2", "r-3", "s", "late"])

    def test_a_move_is_made_by_the_host_and_then_journaled(self) -> None:
        """The answer comes with the event; the order outlives the server, which offers everything again in that order."""
        told = self.rig.me.ask("execution.move", session=self.session, execution="s", before="r-2")
        self.rig.turn()
        self.assertEqual(self.rig.host.commands[-1], ("move", {"msg_id": "s", "before": "r-2"}))
        self.assertNoResult(told)
        self.assertEqual(self.queue(), ["r-1", "r-2", "r-3", "s"])
        self.rig.host.tell("request_moved", msg_id="s", after="r-1")
        seq = result_of(self.rig.wait(told))["seq"]
        event = self.rig.journal.events()[seq - 1]
        self.assertEqual((event["type"], event["execution"], event["before"]), ("execution_moved", "s", "r-2"))
        self.assertEqual(self.queue(), ["r-1", "s", "r-2", "r-3"])
        self.rig.host.offered.clear()
        self.rig = self.rig.crashed()
        self.rig.turn()
        self.assertEqual(self.queue(), ["r-1", "s", "r-2", "r-3"])
        self.assertEqual(self.rig.host.offered, ["s", "r-2", "r-3"])

    def test_a_move_that_came_too_late(self) -> None:
        """The kernel has it already: that is told at once when it is heard, or after a while."""
        told = self.rig.me.ask("execution.move", session=self.session, execution="r-2", before=None)
        self.rig.turn()
        self.rig.host.emit(*run_of("r-1")[2:], *run_of("r-2")[:2])
        self.assertEqual(self.rig.wait(told)["error"]["data"]["name"], "not_waiting")
        told = self.rig.me.ask("execution.move", session=self.session, execution="r-3", before="s")
        self.rig.clock.advance(CANCEL_SECONDS)
        self.assertEqual(self.rig.wait(told)["error"]["data"]["name"], "not_waiting")
        self.assertEqual(self.queue(), ["r-2", "r-3", "s"])

    def test_what_cannot_be_moved(self) -> None:
        """What runs, what has ended, what is not there, and before itself."""
        self.rig.host.emit(*run_of("r-1")[2:], *run_of("r-2")[:2])
        self.rig.turn()
        for name, execution, before in (
            ("not_waiting", "r-1", None),
            ("not_waiting", "r-2", "s"),
            ("not_waiting", "s", "r-2"),
            ("not_waiting", "s", "r-1"),
            ("not_found", "ghost", None),
            ("not_found", "s", "ghost"),
            ("invalid_params", "s", "s"),
        ):
            self.refused(name, "execution.move", session=self.session, execution=execution, before=before)

    def test_cancelling_a_run(self) -> None:
        """What waits of it; what runs and what is of others stays."""
        told = self.rig.me.ask("run.cancel", session=self.session, run="r")
        self.rig.turn()
        self.assertEqual(self.rig.host.commands[-1], ("cancel", {"msg_ids": ["r-2", "r-3"]}))
        self.assertNoResult(told)
        for execution in ("r-2", "r-3"):
            self.rig.host.tell("request_dropped", msg_id=execution, reason="cancelled")
        self.assertEqual(result_of(self.rig.wait(told)), {"executions": ["r-2", "r-3"]})
        self.assertEqual(self.queue(), ["r-1", "s"])
        self.assertEqual(self.rig.me.call("run.cancel", session=self.session, run="r"), {"executions": []})

    def test_cancelling_everything_and_what_the_kernel_has_by_then(self) -> None:
        """Only what was really taken back is told."""
        told = self.rig.me.ask("run.cancel", session=self.session)
        self.rig.turn()
        self.rig.host.emit(*run_of("r-1")[2:], *run_of("r-2")[:2])
        for execution in ("r-3", "s"):
            self.rig.host.emit(("host", message("request_dropped", {"msg_id": execution, "reason": "cancelled"})))
        self.assertEqual(result_of(self.rig.wait(told)), {"executions": ["r-3", "s"]})
        self.assertEqual(self.queue(), ["r-2"])

    def test_cancelling_without_a_kernel(self) -> None:
        """Nothing waits."""
        session = self.rig.session()
        self.assertEqual(self.rig.me.call("run.cancel", session=session), {"executions": []})
