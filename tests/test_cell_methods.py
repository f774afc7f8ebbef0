"""webipy.server.methods.cells: what a call of a cell changes, what it refuses, and what it answers when it comes twice."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import RigTestCase, printed, result_of
from webipy.core.events.events import AnyEvent
from webipy.server.methods import cells


class CellTestCase(RigTestCase):
    """A session with the cells a (`1`) and b (`one\\n\\ntwo 🧪`)."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")
        self.call("insert", id="a", source="1")
        self.call("insert", id="b", source="one\n\ntwo 🧪", after="a", cell_type="markdown")

    def call(self, method: str, **params: Any) -> Any:
        """A call on the session."""
        return self.rig.me.call(f"cell.{method}", session=self.session, **params)

    def refusal(self, name: str, method: str, **params: Any) -> Any:
        """A call that is refused and changes nothing."""
        before = self.rig.journal.written
        refused = self.refused(name, f"cell.{method}", session=self.session, **params)
        self.assertEqual(self.rig.journal.written, before)
        return refused

    def cells(self) -> list[tuple[str, str]]:
        """Id and source of each."""
        return [(cell["id"], cell["source"]) for cell in self.call("list")["cells"]]


class Lists(CellTestCase):
    """`cell.list`."""

    def test_an_edit_is_shown_when_it_is_written(self) -> None:
        """After a crash nobody has seen what is gone."""
        edit = self.rig.me.ask("cell.set_source", session=self.session, cell="a", version=0, source="2")
        asked = self.rig.me.ask("cell.list", session=self.session)
        self.assertNoResult(edit)
        self.assertNoResult(asked)
        shown = result_of(self.rig.wait(asked))
        self.assertEqual((shown["seq"], shown["cells"][0]["source"]), (self.rig.journal.written, "2"))
        self.rig.me.ask("cell.set_source", session=self.session, cell="a", version=1, source="3")
        late = self.rig.me.ask("cell.list", session=self.session)
        self.rig = self.rig.crashed()
        self.assertNoResult(late)
        self.assertEqual(self.cells()[0], ("a", "2"))


class Splits(CellTestCase):
    """`cell.split` and `cell.merge`."""

    def test_a_cell_is_split_at_a_unit_of_utf_16(self) -> None:
        """One line end at the border is removed on either side; the new cell has the type of the old one."""
        self.assertEqual(self.call("split", cell="b", version=0, at=4, id="c")["cell"], "c")
        self.assertEqual(self.cells(), [("a", "1"), ("b", "one"), ("c", "two 🧪")])
        self.assertEqual(self.call("list")["cells"][2]["cell_type"], "markdown")
        self.call("split", cell="c", version=0, at=4, id="d")
        self.assertEqual(self.cells()[2:], [("c", "two "), ("d", "🧪")])

    def test_a_line_end_of_two_characters_is_removed_whole(self) -> None:
        """On either side of the border."""
        self.call("set_source", cell="b", version=0, source="x\r\ny")
        self.call("split", cell="b", version=1, at=3, id="c")
        self.assertEqual(self.cells()[1:], [("b", "x"), ("c", "y")])
        self.call("set_source", cell="c", version=0, source="x\r\ny")
        self.call("split", cell="c", version=1, at=1, id="d")
        self.assertEqual(self.cells()[2:], [("c", "x"), ("d", "y")])

    def test_a_call_that_comes_twice_splits_once(self) -> None:
        """The answer is the same."""
        first = self.call("split", cell="b", version=0, at=3, id="c")
        again = self.call("split", cell="b", version=0, at=3, id="c")
        self.assertEqual((again["cell"], again["version"], len(self.cells())), ("c", first["version"], 3))

    def test_what_cannot_be_split(self) -> None:
        """Past the end, within a character, a cell that is not there, a version that has passed."""
        self.assertIn("11 UTF-16 units", self.refusal("invalid_params", "split", cell="b", version=0, at=12).message)
        self.assertIn("in two", self.refusal("invalid_params", "split", cell="b", version=0, at=10).message)
        self.refusal("not_found", "split", cell="ghost", version=0, at=0)
        self.refusal("stale_version", "split", cell="b", version=3, at=1)

    def test_cells_are_joined_in_the_order_of_the_notebook(self) -> None:
        """Whatever the order of the call is; the others are deleted; empty ones add nothing."""
        self.call("insert", id="c", after="b")
        self.call("insert", id="d", source="4", after="c")
        self.call("merge", cells=["d", "a", "c"])
        self.assertEqual(self.cells(), [("a", "1\n\n4"), ("b", "one\n\ntwo 🧪")])

    def test_what_cannot_be_joined(self) -> None:
        """One cell, one cell twice, one that is not there, and those whose attachments are too large for one cell."""
        self.refusal("invalid_params", "merge", cells=["a", "a"])
        self.refusal("not_found", "merge", cells=["a", "ghost"])
        picture = {"x.png": {"image/png": "iVBORw0KGgo="}}
        self.call(
            "insert", id="c", source="![](attachment:x.png)", cell_type="markdown", attachments=picture, after="b"
        )
        self.patch(cells, "MAX_METADATA_BYTES", 30)
        self.assertIn("attachments", self.refusal("too_large", "merge", cells=["a", "c"]).message)
        self.assertEqual(len(self.cells()), 3)


class Maps(CellTestCase):
    """Metadata and attachments."""

    def test_metadata_is_a_map_of_a_bounded_size(self) -> None:
        """At the limit, one byte more, and no map; where a cell is made and where it is changed."""
        self.patch(cells, "MAX_METADATA_BYTES", 50)
        most = {"x": "y" * (50 - len('{"x": ""}'))}
        self.call("set_metadata", cell="a", metadata=most)
        for method, more in (("set_metadata", {"cell": "a"}), ("insert", {})):
            fault = self.refusal("too_large", method, metadata={"x": "y" * 50}, **more)
            self.assertIn("metadata may have at most 50 bytes", fault.message)
            fault = self.refusal("invalid_params", method, metadata=[1], **more)
            self.assertEqual(fault.message, "metadata is a JSON map.")
        self.refusal("not_found", "set_metadata", cell="ghost", metadata={})


class Restored(CellTestCase):
    """`cell.restore`."""

    def test_a_cell_comes_back_with_what_it_showed(self) -> None:
        """At its place; its neighbours may be gone meanwhile: then it stands at the end."""
        run = self.rig.me.call("execution.start", session=self.session, code="1", cell="a")["execution"]
        self.rig.turn()
        self.rig.host.run(run, printed("seen", run))
        self.rig.turn()
        self.call("delete", cell="a")
        self.assertEqual(self.call("restore", cell="a")["cell"], "a")
        self.assertEqual(self.cells()[0], ("a", "1"))
        self.assertEqual(self.rig.journal.events()[-1]["type"], "cell_outputs_set")
        self.assertIn("seen", str(self.rig.journal.events()[-1]))
        again = self.call("restore", cell="a")
        self.assertEqual((again["cell"], len(self.cells())), ("a", 2))
        self.call("insert", id="c", source="3", after="b")
        self.call("delete", cell="b")
        self.call("delete", cell="a")
        self.call("restore", cell="b")
        self.assertEqual([name for name, _ in self.cells()], ["c", "b"])

    def test_what_was_never_deleted_cannot_come_back(self) -> None:
        """And what to look at instead is said."""
        self.assertIn("History", self.refusal("not_found", "restore", cell="ghost").message)


class Put(CellTestCase):
    """`cell.set_outputs`."""

    def test_outputs_from_elsewhere(self) -> None:
        """Stand under the cell in normal form, in place of what it shows; large values lie beside the journal."""
        execution = self.call_execution()
        self.rig.host.run(execution, printed("ours", execution))
        outputs = [
            {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
            {"output_type": "display_data", "data": {"image/png": "x" * (3 * 1024 * 1024)}, "metadata": {}},
        ]
        self.call("set_outputs", cell="a", outputs=outputs, execution_count=4)
        shown = self.rig.services.sessions.get(self.session).state.outputs.put["a"]
        self.assertEqual(shown.execution_count, 4)
        self.assertEqual(bytes(shown.outputs[0]), b'{"name":"stdout","output_type":"stream","text":"a\\nb"}')
        self.assertIn(b'"blobs"', bytes(shown.outputs[1]))
        self.assertLess(len(shown.outputs[1]), 1000)

    def call_execution(self) -> str:
        """A run of the cell `a`."""
        execution = str(self.rig.me.call("execution.start", session=self.session, cell="a", code="1")["execution"])
        self.rig.turn()
        return execution

    def test_what_is_refused(self) -> None:
        """A cell that has no outputs, one that is not there, and what is no output."""
        self.refusal("invalid_params", "set_outputs", cell="b", outputs=[])
        self.refusal("not_found", "set_outputs", cell="ghost", outputs=[])
        fault = self.refusal("invalid_notebook", "set_outputs", cell="a", outputs=[{"output_type": "song"}])
        self.assertIn("outputs.0", fault.message)

    def test_a_copy_beside_a_cell_that_goes_meanwhile(self) -> None:
        """Is refused, while its outputs are read; one that somebody else has inserted is there once."""
        read: Deferred[None] = Deferred()

        async def copied(*known: object) -> list[AnyEvent]:
            await read
            return []

        self.patch(cells, "_copied", copied)
        ask, of = self.rig.me.ask, {"session": self.session, "outputs_of": "a"}
        told = [ask("cell.insert", after="b", id="c", **of)]
        self.patch(cells, "_copied", nothing_copied)
        self.call("delete", cell="b")
        self.call("insert", after=None, id="d")
        read.callback(None)
        (reply,) = map(self.rig.wait, told)
        self.assertEqual(reply["error"]["data"]["name"], "not_found")
        self.assertEqual([cell for cell, _ in self.cells()], ["d", "a"])


async def nothing_copied(*known: object) -> list[AnyEvent]:
    """Stands for outputs that are read at once."""
    return []
