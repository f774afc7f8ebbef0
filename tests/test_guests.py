"""Guests as attackers: every method of the table by everybody, what else they could reach outside of their session, and the raw streams.

Who may call a method follows from its declaration. One that declares no reach reaches the whole server, and is for the owner alone.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import succeed

from tests.fakes import Client, Rig, RigTestCase, make_rig
from tests.test_access import ORDER
from tests.test_calls import least
from tests.test_shares import come, secret_of
from webipy.core.api.access import Verb
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Method
from webipy.server.methods.raw_messages import SENDABLE
from webipy.server.ports.conversion import ExportedFile

PEOPLE = ("nobody", "elsewhere", "read", "write", "execute", "owner")
"""`elsewhere` holds the strongest link there is, to another session."""

HELD: dict[str, Verb] = {
    "nobody": "none",
    "elsewhere": "execute",
    "read": "read",
    "write": "write",
    "execute": "execute",
    "owner": "own",
}


def may(person: str, method: Method) -> bool:
    """Whether somebody may call a method for the shared session, by what the method declares: its verb and its reach."""
    if method.verb == "none" or person == "owner":
        return True
    if method.reach not in ("session", "connection") or (person == "elsewhere" and method.reach == "session"):
        return False
    return person != "nobody" and ORDER.index(HELD[person]) >= ORDER.index(method.verb)


BEYOND: list[tuple[str, dict[str, Any]]] = [
    ("kernel.usage", {"session": None}),
    ("notebook.save", {"path": "other.ipynb"}),
    ("notebook.save", {"path": ".ssh/authorized_keys"}),
    ("notebook.save", {"path": "/etc/passwd"}),
    ("notebook.save", {"overwrite": "missing"}),
    ("cell.insert", {"outputs_of": "c0", "outputs_from": "another"}),
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

    def test_who_is_not_signed_in_learns_what_there_is(self) -> None:
        """And nothing else: whoever opens a method to everybody changes this line, too."""
        self.assertEqual(
            [name for name, method in METHODS.items() if method.verb == "none"], ["rpc.discover", "server.info"]
        )

    def test_a_method_that_stays_in_a_session_names_it(self) -> None:
        """In its params; and what makes it reach further is in them, too."""
        for method in METHODS.values():
            fields = method.params.__struct_fields__
            self.assertLessEqual({*method.beyond, *(["session"] if method.reach == "session" else [])}, {*fields})

    def test_who_may_call_what(self) -> None:
        """Refused exactly where it says so, with a word, and then nothing has happened."""
        for name in METHODS:
            house = full_house()
            for person in PEOPLE:
                self.look(house, name, person)

    def look(self, house: House, name: str, person: str) -> None:
        """One call, with good params for the shared session."""
        params = least(METHODS[name].params)
        if "session" in METHODS[name].params.__struct_fields__ and METHODS[name].reach != "connection":
            params["session"] = house.session
        before = self.world(house.rig)
        told = self.fault(house, house.people[person], name, params)
        if may(person, METHODS[name]):
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
