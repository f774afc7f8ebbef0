"""webipy.io.jupyter.kernels, webipy.io.jupyter.sessions and webipy.io.jupyter.joined_sessions: kernels and sessions as Jupyter clients see them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred

from tests.test_jupyter_routes import JupyterTestCase
from tests.test_site import Answer
from webipy.core.api.access import Principal
from webipy.io.jupyter import routes
from webipy.io.jupyter.kernels import ENDED_SECONDS, own_id, shown_id
from webipy.io.jupyter.kernels import Kernels as OfKernels
from webipy.io.jupyter.routes import Asked, Refusal
from webipy.server.methods.method import Connection
from webipy.server.people.logins import TOKEN_LOGIN


class KernelTestCase(JupyterTestCase):
    """Asks, and makes files."""

    def sent(self, method: str, path: str, value: object = None) -> Answer:
        """A request with a JSON body."""
        return self.api(method, path, b"" if value is None else json.dumps(value).encode())

    def listed(self, what: str) -> list[dict[str, Any]]:
        """`/api/kernels` or `/api/sessions`."""
        answer = self.sent("GET", f"/api/{what}")
        self.assertEqual(answer.status, 200)
        found: list[dict[str, Any]] = answer.json()
        return found

    def ready(self) -> None:
        """The newest kernel gets ready."""
        self.rig.host.ready()
        self.rig.turn()

    def notebook(self, path: str = "a.ipynb") -> None:
        """Makes an empty notebook."""
        body = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
        self.rig.wait(self.rig.disk.files.create(path, "notebook", json.dumps(body).encode()))


class Ids(KernelTestCase):
    """Ids."""

    def test_ids_are_uuids_with_hyphens(self) -> None:
        """As the routes of Jupyter Server want them, in both spellings; other ids stay as they are."""
        bare, shown = "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"
        self.assertEqual(
            (shown_id(bare), own_id(shown), own_id(bare), own_id(shown.upper())), (shown, bare, bare, bare)
        )
        self.assertEqual((shown_id("id5"), own_id("id5"), own_id("a-b")), ("id5", "id5", "a-b"))


class Kernels(KernelTestCase):
    """`/api/kernels`."""

    def test_a_kernel_is_started_with_or_without_a_body(self) -> None:
        """The default one without; 201 and where it is."""
        bodies: list[object] = [
            None,
            {},
            {"name": None, "path": None},
            {"name": "python3", "kernel_id": "x", "env": {"A": "1"}},
        ]
        for body in bodies:
            answer = self.sent("POST", "/api/kernels", body)
            model = answer.json()
            self.assertEqual((answer.status, answer.headers["location"]), (201, f"/api/kernels/{model['id']}"))
            self.assertEqual(
                {key: model[key] for key in ("name", "execution_state", "connections")},
                {"name": "python3", "execution_state": "starting", "connections": 0},
            )
            self.assertRegex(model["last_activity"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(self.rig.host.env, {"A": "1"})
        self.assertEqual(len(self.listed("kernels")), 4)
        self.assertEqual(self.listed("sessions"), [])

    def test_a_wrong_request_starts_nothing(self) -> None:
        """400 for what is no JSON or of other types, 501 for a kernel that is not installed."""
        wrong: list[tuple[bytes, int]] = [
            (b"{", 400), (b"[]", 400), (b'"a"', 400), (b'{"name":5}', 400), (b'{"env":{"A":1}}', 400),
            (b'{"env":{"":"1"}}', 400), (b"\xff", 400), (b"[" * 5000, 400), (b'{"name":"none"}', 501),
        ]  # fmt: skip
        for body, status in wrong:
            answer = self.api("POST", "/api/kernels", body)
            self.assertEqual(answer.status, status, body[:20])
            self.assertEqual(set(answer.json()), {"message", "reason"})
        self.assertEqual(self.listed("kernels"), [])

    def test_a_kernel_of_the_page_is_in_the_list(self) -> None:
        """Under its id, with its state; it is found alone, too."""
        session = self.rig.session("python3")
        kernel = self.rig.me.call("session.get", session=session)["kernel"]["id"]
        (model,) = self.listed("kernels")
        self.assertEqual((model["id"], model["execution_state"]), (shown_id(kernel), "idle"))
        self.assertEqual(self.sent("GET", f"/api/kernels/{model['id']}").json(), model)
        self.assertEqual([one["id"] for one in self.listed("sessions")], [shown_id(session)])

    def test_an_unknown_kernel_is_404(self) -> None:
        """For every method."""
        for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/interrupt"), ("POST", "/restart")):
            answer = self.sent(method, f"/api/kernels/none{rest}")
            self.assertEqual((answer.status, answer.json()["message"]), (404, "Kernel does not exist: none"), method)

    def test_an_ended_kernel_is_gone_with_its_session(self) -> None:
        """The session was made for it alone."""
        model = self.sent("POST", "/api/kernels").json()
        self.ready()
        self.assertEqual(self.sent("DELETE", f"/api/kernels/{model['id']}").status, 204)
        self.assertEqual(self.sent("GET", f"/api/kernels/{model['id']}").status, 404)
        self.assertEqual(self.rig.me.call("session.list")["sessions"], [])

    def test_a_kernel_that_is_asked_to_end_is_gone_at_once(self) -> None:
        """Also while its process ends; one that died stays, as dead."""
        first, second = self.rig.session("python3"), self.rig.session("python3")
        self.rig.host.tell("kernel_died", exit_status=1)
        self.rig.turn()
        self.rig.me.call("kernel.shut_down", session=first)
        self.assertEqual([one["execution_state"] for one in self.listed("kernels")], ["dead"])
        self.assertEqual([one["id"] for one in self.listed("sessions")], [shown_id(second)])

    def test_one_that_died_can_be_removed(self) -> None:
        """By its own address or that of its session, once; a restart brings it back."""
        self.notebook()
        session = self.rig.me.call("session.create", path="a.ipynb", kernelspec="python3")["id"]
        self.ready()
        for number, noun in enumerate(("kernels", "sessions")):
            self.rig.host.tell("kernel_died", start=number + 1, exit_status=1)
            self.rig.turn()
            (model,) = self.listed("kernels")
            shown = model["id"] if noun == "kernels" else shown_id(session)
            self.assertEqual(self.sent("DELETE", f"/api/{noun}/{shown}").status, 204)
            self.assertEqual((self.listed("kernels"), self.listed("sessions")), ([], []))
            self.assertEqual(self.sent("DELETE", f"/api/{noun}/{shown}").status, 404)
            self.rig.me.call("kernel.restart", session=session)
            self.rig.turn()
            self.ready()
            self.assertEqual(len(self.listed("sessions")), 1)

    def test_an_interrupt_is_sent(self) -> None:
        """204, with an empty map as body or without."""
        self.rig.session("python3")
        (model,) = self.listed("kernels")
        bodies: list[object] = [None, {}]
        for body in bodies:
            self.assertEqual(self.sent("POST", f"/api/kernels/{model['id']}/interrupt", body).status, 204)
        self.assertEqual(self.rig.host.commands[-2:], [("interrupt", {"msg_id": None})] * 2)


class Waits(KernelTestCase):
    """Answers that come when the kernel has done something."""

    def begun(self, function: str, kernel: str) -> Deferred[routes.Answer]:
        """Begins to answer a request about a kernel."""
        request: Any = SimpleNamespace(uri=b"/")
        asked = Asked(request, {"kernel": kernel}, self.rig.api, Connection(Principal("ada", "own", TOKEN_LOGIN)))
        answer = Deferred.fromCoroutine(getattr(OfKernels(lambda id: 0), function)(asked))
        self.rig.turn(3)
        self.assertNoResult(answer)
        return answer

    def test_a_restart_is_answered_when_the_kernel_is_ready(self) -> None:
        """Under the same id; one that does not start again is said to be dead."""
        self.rig.session("python3")
        (model,) = self.listed("kernels")
        for said, status in ((None, 200), ("kernel_died", 500)):
            answer = self.begun("restart", model["id"])
            self.rig.host.tell("kernel_restarting", start=self.rig.host.start + 1, key="k")
            if said is None:
                self.rig.host.ready()
                self.rig.clock.advance(1)
                self.assertEqual(answered(self.successResultOf(answer))["id"], model["id"])
            else:
                self.rig.host.tell(said, exit_status=1)
                self.rig.clock.advance(1)
                self.assertEqual(self.failureResultOf(answer, Refusal).value.status, status)

    def test_the_end_of_the_kernel_of_a_document_is_waited_for(self) -> None:
        """For some seconds; the document stays open."""
        self.notebook()
        self.rig.me.call("session.create", path="a.ipynb", kernelspec="python3")
        self.ready()
        answer = self.begun("end", self.listed("kernels")[0]["id"])
        for _ in range(int(ENDED_SECONDS) + 1):
            self.rig.clock.advance(1)
            self.rig.turn()
        self.assertEqual(self.successResultOf(answer).status, 204)
        self.assertEqual([one["path"] for one in self.rig.me.call("session.list")["sessions"]], ["a.ipynb"])


def answered(answer: routes.Answer) -> dict[str, Any]:
    """The value of an answer."""
    assert isinstance(answer.value, dict)
    return answer.value


class Sessions(KernelTestCase):
    """`/api/sessions`."""

    def make(self, path: str, kind: str = "notebook", **more: object) -> Answer:
        """Makes a session."""
        return self.sent("POST", "/api/sessions", {"path": path, "type": kind, **more})

    def test_a_path_has_one_session_whoever_opens_it(self) -> None:
        """The page first, a client first, the client again: one document, one kernel."""
        self.notebook()
        opened = self.rig.me.call("session.create", path="a.ipynb")["id"]
        model = self.make("a.ipynb", kernel={"name": "python3"}).json()
        self.assertEqual(
            (model["id"], model["path"], model["name"], model["type"]), (opened, "a.ipynb", "a.ipynb", "notebook")
        )
        self.assertEqual(model["notebook"], {"path": "a.ipynb", "name": "a.ipynb"})
        again = self.make("/a.ipynb")
        self.assertEqual((again.status, again.json()["kernel"]["id"]), (201, model["kernel"]["id"]))
        self.notebook("b.ipynb")
        other = self.make("b.ipynb").json()
        self.assertEqual(self.rig.me.call("session.create", path="b.ipynb")["id"], other["id"])
        self.assertEqual(len(self.listed("sessions")), 2)

    def test_a_console_has_a_session_without_a_file(self) -> None:
        """Its path and its name are kept, also by the next server."""
        model = self.make("console-1-abc", "console", name="Console 1", kernel={"name": "python3"}).json()
        self.assertEqual((model["path"], model["name"], model["type"]), ("console-1-abc", "Console 1", "console"))
        self.assertEqual(self.make("console-1-abc", "console").json()["id"], model["id"])
        self.ready()
        self.rig = self.rig.crashed()
        self.serve()
        (found,) = self.listed("sessions")
        same = ("id", "path", "name", "type")
        self.assertEqual([found[key] for key in same], [model[key] for key in same])
        self.assertEqual(found["kernel"]["id"], model["kernel"]["id"])

    def test_jupyterlab_names_the_document_later(self) -> None:
        """It asks for `FOLDER/UUID` under the name of the notebook, and lets the session go if that is not its path; then it sends the path."""
        self.rig.wait(self.rig.disk.files.create("tmp", "folder", b""))
        self.notebook("tmp/a.ipynb")
        pending = "tmp/028178e4-3290-4bcb-af52-a06cdc350d28"
        model = self.make(pending, name="a.ipynb", kernel={"name": "python3"}).json()
        self.assertEqual((model["path"], model["name"], model["type"]), (pending, "a.ipynb", "notebook"))
        self.assertEqual([one["path"] for one in self.listed("sessions")], ["tmp/a.ipynb"])
        named = self.sent("PATCH", f"/api/sessions/{model['id']}", {"path": "tmp/a.ipynb"}).json()
        self.assertEqual((named["path"], named["kernel"]["id"]), ("tmp/a.ipynb", model["kernel"]["id"]))
        self.assertEqual(self.make(pending, name="a.ipynb").json()["id"], model["id"])
        for name, kind in (("x/a.ipynb", "notebook"), ("a.ipynb", "console"), ("b.ipynb", "notebook")):
            self.assertEqual(self.make(pending[:-1] + "0", kind, name=name).json()["path"], pending[:-1] + "0")

    def test_a_file_that_is_not_here_is_a_name(self) -> None:
        """Some clients run notebooks that lie elsewhere."""
        model = self.make("/home/ada/x.ipynb-1.ipynb", name="x.ipynb").json()
        self.assertEqual((model["path"], model["type"]), ("home/ada/x.ipynb-1.ipynb", "notebook"))

    def test_a_wrong_request_makes_nothing(self) -> None:
        """400 names the field; 501 a kernel that is not installed."""
        self.rig.session("python3")
        table = [
            ({"type": "notebook"}, 400), ({"path": "a.ipynb"}, 400), ({"path": "", "type": "file"}, 400),
            ({"path": 5, "type": "file"}, 400), ({"path": "a", "type": "file", "kernel": "python3"}, 400),
            ({"path": "a", "type": "file", "kernel": {"name": "none"}}, 501),
            ({"path": "a" * 5000, "type": "file"}, 400),
        ]  # fmt: skip
        for body, status in table:
            answer = self.sent("POST", "/api/sessions", body)
            self.assertEqual(answer.status, status, body if len(str(body)) < 200 else "long")
        self.assertIn("short_message", self.sent("POST", "/api/sessions", table[5][0]).json())
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), 1)

    def test_a_session_gets_another_kernel(self) -> None:
        """With another id; the other one is gone."""
        model = self.make("console-1", "console", kernel={"name": "python3"}).json()
        self.ready()
        answer = self.sent("PATCH", f"/api/sessions/{model['id']}", {"kernel": {"name": "other"}})
        self.assertEqual((answer.status, answer.json()["kernel"]["name"]), (200, "other"))
        self.assertNotEqual(answer.json()["kernel"]["id"], model["kernel"]["id"])
        self.assertEqual(self.sent("GET", f"/api/kernels/{model['kernel']['id']}").status, 404)
        own = {"kernel": {"id": answer.json()["kernel"]["id"]}, "name": "New name"}
        self.assertEqual(self.sent("PATCH", f"/api/sessions/{model['id']}", own).json()["name"], "New name")
        for kernel, status in (({"id": "none"}, 400), ({"name": "none"}, 501)):
            self.assertEqual(self.sent("PATCH", f"/api/sessions/{model['id']}", {"kernel": kernel}).status, status)

    def test_a_console_joins_the_kernel_of_a_notebook(self) -> None:
        """It is found again, also by the next server, is changed by itself, and its end leaves the kernel."""
        self.notebook()
        first = self.make("a.ipynb").json()
        self.ready()
        same = {"name": "Console", "kernel": {"id": first["kernel"]["id"]}}
        answer = self.make("a.ipynb-console-1", "console", **same)
        model = answer.json()
        self.assertEqual((answer.status, answer.headers["location"]), (201, f"/api/sessions/{model['id']}"))
        self.assertEqual([model[key] for key in ("path", "name", "type")], ["a.ipynb-console-1", "Console", "console"])
        self.assertEqual(self.make("a.ipynb-console-1", "console", **same).json(), model)
        self.assertEqual(self.make("a.ipynb", kernel={"id": first["kernel"]["id"]}).json()["id"], first["id"])
        self.rig = self.rig.crashed()
        self.serve()
        self.assertEqual([one["id"] for one in self.listed("sessions")], [first["id"], model["id"]])
        self.assertEqual(len(self.listed("kernels")), 1)
        place = f"/api/sessions/{model['id']}"
        self.assertEqual(self.sent("GET", place).json()["kernel"]["id"], first["kernel"]["id"])
        self.assertEqual(self.sent("PATCH", place, {"path": "b", "name": "B"}).json()["path"], "b")
        for kernel in ({"id": "none"}, {"name": "python3"}):
            self.assertEqual(self.sent("PATCH", place, {"kernel": kernel}).status, 400)
        other = self.make("c", "console").json()["kernel"]["id"]
        self.assertEqual(self.sent("PATCH", place, {"kernel": {"id": other}}).json()["kernel"]["id"], other)
        self.assertEqual(self.sent("DELETE", place).status, 204)
        self.assertEqual([self.sent(method, place, {}).status for method in ("GET", "PATCH", "DELETE")], [404] * 3)
        self.assertEqual(len(self.listed("kernels")), 2)

    def test_what_clients_of_former_days_send(self) -> None:
        """The id of a kernel that runs no more, and the name of Python's kernel without its version; a type is kept."""
        body = {"notebook": {"path": "foo/x.py"}, "type": "file", "kernel": {"name": "python", "id": "foo"}}
        answer = self.sent("POST", "/api/sessions", body)
        self.assertEqual(
            (answer.status, answer.json()["kernel"]["name"], answer.json()["type"]), (201, "python3", "file")
        )
        self.assertEqual(self.listed("sessions"), [answer.json()])
        self.assertEqual(self.make("foo/x.py", "file").json(), answer.json())

    def test_a_document_that_is_renamed_keeps_its_type(self) -> None:
        """A text that a client opens as a notebook: its path is that of the document."""
        self.rig.wait(self.rig.disk.files.create("x.md", "file", b"text"))
        model = self.make("x.md").json()
        self.assertEqual((model["path"], model["type"]), ("x.md", "notebook"))
        self.rig.me.call("file.rename", path="x.md", to="y.md")
        (found,) = self.listed("sessions")
        self.assertEqual(
            (found["id"], found["path"], found["name"], found["type"]), (model["id"], "y.md", "y.md", "notebook")
        )

    def test_a_notebook_takes_the_kernel_of_another(self) -> None:
        """When a client wants that; its own kernel ends, and that of the other stays when it leaves."""
        self.notebook()
        self.notebook("b.ipynb")
        first = self.make("a.ipynb").json()
        self.ready()
        other = self.make("b.ipynb").json()
        self.ready()
        answer = self.sent(
            "PATCH", f"/api/sessions/{first['id']}", {"kernel": {"id": other["kernel"]["id"], "name": "x"}}
        )
        expected = {**first, "kernel": self.sent("GET", f"/api/kernels/{other['kernel']['id']}").json()}
        self.assertEqual((answer.status, answer.json()), (200, expected))
        self.assertEqual([one["id"] for one in self.listed("sessions")], [other["id"], first["id"]])
        self.assertEqual([one["id"] for one in self.listed("kernels")], [other["kernel"]["id"]])
        self.assertEqual(self.make("a.ipynb").json(), expected)
        self.assertEqual(self.sent("DELETE", f"/api/sessions/{first['id']}").status, 204)
        self.assertEqual(len(self.listed("kernels")), 1)
        self.assertEqual([one["id"] for one in self.listed("sessions")], [other["id"]])

    def test_a_session_goes_by_other_names(self) -> None:
        """A path and a type that its client gives it; its end is the end of its kernel."""
        made = self.make("one", "console").json()
        self.ready()
        place = f"/api/sessions/{made['id']}"
        model = self.sent("GET", place).json()
        self.assertEqual(self.sent("PATCH", place, {"path": "one"}).json(), model)
        changed = {**model, "path": "b.py", "type": "file"}
        self.assertEqual(self.sent("PATCH", place, {"path": "b.py", "type": "file"}).json(), changed)
        self.assertEqual(self.listed("sessions"), [changed])
        self.assertEqual(self.sent("DELETE", place).status, 204)
        self.assertEqual((self.listed("sessions"), self.listed("kernels")), ([], []))

    def test_a_session_that_goes_by_other_names_gets_another_kernel(self) -> None:
        """By a kernelspec, or one that runs: its own kernel ends, and its names stay."""
        made = self.make("one", "console").json()
        self.ready()
        place = f"/api/sessions/{made['id']}"
        names = {"path": "b.py", "type": "file"}
        self.assertEqual(self.sent("PATCH", place, names).status, 200)
        for wanted in ("other", "python3"):
            answer = self.sent("PATCH", place, {"kernel": {"name": wanted}})
            model = answer.json()
            self.assertEqual((answer.status, model["id"], model["kernel"]["name"]), (200, made["id"], wanted))
            self.assertEqual({key: model[key] for key in names}, names)
            self.assertEqual([one["id"] for one in self.listed("kernels")], [model["kernel"]["id"]])
            self.ready()
        self.assertEqual(self.sent("PATCH", place, {"kernel": {"name": "none"}}).status, 501)
        other = self.make("two", "console").json()
        answer = self.sent("PATCH", place, {"kernel": {"id": other["kernel"]["id"]}})
        self.assertEqual((answer.status, answer.json()["kernel"]["id"]), (200, other["kernel"]["id"]))
        self.assertEqual([one["id"] for one in self.listed("kernels")], [other["kernel"]["id"]])
        self.assertEqual(self.sent("PATCH", place, {"kernel": {"name": "python3"}}).status, 400)

    def test_a_session_that_has_joined_goes_with_the_kernel(self) -> None:
        """And one that was started for it alone ends with its last session."""
        kernel = self.sent("POST", "/api/kernels", {"name": "python3"}).json()["id"]
        self.ready()
        for end in (f"/api/kernels/{kernel}", "/api/sessions/"):
            made = [self.make(name, "console", kernel={"id": kernel}).json()["id"] for name in ("one", "two")]
            self.assertEqual(len(self.listed("sessions")), 2)
            if end.endswith(kernel):
                self.assertEqual(self.sent("DELETE", end).status, 204)
                self.assertEqual(self.listed("sessions"), [])
                kernel = self.sent("POST", "/api/kernels", {"name": "python3"}).json()["id"]
                self.ready()
                continue
            for id, left in zip(made, (1, 0), strict=True):
                self.assertEqual(self.sent("DELETE", f"{end}{id}").status, 204)
                self.assertEqual(len(self.listed("kernels")), left)

    def test_an_ended_session_is_gone(self) -> None:
        """404 from then on; that of a document stays open for others, without a kernel."""
        model = self.make("console-1", "console").json()
        self.ready()
        self.assertEqual(self.sent("DELETE", f"/api/sessions/{model['id']}").status, 204)
        for method in ("GET", "PATCH", "DELETE"):
            self.assertEqual(self.sent(method, f"/api/sessions/{model['id']}", {}).status, 404)
        self.assertEqual(self.rig.me.call("session.list")["sessions"], [])
