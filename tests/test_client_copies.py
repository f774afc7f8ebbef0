"""webipy.server.notebooks.client_copies and the methods notebook.read and notebook.merge: whole notebooks that clients write back."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.fakes import printed
from tests.test_documents import DocumentTestCase, notebook, sources
from webipy.core import errors
from webipy.core.ipynb.client_copy import COPY
from webipy.server.notebooks import client_copies

STREAM = {"name": "stdout", "output_type": "stream", "text": "42\n"}


class CopyTestCase(DocumentTestCase):
    """A client with a copy of a.ipynb, beside the session of it."""

    def read(self, path: str = "a.ipynb") -> Any:
        """Reads a copy."""
        return self.rig.me.call("notebook.read", path=path)["notebook"]

    def write(self, copy: Any, path: str = "a.ipynb") -> Any:
        """Writes a copy back."""
        return self.rig.me.call("notebook.merge", path=path, notebook=copy)

    def known(self, path: str = "a.ipynb") -> Any:
        """What is known of a notebook."""
        return self.rig.me.call("notebook.read", path=path, content=False)

    def run_cell(self, cell: str, text: str) -> None:
        """Runs a cell of the session, which prints."""
        if self.call("session.get")["kernel"] is None:
            self.call("kernel.start", kernelspec="python3")
            self.rig.host.ready()
        execution = self.call("execution.start", code=text, cell=cell)["execution"]
        self.rig.turn()
        self.rig.host.run(execution, printed(text, execution))
        self.rig.turn()


class Copies(CopyTestCase):
    """One client."""

    def test_a_copy_has_the_document_and_its_id(self) -> None:
        """As it is now, saved or not; the id never gets into the document or its file."""
        self.edit("c0", "mine")
        copy = self.read()
        self.assertEqual([cell["source"] for cell in copy["cells"]], ["mine", "y = 2"])
        self.assertIn(COPY, copy["metadata"])
        self.write(copy)
        self.assertNotIn(COPY, self.call("notebook.get")["metadata"])
        self.assertNotIn(COPY.encode(), self.files.body("a.ipynb"))

    def test_what_the_client_changed_is_saved_at_once(self) -> None:
        """In the document and in the file, as one change of its history."""
        copy = self.read()
        copy["cells"][0]["source"] = "theirs"
        copy["cells"].append({"id": "new", "cell_type": "markdown", "metadata": {"trusted": True}, "source": "text"})
        found = self.write(copy)
        self.assertEqual((found["is_new"], found["session"]), (False, self.session))
        self.assertEqual(self.sources(), ["theirs", "y = 2", "text"])
        self.assertEqual(self.saved(), ["theirs", "y = 2", "text"])
        self.assertNotIn(b"trusted", self.files.body("a.ipynb"))
        self.assertEqual(self.told()[-1], "notebook_saved")

    def test_what_the_client_only_has_older_stays(self) -> None:
        """Text, cells, deletions and outputs that came since it was read."""
        copy = self.read()
        self.edit("c0", "newer")
        self.run_cell("c1", "42\n")
        self.call("cell.insert", id="c2", source="z = 3", after="c1")
        copy["cells"][1]["source"] = "y = 4"
        self.write(copy)
        self.assertEqual(self.sources(), ["newer", "y = 4", "z = 3"])
        self.assertEqual(json.loads(self.files.body("a.ipynb"))["cells"][1]["outputs"], [{**STREAM, "text": ["42\n"]}])
        self.write(copy)
        self.assertEqual(self.sources(), ["newer", "y = 4", "z = 3"])

    def test_a_client_may_go_back_to_what_it_had(self) -> None:
        """Undone in the client, it is undone here."""
        copy = self.read()
        copy["cells"][0]["source"] = "x = 5"
        self.write(copy)
        copy["cells"][0]["source"] = "x = 1"
        self.write(copy)
        self.assertEqual(self.sources(), ["x = 1", "y = 2"])

    def test_two_copies_of_one_client_are_two(self) -> None:
        """What one has older than the other takes nothing away."""
        one, two = self.read(), self.read()
        one["cells"][0]["source"] = "one"
        self.write(one)
        two["cells"][1]["source"] = "two"
        self.write(two)
        self.assertEqual(self.sources(), ["one", "two"])
        self.write(one)
        self.assertEqual(self.sources(), ["one", "two"])

    def test_a_copy_of_which_nothing_is_known_is_what_it_was_made_of(self) -> None:
        """As after a start of the server: the history has that state."""
        copy = self.read()
        self.edit("c0", "newer")
        self.rig.services.copies._copies.clear()
        copy["cells"][1]["source"] = "theirs"
        self.write(copy)
        self.assertEqual(self.sources(), ["newer", "theirs"])

    def test_a_client_that_drops_the_id_has_the_copy_that_is_most_like(self) -> None:
        """Of those that were read and written of this file."""
        copy = self.read()
        del copy["metadata"][COPY]
        self.edit("c0", "newer")
        copy["cells"][1]["source"] = "theirs"
        self.write(copy)
        self.assertEqual(self.sources(), ["newer", "theirs"])
        copy["cells"][1]["source"] = "again"
        self.write(copy)
        self.assertEqual(self.sources(), ["newer", "again"])

    def test_a_client_that_has_read_nothing_writes_all_anew(self) -> None:
        """Its notebook is the document afterwards; what was there is in the history, and outputs stay under the same source."""
        self.run_cell("c0", "42\n")
        before = self.call("notebook.get")["seq"]
        model = json.loads(notebook("x = 1", "new"))
        self.write(model)
        self.assertEqual(self.saved(), ["x = 1", "new"])
        self.assertEqual(len(json.loads(self.files.body("a.ipynb"))["cells"][0]["outputs"]), 1)
        self.assertEqual(
            sources(json.dumps(self.call("notebook.at", seq=before)["notebook"]).encode()), ["x = 1", "y = 2"]
        )

    def test_outputs_that_the_client_cleared_are_cleared(self) -> None:
        """If nothing came since it had them."""
        self.run_cell("c0", "42\n")
        copy = self.read()
        copy["cells"][0].update(outputs=[], execution_count=None)
        self.write(copy)
        self.assertEqual(json.loads(self.files.body("a.ipynb"))["cells"][0]["outputs"], [])

    def test_a_cell_that_was_run_and_then_deleted_is_deleted(self) -> None:
        """New outputs alone do not bring it back; new text does."""
        copy = self.read()
        self.run_cell("c0", "42\n")
        del copy["cells"][0]
        self.write(copy)
        self.assertEqual(self.sources(), ["y = 2"])
        copy = self.read()
        self.edit("c1", "newer")
        copy["cells"] = []
        self.write(copy)
        self.assertEqual(self.sources(), ["newer"])

    def test_a_large_output_is_known_again(self) -> None:
        """It is a file of the journal here, and text in the copy."""
        large = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "x" * 3_000_000}}
        self.files.put("large.ipynb", notebook("a", "b", c0=[large]))
        session = self.open("large.ipynb")
        journal = self.rig.disk.journals.found[session]
        self.files.blobs = {f"/nowhere/{name}": blob for name, blob in journal.blobs.items()}
        copy = self.read("large.ipynb")
        copy["cells"][1]["source"] = "theirs"
        self.write(copy, "large.ipynb")
        events = [event["type"] for event in journal.events()]
        self.assertEqual(events.count("cell_outputs_set"), 1)
        copy["cells"][0].update(outputs=[], execution_count=None)
        self.write(copy, "large.ipynb")
        self.assertEqual(json.loads(self.files.body("large.ipynb"))["cells"][0]["outputs"], [])

    def test_the_hash_is_that_of_the_text(self) -> None:
        """Outputs and the kernel do not change it, nor when it was modified; an edit does both."""
        before = self.known()
        self.run_cell("c0", "42\n")
        self.rest()
        self.assertEqual(
            [self.known()[name] for name in ("text_hash", "modified")], [before["text_hash"], before["modified"]]
        )
        self.edit("c0", "newer")
        after = self.known()
        self.assertNotEqual(after["text_hash"], before["text_hash"])
        self.assertGreater(after["modified"], before["modified"])

    def test_copies_are_limited(self) -> None:
        """Those that were not used for longest are forgotten."""
        self.patch(client_copies, "MOST_COPIES", 3)
        self.patch(client_copies, "MOST_TEXTS", 3)
        for number in range(5):
            self.files.put(f"{number}.ipynb", notebook("x"))
            self.read(f"{number}.ipynb")
        self.assertEqual(len(self.rig.services.copies._copies), 3)
        self.assertEqual(len(self.rig.services.copies._texts), 3)


class Closed(CopyTestCase):
    """A notebook that no session has open."""

    def setUp(self) -> None:
        super().setUp()
        self.files.put("b.ipynb", notebook("x = 1", "y = 2"))

    def test_reading_opens_nothing(self) -> None:
        """It is as it is on disk."""
        self.assertEqual([cell["source"] for cell in self.read("b.ipynb")["cells"]], ["x = 1", "y = 2"])
        self.assertIsNone(self.known("b.ipynb")["session"])
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), 1)

    def test_a_copy_that_is_written_gets_a_session_for_a_while(self) -> None:
        """So the history has what was there; the file keeps its layout."""
        copy = self.read("b.ipynb")
        copy["cells"][0]["source"] = "theirs"
        found = self.write(copy, "b.ipynb")
        self.assertEqual(self.files.body("b.ipynb"), notebook("theirs", "y = 2"))
        self.rest(11)
        self.assertEqual([one["id"] for one in self.rig.me.call("session.list")["sessions"]], [self.session])
        copy["cells"][1]["source"] = "more"
        self.assertEqual(self.write(copy, "b.ipynb")["session"], found["session"])
        self.assertEqual(self.files.body("b.ipynb"), notebook("theirs", "more"))

    def test_a_file_that_is_not_there_is_made(self) -> None:
        """Without a session; the next time it is merged."""
        model = json.loads(notebook("x"))
        self.assertEqual(
            self.write(model, "new.ipynb"), {"path": "new.ipynb", "is_new": True, "session": None, "repairs": []}
        )
        self.assertEqual(self.files.body("new.ipynb"), notebook("x"))
        self.rig.wait(self.files.write("new.ipynb", notebook("newer", "other"), None))
        model["cells"][0]["source"] = "x"
        self.assertFalse(self.write(model, "new.ipynb")["is_new"])
        self.assertEqual(sources(self.files.body("new.ipynb")), ["newer", "other"])

    def test_a_file_without_ids_keeps_its_version(self) -> None:
        """Cells are matched by their content."""
        old = json.loads(notebook("x = 1", "y = 2"))
        old["nbformat_minor"] = 4
        for cell in old["cells"]:
            del cell["id"]
        self.files.put("old.ipynb", json.dumps(old).encode())
        copy = self.read("old.ipynb")
        copy["cells"][0]["source"] = "x = 10"
        self.write(copy, "old.ipynb")
        again = {**old, "cells": [{**old["cells"][0], "source": "x = 10"}, {**old["cells"][1], "source": "y = 20"}]}
        self.write(again, "old.ipynb")
        body = self.files.body("old.ipynb")
        self.assertEqual((sources(body), b'"id"' in body), (["x = 10", "y = 20"], False))

    def test_a_copy_follows_its_file(self) -> None:
        """When that is renamed."""
        copy = self.read("b.ipynb")
        self.rig.me.call("file.rename", path="b.ipynb", to="c.ipynb")
        self.rig.wait(self.files.write("c.ipynb", notebook("newer", "y = 2"), None))
        copy["cells"][1]["source"] = "theirs"
        self.write(copy, "c.ipynb")
        self.assertEqual(sources(self.files.body("c.ipynb")), ["newer", "theirs"])

    def test_what_is_no_notebook_is_refused(self) -> None:
        """And nothing changes."""
        for path, model, name in (
            ("b.ipynb", {"cells": 5}, "invalid_notebook"),
            ("b.ipynb", [], "invalid_notebook"),
            ("b.png", json.loads(notebook("x")), "invalid_params"),
            ("none/b.ipynb", json.loads(notebook("x")), "not_found"),
        ):
            self.refused(name, "notebook.merge", path=path, notebook=model)
        self.refused("not_found", "notebook.read", path="none.ipynb")
        self.assertEqual(self.files.writes, 0)

    def test_a_save_that_fails_is_reported(self) -> None:
        """The document has what was written, and is saved later."""
        copy = self.read("a.ipynb")
        copy["cells"][0]["source"] = "theirs"
        self.files.fault = errors.FileFault("The disk is full.", reason="full", path="a.ipynb")
        self.refused("file_fault", "notebook.merge", path="a.ipynb", notebook=copy)
        self.assertEqual(self.sources(), ["theirs", "y = 2"])
        self.files.fault = None
        self.rest(31)
        self.assertEqual(self.saved(), ["theirs", "y = 2"])


class Together(CopyTestCase):
    """Two editors: one in the session, one with copies."""

    def test_nothing_is_lost(self) -> None:
        """Each text that somebody wrote stands in the document, until somebody who knew it, or wrote later, wrote another one there."""
        for seed in range(25):
            self._random(random.Random(seed), f"r{seed}.ipynb")

    def _random(self, chance: random.Random, path: str) -> None:
        self.files.put(path, notebook(*(f"cell {number}" for number in range(4))))
        self.session = self.open(path)
        copies = [self.read(path) for _ in range(2)]
        log: list[str] = []
        wanted: dict[str, str] = {f"c{number}": f"cell {number}" for number in range(4)}
        """What each cell must hold; a cell that somebody deleted is in here no more."""
        unwritten: list[dict[str, str | None]] = [{}, {}]
        for step in range(30):
            act = chance.randrange(6)
            at = chance.randrange(2)
            copy, own = copies[at], unwritten[at]
            ids = [cell["id"] for cell in copy["cells"]]
            if act == 0 and wanted:
                cell = chance.choice(sorted(wanted))
                self.edit(cell, f"page {step}")
                wanted[cell] = f"page {step}"
            elif act == 1:
                self.call(
                    "cell.insert", id=f"p{step}", source=f"page {step}", after=chance.choice([None, *sorted(wanted)])
                )
                wanted[f"p{step}"] = f"page {step}"
            elif act == 2 and ids:
                cell = chance.choice(ids)
                copy["cells"][ids.index(cell)]["source"] = own[cell] = f"copy {at} {step}"
            elif act == 3:
                new = {"id": f"n{step}", "cell_type": "code", "source": f"copy {step}", "metadata": {}, "outputs": []}
                copy["cells"].insert(chance.randrange(len(ids) + 1), {**new, "execution_count": None})
                own[f"n{step}"] = f"copy {step}"
            elif act == 4:
                self.write(copy, path)
                wanted |= {cell: text for cell, text in own.items() if text is not None}
                own.clear()
            elif act == 5 and chance.random() < 0.3 and not own:
                copies[at] = self.read(path)
            log.append(f"{step}: {act} {at}")
            there = {cell["id"]: cell["source"] for cell in self.call("cell.list")["cells"]}
            self.assertEqual(there, wanted, f"{path}: {log}")
