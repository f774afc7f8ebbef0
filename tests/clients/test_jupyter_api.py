"""Jupyter Server's own tests of its API, against a running webipy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.clients import score
from tests.clients.jupyter_server_tests import outcomes
from tests.clients.packages import only_when_asked
from tests.live import Server

_POLICY = "wants Jupyter's own Content-Security-Policy; ours is stricter"
_OWN = "sets an option of the server that it starts, or looks into its objects"
_OWN_ID = "gives a kernel an id of its choice; ids are made here"
_HOME = "looks for the root in the home folder that it gives its own server"
_HIDDEN = "sets an option of its own server: hidden files are never served here"
_ATTACHED = "wants texts that a browser shows itself: here they are downloaded, so that none runs in this origin"
_OUTSIDE = "starts a shell outside of the root"


def _of(module: str, **reasons: str) -> dict[str, str]:
    return {f"{module}::test_{name}": reason for name, reason in reasons.items()}


FILES = {
    **_of("services/contents/test_api.py", regression_is_hidden=_HIDDEN),
    **_of(
        "test_files.py",
        download=_ATTACHED,
        hidden_files=_HIDDEN,
        regression_is_hidden=_HIDDEN,
        save_hooks=_OWN,
    ),
}

KERNELS = {
    **_of(
        "services/kernels/test_api.py",
        default_kernels=_POLICY,
        main_kernel_handler=_POLICY,
        post_kernel_with_client_supplied_id=_OWN_ID,
        resolve_path_server_expands_user=_HOME,
        resolve_path_server_expands_user_normalizes_path=_HOME,
    ),
    **_of(
        "services/sessions/test_api.py",
        create_bad=_OWN,
        create_session_duplicate_kernel_id_returns_409=_OWN,
        create_with_client_supplied_kernel_id=_OWN_ID,
    ),
}

OTHERS = {
    **_of(
        "services/api/test_api.py",
        identity=_OWN,
        identity_permissions=_OWN,
        password_identity_permissions=_OWN,
        update_user_not_implemented_persist=_OWN,
        update_user_not_implemented_update=_OWN,
        update_user_raise=_OWN,
        update_user_success=_OWN,
        update_user_success_custom_updatable_fields=_OWN,
    ),
    **_of(
        "test_terminal.py",
        culling=_OWN,
        culling_config=_OWN,
        shell_command_override=_OWN,
        terminal_create_with_cwd=_OUTSIDE,
        terminal_create_with_kwargs=_OUTSIDE,
    ),
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
        """`/api/contents`, `/files`."""
        self.check(["services/contents/test_api.py", "test_files.py"], FILES, 40)

    def test_kernels_and_sessions(self) -> None:
        """`/api/kernels`, `/api/sessions`, `/api/kernelspecs`."""
        modules = [f"services/{name}/test_api.py" for name in ("kernels", "kernelspecs", "sessions")]
        self.check(modules, KERNELS, 35)

    def test_all_else(self) -> None:
        """`/api/status`, `/api/me`, `/api/config`, `/api/nbconvert`, `/api/terminals`."""
        modules = [f"services/{name}/test_api.py" for name in ("api", "config", "nbconvert")]
        self.check([*modules, "test_terminal.py"], OTHERS, 20)
