"""webipy.io.jupyter.contents, webipy.io.jupyter.content_models, webipy.io.jupyter.checkpoints, webipy.io.jupyter.chunks,
webipy.io.jupyter.kept_files, webipy.io.jupyter.trust and webipy.io.jupyter.whole_files: the routes of files, documents, checkpoints and trust,
in the real tree."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import fail

from tests.fake_files import FakeFiles
from tests.test_documents import notebook, sources
from tests.test_jupyter_routes import JupyterTestCase
from tests.test_site import Answer
from webipy.core import errors
from webipy.io.jupyter import contents, kept_files, trust
from webipy.io.jupyter.content_models import copy_names, new_names
from webipy.io.jupyter.kept_files import KeptFiles
from webipy.io.jupyter.trust import Trust

DISPLAY = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>"}}


class ContentsTestCase(JupyterTestCase):
    """Some files, and a client."""

    def setUp(self) -> None:
        super().setUp()
        self.files: Any = self.rig.disk.files
        self.files.put("plots/a.png", b"\xff\x00")
        self.files.put("a.txt", "ä text".encode())
        self.files.put("a.ipynb", notebook("x = 1", "y = 2"))

    def at(self, method: str, path: str, model: Any = None, /, **query: str) -> Answer:
        """A request for a path, with a model as its body."""
        more = "&".join(f"{name}={value}" for name, value in query.items())
        body = b"" if model is None else json.dumps(model).encode()
        return self.api(method, f"{f'/api/contents/{quote(path)}'.rstrip('/')}?{more}", body)

    def get(self, path: str, **query: str) -> Any:
        """The model of a path."""
        answer = self.at("GET", path, **query)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def status(self, method: str, path: str, model: Any = None, **query: str) -> tuple[int, str]:
        """The status of an answer, and what it says."""
        answer = self.at(method, path, model, **query)
        return answer.status, answer.json()["message"] if answer.status >= 400 else ""


class Reading(ContentsTestCase):
    """GET."""

    def test_a_folder_lists_what_is_in_it(self) -> None:
        """Without the content of that; with its types."""
        model = self.get("")
        self.assertEqual(
            (model["type"], model["format"], model["size"], model["mimetype"]), ("directory", "json", None, None)
        )
        kinds = {one["name"]: (one["type"], one["content"], one["mimetype"], one["size"]) for one in model["content"]}
        self.assertEqual(kinds["plots"], ("directory", None, None, None))
        self.assertEqual(kinds["a.txt"], ("file", None, "text/plain", 7))
        self.assertEqual(kinds["a.ipynb"][:2], ("notebook", None))
        self.assertIsNone(self.get("plots", content="0")["content"])

    def test_a_file_is_text_or_base64(self) -> None:
        """As it is, or as it is asked for; its hash is that of its bytes."""
        model = self.get("a.txt", hash="1")
        self.assertEqual((model["content"], model["format"], model["mimetype"]), ("ä text", "text", "text/plain"))
        self.assertEqual((len(model["hash"]), model["hash_algorithm"], model["writable"]), (64, "sha256", True))
        model = self.get("plots/a.png")
        self.assertEqual((base64.b64decode(model["content"]), model["format"]), (b"\xff\x00", "base64"))
        self.assertEqual((model["mimetype"], model["hash"]), ("image/png", None))
        self.assertEqual(self.get("a.txt", format="base64")["format"], "base64")
        self.assertEqual(self.get("a.ipynb", type="file")["format"], "text")

    def test_times_are_those_of_the_file(self) -> None:
        """With microseconds, in the model; as HTTP has them in the header."""
        answer = self.at("GET", "a.txt")
        self.assertRegex(answer.json()["last_modified"], r"\.\d{6}Z$")
        self.assertRegex(answer.headers["last-modified"], " GMT$")

    def test_a_large_file_is_read_in_pieces(self) -> None:
        """Whole, and of one state: one that is replaced meanwhile is read again."""
        body = bytes(range(256)) * 10_000
        self.files.put("large.bin", body)
        self.assertEqual(base64.b64decode(self.get("large.bin")["content"]), body)

    def test_what_cannot_be_asked_for(self) -> None:
        """Each with a status and words of its own."""
        for path, query, status, words in (
            ("none.txt", {}, 404, "does not exist"),
            (".hidden", {}, 404, "does not exist"),
            ("plots/../../x", {}, 404, "does not exist"),
            ("plots/.x/a", {}, 404, "does not exist"),
            ("plots", {"type": "file"}, 400, "plots is a directory, not a file"),
            ("a.txt", {"type": "directory"}, 400, "a.txt is not a directory"),
            ("a.txt", {"type": "notebook"}, 400, ""),
            ("a.txt", {"content": "2"}, 400, "Content '2' is invalid"),
            ("a.txt", {"hash": "x"}, 400, "Hash 'x' is invalid"),
            ("a.txt", {"format": "json"}, 400, "Format 'json' is invalid"),
            ("plots/a.png", {"format": "text"}, 400, "is not UTF-8"),
        ):
            found = self.status("GET", path, **query)
            self.assertEqual((found[0], words in found[1]), (status, True), (path, query, found))

    def test_a_notebook_is_read_from_its_document(self) -> None:
        """As it is now, before it is saved; texts in one piece."""
        session = self.rig.me.call("session.create", path="a.ipynb")["id"]
        self.rig.me.call("cell.set_source", session=session, cell="c0", source="line 1\nline 2")
        model = self.get("a.ipynb", hash="1")
        self.assertEqual([cell["source"] for cell in model["content"]["cells"]], ["line 1\nline 2", "y = 2"])
        self.assertEqual((model["format"], model["hash_algorithm"]), ("json", "webipy-text-sha256"))
        self.assertEqual(model["content"]["cells"][0]["metadata"], {"trusted": True})

    def test_what_is_wrong_in_a_notebook_is_said(self) -> None:
        """What could be repaired, beside the rest; what is none is refused."""
        self.files.put(
            "wrong.ipynb", json.dumps({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "no"}]}).encode()
        )
        self.assertIn("validation failed", self.get("wrong.ipynb")["message"])
        self.files.put("none.ipynb", b"{")
        self.assertEqual(self.status("GET", "none.ipynb")[0], 400)
        self.assertEqual(self.get("none.ipynb", type="file")["content"], "{")


class Making(ContentsTestCase):
    """POST."""

    def test_names_of_new_files(self) -> None:
        """The first free one, of the type that is asked for."""
        for model, name, kind in (
            ({}, "untitled", "file"),
            ({"ext": ".txt"}, "untitled.txt", "file"),
            ({"ext": ".txt"}, "untitled1.txt", "file"),
            ({"type": "notebook"}, "Untitled.ipynb", "notebook"),
            ({"ext": ".ipynb"}, "Untitled1.ipynb", "notebook"),
            ({"type": "directory"}, "Untitled Folder", "directory"),
            ({"type": "directory"}, "Untitled Folder 1", "directory"),
        ):
            answer = self.at("POST", "plots", model)
            found = answer.json()
            self.assertEqual((answer.status, found["path"], found["type"]), (201, f"plots/{name}", kind))
            self.assertEqual(answer.headers["location"], f"/api/contents/plots/{quote(name)}")

    def test_names_of_copies(self) -> None:
        """A copy of a copy counts on; in another folder the name is free."""
        self.assertEqual([next(names) for names in [copy_names("a-Copy7.tar.gz")] * 2], ["a.tar.gz", "a-Copy1.tar.gz"])
        self.assertEqual([next(names) for names in [new_names("b", " ")] * 2], ["b", "b 1"])
        for source, folder, path in (
            ("a.ipynb", "", "a-Copy1.ipynb"),
            ("a-Copy1.ipynb", "", "a-Copy2.ipynb"),
            ("a.ipynb", "plots", "plots/a.ipynb"),
            ("a.ipynb", "plots", "plots/a-Copy1.ipynb"),
            ("plots", "", "plots-Copy1"),
            ("plots", "new", "new/plots"),
        ):
            answer = self.at("POST", folder, {"copy_from": source})
            self.assertEqual((answer.status, answer.json().get("path")), (201, path), answer.body)

    def test_what_cannot_be_made(self) -> None:
        """In a file, in no folder, at a hidden place."""
        for path, model, status in (
            ("a.txt", {}, 400),
            ("none", {}, 404),
            (".x", {}, 400),
            ("", {"copy_from": ".x"}, 400),
            ("", {"copy_from": "none"}, 404),
            ("none", {"copy_from": "a.txt"}, 404),
            ("", {"ext": "/../x"}, 400),
            ("", 5, 400),
        ):
            self.assertEqual(self.status("POST", path, model)[0], status, (path, model))
        self.patch(contents, "new_names", lambda name, between: iter(["../x"]))
        self.assertEqual(self.status("POST", "", {})[0], 400)


class Writing(ContentsTestCase):
    """PUT."""

    def test_files(self) -> None:
        """As text or base64; 201 for a new one."""
        text = {"type": "file", "format": "text", "content": "ü"}
        answer = self.at("PUT", "new.txt", text)
        self.assertEqual(
            (answer.status, answer.json()["content"], self.files.body("new.txt")), (201, None, "ü".encode())
        )
        bytes_ = {"type": "file", "format": "base64", "content": base64.encodebytes(b"\xff" * 99).decode()}
        self.assertEqual(self.at("PUT", "new.txt", bytes_).status, 200)
        self.assertEqual(self.files.body("new.txt"), b"\xff" * 99)
        self.assertEqual(self.at("PUT", "empty.txt", {"type": "file", "format": "text"}).status, 201)
        self.assertEqual(self.files.body("empty.txt"), b"")

    def test_folders_and_new_notebooks(self) -> None:
        """A folder that is there stays; a notebook without content is a new one."""
        for _ in range(2):
            self.assertEqual(self.at("PUT", "deep", {"type": "directory"}).json()["type"], "directory")
        self.assertEqual(self.at("PUT", "deep/b.ipynb", {"type": "notebook"}).status, 201)
        self.assertEqual(self.at("PUT", "deep/c.ipynb", {"format": "json"}).json()["type"], "notebook")
        self.assertEqual(self.at("PUT", "deep").json()["path"], "deep/untitled")

    def test_a_notebook_goes_into_its_document(self) -> None:
        """What the client changed, and nothing else: outputs and edits that came meanwhile stay."""
        session = self.rig.me.call("session.create", path="a.ipynb")["id"]
        model = self.get("a.ipynb", hash="1")
        self.rig.me.call("cell.set_source", session=session, cell="c0", source="newer")
        model["content"]["cells"][1]["source"] = "theirs"
        self.assertNotEqual(self.get("a.ipynb", content="0", hash="1")["hash"], model["hash"])
        answer = self.at("PUT", "a.ipynb", model)
        self.assertEqual((answer.status, answer.json()["type"]), (200, "notebook"))
        self.assertEqual(sources(self.files.body("a.ipynb")), ["newer", "theirs"])
        self.assertEqual(self.at("PUT", "b.ipynb", {"type": "notebook", "content": model["content"]}).status, 201)
        self.assertNotIn(b"webipy_copy", self.files.body("b.ipynb"))

    def test_a_file_that_was_changed_since_it_was_read_is_not_replaced(self) -> None:
        """When the model says what was read; who wrote it last may write it again."""
        model = {**self.get("a.txt"), "content": "mine"}
        self.assertEqual([self.at("PUT", "a.txt", model).status for _ in range(2)], [200, 200])
        hashed = {**self.get("a.txt", hash="1"), "content": "mine too"}
        self.rig.clock.advance(5)
        self.rig.wait(self.files.write("a.txt", b"theirs", None))
        for stale in ({**model, "last_modified": "2001-01-01T00:00:00Z"}, hashed):
            status, words = self.status("PUT", "a.txt", stale)
            self.assertEqual((status, "was changed since you read it" in words), (409, True))
        self.assertEqual(self.files.body("a.txt"), b"theirs")
        self.assertEqual(self.at("PUT", "a.txt", {"type": "file", "format": "text", "content": "all"}).status, 200)

    def test_what_cannot_be_written(self) -> None:
        """And nothing changes."""
        text = {"type": "file", "format": "text", "content": "x"}
        for path, model, status in (
            (".x.txt", text, 400),
            ("plots/.x/a", text, 400),
            ("b.txt", {**text, "path": ".x"}, 400),
            ("b.txt", {"copy_from": "a.txt"}, 400),
            ("b.txt", {**text, "format": "json"}, 400),
            ("b.txt", {**text, "content": 5}, 400),
            ("b.txt", {**text, "format": "base64", "content": "%"}, 400),
            ("b.txt", {**text, "chunk": 2}, 400),
            ("none/b.txt", text, 404),
            ("a.txt", {"content": "x", "format": "text"}, 400),
            ("a.txt", {"type": "file", "format": "text"}, 400),
            ("a.txt", {"type": "directory"}, 400),
            ("plots", text, 400),
            ("a.ipynb", {"type": "notebook"}, 400),
            ("a.ipynb", {"type": "notebook", "content": {}, "chunk": 1}, 400),
            ("a.ipynb", {"type": "notebook", "content": {}}, 400),
            ("a.ipynb", [], 400),
        ):
            self.assertEqual(self.status("PUT", path, model)[0], status, (path, model))
        self.assertEqual(self.files.writes, 0)

    def test_a_file_in_parts_appears_when_it_is_whole(self) -> None:
        """The first part begins anew."""
        root = self.file_tree.root.path
        for content, chunk in (("old", 1), ("a", 1), ("b", 2), ("c", -1)):
            self.assertEqual([one.name for one in Path(root).iterdir() if not one.name.startswith(".")], [])
            model = {"type": "file", "format": "text", "content": content, "chunk": chunk}
            if chunk == -1:
                self.files.put("parts.txt", b"abc")  # where the answer is read from, in this test
            self.assertIn(self.at("PUT", "parts.txt", model).status, (200, 201))
        self.assertEqual((Path(root) / "parts.txt").read_text(), "abc")


class Moving(ContentsTestCase):
    """PATCH and DELETE."""

    def test_another_path(self) -> None:
        """Never over something."""
        answer = self.at("PATCH", "a.txt", {"path": "plots/ä.txt"})
        self.assertEqual((answer.status, answer.json()["path"]), (200, "plots/ä.txt"))
        self.assertEqual(answer.headers["location"], "/api/contents/plots/%C3%A4.txt")
        for path, model, status in (
            ("a.ipynb", {"path": "plots"}, 409),
            ("a.ipynb", {}, 400),
            ("a.ipynb", {"path": ".x"}, 400),
            (".x", {"path": "y"}, 400),
            ("none", {"path": "y"}, 404),
            ("", {"path": "y"}, 409),
        ):
            self.assertEqual(self.status("PATCH", path, model)[0], status, (path, model))

    def test_deleting(self) -> None:
        """Goes to the trash, with all that a folder holds; sessions that were opened for calls alone are closed."""
        self.at("PUT", "a.ipynb", {"type": "notebook", "content": json.loads(notebook("z"))})
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), 1)
        for path, status in (("a.ipynb", 204), ("plots", 204), ("none", 404), (".x", 400), ("", 400)):
            self.assertEqual(self.at("DELETE", path).status, status, path)
        self.assertEqual(self.rig.me.call("session.list")["sessions"], [])
        self.assertEqual({one["path"] for one in self.rig.me.call("trash.list")["entries"]}, {"a.ipynb", "plots"})

    def test_where_there_is_no_trash(self) -> None:
        """A file goes for good, as clients have asked; a folder that holds something stays."""
        none = errors.FileFault("There is no trash.", reason="no_trash", path="")

        self.patch(type(self.rig.services.world.trash), "put", lambda *_: fail(none))
        self.assertEqual(self.at("DELETE", "a.txt").status, 204)
        self.assertEqual(self.at("DELETE", "plots").status, 400)
        self.assertIn("plots/a.png", self.files.entries)


class CheckpointTests(ContentsTestCase):
    """Checkpoints, and trust."""

    def place(self, path: str, *parts: str) -> str:
        """The address of the checkpoints of a file."""
        return "/".join([f"/api/contents/{path}/checkpoints", *parts])

    def checkpoints(self, path: str, change: Any) -> None:
        """Makes, lists, restores and deletes one."""
        self.assertEqual(self.api("GET", self.place(path)).json(), [])
        made = self.api("POST", self.place(path))
        self.assertEqual((made.status, made.headers["location"]), (201, self.place(path, "checkpoint")))
        change()
        self.assertEqual(self.api("GET", self.place(path)).json(), [made.json()])
        self.assertEqual(self.api("POST", self.place(path, "other")).status, 404)
        self.assertEqual(self.api("POST", self.place(path, "checkpoint")).status, 204)
        self.assertEqual(self.api("DELETE", self.place(path, "checkpoint")).status, 204)
        self.assertEqual(self.api("GET", self.place(path)).json(), [])
        self.assertEqual(self.api("DELETE", self.place(path, "checkpoint")).status, 404)

    def test_of_a_notebook(self) -> None:
        """It is in the history of the document."""

        def change() -> None:
            self.at("PUT", "a.ipynb", {"type": "notebook", "content": json.loads(notebook("z"))})

        self.checkpoints("a.ipynb", change)
        self.assertEqual(sources(self.files.body("a.ipynb")), ["x = 1", "y = 2"])

    def test_of_another_file(self) -> None:
        """It is a copy, which follows the file."""

        def change() -> None:
            self.rig.wait(self.files.write("a.txt", b"newer", None))

        self.checkpoints("a.txt", change)
        self.assertEqual(self.files.body("a.txt"), "ä text".encode())
        self.files.put("wrong.ipynb", b"{")
        self.checkpoints("wrong.ipynb", lambda: None)
        made = self.api("POST", self.place("plots/a.png")).json()
        self.at("PATCH", "plots", {"path": "pictures"})
        self.assertEqual(self.api("GET", self.place("pictures/a.png")).json(), [made])
        self.at("DELETE", "pictures")
        self.assertEqual(KeptFiles(self.state / "jupyter" / "checkpoints").find("pictures/a.png"), None)
        self.assertEqual(self.api("POST", self.place("none")).status, 404)
        self.at("PUT", "folder", {"type": "directory"})
        self.assertEqual(self.api("POST", self.place("folder")).status, 400)

    def test_copies_are_limited(self) -> None:
        """The oldest ones make room, never the newest."""
        self.patch(kept_files, "MOST_BYTES", 10)
        self.patch(kept_files, "MOST_PASSED", 2)
        kept = KeptFiles(Path(self.mktemp()))
        for name in "abc":
            kept.put(name, b"x" * 6, "t")
            kept.pass_over(name, 5)
        self.assertEqual([kept.find(name) is not None for name in "abc"], [False, False, True])
        self.assertEqual([kept.passed_over(name) for name in "abc"], [0, 5, 5])
        self.assertEqual(kept.body("none"), None)

    def test_trust(self) -> None:
        """Text needs none; what a client has run, or somebody has trusted, is trusted, also after a start of the server."""
        self.files.put(
            "t.ipynb", notebook("a", "b", c0=[DISPLAY], c1=[{"output_type": "stream", "name": "stdout", "text": "x"}])
        )

        def trusted(path: str = "t.ipynb") -> list[bool]:
            return [cell["metadata"]["trusted"] for cell in self.get(path)["content"]["cells"]]

        self.assertEqual(trusted(), [False, True])
        self.assertEqual(self.api("POST", "/api/contents/t.ipynb/trust").status, 201)
        self.assertEqual(trusted(), [True, True])
        self.assertEqual(self.api("POST", "/api/contents/none.ipynb/trust").status, 404)
        ran = json.loads(notebook("c", c0=[{**DISPLAY, "data": {"text/html": ["<i>", "</i>"]}}]))
        ran["cells"][0]["metadata"]["trusted"] = True
        self.at("PUT", "r.ipynb", {"type": "notebook", "content": ran})
        self.assertEqual(trusted("r.ipynb"), [True])
        again = Trust(self.state / "jupyter" / "trusted")
        cell = json.loads(bytes(again.marked(notebook("a", c0=[DISPLAY]))))["cells"][0]
        self.assertEqual(cell["metadata"]["trusted"], True)

    def test_trust_is_limited(self) -> None:
        """What was trusted first is forgotten; what is no notebook says nothing."""
        self.patch(trust, "MOST_TRUSTED", 1)
        known = Trust(Path(self.mktemp()) / "trusted")
        for html in ("<a>", "<b>", "<b>"):
            known.learn(notebook("a", c0=[{**DISPLAY, "data": {"text/html": html}}]), is_all=True)
        known.learn(b"{", is_all=True)
        known.learn(b'{"cells": [5]}', is_all=True)
        self.assertEqual(len(known.file.read_text().split()), 1)


class Changing(ContentsTestCase):
    """Files that are written while they are read."""

    def test_a_file_that_is_written_all_the_time(self) -> None:
        """Is given up after some tries."""
        self.files.put("large.bin", b"x" * 3_000_000)
        read = FakeFiles.read

        def changed(files: FakeFiles, path: str, offset: int = 0, limit: int | None = None) -> Any:
            if offset:
                self.rig.clock.advance(1)
                files.put(path, b"x" * 3_000_000)
            return read(files, path, offset, limit)

        self.patch(FakeFiles, "read", changed)
        self.assertEqual(self.status("GET", "large.bin")[0], 409)
