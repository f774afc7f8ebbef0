"""webipy.io.files.files and what it is made of: one contract for the fake and the real one, and what only a real folder can do."""

from __future__ import annotations

import errno
import os
import random
import shutil
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock, deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.fake_files import FakeFiles
from webipy.core import errors
from webipy.core.free_names import free_names
from webipy.core.timestamps import rfc3339_of_ns
from webipy.io.files import atomic_write, file_tree, folder_watch, in_place, root_folder
from webipy.io.files.atomic_write import DRAFT_SECONDS, UPLOAD_SECONDS, Sweeper, draft_name, etag_of
from webipy.io.files.file_tree import natural_key
from webipy.io.files.files import FileThreads, files_below
from webipy.io.files.folder_watch import GATHER_SECONDS, LOOK_SECONDS
from webipy.io.files.moves import MAX_DEPTH
from webipy.io.files.root_folder import RootFolder, exchange
from webipy.io.reactor import TimedReactor

CLOCK = cast(TimedReactor, reactor)

NO_PATHS = [
    "/", "/etc/passwd", "//", "a//b", "a/", "..", "../x", "a/../b", "a/..", ".", "./a", "a/./b", "a\0b", "\0",
    "\ud800", "a/\udfff.txt", "x" * 256, "é" * 128, "a/" * 2049 + "b", "/" + "a" * 10,
]  # fmt: skip
"""No paths at all."""

HIDDEN = [".env", ".git", ".git/config", "a/.b", "a/.b/c", "...", ".a.webipy-01234567"]
"""Paths that are told as not being there."""


def open_below(folder: Path) -> list[str]:
    """What this process has open below a folder."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{fd}"))
        except FileNotFoundError:
            continue  # that of the listing itself
    return [path for path in found if path.startswith(f"{folder}/")]


class FilesTestCase(SynchronousTestCase):
    """Some files."""

    files: Any

    def failed(self, kind: type[errors.Failure], told: Deferred[Any], *words: str) -> Any:
        """The failure, of exactly this kind, with these words in its message."""
        failure = self.failureResultOf(told).value
        self.assertEqual(type(failure), kind, failure)
        for word in words:
            self.assertIn(word, failure.message)
        return failure

    def read(self, path: str) -> bytes:
        """What a file holds."""
        return cast(bytes, self.successResultOf(self.files.read(path))[0])

    def names(self, path: str = "") -> list[str]:
        """The paths in a folder."""
        return [record.path for record in self.successResultOf(self.files.list(path, 0, 10_000))[0]]


class FilesContract:
    """What every implementation of `Files` holds to."""

    assertEqual: Any
    assertNotEqual: Any
    assertRaises: Any
    successResultOf: Any
    failed: Any
    read: Any
    names: Any
    files: Any

    def test_a_file_that_was_moved_is_found(self) -> None:
        """The very file, in another folder, also when a copy of it is nearer; what was deleted is not."""
        self.successResultOf(self.files.create("a", "folder"))
        self.successResultOf(self.files.create("a/b", "folder"))
        record = self.successResultOf(self.files.create("x.ipynb", "notebook", b"{}"))
        self.assertEqual(self.successResultOf(self.files.seek("x.ipynb", record.etag)).path, "x.ipynb")
        self.successResultOf(self.files.copy("x.ipynb", "copy.ipynb"))
        moved = self.successResultOf(self.files.rename("x.ipynb", "a/b/é.ipynb"))
        self.assertEqual(self.successResultOf(self.files.seek("x.ipynb", record.etag)), moved)
        self.successResultOf(self.files.delete("a/b/é.ipynb", False))
        self.assertEqual(self.successResultOf(self.files.seek("x.ipynb", record.etag)), None)

    def test_files_are_found_by_their_names(self) -> None:
        """Anywhere below the root, each word in any case; nothing for no word."""
        for path in ("Plots", "Plots/deep"):
            self.successResultOf(self.files.create(path, "folder"))
        for path in ("may.csv", "Plots/deep/May Figures.csv", "Plots/june.csv"):
            self.successResultOf(self.files.create(path, "file", b""))

        def found(query: str, limit: int = 10) -> tuple[list[str], bool]:
            result = self.successResultOf(self.files.find(query, limit))
            return [record.path for record in result.records], result.is_complete

        self.assertEqual(found("may"), (["may.csv", "Plots/deep/May Figures.csv"], True))
        self.assertEqual(found("may", 1), (["may.csv"], True))
        self.assertEqual(found("CSV plots"), (["Plots/june.csv", "Plots/deep/May Figures.csv"], True))
        self.assertEqual(found(" "), ([], True))
        self.assertEqual(found("nope"), ([], True))

    def test_what_was_written_is_read(self) -> None:
        """Whole, and in parts; and what is told of it."""
        record = self.successResultOf(self.files.write("a.txt", b"0123456789", None))
        self.assertEqual((record.path, record.kind, record.size, record.is_writable), ("a.txt", "file", 10, True))
        self.assertEqual(self.successResultOf(self.files.stat("a.txt")), record)
        self.assertEqual(self.successResultOf(self.files.read("a.txt")), (b"0123456789", record))
        for offset, limit, wanted in (
            (0, 4, b"0123"),
            (4, 100, b"456789"),
            (9, 1, b"9"),
            (10, 5, b""),
            (99, None, b""),
        ):
            self.assertEqual(self.successResultOf(self.files.read("a.txt", offset, limit))[0], wanted)

    def test_a_write_means_one_file(self) -> None:
        """An etag, `missing`, or whatever is there; another one is a conflict with its etag, and nothing has changed."""
        first = self.successResultOf(self.files.write("a.txt", b"1", "missing"))
        self.assertEqual(
            self.failed(errors.Conflict, self.files.write("a.txt", b"x", "missing")).facts["etag"], first.etag
        )
        second = self.successResultOf(self.files.write("a.txt", b"2", first.etag))
        self.assertNotEqual(first.etag, second.etag)
        fault = self.failed(errors.Conflict, self.files.write("a.txt", b"x", first.etag))
        self.assertEqual(fault.facts["etag"], second.etag)
        self.assertEqual(self.read("a.txt"), b"2")
        self.successResultOf(self.files.write("a.txt", b"3", None))
        self.assertEqual(self.read("a.txt"), b"3")
        self.assertEqual(self.failed(errors.Conflict, self.files.write("b.txt", b"x", first.etag)).facts["etag"], None)
        self.assertEqual(self.names(), ["a.txt"])

    def test_things_are_made_once(self) -> None:
        """Folders, notebooks, files; a name that is taken is told."""
        self.assertEqual(self.successResultOf(self.files.create("d", "folder")).kind, "folder")
        self.assertEqual(self.successResultOf(self.files.create("d/n.ipynb", "notebook", b"{}")).kind, "notebook")
        self.assertEqual(self.successResultOf(self.files.create("d/e", "file")).size, 0)
        for kind in ("folder", "notebook", "file"):
            self.failed(errors.AlreadyExists, self.files.create("d", cast(Any, kind)))
            self.failed(errors.AlreadyExists, self.files.create("d/n.ipynb", cast(Any, kind)))
        self.failed(errors.NotFound, self.files.create("nope/x", "file"))
        self.failed(errors.NotFound, self.files.write("nope/x", b"", None))
        self.assertEqual(self.names("d"), ["d/e", "d/n.ipynb"])

    def test_a_folder_is_listed_in_order_and_in_parts(self) -> None:
        """Folders first, then by name without regard to case, numbers by their value."""
        for name in ("b10.txt", "b9.txt", "B1.txt", "a.ipynb", "Z"):
            self.successResultOf(self.files.write(name, b"", None))
        for name in ("z", "f10", "f2"):
            self.successResultOf(self.files.create(name, "folder"))
            self.successResultOf(self.files.write(f"{name}/in", b"", None))
        wanted = ["f2", "f10", "z", "a.ipynb", "B1.txt", "b9.txt", "b10.txt", "Z"]
        self.assertEqual(self.names(), wanted)
        for offset, limit in ((0, 3), (3, 3), (6, 3), (8, 3), (100, 1)):
            entries, total = self.successResultOf(self.files.list("", offset, limit))
            self.assertEqual(([e.path for e in entries], total), (wanted[offset : offset + limit], len(wanted)))
        self.assertEqual(self.successResultOf(self.files.stat("")).kind, "folder")
        self.assertEqual(self.failed(errors.FileFault, self.files.list("Z", 0, 1)).facts["reason"], "not_a_folder")
        self.failed(errors.NotFound, self.files.list("Z/x", 0, 1))
        self.failed(errors.NotFound, self.files.list("nope", 0, 1))

    def test_things_get_another_path(self) -> None:
        """Files, and folders with all they hold; never over something, and not into themselves."""
        self.successResultOf(self.files.create("d", "folder"))
        self.successResultOf(self.files.write("d/a", b"1", None))
        self.successResultOf(self.files.write("b", b"2", None))
        self.assertEqual(self.successResultOf(self.files.rename("d", "e")).path, "e")
        self.assertEqual((self.read("e/a"), self.names()), (b"1", ["e", "b"]))
        self.assertEqual(self.successResultOf(self.files.rename("b", "b")).path, "b")
        self.failed(errors.AlreadyExists, self.files.rename("b", "e"))
        self.failed(errors.AlreadyExists, self.files.rename("b", "e/a"))
        self.failed(errors.InvalidParams, self.files.rename("e", "e/f"), "itself")
        self.failed(errors.NotFound, self.files.rename("nope", "x"))
        self.failed(errors.NotFound, self.files.rename("b", "nope/x"))
        self.assertEqual((self.read("b"), self.read("e/a")), (b"2", b"1"))

    def test_things_are_copied(self) -> None:
        """To a path, or beside themselves under the next free name."""
        self.successResultOf(self.files.create("d", "folder"))
        self.successResultOf(self.files.write("d/x.txt", b"1", None))
        self.assertEqual(self.successResultOf(self.files.copy("d/x.txt", None)).path, "d/x 2.txt")
        self.assertEqual(self.successResultOf(self.files.copy("d/x.txt", None)).path, "d/x 3.txt")
        self.assertEqual(self.successResultOf(self.files.copy("d/x 2.txt", None)).path, "d/x 4.txt")
        self.assertEqual(self.successResultOf(self.files.copy("d", None)).path, "d 2")
        self.assertEqual(self.successResultOf(self.files.copy("d", "e")).kind, "folder")
        self.assertEqual(self.names("e"), ["e/x.txt", "e/x 2.txt", "e/x 3.txt", "e/x 4.txt"])
        self.assertEqual(self.read("e/x 4.txt"), b"1")
        self.failed(errors.AlreadyExists, self.files.copy("d/x.txt", "e"))
        self.failed(errors.InvalidParams, self.files.copy("d", "d/y"), "itself")
        self.failed(errors.NotFound, self.files.copy("nope", None))

    def test_things_are_deleted(self) -> None:
        """A folder that holds something only on request."""
        self.successResultOf(self.files.create("d", "folder"))
        self.successResultOf(self.files.write("d/a", b"1", None))
        self.successResultOf(self.files.write("b", b"2", None))
        self.assertEqual(self.failed(errors.FileFault, self.files.delete("d", False)).facts["reason"], "not_empty")
        self.successResultOf(self.files.delete("b", False))
        self.assertEqual(self.names(), ["d"])
        self.successResultOf(self.files.delete("d", True))
        self.assertEqual(self.names(), [])
        self.failed(errors.NotFound, self.files.delete("d", True))

    def test_what_is_no_path_is_told_by_every_call(self) -> None:
        """With what is wrong with it; what is hidden is not there."""
        self.successResultOf(self.files.write("a", b"", None))
        for path in NO_PATHS + HIDDEN:
            kind = errors.NotFound if path in HIDDEN else errors.InvalidParams
            for told in (
                self.files.list(path, 0, 1), self.files.stat(path), self.files.read(path), self.files.write(path, b"", None),
                self.files.create(path, "file"), self.files.rename(path, "b"), self.files.rename("a", path),
                self.files.copy(path, None), self.files.copy("a", path), self.files.delete(path, True),
            ):  # fmt: skip
                fault = self.failed(kind, told)
                fault.message.encode()
            self.assertRaises(kind, self.files.watch, path, lambda: None)
        self.assertEqual(self.names(), ["a"])


class FakeFilesTests(FilesContract, FilesTestCase):
    """The fake."""

    def setUp(self) -> None:
        self.files = FakeFiles()


class RootTestCase(FilesTestCase):
    """A real folder; what blocks is done at once."""

    files: Any
    has_openat2 = True

    def setUp(self) -> None:
        self.above = Path(self.mktemp()).resolve()
        self.addCleanup(lambda: self.assertEqual(open_below(self.above), []))
        self.path = self.above / "root"
        self.path.mkdir(parents=True)
        self.hidden = self.path / "state"
        self.clock = Clock()
        self.files = files_below(self.path, (self.hidden,), self.clock, execute, is_notified=False)
        self.files.tree.root.has_openat2 &= self.has_openat2
        self.addCleanup(self.files.tree.root.close)

    def left_behind(self) -> list[str]:
        """Hidden names below the root."""
        return [path.name for path in self.path.rglob(".*")]


class RootFilesTests(FilesContract, RootTestCase):
    """The real one."""


class WalkedFilesTests(FilesContract, RootTestCase):
    """The real one where the kernel has no openat2."""

    has_openat2 = False


class Inside(RootTestCase):
    """Nothing outside the root, by any trick."""

    def setUp(self) -> None:
        super().setUp()
        (self.above / "secret").write_bytes(b"outside")
        (self.above / "folder").mkdir()
        (self.above / "folder" / "secret").write_bytes(b"outside")
        (self.path / "in").mkdir()
        (self.path / "in" / "file").write_bytes(b"inside")

    def link(self, name: str, to: object) -> None:
        """A link below the root."""
        (self.path / name).symlink_to(str(to))

    def test_links_that_stay_below_the_root_work(self) -> None:
        """Relative, absolute, to folders, through `..` that does not rise above the root, and in chains."""
        self.link("relative", "in/file")
        self.link("absolute", self.path / "in" / "file")
        self.link("folder", "in")
        self.link("absolute folder", self.path / "in")
        self.link("root", self.path)
        self.link("in/up", "../in/../in/file")
        self.link("chain", "absolute folder/up")
        self.link("dots", "./in/./file")
        for path in ("relative", "absolute", "folder/file", "absolute folder/file", "root/in/file", "in/up", "chain", "dots",
                     "root/root/folder/up"):  # fmt: skip
            self.assertEqual(self.read(path), b"inside", path)
            self.assertEqual(self.successResultOf(self.files.stat(path)).kind, "file", path)
        self.assertEqual(self.names("folder"), ["folder/file", "folder/up"])
        self.assertEqual(self.successResultOf(self.files.stat("folder")).kind, "folder")

    def test_links_that_lead_out_are_refused_and_shown_as_other(self) -> None:
        """Files, folders, absolute, relative, `..`, in the middle of a path, the links of /proc."""
        self.link("file", "../secret")
        self.link("absolute", self.above / "secret")
        self.link("folder", "../folder")
        self.link("in/deep", "../../folder")
        self.link("sibling", str(self.path) + "-other")
        self.link("above", "..")
        self.link("slash", "/")
        self.link("proc", "/proc/self/root")
        self.link("cwd", "/proc/self/cwd")
        self.link("back", f"../{self.path.name}/in/file")
        outs = ["file", "absolute", "folder/secret", "in/deep/secret", "above/secret", "slash/etc/passwd", "proc/etc/passwd",
                "cwd/x", "back", "sibling", "above/root/in/file"]  # fmt: skip
        for path in outs:
            for told in (self.files.read(path), self.files.write(path, b"mine", None), self.files.list(path, 0, 1)):
                fault = self.failed(errors.FileFault, told, "leads out of the root")
                self.assertEqual(fault.facts["reason"], "outside", path)
        for path in ("in/deep/new", "folder/new", "above/new"):
            self.failed(errors.FileFault, self.files.create(path, "folder"), "leads out of the root")
            self.failed(errors.FileFault, self.files.rename("in/file", path), "leads out of the root")
            self.failed(errors.FileFault, self.files.copy("in/file", path), "leads out of the root")
        kinds = {record.path: record.kind for record in self.successResultOf(self.files.list("", 0, 100))[0]}
        self.assertEqual({kind for path, kind in kinds.items() if path != "in"}, {"other"})
        self.assertEqual(self.successResultOf(self.files.stat("file")).kind, "other")
        self.assertEqual((self.above / "secret").read_bytes(), b"outside")
        self.assertEqual(
            sorted(path.name for path in self.above.rglob("*") if path.is_file() and not path.is_symlink()),
            ["file", "secret", "secret"],
        )

    def test_a_link_itself_is_moved_and_deleted_and_what_it_leads_to_stays(self) -> None:
        """Also one that leads out, or nowhere."""
        self.link("out", "../folder")
        self.link("to", "in/file")
        self.link("nowhere", "nope")
        for name in ("out", "to", "nowhere"):
            self.successResultOf(self.files.rename(name, f"{name}2"))
            copied = self.successResultOf(self.files.copy(f"{name}2", f"{name}3", entry=True))
            self.assertEqual(os.readlink(self.path / copied.path), os.readlink(self.path / f"{name}2"))
            self.successResultOf(self.files.delete(f"{name}2", True))
            self.successResultOf(self.files.delete(f"{name}3", True))
        self.assertEqual((self.above / "folder" / "secret").read_bytes(), b"outside")
        self.assertEqual(self.read("in/file"), b"inside")

    def test_a_copy_of_a_link_is_one_of_what_it_leads_to(self) -> None:
        """So that who writes to the copy changes nothing else; a link that leads out, or nowhere, has nothing to copy."""
        self.link("to", "in/file")
        self.link("folder", "in")
        self.link("out", "../folder")
        self.link("nowhere", "nope")
        self.assertEqual(self.successResultOf(self.files.copy("to", "copy")).kind, "file")
        self.assertEqual(self.successResultOf(self.files.copy("folder", "tree")).kind, "folder")
        self.successResultOf(self.files.write("copy", b"other", None))
        self.successResultOf(self.files.write("tree/file", b"other", None))
        self.assertEqual(self.read("in/file"), b"inside")
        self.failed(errors.FileFault, self.files.copy("out", "no"))
        self.failed(errors.NotFound, self.files.copy("nowhere", "no"))
        self.failed(errors.InvalidParams, self.files.copy("folder", "in/itself"), "itself")

    def test_what_a_file_would_replace_is_known_before(self) -> None:
        """Nothing, another file, or the file itself, by whatever name; what cannot be replaced is refused."""
        self.link("to", "in/file")
        os.link(self.path / "in" / "file", self.path / "hard")
        (self.path / "other").write_bytes(b"x")
        (self.path / "empty").mkdir()
        for path, placing in (
            ("new", "free"),
            ("other", "taken"),
            ("in/file", "source"),
            ("to", "source"),
            ("hard", "source"),
        ):
            self.assertEqual(self.successResultOf(self.files.check_place(path, "in/file")), placing, path)
        self.failed(errors.FileFault, self.files.check_place("empty", "in/file"), "no file")
        self.failed(errors.NotFound, self.files.check_place("ghost/new", "in/file"), "no folder")

    def test_links_in_a_circle_are_told(self) -> None:
        """And end."""
        self.link("a", "b")
        self.link("b", "a")
        self.assertIn("too many links", self.failed(errors.FileFault, self.files.read("a")).message)
        self.assertIn("too many links", self.failed(errors.FileFault, self.files.write("a", b"", None)).message)

    def test_what_is_hidden_is_not_reached_by_links(self) -> None:
        """Files and folders, by links to them, to links to them and through them; what only goes past them is there."""
        (self.path / ".git" / "deep").mkdir(parents=True)
        for path in (".env", ".git/config", ".git/deep/file"):
            (self.path / path).write_bytes(b"hidden")
        self.link("file", ".env")
        self.link("absolute", self.path / ".env")
        self.link("folder", ".git")
        self.link("in/up", "../.git/deep")
        self.link("chain", "in/up/file")
        self.link("new", ".made")
        self.link("past", ".git/../in/file")
        self.failed(errors.FileFault, self.files.read("new"), "hidden")  # though it does not exist
        self.failed(errors.FileFault, self.files.write("new", b"mine", None), "hidden")
        for path in ("file", "absolute", "folder/config", "in/up/file", "chain"):
            for told in (self.files.read(path), self.files.write(path, b"mine", None), self.files.copy(path, None)):
                fault = self.failed(errors.FileFault, told, "hidden")
                self.assertEqual(fault.facts["reason"], "hidden", path)
        for path in ("folder", "in/up", "folder/deep"):
            self.failed(errors.FileFault, self.files.list(path, 0, 1), "hidden")
            self.failed(errors.FileFault, self.files.create(f"{path}/new", "folder"), "hidden")
            self.failed(errors.FileFault, self.files.rename("in/file", f"{path}/new"), "hidden")
        self.failed(errors.FileFault, self.files.delete("folder/config", False), "hidden")
        self.assertEqual((self.read("past"), self.successResultOf(self.files.stat("file")).kind), (b"inside", "other"))
        self.assertEqual({path.read_bytes() for path in self.path.rglob(".git/**/*") if path.is_file()}, {b"hidden"})
        self.assertFalse((self.path / ".made").exists())
        self.successResultOf(self.files.rename("file", "other name"))  # the links themselves are files like others
        self.successResultOf(self.files.delete("folder", False))
        self.assertTrue((self.path / ".git").is_dir())

    def test_a_root_below_a_hidden_folder_is_shown(self) -> None:
        """What counts is the way from the root on; also when the root has just been given another name."""
        (self.above / ".work" / "root" / "in").mkdir(parents=True)
        inner = files_below(self.above / ".work" / "root", (), self.clock, execute, is_notified=False)
        self.addCleanup(inner.tree.root.close)
        self.successResultOf(inner.write("in/file", b"x", None))
        (self.above / ".work" / "root").rename(self.above / ".moved")
        self.assertEqual(self.successResultOf(inner.read("in/file"))[0], b"x")
        self.assertEqual(len(self.successResultOf(inner.list("", 0, 10))[0]), 1)

    def test_whatever_a_folder_holds_is_told_clearly(self) -> None:
        """Links of all kinds, fifos and sockets, at random: every call works or says what is in its way."""
        chance = random.Random(11)
        names = ["a", "b", "c", "d", ".e", "in/x", "in/.y"]
        for _ in range(60):
            for name in names:
                path = self.path / name
                if path.is_symlink() or path.is_fifo() or path.is_file():
                    path.unlink()
                kind = chance.choice(["link", "link", "link", "fifo", "file"])
                if kind == "link":
                    self.link(
                        name, "/".join(chance.choices([*names, "..", ".", "in", "../root"], k=chance.randint(1, 3)))
                    )
                elif kind == "fifo":
                    os.mkfifo(path)
                else:
                    path.write_bytes(b"hidden" if "." in name else b"inside")
            for name in (*names, "in", "a/x", "b/a", "in/x/a"):
                for call in (
                    lambda name: self.files.read(name),
                    lambda name: self.files.stat(name),
                    lambda name: self.files.list(name, 0, 5),
                    lambda name: self.files.write(name, b"inside", None),
                ):
                    told: list[Any] = []
                    call(name).addBoth(told.append)
                    if isinstance(told[0], Failure):
                        fault = told[0].value
                        assert isinstance(fault, errors.Failure), told[0]
                        self.assertNotEqual(fault.facts.get("reason"), "failed", fault)
                    elif isinstance(told[0], tuple) and isinstance(told[0][0], bytes):
                        self.assertEqual(told[0][0], b"inside", name)

    def test_the_servers_own_folder_is_not_there(self) -> None:
        """By its name, by links, in lists; and what holds it is neither moved, copied nor deleted."""
        self.hidden.mkdir()
        (self.hidden / "token").write_bytes(b"secret")
        self.link("to", "state/token")
        self.link("folder", "state")
        self.link("in/up", self.hidden)
        for path in ("state", "folder", "in/up"):
            self.failed(errors.NotFound, self.files.list(path, 0, 1))
        for path in ("state", "state/token", "to", "folder", "folder/token", "in/up/token"):
            self.failed(errors.NotFound, self.files.read(path))
            self.failed(errors.NotFound, self.files.write(path, b"", None))
        self.assertEqual(self.successResultOf(self.files.stat("to")).kind, "other")
        self.assertEqual(self.names(), ["in", "folder", "to"])
        for path in ("state", "state/token"):
            self.failed(errors.NotFound, self.files.delete(path, True))
            self.failed(errors.NotFound, self.files.rename(path, "mine"))
            self.failed(errors.NotFound, self.files.copy(path, "mine"))
            self.failed(errors.NotFound, self.files.rename("in/file", path))
        inner = files_below(self.path, (self.path / "in" / "deep",), self.clock, execute, is_notified=False)
        self.addCleanup(inner.tree.root.close)
        (self.path / "in" / "deep").mkdir()
        for told in (inner.delete("in", True), inner.rename("in", "x"), inner.copy("in", "x")):
            self.assertIn("server itself", self.failed(errors.FileFault, told).message)
        self.assertEqual((self.path / "in" / "file").read_bytes(), b"inside")

    def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(self) -> None:
        """Somebody replaces it all the time; whatever is read, written or listed is below the root."""
        other, is_over = self.path / "other", threading.Event()
        self.link("other", "../folder")
        swapped = self.path / "swapped"
        swapped.mkdir()
        (swapped / "secret").write_bytes(b"inside")

        def swap() -> None:
            folder = os.open(self.path, os.O_RDONLY)
            while not is_over.is_set():
                exchange(folder, b"swapped", b"other")
            os.close(folder)

        thread = threading.Thread(target=swap)
        thread.start()
        seen: set[bytes] = set()
        try:
            end = time.monotonic() + 10
            while len(seen) < 2 and time.monotonic() < end:  # until both were met; then some more
                for _ in range(200):
                    seen.add(self.tried("swapped"))
        finally:
            is_over.set()
            thread.join()
        self.assertTrue(other.exists() or swapped.exists())
        self.assertLessEqual(seen, {b"inside", b"refused"})
        self.assertEqual((self.above / "folder" / "secret").read_bytes(), b"outside")
        self.assertEqual(os.listdir(self.above / "folder"), ["secret"])

    def tried(self, path: str) -> bytes:
        """What reading gives; writing and making are tried, too."""
        tree = self.files.tree
        try:
            tree.write(f"{path}/mine", b"x", None)
            tree.entries(path, 0, 10)
            return cast(bytes, tree.read(f"{path}/secret", 0, None)[0])
        except errors.Failure:
            return b"refused"


class InsideWalked(Inside):
    """The same without openat2."""

    has_openat2 = False


class Saves(RootTestCase):
    """How files are written."""

    def test_the_file_keeps_its_mode_and_a_link_stays(self) -> None:
        """What is replaced is the content; a new file has the mode of any new file here."""
        script = self.path / "script"
        script.write_bytes(b"1")
        script.chmod(0o750)
        os.setxattr(script, "user.note", b"kept") if self.has_attributes() else None
        (self.path / "link").symlink_to("script")
        self.successResultOf(self.files.write("link", b"2", None))
        self.assertEqual((script.read_bytes(), stat.S_IMODE(script.stat().st_mode)), (b"2", 0o750))
        self.assertTrue((self.path / "link").is_symlink())
        if self.has_attributes():
            self.assertEqual(os.getxattr(script, "user.note"), b"kept")
        umask = os.umask(0o027)
        try:
            self.successResultOf(self.files.write("new", b"", None))
        finally:
            os.umask(umask)
        self.assertEqual(stat.S_IMODE((self.path / "new").stat().st_mode), 0o640)

    def has_attributes(self) -> bool:
        """Whether this file system has extended attributes."""
        try:
            os.setxattr(self.path, "user.try", b"")
        except OSError:
            return False
        return True

    def test_a_link_to_nowhere_is_filled(self) -> None:
        """What it leads to is made, where that is below the root."""
        (self.path / "link").symlink_to("real")
        self.successResultOf(self.files.write("link", b"1", "missing"))
        self.assertEqual((self.path / "real").read_bytes(), b"1")

    def test_what_is_no_file_is_not_written(self) -> None:
        """A folder, a fifo, a socket, and what looks like a folder and is a file."""
        os.mkfifo(self.path / "fifo")
        (self.path / "folder").mkdir()
        (self.path / "file").write_bytes(b"")
        for path in ("fifo", "folder"):
            self.assertEqual(
                self.failed(errors.FileFault, self.files.write(path, b"", None)).facts["reason"], "not_a_file"
            )
            self.assertEqual(self.failed(errors.FileFault, self.files.read(path)).facts["reason"], "not_a_file")
        self.failed(errors.FileFault, self.files.write("file/x", b"", None), "no folder")
        self.failed(errors.NotFound, self.files.read("file/x"))
        self.failed(errors.InvalidParams, self.files.write("", b"", None), "root itself")
        self.assertEqual(self.successResultOf(self.files.stat("fifo")).kind, "other")

    def test_a_change_in_between_is_never_overwritten(self) -> None:
        """Another program writes just before the names change: it is found, put back and told, and what it wrote is there."""
        table: list[tuple[str, Callable[[Path], object], bytes | None]] = [
            ("replaced", lambda path: self.replace(path, b"theirs"), b"theirs"),
            ("in place", lambda path: path.write_bytes(b"theirs!"), b"theirs!"),
            ("deleted", lambda path: path.unlink(), None),
        ]
        for what, act, wanted in table:
            path = self.path / what
            path.write_bytes(b"before")
            record = self.successResultOf(self.files.stat(what))
            self.before_exchange(lambda path=path, act=act: act(path))  # type: ignore[misc]  # bound at once
            fault = self.failed(errors.Conflict, self.files.write(what, b"ours", record.etag))
            there = path.read_bytes() if path.exists() else None
            self.assertEqual(there, wanted, what)
            self.assertEqual(fault.facts["etag"], etag_of(path.stat()) if path.exists() else None, what)
            self.assertEqual(self.left_behind(), [], what)

    def test_a_draft_that_is_closed_is_gone_or_kept(self) -> None:
        """It is removed, unless it is to be gone on with; its file is open no more either way, and to close it twice does nothing."""
        folder = os.open(self.path, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        for is_kept in (False, True):
            draft = atomic_write.Draft.begin(folder, b"a", None)
            draft.is_kept = is_kept
            draft.close()
            draft.close()
            self.assertEqual((draft.fd, open_below(self.path)), (-1, []))
            self.assertEqual(len(self.left_behind()), int(is_kept))

    def before_exchange(self, *acts: Callable[[], object]) -> None:
        """Lets another program act before each exchange of names in turn."""
        rest = list(acts)

        def exchanged(folder: int, name: bytes, other: bytes) -> bool:
            if rest:
                rest.pop(0)()
            return exchange(folder, name, other)

        self.patch(atomic_write, "exchange", exchanged)

    @staticmethod
    def replace(path: Path, body: bytes) -> None:
        """As careful programs write."""
        draft = path.with_name(f"their {path.name}")
        draft.write_bytes(body)
        draft.replace(path)

    def test_another_program_that_comes_twice_wins(self) -> None:
        """Between the exchange and its undoing, too: its newest content is there in the end."""
        path = self.path / "a"
        path.write_bytes(b"before")
        record = self.successResultOf(self.files.stat("a"))
        self.before_exchange(lambda: self.replace(path, b"first"), lambda: self.replace(path, b"second"))
        self.failed(errors.Conflict, self.files.write("a", b"ours", record.etag))
        self.assertEqual((path.read_bytes(), self.left_behind()), (b"second", []))
        record = self.successResultOf(self.files.stat("a"))
        self.before_exchange(lambda: self.replace(path, b"third"), path.unlink)
        self.failed(errors.Conflict, self.files.write("a", b"ours", record.etag))
        self.assertEqual((path.exists(), self.left_behind()), (False, []))

    def test_writers_of_this_server_take_turns(self) -> None:
        """Of many that mean the same file one wins each time, and nothing is lost or left."""
        tree, wins = self.files.tree, []
        record = tree.write("a", b"0", None)
        for _ in range(10):
            barrier, etag = threading.Barrier(4), record.etag

            def save(name: bytes, barrier: threading.Barrier = barrier, etag: str = etag) -> None:
                barrier.wait()
                try:
                    wins.append((tree.write("a", name, etag), name))
                except errors.Conflict:
                    pass  # another one was first

            threads = [threading.Thread(target=save, args=(b"writer %d" % number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ((record, name),) = wins
            self.assertEqual((self.read("a"), tree.stat("a").etag), (name, record.etag))
            wins.clear()
        self.assertEqual(self.left_behind(), [])

    def test_a_change_within_the_same_tick_has_another_etag(self) -> None:
        """The system's clock may stand still between our write and another one to the same size; our files say a time that it does not show."""
        shown: list[int] = []

        def set_apart(fd: int) -> None:
            shown.append(os.fstat(fd).st_mtime_ns)
            in_place.set_apart(fd)

        self.patch(atomic_write, "set_apart", set_apart)
        record = self.successResultOf(self.files.write("a", b"two", None))
        path = self.path / "a"
        self.assertTrue(shown[0] - 1_000_000 <= path.stat().st_mtime_ns < shown[0])
        path.write_bytes(b"new")
        os.utime(path, ns=(shown[0], shown[0]))
        self.failed(errors.Conflict, self.files.write("a", b"x", record.etag))

    def test_a_change_that_is_hidden_has_another_etag(self) -> None:
        """The same size, and the time of change put back: the inode tells."""
        etag = self.successResultOf(self.files.write("a", b"one", None)).etag
        there = (self.path / "a").stat()
        while (self.path / "a").stat().st_ctime_ns == there.st_ctime_ns:  # a tick of the clock may pass first
            (self.path / "a").write_bytes(b"two")
            os.utime(self.path / "a", ns=(there.st_atime_ns, there.st_mtime_ns))
        self.assertEqual((self.path / "a").stat().st_mtime_ns, there.st_mtime_ns)
        self.assertEqual(self.failed(errors.Conflict, self.files.write("a", b"x", etag)).facts["etag"][:3], etag[:3])
        self.assertEqual(self.read("a"), b"two")

    def test_paths_may_be_as_long_as_the_system_allows(self) -> None:
        """4,095 bytes with that of the root; one name at most 255 bytes, which is told."""
        path = ""
        self.addCleanup(shutil.rmtree, self.path / ("long" * 60))
        while len(str(self.path)) + len(path) < 4095 - 250:
            path += "long" * 60
            self.successResultOf(self.files.create(path, "folder"))
            path += "/"
        path += "n" * (4095 - len(str(self.path)) - len(path) - 30) + "-"
        self.successResultOf(self.files.write(f"{path}a", b"1", "missing"))
        record = self.successResultOf(
            self.files.write(f"{path}a", b"2", self.successResultOf(self.files.stat(f"{path}a")).etag)
        )
        self.assertEqual((self.read(f"{path}a"), record.size), (b"2", 1))
        self.assertEqual(self.names(path.rpartition("/")[0]), [f"{path}a"])
        self.successResultOf(self.files.rename(f"{path}a", f"{path}b"))
        self.successResultOf(self.files.delete(f"{path}b", False))
        self.failed(errors.InvalidParams, self.files.write("a" * 256, b"", None), "longer than 255 bytes")
        self.failed(errors.InvalidParams, self.files.write(f"{'é' * 128}.ipynb", b"", None), "longer than 255 bytes")

    def test_without_an_exchange_of_names_it_is_looked_first(self) -> None:
        """File systems that have no RENAME_EXCHANGE and no RENAME_NOREPLACE: the same answers."""

        def cannot(*_: object) -> None:
            raise OSError(errno.EINVAL, "Invalid argument")

        self.patch(root_folder, "_renameat2", cannot)
        first = self.successResultOf(self.files.write("a", b"1", "missing"))
        second = self.successResultOf(self.files.write("a", b"2", first.etag))
        self.failed(errors.Conflict, self.files.write("a", b"3", first.etag))
        self.failed(errors.Conflict, self.files.write("a", b"3", "missing"))
        self.successResultOf(self.files.write("b", b"3", None))
        self.failed(errors.AlreadyExists, self.files.rename("a", "b"))
        renamed = self.successResultOf(self.files.rename("a", "c"))
        self.assertEqual(renamed.etag.split("-")[:3], second.etag.split("-")[:3])
        self.assertEqual((self.names(), self.left_behind()), (["b", "c"], []))

    def test_what_the_system_refuses_is_told_and_the_old_file_is_whole(self) -> None:
        """Disk full, quota, read-only, permissions, descriptors, anything: at each step, with nothing left behind."""
        said = {
            errno.ENOSPC: ("full", "disk is full"), errno.EDQUOT: ("full", "quota"), errno.EFBIG: ("full", "larger"),
            errno.EROFS: ("read_only", "read-only"), errno.EACCES: ("denied", "permissions"), errno.EPERM: ("denied", "permissions"),
            errno.EIO: ("failed", "error"), errno.EMFILE: ("failed", "open files"),
        }  # fmt: skip
        record = self.successResultOf(self.files.write("a", b"old", None))
        for number, (reason, words) in said.items():
            for call in ("write", "fsync", "fchmod"):
                for if_match in (None, record.etag):

                    def refuse(*_: object, number: int = number) -> None:
                        raise OSError(number, os.strerror(number))

                    patched = self.patch(os, call, refuse)
                    try:
                        fault = self.failed(errors.FileFault, self.files.write("a", b"new", if_match), words)
                    finally:
                        patched.restore()
                    self.assertEqual((fault.facts["reason"], fault.facts["path"]), (reason, "a"))
                    self.assertEqual((self.read("a"), self.left_behind()), (b"old", []), (call, number))

    def test_a_read_only_file_is_not_replaced(self) -> None:
        """Although its folder would let it be."""
        (self.path / "a").write_bytes(b"1")
        (self.path / "a").chmod(0o444)
        self.patch(os, "access", lambda *_, **__: False)  # who runs the tests may be allowed everything
        self.assertEqual(self.failed(errors.FileFault, self.files.write("a", b"2", None)).facts["reason"], "denied")
        self.assertFalse(self.successResultOf(self.files.stat("a")).is_writable)
        self.assertEqual((self.path / "a").read_bytes(), b"1")

    def test_drafts_of_a_crash_are_removed_when_they_are_old(self) -> None:
        """At the next write to their folder; those in use, and what is not ours, stay."""
        now = time.time()
        ages = {
            draft_name(b"old"): DRAFT_SECONDS + 60, draft_name(b"young"): DRAFT_SECONDS - 60,
            draft_name(b"part", "part-0123456789abcdef"): UPLOAD_SECONDS - 60, draft_name(b"gone", "part-0123456789abcdef"): UPLOAD_SECONDS + 60,
            b".old.webipy-nothex12": UPLOAD_SECONDS * 9, b"x.webipy-01234567": UPLOAD_SECONDS * 9, b".env": UPLOAD_SECONDS * 9,
        }  # fmt: skip
        for name, age in ages.items():
            path = self.path / os.fsdecode(name)
            path.write_bytes(b"")
            os.utime(path, (now - age, now - age))
        tree, busy = (self.path / os.fsdecode(draft_name(name)) for name in (b"tree", b"busy"))
        for folder in (tree, busy):
            (folder / "deep").mkdir(parents=True)
            os.utime(folder, (1, 1))
        self.files.tree.sweeper.busy.add(os.fsencode(busy.name))
        self.successResultOf(self.files.write("a", b"", None))
        gone = {os.fsdecode(name) for name in ages} - set(os.listdir(self.path))
        self.assertEqual({name[1:].partition(".")[0] for name in gone}, {"old", "gone"})
        self.assertEqual((tree.exists(), busy.exists()), (False, True))

    def test_a_folder_is_swept_once_an_hour(self) -> None:
        """So that a write to a large one costs no listing each time."""
        times = [1000.0]
        sweeper = Sweeper(lambda: times[0])
        looked: list[int] = []
        scandir = os.scandir

        def look(fd: int) -> Any:
            looked.append(fd)
            return scandir(fd)

        self.patch(os, "scandir", look)
        folder = os.open(self.path, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        for seconds, wanted in ((1000.0, 1), (1001.0, 1), (1000.0 + DRAFT_SECONDS, 2)):
            times[0] = seconds
            sweeper.sweep(folder)
            self.assertEqual(len(looked), wanted)

    def test_long_names_have_drafts_too(self) -> None:
        """A name of 255 bytes, of which a character is cut in the middle."""
        for name in ("x" * 255, "é" * 127):
            self.successResultOf(self.files.write(name, b"1", None))
            self.assertEqual(self.read(name), b"1")
        self.assertEqual(len(draft_name(b"x" * 255)), 255)


class Looks(RootTestCase):
    """Listing and reading."""

    def test_names_that_are_no_utf8_are_shown_and_cannot_be_opened(self) -> None:
        """With U+FFFD in their place, as `other`."""
        (self.path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"1")
        ((record,), total) = self.successResultOf(self.files.list("", 0, 10))
        self.assertEqual((record.path, record.kind, total), ("caf\ufffd.txt", "other", 1))
        self.failed(errors.NotFound, self.files.read(record.path))

    def test_what_cannot_be_opened_is_other(self) -> None:
        """Fifos, sockets, links to nowhere."""
        os.mkfifo(self.path / "fifo")
        (self.path / "link").symlink_to("nope")
        records, _ = self.successResultOf(self.files.list("", 0, 10))
        self.assertEqual([(r.path, r.kind, r.size, r.is_writable) for r in records],
                         [("fifo", "other", 0, False), ("link", "other", 0, False)])  # fmt: skip

    def test_a_large_folder_is_listed_by_pages(self) -> None:
        """Pages are whole and in order, and what is changed meanwhile shows on the next one."""
        self.patch(file_tree, "SORTED_AT_ONCE", 7)
        self.patch(file_tree, "KEPT_FROM", 100)
        folder = self.path / "many"
        folder.mkdir()
        for number in range(300):
            (folder / f"file {number}").touch()
        os.utime(folder, (1, 1))
        pages = [self.successResultOf(self.files.list("many", offset, 100))[0] for offset in (0, 100, 200)]
        self.assertEqual([r.path for page in pages for r in page], [f"many/file {n}" for n in range(300)])
        (folder / "file 0.5").touch()
        entries, total = self.successResultOf(self.files.list("many", 0, 2))
        self.assertEqual(([r.path for r in entries], total), (["many/file 0", "many/file 0.5"], 301))
        (folder / "file 0").unlink()
        self.assertEqual(self.successResultOf(self.files.list("many", 0, 1))[0][0].path, "many/file 0.5")

    def test_a_file_that_is_written_while_it_is_read_has_the_etag_of_before(self) -> None:
        """So that the next look finds a change, and never takes new content for old."""
        path, opened = self.path / "log", file_tree.read_range
        path.write_bytes(b"1")
        first = self.successResultOf(self.files.stat("log")).etag

        def read_and_write(fd: int, offset: int, size: int) -> bytes:
            body = opened(fd, offset, size)
            with path.open("ab") as log:
                log.write(b"more")
            return body

        self.patch(file_tree, "read_range", read_and_write)
        body, record = self.successResultOf(self.files.read("log"))
        self.assertNotEqual(record.etag, first)
        self.assertNotEqual(record.etag, etag_of(path.stat()))
        self.assertEqual(len(body), record.size)

    def test_what_is_too_large_for_one_piece_is_told(self) -> None:
        """And can be read in parts."""
        self.patch(file_tree, "MAX_READ_BYTES", 10)
        self.successResultOf(self.files.write("a", b"x" * 11, None))
        self.assertEqual(self.failed(errors.TooLarge, self.files.read("a")).facts["limit_bytes"], 10)
        self.assertEqual(self.successResultOf(self.files.read("a", 5, 100))[0], b"x" * 6)

    def test_times_that_no_calendar_has(self) -> None:
        """Become its ends."""
        self.assertEqual(rfc3339_of_ns(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456Z")
        self.assertEqual(rfc3339_of_ns(-1_000), "1969-12-31T23:59:59.999999Z")
        self.assertEqual(rfc3339_of_ns(10**30)[:4], "9999")
        self.assertEqual(rfc3339_of_ns(-(10**30))[:4], "1970")

    def test_the_order_of_names(self) -> None:
        """A table."""
        names = ["0", "00", "1", "2", "10", "a", "A1", "a01", "a1b", "a2", "a10", "b", "é"]
        shuffled = sorted(names, reverse=True)
        self.assertEqual([key.rpartition("\0")[2] for key in sorted(natural_key(n, False) for n in shuffled)],
                         ["0", "00", "1", "2", "10", "a", "A1", "a01", "a1b", "a2", "a10", "b", "é"])  # fmt: skip
        self.assertLess(natural_key("z", True), natural_key("a", False))

    def test_names_beside(self) -> None:
        """A table."""
        table = [
            ("a.ipynb", False, ["a.ipynb", "a 2.ipynb", "a 3.ipynb"]),
            ("d/a 7.tar.gz", False, ["d/a 7.tar.gz", "d/a 7.tar 2.gz", "d/a 7.tar 3.gz"]),
            ("x 9", False, ["x 9", "x 10", "x 11"]),
            ("v1.2", True, ["v1.2", "v1.2 2", "v1.2 3"]),
            ("é/2", False, ["é/2", "é/2 2", "é/2 3"]),
        ]
        for path, is_folder, wanted in table:
            names = free_names(path, is_folder)
            self.assertEqual([next(names) for _ in range(3)], wanted)


class Moves(RootTestCase):
    """What only real folders can do."""

    def test_a_copy_is_whole(self) -> None:
        """Hidden files, modes, links, empty folders; a fifo in it is told, and then there is no copy."""
        source = self.path / "d"
        (source / ".git" / "empty").mkdir(parents=True)
        (source / "run").write_bytes(b"x" * 3_000_000)
        (source / "run").chmod(0o755)
        (source / "link").symlink_to("run")
        self.successResultOf(self.files.copy("d", "e"))
        copied = self.path / "e"
        self.assertEqual(
            sorted(str(p.relative_to(copied)) for p in copied.rglob("*")), [".git", ".git/empty", "link", "run"]
        )
        self.assertEqual(
            ((copied / "run").read_bytes(), (copied / "run").stat().st_mode & 0o777), (b"x" * 3_000_000, 0o755)
        )
        self.assertEqual(os.readlink(copied / "link"), "run")
        os.mkfifo(source / "fifo")
        self.failed(errors.FileFault, self.files.copy("d", "f"), "'d/fifo'")
        self.assertEqual(sorted(os.listdir(self.path)), ["d", "e"])

    def test_long_work_ends_when_the_server_stops(self) -> None:
        """And leaves nothing."""
        self.successResultOf(self.files.write("a", b"1", None))
        self.files.stop()
        self.failed(errors.FileFault, self.files.copy("a", "b"), "server stops")
        self.assertEqual(os.listdir(self.path), ["a"])

    def test_a_deletion_that_cannot_go_on_brings_the_rest_back(self) -> None:
        """Under its name."""
        (self.path / "d" / "in").mkdir(parents=True)

        def cannot(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        self.patch(shutil, "rmtree", cannot)
        self.assertEqual(self.failed(errors.FileFault, self.files.delete("d", True)).facts["reason"], "denied")
        self.assertEqual(os.listdir(self.path), ["d"])

    def test_into_itself_by_way_of_a_link(self) -> None:
        """Is told, too."""
        (self.path / "d" / "in").mkdir(parents=True)
        (self.path / "link").symlink_to("d/in")
        self.failed(errors.InvalidParams, self.files.rename("d", "link/x"), "itself")
        self.failed(errors.InvalidParams, self.files.copy("d", "link/x"), "itself")
        self.assertEqual(sorted(os.listdir(self.path)), ["d", "link"])
        self.assertEqual(os.listdir(self.path / "d" / "in"), [])

    def test_folders_in_folders_without_end_are_told(self) -> None:
        """Too deep to be copied; what was copied of them is gone."""
        folder = os.open(self.path, os.O_RDONLY)
        for _ in range(MAX_DEPTH + 2):
            os.mkdir("d", dir_fd=folder)
            inner = os.open("d", os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        os.close(folder)
        self.failed(errors.FileFault, self.files.copy("d", "e"), "too deep")
        self.assertEqual(os.listdir(self.path), ["d"])
        self.successResultOf(self.files.delete("d", True))

    def test_the_root_stays(self) -> None:
        """It is neither written, moved, copied nor deleted."""
        for told in (
            self.files.delete("", True),
            self.files.rename("", "x"),
            self.files.copy("", "x"),
            self.files.rename("x", ""),
        ):
            self.failed(errors.InvalidParams, told)


class Looking(RootTestCase):
    """Watches without inotify."""

    def test_changes_are_seen_by_looking(self) -> None:
        """A file, a folder, what is not there yet; once at the beginning, and never after the end."""
        seen: list[str] = []
        ends = [self.files.watch(path, lambda path=path: seen.append(path)) for path in ("", "a", "d/new")]
        self.clock.advance(0)
        self.assertEqual(sorted(seen), ["", "a", "d/new"])
        table: list[tuple[Callable[[], object], list[str]]] = [
            (lambda: None, []),
            (lambda: (self.path / "a").write_bytes(b"1"), ["", "a"]),
            (lambda: (self.path / "d").mkdir(), [""]),
            (lambda: (self.path / "d" / "new").write_bytes(b"1"), ["", "d/new"]),
            (lambda: (self.path / ".hidden").write_bytes(b"1"), []),
            (lambda: (self.path / "a").unlink(), ["", "a"]),
        ]
        for act, wanted in table:
            seen.clear()
            act()
            self.clock.advance(LOOK_SECONDS)
            self.clock.advance(GATHER_SECONDS)
            self.assertEqual(sorted(set(seen)), wanted)
        seen.clear()
        for end in ends:
            end()
            end()
        (self.path / "a").write_bytes(b"2")
        self.clock.advance(10 * LOOK_SECONDS)
        self.assertEqual((seen, self.clock.getDelayedCalls()), ([], []))

    def test_nothing_is_left_when_the_server_stops(self) -> None:
        """No call is pending."""
        self.files.watch("", lambda: None)
        self.files.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Told(TestCase):
    """Watches by inotify, and the threads."""

    timeout = 30
    gather_s = 0.05

    def setUp(self) -> None:
        self.patch(folder_watch, "GATHER_SECONDS", self.gather_s)
        self.patch(folder_watch, "LOOK_SECONDS", 0.2)
        self.path = Path(self.mktemp()).resolve()
        (self.path / "d").mkdir(parents=True)
        self.threads = FileThreads(CLOCK)
        self.threads.start()
        self.files = files_below(self.path, (), CLOCK, self.threads.run)
        self.seen: list[float] = []

    async def tearDown(self) -> None:  # type: ignore[override]  # trial awaits it
        self.files.stop()
        await self.threads.stop()
        self.files.tree.root.close()

    async def watched(self, path: str) -> Callable[[], None]:
        """A watch that has begun."""
        end = self.files.watch(path, lambda: self.seen.append(CLOCK.seconds()))
        await self.told()
        self.assertTrue(all(watch.wd is not None for watch in self.files.watching._all))
        return end

    async def told(self) -> None:
        """Waits until something is seen; trial's timeout ends a wait in vain."""
        while not self.seen:
            await deferLater(CLOCK, 0.005, lambda: None)
        await deferLater(CLOCK, self.gather_s * 1.5, lambda: None)  # what follows it at once
        self.seen.clear()

    async def test_changes_are_told(self) -> None:
        """In a folder: made, written, replaced, renamed, deleted."""
        end = await self.watched("d")
        path = self.path / "d" / "a"
        acts: list[Callable[[], object]] = [
            lambda: path.write_bytes(b"1"),
            lambda: self.files.tree.write("d/a", b"2", None),
            lambda: path.rename(self.path / "d" / "b"),
            lambda: (self.path / "d" / "b").unlink(),
            lambda: (self.path / "d" / "folder").mkdir(),
        ]
        for act in acts:
            act()
            await self.told()
        end()
        path.write_bytes(b"3")
        (self.path / "d" / ".hidden").write_bytes(b"")
        await deferLater(CLOCK, self.gather_s, lambda: None)
        self.assertEqual(self.seen, [])

    async def test_a_file_is_watched_over_replacements(self) -> None:
        """As careful programs save; its neighbours do not matter."""
        (self.path / "d" / "a").write_bytes(b"1")
        await self.watched("d/a")
        for number in range(3):
            self.files.tree.write("d/a", b"%d" % number, None)
            await self.told()
        (self.path / "d" / "b").write_bytes(b"1")
        await deferLater(CLOCK, self.gather_s, lambda: None)
        self.assertEqual(self.seen, [])

    async def test_a_folder_that_goes_and_comes_is_watched_again(self) -> None:
        """Deleted, and made again: its content is told of."""
        await self.watched("d")
        (self.path / "d").rmdir()
        await self.told()
        (self.path / "d").mkdir()
        await self.told()
        while not all(watch.wd is not None for watch in self.files.watching._all):
            await deferLater(CLOCK, 0.005, lambda: None)
        (self.path / "d" / "a").write_bytes(b"1")
        await self.told()

    async def test_a_busy_folder_is_told_of_five_times_a_second(self) -> None:
        """However much happens."""
        await self.watched("d")
        end = CLOCK.seconds() + 5 * self.gather_s
        while CLOCK.seconds() < end:
            (self.path / "d" / "a").write_bytes(b"1")
            await deferLater(CLOCK, 0.002, lambda: None)
        self.assertGreater(len(self.seen), 1)
        gaps = [later - earlier for earlier, later in zip(self.seen, self.seen[1:], strict=False)]
        self.assertGreaterEqual(min(gaps), self.gather_s - 0.001)

    async def test_two_watches_of_one_folder_are_two(self) -> None:
        """The end of one does not end the other."""
        first = await self.watched("d")
        await self.watched("d")
        first()
        (self.path / "d" / "a").write_bytes(b"1")
        await self.told()

    async def test_where_inotify_has_no_room_files_are_looked_at(self) -> None:
        """As if there were none."""

        class Full:
            """No watch is left."""

            def add(self, fd: int) -> int:
                """Fails as the system does."""
                raise OSError(errno.ENOSPC, "No space left on device")

            def close(self) -> None:
                """Nothing."""

        self.files.watching._notices = cast(Any, Full())
        self.files.watch("d", lambda: self.seen.append(0.0))
        await self.told()
        (self.path / "d" / "a").write_bytes(b"1")
        await self.told()

    async def test_the_reactor_goes_on_while_the_disk_is_slow(self) -> None:
        """Calls wait in threads; a copy that takes long leaves threads for the others."""
        gate = threading.Event()
        opened = root_folder.RootFolder.open

        def slow(root: RootFolder, parts: list[bytes], flags: int) -> int:
            if parts == [b"slow"]:
                gate.wait()
            return opened(root, parts, flags)

        self.patch(root_folder.RootFolder, "open", slow)
        waiting = [self.files.copy("slow/a", None) for _ in range(10)]
        for deferred in waiting:
            deferred.addErrback(lambda failure: failure.trap(errors.NotFound))
        self.assertEqual((await self.files.stat("d")).kind, "folder")
        gate.set()
        for deferred in waiting:
            await deferred
