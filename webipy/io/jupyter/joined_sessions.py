"""Sessions of Jupyter clients that join the kernel of another session, such as the console of a notebook, or that go by other names.

A session here has one kernel, and a kernel one session. Jupyter's clients know more: a second session with a path, a name and a type of its own,
whose kernel is one that runs already. It is a name and nothing else: its code runs in the session that has the kernel, and its output is there. A
client may also give a session here another path or type, or another kernel that runs: then a name with the id of that session stands in its place.

The names are in a file, so that a client that comes back after a start of the server finds its console. A name goes when its client ends the session,
which leaves the kernel alone, or when the kernel has ended.

Rejected: a session here with a borrowed kernel (two documents that claim its output); names in memory alone (the console is gone after a start).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import DeferredLock

from webipy.io.reactor import Run
from webipy.io.storage.private_files import make_private_folder, write_private

MOST_JOINED: Final = 500
"""Names that are kept; when there are more, the oldest goes."""


class Joined(msgspec.Struct, frozen=True):
    """A session that has joined the kernel of another.

    Args:
        id: Its id; that of a session here which it stands for.
        kernel: The id of the kernel.
        path: Its path; empty: that of the session here.
        name: Its name; empty: that of the session here.
        type: Its type, such as `console`.
    """

    id: str
    kernel: str
    path: str
    name: str
    type: str


@attrs.define(eq=False)
class JoinedSessions:
    """All of them.

    Args:
        file: Where they are kept.
        run: Runs a function that blocks in a thread.
    """

    file: Path
    run: Run
    _known: dict[str, Joined] | None = None
    _lock: DeferredLock = attrs.field(factory=DeferredLock)

    async def all(self, living: Collection[str]) -> list[Joined]:
        """Those whose kernels live, the oldest first; the others are forgotten.

        Args:
            living: The ids of the kernels that were not asked to end.
        """
        known = await self._all()
        gone = [one.id for one in known.values() if one.kernel not in living]
        if gone:
            for id in gone:
                known.pop(id, None)
            await self._keep()
        return list(known.values())

    async def put(self, joined: Joined) -> None:
        """Adds a session, or changes the one of that id.

        Args:
            joined: The session.
        """
        known = await self._all()
        known[joined.id] = joined
        while len(known) > MOST_JOINED:
            known.pop(next(iter(known)))
        await self._keep()

    async def remove(self, id: str) -> None:
        """Forgets a session.

        Args:
            id: Its id; one that is not known is no fault.
        """
        if (await self._all()).pop(id, None) is not None:
            await self._keep()

    async def _all(self) -> dict[str, Joined]:
        if self._known is None:
            found = await self.run(lambda: _read(self.file))
            if self._known is None:  # another request may have read it meanwhile
                self._known = {one.id: one for one in found}
        return self._known

    async def _keep(self) -> None:
        """Writes all; one write after the other, each with what is known when its turn has come."""
        await self._lock.acquire()
        try:
            body = msgspec.json.encode(list((self._known or {}).values()))
            await self.run(lambda: _write(self.file, body))
        finally:
            self._lock.release()


def _read(file: Path) -> list[Joined]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Joined])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def _write(file: Path, body: bytes) -> None:
    make_private_folder(file.parent)
    write_private(file, body)
