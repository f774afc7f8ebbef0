"""Documents in text files: what other programs write in steps costs no outputs."""

from __future__ import annotations

import json
import random
from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import RigTestCase, printed
from webipy.server.notebooks.autosave import GONE_SECONDS, REST_SECONDS
from webipy.server.notebooks.file_reader import EMPTY_SECONDS, LONGEST_SECONDS, QUIET_SECONDS

TEXT = b"# %%\nx = 1\n\n# %%\ny = 2\n\n# %%\nz = 3\n"


class TextTestCase(RigTestCase):
    """A session on the file a.py with three cells, each with an output."""

    def setUp(self) -> None:
        super().setUp()
        self.files.put("a.py", TEXT)
        self.session = str(self.rig.me.call("session.create", path="a.py")["id"])
        self.run_cells()
        self.rest()

    @property
    def files(self) -> Any:
        """The files under the root."""
        return self.rig.disk.files

    def call(self, method: str, **params: Any) -> Any:
        """A call for the session."""
        return self.rig.me.call(method, session=self.session, **params)

    def run_cells(self, text: str = "out") -> None:
        """Runs all cells; each prints this text and its number."""
        if self.call("session.get")["kernel"] is None:
            self.call("kernel.start")
            self.rig.turn()
            self.rig.host.ready()
        for number, cell in enumerate(self.call("cell.list")["cells"], 1):
            execution = self.call("execution.start", code=cell["source"], cell=cell["id"])["execution"]
            self.rig.turn()
            self.rig.host.run(execution, printed(f"{text} {number}\n", execution), count=number)

    def rest(self, seconds: float = REST_SECONDS) -> None:
        """Lets time pass, after all that is under way is done."""
        self.rig.turn()
        self.rig.clock.advance(seconds)
        self.rig.turn(30)

    def settle(self) -> None:
        """Lets all that waits for time come to its end."""
        for _ in range(int(2 * LONGEST_SECONDS / QUIET_SECONDS)):
            self.rest(QUIET_SECONDS)

    def shown(self) -> list[tuple[str, str, str]]:
        """Id, source and printed text of each cell."""
        body = self.rig.wait(Deferred.fromCoroutine(self._body()))
        return [
            (cell["id"], "".join(cell["source"]), "".join(text for one in cell["outputs"] for text in one["text"]))
            for cell in json.loads(body)["cells"]
        ]

    async def _body(self) -> bytes:
        services = self.rig.services
        return await services.documents.as_ipynb(services.sessions.get(self.session))

    def sources(self) -> list[str]:
        """The sources in the session."""
        return [cell["source"] for cell in self.call("cell.list")["cells"]]


class Steps(TextTestCase):
    """Another program writes the file in steps."""

    def test_an_empty_file_is_not_believed_at_once(self) -> None:
        """Nobody sees the cells go when the text comes within the time."""
        before, seq = self.shown(), self.call("notebook.get")["seq"]
        self.files.put("a.py", b"")
        self.rest(QUIET_SECONDS)
        self.rest(QUIET_SECONDS)
        self.files.put("a.py", TEXT)
        self.settle()
        self.assertEqual(self.shown(), before)
        told = self.rig.me.call("session.events", session=self.session, since=seq + 1)["events"]
        self.assertEqual([event["type"] for event in told if event["type"].startswith("cell")], [])

    def test_half_of_a_file_is_not_believed_at_once(self) -> None:
        """Also when it comes in several parts; what is new in the end is there."""
        before = self.shown()
        for end in (0, 5, 15, 25):
            self.files.put("a.py", TEXT[:end])
            self.rest(QUIET_SECONDS / 2)
        self.files.put("a.py", TEXT.replace(b"z = 3", b"z = 33"))
        self.settle()
        self.assertEqual(self.shown(), [*before[:2], (before[2][0], "z = 33", before[2][2])])

    def test_what_comes_back_after_that_has_its_outputs(self) -> None:
        """An empty file for longer than anybody waits, then the same text, or one with changes."""
        before = self.shown()
        self.files.put("a.py", b"")
        self.settle()
        self.assertEqual([source for source in self.sources() if source], [])
        self.rest(60)
        self.files.put("a.py", TEXT.replace(b"y = 2", b"y = 22"))
        self.settle()
        self.assertEqual(self.shown(), [before[0], (before[1][0], "y = 22", before[1][2]), before[2]])
        self.call("cell.set_source", cell=before[0][0], source="x = 11")
        self.rest()
        self.assertIn(b"x = 11", self.files.body("a.py"))

    def test_any_steps_end_in_what_was_written_last(self) -> None:
        """At random, with pauses of any length in between, and the file away for a while."""
        chance = random.Random(3)
        before = self.shown()
        for _ in range(12):
            for _ in range(chance.randrange(4)):
                if "a.py" in self.files.entries and chance.random() < 0.2:
                    self.files.take("a.py")
                else:
                    self.files.put("a.py", TEXT[: chance.randrange(len(TEXT))])
                self.rest(chance.choice([0.0, 0.3, GONE_SECONDS, EMPTY_SECONDS, LONGEST_SECONDS]))
            self.files.put("a.py", TEXT)
            self.settle()
            self.assertEqual((self.shown(), self.files.body("a.py")), (before, TEXT))

    def test_cells_that_are_deleted_are_gone(self) -> None:
        """A moment later."""
        before = self.shown()
        self.files.put("a.py", TEXT[:11])
        self.settle()
        self.assertEqual(self.shown(), before[:1])

    def test_a_save_waits_for_it_too(self) -> None:
        """Half a file is not taken for the whole because somebody saves just then."""
        before = self.shown()
        self.call("cell.set_source", cell=before[0][0], source="x = 11")
        self.files.put("a.py", b"")
        self.rest()
        self.files.put("a.py", TEXT)
        self.settle()
        self.assertEqual(self.shown(), [(before[0][0], "x = 11", before[0][2]), *before[1:]])
        self.assertEqual(self.files.body("a.py"), TEXT.replace(b"x = 1", b"x = 11"))
