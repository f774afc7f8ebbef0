"""Runs of notebooks and the queue, with a real server, real kernel hosts and real ipykernels."""

from __future__ import annotations

import json
from typing import Any

from tests.live import WAITS, ServerCase, is_a

CELLS = 10_000


class RunTestCase(ServerCase):
    """Sessions with cells."""

    def cells(self, *sources: str) -> list[str]:
        """A session whose cells have these sources; gives their ids."""
        self.open()
        after: str | None = None
        made: list[str] = []
        for number, source in enumerate(sources):
            after = f"c{number}"
            before = made[-1] if made else None
            self.call("cell.insert", session=self.session, id=after, after=before, source=source)
            made.append(after)
        return made

    def run_notebook(self, **params: Any) -> list[str]:
        """Runs the notebook; gives the executions."""
        told = self.call("notebook.run", session=self.session, **params)
        return [one["execution"] for one in told["executions"]]

    def texts(self, executions: list[str]) -> list[str]:
        """What each of them has printed at its end."""
        return ["".join(o.get("text", "") for o in self.wait(one)["outputs"]) for one in executions]

    def queue(self) -> list[str]:
        """The queue."""
        told = self.call("execution.queue", session=self.session)
        return [one["execution"] for one in told["executions"]]


class Notebooks(RunTestCase):
    """`notebook.run`."""

    def test_all_cells_in_their_order(self) -> None:
        """With parameters in front; each execution tells its cell, its run and the version of the source."""
        self.cells("x = n", "", "print(x)", "print(x + 1)")
        executions = self.run_notebook(id="r", parameters={"n": 41})
        self.assertEqual(self.texts(executions), ["", "", "41\n", "42\n"])
        found = self.wait("r-4")
        self.assertEqual((found["cell"], found["run"], found["version"], found["status"]), ("c3", "r", 0, "ok"))

    def test_a_failure_stops_its_own_run_and_nothing_else(self) -> None:
        """A run that waits behind it, and a single execution, are run; every time."""
        self.cells(WAITS.format(gate=str(self.gate)), "1 / 0", "print('never')", "print('other')")
        self.gate.touch()
        for number in range(20):
            name = f"r{number}"
            first = self.run_notebook(id=name, cells=["c0", "c1", "c2"])
            other = self.run_notebook(id=f"{name}-other", cells=["c3"])
            single = self.start("print('single')")
            self.assertEqual([self.wait(one)["status"] for one in first], ["ok", "error", "aborted"])
            self.assertEqual(self.texts([*other, single]), ["other\n", "single\n"])

    def test_without_stop_on_error_it_goes_on(self) -> None:
        """`stop_on_error` false."""
        self.cells("1 / 0", "print('after')")
        executions = self.run_notebook(stop_on_error=False)
        self.assertEqual([self.wait(one)["status"] for one in executions], ["error", "ok"])

    def test_ten_thousand_cells(self) -> None:
        """Accepted in one piece; an early failure stops all the rest, though much of it had not reached the host; and what comes then is run."""
        sources = ["ran = 0", *["ran += 1"] * 9, "1 / 0", *["ran += 1"] * (CELLS - 11)]
        cells: list[dict[str, Any]] = [
            {
                "cell_type": "code",
                "id": f"n{n}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for n, source in enumerate(sources)
        ]
        body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.folder / "many.ipynb").write_text(json.dumps(body))
        self.session = self.call("session.create", path="many.ipynb", kernelspec="python3")["id"]
        executions = self.run_notebook(id="many")
        self.assertEqual(len(executions), CELLS)
        self.assertEqual(self.printed("print(ran)"), "9\n")
        ends = [event for event in self.events() if event["type"] == "execution_finished"]
        self.assertEqual([e["execution"] for e in ends[:11]], executions[:11])
        self.assertEqual([e["status"] for e in ends], [*["ok"] * 10, "error", *["aborted"] * (CELLS - 11), "ok"])


class TheQueue(RunTestCase):
    """`execution.queue`, `execution.move`, `run.cancel`."""

    def setUp(self) -> None:
        super().setUp()
        self.cells(WAITS.format(gate=str(self.gate)), "print(1)", "print(2)", "print(3)")

    def begin_run(self) -> None:
        """A run whose first cell waits for the gate."""
        self.run_notebook(id="r")
        self.until(is_a("execution_started"), "the first cell runs")

    def order(self) -> list[str]:
        """The executions in the order in which they were run."""
        return [event["execution"] for event in self.events() if event["type"] == "execution_started"]

    def test_what_is_moved_runs_where_it_was_moved_to(self) -> None:
        """And the next server knows the order, however this one ends."""
        self.begin_run()
        self.call("execution.move", session=self.session, execution="r-4", before="r-2")
        self.assertEqual(self.queue(), ["r-1", "r-4", "r-2", "r-3"])
        self.server.kill()
        self.server.start()
        self.assertEqual(self.queue(), ["r-1", "r-4", "r-2", "r-3"])
        self.call("execution.move", session=self.session, execution="r-2")
        self.refused("not_waiting", "execution.move", session=self.session, execution="r-1")
        self.gate.touch()
        self.wait("r-2")
        self.assertEqual(self.order(), ["r-1", "r-4", "r-3", "r-2"])

    def test_a_run_is_taken_back(self) -> None:
        """What waits of it; what waits of others is run."""
        self.begin_run()
        single = self.start("print('single')")
        told = self.call("run.cancel", session=self.session, run="r")
        self.assertEqual(told, {"executions": ["r-2", "r-3", "r-4"]})
        self.gate.touch()
        self.assertEqual(self.texts([single]), ["single\n"])
        self.assertEqual([self.wait(f"r-{n}")["status"] for n in (1, 2, 3, 4)], ["ok", *["cancelled"] * 3])

    def test_before_the_kernel_is_ready(self) -> None:
        """Everything waits for the kernel, and is run in the order that it was given meanwhile."""
        self.call("kernel.restart", session=self.session)
        self.run_notebook(id="r")
        self.call("execution.move", session=self.session, execution="r-4", before="r-2")
        self.gate.touch()
        self.wait("r-3")
        self.assertEqual(self.order(), ["r-1", "r-4", "r-2", "r-3"])
