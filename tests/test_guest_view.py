"""What a guest is shown: nothing of the machine, whatever they call and whatever comes to them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, Client, Rig, RigTestCase, make_rig, printed, run_of
from tests.test_calls import least
from tests.test_guests import guest, may
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.events import events
from webipy.server.methods.api import METHODS
from webipy.server.sessions import feed, guest_view

GUEST = Principal("g", "read", "login", session="s")
OWNER = Principal("ada", "own", "login")

ROOT = "/srv/rooted"
TAIL = f"Traceback ({ROOT}/tail.py)"


class Rich:
    """A server with a session in which everything has happened that tells of the machine."""

    def __init__(self) -> None:
        self.rig = rig = make_rig()
        rig.me.call("file.create", path="deep", kind="folder")
        rig.me.call("file.create", path="deep/folder", kind="folder")
        made = rig.me.call(
            "session.create", path="deep/folder/notes.ipynb", create=True, kernelspec="python3", cwd="/tmp"
        )
        self.session = str(made["id"])
        rig.services.sessions.root = ROOT
        rig.turn()
        self.host = rig.host
        self.host.tell("start_retried", start=1, reason=f"{ROOT}/bin/python ended.", tail=TAIL, how="otherwise")
        self.host.ready()
        rig.turn()
        rig.me.call("cell.insert", session=self.session, id="c", source="1")
        rig.me.call("execution.start", session=self.session, code="1", id="done", cell="c")
        self.host.emit(*run_of("done", printed("text", "done")))
        rig.turn()
        rig.me.call("notebook.save", session=self.session)
        rig.me.ask("message.send", session=self.session, channel="control", msg_type="debug_request")
        rig.turn()
        rig.me.call("execution.start", session=self.session, code="1", id="lost")
        self.host.tell("output_lost", count=None, reason=f"{ROOT}/spool is full.")
        self.host.tell("kernel_died", start=1, exit_status=1, signal=None, tail=TAIL, expected=False)
        rig.turn()

    def secrets(self) -> list[str]:
        """What no guest may see."""
        told = self.rig.me.call("session.get", session=self.session)
        assert told["kernel"]["host"] and told["kernel"]["url_without_key"] and told["cwd"], told
        of_kernel = [
            told["kernel"]["host"],
            told["kernel"]["url_without_key"],
            told["kernel"]["url_without_key"].rpartition("/")[0],
        ]
        return [*of_kernel, ROOT, "/tmp", "deep/folder", "4711", TOKEN, TAIL]


def ask(rig: Rig, client: Client, name: str, params: dict[str, Any]) -> bytes:
    """What a call is answered with, if it is."""
    asked: list[Any] = []
    client.ask(name, **params).addCallback(asked.append)
    rig.turn(30)
    rig.clock.advance(0 if asked else 100)
    rig.turn(30)
    return json.dumps(asked).encode()


class Walk(RigTestCase):
    """Every method that a guest may call."""

    def test_no_answer_and_no_event_tells_of_the_machine(self) -> None:
        """As viewer, editor and runner, but for the log of the kernel, which is for those who run code in it."""
        for verb in ("read", "write", "execute"):
            rich = Rich()
            secrets = rich.secrets()
            client = guest(rich.rig, rich.session, verb)
            client.call("session.subscribe", session=rich.session, since=0)
            for name, method in METHODS.items():
                if not may(verb, METHODS[name]) or name == "kernel.logs":
                    continue
                params = least(method.params)
                if "session" in method.params.__struct_fields__:
                    params["session"] = rich.session
                for more in (
                    {},
                    {"execution": "done"},
                    {"execution": "lost"},
                    {"snapshot": True, "since": 0},
                    {"cell": "c"},
                ):
                    if set(more) <= set(method.params.__struct_fields__):
                        self.look(ask(rich.rig, client, name, {**params, **more}), secrets, (verb, name, more))
            rich.rig.turn()
            self.look(b"".join(client.sent), secrets, (verb, "events"))
            told = [
                one["type"]
                for part in map(json.loads, client.sent)
                if part["method"] == "events"
                for one in part["params"]["events"]
            ]
            self.assertLessEqual(
                {"session_created", "kernel_started", "kernel_died", "notebook_saved", "message_sent"}, set(told)
            )

    def look(self, told: bytes, secrets: list[str], where: object) -> None:
        """None of the secrets is in it."""
        for one in secrets:
            self.assertNotIn(json.dumps(one)[1:-1].encode(), told, (where, one))

    def test_the_owner_is_shown_everything(self) -> None:
        """The same calls, as they were."""
        rich = Rich()
        told = rich.rig.me.call("session.get", session=rich.session)
        self.assertEqual((told["path"], told["kernel"]["start"]), ("deep/folder/notes.ipynb", 1))
        whole = b"".join(rich.rig.journal.bodies)
        seen = json.dumps(rich.rig.me.call("session.events", session=rich.session, since=0, limit=1000))
        for one in (ROOT, "deep/folder", "debug_request"):
            self.assertIn(one.encode(), whole)
            self.assertIn(one, seen)


class Failures(RigTestCase):
    """What a guest is told of what went wrong."""

    def test_paths_become_names(self) -> None:
        """Absolute ones, and that of the document; other words stay."""
        for said, told in (
            ("/home/u/x.py cannot be read.", "x.py cannot be read."),
            ("It is in '/a b/c', (/d/e/f) and ipc:///run/hosts/x/host.", "It is in 'a b/c', (f) and host."),
            (
                "See https://example.org/a/b and text/plain or 1/2; and / alone.",
                "See https://example.org/a/b and text/plain or 1/2; and / alone.",
            ),
            ("deep/folder/notes.ipynb was changed.", "notes.ipynb was changed."),
        ):
            fault = errors.Degraded(said, file=said, count=3)
            for_guest = guest_view.failure(fault, GUEST, lambda _: "deep/folder/notes.ipynb")
            self.assertEqual((for_guest.message, for_guest.facts), (told, {"file": told, "count": 3}))
            self.assertIs(guest_view.failure(fault, OWNER, lambda _: None), fault)
            self.assertIs(guest_view.failure(fault, None, lambda _: None), fault)


class Events(SynchronousTestCase):
    """What a guest is shown of events."""

    def test_most_are_the_same_bytes(self) -> None:
        """A feed's notification of those is not even read."""
        plain = [
            events.encode(events.CellInserted(seq=n, cell="c", after=None, cell_type="code", source="/a/b"))
            for n in (1, 2)
        ]
        self.assertEqual([guest_view.body(one) for one in plain], plain)
        told = feed.notification("s", 1, plain)
        self.assertIs(guest_view.notification(told), told)

    def test_paired_files_are_names(self) -> None:
        """Like the document's own."""
        at: dict[str, Any] = {"path": "a/n.ipynb", "etag": "e", "pairs": {"src/n.py": "f"}}
        for event in (events.NotebookSaved(until=1, **at), events.NotebookReloaded(changed="src/n.py", **at)):
            told = json.loads(guest_view.body(events.encode(event)))
            self.assertEqual(
                (told["path"], told["pairs"], told.get("changed")),
                ("n.ipynb", {"n.py": "f"}, getattr(event, "changed", None) and "n.py"),
            )

    def test_a_telling_one_keeps_its_place(self) -> None:
        """Its seq, time and who; among the others, in their order. Nor does a text that looks like one change anything."""
        moved = events.NotebookMoved(seq=2, time="t", by="ada", path="a/b.ipynb")
        odd = events.CellInserted(
            seq=1, cell="c", after=None, cell_type="code", source='{"type":"notebook_moved","path":"a/b"}'
        )
        told = feed.notification("s", 1, [events.encode(odd), events.encode(moved)])
        found = json.loads(guest_view.notification(told))["params"]
        expected = [events.encode(odd), events.encode(msgspec.structs.replace(moved, path="b.ipynb"))]
        self.assertEqual(
            (found["session"], found["first"], found["events"]), ("s", 1, [json.loads(one) for one in expected])
        )
