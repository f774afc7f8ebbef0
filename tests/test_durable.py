"""webipy.io.storage.durable: names that a power cut leaves."""

from __future__ import annotations

import errno
import os

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.storage.durable import sync_folder


class SyncFolder(SynchronousTestCase):
    """One folder, by its descriptor."""

    def sync_failing(self, number: int) -> None:
        """Syncs where the system answers with a fault."""

        def fsync(_: int) -> None:
            raise OSError(number, os.strerror(number))

        self.patch(os, "fsync", fsync)
        sync_folder(5)

    def test_the_folder_is_synced(self) -> None:
        """It, and no other."""
        synced: list[int] = []
        self.patch(os, "fsync", synced.append)
        sync_folder(5)
        self.assertEqual(synced, [5])

    def test_a_file_system_that_cannot_do_it_is_no_failure(self) -> None:
        """Some network and user-space file systems: there is nothing better to do."""
        for number in (errno.EINVAL, errno.EBADF, errno.ENOSYS):
            self.sync_failing(number)

    def test_a_disk_that_fails_is_one(self) -> None:
        """What is reported as durable must be."""
        for number in (errno.EIO, errno.ENOSPC):
            self.assertRaises(OSError, self.sync_failing, number)
