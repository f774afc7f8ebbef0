"""The Autobahn protocol: WebSocket messages to the method table, replies and events back.

One connection is one `Connection`. Its feeds stop when the transport's buffer is full (64 KiB) and go on when it is
empty: what a slow reader costs is a cursor. Calls of one connection run side by side, each begun in its turn (webipy.server.ports.turns); while the
transport is full or too many are under way they wait, and when too many wait the connection is not read (until then it is, so that the
answers to pings are seen).

The connections of one login are counted, those of guests also by their link, so that nobody takes all descriptors of the server.

Autobahn's defaults are open: here the origin is checked exactly (webipy.io.web.request_auth), messages are limited, compression
is off (a small message may then not unpack to a large one), and silent peers are found by pings.

Small messages of one turn of the reactor leave at its end in one write, large ones at once (`write_now`); only what the socket does not take
waits in the transport.

twisted.web's channel stays registered as the producer of the transport after the handshake; it must be unregistered
before ours can be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IPushProducer, IReactorTime, ITransport
from twisted.internet.tcp import Connection as TCPConnection, Server
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.api.rpc import LOGIN_ENDED, MAX_MESSAGE_BYTES, TOO_MANY
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.io.web.request_auth import SUBPROTOCOL, RequestAuth
from webipy.io.web.read_pauses import Reading
from webipy.io.web.websocket_frames import frame_head, text_of
from webipy.server.methods.api import Api, answered
from webipy.server.methods.method import MOST_OF_GUEST, MOST_OF_LOGIN, Connection
from webipy.server.people.budgets import Budget

SMALL_BYTES = 64 * 1024
"""Messages that are less together go in one write, at the end of the turn."""

GOODBYE_SECONDS = 5
"""How long a client may take to answer the close of a connection; then it is cut, and a reason that has not arrived is lost."""

MAX_CALLS = 256
"""Calls of one connection under way; more wait."""

MAX_WAITING = 64
"""Calls that wait; more do so in the network."""

MAX_WAITING_BYTES = 1024 * 1024
"""The same in bytes; the message that crosses it is kept whole."""

LARGE_BYTES = 1024 * 1024
"""A message of more has its turn among those of its login that come in: until then the rest of it stays in the network."""

PING_SECONDS = 20
HANDSHAKE_SECONDS = 5

MOST_OF_LINK = 240
"""Connections of all who came by one link: as many as may come by it (200), and some who have two pages."""


class QuickTexts(WebSocketServerProtocol):
    """Takes a small text message that came whole past Autobahn's steps for each frame, which cost as much as a call; all else goes to Autobahn."""

    def dataReceived(self, data: bytes) -> None:
        """Takes what has come."""
        message = text_of(data) if self._is_between_frames else None
        if message is not None:
            self.onMessage(message, False)
        else:
            self._dataReceived(data)  # and not Autobahn's `dataReceived`: that makes up a line of debug log for each piece

    @property
    def _is_between_frames(self) -> bool:
        """Whether the next byte begins a message, and Autobahn waits for nothing that any message would do."""
        if self.state != self.STATE_OPEN or self.data or self.autoPingTimeoutCall:
            return False
        return self.current_frame is None and not self.inside_message


@implementer(IPushProducer)
class RpcProtocol(QuickTexts):
    """One client."""

    factory: RpcFactory
    transport: Server
    connection: Connection | None = None
    _budget: Budget
    login = ""
    """The id of the login that this connection came by, whatever has become of it."""
    seat = ""
    """See `Principal.seat`."""
    _calls = 0
    _is_full = False
    reading: Reading
    _has_turn = False
    """Whether a turn of the reactor is waited for."""
    _waiting: deque[bytes]
    _waiting_bytes = 0
    _unsent = 0
    """Bytes of answers that the transport has not sent."""
    _writes: TurnWrites
    _rpc_log = Logger()

    def onConnect(self, request: Any) -> str | None:
        """Accepts who has a login. Of the subprotocols that a page offers, one is our name and the other one its key."""
        auth = self.factory.auth
        if not auth.is_ours(request.headers.get("host")):
            raise ConnectionDeny(421, "This server is not known under that name")
        headers = request.headers.get
        address = auth.address_of(self.transport.getPeer().host, headers)
        try:
            principal = auth.principal_of(headers, address)
        except errors.Throttled as fault:
            raise ConnectionDeny(429, "Too many wrong tries") from fault
        except errors.NotAuthenticated as fault:
            raise ConnectionDeny(401, fault.message.encode("ascii", "backslashreplace").decode()) from fault
        except errors.HubUnreachable as fault:
            raise ConnectionDeny(503, "The hub does not answer") from fault
        except errors.NotPermitted as fault:
            raise ConnectionDeny(403, "This server of the hub is not yours") from fault
        if principal is None:
            raise ConnectionDeny(401, "Log in first")
        enter(self, principal, self._give).origin = auth.origin(principal, headers, address)
        return SUBPROTOCOL if SUBPROTOCOL in request.protocols else None

    def onOpen(self) -> None:
        """The handshake is done: the transport reports from now on when it is full."""
        self._waiting, self._writes = deque(), TurnWrites(self.transport, lambda: self.can_send)
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        self.reading = Reading(self.transport, self._budget)
        crowd = self.factory.crowd(self.seat, self._budget.lines)
        if crowd:  # only now: a browser does not show its page why a handshake failed
            self.say_goodbye(TOO_MANY, crowd)
        else:
            self.factory.clients.add(self)
            self._budget.lines += 1

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """One call or a batch; none is taken after the login has ended."""
        self.reading.end()
        if self.can_send:
            self._waiting.append(payload)
            self._waiting_bytes += len(payload)
            self._go_on()

    def _go_on(self) -> None:
        assert self.connection is not None
        turns = self.factory.api.services.world.turns
        while self._can_begin() and not self._has_turn:
            if not turns.has_room(self.connection.row):
                self._has_turn = True
                turns.soon(self.connection.row, self._in_turn)
            else:
                self._begin()
        if len(self._waiting) >= MAX_WAITING or self._waiting_bytes >= MAX_WAITING_BYTES:
            self.reading.choke(True)
        elif not self._waiting and self.can_send:
            self.reading.choke(False)

    def onMessageFrameBegin(self, length: int) -> None:
        """More of a message is announced: one that gets large waits for its turn among those of its login."""
        super().onMessageFrameBegin(length)
        if self.message_data_total_length > LARGE_BYTES and self.can_send:
            self.reading.begin()

    def _can_begin(self) -> bool:
        return bool(self._waiting) and self._calls < MAX_CALLS and not self._is_full and self.can_send

    def _in_turn(self) -> None:
        """It is the turn of this connection: one message, and more while there is room."""
        self._has_turn = False
        if self._can_begin():
            self._begin()
        self._go_on()

    def _begin(self) -> None:
        assert self.connection is not None
        self._calls += 1
        self._waiting_bytes -= len(self._waiting[0])
        asked = answered(self.factory.api, self._waiting.popleft(), self.connection)
        asked.addCallbacks(self._reply, self._failed)

    def _reply(self, reply: bytes | None) -> None:
        self._calls -= 1
        if reply is not None:
            self._give(reply)
            if self._is_full:
                self._hold(len(reply))
        if self._waiting and not self._is_full:
            self._soon(self._go_on)

    def _failed(self, failure: Failure) -> None:
        self._rpc_log.failure("a message could not be answered", failure)
        self.say_goodbye(1011, "The server made a mistake")

    def say_goodbye(self, code: int, reason: str) -> None:
        """Closes with any code; Autobahn's `sendClose` refuses those that RFC 6455 (section 7.4.1) has for servers.

        Args:
            code: The close code.
            reason: A few words for people, at most 123 bytes of UTF-8.
        """
        self._writes.flush()
        self.sendCloseFrame(code, reason.encode(), False)

    @property
    def can_send(self) -> bool:
        """Whether messages can be sent."""
        return bool(self.state == self.STATE_OPEN)

    def _give(self, message: bytes, is_binary: bool = False) -> None:
        """Sends one message, past Autobahn's `sendMessage`: that makes up four lines of debug log for each, which cost more than the sending."""
        if self.can_send:
            if not self._writes.is_pending:
                self._soon(self._writes.flush)
            self._writes.add(message, is_binary)

    def _give_up(self) -> None:
        self.say_goodbye(1011, "The server cannot read its journal now")

    def _soon(self, call: Any) -> None:
        self.factory.clock.callLater(0, call)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The client is gone; what it started goes on."""
        if self in self.factory.clients:
            self.reading.end()
            self.factory.clients.remove(self)
            self._budget.lines -= 1
        self.factory.anonymous.forget(self.transport)
        if self.connection is not None:
            self._hold(-self._unsent)
            self.connection.leave()

    def _hold(self, size: int) -> None:
        assert self.connection is not None
        self._unsent += size
        self.connection.hold(size)

    # ---- IPushProducer: the transport's buffer is full, empty, gone

    def pauseProducing(self) -> None:
        """The transport is full."""
        self._is_full = True
        if self.connection is not None:
            self.connection.pause()

    def resumeProducing(self) -> None:
        """The transport is empty."""
        self._is_full = False
        self._hold(-self._unsent)
        if self.connection is not None:
            self.connection.resume()
            self._go_on()

    def stopProducing(self) -> None:
        """The transport is gone; `onClose` follows."""


def enter(protocol: RpcProtocol, principal: Principal, send: Callable[[bytes], None]) -> Connection:
    """Makes a protocol the connection of somebody.

    Args:
        protocol: The protocol, in its handshake.
        principal: Who it is.
        send: Takes notifications, JSON.

    Returns:
        The connection.
    """
    protocol.login, protocol.seat = principal.login, principal.seat
    protocol.factory.anonymous.forget(protocol.transport)
    protocol.connection = connection = Connection(principal, send, protocol._soon, protocol._give_up)
    connection.budget = protocol._budget = protocol.factory.api.services.budgets.of(principal)
    return connection


class TurnWrites:
    """The messages that one connection is sent in one turn of the reactor: together they are one write, and wake their reader once.

    Args:
        transport: Takes them.
        can_send: Whether the connection is open; nothing may follow its close frame.
    """

    def __init__(self, transport: ITransport, can_send: Callable[[], bool]) -> None:
        self._transport, self._can_send = transport, can_send
        self._frames: list[bytes] = []
        self._size = 0

    @property
    def is_pending(self) -> bool:
        """Whether there is something to flush."""
        return bool(self._frames)

    def add(self, message: bytes, is_binary: bool = False) -> None:
        """Takes one message; with `SMALL_BYTES` or more all leave at once.

        Args:
            message: The message.
            is_binary: Whether it is a binary one, and no text.
        """
        head = frame_head(len(message), is_binary=is_binary)
        self._frames += (head, message)
        self._size += len(head) + len(message)
        if self._size >= SMALL_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes what was taken, if the connection is still open."""
        frames, size = self._frames, self._size
        self._frames, self._size = [], 0
        if frames and self._can_send():
            write_now(self._transport, [b"".join(frames)] if size < SMALL_BYTES else frames)


def write_now(transport: ITransport, parts: Sequence[bytes]) -> None:
    """Writes to the socket at once when nothing waits to be written, and queues the rest in the transport.

    Twisted's transports keep what is written until the reactor finds that the socket can be written to, and watch it for that: two changes of
    what is watched, and one more turn, for each message to each client. Who reads as fast as we write needs none of that.

    Args:
        transport: Of the connection.
        parts: What is written, one after the other.
    """
    if isinstance(transport, TCPConnection) and transport.connected and not is_behind(transport):
        for number, part in enumerate(parts):
            left = _written(transport, part)
            if left:
                transport.writeSequence([bytes(left), *parts[number + 1 :]])
                return
    else:
        transport.writeSequence(parts)


def is_behind(transport: TCPConnection) -> bool:
    """Whether what was written before is still to be sent; the transport has no public word for it."""
    return bool(transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting)


def _written(transport: TCPConnection, part: bytes) -> memoryview:
    """Sends what the socket takes now, and returns the rest. A lost connection takes nothing: the reactor meets it when it writes the rest."""
    left = memoryview(part)
    while left:
        sent = transport.writeSomeData(left)  # type: ignore[arg-type]  # Twisted makes a view of it itself
        if not isinstance(sent, int) or sent <= 0:
            break
        left = left[sent:]
    return left


class RpcFactory(WebSocketServerFactory):
    """All clients.

    Args:
        auth: Reads who sends a request.
        api: Answers.
        reactor: Twisted's.
        anonymous: The connections without a login; one that shows a login, or ends, is none of them any more.
    """

    protocol = RpcProtocol  # type: ignore[assignment]  # Twisted types it as a factory of protocols

    def __init__(self, auth: RequestAuth, api: Api, reactor: IReactorTime, anonymous: AnonymousConnections) -> None:
        super().__init__(reactor=reactor, server="webipy")
        self.auth = auth
        self.api = api
        self.clock = reactor
        self.clients: set[RpcProtocol] = set()
        self.anonymous = anonymous
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            maxFramePayloadSize=MAX_MESSAGE_BYTES,
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            failByDrop=False,
            openHandshakeTimeout=HANDSHAKE_SECONDS,
            closeHandshakeTimeout=GOODBYE_SECONDS,
            autoPingInterval=PING_SECONDS,
            autoPingTimeout=PING_SECONDS,
            perMessageCompressionAccept=lambda offers: None,
        )

    def crowd(self, login: str, lines: int) -> str:
        """Checks whether a login may have one more connection.

        Args:
            login: Its id; for a guest's script token that of the guest.
            lines: How many it has, calls by POST counted.

        Returns:
            Why it may not; empty when it may.
        """
        shares = self.auth.logins.shares
        link = shares.link_of(login)
        open = [client.seat for client in self.clients]
        most = MOST_OF_LOGIN if link is None else MOST_OF_GUEST
        if lines >= most:
            return f"{most} connections of this login are open, which is all that it may have"
        if link is not None and sum(shares.link_of(other) == link for other in open) >= MOST_OF_LINK:
            return f"{MOST_OF_LINK} connections by this link are open, which is all that it may have"
        return ""

    def count(self, login: str) -> int:
        """How many connections a login has."""
        return sum(client.login == login for client in self.clients)

    def end_login(self, login: str) -> None:
        """Closes the connections of a login that was ended; they get nothing more, and nobody sees them any more."""
        for client in tuple(self.clients):
            if client.login == login:
                client.say_goodbye(LOGIN_ENDED, "Your login was ended")
                if client.connection is not None:
                    client.connection.leave()

    def close_all(self) -> None:
        """The server goes away; clients come back by themselves."""
        for client in tuple(self.clients):
            client.say_goodbye(1001, "The server stops")
