"""The client, against a server on a loopback socket that says what a test tells it to say.

The server is Autobahn's, so that the handshake, close codes and lost lines are real ones. `Script.answer` gives a result or a failure for
each call; `serve_session` lets it answer subscriptions and send events, as webipy does.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet import reactor as _reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

from webipy.client import client as module
from webipy.client.client import (
    Address,
    Client,
    ConnectionLost,
    Event,
    NoServer,
    find_server,
)
from webipy.core import errors
from webipy.core.api import calls, rpc
from webipy.core.events import events
from webipy.io.storage.state_folder import find_state_folder

reactor: Any = _reactor

TOKEN = "t" * 40
SESSION = "s1"


def event(seq: int) -> dict[str, Any]:
    """The JSON of an event."""
    return {"type": "session_renamed", "seq": seq, "time": "2026-01-01T00:00:00.000000Z", "title": f"title {seq}"}


class Line(WebSocketServerProtocol):
    """One connection to the script."""

    factory: Script
    transport: Any

    def onConnect(self, request: Any) -> None:
        self.factory.authorizations.append(request.headers.get("authorization"))
        if self.factory.refusal is not None:
            raise ConnectionDeny(self.factory.refusal, "refused")

    def onOpen(self) -> None:
        self.factory.lines.append(self)
        self.factory.fire("opened", self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        call = msgspec.json.decode(payload)
        self.factory.called.append((call["method"], call["params"]))
        try:
            result = self.factory.answer(self, call["method"], call["params"])
        except errors.Failure as failure:
            self.sendMessage(rpc.failure(call["id"], failure))
        else:
            if result is not None:
                self.sendMessage(rpc.result(call["id"], result))
        self.factory.fire("called", self)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        if self in self.factory.lines:
            self.factory.lines.remove(self)

    def send_events(self, first: int, bodies: list[dict[str, Any]]) -> None:
        """Send a notification."""
        params = {"session": SESSION, "first": first, "events": bodies}
        self.sendMessage(rpc.notification("events", msgspec.json.encode(params)))

    def cut(self) -> None:
        """Lose the line without a word."""
        self.transport.abortConnection()


class Script(WebSocketServerFactory):
    """The server.

    Attributes:
        answer: Gives the result of a call; `None` gives no answer at all.
        refusal: HTTP status that refuses every connection.
        called: The calls that came, in order.
    """

    protocol = Line  # type: ignore[assignment]  # Twisted asks for a factory function, Autobahn for the class

    def __init__(self) -> None:
        super().__init__(reactor=reactor)
        self.answer: Callable[[Line, str, dict[str, Any]], Any] = lambda line, method, params: {}
        self.refusal: int | None = None
        self.lines: list[Line] = []
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.authorizations: list[str] = []
        self._awaited: dict[str, list[Deferred[Line]]] = {"opened": [], "called": []}

    def next(self, what: str) -> Deferred[Line]:
        """Fires when the next line is `opened`, or after the next call was `called`."""
        awaited: Deferred[Line] = Deferred()
        self._awaited[what].append(awaited)
        return awaited

    def fire(self, what: str, line: Line) -> None:
        """Tell who waits."""
        awaited, self._awaited[what] = self._awaited[what], []
        for one in awaited:
            one.callback(line)


class SilentLine(Protocol):
    """Tells its factory that the client has spoken, and that it has left."""

    factory: Silent

    def dataReceived(self, data: bytes) -> None:
        self.factory.asked.callback(None)

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.left.callback(None)


class Silent(Factory):
    """A server that takes one connection and says nothing."""

    protocol = SilentLine  # type: ignore[assignment]  # as above

    def __init__(self) -> None:
        self.asked: Deferred[None] = Deferred()
        self.left: Deferred[None] = Deferred()


class ClientTests(TestCase):
    """A client and its server."""

    timeout = 60

    async def connected(self, **options: Any) -> Client:
        """A client of a new script, `self.script`."""
        self.script = Script()
        self.script.startFactory()
        self.port = reactor.listenTCP(0, self.script, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.address = Address(f"http://127.0.0.1:{self.port.getHost().port}", TOKEN)
        client = Client(reactor, lambda: self.address, **options)
        self.addCleanup(lambda: Deferred.fromCoroutine(client.close()))
        await client.connect()
        return client

    def fails(self, call: Any, kind: type[BaseException]) -> Deferred[Any]:
        """Fires with the failure of a coroutine, which must be of that kind."""
        failed: Deferred[Any] = self.assertFailure(Deferred.fromCoroutine(call), kind)
        return failed


class CallTests(ClientTests):
    """Calls and their answers."""

    async def test_a_call_gives_the_result_struct(self) -> None:
        """Params go by name, the result comes as the struct of the method."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: {"seq": 7, "new_field": 1}
        answered = await client.call("session.rename", calls.RenameSession(session="a", title="b"), calls.Accepted)
        self.assertEqual(answered, calls.Accepted(seq=7))
        self.assertEqual(self.script.called, [("session.rename", {"session": "a", "title": "b"})])
        self.assertEqual(self.script.authorizations, [f"Bearer {TOKEN}"])

    async def test_raw_calls_pass_json_through(self) -> None:
        """`call_raw` takes and gives JSON."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: {"echo": params}
        self.assertEqual(await client.call_raw("any.thing", b'{"a": [1, null]}'), b'{"echo":{"a":[1,null]}}')

    async def test_failures_come_back_as_their_class(self) -> None:
        """Every failure of core/errors.py is raised as itself, with its message and its facts."""
        client = await self.connected()
        for kind in module._KINDS.values():
            if kind is errors.Failure:
                continue

            def refuse(line: Line, method: str, params: dict[str, Any], kind: type[errors.Failure] = kind) -> Any:
                raise kind("in words", field="x", limit=3, known=["a"])

            self.script.answer = refuse
            failure = await self.fails(client.call("m", {}, calls.Done), kind)
            self.assertIs(type(failure), kind)
            self.assertEqual((failure.message, failure.facts), ("in words", {"field": "x", "limit": 3, "known": ["a"]}))

    async def test_an_unknown_failure_keeps_its_name_and_code(self) -> None:
        """A failure that this version does not know is a `Failure` that carries what it was."""

        class Newer(errors.Failure):
            code, name = -32099, "newer"

        def refuse(line: Line, method: str, params: dict[str, Any]) -> Any:
            raise Newer("of tomorrow")

        client = await self.connected()
        self.script.answer = refuse
        failure = await self.fails(client.call("m", {}, calls.Done), errors.Failure)
        self.assertEqual(failure.facts, {"code": -32099, "name": "newer"})

    async def test_answers_may_come_in_any_order(self) -> None:
        """Each answer goes to its call, by id."""
        client = await self.connected()
        sent: list[int] = []

        def hold(line: Line, method: str, params: dict[str, Any]) -> Any:
            sent.append(params["n"])
            if len(sent) == 3:
                for n in (3, 1, 2):
                    line.sendMessage(rpc.result(n, {"seq": n * 10}))
            return None

        self.script.answer = hold
        asked = [Deferred.fromCoroutine(client.call("m", {"n": n}, calls.Accepted)) for n in (1, 2, 3)]
        self.assertEqual([(await one).seq for one in asked], [10, 20, 30])

    async def test_the_answer_to_a_cancelled_call_is_ignored(self) -> None:
        """Cancelling a call forgets it; a late answer disturbs nobody."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: None
        called = self.script.next("called")
        call = Deferred.fromCoroutine(client.call("slow", {}, calls.Done))
        line = await called
        call.cancel()
        await self.assertFailure(call, CancelledError)
        line.sendMessage(rpc.result(1, {}))
        self.script.answer = lambda line, method, params: {}
        self.assertEqual(await client.call("next", {}, calls.Done), calls.Done())

    async def test_closing_fails_the_calls_under_way(self) -> None:
        """Nobody waits for ever for a client that was closed."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: None
        called = self.script.next("called")
        call = Deferred.fromCoroutine(client.call("slow", {}, calls.Done, repeat=True))
        await called
        await client.close()
        await self.assertFailure(call, ConnectionLost)
        await self.fails(client.call("later", {}, calls.Done), ConnectionLost)


class ConnectTests(ClientTests):
    """The first connection."""

    async def test_no_server_is_said_with_the_way_to_start_one(self) -> None:
        """A refused connection: No webipy server answers at URL. Start one: webipy serve."""
        port = reactor.listenTCP(0, Script(), interface="127.0.0.1")
        number = port.getHost().port
        await port.stopListening()
        client = Client(reactor, lambda: Address(f"http://127.0.0.1:{number}", TOKEN))
        failure = await self.fails(client.connect(), NoServer)
        self.assertEqual(
            str(failure), f"No webipy server answers at http://127.0.0.1:{number}. Start one: webipy serve"
        )

    async def test_a_refused_token_is_said(self) -> None:
        """HTTP 401 is a refused token, and nothing that trying again would mend."""
        await self.connected()
        self.script.refusal = 401
        failure = await self.fails(Client(reactor, lambda: self.address).connect(), errors.NotAuthenticated)
        self.assertIn("does not take this token", str(failure))

    async def test_another_server_is_said(self) -> None:
        """Any other HTTP status comes from something that is no webipy server."""
        await self.connected()
        self.script.refusal = 404
        failure = await self.fails(Client(reactor, lambda: self.address).connect(), NoServer)
        self.assertIn("not as a webipy server does (HTTP status 404)", str(failure))


class FollowTests(ClientTests):
    """Following a session over lost lines."""

    def serve_session(self, newest: int, first_kept: int = 1) -> None:
        """Let the script answer subscriptions to a session of so many events, and send what was asked for."""

        def answer(line: Line, method: str, params: dict[str, Any]) -> Any:
            if method != "session.subscribe":
                return {}
            since = newest if params["since"] is None else params["since"]
            first = max(since + 1, first_kept)
            reactor.callLater(0, line.send_events, first, [event(seq) for seq in range(first, newest + 1)])
            return {"first_seq": first_kept, "seq": newest}

        self.script.answer = answer

    async def follow(self, client: Client, since: int | None, until: int) -> tuple[list[int], Deferred[None]]:
        """Follow; gives the list that the seqs go to, and what fires when `until` has come."""
        seen: list[int] = []
        complete: Deferred[None] = Deferred()

        def receive(seq: int, event: Event) -> None:
            seen.append(seq)
            assert isinstance(event, events.SessionRenamed), event
            assert (event.seq, event.title) == (seq, f"title {seq}")
            if seq == until:
                complete.callback(None)

        follower = await client.follow(SESSION, since, receive)

        def ended(fault: Any) -> None:
            if not complete.called:
                complete.errback(fault)

        follower.ended.addErrback(ended)
        return seen, complete

    async def test_every_event_is_given_once_in_order(self) -> None:
        """All events after `since`, each with its seq."""
        client = await self.connected()
        self.serve_session(5)
        seen, complete = await self.follow(client, 2, 5)
        await complete
        self.assertEqual(seen, [3, 4, 5])

    async def test_from_now_on_means_after_the_newest(self) -> None:
        """Without `since`, only what comes after the subscription."""
        client = await self.connected()
        self.serve_session(5)
        seen, complete = await self.follow(client, None, 6)
        self.script.lines[0].send_events(6, [event(6)])
        await complete
        self.assertEqual(seen, [6])

    async def test_events_that_are_kept_no_more_are_left_out(self) -> None:
        """Where the server keeps only newer events, following begins with the oldest that is kept."""
        client = await self.connected()
        self.serve_session(9, first_kept=7)
        seen, complete = await self.follow(client, 0, 9)
        await complete
        self.assertEqual(seen, [7, 8, 9])

    async def test_an_unknown_event_is_given_as_json(self) -> None:
        """A type that this version does not know is no error."""
        client = await self.connected()
        got: list[Event] = []
        complete: Deferred[None] = Deferred()

        def receive(seq: int, event: Event) -> None:
            got.append(event)
            complete.callback(None)

        self.script.answer = lambda line, method, params: {"first_seq": 1, "seq": 0}
        await client.follow(SESSION, 0, receive)
        self.script.lines[0].send_events(1, [{"type": "of_tomorrow", "seq": 1, "shape": [1]}])
        await complete
        self.assertEqual(got, [{"type": "of_tomorrow", "seq": 1, "shape": [1]}])

    async def test_no_gap_and_no_twin_over_lost_lines(self) -> None:
        """The line is cut at random places while 400 events come in random batches: each seq comes once, in order."""
        seed = random.randrange(1 << 30)
        dice = random.Random(seed)
        client = await self.connected()
        cuts = 0

        def send(line: Line, seq: int) -> None:
            nonlocal cuts
            if not line.transport.connected:
                return
            if dice.random() < 0.2 and cuts < 12:
                cuts += 1
                line.cut()
                return
            end = min(seq + dice.randrange(1, 12), 401)
            first = max(1, seq - dice.randrange(3))  # a server may say again what was on its way when the line was lost
            line.send_events(first, [event(n) for n in range(first, end)])
            if end < 401:
                reactor.callLater(0, send, line, end)

        def answer(line: Line, method: str, params: dict[str, Any]) -> Any:
            reactor.callLater(0, send, line, params["since"] + 1)
            return {"first_seq": 1, "seq": 400}

        self.script.answer = answer
        seen, complete = await self.follow(client, 0, 400)
        await complete
        self.assertEqual(seen, list(range(1, 401)), f"seed {seed}")

    async def test_an_event_that_is_too_large_is_said_and_left_out(self) -> None:
        """After the second failure at the same place: the reader goes on after it, and nothing else is left out."""
        self.patch(module, "MAX_MESSAGE_BYTES", 50_000)
        client = await self.connected()
        lines = 0

        def answer(line: Line, method: str, params: dict[str, Any]) -> Any:
            nonlocal lines
            lines += 1
            for seq in range(params["since"] + 1, 6):
                told = {**event(seq), "title": "x" * 60_000} if seq == 3 else event(seq)
                reactor.callLater(0, line.send_events, seq, [told])
            return {"first_seq": 1, "seq": 5}

        self.script.answer = answer
        seen: list[tuple[int, str]] = []
        complete: Deferred[None] = Deferred()

        def receive(seq: int, told: Event) -> None:
            seen.append((seq, told.reason if isinstance(told, events.OutputLost) else ""))
            if seq == 5:
                complete.callback(None)

        await client.follow(SESSION, 0, receive)
        await complete
        self.assertEqual([seq for seq, _ in seen], [1, 2, 3, 4, 5])
        self.assertRegex(
            seen[2][1], r"^Event 3 of the session has 60\d\d\d bytes, more than the 50000 that are read here"
        )
        self.assertEqual(lines, 3)

    async def test_an_answer_that_is_too_large_fails_its_call(self) -> None:
        """A call that may be repeated is not repeated for ever."""
        self.patch(module, "MAX_MESSAGE_BYTES", 50_000)
        client = await self.connected()
        self.script.answer = lambda line, method, params: {"version": "x" * 60_000}
        with self.assertRaises(errors.TooLarge):
            await client.call("server.info", {}, dict, repeat=True)

    async def test_a_gap_in_the_events_ends_the_following(self) -> None:
        """A server that leaves an event out is not believed."""
        client = await self.connected()
        self.serve_session(2)
        seen, complete = await self.follow(client, 2, 5)
        self.script.lines[0].send_events(4, [event(4)])
        await self.assertFailure(complete, ConnectionLost)
        self.assertEqual(seen, [])

    async def test_a_fault_of_the_receiver_ends_its_following_only(self) -> None:
        """What the receiver raises comes out at `ended`; the connection lives on."""
        client = await self.connected()
        self.serve_session(3)

        def receive(seq: int, event: Event) -> None:
            raise BrokenPipeError

        follower = await client.follow(SESSION, 0, receive)
        await self.assertFailure(follower.ended, BrokenPipeError)
        self.assertEqual(await client.call("m", {}, calls.Done), calls.Done())

    async def test_a_closed_follower_is_given_nothing_more(self) -> None:
        """`close` is the end, and no failure."""
        client = await self.connected()
        self.serve_session(1)
        seen: list[int] = []
        follower = await client.follow(SESSION, 1, lambda seq, event: seen.append(seq))
        follower.close()
        self.script.lines[0].send_events(2, [event(2)])
        await client.call("m", {}, calls.Done)
        await follower.ended
        self.assertEqual(seen, [])

    async def test_a_refused_subscription_is_the_callers_failure(self) -> None:
        """Following a session that there is not raises the failure of the server, and may be tried again."""
        client = await self.connected()

        def refuse(line: Line, method: str, params: dict[str, Any]) -> Any:
            raise errors.NotFound("no such session")

        self.script.answer = refuse
        await self.fails(client.follow(SESSION, 0, lambda seq, event: None), errors.NotFound)
        self.serve_session(1)
        _, complete = await self.follow(client, 0, 1)
        await complete

    async def test_a_session_that_is_gone_after_the_outage_ends_the_following(self) -> None:
        """When the line is back and the session is not, the follower is told."""
        client = await self.connected()
        self.serve_session(1)
        _, complete = await self.follow(client, 1, 99)

        def refuse(line: Line, method: str, params: dict[str, Any]) -> Any:
            raise errors.NotFound("it was closed")

        self.script.answer = refuse
        self.script.lines[0].cut()
        await self.assertFailure(complete, errors.NotFound)


class LostLineTests(ClientTests):
    """Calls over lost lines."""

    async def test_a_call_that_may_not_be_repeated_fails(self) -> None:
        """Nobody knows whether it was carried out, and the failure says so."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: line.cut()
        failure = await self.fails(client.call("once", {}, calls.Done), ConnectionLost)
        self.assertIn("may have been carried out or not", str(failure))
        self.assertEqual(self.script.called, [("once", {})])

    async def test_a_call_that_may_be_repeated_is_repeated(self) -> None:
        """It is sent again on the next line, and its caller never knows."""
        lines: list[bool] = []
        client = await self.connected(on_line=lines.append)
        self.script.answer = lambda line, method, params: line.cut() if len(self.script.called) < 3 else {"seq": 1}
        answered = await client.call("again", {"id": "mine"}, calls.Accepted, repeat=True)
        self.assertEqual(answered, calls.Accepted(seq=1))
        self.assertEqual(self.script.called, [("again", {"id": "mine"})] * 3)
        self.assertEqual(lines, [False, True, False, True])

    async def test_a_call_made_without_a_line_is_sent_on_the_next(self) -> None:
        """While the line is mended calls wait; they have not been sent, so nothing can happen twice."""
        lost: Deferred[None] = Deferred()
        client = await self.connected(on_line=lambda is_there: None if is_there else lost.callback(None))
        self.script.lines[0].cut()
        await lost
        self.assertEqual(await client.call("m", {}, calls.Done), calls.Done())
        self.assertEqual(self.script.called, [("m", {})])

    async def test_a_server_with_another_port_is_found(self) -> None:
        """Before every connection the client asks where the server is now."""
        client = await self.connected()
        other = Script()
        other.startFactory()
        port = reactor.listenTCP(0, other, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.address = Address(f"http://127.0.0.1:{port.getHost().port}", TOKEN)
        opened = other.next("opened")
        self.script.lines[0].cut()
        await opened
        self.assertEqual(await client.call("m", {}, calls.Done), calls.Done())
        self.assertEqual(other.called, [("m", {})])

    async def test_patience_ends(self) -> None:
        """When no server comes back in time, calls and followers fail with that."""
        client = await self.connected(patience_s=0.3)
        self.script.answer = lambda line, method, params: {"first_seq": 1, "seq": 0} if "subscribe" in method else None
        follower = await client.follow(SESSION, 0, lambda seq, event: None)
        called = self.script.next("called")
        call = Deferred.fromCoroutine(client.call("slow", {}, calls.Done, repeat=True))
        line = await called
        await self.port.stopListening()
        line.cut()
        await self.assertFailure(call, NoServer)
        await self.assertFailure(follower.ended, NoServer)

    async def test_a_server_that_takes_no_more_connections_is_not_tried_again(self) -> None:
        """Close code 4429: the failure says what to do."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: line.sendClose(4429, "full")
        await self.fails(client.call("m", {}, calls.Done, repeat=True), errors.Throttled)
        self.assertEqual(len(self.script.authorizations), 1)

    async def test_what_is_no_event_is_given_to_who_asks_for_it(self) -> None:
        """Notifications as they come; and the reason when the connection has ended for good."""
        given: list[object] = []
        gone: Deferred[BaseException] = Deferred()
        client = await self.connected(on_notification=lambda *notice: given.append(notice), on_gone=gone.callback)
        for params in ({"params": {"a": 1}}, {}):
            self.script.lines[0].sendMessage(msgspec.json.encode({"jsonrpc": "2.0", "method": "x", **params}))
        await client.call("m", {}, calls.Done)
        self.assertEqual(given, [("x", b'{"a":1}'), ("x", b"")])
        self.script.lines[0].sendClose(rpc.LOGIN_ENDED, "ended")
        self.assertIsInstance(await gone, errors.NotAuthenticated)

    async def test_an_ended_login_is_not_tried_again(self) -> None:
        """Close code 4401: the login was ended, and no new line is made."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: line.sendClose(4401, "ended")
        await self.fails(client.call("m", {}, calls.Done, repeat=True), errors.NotAuthenticated)
        self.assertEqual(len(self.script.authorizations), 1)

    async def test_a_token_that_is_refused_at_the_next_connection_ends_all(self) -> None:
        """A server that was started with another token: trying again would not help."""
        client = await self.connected()
        self.script.answer = lambda line, method, params: line.cut()
        self.script.refusal = 401
        await self.fails(client.call("m", {}, calls.Done, repeat=True), errors.NotAuthenticated)

    async def test_closing_while_mending_leaves_nothing_behind(self) -> None:
        """A client can be closed at any moment; trial finds what stays in the reactor."""
        lost: Deferred[None] = Deferred()
        client = await self.connected(on_line=lambda is_there: lost.callback(None))
        await self.port.stopListening()
        self.script.lines[0].cut()
        await lost
        await deferLater(reactor, 0.02)
        await client.close()

    async def test_closing_in_the_middle_of_a_handshake_leaves_nothing_behind(self) -> None:
        """The same while the new line waits for the server's first word."""
        lost: Deferred[None] = Deferred()
        client = await self.connected(on_line=lambda is_there: lost.callback(None))
        silent = Silent()
        port = reactor.listenTCP(0, silent, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.address = Address(f"http://127.0.0.1:{port.getHost().port}", TOKEN)
        self.script.lines[0].cut()
        await silent.asked
        await client.close()
        await silent.left


class FindTests(SynchronousTestCase):
    """Where the server is."""

    def test_a_call_that_the_server_would_not_take_is_refused_here(self) -> None:
        """A larger message would end the line, and be sent again on the next."""
        client = Client(Clock(), lambda: Address("http://h", "t"))
        client._line = cast(Any, object())
        told = Deferred.fromCoroutine(
            client.call("execution.start", {"code": "x" * rpc.MAX_MESSAGE_BYTES}, calls.Done, repeat=True)
        )
        self.failureResultOf(told, errors.TooLarge)

    def test_the_state_folder_follows_the_rules_of_the_desktop(self) -> None:
        """The one that was given, else $XDG_STATE_HOME/webipy, else ~/.local/state/webipy."""
        self.patch(os, "environ", {"HOME": "/home/ana"})
        self.assertEqual(find_state_folder(), Path("/home/ana/.local/state/webipy"))
        self.assertEqual(find_state_folder("~/mine"), Path("/home/ana/mine"))
        self.patch(os, "environ", {"HOME": "/home/ana", "XDG_STATE_HOME": "/state"})
        self.assertEqual(find_state_folder(), Path("/state/webipy"))

    def test_the_server_is_read_from_its_file(self) -> None:
        """STATE/server.json names the address and the token; the token is not shown."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "server.json").write_text('{"url": "http://127.0.0.1:1/", "token": "secret", "pid": 3}')
        address = find_server(folder)
        self.assertEqual(address, Address("http://127.0.0.1:1", "secret"))
        self.assertNotIn("secret", repr(address))

    def test_no_file_means_no_server(self) -> None:
        """Without the file nobody has started a server there."""
        failure = self.assertRaises(NoServer, find_server, Path("nowhere"))
        self.assertEqual(str(failure), "No webipy server uses nowhere. Start one: webipy serve")

    def test_a_broken_file_is_told(self) -> None:
        """A file that is no JSON is named."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "server.json").write_text("{")
        self.assertIn("server.json cannot be read", str(self.assertRaises(NoServer, find_server, folder)))
