"""The WebSocket of a kernel, `/api/kernels/{kernel}/channels`: a feed of its session, spelled as Jupyter messages.

::

    client's frame ──decode──► ClientMessage ──ClientRequests──► method table          events of the feed ──ClientMessages──► frames
                                     └── replies to what is no execution ──► this socket                └── cursor noted once they have left

A client is known by its `session_id`. When it comes back, to this server or to the next one, it is sent all events since its cursor, which is noted
when the operating system has taken what was sent. A new page of JupyterLab is sent what runs from its beginning. Requests are answered to the
socket whose client ids have sent them: the `session_id`, and those that it has used. Where two sockets have one `session_id`, the newer one stays.

Invariants: nothing is sent of an event that is not in the journal; no message is left out between two sockets of one client; a socket closes with
1000 only where the client should not come back (replaced, kernel gone), with 1012 when the server stops.

Source: Jupyter Server, "WebSocket kernel wire protocols"; RFC 6455, section 7.4. Rejected: a buffer for each client that is away (the journal has
it).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec
from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from webipy.core.api import calls
from webipy.core.events import events
from webipy.core.kernel import blobs, jupyter_messages, socket_messages
from webipy.core.kernel.client_messages import ClientMessages, header_of
from webipy.core.kernel.socket_messages import V1, ClientMessage, ServerMessage
from webipy.core.kernel.wire import Malformed
from webipy.io.jupyter.client_requests import ClientRequests
from webipy.io.jupyter.kernels import STARTED_SECONDS, end_kernel, is_starting, session_of, until
from webipy.io.jupyter.routes import Asked, Route
from webipy.io.jupyter.sockets import COME_BACK, GONE, MALFORMED, Notification, SocketProtocol, take_over
from webipy.io.reactor import Run
from webipy.io.storage.client_cursors import ClientCursors
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.websocket import RpcFactory, is_behind
from webipy.server.methods.api import Api
from webipy.server.people.logins import TOKEN_LOGIN

PING_SECONDS: Final = 30
PONG_SECONDS: Final = 60
NOTE_SECONDS: Final = 0.02
"""How long a cursor waits before it is looked again whether all has left."""

MAX_NAMES: Final = 64
"""Client ids that one socket may use: clients use one."""


class _Events(msgspec.Struct):
    first: int
    events: list[Raw]


class ChannelsProtocol(SocketProtocol):
    """One socket of a Jupyter client."""

    factory: ChannelsFactory
    session: calls.Session
    is_v1 = False
    client = ""
    kernel = ""
    _names: set[str]
    _messages: ClientMessages
    _requests: ClientRequests
    _outgoing: deque[ServerMessage | int]
    _described: list[ClientMessage]
    _is_filling = False
    _cursor = 0
    _noted = 0

    def onConnect(self, request: Any) -> str | None:
        """Accepts who has passed the route; of the spellings that a client offers, the newer one is taken."""
        super().onConnect(request)
        assert self.session.kernel is not None
        self.is_v1 = V1 in request.protocols
        self.client, self.kernel = self.asked.query("session_id") or "", self.session.kernel.id
        self._names, self._outgoing, self._described = {self.client} if self.client else set(), deque(), []
        self._messages = ClientMessages(self.session.id, self.kernel)
        self._requests = ClientRequests(self.asked, self.session.id, self, self._end_kernel)
        return V1 if self.is_v1 else None

    def onOpen(self) -> None:
        """The handshake is done: the feed joins the journal where the client left it."""
        super().onOpen()
        if self in self.factory.clients:
            self.factory.enter(self)
            Deferred.fromCoroutine(self._join()).addErrback(self._failed)

    async def _join(self) -> None:
        of = self.session.id
        known = self.factory.cursors.get(self.kernel, self.client) if self.client else None
        session = await self.asked.ask("session.get", calls.OfSession(session=of), calls.Session)
        since = session.seq if known is None else min(max(known, session.first_seq - 1), session.seq)
        self._cursor = self._noted = since
        open = await self.asked.ask("execution.list", calls.ListExecutions(session=of, at=since), calls.ExecutionList)
        decoded = [events.decode_known(bytes(body)) for body in open.queued]
        queued = [event for event in decoded if isinstance(event, events.ExecutionQueued)]
        for event in queued:
            self._messages.queue(event)
        if known is None and _is_page(self.asked) and queued:
            since = max(min(event.seq for event in queued), session.first_seq) - 1
            self._cursor = self._noted = since
        await self.asked.ask("session.subscribe", calls.Subscribe(session=of, since=since), calls.Subscribed)
        self._note(since)

    # ---- in

    def _begin(self) -> None:
        self._calls += 1
        frame = self._waiting.popleft()
        self._waiting_bytes -= len(frame)
        try:
            message = socket_messages.decode(frame, is_v1=self.is_v1)
        except Malformed as fault:
            self._calls -= 1
            self.say_goodbye(MALFORMED, str(fault)[:100])
            return
        if message.session and len(self._names) < MAX_NAMES:
            self._names.add(message.session)
        Deferred.fromCoroutine(self._requests.carry_out(message)).addCallbacks(self._reply, self._failed)

    def reply(self, request: ClientMessage, content: bytes, buffers: tuple[bytes, ...] = ()) -> None:
        """Sends the reply to a request.

        Args:
            request: The request.
            content: The content of the reply, JSON.
            buffers: Its buffers.
        """
        kind = request.msg_type.removesuffix("_request") + "_reply"
        channel = "control" if request.channel == "control" else "shell"
        self._deliver(self._made(channel, kind, request, content, buffers))

    def publish_state(self, request: ClientMessage, state: str) -> None:
        """Sends a status that belongs to a request.

        Args:
            request: The request.
            state: The state.
        """
        self._deliver(self._made("iopub", "status", request, jupyter_messages.encode({"execution_state": state})))

    def prompt_of(self, request: ClientMessage) -> str | None:
        """The prompt that an answer names, or else the only one that was put to this client."""
        if request.parent_id in self._messages.inputs:
            return request.parent_id
        ours = [prompt for prompt, asker in self._messages.inputs.items() if asker in self._names]
        return ours[0] if len(ours) == 1 else None

    def describe_later(self, request: ClientMessage) -> None:
        """Keeps a kernel_info_request until the kernel is ready; of one client the last ones are kept."""
        self._described = [*self._described, request][-MAX_NAMES:]

    def _made(
        self, channel: str, kind: str, request: ClientMessage, content: bytes, buffers: tuple[bytes, ...] = ()
    ) -> ServerMessage:
        world = self.factory.api.services.world
        msg_id = world.new_id()
        header = header_of(msg_id, kind, self.session.id, world.now())
        return ServerMessage(channel, msg_id, kind, header, request.header, content, buffers=buffers)

    async def _end_kernel(self) -> None:
        await end_kernel(self.asked, self.session)

    # ---- out

    def _notified(self, notification: bytes) -> None:
        """Takes a notification of the feed: the messages of its events leave in their order, and then its cursor is noted."""
        found = msgspec.json.decode(notification, type=Notification)
        if found.method != "events":
            return
        batch = msgspec.json.decode(found.params, type=_Events)
        for body in batch.events:
            event = events.decode_known(bytes(body))
            if event is None:
                continue
            self._outgoing.extend(self._messages.apply(event))
            if isinstance(event, events.KernelReady):
                self._describe()
        self._outgoing.append(batch.first + len(batch.events) - 1)
        self._pump()

    def _describe(self) -> None:
        waiting, self._described = self._described, []
        for request in waiting:
            Deferred.fromCoroutine(self._requests.carry_out(request)).addErrback(self._failed)

    def _pump(self) -> None:
        """Sends what is whole, up to the first message that lacks something."""
        while self._outgoing and not self._is_filling:
            message = self._outgoing.popleft()
            if isinstance(message, int):
                self._note(message)
            elif message.to is not None and message.to not in self._names:
                continue
            elif message.execution is not None or blobs.MARK in message.content:
                self._fill_begins(True)
                Deferred.fromCoroutine(self._fill(message)).addCallbacks(self._filled, self._failed)
            else:
                self._deliver(message)
        if self._messages.is_gone and not self._outgoing:
            self.say_goodbye(GONE, "The kernel is gone")

    def _fill_begins(self, is_on: bool) -> None:
        """The feed is paused while a message is filled."""
        self._is_filling = is_on
        if self.connection is not None and is_on:
            self.connection.pause()
        elif self.connection is not None and not self._is_full:
            self._soon(self.connection.resume)

    async def _fill(self, message: ServerMessage) -> ServerMessage:
        """The message with its large values, or with the silent results that it lacks."""
        if message.execution is None:
            names = {ref.sha256 for ref in blobs.refs_of(message.content).values()}
            values = {name: await self.factory.read_blob(self.session.id, name) for name in names}
            return attrs.evolve(message, content=blobs.with_values(message.content, values))
        of = calls.OfExecution(session=self.session.id, execution=message.execution)
        found = await self.asked.ask("execution.get", of, calls.Execution)
        if isinstance(found.user_expressions, msgspec.UnsetType):
            return message
        content = msgspec.json.decode(message.content, type=dict[str, Raw])
        return attrs.evolve(
            message, content=jupyter_messages.encode({**content, "user_expressions": found.user_expressions})
        )

    def _filled(self, message: ServerMessage) -> None:
        self._fill_begins(False)
        self._deliver(message)
        self._pump()

    def _deliver(self, message: ServerMessage) -> None:
        if self.can_send:
            frame, is_binary = socket_messages.encode(message, is_v1=self.is_v1)
            self._give(frame, is_binary)

    def _note(self, seq: int) -> None:
        """Notes that all up to a seq was sent, when the system has taken it."""
        self._cursor = seq
        if self.client and self.can_send:
            self._writes.flush()
            self._note_sent()

    def _note_sent(self) -> None:
        if not self.can_send or self._noted == self._cursor:
            return
        if is_behind(self.transport):
            self.factory.clock.callLater(NOTE_SECONDS, self._note_sent)
        else:
            self._noted = self._cursor
            self.factory.cursors.note(self.kernel, self.client, self._cursor)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The client is gone; what it started goes on."""
        self.factory.leave(self)
        super().onClose(wasClean, code, reason)


def _is_page(asked: Asked) -> bool:
    """Whether a client is a page in a browser, which shows also what it has not asked for (web/src/jupyter/follow.ts)."""
    principal = asked.connection.principal
    return principal is not None and principal.login != TOKEN_LOGIN and principal.token is None


class ChannelsFactory(RpcFactory):
    """All sockets of Jupyter clients.

    Args:
        auth: Reads who sends a request.
        api: The method table.
        reactor: Twisted's.
        anonymous: The connections without a login.
        cursors: How far each client has been sent.
        read_blob: Reads a large value, by the ids of its session and of itself.
    """

    protocol = ChannelsProtocol

    def __init__(
        self,
        auth: RequestAuth,
        api: Api,
        reactor: IReactorTime,
        anonymous: AnonymousConnections,
        cursors: ClientCursors,
        read_blob: Callable[[str, str], Awaitable[bytes]],
    ) -> None:
        super().__init__(auth, api, reactor, anonymous)
        self.cursors, self.read_blob = cursors, read_blob
        self._named: dict[tuple[str, str], ChannelsProtocol] = {}
        self.setProtocolOptions(autoPingInterval=PING_SECONDS, autoPingTimeout=PONG_SECONDS)

    def enter(self, socket: ChannelsProtocol) -> None:
        """Adds a socket; an older one of the same client is closed."""
        if socket.client:
            key = (socket.kernel, socket.client)
            older, self._named[key] = self._named.get(key), socket
            if older is not None:
                older.say_goodbye(GONE, "This client has opened another socket")

    def leave(self, socket: ChannelsProtocol) -> None:
        """Removes a socket."""
        key = (socket.kernel, socket.client)
        if self._named.get(key) is socket:
            del self._named[key]

    def sockets(self, kernel: str | None = None) -> int:
        """How many sockets are open.

        Args:
            kernel: Of the kernel of that id; `None`: of all.
        """
        return sum(kernel in (None, one.kernel) for one in self.clients if isinstance(one, ChannelsProtocol))

    def close_all(self) -> None:
        """The server goes away; clients come back by themselves."""
        for client in tuple(self.clients):
            client.say_goodbye(COME_BACK, "The server stops")

    async def upgrade(self, asked: Asked) -> None:
        """Takes the handshake of a client over, when the kernel has started: some clients give a kernel one second for its first answer.

        Raises:
            Refusal: 404, there is no such kernel.
        """
        session = await until(asked, await session_of(asked), lambda one: not is_starting(one), STARTED_SECONDS)
        if session.kernel is None:
            return

        def make(address: Any) -> ChannelsProtocol:
            protocol = self.buildProtocol(address)
            assert isinstance(protocol, ChannelsProtocol)
            protocol.asked, protocol.session = asked, session
            return protocol

        take_over(asked, make)

    def routes(self) -> list[Route]:
        """The route of the sockets."""
        return [Route("/api/kernels/{kernel}/channels", {}, method="", upgrade=self.upgrade)]


def open_channels(clients: RpcFactory, state: Path, blob_path: Callable[[str, str], str], run: Run) -> ChannelsFactory:
    """The sockets of Jupyter clients, and how far each has been sent.

    Args:
        clients: Those of our own clients, with the same logins and limits.
        state: The state folder.
        blob_path: Where a large value lies, by the ids of its session and of itself.
        run: Runs a function that blocks in a thread.
    """

    def read(session: str, blob: str) -> Awaitable[bytes]:
        path = Path(blob_path(session, blob))
        return run(lambda: _read(path))

    cursors = ClientCursors(state / "client-cursors")
    return ChannelsFactory(clients.auth, clients.api, clients.clock, clients.anonymous, cursors, read)


def _read(path: Path) -> bytes:
    return path.read_bytes()
