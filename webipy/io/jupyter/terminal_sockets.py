"""The WebSocket of a terminal, `/terminals/websocket/{name}`: a reader of it, in the arrays of Jupyter's terminals.

::

    ["stdin", text] ──► terminal.input        ["set_size", rows, cols, ...] ──► terminal.resize
    ["setup", {}] first, then ["stdout", text] for what is kept and what comes; ["disconnect", 1] when the shell has ended

Who comes back reads from the beginning of what is kept, as the page of such a client is empty then. What was sent counts as shown: a client
that does not read fills its transport, then it gets no more, and the program in the terminal waits. What is typed goes to the terminal in its
order, and is never sent again.

Invariants: nothing of a terminal is dropped; a socket closes with 1000 only when its shell has ended, so that a client comes back otherwise.

Source: terminado 0.18, "protocol"; jupyter_server_terminals 0.5.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, DeferredLock

from webipy.core import errors
from webipy.core.api import calls, terminal_calls
from webipy.io.jupyter.routes import Answer, Asked
from webipy.io.jupyter.sockets import COME_BACK, GONE, MALFORMED, Notification, SocketProtocol, take_over
from webipy.io.web.websocket import RpcFactory

Existing = Callable[[Asked], Awaitable[Answer]]


class TerminalProtocol(SocketProtocol):
    """One socket of a client that shows a terminal."""

    _typing: DeferredLock

    def onConnect(self, request: Any) -> str | None:
        """Accepts who has passed the route."""
        self._typing = DeferredLock()
        return super().onConnect(request)

    def onOpen(self) -> None:
        """The handshake is done: the terminal is read."""
        super().onOpen()
        if self in self.factory.clients:
            self._say("setup", {})
            Deferred.fromCoroutine(self._join()).addErrback(self._failed)

    @property
    def _terminal(self) -> str:
        return self.asked.parts["name"]

    def _say(self, kind: str, *content: object) -> None:
        self._give(msgspec.json.encode([kind, *content]))

    async def _join(self) -> None:
        wanted = terminal_calls.ReadTerminal(terminal=self._terminal)
        reading = await self.asked.ask("terminal.subscribe", wanted, terminal_calls.TerminalReading)
        if reading.restore:
            self._say("stdout", reading.restore)
        self._end_with(reading.terminal)

    # ---- in

    def _begin(self) -> None:
        self._calls += 1
        message = self._waiting.popleft()
        self._waiting_bytes -= len(message)
        carried = self._typing.run(lambda: Deferred.fromCoroutine(self._carry_out(message)))
        carried.addCallbacks(self._reply, self._failed)

    async def _carry_out(self, message: bytes) -> None:
        """Carries one message out; what is none of the protocol closes the socket, other kinds of messages do nothing."""
        try:
            kind, *content = msgspec.json.decode(message, type=list[Any]) or [None]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            self.say_goodbye(MALFORMED, "A message is an array whose first element is its kind")
            return
        try:
            if kind == "stdin" and content and isinstance(content[0], str):
                await self._type(content[0])
            elif kind == "set_size" and len(content) >= 2:
                await self._resize(*content[:2])
        except errors.NotFound:
            self._say("disconnect", 1)
            self.say_goodbye(GONE, "The terminal is closed")
        except errors.TerminalFailed as fault:
            self._say("stdout", f"\r\n[{fault.message}]\r\n")

    async def _type(self, text: str) -> None:
        most = terminal_calls.MAX_INPUT
        for at in range(0, len(text), most):
            params = terminal_calls.TypeTerminal(terminal=self._terminal, text=text[at : at + most])
            await self.asked.ask("terminal.input", params, terminal_calls.TerminalTyped)

    async def _resize(self, rows: object, cols: object) -> None:
        sides = [one for one in (rows, cols) if isinstance(one, int) and 0 < one <= terminal_calls.MAX_SIDE]
        if len(sides) == 2:  # a client that is hidden tells 0 or null
            params = terminal_calls.ResizeTerminal(terminal=self._terminal, rows=sides[0], cols=sides[1])
            await self.asked.ask("terminal.resize", params, calls.Done)

    # ---- out

    def _notified(self, notification: bytes) -> None:
        """Takes a notification of the terminal."""
        found = msgspec.json.decode(notification, type=Notification)
        if found.method == "terminal_output":
            output = msgspec.json.decode(found.params, type=terminal_calls.TerminalText)
            self._say("stdout", output.text)
            params = terminal_calls.AcknowledgeTerminal(terminal=self._terminal, position=output.end)
            shown = Deferred.fromCoroutine(self.asked.ask("terminal.acknowledge", params, calls.Done))
            shown.addErrback(lambda failure: failure.trap(errors.NotFound)).addErrback(self._failed)
        elif found.method == "terminal_changed":
            changed = msgspec.json.decode(found.params, type=terminal_calls.TerminalChanged)
            if changed.stalled:
                self.say_goodbye(COME_BACK, "Nothing was read for a minute")
            self._end_with(changed.terminal)

    def _end_with(self, terminal: terminal_calls.Terminal) -> None:
        if terminal.ended is not None and self.can_send:
            self._say("disconnect", 1)
            self.say_goodbye(GONE, "The shell has ended")


class TerminalSockets(msgspec.Struct, eq=False):
    """Takes the handshakes of terminals over.

    Args:
        factory: All sockets of Jupyter clients.
        find: Raises 404 where the terminal that a request names does not run.
    """

    factory: RpcFactory
    find: Existing

    async def upgrade(self, asked: Asked) -> None:
        """Takes the handshake of a client over.

        Raises:
            Refusal: 404, there is no such terminal.
        """
        await self.find(asked)

        def make(address: Any) -> TerminalProtocol:
            protocol = TerminalProtocol()
            protocol.factory, protocol.asked = self.factory, asked
            return protocol

        take_over(asked, make)
