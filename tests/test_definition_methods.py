"""`definition.get` against a kernel that says what the test wants."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from tests.fakes import RigTestCase, message, result_of, spec_of, status
from webipy.kernel_programs import definitions, variables
from webipy.server.ports.kernels import Specs


def shown(**told: object) -> dict[str, Any]:
    """An expression whose value is shown as JSON."""
    return {"status": "ok", "data": {"text/plain": "<definition>", "application/json": told}, "metadata": {}}


def raised(name: str, words: str = "no") -> dict[str, Any]:
    """An expression that failed."""
    return {"status": "error", "ename": name, "evalue": words, "traceback": []}


FOUND: dict[str, Any] = {
    "status": "found", "name": "use", "kind": "function", "place": "file", "file": "/tools/use.py", "line": 2,
    "source": "\ndef use(): pass", "first_line": 1, "lines": 2,
}  # fmt: skip


class DefinitionMethods(RigTestCase):
    """One question becomes one silent execution, or two."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")

    def ask(self, **more: Any) -> Deferred[dict[str, Any]]:
        """A question that is on its way to the kernel."""
        params = {"session": self.session, "code": "use", "cursor": 3, **more}
        asked = self.rig.me.ask("definition.get", **params)
        self.rig.turn()
        return asked

    def reply(self, told: dict[str, Any] | None, state: str = "ok") -> dict[str, Any]:
        """The kernel answers the newest request; gives what it was asked."""
        execution = self.rig.host.executed()[-1]
        asked: dict[str, Any] = json.loads(self.rig.host.requests[execution][1].content)
        more = {} if told is None else {"user_expressions": {"told": told}}
        content = {"status": state, "execution_count": 0, **more}
        self.rig.host.emit(
            status("busy", execution),
            status("idle", execution),
            ("shell", message("execute_reply", content, parent=execution)),
        )
        self.rig.turn()
        return asked

    def answer(self, told: dict[str, Any] | None, state: str = "ok") -> Any:
        """What a question comes to that the kernel answers so."""
        asked = self.ask()
        self.reply(told, state)
        return self.rig.wait(asked)

    def test_the_kernel_is_asked_silently_and_given_the_program_once(self) -> None:
        """The first question asks in vain, and again with the program as its code; the next one asks once."""
        asked = self.ask(code="a\n'🧪'.use", cursor=8)
        first = self.reply(raised("ModuleNotFoundError"))
        second = self.reply(shown(**FOUND))
        self.assertEqual(first["code"], "")
        self.assertIn("def described", second["code"])
        self.assertEqual(first["user_expressions"], second["user_expressions"])
        self.assertIn(repr("a\n'🧪'.use"), first["user_expressions"]["told"])
        for content in (first, second):
            self.assertEqual(
                [content[name] for name in ("silent", "store_history", "stop_on_error", "allow_stdin")],
                [True, False, False, False],
            )
        self.assertEqual(result_of(self.rig.wait(asked)), {**FOUND, "type": "", "path": None, "execution_count": None})
        self.assertEqual(result_of(self.answer(shown(status="no_name")))["status"], "no_name")
        self.assertEqual(len(self.rig.host.executed()), 3)

    def test_the_programs_are_understood_by_old_kernels(self) -> None:
        """Python 3.8 reads them, and they need nothing but the standard library."""
        for program in (definitions, variables):
            tree = ast.parse(inspect.getsource(program), feature_version=(3, 8))
            needed = [
                node.names[0].name if isinstance(node, ast.Import) else node.module
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            foreign = [name for name in needed if str(name).partition(".")[0] not in sys.stdlib_module_names]
            self.assertEqual(foreign, [])

    def test_a_file_below_the_root_has_its_path_if_it_is_shown(self) -> None:
        """Only the server says so, whatever the kernel claims; what leads out of the root has none."""
        self.rig.me.call("file.create", path="tools", kind="folder")
        self.rig.me.call("file.create", path="tools/use.py", kind="file")
        self.assertEqual(result_of(self.answer(shown(**FOUND)))["path"], "tools/use.py")
        for file in ("/tools/gone.py", "/tools", "tools/use.py", None):
            told = result_of(self.answer(shown(**{**FOUND, "file": file, "path": "secret"})))
            self.assertEqual((told["file"], told["path"]), (file, None))

    def test_languages_and_kernels_that_cannot_are_told(self) -> None:
        """Nothing is asked of a kernel of another language; a Python without IPython does not know the expression."""
        self.assertEqual(result_of(self.answer(raised("NameError")))["status"], "unsupported")
        self.rig.disk.launcher.known = Specs(
            "other", {"other": msgspec.structs.replace(spec_of("other"), language="R")}, {}
        )
        session = self.rig.session("other")
        told = self.rig.me.call("definition.get", session=session, code="x", cursor=1)
        self.assertEqual(told["status"], "unsupported")
        self.assertEqual(self.rig.host.executed(), [])

    def test_nonsense_of_a_kernel_is_a_failure_and_no_mistake(self) -> None:
        """Errors of the program, answers of another shape, none, and executions that did not end well."""
        for told, state in (
            (raised("TypeError", "it is tired"), "ok"),
            (shown(status="perhaps"), "ok"),
            (shown(status="found", line="x"), "ok"),
            ({"status": 3}, "ok"),
            (None, "ok"),
            (None, "error"),
        ):
            reply = self.answer(told, state)
            self.assertEqual(reply["error"]["data"]["name"], "kernel_failed", told)

    def test_what_waits_too_long_is_taken_back(self) -> None:
        """The host is told to cancel it, which does nothing to one that the kernel has begun with."""
        asked = self.ask(timeout_s=5)
        self.rig.clock.advance(5)
        reply = self.rig.wait(asked)
        self.assertEqual(reply["error"]["data"], {"name": "timeout", "timeout_s": 5.0})
        execution = self.rig.host.executed()[-1]
        self.assertEqual(self.rig.host.commands[-1], ("cancel", {"msg_id": execution}))

    def test_a_kernel_that_dies_meanwhile_is_told(self) -> None:
        """The question ends with the kernel."""
        asked = self.ask()
        self.rig.host.end()
        reply = self.rig.wait(asked)
        self.assertEqual(reply["error"]["data"]["name"], "kernel_dead")
        self.refused("kernel_dead", "definition.get", session=self.session, code="x", cursor=0)
