"""webipy.io.web.lingering: the answer to a body that is not read whole is not lost to a reset of the connection."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from webipy.io.web.lingering import LINGER_SECONDS, linger


class Plain:
    """A transport that cannot be ended for writing alone."""


class Half:
    """A transport that can."""

    is_ended = False

    def loseWriteConnection(self) -> None:
        """Nothing is sent any more; what comes is read."""
        self.is_ended = True


class Line:
    """A connection; it keeps what is asked of it."""

    def __init__(self, transport: object) -> None:
        self.transport = transport
        self.clock = Clock()
        self.callLater = self.clock.callLater
        self.is_closed = False

    def loseConnection(self) -> None:
        """The end."""
        self.is_closed = True


class Asked:
    """A request."""

    def __init__(self) -> None:
        self.finished: Deferred[None] = Deferred()

    def notifyFinish(self) -> Deferred[None]:
        """Fires at its end."""
        return self.finished


class Linger(SynchronousTestCase):
    """`linger`."""

    def linger(self, transport: object) -> tuple[bool, Line, Asked]:
        """What comes of it."""
        line, asked = Line(transport), Asked()
        return linger(cast(Any, asked), cast(Any, line)), line, asked

    def test_what_comes_is_read_for_a_bounded_time(self) -> None:
        """Our side is ended, the connection is closed when the client sends for ever."""
        half = Half()
        is_read, line, _ = self.linger(half)
        self.assertEqual((is_read, half.is_ended, line.is_closed), (True, True, False))
        line.clock.advance(LINGER_SECONDS - 1)
        self.assertFalse(line.is_closed)
        line.clock.advance(1)
        self.assertTrue(line.is_closed)

    def test_nothing_waits_for_a_client_that_is_gone(self) -> None:
        """Before the time is over, and after it."""
        _, line, asked = self.linger(Half())
        asked.finished.errback(Failure(ConnectionLost()))
        self.assertEqual(line.clock.getDelayedCalls(), [])
        _, line, asked = self.linger(Half())
        line.clock.advance(LINGER_SECONDS)
        asked.finished.errback(Failure(ConnectionLost()))
        self.assertTrue(line.is_closed)

    def test_a_transport_that_has_no_halves_is_closed(self) -> None:
        """TLS, say; the answer may be lost."""
        is_read, line, _ = self.linger(Plain())
        self.assertEqual((is_read, line.is_closed), (False, True))
