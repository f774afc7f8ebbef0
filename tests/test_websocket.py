"""webipy.io.web.websocket: the real site and Autobahn's client over loopback."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any, cast

import attrs
from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, execute, gatherResults
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.fakes import TOKEN, Disk, make_services
from tests.test_site import ORIGINS
from webipy.core.api.rpc import MAX_MESSAGE_BYTES
from webipy.core.events import events
from webipy.io.web import websocket
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.site import build_site
from webipy.io.web.websocket import LARGE_BYTES, SMALL_BYTES, RpcFactory, RpcProtocol, TurnWrites
from webipy.server.methods.api import Api
from webipy.server.people.logins import LoginSecrets

reactor: Any = _reactor


class Line(WebSocketClientProtocol):
    """One client."""

    transport: Any

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.opened: Deferred[None] = Deferred()
        self.closed: Deferred[tuple[int | None, str | None]] = Deferred()
        self.waiting: list[tuple[int, Deferred[None]]] = []

    def onOpen(self) -> None:
        self.opened.callback(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.messages.append(json.loads(payload))
        for count, told in list(self.waiting):
            if len(self.messages) >= count:
                self.waiting.remove((count, told))
                told.callback(None)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if not self.opened.called:
            self.opened.errback(ConnectionRefusedError(str(reason)))
        self.closed.callback((code, reason))

    def ask(self, method: str, call_id: Any = 1, **params: Any) -> None:
        """Sends a call."""
        self.sendMessage(json.dumps({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}).encode())

    def until(self, count: int) -> Deferred[None]:
        """Fires when so many messages have come."""
        told: Deferred[None] = Deferred()
        self.waiting.append((count, told))
        if len(self.messages) >= count:
            self.waiting.remove((count, told))
            told.callback(None)
        return told

    async def call(self, method: str, **params: Any) -> Any:
        """Makes a call and waits for the next message."""
        count = len(self.messages)
        self.ask(method, **params)
        await self.until(count + 1)
        return self.messages[count]

    def seqs(self) -> list[int]:
        """Seqs of the events that came."""
        return [e["seq"] for m in self.messages if m.get("method") == "events" for e in m["params"]["events"]]


class Raw(Protocol):
    """A client that writes bytes and keeps what comes."""

    def __init__(self) -> None:
        self.came = b""
        self.ended: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.came += data

    def connectionLost(self, reason: Any = None) -> None:
        self.ended.callback(self.came)


class SocketTestCase(TestCase):
    """A server with a journal in memory, on a port of its own."""

    timeout = 30

    def setUp(self) -> None:
        self.disk = Disk(clock=reactor)
        self.services = make_services(self.disk)
        self.auth = RequestAuth(self.services.logins)
        self.factory = RpcFactory(self.auth, Api(self.services), reactor, AnonymousConnections())
        self.factory.startFactory()
        metrics = Metrics(self.services.sessions.all, Pulse(reactor), Path("nowhere"), execute)
        self.site = build_site(
            self.auth,
            self.factory.api,
            WebSocketResource(self.factory),
            Path("nowhere"),
            metrics,
            anonymous=self.factory.anonymous,
        )
        self.services.logins.shares.connections.add(self.factory.end_login)
        self.port = reactor.listenTCP(0, self.site, interface="127.0.0.1")
        self.number = self.port.getHost().port
        self.lines: list[Line] = []
        self.addCleanup(self.end)

    async def end(self) -> None:
        """Closes everything and waits for that."""
        for line in self.lines:
            line.transport.abortConnection()
        await gatherResults([line.closed for line in self.lines])
        await self.port.stopListening()
        while self.factory.clients:
            await turn()
        await turn(0.15)  # the journal in memory brings what it has to its disk

    def dial(self, origin: str | None = None, **headers: str) -> Line:
        """Begins to connect; headers by name."""
        offered = [one.strip() for one in headers.pop("Sec-WebSocket-Protocol", "").split(",") if one]
        factory = WebSocketClientFactory(
            f"ws://127.0.0.1:{self.number}/rpc", origin=origin, protocols=offered, headers=headers, reactor=reactor
        )
        line = Line()
        line.factory = factory
        factory.protocol = lambda: line  # type: ignore[assignment]  # one connection
        factory.noisy = False
        factory.setProtocolOptions(failByDrop=False, maxMessagePayloadSize=0, openHandshakeTimeout=20)
        reactor.connectTCP("127.0.0.1", self.number, factory)
        return line

    async def connect(self, origin: str | None = None, **headers: str) -> Line:
        """A connection by token."""
        line = self.dial(origin, **(headers or {"Authorization": f"Bearer {TOKEN}"}))
        await line.opened
        self.lines.append(line)
        return line

    async def login(self) -> dict[str, str]:
        """The headers of a browser that is signed in."""
        return self.browser(await self.services.logins.login(None, TOKEN))

    def browser(self, secrets: LoginSecrets) -> dict[str, str]:
        """The headers of a browser with that cookie and that key, as a page sends them."""
        protocols = f"webipy, key.{secrets.key}"
        return {"Cookie": f"webipy-{self.number}={secrets.cookie}", "Sec-WebSocket-Protocol": protocols}

    async def guest(self, secret: str, name: str) -> dict[str, str]:
        """The headers of somebody who came by a link."""
        return self.browser(await self.services.logins.join(secret, name))

    async def session(self) -> str:
        """A new session."""
        return (await self.services.sessions.create("T", None, None, None, "ada")).id

    async def refusal(self, origin: str | None = None, **headers: str) -> str:
        """Why a connection is refused."""
        line = self.dial(origin, **headers)
        try:
            await line.opened
        except ConnectionRefusedError as fault:
            return str(fault)
        raise self.failureException("it was let in")

    def grow(self, session: str, count: int, size: int) -> None:
        """Events of some size come from nowhere."""
        found = self.services.sessions.get(session)
        for _ in range(count):
            found.append(
                [events.CellInserted(cell=os.urandom(4).hex(), after=None, cell_type="raw", source="x" * size)], None
            )


def turn(seconds: float = 0.001) -> Deferred[None]:
    """Some time of the reactor."""
    return deferLater(reactor, seconds, lambda: None)


class ComingIn(SocketTestCase):
    """The handshake."""

    async def test_strangers_are_refused(self) -> None:
        """401 without a login, with a wrong token, with a wrong cookie."""
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Cookie": f"webipy-{self.number}=wrong"},
            {"Authorization": "Basic x"},
            {"Cookie": (await self.login())["Cookie"]},
            {"Cookie": (await self.login())["Cookie"], "Sec-WebSocket-Protocol": "webipy, key.wrong"},
        ):
            self.assertIn("401", await self.refusal(**headers), headers)
            own = f"http://127.0.0.1:{self.number}"
            self.assertIn("401", await self.refusal(own, **headers), headers)
        self.assertEqual(self.factory.clients, set())

    async def test_only_strangers_are_counted_as_such(self) -> None:
        """Who is let in is none, and who is refused is gone."""
        line = await self.connect()
        await self.refusal()
        self.assertEqual((len(self.site.anonymous), line.transport.connected), (0, 1))

    async def test_origins(self) -> None:
        """A cookie with our own origin only, or without any as from no page; a token from anywhere."""
        cookie = await self.login()
        own = f"http://127.0.0.1:{self.number}"
        for origin, _ in ORIGINS:
            if origin is not None:
                self.assertRegex(await self.raw_status(origin, **cookie), "^HTTP/1.1 40[013] ", origin)
        for origin in (None, own):
            self.assertIn("101", await self.raw_status(origin, **cookie), origin)
        for origin in ("https://evil.example", own, None):
            self.assertIn("101", await self.raw_status(origin, Authorization=f"Bearer {TOKEN}"), origin)

    async def raw_status(self, origin: str | None, **headers: str) -> str:
        """The status line of a handshake, with headers as they are."""
        raw = Raw()
        factory = ClientFactory()
        factory.noisy = False
        factory.protocol = lambda: raw
        reactor.connectTCP("127.0.0.1", self.number, factory)
        while raw.transport is None:
            await turn()
        lines = [
            "GET /rpc HTTP/1.1",
            f"Host: {headers.pop('Host', f'127.0.0.1:{self.number}')}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            *([] if origin is None else [f"Origin: {origin}"]),
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        cast(Any, raw.transport).write("\r\n".join(lines).encode() + b"\r\n\r\n")
        while b"\r\n\r\n" not in raw.came and not raw.ended.called:
            await turn()
        cast(Any, raw.transport).abortConnection()
        await raw.ended
        return raw.came.partition(b"\r\n")[0].decode()

    async def test_another_name_is_misdirected(self) -> None:
        """421, with the token: DNS rebinding."""
        for host in ("evil.example", f"localhost.evil.example:{self.number}"):
            status = await self.raw_status(None, Host=host, Authorization=f"Bearer {TOKEN}")
            self.assertIn("421", status)

    async def test_compression_is_not_spoken(self) -> None:
        """A small message may not unpack to a large one."""
        raw = await self.raw_status(
            None, Authorization=f"Bearer {TOKEN}", **{"Sec-WebSocket-Extensions": "permessage-deflate"}
        )
        self.assertIn("101", raw)
        line = await self.connect()
        self.assertEqual(line.websocket_extensions_in_use, [])


class Calls(SocketTestCase):
    """Messages."""

    async def test_calls_batches_and_what_is_neither(self) -> None:
        """Each is answered as JSON-RPC 2.0 says, and the connection goes on."""
        line = await self.connect()
        self.assertEqual((await line.call("session.list"))["result"], {"sessions": []})
        line.sendMessage(b'[{"jsonrpc":"2.0","id":1,"method":"session.list"},{"jsonrpc":"2.0","id":2,"method":"nope"}]')
        await line.until(2)
        self.assertEqual([reply["id"] for reply in cast(Any, line.messages[1])], [1, 2])
        for count, body in enumerate((b"{", b"\xff\xfe", b"[]", b"1", b'"x"', b"{}"), 3):
            line.sendMessage(body, isBinary=True)
            await line.until(count)
            self.assertIn(line.messages[-1]["error"]["code"], (-32700, -32600), body)
        line.sendMessage(b'{"jsonrpc":"2.0","method":"session.list"}')
        self.assertIn("result", await line.call("session.list"))

    async def test_who_asks_much_at_once_gets_every_answer(self) -> None:
        """5,000 calls in a row, each answered once."""
        line = await self.connect()
        for number in range(5000):
            line.ask("server.info", number)
        await line.until(5000)
        self.assertEqual(sorted(m["id"] for m in line.messages), list(range(5000)))

    async def test_slow_calls_do_not_hold_up_quick_ones(self) -> None:
        """Those of one connection run side by side."""
        line, session = await self.connect(), await self.session()
        line.ask("session.events", "slow", session=session, since=1, wait_s=20)
        reply = await line.call("session.list")
        self.assertEqual(reply["id"], 1)
        self.grow(session, 1, 1)
        await line.until(2)
        self.assertEqual(line.messages[1]["id"], "slow")

    async def test_what_waits_is_limited_in_bytes(self) -> None:
        """While nothing can be begun, a connection is read until so much waits; then all of it is answered."""
        self.patch(websocket, "MAX_CALLS", 0)
        line = await self.connect()
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "server.info"}).encode() + b" " * 300_000
        for _ in range(20):
            line.sendMessage(call)
        (client,) = self.factory.clients
        while client.reading.is_on:
            await turn()
        most = websocket.MAX_WAITING_BYTES + 2 * len(call)  # the system hands over more than one message at once
        self.assertLess(client._waiting_bytes, most)
        await turn(0.1)
        self.assertLess(client._waiting_bytes, most)
        self.patch(websocket, "MAX_CALLS", 256)
        client._go_on()
        await line.until(20)
        self.assertEqual(client._waiting_bytes, 0)

    async def test_a_message_that_is_too_large_ends_the_connection(self) -> None:
        """1009; what is allowed is answered."""
        line = await self.connect()
        line.sendMessage(b" " * MAX_MESSAGE_BYTES)
        await line.until(1)
        self.assertEqual(line.messages[0]["error"]["code"], -32700)
        line.sendMessage(b" " * (MAX_MESSAGE_BYTES + 1))
        code, _ = await line.closed
        self.assertEqual(code, 1009)

    async def test_large_messages_of_one_login_come_in_one_after_the_other(self) -> None:
        """What waits stays in the network; small ones are answered meanwhile, and who goes leaves the turn to the next."""
        lines = [await self.connect() for _ in range(3)]
        budget = next(iter(self.factory.clients))._budget
        budget.allowance = attrs.evolve(budget.allowance, at_once=1)
        clients: list[RpcProtocol] = []
        for line in lines:
            line.beginMessage()
            line.beginMessageFrame(3 * LARGE_BYTES)
            line.sendMessageFrameData(b" " * LARGE_BYTES)
            while len(begun := {client for client in self.factory.clients if client.reading.intake} - set(clients)) < 1:
                await turn()
            clients += begun
        self.assertEqual([client.reading.is_on for client in clients], [True, False, False])
        small = await self.connect()
        self.assertIn("result", await small.call("server.info"))
        lines[0].sendMessageFrameData(b" " * (2 * LARGE_BYTES))
        lines[0].endMessage()
        await lines[0].until(1)
        self.assertEqual([client.reading.is_on for client in clients], [True, True, False])
        self.assertLess(sum(len(piece) for piece in clients[2].frame_data), LARGE_BYTES)
        lines[1].transport.abortConnection()
        lines[2].sendMessageFrameData(b" " * (2 * LARGE_BYTES))
        lines[2].endMessage()
        await lines[2].until(1)
        self.assertEqual(lines[2].messages[0]["error"]["code"], -32700)
        self.assertEqual(budget._intakes, [])

    async def test_a_message_in_many_frames_is_limited_as_a_whole(self) -> None:
        """Fragments count together."""
        line = await self.connect()
        line.beginMessage()
        for _ in range(MAX_MESSAGE_BYTES // 0x100000 + 1):
            line.sendMessageFrame(b" " * 0x100000)
        code, _ = await line.closed
        self.assertEqual(code, 1009)


class Events(SocketTestCase):
    """Notifications."""

    async def test_events_follow_a_subscription(self) -> None:
        """History first, then what comes; the other connections are not told."""
        line, other, session = await self.connect(), await self.connect(), await self.session()
        self.grow(session, 3, 10)
        await line.call("session.subscribe", session=session)
        while len(line.seqs()) < 4:
            await turn()
        self.grow(session, 2, 10)
        while len(line.seqs()) < 6:
            await turn()
        self.assertEqual((line.seqs(), other.messages), ([1, 2, 3, 4, 5, 6], []))

    def buffered(self) -> int:
        """Bytes that the server holds for its clients."""
        return sum(len(client.transport.dataBuffer) + client.transport._tempDataLen for client in self.factory.clients)

    async def test_no_drop_a_client_that_does_not_read_does_not_grow_the_server(self) -> None:
        """40 MB of events: its feed pauses, the other one is not delayed; when it reads, it gets them all, each once."""
        slow, quick, session = await self.connect(), await self.connect(), await self.session()
        for line in (slow, quick):
            await line.call("session.subscribe", session=session)
        while not slow.seqs():
            await turn()
        slow.transport.pauseProducing()
        most = 0
        for step in range(1, 101):
            self.grow(session, 4, 100_000)
            while (quick.seqs() or [0])[-1] < 1 + 4 * step:
                await turn()
                most = max(most, self.buffered())
        self.assertTrue(any(feed.is_paused for feed in self.services.sessions.get(session).feeds))
        self.assertLess(most, 4 * 1024 * 1024)
        slow.transport.resumeProducing()
        while slow.seqs()[-1] < 401:
            await turn()
        self.assertEqual(slow.seqs(), list(range(1, 402)))

    async def test_a_client_that_asks_and_does_not_read_does_not_grow_the_server(self) -> None:
        """300 answers of 1 MB: they wait until it reads, and then all come."""
        line, session = await self.connect(), await self.session()
        self.grow(session, 10, 100_000)
        while self.services.sessions.get(session).written < 11:
            await turn()
        line.transport.pauseProducing()
        most = 0
        for number in range(300):
            line.ask("cell.list", number, session=session)
        for _ in range(200):
            await turn()
            most = max(most, self.buffered())
        self.assertLess(most, 4 * 1024 * 1024)
        line.transport.resumeProducing()
        await line.until(300)
        self.assertEqual(sorted(m["id"] for m in line.messages), list(range(300)))

    async def test_a_connection_that_is_cut_leaves_nothing_behind(self) -> None:
        """Law 11: its feeds end, what it asked for goes on."""
        line, session = await self.connect(), await self.session()
        await line.call("session.subscribe", session=session)
        line.ask("cell.insert", session=session, id="c1")
        while not self.services.sessions.get(session).state.notebook.has("c1"):
            await turn()
        line.transport.abortConnection()
        await line.closed
        while self.factory.clients:
            await turn()
        self.assertEqual(self.services.sessions.get(session).feeds, set())
        self.assertEqual(self.services.sessions.get(session).written, 2)


class Writes(SynchronousTestCase):
    """`TurnWrites`."""

    def setUp(self) -> None:
        self.transport = StringTransport()
        self.is_open = True
        self.writes = TurnWrites(self.transport, lambda: self.is_open)

    def test_small_messages_leave_together(self) -> None:
        """At the end of the turn, in their order."""
        self.writes.add(b"one")
        self.writes.add(b"two")
        self.assertEqual((self.transport.value(), self.writes.is_pending), (b"", True))
        self.writes.flush()
        self.assertEqual((self.transport.value(), self.writes.is_pending), (b"\x81\x03one\x81\x03two", False))

    def test_much_does_not_wait(self) -> None:
        """The transport is to say that it is full while a feed still sends."""
        self.writes.add(b"one")
        self.writes.add(bytes(SMALL_BYTES))
        self.assertEqual(len(self.transport.value()), 5 + 10 + SMALL_BYTES)
        self.assertFalse(self.writes.is_pending)

    def test_nothing_follows_a_close_frame(self) -> None:
        """RFC 6455, section 5.5.1."""
        self.writes.add(b"one")
        self.is_open = False
        self.writes.flush()
        self.assertEqual((self.transport.value(), self.writes.is_pending), (b"", False))


class Crowds(SocketTestCase):
    """How many connections there may be."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(websocket, "MOST_OF_LOGIN", 3)
        self.patch(websocket, "MOST_OF_GUEST", 2)
        self.patch(websocket, "MOST_OF_LINK", 3)

    async def closed(self, line: Line) -> str:
        """The reason of a connection that is one too many."""
        code, reason = await line.closed
        self.assertEqual(code, 4429)
        return str(reason)

    async def test_of_one_login(self) -> None:
        """One more is closed, with a reason; those that were there stay, other logins too, and room that is given back is there again."""
        mine = [await self.connect() for _ in range(3)]
        self.assertIn("3 connections of this login", await self.closed(await self.connect()))
        other = await self.connect(None, **await self.login())
        for line in (*mine, other):
            self.assertIn("result", await line.call("session.list"))
        mine[0].sendClose()
        await mine[0].closed
        while len(self.factory.clients) > 3:
            await turn()
        self.assertIn("result", await (await self.connect()).call("session.list"))

    async def test_of_guests(self) -> None:
        """Of each, and of all who came by one link."""
        session = await self.session()
        shares = self.services.logins.shares
        _, secret = await shares.link(session, "read", "", 1)
        grace, eve = [await self.guest(secret, name) for name in ("Grace", "Eve")]
        origin = f"http://127.0.0.1:{self.number}"
        there = [await self.connect(origin, **grace) for _ in range(2)]
        self.assertIn("2 connections of this login", await self.closed(await self.connect(origin, **grace)))
        there.append(await self.connect(origin, **eve))
        self.assertIn("3 connections by this link", await self.closed(await self.connect(origin, **eve)))
        for line in there:
            self.assertIn("result", await line.call("session.get", session=session))
        _, other = await shares.link(session, "read", "", 1)
        mary = await self.connect(origin, **await self.guest(other, "Mary"))
        self.assertIn("result", await mary.call("session.get", session=session))
        shares._stop_clock()

    async def test_what_one_too_many_asks_is_not_answered(self) -> None:
        """Though it asked before it was closed."""
        for _ in range(3):
            await self.connect()
        line = await self.connect()
        line.ask("session.create")
        await self.closed(line)
        self.assertEqual((line.messages, self.disk.registry.records), ([], {}))


class Leaving(SocketTestCase):
    """Ends."""

    async def test_a_guest_is_thrown_out_when_the_link_is_revoked(self) -> None:
        """4401 within a second, also with calls under way; not a message comes after it, and the owner's lines stay."""
        session = await self.session()
        shares = self.services.logins.shares
        share, secret = await shares.link(session, "read", "", 1)
        guest = await self.guest(secret, "Grace")
        line, owner = await self.connect(f"http://127.0.0.1:{self.number}", **guest), await self.connect()
        refused = await line.call("file.list")
        self.assertEqual(refused["error"]["data"]["name"], "not_permitted")
        await line.call("session.subscribe", session=session)
        line.ask("session.events", call_id="waits", session=session, since=10, wait_s=30)
        await shares.revoke(session, share.id)
        self.grow(session, 3, 10)
        self.assertEqual(await line.closed, (4401, "Your login was ended"))
        self.assertEqual([message for message in line.messages if message.get("id") == "waits"], [])
        self.assertLess(max(line.seqs(), default=0), 2)
        self.assertIn("result", await owner.call("session.list"))
        self.assertIn("401", await self.refusal(f"http://127.0.0.1:{self.number}", **guest))

    async def test_a_guest_whose_link_is_over_is_thrown_out(self) -> None:
        """Though it asked for something in between, and was told no."""
        session = await self.session()
        shares = self.services.logins.shares
        share, secret = await shares.link(session, "read", "", 1)
        line = await self.connect(f"http://127.0.0.1:{self.number}", **await self.guest(secret, "Grace"))
        shares.now = lambda: share.expires
        told = await line.call("session.get", session=session)
        self.assertEqual(told["error"]["data"]["name"], "not_authenticated")
        shares._end_expired()
        self.assertEqual(await line.closed, (4401, "Your login was ended"))

    async def test_logout_closes_the_connections_of_that_login(self) -> None:
        """4401 at once, and no other one; nothing that was on its way is carried out any more."""
        browser = await self.login()
        mine = [await self.connect(None, **browser) for _ in range(2)]
        other = await self.connect()
        (login,) = self.services.logins.all()
        self.assertEqual([self.factory.count(one) for one in (login.id, "token", "nobody")], [2, 1, 0])
        await self.services.logins.sign_out(login.id)
        mine[0].ask("session.create")
        for line in mine:
            code, reason = await line.closed
            self.assertEqual((code, reason), (4401, "Your login was ended"))
        self.assertEqual((await other.call("session.list"))["result"], {"sessions": []})
        self.assertEqual(self.disk.registry.records, {})
        self.assertIn("401", await self.refusal(**browser))

    async def test_the_server_says_good_bye(self) -> None:
        """1001: clients come back by themselves."""
        line = await self.connect()
        self.factory.close_all()
        code, _ = await line.closed
        self.assertEqual(code, 1001)

    async def test_a_handshake_that_is_not_finished_ends(self) -> None:
        """No connection stays half open: the site's own time limit covers what comes before the upgrade."""
        self.assertEqual(self.site.timeOut, 60)
        self.assertEqual(self.factory.openHandshakeTimeout, 5)
        self.assertEqual((self.factory.autoPingInterval, self.factory.autoPingTimeout), (20, 20))

    async def test_a_half_written_request_does_no_harm(self) -> None:
        """The client vanishes in the middle of its handshake."""
        with socket.create_connection(("127.0.0.1", self.number)) as raw:
            raw.sendall(b"GET /rpc HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso")
        line = await self.connect()
        self.assertIn("result", await line.call("session.list"))
