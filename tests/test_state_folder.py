"""webipy.io.storage.state_folder: where it is, and that one server at a time uses it."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.storage.state_folder import InUse, find_state_folder, hold, note_holder


class Place(SynchronousTestCase):
    """`find_state_folder`."""

    def test_where_it_is(self) -> None:
        """As the user says; else as the XDG specification says, where an empty variable is none."""
        self.patch(os, "environ", {"HOME": "/home/ada"})
        self.assertEqual(find_state_folder(), Path("/home/ada/.local/state/webipy"))
        self.assertEqual(find_state_folder("~/jobs"), Path("/home/ada/jobs"))
        self.assertEqual(find_state_folder("jobs"), Path("jobs"))
        self.patch(os, "environ", {"HOME": "/home/ada", "XDG_STATE_HOME": ""})
        self.assertEqual(find_state_folder(), Path("/home/ada/.local/state/webipy"))
        self.patch(os, "environ", {"HOME": "/home/ada", "XDG_STATE_HOME": "/state"})
        self.assertEqual(find_state_folder(), Path("/state/webipy"))

    def test_a_user_who_does_not_exist_has_none(self) -> None:
        """That is said, and no folder of the name `~nobody-here` is made."""
        self.assertRaises(RuntimeError, find_state_folder, "~nobody-here/jobs")


class Lock(SynchronousTestCase):
    """`hold` and `note_holder`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def test_one_holds_it(self) -> None:
        """Who comes second learns who the first is and where it listens; the lock is free when the first lets go of it."""
        lock = hold(self.folder)
        with self.assertRaises(InUse) as caught:
            hold(self.folder)
        self.assertEqual(caught.exception.holder, "another process")
        note_holder(lock, "http://127.0.0.1:8888")
        with self.assertRaises(InUse) as caught:
            hold(self.folder)
        self.assertEqual(caught.exception.holder, f"process {os.getpid()} at http://127.0.0.1:8888")
        os.close(lock)
        os.close(hold(self.folder))

    def test_a_holder_is_noted_in_place_of_the_last_one(self) -> None:
        """Whose address may be longer."""
        for url in ("http://notebooks.example.org:8888", "http://[::1]:1"):
            lock = hold(self.folder)
            note_holder(lock, url)
            os.close(lock)
            self.assertEqual((self.folder / "lock").read_text(), f"process {os.getpid()} at {url}")
        self.assertEqual((self.folder / "lock").stat().st_mode & 0o777, 0o600)

    def test_a_full_disk_is_no_failure(self) -> None:
        """The lock is held all the same."""
        lock = hold(self.folder)

        def fail(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        self.patch(os, "pwrite", fail)
        note_holder(lock, "http://127.0.0.1:8888")
        self.assertRaises(InUse, hold, self.folder)
        os.close(lock)

    def test_a_file_system_without_locks_is_one(self) -> None:
        """It is not that another server uses the folder; and nothing stays open."""

        def fail(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        self.patch(fcntl, "flock", fail)
        before = len(os.listdir("/proc/self/fd"))
        with self.assertRaises(OSError) as caught:
            hold(self.folder)
        self.assertEqual(caught.exception.errno, errno.ENOLCK)
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

    def test_the_lock_is_not_inherited_by_programs(self) -> None:
        """A kernel that outlives the server must not keep its folder locked."""
        lock = hold(self.folder)
        self.assertFalse(os.get_inheritable(lock))
        os.close(lock)
