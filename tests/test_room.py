"""webipy.server.notebooks.room, webipy.server.notebooks.room_outputs, webipy.server.notebooks.room_runs and webipy.server.notebooks.shared_notebook:
programs edit a notebook together, and what they do is done to the document of the session."""

from __future__ import annotations

import json
import random
from typing import Any
from unittest.mock import Mock

from hypothesis import given, strategies
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import RigTestCase, examples, printed, status
from tests.room_programs import Program, pycrdt, room_of
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.server.notebooks import shared_notebook
from webipy.server.notebooks.room_outputs import SHOW_SECONDS
from webipy.server.notebooks.room_runs import REST_SECONDS
from webipy.server.notebooks.shared_notebook import SharedNotebook, Unusable

PIECES = ("x = 1\n", "é", "😀", "", "print('hé')", "\n", "\u2028", "\U0001d4b3y")


class RoomTestCase(RigTestCase):
    """A session with three cells, and programs in its room."""

    kernelspec: str | None = None

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session(self.kernelspec)
        for number, cell_type in enumerate(("code", "markdown", "code")):
            after = f"c{number - 1}" if number else None
            source = f"text {number}"
            self.call("cell.insert", after=after, id=f"c{number}", cell_type=cell_type, source=source)
        self.room = room_of(self.rig, self.session)
        self.ada, self.grace = self.program("Ada"), self.program("Grace")

    def program(self, name: str, **more: Any) -> Program:
        """A program in the room that has what the room has."""
        program = Program(self.rig, self.room, name, **more).enter()
        program.settle()
        return program

    def call(self, method: str, **params: Any) -> Any:
        """A call of the API for the session."""
        return self.rig.me.call(method, session=self.session, **params)

    def settle(self, seconds: float = 0.0) -> None:
        """Lets everything arrive."""
        for _ in range(3):
            self.ada.settle()
            self.grace.settle()
        if seconds:
            self.rig.clock.advance(seconds)
            self.settle()

    def cells(self) -> list[tuple[str, str, str]]:
        """Id, type and source of each cell of the session."""
        return [(one["id"], one["cell_type"], one["source"]) for one in self.call("cell.list")["cells"]]

    def check_same(self) -> None:
        """Everybody has the same cells."""
        self.assertEqual(self.ada.shown(), self.cells())
        self.assertEqual(self.grace.shown(), self.cells())

    def journal(self, *kinds: type[AnyEvent]) -> list[Any]:
        """The events of some kinds."""
        session = self.rig.services.sessions.get(self.session)
        found = self.rig.wait(session.read(1, 10_000))
        return [event for event in map(events.decode, found) if isinstance(event, kinds)]


class Editing(RoomTestCase):
    """Cells and text."""

    def test_a_program_finds_the_notebook(self) -> None:
        """In the shape that Jupyter's programs know."""
        self.check_same()
        self.assertEqual(self.ada.meta.to_py(), {"nbformat": 4.0, "nbformat_minor": 5.0, "metadata": {}})
        first = self.ada.cells[0].to_py()
        self.assertEqual((first["outputs"], first["execution_count"], first["execution_state"]), ([], None, "idle"))

    def test_text_is_changed_where_it_changed(self) -> None:
        """The journal has the change set, in UTF-16 units, and who made it."""
        self.ada.cells[0]["source"].insert(4, "😀é")
        self.settle()
        self.ada.cells[0]["source"].insert(len("text😀".encode()), "!")
        self.settle()
        self.check_same()
        edits = self.journal(events.CellEdited)
        self.assertEqual([one.changes for one in edits], [[4, [0, "😀é"], 2], [6, [0, "!"], 3]])
        self.assertEqual({one.by for one in edits}, {"Ada"})

    def test_others_text_arrives(self) -> None:
        """What the API and another program change, at once."""
        self.call("cell.set_source", cell="c1", source="te😀xt 1")
        self.grace.cells[1]["source"].insert(0, "A ")
        self.settle()
        self.assertEqual(self.cells()[1][2], "A te😀xt 1")
        self.check_same()

    def test_cells_come_go_and_move(self) -> None:
        """By delete and insert, as JupyterLab moves a cell, with all parts of a cell."""
        new = {"id": "n1", "cell_type": "markdown", "source": "# new", "metadata": {"tags": ["a"], "trusted": True}}
        with self.ada.doc.transaction():
            del self.ada.cells[0]
            self.ada.cells.insert(1, self.ada.written({"id": "c0", "cell_type": "code", "source": "text 0"}))
            self.ada.cells.append(self.ada.written({**new, "attachments": {"a.png": {"image/png": "aGk="}}}))
            del self.ada.cells[2]
        self.settle()
        self.assertEqual(
            self.cells(), [("c1", "markdown", "text 1"), ("c0", "code", "text 0"), ("n1", "markdown", "# new")]
        )
        self.check_same()
        (made,) = (one for one in self.journal(events.CellInserted) if one.cell == "n1")
        self.assertEqual(json.loads(bytes(made.metadata)), {"tags": ["a"]})
        self.assertEqual(json.loads(bytes(made.attachments)), {"a.png": {"image/png": "aGk="}})
        self.assertEqual(
            [one.cell for one in self.journal(events.CellMoved)], ["c1"], "the least that brings the order"
        )

    def test_types_and_metadata(self) -> None:
        """A number that the CRDT knows as a float is not changed by who does not touch it."""
        self.call("cell.set_metadata", cell="c0", metadata={"n": 2**60, "f": 1.0, "old": 1})
        self.settle()
        with self.ada.doc.transaction():
            self.ada.cells[0]["metadata"]["mine"] = {"a": 2}
            del self.ada.cells[0]["metadata"]["old"]
            self.ada.cells[2]["cell_type"] = "raw"
            self.ada.meta["metadata"]["authors"] = ["Ada"]
        self.settle()
        set_last = self.journal(events.CellMetadataSet)[-1]
        self.assertEqual(bytes(set_last.metadata), b'{"n":%d,"f":1.0,"mine":{"a":2}}' % 2**60)
        self.assertEqual(self.cells()[2][1], "raw")
        self.assertEqual(bytes(self.journal(events.NotebookMetadataSet)[-1].metadata), b'{"authors":["Ada"]}')
        self.check_same()

    def test_others_parts_arrive(self) -> None:
        """Type, metadata, attachments, order."""
        self.call("cell.set_type", cell="c0", cell_type="markdown")
        self.call("cell.set_metadata", cell="c1", metadata={"tags": ["b"]})
        self.call("cell.set_attachments", cell="c1", attachments={"b.png": {"image/png": "aGk="}})
        self.call("cell.move", cell="c2", after=None)
        self.call("notebook.set_metadata", metadata={"title": "T"})
        self.settle()
        self.check_same()
        shown = self.grace.cells.to_py()
        self.assertEqual(shown[2]["metadata"], {"tags": ["b"]})
        self.assertEqual(shown[2]["attachments"], {"b.png": {"image/png": "aGk="}})
        self.assertNotIn("outputs", shown[1])
        self.assertEqual(self.grace.meta.to_py()["metadata"], {"title": "T"})

    def test_an_id_that_stands_there_twice(self) -> None:
        """Or that is none: the cell gets another one, for everybody."""
        again = {"cell_type": "code", "source": "again"}
        for id in ("c0", "has spaces", "é", "x" * 65):
            self.ada.cells.append(self.ada.written({**again, "id": id}))
        self.ada.cells.append({"no": "cell"})
        self.settle()
        self.check_same()
        ids = [cell for cell, _, _ in self.cells()]
        self.assertEqual((len(set(ids)), ids[0]), (7, "c0"))

    def test_what_is_no_notebook_is_undone(self) -> None:
        """Wrong types of the parts of cells: the session has none of it, and the shared document none in the end."""
        self.ada.cells[0]["source"] = 5
        self.ada.cells[0]["cell_type"] = "poem"
        self.ada.cells[1]["metadata"] = "none"
        self.ada.cells[2]["outputs"] = {"a": 1}
        self.settle(1)
        self.assertEqual(
            [one[1:] for one in self.cells()], [("code", "text 0"), ("markdown", "text 1"), ("code", "text 2")]
        )
        self.check_same()
        self.assertEqual(self.grace.cells.to_py()[1]["metadata"], {})

    def test_what_is_refused_is_undone(self) -> None:
        """A source that is too long; and anything while the journal cannot be written."""
        self.ada.cells[0]["source"].insert(0, "x" * (4 * 1024 * 1024 + 1))
        self.settle()
        self.assertEqual(self.cells()[0][2], "text 0")
        self.check_same()

    def test_nothing_is_told_before_the_journal_has_it(self) -> None:
        """To nobody else."""
        self.ada.cells[0]["source"].insert(0, "A")
        while self.ada.step():
            pass
        self.assertFalse(self.grace.here, "its event is on the way to the journal")
        self.settle()
        self.check_same()

    def test_bytes_that_are_no_update(self) -> None:
        """Change nothing."""
        for update in (b"", b"\xff" * 20, b"\x01\x01\x00", self.ada.doc.get_update()[:-3]):
            with self.assertRaises(ValueError):
                self.room.take(self.ada, update)
        self.check_same()

    @given(strategies.integers(0, 2**32))
    @examples(60)
    def test_updates_with_bytes_that_are_wrong(self, seed: int) -> None:
        """They are refused, or end the room, or change what they say: the session is whole, and its copy the same."""
        self.setUp()
        roll = random.Random(seed)
        state = self.ada.doc.get_state()
        with self.ada.doc.transaction():
            self.ada.cells[0]["source"].insert(0, "é")
            self.ada.cells.insert(1, self.ada.written({"id": "n", "cell_type": "code", "source": "new"}))
            del self.ada.cells[2]
        whole = [self.ada.doc.get_update(state), self.ada.doc.get_update()]
        for _ in range(30):
            update = bytearray(roll.choice(whole))
            for _ in range(roll.randint(1, 4)):
                update[roll.randrange(len(update))] = roll.randrange(256)
            try:
                self.room.take(self.grace, bytes(update))
            except ValueError:
                continue
            if self.room.is_over:
                self.room = room_of(self.rig, self.session)
        self.rig.turn(20)
        self.rig.clock.advance(1)
        self.rig.turn(20)
        if not self.room.is_over:
            self.assertEqual(self.room.shared.ids(), [cell for cell, _, _ in self.cells()])
            sources = [self.room.shared.source(place) for place in range(len(self.room.order))]
            self.assertEqual(sources, [source for _, _, source in self.cells()])

    def test_a_session_that_is_closed(self) -> None:
        """Ends the room."""
        self.call("session.close")
        self.settle()
        self.assertEqual((self.ada.ended, self.room.is_over), ("closed", True))


class Random(RoomTestCase):
    """Everybody edits at once, and messages arrive when they like."""

    def act(self, roll: random.Random, program: Program) -> None:
        """A program changes something in its document."""
        cells, count = program.cells, len(program.cells)
        place = roll.randrange(count) if count else 0
        deed = roll.random()
        if deed < 0.2 or not count:
            cell_type = roll.choice(("code", "markdown", "raw"))
            new = {"id": f"{program.name}{roll.random()}".replace(".", "-"), "cell_type": cell_type, "source": "new"}
            cells.insert(roll.randint(0, count), program.written(new))
        elif deed < 0.3:
            del cells[place]
        elif deed < 0.4:
            cell = cells[place].to_py()
            with program.doc.transaction():
                del cells[place]
                cells.insert(roll.randint(0, count - 1), program.written(cell))
        elif deed < 0.5:
            cells[place]["metadata"][roll.choice("ab")] = roll.randint(0, 3)
        else:
            text = cells[place]["source"]
            old = str(text)
            at = len(old[: roll.randint(0, len(old))].encode())
            if roll.random() < 0.3 and old:
                text.clear()
                text.insert(0, roll.choice(PIECES))
            else:
                text.insert(at, roll.choice(PIECES))

    def act_here(self, roll: random.Random) -> None:
        """Somebody changes something by the API."""
        ids = [cell for cell, _, _ in self.cells()]
        cell = roll.choice(ids) if ids else None
        deed = roll.random()
        if cell is None or deed < 0.25:
            self.call("cell.insert", after=cell, source=roll.choice(PIECES))
        elif deed < 0.4:
            self.call("cell.delete", cell=cell)
        elif deed < 0.55:
            after = roll.choice([None, *(one for one in ids if one != cell)])
            self.call("cell.move", cell=cell, after=after)
        elif deed < 0.65:
            self.call("cell.set_type", cell=cell, cell_type=roll.choice(("code", "markdown", "raw")))
        else:
            source = next(text for id, _, text in self.cells() if id == cell)
            at = roll.randint(0, len(source))
            self.call("cell.set_source", cell=cell, source=source[:at] + roll.choice(PIECES) + source[at:])

    @given(strategies.integers(0, 2**32))
    @examples(100)
    def test_all_come_to_the_same(self, seed: int) -> None:
        """The session, both programs, and one that comes later."""
        self.setUp()
        roll = random.Random(seed)
        for _ in range(60):
            deed = roll.random()
            if deed < 0.45:
                self.act(roll, roll.choice((self.ada, self.grace)))
            elif deed < 0.6:
                self.act_here(roll)
            elif deed < 0.9:
                program = roll.choice((self.ada, self.grace))
                program.step(roll.choice((program.there, program.here)))
            else:
                self.rig.turn(roll.randint(1, 3))
        self.settle(1)
        self.check_same()
        self.assertEqual(self.program("Late").shown(), self.cells())
        self.assertEqual(self.ada.cells.to_py(), self.grace.cells.to_py())


class Outputs(RoomTestCase):
    """Whose outputs stand under a cell."""

    kernelspec = "python3"

    def run_cell(self, cell: str | None, text: str, code: str = "text 0", count: int = 1) -> str:
        """An execution of the session that prints something."""
        execution = str(self.call("execution.start", code=code, cell=cell)["execution"])
        self.rig.turn()
        self.rig.host.run(execution, printed(text, execution), count=count)
        self.rig.turn()
        return execution

    def wait(self) -> None:
        """Lets outputs be shown, and taken over."""
        for _ in range(3):
            self.settle(max(SHOW_SECONDS, REST_SECONDS) + 0.01)

    def mark(self, state: str, place: int = 0) -> None:
        """Ada's program marks a cell."""
        self.ada.cells[place]["execution_state"] = state

    def write(self, text: str, place: int = 0, count: int = 1) -> None:
        """Ada's program writes what a kernel has printed to it."""
        self.ada.cells[place]["outputs"].append({"output_type": "stream", "name": "stdout", "text": text})
        self.ada.cells[place]["execution_count"] = count

    def texts(self, program: Program, place: int = 0) -> list[str]:
        """The texts under a cell."""
        return [one["text"] for one in program.outputs(place)]

    def test_a_run_of_the_session_is_shown(self) -> None:
        """As it grows; text is added to the text that stands there."""
        execution = str(self.call("execution.start", code="text 0", cell="c0")["execution"])
        self.rig.turn()
        self.wait()
        for text in ("one\n", "two\n"):
            self.rig.host.emit(status("busy", execution), printed(text, execution))
            self.wait()
        self.assertEqual(self.texts(self.grace), ["one\ntwo\n"])
        self.assertEqual(self.grace.cells[0]["execution_state"], "running")
        self.rig.host.run(execution, printed("three\n", execution), count=7)
        self.wait()
        self.assertEqual(self.texts(self.grace), ["one\ntwo\nthree\n"])
        self.assertEqual((self.grace.cells[0]["execution_count"], self.grace.cells[0]["execution_state"]), (7, "idle"))

    def test_a_program_runs_a_cell_in_the_kernel_of_the_session(self) -> None:
        """It never finds outputs twice, and in the end those of the session stand there; the journal has no others."""
        self.mark("running")
        self.settle()
        cell = self.rig.services.rooms.claim(self.session, self.ada.login, "text 0")
        self.assertEqual(cell, "c0")
        self.run_cell(cell, "out\n")
        self.wait()
        self.assertEqual(self.ada.outputs(0), [], "it writes them itself")
        self.write("out as it saw it\n")
        self.wait()
        self.assertEqual(self.texts(self.ada), ["out as it saw it\n"])
        self.mark("idle")
        self.wait()
        self.assertEqual((self.texts(self.ada), self.texts(self.grace)), (["out\n"], ["out\n"]))
        self.assertEqual(self.journal(events.CellOutputsSet), [])

    def test_a_request_that_comes_before_the_mark(self) -> None:
        """The only cell with that source, if a program of the login is there."""
        claim = self.rig.services.rooms.claim
        self.assertIsNone(claim(self.session, "another", "text 0"))
        self.assertIsNone(claim(self.session, self.ada.login, "no such code"))
        self.assertIsNone(claim("no such session", self.ada.login, "text 0"))
        self.assertEqual(claim(self.session, self.ada.login, "text 2"), "c2")
        self.assertEqual(claim(self.session, self.ada.login, "text 2"), "c2", "it has not begun")
        self.run_cell("c2", "out", "text 2")
        self.assertIsNone(claim(self.session, self.ada.login, "text 2"), "it runs")
        self.ada.is_page = self.grace.is_page = True
        self.assertIsNone(claim(self.session, self.ada.login, "text 0"), "pages say it")
        self.ada.is_page = False
        self.call("cell.set_source", cell="c2", source="text 0")
        self.assertIsNone(claim(self.session, self.ada.login, "text 0"), "which one?")

    def test_a_program_runs_a_cell_elsewhere(self) -> None:
        """What it wrote is put under the cell when it has ended, or has left."""
        self.run_cell("c0", "old\n")
        self.wait()
        self.mark("running")
        del self.ada.cells[0]["outputs"][:]
        self.wait()
        self.write("new\n", count=4)
        self.mark("idle")
        self.wait()
        put = self.journal(events.CellOutputsSet)[-1]
        self.assertEqual((put.by, put.execution_count), ("Ada", 4))
        self.assertEqual(self.texts(self.grace), ["new\n"])
        self.mark("running", 2)
        self.write("half\n", 2)
        self.settle()
        self.room.leave(self.ada)
        self.rig.turn(20)
        self.assertEqual(self.journal(events.CellOutputsSet)[-1].cell, "c2")

    def test_outputs_of_a_run_are_not_replaced(self) -> None:
        """By what a program writes that runs nothing; but it may clear them."""
        self.run_cell("c0", "ours\n")
        self.wait()
        self.ada.cells[0]["outputs"].append({"output_type": "stream", "name": "stdout", "text": "theirs\n"})
        self.wait()
        self.assertEqual((self.texts(self.ada), self.texts(self.grace)), (["ours\n"], ["ours\n"]))
        with self.ada.doc.transaction():
            self.ada.cells[0]["outputs"].clear()
            self.ada.cells[0]["execution_count"] = None
        self.wait()
        self.assertEqual((self.ada.outputs(0), self.grace.outputs(0)), ([], []))
        self.assertEqual([one.cell for one in self.journal(events.CellOutputsCleared)], ["c0"])

    def test_a_cell_that_comes_with_outputs(self) -> None:
        """Such as one that was copied; what is no output is left out."""
        output = {"output_type": "stream", "name": "stdout", "text": "copied\n"}
        new = {"id": "n", "cell_type": "code", "source": "1", "outputs": [output, {"output_type": "song"}]}
        self.ada.cells.append(self.ada.written({**new, "execution_count": 3}))
        self.wait()
        self.assertEqual(self.texts(self.grace, 3), ["copied\n"])
        put = self.journal(events.CellOutputsSet)[-1]
        self.assertEqual((put.cell, put.execution_count, len(put.outputs)), ("n", 3, 1))

    def test_large_outputs(self) -> None:
        """Are shown as far as programs can take them, and what is left out is not lost by a program that writes."""
        for cell in ("c0", "c2"):
            self.run_cell(cell, "y" * (3 * 1024 * 1024))
        self.wait()
        (text,) = self.texts(self.grace)
        self.assertLess(len(text), 1.1 * 1024 * 1024)
        self.assertIn("characters are not shown here", text)
        with self.ada.doc.transaction():
            cell = self.ada.cells[0].to_py()
            del self.ada.cells[0]
            self.ada.cells.append(self.ada.written(cell))
        self.wait()
        self.check_same()
        self.assertEqual(self.journal(events.CellOutputsSet), [])

    def test_a_cell_that_moves_keeps_its_outputs(self) -> None:
        """Whoever moves it."""
        self.run_cell("c0", "out\n")
        self.wait()
        self.call("cell.move", cell="c0", after="c2")
        self.wait()
        self.assertEqual(self.texts(self.grace, 2), ["out\n"])


class Ends(RoomTestCase):
    """Rooms that go, and programs that come back."""

    def later(self, seconds: float) -> None:
        """Lets time pass."""
        self.rig.clock.advance(seconds)
        self.rig.turn(20)

    def found(self, id: str) -> Any:
        """The room for a program that names an id."""
        return self.rig.wait(Deferred.fromCoroutine(self.rig.services.rooms.find(self.session, id)))

    def test_a_room_that_nobody_is_in(self) -> None:
        """Stays for a minute; one that comes back with the document of a former room is not let in."""
        rooms, former = self.rig.services.rooms, self.room.id
        for program in (self.ada, self.grace):
            self.room.leave(program)
        self.later(59)
        self.assertEqual(rooms.promise(self.session), former)
        self.later(2)
        self.assertTrue(self.room.is_over)
        self.assertIsNone(self.found(former))
        self.assertNotEqual(rooms.promise(self.session), former)
        new = room_of(self.rig, self.session)
        self.assertIsNone(self.found(former))
        self.assertEqual(Program(self.rig, new, "Ada").enter().name, "Ada")

    def test_the_server_stops(self) -> None:
        """Programs come back."""
        self.rig.services.rooms.close_all()
        self.assertEqual(self.ada.ended, "stopped")
        self.room.end("stopped")

    def test_a_document_that_cannot_be_used_any_more(self) -> None:
        """Ends the room; the session is as it was."""
        self.room._received = 2**40
        self.ada.cells[0]["source"].insert(0, "A")
        self.settle()
        self.assertEqual((self.ada.ended, self.cells()[0][2]), ("renewed", "text 0"))


class Limits(SynchronousTestCase):
    """What a shared document bears, whoever writes it."""

    def setUp(self) -> None:
        self.theirs: Any = pycrdt.Doc()
        self.cells: Any = self.theirs.get("cells", type=pycrdt.Array)
        self.shared = SharedNotebook(lambda update: None)

    def apply(self) -> shared_notebook.Touched:
        """Applies all that the program has written."""
        return self.shared.apply(self.theirs.get_update())

    def test_too_many_cells(self) -> None:
        """The document is made anew then."""
        self.patch(shared_notebook, "MOST_CELLS", 3)
        self.cells.extend([pycrdt.Map({"id": str(number)}) for number in range(3)])
        self.assertTrue(self.apply().order)
        self.assertEqual(self.shared.ids(), ["0", "1", "2"])
        self.cells.append(pycrdt.Map({"id": "3"}))
        with self.assertRaisesRegex(Unusable, "at most 3 cells"):
            self.apply()

    def test_too_many_outputs(self) -> None:
        """They are read as nothing; as many as there may be are read."""
        self.patch(shared_notebook, "MOST_OUTPUTS", 2)
        for count, read in ((2, ["x", "x"]), (3, None)):
            self.cells.append(pycrdt.Map({"outputs": pycrdt.Array(["x"] * count)}))
            self.apply()
            self.assertEqual(self.shared.value(len(self.cells) - 1, "outputs"), read)

    def test_faults_of_the_library(self) -> None:
        """Bytes that are no update change nothing; after any other fault nobody knows what the document holds. ^C stays what it is."""

        class PanicException(BaseException):
            """As the library raises it."""

        self.cells.append(pycrdt.Map({"id": "a"}))
        self.apply()
        update = self.theirs.get_update()
        for fault, seen in (
            (ValueError("no update"), ValueError),
            (RuntimeError("a fault"), Unusable),
            (PanicException("a panic"), Unusable),
            (KeyboardInterrupt(), KeyboardInterrupt),
        ):
            self.shared.doc = Mock(apply_update=Mock(side_effect=fault))
            with self.assertRaises(seen):
                self.shared.apply(update)
        self.assertEqual(self.shared.ids(), ["a"])
