"""The routes of documents that programs edit together, as Jupyter's collaboration extension has them.

::

    PUT /api/collaboration/session/{path} ──► opens the notebook ──► fileId (its session), sessionId (its room)
    WebSocket /api/collaboration/room/json:notebook:{fileId}?sessionId= ──► a member of that room

Where pycrdt is not installed there are no rooms: the routes answer 404, as those of a Jupyter Server without the extension do, and the log says
what to install. Only notebooks are edited together; other files are opened and saved.

Source: jupyter-server-ydoc 3.0, "handlers" (REST API, close codes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.api.token_scopes import Touched
from webipy.io.jupyter import y_messages
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.jupyter.sockets import COME_BACK, MALFORMED, SocketProtocol, take_over
from webipy.io.web.websocket import RpcFactory
from webipy.server.people.logins import TOKEN_LOGIN
from webipy.server.ports.rooms import Ending, Room

ANOTHER_ROOM: Final = 1003
"""Close code of a socket whose program has the document of a former room: it begins anew."""

GOING_AWAY: Final = 1001
MOST_UNSENT: Final = 64 * 1024 * 1024
"""Bytes that wait for a program to read them; one that reads less comes back, and is sent what it lacks."""

MOST_STATES: Final = 16
"""Programs that one socket speaks for."""

MISSING: Final = "Documents are not edited together here: pycrdt is not installed. pip install 'webipy[collaboration]' and start webipy again."


_GOODBYES: Final[Mapping[Ending, tuple[int, str]]] = {
    "closed": (GOING_AWAY, "The session was closed"),
    "renewed": (COME_BACK, "The document is made anew: come back"),
    "stopped": (COME_BACK, "The server stops"),
    "empty": (GOING_AWAY, "Nobody is here"),
}


class Wanted(msgspec.Struct):
    """The document that a program wants to edit."""

    format: str | None = None
    type: str | None = None


class RoomProtocol(SocketProtocol):
    """One program in a room."""

    session = ""
    is_page = False
    room: Room | None = None
    presence: Presence
    _unread = 0
    _log = Logger()

    def onOpen(self) -> None:
        """The handshake is done: the program is in the room, or is told that its room is another one."""
        super().onOpen()
        if self not in self.factory.clients:
            return
        if self.room is None or self.room.is_over:
            payload = {"reason": "unknown_session", "reloadable": True}
            self.say_goodbye(ANOTHER_ROOM, msgspec.json.encode(payload).decode())
            return
        principal = self.asked.connection.principal
        self.is_page = principal is not None and principal.login != TOKEN_LOGIN and principal.token is None
        self.room.enter(self)
        states = self.presence.all(self.room)
        if states:
            self.give(y_messages.awareness(states))

    async def call(self, method: str, params: calls.Params) -> calls.Result:
        """Calls a method of the table with the rights of the program; see `webipy.server.ports.rooms.Member`.

        Args:
            method: The name of the method.
            params: Its params.
        """
        return await self.asked.api.perform(method, params, self.asked.connection)

    def give_state(self, state: bytes) -> None:
        """Says what is in the room."""
        self.give(y_messages.sync(y_messages.STEP_1, state))

    def give_missing(self, update: bytes) -> None:
        """Sends what the program lacks."""
        self.give(y_messages.sync(y_messages.STEP_2, update))

    def give_update(self, update: bytes) -> None:
        """Sends what has changed."""
        self.give(y_messages.sync(y_messages.UPDATE, update))

    def end(self, ending: Ending) -> None:
        """The room has ended."""
        self.say_goodbye(*_GOODBYES[ending])

    def give(self, message: bytes) -> None:
        """Sends a message; a program that does not read has to come back."""
        self._unread = self._unread + len(message) if self._is_full else 0
        if self._unread > MOST_UNSENT:
            self.say_goodbye(COME_BACK, "You are far behind: come back")
        else:
            self._give(message, True)

    def _notified(self, notification: bytes) -> None:
        """The room follows the session; nothing is told here."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Takes a message at once: a program may write and leave."""
        self.reading.end()
        room, services = self.room, self.asked.api.services
        if room is None or room.is_over or self not in room.members:
            return
        began = services.world.clock()
        try:
            self._take(room, y_messages.Reader(payload))
        except (y_messages.Malformed, ValueError) as fault:
            self.say_goodbye(MALFORMED, f"This is no message: {fault}"[:100])
        self._budget.spend(services.world.clock() - began)

    def _take(self, room: Room, reader: y_messages.Reader) -> None:
        kind = reader.number()
        if kind == y_messages.SYNC:
            step, body = reader.number(), reader.part()
            if step == y_messages.STEP_1:
                room.missing(self, body)
            else:
                log, connection = self.asked.api.services.logins.audit, self.asked.connection
                log.call("cell.edit", calls.OfSession(session=self.session), connection.principal, connection.origin)
                room.take(self, body)
        elif kind == y_messages.AWARENESS:
            self.presence.take(room, self, y_messages.states_of(reader.rest))
        elif kind == y_messages.QUERY:
            self.give(y_messages.awareness(self.presence.all(room)))
        elif kind == y_messages.RAW and reader.part() == b"save":
            number = reader.number()
            Deferred.fromCoroutine(self._save(number)).addErrback(self._failed)

    async def _save(self, number: int) -> None:
        """Saves the document, and says how that went."""
        params = notebook_calls.SaveNotebook(session=self.session)
        status = "success"
        try:
            await self.asked.ask("notebook.save", params, notebook_calls.NotebookState)
        except errors.Failure as fault:
            status = "failed"
            self._log.info("a document that is edited together was not saved: {fault}", fault=fault.message)
        answer = {"type": "save", "responseTo": number, "status": status}
        self.give(y_messages.raw(msgspec.json.encode(answer)))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The program is gone."""
        if self.room is not None and self in self.room.members:
            self.room.leave(self)
            self.presence.leave(self.room, self)
        super().onClose(wasClean, code, reason)


@attrs.define(eq=False)
class Presence:
    """What the programs in rooms say of themselves: passed on, and kept for those who come."""

    _states: dict[RoomProtocol, dict[int, y_messages.State]] = attrs.field(factory=dict)

    def all(self, room: Room) -> list[y_messages.State]:
        """What all programs in a room say."""
        known = [self._states.get(member, {}) for member in room.members if isinstance(member, RoomProtocol)]
        return [state for states in known for state in states.values()]

    def take(self, room: Room, member: RoomProtocol, states: list[y_messages.State]) -> None:
        """Takes what a program says, and passes it on.

        Args:
            room: The room.
            member: The program.
            states: What it says.
        """
        known = self._states.setdefault(member, {})
        for state in states:
            if state.json == b"null":
                known.pop(state.client, None)
            elif state.client in known or len(known) < MOST_STATES:
                known[state.client] = state
        self._tell(room, member, states)

    def leave(self, room: Room, member: RoomProtocol) -> None:
        """Tells that a program is gone.

        Args:
            room: The room.
            member: The program.
        """
        states = self._states.pop(member, {}).values()
        self._tell(room, member, [attrs.evolve(one, clock=one.clock + 1, json=b"null") for one in states])

    @staticmethod
    def _tell(room: Room, member: RoomProtocol, states: list[y_messages.State]) -> None:
        for other in tuple(room.members) if states else ():
            if other is not member and isinstance(other, RoomProtocol):
                other.give(y_messages.awareness(states))


@attrs.define(eq=False)
class Collaboration:
    """The routes.

    Args:
        factory: All sockets of Jupyter clients.
        is_installed: Returns whether pycrdt is there.
    """

    factory: RpcFactory
    is_installed: Callable[[], bool] = lambda: find_spec("pycrdt") is not None
    _presence: Presence = attrs.field(factory=Presence)
    _was_missed: bool = False
    _log = Logger()

    def _check(self) -> None:
        if not self.is_installed():
            if not self._was_missed:
                self._was_missed = True
                self._log.warn(MISSING)
            raise Refusal(404, MISSING)

    async def open(self, asked: Asked) -> Answer:
        """Opens the notebook of a path to be edited together.

        Raises:
            Refusal: 400, the document is none that is edited together; 404, there is no such file, or pycrdt is not installed.
        """
        self._check()
        wanted, path = asked.body(Wanted), asked.parts["path"].strip("/")
        if (wanted.format, wanted.type) != ("json", "notebook"):
            raise Refusal(400, "Only notebooks are edited together: format json, type notebook.")
        session = await asked.ask("session.create", calls.CreateSession(path=path), calls.Session)
        room = asked.api.services.rooms.promise(session.id)
        answer = {"format": "json", "type": "notebook", "fileId": session.id, "sessionId": room}
        return Answer(answer, 200)

    async def upgrade(self, asked: Asked) -> None:
        """Takes the handshake of a program over.

        Raises:
            Refusal: 404, there is no such document; 503, it cannot be edited together now.
        """
        self._check()
        format, _, rest = asked.parts["room"].partition(":")
        kind, _, session = rest.partition(":")
        if (format, kind) != ("json", "notebook"):
            raise Refusal(404, f"There is no room {asked.parts['room'][:200]!r}.")
        await asked.ask("session.get", calls.OfSession(session=session), calls.Session)
        asked.check(Touched("cell.edit", "write", session))
        room = await asked.api.services.rooms.find(session, asked.query("sessionId") or "")

        def make(address: Any) -> RoomProtocol:
            protocol = RoomProtocol()
            protocol.factory, protocol.asked = self.factory, asked
            protocol.session, protocol.room, protocol.presence = session, room, self._presence
            return protocol

        take_over(asked, make)


def routes(factory: RpcFactory) -> list[Route]:
    """The routes.

    Args:
        factory: All sockets of Jupyter clients.
    """
    shared = Collaboration(factory)
    return [
        Route("/api/collaboration/session/{path...}", {"PUT": shared.open}, method=""),
        Route("/api/collaboration/room/{room}", {}, method="", upgrade=shared.upgrade),
    ]
