"""webipy.io.http_client: the real client, and servers that lie, hang, and never end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest import mock

from twisted.internet import reactor as the_reactor
from twisted.internet import ssl
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from tests.certificates import write_authority, write_pair
from tests.fake_provider import endless
from tests.live import eventually
from webipy.io.http_client import Answer, HttpClient, NoAnswer

reactor = cast(Any, the_reactor)


class _Server(Resource):
    """Answers with `answer`; keeps what was asked."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[Any], Any] = lambda request: b"fine"

    def render(self, request: Any) -> Any:
        """One request."""
        headers = {name.decode(): values[0].decode() for name, values in request.requestHeaders.getAllRawHeaders()}
        self.asked.append((request.method.decode(), request.uri.decode(), headers, request.content.read()))
        return self.answer(request)


class _Site(Site):
    """Counts the connections that are open."""

    noisy = False
    open = 0

    def log(self, request: Any) -> None:
        """Nothing."""

    def buildProtocol(self, addr: Any) -> Any:
        """One more."""
        made = super().buildProtocol(addr)
        self.open += 1
        lost = made.connectionLost

        def fewer(reason: Any) -> None:
            self.open -= 1
            lost(reason)

        made.connectionLost = fewer
        return made


class Asking(TestCase):
    """`HttpClient`."""

    timeout = 120

    def setUp(self) -> None:
        self.server = _Server()
        self.site = _Site(self.server)
        self.port = reactor.listenTCP(0, self.site, interface="127.0.0.1")
        self.addCleanup(lambda: self.port.stopListening())
        self.addCleanup(lambda: Deferred.fromCoroutine(eventually(lambda: not self.site.open, "connections end")))
        self.address = f"http://127.0.0.1:{self.port.getHost().port}/path?a=b"

    async def fails(self, client: HttpClient, address: str, reads_body: bool = True) -> NoAnswer:
        """Asks for what there is no answer to."""
        try:
            await client.ask("GET", address, {}, reads_body=reads_body)
        except NoAnswer as fault:
            return fault
        raise AssertionError("there was an answer")

    async def test_one_answer(self) -> None:
        """Its status, headers and body; what was sent has arrived as it was."""

        def answer(request: Request) -> bytes:
            request.setResponseCode(429)
            request.setHeader(b"Retry-After", b"7")
            return b"later"

        self.server.answer = answer
        found = await HttpClient(reactor).ask("POST", self.address, {"X-Own": "y"}, b"\x00\xff")
        self.assertEqual((found.status, found.headers["retry-after"], found.body), (429, "7", b"later"))
        ((method, path, headers, body),) = self.server.asked
        self.assertEqual((method, path, headers["X-Own"], body), ("POST", "/path?a=b", "y", b"\x00\xff"))
        self.assertNotIn("Cookie", headers)

    async def test_a_redirect_is_an_answer(self) -> None:
        """And is not followed."""

        def lead(request: Request) -> bytes:
            request.redirect(b"/elsewhere")
            return b""

        self.server.answer = lead
        found = await HttpClient(reactor).ask("GET", self.address, {})
        self.assertEqual((found.status, found.headers["location"], len(self.server.asked)), (302, "/elsewhere", 1))

    async def test_too_much(self) -> None:
        """Ends the connection, whether it is in the body or in the headers, and without an end."""

        def headers(request: Request) -> bytes:
            request.responseHeaders.addRawHeader(b"X", b"x" * 9000)
            return b""

        client = HttpClient(reactor, most_bytes=8192)
        answers: list[Callable[[Any], Any]] = [lambda request: b"x" * 9000, headers, endless]
        for answer in answers:
            self.server.answer = answer
            fault = await self.fails(client, self.address)
            self.assertEqual((fault.kind, str(fault)), ("large", "it sends more than 8 KiB"))
            await eventually(lambda: not self.site.open, "the connection ends")

    async def test_a_body_that_is_not_wanted(self) -> None:
        """Is not waited for, and its connection ends."""
        self.server.answer = endless
        found = await HttpClient(reactor).ask("GET", self.address, {}, reads_body=False)
        self.assertEqual((found.status, found.body), (200, b""))
        await eventually(lambda: not self.site.open, "the connection ends")

    async def test_a_slow_answer(self) -> None:
        """Ends by itself, and its connection with it: before the headers, and within the body."""

        def begins(request: Request) -> int:
            request.notifyFinish().addErrback(lambda _: None)
            request.write(b"a")
            return NOT_DONE_YET

        def silent(request: Request) -> int:
            request.notifyFinish().addErrback(lambda _: None)
            return NOT_DONE_YET

        for answer in (begins, silent):
            self.server.answer = answer
            fault = await self.fails(HttpClient(reactor, answer_seconds=0.2), self.address)
            self.assertEqual((fault.kind, str(fault)), ("slow", "it has not answered within 0.2 s"))
            await eventually(lambda: not self.site.open, "the connection ends")

    async def test_who_asks_can_give_up(self) -> None:
        """The cancellation is theirs, and no fault of the server's."""
        reached: Deferred[None] = Deferred()

        def silent(request: Request) -> int:
            request.notifyFinish().addErrback(lambda _: None)
            reached.callback(None)
            return NOT_DONE_YET

        self.server.answer = silent
        asked: Deferred[Answer] = Deferred.fromCoroutine(HttpClient(reactor).ask("GET", self.address, {}))
        await reached
        asked.cancel()
        fault = await self.assertFailure(asked, CancelledError, NoAnswer)
        self.assertNotEqual(getattr(fault, "kind", ""), "slow")
        await eventually(lambda: not self.site.open, "the connection ends")

    async def test_nobody_is_there(self) -> None:
        """Nobody listens, somebody hangs up, or speaks no HTTP; a host that is none."""

        class HangsUp(Protocol):
            def connectionMade(self) -> None:
                assert self.transport is not None
                self.transport.loseConnection()

        class Chats(Protocol):
            def dataReceived(self, data: bytes) -> None:
                assert self.transport is not None
                self.transport.write(b"hello\r\n\r\n")

        for protocol in (HangsUp, Chats):
            port = reactor.listenTCP(0, Factory.forProtocol(protocol), interface="127.0.0.1")
            fault = await self.fails(HttpClient(reactor), f"http://127.0.0.1:{port.getHost().port}/secret")
            await port.stopListening()
            self.assertEqual(fault.kind, "unreachable")
            self.assertNotIn("secret", str(fault))
        for address in (
            "http://127.0.0.1:1/",
            "http://host.invalid/secret",
            "http://a..b/secret",
            "ftp://a/secret",
            "http:///secret",
            "http://ä/secret",
        ):
            fault = await self.fails(HttpClient(reactor), address)
            self.assertEqual(fault.kind, "unreachable", address)
            self.assertNotIn("secret", str(fault))
            self.assertFalse(str(fault).endswith("."))

    async def test_certificates(self) -> None:
        """Of an authority that is trusted, for the name in the address."""
        folder = Path(self.mktemp())
        folder.mkdir()
        certificate, key = write_pair(folder, "localhost")
        context = ssl.DefaultOpenSSLContextFactory(str(key), str(certificate))
        port = reactor.listenSSL(0, self.site, context, interface="127.0.0.1")
        self.addCleanup(lambda: port.stopListening())
        number = port.getHost().port
        fault = await self.fails(HttpClient(reactor), f"https://localhost:{number}/")
        self.assertEqual(fault.kind, "unreachable")
        self.assertIn("certificate", str(fault))
        with mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(write_authority(folder))}):
            found = await HttpClient(reactor).ask("GET", f"https://localhost:{number}/", {})
            self.assertEqual(found.body, b"fine")
            fault = await self.fails(HttpClient(reactor), f"https://127.0.0.1:{number}/")
            self.assertEqual(fault.kind, "unreachable")
        self.assertEqual(len(self.server.asked), 1)

    async def test_it_logs_nothing(self) -> None:
        """Neither an answer nor a fault: addresses and headers may be secrets."""
        seen: list[Any] = []
        observer = cast(Any, seen.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        await HttpClient(reactor).ask("GET", self.address, {})
        await self.fails(HttpClient(reactor), "http://127.0.0.1:1/")
        await eventually(lambda: not self.site.open, "the connection ends")
        self.assertEqual(seen, [])
