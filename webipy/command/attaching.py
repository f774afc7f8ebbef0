"""A terminal of the server, shown in the terminal of the user: what `webipy terminal attach` does once it is connected.

    terminal_output ──► attached screen ──shown──► terminal.acknowledge        the server sends 256 KiB ahead of that
    keys ──► typed keys ──► terminal.input, never twice; the key that detaches ──► the end
    size of the user's terminal ──► terminal.resize

When the connection is lost, the terminal is read on where it was as soon as there is a server again. What the shell prints acts on the terminal of
the user, as with ssh: it is their own shell.

Invariants: each byte is shown once and in order; however this ends, the terminal of the user has the modes that it had, and the shell goes on.

Rejected: the screen alone, as tmux shows it (nobody can scroll back); a shell that ends with the command (a window is closed by accident).
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client, ConnectionLost
from webipy.command.attached_screen import AttachedScreen
from webipy.command.exit_statuses import BY_SIGNAL, FAILED, OK
from webipy.command.local_terminal import LocalTerminal
from webipy.command.program import Ended
from webipy.command.terminal import size_of
from webipy.command.typed_keys import DetachKey, TypedKeys
from webipy.core import errors
from webipy.core.api import calls, terminal_calls

ACKNOWLEDGE_BYTES: Final = 65_536
ACKNOWLEDGE_S: Final = 0.3
"""So much is shown, or so long it is waited, before it is acknowledged."""


def fitting_size(local: LocalTerminal) -> tuple[int, int] | None:
    """The lines and columns of the terminal of the user, as far as one of the server may have them; `None` where they are not known."""
    size = local.size
    if size is None:
        return None
    rows, cols = (min(one, terminal_calls.MAX_SIDE) for one in size)
    return rows, cols


@attrs.define(eq=False)
class Attachment:
    """One terminal of the server in the terminal of the user.

    Args:
        client: The connection.
        terminal: The terminal.
        local: The terminal of the user.
        key: What detaches.
        later: Calls a function after so many seconds: `reactor.callLater`.
        again: The command that attaches again.
    """

    client: Client
    terminal: terminal_calls.Terminal
    local: LocalTerminal
    key: DetachKey
    later: Callable[..., Any]
    again: str
    _screen: AttachedScreen = attrs.field(init=False)
    _typed: TypedKeys = attrs.field(init=False)
    _ended: Deferred[int] = attrs.field(factory=Deferred)
    _last_words: str = ""
    _started: str | None = None
    _received: int = 0
    _shown: int = 0
    _acknowledged: int = 0
    _live: int = 0
    """The position behind what was printed before the user came."""
    _timer: Any = None

    def __attrs_post_init__(self) -> None:
        where = f"Terminal {self.terminal.id}, in {self.terminal.cwd}. {self.key.name} leaves it, and it goes on."
        self._screen = AttachedScreen(self.local, where, self._hung_up)
        self._typed = TypedKeys(self.client, self.terminal.id, self._screen.note, self.local.make_room)

    async def stay(self) -> int:
        """Shows the terminal until the user detaches or its shell ends; returns the exit status.

        Raises:
            errors.Failure, NoServer: The connection has ended for good, or the terminal is not there.
            Ended: The terminal of the user is gone.
        """
        client = self.client
        client.on_notification, client.on_line, client.on_gone = self._take, self._line_changed, self.fail
        with self.local.raw(self.resize):
            self._screen.begin()
            try:
                self.resize()
                await self._subscribe()
                self.local.read(self._keys)
                return await self._ended
            finally:
                if self._timer is not None:
                    self._timer.cancel()
                await self._screen.put_back()
                if self._last_words:
                    await self._screen.note_after(self._last_words)

    def fail(self, fault: BaseException) -> None:
        """Ends it with a failure.

        Args:
            fault: The failure.
        """
        if not self._ended.called:
            self._ended.errback(Fault(fault))

    def _hung_up(self) -> None:
        self.fail(Ended("The terminal is gone; the shell goes on.", BY_SIGNAL + signal.SIGHUP))

    def _end(self, status: int, words: str) -> None:
        if not self._ended.called:
            self._last_words = words
            self._ended.callback(status)

    def resize(self) -> None:
        """Gives the terminal the size that the one of the user has."""
        size = fitting_size(self.local)
        if size is not None and not self._ended.called:
            rows, cols = size
            wanted = terminal_calls.ResizeTerminal(terminal=self.terminal.id, rows=rows, cols=cols)
            self._quietly("terminal.resize", wanted)

    def _quietly(self, method: str, params: msgspec.Struct, repeat: bool = False) -> None:
        """Makes a call; where it fails, the subscription fails, too, but for a terminal that was closed."""
        call = self.client.call(method, params, calls.Done, repeat=repeat)
        Deferred.fromCoroutine(call).addErrback(self._not_there)

    def _not_there(self, fault: Fault) -> None:
        """Somebody has closed it: nothing more comes."""
        if fault.check(errors.NotFound):
            self._end(FAILED, self.terminal.ended or "The terminal was closed.")

    # ---- out

    async def _subscribe(self) -> None:
        since = None if self._started is None else self._received
        asked = terminal_calls.ReadTerminal(terminal=self.terminal.id, since=since, started=self._started)
        reading = await self.client.call("terminal.subscribe", asked, terminal_calls.TerminalReading, repeat=True)
        self._started, self._live, self._received = reading.terminal.started, reading.live, reading.first
        self._shown = self._acknowledged = reading.first
        if reading.skipped:
            self._screen.note(f"{size_of(reading.skipped)} of what was printed are not kept any more.")
        if reading.restore is not None:
            self._screen.restart(reading.restore)
        if self._received >= self._live:
            self._screen.greet()
        self._changed(reading.terminal)

    def _subscribe_again(self) -> None:
        Deferred.fromCoroutine(self._subscribe()).addErrback(self._not_subscribed)

    def _not_subscribed(self, fault: Fault) -> None:
        self._not_there(fault)
        if not fault.check(ConnectionLost):  # then there is a new line, or the connection has ended for good
            self.fail(fault.value or ConnectionLost("The terminal cannot be read."))

    def _take(self, method: str, params: bytes) -> None:
        """Takes a notification of the server."""
        if self._ended.called:
            return
        if method == "terminal_output":
            printed = msgspec.json.decode(params, type=terminal_calls.TerminalText)
            if printed.terminal == self.terminal.id and printed.at == self._received:
                self._print(printed)
        elif method == "terminal_changed":
            changed = msgspec.json.decode(params, type=terminal_calls.TerminalChanged)
            if changed.terminal.id == self.terminal.id:
                if changed.stalled:
                    self._subscribe_again()
                self._changed(changed.terminal)

    def _print(self, printed: terminal_calls.TerminalText) -> None:
        self._received = printed.end
        past, now = _cut(printed, self._live)
        if past:
            self._screen.print_past(past)
        if printed.end >= self._live:
            self._screen.greet()
        self._screen.print(now).addCallback(lambda _: self._drawn(printed.end))

    def _drawn(self, end: int) -> None:
        self._shown = end
        if self._ended.called:
            return
        if end - self._acknowledged >= ACKNOWLEDGE_BYTES:
            self._acknowledge()
        elif self._timer is None:
            self._timer = self.later(ACKNOWLEDGE_S, self._acknowledge_late)
        self._end_with_shell()

    def _acknowledge_late(self) -> None:
        self._timer = None
        if self._shown != self._acknowledged:
            self._acknowledge()

    def _acknowledge(self, repeat: bool = False) -> None:
        self._acknowledged = self._shown
        shown = terminal_calls.AcknowledgeTerminal(terminal=self.terminal.id, position=self._shown)
        self._quietly("terminal.acknowledge", shown, repeat)

    def _changed(self, terminal: terminal_calls.Terminal) -> None:
        self.terminal = terminal
        self._end_with_shell()
        if terminal.ended is not None and not self._ended.called:
            self._acknowledge(repeat=True)  # a terminal that was closed is not there: the rest does not come

    def _end_with_shell(self) -> None:
        """Ends when the shell has, and all that it printed is shown."""
        terminal = self.terminal
        if terminal.ended is not None and self._shown >= terminal.end:
            self._screen.greet()
            self._end(FAILED if terminal.exit_status is None else terminal.exit_status, terminal.ended)

    # ---- in

    def _keys(self, typed: str | None) -> int:
        """Takes what was typed; see `webipy.command.local_terminal.Keys`."""
        if self._ended.called:
            return 0
        if typed is None:
            self._hung_up()
            return 0
        before = self.key.cut(typed)
        count = self._typed.type(typed if before is None else before)
        if before is not None:
            self._end(OK, f"The shell goes on. Come back with: {self.again}")
        return count

    # ---- the line

    def _line_changed(self, is_there: bool) -> None:
        self._typed.line_changed(is_there)
        if self._ended.called:
            return
        if is_there:
            self._screen.note("The server is back.")
            self.resize()
        else:
            lost = "The connection to the server is lost; the shell goes on. Connecting again..."
            self._screen.note(f"{lost} {self.key.name} leaves.")
            self._subscribe_again()


def _cut(printed: terminal_calls.TerminalText, live: int) -> tuple[str, str]:
    """What was printed before a position, and the rest."""
    body, at = printed.text.encode(), live - printed.at
    if at <= 0:
        return "", printed.text
    if at >= len(body) or len(body) != printed.end - printed.at:  # bytes that are no UTF-8: their places are not known
        return printed.text, ""
    return body[:at].decode("utf-8", "replace"), body[at:].decode("utf-8", "replace")
