"""webipy.labprocess: a real process that answers from JupyterLab's own library, where that is installed; else it says that it is not."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live import PATIENCE_S, ROOT

THEMES = "@jupyterlab/apputils-extension:themes"
WORKSPACE = {"data": {"layout-restorer:data": {}}, "metadata": {"id": "mine"}}


class Process(SynchronousTestCase):
    """One process, with settings that nobody has changed."""

    def ask(self, *questions: tuple[str, dict[str, Any]]) -> list[Any]:
        """Asks some questions; gives the first line, and for each its status and its value."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        lines = [
            json.dumps({"id": number, "ask": ask, "params": params})
            for number, (ask, params) in enumerate(questions, 1)
        ]
        ran = subprocess.run(
            [sys.executable, "-m", "webipy.labprocess"],
            cwd=ROOT,
            env={**os.environ, "JUPYTER_CONFIG_DIR": folder.name, "PYTHONPATH": str(ROOT)},
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE_S,
            check=True,
        )
        self.assertNotIn("Traceback", ran.stderr)  # what a client asks wrong is no fault of the server's
        first, *answers = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual([one["id"] for one in answers], list(range(1, len(answers) + 1)))
        return [first, *((one["status"], one["value"]) for one in answers)]

    def installed(self) -> None:
        """Goes on only where JupyterLab is installed.

        Raises:
            SkipTest: It is not.
        """
        if importlib.util.find_spec("jupyterlab") is None:
            raise SkipTest("jupyterlab is not installed: make clients")

    def test_its_first_line_says_whether_jupyterlab_is_there(self) -> None:
        """Where it is not, it answers nothing."""
        found = self.ask()
        if importlib.util.find_spec("jupyterlab") is None:
            self.assertEqual(found, [{"id": 0, "status": 404, "value": "not installed"}])
        else:
            self.assertEqual(found, [{"id": 0, "status": 200, "value": None}])

    def test_a_page_and_where_its_files_lie(self) -> None:
        """The template, filled; a page of a program that is not there is refused."""
        self.installed()
        config = {"base": "/b/", "config": {"token": "secret-token"}, "disabled": ["@x/y:z"]}
        page, folders, unknown = self.ask(("page", {"page": "lab", **config}), ("folders", {}), ("none", {}))[1:]
        self.assertEqual((page[0], folders[0], unknown[0]), (200, 200, 500))
        self.assertIn("secret-token", page[1]["html"])
        self.assertIn("@x/y:z", page[1]["html"])
        self.assertEqual(page[1]["folders"], folders[1])
        self.assertTrue((Path(folders[1]["static"][0]) / "index.html").is_file())

    def test_settings_are_kept_for_the_next_one(self) -> None:
        """Those of one plugin and of all; what a schema does not allow is refused, and no name leads elsewhere."""
        self.installed()
        one, ids, kept, again, wrong, outside, none = self.ask(
            ("settings", {"name": THEMES}),
            ("settings", {"name": "", "ids_only": True}),
            ("save_settings", {"name": THEMES, "raw": '{"theme": "JupyterLab Dark"} // mine'}),
            ("settings", {"name": THEMES}),
            ("save_settings", {"name": THEMES, "raw": '{"theme": 5}'}),
            ("settings", {"name": "../../x:y"}),
            ("settings", {"name": "@no/such:plugin"}),
        )[1:]
        self.assertEqual([status for status, _ in (one, ids, kept, again)], [200] * 4)
        self.assertEqual((wrong[0], outside[0], none[0]), (400, 404, 404))
        self.assertIn(THEMES, [setting["id"] for setting in ids[1]["settings"]])
        self.assertEqual(again[1]["settings"]["theme"], "JupyterLab Dark")
        self.assertIn("// mine", again[1]["raw"])
        self.assertTrue(list(self.folder.rglob("themes.jupyterlab-settings")))

    def test_workspaces(self) -> None:
        """Written, listed, read, deleted; what is none is refused."""
        self.installed()
        none, saved, listed, read, deleted, gone, wrong = self.ask(
            ("workspaces", {}),
            ("save_workspace", {"name": "mine", "raw": json.dumps(WORKSPACE)}),
            ("workspaces", {}),
            ("workspace", {"name": "mine"}),
            ("delete_workspace", {"name": "mine"}),
            ("delete_workspace", {"name": "mine"}),
            ("save_workspace", {"name": "mine", "raw": "[]"}),
        )[1:]
        self.assertEqual((none[1]["workspaces"]["ids"], listed[1]["workspaces"]["ids"]), ([], ["mine"]))
        self.assertEqual((saved[0], read[0], deleted[0], gone[0], wrong[0]), (200, 200, 200, 404, 400))
        self.assertEqual(read[1]["data"], WORKSPACE["data"])

    def test_texts_and_licences(self) -> None:
        """The language packs that there are, one that is not, and the licences of what is in the pages."""
        self.installed()
        packs, english, missing, report, wrong = self.ask(
            ("translations", {"locale": ""}),
            ("translations", {"locale": "en"}),
            ("translations", {"locale": "xx_XX"}),
            ("licenses", {"format": "json", "bundles": ".*", "full_text": False}),
            ("licenses", {"format": "json", "bundles": "(", "full_text": False}),
        )[1:]
        self.assertIn("en", packs[1]["data"])
        self.assertEqual((english[1]["message"], report[0], wrong[0]), ("", 200, 400))
        self.assertIn("not valid", missing[1]["message"])
        self.assertIn("bundles", json.loads(report[1]["report"]))
