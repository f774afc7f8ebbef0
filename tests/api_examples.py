"""The example of every method: the params that stand beside it in the method table, and what a server in memory answers to them.

Each call is made in a world of its own, in which there is one of everything, under ids that examples can name:

    analysis.ipynb      the notebook of session s1, with the cells c1 (code), c2 (markdown) and c3 (code); cell c4 is deleted
    kernel              of s1, answers inquiries while code runs; the scripted replies are `REPLIES`
    execution e1        of cell c1 has ended; e2 waits for input r1; e3, e4 and the run `run1`, which has a plan, wait behind it
    checkpoint "first"  comm k1; a link to s1, by which Grace came, who asks to edit, and Bo, who does not
    account bo          with a password, signed in
    numbers.csv plots/  files; old.txt is in the trash; session s0 is closed
    terminal 1          prints what is typed in upper case
    browser b1          of bo is told by Web Push

docs/generate.py shows the examples in docs/protocol.md; tests/test_examples.py holds params and answers against the structs.
"""

from __future__ import annotations

import json
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred

from tests.account_clients import sign_in
from tests.fake_audit import audited
from tests.fake_files import FakeConverter
from tests.fake_push import SERVICE, FakeBrowser, FakeWebPush
from tests.fakes import TOKEN, Client, Rig, make_rig, message, printed, result_of, spec_of, status
from tests.test_shares import come, secret_of
from webipy.core.kernel import inquiries
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Method
from webipy.server.people.audit import Origin
from webipy.server.people.logins import Browser
from webipy.server.ports.conversion import ExportedFile
from webipy.server.ports.kernels import Specs, Used
from webipy.server.ports.web_push import Subscription

SESSION: Final = "s1"
"""The session of an example that names none."""

BY_GUEST: Final = ("presence.ask", "presence.withdraw")
"""Methods that are of no use to whoever runs the server."""

PASSWORD: Final = "nine green lamps"
SECONDS: Final = 120
"""How long an answer may take, on the clock of the test."""

DEFINITION = {
    "status": "found", "name": "mean", "kind": "function", "place": "cell", "execution_count": 1, "line": 1,
    "source": "def mean(x):\n    return sum(x) / len(x)\n", "first_line": 1, "lines": 2,
}  # fmt: skip
VARIABLES = {
    "variables": [{"name": "x", "type": "int", "group": "value", "size": None, "text": "42"}],
    "all": 1,
}
TABLE = {
    "status": "shown", "columns": ["day", "value"], "rows": [["mon", "3"], ["tue", "5"]], "labels": ["0", "1"],
    "has_labels": False, "total": 2, "can_filter": True,
}  # fmt: skip
REPLIES: Final[dict[str, dict[str, Any]]] = {
    "complete_request": {"status": "ok", "matches": ["print"], "cursor_start": 0, "cursor_end": 3, "metadata": {}},
    "inspect_request": {
        "status": "ok", "found": True, "data": {"text/plain": "Prints the values to a stream."}, "metadata": {},
    },
    "is_complete_request": {"status": "incomplete", "indent": "    "},
    "history_request": {"status": "ok", "history": [[1, 1, "x = 6 * 7"], [1, 2, "print(x)"]]},
    "comm_info_request": {"status": "ok", "comms": {"k1": {"target_name": "jupyter.widget"}}},
    "definition": {"status": "ok", "data": {"application/json": DEFINITION}},
    "listed": {"status": "ok", "data": {"application/json": VARIABLES}},
    "rows": {"status": "ok", "data": {"application/json": TABLE}},
}  # fmt: skip
"""What the kernel replies: by the type of the request, or by the function of webipy's program that it is asked to call."""


@attrs.define
class World:
    """A server in which there is one of everything.

    Args:
        rig: The server.
        guests: Who came by the link, by their names.
        bo: Who has signed in to an account.
    """

    rig: Rig
    guests: dict[str, Client]
    bo: Client
    _replied: set[str] = attrs.field(factory=set)

    def answer(self, method: Method, params: dict[str, object]) -> Any:
        """What a call of a method is answered with; the kernel and its host do their part, and time passes."""
        client = self.guests["Bo"] if method.name in BY_GUEST else self.rig.me
        client = self.bo if method.name.startswith(("account.", "push.")) else client
        commands = len(self.rig.host.commands)
        replies: list[Any] = []
        client.ask(method.name, **params).addCallback(replies.append)
        for _ in range(SECONDS * 10):
            self.rig.turn()
            if replies:
                return result_of(replies[0])
            self._reply()
            for name, content in self.rig.host.commands[commands:]:
                self._obey(name, content)
            commands = len(self.rig.host.commands)
            self.rig.clock.advance(0.1)
        raise AssertionError(f"{method.name} was not answered")

    def _reply(self) -> None:
        """The kernel replies to the newest request, if it was asked anything."""
        channel, request = list(self.rig.host.requests.values())[-1]
        kind, id = request.header.msg_type, request.header.msg_id
        asked = json.loads(request.content)["function"] if kind == inquiries.REQUEST else kind
        if asked in REPLIES and id not in self._replied:
            self._replied.add(id)
            reply = message(kind.replace("request", "reply"), REPLIES[asked], parent=id, parent_type=kind)
            self.rig.host.emit((channel, reply))

    def _obey(self, name: str, content: dict[str, Any]) -> None:
        """The host does what it is told."""
        if name == "cancel":
            for id in content.get("msg_ids") or [content["msg_id"]]:
                self.rig.host.tell("request_dropped", msg_id=id, reason="cancelled")
        elif name == "move":
            self.rig.host.tell("request_moved", msg_id=content["msg_id"], after="e2")
        elif name == "shut_down":
            self.rig.host.tell("kernel_died", start=1, exit_status=0, expected=True)


def make_world() -> World:
    """A new one."""
    rig = make_rig()
    call = rig.me.call
    spec = msgspec.structs.replace(spec_of("python3"), display_name="Python 3 (ipykernel)")
    rig.disk.launcher.known = Specs("python3", {"python3": spec}, {"julia-1.9": "kernel.json has no argv."})
    rig.disk.files.put("numbers.csv", b"day,value\nmon,3\n")
    rig.disk.files.put("plots/may.csv", b"day,value\n")
    rig.disk.files.put("old.txt", b"old\n")
    call("file.delete", path="old.txt")
    call("right.grant", path="plots", kind="everybody", verb="read")
    call("session.create", id="s0", title="Last year")
    call("session.close", session="s0")
    call("session.create", id=SESSION, path="analysis.ipynb", create=True, kernelspec="python3")
    rig.turn()
    rig.host.ready()
    rig.host.answer_beside()
    rig.turn()
    _fill(rig)
    _run(rig)
    rig.disk.processes.found[4711] = Used(memory_bytes=64 << 20, cpu_s=1.5, processes=1)
    converter = rig.services.world.converter
    assert isinstance(converter, FakeConverter)
    converter.exported = ExportedFile("x1", "/exports/x1", "analysis.html", "text/html; charset=utf-8", 304_211)
    call("terminal.create")
    rig.disk.terminals.hosts["1"].print(b"ada@host:~$ ")
    rig.wait(
        Deferred.fromCoroutine(rig.services.logins.login(None, TOKEN, Browser("Firefox/140.0 Linux", "192.0.2.7")))
    )
    guests = _guests(rig)
    call("user.add", name="bo", display_name="Bo", password=PASSWORD)
    log = audited(rig)
    who = rig.me.connection.principal
    rig.services.logins.audit.note("login.revoke", who, Origin("page", "192.0.2.7"), target="others yes")
    rig.services.logins.audit.write()
    log.lines = [msgspec.structs.replace(line, seq=number) for number, line in enumerate(log.lines, 17)]
    bo = sign_in(rig, "bo", PASSWORD)
    _subscribe(rig, bo)
    return World(rig, guests, bo)


def _subscribe(rig: Rig, bo: Client) -> None:
    """A browser."""
    rig.services.notifications.web_push = FakeWebPush()
    browser, who = FakeBrowser(SERVICE), bo.connection.principal
    assert who is not None
    known = Subscription(
        id="b1",
        person=who.person,
        login=who.login,
        endpoint=f"{SERVICE}/wpush/v2/gAAAAABj",
        key=browser.p256dh,
        secret=browser.auth,
        browser="Firefox on Linux",
        since=rig.services.world.now(),
    )
    rig.wait(Deferred.fromCoroutine(rig.services.notifications.browsers.put(known)))


def _fill(rig: Rig) -> None:
    """Cells, a checkpoint, and what was done to them."""
    call = rig.me.call
    for cell in call("cell.list", session=SESSION)["cells"]:
        call("cell.delete", session=SESSION, cell=cell["id"])
    sources = {"c1": "x = 6 * 7\nprint(x)", "c2": "# Result", "c3": "x + 1", "c4": "x - 1"}
    for after, (cell, source) in zip((None, *sources), sources.items(), strict=False):
        kind = "markdown" if cell == "c2" else "code"
        call("cell.insert", session=SESSION, id=cell, after=after, source=source, cell_type=kind)
    call("cell.delete", session=SESSION, cell="c4")
    call("notebook.checkpoint", session=SESSION, checkpoint="first")
    call("cell.edit", session=SESSION, cell="c3", version=0, changes=[[4, [1, "2"]]])


def _run(rig: Rig) -> None:
    """Executions, a comm, and a run with a plan."""
    call, host = rig.me.call, rig.host
    call("execution.start", session=SESSION, id="e1", cell="c1", code="x = 6 * 7\nprint(x)")
    rig.turn()
    host.run("e1", printed("42\n", "e1"))
    rig.turn()
    for id, code in (("e2", 'name = input("Name? ")'), ("e3", "x + 2"), ("e4", "x + 3")):
        call("execution.start", session=SESSION, id=id, code=code)
    rig.turn()
    opened = message("comm_open", {"comm_id": "k1", "target_name": "jupyter.widget", "data": {}}, parent="e2")
    asked = message("input_request", {"prompt": "Name? ", "password": False}, parent="e2", msg_id="r1")
    began = message("execute_input", {"code": "", "execution_count": 2}, parent="e2")
    host.emit(status("busy", "e2"), ("iopub", began), ("iopub", opened), ("stdin", asked))
    rig.turn()
    call("notebook.run", session=SESSION, id="run1", plan={"to": "result.ipynb"})
    call("session.subscribe", session=SESSION)
    rig.turn()


def _guests(rig: Rig) -> dict[str, Client]:
    """Two who came by a link."""
    link = rig.me.call("share.link", session=SESSION, verb="read", label="for the team")
    guests = {name: come(rig, secret_of(link["url"]), name).client for name in ("Grace", "Bo")}
    for client in guests.values():
        client.call("session.subscribe", session=SESSION)
    guests["Grace"].call("presence.ask", session=SESSION)
    rig.turn()
    return guests


def params_of(method: Method) -> dict[str, object]:
    """The params of the example of a method."""
    needs = {field.name for field in msgspec.structs.fields(method.params) if field.required}
    session = {"session": SESSION} if "session" in needs else {}
    return {**session, **method.example}


def answers() -> dict[str, tuple[dict[str, object], Any]]:
    """The examples: params and result of each method, by its name."""
    found: dict[str, tuple[dict[str, object], Any]] = {}
    for name, method in METHODS.items():
        params = params_of(method)
        found[name] = params, make_world().answer(method, params)
    return found
