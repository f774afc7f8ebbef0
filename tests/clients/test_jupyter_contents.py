"""Jupyter Server's own tests of files and documents, against a running webipy."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.clients import score
from tests.clients.jupyter_server_tests import outcomes
from tests.clients.packages import only_when_asked
from tests.live import Server

OTHERWISE = {
    "services/contents/test_api.py::test_regression_is_hidden": "sets an option of its own server: hidden files are never served here",
}
"""Tests that do not pass, with the reason."""


class JupyterContentsTests(SynchronousTestCase):
    """`/api/contents` as Jupyter's clients expect it."""

    def test_the_tests_of_contents_pass(self) -> None:
        """All but those that ask for something else on purpose."""
        only_when_asked()
        server = Server()
        self.addCleanup(server.close)
        server.start()
        found = outcomes(server, ["services/contents/test_api.py"])
        score.note("Jupyter Server's tests", sum(words == "passed" for words in found.values()), len(found))
        failed = {name: words for name, words in found.items() if words != "passed"}
        self.assertEqual(failed.keys() & OTHERWISE.keys(), OTHERWISE.keys(), "these pass now")
        wrong = {name: words for name, words in failed.items() if name not in OTHERWISE}
        self.assertEqual(wrong, {}, "\n\n".join(f"{name}\n{words}" for name, words in wrong.items()))
        self.assertGreater(len(found), 35)
