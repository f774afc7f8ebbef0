"""webipy.io.media_types: types by endings, the same everywhere, made when they are needed."""

from __future__ import annotations

import mimetypes
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.live import ROOT
from webipy.io.media_types import MediaTypes

AT_THE_START = "import webipy.twistd, mimetypes; print(mimetypes.inited)"


class Types(SynchronousTestCase):
    """What a name says."""

    def test_by_the_ending(self) -> None:
        """Of names and paths; of an ending that is unknown, nothing."""
        types = MediaTypes()
        names = ("a/b.png", "x.CSV", "y.html", "z", "", "w.nothing-known")
        self.assertEqual([types.of(name) for name in names], ["image/png", "text/csv", "text/html", None, None, None])

    def test_more_types(self) -> None:
        """In one table and in no other."""
        types = MediaTypes(("application/x-ipynb+json", ".ipynb"), ("text/javascript", ".js"))
        self.assertEqual((types.of("n.ipynb"), types.of("a.js")), ("application/x-ipynb+json", "text/javascript"))
        self.assertIsNone(MediaTypes().of("n.ipynb"))

    def test_what_only_the_machine_knows(self) -> None:
        """Is not known here."""
        mimetypes.add_type("application/x-of-this-machine", ".of-this-machine")
        self.addCleanup(mimetypes.init)
        self.assertIsNone(MediaTypes().of("x.of-this-machine"))

    def test_a_server_that_starts_makes_none(self) -> None:
        """The first one makes those of the machine, too, which takes time."""
        done = subprocess.run(
            [sys.executable, "-c", AT_THE_START], cwd=ROOT, capture_output=True, text=True, check=True
        )
        self.assertEqual(done.stdout.strip(), "False")
