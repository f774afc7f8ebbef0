"""How far each Jupyter client has been sent the events of a kernel: a small file that outlives the server, `kill -9` included.

The file has `SLOTS` slots of 32 bytes, mapped into memory, so that noting a cursor is a store of 8 bytes and no call of the system::

    24 bytes  the first of SHA-256 over kernel and client id; zeros: the slot is empty
     8 bytes  seq of the last event that was sent, little-endian

When all slots are taken, the one that was noted first of all is given to the next client; whose it was is sent only what comes from then on when it
returns. The system writes the pages to the disk when it likes: after a power cut the connection is gone and older seqs only repeat something.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from pathlib import Path
from typing import Final

SLOTS: Final = 4096
_SLOT: Final = struct.Struct("<24sQ")
_EMPTY: Final = bytes(24)


class ClientCursors:
    """The cursors of one server.

    Args:
        path: The file; it is made where there is none.
    """

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, SLOTS * _SLOT.size)
            self._map = mmap.mmap(fd, SLOTS * _SLOT.size)
        finally:
            os.close(fd)
        self._slots: dict[bytes, int] = {}
        for slot in range(SLOTS):
            key, _ = _SLOT.unpack_from(self._map, slot * _SLOT.size)
            if key != _EMPTY:
                self._slots[key] = slot

    def get(self, kernel: str, client: str) -> int | None:
        """The seq of the last event that a client was sent; `None` for one that is not known.

        Args:
            kernel: The id of the kernel.
            client: The client id.
        """
        slot = self._slots.get(_key(kernel, client))
        return None if slot is None else int(_SLOT.unpack_from(self._map, slot * _SLOT.size)[1])

    def note(self, kernel: str, client: str, seq: int) -> None:
        """Notes that a client was sent all events up to a seq.

        Args:
            kernel: The id of the kernel.
            client: The client id.
            seq: The seq.
        """
        key = _key(kernel, client)
        slot = self._slots.get(key)
        if slot is None:
            slot = len(self._slots) if len(self._slots) < SLOTS else self._slots.pop(next(iter(self._slots)))
            self._slots[key] = slot
        _SLOT.pack_into(self._map, slot * _SLOT.size, key, seq)

    def close(self) -> None:
        """Closes the file."""
        self._map.close()


def _key(kernel: str, client: str) -> bytes:
    return hashlib.sha256(f"{kernel}\0{client}".encode()).digest()[:24]
