"""Tests that come with Jupyter Server and its terminals, against a running webipy: all that send something to a server."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.clients import score
from tests.clients.jupyter_server_tests import outcomes
from tests.clients.packages import only_when_asked, pandoc
from tests.live import Server

ROW = "Jupyter Server's tests"

_POLICY = "wants Jupyter's own Content-Security-Policy; the one here is stricter"
_OBJECTS = "replaces, or looks into, Python objects of the server that it starts"
_OPTION = "sets an option of the server that it starts, which webipy has not"
_EXTENSION = "installs an extension into the server that it starts"
_GATEWAY = "replaces the gateway behind the server that it starts"
_FORM = "signs in by Jupyter's form, for one cookie; a browser needs two secrets here, programs send the token"
_ANONYMOUS = "wants another name for each sign-in; who runs the server has one"
_OWN_ID = "gives a kernel an id of its choice; ids are made here"
_HIDDEN = "sets an option of its own server: hidden files are never served here"
_ATTACHED = "wants texts that a browser shows itself: here they are downloaded, so that none runs in this origin"
_VIEW = "wants /view, a frame around a file in this origin; webipy's page and JupyterLab have viewers"
_SEALED = "wants a conversion whose scripts may run, or cleaned; here each is sealed, so that nothing in it runs"
_OUTSIDE = "starts a shell outside of the root; here it starts in the root"
_SCHEMAS = "wants events checked against schemas that Python code registers"
_RELATIVE = "wants whole paths in redirects; those here are relative, so that they hold behind any proxy"


def _of(module: str, **reasons: str) -> dict[str, str]:
    return {f"{module}::test_{name}": reason for name, reason in reasons.items()}


FILES = {
    **_of("services/contents/test_api.py", regression_is_hidden=_HIDDEN),
    **_of("services/contents/test_manager_no_hash.py", manager_no_hash_support=_OBJECTS),
    **_of("test_files.py", download=_ATTACHED, hidden_files=_HIDDEN, regression_is_hidden=_HIDDEN, save_hooks=_OBJECTS),
    **_of(
        "nbconvert/test_handlers.py",
        csp_file_handler=_SEALED,
        csp_post_handler=_SEALED,
        from_file_sanitize_html=_SEALED,
    ),
    **_of("test_view.py", view=_VIEW),
    **_of("test_paths.py", trailing_slash=_RELATIVE),
}

KERNELS = {
    **_of(
        "services/kernels/test_api.py",
        default_kernels=_POLICY,
        main_kernel_handler=_POLICY,
        post_kernel_with_client_supplied_id=_OWN_ID,
    ),
    **_of("services/kernels/test_cull.py", cull_idle=_OPTION, cull_connected=_OPTION, cull_dead=_OPTION),
    **_of("services/kernels/test_restart_error.py", restart_failure_returns_500_json=_OBJECTS),
}

SESSIONS = _of(
    "services/sessions/test_api.py",
    create_bad=_OBJECTS,
    create_session_duplicate_kernel_id_returns_409=_OBJECTS,
    create_with_client_supplied_kernel_id=_OWN_ID,
)

LOGINS = {
    **_of("auth/test_authorizer.py", authorized_requests=_VIEW, async_authorizer=_OBJECTS),
    **_of("auth/test_identity.py", auth_disabled=_OBJECTS),
    **_of("auth/test_legacy_login.py", legacy_identity_api=_OBJECTS, legacy_base_class=_OBJECTS),
    **_of(
        "auth/test_login.py",
        change_password=_FORM,
        login_cookie=_FORM,
        logout=_FORM,
        next_bad=_FORM,
        next_ok=_FORM,
        token_cookie_user_id=_ANONYMOUS,
    ),
    **_of(
        "services/api/test_api.py",
        identity=_OBJECTS,
        identity_permissions=_OBJECTS,
        password_identity_permissions=_OBJECTS,
        update_user_not_implemented_persist=_OBJECTS,
        update_user_not_implemented_update=_OBJECTS,
        update_user_raise=_OBJECTS,
        update_user_success=_OBJECTS,
        update_user_success_custom_updatable_fields=_OBJECTS,
    ),
    **_of("base/test_call_context.py", jupyter_handler_contextvar=_OBJECTS),
    **_of(
        "base/test_handlers.py",
        jupyter_handler_auth_calls_prepare=_OBJECTS,
        jupyter_handler_auth_permissive=_OBJECTS,
        jupyter_handler_auth_required=_OBJECTS,
        jupyter_handler_auth_respsects_identity_provider=_OBJECTS,
    ),
    **_of(
        "base/test_websocket.py",
        websocket_auth_permissive=_OBJECTS,
        websocket_auth_required=_OBJECTS,
        websocket_auth_respsects_identity_provider=_OBJECTS,
        websocket_auth_warns_mixin_lacks_jupyter_handler=_OBJECTS,
    ),
}

OTHERS = {
    **_of(
        "test_terminal.py",
        culling=_OPTION,
        terminal_create_with_cwd=_OUTSIDE,
    ),
    **_of(
        "services/events/test_api.py",
        post_event=_OBJECTS,
        post_event_400=_SCHEMAS,
        subscribe_websocket_self_removes_on_closed_socket=_OBJECTS,
    ),
    **_of("services/events/test_extension.py", subscribe_websocket=_EXTENSION),
    **_of("extension/test_app.py", events=_EXTENSION),
    **_of(
        "extension/test_handler.py",
        base_url=_EXTENSION,
        error_render=_EXTENSION,
        handler=_EXTENSION,
        handler_argv=_EXTENSION,
        handler_gets_blocked=_EXTENSION,
        handler_setting=_EXTENSION,
        handler_template=_EXTENSION,
    ),
    **_of(
        "test_gateway.py",
        gateway_get_kernelspecs=_GATEWAY,
        gateway_get_named_kernelspec=_GATEWAY,
        gateway_kernel_lifecycle=_GATEWAY,
        gateway_session_lifecycle=_GATEWAY,
        gateway_shutdown=_GATEWAY,
        kernel_client_response_router_notifies_channel_queue_when_finished=_GATEWAY,
        websocket_connection_closed=_GATEWAY,
        websocket_connection_with_session_id=_GATEWAY,
    ),
}

TERMINALS = _of("test_terminal.py", culling=_OPTION, terminal_create_with_cwd=_OUTSIDE)
"""Tests that do not pass, or not with all of their parameters, with the reason."""


class JupyterServerTests(SynchronousTestCase):
    """The API as Jupyter's clients expect it."""

    def check(
        self, modules: Sequence[str], otherwise: Mapping[str, str], least: int, package: str = "jupyter_server"
    ) -> None:
        """All but those that ask for something else on purpose have to pass.

        Args:
            modules: Paths below the folder `tests` of the package.
            otherwise: The tests that do not pass, with the reason.
            least: How many have to pass at least, each counted once for each of its parameters.
            package: The package that the tests come with.
        """
        only_when_asked()
        server = Server("--base-url=/a%40b/")
        self.addCleanup(server.close)
        server.environment["PATH"] += f"{os.pathsep}{pandoc()}"
        server.environment["HOME"] = str(server.root)  # as tests want it; and shells start as they do on a bare machine
        server.start()
        found = outcomes(server, modules, package)
        passed = [name for name, words in found.items() if words == "passed"]
        failed = {name: words for name, words in found.items() if words != "passed"}
        score.note(ROW, len(passed), len(found))
        for name in failed:
            score.except_for(ROW, name, otherwise.get(_title(name), "FAILS"))
        self.assertEqual({_title(name) for name in failed} & otherwise.keys(), otherwise.keys(), "these pass now")
        wrong = {name: words for name, words in failed.items() if _title(name) not in otherwise}
        self.assertEqual(wrong, {}, "\n\n".join(f"{name}\n{words}" for name, words in wrong.items()))
        self.assertGreaterEqual(len(passed), least)

    def test_files_and_documents(self) -> None:
        """`/api/contents`, `/files`, `/nbconvert`."""
        of_contents = [f"services/contents/test_{name}.py" for name in ("api", "manager_no_hash")]
        modules = [*of_contents, "test_files.py", "test_paths.py", "test_view.py", "nbconvert/test_handlers.py"]
        self.check(modules, FILES, 290)

    def test_kernels(self) -> None:
        """`/api/kernels`, `/api/kernelspecs`, and the WebSocket of a kernel."""
        names = ("kernels/test_api", "kernels/test_cull", "kernels/test_execution_state", "kernels/test_restart_error")
        self.check([f"services/{name}.py" for name in ("kernelspecs/test_api", *names)], KERNELS, 52)

    def test_sessions(self) -> None:
        """`/api/sessions`."""
        self.check(["services/sessions/test_api.py"], SESSIONS, 60)

    def test_who_asks(self) -> None:
        """Every route as who runs the server and as a guest; `/api/me`."""
        names = ("authorizer", "identity", "legacy_login", "login")
        of_handlers = [f"base/test_{name}.py" for name in ("call_context", "handlers", "websocket")]
        modules = [*(f"auth/test_{name}.py" for name in names), "services/api/test_api.py", *of_handlers]
        self.check(modules, LOGINS, 65)

    def test_all_else(self) -> None:
        """`/api/config`, `/api/nbconvert`, `/api/terminals`, `/api/events`."""
        modules = [f"services/{name}.py" for name in ("config/test_api", "nbconvert/test_api", "events/test_api")]
        more = ["services/events/test_extension.py", "extension/test_app.py", "extension/test_handler.py"]
        self.check([*modules, *more, "test_terminal.py", "test_gateway.py"], OTHERS, 12)

    def test_terminals(self) -> None:
        """The tests of jupyter_server_terminals."""
        self.check(["test_terminal.py", "test_auth.py"], TERMINALS, 13, "jupyter_server_terminals")


def _title(name: str) -> str:
    """The name of a test without its parameters."""
    return name.partition("[")[0]
