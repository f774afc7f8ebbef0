"""The rooms of all sessions: made when the first program comes, kept a short time after the last one has left.

A room has an id, which a program is told before it comes and names when it comes back. A program that still has the shared document of a former room
is not let in with it: the same notebook stands in the new room's document with other marks, and the CRDT would take both for two, every cell twice.
It is told so by the close code that Jupyter's clients know, and begins anew.

Invariants: one room for a session at a time; an id that was told is that of the room that is made next.

Rejected: shared documents made the same way each time, so that those of two rooms are alike (they are only if nobody changed anything between).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import msgspec
from twisted.internet.defer import DeferredLock

from webipy.core import errors
from webipy.server.notebooks.documents import Documents
from webipy.server.ports.world import World
from webipy.server.sessions.sessions import Sessions

if TYPE_CHECKING:
    from webipy.server.notebooks.room import Room

LINGER_SECONDS: Final = 60.0
"""How long a room is kept when nobody is in it: programs that come for each thing they do find it."""

PROMISE_SECONDS: Final = 300.0
"""How long an id that was told counts, when nobody comes."""

MOST_ROOMS: Final = 100
MOST_MEMBERS: Final = 100
"""Programs in one room."""

FULL: Final = "So many documents are edited together that no more can be; close some."


class _Promise(msgspec.Struct):
    """An id that was told.

    Args:
        id: The id.
        until: When it ends, seconds of the clock.
    """

    id: str
    until: float


@attrs.define(eq=False)
class Rooms:
    """All rooms.

    Args:
        world: The outside.
        sessions: The open sessions.
        documents: Their documents.
    """

    world: World
    sessions: Sessions
    documents: Documents
    _rooms: dict[str, Room] = attrs.field(factory=dict)
    _promises: dict[str, _Promise] = attrs.field(factory=dict)
    _lock: DeferredLock = attrs.field(factory=DeferredLock)

    def promise(self, session: str) -> str:
        """The id of the room of a session: the one that there is, or the one that is made when somebody comes."""
        room = self._rooms.get(session)
        if room is not None:
            return room.id
        now = self.world.clock()
        self._promises = {one: known for one, known in self._promises.items() if known.until > now}
        known = self._promises.setdefault(session, _Promise(self.world.new_id(), 0.0))
        known.until = now + PROMISE_SECONDS
        return known.id

    async def find(self, session: str, id: str) -> Room | None:
        """The room of a session for a program that names an id; it is made if that was told.

        Args:
            session: The id of the session.
            id: The id that the program names.

        Returns:
            The room; `None` when the id is that of a former one, or of none.

        Raises:
            errors.TooLarge: There are too many rooms, or too many programs are in this one.
            errors.NotFound: There is no such session.
        """
        await self._lock.acquire()
        try:
            room = self._rooms.get(session)
            if room is None:
                promise = self._promises.get(session)
                if promise is None or promise.id != id:
                    return None
                room = await self._made(session, id)
        finally:
            self._lock.release()
        if len(room.members) >= MOST_MEMBERS:
            raise errors.TooLarge(
                f"{MOST_MEMBERS} programs edit this document, which is all that can.", limit=MOST_MEMBERS
            )
        return room if room.id == id else None

    async def _made(self, session: str, id: str) -> Room:
        from webipy.server.notebooks.room import (
            Room,
        )  # it needs pycrdt, which takes a tenth of a second, and may not be there

        if len(self._rooms) >= MOST_ROOMS:
            for empty in [one for one in self._rooms.values() if not one.members]:
                empty.end("empty")
        if len(self._rooms) >= MOST_ROOMS:
            raise errors.TooLarge(FULL, limit=MOST_ROOMS)
        of = self.sessions.get(session)
        room = Room(id, of, self.world, self.documents, self._linger, lambda one: self._ended(session, one))
        await room.open()
        if not room.is_over:
            self._promises.pop(session, None)
            self._rooms[session] = room
            self._linger(room)
        return room

    def _ended(self, session: str, room: Room) -> None:
        if self._rooms.get(session) is room:
            del self._rooms[session]

    def _linger(self, room: Room) -> None:
        """A room that nobody is in ends a short time later."""
        world = self.world
        since = world.clock()
        room.emptied = since

        def over() -> None:
            if not room.members and room.emptied == since:
                room.end("empty")

        world.later(LINGER_SECONDS, over)

    def claim(self, session: str, login: str, code: str) -> str | None:
        """The cell that a program runs which has not said so; see `webipy.server.notebooks.room_runs.RoomRuns.claim`.

        Args:
            session: The id of the session of the kernel.
            login: The id of the program's login.
            code: What it runs.
        """
        room = self._rooms.get(session)
        return None if room is None else room.runs.claim(login, code, list(room.members))

    def close_all(self) -> None:
        """The server stops."""
        for room in tuple(self._rooms.values()):
            room.end("stopped")
