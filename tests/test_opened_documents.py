"""webipy.server.notebooks.documents: which session a document gets, and where one goes that is not there any more."""

from __future__ import annotations

import json
from typing import Any

from tests.test_documents import DocumentTestCase, notebook, sources
from webipy.core import errors


class Created(DocumentTestCase):
    """`session.create`."""

    def cells(self, session: str) -> list[str]:
        """The sources of a session."""
        return [cell["source"] for cell in self.rig.me.call("cell.list", session=session)["cells"]]

    def test_a_notebook_that_is_sent_needs_no_file(self) -> None:
        """Its session has its cells; the same call again makes nothing anew; what is none is refused, and leaves no session."""
        body = json.loads(notebook("1", "2"))
        session = self.rig.me.call("session.create", notebook=body, title="Sent", id="sent")["id"]
        self.assertEqual((session, self.cells(session)), ("sent", ["1", "2"]))
        self.rig.me.call("cell.delete", session="sent", cell="c0")
        self.rig.me.call("session.create", notebook=body, title="Sent", id="sent")
        self.assertEqual(self.cells("sent"), ["2"])
        before = len(self.rig.me.call("session.list")["sessions"])
        self.refused("invalid_notebook", "session.create", notebook={"cells": 5})
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), before)

    def test_a_file_that_is_made_is_empty_as_its_format_has_it(self) -> None:
        """A text has nothing in it, a notebook one cell."""
        session = self.rig.me.call("session.create", path="new.py", create=True)["id"]
        self.assertEqual(self.files.body("new.py"), b"")
        self.assertEqual(self.rig.me.call("session.get", session=session)["path"], "new.py")
        session = self.rig.me.call("session.create", path="new.ipynb", create=True)["id"]
        self.assertEqual(self.cells(session), [""])


class Reopened(DocumentTestCase):
    """`session.reopen`, of a document that was deleted meanwhile."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.me.call("file.create", path="d", kind="folder")
        self.rig.me.call("file.copy", path="a.ipynb", to="d/b.ipynb")
        self.session = self.open("d/b.ipynb", cwd=".")
        self.edit("c0", "changed")
        self.call("session.close")
        self.rig.turn(50)

    def reopened(self) -> str:
        """The path of the session when it is open again."""
        self.assertEqual(self.call("session.reopen")["id"], self.session)
        return str(self.call("session.get")["path"])

    def test_one_that_was_deleted_is_written_again(self) -> None:
        """At its place."""
        self.files.take("d/b.ipynb")
        self.assertEqual(self.reopened(), "d/b.ipynb")
        self.assertEqual(sources(self.files.body("d/b.ipynb")), ["changed", "y = 2"])

    def test_beside_what_is_there_now(self) -> None:
        """Nothing is replaced."""
        self.rig.me.call("file.delete", path="d/b.ipynb", permanent=True)
        self.files.put("d/b.ipynb", notebook("other"))
        path = self.reopened()
        self.assertRegex(path, r"^d/b.+\.ipynb$")
        self.assertEqual(sources(self.files.body(path)), ["changed", "y = 2"])
        self.assertEqual(sources(self.files.body("d/b.ipynb")), ["other"])

    def test_at_the_root_when_its_folder_is_gone_too(self) -> None:
        """Under its own name."""
        self.rig.me.call("file.delete", path="d", recursive=True, permanent=True)
        self.assertEqual(self.reopened(), "b.ipynb")

    def test_one_that_cannot_be_written_stays_closed(self) -> None:
        """The reason is given; later it can be reopened."""
        self.files.take("d/b.ipynb")
        fault: Any = errors.FileFault("The disk is full.", reason="full", path="d/b.ipynb")
        self.files.fault = fault
        self.refused("file_fault", "session.reopen", session=self.session)
        self.rig.turn(50)
        open_now = {one["id"] for one in self.rig.me.call("session.list")["sessions"]}
        self.assertNotIn(self.session, open_now)
        self.files.fault = None
        self.assertEqual(self.reopened(), "d/b.ipynb")
