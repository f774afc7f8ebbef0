"""Faults, injected into real parts, and what must hold all the same; docs/faults.md tells which test proves what.

The rig: `Subscriber` is a client in a thread of its own that follows one session over any number of servers and connections
and checks that it gets each seq once, in order; `CuttingProxy` stands between it and the server (tests/live.py) and cuts.
`Server.start(faults=...)` runs the server under tests/faults/faulty.py, which breaks a named function of it.

Nothing here sleeps to let something happen: what must come is waited for, with a patience that only a failure uses up.
`rounds(quick, full)` is how often a random fault is tried: few times in `make test`, often in `make faults`.
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.blocking_websocket import Closed, HandshakeRefused
from tests.live import PATIENCE_S, Connection, Json, Refused, Server, Wanted

IS_FULL = os.environ.get("WEBIPY_FAULTS") == "full"


def rounds(quick: int, full: int) -> int:
    """How often to try: `quick` in `make test`, `full` in `make faults`."""
    return full if IS_FULL else quick


class Subscriber:
    """Follows one session, over any number of servers and connections, in a thread of its own.

    Args:
        server: Where the servers are.
        session: The session.
        since: The seq after which to begin.
        port: Where to connect; `None` for the server itself.
        receive_bytes: SO_RCVBUF.
    """

    def __init__(
        self, server: Server, session: str, since: int = 0, port: int | None = None, receive_bytes: int | None = None
    ) -> None:
        self.server, self.session, self.seq = server, session, since
        self.events: list[Json] = []
        self.connections = 0
        self.fault: str | None = None
        self.is_awake = threading.Event()
        self.is_awake.set()
        self._port, self._receive_bytes = port, receive_bytes
        self._ends: dict[str, Json] = {}
        self._changed = threading.Condition()
        self._line: Connection | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_closed and self.fault is None:
            if not self.server.is_up.wait(0.05):
                continue
            try:
                self._line = line = self.server.connect(self._port, self._receive_bytes)
                line.send("session.subscribe", session=self.session, since=self.seq)
                self.connections += 1
                while not self._is_closed:
                    self.is_awake.wait()
                    self._take(line.receive())
            except (Closed, HandshakeRefused, OSError):  # a server that is silent for too long counts as gone
                time.sleep(0.002)  # the pause of a client that connects again
            finally:
                self.cut()

    def _take(self, body: bytes) -> None:
        message = json.loads(body)
        with self._changed:
            if "error" in message:
                self.fault = f"refused: {message['error']}"
            for event in message["params"]["events"] if message.get("method") == "events" else ():
                if event["seq"] != self.seq + 1:
                    self.fault = f"event {event['seq']} came after {self.seq}"
                self.seq = event["seq"]
                self.events.append(event)
                if event["type"] == "execution_finished":
                    self._ends.setdefault(event["execution"], event)
            self._changed.notify_all()

    def cut(self) -> None:
        """Cuts the connection."""
        if self._line is not None:
            self._line.cut()

    def until(self, wanted: Wanted, what: str = "an event") -> Json:
        """Waits for an event; looks at those that came already first."""
        seen = 0

        def look() -> Json | None:
            nonlocal seen
            fresh, seen = self.events[seen:], len(self.events)
            return next((event for event in fresh if wanted(event)), None)

        return self._come(look, what)

    def _come(self, look: Callable[[], Json | None], what: str) -> Json:
        end = time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                if (found := look()) is not None:
                    return found
                if self.fault is not None:
                    raise AssertionError(self.fault)
                if not self._changed.wait(end - time.monotonic()):
                    raise AssertionError(f"it did not come: {what}; last: {[e['type'] for e in self.events[-8:]]}")

    def until_seq(self, seq: int) -> None:
        """Waits until it has got event `seq`."""
        self.until(lambda event: event["seq"] >= seq, f"event {seq}")

    def finished(self, execution: str) -> Json:
        """Waits for the end of an execution."""
        return self._come(lambda: self._ends.get(execution), f"the end of {execution}")

    def printed(self, execution: str) -> str:
        """What an execution has printed so far."""
        return printed(self.events, execution)

    def close(self) -> None:
        """Ends; fails if it ever got a seq twice or missed one."""
        self._is_closed = True
        self.is_awake.set()
        self.cut()
        self._thread.join(PATIENCE_S)
        if self.fault is not None:
            raise AssertionError(self.fault)


class CuttingProxy:
    """Stands before the server and cuts each connection after some bytes on the way to the client, or swallows what both sides say.

    Args:
        server: Where the server is; each new connection goes to the one of now.
        bytes_left: Called for each connection: after how many bytes it is cut, `None` for never.
    """

    def __init__(self, server: Server, bytes_left: Callable[[], int | None]) -> None:
        self._server, self._bytes_left = server, bytes_left
        self.cuts = 0
        self._hole = threading.Event()  # set: the connections of that time are dead without a word
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                far = socket.create_connection(("127.0.0.1", self._server.port))
            except OSError:
                near.close()
                continue
            hole = self._hole
            threading.Thread(target=self._pump, args=(near, far, None, hole), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, self._bytes_left(), hole), daemon=True).start()

    def swallow(self) -> None:
        """Lets nothing through any more on the connections that there are: no byte, and no end of the other side. New ones are well."""
        self._hole, hole = threading.Event(), self._hole
        hole.set()

    def _pump(self, source: socket.socket, sink: socket.socket, left: int | None, hole: threading.Event) -> None:
        try:
            while body := source.recv(65536 if left is None else max(1, min(left, 65536))):
                if hole.is_set():
                    continue
                sink.sendall(body)
                if left is not None:
                    left -= len(body)
                    if left <= 0:
                        self.cuts += 1
                        break
        except OSError:
            pass  # the other thread has cut it
        for end in (source,) if hole.is_set() else (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # cut already
        source.close()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()


def printed(events: Sequence[Json], execution: str) -> str:
    """The text that an execution printed, in the order of its events."""
    return "".join(
        event["output"]["text"]
        for event in events
        if event["type"] == "output_added"
        and event["execution"] == execution
        and event["output"]["output_type"] == "stream"
    )


def counting(count: int, pause_s: float = 0.0, is_flushed: bool = True) -> str:
    """Code that prints a counter."""
    body = f"print(i, flush={is_flushed})" + (f"; time.sleep({pause_s})" if pause_s else "")
    return f"import time\nfor i in range({count}): {body}"


def counted(count: int) -> str:
    """What `counting` prints."""
    return "".join(f"{number}\n" for number in range(count))


class FaultTestCase(SynchronousTestCase):
    """A test with a server of its own."""

    timeout = 900
    seed = 20261123

    def setUp(self) -> None:
        self.random = random.Random(self.seed)
        self.server = Server()
        self.addCleanup(self.server.close)

    def subscribe(self, session: str, **options: Any) -> Subscriber:
        """A subscriber whose ledger is checked at the end."""
        subscriber = Subscriber(self.server, session, **options)
        self.addCleanup(subscriber.close)
        return subscriber

    def refused(self, name: str, method: str, **params: object) -> Refused:
        """A call that must fail with that name."""
        with self.assertRaises(Refused) as caught:
            self.server.call(method, **params)
        self.assertEqual(caught.exception.name, name, str(caught.exception))
        fault: Refused = caught.exception
        return fault

    def assert_once(self, events: Sequence[Json]) -> None:
        """Every execution of these events was queued once and ended at most once, after it was queued."""
        for kind in ("execution_queued", "execution_started", "execution_finished"):
            ids = [event["execution"] for event in events if event["type"] == kind]
            self.assertEqual(len(ids), len(set(ids)), f"{kind} twice")
