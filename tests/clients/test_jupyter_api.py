"""Jupyter Server's own tests of its API, against a running webipy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.clients import score
from tests.clients.jupyter_server_tests import outcomes
from tests.clients.packages import only_when_asked
from tests.live import Server

FILES = {
    "services/contents/test_api.py::test_regression_is_hidden": "sets an option of its own server: hidden files are never served here",
}

_POLICY = "wants Jupyter's own Content-Security-Policy; ours is stricter"
_OWN = "starts a server with options of its own"
_OWN_ID = "gives a kernel an id of its choice; ids are made here"
_HOME = "looks for the root in the home folder that it gives its own server"
_FOLDER = "asks for paths in the folder of the kernel; they are looked up below the root"
_DOCUMENT = "gives a document the kernel of another session; a document has its own (decision 54)"
_PATH = "moves a session to another path; a session here stays with its document, or keeps its name"
_TYPE = "wants the type that it gave back; it is that of the path here"

KERNELS = {
    **{
        f"services/kernels/test_api.py::test_{name}": reason
        for name, reason in {
            "default_kernels": _POLICY,
            "main_kernel_handler": _POLICY,
            "post_kernel_with_client_supplied_id": _OWN_ID,
            "resolve_path_kernel": _FOLDER,
            "resolve_path_server_and_kernel": _FOLDER,
            "resolve_path_server_expands_user": _HOME,
            "resolve_path_server_expands_user_normalizes_path": _HOME,
            "kernel_handler_startup_error": _OWN,
            "kernel_handler_startup_error_pending": _OWN,
        }.items()
    },
    **{
        f"services/sessions/test_api.py::test_{name}": reason
        for name, reason in {
            "create_bad": _OWN,
            "create_bad_pending": _OWN,
            "create_file_session": _TYPE,
            "create_with_bad_kernel_id": _TYPE,
            "modify_type": _TYPE,
            "create_deprecated": "names a kernel that is not there; that is refused here, 400",
            "create_with_client_supplied_kernel_id": _OWN_ID,
            "create_session_duplicate_kernel_id_returns_409": "reaches into its own server",
            "create_with_kernel_id": _DOCUMENT,
            "create_attach_to_existing_kernel_via_kernel_id": _DOCUMENT,
            "modify_kernel_id": _DOCUMENT,
            "modify_path": _PATH,
            "modify_path_deprecated": _PATH,
        }.items()
    },
}
"""Tests that do not pass, with the reason."""


class JupyterServerTests(SynchronousTestCase):
    """The API as Jupyter's clients expect it."""

    def check(self, modules: Sequence[str], otherwise: Mapping[str, str], least: int) -> None:
        """All but those that ask for something else on purpose have to pass.

        Args:
            modules: Paths below the folder `tests` of the package.
            otherwise: The tests that do not pass, with the reason.
            least: How many tests there are at least.
        """
        only_when_asked()
        server = Server()
        self.addCleanup(server.close)
        server.start()
        found = outcomes(server, modules)
        score.note("Jupyter Server's tests", sum(words == "passed" for words in found.values()), len(found))
        failed = {name: words for name, words in found.items() if words != "passed"}
        self.assertEqual(failed.keys() & otherwise.keys(), otherwise.keys(), "these pass now")
        wrong = {name: words for name, words in failed.items() if name not in otherwise}
        self.assertEqual(wrong, {}, "\n\n".join(f"{name}\n{words}" for name, words in wrong.items()))
        self.assertGreater(len(found), least)

    def test_files_and_documents(self) -> None:
        """`/api/contents`."""
        self.check(["services/contents/test_api.py"], FILES, 35)

    def test_kernels_sessions_and_settings(self) -> None:
        """`/api/kernels`, `/api/sessions`, `/api/config`."""
        modules = [f"services/{name}/test_api.py" for name in ("config", "kernels", "sessions")]
        self.check(modules, KERNELS, 35)
