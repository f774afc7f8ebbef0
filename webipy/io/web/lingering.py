"""The end of a connection whose client still sends what nobody wants.

A connection that is closed while the client sends is reset by the system, and the answer that was on its way is lost with it (RFC 9112, section
9.6). So our side is ended for writing, and what comes is read and dropped until the client has sent all or has gone, for a bounded time.
"""

from __future__ import annotations

from typing import Any

from twisted.web.http import HTTPChannel, Request

LINGER_SECONDS = 30
"""The longest that the rest of a body is read; a client reads the answer when it has sent all."""


def linger(request: Request, channel: HTTPChannel) -> bool:
    """Ends a connection after an answer was written to its transport.

    Args:
        request: The request that was answered; its body is not read whole.
        channel: Its connection.

    Returns:
        Whether the connection is still read, so that its client comes to read the answer.
    """
    transport: Any = channel.transport
    leave = getattr(transport, "loseWriteConnection", None)
    if leave is None:
        channel.loseConnection()
        return False
    leave()
    ending = channel.callLater(LINGER_SECONDS, channel.loseConnection)
    request.notifyFinish().addErrback(lambda _: ending.active() and ending.cancel())
    return True
