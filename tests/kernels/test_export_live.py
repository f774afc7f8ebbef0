"""`webipy export` as a user has it: a real server, a real notebook on its disk, a real conversion."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import tempfile
import zipfile
from pathlib import Path

from tests.kernels.commands import CommandCase, new_server
from tests.live import until
from tests.programs.test_conversion import PIXEL, code, markdown, notebook


class ExportTests(CommandCase):
    """Files that appear."""

    def setUp(self) -> None:
        super().setUp()
        self.write_notebook()

    def write_notebook(self) -> None:
        """A notebook, and the image that it shows."""
        shows = markdown("# Title\n\n![a](<a b.png>)")
        text = code("print(42)", {"output_type": "stream", "name": "stdout", "text": "42\n"})
        (self.folder / "note book.ipynb").write_text(json.dumps(notebook(shows, text)))
        (self.folder / "a b.png").write_bytes(base64.b64decode(PIXEL))

    def titles(self) -> list[str]:
        """The titles of the sessions there are."""
        return [str(one["title"]) for one in self.sessions()]

    def test_a_notebook_becomes_a_page(self) -> None:
        """One file with the image that lies beside the notebook; the session that was opened for it is closed again."""
        out = self.folder / "out.html"
        self.assertEqual(
            self.ok(self.webipy("export", str(self.folder / "note book.ipynb"), "-o", str(out))), f"{out}\n"
        )
        page = out.read_text()
        self.assertIn("<title>note book</title>", page)
        self.assertIn(PIXEL, page)
        markup = re.sub(r"(?s)(<script\b[^>]*>).*?</script>", r"\1", page)  # scripts hold such words, too
        self.assertEqual(re.findall(r"""src\s*=\s*["'](?!data:)[^"']*""", markup), [])
        self.assertEqual(self.titles(), [])
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith(".")], [])

    def test_it_goes_where_it_is_wanted(self) -> None:
        """A folder, standard output; what exists is replaced only when that is said."""
        folder = self.folder / "there"
        folder.mkdir()
        name = "note book.ipynb"
        self.assertEqual(
            self.ok(self.webipy("export", name, "--to", "script", "-o", str(folder))), f"{folder}/note book.txt\n"
        )
        self.assertIn("print(42)", self.ok(self.webipy("export", name, "--to", "script", "-o", "-")))
        outcome = self.webipy("export", name, "--to", "markdown", "-o", str(folder / "note book.txt"))
        self.assertEqual((outcome.returncode, outcome.stdout), (2, ""))
        self.assertIn("exists already. Add --overwrite", outcome.stderr)
        outcome = self.webipy("export", name, "--to", "script", "-o", str(folder))
        self.assertEqual(outcome.returncode, 2)
        self.ok(self.webipy("export", name, "--to", "markdown", "--overwrite", "-o", str(folder / "note book.txt")))
        with zipfile.ZipFile(folder / "note book.txt") as packed:
            self.assertEqual(sorted(packed.namelist()), ["a b.png", "note_book.md"])
        outcome = self.webipy("export", name, "--to", "script", "-o", str(self.folder / "nowhere" / "x"))
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("cannot be written: No such file or directory", outcome.stderr)

    def test_what_is_wrong_is_reported(self) -> None:
        """No such notebook, no notebook at all, a file elsewhere; each in a sentence."""
        (self.folder / "bad.ipynb").write_text("{}")
        for name, status, words in (
            ("none.ipynb", 1, "none.ipynb"),
            ("bad.ipynb", 1, "notebook"),
            ("a b.png", 1, "a b.png"),
            ("/etc/passwd", 2, "is not below the root"),
        ):
            outcome = self.webipy("export", name)
            self.assertEqual(
                (name, outcome.returncode, outcome.stdout, outcome.stderr.count("\n")), (name, status, "", 1)
            )
            self.assertIn(words, outcome.stderr)
        self.assertEqual(self.titles(), [])

    def test_a_session_that_is_open_stays_open(self) -> None:
        """What is exported is the document as it is there."""
        made = self.server.call("session.create", path="note book.ipynb")
        self.server.call("cell.insert", session=made["id"], source="not saved yet", cell_type="markdown")
        self.assertIn(
            "not saved yet", self.ok(self.webipy("export", "note book.ipynb", "--to", "py:percent", "-o", "-"))
        )
        self.assertEqual(len(self.titles()), 1)

    def test_interrupted_it_leaves_nothing(self) -> None:
        """^C while the server converts: no file, no session."""
        programs = Path(tempfile.mkdtemp(prefix="webipy-programs-"))
        self.addCleanup(shutil.rmtree, programs)
        self.patch(os, "environ", {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})
        self.server = new_server()
        self.addCleanup(self.server.close)
        self.server.start()
        self.folder = self.server.root
        browser = programs / "chromium"  # one that never prints
        browser.write_text(f"#!/bin/sh\ntouch '{self.folder}/printing'\nexec sleep 1000\n")
        browser.chmod(0o755)
        self.write_notebook()
        name = "note book.ipynb"
        process = self.begin("export", name, "--to", "pdf", "-o", str(self.folder / "out.pdf"))
        until((self.folder / "printing").exists, "a browser is started")
        process.send_signal(signal.SIGINT)
        self.assertEqual([str(printed).strip() for printed in self.finish(process)], ["130", "", ""])
        self.assertEqual(self.titles(), [])
        self.assertEqual([path.name for path in self.folder.iterdir() if "pdf" in path.name], [])
