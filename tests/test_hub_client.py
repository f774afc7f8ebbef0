"""webipy.io.hub.hub_client: the real client of HTTP, in the reactor of the tests, and a hub at the other end of a socket."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase
from twisted.web.server import Site

from tests.fake_hub import FULL, PREFIX, SERVER_TOKEN, FakeHub, challenge_of, environment
from webipy.core import errors
from webipy.io.hub import hub_client
from webipy.io.hub.environment import read_environment
from webipy.io.hub.hub_client import HubClient
from webipy.server.ports.hub import HubUser

reactor = cast(Any, the_reactor)


class Asking(TestCase):
    """What is asked, and what comes of each answer."""

    timeout = 120

    def setUp(self) -> None:
        self.hub = FakeHub()
        self.port = reactor.listenTCP(0, Site(self.hub), interface="127.0.0.1")
        self.addCleanup(lambda: self.port.stopListening())
        self.client = self.client_of(self.port.getHost().port)

    def client_of(self, port: int) -> HubClient:
        """A client of the hub at a port."""
        return HubClient(read_environment(environment(f"http://127.0.0.1:{port}/hub/api")), reactor)

    async def fails(self, kind: type[errors.Failure], asked: Deferred[Any]) -> str:
        """Waits for an answer that must be a failure; gives its message."""
        try:
            await asked
        except kind as fault:
            return fault.message
        raise AssertionError("it did not fail")

    def test_whose_a_token_is(self) -> Deferred[None]:
        """Name and scopes; nobody for a token that the hub does not know."""

        async def asks() -> None:
            self.assertEqual(await self.client.user_of("ada-token"), HubUser("ada", FULL))
            self.assertIsNone(await self.client.user_of("wrong"))
            self.assertEqual(self.hub.asked, ["ada-token", "wrong"])

        return Deferred.fromCoroutine(asks())

    def test_the_version_of_the_hub(self) -> Deferred[None]:
        """Of a hub that says one that can be one; a hub that is not well says none."""

        async def asks() -> None:
            self.assertEqual(await self.client.version(), "6.1.1")
            self.hub.body = b'{"version": "6\\r\\nX: y"}'
            self.assertEqual(await self.client.version(), "")
            self.hub.status = 502
            await self.fails(errors.HubUnreachable, Deferred.fromCoroutine(self.client.version()))

        return Deferred.fromCoroutine(asks())

    def test_a_code_for_a_token(self) -> Deferred[None]:
        """Once, and with the verifier of the attempt only."""

        async def asks() -> None:
            code = self.hub.new_code(challenge_of("verifier"), PREFIX + "oauth_callback")
            token = await self.client.token_of(code, "verifier")
            self.assertEqual(await self.client.user_of(token), HubUser("ada", FULL))
            message = await self.fails(errors.NotAuthenticated, self.client.token_of(code, "verifier"))
            self.assertIn("The code is not right.", message)
            other = self.hub.new_code(challenge_of("verifier"), PREFIX + "oauth_callback")
            await self.fails(errors.NotAuthenticated, self.client.token_of(other, "another"))

        return Deferred.fromCoroutine(asks())

    def test_activity_is_reported_for_the_user_and_the_server(self) -> Deferred[None]:
        """In the hub's own form, with the server's token."""

        async def asks() -> None:
            at = "2026-01-01T00:00:00.000000Z"
            await self.client.report(at)
            self.assertEqual(self.hub.activity, [{"servers": {"": {"last_activity": at}}, "last_activity": at}])

        return Deferred.fromCoroutine(asks())

    def test_a_hub_that_is_not_well_does_not_say(self) -> Deferred[None]:
        """Its status is no word on whose the token is, and what is no answer is none; no token is in the message."""

        async def asks() -> None:
            for status in (500, 502, 503, 404, 302):
                self.hub.status = status
                message = await self.fails(errors.HubUnreachable, self.client.user_of("ada-token"))
                self.assertIn(f"answers with status {status}", message)
                await self.fails(errors.HubUnreachable, Deferred.fromCoroutine(self.client.report("now")))
            await self.fails(errors.HubUnreachable, self.client.token_of("code", "verifier"))
            self.hub.status = 200
            for body in (b"<html>", b"[]", b'{"name": 1}', b"\xff"):
                self.hub.body = body
                message = await self.fails(errors.HubUnreachable, self.client.user_of("ada-token"))
                self.assertIn("no JupyterHub that webipy knows", message)
                self.assertNotIn("ada-token", message)
            self.hub.status = 400
            await self.fails(errors.NotAuthenticated, self.client.token_of("code", "verifier"))

        return Deferred.fromCoroutine(asks())

    def test_a_hub_that_is_not_there(self) -> Deferred[None]:
        """Nobody listens, or hangs up."""

        async def asks() -> None:
            closing = Factory.forProtocol(_HangsUp)
            port = reactor.listenTCP(0, closing, interface="127.0.0.1")
            client = self.client_of(port.getHost().port)
            message = await self.fails(errors.HubUnreachable, client.user_of("ada-token"))
            self.assertRegex(message, r"^The hub at http://127\.0\.0\.1:\d+/hub/api cannot be reached: .+[^.]\.$")
            await port.stopListening()
            message = await self.fails(errors.HubUnreachable, client.user_of("ada-token"))
            self.assertIn("cannot be reached", message)
            self.assertNotIn(SERVER_TOKEN, message)

        return Deferred.fromCoroutine(asks())

    def test_a_hub_that_says_nothing_is_not_waited_for_long(self) -> Deferred[None]:
        """It takes the question, and no answer comes."""

        async def asks() -> None:
            self.patch(hub_client, "ANSWER_SECONDS", 0.05)
            silent = reactor.listenTCP(0, Factory.forProtocol(Protocol), interface="127.0.0.1")
            client = self.client_of(silent.getHost().port)
            message = await self.fails(errors.HubUnreachable, client.user_of("ada-token"))
            self.assertIn("it has not answered within 0.05 s", message)
            await silent.stopListening()

        return Deferred.fromCoroutine(asks())


class _HangsUp(Protocol):
    """Closes at once."""

    def connectionMade(self) -> None:
        """Somebody comes."""
        assert self.transport is not None
        self.transport.loseConnection()
