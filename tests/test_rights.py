"""Rights of people by name: webipy.server.people.rights, homes and directory, and what the dispatcher makes of them, over files in memory."""

from __future__ import annotations

import json
from typing import Any

from tests.accounts import give, known, principal, rig_of, somebody
from tests.fakes import Client, Refused, RigTestCase
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.api.grants import Grant, account_whom, session_place
from webipy.server.methods.method import Methods
from webipy.server.people.directory import Directory, Entry
from webipy.server.people.rights import MAX_EXPORTS
from webipy.server.ports.confinement import Confinement, allows, bind, confined


class RightsTestCase(RigTestCase):
    """Ada and Bob have accounts; Eve is a viewer."""

    def setUp(self) -> None:
        self.rig = rig_of("Ada", "Bob", "Eve")
        self.ada, self.bob = somebody(self.rig, "Ada"), somebody(self.rig, "Bob", "member", "lab")
        self.eve = somebody(self.rig, "Eve", "viewer")
        self.rig.disk.files.put("shared/data.csv", b"a,b\n")
        self.rig.disk.files.put("secret/x.txt", b"x")

    def notebook(self, path: str = "shared/n.ipynb") -> str:
        """The open session of a new notebook of the owner's."""
        return str(self.rig.me.call("session.create", path=path, create=True)["id"])

    def denied(self, client: Client, method: str, **params: object) -> str:
        """The sentence of a call that is not permitted."""
        return self.refused("not_permitted", method, client, **params).message

    def names(self, client: Client, path: str = "") -> list[str]:
        """What somebody sees in a folder."""
        return [entry["name"] for entry in client.call("file.list", path=path)["entries"]]


class Giving(RightsTestCase):
    """`right.*`."""

    def test_a_folder_is_shared_by_name_and_taken_back(self) -> None:
        """At once, for all in it; others see nothing of it."""
        self.denied(self.ada, "file.read", path="shared/data.csv")
        give(self.rig, "shared", "read", "ada")
        self.assertEqual(self.ada.call("file.read", path="shared/data.csv")["content"], "a,b\n")
        self.assertIn(
            "needs the right to write", self.denied(self.ada, "file.write", path="shared/data.csv", content="")
        )
        give(self.rig, "shared", "write", "ada")
        self.ada.call("file.write", path="shared/new.txt", content="1")
        self.denied(self.bob, "file.read", path="shared/new.txt")
        self.rig.me.call("right.revoke", path="shared", whom="ada")
        self.denied(self.ada, "file.read", path="shared/new.txt")

    def test_a_group_and_everybody(self) -> None:
        """Bob is in the lab; everybody are all accounts, and no guest."""
        give(self.rig, "shared", "write", "lab", "group")
        give(self.rig, "shared", "read")
        self.bob.call("file.write", path="shared/b.txt", content="")
        self.ada.call("file.read", path="shared/b.txt")
        self.denied(self.ada, "file.write", path="shared/b.txt", content="")
        session = self.notebook()
        url = self.rig.me.call("share.link", session=session, verb="execute")["url"]
        from tests.test_shares import come, secret_of

        guest = come(self.rig, secret_of(url), "Guest").client
        self.denied(guest, "file.read", path="shared/b.txt")

    def test_the_list_says_who_may_what_and_where_that_comes_from(self) -> None:
        """By the names that people know; a right of a folder above is changed there."""
        session = self.notebook()
        give(self.rig, "shared", "read")
        give(self.rig, "shared/n.ipynb", "write", "BOB")
        rights = self.rig.me.call("right.list", session=session)
        self.assertEqual(rights["path"], "shared/n.ipynb")
        found = [
            (one["kind"], one["name"], one["verb"], one["path"], one["is_inherited"], one["by"])
            for one in rights["rights"]
        ]
        self.assertEqual(
            found,
            [
                ("account", "Bob", "write", "shared/n.ipynb", False, "ada"),
                ("everybody", "", "read", "shared", True, "ada"),
            ],
        )
        self.refused("not_found", "right.revoke", path="shared/n.ipynb", kind="everybody")

    def test_only_who_owns_a_place_gives_and_takes_there(self) -> None:
        """To write is not enough, and a right is not handed on; who owns may give as much as they have."""
        give(self.rig, "shared", "execute", "ada")
        for method, more in (
            ("right.list", {}),
            ("right.grant", {"verb": "read", "whom": "bob"}),
            ("right.revoke", {"whom": "ada"}),
        ):
            self.denied(self.ada, method, path="shared", **more)
        give(self.rig, "shared", "own", "ada")
        self.ada.call("right.grant", path="shared", whom="bob", verb="own")
        self.bob.call("right.revoke", path="shared", whom="ada")
        self.denied(self.ada, "file.list", path="shared")

    def test_bad_params(self) -> None:
        """Each is one clear failure, and nothing is given."""
        table: list[tuple[str, dict[str, Any]]] = [
            ("invalid_params", {"whom": "ada"}),
            ("invalid_params", {"path": "shared", "session": "s", "whom": "ada"}),
            ("invalid_params", {"path": "shared"}),
            ("invalid_params", {"path": "shared", "kind": "everybody", "whom": "ada"}),
            ("invalid_params", {"path": "shared", "whom": "ada", "verb": "none"}),
            ("invalid_params", {"path": "../shared", "whom": "ada"}),
            ("not_found", {"path": "shared", "whom": "nobody"}),
            ("not_found", {"path": "nowhere", "whom": "ada"}),
            ("not_found", {"session": "ghost", "whom": "ada"}),
        ]
        for name, params in table:
            self.refused(name, "right.grant", **{"verb": "read", **params})
        self.assertEqual(self.rig.disk.grants.given, {})

    def test_rights_outlive_the_server(self) -> None:
        """The next one has them."""
        give(self.rig, "shared", "read", "ada")
        again = self.rig.crashed()
        self.assertEqual(somebody(again, "Ada").call("file.read", path="shared/data.csv")["size"], 4)

    def test_whom_something_can_be_shared_with(self) -> None:
        """Everybody with an account knows the names; a guest does not."""
        self.rig.services.directory.entries = lambda: [Entry("7", "grace", "Grace H.", frozenset(["lab", "A"]))]
        found = self.eve.call("right.people")
        self.assertEqual(
            found["people"], [{"account": "7", "name": "grace", "display_name": "Grace H.", "groups": ["A", "lab"]}]
        )
        self.assertEqual(found["groups"], ["A", "lab"])


class Asking(RightsTestCase):
    """What `Rights` answers of people of each kind."""

    def test_guests_and_nobody(self) -> None:
        """A guest has a right in one session, and at no place; nobody has none anywhere."""
        rights = self.rig.services.rights
        guest = Principal("Guest", "write", "l", session="s1")
        self.assertEqual([rights.at(one, "shared") for one in (guest, None)], ["none", "none"])
        self.assertEqual([rights.in_session(one, "s1") for one in (guest, None)], ["write", "none"])
        self.assertEqual(rights.in_session(guest, "s2"), "none")
        self.assertEqual([rights.seen_in(one, "s1") for one in (guest, None)], [guest, None])
        self.assertFalse(rights.may_list(None, ""))

    def test_an_export_is_for_who_may_read_its_session(self) -> None:
        """Of the oldest of too many it is not known any more whose they are: they are for whoever may read everything."""
        session, rights = self.notebook(), self.rig.services.rights
        rights.note_export("e1", session)
        ada, owner = principal("Ada"), Principal("Ada", "own", "l")
        self.assertRaises(errors.NotPermitted, rights.permit_export, ada, "e1")
        give(self.rig, "shared", "read", "ada")
        self.assertEqual(rights.permit_export(ada, "e1"), session)
        self.assertRaises(errors.NotPermitted, rights.permit_export, ada, "unknown")
        for number in range(MAX_EXPORTS):
            rights.note_export(f"more {number}", session)
        self.assertRaises(errors.NotPermitted, rights.permit_export, ada, "e1")
        self.assertIsNone(rights.permit_export(owner, "e1"))


class Homes(RightsTestCase):
    """Own folders."""

    def test_a_new_person_can_work_at_once(self) -> None:
        """In a folder that is made when it is asked for, and is theirs alone."""
        self.assertEqual(self.ada.call("right.mine"), {"home": "people/Ada", "shared": []})
        self.ada.call("file.create", path="people/Ada/n.ipynb")
        session = self.ada.call("session.create", path="people/Ada/n.ipynb", kernelspec="python3")
        self.assertEqual((session["verb"], session["cwd"]), ("own", ""))
        self.assertEqual(self.ada.call("right.mine")["home"], "people/Ada")
        self.denied(self.bob, "session.get", session=session["id"])
        self.denied(self.bob, "file.list", path="people/Ada")
        self.assertEqual(self.names(self.bob), [])
        self.assertEqual(self.names(self.ada), ["people"])
        self.assertEqual(self.names(self.ada, "people"), ["Ada"])

    def test_the_page_is_told_of_it(self) -> None:
        """And what one may do there; others are told of none."""
        info = self.ada.call("server.info")
        self.assertEqual((info["home"], info["verb"], info["root"]), ("people/Ada", "own", None))
        self.assertEqual([client.call("server.info")["home"] for client in (self.rig.me, self.eve)], [None, None])
        self.assertEqual(self.eve.call("server.info")["verb"], "read")

    def test_a_folder_that_is_there_already_is_nobodys_own(self) -> None:
        """It may hold what is not theirs; a name that is no name of a folder is made one."""
        self.rig.disk.files.put("people/Ada/private.txt", b"x")
        self.assertEqual(self.ada.call("right.mine")["home"], "people/Ada 2")
        self.denied(self.ada, "file.read", path="people/Ada/private.txt")
        for name, folder in {
            "../..": "people/person",
            "a/b": "people/a b",
            ".x": "people/x",
            "A\0": "people/A",
        }.items():
            client = somebody(self.rig, name)
            self.assertEqual(client.call("right.mine")["home"], folder, name)

    def test_who_has_none(self) -> None:
        """Whoever runs the server, admins, and viewers, who make nothing."""
        for client in (self.rig.me, somebody(self.rig, "Root", "admin"), self.eve):
            self.assertEqual(client.call("right.mine"), {"home": None, "shared": []})
        self.assertIn("makes no sessions", self.denied(self.eve, "session.create"))
        self.assertIn(
            "makes no sessions",
            self.denied(
                self.eve, "session.create", notebook={"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            ),
        )

    def test_an_own_folder_stays_its_persons(self) -> None:
        """It cannot be taken from them, nor deleted or moved by them; what is in it can."""
        home = self.ada.call("right.mine")["home"]
        self.assertIn("own folder", self.denied(self.ada, "right.revoke", path=home, whom="ada"))
        self.assertIn("own folder", self.denied(self.rig.me, "right.grant", path=home, whom="ada", verb="read"))
        self.denied(self.ada, "file.delete", path=home, recursive=True)
        self.denied(self.ada, "file.rename", path=home, to="people/Ada/x")
        self.ada.call("file.create", path=f"{home}/a.txt", kind="file")
        self.ada.call("file.rename", path=f"{home}/a.txt", to=f"{home}/b.txt")
        self.ada.call("file.delete", path=f"{home}/b.txt")
        self.rig.me.call("file.rename", path=home, to="people/Lovelace")
        self.assertEqual(self.ada.call("right.mine")["home"], "people/Lovelace")

    def test_a_session_without_a_file_is_whose_who_made_it(self) -> None:
        """Its kernels start in the own folder; it can be shared by name, and forgotten with its rights."""
        made = self.ada.call("session.create", title="Try")
        self.assertEqual((made["verb"], made["path"]), ("own", None))
        self.assertEqual(self.rig.services.sessions.get(made["id"]).record.cwd, "/people/Ada")
        self.denied(self.bob, "cell.list", session=made["id"])
        self.ada.call("right.grant", session=made["id"], whom="bob", verb="read")
        self.bob.call("cell.list", session=made["id"])
        self.denied(self.bob, "cell.insert", session=made["id"])
        self.assertEqual(self.ada.call("right.list", session=made["id"])["path"], None)
        self.ada.call("session.close", session=made["id"])
        self.assertEqual([one["session"] for one in self.ada.call("journal.list")["journals"]], [made["id"]])
        self.assertEqual(self.ada.call("session.reopen", session=made["id"])["verb"], "own")
        self.ada.call("session.close", session=made["id"])
        self.ada.call("journal.delete", session=made["id"])
        self.assertNotIn((session_place(made["id"]), account_whom("id-ada")), self.rig.disk.grants.given)

    def test_an_id_of_anothers_session_is_not_handed_over(self) -> None:
        """However it is asked for: by its id, by its file under another name, by the name of a client."""
        mine = self.rig.me.call("session.create", title="Mine")["id"]
        self.denied(self.ada, "session.create", id=mine)
        self.denied(self.ada, "session.create", id=mine, kernelspec="python3")
        self.assertIsNone(self.rig.services.sessions.get(mine).kernel)
        self.denied(self.ada, "session.create", client_path="x.ipynb")
        self.denied(self.ada, "session.create", cwd="/etc")
        self.denied(self.ada, "session.create", cwd="../..")
        self.denied(self.ada, "session.create", path="//" + mine)
        self.denied(self.ada, "session.create", path="secret/x.ipynb", create=True)


class Lists(RightsTestCase):
    """Lists have what the caller may read, and nothing else."""

    def test_files_and_the_way_to_them(self) -> None:
        """Of a folder above what is shared only the way there; a search finds no other names."""
        for path in ("lab/a/n.csv", "lab/a/m.csv", "lab/b/n.csv", "n.csv"):
            self.rig.disk.files.put(path, b"")
        give(self.rig, "lab/a/n.csv", "read", "ada")
        self.assertEqual(
            (self.names(self.ada), self.names(self.ada, "lab"), self.names(self.ada, "lab/a")),
            (["lab"], ["a"], ["n.csv"]),
        )
        self.denied(self.ada, "file.list", path="lab/b")
        self.assertEqual([one["path"] for one in self.ada.call("file.find", query="csv")["entries"]], ["lab/a/n.csv"])
        self.rig.disk.files.take("lab/a/n.csv")
        self.assertEqual(self.names(self.ada, "lab/a"), [])
        give(self.rig, "lab", "read", "ada")
        self.assertEqual(self.names(self.ada, "lab/a"), ["m.csv"])
        page = self.ada.call("file.list", path="", offset=1, limit=1)
        self.assertEqual((page["entries"], page["total"]), ([], 1))

    def test_sessions_journals_and_the_trash(self) -> None:
        """Each by its place; the trash does not say where it keeps things."""
        kept, foreign = self.notebook(), self.notebook("secret/s.ipynb")
        self.rig.me.call("file.delete", path="shared/data.csv")
        self.rig.me.call("file.delete", path="secret/x.txt")
        give(self.rig, "shared", "read", "ada")
        self.assertEqual(
            [(one["id"], one["verb"]) for one in self.ada.call("session.list")["sessions"]], [(kept, "read")]
        )
        self.assertEqual([one["session"] for one in self.ada.call("journal.list")["journals"]], [kept])
        self.assertEqual([one["path"] for one in self.ada.call("trash.list")["entries"]], ["shared/data.csv"])
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), 2)
        self.rig.me.call("session.close", session=foreign)
        self.denied(self.ada, "journal.read", session=foreign)
        self.denied(self.ada, "journal.read", session="ghost")

    def test_shared_with_me(self) -> None:
        """The latest first, with what one may do there; not what is gone."""
        give(self.rig, "shared", "read")
        give(self.rig, "shared/data.csv", "write", "ada")
        give(self.rig, "secret/x.txt", "write", "ada")
        self.rig.disk.files.take("secret/x.txt")
        found = self.ada.call("right.mine")["shared"]
        self.assertEqual(
            [(one["path"], one["kind"], one["verb"], one["by"]) for one in found],
            [("shared/data.csv", "file", "write", "ada"), ("shared", "folder", "read", "ada")],
        )

    def test_a_refusal_does_not_say_whether_it_is_there(self) -> None:
        """A file, a folder and a session: the same words but for the name."""
        session = self.notebook("secret/s.ipynb")
        for method, field, there, gone in (
            ("file.read", "path", "secret/x.txt", "secret/y.txt"),
            ("file.list", "path", "secret", "nowhere"),
            ("right.list", "path", "secret", "nowhere"),
            ("session.get", "session", session, "ghost"),
            ("journal.read", "session", session, "ghost"),
        ):
            words = [
                self.denied(self.ada, method, **{field: name}).replace(name, "*").replace("//*", "*")
                for name in (there, gone)
            ]
            words = [one.replace("'secret/s.ipynb'", "'*'") for one in words]
            self.assertEqual(words[0], words[1], method)

    def test_members_see_nothing_of_the_machine(self) -> None:
        """No absolute path, no process, no URL of a kernel; the paths below the root stay."""
        give(self.rig, "shared", "own", "ada")
        session = self.notebook()
        self.rig.me.call("kernel.start", session=session, kernelspec="python3")
        self.rig.turn()
        self.rig.host.ready()
        self.rig.turn()
        seen = self.ada.call("session.get", session=session)
        kernel = seen["kernel"]
        self.assertEqual(
            (seen["path"], seen["cwd"], kernel["pid"], kernel["host"], kernel["url_without_key"]),
            ("shared/n.ipynb", "", None, "", ""),
        )
        events = json.dumps(self.ada.call("session.events", session=session, since=0)["events"])
        self.assertIn("shared/n.ipynb", events)
        self.assertNotIn("/shared", events.replace('"shared/', ""))
        self.assertIsNone(self.ada.call("server.info")["root"])


class Following(RightsTestCase):
    """Rights follow what they are at, and end with it."""

    def test_a_right_follows_a_move(self) -> None:
        """Of the file, and of a folder above; the open session is in the place where its notebook is."""
        self.rig.disk.files.put("work/a.txt", b"")
        session = self.notebook("work/n.ipynb")
        give(self.rig, "work/n.ipynb", "write", "ada")
        self.rig.me.call("file.rename", path="work/n.ipynb", to="work/m.ipynb")
        self.ada.call("cell.insert", session=session)
        self.rig.me.call("file.rename", path="work", to="done")
        self.ada.call("cell.insert", session=session)
        self.assertEqual([one["path"] for one in self.ada.call("right.mine")["shared"]], ["done/m.ipynb"])
        self.denied(self.ada, "file.read", path="work/n.ipynb")
        self.rig.disk.files.put("work/n.ipynb", b"")
        self.denied(self.ada, "file.read", path="work/n.ipynb")

    def test_a_right_ends_with_what_it_is_at(self) -> None:
        """And does not come back with it: what comes back has the rights of its folder."""
        self.rig.disk.files.put("shared/other.txt", b"")
        give(self.rig, "shared/data.csv", "own", "ada")
        trashed = self.rig.me.call("file.delete", path="shared/data.csv")["trashed"]
        self.rig.disk.files.put("shared/data.csv", b"another")
        self.denied(self.ada, "file.read", path="shared/data.csv")
        self.rig.disk.files.take("shared/data.csv")
        self.rig.me.call("trash.restore", path="shared/data.csv", id=trashed["id"])
        self.denied(self.ada, "file.read", path="shared/data.csv")

    def test_nobody_moves_a_thing_to_where_they_may_more(self) -> None:
        """To move and to delete is to change the folder that holds it: who may read it there cannot make it theirs."""
        self.ada.call("right.mine")
        give(self.rig, "shared", "read", "ada")
        give(self.rig, "shared/data.csv", "write", "ada")
        for method, params in (
            ("file.rename", {"path": "shared/data.csv", "to": "people/Ada/data.csv"}),
            ("file.rename", {"path": "shared", "to": "people/Ada/shared"}),
            ("file.delete", {"path": "shared/data.csv"}),
            ("file.copy", {"path": "shared/data.csv"}),
            ("file.copy", {"path": "secret/x.txt", "to": "people/Ada/x.txt"}),
            ("file.copy", {"path": "people/Ada", "to": "shared/Ada"}),
        ):
            self.denied(self.ada, method, **params)
        self.ada.call("file.copy", path="shared/data.csv", to="people/Ada/data.csv")

    def test_a_save_as_needs_the_right_there(self) -> None:
        """The path of a save is no way out of the own folder."""
        self.ada.call("right.mine")
        session = self.ada.call("session.create")["id"]
        self.denied(self.ada, "notebook.save", session=session, path="secret/n.ipynb")
        self.assertEqual(
            self.ada.call("notebook.save", session=session, path="people/Ada/n.ipynb")["path"], "people/Ada/n.ipynb"
        )
        self.denied(self.bob, "notebook.get", session=session)

    def test_the_notebook_of_a_pair_leads_nowhere_else(self) -> None:
        """Who may write it says with which files it is paired: only with those that everybody who says so could write."""
        self.ada.call("right.mine")
        self.ada.call("file.create", path="people/Ada/n.ipynb")
        session = self.ada.call("session.create", path="people/Ada/n.ipynb")["id"]
        metadata = {"jupytext": {"formats": "ipynb,../../secret//py:percent"}}
        self.denied(self.ada, "notebook.set_metadata", session=session, metadata=metadata)
        found = self.rig.services.sessions.get(session)
        self.rig.me.call("notebook.set_metadata", session=session, metadata=metadata)
        self.assertEqual(self.rig.services.documents.autosaves.partners(found), [])
        self.ada.call("cell.insert", session=session, source="1")
        self.ada.call("notebook.save", session=session)
        self.rig.clock.advance(60)
        self.rig.turn()
        self.assertEqual([path for path in self.rig.disk.files.entries if path.startswith("secret/")], ["secret/x.txt"])

    def test_a_text_does_not_name_the_notebook_that_it_is_of(self) -> None:
        """The header of an own text opens no notebook of others, and makes none in their folders."""
        self.ada.call("right.mine")
        self.rig.me.call("file.create", path="secret/t.ipynb")
        header = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ../../secret//ipynb,py:percent\n# ---\n# %%\n1\n"
        self.ada.call("file.write", path="people/Ada/t.py", content=header)
        opened = self.ada.call("session.create", path="people/Ada/t.py")
        self.assertEqual(opened["path"], "people/Ada/t.py")


class AtOnce(RightsTestCase):
    """A right that ends is over for what is open and under way."""

    def gone(self, client: Client) -> list[bool]:
        """Whether a connection was closed; it goes on as if it had not been."""
        closed: list[bool] = []
        client.connection.give_up = lambda: closed.append(True)
        return closed

    def test_pages_that_follow_are_closed(self) -> None:
        """Those of who may not read any more, and no others."""
        give(self.rig, "shared", "write", "ada")
        give(self.rig, "shared", "read", "bob")
        session = self.notebook()
        closed = [self.gone(client) for client in (self.ada, self.bob, self.rig.me)]
        for client in (self.ada, self.bob, self.rig.me):
            client.call("session.subscribe", session=session)
        give(self.rig, "shared", "read", "ada")
        self.assertEqual(closed, [[], [], []])
        self.rig.me.call("right.revoke", path="shared", whom="ada")
        self.assertEqual(closed, [[True], [], []])

    def test_a_watch_ends_too(self) -> None:
        """Of the folder itself, and of one above."""
        give(self.rig, "shared", "read", "ada")
        closed = self.gone(self.ada)
        self.ada.call("file.watch", path="shared")
        self.ada.call("file.watch", path="")
        self.rig.me.call("right.revoke", path="shared", whom="ada")
        self.assertEqual(closed, [True])

    def test_a_notebook_that_is_moved_out_of_a_shared_folder(self) -> None:
        """Is shared no more, without a right being taken."""
        give(self.rig, "shared", "read", "ada")
        session = self.notebook()
        closed = self.gone(self.ada)
        self.ada.call("session.subscribe", session=session)
        self.rig.me.call("file.rename", path="shared/n.ipynb", to="secret/n.ipynb")
        self.assertEqual(closed, [True])

    def test_a_call_that_waits_shows_nothing_that_came_later(self) -> None:
        """The right is asked for again when the answer is there."""
        give(self.rig, "shared", "read", "ada")
        session = self.notebook()
        seq = self.rig.me.call("session.get", session=session)["seq"]
        asked: list[Any] = []
        self.ada.ask("session.events", session=session, since=seq, wait_s=30).addCallback(asked.append)
        self.rig.turn()
        self.rig.me.call("right.revoke", path="shared", whom="ada")
        self.rig.me.call("cell.insert", session=session, source="secret")
        self.rig.turn()
        self.assertEqual(asked[0]["error"]["data"]["name"], "not_permitted")

    def test_presence_shows_the_right_in_the_session(self) -> None:
        """And one person who asks can be allowed, by name; a guest beside them stays as they are."""
        give(self.rig, "shared", "read")
        session = self.notebook()
        for client in (self.rig.me, self.ada):
            client.call("session.subscribe", session=session)
        self.ada.call("presence.ask", session=session)
        self.rig.clock.advance(1)
        (person,) = (one for one in self.people(self.ada) if one["person"] != "owner")
        self.assertEqual(
            (person["person"], person["verb"], person["asks"], person["is_guest"]),
            ("account id-ada", "read", "waiting", False),
        )
        self.denied(self.ada, "presence.allow", session=session, person="account id-ada", verb="write")
        self.rig.me.call("presence.allow", session=session, person="account id-ada", verb="write")
        self.rig.clock.advance(1)
        mine = next(one for one in self.people(self.rig.me) if one["person"] == "account id-ada")
        self.assertEqual((mine["verb"], mine["asks"]), ("write", None))
        self.refused("invalid_request", "presence.ask", self.ada, session=session)
        self.ada.call("cell.insert", session=session)

    def test_one_account_is_lowered_and_removed_here(self) -> None:
        """Where that is theirs alone; what a folder, a group or an admin's account gives is changed there, and the sentence says so."""
        session = self.notebook()
        known(self.rig, "Ada", "Bob", groups={"Bob": {"lab"}})
        for client in (self.rig.me, self.ada, self.bob):
            give(self.rig, "shared/n.ipynb", "write", "ada")
            give(self.rig, "shared/n.ipynb", "write", "lab", "group")
            client.call("session.subscribe", session=session)
        ada: Any = {"session": session, "person": "account id-ada"}
        bob: Any = {"session": session, "person": "account id-bob"}
        self.rig.me.call("presence.allow", verb="read", **ada)
        self.denied(self.ada, "cell.insert", session=session)
        self.rig.me.call("presence.remove", **ada)
        self.denied(self.ada, "cell.list", session=session)
        for method, more in (("presence.allow", {"verb": "read"}), ("presence.remove", {})):
            refused = self.refused("invalid_request", method, **{**bob, **more})
            self.assertIn("by a right of a group", refused.message)
        self.rig.me.call("presence.allow", verb="execute", **bob)
        self.assertIn("edit here by a right", self.refused("invalid_request", "presence.remove", **bob).message)
        root = somebody(self.rig, "Root", "admin")
        root.call("session.subscribe", session=session)
        self.refused("invalid_request", "presence.remove", session=session, person="account id-root")
        self.denied(self.bob, "presence.remove", **ada)

    def test_a_viewer_cannot_ask_for_what_they_cannot_have(self) -> None:
        """An account of a viewer only reads."""
        session = self.notebook()
        give(self.rig, "shared", "read")
        self.eve.call("session.subscribe", session=session)
        self.assertIn("only views", self.refused("invalid_request", "presence.ask", self.eve, session=session).message)

    def test_who_is_alone_learns_their_right(self) -> None:
        """By a notification of their own, for they may do less than own."""
        give(self.rig, "shared", "read")
        session = self.notebook()
        self.ada.call("session.subscribe", session=session)
        self.rig.clock.advance(1)
        self.assertEqual([one["verb"] for one in self.people(self.ada)], ["read"])

    def people(self, client: Client) -> list[dict[str, Any]]:
        """Who is there, as somebody was notified last."""
        notified = [json.loads(body) for body in client.sent]
        found: list[dict[str, Any]] = [one for one in notified if one["method"] == "presence"][-1]["params"]["people"]
        return found


class Rules(RightsTestCase):
    """What a method must say of itself."""

    def test_a_method_without_a_rule_cannot_be_entered(self) -> None:
        """Nor one whose rule leaves out a path, or names what is not there."""
        from webipy.core.api import calls, file_calls

        def entered(params: Any, *rule: Any, **more: Any) -> None:
            async def function(services: Any, connection: Any, params: Any) -> Any: ...

            function.__annotations__ = {"params": params, "return": calls.Done}
            Methods().method("x.y", "read", *rule, **more)(function)

        for params, rule, more in (
            (calls.Nothing, (), {}),
            (calls.Nothing, ("everywhere",), {}),
            (calls.Nothing, ("session",), {}),
            (calls.Nothing, ("paths",), {}),
            (calls.Nothing, ("place",), {}),
            (file_calls.OfFile, ("account",), {}),
            (file_calls.MoveFile, ("paths",), {"paths": {"path": "read"}}),
            (file_calls.OfFile, ("paths",), {"paths": {"path": "read", "file": "read"}}),
        ):
            self.assertRaises(TypeError, entered, params, *rule, **more)
        entered(file_calls.OfFile, "paths", paths={"path": "read"})

    def test_a_principal_of_an_unknown_kind_has_nothing(self) -> None:
        """An account without a role, or with a verb of its own: only what grants give counts."""
        from tests.fakes import Client as AnyClient
        from webipy.core.api.access import Principal
        from webipy.server.methods.method import Connection
        from webipy.server.people.logins import TOKEN_LOGIN

        for role in (None, "member", "viewer", "king"):
            strange = Principal("X", "own", TOKEN_LOGIN, account="x", role=role)  # type: ignore[arg-type]
            client = AnyClient(self.rig, Connection(strange))
            self.denied(client, "file.read", path="shared/data.csv")
            self.denied(client, "terminal.create")
            self.denied(client, "session.get", session=self.notebook(f"shared/{role}.ipynb"))

    def test_an_admin_may_everything(self) -> None:
        """As whoever runs the server."""
        admin = somebody(self.rig, "Root", "admin")
        self.assertEqual(self.names(admin), ["secret", "shared"])
        admin.call("right.grant", path="secret", whom="ada", verb="read")
        self.ada.call("file.read", path="secret/x.txt")

    def test_a_confinement_goes_along(self) -> None:
        """It asks at the moment of use, and `bind` takes it to where another one counts."""
        held: dict[str, Any] = {"a": "read", "b": "write"}
        by = Confinement(lambda path: held.get(path, "none"), "write", {"a": "read"}, frozenset(["own"]))
        self.assertTrue(allows("anywhere"))
        with confined(by):
            late = bind(lambda: [allows(path) for path in ("a", "b", "c", "own")])
            with confined(None):
                self.assertTrue(allows("c"))
            self.assertFalse(allows("c"))
        self.assertEqual(late(), [True, True, False, True])
        held.clear()
        self.assertEqual(late(), [False, False, False, True])

    def test_there_is_a_limit(self) -> None:
        """Of grants on a server; one that takes the place of another is none more."""
        rights = self.rig.services.rights
        many = [Grant(f"f{number}", "everybody", "read", "ada", "") for number in range(10_000)]
        self.rig.wait(__import__("twisted").internet.defer.Deferred.fromCoroutine(rights.change(many, [])))
        self.refused("too_large", "right.grant", path="shared", kind="everybody", verb="read")
        self.rig.disk.files.put("f1", b"")
        give(self.rig, "f1", "write")

    def test_names_of_the_directory(self) -> None:
        """An account by its id or its name in any case; one that is gone by its id."""
        directory = Directory(lambda: [Entry("7", "grace", "Grace H.")])
        self.assertEqual([directory.whom("account", name) for name in ("7", "GRACE")], ["account 7"] * 2)
        self.assertEqual(directory.described("account 7"), ("account", "7", "Grace H."))
        self.assertEqual(directory.described("account 8"), ("account", "8", "8"))
        self.assertEqual(directory.described("group a b"), ("group", "a b", "a b"))
        self.assertRaises(errors.NotFound, directory.whom, "account", "Grace H.")

    def test_one_of_many_principals(self) -> None:
        """All logins of an account are one person."""
        self.assertEqual(principal("Ada").person, "account id-ada")
        self.assertRaises(Refused, self.eve.call, "file.write", path="shared/data.csv", content="")
