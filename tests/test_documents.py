"""webipy.server.notebooks.documents: a document is in its file a second after it rests, and nobody's change is overwritten unseen."""

from __future__ import annotations

import json
from typing import Any

import attrs

from tests.fakes import Refused, RigTestCase, printed
from webipy.core import errors
from webipy.core.ipynb import notebook_file
from webipy.core.session.file_state import FileState
from webipy.server.methods import cells as cell_methods
from webipy.server.notebooks import history
from webipy.server.notebooks.autosave import AGAIN_SECONDS, GONE_SECONDS, LONGEST_SECONDS, REST_SECONDS


def notebook(*sources: str, **outputs: list[dict[str, Any]]) -> bytes:
    """A notebook file with code cells `c0`, `c1`, ... of these sources."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": outputs.get(f"c{number}", []),
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    whole = {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def sources(body: bytes) -> list[str]:
    """The sources in a notebook file."""
    return ["".join(cell["source"]) for cell in json.loads(body)["cells"]]


class DocumentTestCase(RigTestCase):
    """A session on the file a.ipynb with the cells c0 (`x = 1`) and c1 (`y = 2`)."""

    def setUp(self) -> None:
        super().setUp()
        self.files.put("a.ipynb", notebook("x = 1", "y = 2"))
        self.session = self.open("a.ipynb")

    @property
    def files(self) -> Any:
        """The files under the root."""
        return self.rig.disk.files

    def open(self, path: str, **params: Any) -> str:
        """Opens a notebook; gives the session."""
        return str(self.rig.me.call("session.create", path=path, **params)["id"])

    def call(self, method: str, **params: Any) -> Any:
        """A call for the session."""
        return self.rig.me.call(method, session=self.session, **params)

    def edit(self, cell: str, source: str) -> None:
        """Replaces the source of a cell."""
        self.call("cell.set_source", cell=cell, source=source)

    def sources(self) -> list[str]:
        """The sources in the session."""
        return [cell["source"] for cell in self.call("cell.list")["cells"]]

    def saved(self) -> list[str]:
        """The sources in the file."""
        return sources(self.files.body("a.ipynb"))

    def rest(self, seconds: float = REST_SECONDS) -> None:
        """Lets time pass, after all that is under way is done."""
        self.rig.turn()
        self.rig.clock.advance(seconds)
        self.rig.turn(30)

    def state(self) -> Any:
        """The state of the document."""
        return self.call("notebook.get")

    def told(self) -> list[str]:
        """Types of the written events."""
        return [event["type"] for event in self.rig.journal.events()]


class Opening(DocumentTestCase):
    """A file becomes a session."""

    def test_the_cells_of_a_file_are_those_of_its_session(self) -> None:
        """With their ids, as events; the file holds everything."""
        self.assertEqual([cell["id"] for cell in self.call("cell.list")["cells"]], ["c0", "c1"])
        self.assertEqual(self.sources(), ["x = 1", "y = 2"])
        state = self.state()
        self.assertEqual((state["path"], state["is_saved"], state["conflict"]), ("a.ipynb", True, None))
        self.assertIn("notebook_opened", self.told())

    def test_the_same_path_is_the_same_session(self) -> None:
        """However often it is opened."""
        self.assertEqual(self.open("a.ipynb"), self.session)

    def test_opening_changes_nothing_on_disk(self) -> None:
        """Not even when it is saved."""
        before = self.files.body("a.ipynb")
        self.rest()
        self.call("notebook.save")
        self.assertEqual((self.files.body("a.ipynb"), self.files.writes), (before, 0))

    def test_what_cannot_be_opened_leaves_no_session(self) -> None:
        """Each with a clear word."""
        self.files.put("bad.ipynb", b"{ not json")
        self.files.put("list.ipynb", b"[]")
        self.files.put("a.png", b"")
        for path, name in {
            "bad.ipynb": "invalid_notebook",
            "list.ipynb": "invalid_notebook",
            "none.ipynb": "not_found",
            "a.png": "invalid_params",
        }.items():
            self.refused(name, "session.create", path=path)
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), 1)

    def test_a_file_is_made_where_that_is_wanted(self) -> None:
        """With one empty cell."""
        session = self.open("new.ipynb", create=True)
        self.assertEqual(len(self.rig.me.call("cell.list", session=session)["cells"]), 1)
        self.assertIn("new.ipynb", self.files.entries)

    def test_a_file_that_is_made_says_which_kernel_it_is_for(self) -> None:
        """However it is made: with a session or alone."""
        self.open("new.ipynb", create=True, kernelspec="python3")
        self.rig.me.call("file.create", path="other.ipynb", kind="notebook", kernelspec="python3")
        made = [json.loads(self.files.entries[path].body) for path in ("new.ipynb", "other.ipynb")]
        self.assertEqual(made[0], made[1])
        self.assertEqual(made[0]["metadata"]["kernelspec"]["name"], "python3")


class Saving(DocumentTestCase):
    """The file follows the document."""

    def test_a_change_is_saved_after_a_second_of_rest(self) -> None:
        """By itself."""
        self.edit("c0", "x = 10")
        self.assertFalse(self.state()["is_saved"])
        self.rest(REST_SECONDS / 2)
        self.assertEqual(self.saved(), ["x = 1", "y = 2"])
        self.rest()
        self.assertEqual(self.saved(), ["x = 10", "y = 2"])
        self.assertTrue(self.state()["is_saved"])

    def test_only_what_changed_differs_in_the_file(self) -> None:
        """The smallest difference."""
        before = self.files.body("a.ipynb")
        self.edit("c0", "x = 10")
        self.rest()
        self.assertEqual(self.files.body("a.ipynb"), before.replace(b"x = 1", b"x = 10"))

    def test_it_is_saved_at_once_on_request(self) -> None:
        """And the answer comes after it is on disk."""
        self.edit("c0", "x = 10")
        self.assertTrue(self.call("notebook.save")["is_saved"])
        self.assertEqual(self.saved()[0], "x = 10")

    def test_a_save_reads_no_journal_and_parses_no_file_that_is_known(self) -> None:
        """The state has all events, and says what is in the file; another program's change is parsed once, for its cells and its layout."""
        parsed: list[bytes] = []
        read = notebook_file.read

        def counted(body: bytes) -> notebook_file.Opened:
            parsed.append(body)
            return read(body)

        self.patch(notebook_file, "read", counted)
        self.edit("c0", "x = 10")
        self.rig.turn()
        reads = self.rig.journal.reads
        self.call("notebook.save")
        self.assertEqual((self.saved()[0], len(parsed), self.rig.journal.reads), ("x = 10", 0, reads))
        self.files.put("a.ipynb", self.files.body("a.ipynb").replace(b"y = 2", b"y = 20"))
        self.edit("c0", "x = 11")
        self.call("notebook.save")
        self.assertEqual((self.saved(), len(parsed)), (["x = 11", "y = 20"], 1))

    def test_a_file_without_ids_is_parsed_for_its_layout(self) -> None:
        """What its cells are called is not in it."""
        old = notebook("x").replace(b'"nbformat_minor": 5', b'"nbformat_minor": 4').replace(b'"id": "c0"', b'"k": 1')
        self.assertFalse(notebook_file.read(old).is_plain)
        self.files.put("old.ipynb", old)
        session = self.rig.me.call("session.create", path="old.ipynb")["id"]
        (cell,) = self.rig.me.call("cell.list", session=session)["cells"]
        for source in ("x = 1", "x = 2"):
            self.rig.me.call("cell.set_source", session=session, cell=cell["id"], source=source)
            self.rig.me.call("notebook.save", session=session)
            self.assertEqual(sources(self.files.body("old.ipynb")), [source])
        self.assertNotIn(b'"id"', self.files.body("old.ipynb"))

    def test_a_document_that_never_rests_is_saved_all_the_same(self) -> None:
        """After ten seconds."""
        for number in range(int(LONGEST_SECONDS / 0.5) + 2):
            self.edit("c0", f"x = {number}")
            self.rest(0.5)
        self.assertNotEqual(self.saved()[0], "x = 1")

    def test_outputs_are_saved(self) -> None:
        """With the number of their run."""
        self.call("kernel.start")
        self.rig.turn()
        self.rig.host.ready()
        execution = self.call("execution.start", code="x = 1", cell="c0")["execution"]
        self.rig.turn()
        self.rig.host.run(execution, printed("hello\n", execution), count=3)
        self.rest()
        cell = json.loads(self.files.body("a.ipynb"))["cells"][0]
        self.assertEqual(cell["execution_count"], 3)
        self.assertEqual(cell["outputs"], [{"name": "stdout", "output_type": "stream", "text": ["hello\n"]}])

    def test_a_save_that_fails_is_told_and_tried_again(self) -> None:
        """Nothing is lost meanwhile."""
        self.files.fault = errors.FileFault("The disk is full.", reason="full")
        self.edit("c0", "x = 10")
        self.rest()
        self.assertEqual(self.state()["save_failed"], "The disk is full.")
        self.files.fault = None
        self.rest(AGAIN_SECONDS)
        self.assertEqual((self.saved()[0], self.state()["save_failed"]), ("x = 10", None))

    def test_closing_saves_first(self) -> None:
        """What was typed just before is in the file."""
        self.edit("c0", "x = 10")
        self.call("session.close")
        self.assertEqual(self.saved()[0], "x = 10")

    def test_a_session_that_cannot_be_saved_is_not_closed_unasked(self) -> None:
        """With `discard` it is."""
        self.files.fault = errors.FileFault("The disk is full.", reason="full")
        self.edit("c0", "x = 10")
        self.refused("file_fault", "session.close", session=self.session)
        self.call("session.close", discard=True)
        self.assertEqual(self.rig.me.call("session.list")["sessions"], [])

    def test_another_path(self) -> None:
        """A session goes on under the new name; nothing is written over."""
        self.edit("c0", "x = 10")
        self.files.put("taken.ipynb", notebook("z"))
        with self.assertRaises(Refused) as caught:
            self.call("notebook.save", path="taken.ipynb")
        self.assertEqual(caught.exception.name, "already_exists")
        self.assertEqual(self.call("notebook.save", path="b.ipynb")["path"], "b.ipynb")
        self.edit("c1", "y = 20")
        self.rest()
        self.assertEqual(sources(self.files.body("b.ipynb")), ["x = 10", "y = 20"])
        self.assertEqual(self.call("session.get")["path"], "b.ipynb")

    def test_a_session_without_a_file_can_be_given_one(self) -> None:
        """What was done so far is in it."""
        session = self.rig.me.call("session.create")["id"]
        self.rig.me.call("cell.insert", session=session, id="n", source="1 + 1")
        self.refused("invalid_request", "notebook.save", session=session)
        self.rig.me.call("notebook.save", session=session, path="n.ipynb")
        self.assertEqual(sources(self.files.body("n.ipynb")), ["1 + 1"])


class Others(DocumentTestCase):
    """What other programs write."""

    def test_a_change_of_another_program_is_taken_in(self) -> None:
        """By itself, as events; what was edited here stays."""
        self.edit("c0", "x = 10")
        self.files.put("a.ipynb", notebook("x = 1", "y = 20", "z = 3"))
        self.rest()
        self.assertEqual(self.sources(), ["x = 10", "y = 20", "z = 3"])
        self.rest()
        self.assertEqual(self.saved(), ["x = 10", "y = 20", "z = 3"])
        self.assertIn("notebook_reloaded", self.told())

    def test_without_changes_here_the_file_is_taken_and_not_written(self) -> None:
        """The document is saved then."""
        self.files.put("a.ipynb", notebook("x = 5"))
        self.rest()
        self.assertEqual((self.sources(), self.files.writes, self.state()["is_saved"]), (["x = 5"], 0, True))

    def test_the_same_cell_changed_on_both_sides_is_a_conflict(self) -> None:
        """Nothing is written; both versions are there."""
        self.edit("c0", "x = 10")
        self.files.put("a.ipynb", notebook("x = 100", "y = 2"))
        self.rest()
        self.rest(60)
        conflict = self.state()["conflict"]
        self.assertEqual(conflict["cells"], ["c0"])
        self.assertEqual((self.sources()[0], self.saved()[0], self.files.writes), ("x = 10", "x = 100", 0))
        with self.assertRaises(Refused) as caught:
            self.call("notebook.save")
        self.assertEqual(caught.exception.name, "conflict")

    def test_metadata_that_both_changed_is_a_conflict_too(self) -> None:
        """What only one changed is not."""
        self.call("notebook.set_metadata", metadata={"kernelspec": {"name": "python3"}, "title": "ours"})
        theirs = json.loads(notebook("x = 1", "y = 2"))
        theirs["metadata"] |= {"title": "theirs", "more": 1}
        self.files.put("a.ipynb", json.dumps(theirs).encode())
        self.rest()
        self.assertIn("title", self.state()["conflict"]["reason"])
        del theirs["metadata"]["title"]
        self.files.put("a.ipynb", json.dumps(theirs).encode())
        self.rest()
        self.assertEqual(self.state()["metadata"], {"kernelspec": {"name": "python3"}, "title": "ours", "more": 1})

    def test_ours_is_written_on_request_and_theirs_kept_beside(self) -> None:
        """Only over the file that was seen."""
        self.edit("c0", "x = 10")
        self.files.put("a.ipynb", notebook("x = 100", "y = 2"))
        self.rest()
        with self.assertRaises(Refused):
            self.call("notebook.save", overwrite="another")
        state = self.call("notebook.save", overwrite=self.state()["conflict"]["etag"])
        self.assertEqual((state["is_saved"], state["conflict"], self.saved()[0]), (True, None, "x = 10"))
        self.assertEqual(sources(self.files.body("a (other version 1).ipynb"))[0], "x = 100")

    def test_theirs_is_taken_on_request_and_ours_stays_in_the_history(self) -> None:
        """It can be restored."""
        self.edit("c0", "x = 10")
        seq = self.call("notebook.get")["seq"]
        self.files.put("a.ipynb", notebook("x = 100", "y = 2"))
        self.rest()
        state = self.call("notebook.reload")
        self.assertEqual((self.sources()[0], state["conflict"], state["is_saved"]), ("x = 100", None, True))
        self.call("notebook.restore", seq=seq)
        self.assertEqual(self.sources()[0], "x = 10")

    def test_a_deleted_file_is_told_and_not_made_again_unasked(self) -> None:
        """On request it is."""
        self.edit("c0", "x = 10")
        self.files.take("a.ipynb")
        self.rest()
        self.rest(GONE_SECONDS)
        self.rest(60)
        self.assertIsNone(self.state()["conflict"]["etag"])
        self.assertNotIn("a.ipynb", self.files.entries)
        self.call("notebook.save", overwrite="missing")
        self.assertEqual(self.saved()[0], "x = 10")

    def test_a_file_that_is_replaced_in_two_steps_is_not_taken_as_deleted(self) -> None:
        """As many editors write."""
        self.files.take("a.ipynb")
        self.rig.turn()
        self.files.put("a.ipynb", notebook("x = 7", "y = 2"))
        self.rest(GONE_SECONDS)
        self.assertEqual((self.sources()[0], self.state()["conflict"]), ("x = 7", None))

    def test_a_file_that_becomes_no_notebook_is_told(self) -> None:
        """And what is here stays."""
        self.files.put("a.ipynb", b"<<<<<<< HEAD")
        self.rest()
        self.assertIsNotNone(self.state()["save_failed"])
        self.assertEqual(self.sources(), ["x = 1", "y = 2"])


class Restarts(DocumentTestCase):
    """The server dies and another one starts."""

    def again(self) -> None:
        """Another server on the same disk."""
        self.rig = self.rig.crashed()

    def test_what_was_not_saved_is_saved_by_the_next_server(self) -> None:
        """Nobody has to do anything."""
        self.edit("c0", "x = 10")
        self.again()
        self.rest()
        self.assertEqual(self.saved()[0], "x = 10")

    def test_what_others_wrote_meanwhile_is_taken_in(self) -> None:
        """When nothing was unsaved."""
        self.edit("c0", "x = 10")
        self.rest()
        self.again_after(notebook("x = 10", "y = 200"))
        self.assertEqual((self.sources(), self.state()["conflict"]), (["x = 10", "y = 200"], None))

    def test_both_changed_while_the_server_was_away(self) -> None:
        """Nothing is overwritten."""
        self.edit("c0", "x = 10")
        self.again_after(notebook("x = 100", "y = 2"))
        self.rest()
        self.assertEqual(self.state()["conflict"]["cells"], ["c0"])
        self.assertEqual(self.saved()[0], "x = 100")

    def again_after(self, body: bytes) -> None:
        """Another server, and before it another program."""
        self.rig.disk.crash()
        self.files.put("a.ipynb", body)
        self.again()
        self.rest()

    def test_a_session_whose_file_was_not_read_yet_reads_it(self) -> None:
        """The last server died between the two."""
        record = next(iter(self.rig.disk.registry.records.values()))
        self.files.put("b.ipynb", notebook("b = 1"))
        self.rig.disk.registry.put(attrs.evolve(record, id="half", path="b.ipynb", title="b.ipynb"))
        self.again()
        self.assertEqual(self.rig.me.call("cell.list", session="half")["cells"][0]["source"], "b = 1")


class History(DocumentTestCase):
    """Earlier states."""

    def test_every_state_can_be_had(self) -> None:
        """By seq, by name, by time."""
        first = self.state()["seq"]
        self.call("notebook.checkpoint", checkpoint="good")
        self.rig.clock.advance(10)
        self.edit("c0", "x = 10")
        told = self.call("notebook.at", seq=first)
        self.assertEqual("".join(told["notebook"]["cells"][0]["source"]), "x = 1")
        self.assertEqual("".join(self.call("notebook.at")["notebook"]["cells"][0]["source"]), "x = 10")
        named = self.call("notebook.at", checkpoint="good")
        self.assertEqual("".join(named["notebook"]["cells"][0]["source"]), "x = 1")
        self.assertEqual(self.call("notebook.at", time=named["time"])["seq"], named["seq"])

    def test_two_states_are_compared_cell_by_cell(self) -> None:
        """What was added, removed and changed."""
        since = self.state()["seq"]
        self.edit("c0", "x = 10")
        self.call("cell.delete", cell="c1")
        self.call("cell.insert", id="n", after="c0", source="new")
        told = self.call("notebook.diff", since=since)["cells"]
        self.assertEqual(
            {cell["cell"]: cell["change"] for cell in told}, {"c0": "changed", "c1": "removed", "n": "added"}
        )

    def test_a_restore_is_a_change_like_any_other(self) -> None:
        """Nothing is taken out of the history."""
        seq = self.state()["seq"]
        self.call("cell.delete", cell="c0")
        before = self.state()["seq"]
        self.call("notebook.restore", seq=seq)
        self.assertEqual(self.sources(), ["x = 1", "y = 2"])
        self.assertGreater(self.state()["seq"], before)
        self.rest()
        self.assertEqual(self.saved(), ["x = 1", "y = 2"])

    def test_one_cell_is_restored(self) -> None:
        """The others stay as they are; one that is gone comes back to its place, and one that was not there is not found."""
        seq = self.state()["seq"]
        self.edit("c0", "x = 10")
        self.edit("c1", "y = 20")
        self.call("notebook.restore", seq=seq, cell="c1")
        self.assertEqual(self.sources(), ["x = 10", "y = 2"])
        self.call("cell.delete", cell="c1")
        self.call("cell.insert", id="n", after=None, source="new")
        self.call("notebook.restore", seq=seq, cell="c1")
        self.assertEqual(self.sources(), ["new", "x = 10", "y = 2"])
        self.call("cell.delete", cell="c0")
        self.call("notebook.restore", seq=seq, cell="c0")
        self.assertEqual(self.sources(), ["x = 1", "new", "y = 2"])
        self.refused("not_found", "notebook.restore", session=self.session, seq=seq, cell="n")

    def test_the_moments_are_told(self) -> None:
        """The newest first; edits of one person are one."""
        self.edit("c0", "x = 10")
        self.edit("c1", "y = 20")
        self.call("notebook.checkpoint", checkpoint="good")
        moments = self.call("notebook.history")["moments"]
        self.assertEqual([moment["kind"] for moment in moments], ["checkpoint", "edited", "opened"])
        self.assertEqual((moments[0]["name"], moments[1]["cells"]), ("good", 2))
        self.assertEqual(moments[1]["touched"], [{"cell": "c0", "what": "changed"}, {"cell": "c1", "what": "changed"}])

    def test_what_is_not_there_is_told(self) -> None:
        """Seqs of the future, checkpoints that nobody made, times that are none."""
        for params, name in (
            ({"seq": 10_000}, "not_found"),
            ({"checkpoint": "x"}, "not_found"),
            ({"time": "yesterday"}, "invalid_params"),
            ({"seq": 1, "checkpoint": "x"}, "invalid_params"),
        ):
            self.refused(name, "notebook.at", session=self.session, **params)


class Cells(DocumentTestCase):
    """Cells are split, merged, and come back."""

    def test_a_deleted_cell_comes_back_where_it_was(self) -> None:
        """With its source and outputs."""
        self.call("cell.delete", cell="c0")
        self.call("cell.restore", cell="c0")
        self.assertEqual(self.sources(), ["x = 1", "y = 2"])
        self.refused("not_found", "cell.restore", session=self.session, cell="never")

    def test_outputs_that_came_with_the_file_come_back_too(self) -> None:
        """As they were before the cell was deleted."""
        shown: dict[str, Any] = {"name": "stdout", "output_type": "stream", "text": ["hello\n"]}
        self.files.put("b.ipynb", notebook("x = 1", c0=[shown]))
        self.session = self.open("b.ipynb")
        self.call("cell.delete", cell="c0")
        self.call("cell.restore", cell="c0")
        self.rest()
        self.assertEqual(json.loads(self.files.body("b.ipynb"))["cells"][0]["outputs"], [shown])

    def test_a_cell_is_split_in_two(self) -> None:
        """At UTF-16 units; the line end at the border goes."""
        self.edit("c0", "a = '😀'\nb = 2")
        version = self.call("cell.list")["cells"][0]["version"]
        self.call("cell.split", cell="c0", version=version, at=9, id="n")
        self.assertEqual(self.sources(), ["a = '😀'", "b = 2", "y = 2"])
        self.refused("stale_version", "cell.split", session=self.session, cell="c0", version=version, at=1)
        self.refused("invalid_params", "cell.split", session=self.session, cell="c0", version=version + 1, at=6)

    def test_cells_are_merged_into_the_first(self) -> None:
        """In the order of the notebook."""
        self.call("cell.merge", cells=["c1", "c0"])
        self.assertEqual(self.sources(), ["x = 1\n\ny = 2"])

    def shown(self, cell: str) -> list[dict[str, Any]]:
        """The outputs of a cell, as its file has them."""
        self.rest()
        cells = json.loads(self.files.body("a.ipynb"))["cells"]
        return next(list(one["outputs"]) for one in cells if one["id"] == cell)

    def open_with_outputs(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Opens a file whose two cells have printed something."""
        one, two = ({"name": "stdout", "output_type": "stream", "text": [f"{text}\n"]} for text in ("one", "two"))
        self.files.put("a.ipynb", notebook("x = 1", "y = 2", c0=[one], c1=[two]))
        self.call("notebook.reload")
        return one, two

    def test_outputs_are_joined_and_come_back(self) -> None:
        """Under the first cell, in their order; the undo of a merge shows again what was there."""
        one, two = self.open_with_outputs()
        self.call("cell.merge", cells=["c0", "c1"])
        self.assertEqual(self.shown("c0"), [one, two])
        self.call("cell.restore_outputs", cells=["c0", "c1"])
        self.refused("not_found", "cell.restore_outputs", session=self.session, cells=["c0", "ghost"])
        self.call("cell.restore", cell="c1")
        self.assertEqual((self.shown("c0"), self.shown("c1")), ([one], [two]))

    def test_what_others_do_during_a_merge_is_in_it(self) -> None:
        """While the outputs are read, somebody edits both cells: nothing of it is lost."""
        one, two = self.open_with_outputs()
        read = cell_methods.ShownBefore.under

        async def slow(*args: Any) -> Any:
            found = await read(*args)
            self.edit("c0", "x = 3")
            self.edit("c1", "y = 4")
            return found

        self.patch(cell_methods.ShownBefore, "under", slow)
        self.call("cell.merge", cells=["c0", "c1"])
        self.assertEqual(self.sources(), ["x = 3\n\ny = 4"])
        self.assertEqual(self.shown("c0"), [one, two])

    def test_outputs_that_were_cleared_come_back(self) -> None:
        """Of all cells, exactly as they were; where nothing was cleared nothing is shown."""
        one, two = self.open_with_outputs()
        self.call("cell.restore_outputs", cells=["c0"])
        self.call("cell.clear_outputs")
        self.assertEqual((self.shown("c0"), self.shown("c1")), ([], []))
        self.call("cell.restore_outputs", cells=["c0", "c1"])
        self.assertEqual((self.shown("c0"), self.shown("c1")), ([one], [two]))

    def test_cells_that_come_back_together_need_one_earlier_state(self) -> None:
        """The journal is folded once, however many cells there are."""
        self.open_with_outputs()
        self.call("cell.clear_outputs")
        state, asked = history.History.state, list[int]()

        async def counted(of: history.History, seq: int, hidden: int = 0) -> Any:
            asked.append(seq)
            return await state(of, seq, hidden)

        self.patch(history.History, "state", counted)
        self.call("cell.restore_outputs", cells=["c0", "c1"])
        self.assertEqual(len(asked), 1)
        self.call("cell.merge", cells=["c0", "c1"])
        self.assertEqual(len(asked), 2)

    def test_a_new_cell_shows_the_outputs_of_another_one(self) -> None:
        """Of one that is there, and of one that was cut; text cells and unknown cells show none."""
        one, two = self.open_with_outputs()
        self.call("cell.insert", after="c1", source="x = 1", id="n", outputs_of="c0")
        self.call("cell.delete", cell="c1")
        self.call("cell.insert", after="n", source="y", id="m", outputs_of="c1")
        self.call("cell.insert", after="m", source="y", id="o", outputs_of="never")
        self.assertEqual([self.shown(cell) for cell in ("n", "m", "o")], [[one], [two], []])
        self.call("cell.insert", cell_type="markdown", source="y", id="p", outputs_of="c0")

    def test_a_new_cell_shows_the_outputs_of_a_cell_of_another_session(self) -> None:
        """With their large values; a session that is not open has none."""
        one, _ = self.open_with_outputs()
        first = self.session
        other = str(self.rig.me.call("session.create", title="other")["id"])
        for cell, source in (("n", first), ("m", "never")):
            params = {"outputs_of": "c0", "outputs_from": source, "source": "x", "id": cell}
            self.rig.me.call("cell.insert", session=other, **params)
        told = self.rig.me.call("session.events", session=other)["events"]
        shown = [(event["cell"], event["outputs"]) for event in told if event["type"] == "cell_outputs_set"]
        self.assertEqual(shown, [("n", [{**one, "text": "one\n"}])])

    def test_attachments_change_split_and_join(self) -> None:
        """Both halves have them; joined, a name that is taken by another file gets a number, in the text too."""
        dot, line = {"image/png": "eA=="}, {"image/png": "eQ=="}
        link = "![](attachment:a.png)"
        self.call("cell.insert", cell_type="markdown", source=f"{link}\n{link}", id="m")
        self.call("cell.set_attachments", cell="m", attachments={"a.png": dot})
        self.call("cell.split", cell="m", version=0, at=len(link), id="n")
        self.call("cell.insert", after="n", cell_type="markdown", source=link, id="o", attachments={"a.png": line})
        self.call("cell.merge", cells=["m", "n", "o"])
        cell = self.call("cell.list")["cells"][0]
        self.assertEqual(cell["attachments"], {"a.png": dot, "a-2.png": line})
        self.assertEqual(cell["source"], f"{link}\n\n{link}\n\n![](attachment:a-2.png)")
        self.rest()
        self.assertEqual(json.loads(self.files.body("a.ipynb"))["cells"][0]["attachments"], cell["attachments"])
        self.call("cell.set_attachments", cell="m", attachments={})
        self.assertNotIn("attachments", self.call("cell.list")["cells"][0])
        self.refused("invalid_params", "cell.set_attachments", session=self.session, cell="m", attachments=[1])

    def test_metadata_is_kept(self) -> None:
        """Of cells and of the notebook, whatever is in it."""
        self.call("cell.set_metadata", cell="c0", metadata={"tags": ["parameters"], "mine": {"a": [1, None]}})
        self.call("notebook.set_metadata", metadata={"title": "T"})
        self.rest()
        whole = json.loads(self.files.body("a.ipynb"))
        self.assertEqual(whole["cells"][0]["metadata"], {"tags": ["parameters"], "mine": {"a": [1, None]}})
        self.assertEqual(whole["metadata"], {"title": "T"})
        self.refused("invalid_params", "cell.set_metadata", session=self.session, cell="c0", metadata=[1])


class Formats(RigTestCase):
    """The version of the format that a file has."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.disk.files.put("old.ipynb", self.old("first", "second", "third"))
        self.session = str(self.rig.me.call("session.create", path="old.ipynb")["id"])

    @staticmethod
    def old(*sources: str) -> bytes:
        """A notebook of nbformat 4.2, without ids."""
        cells = [{"cell_type": "raw", "metadata": {}, "source": [source]} for source in sources]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2}, indent=1).encode()

    def body(self) -> bytes:
        """What the file holds."""
        return bytes(self.rig.disk.files.body("old.ipynb"))

    def cells(self) -> dict[str, str]:
        """Sources by id, in their order."""
        return {cell["id"]: cell["source"] for cell in self.rig.me.call("cell.list", session=self.session)["cells"]}

    def save(self, **params: Any) -> Any:
        """Saves; gives the state of the document."""
        return self.rig.me.call("notebook.save", session=self.session, **params)

    def test_a_file_without_ids_stays_one(self) -> None:
        """Each save changes what somebody changed, and nothing else; the ids outside of it stay over changes of other programs."""
        first, second, third = self.cells()
        self.rig.me.call("cell.set_source", session=self.session, cell=first, source="SECOND")
        self.assertEqual(self.save()["minor"], 2)
        self.assertEqual(self.body(), self.old("SECOND", "second", "third"))
        self.rig.me.call("cell.set_source", session=self.session, cell=second, source="first")
        self.save()
        self.assertEqual(self.body(), self.old("SECOND", "first", "third"))
        self.rig.disk.files.put("old.ipynb", self.old("SECOND", "first", "third!"))
        self.save()
        cells = {first: "SECOND", second: "first", third: "third!"}
        self.assertEqual(self.cells(), cells)

    def test_it_becomes_4_5_when_somebody_wants_that(self) -> None:
        """With the ids that the cells have here; from then on they stand in the file."""
        self.assertEqual(self.rig.me.call("notebook.get", session=self.session)["minor"], 2)
        self.assertEqual(self.save(upgrade=True)["minor"], 5)
        made = json.loads(self.body())
        self.assertEqual(made["nbformat_minor"], 5)
        self.assertEqual([cell["id"] for cell in made["cells"]], list(self.cells()))
        self.assertEqual(self.save()["minor"], 5)

    def test_a_notebook_with_something_wrong_opens_and_says_so(self) -> None:
        """What was wrong stands in the state of the document, also after the server came back; a save touches nothing of it."""
        odd = {"cell_type": "code", "metadata": None, "source": "x", "outputs": [{"output_type": "odd"}]}
        made = {"cells": [odd, odd], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        body = json.dumps(made).encode()
        self.rig.disk.files.put("odd.ipynb", body)
        self.session = str(self.rig.me.call("session.create", path="odd.ipynb")["id"])
        repairs = self.rig.me.call("notebook.get", session=self.session)["repairs"]
        self.assertIn("Cannot be shown, and stays as it is: cells[0].outputs[0], cells[1].outputs[0].", repairs)
        *_, second = self.cells()
        self.rig.me.call("cell.set_source", session=self.session, cell=second, source="y")
        self.assertEqual(self.save()["repairs"], repairs)
        written = bytes(self.rig.disk.files.body("odd.ipynb"))
        self.assertEqual(written, b'"y"'.join(body.rsplit(b'"x"', 1)))


class Away(DocumentTestCase):
    """The file, or the folder that it lies in, is moved away and comes back as it was."""

    def away(self) -> Any:
        """Moves it away, until that is told; gives what brings it back."""
        entry = self.files.entries["a.ipynb"]
        self.files.take("a.ipynb")
        self.rest(GONE_SECONDS)
        self.rest(GONE_SECONDS)
        self.assertIsNotNone(self.state()["conflict"])

        def back() -> None:
            self.files.entries["a.ipynb"] = entry
            self.files._tell("a.ipynb")
            self.rest(GONE_SECONDS)

        return back

    def test_a_file_that_comes_back_as_it_was_is_no_conflict(self) -> None:
        """Nobody has to choose anything, and what was changed meanwhile is saved by itself."""
        back = self.away()
        self.edit("c0", "x = 3")
        self.rest()
        back()
        self.rest()
        state = self.state()
        self.assertEqual((state["conflict"], state["is_saved"]), (None, True))
        self.assertEqual(self.saved(), ["x = 3", "y = 2"])

    def test_a_file_that_was_changed_while_it_was_away_is_taken_in(self) -> None:
        """As any change of another program is."""
        back = self.away()
        back()
        self.files.put("a.ipynb", notebook("x = 1", "y = 4"))
        self.rest(GONE_SECONDS)
        self.assertEqual((self.state()["conflict"], self.sources()), (None, ["x = 1", "y = 4"]))

    def test_etags_of_earlier_servers_are_still_known(self) -> None:
        """They lack the last part: a file that did not change meanwhile is the same."""
        origin = FileState(etag="1f-20-30")
        self.assertTrue(origin.has("1f-20-30-40"))
        self.assertFalse(origin.has("1f-20-31-40") or origin.has("1f-20-301-40") or origin.has(None))
        self.assertFalse(FileState(etag="1f-20-30-40").has("1f-20-30-41"))
