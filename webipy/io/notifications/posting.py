"""One POST, and what its status says: what a webhook and a push service have in common.

Any status of 2xx is an arrival; 408, 425, 429 and 5xx, and no answer, may pass; other statuses are final. Redirects are not followed, and the body of
the answer is not read.

Invariant: the address is in no log and no message: with many services it is the secret.

Source: RFC 9110, sections 15.4 to 15.6.
"""

from __future__ import annotations

from typing import Any, Final

from webipy.io.http_client import HttpClient, NoAnswer
from webipy.server.ports.notifications import Undelivered

ANSWER_SECONDS: Final = 15.0
_AGAIN: Final = frozenset((408, 425, 429))


class Poster:
    """Posts, each time with a connection of its own.

    Args:
        version: webipy's version.
        reactor: Twisted's.
    """

    def __init__(self, version: str, reactor: Any) -> None:
        self._version, self._client = version, HttpClient(reactor, ANSWER_SECONDS)

    async def post(self, url: str, headers: dict[str, str], body: bytes, gone: frozenset[int] = frozenset()) -> None:
        """Posts; returns when the other side has it.

        Args:
            url: The address.
            headers: Headers.
            body: The body.
            gone: Statuses that say that nobody is there for good.

        Raises:
            Undelivered: The other side has it not.
        """
        sent = {**headers, "User-Agent": f"webipy/{self._version}"}
        try:
            answer = await self._client.ask("POST", url, sent, body, reads_body=False)
        except NoAnswer as fault:
            if fault.kind == "slow":
                raise Undelivered(f"no answer within {ANSWER_SECONDS:g} s") from None
            raise Undelivered(f"it cannot be reached ({fault.fault})") from None
        if not 200 <= answer.status < 300:
            is_final = answer.status < 500 and answer.status not in _AGAIN
            words = f"it answers with status {answer.status}"
            raise Undelivered(words, is_final=is_final, is_gone=answer.status in gone)
