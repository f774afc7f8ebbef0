"""The methods `file.*` on a server in memory."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.fakes import RigTestCase
from webipy.server.methods.files import MAX_WATCHES


class FileMethodsTestCase(RigTestCase):
    """A server with some files."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.rig.disk.files
        self.files.put("a.txt", b"hello")
        self.call("file.create", path="d", kind="folder")

    def call(self, method: str, **params: Any) -> Any:
        """A call and its result."""
        return self.rig.me.call(method, **params)

    def names(self, path: str = "") -> list[str]:
        """What a folder holds."""
        return [entry["name"] for entry in self.call("file.list", path=path)["entries"]]


class Looking(FileMethodsTestCase):
    """list, stat, read."""

    def test_a_folder_is_listed_in_parts(self) -> None:
        """With how many entries it has in all."""
        self.files.put("b.ipynb", b"{}")
        listed = self.call("file.list")
        self.assertEqual((listed["path"], listed["total"]), ("", 3))
        self.assertEqual([(e["name"], e["path"], e["kind"]) for e in listed["entries"]],
                         [("d", "d", "folder"), ("a.txt", "a.txt", "file"), ("b.ipynb", "b.ipynb", "notebook")])  # fmt: skip
        part = self.call("file.list", offset=1, limit=1)
        self.assertEqual(([e["name"] for e in part["entries"]], part["total"]), (["a.txt"], 3))
        self.files.put("d/x.py", b"")
        (entry,) = self.call("file.list", path="d")["entries"]
        self.assertEqual((entry["name"], entry["path"]), ("x.py", "d/x.py"))
        self.refused("not_found", "file.list", path="nope")
        self.refused("file_fault", "file.list", path="a.txt")

    def test_which_session_is_open_on_a_file(self) -> None:
        """And what its kernel does."""
        self.call("file.create", path="d/n.ipynb")
        session = self.call("session.create", path="d/n.ipynb", cwd=".")["id"]
        found = self.call("file.stat", path="d/n.ipynb")
        self.assertEqual((found["session"], found["kernel_state"]), (session, None))
        self.call("kernel.start", session=session, kernelspec="python3")
        (entry,) = self.call("file.list", path="d")["entries"]
        self.assertEqual((entry["session"], entry["kernel_state"]), (session, "starting"))
        self.assertEqual(self.call("file.stat", path="a.txt")["session"], None)

    def test_content_is_text_or_base64(self) -> None:
        """Text where it is UTF-8; a part ends before a character that it would cut."""
        self.files.put("u", "aé€😀z".encode())
        table = [
            ({}, "aé€😀z", "utf-8"), ({"limit": 1}, "a", "utf-8"), ({"limit": 2}, "a", "utf-8"), ({"limit": 3}, "aé", "utf-8"),
            ({"limit": 5}, "aé", "utf-8"), ({"offset": 6, "limit": 4}, "😀", "utf-8"), ({"offset": 6, "limit": 3}, "8J+Y", "base64"),
            ({"offset": 2}, base64.b64encode("aé€😀z".encode()[2:]).decode(), "base64"), ({"offset": 99}, "", "utf-8"),
        ]  # fmt: skip
        for params, content, encoding in table:
            found = self.call("file.read", path="u", **params)
            self.assertEqual((found["content"], found["encoding"], found["size"]), (content, encoding, 11), params)
        self.files.put("b", b"\xff\x00")
        self.assertEqual(self.call("file.read", path="b")["content"], "/wA=")
        self.refused("file_fault", "file.read", path="d")
        self.refused("invalid_params", "file.read", path="a.txt", limit=2_000_000)


class Changing(FileMethodsTestCase):
    """write, create, rename, copy, delete."""

    def test_a_file_is_written(self) -> None:
        """As text or base64, when it is the one that was meant."""
        made = self.call("file.write", path="n", content="é", if_match="missing")
        self.assertEqual((made["size"], self.files.body("n")), (2, "é".encode()))
        made = self.call("file.write", path="n", content="/wA=", encoding="base64", if_match=made["etag"])
        self.assertEqual(self.files.body("n"), b"\xff\x00")
        fault = self.refused("conflict", "file.write", path="n", content="", if_match="other")
        self.assertEqual((fault.code, fault.facts["etag"]), (-32016, made["etag"]))
        for content in ("%%%", "é"):
            self.refused("invalid_params", "file.write", path="n", content=content, encoding="base64")

    def test_notebooks_are_made_with_a_cell_and_a_kernelspec(self) -> None:
        """nbformat 4.5; an unknown kernelspec is told before anything is made."""
        made = self.call("file.create", path="n.ipynb", kernelspec="python3")
        self.assertEqual(made["kind"], "notebook")
        body = json.loads(self.files.body("n.ipynb"))
        self.assertEqual((body["nbformat"], body["nbformat_minor"], len(body["cells"])), (4, 5, 1))
        self.assertEqual((body["cells"][0]["cell_type"], body["cells"][0]["source"]), ("code", []))
        self.assertEqual(body["metadata"]["kernelspec"]["name"], "python3")
        self.call("file.create", path="plain.ipynb")
        self.assertEqual(json.loads(self.files.body("plain.ipynb"))["metadata"], {})
        self.refused("unknown_kernelspec", "file.create", path="x.ipynb", kernelspec="nope")
        self.refused("invalid_params", "file.create", path="x.txt")
        self.refused("invalid_params", "file.create", path="x", kind="file", kernelspec="python3")
        self.assertEqual(self.names(), ["d", "a.txt", "n.ipynb", "plain.ipynb"])

    def test_a_name_that_is_taken(self) -> None:
        """Is told, or with `unique` another one is found."""
        self.refused("already_exists", "file.create", path="a.txt", kind="file")
        made = [self.call("file.create", path="a.txt", kind="file", unique=True)["name"] for _ in range(3)]
        self.assertEqual(made, ["a 2.txt", "a 3.txt", "a 4.txt"])
        made = [self.call("file.create", path="d", kind="folder", unique=True)["name"] for _ in range(2)]
        self.assertEqual(made, ["d 2", "d 3"])
        made = [self.call("file.create", path="d/Untitled.ipynb", unique=True)["path"] for _ in range(2)]
        self.assertEqual(made, ["d/Untitled.ipynb", "d/Untitled 2.ipynb"])

    def test_copies(self) -> None:
        """At a path, or beside it."""
        self.assertEqual(self.call("file.copy", path="a.txt")["path"], "a 2.txt")
        self.assertEqual(self.call("file.copy", path="a.txt", to="d/b.txt")["path"], "d/b.txt")
        self.refused("already_exists", "file.copy", path="a.txt", to="d/b.txt")

    def test_sessions_follow_their_file(self) -> None:
        """By its own new name, and by that of a folder above."""
        self.call("file.create", path="d/n.ipynb")
        session = self.call("session.create", path="d/n.ipynb", cwd=".")["id"]
        for path, to, wanted in (("d/n.ipynb", "d/m.ipynb", "d/m.ipynb"), ("d", "e", "e/m.ipynb")):
            self.call("file.rename", path=path, to=to)
            self.rig.turn()
            self.assertEqual(self.call("session.get", session=session)["path"], wanted)
            self.assertEqual(self.call("file.stat", path=wanted)["session"], session)
        self.call("file.rename", path="e", to="e")
        self.refused("already_exists", "file.rename", path="a.txt", to="e")
        self.refused("invalid_params", "file.rename", path="e", to="e/f")

    def test_sessions_say_that_their_file_is_gone(self) -> None:
        """And keep what they have."""
        self.call("file.create", path="d/n.ipynb")
        session = self.call("session.create", path="d/n.ipynb", cwd=".")["id"]
        self.assertEqual(self.refused("file_fault", "file.delete", path="d").facts["reason"], "not_empty")
        self.call("file.delete", path="d", recursive=True)
        self.rig.turn()
        self.assertIsNotNone(self.call("notebook.get", session=session)["conflict"])
        self.assertEqual(len(self.call("cell.list", session=session)["cells"]), 1)
        self.refused("not_found", "file.delete", path="d", recursive=True)


class FolderWatch(FileMethodsTestCase):
    """watch, unwatch."""

    def test_changes_are_told_to_who_watches(self) -> None:
        """As `folder_changed`, until they do not want it any more."""
        client = self.rig.client()
        client.call("file.watch", path="d")
        client.call("file.watch")
        self.files.put("d/x", b"1")
        told = [json.loads(message) for message in client.sent]
        self.assertEqual(told, [{"jsonrpc": "2.0", "method": "folder_changed", "params": {"path": "d"}}])
        client.call("file.unwatch", path="d")
        client.call("file.unwatch", path="never")
        self.files.put("d/x", b"2")
        self.assertEqual(len(client.sent), 1)
        self.files.put("y", b"2")
        self.assertEqual(len(client.sent), 2)

    def test_a_watch_ends_with_its_connection(self) -> None:
        """Also one that is asked for while it ends."""
        client = self.rig.client()
        client.call("file.watch", path="d")
        client.connection.leave()
        self.assertEqual(self.files.watches["d"], [])
        client.call("file.watch", path="d")
        self.assertEqual((self.files.watches["d"], client.connection.watches), ([], {}))

    def test_the_same_folder_twice_is_one_watch(self) -> None:
        """A change is told once."""
        client = self.rig.client()
        client.call("file.watch", path="d")
        client.call("file.watch", path="d")
        self.files.put("d/x", b"1")
        self.assertEqual(len(client.sent), 1)

    def test_a_slow_reader_is_told_once(self) -> None:
        """Of each folder, when it reads again."""
        client = self.rig.client()
        client.call("file.watch", path="d")
        client.call("file.watch", path="")
        client.connection.pause()
        for number in range(10):
            self.files.put("d/x", b"%d" % number)
            self.files.put("x", b"%d" % number)
        self.assertEqual(client.sent, [])
        client.connection.resume()
        self.assertEqual([json.loads(m)["params"]["path"] for m in client.sent], ["d", ""])
        client.connection.pause()
        self.files.put("d/x", b"z")
        client.call("file.unwatch", path="d")
        client.connection.resume()
        self.assertEqual(len(client.sent), 2)

    def test_what_cannot_be_watched(self) -> None:
        """A file, nothing, too many folders, and anything over POST."""
        self.refused("file_fault", "file.watch", path="a.txt")
        self.refused("not_found", "file.watch", path="nope")
        self.assertIn(
            "WebSocket", self.refused("invalid_request", "file.watch", self.rig.client(can_notify=False)).message
        )
        client = self.rig.client()
        for number in range(MAX_WATCHES):
            self.call("file.create", path=f"f{number}", kind="folder")
            client.call("file.watch", path=f"f{number}")
        self.assertEqual(self.refused("too_large", "file.watch", client, path="d").facts["limit"], MAX_WATCHES)
        client.call("file.watch", path="f0")
