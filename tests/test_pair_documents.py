"""Documents in a pair of files: both follow, a change of either is taken in, and outputs stay."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.test_guests import guest
from tests.test_text_documents import TextTestCase
from webipy.core import errors
from webipy.server.notebooks.autosave import GONE_SECONDS

SOURCES = ["x = 1", "y = 2", "z = 3"]


def notebook(*sources: str, formats: str | None = "ipynb,py:percent", **metadata: Any) -> bytes:
    """A notebook with code cells of these sources, in a pair."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {"collapsed": True},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    paired = {"jupytext": {"formats": formats}} if formats else {}
    whole = {"cells": cells, "metadata": {**paired, **metadata}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1).encode() + b"\n"


def script(*sources: str, formats: str | None = "ipynb,py:percent") -> bytes:
    """The same as a program."""
    header = f"# ---\n# jupyter:\n#   jupytext:\n#     formats: {formats}\n# ---\n\n" if formats else ""
    return (header + "\n\n".join(f"# %%\n{source}" for source in sources) + "\n").encode()


class PairTestCase(TextTestCase):
    """A session on a.ipynb with three cells, each with an output, whose pair a.py there is not yet."""

    def setUp(self) -> None:
        super(TextTestCase, self).setUp()
        self.files.put("a.ipynb", notebook(*SOURCES))
        self.session = self.open("a.ipynb")

    def open(self, path: str, **params: Any) -> str:
        """Opens a file; gives the session."""
        return str(self.rig.me.call("session.create", path=path, **params)["id"])

    def edit(self, number: int, source: str) -> None:
        """Replaces the source of a cell."""
        cell = self.call("cell.list")["cells"][number]["id"]
        self.call("cell.set_source", cell=cell, source=source)

    def text(self, path: str = "a.py") -> list[str]:
        """The sources in the text, as far as cells without a header have them."""
        body = self.files.body(path).decode().partition("# %%")[2]
        return [part.strip() for part in body.split("# %%")]

    def saved(self, path: str = "a.ipynb") -> list[str]:
        """The sources in the notebook file."""
        return ["".join(cell["source"]) for cell in json.loads(self.files.body(path))["cells"]]

    def printed(self) -> list[str]:
        """What is under each cell."""
        return [text for _, _, text in self.shown()]


class Together(PairTestCase):
    """Both files follow the document."""

    def test_a_save_writes_both(self) -> None:
        """The text is made with the first; without edits it is not touched."""
        self.run_cells()
        self.edit(0, "x = 10")
        self.settle()
        self.assertEqual((self.saved(), self.text()), (["x = 10", "y = 2", "z = 3"],) * 2)
        self.assertIn(b"formats: ipynb,py:percent", self.files.body("a.py"))
        body, writes = self.files.body("a.py"), self.files.writes
        self.run_cells("again")
        self.settle()
        self.assertEqual((self.files.body("a.py"), self.printed()[1]), (body, "again 2\n"))
        self.assertGreater(self.files.writes, writes)
        self.assertNotIn(b"again 2", body)
        self.assertTrue(self.call("notebook.get")["is_saved"])

    def test_a_change_of_the_text_is_taken_in(self) -> None:
        """Cell by cell: outputs stay, what was edited here stays, and both files have both."""
        self.run_cells()
        self.edit(2, "z = 33")
        self.settle()
        self.files.put("a.py", self.files.body("a.py").replace(b"y = 2", b"y = 22"))
        self.edit(0, "x = 11")
        self.settle()
        wanted = ["x = 11", "y = 22", "z = 33"]
        self.assertEqual((self.sources(), self.saved(), self.text()), (wanted,) * 3)
        self.assertEqual(self.printed(), ["out 1\n", "out 2\n", "out 3\n"])
        self.assertEqual(
            [cell["metadata"] for cell in json.loads(self.files.body("a.ipynb"))["cells"]], [{"collapsed": True}] * 3
        )

    def test_a_change_of_the_notebook_file_goes_into_the_text(self) -> None:
        """Another program wrote it."""
        self.edit(0, "x = 10")
        self.settle()
        self.files.put("a.ipynb", notebook("x = 10", "y = 20", "z = 3"))
        self.settle()
        self.assertEqual((self.sources()[1], self.text()[1]), ("y = 20", "y = 20"))

    def test_the_same_cell_in_the_text_and_here_is_a_conflict(self) -> None:
        """Nothing is written until somebody chooses, and both versions are kept."""
        for choice in ("ours", "theirs"):
            self.edit(0, "x = 10")
            self.settle()
            self.edit(0, "x = 11")
            self.files.put("a.py", self.files.body("a.py").replace(b"x = 10", b"x = 12"))
            self.settle()
            conflict = self.call("notebook.get")["conflict"]
            self.assertEqual((self.saved()[0], self.text()[0], conflict["cells"]), ("x = 10", "x = 12", ["c0"]))
            if choice == "ours":
                self.call("notebook.save", overwrite=conflict["etag"])
                self.assertIn(b"x = 12", self.files.body("a (other version 1).py"))
            else:
                self.call("notebook.reload")
            self.settle()
            wanted = "x = 11" if choice == "ours" else "x = 12"
            self.assertEqual((self.sources()[0], self.saved()[0], self.text()[0]), (wanted,) * 3)
            self.assertIsNone(self.call("notebook.get")["conflict"])

    def test_a_text_that_is_written_in_steps_costs_nothing(self) -> None:
        """Nor does one that is away for a while: it is made again at the next save only."""
        self.run_cells()
        self.edit(0, "x = 10")
        self.settle()
        body, before = self.files.body("a.py"), self.shown()
        self.files.put("a.py", b"")
        self.settle()
        self.files.put("a.py", body)
        self.settle()
        self.assertEqual(self.shown(), before)
        metadata = [cell["metadata"] for cell in json.loads(self.files.body("a.ipynb"))["cells"]]
        self.assertEqual(metadata, [{"collapsed": True}] * 3)
        self.files.take("a.py")
        self.settle()
        self.assertNotIn("a.py", self.files.entries)
        self.assertIsNone(self.call("notebook.get")["conflict"])
        self.edit(1, "y = 22")
        self.settle()
        self.assertEqual(self.text(), ["x = 10", "y = 22", "z = 3"])

    def test_a_text_that_cannot_be_read_holds_up_nothing(self) -> None:
        """That is told; the other file is saved, and nothing is written over it. When it can be read again it is in step again."""
        self.edit(0, "x = 10")
        self.settle()
        body = self.files.body("a.py")
        self.files.put("a.py", b"\xff\xfe")
        self.edit(1, "y = 20")
        self.settle()
        self.assertEqual((self.saved()[1], self.files.body("a.py")), ("y = 20", b"\xff\xfe"))
        self.assertIn(
            "a.py, which is paired with this notebook, is not in step", self.call("notebook.get")["save_failed"]
        )
        self.files.put("a.py", body)
        self.settle()
        self.assertEqual((self.text()[1], self.call("notebook.get")["save_failed"]), ("y = 20", None))

    def test_a_file_that_cannot_be_read_holds_up_no_text(self) -> None:
        """The other way round."""
        self.edit(0, "x = 10")
        self.settle()
        self.files.put("a.ipynb", b"<<<<<<< HEAD")
        self.edit(1, "y = 20")
        self.settle()
        self.assertEqual((self.text()[1], self.files.body("a.ipynb")), ("y = 20", b"<<<<<<< HEAD"))

    def test_a_text_that_cannot_be_written_is_tried_again(self) -> None:
        """After a while, without anybody asking."""
        write = self.files._write

        def refuse(path: str, body: bytes, if_match: str | None) -> Any:
            if path == "a.py":
                raise errors.FileFault("The disk is full.", reason="full")
            return write(path, body, if_match)

        self.edit(0, "x = 10")
        self.settle()
        self.patch(type(self.files), "_write", staticmethod(refuse))
        self.edit(1, "y = 20")
        self.settle()
        self.assertEqual((self.saved()[1], self.text()[1]), ("y = 20", "y = 2"))
        self.assertIn("full", self.call("notebook.get")["save_failed"])
        self.patch(type(self.files), "_write", staticmethod(write))
        self.settle()
        self.rest(60)
        self.settle()
        self.assertEqual((self.text()[1], self.call("notebook.get")["save_failed"]), ("y = 20", None))

    def test_any_order_of_edits_ends_in_three_equals(self) -> None:
        """Edits here, in the text and in the notebook file, each in a cell of its own, with pauses, restarts and moves: nothing is lost."""
        chance = random.Random(5)
        wanted = list(SOURCES)
        self.edit(0, "x = 1")
        self.run_cells()
        self.edit(0, "x = 0")
        wanted[0] = "x = 0"
        self.settle()
        path = "a"
        for step in range(25):
            for cell in chance.sample(range(3), chance.randrange(1, 4)):
                old, new = wanted[cell], f"{'xyz'[cell]} = {step + 100}"
                wanted[cell] = new
                if cell == 0:
                    self.edit(0, new)
                else:
                    name = f"{path}.py" if cell == 1 else f"{path}.ipynb"
                    self.files.put(name, self.files.body(name).replace(old.encode(), new.encode()))
                self.rest(chance.choice((0.0, 0.1, 0.5, 2.0)))
            self.settle()
            if chance.random() < 0.2:
                self.rig = self.rig.crashed()
                self.settle()
            if chance.random() < 0.2:
                ending = chance.choice((".py", ".ipynb"))
                self.rig.me.call("file.rename", path=f"{path}{ending}", to=f"n{step}{ending}")
                path = f"n{step}"
            self.assertEqual(
                (self.sources(), self.saved(f"{path}.ipynb"), self.text(f"{path}.py")), (wanted,) * 3, step
            )
        self.assertEqual(self.printed(), ["out 1\n", "out 2\n", "out 3\n"])


class Opening(PairTestCase):
    """Opening either opens the pair."""

    def setUp(self) -> None:
        super(TextTestCase, self).setUp()

    def test_either_file_opens_the_one_session(self) -> None:
        """At once, one after the other, and again after it was closed; also where only one of them names the other."""
        for number, (by_notebook, by_text) in enumerate(((True, True), (True, False), (False, True))):
            name = f"n{number}"
            named = "ipynb,py:percent"
            self.files.put(f"{name}.ipynb", notebook(*SOURCES, formats=named if by_notebook else None))
            self.files.put(f"{name}.py", script(*SOURCES, formats=named if by_text else None))
            for first, second in ((".ipynb", ".py"), (".py", ".ipynb")):
                if first == ".ipynb" and not by_notebook:
                    continue
                self.session = self.open(f"{name}{first}")
                self.assertEqual(self.open(f"{name}{second}"), self.session)
                state = self.call("notebook.get")
                self.assertEqual((state["path"], self.sources()), (f"{name}.ipynb", SOURCES))
                listed = self.rig.me.call("file.list", path="")["entries"]
                self.assertEqual({one["session"] for one in listed if one["name"].startswith(name)}, {self.session})
                self.rig.me.call("session.close", session=self.session)

    def test_the_text_counts(self) -> None:
        """Its sources, with the outputs of the other file; what that had is in the history, and both are equal after the next save."""
        outputs = [{"name": "stdout", "output_type": "stream", "text": ["one\n"]}]
        whole = json.loads(notebook("x = 1", "y = 2"))
        whole["cells"][0]["outputs"] = outputs
        self.files.put("a.ipynb", json.dumps(whole).encode())
        self.files.put("a.py", script("x = 1", "y = 22", "z = 3"))
        self.session = self.open("a.ipynb")
        self.assertEqual((self.sources(), self.printed()), (["x = 1", "y = 22", "z = 3"], ["one\n", "", ""]))
        first = min(one["seq"] for one in self.call("notebook.history")["moments"])
        at = self.call("notebook.at", seq=first)["notebook"]
        self.assertEqual(["".join(cell["source"]) for cell in at["cells"]], ["x = 1", "y = 2"])
        self.settle()
        self.assertEqual((self.saved(), self.text()), (["x = 1", "y = 22", "z = 3"],) * 2)

    def test_an_older_text_does_not(self) -> None:
        """That is told; its cells are in the history."""
        self.files.put("a.py", script("x = 7", "y = 2", "z = 3"))
        self.files.put("a.ipynb", notebook(*SOURCES))
        self.files.times["a.py"], self.files.times["a.ipynb"] = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
        self.session = self.open("a.py")
        self.assertEqual(self.sources(), SOURCES)
        self.assertIn("a.py is older than a.ipynb", self.call("notebook.get")["repairs"][-1])
        seen = [
            self.call("notebook.at", seq=one["seq"])["notebook"] for one in self.call("notebook.history")["moments"]
        ]
        self.assertIn("x = 7", ["".join(cell["source"]) for notebook in seen for cell in notebook["cells"]])
        self.settle()
        self.assertEqual(self.text()[0], "x = 7")
        self.edit(1, "y = 20")
        self.settle()
        self.assertEqual(self.text(), ["x = 1", "y = 20", "z = 3"])

    def test_the_notebook_file_is_made_from_the_text(self) -> None:
        """At the first save; also in a folder that there is not yet."""
        self.files.put("scripts/a.py", script(*SOURCES, formats="notebooks//ipynb,scripts//py:percent"))
        self.session = self.open("scripts/a.py", cwd="tmp")
        self.assertEqual(self.sources(), SOURCES)
        self.settle()
        self.assertNotIn("notebooks/a.ipynb", self.files.entries)
        self.edit(0, "x = 10")
        self.settle()
        self.assertEqual(self.saved("notebooks/a.ipynb")[0], "x = 10")
        self.assertEqual(self.text("scripts/a.py")[0], "x = 10")

    def test_a_text_that_was_there_before_is_not_taken_unasked(self) -> None:
        """A notebook from anywhere names what it likes: what does not name the pair, and says something else, is neither read nor written."""
        for number, body in enumerate((b"secret = 1\n", script("x = 9", formats="other//ipynb,src//py:percent"))):
            path = f"src/n{number}.py"
            self.files.put(path, body)
            self.files.put(f"n{number}.ipynb", notebook("x = 1", formats="ipynb,src//py:percent"))
            self.session = self.open(f"n{number}.ipynb")
            self.edit(0, "x = 2")
            self.settle()
            self.assertEqual(
                (self.sources(), self.saved(f"n{number}.ipynb"), self.files.body(path)), (["x = 2"], ["x = 2"], body)
            )
            self.assertIn(
                "does not name this notebook. Put `formats: ipynb,src//py:percent`",
                self.call("notebook.get")["save_failed"],
            )
            history = json.dumps(self.rig.me.call("session.events", session=self.session)["events"])
            self.assertNotIn("secret", history)
        self.files.take(path)
        self.edit(0, "x = 3")
        self.settle()
        self.assertEqual((self.text(path), self.call("notebook.get")["save_failed"]), (["x = 3"], None))

    def test_no_guest_makes_a_pair(self) -> None:
        """They would have the server read and write other files; what the owner has paired stays."""
        self.files.put("a.ipynb", notebook("x = 1", formats=None))
        self.session = self.open("a.ipynb")
        ann = guest(self.rig, self.session, "write")
        paired = {"jupytext": {"formats": "ipynb,src//py"}}
        refused = self.refused("not_permitted", "notebook.set_metadata", ann, session=self.session, metadata=paired)
        self.assertIn("cannot pair", refused.message)
        self.call("notebook.set_metadata", metadata=paired)
        ann.call("notebook.set_metadata", session=self.session, metadata={**paired, "title": "t"})
        self.refused(
            "not_permitted",
            "notebook.set_metadata",
            ann,
            session=self.session,
            metadata={"jupytext": {"formats": "ipynb,other//py"}},
        )

    def test_a_text_that_is_open_by_itself_stays_with_its_session(self) -> None:
        """Two sessions never write one file: that is told."""
        self.files.put("a.py", script(*SOURCES, formats=None))
        alone = self.open("a.py")
        self.files.put("a.ipynb", notebook("x = 5"))
        self.session = self.open("a.ipynb")
        self.assertNotEqual(self.session, alone)
        self.edit(0, "x = 6")
        self.settle()
        self.assertEqual((self.saved(), self.text()), (["x = 6"], SOURCES))
        self.assertIn("it is the document of the session 'a.py'", self.call("notebook.get")["save_failed"])


class Moving(PairTestCase):
    """Other paths."""

    def test_a_rename_takes_both_along(self) -> None:
        """Open or not, by either name; nothing is overwritten."""
        self.run_cells()
        self.edit(0, "x = 10")
        self.settle()
        self.edit(1, "y = 20")
        self.rig.me.call("file.rename", path="a.ipynb", to="b.ipynb")
        self.settle()
        self.assertEqual(sorted(self.files.entries), ["b.ipynb", "b.py"])
        self.assertEqual((self.saved("b.ipynb"), self.text("b.py")), (["x = 10", "y = 20", "z = 3"],) * 2)
        self.rig.me.call("file.rename", path="b.py", to="c.py")
        self.settle()
        self.assertEqual(
            (sorted(self.files.entries), self.call("notebook.get")["path"]), (["c.ipynb", "c.py"], "c.ipynb")
        )
        self.files.put("c.py", self.files.body("c.py").replace(b"z = 3", b"z = 30"))
        self.settle()
        self.assertEqual((self.sources()[2], self.saved("c.ipynb")[2]), ("z = 30", "z = 30"))
        self.assertEqual(self.printed(), ["out 1\n", "out 2\n", "out 3\n"])
        self.files.put("d.py", b"mine")
        self.refused("already_exists", "file.rename", path="c.ipynb", to="d.ipynb")
        self.assertEqual(sorted(self.files.entries), ["c.ipynb", "c.py", "d.py"])
        self.rig.me.call("session.close", session=self.session)
        self.rig.me.call("file.rename", path="c.ipynb", to="e.ipynb")
        self.assertEqual(sorted(self.files.entries), ["d.py", "e.ipynb", "e.py"])

    def test_a_rename_by_another_program_is_followed(self) -> None:
        """Both, one after the other."""
        self.edit(0, "x = 10")
        self.settle()
        self.files.move("a.ipynb", "b.ipynb")
        self.files.move("a.py", "b.py")
        self.settle()
        self.rest(GONE_SECONDS)
        self.edit(1, "y = 20")
        self.settle()
        self.assertEqual((self.saved("b.ipynb"), self.text("b.py")), (["x = 10", "y = 20", "z = 3"],) * 2)
        self.assertEqual(sorted(self.files.entries), ["b.ipynb", "b.py"])

    def test_what_is_deleted_is_what_was_named(self) -> None:
        """The other file stays."""
        self.edit(0, "x = 10")
        self.settle()
        self.rig.me.call("file.delete", path="a.ipynb")
        self.settle()
        self.assertEqual(sorted(self.files.entries), ["a.py"])


class Restarts(PairTestCase):
    """The server was away."""

    def test_both_files_changed_meanwhile(self) -> None:
        """Each in another cell: both changes are taken in."""
        self.edit(0, "x = 10")
        self.settle()
        self.files.watches.clear()
        self.files.put("a.py", self.files.body("a.py").replace(b"y = 2", b"y = 22"))
        self.files.put("a.ipynb", self.files.body("a.ipynb").replace(b"z = 3", b"z = 33"))
        self.rig = self.rig.crashed()
        self.settle()
        wanted = ["x = 10", "y = 22", "z = 33"]
        self.assertEqual((self.sources(), self.saved(), self.text()), (wanted,) * 3)

    def test_the_same_while_it_was_closed(self) -> None:
        """As for one that is open."""
        self.edit(0, "x = 10")
        self.settle()
        self.rig.me.call("session.close", session=self.session)
        self.files.put("a.py", self.files.body("a.py").replace(b"y = 2", b"y = 22"))
        self.files.put("a.ipynb", self.files.body("a.ipynb").replace(b"z = 3", b"z = 33"))
        self.assertEqual(self.open("a.py"), self.session)
        self.settle()
        wanted = ["x = 10", "y = 22", "z = 33"]
        self.assertEqual((self.sources(), self.saved(), self.text()), (wanted,) * 3)
