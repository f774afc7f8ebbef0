"""Guests as attackers: every method of the table by everybody, what else they could reach outside of their session, and the raw streams.

`WHO` says of each method who may call it. A method that is new is in no row, and fails here until somebody has thought about it.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import succeed

from tests.fakes import Client, Rig, RigTestCase, make_rig
from tests.test_calls import least
from tests.test_shares import come, secret_of
from webipy.server.methods.api import METHODS
from webipy.server.methods.raw_messages import SENDABLE
from webipy.server.ports.conversion import ExportedFile

PEOPLE = ("nobody", "elsewhere", "read", "write", "execute", "owner")
"""`elsewhere` holds the strongest link there is, to another session."""

WHO: dict[str, str] = {
    "nobody elsewhere read write execute owner": "rpc.discover server.info",
    "elsewhere read write execute owner": "server.sync kernelspec.list ticket.make",
    "read write execute owner": """
        session.get session.subscribe session.unsubscribe session.events execution.wait execution.get execution.queue output.read cell.list
        presence.set presence.ask notebook.get notebook.history notebook.at notebook.diff notebook.export kernel.usage
    """,
    "write execute owner": """
        session.rename cell.insert cell.delete cell.restore cell.split cell.merge cell.set_metadata cell.move cell.edit cell.set_source
        cell.set_type cell.clear_outputs notebook.save notebook.reload notebook.set_metadata notebook.checkpoint notebook.restore
        session.leave session.keep
    """,
    "execute owner": """
        kernel.logs
        kernel.start kernel.restart kernel.interrupt kernel.shut_down kernel.kill execution.start execution.cancel execution.move run.cancel run.stop
        notebook.run input.reply completion.get inspection.get definition.get variable.list
        code.is_complete history.get comm.open comm.send comm.close message.send
    """,
    "owner": """
        server.launch_code login.list login.revoke
        session.create session.list session.close kernel.attach share.link share.list share.set share.revoke presence.decline
        file.list file.stat file.read file.watch file.unwatch file.write file.create file.rename file.copy file.delete trash.list trash.restore
        trash.delete run.check run.get journal.list journal.read journal.delete session.reopen
    """,
}
MAY = {method: people.split() for people, methods in WHO.items() for method in methods.split()}

BEYOND: list[tuple[str, dict[str, Any]]] = [
    ("kernel.usage", {"session": None}),
    ("notebook.save", {"path": "other.ipynb"}),
    ("notebook.save", {"path": ".ssh/authorized_keys"}),
    ("notebook.save", {"path": "/etc/passwd"}),
    ("notebook.save", {"overwrite": "missing"}),
]
"""Params that reach beyond a session, which a guest may not give with a method that they may call."""


@attrs.define
class House:
    """A server where everybody is."""

    rig: Rig
    session: str
    other: str
    people: dict[str, Client]


def full_house() -> House:
    """Two sessions with a cell and an execution each, and everybody."""
    rig = make_rig()
    session, other = rig.session("python3"), rig.session("python3")
    for one in (session, other):
        rig.me.call("cell.insert", session=one, id=f"cell-{one}", source="1")
        rig.me.call("execution.start", session=one, code="1", id=f"run-{one}", cell=f"cell-{one}")
    people = {"nobody": rig.client(None), "owner": rig.me}
    for verb in ("read", "write", "execute"):
        people[verb] = guest(rig, session, verb)
    people["elsewhere"] = guest(rig, other, "execute")
    return House(rig, session, other, people)


def guest(rig: Rig, session: str, verb: str) -> Client:
    """Somebody who came by a link."""
    url = rig.me.call("share.link", session=session, verb=verb)["url"]
    return come(rig, secret_of(url), verb).client


class Matrix(RigTestCase):
    """Every method by everybody."""

    def test_every_method_has_its_place(self) -> None:
        """Exactly once."""
        placed = [method for methods in WHO.values() for method in methods.split()]
        self.assertEqual(sorted(placed), sorted(METHODS))

    def test_who_may_call_what(self) -> None:
        """Refused exactly where it says so, with a word, and then nothing has happened."""
        for name in METHODS:
            house = full_house()
            for person in PEOPLE:
                self.look(house, name, person)

    def look(self, house: House, name: str, person: str) -> None:
        """One call, with good params for the shared session."""
        params = least(METHODS[name].params)
        if "session" in METHODS[name].params.__struct_fields__:
            params["session"] = house.session
        before = self.world(house.rig)
        told = self.fault(house, house.people[person], name, params)
        if person in MAY[name]:
            self.assertNotIn(told.get("name"), ("not_authenticated", "not_permitted"), (name, person))
        else:
            self.assertEqual(
                told.get("name"), "not_authenticated" if person == "nobody" else "not_permitted", (name, person)
            )
            self.assertEqual(self.world(house.rig), before, (name, person))

    def fault(self, house: House, client: Client, name: str, params: dict[str, Any]) -> dict[str, Any]:
        """What is wrong with a call, `{}` for nothing; a call that waits is as good as one that is answered."""
        asked: list[Any] = []
        client.ask(name, **params).addCallback(asked.append)
        for _ in range(20):
            house.rig.clock.advance(0)
        house.rig.clock.advance(0 if asked else 100)
        for _ in range(20):
            house.rig.clock.advance(0)
        told: dict[str, Any] = asked[0].get("error", {}).get("data", {}) if asked else {}
        return told

    def world(self, rig: Rig) -> tuple[Any, ...]:
        """What a call could have changed."""
        disk = rig.disk
        journals = {session: list(journal.bodies) for session, journal in disk.journals.found.items()}
        return (
            dict(disk.registry.records),
            journals,
            list(disk.launcher.hosts),
            dict(disk.registry.links),
            dict(disk.files.entries),
        )

    def test_messages_that_run_code_are_the_owners(self) -> None:
        """Each kind that can be sent, by everybody."""
        for kind, known in SENDABLE.items():
            house = full_house()
            for person in PEOPLE:
                params = {"session": house.session, "channel": known.channels[0], "msg_type": kind}
                told = self.fault(house, house.people[person], "message.send", params)
                may = {"own": ["owner"], "execute": ["execute", "owner"]}[known.verb]
                refused = told.get("name") in ("not_authenticated", "not_permitted")
                self.assertEqual(refused, person not in may, (kind, person))
        self.assertEqual({SENDABLE[kind].verb for kind in ("debug_request", "connect_request")}, {"own"})

    def test_params_that_reach_beyond_the_session(self) -> None:
        """The owner may, no guest does."""
        for name, params in BEYOND:
            house = full_house()
            for person in ("read", "write", "execute"):
                told = self.fault(house, house.people[person], name, {"session": house.session, **params})
                self.assertEqual(told.get("name"), "not_permitted", (name, params, person))
            told = self.fault(house, house.people["owner"], name, {"session": house.session, **params})
            self.assertNotEqual(told.get("name"), "not_permitted", (name, params))

    def test_ids_of_another_session_are_not_found(self) -> None:
        """Cells, executions, and what else has an id: each is looked for in the session alone."""
        house = full_house()
        foreign = {
            "cell": f"cell-{house.other}",
            "execution": f"run-{house.other}",
            "cells": [f"cell-{house.session}", f"cell-{house.other}"],
        }
        for name in METHODS:
            fields = set(least(METHODS[name].params)) & set(foreign)
            if "session" not in least(METHODS[name].params) or not fields or name == "notebook.run":
                continue
            params = {
                **least(METHODS[name].params),
                **{field: foreign[field] for field in fields},
                "session": house.session,
            }
            told = self.fault(house, house.people["execute"], name, params)
            self.assertEqual(told.get("name"), "not_found", (name, told))

    def test_a_refusal_tells_nothing_of_other_sessions(self) -> None:
        """One that is there and one that is not are refused in the same words."""
        house = full_house()
        client = house.people["execute"]
        there = self.refused_by(house, client, house.other)
        not_there = self.refused_by(house, client, "ghost")
        self.assertEqual(there, not_there)
        self.assertIn("may do nothing outside", there)

    def refused_by(self, house: House, client: Client, session: str) -> str:
        """The sentence."""
        reply = house.rig.wait(client.ask("session.get", session=session))
        self.assertEqual(reply["error"]["data"], {"name": "not_permitted", "verb": "read", "session": house.session})
        return str(reply["error"]["message"])


class Facts(RigTestCase):
    """What guests are told of the server."""

    def test_not_the_root(self) -> None:
        """But who they are and what they may."""
        house = full_house()
        told = house.people["write"].call("server.info")
        self.assertEqual(
            (told["principal"], told["verb"], told["session"], told["owner"], told["root"]),
            ("write (guest)", "write", house.session, "ada", None),
        )

    def test_sync_works(self) -> None:
        """Their line is looked at by it."""
        house = full_house()
        grace = house.people["read"]
        grace.call("session.subscribe", session=house.session)
        grace.call("server.sync")
        self.assertTrue(grace.seqs())

    def test_kernelspecs_without_what_is_wrong_with_them(self) -> None:
        """The reasons have paths in them."""
        house = full_house()
        self.rig = house.rig
        self.assertEqual(house.people["read"].call("kernelspec.list")["broken"], {})


class Exports(RigTestCase):
    """What goes along with an export."""

    def test_images_beside_the_document_are_not_for_guests(self) -> None:
        """One who may edit could name any image that lies there; and they wait in a row of their own."""
        asked: list[Any] = []
        house = full_house()

        def export(notebook: bytes, format: str, name: str, images: Any, options: Any, guest: str) -> Any:
            asked.append((dict(images), bool(guest)))
            return succeed(ExportedFile("e", "/e", "n.html", "text/html", 1))

        self.patch(type(house.rig.services.world.converter), "export", staticmethod(export))
        house.rig.wait(house.rig.disk.files.write("secret.png", b"png", "missing"))
        house.people["write"].call("cell.insert", session=house.session, cell_type="markdown", source="![](secret.png)")
        house.people["write"].call("notebook.export", session=house.session, format="html")
        house.rig.me.call("notebook.export", session=house.session, format="html")
        self.assertEqual(asked, [({}, True), ({"secret.png": b"png"}, False)])
