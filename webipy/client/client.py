"""The API's client: the command line, tests and scripts speak to a server through it.

Data flow: `Client.call` numbers a call and writes it to the one WebSocket; the answer comes back under that number as
a result struct or as the `errors.Failure` it was on the server. `Client.follow` subscribes to a session and calls a function
with every event and its seq.

The line is mended here and nowhere else: when it is lost the client connects again with growing pauses, follows every
session on from the last seq that was given out, and repeats those calls whose repetition is harmless (`repeat=True`:
reading, waiting, or acting under an id that the caller chose). Other calls that were under way fail with
`ConnectionLost`, because nobody knows whether they were carried out.

Invariants: a follower gets every seq once and in order, over any number of connections; an event of a type that this
version does not know is given as plain JSON and is never an error; a token that the server refuses ends everything,
since trying again would not help.

Rejected: an asynchronous iterator of events (needs a queue, and a queue needs a limit; a function is called as fast
as it returns); POST with long polls (an answer for each batch of output costs a round trip).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import attrs
import msgspec
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from msgspec import UNSET, Raw, UnsetType
from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure as Fault

from webipy.client.pinned_certificate import tls_fault, tls_options
from webipy.core import errors
from webipy.core.api import calls, rpc
from webipy.core.events import events

MAX_MESSAGE_BYTES: Final = 128 * 1024 * 1024
"""One message of the server: an event holds at most one message of the host link (core/kernel/large_messages.py), its buffers as base64."""

CONNECT_S: Final = 10
PING_S: Final = 20
"""A line that is silent for so long is asked, and given up when no answer comes in the same time."""

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

_Result = TypeVar("_Result")

Event = events.AnyEvent | dict[str, Any]
"""An event, or the JSON of one whose type this version does not know."""


class NoServer(Exception):
    """No server answers; the message says where it was looked for and how to start one."""


class ConnectionLost(Exception):
    """The line was lost while a call was under way: it may have been carried out or not."""


@attrs.define(frozen=True)
class Address:
    """Where a server listens.

    Args:
        url: Its address, such as `http://127.0.0.1:8888`.
        token: The token that it expects.
        fingerprint: The SHA-256 of its certificate, when that alone is right; `None`: an authority answers for it.
    """

    url: str
    token: str = attrs.field(repr=False)
    fingerprint: str | None = None


class _ServerFile(msgspec.Struct, frozen=True):
    url: str
    token: str
    fingerprint: str | None = None


class _Incoming(msgspec.Struct, frozen=True):
    """Any message of the server: an answer (`id`) or a notification (`method`)."""

    id: int | None = None
    method: str | None = None
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


class _Error(msgspec.Struct, frozen=True):
    code: int
    message: str
    data: dict[str, Any] = {}


_decode_incoming = msgspec.json.Decoder(_Incoming).decode
_decode_events = msgspec.json.Decoder(calls.Events).decode
_encode = msgspec.json.Encoder().encode
_KINDS: Final = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Failure)
}


def find_server(state_folder: Path) -> Address:
    """The server that uses a state folder, by its `server.json`.

    Raises:
        NoServer: There is no such file, or it cannot be read.
    """
    path = state_folder / "server.json"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_ServerFile)
    except FileNotFoundError:
        raise NoServer(f"No webipy server uses {state_folder}. Start one: webipy serve") from None
    except (OSError, msgspec.DecodeError) as fault:
        raise NoServer(f"{path} cannot be read ({fault}). Start the server again: webipy serve") from None
    return Address(found.url.rstrip("/"), found.token, found.fingerprint)


def failure_of(body: bytes) -> errors.Failure:
    """The failure in an `error` member; a code that this version does not know makes a plain `errors.Failure`."""
    error = msgspec.json.decode(body, type=_Error)
    failure = _KINDS.get(error.code, errors.Failure)(error.message)
    failure.facts = {name: value for name, value in error.data.items() if name != "name"}
    if type(failure) is errors.Failure:
        failure.facts |= {"code": error.code, "name": str(error.data.get("name", "failure"))}
    return failure


def decode_event(body: bytes) -> Event:
    """An event, or plain JSON when its type is not known here."""
    try:
        return events.decode(body)
    except msgspec.ValidationError:
        plain: dict[str, Any] = msgspec.json.decode(body)
        return plain


class _Waiting(msgspec.Struct, eq=False):
    """A call whose answer has not come."""

    message: bytes
    answer: Deferred[bytes]
    repeat: bool
    is_sent: bool = False
    failures: int = 0
    """Lines that were lost after it was sent because a message was too large."""


class Follower(msgspec.Struct, eq=False):
    """Receives the events of a session.

    Args:
        session: The session's id.
        seq: The newest seq that was given out; `None` until the server has answered where the session stands.
        receive: Called with the seq and the event of each, in order.
        ended: Fires when nothing more comes: with `None` after `close`, or with the failure.
        is_joined: Whether the server has answered the subscription on the line there is now.
    """

    session: str
    seq: int | None
    receive: Callable[[int, Event], None]
    ended: Deferred[None] = msgspec.field(default_factory=Deferred)
    is_joined: bool = False
    newest: int = 0
    """The newest seq of the session when it was joined."""
    failed_at: int | None = None
    """The seq it stood at when a message was too large."""

    def close(self) -> None:
        """Nothing more is wanted."""
        self.end(None)

    def end(self, fault: BaseException | None) -> None:
        """Nothing more comes, because of `fault`."""
        if self.ended.called:
            return
        if fault is None:
            self.ended.callback(None)
        else:
            self.ended.errback(Fault(fault))

    def take(self, batch: calls.Events) -> None:
        """Passes those events of a batch on that are new; what `receive` raises is the end of this follower and of nothing else."""
        try:
            for seq, body in enumerate(batch.events, batch.first):
                if self.is_joined and self.seq is not None and seq > self.seq and not self.ended.called:
                    self._give(seq, bytes(body))
        except Exception as fault:
            self.end(fault)

    def met_too_large(self, size_bytes: int) -> None:
        """A message was larger than may be read; if it was so twice at one place, the event there is reported missing and left out."""
        if self.seq is None or self.seq >= self.newest or self.ended.called:
            return  # it has all there was: the message was not for it
        if self.failed_at != self.seq:
            self.failed_at = self.seq
            return
        self.seq += 1
        reason = f"Event {self.seq} of the session has {size_bytes} bytes, more than the {MAX_MESSAGE_BYTES} that are read here; it is left out."
        try:
            self.receive(self.seq, events.OutputLost(seq=self.seq, reason=reason, count=1))
        except Exception as fault:
            self.end(fault)

    def _give(self, seq: int, body: bytes) -> None:
        if self.seq is not None and seq != self.seq + 1:
            raise ConnectionLost(f"The server left out events {self.seq + 1} to {seq - 1}.")
        self.seq = seq
        self.receive(seq, decode_event(body))


class _Line(WebSocketClientProtocol):
    """One WebSocket; it reports to its factory what happens. Autobahn calls the methods in its own spelling."""

    factory: _LineFactory
    _fault: Fault | None = None

    def connectionLost(self, reason: Any = None) -> None:
        """The transport is gone; TLS says here why it was refused."""
        self._fault = reason
        super().connectionLost(reason)

    def onOpen(self) -> None:
        """The server has accepted us."""
        self.factory.opened.callback(self)

    def _max_message_size_exceeded(self, msg_size: int, max_msg_size: int, reason: str) -> None:
        self.factory.too_large(msg_size)
        super()._max_message_size_exceeded(msg_size, max_msg_size, reason)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A message came."""
        self.factory.received(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The line is gone, or was never accepted."""
        if self.factory.opened.called:
            self.factory.lost(code or 1006)
        else:
            self.factory.opened.errback(self.factory.refusal(getattr(self, "http_status_line", None), self._fault))


class _LineFactory(WebSocketClientFactory):
    """Makes the one line of a connection.

    Args:
        reactor: The reactor.
        address: Where the server is.
        received: Called with each message.
        lost: Called with the close code after an open line was lost.
        too_large: Called with the size of a message that is larger than may be read, before the line is lost for it.
    """

    protocol = _Line  # type: ignore[assignment]  # Twisted asks for a factory function, Autobahn for the class
    noisy = False

    def __init__(
        self,
        reactor: object,
        address: Address,
        received: Callable[[bytes], None],
        lost: Callable[[int], None],
        too_large: Callable[[int], None],
    ) -> None:
        headers = {"Authorization": f"Bearer {address.token}"}
        super().__init__(
            f"ws{address.url.removeprefix('http')}/rpc", headers=headers, useragent="webipy", reactor=reactor
        )
        self.setProtocolOptions(
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            failByDrop=False,
            openHandshakeTimeout=CONNECT_S,
            autoPingInterval=PING_S,
            autoPingTimeout=PING_S,
            tcpNoDelay=True,
        )
        self.address = address
        self.received = received
        self.lost = lost
        self.too_large = too_large
        self.opened: Deferred[_Line] = Deferred()

    def refusal(self, status_line: str | None, fault: Fault | None) -> Exception:
        """Why the server did not accept us, from the first line of its HTTP answer, or from the end of the connection."""
        words = (status_line or "").split(maxsplit=2)
        if words[1:2] == ["401"]:
            why = words[2].strip() if len(words) > 2 and "script token" in words[2] else ""
            return errors.NotAuthenticated(
                f"The server at {self.address.url} does not take this token. {why or _OTHER_TOKEN}"
            )
        if len(words) > 1:
            hint = _HINTS.get(words[1], "webipy doctor --url says more.")
            return NoServer(
                f"{self.address.url} answers, but not as a webipy server does (HTTP status {words[1]}). {hint}"
            )
        why = "" if fault is None or fault.value is None else tls_fault(fault.value, self.address.fingerprint)
        hint = " Is it http:// and not https://?" if self.address.url.startswith("https:") else ""
        return NoServer(f"{self.address.url} {why or f'closed the line before it answered.{hint}'}")


_OTHER_TOKEN: Final = "Give the right one with --state or --token-file, or sign in again with: webipy login URL"
_HINTS: Final = {
    "404": "Is its path right, that of --base-url or of the proxy?",
    "421": "It is not known under that name: start it with --public-url or --allow-host.",
}


async def _open_line(
    reactor: Any,
    address: Address,
    received: Callable[[bytes], None],
    lost: Callable[[int], None],
    too_large: Callable[[int], None],
) -> _Line:
    """A line to the server.

    Raises:
        NoServer: Nobody answers there, or somebody else.
        errors.NotAuthenticated: The token is refused.
    """
    parts = urlsplit(address.url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    # A HostnameEndpoint leaves a timer behind when it is cancelled; most servers are at 127.0.0.1, which needs none.
    kind = TCP4ClientEndpoint if isIPAddress(host) else HostnameEndpoint
    endpoint: Any = kind(reactor, host, port, timeout=CONNECT_S)
    if is_secure:
        endpoint = wrapClientTLS(tls_options(host, address.fingerprint), endpoint)
    factory = _LineFactory(reactor, address, received, lost, too_large)
    try:
        line: _Line = await endpoint.connect(factory)
    except (ConnectError, DNSLookupError):
        raise NoServer(f"No webipy server answers at {address.url}. Start one: webipy serve") from None
    try:
        return await factory.opened
    except CancelledError:
        line.dropConnection(abort=True)
        await line.is_closed
        raise


class Client:
    """A connection to a server, which mends itself.

    Args:
        reactor: The reactor.
        find: Says where the server is; asked before every connection, because a server that was started again may have another port.
        patience_s: How long to try to connect again after the line was lost; `None`: until it works.
        on_line: Called with `False` when the line is lost and with `True` when it is back.
        on_notification: Called with the method and the params, JSON, of each notification that is no batch of events.
        on_gone: Called with the reason when the connection has ended for good.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        find: Callable[[], Address],
        patience_s: float | None = None,
        on_line: Callable[[bool], None] = lambda is_there: None,
        on_notification: Callable[[str, bytes], None] = lambda method, params: None,
        on_gone: Callable[[BaseException], None] = lambda fault: None,
    ) -> None:
        self._reactor = reactor
        self._find = find
        self.patience_s = patience_s
        self.on_line = on_line
        self.on_notification, self.on_gone = on_notification, on_gone
        self._line: _Line | None = None
        self._mending: Deferred[None] | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._followers: list[Follower] = []
        self._last_id = 0
        self._too_large_bytes = 0
        self._is_closed = False

    async def connect(self) -> None:
        """Connects for the first time; this is tried once.

        Raises:
            NoServer: Nobody answers there, or somebody else.
            errors.NotAuthenticated: The token is refused.
        """
        self._line = await self._open()

    async def close(self) -> None:
        """Leave: calls under way fail with `ConnectionLost`, followers end, and the line is closed."""
        self._is_closed = True
        if self._mending is not None:
            mending = self._mending
            mending.cancel()
            await mending
        self._give_up(ConnectionLost("The connection was closed."), None)
        if self._line is not None:
            gone = self._line.is_closed
            self._line.sendClose(1000)
            await gone

    async def call(
        self, method: str, params: msgspec.Struct | dict[str, Any], result: type[_Result], *, repeat: bool = False
    ) -> _Result:
        """Calls a method.

        Args:
            method: Its name, such as `session.list`.
            params: Its params, by name.
            result: The type of its result.
            repeat: Whether the call may be made again when the line is lost before the answer came.

        Raises:
            errors.Failure: The server's answer, as the class that it has there.
            ConnectionLost: The line was lost, and the call may not be repeated.
            NoServer: The line was lost, and no server came back in time.
        """
        return msgspec.json.decode(await self._answer(method, params, repeat), type=result)

    async def call_raw(self, method: str, params: bytes) -> bytes:
        """Calls a method with params and result as they are on the wire.

        Args:
            method: Its name, such as `session.list`.
            params: Its params: a JSON object, UTF-8.

        Returns:
            The result, JSON.

        Raises:
            errors.Failure, ConnectionLost: As `call`; the call is never repeated.
        """
        return await self._answer(method, Raw(params), False)

    async def follow(self, session: str, since: int | None, receive: Callable[[int, Event], None]) -> Follower:
        """Follows a session: all events after `since`, then every new one.

        Args:
            session: The session's id.
            since: The last seq that is known already; 0 for all events, `None` for only those from now on.
            receive: Called with the seq and the event of each; what it raises ends the follower.

        Raises:
            errors.Failure: The server refuses, such as `NotFound`.
        """
        assert all(other.session != session for other in self._followers), "a connection follows a session once"
        follower = Follower(session, since, receive)
        self._followers.append(follower)
        try:
            await self._join(follower)
        except Exception:
            self._followers.remove(follower)
            raise
        return follower

    # ---- calls ----------------------------------------------------------------------------------------------------

    def _answer(self, method: str, params: object, repeat: bool) -> Deferred[bytes]:
        """Sends a call, or keeps it until there is a line; fires with the JSON of the result."""
        if self._is_closed or (self._line is None and self._mending is None):
            raise ConnectionLost("There is no connection to the server.")
        self._last_id += 1
        number = self._last_id
        message = _encode({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        if len(message) > rpc.MAX_MESSAGE_BYTES:
            words = f"A call holds at most {rpc.MAX_MESSAGE_BYTES} bytes, and this one of {method} has {len(message)}."
            raise errors.TooLarge(words, limit_bytes=rpc.MAX_MESSAGE_BYTES)
        answer: Deferred[bytes] = Deferred(lambda _: self._forget(number))
        self._waiting[number] = waiting = _Waiting(message, answer, repeat)
        self._send(waiting)
        return answer

    def _forget(self, number: int) -> None:
        self._waiting.pop(number, None)

    def _send(self, waiting: _Waiting) -> None:
        if self._line is not None:
            waiting.is_sent = True
            self._line.sendMessage(waiting.message, False)

    def _received(self, message: bytes) -> None:
        incoming = _decode_incoming(message)
        if incoming.method == "events" and not isinstance(incoming.params, UnsetType):
            batch = _decode_events(bytes(incoming.params))
            for follower in self._followers:
                if follower.session == batch.session:
                    follower.take(batch)
            return
        if incoming.method is not None:
            return self.on_notification(incoming.method, b"" if incoming.params is UNSET else bytes(incoming.params))
        waiting = self._waiting.pop(incoming.id, None) if incoming.id is not None else None
        if waiting is None:
            return  # the answer to a call that was cancelled
        if isinstance(incoming.error, UnsetType):
            waiting.answer.callback(b"null" if isinstance(incoming.result, UnsetType) else bytes(incoming.result))
        else:
            waiting.answer.errback(Fault(failure_of(bytes(incoming.error))))

    # ---- the line -------------------------------------------------------------------------------------------------

    async def _open(self) -> _Line:
        return await _open_line(self._reactor, self._find(), self._received, self._lost, self._met_too_large)

    async def _join(self, follower: Follower) -> None:
        asked = calls.Subscribe(session=follower.session, since=follower.seq, keeps=False)
        subscribed = await self.call("session.subscribe", asked, calls.Subscribed, repeat=True)
        follower.seq = subscribed.seq if follower.seq is None else max(follower.seq, subscribed.first_seq - 1)
        follower.newest = subscribed.seq
        follower.is_joined = True

    def _met_too_large(self, size_bytes: int) -> None:
        """A message is larger than may be read: the line is lost for it next."""
        self._too_large_bytes = size_bytes

    def _go_on_without(self, size_bytes: int) -> None:
        """What has met a message that is too large twice goes on without it, and reports that."""
        for follower in list(self._followers):
            if follower.is_joined:
                follower.met_too_large(size_bytes)
        for number, waiting in list(self._waiting.items()):
            waiting.failures += waiting.is_sent
            if waiting.failures > 1:
                del self._waiting[number]
                words = f"The answer has {size_bytes} bytes, more than the {MAX_MESSAGE_BYTES} that are read here."
                waiting.answer.errback(Fault(errors.TooLarge(words, limit_bytes=MAX_MESSAGE_BYTES)))

    def _lost(self, code: int) -> None:
        """The line is gone: fail what may not be repeated, and mend."""
        self._line = None
        if self._is_closed:
            return
        if code == rpc.LOGIN_ENDED:
            return self._fail(errors.NotAuthenticated("The server has ended this login."))
        if code == rpc.TOO_MANY:
            words = "The server takes no more connections of this login; end some and try again."
            return self._fail(errors.Throttled(words))
        unknown = [number for number, waiting in self._waiting.items() if waiting.is_sent and not waiting.repeat]
        failing = [self._waiting.pop(number) for number in unknown]
        self._mending = mending = Deferred.fromCoroutine(self._mend())
        mending.addErrback(self._not_mended)
        self.on_line(False)
        lost = "The line to the server was lost; the call may have been carried out or not."
        size_bytes, self._too_large_bytes = self._too_large_bytes, 0
        if size_bytes:
            self._go_on_without(size_bytes)
        for waiting in failing:  # last, because who is called may close us
            waiting.answer.errback(Fault(ConnectionLost(lost)))

    async def _mend(self) -> None:
        """Connects again, with growing pauses."""
        began, pause = self._reactor.seconds(), FIRST_PAUSE_S
        while True:
            try:
                self._line = await self._open()
                break
            except NoServer:
                if self.patience_s is not None and self._reactor.seconds() - began > self.patience_s:
                    raise
            await deferLater(self._reactor, pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self._mending = None
        for waiting in list(self._waiting.values()):
            self._send(waiting)
        for follower in self._followers:
            if follower.is_joined:
                follower.is_joined = False
                Deferred.fromCoroutine(self._join(follower)).addErrback(self._not_joined, follower)
        self.on_line(True)

    def _not_mended(self, fault: Fault) -> None:
        self._mending = None
        if not fault.check(CancelledError) and fault.value is not None:
            self._fail(fault.value)

    def _not_joined(self, fault: Fault, follower: Follower) -> None:
        follower.end(fault.value)

    def _fail(self, fault: BaseException) -> None:
        self._give_up(fault, fault)

    def _give_up(self, calls_fault: BaseException, followers_fault: BaseException | None) -> None:
        """Fails everything that waits: nothing more comes."""
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            one.answer.errback(Fault(calls_fault))
        for follower in self._followers:
            follower.end(followers_fault)
        if followers_fault is not None:
            self.on_gone(followers_fault)
