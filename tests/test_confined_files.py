"""Files under a confinement, on a real disk: webipy.server.ports.confinement where webipy.io.files asks it, and `/files` for people with accounts."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
from hypothesis import given, strategies
from twisted.internet import reactor
from twisted.internet.defer import Deferred, execute, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.accounts import give, known, principal
from tests.fakes import TOKEN, FakeGrants, examples
from tests.test_files_resource import FilesSiteTestCase
from tests.test_site import Answer, Socket
from webipy.core import errors
from webipy.core.api import grants
from webipy.core.api.access import Principal, Verb
from webipy.core.api.scopes import Scopes
from webipy.io.files.files import FileThreads, RootFiles, files_below
from webipy.io.files.trash import RootTrash, TrashBins
from webipy.io.web.files_resource import FilesResource
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.site import build_site
from webipy.server.people.rights import Rights
from webipy.server.ports.confinement import Confinement, confined
from webipy.server.ports.files import TableQuery


class ConfinedTestCase(SynchronousTestCase):
    """A root in which `mine` is ours, `shared` may be read, and `theirs` is nothing to us."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).resolve()
        for folder in ("mine/deep", "shared", "theirs"):
            (self.path / folder).mkdir(parents=True)
        for name in ("mine/a.txt", "shared/s.csv", "theirs/secret.csv", "theirs/secret.ipynb"):
            (self.path / name).write_text("a,b\n1,2\n")
        self.files: RootFiles = files_below(self.path, (), Clock(), execute, is_notified=False)
        self.addCleanup(self.files.tree.root.close)
        self.held: dict[str, Verb] = {"mine": "own", "shared": "read"}

    def verb_at(self, path: str) -> Verb:
        """The right at a path."""
        return self.held.get(path.partition("/")[0], "none")

    @contextlib.contextmanager
    def within(self, strongest: Verb = "read", **needed: Verb) -> Iterator[None]:
        """As a call that needs a verb, and others at paths that it names."""
        with confined(Confinement(self.verb_at, strongest, needed)):
            yield

    def fails(self, call: Callable[..., Deferred[Any]], *arguments: Any) -> None:
        """A call finds nothing there, and changes nothing."""
        before = self.disk()
        fault = self.failureResultOf(call(*arguments)).value
        self.assertIsInstance(fault, errors.NotFound, (call, arguments, fault))
        self.assertEqual(self.disk(), before)

    def disk(self) -> list[tuple[str, bytes | str | None]]:
        """All that is there."""
        found: list[tuple[str, bytes | str | None]] = []
        for path in sorted(self.path.rglob("*")):
            name = str(path.relative_to(self.path))
            found.append(
                (name, os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None)
            )
        return found


class Links(ConfinedTestCase):
    """Where a path leads counts, not how it is written."""

    def links(self) -> list[str]:
        """Links in our own folder to what is not ours, of every kind; the paths that go through them."""
        mine = self.path / "mine"
        (mine / "file").symlink_to("../theirs/secret.csv")
        (mine / "folder").symlink_to("../theirs")
        (mine / "whole").symlink_to(self.path / "theirs")
        (mine / "up").symlink_to("..")
        (mine / "chain").symlink_to("folder")
        (mine / "new").symlink_to("../theirs/new.csv")
        (mine / "notebook.ipynb").symlink_to("../theirs/secret.ipynb")
        return [
            "mine/file",
            "mine/folder/secret.csv",
            "mine/whole/secret.csv",
            "mine/up/theirs/secret.csv",
            "mine/chain/secret.csv",
            "mine/up/mine/up/theirs/secret.csv",
            "theirs/secret.csv",
        ]

    def test_no_link_leads_to_what_is_not_shared(self) -> None:
        """Read, looked at, written, listed, copied, packed: nothing is there."""
        paths, files = self.links(), self.files
        with self.within("write"):
            self.assertEqual(self.successResultOf(files.stat("mine/file")).kind, "other")
            for path in paths:
                if path != "mine/file":
                    self.fails(files.stat, path)
                self.fails(files.resolved, path)
                self.fails(files.read, path)
                self.fails(files.rows, TableQuery(path, 0, 10))
                self.fails(files.read_folded, path, 1000)
                self.fails(files.write, path, b"gone", None)
                self.fails(files.copy, path, "mine/copy.csv")
                self.fails(files.check_place, path, "mine/a.txt")
            for folder in ("mine/folder", "mine/whole", "mine/chain", "mine/up", "theirs", ""):
                self.fails(files.list, folder, 0, 100)
                self.fails(files.create, f"{folder}/x.txt".lstrip("/"), "file")
                self.fails(files.survey, folder, [])
            self.fails(files.write, "mine/new", b"x", None)
            self.fails(files.rename, "mine/a.txt", "mine/folder/a.txt")
            self.fails(files.rename, "mine/folder/secret.csv", "mine/s.csv")
            self.fails(files.delete, "mine/folder/secret.csv", False)
            self.fails(files.delete, "theirs", True)

    def test_a_link_to_what_is_shared_may_be_followed(self) -> None:
        """With the right that one has where it leads."""
        (self.path / "mine/link").symlink_to("../shared/s.csv")
        with self.within("read"):
            self.assertEqual(self.successResultOf(self.files.read("mine/link"))[0], b"a,b\n1,2\n")
            self.assertEqual(self.successResultOf(self.files.resolved("mine/link")), "shared/s.csv")
        with self.within("write"):
            self.fails(self.files.write, "mine/link", b"x", None)

    def test_links_are_listed_and_lead_nowhere(self) -> None:
        """In an own folder: as what cannot be opened, so an archive has none of it."""
        self.links()
        with self.within("read"):
            entries, _ = self.successResultOf(self.files.list("mine", 0, 100))
            kinds = {entry.path: entry.kind for entry in entries}
            found = self.successResultOf(self.files.survey("mine", []))
        self.assertEqual(
            {kinds[f"mine/{name}"] for name in ("file", "folder", "whole", "up", "chain", "new")}, {"other"}
        )
        self.assertFalse([path for path in found.paths if "secret" in path or "theirs" in path], found)

    def test_a_link_is_moved_and_deleted_as_itself(self) -> None:
        """What it leads to stays."""
        self.links()
        with self.within("write"):
            self.successResultOf(maybeDeferred(self.files.delete, "mine/file", False))
            self.successResultOf(maybeDeferred(self.files.delete, "mine/folder", False))
        self.assertTrue((self.path / "theirs/secret.csv").exists())

    def test_a_folder_that_becomes_a_link_at_the_wrong_moment(self) -> None:
        """After the right was looked at, and before the file is opened."""
        files, swapped = self.files, self.path / "mine/deep"
        (swapped / "secret.csv").write_text("mine")
        opened = files.tree.root._open

        def swap(*arguments: Any) -> int:
            if swapped.exists() and not swapped.is_symlink():
                swapped.rename(self.path / "mine/old")
                swapped.symlink_to("../theirs")
            return opened(*arguments)

        with (
            mock.patch.object(type(files.tree.root), "_open", lambda root, *arguments: swap(*arguments)),
            self.within("write"),
        ):
            fault = self.failureResultOf(files.read("mine/deep/secret.csv")).value
        self.assertIsInstance(fault, errors.NotFound)

    def test_a_right_that_ends_during_a_call(self) -> None:
        """The next file that it opens is not there."""
        with self.within("read"):
            self.successResultOf(self.files.read("shared/s.csv"))
            del self.held["shared"]
            self.fails(self.files.read, "shared/s.csv")

    def test_the_verb_counts_where_each_is_needed(self) -> None:
        """A copy reads here and writes there."""
        needed: dict[str, Verb] = {"shared/s.csv": "read", "mine/s.csv": "write"}
        with self.within("write", **needed):
            self.successResultOf(self.files.copy("shared/s.csv", "mine/s.csv"))
        with self.within("write"):
            self.fails(self.files.copy, "shared/s.csv", "mine/t.csv")

    def test_a_file_alone_that_is_shared(self) -> None:
        """It is read and written, and nothing beside it; its folder is not to be looked into."""
        self.verb_at = lambda path: "write" if path == "theirs/secret.csv" else "none"  # type: ignore[method-assign]
        with self.within("write"):
            self.successResultOf(self.files.write("theirs/secret.csv", b"new", None))
            self.fails(self.files.list, "theirs", 0, 10)
            self.fails(self.files.write, "theirs/other.csv", b"", None)
            self.fails(self.files.read, "theirs/secret.ipynb")


NAMES = strategies.sampled_from(("a", "b", "A", "\u00e9", "e\u0301", "lab", "Lab"))
TARGETS = strategies.lists(strategies.one_of(NAMES, strategies.just("..")), max_size=4).map("/".join)
TREES = strategies.lists(strategies.tuples(strategies.lists(NAMES, max_size=3), NAMES, TARGETS), max_size=8)
ASKED = strategies.lists(strategies.one_of(NAMES, strategies.sampled_from(("..", ".", ""))), max_size=5).map("/".join)


class TokenFolders(ConfinedTestCase):
    """Script tokens for a folder: what they open lies in it, whoever's they are."""

    def setUp(self) -> None:
        super().setUp()
        self.rights = Rights(FakeGrants(), lambda: "", lambda session: None)

    def opened_by_token(self, folder: str, path: str) -> str | None:
        """Where that is what a token of whoever runs the server opens; `None`: nothing is there for it."""
        scopes = Scopes(folder=folder)
        by = self.rights.confinement(Principal("ada", "own", "t", token="ci", scopes=scopes), "write")
        outcome: list[str] = []
        with confined(by):
            self.files.resolved(path).addCallbacks(
                outcome.append, lambda failure: failure.trap(errors.Failure) and None
            )
        return outcome[0] if outcome else None

    def test_what_is_opened_lies_in_the_folder(self) -> None:
        """In any tree of folders and links, by any path: what `realpath` says, and the name of what was opened; a path that does not leave opens."""

        @examples(150)
        @given(TREES, NAMES, ASKED)
        def holds(tree: list[tuple[list[str], str, str]], folder: str, path: str) -> None:
            shutil.rmtree(self.path / "t", ignore_errors=True)
            (self.path / "t" / folder).mkdir(parents=True)
            (self.path / "t" / folder / "f").write_text("x")
            for above, name, target in tree:
                at = self.path / "t" / "/".join(above)
                with contextlib.suppress(OSError):  # a link stands there, or nothing can
                    at.mkdir(parents=True, exist_ok=True)
                    (at / name).symlink_to(target) if target else (at / name).write_text("x")
            asked = f"t/{path}"
            real = os.path.realpath(self.path / asked)
            inside = os.path.realpath(self.path / "t" / folder)
            opened = self.opened_by_token(f"t/{folder}", asked)
            if opened is not None:
                assert str(self.path / opened) == real, (opened, real)
                assert (real + "/").startswith(inside + "/"), (tree, folder, path)
            elif real == str(self.path / asked) and os.path.isfile(real):
                assert not (real + "/").startswith(inside + "/"), (tree, folder, path)

        holds()

    def test_a_person_keeps_their_rights_in_it(self) -> None:
        """A token of a member has both: what it is for, and no more than its person may."""
        rights = self.rights
        rights.grants = grants.Grants([grants.Grant("mine", "account id-ada", "write", "", "")])
        for folder, path, may in (
            ("mine", "mine/a.txt", True),
            ("mine/deep", "mine/a.txt", False),
            ("shared", "shared/s.csv", False),
        ):
            by = rights.confinement(attrs.evolve(principal("Ada"), scopes=Scopes(folder=folder)), "write")
            assert by is not None
            self.assertEqual(by.allows(path), may, (folder, path))
        self.assertIsNone(
            rights.confinement(attrs.evolve(principal("Root", "admin"), scopes=Scopes(read=True)), "read")
        )
        self.assertIsNone(rights.confinement(None, "read"))


class Searching(ConfinedTestCase):
    """Names that are found, and what was deleted."""

    def test_a_search_finds_what_may_be_read(self) -> None:
        """Whoever searched first: the names that were read for all are not shown to all, nor are those of one all there are."""
        with self.within("read"):
            mine = self.successResultOf(self.files.find("s csv", 1))
        self.assertEqual([one.path for one in mine.records], ["shared/s.csv"])
        everything = self.successResultOf(self.files.find("csv", 10))
        self.assertEqual({one.path for one in everything.records}, {"shared/s.csv", "theirs/secret.csv"})

    def test_the_trash_shows_what_came_from_there(self) -> None:
        """And gives nothing back that did not, nor to where nothing may be made."""
        home = Path(self.mktemp()).resolve()
        trash = RootTrash(TrashBins(self.files.tree, self.files.moves, home), execute)
        gone = [self.successResultOf(trash.put(path, True)) for path in ("mine/a.txt", "theirs/secret.csv")]
        with self.within("write"):
            (found,) = self.successResultOf(trash.list(10))
            self.assertEqual((found.path, found.location), ("mine/a.txt", ""))
            self.fails(trash.restore, "theirs/secret.csv", gone[1].id, None)
            self.fails(trash.restore, "mine/a.txt", gone[0].id, "theirs/a.txt")
            self.fails(trash.restore, "mine/a.txt", gone[1].id, None)
            self.fails(trash.put, "theirs/secret.ipynb", True)
            self.successResultOf(trash.restore("mine/a.txt", gone[0].id, None))


class Threads(TestCase):
    """Work that waits in a queue."""

    async def test_a_confinement_goes_along_into_threads_and_queues(self) -> None:
        """That of the call that asked, whoever has asked before and after."""
        path = Path(self.mktemp()).resolve()
        for name in ("a", "b"):
            (path / name).mkdir(parents=True)
            (path / name / "f.txt").write_text(name)
        threads = FileThreads(reactor)
        threads.start()
        self.addCleanup(threads.stop)
        files = files_below(path, (), reactor, threads.run, is_notified=False)
        self.addCleanup(files.tree.root.close)
        self.addCleanup(files.stop)
        asked = []
        for number in range(20):
            only = "ab"[number % 2]
            with confined(Confinement(lambda path, only=only: "own" if path.startswith(only) else "none", "write")):  # type: ignore[misc]
                asked.append(
                    (only, files.survey("a", []), files.copy("b/f.txt", f"b/{number}.txt"), files.read("a/f.txt"))
                )
        free = files.survey("a", [])
        for only, survey, copy, read in asked:
            for work, allowed in ((survey, "a"), (copy, "b"), (read, "a")):
                try:
                    await work
                    self.assertEqual(only, allowed)
                except errors.NotFound:
                    self.assertNotEqual(only, allowed)
        self.assertTrue((await free).paths)


class Addresses(FilesSiteTestCase):
    """`/files` for people with accounts."""

    def setUp(self) -> None:
        super().setUp()
        for folder in ("mine", "shared", "theirs"):
            (self.path / folder).mkdir()
            (self.path / folder / "f.txt").write_text(folder)
        (self.path / "mine/link").symlink_to("../theirs/f.txt")
        self.auth = attrs.evolve(self.auth, rights=self.rig.services.rights)
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, execute)
        resource = FilesResource(self.auth, self.files)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, {b"files": resource})
        self.site.timeOut, self.site.reactor = None, Clock()
        known(self.rig, "Ada", "Eve")
        self.rig.disk.files.put("mine/f.txt", b"")
        self.rig.disk.files.put("shared/f.txt", b"")
        give(self.rig, "mine", "own", "ada")
        give(self.rig, "shared", "read")
        self.who: Principal | None = principal("Ada")
        self.patch(type(self.auth.logins), "principal_of", lambda logins, given: self.who)

    def test_what_may_be_read_and_written(self) -> None:
        """By path, and by where that leads; as who runs the server, everything."""
        table = {
            "mine/f.txt": (200, 200),
            "shared/f.txt": (200, 403),
            "theirs/f.txt": (403, 403),
            "mine/link": (404, 404),
            "": (403, 403),
            "theirs/nothing": (403, 403),
            "mine/../theirs/f.txt": (403, 403),
            "mine/%2e%2e/theirs/f.txt": (403, 403),
            "mine//f.txt": (403, 403),
            "//mine/f.txt": (403, 403),
        }
        for path, expected in table.items():
            got, put = self.get(path).status, self.put(path, b"new").status
            self.assertEqual((got, put), expected, path)
        self.assertEqual(self.content("theirs/f.txt"), b"theirs")
        self.who = principal("Eve", "viewer")
        self.assertEqual([self.get(path).status for path in ("shared/f.txt", "mine/f.txt")], [200, 403])
        self.assertEqual(self.put("shared/f.txt", b"x").status, 403)
        self.who = principal("Root", "admin")
        self.assertEqual(self.get("theirs/f.txt").status, 200)
        self.who = None
        self.assertEqual(self.get("shared/f.txt").status, 401)

    def test_an_archive_opens_its_files_as_who_asked(self) -> None:
        """Also those whose turn comes when the request has long begun."""
        answer = self.get("mine?zip=1")
        with zipfile.ZipFile(io.BytesIO(self.body(answer))) as archive:
            held = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
        self.assertEqual(held["mine/f.txt"], b"mine")
        self.assertNotIn(b"theirs", b"".join(content for name, content in held.items() if name != "left-out.txt"))

    def body(self, answer: Answer) -> bytes:
        """The body, also one that came in chunks."""
        if answer.headers.get("transfer-encoding") != "chunked":
            return answer.body
        body, rest = b"", answer.body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            body, rest = body + rest[:length], rest[length + 2 :]
        return body

    def test_a_right_that_ends_while_a_body_comes(self) -> None:
        """Nothing is put in place."""
        protocol, transport = self.connected()
        head = f"PUT /files/mine/new.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 4\r\n\r\n"
        protocol.dataReceived(head.encode() + b"ab")
        self.turns(10)
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.rights.change([], [("mine", "account id-ada")])))
        protocol.dataReceived(b"cd")
        self.turns(20)
        self.assertIn(b" 403 ", transport.value().split(b"\r\n")[0])
        self.assertFalse((self.path / "mine/new.txt").exists())
        self.assertEqual(self.hidden(), [])
