"""Asks an identity provider over HTTP: JSON, in one request, with a limit for time and for bytes.

Only `https://` is spoken, with the authorities of the system (or those of `SSL_CERT_FILE`); `http://` only to this machine, and only where the
provider itself is there. Redirects are not followed: they lead to where nobody has said that the secret may go.

Invariants: everything that arrives counts, headers and the frames of chunks too, so that an endless answer ends at `MOST_BYTES`; a connection is used
for one request. No secret is in a log or a message.

Rejected: Twisted's `readBody` alone (it reads what comes, whatever its size).
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    HTTPConnectionPool,
    PartialDownloadError,
    RequestTransmissionFailed,
    ResponseFailed,
    ResponseNeverReceived,
    _HTTP11ClientFactory,
    readBody,
)
from twisted.web.http_headers import Headers

from webipy.core import errors
from webipy.core.site_address import LOOPBACK
from webipy.io.reactor import Reactor

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
"""For the whole answer."""

MOST_BYTES: Final = 512 * 1024
"""Of an answer, with its headers: a set of a hundred keys has 100 KiB."""

MOST_CHARACTERS: Final = 2000
"""Of an address that the provider names."""

FORM: Final = "application/x-www-form-urlencoded"


class _Bounded(HTTP11ClientProtocol):
    """A connection that ends when too much has arrived."""

    arrived = 0

    def dataReceived(self, data: bytes) -> None:
        """Counts, and passes on what is within the limit."""
        self.arrived += len(data)
        if self.arrived > MOST_BYTES:
            assert self.transport is not None
            self.transport.abortConnection()  # type: ignore[attr-defined]  # TCP and TLS have it, the interface has not
            return
        super().dataReceived(data)


class _Factory(_HTTP11ClientFactory):
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:
        """A bounded connection."""
        self.made = _Bounded(self._quiescentCallback)
        return self.made


class _Pool(HTTPConnectionPool):
    """One connection, which logs nothing."""

    def _factory(self, quiescent: Any, metadata: Any) -> _Factory:  # type: ignore[override]  # a class of Twisted's
        self.factory = _Factory(quiescent, metadata)
        return self.factory

    @property
    def is_too_large(self) -> bool:
        """Whether more has arrived than may."""
        made = getattr(getattr(self, "factory", None), "made", None)
        return made is not None and made.arrived > MOST_BYTES


class ProviderClient:
    """A client of one identity provider.

    Args:
        name: What people call the provider.
        is_local: Whether plain HTTP to this machine is allowed.
        reactor: Twisted's.
    """

    def __init__(self, name: str, is_local: bool, reactor: Reactor) -> None:
        self._name, self._is_local, self._reactor = name, is_local, reactor

    def check_address(self, address: str, what: str) -> None:
        """Returns when an address is one that may be asked.

        Args:
            address: The address, as the provider has named it.
            what: What it is, for a sentence.

        Raises:
            errors.IdentityProviderFault: It is none.
        """
        try:
            parts = urlsplit(address)
            is_one = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            is_one = False
        is_plain = (
            address.isascii() and address.isprintable() and " " not in address and len(address) <= MOST_CHARACTERS
        )
        if not is_one or not is_plain or parts.username is not None or parts.fragment:
            raise self.fault(f"names {what} that is no address")
        if parts.scheme == "https" or (self._is_local and is_loopback(address)):
            return
        raise self.fault(f"names {what} that is not https")

    def fault(self, words: str) -> errors.IdentityProviderFault:
        """A fault of the provider.

        Args:
            words: What it does, as the end of a sentence.
        """
        return errors.IdentityProviderFault(
            f"{self._name} {words}. Nobody was signed in. Try again in a minute; if it stays so, tell whoever runs this server."
        )

    async def ask(
        self, address: str, authorization: str = "", form: str | None = None
    ) -> tuple[int, dict[str, object]]:
        """Asks for JSON.

        Args:
            address: The address, after `check_address`.
            authorization: The header of that name; empty: none.
            form: The body of a POST; `None`: GET.

        Returns:
            The status, and the object; an empty one where a failure has no JSON.

        Raises:
            errors.IdentityProviderFault: There is no answer, or none that can be read.
        """
        headers = Headers({b"Accept": [b"application/json"], b"User-Agent": [b"webipy"]})
        if authorization:
            headers.setRawHeaders(b"Authorization", [authorization.encode("ascii")])
        producer: Any = None
        if form is not None:
            headers.setRawHeaders(b"Content-Type", [FORM.encode()])
            producer = FileBodyProducer(BytesIO(form.encode()))
        pool = _Pool(self._reactor, persistent=False)
        agent = Agent(self._reactor, connectTimeout=CONNECT_SECONDS, pool=pool)
        method = b"GET" if form is None else b"POST"
        asked = Deferred.fromCoroutine(_answer(agent, method, address.encode("ascii"), headers, producer))
        asked.addTimeout(ANSWER_SECONDS, self._reactor)
        try:
            status, body = await asked
        except TimeoutError:
            raise self._slow() from None
        except _CUT as cut:
            if pool.is_too_large:
                raise self.fault(
                    f"sends more than {MOST_BYTES // 1024} KiB, which no answer of a sign-in has"
                ) from None
            first = cut.reasons[0].value if isinstance(cut, _WRAPPED) else cut
            if isinstance(first, CancelledError):
                raise self._slow() from None
            why = (str(first) or type(first).__name__).strip().rstrip(".")[:200]
            raise self.fault(f"cannot be reached ({why})") from None
        return status, self._read(status, body)

    def _slow(self) -> errors.IdentityProviderFault:
        return self.fault(f"has not answered within {ANSWER_SECONDS:g} s")

    def _read(self, status: int, body: bytes) -> dict[str, object]:
        if 300 <= status < 400:
            raise self.fault(f"leads to another address (status {status}), where webipy does not go")
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        if 400 <= status < 500:
            return {}
        raise self.fault(f"answers what is no JSON of a sign-in (status {status})")


async def _answer(agent: Agent, method: bytes, address: bytes, headers: Headers, producer: Any) -> tuple[int, bytes]:
    response: Any = await agent.request(method, address, headers, producer)
    return response.code, await readBody(response)


def is_loopback(address: str) -> bool:
    """Whether an address is one of plain HTTP on this machine."""
    parts = urlsplit(address)
    name = parts.hostname or ""
    return parts.scheme == "http" and (f"[{name}]" if ":" in name else name) in LOOPBACK


_WRAPPED: Final = (ResponseFailed, RequestTransmissionFailed, ResponseNeverReceived)
_CUT: Final = (ConnectError, ConnectionClosed, DNSLookupError, ConnectTimeout, PartialDownloadError, *_WRAPPED)
"""How a request to what is not there, or goes away, ends."""
