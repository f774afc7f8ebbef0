"""webipy.io.storage.private_files: written whole, for their owner alone, and durable where that is asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.storage.private_files import make_private_folder, sync_names, write_private


class PrivateFilesTestCase(SynchronousTestCase):
    """A folder, and what is synced of it."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.synced: list[str] = []
        self.patch(os, "fsync", self.sync)

    def sync(self, descriptor: int) -> None:
        """Notes what is synced: names below the folder."""
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        self.synced.append(str(path.relative_to(self.folder)))


class Files(PrivateFilesTestCase):
    """`write_private`."""

    def test_only_its_owner_can_read_it(self) -> None:
        """Whatever the umask is, and whoever could read what was there before."""
        path = self.folder / "token"
        path.write_bytes(b"old")
        path.chmod(0o644)
        self.addCleanup(os.umask, os.umask(0))
        write_private(path, b"new")
        self.assertEqual((path.read_bytes(), stat.S_IMODE(path.stat().st_mode)), (b"new", 0o600))
        self.assertEqual(os.listdir(self.folder), ["token"])
        self.assertEqual(self.synced, [])

    def test_a_durable_one_is_on_the_disk_before_it_has_its_name(self) -> None:
        """And its name after that."""
        write_private(self.folder / "token", b"new", is_durable=True)
        draft, folder = self.synced
        self.assertIn("token", draft)
        self.assertNotEqual(draft, "token")
        self.assertEqual(folder, ".")

    def test_a_disk_that_fails_leaves_the_old_one(self) -> None:
        """Whole, under its name."""
        path = self.folder / "token"
        write_private(path, b"old")

        def fail(_: int) -> None:
            raise OSError(5, "Input/output error")

        self.patch(os, "fsync", fail)
        self.assertRaises(OSError, write_private, path, b"new", is_durable=True)
        self.assertEqual(path.read_bytes(), b"old")


class Folders(PrivateFilesTestCase):
    """`make_private_folder` and `sync_names`."""

    def test_every_folder_that_is_made_survives_a_power_cut(self) -> None:
        """Its name stands in the folder above it, which is synced; that of folders that were there is not touched."""
        (self.folder / "a").mkdir()
        make_private_folder(self.folder / "a" / "b" / "c")
        self.assertEqual(sorted(self.synced), ["a", "a/b"])
        self.assertEqual(stat.S_IMODE((self.folder / "a" / "b" / "c").stat().st_mode), 0o700)
        self.synced.clear()
        make_private_folder(self.folder / "a" / "b" / "c")
        self.assertEqual(self.synced, [])

    def opened(self, name: str) -> Callable[..., int]:
        """Fails as for a folder that this user may enter and not read."""

        def fail(*_: object) -> int:
            raise PermissionError(13, "Permission denied", name)

        return fail

    def test_a_folder_that_may_not_be_read_is_left(self) -> None:
        """Such as the one above a home: nothing can be done for it."""
        self.patch(os, "open", self.opened("/home"))
        sync_names(Path("/home"))
        self.assertEqual(self.synced, [])

    def test_nothing_stays_open(self) -> None:
        """Also when the disk fails."""
        before = os.listdir("/proc/self/fd")

        def fail(_: int) -> None:
            raise OSError(5, "Input/output error")

        sync_names(self.folder)
        self.patch(os, "fsync", fail)
        self.assertRaises(OSError, sync_names, self.folder)
        self.assertEqual(len(os.listdir("/proc/self/fd")), len(before))
