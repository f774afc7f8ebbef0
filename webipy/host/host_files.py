"""What a host leaves in its folder for servers to read: `host.json` while it lives, `farewell.json` after an end in order.

`host.json` has the key, and is rewritten at every start of the kernel before anything is signed with the new one. A
full disk does not end a host: the server that is attached gets the key anyway, and the file is tried again.
"""

from __future__ import annotations

import os

import msgspec

from webipy.core.kernel.host_protocol import FAREWELL_FILE, HOST_FILE, SOCKET, SPOOL_PREFIX, Farewell, HostFile
from webipy.core.kernel.outbox import Outbox
from webipy.host.endpoint import Endpoint, log
from webipy.host.kernel_lifecycle import KernelLifecycle
from webipy.host.private_files import write_private
from webipy.host.process import boot_id, start_time
from webipy.host.spool_file import write_segment


class HostFiles:
    """Writes a host's files.

    Args:
        folder: The host's directory.
        endpoint: Where servers find it, and its key.
        outbox: What nobody has acknowledged.
        life: The kernel.
    """

    def __init__(self, folder: str, endpoint: Endpoint, outbox: Outbox, lifecycle: KernelLifecycle) -> None:
        self._folder, self._endpoint, self._outbox, self._lifecycle = folder, endpoint, outbox, lifecycle
        self._is_due = False

    def write(self) -> None:
        """Writes what a server needs to find and trust this host.

        Raises:
            OSError: It cannot be written; the old file, if any, is whole.
        """
        began = start_time(os.getpid())
        assert began is not None  # this process is there
        host = HostFile(
            pid=os.getpid(),
            start_time=began,
            boot_id=boot_id(),
            endpoint=self._endpoint.address,
            key=self._endpoint.key.decode(),
            start=self._lifecycle.start,
            kernel_pid=self._lifecycle.process.pid,
        )
        write_private(os.path.join(self._folder, HOST_FILE), msgspec.json.encode(host))

    def renew(self) -> None:
        """Writes the key of a new start, now or as soon as there is room."""
        self._is_due = True
        self.tend()

    def tend(self) -> None:
        """Writes what could not be written before."""
        if not self._is_due:
            return
        try:
            self.write()
            self._is_due = False
        except OSError as fault:
            log(f"host.json cannot be written: {fault.strerror}")

    def can_be_found(self) -> bool:
        """Whether a server that looks for this host finds its socket."""
        return os.path.exists(os.path.join(self._folder, SOCKET))

    def farewell(self, reason: str) -> None:
        """Leaves what the server does not have in the spool, and the farewell."""
        outbox = self._outbox
        farewell = Farewell(reason, self._lifecycle.start, outbox.acknowledged, outbox.next_number)
        try:
            if not outbox.is_empty:
                write_segment(os.path.join(self._folder, SPOOL_PREFIX + "0"), outbox.in_memory())
            write_private(os.path.join(self._folder, FAREWELL_FILE), msgspec.json.encode(farewell))
        except OSError as fault:
            log(f"messages from {outbox.acknowledged + 1} on may be lost, there is no room: {fault.strerror}")
