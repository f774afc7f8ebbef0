"""A port that speaks TLS: new connections get the newest certificate, and plain HTTP that arrives is led to HTTPS.

    bytes ──► TlsConnection ──► Channel (webipy.io.web.http_channel), as on a port without TLS
                  └── the first byte is none of TLS: an answer in plain HTTP that names the https address, and the end

TLS is 1.2 or newer, with the ciphers that Twisted takes; of protocols above it there is HTTP/1.1 (ALPN). A context is made of a certificate, and a
connection keeps the context that it began with: a certificate that is renewed ends nothing.

Invariant: nothing of a plain request reaches the site, so that no cookie and no token counts that came in plain.

Source: RFC 8446, section 5.1 (a connection begins with a record of type 22); RFC 7301 (ALPN); RFC 9110, section 15.4.9 (308).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL
from OpenSSL.crypto import X509, PKey
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocolFactory, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from webipy.io.tls.certificates import BadCertificate, Certificate

HANDSHAKE: Final = 22
"""The type of the first record of TLS."""

HEAD_BYTES: Final = 16 * 1024
PLAIN_SECONDS: Final = 10.0
"""How much of a plain request is read, and for how long, until it is answered."""

_HEAD_LINE: Final = re.compile(rb"[A-Z]+ (/[!-~]*) HTTP/1\.[01]")
_HOST_LINE: Final = re.compile(rb"\r?\nhost:[ \t]*([!-~]+)[ \t]*\r?\n", re.IGNORECASE)
_END: Final = re.compile(rb"\r?\n\r?\n")

IsOurs = Callable[[str], bool]
"""Whether a `Host` header names this server."""


def make_context(certificate: Certificate) -> SSL.Context:
    """What connections are made with.

    Args:
        certificate: What they show.

    Raises:
        BadCertificate: OpenSSL refuses it, such as a key that is too short.
    """
    own, *others = [X509.from_cryptography(one) for one in certificate.chain]
    try:
        made = CertificateOptions(
            privateKey=PKey.from_cryptography_key(certificate.key),
            certificate=own,
            extraCertChain=others,
            raiseMinimumTo=TLSVersion.TLSv1_2,
            acceptableProtocols=[b"http/1.1"],
        )
        context = made.getContext()
    except SSL.Error as fault:
        size = f" ({certificate.key.key_size} bits)" if isinstance(certificate.key, rsa.RSAPrivateKey) else ""
        why = "; ".join(str(part[-1]) for part in fault.args[0]) if fault.args and fault.args[0] else "no reason given"
        raise BadCertificate(f"OpenSSL refuses the certificate or its key{size}: {why}. Make a new one.") from None
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    return context


@implementer(IOpenSSLServerConnectionCreator)
class NewestContext:
    """Makes each connection with the newest certificate.

    Args:
        context: Of the certificate that there is at the start.
    """

    def __init__(self, context: SSL.Context) -> None:
        self.context = context

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """The TLS of one connection."""
        return SSL.Connection(self.context, None)


class TlsConnection(BufferingTLSTransport):
    """One connection: TLS, or a plain request, which is answered and ended."""

    factory: TlsFactory
    _plain: bytes | None = b""
    """What has come in plain; `None` once the connection speaks TLS."""
    _ending: Any = None

    @property
    def tcp(self) -> Any:
        """The connection that carries this one."""
        return self.transport

    def dataReceived(self, bytes: bytes) -> None:
        """The first byte says whether it is TLS."""
        if self._plain == b"" and bytes[:1] == b"\x16":
            self._plain = None
        if self._plain is None:
            super().dataReceived(bytes)
        elif not self._is_answered:
            self._plain += bytes
            self._read_plain()

    @property
    def _is_answered(self) -> bool:
        return bool(self.disconnecting)

    def _read_plain(self) -> None:
        """Answers once the head is whole, or is too long to be one."""
        assert self._plain is not None
        if _END.search(self._plain) or len(self._plain) > HEAD_BYTES:
            self._set_ending(None)
            answer = answer_plain(self._plain, self.factory.is_ours)
            self.disconnecting = True
            self.tcp.write(answer)
            self.tcp.loseConnection()
        elif self._ending is None:
            self._set_ending(PLAIN_SECONDS)

    def _set_ending(self, seconds: float | None) -> None:
        if self._ending is not None and self._ending.active():
            self._ending.cancel()
        self._ending = None if seconds is None else self.factory.clock.callLater(seconds, self.tcp.abortConnection)

    def loseWriteConnection(self) -> None:
        """Ends our side: what was written is sent, then that nothing more comes."""
        self._aggregator.flush()
        if self._handshakeDone and not self._lostTLSConnection:
            self._tlsConnection.shutdown()
            self._flushSendBIO()
        self.tcp.loseWriteConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone."""
        self._set_ending(None)
        self._lostTLSConnection = (
            self._lostTLSConnection or self._plain is not None
        )  # TLS has not begun, and says no farewell
        super().connectionLost(reason)


class TlsFactory(TLSMemoryBIOFactory):
    """Makes the connections of a port.

    Args:
        contexts: Makes their TLS.
        site: What is above it.
        is_ours: Whether a `Host` header names this server: others are not led anywhere.
        clock: The reactor's.
    """

    protocol = TlsConnection

    def __init__(self, contexts: NewestContext, site: IProtocolFactory, is_ours: IsOurs, clock: IReactorTime) -> None:
        super().__init__(contexts, False, site, clock)
        self.is_ours = is_ours
        self.clock = clock


def answer_plain(head: bytes, is_ours: IsOurs) -> bytes:
    """The answer to a request that came in plain HTTP.

    Args:
        head: What came.
        is_ours: Whether a `Host` header names this server.
    """
    line = _HEAD_LINE.match(head)
    host = _HOST_LINE.search(head)
    name = host[1].decode("latin-1") if host is not None else ""
    if line is None or not name or not is_ours(name):
        return _plain_answer(b"400 Bad Request", b"This port speaks HTTPS: begin the address with https://\n", b"")
    place = b"https://%b%b" % (cast(re.Match[bytes], host)[1], line[1])
    return _plain_answer(b"308 Permanent Redirect", b"This page is at %b\n" % place, b"Location: %b\r\n" % place)


def _plain_answer(status: bytes, text: bytes, more: bytes) -> bytes:
    return (
        b"HTTP/1.1 %b\r\n%bServer: webipy\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n\r\n%b" % (status, more, len(text), text)
    )
