"""webipy.io.files.trash: one contract for the fake and the real one, and what only a real folder can do."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from twisted.internet.defer import execute
from twisted.internet.task import Clock

from tests.fake_files import FakeFiles, FakeTrash
from tests.fakes import RigTestCase
from tests.test_files import HIDDEN, NO_PATHS, FilesTestCase
from webipy.core import errors
from webipy.io.files import trash
from webipy.io.files.files import files_below
from webipy.io.files.root_folder import exists
from webipy.io.files.trash import RootTrash, TrashBins, home_trash


class TrashContract:
    """What every implementation of `Trash` holds to."""

    assertEqual: Any
    assertTrue: Any
    successResultOf: Any
    failed: Any
    read: Any
    names: Any
    files: Any
    trash: Any

    def put(self, path: str, recursive: bool = False) -> Any:
        """Puts something into the trash."""
        return self.successResultOf(self.trash.put(path, recursive))

    def test_a_file_comes_back(self) -> None:
        """As it was; and it is in the trash no more."""
        self.successResultOf(self.files.write("a.txt", b"1", None))
        put = self.put("a.txt")
        self.assertEqual((put.id, put.path, put.kind, put.size), ("a.txt", "a.txt", "file", 1))
        self.assertTrue(put.location.endswith("/files/a.txt"))
        self.assertEqual(self.names(), [])
        self.assertEqual(self.successResultOf(self.trash.list(10)), [put])
        record = self.successResultOf(self.trash.restore("a.txt", put.id, None))
        self.assertEqual((record.path, self.read("a.txt")), ("a.txt", b"1"))
        self.assertEqual(self.successResultOf(self.trash.list(10)), [])
        self.failed(errors.NotFound, self.trash.restore("a.txt", put.id, None))

    def test_a_folder_goes_with_what_it_holds(self) -> None:
        """But only on request."""
        self.successResultOf(self.files.create("d", "folder"))
        self.successResultOf(self.files.write("d/b", b"2", None))
        self.assertEqual(self.failed(errors.FileFault, self.trash.put("d", False)).facts["reason"], "not_empty")
        put = self.put("d", True)
        self.assertEqual((put.kind, self.names()), ("folder", []))
        self.successResultOf(self.trash.restore("d", put.id, None))
        self.assertEqual(self.read("d/b"), b"2")

    def test_an_empty_folder(self) -> None:
        """Needs no request."""
        self.successResultOf(self.files.create("d", "folder"))
        self.put("d")
        self.assertEqual(self.names(), [])

    def test_names_that_are_taken(self) -> None:
        """Another one is found in the trash; nothing that exists is written over."""
        for text in (b"1", b"2"):
            self.successResultOf(self.files.write("a.txt", text, None))
            put = self.put("a.txt")
        self.assertEqual(put.id, "a 2.txt")
        self.successResultOf(self.files.write("a.txt", b"3", None))
        self.failed(errors.AlreadyExists, self.trash.restore("a.txt", put.id, None))
        self.assertEqual(self.successResultOf(self.trash.restore("a.txt", put.id, "b.txt")).path, "b.txt")
        self.assertEqual((self.read("a.txt"), self.read("b.txt")), (b"3", b"2"))
        self.assertEqual(len(self.successResultOf(self.trash.list(10))), 1)

    def test_its_folder_is_gone(self) -> None:
        """It can come back elsewhere."""
        self.successResultOf(self.files.create("d", "folder"))
        self.successResultOf(self.files.write("d/a", b"1", None))
        put = self.put("d/a")
        self.successResultOf(self.files.delete("d", True))
        self.failed(errors.NotFound, self.trash.restore("d/a", put.id, None))
        self.successResultOf(self.trash.restore("d/a", put.id, "a"))
        self.assertEqual(self.read("a"), b"1")

    def test_something_is_deleted_for_good(self) -> None:
        """Files and folders."""
        self.successResultOf(self.files.write("a", b"1", None))
        self.successResultOf(self.files.create("d", "folder"))
        for path in ("a", "d"):
            put = self.put(path)
            self.successResultOf(self.trash.delete(path, put.id))
            self.failed(errors.NotFound, self.trash.restore(path, put.id, None))
            self.failed(errors.NotFound, self.trash.delete(path, put.id))

    def test_what_is_not_there(self) -> None:
        """By its path, by its name in the trash, or by both not belonging together."""
        self.failed(errors.NotFound, self.trash.put("a", False))
        self.successResultOf(self.files.write("a", b"1", None))
        self.successResultOf(self.files.write("b", b"2", None))
        put = self.put("a")
        self.failed(errors.NotFound, self.trash.restore("b", put.id, None))
        self.failed(errors.NotFound, self.trash.restore("a", "b", None))
        for id in ("", "x/a", "..", "../a", "/etc"):
            self.failed(errors.InvalidParams, self.trash.restore("a", id, None))
        self.failed(errors.NotFound, self.trash.restore("a", ".a", None))

    def test_paths_that_are_none(self) -> None:
        """The root, what is hidden, and what is no path at all."""
        for path in [*NO_PATHS, ""]:
            self.failed(errors.InvalidParams, self.trash.put(path, True))
            self.failed(errors.InvalidParams, self.trash.restore(path or "/", "a", None))
        for path in HIDDEN:
            self.failed(errors.NotFound, self.trash.put(path, True))


class FakeTrashTests(TrashContract, FilesTestCase):
    """The fake."""

    def setUp(self) -> None:
        self.files = FakeFiles()
        self.trash = FakeTrash(self.files)


class RootTrashTests(TrashContract, FilesTestCase):
    """The real one."""

    def setUp(self) -> None:
        self.path, self.home = Path(self.mktemp()).absolute(), Path(self.mktemp()).absolute() / "share" / "Trash"
        self.path.mkdir()
        self.files = files_below(self.path, (), Clock(), execute, is_notified=False)
        self.bins = TrashBins(self.files.tree, self.files.moves, self.home)
        self.trash = RootTrash(self.bins, execute)

    def refused(self, path: str, *words: str) -> None:
        """It cannot be put into the trash, and stays."""
        fault = self.failed(errors.FileFault, self.trash.put(path, True), "permanent", *words)
        self.assertEqual(fault.facts["reason"], "no_trash")
        self.assertTrue((self.path / path).exists())
        self.assertEqual(self.notes(), [])

    def notes(self) -> list[str]:
        """The notes in the trash."""
        return sorted(os.listdir(self.home / "info")) if self.home.exists() else []

    def test_the_note_is_as_the_specification_has_it(self) -> None:
        """And all of it is for the user alone."""
        (self.path / "é %.txt").write_text("1")
        put = self.successResultOf(self.trash.put("é %.txt", False))
        self.assertEqual(put.location, str(self.home / "files" / "é %.txt"))
        lines = (self.home / "info" / "é %.txt.trashinfo").read_text().splitlines()
        self.assertEqual(lines[:2], ["[Trash Info]", f"Path={self.path}/%C3%A9%20%25.txt"])
        self.assertRegex(lines[2], r"^DeletionDate=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
        for folder in (self.home, self.home / "files", self.home / "info"):
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)

    def test_links_and_hidden_files_go_along(self) -> None:
        """A link itself; what it leads to stays."""
        (self.path / "there").write_text("1")
        (self.path / "d").mkdir()
        (self.path / "d" / ".hidden").write_text("2")
        (self.path / "link").symlink_to("there")
        (self.path / "alias").symlink_to("d")
        for path in ("link", "alias", "d"):
            put = self.successResultOf(self.trash.put(path, True))
            self.assertFalse(os.path.lexists(self.path / path))
            self.successResultOf(self.trash.restore(path, put.id, None))
        self.assertEqual((self.path / "link").readlink(), Path("there"))
        self.assertEqual((self.path / "alias" / ".hidden").read_text(), "2")

    def test_what_was_reached_through_a_link(self) -> None:
        """Has the path in its note that it really had; it comes back by that."""
        (self.path / "d").mkdir()
        (self.path / "d" / "a").write_text("1")
        (self.path / "alias").symlink_to("d")
        put = self.successResultOf(self.trash.put("alias/a", False))
        self.assertEqual(self.successResultOf(self.trash.list(10))[0].path, "d/a")
        self.assertEqual(put.path, "d/a")
        self.successResultOf(self.trash.restore("d/a", put.id, None))
        self.assertEqual((self.path / "d" / "a").read_text(), "1")

    def test_a_long_name(self) -> None:
        """Is cut, not within a character; it comes back whole."""
        name = "ž" * 120 + ".txt"
        (self.path / name).write_text("1")
        put = self.successResultOf(self.trash.put(name, False))
        self.assertEqual(put.id, "ž" * 100)
        self.successResultOf(self.trash.restore(name, put.id, None))
        self.assertTrue((self.path / name).exists())

    def test_only_what_came_from_below_the_root_is_told(self) -> None:
        """Whatever else the user has in the trash, and whatever is no note."""
        (self.path / "a").write_text("1")
        put = self.successResultOf(self.trash.put("a", False))
        info = self.home / "info"
        for name, text in {
            "else": "Path=/etc/passwd",
            "hidden": f"Path={self.path}/.ssh/key",
            "root": f"Path={self.path}",
            "rises": f"Path={self.path}/x/../../y",
            "no path": "DeletionDate=x",
            "not utf 8": f"Path={self.path}/%ff",
            "gone": f"Path={self.path}/gone",
        }.items():
            (info / f"{name}.trashinfo").write_text(f"[Trash Info]\n{text}\n")
            if name != "gone":
                (self.home / "files" / name).write_text("x")
        (info / "link.trashinfo").symlink_to("else.trashinfo")
        (info / "other").write_text("x")
        os.mkfifo(info / "fifo.trashinfo")
        (info / "folder.trashinfo").mkdir()
        (info / ".dot.trashinfo").write_text(f"[Trash Info]\nPath={self.path}/dot\n")
        (self.home / "files" / ".dot").write_text("x")
        self.assertEqual(self.successResultOf(self.trash.list(10)), [put])
        for name in ("else", "hidden", "root", "rises"):
            self.failed(errors.NotFound, self.trash.restore("a", name, None))
            self.failed(errors.NotFound, self.trash.delete("a", name))
        self.assertTrue((self.home / "files" / "else").exists())

    def test_the_latest_first_and_so_many(self) -> None:
        """By when they were deleted."""
        for at, name in enumerate(("a", "b", "c")):
            (self.path / name).write_text("1")
            self.successResultOf(self.trash.put(name, False))
            os.utime(self.home / "info" / f"{name}.trashinfo", (at, at))
        self.assertEqual([one.path for one in self.successResultOf(self.trash.list(2))], ["c", "b"])

    def test_a_name_that_has_no_note(self) -> None:
        """By a program that makes none: another one is taken."""
        (self.path / "a").write_text("1")
        (self.home / "files").mkdir(parents=True)
        (self.home / "files" / "a").write_text("x")
        self.assertEqual(self.successResultOf(self.trash.put("a", False)).id, "a 2")
        self.assertEqual(self.notes(), ["a 2.trashinfo"])

    # ---- where there is none

    def alone(self) -> None:
        """No trash at the top of the file system."""
        self.patch(trash, "_opened_top", lambda top, is_made: None)

    def test_without_a_home(self) -> None:
        """It says what can be done, and nothing has changed."""
        self.alone()
        self.bins.home = None
        (self.path / "a").write_text("1")
        self.refused("a", "may use none")
        self.assertEqual(self.successResultOf(self.trash.list(10)), [])

    def test_a_home_that_cannot_be_used(self) -> None:
        """A file in its place, a folder of somebody else, or one with a link in it."""
        self.alone()
        (self.path / "a").write_text("1")
        self.home.parent.mkdir(parents=True)
        self.home.write_text("x")
        self.failed(errors.FileFault, self.trash.put("a", False), "may use none")
        self.home.unlink()
        self.home.mkdir()
        (self.home / "files").symlink_to("/tmp")
        self.failed(errors.FileFault, self.trash.put("a", False), "may use none")
        (self.home / "files").unlink()
        self.patch(os, "getuid", lambda: 4242)
        self.failed(errors.FileFault, self.trash.put("a", False), "may use none")
        self.assertTrue((self.path / "a").exists())

    def test_what_the_system_refuses(self) -> None:
        """The reason is told, and no note stays behind."""
        self.alone()
        (self.path / "a").write_text("1")
        for number, words in (
            (errno.EXDEV, "may use none"),
            (errno.EINVAL, "holds the trash itself"),
            (errno.EDQUOT, "quota"),
        ):
            self.patch(trash, "rename_to_free", _raising(number))
            self.refused("a", words)
        self.patch(trash, "rename_to_free", _raising(errno.EBUSY))
        self.assertEqual(self.failed(errors.FileFault, self.trash.put("a", False)).facts["reason"], "failed")
        self.assertEqual(self.notes(), [])

    def test_a_full_disk(self) -> None:
        """There is no room for a note."""
        self.alone()
        (self.path / "a").write_text("1")
        self.patch(trash, "write_all", _raising(errno.ENOSPC))
        self.refused("a", "the disk is full")

    def test_a_folder_that_may_not_be_changed(self) -> None:
        """Is no fault of the trash, and `permanent` would not help."""
        (self.path / "a").write_text("1")
        self.patch(os, "access", lambda *arguments, **more: False)
        self.assertEqual(self.failed(errors.FileFault, self.trash.put("a", False)).facts["reason"], "denied")

    def test_the_folder_that_holds_the_trash(self) -> None:
        """Cannot be put into it."""
        self.alone()
        self.bins.home = self.path / "d" / "Trash"
        (self.path / "d").mkdir()
        self.home = self.bins.home
        self.refused("d", "holds the trash itself")

    # ---- at the top of a file system

    def test_the_trash_at_the_top(self) -> None:
        """Where the home is on another disk; its paths are relative."""
        top = self.path.parent
        self.bins.home = None
        self.patch(trash, "_top", lambda folder: os.open(top, os.O_PATH | os.O_DIRECTORY))
        (self.path / "a").write_text("1")
        put = self.successResultOf(self.trash.put("a", False))
        own = top / f".Trash-{os.getuid()}"
        self.addCleanup(shutil.rmtree, own)
        self.assertEqual(put.location, f"{own}/files/a")
        self.assertIn(f"Path={self.path.name}/a\n", (own / "info" / "a.trashinfo").read_text())
        self.assertEqual(self.successResultOf(self.trash.list(10)), [put])
        self.successResultOf(self.trash.restore("a", "a", None))
        self.assertTrue((self.path / "a").exists())

    def test_the_shared_trash_at_the_top(self) -> None:
        """Only if it is sticky and no link."""
        top = Path(self.mktemp())
        top.mkdir()
        fd = os.open(top, os.O_PATH | os.O_DIRECTORY)
        self.addCleanup(os.close, fd)

        def used() -> str:
            opened = trash._opened_top(fd, True)
            assert opened is not None
            try:
                return os.path.relpath(os.readlink(f"/proc/self/fd/{opened}"), top.absolute())
            finally:
                os.close(opened)

        own = f".Trash-{os.getuid()}"
        self.assertEqual(used(), own)
        (top / ".Trash").mkdir()
        self.assertEqual(used(), own)
        (top / ".Trash").chmod(0o1777)
        self.assertEqual(used(), f".Trash/{os.getuid()}")
        (top / ".Trash").rename(top / "moved")
        (top / ".Trash").symlink_to("moved")
        self.assertEqual(used(), own)

    def test_the_top_is_where_the_file_system_begins(self) -> None:
        """Or the root of all."""
        proc = os.open("/proc/self", os.O_RDONLY)
        try:
            top = trash._top(proc)
            try:
                self.assertEqual(os.readlink(f"/proc/self/fd/{top}"), "/proc")
                self.assertTrue(exists(top, b"stat"))
            finally:
                os.close(top)
        finally:
            os.close(proc)


class Home(FilesTestCase):
    """Where the trash of a user is."""

    def test_by_the_environment(self) -> None:
        """An absolute XDG_DATA_HOME, else the folder of the specification."""
        for shared, wanted in (
            ("/data", "/data/Trash"),
            ("data", "/h/.local/share/Trash"),
            ("", "/h/.local/share/Trash"),
        ):
            self.patch(os, "environ", {"XDG_DATA_HOME": shared, "HOME": "/h"})
            self.assertEqual(home_trash(), Path(wanted))

    def test_nobody_has_none(self) -> None:
        """A user of a system service."""
        self.patch(os, "environ", {})
        self.patch(Path, "home", _raising_runtime)
        self.assertIsNone(home_trash())


class Methods(RigTestCase):
    """file.delete and trash.*."""

    def test_deleted_and_brought_back(self) -> None:
        """The answer says where it went."""
        self.rig.disk.files.put("a.txt", b"1")
        told = self.rig.me.call("file.delete", path="a.txt")["trashed"]
        self.assertEqual((told["id"], told["path"], told["location"]), ("a.txt", "a.txt", "/trash/files/a.txt"))
        self.assertEqual(self.rig.me.call("trash.list")["entries"], [told])
        self.assertEqual(self.rig.me.call("trash.restore", path="a.txt", id="a.txt")["path"], "a.txt")
        self.assertEqual(self.rig.disk.files.body("a.txt"), b"1")

    def test_for_good(self) -> None:
        """At once, or out of the trash."""
        self.rig.disk.files.put("a.txt", b"1")
        self.assertEqual(self.rig.me.call("file.delete", path="a.txt", permanent=True), {"trashed": None})
        self.rig.disk.files.put("a.txt", b"1")
        self.rig.me.call("file.delete", path="a.txt")
        self.rig.me.call("trash.delete", path="a.txt", id="a.txt")
        self.assertEqual(self.rig.me.call("trash.list"), {"entries": []})

    def test_no_trash(self) -> None:
        """Nothing has changed, no session is told anything."""
        self.rig.disk.files.put("a.txt", b"1")
        services = self.rig.services.world.trash
        assert isinstance(services, FakeTrash)
        services.fault = errors.FileFault("no", reason="no_trash", path="a.txt")
        self.assertEqual(self.refused("file_fault", "file.delete", path="a.txt").facts["reason"], "no_trash")
        self.assertEqual(self.rig.disk.files.body("a.txt"), b"1")

    def test_an_open_notebook_comes_back(self) -> None:
        """Its session says that the file is gone, and goes on with it when it is there again."""
        self.rig.me.call("file.create", path="n.ipynb")
        session = self.rig.me.call("session.create", path="n.ipynb")["id"]
        self.rig.me.call("file.delete", path="n.ipynb")
        self.rig.clock.pump([1.0] * 5)
        state = self.rig.me.call("notebook.get", session=session)
        self.assertIsNotNone(state["conflict"], state)
        self.rig.me.call("trash.restore", path="n.ipynb", id="n.ipynb")
        self.rig.clock.pump([1.0] * 5)
        state = self.rig.me.call("notebook.get", session=session)
        self.assertIsNone(state["conflict"])


def _raising(number: int) -> Any:
    def refuse(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def _raising_runtime() -> Path:
    raise RuntimeError("no home")
