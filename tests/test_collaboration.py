"""webipy.io.jupyter.collaboration: the routes of documents that programs edit together, and their sockets; webipy.server.notebooks.rooms."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.defer import Deferred

from tests.room_programs import pycrdt, room_of
from tests.test_jupyter_routes import JupyterTestCase
from webipy.core.api.access import Principal
from webipy.io.jupyter import collaboration, y_messages
from webipy.io.jupyter.collaboration import Collaboration, Presence, RoomProtocol
from webipy.io.jupyter.routes import Asked
from webipy.io.jupyter.sockets import SocketProtocol
from webipy.io.jupyter.y_messages import State
from webipy.server.methods.method import Connection
from webipy.server.notebooks import rooms
from webipy.server.people.logins import TOKEN_LOGIN, Logins

BODY = b'{"format": "json", "type": "notebook"}'
BOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [{"id": "c1", "cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}],
}


class Socket(RoomProtocol):
    """A socket that keeps what it sends."""

    def __init__(self, case: CollaborationTestCase, room: Any, verb: Any = "own") -> None:
        self.sent: list[bytes] = []
        self.closed: list[int] = []
        self.session, self.room, self.presence, self.login = room.session.id, room, case.presence, TOKEN_LOGIN
        connection = Connection(Principal("Ada", verb, TOKEN_LOGIN))
        request: Any = None
        self.asked = Asked(request, {}, case.rig.api, connection)
        nothing: Any = SimpleNamespace(end=lambda: None, spend=lambda seconds: None)
        self.reading = self._budget = nothing

    def _give(self, message: bytes, is_binary: bool = False) -> None:
        assert is_binary
        self.sent.append(message)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Keeps the code."""
        self.closed.append(code)

    def said(self, message: bytes) -> None:
        """The program sends a message."""
        self.onMessage(message, True)


class CollaborationTestCase(JupyterTestCase):
    """A notebook under the root."""

    def setUp(self) -> None:
        super().setUp()
        self.presence = Presence()
        self.rig.disk.files.put("a b.ipynb", json.dumps(BOOK).encode())

    def opened(self, path: str = "a%20b.ipynb") -> Any:
        """What the route answers."""
        answer = self.api("PUT", f"/api/collaboration/session/{path}", BODY)
        self.assertEqual(answer.status, 200, answer.body)
        return json.loads(answer.body)

    def room(self) -> Any:
        """The room of the notebook."""
        return room_of(self.rig, self.opened()["fileId"])


class Routes(CollaborationTestCase):
    """REST."""

    def test_a_notebook_is_opened(self) -> None:
        """Its room is the same until it ends."""
        found = self.opened()
        self.assertEqual((found["format"], found["type"]), ("json", "notebook"))
        self.assertEqual(self.rig.me.call("session.get", session=found["fileId"])["path"], "a b.ipynb")
        self.assertEqual(self.opened(), found)
        self.rig.clock.advance(rooms.PROMISE_SECONDS + 1)
        self.assertNotEqual(self.opened()["sessionId"], found["sessionId"])

    def test_what_is_none(self) -> None:
        """A file that is not there, and one that is no notebook."""
        path = "/api/collaboration/session/"
        self.assertEqual(self.api("PUT", f"{path}none.ipynb", BODY).status, 404)
        self.assertEqual(self.api("PUT", f"{path}a.txt", b'{"format": "text", "type": "file"}').status, 400)
        self.assertEqual(self.api("PUT", f"{path}a%20b.ipynb", b"{").status, 400)
        self.assertEqual(self.api("GET", "/api/collaboration/room/json:notebook:x").status, 400)
        for room in ("json:notebook:none", "text:file:x", "JupyterLab:globalAwareness"):
            answer = self.api("GET", f"/api/collaboration/room/{room}", upgrade="websocket")
            self.assertEqual(answer.status, 404, room)

    def test_without_pycrdt(self) -> None:
        """404, as where the extension is not installed; the log says what to install, once."""
        routes = Collaboration(self.channels, is_installed=lambda: False)
        told: list[str] = []
        self.patch(Collaboration, "_log", SimpleNamespace(warn=told.append))
        for _ in range(2):
            refused = self.failureResultOf(Deferred.fromCoroutine(routes.open(None)))  # type: ignore[arg-type]  # it is not looked at
            self.assertEqual((refused.value.status, refused.value.message), (404, collaboration.MISSING))
        self.assertEqual(told, [collaboration.MISSING])


class Sockets(CollaborationTestCase):
    """What programs say."""

    def member(self, room: Any, verb: Any = "own") -> Socket:
        """A socket in a room."""
        socket = Socket(self, room, verb)
        room.enter(socket)
        return socket

    def synced(self, socket: Socket) -> Any:
        """The document of a program that has what the room has."""
        doc: Any = pycrdt.Doc()
        socket.said(y_messages.sync(y_messages.STEP_1, doc.get_state()))
        self.rig.turn()
        reader = y_messages.Reader(socket.sent[-1])
        self.assertEqual((reader.number(), reader.number()), (y_messages.SYNC, y_messages.STEP_2))
        doc.apply_update(reader.part())
        return doc

    def changed(self, doc: Any) -> bytes:
        """The message that a program sends which changes its first cell."""
        state = doc.get_state()
        doc.get("cells", type=pycrdt.Array)[0]["source"].insert(0, "2 + ")
        return y_messages.sync(y_messages.UPDATE, doc.get_update(state))

    def source(self, room: Any) -> str:
        """The source of the first cell."""
        return str(self.rig.me.call("cell.list", session=room.session.id)["cells"][0]["source"])

    def test_it_comes_in(self) -> None:
        """And learns who is there; one that names a room that is over is told which code brings it back; one that is gone already, nothing."""
        room = self.room()
        there = self.member(room)
        there.said(y_messages.awareness([State(5, 1, b"{}")]))
        comes, late, gone = Socket(self, room), Socket(self, room), Socket(self, room)
        self.patch(SocketProtocol, "onOpen", lambda socket: None)
        for socket in (comes, late, gone):
            socket.factory = cast(Any, SimpleNamespace(clients=() if socket is gone else (socket,)))
        comes.onOpen()
        self.assertIn(comes, room.members)
        self.assertEqual((comes.sent[-1], comes.is_page), (y_messages.awareness([State(5, 1, b"{}")]), False))
        late.room = None
        late.onOpen()
        gone.onOpen()
        self.assertEqual((late.closed, gone.closed, gone in room.members), ([collaboration.ANOTHER_ROOM], [], False))
        self.patch(SocketProtocol, "onClose", lambda socket, *given: None)
        comes.onClose(True, 1000, "")
        self.assertNotIn(comes, room.members)

    def test_a_save_that_fails(self) -> None:
        """Is answered so."""
        room = self.room()
        socket = self.member(room, "read")
        self.patch(Logins, "refresh", lambda logins, principal: principal)
        socket.said(b"\2\4save\7")
        self.rig.turn(50)
        self.assertEqual(socket.sent[-1], y_messages.raw(b'{"type":"save","responseTo":7,"status":"failed"}'))

    def test_a_change_of_one_is_sent_to_the_other(self) -> None:
        """And to nobody else."""
        room = self.room()
        one, two = self.member(room), self.member(room)
        doc = self.synced(one)
        before = len(one.sent)
        message = self.changed(doc)
        one.said(message)
        self.rig.turn()
        self.assertEqual(self.source(room), "2 + 1")
        self.assertEqual(two.sent[-1][:2], b"\0\2")
        self.assertEqual(len(one.sent), before)

    def test_who_may_only_read(self) -> None:
        """Reads; what it changes is undone for everybody."""
        room = self.room()
        reader, other = self.member(room, "read"), self.member(room)
        self.patch(Logins, "refresh", lambda logins, principal: principal)
        doc = self.synced(reader)
        reader.said(self.changed(doc))
        self.rig.turn()
        self.assertEqual((self.source(room), room.shared.source(0)), ("1", "1"))
        self.assertEqual(str(self.synced(other).get("cells", type=pycrdt.Array)[0]["source"]), "1")

    def test_bytes_that_are_no_message(self) -> None:
        """Close the socket, and change nothing."""
        room = self.room()
        for wrong in (
            b"",
            b"\0",
            b"\0\0",
            b"\0\2\5abc",
            b"\0\2\3abc",
            b"\0\1\1\7",
            b"\0\0\2\xff\xff",
            b"\1\xff",
            b"\2\5abc",
        ):
            socket = self.member(room)
            socket.said(wrong)
            self.assertEqual(socket.closed, [1007], wrong)
        other = self.member(room)
        other.said(b"\7\1a")
        self.assertEqual((other.closed, self.source(room)), ([], "1"), "kinds that are not known are passed over")

    def test_it_is_saved(self) -> None:
        """By a word of JupyterLab; the answer says how it went."""
        room = self.room()
        socket = self.member(room)
        socket.said(self.changed(self.synced(socket)))
        socket.said(b"\2\4save\7")
        self.rig.turn(50)
        self.assertEqual(socket.sent[-1], y_messages.raw(b'{"type":"save","responseTo":7,"status":"success"}'))
        body, _ = self.rig.wait(self.rig.disk.files.read("a b.ipynb"))
        self.assertIn(b"2 + 1", body)

    def test_presence(self) -> None:
        """What one says of itself is passed on, kept for those who come, and taken back when it leaves."""
        room = self.room()
        one, two = self.member(room), self.member(room)
        ada = State(5, 1, b'{"user":{"name":"Ada"}}')
        one.said(y_messages.awareness([ada]))
        self.assertEqual(two.sent[-1], y_messages.awareness([ada]))
        two.said(bytes([y_messages.QUERY]))
        self.assertEqual(two.sent[-1], y_messages.awareness([ada]))
        self.presence.leave(room, one)
        self.assertEqual(two.sent[-1], y_messages.awareness([State(5, 2, b"null")]))
        self.assertEqual(self.presence.all(room), [])
        many = [State(number, 1, b"{}") for number in range(collaboration.MOST_STATES + 5)]
        one.said(y_messages.awareness(many))
        self.assertEqual(len(self.presence.all(room)), collaboration.MOST_STATES)
        one.said(y_messages.awareness([State(3, 2, b"null")]))
        self.assertNotIn(3, [one.client for one in self.presence.all(room)])

    def test_one_that_does_not_read(self) -> None:
        """Has to come back."""
        room = self.room()
        socket = self.member(room)
        self.patch(collaboration, "MOST_UNSENT", 10)
        socket.give(b"x" * 20)
        socket._is_full = True
        socket.give(b"x" * 20)
        self.assertEqual(socket.closed, [1012])

    def test_the_room_ends(self) -> None:
        """With a code that brings programs back, or not."""
        room = self.room()
        socket = self.member(room)
        for ending, code in (("closed", 1001), ("renewed", 1012), ("stopped", 1012), ("empty", 1001)):
            socket.end(ending)  # type: ignore[arg-type]  # one of these
            self.assertEqual(socket.closed.pop(), code)

    def test_there_are_only_so_many(self) -> None:
        """Rooms, of which empty ones go first, and programs in one."""
        self.patch(rooms, "MOST_ROOMS", 1)
        self.room()
        self.rig.disk.files.put("b.ipynb", json.dumps(BOOK).encode())
        second = room_of(self.rig, self.opened("b.ipynb")["fileId"])
        self.member(second)
        first = self.opened()
        path = f"/api/collaboration/room/json:notebook:{first['fileId']}?sessionId={first['sessionId']}"
        self.assertEqual(self.api("GET", path, upgrade="websocket").status, 413)
        self.patch(rooms, "MOST_MEMBERS", 1)
        other = self.opened("b.ipynb")
        path = f"/api/collaboration/room/json:notebook:{other['fileId']}?sessionId={other['sessionId']}"
        self.assertEqual(self.api("GET", path, upgrade="websocket").status, 413)
