"""The Autobahn protocol: WebSocket messages to the method table, replies and events back.

One connection is one `Caller`. Its feeds stop when the transport's buffer is full (64 KiB) and go on when it is
empty: what a slow reader costs is a cursor. Calls of one connection run side by side; when too many are under way,
the connection is not read until some are answered.

Autobahn's defaults are open: here the origin is checked exactly (webipy.io.gate), messages are limited, compression
is off (a small message may then not unpack to a large one), and silent peers are found by pings.

twisted.web's channel stays registered as the producer of the transport after the handshake; it must be unregistered
before ours can be.
"""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.tcp import Server
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from webipy.io.gate import Gate
from webipy.server.api import Api, answered
from webipy.server.method import Caller

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_CALLS = 256
"""Calls of one connection under way; more wait in the network."""

PING_SECONDS = 20
HANDSHAKE_SECONDS = 5
LOGIN_ENDED = 4401
"""Close code: the login of this connection was ended."""


@implementer(IPushProducer)
class RpcProtocol(WebSocketServerProtocol):
    """One client."""

    factory: RpcFactory
    transport: Server
    caller: Caller | None = None
    _calls = 0
    _rpc_log = Logger()

    def onConnect(self, request: Any) -> None:
        """Lets in whom the gate knows."""
        gate = self.factory.gate
        if not gate.is_ours(request.headers.get("host")):
            raise ConnectionDeny(421, "This server is not known under that name")
        principal = gate.principal_of(request.headers.get)
        if principal is None:
            raise ConnectionDeny(401, "Log in first")
        self.caller = Caller(principal, self._give, self._soon)

    def onOpen(self) -> None:
        """The handshake is done: the transport tells from now on when it is full."""
        self.factory.clients.add(self)
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """One call or a batch."""
        assert self.caller is not None
        self._calls += 1
        if self._calls == MAX_CALLS:
            self.transport.pauseProducing()
        answered(self.factory.api, payload, self.caller).addCallbacks(self._reply, self._failed)

    def _reply(self, reply: bytes | None) -> None:
        self._calls -= 1
        if self._calls == MAX_CALLS - 1 and self.can_send:
            self.transport.resumeProducing()
        if reply is not None:
            self._give(reply)

    def _failed(self, failure: Failure) -> None:
        self._rpc_log.failure("a message could not be answered", failure)
        self.sendClose(1011, "The server made a mistake")

    @property
    def can_send(self) -> bool:
        """Whether messages can be sent."""
        return bool(self.state == self.STATE_OPEN)

    def _give(self, message: bytes) -> None:
        if self.can_send:
            self.sendMessage(message)

    def _soon(self, call: Any) -> None:
        self.factory.clock.callLater(0, call)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The client is gone; what it started goes on."""
        self.factory.clients.discard(self)
        if self.caller is not None:
            self.caller.leave()

    # ---- IPushProducer: the transport's buffer is full, empty, gone

    def pauseProducing(self) -> None:
        """The transport is full."""
        if self.caller is not None:
            self.caller.pause()

    def resumeProducing(self) -> None:
        """The transport is empty."""
        if self.caller is not None:
            self.caller.resume()

    def stopProducing(self) -> None:
        """The transport is gone; `onClose` follows."""


class RpcFactory(WebSocketServerFactory):
    """All clients.

    Args:
        gate: Knows who may come in.
        api: Answers.
        reactor: Twisted's.
    """

    protocol = RpcProtocol  # type: ignore[assignment]  # Twisted types it as a factory of protocols

    def __init__(self, gate: Gate, api: Api, reactor: IReactorTime) -> None:
        super().__init__(reactor=reactor, server="webipy")
        self.gate = gate
        self.api = api
        self.clock = reactor
        self.clients: set[RpcProtocol] = set()
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            maxFramePayloadSize=MAX_MESSAGE_BYTES,
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            failByDrop=False,
            openHandshakeTimeout=HANDSHAKE_SECONDS,
            closeHandshakeTimeout=1,
            autoPingInterval=PING_SECONDS,
            autoPingTimeout=PING_SECONDS,
            perMessageCompressionAccept=lambda offers: None,
        )

    def end_login(self, login: str) -> None:
        """Closes the connections of a login that was ended."""
        for client in tuple(self.clients):
            if (
                client.caller is not None
                and client.caller.principal is not None
                and client.caller.principal.login == login
            ):
                client.sendClose(LOGIN_ENDED, "Your login was ended")

    def close_all(self) -> None:
        """The server goes away; clients come back by themselves."""
        for client in tuple(self.clients):
            client.sendClose(1001, "The server stops")
