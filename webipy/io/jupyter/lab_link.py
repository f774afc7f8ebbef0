"""The link to the lab process, which knows what JupyterLab's own library knows (webipy.labprocess).

The process starts with the first question and ends when nobody has asked for `IDLE_SECONDS`, with the server, and when it does not answer.
Questions that it did not answer fail; the next one starts another process. It gets the environment of the server, as its settings are those of this
user.

Invariants: nothing of JupyterLab is imported by the server; an answer goes to the question of its number; where JupyterLab is not installed every
question fails with `NotInstalled`, and the next one looks again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.io.jupyter.routes import Refusal

IDLE_SECONDS: Final = 300.0
ANSWER_SECONDS: Final = 60.0
"""A question that is not answered in this time ends the process."""

MOST_ANSWER_BYTES: Final = 64 << 20
"""A longer answer ends the process."""

MOST_QUESTIONS: Final = 256
"""Questions under way; JupyterLab asks some dozens at once."""

MISSING: Final = "JupyterLab is not installed beside webipy: pip install 'webipy[lab]'"

COMMAND: Final = (sys.executable, "-P", "-m", "webipy.labprocess")


class NotInstalled(Exception):
    """JupyterLab is not installed in webipy's environment."""


class LabFailed(Exception):
    """A question was refused, or the process could not answer.

    Args:
        status: The HTTP status that goes best with it.
        message: One sentence.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class _Answer(msgspec.Struct):
    id: int
    status: int
    value: Any = None


async def asking(answer: Awaitable[Any]) -> Any:
    """The answer of the lab process.

    Raises:
        Refusal: There is none.
    """
    try:
        return await answer
    except NotInstalled:
        raise Refusal(404, MISSING) from None
    except LabFailed as fault:
        raise Refusal(fault.status, fault.message) from None


@attrs.define(eq=False)
class LabLink:
    """Asks the lab process.

    Args:
        reactor: Twisted's.
        command: What is started.
    """

    reactor: Any
    command: tuple[str, ...] = COMMAND
    _process: _Process | None = None
    _idle: IDelayedCall | None = None

    def ask(self, question: str, **params: object) -> Deferred[Any]:
        """Asks.

        Args:
            question: The name of a method of `webipy.labprocess.Lab`.
            params: Its params.

        Returns:
            The answer. Fails with `NotInstalled` and `LabFailed`.
        """
        process = self._process
        if process is None:
            process = self._process = _Process(self)
            process.start()
        if self._idle is not None and self._idle.active():
            self._idle.reset(IDLE_SECONDS)
        else:
            self._idle = self.reactor.callLater(IDLE_SECONDS, self.end)
        return process.ask(question, params)

    def end(self) -> None:
        """Ends the process, if there is one."""
        if self._idle is not None and self._idle.active():
            self._idle.cancel()
        if self._process is not None:
            self._process.end()

    def has_ended(self, process: _Process) -> None:
        """The process has ended, or will: the next question starts another one."""
        if self._process is process:
            self._process = None


class _Process(ProcessProtocol):
    """One process."""

    _log = Logger()

    def __init__(self, link: LabLink) -> None:
        self._link = link
        self._asked: dict[int, tuple[Deferred[Any], IDelayedCall]] = {}
        self._last = 0
        self._line = bytearray()
        self._fault: Exception = LabFailed(
            503, "JupyterLab's files cannot be read now: the server's log has the reason."
        )
        self._transport: IProcessTransport | None = None

    def start(self) -> None:
        """Starts it."""
        reactor, command = self._link.reactor, self._link.command
        try:
            self._transport = reactor.spawnProcess(self, command[0], command, env=dict(os.environ))
        except OSError as fault:  # no process, no memory, no descriptor
            self._fault = LabFailed(503, f"JupyterLab's files cannot be read now: {fault.strerror}.")
            self._link.has_ended(self)

    def ask(self, question: str, params: dict[str, object]) -> Deferred[Any]:
        """Asks; see `LabLink.ask`.

        Args:
            question: The name of the question.
            params: Its params.
        """
        answered: Deferred[Any] = Deferred()
        if self._transport is None or len(self._asked) >= MOST_QUESTIONS:
            answered.errback(self._fault)
            return answered
        self._last += 1
        late = self._link.reactor.callLater(ANSWER_SECONDS, self.end)
        self._asked[self._last] = (answered, late)
        line = msgspec.json.encode({"id": self._last, "ask": question, "params": params})
        self._transport.write(line + b"\n")
        return answered

    def end(self) -> None:
        """Kills it."""
        self._link.has_ended(self)
        if self._transport is not None and self._transport.pid is not None:
            self._transport.signalProcess("KILL")

    def outReceived(self, data: bytes) -> None:
        """Answers."""
        self._line += data
        if len(self._line) > MOST_ANSWER_BYTES:
            self.end()
            return
        while (end := self._line.find(b"\n")) >= 0:
            line = bytes(self._line[:end])
            del self._line[: end + 1]
            self._take(msgspec.json.decode(line, type=_Answer))

    def _take(self, answer: _Answer) -> None:
        if answer.id == 0 and answer.status == 404:
            self._fault = NotInstalled()
            self._link.has_ended(self)
        asked = self._asked.pop(answer.id, None)
        if asked is None:
            return
        answered, late = asked
        late.cancel()
        if answer.status == 200:
            answered.callback(answer.value)
        else:
            answered.errback(LabFailed(answer.status, str(answer.value)))

    def errReceived(self, data: bytes) -> None:
        """What libraries say."""
        self._log.info("lab process: {text}", text=data.decode("utf-8", "replace").rstrip()[:2000])

    def processEnded(self, reason: Failure) -> None:
        """Questions that are open fail."""
        self._link.has_ended(self)
        self._transport = None
        asked, self._asked = self._asked, {}
        for answered, late in asked.values():
            late.cancel()
            answered.errback(self._fault)
