"""Every method by everybody, at what is theirs, shared with them, and foreign: the outcome follows from the rule that the method declares.

The rule is told once more here, in a few lines that share no code with the dispatcher; a method that somebody adds is in the walk by itself.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.accounts import give, rig_of, somebody
from tests.fakes import Client, Rig
from tests.test_access import ORDER
from tests.test_calls import least
from tests.test_shares import come, secret_of
from webipy.core.api.access import Verb
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Method
from webipy.server.ports.registry import RunRecord

PLACES: Final[dict[str, Verb]] = {
    "people/Ada": "own",
    "shared/read": "read",
    "shared/write": "write",
    "shared/execute": "execute",
    "people/Bob": "none",
}
"""Folders, and what Ada may do there by the grants."""

PEOPLE: Final = (
    "nobody",
    "guest read",
    "guest write",
    "guest execute",
    "elsewhere",
    "viewer",
    "member",
    "admin",
    "owner",
)

REFUSE_THEMSELVES: Final = ("token.create",)
"""Methods that everybody may call, and that refuse for a reason of their own: these people come by no login that makes tokens."""

REFUSED: Final = ("not_authenticated", "not_permitted")


@attrs.define
class World:
    """A server with one of everything in a folder, and everybody.

    Args:
        rig: The server.
        folder: The folder.
        session: The session of a notebook in it.
        closed: A session of another notebook in it that is closed.
        run: A run of the first notebook.
        people: Everybody, by what they are.
    """

    rig: Rig
    folder: str
    session: str
    closed: str
    run: str
    people: dict[str, Client]


def make_world(folder: str) -> World:
    """A new one, with rights in all the places and things in one of them."""
    rig = rig_of("Ada", "Bob", "Eve")
    files = rig.disk.files
    for place, verb in PLACES.items():
        files.put(f"{place}/f.txt", b"text")
        if verb != "none":
            for whom in ("ada", "eve"):
                give(rig, place, verb, whom)
    give(rig, "people/Bob", "own", "bob")
    files.put("old.txt", b"")
    session = rig.me.call("session.create", path=f"{folder}/n.ipynb", create=True)["id"]
    closed = rig.me.call("session.create", path=f"{folder}/closed.ipynb", create=True)["id"]
    rig.me.call("session.close", session=closed)
    elsewhere = rig.me.call("session.create")["id"]
    rig.disk.registry.runs["run"] = RunRecord("run", session, f"{folder}/n.ipynb", "ok", None, "", "", "")
    people = {
        "nobody": rig.client(None),
        "viewer": somebody(rig, "Eve", "viewer"),
        "member": somebody(rig, "Ada"),
        "admin": somebody(rig, "Root", "admin"),
        "owner": rig.me,
        "elsewhere": guest(rig, elsewhere, "execute"),
    }
    people |= {f"guest {verb}": guest(rig, session, verb) for verb in ("read", "write", "execute")}
    return World(rig, folder, session, closed, "run", people)


def guest(rig: Rig, session: str, verb: str) -> Client:
    """Somebody who came by a link."""
    return come(rig, secret_of(rig.me.call("share.link", session=session, verb=verb)["url"]), verb).client


def params_for(method: Method, world: World) -> dict[str, Any]:
    """Good params of a call that is about the folder."""
    fields = set(method.params.__struct_fields__)
    params = least(method.params)
    if "session" in fields and method.reach != "connection" and not (method.reach == "place" and "path" in fields):
        params["session"] = world.closed if method.name.startswith(("journal.", "session.reopen")) else world.session
    if "run" in params and method.reach == "place":
        params["run"] = world.run
    if "path" in fields and method.reach in ("paths", "account", "place"):
        name = "n.ipynb" if method.name.startswith(("session.", "notebook.", "handout.")) else "f.txt"
        name = "new.ipynb" if method.name == "file.create" else name
        folder_only = method.name in ("file.list", "file.watch", "file.unwatch")
        params["path"] = world.folder if folder_only else f"{world.folder}/{name}"
    if "to" in params:
        params["to"] = f"{world.folder}/to.ipynb"
    return params


def may(person: str, method: Method, folder: str) -> bool:
    """Whether somebody may make that call, by what the method declares."""
    if method.verb == "none" or person in ("owner", "admin"):
        return True
    if person == "nobody":
        return False
    if method.reach == "person":
        return person in ("viewer", "member")
    if person.startswith("guest") or person == "elsewhere":
        held: Verb = "execute" if person == "elsewhere" else person.split()[1]  # type: ignore[assignment]
        is_reached = method.reach == "connection" or (method.reach == "session" and person != "elsewhere")
        return is_reached and ORDER.index(held) >= ORDER.index(method.verb)
    if method.reach in ("server", "connection"):
        return method.reach == "connection"
    if method.reach == "account" and "path" not in method.params.__struct_fields__:
        return True
    granted = PLACES[folder]
    held = "read" if person == "viewer" and granted != "none" else granted
    return ORDER.index(held) >= ORDER.index(needed(method))


def needed(method: Method) -> Verb:
    """The strongest verb that the call needs in the folder."""
    if method.name in ("session.create", "file.list", "file.watch", "file.unwatch"):
        return "none" if method.name == "file.unwatch" else "read"
    return method.verb


class Matrix(SynchronousTestCase):
    """Every method, everybody, every place."""

    def test_who_may_call_what_where(self) -> None:
        """Refused exactly where the rule says so, with a word, and then nothing has happened."""
        for folder in PLACES:
            for method in METHODS.values():
                self.look(method, folder)

    def look(self, method: Method, folder: str) -> None:
        """One method in one place: all who may not, and then all who may."""
        world = make_world(folder)
        before = state(world.rig)
        for person in [person for person in PEOPLE if not may(person, method, folder)]:
            name = failure(world, person, method)
            self.assertEqual(name, REFUSED[person != "nobody"], (method.name, folder, person))
            self.assertEqual(state(world.rig), before, (method.name, folder, person))
        for person in [person for person in PEOPLE if may(person, method, folder)]:
            name = failure(world, person, method)
            if method.name not in REFUSE_THEMSELVES:
                self.assertNotIn(name, REFUSED, (method.name, folder, person))
            if method.verb not in ("none", "read"):
                world = make_world(folder)


def failure(world: World, person: str, method: Method) -> str | None:
    """The name of the failure of a call; a call that waits is as good as one that is answered."""
    asked: list[Any] = []
    world.people[person].ask(method.name, **params_for(method, world)).addCallback(asked.append)
    for _ in range(20):
        world.rig.clock.advance(0)
    if not asked:
        world.rig.clock.advance(100)
        world.rig.turn(20)
    found: dict[str, Any] = asked[0].get("error", {}).get("data", {}) if asked else {}
    return found.get("name")


def state(rig: Rig) -> tuple[Any, ...]:
    """What a call could have changed."""
    disk = rig.disk
    journals = {session: list(journal.bodies) for session, journal in disk.journals.found.items()}
    return (
        dict(disk.registry.records),
        dict(disk.registry.closings),
        journals,
        list(disk.launcher.hosts),
        dict(disk.registry.links),
        {path: entry.body for path, entry in disk.files.entries.items()},
        dict(disk.grants.given),
    )
